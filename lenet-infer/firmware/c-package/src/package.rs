//! Puts the packages together: copies their files, adds what is made, and replaces older ones as a whole.

use crate::cargo::workspace;
use crate::data;
use crate::library::{LIBRARIES, Library};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// What goes into both packages.
pub(crate) struct Contents {
    /// The archive of each library, in the order of [`LIBRARIES`].
    pub(crate) archives: Vec<Vec<u8>>,
    pub(crate) model: Vec<u8>,
}

impl Contents {
    /// Writes the Arduino library `arduino/LeNet` and the Zephyr module `zephyr/lenet` into a folder.
    ///
    /// Both are made beside their places and then take their names, so that an error leaves older ones as they were.
    pub(crate) fn write(&self, out: &Path) -> Result<()> {
        fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
        let making = tempfile::Builder::new().prefix(".making-").tempdir_in(out);
        let making = making.with_context(|| format!("{}: cannot be written to", out.display()))?;
        let (arduino, zephyr) = (making.path().join("arduino"), making.path().join("zephyr"));
        self.arduino(&arduino)?;
        self.zephyr(&zephyr)?;
        replace(&arduino, &out.join("arduino/LeNet"), &making.path().join("old-arduino"))?;
        replace(&zephyr, &out.join("zephyr/lenet"), &making.path().join("old-zephyr"))
    }

    fn arduino(&self, folder: &Path) -> Result<()> {
        copy_folder(&workspace().join("c-package/arduino"), folder)?;
        add_licenses(folder)?;
        let properties = folder.join("library.properties");
        let text = fs::read_to_string(&properties)?.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
        fs::write(&properties, text)?;
        // Not beside LeNet.h, which has the same name on a file system that ignores case.
        copy(&workspace().join("../include/lenet.h"), &folder.join("src/c/lenet.h"))?;
        write(&folder.join("src/lenet_model.h"), data::model_header(&self.model))?;
        write(&folder.join("examples/GoldenDigits/golden_digits.h"), data::golden_digits(&self.model)?)?;
        for (library, archive) in self.libraries() {
            for core in library.arduino {
                write(&folder.join("src").join(core).join("liblenet.a"), archive)?;
            }
        }
        Ok(())
    }

    fn zephyr(&self, folder: &Path) -> Result<()> {
        copy_folder(&workspace().join("c-package/zephyr"), folder)?;
        add_licenses(folder)?;
        copy(&workspace().join("../include/lenet.h"), &folder.join("include/lenet.h"))?;
        write(&folder.join("include/lenet_model.h"), data::model_declaration(&self.model))?;
        write(&folder.join("src/lenet_model.c"), data::model_source(&self.model))?;
        let golden_digits = folder.join("samples/golden_digits/src/golden_digits.h");
        write(&golden_digits, data::golden_digits(&self.model)?)?;
        for (library, archive) in self.libraries() {
            write(&folder.join("lib").join(library.name).join("liblenet.a"), archive)?;
        }
        Ok(())
    }

    fn libraries(&self) -> impl Iterator<Item = (&'static Library, &Vec<u8>)> {
        LIBRARIES.iter().zip(&self.archives)
    }
}

fn add_licenses(folder: &Path) -> Result<()> {
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&workspace().join("..").join(license), &folder.join(license))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            copy(&entry.path(), &to)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, fs::read(from).with_context(|| format!("{}: cannot be read", from.display()))?)
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, bytes));
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

/// Gives the folder `made` the name `place`, and moves one that has it out of the way.
fn replace(made: &Path, place: &Path, old: &Path) -> Result<()> {
    let replaced = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        if place.exists() {
            fs::rename(place, old)?;
        }
        fs::rename(made, place)
    });
    replaced.with_context(|| format!("{}: cannot be replaced", place.display()))
}

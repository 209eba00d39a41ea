//! Builds `liblenet.a` for a core with Cargo.

use crate::library::Library;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// Returns the folder of the firmware workspace.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the folder of Cargo's outputs.
pub(crate) fn target_folder() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
}

/// Fails with how to install the targets that the compiler has no `core` for.
pub(crate) fn check_targets(libraries: &[Library]) -> Result<()> {
    let mut missing = Vec::new();
    for library in libraries {
        if !missing.contains(&library.target) && !has_core(library.target)? {
            missing.push(library.target);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let targets = missing.join(" ");
    bail!(
        "the compiler has no core library for {targets}; run `rustup target add {targets}`, or on a Debian machine \
         without rustup's targets ./setup-targets.sh {targets}"
    )
}

fn has_core(target: &str) -> Result<bool> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--print", "target-libdir", "--target", target]).stderr(Stdio::null());
    let output = rustc.output().context("rustc cannot be started; is it installed?")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let is_core = |file: fs::DirEntry| file.file_name().as_encoded_bytes().starts_with(b"libcore-");
    Ok(fs::read_dir(folder).is_ok_and(|files| files.flatten().any(is_core)))
}

/// Builds the library, and returns the bytes of the archive.
pub(crate) fn build(library: &Library) -> Result<Vec<u8>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(workspace()).env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    cargo.args(["build", "--quiet", "--locked", "--release", "--package", "lenet-capi"]);
    cargo.args(["--target", library.target]).arg("--target-dir").arg(target_folder());
    if let Some(cpu) = library.cpu {
        cargo.env("RUSTFLAGS", format!("-Ctarget-cpu={cpu}"));
    }
    let status = cargo.status().context("cargo cannot be started; is it installed?")?;
    if !status.success() {
        bail!("{}: Cargo did not build the library, which ended with {status}", library.name);
    }
    let path = target_folder().join(library.target).join("release/liblenet.a");
    fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))
}

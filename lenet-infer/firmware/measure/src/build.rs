//! Runs Cargo and the C compiler.

use crate::board::Board;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Returns the folder of the firmware workspace.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

fn target_folder() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
}

/// Builds a program of `package` for `board`, and returns the path of the program.
///
/// A program with a compiled-in model has no code for the widths of weights that the model does not use. The small build of a
/// program with the suffix `-included` has `-small` in its place.
pub(crate) fn firmware(board: &Board, package: &str, program: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(workspace()).env("BOARD", board.name);
    cargo.args(["build", "--quiet", "--locked", "--release", "--target", board.target]);
    let stem = program.strip_suffix("-small");
    let source = stem.map_or_else(|| program.to_owned(), |stem| format!("{stem}-included"));
    cargo.args(["--package", package, "--bin", &source]);
    match source.as_str() {
        "bench-included" | "proof-included" | "bench-compact" | "proof-compact" => {
            cargo.arg("--no-default-features")
        }
        "bench-int4" | "proof-int4" => cargo.args(["--no-default-features", "--features", "int4"]),
        _ => &mut cargo,
    };
    let cpu = board.cpu.map(|cpu| format!("-Ctarget-cpu={cpu}"));
    let small = stem.map(|_| "--cfg lenet_backend=\"small\"".to_owned());
    let flags: Vec<_> = cpu.into_iter().chain(small).collect();
    if !flags.is_empty() {
        cargo.env("RUSTFLAGS", flags.join(" "));
    }
    run(&mut cargo)?;
    let built = target_folder().join(board.target).join("release").join(source);
    let named = built.with_file_name(program);
    if named != built {
        fs::copy(&built, &named).with_context(|| format!("{}: cannot be written", named.display()))?;
    }
    Ok(named)
}

/// Returns the size in bytes of a model file that the measured programs include.
pub(crate) fn model_bytes(file: &str) -> Result<u64> {
    let path = workspace().join("../assets").join(file);
    Ok(fs::metadata(&path).with_context(|| format!("{}: cannot be read", path.display()))?.len())
}

/// Compiles the plugin that counts instructions for the QEMU that emulates `board`, and returns its path.
pub(crate) fn plugin(board: &Board) -> Result<PathBuf> {
    let api = plugin_api(board.emulator[0])?;
    let folder = target_folder().join("measure");
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    let plugin = folder.join(format!("libcount-{api}.so"));
    let mut compiler = Command::new(env::var_os("CC").unwrap_or("cc".into()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC"]);
    compiler.arg(format!("-DAPI={api}")).arg("-o").arg(&plugin);
    run(compiler.arg(workspace().join("measure/count.c")))?;
    Ok(plugin)
}

/// Returns the version of the plugin interface that the QEMU called `emulator` accepts.
fn plugin_api(emulator: &str) -> Result<u32> {
    let printed = run(Command::new(emulator).arg("--version"))?;
    let Some(version) = qemu_version(&printed) else {
        bail!("{emulator} --version: expected \"QEMU emulator version X.Y\", found {printed:?}");
    };
    Ok(accepted_api(version))
}

/// Returns the major and the minor version in what `--version` of QEMU printed.
fn qemu_version(printed: &str) -> Option<(u32, u32)> {
    let mut parts = printed.strip_prefix("QEMU emulator version ")?.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Returns the version of the plugin interface that a version of QEMU accepts and that `count.c` knows. A QEMU that has
/// dropped all of them says so when it loads the plugin.
fn accepted_api(qemu: (u32, u32)) -> u32 {
    match qemu {
        (..9, _) => 1,
        (..11, _) | (11, 0) => 2,
        _ => 7,
    }
}

/// Runs a command until it ends, and returns its standard output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.with_context(|| format!("{name} cannot be started; is it installed?"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the optimization level of the release profile, and of the packages with their own level: `3`, or
/// `3,lenet-core=s`.
pub(crate) fn opt_level() -> Result<String> {
    let path = workspace().join("Cargo.toml");
    let manifest =
        fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let levels = opt_levels(&manifest);
    if levels.is_empty() {
        bail!("{}: no opt-level in [profile.release]", path.display());
    }
    Ok(levels.join(","))
}

fn opt_levels(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut levels = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let Some(("opt-level", level)) = line.split_once('=').map(|(key, value)| (key.trim(), value)) else {
            continue;
        };
        let level = level.trim().trim_matches('"');
        match section.strip_prefix("profile.release") {
            Some("") => levels.insert(0, level.to_owned()),
            Some(package) => levels.push(format!("{}={level}", package.trim_start_matches(".package."))),
            None => {}
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_has_the_version_that_qemu_accepts() {
        for (printed, api) in [
            ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003", 1),
            ("QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.10)\n", 1),
            ("QEMU emulator version 9.0.0\n", 2),
            ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)\n", 2),
            ("QEMU emulator version 11.0.4\n", 2),
            ("QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1)\n", 7),
            ("QEMU emulator version 12.0.0-rc1\n", 7),
        ] {
            assert_eq!(qemu_version(printed).map(accepted_api), Some(api), "{printed}");
        }
        for wrong in ["", "QEMU emulator version ", "QEMU emulator version 7", "qemu-img version 7.2.22"] {
            assert_eq!(qemu_version(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_levels_are_those_of_the_release_profile() {
        let manifest = "[profile.dev]\nopt-level = 1\n[profile.release.package.lenet-core]\nopt-level = \"s\"\n\
                        [profile.release]\nlto = \"fat\"\nopt-level = 3\n";
        assert_eq!(opt_levels(manifest), ["3", "lenet-core=s"]);
        assert!(opt_levels("[profile.dev]\nopt-level = 1\n").is_empty());
    }
}

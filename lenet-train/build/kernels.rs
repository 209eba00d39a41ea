//! Compiles the kernels in `src/backend/cuda/kernels/` to PTX, which the crate includes as text.

use lenet_core::shape;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

const FOLDER: &str = "src/backend/cuda/kernels";
const FILE: &str = "lenet.cu";
/// The oldest compute capability that the kernels run on, 7.5 (Turing). PTX for it runs on every newer GPU too: the driver
/// compiles it for the GPU at hand, and keeps the result in its cache.
const ARCHITECTURE: &str = "compute_75";

/// The sizes of the network, as macros for the kernels.
const SIZES: [(&str, usize); 12] = [
    ("IMAGE_SIDE", shape::IMAGE_SIDE),
    ("IMAGE_PIXELS", shape::IMAGE_PIXELS),
    ("KERNEL_SIDE", shape::KERNEL_SIDE),
    ("POOL_SIDE", shape::POOL_SIDE),
    ("CONV1_CHANNELS", shape::CONV1_CHANNELS),
    ("CONV1_TAPS", shape::CONV1_TAPS),
    ("CONV2_CHANNELS", shape::CONV2_CHANNELS),
    ("CONV2_TAPS", shape::CONV2_TAPS),
    ("POOL1_SIDE", shape::POOL1_SIDE),
    ("POOL1_LEN", shape::POOL1_LEN),
    ("POOL2_SIDE", shape::POOL2_SIDE),
    ("POOL2_LEN", shape::POOL2_LEN),
];

/// Writes the PTX to cargo's folder for the output of this script: the compiled kernels, or nothing if `compiles` is false.
pub(crate) fn build(compiles: bool) {
    println!("cargo:rerun-if-changed={FOLDER}");
    println!("cargo:rerun-if-env-changed=CUDA_PATH");
    println!("cargo:rerun-if-env-changed=PATH");
    let output = Path::new(&env::var_os("OUT_DIR").expect("set by cargo")).join("lenet.ptx");
    if !compiles {
        fs::write(&output, "").expect("cargo's folder for output can be written");
        return;
    }
    let nvcc = nvcc();
    let sizes = SIZES.map(|(name, size)| format!("-D{name}={size}"));
    let mut command = Command::new(&nvcc);
    command.arg("--ptx").arg(format!("--gpu-architecture={ARCHITECTURE}")).args(sizes);
    let compiled = command.arg("-o").arg(&output).arg(Path::new(FOLDER).join(FILE)).output();
    match compiled {
        Ok(compiled) if compiled.status.success() => tell_version(&nvcc),
        Ok(compiled) => fail(&format!(
            "{} cannot compile the CUDA kernels of lenet-train for {ARCHITECTURE}: use a CUDA toolkit from 11.8 on. If it does \
             not take the C++ compiler of this machine, name an older one: NVCC_APPEND_FLAGS=\"-ccbin g++-11\". It \
             printed:\n{}{}",
            nvcc.display(),
            String::from_utf8_lossy(&compiled.stdout),
            String::from_utf8_lossy(&compiled.stderr)
        )),
        Err(error) => fail(&format!(
            "the feature `cuda` needs nvcc, the compiler of the CUDA toolkit (11.8 or newer), but {} cannot be started \
             ({error}): install the toolkit from https://developer.nvidia.com/cuda-downloads, and set CUDA_PATH to its \
             folder or put nvcc on the PATH. To train on the CPU, build without --features cuda",
            nvcc.display()
        )),
    }
}

/// Tells the program the version of the compiler, for the message about a driver that is older: the "13.0" in "Cuda
/// compilation tools, release 13.0, V13.0.88".
fn tell_version(nvcc: &Path) {
    let printed =
        Command::new(nvcc).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed);
    if let Some((version, _)) = printed.split_once("release ").and_then(|(_, rest)| rest.split_once(',')) {
        println!("cargo:rustc-env=LENET_CUDA_VERSION={version}");
    }
}

/// Returns the compiler: that of `CUDA_PATH` if it is there, else the one on the `PATH`.
fn nvcc() -> PathBuf {
    let name = format!("nvcc{}", env::consts::EXE_SUFFIX);
    let folders = env::var_os("CUDA_PATH").into_iter().filter(|path| path != OsStr::new(""));
    let mut candidates = folders.map(|folder| Path::new(&folder).join("bin").join(&name));
    candidates.find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(name))
}

/// Ends the build with a message. A panic would bury it under its own words.
fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    exit(1);
}

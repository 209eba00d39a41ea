//! C to machine code, kept in a folder by what it was made of.

use crate::memory::Address;
use std::ffi::c_char;
use std::ffi::{CStr, CString, OsStr};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A launch, as the generated C sees it. The same as `struct task` in translate/c/types.h.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) params: *const u8,
    pub(crate) globals: *const Address,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
    pub(crate) reverse: u32,
    pub(crate) stop: extern "C" fn(*const c_char),
    pub(crate) now: *mut u32,
}

/// Runs all threads of a launch. The pointer must be that of a [`Task`] whose pointers hold while it runs.
pub(crate) type Run = unsafe extern "C" fn(*const Task);

/// Arithmetic that wraps around, no fused operations but those that the code asks for, memory of any type.
const FLAGS: [&str; 8] =
    ["-x", "c", "-O2", "-w", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-fno-math-errno"];

/// Compiles a kernel's C, or finds it compiled in a folder, and loads it.
pub(crate) fn compile(kernel: &str, c: &str, cache: &Path) -> Result<Run, String> {
    let machine = machine_flags();
    let mut hasher = DefaultHasher::new();
    (c, FLAGS, machine).hash(&mut hasher);
    let stem = cache.join(format!("{:.100}-{:016x}", kernel, hasher.finish()));
    let library = stem.with_extension("so");
    // Modules may have kernels in common, which two threads must not build at once.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if !library.exists() {
        build(c, machine, &library)?;
    }
    load(&library)
}

/// Fused operations in hardware, where the processor has them. Without, the C library computes the same, slowly.
fn machine_flags() -> &'static [&'static str] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
    {
        return &["-mavx2", "-mfma", "-mf16c"];
    }
    &[]
}

/// Writes the library in one step, so that programs that run at once do not see half of it.
fn build(c: &str, machine: &[&str], library: &Path) -> Result<(), String> {
    let failed = |what: &Path, error: std::io::Error| format!("cannot write {}: {error}", what.display());
    let folder = library.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let own = |extension: &str| library.with_extension(format!("{}.{extension}", std::process::id()));
    let (source, made) = (own("c"), own("tmp"));
    std::fs::write(&source, c).map_err(|error| failed(&source, error))?;
    let mut command = Command::new("cc");
    command.args(FLAGS).args(machine).args(["-shared", "-fPIC", "-o"]).arg(&made).arg(&source).arg("-lm");
    // The compiler is not to load the stand-in.
    let output = command.env_remove("LD_PRELOAD").env_remove("LD_LIBRARY_PATH").output();
    let output =
        output.map_err(|error| format!("cannot run `cc`, the C compiler: {error}; install gcc or clang"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cc` does not compile {}:\n{errors}", source.display()));
    }
    std::fs::rename(&made, library).map_err(|error| failed(library, error))?;
    std::fs::remove_file(&source).map_err(|error| failed(&source, error))
}

fn load(library: &Path) -> Result<Run, String> {
    let path = CString::new(OsStr::as_bytes(library.as_os_str())).map_err(|error| error.to_string())?;
    // SAFETY: the library's only code that runs on loading is the C compiler's own.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        // SAFETY: after a failure `dlerror` returns a C string.
        let why = unsafe { CStr::from_ptr(libc::dlerror()) }.to_string_lossy().into_owned();
        return Err(format!("cannot load a compiled kernel: {why}; remove the folder of compiled kernels"));
    }
    // SAFETY: the handle is open, and stays so.
    let run = unsafe { libc::dlsym(handle, c"run".as_ptr()) };
    if run.is_null() {
        return Err(format!("{} has no function `run`; remove it", library.display()));
    }
    // SAFETY: `run` in the generated C has this signature.
    Ok(unsafe { std::mem::transmute::<*mut libc::c_void, Run>(run) })
}

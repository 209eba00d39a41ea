//! Counts what a program asks of the driver, and writes it to the file that the environment variable `CALLS` names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a program asked for something.
#[derive(Debug)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    const fn new() -> Self {
        Counter(AtomicU64::new(0))
    }

    /// Counts more.
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The count.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Kernels launched.
pub(crate) static KERNELS: Counter = Counter::new();
/// Allocations of device memory.
pub(crate) static ALLOCATIONS: Counter = Counter::new();
/// Bytes of these.
pub(crate) static ALLOCATED_BYTES: Counter = Counter::new();
/// Fills of device memory with one byte or word.
pub(crate) static FILLS: Counter = Counter::new();
/// Copies from the host to the device.
pub(crate) static UPLOADS: Counter = Counter::new();
/// Bytes of these.
pub(crate) static UPLOADED_BYTES: Counter = Counter::new();
/// Copies from the device to the host.
pub(crate) static DOWNLOADS: Counter = Counter::new();
/// Bytes of these.
pub(crate) static DOWNLOADED_BYTES: Counter = Counter::new();
/// Copies within the device.
pub(crate) static COPIES: Counter = Counter::new();
/// Times that the host waited for the device.
pub(crate) static WAITS: Counter = Counter::new();

/// All of them by name, one per line.
pub(crate) fn report() -> String {
    let rows = [
        ("kernels", &KERNELS),
        ("allocations", &ALLOCATIONS),
        ("allocated_bytes", &ALLOCATED_BYTES),
        ("fills", &FILLS),
        ("uploads", &UPLOADS),
        ("uploaded_bytes", &UPLOADED_BYTES),
        ("downloads", &DOWNLOADS),
        ("downloaded_bytes", &DOWNLOADED_BYTES),
        ("copies", &COPIES),
        ("waits", &WAITS),
    ];
    let mut text: String = rows.iter().map(|(name, counter)| format!("{name} {}\n", counter.get())).collect();
    text.push_str(&launches());
    text
}

/// Launches of each kernel, and the seconds that they took.
static LAUNCHES: Mutex<BTreeMap<String, (u64, f64)>> = Mutex::new(BTreeMap::new());

/// Notes that a kernel ran.
pub(crate) fn note(kernel: &str, took: Duration) {
    let mut launches = LAUNCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, seconds) = launches.entry(kernel.to_owned()).or_default();
    *count += 1;
    *seconds += took.as_secs_f64();
}

/// Launches of each kernel by name, one per line: `launches:NAME COUNT`, and `seconds:NAME SECONDS`.
fn launches() -> String {
    let launches = LAUNCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let counts = launches.iter().map(|(name, (count, _))| format!("launches:{name} {count}\n"));
    counts
        .chain(launches.iter().map(|(name, (_, seconds))| format!("seconds:{name} {seconds:.3}\n")))
        .collect()
}

/// Writes the counts when the program ends, if it is asked for.
pub(crate) fn write_at_exit() {
    extern "C" fn write() {
        let Some(path) = std::env::var_os("CALLS") else { return };
        if let Err(error) = std::fs::write(&path, report()) {
            eprintln!("error: CUDA stand-in: cannot write {}: {error}", path.to_string_lossy());
        }
    }
    // SAFETY: `write` may run when the program ends; it does not panic.
    unsafe { libc::atexit(write) };
}

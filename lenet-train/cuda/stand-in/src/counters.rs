//! Counts what a program asks of the driver, and writes it to the file that the environment variable `CALLS` names.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// Kernels launched, cuBLAS's among them.
pub(crate) static KERNELS: Counter = Counter::new();
/// Of these, products of matrices by cuBLAS.
pub(crate) static PRODUCTS: Counter = Counter::new();
/// Floating point operations of these products.
pub(crate) static PRODUCT_OPERATIONS: Counter = Counter::new();
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
        ("products", &PRODUCTS),
        ("product_operations", &PRODUCT_OPERATIONS),
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
    text.push_str(&crate::launch::report());
    text
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

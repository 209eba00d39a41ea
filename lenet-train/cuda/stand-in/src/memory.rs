//! The device's memory: ordinary memory of this computer, with a record of what is allocated.

use crate::counters;
use crate::options::options;
use crate::stop::stop;
use std::alloc::{Layout, alloc, dealloc};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard};

/// An address in device memory, as programs and kernels see it.
pub(crate) type Address = u64;

/// What `cuMemAlloc` promises, in bytes.
const ALIGNMENT: usize = 256;
const PAGE: usize = 4096;
/// Four of these are a NaN, eight a NaN of f64.
const UNWRITTEN: u8 = 0xff;

/// How an allocation is given back.
enum Block {
    Plain(Layout),
    /// Whole pages, the last of which has no access.
    Guarded {
        start: usize,
        size: usize,
    },
}

/// All allocations.
#[derive(Default)]
struct Memory {
    /// Size in bytes and origin of each, by address.
    blocks: BTreeMap<Address, (usize, Block)>,
    used: usize,
}

fn memory() -> MutexGuard<'static, Memory> {
    static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);
    MEMORY.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Allocates memory, or nothing if the device has not that much left. It is filled with NaN, so that what is read before
/// it is written shows.
pub(crate) fn allocate(bytes: usize) -> Option<Address> {
    let options = options();
    if bytes > options.memory_bytes.saturating_sub(memory().used) {
        return None;
    }
    let (address, block) = if options.guarded { guarded(bytes)? } else { plain(bytes)? };
    // SAFETY: the allocation has so many bytes, and nobody else knows it yet.
    unsafe {
        std::ptr::write_bytes(address as *mut u8, if options.skip_kernels { 0 } else { UNWRITTEN }, bytes)
    };
    let mut memory = memory();
    memory.used += bytes;
    memory.blocks.insert(address, (bytes, block));
    counters::ALLOCATIONS.add(1);
    counters::ALLOCATED_BYTES.add(bytes as u64);
    Some(address)
}

fn plain(bytes: usize) -> Option<(Address, Block)> {
    let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).ok()?;
    // SAFETY: the layout's size is not 0.
    let start = unsafe { alloc(layout) };
    (!start.is_null()).then_some((start as Address, Block::Plain(layout)))
}

/// Memory that ends where a page without access begins, so that what reads or writes behind it stops.
/// The start is then aligned only as far as the size is.
fn guarded(bytes: usize) -> Option<(Address, Block)> {
    let room = bytes.next_multiple_of(PAGE).max(PAGE);
    // SAFETY: new pages at an address that the system chooses; the last one loses its access; all others are ours.
    unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let start = libc::mmap(std::ptr::null_mut(), room + PAGE, access, flags, -1, 0);
        if start == libc::MAP_FAILED || libc::mprotect(start.byte_add(room), PAGE, libc::PROT_NONE) != 0 {
            return None;
        }
        let address = start as usize + room - bytes;
        Some((address as Address, Block::Guarded { start: start as usize, size: room + PAGE }))
    }
}

/// Gives memory back.
pub(crate) fn free(address: Address) {
    let mut memory = memory();
    let Some((bytes, block)) = memory.blocks.remove(&address) else {
        drop(memory);
        stop(&format!("address {address:#x} was freed twice, or never allocated"));
    };
    memory.used -= bytes;
    match block {
        // SAFETY: `plain` allocated it with this layout.
        Block::Plain(layout) => unsafe { dealloc(address as *mut u8, layout) },
        Block::Guarded { start, size } => {
            // SAFETY: `guarded` mapped these pages.
            unsafe { libc::munmap(start as *mut libc::c_void, size) };
        }
    }
}

/// Stops the program unless all bytes of a range are in one allocation.
pub(crate) fn check(address: Address, bytes: usize, what: &str) {
    if bytes == 0 {
        return;
    }
    let memory = memory();
    let found = memory.blocks.range(..=address).next_back();
    let inside = found.is_some_and(|(start, (size, _))| address - start + bytes as u64 <= *size as u64);
    if !inside {
        let end = found.map_or(String::new(), |(start, (size, _))| {
            format!("; the allocation before it has {size} bytes from {start:#x}")
        });
        drop(memory);
        stop(&format!("{what}: {bytes} bytes at {address:#x} are not in one allocation{end}"));
    }
}

//! Bounds the memory that reading pictures takes, over all threads of the process.
//!
//! A crafted file of a few hundred bytes can announce a picture of gigabytes, and many threads read a folder of pictures
//! at once. So each picture borrows the memory it needs from a budget of the process, and waits while other threads hold
//! too much of it. File contents and decoders have separate budgets, and a picture borrows from the first before the
//! second. There is no deadlock: a thread that holds a part of the second budget never waits.

use std::sync::{Condvar, Mutex, PoisonError};
use std::vec::Vec;

use super::error::Fault;
use super::limits::{MAX_DECODING, MAX_FILE, MAX_PIXELS, MAX_SIDE};

/// The budget for file contents.
pub(super) static FILES: Budget = Budget::new(MAX_FILE);
/// The budget for decoders.
static DECODING: Budget = Budget::new(MAX_DECODING);

/// A number of bytes that threads share.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    borrowed: Mutex<u64>,
    returned: Condvar,
}

/// A part of a [`Budget`], given back when it is dropped.
#[derive(Debug)]
pub(super) struct Loan<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Budget {
    const fn new(total: u64) -> Self {
        Self { total, borrowed: Mutex::new(0), returned: Condvar::new() }
    }

    /// Waits until `bytes` are free and borrows them; `None` if the whole budget is smaller.
    pub(super) fn borrow(&self, bytes: u64) -> Option<Loan<'_>> {
        if bytes > self.total {
            return None;
        }
        let borrowed = self.borrowed.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |borrowed: &mut u64| *borrowed + bytes > self.total;
        let mut borrowed = self.returned.wait_while(borrowed, full).unwrap_or_else(PoisonError::into_inner);
        *borrowed += bytes;
        Some(Loan { budget: self, bytes })
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        *self.budget.borrowed.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.returned.notify_all();
    }
}

/// Refuses a picture of too many pixels.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), Fault> {
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(Fault::TooLarge { width, height });
    }
    Ok(())
}

/// Borrows the `bytes` that decoding a picture of this size takes.
pub(super) fn borrow_for(width: u32, height: u32, bytes: u64) -> Result<Loan<'static>, Fault> {
    DECODING.borrow(bytes).ok_or(Fault::TooLarge { width, height })
}

/// Allocates so many zeros, or returns an error if the system has no memory for them.
pub(super) fn zeros<T: Clone + Default>(count: u64) -> Result<Vec<T>, Fault> {
    let mut buffer = reserve(count)?;
    buffer.resize(count as usize, T::default());
    Ok(buffer)
}

/// Returns an error if the system cannot allocate `bytes` now. A decoder that is about to allocate as much would abort.
pub(super) fn check_free(bytes: u64) -> Result<(), Fault> {
    reserve::<u8>(bytes).map(drop)
}

fn reserve<T>(count: u64) -> Result<Vec<T>, Fault> {
    let failed = || Fault::OutOfMemory { bytes: count.saturating_mul(size_of::<T>() as u64) };
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(usize::try_from(count).map_err(|_| failed())?).map_err(|_| failed())?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    #[test]
    fn threads_together_never_borrow_more_than_the_budget() {
        let budget = Budget::new(100);
        let (held, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [30, 40, 50, 60, 70, 80, 90, 100] {
                let (budget, held, most) = (&budget, &held, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let loan = budget.borrow(bytes).unwrap();
                        let now = held.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        held.fetch_sub(bytes, Ordering::SeqCst);
                        drop(loan);
                    }
                });
            }
        });
        assert!((100..=100).contains(&most.into_inner()));
        assert_eq!(*budget.borrowed.lock().unwrap(), 0);
    }

    #[test]
    fn more_than_the_whole_budget_is_refused_without_waiting() {
        let budget = Budget::new(100);
        let all = budget.borrow(100);
        assert!(all.is_some() && budget.borrow(101).is_none());
    }

    #[test]
    fn memory_that_the_system_does_not_have_is_an_error() {
        assert!(matches!(zeros::<u8>(1 << 62), Err(Fault::OutOfMemory { bytes }) if bytes == 1 << 62));
        assert!(matches!(check_free(u64::MAX), Err(Fault::OutOfMemory { .. })));
        assert_eq!(zeros::<u16>(3).unwrap(), [0; 3]);
    }

    #[test]
    fn too_many_pixels_in_a_row_a_column_or_in_all_are_refused() {
        check_size(8_064, 6_048).unwrap();
        check_size(MAX_SIDE, 1).unwrap();
        for (width, height) in [(MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (20_000, 20_000), (u32::MAX, u32::MAX)]
        {
            assert!(matches!(check_size(width, height), Err(Fault::TooLarge { .. })), "{width}x{height}");
        }
    }
}

//! Cleaning up when a signal ends the program while QEMU runs.
//!
//! By default a signal would end this program at once, but not QEMU, and temporary files would stay. Instead, the signal
//! kills QEMU. The rest of the program then fails, as it does whenever QEMU ends, and cleans up behind itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use lenet_infer::host::qemu::Killer;

/// The exit code of an interrupted program: that of shells for Ctrl-C.
pub(crate) const EXIT_CODE: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static EMULATORS: Mutex<Vec<Killer>> = Mutex::new(Vec::new());

/// Whether a signal asked the program to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Catches SIGINT, SIGTERM and SIGHUP from now on, except those that the program was started to ignore, as `nohup`
/// does. A second signal ends the program at once.
#[cfg(unix)]
pub(super) fn catch() -> anyhow::Result<()> {
    use anyhow::Context;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored_signals();
    let caught = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(caught).context("cannot catch signals")?;
    std::thread::spawn(move || {
        for _ in &mut signals {
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(EXIT_CODE.into());
            }
            kill_all();
        }
    });
    Ok(())
}

/// Catches nothing: here Ctrl-C reaches QEMU as well as this program.
#[cfg(not(unix))]
pub(super) const fn catch() -> anyhow::Result<()> {
    Ok(())
}

/// The signals that this process ignores, bit n - 1 for signal n. Where the system does not say, none.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Lets a signal kill an emulator.
pub(super) fn watch(emulator: Killer) {
    EMULATORS.lock().unwrap_or_else(PoisonError::into_inner).push(emulator);
    // The signal may have come while the emulator started.
    if interrupted() {
        kill_all();
    }
}

fn kill_all() {
    for emulator in EMULATORS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        emulator.kill();
    }
}

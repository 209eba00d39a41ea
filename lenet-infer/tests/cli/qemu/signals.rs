//! Signals that end the command: nothing is left of QEMU or of its files.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{BULK, CONNECT, assert_no_temporary_files, command, dir_with_qemu, stderr, stdout};

/// Longer than any test takes, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// Runs a command whose QEMU never ends, sends the command a signal when the script has called `started`, and asserts
/// that nothing is left of either.
fn assert_ends_with_us(script: &str, arguments: &[&str], signal: &str) {
    let dir =
        dir_with_qemu(&format!("started() {{ echo $$ > $here/new; mv $here/new $here/pid; }}\n{script}"));
    let mut child = command(&dir, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid_file = dir.path().join("pid");
    assert!(in_time(|| pid_file.exists()), "QEMU did not start");
    let qemu = fs::read_to_string(pid_file).unwrap();
    sleep(Duration::from_millis(100)); // Until the command waits for QEMU, which nothing shows.
    kill(signal, &child.id().to_string());
    let ended = in_time(|| child.try_wait().unwrap().is_some());
    let _ = child.kill(); // Has no effect unless the test fails.
    let output = child.wait_with_output().unwrap();
    let runs_on = kill("-0", qemu.trim()) && kill("-KILL", qemu.trim());
    assert!(ended && !runs_on, "{signal}: ended {ended}, QEMU runs on {runs_on}");
    assert_eq!((output.status.code(), stdout(&output), stderr(&output)), (Some(130), "", ""));
    assert_no_temporary_files(&dir);
}

/// Whether `done` returns true within [`LONG`].
fn in_time(mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        if done() {
            return true;
        }
        sleep(Duration::from_millis(10));
    }
    false
}

fn kill(signal: &str, pid: &str) -> bool {
    Command::new("kill").args([signal, pid]).stderr(Stdio::null()).status().unwrap().success()
}

/// Whether this process, and so the command that it starts, ignores a signal.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t"));
    mask.is_some_and(|mask| u64::from_str_radix(mask, 16).unwrap() >> (signal - 1) & 1 == 1)
}

#[test]
fn a_signal_ends_qemu_and_removes_the_temporary_files() {
    for (number, signal) in [(2, "-INT"), (15, "-TERM"), (1, "-HUP")] {
        if is_ignored(number) {
            // As in the background of a script, or after nohup; the command leaves it ignored too.
            eprintln!("not tested: kill {signal}, which this test was started to ignore");
            continue;
        }
        assert_ends_with_us("started; exec sleep 600", &BULK, signal);
    }
    // QEMU that does not connect the UART, and QEMU that does and says nothing.
    assert_ends_with_us("started; exec sleep 600", &["info"], "-TERM");
    let connected = format!("{CONNECT} started; while read -r -u 3 -n 1; do :; done");
    assert_ends_with_us(&connected, &["--timeout", "600", "info"], "-TERM");
}

//! Pipes in the place of files: those that a shell passes are read, and those that nobody may write are refused.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};

use super::{dir_with, stderr, stdout, strokes};

/// A run that hangs fails after so long, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn dir_with_pipe(name: &str) -> TempDir {
    let dir = tempdir().unwrap();
    let made = Command::new("mkfifo").arg(dir.path().join(name)).status().expect("POSIX has mkfifo");
    assert!(made.success());
    dir
}

/// Runs the command, and fails if it does not end.
fn run_to_its_end(dir: &TempDir, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lenet-infer"))
        .current_dir(dir)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{arguments:?} waits for ever");
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn a_named_pipe_that_nobody_writes_is_refused_wherever_a_file_is_expected() {
    for (name, arguments) in [
        ("pipe.png", &["classify", "pipe.png"][..]),
        ("pipe.lenet", &["inspect", "--model", "pipe.lenet"]),
        ("t10k-images-idx3-ubyte", &["eval", "--data", "."]),
    ] {
        let output = run_to_its_end(&dir_with_pipe(name), arguments);
        assert_eq!(output.status.code(), Some(1));
        let message = stderr(&output);
        assert!(
            message.contains(name) && message.contains("found a named pipe: save its contents"),
            "{message}"
        );
    }
}

#[test]
fn what_a_shell_passes_by_a_pipe_is_read() {
    let dir = dir_with("strokes.raw", &strokes(0));
    fs::write(dir.path().join("model.lenet"), lenet_infer::SHIPPED.bytes).unwrap();
    for script in [
        r#"cat strokes.raw | "$0" classify /dev/stdin"#,
        r#""$0" classify /dev/stdin < strokes.raw"#,
        // As bash substitutes `<(cat strokes.raw)`.
        r#"cat strokes.raw | "$0" classify /dev/fd/3 3<&0"#,
        r#"(sleep 0.2; cat model.lenet) | "$0" classify --model /dev/stdin strokes.raw"#,
    ] {
        let output = Command::new("sh")
            .current_dir(&dir)
            .args(["-c", script, env!("CARGO_BIN_EXE_lenet-infer")])
            .output()
            .unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{script}");
        assert!(stdout(&output).contains("confidence"), "{script}");
    }
}

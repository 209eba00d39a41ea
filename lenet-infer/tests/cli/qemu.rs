//! `board --qemu`, with shell scripts in place of QEMU.

mod signals;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use lenet_infer::{Engine, SHIPPED, decode};
use tempfile::TempDir;

use super::sample::{ARM, RISCV, elf, vectors};
use super::{dir_with_test_set, stderr, stdout, test_set};

const BOARD: [&str; 5] = ["board", "--qemu", "M4", "--firmware", "fake.elf"];
const BULK: [&str; 3] = ["bulk", "--data", "data"];
const BUILD: &str = "build it with: (cd lenet-infer/firmware/qemu && BOARD=mps2-an386 cargo build --release --target \
                     thumbv7em-none-eabihf)";
/// The start of a script that connects the UART, as file descriptor 3.
const CONNECT: &str = "arguments=$*; exec 3<>/dev/tcp/127.0.0.1/${arguments##*,port=};";

/// A folder with a data set, a firmware, what that firmware would write, a folder `tmp` for temporary files, and
/// `script` as QEMU in the folder `bin`.
fn dir_with_qemu(script: &str) -> TempDir {
    let dir = dir_with_test_set();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("fake.elf"), program(13)).unwrap();
    fs::write(path("about.bin"), about(SHIPPED.bytes, "mps2-an386")).unwrap();
    fs::write(path("logits.bin"), logits(SHIPPED.bytes)).unwrap();
    fs::create_dir(path("tmp")).unwrap();
    fs::create_dir(path("bin")).unwrap();
    let qemu = path("bin/qemu-system-arm");
    fs::write(&qemu, format!("#!/usr/bin/env bash\nhere={}\n{script}\n", dir.path().display())).unwrap();
    fs::set_permissions(qemu, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A program for an Arm core with this number of its architecture: 12 is Armv6-M, 13 Armv7E-M.
fn program(architecture: u8) -> Vec<u8> {
    elf(ARM, &[(0, &vectors(0, 0x2000_4000))], Some((architecture, b'M')))
}

/// What a firmware for `board` that holds `model` writes first.
fn about(model: &[u8], board: &str) -> Vec<u8> {
    [&model[model.len() - 4..], &[10], board.as_bytes()].concat()
}

/// What a firmware that holds `model` writes for the test set.
fn logits(model: &[u8]) -> Vec<u8> {
    let file = decode(model).unwrap();
    let mut engine = Engine::new(&file.model);
    let images = test_set().images;
    images
        .iter()
        .flat_map(|image| engine.classify(image).logits.to_vec())
        .flat_map(i32::to_le_bytes)
        .collect()
}

fn command(dir: &TempDir, arguments: &[&str]) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [dir.path().join("bin")].into_iter().chain(env::split_paths(&path));
    let mut command = Command::new(env!("CARGO_BIN_EXE_lenet-infer"));
    command.current_dir(dir).args(BOARD).args(arguments);
    command.env("PATH", env::join_paths(folders).unwrap()).env("TMPDIR", dir.path().join("tmp"));
    command
}

/// The output of a command, which leaves no temporary files.
fn run(dir: &TempDir, arguments: &[&str]) -> Output {
    let output = command(dir, arguments).output().unwrap();
    assert_no_temporary_files(dir);
    output
}

fn assert_no_temporary_files(dir: &TempDir) {
    let left: Vec<PathBuf> =
        fs::read_dir(dir.path().join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn assert_bulk_fails(script: &str, arguments: &[&str], message: &str) {
    let output = run(&dir_with_qemu(script), &[arguments, BULK.as_slice()].concat());
    assert_eq!(stderr(&output), format!("error: {message}\n"));
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
}

#[test]
fn bulk_compares_the_logits_that_a_board_writes() {
    let dir = dir_with_qemu("cp $here/about.bin about.bin && cp $here/logits.bin logits.bin");
    let output = run(&dir, &BULK);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let text = stdout(&output);
    assert!(text.starts_with("board     mps2-an386\naccuracy  "), "{text}");
    assert!(text.contains("\nmismatch  0 of 12 images "), "{text}");

    let mut wrong = logits(SHIPPED.bytes);
    wrong[99] ^= 1;
    fs::write(dir.path().join("logits.bin"), wrong).unwrap();
    let output = run(&dir, &BULK);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    assert!(stdout(&output).contains("\nmismatch  1 of 12 images "), "{}", stdout(&output));
}

#[test]
fn bulk_takes_any_number_of_classes() {
    let dir = dir_with_qemu("cp $here/about.bin about.bin && cp $here/logits.bin logits.bin");
    let three = super::dir_with_model_of_three(0);
    let model = fs::read(three.path().join("model.lenet")).unwrap();
    let mut about = about(&model, "mps2-an386");
    about[4] = 3;
    fs::write(dir.path().join("about.bin"), about).unwrap();
    fs::write(dir.path().join("logits.bin"), logits(&model)).unwrap();
    fs::write(dir.path().join("model.lenet"), &model).unwrap();
    let output = run(&dir, &[&["--model", "model.lenet"], BULK.as_slice()].concat());
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert!(stdout(&output).contains("\nmismatch  0 of 12 images "), "{}", stdout(&output));
}

/// The scripts would run for ever: the command must not wait for the logits.
#[test]
fn bulk_refuses_firmware_for_another_board_or_model_before_it_compares() {
    let with = |about: &str| format!("{{ {about}; }} > about.bin; : > logits.bin; exec sleep 600");
    let crc = SHIPPED.crc();
    assert_bulk_fails(
        &with("head -c 5 $here/about.bin; printf mps2-an500"),
        &["--json"],
        &format!("expected the firmware for mps2-an386, found that for mps2-an500: {BUILD}"),
    );
    assert_bulk_fails(
        &with(r"printf '\0\0\0\0\12mps2-an386'"),
        &[],
        &format!(
            "expected the board to run the shipped model (CRC-32 {crc:08x}), found it running another (CRC-32 00000000): \
             flash the firmware again, or name the board's model with --model"
        ),
    );
    assert_bulk_fails(
        &with(r"head -c 4 $here/about.bin; printf '\3mps2-an386'"),
        &[],
        &format!("expected the board's model to have 10 classes, found 3: {BUILD}"),
    );
    assert_bulk_fails(
        ": > logits.bin; exec sleep 600",
        &[],
        &format!(
            "expected the firmware to say in about.bin for which board and model it is: {BUILD}: {}",
            super::not_found()
        ),
    );
}

#[test]
fn bulk_gives_up_a_board_that_makes_no_progress() {
    for script in
        ["exec sleep 600", "cp $here/about.bin .; head -c 45 $here/logits.bin > logits.bin; exec sleep 600"]
    {
        let found = usize::from(script.starts_with("cp"));
        assert_bulk_fails(
            script,
            &["--timeout", "0.1"],
            &format!(
                "expected mps2-an386 to classify 12 images, found {found}, and no more within 0.4 s; is the firmware the \
                 program `bulk`, and --timeout long enough?"
            ),
        );
    }
}

#[test]
fn bulk_says_how_qemu_ended_and_reads_all_that_it_prints() {
    // More than a pipe holds, so that the script would wait for ever for someone to read it.
    let script = "head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2; echo 'no such board' >&2; exit 3";
    let output = run(&dir_with_qemu(script), &BULK);
    assert_eq!(output.status.code(), Some(1));
    let expected =
        "error: expected mps2-an386 to classify 12 images, found 0 when QEMU ended (exit status: 3): xxx";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("xxx; no such board\n"), "{}", stderr(&output));
    assert!(stderr(&output).len() < 5_000);
}

#[test]
fn qemu_that_does_not_know_the_board_is_quoted_without_its_escapes() {
    let output = run(&dir_with_qemu(r"printf '\033[31mno such board\n' >&2; exit 1"), &["info"]);
    assert_eq!(
        stderr(&output),
        "error: QEMU ended before it began (exit status: 1): \\u{1b}[31mno such board\n"
    );
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
}

#[test]
fn a_program_for_another_core_is_named_before_qemu_starts() {
    let dir = dir_with_qemu("touch $here/started");
    let riscv = elf(RISCV, &[(0x8000_0000, &[0x6F, 0, 0, 0])], None);
    for (file, found) in [
        (program(17), "one for Armv8-M"),
        (riscv, "one for RISC-V"),
        (
            elf(ARM, &[(0x0800_0000, &[0; 8])], None),
            "one that fills 8 bytes from 0x08000000 on, where the board has not so much memory",
        ),
        (b"\x7fELF\x01\x01".to_vec(), "a damaged ELF file (Invalid ELF header size or alignment)"),
        (b"a picture".to_vec(), "a file that is not ELF"),
    ] {
        fs::write(dir.path().join("fake.elf"), file).unwrap();
        for arguments in [&["info"][..], &BULK] {
            let output = run(&dir, arguments);
            let expected = "expected a program for M4 on mps2-an386 (Armv7E-M)";
            assert_eq!(stderr(&output), format!("error: fake.elf: {expected}, found {found}: {BUILD}\n"));
            assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
        }
    }
    assert!(!dir.path().join("started").exists());
    // One for a smaller core is run.
    fs::write(dir.path().join("fake.elf"), program(12)).unwrap();
    run(&dir, &["info"]);
    assert!(dir.path().join("started").exists());
}

#[test]
fn an_emulated_board_that_does_not_answer_is_given_up_with_the_likely_causes() {
    let run = |script: &str, timeout: &str| {
        let dir = dir_with_qemu(&format!("{CONNECT} echo oh >&2; echo dear >&2; {script}"));
        let output = run(&dir, &["--timeout", timeout, "info"]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
        let elf = dir.path().canonicalize().unwrap().join("fake.elf").display().to_string();
        stderr(&output).replace(&elf, "ELF")
    };
    let wrong = format!("ELF is not the program `link` for mps2-an386: {BUILD}");
    assert_eq!(
        run("while read -r -u 3 -n 1; do :; done", "0.05"),
        format!(
            "error: no answer from the board: sent the request 4 times, waited 50 ms each time, and received nothing; \
             likely causes, the most likely first: (1) {wrong}; (2) the program crashed; (3) QEMU is slower here than \
             --timeout allows; QEMU said: oh; dear\n"
        )
    );
    // It reads first, all that there is, because bytes that nobody has read turn the end into a reset.
    assert_eq!(
        run("read -r -u 3 -n 1; while read -r -u 3 -n 1 -t 1; do :; done; exit 3", "60"),
        format!(
            "error: the other end closed the link; likely causes, the most likely first: (1) the program crashed or \
             ended, and QEMU with it (exit status: 3); (2) {wrong}; (3) something else ended QEMU; QEMU said: oh; dear\n"
        )
    );
}

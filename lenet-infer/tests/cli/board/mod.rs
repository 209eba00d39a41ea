//! `board`, against a board that is a thread of this test, and against peers that are not boards.

mod fake;
mod pictures;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use tempfile::{TempDir, tempdir};

use self::fake::{Defect, board, info, listen, serve};
use super::{assert_fails, dir_with_test_set, lenet_infer, stderr, stdout, succeed, succeed_with_json};

#[test]
fn info_and_bench_show_what_the_board_says() {
    let dir = tempdir().unwrap();
    let text = succeed(&dir, &["board", "--tcp", &board(Defect::default()), "info"]);
    assert!(text.starts_with("board      thread, which counts cycles\nmodel      CRC-32 "), "{text}");
    assert!(text.contains("\nRAM        1,234 bytes for the engine\n"), "{text}");

    let text = succeed(&dir, &["board", "--tcp", &board(Defect::default()), "bench", "--images", "3"]);
    let expected = "board   thread\ntime    min 10, mean 20, max 30 cycles a digit\n\
                    golden  3 of 3 digits with all logits equal\n";
    assert_eq!(text, expected);
}

#[test]
fn eval_scores_the_board_beside_the_host() {
    let dir = dir_with_test_set();
    let text = succeed(&dir, &["board", "--tcp", &board(Defect::default()), "eval", "--data", "data"]);
    for expected in [
        "board     thread\naccuracy  ",
        "\nmismatch  0 of 12 images with a logit that is not the host's\n",
        "\ntime      min 1,001, median 1,007, max 1,012 cycles an image\nstack     701 bytes for an image\n",
        " images/s over the link, 0 requests sent again\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    let board = board(Defect { deaf: true, ..Defect::default() });
    let arguments =
        ["board", "--tcp", &board, "--timeout", "0.05", "--json", "eval", "--data", "data", "--limit", "2"];
    let object = succeed_with_json(&dir, &arguments);
    assert_eq!((&object["images"], &object["mismatches"]), (&2.into(), &0.into()));
    assert!(object["resent"].as_u64().unwrap() >= 2, "{object}");
}

#[test]
fn a_board_that_refuses_stray_bytes_is_asked_once() {
    let dir = dir_with_test_set();
    let board = board(Defect { stray: true, ..Defect::default() });
    let object = succeed_with_json(&dir, &["board", "--tcp", &board, "--json", "eval", "--data", "data"]);
    assert_eq!((&object["mismatches"], &object["resent"]), (&0.into(), &0.into()));
}

#[test]
fn a_bench_of_no_digits_or_of_too_many_fails() {
    for (digits, found) in [(100_u16.wrapping_neg(), 0), (u16::MAX - 100, u16::MAX)] {
        let board = board(Defect { digits, ..Defect::default() });
        let message = format!(
            "expected the board to classify 100 digits, found an answer of {found} equal among {found}: flash the \
             firmware of this release"
        );
        assert_fails(&tempdir().unwrap(), &["board", "--tcp", &board, "bench"], &message);
    }
}

#[test]
fn a_board_s_name_cannot_control_the_terminal() {
    let dir = dir_with_test_set();
    let defect = Defect { name: "\x1b]0;owned\x07\nboard", ..Defect::default() };
    let shown = r"\u{1b}]0;owned\u{7}\u{a}board";
    let text = succeed(&dir, &["board", "--tcp", &board(defect), "info"]);
    assert!(text.starts_with(&format!("board      {shown}, which counts cycles\n")), "{text}");
    let text = succeed(&dir, &["board", "--tcp", &board(defect), "bench"]);
    assert!(text.starts_with(&format!("board   {shown}\n")), "{text}");
    let text = succeed(&dir, &["board", "--tcp", &board(defect), "eval", "--data", "data"]);
    assert!(text.starts_with(&format!("board     {shown}\n")), "{text}");
    let object = succeed_with_json(&dir, &["board", "--tcp", &board(defect), "--json", "info"]);
    assert_eq!(object["board"], defect.name);
}

#[test]
fn a_single_wrong_logit_fails_the_eval_and_is_named() {
    let dir = dir_with_test_set();
    let board = board(Defect { logit: 1, ..Defect::default() });
    let output = lenet_infer(&dir, &["board", "--tcp", &board, "eval", "--data", "data"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    let expected =
        "mismatch  1 of 12 images with a logit that is not the host's\n          the first is image 1 ";
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[test]
fn a_board_with_another_model_is_not_compared() {
    let crc = info(Defect::default()).model_crc;
    let board = board(Defect { model_crc: 1, ..Defect::default() });
    let message = format!(
        "expected the board to run the shipped model (CRC-32 {crc:08x}), found it running another (CRC-32 {:08x}): \
         flash the firmware again, or name the board's model with --model",
        crc.wrapping_add(1)
    );
    assert_fails(&dir_with_test_set(), &["board", "--tcp", &board, "eval", "--data", "data"], &message);
}

#[test]
fn a_board_that_goes_away_is_named_with_the_image() {
    let board = board(Defect { replies: 3, ..Defect::default() });
    let message = format!(
        "image 2 of 12: the other end closed the link; likely causes, the most likely first: (1) what listens at {board} \
         ended, or restarted; (2) what listens at {board} takes one connection at a time, and has one; (3) what listens at \
         {board} does not carry the serial bytes of a board"
    );
    assert_fails(&dir_with_test_set(), &["board", "--tcp", &board, "eval", "--data", "data"], &message);
}

/// On a pseudo-terminal, in place of a serial port.
#[cfg(unix)]
#[test]
fn a_serial_port_carries_the_link() {
    use serialport::{SerialPort, TTYPort};

    let (mut board, host) = TTYPort::pair().unwrap();
    let port = host.name().expect("a pseudo-terminal has a name");
    thread::spawn(move || {
        board.set_timeout(Duration::from_secs(600)).unwrap();
        let to_host = board.try_clone_native().unwrap();
        serve(board, to_host, Defect::default());
        drop(host); // Kept until now: the board would read an error while no command has the port open.
    });
    let dir = dir_with_test_set();
    let text = succeed(&dir, &["board", "--port", &port, "info"]);
    assert!(text.starts_with("board      thread, "), "{text}");
    let text = succeed(&dir, &["board", "--port", &port, "eval", "--data", "data"]);
    assert!(text.contains("\nmismatch  0 of 12 images "), "{text}");
}

fn assert_info_fails(peer: impl FnOnce(TcpStream) + Send + 'static, message: &str) {
    let address = listen(peer);
    let arguments = ["board", "--tcp", &address, "--timeout", "0.02", "info"];
    assert_fails(&tempdir().unwrap(), &arguments, message);
}

#[test]
fn a_silent_peer_and_one_that_echoes_are_given_up_with_the_likely_causes() {
    let fails = |peer: fn(TcpStream), timeout: &str, received: &str, causes: [&str; 4]| {
        let address = listen(peer);
        let arguments = ["board", "--tcp", &address, "--timeout", timeout, "info"];
        let output = lenet_infer(&tempdir().unwrap(), &arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
        let text = stderr(&output);
        assert!(
            text.starts_with("error: no answer from the board: sent the request 4 times, waited "),
            "{text}"
        );
        let [first, second, third, fourth] = causes.map(|cause| cause.replace("ADDRESS", &address));
        let expected = format!(
            "{received}; likely causes, the most likely first: (1) {first}; (2) {second}; (3) {third}; (4) {fourth}\n"
        );
        assert!(text.ends_with(&expected), "{text}");
    };
    let program = "the board behind ADDRESS does not run a program that serves the link";
    let other = "what listens at ADDRESS does not carry the serial bytes of a board";
    let speed = "what listens at ADDRESS has the serial port open at another baud rate";
    let slow = "the board takes longer than --timeout";
    let silent = |mut stream: TcpStream| drop(stream.read_to_end(&mut Vec::new()));
    fails(silent, "0.02", " 20 ms each time, and received nothing", [program, other, speed, slow]);
    let echo = |stream: TcpStream| {
        let _ = std::io::copy(&mut &stream, &mut &stream);
    };
    // Long enough for some of the bytes to come back on a busy machine.
    fails(echo, "0.3", " bytes that are no answer", [other, program, speed, slow]);
}

/// On a pseudo-terminal, in place of a serial port.
#[cfg(unix)]
#[test]
fn a_silent_serial_port_and_one_that_babbles_are_given_up_with_the_likely_causes() {
    use serialport::{SerialPort, TTYPort};

    for babble in [false, true] {
        let (mut board, host) = TTYPort::pair().unwrap();
        let port = host.name().expect("a pseudo-terminal has a name");
        thread::spawn(move || {
            board.set_timeout(Duration::from_secs(600)).unwrap();
            let mut buffer = [0; 64];
            while board.read(&mut buffer).is_ok() {
                if babble {
                    board.write_all(b"\xF0\x0F").unwrap();
                }
            }
            drop(host); // Kept until now: the board would read an error while no command has the port open.
        });
        let dir = tempdir().unwrap();
        let output =
            lenet_infer(&dir, &["board", "--port", &port, "--baud", "9600", "--timeout", "0.3", "info"]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
        let text = stderr(&output);
        let (received, first) = if babble {
            (
                " bytes that are no answer",
                "the board does not send at 9600 baud: give its rate with --baud;".to_owned(),
            )
        } else {
            ("received nothing", format!("{port} is not the board's port (ports found: "))
        };
        assert!(text.contains(received), "{text}");
        let first = format!("; likely causes, the most likely first: (1) {first}");
        assert!(text.contains(&first), "{text}");
        assert!(
            text.contains(
                "the program on the board does not serve the link: flash that of lenet-infer/firmware; "
            ),
            "{text}"
        );
    }
}

#[test]
fn a_board_of_another_release_is_named() {
    let other_version = |mut stream: TcpStream| {
        // Contents 01 'R' 01 01 with their CRC, in COBS.
        let crc = crc_32(&[1, b'R', 1, 1]);
        let _ = stream.write_all(&[&[0, 9, 1, b'R', 1, 1], crc.as_slice(), &[0]].concat());
        let _ = stream.read_to_end(&mut Vec::new());
    };
    assert_info_fails(
        other_version,
        "the board speaks version 1 of the link, this program version 2: flash the firmware of this release",
    );
}

/// CRC-32/ISO-HDLC.
fn crc_32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    (!crc).to_le_bytes()
}

#[test]
fn a_port_that_is_not_there_is_named() {
    let dir = tempdir().unwrap();
    let output = lenet_infer(&dir, &["board", "--port", "no-such-port", "info"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    let message = "error: no-such-port: expected a serial port to open at 115200 baud (ports found: ";
    assert!(stderr(&output).starts_with(message), "{}", stderr(&output));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = lenet_infer(&dir, &["board", "--tcp", &closed, "info"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    let message = format!(
        "error: {closed}: expected HOST:PORT of something that listens and carries a board's serial bytes; is it running?: "
    );
    assert!(stderr(&output).starts_with(&message), "{}", stderr(&output));
}

#[test]
fn missing_firmware_is_named_with_the_command_that_makes_it() {
    let build = "build it with: (cd lenet-infer/firmware/qemu && BOARD=microbit cargo build --release \
                 --target thumbv6m-none-eabi)";
    let dir: TempDir = dir_with_test_set();
    let path = "lenet-infer/firmware/target/thumbv6m-none-eabi/release";
    for (arguments, missing) in [
        (&["board", "--qemu", "M0", "info"][..], format!("{path}/link")),
        (&["board", "--qemu", "m0", "bulk", "--data", "data"], format!("{path}/bulk")),
        (&["board", "--qemu", "M0", "--firmware", "no.elf", "info"], "no.elf".to_owned()),
    ] {
        let message = format!("{missing}: expected the firmware, found no such file: {build}");
        assert_fails(&dir, arguments, &message);
    }
}

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::{TempDir, tempdir};

use super::*;

const FILE: PublishedFile = PublishedFile {
    name: "some-idx1-ubyte",
    sha256: "49d9ac0241e6ac162a80349cacbe417aa239d39cdcc477167e22db2be12e59b3",
};
pub(super) const CONTENTS: &[u8] = b"the published contents";

pub(super) fn gzip(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap()
}

fn response(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

pub(super) fn ok(body: &[u8]) -> Vec<u8> {
    response("200 OK", body.len(), body)
}

/// The address of a server on this machine that gives `response` to its first request, then goes away.
fn serve_once(response: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        read_request(&mut client);
        // A client may hang up before the end.
        let _ = client.write_all(&response);
    });
    format!("http://127.0.0.1:{port}/")
}

pub(super) fn read_request(client: &mut impl Read) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
        request.push(byte[0]);
    }
    assert!(request.starts_with(b"GET /some-idx1-ubyte.gz HTTP/1.1\r\n"));
}

/// The address of a port that nobody listens on.
fn refusing() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port())
}

/// Fills a new folder from mirrors on this machine, past any proxy of the environment.
pub(super) fn fill(mirrors: &[String]) -> (TempDir, Result<(), DownloadError>) {
    let dir = tempdir().unwrap();
    let agent = config().proxy(None).build().into();
    let mirrors: Vec<&str> = mirrors.iter().map(String::as_str).collect();
    let filled = Downloader { agent, quiet: true }.fill(&dir.path().join("cache"), &mirrors, &[FILE]);
    (dir, filled)
}

fn entries(dir: &TempDir) -> usize {
    fs::read_dir(dir.path().join("cache")).unwrap().count()
}

/// The message of the only mirror's failure; checks that nothing was left behind.
fn failure(mirror: String) -> String {
    let (dir, filled) = fill(&[mirror]);
    assert_eq!(entries(&dir), 0);
    match filled.unwrap_err() {
        DownloadError::Mirrors { failures, .. } => failures[0].1.to_string(),
        error => panic!("{error}"),
    }
}

#[test]
fn a_good_file_is_kept_uncompressed() {
    for body in [gzip(CONTENTS), CONTENTS.to_vec()] {
        let (dir, filled) = fill(&[serve_once(ok(&body))]);
        filled.unwrap();
        assert_eq!(fs::read(dir.path().join("cache/some-idx1-ubyte")).unwrap(), CONTENTS);
        assert_eq!(entries(&dir), 1);
    }
}

#[test]
fn a_file_that_is_there_is_not_fetched() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join(FILE.name), "there").unwrap();
    Downloader::new(true).fill(dir.path(), &[], &[FILE]).unwrap();
    assert_eq!(fs::read(dir.path().join(FILE.name)).unwrap(), b"there");
}

#[test]
fn the_next_mirror_is_tried_after_any_failure() {
    let gzipped = gzip(CONTENTS);
    let (dir, filled) = fill(&[
        refusing(),
        serve_once(response("503 Service Unavailable", 0, b"")),
        serve_once(ok(b"<html>")),
        serve_once(response("200 OK", gzipped.len(), &gzipped[..20])),
        serve_once(ok(&gzipped)),
    ]);
    filled.unwrap();
    assert_eq!(entries(&dir), 1);
}

#[test]
fn wrong_contents_are_refused() {
    assert_eq!(
        failure(serve_once(ok(&gzip(b"forged")))),
        format!(
            "expected contents with SHA-256 {}, found \
             ccdd35168ab474fa5764a526cfb83621351e23682c5075b2e18d56bddf96aa30",
            FILE.sha256
        )
    );
}

#[test]
fn a_transfer_that_breaks_off_is_refused() {
    let gzipped = gzip(CONTENTS);
    let message = failure(serve_once(response("200 OK", gzipped.len(), &gzipped[..20])));
    assert!(message.starts_with("the transfer broke off: "), "{message}");
    let message = failure(serve_once(ok(&gzipped[..20])));
    assert!(message.contains("expected a whole gzip stream"), "{message}");
}

#[test]
fn a_body_without_end_is_cut_off() {
    let message = failure(serve_once(ok(&vec![0; MAX_DOWNLOAD as usize + 1])));
    assert_eq!(message, "expected at most 67108864 bytes, found more");
}

#[test]
fn the_last_error_names_each_mirror_and_the_way_out() {
    let mirrors = [refusing(), serve_once(response("404 Not Found", 0, b""))];
    let (_, filled) = fill(&mirrors);
    let message = filled.unwrap_err().to_string();
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(lines[0], "some-idx1-ubyte: expected one of the mirrors to have it, found none:");
    assert!(lines[1].starts_with(&format!("  {}some-idx1-ubyte.gz: ", mirrors[0])), "{message}");
    assert_eq!(lines[2], format!("  {}some-idx1-ubyte.gz: http status: 404", mirrors[1]));
    assert!(lines[3].contains("--data DIR"), "{message}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Downloader::new(true).fill(&file.join("cache"), &[], &[FILE]).unwrap_err();
    assert!(matches!(&error, DownloadError::Write { path, .. } if *path == file.join("cache")), "{error}");
}

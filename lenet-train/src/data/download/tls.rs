//! Whom a download trusts, tried on a TLS server on this machine.
//!
//! The files in `tls/` are for these tests only: a certificate authority whose key was thrown away, and the certificate and
//! key of a server at 127.0.0.1 that it signed, ECDSA P-256, valid from 2000 to 2199.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs, thread};

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::tests::{CONTENTS, fill, gzip, ok, read_request};

const CERTIFICATE: &[u8] = include_bytes!("tls/server.der");
const KEY: &[u8] = include_bytes!("tls/server-key.der");
const CA: &str = include_str!("tls/ca.pem");
/// Set in the process that [`with_store`] starts.
const INNER: &str = "LENET_TEST_INNER";

/// The address of a server that gives the published contents to its first client, if that trusts it.
fn serve_once() -> String {
    let certificate = CertificateDer::from(CERTIFICATE).into_owned();
    let key = PrivatePkcs8KeyDer::from(KEY.to_vec());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key.into()))
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let mut client = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), client);
        if client.conn.complete_io(&mut client.sock).is_ok() {
            read_request(&mut client);
            client.write_all(&ok(&gzip(CONTENTS))).unwrap();
            client.conn.send_close_notify();
            client.flush().unwrap();
        }
    });
    format!("https://127.0.0.1:{port}/")
}

/// Runs `test` alone in a process whose certificate store is `store`. Elsewhere the store cannot be replaced.
#[cfg(target_os = "linux")]
fn with_store(test: &str, store: &Path) {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &name])
        .env(INNER, "")
        .env("SSL_CERT_FILE", store)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_is_trusted_if_the_systems_store_has_its_ca() {
    if env::var_os(INNER).is_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("ca.pem");
        fs::write(&store, CA).unwrap();
        return with_store("a_server_is_trusted_if_the_systems_store_has_its_ca", &store);
    }
    let (dir, filled) = fill(&[serve_once()]);
    filled.unwrap();
    assert_eq!(fs::read(dir.path().join("cache/some-idx1-ubyte")).unwrap(), CONTENTS);
}

#[test]
fn a_server_of_an_unknown_ca_is_refused_and_the_message_says_what_to_do() {
    let (_, filled) = fill(&[serve_once()]);
    let message = filled.unwrap_err().to_string();
    assert!(message.contains("some-idx1-ubyte.gz: certificate refused: "), "{message}");
    let fix = "install the certificate authority (CA) of your network in the system's certificate store";
    assert!(message.contains(fix) && message.ends_with("name their folder by --data DIR"), "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_without_any_ca_is_told_to_install_some() {
    if env::var_os(INNER).is_none() {
        return with_store("a_system_without_any_ca_is_told_to_install_some", Path::new("/dev/null"));
    }
    let (_, filled) = fill(&[serve_once()]);
    let message = filled.unwrap_err().to_string();
    assert!(
        message.contains("certificate refused: ") && message.contains("package ca-certificates"),
        "{message}"
    );
}

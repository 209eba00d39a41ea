//! Downloads the files of a data set from the first mirror that has the genuine ones.
//!
//! # What is trusted
//!
//! A file is genuine if its SHA-256 is the published one, wherever it comes from. TLS is for privacy, and for an early and
//! clear error. It trusts the certificate authorities (CAs) that the operating system trusts, with those that a company
//! installed for its own proxy: the certificate store of Windows, the keychain of macOS, and on Linux and other Unix
//! systems the files of OpenSSL (`/etc/ssl/certs` for example), or those that the environment variables `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name. No CA is built in.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use lenet_infer::host::files;
use lenet_infer::host::idx::{self, IdxError};
use sha2::{Digest, Sha256};
use thiserror::Error;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// The most that a mirror may send for one file: the largest of MNIST's is 45 MiB, uncompressed.
const MAX_DOWNLOAD: u64 = 64 << 20;
/// A mirror that is down should cost seconds, and one that stalls half a minute.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The limit for one file from one mirror: enough for the 26 MB of Fashion-MNIST at 50 KB/s.
const FILE_TIMEOUT: Duration = Duration::from_secs(600);

/// A published file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// The name of the uncompressed file. The mirrors add `.gz`.
    pub name: &'static str,
    /// The SHA-256 of the uncompressed contents, in hexadecimal.
    pub sha256: &'static str,
}

/// Why a data set was not downloaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// No mirror gave the genuine file.
    #[error(
        "{file}: expected one of the mirrors to have it, found none:{}\n{}",
        list(failures),
        fix(failures)
    )]
    Mirrors {
        /// The name of the uncompressed file.
        file: &'static str,
        /// The addresses that were tried, and why they failed.
        failures: Vec<(String, MirrorError)>,
    },

    /// The file could not be written.
    #[error(
        "{}: cannot be written: make this place writable, set XDG_CACHE_HOME to another, or name a \
         folder that holds the four IDX files by --data DIR",
        path.display()
    )]
    Write {
        /// The file, or its folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

/// Why one mirror failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The server could not be reached, or refused the request.
    #[error("{0}")]
    Request(Box<ureq::Error>),

    /// The server's certificate is not from a CA that the system trusts, or the system trusts none.
    #[error("certificate refused: {0}")]
    Certificate(Box<ureq::Error>),

    /// The connection broke, or the server stopped sending.
    #[error("the transfer broke off: {0}")]
    Transfer(#[from] io::Error),

    /// The response is longer than any file of the data sets.
    #[error("expected at most {MAX_DOWNLOAD} bytes, found more")]
    TooLarge,

    /// The gzip stream is damaged.
    #[error(transparent)]
    Gzip(#[from] IdxError),

    /// The contents are not the published ones.
    #[error("expected contents with SHA-256 {expected}, found {found}")]
    Contents {
        /// The SHA-256 of the published contents, in hexadecimal.
        expected: &'static str,
        /// The SHA-256 of the contents that were received.
        found: String,
    },
}

impl From<ureq::Error> for MirrorError {
    fn from(error: ureq::Error) -> Self {
        let certificate = match &error {
            // Setting up TLS fails only where the system has no CA.
            ureq::Error::Rustls(_) => true,
            // rustls reports a failed handshake by an `io::Error` of its own. Only the text is stable across its versions.
            ureq::Error::Io(error) => error.to_string().contains("invalid peer certificate"),
            _ => false,
        };
        let error = Box::new(error);
        if certificate { Self::Certificate(error) } else { Self::Request(error) }
    }
}

fn list(failures: &[(String, MirrorError)]) -> String {
    failures.iter().fold(String::new(), |mut lines, (url, error)| {
        let _ = write!(lines, "\n  {url}: {error}");
        lines
    })
}

fn fix(failures: &[(String, MirrorError)]) -> &'static str {
    if failures.iter().any(|(_, error)| matches!(error, MirrorError::Certificate(_))) {
        return "install the certificate authority (CA) of your network in the system's certificate store (if the system \
                has no store, install its package ca-certificates), or download the four IDX files by hand and name \
                their folder by --data DIR";
    }
    "check the network, or name a folder that holds the four IDX files (plain or .gz) by --data DIR"
}

/// The limits on time, and whom to trust.
fn config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(STALL_TIMEOUT))
        .timeout_per_read(Some(STALL_TIMEOUT))
        .timeout_global(Some(FILE_TIMEOUT))
        .user_agent(concat!("lenet-train/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
}

/// Downloads files over HTTP, with a progress bar on standard error.
#[derive(Debug)]
pub struct Downloader {
    agent: Agent,
    quiet: bool,
}

impl Downloader {
    /// Creates a downloader that gives up on a mirror that is down or stalls. `quiet` hides the progress.
    ///
    /// A proxy is taken from the environment (`HTTPS_PROXY` and the like).
    pub fn new(quiet: bool) -> Self {
        Self { agent: config().build().into(), quiet }
    }

    /// Creates the folder `dir` if it is missing, and downloads those of `files` that it lacks, uncompressed.
    ///
    /// `mirrors` are addresses that end in `/`. They are tried in this order for each file. A file gets its name after its
    /// SHA-256 has been checked, so that every file with such a name is whole and genuine.
    ///
    /// # Errors
    ///
    /// [`DownloadError`] if no mirror gives a file or the folder cannot be written. The files downloaded before
    /// that stay.
    pub fn fill(&self, dir: &Path, mirrors: &[&str], files: &[PublishedFile]) -> Result<(), DownloadError> {
        fs::create_dir_all(dir).map_err(|source| DownloadError::Write { path: dir.to_owned(), source })?;
        for file in files {
            let path = dir.join(file.name);
            if !path.exists() {
                let contents = self.fetch(mirrors, file)?;
                files::replace(&path, |out| out.write_all(&contents))
                    .map_err(|source| DownloadError::Write { path, source })?;
            }
        }
        Ok(())
    }

    /// Downloads the genuine contents from the first mirror that has them.
    fn fetch(&self, mirrors: &[&str], file: &PublishedFile) -> Result<Vec<u8>, DownloadError> {
        let mut failures = Vec::new();
        for mirror in mirrors {
            let url = format!("{mirror}{}.gz", file.name);
            match self.fetch_from(&url, file) {
                Ok(contents) => return Ok(contents),
                Err(error) => failures.push((url, error)),
            }
        }
        Err(DownloadError::Mirrors { file: file.name, failures })
    }

    fn fetch_from(&self, url: &str, file: &PublishedFile) -> Result<Vec<u8>, MirrorError> {
        let body = self.transfer(url)?;
        // Some servers decompress gzip files on the way.
        let contents = idx::decompress("the response", &body)?.into_owned();
        let found = format!("{:x}", Sha256::digest(&contents));
        if found != file.sha256 {
            return Err(MirrorError::Contents { expected: file.sha256, found });
        }
        Ok(contents)
    }

    fn transfer(&self, url: &str) -> Result<Vec<u8>, MirrorError> {
        if !self.quiet {
            eprintln!("downloading {url}");
        }
        let body = self.agent.get(url).call()?.into_body();
        let progress = self.progress_bar(body.content_length());
        let mut bytes = Vec::new();
        let received = progress.wrap_read(body.into_reader()).take(MAX_DOWNLOAD + 1).read_to_end(&mut bytes);
        progress.finish_and_clear();
        received?;
        if bytes.len() as u64 > MAX_DOWNLOAD {
            return Err(MirrorError::TooLarge);
        }
        Ok(bytes)
    }

    fn progress_bar(&self, length: Option<u64>) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        let style = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style).expect("a valid template");
        length.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style)
    }
}

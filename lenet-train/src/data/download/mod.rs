//! Fetches the files of a data set from the first mirror that gives the genuine ones.

#[cfg(test)]
mod tests;

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

/// The most that a mirror may send for one file: the largest of MNIST's is 45 MiB, uncompressed.
const MAX_DOWNLOAD: u64 = 64 << 20;
/// A mirror that is down should cost seconds; one that stalls, half a minute.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// For one file from one mirror. Fashion-MNIST's 26 MB make it on a line of 50 KB/s.
const FILE_TIMEOUT: Duration = Duration::from_secs(600);

/// A file as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name, uncompressed; the mirrors add `.gz`.
    pub name: &'static str,
    /// SHA-256 of its uncompressed contents, in hexadecimal.
    pub sha256: &'static str,
}

/// Why a data set was not fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// No mirror gave the genuine file.
    #[error(
        "{file}: expected one of the mirrors to have it, found none:{}\ncheck the network, or name a folder that \
         holds the four IDX files (plain or .gz) by --data DIR",
        list(failures)
    )]
    Mirrors {
        /// The file, uncompressed.
        file: &'static str,
        /// Each address that was tried, and why it failed.
        failures: Vec<(String, MirrorError)>,
    },

    /// The file could not be kept.
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
    /// The server could not be reached, or refused.
    #[error("{0}")]
    Request(#[from] Box<ureq::Error>),

    /// The connection broke, or the server fell silent.
    #[error("the transfer broke off: {0}")]
    Transfer(#[from] io::Error),

    /// More bytes came than any file of the data sets has.
    #[error("expected at most {MAX_DOWNLOAD} bytes, found more")]
    TooLarge,

    /// The gzip stream is damaged.
    #[error(transparent)]
    Gzip(#[from] IdxError),

    /// The contents are not the published ones.
    #[error("expected contents with SHA-256 {expected}, found {found}")]
    Contents {
        /// Of the published contents, in hexadecimal.
        expected: &'static str,
        /// Of what came.
        found: String,
    },
}

fn list(failures: &[(String, MirrorError)]) -> String {
    failures.iter().fold(String::new(), |mut lines, (url, error)| {
        let _ = write!(lines, "\n  {url}: {error}");
        lines
    })
}

/// Fetches files over HTTP, with a progress bar on standard error.
#[derive(Debug)]
pub struct Downloader {
    agent: Agent,
    quiet: bool,
}

impl Downloader {
    /// A downloader that gives up on a dead or stalled mirror; `quiet` hides the progress.
    pub fn new(quiet: bool) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(STALL_TIMEOUT))
            .timeout_per_read(Some(STALL_TIMEOUT))
            .timeout_global(Some(FILE_TIMEOUT))
            .user_agent(concat!("lenet-train/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), quiet }
    }

    /// Makes the folder `dir` and fetches into it those `files` that it lacks, uncompressed.
    ///
    /// `mirrors` are addresses that end in `/`, tried in this order for each file. A file takes its name once its
    /// SHA-256 has been checked, so that whatever has the name is whole and genuine.
    ///
    /// # Errors
    ///
    /// [`DownloadError`] if no mirror gives a file or the folder cannot be written. The files fetched before
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

    /// The genuine contents, from the first mirror that has them.
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
        // Some servers undo the gzip on the way; what matters is what is inside.
        let contents = idx::decompress("the response", &body)?.into_owned();
        let found = format!("{:x}", Sha256::digest(&contents));
        if found != file.sha256 {
            return Err(MirrorError::Contents { expected: file.sha256, found });
        }
        Ok(contents)
    }

    fn transfer(&self, url: &str) -> Result<Vec<u8>, MirrorError> {
        if !self.quiet {
            eprintln!("fetching {url}");
        }
        let body = self.agent.get(url).call().map_err(Box::new)?.into_body();
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

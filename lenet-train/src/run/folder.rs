//! The folder of a run. A new run does not overwrite another, and only one process at a time writes into a folder.

use super::checkpoint;
use super::export::FILES;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// The parent folder of runs for which no folder is given.
const RUNS: &str = "runs";
/// The link to the newest of these runs. On a system without symbolic links, it is a file that contains the run's name.
const LATEST: &str = "latest";
/// The file that a process keeps locked while it writes into the folder.
const LOCK_FILE: &str = ".lock";
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The error when a folder cannot be used for a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The folder cannot be created or written to.
    #[error("{}: the folder cannot be written to: choose another with --out", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The folder contains a run.
    #[error(
        "{}: expected a folder without a run, found one with a checkpoint: continue that run with --resume, choose another \
         folder with --out, or replace the run with --force", path.display()
    )]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// Another process is writing into the folder.
    #[error(
        "{}: expected a folder that no other process uses, found one that another lenet-train is writing to: wait until it \
         ends, or choose another folder with --out", path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// There is no such folder.
    #[error("{}: expected the folder of a run, found none: give the folder of a run, or train one first", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
}

/// Where to create the folder of a new run.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The folder. `None` creates a new folder `runs/<date>-<n>`, and makes `runs/latest` point to it.
    pub out: Option<PathBuf>,
    /// Whether to replace a run in that folder. Its checkpoint is kept under another name.
    pub force: bool,
}

/// The folder of a run, locked until it is dropped.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// Creates the folder of a new run.
    ///
    /// # Errors
    ///
    /// Returns any [`FolderError`] except [`FolderError::Missing`].
    pub fn create(Destination { out, force }: &Destination) -> Result<Self, FolderError> {
        let Some(out) = out else { return Self::create_dated(Path::new(RUNS)) };
        create_all(out)?;
        let folder = Self::lock(out)?;
        if folder.contains_run() {
            if !*force {
                return Err(FolderError::Taken { path: folder.path });
            }
            folder.clear().map_err(|source| FolderError::Write { path: folder.path.clone(), source })?;
        }
        Ok(folder)
    }

    /// Opens the folder of an existing run.
    ///
    /// # Errors
    ///
    /// Returns [`FolderError::Missing`], [`FolderError::Locked`] or [`FolderError::Write`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if !path.is_dir() {
            return Err(FolderError::Missing { path: path.to_owned() });
        }
        Self::lock(path)
    }

    /// Opens a folder, whether it contains a run or not, or creates it.
    ///
    /// # Errors
    ///
    /// Returns [`FolderError::Locked`] or [`FolderError::Write`].
    pub fn open_or_create(path: &Path) -> Result<Self, FolderError> {
        create_all(path)?;
        Self::lock(path)
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder contains the checkpoint of a run.
    pub fn contains_run(&self) -> bool {
        self.path.join(checkpoint::FILE_NAME).exists()
    }

    /// Removes the files of the run that is replaced, all but its checkpoint, which is kept under another name.
    fn clear(&self) -> io::Result<()> {
        checkpoint::set_aside(&self.path)?;
        for file in FILES {
            match fs::remove_file(self.path.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn lock(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Write { path: path.to_owned(), source };
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK_FILE));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Locked { path: path.to_owned() }),
            // Some network file systems do not support locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    fn create_dated(runs: &Path) -> Result<Self, FolderError> {
        create_all(runs)?;
        let today = date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
        for number in 1_u32.. {
            let name = format!("{today}-{number}");
            let path = runs.join(&name);
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(FolderError::Write { path, source }),
                Ok(()) => {
                    let folder = Self::lock(&path)?;
                    let latest = runs.join(LATEST);
                    set_link(&latest, &name).map_err(|source| FolderError::Write { path: latest, source })?;
                    return Ok(folder);
                }
            }
        }
        unreachable!("fewer than 2^32 runs per day")
    }
}

/// Returns the folder that `runs/latest` points to.
///
/// # Errors
///
/// Returns [`FolderError::Missing`] if there is none.
pub fn latest() -> Result<PathBuf, FolderError> {
    latest_in(Path::new(RUNS))
}

fn latest_in(runs: &Path) -> Result<PathBuf, FolderError> {
    let latest = runs.join(LATEST);
    let name = fs::read_link(&latest).or_else(|_| fs::read_to_string(&latest).map(PathBuf::from));
    match name.map(|name| runs.join(name)) {
        Ok(path) if path.is_dir() => Ok(path),
        _ => Err(FolderError::Missing { path: latest }),
    }
}

fn create_all(path: &Path) -> Result<(), FolderError> {
    fs::create_dir_all(path).map_err(|source| FolderError::Write { path: path.to_owned(), source })
}

/// Makes `latest` point to the folder `name` beside it, atomically.
#[cfg(unix)]
fn set_link(latest: &Path, name: &str) -> io::Result<()> {
    let new = latest.with_file_name(format!(".{name}"));
    std::os::unix::fs::symlink(name, &new)?;
    fs::rename(&new, latest)
}

#[cfg(not(unix))]
fn set_link(latest: &Path, name: &str) -> io::Result<()> {
    lenet_infer::host::files::replace(latest, |out| out.write_all(name.as_bytes()))
}

/// Formats the UTC date of a time in seconds since 1970, such as `2026-11-25`.
///
/// The algorithm is `civil_from_days` of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms", for days since
/// 1970.
fn date(seconds: u64) -> String {
    let days = seconds / SECONDS_PER_DAY + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    fn create(out: &Path, force: bool) -> Result<RunFolder, FolderError> {
        RunFolder::create(&Destination { out: Some(out.to_owned()), force })
    }

    #[test]
    fn dates_match_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_798_761_599, "2026-12-31"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn each_run_without_a_given_folder_gets_a_new_one_and_latest_points_to_it() {
        let runs = tempdir().unwrap();
        assert!(matches!(latest_in(runs.path()), Err(FolderError::Missing { .. })));
        let first = RunFolder::create_dated(runs.path()).unwrap();
        assert_eq!(latest_in(runs.path()).unwrap(), first.path());
        let second = RunFolder::create_dated(runs.path()).unwrap();
        assert_ne!(first.path(), second.path());
        assert_eq!(latest_in(runs.path()).unwrap(), second.path());
    }

    #[test]
    fn a_folder_with_a_run_is_refused_unless_the_run_is_to_be_replaced() {
        let out = tempdir().unwrap();
        drop(create(out.path(), false).unwrap());
        fs::write(out.path().join(checkpoint::FILE_NAME), "a run").unwrap();
        let refused = create(out.path(), false).unwrap_err();
        assert!(refused.to_string().ends_with("replace the run with --force"), "{refused}");
        drop(create(out.path(), true).unwrap());
        let kept = fs::read_to_string(out.path().join(checkpoint::PREVIOUS_FILE_NAME)).unwrap();
        assert_eq!(kept, "a run");
    }

    #[test]
    fn a_folder_in_use_is_refused_until_it_is_released() {
        let out = tempdir().unwrap();
        let held = create(out.path(), false).unwrap();
        for second in [RunFolder::open(out.path()), create(out.path(), true)] {
            assert!(matches!(second, Err(FolderError::Locked { .. })), "{second:?}");
        }
        drop(held);
        RunFolder::open(out.path()).unwrap();
    }

    #[test]
    fn the_error_for_a_missing_run_names_its_folder() {
        let message = RunFolder::open(Path::new("no/such/run")).unwrap_err().to_string();
        assert!(message.starts_with("no/such/run: expected the folder of a run"), "{message}");
    }
}

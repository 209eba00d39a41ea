//! Reads and writes files whole or not at all (feature `host`).
//!
//! Reading always ends. It refuses a named pipe (FIFO), which would wait for a writer that may never come, and a file
//! beyond a cap, because devices can be endless. It accepts the pipes that a shell passes by number, `/dev/stdin` and
//! `/dev/fd/3` for example, as in `lenet-infer classify <(curl ...)`.

use std::ffi::OsStr;
use std::format;
use std::fs::{self, File, FileType};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;
use std::vec::Vec;

use tempfile::{Builder, NamedTempFile};

/// The start of a temporary file's name. Random letters and digits follow, so that nobody can guess it.
const TEMPORARY_PREFIX: &str = ".lenet-";
/// The end of a temporary file's name.
const TEMPORARY_SUFFIX: &str = ".tmp";
/// The age from which a temporary file counts as left by a killed process: no write takes so long.
const LEFT_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates or replaces `path` with what `write` writes, atomically.
///
/// The bytes go to a temporary file in the same folder, reach the disk, and only then take the name. So a reader never
/// sees half a file, even after a crash or on a full disk. If two processes write at once, both succeed and the last one
/// stays. The file has the permissions of any new file.
///
/// The name of the temporary file is `.lenet-`, twelve random letters and digits, and `.tmp`. A killed process leaves its
/// file behind, and a call for the same folder removes such files when they are a day old.
///
/// # Errors
///
/// Those of the file system and of `write`; the temporary file is removed and an older `path` is left as it was.
/// [`io::ErrorKind::InvalidInput`] for a path that does not name a file.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (Some(folder), Some(_)) = (path.parent(), path.file_name()) else {
        let message = format!("{} does not name a file", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    remove_leftovers(folder);
    let mut out = BufWriter::new(temporary(folder)?);
    write(&mut out)?;
    let temporary = out.into_inner()?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// Reads the contents of a file, unless it is longer than `cap` bytes.
///
/// # Errors
///
/// Those of the file system, [`io::ErrorKind::FileTooLarge`] for a longer file, and [`io::ErrorKind::InvalidInput`] for a
/// named pipe.
pub fn read_at_most(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    if !is_numbered_pipe(path) && is_named_pipe(fs::metadata(path)?.file_type()) {
        let message = "expected a regular file, found a named pipe: save its contents to a file, or pass them by \
                       /dev/stdin";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    read_all_at_most(File::open(path)?, cap)
}

/// Checks that `path` is a regular file or a link to one, so that reading it cannot block: for files of a set, where a
/// pipe or a device is a mistake.
///
/// # Errors
///
/// Those of the file system, [`io::ErrorKind::IsADirectory`] for a folder, and [`io::ErrorKind::InvalidInput`] for a
/// named pipe, a device, or a socket.
pub fn expect_regular(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?.file_type();
    if found.is_file() {
        return Ok(());
    }
    let (kind, message) = if found.is_dir() {
        (io::ErrorKind::IsADirectory, "expected a regular file, found a folder")
    } else if is_named_pipe(found) {
        let message = "expected a regular file, found a named pipe: save its contents to a file";
        (io::ErrorKind::InvalidInput, message)
    } else {
        let message = "expected a regular file, found a device or a socket: save its contents to a file";
        (io::ErrorKind::InvalidInput, message)
    };
    Err(io::Error::new(kind, message))
}

/// Reads all that `input` gives, unless it is more than `cap` bytes.
///
/// # Errors
///
/// Those of `input`, and [`io::ErrorKind::FileTooLarge`] for more bytes.
pub fn read_all_at_most(input: impl Read, cap: u64) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    // One byte beyond the cap tells "too long" from "just fits".
    input.take(cap.saturating_add(1)).read_to_end(&mut contents)?;
    if contents.len() as u64 > cap {
        let message = format!("expected at most {cap} bytes, found more");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(contents)
}

/// Whether a shell passes `path` by number: then the pipe has a writer.
fn is_numbered_pipe(path: &Path) -> bool {
    ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|place| path.starts_with(place))
}

/// Whether opening the file may wait for a writer that never comes.
#[cfg(unix)]
fn is_named_pipe(found: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found)
}

#[cfg(not(unix))]
fn is_named_pipe(_: FileType) -> bool {
    false
}

/// Creates a new file in `folder`, which is removed when it is dropped. Never opens an existing file or follows a link.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // Not `tempfile_in`: its files are for their owner alone, and its errors show the random name.
    Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .suffix(TEMPORARY_SUFFIX)
        .rand_bytes(12)
        .make_in(folder, |path| File::create_new(path))
}

/// Makes a renaming in `folder` survive a power cut, if the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows opens no folders, and some network file systems do not synchronize them.
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Removes the temporary files in `folder` that killed processes left, as far as it can.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_temporary_name(&entry.file_name())) {
        // The metadata of the entry itself, not of a link's target.
        let left = entry.metadata().is_ok_and(|found| {
            let age = found.modified().ok().and_then(|written| written.elapsed().ok());
            found.is_file() && age.is_some_and(|age| age >= LEFT_AFTER)
        });
        if left {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_temporary_name(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY_PREFIX.as_bytes()) && name.ends_with(TEMPORARY_SUFFIX.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::string::ToString;
    use std::time::SystemTime;
    use tempfile::tempdir;

    fn names(folder: &Path) -> Vec<PathBuf> {
        let mut names: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("file");
        for contents in ["old and long", "new"] {
            replace(&path, |out| out.write_all(contents.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        assert_eq!(names(dir.path()), [PathBuf::from("file")]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        let error = replace(&path, |out| {
            out.write_all(b"half of")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(dir.path()), [PathBuf::from("file")]);
    }

    #[test]
    fn the_temporary_file_is_new_and_its_name_is_not_the_same_twice() {
        let dir = tempdir().unwrap();
        let temporaries = [temporary(dir.path()).unwrap(), temporary(dir.path()).unwrap()];
        let [first, second] = temporaries.each_ref().map(|file| file.path().file_name().unwrap());
        assert!(first != second && is_temporary_name(first) && is_temporary_name(second));
        // What a process of the same number, or somebody who guesses, would have used.
        assert!(!first.to_string_lossy().contains(&std::process::id().to_string()));
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_has_the_permissions_of_a_new_one() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempdir().unwrap();
        let [plain, replaced] = ["plain", "replaced"].map(|name| dir.path().join(name));
        fs::write(&plain, "").unwrap();
        replace(&replaced, |_| Ok(())).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&replaced), mode(&plain));
    }

    #[test]
    fn what_a_killed_process_left_a_day_ago_is_removed_and_nothing_else() {
        let dir = tempdir().unwrap();
        let file = |name: &str, age: Duration| {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        file(".lenet-old.tmp", LEFT_AFTER);
        file(".lenet-new.tmp", Duration::from_secs(60));
        file("model.tmp", 2 * LEFT_AFTER);
        file(".lenet-notes", 2 * LEFT_AFTER);
        fs::create_dir(dir.path().join(".lenet-folder.tmp")).unwrap();
        replace(&dir.path().join("file"), |_| Ok(())).unwrap();
        let left = [".lenet-folder.tmp", ".lenet-new.tmp", ".lenet-notes", "file", "model.tmp"];
        assert_eq!(names(dir.path()), left.map(PathBuf::from));
    }

    #[test]
    fn the_error_of_a_missing_folder_does_not_show_the_temporary_name() {
        let dir = tempdir().unwrap();
        let error = replace(&dir.path().join("none/file"), |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(TEMPORARY_PREFIX), "{error}");
    }

    #[test]
    fn a_file_beyond_the_cap_is_not_read_whole() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, [7; 10]).unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), [7; 10]);
        let error = read_at_most(&path, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "expected at most 9 bytes, found more");
        assert_eq!(read_all_at_most(io::repeat(1), 9).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_path_that_names_no_file_is_an_error() {
        for path in ["..", "", "/"] {
            let error = replace(Path::new(path), |_| Ok(())).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
    }
}

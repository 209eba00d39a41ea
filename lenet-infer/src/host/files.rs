//! Files that are written whole or not at all, and read whole or not at all (feature `host`).

use std::ffi::OsString;
use std::format;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

/// Creates or replaces `path` with what `write` writes, atomically.
///
/// The bytes go to a temporary file in the same folder, reach the disk, and only then take the name: a reader,
/// a crash or a full disk never meets half a file. Two writers at once both succeed and the last one stays.
///
/// # Errors
///
/// Those of the file system and of `write`; the temporary file is removed and an older `path` is left as it was.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    let written = write_through(&temporary, write).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one worth telling.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// The contents of a file, unless it is longer than `cap` bytes.
///
/// # Errors
///
/// Those of the file system, and [`io::ErrorKind::FileTooLarge`].
pub fn read_at_most(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    // One byte beyond the cap tells "too long" from "just fits".
    File::open(path)?.take(cap + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > cap {
        let message = format!("expected at most {cap} bytes, found more");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(contents)
}

fn write_through(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out)?;
    out.into_inner()?.sync_all()
}

/// A hidden name beside `path` that no other process or thread of this machine is using.
fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} does not name a file", path.display()))
    })?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{}.tmp", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(temporary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use tempfile::tempdir;

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("file");
        for contents in ["old and long", "new"] {
            replace(&path, |out| out.write_all(contents.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
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
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_beyond_the_cap_is_not_read_whole() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, [7; 10]).unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), [7; 10]);
        let error = read_at_most(&path, 9).unwrap_err();
        assert_eq!(error.to_string(), "expected at most 9 bytes, found more");
    }

    #[test]
    fn a_path_that_names_no_file_is_an_error() {
        let error = replace(Path::new(".."), |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}

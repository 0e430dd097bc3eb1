//! The files of `--export-*`: each is replaced whole or stays as it was.
//!
//! What is written is not known here. A device or a FIFO cannot be replaced: it is written as it is.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Whether the file can be written, without touching what it holds.
///
/// # Errors
/// Why it cannot.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let target = target(path);
    if is_replaceable(&target) {
        let draft = draft(&target);
        OpenOptions::new().write(true).create_new(true).open(&draft)?;
        fs::remove_file(draft)
    } else {
        Ok(())
    }
}

/// Writes the file.
///
/// # Errors
/// Why it cannot be written; then it is as it was.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = target(path);
    if !is_replaceable(&target) {
        return OpenOptions::new().write(true).open(&target)?.write_all(bytes);
    }
    let draft = draft(&target);
    let written = write_draft(&draft, &target, bytes).and_then(|()| fs::rename(&draft, &target));
    if written.is_err() {
        // What is left of it helps nobody; the error is told.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write_draft(draft: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    // Never through a link that somebody has put there.
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    if let Ok(before) = fs::metadata(target) {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(bytes)
}

/// The file behind a link.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A file, or nothing yet.
fn is_replaceable(target: &Path) -> bool {
    fs::metadata(target).map_or(true, |found| found.is_file())
}

/// A name beside the file that no other run uses.
fn draft(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    target.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("urltrace-export-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.html");
        check(&path).unwrap();
        assert!(!path.exists(), "looking makes no file");
        write(&path, b"one").unwrap();
        let link = folder.join("link");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(if cfg!(unix) { &link } else { &path }, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(!cfg!(unix) || fs::symlink_metadata(&link).unwrap().is_symlink());
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1 + usize::from(cfg!(unix)), "{names:?}");
        assert!(write(&folder.join("none").join("x"), b"").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}

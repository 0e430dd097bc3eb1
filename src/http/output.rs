//! The file of `-o`, written without ever waiting for it: it may be a FIFO (POSIX mkfifo) that nobody
//! reads yet, or no longer.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use super::fault;
use crate::fault::Fault;
use crate::os;
use crate::plan::BodyOutput;
use crate::trace::FailureCode;

/// Whether a write went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    /// The file takes nothing now: whoever reads it has to come, or to read on.
    Blocked,
}

/// An output file, opened by the first attempt to write.
pub(super) struct Output {
    to: BodyOutput,
    file: Option<File>,
    /// What the file has not taken yet.
    left: Vec<u8>,
    done: usize,
}

impl Output {
    pub(super) fn new(to: BodyOutput) -> Self {
        if let BodyOutput::Memory(kept) = &to {
            kept.clear();
        }
        Self { to, file: None, left: Vec::new(), done: 0 }
    }

    /// Whether it is kept, and goes nowhere.
    pub(super) const fn is_memory(&self) -> bool {
        matches!(self.to, BodyOutput::Memory(_))
    }

    /// Its file; `-` for standard output.
    pub(super) fn path(&self) -> &Path {
        match &self.to {
            BodyOutput::File(path) => path,
            BodyOutput::Standard(_) | BodyOutput::Memory(_) => Path::new("-"),
        }
    }

    /// Takes bytes; to be called when everything before them is written.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if let BodyOutput::Memory(kept) = &self.to {
            return kept.take(bytes);
        }
        self.left.clear();
        self.left.extend_from_slice(bytes);
        self.done = 0;
    }

    /// Opens the file if it is not open, and writes what is left.
    ///
    /// # Errors
    /// The file cannot be opened or written.
    pub(super) fn put(&mut self) -> Result<Put, Fault> {
        if self.is_memory() {
            return Ok(Put::Done);
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => match open(&self.to) {
                Ok(file) => self.file.insert(file),
                Err(error) if os::has_no_reader(&error) => return Ok(Put::Blocked),
                Err(error) => return Err(self.fault(&error)),
            },
        };
        while self.done < self.left.len() {
            match file.write(&self.left[self.done..]) {
                Ok(0) => return Err(self.fault(&ErrorKind::WriteZero.into())),
                Ok(count) => self.done += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Put::Blocked),
                Err(error) => return Err(self.fault(&error)),
            }
        }
        Ok(Put::Done)
    }

    fn fault(&self, error: &io::Error) -> Fault {
        let message = format!("{} cannot be written: {}", self.path().display(), os::words(error));
        fault::new(FailureCode::OutputFailed, message)
    }
}

/// A FIFO without a reader is an error in place of a wait.
fn open(to: &BodyOutput) -> io::Result<File> {
    let path = match to {
        BodyOutput::File(path) => path,
        BodyOutput::Standard(stream) => return stream.try_clone(),
        BodyOutput::Memory(_) => return Err(ErrorKind::Unsupported.into()),
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    os::without_waiting(&mut options);
    options.open(path)
}

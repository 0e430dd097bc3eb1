//! A request's body, as it is to be sent: what of it is kept in memory, and where the rest is read while it goes
//! out. Reads nothing.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// A request's body. Clones are the same body.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// What it is made of, in order.
    pub pieces: Arc<[Piece]>,
    /// How much of it went out last, for whoever watches.
    pub meter: Arc<Meter>,
}

/// A part of a body.
#[derive(Clone, Debug)]
pub enum Piece {
    /// In memory.
    Bytes(Bytes),
    /// A file of a known length, which can be read as often as it is sent.
    File(Arc<FilePiece>),
    /// What can be read once, and ends when it ends: standard input, a FIFO.
    Once(Arc<OncePiece>),
}

/// A file of a known length.
#[derive(Debug)]
pub struct FilePiece {
    /// Its name, for people.
    pub name: String,
    /// The open file.
    pub file: File,
    /// Where the first byte of it stands.
    pub start: u64,
    /// Bytes from there on.
    pub length: u64,
    /// What becomes of its line ends.
    pub line_ends: LineEnds,
    /// Bytes that are sent: fewer where line ends are left out.
    pub sent: u64,
}

/// What can be read once.
#[derive(Debug)]
pub struct OncePiece {
    /// Its name, for people.
    pub name: String,
    /// What was read of it already.
    pub begin: Bytes,
    /// The rest, for whoever takes it first.
    pub rest: Mutex<Option<File>>,
    /// What becomes of its line ends.
    pub line_ends: LineEnds,
}

/// What becomes of line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// They are sent.
    Kept,
    /// They are left out, as `-d` has it.
    LeftOut,
}

impl LineEnds {
    /// What is sent of these bytes.
    pub fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Kept => {}
            Self::LeftOut => bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0)),
        }
    }
}

/// How much of a body has gone out.
#[derive(Debug, Default)]
pub struct Meter {
    sent: AtomicU64,
}

impl Meter {
    /// So much has gone out by now.
    pub fn set(&self, bytes: u64) {
        self.sent.store(bytes, Ordering::Relaxed);
    }

    /// How much that is.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    /// A body of these pieces.
    #[must_use]
    pub fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces: pieces.into(), meter: Arc::default() }
    }

    /// Its length, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.pieces.iter().map(Piece::length).sum()
    }

    /// Its bytes, where all of them are in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for piece in self.pieces.iter() {
            match piece {
                Piece::Bytes(bytes) => all.extend_from_slice(bytes),
                Piece::File(_) | Piece::Once(_) => return None,
            }
        }
        Some(all)
    }

    /// Whether it can be sent more than once.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        !self.pieces.iter().any(|piece| matches!(piece, Piece::Once(_)))
    }
}

impl<B: Into<Bytes>> From<B> for RequestBody {
    fn from(bytes: B) -> Self {
        Self::new(vec![Piece::Bytes(bytes.into())])
    }
}

impl Piece {
    /// Its length as sent, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(file) => Some(file.sent),
            Self::Once(_) => None,
        }
    }
}

//! Two saved documents beside each other: how the phases differ, and what was otherwise than before. Pure: the documents
//! are read from their bytes, and nothing is traced.
//!
//! With many runs on each side a difference is told to be seen only where chance makes it unlikely; with one there is no
//! telling, and that is said.
//!
//! # Layout
//! - `part`: a phase, or the total
//! - `saved`: what is read of a document
//! - `facts`: what of it is no time
//! - `beside`: the two, row by row

mod beside;
mod facts;
mod part;
mod saved;

pub use self::beside::{Diff, LEVEL, Row, Seen, Side, Summary};
pub use self::facts::Change;
pub use self::part::Part;
pub use self::saved::{Saved, SavedKind};

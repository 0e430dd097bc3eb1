//! Two saved documents beside each other, or several ways to the same beside the first: how the phases differ, and what was
//! otherwise. Pure: documents are read from their bytes, and nothing is traced.
//!
//! With many runs on each side a difference is told to be seen only where chance makes it unlikely; with one there is no
//! telling, and that is said.
//!
//! # Layout
//! - `part`: a phase, or the total
//! - `saved`: what is read of a document
//! - `facts`: what of it is no time
//! - `traced`: the same of a trace
//! - `document`: what was told of two, read back
//! - `beside`: the two, row by row; `paired`: several, whose runs belong together round by round

mod beside;
mod document;
mod facts;
mod paired;
mod part;
mod saved;
mod traced;

pub use self::beside::{Diff, LEVEL, Row, Seen, Side, Summary};
pub use self::paired::{Paired, beside_first};
pub use self::part::Part;
pub use self::saved::{Saved, SavedKind};

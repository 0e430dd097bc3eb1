//! Who hears of a response while it comes: its Link fields, its head, its body as it is decoded.
//!
//! What is heard is worked on between two reads, as decoding is: it delays no stamp.

use std::fmt;
use std::rc::Rc;

use crate::trace::{At, Http, Informational, Url};

/// Hears of responses.
pub trait Hears {
    /// An interim response.
    fn interim(&self, url: &Url, record: &Http, interim: &Informational);
    /// The head of the final response.
    fn head(&self, url: &Url, record: &Http);
    /// Decoded bytes of its body, the last of which had arrived by then.
    fn body(&self, bytes: &[u8], arrived: At);
}

/// A hold on somebody who hears of responses.
#[derive(Clone)]
pub struct Listener(pub Rc<dyn Hears>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

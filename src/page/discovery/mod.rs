//! What markup, stylesheets and Link fields ask for, found while the bytes arrive.
//!
//! As a browser's preload scanner does it: by tokens, without a tree and without scripts. Templates, noscript and
//! comments ask for nothing. Each finding says how many decoded bytes had to be there.
//!
//! # Layout
//! - `charset`: bytes to text
//! - `html`: a document, tag by tag; `elements`: what a tag asks for
//! - `css`: a stylesheet; `supports`: what its imports ask a browser for; `link`: Link fields
//! - `srcset`, `media`: which image for which window
//! - `resolve`: URLs against their base

mod charset;
mod css;
mod doctype;
mod elements;
mod html;
mod link;
mod media;
mod resolve;
mod srcset;
mod supports;
#[cfg(test)]
mod tests;

pub use self::css::Sheet;
pub use self::elements::is_javascript;
pub use self::html::Document;
pub use self::link::{LinkSource, links};

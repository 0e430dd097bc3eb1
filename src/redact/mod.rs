//! Secrets out of everything that is shown, before any renderer sees it.
//!
//! [`redact`] goes once through all that a report is made from and takes out what a spectator must
//! not read: user information (RFC 3986 §3.2.1), credentials (RFC 9110 §11.4), cookies (RFC 6265),
//! values of parameters and fields whose names say that they are secret, and every repetition of
//! those. What comes out is [`Redacted`], which nothing else can make and which is all that the
//! renderers take: none of them can forget it. It knows nothing of layout, and it measures and
//! judges nothing: findings are made from what was seen, and their words pass here afterwards.
//!
//! What DNS, certificates and file names say is public or the user's own, and stays.

mod assignment;
mod cookie;
mod dns;
mod field;
mod find;
#[cfg(any(test, fuzzing))]
#[path = "tests/fuzzing.rs"]
pub mod fuzzing;
mod http;
mod name;
mod proxy;
mod ranges;
mod redacted;
mod report;
mod seen;
mod shape;
mod stages;
#[cfg(test)]
mod tests;
mod token;
mod trace;
mod userinfo;
mod view;

pub use redacted::{Redact, Redacted, Secrets, redact};
pub use report::{Quoted, Typed};

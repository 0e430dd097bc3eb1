//! The lab's web servers: what each site does, and how it is reached.
//!
//! # Layout
//! - `site`: the sites, a table; `ca`, `x509`, `ocsp`: their certificates; `reply`: what a page says
//! - `pages`, `speaking`, `paged`: the table itself; the last have what browsers ask for behind a page
//! - `http1`, `http2`, `http3`, `legacy`: how it is said, or not; `socket`, `grpc`: what is no page
//! - `moods`: what changes from request to request
//! - `serve`: connections and TLS

pub(super) mod ca;
mod grpc;
mod http1;
mod http2;
mod http3;
mod legacy;
pub(super) mod moods;
mod ocsp;
mod paged;
mod pages;
pub(super) mod reply;
mod serve;
pub(super) mod site;
pub(super) mod sites;
mod socket;
mod speaking;
#[cfg(test)]
mod tests;
pub(crate) mod x509;

pub(super) use self::http3::serve as serve_by_udp;
#[cfg(test)]
pub(crate) use self::reply::encode;
pub(super) use self::serve::{Door, door, serve_plain, serve_secure};

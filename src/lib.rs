//! urltrace (work in progress: interfaces)

pub mod cli;
pub mod clock;
pub mod dns;
pub mod exit;
pub mod http;
pub mod plan;
pub mod stop;
pub mod tcp;
pub mod timeline;
pub mod tls;
pub mod trace;
pub mod url;

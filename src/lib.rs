//! urltrace (work in progress: interfaces)

pub mod clock;
pub mod dns;
pub mod http;
pub mod lab;
pub mod plan;
pub mod stop;
pub mod timeline;
pub mod tls;
pub mod trace;

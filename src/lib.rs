//! urltrace (work in progress: interfaces)

pub mod clock;
pub mod dns;
pub mod finding;
pub mod http;
pub mod plan;
pub mod render;
pub mod stop;
pub mod timeline;
pub mod tls;
pub mod trace;
pub mod units;

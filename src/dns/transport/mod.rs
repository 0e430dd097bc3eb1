//! One query on the wire, stamped and recorded: UDP, TCP, TLS, HTTPS, QUIC.

pub(crate) mod ask;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod framed;
#[cfg(feature = "encrypted-dns")]
pub(crate) mod https;
pub(crate) mod log;
#[cfg(feature = "encrypted-dns")]
pub(crate) mod quic;
pub(crate) mod session;
pub(crate) mod slots;
pub(crate) mod stream;
pub(crate) mod tcp;
#[cfg(feature = "encrypted-dns")]
pub(crate) mod tls;
pub(crate) mod udp;

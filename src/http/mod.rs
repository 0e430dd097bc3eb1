//! Stage 5: request and response. (interface stub; the http helper fills this in)

use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::plan::HttpPlan;
use crate::stop::Stop;
use crate::tls::TlsStream;
use crate::trace::{Failure, Http, Url};

/// The stream an HTTP connection runs on.
pub enum Stream {
    /// In the clear.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<TlsStream>),
}

/// An HTTP connection that can carry a further request.
pub struct Session;

impl Session {
    /// A fresh connection; `alpn` is what TLS negotiated.
    #[must_use]
    pub fn new(stream: Stream, alpn: Option<&str>, plan: &HttpPlan) -> Self {
        let _ = (stream, alpn, plan);
        Self
    }
}

/// What a request is to be, where a redirect may have changed it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Method.
    pub method: String,
    /// Body.
    pub body: Option<Vec<u8>>,
    /// False once a redirect has left the first origin: then fields with credentials
    /// (`authorization`, `cookie`, `proxy-authorization`) of `-H` and `-u` are not sent.
    pub credentials: bool,
}

/// Sends one request and reads its response to the end. Gives the session back when it can carry
/// a further request.
pub async fn fetch(
    session: Session,
    url: &Url,
    ask: &Ask,
    plan: &HttpPlan,
    hop: usize,
    clock: &Clock,
    stop: &Stop,
) -> (Http, Result<Option<Session>, Failure>) {
    let _ = (session, url, ask, plan, hop, clock, stop);
    unimplemented!()
}

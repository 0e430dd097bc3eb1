//! An open connection to a resolver, whatever it is made of.

use std::io;
use std::net::SocketAddr;

use crate::clock::{Clock, Moment};
use crate::dns::transport::error::Unanswered;
use crate::dns::transport::framed::Part;
use crate::dns::transport::stream;
use crate::dns::wire::query::EncodedQuery;
use crate::plan::{Endpoint, RootsChoice};
use crate::trace::At;

#[cfg(feature = "encrypted-dns")]
use crate::dns::transport::{https, quic, tls::Secure};

#[cfg(feature = "encrypted-dns")]
use crate::trace::Transport;

/// A resolver that is asked on connections, with what can be made ready before t0.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) endpoint: Endpoint,
    #[cfg(feature = "encrypted-dns")]
    secure: Option<Secure>,
}

impl Upstream {
    /// Loads what is trusted, for the transports that need it.
    ///
    /// # Errors
    /// Roots that cannot be used, or a name that no certificate can be for.
    pub(crate) fn new(endpoint: &Endpoint, roots: &RootsChoice) -> Result<Self, String> {
        #[cfg(not(feature = "encrypted-dns"))]
        let _ = roots;
        Ok(Self {
            #[cfg(feature = "encrypted-dns")]
            secure: Secure::new(endpoint, roots)?,
            endpoint: endpoint.clone(),
        })
    }
}

/// An open connection to a resolver.
pub(crate) enum Session {
    Framed(stream::Session),
    #[cfg(feature = "encrypted-dns")]
    Https(https::Session),
    #[cfg(feature = "encrypted-dns")]
    Quic(quic::Session),
}

impl Session {
    /// Connects; `tcp_done` hears when TCP is up and TLS begins. Returns when it was ready.
    pub(crate) async fn connect(
        upstream: &Upstream,
        address: SocketAddr,
        clock: &Clock,
        tcp_done: impl Fn(At),
    ) -> io::Result<(Self, At)> {
        #[cfg(feature = "encrypted-dns")]
        if let Some(secure) = &upstream.secure {
            return match upstream.endpoint.transport {
                Transport::Quic => {
                    let (session, at) = quic::connect(secure, address, clock).await?;
                    Ok((Self::Quic(session), at))
                }
                Transport::Https => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Https(https::open(stream, &upstream.endpoint).await?), at))
                }
                _ => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Framed(stream::Session::new(stream)), at))
                }
            };
        }
        let _ = (&upstream.endpoint, tcp_done);
        let (stream, at) = stream::connect(address, clock).await?;
        Ok((Self::Framed(stream::Session::new(stream)), at))
    }

    /// Sends a question and waits for its reply; `part` has what comes of it on a stream of its own, `written` hears when
    /// the connection took it.
    pub(crate) async fn ask(
        &self,
        query: &mut EncodedQuery,
        part: &Part,
        written: impl Fn(Moment),
    ) -> Result<(Moment, Vec<u8>), Unanswered> {
        #[cfg(not(feature = "encrypted-dns"))]
        let _ = part;
        match self {
            Self::Framed(session) => session.ask(query, written).await.map_err(Unanswered::Lost),
            #[cfg(feature = "encrypted-dns")]
            Self::Https(session) => session.ask(query, part, written).await,
            #[cfg(feature = "encrypted-dns")]
            Self::Quic(session) => session.ask(query, part, written).await,
        }
    }

    /// Messages that were nobody's reply.
    #[allow(irrefutable_let_patterns, reason = "without encryption there is one kind")]
    pub(crate) fn strays(&self) -> usize {
        if let Self::Framed(session) = self { session.strays() } else { 0 }
    }

    /// What came in place of a reply to one of its questions since there were so many strays, in words.
    #[allow(irrefutable_let_patterns, reason = "without encryption there is one kind")]
    pub(crate) fn instead(&self, strays: usize) -> Option<String> {
        if let Self::Framed(session) = self { session.instead(strays) } else { None }
    }

    /// Whether it is known to have ended.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Framed(session) => session.is_closed(),
            #[cfg(feature = "encrypted-dns")]
            Self::Https(session) => session.is_closed(),
            #[cfg(feature = "encrypted-dns")]
            Self::Quic(session) => session.is_closed(),
        }
    }
}

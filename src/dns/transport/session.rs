//! An open connection to a resolver, whatever it is made of.

use std::io;
use std::net::SocketAddr;

use crate::clock::Clock;
use crate::dns::resolvers::connection::Client;
use crate::dns::transport::error::Unanswered;
use crate::dns::transport::stream;
use crate::dns::wire::query::EncodedQuery;
use crate::trace::At;

#[cfg(feature = "encrypted-dns")]
use crate::dns::transport::{https, quic};

#[cfg(feature = "encrypted-dns")]
use crate::trace::Transport;

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
        client: &Client,
        address: SocketAddr,
        clock: &Clock,
        tcp_done: impl Fn(At),
    ) -> io::Result<(Self, At)> {
        #[cfg(feature = "encrypted-dns")]
        if let Some(secure) = &client.secure {
            return match client.endpoint.transport {
                Transport::Quic => {
                    let (session, at) = quic::connect(secure, address, clock).await?;
                    Ok((Self::Quic(session), at))
                }
                Transport::Https => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Https(https::open(stream, &client.endpoint, *clock).await?), at))
                }
                _ => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Framed(stream::Session::new(stream, *clock)), at))
                }
            };
        }
        let _ = (&client.endpoint, tcp_done);
        let (stream, at) = stream::connect(address, clock).await?;
        Ok((Self::Framed(stream::Session::new(stream, *clock)), at))
    }

    /// Sends a question and waits for its reply; `written` hears when the connection took it.
    pub(crate) async fn ask(
        &self,
        query: &mut EncodedQuery,
        written: impl Fn(At),
    ) -> Result<(At, Vec<u8>), Unanswered> {
        match self {
            Self::Framed(session) => session.ask(query, written).await.map_err(Unanswered::Lost),
            #[cfg(feature = "encrypted-dns")]
            Self::Https(session) => session.ask(query, written).await,
            #[cfg(feature = "encrypted-dns")]
            Self::Quic(session) => session.ask(query, written).await,
        }
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

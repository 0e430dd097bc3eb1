//! A QUIC connection that stands: its streams are its user's, its moments and counts are kept here.

use std::sync::Arc;
use std::time::Duration;

use quinn::{Endpoint, VarInt};

use super::allowance::Allowance;
use super::tap::Notes;
use crate::trace::{At, Quic};

/// A QUIC connection after its handshake. It ends with its last hold.
pub struct Connection {
    streams: quinn::Connection,
    /// Its socket lives as long as this.
    endpoint: Endpoint,
    notes: Arc<Notes>,
    allowance: Allowance,
}

/// A hold on a connection, for a look at it when all is over.
#[derive(Clone)]
pub struct Watch(quinn::Connection);

impl Connection {
    pub(super) fn new(
        streams: quinn::Connection,
        endpoint: Endpoint,
        notes: Arc<Notes>,
        allowance: Allowance,
    ) -> Self {
        Self { streams, endpoint, notes, allowance }
    }

    /// What the server allowed when it began.
    #[must_use]
    pub const fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Where its streams are opened, read and written.
    #[must_use]
    pub fn streams(&self) -> &quinn::Connection {
        &self.streams
    }

    /// A hold on its counts.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch(self.streams.clone())
    }

    /// When the datagrams came that were looked at last.
    #[must_use]
    pub fn last_received(&self) -> Option<At> {
        self.notes.log().last_received
    }

    /// Bytes that were handed to the kernel so far, and when the last of them were.
    #[must_use]
    pub fn sent(&self) -> (u64, Option<At>) {
        let log = self.notes.log();
        (log.bytes_sent, log.last_sent)
    }

    /// Waits until more than `bytes` have been handed to the kernel in all.
    pub async fn departed(&self, bytes: u64) {
        loop {
            let departure = self.notes.departure.notified();
            if self.sent().0 > bytes {
                return;
            }
            departure.await;
        }
    }

    /// Ends it with a code of the application's, and waits until that is sent.
    pub async fn close(self, code: u32) {
        let before = self.sent().0;
        self.streams.close(VarInt::from_u32(code), b"");
        self.departed(before).await;
        drop(self.endpoint);
    }
}

impl Watch {
    /// Puts down what is known of the path by now.
    pub fn read_into(&self, quic: &mut Quic) {
        let path = self.0.stats().path;
        quic.rtt = Some(in_micros(path.rtt));
        quic.min_rtt = Some(in_micros(path.min_rtt));
        quic.lost = Some(path.lost_packets);
        quic.sent = Some(path.sent_packets);
        quic.mtu = Some(path.current_mtu);
    }
}

/// A time in whole microseconds, as every other of a trace is.
fn in_micros(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

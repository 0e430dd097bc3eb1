//! One exchange of HTTP/2, as seen from the [`tap`](super::tap): counts, stamps, caps, and what is known of it where it
//! was not answered. Pure: reads no bytes.

use std::task::Waker;

use super::frames::{Received, Sent};
use super::scene::MAX_INFORMATIONAL;
use crate::trace::{At, GoAway, Header, StampedBy, Unanswered};

/// RFC 9113 §7: the stream was refused before anything was done for it.
const REFUSED_STREAM: u32 = 7;
/// The same: the server wants HTTP/1.1.
pub(super) const HTTP_1_1_REQUIRED: u32 = 0xd;
/// A cap that a response hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A block of header fields too large, as sent.
    HeadBytes,
    /// Too many blocks of header fields.
    Blocks,
}

/// One exchange, as seen from the tap.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Its stream, once that is known.
    pub(super) stream: Option<u32>,
    pub(super) received: Received,
    pub(super) sent: Sent,
    /// When the first byte was handed to the kernel.
    pub(super) began: Option<At>,
    /// When the last byte of its head was.
    pub(super) head_at: Option<At>,
    pub(super) sent_at: Option<At>,
    /// When the peer was seen to have acknowledged that.
    pub(super) acked_at: Option<At>,
    pub(super) stamped_by: Option<StampedBy>,
    pub(super) bytes_received: u64,
    pub(super) bytes_sent: u64,
    /// The cap that its response hit.
    pub(super) over: Option<Over>,
    /// The code of a RST_STREAM.
    pub(super) reset: Option<u32>,
    /// The fields of each block that was unpacked.
    pub(super) fields: Vec<Option<Vec<Header>>>,
    /// Whoever runs it, once that waits for what the connection brings.
    pub(super) waiting: Option<Waker>,
}

impl Exchange {
    /// Whether its body was sent, and nothing has come since: which block is the final one is not known here.
    pub(super) fn awaits_acknowledgement(&self) -> bool {
        let block = self.received.blocks.last();
        let is_quiet = |sent| self.received.end.is_none() && block.is_none_or(|block| block.at < sent);
        self.sent.body_bytes > 0 && self.acked_at.is_none() && self.sent_at.is_some_and(is_quiet)
    }

    pub(super) fn check(&mut self, max_head_bytes: usize) {
        // The final response and its trailers have blocks too.
        if self.received.block_count > MAX_INFORMATIONAL + 2 {
            self.over = Some(Over::Blocks);
        }
        // One alone, or interim ones together.
        let last = self.received.blocks.last().map_or(0, |block| block.bytes);
        if last > max_head_bytes as u64 || self.received.block_bytes > 2 * max_head_bytes as u64 {
            self.over = Some(Over::HeadBytes);
        }
    }

    /// What is known of a request to which not a byte of a response came, by what the peer said last and whether the
    /// connection has ended.
    pub(super) fn unanswered(&self, goaway: Option<&GoAway>, has_ended: bool) -> Option<Unanswered> {
        if self.received.block_count > 0 {
            return None;
        }
        // Streams above the last are not processed (RFC 9113 §6.8), nor is what was never sent.
        let passed_over = |stream: u32| goaway.filter(|goaway| stream > goaway.last_stream);
        match (self.reset, self.stream.map(passed_over)) {
            (Some(REFUSED_STREAM), _) => Some(Unanswered::Refused),
            (Some(HTTP_1_1_REQUIRED), _) => Some(Unanswered::Http1Required),
            (_, Some(Some(GoAway { code: 0, .. }))) => Some(Unanswered::Refused),
            (_, Some(Some(GoAway { code: HTTP_1_1_REQUIRED, .. }))) => Some(Unanswered::Http1Required),
            (_, None | Some(Some(_))) => Some(Unanswered::Unprocessed),
            (_, Some(None)) => has_ended.then_some(Unanswered::Unknown),
        }
    }
}

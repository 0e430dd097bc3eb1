//! How far an exchange of HTTP/3 has come: kept beside it, so that it is known also where the exchange is stopped.

use std::cell::Cell;

use bytes::Bytes;
use quinn::SendStream;

use super::streams::{DATA, frame_head};
use crate::trace::{At, Http, Unanswered};

/// Bytes of an upload that are handed over at once.
const UPLOAD: usize = 64 * 1024;

/// What is being waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    /// Our control stream, with its SETTINGS.
    #[default]
    Opening,
    /// A stream for the request.
    Asking,
    /// The request to go out, and the response.
    Exchanging,
}

/// What has gone out of a request, and come of its response.
#[derive(Default)]
pub(super) struct Course {
    pub(super) step: Cell<Step>,
    pub(super) bytes: Cell<u64>,
    /// Of its body.
    pub(super) body_bytes: Cell<u64>,
    /// When the last byte went out.
    pub(super) at: Cell<Option<At>>,
    pub(super) is_whole: Cell<bool>,
    /// When the peer had acknowledged that (RFC 9000 §13.2).
    pub(super) acked: Cell<Option<At>>,
    /// Bytes that came on the request's stream.
    pub(super) received: Cell<u64>,
    /// What the server said of a request that it did not answer.
    pub(super) refusal: Cell<Option<Unanswered>>,
}

impl Course {
    pub(super) async fn put(&self, stream: &mut SendStream, bytes: Bytes) -> bool {
        let count = bytes.len() as u64;
        let is_taken = stream.write_chunk(bytes).await.is_ok();
        self.bytes.set(self.bytes.get() + if is_taken { count } else { 0 });
        is_taken
    }

    /// A piece of a body, as a frame or more.
    pub(super) async fn put_data(&self, stream: &mut SendStream, mut bytes: Bytes) -> bool {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(UPLOAD));
            let count = piece.len();
            let head = frame_head(DATA, count);
            if !self.put(stream, head.into()).await || !self.put(stream, piece).await {
                return false;
            }
            self.body_bytes.set(self.body_bytes.get() + count as u64);
        }
        true
    }

    /// Puts down what is known by now.
    pub(super) fn settle(&self, record: &mut Http) {
        record.bytes_sent = self.bytes.get();
        record.request.body_bytes = self.body_bytes.get();
        record.sent = record.sent.or(self.at.get());
        record.body_acked = self.acked.get();
        record.bytes_received = self.received.get();
        if record.first_byte.is_some() && record.head_end.is_none() {
            record.head_bytes = self.received.get();
        }
    }
}

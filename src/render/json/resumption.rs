//! The view of session resumption.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::render::words;
use crate::trace::{EarlyData, Resumed, Resumption};

/// What a second connection with a ticket of the first came to. Not counted.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ResumptionView<'a> {
    /// Tickets that the first connection was given until its response was over (TLS 1.2: sessions).
    tickets: u32,
    /// Whether the session was resumed.
    resumed: bool,
    /// Why not; null when it was.
    reason: Option<&'a str>,
    /// What became of 0-RTT; null without a second handshake. No request is sent in it.
    #[cfg_attr(test, schemars(extend("enum" = ["not-offered", "accepted", "refused", null])))]
    early_data: Option<&'static str>,
    /// The second handshake, from the ClientHello to the server's Finished; null when there was none.
    handshake_us: Option<u64>,
    /// The first handshake, by the same measure.
    full_handshake_us: Option<u64>,
    /// What the second saved against the first, less than 0 when it took longer; null when it was not resumed.
    saved_us: Option<i64>,
    /// Times that the resumed handshake waited for the server; null when it was not resumed.
    round_trips: Option<u32>,
    /// `reason` for programs.
    #[cfg_attr(test, schemars(extend("enum" = ["no-ticket", "nothing-read", "full-handshake", "failed", null])))]
    reason_code: Option<&'static str>,
}

impl<'a> From<&'a Resumption> for ResumptionView<'a> {
    fn from(resumption: &'a Resumption) -> Self {
        let (resumed, reason, round_trips) = match &resumption.outcome {
            Resumed::Yes { round_trips, .. } => (true, None, Some(*round_trips)),
            Resumed::No { why, .. } => (false, Some(words::not_resumed(why)), None),
        };
        Self {
            tickets: resumption.tickets,
            resumed,
            reason,
            early_data: resumption.early_data.map(EarlyData::as_str),
            handshake_us: resumption.took().map(us),
            full_handshake_us: resumption.full.map(us),
            saved_us: resumption.saved_us(),
            round_trips,
            reason_code: match &resumption.outcome {
                Resumed::Yes { .. } => None,
                Resumed::No { why, .. } => Some(why.as_str()),
            },
        }
    }
}

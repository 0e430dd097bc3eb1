//! The stretches of a hop's time that its phases took, laid so that they can never overlap.

use super::phase::{PerPhase, Phase};
use crate::trace::{At, Connect, DnsLane, Hop, Http};

/// A stretch of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: At,
    pub(super) end: At,
}

impl Stretch {
    pub(super) const fn micros(self) -> u64 {
        self.end.0 - self.start.0
    }
}

/// The stretches that the phases of a hop took; `None` for a phase that did not happen.
pub(super) fn stretches(hop: &Hop<'_>) -> PerPhase<Option<Stretch>> {
    let stamps = stamps(hop);
    let mut clip = Clip { cursor: hop.start, end: hop.end.max(hop.start) };
    PerPhase::of(|phase| stamps[phase].map(|(start, end)| clip.next(start, end)))
}

/// Start and end of each phase of a request, laid so that they never overlap; `None` for one that did not happen.
#[must_use]
pub fn phase_bounds(hop: &Hop<'_>) -> PerPhase<Option<(At, At)>> {
    let all = stretches(hop);
    PerPhase::of(|phase| all[phase].map(|stretch| (stretch.start, stretch.end)))
}

/// The same of an exchange alone, from its first byte out to its last byte in.
pub(super) fn stretches_of(http: &Http) -> PerPhase<Option<Stretch>> {
    let [send, wait, receive] = exchange(http);
    let mut clip = Clip { cursor: http.start, end: http.end.max(http.start) };
    PerPhase::of(|phase| {
        let stamps = match phase {
            Phase::Send => send,
            Phase::Wait => wait,
            Phase::Receive => receive,
            Phase::Queue | Phase::Dns | Phase::Connect | Phase::Proxy | Phase::Tls | Phase::Quic => None,
        };
        stamps.map(|(start, end)| clip.next(start, end))
    })
}

/// Start and end of each phase as they were stamped.
fn stamps(hop: &Hop<'_>) -> PerPhase<Option<(At, At)>> {
    let [send, wait, receive] = hop.http.ran().map_or([None; 3], exchange);
    PerPhase::of(|phase| match phase {
        Phase::Queue => {
            let end = hop.request.waited.map(|waited| waited.end).or(hop.request.queued);
            end.map(|end| (hop.start, end))
        }
        Phase::Dns => {
            let asked = hop.dns.ran().filter(|dns| !matches!(dns.lane, DnsLane::Given | DnsLane::Special));
            asked.map(|dns| (dns.start, dns.end))
        }
        // What was given up before was on the way to a connection, and so is the lookup of a proxy's name.
        Phase::Connect => hop.connect.ran().filter(|_| !is_put_off(hop)).map(|connect| {
            let lookup = hop.proxy.and_then(|proxy| proxy.lookup.as_ref());
            let before =
                lookup.map(|lookup| lookup.start).or(hop.abandoned.first().map(|first| first.tcp.start));
            (before.unwrap_or(connect.start), connect.end)
        }),
        // With QUIC it is a part of that handshake.
        Phase::Tls if hop.quic.is_some() => None,
        Phase::Tls => hop.tls.ran().map(|tls| (tls.start, tls.end)),
        Phase::Proxy => hop.proxy.and_then(|proxy| Some((proxy.start?, proxy.end))),
        Phase::Quic => hop.quic.map(|quic| (quic.start, quic.end)),
        Phase::Send => send,
        Phase::Wait => wait,
        Phase::Receive => receive,
    })
}

/// Whether nothing was waited for before the first data, because the SYN took that along (RFC 7413).
pub(super) fn is_put_off(hop: &Hop<'_>) -> bool {
    let lookup = hop.proxy.and_then(|proxy| proxy.lookup.as_ref());
    hop.connect.ran().is_some_and(Connect::is_deferred) && hop.abandoned.is_empty() && lookup.is_none()
}

/// The stamps of send, wait and receive. A server may answer before it has the whole request: then
/// sending ends at the answer's first byte, and nothing was waited for.
fn exchange(http: &Http) -> [Option<(At, At)>; 3] {
    let first = http.first_byte;
    let receive = first.map(|first| (first, http.end));
    match http.sent {
        Some(sent) if first.is_none_or(|first| first >= sent) => {
            [Some((http.start, sent)), Some((sent, first.unwrap_or(http.end))), receive]
        }
        _ => [Some((http.start, first.unwrap_or(http.end))), None, receive],
    }
}

/// Lays stretches behind each other inside a hop: none begins before the one before has ended,
/// none leaves the hop. Right stamps pass unchanged; wrong ones can no longer break the sum.
struct Clip {
    cursor: At,
    end: At,
}

impl Clip {
    fn next(&mut self, start: At, end: At) -> Stretch {
        let start = start.clamp(self.cursor, self.end);
        let end = end.clamp(start, self.end);
        self.cursor = end;
        Stretch { start, end }
    }
}

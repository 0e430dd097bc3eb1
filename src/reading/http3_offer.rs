//! Who offers HTTP/3 for an origin (RFC 9460, RFC 7838), and how QUIC fared where it was tried beside TCP.
//!
//! Whether that is a fault, and whose, is not said here.

use std::time::Duration;

use super::alt_svc::alt_svc;
use crate::trace::{Attempt, AttemptOutcome, Carrier, Hop};

/// How long silence has to last until it is no chance: a first packet that is lost is sent again after one second (RFC
/// 9002 §6.2.2), and may then be answered.
pub const SILENCE: Duration = Duration::from_millis(1_250);

/// By whose word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferedBy {
    /// The HTTPS record of this index.
    Record(usize),
    /// The field Alt-Svc of the response.
    AltSvc,
}

/// An attempt by QUIC beside a connection by TCP, at an address where HTTP/3 is offered, to which no datagram came back.
#[derive(Clone, Copy, Debug)]
pub struct UnheardQuic<'t> {
    /// By whose word QUIC should be there.
    pub offered_by: OfferedBy,
    /// Its place among all attempts.
    pub place: usize,
    /// The attempt.
    pub attempt: &'t Attempt,
}

impl UnheardQuic<'_> {
    /// Whether it was only given up, before its silence could mean anything.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        is_too_short(self.attempt)
    }
}

/// Whether an attempt was given up before its silence could mean anything.
#[must_use]
pub fn is_too_short(attempt: &Attempt) -> bool {
    attempt.outcome == AttemptOutcome::Lost && attempt.end.since(attempt.start) < SILENCE
}

/// Where HTTP/3 is offered and QUIC was tried beside TCP, and no datagram came back; `None` also where one did, at any
/// address. TCP has got through to the same address, or the record that offers HTTP/3 offers nothing else.
#[must_use]
pub fn unheard_quic<'t>(hop: &Hop<'t>) -> Option<UnheardQuic<'t>> {
    let connect = hop.connect.ran()?;
    let winner = connect.attempts.get(connect.winner?)?;
    if winner.transport != Carrier::Tcp || connect.rivals.iter().any(|rival| rival.answered.is_some()) {
        return None;
    }
    let service = hop.dns.ran().and_then(|dns| dns.service.as_ref());
    let is_told = || {
        let said = alt_svc(&hop.http.ran()?.headers)?;
        let offer = said.http3().next()?;
        (offer.host.is_none() && offer.port == hop.url.port).then_some(OfferedBy::AltSvc)
    };
    let offered_by = |attempt: &Attempt| {
        let index = attempt.source.record();
        let record =
            index.and_then(|index| service?.records.get(index)).filter(|record| record.offers_http3());
        let is_there = attempt.address == winner.address;
        match record {
            Some(record) if is_there || record.is_by_quic_alone() => index.map(OfferedBy::Record),
            _ => is_told().filter(|_| is_there),
        }
    };
    let first = connect.attempts.len();
    connect.rivals.iter().enumerate().find_map(|(place, attempt)| {
        Some(UnheardQuic { offered_by: offered_by(attempt)?, place: first + place, attempt })
    })
}

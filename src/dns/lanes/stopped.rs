//! How the counted lane ends when its timeout (RFC 1034 §5.3.1, RFC 9520 §2.4) or an interrupt ends it, and when
//! nobody can be reached.

use std::net::SocketAddr;
use std::time::Duration;

use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::outcome::words::show;
use crate::stop::Stopped;
use crate::trace::{FailureCode, Meaning, StoppedBy};
use crate::units;

/// What the end of the counted lane leaves of packets that have no answer.
pub(crate) fn ended_by(result: &Result<Found, Fault>, stopped: Option<Stopped>) -> Meaning {
    match (stopped, result.as_ref().err().map(|fault| fault.code)) {
        (Some(by), _) if by != Stopped::Limit => cut_off(by),
        (_, Some(FailureCode::DnsTimeout | FailureCode::DnsUnreachable)) => {
            Meaning::Stopped(StoppedBy::DnsLimit)
        }
        _ => Meaning::Superseded,
    }
}

/// What a stop leaves of packets that have no answer.
pub(crate) const fn cut_off(by: Stopped) -> Meaning {
    Meaning::Stopped(match by {
        Stopped::Interrupted => StoppedBy::Interrupt,
        Stopped::Part(_) => StoppedBy::Part,
        Stopped::MaxTime | Stopped::Limit => StoppedBy::MaxTime,
    })
}

pub(crate) fn fallback_note(server: Option<SocketAddr>) -> String {
    let server = server.map(show).unwrap_or_default();
    format!(
        "no root server answered: this is the answer of resolver {server}, and the time counted runs from \
         the start of the walk until that answer was taken"
    )
}

/// `10 s`, and what is no whole number of seconds as any duration.
pub(crate) fn seconds(limit: Duration) -> String {
    if limit.subsec_nanos() == 0 { format!("{} s", limit.as_secs()) } else { units::duration(limit) }
}

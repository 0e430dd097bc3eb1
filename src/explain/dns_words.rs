//! What DNS packets and copies of an answer are called, by notes, findings and renderers alike.
//!
//! Words for facts of the model: nothing is judged here.

use crate::trace::{Copied, Keeper, Packet, Propagation, StoppedBy, Stray};

/// The kinds of what was dropped, in words: `wrong id`, or `3 wrong id, 1 not a reply`.
#[must_use]
pub fn strays(packet: &Packet) -> String {
    match &packet.dropped_kinds[..] {
        [(only, _)] => stray(*only).to_owned(),
        kinds => {
            let words: Vec<String> =
                kinds.iter().map(|(kind, number)| format!("{number} {}", stray(*kind))).collect();
            words.join(", ")
        }
    }
}

/// The same of one.
#[must_use]
pub const fn stray(kind: Stray) -> &'static str {
    match kind {
        Stray::WrongId => "wrong id",
        Stray::WrongQuestion => "wrong question",
        Stray::NoQuestion => "no question section",
        Stray::NotAReply => "not a reply",
        Stray::WrongOperation => "wrong operation",
        Stray::WrongSource => "wrong source",
    }
}

/// What ended the wait for a reply from outside.
#[must_use]
pub const fn stopped(by: StoppedBy) -> &'static str {
    match by {
        StoppedBy::Interrupt => "interrupted",
        StoppedBy::MaxTime => "the time for the whole trace was over",
        StoppedBy::Part => "the time for this part of the trace was over",
        StoppedBy::DnsLimit => "the time for DNS was over",
    }
}

/// What is wrong with an answer without AA from a server of the zone.
pub const NO_AUTHORITY: &str = "answered without authority";

/// Where a referral that leads nowhere points, seen from the zone that was asked for a name: what
/// follows `refers`.
#[must_use]
pub fn astray(zone: &str, qname: &str, to: &str) -> String {
    let below = |name: &str, above: &str| {
        let (name, above) = (name.to_ascii_lowercase(), above.to_ascii_lowercase());
        above == "." || name == above || name.ends_with(&format!(".{above}"))
    };
    if to.eq_ignore_ascii_case(zone) {
        format!("to itself ({to})")
    } else if below(zone, to) {
        format!("upward to {to}")
    } else if !below(to, zone) {
        format!("to {to}, which is not below {zone}")
    } else {
        format!("to {to}, which is not above {qname}")
    }
}

/// The holder of a copy: its name, or whose it is, and its address; the port where it is not that of the
/// zone's servers.
#[must_use]
pub fn holder(propagation: &Propagation, copy: &Copied) -> String {
    let authority = propagation.copies.iter().find(|copy| copy.keeper == Keeper::Authority);
    let usual = authority.map_or(53, |copy| copy.address.port());
    let name = copy.name.as_deref().unwrap_or(copy.keeper.as_str());
    if copy.address.port() == usual {
        format!("{name} {}", copy.address.ip())
    } else {
        format!("{name} {}", copy.address)
    }
}

#[cfg(test)]
mod tests {
    use super::astray;

    #[test]
    fn a_referral_that_leads_nowhere_is_told_by_where_it_points() {
        for (zone, qname, to, want) in [
            ("example.test.", "www.example.test.", ".", "upward to ."),
            ("example.test.", "www.example.test.", "TEST.", "upward to TEST."),
            ("example.test.", "www.example.test.", "Example.test.", "to itself (Example.test.)"),
            (".", "www.test.", ".", "to itself (.)"),
            (
                "example.test.",
                "www.example.test.",
                "ok.test.",
                "to ok.test., which is not below example.test.",
            ),
            ("le.test.", "www.le.test.", "example.test.", "to example.test., which is not below le.test."),
            ("test.", "www.example.test.", "ok.test.", "to ok.test., which is not above www.example.test."),
        ] {
            assert_eq!(astray(zone, qname, to), want);
        }
    }
}

//! One question to one server in words: who was asked, why that one, what it said.

use super::teller::{Teller, clip};
use crate::trace::{AddressSource, Choice, Meaning, Packet, Transport};
use crate::units;

/// Who was asked, why that one, and what came back.
pub(super) fn sentence(teller: &mut Teller, packet: &Packet) -> String {
    let server = match &packet.server_name {
        Some(name) => format!("{} at {}", clip(name), packet.server.ip()),
        None => packet.server.ip().to_string(),
    };
    let how = match packet.transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
        Transport::Https => "HTTPS",
        Transport::Quic => "QUIC",
    };
    let asked = format!("{} {}", clip(&packet.qname), packet.qtype.mnemonic());
    let took = match packet.received {
        Some(at) => format!("after {}", units::duration(at.since(packet.sent))),
        None => format!("within {}", units::duration(packet.end.since(packet.sent))),
    };
    let nsid = packet.reply.as_ref().and_then(|reply| reply.nsid.as_ref());
    let site = nsid.map_or_else(String::new, |nsid| {
        format!(" The machine that answered calls itself {}.", clip(&String::from_utf8_lossy(nsid)))
    });
    let mut told = format!(
        "{server} was asked for {asked} by {how}, {}; {took} {}",
        why(packet.chosen),
        said(teller, packet)
    );
    // A name of DNS has a dot at its end already.
    if !told.ends_with('.') {
        told.push('.');
    }
    told + &site
}

/// Where the address came from.
pub(super) const fn known_from(source: AddressSource) -> &'static str {
    match source {
        AddressSource::Hint => "from the list of root servers that every resolver is shipped with",
        AddressSource::GlueInDomain | AddressSource::GlueSibling => {
            "because the zone above had sent it along"
        }
        AddressSource::Walk => "from a lookup of its own",
        AddressSource::Configured => "from the configuration",
    }
}

const fn why(choice: Choice) -> &'static str {
    match choice {
        Choice::First => "the first of those known",
        Choice::Fastest => "the fastest of those asked before",
        Choice::Hedge => "because the one before it had not answered yet",
        Choice::NextAfterFailure => "because the one before it was of no use",
        Choice::Truncated => "because its answer by UDP had been cut short",
        Choice::WithoutOptions => "once more without the options that it had refused",
        Choice::WithoutEdns => "once more without EDNS (the extension of DNS), which it had refused",
        Choice::Again => "once more, as nothing had come back",
        Choice::CaseMismatch => "because its reply had the name in another case",
        Choice::PlainCase => "once more with the name in plain case",
        Choice::UdpBlocked => "because nothing comes back by UDP",
        Choice::WrongSource => "because a reply had come from another address",
        Choice::ConnectionEnded => "on a new connection, as the one before had ended",
    }
}

fn said(teller: &mut Teller, packet: &Packet) -> String {
    match &packet.meaning {
        Meaning::Answer { records } => match &records[..] {
            [only] => format!("it answered {} {}", only.rtype.mnemonic(), clip(&only.data)),
            _ => format!("it answered with {}", units::count(records.len(), "record")),
        },
        Meaning::Cname { target, .. } => format!("it said that the name is an alias of {}", clip(target)),
        Meaning::Yxdomain { .. } => "it said that the alias makes no valid name (YXDOMAIN)".to_owned(),
        Meaning::Referral { cut, servers, glue, named, .. } => {
            let servers = units::count(servers.len().max(*named), "server");
            let glue = match glue {
                0 => "no address of them".to_owned(),
                1 => "1 address".to_owned(),
                many => format!("{many} addresses"),
            };
            let first = teller.once(
                " (that is a referral; addresses sent along are called glue: without them a server whose \
                 name lies inside its own zone could never be found)",
            );
            format!("it did not know the answer and named the {servers} of {}, with {glue}{first}", clip(cut))
        }
        Meaning::NoData(_) => format!(
            "it said that the name has no {} record{}",
            packet.qtype.mnemonic(),
            teller.once(" (NODATA: the name exists, this type of record does not)")
        ),
        Meaning::NxDomain(_) => {
            format!("it said that the name does not exist{}", teller.once(" (NXDOMAIN)"))
        }
        Meaning::Truncated => "it sent an answer that was cut short to fit a datagram".to_owned(),
        Meaning::EdnsRefused => "it refused EDNS, the extension of DNS that allows larger answers".to_owned(),
        Meaning::EdnsOptionsRefused => "it refused options of EDNS, the extension of DNS".to_owned(),
        Meaning::CaseChanged => "it repeated the question in another case".to_owned(),
        Meaning::Refused | Meaning::ServerFailure => {
            let code = packet.reply.as_ref().map_or_else(String::new, |it| it.rcode.mnemonic().into_owned());
            format!("it gave no answer but the error code {code}")
        }
        Meaning::UpwardReferral { to } => {
            format!("it referred to {}, which leads away: it does not serve the zone", clip(to))
        }
        Meaning::NonAuthoritative | Meaning::Lame { .. } => {
            "its reply shows that it does not serve the zone (lame)".to_owned()
        }
        Meaning::Malformed { .. } => "it sent a reply that cannot be read".to_owned(),
        Meaning::WrongSource { from } => format!("a reply came from {}, which was not asked", from.ip()),
        Meaning::Timeout => "nothing came back".to_owned(),
        Meaning::Error { reason } => format!("the system gave up: {}", clip(reason)),
        Meaning::Stopped(_) => "the run ended before a reply could come".to_owned(),
        Meaning::Superseded => "it was no longer awaited, as another server had answered".to_owned(),
    }
}

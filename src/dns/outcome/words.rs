//! The sentences for the outcome of a resolution: why one server was of no use, why a zone (RFC 9520 §2), a name
//! (NXDOMAIN, NODATA) or a resolver gave no answer. Nothing is decided here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::limits::{MAX_DEPTH, MAX_LOOKUPS, MAX_MISSING};
use crate::dns::outcome::fault::{FailureKind, Fault, NoMoreLookups, ServerFailure, Unfound, Witness};
use crate::dns::response::alias::{alias_loop, alias_names, arrows};
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::{NoReply, Resent};
use crate::dns::wire::message::{Reply, Rr};
use crate::dns::wire::name::name_text;
use crate::explain::dns_error;
use crate::trace::{AddressKind, AddressSource, FailureCode, Negative, Rcode, RecordType};

/// The address, with its port when it is not the usual one.
pub(crate) fn show(server: SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}

/// Why a server gave no reply that can be read, to stand behind its name.
pub(crate) fn no_reply(why: &NoReply) -> String {
    match why {
        NoReply::Timeout { limit, resent } => {
            format!("did not answer in {}{}", span(*limit), resent_text(resent.as_ref()))
        }
        NoReply::WrongSource { from } => format!("did not answer, and {from} did in its place"),
        NoReply::Malformed(reason) => format!("sent a reply that cannot be read: {reason}"),
        NoReply::Error { reason, kept: Some(_) } => format!("could not be asked: {reason}"),
        NoReply::Error { reason, kept: None } => reason.clone(),
        NoReply::NotSent(why) => why.join("; "),
    }
}

/// TCP was of no use after a truncated reply.
pub(crate) fn cut_short(by_tcp: &str) -> String {
    format!("cut its reply by UDP short, and by TCP: {by_tcp}")
}

/// The same of a resolver, with its address where the reason does not say it.
pub(crate) fn no_reply_of(server: SocketAddr, why: &NoReply) -> String {
    match why {
        NoReply::NotSent(_) => no_reply(why),
        _ => format!("{} {}", show(server), no_reply(why)),
    }
}

fn span(limit: Duration) -> String {
    match limit.subsec_millis() {
        0 => format!("{} s", limit.as_secs()),
        _ => format!("{} ms", limit.as_millis()),
    }
}

/// What was done about silence.
fn resent_text(resent: Option<&Resent>) -> String {
    let Some(Resent { by_udp, without_edns, by_tcp }) = resent else { return String::new() };
    let plain = if *without_edns { ", the last time without EDNS," } else { "" };
    match by_tcp {
        None => format!(", asked {by_udp} times by UDP{plain} and once by TCP"),
        Some(why) => format!(", asked {by_udp} times by UDP{plain} and by TCP: {why}"),
    }
}

/// What a server sent that is of no use, to stand behind its name.
pub(crate) fn of_no_use(verdict: &Verdict, rcode: Rcode) -> String {
    match verdict {
        Verdict::Referral(referral) => format!("referred to {}", name_text(&referral.cut)),
        Verdict::Upward { to } => format!("referred back to {}", name_text(to)),
        Verdict::Alias { .. } => "answered with an alias".to_owned(),
        Verdict::Yxdomain { chain, made } => format!("answered YXDOMAIN: {}", no_name(chain, made.as_ref())),
        Verdict::Lame { reason, .. } => (*reason).to_owned(),
        Verdict::Malformed { reason } => format!("sent a reply that cannot be used: {reason}"),
        _ => format!("answered {}", rcode.mnemonic()),
    }
}

/// What a resolver did instead of answering, to stand behind its name.
pub(crate) fn unanswered(verdict: &Verdict, reply: &Reply, qname: &Name) -> String {
    let no_recursion = if reply.header.recursion_available { "" } else { "offers no recursion (RA): it " };
    match verdict {
        Verdict::Alias { chain, .. } => match alias_loop(chain, qname) {
            Some(names) => format!("gave a CNAME loop: {}", arrows(&names)),
            None if no_recursion.is_empty() => format!("gave {} aliases and no end of them", chain.len()),
            None => format!(
                "{no_recursion}gave the alias {} and nothing of where that leads",
                arrows(&alias_names(chain, qname))
            ),
        },
        Verdict::Referral(_) | Verdict::Refused => {
            format!("{no_recursion}{}", of_no_use(verdict, reply.header.rcode))
        }
        _ => of_no_use(verdict, reply.header.rcode),
    }
}

/// What a resolver gives as its reasons (RFC 8914), to stand behind what it did.
pub(crate) fn reasons(reply: &Reply) -> String {
    let reason = |(code, text): &(u16, String)| {
        let text: String = text.chars().take(MAX_REASON).collect();
        let text = if text.is_empty() { text } else { format!(": {}", text.escape_debug()) };
        format!(", {}{text} (EDE {code})", dns_error::name(*code))
    };
    reply.header.extended_errors.iter().map(reason).collect()
}

/// Characters of a resolver's own words that a message has.
const MAX_REASON: usize = 200;

/// Why nothing is known of HTTPS records that were asked for.
pub(crate) fn not_awaited(delay: Duration) -> String {
    format!("HTTPS records were not awaited: no answer in {} ms", delay.as_millis())
}

/// Servers that a message names one by one.
pub(crate) const NAMED_SERVERS: usize = 6;

/// What to do with an address in place of a name.
pub(crate) fn address_hint(name: &str) -> Option<String> {
    let address: IpAddr = name.trim_end_matches('.').parse().ok()?;
    Some(format!("it is an address: `urltrace dns -x {address}` asks for the name it belongs to"))
}

/// NXDOMAIN or NODATA, in words.
pub(crate) fn absent(name: &Name, types: &[RecordType], negative: Negative, witness: Witness<'_>) -> Fault {
    let name = name_text(name);
    let remembered = negative.ttl.map(|ttl| format!(" (negative TTL {ttl} s)")).unwrap_or_default();
    let who = match (witness, &negative.zone) {
        (Witness::Resolver(server), _) => format!("resolver {server}"),
        (Witness::Walk, Some(zone)) => format!("zone {zone}"),
        (Witness::Walk, None) => "its server".to_owned(),
    };
    let (code, rcode, message, hint) = if negative.rtype.is_none() {
        let message = format!("{name} does not exist: NXDOMAIN by {who}{remembered}");
        let hint = "check the spelling, and whether the name was ever published in that zone";
        let hint = address_hint(&name).unwrap_or_else(|| hint.to_owned());
        (FailureCode::NxDomain, Rcode::NXDOMAIN, message, hint)
    } else {
        let types = type_list(types, "or");
        let message = format!("{name} has no {types} record, by {who}{remembered}");
        // Signers that deny compactly say the same of names that do not exist (RFC 9824).
        let hint = "the name may have records of other types: ask for them with `urltrace dns`".to_owned();
        (FailureCode::NoData, Rcode::NOERROR, message, hint)
    };
    Fault { rcode: Some(rcode), negative: Some(Box::new(negative)), ..Fault::new(code, message) }.hint(&hint)
}

/// What is wrong with the DNAME at the end of a chain.
fn no_name(chain: &[Rr], made: Option<&Name>) -> String {
    let dname = chain.last().map(|dname| format!("the DNAME {} -> {}", name_text(&dname.name), dname.text()));
    let makes = made.map_or("a name longer than 255 octets".to_owned(), name_text);
    format!("{} makes {makes} of it", dname.unwrap_or_default())
}

/// A DNAME makes no name (RFC 6672 §2.2), in words.
pub(crate) fn yxdomain(qname: &Name, chain: &[Rr], made: Option<&Name>) -> Fault {
    let name = alias_names(chain, qname).pop().map(|name| name_text(&name)).unwrap_or_default();
    let message = format!("{name} cannot be renamed (YXDOMAIN): {}", no_name(chain, made));
    let hint = match made {
        None => "ask for a shorter name: no resolver can follow this one, and no server is at fault",
        Some(_) => "that is a name: the zone's operator has to see why its server says YXDOMAIN",
    };
    Fault { rcode: Some(Rcode::YXDOMAIN), ..Fault::new(FailureCode::Yxdomain, message) }.hint(hint)
}

/// `A, AAAA or TXT`.
pub(crate) fn type_list(types: &[RecordType], last: &str) -> String {
    let words: Vec<String> = types.iter().map(|rtype| rtype.mnemonic().into_owned()).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// All servers of a zone failed.
pub(crate) fn zone_failed(
    zone: &Name,
    qname: &Name,
    qtype: RecordType,
    failures: &[ServerFailure],
    more: Option<&str>,
) -> Fault {
    let all = |kind| !failures.is_empty() && failures.iter().all(|failure| failure.kind == kind);
    let code = if all(FailureKind::Timeout) { FailureCode::DnsTimeout } else { FailureCode::NoUsableServer };
    let each = failures.iter().map(|failure| format!("{} {}", failure.server, failure.why));
    let mut told = first_few(each.collect());
    told.extend(more.map(str::to_owned));
    if told.is_empty() {
        told.push("none of their addresses can be reached from here".to_owned());
    }
    let message = format!(
        "no server of zone {} gave an answer for {} {}: {}",
        name_text(zone),
        name_text(qname),
        qtype.mnemonic(),
        told.join("; ")
    );
    let rcode_of = |failure: &ServerFailure| match failure.kind {
        FailureKind::ServerFailure(rcode) => Some(rcode),
        FailureKind::Timeout | FailureKind::Unsent | FailureKind::Other => None,
    };
    let rcodes: Option<Vec<Rcode>> = failures.iter().map(rcode_of).collect();
    let rcode = rcodes.and_then(|rcodes| {
        let first = *rcodes.first()?;
        // Where they differ it is what a resolver makes of it.
        Some(if rcodes.iter().all(|rcode| *rcode == first) { first } else { Rcode::SERVFAIL })
    });
    let hint = if more.is_none() && failures.iter().all(|failure| failure.kind == FailureKind::Unsent) {
        "nobody was asked: this machine has no route to these servers (does it have IPv6?), or a firewall of its own lets \
         no question out; --resolver system asks a resolver that may reach them"
    } else {
        "the zone's operator has to fix its servers; `urltrace dns -v` shows every packet"
    };
    Fault { rcode, ..Fault::new(code, message) }.hint(hint)
}

/// The zone failed, and the addresses of its other servers were not found.
pub(crate) fn servers_unknown(
    zone: &Name,
    qname: &Name,
    qtype: RecordType,
    failed: &[ServerFailure],
    why: &Fault,
) -> Fault {
    let fault = zone_failed(zone, qname, qtype, failed, Some(&why.message));
    // What a server's own name lacks (NXDOMAIN, ...) is not what the traced name lacks.
    let code = match why.code {
        FailureCode::GlueLoop | FailureCode::PacketBudget => why.code,
        _ => FailureCode::NoUsableServer,
    };
    let hint = if code == FailureCode::GlueLoop { why.hint.clone() } else { fault.hint.clone() };
    Fault { code, hint, ..fault }
}

/// A server that nobody on the Internet can be asked at.
pub(crate) fn nowhere((name, address, _): &(Name, IpAddr, AddressSource)) -> ServerFailure {
    let what = AddressKind::of(*address).map_or("", AddressKind::words);
    let (server, why) = (format!("{} ({address})", name_text(name)), format!("was not asked: it is {what}"));
    ServerFailure { server, why, kind: FailureKind::Other }
}

/// What to do about it.
pub(crate) const NOWHERE: &str = "the addresses of these name servers must be corrected, at the parent (glue) and in \
     the zone: nobody can ask them there. Below a root of your own (--root-hints) such addresses are asked";

/// Why one name server's address was not found. Its own zone's servers are another story: see its packets.
pub(crate) fn in_short(fault: &Fault) -> &str {
    match fault.code {
        FailureCode::DnsTimeout => "its zone's servers did not answer",
        FailureCode::NxDomain => "NXDOMAIN",
        FailureCode::NoData => "no address",
        FailureCode::NoUsableServer => "its zone's servers gave no answer",
        FailureCode::GlueLoop => "glue loop",
        FailureCode::CnameLoop => "a CNAME loop",
        FailureCode::CnameChainTooLong => "it has too many aliases",
        FailureCode::TooManyCuts => "there are too many referrals to it",
        FailureCode::PacketBudget => "the limit of packets was hit",
        _ => &fault.message,
    }
}

/// What became of a name server whose address was looked up in vain.
pub(crate) fn unfound(Unfound { server, why }: &Unfound) -> String {
    let name = name_text(server);
    let is_address = name.trim_end_matches('.').parse::<IpAddr>().is_ok();
    let why = why.as_ref().map_or("no address", in_short);
    let hint = if is_address { " (an NS record takes a name, and that is an address)" } else { "" };
    format!("ns {name}: {why}{hint}")
}

/// What became of each name server, and the limit that ended the search, if it was one.
pub(crate) fn all_unfound(servers: &[Unfound], end: NoMoreLookups) -> String {
    let mut told = first_few(servers.iter().map(unfound).collect());
    if matches!(end, NoMoreLookups::DepthLimit | NoMoreLookups::LookupLimit) {
        told.push(no_more_lookups(end));
    }
    told.join("; ")
}

pub(crate) fn no_more_lookups(why: NoMoreLookups) -> String {
    match why {
        NoMoreLookups::DepthLimit => {
            format!("{MAX_DEPTH} lookups of name servers inside each other are the limit")
        }
        NoMoreLookups::LookupLimit => format!("{MAX_LOOKUPS} lookups of its name servers are the limit"),
        NoMoreLookups::MissingLimit => format!("{MAX_MISSING} of its name servers do not exist"),
        NoMoreLookups::NoneLeft => "none of its name servers has an address".to_owned(),
    }
}

/// Those of a list that a message names, and how many more there are.
fn first_few(mut told: Vec<String>) -> Vec<String> {
    let more = told.len().saturating_sub(NAMED_SERVERS);
    told.truncate(NAMED_SERVERS);
    told.extend((more > 0).then(|| format!("and {more} more")));
    told
}

/// A resolver gave aliases that come back to themselves.
pub(crate) fn alias_loop_told(name: &Name, names: &[Name], server: &str) -> Fault {
    let message = format!("CNAME loop at {}, by resolver {server}: {}", name_text(name), arrows(names));
    Fault::new(FailureCode::CnameLoop, message).hint("remove one of these CNAME records")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;

    #[test]
    fn the_code_of_a_failed_zone_is_what_all_its_servers_said() {
        let of = |kinds: &[FailureKind]| {
            let failure = |kind: &FailureKind| ServerFailure {
                server: "ns.".to_owned(),
                why: "failed".to_owned(),
                kind: *kind,
            };
            let failures: Vec<_> = kinds.iter().map(failure).collect();
            let zone = parse_name("test").unwrap();
            zone_failed(&zone, &zone, RecordType::A, &failures, None).rcode
        };
        let said = |code| FailureKind::ServerFailure(Rcode(code));
        assert_eq!(of(&[said(11), said(11)]), Some(Rcode(11)));
        assert_eq!(of(&[said(80)]).unwrap().mnemonic(), "RCODE80");
        assert_eq!(of(&[said(11), said(2)]), Some(Rcode::SERVFAIL));
        assert_eq!(of(&[said(2), said(2)]), Some(Rcode::SERVFAIL));
        assert_eq!(of(&[said(11), FailureKind::Timeout]), None);
        assert_eq!(of(&[]), None);
    }
}

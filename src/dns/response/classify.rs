//! Classification of an authoritative server's response (RFC 1034 §4.3.2, RFC 2308 §2): answer, alias, referral,
//! NXDOMAIN, NODATA, lame. No I/O and no state.
//!
//! A server is believed about its own zone only (its bailiwick): owners outside the zone that was
//! asked never get into an answer, a referral or a set of addresses. What follows from a verdict
//! is the walk's business.

use std::collections::HashSet;
use std::net::IpAddr;

use hickory_resolver::proto::rr::Name;

use crate::dns::response::alias::{Chain, TooLong, follow};
use crate::dns::wire::message::{Data, Reply, Rr, records};
use crate::dns::wire::name::name_text;
use crate::explain::dns_words::NO_AUTHORITY;
use crate::trace::{
    AddressSource, Edns, MAX_SERVERS, Meaning, NameServer, Negative, Rcode, RecordType, Transport,
};

/// Addresses of one server that are kept.
const MAX_ADDRESSES: usize = 16;

/// What was asked, and of whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The zone the server was asked as a server of.
    pub(crate) zone: &'a Name,
    pub(crate) qname: &'a Name,
    pub(crate) qtype: RecordType,
    pub(crate) transport: Transport,
    pub(crate) edns: Edns,
}

/// What a reply means for the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The records asked for, after a chain of aliases inside the zone.
    Answer {
        chain: Vec<Rr>,
        records: Vec<Rr>,
    },
    /// An alias whose target has to be asked for.
    Alias {
        chain: Vec<Rr>,
        target: Name,
    },
    Referral(Referral),
    /// The type, or the whole name, does not exist.
    Absent {
        chain: Vec<Rr>,
        absence: Absence,
        negative: Negative,
    },
    /// The DNAME, the last of the chain, makes no name: YXDOMAIN (RFC 6672 §2.2). `made` is what it does make
    /// where the server alone says so.
    Yxdomain {
        chain: Vec<Rr>,
        made: Option<Name>,
    },
    Truncated,
    /// It does not take the question with so much of EDNS; what is left to try.
    EdnsRefused {
        next: Edns,
    },
    Refused,
    ServerFailure,
    Upward {
        to: Name,
    },
    /// `spare` is what it would have meant with authority, where that is all it lacks.
    Lame {
        reason: &'static str,
        spare: Option<Box<Self>>,
    },
    Malformed {
        reason: String,
    },
}

/// What is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    Name,
    Type,
}

/// A referral that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Referral {
    pub(crate) cut: Name,
    pub(crate) servers: Vec<(Name, Vec<(IpAddr, AddressSource)>)>,
    /// Addresses that came along and were believed.
    pub(crate) glue: usize,
    /// Addresses that came along and were not.
    pub(crate) ignored: usize,
    /// How many servers it names, those beyond [`MAX_SERVERS`] too.
    pub(crate) named: usize,
    /// The TTL of the NS records.
    pub(crate) ttl: u32,
}

pub(crate) const EMPTY_WITHOUT_RECURSION: &str = "offers no recursion (RA): it sent an empty reply";

/// Judges the reply of an authoritative server.
pub(crate) fn classify(reply: &Reply, asked: &Question<'_>) -> Verdict {
    if let Some(verdict) = judge_header(reply, asked) {
        return verdict;
    }
    let verdict = match follow(&reply.answers, asked.qname, asked.qtype, Some(asked.zone)) {
        Err(TooLong(chain)) => Verdict::Yxdomain { chain, made: None },
        Ok(chain) if reply.header.rcode == Rcode::YXDOMAIN => yxdomain(chain),
        Ok(chain) if !chain.records.is_empty() || !chain.links.is_empty() => judge_chain(reply, asked, chain),
        Ok(_) if reply.header.rcode == Rcode::NXDOMAIN => {
            absent(reply, asked.zone, asked.qname, asked.qtype, Absence::Name, Vec::new())
        }
        Ok(_) => return judge_empty(reply, asked),
    };
    if reply.header.authoritative { verdict } else { lame(verdict) }
}

fn lame(verdict: Verdict) -> Verdict {
    Verdict::Lame { reason: NO_AUTHORITY, spare: Some(Box::new(verdict)) }
}

/// What YXDOMAIN says beside a chain that ends with a DNAME.
pub(crate) fn yxdomain(chain: Chain) -> Verdict {
    let Chain { mut links, end, .. } = chain;
    let last = links.iter().rposition(|rr| rr.rtype == RecordType::DNAME);
    links.truncate(last.map_or(0, |last| last + 1));
    if links.is_empty() {
        Verdict::ServerFailure
    } else {
        Verdict::Yxdomain { chain: links, made: Some(end) }
    }
}

/// A final answer with recursion on offer and without authority from a server of the root or of a
/// top-level zone: such servers never do that. Whoever answers in their place has the answer, and
/// the others would say the same: it is taken at once.
pub(crate) fn accept_forwarded(verdict: Verdict, reply: &Reply, zone: &Name) -> (Verdict, bool) {
    let at_the_top = zone.iter().len() <= 1 && reply.header.recursion_available;
    match verdict {
        Verdict::Lame { spare: Some(spare), .. } if at_the_top => (*spare, true),
        verdict => (verdict, false),
    }
}

/// What the header alone decides: truncation and error codes.
pub(crate) fn judge_header(reply: &Reply, asked: &Question<'_>) -> Option<Verdict> {
    let rcode = reply.header.rcode;
    let fine = rcode == Rcode::NOERROR || rcode == Rcode::NXDOMAIN;
    if reply.header.truncated && fine {
        return Some(match asked.transport {
            Transport::Udp => Verdict::Truncated,
            _ => Verdict::Malformed { reason: "it says truncated over TCP".to_owned() },
        });
    }
    if let Some(next) = less_edns(reply, asked.edns) {
        return Some(Verdict::EdnsRefused { next });
    }
    match rcode {
        Rcode::NOERROR | Rcode::NXDOMAIN | Rcode::YXDOMAIN => None,
        Rcode::REFUSED | Rcode::NOTAUTH => Some(Verdict::Refused),
        _ => Some(Verdict::ServerFailure),
    }
}

/// With how much of EDNS the question may be answered after an error. A server without EDNS sends no OPT record
/// (RFC 6891 §7); one that sends it may stumble over an option (RFC 8906 §8), or means the question itself.
fn less_edns(reply: &Reply, asked: Edns) -> Option<Edns> {
    let has_edns = reply.header.edns_size.is_some();
    match (reply.header.rcode, asked) {
        (_, Edns::None) => None,
        (Rcode::FORMERR | Rcode::BADVERS, Edns::Full) => Some(Edns::Bare),
        (Rcode::BADVERS, Edns::Bare) => Some(Edns::None),
        (Rcode::FORMERR | Rcode::NOTIMP, _) => (!has_edns).then_some(Edns::None),
        _ => None,
    }
}

/// A reply that has the records, an alias, or both.
fn judge_chain(reply: &Reply, asked: &Question<'_>, chain: Chain) -> Verdict {
    if !chain.records.is_empty() {
        // No code of a reply is signed: which of the two is true cannot be told, and resolvers take neither.
        // Of an alias that was asked for itself, the code is about its target.
        let is_of_records = chain.records.iter().any(|rr| rr.rtype != RecordType::CNAME);
        return if reply.header.rcode == Rcode::NXDOMAIN && is_of_records {
            let (name, rtype) = (name_text(&chain.end), asked.qtype.mnemonic());
            Verdict::Malformed { reason: format!("it says NXDOMAIN and has {rtype} records of {name}") }
        } else {
            Verdict::Answer { chain: chain.links, records: chain.records }
        };
    }
    let again = chain.end == *asked.qname || chain.links.iter().any(|rr| rr.name == chain.end);
    if !chain.outside && !again {
        // RFC 6604 §3: the code is about the last target. It is this server's to say when the
        // target is in its zone, and only a negative reply with its SOA says so of NOERROR.
        if reply.header.rcode == Rcode::NXDOMAIN {
            return absent(reply, asked.zone, &chain.end, asked.qtype, Absence::Name, chain.links);
        }
        if soa(reply, asked.zone, &chain.end).is_some() {
            return absent(reply, asked.zone, &chain.end, asked.qtype, Absence::Type, chain.links);
        }
    }
    Verdict::Alias { chain: chain.links, target: chain.end }
}

/// NOERROR with nothing in the answer section that belongs to the question.
fn judge_empty(reply: &Reply, asked: &Question<'_>) -> Verdict {
    let authoritative = reply.header.authoritative;
    let nodata = || {
        let nodata = absent(reply, asked.zone, asked.qname, asked.qtype, Absence::Type, Vec::new());
        if authoritative { nodata } else { lame(nodata) }
    };
    if soa(reply, asked.zone, asked.qname).is_some() {
        return nodata();
    }
    let owners = || reply.authorities.iter().filter(|rr| matches!(rr.data, Data::Ns(_))).map(|rr| &rr.name);
    let below =
        |owner: &&Name| **owner != *asked.zone && asked.zone.zone_of(owner) && owner.zone_of(asked.qname);
    if let Some(cut) = owners().find(below) {
        return Verdict::Referral(referral(reply, asked.zone, cut));
    }
    match owners().next() {
        Some(owner) if !(authoritative && owner == asked.zone) => Verdict::Upward { to: owner.clone() },
        // Records of another class are none of the reply's, and still no empty reply.
        _ if reply.header.answers > 0 => {
            Verdict::Lame { reason: "answered a question that was not asked", spare: None }
        }
        // RFC 2308 §2.2, type 3. Of one that offers recursion it means that its cache is empty.
        _ if authoritative || !reply.header.recursion_available => nodata(),
        _ => Verdict::Lame { reason: "sent an empty reply without authority", spare: None },
    }
}

pub(crate) fn referral(reply: &Reply, zone: &Name, cut: &Name) -> Referral {
    let mut servers: Vec<(Name, Vec<(IpAddr, AddressSource)>)> = Vec::new();
    let own = |rr: &&Rr| matches!(rr.data, Data::Ns(_)) && rr.name == *cut;
    let ttl = reply.authorities.iter().find(own).map_or(0, |rr| rr.ttl);
    let mut named = HashSet::new();
    for rr in &reply.authorities {
        if let Data::Ns(server) = &rr.data
            && rr.name == *cut
            && named.insert(server)
            && servers.len() < MAX_SERVERS
        {
            servers.push((server.clone(), Vec::new()));
        }
    }
    let (mut glue, mut ignored) = (0, 0);
    for rr in &reply.additionals {
        let Data::Address(address) = rr.data else { continue };
        let server = servers.iter_mut().find(|(server, _)| *server == rr.name);
        match server {
            // The parent speaks for its own zone only: a server elsewhere is looked up.
            Some((server, addresses)) if zone.zone_of(server) => {
                let source = if cut.zone_of(server) {
                    AddressSource::GlueInDomain
                } else {
                    AddressSource::GlueSibling
                };
                if addresses.len() < MAX_ADDRESSES && !addresses.contains(&(address, source)) {
                    addresses.push((address, source));
                    glue += 1;
                }
            }
            // One that the limit cut off is neither used nor suspect.
            None if named.contains(&rr.name) && zone.zone_of(&rr.name) => {}
            _ => ignored += 1,
        }
    }
    Referral { cut: cut.clone(), servers, glue, ignored, named: named.len(), ttl }
}

/// The SOA of a negative reply: its owner lies in the asked zone and above the name.
pub(crate) fn soa<'a>(reply: &'a Reply, zone: &Name, name: &Name) -> Option<(&'a Rr, u32)> {
    reply.authorities.iter().find_map(|rr| match &rr.data {
        Data::Soa(soa) if zone.zone_of(&rr.name) && rr.name.zone_of(name) => Some((rr, soa.minimum)),
        _ => None,
    })
}

pub(crate) fn absent(
    reply: &Reply,
    zone: &Name,
    name: &Name,
    qtype: RecordType,
    absence: Absence,
    chain: Vec<Rr>,
) -> Verdict {
    let soa = soa(reply, zone, name);
    let foreign = || reply.authorities.iter().find(|rr| matches!(rr.data, Data::Soa(_)));
    let negative = Negative {
        foreign_soa: if soa.is_some() { None } else { foreign().map(|rr| name_text(&rr.name)) },
        zone: soa.map(|(rr, _)| name_text(&rr.name)),
        // RFC 2308 §5.
        ttl: soa.map(|(rr, minimum)| rr.ttl.min(minimum)),
        rtype: match absence {
            Absence::Name => None,
            Absence::Type => Some(qtype),
        },
    };
    Verdict::Absent { chain, absence, negative }
}

impl Verdict {
    /// Whether it is of use, and has nothing of the name that was asked for.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Absent { chain, .. } if chain.is_empty())
    }

    /// Whether a reply is what was asked for, or leads on.
    pub(crate) fn is_useful(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. }
                | Self::Alias { .. }
                | Self::Referral(_)
                | Self::Absent { .. }
                | Self::Yxdomain { .. }
        )
    }

    /// The verdict as it stands in the packet's record.
    pub(crate) fn meaning(&self) -> Meaning {
        match self {
            Self::Answer { chain, records: found } => {
                Meaning::Answer { records: records(chain).into_iter().chain(records(found)).collect() }
            }
            Self::Alias { chain, target } => {
                Meaning::Cname { records: records(chain), target: name_text(target) }
            }
            Self::Referral(referral) => Meaning::Referral {
                cut: name_text(&referral.cut),
                servers: referral
                    .servers
                    .iter()
                    .map(|(name, addresses)| NameServer {
                        name: name_text(name),
                        addresses: addresses.clone(),
                    })
                    .collect(),
                glue: referral.glue,
                ignored: referral.ignored,
                named: referral.named,
            },
            Self::Absent { absence: Absence::Name, negative, .. } => Meaning::NxDomain(negative.clone()),
            Self::Absent { negative, .. } => Meaning::NoData(negative.clone()),
            Self::Yxdomain { chain, .. } => Meaning::Yxdomain { records: records(chain) },
            Self::Truncated => Meaning::Truncated,
            Self::EdnsRefused { next: Edns::Bare } => Meaning::EdnsOptionsRefused,
            Self::EdnsRefused { .. } => Meaning::EdnsRefused,
            Self::Refused => Meaning::Refused,
            Self::ServerFailure => Meaning::ServerFailure,
            Self::Upward { to } => Meaning::UpwardReferral { to: name_text(to) },
            Self::Lame { spare: Some(_), .. } => Meaning::NonAuthoritative,
            Self::Lame { reason, spare: None } => Meaning::Lame { reason },
            Self::Malformed { reason } => Meaning::Malformed { reason: reason.clone() },
        }
    }
}

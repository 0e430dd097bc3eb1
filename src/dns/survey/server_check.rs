//! One address of one authoritative server: SOA by UDP and by TCP (RFC 7766), EDNS (RFC 6891), the answer.
//!
//! What it is beside the zone's other servers is not known here.

use std::collections::HashSet;
use std::future::Future;
use std::rc::Rc;

use futures_util::future::join_all;
use futures_util::join;
use hickory_resolver::proto::rr::Name;

use crate::dns::name_servers::form::QueryForm;
use crate::dns::survey::last_zone::LastQuestion;
use crate::dns::survey::probe::{Probe, ReplyKind, as_set, probe};
use crate::dns::survey::targets::Target;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::log::Log;
use crate::dns::wire::message::{Data, Rr, records};
use crate::dns::wire::name::name_text;
use crate::trace::{Choice, Edns, Purpose, Rcode, RecordType, ServerCheck, ServerFault, Transport};

/// What one address said.
pub(crate) struct Seen {
    pub(crate) check: ServerCheck,
    /// For comparison; `None` when there is no answer to compare.
    pub(crate) answer: Option<Answer>,
    /// The zone that it answers from: the owner of the SOA.
    pub(crate) zone: Option<Name>,
    /// The zone that it refers to instead of an answer.
    pub(crate) refers_to: Option<Name>,
}

/// A response code, and the records' types and data.
pub(crate) type Answer = (Rcode, Vec<(u16, String)>);

/// The question to one server, in the way that works there.
pub(crate) fn question(target: &Target, zone: &Name, qname: &Name, qtype: RecordType, way: QueryForm) -> Ask {
    let server = (&target.name, target.address, target.source);
    way.of(Ask::of(Purpose::AllServers, zone, (qname, qtype), server))
}

/// What was heard of one address.
struct Heard {
    /// `None` where nothing comes back by UDP from anybody.
    by_udp: Option<Probe>,
    by_tcp: Probe,
    answers: Vec<Probe>,
    /// Whether any question was answered by UDP, if one was asked so.
    has_udp: Option<bool>,
    /// What is wrong with its EDNS.
    edns_fault: Option<ServerFault>,
}

/// Asks one address: for the SOA by UDP and by TCP, and the question. `known` is what the walk has found
/// wrong with its EDNS.
pub(crate) async fn check(
    log: &Rc<Log>,
    last: &LastQuestion,
    types: &[RecordType],
    target: Target,
    way: QueryForm,
    known: Option<ServerFault>,
) -> Seen {
    let ask = |qname: &Name, rtype, way| probe(log, question(&target, &last.zone, qname, rtype, way));
    let parent = last.qname.base_name();
    // RFC 4035 §3.1.4.1: a DS belongs to the zone above its name.
    let is_of_parent = types == [RecordType::DS] && last.zone.zone_of(&parent);
    let inside = if is_of_parent { &parent } else { &last.qname };
    let soa = |way| soa(&last.zone, inside, way, ask);
    let udp = QueryForm { transport: Transport::Udp, ..way };
    let tcp = QueryForm { transport: Transport::Tcp, ..way };
    // Where nothing comes back from anybody, silence says nothing of this one.
    let may_answer = way.chosen != Choice::UdpBlocked;
    let (mut by_udp, mut by_tcp, mut answers) = join!(
        when(may_answer, soa(QueryForm { chosen: Choice::First, ..udp })),
        soa(tcp),
        join_all(types.iter().map(|rtype| ask(&last.qname, *rtype, way))),
    );
    let mut edns_fault = known;
    let asked_by_udp = answers.iter().filter(|_| way.transport == Transport::Udp);
    let was_heard = by_udp.iter().chain(asked_by_udp).any(Probe::was_heard);
    if !was_heard {
        let may_wait = by_udp.iter().chain([&by_tcp]).any(|probe| matches!(probe.kind, ReplyKind::Silent(_)));
        let has_tcp = by_tcp.was_heard();
        // Some drop what has EDNS in it.
        let may_be_plain = way.edns.is_some() && may_wait;
        let plain = |way| QueryForm { chosen: Choice::WithoutEdns, edns: Edns::None, ..way };
        let (again, plain_udp, plain_tcp) = join!(
            // A datagram may have been lost on the way: silence is told of two rounds.
            when(may_answer && (has_tcp || may_be_plain), soa(QueryForm { chosen: Choice::Again, ..udp })),
            when(may_answer && may_be_plain, soa(plain(udp))),
            when(!has_tcp && may_be_plain, soa(plain(tcp))),
        );
        let is_lost = again.as_ref().is_some_and(Probe::was_heard);
        let answers_plain = plain_udp.iter().chain(&plain_tcp).any(Probe::was_heard);
        if answers_plain && !is_lost {
            edns_fault = Some(ServerFault::EdnsDropped);
        }
        // The one that was heard says what there is to say.
        let later = if is_lost { [plain_udp, again] } else { [again, plain_udp] };
        by_udp = by_udp.map(|first| later.into_iter().flatten().fold(first, Probe::then));
        by_tcp = plain_tcp.into_iter().fold(by_tcp, Probe::then);
    }
    let works = QueryForm {
        chosen: Choice::Again,
        edns: if edns_fault.is_none() { way.edns } else { Edns::None },
        ..way
    };
    let works = if by_tcp.was_heard() {
        Some(QueryForm { transport: Transport::Tcp, ..works })
    } else {
        by_udp
            .as_ref()
            .is_some_and(Probe::was_heard)
            .then_some(QueryForm { transport: Transport::Udp, ..works })
    };
    if let Some(works) = works {
        let has_changed = works.transport != way.transport || works.edns != way.edns;
        let lost = types.iter().zip(&mut answers).filter(|(_, probe)| has_changed && !probe.was_heard());
        join_all(lost.map(|(rtype, probe)| async move {
            let later = ask(&last.qname, *rtype, works).await;
            probe.packets.extend(later.packets);
            *probe = Probe { packets: std::mem::take(&mut probe.packets), ..later };
        }))
        .await;
    }
    let has_udp = by_udp.as_ref().map(|probe| was_heard || probe.was_heard());
    judge(target, &last.zone, Heard { by_udp, by_tcp, answers, has_udp, edns_fault })
}

async fn when<T>(is_wanted: bool, future: impl Future<Output = T>) -> Option<T> {
    if is_wanted { Some(future.await) } else { None }
}

/// Asks for the SOA of the zone that a name is in, `zone` or one below it: it stands beside the absence of one at the name
/// itself (RFC 2308 §3). An alias shows none, and has none above it but in its own zone.
async fn soa<F: Future<Output = Probe>>(
    zone: &Name,
    qname: &Name,
    way: QueryForm,
    ask: impl Fn(&Name, RecordType, QueryForm) -> F,
) -> Probe {
    let mut probe = ask(qname, RecordType::SOA, way).await;
    let mut above = vec![zone.clone()];
    if qname.iter().len() > zone.iter().len() + 1 {
        above.insert(0, qname.base_name());
    }
    for name in above.iter().filter(|name| *name != qname) {
        let is_told = probe.soa.as_ref().is_some_and(|soa| zone.zone_of(&soa.name));
        let is_useless = probe.uselessness().is_some();
        if is_told || !probe.was_heard() || is_useless && name != zone {
            continue;
        }
        let later = ask(name, RecordType::SOA, way).await;
        if later.was_heard() {
            probe = probe.then(later);
        } else {
            probe.packets.extend(later.packets);
        }
    }
    probe
}

fn judge(target: Target, zone: &Name, heard: Heard) -> Seen {
    let Heard { by_udp, by_tcp, answers, has_udp, edns_fault } = heard;
    let soa = || by_udp.iter().chain([&by_tcp]);
    let all = || soa().chain(&answers);
    let mut faults = Vec::new();
    let reachable = all().any(Probe::was_heard);
    let (mut rrs, mut code): (Vec<Rr>, _) = (Vec::new(), None);
    for probe in &answers {
        match &probe.kind {
            ReplyKind::Records(found) => {
                rrs.extend(found.iter().cloned());
                code = Some(Rcode::NOERROR);
            }
            ReplyKind::Nothing { rcode, .. } => code = code.or(Some(*rcode)),
            _ => {}
        }
    }
    // The aliases come with every type.
    let mut known = HashSet::new();
    rrs.retain(|rr| known.insert((rr.rtype, rr.name.clone(), rr.ttl, rr.text())));
    let edns =
        if edns_fault.is_some() && reachable { Some(false) } else { soa().find_map(|probe| probe.edns) };
    if reachable {
        faults.extend(all().find_map(Probe::fault));
        faults.extend(edns_fault.or_else(|| (edns == Some(false)).then_some(ServerFault::NoEdns)));
        if has_udp == Some(false) {
            faults.push(ServerFault::NoUdp(silence(by_udp.iter())));
        }
        if !by_tcp.was_heard() {
            faults.push(ServerFault::NoTcp);
        }
    } else {
        faults.push(ServerFault::Unreachable(silence(all())));
    }
    let rcode = answers.iter().find_map(|probe| Some(probe.header.as_ref()?.rcode));
    let zone_soa = soa().filter_map(|probe| probe.soa.as_ref()).find(|soa| zone.zone_of(&soa.name));
    let set = as_set(&rrs);
    let check = ServerCheck {
        name: name_text(&target.name),
        address: target.address,
        source: target.source,
        rtt: by_udp.as_ref().unwrap_or(&by_tcp).rtt,
        reachable,
        rcode,
        authoritative: soa().find_map(|probe| probe.header.as_ref()).map(|header| header.authoritative),
        serial: zone_soa.and_then(serial),
        answers: records(&rrs),
        edns,
        tcp: reachable.then_some(by_tcp.was_heard()),
        faults,
        packets: all().flat_map(|probe| probe.packets.iter().copied()).collect(),
    };
    let refers_to = answers.iter().find_map(|probe| match &probe.kind {
        ReplyKind::Refers(cut) => Some(cut.clone()),
        _ => None,
    });
    Seen {
        check,
        answer: code.map(|code| (code, set)),
        zone: zone_soa.map(|soa| soa.name.clone()),
        refers_to,
    }
}

fn silence<'p>(mut probes: impl Iterator<Item = &'p Probe>) -> String {
    probes.find_map(Probe::silence).unwrap_or_default().to_owned()
}

fn serial(rr: &Rr) -> Option<u32> {
    match &rr.data {
        Data::Soa(soa) => Some(soa.serial),
        _ => None,
    }
}

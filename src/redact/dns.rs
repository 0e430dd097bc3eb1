//! The redaction of name resolution. What DNS holds is public and stays; sentences may quote a
//! resolver's URL, and extended errors (RFC 8914) are a peer's words.

use super::redacted::Redact;
use super::seen::Seen;
use super::shape::Shape;
use crate::trace::{
    Copied, Dns, Dnssec, Meaning, Packet, Propagation, ReplyHeader, RootHints, ServerCheck, ServerFault,
    ServiceBinding, ServiceRecord, SignatureInfo, Stub, UnfoundServer, ZoneLink,
};

impl Redact for Dns {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        let Self {
            name,
            types: _,
            lane: _,
            start: _,
            end: _,
            noticed: _,
            rcode: _,
            answers: _,
            negative: _,
            addresses: _,
            cuts: _,
            packets,
            critical_path: _,
            hints,
            stub,
            service,
            notes,
            all_servers,
            unfound_servers,
            propagation,
            system: _, // this machine's own files
            dnssec,
            unvalidated,
            authenticated: _,
        } = self;
        if is_no_host(name) {
            seen.clean(name, Shape::Typed);
        }
        packets.iter_mut().for_each(|packet| hide_packet(packet, seen));
        let RootHints { source: _, date: _, drift } = hints;
        seen.sentences(drift.iter_mut().flatten());
        if let Some(stub) = stub {
            hide_stub(stub, seen);
        }
        if let Some(ServiceBinding { name: _, aliases: _, alias_failed, records, used: _, endpoints: _ }) =
            service
        {
            seen.sentences(alias_failed);
            records.iter_mut().for_each(|record| hide_service(record, seen));
        }
        seen.sentences(notes);
        all_servers.iter_mut().flatten().for_each(|check| hide_check(check, seen));
        for UnfoundServer { name: _, why } in unfound_servers {
            seen.sentence(why);
        }
        if let Some(propagation) = propagation {
            hide_propagation(propagation, seen);
        }
        if let Some(dnssec) = dnssec {
            hide_dnssec(dnssec, seen);
        }
        seen.sentences(unvalidated);
    }
}

/// Whether what should be a name is more than one: a URL, or a part of one.
fn is_no_host(name: &str) -> bool {
    name.contains(['@', '?', '=', '&', '#'])
}

pub(super) fn hide_packet(packet: &mut Packet, seen: &Seen) {
    let Packet {
        parent: _,
        purpose: _,
        zone: _,
        qname,
        qtype: _,
        server_name: _,
        server: _,
        source: _,
        chosen: _,
        transport: _,
        edns: _,
        spelling: _,
        connection: _,
        sent: _,
        connected: _,
        tcp_done: _,
        received: _,
        end: _,
        bytes_sent: _,
        bytes_received: _,
        dropped: _,
        dropped_kinds: _,
        reply,
        meaning,
        untrusted: _,
    } = packet;
    if is_no_host(qname) {
        seen.clean(qname, Shape::Typed);
    }
    if let Some(reply) = reply {
        hide_reply(reply, seen);
    }
    match meaning {
        Meaning::Malformed { reason } | Meaning::Error { reason } => seen.sentence(reason),
        Meaning::Answer { .. }
        | Meaning::Cname { .. }
        | Meaning::Yxdomain { .. }
        | Meaning::Referral { .. }
        | Meaning::NoData(_)
        | Meaning::NxDomain(_)
        | Meaning::Truncated
        | Meaning::EdnsRefused
        | Meaning::EdnsOptionsRefused
        | Meaning::CaseChanged
        | Meaning::Refused
        | Meaning::ServerFailure
        | Meaning::UpwardReferral { .. }
        | Meaning::Lame { .. }
        | Meaning::NonAuthoritative
        | Meaning::Stopped(_)
        | Meaning::WrongSource { .. }
        | Meaning::Timeout
        | Meaning::Superseded => {}
    }
}

fn hide_reply(reply: &mut ReplyHeader, seen: &Seen) {
    let ReplyHeader {
        rcode: _,
        authoritative: _,
        truncated: _,
        recursion_desired: _,
        recursion_available: _,
        authentic_data: _,
        answers: _,
        authorities: _,
        additionals: _,
        edns_size: _,
        nsid: _, // the name a server gives itself
        extended_errors,
    } = reply;
    for (_, text) in extended_errors {
        seen.clean(text, Shape::Foreign);
    }
}

fn hide_stub(stub: &mut Stub, seen: &Seen) {
    let Stub {
        servers: _,
        server: _,
        start: _,
        end: _,
        rcode: _,
        answers: _,
        ttl: _,
        age: _,
        age_at_most: _,
        agrees: _,
        error,
        authenticated: _,
    } = stub;
    seen.sentences(error);
}

fn hide_service(record: &mut ServiceRecord, seen: &Seen) {
    let ServiceRecord {
        owner: _,
        priority: _,
        target: _,
        ttl: _,
        alpn: _,
        default_alpn: _,
        port: _,
        hints: _,
        ech: _,
        mandatory: _,
        ignored,
        failed,
    } = record;
    seen.sentences(ignored);
    seen.sentences(failed);
}

fn hide_check(check: &mut ServerCheck, seen: &Seen) {
    let ServerCheck {
        name: _,
        address: _,
        source: _,
        rtt: _,
        reachable: _,
        rcode: _,
        authoritative: _,
        serial: _,
        answers: _,
        edns: _,
        tcp: _,
        faults,
        packets: _,
    } = check;
    for fault in faults {
        match fault {
            ServerFault::Unreachable(words)
            | ServerFault::Lame(words)
            | ServerFault::Unreadable(words)
            | ServerFault::NoUdp(words) => {
                seen.sentence(words);
            }
            ServerFault::SerialDiffers { .. }
            | ServerFault::AnswerDiffers
            | ServerFault::NoEdns
            | ServerFault::EdnsDropped
            | ServerFault::NoTcp => {}
        }
    }
}

fn hide_propagation(propagation: &mut Propagation, seen: &Seen) {
    let Propagation { rtype: _, copies, stale_for: _, advice } = propagation;
    for copy in copies {
        let Copied {
            keeper: _,
            name: _,
            address: _,
            rcode: _,
            answers: _,
            ttl: _,
            rtt: _,
            agrees: _,
            error,
            packets: _,
        } = copy;
        seen.sentences(error);
    }
    seen.sentences(advice);
}

fn hide_dnssec(dnssec: &mut Dnssec, seen: &Seen) {
    let Dnssec {
        verdict: _,
        why,
        cause: _,
        chain,
        signatures,
        denials: _,
        clock_suspected: _,
        bogus_in_part,
    } = dnssec;
    seen.sentences(why);
    seen.sentences(bogus_in_part);
    for link in chain {
        let ZoneLink { zone: _, status: _, why, ds_state: _, ds: _, keys: _, signatures, denial: _ } = link;
        seen.sentences(why);
        signatures.iter_mut().for_each(|signature| hide_signature(signature, seen));
    }
    signatures.iter_mut().for_each(|signature| hide_signature(signature, seen));
}

fn hide_signature(signature: &mut SignatureInfo, seen: &Seen) {
    let SignatureInfo {
        owner: _,
        covers: _,
        signer: _,
        tag: _,
        algorithm: _,
        inception: _,
        expiration: _,
        days_left: _,
        fault,
        untimely: _,
    } = signature;
    seen.sentences(fault);
}

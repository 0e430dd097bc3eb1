//! A lookup: its answers, the zone cuts on the way, and what the other lane said.

use std::net::IpAddr;

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{
    ChildSide, Copied, Cut, Dns, EndpointSource, NameServer, Negative, Propagation, Record, RootHints,
    ServerCheck, ServerFault, ServiceBinding, ServiceEndpoint, ServiceRecord, Stub, SystemFiles,
    UnfoundServer,
};

objects! {
    Dns => |it| record!(it, Dns {
        name, types, lane, rcode, answers, negative, addresses, cuts, packets, critical_path, stub, service, notes,
        all_servers, unfound_servers, propagation, system, dnssec, authenticated
    } {
        start: it.get("start_us")?,
        end: it.end()?,
        noticed: it.get("noticed_us")?,
        hints: it.get("root_hints")?,
        unvalidated: it.get("dnssec_reason")?,
    });
    Record => |it| record!(it, Record { name, ttl, data } { rtype: it.get("type")? });
    Negative => |it| record!(it, Negative { zone, foreign_soa, ttl } { rtype: it.get("type")? });
    Cut => |it| record!(it, Cut { zone, servers, not_asked, learned_from, cached, ttl, child });
    ChildSide => |it| record!(it, ChildSide { told_by, servers, ttl } {
        addresses: it.rows("addresses", |row| {
            let row = Object::of(row)?;
            Ok((row.get("name")?, row.get("address")?))
        })?,
    });
    NameServer => |it| record!(it, NameServer { name } {
        addresses: it.rows("addresses", |row| {
            let row = Object::of(row)?;
            Ok((row.get::<IpAddr>("address")?, row.get("source")?))
        })?,
    });
    RootHints => |it| record!(it, RootHints { source, date, drift });
    Stub => |it| record!(it, Stub {
        servers, server, rcode, answers, ttl, age, age_at_most, agrees, error, authenticated
    } {
        start: it.get("start_us")?,
        end: it.end()?,
    });
    SystemFiles => |it| record!(it, SystemFiles { hosts_file, addresses, order });
    ServiceBinding => |it| record!(it, ServiceBinding { name, alias_failed, records, used, endpoints } {
        aliases: it.rows("aliases", |row| {
            let row = Object::of(row)?;
            Ok((row.get("owner")?, row.get("target")?))
        })?,
    });
    ServiceEndpoint => |it| record!(it, ServiceEndpoint { port, addresses } { source: source(&it)? });
    ServiceRecord => |it| record!(it, ServiceRecord {
        owner, priority, target, ttl, alpn, default_alpn, port, hints, ech, mandatory, ignored, failed
    });
    UnfoundServer => |it| record!(it, UnfoundServer { name, why });
    ServerCheck => |it| record!(it, ServerCheck {
        name, source, reachable, rcode, authoritative, serial, answers, edns, tcp, packets
    } {
        address: it.address()?,
        rtt: it.get("rtt_us")?,
        faults: faults(&it)?,
    });
    Propagation => |it| record!(it, Propagation { copies, advice } {
        rtype: it.get("type")?,
        stale_for: it.get("stale_for_s")?,
    });
    Copied => |it| record!(it, Copied { keeper, name, rcode, answers, ttl, agrees, error, packets } {
        address: it.address()?,
        rtt: it.get("rtt_us")?,
    });
}

/// Who has named an endpoint.
pub(super) fn source(it: &Object<'_>) -> Read<EndpointSource> {
    Ok(match it.or::<String>("source", "host".to_owned())?.as_str() {
        "record" => EndpointSource::Record(it.get("record")?),
        "aliases" => EndpointSource::Aliases,
        "host" => EndpointSource::Host,
        _ => return Err(Fault::new("it names no endpoint").within("source")),
    })
}

/// What is wrong with a server of a zone: a word, and what that says more.
fn faults(it: &Object<'_>) -> Read<Vec<ServerFault>> {
    let (words, more): (Vec<String>, Vec<Option<String>>) = (it.get("faults")?, it.get("fault_details")?);
    let fault = |(index, word): (usize, String)| {
        let more = more.get(index).cloned().flatten().unwrap_or_default();
        let wrong = |what| Fault::new(what).within(index);
        Ok(match word.as_str() {
            "unreachable" => ServerFault::Unreachable(more),
            "lame" => ServerFault::Lame(more),
            "unreadable" => ServerFault::Unreadable(more),
            "no-udp" => ServerFault::NoUdp(more),
            "serial-differs" => ServerFault::SerialDiffers {
                newest: more.parse().map_err(|_| wrong("it is no serial").within("fault_details"))?,
            },
            "answer-differs" => ServerFault::AnswerDiffers,
            "no-edns" => ServerFault::NoEdns,
            "edns-dropped" => ServerFault::EdnsDropped,
            "no-tcp" => ServerFault::NoTcp,
            _ => return Err(wrong("it is no fault of a server").within("faults")),
        })
    };
    words.into_iter().enumerate().map(fault).collect()
}

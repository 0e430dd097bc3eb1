//! A packet of a lookup, and what it meant.

use super::value::{Fault, Object, Read, hex, objects, record};
use crate::trace::{Edns, Meaning, NameServer, Packet, Record, ReplyHeader, Spelling};

objects! {
    Packet => |it| record!(it, Packet {
        parent, purpose, zone, qname, qtype, chosen, transport, connection, bytes_sent, bytes_received
    } {
        server_name: server(&it)?.get("name")?,
        server: server(&it)?.address()?,
        source: server(&it)?.get("source")?,
        edns: edns(&it)?,
        spelling: it.or("case", Spelling::Plain)?,
        sent: it.get("sent_us")?,
        connected: it.get("connected_us")?,
        tcp_done: it.get("tcp_done_us")?,
        received: it.get("received_us")?,
        end: it.get("end_us")?,
        dropped: it.or("dropped", 0)?,
        dropped_kinds: it.rows("dropped_kinds", |row| {
            let row = Object::of(row)?;
            Ok((row.get("kind")?, row.get("count")?))
        })?,
        reply: reply(&it)?,
        meaning: meaning(&it)?,
        untrusted: it.get("offered_not_trusted")?,
    });
}

fn server<'v>(it: &Object<'v>) -> Read<Object<'v>> {
    it.object("server")?.ok_or_else(|| Fault::new("it is missing").within("server"))
}

fn edns(it: &Object<'_>) -> Read<Edns> {
    Ok(match (it.get("edns")?, it.get("nsid_asked")?) {
        (true, true) => Edns::Full,
        (true, false) => Edns::Bare,
        (false, _) => Edns::None,
    })
}

/// The header of the reply, where there was one: then it has counts.
fn reply(it: &Object<'_>) -> Read<Option<ReplyHeader>> {
    let Some(counts) = it.object("counts")? else { return Ok(None) };
    let flags: Vec<String> = it.get("flags")?;
    let is_set = |name: &str| flags.iter().any(|flag| flag == name);
    Ok(Some(ReplyHeader {
        rcode: it.get("rcode")?,
        authoritative: is_set("aa"),
        truncated: is_set("tc"),
        recursion_desired: is_set("rd"),
        recursion_available: is_set("ra"),
        authentic_data: is_set("ad"),
        answers: counts.get("answer")?,
        authorities: counts.get("authority")?,
        additionals: counts.get("additional")?,
        edns_size: it.get("edns_size")?,
        nsid: it.object("nsid")?.map(|nsid| nsid.with("hex", hex)).transpose()?.flatten(),
        extended_errors: it.rows("extended_errors", |row| {
            let row = Object::of(row)?;
            Ok((row.get("code")?, row.get("text")?))
        })?,
    }))
}

/// What it meant: a word, and what that says more. Documents that lack `particulars` have it in sentences alone.
fn meaning(it: &Object<'_>) -> Read<Meaning> {
    let word: String = it.get("meaning")?;
    let more = it.object("particulars")?;
    let reason = || it.get::<Option<String>>("reason").map(Option::unwrap_or_default);
    let lacks = |what: &str| Fault::new(format!("a {word} is without its {what}")).within("particulars");
    Ok(match word.as_str() {
        "answer" => Meaning::Answer { records: it.get("records")? },
        "cname" => Meaning::Cname { records: it.get("records")?, target: target(it, more.as_ref())? },
        "yxdomain" => Meaning::Yxdomain { records: it.get("records")? },
        "referral" => referral(it)?,
        "nodata" => Meaning::NoData(it.get("negative")?),
        "nxdomain" => Meaning::NxDomain(it.get("negative")?),
        "truncated" => Meaning::Truncated,
        "edns-refused" => Meaning::EdnsRefused,
        "edns-options-refused" => Meaning::EdnsOptionsRefused,
        "case-changed" => Meaning::CaseChanged,
        "refused" => Meaning::Refused,
        "server-failure" => Meaning::ServerFailure,
        "upward-referral" => match more {
            Some(more) => Meaning::UpwardReferral { to: more.get("zone")? },
            None => Meaning::UpwardReferral {
                to: reason()?.strip_prefix("refers to ").unwrap_or_default().to_owned(),
            },
        },
        "lame" if more.is_some() => Meaning::NonAuthoritative,
        "lame" => Meaning::Lame { reason: it.get("reason")? },
        "malformed" => Meaning::Malformed { reason: reason()? },
        "wrong-source" => Meaning::WrongSource { from: more.ok_or_else(|| lacks("sender"))?.get("from")? },
        "timeout" => Meaning::Timeout,
        "error" => match more {
            Some(more) => Meaning::Stopped(more.get("stopped_by")?),
            None => Meaning::Error { reason: reason()? },
        },
        "superseded" => Meaning::Superseded,
        _ => return Err(Fault::new("it is no meaning of a packet").within("meaning")),
    })
}

/// Where a chain of aliases ends.
fn target(it: &Object<'_>, more: Option<&Object<'_>>) -> Read<String> {
    if let Some(more) = more {
        return more.get("target");
    }
    let records: Vec<Record> = it.get("records")?;
    Ok(records.last().map(|record| record.data.clone()).unwrap_or_default())
}

fn referral(it: &Object<'_>) -> Read<Meaning> {
    let row = it.object("referral")?.ok_or_else(|| Fault::new("it is missing").within("referral"))?;
    let servers: Vec<NameServer> = row.get("servers")?;
    Ok(Meaning::Referral {
        cut: row.get("cut")?,
        glue: row.get("glue")?,
        ignored: row.or("ignored", 0)?,
        named: row.or("named", servers.len())?,
        servers,
    })
}

//! A signed internet of BIND, NSD and Knot, and unbound beside it as the oracle of DNSSEC.
//!
//! Every row of the table is asked of both: the code, the records with their aliases and the verdict have
//! to be the same, and those that the row itself gives by the RFCs.

mod signing;
mod table;
mod through;
mod world;
mod zone;
mod zones;

use crate::Test;
use crate::dig::{Checking, Record, resolve};
use crate::net::Access;
use crate::urltrace::urltrace_at;
use crate::zones::RESOLVER;
use table::{Gives, Row, Verdict};
pub(crate) use world::World;

pub(crate) const TESTS: &[Test<World>] = &[
    ("signed: the top of the tree and apexes are as unbound says", |world| hold(world, table::TOP)),
    ("signed: algorithms and key sets are as unbound says", |world| hold(world, table::ALGORITHMS)),
    ("signed: absence and wildcards are as unbound says", |world| hold(world, table::DENIAL)),
    ("signed: kinds of records and names are as unbound says", |world| hold(world, table::KINDS)),
    ("signed: aliases across zones are as unbound says", |world| hold(world, table::ALIASES)),
    ("signed: zones on their parents' servers are as unbound says", |world| hold(world, table::SHARED)),
    ("signed: ends of the chain of trust are as unbound says", |world| hold(world, table::INSECURE)),
    ("signed: bogus zones are as unbound says", |world| hold(world, table::BOGUS)),
    ("signed: through unbound the verdicts are its own and the walk's", through::hold),
    ("signed: through unbound by TCP they are the same", through::hold_on_connections),
];

/// Types whose data holds names.
const NAMES_IN_DATA: [&str; 6] = ["CNAME", "DNAME", "MX", "NS", "PTR", "SOA"];

/// Rows that are asked at the same time.
const TOGETHER: usize = 4;

/// What somebody says of a row.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// `secure`, `insecure` or `bogus`.
    verdict: String,
    rcode: String,
    /// Sorted, as name, type and data: the TTLs of a cache run down.
    answers: Vec<(String, String, String)>,
}

fn hold(world: &World, rows: &[Row]) {
    each(rows, |row| check(world, row));
}

/// Checks every row, and tells all that do not hold at once.
fn each(rows: &[Row], check: impl Fn(&Row) -> Result<(), String> + Sync) {
    let check = &check;
    let mut faults: Vec<String> = Vec::new();
    for some in rows.chunks(TOGETHER) {
        std::thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|row| (row, scope.spawn(move || check(row)))).collect();
            for (row, thread) in running {
                let title = format!("{} {}", row.name, row.rtype);
                match thread.join() {
                    Ok(Ok(())) => {}
                    Ok(Err(fault)) => faults.push(format!("{title}: {fault}")),
                    Err(_) => faults.push(format!("{title}: see the panic above")),
                }
            }
        });
    }
    assert!(faults.is_empty(), "{} of {} rows:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

fn check(world: &World, row: &Row) -> Result<(), String> {
    let (own, why) = by_urltrace(world, row);
    let theirs = by_unbound(world, row)?;
    let of_unbound = row.unbound.map_or(row.verdict, |(verdict, _)| verdict);
    let mut faults = Vec::new();
    if own.verdict != word(row.verdict) {
        faults.push(format!("urltrace says {}, the table {:?}", own.verdict, row.verdict));
    }
    if theirs.verdict != word(of_unbound) {
        let reason = row.unbound.map_or("", |(_, reason)| reason);
        faults.push(format!("unbound says {}, the table {of_unbound:?} {reason}", theirs.verdict));
    }
    if let Verdict::Bogus(words) = row.verdict
        && !why.contains(words)
    {
        faults.push("the reason lacks the table's words".to_owned());
    }
    if own.rcode != theirs.rcode || own.answers != theirs.answers {
        faults.push(format!("the answers differ:\n    urltrace {own:?}\n    unbound  {theirs:?}"));
    }
    let has_data = own.answers.iter().any(|(_, rtype, _)| rtype == row.rtype);
    let gives = match (own.rcode.as_str(), has_data) {
        // RFC 6604: the code is about the last name.
        ("NXDOMAIN", _) => Gives::NoName,
        (_, true) => Gives::Data,
        (_, false) => Gives::NoData,
    };
    if gives != row.gives {
        faults.push(format!("it gives {gives:?} ({}), the table has {:?}", own.rcode, row.gives));
    }
    let why = if why.is_empty() { String::new() } else { format!(" (why: {why})") };
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ") + &why) }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Secure => "secure",
        Verdict::Insecure => "insecure",
        Verdict::Bogus(_) => "bogus",
    }
}

/// What urltrace says, and why.
fn by_urltrace(world: &World, row: &Row) -> (Said, String) {
    let (hints, anchor) = (world.hints.display(), world.anchor.display());
    let words = format!("dns --root-hints {hints} --trust-anchor {anchor} --type {} {}", row.rtype, row.name);
    let run = urltrace_at(world.internet.client(Access::Full), &words);
    let said = Said {
        verdict: run.text("/dns/dnssec/verdict").to_owned(),
        rcode: run.text("/rcode").to_owned(),
        answers: plain(run.records("/answers"), row),
    };
    let why = run.at("/dns/dnssec/why").as_str().unwrap_or_default().to_owned();
    (said, why)
}

/// What unbound says: AD is secure, SERVFAIL is bogus.
fn by_unbound(world: &World, row: &Row) -> Result<Said, String> {
    let client = world.internet.client(Access::Full);
    let name = ascii(row.name);
    let ask = |checking| {
        let reply = resolve(client, RESOLVER[0], &name, row.rtype, checking);
        reply.ok_or_else(|| "unbound did not answer".to_owned())
    };
    let mut reply = ask(Checking::On)?;
    let verdict = if reply.rcode == "SERVFAIL" {
        reply = ask(Checking::Off)?;
        "bogus"
    } else if reply.authentic {
        "secure"
    } else {
        "insecure"
    };
    Ok(Said { verdict: verdict.to_owned(), rcode: reply.rcode.clone(), answers: plain(reply.answer, row) })
}

/// Without signatures, which `dig` gets beside the answer, but when they are the answer.
fn plain(records: Vec<Record>, row: &Row) -> Vec<(String, String, String)> {
    let is_beside = |rtype: &str| row.rtype != "RRSIG" && ["RRSIG", "TYPE46"].contains(&rtype);
    let data = records.into_iter().filter(|record| !is_beside(&record.rtype));
    let mut all: Vec<_> = data
        .map(|Record { name, rtype, mut data, .. }| {
            // Compression gives names the case of others before them (RFC 4343 §4).
            if NAMES_IN_DATA.contains(&rtype.as_str()) {
                data.make_ascii_lowercase();
            }
            (name.to_ascii_lowercase(), rtype, data)
        })
        .collect();
    all.sort();
    all
}

/// A name as it is sent (RFC 5890 §2.3.2.1).
fn ascii(name: &str) -> String {
    name.replace("bücher", "xn--bcher-kva")
}

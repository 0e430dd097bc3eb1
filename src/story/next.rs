//! What is left of a run for the next visit.

use super::response::{directs, lifetime, stays_open};
use super::teller::{Teller, clip};
use crate::reading::alt_svc;
use crate::timeline::{Phase, later, phases};
use crate::trace::{
    Dns, EarlyData, Further, Grade, Hop, Http, HttpVersion, NotResumed, Resumed, Resumption, ScanAnswer,
    Scheme, Tls, TlsScan, Trace,
};
use crate::units;

const STANDARDS: &[&str] = &["RFC 9111 section 4", "RFC 8446 section 2.2", "RFC 1034 section 3.6"];

/// A visit that comes next, from this very machine.
pub(super) fn put(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>) {
    teller.all();
    let spent = phases(hop).spent;
    let what = if trace.page.is_some() { "The document of this visit" } else { "This visit" };
    let mut told = vec![format!("{what} took {}.", units::duration(trace.total))];
    let lookup = hop.dns.ran().and_then(|dns| Some((least_ttl(dns)?, spent[Phase::Dns]?)));
    if let Some((ttl, took)) = lookup {
        told.push(format!(
            "Whoever comes back within {ttl} s finds the address in a cache and spares the {} of the lookup.",
            units::micros(took)
        ));
    }
    if let Some(http) = hop.http.ran() {
        let opening: u64 =
            [Phase::Connect, Phase::Tls, Phase::Quic].iter().filter_map(|phase| spent[*phase]).sum();
        if stays_open(http) && opening > 0 {
            told.push(format!(
                "While the connection is still open, the {} of opening it are spared, too; how long the server keeps it \
                 is not said here.",
                units::micros(opening)
            ));
        }
        told.extend(hop.request.further.as_ref().and_then(|further| on_the_same(hop, further)));
        let fresh = lifetime(http).filter(|seconds| *seconds > 0);
        let barred = directs(http, "no-store") || directs(http, "no-cache");
        if let Some(seconds) = fresh.filter(|_| !barred && http.status == Some(200)) {
            told.push(format!(
                "And within {seconds} s a browser need not ask at all: its own copy is fresh, and 0 packets are sent."
            ));
        }
    }
    told.extend(hop.http.ran().and_then(|http| elsewhere(hop, http)));
    if let Some(tls) = hop.tls.ran() {
        told.push(tickets(tls));
        told.extend(tls.scan.as_deref().and_then(taken));
    }
    teller.tell("The next visit", &told, STANDARDS, "urltrace --lab -L http://shop.test/ --explain");
}

/// What the same request took again on the open connection.
fn on_the_same(hop: &Hop<'_>, further: &Further) -> Option<String> {
    let after = later(further)?;
    let first = phases(hop).total;
    Some(format!(
        "It was tried afterwards: {} more on the same connection waited {} each (the median) for their answer, where this \
         visit had {} from its URL to its last byte.",
        units::count(after.count, "request"),
        units::duration(after.wait),
        units::micros(first)
    ))
}

/// What Alt-Svc means for somebody who comes back.
fn elsewhere(hop: &Hop<'_>, http: &Http) -> Option<String> {
    if http.version == HttpVersion::Http3 || hop.url.scheme != Scheme::Https {
        return None;
    }
    let said = alt_svc(&http.headers)?;
    match said.http3().next() {
        Some(http3) => Some(format!(
            "The next visit may use HTTP/3: the field Alt-Svc says that the same site is there by QUIC ({}), which this \
             one could not know when it began. --http3 tries it at once.",
            clip(&http3.words())
        )),
        None if said.clear => Some(
            "The field Alt-Svc says clear: the other places that the server may have named before hold no longer."
                .to_owned(),
        ),
        None => None,
    }
}

/// What the server would have taken beside what it chose.
fn taken(scan: &TlsScan) -> Option<String> {
    let rows = scan.versions.iter().filter(|row| row.answer == ScanAnswer::Taken);
    let versions: Vec<&str> = rows.map(|row| row.version.spoken()).collect();
    let poor = scan.suites.iter().filter(|suite| suite.judged.grade >= Grade::Weak).count();
    let judged = match poor {
        0 => "none of them weak".to_owned(),
        poor => format!("{poor} of them weak or worse"),
    };
    let asked = units::count(scan.connections as usize, "connection");
    let suites = units::count(scan.suites.len(), "suite");
    (!versions.is_empty()).then(|| {
        format!(
            "Another visitor may get another connection: asked by {asked} afterwards, the server takes {}, with {suites} \
             in all, {judged}.",
            versions.join(" and ")
        )
    })
}

/// What a ticket of this visit is worth for the next.
fn tickets(tls: &Tls) -> String {
    let Some(Resumption { tickets, full, outcome, early_data }) = &tls.resumption else {
        return "A server can also give out tickets, with which a new TLS handshake is shorter (resumption); urltrace \
                keeps none, so that each run shows the whole of it. With --resume it tries one afterwards."
            .to_owned();
    };
    let given = units::count(*tickets as usize, "ticket");
    let early = match early_data {
        Some(EarlyData::Accepted) => {
            " Even the request could have gone along with the first message (0-RTT)."
        }
        Some(EarlyData::Refused) => " The offer of 0-RTT was turned down.",
        Some(EarlyData::NotOffered) | None => "",
    };
    match (outcome, full) {
        (Resumed::Yes { took, .. }, Some(full)) => format!(
            "A server can also give out tickets, with which a new TLS handshake is shorter (resumption). This one gave \
             {given}, and a second connection with one of them had the server's last word after {} in place of {}.{early}",
            units::duration(*took),
            units::duration(*full)
        ),
        (Resumed::Yes { .. }, None) => format!("Of {given} one made a second TLS handshake shorter.{early}"),
        (Resumed::No { why: NotResumed::NoTicket, .. }, _) => {
            "The server gave 0 tickets for a shorter handshake next \
                time (resumption): the next visit has the whole of it again."
                .to_owned()
        }
        (Resumed::No { why: NotResumed::NothingRead, .. }, _) => {
            "A server can also give out tickets, with which a \
                new TLS handshake is shorter (resumption); 0 were read here, as they come with a response."
                .to_owned()
        }
        (Resumed::No { .. }, _) => format!(
            "The server gave {given} for a shorter handshake next time (resumption), but a second connection with one \
             of them was not shorter."
        ),
    }
}

/// The same name, asked again.
pub(super) fn lookup(teller: &mut Teller, dns: &Dns) {
    teller.all();
    let took = units::duration(dns.end.since(dns.start));
    let told = match least_ttl(dns) {
        Some(ttl) => format!(
            "A resolver that had found this would remember {} for {ttl} s, and everybody who asks it within that time \
             is spared the {took}. A change of the record is seen by all only after that.",
            clip(&dns.name)
        ),
        None => format!(
            "There is nothing here that a cache would keep: the next question costs the {took} again."
        ),
    };
    teller.tell(
        "The next time",
        &[told],
        &["RFC 1034 section 3.6", "RFC 2308 section 5"],
        "urltrace dns --lab --propagation www.example.test",
    );
}

/// How long the whole answer, aliases included, may be kept.
fn least_ttl(dns: &Dns) -> Option<u32> {
    dns.answers.iter().map(|record| record.ttl).min()
}

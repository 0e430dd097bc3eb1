//! One line of evidence for each stage of a hop.

use super::addresses;
use super::dnssec;
use super::fact::{fact, fact_text};
use super::headline::push_status;
use super::ink::Ink;
use super::page::{Line, Page};
use super::reuse;
use super::route;
use super::scan;
use super::survey;
use crate::explain::status::explain;
use crate::render::reading_words::{self, Told};
use crate::render::{attempt_words, proxy_words, quic_words, request_words, scan_words, words};
use crate::timeline;
use crate::trace::{
    Attempt, BodyFraming, Connect, Direction, Dns, DnsLane, Hop, Http, RetryCause, Stage, Stub, Tls, Trace,
    Url, header,
};
use crate::units;

/// The last hop's evidence; with `-v` every hop's.
pub(super) fn put(page: &mut Page, trace: &Trace, verbose: bool) {
    let first = if verbose { 0 } else { trace.requests.len().saturating_sub(1) };
    for (index, hop) in trace.hops().enumerate().skip(first) {
        page.gap();
        if trace.requests.len() > 1 && verbose {
            let mut line = page.line();
            line.push(Ink::Strong, format!("hop {}", index + 1));
            page.put(line);
        }
        hop_evidence(page, trace, &hop, verbose);
    }
}

fn hop_evidence(page: &mut Page, trace: &Trace, hop: &Hop<'_>, verbose: bool) {
    fact_text(page, Ink::Strong, "url", &url(hop.url));
    if let Some(earlier) = hop.reused {
        fact_text(page, Ink::Connect, "connect", &format!("the open connection of hop {}", earlier.0 + 1));
    } else {
        connection(page, hop);
    }
    if let Stage::Ran(record) = hop.http {
        let body = http(page, record, hop.failure.is_some());
        fact(page, Ink::Wait, "http", &body);
        said(page, trace, hop, verbose);
    }
    for (name, words) in request_words::done(hop) {
        fact_text(page, Ink::Send, name, &words);
    }
    let dns = hop.dns.ran().filter(|dns| dns.lane != DnsLane::StubFallback);
    if let Some(record) = dns.and_then(|dns| dns.stub.as_ref()) {
        fact_text(page, Ink::Faint, "resolver", &stub(record));
    }
    if let Some(record) = hop.dns.ran() {
        survey::all_servers(page, record);
        survey::propagation(page, record);
    }
    if let Some(connect) = hop.connect.ran() {
        addresses::put(page, connect, verbose);
    }
    if let Some(connect) = hop.dialled() {
        route::put(page, connect);
    }
    if let Some(found) = hop.tls.ran().and_then(|tls| tls.scan.as_deref()).filter(|_| hop.reused.is_none()) {
        scan::put(page, found, verbose);
    }
    if let Some(why) = hop.request.scan_skipped {
        fact_text(page, Ink::Strong, "tls scan", &scan_words::skipped(why));
    }
    reuse::put(page, hop, verbose);
}

/// What the response says of its way and of itself.
fn said(page: &mut Page, trace: &Trace, hop: &Hop<'_>, verbose: bool) {
    let mut before = "";
    for line in reading_words::said(trace.started_at, hop) {
        if verbose || line.told == Told::Always {
            // What goes on needs no second label.
            let label = if line.label == before { "" } else { line.label };
            fact_text(page, Ink::Wait, label, &line.text);
            before = line.label;
        }
    }
}

/// The stages before the request.
fn connection(page: &mut Page, hop: &Hop<'_>) {
    match hop.dns {
        Stage::Ran(record) => {
            fact_text(page, Ink::Dns, "dns", &dns(record));
            for note in &record.notes {
                fact_text(page, Ink::Dns, "", note);
            }
            if let Some(line) = record.service.as_ref().map(words::service) {
                fact_text(page, Ink::Dns, "https rr", &line);
            }
            if let Some(verdict) = &record.dnssec {
                fact_text(page, dnssec::ink(verdict.verdict), "dnssec", &dnssec::line(record, verdict));
            }
        }
        Stage::Skipped(reason) => skipped(page, "dns", reason),
        Stage::NotReached => {}
    }
    match hop.connect {
        _ if hop.quic.is_some() => {
            let line = quic_words::quic(hop).unwrap_or_default();
            fact_text(page, Ink::Connect, "quic", &line);
        }
        Stage::Ran(record) => fact_text(page, Ink::Connect, "connect", &connect(record)),
        Stage::Skipped(reason) => skipped(page, "connect", reason),
        Stage::NotReached => {}
    }
    if let Some(proxy) = hop.proxy {
        fact_text(page, Ink::Connect, "proxy", &proxy_words::proxy(proxy));
        if let Some(hidden) = proxy_words::behind(proxy, hop.connect.ran(), hop.url) {
            fact_text(page, Ink::Connect, "", &hidden);
        }
    }
    if let Some(bypass) = &hop.request.bypass {
        fact_text(page, Ink::Faint, "proxy", &proxy_words::bypass(bypass));
    }
    match hop.tls {
        Stage::Ran(record) => {
            fact_text(page, Ink::Tls, "tls", &tls(record));
            if let Some(resumption) = &record.resumption {
                fact_text(page, Ink::Faint, "resume", &words::resumption(resumption));
            }
        }
        Stage::Skipped(reason) => skipped(page, "tls", reason),
        Stage::NotReached => {}
    }
}

fn skipped(page: &mut Page, label: &str, reason: &str) {
    let mut body = page.line();
    body.push(Ink::Faint, format!("none: {reason}"));
    fact(page, Ink::Faint, label, &body);
}

/// The URL taken apart.
pub(crate) fn url(url: &Url) -> String {
    let assumed = if url.scheme_assumed { " (assumed: none was given)" } else { "" };
    let mut line = format!("{}{assumed}, host {}", url.scheme.as_str(), url.host_unicode);
    if url.host_unicode != url.host_ascii {
        line.push_str(&format!(", sent as {}", url.host_ascii));
    }
    if url.port != 0 {
        line.push_str(&format!(", port {}", url.port));
        line.push_str(if url.port_is_default { " (the default)" } else { "" });
    }
    if !url.path.is_empty() {
        line.push_str(&format!(", path {}", brief(&url.path)));
    }
    if let Some(query) = &url.query {
        line.push_str(&format!(", query {}", brief(query)));
    }
    if url.username.is_some() || url.password.is_some() {
        line.push_str(", with credentials");
    }
    if let Some(fragment) = &url.fragment {
        line.push_str(&format!(", fragment {} (never sent)", brief(fragment)));
    }
    if !url.changes.is_empty() {
        let mut changes: Vec<&str> =
            url.changes.iter().map(|change| words::url_change(change.kind)).collect();
        changes.dedup();
        line.push_str(&format!("; as a browser does: {}", changes.join(", ")));
    }
    line
}

/// Characters of a part of a URL that are shown whole; `-v` shows the request as sent.
const PART: usize = 120;

/// The beginning of a text that is too long for a report, and how long it is.
fn brief(text: &str) -> String {
    let length = text.chars().count();
    if length <= PART {
        return text.to_owned();
    }
    let begin: String = text.chars().take(PART / 2).collect();
    format!("{begin}... ({length} characters)")
}

/// What the counted lane found, and how.
pub(crate) fn dns(dns: &Dns) -> String {
    let known = format!("{} is {}", dns.name, listed(&dns.addresses));
    match dns.lane {
        DnsLane::Given => return format!("{known}: given by --resolve, nobody was asked"),
        DnsLane::Special => return format!("{known}: a special name, nobody was asked (RFC 6761)"),
        DnsLane::Walk | DnsLane::Resolver | DnsLane::StubFallback => {}
    }
    let mut said = match &dns.negative {
        Some(negative) if dns.answers.is_empty() => {
            let rtype = negative.rtype.map_or("any".into(), crate::trace::RecordType::mnemonic);
            words::absence(&dns.name, negative, &rtype)
        }
        _ if dns.answers.is_empty() => format!("no answer for {}", dns.name),
        _ => words::answers(&dns.answers, 4),
    };
    let last = dns.critical_path.last().and_then(|id| dns.packets.get(*id));
    if let Some(packet) = last.filter(|packet| packet.meaning.is_useful() && !dns.answers.is_empty()) {
        match &packet.server_name {
            Some(name) => said.push_str(&format!(" from {name}")),
            None => said.push_str(&format!(" from resolver {}", packet.server.ip())),
        }
    }
    let trips = timeline::round_trips(dns);
    if trips > 0 {
        said.push_str(&format!(", {}", units::count(trips, "round trip")));
    }
    said.push_str(&format!(", {}", units::count(timeline::counted_packets(dns), "packet")));
    said
}

pub(crate) fn connect(connect: &Connect) -> String {
    if let Some(path) = &connect.unix_socket {
        return format!("the unix socket {} (--unix-socket)", path.display());
    }
    let Some(winner) = connect.winner.and_then(|index| connect.attempts.get(index)) else {
        let attempts: Vec<&Attempt> = connect.attempts.iter().collect();
        let each = outcomes(&attempts, |attempt| attempt.address.to_string());
        return match each.is_empty() {
            true => "no connection".to_owned(),
            false => format!("no connection: {each}{}", attempt_words::rivals(connect).unwrap_or_default()),
        };
    };
    let mut words = format!("{}, {}", winner.address, units::count(connect.attempts.len(), "attempt"));
    let others = connect.attempts.iter().enumerate().filter(|(index, _)| Some(*index) != connect.winner);
    let others: Vec<&Attempt> = others.map(|(_, attempt)| attempt).collect();
    if !others.is_empty() {
        let port = winner.address.port();
        let name = |attempt: &Attempt| match attempt.address.port() == port {
            true => attempt.address.ip().to_string(),
            false => attempt.address.to_string(),
        };
        words.push_str(&format!("; {}", outcomes(&others, name)));
    }
    words.extend(attempt_words::rivals(connect));
    if let Some(syns) = winner.syn_retransmits.filter(|syns| *syns > 0) {
        words.push_str(&format!("; the SYN was lost and sent again {syns}x"));
    }
    if let Some(from) = &connect.redirected_from {
        match from.strip_prefix("port ") {
            Some(port) => words.push_str(&format!("; the lab's stand-in for port {port}")),
            None => words.push_str(&format!("; in place of {from} (--connect-to)")),
        }
    }
    if let Some(fast_open) = &connect.fast_open {
        words.push_str(&format!("; TCP Fast Open {}", fast_open.words()));
    }
    if let Some(info) = &connect.tcp_info {
        // After a lost SYN the kernel's number is no round trip.
        if info.retransmits == 0 {
            words.push_str(&format!("; kernel RTT {}", units::duration(info.rtt)));
        }
        words.push_str(&format!(", MSS {}", info.mss));
    }
    words
}

/// Addresses that are named; `-v` and JSON have all.
const NAMED: usize = 4;

/// `192.0.2.1, 192.0.2.2 and 30 more`.
fn listed(addresses: &[std::net::IpAddr]) -> String {
    let named: Vec<String> = addresses.iter().take(NAMED).map(ToString::to_string).collect();
    match addresses.len().saturating_sub(NAMED) {
        0 => named.join(" and "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What became of attempts. Of many that ended alike the first is named.
fn outcomes(attempts: &[&Attempt], name: impl Fn(&Attempt) -> String) -> String {
    let mut groups: Vec<(&Attempt, usize)> = Vec::new();
    for attempt in attempts {
        let alike = |first: &Attempt| first.outcome.as_str() == attempt.outcome.as_str();
        match groups.iter_mut().find(|(first, _)| attempts.len() > NAMED && alike(first)) {
            Some((_, count)) => *count += 1,
            None => groups.push((attempt, 1)),
        }
    }
    let told = |(first, count): (&Attempt, usize)| match count {
        1 => format!("{} {}", name(first), attempt_words::outcome(first)),
        _ => format!("{} {}, {} more likewise", name(first), attempt_words::outcome(first), count - 1),
    };
    groups.into_iter().map(told).collect::<Vec<_>>().join("; ")
}

pub(crate) fn tls(tls: &Tls) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(tls.version.map(|version| version.spoken().to_owned()));
    parts.extend(tls.cipher_suite.clone());
    parts.extend(tls.group.clone());
    parts.push(units::count(tls.round_trips as usize, "round trip"));
    if tls.hello_retry {
        parts.push(retry(tls));
    }
    parts.extend(client_certificate(tls));
    let mut words = parts.join(", ");
    let faulty = tls.verification.as_ref().is_some_and(|verification| !verification.faults.is_empty());
    if let Some(leaf) = tls.chain.first().filter(|_| !faulty) {
        let days = usize::try_from(leaf.days_left).unwrap_or(0);
        words.push_str(&match leaf.never_expires() {
            true => "; certificate without expiry".to_owned(),
            false => format!("; certificate valid for {}", units::count(days, "more day")),
        });
    }
    if let Some(verification) = &tls.verification {
        for fault in &verification.faults {
            words.push_str(&format!("; {}", words::fault(fault).1));
        }
        if verification.overridden {
            words.push_str("; ignored because of -k");
        }
        if verification.system_would_trust == Some(true) {
            words.push_str("; the system's roots would trust it");
        }
        if verification.embedded_would_trust == Some(true) {
            words.push_str("; the built-in roots would trust it");
        }
    }
    if let Some(alert) = &tls.alert {
        let who = if alert.direction == Direction::Sent { "we" } else { "the server" };
        words.push_str(&format!("; {who} ended it with {}", alert.description));
    }
    if let Some(probe) = &tls.legacy_probe {
        let offers = probe.version.as_deref().unwrap_or("nothing we know");
        words.push_str(&format!("; an old-fashioned hello was answered with {offers}"));
        for (answers, hello) in [
            (probe.answers_again, "ours, sent again,"),
            (probe.answers_tls12, "our offer without TLS 1.3"),
            (probe.answers_small, "a small one with TLS 1.3"),
        ] {
            if let Some(answers) = answers {
                words.push_str(&format!(", {hello} {}", if answers { "with a ServerHello" } else { "not" }));
            }
        }
    }
    words
}

/// Why there was a HelloRetryRequest, and what it cost.
fn retry(tls: &Tls) -> String {
    let Some(retry) = tls.retry() else { return "the server asked for a second ClientHello".to_owned() };
    let cost = units::duration(retry.cost);
    match retry.cause {
        RetryCause::Group(group) => {
            format!("the server takes no key share that was sent and asked for {group}, which cost {cost}")
        }
        RetryCause::Cookie => format!("the server asked for its cookie first, which cost {cost}"),
    }
}

/// What became of the client's certificate, where the server asked for one or one was given.
fn client_certificate(tls: &Tls) -> Option<String> {
    let client = &tls.client_certificate;
    Some(match (client.requested, client.sent, &client.subject) {
        (false, _, None) => return None,
        (false, _, Some(_)) => "no client certificate asked for".to_owned(),
        (true, false, None) => "the server asks for a client certificate (none given)".to_owned(),
        (true, false, Some(_)) if !tls.is_answered() => {
            "the server asks for a client certificate; the handshake ended before one could be sent"
                .to_owned()
        }
        (true, false, Some(_)) => {
            "the server asks for a client certificate of another kind of key than the given one".to_owned()
        }
        (true, true, subject) => {
            format!("client certificate sent ({})", subject.as_deref().unwrap_or("without a name"))
        }
    })
}

fn http(page: &Page, http: &Http, has_failed: bool) -> Line {
    let mut line = page.line();
    let Some(status) = http.status else {
        let got = match &http.garbage {
            Some(_) => "not HTTP; it begins with ".to_owned(),
            None => format!("no response; {} sent", units::bytes(http.bytes_sent)),
        };
        line.push(Ink::Plain, got);
        if let Some(garbage) = &http.garbage {
            line.push_bytes(Ink::Plain, &garbage[..garbage.len().min(64)]);
        }
        return line;
    };
    push_status(&mut line, status);
    line.push(Ink::Plain, format!(": {} {}", explain(status).meaning, body(http)));
    if let Some(redirect) = &http.redirect {
        let to = redirect.target.as_ref().unwrap_or(&redirect.location);
        line.push(Ink::Plain, format!("; leads to {}", brief(to)));
        line.push(
            Ink::Plain,
            match (redirect.followed, has_failed) {
                (true, _) => "",
                // Whatever -L may want: what ended it is told.
                (false, true) => " (not followed)",
                (false, false) => " (not followed; -L follows)",
            },
        );
    }
    line
}

/// `4.1 kB gzip text/html (12.3 kB decoded, 3.0 to 1)`.
pub(crate) fn body(http: &Http) -> String {
    let mut words = units::bytes(http.body.encoded_bytes);
    if let Some(encoding) = &http.body.encoding {
        words.push_str(&format!(" {encoding}"));
    }
    if let Some(kind) = header(&http.headers, "content-type") {
        words.push_str(&format!(" {}", kind.split(';').next().unwrap_or_default().trim()));
    }
    if let Some(decoded) = http.body.decoded_bytes.filter(|decoded| *decoded != http.body.encoded_bytes) {
        let ratio = http.body.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.1} to 1"));
        words.push_str(&format!(" ({} decoded{ratio})", units::bytes(decoded)));
    }
    if http.body.surplus_bytes > 0 {
        words.push_str(&format!(" ({} behind its end left out)", units::bytes(http.body.surplus_bytes)));
    }
    if http.body.beyond_bytes > 0 {
        words.push_str(&format!(
            " ({} behind the response belong to nothing)",
            units::bytes(http.body.beyond_bytes)
        ));
    }
    if let Some(error) = &http.body.decode_error {
        words.push_str(&format!(" (not decoded: {error})"));
    }
    let has_end = http.body.framing != BodyFraming::None && http.body.events.is_none();
    if has_end {
        words.push_str(http.missing_end());
    }
    if let Some(path) = &http.body.saved_to {
        match path.to_str() {
            Some("-") => words.push_str(", written to standard output"),
            _ => words.push_str(&format!(", saved to {}", path.display())),
        }
    }
    words
}

/// What the machine's own resolver said. Always said to be uncounted.
pub(crate) fn stub(stub: &Stub) -> String {
    let server = stub.server.or_else(|| stub.servers.first().copied());
    let who = server.map_or_else(|| "no resolver".to_owned(), |server| server.ip().to_string());
    let took = units::duration(stub.end.since(stub.start));
    if let Some(error) = &stub.error {
        return format!("{who} (this machine's) gave no answer: {error} (not counted)");
    }
    let said = match (stub.agrees, stub.rcode) {
        (Some(true), _) => "agrees".to_owned(),
        (Some(false), _) => format!("disagrees: {}", words::answers(&stub.answers, 2)),
        (None, Some(rcode)) if stub.answers.is_empty() => format!("answers {}", rcode.mnemonic()),
        (None, Some(_)) => format!("answers {}", words::answers(&stub.answers, 2)),
        (None, None) => return format!("{who} (this machine's) had not answered after {took} (not counted)"),
    };
    let age = match (stub.age, stub.age_at_most) {
        (Some(age), _) => format!(", cached {age} s ago"),
        (None, Some(most)) => format!(", cached 0 to {most} s ago"),
        (None, None) => String::new(),
    };
    let ttl = stub.ttl.map_or_else(String::new, |ttl| format!("{age}, {ttl} s left"));
    format!("{who} (this machine's) {said}, {took}{ttl} (not counted)")
}

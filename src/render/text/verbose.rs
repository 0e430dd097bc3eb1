//! Everything else that was seen, with `-v`: changes to the URL, root hints, every packet, every
//! flight, the chain, request and response as they went over the wire.

use super::arrival;
use super::dnssec;
use super::fact::{fact, fact_text};
use super::ink::Ink;
use super::page::{Line, Page};
use super::section::{item, title};
use super::tcp_info;
use crate::explain::{dns_error, dns_words};
use crate::render::{method_words, quic_words, request_words, words};
use crate::trace::{
    Certificate, Direction, Dns, DnsLane, Edns, Header, Hop, Http, HttpVersion, Offer, Packet, Quic, Tls,
    Trace, Url,
};
use crate::units;

pub(super) fn put(page: &mut Page, trace: &Trace) {
    for (index, hop) in trace.hops().enumerate() {
        let of = if trace.requests.len() > 1 { format!(" of hop {}", index + 1) } else { String::new() };
        hop_sections(page, &hop, &of);
    }
    page.gap();
    let setup = units::duration(trace.setup);
    fact_text(page, Ink::Faint, "set-up", &format!("{setup} before the start (not counted)"));
    fact_text(page, Ink::Faint, "started", &words::timestamp(trace.started_at, 6));
}

fn hop_sections(page: &mut Page, hop: &Hop<'_>, of: &str) {
    if !hop.url.changes.is_empty() {
        title(page, Ink::Strong, &format!("changes to the URL{of}"));
        changes(page, hop.url);
    }
    if let Some(dns) = hop.dns.ran() {
        title(page, Ink::Dns, &format!("DNS packets{of}"));
        packets(page, dns);
        dnssec_section(page, dns, of);
    }
    if let Some(quic) = hop.quic.filter(|quic| !quic.datagrams.is_empty()) {
        title(page, Ink::Connect, &format!("QUIC datagrams{of}"));
        datagrams(page, quic);
    }
    if let Some(tls) = hop.tls.ran() {
        title(page, Ink::Tls, &format!("TLS flights{of}"));
        flights(page, tls);
        if !tls.chain.is_empty() {
            title(page, Ink::Tls, &format!("certificates as sent{of}"));
            chain(page, tls);
        }
    }
    if let Some(info) = hop.connect.ran().and_then(|connect| connect.tcp_info_after.as_ref()) {
        title(page, Ink::Connect, &format!("TCP at its end, by the kernel{of}"));
        for (name, told) in tcp_info::facts(info) {
            item(page, name, &told);
        }
    }
    if let Some(http) = hop.http.ran() {
        title(page, Ink::Send, &format!("request{of}"));
        request(page, http);
        title(page, Ink::Receive, &format!("response{of}"));
        response(page, http);
        arrival::put(page, hop, http, of);
    }
}

/// The responses' header fields alone (`-i`).
pub(super) fn response_section(page: &mut Page, trace: &Trace) {
    for (index, hop) in trace.hops().enumerate() {
        if let Some(http) = hop.http.ran() {
            let of = if trace.requests.len() > 1 { format!(" of hop {}", index + 1) } else { String::new() };
            title(page, Ink::Receive, &format!("response{of}"));
            response(page, http);
        }
    }
}

fn changes(page: &mut Page, url: &Url) {
    for change in &url.changes {
        let mut body = page.line();
        let leads_to = body.signs().leads_to;
        body.push(Ink::Plain, format!("{} {leads_to} ", change.before));
        body.push(Ink::Plain, &change.after);
        let mut head = page.line();
        head.push(Ink::Plain, "  ").push(Ink::Plain, change.kind.as_str()).push(Ink::Plain, ": ");
        page.wrap(head, &body);
    }
}

/// Every packet: what was asked and what came of it, below it who was asked and how it went over
/// the wire; then the root hints. `urltrace dns -v` shows the same.
pub(super) fn packets(page: &mut Page, dns: &Dns) {
    for (id, packet) in dns.packets.iter().enumerate() {
        let (mut head, mut body) = (page.line(), page.line());
        let ink = if dns.critical_path.contains(&id) { Ink::Dns } else { Ink::Faint };
        head.push(Ink::Plain, "  ").right(ink, &id.to_string(), 2);
        head.right(Ink::Plain, &units::duration(packet.sent.since(dns.start)), 9);
        head.right(Ink::Plain, &units::duration(packet.end.since(packet.sent)), 9).push(Ink::Plain, "  ");
        let leads_to = head.signs().leads_to;
        body.push(Ink::Plain, format!("{} {} {leads_to} ", packet.qname, packet.qtype.mnemonic()));
        body.push(if packet.meaning.is_useful() { Ink::Plain } else { Ink::Warn }, words::meaning(packet));
        page.wrap(head, &body);
        let (mut head, mut body) = (page.line(), page.line());
        head.pad_to(6);
        let name = packet.server_name.as_ref().map_or_else(String::new, |name| format!("{name} "));
        body.push(Ink::Plain, format!("{name}{} ", packet.server.ip()));
        wire(&mut body, packet);
        page.wrap(head, &body);
        if !packet.untrusted.is_empty() {
            let (mut head, mut body) = (page.line(), page.line());
            head.pad_to(6);
            body.push(Ink::Warn, "offered, not trusted: ");
            body.push(Ink::Plain, words::answers(&packet.untrusted, crate::trace::MAX_UNTRUSTED));
            page.wrap(head, &body);
        }
    }
    for record in dns.service.iter().flat_map(|service| &service.records) {
        let (mut head, mut body) = (page.line(), page.line());
        head.push(Ink::Plain, "  https rr    ");
        body.push(Ink::Plain, format!("{}: {}", record.owner, words::service_record(record)));
        page.wrap(head, &body);
    }
    if dns.lane == DnsLane::Resolver {
        // Nobody began at the root.
        return;
    }
    let hints = &dns.hints;
    let dated = hints.date.as_ref().map_or_else(String::new, |date| format!(" of {date}"));
    let drift = match hints.drift.as_deref() {
        None => "the root was not asked whether they hold".to_owned(),
        Some([]) => "the root says the same".to_owned(),
        Some(drift) => format!("the root says otherwise: {}", drift.join("; ")),
    };
    let (mut head, mut body) = (page.line(), page.line());
    head.push(Ink::Plain, "  root hints  ");
    body.push(Ink::Plain, format!("{}{dated}; {drift}", hints.source));
    page.wrap(head, &body);
}

/// Why this server, and how it went over the wire.
fn wire(line: &mut Line, packet: &Packet) {
    let mut parts = vec![
        packet.source.as_str().to_owned(),
        packet.purpose.as_str().to_owned(),
        packet.chosen.as_str().to_owned(),
    ];
    parts.push(if packet.server.is_ipv4() { "ipv4" } else { "ipv6" }.to_owned());
    parts.push(packet.transport.as_str().to_owned());
    parts.extend(words::set_up(packet));
    if let Some(received) = packet.received {
        let rtt = received.since(packet.connected.unwrap_or(packet.sent));
        parts.push(format!("rtt {}", units::duration(rtt)));
    }
    let received = packet.bytes_received.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
    parts.push(format!("{}/{received} B", packet.bytes_sent));
    match packet.edns {
        Edns::Full => {}
        Edns::Bare => parts.push("no EDNS options".to_owned()),
        Edns::None => parts.push("no EDNS".to_owned()),
    }
    if packet.dropped > 0 {
        let dropped = units::count(packet.dropped as usize, "datagram");
        parts.push(format!("{dropped} dropped ({})", dns_words::strays(packet)));
    }
    if let Some(reply) = &packet.reply {
        parts.push(reply.rcode.mnemonic().into_owned());
        parts.extend(words::flags(reply).into_iter().map(str::to_owned));
        for (code, text) in &reply.extended_errors {
            let words = if text.is_empty() { String::new() } else { format!(": {text}") };
            let (name, meaning) = (dns_error::name(*code), dns_error::meaning(*code));
            parts.push(format!("EDE {code} {name} ({meaning}){words}"));
        }
    }
    line.push(Ink::Faint, parts.join(", "));
    if let Some(nsid) = packet.reply.as_ref().and_then(|reply| reply.nsid.as_deref()) {
        line.push(Ink::Faint, ", nsid ").push_bytes(Ink::Faint, nsid);
    }
}

fn datagrams(page: &mut Page, quic: &Quic) {
    for datagram in &quic.datagrams {
        let (mut head, mut body) = (page.line(), page.line());
        let arrow = match datagram.direction {
            Direction::Sent => head.signs().sent,
            Direction::Received => head.signs().received,
        };
        head.push(Ink::Plain, "  ").right(Ink::Plain, &units::duration(datagram.at.since(quic.start)), 8);
        head.push(Ink::Connect, format!(" {arrow} "));
        body.push(Ink::Plain, quic_words::datagram(datagram));
        page.wrap(head, &body);
    }
}

fn flights(page: &mut Page, tls: &Tls) {
    for flight in &tls.flights {
        let (mut head, mut body) = (page.line(), page.line());
        let arrow = match flight.direction {
            Direction::Sent => head.signs().sent,
            Direction::Received => head.signs().received,
        };
        head.push(Ink::Plain, "  ").right(Ink::Plain, &units::duration(flight.start.since(tls.start)), 8);
        head.push(Ink::Tls, format!(" {arrow} "));
        let messages = if flight.messages.is_empty() { "data".to_owned() } else { flight.names().join(", ") };
        body.push(Ink::Plain, messages);
        let cpu = units::duration(flight.cpu);
        body.push(Ink::Faint, format!(" [{}, CPU {cpu}]", units::bytes(flight.bytes as u64)));
        page.wrap(head, &body);
    }
    if let Some(verification) = &tls.verification {
        let faults = match verification.faults.len() {
            0 => "no fault".to_owned(),
            number => units::count(number, "fault"),
        };
        let cpu = units::duration(verification.cpu);
        let name = &tls.verified_name;
        item(page, "verified", &format!("for {name} against {}: {faults}, CPU {cpu}", verification.roots));
    }
    if let Some(offer) = &tls.offer {
        offered(page, offer);
    }
    if let Some(alpn) = &tls.alpn {
        item(page, "ALPN", alpn);
    }
    let client = &tls.client_certificate;
    if client.requested {
        let subject = client.subject.as_deref().filter(|_| client.sent);
        item(page, "client", &format!("certificate asked for, {} sent", subject.unwrap_or("none")));
        let accepted = match client.acceptable_cas.as_slice() {
            [] => "the server names no authority: any, or only it knows".to_owned(),
            names => names.join("; "),
        };
        item(page, "accepts", &accepted);
    }
    if let Some(scheme) = &tls.signature_scheme {
        item(page, "signed by", scheme);
    }
    let staple =
        if tls.ocsp_bytes > 0 { format!(", OCSP staple {} bytes", tls.ocsp_bytes) } else { String::new() };
    if let Some(staple) = &tls.staple {
        item(page, "OCSP", &format!("staple: {} (signature not checked)", words::staple(staple)));
    }
    if let Some(caa) = &tls.caa {
        item(page, "CAA", &words::caa(caa));
        for record in &caa.records {
            item(page, "", &format!("{} CAA {}", record.name, record.data));
        }
    }
    let sni = tls.sni.as_deref().unwrap_or("none");
    let (sent, received) = (units::bytes(tls.bytes_sent), units::bytes(tls.bytes_received));
    item(page, "wire", &format!("SNI {sni}, {sent} sent, {received} received{staple}"));
}

fn offered(page: &mut Page, offer: &Offer) {
    let shares: Vec<String> =
        offer.key_shares.iter().map(|(group, bytes)| format!("{group} ({bytes} bytes)")).collect();
    for (what, list) in [
        ("offered", &offer.versions),
        ("suites", &offer.cipher_suites),
        ("groups", &offer.groups),
        ("key shares", &shares),
        ("signatures", &offer.signature_schemes),
        ("protocols", &offer.alpn),
    ] {
        item(page, what, &list.join(", "));
    }
}

fn chain(page: &mut Page, tls: &Tls) {
    for (index, certificate) in tls.chain.iter().enumerate() {
        let (mut head, mut body) = (page.line(), page.line());
        head.push(Ink::Plain, "  ").push(Ink::Tls, index.to_string()).push(Ink::Plain, " ");
        body.push(Ink::Strong, &certificate.subject);
        page.wrap(head, &body);
        certificate_lines(page, certificate);
        if let Some(place) = words::chain_place(&tls.chain, index) {
            item(page, "in chain", &place);
        }
    }
}

fn certificate_lines(page: &mut Page, certificate: &Certificate) {
    let issuer = if certificate.self_issued { "itself" } else { &certificate.issuer };
    item(page, "issuer", issuer);
    if !certificate.names.is_empty() {
        item(page, "names", &certificate.names.join(", "));
    }
    let (from, until) = (words::date(certificate.not_before), words::date(certificate.not_after));
    let left = match certificate.never_expires() {
        true => "without expiry (RFC 5280)".to_owned(),
        false => format!("{} days left", certificate.days_left),
    };
    item(page, "validity", &format!("{from} to {until}, {left}"));
    let bits = certificate.key_bits.map_or_else(String::new, |bits| format!(", {bits} bits"));
    let (key, signed) = (&certificate.key_type, &certificate.signature_algorithm);
    item(page, "key", &format!("{key}{bits}, signed with {signed}, {} SCTs", certificate.scts.len()));
    for stamp in &certificate.scts {
        let (log, time) = (&stamp.log_id, words::timestamp(stamp.timestamp, 0));
        item(page, "SCT", &format!("{time} by log {log}, operator unknown"));
    }
    if certificate.must_staple {
        item(page, "demands", "a stapled OCSP response (must-staple, RFC 7633)");
    }
    item(page, "serial", &certificate.serial);
    item(page, "SHA-256", &certificate.sha256);
    item(page, "SPKI", &certificate.spki_sha256);
    if !certificate.issuer_urls.is_empty() {
        item(page, "issuer at", &certificate.issuer_urls.join(" "));
    }
}

fn request(page: &mut Page, http: &Http) {
    let sign = page.line().signs().sent;
    let target = &http.request.target;
    // The record has the version of the response; a request in HTTP/1.0 is never sent.
    let version = match http.version {
        HttpVersion::Http10 => HttpVersion::Http11,
        other => other,
    };
    let first = format!("{} {target} {}", http.request.method, version.as_str());
    wire_line(page, sign, Ink::Strong, &first);
    fields(page, sign, &http.request.headers);
    if let Some(promises) = method_words::promises(&http.request.method) {
        wire_line(page, sign, Ink::Faint, &format!("[{} is {promises}]", http.request.method));
    }
    if http.request.body_bytes > 0 {
        wire_line(page, sign, Ink::Faint, &format!("[body of {}]", units::bytes(http.request.body_bytes)));
    }
}

fn response(page: &mut Page, http: &Http) {
    let sign = page.line().signs().received;
    for interim in &http.informational {
        let after = units::duration(interim.at.since(http.start));
        wire_line(page, sign, Ink::Strong, &format!("{} [after {after}]", interim.status));
        fields(page, sign, &interim.headers);
    }
    if let Some(status) = http.status {
        let reason = http.reason.as_ref().map_or_else(String::new, |reason| format!(" {reason}"));
        wire_line(page, sign, Ink::Strong, &format!("{} {status:03}{reason}", http.version.as_str()));
    }
    fields(page, sign, &http.headers);
    if let Some(garbage) = &http.garbage {
        let mut body = page.line();
        body.push_bytes(Ink::Warn, garbage);
        put_wire(page, sign, &body);
    }
    let body = &http.body;
    let end = http.missing_end();
    let (wire, encoded) = (units::bytes(body.wire_bytes), units::bytes(body.encoded_bytes));
    let what = format!("[body of {encoded}, {wire} on the wire, framing {}{end}]", body.framing.as_str());
    wire_line(page, sign, Ink::Faint, &what);
    fields(page, sign, &http.trailers);
    if let Some((words, debug)) = request_words::goaway(http) {
        let mut body = page.line();
        body.push(Ink::Faint, format!("[{words}"));
        if !debug.is_empty() {
            body.push(Ink::Faint, ": ").push_bytes(Ink::Faint, debug);
        }
        body.push(Ink::Faint, "]");
        put_wire(page, sign, &body);
    }
}

fn fields(page: &mut Page, sign: &str, headers: &[Header]) {
    for header in headers {
        let mut body = page.line();
        if header.is_readable() {
            body.push(Ink::Plain, &header.name).push(Ink::Plain, ": ");
            body.push_bytes(Ink::Plain, &header.value);
        } else {
            body.push_bytes(Ink::Warn, &header.value).push(Ink::Warn, " [not readable as a field]");
        }
        put_wire(page, sign, &body);
    }
}

fn wire_line(page: &mut Page, sign: &str, ink: Ink, text: &str) {
    let mut body = page.line();
    body.push(ink, text);
    put_wire(page, sign, &body);
}

fn put_wire(page: &mut Page, sign: &str, body: &Line) {
    let mut head = page.line();
    head.push(Ink::Plain, "  ").push(Ink::Faint, sign).push(Ink::Plain, " ");
    page.wrap(head, body);
}

/// Where the report of a name puts its packets.
pub(super) fn packets_section(page: &mut Page, dns: &Dns) {
    title(page, Ink::Dns, "DNS packets");
    packets(page, dns);
    dnssec_section(page, dns, "");
}

fn dnssec_section(page: &mut Page, dns: &Dns, of: &str) {
    if let Some(record) = &dns.dnssec {
        title(page, Ink::Dns, &format!("DNSSEC{of}"));
        dnssec::table(page, record);
    }
}

/// Facts of a walk that have no stage of a hop to stand in.
pub(super) fn notes(page: &mut Page, dns: &Dns) {
    for note in &dns.notes {
        let mut body = page.line();
        body.push(Ink::Plain, note);
        fact(page, Ink::Dns, "note", &body);
    }
}

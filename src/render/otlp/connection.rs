//! The spans of a connection: its set-up, and in it DNS lookup, socket connects and TLS handshake.

use super::attributes::Attributes;
use super::spans::{INTERNAL, Place, Spans};
use crate::trace::{At, Attempt, AttemptOutcome, Carrier, Dns, Hop, StageName, Tls};

/// Adds them below a span, where a connection was opened, or was to be.
pub(super) fn spans(spans: &mut Spans, parent: Place, hop: &Hop<'_>) {
    if hop.reused.is_some() {
        return;
    }
    let (dns, dialled) = (hop.dns.ran(), hop.dialled());
    let tls = hop.tls.ran();
    let Some(start) = dns.map(|dns| dns.start).or(dialled.map(|connect| connect.start)) else { return };
    let ends = [dns.map(|dns| dns.end), dialled.map(|connect| connect.end), tls.map(|tls| tls.end)];
    let end = ends.into_iter().flatten().max().unwrap_or(start);
    let (host, port) = (&hop.url.host_ascii, hop.url.port);
    let attributes = server(hop).text("url.scheme", hop.url.scheme.as_str());
    let name = format!("HTTP connection_setup {host}:{port}");
    let setup = spans.add(Some(parent), name, INTERNAL, (start, end), attributes);
    let failed = |stage: StageName| hop.failure.filter(|failure| failure.stage == stage);
    if let Some(dns) = dns {
        let place = lookup(spans, setup, host, dns);
        if let Some(failure) = failed(StageName::Dns) {
            spans.failure(place, failure);
        }
    }
    if let Some(connect) = dialled {
        connect.attempts.iter().for_each(|attempt| socket(spans, setup, attempt));
    }
    if let Some(tls) = tls {
        let failure = failed(StageName::Tls);
        let place = handshake(spans, setup, host, (tls, failure.is_none()));
        if let Some(failure) = failure {
            spans.failure(place, failure);
        }
    }
    let before = [StageName::Dns, StageName::Tcp, StageName::Tls].into_iter().find_map(failed);
    if let Some(failure) = before {
        spans.failure(setup, failure);
    }
}

/// Whom a request is for.
pub(super) fn server(hop: &Hop<'_>) -> Attributes {
    Attributes::default()
        .text("server.address", hop.url.host_ascii.as_str())
        .number("server.port", hop.url.port.into())
}

fn lookup(spans: &mut Spans, setup: Place, host: &str, dns: &Dns) -> Place {
    let answers = dns.addresses.iter().map(ToString::to_string);
    let attributes = Attributes::default()
        .text("dns.question.name", host)
        .list("dns.answers", answers)
        .text("urltrace.dns.lane", dns.lane.as_str());
    let place =
        spans.add(Some(setup), format!("DNS lookup {host}"), INTERNAL, (dns.start, dns.end), attributes);
    for packet in dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)) {
        let name = format!("DNS query {} {} @{}", packet.qname, packet.qtype.mnemonic(), packet.server.ip());
        let attributes = Attributes::default()
            .text("dns.question.name", packet.qname.as_str())
            .text("network.peer.address", packet.server.ip().to_string())
            .number("network.peer.port", packet.server.port().into())
            .maybe("server.address", packet.server_name.as_deref())
            .text("urltrace.dns.zone", packet.zone.as_str());
        let end = packet.received.unwrap_or(packet.end);
        spans.add(Some(place), name, INTERNAL, (packet.sent, end), attributes);
    }
    place
}

fn socket(spans: &mut Spans, setup: Place, attempt: &Attempt) {
    let address = attempt.address;
    let attributes = Attributes::default()
        .text("network.peer.address", address.ip().to_string())
        .number("network.peer.port", address.port().into())
        .text("network.type", if address.is_ipv4() { "ipv4" } else { "ipv6" })
        .text("network.transport", if attempt.transport == Carrier::Tcp { "tcp" } else { "quic" });
    let time: (At, At) = (attempt.start, attempt.end);
    let place = spans.add(Some(setup), format!("socket connect {address}"), INTERNAL, time, attributes);
    let kind = match &attempt.outcome {
        // One that was given up for another has not failed.
        AttemptOutcome::Won | AttemptOutcome::Lost => return,
        AttemptOutcome::Refused => "connection_refused",
        AttemptOutcome::TimedOut => "timed_out",
        AttemptOutcome::Unreachable(_) => "host_unreachable",
        AttemptOutcome::Failed(_) => "connect_failed",
        AttemptOutcome::Stopped => "stopped",
    };
    spans.fail(place, kind, attempt.outcome.as_str());
}

fn handshake(spans: &mut Spans, setup: Place, host: &str, (tls, is_done): (&Tls, bool)) -> Place {
    let leaf = tls.chain.first();
    let attributes = Attributes::default()
        .text("server.address", host)
        .maybe("tls.protocol.name", tls.version.map(|_| "tls"))
        .maybe("tls.protocol.version", tls.version.map(|version| version.spoken().trim_start_matches("TLS ")))
        .maybe("tls.cipher", tls.cipher_suite.as_deref())
        .maybe("tls.curve", tls.group.as_deref())
        .maybe("tls.next_protocol", tls.alpn.as_deref())
        .truth("tls.established", is_done)
        .maybe("tls.server.subject", leaf.map(|leaf| leaf.subject.as_str()))
        .maybe("tls.server.issuer", leaf.map(|leaf| leaf.issuer.as_str()))
        .maybe("tls.server.hash.sha256", leaf.map(|leaf| leaf.sha256.as_str()));
    spans.add(Some(setup), format!("TLS client handshake {host}"), INTERNAL, (tls.start, tls.end), attributes)
}

//! A trace of a peer that sends terminal escapes wherever it can.

use super::super::*;
use super::dnssec::dnssec;
use super::exchange::field;
use super::hop::{good_hop, trace};

/// Terminal escapes, bidirectional controls and line breaks wherever a peer can put bytes.
pub(crate) fn hostile() -> Trace {
    let evil = "\u{1b}[31mred\u{202e}txt.exe\n\u{9b}2J\u{7f}\u{2066}";
    let mut hop = good_hop("https", "www.example.test", "/", true);
    let dns = hop.dns.ran_mut().unwrap();
    dns.notes.push(evil.into());
    dns.answers[0].data = evil.into();
    dns.answers[0].name = evil.into();
    dns.stub.as_mut().unwrap().error = Some(evil.into());
    let mut dnssec = dnssec(DnssecVerdict::Bogus);
    dnssec.why = Some(evil.into());
    (dnssec.chain[1].zone, dnssec.chain[1].why) = (evil.into(), Some(evil.into()));
    let signature = &mut dnssec.chain[1].signatures[0];
    (signature.owner, signature.signer, signature.fault) = (evil.into(), evil.into(), Some(evil.into()));
    dns.dnssec = Some(dnssec);
    let packet = &mut dns.packets[4];
    packet.server_name = Some(evil.into());
    let reply = packet.reply.as_mut().unwrap();
    reply.nsid = Some(b"\x1b]0;owned\x07\xff".to_vec());
    reply.extended_errors = vec![(22, evil.into()), (4_711, String::new())];
    packet.meaning = Meaning::Malformed { reason: evil.into() };
    let connect = hop.connect.ran_mut().unwrap();
    connect.attempts[0].outcome = AttemptOutcome::Failed(evil.into());
    connect.redirected_from = Some(evil.into());
    let tls = hop.tls.ran_mut().unwrap();
    for certificate in &mut tls.chain {
        certificate.subject = evil.into();
        certificate.issuer = evil.into();
        certificate.names = vec![evil.into(); 3];
        certificate.issuer_urls = vec![evil.into()];
    }
    tls.alpn = Some(evil.into());
    let http = hop.http.ran_mut().unwrap();
    http.reason = Some(evil.into());
    http.headers.push(field("x-evil", evil.as_bytes()));
    http.headers.push(field(evil, b"\xff\xfe\x80 raw"));
    http.headers.push(field("x-long", "long ".repeat(60).as_bytes()));
    http.headers.push(field("x-unbroken", "a".repeat(400).as_bytes()));
    http.headers.push(field("x-wide", "漢字".repeat(50).as_bytes()));
    http.headers.push(field("content-type", evil.as_bytes()));
    http.trailers.push(field("x-trailer", evil.as_bytes()));
    http.informational[0].headers.push(field("link", evil.as_bytes()));
    http.body.encoding = Some(evil.into());
    http.body.decode_error = Some(evil.into());
    trace(&format!("https://www.example.test/{evil}"), 302_820, vec![hop])
}

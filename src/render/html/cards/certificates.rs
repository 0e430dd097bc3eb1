//! The card of the handshake: what was agreed on, its flights, and the chain of certificates as it was sent.

use super::table;
use crate::render::html::markup::Page;
use crate::render::text::evidence;
use crate::render::words;
use crate::trace::{Certificate, Direction, Tls};
use crate::units;

/// Names of one certificate that are shown.
const NAMES: usize = 24;

pub(super) fn put(page: &mut Page, tls: &Tls) {
    page.element("<p>", &evidence::tls(tls), "</p>\n");
    if !tls.flights.is_empty() {
        let rows = tls.flights.iter().map(|flight| {
            [
                units::duration(flight.start.since(tls.start)),
                if flight.direction == Direction::Sent { "sent" } else { "received" }.to_owned(),
                if flight.messages.is_empty() { "data".to_owned() } else { flight.names().join(", ") },
                units::bytes(flight.bytes as u64),
                units::duration(flight.cpu),
            ]
        });
        table::columns(page, "Flights", ["at", "", "messages", "bytes", "CPU"], rows);
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let staple = match &tls.staple {
        Some(staple) => format!("{}; {}", units::bytes(tls.ocsp_bytes as u64), words::staple(staple)),
        None => "none".to_owned(),
    };
    table::facts(
        page,
        &[
            ("server name (SNI)", tls.sni.clone().unwrap_or_else(|| "none".to_owned())),
            ("protocol (ALPN)", text(&tls.alpn)),
            ("cipher suite", text(&tls.cipher_suite)),
            ("key exchange", text(&tls.group)),
            ("signed by", text(&tls.signature_scheme)),
            ("OCSP staple", staple),
            ("client certificate", client(tls)),
            ("accepted authorities", tls.client_certificate.acceptable_cas.join("; ")),
        ],
    );
    if let Some(resumption) = &tls.resumption {
        page.element("<p><b>Resumption</b>: ", &words::resumption(resumption), ".</p>\n");
    }
    if tls.chain.is_empty() {
        return;
    }
    page.raw("<h4>Certificates, as sent</h4>\n<ol class=\"certificates\">\n");
    for (index, certificate) in tls.chain.iter().enumerate() {
        put_certificate(page, index, certificate);
    }
    page.raw("</ol>\n");
    if let Some(verification) = &tls.verification {
        let against = format!("for {} against {}", tls.verified_name, verification.roots);
        page.element("<p><b>Checked</b> ", &against, ": ");
        if verification.faults.is_empty() {
            page.raw("no fault.</p>\n");
        } else {
            page.text(&units::count(verification.faults.len(), "fault")).raw(".</p>\n<ul>\n");
            for fault in &verification.faults {
                let (code, sentence) = words::fault(fault);
                page.element("<li class=\"bad\">", &sentence, " <code>").raw(code).raw("</code></li>\n");
            }
            page.raw("</ul>\n");
        }
    }
}

fn client(tls: &Tls) -> String {
    let client = &tls.client_certificate;
    match (client.requested, &client.subject) {
        (false, _) => "not asked for".to_owned(),
        (true, Some(subject)) if client.sent => format!("asked for, {subject} sent"),
        (true, _) => "asked for, none sent".to_owned(),
    }
}

fn put_certificate(page: &mut Page, index: usize, certificate: &Certificate) {
    page.raw("<li><details").raw(if index == 0 { " open" } else { "" }).raw("><summary><bdi>");
    page.text(&table::shortened(&certificate.subject)).raw("</bdi></summary>\n");
    let left = match certificate.never_expires() {
        true => "without expiry".to_owned(),
        false if certificate.days_left < 0 => format!("over for {} days", -certificate.days_left),
        false => format!("{} days left", certificate.days_left),
    };
    let validity =
        format!("{} to {} ({left})", words::date(certificate.not_before), words::date(certificate.not_after));
    let bits = certificate.key_bits.map_or_else(String::new, |bits| format!(", {bits} bits"));
    let named: Vec<&str> = certificate.names.iter().take(NAMES).map(String::as_str).collect();
    let more = certificate.names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    table::facts(
        page,
        &[
            ("issued by", certificate.issuer.clone()),
            ("for", named.join(", ") + &more),
            ("valid", validity),
            ("key", format!("{}{bits}", certificate.key_type)),
            ("signature", certificate.signature_algorithm.clone()),
            ("a CA's", if certificate.is_ca { "yes" } else { "no" }.to_owned()),
            ("SCTs", certificate.scts.len().to_string()),
            ("serial number", certificate.serial.clone()),
            ("SHA-256", certificate.sha256.clone()),
            ("SHA-256 of the key", certificate.spki_sha256.clone()),
            ("issuer's certificate at", certificate.issuer_urls.join(" ")),
        ],
    );
    page.raw("</details></li>\n");
}

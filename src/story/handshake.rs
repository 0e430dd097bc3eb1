//! The TLS handshake, flight by flight, and why it takes so many round trips.

use super::teller::{Teller, clip, list};
use crate::trace::{Direction, Flight, HandshakeMessage, Hop, Stage, Tls, TlsVersion};
use crate::units;

const FLIGHTS: &[&str] = &["RFC 8446 section 4", "RFC 6066 section 3", "RFC 7301"];
const TRIPS: &[&str] = &["RFC 8446 section 2", "RFC 5246 section 7.3", "RFC 7748"];

/// The handshake of a request, or why there is none.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>) {
    match hop.tls {
        Stage::Ran(tls) => {
            flights(teller, tls);
            round_trips(teller, tls);
        }
        // Told with the connection.
        Stage::Skipped(_) if hop.reused.is_some() || hop.is_kept() => {}
        Stage::Skipped(reason) => {
            let told = format!(
                "There was no TLS handshake: {reason}. 0 bytes of this exchange are encrypted: everybody on the \
                 way can read and change them, and nothing proves who answers."
            );
            teller.tell(
                "No encryption",
                &[told],
                &["RFC 9110 section 4.2.1", "RFC 7258"],
                "urltrace --lab https://www.example.test/",
            );
        }
        Stage::NotReached => {}
    }
}

fn flights(teller: &mut Teller, tls: &Tls) {
    let mut told = vec![
        teller
            .once(
                "TLS (Transport Layer Security) makes a private channel out of the open connection: both ends \
                 agree on a secret that nobody on the way can compute, and the server proves who it is. Messages \
                 sent in one go are called a flight.",
            )
            .to_owned(),
    ];
    if tls.flights.is_empty() {
        told.push("In this run 0 flights were seen.".to_owned());
    }
    let known = tls.flights.iter().take(6);
    told.extend(known.enumerate().map(|(index, flight)| one(teller, tls, index, flight)));
    if tls.flights.len() > 6 {
        told.push(format!("{} more flights followed.", tls.flights.len() - 6));
    }
    if tls.client_certificate.requested {
        let answer = match (&tls.client_certificate.subject, tls.client_certificate.sent) {
            (Some(subject), true) => format!("that of {} was sent, with a proof by its key", clip(subject)),
            _ => "none was sent".to_owned(),
        };
        told.push(format!("The server asked for a certificate of the client's, too: {answer}."));
    }
    if let Some(alert) = &tls.alert {
        let who = match alert.direction {
            Direction::Sent => "This end",
            Direction::Received => "The server",
        };
        told.push(format!(
            "{who} ended it with the alert {} (an alert is TLS's error message).",
            clip(&alert.description)
        ));
    }
    teller.tell("The TLS handshake", &told, FLIGHTS, "urltrace --lab https://slow-tls.tls.test/");
}

fn one(teller: &mut Teller, tls: &Tls, index: usize, flight: &Flight) -> String {
    let who = match flight.direction {
        Direction::Sent => "client to server",
        Direction::Received => "server to client",
    };
    let names = flight.names();
    let names = if names.is_empty() { "data that cannot be read from here".to_owned() } else { list(&names) };
    let mut words = format!(
        "Flight {}, {who}, {} into the handshake, {}: {names}.",
        index + 1,
        units::duration(flight.start.since(tls.start)),
        units::bytes(flight.bytes as u64)
    );
    for message in &flight.messages {
        let meaning = explained(*message);
        let told = if meaning.is_empty() { "" } else { teller.once(meaning) };
        if !told.is_empty() {
            words.push_str(&format!(" {told}"));
        }
        if *message == HandshakeMessage::ClientHello && !told.is_empty() {
            words.push_str(&hello(tls));
        }
    }
    words
}

/// What the ClientHello of this run said.
fn hello(tls: &Tls) -> String {
    let sni = tls.sni.as_ref().map_or_else(
        || " Here no name was in it, as the host is an address.".to_owned(),
        |name| format!(" Here that name (SNI, server name indication) was {}.", clip(name)),
    );
    let offer = tls.offer.as_ref().map_or_else(String::new, |offer| {
        let shares: Vec<String> =
            offer.key_shares.iter().map(|(group, bytes)| format!("{group} ({bytes} bytes)")).collect();
        let shares =
            if shares.is_empty() { String::new() } else { format!(", with halves for {}", list(&shares)) };
        let alpn = if offer.alpn.is_empty() {
            String::new()
        } else {
            format!(", and the protocols {} (ALPN) for inside", list(&offer.alpn))
        };
        format!(" It offered {}{shares}{alpn}.", list(&offer.versions))
    });
    format!("{sni}{offer}")
}

const fn explained(message: HandshakeMessage) -> &'static str {
    use HandshakeMessage as M;
    match message {
        M::ClientHello => {
            "The ClientHello says what the client can do, and in the clear the name of the host it wants."
        }
        M::ServerHello => "The ServerHello has the server's choice.",
        M::HelloRetryRequest => {
            "A HelloRetryRequest asks for another half of the secret than the client had sent: it costs one round \
             trip more."
        }
        M::EncryptedExtensions => "From EncryptedExtensions on all is encrypted.",
        M::Certificate | M::CompressedCertificate => "The Certificate names the server and its public key.",
        M::CertificateVerify => {
            "CertificateVerify is a signature over all said so far: only who holds the private key to that \
             certificate can make it."
        }
        M::ServerKeyExchange => "ServerKeyExchange has the server's half of the secret, signed by it.",
        M::ClientKeyExchange => "ClientKeyExchange has the client's half.",
        M::Finished => {
            "Finished is a checksum over the whole talk, so that nobody can have changed a word of it."
        }
        M::ChangeCipherSpec => {
            "ChangeCipherSpec once meant that encryption begins; TLS 1.3 sends it for old middle boxes only."
        }
        M::NewSessionTicket => "A NewSessionTicket lets the client come back with a shorter handshake.",
        _ => "",
    }
}

fn round_trips(teller: &mut Teller, tls: &Tls) {
    let took = units::duration(tls.end.since(tls.start));
    let trips = units::count(tls.round_trips as usize, "round trip");
    let cpu: u64 = tls.flights.iter().map(|flight| flight.cpu.as_micros() as u64).sum();
    let mut told = vec![format!(
        "The handshake took {took} and waited for the server {}; {} of it was this machine's own computing.",
        match tls.round_trips {
            0 => "in vain".to_owned(),
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            many => format!("{many} times"),
        },
        units::micros(cpu)
    )];
    match tls.version {
        Some(TlsVersion::Tls13) => told.push(format!(
            "{} needs {trips} here. The client sends its half of the secret with its very first message, on a \
             guess which method the server takes{}.",
            TlsVersion::Tls13.spoken(),
            if tls.hello_retry { "; the guess was wrong this time, hence one more" } else { "; the guess was right" }
        )),
        Some(TlsVersion::Tls12) => told.push(format!(
            "{} needs {trips}: the client first hears which method the server takes and only then sends its half \
             of the secret. TLS 1.3 does with one.",
            TlsVersion::Tls12.spoken()
        )),
        None => told.push("No version had been agreed on when it ended.".to_owned()),
    }
    if let Some(group) = &tls.group {
        told.push(format!(
            "The secret was agreed on by {} (Diffie-Hellman's idea: both send a half, and whoever hears both halves \
             still cannot compute the whole).",
            clip(group)
        ));
    }
    if let Some(suite) = &tls.cipher_suite {
        told.push(format!("To encrypt the data itself they agreed on {}.", clip(suite)));
    }
    let command = match tls.version {
        Some(TlsVersion::Tls12) => "urltrace --lab https://www.example.test/",
        _ => "urltrace --lab https://tls12-only.tls.test/",
    };
    teller.tell("Why so many round trips", &told, TRIPS, command);
}

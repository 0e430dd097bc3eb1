//! Servers that speak TLS as they should, and behind the handshake never come to an end: a failure by name, in bounded
//! time and memory.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use rustls::crypto::cipher::{MessageEncrypter, OutboundPlainMessage};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};
use serde_json::Value;

use crate::floods::{LIMIT, watch};
use crate::tls_server::{config, serve};

/// Tickets of a server that gives more than anybody can use, and of one that means no good.
const TICKETS: usize = 200;
const A_FLOOD: usize = 20_000;

/// How a run against such a server fails, and in which stage; in bounded time and memory.
fn told(what: &str, port: u16, options: &[&str], stage: &str) -> Value {
    let url = format!("https://127.0.0.1:{port}/");
    let (took, said) = watch(what, &[&["-k", "--format", "json", &url], options].concat());
    // What breaks a rule of TLS need not be waited for.
    assert!(took < LIMIT + Duration::from_secs(1), "{what}: {took:?}");
    let document: Value = serde_json::from_str(&said).unwrap();
    let failure = document["failure"].clone();
    assert_eq!(failure["stage"], stage, "{what}: {failure}");
    assert!(!document["hops"][0]["tls"]["flights"].as_array().unwrap().is_empty(), "{what}");
    failure
}

/// Waits until the client has gone.
fn stay(mut connection: ServerConnection, mut tcp: TcpStream) {
    while connection.read_tls(&mut tcp).is_ok_and(|count| count > 0) {
        if connection.process_new_packets().is_err() {
            return;
        }
    }
}

/// Sends what rustls has ready.
fn send(connection: &mut ServerConnection, tcp: &mut TcpStream) -> std::io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(tcp)?;
    }
    Ok(())
}

#[test]
fn key_updates_without_end_break_the_protocol() {
    let port = serve(config(), |mut connection, mut tcp| {
        while connection.refresh_traffic_keys().is_ok() && send(&mut connection, &mut tcp).is_ok() {}
    });
    let failure = told("KeyUpdate", port, &[], "tls");
    let message = failure["message"].as_str().unwrap();
    assert_eq!(failure["code"], "tls-protocol", "{failure}");
    assert!(message.contains("broken TLS from the server"), "{failure}");
}

#[test]
fn tickets_by_the_thousand_are_no_burden() {
    // The TLS library takes no flood, which ends the connection.
    for (tickets, options, stage, code) in [
        (TICKETS, &[][..], "http", "max-time"),
        (TICKETS, &["--resume"], "http", "max-time"),
        (A_FLOOD, &[], "tls", "tls-flood"),
        (A_FLOOD, &["--http1.1"], "tls", "tls-flood"),
    ] {
        let mut config = config();
        config.send_tls13_tickets = tickets;
        let failure = told("tickets", serve(config, stay), options, stage);
        assert_eq!(failure["code"], code, "{tickets} {options:?}: {failure}");
    }
}

#[test]
fn records_of_a_byte_each_end_at_max_time() {
    let port = serve(config(), |mut connection, mut tcp| {
        let _ = connection.writer().write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while send(&mut connection, &mut tcp).is_ok() {
            let _ = connection.writer().write_all(b"x");
        }
    });
    assert_eq!(told("records of a byte", port, &[], "http")["code"], "max-time");
}

/// What encrypts the next records of a server, and the number of the first; with AES-256-GCM.
fn encrypter(connection: ServerConnection) -> (Box<dyn MessageEncrypter>, u64) {
    let Some(SupportedCipherSuite::Tls13(suite)) = connection.negotiated_cipher_suite() else {
        panic!("another version")
    };
    let (number, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
    let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else { panic!("another suite") };
    (suite.aead_alg.encrypter(key, iv), number)
}

#[test]
fn records_of_nothing_end_in_time() {
    let mut config = config();
    config.enable_secret_extraction = true;
    let port = serve(config, |connection, mut tcp| {
        let (mut encrypter, first) = encrypter(connection);
        for number in first.. {
            let message = OutboundPlainMessage {
                typ: ContentType::ApplicationData,
                version: ProtocolVersion::TLSv1_2,
                payload: (&[][..]).into(),
            };
            let record = encrypter.encrypt(message, number).unwrap().encode();
            if tcp.write_all(&record).is_err() {
                return;
            }
        }
    });
    let failure = told("records of nothing", port, &[], "tls");
    assert_eq!(failure["code"], "tls-protocol", "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("broken TLS from the server"), "{failure}");
}

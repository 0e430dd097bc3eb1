//! The server sends certificates that nobody needs, or more than fits its first packets.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{CertificateField, InConnection, Place};
use super::rule::{Check, Rule};
use crate::trace::{Certificate, Direction, HandshakeMessage, Hop, StageName, TcpInfo, Tls, Trace};
use crate::units;

pub(super) const RULE: Rule = Rule {
    id: "tls-chain-bloated",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "the server's flight with its certificates is larger than what TCP sends at first (10 segments); info: it fits, and a root, a double or an unrelated certificate is in it",
    standard: "RFC 8446 section 4.4.2",
    check: Check::Trace(check),
};

/// What a sender may send before the first acknowledgement, in segments (RFC 6928 §2).
const INITIAL_WINDOW: u64 = 10;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, &hop)).collect()
}

fn of_hop(rule: &Rule, hop: &Hop<'_>) -> Option<Finding> {
    let (tls, id) = (hop.tls.ran()?, hop.request.connection.ran()?);
    let needless: Vec<(usize, &Certificate, &str)> = needless(&tls.chain);
    // Behind a proxy the kernel knows the way to the proxy alone.
    let info = hop.connect.ran().filter(|_| hop.proxy.is_none()).and_then(|connect| connect.tcp_info);
    let (bytes, last) = flight(tls)?;
    let window = info.map_or(14_600, |info| INITIAL_WINDOW * u64::from(info.mss));
    let over = bytes > window && hop.proxy.is_none();
    if needless.is_empty() && !over {
        return None;
    }
    let (title, advice) = match needless.as_slice() {
        [] => (
            format!(
                "the server's certificates come in {}, more than the {} that TCP sends at first",
                units::bytes(bytes),
                units::bytes(window)
            ),
            "ECDSA certificates and a short chain are smaller",
        ),
        [(_, certificate, why)] => (
            format!("the server sends a certificate that nobody needs: {} ({why})", certificate.subject),
            LEAVE,
        ),
        [(_, certificate, why), rest @ ..] => (
            format!(
                "the server sends certificates that nobody needs: {} ({why}) and {} more",
                certificate.subject,
                rest.len()
            ),
            LEAVE,
        ),
    };
    let certificates = needless.iter().map(|(index, ..)| {
        Place::Connection(id, InConnection::Certificate(*index, CertificateField::Subject))
    });
    let evidence = certificates.chain([Place::Connection(id, InConnection::FlightBytes(last))]).collect();
    let mut finding = rule.finding(title, evidence, advice);
    if over {
        finding.saving = info.and_then(|info| a_round_trip(tls, info));
    } else {
        finding.severity = Severity::Info;
        format!("it fits the first packets ({}), so that no time is lost", units::bytes(bytes))
            .clone_into(&mut finding.detail);
    }
    Some(finding)
}

const LEAVE: &str = "send the server's own certificate and the intermediates, each once, and no root";

/// Whatever does not fit waits for an acknowledgement.
fn a_round_trip(tls: &Tls, info: TcpInfo) -> Option<Saving> {
    let trip = info.min_rtt.unwrap_or(info.rtt).min(tls.end.since(tls.start));
    Saving::derived(trip, "on every full handshake, if all of it fits the first packets then", Load::This)
}

/// Certificates that lead from no other of the chain to its issuer, each with the reason. A root is one: whoever
/// trusts it has it (RFC 8446 §4.4.2).
pub(super) fn needless(chain: &[Certificate]) -> Vec<(usize, &Certificate, &'static str)> {
    let mut needless = Vec::new();
    for (index, certificate) in chain.iter().enumerate().skip(1) {
        let issues = |other: &Certificate| other.issuer == certificate.subject && !other.self_issued;
        let why = if chain[..index].iter().any(|other| other.sha256 == certificate.sha256) {
            "it is there twice"
        } else if certificate.self_issued {
            "a root"
        } else if !chain.iter().any(issues) {
            "it has issued none of the others"
        } else {
            continue;
        };
        needless.push((index, certificate, why));
    }
    needless
}

/// The bytes that the server sent up to the end of its certificates, and the flight with them.
fn flight(tls: &Tls) -> Option<(u64, usize)> {
    use HandshakeMessage::{Certificate, CompressedCertificate};
    let has = |message: &HandshakeMessage| matches!(message, Certificate | CompressedCertificate);
    let of_server = |flight: &crate::trace::Flight| flight.direction == Direction::Received;
    let at = tls.flights.iter().position(|flight| of_server(flight) && flight.messages.iter().any(has))?;
    let before = tls.flights[..at].iter().rposition(|flight| !of_server(flight)).map_or(0, |sent| sent + 1);
    let bytes: usize = tls.flights[before..=at].iter().map(|flight| flight.bytes).sum();
    Some((bytes as u64, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn with_certificates() -> Trace {
        let mut trace = sample::sound();
        let tls = sample::tls(&mut trace);
        tls.flights[1].messages = vec![HandshakeMessage::ServerHello, HandshakeMessage::Certificate];
        let mut issuer = tls.chain[0].clone();
        (issuer.subject, issuer.issuer) = ("CN=Test CA".into(), "CN=Test Root".into());
        issuer.sha256 = "01".repeat(32);
        tls.chain.push(issuer);
        sample::connect(&mut trace).tcp_info.as_mut().unwrap().mss = 1_460;
        trace
    }

    #[test]
    fn fires_on_roots_doubles_and_strangers_as_a_hint() {
        let trace = with_certificates();
        assert!(sample::of(&RULE, &trace).is_empty(), "leaf and issuer");
        let more = |bend: &dyn Fn(&mut Certificate)| {
            let mut trace = trace.clone();
            let mut extra = sample::tls(&mut trace).chain[1].clone();
            bend(&mut extra);
            sample::tls(&mut trace).chain.push(extra);
            sample::of(&RULE, &trace)
        };
        let root = |extra: &mut Certificate| {
            (extra.subject, extra.issuer) = ("CN=Test Root".into(), "CN=Test Root".into());
            (extra.self_issued, extra.sha256) = (true, "02".repeat(32));
        };
        let cross = |extra: &mut Certificate| {
            (extra.subject, extra.issuer) = ("CN=Test Root".into(), "CN=Old Root".into());
            extra.sha256 = "02".repeat(32);
        };
        let stranger = |extra: &mut Certificate| {
            (extra.subject, extra.sha256) = ("CN=Other CA".into(), "03".repeat(32));
        };
        assert!(more(&root)[0].title.ends_with("CN=Test Root (a root)"));
        assert!(more(&|_| ())[0].title.ends_with("(it is there twice)"));
        assert!(more(&stranger)[0].title.ends_with("(it has issued none of the others)"));
        assert!(more(&cross).is_empty(), "a root signed by an older one leads further");
        assert_eq!((more(&root)[0].severity, more(&root)[0].saving.clone()), (Severity::Info, None));
    }

    #[test]
    fn a_flight_beyond_the_first_window_costs_a_round_trip() {
        let mut trace = with_certificates();
        sample::tls(&mut trace).flights[1].bytes = 14_600;
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::tls(&mut trace).flights[1].bytes = 14_601;
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!((finding.severity, finding.saving.unwrap().amount.as_millis()), (Severity::Notice, 10));
        sample::connect(&mut trace).tcp_info.as_mut().unwrap().mss = 8_960;
        assert!(sample::of(&RULE, &trace).is_empty(), "jumbo frames carry more");
    }
}

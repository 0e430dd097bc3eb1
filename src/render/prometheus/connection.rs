//! Addresses, TLS and certificates of the last request's connection as metrics. A certificate is told of also where
//! it was not trusted: that is when it matters.

use super::exposition::{Family, Kind, Label, Value};
use super::single::{info, single, unix_seconds};
use crate::trace::{
    AddressCheck, AddressOutcome, Attempt, AttemptOutcome, Certificate, CertificateFault, Connect, Hop, Tls,
    Trace,
};

/// Addresses that are told at most.
const MOST: usize = 64;

/// What is told of the connection of the last request.
pub(super) fn families(trace: &Trace) -> Vec<Family> {
    let Some(hop) = trace.hops().next_back() else { return Vec::new() };
    let mut all = addresses(&hop);
    if let Some(tls) = hop.connection.and_then(|connection| connection.tls.as_ref().ran()) {
        all.extend(handshake(tls));
        all.extend(certificates(&tls.chain));
    }
    all
}

/// An address: its place, whether it answers, and how long that took.
struct Address {
    is_ipv4: bool,
    is_up: Option<bool>,
    took: Option<u64>,
}

impl Address {
    fn tried(attempt: &Attempt) -> Self {
        let is_up = match attempt.outcome {
            AttemptOutcome::Won => Some(true),
            AttemptOutcome::Refused
            | AttemptOutcome::TimedOut
            | AttemptOutcome::Unreachable(_)
            | AttemptOutcome::Failed(_) => Some(false),
            // It had no time to show it.
            AttemptOutcome::Lost | AttemptOutcome::Stopped => None,
        };
        let took = attempt.end.0.saturating_sub(attempt.start.0);
        Self { is_ipv4: attempt.address.is_ipv4(), is_up, took: (is_up == Some(true)).then_some(took) }
    }

    fn checked(check: &AddressCheck) -> Self {
        let is_up = match check.outcome {
            AddressOutcome::Stopped | AddressOutcome::Untried => None,
            _ => Some(check.serves()),
        };
        let took = check.connect.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        Self { is_ipv4: check.address.is_ipv4(), is_up, took }
    }
}

/// Every address that was tried: behind a proxy nobody here knows them.
fn addresses(hop: &Hop<'_>) -> Vec<Family> {
    let direct = hop.connection.is_some_and(|connection| connection.proxy.is_none());
    let Some(dialled) = hop.dialled().filter(|_| direct) else { return Vec::new() };
    let all: Vec<Address> = match dialled {
        Connect { addresses: Some(checks), .. } => checks.iter().map(Address::checked).collect(),
        // A reused connection was opened for another request, and no socket of this machine has a family.
        Connect { unix_socket: None, attempts, .. } => attempts.iter().map(Address::tried).collect(),
        Connect { .. } => Vec::new(),
    };
    let mut up = Family::new(
        "urltrace_address_up",
        Kind::Gauge,
        "Whether an address of the last host answers: 1 or 0. None for one that was given up for another.",
    );
    let mut took = Family::new(
        "urltrace_address_connect_seconds",
        Kind::Gauge,
        "How long it took to connect to an address of the last host.",
    );
    for (index, address) in all.iter().enumerate().take(MOST) {
        let family = if address.is_ipv4 { "ipv4" } else { "ipv6" };
        let labels: Vec<Label> = vec![("family", family.to_owned()), ("index", index.to_string())];
        if let Some(is_up) = address.is_up {
            up.add(labels.clone(), Value::count(u8::from(is_up)));
        }
        if let Some(us) = address.took {
            took.add(labels, Value::Micros(us));
        }
    }
    vec![up, took]
}

fn handshake(tls: &Tls) -> Vec<Family> {
    let trusted = tls.verification.as_ref().and_then(|verification| is_trusted(&verification.faults));
    let version = tls.version.map(|version| {
        let suite = tls.cipher_suite.clone().unwrap_or_default();
        let group = tls.group.clone().unwrap_or_default();
        vec![("version", version.spoken().to_owned()), ("cipher_suite", suite), ("group", group)]
    });
    vec![
        single(
            "urltrace_tls_verified",
            "Whether the certificate of the last host can be trusted: 1 or 0, with -k too. None where it cannot be checked.",
            trusted.map(|trusted| Value::count(u8::from(trusted))),
        ),
        info("urltrace_tls_info", "What was agreed on with the last host.", version),
    ]
}

/// Whether nothing is wrong with it; `None` where nothing is known against it and not all could be checked.
fn is_trusted(faults: &[CertificateFault]) -> Option<bool> {
    let known = faults.iter().filter(|fault| !matches!(fault, CertificateFault::Unchecked { .. }));
    match (known.count(), faults.len()) {
        (0, 0) => Some(true),
        (0, _) => None,
        _ => Some(false),
    }
}

fn certificates(chain: &[Certificate]) -> Vec<Family> {
    let leaf = chain.first();
    let earliest = chain.iter().map(|certificate| certificate.not_after).min();
    let end = |at| Value::Whole(unix_seconds(at));
    vec![
        single(
            "urltrace_tls_leaf_not_after_timestamp_seconds",
            "When the certificate of the last host ends, in Unix time.",
            leaf.map(|leaf| end(leaf.not_after)),
        ),
        single(
            "urltrace_tls_leaf_not_before_timestamp_seconds",
            "When the certificate of the last host begins, in Unix time.",
            leaf.map(|leaf| end(leaf.not_before)),
        ),
        single(
            "urltrace_tls_chain_earliest_not_after_timestamp_seconds",
            "When the first of all certificates that the last host showed ends, in Unix time.",
            earliest.map(end),
        ),
        info("urltrace_tls_leaf_info", "The certificate of the last host.", leaf.map(named)),
    ]
}

fn named(leaf: &Certificate) -> Vec<Label> {
    vec![
        ("subject", leaf.subject.clone()),
        ("issuer", leaf.issuer.clone()),
        ("serial", leaf.serial.clone()),
        ("fingerprint_sha256", leaf.sha256.clone()),
    ]
}

//! The endpoints of an origin in the order in which they are tried (RFC 9460 §3), and what is on record of those
//! that failed.
//!
//! Nothing is connected here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::fault::Fault;
use crate::plan::Reach;
use crate::tcp::{Endpoint, FALLBACK_PATIENCE, Turn};
use crate::trace::{
    AddressKind, Attempt, AttemptOutcome, Connect, EndpointSource, Failure, FailureCode, ServiceBinding,
    ServiceEndpoint, ServiceRecord, StageName,
};
use crate::units;

/// Where the URL says.
pub(super) fn own(addresses: Vec<IpAddr>, port: u16) -> Vec<Endpoint> {
    vec![Endpoint { addresses, port, source: EndpointSource::Host, turn: Turn::Next }]
}

/// What the HTTPS records say, and what DNS has found where they say nothing. `port` is that of the URL.
pub(super) fn of(service: Option<&ServiceBinding>, addresses: Vec<IpAddr>, port: u16) -> Vec<Endpoint> {
    let Some(service) = service.filter(|service| !service.endpoints.is_empty()) else {
        return own(addresses, port);
    };
    let of_service = |endpoint: &ServiceEndpoint| Endpoint {
        addresses: endpoint.addresses.clone(),
        port: endpoint.port.unwrap_or(port),
        source: endpoint.source,
        turn: if endpoint.source == EndpointSource::Host { Turn::Fallback } else { Turn::Next },
    };
    service.endpoints.iter().map(of_service).collect()
}

/// Those that may be connected to; none left is a failure. `all` is the reach of the whole run.
pub(super) fn within_reach(
    mut endpoints: Vec<Endpoint>,
    (reach, all): (Reach, Reach),
    host: &str,
) -> Result<Vec<Endpoint>, Failure> {
    if reach == Reach::Any {
        return Ok(endpoints);
    }
    let refused =
        endpoints.iter().flat_map(|endpoint| &endpoint.addresses).find(|one| !is_public(**one)).copied();
    endpoints.iter_mut().for_each(|endpoint| endpoint.addresses.retain(|address| is_public(*address)));
    endpoints.retain(|endpoint| !endpoint.addresses.is_empty());
    match refused {
        Some(address) if endpoints.is_empty() => {
            let why = match all {
                Reach::Any => ", and the page is of a public address",
                Reach::Public => "",
            };
            let hint = match all {
                Reach::Any => "--allow-private lets a page lead there",
                Reach::Public => "this server was started with --deny-private",
            };
            let message = format!("{host} is at {address}, which is not public{why}");
            let fault = Fault::new(StageName::Tcp, FailureCode::AddressNotPublic, message);
            Err(fault.hint(hint).after(Duration::ZERO))
        }
        _ => Ok(endpoints),
    }
}

/// Whether an address means the same host everywhere. One that stands for an IPv4 address is as public as that.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => embedded(v6).map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

/// The IPv4 address that an IPv6 address stands for: behind NAT64 (RFC 6052), 6to4 (RFC 3056) and a translator
/// (RFC 7915), and in the old form of RFC 4291 §2.5.5.1, which has `::` and `::1` among it.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, second, third, fourth, fifth, .., a, b, c, d] = address.octets();
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0 | 0xffff, 0, ..] => Some([a, b, c, d].into()),
        [0x2002, ..] => Some([second, third, fourth, fifth].into()),
        _ => None,
    }
}

/// Besides what has a kind: 192.0.0.0/24 and 240.0.0.0/4 are nobody's, and 198.18.0.0/15 is a laboratory's (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = matches!(address.octets(), [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..]);
    !is_special && AddressKind::of(address.into()).is_none()
}

/// Besides what has a kind: NAT64 of one's own (RFC 8215) leads to any network, fec0::/10 once was site-local
/// (RFC 3879), and 100::/64 discards (RFC 6666).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_special =
        matches!(address.segments(), [0x64, 0xff9b, 1, ..] | [0xfec0..=0xfeff, ..] | [0x100, 0, 0, 0, ..]);
    !is_special && AddressKind::of(address.into()).is_none()
}

/// Whether another endpoint may do better: it was no fault of a certificate, which is the origin's own matter
/// wherever it is met, and nothing that ended the trace.
pub(super) fn may_be_replaced(failure: &Failure) -> bool {
    matches!(
        failure.code,
        FailureCode::LegacyProtocol
            | FailureCode::LegacyCipher
            | FailureCode::TlsAlert
            | FailureCode::NotTls
            | FailureCode::TlsClosed
            | FailureCode::TlsTimeout
            | FailureCode::TlsProtocol
    )
}

/// Puts down how each endpoint failed, and which record is used.
pub(super) fn tell_attempts(service: Option<&mut ServiceBinding>, tcp: &Connect) {
    let Some(service) = service.filter(|service| !service.endpoints.is_empty()) else { return };
    for attempt in &tcp.attempts {
        if let (Some(failed), Some(how)) = (failed(service, attempt.source), how(attempt)) {
            let failed = failed.get_or_insert_default();
            failed.push_str(if failed.is_empty() { "" } else { "; " });
            failed.push_str(&format!("{} {how}", attempt.address));
        }
    }
    if let Some(winner) = winner(tcp) {
        service.used = winner.source.record();
        if let Some(failed) = failed(service, winner.source) {
            // One of its addresses failed, its endpoint did not.
            *failed = None;
        }
    }
}

/// The same for QUIC's attempts that TCP was held back for so long: they say something of an endpoint that is for QUIC
/// alone.
pub(super) fn tell_rivals(service: Option<&mut ServiceBinding>, rivals: &[Attempt], lead: Duration) {
    let Some(service) = service else { return };
    for attempt in rivals {
        let record = attempt.source.record().and_then(|index| service.records.get_mut(index));
        if let (Some(record), Some(how)) =
            (record.filter(|record| record.is_by_quic_alone()), how_by_quic(attempt, lead))
        {
            record.failed = Some(format!("{} {how}", attempt.address));
        }
    }
}

/// The same for a handshake at the endpoint that was connected to.
pub(super) fn tell_handshake(service: Option<&mut ServiceBinding>, tcp: &Connect, failure: &Failure) {
    let source = winner(tcp).map(|winner| winner.source);
    if let Some(failed) = service.zip(source).and_then(|(service, source)| failed(service, source)) {
        *failed = Some(failure.message.clone());
    }
}

/// Where it stands how an endpoint failed.
fn failed(service: &mut ServiceBinding, source: EndpointSource) -> Option<&mut Option<String>> {
    match source {
        EndpointSource::Record(index) => service.records.get_mut(index).map(|record| &mut record.failed),
        EndpointSource::Aliases => Some(&mut service.alias_failed),
        EndpointSource::Host => None,
    }
}

/// Adds to a failure which of the endpoints that it is about an HTTPS record has named.
pub(super) fn tell(service: Option<&ServiceBinding>, tcp: &Connect, failure: Failure) -> Failure {
    let Some(service) = service else { return failure };
    let met: Vec<EndpointSource> = match winner(tcp) {
        Some(winner) => vec![winner.source],
        None => tcp.attempts.iter().map(|attempt| attempt.source).collect(),
    };
    let is_met = |index: usize| met.contains(&EndpointSource::Record(index));
    let records = service.records.iter().enumerate().filter(|(index, _)| is_met(*index));
    let mut named: Vec<String> = records.filter_map(|(_, record)| origin(record)).collect();
    if let Some((_, target)) = service.aliases.last().filter(|_| met.contains(&EndpointSource::Aliases)) {
        named.push(format!("the target {target} is"));
    }
    if named.is_empty() {
        return failure;
    }
    let hint = format!("{} from an HTTPS record: is it still right?", named.join("; "));
    let hint = failure.hint.map_or_else(|| hint.clone(), |first| format!("{first}; {hint}"));
    Failure { hint: Some(hint), ..failure }
}

/// What of an endpoint is not the URL's.
fn origin(record: &ServiceRecord) -> Option<String> {
    let target = (record.target != record.owner).then(|| format!("the target {}", record.target));
    let port = record.port.map(|port| format!("port {port}"));
    let parts: Vec<String> = target.into_iter().chain(port).collect();
    let verb = if parts.len() > 1 { "are" } else { "is" };
    (!parts.is_empty()).then(|| format!("{} {verb}", parts.join(" and ")))
}

fn winner(tcp: &Connect) -> Option<&Attempt> {
    tcp.attempts.get(tcp.winner?)
}

/// How an attempt by QUIC failed, if it did: in words of UDP, which nobody connects to.
fn how_by_quic(attempt: &Attempt, lead: Duration) -> Option<String> {
    let took = attempt.end.since(attempt.start);
    Some(match (&attempt.outcome, attempt.answered) {
        (AttemptOutcome::Won | AttemptOutcome::Stopped, _) => return None,
        // A busy machine begins an attempt a little later than the time that it is given.
        (AttemptOutcome::Lost, _) if took.max(lead) < FALLBACK_PATIENCE => return None,
        (AttemptOutcome::Refused, _) => "refused UDP".to_owned(),
        (AttemptOutcome::TimedOut | AttemptOutcome::Lost, None) => {
            format!("gave no reply by UDP in {}", units::duration(took))
        }
        (AttemptOutcome::TimedOut | AttemptOutcome::Lost, Some(_)) => {
            format!("replied by UDP, and its handshake was not complete in {}", units::duration(took))
        }
        (AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words), _) => words.clone(),
    })
}

/// How an attempt failed, if it did.
fn how(attempt: &Attempt) -> Option<String> {
    let took = || units::duration(attempt.end.since(attempt.start));
    Some(match &attempt.outcome {
        AttemptOutcome::Won | AttemptOutcome::Stopped => return None,
        // Given up for one that was faster: nobody knows what would have come of it.
        AttemptOutcome::Lost if attempt.end.since(attempt.start) < FALLBACK_PATIENCE => return None,
        AttemptOutcome::Refused => "refused the connection".to_owned(),
        AttemptOutcome::TimedOut | AttemptOutcome::Lost => format!("did not answer in {}", took()),
        AttemptOutcome::Unreachable(words) | AttemptOutcome::Failed(words) => words.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(addresses: &[&str], reach: Reach) -> Result<Vec<String>, Failure> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let left = within_reach(own(addresses, 443), (reach, Reach::Any), "name.test")?;
        Ok(left.iter().flat_map(|one| &one.addresses).map(ToString::to_string).collect())
    }

    #[test]
    fn a_page_of_a_public_address_leads_to_public_ones() {
        for public in [
            "93.184.216.34",
            "2001:db8::1",
            "2606:4700::1",
            "11.0.0.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2002:5db8:d822::1",
            "100:0:0:1::1",
        ] {
            assert_eq!(judged(&[public], Reach::Public).unwrap(), [public]);
        }
        for refused in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::ffff:93.184.216.34",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:c0a8:1::1",
            "2002:f000:1::1",
            "64:ff9b::f000:1",
            "64:ff9b::c612:1",
            "64:ff9b:1::5db8:d822",
            "64:ff9b:1:ffff::1",
            "::7f00:1",
            "::ffff:0:7f00:1",
            "fec0::1",
            "feff::1",
            "ff02::1",
            "100::1",
            "0.1.2.3",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "198.18.0.1",
            "198.19.255.255",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.254",
        ] {
            let failure = judged(&[refused], Reach::Public).unwrap_err();
            assert_eq!(failure.code, FailureCode::AddressNotPublic, "{refused}");
            assert!(failure.message.contains("name.test is at"), "{}", failure.message);
            assert_eq!(judged(&[refused], Reach::Any).unwrap().len(), 1, "{refused}");
            // Of a name with both kinds the public ones are left: a name that also points inwards is no way in.
            let both = judged(&[refused, "93.184.216.34"], Reach::Public).unwrap();
            assert_eq!(both, ["93.184.216.34"], "{refused}");
        }
        assert_eq!(judged(&["64:ff9b::5db8:d822"], Reach::Public).unwrap().len(), 1, "NAT64 of a public one");
        assert!(judged(&[], Reach::Public).unwrap().is_empty());
    }
}

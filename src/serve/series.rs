//! The series of a probe by the names, types and help of blackbox_exporter, and when it has which.
//!
//! Where its numbers leave something out, so do these: `urltrace_*` beside them, which the renderer has, say the rest.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::exposition::Exposition;
use super::judge::{self, Judged};
use super::names;
use crate::modules::{Module, Prober};
use crate::plan::TalkEnd;
use crate::reading::http_date;
use crate::redact::Redacted;
use crate::render::prometheus::{Detail, Kind, families};
use crate::report::TraceReport;
use crate::timeline::{self, Phase};
use crate::trace::{BodyFraming, Certificate, Hop, Http, HttpVersion, Tls, Trace, header};

/// Whether the module has certificates verified at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verifies {
    Yes,
    No,
}

/// The series of a probe; `report` is what is told of its trace, of a conversation on its connection nothing.
pub(super) fn of(
    module: &Module,
    (trace, talked): (&Trace, Option<&TalkEnd>),
    judged: &Judged,
    limit: Duration,
    report: &Redacted<TraceReport>,
) -> String {
    let prober = &module.prober;
    let mut out = Exposition::default();
    let first = trace.hops().next();
    // A proxy resolves the name: where the target is nobody here knows.
    let is_direct = |hop: &&Hop<'_>| hop.connection.is_none_or(|connection| connection.proxy.is_none());
    let direct = first.as_ref().filter(is_direct);
    if let Some(hop) = direct {
        let help = "Returns the time taken for probe dns lookup in seconds";
        out.gauge("probe_dns_lookup_time_seconds", help, seconds(lookup(hop)));
    }
    let help = "Returns how long the probe took to complete in seconds";
    let took = trace.total + talked.map_or(Duration::ZERO, |end| end.took);
    out.gauge("probe_duration_seconds", help, took.as_secs_f64());
    let help = "Indicates if probe failed due to regex";
    out.gauge("probe_failed_due_to_regex", help, flag(judged.by_pattern));
    let answered = judge::response(trace);
    if let Prober::Http(rules) = prober {
        of_http(&mut out, trace, answered.as_ref().map(|(_, http)| *http));
        let is_encrypted = answered.as_ref().and_then(|(hop, _)| judge::tls(hop)).is_some();
        let help = "Indicates if SSL was used for the final redirect";
        out.gauge("probe_http_ssl", help, flag(is_encrypted));
        let http = answered.as_ref().map(|(_, http)| *http);
        let is_undone = http.is_none_or(|http| judge::is_of_coding(rules, http));
        of_response(&mut out, http, is_undone && is_followed(trace), rules.most);
    }
    if let Some(hop) = direct {
        let address = tried(hop);
        let help = "Specifies the hash of IP address. It's useful to detect if the IP address changes.";
        out.gauge("probe_ip_addr_hash", help, address.map_or(0.0, |address| f64::from(hash(address))));
        let help = "Specifies whether probe ip protocol is IP4 or IP6";
        let version = address.map_or(0.0, |address| if address.is_ipv6() { 6.0 } else { 4.0 });
        out.gauge("probe_ip_protocol", help, version);
    }
    let handshake = match prober {
        Prober::Http(_) => answered.as_ref().and_then(|(hop, _)| judge::tls(hop)),
        Prober::Tcp(_) => {
            let begun = talked.and_then(|end| end.tls.as_deref());
            let own = || first.as_ref().filter(|_| trace.failure().is_none()).and_then(judge::tls);
            begun.or_else(own)
        }
    };
    if let Some(tls) = handshake {
        let verifies = if module.plan.tls.insecure { Verifies::No } else { Verifies::Yes };
        of_certificates(&mut out, tls, verifies);
    }
    out.gauge("probe_success", "Displays whether or not the probe was a success", flag(judged.is_success()));
    let help = "Returns how long the probe timeout is in seconds";
    out.gauge("probe_timeout_seconds", help, limit.as_secs_f64());
    if let Some(tls) = handshake {
        of_handshake(&mut out, tls);
    }
    out.extend(families(report, Detail::Plain));
    out.text()
}

const fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

fn seconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64()
}

/// The time of a lookup; `None` where nothing was looked up, which is 0 in the series: they have to be there.
fn lookup(hop: &Hop<'_>) -> Option<Duration> {
    hop.dns.ran().map(|dns| dns.end.since(dns.start))
}

/// The one address that was tried for a request.
fn tried(hop: &Hop<'_>) -> Option<IpAddr> {
    let attempts = &hop.connection?.tcp.attempts;
    attempts.first().map(|attempt| attempt.address.ip())
}

/// FNV-1a (draft-eastlake-fnv), 32 bits, of the address's octets.
fn hash(address: IpAddr) -> u32 {
    let add = |hash: u32, octet: &u8| (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
    match address {
        IpAddr::V4(address) => address.octets().iter().fold(0x811c_9dc5, add),
        IpAddr::V6(address) => address.octets().iter().fold(0x811c_9dc5, add),
    }
}

/// Length, phases and redirects of the requests.
fn of_http(out: &mut Exposition, trace: &Trace, response: Option<&Http>) {
    out.gauge("probe_http_content_length", "Length of http content response", length(response));
    let sum = |wanted: &[Phase]| {
        let of_hop = |hop: Hop<'_>| {
            let phases = timeline::phases(&hop).spent;
            let spent = phases.iter().filter(|(phase, _)| wanted.contains(phase));
            Duration::from_micros(spent.filter_map(|(_, spent)| *spent).sum())
        };
        trace.hops().map(of_hop).sum::<Duration>().as_secs_f64()
    };
    let resolve = ("resolve", sum(&[Phase::Dns]));
    let later = [
        ("connect", sum(&[Phase::Connect])),
        ("processing", sum(&[Phase::Send, Phase::Wait])),
        resolve,
        ("tls", sum(&[Phase::Tls])),
        ("transfer", sum(&[Phase::Receive])),
    ];
    // Without an address nothing but the lookup has been done; without a URL not even that.
    let phases: &[(&str, f64)] = match trace.hops().next().map(|hop| tried(&hop)) {
        Some(Some(_)) => &later,
        Some(None) => &[resolve],
        None => &[],
    };
    if !phases.is_empty() {
        let samples = phases.iter().map(|(phase, spent)| (vec![("phase", (*phase).to_owned())], *spent));
        let help = "Duration of http request by phase, summed over all redirects";
        out.family("probe_http_duration_seconds", help, Kind::Gauge, samples);
    }
    let modified =
        response.and_then(|http| header(&http.headers, "last-modified").and_then(|text| http_date(&text)));
    if let Some(modified) = modified {
        let help = "Returns the Last-Modified HTTP response header in unixtime";
        out.gauge("probe_http_last_modified_timestamp_seconds", help, unix(modified));
    }
    let unfollowed = usize::from(!is_followed(trace));
    #[allow(clippy::cast_precision_loss)] // a few
    let redirects = (trace.redirects() + unfollowed) as f64;
    out.gauge("probe_http_redirects", "The number of redirects", redirects);
}

/// Whether the last response leads nowhere else.
fn is_followed(trace: &Trace) -> bool {
    judge::response(trace).is_none_or(|(_, http)| http.redirect.is_none())
}

/// Status, length and version of the last response; 0 without one.
fn of_response(out: &mut Exposition, response: Option<&Http>, is_read: bool, most: Option<u64>) {
    let status = response.and_then(|http| http.status).map_or(0.0, f64::from);
    out.gauge("probe_http_status_code", "Response HTTP status code", status);
    #[allow(clippy::cast_precision_loss)] // exact up to 2^53
    let decoded = |http: &Http| judge::unpacked(http).min(most.unwrap_or(u64::MAX)) as f64;
    let bytes = response.filter(|_| is_read).map_or(0.0, decoded);
    out.gauge("probe_http_uncompressed_body_length", "Length of uncompressed response body", bytes);
    let version = response.map_or(0.0, |http| match http.version {
        HttpVersion::Http10 => 1.0,
        HttpVersion::Http11 => 1.1,
        HttpVersion::Http2 => 2.0,
        HttpVersion::Http3 => 3.0,
    });
    out.gauge("probe_http_version", "Returns the version of HTTP of the probe response", version);
}

/// What Go's client says of a body's length: -1 where it is not known. A length that the framing overrules (RFC 9112 §6.3)
/// is none.
#[allow(clippy::cast_precision_loss)] // exact up to 2^53
fn length(response: Option<&Http>) -> f64 {
    let Some(http) = response else { return 0.0 };
    let is_head = http.request.method == "HEAD";
    match http.body.framing {
        BodyFraming::None if !is_head => return 0.0,
        BodyFraming::Chunked => return -1.0,
        _ => {}
    }
    let told = header(&http.headers, "content-length").and_then(|text| text.trim().parse::<u64>().ok());
    told.map_or(-1.0, |bytes| bytes as f64)
}

#[allow(clippy::cast_precision_loss)] // exact up to 2^53
fn unix(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs() as f64,
        Err(before) => -(before.duration().as_secs() as f64),
    }
}

/// What the zero time of Go is in Unix time: there is no verified chain.
const NO_CHAIN: f64 = -62_135_596_800.0;

fn of_certificates(out: &mut Exposition, tls: &Tls, verifies: Verifies) {
    let Some(leaf) = tls.chain.first() else { return };
    let earliest = tls.chain.iter().map(|certificate| certificate.not_after).min().map_or(0.0, unix);
    out.gauge("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime", earliest);
    let is_verified = tls.verification.as_ref().is_some_and(|checked| checked.faults.is_empty());
    let last = chain_end(&tls.chain).filter(|_| is_verified && verifies == Verifies::Yes);
    let help = "Returns last SSL chain expiry in timestamp";
    out.gauge("probe_ssl_last_chain_expiry_timestamp_seconds", help, last.unwrap_or(NO_CHAIN));
    let is_name = |name: &&str| name.parse::<IpAddr>().is_err();
    let names: Vec<&str> = leaf.names.iter().map(String::as_str).filter(is_name).collect();
    let labels = vec![
        ("fingerprint_sha256", leaf.sha256.clone()),
        ("issuer", names::rfc2253(&leaf.issuer)),
        ("serialnumber", leaf.serial.strip_prefix("00").unwrap_or(&leaf.serial).to_owned()),
        ("subject", names::rfc2253(&leaf.subject)),
        ("subjectalternative", names.join(",")),
    ];
    out.info("probe_ssl_last_chain_info", "Contains SSL leaf certificate information", labels);
}

/// The end of the chain from the leaf to a root, as far as it was sent: when the first of it ends.
fn chain_end(chain: &[Certificate]) -> Option<f64> {
    let mut at = chain.first()?;
    let mut end = at.not_after;
    // No certificate is looked at twice.
    for _ in 0..chain.len() {
        if at.trusted_root || at.self_issued {
            break;
        }
        match chain.iter().find(|other| other.subject == at.issuer) {
            Some(issuer) => at = issuer,
            None => break,
        }
        end = end.min(at.not_after);
    }
    Some(unix(end))
}

fn of_handshake(out: &mut Exposition, tls: &Tls) {
    if let Some(suite) = &tls.cipher_suite {
        let help = "Returns the TLS cipher negotiated during handshake";
        out.info("probe_tls_cipher_info", help, vec![("cipher", suite.clone())]);
    }
    if let Some(version) = tls.version {
        let help = "Returns the TLS version used or NaN when unknown";
        out.info("probe_tls_version_info", help, vec![("version", version.spoken().to_owned())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Header, sample};

    #[test]
    fn an_address_has_the_hash_that_blackbox_exporter_gives_it() {
        assert_eq!(hash("127.0.0.1".parse().unwrap()), 3_668_918_509);
        assert_ne!(hash("::1".parse().unwrap()), hash("::2".parse().unwrap()));
    }

    #[test]
    fn a_length_is_what_frames_the_body() {
        let mut trace = sample::success();
        let http = trace.requests.last_mut().unwrap().http.ran_mut().unwrap();
        for (method, framing, field, told) in [
            ("GET", BodyFraming::ContentLength, Some("7"), 7.0),
            ("GET", BodyFraming::Chunked, None, -1.0),
            ("GET", BodyFraming::Chunked, Some("7"), -1.0),
            ("GET", BodyFraming::Close, None, -1.0),
            ("GET", BodyFraming::Close, Some("1e3"), -1.0),
            ("GET", BodyFraming::None, Some("7"), 0.0),
            ("HEAD", BodyFraming::None, Some("7"), 7.0),
            ("HEAD", BodyFraming::None, None, -1.0),
        ] {
            http.request.method = method.to_owned();
            http.body.framing = framing;
            http.headers.retain(|field| !field.name.eq_ignore_ascii_case("content-length"));
            let value = field.map(|text| text.as_bytes().to_vec());
            http.headers.extend(value.map(|value| Header { name: "Content-Length".to_owned(), value }));
            assert!((length(Some(http)) - told).abs() < 0.5, "{method} {framing:?} {field:?}");
        }
    }
}

//! Facts of the model in words, for text and for the `detail` fields of the JSON alike.
//!
//! Nothing is escaped here: the renderers do that with everything they print.

use std::time::SystemTime;

use jiff::Timestamp;

use crate::explain::dns_words;
use crate::trace::{
    Caa, CaaVerdict, Certificate, CertificateFault, CertificateStatus, ChainPlace, ConnectionUse, EarlyData,
    Hop, Meaning, Negative, NotResumed, Packet, Record, RedirectChange, ReplyHeader, Resumed, Resumption,
    ServiceBinding, ServiceRecord, Stage, StageName, Staple, UrlChangeKind, chain_places, cross_signs,
};
use crate::units;

/// What a request that was to end before HTTP has come to.
pub(super) fn reached(hop: &Hop<'_>) -> Option<&'static str> {
    if hop.failure.is_some() || hop.request.until == StageName::Http {
        return None;
    }
    Some(match (hop.tls, hop.connect, hop.dns) {
        (Stage::Ran(_), ..) => "handshake done",
        (_, Stage::Ran(_), _) => "port open",
        (.., Stage::Ran(_)) => "resolved",
        _ => "nothing sent",
    })
}

/// What came of a packet, in a few words.
pub(super) fn meaning(packet: &Packet) -> String {
    match &packet.meaning {
        Meaning::Answer { records } => match &records[..] {
            [only] => format!("answer: {} {}", only.rtype.mnemonic(), only.data),
            _ => format!("answer: {}", units::count(records.len(), "record")),
        },
        Meaning::Yxdomain { records } => match records.last() {
            Some(dname) => format!("YXDOMAIN: no name by the DNAME {} -> {}", dname.name, dname.data),
            None => "YXDOMAIN".to_owned(),
        },
        Meaning::Cname { target, .. } => format!("alias of {target}"),
        Meaning::Referral { cut, servers, glue, ignored, named } => {
            let used = servers.len();
            let first = if *named > used { format!(", the first {used} used") } else { String::new() };
            let mut words = format!("referral to {cut}, {} NS{first}, {glue} glue", used.max(*named));
            if *ignored > 0 {
                words.push_str(&format!(", {ignored} out of bailiwick and ignored"));
            }
            words
        }
        Meaning::NoData(negative) => absence(&packet.qname, negative, packet.qtype.mnemonic().as_ref()),
        Meaning::NxDomain(negative) => absence(&packet.qname, negative, "any"),
        Meaning::Truncated => "truncated: the question goes by TCP".to_owned(),
        Meaning::CaseChanged => "the question came back in another case: it goes by TCP".to_owned(),
        Meaning::EdnsRefused => "does not take EDNS: the question goes without".to_owned(),
        Meaning::EdnsOptionsRefused => "does not take EDNS options: the question goes without".to_owned(),
        Meaning::Refused => format!("refused ({})", rcode(packet)),
        Meaning::ServerFailure => format!("server failed ({})", rcode(packet)),
        Meaning::UpwardReferral { to } => {
            format!(
                "referral {}: does not serve {}",
                dns_words::astray(&packet.zone, &packet.qname, to),
                packet.zone
            )
        }
        Meaning::NonAuthoritative => format!("lame: {}", dns_words::NO_AUTHORITY),
        Meaning::Lame { reason } => format!("lame: {reason}"),
        Meaning::Malformed { reason } => format!("cannot be read: {reason}"),
        Meaning::WrongSource { from } => {
            format!("a reply came from {from} instead: the question goes by TCP")
        }
        Meaning::Timeout => {
            let waited = units::duration(packet.end.since(packet.sent));
            match packet.dropped {
                0 => format!("no reply in {waited}"),
                dropped => format!("no reply in {waited}, {dropped} dropped: {}", dns_words::strays(packet)),
            }
        }
        Meaning::Error { reason } => format!("error: {reason}"),
        Meaning::Stopped(by) => format!("error: {}", dns_words::stopped(*by)),
        Meaning::Superseded => "not awaited: another answer came first".to_owned(),
    }
}

fn rcode(packet: &Packet) -> String {
    packet.reply.as_ref().map_or("no rcode".into(), |reply| reply.rcode.mnemonic()).into_owned()
}

/// The reason of an outcome that has one beside its word.
pub(super) fn reason(packet: &Packet) -> Option<String> {
    match &packet.meaning {
        Meaning::NonAuthoritative => Some(dns_words::NO_AUTHORITY.to_owned()),
        Meaning::Lame { reason } => Some((*reason).to_owned()),
        Meaning::Stopped(by) => Some(dns_words::stopped(*by).to_owned()),
        Meaning::Malformed { reason } | Meaning::Error { reason } => Some(reason.clone()),
        Meaning::UpwardReferral { to } => Some(format!("refers to {to}")),
        Meaning::Refused | Meaning::ServerFailure => Some(rcode(packet)),
        _ => None,
    }
}

/// Who says that something does not exist, and for how long a cache believes it.
pub(super) fn absence(name: &str, negative: &Negative, rtype: &str) -> String {
    let what = if rtype == "any" {
        format!("{name} does not exist")
    } else {
        format!("{name} has no {rtype} record")
    };
    let zone = match (&negative.zone, &negative.foreign_soa) {
        (Some(zone), _) => format!(", says {zone}"),
        (None, Some(foreign)) => format!(", with an SOA of {foreign}, which has no say here"),
        (None, None) => ", without an SOA".to_owned(),
    };
    let ttl = negative.ttl.map_or_else(String::new, |ttl| format!(", negative TTL {ttl} s"));
    format!("{what}{zone}{ttl}")
}

/// `www.example.test. A 192.0.2.1 (TTL 300)`; further records of the same owner without it.
pub(super) fn answers(records: &[Record], limit: usize) -> String {
    let mut words = String::new();
    let mut owner = "";
    for record in records.iter().take(limit) {
        if !words.is_empty() {
            words.push_str(", ");
        }
        if record.name != owner {
            words.push_str(&format!("{} ", record.name));
            owner = &record.name;
        }
        words.push_str(&format!("{} {} (TTL {})", record.rtype.mnemonic(), record.data, record.ttl));
    }
    if records.len() > limit {
        words.push_str(&format!(" and {} more", records.len() - limit));
    }
    words
}

/// `priority 1, target pool.test., alpn h3,h2, port 8443, hints 192.0.2.1, ech`, aliases before it.
pub(super) fn service(binding: &ServiceBinding) -> String {
    let mut words: Vec<String> =
        binding.aliases.iter().map(|(owner, target)| format!("{owner} is an alias of {target}")).collect();
    words.extend(binding.alias_failed.as_ref().map(|why| format!("failed: {why}")));
    let used = |index: usize| binding.used == Some(index);
    // Those that failed were tried before.
    let told =
        binding.records.iter().enumerate().filter(|(index, record)| used(*index) || record.failed.is_some());
    let told: Vec<String> = told.map(|(_, record)| service_record(record)).collect();
    let others = binding.records.len() - told.len();
    let failed = binding.used.is_none() && (!told.is_empty() || binding.alias_failed.is_some());
    words.extend(told);
    match (binding.used, binding.records.first()) {
        (None, Some(first)) if !failed => {
            words.push(service_record(first));
            words.extend((others > 1).then(|| format!("and {} more, none of use", others - 1)));
        }
        _ => words.extend((others > 0).then(|| format!("{others} more not used"))),
    }
    words.extend(failed.then(|| "then without a record, by the host's own address and port".to_owned()));
    words.join("; ")
}

/// One ServiceMode record on a line.
pub(super) fn service_record(record: &ServiceRecord) -> String {
    let mut words = vec![format!("priority {}", record.priority)];
    if record.target != record.owner {
        words.push(format!("target {}", record.target));
    }
    if !record.alpn.is_empty() {
        words.push(format!("alpn {}", record.alpn.join(",")));
    }
    words.extend(record.port.map(|port| format!("port {port}")));
    if !record.hints.is_empty() {
        let hints: Vec<String> = record.hints.iter().map(ToString::to_string).collect();
        words.push(format!("hints {}", hints.join(",")));
    }
    words.extend(record.ech.then(|| "ech".to_owned()));
    if !record.mandatory.is_empty() {
        words.push(format!("mandatory {}", record.mandatory.join(",")));
    }
    words.push(format!("TTL {}", record.ttl));
    words.extend(record.ignored.as_ref().map(|why| format!("ignored: {why}")));
    words.extend(record.failed.as_ref().map(|why| format!("failed: {why}")));
    words.join(", ")
}

/// `connected in 12 ms (TCP 5 ms, TLS 7 ms)`, for a packet that had a connection made for it; that it
/// needed none, for one on a connection kept from before.
pub(super) fn set_up(packet: &Packet) -> Option<String> {
    if packet.connection == Some(ConnectionUse::Kept) {
        return Some("on the connection kept from before".to_owned());
    }
    let connected = packet.connected?;
    let whole = units::duration(connected.since(packet.sent));
    Some(match packet.tcp_done {
        Some(tcp) => format!(
            "connected in {whole} (TCP {}, TLS {})",
            units::duration(tcp.since(packet.sent)),
            units::duration(connected.since(tcp))
        ),
        None => format!("connected in {whole}"),
    })
}

/// The code and the sentence of a certificate's fault. The codes are those of failures.
pub(super) fn fault(fault: &CertificateFault) -> (&'static str, String) {
    let words = match fault {
        CertificateFault::Expired { index, not_after } => {
            format!("{} was valid until {}", place(*index), date(*not_after))
        }
        CertificateFault::NotYetValid { index, not_before } => {
            format!("{} is valid from {}", place(*index), date(*not_before))
        }
        CertificateFault::WrongHost { wanted, near_miss: Some(why), .. } => {
            format!("it is not for {wanted}: it {}", why.words())
        }
        CertificateFault::WrongHost { wanted, nearest: Some(nearest), .. } => {
            format!("it is not for {wanted}; the nearest of its names is {nearest}")
        }
        CertificateFault::WrongHost { wanted, nearest: None, .. } => {
            format!("it is not for {wanted}, and names no host")
        }
        CertificateFault::SelfSigned => "it signed itself and is not a trusted root".to_owned(),
        CertificateFault::MissingIntermediate { issuer, url: Some(url) } => {
            format!("the certificate of {issuer} was not sent; it is at {url}")
        }
        CertificateFault::MissingIntermediate { issuer, url: None } => {
            format!("the certificate of {issuer} was not sent")
        }
        CertificateFault::UnknownIssuer { issuer } => format!("{issuer} is not trusted"),
        CertificateFault::Unchecked { index, limit } => {
            let checked = limit.checked().map(|checked| format!(" (only {checked})")).unwrap_or_default();
            format!("{} has {}, which cannot be checked here{checked}", place(*index), limit.words())
        }
        CertificateFault::Other(words) => format!("it {words}"),
    };
    (fault.code().as_str(), words)
}

/// What the CAA records of a domain come to. Nothing of it is a fault of the certificate.
pub(super) fn caa(caa: &Caa) -> String {
    let at = caa.domain().unwrap_or_default();
    match &caa.verdict {
        CaaVerdict::NoRecords => {
            let asked: Vec<&str> = caa.questions.iter().map(|question| question.name.as_str()).collect();
            format!("no records at {}: every authority may issue", asked.join(" "))
        }
        CaaVerdict::NoRestriction => format!("the records at {at} do not say who may issue"),
        CaaVerdict::Named(identifier) => format!("the records at {at} name the issuer ({identifier})"),
        CaaVerdict::NotNamed { organization, identifier } => format!(
            "the records at {at} do not name the issuer ({organization}, {identifier}); they are looked at before a \
             certificate is issued, and may be younger than this one"
        ),
        CaaVerdict::Unjudged(why) => format!("cannot be judged here: {why}"),
    }
}

/// What a certificate is in its chain, where that is more than its place in the row.
pub(super) fn chain_place(chain: &[Certificate], index: usize) -> Option<String> {
    let place = chain_places(chain).get(index).copied()?;
    let mut words: Vec<String> = match place {
        ChainPlace::Leaf | ChainPlace::Issuer => Vec::new(),
        ChainPlace::OutOfOrder => vec!["out of order: it has issued later ones only".to_owned()],
        ChainPlace::Root => vec!["a root, which need not be sent".to_owned()],
        ChainPlace::Duplicate => vec!["sent before".to_owned()],
        ChainPlace::Unrelated => vec!["it has issued none of the others".to_owned()],
    };
    let crosses = cross_signs(chain, index);
    if !crosses.is_empty() {
        let others: Vec<String> = crosses.iter().map(usize::to_string).collect();
        words.push(format!("a cross-sign: name and key of {}, by another issuer", others.join(" and ")));
    }
    let certificate = chain.get(index)?;
    if certificate.trusted_root && !certificate.self_issued {
        words.push("a cross-sign: a root that is trusted here has its name and key".to_owned());
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// What a stapled OCSP response says.
pub(super) fn staple(staple: &Staple) -> String {
    let until = staple.next_update.map_or_else(String::new, |next| format!(", until {}", timestamp(next, 0)));
    match staple.status {
        CertificateStatus::Good => {
            let from =
                staple.this_update.map_or_else(String::new, |this| format!(" as of {}", timestamp(this, 0)));
            format!("good{from}{until}")
        }
        CertificateStatus::Revoked(at) => format!("revoked on {}{until}", timestamp(at, 0)),
        CertificateStatus::Unknown => "the responder does not know the certificate".to_owned(),
        CertificateStatus::Other => "about another certificate".to_owned(),
        CertificateStatus::NoAnswer => "the responder had no answer".to_owned(),
        CertificateStatus::Unreadable => "cannot be read".to_owned(),
    }
}

/// Why a session was not resumed.
pub(super) fn not_resumed(why: &NotResumed) -> &str {
    match why {
        NotResumed::NoTicket => "the server gave no ticket",
        NotResumed::NothingRead => "no response was read, and tickets come with it",
        NotResumed::FullHandshake => "the server did not take its own ticket and made a full handshake",
        NotResumed::Failed(words) => words,
    }
}

/// What `--resume` has found.
pub(super) fn resumption(resumption: &Resumption) -> String {
    let tickets = units::count(resumption.tickets as usize, "ticket");
    let early = match resumption.early_data {
        None => "",
        Some(EarlyData::NotOffered) => "; no ticket allows 0-RTT",
        Some(EarlyData::Accepted) => "; 0-RTT offered and accepted",
        Some(EarlyData::Refused) => "; 0-RTT offered and refused",
    };
    let told = match &resumption.outcome {
        Resumed::Yes { took, round_trips } => {
            let trips = units::count(*round_trips as usize, "round trip");
            let full = resumption.full.map_or_else(String::new, |full| {
                format!(" in place of {} to the server's Finished", units::duration(full))
            });
            format!("resumed with one of {tickets}, {trips}: {}{full}", units::duration(*took))
        }
        Resumed::No { why, .. } => format!("not resumed: {}", not_resumed(why)),
    };
    let beside = match &resumption.outcome {
        Resumed::No { why: NotResumed::NoTicket | NotResumed::NothingRead, .. } => "",
        Resumed::Yes { .. } | Resumed::No { .. } => " (a second connection, not counted)",
    };
    format!("{told}{early}{beside}")
}

fn place(index: usize) -> String {
    if index == 0 {
        "the server's certificate".to_owned()
    } else {
        format!("certificate {index} of the chain")
    }
}

/// The flags of a reply that were set, in the order of RFC 1035 §4.1.1.
pub(super) fn flags(reply: &ReplyHeader) -> Vec<&'static str> {
    [
        (reply.authoritative, "aa"),
        (reply.truncated, "tc"),
        (reply.recursion_desired, "rd"),
        (reply.recursion_available, "ra"),
        (reply.authentic_data, "ad"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

/// What a browser silently does to a URL, in words.
pub(super) const fn url_change(kind: UrlChangeKind) -> &'static str {
    match kind {
        UrlChangeKind::SurroundingSpace => "space around it removed",
        UrlChangeKind::TabOrNewline => "tabs and line ends removed",
        UrlChangeKind::UpperCaseScheme => "scheme in lower case",
        UrlChangeKind::Slashes => "slashes behind the scheme made two",
        UrlChangeKind::AtSignInUserinfo => "`@` in the user information encoded",
        UrlChangeKind::EmptyUserinfo => "empty user information removed",
        UrlChangeKind::PercentEncodingInHost => "host percent-decoded",
        UrlChangeKind::UpperCaseHost => "host in lower case",
        UrlChangeKind::Idn => "host in Punycode",
        UrlChangeKind::InvalidPunycode => "host kept, although its xn-- label is not valid Punycode",
        UrlChangeKind::Ipv4Form | UrlChangeKind::Ipv6Form => "address in its usual form",
        UrlChangeKind::DefaultPort => "default port removed",
        UrlChangeKind::PortForm => "port in its usual form",
        UrlChangeKind::EmptyPort => "empty port removed",
        UrlChangeKind::Backslash => "backslashes made slashes",
        UrlChangeKind::DotSegments => "dot segments resolved",
        UrlChangeKind::PercentEncoding => "percent-encoded where needed",
        UrlChangeKind::HttpsRecordUpgrade => "http made https by the HTTPS record",
    }
}

/// Why a redirect happened: `http to https`, `www`, `slash`.
pub(super) fn redirect_changes(changes: &[RedirectChange], scheme_after: Option<&str>) -> String {
    let mut words: Vec<&str> = Vec::new();
    for change in changes {
        words.push(match change {
            RedirectChange::Scheme if scheme_after == Some("http") => "https to http",
            RedirectChange::Scheme => "http to https",
            // A www that comes or goes is a change of host; saying both says it twice.
            RedirectChange::Host if changes.contains(&RedirectChange::Www) => continue,
            RedirectChange::Path if changes.contains(&RedirectChange::Slash) => continue,
            RedirectChange::Host => "other host",
            RedirectChange::Port => "other port",
            RedirectChange::Path => "other path",
            RedirectChange::Query => "other query",
            RedirectChange::Same => "same URL",
            RedirectChange::Www | RedirectChange::Slash => change.as_str(),
        });
    }
    words.join(", ")
}

/// A wall time in RFC 3339 form, UTC, with `digits` digits of the second's fraction. Dates beyond
/// year 9999 (a certificate may hold any) are shown as the last that can be written.
pub(super) fn timestamp(time: SystemTime, digits: usize) -> String {
    if time.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since == Certificate::NO_EXPIRY) {
        // RFC 5280's word for "never" lies beyond what the library can write.
        return Certificate::NO_EXPIRY_TEXT.to_owned();
    }
    let timestamp = Timestamp::try_from(time)
        .unwrap_or_else(|_| if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX });
    format!("{timestamp:.digits$}")
}

/// The date of a wall time.
pub(super) fn date(time: SystemTime) -> String {
    let mut date = timestamp(time, 0);
    date.truncate(date.find('T').unwrap_or(date.len()));
    date
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::render::testtrace;

    #[test]
    fn a_kept_connection_is_named_and_has_no_set_up() {
        let trace = testtrace::alias();
        let mut packet = trace.lookups[0].packets.last().unwrap().clone();
        assert!(set_up(&packet).unwrap().starts_with("connected in "));
        (packet.connected, packet.connection) = (None, Some(ConnectionUse::Kept));
        assert_eq!(set_up(&packet).unwrap(), "on the connection kept from before");
        packet.connection = Some(ConnectionUse::Opened);
        assert_eq!(set_up(&packet), None, "it never was");
    }

    #[test]
    fn what_a_limit_cut_is_told_apart_from_what_was_ignored() {
        let trace = testtrace::success();
        let mut packet = trace.lookups[0].packets[0].clone();
        let Meaning::Referral { named, servers, .. } = &mut packet.meaning else { panic!() };
        *named = 999;
        let used = servers.len();
        let words = meaning(&packet);
        assert!(words.contains(&format!(", 999 NS, the first {used} used, ")), "{words}");
    }

    #[test]
    fn an_soa_of_another_zone_is_not_told_as_none() {
        let foreign =
            Negative { zone: None, foreign_soa: Some("other.test.".to_owned()), ttl: None, rtype: None };
        let told = absence("www.example.test.", &foreign, "any");
        assert_eq!(
            told,
            "www.example.test. does not exist, with an SOA of other.test., which has no say here"
        );
        let none = Negative { foreign_soa: None, ..foreign };
        assert_eq!(absence("a.test.", &none, "A"), "a.test. has no A record, without an SOA");
    }

    #[test]
    fn dates_of_any_certificate_can_be_written() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(date(epoch + Duration::from_secs(1_795_262_400)), "2026-11-21");
        assert_eq!(timestamp(epoch + Duration::from_micros(1), 6), "1970-01-01T00:00:00.000001Z");
        if let Some(far) = epoch.checked_add(Duration::from_secs(1 << 60)) {
            assert!(date(far).starts_with("9999-12-"));
        }
        assert_eq!(timestamp(epoch + Certificate::NO_EXPIRY, 0), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_redirect_is_named_once() {
        assert_eq!(redirect_changes(&[RedirectChange::Scheme], Some("https")), "http to https");
        assert_eq!(
            redirect_changes(
                &[RedirectChange::Www, RedirectChange::Host, RedirectChange::Path],
                Some("https")
            ),
            "www, other path"
        );
        assert_eq!(redirect_changes(&[RedirectChange::Slash, RedirectChange::Path], None), "slash");
        assert_eq!(redirect_changes(&[RedirectChange::Scheme], Some("http")), "https to http");
    }
}

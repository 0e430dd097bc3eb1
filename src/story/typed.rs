//! What was typed, and what a browser makes of it: URL, redirect, or a bare name.

use super::teller::{Teller, clip, list};
use crate::trace::{
    Dns, Failure, Hop, HttpVersion, RecordType, RequestId, RetryWait, Scheme, Trace, Transient, Unanswered,
    Url, UrlChangeKind, WaitRule,
};
use crate::units;

const URL_STANDARDS: &[&str] = &["RFC 3986 section 3", "WHATWG URL Standard"];
const TRY_URL: &str = "urltrace --lab HTTPS://WWW.EXAMPLE.TEST:443/a/../";
const TRY_REDIRECT: &str = "urltrace --lab -L http://shop.test/";

/// Whether a request was answered with 417.
fn is_refused_expectation(trace: &Trace, request: RequestId) -> bool {
    let http = trace.hops().nth(request.0).and_then(|hop| hop.http.ran());
    http.is_some_and(|http| http.status == Some(417) && http.expect.is_some())
}

/// The URL of a request and where it came from.
pub(super) fn put(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>) {
    match (hop.id.0, hop.retry_of) {
        (0, _) => {
            let typed = format!("\"{}\" was typed.", clip(&trace.input));
            let mut told = vec![typed, parts(hop.url)];
            told.extend(silent(hop.url));
            teller.tell("What was typed", &told, URL_STANDARDS, TRY_URL);
        }
        (_, Some(before)) if hop.request.waited.is_some() => once_more(teller, hop, before),
        (_, Some(before)) if is_refused_expectation(trace, before) => {
            let told = format!(
                "The server answered request {} with 417: it takes no Expect: 100-continue. The same goes once \
                 more without it, {} after the start.",
                before.0 + 1,
                units::micros(hop.start.0)
            );
            teller.tell(
                "The same without Expect",
                &[told],
                &["RFC 9110 section 10.1.1", "RFC 9110 section 15.5.18"],
                "urltrace --lab --expect100 -d a=1 http://no-expect.http.test/",
            );
        }
        (_, Some(before)) if refused(trace, before).is_some() => {
            by_word_of_server(teller, trace, hop, before);
        }
        (_, Some(before)) => {
            let told = format!(
                "Request {} went out on a connection that had been kept open, and that connection ended \
                 without a byte of an answer. Nothing says that the server worked on it, so a browser sends \
                 it once more on a new connection, {} after the start.",
                before.0 + 1,
                units::micros(hop.start.0)
            );
            teller.tell(
                "The same once more",
                &[told],
                &["RFC 9112 section 9.3.1", "RFC 9110 section 9.2.2"],
                "urltrace --lab -L http://kept-connection.http.test/",
            );
        }
        (index, None) => {
            let told = format!(
                "The answer to request {index} said that the page is elsewhere, and so all begins again for \
                 {}, {} after the start: a redirect costs at least one more round trip, and more where the \
                 host is another.",
                clip(&shown(hop.url)),
                units::micros(hop.start.0)
            );
            let mut told = vec![told];
            told.extend(silent(hop.url));
            teller.tell("Where it leads", &told, &["RFC 9110 section 15.4"], TRY_REDIRECT);
        }
    }
}

/// Whether a server said of a request that it did nothing for it, and how.
fn refused(trace: &Trace, request: RequestId) -> Option<Unanswered> {
    let http = trace.hops().nth(request.0)?.http.ran()?;
    http.unanswered.filter(|why| matches!(why, Unanswered::Refused | Unanswered::Http1Required))
}

/// What goes once more because the server said that it did nothing for it.
fn by_word_of_server(teller: &mut Teller, trace: &Trace, hop: &Hop<'_>, before: RequestId) {
    let (number, at) = (before.0 + 1, units::micros(hop.start.0));
    let http = trace.hops().nth(before.0).and_then(|hop| hop.http.ran());
    let by_quic = http.is_some_and(|http| http.version == HttpVersion::Http3);
    let (version, code) =
        if by_quic { ("HTTP/3", "H3_VERSION_FALLBACK") } else { ("HTTP/2", "HTTP_1_1_REQUIRED") };
    let told = if refused(trace, before) == Some(Unanswered::Http1Required) {
        format!(
            "The server answered request {number} with the code {code} of {version}: it serves this by HTTP/1.1 alone. \
             So the same goes once more on a new connection that offers nothing else, {at} after the start."
        )
    } else {
        format!(
            "The server refused request {number} by {version} and said that it had done nothing for it, as servers do that shut \
             down or have too much in hand. So it can go once more without danger, on a new connection, {at} after the start."
        )
    };
    let standards: &[&str] = if by_quic {
        &["RFC 9114 section 4.1.1", "RFC 9114 section 8.1"]
    } else {
        &["RFC 9113 section 8.7", "RFC 9113 section 7"]
    };
    teller.tell("The same once more", &[told], standards, "urltrace --lab https://wants-http1.http.test/");
}

/// A further attempt, and the wait before it.
fn once_more(teller: &mut Teller, hop: &Hop<'_>, before: RequestId) {
    let Some(RetryWait { cause, rule, end }) = hop.request.waited else { return };
    let cause = match cause {
        Transient::Status(status) => format!("was answered with {status}"),
        Transient::Timeout => "was not answered in time".to_owned(),
        Transient::Refused => "was refused a connection".to_owned(),
    };
    let rule = match rule {
        WaitRule::Backoff => "the waits grow, so that a server in trouble is not asked ever more",
        WaitRule::Given => "as --retry-delay says",
        WaitRule::RetryAfter => "as the field Retry-After of that answer asked for",
    };
    let told = format!(
        "Request {} {cause}, which may pass by itself. So it is sent once more, after a wait of {}: {rule}. Its \
         method may be used twice, or --retry-all says that it shall be.",
        before.0 + 1,
        units::duration(end.since(hop.start))
    );
    teller.tell(
        "The same once more",
        &[told],
        &["RFC 9110 section 9.2.2", "RFC 9110 section 10.2.3"],
        "urltrace --lab --retry 2 http://busy.http.test/",
    );
}

/// Input that makes no URL.
pub(super) fn no_url(teller: &mut Teller, input: &str, failure: &Failure) {
    let told = [
        format!(
            "\"{}\" was typed, and no request can be made of it: {}.",
            clip(input),
            clip(&failure.message)
        ),
        "A URL needs a scheme (which protocol), a host (which machine), and may have a port, a path and a \
         query. 0 packets were sent: no name was looked up and nobody was asked."
            .to_owned(),
    ];
    teller.tell("What was typed", &told, URL_STANDARDS, TRY_URL);
}

/// The question of a lookup alone.
pub(super) fn question(teller: &mut Teller, dns: &Dns) {
    let types: Vec<_> = dns.types.iter().map(|rtype| rtype.mnemonic().into_owned()).collect();
    let addresses = dns.types.iter().any(|rtype| [RecordType::A, RecordType::AAAA].contains(rtype));
    let told = [
        format!(
            "The question is: which {} records does {} have? A name in DNS (the Domain Name System, the \
             phone book of the Internet) is read from right to left: each dot goes one level down a tree \
             whose root is the empty name behind the last dot. This one has {}.",
            list(&types),
            clip(&dns.name),
            units::count(labels(&dns.name), "level")
        ),
        if addresses { "An A record holds an IPv4 address, an AAAA record one of IPv6." } else { "" }
            .to_owned(),
    ];
    teller.tell(
        "What was asked",
        &told,
        &["RFC 1034 section 3.1", "RFC 1035 section 3.2"],
        "urltrace dns --lab --type AAAA www.ipv6.test --explain",
    );
}

fn labels(name: &str) -> usize {
    name.split('.').filter(|label| !label.is_empty()).count()
}

fn parts(url: &Url) -> String {
    let means = match url.scheme {
        Scheme::Https => "HTTP inside TLS, that is encrypted and with proof of who answers",
        Scheme::Http => "HTTP in the clear, that is readable and changeable by everybody on the way",
        Scheme::Ws => {
            "a WebSocket in the clear: a request of HTTP that turns the connection over to messages"
        }
        Scheme::Wss => "a WebSocket inside TLS: a request of HTTP that turns the connection over to messages",
        Scheme::Grpc => "gRPC in the clear: a method of a program far away is called as if it were here",
        Scheme::Grpcs => "gRPC inside TLS: a method of a program far away is called as if it were here",
        Scheme::Tls | Scheme::Quic | Scheme::Tcp | Scheme::Dns => return endpoint(url),
    };
    let port = if url.port_is_default {
        format!(
            "{}, which nobody had to type, because it is the default of {}",
            url.port,
            url.scheme.as_str()
        )
    } else {
        format!("{}, as typed", url.port)
    };
    let path = match &url.query {
        Some(query) => format!("{} with the query {}", clip(&url.path), clip(query)),
        None => clip(&url.path),
    };
    format!(
        "A browser takes that apart before anything is sent. The scheme {} says how to speak: {means}. The \
         host {} says to whom, the path {path} what to ask for, and the port at which door of that machine to knock: \
         {port}.",
        url.scheme.as_str(),
        clip(&url.host_ascii),
    )
}

/// What a browser would not open.
fn endpoint(url: &Url) -> String {
    let (far, asked) = match url.scheme {
        Scheme::Dns => ("its name is looked up", "0 connections are opened".to_owned()),
        Scheme::Tcp => ("a connection to it is open", format!("the door is port {}", url.port)),
        Scheme::Quic => (
            "QUIC is set up with it and its certificate checked",
            format!("the door is UDP port {}", url.port),
        ),
        _ => ("TLS is set up with it and its certificate checked", format!("the door is port {}", url.port)),
    };
    format!(
        "That is no page for a browser: it names the host {} and asks only how it goes until {far}; {asked}.",
        clip(&url.host_ascii)
    )
}

/// What is done to a URL without a word.
fn silent(url: &Url) -> Vec<String> {
    let mut told = Vec::new();
    if url.scheme_assumed {
        told.push(format!("No scheme was typed, and {} was assumed.", url.scheme.as_str()));
    }
    let upgrade = |kind: UrlChangeKind| kind == UrlChangeKind::HttpsRecordUpgrade;
    let changed: Vec<String> = url
        .changes
        .iter()
        .filter(|change| !upgrade(change.kind))
        .map(|change| format!("\"{}\" into \"{}\"", clip(&change.before), clip(&change.after)))
        .collect();
    if !changed.is_empty() {
        let many = units::count(changed.len(), "silent change");
        told.push(format!("With {many} a browser turns {}.", list(&changed)));
    }
    if url.changes.iter().any(|change| upgrade(change.kind)) {
        told.push(
            "An HTTPS record of the host says that it can be reached by https, so that http was not even \
             tried (RFC 9460 section 9.5)."
                .to_owned(),
        );
    }
    if let Some(fragment) = &url.fragment {
        told.push(format!("The fragment #{} stays with the browser: it is never sent.", clip(fragment)));
    }
    if url.username.is_some() || url.password.is_some() {
        told.push(
            "What stands before the @ is a user name or password and no part of the address.".to_owned(),
        );
    }
    told
}

fn shown(url: &Url) -> String {
    let host =
        if url.host_ascii.contains(':') { format!("[{}]", url.host_ascii) } else { url.host_ascii.clone() };
    let port = if url.port_is_default { String::new() } else { format!(":{}", url.port) };
    format!("{}://{host}{port}{}", url.scheme.as_str(), url.path)
}

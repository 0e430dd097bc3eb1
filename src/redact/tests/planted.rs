//! A marker planted wherever a trace can hold a secret, and looked for in every format.

use data_encoding::BASE64;
use proptest::prelude::*;

use crate::finding::Selection;
use crate::redact::{Secrets, redact};
use crate::render::{Format, Style, complaint, render, render_dns, render_dns_line, render_short, testtrace};
use crate::report::{DnsReport, TraceReport};
use crate::trace::{
    FailureCode, GoAway, Header, Informational, Redirect, StageName, Trace, UrlChange, UrlChangeKind,
};

/// A field of every kind with the marker in it.
fn fields(marker: &str) -> Vec<Header> {
    let basic = BASE64.encode(format!("ann:{marker}").as_bytes());
    [
        ("Authorization", format!("Basic {basic}")),
        ("Proxy-Authorization", format!("Bearer {marker}")),
        ("X-Original-Authorization", marker.to_owned()),
        ("Cookie", format!("a={marker}; b=\"x; {marker}\"; {marker}, c={marker}")),
        ("Set-Cookie", format!("a={marker}; Path=/; HttpOnly, b={marker}; Domain=h, c={marker}; X={marker}")),
        ("Set-Cookie", format!("a=\"1; b={marker}\"; Expires=Wed, {marker}")),
        ("Set-Cookie2", format!("a={marker}")),
        ("Authentication-Info", format!("nextnonce=\"{marker}\"")),
        ("WWW-Authenticate", format!("Negotiate {marker}")),
        ("WWW-Authenticate", format!("Digest realm=\"a\", nonce=\"{marker}\"")),
        ("X-Subscription-Key", marker.to_owned()),
        ("X-Amz-Security-Token", marker.to_owned()),
        ("X-Client-Secret", marker.to_owned()),
        ("Location", format!("//u:{marker}@h/?token={marker} {marker}")),
        ("Content-Location", format!("https:/u:{marker}@h/;jsessionid={marker}")),
        ("Refresh", format!("3; URL=\\\\u:{marker}@h/?password={marker}'{marker}")),
        ("Link", format!("</x?sig={marker}>; rel=next, <https://{marker}@h/>; rel=prev")),
        ("Referer", format!("https://h/?code={marker}#access_token={marker}")),
        ("X-Next", format!("https%3A%2F%2Fu%3A{marker}%40h%2F%3Fkey%3D{marker}%26{marker}")),
        ("X-Debug", format!("{{\"token\": \"{marker}\", 'secret': '{marker}'}} session={marker}")),
        ("Content-Security-Policy", format!("script-src 'nonce-{marker}'; report-uri /csp?key={marker}")),
        ("X-Jwt", format!("eyJhbGciOiJub25lIn0.{marker}.{marker}")),
        ("X-Echo", format!("you said {marker} and {basic}")),
    ]
    .into_iter()
    .map(|(name, value)| Header { name: name.into(), value: value.into_bytes() })
    .chain([Header { name: "X-Odd".into(), value: [b"\xff?token=", marker.as_bytes(), b"\xfe"].concat() }])
    .collect()
}

/// A chain of hops whose every text holds the marker where a secret stands.
fn planted(marker: &str) -> Trace {
    let mut trace = testtrace::redirects();
    trace.input = format!(" https://ann:{marker}@shop.test/?token={marker} {marker}#id_token={marker}");
    let last = trace.requests.len() - 1;
    for (index, request) in trace.requests.iter_mut().enumerate() {
        let url = &mut request.url;
        url.href = format!(
            "https://ann:{marker}@shop.test/x;jsessionid={marker}?+token={marker}%26{marker}#key={marker}"
        );
        (url.username, url.password) = (Some("ann".into()), Some(marker.into()));
        url.path = format!("/x;jsessionid={marker}");
        url.query = Some(format!("user[password]={marker}&SAMLResponse={marker};{marker}"));
        url.fragment = Some(format!("access_token={marker}"));
        let change = |kind, before: String| UrlChange { kind, after: before.replace(' ', "%20"), before };
        url.changes = vec![
            change(UrlChangeKind::PercentEncoding, format!("token={marker} {marker}")),
            change(UrlChangeKind::PercentEncoding, format!("/x;jsessionid={marker} {marker}")),
            change(
                UrlChangeKind::TabOrNewline,
                format!("https://ann:{marker}@shop.test/?key={marker} {marker}"),
            ),
            change(UrlChangeKind::SurroundingSpace, format!("joe:{marker}/{marker}@shop.test/")),
        ];
        let Some(http) = request.http.ran_mut() else { continue };
        http.request.target = format!("/x?key={marker}&next=%2F%2Fu:{marker}@h");
        http.request.headers.extend(fields(marker));
        http.headers.extend(fields(marker));
        http.trailers.extend(fields(marker));
        http.informational.push(Informational { status: 103, at: http.start, headers: fields(marker) });
        http.reason = Some(format!("token={marker}"));
        http.body.decode_error = Some(format!("bad token={marker}"));
        http.garbage =
            Some(format!("HELLO\r\nAuthorization: Bearer {marker}\r\nGET /?token={marker} {marker}").into());
        http.goaway =
            Some(GoAway { last_stream: 0, code: 0, debug: format!("bad token={marker}").into_bytes() });
        http.headers.push(Header::unreadable(format!("Set-Cookie a={marker}; b={marker}").into_bytes()));
        http.headers.push(Header::unreadable(format!("PHP Warning: token={marker} in x").into_bytes()));
        if index == last {
            http.status = None;
        }
        http.redirect = Some(Redirect {
            location: format!("https:/u:{marker}@h/?code={marker} {marker}"),
            target: Some(format!("https://u:{marker}@h/?code={marker}%20{marker}")),
            changes: Vec::new(),
            followed: index < last,
            next_method: None,
        });
    }
    for dns in &mut trace.lookups {
        dns.notes.push(format!("asked `https://u:{marker}@dns.test/dns-query?key={marker}` in vain"));
        dns.unvalidated = Some(format!("https://u:{marker}@dns.test/ said nothing"));
        dns.hints.drift = Some(vec![format!("it said token={marker}")]);
        if let Some(stub) = &mut dns.stub {
            stub.error = Some(format!("tls://u:{marker}@dns.test: refused"));
        }
        for packet in &mut dns.packets {
            packet.meaning =
                crate::trace::Meaning::Error { reason: format!("https://{marker}@dns.test/ refused") };
            if let Some(reply) = &mut packet.reply {
                reply.extended_errors = vec![(0, format!("blocked, token={marker}"))];
            }
        }
    }
    trace
}

fn failed(marker: &str, code: FailureCode, stage: StageName, message: String) -> Trace {
    let mut trace = planted(marker);
    let mut failure = testtrace::all().iter().find_map(|(_, trace)| trace.failure().cloned()).unwrap();
    (failure.code, failure.stage, failure.message) = (code, stage, message);
    failure.hint = Some(format!("try https://ann:{marker}@shop.test/"));
    trace.requests.last_mut().unwrap().failure = Some(failure);
    trace
}

/// Everything that anybody is shown of a trace.
fn shown(trace: Trace) -> String {
    let mut out = Vec::new();
    let dns = trace.lookups.first().cloned();
    let failure = trace.failure().cloned();
    let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
    for verbose in [false, true] {
        let style = Style { verbose, width: 2000, ..Style::default() };
        let documents = [Format::Json, Format::Html, Format::Svg, Format::Markdown, Format::Har];
        let metrics = [Format::Prometheus, Format::OpenMetrics, Format::Csv, Format::ChromeTrace];
        let metrics = metrics.into_iter().chain([Format::Github, Format::Junit, Format::Otlp]);
        for format in [Format::Text].into_iter().chain(documents).chain(metrics) {
            render(&report, format, &style, &mut out).unwrap();
        }
        if let Some(failure) = report.part(|report| report.trace.failure()) {
            let (message, hint) = complaint(failure, &style);
            out.extend(message.into_bytes());
            out.extend(hint.unwrap_or_default().into_bytes());
        }
    }
    if let Some(dns) = dns {
        let report = DnsReport {
            exit_code: 0,
            input: report_input(&failure),
            started_at: std::time::UNIX_EPOCH,
            setup: std::time::Duration::ZERO,
            total: std::time::Duration::ZERO,
            dns,
            failure: None,
            findings: Vec::new(),
        };
        let report = redact(report, Secrets::Hide);
        let style = Style { verbose: true, width: 2000, ..Style::default() };
        render_dns(&report, Format::Text, &style, &mut out).unwrap();
        render_dns(&report, Format::Json, &style, &mut out).unwrap();
        render_dns_line(&report, Format::Text, &style, &mut out).unwrap();
        render_dns_line(&report, Format::Json, &style, &mut out).unwrap();
        render_short(&report, &style, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn report_input(failure: &Option<crate::trace::Failure>) -> String {
    failure.as_ref().and_then(|failure| failure.hint.clone()).unwrap_or_default().replace("try ", "")
}

/// Every line that still holds the marker, in any case or encoding.
fn leaks(text: &str, marker: &str) -> Vec<String> {
    let forms = [
        marker.to_ascii_lowercase(),
        BASE64.encode(format!("ann:{marker}").as_bytes()).trim_end_matches('=').to_ascii_lowercase(),
        marker.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        marker.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    let leaks = |line: &&str| forms.iter().any(|form| line.to_ascii_lowercase().contains(form.as_str()));
    text.lines().filter(leaks).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_marker_is_shown_in_any_format(marker in "[A-Za-z0-9]{3}[A-Z][0-9][a-zA-Z0-9]{3,12}") {
        prop_assert_eq!(leaks(&shown(planted(&marker)), &marker), Vec::<String>::new());
        for (code, stage, message) in [
            (FailureCode::NotHttp, StageName::Http, format!("what came is not HTTP: `Authorization: Basic {marker}`")),
            (FailureCode::BadRedirect, StageName::Http, format!("the redirect to `//u:{marker}@h/?token={marker} {marker}` cannot be followed")),
            (FailureCode::TooManyRedirects, StageName::Http, format!("the next would go to https://u:{marker}@h/?key={marker}")),
            (FailureCode::ResolverFailed, StageName::Dns, format!("`https://u:{marker}@dns.test/` did not answer")),
            (FailureCode::InvalidPort, StageName::Url, format!("the port `{marker}` is not a number")),
        ] {
            let text = shown(failed(&marker, code, stage, message));
            prop_assert_eq!(leaks(&text, &marker), Vec::<String>::new());
        }
    }

    #[test]
    fn all_of_it_is_shown_when_asked_for(marker in "[A-Z]{3}[0-9]{5}") {
        let report = redact(TraceReport::of(planted(&marker), &Selection::default(), |_, _| 0), Secrets::Show);
        let mut out = Vec::new();
        render(&report, Format::Json, &Style::default(), &mut out).unwrap();
        prop_assert!(String::from_utf8(out).unwrap().matches(&marker).count() > 100);
    }
}

//! A URL in which programs find different hosts.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace, Url, UrlChange, UrlChangeKind};

pub(super) const RULE: Rule = Rule {
    id: "url-ambiguous-host",
    severity: Severity::Warning,
    stage: StageName::Url,
    fires: "the host was written in a form that browsers and RFC 3986 read differently (\\, tab, second @, %2E, 0x7f.1; notice: final dot)",
    standard: "RFC 3986 section 7.6",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let host = &hop.url.host_ascii;
        let found = hop.url.changes.iter().enumerate().find_map(|(at, change)| Some((at, odd(change)?)));
        if let Some((at, what)) = found {
            let title = format!("programs disagree on the host of this URL ({what}): browsers go to {host}");
            findings.push(rule.finding(
                title,
                vec![
                    Place::Request(hop.id, InRequest::UrlChange(at)),
                    Place::Request(hop.id, InRequest::Host),
                ],
                "write the URL as it is used, and compare hosts only after a parser has read them",
            ));
        } else if ends_in_dot(hop.url) {
            let title =
                format!("the host ends in a dot: {host} is the same name to DNS and another to cookies");
            let advice = format!("write {}", host.trim_end_matches('.'));
            let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Host)], advice);
            finding.severity = Severity::Notice;
            findings.push(finding);
        }
    }
    findings
}

/// What makes two of a change of the host.
fn odd(change: &UrlChange) -> Option<&'static str> {
    let before = change.before.as_str();
    match change.kind {
        // Behind the host it begins the path for browsers; by RFC 3986 it is no such end.
        UrlChangeKind::Backslash if before.starts_with('\\') => Some("a backslash behind it"),
        UrlChangeKind::Slashes if before.contains('\\') => Some("backslashes before it"),
        UrlChangeKind::Slashes => Some("not two slashes before it"),
        UrlChangeKind::TabOrNewline => in_authority(before).then_some("a tab or a line's end in it"),
        UrlChangeKind::AtSignInUserinfo => Some("more than one @ before it"),
        UrlChangeKind::PercentEncodingInHost => Some("percent-encoded characters in it"),
        UrlChangeKind::Ipv4Form => Some("a number that is an IPv4 address"),
        _ => None,
    }
}

/// Whether a tab or a line's end stands before the path.
fn in_authority(typed: &str) -> bool {
    let authority = typed.split_once("//").map_or(typed, |(_, rest)| rest);
    let end = authority.find(['/', '\\', '?', '#']).unwrap_or(authority.len());
    authority[..end].contains(['\t', '\n', '\r'])
}

fn ends_in_dot(url: &Url) -> bool {
    url.host.address().is_none() && url.host_ascii.len() > 1 && url.host_ascii.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn found(typed: &str) -> Vec<Finding> {
        let mut trace = sample::sound();
        trace.requests[0].url = crate::url::parse(typed).unwrap();
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_where_two_readers_find_two_hosts() {
        for (typed, what) in [
            ("https://www.example.test\\@shop.test/", "a backslash behind it"),
            ("https:\\\\www.example.test/", "backslashes before it"),
            ("https://www.exa\tmple.test/", "a tab"),
            ("https://a@b@www.example.test/", "more than one @"),
            ("https://www%2Eexample.test/", "percent-encoded"),
            ("http://0x7f.1/", "browsers go to 127.0.0.1"),
        ] {
            let findings = found(typed);
            assert!(findings.len() == 1 && findings[0].title.contains(what), "{typed}: {findings:?}");
            assert_eq!(findings[0].severity, Severity::Warning);
        }
        assert_eq!(found("https://www.example.test./")[0].severity, Severity::Notice);
    }

    #[test]
    fn a_change_that_keeps_the_host_is_none() {
        for typed in [
            "HTTPS://WWW.Example.test/a\\b/../c",
            "www.example.test",
            "https://www.example.test/a\tb",
            " https://bücher.test/ ",
            "http://127.0.0.1/",
            "https://[2001:DB8::1]:443/",
            "https://ann@www.example.test/@",
        ] {
            assert_eq!(found(typed), [], "{typed}");
        }
    }
}

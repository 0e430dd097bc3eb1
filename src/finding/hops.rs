//! How findings name the hops that they speak of, and where those lead.

use std::net::IpAddr;

use crate::trace::{Hop, Host, Trace};

/// `hop 3`, `hops 1 and 2`, `hops 1, 2 and 4 to 7`. The numbers rise.
pub(super) fn hop_list(hops: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for hop in hops {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *hop => *last = *hop,
            _ => runs.push((*hop, *hop)),
        }
    }
    let mut words: Vec<String> = Vec::new();
    for (first, last) in runs {
        match last - first {
            0 => words.push(first.to_string()),
            1 => words.extend([first.to_string(), last.to_string()]),
            _ => words.push(format!("{first} to {last}")),
        }
    }
    let noun = if hops.len() == 1 { "hop" } else { "hops" };
    match words.split_last() {
        Some((last, [])) => format!("{noun} {last}"),
        Some((last, before)) => format!("{noun} {} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// `hop 2: `, where a trace has several.
pub(super) fn hop_before(trace: &Trace, hop: &Hop<'_>) -> String {
    if trace.requests.len() == 1 { String::new() } else { format!("hop {}: ", hop.id.0 + 1) }
}

/// The host and port of an absolute URL, without the user (RFC 3986 §3.2).
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The host of an absolute URL.
pub(super) fn host_of(url: &str) -> Host {
    let authority = authority(url);
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Host::Ipv4(address),
        Ok(IpAddr::V6(address)) => Host::Ipv6(address),
        Err(_) => Host::Name(host.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_taken_together() {
        for (hops, words) in [
            (&[3][..], "hop 3"),
            (&[1, 2], "hops 1 and 2"),
            (&[1, 3, 4, 5, 9, 10], "hops 1, 3 to 5, 9 and 10"),
            (&[1, 2, 3], "hops 1 to 3"),
        ] {
            assert_eq!(hop_list(hops), words);
        }
    }

    #[test]
    fn hosts_are_read_without_user_and_port() {
        for (url, host, here) in [
            ("http://u:p@a.test:80/x@y", "a.test:80", false),
            ("http://localhost:8080/cb", "localhost:8080", true),
            ("http://[::1]:9/", "[::1]:9", true),
            ("http://[::1]/", "[::1]", true),
            ("http://127.0.0.9?x", "127.0.0.9", true),
            ("https://localhost.example.test#f", "localhost.example.test", false),
        ] {
            assert_eq!((authority(url), host_of(url).is_this_machine()), (host, here), "{url}");
        }
    }
}

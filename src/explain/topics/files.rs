//! The files of the encyclopedia. They are embedded as they stand, and read only when somebody asks.

use super::parse::{self, Topic};

/// The files, in the order in which their topics are listed.
pub(super) const FILES: &[(&str, &str)] = &[
    ("questions.txt", include_str!("questions.txt")),
    ("general.txt", include_str!("general.txt")),
    ("phases.txt", include_str!("phases.txt")),
    ("url.txt", include_str!("url.txt")),
    ("dns.txt", include_str!("dns.txt")),
    ("dns_types.txt", include_str!("dns_types.txt")),
    ("rcodes.txt", include_str!("rcodes.txt")),
    ("dnssec.txt", include_str!("dnssec.txt")),
    ("tcp.txt", include_str!("tcp.txt")),
    ("tls.txt", include_str!("tls.txt")),
    ("alerts.txt", include_str!("alerts.txt")),
    ("http.txt", include_str!("http.txt")),
    ("statuses.txt", include_str!("statuses.txt")),
    ("fields.txt", include_str!("fields.txt")),
    ("responses.txt", include_str!("responses.txt")),
    ("findings.txt", include_str!("findings.txt")),
    ("findings_web.txt", include_str!("findings_web.txt")),
    ("failures.txt", include_str!("failures.txt")),
    ("flags.txt", include_str!("flags.txt")),
    ("json.txt", include_str!("json.txt")),
];

/// All topics, in the order of the files.
#[must_use]
pub fn all() -> Vec<Topic<'static>> {
    FILES.iter().flat_map(|(_, text)| parse::topics(text)).collect()
}

//! What a trace shows to be wrong or slow, with evidence.
//!
//! A rule is a pure function from the trace to findings; each has a file of its own, named like its
//! id. Nothing here measures, and no rule speaks of what the trace did not see.

#[cfg(test)]
pub(crate) mod sample;

mod asked;
mod dns_answer_truncated;
mod dns_case_not_preserved;
mod dns_clock_suspected;
mod dns_cname_beside_data;
mod dns_delegation_glueless;
mod dns_dnssec_bogus;
mod dns_dnssec_expires_soon;
mod dns_edns_refused;
mod dns_intercepted;
mod dns_ns_is_alias;
mod dns_nxdomain_rewritten;
mod dns_parent_child_differ;
mod dns_reply_misdirected;
mod dns_root_hints_drifted;
mod dns_server_failed;
mod dns_server_silent;
mod dns_server_slow;
mod dns_stub_disagrees;
mod dns_stub_filtered;
mod dns_tcp_broken;
mod dns_udp_blocked;
mod dns_zone_server_lame;
mod dns_zone_server_unreachable;
mod dns_zone_server_without_address;
mod dns_zone_server_without_edns;
mod dns_zone_server_without_tcp;
mod dns_zone_server_without_udp;
mod dns_zone_servers_disagree;
mod dns_zone_without_answer;
mod http_body_slow;
mod http_first_byte_slow;
mod http_rate_limited;
mod http_redirect_avoidable;
mod http_status_error;
mod tcp_address_failed;
mod tcp_syn_retransmitted;
mod tls_certificate_expires_soon;
mod tls_certificate_faulty;
mod tls_key_share_refused;
mod tls_version_old;
mod url_not_encrypted;
mod verdict;

use std::time::Duration;

use crate::trace::{Dns, Failure, Hop, Request, Stage, StageName, Trace};

pub use verdict::{Verdict, verdict};

macro_rules! rules {
    ($($module:ident),+ $(,)?) => {
        /// Every rule, in the order of the stages.
        pub const RULES: &[Rule] = &[$($module::RULE),+];
        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($module)),+];
    };
}

rules! {
    url_not_encrypted,
    dns_zone_without_answer,
    dns_server_failed,
    dns_server_silent,
    dns_edns_refused,
    dns_answer_truncated,
    dns_tcp_broken,
    dns_case_not_preserved,
    dns_reply_misdirected,
    dns_delegation_glueless,
    dns_parent_child_differ,
    dns_cname_beside_data,
    dns_ns_is_alias,
    dns_server_slow,
    dns_root_hints_drifted,
    dns_stub_disagrees,
    dns_nxdomain_rewritten,
    dns_stub_filtered,
    dns_intercepted,
    dns_udp_blocked,
    dns_dnssec_bogus,
    dns_dnssec_expires_soon,
    dns_clock_suspected,
    dns_zone_servers_disagree,
    dns_zone_server_unreachable,
    dns_zone_server_lame,
    dns_zone_server_without_address,
    dns_zone_server_without_tcp,
    dns_zone_server_without_udp,
    dns_zone_server_without_edns,
    tcp_address_failed,
    tcp_syn_retransmitted,
    tls_certificate_faulty,
    tls_certificate_expires_soon,
    tls_version_old,
    tls_key_share_refused,
    http_redirect_avoidable,
    http_first_byte_slow,
    http_body_slow,
    http_rate_limited,
    http_status_error,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing works.
    Critical,
    /// Something is broken.
    Error,
    /// Something is broken that was worked around, or will break soon.
    Warning,
    /// Something could be better.
    Notice,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
        }
    }
}

/// One fault that a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The stage it speaks of.
    pub stage: StageName,
    /// One line, with this run's names and numbers.
    pub title: String,
    /// More, where the title is not enough; may be empty.
    pub detail: String,
    /// JSON pointers (RFC 6901) into the document; the JSON renderer looks the values up.
    pub evidence: Vec<String>,
    /// What to do.
    pub advice: String,
    /// What doing it would save.
    pub saving: Option<Saving>,
}

/// Time that a mend would save. Never more than the measured time of the phase it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Best estimate.
    pub amount: Duration,
    /// At least.
    pub low: Duration,
    /// At most.
    pub high: Duration,
    /// How it is known.
    pub basis: Basis,
    /// To which visits it applies.
    pub applies: String,
}

/// How a saving is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// It is a span of this trace.
    Measured,
    /// It follows from spans of this trace.
    Derived,
    /// It rests on an assumption that `applies` names.
    Modelled,
}

impl Basis {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Modelled => "modelled",
        }
    }
}

impl Saving {
    /// A span of this trace, to the microsecond.
    fn measured(amount: Duration, applies: &str) -> Option<Self> {
        Self::of(amount, Basis::Measured, applies)
    }

    /// What follows from spans of this trace.
    fn derived(amount: Duration, applies: &str) -> Option<Self> {
        Self::of(amount, Basis::Derived, applies)
    }

    fn of(amount: Duration, basis: Basis, applies: &str) -> Option<Self> {
        (!amount.is_zero()).then(|| Self {
            amount,
            low: amount,
            high: amount,
            basis,
            applies: applies.to_owned(),
        })
    }
}

/// A rule: its identity and its check.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Prefixed by the stage; names the fault, not the cure; its file's name in kebab-case.
    pub id: &'static str,
    /// The usual severity.
    pub severity: Severity,
    /// The stage.
    pub stage: StageName,
    /// When it fires, in one sentence.
    pub fires: &'static str,
    check: fn(&Self, &Trace) -> Vec<Finding>,
}

impl Rule {
    /// A finding of this rule.
    fn finding(&self, title: String, evidence: Vec<String>, advice: impl Into<String>) -> Finding {
        Finding {
            id: self.id,
            severity: self.severity,
            stage: self.stage,
            title,
            detail: String::new(),
            evidence,
            advice: advice.into(),
            saving: None,
        }
    }
}

/// All findings of a trace, worst first; of equals, in the order of the stages.
#[must_use]
pub fn check(trace: &Trace) -> Vec<Finding> {
    let mut findings: Vec<_> = RULES.iter().flat_map(|rule| (rule.check)(rule, trace)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// All findings of one `urltrace dns`; their pointers lead into its document.
#[must_use]
pub fn check_dns(dns: &Dns, failure: Option<&Failure>) -> Vec<Finding> {
    // The rules know traces: this is one that went no further than its name.
    let Ok(url) = crate::url::parse("https://dns.invalid/") else { return Vec::new() };
    let mut trace = Trace::new(dns.name.clone(), std::time::UNIX_EPOCH, Duration::ZERO);
    let lookup = Stage::Ran(trace.add_lookup(dns.clone()));
    let failure = failure.cloned();
    trace.add_request(Request { lookup, end: dns.end, failure, ..Request::new(url, dns.start) });
    let mut findings = check(&trace);
    findings.retain(|finding| finding.stage == StageName::Dns);
    for pointer in findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
        if let Some(inside) = pointer.strip_prefix("/hops/0") {
            *pointer = inside.to_owned();
        }
    }
    findings
}

/// Every hop with its index.
fn hops(trace: &Trace) -> impl Iterator<Item = (usize, Hop<'_>)> {
    trace.hops().enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_named_like_its_file_and_prefixed_by_its_stage() {
        assert_eq!(RULES.len(), FILES.len());
        for (rule, file) in RULES.iter().zip(FILES) {
            assert_eq!(rule.id, file.replace('_', "-"));
            assert!(rule.id.starts_with(&format!("{}-", rule.stage.as_str())), "{}", rule.id);
            assert!(!rule.fires.is_empty());
        }
        let on_disk = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/finding")).unwrap();
        let known =
            |name: &str| FILES.contains(&name) || ["mod", "asked", "verdict", "sample"].contains(&name);
        for entry in on_disk {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(known(name.trim_end_matches(".rs")), "{name} is no rule of the table");
        }
    }

    #[test]
    fn a_sound_trace_has_no_finding() {
        assert_eq!(check(&sample::sound()), []);
    }

    #[test]
    fn the_worst_comes_first() {
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(503);
        sample::connect(&mut trace).tcp_info.as_mut().unwrap().retransmits = 1;
        sample::connect(&mut trace).attempts[0].syn_retransmits = Some(1);
        let severities: Vec<_> = check(&trace).iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Error, Severity::Warning]);
    }
}

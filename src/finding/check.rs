//! Every rule in one table, and all findings of a trace or of a lookup.

use std::time::SystemTime;

use super::fold::fold;
use super::found::Finding;
use super::paged;
use super::rule::{Check, Lookups, Rule};
use super::savings::{Axis, settle};
use crate::trace::{Dns, Trace};

macro_rules! rules {
    ($($module:ident),+ $(,)?) => {
        /// Every rule, in the order of the stages.
        pub const RULES: &[Rule] = &[$(super::$module::RULE),+];
        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($module)),+];
    };
}

rules! {
    url_ambiguous_host,
    url_credentials,
    url_secret_in_query,
    url_not_encrypted,
    url_port_speaks_tls,
    url_first_request_in_clear,
    dns_zone_without_answer,
    dns_server_failed,
    dns_server_silent,
    dns_edns_refused,
    dns_edns_option_refused,
    dns_packet_lost,
    dns_answer_truncated,
    dns_tcp_broken,
    dns_case_not_preserved,
    dns_case_sensitive,
    dns_reply_misdirected,
    dns_delegation_glueless,
    dns_parent_child_differ,
    dns_server_address_unroutable,
    dns_cname_beside_data,
    dns_cname_several,
    dns_nxdomain_for_type,
    dns_ns_is_alias,
    dns_server_slow,
    dns_long_cname_chain,
    dns_low_ttl,
    dns_no_ipv6,
    dns_slow_resolver,
    dns_root_hints_drifted,
    dns_stub_disagrees,
    dns_nxdomain_rewritten,
    dns_name_private,
    dns_dns64,
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
    tcp_backend_failed,
    tcp_family_failed,
    tcp_ipv6_slower,
    tcp_https_record_failed,
    tcp_http3_unreachable,
    tcp_syn_retransmitted,
    tcp_data_lost,
    tcp_high_rtt,
    tcp_proxy_slow,
    tcp_proxy_credentials_in_clear,
    tls_certificate_faulty,
    tls_certificate_expires_soon,
    tls_ocsp_staple_bad,
    tls_ocsp_must_staple_missing,
    tls_certificate_lifetime_long,
    tls_weak_key,
    tls_sha1,
    tls_chain_bloated,
    tls_chain_out_of_order,
    tls_caa_mismatch,
    tls_legacy_version,
    tls_version_old,
    tls_key_share_refused,
    tls_no_resumption,
    tls_weak_cipher,
    tls_old_version_offered,
    tls_no_forward_secrecy,
    tls_no_post_quantum,
    tls_slow_handshake,
    tls_no_h2_alpn,
    http_redirect_downgrade,
    http_redirect_broken,
    http_redirect_avoidable,
    http_redirect_temporary,
    http_connection_closed,
    http_stream_refused,
    http_failure_passed,
    http_framing_ambiguous,
    http_bare_return,
    http_field_malformed,
    http_coding_broken,
    http_connection_close,
    http_continue_missing,
    http_cookie_awaited,
    http_first_byte_slow,
    http_cold_start,
    http_upstream_slow,
    http_cdn_miss,
    http_cdn_bypass,
    http_body_slow,
    http_rate_limited,
    http_auth_required,
    http_token_faulty,
    http_cors_refused,
    http_status_error,
    http_graphql_errors,
    http_grpc_status,
    http_grpc_not_serving,
    http_grpc_message_refused,
    http_api_deprecated,
    http_hsts_missing,
    http_hsts_weak,
    http_cookie_refused,
    http_cookie_in_clear,
    http_clock_skew,
    http_no_cache_policy,
    http_no_compression,
    http_no_validator,
    page_mixed_content,
    page_policy_blocked,
    page_broken_resource,
    page_third_party_spof,
    page_render_blocking,
    page_css_import,
    page_h1_queue,
    page_preload_unused,
    page_preconnect_unused,
    page_preconnect_missing,
    page_resource_redirect,
    page_uncompressed,
    page_short_cache,
    page_early_hints_missing,
    page_many_origins,
    page_overweight,
    page_unused_resource,
    page_etag_changes,
    page_revalidation_ignored,
    page_no_validator,
}

/// All findings of a trace, worst first; of equals, in the order of the stages.
#[must_use]
pub fn check(trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.append(&mut rule.look_at(trace));
    }
    worst_first(&mut findings);
    let mut findings = settle(fold(findings, Some(trace)), &Axis::of(trace));
    paged::settle(&mut findings, trace);
    findings
}

/// All findings of a name that was looked up for its own sake: it is the only lookup of its run.
#[must_use]
pub fn check_dns(dns: &Dns, started_at: SystemTime) -> Vec<Finding> {
    let lookups = Lookups { all: std::slice::from_ref(dns), started_at };
    let mut findings = Vec::new();
    for rule in RULES {
        if let Check::Lookups(check) = rule.check {
            findings.append(&mut check(rule, lookups));
        }
    }
    worst_first(&mut findings);
    settle(fold(findings, None), &Axis::of_lookup(dns))
}

fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| finding.severity);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Severity, sample};

    #[test]
    fn a_rule_is_named_like_its_file_and_prefixed_by_its_stage() {
        assert_eq!(RULES.len(), FILES.len());
        for (rule, file) in RULES.iter().zip(FILES) {
            assert_eq!(rule.id, file.replace('_', "-"));
            // What is of a page as a whole has a prefix of its own.
            let is_of_page = rule.id.starts_with("page-");
            assert!(is_of_page || rule.id.starts_with(&format!("{}-", rule.stage.as_str())), "{}", rule.id);
            assert!(!rule.fires.is_empty());
            let section = rule.standard.split_once(" section ").map(|(_, section)| section);
            // The documents of gRPC number no sections.
            let is_numbered = section.is_some_and(|it| it.starts_with(|char: char| char.is_ascii_digit()));
            assert!(is_numbered || rule.standard.starts_with("gRPC "), "{}", rule.id);
        }
        let on_disk = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/finding")).unwrap();
        let known = |name: &str| {
            FILES.contains(&name)
                || [
                    "mod",
                    "aliases",
                    "selection",
                    "asked",
                    "case",
                    "check",
                    "found",
                    "place",
                    "rule",
                    "addresses",
                    "verdict",
                    "sample",
                    "hops",
                    "kept",
                    "listed",
                    "fold",
                    "savings",
                    "savings_tests",
                    "moments",
                    "coding",
                    "paged",
                    "revisited",
                ]
                .contains(&name)
        };
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

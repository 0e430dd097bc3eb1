//! What a trace shows to be wrong or slow, with evidence.
//!
//! A rule is a pure function from a trace, or from its lookups, to findings; each has a file of its own,
//! named like its id. Nothing here measures, and no rule speaks of what the trace did not see.

#[cfg(test)]
pub(crate) mod sample;

mod addresses;
mod aliases;
mod asked;
mod case;
mod check;
mod dns_answer_truncated;
mod dns_case_not_preserved;
mod dns_case_sensitive;
mod dns_clock_suspected;
mod dns_cname_beside_data;
mod dns_cname_several;
mod dns_delegation_glueless;
mod dns_dns64;
mod dns_dnssec_bogus;
mod dns_dnssec_expires_soon;
mod dns_edns_option_refused;
mod dns_edns_refused;
mod dns_intercepted;
mod dns_name_private;
mod dns_ns_is_alias;
mod dns_nxdomain_for_type;
mod dns_nxdomain_rewritten;
mod dns_packet_lost;
mod dns_parent_child_differ;
mod dns_reply_misdirected;
mod dns_root_hints_drifted;
mod dns_server_address_unroutable;
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
mod fold;
mod found;
mod hops;
mod hsts;
mod http_auth_required;
mod http_body_slow;
mod http_cdn_bypass;
mod http_cdn_miss;
mod http_connection_close;
mod http_connection_closed;
mod http_cookie_awaited;
mod http_first_byte_slow;
mod http_hsts_missing;
mod http_hsts_weak;
mod http_no_cache_policy;
mod http_no_validator;
mod http_rate_limited;
mod http_redirect_avoidable;
mod http_redirect_downgrade;
mod http_redirect_temporary;
mod http_status_error;
mod http_upstream_slow;
mod kept;
mod moments;
mod place;
mod rule;
mod savings;
mod selection;
mod tcp_address_failed;
mod tcp_backend_failed;
mod tcp_family_failed;
mod tcp_https_record_failed;
mod tcp_syn_retransmitted;
mod tls_certificate_expires_soon;
mod tls_certificate_faulty;
mod tls_chain_bloated;
mod tls_key_share_refused;
mod tls_legacy_version;
mod tls_no_h2_alpn;
mod tls_no_resumption;
mod tls_sha1;
mod tls_slow_handshake;
mod tls_version_old;
mod tls_weak_key;
mod url_not_encrypted;
mod verdict;

pub use aliases::aliases;
pub use check::{RULES, check, check_dns};
pub use found::{Basis, Finding, Load, Saving, Severity};
pub use place::{
    AttemptField, CertificateField, CutField, InConnection, InDnssec, InLookup, InRequest, PacketField,
    Place, SignatureField, SignaturePlace,
};
pub use rule::Rule;
pub use savings::saved_together;
pub use selection::{Forbidden, Selection, Unknown, forbidden, rules_named};
pub use verdict::{Cause, Culprit, Verdict, verdict};

//! The text of the lab's odd zones: delegations that are wrong, zones with HTTPS records and DNAMEs.
//!
//! A table, the second part of that in `internet`.

/// Zone texts without web hosts, by apex.
pub(super) const ZONES: &[(&str, &str)] = &[
    (
        "https.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
service IN HTTPS 10 . alpn=h3 no-default-alpn
service IN HTTPS 20 pool.https.test. alpn=http/1.1 port=8443 ipv4hint=192.0.2.20
alias IN HTTPS 0 alias-https-test.cdn.example.
upgrade IN HTTPS 1 . alpn=h2
dead-endpoint IN HTTPS 1 . alpn=h2 port=9
clear-endpoint IN HTTPS 1 . alpn=h2 port=80
",
    ),
    (
        "capped.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
",
    ),
    (
        "aliases.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
www IN CNAME shop7.hosting.test.
",
    ),
    (
        "low-ttl.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
www 20 IN CNAME web.low-ttl.test.
ipv4 IN A 192.0.2.30
",
    ),
    (
        "intercepted.",
        "$TTL 3600
@ IN SOA a.nic.intercepted. hostmaster.nic.intercepted. 2026010100 1800 900 604800 900
@ IN NS a.nic.intercepted.
a.nic IN A 127.53.0.111
",
    ),
    // No server has it: whoever answers for it has it from the interceptor.
    (
        "shop.intercepted.",
        "$TTL 300
@ IN SOA ns.shop.intercepted. hostmaster.shop.intercepted. 2026010100 3600 600 604800 60
",
    ),
    (
        "trapped.test.",
        "$TTL 300
@ IN SOA ns2.hosting.example. hostmaster.hosting.example. 2026010100 3600 600 604800 60
@ IN NS ns2.hosting.example.
",
    ),
    (
        "glueless.test.",
        "$TTL 300
@ IN SOA ns1.hosting.example. hostmaster.hosting.example. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.example.
",
    ),
    (
        "upward.test.",
        "$TTL 300
@ IN SOA ns1.upward.test. hostmaster.upward.test. 2026010100 3600 600 604800 60
@ IN NS ns1.upward.test.
@ IN NS ns2.upward.test.
ns1 IN A 127.53.0.101
ns2 IN A 127.53.0.102
",
    ),
    (
        "glue.test.",
        "$TTL 300
@ IN SOA ns1.glue.test. hostmaster.glue.test. 2026010100 3600 600 604800 60
@ IN NS ns1.glue.test.
ns1 IN A 127.53.0.104
former IN A 127.53.0.103
",
    ),
    (
        "moved.test.",
        "$TTL 300
@ IN SOA ns1.moved.test. hostmaster.moved.test. 2026010100 3600 600 604800 60
@ IN NS ns1.moved.test.
@ IN NS ns2.moved.test.
ns1 IN A 127.53.0.105
ns2 IN A 127.53.0.106
",
    ),
    (
        "case.test.",
        "$TTL 300
@ IN SOA ns1.case.test. hostmaster.case.test. 2026010100 3600 600 604800 60
@ IN NS ns1.case.test.
ns1 IN A 127.53.0.108
",
    ),
    (
        "no-tcp.test.",
        "$TTL 300
@ IN SOA ns1.no-tcp.test. hostmaster.no-tcp.test. 2026010100 3600 600 604800 60
@ IN NS ns1.no-tcp.test.
@ IN NS ns2.no-tcp.test.
ns1 IN A 127.53.0.109
ns2 IN A 127.53.0.110
",
    ),
    (
        "udp-only.test.",
        "$TTL 300
@ IN SOA ns1.udp-only.test. hostmaster.udp-only.test. 2026010100 3600 600 604800 60
@ IN NS ns1.udp-only.test.
ns1 IN A 127.53.0.112
",
    ),
    (
        "case-sensitive.test.",
        "$TTL 300
@ IN SOA ns1.case-sensitive.test. hostmaster.case-sensitive.test. 2026010100 3600 600 604800 60
@ IN NS ns1.case-sensitive.test.
ns1 IN A 127.53.0.113
",
    ),
    (
        "no-https-type.test.",
        "$TTL 300
@ IN SOA ns1.no-https-type.test. hostmaster.no-https-type.test. 2026010100 3600 600 604800 60
@ IN NS ns1.no-https-type.test.
ns1 IN A 127.53.0.114
",
    ),
    (
        "very-slow.test.",
        "$TTL 300
@ IN SOA ns1.very-slow.test. hostmaster.very-slow.test. 2026010100 3600 600 604800 60
@ IN NS ns1.very-slow.test.
ns1 IN A 127.53.0.115
",
    ),
    (
        "aliased.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
@ IN CNAME web.aliased.test.
",
    ),
    (
        "dname.test.",
        "$TTL 300
@ IN SOA ns1.hosting.test. hostmaster.hosting.test. 2026010100 3600 600 604800 60
@ IN NS ns1.hosting.test.
@ IN NS ns2.hosting.test.
old IN DNAME new.dname.test.
",
    ),
];

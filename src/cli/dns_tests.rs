//! Types, addresses, resolvers and lists of names as they are written.

use super::*;

#[test]
fn types_have_names_and_numbers() {
    for (word, number) in
        [("a", 1), ("HTTPS", 65), ("TYPE65", 65), ("65", 65), ("srv", 33), ("LOC", 29), ("type65280", 65280)]
    {
        assert_eq!(record_type(word).unwrap(), RecordType(number), "{word}");
    }
    for word in ["NOPE", "TYPE", "65536", "-1", "OPT", "AXFR", "252", "0", ""] {
        assert!(record_type(word).is_err(), "{word}");
    }
}

#[test]
fn addresses_become_names_of_the_reverse_tree() {
    assert_eq!(reverse_name("192.0.2.1").unwrap(), "1.2.0.192.in-addr.arpa");
    assert_eq!(
        reverse_name("2001:db8::1").unwrap(),
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    );
    assert!(reverse_name("www.example.test").is_err());
}

#[test]
fn resolvers_have_many_forms() {
    let endpoint = |text: &str| match resolver(text).unwrap() {
        ResolverChoice::Endpoint(endpoint) => endpoint,
        other => panic!("{text}: {other:?}"),
    };
    for (text, transport, host, port, name, path) in [
        ("tcp://192.0.2.53", Transport::Tcp, "192.0.2.53", 53, "192.0.2.53", "/dns-query"),
        ("tls://192.0.2.53#dns.test", Transport::Tls, "192.0.2.53", 853, "dns.test", "/dns-query"),
        ("tls://[fe80::53%1]:8853", Transport::Tls, "fe80::53%1", 8853, "fe80::53", "/dns-query"),
        ("tls://[2001:db8::53]:8853", Transport::Tls, "2001:db8::53", 8853, "2001:db8::53", "/dns-query"),
        ("https://dns.test/x?y", Transport::Https, "dns.test", 443, "dns.test", "/x?y"),
        ("https://dns.test/q{?dns}", Transport::Https, "dns.test", 443, "dns.test", "/q"),
        ("https://dns.test/q?x=1{&dns}", Transport::Https, "dns.test", 443, "dns.test", "/q?x=1"),
        ("https://192.0.2.53:8443", Transport::Https, "192.0.2.53", 8443, "192.0.2.53", "/dns-query"),
        ("QUIC://Dns.Test:99", Transport::Quic, "dns.test", 99, "dns.test", "/dns-query"),
    ] {
        if transport != Transport::Tcp && !cfg!(feature = "encrypted-dns") {
            let refused = format!("{:?}", resolver(text).unwrap_err());
            assert!(refused.contains("without encrypted DNS"), "{text}: {refused}");
            continue;
        }
        let found = endpoint(text);
        let host_text = match &found.host {
            EndpointHost::Address(address) => address.to_string(),
            EndpointHost::Scoped(address, scope) => format!("{address}%{scope}"),
            EndpointHost::Name(name) => name.clone(),
        };
        assert_eq!((found.transport, host_text.as_str(), found.port), (transport, host, port), "{text}");
        assert_eq!((found.certificate_name.as_str(), found.path.as_str()), (name, path), "{text}");
    }
    assert_eq!(resolver("udp://192.0.2.1").unwrap(), resolver("192.0.2.1:53").unwrap());
    for text in [
        "tcp://dns.test",
        "tls://",
        "ftp://x",
        "tls://a..b",
        "https://x/ y",
        "tls://x:0",
        "nobody",
        "https://x#y",
    ] {
        assert!(resolver(text).is_err(), "{text}");
    }
}

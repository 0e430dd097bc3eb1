//! What a file of modules may say, and what is refused.

use super::*;
use crate::plan::{Identity, RootsChoice};
use crate::trace::TlsVersion;

fn read(text: &str) -> Result<Modules, String> {
    let mut environment = Environment::default();
    environment.proxies.insert("https_proxy", "http://proxy.test:3128".to_owned());
    let (base, folder) = (&Plan::default(), Path::new("/nowhere"));
    modules(text, &Around { base, folder, environment: &environment })
}

fn refused(text: &str) -> String {
    read(text).map(|_| ()).unwrap_err()
}

#[test]
fn the_built_in_modules_are_there() {
    let modules = built_in(&Plan::default()).unwrap();
    let names: Vec<&String> = modules.keys().collect();
    assert_eq!(names, ["http_2xx", "http_post_2xx", "tcp_connect", "tls_connect"]);
    assert_eq!(modules["http_post_2xx"].plan.http.method.as_deref(), Some("POST"));
    assert!(modules["http_2xx"].plan.http.follow);
    assert!(matches!(
        modules["tls_connect"].prober,
        Prober::Tcp(TcpRules { encryption: Encryption::Required, .. })
    ));
    assert_eq!(modules["tcp_connect"].plan.tcp.choice, AddressChoice::One(Preferred::Ipv6));
}

#[test]
fn a_whole_module_is_read() {
    let modules = read(
        "modules:
  api:
    prober: http
    timeout: 1m1.5s
    resolver: walk
    http:
      method: PUT
      body: '{}'
      headers: {X-Number: 12, X-Flag: true, Host: other.test}
      valid_status_codes: [200, 301]
      valid_http_versions: [HTTP/2.0]
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      no_follow_redirects: true
      fail_if_not_ssl: true
      fail_if_body_matches_regexp: ['(?i)error']
      fail_if_header_not_matches: [{header: Server, regexp: nginx, allow_missing: true}]
      basic_auth: {username: me, password: secret}
      tls_config: {insecure_skip_verify: true, server_name: inside.test, min_version: TLS13, ca_file: ca.pem}
",
    )
    .unwrap();
    let module = &modules["api"];
    assert_eq!(module.timeout, Some(Duration::from_millis(61_500)));
    assert_eq!(module.server_name.as_deref(), Some("inside.test"));
    let Plan { dns, tcp, tls, http, .. } = &module.plan;
    assert_eq!(
        (dns.lane.clone(), dns.family, tcp.family),
        (ResolverChoice::Walk, Family::Ipv4, Family::Ipv4)
    );
    assert_eq!((tls.insecure, tls.min_version), (true, TlsVersion::Tls13));
    assert_eq!(tls.roots, RootsChoice::File("/nowhere/ca.pem".into()));
    assert!(!http.follow && http.body.is_some());
    let field = |name: &str| http.headers.iter().find(|(own, _)| own == name).unwrap().1.clone().unwrap();
    assert_eq!((field("X-Number"), field("X-Flag")), ("12".to_owned(), "true".to_owned()));
    assert_eq!(field("Authorization"), "Basic bWU6c2VjcmV0");
    let Prober::Http(rules) = &module.prober else { panic!("{:?}", module.prober) };
    assert_eq!((rules.statuses.as_slice(), rules.encryption), (&[200, 301][..], Encryption::Required));
    assert!(rules.body[0].pattern.is_match("an ERROR") && rules.body[0].matched == Matched::Unwanted);
    assert_eq!(rules.fields[0].missing, Missing::Allowed);
    assert!(rules.kept_body().is_some());
}

#[test]
fn a_coding_is_undone_and_not_asked_for() {
    let modules = read(
        "modules:
  a: {prober: http, http: {compression: gzip, body_size_limit: 1MB}}
  b: {prober: http, http: {compression: br, headers: {accept-encoding: 'gzip, br'}}}
  c: {prober: http, http: {compression: identity, body_size_limit: 0}}
",
    )
    .unwrap();
    let rules = |name: &str| match &modules[name].prober {
        Prober::Http(rules) => (rules.coding, rules.most),
        Prober::Tcp(_) => panic!("{name}"),
    };
    assert_eq!(rules("a"), (Some("gzip"), Some(1 << 20)));
    assert_eq!(modules["a"].plan.http.headers, [("Accept-Encoding".to_owned(), None)]);
    assert_eq!((rules("b"), modules["b"].plan.http.headers.len()), ((Some("br"), None), 1));
    assert_eq!(rules("c"), (None, None));
    let wrong = "modules: {a: {prober: http, http: {compression: br, headers: {Accept-Encoding: gzip}}}}";
    assert!(refused(wrong).contains("modules.a: compression"), "{}", refused(wrong));
}

#[test]
fn texts_are_as_they_stand_and_a_coding_has_to_be_asked_for() {
    let text =
        "modules: {a: {prober: http, http: {headers: {X-A: 1.10, X-B: 0x1f, X-C: yes, X-D: , X-E: '7'},
        fail_if_body_matches_regexp: [1.50, true]}}}";
    let modules = read(text).unwrap();
    let fields = modules["a"].plan.http.headers.iter().map(|(_, value)| value.as_deref().unwrap());
    assert_eq!(fields.collect::<Vec<_>>(), ["1.10", "0x1f", "yes", "", "7"]);
    let Prober::Http(rules) = &modules["a"].prober else { panic!("{modules:?}") };
    assert_eq!(rules.body[0].pattern.as_str(), "1.50");
    for (accepted, fine) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("*", true),
        ("", true),
        ("br", false),
        ("gzip;q=0", false),
        ("*, gzip; q=0.0", false),
        ("x-gzip", false),
    ] {
        assert_eq!(accepts(accepted, "gzip"), fine, "{accepted}");
    }
}

#[test]
fn versions_files_and_credentials_are_checked_when_they_are_read() {
    let of = |http: &str| read(&format!("modules: {{a: {{prober: http, http: {{{http}}}}}}}"));
    let max = |http: &str| of(http).map(|modules| modules["a"].plan.tls.max_version);
    assert_eq!(max("tls_config: {max_version: TLS12}"), Ok(TlsVersion::Tls12));
    assert_eq!(max("tls_config: {min_version: TLS13}"), Ok(TlsVersion::Tls13));
    for (http, why) in [
        ("tls_config: {max_version: TLS11}", "not spoken"),
        ("tls_config: {max_version: TLS12, min_version: TLS13}", "above"),
        ("body: x, body_file: y", "one is taken"),
        ("body_file: nowhere", "cannot be read"),
        ("basic_auth: {username: a, username_file: b}", "it stands here and in a file"),
        ("bearer_token: \"a\\r\\nX: y\"", "control character"),
    ] {
        let told = of(http).map(|_| ()).unwrap_err();
        assert!(told.contains(why) && told.contains("modules.a"), "{http}: {told}");
    }
}

#[test]
fn what_stands_twice_is_refused() {
    let modules = refused("modules:\n  a: {prober: http}\n  a: {prober: tcp}\n");
    assert!(modules.contains("`a` stands here twice") && modules.contains("line 2"), "{modules}");
    let fields = refused("modules: {a: {prober: http, http: {headers: {X: 1, X: 2}}}}\n");
    assert!(fields.contains("`X` stands here twice"), "{fields}");
    let both = "modules: {a: {prober: http, http: {headers: {authorization: own}, bearer_token: other}}}";
    let http = &read(both).unwrap()["a"].plan.http;
    let named = http.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    assert_eq!(named.map(|(_, value)| value.as_deref()).collect::<Vec<_>>(), [Some("own")]);
}

#[test]
fn what_is_not_known_is_told_with_line_and_key() {
    let text = refused("modules:\n  a:\n    prober: http\n    http:\n      valid_codes: [200]\n");
    assert!(
        text.contains("valid_codes") && text.contains("line 5") && text.contains("modules.a.http"),
        "{text}"
    );
    let text = refused("modules:\n  a:\n    prober: icmp\n");
    assert!(text.contains("icmp") && text.contains("line 3"), "{text}");
    let text = refused("modules:\n  a:\n    prober: http\n    http: {fail_if_body_matches_regexp: ['(']}\n");
    assert!(text.contains("no regular expression") && text.contains("line 4"), "{text}");
    let text = refused("modules:\n  a: {prober: http, timeout: 5 bananas}\n");
    assert!(text.contains("no time") && text.contains("line 2"), "{text}");
    let text = refused("modules:\n  a: {prober: http, http: {fail_if_ssl: true, fail_if_not_ssl: true}}\n");
    assert!(text.contains("modules.a: fail_if_ssl"), "{text}");
    let text = refused("modules:\n  a: {prober: tcp, tcp: {tls_config: {cert_file: a.pem}}}\n");
    assert!(text.contains("go together"), "{text}");
    let text = refused("modules: {a: {prober: http, http: {bearer_token: a, basic_auth: {username: b}}}}");
    assert!(text.contains("one is taken"), "{text}");
}

#[test]
fn proxies_are_taken_as_prometheus_has_them() {
    let of = |http: &str| read(&format!("modules: {{a: {{prober: http, http: {{{http}}}}}}}"));
    let proxy = |http: &str| of(http).unwrap()["a"].plan.proxy.clone();
    let named = proxy("proxy_url: 'socks5://me:geheim@proxy.test', no_proxy: '.inside.test, 10.0.0.0/8'");
    assert_eq!(named.http.as_ref().unwrap().url(), "socks5://proxy.test:1080");
    assert_eq!(named.http, named.https);
    assert_eq!(named.exceptions.unwrap().list, ".inside.test, 10.0.0.0/8");
    let fields = "proxy_url: http://proxy.test:3128, proxy_connect_header: {X-One: [a, b]}";
    let fields = proxy(fields).headers;
    let field = |value: &str| ("X-One".to_owned(), Some(value.to_owned()));
    assert_eq!(fields, [field("a"), field("b")]);
    let around = proxy("proxy_from_environment: true, skip_resolve_phase_with_proxy: true");
    assert_eq!(around.https.unwrap().host, "proxy.test");
    assert!(around.http.is_none());
    let none = proxy("proxy_url: ''");
    assert!(none.http.is_none() && none.https.is_none());
    for (http, why) in [
        ("no_proxy: a.test", "is for a proxy_url"),
        ("proxy_from_environment: true, no_proxy: a.test", "no place"),
        ("proxy_from_environment: true, proxy_url: http://a.test", "one is taken"),
        ("proxy_connect_header: {X: [y]}", "is for a proxy"),
        ("proxy_url: 'gopher://a.test'", "not a kind of proxy"),
        ("proxy_url: http://a.test, proxy_connect_header: {X: [\"a\\u0007\"]}", "control character"),
    ] {
        let told = of(http).map(|_| ()).unwrap_err();
        assert!(told.contains(why) && told.contains("modules.a"), "{http}: {told}");
    }
}

#[test]
fn certificates_may_stand_in_the_module_itself() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let of = |tls: &str| {
        let tls = tls.replace("PEM", &format!("{pem:?}"));
        read(&format!("modules: {{a: {{prober: tcp, tcp: {{tls: true, tls_config: {{{tls}}}}}}}}}"))
    };
    let plan = of("ca: PEM, cert: PEM, key: PEM").unwrap()["a"].plan.tls.clone();
    assert_eq!(plan.roots, RootsChoice::Pem { name: "ca".to_owned(), text: pem.to_owned() });
    let Some(Identity::Files(files)) = plan.identity else { panic!("{:?}", plan.identity) };
    assert_eq!((&*files.certificate.bytes, files.key.unwrap().name.as_str()), (pem.as_bytes(), "key"));
    for (tls, why) in [
        ("ca: PEM, ca_file: a.pem", "of ca and ca_file one is taken"),
        ("ca: geheim", "ca: it is no PEM"),
        ("key: PEM", "go together"),
        ("cert: PEM, cert_file: a.pem, key: PEM", "of cert and cert_file one is taken"),
    ] {
        let told = of(tls).map(|_| ()).unwrap_err();
        assert!(told.contains(why) && !told.contains("geheim"), "{tls}: {told}");
    }
}

#[test]
fn a_conversation_and_the_address_it_leaves_from_are_read() {
    let text = "
modules:
  smtp:
    prober: tcp
    tcp:
      source_ip_address: 192.0.2.7
      query_response:
        - expect: '^220 ([^ ]+)'
          send: EHLO prober
        - starttls: true
        - send: 7
";
    let modules = read(text).unwrap();
    let module = &modules["smtp"];
    assert_eq!(module.plan.tcp.source.address, Some("192.0.2.7".parse().unwrap()));
    assert_eq!((module.plan.tcp.family, module.plan.dns.family), (Family::Ipv4, Family::Ipv4));
    let Prober::Tcp(rules) = &module.prober else { panic!("{:?}", module.prober) };
    let told: Vec<(bool, &str, Then)> =
        rules.steps.iter().map(|step| (step.expect.is_some(), step.send.as_str(), step.then)).collect();
    let wanted =
        [(true, "EHLO prober", Then::GoesOn), (false, "", Then::StartsTls), (false, "7", Then::GoesOn)];
    assert_eq!(told, wanted);
    for (tcp, why) in [
        ("source_ip_address: eth0", "`eth0` is no address"),
        ("source_ip_address: 192.0.2.7, ip_protocol_fallback: false", "not of the family"),
        ("query_response: [{expect: '('}]", "no regular expression"),
        ("query_response: [{expects: a}]", "`expect` may be meant"),
    ] {
        let told = refused(&format!("modules: {{a: {{prober: tcp, tcp: {{{tcp}}}}}}}"));
        assert!(told.contains(why), "{tcp}: {told}");
    }
}

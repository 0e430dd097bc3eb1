//! Challenges, logins and tokens as they are met.

use std::time::{Duration, SystemTime};

use super::challenges::challenges;
use super::flow::of_url;
use super::tests::{head, response};
use super::tokens::tokens;
use crate::trace::{Header, TokenFault, WebToken, sample};

/// `scheme name=value ...` of each.
fn told(text: &str) -> Vec<String> {
    let words = |challenge: &super::Challenge| {
        let pairs = challenge.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
        format!("{}{}", challenge.scheme, pairs.collect::<String>())
    };
    challenges(&head(text), "www-authenticate").iter().map(words).collect()
}

#[test]
fn challenges_are_parted_from_their_parameters() {
    let table: &[(&str, &[&str])] = &[
        ("WWW-Authenticate: Basic realm=\"a, Digest b\"", &["Basic realm=a, Digest b"]),
        (
            "WWW-Authenticate: Digest realm=\"x\", qop=\"auth, auth-int\", nonce=\"n\", Basic realm=x, charset = \"UTF-8\"",
            &["Digest realm=x qop=auth, auth-int nonce=n", "Basic realm=x charset=UTF-8"],
        ),
        ("WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM", &["Negotiate", "NTLM"]),
        ("WWW-Authenticate: Negotiate, NTLM, Basic realm=\"x\"", &["Negotiate", "NTLM", "Basic realm=x"]),
        (
            "WWW-Authenticate: Negotiate YIIBhg==, Basic realm=x",
            &["Negotiate token68=YIIBhg==", "Basic realm=x"],
        ),
        (
            "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\", error_description=\"The \\\"token\\\" expired\"",
            &["Bearer realm=api error=invalid_token error_description=The \"token\" expired"],
        ),
        (
            "WWW-Authenticate: DPoP error=\"use_dpop_nonce\", algs=\"ES256 PS256\"",
            &["DPoP error=use_dpop_nonce algs=ES256 PS256"],
        ),
        ("WWW-Authenticate: Bearer", &["Bearer"]),
        (
            "WWW-Authenticate: Newauth realm=\"apps\", type=1,\ttitle=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
            &["Newauth realm=apps type=1 title=Login to \"apps\"", "Basic realm=simple"],
        ),
        ("WWW-Authenticate: ,, Basic ,, realm=x ,", &["Basic realm=x"]),
        ("WWW-Authenticate: AWS4-HMAC-SHA256", &["AWS4-HMAC-SHA256"]),
        ("WWW-Authenticate: Basic realm=\"never ends", &["Basic realm=never ends"]),
        ("WWW-Authenticate: realm=\"nobody's\"", &[]),
        ("WWW-Authenticate: =, \"x\"", &[]),
        ("WWW-Authenticate: ", &[]),
    ];
    for (text, wanted) in table {
        assert_eq!(told(text), *wanted, "{text}");
    }
    for (text, says) in [
        (
            "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"mail.read\"",
            "does not allow this; for the scope mail.read",
        ),
        ("WWW-Authenticate: Digest realm=x, nonce=n", "by MD5"),
        ("WWW-Authenticate: Digest realm=x, algorithm=SHA-256, stale=TRUE", "stale: only the nonce"),
        ("WWW-Authenticate: Odd x=y", "not known here"),
    ] {
        let meaning = challenges(&head(text), "www-authenticate")[0].meaning();
        assert!(meaning.contains(says), "{meaning}");
    }
    let good = challenges(&head("WWW-Authenticate: Digest realm=x, algorithm=SHA-256"), "www-authenticate");
    assert!(!good[0].meaning().contains("MD5"));
}

#[test]
fn logins_are_known_by_their_parameters_and_by_what_is_missing() {
    for (url, wanted) in [
        (
            "https://login.test/authorize?response_type=code&client_id=a&scope=email%20openid&state=s&code_challenge=c&\
             redirect_uri=https%3A%2F%2Fapp.test%2Fcb",
            Some("openid-connect login.test https://app.test - -"),
        ),
        (
            "https://login.test/a?client_id=a&response_type=code&scope=email",
            Some("oauth2 login.test - state,PKCE -"),
        ),
        (
            "https://login.test/a?client_id=a&response_type=id_token+token&scope=openid&state=s",
            Some("openid-connect login.test - nonce implicit-flow"),
        ),
        (
            "https://login.test/a?client_id=a&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax",
            Some("oauth2 login.test - - -"),
        ),
        (
            "https://login.test/a?client_id=a&response_type=code&state=s&code_challenge=c&redirect_uri=http://app.test/",
            Some("oauth2 login.test http://app.test - return-in-clear"),
        ),
        (
            "https://login.test/a?client_id=a&response_type=code&state=s&code_challenge=c&redirect_uri=http://127.0.0.1:9/",
            Some("oauth2 login.test http://127.0.0.1:9 - -"),
        ),
        ("https://idp.test/sso?SAMLRequest=abc&RelayState=x", Some("saml idp.test - - -")),
        ("https://u@fs.test/adfs/ls/?wa=wsignin1.0&wtrealm=urn:x", Some("ws-federation fs.test - - -")),
        ("https://cas.test/cas/login?service=https%3A%2F%2Fa.test", Some("cas cas.test https://a.test - -")),
        (
            "https://team.cloudflareaccess.com/cdn-cgi/access/login/app.test?kid=1",
            Some("access-proxy team.cloudflareaccess.com - - -"),
        ),
        ("https://app.test/oauth2/start?rd=%2F", Some("access-proxy app.test - - -")),
        ("https://app.test/.auth/login/aad", Some("access-proxy app.test - - -")),
        ("https://app.test/search?service=mail", None),
        ("https://app.test/login?service=mail", None),
        ("https://app.test/login?next=%2F", None),
        ("https://app.test/?client_id=1", None),
        ("https://app.test/?response_type=code&client_id=", None),
        ("nonsense", None),
    ] {
        let join = |list: &[&str]| if list.is_empty() { "-".to_owned() } else { list.join(",") };
        let words = of_url(url).map(|flow| {
            let back = flow.returns_to.unwrap_or_else(|| "-".to_owned());
            format!(
                "{} {} {back} {} {}",
                flow.kind.as_str(),
                flow.provider,
                join(&flow.missing),
                join(&flow.faults)
            )
        });
        assert_eq!(words.as_deref(), wanted, "{url}");
    }
}

/// A token of these parts.
fn token(header: &str, claims: &str) -> String {
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
}

const NOW: u64 = 1_730_889_777;

fn met(field: &str, value: &str) -> Vec<WebToken> {
    let mut trace = sample::sound();
    let request = &mut trace.requests[0];
    request.http.ran_mut().unwrap().request.headers =
        vec![Header { name: field.to_owned(), value: value.as_bytes().to_vec() }];
    tokens(request, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

#[test]
fn tokens_are_described_and_nothing_personal_told() {
    let header = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}";
    let claims = format!(
        "{{\"iss\":\"https://login.test\",\"aud\":[\"api\",\"web\"],\"sub\":\"ann\",\"email\":\"ann@a.test\",\
         \"iat\":{},\"exp\":{}}}",
        NOW - 600,
        NOW + 3_000
    );
    let all = met("authorization", &format!("Bearer {}", token(header, &claims)));
    let [told] = &all[..] else { panic!("{all:?}") };
    assert_eq!(
        (told.place.as_str(), told.algorithm.as_deref(), told.key.as_deref()),
        ("request authorization", Some("RS256"), Some("k1"))
    );
    assert_eq!(
        (told.issuer.as_deref(), &told.audience[..]),
        (Some("https://login.test"), &["api".to_owned(), "web".to_owned()][..])
    );
    assert_eq!((told.left, told.others, &told.faults[..]), (Some(3_000), 2, &[][..]));
    assert!(!format!("{told:?}").contains("ann"));
    for (header, claims, faults) in [
        ("{\"alg\":\"none\"}", format!("{{\"exp\":{}}}", NOW + 9), vec![TokenFault::Unsigned]),
        ("{\"alg\":\"HS256\"}", format!("{{\"exp\":{}}}", NOW - 61), vec![TokenFault::Expired]),
        ("{\"alg\":\"HS256\"}", format!("{{\"exp\":{}}}", NOW - 59), vec![]),
        (
            "{\"alg\":\"HS256\"}",
            format!("{{\"nbf\":{},\"exp\":{}}}", NOW + 61, NOW + 90),
            vec![TokenFault::NotYetValid],
        ),
        ("{\"alg\":\"HS256\"}", "{}".to_owned(), vec![TokenFault::NeverExpires]),
        (
            "{\"alg\":\"HS256\"}",
            format!("{{\"iat\":{},\"exp\":{}}}", NOW - 9, NOW + 90_000),
            vec![TokenFault::LongLived],
        ),
    ] {
        assert_eq!(
            met("cookie", &format!("a=b; t={}", token(header, &claims)))[0].faults,
            faults,
            "{header} {claims}"
        );
    }
}

#[test]
fn what_only_looks_like_a_token_is_none_and_bombs_are_not_read() {
    let header = "{\"alg\":\"RS256\"}";
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for value in [
        "eyJ".to_owned(),
        "eyJabc.def.ghi".to_owned(),
        token("{\"typ\":\"JWT\"}", "{}"),
        token(header, "[]"),
        token(header, &format!("{{\"x\":{deep}}}")),
        token(header, &format!("{{\"x\":\"{}\"}}", "y".repeat(1 << 20))),
        "eyJ.".repeat(100_000),
        "eyJhbGciOiJSUzI1NiJ9.e30".to_owned(),
        format!("x{}", token(header, "{}")),
    ] {
        assert_eq!(met("cookie", &value), [], "{}", value.chars().take(40).collect::<String>());
    }
    let encrypted = format!("{}.a.b.c.d", data_encoding::BASE64URL_NOPAD.encode(b"{\"alg\":\"RSA-OAEP\"}"));
    assert_eq!(met("cookie", &encrypted)[0].form.as_str(), "encrypted");
    let many: Vec<String> = (0..100).map(|number| token(header, &format!("{{\"exp\":{number}}}"))).collect();
    assert_eq!(met("cookie", &many.join("; ")).len(), 8);
    assert_eq!(response(200, "").headers, []);
}

//! What is taken out of single texts, and what stays.

use proptest::prelude::*;

use super::field;
use super::find::find;
use super::seen::Seen;
use super::shape::Shape;
use crate::trace::Header;

mod planted;

fn cleaned(shape: Shape, text: &str) -> String {
    let mut text = text.to_owned();
    Seen::default().clean(&mut text, shape);
    let mut again = text.clone();
    Seen::default().clean(&mut again, shape);
    assert_eq!(again, text, "what is out stays out, and nothing more goes");
    text
}

#[test]
fn user_information_of_a_typed_url_is_taken_out_in_every_form() {
    for (typed, shown) in [
        ("https://ann:pw@host/", "https://[redacted]@host/"),
        ("https://ann@host", "https://[redacted]@host"),
        ("https://a:p@ss@host/x", "https://[redacted]@host/x"),
        ("ann:pw@host/", "[redacted]@host/"),
        ("https:ann:pw@host/", "https:[redacted]@host/"),
        (r"https:\\ann:pw@host\x", r"https:\\[redacted]@host\x"),
        ("HTTPS:///ann:pw@host/", "HTTPS:///[redacted]@host/"),
        ("https://host/@at", "https://host/@at"),
        ("https://host/?x=a@b", "https://host/?x=a@b"),
        ("http://localhost:3000/@fs/x", "http://localhost:3000/@fs/x"),
        ("http://app:5173/@vite/client", "http://app:5173/@vite/client"),
        // A raw `/`, `?` or `#` in a password ends the authority too early.
        ("http://joe:SEC/RET@h/", "http://[redacted]@h/"),
        ("http://joe:SEC?RET@h/", "http://[redacted]@h/"),
        ("http://joe:SEC#RET@h/", "http://[redacted]@h/"),
        ("joe:SEC#RET@h/", "[redacted]@h/"),
        ("http://joe:12/34@h/", "http://[redacted]@h/"),
        ("https://h/?next=https%3A%2F%2Fu%3Apw%40h%2F", "https://h/?next=https%3A%2F%2F[redacted]%40h%2F"),
        ("", ""),
    ] {
        assert_eq!(cleaned(Shape::Typed, typed), shown, "{typed}");
    }
}

#[test]
fn user_information_of_a_reference_is_taken_out_in_every_form() {
    for (raw, shown) in [
        ("//u:pw@h/", "//[redacted]@h/"),
        ("https:/u:pw@h/", "https:/[redacted]@h/"),
        (r"\\u:pw@h", r"\\[redacted]@h"),
        ("/@user/x", "/@user/x"),
        ("users/joe@corp.example", "users/joe@corp.example"),
        ("/x;jsessionid=AB/C?page=1", "/x;jsessionid=[redacted]?page=1"),
    ] {
        assert_eq!(cleaned(Shape::Reference, raw), shown, "{raw}");
    }
}

#[test]
fn values_of_secret_names_are_taken_out_and_no_others() {
    for (raw, shown) in [
        ("/?token=abc&page=2", "/?token=[redacted]&page=2"),
        ("/?page=2&API-Key=abc", "/?page=2&API-Key=[redacted]"),
        (
            "/?X-Amz-Signature=ab&X-Amz-Credential=c%2Fd&X-Amz-Date=1",
            "/?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]&X-Amz-Date=1",
        ),
        ("/?t%6Fken=abc", "/?t%6Fken=[redacted]"),
        ("/?+token=abc", "/?+token=[redacted]"),
        ("/?user[password]=abc&token[]=d&a[b]=c", "/?user[password]=[redacted]&token[]=[redacted]&a[b]=c"),
        (
            "/?code=1&state=2&nonce=3&sig=4&pw=5",
            "/?code=[redacted]&state=[redacted]&nonce=[redacted]&sig=[redacted]&pw=[redacted]",
        ),
        (
            "/?SAMLResponse=a&PHPSESSID=b&code_verifier=c",
            "/?SAMLResponse=[redacted]&PHPSESSID=[redacted]&code_verifier=[redacted]",
        ),
        // What comes behind an encoded separator, a quote, a semicolon or a blank is still the value.
        ("/?token=a%26b'c;d e&page=2", "/?token=[redacted]&page=2"),
        ("/?next=https%3A%2F%2Fx%3Ftoken%3Dabc%26a=1", "/?next=https%3A%2F%2Fx%3Ftoken%3D[redacted]"),
        (
            "/?next=https%253A%252F%252Fx%253Ftoken%253Dabc&a=1",
            "/?next=https%253A%252F%252Fx%253Ftoken%253D[redacted]&a=1",
        ),
        ("/cb#access_token=abc&page=1", "/cb#access_token=[redacted]&page=1"),
        ("/?tokenize=abc&monkey=1&zipcode=2&token_type=x", "/?tokenize=abc&monkey=1&zipcode=2&token_type=x"),
        ("/?token=", "/?token="),
        ("/?token", "/?token"),
    ] {
        assert_eq!(cleaned(Shape::Reference, raw), shown, "{raw}");
    }
    assert_eq!(cleaned(Shape::Query, "token=abc&page=2"), "token=[redacted]&page=2");
    assert_eq!(cleaned(Shape::Query, "page=2"), "page=2");
}

#[test]
fn sentences_lose_what_they_quote() {
    for (raw, shown) in [
        (
            "sent to `https://a:b@h/?code=1` and https://h/?sig=2 then",
            "sent to `https://[redacted]@h/?code=[redacted]` and https://h/?sig=[redacted] then",
        ),
        (
            "it begins with `Authorization: Bearer abcdef\\r\\n`, not HTTP",
            "it begins with `Authorization: [redacted]`, not HTTP",
        ),
        ("the key: of it all, basic things", "the key: of it all, basic things"),
        ("behind eyJhbGciOi.eyJzdWIiOi.c2ln there", "behind [redacted] there"),
        ("`example.test.` does not exist (NXDOMAIN)", "`example.test.` does not exist (NXDOMAIN)"),
    ] {
        assert_eq!(cleaned(Shape::Sentence, raw), shown, "{raw}");
    }
}

#[test]
fn what_peers_say_loses_fields_and_members() {
    for (raw, shown) in [
        ("GET / \r\nAuthorization: Bearer abc\r\nHost: h", "GET / \r\nAuthorization: [redacted]\r\nHost: h"),
        (r#"{"access_token": "ab c", "page": 1}"#, r#"{"access_token": "[redacted]", "page": 1}"#),
        ("scheme Bearer abc.def, done", "scheme Bearer [redacted], done"),
        ("script-src 'nonce-r4nd0m' 'self'", "script-src 'nonce-[redacted]' 'self'"),
        ("SSH-2.0-OpenSSH_9.2", "SSH-2.0-OpenSSH_9.2"),
    ] {
        assert_eq!(cleaned(Shape::Foreign, raw), shown, "{raw}");
    }
}

#[test]
fn fields_with_credentials_keep_what_is_no_secret() {
    for (name, value, shown) in [
        ("Authorization", "Basic YW5u", "Basic [redacted]"),
        ("authorization", "s3cr3t and more", "[redacted]"),
        ("Proxy-Authorization", "Bearer x", "Bearer [redacted]"),
        ("X-Forwarded-Authorization", "Bearer x", "Bearer [redacted]"),
        ("Authentication-Info", "nextnonce=\"x\"", "[redacted]"),
        ("WWW-Authenticate", "Basic realm=\"a b\"", "Basic realm=\"a b\""),
        ("WWW-Authenticate", "Negotiate YIIabc==", "Negotiate [redacted]"),
        (
            "WWW-Authenticate",
            "Digest realm=\"a\", nonce=\"b, c\", qop=auth",
            "Digest realm=\"a\", nonce=\"[redacted]\", qop=auth",
        ),
        ("Cookie", "a=1; b=2; c", "a=[redacted]; b=[redacted]; [redacted]"),
        ("Cookie", "a=1, b=2; c=\"3; d=4\"", "a=[redacted]; c=[redacted]"),
        ("Set-Cookie", "a=1; Path=/; HttpOnly", "a=[redacted]; Path=/; HttpOnly"),
        ("set-cookie", "a=1", "a=[redacted]"),
        ("set-cookie", "a=\"1; b=2\"; Path=/", "a=[redacted]; Path=/"),
        (
            "Set-Cookie2",
            "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=Lax",
            "a=[redacted]; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=Lax",
        ),
        ("Set-Cookie", "a=1; Path=/, b=2; Secure", "a=[redacted]; Path=[redacted]; Secure"),
        ("Set-Cookie", "a=1; HttpOnly, b=2", "a=[redacted]; [redacted]"),
        ("X-Api-Key", "abc", "[redacted]"),
        ("X-Forwarded-Access-Token", "abc", "[redacted]"),
        ("X-Cache-Key", "abc", "abc"),
        ("Location", "https://h/?code=1&x=2", "https://h/?code=[redacted]&x=2"),
        ("Refresh", "0; url=//u:pw@h/?token=a b&x=1", "0; url=//[redacted]@h/?token=[redacted]&x=1"),
        ("Link", "<https://u:pw@h/?sig=1>; rel=next", "<https://[redacted]@h/?sig=[redacted]>; rel=next"),
        (":path", "/?password=1", "/?password=[redacted]"),
        ("server", "nginx", "nginx"),
        ("content-type", "text/html; charset=utf-8", "text/html; charset=utf-8"),
    ] {
        let mut header = Header { name: name.into(), value: value.into() };
        Seen::default().field(&mut header);
        assert_eq!(header.text(), shown, "{name}: {value}");
    }
    let mut odd = Header { name: "X-Where".into(), value: b"\xff https://u:pw@h/?token=\xfe&x=1".to_vec() };
    Seen::default().field(&mut odd);
    assert_eq!(odd.value, b"\xff https://[redacted]@h/?token=[redacted]&x=1");
}

#[test]
fn what_is_known_to_be_secret_is_found_in_any_form() {
    let mut seen = Seen::default();
    seen.host("hunter2host.test");
    seen.learn("https://ann:Hunter%212x@hunter2host.test/?key=hunter2host", Shape::Typed);
    seen.settle();
    for raw in [
        "got Hunter!2x",
        "got HUNTER%212X",
        "got Hunter!2x back",
        "got YW5uOkh1bnRlciEyeA==",
        "YW5uOkh1bnRlciEyeA",
    ] {
        let mut text = raw.to_owned();
        seen.sentence(&mut text);
        assert!(text.contains("[redacted]") && !text.to_lowercase().contains("hunter"), "{raw}: {text}");
    }
    let mut text = "hunter2host.test answered".to_owned();
    seen.sentence(&mut text);
    assert_eq!(text, "hunter2host.test answered", "the name of a host is no secret");
}

proptest! {
    #[test]
    fn any_text_can_be_cleaned(text in "\\PC{0,80}", query in "[a-z%&=?#;@:/0-9\"'` ]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for shape in [Shape::Typed, Shape::Reference, Shape::Query, Shape::Sentence, Shape::Foreign] {
            let _ = (cleaned(shape, &text), cleaned(shape, &query));
            let _ = find(&bytes, shape).cut(&bytes);
        }
        for name in ["cookie", "set-cookie", "authorization", "www-authenticate", "refresh", "x"] {
            let _ = field::secrets(name, &bytes).cut(&bytes);
        }
    }

    #[test]
    fn a_token_never_survives(before in "[a-z]{0,6}", value in "[A-Z]{6,20}") {
        let url = format!("https://u:{value}@h/{before}?a=1&token={value}#key={value}");
        for shape in [Shape::Typed, Shape::Reference, Shape::Sentence, Shape::Foreign] {
            prop_assert!(!cleaned(shape, &url).contains(&value));
        }
    }
}

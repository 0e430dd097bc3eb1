//! Secrets out of everything that is shown: credentials in URLs, headers, cookies and queries.
//!
//! One [`Redactor`] goes with a rendering. With `--show-secrets` it lets everything through. It
//! works on text and knows nothing of layout; what it takes away is replaced by `[redacted]`.

use std::borrow::Cow;

use crate::trace::{Header, Url};

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

/// Takes secrets out, or lets them through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redactor {
    show: bool,
}

impl Redactor {
    /// A redactor that lets secrets through when `show` is true (`--show-secrets`).
    pub(crate) const fn new(show: bool) -> Self {
        Self { show }
    }

    /// A part that is a secret as a whole.
    pub(crate) fn secret<'a>(self, text: &'a str) -> Cow<'a, str> {
        if self.show { text.into() } else { REDACTED.into() }
    }

    /// Any text that may hold URLs or queries: userinfo behind `://`, values of secret keys.
    pub(crate) fn text<'a>(self, text: &'a str) -> Cow<'a, str> {
        if self.show {
            return text.into();
        }
        match userinfo_in_text(text) {
            Some(clean) => Cow::Owned(query_values(&clean, false).into_owned()),
            None => query_values(text, false),
        }
    }

    /// A URL as typed, in whatever form a browser would still take.
    pub(crate) fn typed<'a>(self, input: &'a str) -> Cow<'a, str> {
        if self.show {
            return input.into();
        }
        let start = authority_start(input);
        let end = input[start..].find(['/', '\\', '?', '#']).map_or(input.len(), |at| start + at);
        match input[start..end].rfind('@') {
            Some(at) => {
                let clean = format!("{}{REDACTED}{}", &input[..start], &input[start + at..]);
                Cow::Owned(query_values(&clean, false).into_owned())
            }
            None => query_values(input, false),
        }
    }

    /// The whole URL of a hop.
    pub(crate) fn href(self, url: &Url) -> Cow<'_, str> {
        self.typed(&url.href)
    }

    /// A query without its `?`, or a fragment without its `#`.
    pub(crate) fn query<'a>(self, query: &'a str) -> Cow<'a, str> {
        if self.show { query.into() } else { query_values(query, true) }
    }

    /// The value of a header field, bytes that are no UTF-8 kept.
    pub(crate) fn header<'a>(self, header: &'a Header) -> Cow<'a, [u8]> {
        if self.show {
            return Cow::Borrowed(&header.value);
        }
        let name = header.name.trim().to_ascii_lowercase();
        let clean: Option<String> = match name.as_str() {
            "authorization" | "proxy-authorization" => Some(credentials(&header.text())),
            "cookie" => Some(cookies(&header.text())),
            "set-cookie" => Some(set_cookie(&header.text())),
            name if SECRET_FIELDS.contains(&name) => Some(REDACTED.to_owned()),
            _ => std::str::from_utf8(&header.value).ok().and_then(|text| match self.text(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(clean) => Some(clean),
            }),
        };
        clean.map_or(Cow::Borrowed(&header.value[..]), |clean| Cow::Owned(clean.into_bytes()))
    }
}

/// Header fields that carry nothing but a secret.
const SECRET_FIELDS: &[&str] = &[
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-amz-security-token",
    "x-vault-token",
    "private-token",
];

/// Query keys whose value is a secret, in lower case with `-` and `_` left out.
const SECRET_KEYS: &[&str] = &[
    "token",
    "key",
    "apikey",
    "accesskey",
    "secretkey",
    "accesstoken",
    "idtoken",
    "refreshtoken",
    "authtoken",
    "csrftoken",
    "auth",
    "authorization",
    "jwt",
    "assertion",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "clientsecret",
    "sig",
    "signature",
    "hmac",
    "code",
    "session",
    "sessionid",
    "sid",
    "sessiontoken",
    "xamzsignature",
    "xamzcredential",
    "xamzsecuritytoken",
    "xgoogsignature",
    "xgoogcredential",
    "awsaccesskeyid",
];

/// Authentication schemes that may stay; what follows them is the secret.
const AUTH_SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "negotiate",
    "ntlm",
    "hoba",
    "mutual",
    "scram-sha-256",
    "token",
    "dpop",
    "aws4-hmac-sha256",
];

fn credentials(value: &str) -> String {
    match value.trim_start().split_once(' ') {
        Some((scheme, _)) if AUTH_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
            format!("{scheme} {REDACTED}")
        }
        _ => REDACTED.to_owned(),
    }
}

fn cookies(value: &str) -> String {
    value.split(';').map(|pair| cookie(pair.trim())).collect::<Vec<_>>().join("; ")
}

/// The cookie of a Set-Cookie field; its attributes are no secret and explain much.
fn set_cookie(value: &str) -> String {
    match value.split_once(';') {
        Some((pair, attributes)) => format!("{};{attributes}", cookie(pair)),
        None => cookie(value),
    }
}

fn cookie(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={REDACTED}"),
        None if pair.is_empty() => String::new(),
        None => REDACTED.to_owned(),
    }
}

/// Where the authority of a URL begins, as loosely as browsers read it: `https:user@host`,
/// `https:\\user@host` and `user@host` are all taken.
fn authority_start(input: &str) -> usize {
    if let Some(at) = input.find("://") {
        return skip_slashes(input, at + 1);
    }
    let trimmed = input.trim_start();
    let lead = input.len() - trimmed.len();
    for scheme in ["https:", "http:"] {
        if trimmed.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            return skip_slashes(input, lead + scheme.len());
        }
    }
    skip_slashes(input, lead)
}

fn skip_slashes(input: &str, at: usize) -> usize {
    input.len() - input[at..].trim_start_matches(['/', '\\', '\t', '\n', '\r']).len()
}

/// Userinfo of every `scheme://user:password@host` inside a text; `None` when there is none.
fn userinfo_in_text(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut changed = false;
    while let Some(found) = text[done..].find("://") {
        let start = done + found + 3;
        let end = text[start..]
            .find(|char: char| {
                matches!(char, '/' | '\\' | '?' | '#' | '`' | '"' | '\'' | '<' | '>') || char.is_whitespace()
            })
            .map_or(text.len(), |at| start + at);
        out.push_str(&text[done..start]);
        match text[start..end].rfind('@') {
            Some(at) => {
                out.push_str(REDACTED);
                out.push_str(&text[start + at..end]);
                changed = true;
            }
            None => out.push_str(&text[start..end]),
        }
        done = end;
    }
    out.push_str(&text[done..]);
    changed.then_some(out)
}

/// Replaces the values of secret keys behind `?`, `&`, `;` and `#`, also where these are
/// percent-encoded (a URL inside a query). `in_query` says that the text begins with a key.
fn query_values(text: &str, in_query: bool) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    let mut key_start = in_query.then_some(0);
    while at < text.len() {
        if let Some(length) = separator(&text[at..], &["?", "&", ";", "#"], &["%3f", "%26", "%3b", "%23"]) {
            at += length;
            key_start = Some(at);
            continue;
        }
        if let (Some(start), Some(length)) = (key_start, separator(&text[at..], &["="], &["%3d"])) {
            key_start = None;
            let value = at + length;
            if is_secret_key(&text[start..at]) {
                let end = value_end(text, value);
                if end > value {
                    let out = out.get_or_insert_with(String::new);
                    out.push_str(&text[copied..value]);
                    out.push_str(REDACTED);
                    copied = end;
                }
                at = end;
                continue;
            }
            at = value;
            continue;
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    match out {
        Some(mut out) => {
            out.push_str(&text[copied..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// Where a value ends: at the next separator, or where a URL in a sentence ends.
fn value_end(text: &str, from: usize) -> usize {
    let mut at = from;
    while at < text.len() {
        let rest = &text[at..];
        if separator(rest, &["&", ";", "#"], &["%26", "%3b", "%23"]).is_some() {
            break;
        }
        let Some(char) = rest.chars().next() else { break };
        if char.is_whitespace() || matches!(char, '`' | '"' | '\'' | '<' | '>') {
            break;
        }
        at += char.len_utf8();
    }
    at
}

fn separator(text: &str, plain: &[&str], encoded: &[&str]) -> Option<usize> {
    if plain.iter().any(|separator| text.starts_with(separator)) {
        return Some(1);
    }
    let start = text.get(..3)?;
    encoded.iter().any(|separator| start.eq_ignore_ascii_case(separator)).then_some(3)
}

fn is_secret_key(key: &str) -> bool {
    // A key may hide behind percent-encoding of its own letters; nothing longer is in the table.
    if key.len() > 96 {
        return false;
    }
    let mut letters = String::with_capacity(key.len());
    let mut bytes = key.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let pair = bytes.next().zip(bytes.next());
            let digit = |byte: u8| char::from(byte).to_digit(16);
            match pair.and_then(|(high, low)| Some(digit(high)? * 16 + digit(low)?)) {
                Some(decoded) => u8::try_from(decoded).unwrap_or(b'?'),
                None => return false,
            }
        } else {
            byte
        };
        if !matches!(byte, b'-' | b'_' | b'.') {
            letters.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    SECRET_KEYS.contains(&letters.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HIDE: Redactor = Redactor::new(false);

    #[test]
    fn credentials_of_a_typed_url_are_taken_out_in_every_form() {
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
            ("", ""),
        ] {
            assert_eq!(HIDE.typed(typed), shown, "{typed}");
            assert_eq!(Redactor::new(true).typed(typed), typed);
        }
    }

    #[test]
    fn values_of_secret_keys_are_taken_out_and_no_others() {
        for (raw, shown) in [
            ("/?token=abc&page=2", "/?token=[redacted]&page=2"),
            ("/?page=2&API-Key=abc", "/?page=2&API-Key=[redacted]"),
            (
                "/?X-Amz-Signature=ab&X-Amz-Credential=c%2Fd&X-Amz-Date=1",
                "/?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]&X-Amz-Date=1",
            ),
            ("/?X-Amz-Security-Token=ab", "/?X-Amz-Security-Token=[redacted]"),
            ("/?t%6Fken=abc", "/?t%6Fken=[redacted]"),
            (
                "/?next=https%3A%2F%2Fx%3Ftoken%3Dabc%26a=1",
                "/?next=https%3A%2F%2Fx%3Ftoken%3D[redacted]%26a=1",
            ),
            ("/cb#access_token=abc&state=1", "/cb#access_token=[redacted]&state=1"),
            ("/?tokenize=abc&monkey=1", "/?tokenize=abc&monkey=1"),
            ("/?token=", "/?token="),
            ("/?token", "/?token"),
            (
                "sent to `https://a:b@h/?code=1` and https://h/?sig=2 then",
                "sent to `https://[redacted]@h/?code=[redacted]` and https://h/?sig=[redacted] then",
            ),
            ("nothing here: token=abc", "nothing here: token=abc"),
        ] {
            assert_eq!(HIDE.text(raw), shown, "{raw}");
            assert_eq!(Redactor::new(true).text(raw), raw);
        }
        assert_eq!(HIDE.query("token=abc&page=2"), "token=[redacted]&page=2");
        assert_eq!(HIDE.query("page=2"), "page=2");
    }

    #[test]
    fn fields_with_credentials_keep_what_is_no_secret() {
        for (name, value, shown) in [
            ("Authorization", "Basic YW5u", "Basic [redacted]"),
            ("authorization", "s3cr3t and more", "[redacted]"),
            ("Proxy-Authorization", "Bearer x", "Bearer [redacted]"),
            ("Cookie", "a=1; b=2; c", "a=[redacted]; b=[redacted]; [redacted]"),
            ("Set-Cookie", "a=1; Path=/; HttpOnly", "a=[redacted]; Path=/; HttpOnly"),
            ("set-cookie", "a=1", "a=[redacted]"),
            ("X-Api-Key", "abc", "[redacted]"),
            ("Location", "https://h/?code=1&x=2", "https://h/?code=[redacted]&x=2"),
            (":path", "/?password=1", "/?password=[redacted]"),
            ("server", "nginx", "nginx"),
        ] {
            let header = Header { name: name.into(), value: value.into() };
            assert_eq!(HIDE.header(&header), shown.as_bytes(), "{name}");
            assert_eq!(Redactor::new(true).header(&header), value.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_redacted(text in "\\PC{0,80}", query in "[a-z%&=?#;@:/0-9]{0,60}") {
            let _ = (HIDE.text(&text), HIDE.typed(&text), HIDE.query(&text));
            let _ = (HIDE.text(&query), HIDE.typed(&query), HIDE.query(&query));
        }

        #[test]
        fn a_token_never_survives(before in "[a-z]{0,6}", value in "[A-Z]{6,20}") {
            let url = format!("https://u:{value}@h/{before}?a=1&token={value}#key={value}");
            prop_assert!(!HIDE.typed(&url).contains(&value));
            prop_assert!(!HIDE.text(&url).contains(&value));
        }
    }
}

//! WWW-Authenticate and Proxy-Authenticate taken apart: several challenges in one field or in several, which the
//! same comma parts that parts their parameters (RFC 9110 §11.6.1).

use super::fields::clip;
use crate::trace::Header;

/// Challenges that are told.
const MOST: usize = 16;
/// Parameters of one that are told.
const PARAMETERS: usize = 16;
/// Characters of a field that are read.
const READ: usize = 16 << 10;

/// One way to say who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, as written.
    pub scheme: String,
    /// The parameters, in their order.
    pub parameters: Vec<(String, String)>,
    /// Its field, by its place.
    pub field: usize,
}

impl Challenge {
    /// The first parameter of that name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    /// Whether it is of that scheme.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// What it asks for, in words.
    #[must_use]
    pub fn meaning(&self) -> String {
        let row = SCHEMES.iter().find(|(known, _)| self.is(known));
        let mut words = row.map_or("a scheme that is not known here", |(_, meaning)| meaning).to_owned();
        if let Some(error) = self.parameter("error") {
            let known = ERRORS.iter().find(|(known, _)| *known == error);
            let meaning = known.map_or("an error of its own", |(_, meaning)| meaning);
            words.push_str(&format!("; {error}: {meaning}"));
        }
        if let Some(scope) = self.parameter("scope").filter(|scope| !scope.is_empty()) {
            words.push_str(&format!("; for the scope {scope}"));
        }
        if self.parameter("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")) {
            words.push_str("; stale: only the nonce was too old, the password need not be asked for again");
        }
        let algorithm = self.parameter("algorithm").unwrap_or(if self.is("digest") { "MD5" } else { "" });
        if algorithm.to_ascii_uppercase().starts_with("MD5") {
            words.push_str("; by MD5, which is broken");
        }
        if let Some(at) = self.parameter("resource_metadata") {
            words.push_str(&format!("; where to get a token stands at {at}"));
        }
        words
    }
}

/// Schemes (IANA's registry, and some that are not in it).
#[rustfmt::skip]
const SCHEMES: &[(&str, &str)] = &[
    ("basic", "a name and a password, sent with each request as good as in the clear (RFC 7617)"),
    ("digest", "a proof of a name and a password, which are not sent themselves (RFC 7616)"),
    ("bearer", "a token: whoever holds it may use it (RFC 6750)"),
    ("dpop", "a token that is bound to a key of the client, with a proof for each request (RFC 9449)"),
    ("negotiate", "a ticket of Kerberos, or NTLM, for the whole connection: one to three round trips more (RFC 4559)"),
    ("ntlm", "NTLM, for the whole connection: two to three round trips more, and old"),
    ("aws4-hmac-sha256", "a signature over the request by an access key of AWS (Signature Version 4)"),
    ("hoba", "a signature by a key that the browser has registered (RFC 7486)"),
    ("mutual", "a password that client and server prove to each other (RFC 8120)"),
    ("scram-sha-1", "a password that client and server prove to each other (RFC 7804)"),
    ("scram-sha-256", "a password that client and server prove to each other (RFC 7804)"),
    ("vapid", "a signed token of an application server, for push messages (RFC 8292)"),
    ("gnap", "a token of GNAP (RFC 9635)"),
    ("privatetoken", "a token that names nobody (RFC 9577)"),
    ("payment", "a payment"),
    ("apikey", "a key, in a field of the service's own"),
    ("token", "a token, in a scheme of the service's own"),
];

/// Errors of Bearer and DPoP (RFC 6750 §3.1, RFC 9449 §7.1). They are words of the standard, and no secrets.
#[rustfmt::skip]
const ERRORS: &[(&str, &str)] = &[
    ("invalid_request", "the request lacks something, or has it twice"),
    ("invalid_token", "the token is expired, withdrawn, malformed or not of this service"),
    ("insufficient_scope", "the token is good, and does not allow this"),
    ("invalid_dpop_proof", "the proof does not fit the token or the request"),
    ("use_dpop_nonce", "the proof needs the nonce that came with this response"),
    ("insufficient_user_authentication", "the login behind the token is too weak or too old (RFC 9470)"),
];

/// The challenges of a field in all its lines.
#[must_use]
pub fn challenges(headers: &[Header], name: &str) -> Vec<Challenge> {
    let lines = headers.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case(name));
    let mut all = Vec::new();
    for (index, field) in lines {
        let text: String = field.text().chars().take(READ).collect();
        read(&text, index, &mut all);
    }
    all.truncate(MOST);
    all
}

/// A place in a field's text.
struct Cursor<'t>(&'t str);

impl<'t> Cursor<'t> {
    fn skip(&mut self, chars: &[char]) {
        self.0 = self.0.trim_start_matches(chars);
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// A token (RFC 9110 §5.6.2).
    fn token(&mut self) -> &'t str {
        let is_part = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
        let length = self.0.find(|char| !is_part(char)).unwrap_or(self.0.len());
        self.take(length)
    }

    /// What stands behind an equals sign: a token, or a quoted string (RFC 9110 §5.6.4).
    fn value(&mut self) -> String {
        let Some(rest) = self.0.strip_prefix('"') else {
            let end = self.0.find([',', ' ', '\t']).unwrap_or(self.0.len());
            return clip(self.take(end));
        };
        let (mut value, mut escaped) = (String::new(), false);
        for (at, char) in rest.char_indices() {
            match char {
                _ if escaped => {
                    value.push(char);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.0 = &rest[at + 1..];
                    return clip(&value);
                }
                _ => value.push(char),
            }
        }
        // The quote that would end it is missing: all of it is in there.
        self.0 = "";
        clip(&value)
    }

    /// A `token68` (RFC 9110 §11.2), if nothing but that stands before the next comma.
    fn token68(&mut self) -> Option<String> {
        let piece = self.0.split(',').next()?.trim();
        let bare = piece.trim_end_matches('=');
        let is_part = |char: char| char.is_ascii_alphanumeric() || "-._~+/".contains(char);
        (!bare.is_empty() && bare.chars().all(is_part)).then(|| {
            self.0 = self.0.split_once(',').map_or("", |(_, rest)| rest);
            clip(piece)
        })
    }
}

fn read(text: &str, field: usize, all: &mut Vec<Challenge>) {
    let mut at = Cursor(text);
    let first = all.len();
    while all.len() <= MOST {
        at.skip(&[',', ' ', '\t']);
        let word = at.token();
        if word.is_empty() {
            // What cannot stand here is passed over, to the next comma.
            let Some((_, rest)) = at.0.split_once(',') else { return };
            at.0 = rest;
            continue;
        }
        let behind = at.0.trim_start_matches([' ', '\t']);
        if let Some(rest) = behind.strip_prefix('=') {
            at.0 = rest.trim_start_matches([' ', '\t']);
            let value = at.value();
            let own = all.get_mut(first..).and_then(|own| own.last_mut());
            if let Some(challenge) = own.filter(|it| it.parameters.len() < PARAMETERS) {
                challenge.parameters.push((clip(word), value));
            }
            continue;
        }
        let is_scheme = word.len() <= 40 && word.starts_with(|char: char| char.is_ascii_alphabetic());
        if !is_scheme {
            continue;
        }
        let mut challenge = Challenge { scheme: word.to_owned(), parameters: Vec::new(), field };
        if at.0.starts_with([' ', '\t']) {
            at.skip(&[' ', '\t']);
            if let Some(token) = at.token68() {
                challenge.parameters.push(("token68".to_owned(), token));
            }
        }
        all.push(challenge);
    }
}

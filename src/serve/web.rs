//! Who may ask, and what every answer has: what a web-config file comes to. Its TLS is `web_tls`'s.
//!
//! A password is checked by bcrypt once, on a thread that may be slow; what was right then is known by its digest.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::web_tls::server_config;
use crate::modules::{PasswordHash, WebPlan};

/// Bytes of a password that bcrypt reads, the zero at its end included.
const PASSWORD: usize = 72;

/// What a web-config file comes to.
pub(super) struct Web {
    /// Takes connections over TLS; `None` for those in the clear.
    pub(super) tls: Option<TlsAcceptor>,
    /// Fields of every answer.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    users: BTreeMap<String, PasswordHash>,
    /// The digest of what each user was let in by the last time.
    known: Mutex<BTreeMap<String, [u8; 32]>>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("users", &self.users.keys()).finish_non_exhaustive()
    }
}

/// Whether a request may be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Refused,
    /// The password has to be checked: that takes long.
    Unknown(Credentials),
}

/// A name and a password.
#[derive(PartialEq, Eq)]
pub(super) struct Credentials {
    name: String,
    password: Vec<u8>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Web {
    /// # Errors
    /// A certificate, a key or a field that cannot be used.
    pub(super) fn new(plan: WebPlan) -> Result<Self, String> {
        let WebPlan { tls, headers, users } = plan;
        let tls = tls
            .map(|tls| server_config(&tls))
            .transpose()
            .map_err(|why| format!("tls_server_config: {why}"))?;
        let field = |(name, value): (String, String)| {
            let wrong = || format!("http_server_config.headers: `{name}` is no field with a value");
            let read = name.parse::<HeaderName>().ok().zip(value.parse::<HeaderValue>().ok());
            read.ok_or_else(wrong)
        };
        let headers = headers.into_iter().map(field).collect::<Result<_, _>>()?;
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        Ok(Self { tls, headers, users, known: Mutex::default() })
    }

    /// Whether a request may be answered, as far as that is known at once.
    pub(super) fn entry(&self, fields: &HeaderMap) -> Entry {
        if self.users.is_empty() {
            return Entry::Open;
        }
        let Some(credentials) = fields.get(AUTHORIZATION).and_then(|field| credentials(field.as_bytes()))
        else {
            return Entry::Refused;
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&credentials.name).copied();
        match known {
            Some(known) if known == self.digest(&credentials) => Entry::Open,
            _ => Entry::Unknown(credentials),
        }
    }

    /// Whether a password is right. It takes as long for a user that nobody knows.
    pub(super) fn check(&self, credentials: &Credentials) -> bool {
        let Some(hash) = self.users.get(&credentials.name) else {
            let cost = self.users.values().map(|hash| hash.cost).max();
            if let Some(cost) = cost {
                is_right(&PasswordHash { cost, salt: [0; 16], hash: [0; 23] }, &credentials.password);
            }
            return false;
        };
        let right = is_right(hash, &credentials.password);
        if right {
            let digest = self.digest(credentials);
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(credentials.name.clone(), digest);
        }
        right
    }

    /// Of name, password and salt.
    fn digest(&self, credentials: &Credentials) -> [u8; 32] {
        let salt = self.users.get(&credentials.name).map_or([0; 16], |hash| hash.salt);
        let digest = Sha256::new().chain_update(salt).chain_update(&credentials.password);
        digest.finalize().into()
    }
}

/// What a field Authorization of the scheme Basic has (RFC 7617 §2).
fn credentials(field: &[u8]) -> Option<Credentials> {
    let (scheme, rest) = field.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let text = BASE64.decode(rest.trim_ascii()).ok()?;
    let at = text.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8(text[..at].to_vec()).ok()?;
    Some(Credentials { name, password: text[at + 1..].to_vec() })
}

/// Whether bcrypt makes this hash of a password. The time does not tell how much of it is right.
fn is_right(hash: &PasswordHash, password: &[u8]) -> bool {
    let mut key: Vec<u8> = password.iter().copied().chain([0]).collect();
    key.truncate(PASSWORD);
    let made = bcrypt::bcrypt(hash.cost, hash.salt, &key);
    hash.hash.iter().zip(made).fold(0, |differs, (ours, theirs)| differs | (ours ^ theirs)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `htpasswd -nbBC 4 alice secret`, taken apart.
    fn hash() -> PasswordHash {
        let salt = *b"sixteen bytes ok";
        let made = bcrypt::bcrypt(4, salt, b"secret\0");
        PasswordHash { cost: 4, salt, hash: made[..23].try_into().unwrap() }
    }

    fn fields(text: &str) -> HeaderMap {
        let field = format!("Basic {}", BASE64.encode(text.as_bytes()));
        HeaderMap::from_iter([(AUTHORIZATION, field.parse().unwrap())])
    }

    #[test]
    fn a_password_is_checked_once_and_then_known() {
        let plan = WebPlan { users: BTreeMap::from([("alice".to_owned(), hash())]), ..WebPlan::default() };
        let web = Web::new(plan).unwrap();
        assert_eq!(web.entry(&HeaderMap::new()), Entry::Refused);
        let unknown = |text: &str| match web.entry(&fields(text)) {
            Entry::Unknown(credentials) => credentials,
            other => panic!("{text}: {other:?}"),
        };
        for wrong in ["alice:secre", "alice:secret2", "alice:", "bob:secret", ":secret"] {
            assert!(!web.check(&unknown(wrong)), "{wrong}");
        }
        assert!(web.check(&unknown("alice:secret")));
        assert_eq!(web.entry(&fields("alice:secret")), Entry::Open);
        assert!(!web.check(&unknown("alice:other")));
        assert_eq!(web.entry(&fields("alice:secret")), Entry::Open, "what is wrong forgets nothing");
        for broken in ["Bearer x", "Basic", "Basic !", "basic YQ=="] {
            let fields = HeaderMap::from_iter([(AUTHORIZATION, broken.parse().unwrap())]);
            assert_eq!(web.entry(&fields), Entry::Refused, "{broken}");
        }
    }

    #[test]
    fn nobody_named_is_everybody() {
        assert_eq!(Web::new(WebPlan::default()).unwrap().entry(&HeaderMap::new()), Entry::Open);
    }
}

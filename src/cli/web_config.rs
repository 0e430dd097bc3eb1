//! The file of `--web-config`: certificate, users and fields of the probe server in the format of Prometheus's
//! exporter-toolkit. A key that is not known, or not heeded, is an error with its line: who may ask is no matter for
//! guesses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::{Encoding, Specification};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::error::PlanError;
use super::files::{read_small, read_text};
use super::yaml::{Flag, TlsVersionText, by, parse, unique};
use crate::http::validate_field;
use crate::modules::{ClientAuth, Curve, PasswordHash, WebPlan, WebTls};
use crate::plan::KeyFile;
use crate::trace::TlsVersion;

/// Rounds of bcrypt as a power of two: what is more takes minutes.
const MOST_COST: u32 = 18;

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<WebPlan, String> {
    let text = read_text("--web-config", path).map_err(PlanError::sentence)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    plan(&text, folder).map_err(|why| format!("--web-config: `{}`: {why}", path.display()))
}

/// Files in it are named from its folder.
fn plan(text: &str, folder: &Path) -> Result<WebPlan, String> {
    // A file without a word is one that asks for nothing.
    let File { tls_server_config, http_server_config, basic_auth_users } =
        parse::<Option<File>>(text)?.unwrap_or_default();
    let tls = tls_server_config.map(|tls| tls.read(folder)).transpose();
    let tls = tls.map_err(|why| format!("tls_server_config: {why}"))?;
    let headers = http_server_config.headers()?;
    let users = basic_auth_users.into_iter().map(|(name, Hash(hash))| (name, hash)).collect();
    Ok(WebPlan { tls, headers, users })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    tls_server_config: Option<TlsText>,
    http_server_config: HttpText,
    #[serde(deserialize_with = "unique")]
    basic_auth_users: BTreeMap<String, Hash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsText {
    cert_file: PathBuf,
    key_file: PathBuf,
    #[serde(default)]
    client_auth_type: ClientAuthText,
    client_ca_file: Option<PathBuf>,
    min_version: Option<TlsVersionText>,
    max_version: Option<TlsVersionText>,
    /// Has no effect in Go since 1.17 either.
    #[serde(default, rename = "prefer_server_cipher_suites")]
    _preferred: IgnoredAny,
    cipher_suites: Option<Vec<SuiteText>>,
    curve_preferences: Option<Vec<CurveText>>,
    #[serde(default)]
    client_allowed_sans: Vec<String>,
}

/// The suites that Go has names for, but those that it calls insecure.
const SUITES: &[&str] = &[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    // Not spoken here: as much as others may be named beside them.
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

/// The name of a cipher suite.
struct SuiteText(String);

impl<'de> Deserialize<'de> for SuiteText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by(deserializer, |text| {
            let known = SUITES.contains(&text).then(|| Self(text.to_owned()));
            known
                .ok_or_else(|| format!("`{text}` is no cipher suite that Go has a name for and calls secure"))
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum CurveText {
    CurveP256,
    CurveP384,
    CurveP521,
    X25519,
}

#[derive(Clone, Copy, Default, Deserialize)]
enum ClientAuthText {
    #[default]
    #[serde(rename = "NoClientCert", alias = "")]
    None,
    #[serde(rename = "RequestClientCert")]
    Request,
    #[serde(rename = "RequireAnyClientCert", alias = "RequireClientCert")]
    RequireAny,
    #[serde(rename = "VerifyClientCertIfGiven")]
    VerifyIfGiven,
    #[serde(rename = "RequireAndVerifyClientCert")]
    RequireAndVerify,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HttpText {
    /// Nothing but HTTP/1.1 is spoken, whatever it says.
    #[serde(rename = "http2")]
    _http2: Flag<true>,
    #[serde(deserialize_with = "unique")]
    headers: BTreeMap<String, String>,
}

impl TlsText {
    fn read(self, folder: &Path) -> Result<WebTls, String> {
        let file = |key: &str, path: &Path| {
            let bytes = read_small(key, &folder.join(path)).map_err(PlanError::sentence)?;
            Ok::<_, String>(KeyFile { name: format!("{key} {}", path.display()), bytes: bytes.into() })
        };
        let client_auth = match self.client_auth_type {
            ClientAuthText::None => ClientAuth::None,
            ClientAuthText::Request => ClientAuth::Request,
            ClientAuthText::RequireAny => ClientAuth::RequireAny,
            ClientAuthText::VerifyIfGiven => ClientAuth::VerifyIfGiven,
            ClientAuthText::RequireAndVerify => ClientAuth::RequireAndVerify,
        };
        let verifies = matches!(client_auth, ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify);
        match (&self.client_ca_file, verifies) {
            (None, true) => return Err("client_auth_type needs client_ca_file".to_owned()),
            (Some(_), false) => {
                return Err("client_ca_file is there, and no client_auth_type uses it".to_owned());
            }
            _ => {}
        }
        let client_names = self.client_allowed_sans;
        if !client_names.is_empty() && client_auth == ClientAuth::None {
            return Err(
                "client_allowed_sans is there, and no client_auth_type asks for a certificate".to_owned()
            );
        }
        let groups = groups(self.curve_preferences)?;
        let suites = self.cipher_suites.map(|all| all.into_iter().map(|SuiteText(name)| name).collect());
        // What is older is spoken by nobody here.
        let min_version = match self.min_version {
            Some(TlsVersionText::Tls13) => TlsVersion::Tls13,
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11 | TlsVersionText::Tls12) | None => {
                TlsVersion::Tls12
            }
        };
        let max_version = match self.max_version {
            Some(TlsVersionText::Tls13) | None => TlsVersion::Tls13,
            Some(TlsVersionText::Tls12) => TlsVersion::Tls12,
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11) => {
                return Err("max_version: TLS 1.0 and 1.1 are not spoken here".to_owned());
            }
        };
        if (min_version, max_version) == (TlsVersion::Tls13, TlsVersion::Tls12) {
            return Err("min_version is above max_version".to_owned());
        }
        let client_ca =
            self.client_ca_file.as_deref().map(|path| file("client_ca_file", path)).transpose()?;
        let (certificate, key) = (file("cert_file", &self.cert_file)?, file("key_file", &self.key_file)?);
        Ok(WebTls {
            certificate,
            key,
            client_ca,
            client_auth,
            min_version,
            max_version,
            suites,
            groups,
            client_names,
        })
    }
}

/// The groups that are spoken of those that are wanted; that there is one is no matter for guesses.
fn groups(wanted: Option<Vec<CurveText>>) -> Result<Vec<Curve>, String> {
    let wanted = wanted.unwrap_or_default();
    let spoken = wanted.iter().filter_map(|curve| match curve {
        CurveText::X25519 => Some(Curve::X25519),
        CurveText::CurveP256 => Some(Curve::P256),
        CurveText::CurveP384 => Some(Curve::P384),
        CurveText::CurveP521 => None,
    });
    let spoken: Vec<Curve> = spoken.collect();
    if spoken.is_empty() && !wanted.is_empty() {
        return Err("curve_preferences: P-521 alone is not spoken here: X25519, CurveP256 and CurveP384 are"
            .to_owned());
    }
    Ok(spoken)
}

/// The fields that may be set, and the values that they may have; none named for any.
const FIELDS: &[(&str, &[&str])] = &[
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

impl HttpText {
    fn headers(self) -> Result<Vec<(String, String)>, String> {
        for (name, value) in &self.headers {
            let known = FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let Some((_, values)) = known else {
                let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "http_server_config.headers: `{name}` cannot be set: {} can",
                    names.join(", ")
                ));
            };
            if !values.is_empty() && !values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
                let values = values.join(" or ");
                return Err(format!("http_server_config.headers.{name}: it is {values}, and not `{value}`"));
            }
            validate_field(name, value).map_err(|why| format!("http_server_config.headers: {why}"))?;
        }
        Ok(self.headers.into_iter().collect())
    }
}

/// The hash of a password, as `$2y$10$` and 53 characters.
struct Hash(PasswordHash);

impl<'de> Deserialize<'de> for Hash {
    /// It is as good as a secret: an error does not have it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by(deserializer, |text| hash(text).map(Self))
    }
}

fn hash(text: &str) -> Result<PasswordHash, String> {
    let parts: Vec<&str> = text.split('$').collect();
    let ["", "2" | "2a" | "2b" | "2x" | "2y", cost, rest] = parts[..] else {
        return Err("this is no hash of bcrypt: `htpasswd -nBC 10 \"\"` makes one, as $2y$10$...".to_owned());
    };
    let broken = || "this hash of bcrypt is not whole: it has 60 characters".to_owned();
    let cost = cost.parse::<u32>().ok().filter(|_| cost.len() == 2).ok_or_else(broken)?;
    if !(4..=MOST_COST).contains(&cost) {
        return Err(format!("a cost of bcrypt is 4 to {MOST_COST} here, and not {cost}"));
    }
    let alphabet = alphabet()?;
    let decode = |text: Option<&str>| alphabet.decode(text?.as_bytes()).ok();
    let salt = decode(rest.get(..22)).and_then(|salt| salt.try_into().ok()).ok_or_else(broken)?;
    let hash = decode(rest.get(22..)).and_then(|hash| hash.try_into().ok()).ok_or_else(broken)?;
    Ok(PasswordHash { cost, salt, hash })
}

/// The base 64 of bcrypt.
fn alphabet() -> Result<Encoding, String> {
    let mut alphabet = Specification::new();
    alphabet.symbols.push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    // Its last characters may hold more bits than there are.
    alphabet.check_trailing_bits = false;
    alphabet.encoding().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WebPlan, String> {
        let folder = std::env::temp_dir().join(format!("urltrace-web-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["a.pem", "a.key", "ca.pem"] {
            std::fs::write(folder.join(name), name).unwrap();
        }
        plan(text, &folder)
    }

    const SOME: &str = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

    #[test]
    fn a_whole_file_is_read() {
        let plan = read(&format!(
            "tls_server_config:
  cert_file: a.pem
  key_file: a.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  min_version: TLS13
  prefer_server_cipher_suites: true
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP384, CurveP521, X25519]
  client_allowed_sans: [prometheus.example.org]
http_server_config:
  http2: true
  headers: {{X-Frame-Options: deny, Strict-Transport-Security: max-age=63072000}}
basic_auth_users:
  alice: {SOME}
"
        ))
        .unwrap();
        let tls = plan.tls.unwrap();
        assert_eq!((tls.client_auth, tls.min_version), (ClientAuth::RequireAndVerify, TlsVersion::Tls13));
        assert_eq!(tls.suites.unwrap(), ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
        assert_eq!(tls.groups, [Curve::P384, Curve::X25519]);
        assert_eq!(tls.client_names, ["prometheus.example.org"]);
        assert_eq!(tls.client_ca.unwrap().bytes[..], b"ca.pem"[..]);
        assert_eq!(plan.headers.len(), 2);
        assert_eq!(plan.users["alice"].cost, 10);
        assert!(!format!("{:?}", plan.users).contains("salt"));
        for empty in ["", "# nothing\n", "{}"] {
            let plan = read(empty).unwrap();
            assert!(plan.tls.is_none() && plan.users.is_empty(), "{empty:?}");
        }
    }

    #[test]
    fn what_is_not_heeded_is_told_with_line_and_key() {
        for (text, words) in [
            (
                "tls_server_config:\n  cert_file: a.pem\n  key_flie: a.key\n",
                &["key_flie", "line 3", "`key_file` may be meant"][..],
            ),
            ("tls_server_config:\n  cert_file: a.pem\n", &["key_file", "line 2"]),
            (
                "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
                &["no cipher suite", "line 4", "cipher_suites"],
            ),
            (
                "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n  curve_preferences: [P256]\n",
                &["`P256`", "CurveP256", "line 4"],
            ),
            (
                "tls_server_config: {cert_file: a.pem, key_file: a.key, curve_preferences: [CurveP521]}\n",
                &["curve_preferences: P-521 alone"],
            ),
            (
                "tls_server_config: {cert_file: a.pem, key_file: a.key, client_allowed_sans: [a.test]}\n",
                &["client_allowed_sans", "no client_auth_type"],
            ),
            ("tls_server_config: {cert_file: a.pem, key_file: b.key}\n", &["key_file", "b.key"]),
            (
                "tls_server_config: {cert_file: a.pem, key_file: a.key, client_ca_file: ca.pem}\n",
                &["tls_server_config: client_ca_file"],
            ),
            (
                "tls_server_config: {cert_file: a.pem, key_file: a.key, client_auth_type: RequireAndVerifyClientCert}\n",
                &["needs client_ca_file"],
            ),
            (
                "tls_server_config: {cert_file: a.pem, key_file: a.key, max_version: TLS11}\n",
                &["max_version", "not spoken"],
            ),
            ("http_server_config: {headers: {X-Own: a}}\n", &["X-Own", "cannot be set"]),
            ("http_server_config: {headers: {X-Frame-Options: all}}\n", &["deny or sameorigin"]),
            ("basic_auth_users:\n  a: secret\n", &["basic_auth_users.a", "no hash of bcrypt", "line 2"]),
            (
                "basic_auth_users:\n  a: $2y$31$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n",
                &["4 to 18"],
            ),
            ("basic_auth_users:\n  a: $2y$10$short\n", &["not whole"]),
            (&format!("basic_auth_users:\n  a: {SOME}\n  a: {SOME}\n"), &["`a` stands here twice"]),
        ] {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{text}\n{error}");
            assert!(!error.contains("secret") && !error.contains("QOauhQ"), "{error}");
        }
    }
}

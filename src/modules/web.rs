//! What a web-config file says: by which certificate the server is met, and who may ask. Types only.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::plan::KeyFile;
use crate::trace::TlsVersion;

/// How the server is met. Without a file: in the clear, by anybody.
#[derive(Clone, Debug, Default)]
pub struct WebPlan {
    /// `tls_server_config`.
    pub tls: Option<WebTls>,
    /// `http_server_config.headers`: fields of every answer.
    pub headers: Vec<(String, String)>,
    /// `basic_auth_users`: who may ask; nobody named is everybody.
    pub users: BTreeMap<String, PasswordHash>,
}

/// `tls_server_config`.
#[derive(Clone, Debug)]
pub struct WebTls {
    /// The chain, in PEM.
    pub certificate: KeyFile,
    /// Its key, in PEM.
    pub key: KeyFile,
    /// What certificates of clients are checked against, in PEM.
    pub client_ca: Option<KeyFile>,
    /// Whether clients have certificates.
    pub client_auth: ClientAuth,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// The newest.
    pub max_version: TlsVersion,
    /// `cipher_suites`, by their names: those of TLS 1.2 that are spoken. TLS 1.3 has all of its own, as in Go. `None`
    /// for all.
    pub suites: Option<Vec<String>>,
    /// `curve_preferences`, the most wanted first; none named for all.
    pub groups: Vec<Curve>,
    /// `client_allowed_sans`: one of these has to be among the names of a client's certificate; none named for any.
    pub client_names: Vec<String>,
}

/// A group of `curve_preferences` that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// `X25519`.
    X25519,
    /// `CurveP256`.
    P256,
    /// `CurveP384`.
    P384,
}

/// `client_auth_type`, by the names that Go has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// `NoClientCert`.
    #[default]
    None,
    /// `RequestClientCert`: asked for; any will do, and none.
    Request,
    /// `RequireAnyClientCert`: any will do.
    RequireAny,
    /// `VerifyClientCertIfGiven`.
    VerifyIfGiven,
    /// `RequireAndVerifyClientCert`.
    RequireAndVerify,
}

/// The hash of a password by bcrypt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// The binary logarithm of its rounds.
    pub cost: u32,
    /// The salt.
    pub salt: [u8; 16],
    /// What is left of the hash: its last byte is never written.
    pub hash: [u8; 23],
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHash").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// Where the plan comes from.
#[derive(Clone)]
pub struct WebSource(pub Arc<dyn Fn() -> Result<WebPlan, String> + Send + Sync>);

impl fmt::Debug for WebSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSource")
    }
}

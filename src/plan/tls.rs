//! How TLS is spoken.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::roots::RootsChoice;
use crate::trace::TlsVersion;

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct TlsPlan {
    /// What is trusted.
    pub roots: RootsChoice,
    /// `-k`: go on in spite of certificate faults.
    pub insecure: bool,
    /// `--tls-max`.
    pub max_version: TlsVersion,
    /// The oldest version that is offered.
    pub min_version: TlsVersion,
    /// The name that a host is asked for, and its certificate looked through for, in place of its own.
    pub server_name: Option<ServerName>,
    /// `SSLKEYLOGFILE`.
    pub key_log: Option<PathBuf>,
    /// `--cert`, `--key`, `--pass`: what is shown to a server that asks who its client is.
    pub identity: Option<Identity>,
    /// `--resume`.
    pub resume: Resume,
    /// `--tls-scan`.
    pub scan: Scan,
}

/// The name of a server, where its URL has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerName {
    /// The host in the URL, as in `Url::host_ascii`.
    pub host: String,
    /// The name in its place.
    pub name: String,
}

/// Whether a server is asked for all that it takes of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scan {
    /// No.
    #[default]
    Never,
    /// After the trace, uncounted.
    Afterwards,
}

/// Whether a finished connection is resumed by a second one, to see what that saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// No: no session is kept.
    #[default]
    Never,
    /// After the trace, uncounted.
    Afterwards,
}

/// A certificate of a client's, with its key.
#[derive(Clone, Debug)]
pub enum Identity {
    /// The lab's own, which is made anew with each lab: `--cert lab:client`.
    OfLab,
    /// Of files.
    Files(IdentityFiles),
}

/// What `--cert`, `--key` and `--pass` come to, read and not yet looked into.
#[derive(Clone, Debug)]
pub struct IdentityFiles {
    /// The certificate, and mostly those of its chain.
    pub certificate: KeyFile,
    /// The key; without it, it is in the certificate's file.
    pub key: Option<KeyFile>,
    /// What opens an encrypted key.
    pub password: Option<Password>,
}

/// A file that may hold a key: nothing of what is in it is ever shown.
#[derive(Clone)]
pub struct KeyFile {
    /// What to call it, as `--key client.pem`.
    pub name: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A password, which is never shown.
#[derive(Clone)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Default for TlsPlan {
    fn default() -> Self {
        Self {
            roots: RootsChoice::Embedded,
            insecure: false,
            max_version: TlsVersion::Tls13,
            min_version: TlsVersion::Tls12,
            server_name: None,
            key_log: None,
            identity: None,
            resume: Resume::Never,
            scan: Scan::Never,
        }
    }
}

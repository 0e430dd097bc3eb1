//! How TLS is spoken.

use std::path::PathBuf;

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
    /// `SSLKEYLOGFILE`.
    pub key_log: Option<PathBuf>,
}

impl Default for TlsPlan {
    fn default() -> Self {
        Self { roots: RootsChoice::Embedded, insecure: false, max_version: TlsVersion::Tls13, key_log: None }
    }
}

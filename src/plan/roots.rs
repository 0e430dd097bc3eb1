//! Whose certificates are trusted. `crate::roots` reads them.

use std::path::PathBuf;

/// What is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootsChoice {
    /// The roots built into the program (Mozilla's, by webpki-roots).
    #[default]
    Embedded,
    /// The machine's.
    System,
    /// `--cacert`: this PEM file only.
    File(PathBuf),
    /// Certificates as PEM, such as those that stand in a file of modules.
    Pem {
        /// What to call them.
        name: String,
        /// The text.
        text: String,
    },
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`: these instead of the embedded ones.
    Environment {
        /// `SSL_CERT_FILE`.
        file: Option<PathBuf>,
        /// `SSL_CERT_DIR`.
        dir: Option<PathBuf>,
    },
    /// Given as DER, such as the lab's CA.
    Given {
        /// What to call them.
        name: String,
        /// The certificates.
        certificates: Vec<Vec<u8>>,
    },
}

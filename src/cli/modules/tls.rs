//! `tls_config` of a module: what is trusted, what is shown, and which versions are spoken. Files are read when the module is;
//! those of certificates that are trusted when a probe needs them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::error::PlanError;
use crate::cli::files::read_small;
use crate::cli::yaml::TlsVersionText;
use crate::plan::{Identity, IdentityFiles, KeyFile, RootsChoice, TlsPlan};
use crate::trace::TlsVersion;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsText {
    insecure_skip_verify: bool,
    ca: Option<String>,
    ca_file: Option<PathBuf>,
    cert: Option<String>,
    cert_file: Option<PathBuf>,
    key: Option<String>,
    key_file: Option<PathBuf>,
    server_name: Option<String>,
    min_version: Option<TlsVersionText>,
    max_version: Option<TlsVersionText>,
}

impl TlsText {
    /// Puts it into a plan, and gives the name in place of the target's.
    pub(super) fn read(self, tls: &mut TlsPlan, folder: &Path) -> Result<Option<String>, String> {
        match (self.ca, self.ca_file) {
            (Some(_), Some(_)) => return Err("of ca and ca_file one is taken".to_owned()),
            (Some(text), None) => {
                tls.roots = RootsChoice::Pem { name: "ca".to_owned(), text: pem("ca", text)? };
            }
            (None, Some(file)) => tls.roots = RootsChoice::File(folder.join(file)),
            (None, None) => {}
        }
        tls.insecure = self.insecure_skip_verify;
        // Older ones are spoken by nobody here.
        tls.min_version = match self.min_version {
            Some(TlsVersionText::Tls13) => TlsVersion::Tls13,
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11 | TlsVersionText::Tls12) | None => {
                TlsVersion::Tls12
            }
        };
        tls.max_version = match self.max_version {
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11) => {
                return Err("max_version: TLS 1.0 and 1.1 are not spoken here".to_owned());
            }
            Some(TlsVersionText::Tls12) if tls.min_version == TlsVersion::Tls13 => {
                return Err("min_version is above max_version".to_owned());
            }
            Some(TlsVersionText::Tls12) => TlsVersion::Tls12,
            Some(TlsVersionText::Tls13) => TlsVersion::Tls13,
            None => tls.max_version,
        };
        let has_certificate = self.cert.is_some() || self.cert_file.is_some();
        if has_certificate != (self.key.is_some() || self.key_file.is_some()) {
            return Err("a certificate (cert_file) and its key (key_file) go together".to_owned());
        }
        let certificate = key_file("cert", self.cert, self.cert_file, folder)?;
        let key = key_file("key", self.key, self.key_file, folder)?;
        tls.identity = certificate
            .map(|certificate| Identity::Files(IdentityFiles { certificate, key, password: None }));
        Ok(self.server_name.filter(|name| !name.is_empty()))
    }
}

/// What stands in the module itself, or in a file that it names.
fn key_file(
    key: &str,
    text: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> Result<Option<KeyFile>, String> {
    match (text, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(format!("of {key} and {key}_file one is taken")),
        (Some(text), None) => {
            let bytes = pem(key, text)?.into_bytes().into();
            Ok(Some(KeyFile { name: key.to_owned(), bytes }))
        }
        (None, Some(path)) => {
            let name = format!("{key}_file");
            let bytes = read_small(&name, &folder.join(&path)).map_err(PlanError::sentence)?;
            Ok(Some(KeyFile { name: format!("{name} {}", path.display()), bytes: bytes.into() }))
        }
    }
}

/// A text that is PEM, as far as can be seen at once. What is in it may be a key, and is not told.
fn pem(key: &str, text: String) -> Result<String, String> {
    if text.contains("-----BEGIN ") { Ok(text) } else { Err(format!("{key}: it is no PEM")) }
}

//! Who this client is, for servers that ask (RFC 8446 §4.4.2): a certificate with its chain, and the key to it.
//!
//! Made before t0. That the key belongs to the certificate is checked here; whether a server takes it is
//! the server's to say.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::key_file::{self, Contents, Key, Locked, Parts};
use super::{certificate, pkcs12};
use crate::plan::{IdentityFiles, KeyFile, Password};

/// A certificate and its key, ready to be shown.
#[derive(Debug)]
pub(super) struct Identity {
    certified: Arc<CertifiedKey>,
    /// Whose it is, as one line.
    pub(super) subject: String,
}

impl Identity {
    /// Reads it out of the files.
    ///
    /// # Errors
    /// What cannot be used, in one line that names the file.
    pub(super) fn read(files: &IdentityFiles, provider: &CryptoProvider) -> Result<Self, String> {
        let password = files.password.as_ref();
        let contents = key_file::read(&files.certificate.bytes);
        let is_container = matches!(contents, Contents::Pkcs12);
        let (mut chain, own_key) = match contents {
            Contents::Parts(Parts { certificates, key }) => (certificates, key),
            Contents::Pkcs12 => container(&files.certificate, password)?,
        };
        let certificate_file = &files.certificate.name;
        if chain.is_empty() {
            return Err(format!("{certificate_file}: holds no certificate (PEM, DER or PKCS#12)"));
        }
        let (key_file, key) = match &files.key {
            None => (&files.certificate, own_key),
            Some(file) => match key_file::read(&file.bytes) {
                Contents::Parts(parts) => (file, parts.key),
                Contents::Pkcs12 => (file, container(file, password)?.1),
            },
        };
        let Some(key) = key else {
            return Err(match &files.key {
                None => format!("{certificate_file}: holds no private key; --key FILE names it"),
                Some(file) => format!("{}: holds no private key (PEM or DER)", file.name),
            });
        };
        let key = provider.key_provider.load_private_key(open(key, key_file, password)?).map_err(|_| {
            format!(
                "{}: holds a key that cannot be used here (only RSA of 2048 to 8192 bits, ECDSA P-256 and P-384, \
                 Ed25519)",
                key_file.name
            )
        })?;
        let place = chain.iter().position(|certificate| fits(&*key, certificate));
        match place {
            Some(0) => {}
            // A container keeps no order.
            Some(place) if is_container => chain.swap(0, place),
            Some(place) => {
                return Err(format!(
                    "{certificate_file}: the key fits certificate {} of {}, and must fit the first",
                    place + 1,
                    chain.len()
                ));
            }
            None => {
                return Err(match &files.key {
                    Some(file) => {
                        format!("{}: the key does not fit the certificate of {certificate_file}", file.name)
                    }
                    None => format!("{certificate_file}: its key does not fit its certificate"),
                });
            }
        }
        let subject = match X509Certificate::from_der(&chain[0]) {
            Ok((_, leaf)) => certificate::distinguished_name(leaf.subject()),
            Err(_) => return Err(format!("{certificate_file}: its certificate cannot be read")),
        };
        Ok(Self { certified: Arc::new(CertifiedKey::new(chain, key)), subject })
    }

    /// The certificate, for a server that takes one of these signature schemes.
    pub(super) fn for_schemes(&self, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.certified.key.choose_scheme(schemes).map(|_| Arc::clone(&self.certified))
    }
}

/// Whether the certificate is for this key.
fn fits(key: &dyn SigningKey, certificate: &CertificateDer<'_>) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    key.public_key().is_some_and(|public| public.as_ref() == certificate.public_key().raw)
}

/// The key, open.
fn open(key: Key, file: &KeyFile, password: Option<&Password>) -> Result<PrivateKeyDer<'static>, String> {
    let name = &file.name;
    match key {
        Key::Plain(key) => Ok(key),
        Key::OldForm => Err(format!(
            "{name}: is encrypted in OpenSSL's old form, which is not read here; `openssl pkcs8 -topk8 -in OLD -out \
             NEW` converts it"
        )),
        Key::Encrypted(der) => {
            let Some(password) = password else {
                return Err(format!(
                    "{name}: the key is encrypted: --pass file:FILE or --pass env:NAME opens it"
                ));
            };
            key_file::unlock(&der, &password.0).map_err(|why| match why {
                Locked::WrongPassword => format!("{name}: the password does not open the key"),
                Locked::Broken => format!("{name}: the encrypted key cannot be read"),
                Locked::Scheme => format!(
                    "{name}: is encrypted in a way that is not read here; `openssl pkcs8 -topk8 -in OLD -out NEW` \
                     converts it"
                ),
            })
        }
    }
}

type ChainAndKey = (Vec<CertificateDer<'static>>, Option<Key>);

/// What is in a PKCS#12 container; one without a password has an empty one.
fn container(file: &KeyFile, password: Option<&Password>) -> Result<ChainAndKey, String> {
    let name = &file.name;
    let given = password.map_or("", |password| password.0.as_str());
    match pkcs12::open(&file.bytes, given) {
        Ok(opened) => Ok((opened.certificates, opened.key.map(Key::Plain))),
        Err(Locked::WrongPassword) if password.is_none() => {
            Err(format!("{name}: is encrypted: --pass file:FILE or --pass env:NAME opens it"))
        }
        Err(Locked::WrongPassword) => Err(format!("{name}: the password does not open it")),
        Err(Locked::Broken) => Err(format!("{name}: cannot be read as PKCS#12")),
        Err(Locked::Scheme) => Err(format!(
            "{name}: is encrypted in the way of old PKCS#12 (RC2 or triple DES), which is not read here; `openssl \
             pkcs12 -legacy -in OLD -out NEW.pem` converts it"
        )),
    }
}

//! What is trusted: the root certificates of a run, and how to call them in a report.
//!
//! Loaded before t0. Nothing is verified here, and no environment variable is read here: the plan
//! has done that. What many certificates were read for is kept for a minute, as a server of probes would read them
//! again for each.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls_native_certs::ErrorKind;

use crate::clock::Stopwatch;
use crate::os;
use crate::plan::RootsChoice;

/// How long the roots of a machine are good once they were read: one that is added counts within that.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// The roots of this machine that were read.
static READ: Mutex<Vec<(RootsChoice, Stopwatch, Roots)>> = Mutex::new(Vec::new());

/// A set of roots and its description.
#[derive(Clone, Debug)]
pub(crate) struct Roots {
    pub(crate) store: Arc<RootCertStore>,
    /// Such as `embedded (webpki-roots, 120)`, `system (145)`, `ca.pem (1)`.
    pub(crate) description: String,
}

/// Loads the roots of a plan.
///
/// # Errors
/// A source that cannot be read or that gives no certificate; the text names it.
pub(crate) fn load(choice: &RootsChoice) -> Result<Roots, String> {
    match choice {
        RootsChoice::Embedded => {
            let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
            Ok(described(roots, "embedded (webpki-roots, ", ")"))
        }
        RootsChoice::System => kept(choice, system),
        RootsChoice::File(path) => {
            let roots = read_file(path).map_err(|why| format!("--cacert {}: {why}", path.display()))?;
            Ok(described(roots, &format!("{} (", path.display()), ")"))
        }
        RootsChoice::Pem { name, text } => {
            let roots = read_pem(text.as_bytes()).map_err(|why| format!("{name}: {why}"))?;
            Ok(described(roots, &format!("{name} ("), ")"))
        }
        RootsChoice::Environment { file, dir } => {
            kept(choice, || environment(file.as_deref(), dir.as_deref()))
        }
        RootsChoice::Given { name, certificates } => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(
                certificates.iter().map(|der| CertificateDer::from_slice(der.as_slice())),
            );
            if roots.is_empty() {
                return Err(format!("{name}: holds no certificate"));
            }
            Ok(described(roots, &format!("{name} ("), ")"))
        }
    }
}

/// What was read of late, or is read now.
fn kept(choice: &RootsChoice, read: impl FnOnce() -> Result<Roots, String>) -> Result<Roots, String> {
    let lock = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    let known = {
        let mut all = lock();
        all.retain(|(_, since, _)| since.elapsed() < GOOD_FOR);
        all.iter().find(|(own, ..)| own == choice).map(|(.., roots)| roots.clone())
    };
    if let Some(roots) = known {
        return Ok(roots);
    }
    // Not under the lock: two that begin together read twice, and nobody waits for a slow disk of another's.
    let roots = read()?;
    lock().push((choice.clone(), Stopwatch::start(), roots.clone()));
    Ok(roots)
}

/// The machine's roots.
///
/// # Errors
/// When there are none; the text says what the first obstacle was.
pub(crate) fn system() -> Result<Roots, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    match loaded.errors.first() {
        Some(error) if roots.is_empty() => {
            Err(format!("the system's trusted roots cannot be loaded: {}", native_words(error)))
        }
        None if roots.is_empty() => {
            Err("the system has no trusted roots where they are looked for".to_owned())
        }
        _ => Ok(described(roots, "system (", ")")),
    }
}

fn described(roots: RootCertStore, before: &str, after: &str) -> Roots {
    Roots { description: format!("{before}{}{after}", roots.len()), store: Arc::new(roots) }
}

/// A PEM file that must hold at least one usable certificate. The error has no file name.
fn read_file(path: &Path) -> Result<RootCertStore, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read: {}", os::words(&error)))?;
    read_pem(&text)
}

fn read_pem(text: &[u8]) -> Result<RootCertStore, String> {
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16 text; PEM is ASCII".to_owned());
    }
    let text = as_plain_pem(text);
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(&text).enumerate() {
        let broken = |why: &str| format!("certificate {}: {why}", index + 1);
        let certificate = certificate.map_err(|error| broken(pem_words(&error)))?;
        roots.add(first_value(&certificate)).map_err(|_| broken("cannot be read as an X.509 certificate"))?;
    }
    match roots.is_empty() {
        false => Ok(roots),
        true if text.first() == Some(&0x30) => {
            Err("holds no certificate: it is DER, and must be PEM".to_owned())
        }
        true => Err("holds no certificate (it must be PEM)".to_owned()),
    }
}

/// PEM as OpenSSL takes it: a byte order mark before it, and certificates under their older labels.
fn as_plain_pem(text: &[u8]) -> Vec<u8> {
    const LABELS: [&[u8]; 2] = [b"TRUSTED CERTIFICATE-----", b"X509 CERTIFICATE-----"];
    const PLAIN: &[u8] = b"CERTIFICATE-----";
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let found = [&b"-----BEGIN "[..], b"-----END "].iter().find_map(|mark| {
            let label = line.strip_prefix(*mark)?;
            let rest = LABELS.iter().find_map(|known| label.strip_prefix(*known))?;
            Some([mark, PLAIN, rest].concat())
        });
        plain.extend_from_slice(found.as_deref().unwrap_or(line));
    }
    plain
}

/// A certificate without what OpenSSL puts behind it as its trust (`TRUSTED CERTIFICATE`).
fn first_value(der: &CertificateDer<'_>) -> CertificateDer<'static> {
    let length = match der.as_ref() {
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [0x30, 0x81, length, ..] => 3 + usize::from(*length),
        _ => der.len(),
    };
    CertificateDer::from(der.get(..length).unwrap_or(der).to_vec())
}

/// Why the machine's roots, or those of the environment, gave nothing.
fn native_words(error: &rustls_native_certs::Error) -> String {
    match &error.kind {
        ErrorKind::Io { inner, .. } => format!("cannot be read: {}", os::words(inner)),
        ErrorKind::Pem(error) => format!("a certificate {}", pem_words(error)),
        _ => error.context.to_owned(),
    }
}

fn pem_words(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "has no END line",
        pem::Error::IllegalSectionStart { .. } => "has a BEGIN line that cannot be read",
        pem::Error::Base64Decode(_) => "is no base64 between its BEGIN and END lines",
        _ => "cannot be read",
    }
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, together, as OpenSSL takes them. A path that gives nothing is
/// an error only when nothing at all was loaded; else the description tells of it.
fn environment(file: Option<&Path>, dirs: Option<&Path>) -> Result<Roots, String> {
    let mut roots = RootCertStore::empty();
    let mut parts = Vec::new();
    let mut faults = Vec::new();
    let dirs = dirs.map(|dirs| std::env::split_paths(dirs).collect::<Vec<_>>()).unwrap_or_default();
    let files = file.map(|path| ("SSL_CERT_FILE", path, Some(path), None));
    let dirs = dirs.iter().map(|path| ("SSL_CERT_DIR", path.as_path(), None, Some(path.as_path())));
    for (variable, path, file, dir) in files.into_iter().chain(dirs) {
        let loaded = rustls_native_certs::load_certs_from_paths(file, dir);
        let (added, _) = roots.add_parsable_certificates(loaded.certs);
        let source = format!("{variable}={}", path.display());
        match loaded.errors.first() {
            None if added == 0 => faults.push(format!("{source}: holds no certificate")),
            Some(error) if added == 0 => faults.push(format!("{source}: {}", native_words(error))),
            _ => parts.push(format!("{source} ({added})")),
        }
    }
    if roots.is_empty() {
        return Err(faults.join("; "));
    }
    parts.extend(faults);
    Ok(Roots { store: Arc::new(roots), description: parts.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn certificate() -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap()
    }

    /// A directory of its own for each test, gone afterwards.
    struct Folder(PathBuf);
    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("urltrace-roots-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, text).unwrap();
            path
        }
    }
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn embedded_and_given_roots_say_how_many() {
        let roots = load(&RootsChoice::Embedded).unwrap();
        assert_eq!(roots.description, format!("embedded (webpki-roots, {})", roots.store.len()));
        assert!(roots.store.len() > 100);
        let given = |certificates| RootsChoice::Given { name: "lab CA".into(), certificates };
        assert_eq!(load(&given(vec![certificate().der().to_vec()])).unwrap().description, "lab CA (1)");
        assert_eq!(load(&given(vec![vec![1, 2, 3]])).unwrap_err(), "lab CA: holds no certificate");
    }

    #[test]
    fn a_file_is_named_with_its_fault() {
        let folder = Folder::new("file");
        let good = folder.write("ca.pem", &certificate().pem());
        let roots = load(&RootsChoice::File(good.clone())).unwrap();
        assert_eq!(roots.description, format!("{} (1)", good.display()));
        let empty = folder.write("empty.pem", "nothing here\n");
        let error = load(&RootsChoice::File(empty.clone())).unwrap_err();
        assert_eq!(error, format!("--cacert {}: holds no certificate (it must be PEM)", empty.display()));
        let missing = folder.0.join("missing.pem");
        let error = load(&RootsChoice::File(missing.clone())).unwrap_err();
        assert!(error.starts_with(&format!("--cacert {}: cannot be read: ", missing.display())), "{error}");
        let broken =
            folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let error = load(&RootsChoice::File(broken)).unwrap_err();
        assert!(error.ends_with("certificate 1: cannot be read as an X.509 certificate"), "{error}");
        for (text, why) in [
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "certificate 1: has no END line"),
            (
                "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
                "certificate 1: is no base64 between its BEGIN and END lines",
            ),
        ] {
            let error = load(&RootsChoice::File(folder.write("broken.pem", text))).unwrap_err();
            assert!(error.ends_with(why), "{error}");
        }
    }

    #[test]
    fn pem_is_read_as_openssl_reads_it() {
        let folder = Folder::new("pem");
        let plain = certificate().pem();
        // What `openssl x509 -trustout` writes: the label, and the trust behind the certificate.
        let mut der = certificate().der().to_vec();
        der.extend([0x30, 0x02, 0x05, 0x00]);
        let base64 = data_encoding::BASE64.encode(&der);
        let trusted = format!(
            "-----BEGIN TRUSTED CERTIFICATE-----\r\n{base64}\r\n-----END TRUSTED CERTIFICATE-----\r\n"
        );
        let old = plain.replace(" CERTIFICATE-----", " X509 CERTIFICATE-----");
        let both = format!("{trusted}{plain}");
        for (text, count) in [(format!("\u{feff}{plain}"), 1), (trusted, 1), (old, 1), (both, 2)] {
            let roots = load(&RootsChoice::File(folder.write("ca.pem", &text))).unwrap();
            assert_eq!(roots.store.len(), count, "{text}");
        }
    }

    #[test]
    fn the_environment_replaces_and_tells_of_what_it_could_not_load() {
        let folder = Folder::new("environment");
        let file = folder.write("ca.pem", &certificate().pem());
        let missing = folder.0.join("missing");
        let load = |file: Option<&PathBuf>, dir: Option<&PathBuf>| {
            load(&RootsChoice::Environment { file: file.cloned(), dir: dir.cloned() })
        };
        assert_eq!(
            load(Some(&file), None).unwrap().description,
            format!("SSL_CERT_FILE={} (1)", file.display())
        );
        let both = load(Some(&file), Some(&missing)).unwrap().description;
        assert!(
            both.starts_with(&format!(
                "SSL_CERT_FILE={} (1), SSL_CERT_DIR={}: ",
                file.display(),
                missing.display()
            )),
            "{both}"
        );
        let dir = load(None, Some(&folder.0)).unwrap().description;
        assert_eq!(dir, format!("SSL_CERT_DIR={} (1)", folder.0.display()));
        let error = load(Some(&missing), None).unwrap_err();
        assert!(
            error.starts_with(&format!("SSL_CERT_FILE={}: cannot be read: ", missing.display())),
            "{error}"
        );
    }
}

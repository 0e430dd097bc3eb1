//! What is trusted: the root certificates of a run, and how to call them in a report.
//!
//! Loaded before t0. Nothing is verified here, and no environment variable is read here: the plan
//! has done that.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::os;
use crate::plan::RootsChoice;

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
        RootsChoice::System => system(),
        RootsChoice::File(path) => {
            let roots = read_file(path).map_err(|why| format!("--cacert {}: {why}", path.display()))?;
            Ok(described(roots, &format!("{} (", path.display()), ")"))
        }
        RootsChoice::Environment { file, dir } => environment(file.as_deref(), dir.as_deref()),
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
            Err(format!("the system's trusted roots cannot be loaded: {error}"))
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
    let mut roots = RootCertStore::empty();
    for (index, certificate) in CertificateDer::pem_slice_iter(&text).enumerate() {
        let broken = |error: &dyn std::fmt::Display| format!("certificate {}: {error}", index + 1);
        let certificate = certificate.map_err(|error| broken(&error))?;
        roots.add(certificate).map_err(|error| broken(&error))?;
    }
    if roots.is_empty() { Err("holds no certificate (it must be PEM)".to_owned()) } else { Ok(roots) }
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
            Some(error) if added == 0 => faults.push(format!("{source}: cannot be read: {error}")),
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
        assert!(error.contains("certificate 1: "), "{error}");
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

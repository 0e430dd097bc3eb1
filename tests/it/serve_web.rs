//! `urltrace serve --web-config`: certificates, users and fields, with rustls as the client. On loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion, version};

use crate::serving::{PATIENCE, Serving};
use crate::support::{code, run, stderr};

/// Of jBCrypt's test vectors: the password is `abc`, with few rounds.
const ABC: &str = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";

/// A folder with a CA, its certificates and a web-config file.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("web-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(path.join("ca.pem"), ca.pem()).unwrap();
        for name in ["server", "client", "other"] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            let certificate = match name {
                "other" => params.self_signed(&key).unwrap(),
                _ => params.signed_by(&key, &ca).unwrap(),
            };
            std::fs::write(path.join(format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(path.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        Self(path)
    }

    fn write(&self, text: &str) -> String {
        let path = self.0.join("web.yml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// What a client is told that asks by TLS, with a certificate or none; `None` where it is not let in.
    fn ask(&self, serving: &Serving, client: Client, request: &str) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&self.read("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[client.version]).unwrap();
        let config = config.with_root_certificates(roots);
        let config = match client.certificate {
            None => config.with_no_client_auth(),
            Some(name) => {
                let chain = vec![CertificateDer::from_pem_slice(&self.read(&format!("{name}.pem"))).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(&self.read(&format!("{name}.key"))).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = TcpStream::connect(serving.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut stream);
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        (read.is_ok() || !answer.is_empty()).then(|| String::from_utf8(answer).unwrap())
    }
}

/// How a client asks.
#[derive(Clone, Copy)]
struct Client {
    version: &'static SupportedProtocolVersion,
    certificate: Option<&'static str>,
}

const PLAIN: Client = Client { version: &version::TLS13, certificate: None };

const TLS12: Client = Client { version: &version::TLS12, certificate: None };

const HEALTHY: &str = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn is_answered(answer: Option<&String>) -> bool {
    answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200 OK\r\n"))
}

#[test]
fn the_server_is_met_by_tls_and_clients_by_their_certificates() {
    let folder = Folder::new("tls");
    let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key";
    for (more, client, is_let_in) in [
        ("", PLAIN, true),
        ("", TLS12, true),
        (", min_version: TLS13", TLS12, false),
        (", max_version: TLS12", PLAIN, false),
        (", client_auth_type: RequestClientCert", PLAIN, true),
        (", client_auth_type: RequireAnyClientCert", PLAIN, false),
        (", client_auth_type: RequireAnyClientCert", Client { certificate: Some("other"), ..PLAIN }, true),
        (
            ", client_auth_type: RequireAnyClientCert",
            Client { certificate: Some("other"), version: &version::TLS12 },
            true,
        ),
        (", client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem", PLAIN, true),
        (
            ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem",
            Client { certificate: Some("other"), ..PLAIN },
            false,
        ),
        (", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem", PLAIN, false),
        (
            ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem",
            Client { certificate: Some("client"), ..PLAIN },
            true,
        ),
        (
            ", client_auth_type: RequireAnyClientCert, client_allowed_sans: [other.test, localhost]",
            Client { certificate: Some("other"), ..PLAIN },
            true,
        ),
        (
            ", client_auth_type: RequireAnyClientCert, client_allowed_sans: [other.test]",
            Client { certificate: Some("other"), ..PLAIN },
            false,
        ),
        (", client_auth_type: RequestClientCert, client_allowed_sans: [other.test]", PLAIN, false),
        (", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", TLS12, true),
        (", cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]", TLS12, false),
        (", cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]", PLAIN, true),
        (", curve_preferences: [CurveP384, CurveP521]", PLAIN, true),
    ] {
        let path = folder.write(&format!("{tls}{more}}}\n"));
        let serving = Serving::start(&["--web.config.file", &path]);
        let answer = folder.ask(&serving, client, HEALTHY);
        assert_eq!(is_answered(answer.as_ref()), is_let_in, "{more}: {answer:?}");
    }
}

#[test]
fn fields_are_set_and_a_connection_is_kept() {
    let folder = Folder::new("fields");
    let path = folder.write(
        "tls_server_config: {cert_file: server.pem, key_file: server.key}
http_server_config: {http2: true, headers: {Strict-Transport-Security: max-age=1, X-Frame-Options: deny}}
",
    );
    let serving = Serving::start(&["--web-config", &path]);
    let twice = format!("{}{HEALTHY}", HEALTHY.replace("Connection: close\r\n", ""));
    let answer = folder.ask(&serving, PLAIN, &twice).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answer}");
    assert_eq!(answer.matches("strict-transport-security: max-age=1\r\n").count(), 2, "{answer}");
    assert!(answer.contains("x-frame-options: deny\r\n"), "{answer}");
    // Who speaks no TLS is let go.
    let mut clear = TcpStream::connect(serving.address).unwrap();
    clear.set_read_timeout(Some(PATIENCE)).unwrap();
    clear.write_all(HEALTHY.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = clear.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

fn basic(credentials: &str) -> String {
    format!("Authorization: Basic {}\r\n", BASE64.encode(credentials.as_bytes()))
}

#[test]
fn users_are_asked_for_their_passwords_wherever_they_go() {
    let folder = Folder::new("users");
    let path =
        folder.write(&format!("basic_auth_users:\n  alice: {ABC}\n  bob: {}\n", ABC.replace("06", "12")));
    let serving = Serving::start(&["--web-config", &path]);
    for page in ["/", "/metrics", "/probe?target=127.0.0.1:1", "/-/healthy", "/nowhere"] {
        let refused = serving.get(page);
        assert_eq!(refused.status, 401, "{page}");
        assert!(refused.head.contains("www-authenticate: basic realm="), "{}", refused.head);
        for wrong in ["alice:abcd", "alice:", "carol:abc"] {
            assert_eq!(serving.send("GET", page, &basic(wrong)).status, 401, "{wrong}");
        }
    }
    assert_eq!(serving.send("POST", "/-/reload", "Content-Length: 0\r\n").status, 401);
    assert_eq!(serving.send("GET", "/-/healthy", &basic("alice:abc")).status, 200);

    // Its hash has 4,096 rounds, and is of another password: while it is tried, others are answered.
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let begin = Instant::now();
            (serving.send("GET", "/", &basic("bob:abc")).status, begin.elapsed())
        });
        let begin = Instant::now();
        let mut longest = Duration::ZERO;
        while !slow.is_finished() {
            let asked = Instant::now();
            assert_eq!(serving.send("GET", "/-/healthy", &basic("alice:abc")).status, 200);
            longest = longest.max(asked.elapsed());
            assert!(begin.elapsed() < PATIENCE);
        }
        let (status, took) = slow.join().unwrap();
        assert_eq!(status, 401);
        assert!(longest < took, "{longest:?} of {took:?}");
    });
}

#[test]
fn the_file_is_read_again_and_one_with_a_fault_changes_nothing() {
    let folder = Folder::new("again");
    let path = folder.write("{}\n");
    let mut serving = Serving::start(&["--web-config", &path]);
    let reload = |serving: &Serving, fields: &str| {
        serving.send("POST", "/-/reload", &format!("Content-Length: 0\r\n{fields}")).status
    };
    assert_eq!(serving.get("/-/healthy").status, 200);
    folder.write(&format!("basic_auth_users: {{alice: {ABC}}}\n"));
    assert_eq!(reload(&serving, ""), 200);
    assert_eq!(serving.get("/-/healthy").status, 401);
    folder.write("basic_auth_users: {}\ntls_server_config: {cert_file: server.pem, key_file: client.key}\n");
    assert_eq!(reload(&serving, &basic("alice:abc")), 500);
    let told = serving.told();
    assert!(told.contains("key_file client.key") && told.contains("who may ask"), "{told}");
    assert_eq!(serving.get("/-/healthy").status, 401);
    folder.write("tls_server_config: {cert_file: server.pem, key_file: server.key}\n");
    assert_eq!(reload(&serving, &basic("alice:abc")), 200);
    assert!(is_answered(folder.ask(&serving, PLAIN, HEALTHY).as_ref()));
}

#[test]
fn the_file_of_the_readme_is_taken() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = readme.split("```yaml\n").find(|block| block.starts_with("tls_server_config:")).unwrap();
    let text = block.split("```").next().unwrap();
    let folder = Folder::new("readme");
    std::fs::copy(folder.0.join("ca.pem"), folder.0.join("clients.pem")).unwrap();
    let path = folder.write(text);
    let serving = Serving::start(&["--web-config", &path]);
    let client = Client { certificate: Some("client"), ..PLAIN };
    let asked = HEALTHY.replace("\r\n\r\n", &format!("\r\n{}\r\n", basic("prometheus:test")));
    let answer = folder.ask(&serving, client, &asked).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=63072000\r\n"), "{answer}");
    assert!(folder.ask(&serving, client, HEALTHY).unwrap().starts_with("HTTP/1.1 401"));
}

#[test]
fn a_file_with_a_fault_is_told_with_line_and_key() {
    let folder = Folder::new("fault");
    for (text, words) in [
        ("basic_auth_users:\n  alice: secret\n", ["basic_auth_users.alice", "line 2"]),
        ("tls_server_config:\n  cert_fiel: a\n", ["`cert_file` may be meant", "line 2"]),
        ("tls_server_config: {cert_file: nowhere.pem, key_file: server.key}\n", ["cert_file", "nowhere.pem"]),
        (
            "tls_server_config: {cert_file: server.key, key_file: server.key}\n",
            ["cert_file", "no certificate"],
        ),
    ] {
        let path = folder.write(text);
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--web-config", &path]);
        let told = stderr(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains("--web-config") && words.iter().all(|word| told.contains(word)), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

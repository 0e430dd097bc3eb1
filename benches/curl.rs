//! What a whole run costs beside curl's: CPU and wall time of the two processes, in pairs, on the same URL.
//!
//! The server is in this process, on loopback: TLS 1.3, ECDSA, HTTP/1.1, an IP literal, so that both
//! programs do the same work. Prints figures; judges nothing unless `--check` (or
//! `URLTRACE_BENCH_CHECK=1`) is given, and then only ratios and the size, never absolute times.
//! `cargo bench --bench curl -- [--check] [--pairs N] [--binary FILE]`; another binary than the one built for
//! the bench spares building all dependencies a second time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring, version};

/// The most that urltrace's CPU may be of curl's.
const MAX_CPU_RATIO: f64 = 0.6;
/// The most that the stripped binary may have.
const MAX_BYTES: u64 = 12_000_000;
/// Runs before counting begins: pages of both programs are in memory by then.
const WARM_UP: usize = 5;
const PAIRS: usize = 60;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("cargo bench --bench curl -- [--check] [--pairs N] [--binary FILE]");
        return ExitCode::SUCCESS;
    }
    let check = arguments.iter().any(|word| word == "--check")
        || std::env::var_os("URLTRACE_BENCH_CHECK").is_some_and(|value| value == "1");
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    let pairs: usize = value("--pairs").map_or(PAIRS, |text| text.parse().expect("--pairs takes a number"));
    let urltrace = value("--binary").unwrap_or(env!("CARGO_BIN_EXE_urltrace"));

    let ca = Ca::new();
    let port = ca.serve();
    let url = format!("https://127.0.0.1:{port}/");
    let own = ["--http1.1", "--cacert", ca.path(), &url];
    let curl = ["-q", "-sS", "--http1.1", "--cacert", ca.path(), "-o", "/dev/null", "-w", "%{json}", &url];

    let mut samples = Vec::new();
    for pair in 0..WARM_UP + pairs {
        // Alternately first, so that what one leaves in caches helps both alike.
        let both = if pair.is_multiple_of(2) {
            let own = run(urltrace, &own);
            (own, run("curl", &curl))
        } else {
            let curl = run("curl", &curl);
            (run(urltrace, &own), curl)
        };
        if pair >= WARM_UP {
            samples.push(both);
        }
    }

    println!("{pairs} pairs, {url}, HTTP/1.1 over TLS 1.3, ECDSA P-256");
    println!("{:<22}{:>10}{:>10}{:>10}", "", "min", "median", "max");
    let row = |name: &str, values: Vec<f64>| {
        let [least, median, most] = spread(values);
        println!("{name:<22}{least:>10.2}{median:>10.2}{most:>10.2}");
        median
    };
    let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
    row("urltrace cpu, ms", samples.iter().map(|(own, _)| ms(own.cpu)).collect());
    row("curl cpu, ms", samples.iter().map(|(_, curl)| ms(curl.cpu)).collect());
    let cpu = row("cpu ratio", samples.iter().map(|(own, curl)| ms(own.cpu) / ms(curl.cpu)).collect());
    row("urltrace wall, ms", samples.iter().map(|(own, _)| ms(own.wall)).collect());
    row("curl wall, ms", samples.iter().map(|(_, curl)| ms(curl.wall)).collect());
    row("wall ratio", samples.iter().map(|(own, curl)| ms(own.wall) / ms(curl.wall)).collect());
    let bytes = fs::metadata(urltrace).unwrap().len();
    println!("binary: {bytes} bytes, stripped ({:.2} MB)", bytes as f64 / 1e6);

    let mut broken = Vec::new();
    if cpu > MAX_CPU_RATIO {
        broken.push(format!("the median cpu ratio is {cpu:.2}, more than {MAX_CPU_RATIO}"));
    }
    if bytes > MAX_BYTES {
        broken.push(format!("the binary has {bytes} bytes, more than {MAX_BYTES}"));
    }
    broken.iter().for_each(|what| println!("over the limit: {what}"));
    if check && !broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Minimum, median, maximum.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let (middle, last) = (values.len() / 2, values.len() - 1);
    let median = if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    };
    [values[0], median, values[last]]
}

/// What one process cost.
struct Cost {
    cpu: Duration,
    wall: Duration,
}

/// Runs a program with an empty environment; its output goes nowhere, as in a script that only wants the code.
#[expect(clippy::zombie_processes, reason = "waited for by wait4, which the lint does not know")]
fn run(program: &str, arguments: &[&str]) -> Cost {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let start = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    let (status, cpu) = wait_with_cost(child.id());
    let wall = start.elapsed();
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        "{program} {arguments:?} failed: {status:#x}"
    );
    Cost { cpu, wall }
}

/// Waits for a child and takes the CPU time of that child alone: user and system, as the kernel counted.
fn wait_with_cost(child: u32) -> (libc::c_int, Duration) {
    let child = libc::pid_t::try_from(child).unwrap();
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live, writable values of the types that wait4 fills; `rusage` is a
    // plain C struct, for which all-zero bytes are a valid value, so it may be read whatever wait4 did.
    // The child is waited for nowhere else: its `Child` is dropped without a wait.
    #[expect(unsafe_code, reason = "std has no wait that tells what a child cost")]
    let (waited, usage) = unsafe {
        let waited = libc::wait4(child, &raw mut status, 0, usage.as_mut_ptr());
        (waited, usage.assume_init())
    };
    assert_eq!(waited, child, "wait4: {}", io::Error::last_os_error());
    let time = |value: libc::timeval| {
        Duration::from_secs(u64::try_from(value.tv_sec).unwrap())
            + Duration::from_micros(u64::try_from(value.tv_usec).unwrap())
    };
    (status, time(usage.ru_utime) + time(usage.ru_stime))
}

/// A CA in a file, and the certificate it gave the server.
struct Ca {
    file: PathBuf,
    config: Arc<ServerConfig>,
}

impl Ca {
    fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "urltrace bench CA");
        let ca = params.self_signed(&ca_key).unwrap();
        let file =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-ca-{}.pem", std::process::id()));
        fs::write(&file, ca.pem()).unwrap();

        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        // Another name than the CA's: OpenSSL takes a certificate with its issuer's name for self-signed.
        leaf.distinguished_name.push(DnType::CommonName, "127.0.0.1");
        let leaf = leaf.signed_by(&key, &Issuer::from_params(&params, &ca_key)).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { file, config: Arc::new(config) }
    }

    fn path(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Serves on a thread of its own until the process ends; returns the port.
    fn serve(&self) -> u16 {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(answer(acceptor.clone(), stream));
                }
            });
        });
        told.recv().unwrap()
    }
}

impl Drop for Ca {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Answers requests of one connection, each with a page of ordinary size.
async fn answer(acceptor: TlsAcceptor, stream: tokio::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    let body = "<p>urltrace</p>\n".repeat(256);
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nServer: bench\r\n\r\n{body}",
        body.len()
    );
    let mut head = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return stream.shutdown().await;
        }
        head.extend_from_slice(&buffer[..read]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            stream.write_all(response.as_bytes()).await?;
            stream.flush().await?;
        }
    }
}

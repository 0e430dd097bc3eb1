//! Exchanges with servers on loopback that are scripted byte by byte.

mod bad;
mod flood;
mod h1;
mod h2;
mod h3;
mod shared;
mod upload;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compression_codecs::brotli::params::EncoderParams as BrotliParams;
use compression_codecs::core::Level;
use compression_codecs::{BrotliEncoder, DeflateEncoder, EncodeV2, GzipEncoder, ZlibEncoder, ZstdEncoder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Ask, OnBehalf, Session, Upload, prepare};
use crate::clock::{Clock, Stopwatch};
use crate::plan::{ExpectPlan, HttpPlan, RequestBody};
use crate::stop::Stop;
use crate::trace::{Failure, Host, Http, Scheme, Url};

/// A delay that a server puts in.
const DELAY: Duration = Duration::from_millis(30);
/// How far from what was put in a delay may be seen.
const TOLERANCE: Duration = Duration::from_millis(20);

/// The delays a server really put in: on a busy machine a sleep is longer than asked for.
#[derive(Clone, Default)]
struct Delays(Arc<Mutex<Vec<Duration>>>);

impl Delays {
    /// Sleeps, and notes for how long.
    async fn sleep(&self) {
        let watch = Stopwatch::start();
        tokio::time::sleep(DELAY).await; // the injected delay
        self.0.lock().unwrap().push(watch.elapsed());
    }

    /// Holds when the delay with this number was found, no less and no more.
    fn assert_found(&self, number: usize, found: Duration) {
        let real = self.0.lock().unwrap()[number];
        assert!(found.abs_diff(real) < TOLERANCE, "{found:?}, put in: {real:?}");
    }
}

/// Runs a test as the program runs: one thread, one `LocalSet`.
fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

/// A URL of the model from its text.
pub(super) fn url(href: &str) -> Url {
    let parsed = url::Url::parse(href).unwrap();
    let scheme = if parsed.scheme() == "https" { Scheme::Https } else { Scheme::Http };
    let host = match parsed.host().unwrap() {
        url::Host::Domain(name) => Host::Name(name.to_owned()),
        url::Host::Ipv4(address) => Host::Ipv4(address),
        url::Host::Ipv6(address) => Host::Ipv6(address),
    };
    let decode = |text: &str| text.replace("%20", " ");
    Url {
        href: href.to_owned(),
        scheme,
        scheme_assumed: false,
        username: (!parsed.username().is_empty()).then(|| decode(parsed.username())),
        password: parsed.password().map(decode),
        host,
        host_ascii: parsed.host_str().unwrap().trim_matches(['[', ']']).to_owned(),
        host_unicode: parsed.host_str().unwrap().to_owned(),
        port: parsed.port_or_known_default().unwrap(),
        port_is_default: parsed.port().is_none(),
        path: parsed.path().to_owned(),
        query: parsed.query().map(str::to_owned),
        fragment: parsed.fragment().map(str::to_owned),
        changes: Vec::new(),
    }
}

/// Bytes in a content coding.
pub(super) fn encode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut encoder: Box<dyn EncodeV2> = match coding {
        "gzip" => Box::new(GzipEncoder::new(Level::Default.into())),
        "deflate" => Box::new(ZlibEncoder::new(Level::Default.into())),
        "raw deflate" => Box::new(DeflateEncoder::new(Level::Default.into())),
        "br" => Box::new(BrotliEncoder::new(BrotliParams::default())),
        _ => Box::new(ZstdEncoder::new(3)),
    };
    crate::lab::encode(&mut *encoder, bytes).unwrap()
}

/// What is asked at the first origin.
pub(super) fn ask(method: &str, body: Option<&[u8]>) -> Ask {
    let body = body.map(|body| Upload::new(&RequestBody::from(body.to_vec())));
    let on_behalf = OnBehalf::Nobody;
    let cookies = Vec::new();
    Ask {
        method: method.to_owned(),
        body,
        expect: ExpectPlan::default(),
        cookies,
        credentials: true,
        given_host: true,
        on_behalf,
        trace: None,
        listener: None,
    }
}

/// A server that runs `script` on its first connection.
async fn serve<F, W>(script: F) -> SocketAddr
where
    F: FnOnce(TcpStream) -> W + Send + 'static,
    W: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        script(stream).await;
    });
    address
}

/// A server that reads a request head, sends these bytes and closes.
async fn answer(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(&bytes).await.unwrap();
    })
    .await
}

/// Reads up to the end of a head.
async fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    head
}

/// Waits until the peer closes.
async fn hold(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
}

async fn connect(address: SocketAddr, plan: &HttpPlan) -> Session {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Session::new(stream.into(), None, plan)
}

type Fetched = (Http, Result<Option<Session>, Failure>);

/// One request that is made and sent at once.
async fn fetch(
    session: Session,
    url: &Url,
    ask: &Ask,
    plan: &HttpPlan,
    clock: &Clock,
    stop: &Stop,
) -> Fetched {
    super::fetch(session, prepare(url, ask, plan), (url, ask), plan, clock, stop).await
}

/// One request on a fresh connection, within `limit`.
async fn fetch_within(address: SocketAddr, ask: &Ask, plan: &HttpPlan, limit: Duration) -> Fetched {
    let session = connect(address, plan).await;
    let clock = Clock::start();
    let stop = Stop::after(clock, limit);
    fetch(session, &url(&format!("http://{address}/path?query")), ask, plan, &clock, &stop).await
}

/// One GET on a fresh connection.
async fn get(address: SocketAddr, plan: &HttpPlan) -> Fetched {
    fetch_within(address, &ask("GET", None), plan, Duration::from_secs(20)).await
}

/// One GET that must succeed.
async fn get_ok(address: SocketAddr) -> Http {
    let (http, result) = get(address, &HttpPlan::default()).await;
    assert!(result.is_ok(), "{:?}", result.err());
    http
}

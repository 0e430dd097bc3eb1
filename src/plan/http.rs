//! What is asked by HTTP, and what is done with the response.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::body::RequestBody;
use crate::trace::USUAL_EXPECT_WAIT;

/// `--max-redirs` when not given; a browser gives up at 20.
pub const MAX_REDIRECTS: usize = 20;
/// Bytes of a response head that are read at most.
pub const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Header fields that are read at most.
pub const MAX_HEADERS: usize = 1000;

/// `--expect100-timeout` when not given, as with curl.
pub const EXPECT_TIMEOUT: Duration = USUAL_EXPECT_WAIT;

/// What is asked.
#[derive(Clone, Debug)]
pub struct HttpPlan {
    /// Which versions to offer.
    pub version: VersionChoice,
    /// Whether HTTP/3 is raced against them, where they are those of `Auto`.
    pub http3: Http3,
    /// `-X`; `None` for GET, or POST with a body.
    pub method: Option<String>,
    /// `-H` in order: name and value; `None` removes a default field (curl: `-H 'Name:'`).
    pub headers: Vec<(String, Option<String>)>,
    /// Of a file of `-b`: each goes to the URLs that it is for.
    pub cookies: Vec<Cookie>,
    /// What becomes of those that responses set.
    pub cookie_jar: CookieJar,
    /// `-d` and its kin, `--json`, `-F`, `-T`.
    pub body: Option<RequestBody>,
    /// `--expect100`.
    pub expect: ExpectPlan,
    /// `--expect100-timeout`: how long a body waits for a 100.
    pub expect_timeout: Duration,
    /// `--traceparent`.
    pub trace_context: TraceContextPlan,
    /// `-A`.
    pub user_agent: String,
    /// What is asked for of content codings, and undone.
    pub compression: Compression,
    /// `-L`.
    pub follow: bool,
    /// `--location-trusted`: whether credentials go along to other origins.
    pub trusts_redirects: bool,
    /// `--max-redirs`.
    pub max_redirects: usize,
    /// `--retry` and its kin.
    pub retry: RetryPlan,
    /// `-o`.
    pub output: Option<BodyOutput>,
    /// `--origin`: the origin of the page that makes the requests, as the field Origin has it.
    pub origin: Option<String>,
    /// `--reuse`: further requests on the last one's connection, when the trace has ended.
    pub reuse: Option<FurtherRequests>,
    /// How much of a response is read.
    pub wanted: Wanted,
    /// Bytes of a response head that are read at most.
    pub max_head_bytes: usize,
    /// Header fields that are read at most.
    pub max_headers: usize,
}

/// Whether requests name a trace that they belong to (W3C Trace Context).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceContextPlan {
    /// They do not.
    #[default]
    Absent,
    /// They do, each run one of its own.
    Sent,
}

/// What is sent once more when it came to what may pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryPlan {
    /// `--retry`: how often, at most, in a run.
    pub times: u32,
    /// `--retry-delay`, in place of waits that grow.
    pub delay: Option<Duration>,
    /// `--retry-all`.
    pub methods: RetryMethods,
    /// `--retry-connrefused`.
    pub refused: RetryRefused,
}

/// Which requests are sent once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryMethods {
    /// Those that may be done twice (RFC 9110 §9.2.2).
    #[default]
    Idempotent,
    /// All.
    All,
}

/// Whether a connection that was refused may be another time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryRefused {
    /// It is final.
    #[default]
    No,
    /// It may pass.
    Yes,
}

/// A cookie that was kept from earlier (RFC 6265 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The host, in lower case and without a leading dot.
    pub domain: String,
    /// Whether it is for the hosts below, too.
    pub subdomains: bool,
    /// It is for this path and those below.
    pub path: String,
    /// For https alone.
    pub secure: bool,
    /// Sent for pages of other sites, too (`SameSite=None`; without a word browsers take it for `Lax`).
    pub cross_site: bool,
    /// Its end; `None` for one that lasts as long as the run.
    pub expires: Option<SystemTime>,
    /// Its name.
    pub name: String,
    /// Its value: a secret.
    pub value: String,
}

/// What becomes of the cookies that responses set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookieJar {
    /// Nothing.
    #[default]
    None,
    /// `--cookies`, and with a file of `-b`, as with curl: they are kept for the rest of the chain.
    OfChain,
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// Whether a body waits for the server's word (`Expect: 100-continue`, RFC 9110 §10.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectPlan {
    /// Where `-H` has the field.
    #[default]
    ByField,
    /// `--expect100`: every body does.
    Asked,
    /// None does, and the field is not sent: a server has refused it.
    Never,
}

/// Where a body goes.
#[derive(Clone, Debug)]
pub enum BodyOutput {
    /// A file that is made for it.
    File(PathBuf),
    /// Standard output (`-o -`).
    Standard(Arc<File>),
    /// Memory, as far as there is room: for whoever looks through it afterwards.
    Memory(Arc<KeptBody>),
}

/// The beginning of a body.
#[derive(Debug)]
pub struct KeptBody {
    room: usize,
    bytes: Mutex<Vec<u8>>,
    /// Whether there was more of it.
    cut: AtomicBool,
}

impl KeptBody {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { room, bytes: Mutex::default(), cut: AtomicBool::new(false) }
    }

    /// Begins anew: the body of another response.
    pub fn clear(&self) {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.cut.store(false, Ordering::Relaxed);
    }

    /// Takes what there is room for.
    pub fn take(&self, piece: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = piece.len().min(self.room - bytes.len().min(self.room));
        bytes.extend_from_slice(&piece[..taken]);
        if taken < piece.len() {
            self.cut.store(true, Ordering::Relaxed);
        }
    }

    /// What was taken, which is then gone; `None` where there was more.
    #[must_use]
    pub fn whole(&self) -> Option<Vec<u8>> {
        let bytes = std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner));
        (!self.cut.load(Ordering::Relaxed)).then_some(bytes)
    }
}

/// What is done about content codings (RFC 9110 §8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// All that can be undone are asked for, as a browser does. Where `-H` asks for others, the body is
    /// saved as it came.
    #[default]
    Asked,
    /// `--compressed`: the same, and undone whoever asked for them.
    Undone,
    /// `--no-compressed`: none are asked for, and none is undone.
    Unasked,
}

/// Further requests on the connection of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FurtherRequests {
    /// How many.
    pub requests: usize,
    /// Which requests are made again.
    pub methods: FurtherMethods,
}

/// Which requests `--reuse` makes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FurtherMethods {
    /// Those that ask for nothing but a look (RFC 9110 §9.2.1).
    Safe,
    /// `--reuse-all`: those that may change something, too.
    All,
}

/// How much of a response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// Its head: then the connection is given up.
    Head,
}

/// Which HTTP versions to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionChoice {
    /// HTTP/2 and HTTP/1.1 by ALPN; HTTP/1.1 in the clear.
    #[default]
    Auto,
    /// `--http1.1`.
    Http11,
    /// `--http2`: HTTP/2 only by ALPN; in the clear with prior knowledge.
    Http2,
    /// `--http3-only`: HTTP/3, without any TCP beside it.
    Http3Only,
}

/// Whether QUIC runs beside TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http3 {
    /// Where an HTTPS record offers HTTP/3, and nothing was asked for that only TCP has.
    #[default]
    WhereOffered,
    /// The same, where an earlier response has offered it (Alt-Svc), at the port that it named.
    Remembered(u16),
    /// `--http3`: at every https URL.
    Always,
    /// `--no-http3`.
    Never,
}

impl Default for HttpPlan {
    fn default() -> Self {
        Self {
            version: VersionChoice::Auto,
            http3: Http3::default(),
            method: None,
            headers: Vec::new(),
            cookies: Vec::new(),
            cookie_jar: CookieJar::default(),
            body: None,
            expect: ExpectPlan::default(),
            expect_timeout: EXPECT_TIMEOUT,
            trace_context: TraceContextPlan::default(),
            user_agent: concat!("urltrace/", env!("CARGO_PKG_VERSION")).to_owned(),
            compression: Compression::default(),
            follow: false,
            trusts_redirects: false,
            max_redirects: MAX_REDIRECTS,
            retry: RetryPlan::default(),
            output: None,
            origin: None,
            reuse: None,
            wanted: Wanted::Whole,
            max_head_bytes: MAX_HEAD_BYTES,
            max_headers: MAX_HEADERS,
        }
    }
}

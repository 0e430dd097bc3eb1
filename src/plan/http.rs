//! What is asked by HTTP, and what is done with the response.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// `--max-redirs` when not given; a browser gives up at 20.
pub const MAX_REDIRECTS: usize = 20;
/// Bytes of a response head that are read at most.
pub const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Header fields that are read at most.
pub const MAX_HEADERS: usize = 1000;

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
    /// `-d` and its kin, `--json`, `-F`, `-T`; every request shares the same bytes.
    pub body: Option<Bytes>,
    /// `-A`.
    pub user_agent: String,
    /// `--compressed`: offer encodings and undo them.
    pub compressed: bool,
    /// `-L`.
    pub follow: bool,
    /// `--max-redirs`.
    pub max_redirects: usize,
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
    /// Its name.
    pub name: String,
    /// Its value: a secret.
    pub value: String,
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// Where a body goes.
#[derive(Clone, Debug)]
pub enum BodyOutput {
    /// A file that is made for it.
    File(PathBuf),
    /// Standard output (`-o -`).
    Standard(Arc<File>),
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
            body: None,
            user_agent: concat!("urltrace/", env!("CARGO_PKG_VERSION")).to_owned(),
            compressed: false,
            follow: false,
            max_redirects: MAX_REDIRECTS,
            output: None,
            origin: None,
            reuse: None,
            wanted: Wanted::Whole,
            max_head_bytes: MAX_HEAD_BYTES,
            max_headers: MAX_HEADERS,
        }
    }
}

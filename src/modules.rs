//! What `urltrace serve` is told: where it listens, by which modules it probes, and who may ask (`web`). Types only:
//! `cli` reads the files.

mod web;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;

pub use self::web::{ClientAuth, Curve, PasswordHash, WebPlan, WebSource, WebTls};
use crate::plan::{KeptBody, Plan, Talk, TalkStep, Talked};

/// Bytes of a body that are kept to be looked through by regular expressions, where a module does not say.
pub const KEPT_BODY: usize = 1 << 20;
/// `--timeout-offset` when not given, as blackbox_exporter has it.
pub const TIMEOUT_OFFSET: Duration = Duration::from_millis(500);
/// Probes at the same time when `--max-probes` is not given.
pub const MAX_PROBES: usize = 256;

/// How the probe server works.
#[derive(Clone, Debug)]
pub struct ServePlan {
    /// `--listen`.
    pub listen: SocketAddr,
    /// `--timeout-offset`: how much earlier than the scrape a probe ends.
    pub timeout_offset: Duration,
    /// `--max-probes`: probes at the same time.
    pub max_probes: usize,
    /// What it begins with.
    pub modules: Modules,
    /// Where to read them anew.
    pub source: ModuleSource,
    /// `--web-config`: how the server is met.
    pub web: WebPlan,
    /// Where to read that anew.
    pub web_source: WebSource,
}

/// The modules, by their names.
pub type Modules = BTreeMap<String, Arc<Module>>;

/// Where the modules come from.
#[derive(Clone)]
pub struct ModuleSource(pub Arc<dyn Fn() -> Result<Modules, String> + Send + Sync>);

impl fmt::Debug for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ModuleSource")
    }
}

/// How a target is probed.
#[derive(Clone, Debug)]
pub struct Module {
    /// How it is traced. A probe adds its time and the names of its target.
    pub plan: Plan,
    /// The limit of a probe; `None` leaves it to the scrape.
    pub timeout: Option<Duration>,
    /// `tls_config.server_name`: the name in place of the target's.
    pub server_name: Option<String>,
    /// What is probed, and what counts as success.
    pub prober: Prober,
}

impl Module {
    /// Whether requests are made.
    #[must_use]
    pub const fn is_http(&self) -> bool {
        matches!(self.prober, Prober::Http(_))
    }

    /// The field Host that its requests have instead of the target's.
    #[must_use]
    pub fn host_field(&self) -> Option<&str> {
        let field = self.plan.http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        field.and_then(|(_, value)| value.as_deref())
    }
}

/// What is probed.
#[derive(Clone, Debug)]
pub enum Prober {
    /// A response to a request.
    Http(HttpRules),
    /// A connection.
    Tcp(TcpRules),
}

/// What a connection has to be like.
#[derive(Clone, Debug)]
pub struct TcpRules {
    /// Whether it begins with TLS.
    pub encryption: Encryption,
    /// `query_response`: what is said on it then.
    pub steps: Arc<[TalkStep]>,
}

impl TcpRules {
    /// A conversation that is held once; `None` where nothing is said.
    #[must_use]
    pub fn talk(&self) -> Option<Talk> {
        let (steps, told) = (Arc::clone(&self.steps), Arc::new(Talked::default()));
        (!steps.is_empty()).then_some(Talk { steps, told })
    }
}

/// What a response has to be like.
#[derive(Clone, Debug)]
pub struct HttpRules {
    /// The statuses that are good; none for those of 200 to 299.
    pub statuses: Vec<u16>,
    /// The versions that are good, as `HTTP/2.0`; none for all.
    pub versions: Vec<String>,
    /// Whether the last request went over TLS.
    pub encryption: Encryption,
    /// What its fields must match, and must not.
    pub fields: Vec<FieldRule>,
    /// What its body must match, and must not.
    pub body: Vec<BodyRule>,
    /// How much of a body is kept for these rules.
    pub room: usize,
    /// `compression`: what the body has to be packed with, in a word of Content-Encoding.
    pub coding: Option<&'static str>,
    /// `body_size_limit`: bytes of a body, unpacked.
    pub most: Option<u64>,
}

/// Whether TLS is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// As the target says.
    #[default]
    Either,
    /// It has to be.
    Required,
    /// It must not be.
    Forbidden,
}

/// A rule on the fields of a response.
#[derive(Clone, Debug)]
pub struct FieldRule {
    /// The name of the fields.
    pub name: String,
    /// What it is about.
    pub pattern: Regex,
    /// What a match means.
    pub matched: Matched,
    /// Whether a response without the field is good.
    pub missing: Missing,
}

/// A rule on the body of a response.
#[derive(Clone, Debug)]
pub struct BodyRule {
    /// What it is about.
    pub pattern: Regex,
    /// What a match means.
    pub matched: Matched,
}

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// Success.
    Wanted,
    /// Failure.
    Unwanted,
}

/// What a missing field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Failure.
    Fails,
    /// Nothing.
    Allowed,
}

impl HttpRules {
    /// Where the body of a response is kept, if a rule is about it.
    #[must_use]
    pub fn kept_body(&self) -> Option<Arc<KeptBody>> {
        (!self.body.is_empty()).then(|| Arc::new(KeptBody::new(self.room)))
    }
}

//! The plan: what a run will do, fully parsed and validated. Types and their defaults only: arguments,
//! environment and files are read by [`crate::cli`].

mod body;
mod compare;
mod dns;
mod family;
mod http;
mod many;
mod packing;
mod page;
mod proxy;
mod repeat;
mod roots;
mod talk;
mod tcp;
mod tls;

use std::time::Duration;

pub use self::body::*;
pub use self::compare::*;
pub use self::dns::*;
pub use self::family::Family;
pub use self::http::*;
pub use self::many::*;
pub use self::packing::Packing;
pub use self::page::*;
pub use self::proxy::*;
pub use self::repeat::*;
pub use self::roots::RootsChoice;
pub use self::talk::*;
pub use self::tcp::*;
pub use self::tls::*;
use crate::trace::StageName;

/// How a run traces, whatever URL or name it is given.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name resolution.
    pub dns: DnsPlan,
    /// Connections.
    pub tcp: TcpPlan,
    /// Proxies.
    pub proxy: ProxyPlan,
    /// TLS.
    pub tls: TlsPlan,
    /// Requests.
    pub http: HttpPlan,
    /// `--page`: what is done behind the document; `None` without it.
    pub page: Option<PagePlan>,
    /// `--until`: the last stage; a URL's scheme may end it before.
    pub until: StageName,
    /// `--max-time`: everything, from t0.
    pub max_time: Duration,
    /// What is asked unbidden when the trace has ended.
    pub afterwards: Afterwards,
}

/// A collector of OpenTelemetry.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Its URL, with the path of traces.
    pub url: String,
    /// How it is reached, but for the body.
    pub plan: Plan,
    /// What the body is packed with.
    pub packing: Packing,
    /// Who sends it, in OpenTelemetry's attributes of a resource.
    pub resource: Vec<(String, String)>,
    /// What variables asked for in vain, a sentence each.
    pub unheeded: Vec<String>,
}

/// What is asked when the trace has ended, without an option that asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Afterwards {
    /// What helps to judge: CAA records, UDP where QUIC was silent.
    #[default]
    Usual,
    /// Nothing: a monitor comes again and again.
    Nothing,
}

/// `--max-time` when not given.
pub const MAX_TIME: Duration = Duration::from_secs(30);

impl Default for Plan {
    fn default() -> Self {
        Self {
            dns: DnsPlan::default(),
            tcp: TcpPlan::default(),
            proxy: ProxyPlan::default(),
            tls: TlsPlan::default(),
            http: HttpPlan::default(),
            page: None,
            until: StageName::Http,
            max_time: MAX_TIME,
            afterwards: Afterwards::Usual,
        }
    }
}

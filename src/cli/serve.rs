//! `urltrace serve`: its options, and how they become a plan.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::error::PlanError;
use super::modules;
use super::settings::Action;
use super::syntax::pause;
use crate::modules::{MAX_PROBES, ModuleSource, ServePlan, TIMEOUT_OFFSET};
use crate::plan::{
    Afterwards, Compression, CookieJar, DnssecPlan, Http3, HttpsRecords, Plan, ProxyPlan, Reach,
};

/// Redirects that are followed, as blackbox_exporter has it.
const REDIRECTS: usize = 10;

/// Options of `urltrace serve`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Probe server")]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9115")]
    pub listen: SocketAddr,
    /// The modules: a file as blackbox_exporter's, with the probers http and tcp
    ///
    /// It is read again at SIGHUP and at POST /-/reload; one with a fault changes nothing. Without it the modules are
    /// http_2xx, http_post_2xx, tcp_connect and tls_connect.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Connect to no loopback, link-local or private address, whatever name led there
    #[arg(long)]
    pub deny_private: bool,
    /// End a probe so much before the scrape that asks for it, in seconds; 0.5 when not given
    #[arg(long, value_name = "SECONDS")]
    pub timeout_offset: Option<String>,
    /// Probe so many targets at the same time; what comes beyond waits
    #[arg(long, value_name = "N", default_value_t = MAX_PROBES, value_parser = at_least_one)]
    pub max_probes: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (1..=10_000).contains(&number) { Ok(number) } else { Err("1 to 10000 is possible".to_owned()) }
}

/// What is to be done. `plan` is that of a trace with the options that were given.
pub(super) fn action(options: &ServeOptions, plan: Plan) -> Result<Action, PlanError> {
    let base = base(plan, options.deny_private);
    let config = options.config.clone();
    let read = move || match &config {
        Some(path) => modules::read(path, &base),
        None => modules::built_in(&base),
    };
    let modules = read().map_err(PlanError::usage)?;
    let timeout_offset = match &options.timeout_offset {
        Some(text) => pause("--timeout-offset", text)?.unwrap_or_default(),
        None => TIMEOUT_OFFSET,
    };
    Ok(Action::Serve(Box::new(ServePlan {
        listen: options.listen,
        timeout_offset,
        max_probes: options.max_probes,
        modules,
        source: ModuleSource(Arc::new(read)),
    })))
}

/// What every probe begins with: it asks for what it needs and for nothing beside it, as it comes again and again.
fn base(mut plan: Plan, deny_private: bool) -> Plan {
    plan.proxy = ProxyPlan::default();
    plan.dns.dnssec = DnssecPlan::Off;
    plan.dns.https_records = HttpsRecords::Ignore;
    plan.afterwards = Afterwards::Nothing;
    plan.tcp.reach = if deny_private { Reach::Public } else { Reach::Any };
    plan.http.http3 = Http3::Never;
    plan.http.compression = Compression::Undone;
    plan.http.cookie_jar = CookieJar::OfChain;
    plan.http.max_redirects = REDIRECTS;
    plan
}

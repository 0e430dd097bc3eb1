//! `urltrace serve`: how its options become a plan.

use std::sync::Arc;

use super::environment::Environment;
use super::error::PlanError;
use super::modules;
use super::serving::ServeOptions;
use super::settings::Action;
use super::syntax::pause;
use super::web_config;
use crate::modules::{ModuleSource, ServePlan, TIMEOUT_OFFSET, WebPlan, WebSource};
use crate::plan::{
    Afterwards, Compression, CookieJar, DnssecPlan, Http3, HttpsRecords, Plan, ProxyPlan, Reach,
};

/// Redirects that are followed, as blackbox_exporter has it.
const REDIRECTS: usize = 10;

/// What is to be done. `plan` is that of a trace with the options that were given.
pub(super) fn action(
    options: &ServeOptions,
    plan: Plan,
    environment: &Environment,
) -> Result<Action, PlanError> {
    let base = base(plan, options.deny_private);
    let (config, environment) = (options.config.clone(), environment.clone());
    let read = move || match &config {
        Some(path) => modules::read(path, &base, &environment),
        None => modules::built_in(&base),
    };
    let modules = read().map_err(PlanError::usage)?;
    let file = options.web_config.clone();
    let read_web = move || file.as_deref().map_or_else(|| Ok(WebPlan::default()), web_config::read);
    let web = read_web().map_err(PlanError::usage)?;
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
        web,
        web_source: WebSource(Arc::new(read_web)),
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
    // As the exporter's client: it asks for no codings and undoes none.
    plan.http.compression = Compression::Unasked;
    plan.http.cookie_jar = CookieJar::OfChain;
    plan.http.max_redirects = REDIRECTS;
    plan
}

//! One probe: a module and a target become a plan, a trace, a judgement and series. `desk` has the threads for it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::asked::Asked;
use super::judge::{Judged, judge};
use super::series;
use crate::clock::{Clock, Stopwatch};
use crate::dns::Resolver;
use crate::exit;
use crate::finding::Selection;
use crate::modules::{Encryption, Module, Prober};
use crate::plan::{BodyOutput, KeptBody, Plan, ResolverChoice, ServerName, Talk, TalkEnd};
use crate::redact::{Secrets, redact};
use crate::report::TraceReport;
use crate::stop::Stop;
use crate::trace::{Failure, FailureCode, StageName, Trace};
use crate::tracer::{Run, Tracer};
use crate::url;

/// A target that was traced.
#[derive(Clone, Debug)]
pub(super) struct Traced {
    module: Arc<Module>,
    pub(super) trace: Arc<Trace>,
    /// The body of the last response, where a rule is about it.
    kept: Option<Arc<KeptBody>>,
    /// How a conversation ended, where one was held.
    talked: Option<TalkEnd>,
    limit: Duration,
}

/// What a probe came to.
#[derive(Debug)]
pub(super) struct Probed {
    pub(super) trace: Arc<Trace>,
    pub(super) judged: Judged,
    /// Its series.
    pub(super) series: String,
}

impl Traced {
    /// Whether regular expressions are tried, which may take any time.
    pub(super) fn has_patterns(&self) -> bool {
        match &self.module.prober {
            Prober::Http(rules) => !rules.fields.is_empty() || !rules.body.is_empty(),
            Prober::Tcp(_) => false,
        }
    }

    /// Judges it by its module.
    pub(super) fn judged(self) -> Probed {
        let judged = judge(&self.module.prober, &self.trace, self.kept.as_deref(), self.talked.as_ref());
        self.told(judged)
    }

    /// What it came to when its regular expressions took too long.
    pub(super) fn unjudged(self) -> Probed {
        let judged = Judged::without_end(&self.trace);
        self.told(judged)
    }

    fn told(self, judged: Judged) -> Probed {
        let report = redact(report(&self.trace), Secrets::Hide);
        let series =
            series::of(&self.module, (&self.trace, self.talked.as_ref()), &judged, self.limit, &report);
        Probed { trace: self.trace, judged, series }
    }
}

/// The report of a probe.
pub(super) fn report(trace: &Trace) -> TraceReport {
    TraceReport::of(trace.clone(), &Selection::default(), |_, _| exit::OK)
}

/// Resolvers that walk, and keep what they have learned: of one thread, each of one module.
const MOST_WALKERS: usize = 16;

thread_local! {
    /// Of this thread. Threads come and go with the probes that are to be made.
    static WALKERS: RefCell<Vec<(Arc<Module>, Resolver)>> = const { RefCell::new(Vec::new()) };
}

/// Traces a target within what is `left` of its `limit`.
///
/// # Errors
/// A file of the module that cannot be used any longer, or a machine that has no room for a runtime.
pub(super) fn run(
    module: Arc<Module>,
    asked: &Asked,
    limit: Duration,
    left: Duration,
) -> Result<Traced, String> {
    let (kept, talk) = match &module.prober {
        Prober::Http(rules) => (rules.kept_body(), None),
        Prober::Tcp(rules) => (None, rules.talk()),
    };
    let trace = match url_of(&module.prober, &asked.target) {
        Ok(url) => {
            let mut plan = plan(&module, asked, &url, left, kept.clone());
            plan.tcp.talk.clone_from(&talk);
            trace(&module, &url, plan)?
        }
        Err(message) => refused(&asked.target, message),
    };
    let talked = talk.and_then(|Talk { told, .. }| told.end());
    Ok(Traced { module, trace: Arc::new(trace), kept, talked, limit })
}

/// What is traced.
fn url_of(prober: &Prober, target: &str) -> Result<String, String> {
    match prober {
        Prober::Http(_) => {
            let has = |scheme: &str| {
                target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
            };
            let known = has("http://") || has("https://");
            Ok(if known { target.to_owned() } else { format!("http://{target}") })
        }
        Prober::Tcp(rules) => {
            let scheme = if rules.encryption == Encryption::Required { "tls" } else { "tcp" };
            if is_host_and_port(target) {
                Ok(format!("{scheme}://{target}"))
            } else {
                // It stands beside this, without its secrets.
                Err("the target is not HOST:PORT".to_owned())
            }
        }
    }
}

/// Whether it is `HOST:PORT` or `[ADDRESS]:PORT`.
fn is_host_and_port(target: &str) -> bool {
    let Some((host, port)) = target.rsplit_once(':') else { return false };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(address) => !address.is_empty(),
        None => !host.is_empty() && !host.contains([':', '/', '@', '?', '#', '[', ']']),
    };
    is_host && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The module's plan for one target.
fn plan(module: &Module, asked: &Asked, url: &str, limit: Duration, kept: Option<Arc<KeptBody>>) -> Plan {
    let mut plan = module.plan.clone();
    plan.max_time = limit;
    plan.tcp.connect_timeout = limit;
    plan.http.output = kept.map(BodyOutput::Memory);
    let hostname = asked.hostname.as_ref();
    if let Some(name) = hostname.filter(|_| module.is_http() && module.host_field().is_none()) {
        plan.http.headers.push(("Host".to_owned(), Some(name.clone())));
    }
    let host_field = module.host_field().or(hostname.map(String::as_str)).filter(|_| module.is_http());
    let host_field = host_field.map(without_port);
    let name = module.server_name.clone().or(host_field).or_else(|| asked.hostname.clone());
    let host = url::parse(url).ok().map(|url| url.host_ascii.trim_end_matches('.').to_owned());
    plan.tls.server_name = name.zip(host).map(|(name, host)| ServerName { name, host });
    plan
}

/// The host in a field Host (RFC 9110 §7.2).
fn without_port(text: &str) -> String {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    };
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// Traces on this thread.
fn trace(module: &Arc<Module>, url: &str, plan: Plan) -> Result<Trace, String> {
    let setup = Stopwatch::start();
    let limit = plan.max_time;
    let walks = plan.dns.lane == ResolverChoice::Walk;
    in_runtime(async {
        let tracer = Tracer::new(plan)?;
        let tracer = if walks { with_walker(module, tracer) } else { tracer };
        let tracer = tracer.ready_for(url);
        let setup = setup.elapsed();
        let clock = Clock::start();
        let stop = Stop::after(clock, limit);
        let run = Run { clock: &clock, stop: &stop, setup, on_stage: &|_, _| {} };
        Ok(tracer.trace(url, run).await)
    })
}

/// Lets a tracer walk with what this thread has learned for the module before.
fn with_walker(module: &Arc<Module>, tracer: Tracer) -> Tracer {
    WALKERS.with_borrow_mut(|walkers| {
        // Of modules that a reload has replaced nobody else has a hold.
        walkers.retain(|(own, _)| Arc::strong_count(own) > 1);
        let known = walkers.iter().find(|(own, _)| Arc::ptr_eq(own, module));
        match known {
            Some((_, resolver)) => tracer.with_resolver(resolver),
            None => {
                if walkers.len() >= MOST_WALKERS {
                    walkers.remove(0);
                }
                walkers.push((Arc::clone(module), tracer.resolver().of_another_run()));
                tracer
            }
        }
    })
}

/// Runs work to its end on this thread, on a runtime of its own: it takes nothing over from another probe.
fn in_runtime<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot start: {error}"))?;
    runtime.block_on(LocalSet::new().run_until(work))
}

/// The trace of what names no target.
fn refused(target: &str, message: String) -> Trace {
    let clock = Clock::start();
    let mut trace = Trace::new(target.to_owned(), clock.started_at(), Duration::ZERO);
    trace.no_request = Some(Failure {
        stage: StageName::Url,
        code: FailureCode::InvalidPort,
        message,
        hint: Some("a tcp module takes example.org:443, 192.0.2.1:25 or [2001:db8::1]:80".to_owned()),
        running: Duration::ZERO,
    });
    trace
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::{HttpRules, TcpRules};

    fn rules() -> Prober {
        Prober::Http(HttpRules {
            statuses: vec![],
            versions: vec![],
            encryption: Encryption::Either,
            fields: vec![],
            body: vec![],
            room: 0,
            coding: None,
            most: None,
        })
    }

    fn tcp(encryption: Encryption) -> Prober {
        Prober::Tcp(TcpRules { encryption, steps: Arc::from([]) })
    }

    #[test]
    fn a_target_without_a_scheme_is_http() {
        for (target, url) in [
            ("a.test", "http://a.test"),
            ("a.test:81/x", "http://a.test:81/x"),
            ("HTTPS://a.test", "HTTPS://a.test"),
            ("ftp://a.test", "http://ftp://a.test"),
            ("é", "http://é"),
        ] {
            assert_eq!(url_of(&rules(), target).as_deref(), Ok(url));
        }
    }

    #[test]
    fn a_connection_is_to_a_host_and_a_port() {
        for target in ["a.test:25", "192.0.2.1:0443", "[2001:db8::1]:80"] {
            let url = url_of(&tcp(Encryption::Required), target);
            assert_eq!(url, Ok(format!("tls://{target}")));
        }
        for target in
            ["a.test", "a.test:", ":80", "2001:db8::1:80", "http://a.test:80", "a/b:80", "[]:80", "a:b"]
        {
            assert!(url_of(&tcp(Encryption::Forbidden), target).is_err(), "{target}");
        }
    }
}

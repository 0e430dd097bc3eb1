//! What the parts of the server share: the modules, the counters, the last probes, the room for further ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::desk::Desk;
use super::history::History;
use super::web::Web;
use crate::clock::Clock;
use crate::modules::{Module, ModuleSource, Modules, ServePlan, WebSource};
use crate::tracer::Tracer;

/// What all requests share.
#[derive(Debug)]
pub(super) struct State {
    modules: RwLock<Arc<Modules>>,
    source: ModuleSource,
    web: RwLock<Arc<Web>>,
    web_source: WebSource,
    pub(super) timeout_offset: Duration,
    pub(super) desk: Desk,
    pub(super) history: History,
    pub(super) counts: Counts,
    reloaded: RwLock<Reloaded>,
}

/// How the last reading of the modules went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reloaded {
    pub(super) successful: bool,
    /// When one was the last time.
    pub(super) at: SystemTime,
}

/// What is counted from the start on.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) succeeded: AtomicU64,
    pub(super) failed: AtomicU64,
    /// Probes that could not begin in their time.
    pub(super) refused: AtomicU64,
    /// Probes that ended by a fault of this machine.
    pub(super) broken: AtomicU64,
    pub(super) unknown_modules: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl State {
    /// # Errors
    /// A module, a certificate or a key that cannot be used.
    pub(super) fn new(plan: ServePlan) -> Result<Self, String> {
        let ServePlan { timeout_offset, max_probes, modules, source, web, web_source, .. } = plan;
        check(&modules).map_err(|why| format!("--config: {why}"))?;
        let web = Web::new(web).map_err(|why| format!("--web-config: {why}"))?;
        Ok(Self {
            modules: RwLock::new(Arc::new(modules)),
            source,
            web: RwLock::new(Arc::new(web)),
            web_source,
            timeout_offset,
            desk: Desk::new(max_probes),
            history: History::default(),
            counts: Counts::default(),
            reloaded: RwLock::new(Reloaded { successful: true, at: Clock::start().started_at() }),
        })
    }

    /// A module by its name.
    pub(super) fn module(&self, name: &str) -> Option<Arc<Module>> {
        self.modules.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The names of the modules.
    pub(super) fn module_names(&self) -> Vec<String> {
        self.modules.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// How the server is met.
    pub(super) fn web(&self) -> Arc<Web> {
        Arc::clone(&self.web.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads both files again. What is there stays where that fails.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(super) fn reload(&self) -> Result<(), String> {
        let modules = (self.source.0)().and_then(|modules| check(&modules).map(|()| modules));
        let web = || (self.web_source.0)().and_then(Web::new);
        let read = modules.and_then(|modules| Ok((modules, web()?)));
        let mut reloaded = self.reloaded.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok((modules, web)) => {
                *self.web.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(web);
                *self.modules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(modules);
                *reloaded = Reloaded { successful: true, at: Clock::start().started_at() };
                Ok(())
            }
            Err(why) => {
                reloaded.successful = false;
                Err(why)
            }
        }
    }

    /// How the last reading of the modules went.
    pub(super) fn reloaded(&self) -> Reloaded {
        *self.reloaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads what each module needs: a file that is missing is told now, and not by every probe.
fn check(modules: &Modules) -> Result<(), String> {
    let check = |(name, module): (&String, &Arc<Module>)| {
        Tracer::new(module.plan.clone()).map(|_| ()).map_err(|why| format!("modules.{name}: {why}"))
    };
    modules.iter().try_for_each(check)
}

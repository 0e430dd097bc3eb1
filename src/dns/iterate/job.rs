//! A resolution and its jobs: what all parts of it share, and the state of one request inside it (RFC 1034 §5.3.3;
//! unbound's module state). Nothing is asked here.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use hickory_resolver::proto::rr::Name;
use tokio::task::JoinHandle;

use crate::dns::cache::delegations::Zone;
use crate::dns::context::Context;
use crate::dns::iterate::wish::Wish;
use crate::dns::name_servers::budget::Work;
use crate::dns::name_servers::tasks::Tasks;
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::transport::log::Log;
use crate::trace::{Cut, Purpose, RecordType};

/// RFC 8305 §3: how long the other family is awaited once one has addresses.
pub(crate) const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// Ends the tasks of a run when its resolution ends, whatever ends it.
pub(crate) struct AbortOnDrop(pub(crate) Rc<Resolution>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.tasks.end();
    }
}

/// How a name is resolved inside a resolution: name servers without glue, and HTTPS records, need it from below
/// (unbound's sub-queries).
pub(crate) type Resolve = fn(Job, Name, Vec<RecordType>) -> LocalBoxFuture<'static, Result<Found, Fault>>;

/// What all parts of one resolution share.
#[derive(Debug)]
pub(crate) struct Resolution {
    /// Tells the resolutions of one resolver apart.
    pub(crate) id: u64,
    pub(crate) context: Rc<Context>,
    pub(crate) log: Rc<Log>,
    pub(crate) root_answered: Rc<Cell<bool>>,
    pub(crate) cuts: RefCell<Vec<Cut>>,
    pub(crate) tasks: Rc<Tasks>,
    /// The HTTPS records that are asked for beside the addresses.
    pub(crate) wish: Option<Rc<Wish>>,
    resolve: Resolve,
}

impl Resolution {
    /// `wish` asks for HTTPS records beside the addresses. Made by `resolve::begin`.
    pub(crate) fn new(
        context: Rc<Context>,
        log: Rc<Log>,
        wish: Option<Rc<Wish>>,
        resolve: Resolve,
    ) -> Rc<Self> {
        let (cuts, tasks) = (RefCell::default(), Rc::default());
        let id = context.flights.resolution();
        Rc::new(Self { id, context, log, root_answered: Rc::default(), cuts, tasks, wish, resolve })
    }

    /// Runs work beside the walk; it ends with the run at the latest.
    pub(crate) fn spawn<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        self.tasks.spawn(work)
    }

    pub(crate) fn use_zone(&self, zone: &Zone, cached: bool) {
        // What another resolution has found is news to this one, and cost it nothing.
        let cut = zone.cut(cached || zone.found_by.is_some_and(|by| by != self.id));
        let mut cuts = self.cuts.borrow_mut();
        match cuts.iter_mut().find(|known| known.zone == cut.zone) {
            // Addresses may have been found since.
            Some(known) => (known.servers, known.child) = (cut.servers, cut.child),
            None => cuts.push(cut),
        }
    }
}

/// Whether an alias is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aliases {
    Follow,
    /// The alias itself is wanted.
    Keep,
}

/// How long the other types are awaited once the first has its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// All types are wanted.
    Whole,
    /// RFC 8305 §3: the resolution delay.
    AtMost(Duration),
}

/// One request and its place in the resolution.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) resolution: Rc<Resolution>,
    pub(crate) purpose: Purpose,
    pub(crate) aliases: Aliases,
    pub(crate) patience: Patience,
    /// The names of servers that are being looked up for this one, outermost first.
    pub(crate) stack: Vec<Name>,
    /// The zones those are servers of: their other servers are being looked up, too.
    pub(crate) within: Vec<Name>,
    /// A server inside its own zone is looked for from here down: glue that did not come with the referral.
    pub(crate) glue_of: Option<Name>,
    /// Silent servers that are not asked again for this.
    pub(crate) avoid: Rc<HashSet<SocketAddr>>,
    pub(crate) work: Rc<Work>,
    /// The packets its time was spent on.
    pub(crate) path: Rc<RefCell<Vec<usize>>>,
    pub(crate) parent: Option<usize>,
}

impl Job {
    pub(crate) fn walk(resolution: &Rc<Resolution>, patience: Patience) -> Self {
        Self {
            resolution: Rc::clone(resolution),
            purpose: Purpose::Walk,
            aliases: Aliases::Follow,
            patience,
            stack: Vec::new(),
            within: Vec::new(),
            glue_of: None,
            avoid: Rc::default(),
            work: Rc::default(),
            path: Rc::default(),
            parent: None,
        }
    }

    /// The same job for work beside it, with a path of its own, that can be given up on its own.
    pub(crate) fn beside(&self) -> Self {
        Self { work: Work::under(&self.work), path: Rc::default(), ..self.clone() }
    }

    /// Resolves a name as this job.
    pub(crate) fn resolve(
        self,
        name: Name,
        types: Vec<RecordType>,
    ) -> LocalBoxFuture<'static, Result<Found, Fault>> {
        (self.resolution.resolve)(self, name, types)
    }

    pub(crate) fn is_main(&self) -> bool {
        self.stack.is_empty()
    }
}

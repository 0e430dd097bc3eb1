//! The machine's stub resolver (RFC 1034 §5.3.1), asked beside the counted lane.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use crate::dns::context::Context;
use crate::dns::iterate::job::Patience;
use crate::dns::resolvers::combine::{Questions, ResolverAnswer};
use crate::dns::resolvers::configured::ask_resolvers;
use crate::dns::transport::log::Log;
use crate::trace::{At, Purpose, RecordType};

/// The stub's side of a resolution.
#[derive(Debug)]
pub(crate) struct StubLane {
    context: Rc<Context>,
    log: Rc<Log>,
    question: (Name, Vec<RecordType>),
    /// When it was asked; not at all as long as nobody needs it.
    pub(crate) start: Cell<Option<At>>,
    pub(crate) servers: Vec<SocketAddr>,
    pub(crate) heard: SetOnce<(At, ResolverAnswer)>,
    pub(crate) task: RefCell<Option<AbortHandle>>,
}

impl StubLane {
    pub(crate) fn new(context: &Rc<Context>, log: &Rc<Log>, name: &Name, types: &[RecordType]) -> Rc<Self> {
        Rc::new(Self {
            context: Rc::clone(context),
            log: Rc::clone(log),
            question: (name.clone(), types.to_vec()),
            start: Cell::new(None),
            servers: context.plan.stub_servers.clone(),
            heard: SetOnce::new(),
            task: RefCell::new(None),
        })
    }

    pub(crate) fn begin(self: &Rc<Self>) {
        self.start.set(Some(self.log.clock().now()));
        let own = Rc::clone(self);
        let work = async move {
            let (log, servers) = (Rc::clone(&own.log), own.servers.clone());
            let (name, types) = own.question.clone();
            let questions = Questions::of(name, types);
            let heard =
                ask_resolvers(&own.context, log, servers, questions, Purpose::Stub, Patience::Whole).await;
            // It is asked once.
            let _ = own.heard.set((own.log.clock().now(), heard));
        };
        *self.task.borrow_mut() = Some(tokio::task::spawn_local(work).abort_handle());
    }

    /// Asks if nobody has yet, and waits.
    pub(crate) async fn heard(self: &Rc<Self>) -> ResolverAnswer {
        if self.start.get().is_none() {
            self.begin();
        }
        self.heard.wait().await.1.clone()
    }
}

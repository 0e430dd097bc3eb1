//! The HTTPS records (RFC 9460 §3) that a resolution wants beside its addresses, and how far they have come. Nothing
//! is asked here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hickory_resolver::proto::rr::Name;
use tokio::sync::Notify;

use crate::dns::name_servers::budget::Work;
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::wire::name::{name_text, parse_name};
use crate::trace::{At, ServiceBinding};

/// What a caller wants to know about an origin besides its addresses.
#[derive(Debug)]
pub(crate) struct Wish {
    /// `_port._https`, when the port is not the default one.
    pub(crate) prefix: Option<String>,
    /// What this run can speak, by ALPN id.
    pub(crate) protocols: Vec<&'static str>,
    pub(crate) state: RefCell<State>,
    pub(crate) done: Notify,
    /// When the first address type had its answer.
    pub(crate) answered: Cell<Option<At>>,
    pub(crate) binding: RefCell<Option<ServiceBinding>>,
    /// The addresses are in: walks from here on are for targets.
    pub(crate) closed: Cell<bool>,
}

#[derive(Debug)]
pub(crate) enum State {
    Idle,
    Asked { name: Name, work: Rc<Work> },
    Heard { name: Name, result: Result<Found, Fault> },
}

impl Wish {
    /// `port` is that of the https URL.
    pub(crate) fn new(port: u16, protocols: Vec<&'static str>) -> Self {
        Self {
            // RFC 9460 §9.1.
            prefix: (port != 443).then(|| format!("_{port}._https")),
            protocols,
            state: RefCell::new(State::Idle),
            done: Notify::new(),
            answered: Cell::new(None),
            binding: RefCell::new(None),
            closed: Cell::new(false),
        }
    }

    pub(crate) fn take_binding(&self) -> Option<ServiceBinding> {
        self.binding.borrow_mut().take()
    }

    /// The first address type has its answer: the clock of the HTTPS record's patience starts.
    pub(crate) fn address_answered(&self, at: At) {
        if !self.closed.get() {
            self.answered.set(Some(at));
        }
    }

    /// The name to ask for; `None` when it would be too long.
    pub(crate) fn name(&self, host: &Name) -> Option<Name> {
        match &self.prefix {
            None => Some(host.clone()),
            Some(prefix) => parse_name(&format!("{prefix}.{}", name_text(host))).ok(),
        }
    }

    pub(crate) async fn heard(&self) {
        loop {
            let done = self.done.notified();
            if matches!(*self.state.borrow(), State::Heard { .. }) {
                return;
            }
            done.await;
        }
    }

    pub(crate) fn was_asked(&self) -> bool {
        !matches!(*self.state.borrow(), State::Idle)
    }
}

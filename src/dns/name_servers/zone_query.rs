//! A query to the servers of one zone, and what it ends with.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::{Case, Extent};
use crate::dns::context::Shared;
use crate::dns::name_servers::budget::{Budget, Lane};
use crate::dns::outcome::fault::{Fault, ServerFailure};
use crate::dns::response::classify::Verdict;
use crate::dns::transport::log::Log;
use crate::trace::{Purpose, RecordType};

/// The limit for one packet.
pub(crate) const PACKET_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The question, and on whose behalf it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Quest {
    pub(crate) shared: Rc<Shared>,
    pub(crate) log: Rc<Log>,
    pub(crate) lane: Rc<Lane>,
    pub(crate) budget: Rc<Budget>,
    /// Set as soon as any root server has answered anything.
    pub(crate) root_answered: Rc<Cell<bool>>,
    pub(crate) zone: Rc<Zone>,
    pub(crate) qname: Name,
    pub(crate) qtype: RecordType,
    pub(crate) extent: Extent,
    pub(crate) parent: Option<usize>,
    pub(crate) purpose: Purpose,
}

impl Quest {
    /// What another question has found of the zone's silence.
    pub(crate) fn known(&self) -> Option<Fault> {
        Case::of(self).known()
    }
}

/// The useful answer.
#[derive(Debug)]
pub(crate) struct Won {
    pub(crate) id: usize,
    pub(crate) verdict: Verdict,
    /// The packets the time was spent on, in order, the answered one last.
    pub(crate) path: Vec<usize>,
    /// It was taken although the server did not answer with authority.
    pub(crate) without_authority: bool,
}

/// No useful answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// All servers failed.
    Failed {
        failures: Vec<ServerFailure>,
        path: Vec<usize>,
    },
    /// No packet may be sent any more: for the name, or for the whole host.
    NameBudget,
    HostBudget,
    /// The line of work was given up.
    Detached,
    /// Another question has met the zone's silence meanwhile.
    Known(Box<Fault>),
}

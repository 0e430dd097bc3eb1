//! A query to the servers of one zone (unbound's serviced query), and what it ends with. Nothing is sent here.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::{Extent, ZoneFailure};
use crate::dns::context::Context;
use crate::dns::name_servers::budget::{Budget, Work};
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::tasks::Tasks;
use crate::dns::outcome::fault::{Fault, ServerFailure};
use crate::dns::response::classify::Verdict;
use crate::dns::transport::ask::Ask;
use crate::dns::transport::log::Log;
use crate::trace::{Purpose, RecordType};

/// After so long without a reply a server is not the first to ask any more.
pub(crate) const PACKET_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long the servers of a zone are listened to at least: a stub resolver waits 5 s for a reply.
const LISTEN: Duration = Duration::from_millis(5_250);

/// The same for a part of a name, where the whole of it is asked for next.
const PART: Duration = Duration::from_secs(2);

/// What is left of the resolution's limit for other zones where it leaves more.
const RESERVE: Duration = Duration::from_secs(5);

/// How long a name at a silent zone is waited for at least.
const CHANCE: Duration = Duration::from_millis(400);

/// How long the servers of a zone are listened to.
pub(crate) fn listening(context: &Context) -> Duration {
    context.plan.timeout.saturating_sub(RESERVE).max(LISTEN)
}

/// The question, and on whose behalf it is asked.
#[derive(Clone, Debug)]
pub(crate) struct ZoneQuery {
    pub(crate) context: Rc<Context>,
    pub(crate) log: Rc<Log>,
    pub(crate) work: Rc<Work>,
    pub(crate) budget: Rc<Budget>,
    /// What runs beside the resolution.
    pub(crate) tasks: Rc<Tasks>,
    /// Set as soon as any root server has answered anything.
    pub(crate) root_answered: Rc<Cell<bool>>,
    pub(crate) zone: Rc<Zone>,
    pub(crate) qname: Name,
    pub(crate) qtype: RecordType,
    pub(crate) extent: Extent,
    pub(crate) parent: Option<usize>,
    pub(crate) purpose: Purpose,
}

impl ZoneQuery {
    /// What other questions have found of the zone's silence.
    pub(crate) fn failure(&self) -> ZoneFailure<'_> {
        ZoneFailure {
            failures: &self.context.failures,
            infra: &self.context.infra,
            zone: &self.zone,
            qname: &self.qname,
            qtype: self.qtype,
            extent: self.extent,
            now: self.context.now(),
        }
    }

    /// The packet to one server.
    pub(crate) fn ask(&self, server: &Candidate, form: QueryForm) -> Ask {
        let (question, to) = ((&self.qname, self.qtype), (&server.name, server.address, server.source));
        let ask = Ask::of(self.purpose, &self.zone.name, question, to);
        form.of(Ask { parent: self.parent, ..ask })
    }

    /// Whether no more packets may be sent, for the name or for the whole host.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget.is_spent() || self.log.is_spent()
    }

    /// How long the servers are listened to: slow is not dead.
    pub(crate) fn limit(&self) -> Duration {
        if self.extent == Extent::Part {
            return PART;
        }
        listening(&self.context)
    }

    /// How long the one chance of a name at a silent zone lasts: no server is taken to be farther away than
    /// twice the farthest.
    pub(crate) fn chance(&self) -> Duration {
        let farthest = self.context.infra.longest_srtt().unwrap_or_default();
        (farthest * 2).clamp(CHANCE, PACKET_TIMEOUT)
    }
}

/// The useful answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) id: usize,
    pub(crate) verdict: Verdict,
    /// The packets the time was spent on, in order, the answered one last.
    pub(crate) path: Vec<usize>,
    /// It was taken although the server did not answer with authority.
    pub(crate) without_authority: bool,
}

/// No useful answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
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

//! What becomes of one packet of a query: it is learned from, noted, judged, and the server is asked in another
//! form or passed over (unbound's response types, RFC 1034 §5.3.3 step 4).
//!
//! What a reply means by itself is `response`'s part; what follows from the answer, the resolver's.

use std::net::SocketAddr;

use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::observe;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::race::{Race, Round};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::single::{fallback, judge};
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::outcome::fault::{FailureKind, ServerFailure};
use crate::dns::outcome::words::{cut_short, no_reply, of_no_use};
use crate::dns::response::apex_ns;
use crate::dns::response::bailiwick::untrusted;
use crate::dns::response::classify::{Verdict, accept_forwarded};
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query_case::Echo;
use crate::explain::dns_words::astray;
use crate::trace::{Choice, Meaning, Rcode, Transport};

/// A packet whose end is known.
struct Finished {
    id: usize,
    ask: Ask,
    server: Candidate,
}

impl Race<'_> {
    /// Takes what came of a packet: a useful answer ends the race.
    pub(crate) fn take(&mut self, exchanged: Exchanged) -> Option<Answered> {
        let Exchanged { id, ask, outcome, rtt, echo } = exchanged;
        let infra = &self.query.context.infra;
        let server = self.servers.get(&id)?.clone();
        let done = Finished { id, ask, server };
        match outcome {
            Ok(reply) => {
                if let Some(rtt) = rtt {
                    infra.measured(done.server.address, rtt);
                }
                return self.reply(done, &reply, echo);
            }
            Err(why @ (NoReply::Malformed(_) | NoReply::NotSent(_))) => {
                self.fail(&done, no_reply(&why), FailureKind::Other);
            }
            Err(NoReply::Error { reason, no_route }) => {
                if no_route {
                    observe::no_route(self.query, &done.server);
                }
                infra.missed(done.server.address);
                let why = if no_route { format!("could not be asked: {reason}") } else { reason };
                self.no_reply(done, why, FailureKind::Other);
            }
            Err(NoReply::WrongSource { .. }) => self.by_tcp(done, Choice::WrongSource),
            Err(NoReply::Timeout { .. }) => {
                infra.missed(done.server.address);
                if self.round == Round::First && done.ask.transport == Transport::Udp {
                    self.timed_out.push(done.server.clone());
                }
                let why = observe::silence(self.query, id);
                self.no_reply(done, why, FailureKind::Timeout);
            }
        }
        None
    }

    /// Whether a server that did not answer in time will be asked once more.
    pub(crate) fn will_be_retried(&self, server: SocketAddr) -> bool {
        self.timed_out.iter().any(|silent| silent.address == server)
    }

    fn reply(&mut self, done: Finished, reply: &Reply, echo: Echo) -> Option<Answered> {
        let query = self.query;
        if query.zone.name.is_root() {
            query.root_answered.set(true);
        }
        self.replied = true;
        observe::udp(query, &done.ask);
        observe::form(query, &done.server, &done.ask);
        if echo == Echo::OtherCase {
            query.context.infra.changes_case(done.server.address);
            query.log.close(done.id, Meaning::CaseChanged);
            self.by_tcp(done, Choice::CaseMismatch);
            return None;
        }
        let verdict = self.read(&done, reply);
        self.judge(done, reply.header.rcode, verdict)
    }

    /// What a reply says, as it is told in the log and in the notes.
    fn read(&self, done: &Finished, reply: &Reply) -> Verdict {
        let Finished { id, ask, server } = done;
        let (zone, log) = (&self.query.zone, &self.query.log);
        let (verdict, forwarded) = accept_forwarded(judge(reply, ask), reply, &zone.name);
        if forwarded {
            log.note(format!(
                "{}, a server of zone {}, answered as a resolver does: something on the way answers in its place, \
                 and the walk goes by what it says",
                label(server),
                name_text(&zone.name)
            ));
        }
        if zone.child.borrow().is_none() {
            *zone.child.borrow_mut() = apex_ns::read(reply, &zone.name, *id);
        }
        log.untrusted(*id, untrusted(reply, &zone.name));
        if let Verdict::Referral(referral) = &verdict {
            observe::limit_of_servers(self.query, referral);
        }
        log.close(*id, verdict.meaning());
        verdict
    }

    fn judge(&mut self, done: Finished, rcode: Rcode, verdict: Verdict) -> Option<Answered> {
        let (infra, zone) = (&self.query.context.infra, &self.query.zone.name);
        let (id, address) = (done.id, done.server.address);
        if let Some(QueryForm { chosen, transport, edns }) = fallback(&verdict, &done.ask) {
            if verdict == Verdict::EdnsRefused {
                infra.plain_only(address);
            }
            self.ask_as(id, done.server, chosen, transport, edns);
            return None;
        }
        let why = match &verdict {
            Verdict::Upward { to } => {
                let astray = astray(&name_text(zone), &name_text(&done.ask.qname), &name_text(to));
                format!("referred {astray}")
            }
            Verdict::Refused | Verdict::ServerFailure | Verdict::Lame { .. } | Verdict::Malformed { .. } => {
                of_no_use(&verdict, rcode)
            }
            _ => return Some(Answered { id, verdict, path: self.path(id), without_authority: false }),
        };
        if matches!(verdict, Verdict::Refused | Verdict::Upward { .. } | Verdict::Lame { .. }) {
            infra.lame(address, zone);
        }
        let is_failure = verdict == Verdict::ServerFailure;
        if let (None, Verdict::Lame { spare: Some(spare), .. }) = (&self.spare, verdict) {
            self.spare = Some((id, *spare));
            self.timed_out.clear();
        }
        self.fail(
            &done,
            why,
            if is_failure { FailureKind::ServerFailure(rcode) } else { FailureKind::Other },
        );
        None
    }

    fn by_tcp(&mut self, Finished { id, ask, server }: Finished, chosen: Choice) {
        self.ask_as(id, server, chosen, Transport::Tcp, ask.edns);
    }

    /// No reply. What a question by TCP was for is told with it; one that was only to make sure of
    /// the case of letters goes by UDP again, and is believed.
    fn no_reply(&mut self, done: Finished, why: String, kind: FailureKind) {
        match (done.ask.transport, done.ask.chosen) {
            (Transport::Tcp, chosen @ Choice::CaseMismatch) => {
                self.ask_as(done.id, done.server, chosen, Transport::Udp, done.ask.edns);
            }
            // What it did by UDP says more.
            (Transport::Tcp, Choice::UdpBlocked | Choice::Again) if self.knows_failure(&done.server) => {}
            (Transport::Tcp, Choice::WrongSource) => {
                let why = format!("was answered for from another address or port by UDP, and by TCP: {why}");
                self.fail(&done, why, FailureKind::Other);
            }
            (Transport::Tcp, Choice::Truncated) => {
                self.fail(&done, cut_short(&why), FailureKind::Other);
            }
            _ => self.fail(&done, why, kind),
        }
    }

    /// The server is of no use: the next one is asked at once.
    fn fail(&mut self, Finished { id, server, .. }: &Finished, why: String, kind: FailureKind) {
        let failure = ServerFailure { server: label(server), why, kind };
        match self.failures.iter_mut().find(|known| known.server == failure.server) {
            Some(known) => *known = failure,
            None => self.failures.push(failure),
        }
        if self.stopped.is_none() {
            self.start_next(Some(Choice::NextAfterFailure), Some(*id), Some(*id));
        }
    }
}

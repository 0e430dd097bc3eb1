//! What becomes of one packet of a query: it is learned from, noted, judged, and the server is asked in another
//! form or passed over (unbound's response types, RFC 1034 §5.3.3 step 4).
//!
//! What a reply means by itself is `response`'s part; what follows from the answer, the resolver's.

use std::net::SocketAddr;

use crate::dns::name_servers::observe;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::race::{Race, Round};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::outcome::fault::{FailureKind, ServerFailure};
use crate::dns::response::apex_ns;
use crate::dns::response::bailiwick::untrusted;
use crate::dns::response::classify::{Asked, Verdict, accept_forwarded, classify};
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query_case::Echo;
use crate::explain::dns_words::astray;
use crate::trace::{Choice, Meaning, Transport};

/// A packet whose end is known.
struct Attempt {
    id: usize,
    ask: Ask,
    server: Candidate,
}

impl Race<'_> {
    /// Takes what came of a packet: a useful answer ends the race.
    pub(crate) fn take(&mut self, done: Exchanged) -> Option<Answered> {
        let Exchanged { id, ask, outcome, rtt, echo } = done;
        let infra = &self.query.context.infra;
        let server = self.servers.get(&id)?.clone();
        let attempt = Attempt { id, ask, server };
        match outcome {
            Outcome::Reply(reply) => {
                if let Some(rtt) = rtt {
                    infra.measured(attempt.server.address, rtt);
                }
                return self.reply(attempt, &reply, echo);
            }
            Outcome::Malformed(reason) => {
                self.fail(
                    &attempt,
                    format!("sent a reply that cannot be read: {reason}"),
                    FailureKind::Other,
                );
            }
            Outcome::Error { reason, no_route } => {
                if no_route {
                    observe::no_route(self.query, &attempt.server);
                }
                infra.missed(attempt.server.address);
                let why = if no_route { format!("could not be asked: {reason}") } else { reason };
                self.no_reply(attempt, why, FailureKind::Other);
            }
            Outcome::WrongSource { .. } => self.by_tcp(attempt, Choice::WrongSource),
            Outcome::Timeout => {
                infra.missed(attempt.server.address);
                if self.round == Round::First && attempt.ask.transport == Transport::Udp {
                    self.timed_out.push(attempt.server.clone());
                }
                let why = observe::silence(self.query, id);
                self.no_reply(attempt, why, FailureKind::Timeout);
            }
        }
        None
    }

    /// Whether a server that did not answer in time will be asked once more.
    pub(crate) fn will_be_retried(&self, server: SocketAddr) -> bool {
        self.timed_out.iter().any(|silent| silent.address == server)
    }

    fn reply(&mut self, attempt: Attempt, reply: &Reply, echo: Echo) -> Option<Answered> {
        let query = self.query;
        if query.zone.name.is_root() {
            query.root_answered.set(true);
        }
        self.replied = true;
        observe::udp(query, &attempt.ask);
        observe::form(query, &attempt.server, &attempt.ask);
        if echo == Echo::OtherCase {
            query.context.infra.changes_case(attempt.server.address);
            query.log.close(attempt.id, Meaning::CaseChanged);
            self.by_tcp(attempt, Choice::CaseMismatch);
            return None;
        }
        let verdict = self.read(&attempt, reply);
        self.judge(attempt, reply, verdict)
    }

    /// What a reply says, as it is told in the log and in the notes.
    fn read(&self, attempt: &Attempt, reply: &Reply) -> Verdict {
        let Attempt { id, ask, server } = attempt;
        let (zone, log) = (&self.query.zone, &self.query.log);
        let Ask { qname, qtype, transport, edns, .. } = ask;
        let asked = Asked { zone: &zone.name, qname, qtype: *qtype, transport: *transport, edns: *edns };
        let (verdict, forwarded) = accept_forwarded(classify(reply, &asked), reply, &zone.name);
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

    fn judge(&mut self, attempt: Attempt, reply: &Reply, verdict: Verdict) -> Option<Answered> {
        let (infra, zone) = (&self.query.context.infra, &self.query.zone.name);
        let Attempt { id, server: Candidate { address, .. }, .. } = attempt;
        let (why, kind) = match verdict {
            Verdict::Truncated => {
                self.by_tcp(attempt, Choice::Truncated);
                return None;
            }
            Verdict::EdnsRefused => {
                infra.plain_only(address);
                self.ask_as(id, attempt.server, Choice::WithoutEdns, attempt.ask.transport, false);
                return None;
            }
            Verdict::Refused => {
                infra.lame(address, zone);
                (format!("answered {}", reply.header.rcode.mnemonic()), FailureKind::Other)
            }
            Verdict::ServerFailure => {
                let rcode = reply.header.rcode;
                (format!("answered {}", rcode.mnemonic()), FailureKind::ServerFailure(rcode))
            }
            Verdict::Upward { to } => {
                infra.lame(address, zone);
                let astray = astray(&name_text(zone), &name_text(&attempt.ask.qname), &name_text(&to));
                (format!("referred {astray}"), FailureKind::Other)
            }
            Verdict::Lame { reason, spare } => {
                infra.lame(address, zone);
                if let (None, Some(spare)) = (&self.spare, spare) {
                    self.spare = Some((id, *spare));
                    self.timed_out.clear();
                }
                (reason.to_owned(), FailureKind::Other)
            }
            Verdict::Malformed { reason } => {
                (format!("sent a reply that cannot be used: {reason}"), FailureKind::Other)
            }
            verdict => {
                let path = self.path(id);
                return Some(Answered { id, verdict, path, without_authority: false });
            }
        };
        self.fail(&attempt, why, kind);
        None
    }

    fn by_tcp(&mut self, Attempt { id, ask, server }: Attempt, chosen: Choice) {
        self.ask_as(id, server, chosen, Transport::Tcp, ask.edns);
    }

    /// No reply. What a question by TCP was for is told with it; one that was only to make sure of
    /// the case of letters goes by UDP again, and is believed.
    fn no_reply(&mut self, attempt: Attempt, why: String, kind: FailureKind) {
        match (attempt.ask.transport, attempt.ask.chosen) {
            (Transport::Tcp, chosen @ Choice::CaseMismatch) => {
                self.ask_as(attempt.id, attempt.server, chosen, Transport::Udp, attempt.ask.edns);
            }
            // What it did by UDP says more.
            (Transport::Tcp, Choice::UdpBlocked | Choice::Again) if self.knows_failure(&attempt.server) => {}
            (Transport::Tcp, Choice::WrongSource) => {
                let why = format!("was answered for from another address or port by UDP, and by TCP: {why}");
                self.fail(&attempt, why, FailureKind::Other);
            }
            (Transport::Tcp, Choice::Truncated) => {
                let why = format!("cut its reply by UDP short, and by TCP: {why}");
                self.fail(&attempt, why, FailureKind::Other);
            }
            _ => self.fail(&attempt, why, kind),
        }
    }

    /// The server is of no use: the next one is asked at once.
    fn fail(&mut self, Attempt { id, server, .. }: &Attempt, why: String, kind: FailureKind) {
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

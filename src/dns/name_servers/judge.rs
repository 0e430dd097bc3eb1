//! What becomes of one packet of a query: it is learned from, noted, judged, and the server is asked in another
//! form or passed over (unbound's response types, RFC 1034 §5.3.3 step 4).
//!
//! What a reply means by itself is `response`'s part; what follows from the answer, the resolver's.

use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::observe;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::race::{Doubted, Form, Race};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::single::{fallback, judge};
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::outcome::fault::{FailureKind, ServerFailure};
use crate::dns::outcome::words::{cut_short, no_reply, of_no_use};
use crate::dns::response::apex_ns;
use crate::dns::response::bailiwick::untrusted;
use crate::dns::response::classify::{Verdict, accept_forwarded};
use crate::dns::transport::ask::{Ask, Kept, NoReply};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::wire::message::Reply;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query_case::Echo;
use crate::explain::dns_words::astray;
use crate::trace::{Choice, Meaning, Rcode, Spelling, Transport};

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
        if outcome.is_err()
            && let Some(doubted) = self.checked.remove(&id)
        {
            return self.believe(doubted);
        }
        // What TCP ends with beside it says nothing of UDP.
        let is_silence = matches!(outcome, Err(NoReply::Timeout { .. }));
        if !is_silence && (outcome.is_ok() || done.ask.transport == Transport::Udp) {
            self.heard(done.server.address);
        }
        match outcome {
            Ok(reply) => {
                if let Some(rtt) = rtt {
                    infra.measured(done.server.address, rtt);
                }
                return self.reply(done, &reply, echo);
            }
            // By TCP it may have been half of one, or no DNS at all.
            Err(why @ NoReply::Malformed(_)) if done.ask.transport == Transport::Tcp => {
                self.no_reply(done, no_reply(&why), FailureKind::Other);
            }
            Err(why @ (NoReply::Malformed(_) | NoReply::NotSent(_))) => {
                self.fail(&done, no_reply(&why), FailureKind::Other);
            }
            Err(error @ NoReply::Error { kept, .. }) => {
                match kept {
                    Some(Kept::NoRoute) => observe::no_route(self.query, &done.server),
                    Some(Kept::Barred) => self.query.context.network.bar(done.server.address),
                    Some(Kept::Forbidden) | None => {}
                }
                infra.missed(done.server.address);
                let kind = if kept.is_some() { FailureKind::Unsent } else { FailureKind::Other };
                self.no_reply(done, no_reply(&error), kind);
            }
            Err(NoReply::WrongSource { .. }) => self.by_tcp(done, Choice::WrongSource),
            Err(NoReply::Timeout { .. }) => {
                infra.missed(done.server.address);
                let since = self.tried.iter().find(|one| one.server.address == done.server.address);
                let why = observe::silence(self.query, id, since.map(|one| one.first));
                self.no_reply(done, why, FailureKind::Timeout);
            }
        }
        None
    }

    fn reply(&mut self, done: Finished, reply: &Reply, echo: Echo) -> Option<Answered> {
        let query = self.query;
        if query.zone.name.is_root() {
            query.root_answered.set(true);
        }
        self.replied = true;
        let context = &query.context;
        context.network.heard(done.server.address);
        if reply.header.edns_size.is_some() {
            context.infra.sent_opt(done.server.address);
        }
        observe::udp(query, &done.ask);
        if echo == Echo::OtherCase {
            context.infra.case(done.server.address).set_matters();
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
        if let Some(form) = fallback(&verdict, &done.ask) {
            return self.ask_in(done, form);
        }
        if let Some(before) = self.checked.remove(&done.id)
            && !self.compare(done.id, &before, &verdict)
        {
            return self.believe(before);
        }
        let is_absence = verdict.is_absence();
        if verdict.is_useful() {
            observe::less_edns(self.query, &done.ask);
        }
        if verdict.is_useful() && !is_absence {
            if done.ask.spelling == Spelling::Random {
                self.query.context.infra.case(done.server.address).set_ignored();
            }
        } else if self.is_in_doubt(&done.ask) {
            let (id, ask, server) = (done.id, done.ask.clone(), done.server.clone());
            let doubted = Doubted { id, ask, server, verdict: verdict.clone() };
            if is_absence {
                self.settle(doubted);
                return None;
            }
            self.doubted.push(doubted);
        }
        self.take_verdict(done, rcode, verdict)
    }

    /// Asks the same server in the form in which it may still answer. What cannot be checked is believed.
    fn ask_in(&mut self, done: Finished, form: QueryForm) -> Option<Answered> {
        let QueryForm { chosen, transport, edns } = form;
        let spelling = if transport == Transport::Udp { done.ask.spelling } else { Spelling::Plain };
        let checks = self.checked.remove(&done.id);
        if self.ask_as(done.id, done.server, chosen, Form { transport, edns, spelling }) {
            self.checked.extend(self.last.zip(checks));
            return None;
        }
        self.believe(checks?)
    }

    fn take_verdict(&mut self, done: Finished, rcode: Rcode, verdict: Verdict) -> Option<Answered> {
        let (infra, zone) = (&self.query.context.infra, &self.query.zone.name);
        let (id, address) = (done.id, done.server.address);
        let why = match &verdict {
            Verdict::Upward { to } => {
                let astray = astray(&name_text(zone), &name_text(&done.ask.qname), &name_text(to));
                format!("referred {astray}")
            }
            Verdict::Refused | Verdict::ServerFailure | Verdict::Lame { .. } | Verdict::Malformed { .. } => {
                of_no_use(&verdict, rcode)
            }
            _ => {
                let answered = Answered { id, verdict, path: self.path(id), without_authority: false };
                return self.hold(answered, &done.ask);
            }
        };
        if matches!(verdict, Verdict::Refused | Verdict::Upward { .. } | Verdict::Lame { .. }) {
            infra.lame(address, zone);
        }
        let is_failure = verdict == Verdict::ServerFailure;
        if let (None, Verdict::Lame { spare: Some(spare), .. }) = (&self.spare, verdict) {
            self.spare = Some((id, *spare));
        }
        self.fail(
            &done,
            why,
            if is_failure { FailureKind::ServerFailure(rcode) } else { FailureKind::Other },
        );
        None
    }

    fn by_tcp(&mut self, Finished { id, ask, server }: Finished, chosen: Choice) {
        let form = Form { transport: Transport::Tcp, edns: ask.edns, spelling: Spelling::Plain };
        self.ask_as(id, server, chosen, form);
    }

    /// No reply. What a question by TCP was for is told with it; one that was only to make sure of
    /// the case of letters goes by UDP again, and is believed.
    fn no_reply(&mut self, done: Finished, why: String, kind: FailureKind) {
        match (done.ask.transport, done.ask.chosen) {
            (Transport::Tcp, chosen @ Choice::CaseMismatch) => {
                let form = Form { transport: Transport::Udp, edns: done.ask.edns, spelling: Spelling::Plain };
                self.ask_as(done.id, done.server, chosen, form);
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
        let is_stopped = self.stopped.is_some();
        if !is_stopped && !self.start_next(Some(Choice::NextAfterFailure), Some(*id), Some(*id)) {
            self.check_failures();
        }
    }
}

//! Replies that are not believed at once: an error or absence in answer to a name in drawn case (RFC 4343: names are
//! compared without it), and an answer to another form of a question that had none in its usual form.
//!
//! The first is checked in plain case, unless the server has answered a name in drawn case; the second is held back
//! for a moment, to see whether the usual form was only lost on the way. Nothing is told of a server before.

use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::future::FutureExt;

use crate::dns::cache::failures::Extent;
use crate::dns::cache::letter_case::LetterCase;
use crate::dns::name_servers::observe;
use crate::dns::name_servers::race::{Dispatch, Doubted, Event, Form, Held, Race, Round};
use crate::dns::name_servers::zone_query::Answered;
use crate::dns::response::classify::{Absence, Verdict};
use crate::dns::transport::ask::Ask;
use crate::trace::{Choice, Spelling, Transport};

/// Failed servers that are asked in plain case.
const CHECKED_AT_ONCE: usize = 2;

/// The bounds of how long an answer is held back: half its round trip.
const LINGER: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// Silence says something of a form when a reply to another one took less than this part of it.
const SILENT_ROUND_TRIPS: u32 = 4;

impl Race<'_> {
    fn case(&self, server: SocketAddr) -> Rc<LetterCase> {
        self.query.context.infra.case(server)
    }

    /// Whether what is no answer may be for the case of letters.
    pub(crate) fn is_in_doubt(&self, ask: &Ask) -> bool {
        let may_be = ask.spelling == Spelling::Random && self.query.extent == Extent::Whole;
        may_be && self.round == Round::Whole && !self.case(ask.server).is_ignored()
    }

    /// Waits for what other questions on their way show.
    pub(crate) fn settle(&mut self, doubted: Doubted) {
        let slot = self.slots.get(&doubted.server.address).and_then(Weak::upgrade);
        let case = self.case(doubted.server.address);
        let alone = matches!(doubted.verdict, Verdict::Absent { absence: Absence::Name, .. });
        self.end_hedging(&doubted);
        let settled = async move {
            case.settle(alone).await;
            Event::Settled(Box::new(doubted), slot)
        };
        self.running.push(settled.boxed_local());
    }

    /// An absence ends the race, whatever its check says; beside a failure the others are still awaited.
    fn end_hedging(&mut self, doubted: &Doubted) {
        if doubted.verdict.is_absence() {
            self.hedge_at = None;
        }
    }

    /// Nobody has done better than servers that failed: the first of them are asked in plain case.
    pub(crate) fn check_failures(&mut self) {
        let doubted = std::mem::take(&mut self.doubted);
        doubted.into_iter().take(CHECKED_AT_ONCE).for_each(|one| self.settle(one));
    }

    /// It is known what can be known without asking: a useful answer, if the reply is one.
    pub(crate) fn check(&mut self, doubted: Doubted) -> Option<Answered> {
        let case = self.case(doubted.server.address);
        if case.is_settled(&doubted.ask.qname) {
            let mut believed = self.believe(doubted)?;
            // It was waited for.
            believed.path.extend(case.settled_by(&self.query.log));
            return Some(believed);
        }
        let Doubted { id, ask, server, .. } = &doubted;
        let form = Form { transport: Transport::Udp, edns: ask.edns, spelling: Spelling::Plain };
        let dispatch = Dispatch {
            server: server.clone(),
            chosen: Choice::PlainCase,
            parent: Some(*id),
            because: Some(*id),
            form: Some(form),
            aside: false,
        };
        match self.last.filter(|_| self.start(dispatch)) {
            Some(before) if self.last != Some(before) => {
                self.end_hedging(&doubted);
                self.checked.extend(self.last.map(|check| (check, doubted)));
                None
            }
            _ => self.believe(doubted),
        }
    }

    /// What a server said is so: of use if it is that the name, or the type, does not exist.
    pub(crate) fn believe(&mut self, doubted: Doubted) -> Option<Answered> {
        let Doubted { id, verdict, .. } = doubted;
        verdict.is_absence().then(|| Answered { id, verdict, path: self.path(id), without_authority: false })
    }

    /// What the same server says in plain case. True where that settles it.
    pub(crate) fn compare(&self, id: usize, before: &Doubted, verdict: &Verdict) -> bool {
        let (was_absence, is_absence) = (before.verdict.is_absence(), verdict.is_absence());
        let is_positive = verdict.is_useful() && !is_absence;
        let is_nearer = matches!(
            (&before.verdict, verdict),
            (Verdict::Absent { absence: Absence::Name, .. }, Verdict::Absent { absence: Absence::Type, .. })
        );
        if is_positive || is_nearer || is_absence && !was_absence {
            let (context, address) = (&self.query.context, before.server.address);
            self.case(address).set_matters();
            context.infra.not_lame(address, &self.query.zone.name);
        }
        if matches!(verdict, Verdict::Absent { absence: Absence::Name, .. }) {
            self.case(before.server.address).set_absent(before.ask.qname.clone(), id, &self.query.log);
        }
        if verdict.is_useful() {
            self.query.log.forget(before.id);
        }
        verdict.is_useful() || !was_absence
    }

    /// Holds back an answer in another form than the usual one, where the usual one was sent right behind it; gives
    /// it back where nothing is to be learnt.
    pub(crate) fn hold(&mut self, answered: Answered, ask: &Ask) -> Option<Answered> {
        let rtt = self.query.log.round_trip(answered.id).unwrap_or_default();
        if ask.chosen != Choice::Again || !self.was_silent(ask, rtt) {
            return Some(answered);
        }
        if ask.transport == Transport::Tcp {
            // That took two round trips already.
            observe::form(self.query, ask);
            return Some(answered);
        }
        if let Some(held) = &mut self.held {
            held.is_one_of_many = true;
            return None;
        }
        self.held = Some(Held { answered, ask: ask.clone(), is_one_of_many: false });
        let linger = (rtt / 2).clamp(LINGER.0, LINGER.1);
        let log = Rc::clone(&self.query.log);
        let lingered = async move {
            tokio::time::sleep(linger).await; // what was sent with it comes with it
            log.waited();
            Event::Lingered
        };
        self.running.push(lingered.boxed_local());
        self.hedge_at = None;
        None
    }

    /// Whether a reply in another form came while all packets in the usual one were silent for long.
    fn was_silent(&self, ask: &Ask, rtt: Duration) -> bool {
        let usual = self.usual_form(ask.server);
        let is_usual = ask.transport == usual.transport
            && ask.edns == usual.edns
            && (ask.spelling == usual.spelling || usual.spelling == Spelling::Random && self.is_letterless());
        let silent = self.silent_before(ask.server);
        !is_usual && silent.is_some_and(|waited| waited > rtt * SILENT_ROUND_TRIPS)
    }

    /// How long a server has been silent to all packets in its usual form.
    fn silent_before(&self, server: SocketAddr) -> Option<Duration> {
        let one = self.tried.iter().find(|one| one.server.address == server)?;
        let now = self.query.log.clock().now();
        (one.times > 2 && !self.has_heard_usual(server)).then(|| now.since(one.first))
    }

    fn has_heard_usual(&self, server: SocketAddr) -> bool {
        let usual = self.usual_form(server);
        let is_heard = |id: &usize| {
            let of = |packet: &crate::trace::Packet| {
                let form = (packet.transport, packet.edns, packet.spelling);
                packet.received.is_some() && form == (usual.transport, usual.edns, usual.spelling)
            };
            self.query.log.with(*id, of) == Some(true)
        };
        let own = self.servers.iter().filter(|(_, one)| one.address == server).map(|(id, _)| id);
        own.into_iter().any(is_heard)
    }

    fn is_letterless(&self) -> bool {
        !self.query.qname.iter().flatten().any(u8::is_ascii_alphabetic)
    }

    /// It was held back long enough.
    pub(crate) fn release(&mut self) -> Option<Answered> {
        let Held { answered, ask, is_one_of_many } = self.held.take()?;
        if !is_one_of_many && !self.has_heard_usual(ask.server) {
            observe::form(self.query, &ask);
        }
        Some(answered)
    }
}

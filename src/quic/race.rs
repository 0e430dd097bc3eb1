//! The attempts at the addresses of a host, each begun 250 ms after the one before or at once when that one
//! failed (RFC 8305 §5), until one of them is a connection.

use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::connection::Connection;
use super::dial::{Dial, End, Refused};
use super::failure;
use super::tap::Notes;
use crate::clock::Clock;
use crate::plan::TcpPlan;
use crate::stop::{Stop, Stopped};
use crate::tcp::{self, Candidate};
use crate::tls::{self, Unread};
use crate::trace::{At, Attempt, AttemptOutcome, Carrier, Connect, Failure, Quic, Stage, Tls};

/// Whom a connection is to be made to.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Where the host may be reached.
    pub queue: &'a [Candidate],
    /// Addresses that DNS knows, whatever their family.
    pub found: usize,
    /// The host, as in the URL.
    pub host: &'a str,
    /// What is offered and trusted.
    pub tls: &'a tls::Client,
}

/// What came of the attempts.
pub struct Dialled {
    /// Every attempt.
    pub connect: Connect,
    /// What only QUIC has.
    pub quic: Quic,
    /// The handshake; not reached where nobody answered.
    pub tls: Stage<Tls>,
    /// What is left to read of it.
    pub unread: Unread,
    /// The connection, or why there is none.
    pub result: Result<Connection, Failure>,
}

/// Connects to the first of the addresses that completes the handshake.
pub async fn connect(target: Target<'_>, plan: &TcpPlan, clock: &Clock, stop: &Stop) -> Dialled {
    let mut race = Race {
        target,
        plan,
        clock,
        attempts: Vec::new(),
        notes: Vec::new(),
        start: clock.now(),
        refused: None,
    };
    let outcome = race.run(stop).await;
    race.settle(outcome, stop)
}

struct Race<'a> {
    target: Target<'a>,
    plan: &'a TcpPlan,
    clock: &'a Clock,
    attempts: Vec<Attempt>,
    /// What passed the socket of each attempt that has one.
    notes: Vec<Option<Arc<Notes>>>,
    start: At,
    refused: Option<Failure>,
}

/// Which attempt decided the race, and how it ended; `None` when all went unanswered.
type Decided = Option<(usize, Dial, End)>;

enum Step {
    Start,
    Done(usize, Box<Dial>, End),
}

impl Race<'_> {
    async fn run(&mut self, stop: &Stop) -> Result<Decided, Stopped> {
        let (clock, patience) = (*self.clock, self.plan.connect_timeout);
        let mut running = FuturesUnordered::new();
        let mut next_start = Some(self.start);
        loop {
            let due = async {
                match next_start {
                    Some(at) if at <= clock.now() => {}
                    Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await, // the next one's turn
                    None => std::future::pending().await,
                }
            };
            let step = stop.within(None, async {
                tokio::select! {
                    biased;
                    Some((index, dial, end)) = running.next(), if !running.is_empty() => Step::Done(index, dial, end),
                    () = due => Step::Start,
                }
            });
            match step.await {
                Ok(Step::Start) => {
                    next_start = None;
                    let Some(candidate) = self.target.queue.get(self.attempts.len()) else { continue };
                    let index = self.attempts.len();
                    let start = clock.now();
                    self.note(candidate, start);
                    let Target { tls, host, .. } = self.target;
                    match Dial::start(candidate.address(), self.plan, tls, host, &clock) {
                        Ok(mut dial) => {
                            self.notes[index] = Some(Arc::clone(&dial.notes));
                            running.push(async move {
                                let end = dial.run(patience, &clock).await;
                                (index, Box::new(dial), end)
                            });
                            next_start = Some(start.after(self.plan.stagger));
                        }
                        Err(Refused::Host(failure)) => {
                            self.refused = Some(failure);
                            return Ok(None);
                        }
                        Err(Refused::System(error)) => {
                            self.attempts[index].outcome = tcp::outcome_of(&error);
                            self.attempts[index].end = clock.now();
                            next_start = Some(start);
                        }
                    }
                    if self.attempts.len() == self.target.queue.len() {
                        next_start = None;
                    }
                }
                Ok(Step::Done(index, _, End::Unanswered(outcome))) => {
                    let (begun, end) = (self.attempts.len(), clock.now());
                    let attempt = &mut self.attempts[index];
                    (attempt.outcome, attempt.end) = (outcome, end);
                    if begun < self.target.queue.len() {
                        next_start = Some(end);
                    }
                }
                Ok(Step::Done(index, dial, end)) => return Ok(Some((index, *dial, end))),
                Err(why) => return Err(why),
            }
            if running.is_empty() && next_start.is_none() {
                return Ok(None);
            }
        }
    }

    fn note(&mut self, candidate: &Candidate, start: At) {
        self.notes.push(None);
        self.attempts.push(Attempt {
            address: candidate.address(),
            start,
            end: start,
            outcome: AttemptOutcome::Stopped,
            syn_retransmits: None,
            answered: None,
            source: candidate.source(),
            transport: Carrier::Quic,
        });
    }

    /// Puts down how it ended.
    fn settle(mut self, outcome: Result<Decided, Stopped>, stop: &Stop) -> Dialled {
        let now = self.clock.now();
        let (decided, stopped) = match outcome {
            Ok(decided) => (decided, None),
            Err(why) => (None, Some(why)),
        };
        for (attempt, notes) in self.attempts.iter_mut().zip(&self.notes) {
            let Some(log) = notes.as_ref().map(|notes| notes.log()) else { continue };
            attempt.start = log.first_sent.unwrap_or(attempt.start);
            attempt.answered = log.first_received;
        }
        let given_up = if decided.is_some() { AttemptOutcome::Lost } else { AttemptOutcome::Stopped };
        for attempt in self.attempts.iter_mut().filter(|attempt| attempt.outcome == AttemptOutcome::Stopped) {
            (attempt.outcome, attempt.end) = (given_up.clone(), now.max(attempt.start));
        }
        let Some((index, dial, end)) = decided else { return self.unanswered(stopped, stop) };
        let (quic, mut tls, unread) = dial.record(&end, self.attempts[index].start, self.clock);
        let attempt = &mut self.attempts[index];
        (attempt.start, attempt.end, attempt.outcome) = (quic.start, quic.end, AttemptOutcome::Won);
        let queue = self.target.queue;
        let connect = Connect {
            start: self.attempts.iter().map(|attempt| attempt.start).min().unwrap_or(quic.start),
            end: quic.end,
            winner: Some(index),
            local: dial.local,
            untried: queue[self.attempts.len()..].iter().map(Candidate::address).collect(),
            redirected_from: queue[index].mapped_from(),
            attempts: self.attempts,
            ..Connect::default()
        };
        let (unread, result) = match end {
            End::Connected(connection) => (unread, Ok(connection)),
            end => {
                let fault = failure::explain(&end, &dial, &quic, &mut tls, unread, stop);
                (Unread::default(), Err(fault.after(quic.took())))
            }
        };
        // A server that never came to TLS has no handshake to show.
        let tls = match (tls.version, &result) {
            (None, Err(failure)) if failure.stage != crate::trace::StageName::Tls => Stage::NotReached,
            _ => Stage::Ran(tls),
        };
        Dialled { connect, quic, tls, unread, result }
    }

    /// Nobody answered.
    fn unanswered(self, stopped: Option<Stopped>, stop: &Stop) -> Dialled {
        let end = self.attempts.iter().map(|attempt| attempt.end).max().unwrap_or(self.start);
        let start = self.attempts.iter().map(|attempt| attempt.start).min().unwrap_or(self.start);
        let mut quic = Quic { start, end, ..Quic::default() };
        // Of several the one that has heard something, or else the first.
        let has_heard = |notes: &&Arc<Notes>| notes.log().received > 0;
        let notes = || self.notes.iter().flatten();
        if let Some(notes) = notes().find(has_heard).or_else(|| notes().next()) {
            let log = notes.log();
            (quic.datagrams, quic.offered_versions) = (log.datagrams.clone(), log.offered_versions.clone());
        }
        let queue = self.target.queue;
        let connect = Connect {
            start,
            end,
            untried: queue[self.attempts.len()..].iter().map(Candidate::address).collect(),
            redirected_from: queue.first().and_then(Candidate::mapped_from),
            attempts: self.attempts,
            ..Connect::default()
        };
        let failure = match self.refused {
            Some(failure) => failure,
            None => {
                let stopped = stopped.map(|why| (why, stop.max_time()));
                failure::unanswered(&connect, &quic, self.target.found, stopped).after(end.since(start))
            }
        };
        Dialled { connect, quic, tls: Stage::NotReached, unread: Unread::default(), result: Err(failure) }
    }
}

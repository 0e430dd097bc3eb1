//! The packet capture of one resolution: every lane records its packets here, in the order sent.
//!
//! A packet is open from its send until somebody says what it meant. Waits that are dropped leave
//! theirs abandoned, and whoever ended the wait says why. Nothing is sent here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::clock::Clock;
use crate::dns::limits::HOST_BUDGET;
use crate::dns::transport::slots::Queue;
use crate::explain::dns_words::strays;
use crate::trace::{At, Meaning, Packet, Purpose, Record, ReplyHeader, Stray, TIME_TO_ANSWER};

/// Sockets that stay aside when there is time: those of the questions for A, AAAA and HTTPS.
const SPENT: usize = 3;

/// Datagrams dropped for one packet that look like an attempt at forging its reply.
const SUSPICIOUS: u32 = 10;

/// The log of one resolution.
#[derive(Debug)]
pub(crate) struct Log {
    clock: Clock,
    entries: RefCell<Vec<Entry>>,
    notes: RefCell<Vec<String>>,
    left: Cell<u32>,
    /// When the counted lane was led on last: a reply arrived, or it was waited for no longer.
    led_on: Cell<At>,
    /// When this program saw that.
    noticed: Cell<At>,
    /// Whether signatures are asked for, and replies kept for their validation.
    signed: Cell<bool>,
    raw: RefCell<BTreeMap<usize, Rc<[u8]>>>,
    queue: Queue,
    spent: RefCell<Vec<UdpSocket>>,
}

#[derive(Debug)]
struct Entry {
    packet: Packet,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Nobody waits for it any more, and nobody has said why.
    Abandoned,
    Closed,
}

/// A packet whose meaning is not known yet.
#[derive(Debug)]
pub(crate) struct Open {
    log: Rc<Log>,
    id: usize,
}

impl Log {
    pub(crate) fn new(clock: Clock) -> Rc<Self> {
        Rc::new(Self {
            clock,
            entries: RefCell::default(),
            notes: RefCell::default(),
            left: Cell::new(HOST_BUDGET),
            led_on: Cell::default(),
            noticed: Cell::default(),
            signed: Cell::new(false),
            raw: RefCell::default(),
            queue: Queue::default(),
            spent: RefCell::default(),
        })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for a place at a server. Before the first packet that is no time of this resolution: the
    /// others of a batch use it.
    pub(crate) async fn queue<T>(&self, place: impl Future<Output = T>) -> T {
        let _ends = self.is_empty().then(|| self.queue.enter(self.clock)).flatten();
        place.await
    }

    /// How long the first packet had to wait for its place.
    pub(crate) fn queued(&self) -> Duration {
        self.queue.length(self.clock.now())
    }

    /// Whether nothing was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// A wait was given up.
    pub(crate) fn waited(&self) {
        let now = self.clock.now();
        self.led_on.set(now);
        self.noticed.set(now);
    }

    /// The counted lane's first packet, what led it on last, and when that was noticed; `None` before its first.
    pub(crate) fn counted(&self) -> Option<(At, At, At)> {
        let entries = self.entries.borrow();
        let packets = entries.iter().map(|entry| &entry.packet);
        let first = packets.filter(|packet| is_counted(packet)).map(|packet| packet.sent).min()?;
        let led_on = self.led_on.get().max(first);
        Some((first, led_on, self.noticed.get().max(led_on)))
    }

    /// How many packets were sent.
    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// From here on signatures are asked for (DO), and replies kept as they came.
    pub(crate) fn ask_for_signatures(&self) {
        self.signed.set(true);
    }

    /// Whether a question of this purpose asks for signatures: not those that only compare.
    pub(crate) fn wants_signatures(&self, purpose: Purpose) -> bool {
        let counted = matches!(purpose, Purpose::Walk | Purpose::NsAddress | Purpose::Resolver);
        let of_dnssec = matches!(purpose, Purpose::DnsKey | Purpose::Ds | Purpose::Recheck);
        self.signed.get() && (counted || of_dnssec)
    }

    /// The reply to a packet, as it came; `None` where none is kept.
    pub(crate) fn raw(&self, id: usize) -> Option<Rc<[u8]>> {
        self.raw.borrow().get(&id).cloned()
    }

    /// Another reply says what there is to say: this one is no evidence.
    pub(crate) fn forget(&self, id: usize) {
        self.raw.borrow_mut().remove(&id);
    }

    /// A look at all packets, by their ids; one that is still open has no end yet.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[&Packet]) -> T) -> T {
        let entries = self.entries.borrow();
        look(&entries.iter().map(|entry| &entry.packet).collect::<Vec<_>>())
    }

    /// Takes a socket whose reply is here: closing it takes as long as reading the reply, and what depends on that goes
    /// first.
    pub(crate) fn put_aside(&self, socket: UdpSocket) {
        self.spent.borrow_mut().push(socket);
    }

    /// A question has left: there is time to close what was put aside, should it be much.
    pub(crate) fn has_left(&self) {
        if self.spent.borrow().len() > SPENT {
            self.close_spent();
        }
    }

    /// Closes what was put aside.
    pub(crate) fn close_spent(&self) {
        self.spent.borrow_mut().clear();
    }

    /// Adds a sentence for people, once.
    pub(crate) fn note(&self, note: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.borrow().clone();
        let entries = self.entries.borrow();
        // One packet tells it: the others of an attack are alike.
        let flooded = entries.iter().map(|entry| &entry.packet).max_by_key(|packet| packet.dropped);
        if let Some(packet) = flooded.filter(|packet| packet.dropped >= SUSPICIOUS) {
            notes.push(format!(
                "{} datagrams that were no reply to the question came while {} was awaited ({}): possible \
                 spoofing (RFC 5452)",
                packet.dropped,
                packet.server,
                strays(packet)
            ));
        }
        notes
    }

    /// Takes one packet out of the host's budget; false when it is used up.
    pub(crate) fn spend(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether the host's budget is used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    pub(crate) fn open(self: &Rc<Self>, packet: Packet) -> Open {
        let mut entries = self.entries.borrow_mut();
        entries.push(Entry { packet, state: State::Open });
        Open { log: Rc::clone(self), id: entries.len() - 1 }
    }

    /// Says what a packet meant. The first word stands.
    pub(crate) fn close(&self, id: usize, meaning: Meaning) {
        let now = self.clock.now();
        if let Some(entry) = self.entries.borrow_mut().get_mut(id)
            && entry.state != State::Closed
        {
            entry.packet.end = entry.packet.received.unwrap_or(now);
            entry.packet.meaning = meaning;
            entry.state = State::Closed;
        }
    }

    /// Notes what a reply offered and its server has no say over.
    pub(crate) fn untrusted(&self, id: usize, records: Vec<Record>) {
        if let Some(entry) = self.entries.borrow_mut().get_mut(id) {
            entry.packet.untrusted = records;
        }
    }

    /// Another answer came first: says so of everything that was dropped while it was awaited.
    pub(crate) fn supersede_abandoned(&self) {
        self.close_where(&Meaning::Superseded, |entry| entry.state == State::Abandoned);
    }

    /// Ends what is still open in the counted lane.
    pub(crate) fn end_walk(&self, meaning: &Meaning) {
        self.close_where(meaning, |entry| is_counted(&entry.packet));
    }

    /// Ends what is still open in any lane.
    pub(crate) fn end_all(&self, meaning: &Meaning) {
        self.close_where(meaning, |_| true);
    }

    fn close_where(&self, meaning: &Meaning, which: impl Fn(&Entry) -> bool) {
        let now = self.clock.now();
        for entry in self.entries.borrow_mut().iter_mut() {
            if entry.state != State::Closed && which(entry) {
                entry.packet.end = entry.packet.received.unwrap_or(now);
                entry.packet.meaning = meaning.clone();
                entry.state = State::Closed;
            }
        }
    }

    /// The packet of the counted lane that was awaited last and has no end yet: what was being
    /// asked when everything was stopped.
    pub(crate) fn awaited(&self) -> Option<usize> {
        let entries = self.entries.borrow();
        entries.iter().rposition(|entry| entry.state != State::Closed && is_counted(&entry.packet))
    }

    /// That packet, and before it all others with the same question that had no reply either.
    pub(crate) fn unheard_with(&self, id: usize) -> Vec<usize> {
        let entries = self.entries.borrow();
        let Some(last) = entries.get(id).map(|entry| &entry.packet) else { return Vec::new() };
        let is_same = |other: &Packet| {
            let of = |packet: &Packet| (packet.qtype, packet.purpose);
            of(other) == of(last) && (&other.zone, &other.qname) == (&last.zone, &last.qname)
        };
        let unheard = entries.iter().enumerate().filter(|(_, entry)| entry.packet.received.is_none());
        unheard.filter(|(at, entry)| *at <= id && is_same(&entry.packet)).map(|(at, _)| at).collect()
    }

    /// A look at one packet.
    pub(crate) fn with<T>(&self, id: usize, look: impl FnOnce(&Packet) -> T) -> Option<T> {
        self.entries.borrow().get(id).map(|entry| look(&entry.packet))
    }

    /// What the asked server sent in place of a reply to a packet, in words.
    pub(crate) fn stray(&self, id: usize) -> Option<String> {
        self.with(id, |packet| {
            let own = packet.dropped_kinds.iter().any(|(kind, _)| *kind != Stray::WrongSource);
            own.then(|| {
                format!("it is not a reply to the question ({} dropped: {})", packet.dropped, strays(packet))
            })
        })?
    }

    /// The measured round trip of a packet, TCP without its connect.
    pub(crate) fn round_trip(&self, id: usize) -> Option<Duration> {
        self.with(id, |packet| Some(packet.received?.since(packet.connected.unwrap_or(packet.sent))))
            .flatten()
    }

    /// How many packets of a kind had no reply before a server answered another one; `None` if one of them had a
    /// reply. What went out with that one was not waited for.
    pub(crate) fn unanswered(&self, server: SocketAddr, which: impl Fn(&Packet) -> bool) -> Option<usize> {
        let entries = self.entries.borrow();
        let packets = || entries.iter().map(|entry| &entry.packet).filter(|packet| packet.server == server);
        if packets().any(|packet| which(packet) && packet.received.is_some()) {
            return None;
        }
        let answered = packets().filter(|packet| packet.received.is_some()).map(|packet| packet.sent).max();
        let had_time =
            |packet: &&Packet| answered.is_some_and(|sent| sent.since(packet.sent) >= TIME_TO_ANSWER);
        let silent = packets().filter(|packet| which(packet) && packet.meaning == Meaning::Timeout);
        Some(silent.filter(had_time).count())
    }

    /// Every packet as it stands; one that is still open ends now.
    pub(crate) fn packets(&self) -> Vec<Packet> {
        let now = self.clock.now();
        let view = |entry: &Entry| {
            let mut packet = entry.packet.clone();
            if entry.state != State::Closed {
                packet.end = now;
            }
            packet
        };
        self.entries.borrow().iter().map(view).collect()
    }
}

/// Whether a packet belongs to the lane whose time is counted.
fn is_counted(packet: &Packet) -> bool {
    matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress | Purpose::Resolver | Purpose::Bootstrap)
}

impl Open {
    pub(crate) fn id(&self) -> usize {
        self.id
    }

    pub(crate) fn clock(&self) -> Clock {
        self.log.clock
    }

    pub(crate) fn drop_one(&self, kind: Stray) {
        self.change(|packet| {
            packet.dropped = packet.dropped.saturating_add(1);
            match packet.dropped_kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, number)) => *number = number.saturating_add(1),
                None => packet.dropped_kinds.push((kind, 1)),
            }
        });
    }

    pub(crate) fn note(&self, note: String) {
        self.log.note(note);
    }

    pub(crate) fn connected(&self, at: At) {
        self.change(|packet| packet.connected = Some(at));
    }

    /// TCP is up, TLS is not.
    pub(crate) fn tcp_done(&self, at: At) {
        self.change(|packet| packet.tcp_done = Some(at));
    }

    /// On a kept connection: it took the question only now.
    pub(crate) fn written(&self, at: At) {
        self.change(|packet| packet.sent = at);
    }

    /// The reply came; what it means is still to be said, by [`Log::close`].
    pub(crate) fn received(&self, at: At, bytes: usize, header: Option<ReplyHeader>) {
        self.change(|packet| {
            packet.received = Some(at);
            packet.end = at;
            packet.bytes_received = Some(bytes);
            packet.reply = header;
            if is_counted(packet) && at >= self.log.led_on.get() {
                self.log.led_on.set(at);
                self.log.noticed.set(self.log.clock.now());
            }
        });
    }

    pub(crate) fn close(&self, meaning: Meaning) {
        self.log.close(self.id, meaning);
    }

    /// See [`Log::put_aside`].
    pub(crate) fn put_aside(&self, socket: UdpSocket) {
        self.log.put_aside(socket);
    }

    /// Keeps the reply as it came, where it may be needed for validation.
    pub(crate) fn keep(&self, bytes: &[u8]) {
        let wanted = self.log.with(self.id, |packet| self.log.wants_signatures(packet.purpose));
        if wanted == Some(true) {
            self.log.raw.borrow_mut().insert(self.id, bytes.into());
        }
    }

    /// The measured round trip, if a reply came.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.log.round_trip(self.id)
    }

    fn change(&self, change: impl FnOnce(&mut Packet)) {
        if let Some(entry) = self.log.entries.borrow_mut().get_mut(self.id)
            && entry.state == State::Open
        {
            change(&mut entry.packet);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(entry) = self.log.entries.borrow_mut().get_mut(self.id)
            && entry.state == State::Open
            && entry.packet.received.is_none()
        {
            entry.state = State::Abandoned;
        }
    }
}

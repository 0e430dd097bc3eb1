//! The same query once more, and in another form (RFC 1035 §7.2, RFC 7766 §5, RFC 6891 §6.2.2): again where nobody
//! is left to ask beside a silent server, without what some servers drop, by TCP after TC or where UDP seems blocked.
//!
//! When that is due is decided by `judge` and `ask`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::dns::cache::network::Udp;
use crate::dns::name_servers::apex_probe::ask_apex;
use crate::dns::name_servers::race::{Dispatch, Form, PATIENCE_LEAST, Race, Round, Tried};
use crate::dns::name_servers::selection::Candidate;
use crate::trace::{At, Choice, Edns, Spelling, Transport};

/// Servers that are asked by TCP when UDP seems to be blocked, and in other forms when they are silent.
const AT_ONCE: usize = 2;

/// A zone with more servers than these has one of them asked in other forms.
const FEW_SERVERS: usize = 3;

/// Packets sent again to silent servers: to an only one, and to several.
const MOST_AGAIN: [usize; 2] = [8, 6];

/// After so long silent servers are asked in other forms, however often they were asked: first in plain case and
/// without options, then without EDNS and by TCP.
const OTHER_FORMS: [Duration; 2] = [Duration::from_millis(1_000), Duration::from_millis(1_500)];

impl Race<'_> {
    pub(crate) fn may_try_tcp(&self) -> bool {
        let query = self.query;
        !self.tcp_tried
            && query.zone.name.is_root()
            && !query.root_answered.get()
            && query.context.network.udp.get() != Udp::Blocked
    }

    /// Nothing came back from any root server by UDP so far: the first ones are asked by TCP beside
    /// it, once. True when something was sent.
    pub(crate) fn try_tcp(&mut self) -> bool {
        let query = self.query;
        if !self.may_try_tcp() {
            return false;
        }
        self.tcp_tried = true;
        let mut asked: Vec<(usize, Candidate)> =
            self.servers.iter().map(|(id, server)| (*id, server.clone())).collect();
        // Where this machine has no way to, TCP has none either.
        asked.retain(|(_, server)| query.context.network.routed(server.address));
        asked.sort_by_key(|(id, _)| *id);
        let mut sent = false;
        for (id, server) in asked.into_iter().take(AT_ONCE) {
            let edns = query.context.infra.edns(server.address);
            let form = Some(Form { transport: Transport::Tcp, edns, spelling: Spelling::Plain });
            let (parent, chosen) = (query.parent, Choice::UdpBlocked);
            sent |= self.start(Dispatch { server, chosen, parent, because: Some(id), form, aside: false });
        }
        sent
    }

    /// Who is asked again next, and when: each after twice as long as before.
    fn next_again(&self) -> Option<(&Tried, At)> {
        let most = MOST_AGAIN[usize::from(self.tried.len() > 1)];
        if self.round == Round::Chance || self.again >= most || self.spare.is_some() || self.stopped.is_some()
        {
            return None;
        }
        let due = |one: &Tried| {
            let waits = self.patience(one.server.address) * 2_u32.saturating_pow(one.times.saturating_sub(1));
            one.last.after(waits)
        };
        // TCP has its own retransmission.
        let by_udp = |one: &&Tried| one.transport == Transport::Udp;
        let all = self.silent().filter(by_udp).map(|one| (one, due(one)));
        all.min_by_key(|(_, due)| *due).filter(|(_, due)| *due < self.limit)
    }

    pub(crate) fn next_again_at(&self) -> Option<At> {
        self.next_again().map(|(_, due)| due)
    }

    /// Nobody is left to ask beside those that are silent: the one that is due is asked again.
    pub(crate) fn ask_again(&mut self) {
        let now = self.query.log.clock().now();
        let Some((one, due)) = self.next_again() else { return };
        if due > now {
            return;
        }
        let (server, times, tried) = (one.server.clone(), one.times, self.forms_tried);
        if self.usual_form(server.address).transport != Transport::Udp {
            // A question beside this one has found what it answers to.
            self.send_again(server);
            return;
        }
        let is_due = |limit: &Duration| times > 1 + tried as u32 || now.since(self.started) >= *limit;
        if !self.may_try_forms() || !OTHER_FORMS.get(tried).is_some_and(is_due) {
            self.send_again(server);
            return;
        }
        self.forms_tried += 1;
        let at_once = if self.tried.len() > FEW_SERVERS { 1 } else { AT_ONCE };
        let silent: Vec<Tried> = self.silent().take(at_once).cloned().collect();
        if self.forms_tried == OTHER_FORMS.len() {
            ask_apex(self.query, silent.iter().map(|one| &one.server));
        }
        for one in silent {
            self.ask_otherwise(&one);
            // Right behind: where only packets were lost, it is answered as well.
            self.send_again(one.server);
        }
    }

    fn send_again(&mut self, server: Candidate) {
        self.again += 1;
        let before = self.first_to(server.address);
        let (parent, chosen) = (before.or(self.query.parent), Choice::Again);
        self.start(Dispatch { server, chosen, parent, because: before, form: None, aside: false });
    }

    /// Whether silence may be for the form of the question: not where this zone has replied.
    fn may_try_forms(&self) -> bool {
        !self.replied
            && self.query.context.network.udp.get() != Udp::Blocked
            && !self.query.zone.name.is_root()
    }

    /// There are servers that drop names in drawn case, or what has options or EDNS in it, and some that answer by
    /// TCP alone.
    fn ask_otherwise(&mut self, Tried { server, was_known, .. }: &Tried) {
        let usual = self.usual_form(server.address);
        let mut forms = Vec::new();
        if !was_known {
            let plain = Form { spelling: Spelling::Plain, ..usual };
            match self.forms_tried {
                1 if usual.edns == Edns::Full => forms.extend([plain, Form { edns: Edns::Bare, ..usual }]),
                1 => forms.push(plain),
                _ if usual.edns.is_some() => forms.push(Form { edns: Edns::None, ..plain }),
                _ => {}
            }
        }
        if self.forms_tried > 1 {
            let spelling = Spelling::Plain;
            forms.push(Form { transport: Transport::Tcp, spelling, ..usual });
        }
        let before = self.first_to(server.address);
        for form in forms {
            if !self.query.is_spent() {
                self.start(Dispatch {
                    server: server.clone(),
                    chosen: Choice::Again,
                    parent: before.or(self.query.parent),
                    because: before,
                    form: Some(form),
                    // What is waited for is the question in its usual form.
                    aside: true,
                });
            }
        }
    }

    /// The first packet to a server.
    fn first_to(&self, address: SocketAddr) -> Option<usize> {
        let sent = self.servers.iter().filter(|(_, server)| server.address == address);
        sent.map(|(id, _)| *id).min()
    }

    /// The same server once more, in another form. It has answered: hedging waits for a whole
    /// exchange again.
    pub(crate) fn ask_as(&mut self, id: usize, server: Candidate, chosen: Choice, form: Form) -> bool {
        let srtt = self.query.context.infra.srtt(server.address).unwrap_or(PATIENCE_LEAST);
        let patience = (srtt * 4).max(PATIENCE_LEAST);
        let (parent, because, form) = (Some(id), Some(id), Some(form));
        let is_sent = self.start(Dispatch { server, chosen, parent, because, form, aside: false });
        if is_sent {
            self.hedge_at = Some(self.query.log.clock().now().after(patience));
        }
        is_sent
    }
}

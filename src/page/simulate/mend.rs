//! What could be mended of a page, each as a change to what is simulated. What it assumes stands with it.

use std::time::Duration;

use super::model::{Anchor, Model, Moment, Node};
use crate::page::schedule::PER_HOST;
use crate::trace::{Blocking, InitiatorKind, Priority, RequestId, ResourceKind};

/// A change to a page. Requests are named by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// It is named in the document's head, and so found as soon as that is seen to ask for anything.
    Preload(RequestId),
    /// Rendering does not wait for it, nor for what it asks for.
    Defer(RequestId),
    /// Connections to its origin are opened as soon as the document's head is seen.
    Connect(RequestId),
    /// Its body has so many thousandths of its bytes, and comes in as many thousandths of the time.
    Compress(RequestId, u32),
    /// It is not asked for, nor is what only it asks for.
    Without(RequestId),
    /// It is asked for where it is, and not where it was moved from.
    Direct(RequestId),
    /// Its origin takes many requests on one connection.
    Multiplex(RequestId),
    /// A 103 names it, so long behind the document's request: a round trip, as the server sends it at once.
    Hint(RequestId, Duration),
    /// The document's own origin has it.
    Own(RequestId),
}

impl Model {
    /// The same page, changed.
    pub(super) fn mended(&self, mends: &[Mend]) -> Self {
        let mut model = self.clone();
        mends.iter().for_each(|mend| model.mend(mend));
        model
    }

    fn mend(&mut self, mend: &Mend) {
        let (Mend::Preload(id)
        | Mend::Defer(id)
        | Mend::Connect(id)
        | Mend::Compress(id, _)
        | Mend::Without(id)
        | Mend::Direct(id)
        | Mend::Multiplex(id)
        | Mend::Hint(id, _)
        | Mend::Own(id)) = *mend;
        let Some(node) = self.place_of(id) else { return };
        match mend {
            Mend::Preload(_) => self.preload(node),
            Mend::Defer(_) => self.defer(node),
            Mend::Connect(_) => self.of_origin(node, |host| host.is_connected_ahead = true),
            Mend::Multiplex(_) => self.multiplex(node),
            Mend::Compress(_, thousandths) => self.shorten(node, *thousandths),
            Mend::Without(_) if node >= self.chain => {
                self.family(node).into_iter().for_each(|gone| self.nodes[gone].is_gone = true);
            }
            Mend::Direct(_) if node >= self.chain => self.skip(node),
            Mend::Hint(_, behind) if node >= self.chain => self.hint(node, *behind),
            Mend::Own(_) if node >= self.chain => {
                let host = self.nodes[self.document()].host;
                (self.nodes[node].host, self.nodes[node].opening) = (host, None);
            }
            Mend::Without(_) | Mend::Direct(_) | Mend::Hint(..) | Mend::Own(_) => {}
        }
    }

    fn place_of(&self, id: RequestId) -> Option<usize> {
        self.ids.iter().position(|own| *own == id)
    }

    fn of_origin(&mut self, node: usize, change: impl Fn(&mut super::model::HostModel)) {
        let origin = self.hosts[self.nodes[node].host].origin.clone();
        self.hosts.iter_mut().filter(|host| host.origin == origin).for_each(change);
    }

    /// Requests that go at once share the way, which carried six at a time before: that many of them take so much
    /// longer, but all no longer than all their bytes took. In the clear nobody speaks HTTP/2: TLS is one more round
    /// trip, as long as opening was (RFC 8446 section 2).
    fn multiplex(&mut self, node: usize) {
        let origin = self.hosts[self.nodes[node].host].origin.clone();
        let is_own: Vec<bool> = self.hosts.iter().map(|host| host.origin == origin).collect();
        let own = |one: &&mut Node| is_own[one.host];
        let is_clear = self.hosts[self.nodes[node].host].is_clear;
        if is_clear {
            self.nodes.iter_mut().filter(own).for_each(|one| one.opening = one.opening.map(|took| took * 2));
        }
        for host in self.hosts.iter_mut().filter(|host| host.origin == origin) {
            (host.is_shared, host.is_clear) = (true, false);
            host.opening *= if is_clear { 2 } else { 1 };
        }
        let lanes = PER_HOST as u64;
        // The document comes before any of them.
        let asked = &mut self.nodes[self.chain..];
        let received: Vec<u64> = asked.iter_mut().filter(own).map(|one| one.receive).collect();
        let (number, all) = (received.len() as u64, received.iter().sum::<u64>() / lanes);
        for one in asked.iter_mut().filter(own) {
            one.receive = one.receive.max(all.min(one.receive * number / lanes));
        }
    }

    fn preload(&mut self, node: usize) {
        if node < self.chain {
            return;
        }
        let (document, first) = (self.document(), self.first_found);
        let node = &mut self.nodes[node];
        let is_sooner = node.asker != Some(document) || is_before(first, node.found);
        if is_sooner {
            (node.asker, node.found) = (Some(document), first);
        }
        node.priority = node.priority.max(match node.kind {
            ResourceKind::Stylesheet => Priority::VeryHigh,
            ResourceKind::Script | ResourceKind::Font => Priority::High,
            _ => Priority::Low,
        });
    }

    fn hint(&mut self, node: usize, behind: Duration) {
        let document = self.document();
        let lag = u64::try_from(behind.as_micros()).unwrap_or(u64::MAX);
        let found = Moment { anchor: Anchor::Begun, lag: lag.saturating_add(self.nodes[document].send) };
        let comes_in_time = lag < self.nodes[document].wait;
        let node = &mut self.nodes[node];
        if comes_in_time && node.asker == Some(document) && is_before(found, node.found) {
            node.found = found;
        }
    }

    fn defer(&mut self, node: usize) {
        for one in self.family(node) {
            let is_own = one == node
                || matches!(
                    self.nodes[one].by,
                    InitiatorKind::Css | InitiatorKind::Redirect | InitiatorKind::Retry
                );
            if is_own && one >= self.chain {
                let one = &mut self.nodes[one];
                one.blocking = Blocking::None;
                one.priority = one.priority.min(Priority::Low);
            }
        }
    }

    /// What it asks for is found at the same share of its body as before.
    fn shorten(&mut self, node: usize, thousandths: u32) {
        let scaled =
            |time: u64| time / 1000 * u64::from(thousandths) + time % 1000 * u64::from(thousandths) / 1000;
        let is_document = node == self.document();
        self.nodes[node].receive = scaled(self.nodes[node].receive);
        let in_body = |moment: &mut Moment| {
            if moment.anchor == Anchor::FirstByte {
                moment.lag = scaled(moment.lag);
            }
        };
        self.nodes.iter_mut().filter(|one| one.asker == Some(node)).for_each(|one| in_body(&mut one.found));
        if is_document {
            self.head.iter_mut().for_each(in_body);
            in_body(&mut self.first_found);
        }
    }

    /// What it redirects to takes its place.
    fn skip(&mut self, node: usize) {
        let (asker, found, by) = (self.nodes[node].asker, self.nodes[node].found, self.nodes[node].by);
        let target =
            self.nodes.iter_mut().find(|one| one.asker == Some(node) && one.by == InitiatorKind::Redirect);
        if let Some(target) = target {
            (target.asker, target.found, target.by) = (asker, found, by);
            self.nodes[node].is_gone = true;
        }
    }
}

fn is_before(one: Moment, other: Moment) -> bool {
    let rank = |moment: Moment| match moment.anchor {
        Anchor::Found => 0,
        Anchor::Begun => 1,
        Anchor::FirstByte => 2,
        Anchor::End => 3,
    };
    (rank(one), one.lag) < (rank(other), other.lag)
}

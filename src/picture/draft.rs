//! Arrows as they are made, between peers, before it is known how many lanes there are.

use super::arrow::{Arrow, Fate, Source};
use super::lane::{Lane, Peer, lanes};
use crate::trace::At;

/// Arrows whose lanes are still peers.
#[derive(Default)]
pub(super) struct Draft {
    peers: Vec<Peer>,
    arrows: Vec<Arrow>,
}

/// An arrow as its maker knows it.
pub(super) struct Sketch {
    pub(super) label: String,
    pub(super) fate: Fate,
    pub(super) until: Option<At>,
    pub(super) source: Source,
    pub(super) counted: bool,
    pub(super) critical: bool,
}

impl Draft {
    /// Something that this machine sent.
    pub(super) fn sent(&mut self, to: &Peer, at: At, sketch: Sketch) {
        let to = self.peer(to);
        self.push(Arrow { from: 0, to, sent: Some(at), ..arrow(sketch) });
    }

    /// Something that came.
    pub(super) fn received(&mut self, from: &Peer, at: At, sketch: Sketch) {
        let from = self.peer(from);
        self.push(Arrow { from, to: 0, received: Some(at), ..arrow(sketch) });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.arrows.len()
    }

    /// When the last of them is over.
    pub(super) fn end(&self) -> At {
        self.arrows
            .iter()
            .map(|arrow| arrow.until.unwrap_or_default().max(arrow.at()))
            .max()
            .unwrap_or_default()
    }

    /// Those behind the first so many are beside what is counted.
    pub(super) fn uncount(&mut self, from: usize) {
        for arrow in &mut self.arrows[from..] {
            (arrow.counted, arrow.critical) = (false, false);
        }
    }

    fn peer(&mut self, peer: &Peer) -> usize {
        let known = self.peers.iter().position(|known| known == peer);
        1 + known.unwrap_or_else(|| {
            self.peers.push(peer.clone());
            self.peers.len() - 1
        })
    }

    fn push(&mut self, arrow: Arrow) {
        self.arrows.push(arrow);
    }

    /// The lanes and the arrows between them, in the order of time.
    pub(super) fn laid_out(mut self, most: usize) -> (Vec<Lane>, Vec<Arrow>) {
        let (lanes, places) = lanes(&self.peers, most);
        // Stable: what has one stamp stays in the order it was made in.
        self.arrows.sort_by_key(Arrow::at);
        let place = |peer: usize| peer.checked_sub(1).map_or(0, |peer| places[peer]);
        for (id, arrow) in self.arrows.iter_mut().enumerate() {
            (arrow.id, arrow.from, arrow.to) = (id, place(arrow.from), place(arrow.to));
        }
        (lanes, self.arrows)
    }
}

fn arrow(sketch: Sketch) -> Arrow {
    let Sketch { label, fate, until, source, counted, critical } = sketch;
    Arrow {
        id: 0,
        from: 0,
        to: 0,
        sent: None,
        received: None,
        until,
        label,
        fate,
        counted,
        critical,
        source,
        findings: Vec::new(),
    }
}

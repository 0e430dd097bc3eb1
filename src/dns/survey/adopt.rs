//! The frame of a survey: everybody is asked side by side, and what came is taken into the record of the
//! resolution before it.

use futures_util::{StreamExt, stream};

use crate::dns::lanes::stopped::cut_off;
use crate::dns::transport::log::Log;
use crate::stop::{Stop, Stopped};
use crate::trace::{Dns, Meaning};

/// What was heard before the end, or before a stop.
pub(crate) struct Heard<T> {
    /// In the order of those asked.
    pub(crate) seen: Vec<T>,
    /// How many were to be asked.
    pub(crate) all: usize,
    pub(crate) stopped: Option<Stopped>,
}

/// Finds out whom to ask, and asks them, so many at the same time.
pub(crate) async fn ask_each<I, T, F: Future<Output = T>>(
    stop: &Stop,
    at_once: usize,
    whom: impl Future<Output = Vec<I>>,
    ask: impl Fn(I) -> F,
) -> Heard<T> {
    let (mut seen, mut all) = (Vec::new(), 0);
    let work = async {
        // So that nothing is sent when all is over already.
        tokio::task::yield_now().await;
        let whom = whom.await;
        all = whom.len();
        let ask = |(index, one)| {
            let asked = ask(one);
            async move { (index, asked.await) }
        };
        let mut running = stream::iter(whom.into_iter().enumerate()).map(ask).buffer_unordered(at_once);
        while let Some(one) = running.next().await {
            seen.push(one);
        }
    };
    let stopped = stop.within(None, work).await.err();
    seen.sort_by_key(|(index, _)| *index);
    Heard { seen: seen.into_iter().map(|(_, one)| one).collect(), all, stopped }
}

/// What a stop left of a survey.
pub(crate) fn cut_short(what: &str, by: Stopped, done: usize, all: usize) -> String {
    let by = match by {
        Stopped::Interrupted => "Ctrl-C",
        Stopped::Part(_) => "the limit of its part",
        Stopped::MaxTime | Stopped::Limit => "--max-time",
    };
    match all {
        0 => format!("{what} was ended by {by} before it began"),
        all => format!("{what} was ended by {by}: {done} of {all} had been asked to the end"),
    }
}

/// Ends the packets of a log and appends them, and its notes, to a record; returns the id of the first.
pub(crate) fn adopt(dns: &mut Dns, log: &Log, stopped: Option<Stopped>) -> usize {
    log.end_all(&stopped.map_or(Meaning::Superseded, cut_off));
    let first = dns.packets.len();
    for mut packet in log.packets() {
        packet.parent = packet.parent.map(|parent| parent + first);
        dns.packets.push(packet);
    }
    for note in log.notes() {
        if !dns.notes.contains(&note) {
            dns.notes.push(note);
        }
    }
    first
}

//! What a survey saw, taken into the record of the resolution it came after.

use crate::dns::transport::log::Log;
use crate::stop::Stopped;
use crate::trace::{Dns, Meaning, StoppedBy};

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
    log.end_all(&match stopped {
        None => Meaning::Superseded,
        Some(Stopped::Interrupted) => Meaning::Stopped(StoppedBy::Interrupt),
        Some(Stopped::Part(_)) => Meaning::Stopped(StoppedBy::Part),
        Some(Stopped::MaxTime | Stopped::Limit) => Meaning::Stopped(StoppedBy::MaxTime),
    });
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

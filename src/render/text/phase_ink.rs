//! The colour of a phase, the same in every drawing.

use super::ink::Ink;
use crate::diff::Part;
use crate::timeline::Phase;

/// That of a part of a run.
pub(super) const fn part_ink(part: Part) -> Ink {
    match part {
        Part::Phase(phase) => phase_ink(phase),
        Part::Unaccounted => Ink::Faint,
        Part::Total => Ink::Strong,
    }
}

pub(super) const fn phase_ink(phase: Phase) -> Ink {
    match phase {
        Phase::Queue => Ink::Faint,
        Phase::Dns => Ink::Dns,
        Phase::Connect | Phase::Proxy => Ink::Connect,
        Phase::Tls | Phase::Quic => Ink::Tls,
        Phase::Send => Ink::Send,
        Phase::Wait => Ink::Wait,
        Phase::Receive => Ink::Receive,
    }
}

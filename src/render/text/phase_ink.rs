//! The colour of a phase, the same in every drawing.

use super::ink::Ink;
use crate::timeline::Phase;

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

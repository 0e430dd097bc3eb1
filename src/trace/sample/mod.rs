//! Traces made by hand, for the tests of everything that reads a trace.
//!
//! The fixtures are built from one good run ([`success`]), and each says in its doc what it shows;
//! [`sound`] is the one that no rule has anything to say of. Nothing here measures; the stamps are
//! chosen so that each phase has its own number.

mod connection;
mod dnssec;
mod exchange;
mod fixtures;
mod further;
mod hop;
mod hostile;
mod lookup;
mod packet;
mod paged;
mod proxy;
mod quic;
mod slow_start;
mod sound;
mod waited;

pub(crate) use dnssec::dnssec;
pub(crate) use fixtures::{alias, all, garbage, redirects, success};
pub(crate) use further::{further, further_failed};
pub(crate) use hostile::hostile;
pub(crate) use paged::{
    Asked, ask, image, page_of, paged, reasked, redirect_to, resource, script, set, style, visited_twice,
};
pub(crate) use proxy::put_behind_proxy;
pub(crate) use quic::go_by_quic;
pub(crate) use slow_start::slow_start;
pub(crate) use sound::{
    connect, dns, field, header, http, packet, server, sound, stub, tls, unset, walk_met,
};
pub(crate) use waited::waited;

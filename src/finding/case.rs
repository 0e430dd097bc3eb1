//! Whether a name server compares names with their case: what shows it, and which packets it explains. No rule
//! itself.

use super::asked::{Spot, is_of_the_walk, same_question};
use crate::trace::{Choice, Dns, Meaning, Packet, Spelling, Transport};
use crate::units::count;

/// An error may be gone at the next try, whatever the case: it takes several to tell.
const ERRORS: usize = 2;

/// What this packet shows of the server's comparing names with their case; nothing where another in random case was
/// found there.
pub(super) fn sensitive(spot: Spot<'_>) -> Option<String> {
    let finds = |packet: &Packet| packet.server == spot.packet.server && is_found(packet);
    if spot.dns.packets.iter().any(finds) {
        return None;
    }
    denied(spot).or_else(|| dropped(spot))
}

/// Whether the case of the name explains what this packet came to: then that is told, and not the packet.
pub(super) fn explains(spot: Spot<'_>) -> bool {
    let packets = || spot.dns.packets.iter().enumerate();
    let is_check = |other: &Packet| other.chosen == Choice::PlainCase && other.parent == Some(spot.index);
    let is_random = spot.packet.spelling == Spelling::Random;
    let is_undone = packets().all(|(_, other)| !is_check(other) || improved(spot.dns, other).is_some());
    let is_told = |(index, packet): (usize, &_)| sensitive(Spot { index, packet, ..spot }).is_some();
    is_random && is_undone && packets().filter(|other| other.1.server == spot.packet.server).any(is_told)
}

/// Whether a name in random case was found.
fn is_found(packet: &Packet) -> bool {
    let meaning = &packet.meaning;
    let is_positive =
        matches!(meaning, Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::Referral { .. });
    packet.spelling == Spelling::Random && is_positive
}

/// The same server did better in plain case.
fn denied(spot: Spot<'_>) -> Option<String> {
    let (before, now) = improved(spot.dns, spot.packet)?;
    let is_denial = matches!(before.meaning, Meaning::NxDomain(_) | Meaning::NoData(_));
    let same = |other: &&Packet| other.server == now.server && improved(spot.dns, other).is_some();
    if !is_denial && spot.dns.packets.iter().filter(same).count() < ERRORS {
        return None;
    }
    let what = match &before.meaning {
        Meaning::NxDomain(_) => "NXDOMAIN".into(),
        Meaning::NoData(_) => "no data".into(),
        _ => before.reply.as_ref().map_or("an error".into(), |reply| reply.rcode.mnemonic()),
    };
    Some(format!("it answered {what} to {} in random case, and has it in plain case", now.qname))
}

/// A reply in random case, and a better one in plain case.
fn improved<'d>(dns: &'d Dns, now: &'d Packet) -> Option<(&'d Packet, &'d Packet)> {
    let before = dns.packets.get(now.parent?)?;
    let is_check = now.chosen == Choice::PlainCase && now.spelling == Spelling::Plain && is_of_the_walk(now);
    let is_better = match (&before.meaning, &now.meaning) {
        (Meaning::NxDomain(_), Meaning::NoData(_)) => true,
        (_, Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::Referral { .. }) => true,
        (before, now) => !before.is_useful() && now.is_useful(),
    };
    (is_check && is_better).then_some((before, now))
}

/// A question in plain case was answered, and those in random case, one of them the same but for the case and right
/// behind it, were not.
fn dropped(spot: Spot<'_>) -> Option<String> {
    let (dns, packet) = (spot.dns, spot.packet);
    let is_plain = packet.spelling == Spelling::Plain && packet.transport == Transport::Udp;
    if !is_of_the_walk(packet) || packet.chosen != Choice::Again || !is_plain || !packet.meaning.is_useful() {
        return None;
    }
    let random = || {
        let of = |other: &&(usize, &Packet)| {
            other.1.server == packet.server && other.1.spelling == Spelling::Random
        };
        dns.packets.iter().enumerate().filter(move |other| of(&other))
    };
    let all = random().count();
    let is_dropped = random().all(|(_, other)| other.received.is_none());
    let is_behind = random().any(|(index, other)| {
        index > spot.index && same_question(other, packet) && other.edns == packet.edns
    });
    (is_dropped && is_behind)
        .then(|| format!("{} in random case had no reply, and one in plain case had", count(all, "question")))
}

//! Server selection (RFC 1034 §5.3.3 step 2; knot's selection): in which order the addresses of a zone's
//! servers are asked. Not when the next one is asked beside a slow one: that is the race's part.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Zone;
use crate::dns::cache::infra::Standing;
use crate::dns::cache::network::Network;
use crate::dns::context::Context;
use crate::trace::AddressSource;

/// An address that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: Name,
    pub(crate) address: SocketAddr,
    pub(crate) source: AddressSource,
    /// Whether it stands where it stands because it was fast before.
    pub(crate) measured: bool,
    /// Whether it was silent before, or of no use: it is asked after all others.
    pub(crate) is_last: bool,
}

/// The addresses of a zone that were not tried yet, in the order to ask them.
pub(crate) fn order(context: &Context, zone: &Zone, tried: &HashSet<SocketAddr>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for server in zone.servers.borrow().iter() {
        for (address, source) in &server.addresses {
            if !tried.contains(address)
                && context.plan.server_family.admits(address.ip())
                && !candidates.iter().any(|known| known.address == *address)
            {
                let (name, address, source) = (server.name.clone(), *address, *source);
                candidates.push(Candidate { name, address, source, measured: false, is_last: false });
            }
        }
    }
    let mut candidates = interleave(candidates);
    let standing = |candidate: &Candidate| match context.infra.standing(candidate.address, &zone.name) {
        // The root is asked in the hints' order: any of its instances may be near.
        Standing::Answers(_) if zone.name.is_root() => Standing::Unknown,
        standing => standing,
    };
    for candidate in &mut candidates {
        let standing = standing(candidate);
        candidate.measured = matches!(standing, Standing::Answers(_));
        candidate.is_last = !matches!(standing, Standing::Answers(_) | Standing::Unknown);
    }
    candidates.sort_by_key(standing);
    candidates
}

/// Takes the candidate to ask beside those asked already: another host before another address of one of them, a
/// family that replies come from, another network.
pub(crate) fn take_next(
    queue: &mut VecDeque<Candidate>,
    asked: &[&Candidate],
    network: &Network,
) -> Option<Candidate> {
    let is_in_vain = |candidate: &Candidate| {
        let six = candidate.address.is_ipv6();
        let is_heard = network.has_heard(candidate.address);
        !is_heard && asked.iter().any(|one| one.address.is_ipv6() == six || network.has_heard(one.address))
    };
    let rank = |candidate: &Candidate| {
        let is_known = |same: &dyn Fn(&Candidate) -> bool| asked.iter().any(|one| same(one));
        (
            candidate.is_last,
            is_known(&|one| one.name == candidate.name),
            is_in_vain(candidate),
            is_known(&|one| network_of(one.address) == network_of(candidate.address)),
        )
    };
    let (best, _) = queue.iter().enumerate().min_by_key(|(_, candidate)| rank(candidate))?;
    queue.remove(best)
}

/// The network of an address, as far as one can tell: what is announced as one at least.
fn network_of(address: SocketAddr) -> (bool, Vec<u8>) {
    match address.ip() {
        IpAddr::V4(address) => (false, address.octets()[..3].to_vec()),
        IpAddr::V6(address) => (true, address.octets()[..6].to_vec()),
    }
}

/// Families in turn, IPv4 first, each in the order given.
fn interleave(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let (v4, v6): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|known| known.address.is_ipv4());
    let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
    let mut mixed = Vec::new();
    loop {
        let pair = [v4.next(), v6.next()];
        if pair.iter().all(Option::is_none) {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::dns::cache::delegations::{Lookup, Server};
    use crate::dns::cache::root_hints::Hints;
    use crate::dns::wire::name::parse_name;
    use crate::hosts::Hosts;
    use crate::plan::DnsPlan;
    use std::time::Duration;

    fn context() -> Context {
        Context::new(DnsPlan::default(), Hints::load(None, 53).unwrap(), Hosts::default())
    }

    fn zone(addresses: &[&str]) -> Zone {
        let servers = addresses
            .iter()
            .enumerate()
            .map(|(index, address)| Server {
                name: parse_name(&format!("ns{index}.test")).unwrap(),
                addresses: vec![(address.parse().unwrap(), AddressSource::GlueInDomain)],
                lookup: Lookup::NotMade,
            })
            .collect();
        Zone::new(parse_name("test").unwrap(), servers, Some(0), Some(1))
    }

    fn asked(context: &Context, zone: &Zone) -> Vec<String> {
        order(context, zone, &HashSet::new()).iter().map(|server| server.address.to_string()).collect()
    }

    #[test]
    fn the_root_is_asked_in_the_hints_order_families_in_turn() {
        let context = context();
        let root = context.delegations.above(&parse_name("www.test").unwrap(), Moment::now()).remove(0);
        let first = asked(&context, &root);
        assert_eq!(
            first[..4],
            ["198.41.0.4:53", "[2001:503:ba3e::2:30]:53", "170.247.170.2:53", "[2801:1b8:10::b]:53"]
        );
        context.infra.measured("[2801:1b8:10::b]:53".parse().unwrap(), Duration::from_millis(1));
        assert_eq!(asked(&context, &root), first, "a fast one does not move ahead");
        context.infra.missed("198.41.0.4:53".parse().unwrap());
        assert_eq!(asked(&context, &root).last().unwrap(), "198.41.0.4:53");
    }

    #[test]
    fn the_fastest_known_server_goes_first_and_a_lame_one_last() {
        let context = context();
        let zone = zone(&["192.0.2.1:53", "192.0.2.2:53", "[2001:db8::3]:53", "192.0.2.4:53"]);
        assert_eq!(
            asked(&context, &zone),
            ["192.0.2.1:53", "[2001:db8::3]:53", "192.0.2.2:53", "192.0.2.4:53"]
        );
        context.infra.measured("192.0.2.4:53".parse().unwrap(), Duration::from_millis(9));
        context.infra.measured("192.0.2.2:53".parse().unwrap(), Duration::from_millis(20));
        context.infra.lame("192.0.2.1:53".parse().unwrap(), &zone.name);
        assert_eq!(
            asked(&context, &zone),
            ["192.0.2.4:53", "192.0.2.2:53", "[2001:db8::3]:53", "192.0.2.1:53"]
        );
        assert!(order(&context, &zone, &HashSet::new())[0].measured);
        let tried = HashSet::from(["192.0.2.4:53".parse().unwrap()]);
        assert_eq!(order(&context, &zone, &tried).len(), 3);
    }
}

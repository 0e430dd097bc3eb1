//! Server selection: in which order the addresses of a zone are asked.

use std::net::SocketAddr;

use hickory_resolver::proto::rr::Name;

use crate::trace::AddressSource;

/// An address that can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: Name,
    pub(crate) address: SocketAddr,
    pub(crate) source: AddressSource,
    /// Whether it stands where it stands because it was fast before.
    pub(crate) measured: bool,
}

/// Families in turn, IPv4 first, each in the order given.
pub(crate) fn interleave(candidates: Vec<Candidate>) -> Vec<Candidate> {
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

//! The NS RRset of a zone's apex (RFC 9499 §7), where a reply of its servers tells it unasked.
//!
//! Many servers add their NS set to an answer (RFC 1034 §4.3.2), some its addresses, too. It costs no
//! question, decides nothing here and is only compared with what the parent said.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Reply};
use crate::dns::wire::name::name_text;
use crate::trace::{ChildSide, MAX_SERVER_ADDRESSES, MAX_SERVERS};

/// The NS set of `zone` in an answer with authority from one of its servers.
pub(crate) fn read(reply: &Reply, zone: &Name, packet: usize) -> Option<ChildSide> {
    if !reply.header.authoritative || zone.is_root() {
        return None;
    }
    let mut child = ChildSide { told_by: Some(packet), servers: Vec::new(), addresses: Vec::new(), ttl: 0 };
    for rr in reply.answers.iter().chain(&reply.authorities).filter(|rr| rr.name == *zone) {
        let Data::Ns(server) = &rr.data else { continue };
        let server = name_text(server);
        if child.servers.len() < MAX_SERVERS && !child.servers.contains(&server) {
            child.servers.push(server);
            child.ttl = rr.ttl;
        }
    }
    for rr in &reply.additionals {
        let Data::Address(address) = rr.data else { continue };
        let owner = name_text(&rr.name);
        // It may speak of what lies in it, and of nothing else.
        let named = child.servers.iter().any(|server| server.eq_ignore_ascii_case(&owner));
        if named && zone.zone_of(&rr.name) && child.addresses.len() < MAX_SERVER_ADDRESSES {
            child.addresses.push((owner, address));
        }
    }
    (!child.servers.is_empty()).then_some(child)
}

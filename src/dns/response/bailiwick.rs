//! Records out of bailiwick (RFC 9499 §7), over which the server has no say: listed, never believed.
//!
//! Pure. A server is asked as a server of one zone and speaks for that zone and what lies below it
//! (its bailiwick); other owners are either help that was well meant or an attempt at poisoning.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Reply, Rr};
use crate::trace::{MAX_UNTRUSTED, Record, RecordType};

/// The records of a reply that lie outside `zone`: all answers, and the NS, SOA and address records
/// of the other sections.
pub(crate) fn untrusted(reply: &Reply, zone: &Name) -> Vec<Record> {
    let beside = reply.authorities.iter().chain(&reply.additionals);
    let beside = beside.filter(|rr| {
        matches!(rr.data, Data::Ns(_) | Data::Soa(_) | Data::Address(_)) || rr.rtype == RecordType::CNAME
    });
    let all = reply.answers.iter().chain(beside);
    all.filter(|rr| !zone.zone_of(&rr.name)).take(MAX_UNTRUSTED).map(Rr::record).collect()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::{RData, RecordType as WireType};

    use super::*;
    use crate::dns::wire::name::parse_name;
    use crate::trace::{Rcode, ReplyHeader};

    fn rr(name: &str, rtype: RecordType, data: Data) -> Rr {
        Rr { name: parse_name(name).unwrap(), rtype, ttl: 60, data }
    }

    fn address(name: &str) -> Rr {
        rr(name, RecordType::A, Data::Address("192.0.2.1".parse().unwrap()))
    }

    fn reply(answers: Vec<Rr>, authorities: Vec<Rr>, additionals: Vec<Rr>) -> Reply {
        let header = ReplyHeader {
            rcode: Rcode::NOERROR,
            authoritative: true,
            truncated: false,
            recursion_desired: false,
            recursion_available: false,
            authentic_data: false,
            answers: answers.len(),
            authorities: authorities.len(),
            additionals: additionals.len(),
            edns_size: None,
            nsid: None,
            extended_errors: Vec::new(),
        };
        Reply { header, answers, authorities, additionals }
    }

    #[test]
    fn only_what_lies_outside_the_zone_is_listed() {
        let zone = parse_name("example.test").unwrap();
        let evil = parse_name("ns.evil.test").unwrap();
        let other = Data::Other(Box::new(RData::Update0(WireType::NSEC)));
        let reply = reply(
            vec![address("www.example.test"), address("www.cdn.test")],
            vec![rr("test", RecordType::NS, Data::Ns(evil)), rr("deep.test", RecordType(47), other)],
            vec![address("ns1.example.test"), address("ns.evil.test")],
        );
        let names: Vec<String> = untrusted(&reply, &zone).into_iter().map(|record| record.name).collect();
        assert_eq!(names, ["www.cdn.test.", "test.", "ns.evil.test."]);
        assert_eq!(untrusted(&reply, &Name::root()), [], "the root has a say over everything");
    }

    #[test]
    fn a_flood_is_cut() {
        let flood = reply(Vec::new(), Vec::new(), (0..100).map(|_| address("a.evil.test")).collect());
        assert_eq!(untrusted(&flood, &parse_name("example.test").unwrap()).len(), MAX_UNTRUSTED);
    }
}

//! A name server denies a whole name (NXDOMAIN) when it is asked for a type that the name does not have.

use super::asked::{Spot, is_of_the_walk, name, once_a_server, server};
use super::case;
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Denied, Meaning, Packet, ProofKind, RecordType, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-nxdomain-for-type",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server answered NXDOMAIN to one type of a name, and gave records of another type of it, or an NSEC that denies the type alone",
    standard: "RFC 4074 section 4.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let packet = spot.packet;
        if !is_of_the_walk(packet) || !matches!(packet.meaning, Meaning::NxDomain(_)) || case::explains(spot)
        {
            return None;
        }
        let Some((index, found)) = served(&spot) else { return empty(rule, spot) };
        let (qname, denied) = (&packet.qname, packet.qtype.mnemonic());
        let mut finding = rule.finding(
            format!(
                "{} says that {qname} does not exist when asked for {denied}, and has {found} records of it",
                server(packet)
            ),
            vec![spot.place(PacketField::Meaning), spot.place_at(index, PacketField::Meaning)],
            format!(
                "make {} answer types that a name does not have with NOERROR, no record and the SOA",
                name(packet)
            ),
        );
        finding.detail =
            "NXDOMAIN denies the name for every type (RFC 8020, RFC 4074 section 4.2): the name vanishes for whoever \
             asks a resolver that heard it"
                .to_owned();
        Some(finding)
    })
}

/// The zone's own proof is one of the type alone: the name has others, or names below it, or a wildcard is there for it. By
/// NSEC, which tells that from one of the name; and nobody else's reply can be what was proved.
fn empty(rule: &Rule, spot: Spot<'_>) -> Option<Finding> {
    let (packet, dnssec) = (spot.packet, spot.dns.dnssec.as_ref()?);
    dnssec.denials.iter().find(|denial| {
        denial.name.eq_ignore_ascii_case(&packet.qname)
            && denial.what == Denied::Type(packet.qtype)
            && denial.proof == ProofKind::Nsec
    })?;
    let is_denial_of_type = |other: &Packet| {
        matches!(other.meaning, Meaning::NoData(_))
            && other.qtype == packet.qtype
            && other.qname.eq_ignore_ascii_case(&packet.qname)
    };
    if spot.dns.packets.iter().any(is_denial_of_type) {
        return None;
    }
    let mut finding = rule.finding(
        format!(
            "{} says that {} does not exist, and the NSEC it sends proves only that it has no {}",
            server(packet),
            packet.qname,
            packet.qtype.mnemonic()
        ),
        vec![spot.place(PacketField::Meaning)],
        format!(
            "make {} answer names that exist, or have names below them, with NOERROR, no record and the SOA",
            name(packet)
        ),
    );
    finding.detail =
        "NXDOMAIN denies what is below a name, too (RFC 8020). Resolvers that validate differ: BIND answers \
                      SERVFAIL to it, unbound takes the name for one without this type."
            .to_owned();
    Some(finding)
}

/// Records of the same name from the same server, and their type.
fn served(spot: &Spot<'_>) -> Option<(usize, String)> {
    let packet = spot.packet;
    let is_other = |other: &&(usize, &Packet)| {
        let (_, other) = **other;
        (other.server, &other.zone) == (packet.server, &packet.zone)
            && other.qname.eq_ignore_ascii_case(&packet.qname)
            && other.qtype != packet.qtype
            && is_of_the_walk(other)
    };
    let all: Vec<(usize, &Packet)> = spot.dns.packets.iter().enumerate().collect();
    all.iter().filter(is_other).find_map(|(index, other)| {
        let Meaning::Answer { records } = &other.meaning else { return None };
        let own = |record: &&crate::trace::Record| record.name.eq_ignore_ascii_case(&packet.qname);
        // An alias holds for every type: what is denied is its target.
        let record = records.iter().find(own).filter(|record| record.rtype != RecordType::CNAME)?;
        Some((*index, record.rtype.mnemonic().into_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Denial, Dnssec, DnssecVerdict, Negative, Record};

    #[test]
    fn fires_where_the_proof_says_that_the_name_is_there() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let qname = dns.packets[2].qname.clone();
        dns.packets[2].meaning =
            Meaning::NxDomain(Negative { zone: None, foreign_soa: None, ttl: None, rtype: None });
        let qtype = dns.packets[2].qtype;
        for (what, proof, times) in [
            (Denied::Name, ProofKind::Nsec, 0),
            (Denied::Type(qtype), ProofKind::Nsec, 1),
            (Denied::Type(qtype), ProofKind::Nsec3, 0),
        ] {
            let zone = "example.test.".to_owned();
            let denials = vec![Denial { name: qname.clone(), what, proof, zone }];
            let secure = Dnssec { denials, ..sample::dnssec(DnssecVerdict::Secure) };
            sample::dns(&mut trace).dnssec = Some(secure);
            assert_eq!(sample::of(&RULE, &trace).len(), times, "{what:?} {proof:?}");
            if times > 0 {
                // The proof may be of a reply that denies the type, as is right.
                let mut other = sample::dns(&mut trace).packets[2].clone();
                other.meaning =
                    Meaning::NoData(Negative { zone: None, foreign_soa: None, ttl: None, rtype: None });
                sample::dns(&mut trace).packets.push(other);
                assert!(sample::of(&RULE, &trace).is_empty());
                sample::dns(&mut trace).packets.pop();
            }
        }
    }

    #[test]
    fn fires_where_one_type_is_there_and_another_denies_the_name() {
        let mut trace = sample::sound();
        let negative = Negative { zone: None, foreign_soa: None, ttl: None, rtype: None };
        let dns = sample::dns(&mut trace);
        let record = |name: &str, rtype, data: &str| Record {
            name: name.to_owned(),
            rtype,
            ttl: 60,
            data: data.to_owned(),
        };
        let qname = dns.packets[2].qname.clone();
        dns.packets[2].meaning =
            Meaning::Answer { records: vec![record(&qname, RecordType::A, "192.0.2.1")] };
        let mut denial = dns.packets[2].clone();
        denial.qtype = RecordType::AAAA;
        denial.meaning = Meaning::NxDomain(negative);
        dns.packets.push(denial.clone());
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("when asked for AAAA, and has A records of it"),
            "{}",
            findings[0].title
        );
        // Of an alias the target is denied; and another name is another name.
        let dns = sample::dns(&mut trace);
        dns.packets[2].meaning =
            Meaning::Answer { records: vec![record(&qname, RecordType::CNAME, "web.example.test.")] };
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets[2].meaning =
            Meaning::Answer { records: vec![record(&qname, RecordType::A, "192.0.2.1")] };
        dns.packets.last_mut().unwrap().qname = "_8443._https.www.example.test.".to_owned();
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}

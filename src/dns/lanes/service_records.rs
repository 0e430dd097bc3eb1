//! An HTTPS RRset (RFC 9460 §2.4) sorted out: AliasMode or ServiceMode, and which records a client like ours can use.
//!
//! Pure. When they are asked for and what is done with them is the part of `service_binding`.

use std::net::IpAddr;

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Rr};
use crate::dns::wire::name::name_text;
use crate::dns::wire::svcb::{Service, key_text};
use crate::trace::{Record, ServiceRecord};

/// Records of one name that are looked at.
const MAX_RECORDS: usize = 16;

/// The record set of one name, sorted out.
#[derive(Debug)]
pub(crate) enum Mode {
    /// Nothing there.
    None,
    /// AliasMode (RFC 9460 §2.4.2): ServiceMode records beside it do not count.
    Alias { owner: Name, target: Name, shown: Record },
    /// Nothing that may be used, since one record cannot be read.
    Malformed { owner: Name, why: String, records: Vec<ServiceRecord> },
    /// ServiceMode, the best priority first.
    Services(Vec<Choice>),
}

/// A ServiceMode record.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) owner: Name,
    pub(crate) service: Service,
    pub(crate) record: ServiceRecord,
    /// As it stands among the answers.
    pub(crate) shown: Record,
}

/// Sorts out the records of one name for a client that speaks `protocols`.
pub(crate) fn sort_out(records: &[Rr], protocols: &[&str]) -> Mode {
    let services = || {
        records.iter().filter_map(|rr| match &rr.data {
            Data::Service(service) => Some((rr, &**service)),
            _ => None,
        })
    };
    // RFC 9460 §2.2: one malformed record makes the whole set unusable.
    let why = services().find_map(|(rr, service)| Some((rr, service.malformed.as_ref()?)));
    if let Some((rr, why)) = why {
        let of = |(rr, service): (&Rr, &Service)| {
            let why = service.malformed.as_ref().map_or_else(
                || "another record of its set is malformed (RFC 9460 section 2.2)".to_owned(),
                |why| format!("it is malformed: {why} (RFC 9460 section 2.2)"),
            );
            ServiceRecord { ignored: Some(why), ..choice(rr, service, protocols).record }
        };
        let records = services().take(MAX_RECORDS).map(of).collect();
        return Mode::Malformed { owner: rr.name.clone(), why: why.clone(), records };
    }
    if let Some((rr, alias)) = services().find(|(_, service)| service.priority == 0) {
        let (owner, target) = (rr.name.clone(), alias.target.clone());
        return Mode::Alias { owner, target, shown: rr.record() };
    }
    let mut found: Vec<Choice> =
        services().take(MAX_RECORDS).map(|(rr, service)| choice(rr, service, protocols)).collect();
    if found.is_empty() {
        return Mode::None;
    }
    found.sort_by_key(|choice| choice.service.priority);
    Mode::Services(found)
}

fn choice(rr: &Rr, service: &Service, protocols: &[&str]) -> Choice {
    let record = ServiceRecord {
        owner: name_text(&rr.name),
        priority: service.priority,
        target: name_text(&service.effective_target(&rr.name)),
        ttl: rr.ttl,
        alpn: service.alpn.clone(),
        default_alpn: !service.no_default_alpn,
        port: service.port,
        hints: service.hints.clone(),
        ech: service.ech,
        mandatory: service.mandatory.iter().map(|key| key_text(*key)).collect(),
        ignored: service.unusable(protocols),
        failed: None,
    };
    Choice { owner: rr.name.clone(), service: service.clone(), record, shown: rr.record() }
}

/// Where the addresses a record hints at differ from those that DNS gives: one sentence a family.
pub(crate) fn compare_hints(record: &ServiceRecord, addresses: &[IpAddr]) -> Vec<String> {
    let mut sentences = Vec::new();
    for (family, rtype) in [(IpAddr::is_ipv4 as fn(&IpAddr) -> bool, "A"), (IpAddr::is_ipv6, "AAAA")] {
        let of = |all: &[IpAddr]| -> Vec<IpAddr> { all.iter().copied().filter(family).collect() };
        let (hinted, known) = (of(&record.hints), of(addresses));
        let same = hinted.iter().all(|hint| known.contains(hint)) && known.len() == hinted.len();
        if hinted.is_empty() || known.is_empty() || same {
            continue;
        }
        let list = |all: &[IpAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        sentences.push(format!(
            "the HTTPS record of {} hints at {}, the {rtype} records of {} say {}: the records are used",
            record.owner,
            list(&hinted),
            record.target,
            list(&known)
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::svcb::{Alpn, EchConfigList, Mandatory, Unknown};

    use super::*;
    use crate::dns::wire::name::parse_name;
    use crate::trace::RecordType;
    use hickory_resolver::proto::rr::rdata::SVCB;
    use hickory_resolver::proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};
    use hickory_resolver::proto::serialize::binary::BinEncodable;

    fn rr(priority: u16, target: &str, params: Vec<(SvcParamKey, SvcParamValue)>) -> Rr {
        let svcb = SVCB::new(priority, parse_name(target).unwrap(), params);
        Rr {
            name: parse_name("www.example.test").unwrap(),
            rtype: RecordType::HTTPS,
            ttl: 300,
            data: Data::Service(Box::new(Service::parse(&svcb.to_bytes().unwrap()))),
        }
    }

    fn alpn(ids: &[&str]) -> (SvcParamKey, SvcParamValue) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(ids)))
    }

    const BOTH: &[&str] = &["h2", "http/1.1"];

    fn records(rrs: &[Rr]) -> Vec<ServiceRecord> {
        match sort_out(rrs, BOTH) {
            Mode::Services(found) => found.into_iter().map(|choice| choice.record).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_lowest_priority_comes_first_and_the_dot_stands_for_the_owner() {
        let found = records(&[rr(20, "b.test", vec![]), rr(1, ".", vec![alpn(&["h2"])])]);
        assert_eq!(found[0].priority, 1);
        assert_eq!(found[0].target, "www.example.test.");
        assert_eq!((found[1].target.as_str(), &found[1].ignored), ("b.test.", &None));
    }

    #[test]
    fn an_alias_outweighs_services() {
        let mode = sort_out(&[rr(1, ".", vec![]), rr(0, "cdn.test", vec![])], BOTH);
        assert!(matches!(mode, Mode::Alias { target, .. } if name_text(&target) == "cdn.test."));
        assert!(matches!(sort_out(&[], BOTH), Mode::None));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let no_default = (SvcParamKey::NoDefaultAlpn, SvcParamValue::NoDefaultAlpn);
        let mandatory = |key| (SvcParamKey::Mandatory, SvcParamValue::Mandatory(Mandatory(vec![key])));
        let unknown = |key| (SvcParamKey::from(key), SvcParamValue::Unknown(Unknown(vec![1])));
        let why = |params| records(&[rr(1, ".", params)]).remove(0).ignored.unwrap_or_default();
        assert_eq!(why(vec![alpn(&["h3"])]), "", "http/1.1 is offered though it is not listed");
        assert!(why(vec![alpn(&["h3"]), no_default.clone()]).contains("h3 only"));
        assert!(why(vec![no_default]).contains("no-default-alpn without alpn"));
        assert!(why(vec![mandatory(SvcParamKey::from(7)), unknown(7)]).contains("key7"));
        let ech = SvcParamValue::EchConfigList(EchConfigList(vec![0, 0]));
        let ech = (SvcParamKey::EchConfigList, ech);
        assert!(why(vec![mandatory(SvcParamKey::EchConfigList), ech]).contains("ech"));
        assert_eq!(why(vec![mandatory(SvcParamKey::Alpn), alpn(&["h2"])]), "");
        assert_eq!(why(vec![unknown(7)]), "", "an unknown key that is not mandatory is nothing");
        assert!(why(vec![(SvcParamKey::Port, SvcParamValue::Port(0))]).contains("port is 0"));
    }

    #[test]
    fn one_malformed_record_makes_the_whole_set_unusable() {
        let malformed = Rr {
            data: Data::Service(Box::new(Service::parse(&[
                0, 2, 0, 0, 3, 0, 2, 0, 9, 0, 1, 0, 3, 2, b'h', b'2',
            ]))),
            ..rr(2, ".", vec![])
        };
        for set in [
            vec![rr(1, ".", vec![alpn(&["h2"])]), malformed.clone()],
            vec![rr(0, "cdn.test", vec![]), malformed],
        ] {
            let Mode::Malformed { why, records, .. } = sort_out(&set, BOTH) else { panic!("{set:?}") };
            assert_eq!(why, "its keys do not increase: alpn follows port");
            let ignored: Vec<_> = records.iter().map(|record| record.ignored.clone().unwrap()).collect();
            assert!(ignored[0].starts_with("another record of its set is malformed"), "{ignored:?}");
            assert!(ignored[1].starts_with("it is malformed: its keys do not increase"), "{ignored:?}");
        }
    }

    #[test]
    fn hints_are_compared_family_by_family() {
        let hints = |hints: &[&str]| ServiceRecord {
            hints: hints.iter().map(|hint| hint.parse().unwrap()).collect(),
            ..ServiceRecord::default()
        };
        let known: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(compare_hints(&hints(&[]), &known).len(), 0);
        assert_eq!(compare_hints(&hints(&["192.0.2.1", "2001:db8::1"]), &known).len(), 0);
        assert_eq!(compare_hints(&hints(&["192.0.2.9"]), &known).len(), 1);
        assert_eq!(compare_hints(&hints(&["2001:db8::9"]), &known[..1]).len(), 0, "nothing to compare with");
    }
}

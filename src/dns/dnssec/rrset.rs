//! RRsets (RFC 9499 §5) of a reply, and where a CNAME or DNAME among them leads.

use std::collections::BTreeMap;

use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::dns::wire::name::name_text;
use crate::trace::RecordType;

pub(crate) fn cname_target(set: &RrSet<'_>) -> Option<Name> {
    set.records.iter().find_map(|record| match &record.data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    })
}

/// RFC 6672 §2.2.
pub(crate) fn substituted(name: &Name, dname: &RrSet<'_>) -> Option<Name> {
    let target = dname.records.iter().find_map(|record| match &record.data {
        RData::Unknown { code: WireType::DNAME, rdata } => {
            Name::read(&mut BinDecoder::new(&rdata.anything)).ok()
        }
        _ => None,
    })?;
    let kept = name.iter().len().saturating_sub(dname.owner.iter().len());
    Name::from_labels(name.iter().take(kept).chain(target.iter())).ok()
}

/// The records of one owner and type, and the signatures over them.
#[derive(Clone, Debug)]
pub(crate) struct RrSet<'a> {
    pub(crate) owner: &'a Name,
    pub(crate) rtype: WireType,
    pub(crate) records: Vec<&'a Record>,
    pub(crate) signatures: Vec<&'a RRSIG>,
}

impl RrSet<'_> {
    /// Owner and type, in words.
    pub(crate) fn subject(&self) -> String {
        format!("{} {}", name_text(self.owner), RecordType(u16::from(self.rtype)).mnemonic())
    }
}

/// Sorts a section into record sets. Signatures over records that are not there are nothing.
pub(crate) fn record_sets(section: &[Record]) -> Vec<RrSet<'_>> {
    let mut sets: BTreeMap<(&Name, u16), RrSet<'_>> = BTreeMap::new();
    let plain = section.iter().filter(|record| record.dns_class == DNSClass::IN);
    for record in plain.clone().filter(|record| record.record_type() != WireType::RRSIG) {
        let rtype = record.record_type();
        let set = sets.entry((&record.name, u16::from(rtype))).or_insert_with(|| RrSet {
            owner: &record.name,
            rtype,
            records: Vec::new(),
            signatures: Vec::new(),
        });
        set.records.push(record);
    }
    for record in plain {
        if let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = &record.data {
            let covered = u16::from(signature.input().type_covered);
            if let Some(set) = sets.get_mut(&(&record.name, covered)) {
                set.signatures.push(signature);
            }
        }
    }
    sets.into_values().collect()
}

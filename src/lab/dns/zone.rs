//! A zone: its text made into record sets, and the answer to a question about it.
//!
//! Pure: no sockets, no times, no faults. Referrals are as a real authoritative server gives them
//! (AA=0, NS in authority, whatever addresses the zone holds as glue), which ready-made server
//! libraries were found not to do. What DNSSEC adds to an answer is `signing`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::{CNAME, NULL};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable};
use hickory_resolver::proto::serialize::txt::Parser;

use super::signer::Signer;

/// CNAMEs that are followed inside one zone for one answer.
const MAX_CHAIN: usize = 16;

/// One zone.
#[derive(Debug)]
pub(crate) struct Zone {
    /// Its apex, lower case.
    pub(crate) origin: Name,
    /// By owner in canonical order (RFC 4034 §6.1), so that what lies below a name follows it.
    names: BTreeMap<Name, BTreeMap<RecordType, Vec<Record>>>,
    /// Its keys; `None` for a zone that is not signed.
    pub(crate) signer: Option<Signer>,
}

/// How an answer ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// With records of the wanted type.
    #[default]
    Found,
    /// With the servers of a zone below.
    Referral,
    /// With a no: the name does not exist, or not with this type.
    Negative,
    /// With a CNAME that points out of this zone, to this name.
    Leaves(Name),
    /// With a CNAME that points to a name that was passed before.
    Loop,
}

/// The parts of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) end: End,
    pub(crate) rcode: ResponseCode,
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
}

impl Zone {
    /// Reads a zone from its text (RFC 1035 §5). `origin` ends in a dot.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, String> {
        let name = Name::from_str(origin).map_err(|error| format!("zone {origin}: {error}"))?;
        // The library's zone text has no DNAME (RFC 6672).
        let (dnames, text): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.contains(" IN DNAME "));
        let text = text.join("\n") + "\n";
        let (origin, sets) =
            Parser::new(text, None, Some(name)).parse().map_err(|error| format!("zone {origin}: {error}"))?;
        let mut names: BTreeMap<Name, BTreeMap<RecordType, Vec<Record>>> = BTreeMap::new();
        for record in sets.values().flat_map(|set| set.records_without_rrsigs()) {
            let types = names.entry(record.name.to_lowercase()).or_default();
            types.entry(record.record_type()).or_default().push(record.clone());
        }
        for record in dnames.into_iter().filter_map(|line| dname(line, &origin)) {
            let types = names.entry(record.name.to_lowercase()).or_default();
            types.entry(RecordType::DNAME).or_default().push(record);
        }
        Ok(Self { origin: origin.to_lowercase(), names, signer: None })
    }

    /// Adds a record that is not in the zone's text.
    pub(crate) fn add(&mut self, record: Record) {
        let types = self.names.entry(record.name.to_lowercase()).or_default();
        types.entry(record.record_type()).or_default().push(record);
    }

    /// Takes over what another zone holds.
    #[cfg(test)]
    pub(crate) fn merge(&mut self, other: Self) {
        let records = other.names.into_values().flat_map(BTreeMap::into_values).flatten();
        records.for_each(|record| self.add(record));
    }

    /// The record set of `owner` and `kind`; empty when there is none.
    pub(crate) fn records(&self, owner: &Name, kind: RecordType) -> Vec<Record> {
        self.names.get(owner).and_then(|types| types.get(&kind)).cloned().unwrap_or_default()
    }

    /// What is said of a name that does not exist.
    pub(crate) fn nothing(&self) -> Answer {
        let authorities = self.records(&self.origin, RecordType::SOA);
        Answer { end: End::Negative, rcode: ResponseCode::NXDomain, authorities, ..Answer::default() }
    }

    /// Answers a question whose name lies in this zone.
    pub(crate) fn answer(&self, name: &Name, kind: RecordType) -> Answer {
        let mut answer = Answer::default();
        let mut owner = name.to_lowercase();
        let mut passed = vec![owner.clone()];
        loop {
            if let Some(cut) = self.cut_above(&owner, kind) {
                if passed.len() == 1 {
                    self.refer(&cut, &mut answer);
                } else {
                    answer.end = End::Leaves(owner);
                }
                return answer;
            }
            let found = self.matching(&owner, kind);
            if !found.is_empty() {
                answer.additionals = self.addresses_of_targets(&found);
                answer.answers.extend(found);
                return answer;
            }
            let alias = match self.renamed(&owner) {
                Some((dname, cname)) => {
                    answer.answers.push(dname);
                    let Some(cname) = cname else {
                        // RFC 6672 §2.2.
                        answer.rcode = ResponseCode::YXDomain;
                        return answer;
                    };
                    vec![cname]
                }
                None => self.matching(&owner, RecordType::CNAME),
            };
            let Some(target) = alias.iter().find_map(cname_target) else {
                self.deny(&owner, &mut answer);
                return answer;
            };
            answer.answers.extend(alias);
            if !self.origin.zone_of(&target) {
                answer.end = End::Leaves(target);
                return answer;
            }
            if passed.contains(&target) || passed.len() > MAX_CHAIN {
                answer.end = End::Loop;
                return answer;
            }
            passed.push(target.clone());
            owner = target;
        }
    }

    /// The DNAME above a name, and the CNAME that follows from it (RFC 6672 §3.1), unless it is too long.
    fn renamed(&self, name: &Name) -> Option<(Record, Option<Record>)> {
        let labels = name.iter().count();
        let above = (self.origin.iter().count()..labels).rev().map(|count| name.trim_to(count));
        let dname = above.flat_map(|above| self.records(&above, RecordType::DNAME)).next()?;
        let RData::Unknown { rdata, .. } = &dname.data else { return None };
        let target = Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?;
        let kept = labels - dname.name.iter().count();
        let target = Name::from_labels(name.iter().take(kept).chain(target.iter())).ok();
        let cname =
            target.map(|target| Record::from_rdata(name.clone(), dname.ttl, RData::CNAME(CNAME(target))));
        Some((dname, cname))
    }

    /// The servers of this zone, and those of their addresses that it holds: what many servers add
    /// to their answers (RFC 1034 §4.3.2).
    pub(crate) fn servers(&self) -> (Vec<Record>, Vec<Record>) {
        let servers = self.records(&self.origin, RecordType::NS);
        let addresses = self.addresses_of_targets(&servers);
        (servers, addresses)
    }

    /// The highest zone cut at or above `name`, below the apex. The DS set of a cut belongs to this
    /// side of it (RFC 4035 §3.1.4.1), so a question for it is not referred.
    fn cut_above(&self, name: &Name, kind: RecordType) -> Option<Name> {
        let apex = self.origin.iter().count();
        (apex + 1..=name.iter().count())
            .map(|labels| name.trim_to(labels))
            .find(|cut| self.names.get(cut).is_some_and(|types| types.contains_key(&RecordType::NS)))
            .filter(|cut| !(kind == RecordType::DS && cut == name))
    }

    fn refer(&self, cut: &Name, answer: &mut Answer) {
        answer.end = End::Referral;
        answer.authorities = self.records(cut, RecordType::NS);
        answer.additionals = self.addresses_of_targets(&answer.authorities);
        if self.signer.is_none() {
            // Where there are signatures, `signing` adds it to them.
            answer.authorities.extend(self.records(cut, RecordType::DS));
        }
    }

    fn deny(&self, owner: &Name, answer: &mut Answer) {
        // An empty non-terminal exists: something lies below it (RFC 8020 §2).
        let exists = self.exists(owner) || self.source_of(owner) != *owner;
        answer.end = End::Negative;
        answer.rcode = if exists { ResponseCode::NoError } else { ResponseCode::NXDomain };
        answer.authorities = self.records(&self.origin, RecordType::SOA);
    }

    fn matching(&self, owner: &Name, kind: RecordType) -> Vec<Record> {
        if kind == RecordType::ANY {
            let types = self.names.get(owner);
            return types.into_iter().flat_map(BTreeMap::values).flatten().cloned().collect();
        }
        // RFC 4592 §3.3.1: the records of the wildcard, under the name that was asked for.
        let mut made = self.records(&self.source_of(owner), kind);
        made.iter_mut().for_each(|record| record.name = owner.clone());
        made
    }

    /// Whether there is anything at or below a name.
    pub(crate) fn exists(&self, name: &Name) -> bool {
        self.names.range(name..).next().is_some_and(|(next, _)| name.zone_of(next))
    }

    /// The deepest ancestor of a name, or the name itself, that exists.
    pub(crate) fn closest(&self, name: &Name) -> Name {
        let mut closest = name.clone();
        while !self.exists(&closest) && closest != self.origin {
            closest = closest.base_name();
        }
        closest
    }

    /// Where the records of a name come from: the name itself, or the wildcard in its place.
    pub(crate) fn source_of(&self, name: &Name) -> Name {
        if self.exists(name) {
            return name.clone();
        }
        let wildcard = self.closest(name).prepend_label("*").ok();
        wildcard.filter(|wildcard| self.names.contains_key(wildcard)).unwrap_or_else(|| name.clone())
    }

    /// The names that the zone speaks for, cuts included, in canonical order.
    pub(crate) fn authoritative_names(&self) -> Vec<Name> {
        let below_a_cut = |name: &Name| self.cut_above(name, RecordType::A).is_some_and(|cut| cut != *name);
        // Addresses of servers elsewhere came along as glue.
        let own = self.names.keys().filter(|name| self.origin.zone_of(name) && !below_a_cut(name));
        own.cloned().collect()
    }

    /// The same with the names between them that hold nothing (RFC 5155 §7.1).
    pub(crate) fn names_with_empty(&self) -> BTreeSet<Name> {
        let mut all = BTreeSet::new();
        for mut name in self.authoritative_names() {
            while self.origin.zone_of(&name) && all.insert(name.clone()) && name != self.origin {
                name = name.base_name();
            }
        }
        all
    }

    /// The types at a name; at a cut, those that are this side's.
    pub(crate) fn types_at(&self, name: &Name) -> Vec<RecordType> {
        let cut = self.cut_above(name, RecordType::A).is_some();
        let own = |kind: &RecordType| !cut || matches!(kind, RecordType::NS | RecordType::DS);
        self.names.get(name).into_iter().flat_map(BTreeMap::keys).copied().filter(own).collect()
    }

    /// The addresses this zone holds for the hosts that NS and MX records name, glue included.
    fn addresses_of_targets(&self, records: &[Record]) -> Vec<Record> {
        let hosts = records.iter().filter_map(|record| match &record.data {
            RData::NS(ns) => Some(ns.0.to_lowercase()),
            RData::MX(mx) => Some(mx.exchange.to_lowercase()),
            _ => None,
        });
        hosts
            .flat_map(|host| [self.records(&host, RecordType::A), self.records(&host, RecordType::AAAA)])
            .flatten()
            .collect()
    }
}

/// `owner IN DNAME target`, with the TTL that the lab's zones have.
fn dname(line: &str, origin: &Name) -> Option<Record> {
    let (owner, target) = line.trim().split_once(" IN DNAME ")?;
    let owner = Name::from_str(owner).ok()?;
    let owner = if owner.is_fqdn() { owner } else { owner.append_domain(origin).ok()? };
    let rdata = NULL::with(Name::from_str(target).ok()?.to_bytes().ok()?);
    Some(Record::from_rdata(owner, 300, RData::Unknown { code: RecordType::DNAME, rdata }))
}

fn cname_target(record: &Record) -> Option<Name> {
    match &record.data {
        RData::CNAME(target) => Some(target.0.to_lowercase()),
        _ => None,
    }
}

/// The deepest of `zones` that holds `name`. The DS set of an apex lies in the zone above.
pub(crate) fn zone_of<'a, Z: AsRef<Zone>>(zones: &'a [Z], name: &Name, kind: RecordType) -> Option<&'a Zone> {
    let holding = zones.iter().map(AsRef::as_ref).filter(|zone| zone.origin.zone_of(name));
    let below = |zone: &&Zone| !(kind == RecordType::DS && zone.origin == *name && zones.len() > 1);
    holding.filter(below).max_by_key(|zone| zone.origin.iter().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "$TTL 300
@ IN SOA ns1.zone.test. host.zone.test. 1 3600 600 86400 60
@ IN NS ns1.zone.test.
@ IN MX 10 mail.zone.test.
ns1 IN A 192.0.2.1
mail IN A 192.0.2.2
www IN CNAME web.zone.test.
web IN A 192.0.2.3
web IN A 192.0.2.4
out IN CNAME elsewhere.example.
dead IN CNAME nothing.zone.test.
a.b.ent IN TXT \"below an empty name\"
one IN CNAME two.zone.test.
two IN CNAME one.zone.test.
into IN CNAME www.child.zone.test.
child IN NS ns.child.zone.test.
child IN NS ns.sibling.zone.test.
child IN NS ns.elsewhere.example.
ns.child IN AAAA 2001:db8::1
ns.sibling IN A 192.0.2.5
";

    fn name(text: &str) -> Name {
        Name::from_str(text).unwrap()
    }

    fn ask(question: &str, kind: RecordType) -> Answer {
        Zone::parse("zone.test.", TEXT).unwrap().answer(&name(question), kind)
    }

    #[test]
    fn answers_end_as_the_zone_says() {
        use RecordType::{A, ANY, CNAME, DS, MX, TXT};
        let cases: &[(&str, RecordType, End, ResponseCode, usize, usize, usize)] = &[
            ("web.zone.test.", A, End::Found, ResponseCode::NoError, 2, 0, 0),
            ("WEB.Zone.TEST.", A, End::Found, ResponseCode::NoError, 2, 0, 0),
            ("www.zone.test.", A, End::Found, ResponseCode::NoError, 3, 0, 0),
            ("www.zone.test.", CNAME, End::Found, ResponseCode::NoError, 1, 0, 0),
            ("zone.test.", MX, End::Found, ResponseCode::NoError, 1, 0, 1),
            ("zone.test.", ANY, End::Found, ResponseCode::NoError, 3, 0, 2),
            ("web.zone.test.", TXT, End::Negative, ResponseCode::NoError, 0, 1, 0),
            ("ent.zone.test.", A, End::Negative, ResponseCode::NoError, 0, 1, 0),
            ("no.zone.test.", A, End::Negative, ResponseCode::NXDomain, 0, 1, 0),
            ("x.web.zone.test.", A, End::Negative, ResponseCode::NXDomain, 0, 1, 0),
            ("dead.zone.test.", A, End::Negative, ResponseCode::NXDomain, 1, 1, 0),
            ("out.zone.test.", A, End::Leaves(name("elsewhere.example.")), ResponseCode::NoError, 1, 0, 0),
            ("into.zone.test.", A, End::Leaves(name("www.child.zone.test.")), ResponseCode::NoError, 1, 0, 0),
            ("one.zone.test.", A, End::Loop, ResponseCode::NoError, 2, 0, 0),
            ("www.child.zone.test.", A, End::Referral, ResponseCode::NoError, 0, 3, 2),
            ("child.zone.test.", A, End::Referral, ResponseCode::NoError, 0, 3, 2),
            ("child.zone.test.", DS, End::Negative, ResponseCode::NoError, 0, 1, 0),
        ];
        for (question, kind, end, rcode, answers, authorities, additionals) in cases {
            let answer = ask(question, *kind);
            assert_eq!(answer.end, *end, "{question} {kind}");
            assert_eq!(answer.rcode, *rcode, "{question} {kind}");
            let counts = (answer.answers.len(), answer.authorities.len(), answer.additionals.len());
            assert_eq!(counts, (*answers, *authorities, *additionals), "{question} {kind}");
        }
    }

    #[test]
    fn record_sets_keep_the_order_of_the_text() {
        let servers = ask("child.zone.test.", RecordType::A).authorities;
        let order: Vec<String> = servers.iter().map(|record| record.data.to_string()).collect();
        assert_eq!(order, ["ns.child.zone.test.", "ns.sibling.zone.test.", "ns.elsewhere.example."]);
    }
}

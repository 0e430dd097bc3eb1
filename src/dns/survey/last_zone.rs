//! The closest enclosing zone that a resolution came to, and the question that its servers were asked. Nothing is sent here.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::name::parse_name;
use crate::plan::Minimisation;
use crate::trace::{Dns, Meaning, Purpose, RecordType};

/// The question as it stood before the last zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastQuestion {
    pub(crate) zone: Name,
    pub(crate) qname: Name,
}

/// Where the counted walk ended; `None` when it asked nobody. A zone that was referred to is the last
/// one also where none of its servers could be found.
pub(crate) fn last_question(dns: &Dns, minimisation: Minimisation) -> Option<LastQuestion> {
    let on_the_way = dns.critical_path.iter().rev().filter_map(|id| dns.packets.get(*id));
    let packet = on_the_way.into_iter().find(|packet| packet.purpose == Purpose::Walk)?;
    let zone = match &packet.meaning {
        Meaning::Referral { cut, .. } => cut,
        _ => &packet.zone,
    };
    let zone = parse_name(zone).ok()?;
    let asked = parse_name(&packet.qname).ok()?;
    let qname = match minimisation {
        Minimisation::Off => asked,
        Minimisation::Relaxed => whole_name(dns, &zone, asked),
    };
    Some(LastQuestion { zone, qname })
}

/// The name that `asked` is, or is a part of: the one that the walk began with, or that an alias led it to.
fn whole_name(dns: &Dns, zone: &Name, asked: Name) -> Name {
    let targets = dns.answers.iter().filter_map(|record| match record.rtype {
        RecordType::CNAME => Some(record.data.as_str()),
        // RFC 9460 §2.4.2: an alias has the priority 0.
        RecordType::HTTPS => record.data.strip_prefix("0 "),
        _ => None,
    });
    let names: Vec<Name> =
        [dns.name.as_str()].into_iter().chain(targets).filter_map(|name| parse_name(name).ok()).collect();
    if names.contains(&asked) {
        return asked;
    }
    let part_of = |name: &&Name| asked.zone_of(name) && zone.zone_of(name);
    names.iter().rev().find(part_of).cloned().unwrap_or(asked)
}

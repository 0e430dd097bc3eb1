//! The zones as they are loaded and signed, and the servers that have them.

use std::rc::Rc;
use std::time::SystemTime;

use hickory_resolver::proto::rr::Record;

use super::internet::{SERVERS, STUB, signing, zone_texts};
use super::quirk::Quirk;
use super::server::{NameServer, Role};
use super::signer::Signer;
use super::zone::Zone;

/// The zones of the lab, signed as of `now`.
///
/// # Errors
/// A zone text that cannot be read, or a key that cannot be made: a defect of this program.
pub(crate) fn zones(now: SystemTime) -> Result<Vec<Rc<Zone>>, String> {
    let mut zones = zone_texts()
        .iter()
        .map(|(origin, text)| {
            let mut zone = Zone::parse(origin, text)?;
            zone.signer = Signer::new(&zone.origin, signing(origin), now)?;
            zone.signer
                .iter()
                .flat_map(Signer::keys)
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|key| zone.add(key));
            Ok(zone)
        })
        .collect::<Result<Vec<_>, String>>()?;
    let entries: Vec<Option<Record>> =
        zones.iter().filter_map(|zone| zone.signer.as_ref()).map(Signer::ds).collect::<Result<_, _>>()?;
    for entry in entries.into_iter().flatten().filter(|entry| !entry.name.is_root()) {
        let above = entry.name.base_name();
        let parent = zones
            .iter_mut()
            .filter(|zone| zone.origin.zone_of(&above))
            .max_by_key(|zone| zone.origin.iter().len());
        if let Some(parent) = parent {
            parent.add(entry);
        }
    }
    Ok(zones.into_iter().map(Rc::new).collect())
}

/// The root's trust anchor, as `--trust-anchor` reads it.
pub(crate) fn trust_anchor(zones: &[Rc<Zone>]) -> Result<String, String> {
    let root = zones.iter().find(|zone| zone.origin.is_root()).and_then(|zone| zone.signer.as_ref());
    root.map_or_else(|| Err("the lab's root is not signed".to_owned()), Signer::anchor)
}

/// The name servers, in the order of [`all_servers`](super::internet::all_servers).
pub(crate) fn name_servers(zones: Vec<Rc<Zone>>) -> Vec<Rc<NameServer>> {
    let serves = |names: &[&str]| {
        let served = |zone: &&Rc<Zone>| names.contains(&zone.origin.to_string().as_str());
        zones.iter().filter(served).cloned().collect()
    };
    let mut servers: Vec<Rc<NameServer>> = SERVERS
        .iter()
        .map(|server| {
            let role = if server.quirks.contains(&Quirk::Resolves) {
                Role::Resolver(Rc::new(zones.clone()))
            } else {
                Role::Authority(serves(server.zones))
            };
            Rc::new(NameServer::new(*server, role))
        })
        .collect();
    servers.push(Rc::new(NameServer::new(STUB, Role::Resolver(Rc::new(zones)))));
    servers
}

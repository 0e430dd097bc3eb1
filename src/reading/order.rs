//! The order of layers, from the client to the origin: by what they are, and where lists name them, by those.
//!
//! Whoever passes a response on adds itself behind those before it: in Via (RFC 9110 §7.6.3), Cache-Status (RFC 9211 §2)
//! and Proxy-Status (RFC 9209 §2) the last member is next to the client. Layers that no list names stay among those of
//! their role, as they were found.

use super::fields::{Fields, first, via_name};
use super::layer::Layer;
use super::vendors::VENDORS;

/// Puts them in order.
pub(super) fn sort(fields: Fields<'_>, found: &mut [Layer]) {
    found.sort_by_key(|layer| layer.role);
    for list in ["cache-status", "proxy-status", "via"] {
        let members = fields.members(list);
        let mut named: Vec<(usize, usize)> = Vec::new();
        for (slot, layer) in found.iter().enumerate().filter(|(_, layer)| layer.evidence.contains(&list)) {
            let is_of =
                |member: &String| if list == "via" { wrote(layer, member) } else { is_named(layer, member) };
            named.extend(members.iter().rposition(is_of).map(|place| (slot, place)));
        }
        let slots: Vec<usize> = named.iter().map(|(slot, _)| *slot).collect();
        // Two that one member stands for stay as they are.
        named.sort_by_key(|(slot, place)| (std::cmp::Reverse(*place), *slot));
        let moved: Vec<Layer> = named.iter().map(|(slot, _)| found[*slot].clone()).collect();
        for (slot, layer) in slots.into_iter().zip(moved) {
            found[slot] = layer;
        }
    }
}

/// Whether a member of Cache-Status or Proxy-Status is that layer's.
fn is_named(layer: &Layer, member: &str) -> bool {
    let name = first(member);
    layer.name.as_deref() == Some(&*name) || layer.is_called(&name)
}

/// Whether a layer wrote a member of Via.
pub(super) fn wrote(layer: &Layer, member: &str) -> bool {
    let name = via_name(member);
    let vendor = VENDORS.iter().find(|vendor| layer.vendor == Some(vendor.name));
    layer.name.as_deref() == Some(name)
        || layer.is_called(name)
        || vendor.is_some_and(|vendor| vendor.is_via(member))
}

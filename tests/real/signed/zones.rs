//! The zones of the signed internet.

use super::zone::{Host, Zone, zone};

/// All of them.
pub(super) fn all() -> Vec<Zone> {
    let root = Zone { records: String::new(), ..zone("", Host::Root, "") };
    vec![
        root.signed("RSASHA256"),
        zone("alpha", Host::TldNsd, "").signed("ECDSAP256SHA256"),
        zone("omega", Host::TldKnot, "").by_knot(0, true),
        zone("plain.alpha", Host::Bind, "").signed("ECDSAP256SHA256"),
        zone("nsd.omega", Host::Nsd, "").signed("RSASHA512"),
        zone("knot.omega", Host::Knot, "").signed("ED25519"),
    ]
}

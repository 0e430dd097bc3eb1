//! What DNSSEC said of a lookup.

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{Denial, Denied, Dnssec, DsInfo, KeyInfo, SignatureInfo, ZoneLink};

objects! {
    Dnssec => |it| record!(it, Dnssec {
        verdict, why, cause, chain, signatures, denials, clock_suspected, bogus_in_part
    });
    ZoneLink => |it| record!(it, ZoneLink { zone, status, why, ds_state, ds, keys, signatures, denial });
    DsInfo => |it| record!(it, DsInfo { tag, algorithm, digest_type, matched });
    KeyInfo => |it| record!(it, KeyInfo { tag, algorithm, bits, flags, role });
    SignatureInfo => |it| record!(it, SignatureInfo {
        owner, covers, signer, tag, algorithm, inception, expiration, days_left, untimely
    } {
        fault: it.get("why")?,
    });
    Denial => |it| record!(it, Denial { name, proof, zone } { what: denied(&it)? });
}

fn denied(it: &Object<'_>) -> Read<Denied> {
    Ok(match it.get::<String>("what")?.as_str() {
        "name" => Denied::Name,
        "type" => Denied::Type(it.get("type")?),
        "closer-name" => Denied::CloserName,
        "ds" => Denied::Ds,
        _ => return Err(Fault::new("it is nothing that is denied").within("what")),
    })
}

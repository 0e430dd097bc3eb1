//! A QUIC connection.

use super::value::{Fault, Read, objects, record};
use crate::trace::{Datagram, EarlyData, Quic};

objects! {
    Quic => |it| record!(it, Quic { retry, lost, sent, mtu, datagrams } {
        start: it.get("start_us")?,
        end: it.get("end_us")?,
        version: it.get::<Option<String>>("version")?.as_deref().map(version).transpose()?,
        offered_versions: if it.get("version_negotiation")? {
            let names: Vec<String> = it.get("offered_versions")?;
            Some(names.iter().map(|name| version(name)).collect::<Read<_>>()?)
        } else {
            None
        },
        // That nothing was offered is told as well where no session was at hand, as on every connection of a trace.
        early_data: it.get::<Option<EarlyData>>("early_data")?.filter(|told| *told != EarlyData::NotOffered),
        rtt: it.get("rtt_us")?,
        min_rtt: it.get("min_rtt_us")?,
    });
    Datagram => |it| record!(it, Datagram { direction, packets, bytes } { at: it.get("at_us")? });
}

/// A version by its name.
fn version(name: &str) -> Read<u32> {
    let number = match name {
        "1" => Some(1),
        "2" => Some(Quic::VERSION_2),
        other => other.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok()),
    };
    number.ok_or_else(|| Fault::new("it is no version of QUIC").within("version"))
}

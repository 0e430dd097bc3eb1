//! Alt-Svc (RFC 7838): where else the same origin may be had, and for how long clients may remember that.

use super::fields::{Fields, first};
use crate::trace::{Header, parameter, seconds};

/// How long an alternative may be remembered where nothing is said of it (RFC 7838 §3.1).
const A_DAY: u64 = 24 * 60 * 60;
/// The protocol by its name in ALPN (RFC 9114 §3.1).
const H3: &str = "h3";

/// What a response says of other places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AltSvc {
    /// Whether all that was said of them before is to be forgotten.
    pub clear: bool,
    /// The alternatives, the one that the server likes best first.
    pub alternatives: Vec<Alternative>,
}

/// A place where an origin may be had, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The protocol by its name in ALPN, as it stands there.
    pub protocol: String,
    /// Another host; `None` for that of the origin.
    pub host: Option<String>,
    /// The port.
    pub port: u16,
    /// For how many seconds it may be remembered.
    pub max_age: u64,
    /// Whether also when the client has changed its network.
    pub persist: bool,
}

impl Alternative {
    /// Where it is, and for how long that holds: `port 443, for 1 day`.
    #[must_use]
    pub fn words(&self) -> String {
        let host = self.host.as_ref().map_or_else(String::new, |host| format!("{host}, "));
        let whole =
            |number: u64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
        let age = match self.max_age {
            age if age % A_DAY == 0 => whole(age / A_DAY, "day"),
            age if age % 3600 == 0 => whole(age / 3600, "hour"),
            age => format!("{age} s"),
        };
        format!("{host}port {}, for {age}", self.port)
    }
}

impl AltSvc {
    /// The alternatives that are HTTP/3, and may be remembered at all.
    pub fn http3(&self) -> impl Iterator<Item = &Alternative> {
        self.alternatives.iter().filter(|one| one.protocol == H3 && one.max_age > 0)
    }
}

/// Reads it; `None` where nothing is said that can be read.
#[must_use]
pub fn alt_svc(headers: &[Header]) -> Option<AltSvc> {
    let members = Fields::of(headers).members("alt-svc");
    let clear = members.iter().any(|member| member == "clear");
    // RFC 7838 §3: beside `clear` nothing else counts.
    let alternatives: Vec<Alternative> =
        if clear { Vec::new() } else { members.iter().filter_map(|member| alternative(member)).collect() };
    (clear || !alternatives.is_empty()).then_some(AltSvc { clear, alternatives })
}

/// `h3=":443"; ma=86400; persist=1`
fn alternative(member: &str) -> Option<Alternative> {
    let (protocol, rest) = member.split_once('=')?;
    let authority = first(rest.trim());
    let (host, port) = authority.rsplit_once(':')?;
    Some(Alternative {
        protocol: protocol.trim().to_owned(),
        host: (!host.is_empty()).then(|| host.to_owned()),
        port: port.parse().ok().filter(|port| *port > 0)?,
        max_age: parameter(member, "ma").as_deref().and_then(seconds).unwrap_or(A_DAY),
        persist: parameter(member, "persist").as_deref() == Some("1"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<AltSvc> {
        alt_svc(&[Header { name: "Alt-Svc".to_owned(), value: value.as_bytes().to_vec() }])
    }

    #[test]
    fn places_ports_and_ages_are_read() {
        let said =
            read(r#"h2="alt.example.com:8443", h3=":443"; ma=60; persist=1, h3-29="[2001:db8::1]:444""#);
        let said = said.unwrap();
        let told: Vec<_> = said
            .alternatives
            .iter()
            .map(|one| (one.protocol.as_str(), one.host.as_deref(), one.port, one.max_age, one.persist))
            .collect();
        let wanted = [
            ("h2", Some("alt.example.com"), 8443, A_DAY, false),
            ("h3", None, 443, 60, true),
            ("h3-29", Some("[2001:db8::1]"), 444, A_DAY, false),
        ];
        assert_eq!(told, wanted);
        assert_eq!(said.http3().next().unwrap().words(), "port 443, for 60 s");
        assert_eq!(said.alternatives[0].words(), "alt.example.com, port 8443, for 1 day");
    }

    #[test]
    fn what_is_taken_back_or_cannot_be_read_offers_nothing() {
        assert!(read("clear").unwrap().clear);
        assert!(read(r#"clear, h3=":443""#).unwrap().http3().next().is_none());
        assert!(read(r#"h3=":443"; ma=0"#).unwrap().http3().next().is_none());
        for odd in ["", "h3", "h3=", r#"h3="443""#, r#"h3=":0""#, r#"h3=":99999""#, "Clear"] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert!(read(r#"h3-29=":443""#).unwrap().http3().next().is_none(), "a draft");
    }
}

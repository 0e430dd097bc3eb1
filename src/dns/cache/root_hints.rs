//! The root hints, the safety belt (SBELT) of RFC 1034 §5.3.2: where iterative resolution begins; and what
//! priming has found of them (RFC 9609).
//!
//! IANA's file is built in with its date; `--root-hints` and the lab bring their own. Nothing is sent here.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use hickory_resolver::proto::rr::Name;
use jiff::civil::Date;

use crate::dns::wire::message::{Data, Reply};
use crate::dns::wire::name::{name_text, parse_name};
use crate::plan::{Family, HintsText};

/// IANA's root hints, as published.
const BUILT_IN: &str = include_str!("../../../fixtures/dns/named.root");

/// More root addresses than any hints file needs.
const MAX_ADDRESSES: usize = 256;

/// Root servers and where we know them from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hints {
    pub(crate) source: String,
    /// `YYYY-MM-DD`.
    pub(crate) date: Option<String>,
    /// In the file's order.
    pub(crate) servers: Vec<(Name, Vec<SocketAddr>)>,
}

/// Whether the root was asked for its own servers, and where what it says differs from the hints.
#[derive(Debug, Default)]
pub(crate) struct Priming {
    pub(crate) begun: Cell<bool>,
    pub(crate) drift: RefCell<Option<Vec<String>>>,
}

impl Hints {
    /// The built-in hints, or those of the text given; addresses without a port get `port`.
    ///
    /// # Errors
    /// The line that cannot be read, or that there is no root server in the text.
    pub(crate) fn load(text: Option<&HintsText>, port: u16) -> Result<Self, String> {
        let Some(HintsText { source, text }) = text else { return built_in(port) };
        let servers = parse(text, port).map_err(|reason| format!("root hints {source}: {reason}"))?;
        Ok(Self { source: source.clone(), date: date(text), servers })
    }

    /// Whether these are, at least in part, the root servers of the Internet as built in, and not
    /// those of another root, such as a laboratory's.
    pub(crate) fn are_of_the_internet(&self) -> bool {
        let Ok(built_in) = Self::load(None, 53) else { return true };
        let known: Vec<IpAddr> = built_in.addresses().map(|address| address.ip()).collect();
        self.addresses().any(|address| known.contains(&address.ip()))
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.servers.iter().flat_map(|(_, addresses)| addresses).copied()
    }

    /// Whether there is a server that may be asked.
    pub(crate) fn has_server_of(&self, family: Family) -> bool {
        self.addresses().any(|address| family.admits(address.ip()))
    }

    /// Where the root's own word (the reply to `. NS`) differs from the hints: a sentence each.
    pub(crate) fn drift(&self, reply: &Reply) -> Vec<String> {
        let mut drift = Vec::new();
        let named: Vec<&Name> = reply
            .answers
            .iter()
            .filter_map(|rr| match &rr.data {
                Data::Ns(name) if rr.name.is_root() => Some(name),
                _ => None,
            })
            .collect();
        for (name, hinted) in &self.servers {
            if !named.contains(&name) {
                drift.push(format!("{} is in the hints, the root no longer names it", name_text(name)));
                continue;
            }
            let hinted: Vec<IpAddr> = hinted.iter().map(SocketAddr::ip).collect();
            for family in [IpAddr::is_ipv4 as fn(&IpAddr) -> bool, IpAddr::is_ipv6] {
                let told = addresses(reply, name, family);
                let hinted: Vec<IpAddr> = hinted.iter().copied().filter(family).collect();
                // The additional section may be cut short: silence about an address is no change.
                if !told.is_empty() && told.iter().any(|address| !hinted.contains(address)) {
                    drift.push(format!(
                        "{} is at {} by the root, at {} by the hints",
                        name_text(name),
                        list(&told),
                        if hinted.is_empty() { "no such address".to_owned() } else { list(&hinted) }
                    ));
                }
            }
        }
        for name in named {
            if !self.servers.iter().any(|(hinted, _)| hinted == name) {
                drift.push(format!("{} is named by the root, the hints lack it", name_text(name)));
            }
        }
        drift
    }
}

/// Those of the Internet, which a run may ask for many times and which are read once.
fn built_in(port: u16) -> Result<Hints, String> {
    static READ: LazyLock<Result<Hints, String>> = LazyLock::new(|| {
        let servers = parse(BUILT_IN, 53).map_err(|reason| format!("root hints built-in: {reason}"))?;
        Ok(Hints { source: "built-in".to_owned(), date: date(BUILT_IN), servers })
    });
    let mut hints = READ.clone()?;
    for address in hints.servers.iter_mut().flat_map(|(_, addresses)| addresses) {
        address.set_port(port);
    }
    Ok(hints)
}

fn addresses(reply: &Reply, name: &Name, family: fn(&IpAddr) -> bool) -> Vec<IpAddr> {
    reply
        .additionals
        .iter()
        .filter_map(|rr| match rr.data {
            Data::Address(address) if rr.name == *name && family(&address) => Some(address),
            _ => None,
        })
        .collect()
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn parse(text: &str, port: u16) -> Result<Vec<(Name, Vec<SocketAddr>)>, String> {
    let mut named: Vec<Name> = Vec::new();
    let mut servers: Vec<(Name, Vec<SocketAddr>)> = Vec::new();
    let mut count = 0;
    for (index, line) in text.lines().enumerate() {
        let at = |reason: String| format!("line {}: {reason}", index + 1);
        let line = line.split(';').next().unwrap_or_default();
        let mut fields: Vec<&str> = line.split_whitespace().collect();
        if fields.is_empty() || fields[0].eq_ignore_ascii_case("$TTL") {
            continue;
        }
        let owner = parse_name(fields.remove(0)).map_err(at)?;
        // TTL and class may stand in either order, or be missing.
        while fields.first().is_some_and(|field| {
            field.eq_ignore_ascii_case("IN") || field.bytes().all(|byte| byte.is_ascii_digit())
        }) {
            fields.remove(0);
        }
        let [rtype, data] = fields[..] else {
            return Err(at("expected a name, a TTL, a type and its data".to_owned()));
        };
        match rtype.to_ascii_uppercase().as_str() {
            "NS" if owner.is_root() => named.push(parse_name(data).map_err(at)?),
            "A" | "AAAA" => {
                let address = socket_address(data, port)
                    .filter(|address| address.is_ipv4() == rtype.eq_ignore_ascii_case("A"))
                    .ok_or_else(|| at(format!("{data} is not an address for a record of type {rtype}")))?;
                count += 1;
                if count > MAX_ADDRESSES {
                    return Err(at(format!("more than {MAX_ADDRESSES} addresses")));
                }
                match servers.iter_mut().find(|(name, _)| *name == owner) {
                    Some((_, addresses)) => addresses.push(address),
                    None => servers.push((owner, vec![address])),
                }
            }
            _ => return Err(at(format!("{rtype} is not a type for root hints (NS of the root, A, AAAA)"))),
        }
    }
    if !named.is_empty() {
        servers.retain(|(name, _)| named.contains(name));
    }
    if servers.is_empty() { Err("no address of a root server in it".to_owned()) } else { Ok(servers) }
}

/// An address, `address:port`, or `[address]:port`.
fn socket_address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)).ok().or_else(|| text.parse().ok())
}

/// The date in the header of IANA's file: `; last update:     April 18, 2024`.
fn date(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(';')?.trim().strip_prefix("last update:"))?;
    let words: Vec<&str> = line.split_whitespace().take(3).collect();
    Date::strptime("%B %d, %Y", words.join(" ")).ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Result<Hints, String> {
        Hints::load(Some(&HintsText { source: "test".to_owned(), text: text.to_owned() }), 53)
    }

    #[test]
    fn the_internets_root_is_told_from_others() {
        let load = |text: &str| {
            let text = HintsText { source: "f".to_owned(), text: text.to_owned() };
            Hints::load(Some(&text), 53).unwrap()
        };
        assert!(Hints::load(None, 53).unwrap().are_of_the_internet());
        assert!(load("x.root. 1 A 192.0.2.1\na.root-servers.net. 1 A 198.41.0.4\n").are_of_the_internet());
        assert!(!load("a.root-servers.net. 1 A 192.0.2.1\n").are_of_the_internet());
    }

    #[test]
    fn the_built_in_hints_are_whole_and_dated() {
        let hints = Hints::load(None, 53).unwrap();
        assert_eq!(hints.date.as_deref(), Some("2024-04-18"));
        assert_eq!(hints.source, "built-in");
        assert_eq!(hints.servers.len(), 13);
        for (index, (name, addresses)) in hints.servers.iter().enumerate() {
            let letter = char::from(b'A' + u8::try_from(index).unwrap());
            assert_eq!(name_text(name), format!("{letter}.ROOT-SERVERS.NET."));
            assert_eq!(addresses.iter().filter(|address| address.is_ipv4()).count(), 1, "{letter}");
            assert_eq!(addresses.iter().filter(|address| address.is_ipv6()).count(), 1, "{letter}");
            assert!(addresses.iter().all(|address| address.port() == 53));
        }
        assert_eq!(hints.servers[1].1[0], "170.247.170.2:53".parse().unwrap());
    }

    #[test]
    fn a_file_may_carry_ports_and_leave_out_ttl_class_and_ns() {
        let hints = given(
            "a.root. 3600 A 127.0.53.1:5300\na.root. IN AAAA [::1]:5300 ; comment\n\
             b.root 3600 IN A 192.0.2.2\nb.root. AAAA 2001:db8::2\n",
        )
        .unwrap();
        assert_eq!(hints.date, None);
        let of = |index: usize| hints.servers[index].1.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of(0), ["127.0.53.1:5300", "[::1]:5300"]);
        assert_eq!(of(1), ["192.0.2.2:53", "[2001:db8::2]:53"]);
        let named = given(". 1 NS b.root.\na.root. 1 A 192.0.2.1\nb.root. 1 A 192.0.2.2\n").unwrap();
        assert_eq!(named.servers.len(), 1, "only what the root's NS records name");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, want) in [
            ("", "no address of a root server"),
            ("; only comments\n", "no address of a root server"),
            (". 1 NS a.root.\n", "no address of a root server"),
            (
                "a.root. 1 A 192.0.2.1\na.root. 1 A ::1\n",
                "line 2: ::1 is not an address for a record of type A",
            ),
            ("a.root. 1 A 192.0.2.999\n", "line 1: 192.0.2.999 is not an address"),
            ("a.root. 1 MX 10 mail.\n", "line 1: expected"),
            ("a.root. 1 TXT x\n", "line 1: TXT is not a type"),
            ("a..root. 1 A 192.0.2.1\n", "line 1: a..root. has an empty label"),
        ] {
            let error = given(text).unwrap_err();
            assert!(error.starts_with("root hints test: ") && error.contains(want), "{text:?}: {error}");
        }
    }
}

//! The hosts file (hosts(5), RFC 1123 §2.1) and the `hosts:` line of nsswitch.conf(5). The walk heeds none of
//! them; programs on this machine may.

use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use crate::plan::DnsPlan;
use crate::trace::{Dns, DnsLane, SystemFiles};

/// Bytes of a file that are read at most.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The addresses of a hosts file with their names, in lower case without a final dot.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    addresses: Vec<(IpAddr, Vec<String>)>,
    /// The order of sources, where another is gone by here.
    other_order: Option<String>,
}

impl Hosts {
    /// A machine without the file is a machine with an empty one.
    pub(crate) fn read(path: &Path, nsswitch: Option<&Path>) -> Self {
        let order = nsswitch.and_then(|path| hosts_order(&read(path)?));
        let other_order = order.filter(|order| !is_files_then_dns(order));
        Self { other_order, ..Self::parse(&read(path).unwrap_or_default()) }
    }

    /// What programs on this machine go by, where that is not what is done here.
    pub(crate) fn note(&self) -> Option<String> {
        let order = self.other_order.as_ref()?;
        Some(format!(
            "nsswitch.conf has `hosts: {order}`: programs that use the C library go by that; here the hosts file is \
             looked at first, then resolvers are asked"
        ))
    }

    /// `address name name ...` a line, `#` begins a comment; lines that are no such thing are nothing.
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut fields = line.split('#').next()?.split_whitespace();
            Some((fields.next()?.parse().ok()?, fields.map(key).collect()))
        };
        Self { addresses: text.lines().filter_map(line).collect(), other_order: None }
    }

    /// In the order of the file.
    pub(crate) fn addresses_of(&self, name: &str) -> Vec<IpAddr> {
        let name = key(name);
        let named = self.addresses.iter().filter(|(_, names)| names.contains(&name));
        named.map(|(address, _)| *address).collect()
    }
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Adds what the plan's files say of the name.
pub(crate) fn consult(plan: &DnsPlan, dns: &mut Dns) {
    let Some(path) = &plan.hosts_file else { return };
    let addresses = Hosts::read(path, None).addresses_of(&dns.name);
    let order = plan.nsswitch.as_ref().and_then(|path| hosts_order(&read(path)?));
    if !addresses.is_empty() {
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        dns.notes.push(format!(
            "{} has {} for {}: programs on this machine may use that, {} not",
            path.display(),
            list.join(", "),
            key(&dns.name),
            if dns.lane == DnsLane::Walk { "the walk does" } else { "the resolver was asked and does" }
        ));
    }
    dns.system = Some(SystemFiles { hosts_file: path.display().to_string(), addresses, order });
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The `hosts:` line of nsswitch.conf.
fn hosts_order(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("hosts:"))?;
    let words: Vec<&str> = line.split('#').next()?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether it looks into the hosts file first, and at DNS where that has nothing. What is named beside them is left to it:
/// `resolve` (systemd-resolved) reads the hosts file itself.
fn is_files_then_dns(order: &str) -> bool {
    let words: Vec<&str> = order.split_whitespace().collect();
    let place = |source: &str| words.iter().position(|word| *word == source);
    let Some(files) = place("files") else { return false };
    let ends =
        words.get(files + 1).is_some_and(|action| action.to_ascii_lowercase().contains("notfound=return"));
    let is_after = place("dns").is_none_or(|dns| files < dns);
    is_after && !ends && (place("dns").is_some() || place("resolve").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_not_gone_by_is_known() {
        for usual in [
            "files dns",
            "files mdns4_minimal [NOTFOUND=return] dns",
            "mymachines resolve [!UNAVAIL=return] files myhostname dns",
            "files myhostname resolve",
        ] {
            assert!(is_files_then_dns(usual), "{usual}");
        }
        for other in
            ["dns files", "files", "dns", "files [NOTFOUND=return] dns", "dns [NOTFOUND=return] files"]
        {
            assert!(!is_files_then_dns(other), "{other}");
        }
    }

    #[test]
    fn the_order_of_sources_is_one_line() {
        let text = "# x\npasswd: files\nhosts:   files mdns4_minimal [NOTFOUND=return] dns # y\n";
        assert_eq!(hosts_order(text).unwrap(), "files mdns4_minimal [NOTFOUND=return] dns");
        assert_eq!(hosts_order("hosts:\n"), None);
    }
}

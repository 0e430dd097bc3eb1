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
pub(crate) struct Hosts(Vec<(IpAddr, Vec<String>)>);

impl Hosts {
    /// A machine without the file is a machine with an empty one.
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&read(path).unwrap_or_default())
    }

    /// `address name name ...` a line, `#` begins a comment; lines that are no such thing are nothing.
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut fields = line.split('#').next()?.split_whitespace();
            Some((fields.next()?.parse().ok()?, fields.map(key).collect()))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// In the order of the file.
    pub(crate) fn addresses_of(&self, name: &str) -> Vec<IpAddr> {
        let name = key(name);
        let named = self.0.iter().filter(|(_, names)| names.contains(&name));
        named.map(|(address, _)| *address).collect()
    }
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Adds what the plan's files say of the name.
pub(crate) fn consult(plan: &DnsPlan, dns: &mut Dns) {
    let Some(path) = &plan.hosts_file else { return };
    let addresses = Hosts::read(path).addresses_of(&dns.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_sources_is_one_line() {
        let text = "# x\npasswd: files\nhosts:   files mdns4_minimal [NOTFOUND=return] dns # y\n";
        assert_eq!(hosts_order(text).unwrap(), "files mdns4_minimal [NOTFOUND=return] dns");
        assert_eq!(hosts_order("hosts:\n"), None);
    }
}

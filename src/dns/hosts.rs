//! The hosts file (hosts(5), RFC 1123 §2.1) and the `hosts:` line of nsswitch.conf(5). The walk heeds none of
//! them; programs on this machine may.

use std::net::IpAddr;

use crate::plan::DnsPlan;
use crate::trace::{Dns, SystemFiles};

/// Bytes of a file that are read at most.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// `address name name ...` a line, `#` begins a comment; lines that are no such thing are nothing.
pub(crate) fn parse_hosts(text: &str) -> Vec<(IpAddr, Vec<String>)> {
    let line = |line: &str| {
        let mut fields = line.split('#').next()?.split_whitespace();
        let address = fields.next()?.parse().ok()?;
        let names: Vec<String> =
            fields.map(|name| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()).collect();
        Some((address, names))
    };
    text.lines().filter_map(line).collect()
}

/// Adds what the plan's files say of the name.
pub(crate) fn consult(plan: &DnsPlan, dns: &mut Dns) {
    let Some(path) = &plan.hosts_file else { return };
    let name = dns.name.trim_end_matches('.').to_ascii_lowercase();
    // A machine without the file is a machine with an empty one.
    let hosts = parse_hosts(&read(path).unwrap_or_default());
    let named = hosts.into_iter().filter(|(_, names)| names.contains(&name));
    let addresses: Vec<_> = named.map(|(address, _)| address).collect();
    let order = plan.nsswitch.as_ref().and_then(|path| hosts_order(&read(path)?));
    if !addresses.is_empty() {
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        dns.notes.push(format!(
            "{} has {} for {name}: programs on this machine may use that, the walk does not",
            path.display(),
            list.join(", ")
        ));
    }
    dns.system = Some(SystemFiles { hosts_file: path.display().to_string(), addresses, order });
}

fn read(path: &std::path::Path) -> Option<String> {
    use std::io::Read;
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

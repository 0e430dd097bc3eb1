//! resolv.conf(5): whom this machine asks, and how it completes short names; `LOCALDOMAIN` and `RES_OPTIONS` change
//! the latter.
//!
//! A line that cannot be read is left out alone, as the C library does. Nobody is asked here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::environment::Environment;
use super::syntax::scoped_address;
use crate::plan::SearchList;

/// Where this machine is told whom to ask.
pub(super) const PATH: &str = "/etc/resolv.conf";

/// Whom programs ask that are told nobody: resolv.conf(5).
const NOBODY_NAMED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);

/// The most dots that `ndots` may ask for, as in the C library.
const MAX_NDOTS: usize = 15;

/// Domains of a search list that are looked at.
const MAX_DOMAINS: usize = 32;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResolvConf {
    /// The servers, in their order; the local machine where none is named.
    pub(super) servers: Vec<SocketAddr>,
    pub(super) search: SearchList,
}

impl ResolvConf {
    /// Reads the text of the file.
    pub(super) fn parse(text: &str) -> Self {
        let (mut servers, mut named) = (Vec::new(), Vec::new());
        let mut search = SearchList { source: PATH.to_owned(), ..SearchList::default() };
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let Some(word) = words.next() else { continue };
                    named.push(word);
                    if let Some(address) = scoped_address(word, 53).filter(|known| !servers.contains(known)) {
                        servers.push(address);
                    }
                }
                // The last of these counts.
                Some("search") => read_domains(&mut search, words),
                Some("domain") => read_domains(&mut search, words.take(1)),
                Some("options") => read_options(&mut search, words),
                _ => {}
            }
        }
        if named.is_empty() {
            servers.push(NOBODY_NAMED);
        }
        Self { servers, search }
    }

    /// The same with what the environment says in its place.
    pub(super) fn changed_by(mut self, environment: &Environment) -> Self {
        if let Some(domains) = &environment.local_domain {
            "LOCALDOMAIN".clone_into(&mut self.search.source);
            read_domains(&mut self.search, domains.split_whitespace());
        }
        if let Some(options) = &environment.res_options {
            read_options(&mut self.search, options.split_whitespace());
        }
        self
    }
}

fn read_domains<'a>(search: &mut SearchList, words: impl Iterator<Item = &'a str>) {
    (search.domains, search.ignored) =
        words.take(MAX_DOMAINS).map(str::to_owned).partition(|domain| is_domain(domain));
}

/// The last `ndots` counts. What the others say is of the C library's own queries.
fn read_options<'a>(search: &mut SearchList, words: impl Iterator<Item = &'a str>) {
    for ndots in words.filter_map(|word| word.strip_prefix("ndots:")?.parse::<usize>().ok()) {
        search.ndots = ndots.min(MAX_NDOTS);
    }
}

/// Whether a name can be completed with it. The root completes nothing, `~` marks what systemd-resolved
/// routes and does not search.
fn is_domain(text: &str) -> bool {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        let is_fine = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        (1..=63).contains(&label.len()) && label.chars().all(is_fine) && label != "-"
    };
    bare.len() <= 253 && bare.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, SearchList) {
        let ResolvConf { servers, search } = ResolvConf::parse(text);
        (servers.iter().map(ToString::to_string).collect(), search)
    }

    #[test]
    fn what_cannot_be_read_is_left_out_alone() {
        let long = "x".repeat(70);
        for odd in ["-", "~corp.example", "lan..", ".", long.as_str(), "b\u{fc}ro.example"] {
            let text = format!("search {odd} corp.example\nnameserver 127.0.0.1\nnonsense\nnameserver x\n");
            let (servers, search) = read(&text);
            assert_eq!(servers, ["127.0.0.1:53"], "{odd}");
            assert_eq!(
                (search.domains, search.ignored),
                (vec!["corp.example".to_owned()], vec![odd.to_owned()])
            );
        }
    }

    #[test]
    fn nobody_named_is_this_machine_itself() {
        for text in ["", "# nothing\n", "search corp.example\n", "nameserver\n"] {
            assert_eq!(read(text).0, ["127.0.0.1:53"], "{text:?}");
        }
        assert!(read("nameserver nobody\n").0.is_empty(), "somebody else is named");
    }

    #[test]
    fn a_scope_stays_and_the_last_list_counts() {
        let (servers, search) = read(
            "domain old.example\nnameserver fe80::1%1\nnameserver 2001:db8::53\nnameserver fe80::1%nowhere\n\
             nameserver 2001:db8::53\nsearch a.example b.example.\noptions rotate ndots:3 timeout:1\n",
        );
        assert_eq!(servers, ["[fe80::1%1]:53", "[2001:db8::53]:53"]);
        assert_eq!(
            (search.domains, search.ndots),
            (vec!["a.example".to_owned(), "b.example.".to_owned()], 3)
        );
        assert_eq!(read("options ndots:99\n").1.ndots, 15);
        assert_eq!(read("").1.ndots, 1);
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let changed = |domains: Option<&str>, options: Option<&str>| {
            let own = str::to_owned;
            let environment = Environment {
                local_domain: domains.map(own),
                res_options: options.map(own),
                ..Environment::default()
            };
            let file = ResolvConf::parse("search file.example\noptions ndots:2\n");
            let search = file.changed_by(&environment).search;
            (search.source, search.domains.join(" "), search.ndots)
        };
        let told = |source: &str, domains: &str, ndots| (source.to_owned(), domains.to_owned(), ndots);
        assert_eq!(changed(None, None), told(PATH, "file.example", 2));
        assert_eq!(changed(Some("a.example b.example"), None), told("LOCALDOMAIN", "a.example b.example", 2));
        assert_eq!(changed(Some(""), Some("rotate ndots:4")), told("LOCALDOMAIN", "", 4));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_scope_may_be_the_name_of_an_interface() {
        assert_eq!(read("nameserver fe80::1%lo\n").0, ["[fe80::1%1]:53"]);
    }
}

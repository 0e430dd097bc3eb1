//! Names that are no names of the Internet's DNS (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476): what each is,
//! and who may hear of it.
//!
//! Pure. Under a root of somebody else's, such as a laboratory's, all of them are names like any other.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::name::name_text;

/// Who may be asked for a special name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nobody: RFC 7686 §2.
    Nobody,
    /// This machine alone, which knows the answer: RFC 6761 §6.3.
    Itself,
    /// This machine's resolver, which may know its own network.
    LocalResolver,
}

/// A kind of special names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Special {
    /// The name that they end in, without its final dot.
    domain: &'static str,
    /// What they are.
    words: &'static str,
    /// Who may be asked.
    pub(crate) asked: Asked,
}

const KINDS: [Special; 8] = [
    Special {
        domain: "onion",
        words: "of a Tor onion service, which DNS knows nothing of (RFC 7686)",
        asked: Asked::Nobody,
    },
    Special { domain: "localhost", words: "this machine itself (RFC 6761)", asked: Asked::Itself },
    local("local", "for multicast DNS on the local network (RFC 6762)"),
    local("internal", "for private networks (reserved by ICANN)"),
    local("home.arpa", "for home networks (RFC 8375)"),
    local("alt", "for name systems other than DNS (RFC 9476)"),
    local("invalid", "reserved never to exist (RFC 6761)"),
    local("test", "reserved for testing (RFC 6761)"),
];

const fn local(domain: &'static str, words: &'static str) -> Special {
    Special { domain, words, asked: Asked::LocalResolver }
}

/// The kind that a name is of.
pub(crate) fn special(name: &Name) -> Option<Special> {
    let text = name_text(name).to_ascii_lowercase();
    let bare = text.strip_suffix('.').unwrap_or(&text);
    let is_in = |kind: &&Special| {
        bare.strip_suffix(kind.domain).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    KINDS.iter().find(is_in).copied()
}

impl Special {
    /// What it is, about a name.
    pub(crate) fn sentence(&self, name: &Name) -> String {
        let verb = if self.asked == Asked::Itself { "is" } else { "is a name" };
        format!("{} {verb} {}", name_text(name), self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;

    #[test]
    fn a_name_is_special_by_its_end() {
        for (text, want) in [
            ("expyuzz4wqqyqhja.ONION", Some(Asked::Nobody)),
            ("onion", Some(Asked::Nobody)),
            ("a.localhost.", Some(Asked::Itself)),
            ("printer.local", Some(Asked::LocalResolver)),
            ("nas.home.arpa", Some(Asked::LocalResolver)),
            ("db.internal", Some(Asked::LocalResolver)),
            ("x.alt", Some(Asked::LocalResolver)),
            ("x.invalid", Some(Asked::LocalResolver)),
            ("www.test", Some(Asked::LocalResolver)),
            ("arpa", None),
            ("home.arpa.example.com", None),
            ("local.example", None),
            ("notlocal", None),
            ("example", None),
            (".", None),
        ] {
            let name = parse_name(text).unwrap();
            assert_eq!(special(&name).map(|kind| kind.asked), want, "{text}");
        }
    }
}

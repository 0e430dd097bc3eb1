//! What a zone of the signed internet is: where it is served, how it is signed, and what is wrong with it.

use std::net::IpAddr;

use crate::zones::{AUTH, HOSTER, TLD, roots, v4, v6};

/// A server process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Host {
    /// BIND with the root.
    Root,
    /// NSD with top-level zones.
    TldNsd,
    /// Knot with top-level zones.
    TldKnot,
    Bind,
    Nsd,
    Knot,
}

impl Host {
    pub(super) const ALL: [Self; 6] =
        [Self::Root, Self::TldNsd, Self::TldKnot, Self::Bind, Self::Nsd, Self::Knot];

    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Root => "root-bind",
            Self::TldNsd => "tld-nsd",
            Self::TldKnot => "tld-knot",
            Self::Bind => "leaf-bind",
            Self::Nsd => "leaf-nsd",
            Self::Knot => "leaf-knot",
        }
    }

    pub(super) fn addresses(self) -> Vec<IpAddr> {
        match self {
            Self::Root => roots(),
            Self::TldNsd => TLD[..2].into(),
            Self::TldKnot => TLD[2..].into(),
            Self::Bind => AUTH[..2].into(),
            Self::Nsd => HOSTER.into(),
            Self::Knot => vec![v4(198, 51, 100, 21), v6(0xc1, 1)],
        }
    }
}

/// A zone.
pub(super) struct Zone {
    /// Without its last dot; the root is "".
    pub(super) name: &'static str,
    pub(super) host: Host,
    pub(super) signing: Signing,
    /// What its parent has for it.
    pub(super) ds: &'static [Ds],
    pub(super) fault: Fault,
    /// Its name server, when that is not `ns` inside it.
    pub(super) server: Option<&'static str>,
    /// Who serves a copy of it beside its host, as `a`, that was never signed.
    pub(super) unsigned_copy: Option<Host>,
    /// In zone-file form, relative to the zone. SOA, NS, the server's addresses and delegations are
    /// added.
    pub(super) records: String,
}

/// Who signs a zone, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    Unsigned,
    /// `dnssec-signzone`, before it is served.
    Ahead {
        algorithm: &'static str,
        keys: Keys,
        denial: Denial,
    },
    /// Knot, by itself.
    Knot {
        iterations: u16,
        opt_out: bool,
    },
}

/// The keys of a zone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// A key-signing and a zone-signing key.
    Split,
    /// One key that does both.
    Combined,
    /// Two key-signing keys and a zone-signing one; the DS is of the second.
    Rollover,
}

/// How absence is proven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    Nsec,
    Nsec3 { salt: &'static str, iterations: u16, opt_out: bool },
}

/// A DS record at the parent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ds {
    Sha1,
    Sha256,
    Sha384,
    /// The right tag, algorithm and digest type; another digest.
    WrongDigest,
    /// Of a digest type that nobody knows.
    UnknownDigest,
    /// Of an algorithm that nobody knows.
    UnknownAlgorithm,
    /// Of a key that the zone does not publish.
    Standby,
}

/// What is done to a zone after it was signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// All its signatures ended a month ago.
    Expired,
    /// All its signatures begin in ten days.
    NotYet,
    /// Signatures over this type at this name are gone.
    Unsigned(&'static str, &'static str),
    /// Every record of this type is gone, with its signatures.
    Without(&'static str),
    /// The data of records of this type at this name is another.
    Changed(&'static str, &'static str, &'static str),
    /// The signature over this type at this name is by a key that the zone does not publish.
    Foreign(&'static str, &'static str),
}

/// An unsigned zone with `www` in it.
pub(super) fn zone(name: &'static str, host: Host, records: &str) -> Zone {
    Zone {
        name,
        host,
        signing: Signing::Unsigned,
        ds: &[],
        fault: Fault::None,
        server: None,
        unsigned_copy: None,
        records: format!("www IN A 203.0.113.80\n{records}"),
    }
}

impl Zone {
    /// Signed by a split pair of keys, with NSEC, and a DS at the parent.
    pub(super) fn signed(self, algorithm: &'static str) -> Self {
        let signing = Signing::Ahead { algorithm, keys: Keys::Split, denial: Denial::Nsec };
        Self { signing, ds: &[Ds::Sha256], ..self }
    }

    pub(super) fn by_knot(self, iterations: u16, opt_out: bool) -> Self {
        Self { signing: Signing::Knot { iterations, opt_out }, ds: &[Ds::Sha256], ..self }
    }

    pub(super) fn keys(mut self, new: Keys) -> Self {
        if let Signing::Ahead { keys, .. } = &mut self.signing {
            *keys = new;
        }
        self
    }

    pub(super) fn nsec3(mut self, salt: &'static str, iterations: u16, opt_out: bool) -> Self {
        if let Signing::Ahead { denial, .. } = &mut self.signing {
            *denial = Denial::Nsec3 { salt, iterations, opt_out };
        }
        self
    }

    pub(super) fn ds(self, ds: &'static [Ds]) -> Self {
        Self { ds, ..self }
    }

    pub(super) fn fault(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }

    pub(super) fn unsigned_copy(self, host: Host) -> Self {
        Self { unsigned_copy: Some(host), ..self }
    }

    pub(super) fn server(self, server: &'static str) -> Self {
        Self { server: Some(server), ..self }
    }
}

//! Records, record types and response codes of DNS, by number and by name.

/// A DNS record type by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

/// A DNS response code, with the EDNS high bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rcode(pub u16);

macro_rules! mnemonics {
    ($type:ident, $prefix:literal, $($number:literal $word:literal,)+) => {
        impl $type {
            /// The IANA mnemonic, or the number with a prefix (RFC 3597 §5 for types).
            #[must_use]
            pub fn mnemonic(self) -> std::borrow::Cow<'static, str> {
                match self.0 { $($number => $word.into(),)+ other => format!(concat!($prefix, "{}"), other).into() }
            }
            /// Reads a mnemonic, in any case.
            #[must_use]
            pub fn from_mnemonic(word: &str) -> Option<Self> {
                let word = word.to_ascii_uppercase();
                match word.as_str() {
                    $($word => Some(Self($number)),)+
                    other => other.strip_prefix($prefix)?.parse().ok().map(Self),
                }
            }
        }
    };
}

mnemonics! { RecordType, "TYPE",
    1 "A", 2 "NS", 5 "CNAME", 6 "SOA", 12 "PTR", 15 "MX", 16 "TXT", 28 "AAAA", 33 "SRV", 35 "NAPTR",
    39 "DNAME", 41 "OPT", 43 "DS", 44 "SSHFP", 46 "RRSIG", 47 "NSEC", 48 "DNSKEY", 50 "NSEC3", 51 "NSEC3PARAM",
    52 "TLSA", 59 "CDS", 60 "CDNSKEY", 64 "SVCB", 65 "HTTPS", 255 "ANY", 257 "CAA",
    13 "HINFO", 17 "RP", 18 "AFSDB", 21 "RT", 29 "LOC", 36 "KX", 37 "CERT", 53 "SMIMEA", 61 "OPENPGPKEY", 62 "CSYNC", 63 "ZONEMD", 99 "SPF",
    251 "IXFR", 252 "AXFR", 256 "URI",
}

mnemonics! { Rcode, "RCODE",
    0 "NOERROR", 1 "FORMERR", 2 "SERVFAIL", 3 "NXDOMAIN", 4 "NOTIMP", 5 "REFUSED", 6 "YXDOMAIN",
    7 "YXRRSET", 8 "NXRRSET", 9 "NOTAUTH", 10 "NOTZONE", 11 "DSOTYPENI", 16 "BADVERS", 23 "BADCOOKIE",
}

#[allow(missing_docs)]
impl RecordType {
    pub const A: Self = Self(1);
    pub const NS: Self = Self(2);
    pub const CNAME: Self = Self(5);
    pub const SOA: Self = Self(6);
    pub const PTR: Self = Self(12);
    pub const AAAA: Self = Self(28);
    pub const DNAME: Self = Self(39);
    pub const DS: Self = Self(43);
    pub const DNSKEY: Self = Self(48);
    pub const HTTPS: Self = Self(65);
    pub const ANY: Self = Self(255);
}

#[allow(missing_docs)]
impl Rcode {
    pub const NOERROR: Self = Self(0);
    pub const FORMERR: Self = Self(1);
    pub const SERVFAIL: Self = Self(2);
    pub const NXDOMAIN: Self = Self(3);
    pub const NOTIMP: Self = Self(4);
    pub const REFUSED: Self = Self(5);
    pub const YXDOMAIN: Self = Self(6);
    pub const NOTAUTH: Self = Self(9);
    pub const BADVERS: Self = Self(16);
}

/// One resource record, in presentation form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Owner, with its final dot.
    pub name: String,
    /// Type.
    pub rtype: RecordType,
    /// Time to live, in seconds.
    pub ttl: u32,
    /// Data in zone-file form, as `dig` prints it.
    pub data: String,
}

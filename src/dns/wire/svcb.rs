//! RDATA of SVCB and HTTPS records (RFC 9460 §2), read octet by octet: which is malformed, and what one says.
//!
//! Which record is used is decided elsewhere.

use std::net::IpAddr;

use hickory_resolver::proto::rr::Name;
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::dns::wire::name::decimal;

/// Protocols, keys and hints of one record that are kept.
const MAX_VALUES: usize = 16;

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6_HINT: u16 = 6;

/// The names of the keys above (RFC 9460 §14.3.2).
const KEYS: [&str; 7] = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

/// What an HTTPS record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// 0 for AliasMode.
    pub(crate) priority: u16,
    /// As in the record: the root stands for the owner.
    pub(crate) target: Name,
    /// Octets that are no text are escaped, as in a zone file.
    pub(crate) alpn: Vec<String>,
    pub(crate) no_default_alpn: bool,
    pub(crate) port: Option<u16>,
    pub(crate) hints: Vec<IpAddr>,
    pub(crate) ech: bool,
    pub(crate) mandatory: Vec<u16>,
    /// Why nothing of its set may be used (RFC 9460 §2.2).
    pub(crate) malformed: Option<String>,
    /// As it came.
    pub(crate) rdata: Vec<u8>,
}

impl Service {
    pub(crate) fn parse(rdata: &[u8]) -> Self {
        let mut service = Self {
            priority: 0,
            target: Name::root(),
            alpn: Vec::new(),
            no_default_alpn: false,
            port: None,
            hints: Vec::new(),
            ech: false,
            mandatory: Vec::new(),
            malformed: None,
            rdata: rdata.to_vec(),
        };
        service.malformed = service.read().err();
        service
    }

    fn read(&mut self) -> Result<(), String> {
        let rdata = std::mem::take(&mut self.rdata);
        let read = match split(&rdata) {
            None => Err("its data ends inside its target name".to_owned()),
            Some((priority, target, params)) => {
                (self.priority, self.target) = (priority, target);
                // RFC 9460 §2.4.2: in AliasMode no parameter counts.
                if priority == 0 { Ok(()) } else { self.read_params(params) }
            }
        };
        self.rdata = rdata;
        read
    }

    fn read_params(&mut self, bytes: &[u8]) -> Result<(), String> {
        let params = params(bytes).ok_or("its data ends inside a parameter")?;
        for pair in params.windows(2) {
            let (before, key) = (pair[0].0, pair[1].0);
            if before >= key {
                let (before, key) = (key_text(before), key_text(key));
                return Err(format!("its keys do not increase: {key} follows {before}"));
            }
        }
        for (key, value) in &params {
            self.read_param(*key, value).ok_or_else(|| format!("its {} cannot be read", key_text(*key)))?;
        }
        let listed = |key: &u16| params.iter().any(|(known, _)| known == key);
        match self.mandatory.iter().find(|key| !listed(key)) {
            None => Ok(()),
            Some(key) => Err(format!("its mandatory key {} is not there", key_text(*key))),
        }
    }

    /// `None` for a value that is not of its key's format (RFC 9460 §7, §8).
    fn read_param(&mut self, key: u16, value: &[u8]) -> Option<()> {
        match key {
            MANDATORY => {
                let (pairs, rest) = value.as_chunks::<2>();
                let keys: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
                let is_sound = !keys.is_empty() && rest.is_empty() && !keys.contains(&MANDATORY);
                self.mandatory = keys;
                (is_sound && self.mandatory.is_sorted_by(|one, next| one < next)).then_some(())?;
            }
            ALPN => self.alpn = alpn(value)?.into_iter().take(MAX_VALUES).map(id_text).collect(),
            NO_DEFAULT_ALPN => {
                self.no_default_alpn = true;
                value.is_empty().then_some(())?;
            }
            PORT => self.port = Some(u16::from_be_bytes(value.try_into().ok()?)),
            IPV4_HINT => self.hints.extend(hints::<4>(value)?),
            IPV6_HINT => self.hints.extend(hints::<16>(value)?),
            ECH => self.ech = true,
            _ => {}
        }
        Some(())
    }

    /// Why a client that speaks `protocols` cannot use it.
    pub(crate) fn unusable(&self, protocols: &[&str]) -> Option<String> {
        // RFC 9460 §8: a mandatory key that is not understood. ECH is one: it is not spoken here.
        let understood = |key: &&u16| matches!(**key, ALPN..=IPV4_HINT | IPV6_HINT);
        if let Some(key) = self.mandatory.iter().find(|key| !understood(key)) {
            return Some(format!("its mandatory key {} is not understood here", key_text(*key)));
        }
        if self.no_default_alpn && self.alpn.is_empty() {
            return Some("it has no-default-alpn without alpn (RFC 9460 section 7.1.1)".to_owned());
        }
        if self.port == Some(0) {
            return Some("its port is 0".to_owned());
        }
        if !self.offers(protocols) {
            let alpn = if self.alpn.is_empty() { "http/1.1".to_owned() } else { self.alpn.join(",") };
            return Some(format!("it offers {alpn} only, and this run speaks {}", protocols.join(",")));
        }
        None
    }

    fn offers(&self, protocols: &[&str]) -> bool {
        protocols.iter().any(|protocol| {
            self.alpn.iter().any(|id| id == protocol) || (!self.no_default_alpn && *protocol == "http/1.1")
        })
    }

    /// The name whose addresses it is about.
    pub(crate) fn effective_target(&self, owner: &Name) -> Name {
        if self.target.is_root() { owner.clone() } else { self.target.clone() }
    }
}

/// Priority, target and the octets of the parameters.
pub(crate) fn split(rdata: &[u8]) -> Option<(u16, Name, &[u8])> {
    let (priority, rest) = rdata.split_first_chunk::<2>()?;
    let mut decoder = BinDecoder::new(rest);
    let target = Name::read(&mut decoder).ok()?;
    Some((u16::from_be_bytes(*priority), target, &rest[decoder.index()..]))
}

/// The parameters, in the order in which they stand; `None` where the octets end inside one.
pub(crate) fn params(mut bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
        let [key0, key1, length0, length1] = *head;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([length0, length1])))?;
        all.push((u16::from_be_bytes([key0, key1]), value));
        bytes = rest;
    }
    bytes.is_empty().then_some(all)
}

/// The ids of an `alpn` (RFC 9460 §7.1.1): one at least, none empty, and nothing behind the last.
pub(crate) fn alpn(mut value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut ids = Vec::new();
    while let Some((length, rest)) = value.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        (!id.is_empty()).then(|| ids.push(id))?;
        value = rest;
    }
    (!ids.is_empty()).then_some(ids)
}

/// The addresses of a hint: one at least.
pub(crate) fn hints<const N: usize>(value: &[u8]) -> Option<Vec<IpAddr>>
where
    IpAddr: From<[u8; N]>,
{
    let (addresses, rest) = value.as_chunks::<N>();
    let is_sound = !addresses.is_empty() && rest.is_empty();
    is_sound.then(|| addresses.iter().take(MAX_VALUES).map(|address| IpAddr::from(*address)).collect())
}

/// An ALPN id, with octets that are no visible ASCII as in a zone file.
fn id_text(id: &[u8]) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id {
        match byte {
            b'\\' => text.push_str("\\\\"),
            0x21..=0x7e => text.push(char::from(*byte)),
            _ => decimal(&mut text, *byte),
        }
    }
    text
}

/// The presentation name of a SvcParamKey, RFC 9460 §14.3.2.
pub(crate) fn key_text(key: u16) -> String {
    KEYS.get(usize::from(key)).map_or_else(|| format!("key{key}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::presentation::svcb_text;

    /// A record of priority 1 and target `.` with these parameters.
    fn record(params: &[(u16, &[u8])]) -> Vec<u8> {
        let mut rdata = vec![0, 1, 0];
        for (key, value) in params {
            rdata.extend(key.to_be_bytes());
            rdata.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            rdata.extend(*value);
        }
        rdata
    }

    #[test]
    fn what_rfc_9460_calls_malformed_is_found_and_shown_as_octets() {
        let port: (u16, &[u8]) = (PORT, &[0x20, 0xfb]);
        let h2: (u16, &[u8]) = (ALPN, b"\x02h2");
        for (rdata, why) in [
            (vec![], "its data ends inside its target name"),
            (vec![0, 1], "its data ends inside its target name"),
            (vec![0, 1, 3, b'a'], "its data ends inside its target name"),
            (record(&[port, h2]), "its keys do not increase: alpn follows port"),
            (record(&[h2, h2]), "its keys do not increase: alpn follows alpn"),
            (record(&[(PORT, &[0, 0, 0x20, 0xfb])]), "its port cannot be read"),
            (record(&[(MANDATORY, &[0, 3, 0, 1]), h2, port]), "its mandatory cannot be read"),
            (record(&[(MANDATORY, &[0, 1, 0, 1]), h2]), "its mandatory cannot be read"),
            (record(&[(MANDATORY, &[0, 0]), h2]), "its mandatory cannot be read"),
            (record(&[(MANDATORY, &[])]), "its mandatory cannot be read"),
            (record(&[(MANDATORY, &[0, 3]), h2]), "its mandatory key port is not there"),
            (record(&[(ALPN, b"\x02h2\x00")]), "its alpn cannot be read"),
            (record(&[(ALPN, b"\x03h2")]), "its alpn cannot be read"),
            (record(&[(ALPN, b"")]), "its alpn cannot be read"),
            (record(&[h2, (NO_DEFAULT_ALPN, b"x")]), "its no-default-alpn cannot be read"),
            (record(&[(IPV4_HINT, b"")]), "its ipv4hint cannot be read"),
            (record(&[(IPV4_HINT, b"12345")]), "its ipv4hint cannot be read"),
            (record(&[(IPV6_HINT, b"1234")]), "its ipv6hint cannot be read"),
            (record(&[h2])[..8].to_vec(), "its data ends inside a parameter"),
        ] {
            assert_eq!(Service::parse(&rdata).malformed.as_deref(), Some(why), "{rdata:?}");
            assert!(svcb_text(&rdata).starts_with("\\# "), "{}", svcb_text(&rdata));
        }
        let alias = [&[0, 0, 1, b'a', 0][..], b"nonsense"].concat();
        assert_eq!(Service::parse(&alias).malformed, None, "in AliasMode no parameter counts");
    }

    #[test]
    fn an_alpn_id_that_is_no_text_is_kept() {
        let rdata =
            record(&[(ALPN, b"\x02\xfa\xfa\x02h2\x08http/1.1"), (PORT, &[0x20, 0xfb]), (65_300, b"x")]);
        let service = Service::parse(&rdata);
        assert_eq!((service.malformed.as_deref(), service.port), (None, Some(8443)));
        assert_eq!(service.alpn, ["\\250\\250", "h2", "http/1.1"]);
        assert_eq!(service.unusable(&["h2"]), None);
        assert_eq!(svcb_text(&rdata), "1 . alpn=\"\\250\\250,h2,http/1.1\" port=8443 key65300=\"x\"");
    }
}

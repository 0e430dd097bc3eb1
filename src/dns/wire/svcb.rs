//! RDATA of SVCB and HTTPS records (RFC 9460 §2). Which record is used is decided elsewhere.

use std::net::IpAddr;

use hickory_resolver::proto::rr::Name;
use hickory_resolver::proto::rr::rdata::SVCB;
use hickory_resolver::proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};

/// Protocols, keys and hints of one record that are kept.
const MAX_VALUES: usize = 16;

/// What an HTTPS record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// 0 for AliasMode.
    pub(crate) priority: u16,
    /// As in the record: the root stands for the owner.
    pub(crate) target: Name,
    pub(crate) alpn: Vec<String>,
    pub(crate) no_default_alpn: bool,
    pub(crate) port: Option<u16>,
    pub(crate) hints: Vec<IpAddr>,
    pub(crate) ech: bool,
    pub(crate) mandatory: Vec<u16>,
    /// Keys without a meaning here.
    unknown: Vec<u16>,
    /// As the codec has it.
    pub(crate) svcb: SVCB,
}

impl Service {
    pub(crate) fn read(svcb: &SVCB) -> Self {
        let mut service = Self {
            priority: svcb.svc_priority,
            target: svcb.target_name.clone(),
            alpn: Vec::new(),
            no_default_alpn: false,
            port: None,
            hints: Vec::new(),
            ech: false,
            mandatory: Vec::new(),
            unknown: Vec::new(),
            svcb: svcb.clone(),
        };
        for (key, value) in &svcb.svc_params {
            match value {
                SvcParamValue::Mandatory(keys) => {
                    service.mandatory = keys.0.iter().take(MAX_VALUES).map(|key| u16::from(*key)).collect();
                }
                SvcParamValue::Alpn(ids) => {
                    service.alpn = ids.0.iter().take(MAX_VALUES).cloned().collect();
                }
                SvcParamValue::NoDefaultAlpn => service.no_default_alpn = true,
                SvcParamValue::Port(port) => service.port = Some(*port),
                SvcParamValue::Ipv4Hint(hint) => {
                    service.hints.extend(hint.0.iter().take(MAX_VALUES).map(|a| IpAddr::V4(a.0)));
                }
                SvcParamValue::Ipv6Hint(hint) => {
                    service.hints.extend(hint.0.iter().take(MAX_VALUES).map(|a| IpAddr::V6(a.0)));
                }
                SvcParamValue::EchConfigList(_) => service.ech = true,
                SvcParamValue::Unknown(_) if service.unknown.len() < MAX_VALUES => {
                    service.unknown.push(u16::from(*key));
                }
                SvcParamValue::Unknown(_) => {}
            }
        }
        service
    }

    /// Why a client that speaks `protocols` cannot use it.
    pub(crate) fn unusable(&self, protocols: &[&str]) -> Option<String> {
        // RFC 9460 §8: a mandatory key that is not understood. ECH is one: it is not spoken here.
        let understood = |key: &&u16| matches!(**key, 1..=4 | 6);
        if let Some(key) = self.mandatory.iter().find(|key| !understood(key)) {
            return Some(format!(
                "its mandatory key {} is not understood here",
                key_text(SvcParamKey::from(*key))
            ));
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

/// The presentation name of a SvcParamKey, RFC 9460 §14.3.2.
pub(crate) fn key_text(key: SvcParamKey) -> String {
    match key {
        SvcParamKey::Mandatory => "mandatory".to_owned(),
        SvcParamKey::Alpn => "alpn".to_owned(),
        SvcParamKey::NoDefaultAlpn => "no-default-alpn".to_owned(),
        SvcParamKey::Port => "port".to_owned(),
        SvcParamKey::Ipv4Hint => "ipv4hint".to_owned(),
        SvcParamKey::EchConfigList => "ech".to_owned(),
        SvcParamKey::Ipv6Hint => "ipv6hint".to_owned(),
        other => format!("key{}", u16::from(other)),
    }
}

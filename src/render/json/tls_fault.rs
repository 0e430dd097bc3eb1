//! What is wrong with a certificate.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::render::words;
use crate::trace::{CertificateFault, CheckLimit, NearMiss};

/// One thing wrong with a certificate or its chain.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct FaultView<'a> {
    /// The same words as a failure's code.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::certificate_codes())))]
    code: &'static str,
    /// In words.
    detail: String,
    /// Where a certificate that was not sent can be fetched, as the one it has issued says; nothing was.
    url: Option<&'a str>,
    /// What it is made of, by its code; members that a code does not have are left out.
    particulars: FaultParticularsView<'a>,
}

/// What a fault is made of.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct FaultParticularsView<'a> {
    /// Which certificate of the chain it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    /// When its validity ended or begins, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// The name that it should be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<&'a str>,
    /// The nearest of the names that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'a str>,
    /// Why that does not match, although it looks alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["address-as-name", "final-dot", "blank"])))]
    near_miss: Option<&'static str>,
    /// An issuer that was not sent, or is not trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    /// What lies outside what can be checked here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["version", "key", "issuer-key", "signature", "search"])))]
    limit: Option<&'static str>,
    /// That version of X.509.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// That key, algorithm or limit; or the fault itself, where it is none of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
}

impl<'a> From<&'a CertificateFault> for FaultView<'a> {
    fn from(fault: &'a CertificateFault) -> Self {
        let (code, detail) = words::fault(fault);
        let url = match fault {
            CertificateFault::MissingIntermediate { url, .. } => url.as_deref(),
            _ => None,
        };
        Self { code, detail, url, particulars: fault.into() }
    }
}

impl<'a> From<&'a CertificateFault> for FaultParticularsView<'a> {
    fn from(fault: &'a CertificateFault) -> Self {
        let none = Self::default();
        match fault {
            CertificateFault::Expired { index, not_after: at }
            | CertificateFault::NotYetValid { index, not_before: at } => {
                Self { index: Some(*index), at: Some(words::timestamp(*at, 0)), ..none }
            }
            CertificateFault::WrongHost { wanted, nearest, near_miss } => Self {
                wanted: Some(wanted),
                nearest: nearest.as_deref(),
                near_miss: near_miss.map(NearMiss::as_str),
                ..none
            },
            CertificateFault::MissingIntermediate { issuer, .. }
            | CertificateFault::UnknownIssuer { issuer } => Self { issuer: Some(issuer), ..none },
            CertificateFault::Unchecked { index, limit } => Self { index: Some(*index), ..limit.into() },
            CertificateFault::Other(words) => Self { what: Some(words), ..none },
            CertificateFault::SelfSigned => none,
        }
    }
}

impl<'a> From<&'a CheckLimit> for FaultParticularsView<'a> {
    fn from(limit: &'a CheckLimit) -> Self {
        let of = |limit| Self { limit: Some(limit), ..Self::default() };
        match limit {
            CheckLimit::Version(version) => Self { version: Some(*version), ..of("version") },
            CheckLimit::Key(key) => Self { what: Some(key), ..of("key") },
            CheckLimit::IssuerKey { issuer, key } => {
                Self { issuer: Some(issuer), what: Some(key), ..of("issuer-key") }
            }
            CheckLimit::Signature(algorithm) => Self { what: Some(algorithm), ..of("signature") },
            CheckLimit::Search(what) => Self { what: Some(what), ..of("search") },
        }
    }
}

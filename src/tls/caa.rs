//! What a domain's CAA records say of the authority that issued its certificate (RFC 8659): which names they are
//! looked for at, and whether they name it. Asks nobody.
//!
//! Which domains stand for an authority in such records is known of some only. Where a set names one that
//! is not in the table, it may be a further domain of the same authority: then nothing is judged.

use crate::trace::{CaaProperty, CaaVerdict, Certificate, Record, RecordType};

/// The organizations of issuers (O of their names), and the domains by which CAA records mean them. From the
/// list "All CAA Identifiers" of the CCADB (Common CA Database), which holds what the authorities' own practice
/// statements say (section 4.2 there).
const IDENTIFIERS: &[(&[&str], &[&str])] = &[
    (&["Let's Encrypt", "Internet Security Research Group"], &["letsencrypt.org"]),
    (&["Google Trust Services", "Google Trust Services LLC"], &["pki.goog"]),
    (
        &["DigiCert Inc", "DigiCert, Inc."],
        &[
            "digicert.com",
            "www.digicert.com",
            "digicert.ne.jp",
            "cybertrust.ne.jp",
            "thawte.com",
            "geotrust.com",
            "rapidssl.com",
            "symantec.com",
            "digitalcertvalidation.com",
            "quovadisglobal.com",
            "pkioverheid.nl",
            "amazon.com",
            "amazontrust.com",
            "awstrust.com",
            "amazonaws.com",
        ],
    ),
    (
        &["Sectigo Limited", "COMODO CA Limited", "The USERTRUST Network"],
        &[
            "sectigo.com",
            "usertrust.com",
            "trust-provider.com",
            "comodo.com",
            "comodoca.com",
            "entrust.net",
            "affirmtrust.com",
        ],
    ),
    (
        &["Amazon", "Amazon Trust Services"],
        &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com", "aws.amazon.com"],
    ),
    (&["GlobalSign", "GlobalSign nv-sa"], &["globalsign.com"]),
    (
        &["GoDaddy.com, Inc.", "Starfield Technologies, Inc."],
        &["godaddy.com", "starfieldtech.com", "amazon.com"],
    ),
    (&["Entrust, Inc.", "Entrust Limited", "AffirmTrust"], &["entrust.net", "affirmtrust.com"]),
    (&["SSL Corp", "SSL Corporation"], &["ssl.com", "entrust.net", "affirmtrust.com"]),
    (&["Microsoft Corporation"], &["microsoft.com", "digicert.com"]),
    (&["IdenTrust", "IdenTrust, Inc."], &["identrust.com"]),
    (&["Certainly"], &["certainly.com"]),
    (&["Actalis S.p.A."], &["actalis.it"]),
    (&["Asseco Data Systems S.A."], &["certum.pl", "certum.eu"]),
    (&["SwissSign AG"], &["swisssign.com"]),
    (&["Buypass AS-983163327"], &["buypass.com"]),
    // The lab's own.
    (&["urltrace lab"], &["ca.test"]),
];

/// Properties that an authority for TLS certificates knows; others may be critical (RFC 8659 §4.1).
const KNOWN_TAGS: &[&str] =
    &["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"];

/// The CAA record type.
pub const CAA: RecordType = RecordType(257);

/// The names whose records count for a certificate of this host, nearest first, and the property that does
/// (RFC 8659 §3); `None` for a host that is none of its names.
#[must_use]
pub fn names(host: &str, leaf: &Certificate) -> Option<(Vec<String>, CaaProperty)> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_named = |name: &str| leaf.names.iter().any(|own| own.eq_ignore_ascii_case(name));
    let (start, property) = match host.split_once('.') {
        _ if is_named(&host) => (host.as_str(), CaaProperty::Issue),
        Some((_, parent)) if is_named(&format!("*.{parent}")) => (parent, CaaProperty::IssueWild),
        _ => return None,
    };
    let labels: Vec<&str> = start.split('.').collect();
    let names = (0..labels.len()).map(|from| format!("{}.", labels[from..].join(".")));
    Some((names.collect(), property))
}

/// What records say of the issuer of a certificate.
#[must_use]
pub fn judge(records: &[Record], property: CaaProperty, leaf: &Certificate) -> CaaVerdict {
    let read: Vec<Option<Property<'_>>> = records.iter().map(|record| Property::read(&record.data)).collect();
    if read.is_empty() {
        return CaaVerdict::NoRecords;
    }
    let unjudged = |why: &str| CaaVerdict::Unjudged(why.to_owned());
    if read.iter().any(Option::is_none) {
        return unjudged("a record is not of the form of CAA");
    }
    let read: Vec<Property<'_>> = read.into_iter().flatten().collect();
    if read.iter().any(|property| property.critical && !KNOWN_TAGS.contains(&property.tag.as_str())) {
        return unjudged("a critical property is not known here");
    }
    let of = |tag: CaaProperty| read.iter().filter(move |property| property.tag == tag.as_str());
    // Without an issuewild of their own wildcards go by issue.
    let property = if of(property).next().is_none() { CaaProperty::Issue } else { property };
    let named: Vec<String> = of(property).map(Property::issuer).collect();
    if named.is_empty() {
        return CaaVerdict::NoRestriction;
    }
    let Some(organization) = leaf.issuer_organization.as_deref() else {
        return unjudged("the issuer's name has no organization");
    };
    let own = IDENTIFIERS.iter().find(|(organizations, _)| organizations.contains(&organization));
    let Some((_, own)) = own else {
        return unjudged("which domain stands for its issuer in such records is not known here");
    };
    if let Some(identifier) = named.iter().find(|name| own.contains(&name.as_str())) {
        return CaaVerdict::Named(identifier.clone());
    }
    let is_known = |name: &String| {
        name.is_empty() || IDENTIFIERS.iter().any(|(_, domains)| domains.contains(&name.as_str()))
    };
    match own.first() {
        Some(identifier) if named.iter().all(is_known) => {
            CaaVerdict::NotNamed { organization: organization.to_owned(), identifier }
        }
        _ => unjudged("a domain that they name may stand for its issuer, too"),
    }
}

/// A record, read from its presentation form (RFC 8659 §4.1.1).
struct Property<'a> {
    critical: bool,
    /// In lower case.
    tag: String,
    value: &'a str,
}

impl<'a> Property<'a> {
    fn read(data: &'a str) -> Option<Self> {
        let (flags, rest) = data.split_once(' ')?;
        let (tag, value) = rest.split_once(' ')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        let flags: u8 = flags.parse().ok()?;
        Some(Self { critical: flags & 0x80 != 0, tag: tag.to_ascii_lowercase(), value })
    }

    /// The domain before the parameters (RFC 8659 §4.2); empty where nobody may issue.
    fn issuer(&self) -> String {
        let domain = self.value.split(';').next().unwrap_or_default().trim();
        domain.trim_end_matches('.').to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    fn leaf(organization: Option<&str>, names: &[&str]) -> Certificate {
        let trace = sample::success();
        Certificate {
            issuer_organization: organization.map(str::to_owned),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..trace.connections[0].tls.as_ref().ran().unwrap().chain[0].clone()
        }
    }

    fn judged(data: &[&str], property: CaaProperty, organization: Option<&str>) -> CaaVerdict {
        let record = |data: &&str| Record {
            name: "example.test.".to_owned(),
            rtype: CAA,
            ttl: 60,
            data: (*data).to_owned(),
        };
        let records: Vec<Record> = data.iter().map(record).collect();
        judge(&records, property, &leaf(organization, &[]))
    }

    #[test]
    fn the_tree_is_climbed_from_the_name_that_the_certificate_is_for() {
        let all = |host: &str, names: &[&str]| super::names(host, &leaf(None, names));
        let (climbed, property) = all("WWW.Example.test.", &["www.example.test"]).unwrap();
        assert_eq!(climbed, ["www.example.test.", "example.test.", "test."]);
        assert_eq!(property, CaaProperty::Issue);
        let (climbed, property) = all("www.example.test", &["*.example.test"]).unwrap();
        assert_eq!(
            (climbed, property),
            (vec!["example.test.".to_owned(), "test.".to_owned()], CaaProperty::IssueWild)
        );
        let both = all("www.example.test", &["*.example.test", "www.example.test"]).unwrap();
        assert_eq!(both.1, CaaProperty::Issue, "its own name comes first");
        assert!(all("www.example.test", &["other.test", "*.www.example.test"]).is_none());
    }

    #[test]
    fn records_name_an_issuer_or_another_or_nobody() {
        use CaaProperty::{Issue, IssueWild};
        let encrypt = Some("Let's Encrypt");
        let named = |domain: &str| CaaVerdict::Named(domain.to_owned());
        let not_named = || CaaVerdict::NotNamed {
            organization: "Let's Encrypt".to_owned(),
            identifier: "letsencrypt.org",
        };
        assert_eq!(judged(&[], Issue, encrypt), CaaVerdict::NoRecords);
        for (data, property, expected) in [
            (&[r#"0 issue "letsencrypt.org""#][..], Issue, named("letsencrypt.org")),
            (&[r#"0 ISSUE "LetsEncrypt.org; validationmethods=dns-01""#], Issue, named("letsencrypt.org")),
            (&[r#"0 issue "pki.goog""#, r#"0 issue " letsencrypt.org ""#], Issue, named("letsencrypt.org")),
            (&[r#"0 issue "pki.goog""#], Issue, not_named()),
            (&[r#"0 issue ";""#], Issue, not_named()),
            (&[r#"0 issue "digicert.com""#, r#"0 issue "amazon.com""#], Issue, not_named()),
            (&[r#"0 iodef "mailto:a@example.test""#], Issue, CaaVerdict::NoRestriction),
            (&[r#"0 issuewild ";""#], Issue, CaaVerdict::NoRestriction),
            (&[r#"0 issuewild ";""#, r#"0 issue "letsencrypt.org""#], IssueWild, not_named()),
            (&[r#"0 issue "letsencrypt.org""#], IssueWild, named("letsencrypt.org")),
            (&[r#"0 issue "pki.goog""#], IssueWild, not_named()),
        ] {
            assert_eq!(judged(data, property, encrypt), expected, "{data:?} {property:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        let google = &[r#"0 issue "pki.goog""#][..];
        for (data, organization) in [
            (google, None),
            (google, Some("A Company Nobody Knows")),
            // A further domain of the issuer's, for all that is known.
            (&[r#"0 issue "reseller.example""#], Some("DigiCert Inc")),
            (&[r#"0 issue "pki.goog""#, r#"0 issue "reseller.example""#], Some("DigiCert Inc")),
            (&[r#"128 tbs "unknown""#, r#"0 issue "pki.goog""#], Some("DigiCert Inc")),
            (&[r"\# 3 000102"], Some("DigiCert Inc")),
        ] {
            let verdict = judged(data, CaaProperty::Issue, organization);
            assert!(matches!(verdict, CaaVerdict::Unjudged(_)), "{data:?} {organization:?}: {verdict:?}");
        }
    }
}

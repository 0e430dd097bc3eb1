//! Extended DNS errors (RFC 8914): the registered names and what they mean, in words.
//!
//! A table. What a server means by a code in one reply is its own text, shown beside it.

/// The registered name of a code.
#[must_use]
pub const fn name(code: u16) -> &'static str {
    match code {
        0 => "Other Error",
        1 => "Unsupported DNSKEY Algorithm",
        2 => "Unsupported DS Digest Type",
        3 => "Stale Answer",
        4 => "Forged Answer",
        5 => "DNSSEC Indeterminate",
        6 => "DNSSEC Bogus",
        7 => "Signature Expired",
        8 => "Signature Not Yet Valid",
        9 => "DNSKEY Missing",
        10 => "RRSIGs Missing",
        11 => "No Zone Key Bit Set",
        12 => "NSEC Missing",
        13 => "Cached Error",
        14 => "Not Ready",
        15 => "Blocked",
        16 => "Censored",
        17 => "Filtered",
        18 => "Prohibited",
        19 => "Stale NXDOMAIN Answer",
        20 => "Not Authoritative",
        21 => "Not Supported",
        22 => "No Reachable Authority",
        23 => "Network Error",
        24 => "Invalid Data",
        25 => "Signature Expired before Valid",
        26 => "Too Early",
        27 => "Unsupported NSEC3 Iterations Value",
        28 => "Unable to conform to policy",
        29 => "Synthesized",
        30 => "Invalid Query Type",
        _ => "Unassigned",
    }
}

/// What the code means, lower case and without a full stop.
#[must_use]
pub const fn meaning(code: u16) -> &'static str {
    match code {
        0 => "the server gives no closer reason",
        1 => "the zone is signed only with algorithms the server does not know",
        2 => "the parent's DS records use digests the server does not know",
        3 => "the answer is older than its TTL: the zone's own servers could not be reached",
        4 => "the answer was made up by policy and is not the zone's",
        5 => "DNSSEC could not be checked to an end",
        6 => "DNSSEC was checked and does not hold",
        7 => "no signature of the answer is valid any more",
        8 => "no signature of the answer is valid yet",
        9 => "no key of the zone matches what its parent says",
        10 => "the zone is signed and the answer is not",
        11 => "no key of the zone may sign zone data",
        12 => "the absence is not proven",
        13 => "an earlier failure is still remembered",
        14 => "the server is not up yet",
        15 => "the operator of the server blocks the name",
        16 => "somebody outside has ordered the operator to block the name",
        17 => "the client has asked for such names to be blocked",
        18 => "the server does not serve this client",
        19 => "the absence is older than its TTL",
        20 => "the server does not have the zone",
        21 => "the server does not do this kind of question",
        22 => "none of the zone's servers could be reached",
        23 => "an error on the way to another server",
        24 => "the server has the zone and cannot use its data (expired, not loaded)",
        25 => "a signature ends before it begins",
        26 => "the question came as early data and might be replayed",
        27 => "the zone demands more hashing than the server does",
        28 => "the answer does not conform to the server's policy",
        29 => "the answer was made from other answers in the cache",
        30 => "the type asked for is not one to ask for",
        _ => "the code is not registered",
    }
}

/// Whether the code says that the name is kept from the client on purpose.
#[must_use]
pub const fn is_filtering(code: u16) -> bool {
    matches!(code, 15..=18)
}

/// Errors of one reply, in one sentence.
#[must_use]
pub fn sentence(errors: &[(u16, String)]) -> String {
    let one = |(code, text): &(u16, String)| {
        let words = if text.is_empty() { String::new() } else { format!(", in its words: {text}") };
        format!("extended error {code}, {}: {}{words}", name(*code), meaning(*code))
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_code_has_a_name_and_a_meaning() {
        for code in 0..=30 {
            assert_ne!(name(code), "Unassigned", "{code}");
            assert!(!meaning(code).contains("not registered") && !meaning(code).ends_with('.'), "{code}");
        }
        assert_eq!(name(31), "Unassigned");
        let errors = [(20, "no such zone".to_owned()), (23, String::new())];
        assert!(sentence(&errors).starts_with("extended error 20, Not Authoritative: "));
        assert_eq!(sentence(&[]), "");
    }
}

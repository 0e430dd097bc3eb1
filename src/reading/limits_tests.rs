//! Limits in the spellings of many services.

use std::time::{Duration, SystemTime};

use super::limits::{Limits, limits};
use super::tests::response;

const DATE: &str = "date: Wed, 06 Nov 2024 10:42:57 GMT\n";
const NOW: u64 = 1_730_889_777;

fn read(status: u16, text: &str) -> Option<Limits> {
    limits(&response(status, text), SystemTime::UNIX_EPOCH + Duration::from_secs(NOW + 3_600))
}

/// `name limit remaining window reset_in` of each quota, `-` for what is not said.
fn told(text: &str) -> Vec<String> {
    let limits = read(200, &format!("{DATE}{text}"));
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let quota = |quota: &super::limits::Quota| {
        let name = quota.name.clone().unwrap_or_else(|| "-".to_owned());
        let numbers = [quota.limit, quota.remaining, quota.window, quota.reset_in].map(number);
        format!("{name} {}", numbers.join(" "))
    };
    limits.map_or_else(Vec::new, |limits| limits.quotas.iter().map(quota).collect())
}

#[test]
fn quotas_are_read_in_all_their_spellings() {
    let table: &[(&str, &[&str])] = &[
        // The IETF's drafts, old and new.
        ("ratelimit-limit: 100\nratelimit-remaining: 40\nratelimit-reset: 50", &["- 100 40 - 50"]),
        ("ratelimit-policy: 100;w=60\nratelimit: limit=100, remaining=50, reset=5", &["- 100 50 60 5"]),
        (
            "ratelimit-policy: \"burst\";q=100;w=60,\"daily\";q=1000;w=86400\nratelimit: \"burst\";r=50;t=30",
            &["burst 100 50 60 30", "daily 1000 - 86400 -"],
        ),
        ("ratelimit-limit: 10, 10;w=1, 50;w=60\nratelimit-remaining: 9", &["- 10 9 1 -"]),
        // Docker Hub.
        ("ratelimit-limit: 100;w=21600\nratelimit-remaining: 76;w=21600", &["- 100 76 21600 -"]),
        // GitHub: a Unix time.
        (
            "x-ratelimit-limit: 60\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1730890000\nx-ratelimit-used: 60\n\
             x-ratelimit-resource: core",
            &["- 60 0 - 223"],
        ),
        // Twitter, Okta.
        (
            "X-Rate-Limit-Limit: 900\nX-Rate-Limit-Remaining: 899\nX-Rate-Limit-Reset: 1730889837",
            &["- 900 899 - 60"],
        ),
        // In thousandths.
        ("x-ratelimit-limit: 5\nx-ratelimit-reset: 1730889787000", &["- 5 - - 10"]),
        // Discord.
        (
            "x-ratelimit-limit: 5\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1730889779.5\n\
             x-ratelimit-reset-after: 2.5\nx-ratelimit-bucket: abcd",
            &["- 5 0 - 2"],
        ),
        // Reddit.
        ("x-ratelimit-used: 4\nx-ratelimit-remaining: 96.0\nx-ratelimit-reset: 323", &["- - 96 - 323"]),
        // OpenAI.
        (
            "x-ratelimit-limit-requests: 60\nx-ratelimit-remaining-requests: 59\nx-ratelimit-reset-requests: 1s\n\
             x-ratelimit-limit-tokens: 150000\nx-ratelimit-remaining-tokens: 149984\nx-ratelimit-reset-tokens: 6m0s",
            &["requests 60 59 - 1", "tokens 150000 149984 - 360"],
        ),
        // Anthropic.
        (
            "anthropic-ratelimit-requests-limit: 50\nanthropic-ratelimit-requests-remaining: 49\n\
             anthropic-ratelimit-requests-reset: 2024-11-06T10:43:57Z",
            &["requests 50 49 - 60"],
        ),
        // Kong.
        ("X-RateLimit-Limit-Minute: 20\nX-RateLimit-Remaining-Minute: 19", &["minute 20 19 60 -"]),
        // HubSpot.
        (
            "x-hubspot-ratelimit-daily: 250000\nx-hubspot-ratelimit-max: 190\nx-hubspot-ratelimit-remaining: 189\n\
             x-hubspot-ratelimit-interval-milliseconds: 10000",
            &["- 190 189 10 -"],
        ),
        ("x-shopify-shop-api-call-limit: 32/40", &["- 40 8 - -"]),
        ("x-ms-ratelimit-remaining-subscription-reads: 11999", &["subscription-reads - 11999 - -"]),
        // GitLab.
        (
            "ratelimit-limit: 60\nratelimit-name: throttle\nratelimit-observed: 1\nratelimit-remaining: 59\n\
             ratelimit-reset: 1730889800\nratelimit-resettime: Wed, 06 Nov 2024 10:43:20 GMT",
            &["- 60 59 - 23"],
        ),
        // Nothing that can be read.
        ("x-ratelimit-limit: unlimited\nx-ratelimit-reset: soon\nx-ratelimit-remaining: -1", &[]),
        ("x-ratelimit-reset: 5\nratelimit-policy: \"\"", &[]),
    ];
    for (text, wanted) in table {
        assert_eq!(told(text), *wanted, "{text}");
    }
}

#[test]
fn the_time_to_wait_is_reckoned_by_the_servers_clock() {
    for (text, wanted) in [
        (format!("{DATE}retry-after: 120"), Some((120, 120, "server"))),
        ("retry-after: 120".to_owned(), Some((120, 3_720, "here"))),
        (format!("{DATE}retry-after: Wed, 06 Nov 2024 10:43:27 GMT"), Some((30, 30, "server"))),
        ("retry-after: Wed, 06 Nov 2024 10:43:27 GMT".to_owned(), Some((0, 30, "here"))),
        (format!("{DATE}retry-after: 99999999999"), Some((99_999_999_999, 99_999_999_999, "server"))),
        (format!("{DATE}retry-after: 99999999999999999999"), None),
        (format!("{DATE}retry-after: in a while"), None),
        (format!("{DATE}retry-after: -5"), None),
    ] {
        let retry = read(503, &text).and_then(|limits| limits.retry);
        let words = retry.map(|retry| {
            let at = retry.at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() - NOW;
            (retry.wait.as_secs(), at, retry.clock.as_str())
        });
        assert_eq!(words, wanted, "{text}");
    }
}

#[test]
fn a_refusal_for_a_limit_is_told_from_others() {
    for (status, text, refused) in [
        (429, "retry-after: 1", true),
        (503, "retry-after: 1", false),
        (403, "x-ratelimit-limit: 60\nx-ratelimit-remaining: 0", true),
        (404, "x-ratelimit-limit: 60\nx-ratelimit-remaining: 0", false),
        (403, "x-ratelimit-limit: 60\nx-ratelimit-remaining: 1", false),
        (200, "x-ratelimit-limit: 60\nx-ratelimit-remaining: 0", false),
        (400, "x-amzn-errortype: ThrottlingException", true),
        (400, "x-amzn-errortype: ValidationException", false),
        (200, "x-amzn-errortype: ThrottlingException", false),
        (503, "x-envoy-ratelimited: true", true),
    ] {
        let limits = read(status, text);
        assert_eq!(limits.is_some_and(|limits| limits.refused(status)), refused, "{status} {text}");
    }
}

//! What a response says is in the HTML report, as it is in JSON: by scenario, the words that have to be there. The page
//! itself (its markup, its policy, its size) is held by the tests against real programs.

use urltrace::lab::SCENARIOS;

use crate::support::{run, stdout};

/// A scenario, and what its page says.
const SAID: &[(&str, &[&str])] = &[
    ("cdn-hit", &["What the response says", "<dt>layer</dt>", "cache that calls itself `lab-edge`: hit"]),
    ("cdn-stale", &["stale", "s old"]),
    ("bad-gateway", &["<dt>error by</dt>", "the gateway"]),
    ("gateway-overhead", &["gateway overhead (Latency - IntegrationLatency)"]),
    ("slow-upstream", &["Server-Timing", "db"]),
    ("rate-limited", &["<dt>limits</dt>", "try again at"]),
    ("login", &["<dt>auth</dt>"]),
    ("openid", &["a login by OpenID Connect", "which leads back to"]),
    ("oauth-careless", &["without state, PKCE", "back by http, in the clear"]),
    ("saml", &["a login by SAML", "SAMLRequest=[redacted]"]),
    ("cas", &["a login by CAS"]),
    ("token", &["web token", "claim not told; not verified", "expired"]),
    ("problem", &["problem details:"]),
    ("graphql-errors", &["of GraphQL, the first:"]),
    ("old-api", &["deprecated", "switched off on"]),
    ("cors", &["<dt>cors</dt>", "CORS preflight", "allowed by the preflight"]),
    ("cors-refused", &["a browser would keep the response from the page"]),
    ("websocket", &["a WebSocket was opened", "after the ping"]),
    ("events", &["events, the first", "--max-time ended it here"]),
    ("drip-body", &["Arrival of the body", "<svg class=\"curve\""]),
    ("cold-function", &["The same again", "First and later requests", "<dt>ids</dt>"]),
    ("busy", &["by Retry-After", "again 1."]),
    ("cookie-wall", &["What was done about it", "1 kept (seen)"]),
    ("two-lengths", &["says its length twice"]),
    ("normal", &["GET is safe, idempotent, cacheable"]),
];

#[test]
fn everything_of_the_exchange_is_in_the_page() {
    for (id, wanted) in SAID {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == *id).unwrap();
        let arguments = [&["--format", "html", "--lab"], scenario.options, &[scenario.url]].concat();
        let page = stdout(&run(&arguments));
        for words in *wanted {
            assert!(page.contains(words), "{id}: no `{words}`\n{page}");
        }
        if *id == "normal" {
            assert!(!page.contains("What was done about it"), "a sound run needs nothing done");
        }
    }
}

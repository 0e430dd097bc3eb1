//! Views of who has to say who he is: challenges, logins, tokens.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading::{Challenge, Flow, FlowKind, challenges, flow};
use crate::render::words::timestamp;
use crate::trace::{Hop, Http, TokenFault, TokenForm, WebToken};

/// Who has to say who he is, and how.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct AuthView<'a> {
    /// What the response asks for (WWW-Authenticate, Proxy-Authenticate).
    challenges: Vec<ChallengeView>,
    /// The login that the response redirects to; null where it leads to none that is known.
    flow: Option<FlowView>,
    /// Web tokens that were met in the URL, the request or the response: described, never checked.
    tokens: Vec<TokenView<'a>>,
}

impl<'a> AuthView<'a> {
    pub(super) fn of(hop: &Hop<'_>, http: &'a Http) -> Self {
        let of = |name: &str| challenges(&http.headers, name);
        let all = of("www-authenticate").into_iter().chain(of("proxy-authenticate"));
        Self {
            challenges: all.map(Into::into).collect(),
            flow: flow(http).map(|flow| FlowView::new(&hop.url.host_ascii, flow)),
            tokens: http.tokens.iter().map(Into::into).collect(),
        }
    }
}

/// One way to say who asks (RFC 9110 section 11.6.1).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ChallengeView {
    /// The scheme, as written.
    scheme: String,
    /// What it protects.
    realm: Option<String>,
    /// All parameters, secrets redacted; of one that stands twice, the first.
    params: BTreeMap<String, String>,
    /// What it asks for.
    meaning: String,
}

impl From<Challenge> for ChallengeView {
    fn from(challenge: Challenge) -> Self {
        let (realm, meaning) = (challenge.parameter("realm").map(str::to_owned), challenge.meaning());
        let pairs = challenge.parameters.into_iter().rev();
        Self {
            scheme: challenge.scheme,
            realm,
            params: pairs.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            meaning,
        }
    }
}

/// A login.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct FlowView {
    /// Its kind.
    #[cfg_attr(test, schemars(extend("enum" = crate::render::json::schema::from_views::flow_kinds())))]
    kind: &'static str,
    /// Who takes part.
    parties: PartiesView,
    /// What a careful client sends and this one does not: `state`, `PKCE`, `nonce`.
    missing: Vec<&'static str>,
    /// What it should not do: `implicit-flow` (a token in the URL), `return-in-clear` (back by http).
    doubts: Vec<&'static str>,
}

/// Who takes part in a login.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct PartiesView {
    /// The host that sends visitors there.
    asked_by: String,
    /// The host where one logs in.
    provider: String,
    /// For whom the login is, as the provider knows him.
    client: Option<String>,
    /// Where it leads back to; null where that is not said in the clear.
    returns_to: Option<String>,
}

impl FlowView {
    fn new(host: &str, flow: Flow) -> Self {
        Self {
            kind: FlowKind::as_str(flow.kind),
            parties: PartiesView {
                asked_by: host.to_owned(),
                provider: flow.provider,
                client: flow.client,
                returns_to: flow.returns_to,
            },
            missing: flow.missing,
            doubts: flow.faults,
        }
    }
}

/// A web token (RFC 7519), described.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct TokenView<'a> {
    /// Where it stands: `url`, or the side and the field.
    place: &'a str,
    /// Whether anybody can read it.
    #[cfg_attr(test, schemars(extend("enum" = ["signed", "encrypted"])))]
    form: &'static str,
    /// By what it is signed or encrypted.
    alg: Option<&'a str>,
    /// Its type.
    typ: Option<&'a str>,
    /// The name of the key.
    kid: Option<&'a str>,
    /// Who made it.
    iss: Option<&'a str>,
    /// For whom.
    aud: &'a [String],
    /// When it was made, RFC 3339, UTC.
    issued_at: Option<String>,
    /// From when on it holds.
    not_before: Option<String>,
    /// Until when.
    expires_at: Option<String>,
    /// How long it still holds, reckoned from the response; below zero since it does not.
    left_s: Option<i64>,
    /// How many other claims it has, which are not told.
    other_claims: usize,
    /// What is wrong with it, as far as that is seen without its key.
    #[cfg_attr(test, schemars(extend("items" = { "type": "string", "enum": ["unsigned", "expired", "not-yet-valid", "never-expires", "long-lived", "in-url"] })))]
    faults: Vec<&'static str>,
    /// Always false: its key is not known here.
    verified: bool,
}

impl<'a> From<&'a WebToken> for TokenView<'a> {
    fn from(token: &'a WebToken) -> Self {
        Self {
            place: &token.place,
            form: TokenForm::as_str(token.form),
            alg: token.algorithm.as_deref(),
            typ: token.kind.as_deref(),
            kid: token.key.as_deref(),
            iss: token.issuer.as_deref(),
            aud: &token.audience,
            issued_at: token.issued.map(|at| timestamp(at, 0)),
            not_before: token.not_before.map(|at| timestamp(at, 0)),
            expires_at: token.expires.map(|at| timestamp(at, 0)),
            left_s: token.left,
            other_claims: token.others,
            faults: token.faults.iter().copied().map(TokenFault::as_str).collect(),
            verified: false,
        }
    }
}

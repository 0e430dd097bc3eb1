//! Logins that a URL begins, known by its parameters: OAuth 2.0 (RFC 6749), OpenID Connect, SAML, WS-Federation,
//! CAS, and proxies that ask at the door.
//!
//! Only names are needed of what is secret, and values of what is not (`response_type`, `scope`).

use super::fields::clip;
use crate::trace::Http;

/// The kinds of logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowKind {
    /// OAuth 2.0.
    OAuth2,
    /// OpenID Connect.
    OpenIdConnect,
    /// SAML.
    Saml,
    /// WS-Federation.
    WsFederation,
    /// CAS.
    Cas,
    /// A proxy that asks before the site does.
    AccessProxy,
}

impl FlowKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::OAuth2, Self::OpenIdConnect, Self::Saml, Self::WsFederation, Self::Cas, Self::AccessProxy];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth2 => "oauth2",
            Self::OpenIdConnect => "openid-connect",
            Self::Saml => "saml",
            Self::WsFederation => "ws-federation",
            Self::Cas => "cas",
            Self::AccessProxy => "access-proxy",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::OAuth2 => "OAuth 2.0",
            Self::OpenIdConnect => "OpenID Connect",
            Self::Saml => "SAML",
            Self::WsFederation => "WS-Federation",
            Self::Cas => "CAS",
            Self::AccessProxy => "an access proxy",
        }
    }
}

/// A login that a redirect begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its kind.
    pub kind: FlowKind,
    /// Where one logs in.
    pub provider: String,
    /// Where it leads back to, if that is said.
    pub returns_to: Option<String>,
    /// For whom the login is, as the provider knows him.
    pub client: Option<String>,
    /// What a careful client sends and this one does not: `state`, `PKCE`, `nonce`.
    pub missing: Vec<&'static str>,
    /// What it should not do: `implicit-flow`, `return-in-clear`.
    pub faults: Vec<&'static str>,
}

/// The login that a response sends to.
#[must_use]
pub fn flow(http: &Http) -> Option<Flow> {
    of_url(http.redirect.as_ref()?.target.as_deref()?)
}

/// Bytes of a URL that are read.
const READ: usize = 32 << 10;

/// The parts of a URL as far as they matter here.
struct Parts<'t> {
    host: &'t str,
    path: &'t str,
    query: &'t str,
}

impl<'t> Parts<'t> {
    fn of(url: &'t str) -> Option<Self> {
        let url = url.get(..READ.min(url.len())).unwrap_or_default();
        let rest = url.split_once("://")?.1;
        let rest = rest.split('#').next()?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match place.find('/') {
            Some(at) => place.split_at(at),
            None => (place, ""),
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(Self { host, path, query })
    }

    /// The value of a parameter, as it stands.
    fn value(&self, name: &str) -> Option<&'t str> {
        self.query.split('&').find_map(|pair| {
            let (own, value) = pair.split_once('=').unwrap_or((pair, ""));
            (own == name).then_some(value)
        })
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| !value.is_empty())
    }

    /// A URL in a parameter: its scheme and host.
    fn url_in(&self, name: &str) -> Option<String> {
        let value = decoded(self.value(name)?);
        let (scheme, rest) = value.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(clip(&format!("{}://{host}", scheme.to_ascii_lowercase())))
    }
}

/// A value with its percent-encoding undone (RFC 3986 §2.1).
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() && out.len() < 2_000 {
        let pair = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The login that a URL begins.
#[must_use]
pub(super) fn of_url(url: &str) -> Option<Flow> {
    let parts = Parts::of(url)?;
    let begun = |kind: FlowKind, returns: &str| Flow {
        kind,
        provider: clip(parts.host),
        returns_to: parts.url_in(returns),
        client: None,
        missing: Vec::new(),
        faults: Vec::new(),
    };
    let pushed = parts.has("request_uri") || parts.has("request");
    let mut flow = match () {
        () if parts.has("client_id") && (parts.has("response_type") || pushed) => {
            let scopes = decoded(parts.value("scope").unwrap_or_default());
            let openid = scopes.split(' ').any(|scope| scope == "openid");
            let kind = if openid { FlowKind::OpenIdConnect } else { FlowKind::OAuth2 };
            let mut flow = begun(kind, "redirect_uri");
            flow.client = parts.value("client_id").map(|client| clip(&decoded(client)));
            let response_type = decoded(parts.value("response_type").unwrap_or_default());
            let asks = |word: &str| response_type.split(' ').any(|asked| asked == word);
            // What was handed over before is not seen here (RFC 9126, RFC 9101).
            if !pushed {
                let code = asks("code");
                let lacks = [
                    (!parts.has("state"), "state"),
                    (code && !parts.has("code_challenge"), "PKCE"),
                    (asks("id_token") && !parts.has("nonce"), "nonce"),
                ];
                flow.missing = lacks.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| *what).collect();
            }
            if asks("token") {
                flow.faults.push("implicit-flow");
            }
            flow
        }
        () if parts.has("SAMLRequest") => begun(FlowKind::Saml, "RelayState"),
        () if parts.value("wa").is_some_and(|wa| wa.starts_with("wsignin1")) => {
            let mut flow = begun(FlowKind::WsFederation, "wreply");
            flow.client = parts.value("wtrealm").map(|realm| clip(&decoded(realm)));
            flow
        }
        () if parts.path.ends_with("/login") && parts.url_in("service").is_some() => {
            begun(FlowKind::Cas, "service")
        }
        () if is_door(&parts) => begun(FlowKind::AccessProxy, "redirect_url"),
        () => return None,
    };
    let here = |to: &str| {
        ["localhost", "127.", "[::1]"].iter().any(|host| to.starts_with(&format!("http://{host}")))
    };
    if flow.returns_to.as_ref().is_some_and(|to| to.starts_with("http://") && !here(to)) {
        flow.faults.push("return-in-clear");
    }
    Some(flow)
}

/// Proxies that ask at the door: Cloudflare Access, oauth2-proxy, Azure's Easy Auth.
fn is_door(parts: &Parts<'_>) -> bool {
    parts.host.ends_with(".cloudflareaccess.com") && parts.path.starts_with("/cdn-cgi/access/login")
        || parts.path == "/oauth2/start"
        || parts.path.starts_with("/.auth/login/")
}

//! View of the URL.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{Host, Url, UrlChange};

/// A URL taken apart by the WHATWG URL standard.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct UrlView<'a> {
    /// The whole URL, secrets redacted.
    href: &'a str,
    /// Its scheme.
    #[cfg_attr(test, schemars(extend("enum" = ["http", "https", "ws", "wss", "grpc", "grpcs", "tls", "tcp", "dns", "quic"])))]
    scheme: &'static str,
    /// Whether the scheme was missing and one was assumed: https, or http for `localhost`, addresses and
    /// names of one label.
    scheme_assumed: bool,
    /// User name, redacted.
    username: Option<&'a str>,
    /// Password, redacted.
    password: Option<&'a str>,
    /// The host as sent: ASCII, punycode; IPv6 without brackets.
    host: &'a str,
    /// The host in Unicode.
    host_unicode: &'a str,
    /// What the host is.
    #[cfg_attr(test, schemars(extend("enum" = ["name", "ipv4", "ipv6"])))]
    host_kind: &'static str,
    /// The port; null with the scheme `dns`, which has none.
    port: Option<u16>,
    /// Whether none was given, or the scheme's own.
    port_is_default: bool,
    /// Path, percent-encoded; empty where the scheme has none.
    path: &'a str,
    /// Query without `?`, values of secret keys redacted.
    query: Option<&'a str>,
    /// Fragment without `#`.
    fragment: Option<&'a str>,
    /// A fragment is never sent: always false.
    #[cfg_attr(test, schemars(extend("const" = false)))]
    fragment_sent: bool,
    /// What a browser would silently change in the input.
    changes: Vec<UrlChangeView<'a>>,
}

impl<'a> UrlView<'a> {
    pub(super) fn new(url: &'a Url) -> Self {
        Self {
            href: &url.href,
            scheme: url.scheme.as_str(),
            scheme_assumed: url.scheme_assumed,
            username: url.username.as_deref(),
            password: url.password.as_deref(),
            host: &url.host_ascii,
            host_unicode: &url.host_unicode,
            host_kind: match url.host {
                Host::Name(_) => "name",
                Host::Ipv4(_) => "ipv4",
                Host::Ipv6(_) => "ipv6",
            },
            port: Some(url.port).filter(|port| *port != 0),
            port_is_default: url.port_is_default,
            path: &url.path,
            query: url.query.as_deref(),
            fragment: url.fragment.as_deref(),
            fragment_sent: false,
            changes: url.changes.iter().map(UrlChangeView::new).collect(),
        }
    }
}

/// One silent change between what was typed and what is used.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct UrlChangeView<'a> {
    /// What kind of change, kebab-case.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::change_kinds())))]
    kind: &'static str,
    /// The part as typed.
    before: &'a str,
    /// The part as used.
    after: &'a str,
}

impl<'a> UrlChangeView<'a> {
    fn new(change: &'a UrlChange) -> Self {
        Self { kind: change.kind.as_str(), before: &change.before, after: &change.after }
    }
}

//! View of the URL.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::render::redact::Redactor;
use crate::trace::{Host, Url, UrlChange};

/// A URL taken apart by the WHATWG URL standard.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct UrlView<'a> {
    /// The whole URL, secrets redacted.
    href: Cow<'a, str>,
    /// Its scheme.
    #[cfg_attr(test, schemars(extend("enum" = ["http", "https"])))]
    scheme: &'static str,
    /// Whether the scheme was missing and https was taken.
    scheme_assumed: bool,
    /// User name, redacted.
    username: Option<Cow<'a, str>>,
    /// Password, redacted.
    password: Option<Cow<'a, str>>,
    /// The host as sent: ASCII, punycode; IPv6 without brackets.
    host: &'a str,
    /// The host in Unicode.
    host_unicode: &'a str,
    /// What the host is.
    #[cfg_attr(test, schemars(extend("enum" = ["name", "ipv4", "ipv6"])))]
    host_kind: &'static str,
    /// The port.
    port: u16,
    /// Whether it is the scheme's own.
    port_is_default: bool,
    /// Path, percent-encoded.
    path: Cow<'a, str>,
    /// Query without `?`, values of secret keys redacted.
    query: Option<Cow<'a, str>>,
    /// Fragment without `#`.
    fragment: Option<Cow<'a, str>>,
    /// A fragment is never sent: always false.
    #[cfg_attr(test, schemars(extend("const" = false)))]
    fragment_sent: bool,
    /// What a browser would silently change in the input.
    changes: Vec<UrlChangeView<'a>>,
}

impl<'a> UrlView<'a> {
    pub(super) fn new(url: &'a Url, redactor: Redactor) -> Self {
        Self {
            href: redactor.href(url),
            scheme: url.scheme.as_str(),
            scheme_assumed: url.scheme_assumed,
            username: url.username.as_deref().map(|name| redactor.secret(name)),
            password: url.password.as_deref().map(|password| redactor.secret(password)),
            host: &url.host_ascii,
            host_unicode: &url.host_unicode,
            host_kind: match url.host {
                Host::Name(_) => "name",
                Host::Ipv4(_) => "ipv4",
                Host::Ipv6(_) => "ipv6",
            },
            port: url.port,
            port_is_default: url.port_is_default,
            path: redactor.text(&url.path),
            query: url.query.as_deref().map(|query| redactor.query(query)),
            fragment: url.fragment.as_deref().map(|fragment| redactor.query(fragment)),
            fragment_sent: false,
            changes: url.changes.iter().map(|change| UrlChangeView::new(change, redactor)).collect(),
        }
    }
}

/// One silent change between what was typed and what is used.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct UrlChangeView<'a> {
    /// What kind of change, kebab-case.
    kind: &'static str,
    /// The part as typed.
    before: Cow<'a, str>,
    /// The part as used.
    after: Cow<'a, str>,
}

impl<'a> UrlChangeView<'a> {
    fn new(change: &'a UrlChange, redactor: Redactor) -> Self {
        Self {
            kind: change.kind.as_str(),
            before: redactor.typed(&change.before),
            after: redactor.typed(&change.after),
        }
    }
}

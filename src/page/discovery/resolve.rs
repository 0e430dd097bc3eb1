//! URLs of a document against its base (HTML, section 4.2.3; URL standard).

use url::Url;

use super::charset::{Charset, latin_bytes};
use crate::trace::{Left, few_slashes};

/// Bytes of a URL beyond which it is not looked at: browsers take 2 MB, servers some kilobytes.
pub(super) const MAX_URL: usize = 32 * 1024;

/// What a reference comes to.
pub(super) enum Resolved {
    /// A URL to ask for.
    Url(String),
    /// One that is not asked for, shortened where it is long.
    Left(String, Left),
    /// Nothing that goes over a network: a fragment, `data:`, `blob:`, `javascript:`, an empty attribute.
    Nothing,
}

/// Resolves a reference as it was written.
pub(super) fn resolve(base: &Url, charset: Charset, written: &str) -> Resolved {
    let written = written.trim_matches([' ', '\t', '\n', '\r', '\x0c']);
    if written.is_empty() || written.starts_with('#') {
        return Resolved::Nothing;
    }
    if is_local(written) {
        return Resolved::Nothing;
    }
    if written.len() > MAX_URL {
        return Resolved::Left(start_of(written), Left::BadUrl);
    }
    if charset == Charset::Other && !written.is_ascii() {
        return Resolved::Left(written.to_owned(), Left::Charset);
    }
    // Markup that was left open, and has swallowed what stood behind it: browsers do not ask for that.
    if written.contains('<') && written.contains(['\t', '\n', '\r']) {
        return Resolved::Left(start_of(&written.replace(['\t', '\n', '\r'], "")), Left::BadUrl);
    }
    let written = &*few_slashes(written);
    let options = Url::options().base_url(Some(base));
    let options = if charset == Charset::Latin1 {
        options.encoding_override(Some(&|text| latin_bytes(text).into()))
    } else {
        options
    };
    match options.parse(written) {
        Ok(mut url) => {
            url.set_fragment(None);
            match url.scheme() {
                // A base may be as long as what is resolved against it.
                _ if url.as_str().len() > MAX_URL => Resolved::Left(start_of(url.as_str()), Left::BadUrl),
                // Browsers take no password from markup, but for the one that the page itself was asked for with.
                _ if has_credentials(&url) && !has_same_credentials(&url, base) => {
                    Resolved::Left(url.into(), Left::BadUrl)
                }
                "http" | "https" if url.has_host() => Resolved::Url(url.into()),
                _ => Resolved::Left(url.into(), Left::BadUrl),
            }
        }
        Err(_) => Resolved::Left(written.to_owned(), Left::BadUrl),
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn has_same_credentials(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.username() == other.username() && one.password() == other.password()
}

/// What is shown of a URL that is too long.
fn start_of(url: &str) -> String {
    let start: String = url.chars().take(80).collect();
    format!("{start}…")
}

/// Whether a URL needs no network. Tabs and line ends in a scheme are nothing (URL standard, section 4.4).
fn is_local(written: &str) -> bool {
    let scheme: String = written
        .chars()
        .filter(|char| !matches!(char, '\t' | '\n' | '\r'))
        .take(12)
        .take_while(|char| *char != ':')
        .map(|char| char.to_ascii_lowercase())
        .collect();
    let local = matches!(scheme.as_str(), "data" | "blob" | "javascript" | "about" | "mailto" | "tel");
    local && written.contains(':')
}

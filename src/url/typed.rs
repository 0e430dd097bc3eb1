//! A URL's parts as typed, before anything is decoded or put into its usual form (URL standard §4.4,
//! as far as http and https go). What is wrong with them is not judged here.

/// Schemes that are written without `//`, so that `word:rest` is not taken for `host:port`.
const OTHER_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "data",
    "feed",
    "file",
    "ftp",
    "ftps",
    "gopher",
    "irc",
    "javascript",
    "ldap",
    "magnet",
    "mailto",
    "news",
    "sftp",
    "sip",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "urn",
    "view-source",
    "ws",
    "wss",
];

/// The raw parts of a URL.
pub(super) struct Typed<'a> {
    /// The word before the first colon, when it is a scheme.
    pub(super) scheme: Option<&'a str>,
    /// The slashes that begin the authority.
    pub(super) lead: &'a str,
    /// User information, host and port.
    pub(super) authority: &'a str,
    /// What stands before the last `@` of the authority.
    pub(super) userinfo: Option<&'a str>,
    pub(super) host: &'a str,
    /// Where the host begins, in bytes.
    pub(super) host_at: usize,
    /// What follows the port's colon.
    pub(super) port: Option<&'a str>,
    /// Path, query and fragment.
    pub(super) tail: &'a str,
}

impl<'a> Typed<'a> {
    /// Splits a URL that has lost its outer space, tabs and newlines.
    pub(super) fn split(clean: &'a str) -> Self {
        let (scheme, rest) = split_scheme(clean);
        // For http and https any run of slashes and backslashes begins the authority.
        let body = rest.trim_start_matches(['/', '\\']);
        let (lead, _) = rest.split_at(rest.len() - body.len());
        let end = body.find(['/', '\\', '?', '#']).unwrap_or(body.len());
        let (authority, tail) = body.split_at(end);
        let (userinfo, host, port) = split_authority(authority);
        let host_at = clean.len() - body.len() + userinfo.map_or(0, |user| user.len() + 1);
        Self { scheme, lead, authority, userinfo, host, host_at, port, tail }
    }
}

/// The scheme, if there is one, and what follows its colon.
fn split_scheme(clean: &str) -> (Option<&str>, &str) {
    let Some((word, rest)) = clean.split_once(':') else { return (None, clean) };
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let lower = word.to_ascii_lowercase();
    let known = matches!(lower.as_str(), "http" | "https") || OTHER_SCHEMES.contains(&lower.as_str());
    if is_word && (rest.starts_with("//") || known && !is_port(rest)) {
        (Some(word), rest)
    } else {
        (None, clean)
    }
}

/// Whether what follows a colon reads as a port: digits up to the end of the authority.
fn is_port(rest: &str) -> bool {
    let digits = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// User information (without its `@`), host, and the text after the port's colon.
fn split_authority(authority: &str) -> (Option<&str>, &str, Option<&str>) {
    let (userinfo, rest) = match authority.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, authority),
    };
    let colon = match rest.rfind(']') {
        Some(bracket) => rest[bracket..].find(':').map(|at| at + bracket),
        // Without its bracket's end, the colons are those of an address.
        None if rest.starts_with('[') => None,
        None => rest.rfind(':'),
    };
    match colon {
        Some(at) => (userinfo, &rest[..at], Some(&rest[at + 1..])),
        None => (userinfo, rest, None),
    }
}

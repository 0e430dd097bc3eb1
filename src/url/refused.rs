//! Words for what no URL can be: its port, its host, and where in the host the fault lies.

use url::ParseError;

use crate::trace::FailureCode;

/// Whether a connection can go to the port.
pub(super) fn check_port(text: Option<&str>) -> Result<(), String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
    match text.parse::<u32>() {
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("the port `{text}` is not a number"))
        }
        Ok(0) => Err("port 0 cannot be connected to".to_owned()),
        Ok(1..=65535) => Ok(()),
        _ => Err(format!("the port {text} is larger than 65535")),
    }
}

/// Words for what the parser refused in a host; `column` knows where a byte of the host was typed.
pub(super) fn explain(
    error: ParseError,
    host: &str,
    column: impl Fn(usize) -> usize,
) -> (FailureCode, String) {
    let code = FailureCode::InvalidHost;
    match error {
        ParseError::EmptyHost => (FailureCode::EmptyHost, "the URL has no host".to_owned()),
        ParseError::InvalidPort => {
            (FailureCode::InvalidPort, "the port is not a number from 1 to 65535".to_owned())
        }
        ParseError::InvalidIpv4Address => {
            (code, format!("the host `{host}` ends in a number and is not an IPv4 address"))
        }
        ParseError::InvalidIpv6Address if host.contains('%') => {
            (code, format!("the host `{host}` has a zone identifier, which URLs cannot carry (RFC 9844)"))
        }
        ParseError::InvalidIpv6Address if host.starts_with('[') && !host.ends_with(']') => {
            (code, format!("the host `{host}` begins with `[` and has no `]`"))
        }
        ParseError::InvalidIpv6Address => (code, format!("the host `{host}` is not an IPv6 address")),
        _ => (
            code,
            forbidden(host, column)
                .unwrap_or_else(|| format!("the host `{host}` is not a valid domain name: {error}")),
        ),
    }
}

/// The first character that no host can have, and its column.
fn forbidden(host: &str, column: impl Fn(usize) -> usize) -> Option<String> {
    let refused = |c: char| {
        c.is_control()
            || matches!(c, ' ' | '#' | '/' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '|')
    };
    let shown = host.escape_debug();
    if let Some((at, hex)) = bad_escape(host) {
        let column = column(at);
        return Some(match hex {
            Some(hex) => format!(
                "the host `{shown}` has `%{hex}` at column {column}, which stands for a character that no host can have"
            ),
            None => format!("the host `{shown}` has a bad percent-encoding at column {column}"),
        });
    }
    let (at, c) = host.char_indices().find(|(_, c)| refused(*c))?;
    let name = if c == ' ' { "a space".to_owned() } else { format!("`{}`", c.escape_default()) };
    Some(format!("the host `{shown}` has {name} at column {}, which no host can have", column(at)))
}

/// Where a `%` stands that two hexadecimal digits do not follow, or that hides a forbidden character; with the digits,
/// where there are some.
fn bad_escape(host: &str) -> Option<(usize, Option<&str>)> {
    host.match_indices('%').find_map(|(at, _)| {
        let hex = host.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(hex) = hex else { return Some((at, None)) };
        let byte = u8::from_str_radix(hex, 16).ok()?;
        (byte <= b' ' || b"#%/:<>?@[\\]^|\x7f".contains(&byte)).then_some((at, Some(hex)))
    })
}

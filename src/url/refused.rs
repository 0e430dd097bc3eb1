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

/// Words for what the parser refused.
pub(super) fn explain(error: ParseError, input: &str, host: &str) -> (FailureCode, String) {
    let forbidden = |c: char| {
        c.is_control()
            || matches!(c, ' ' | '#' | '/' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '|' | '%')
    };
    let column = |wanted: char| {
        let host_at = input.find(host).unwrap_or(0);
        let at = input[host_at..].find(wanted).map_or(host_at, |at| host_at + at);
        input[..at].chars().count() + 1
    };
    let code = FailureCode::InvalidHost;
    match error {
        ParseError::EmptyHost => (FailureCode::EmptyHost, "the URL has no host".to_owned()),
        ParseError::InvalidPort => {
            (FailureCode::InvalidPort, "the port is not a number from 1 to 65535".to_owned())
        }
        ParseError::InvalidIpv4Address => {
            (code, format!("the host `{host}` ends in a number and is no IPv4 address"))
        }
        ParseError::InvalidIpv6Address if host.contains('%') => {
            (code, format!("the host `{host}` has a zone identifier, which URLs cannot carry (RFC 9844)"))
        }
        ParseError::InvalidIpv6Address => (code, format!("the host `{host}` is no IPv6 address")),
        _ => match bad_escape(host).or_else(|| host.chars().find(|c| forbidden(*c) && *c != '%')) {
            Some('%') => {
                (code, format!("the host `{host}` has a bad percent-encoding at column {}", column('%')))
            }
            Some(c) => {
                let shown = if c == ' ' { "a space".to_owned() } else { format!("`{}`", c.escape_default()) };
                (
                    code,
                    format!(
                        "the host `{}` has {shown} at column {}, which no host can have",
                        host.escape_debug(),
                        column(c)
                    ),
                )
            }
            None => (code, format!("the host `{host}` is no valid domain name: {error}")),
        },
    }
}

/// `%` that two hexadecimal digits do not follow, or that hides a forbidden character.
fn bad_escape(host: &str) -> Option<char> {
    let mut rest = host;
    while let Some(at) = rest.find('%') {
        let digits = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match digits {
            Some(byte) if byte > b' ' && !b"#%/:<>?@[\\]^|\x7f".contains(&byte) => rest = &rest[at + 3..],
            _ => return Some('%'),
        }
    }
    None
}

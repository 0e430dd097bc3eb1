//! Header fields that are lists (RFC 9110 §5.6.1), and the arguments of their members (§5.6.6).
//!
//! Reads what was received; what it means for a response is not judged here.

use super::http::Header;

/// The members of a list field over all its lines, without empty ones. A comma in a quoted string parts nothing.
#[must_use]
pub fn members(headers: &[Header], name: &str) -> Vec<String> {
    let lines = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).map(Header::meant);
    lines.flat_map(|line| split(&line, ',').into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The argument of a directive of a list field, unquoted; empty where it has none, `None` where it is not there.
#[must_use]
pub fn directive(headers: &[Header], field: &str, name: &str) -> Option<String> {
    members(headers, field).iter().find_map(|member| argument(member, name))
}

/// The argument of a parameter of a member or field whose parameters stand between semicolons, likewise.
#[must_use]
pub fn parameter(member: &str, name: &str) -> Option<String> {
    split(member, ';').into_iter().find_map(|part| argument(part, name))
}

/// A whole number of seconds. One too large is as good as the largest there is (RFC 9111 §1.2.2).
#[must_use]
pub fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// How old a response says that it is, in seconds. Of several the first counts (RFC 9111 §5.1).
#[must_use]
pub fn age(headers: &[Header]) -> Option<u64> {
    seconds(members(headers, "age").first()?)
}

/// What stands behind the name and its equals sign.
fn argument(part: &str, name: &str) -> Option<String> {
    let (own, value) = part.split_once('=').unwrap_or((part, ""));
    let value = value.trim();
    let inner = value.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    own.trim().eq_ignore_ascii_case(name).then(|| inner.unwrap_or(value).to_owned())
}

/// The parts between separators that stand outside of quoted strings, trimmed, without empty ones.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            char if char == separator && !quoted => {
                parts.push(text[start..at].trim());
                start = at + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Vec<Header> {
        let field = |(name, value): &(&str, &str)| Header {
            name: (*name).to_owned(),
            value: value.as_bytes().to_vec(),
        };
        lines.iter().map(field).collect()
    }

    #[test]
    fn members_are_of_all_lines_and_quotes_hold_together() {
        let fields = fields(&[
            ("Cache-Control", "Private=\"set-cookie, x\\\", y\", ,MAX-AGE = \"60\""),
            ("cache-control", "no-store"),
        ]);
        assert_eq!(members(&fields, "cache-control").len(), 3);
        let of = |name| directive(&fields, "cache-control", name);
        assert_eq!(of("max-age").as_deref(), Some("60"));
        assert_eq!(of("private").as_deref(), Some("set-cookie, x\\\", y"));
        assert_eq!((of("no-store").as_deref(), of("x"), of("age")), (Some(""), None, None));
        assert_eq!(members(&fields, "etag"), Vec::<String>::new());
    }

    #[test]
    fn parameters_and_seconds_are_read() {
        let member = "db; desc=\"a;dur=9\";dur=53.2";
        assert_eq!(parameter(member, "dur").as_deref(), Some("53.2"));
        assert_eq!(parameter(member, "desc").as_deref(), Some("a;dur=9"));
        assert_eq!((seconds("60"), seconds("-1"), seconds("")), (Some(60), None, None));
        assert_eq!(seconds("99999999999999999999"), Some(u64::MAX));
    }
}

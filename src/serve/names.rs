//! The names of certificates as Go writes them (RFC 2253): the last part first. Made of the line that the report has.

/// A name such as `O=Example, CN=a` as `CN=a,O=Example`.
pub(super) fn rfc2253(line: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for piece in line.split(", ") {
        match parts.last_mut() {
            // A comma inside a value.
            Some(last) if !is_attribute(piece) => {
                last.push_str(", ");
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    let parts: Vec<String> = parts.iter().rev().map(|part| escaped(part)).collect();
    parts.join(",")
}

/// Whether it begins with the name of an attribute.
fn is_attribute(piece: &str) -> bool {
    let name = piece.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

/// An attribute with its value escaped (RFC 2253 §2.4).
fn escaped(part: &str) -> String {
    let Some((name, value)) = part.split_once('=') else { return part.to_owned() };
    let mut text = format!("{name}=");
    let last = value.chars().count().saturating_sub(1);
    for (index, char) in value.chars().enumerate() {
        let is_special = matches!(char, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || char == '#' && index == 0
            || char == ' ' && (index == 0 || index == last);
        if is_special {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_comes_first() {
        for (line, expected) in [
            ("CN=a.test", "CN=a.test"),
            ("C=DE, O=urltrace, CN=Test CA", "CN=Test CA,O=urltrace,C=DE"),
            ("CN=a, O=Example, Inc.", "O=Example\\, Inc.,CN=a"),
            ("CN=#1 <x>", "CN=\\#1 \\<x\\>"),
            ("(no name)", "(no name)"),
        ] {
            assert_eq!(rfc2253(line), expected);
        }
    }
}

//! The names of certificates as Go's `pkix.Name` writes them: in the order of RFC 2253, which begins with the last part,
//! but sorted by kind first. Made of the line that the report has; kinds that Go does not know stay as they are there.

/// The kinds that Go sorts, in the order in which it writes them. All other kinds come last.
const ORDER: [&str; 9] = ["SERIALNUMBER", "CN", "POSTALCODE", "STREET", "ST", "L", "OU", "O", "C"];

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
    let mut groups: Vec<String> = Vec::new();
    for kind in ORDER {
        let (own, others) = parts.into_iter().partition::<Vec<_>, _>(|part| is_of(part, kind));
        parts = others;
        // What is there twice is one part for Go, in the order of the certificate.
        let own: Vec<String> = own
            .iter()
            .map(|part| format!("{kind}={}", escaped(part.split_once('=').map_or("", |(_, value)| value))))
            .collect();
        groups.extend((!own.is_empty()).then(|| own.join("+")));
    }
    groups.extend(parts.iter().rev().map(|part| match part.split_once('=') {
        Some((name, value)) => format!("{name}={}", escaped(value)),
        None => part.clone(),
    }));
    groups.join(",")
}

/// Whether a part is of that kind.
fn is_of(part: &str, kind: &str) -> bool {
    part.split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case(kind))
}

/// Whether it begins with the name of an attribute.
fn is_attribute(piece: &str) -> bool {
    let name = piece.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

/// A value, escaped (RFC 2253 §2.4).
fn escaped(value: &str) -> String {
    let mut text = String::new();
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
    fn parts_come_in_the_order_of_go() {
        for (line, expected) in [
            ("CN=a.test", "CN=a.test"),
            ("C=DE, O=urltrace, CN=Test CA", "CN=Test CA,O=urltrace,C=DE"),
            ("O=Example, Inc., CN=a", "CN=a,O=Example\\, Inc."),
            ("CN=a.test, C=DE, O=A, ST=B, OU=x, OU=y", "CN=a.test,ST=B,OU=x+OU=y,O=A,C=DE"),
            ("serialNumber=7, CN=a, jurisdictionC=DE", "SERIALNUMBER=7,CN=a,jurisdictionC=DE"),
            ("CN=#1 <x>", "CN=\\#1 \\<x\\>"),
            ("(no name)", "(no name)"),
        ] {
            assert_eq!(rfc2253(line), expected);
        }
    }
}

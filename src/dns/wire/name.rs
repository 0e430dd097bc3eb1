//! Domain names in presentation format (RFC 1035 §5.1, RFC 9499 §2), and their limits of length (RFC 1035 §2.3.4).

use std::fmt::Write as _;

use hickory_resolver::proto::rr::Name;

/// The longest presentation of a name without its final dot, RFC 1035 §2.3.4.
const MAX_NAME: usize = 253;

const MAX_LABEL: usize = 63;

/// Reads a host name; the final dot may be missing.
///
/// # Errors
/// Says which length rule of RFC 1035 §2.3.4 the name breaks.
pub(crate) fn parse_name(text: &str) -> Result<Name, String> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    if bare.is_empty() {
        return if text == "." { Ok(Name::root()) } else { Err("the name is empty".to_owned()) };
    }
    if !text.is_ascii() {
        return Err(format!("{text} is not ASCII: internationalised names are asked in their xn-- form"));
    }
    if text.contains("://") {
        // It may hold secrets, and as a name the root servers would read them.
        return Err("it is a URL, not a name".to_owned());
    }
    printed_name(text)
}

/// Reads a name that somebody wants to know of. Parts of a URL are none: they may hold secrets, too.
///
/// # Errors
/// As [`parse_name`].
pub(crate) fn asked_name(text: &str) -> Result<Name, String> {
    let name = parse_name(text)?;
    if is_part_of_url(text.strip_suffix('.').unwrap_or(text)) {
        return Err("it is a part of a URL, not a name".to_owned());
    }
    Ok(name)
}

/// Whether a text that is no name is a URL, or a part of one.
pub(crate) fn is_of_url(text: &str) -> bool {
    text.contains("://") || is_part_of_url(text.strip_suffix('.').unwrap_or(text))
}

/// Whether it has what parts of a URL have and no host name has. A label may have a `/`, as those of
/// classless reverse zones do (RFC 2317), but no TLD has one, nor does one stand behind a host's name;
/// whoever writes a backslash means what he writes.
fn is_part_of_url(bare: &str) -> bool {
    let last = bare.rsplit('.').next().unwrap_or(bare);
    let is_reverse = last.eq_ignore_ascii_case("arpa");
    let is_path = bare.split_once('/').is_some_and(|(host, _)| host.contains('.')) && !is_reverse;
    (is_path || last.contains('/') || bare.contains(['?', '#', '@', ':'])) && !bare.contains('\\')
}

/// Reads a name as [`name_text`] writes it, whatever bytes its labels have.
///
/// # Errors
/// Says which length rule of RFC 1035 §2.3.4 the name breaks.
pub(crate) fn printed_name(text: &str) -> Result<Name, String> {
    if text == "." {
        return Ok(Name::root());
    }
    let bare = text.strip_suffix('.').unwrap_or(text);
    let labels = labels(bare)?;
    if let Some(label) = labels.iter().find(|label| label.len() > MAX_LABEL) {
        let shown = String::from_utf8_lossy(label);
        return Err(format!("the label {shown} has {} characters, {MAX_LABEL} are allowed", label.len()));
    }
    if labels.iter().any(Vec::is_empty) {
        return Err(format!("{text} has an empty label (two dots in a row, or one in front)"));
    }
    let length = labels.iter().map(|label| label.len() + 1).sum::<usize>() - 1;
    if length > MAX_NAME {
        return Err(format!("the name has {length} characters, {MAX_NAME} are allowed"));
    }
    Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|error| error.to_string())
}

/// The labels of a name as it is printed: `\.` is a dot inside a label, `\046` too (RFC 1035 §5.1).
fn labels(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut labels = vec![Vec::new()];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match first {
            b'.' => {
                labels.push(Vec::new());
                continue;
            }
            b'\\' => {
                let digits = rest.first_chunk::<3>().filter(|digits| digits.iter().all(u8::is_ascii_digit));
                let (value, length) = match digits {
                    Some(digits) => {
                        (digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')), 3)
                    }
                    None => (u16::from(*rest.first().ok_or("the name ends in a backslash")?), 1),
                };
                rest = &rest[length..];
                u8::try_from(value).map_err(|_| format!("\\{value} is not a byte"))?
            }
            byte => *byte,
        };
        if let Some(label) = labels.last_mut() {
            label.push(byte);
        }
    }
    Ok(labels)
}

/// A name with its final dot, in the case it has on the wire; bytes that are no plain characters
/// are escaped.
pub(crate) fn name_text(name: &Name) -> String {
    if name.is_root() {
        return ".".to_owned();
    }
    let mut text = String::with_capacity(name.len() + 1);
    for label in name {
        for &byte in label {
            match byte {
                b'"' | b'(' | b')' | b'.' | b';' | b'\\' | b'@' | b'$' => {
                    text.push('\\');
                    text.push(char::from(byte));
                }
                0x21..=0x7e => text.push(char::from(byte)),
                _ => decimal(&mut text, byte),
            }
        }
        text.push('.');
    }
    text
}

pub(crate) fn decimal(text: &mut String, byte: u8) {
    let _ = write!(text, "\\{byte:03}");
}

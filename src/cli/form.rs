//! `-F` and `--form-string`: a form with its files as `multipart/form-data` (RFC 7578), written as curl writes it.
//!
//! Parts within parts (`-F '=(;type=...'`, several files in one `-F`) and fields of a part's own are not made.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::error::PlanError;
use super::files::{Reading, Sources};
use crate::http::random;
use crate::plan::{LineEnds, Piece};

/// Media types by the end of a file's name, as far as curl knows them.
const TYPES: [(&str, &str); 9] = [
    (".gif", "image/gif"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".png", "image/png"),
    (".svg", "image/svg+xml"),
    (".txt", "text/plain"),
    (".html", "text/html"),
    (".pdf", "application/pdf"),
    (".xml", "application/xml"),
];

/// What else curl takes behind the content of a part, and this program does not.
const OPTIONS: [&str; 2] = ["headers", "encoder"];

/// That of a file of which nothing more is known.
const ANY_TYPE: &str = "application/octet-stream";

/// A form and the line between its parts.
pub(super) struct Form {
    parts: Vec<Part>,
    boundary: String,
}

struct Part {
    name: String,
    file_name: Option<String>,
    media_type: Option<String>,
    content: Piece,
}

/// Reads the options, each with its name, in their order.
///
/// # Errors
/// One that is not `NAME=CONTENT`, and files that cannot be read.
pub(super) fn read(options: &[(&'static str, &str)]) -> Result<Form, PlanError> {
    let mut sources = Sources::new();
    let parts = options
        .iter()
        .map(|(id, text)| match *id {
            "form" => part(text, &mut sources),
            _ => string(text),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Form { boundary: boundary(&parts), parts })
}

/// Made of what is sent, the same command line sends the same bytes; and it cannot be guessed by who writes a part
/// without knowing all of them. Chance stands in place of what is read only when it is sent.
fn boundary(parts: &[Part]) -> String {
    let mut all = Sha256::new();
    for part in parts {
        all.update(part.name.as_bytes());
        match &part.content {
            Piece::Bytes(content) => all.update(content),
            Piece::File(_) | Piece::Once(_) => all.update(random::<16>()),
        }
    }
    format!("{}{}", "-".repeat(24), HEXLOWER.encode(&all.finalize()[..11]))
}

impl Form {
    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// What stands between its parts.
    pub(super) fn boundary(&self) -> &str {
        &self.boundary
    }

    /// The form as it is sent; what stands in memory in a row is one piece.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        let (mut pieces, mut bytes) = (Vec::new(), Vec::new());
        for part in self.parts {
            let mut head = format!("--{}\r\n{}", self.boundary, part.disposition());
            if let Some(media_type) = &part.media_type {
                head.extend(["\r\nContent-Type: ", media_type]);
            }
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(b"\r\n\r\n");
            match part.content {
                Piece::Bytes(content) => bytes.extend_from_slice(&content),
                elsewhere => pieces.extend([Piece::Bytes(std::mem::take(&mut bytes).into()), elsewhere]),
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        pieces.push(Piece::Bytes(bytes.into()));
        pieces
    }
}

impl Part {
    fn disposition(&self) -> String {
        let mut line = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&self.name));
        if let Some(name) = &self.file_name {
            line.extend(["; filename=\"", &quoted(name), "\""]);
        }
        line
    }
}

/// As browsers write a name (WHATWG HTML, multipart form data): these three would end it.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn name_and_rest<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), PlanError> {
    text.split_once('=').ok_or_else(|| {
        // What is behind it may be a secret: it is not shown.
        PlanError::usage(format!("{option} takes NAME=CONTENT, and there is no `=`"))
    })
}

fn string(text: &str) -> Result<Part, PlanError> {
    let (name, content) = name_and_rest("--form-string", text)?;
    Ok(Part {
        name: name.to_owned(),
        file_name: None,
        media_type: None,
        content: Piece::Bytes(content.as_bytes().to_vec().into()),
    })
}

/// `NAME=CONTENT`, `NAME=@FILE` or `NAME=<FILE`, with `;type=` and `;filename=` behind.
fn part(text: &str, sources: &mut Sources) -> Result<Part, PlanError> {
    let (name, rest) = name_and_rest("-F", text)?;
    if name.is_empty() && rest.starts_with(['(', ')']) {
        return Err(PlanError::usage("-F: parts within parts are not supported"));
    }
    let (kind, rest) = match rest.chars().next() {
        Some(kind @ ('@' | '<')) => (Some(kind), &rest[1..]),
        _ => (None, rest),
    };
    let (content, rest) = word(rest);
    let (mut media_type, mut file_name) = (None, None);
    let mut rest = rest;
    while let Some(after) = rest.strip_prefix(';') {
        let (option, value) = after.trim_start().split_once('=').unwrap_or((after, ""));
        let (value, behind) = word(value);
        match option.trim() {
            "type" => media_type = Some(checked("type", value)?),
            "filename" => file_name = Some(value),
            // A parameter of the type, such as a charset, has the same sign before it.
            parameter if media_type.is_some() && !OPTIONS.contains(&parameter) => {
                let parameter = checked("type", format!(";{}={value}", option.trim_end()))?;
                media_type = media_type.map(|media_type| media_type + &parameter);
            }
            other => {
                let other: String = other.chars().take(20).collect();
                return Err(PlanError::with_hint(
                    format!("-F: `;{other}` means nothing behind the content of a part"),
                    "`;type=` and `;filename=` do; --form-string takes a content as it is",
                ));
            }
        }
        rest = behind;
    }
    let content = match kind {
        Some(_) => {
            let piece = sources.file("-F", &content, Reading::KeptIfSmall, LineEnds::Kept)?;
            (piece, content)
        }
        None => (Piece::Bytes(content.into()), String::new()),
    };
    let (content, path) = content;
    if kind == Some('@') {
        let base = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let file_name = file_name.unwrap_or(base);
        // As with curl, of standard input nothing is said that its given name does not say.
        let guess = known(&file_name).or_else(|| known(&path)).or((path != "-").then_some(ANY_TYPE));
        media_type = media_type.or_else(|| guess.map(str::to_owned));
        return Ok(Part { name: name.to_owned(), file_name: Some(file_name), media_type, content });
    }
    Ok(Part { name: name.to_owned(), file_name, media_type, content })
}

fn known(file_name: &str) -> Option<&'static str> {
    let lower = file_name.to_ascii_lowercase();
    TYPES.iter().find(|(end, _)| lower.ends_with(end)).map(|(_, media_type)| *media_type)
}

/// A value that becomes a line of its own must not begin another.
fn checked(what: &str, value: String) -> Result<String, PlanError> {
    if value.chars().any(char::is_control) {
        return Err(PlanError::usage(format!("-F: the {what} of a part holds a control character")));
    }
    Ok(value)
}

/// Up to the next semicolon, or in quotes: then a backslash takes the meaning from a quote and from itself.
fn word(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &inner[at + 1..]),
            '\\' => match letters.next() {
                Some((_, next @ ('"' | '\\'))) => value.push(next),
                Some((_, next)) => value.extend(['\\', next]),
                None => value.push('\\'),
            },
            _ => value.push(letter),
        }
    }
    // A quote that nothing closes is one of the text.
    let end = text.find(';').unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(options: &[(&'static str, &str)]) -> String {
        let form = read(options).unwrap();
        assert!(form.content_type().ends_with(&form.boundary));
        let boundary = form.boundary.clone();
        let body = crate::plan::RequestBody::new(form.into_pieces());
        String::from_utf8(body.in_memory().unwrap()).unwrap().replace(&boundary, "B")
    }

    /// The bytes are those of curl 7.88.1, but for the boundary.
    #[test]
    fn a_form_is_written_as_curl_writes_it() {
        let part = |head: &str, content: &str| format!("--B\r\n{head}\r\n\r\n{content}\r\n");
        let head = "Content-Disposition: form-data; name=";
        let table = [
            ("a=b c", part(&format!("{head}\"a\""), "b c")),
            (
                "a=\"b;c\";type=text/plain;filename=\"x\\\"y\"",
                part(&format!("{head}\"a\"; filename=\"x%22y\"\r\nContent-Type: text/plain"), "b;c"),
            ),
            ("a=b;type=text/x", part(&format!("{head}\"a\"\r\nContent-Type: text/x"), "b")),
            (
                "a=b;type=text/x;charset=y; q=1;filename=z",
                part(&format!("{head}\"a\"; filename=\"z\"\r\nContent-Type: text/x;charset=y;q=1"), "b"),
            ),
            ("a=", part(&format!("{head}\"a\""), "")),
            ("a=\"open", part(&format!("{head}\"a\""), "\"open")),
        ];
        for (text, written) in table {
            assert_eq!(bytes(&[("form", text)]), format!("{written}--B--\r\n"), "{text}");
        }
        let both = bytes(&[("form", "a=b"), ("form_string", "c=@d;type=e")]);
        assert!(both.ends_with("name=\"c\"\r\n\r\n@d;type=e\r\n--B--\r\n"), "{both}");
    }

    #[test]
    fn files_have_a_name_and_a_type() {
        let path = std::env::temp_dir().join(format!("urltrace-form-{}.PNG", std::process::id()));
        std::fs::write(&path, "x\n").unwrap();
        let shown = path.display();
        let file = bytes(&[("form", &format!("f=@{shown}"))]);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            file.contains(&format!("; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\nx\n\r\n")),
            "{file}"
        );
        // Of a name that says nothing the file's own is taken.
        let named = bytes(&[("form", &format!("f=@\"{shown}\";filename=q.bin"))]);
        assert!(named.contains("; filename=\"q.bin\"\r\nContent-Type: image/png\r\n"), "{named}");
        let content = bytes(&[("form", &format!("f=<{shown}"))]);
        assert!(content.contains("name=\"f\"\r\n\r\nx\n\r\n"), "{content}");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in
            ["secret", "a=b;headers=x", "=(;type=multipart/mixed", "a=@/nowhere/at/all", "a=b;type=x\r\ny"]
        {
            let error = read(&[("form", text)]).err().map(|error| format!("{error:?}"));
            let error = error.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

//! `-F` and `--form-string`: a form with its files as `multipart/form-data` (RFC 7578), written as curl writes it.
//!
//! Parts within parts (`-F '=(;type=...'`) and fields of a part's own are not made.

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
    content: Content,
}

/// What a part consists of.
enum Content {
    One(Entity),
    /// Several files under one name: a part of parts (RFC 2388 §4.2; RFC 7578 §4.3 has servers take it still).
    Mixed(Vec<Entity>),
}

/// A content with what is said of it.
struct Entity {
    file_name: Option<String>,
    media_type: Option<String>,
    piece: Piece,
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
        let entities = match &part.content {
            Content::One(entity) => std::slice::from_ref(entity),
            Content::Mixed(entities) => entities,
        };
        for entity in entities {
            match &entity.piece {
                Piece::Bytes(content) => all.update(content),
                Piece::File(_) | Piece::Once(_) => all.update(random::<16>()),
            }
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

    /// The form as it is sent; what stands in memory in a row is one piece. Within another type than form-data the parts
    /// are attachments, as with curl.
    pub(super) fn into_pieces(self, as_form_data: bool) -> Vec<Piece> {
        let disposition = if as_form_data { "form-data" } else { "attachment" };
        let mut body = Written::default();
        for (index, part) in self.parts.into_iter().enumerate() {
            let name = format!("{disposition}; name=\"{}\"", quoted(&part.name));
            match part.content {
                Content::One(entity) => body.entity(&self.boundary, &name, entity),
                Content::Mixed(entities) => {
                    // No boundary may begin another (RFC 2046 §5.1.2).
                    let inner = format!("{}{index}", self.boundary.replacen('-', "+", 1));
                    body.text(&format!(
                        "--{}\r\nContent-Disposition: {name}\r\n\
                         Content-Type: multipart/mixed; boundary={inner}\r\n\r\n",
                        self.boundary
                    ));
                    for entity in entities {
                        body.entity(&inner, "attachment", entity);
                    }
                    body.text(&format!("--{inner}--\r\n\r\n"));
                }
            }
        }
        body.text(&format!("--{}--\r\n", self.boundary));
        body.pieces.push(Piece::Bytes(body.bytes.into()));
        body.pieces
    }
}

/// A body while it is written.
#[derive(Default)]
struct Written {
    pieces: Vec<Piece>,
    /// Behind the pieces, and not one yet.
    bytes: Vec<u8>,
}

impl Written {
    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A part without parts.
    fn entity(&mut self, boundary: &str, disposition: &str, entity: Entity) {
        let mut head = format!("--{boundary}\r\nContent-Disposition: {disposition}");
        if let Some(name) = &entity.file_name {
            head.extend(["; filename=\"", &quoted(name), "\""]);
        }
        if let Some(media_type) = &entity.media_type {
            head.extend(["\r\nContent-Type: ", media_type]);
        }
        self.text(&head);
        self.text("\r\n\r\n");
        match entity.piece {
            Piece::Bytes(content) => self.bytes.extend_from_slice(&content),
            elsewhere => {
                self.pieces.extend([Piece::Bytes(std::mem::take(&mut self.bytes).into()), elsewhere]);
            }
        }
        self.text("\r\n");
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
    let piece = Piece::Bytes(content.as_bytes().to_vec().into());
    let content = Content::One(Entity { file_name: None, media_type: None, piece });
    Ok(Part { name: name.to_owned(), content })
}

/// `NAME=CONTENT`, `NAME=@FILE,FILE` or `NAME=<FILE`, with `;type=` and `;filename=` behind each.
fn part(text: &str, sources: &mut Sources) -> Result<Part, PlanError> {
    let (name, rest) = name_and_rest("-F", text)?;
    if name.is_empty() && rest.starts_with(['(', ')']) {
        return Err(PlanError::usage("-F: parts within parts are not supported"));
    }
    let (kind, mut rest) = match rest.chars().next() {
        Some(kind @ ('@' | '<')) => (Some(kind), &rest[1..]),
        _ => (None, rest),
    };
    let mut entities = Vec::new();
    loop {
        let (entity, behind) = entity(kind, rest, sources)?;
        entities.push(entity);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    let content = match <[Entity; 1]>::try_from(entities) {
        Ok([entity]) => Content::One(entity),
        Err(entities) => Content::Mixed(entities),
    };
    Ok(Part { name: name.to_owned(), content })
}

/// A content with its options, and what is behind it: another file behind a comma, or nothing.
fn entity<'t>(
    kind: Option<char>,
    text: &'t str,
    sources: &mut Sources,
) -> Result<(Entity, &'t str), PlanError> {
    let ends = if kind == Some('@') { &[';', ','][..] } else { &[';'] };
    // Blanks before a content are none of it, as with curl; quotes keep them.
    let (content, mut rest) = word(text.trim_start(), ends);
    let (mut media_type, mut file_name) = (None, None);
    while let Some(after) = rest.strip_prefix(';') {
        let (option, value) = after.trim_start().split_once('=').unwrap_or((after, ""));
        let (value, behind) = word(value, ends);
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
    let piece = match kind {
        Some(_) => sources.file("-F", &content, Reading::KeptIfSmall, LineEnds::Kept)?,
        None => return Ok((Entity { file_name, media_type, piece: Piece::Bytes(content.into()) }, rest)),
    };
    if kind == Some('@') {
        let path = content;
        let base = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let own = file_name.unwrap_or(base);
        // As with curl, of standard input nothing is said that its given name does not say.
        let guess = known(&own).or_else(|| known(&path)).or((path != "-").then_some(ANY_TYPE));
        media_type = media_type.or_else(|| guess.map(str::to_owned));
        file_name = Some(own);
    }
    Ok((Entity { file_name, media_type, piece }, rest))
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

/// Up to the next sign that ends it, or in quotes: then a backslash takes the meaning from a quote and from itself.
fn word<'t>(text: &'t str, ends: &[char]) -> (String, &'t str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(ends).unwrap_or(text.len());
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
    let end = text.find(ends).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(options: &[(&'static str, &str)]) -> String {
        let form = read(options).unwrap();
        assert!(form.content_type().ends_with(&form.boundary));
        let boundary = form.boundary.clone();
        let body = crate::plan::RequestBody::new(form.into_pieces(true));
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
            ("a=  b\"c\" , d;type=x/y", part(&format!("{head}\"a\"\r\nContent-Type: x/y"), "b\"c\" , d")),
            ("a=\" b\"", part(&format!("{head}\"a\""), " b")),
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
        // Several are a part of parts; the bytes are curl's, but for the boundaries.
        let both =
            bytes(&[("form", &format!("f=@{shown},\"{shown}\";type=x/y;filename=q")), ("form", "k=v")]);
        let inner = both.split("boundary=").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
        let disposition = "Content-Disposition:";
        let written = format!(
            "--B\r\n{disposition} form-data; name=\"f\"\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n\
             --I\r\n{disposition} attachment; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\nx\n\r\n\
             --I\r\n{disposition} attachment; filename=\"q\"\r\nContent-Type: x/y\r\n\r\nx\n\r\n--I--\r\n\r\n\
             --B\r\n{disposition} form-data; name=\"k\"\r\n\r\nv\r\n--B--\r\n"
        );
        assert_eq!(both.replace(inner, "I"), written);
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

//! What a request carries: `-d` and its kin, `--json`, `-F`, `-T`, and with `-G` the query that is made of them.
//!
//! Small ones become bytes in memory; what is large is opened here and read while it is sent, by the HTTP stage. What a part of a form looks like is `form`'s.

use bytes::Bytes;
use clap::ArgMatches;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::declarations::Request;
use super::error::PlanError;
use super::fields::Field;
use super::files::{Reading, Sources, read_body};
use super::form;
use crate::plan::{LineEnds, Piece, RequestBody};

/// What `application/x-www-form-urlencoded` and a segment of a path take as it is (RFC 3986 §2.3).
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is sent behind the head, and what it makes of the request.
#[derive(Default)]
pub(super) struct Content {
    pub(super) body: Option<RequestBody>,
    /// The fields that go with it; `None` for one that is not to be sent.
    pub(super) fields: Vec<(String, Option<String>)>,
    /// What stands between the parts of a form: a Content-Type that is given in place of ours has to name it, too.
    pub(super) boundary: Option<String>,
    /// Where it is not POST.
    pub(super) method: Option<&'static str>,
}

/// What the options of one request ask for together, beside the fields that are given.
///
/// # Errors
/// Options that exclude each other, and files that cannot be read.
pub(super) fn content(
    request: &Request,
    given_fields: &[Field],
    matches: &ArgMatches,
) -> Result<Content, PlanError> {
    let kinds = [
        ("-d", has_data(request)),
        ("--json", !request.json.is_empty()),
        ("-F", !request.form.is_empty() || !request.form_string.is_empty()),
        ("-T", request.upload_file.is_some()),
        ("-I", request.head && !request.get),
    ];
    let mut given = kinds.iter().filter(|(_, is_given)| *is_given).map(|(option, _)| option);
    if let (Some(one), Some(other)) = (given.next(), given.next()) {
        return Err(PlanError::usage(format!(
            "{other} cannot be used with {one}: each makes a request of its own"
        )));
    }
    if request.get && (kinds[2].1 || kinds[3].1) {
        return Err(PlanError::usage(
            "-G puts data into the URL: it goes with -d and its kin, and with --json",
        ));
    }
    let field = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    if !request.json.is_empty() {
        let mut sources = Sources::new();
        let mut part =
            |text: &String| sources.argument_or_file("--json", text, reading(request), LineEnds::Kept);
        let parts = request.json.iter().map(&mut part).collect::<Result<Vec<_>, _>>()?;
        let mime = Some("application/json");
        return Ok(Content {
            body: Some(RequestBody::new(parts)),
            fields: vec![field("Content-Type", mime), field("Accept", mime)],
            ..Content::default()
        });
    }
    if let Some(path) = &request.upload_file {
        // As with curl, nothing is said of what the file is.
        let fields = vec![field("Content-Type", None)];
        // As with curl, `.` is standard input, too.
        let (path, reading) = match path.as_str() {
            "-" | "." => ("-", Reading::AsItComes),
            path => (path, Reading::KeptIfSmall),
        };
        let file = Sources::new().file("-T", path, reading, LineEnds::Kept)?;
        let body = Some(RequestBody::new(vec![file]));
        return Ok(Content { body, fields, method: Some("PUT"), ..Content::default() });
    }
    if kinds[2].1 {
        let form =
            form::read(&ordered(matches, &[("form", &request.form), ("form_string", &request.form_string)]))?;
        let fields = vec![field("Content-Type", Some(&form.content_type()))];
        let boundary = Some(form.boundary().to_owned());
        return Ok(Content {
            body: Some(RequestBody::new(form.into_pieces(is_form_data(given_fields)))),
            fields,
            boundary,
            method: None,
        });
    }
    Ok(Content { body: data(request, matches)?, ..Content::default() })
}

/// Whether a form is form-data: another Content-Type may be given for it.
fn is_form_data(given: &[Field]) -> bool {
    let kind = given.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    kind.and_then(|(_, value)| value.as_deref()).is_none_or(|kind| {
        let essence = kind.split([';', ' ', '\t']).next().unwrap_or_default();
        essence.eq_ignore_ascii_case("multipart/form-data")
    })
}

/// Whether a body comes with the request, of whatever kind.
pub(super) fn has_body(request: &Request) -> bool {
    let others = !request.json.is_empty() || !request.form.is_empty() || !request.form_string.is_empty();
    !request.get && (has_data(request) || others || request.upload_file.is_some())
}

fn has_data(request: &Request) -> bool {
    [&request.data, &request.data_raw, &request.data_binary, &request.data_urlencode]
        .iter()
        .any(|parts| !parts.is_empty())
}

/// The URL that is asked for: with `-G`, `body` becomes a part of its query; behind a slash, `-T` adds its
/// file's name.
///
/// # Errors
/// Data that is no text.
pub(super) fn url(request: &Request, url: String, body: Option<&[u8]>) -> Result<String, PlanError> {
    let (rest, fragment) = url.split_once('#').map_or((&*url, None), |(rest, after)| (rest, Some(after)));
    let changed = if let (true, Some(data)) = (request.get, body) {
        let data = std::str::from_utf8(data)
            .map_err(|_| PlanError::usage("-G: the data is not text: --data-urlencode encodes any bytes"))?;
        let joint = if rest.contains('?') { '&' } else { '?' };
        format!("{rest}{joint}{data}")
    } else if let Some(path) = request.upload_file.as_deref().filter(|path| !matches!(*path, "-" | ".")) {
        let (path_part, query) =
            rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let host_and_path = path_part.split_once("://").map_or(path_part, |(_, rest)| rest);
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = match host_and_path.split_once('/') {
            // As curl's own tests have it, a query says that the path is whole.
            Some(_) if !path_part.ends_with('/') || query.is_some() => String::new(),
            Some(_) => utf8_percent_encode(name, &KEPT).to_string(),
            None => format!("/{}", utf8_percent_encode(name, &KEPT)),
        };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{path_part}{name}{query}")
    } else {
        return Ok(url);
    };
    Ok(fragment.map_or_else(|| changed.clone(), |fragment| format!("{changed}#{fragment}")))
}

/// The texts of some options with their names, in the order of the command line.
fn ordered<'a>(
    matches: &ArgMatches,
    options: &[(&'static str, &'a [String])],
) -> Vec<(&'static str, &'a str)> {
    let mut parts: Vec<(usize, &'static str, &str)> = Vec::new();
    for (id, texts) in options {
        let places = matches.indices_of(id).into_iter().flatten();
        parts.extend(places.zip(*texts).map(|(place, text)| (place, *id, text.as_str())));
    }
    parts.sort_unstable_by_key(|(place, ..)| *place);
    parts.into_iter().map(|(_, id, text)| (id, text)).collect()
}

/// The data of `-d` and its kin, whichever option each part has, as curl sends it.
fn data(request: &Request, matches: &ArgMatches) -> Result<Option<RequestBody>, PlanError> {
    let options: [(&str, &[String]); 4] = [
        ("data", &request.data),
        ("data_raw", &request.data_raw),
        ("data_binary", &request.data_binary),
        ("data_urlencode", &request.data_urlencode),
    ];
    let (mut sources, reading) = (Sources::new(), reading(request));
    let parts = ordered(matches, &options)
        .into_iter()
        .map(|(id, text)| match id {
            "data" => sources.argument_or_file("-d", text, reading, LineEnds::LeftOut),
            "data_raw" => Ok(Piece::Bytes(text.as_bytes().to_vec().into())),
            "data_binary" => sources.argument_or_file("--data-binary", text, reading, LineEnds::Kept),
            _ => url_encoded(text).map(|text| Piece::Bytes(text.into())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(joined(parts))
}

/// The body of a line of a list, that its -d give.
///
/// # Errors
/// Files that cannot be read.
pub(super) fn of_line(data: &[String]) -> Result<Option<RequestBody>, PlanError> {
    let mut sources = Sources::new();
    let parts = data
        .iter()
        .map(|text| sources.argument_or_file("-d", text, Reading::KeptIfSmall, LineEnds::LeftOut))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(joined(parts))
}

/// Parts of data with `&` between them.
fn joined(parts: Vec<Piece>) -> Option<RequestBody> {
    let joint = || Piece::Bytes(Bytes::from_static(b"&"));
    let pieces = parts.into_iter().enumerate().flat_map(|(place, part)| {
        let before = (place > 0).then(joint);
        before.into_iter().chain([part])
    });
    let pieces: Vec<Piece> = pieces.collect();
    (!pieces.is_empty()).then(|| in_one(RequestBody::new(pieces)))
}

/// What is in memory, in one piece.
fn in_one(body: RequestBody) -> RequestBody {
    body.in_memory().map_or(body, Into::into)
}

const fn reading(request: &Request) -> Reading {
    if request.get { Reading::Kept } else { Reading::KeptIfSmall }
}

/// As `--data-urlencode` has it: `CONTENT`, `=CONTENT`, `NAME=CONTENT`, `@FILE` or `NAME@FILE`; the name is left
/// as it is.
fn url_encoded(text: &str) -> Result<String, PlanError> {
    let (name, content) = match (text.split_once('='), text.split_once('@')) {
        (Some((name, content)), _) => (name, content.as_bytes().to_vec()),
        (None, Some((name, path))) => (name, read_body("--data-urlencode", path)?),
        (None, None) => ("", text.as_bytes().to_vec()),
    };
    // A blank is a plus in a form (WHATWG URL, application/x-www-form-urlencoded).
    let content = percent_encoding::percent_encode(&content, &KEPT).to_string().replace("%20", "+");
    Ok(if name.is_empty() { content } else { format!("{name}={content}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded_as_curl_does() {
        let table = [
            ("a=b c&d+é", "a=b+c%26d%2B%C3%A9"),
            ("=x y", "x+y"),
            ("x y", "x+y"),
            ("a=", "a="),
            ("a=b=c@d", "a=b%3Dc%40d"),
            ("-._~*", "-._~%2A"),
        ];
        for (text, encoded) in table {
            assert_eq!(url_encoded(text).unwrap(), encoded, "{text}");
        }
        assert!(url_encoded("name@/nowhere/at/all").is_err());
    }
}

//! What a request looks like: its target and its fields in the order sent, for both versions.
//! Pure: builds bytes and lists, sends nothing.

use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use data_encoding::BASE64;

use super::link::Framed;
use super::scene::{Ask, OnBehalf};
use super::{cookies, grpc, socket_key, trace_context};
use crate::plan::{Compression, ExpectPlan, HttpPlan};
use crate::trace::{Header, Host, Scheme, SentRequest, Url, method_promises};

/// What is asked for unless somebody says otherwise: all that can be undone.
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// What a body that waits for a word is announced with.
const CONTINUE: &str = "100-continue";
/// Fields that may hold credentials.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
/// Fields that speak of a request's body (RFC 9110 §15.4: dropped when a redirect drops the body).
const CONTENT: [&str; 6] =
    ["content-type", "content-length", "content-encoding", "content-language", "content-location", "digest"];
/// Fields that speak of an HTTP/1 connection: malformed in HTTP/2 (RFC 9113 §8.2.2).
const CONNECTION: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Checks a field before it is put into a request.
///
/// # Errors
/// A name that is no token (RFC 9110 §5.1), or a value with a control character (§5.5), which
/// could smuggle in a field of its own. The text names the fault.
pub fn validate_field(name: &str, value: &str) -> Result<(), String> {
    if !is_token(name) {
        return Err(format!("{:?} is not a name for a header field", shorten(name)));
    }
    match value.bytes().find(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
        Some(byte) => Err(format!("the value of {name} holds the control character 0x{byte:02x}")),
        None => Ok(()),
    }
}

/// Checks a method.
///
/// # Errors
/// A method that is no token (RFC 9110 §9.1). The text names it.
pub fn validate_method(method: &str) -> Result<(), String> {
    if is_token(method) { Ok(()) } else { Err(format!("{:?} is not a method", shorten(method))) }
}

/// Whether a request asks for nothing but a look (RFC 9110 §9.2.1).
#[must_use]
pub fn is_safe(method: &str) -> bool {
    method_promises(method).is_some_and(|promises| promises.safe)
}

/// Whether a request may be made twice (RFC 9110 §9.2.2).
#[must_use]
pub fn is_idempotent(method: &str) -> bool {
    method_promises(method).is_some_and(|promises| promises.idempotent)
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// What may be shown of what is no name: behind a blank a secret may have lost its colon.
fn shorten(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().chars().take(40).collect()
}

/// The request, before it is put into the form of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    method: String,
    target: String,
    scheme: Scheme,
    /// Of the URL.
    authority: String,
    pub(super) fields: Vec<(String, String)>,
    /// How long the body waits for a 100, where it does.
    pub(super) expect: Option<Duration>,
}

impl Draft {
    /// Puts together what the plan, the URL and the redirects so far ask for.
    ///
    /// # Errors
    /// A method, a target or a field that cannot be sent without breaking the request apart.
    pub(super) fn new(url: &Url, ask: &Ask, plan: &HttpPlan) -> Result<Self, String> {
        validate_method(&ask.method)?;
        let target = target(url);
        if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err("the path holds white space or a control character".to_owned());
        }
        let authority = authority(url);
        if let OnBehalf::Preflight { origin, method, fields } = &ask.on_behalf {
            let fields = preflight(plan, &authority, origin, method, fields);
            let method = ask.method.clone();
            return Ok(Self { method, target, scheme: url.scheme, authority, fields, expect: None });
        }
        if url.scheme.is_websocket() && (ask.method != "GET" || ask.body.is_some()) {
            return Err("a WebSocket opens with a GET without a body (RFC 6455 section 4.1)".to_owned());
        }
        if url.scheme.is_grpc() {
            grpc::check(url, &ask.method, plan)?;
        }
        let mut fields = defaults(url, ask, plan, &authority);
        let mut replaced: Vec<&str> = Vec::new();
        let given = plan.headers.iter().filter(|(name, _)| ask.given_host || !is(name, "host"));
        for (name, value) in given {
            validate_field(name, value.as_deref().unwrap_or_default())?;
            let place = fields.iter().position(|(default, _)| default.eq_ignore_ascii_case(name));
            let first = !replaced.iter().any(|seen| seen.eq_ignore_ascii_case(name));
            match (value, place) {
                (None, _) => fields.retain(|(default, _)| !default.eq_ignore_ascii_case(name)),
                // The first of a name takes the default's place; further ones stand beside it.
                (Some(value), Some(place)) if first => {
                    fields[place] = (name.clone(), value.trim().to_owned());
                }
                // RFC 9112 §3.2: a request has one, and the first counts, as in HTTP/2 and with curl.
                (Some(_), Some(_)) if is(name, "host") => {}
                (Some(value), _) => fields.push((name.clone(), value.trim().to_owned())),
            }
            replaced.push(name);
        }
        if !ask.credentials {
            fields.retain(|(name, _)| !is_one_of(name, &CREDENTIALS));
        }
        let removed = |(name, value): &(String, Option<String>)| is(name, "cookie") && value.is_none();
        if let Some(kept) = cookies::for_url(&ask.cookies, url).filter(|_| !plan.headers.iter().any(removed))
        {
            match fields.iter_mut().find(|(name, _)| is(name, "cookie")) {
                Some((_, value)) => *value = format!("{kept}; {value}"),
                None => fields.push(("Cookie".to_owned(), kept)),
            }
        }
        if ask.body.is_none() && plan.body.is_some() {
            fields.retain(|(name, value)| {
                !is_one_of(name, &CONTENT) || (is(name, "content-length") && value == "0")
            });
        }
        if let OnBehalf::Page { origin } = &ask.on_behalf
            && !fields.iter().any(|(name, _)| is(name, "origin"))
        {
            fields.push(("Origin".to_owned(), origin.clone()));
        }
        fields.extend(trace_context::field(ask.trace.as_ref(), plan));
        // RFC 9112 §6.2: a body in chunks has no length.
        if is_chunked(&fields) {
            fields.retain(|(name, _)| !is(name, "content-length"));
        }
        // RFC 9110 §10.1.1: one that has no content must not expect it to be wanted.
        let has_content = ask.body.as_ref().is_some_and(|body| body.length() != Some(0));
        if ask.expect == ExpectPlan::Never || !has_content {
            fields.retain(|field| !expects(field));
        }
        let expect = fields.iter().any(expects).then_some(plan.expect_timeout);
        let (method, scheme) = (ask.method.clone(), url.scheme.of_http());
        Ok(Self { method, target, scheme, authority, fields, expect })
    }

    /// Adds a field, unless one of that name is there or is not wanted.
    pub(super) fn add_default(&mut self, name: &str, value: String, plan: &HttpPlan) {
        if !plan.headers.iter().any(|(given, _)| is(given, name)) {
            self.fields.push((name.to_owned(), value));
        }
    }

    /// The same for a proxy that forwards it: with the whole URL (RFC 9112 §3.2.2), and with the fields that are
    /// for the proxy, as far as it has none of their names.
    pub(super) fn forwarded(mut self, for_proxy: &[(String, Option<String>)]) -> Self {
        self.target = format!("{}://{}{}", self.scheme.as_str(), self.authority, self.target);
        for (name, value) in for_proxy {
            let given = self.fields.iter().any(|(other, _)| is(name, other));
            if let Some(value) = value.as_ref().filter(|_| !given) {
                self.fields.push((name.clone(), value.clone()));
            }
        }
        self
    }

    /// The head as sent in HTTP/1.1.
    pub(super) fn http1(&self) -> (Vec<u8>, SentRequest) {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let headers = self.fields.iter().map(|(name, value)| field(name, value.as_bytes())).collect();
        (head.into_bytes(), self.record(headers))
    }

    /// How a body of this length, where that is known, is framed in HTTP/1.1 (RFC 9112 §6).
    ///
    /// # Errors
    /// No field says where it ends.
    pub(super) fn framing(&self, length: Option<u64>) -> Result<Framed, String> {
        if is_chunked(&self.fields) {
            return Ok(Framed::Chunked);
        }
        if length.is_none() && !self.fields.iter().any(|(name, _)| is(name, "content-length")) {
            return Err("a body whose length is not known needs chunks, or a Content-Length of -H".to_owned());
        }
        Ok(Framed::Plain)
    }

    /// The request as sent in HTTP/2: names in lower case, `Host` as `:authority`, no connection
    /// fields, fields of one name together.
    ///
    /// # Errors
    /// A target or a field that the types of HTTP/2 refuse.
    pub(super) fn http2(&self) -> Result<(::http::Request<()>, SentRequest), String> {
        let host = self.fields.iter().find(|(name, _)| is(name, "host"));
        let authority = host.map_or(&self.authority, |(_, value)| value);
        let mut map = HeaderMap::new();
        for (name, value) in &self.fields {
            let unfit =
                is(name, "host") || is_one_of(name, &CONNECTION) || (is(name, "te") && value != "trailers");
            if unfit {
                continue;
            }
            let name: HeaderName =
                name.to_ascii_lowercase().parse().map_err(|_| format!("bad field name {name:?}"))?;
            let bad = format!("bad value of {name}");
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad)?);
        }
        let mut headers = vec![
            field(":method", self.method.as_bytes()),
            field(":scheme", self.scheme.as_str().as_bytes()),
            field(":authority", authority.as_bytes()),
            field(":path", self.target.as_bytes()),
        ];
        headers.extend(map.iter().map(|(name, value)| field(name.as_str(), value.as_bytes())));
        let uri = ::http::Uri::builder()
            .scheme(self.scheme.as_str())
            .authority(authority.as_str())
            .path_and_query(self.target.as_str())
            .build()
            .map_err(|error| format!("{authority}{} cannot be sent: {error}", self.target))?;
        let method = ::http::Method::from_bytes(self.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = ::http::Request::new(());
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, map);
        *request.version_mut() = ::http::Version::HTTP_2;
        Ok((request, self.record(headers)))
    }

    fn record(&self, headers: Vec<Header>) -> SentRequest {
        SentRequest {
            method: self.method.clone(),
            target: self.target.clone(),
            headers,
            // Counted when they go out.
            body_bytes: 0,
        }
    }
}

fn expects((name, value): &(String, String)) -> bool {
    is(name, "expect") && is(value, CONTINUE)
}

fn field(name: &str, value: &[u8]) -> Header {
    Header { name: name.to_owned(), value: value.to_vec() }
}

fn is(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| is(name, other))
}

/// Whether `Transfer-Encoding` ends in chunks.
fn is_chunked(fields: &[(String, String)]) -> bool {
    let mut codings = fields.iter().filter(|(name, _)| is(name, "transfer-encoding"));
    codings
        .next_back()
        .is_some_and(|(_, value)| value.rsplit(',').next().is_some_and(|last| is(last.trim(), "chunked")))
}

fn target(url: &Url) -> String {
    if url.scheme.is_grpc() {
        return grpc::target(url);
    }
    match &url.query {
        Some(query) => format!("{}?{query}", url.path),
        None => url.path.clone(),
    }
}

/// Host, and port only when it is not the scheme's (RFC 9110 §7.2).
pub(super) fn authority(url: &Url) -> String {
    let host = match &url.host {
        Host::Ipv6(_) => format!("[{}]", url.host_ascii),
        Host::Name(_) | Host::Ipv4(_) => url.host_ascii.clone(),
    };
    if Some(url.port) == url.scheme.default_port() { host } else { format!("{host}:{}", url.port) }
}

/// The fields of a preflight: of the request itself it has the names alone, and no credentials (Fetch standard,
/// section 4.9).
fn preflight(
    plan: &HttpPlan,
    authority: &str,
    origin: &str,
    method: &str,
    names: &[String],
) -> Vec<(String, String)> {
    let mut fields = vec![("Host".to_owned(), authority.to_owned())];
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    if !plan.user_agent.is_empty() {
        add("User-Agent", plan.user_agent.replace(|c: char| c.is_control(), " "));
    }
    add("Accept", "*/*".to_owned());
    add("Access-Control-Request-Method", method.to_owned());
    if !names.is_empty() {
        add("Access-Control-Request-Headers", names.join(","));
    }
    add("Origin", origin.to_owned());
    fields
}

fn defaults(url: &Url, ask: &Ask, plan: &HttpPlan, authority: &str) -> Vec<(String, String)> {
    let mut fields = vec![("Host".to_owned(), authority.to_owned())];
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    if let Some(basic) = basic(url) {
        add("Authorization", basic);
    }
    if !plan.user_agent.is_empty() {
        add("User-Agent", plan.user_agent.replace(|c: char| c.is_control(), " "));
    }
    if url.scheme.is_grpc() {
        grpc::FIELDS.iter().for_each(|(name, value)| add(name, (*value).to_owned()));
        return fields;
    }
    add("Accept", "*/*".to_owned());
    if plan.compression != Compression::Unasked {
        // A part of what was packed can be unpacked by nobody (WHATWG Fetch, HTTP-network-or-cache fetch).
        let is_part = plan.headers.iter().any(|(name, value)| is(name, "range") && value.is_some());
        add("Accept-Encoding", if is_part { "identity" } else { ACCEPT_ENCODING }.to_owned());
    }
    if url.scheme.is_websocket() {
        add("Connection", "Upgrade".to_owned());
        add("Upgrade", "websocket".to_owned());
        add("Sec-WebSocket-Version", "13".to_owned());
        add("Sec-WebSocket-Key", socket_key::key());
        return fields;
    }
    match &ask.body {
        Some(body) => {
            let is_given =
                |(name, value): &(String, Option<String>)| is(name, "content-length") && value.is_some();
            match body.length() {
                Some(length) => add("Content-Length", length.to_string()),
                None if plan.headers.iter().any(is_given) => {}
                None => add("Transfer-Encoding", "chunked".to_owned()),
            }
            add("Content-Type", "application/x-www-form-urlencoded".to_owned());
            if ask.expect == ExpectPlan::Asked {
                add("Expect", CONTINUE.to_owned());
            }
        }
        // RFC 9110 §8.6: methods that usually have a body say that there is none.
        None if matches!(ask.method.as_str(), "POST" | "PUT" | "PATCH") => {
            add("Content-Length", "0".to_owned());
        }
        None => {}
    }
    fields
}

/// Basic credentials of the URL (RFC 7617).
fn basic(url: &Url) -> Option<String> {
    if url.username.is_none() && url.password.is_none() {
        return None;
    }
    let user = url.username.as_deref().unwrap_or_default();
    let password = url.password.as_deref().unwrap_or_default();
    Some(basic_credentials(&format!("{user}:{password}")))
}

/// The value of an Authorization field for `user:password` (RFC 7617 §2).
#[must_use]
pub fn basic_credentials(user_and_password: &str) -> String {
    format!("Basic {}", BASE64.encode(user_and_password.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::link::in_chunks;
    use crate::http::tests::{ask, url};

    fn plan(headers: &[(&str, Option<&str>)]) -> HttpPlan {
        let own = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        HttpPlan {
            user_agent: "ut".to_owned(),
            compression: Compression::Unasked,
            headers: headers.iter().map(own).collect(),
            ..HttpPlan::default()
        }
    }

    fn head(href: &str, ask: &Ask, plan: &HttpPlan) -> String {
        String::from_utf8(Draft::new(&url(href), ask, plan).unwrap().http1().0).unwrap()
    }

    #[test]
    fn heads_of_http1() {
        let get = ask("GET", None);
        let asking =
            |headers: &[(&str, Option<&str>)]| HttpPlan { compression: Compression::Asked, ..plan(headers) };
        let table: [(&str, Ask, HttpPlan, &str); 13] = [
            (
                "http://a.test/x?y=1#z",
                get.clone(),
                plan(&[]),
                "GET /x?y=1 HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\n\r\n",
            ),
            (
                "http://[::1]:8080/",
                get.clone(),
                plan(&[]),
                "GET / HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: ut\r\nAccept: */*\r\n\r\n",
            ),
            (
                "https://127.0.0.1:443/",
                get.clone(),
                plan(&[("User-Agent", None)]),
                "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
            ),
            (
                "http://a.test/",
                get.clone(),
                plan(&[
                    ("accept", Some("text/html")),
                    ("ACCEPT", Some("b")),
                    ("X", Some("1")),
                    ("X", Some(" 2")),
                ]),
                "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\naccept: text/html\r\nACCEPT: b\r\nX: 1\r\nX: 2\r\n\r\n",
            ),
            (
                "http://a.test/",
                get.clone(),
                plan(&[("host", Some("other")), ("Host", Some("third"))]),
                "GET / HTTP/1.1\r\nhost: other\r\nUser-Agent: ut\r\nAccept: */*\r\n\r\n",
            ),
            (
                "http://user:pa%20ss@a.test/",
                get.clone(),
                plan(&[]),
                "GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic dXNlcjpwYSBzcw==\r\nUser-Agent: ut\r\nAccept: */*\r\n\r\n",
            ),
            (
                "http://a.test/",
                ask("POST", Some(b"a=b")),
                plan(&[]),
                "POST / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\nContent-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
            ),
            (
                "http://a.test/",
                ask("POST", Some(b"{}")),
                plan(&[("Content-Type", Some("application/json"))]),
                "POST / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n",
            ),
            (
                "http://a.test/",
                ask("PUT", None),
                plan(&[("Empty", Some(""))]),
                "PUT / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\nContent-Length: 0\r\nEmpty: \r\n\r\n",
            ),
            (
                "http://a.test/",
                get.clone(),
                HttpPlan { user_agent: String::new(), ..HttpPlan::default() },
                "GET / HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n",
            ),
            (
                "http://a.test/",
                get.clone(),
                asking(&[("accept-encoding", Some("lzw"))]),
                "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\naccept-encoding: lzw\r\n\r\n",
            ),
            (
                "http://a.test/",
                get.clone(),
                asking(&[("Accept-Encoding", None)]),
                "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\n\r\n",
            ),
            (
                "http://a.test/",
                get,
                asking(&[("Range", Some("bytes=0-1"))]),
                "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\nAccept-Encoding: identity\r\nRange: bytes=0-1\r\n\r\n",
            ),
        ];
        for (href, ask, plan, wanted) in table {
            assert_eq!(head(href, &ask, &plan), wanted);
        }
    }

    #[test]
    fn a_body_that_is_announced_in_chunks_goes_in_chunks() {
        let own = plan(&[("transfer-encoding", Some("gzip, Chunked"))]);
        let draft =
            Draft::new(&url("http://a.test/"), &ask("POST", Some(b"0123456789abcdef")), &own).unwrap();
        let head = String::from_utf8(draft.http1().0).unwrap();
        assert!(!head.contains("Content-Length") && head.contains("transfer-encoding: gzip, Chunked\r\n"));
        assert_eq!(draft.framing(Some(16)), Ok(Framed::Chunked));
        assert_eq!(in_chunks(b"0123456789abcdef"), b"10\r\n0123456789abcdef\r\n0\r\n\r\n");
        assert_eq!(in_chunks(b""), b"0\r\n\r\n");
        let plain = Draft::new(&url("http://a.test/"), &ask("POST", Some(b"x")), &plan(&[])).unwrap();
        assert_eq!((plain.framing(Some(1)), plain.framing(None).is_ok()), (Ok(Framed::Plain), true));
    }

    #[test]
    fn credentials_stay_at_the_first_origin() {
        let secrets = plan(&[("Cookie", Some("c")), ("authorization", Some("Bearer t")), ("X", Some("1"))]);
        let away = Ask { credentials: false, ..ask("GET", None) };
        let sent = head("http://u:p@a.test/", &away, &secrets);
        assert_eq!(sent, "GET / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ut\r\nAccept: */*\r\nX: 1\r\n\r\n");
        let home = head("http://u:p@a.test/", &ask("GET", None), &secrets);
        assert!(home.contains("authorization: Bearer t\r\n") && home.contains("Cookie: c\r\n"));
    }

    #[test]
    fn a_given_host_stays_at_the_first_one() {
        let named = plan(&[("Host", Some("site.example"))]);
        let away = Ask { given_host: false, ..ask("GET", None) };
        assert!(head("http://a.test:81/", &away, &named).contains("Host: a.test:81\r\n"));
        assert!(head("http://a.test/", &ask("GET", None), &named).contains("Host: site.example\r\n"));
        // Even one that was left out is there again for the next.
        assert!(head("http://a.test/", &away, &plan(&[("Host", None)])).contains("Host: a.test\r\n"));
    }

    #[test]
    fn a_redirect_that_drops_the_body_drops_its_fields() {
        let posted = HttpPlan {
            body: Some(b"{}".as_slice().into()),
            ..plan(&[("Content-Type", Some("application/json"))])
        };
        assert!(!head("http://a.test/", &ask("GET", None), &posted).contains("Content-"));
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        let evil = ["a\r\nB: c", "a\nb", "a\0"];
        for value in evil {
            assert!(
                Draft::new(&url("http://a.test/"), &ask("GET", None), &plan(&[("X", Some(value))])).is_err()
            );
            assert!(
                Draft::new(&url("http://a.test/"), &ask("GET", None), &plan(&[(value, Some("x"))])).is_err()
            );
            assert!(Draft::new(&url("http://a.test/"), &ask(value, None), &plan(&[])).is_err());
        }
        let mut bad = url("http://a.test/");
        bad.path = "/ HTTP/1.1\r\nX: y".to_owned();
        assert!(Draft::new(&bad, &ask("GET", None), &plan(&[])).is_err());
        let agent = HttpPlan { user_agent: "a\r\nX: y".to_owned(), ..plan(&[]) };
        assert!(head("http://a.test/", &ask("GET", None), &agent).contains("User-Agent: a  X: y\r\n"));
    }

    #[test]
    fn http2_has_pseudo_fields_and_no_connection_fields() {
        let own = [
            ("X-B", Some("1")),
            ("Connection", Some("close")),
            ("TE", Some("gzip")),
            ("x-c", Some("2")),
            ("x-b", Some("3")),
        ];
        let draft = Draft::new(&url("https://a.test:8443/p?q"), &ask("GET", None), &plan(&own)).unwrap();
        let (request, record) = draft.http2().unwrap();
        let headers: Vec<_> = record.headers.iter().map(|h| format!("{}={}", h.name, h.text())).collect();
        assert_eq!(
            headers,
            [
                ":method=GET",
                ":scheme=https",
                ":authority=a.test:8443",
                ":path=/p?q",
                "user-agent=ut",
                "accept=*/*",
                "x-b=1",
                "x-b=3",
                "x-c=2",
            ]
        );
        assert_eq!(request.uri(), "https://a.test:8443/p?q");
        let named =
            Draft::new(&url("https://a.test/"), &ask("GET", None), &plan(&[("Host", Some("b.test"))]))
                .unwrap();
        assert_eq!(named.http2().unwrap().1.headers[2].value, b"b.test");
    }
}

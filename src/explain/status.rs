//! What each HTTP status code means, whose side it speaks of, and what to check next.
//!
//! Every code of IANA's registry (a test compares the two), well-known codes that no registry
//! holds, and for the rest what RFC 9110 §15 says of their class. A table: it judges no response.

/// What a status code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusText {
    /// The code.
    pub code: u16,
    /// Its name in the registry, or the one its inventor gave it.
    pub name: &'static str,
    /// Where it is defined: RFC and section, or the software that uses it.
    pub reference: &'static str,
    /// What it means, in one plain sentence.
    pub meaning: &'static str,
    /// Whose side it speaks of.
    pub side: Side,
    /// What to check next, in one sentence.
    pub check_next: &'static str,
    /// Who gave the code its meaning.
    pub origin: Origin,
}

/// Whose side a status code speaks of: its class (RFC 9110 §15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// 1xx: the request goes on.
    Informational,
    /// 2xx: done.
    Success,
    /// 3xx: something else has to be done.
    Redirect,
    /// 4xx: the request is at fault, in the server's view.
    Client,
    /// 5xx: the server is at fault.
    Server,
}

impl Side {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Success => "success",
            Self::Redirect => "redirect",
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The class of a code. RFC 9110 §15: one out of range is treated as 5xx.
    #[must_use]
    pub const fn of(code: u16) -> Self {
        match code {
            100..=199 => Self::Informational,
            200..=299 => Self::Success,
            300..=399 => Self::Redirect,
            400..=499 => Self::Client,
            _ => Self::Server,
        }
    }
}

/// Who gave a code its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// IANA's registry.
    Registered,
    /// Some software uses it without registration.
    Unregistered,
    /// Nobody known: only its class says something.
    Unknown,
}

/// What a code means: by the table, or by its class when it is not in it.
#[must_use]
pub fn explain(code: u16) -> StatusText {
    let find = |table: &[StatusText]| table.iter().find(|text| text.code == code).copied();
    find(REGISTERED).or_else(|| find(UNREGISTERED)).unwrap_or_else(|| by_class(code))
}

/// RFC 9110 §15: an unknown code means what x00 of its class means.
fn by_class(code: u16) -> StatusText {
    let (name, meaning, check_next) = match (code, Side::of(code)) {
        (..=99 | 600.., _) => (
            "Invalid",
            "No status code is outside 100 to 599; clients treat this one as a server error.",
            "Check which program between here and the application writes this code.",
        ),
        (_, Side::Informational) => (
            "Unknown Informational",
            "An unknown interim response: the final one is still to come.",
            "Nothing, as long as a final response follows.",
        ),
        (_, Side::Success) => (
            "Unknown Success",
            "An unknown code of the class that says the request succeeded.",
            "Ask the server's makers what this code adds to a plain 200.",
        ),
        (_, Side::Redirect) => (
            "Unknown Redirect",
            "An unknown code of the class that says something more has to be done.",
            "See whether the response has a Location, and ask the server's makers what they mean.",
        ),
        (_, Side::Client) => (
            "Unknown Client Error",
            "An unknown code of the class that says the request is at fault; treat it as 400.",
            "Read the body, and ask the server's makers what this code means to them.",
        ),
        (_, Side::Server) => (
            "Unknown Server Error",
            "An unknown code of the class that says the server is at fault; treat it as 500.",
            "Read the server's log at the time of this request.",
        ),
    };
    StatusText {
        code,
        name,
        reference: "RFC 9110 §15",
        meaning,
        side: Side::of(code),
        check_next,
        origin: Origin::Unknown,
    }
}

const fn registered(
    code: u16,
    name: &'static str,
    reference: &'static str,
    meaning: &'static str,
    check_next: &'static str,
) -> StatusText {
    StatusText {
        code,
        name,
        reference,
        meaning,
        side: Side::of(code),
        check_next,
        origin: Origin::Registered,
    }
}

const fn unregistered(
    code: u16,
    name: &'static str,
    reference: &'static str,
    meaning: &'static str,
    check_next: &'static str,
) -> StatusText {
    StatusText { origin: Origin::Unregistered, ..registered(code, name, reference, meaning, check_next) }
}

/// Every assigned code of IANA's registry, in order.
#[rustfmt::skip] // one code, one row
pub const REGISTERED: &[StatusText] = &[
    registered(100, "Continue", "RFC 9110 §15.2.1",
        "The server has seen the head of the request and wants its body.",
        "Nothing: the final response follows."),
    registered(101, "Switching Protocols", "RFC 9110 §15.2.2",
        "The server leaves HTTP and goes on with the protocol named in Upgrade.",
        "See the Upgrade field for the protocol; what follows is no longer HTTP."),
    registered(102, "Processing", "RFC 2518 §10.1",
        "The server is at work and says so to keep the client from giving up (WebDAV; given up in RFC 4918).",
        "Look at the wait after it: the work itself is slow."),
    registered(103, "Early Hints", "RFC 8297 §2",
        "The server names resources that can be loaded while the final response is being made.",
        "See its Link fields; the final response follows."),
    registered(104, "Upload Resumption Supported", "draft-ietf-httpbis-resumable-upload-05",
        "The server can resume this upload if it breaks off (temporary registration).",
        "See its Location for where an upload would be resumed."),
    registered(200, "OK", "RFC 9110 §15.3.1",
        "The request succeeded and the body is the result.",
        "Nothing is wrong here; look at the times."),
    registered(201, "Created", "RFC 9110 §15.3.2",
        "The request succeeded and made something new.",
        "See Location for where the new thing is."),
    registered(202, "Accepted", "RFC 9110 §15.3.3",
        "The request was taken in and is not done yet; it may still fail.",
        "Look in the body for where the outcome will be told."),
    registered(203, "Non-Authoritative Information", "RFC 9110 §15.3.4",
        "The request succeeded, and a proxy on the way changed the response.",
        "Find the proxy by Via, and ask the origin directly to compare."),
    registered(204, "No Content", "RFC 9110 §15.3.5",
        "The request succeeded and there is nothing to send back.",
        "Nothing, unless a body was expected."),
    registered(205, "Reset Content", "RFC 9110 §15.3.6",
        "The request succeeded and the client should clear its form.",
        "Nothing, unless a body was expected."),
    registered(206, "Partial Content", "RFC 9110 §15.3.7",
        "The body is the part asked for with Range.",
        "See Content-Range for which part it is; without a Range in the request this is a fault."),
    registered(207, "Multi-Status", "RFC 4918 §11.1",
        "The body holds a status of its own for each of several things (WebDAV).",
        "Read the statuses in the body: some may be errors."),
    registered(208, "Already Reported", "RFC 5842 §7.1",
        "A thing was listed earlier in the same multi-status answer (WebDAV).",
        "Stands inside a 207 only; alone it is a fault of the server."),
    registered(226, "IM Used", "RFC 3229 §10.4.1",
        "The body is the difference to what the client already has.",
        "See IM and Delta-Base for what it is a difference to."),
    registered(300, "Multiple Choices", "RFC 9110 §15.4.1",
        "There are several forms of this resource and the client should choose.",
        "See the list in the body, and Location for the server's own choice."),
    registered(301, "Moved Permanently", "RFC 9110 §15.4.2",
        "The resource has moved for good to the URL in Location; a POST may turn into a GET.",
        "Use the new URL at its source: every visit by the old one pays for a hop."),
    registered(302, "Found", "RFC 9110 §15.4.3",
        "The resource is for now at the URL in Location; a POST may turn into a GET.",
        "See whether the target is expected; use 307 where the method must stay."),
    registered(303, "See Other", "RFC 9110 §15.4.4",
        "The answer to this request is to be fetched with GET from the URL in Location.",
        "Follow Location; this is usual after a form was sent."),
    registered(304, "Not Modified", "RFC 9110 §15.4.5",
        "What the client has cached is still good, so no body is sent.",
        "Nothing, if the request was conditional; otherwise a cache on the way is at fault."),
    registered(305, "Use Proxy", "RFC 9110 §15.4.6",
        "Deprecated: the resource was to be fetched through the proxy in Location.",
        "Clients ignore it for their safety: have the server send something else."),
    registered(306, "(Unused)", "RFC 9110 §15.4.7",
        "Reserved: an early draft used it, nobody should.",
        "Ask the server's makers what they mean."),
    registered(307, "Temporary Redirect", "RFC 9110 §15.4.8",
        "The resource is for now at the URL in Location; the method and the body stay.",
        "See whether the target is expected; a body is sent a second time."),
    registered(308, "Permanent Redirect", "RFC 9110 §15.4.9",
        "The resource has moved for good to the URL in Location; the method and the body stay.",
        "Use the new URL at its source: every visit by the old one pays for a hop."),
    registered(400, "Bad Request", "RFC 9110 §15.5.1",
        "The server cannot or will not read this request.",
        "Read the body; then check the Host, the header fields and the encoding of the URL."),
    registered(401, "Unauthorized", "RFC 9110 §15.5.2",
        "The server wants to know who asks, or does not accept the credentials given.",
        "See WWW-Authenticate for the scheme it wants, and check the credentials."),
    registered(402, "Payment Required", "RFC 9110 §15.5.3",
        "Reserved; services use it for unpaid bills and used-up quotas.",
        "Check the account's billing and quota at this service."),
    registered(403, "Forbidden", "RFC 9110 §15.5.4",
        "The server understood the request and refuses it.",
        "Check permissions, then address and User-Agent blocks of a firewall or CDN."),
    registered(404, "Not Found", "RFC 9110 §15.5.5",
        "There is nothing at this path, or the server will not say that there is.",
        "Check the path letter by letter, and that the host is served by the right site."),
    registered(405, "Method Not Allowed", "RFC 9110 §15.5.6",
        "The resource exists and this method does not work on it.",
        "See Allow for the methods that do; a redirect may have changed the method."),
    registered(406, "Not Acceptable", "RFC 9110 §15.5.7",
        "The server has no form of the resource that the Accept fields admit.",
        "Loosen Accept, Accept-Language and Accept-Encoding."),
    registered(407, "Proxy Authentication Required", "RFC 9110 §15.5.8",
        "A proxy on the way wants to know who asks.",
        "See Proxy-Authenticate, and give the proxy its credentials."),
    registered(408, "Request Timeout", "RFC 9110 §15.5.9",
        "The server grew tired of waiting for the request.",
        "Check how long sending took; a load balancer may cut slow uploads."),
    registered(409, "Conflict", "RFC 9110 §15.5.10",
        "The request does not fit the present state of the resource.",
        "Fetch the present state, and send the change again on top of it."),
    registered(410, "Gone", "RFC 9110 §15.5.11",
        "The resource was there and is gone for good.",
        "Remove the links to it."),
    registered(411, "Length Required", "RFC 9110 §15.5.12",
        "The server wants a Content-Length with the body.",
        "Send the body with its length instead of chunked."),
    registered(412, "Precondition Failed", "RFC 9110 §15.5.13",
        "A condition in the request, such as If-Match, does not hold.",
        "Fetch the resource again for its present ETag."),
    registered(413, "Content Too Large", "RFC 9110 §15.5.14",
        "The body of the request is larger than the server takes.",
        "Compare the body's size with the limits of the server and of the proxies in front of it."),
    registered(414, "URI Too Long", "RFC 9110 §15.5.15",
        "The URL is longer than the server reads.",
        "Send the data in a body; a redirect loop that grows the query does this too."),
    registered(415, "Unsupported Media Type", "RFC 9110 §15.5.16",
        "The server does not take a body of this type or encoding.",
        "Check Content-Type and Content-Encoding of the request."),
    registered(416, "Range Not Satisfiable", "RFC 9110 §15.5.17",
        "The part asked for with Range lies outside the resource.",
        "See Content-Range for the real size."),
    registered(417, "Expectation Failed", "RFC 9110 §15.5.18",
        "The server, or a proxy, cannot do what Expect asks for.",
        "Send the request without Expect."),
    registered(418, "(Unused)", "RFC 9110 §15.5.19",
        "Reserved because of a joke (RFC 2324): the server says it is a teapot.",
        "Some services send it to clients they take for robots; try another User-Agent."),
    registered(421, "Misdirected Request", "RFC 9110 §15.5.20",
        "This server cannot answer for this host on this connection.",
        "Check that the host's DNS points here, and that the name in TLS is the one in Host."),
    registered(422, "Unprocessable Content", "RFC 9110 §15.5.21",
        "The body is well formed and its content makes no sense to the server.",
        "Read the body of the response for the field that is wrong."),
    registered(423, "Locked", "RFC 4918 §11.3",
        "The resource is locked (WebDAV).",
        "Find who holds the lock, or wait until it runs out."),
    registered(424, "Failed Dependency", "RFC 4918 §11.4",
        "The request failed because another one it depends on failed (WebDAV).",
        "Look for the first failure in the same batch."),
    registered(425, "Too Early", "RFC 8470 §5.2",
        "The server will not act on a request that came as TLS early data.",
        "Send it again after the handshake: early data can be replayed."),
    registered(426, "Upgrade Required", "RFC 9110 §15.5.22",
        "The server wants another protocol for this request.",
        "See Upgrade for which; often it is a newer HTTP version or TLS."),
    registered(428, "Precondition Required", "RFC 6585 §3",
        "The server wants a conditional request, so that no change is lost.",
        "Send If-Match with the ETag fetched before."),
    registered(429, "Too Many Requests", "RFC 6585 §4",
        "The server limits how often this client may ask.",
        "See Retry-After for how long to wait, and slow down."),
    registered(431, "Request Header Fields Too Large", "RFC 6585 §5",
        "The header fields of the request are larger than the server reads.",
        "Look for a Cookie that has grown."),
    registered(451, "Unavailable For Legal Reasons", "RFC 7725 §3",
        "Access is denied because of a legal demand.",
        "See Link with rel=blocked-by for who denies it; it may depend on the country asked from."),
    registered(500, "Internal Server Error", "RFC 9110 §15.6.1",
        "Something broke inside the server.",
        "Read the application's log at the time of this request."),
    registered(501, "Not Implemented", "RFC 9110 §15.6.2",
        "The server does not know this method at all.",
        "Check the method; a plain file server knows few."),
    registered(502, "Bad Gateway", "RFC 9110 §15.6.3",
        "A gateway got no valid answer from the server behind it.",
        "Check that the server behind the gateway runs, listens and speaks the protocol expected."),
    registered(503, "Service Unavailable", "RFC 9110 §15.6.4",
        "The server cannot answer now: overload or maintenance.",
        "See Retry-After; then check load, health checks and deployments."),
    registered(504, "Gateway Timeout", "RFC 9110 §15.6.5",
        "A gateway waited too long for the server behind it.",
        "Compare the wait with the gateway's limit, and look for what is slow behind it."),
    registered(505, "HTTP Version Not Supported", "RFC 9110 §15.6.6",
        "The server does not speak this major version of HTTP.",
        "Try --http1.1."),
    registered(506, "Variant Also Negotiates", "RFC 2295 §8.1",
        "The server's content negotiation points back to itself.",
        "Mend the server's configuration of variants."),
    registered(507, "Insufficient Storage", "RFC 4918 §11.5",
        "The server has no room to store what the request needs (WebDAV).",
        "Check disk and quota on the server."),
    registered(508, "Loop Detected", "RFC 5842 §7.2",
        "The server ran into an endless loop while answering (WebDAV).",
        "Look for bindings or rewrites that point back to themselves."),
    registered(510, "Not Extended", "RFC 2774 §7",
        "The server wants an extension of HTTP named in the request; the idea is obsolete.",
        "Ask the server's makers which extension they mean."),
    registered(511, "Network Authentication Required", "RFC 6585 §6",
        "The network itself wants a login before it lets traffic through.",
        "Open a browser and log in to the network: this is a captive portal, not the server."),
];

/// Well-known codes that no registry holds, in order.
#[rustfmt::skip] // one code, one row
pub const UNREGISTERED: &[StatusText] = &[
    unregistered(419, "Page Expired", "Laravel",
        "The form's token against forgery has run out.",
        "Fetch the form again; check that cookies come back."),
    unregistered(420, "Enhance Your Calm", "Twitter, before 429",
        "The client asks too often.",
        "Slow down; today this should be a 429."),
    unregistered(430, "Request Header Fields Too Large", "Shopify",
        "The shop takes the client for a robot, or its header fields are too large.",
        "Slow down, and look at the size of the fields."),
    unregistered(440, "Login Time-out", "Microsoft IIS",
        "The session has run out and a new login is needed.",
        "Log in again."),
    unregistered(444, "No Response", "nginx",
        "The server closes the connection without an answer; seen in its log only.",
        "Look for a return 444 in nginx's configuration."),
    unregistered(449, "Retry With", "Microsoft IIS",
        "The server wants the request again with more information.",
        "Read the body for what is missing."),
    unregistered(460, "Client Closed Connection", "AWS Elastic Load Balancing",
        "The client closed the connection before the load balancer could answer.",
        "Compare the client's time limit with the answer's time."),
    unregistered(463, "Too Many Forwarded Addresses", "AWS Elastic Load Balancing",
        "X-Forwarded-For holds more than 30 addresses.",
        "Look for a loop of proxies."),
    unregistered(464, "Incompatible Protocol", "AWS Elastic Load Balancing",
        "The protocol of the request does not fit that of the target group.",
        "Compare the versions of HTTP on both sides of the load balancer."),
    unregistered(494, "Request Header Too Large", "nginx",
        "A header field is larger than nginx reads.",
        "Look for a Cookie that has grown; see large_client_header_buffers."),
    unregistered(495, "SSL Certificate Error", "nginx",
        "The client's certificate is not valid.",
        "Check the client certificate and the CA that nginx trusts."),
    unregistered(496, "SSL Certificate Required", "nginx",
        "The server wants a client certificate and none was sent.",
        "Give the client its certificate."),
    unregistered(497, "HTTP Request Sent to HTTPS Port", "nginx",
        "Plain HTTP came to a port that speaks TLS.",
        "Use https://."),
    unregistered(498, "Invalid Token", "Esri ArcGIS",
        "The token has run out or is not valid.",
        "Fetch a new token."),
    unregistered(499, "Client Closed Request", "nginx",
        "The client closed the connection before the answer was ready; seen in logs only.",
        "Compare the client's time limit with the answer's time."),
    unregistered(509, "Bandwidth Limit Exceeded", "cPanel, Apache",
        "The site has used up its traffic.",
        "Ask the hosting company for the site's limit."),
    unregistered(520, "Web Server Returned an Unknown Error", "Cloudflare",
        "The origin answered Cloudflare with something it cannot read, or with nothing.",
        "Trace the origin directly with --connect-to, past Cloudflare."),
    unregistered(521, "Web Server Is Down", "Cloudflare",
        "The origin refused Cloudflare's connection.",
        "Check that the origin runs and lets Cloudflare's addresses in."),
    unregistered(522, "Connection Timed Out", "Cloudflare",
        "The origin did not complete a TCP connection with Cloudflare.",
        "Check the origin's firewall and load."),
    unregistered(523, "Origin Is Unreachable", "Cloudflare",
        "Cloudflare finds no route to the origin.",
        "Check the origin's address in Cloudflare's DNS."),
    unregistered(524, "A Timeout Occurred", "Cloudflare",
        "The origin took the connection and did not answer in time.",
        "Look for what is slow at the origin."),
    unregistered(525, "SSL Handshake Failed", "Cloudflare",
        "The TLS handshake between Cloudflare and the origin failed.",
        "Trace the origin directly with --connect-to for its TLS."),
    unregistered(526, "Invalid SSL Certificate", "Cloudflare",
        "Cloudflare does not trust the origin's certificate.",
        "Trace the origin directly with --connect-to for its certificate."),
    unregistered(527, "Railgun Error", "Cloudflare",
        "The link between Cloudflare and its Railgun listener broke; the product is retired.",
        "Switch Railgun off."),
    unregistered(529, "Site Is Overloaded", "Qualys and others",
        "The service has more requests than it can take.",
        "Try again later, with growing pauses."),
    unregistered(530, "Origin DNS Error", "Cloudflare",
        "An error of Cloudflare's own, with a 1xxx number in the body; often the origin's name does not resolve.",
        "Read the number in the body."),
    unregistered(561, "Unauthorized", "AWS Elastic Load Balancing",
        "The identity provider answered the load balancer with an error.",
        "Check the load balancer's authentication settings."),
    unregistered(598, "Network Read Timeout Error", "some proxies",
        "A proxy waited too long for bytes from the server behind it.",
        "Compare the wait with the proxy's limit."),
    unregistered(599, "Network Connect Timeout Error", "some proxies",
        "A proxy could not connect to the server behind it in time.",
        "Check that the server behind the proxy can be reached."),
];

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = include_str!("../../fixtures/http/http-status-codes.csv");

    /// Value, description and reference of each row.
    fn rows() -> Vec<(&'static str, String, String)> {
        let fields = |line: &'static str| {
            let (value, rest) = line.split_once(',').unwrap();
            let (description, reference) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once("\",").unwrap(),
                None => rest.split_once(',').unwrap(),
            };
            (value, description.to_owned(), reference.trim_matches('"').to_owned())
        };
        REGISTRY.lines().skip(1).map(fields).collect()
    }

    #[test]
    fn every_registered_code_is_explained_and_no_other() {
        let assigned: Vec<_> = rows().into_iter().filter(|(_, name, _)| name != "Unassigned").collect();
        let codes: Vec<u16> = assigned.iter().map(|(value, ..)| value.parse().unwrap()).collect();
        assert_eq!(codes, REGISTERED.iter().map(|text| text.code).collect::<Vec<_>>());
        for ((_, description, reference), text) in assigned.iter().zip(REGISTERED) {
            let name = description.split(" (").next().unwrap();
            assert_eq!(name, text.name, "{}", text.code);
            // `[RFC9110, Section 15.2.1]` and `RFC 9110 §15.2.1`.
            let document = reference.trim_start_matches('[').split([']', ',']).next().unwrap();
            let (own, section) = text.reference.split_once(" §").unwrap_or((text.reference, ""));
            assert_eq!(document, own.replace("RFC ", "RFC"), "{}", text.code);
            if let Some((_, registered)) = reference.split_once("Section ") {
                assert_eq!(registered.trim_end_matches(']'), section, "{}", text.code);
            }
        }
    }

    #[test]
    fn the_registry_covers_all_codes_and_leaves_the_unregistered_unassigned() {
        let mut next = 100;
        for (value, description, _) in rows() {
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(first, next, "a gap before {value}");
            next = last + 1;
            for text in UNREGISTERED.iter().filter(|text| (first..=last).contains(&text.code)) {
                assert_eq!(description, "Unassigned", "{} is registered by now", text.code);
            }
        }
        assert_eq!(next, 600);
    }

    #[test]
    fn every_text_is_whole_sentences_of_its_class() {
        for text in REGISTERED.iter().chain(UNREGISTERED) {
            assert_eq!(explain(text.code), *text);
            assert_eq!(text.side, Side::of(text.code));
            for sentence in [text.meaning, text.check_next] {
                assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
                assert!(sentence.len() < 120 && sentence.len() > 10, "{}: {sentence}", text.code);
            }
        }
        assert!(UNREGISTERED.is_sorted_by_key(|text| text.code));
    }

    #[test]
    fn unknown_codes_are_explained_by_their_class() {
        let table = [
            (199, Side::Informational),
            (299, Side::Success),
            (399, Side::Redirect),
            (499 - 10, Side::Client),
            (599 - 10, Side::Server),
            (0, Side::Server),
            (600, Side::Server),
            (999, Side::Server),
        ];
        for (code, side) in table {
            let text = explain(code);
            assert_eq!((text.code, text.side, text.origin), (code, side, Origin::Unknown));
        }
        assert_eq!(explain(600).name, "Invalid");
        assert_eq!(explain(499).origin, Origin::Unregistered);
    }
}

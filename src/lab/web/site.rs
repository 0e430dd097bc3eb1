//! What a web site of the lab is made of: host, address, and how it behaves. The sites are in `pages` and `speaking`.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::legacy::Script;

/// The validator of every page: weak, as it is the same in all encodings.
pub(crate) const ETAG: &str = "W/\"lab\"";
/// A validator that its server gives and does not look for.
pub(super) const DEAF_ETAG: &str = "\"deaf\"";
/// Stands for one that is another one in each response.
pub(super) const CHANGING_ETAG: &str = "\"changing\"";

/// One web site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Its host name, without final dot: what its certificate is for.
    pub(crate) host: &'static str,
    /// The name that holds its address: the host, or where the host's CNAMEs end.
    pub(crate) dns_name: &'static str,
    /// The last byte of its address.
    pub(crate) last: u8,
    /// What it has besides its IPv4 address.
    pub(crate) ipv6: Ipv6,
    /// The last bytes of further IPv4 addresses that DNS gives for it: other sites', or nobody's.
    pub(crate) beside: &'static [u8],
    /// What it does on port 80; `None` when nothing listens there.
    pub(crate) plain: Option<Conduct>,
    /// What it does on port 443; `None` when nothing listens there.
    pub(crate) secure: Option<Secure>,
}

/// An IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ipv6 {
    /// None.
    None,
    /// One that nothing answers at.
    Dead,
}

/// What a site does on its TLS port.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant)] // a table of constants
pub(crate) enum Secure {
    /// It speaks TLS.
    Tls(Tls),
    /// It speaks versions before TLS 1.3 by a table, as far as that goes without keys.
    Legacy(&'static Script),
}

/// How a site speaks TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: Certificate,
    pub(crate) versions: Versions,
    pub(crate) protocols: Protocols,
    /// What it does by UDP on the same port.
    pub(crate) http3: Http3,
    /// The largest ClientHello record that it bears; a longer one is answered by a reset.
    pub(crate) largest_hello: usize,
    pub(crate) clients: Clients,
    pub(crate) tickets: Tickets,
    /// Who answers ClientHellos of the old style in its place.
    pub(crate) beside: Option<&'static Script>,
    /// From the ClientHello's arrival to the ServerHello.
    pub(crate) delay: Duration,
    /// What it does inside.
    pub(crate) conduct: Conduct,
}

/// The certificate a site shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    Expired,
    NotYetValid,
    WrongHost,
    SelfSigned,
    WithoutIntermediate,
    UnknownIssuer,
    Version1,
    /// Good, with a demand for stapled OCSP responses and no such response.
    MustStaple,
    /// Good, with a stapled OCSP response that says so.
    Stapled,
    /// Revoked, by its own staple.
    Revoked,
    /// Good, by an intermediate whose own key is too short.
    WeakIntermediate,
    /// Signed with SHA-1.
    Sha1,
    /// Good, with the root and the intermediate once more behind it.
    Bloated,
    /// Good, with the root's name and key signed by the unknown root, too.
    CrossSigned,
    /// The same, with that before the intermediate.
    OutOfOrder,
}

/// What a site does for those who come back (RFC 8446 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tickets {
    /// It gives tickets, and takes them.
    Taken,
    /// It takes 0-RTT with them, too.
    TakenEarly,
    /// Its tickets allow 0-RTT, and it never takes it.
    TakenNotEarly,
    /// It gives none.
    None,
    /// It gives them, and knows nothing of them later.
    Forgotten,
    /// It gives them by the thousand.
    Flood,
}

/// Whom a site lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    Anybody,
    /// Those with a certificate only; in TLS 1.3 the others are told after the handshake.
    ByCertificate,
}

/// The TLS versions a site speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    Both,
    Tls12,
}

/// The HTTP versions a site takes by ALPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocols {
    Http2And1,
    Http1,
}

/// What a site does by UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http3 {
    /// Nothing listens.
    None,
    /// It speaks HTTP/3.
    Spoken,
    /// The same, for those whose address it has proved by a Retry packet.
    Retry,
    /// It refuses every connection.
    Refuse,
    /// What comes vanishes, as behind a firewall.
    Silent,
}

/// What a site does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conduct {
    /// It answers.
    Page(Page),
    /// It answers in another protocol.
    Garbage,
    /// It closes without a byte.
    Empty,
    /// It sends header fields for as long as they are read.
    EndlessHeaders,
    /// It promises a longer body than it sends.
    ClosedEarly,
    /// It never answers.
    Silent,
    /// It redirects, keeps the connection, and ends it under the next request.
    EndsKept(Page),
    /// It redirects by a field that begins with a blank.
    LeadingBlank(Page),
    /// It says its length twice.
    TwoLengths(Page),
    /// It has a carriage return in the middle of a field.
    BareReturn(Page),
    /// It has a line in its head that is no field.
    StrayLine(Page),
    /// It opens a WebSocket.
    Socket(Socket),
    /// It answers calls of gRPC.
    Grpc(Grpc),
    /// It ends the connection behind the third response, and does not say so before.
    EndsThird(Page),
    /// It refuses the first request of each connection for a second (503), and has its page then.
    Busy(Page),
    /// It has its page, now so, now so.
    Moody(Page, Mood),
    /// It redirects to itself until the cookie comes back that it sets, and has its page then.
    CookieWall(Page),
    /// It says 100 to a body that waits for that, as late as this.
    SlowContinue(Page, Duration),
    /// It never says 100.
    NoContinue(Page),
    /// It takes no expectations (417).
    NoExpect(Page),
    /// It refuses every request by HTTP/2, and has its page by HTTP/1.1.
    WantsHttp1(Page),
}

impl Conduct {
    /// The page it has, if it has one.
    pub(crate) const fn page(self) -> Option<Page> {
        match self {
            Self::Page(page)
            | Self::EndsKept(page)
            | Self::LeadingBlank(page)
            | Self::TwoLengths(page)
            | Self::BareReturn(page)
            | Self::StrayLine(page)
            | Self::EndsThird(page)
            | Self::Busy(page)
            | Self::Moody(page, _)
            | Self::CookieWall(page)
            | Self::SlowContinue(page, _)
            | Self::NoContinue(page)
            | Self::NoExpect(page)
            | Self::WantsHttp1(page) => Some(page),
            Self::Garbage
            | Self::Empty
            | Self::EndlessHeaders
            | Self::ClosedEarly
            | Self::Silent
            | Self::Socket(_)
            | Self::Grpc(_) => None,
        }
    }
}

/// How a site changes from request to request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Every third time it is late.
    Flapping,
    /// It is late now and then, in no order.
    Bimodal,
    /// It is a little later each time.
    Drifting,
    /// Three servers stand behind it, and one of them is late.
    Pool,
}

/// What a site does behind an upgrade (RFC 6455).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// It greets, and answers a ping.
    Answers,
    /// It proves nothing.
    WithoutProof,
    /// It masks its frames, as only clients do.
    Masks,
    /// It closes in place of a pong.
    Closes,
    /// It sends messages for as long as they are read.
    Endless,
}

/// How a site answers calls of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grpc {
    /// As the protocol has it.
    Answers,
    /// Without the trailers, as behind a proxy that drops them.
    WithoutTrailers,
    /// With a message that says that it is compressed, and not how.
    Compresses,
}

/// How a site answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Header fields of its own.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// From the request's last byte to the response's first.
    pub(crate) think: Duration,
    /// The same for the first request on a connection alone.
    pub(crate) start: Duration,
    /// What comes before the response.
    pub(crate) hints: Hints,
    /// How the body comes.
    pub(crate) pace: Pace,
    pub(crate) encoding: Encoding,
    /// What it says in place of the page, and of which type that is.
    pub(crate) text: Option<(&'static str, &'static str)>,
    /// How often it says that.
    pub(crate) times: usize,
    /// Where it says so.
    pub(crate) at: &'static str,
    /// What else it has.
    pub(crate) files: &'static [File],
    /// The fields of its 204 to an OPTIONS; without them OPTIONS is as good as GET.
    pub(crate) preflight: Option<&'static [(&'static str, &'static str)]>,
}

/// Something that a page asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    pub(crate) path: &'static str,
    /// Its type.
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
    /// How often it has that.
    pub(crate) times: usize,
    pub(crate) status: u16,
    /// Header fields of its own.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// From the request's last byte to the response's first.
    pub(crate) think: Duration,
}

impl Page {
    /// What is at a path of it.
    pub(crate) fn find(self, target: &str) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        let Some(file) = self.files.iter().find(|file| file.path == path) else { return self };
        Self {
            status: file.status,
            fields: file.fields,
            think: file.think,
            hints: Hints::None,
            pace: Pace::AtOnce,
            text: Some((file.kind, file.text)),
            times: file.times,
            at: file.path,
            ..self
        }
    }
}

/// Interim responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hints {
    None,
    /// A 103 as soon as the request is there (RFC 8297).
    Early,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// In pieces, with a pause before each.
    Drip {
        pieces: u32,
        pause: Duration,
    },
}

/// Content codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    /// gzip for those who ask.
    Gzip,
    /// deflate without its zlib wrapper, for those who ask.
    RawDeflate,
    /// A page five times as long, and as it is for everybody.
    Never,
}

/// How long a copy is fresh, and by what it can be told later whether it still is.
pub(super) const KEPT: [(&str, &str); 2] = [("cache-control", "max-age=60"), ("etag", ETAG)];
/// For browsers to come by https only from now on.
pub(super) const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

/// That HTTP/3 is there, too, on the port of the lab's stand-in for 443.
pub(super) const ALT_SVC: (&str, &str) = ("alt-svc", "h3=\":443\"; ma=86400");
/// The same behind one that browsers pass over: a port that any user of the machine may listen at.
pub(super) const ALT_SVC_LATER: (&str, &str) = ("alt-svc", "h3=\":8443\", h3=\":443\"; ma=86400");

pub(super) const PAGE: Page = Page {
    status: 200,
    fields: &[KEPT[0], KEPT[1], HSTS],
    think: Duration::ZERO,
    start: Duration::ZERO,
    hints: Hints::None,
    pace: Pace::AtOnce,
    encoding: Encoding::Identity,
    text: None,
    times: 1,
    at: "/",
    files: &[],
    preflight: None,
};

/// The same in the clear, where HSTS must not be sent (RFC 6797 section 7.2).
pub(super) const PLAIN: Page = Page { fields: &KEPT, ..PAGE };

pub(super) const TLS: Tls = Tls {
    certificate: Certificate::Good,
    versions: Versions::Both,
    protocols: Protocols::Http2And1,
    http3: Http3::None,
    largest_hello: usize::MAX,
    clients: Clients::Anybody,
    tickets: Tickets::Taken,
    beside: None,
    delay: Duration::ZERO,
    conduct: Conduct::Page(PAGE),
};

/// A server that stopped at TLS 1.0, with the suite that every server had.
pub(super) const TLS10_ONLY: Script =
    Script { versions: &[(0x0301, &[0x002f, 0x0035, 0x000a])], groups: &[], schemes: &[] };

/// All that servers had before TLS 1.3, the good with the bad: 3DES, and RC4 in the oldest two.
pub(super) const OLD_VERSIONS: Script = Script {
    versions: &[
        (0x0303, &[0xc02f, 0xc030, 0xc013, 0x009c, 0x002f, 0x000a]),
        (0x0302, &[0xc013, 0x002f, 0x000a, 0x0005]),
        (0x0301, &[0xc013, 0x002f, 0x000a, 0x0005]),
    ],
    groups: &[0x001d, 0x0017],
    schemes: &[0x0804, 0x0401, 0x0201],
};

/// How the proxy over TLS speaks it.
pub(crate) const PROXY_TLS: Tls = Tls { protocols: Protocols::Http1, ..TLS };

pub(super) const fn redirect(fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { status: 301, fields, ..PAGE })
}

pub(super) const fn fields(fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { fields, ..PAGE })
}

pub(super) const fn status(status: u16, fields: &'static [(&'static str, &'static str)]) -> Conduct {
    Conduct::Page(Page { status, fields, ..PAGE })
}

impl Site {
    /// A site that answers by TLS only.
    pub(super) const fn tls(host: &'static str, last: u8, tls: Tls) -> Self {
        let secure = Some(Secure::Tls(tls));
        Self { host, dns_name: host, last, ipv6: Ipv6::None, beside: &[], plain: None, secure }
    }

    /// A site that answers by TLS only and shows a good certificate.
    pub(super) const fn https(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self::tls(host, last, Tls { conduct, ..TLS })
    }

    /// The same by HTTP/1.1 alone.
    pub(super) const fn http1(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self::tls(host, last, Tls { conduct, protocols: Protocols::Http1, ..TLS })
    }

    /// A site that answers in the clear only.
    pub(super) const fn http(host: &'static str, last: u8, conduct: Conduct) -> Self {
        Self { host, dns_name: host, last, ipv6: Ipv6::None, beside: &[], plain: Some(conduct), secure: None }
    }

    pub(super) const fn and_http(self, conduct: Conduct) -> Self {
        Self { plain: Some(conduct), ..self }
    }

    /// Its address.
    pub(crate) const fn address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 53, 1, self.last))
    }

    /// All that DNS gives for it, its own first.
    pub(crate) fn ipv4_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let beside = self.beside.iter().map(|last| IpAddr::V4(Ipv4Addr::new(127, 53, 1, *last)));
        std::iter::once(self.address()).chain(beside)
    }

    /// What it does by UDP, if anything.
    pub(crate) const fn listens_by_udp(&self) -> bool {
        matches!(self.secure, Some(Secure::Tls(tls)) if !matches!(tls.http3, Http3::None))
    }

    pub(crate) const fn has_dead_ipv6(&self) -> bool {
        matches!(self.ipv6, Ipv6::Dead)
    }
}

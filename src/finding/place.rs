//! A place in a trace that a finding rests on, by ids and fields.
//!
//! How a document points at it (a JSON pointer, a link) is its renderer's matter.

use crate::timeline::Phase;
use crate::trace::{ConnectionId, LookupId, PacketId, RequestId, ResourceId};

/// A place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Wall time of t0.
    StartedAt,
    /// What ended the trace before its goal.
    Failure,
    /// In a request.
    Request(RequestId, InRequest),
    /// In a connection.
    Connection(ConnectionId, InConnection),
    /// In a lookup.
    Lookup(LookupId, InLookup),
    /// In a resource of a page.
    Resource(ResourceId, InResource),
    /// In a request of a page's second visit, by its place.
    Again(usize, InAgain),
}

impl Place {
    /// A field of a packet of a lookup.
    #[must_use]
    pub const fn packet(lookup: LookupId, index: usize, field: PacketField) -> Self {
        Self::Lookup(lookup, InLookup::Packet(PacketId(index), field))
    }
}

/// A place in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InRequest {
    /// The scheme of its URL.
    Scheme,
    /// All its phases.
    Phases,
    /// The time of one.
    Phase(Phase),
    /// Its whole time.
    Total,
    /// What ended the wait of its body for a 100.
    Expect,
    /// The status.
    Status,
    /// The bytes of the body on the wire.
    WireBytes,
    /// The rounds of slow start.
    SlowStart,
    /// Why it ended before its goal.
    Failure,
    /// Where it redirects to.
    RedirectTarget,
    /// The HTTP version of the response.
    Version,
    /// A header field of the response, by its place.
    Header(usize),
    /// How the end of the body is found.
    Framing,
    /// The bytes that came along behind the end of the response.
    BeyondBytes,
    /// The stamp of an interim response, by its place.
    Informational(usize),
    /// Whether a browser lets a page of another origin have the response.
    CorsAllowed,
    /// The role of a layer between the client and the origin, by its place.
    Layer(usize),
    /// How long a further request waited, by its place.
    FurtherWait(usize),
    /// The errors of GraphQL in the body.
    GraphQlErrors,
    /// The status of a call of gRPC.
    GrpcStatus,
    /// The answer to its health check.
    GrpcServing,
    /// What clients hold against its response.
    GrpcFaults,
    /// What is wrong with a web token, by its place.
    TokenFaults(usize),
    /// The host of its URL.
    Host,
    /// The user name in its URL.
    Username,
    /// The password in its URL.
    Password,
    /// The query of its URL.
    Query,
    /// What a browser changes in its URL, by its place.
    UrlChange(usize),
}

/// A place in a resource of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InResource {
    /// The status of its response.
    Status,
    /// What ended it before its goal.
    Failure,
    /// Why it was not asked for.
    Reason,
    /// Its URL.
    Url,
    /// What waits for it.
    Blocking,
    /// When it could be known of.
    Discovered,
    /// Its whole time.
    Total,
    /// How long it waited for its turn.
    Queue,
    /// The bytes of its body on the wire.
    WireBytes,
    /// Why a browser would not use what came.
    Unused,
}

/// A place in a request of a page's second visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InAgain {
    /// Its status.
    Status,
    /// The bytes of its body on the wire.
    WireBytes,
    /// Whether its ETag is that of the first visit.
    SameEtag,
}

/// A place in a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InConnection {
    /// The time of the race.
    Duration,
    /// A field of an attempt, by its place in the race.
    Attempt(usize, AttemptField),
    /// What `--all-addresses` found at an address, by its place.
    Address(usize),
    /// What came of QUIC when it was tried once more.
    UdpCheck,
    /// Segments sent again over its life.
    Retransmits,
    /// The kernel's round trip.
    RoundTrip,
    /// The least of them.
    LeastRoundTrip,
    /// Whether the proxy was given credentials.
    ProxyCredentials,
    /// The TLS version.
    TlsVersion,
    /// The round trips of the handshake.
    TlsRoundTrips,
    /// Whether there was a HelloRetryRequest.
    HelloRetry,
    /// What the stapled OCSP response says.
    OcspStatus,
    /// Until when it holds.
    OcspNextUpdate,
    /// Its size.
    OcspBytes,
    /// The protocol that the server chose (ALPN).
    Alpn,
    /// The bytes of a flight, by its place.
    FlightBytes(usize),
    /// The version that an old ClientHello was answered with.
    LegacyVersion,
    /// Whether its session was resumed.
    Resumed,
    /// What the CAA records of its domain come to.
    CaaVerdict,
    /// The tickets that it was given.
    Tickets,
    /// A version of the scan, by its place.
    ScannedVersion(usize),
    /// A suite of the scan, by its place.
    ScannedSuite(usize),
    /// A group of the scan, by its place.
    ScannedGroup(usize),
    /// All groups of the scan.
    ScannedGroups,
    /// A field of a certificate, by its place in the chain.
    Certificate(usize, CertificateField),
    /// A fault of the chain, by its place.
    CertificateFault(usize),
}

/// A field of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptField {
    /// How it ended.
    Outcome,
    /// SYNs sent again.
    SynRetransmits,
}

/// A field of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateField {
    /// Days until it expires.
    DaysLeft,
    /// When it expires.
    NotAfter,
    /// Whether it demands a staple.
    MustStaple,
    /// Its days from begin to end.
    LifetimeDays,
    /// Whom it is for.
    Subject,
    /// The kind of its key.
    KeyType,
    /// The size of its key.
    KeyBits,
    /// What it is in the chain.
    Place,
    /// What it is signed with.
    SignatureAlgorithm,
}

/// A place in a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InLookup {
    /// The response code.
    Rcode,
    /// What of the root hints is out of date.
    RootHintsDrift,
    /// Whether the machine's resolver agrees.
    StubAgrees,
    /// Its answers.
    StubAnswers,
    /// How old its copy is.
    StubAge,
    /// The time to live of an answer, by its place.
    AnswerTtl(usize),
    /// A field of a packet.
    Packet(PacketId, PacketField),
    /// A field of a zone cut, by its place.
    Cut(usize, CutField),
    /// The faults of a server of the last zone, by its place.
    ServerFaults(usize),
    /// Why a server of the last zone has no address, by its place.
    UnfoundServer(usize),
    /// How the endpoint of an HTTPS record failed, by its place.
    ServiceFailed(usize),
    /// The protocols that an HTTPS record offers, by its place.
    ServiceAlpn(usize),
    /// The same of that at the end of HTTPS aliases.
    AliasFailed,
    /// In what DNSSEC says.
    Dnssec(InDnssec),
}

/// A field of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketField {
    /// UDP, TCP, ...
    Transport,
    /// Whether the question had EDNS.
    Edns,
    /// Why this server and this form.
    Chosen,
    /// When it was sent.
    Sent,
    /// How long the reply took.
    RoundTrip,
    /// The size of the reply.
    BytesReceived,
    /// The reply's response code.
    Rcode,
    /// The reply's flags.
    Flags,
    /// The reply's extended errors.
    ExtendedErrors,
    /// What it meant.
    Meaning,
    /// The reason beside that.
    Detail,
    /// The glue of the referral.
    Glue,
    /// Datagrams dropped meanwhile.
    Dropped,
}

/// A field of a zone cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutField {
    /// The servers by the parent.
    Servers,
    /// Addresses that nobody is asked at.
    NotAsked,
    /// The zone's own word.
    Child,
}

/// A place in what DNSSEC says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDnssec {
    /// The verdict.
    Verdict,
    /// Why it is not secure.
    Why,
    /// What one server gives is bogus, and another does better.
    BogusInPart,
    /// Whether this machine's clock is suspected.
    ClockSuspected,
    /// Why a link of the chain is not secure, by its place.
    LinkWhy(usize),
    /// A field of a signature.
    Signature(SignaturePlace, SignatureField),
}

/// What a signature is over, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignaturePlace {
    /// The records of a link of the chain, by its place.
    Link(usize, usize),
    /// The answer.
    Answer(usize),
}

/// A field of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureField {
    /// Days until it expires.
    DaysLeft,
    /// When it expires.
    Expiration,
}

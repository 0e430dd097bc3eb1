//! The words of a document that stand for one of several: each list is checked to be whole when it is compiled.

use super::value::{Fault, Read, Readable, text};
use crate::finding::{Basis, Cause, Load, Mark, Severity};
use crate::plan::{RunStart, Varied};
use crate::report::RepeatEnd;
use crate::timeline::Phase;
use crate::trace::{
    AddressOutcome, AddressSource, Blocking, BodyFraming, CaaProperty, Carrier, CharsetSource, Choice,
    ConnectionUse, CookieRefusal, CrossOrigin, Direction, DnsLane, DnssecCause, DnssecVerdict, DsState,
    EarlyData, EventStreamEnd, ExpectOutcome, FailureCode, FastOpenRefusal, Grade, GrpcStatusBy,
    HandshakeMessage, HttpVersion, InitiatorKind, Integrity, Keeper, KeptConnection, KeyRole, Left, NearMiss,
    PacketKind, PageMaker, PageProfile, PreflightFreshness, Priority, ProofKind, ProxyKind, ProxyUsage,
    Purpose, RedirectChange, ResourceKind, Reuse, ReuseReason, RootsOf, RouteAnswer, ScanVersion, Scheme,
    Spelling, StageName, StampedBy, StoppedBy, Stray, SuiteOrder, TlsComplaint, TlsVersion, TokenFault,
    TokenForm, Transport, Unanswered, Unused, UrlChangeKind, WaitRule,
};

/// The one of `all` that a text is the word of.
fn one_of<T: Copy>(value: &serde_json::Value, all: &[T], word: impl Fn(T) -> &'static str) -> Read<T> {
    let found = text(value)?;
    all.iter().copied().find(|one| word(*one) == found).ok_or_else(|| {
        let short: String = found.chars().take(40).collect();
        Fault::new(format!("{short:?} is no word that stands here"))
    })
}

macro_rules! words {
    ($($type:ident { $($variant:ident)+ })+) => {$(
        impl Readable for $type {
            fn read(value: &serde_json::Value) -> Read<Self> {
                // One that is missing here is seen by the compiler.
                let word = |one: Self| match one { $(Self::$variant)|+ => one.as_str() };
                one_of(value, &[$(Self::$variant),+], word)
            }
        }
    )+};
}

macro_rules! listed {
    ($($type:ident)+) => {$(
        impl Readable for $type {
            fn read(value: &serde_json::Value) -> Read<Self> {
                one_of(value, Self::ALL, |one| one.as_str())
            }
        }
    )+};
}

listed! { FailureCode UrlChangeKind ProxyKind ResourceKind InitiatorKind Left Unused Load Cause Severity }

impl Readable for ScanVersion {
    fn read(value: &serde_json::Value) -> Read<Self> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

impl Readable for Phase {
    fn read(value: &serde_json::Value) -> Read<Self> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

impl Readable for Varied {
    fn read(value: &serde_json::Value) -> Read<Self> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

words! {
    AddressOutcome { Ok Refused TimedOut Unreachable Failed TlsFailed HttpFailed Stopped Untried }
    AddressSource { Hint GlueInDomain GlueSibling Walk Configured }
    Basis { Measured Derived Modelled }
    Blocking { None Parser Render }
    BodyFraming { None ContentLength Chunked Close Http2 Http3 }
    CaaProperty { Issue IssueWild }
    Carrier { Tcp Quic }
    CharsetSource { ByteOrderMark Field Meta Assumed }
    Choice {
        First Fastest Hedge NextAfterFailure Truncated WithoutOptions WithoutEdns Again CaseMismatch PlainCase
        UdpBlocked WrongSource ConnectionEnded
    }
    ConnectionUse { Opened Kept }
    CookieRefusal { NoName OtherDomain PublicSuffix NotSecure Prefix ControlCharacter TooLarge TooMany }
    CrossOrigin { No Anonymous Credentials }
    Direction { Sent Received }
    DnsLane { Walk Resolver StubFallback Given Special }
    DnssecCause {
        Expired NotYetValid Unsigned WrongSignature OtherKey DsWithoutKey KeysRefused Unproven Unchecked
    }
    DnssecVerdict { Secure Insecure Indeterminate Bogus }
    DsState { Anchor Present ProvenAbsent Missing }
    EarlyData { NotOffered Accepted Refused }
    EventStreamEnd { Server MaxTime }
    ExpectOutcome { Continue Final TimedOut Unanswered }
    FastOpenRefusal { NotAcknowledged SynRetransmitted Unsaid }
    Grade { Good Fine Weak Broken }
    GrpcStatusBy { Trailers TrailersOnly HttpStatus }
    HandshakeMessage {
        HelloRequest ClientHello ServerHello HelloRetryRequest NewSessionTicket EncryptedExtensions Certificate
        ServerKeyExchange CertificateRequest ServerHelloDone CertificateVerify ClientKeyExchange Finished
        CertificateStatus KeyUpdate CompressedCertificate ChangeCipherSpec Alert Unknown
    }
    HttpVersion { Http10 Http11 Http2 Http3 }
    Integrity { Holds Differs Unreadable }
    Keeper { Authority Configured Public }
    KeptConnection { Used Closed }
    KeyRole { KeySigning ZoneSigning Revoked Other }
    Mark { Document StartRender PageEnd }
    NearMiss { AddressAsName FinalDot Blank }
    PacketKind { Initial ZeroRtt Handshake Retry VersionNegotiation OneRtt Unreadable }
    PageMaker { Cloudflare CloudFront Envoy HaProxy Nginx Varnish S3 }
    PageProfile { Chrome Plain }
    PreflightFreshness { Asked Kept Expired }
    Priority { VeryLow Low Medium High VeryHigh }
    ProofKind { Nsec Nsec3 Nsec3OptOut }
    ProxyUsage { Tunnel Forward }
    Purpose {
        Walk NsAddress Priming Stub Resolver AllServers Bootstrap Propagation DnsKey Ds Recheck
    }
    RedirectChange { Scheme Host Www Port Path Slash Query Same }
    RepeatEnd { Done Duration Most Interrupted }
    Reuse { Fresh Stale Revalidated Fetched }
    ReuseReason {
        MaxAge Expires Heuristic Permanent Hsts NoCache NoLifetime NoStore Vary NoValidator NoResponse
    }
    RootsOf { Everybody Somebody }
    RouteAnswer { TimeExceeded Unreachable Reached }
    RunStart { Cold ColdRoot WarmDns WarmConnection WarmAll }
    Scheme { Http Https Ws Wss Grpc Grpcs Tls Quic Tcp Dns }
    Spelling { Plain Random }
    StageName { Url Dns Tcp Tls Http }
    StampedBy { Kernel Program }
    StoppedBy { Interrupt MaxTime Part DnsLimit }
    Stray { WrongId WrongQuestion NoQuestion NotAReply WrongOperation WrongSource }
    SuiteOrder { Server Client }
    TlsComplaint { PlainRequest NoCertificate PostHandshake }
    TlsVersion { Tls12 Tls13 }
    TokenFault { Unsigned Expired NotYetValid NeverExpires LongLived InUrl }
    TokenForm { Signed Encrypted }
    Transport { Udp Tcp Tls Https Quic }
    Unanswered { Http1Required Refused Unknown Unprocessed }
    WaitRule { Backoff Given RetryAfter }
}

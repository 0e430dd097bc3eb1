//! The model: what a trace saw, as plain public data.
//!
//! No I/O, no colours, no wording for people, and no import of any other module of this crate.
//! Stages fill it in, [`timeline`](crate::timeline) computes phases and spans from it, findings
//! judge it, renderers show it. It is not the JSON: that is a versioned view of its own.

mod address;
mod addresses;
mod arrivals;
mod asked;
mod at;
mod brief;
mod caa;
mod chain;
mod connect;
mod connection;
mod copies;
mod cors;
mod cut;
mod dns;
mod dnssec;
mod expect;
mod failure;
mod fast_open;
mod fields;
mod further;
mod grpc;
mod hop;
mod http;
mod ids;
mod meaning;
mod packet;
mod page;
mod proxy;
mod quic;
mod record;
mod request;
mod resumption;
mod revisit;
mod route;
mod run;
mod said;
#[cfg(any(test, fuzzing))]
#[allow(clippy::unwrap_used, clippy::expect_used)] // made by hand, for tests
pub(crate) mod sample;
mod scan;
mod service;
pub mod span_ids;
mod stage;
mod status;
mod tls;
mod token;
mod url;
mod websocket;

pub use address::{AddressKind, reverse_name};
pub use addresses::{AT_ONCE, AddressCheck, AddressOutcome};
pub use arrivals::{Arrival, Arrivals, Burst, rate};
pub use asked::{Ahead, CrossOrigin, Use};
pub use at::{At, StampedBy};
pub use brief::Brief;
pub use caa::{Caa, CaaOutcome, CaaProperty, CaaQuestion, CaaVerdict};
pub use chain::{ChainPlace, chain_places, cross_signs};
pub use connect::{Attempt, AttemptOutcome, Carrier, Connect, TcpInfo};
pub use connection::Connection;
pub use copies::{Copied, Keeper, Propagation, ServerCheck, ServerFault, UnfoundServer};
pub use cors::{
    Cors, CorsCredentials, CorsRefusal, CorsRole, CorsVerdict, PreflightFreshness, PreflightKept,
    PreflightUse,
};
pub use cut::{AddressSource, ChildSide, Cut, MAX_SERVER_ADDRESSES, MAX_SERVERS, NameServer};
pub use dns::{Dns, DnsLane, RootHints, Stub, SystemFiles};
pub use dnssec::{
    Denial, Denied, Dnssec, DnssecCause, DnssecVerdict, DsInfo, DsState, KeyInfo, KeyRole, ProofKind,
    SignatureInfo, ZoneLink,
};
pub use expect::{Expect, ExpectOutcome, USUAL_EXPECT_WAIT};
pub use failure::{Failure, FailureCode};
pub use fast_open::{FastOpen, FastOpenRefusal, FastOpenStart};
pub use fields::{age, directive, members, parameter, seconds};
pub use further::{Further, FurtherEnd, FurtherExchange};
pub use grpc::{
    Grpc, GrpcFault, GrpcMessages, GrpcStatus, GrpcStatusBy, HEALTH_METHOD, HEALTH_SERVICE, Serving,
};
pub use hop::{BY_QUIC, Hop, KEPT, REUSED};
pub use http::{
    Body, BodyFraming, CookieFate, CookieRefusal, GoAway, Header, Http, HttpVersion, Informational,
    MethodPromises, Redirect, RedirectChange, SentRequest, SetCookie, TlsComplaint, Unanswered, header,
    method_promises, position,
};
pub use ids::{ConnectionId, LookupId, PacketId, RequestId, ResourceId};
pub use meaning::{Meaning, Negative, StoppedBy};
pub use packet::{
    Choice, ConnectionUse, Edns, MAX_UNTRUSTED, Packet, Purpose, ReplyHeader, Spelling, Stray,
    TIME_TO_ANSWER, Transport,
};
pub use page::{
    Asker, Blocking, CharsetSource, DocumentRead, Fate, Initiator, InitiatorKind, Integrity, Left, Marks,
    Page, PageLimit, PageProfile, Priority, Resource, ResourceKind, Unused, Viewport,
};
pub use proxy::{
    PASSWORD_ROUND, Proxy, ProxyBypass, ProxyKind, ProxyLookup, ProxyRound, ProxySource, ProxyUsage, Secret,
    SocksReply, proxy_url,
};
pub use quic::{Datagram, PacketKind, Quic};
pub use record::{Rcode, Record, RecordType};
pub use request::{KeptConnection, NotRetried, Request, RetryWait, Transient, WaitRule};
pub use resumption::{EarlyData, NotResumed, Resumed, Resumption};
pub use revisit::{Reasked, Reuse, ReuseReason, Revisit, SecondVisit};
pub use route::{Route, RouteAnswer, RouteEnd, RouteHop};
pub use run::Trace;
pub use said::{BodySaid, ErrorPage, GraphQlErrors, PageMaker, Problem};
pub use scan::{
    Grade, Judged, ScanAnswer, ScanEnd, ScanVersion, Scanned, ScannedCertificate, ScannedSuite,
    ScannedVersion, SuiteOrder, TlsScan,
};
pub use service::{EndpointSource, ServiceBinding, ServiceEndpoint, ServiceRecord};
pub use stage::{Stage, StageName};
pub use status::{CertificateStatus, SignedTimestamp, Staple};
pub use tls::{
    Alert, Certificate, CertificateFault, CheckLimit, ClientCertificate, Direction, Flight, HandshakeMessage,
    HelloRetry, LegacyProbe, NearMiss, Offer, RetryCause, RootsOf, Tls, TlsVersion, Verification,
};
pub use token::{TokenFault, TokenForm, WebToken};
pub use url::{Host, Scheme, Url, UrlChange, UrlChangeKind, few_slashes};
pub use websocket::{EventStream, EventStreamEnd, WebSocket, WebSocketClose};

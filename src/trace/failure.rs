//! How a trace fails: the stage, a stable word for scripts, one sentence for people.
//!
//! Failures of the traced thing; what this program itself gets wrong is no part of the model.

use std::time::Duration;

use super::stage::StageName;

/// Why a trace ended before its goal. A failure of the traced thing, not of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stage that failed or was running.
    pub stage: StageName,
    /// A stable word for scripts.
    pub code: FailureCode,
    /// One sentence for people: lower case, no full stop, with the names and numbers of this run.
    pub message: String,
    /// What to try next.
    pub hint: Option<String>,
    /// How long the stage had been running.
    pub running: Duration,
}

macro_rules! failure_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $word:literal,)+) => {
        /// A stable kebab-case word for each way a trace can fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FailureCode { $($(#[doc = $doc])+ $variant,)+ }
        impl FailureCode {
            /// Every code, in the order of the stages.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The word used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word,)+ } }
        }
    };
}

failure_codes! {
    /// url: not a URL.
    InvalidUrl => "invalid-url",
    /// url: a scheme other than http and https.
    UnsupportedScheme => "unsupported-scheme",
    /// url: no host.
    EmptyHost => "empty-host",
    /// url: a host that no rule can read.
    InvalidHost => "invalid-host",
    /// url: a port that is no number from 1 to 65535.
    InvalidPort => "invalid-port",
    /// dns: the name does not exist (NXDOMAIN).
    NxDomain => "nxdomain",
    /// dns: the name exists, without an address.
    NoData => "nodata",
    /// dns: every server of a zone failed.
    NoUsableServer => "no-usable-server",
    /// dns: no answer within the limit.
    DnsTimeout => "dns-timeout",
    /// dns: no root server and no resolver could be reached.
    DnsUnreachable => "dns-unreachable",
    /// dns: the resolver answered with an error code.
    ResolverFailed => "resolver-failed",
    /// dns: a chain of CNAMEs that comes back to itself.
    CnameLoop => "cname-loop",
    /// dns: more CNAMEs than the limit.
    CnameChainTooLong => "cname-chain-too-long",
    /// dns: a DNAME that makes no name (YXDOMAIN).
    Yxdomain => "yxdomain",
    /// dns: name servers whose addresses can only be found by asking themselves.
    GlueLoop => "glue-loop",
    /// dns: more referrals than the limit.
    TooManyCuts => "too-many-cuts",
    /// dns: more packets than the limit.
    PacketBudget => "packet-budget",
    /// dns: a name that cannot be sent (label or name too long).
    InvalidName => "invalid-name",
    /// dns: a name that must not be asked for, such as that of an onion service.
    SpecialName => "special-name",
    /// tcp: the page of a public address leads to one that is not public (`--allow-private`).
    AddressNotPublic => "address-not-public",
    /// tcp: the address actively refused.
    ConnectionRefused => "connection-refused",
    /// tcp: no answer within the limit.
    ConnectTimeout => "connect-timeout",
    /// tcp: no route, or an ICMP unreachable.
    Unreachable => "unreachable",
    /// tcp: no address of the wanted family.
    NoAddress => "no-address",
    /// tcp: any other error of the operating system.
    ConnectFailed => "connect-failed",
    /// tcp: nothing came back by UDP within the limit.
    QuicTimeout => "quic-timeout",
    /// tcp: nobody takes UDP on that port (ICMP).
    QuicRefused => "quic-refused",
    /// tcp: the server speaks no version of QUIC that is spoken here.
    QuicVersion => "quic-version",
    /// tcp: the server ended the QUIC connection before it was one.
    QuicClosed => "quic-closed",
    /// tcp: what came breaks the rules of QUIC.
    QuicProtocol => "quic-protocol",
    /// tcp: the proxy's own name led to no address.
    ProxyUnresolved => "proxy-unresolved",
    /// tcp: no connection to the proxy.
    ProxyUnreachable => "proxy-unreachable",
    /// tcp: no TLS with an https proxy.
    ProxyTls => "proxy-tls",
    /// tcp: the proxy wants credentials, or others.
    ProxyAuthentication => "proxy-authentication",
    /// tcp: the proxy's rules forbid it.
    ProxyRefused => "proxy-refused",
    /// tcp: the proxy says that it could not reach the target.
    ProxyTargetFailed => "proxy-target-failed",
    /// tcp: the proxy ended the connection before it was a tunnel.
    ProxyClosed => "proxy-closed",
    /// tcp: the proxy did not answer within the limit.
    ProxyTimeout => "proxy-timeout",
    /// tcp: what was to be a proxy does not speak as one.
    NotProxy => "not-proxy",
    /// tls: the certificate's validity has ended.
    CertificateExpired => "certificate-expired",
    /// tls: the certificate's validity has not begun.
    CertificateNotYetValid => "certificate-not-yet-valid",
    /// tls: the certificate is for other names.
    CertificateWrongHost => "certificate-wrong-host",
    /// tls: the certificate signed itself and is no trusted root.
    CertificateSelfSigned => "certificate-self-signed",
    /// tls: the server did not send the intermediate certificate.
    CertificateChainIncomplete => "certificate-chain-incomplete",
    /// tls: the chain ends at an issuer that is not trusted.
    CertificateUnknownIssuer => "certificate-unknown-issuer",
    /// tls: any other fault of the certificate.
    CertificateInvalid => "certificate-invalid",
    /// tls: the certificate is outside what can be checked here; nothing is known against it.
    CertificateUnchecked => "certificate-unchecked",
    /// tls: the peer does not hold the certificate's key.
    BadSignature => "bad-signature",
    /// tls: the server speaks only TLS 1.1 or older.
    LegacyProtocol => "legacy-protocol",
    /// tls: the server speaks only cipher suites that are no longer offered.
    LegacyCipher => "legacy-cipher",
    /// tls: the server ended the handshake with an alert.
    TlsAlert => "tls-alert",
    /// tls: the server asked for a client certificate and ended the handshake without one.
    ClientCertificateRequired => "client-certificate-required",
    /// tls: the server asked for a client certificate, got one, and ended the handshake.
    ClientCertificateRefused => "client-certificate-refused",
    /// tls: what came back is not TLS.
    NotTls => "not-tls",
    /// tls: the connection ended inside the handshake.
    TlsClosed => "tls-closed",
    /// tls: no answer within the limit.
    TlsTimeout => "tls-timeout",
    /// tls: the server broke the protocol.
    TlsProtocol => "tls-protocol",
    /// tls: more messages of TLS's own behind the handshake than are taken.
    TlsFlood => "tls-flood",
    /// http: a method, target or header field that cannot be sent.
    InvalidRequest => "invalid-request",
    /// http: what came back is not HTTP.
    NotHttp => "not-http",
    /// http: a head larger than the limit.
    HeadersTooLarge => "headers-too-large",
    /// http: more header fields than the limit.
    TooManyHeaders => "too-many-headers",
    /// http: more interim (1xx) responses than the limit.
    TooManyInformational => "too-many-informational",
    /// http: the connection closed without a single byte.
    EmptyResponse => "empty-response",
    /// http: the connection closed inside the head.
    HeadIncomplete => "head-incomplete",
    /// http: the connection closed inside the body.
    BodyIncomplete => "body-incomplete",
    /// http: body framing that cannot be read (chunk size, lengths that disagree).
    BadFraming => "bad-framing",
    /// http: the connection was reset.
    ConnectionReset => "connection-reset",
    /// http: the peer broke HTTP/2.
    Http2Protocol => "http2-protocol",
    /// http: the peer broke HTTP/3.
    Http3Protocol => "http3-protocol",
    /// http: the peer does not speak the asked version.
    VersionNotNegotiated => "version-not-negotiated",
    /// http: the server did not open the WebSocket.
    WebsocketRefused => "websocket-refused",
    /// http: the server's answer to the upgrade proves nothing, or has what was not offered.
    WebsocketHandshake => "websocket-handshake",
    /// http: a frame of the server's that breaks the protocol of WebSockets.
    WebsocketFrame => "websocket-frame",
    /// http: more frames or bytes than the limit, and no pong among them.
    WebsocketEndless => "websocket-endless",
    /// http: the server closed the WebSocket before the pong.
    WebsocketClosed => "websocket-closed",
    /// http: a redirect that names no URL that can be followed.
    BadRedirect => "bad-redirect",
    /// http: more redirects than the limit.
    TooManyRedirects => "too-many-redirects",
    /// http: the body could not be decoded to its end, and the file asked for holds a part of it.
    DecodeFailed => "decode-failed",
    /// this machine: what is to be sent as the request's body cannot be read, has changed, or can be sent only once.
    RequestBodyFailed => "request-body-failed",
    /// this machine: the body could not be written to the file asked for.
    OutputFailed => "output-failed",
    /// any stage: `--max-time` passed.
    MaxTime => "max-time",
    /// any stage: the user interrupted the trace.
    Interrupted => "interrupted",
}

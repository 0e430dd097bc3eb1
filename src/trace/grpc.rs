//! The model of a gRPC call (grpc/doc/PROTOCOL-HTTP2.md): its status, what its message was, and the answer to a health
//! check (grpc.health.v1). What the bytes of other messages mean is not known here.

/// The service that is asked when a URL names no method (grpc/doc/health-checking.md).
pub const HEALTH_SERVICE: &str = "grpc.health.v1.Health";
/// Its method.
pub const HEALTH_METHOD: &str = "Check";

/// A unary call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grpc {
    /// The service, with its package.
    pub service: String,
    /// The method.
    pub method: String,
    /// Of which service the health was asked for; empty for the server as a whole, `None` where it was not asked.
    pub asked: Option<String>,
    /// How the call ended; `None` where nothing tells.
    pub status: Option<GrpcStatus>,
    /// What the server says of it, percent-decoded, its first 1,024 characters.
    pub message: Option<String>,
    /// The answer to a health check.
    pub serving: Option<Serving>,
    /// What clients hold against the response.
    pub faults: Vec<GrpcFault>,
}

impl Grpc {
    /// Whether the health of a server was asked for.
    #[must_use]
    pub const fn is_health_check(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether a program that made this call would go on: `--fail` and findings rest on it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let said = self.status.is_some_and(|status| status.code == 0);
        let serves = !self.is_health_check() || self.serving == Some(Serving::Serving);
        said && serves && !self.faults.iter().any(GrpcFault::is_refused)
    }
}

/// The messages in a body of gRPC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcMessages {
    /// Whole ones.
    pub whole: u64,
    /// Their bytes, and those of one that was cut, without the prefixes.
    pub bytes: u64,
    /// Bytes that the last one lacks, or that are there of its prefix.
    pub unfinished: u64,
    /// Whether the prefix of one says that it is compressed.
    pub compressed: bool,
    /// The first flag in a prefix that there is not.
    pub bad_flag: Option<u8>,
    /// The length of the first one that is longer than clients take unless told otherwise.
    pub large: Option<u32>,
    /// The beginning of the first. Read when the body has ended, and dropped.
    pub first: Vec<u8>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcStatus {
    /// The number.
    pub code: u32,
    /// Who says so.
    pub by: GrpcStatusBy,
}

/// Where a status comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcStatusBy {
    /// `grpc-status` behind the messages.
    Trailers,
    /// The same in a response that has nothing but fields (Trailers-Only).
    TrailersOnly,
    /// No `grpc-status` was there: what clients make of the HTTP status (grpc/doc/http-grpc-status-mapping.md).
    HttpStatus,
}

impl GrpcStatusBy {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trailers => "trailers",
            Self::TrailersOnly => "trailers-only",
            Self::HttpStatus => "http-status",
        }
    }
}

impl GrpcStatus {
    /// Status codes and what they mean (grpc/doc/statuscodes.md), by number.
    const TABLE: [(&'static str, &'static str); 17] = [
        ("OK", "the call did what it was to do"),
        ("CANCELLED", "the call was given up, mostly by its caller"),
        (
            "UNKNOWN",
            "something failed, and nobody says what: often an error that the server's code did not catch",
        ),
        ("INVALID_ARGUMENT", "the message is wrong, whatever state the server is in"),
        (
            "DEADLINE_EXCEEDED",
            "the time for the call ran out before it was done; its work may be done all the same",
        ),
        ("NOT_FOUND", "what was asked for does not exist"),
        ("ALREADY_EXISTS", "what was to be made exists"),
        ("PERMISSION_DENIED", "the caller is known and may not do this"),
        ("RESOURCE_EXHAUSTED", "a quota, a limit or some space is used up, or the message is too large"),
        (
            "FAILED_PRECONDITION",
            "the system is not in the state that this needs: the same again will not help",
        ),
        ("ABORTED", "the call came into conflict with another, as a transaction does"),
        ("OUT_OF_RANGE", "the call goes past the end of something"),
        ("UNIMPLEMENTED", "the server does not have this method, or has it switched off"),
        (
            "INTERNAL",
            "something that always has to hold is broken: a defect of the server, or of what stands between",
        ),
        ("UNAVAILABLE", "the service cannot be reached now; asking again later may help"),
        ("DATA_LOSS", "data is lost or spoilt for good"),
        ("UNAUTHENTICATED", "the caller has not proved who he is"),
    ];

    /// The registered name; `None` for a number that has none, which clients take for UNKNOWN.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::TABLE.get(self.code as usize).map(|(name, _)| *name)
    }

    /// The meaning, in half a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        let unknown = "a number that gRPC does not define: clients take it for UNKNOWN";
        Self::TABLE.get(self.code as usize).map_or(unknown, |(_, meaning)| meaning)
    }

    /// Whether it speaks of what was asked rather than of the server, as an HTTP status of 4xx does.
    #[must_use]
    pub const fn is_callers(self) -> bool {
        matches!(self.code, 1 | 3 | 5 | 6 | 7 | 9 | 10 | 11 | 16)
    }
}

/// The answer to a health check (grpc.health.v1.HealthCheckResponse.ServingStatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// 0: it does not know yet.
    Unknown,
    /// 1.
    Serving,
    /// 2.
    NotServing,
    /// 3: it does not know the service; only Watch answers so, and Check has NOT_FOUND.
    ServiceUnknown,
    /// A number that the protocol does not define.
    Other(u64),
}

impl Serving {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Unknown => 0,
            Self::Serving => 1,
            Self::NotServing => 2,
            Self::ServiceUnknown => 3,
            Self::Other(number) => number,
        }
    }

    /// The name of the number.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
            Self::Other(_) => "UNRECOGNIZED",
        }
    }
}

/// What is wrong with a response of gRPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrpcFault {
    /// Its content type is another's, or there is none.
    NotGrpc(Option<String>),
    /// It ended without a `grpc-status`.
    NoStatus,
    /// Its `grpc-status` is no number that a status can have; its first 40 characters.
    BadStatus(String),
    /// OK, and no message.
    NoMessage,
    /// More messages than the one that a unary call has: the method streams.
    SeveralMessages,
    /// A message ends before its length.
    MessageCut,
    /// A message is longer than the 4 MiB that clients take unless told otherwise; the length that it tells.
    MessageLarge(u32),
    /// A message is compressed, and no compression was offered; by `grpc-encoding`. Most clients can read it.
    Compressed(String),
    /// The same, and `grpc-encoding` does not say how: nobody can.
    Undeclared,
    /// The prefix of a message has a flag that there is not.
    BadFlag(u8),
    /// The message is no answer to a health check.
    Unreadable,
}

impl GrpcFault {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotGrpc(_) => "not-grpc",
            Self::NoStatus => "no-status",
            Self::BadStatus(_) => "bad-status",
            Self::NoMessage => "no-message",
            Self::SeveralMessages => "several-messages",
            Self::MessageCut => "message-cut",
            Self::MessageLarge(_) => "message-large",
            Self::Compressed(_) => "compressed",
            Self::Undeclared => "undeclared-compression",
            Self::BadFlag(_) => "bad-flag",
            Self::Unreadable => "unreadable",
        }
    }

    /// What it is about, where its word alone does not say: a content type, a text, a length, an encoding, a flag.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        match self {
            Self::NotGrpc(about) => about.clone(),
            Self::BadStatus(about) | Self::Compressed(about) => Some(about.clone()),
            Self::MessageLarge(bytes) => Some(bytes.to_string()),
            Self::BadFlag(flag) => Some(flag.to_string()),
            Self::NoStatus
            | Self::NoMessage
            | Self::SeveralMessages
            | Self::MessageCut
            | Self::Undeclared
            | Self::Unreadable => None,
        }
    }

    /// Whether clients refuse the response for it, however they are set up. A long message is taken by those that are
    /// told so, several by those that know that the method streams, and a compressed one by those that offer that.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        !matches!(self, Self::MessageLarge(_) | Self::SeveralMessages | Self::Compressed(_))
    }

    /// What is wrong, in half a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotGrpc(None) => "the response has no content-type and is none of gRPC".to_owned(),
            Self::NotGrpc(Some(kind)) => format!("the response is `{kind}` and none of gRPC"),
            Self::NoStatus => "the response ends without a grpc-status".to_owned(),
            Self::BadStatus(text) => format!("grpc-status is `{text}`, which is no number of a status"),
            Self::NoMessage => "the status is OK, and no message came".to_owned(),
            Self::SeveralMessages => {
                "more than one message came: the method streams, and is none for a unary call".to_owned()
            }
            Self::MessageCut => "a message ends before its length".to_owned(),
            Self::MessageLarge(bytes) => {
                format!("a message of {bytes} bytes, where clients take 4194304 unless told otherwise")
            }
            Self::Undeclared => "a message is compressed, and grpc-encoding does not say how".to_owned(),
            Self::Compressed(how) => {
                format!("a message is compressed by `{how}`, and no compression was offered")
            }
            Self::BadFlag(flag) => format!("a message begins with the flag {flag:#04x}, which there is not"),
            Self::Unreadable => "the message is no answer to a health check".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_good_by_its_status_and_a_health_check_by_its_answer() {
        let status = |code| Some(GrpcStatus { code, by: GrpcStatusBy::Trailers });
        let call = Grpc { status: status(0), ..Grpc::default() };
        assert!(call.is_good());
        assert!(!Grpc { status: status(14), ..call.clone() }.is_good());
        assert!(!Grpc { status: None, ..call.clone() }.is_good());
        let large = vec![GrpcFault::MessageLarge(u32::MAX), GrpcFault::SeveralMessages];
        assert!(Grpc { faults: large, ..call.clone() }.is_good());
        assert!(!Grpc { faults: vec![GrpcFault::MessageCut], ..call.clone() }.is_good());
        let check = Grpc { asked: Some(String::new()), ..call };
        assert!(!check.is_good(), "nothing says that it serves");
        assert!(Grpc { serving: Some(Serving::Serving), ..check.clone() }.is_good());
        assert!(!Grpc { serving: Some(Serving::NotServing), ..check }.is_good());
    }

    #[test]
    fn every_status_has_its_name() {
        let named = |code| GrpcStatus { code, by: GrpcStatusBy::Trailers }.name();
        assert_eq!(
            [0, 4, 12, 14, 16].map(named),
            [
                Some("OK"),
                Some("DEADLINE_EXCEEDED"),
                Some("UNIMPLEMENTED"),
                Some("UNAVAILABLE"),
                Some("UNAUTHENTICATED")
            ]
        );
        assert_eq!((named(17), named(u32::MAX)), (None, None));
    }
}

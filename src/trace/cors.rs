//! The model of requests that a page of another origin makes: what a browser would send, and what it would block
//! (Fetch standard, WHATWG, section 3.2).

use std::time::Duration;

use super::RequestId;

/// How a request stands to the page that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The page's origin, as the field Origin has it; `null` behind a redirect between two other origins.
    pub origin: String,
    /// What a browser makes of the request.
    pub role: CorsRole,
    /// Whether cookies or credentials go along.
    pub credentials: CorsCredentials,
    /// What a browser makes of the response; `None` where there is none, or nothing to judge.
    pub verdict: Option<CorsVerdict>,
    /// Of a preflight that was answered well: how long a browser keeps the answer.
    pub kept: Option<PreflightKept>,
    /// Of a request that a preflight allowed: which one.
    pub allowed_by: Option<PreflightUse>,
}

/// How long a browser keeps the answer to a preflight: a request that it covers is then sent without a question
/// (Fetch standard, section 4.9, CORS-preflight cache).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreflightKept {
    /// Access-Control-Max-Age in seconds; `None` where it is not there, or cannot be read.
    pub told: Option<i64>,
    /// What a browser makes of it.
    pub kept: Duration,
}

/// The preflight that allowed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreflightUse {
    /// That preflight.
    pub by: RequestId,
    /// How it stands to the request.
    pub freshness: PreflightFreshness,
}

/// How a preflight stands to a request that it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreflightFreshness {
    /// It was asked for this request.
    Asked,
    /// It was asked for an earlier one, and a browser still has the answer.
    Kept,
    /// It was asked for an earlier attempt, and a browser has the answer no more: it would ask again.
    Expired,
}

impl PreflightFreshness {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Kept => "kept",
            Self::Expired => "expired",
        }
    }
}

impl Cors {
    /// Whether it is the question before the request.
    #[must_use]
    pub const fn is_preflight(&self) -> bool {
        matches!(self.role, CorsRole::Preflight { .. })
    }

    /// Why a browser would keep the response from the page, if it would.
    #[must_use]
    pub const fn refusal(&self) -> Option<&CorsRefusal> {
        match &self.verdict {
            Some(CorsVerdict::Refused(refusal)) => Some(refusal),
            Some(CorsVerdict::Allowed) | None => None,
        }
    }
}

/// What a browser makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsRole {
    /// It goes to the page's own origin: nothing is judged.
    SameOrigin,
    /// It is sent without a question, and the response is judged.
    Simple,
    /// It is the question before a request that is not simple (CORS-preflight fetch).
    Preflight {
        /// The method of that request.
        method: String,
        /// Those of its fields that are not safelisted, in lower case and sorted.
        fields: Vec<String>,
    },
    /// It is that request.
    Preflighted,
}

impl CorsRole {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::Simple => "simple",
            Self::Preflight { .. } => "preflight",
            Self::Preflighted => "preflighted",
        }
    }
}

/// Whether cookies or credentials go along (the credentials mode `include`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorsCredentials {
    /// They do.
    Included,
    /// They do not.
    Omitted,
}

/// What a browser makes of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsVerdict {
    /// The page may see it, or the request may follow.
    Allowed,
    /// It may not.
    Refused(CorsRefusal),
}

/// Why a browser keeps a response from a page, or does not send the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsRefusal {
    /// No Access-Control-Allow-Origin.
    NoOrigin,
    /// It names another origin, or several.
    OtherOrigin(String),
    /// It is `*`, and credentials go along.
    AnyWithCredentials,
    /// Credentials go along, and Access-Control-Allow-Credentials is not `true`.
    NoCredentials,
    /// The preflight's status is none of success.
    Status(u16),
    /// The preflight is redirected.
    Redirected(u16),
    /// Access-Control-Allow-Methods lacks the method.
    Method(String),
    /// Access-Control-Allow-Headers lacks a field.
    Field(String),
}

impl CorsRefusal {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoOrigin => "no-allow-origin",
            Self::OtherOrigin(_) => "other-origin",
            Self::AnyWithCredentials => "any-origin-with-credentials",
            Self::NoCredentials => "no-allow-credentials",
            Self::Status(_) => "preflight-status",
            Self::Redirected(_) => "preflight-redirected",
            Self::Method(_) => "method-not-allowed",
            Self::Field(_) => "field-not-allowed",
        }
    }

    /// What it is about, where its word alone does not say: an origin, a status, a method, a field.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        match self {
            Self::OtherOrigin(about) | Self::Method(about) | Self::Field(about) => Some(about.clone()),
            Self::Status(status) | Self::Redirected(status) => Some(status.to_string()),
            Self::NoOrigin | Self::AnyWithCredentials | Self::NoCredentials => None,
        }
    }

    /// The field of the response that it rests on, where one is there to rest on.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::NoOrigin | Self::OtherOrigin(_) | Self::AnyWithCredentials => "access-control-allow-origin",
            Self::NoCredentials => "access-control-allow-credentials",
            Self::Status(_) => "allow",
            Self::Redirected(_) => "location",
            Self::Method(_) => "access-control-allow-methods",
            Self::Field(_) => "access-control-allow-headers",
        }
    }
}

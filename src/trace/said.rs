//! What the beginning of a body says, as far as it is known. The body itself is not kept.

/// What the beginning of a body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodySaid {
    /// The error page that it is, by its text.
    pub page: Option<ErrorPage>,
    /// Problem details (RFC 9457).
    pub problem: Option<Problem>,
    /// Errors of GraphQL.
    pub graphql: Option<GraphQlErrors>,
}

/// Problem details of an interface for programs (RFC 9457 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem, in words.
    pub title: Option<String>,
    /// The status, by the body.
    pub status: Option<u16>,
    /// The kind, as a URI (`type`).
    pub kind: Option<String>,
    /// What happened this time.
    pub detail: Option<String>,
}

/// Errors in a response of GraphQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphQlErrors {
    /// How many were seen; there may be more.
    pub count: usize,
    /// The message of the first.
    pub first: String,
}

/// An error page that is known by its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// Whose it is.
    pub by: PageMaker,
    /// The code in it, or the word that stands for its sentence.
    pub code: Option<String>,
}

/// Programs and services whose error pages are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageMaker {
    /// Cloudflare's edge.
    Cloudflare,
    /// Amazon CloudFront.
    CloudFront,
    /// Envoy.
    Envoy,
    /// HAProxy.
    HaProxy,
    /// nginx.
    Nginx,
    /// Varnish.
    Varnish,
    /// Amazon S3.
    S3,
}

impl PageMaker {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cloudflare => "cloudflare",
            Self::CloudFront => "cloudfront",
            Self::Envoy => "envoy",
            Self::HaProxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Varnish => "varnish",
            Self::S3 => "s3",
        }
    }
}

//! What the beginning of a body says, as far as it is known. The body itself is not kept.

/// What the beginning of a body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodySaid {
    /// The error page that it is, by its text.
    pub page: Option<ErrorPage>,
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

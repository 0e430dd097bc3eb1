//! What a layer can be, and how well something is borne out.

/// What a layer is, from the client to the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A network of caches near the clients. Its cache is the same layer.
    Cdn,
    /// A cache of the site's own.
    Cache,
    /// A gateway for programs: keys, limits, routes.
    ApiGateway,
    /// A reverse proxy: it passes requests on, to one of several.
    LoadBalancer,
    /// A proxy beside the application, one of many.
    Mesh,
    /// A platform that runs a function when it is asked for.
    Function,
    /// What made the answer.
    Application,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Cdn,
        Self::Cache,
        Self::ApiGateway,
        Self::LoadBalancer,
        Self::Mesh,
        Self::Function,
        Self::Application,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cdn => "CDN",
            Self::Cache => "cache",
            Self::ApiGateway => "api-gateway",
            Self::LoadBalancer => "load-balancer",
            Self::Mesh => "mesh",
            Self::Function => "function",
            Self::Application => "application",
        }
    }
}

/// How well something is borne out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One field that anybody could have written, or fields that do not fit together.
    Low,
    /// A standard's field, or several that others have, too.
    Medium,
    /// Several fields, one of them nobody else's.
    High,
}

impl Confidence {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    pub(super) const fn lower(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

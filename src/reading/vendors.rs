//! Who sends which fields: the one table of vendors. As of November 2026, after the vendors' documentation.
//!
//! A field can be forged or come from a layer further in, so that one alone names nobody: that is for
//! `layers`, as is the order in which they stand.

use super::fields::{Fields, bit};
use super::role::Role;

/// What a vendor's layers are known by.
#[derive(Clone, Copy)]
pub(super) struct Vendor {
    /// Its name.
    pub(super) name: &'static str,
    /// What its layer is.
    pub(super) role: Role,
    /// Fields that it alone sends.
    pub(super) own: &'static [&'static str],
    /// Fields that others have, too, and what is in it, in lower case, where it was there.
    pub(super) says: &'static [(&'static str, &'static str)],
    /// Fields that bear it out, and do not name it.
    pub(super) beside: &'static [&'static str],
    /// Whether it always writes `Server` itself: where another stands there, it is not the outermost.
    pub(super) writes_server: bool,
    /// Where its cache says what it did; the first that is there holds.
    pub(super) cache: &'static [&'static str],
    /// Where it names the request, for its support.
    pub(super) ids: &'static [&'static str],
    /// Where it names its place.
    pub(super) place: Option<(&'static str, Form)>,
    /// Where it says how long what is behind it took, in milliseconds.
    pub(super) upstream: &'static [Upstream],
}

impl Vendor {
    /// The bits of all fields that it may be known by.
    const fn names(&self) -> u64 {
        let (mut names, mut at) = (0, 0);
        while at < self.own.len() {
            names |= bit(self.own[at]);
            at += 1;
        }
        at = 0;
        while at < self.says.len() {
            names |= bit(self.says[at].0);
            at += 1;
        }
        names
    }

    /// Whether it wrote a member of Via.
    pub(super) fn is_via(&self, member: &str) -> bool {
        let member = member.to_ascii_lowercase();
        self.says.iter().any(|(name, word)| *name == "via" && member.contains(word))
    }
}

/// How a place stands in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Behind its last dash: `8f3a...-FRA`.
    Last,
    /// Its first letters: `FRA56-P2`, `fra1::`.
    First,
}

/// Where a time of what is behind a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upstream {
    /// A field.
    Field(&'static str),
    /// A metric of Server-Timing.
    Metric(&'static str),
}

use Upstream::{Field, Metric};

const NONE: Vendor = Vendor {
    name: "",
    role: Role::Cdn,
    own: &[],
    says: &[],
    beside: &[],
    writes_server: false,
    cache: &[],
    ids: &[],
    place: None,
    upstream: &[],
};

const fn cdn(name: &'static str) -> Vendor {
    Vendor { name, ..NONE }
}

const fn vendor(name: &'static str, role: Role) -> Vendor {
    Vendor { name, role, ..NONE }
}

/// Every vendor; of those with one role, the more usual outer ones first.
pub(super) const VENDORS: &[Vendor] = &[
    Vendor {
        own: &["cf-ray", "cf-cache-status", "cf-mitigated"],
        says: &[("server", "cloudflare"), ("report-to", "nel.cloudflare.com"), ("server-timing", "cfl4;")],
        writes_server: true,
        cache: &["cf-cache-status"],
        ids: &["cf-ray"],
        place: Some(("cf-ray", Form::Last)),
        upstream: &[Metric("cfOrigin")],
        ..cdn("Cloudflare")
    },
    Vendor {
        own: &["akamai-grn", "x-akamai-request-id", "x-akamai-transformed", "x-akamai-staging"],
        says: &[
            ("server", "akamaighost"),
            ("server", "akamainetstorage"),
            ("x-cache", "akamaighost"),
            ("server-timing", "ak_p"),
        ],
        cache: &["x-cache"],
        ids: &["akamai-grn", "x-akamai-request-id"],
        upstream: &[Metric("origin")],
        ..cdn("Akamai")
    },
    Vendor {
        own: &["x-amz-cf-id", "x-amz-cf-pop"],
        says: &[("via", ".cloudfront.net"), ("x-cache", "from cloudfront"), ("server", "cloudfront")],
        cache: &["x-cache"],
        ids: &["x-amz-cf-id"],
        place: Some(("x-amz-cf-pop", Form::First)),
        upstream: &[Metric("cdn-upstream-fbl")],
        ..cdn("Amazon CloudFront")
    },
    Vendor {
        own: &["x-fastly-request-id", "x-timer", "fastly-debug-digest", "fastly-restarts"],
        says: &[("x-served-by", "cache-"), ("via", "varnish"), ("server", "fastly")],
        cache: &["x-cache"],
        ids: &["x-fastly-request-id"],
        place: Some(("x-served-by", Form::Last)),
        ..cdn("Fastly")
    },
    Vendor {
        own: &["x-azure-ref", "x-azure-fdid", "x-azure-externalerror"],
        says: &[("x-cache", "tcp_"), ("x-cache", "config_nocache"), ("x-cache", "private_nostore")],
        cache: &["x-cache"],
        ids: &["x-azure-ref"],
        ..cdn("Azure Front Door")
    },
    Vendor {
        own: &["x-vercel-id", "x-vercel-cache", "x-vercel-error"],
        says: &[("server", "vercel")],
        writes_server: true,
        cache: &["x-vercel-cache"],
        ids: &["x-vercel-id"],
        place: Some(("x-vercel-id", Form::First)),
        ..cdn("Vercel")
    },
    Vendor {
        own: &["x-nf-request-id"],
        says: &[("server", "netlify"), ("cache-status", "netlify")],
        ids: &["x-nf-request-id"],
        ..cdn("Netlify")
    },
    Vendor {
        own: &["cdn-requestid", "cdn-pullzone", "cdn-uid", "cdn-cache"],
        says: &[("server", "bunnycdn")],
        cache: &["cdn-cache"],
        ids: &["cdn-requestid"],
        ..cdn("bunny.net")
    },
    Vendor {
        own: &["x-77-nzt", "x-77-cache", "x-77-pop"],
        says: &[("server", "cdn77")],
        cache: &["x-77-cache"],
        ..cdn("CDN77")
    },
    Vendor {
        own: &["x-iinfo"],
        says: &[("x-cdn", "imperva"), ("x-cdn", "incapsula"), ("set-cookie", "visid_incap")],
        ids: &["x-iinfo"],
        ..cdn("Imperva")
    },
    Vendor {
        own: &["x-sucuri-id", "x-sucuri-cache", "x-sucuri-block"],
        says: &[("server", "sucuri")],
        cache: &["x-sucuri-cache"],
        ids: &["x-sucuri-id"],
        ..cdn("Sucuri")
    },
    Vendor { own: &["x-edge-location"], says: &[("server", "keycdn")], cache: &["x-cache"], ..cdn("KeyCDN") },
    Vendor {
        own: &["eagleid", "ali-swift-global-savetime"],
        says: &[("server", "tengine")],
        cache: &["x-cache"],
        ids: &["eagleid"],
        ..cdn("Alibaba Cloud CDN")
    },
    Vendor {
        own: &["x-varnish"],
        says: &[("via", "varnish")],
        cache: &["x-cache"],
        ids: &["x-varnish"],
        ..vendor("Varnish", Role::Cache)
    },
    Vendor {
        own: &["x-litespeed-cache", "x-lsadc-cache"],
        says: &[("server", "litespeed")],
        cache: &["x-litespeed-cache", "x-lsadc-cache"],
        ..vendor("LiteSpeed", Role::Cache)
    },
    Vendor {
        own: &["x-squid-error", "x-cache-lookup"],
        says: &[("via", "(squid"), ("server", "squid")],
        cache: &["x-cache"],
        ..vendor("Squid", Role::Cache)
    },
    Vendor {
        says: &[("via", "apachetrafficserver"), ("server", "ats/")],
        ..vendor("Apache Traffic Server", Role::Cache)
    },
    Vendor {
        own: &[
            "x-amz-apigw-id",
            "apigw-requestid",
            "x-amzn-remapped-content-length",
            "x-amzn-remapped-date",
            "x-amzn-remapped-server",
        ],
        beside: &["x-amzn-requestid", "x-amzn-errortype"],
        ids: &["x-amz-apigw-id", "apigw-requestid", "x-amzn-requestid"],
        ..vendor("Amazon API Gateway", Role::ApiGateway)
    },
    Vendor {
        own: &[
            "x-kong-upstream-latency",
            "x-kong-proxy-latency",
            "x-kong-response-latency",
            "x-kong-request-id",
        ],
        says: &[("via", "kong/"), ("server", "kong/")],
        ids: &["x-kong-request-id"],
        upstream: &[Field("x-kong-upstream-latency")],
        ..vendor("Kong", Role::ApiGateway)
    },
    Vendor {
        own: &["x-apim-request-id", "apim-request-id", "ocp-apim-trace-location"],
        beside: &["request-context", "x-ms-request-id"],
        ids: &["x-apim-request-id", "apim-request-id"],
        ..vendor("Azure API Management", Role::ApiGateway)
    },
    Vendor { own: &["x-krakend", "x-krakend-completed"], ..vendor("KrakenD", Role::ApiGateway) },
    Vendor {
        own: &["x-gravitee-transaction-id", "x-gravitee-request-id"],
        ids: &["x-gravitee-request-id"],
        ..vendor("Gravitee", Role::ApiGateway)
    },
    Vendor {
        says: &[("server", "awselb/"), ("set-cookie", "awsalb")],
        ..vendor("AWS Elastic Load Balancing", Role::LoadBalancer)
    },
    Vendor {
        own: &["x-cloud-trace-context"],
        says: &[("via", "1.1 google"), ("server", "google frontend")],
        ids: &["x-cloud-trace-context"],
        ..vendor("Google Cloud", Role::LoadBalancer)
    },
    Vendor {
        own: &["fly-request-id"],
        says: &[("server", "fly/"), ("via", "fly.io")],
        ids: &["fly-request-id"],
        place: Some(("fly-request-id", Form::Last)),
        ..vendor("Fly.io", Role::LoadBalancer)
    },
    Vendor {
        own: &["x-render-origin-server", "rndr-id"],
        ids: &["rndr-id"],
        ..vendor("Render", Role::LoadBalancer)
    },
    Vendor {
        own: &["x-railway-request-id", "x-railway-edge"],
        says: &[("server", "railway")],
        ids: &["x-railway-request-id"],
        ..vendor("Railway", Role::LoadBalancer)
    },
    Vendor {
        says: &[
            ("via", "vegur"),
            ("via", "heroku-router"),
            ("server", "heroku"),
            ("report-to", "nel.heroku.com"),
        ],
        ..vendor("Heroku", Role::LoadBalancer)
    },
    Vendor {
        own: &["x-do-app-origin", "x-do-orig-status"],
        ids: &["x-do-app-origin"],
        ..vendor("DigitalOcean App Platform", Role::LoadBalancer)
    },
    Vendor { says: &[("via", "haproxy"), ("server", "haproxy")], ..vendor("HAProxy", Role::LoadBalancer) },
    Vendor {
        own: &[
            "x-envoy-upstream-service-time",
            "x-envoy-decorator-operation",
            "x-envoy-attempt-count",
            "x-envoy-overloaded",
            "x-envoy-ratelimited",
            "x-envoy-upstream-healthchecked-cluster",
        ],
        says: &[("server", "envoy"), ("proxy-status", "envoy")],
        upstream: &[Field("x-envoy-upstream-service-time")],
        ..vendor("Envoy", Role::Mesh)
    },
    Vendor { own: &["l5d-server-id", "l5d-proxy-error"], ..vendor("Linkerd", Role::Mesh) },
    Vendor {
        own: &["x-amz-function-error", "x-amz-executed-version"],
        says: &[("x-amzn-trace-id", "lineage=")],
        beside: &["x-amzn-requestid"],
        ..vendor("AWS Lambda", Role::Function)
    },
    Vendor {
        own: &["x-deno-ray"],
        says: &[("server", "deno/")],
        ids: &["x-deno-ray"],
        ..vendor("Deno Deploy", Role::Function)
    },
    Vendor {
        own: &["x-github-request-id"],
        says: &[("server", "github.com")],
        ids: &["x-github-request-id"],
        ..vendor("GitHub", Role::Application)
    },
    Vendor {
        own: &["x-shopify-stage", "x-shopid", "x-shopify-shop-api-call-limit"],
        says: &[("powered-by", "shopify")],
        ..vendor("Shopify", Role::Application)
    },
    Vendor {
        own: &["x-drupal-cache", "x-drupal-dynamic-cache"],
        says: &[("x-generator", "drupal")],
        ..vendor("Drupal", Role::Application)
    },
    Vendor {
        own: &["x-aspnet-version", "x-aspnetmvc-version"],
        says: &[("x-powered-by", "asp.net"), ("server", "microsoft-iis")],
        ..vendor("ASP.NET", Role::Application)
    },
];

/// The bits of the fields that each of them is known by.
const NAMES: [u64; VENDORS.len()] = {
    let (mut names, mut at) = ([0; VENDORS.len()], 0);
    while at < names.len() {
        names[at] = VENDORS[at].names();
        at += 1;
    }
    names
};

/// Those that may be known by one of these fields: of a response with few, hardly any.
pub(super) fn candidates(fields: Fields<'_>) -> impl Iterator<Item = &'static Vendor> {
    VENDORS.iter().zip(NAMES).filter(move |(_, names)| fields.may_have(*names)).map(|(vendor, _)| vendor)
}

/// Whether a field that has a known form has it; what does not was not written by its vendor.
pub(super) fn is_well_formed(field: &str, value: &str) -> bool {
    let hex = |text: &str| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let capitals = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match field {
        "cf-ray" => match value.split_once('-') {
            Some((ray, place)) => hex(ray) && capitals(place),
            None => hex(value),
        },
        "x-amz-cf-pop" => value
            .split_once('-')
            .is_some_and(|(place, _)| place.len() > 3 && place.get(..3).is_some_and(capitals)),
        "x-vercel-id" => value.contains("::"),
        "x-varnish" => value.bytes().all(|byte| byte.is_ascii_digit() || byte == b' '),
        "x-timer" => value.starts_with('S') && value.contains(",VS"),
        _ => true,
    }
}

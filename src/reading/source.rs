//! Who made an error: the edge, a gateway, or what is behind them.
//!
//! Only by a sign that whoever passes a response on does not write. Without one nothing is said: a status
//! alone, also 502 or 504, tells nobody's name.

use super::error_codes::{self as codes, Codes, row};
use super::fields::Fields;
use super::layer::Layer;
use super::layers::{layers, proxy_status};
use super::role::{Confidence, Role};
use crate::trace::{Http, PageMaker};

/// Who made a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Maker {
    /// A CDN.
    Edge,
    /// A layer between the edge and the origin.
    Gateway,
    /// What is behind them.
    Origin,
}

impl Maker {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Gateway => "gateway",
            Self::Origin => "origin",
        }
    }
}

/// Who made an error, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorSource {
    /// Who.
    pub maker: Maker,
    /// Its vendor or the name that it gives itself, where that is known.
    pub called: Option<String>,
    /// Its code, in its own words.
    pub code: Option<String>,
    /// What happened, in words that go on behind `the gateway:`.
    pub meaning: String,
    /// What to check next.
    pub check_next: &'static str,
    /// The fields that show it; `status` and `body` for those.
    pub evidence: Vec<&'static str>,
    /// How well it is borne out.
    pub confidence: Confidence,
}

/// Who made the error of a response; `None` where it is none, or nothing tells.
#[must_use]
pub fn error_source(http: &Http) -> Option<ErrorSource> {
    let status = http.status.filter(|status| *status >= 400)?;
    let all = layers(&http.headers);
    let case = Case { http, status: status.to_string(), fields: Fields::of(&http.headers), layers: &all };
    case.by_proxy_status()
        .or_else(|| case.by_cloudflare())
        .or_else(|| case.by_cloudfront())
        .or_else(|| case.by_vercel())
        .or_else(|| case.by_envoy())
        .or_else(|| case.by_kong())
        .or_else(|| case.by_aws())
        .or_else(|| case.by_squid())
        .or_else(|| case.by_page())
}

struct Case<'t> {
    http: &'t Http,
    status: String,
    fields: Fields<'t>,
    layers: &'t [Layer],
}

impl Case<'_> {
    fn layer(&self, vendor: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.vendor == Some(vendor))
    }

    fn page(&self, by: PageMaker) -> Option<Option<&str>> {
        let page = self.http.body.said.page.as_ref().filter(|page| page.by == by)?;
        Some(page.code.as_deref())
    }

    fn source(&self, maker: Maker, meaning: (&str, &'static str), evidence: &[&'static str]) -> ErrorSource {
        let confidence = match evidence {
            [] | [_] => Confidence::Medium,
            _ => Confidence::High,
        };
        let (meaning, check_next) = (meaning.0.to_owned(), meaning.1);
        ErrorSource {
            maker,
            called: None,
            code: None,
            meaning,
            check_next,
            evidence: evidence.to_vec(),
            confidence,
        }
    }

    /// RFC 9209 §2: of several, the one next to the origin that reports an error.
    fn by_proxy_status(&self) -> Option<ErrorSource> {
        let all = proxy_status(&self.http.headers);
        if let Some((name, word)) = all.iter().find(|(_, word)| word.error.is_some()) {
            let code = word.error.clone().unwrap_or_default();
            let flag = word.details.as_deref().and_then(envoy_flag);
            let known =
                flag.and_then(|flag| row(codes::ENVOY, flag)).or_else(|| row(codes::PROXY_STATUS, &code));
            let unknown = (code.replace('_', " "), codes::BACKEND.1);
            let (meaning, check) = known.map_or((&*unknown.0, unknown.1), |known| known);
            let is_cdn = self
                .layers
                .iter()
                .any(|layer| layer.role == Role::Cdn && layer.evidence.contains(&"proxy-status"));
            let maker = if is_cdn { Maker::Edge } else { Maker::Gateway };
            let mut source = self.source(maker, (meaning, check), &["proxy-status"]);
            source.called = Some(name.clone()).filter(|name| !name.is_empty());
            source.code = Some(code);
            return Some(source);
        }
        let (_, word) = all.iter().find(|(_, word)| word.received.is_some())?;
        let same = word.received.as_deref() == Some(&*self.status);
        same.then(|| self.source(Maker::Origin, codes::PASSED_ON, &["proxy-status"]))
    }

    fn by_cloudflare(&self) -> Option<ErrorSource> {
        let layer = self.layer("Cloudflare").filter(|layer| layer.confidence == Confidence::High)?;
        let edge = |meaning, evidence: &[&'static str], code: Option<&str>| {
            let mut source = self.source(Maker::Edge, meaning, evidence);
            (source.called, source.code) = (layer.called().map(str::to_owned), code.map(str::to_owned));
            Some(source)
        };
        match self.page(PageMaker::Cloudflare) {
            Some(Some(code)) if row(codes::CLOUDFLARE, code).is_some() => {
                return edge(row(codes::CLOUDFLARE, code)?, &["server", "cf-ray", "body"], Some(code));
            }
            _ => {}
        }
        if let Some(known) = row(codes::CLOUDFLARE_STATUS, &self.status) {
            return edge(known, &["server", "cf-ray", "status"], Some(&self.status));
        }
        if self.fields.says("cf-mitigated", "challenge") {
            return edge(codes::CHALLENGE, &["cf-mitigated", "cf-ray"], None);
        }
        self.page(PageMaker::Cloudflare)?;
        edge(codes::EDGE_PAGE, &["server", "body"], None)
    }

    fn by_cloudfront(&self) -> Option<ErrorSource> {
        let layer = self.layer("Amazon CloudFront")?;
        let edge = |meaning, evidence: &[&'static str]| {
            let mut source = self.source(Maker::Edge, meaning, evidence);
            source.called = layer.called().map(str::to_owned);
            Some(source)
        };
        if self.fields.says("x-cache", "generatedresponse from cloudfront") {
            return edge(("made by a function at the edge", codes::KONG.1), &["x-cache"]);
        }
        // It leaves the origin's `Server` as it is.
        let own =
            self.fields.says("server", "cloudfront") && self.fields.says("x-cache", "error from cloudfront");
        match (own, self.page(PageMaker::CloudFront)) {
            (true, Some(_)) => edge(codes::CLOUDFRONT, &["server", "x-cache", "body"]),
            (true, None) => edge(codes::CLOUDFRONT, &["server", "x-cache"]),
            (false, Some(_)) => edge(codes::CLOUDFRONT, &["body"]),
            (false, None) => None,
        }
    }

    fn by_vercel(&self) -> Option<ErrorSource> {
        let layer = self.layer("Vercel")?;
        let code = self.fields.value("x-vercel-error")?;
        let meaning = row(codes::VERCEL, &code).unwrap_or(codes::KONG);
        let mut source = self.source(Maker::Edge, meaning, &["x-vercel-error", "x-vercel-id"]);
        (source.called, source.code) = (layer.called().map(str::to_owned), Some(code));
        Some(source)
    }

    fn by_envoy(&self) -> Option<ErrorSource> {
        let gateway = |meaning, evidence: &[&'static str], code: Option<&str>| {
            let mut source = self.source(Maker::Gateway, meaning, evidence);
            let named = evidence.contains(&"server") || self.layer("Envoy").is_some();
            source.called = named.then(|| "Envoy".to_owned());
            source.code = code.map(str::to_owned);
            Some(source)
        };
        let time = "x-envoy-upstream-service-time";
        let signs = [("x-envoy-overloaded", codes::OVERLOADED), ("x-envoy-ratelimited", codes::RATE_LIMITED)];
        if let Some((name, meaning)) = signs.iter().find(|(name, _)| self.fields.count(name) > 0) {
            return gateway(*meaning, &[name], None);
        }
        let at_server = self.fields.says("server", "envoy");
        if let Some(flag) = self.page(PageMaker::Envoy).flatten().filter(|_| self.fields.count(time) == 0) {
            let evidence: &[&str] = if at_server { &["server", "body"] } else { &["body"] };
            return gateway(row(codes::ENVOY, flag)?, evidence, Some(flag));
        }
        // It has waited for whatever is behind it.
        (self.fields.count(time) == 1 && self.layer("Envoy").is_some())
            .then(|| self.source(Maker::Origin, codes::PASSED_ON, &[time]))
    }

    fn by_kong(&self) -> Option<ErrorSource> {
        let layer = self.layer("Kong")?;
        if self.fields.count("x-kong-response-latency") > 0 {
            let mut source = self.source(Maker::Gateway, codes::KONG, &["x-kong-response-latency"]);
            source.called = layer.called().map(str::to_owned);
            return Some(source);
        }
        let behind = self.fields.count("x-kong-upstream-latency") > 0;
        behind.then(|| self.source(Maker::Origin, codes::PASSED_ON, &["x-kong-upstream-latency"]))
    }

    fn by_aws(&self) -> Option<ErrorSource> {
        let gateway = |vendor: &str, table: Codes, code: &str, evidence: &[&'static str]| {
            let mut source = self.source(Maker::Gateway, row(table, code)?, evidence);
            (source.called, source.code) = (Some(vendor.to_owned()), Some(code.to_owned()));
            Some(source)
        };
        if let Some(layer) = self.layer("Amazon API Gateway") {
            let kind = self.fields.value("x-amzn-errortype")?;
            let code = kind.split(':').next().unwrap_or_default();
            let id = layer.evidence.iter().find(|name| name.contains("apigw")).copied()?;
            return gateway("Amazon API Gateway", codes::API_GATEWAY, code, &["x-amzn-errortype", id]);
        }
        // It writes `Server` into what it makes itself, and leaves that of others alone.
        if self.fields.says("server", "awselb/") {
            let own = matches!(&*self.status, "460" | "463" | "464" | "561");
            let evidence: &[&str] = if own { &["server", "status"] } else { &["server"] };
            let mut source = gateway("awselb", codes::AWS_ELB, &self.status, evidence)?;
            source.called = self.fields.value("server");
            return Some(source);
        }
        let code = self.page(PageMaker::S3).flatten()?;
        let known = self.fields.says("server", "amazons3") && self.fields.count("x-amz-request-id") > 0;
        let mut source =
            self.source(Maker::Origin, row(codes::S3, code)?, &["server", "x-amz-request-id", "body"]);
        (source.called, source.code) = (Some("Amazon S3".to_owned()), Some(code.to_owned()));
        known.then_some(source)
    }

    fn by_squid(&self) -> Option<ErrorSource> {
        let value = self.fields.value("x-squid-error")?;
        let code = value.split(' ').next().unwrap_or_default();
        let meaning = row(codes::SQUID, code).unwrap_or(codes::BACKEND);
        let mut source = self.source(Maker::Gateway, meaning, &["x-squid-error"]);
        source.called = self.layer("Squid").and_then(Layer::called).map(str::to_owned);
        source.code = Some(code.to_owned());
        Some(source)
    }

    /// Pages of programs that anybody can run, in front of others or not.
    fn by_page(&self) -> Option<ErrorSource> {
        let page = self.http.body.said.page.as_ref()?;
        let behind = matches!(&*self.status, "502" | "503" | "504");
        let (meaning, called, evidence): (_, _, &[&'static str]) = match page.by {
            PageMaker::HaProxy => {
                // It names itself only where it is told to.
                let named = self.layers.iter().find(|layer| layer.is_called("haproxy"));
                let fields = named.map_or(&[][..], |layer| &layer.evidence[..]);
                let evidence: &'static [&'static str] =
                    match (fields.contains(&"via"), fields.contains(&"server")) {
                        (true, _) => &["via", "body"],
                        (_, true) => &["server", "body"],
                        _ => &["body"],
                    };
                let called = (evidence.len() > 1).then_some("HAProxy");
                (row(codes::HAPROXY, page.code.as_deref()?)?, called, evidence)
            }
            PageMaker::Varnish
                if behind && self.layers.iter().any(|layer| layer.vendor == Some("Varnish")) =>
            {
                (codes::BACKEND, Some("Varnish"), &["x-varnish", "body"])
            }
            PageMaker::Nginx if behind && self.fields.says("server", "nginx") => {
                (row(codes::NGINX, &self.status)?, Some("nginx"), &["server", "body"])
            }
            PageMaker::Nginx if matches!(&*self.status, "494" | "495" | "496" | "497" | "499" | "444") => {
                (row(codes::NGINX, &self.status)?, Some("nginx"), &["status", "body"])
            }
            _ => return None,
        };
        let mut source = self.source(Maker::Gateway, meaning, evidence);
        source.called = called.map(str::to_owned);
        source.code = page.code.clone();
        Some(source)
    }
}

/// The response flag among the details that Envoy gives (`no_healthy_upstream; UH`).
fn envoy_flag(details: &str) -> Option<&str> {
    let words = details.split(|char: char| !char.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
        .find(|word| row(codes::ENVOY, word).is_some())
}

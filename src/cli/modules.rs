//! The module file of `urltrace serve`: the part of blackbox_exporter's format that is about HTTP and TCP, read into
//! plans. A key that is not known is an error with its line, as a rule that is not kept would look like success.

mod tls;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use serde::{Deserialize, Deserializer};

use self::tls::TlsText;
use super::declarations::Proxies;
use super::environment::Environment;
use super::error::PlanError;
use super::files::{read_small, read_text};
use super::proxy;
use super::yaml::{Flag, Text, by, duration, parse, size, unique};
use crate::http::{basic_credentials, validate_field, validate_method};
use crate::modules::{
    BodyRule, Encryption, FieldRule, HttpRules, KEPT_BODY, Matched, Missing, Module, Modules, Prober,
    TcpRules,
};
use crate::plan::{
    AddressChoice, Compression, Family, HttpPlan, Plan, Preferred, ProxyPlan, RequestBody, ResolverChoice,
    Source, SourceCheck, TalkStep, Then, VersionChoice,
};
use crate::trace::StageName;

/// The modules that are there without a file.
const BUILT_IN: &str = "modules:
  http_2xx: {prober: http}
  http_post_2xx: {prober: http, http: {method: POST}}
  tcp_connect: {prober: tcp}
  tls_connect: {prober: tcp, tcp: {tls: true}}
";

/// What a file of modules stands in.
struct Around<'a> {
    /// What every probe begins with.
    base: &'a Plan,
    /// Files in it are named from here.
    folder: &'a Path,
    /// For `proxy_from_environment` alone.
    environment: &'a Environment,
}

/// The modules that are there without a file.
pub(super) fn built_in(base: &Plan) -> Result<Modules, String> {
    let environment = &Environment::default();
    modules(BUILT_IN, &Around { base, folder: Path::new("."), environment })
}

/// The modules of a file.
pub(super) fn read(path: &Path, base: &Plan, environment: &Environment) -> Result<Modules, String> {
    let text = read_text("--config", path).map_err(PlanError::sentence)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    modules(&text, &Around { base, folder, environment })
        .map_err(|why| format!("--config: `{}`: {why}", path.display()))
}

fn modules(text: &str, around: &Around<'_>) -> Result<Modules, String> {
    let file: File = parse(text)?;
    let module = |(name, module): (String, ModuleText)| match module.read(around) {
        Ok(module) => Ok((name, Arc::new(module))),
        Err(why) => Err(format!("modules.{name}: {why}")),
    };
    file.modules.into_iter().map(module).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "unique")]
    modules: BTreeMap<String, ModuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleText {
    prober: ProberText,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    resolver: Option<ResolverText>,
    http: Option<HttpText>,
    tcp: Option<TcpText>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProberText {
    Http,
    Tcp,
}

/// Not of blackbox_exporter's: whether names are walked.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ResolverText {
    System,
    Walk,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProtocolText {
    Ip4,
    #[default]
    Ip6,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HttpText {
    valid_status_codes: Vec<u16>,
    valid_http_versions: Vec<String>,
    preferred_ip_protocol: ProtocolText,
    ip_protocol_fallback: Flag<true>,
    no_follow_redirects: Option<bool>,
    follow_redirects: Flag<true>,
    fail_if_ssl: bool,
    fail_if_not_ssl: bool,
    method: Option<String>,
    #[serde(deserialize_with = "unique")]
    headers: BTreeMap<String, Text>,
    fail_if_body_matches_regexp: Vec<Pattern>,
    fail_if_body_not_matches_regexp: Vec<Pattern>,
    fail_if_header_matches: Vec<FieldText>,
    fail_if_header_not_matches: Vec<FieldText>,
    body: Option<String>,
    body_file: Option<PathBuf>,
    compression: CodingText,
    #[serde(deserialize_with = "size")]
    body_size_limit: Option<u64>,
    enable_http2: Flag<true>,
    tls_config: TlsText,
    basic_auth: Option<BasicText>,
    bearer_token: Option<String>,
    bearer_token_file: Option<PathBuf>,
    authorization: Option<AuthorizationText>,
    proxy_url: Option<String>,
    no_proxy: Option<String>,
    proxy_from_environment: bool,
    #[serde(deserialize_with = "unique")]
    proxy_connect_header: BTreeMap<String, Vec<Text>>,
    /// A proxy is always left to resolve the name of the target.
    #[serde(rename = "skip_resolve_phase_with_proxy")]
    _skip_resolve: bool,
}

/// What a body has to be packed with.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CodingText {
    #[default]
    #[serde(rename = "")]
    Unsaid,
    Identity,
    Gzip,
    Br,
    Deflate,
}

impl CodingText {
    /// Its word in Content-Encoding, if it unpacks anything.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Unsaid | Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Br => Some("br"),
            Self::Deflate => Some("deflate"),
        }
    }

    /// It is undone, and asked for where a module names it: the exporter does not do that by itself.
    fn read(self, http: &mut HttpPlan) -> Result<(), String> {
        let Some(word) = self.word() else { return Ok(()) };
        http.compression = Compression::Undone;
        let asked = http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"));
        let asked = asked.map(|(_, value)| value.clone().unwrap_or_default());
        match asked {
            None => http.headers.push(("Accept-Encoding".to_owned(), None)),
            Some(text) if !accepts(&text, word) => {
                return Err(format!(
                    "compression: {word} is not what headers ask for: Accept-Encoding: {text}"
                ));
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// Whether a value of Accept-Encoding takes a coding (RFC 9110 §12.5.3). The exporter leaves an empty one alone.
fn accepts(text: &str, word: &str) -> bool {
    let weight = |wanted: &str| {
        text.split(',').find_map(|one| {
            let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
            let weight = weight.trim().trim_start_matches(['q', 'Q', '=']).parse::<f32>().unwrap_or(1.0);
            coding.trim().eq_ignore_ascii_case(wanted).then_some(weight)
        })
    };
    text.trim().is_empty() || weight(word).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TcpText {
    preferred_ip_protocol: ProtocolText,
    ip_protocol_fallback: Flag<true>,
    #[serde(deserialize_with = "address")]
    source_ip_address: Option<IpAddr>,
    query_response: Vec<StepText>,
    tls: bool,
    tls_config: TlsText,
}

/// A step of a conversation.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StepText {
    expect: Option<Pattern>,
    send: Option<Text>,
    starttls: bool,
}

impl StepText {
    fn step(self) -> TalkStep {
        TalkStep {
            expect: self.expect.map(|Pattern(pattern)| pattern),
            send: self.send.map_or_else(String::new, |Text(text)| text),
            then: if self.starttls { Then::StartsTls } else { Then::GoesOn },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicText {
    #[serde(default)]
    username: String,
    username_file: Option<PathBuf>,
    #[serde(default)]
    password: String,
    password_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizationText {
    #[serde(rename = "type", default = "bearer")]
    scheme: String,
    credentials: Option<String>,
    credentials_file: Option<PathBuf>,
}

fn bearer() -> String {
    "Bearer".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldText {
    header: String,
    regexp: Pattern,
    #[serde(default)]
    allow_missing: bool,
}

impl ModuleText {
    fn read(self, around: &Around<'_>) -> Result<Module, String> {
        let Self { prober, timeout, resolver, http, tcp } = self;
        let mut plan = around.base.clone();
        match resolver {
            Some(ResolverText::Walk) => plan.dns.lane = ResolverChoice::Walk,
            Some(ResolverText::System) => plan.dns.lane = ResolverChoice::System,
            None => {}
        }
        let (server_name, prober) = match prober {
            ProberText::Http => http.unwrap_or_default().read(&mut plan, around)?,
            ProberText::Tcp => {
                let tcp = tcp.unwrap_or_default();
                choose(&mut plan, tcp.preferred_ip_protocol, tcp.ip_protocol_fallback);
                if let Some(address) = tcp.source_ip_address {
                    leave_from(&mut plan, address)?;
                }
                plan.until = if tcp.tls { StageName::Tls } else { StageName::Tcp };
                let server_name = tcp.tls_config.read(&mut plan.tls, around.folder)?;
                let encryption = if tcp.tls { Encryption::Required } else { Encryption::Forbidden };
                let steps = tcp.query_response.into_iter().map(StepText::step).collect();
                (server_name, Prober::Tcp(TcpRules { encryption, steps }))
            }
        };
        Ok(Module { plan, timeout, server_name, prober })
    }
}

impl HttpText {
    fn read(self, plan: &mut Plan, around: &Around<'_>) -> Result<(Option<String>, Prober), String> {
        let folder = around.folder;
        plan.proxy = self.proxies(around.environment)?;
        choose(plan, self.preferred_ip_protocol, self.ip_protocol_fallback);
        let credentials = self.credentials(folder)?;
        let mut fields: Vec<(String, Option<String>)> = Vec::new();
        for (name, Text(value)) in self.headers {
            validate_field(&name, &value)?;
            fields.push((name, Some(value)));
        }
        // There is one set of credentials in a request (RFC 9110 section 11.6.2): the field that was written out.
        let is_named = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let credentials = credentials.filter(|_| !is_named);
        if let Some(value) = credentials {
            // What is wrong with a token of a file is told now, and not by every probe.
            validate_field("Authorization", &value)?;
            fields.push(("Authorization".to_owned(), Some(value)));
        }
        if let Some(method) = &self.method {
            validate_method(method)?;
        }
        let http = &mut plan.http;
        http.method = Some(self.method.unwrap_or_else(|| "GET".to_owned()));
        let body = self.body.filter(|body| !body.is_empty());
        http.body = match (body, self.body_file) {
            (Some(_), Some(_)) => return Err("of body and body_file one is taken".to_owned()),
            (None, Some(file)) => {
                let bytes = read_small("body_file", &folder.join(file)).map_err(PlanError::sentence)?;
                Some(RequestBody::from(bytes))
            }
            (body, None) => body.map(RequestBody::from),
        };
        http.headers = fields;
        http.follow = self.no_follow_redirects.map_or(self.follow_redirects.0, |not| !not);
        self.compression.read(http)?;
        if !self.enable_http2.0 {
            http.version = VersionChoice::Http11;
        }
        let encryption = match (self.fail_if_ssl, self.fail_if_not_ssl) {
            (false, false) => Encryption::Either,
            (false, true) => Encryption::Required,
            (true, false) => Encryption::Forbidden,
            (true, true) => return Err("fail_if_ssl and fail_if_not_ssl leave nothing".to_owned()),
        };
        let field = |matched| {
            move |FieldText { header, regexp: Pattern(pattern), allow_missing }| FieldRule {
                name: header,
                pattern,
                matched,
                missing: if allow_missing { Missing::Allowed } else { Missing::Fails },
            }
        };
        let body = |matched| move |Pattern(pattern)| BodyRule { pattern, matched };
        let unwanted = self.fail_if_header_matches.into_iter().map(field(Matched::Unwanted));
        let wanted = self.fail_if_header_not_matches.into_iter().map(field(Matched::Wanted));
        let bad = self.fail_if_body_matches_regexp.into_iter().map(body(Matched::Unwanted));
        let good = self.fail_if_body_not_matches_regexp.into_iter().map(body(Matched::Wanted));
        let rules = HttpRules {
            statuses: self.valid_status_codes,
            versions: self.valid_http_versions,
            encryption,
            fields: unwanted.chain(wanted).collect(),
            body: bad.chain(good).collect(),
            room: KEPT_BODY,
            coding: self.compression.word(),
            most: self.body_size_limit,
        };
        Ok((self.tls_config.read(&mut plan.tls, folder)?, Prober::Http(rules)))
    }

    /// The proxies, as Prometheus's clients take them: one that is named, or those of the environment.
    fn proxies(&self, environment: &Environment) -> Result<ProxyPlan, String> {
        let url = self.proxy_url.as_deref().filter(|url| !url.is_empty());
        let exceptions = self.no_proxy.as_deref().filter(|list| !list.is_empty());
        let mut plan = match (url, self.proxy_from_environment) {
            (Some(_), true) => return Err("of proxy_url and proxy_from_environment one is taken".to_owned()),
            (None, true) if exceptions.is_some() => {
                return Err("no_proxy has no place beside proxy_from_environment: NO_PROXY has".to_owned());
            }
            (None, true) => {
                proxy::plan(&Proxies::default(), None, proxy::Redirects::Followed, false, environment)
            }
            (Some(url), false) => proxy::of_module(url, exceptions),
            (None, false) if exceptions.is_some() => return Err("no_proxy is for a proxy_url".to_owned()),
            (None, false) => Ok(ProxyPlan::default()),
        }
        .map_err(PlanError::sentence)?;
        if !self.proxy_connect_header.is_empty() && url.is_none() && !self.proxy_from_environment {
            return Err("proxy_connect_header is for a proxy".to_owned());
        }
        for (name, values) in &self.proxy_connect_header {
            for Text(value) in values {
                validate_field(name, value)?;
                plan.headers.push((name.clone(), Some(value.clone())));
            }
        }
        Ok(plan)
    }

    /// The value of the field Authorization.
    fn credentials(&self, folder: &Path) -> Result<Option<String>, String> {
        let secret = |text: &Option<String>, file: &Option<PathBuf>, key: &str| match (text, file) {
            (Some(text), None) => Ok(Some(text.clone())),
            (None, Some(file)) => {
                let text = read_text(key, &folder.join(file)).map_err(PlanError::sentence)?;
                Ok(Some(text.trim().to_owned()))
            }
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(format!("{key}: it stands here and in a file")),
        };
        let basic = match &self.basic_auth {
            None => None,
            Some(basic) => {
                let here = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
                let name = secret(&here(&basic.username), &basic.username_file, "basic_auth.username")?;
                let password = secret(&here(&basic.password), &basic.password_file, "basic_auth.password")?;
                let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default());
                Some(basic_credentials(&format!("{name}:{password}")))
            }
        };
        let bearer = secret(&self.bearer_token, &self.bearer_token_file, "bearer_token")?;
        let given = match &self.authorization {
            None => None,
            Some(given) => {
                let secret =
                    secret(&given.credentials, &given.credentials_file, "authorization.credentials")?;
                Some(format!("{} {}", given.scheme, secret.unwrap_or_default()))
            }
        };
        let all = [basic, bearer.map(|token| format!("Bearer {token}")), given];
        let mut all = all.into_iter().flatten();
        match (all.next(), all.next()) {
            (_, Some(_)) => Err("of basic_auth, bearer_token and authorization one is taken".to_owned()),
            (one, None) => Ok(one),
        }
    }
}

/// Connects from this address, and so to those of its family alone.
fn leave_from(plan: &mut Plan, address: IpAddr) -> Result<(), String> {
    let own = if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    if !plan.tcp.family.admits(address) {
        return Err(format!("source_ip_address: {address} is not of the family of preferred_ip_protocol"));
    }
    plan.tcp.source = Source { address: Some(address), check: SourceCheck::AtConnect, ..Source::default() };
    (plan.tcp.family, plan.dns.family) = (own, own);
    Ok(())
}

/// An address; an empty text is none.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    by(deserializer, |text| {
        let read =
            || text.parse().map_err(|_| format!("`{text}` is no address, as 192.0.2.1 or 2001:db8::1 are"));
        if text.is_empty() { Ok(None) } else { read().map(Some) }
    })
}

/// The one address that is tried.
fn choose(plan: &mut Plan, protocol: ProtocolText, fallback: Flag<true>) {
    let (preferred, only) = match protocol {
        ProtocolText::Ip4 => (Preferred::Ipv4, Family::Ipv4),
        ProtocolText::Ip6 => (Preferred::Ipv6, Family::Ipv6),
    };
    plan.tcp.choice = AddressChoice::One(preferred);
    if !fallback.0 {
        (plan.tcp.family, plan.dns.family) = (only, only);
    }
}

/// A regular expression.
struct Pattern(Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by(deserializer, |text| {
            let why = |error| format!("`{text}` is no regular expression: {error}");
            Regex::new(text).map(Self).map_err(why)
        })
    }
}

#[cfg(test)]
mod tests;

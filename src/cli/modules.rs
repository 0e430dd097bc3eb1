//! The module file of `urltrace serve`: the part of blackbox_exporter's format that is about HTTP and TCP, read into
//! plans. A key that is not known is an error with its line, as a rule that is not kept would look like success.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::PlanError;
use super::files::{read_small, read_text};
use crate::http::{basic_credentials, validate_field, validate_method};
use crate::modules::{
    BodyRule, Encryption, FieldRule, HttpRules, KEPT_BODY, Matched, Missing, Module, Modules, Prober,
};
use crate::plan::{
    AddressChoice, Family, Identity, IdentityFiles, KeyFile, Plan, Preferred, RequestBody, ResolverChoice,
    RootsChoice, TlsPlan, VersionChoice,
};
use crate::trace::{StageName, TlsVersion};

/// The modules that are there without a file.
const BUILT_IN: &str = "modules:
  http_2xx: {prober: http}
  http_post_2xx: {prober: http, http: {method: POST}}
  tcp_connect: {prober: tcp}
  tls_connect: {prober: tcp, tcp: {tls: true}}
";

/// The modules that are there without a file.
pub(super) fn built_in(base: &Plan) -> Result<Modules, String> {
    modules(BUILT_IN, base, Path::new("."))
}

/// The modules of a file.
pub(super) fn read(path: &Path, base: &Plan) -> Result<Modules, String> {
    let text = read_text("--config", path).map_err(PlanError::sentence)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    modules(&text, base, folder).map_err(|why| format!("--config: `{}`: {why}", path.display()))
}

/// Files in it are named from its folder.
fn modules(text: &str, base: &Plan, folder: &Path) -> Result<Modules, String> {
    let file: File = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    let module = |(name, module): (String, ModuleText)| match module.read(base, folder) {
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
    enable_http2: Flag<true>,
    tls_config: TlsText,
    basic_auth: Option<BasicText>,
    bearer_token: Option<String>,
    bearer_token_file: Option<PathBuf>,
    authorization: Option<AuthorizationText>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TcpText {
    preferred_ip_protocol: ProtocolText,
    ip_protocol_fallback: Flag<true>,
    tls: bool,
    tls_config: TlsText,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TlsText {
    insecure_skip_verify: bool,
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    server_name: Option<String>,
    min_version: Option<TlsVersionText>,
}

/// The names of Go's constants.
#[derive(Clone, Copy, Deserialize)]
enum TlsVersionText {
    #[serde(rename = "TLS10")]
    Tls10,
    #[serde(rename = "TLS11")]
    Tls11,
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicText {
    #[serde(default)]
    username: String,
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
    fn read(self, base: &Plan, folder: &Path) -> Result<Module, String> {
        let Self { prober, timeout, resolver, http, tcp } = self;
        let mut plan = base.clone();
        match resolver {
            Some(ResolverText::Walk) => plan.dns.lane = ResolverChoice::Walk,
            Some(ResolverText::System) => plan.dns.lane = ResolverChoice::System,
            None => {}
        }
        let (server_name, prober) = match prober {
            ProberText::Http => http.unwrap_or_default().read(&mut plan, folder)?,
            ProberText::Tcp => {
                let tcp = tcp.unwrap_or_default();
                choose(&mut plan, tcp.preferred_ip_protocol, tcp.ip_protocol_fallback);
                plan.until = if tcp.tls { StageName::Tls } else { StageName::Tcp };
                let server_name = tcp.tls_config.read(&mut plan.tls, folder)?;
                let encryption = if tcp.tls { Encryption::Required } else { Encryption::Forbidden };
                (server_name, Prober::Tcp(encryption))
            }
        };
        Ok(Module { plan, timeout, server_name, prober })
    }
}

impl HttpText {
    fn read(self, plan: &mut Plan, folder: &Path) -> Result<(Option<String>, Prober), String> {
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
        fields.extend(credentials.map(|value| ("Authorization".to_owned(), Some(value))));
        if let Some(method) = &self.method {
            validate_method(method)?;
        }
        let http = &mut plan.http;
        http.method = Some(self.method.unwrap_or_else(|| "GET".to_owned()));
        http.body = self.body.filter(|body| !body.is_empty()).map(RequestBody::from);
        http.headers = fields;
        http.follow = self.no_follow_redirects.map_or(self.follow_redirects.0, |not| !not);
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
        };
        Ok((self.tls_config.read(&mut plan.tls, folder)?, Prober::Http(rules)))
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
                let here = Some(basic.password.clone()).filter(|password| !password.is_empty());
                let password = secret(&here, &basic.password_file, "basic_auth.password")?;
                let password = password.unwrap_or_default();
                Some(basic_credentials(&format!("{}:{password}", basic.username)))
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

impl TlsText {
    /// Puts it into a plan, and gives the name in place of the target's.
    fn read(self, tls: &mut TlsPlan, folder: &Path) -> Result<Option<String>, String> {
        if let Some(file) = self.ca_file {
            tls.roots = RootsChoice::File(folder.join(file));
        }
        tls.insecure = self.insecure_skip_verify;
        // Older ones are spoken by nobody here.
        tls.min_version = match self.min_version {
            Some(TlsVersionText::Tls13) => TlsVersion::Tls13,
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11 | TlsVersionText::Tls12) | None => {
                TlsVersion::Tls12
            }
        };
        let file = |key: &str, path: &Path| {
            let bytes = read_small(key, &folder.join(path)).map_err(PlanError::sentence)?;
            Ok::<_, String>(KeyFile { name: format!("{key} {}", path.display()), bytes: bytes.into() })
        };
        tls.identity = match (&self.cert_file, &self.key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(Identity::Files(IdentityFiles {
                certificate: file("cert_file", certificate)?,
                key: Some(file("key_file", key)?),
                password: None,
            })),
            _ => return Err("cert_file and key_file go together".to_owned()),
        };
        Ok(self.server_name.filter(|name| !name.is_empty()))
    }
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

/// Names that each stand once: of two with one name nobody would know which counts.
fn unique<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    struct Names<V>(PhantomData<V>);
    impl<'de, V: Deserialize<'de>> Visitor<'de> for Names<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("names, each with what it stands for")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                if all.contains_key(&name) {
                    return Err(A::Error::custom(format!("`{name}` stands here twice")));
                }
                all.insert(name, map.next_value()?);
            }
            Ok(all)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }
    }
    deserializer.deserialize_any(Names(PhantomData))
}

/// A switch that stands so when it is not given.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Flag<const DEFAULT: bool>(bool);

impl<const DEFAULT: bool> Default for Flag<DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

/// A regular expression.
struct Pattern(Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let why = |error| D::Error::custom(format!("`{text}` is no regular expression: {error}"));
        Regex::new(&text).map(Self).map_err(why)
    }
}

/// Text, also where YAML would read a number or a switch.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number, true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<String, E> {
        Ok(flag.to_string())
    }
}

/// A time as Go writes it: `5s`, `1m30s`, `1.5s`, `500ms`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bad = || D::Error::custom(format!("`{text}` is no time, as 5s, 500ms or 1m30s are"));
    go_duration(&text).map(|time| Some(time).filter(|time| !time.is_zero())).ok_or_else(bad)
}

fn go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let at = rest.find(|char: char| char.is_ascii_alphabetic() || char == 'µ')?;
        let (number, behind) = rest.split_at(at);
        let end = behind.find(|char: char| char.is_ascii_digit()).unwrap_or(behind.len());
        let scale = match &behind[..end] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = &behind[end..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Modules, String> {
        modules(text, &Plan::default(), Path::new("/nowhere"))
    }

    fn refused(text: &str) -> String {
        read(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn the_built_in_modules_are_there() {
        let modules = built_in(&Plan::default()).unwrap();
        let names: Vec<&String> = modules.keys().collect();
        assert_eq!(names, ["http_2xx", "http_post_2xx", "tcp_connect", "tls_connect"]);
        assert_eq!(modules["http_post_2xx"].plan.http.method.as_deref(), Some("POST"));
        assert!(modules["http_2xx"].plan.http.follow);
        assert!(matches!(modules["tls_connect"].prober, Prober::Tcp(Encryption::Required)));
        assert_eq!(modules["tcp_connect"].plan.tcp.choice, AddressChoice::One(Preferred::Ipv6));
    }

    #[test]
    fn a_whole_module_is_read() {
        let modules = read(
            "modules:
  api:
    prober: http
    timeout: 1m1.5s
    resolver: walk
    http:
      method: PUT
      body: '{}'
      headers: {X-Number: 12, X-Flag: true, Host: other.test}
      valid_status_codes: [200, 301]
      valid_http_versions: [HTTP/2.0]
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      no_follow_redirects: true
      fail_if_not_ssl: true
      fail_if_body_matches_regexp: ['(?i)error']
      fail_if_header_not_matches: [{header: Server, regexp: nginx, allow_missing: true}]
      basic_auth: {username: me, password: secret}
      tls_config: {insecure_skip_verify: true, server_name: inside.test, min_version: TLS13, ca_file: ca.pem}
",
        )
        .unwrap();
        let module = &modules["api"];
        assert_eq!(module.timeout, Some(Duration::from_millis(61_500)));
        assert_eq!(module.server_name.as_deref(), Some("inside.test"));
        let Plan { dns, tcp, tls, http, .. } = &module.plan;
        assert_eq!(
            (dns.lane.clone(), dns.family, tcp.family),
            (ResolverChoice::Walk, Family::Ipv4, Family::Ipv4)
        );
        assert_eq!((tls.insecure, tls.min_version), (true, TlsVersion::Tls13));
        assert_eq!(tls.roots, RootsChoice::File("/nowhere/ca.pem".into()));
        assert!(!http.follow && http.body.is_some());
        let field = |name: &str| http.headers.iter().find(|(own, _)| own == name).unwrap().1.clone().unwrap();
        assert_eq!((field("X-Number"), field("X-Flag")), ("12".to_owned(), "true".to_owned()));
        assert_eq!(field("Authorization"), "Basic bWU6c2VjcmV0");
        let Prober::Http(rules) = &module.prober else { panic!("{:?}", module.prober) };
        assert_eq!((rules.statuses.as_slice(), rules.encryption), (&[200, 301][..], Encryption::Required));
        assert!(rules.body[0].pattern.is_match("an ERROR") && rules.body[0].matched == Matched::Unwanted);
        assert_eq!(rules.fields[0].missing, Missing::Allowed);
        assert!(rules.kept_body().is_some());
    }

    #[test]
    fn what_stands_twice_is_refused() {
        let modules = refused("modules:\n  a: {prober: http}\n  a: {prober: tcp}\n");
        assert!(modules.contains("`a` stands here twice") && modules.contains("line 2"), "{modules}");
        let fields = refused("modules: {a: {prober: http, http: {headers: {X: 1, X: 2}}}}\n");
        assert!(fields.contains("`X` stands here twice"), "{fields}");
        let both = "modules: {a: {prober: http, http: {headers: {authorization: own}, bearer_token: other}}}";
        let http = &read(both).unwrap()["a"].plan.http;
        let named = http.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        assert_eq!(named.map(|(_, value)| value.as_deref()).collect::<Vec<_>>(), [Some("own")]);
    }

    #[test]
    fn what_is_not_known_is_told_with_line_and_key() {
        let text = refused("modules:\n  a:\n    prober: http\n    http:\n      valid_codes: [200]\n");
        assert!(
            text.contains("valid_codes") && text.contains("line 5") && text.contains("modules.a.http"),
            "{text}"
        );
        let text = refused("modules:\n  a:\n    prober: icmp\n");
        assert!(text.contains("icmp") && text.contains("line 3"), "{text}");
        let text =
            refused("modules:\n  a:\n    prober: http\n    http: {fail_if_body_matches_regexp: ['(']}\n");
        assert!(text.contains("no regular expression") && text.contains("line 4"), "{text}");
        let text = refused("modules:\n  a: {prober: http, timeout: 5 bananas}\n");
        assert!(text.contains("no time") && text.contains("line 2"), "{text}");
        let text =
            refused("modules:\n  a: {prober: http, http: {fail_if_ssl: true, fail_if_not_ssl: true}}\n");
        assert!(text.contains("modules.a: fail_if_ssl"), "{text}");
        let text = refused("modules:\n  a: {prober: tcp, tcp: {tls_config: {cert_file: a.pem}}}\n");
        assert!(text.contains("cert_file and key_file"), "{text}");
        let text =
            refused("modules: {a: {prober: http, http: {bearer_token: a, basic_auth: {username: b}}}}");
        assert!(text.contains("one is taken"), "{text}");
    }

    #[test]
    fn times_are_as_go_has_them() {
        for (text, milliseconds) in
            [("5s", 5_000), ("1m30s", 90_000), ("1.5s", 1_500), ("250ms", 250), ("0", 0)]
        {
            assert_eq!(go_duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "-1s", "1d"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }
}

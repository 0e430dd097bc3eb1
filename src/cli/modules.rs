//! The module file of `urltrace serve`: the part of blackbox_exporter's format that is about HTTP and TCP, read into
//! plans. A key that is not known is an error with its line, as a rule that is not kept would look like success.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex_lite::Regex;
use serde::{Deserialize, Deserializer};

use super::error::PlanError;
use super::files::{read_small, read_text};
use super::yaml::{Flag, Text, TlsVersionText, by, duration, parse, size, unique};
use crate::http::{basic_credentials, validate_field, validate_method};
use crate::modules::{
    BodyRule, Encryption, FieldRule, HttpRules, KEPT_BODY, Matched, Missing, Module, Modules, Prober,
};
use crate::plan::{
    AddressChoice, Compression, Family, HttpPlan, Identity, IdentityFiles, KeyFile, Plan, Preferred,
    RequestBody, ResolverChoice, RootsChoice, TlsPlan, VersionChoice,
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
    let file: File = parse(text)?;
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
    max_version: Option<TlsVersionText>,
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
        tls.max_version = match self.max_version {
            Some(TlsVersionText::Tls10 | TlsVersionText::Tls11) => {
                return Err("max_version: TLS 1.0 and 1.1 are not spoken here".to_owned());
            }
            Some(TlsVersionText::Tls12) if tls.min_version == TlsVersion::Tls13 => {
                return Err("min_version is above max_version".to_owned());
            }
            Some(TlsVersionText::Tls12) => TlsVersion::Tls12,
            Some(TlsVersionText::Tls13) => TlsVersion::Tls13,
            None => tls.max_version,
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
    fn a_coding_is_undone_and_not_asked_for() {
        let modules = read(
            "modules:
  a: {prober: http, http: {compression: gzip, body_size_limit: 1MB}}
  b: {prober: http, http: {compression: br, headers: {accept-encoding: 'gzip, br'}}}
  c: {prober: http, http: {compression: identity, body_size_limit: 0}}
",
        )
        .unwrap();
        let rules = |name: &str| match &modules[name].prober {
            Prober::Http(rules) => (rules.coding, rules.most),
            Prober::Tcp(_) => panic!("{name}"),
        };
        assert_eq!(rules("a"), (Some("gzip"), Some(1 << 20)));
        assert_eq!(modules["a"].plan.http.headers, [("Accept-Encoding".to_owned(), None)]);
        assert_eq!((rules("b"), modules["b"].plan.http.headers.len()), ((Some("br"), None), 1));
        assert_eq!(rules("c"), (None, None));
        let wrong = "modules: {a: {prober: http, http: {compression: br, headers: {Accept-Encoding: gzip}}}}";
        assert!(refused(wrong).contains("modules.a: compression"), "{}", refused(wrong));
    }

    #[test]
    fn texts_are_as_they_stand_and_a_coding_has_to_be_asked_for() {
        let text =
            "modules: {a: {prober: http, http: {headers: {X-A: 1.10, X-B: 0x1f, X-C: yes, X-D: , X-E: '7'},
            fail_if_body_matches_regexp: [1.50, true]}}}";
        let modules = read(text).unwrap();
        let fields = modules["a"].plan.http.headers.iter().map(|(_, value)| value.as_deref().unwrap());
        assert_eq!(fields.collect::<Vec<_>>(), ["1.10", "0x1f", "yes", "", "7"]);
        let Prober::Http(rules) = &modules["a"].prober else { panic!("{modules:?}") };
        assert_eq!(rules.body[0].pattern.as_str(), "1.50");
        for (accepted, fine) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("", true),
            ("br", false),
            ("gzip;q=0", false),
            ("*, gzip; q=0.0", false),
            ("x-gzip", false),
        ] {
            assert_eq!(accepts(accepted, "gzip"), fine, "{accepted}");
        }
    }

    #[test]
    fn versions_files_and_credentials_are_checked_when_they_are_read() {
        let of = |http: &str| read(&format!("modules: {{a: {{prober: http, http: {{{http}}}}}}}"));
        let max = |http: &str| of(http).map(|modules| modules["a"].plan.tls.max_version);
        assert_eq!(max("tls_config: {max_version: TLS12}"), Ok(TlsVersion::Tls12));
        assert_eq!(max("tls_config: {min_version: TLS13}"), Ok(TlsVersion::Tls13));
        for (http, why) in [
            ("tls_config: {max_version: TLS11}", "not spoken"),
            ("tls_config: {max_version: TLS12, min_version: TLS13}", "above"),
            ("body: x, body_file: y", "one is taken"),
            ("body_file: nowhere", "cannot be read"),
            ("basic_auth: {username: a, username_file: b}", "it stands here and in a file"),
            ("bearer_token: \"a\\r\\nX: y\"", "control character"),
        ] {
            let told = of(http).map(|_| ()).unwrap_err();
            assert!(told.contains(why) && told.contains("modules.a"), "{http}: {told}");
        }
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
}

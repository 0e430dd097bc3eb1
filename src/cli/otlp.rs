//! `--otlp`: the collector by the option or, where that names none, by OpenTelemetry's variables. They are read for that
//! alone.

use std::ffi::OsString;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::declarations::{Cli, Proxies};
use super::environment::{Environment, variable};
use super::error::PlanError;
use super::files::resolv_conf;
use super::formats::Telemetry;
use super::proxy;
use crate::http::validate_field;
use crate::plan::{
    Collector, DnsPlan, DnssecPlan, HOSTS_FILE, Http3, HttpPlan, HttpsRecords, NSSWITCH, Packing, Plan,
    ResolverChoice, RootsChoice, TlsPlan,
};

/// What stands behind the base of an endpoint (OpenTelemetry Protocol Exporter, endpoint URLs for OTLP/HTTP).
const PATH: &str = "/v1/traces";
/// Where a collector of this machine listens.
const USUAL: &str = "http://localhost:4318";
/// How long an exporter waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives the run its URL where clap took it for the collector's: `--otlp URL` with no other URL.
pub(super) fn settle(cli: &mut Cli, arguments: &[OsString]) {
    let is_bound = || arguments.iter().any(|word| word.to_string_lossy().starts_with("--otlp="));
    // `--compare url=A,B` has all its URLs itself.
    let is_of_urls = |text: &str| text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("url="));
    let has_own = cli.request.compared.given().is_some_and(|(_, text)| is_of_urls(text));
    if has_own || cli.command.is_some() || !cli.urls.is_empty() || !cli.url_options.is_empty() || is_bound() {
        return;
    }
    if let Some(url) = cli.telemetry.otlp.as_mut().and_then(Option::take) {
        cli.urls.push(url);
    }
}

/// The collector, if spans are to be sent.
///
/// # Errors
/// A URL that is none of a collector's, and variables that cannot be read.
pub(super) fn collector(
    options: &Telemetry,
    roots: &RootsChoice,
    environment: &Environment,
) -> Result<Option<Box<Collector>>, PlanError> {
    let said = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
    let read = match &options.otlp {
        None => return Ok(None),
        Some(Some(url)) => Read { url: with_path(url), ..Read::default() },
        Some(None) => by_variables(&said)?,
    };
    let Read { url, headers, patience, packing, certificate, mut unheeded } = read;
    let resource = resource(&said, &mut unheeded);
    if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(PlanError::with_hint(
            format!("--otlp: `{}` is no URL of a collector", url.escape_debug()),
            "--otlp=http://localhost:4318",
        ));
    }
    let roots = certificate.map_or_else(|| roots.clone(), RootsChoice::File);
    let mut fields = vec![("Content-Type".to_owned(), Some("application/json".to_owned()))];
    if packing == Packing::Gzip {
        fields.push(("Content-Encoding".to_owned(), Some("gzip".to_owned())));
    }
    fields.extend(headers);
    let system = resolv_conf().changed_by(environment);
    let plan = Plan {
        dns: DnsPlan {
            lane: ResolverChoice::System,
            stub_servers: system.servers,
            search: system.search,
            hosts_file: Some(HOSTS_FILE.into()),
            nsswitch: Some(NSSWITCH.into()),
            https_records: HttpsRecords::Ignore,
            dnssec: DnssecPlan::Off,
            roots: roots.clone(),
            ..DnsPlan::default()
        },
        proxy: proxy::plan(&Proxies::default(), Some(&url), proxy::Redirects::Told, false, environment)?,
        tls: TlsPlan { roots, ..TlsPlan::default() },
        http: HttpPlan {
            method: Some("POST".to_owned()),
            headers: fields,
            http3: Http3::Never,
            ..HttpPlan::default()
        },
        max_time: patience,
        ..Plan::default()
    };
    Ok(Some(Box::new(Collector { url, plan, packing, resource, unheeded })))
}

struct Read {
    url: String,
    headers: Vec<(String, Option<String>)>,
    patience: Duration,
    packing: Packing,
    certificate: Option<std::path::PathBuf>,
    unheeded: Vec<String>,
}

impl Default for Read {
    fn default() -> Self {
        Self {
            url: with_path(USUAL),
            headers: Vec::new(),
            patience: PATIENCE,
            packing: Packing::Gzip,
            certificate: None,
            unheeded: Vec::new(),
        }
    }
}

/// As OpenTelemetry's exporters read them: what is said of traces goes before what is said of all.
fn by_variables(said: &dyn Fn(&str) -> Option<String>) -> Result<Read, PlanError> {
    let of = |what: &str| {
        let own = format!("OTEL_EXPORTER_OTLP_TRACES_{what}");
        let all = format!("OTEL_EXPORTER_OTLP_{what}");
        said(&own).map(|text| (own, text)).or_else(|| said(&all).map(|text| (all, text)))
    };
    let url = match of("ENDPOINT") {
        None => with_path(USUAL),
        // It is used as it is.
        Some((name, url)) if name.contains("TRACES") => url,
        Some((_, base)) => format!("{}{PATH}", base.trim_end_matches('/')),
    };
    let mut headers = Vec::new();
    if let Some((name, list)) = of("HEADERS") {
        for pair in pairs(&list) {
            let unreadable = || PlanError::usage(format!("{name} holds what is no NAME=VALUE"));
            let (key, value) = pair.ok_or_else(unreadable)?;
            validate_field(&key, &value).map_err(|_| unreadable())?;
            headers.push((key, Some(value)));
        }
    }
    let patience = match of("TIMEOUT") {
        None => PATIENCE,
        Some((name, text)) => match text.trim().parse::<u64>() {
            Ok(ms) if ms > 0 => Duration::from_millis(ms),
            _ => {
                return Err(PlanError::usage(format!(
                    "{name}: `{}` are no milliseconds",
                    text.escape_debug()
                )));
            }
        },
    };
    let mut unheeded = Vec::new();
    let packing = match of("COMPRESSION") {
        None => Packing::Gzip,
        Some((name, text)) => match text.trim() {
            "none" => Packing::None,
            "gzip" => Packing::Gzip,
            other => {
                unheeded.push(format!("{name} asks for `{}`: gzip was taken", other.escape_debug()));
                Packing::Gzip
            }
        },
    };
    if let Some((name, text)) = of("PROTOCOL").filter(|(_, text)| text.trim() != "http/json") {
        unheeded.push(format!("{name} asks for `{}`: http/json was spoken", text.trim().escape_debug()));
    }
    for what in ["CLIENT_KEY", "CLIENT_CERTIFICATE"] {
        unheeded.extend(of(what).map(|(name, _)| format!("{name} was not used")));
    }
    let certificate = of("CERTIFICATE").map(|(_, path)| path.into());
    Ok(Read { url, headers, patience, packing, certificate, unheeded })
}

/// Who sends the spans (OpenTelemetry, resource SDK): a list as that of headers, of which all or nothing counts, and the
/// name of the service goes before the one in it.
fn resource(said: &dyn Fn(&str) -> Option<String>, unheeded: &mut Vec<String>) -> Vec<(String, String)> {
    const LIST: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let list = said(LIST).unwrap_or_default();
    let read: Option<Vec<(String, String)>> = pairs(&list).collect();
    let mut all = read.unwrap_or_else(|| {
        unheeded.push(format!("{LIST} holds what is no NAME=VALUE, and was not used"));
        Vec::new()
    });
    if let Some(name) = said("OTEL_SERVICE_NAME") {
        all.push(("service.name".to_owned(), name));
    }
    // Of two with one name the last counts.
    let mut named: Vec<(String, String)> = Vec::new();
    for (name, value) in all {
        named.retain(|(known, _)| *known != name);
        named.push((name, value));
    }
    named
}

/// The pairs of `NAME=VALUE,NAME=VALUE`, whose values are percent-encoded; `None` for what is none.
fn pairs(list: &str) -> impl Iterator<Item = Option<(String, String)>> {
    list.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), value.into_owned()))
    })
}

/// A URL that names no path is the base of all signals.
fn with_path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.split_once('/') {
        None => format!("{url}{PATH}"),
        Some((_, "")) => format!("{}{PATH}", url.trim_end_matches('/')),
        Some(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Read, PlanError> {
        let all: Vec<(String, String)> = variables
            .iter()
            .map(|(name, text)| (format!("OTEL_EXPORTER_OTLP_{name}"), (*text).to_owned()))
            .collect();
        let find = |name: &str| all.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
        by_variables(&|name| find(name).filter(|text| !text.trim().is_empty()))
    }

    #[test]
    fn an_endpoint_is_a_base_and_that_of_traces_is_whole() {
        for (variables, url) in [
            (&[][..], "http://localhost:4318/v1/traces"),
            (&[("ENDPOINT", "https://c.test:1/x/")], "https://c.test:1/x/v1/traces"),
            (&[("ENDPOINT", "https://c.test"), ("TRACES_ENDPOINT", "https://t.test/")], "https://t.test/"),
        ] {
            assert_eq!(read(variables).unwrap().url, url);
        }
        for (url, whole) in [
            ("http://c.test:4318", "http://c.test:4318/v1/traces"),
            ("http://c.test:4318/", "http://c.test:4318/v1/traces"),
            ("http://c.test/own", "http://c.test/own"),
        ] {
            assert_eq!(with_path(url), whole);
        }
    }

    #[test]
    fn headers_are_pairs_whose_values_are_percent_encoded() {
        let headers = read(&[("HEADERS", "api-key=a%20b,x=1=2")]).unwrap().headers;
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_deref().unwrap())).collect();
        assert_eq!(headers, [("api-key", "a b"), ("x", "1=2")]);
        for wrong in ["secret", "a=%0d%0ax:y", "a b=c"] {
            let error = read(&[("HEADERS", wrong)]).err().map(|error| format!("{error:?}")).unwrap();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(read(&[("TIMEOUT", "x")]).is_err() && read(&[("TIMEOUT", "0")]).is_err());
        let read = read(&[("TRACES_TIMEOUT", "1500"), ("TIMEOUT", "1"), ("COMPRESSION", "none")]).unwrap();
        assert_eq!((read.patience, read.packing), (Duration::from_millis(1_500), Packing::None));
        assert_eq!(read.unheeded, <[String; 0]>::default());
    }

    #[test]
    fn what_is_said_of_traces_goes_before_what_is_said_of_all() {
        let own =
            read(&[("TRACES_HEADERS", "a=1"), ("HEADERS", "b=2"), ("TRACES_TIMEOUT", "5"), ("TIMEOUT", "x")]);
        let own = own.unwrap();
        assert_eq!(own.headers, [("a".to_owned(), Some("1".to_owned()))]);
        assert_eq!(own.patience, Duration::from_millis(5));
        // What is empty is not said.
        let empty = read(&[("TRACES_ENDPOINT", " "), ("ENDPOINT", "http://c.test"), ("TRACES_HEADERS", "")]);
        let empty = empty.unwrap();
        assert_eq!((empty.url.as_str(), empty.headers.len()), ("http://c.test/v1/traces", 0));
    }

    #[test]
    fn a_resource_is_named_and_the_service_by_its_own_variable() {
        let named = |variables: &[(&str, &str)]| {
            let said = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
            };
            let mut unheeded = Vec::new();
            (resource(&said, &mut unheeded), unheeded.len())
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let list =
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a, deployment.environment.name=pro%20d,host.name=x=y");
        let (environment, host) = (pair("deployment.environment.name", "pro d"), pair("host.name", "x=y"));
        let expected = vec![pair("service.name", "a"), environment.clone(), host.clone()];
        assert_eq!(named(&[list]), (expected, 0));
        let expected = vec![environment, host, pair("service.name", "b")];
        assert_eq!(named(&[list, ("OTEL_SERVICE_NAME", "b")]), (expected, 0));
        // All or nothing.
        assert_eq!(named(&[("OTEL_RESOURCE_ATTRIBUTES", "a=1,b")]), (vec![], 1));
        assert_eq!(named(&[("OTEL_RESOURCE_ATTRIBUTES", "a=%ff")]), (vec![], 1));
        assert_eq!(named(&[]), (vec![], 0));
    }

    #[test]
    fn what_cannot_be_done_as_asked_is_kept_to_be_said() {
        for (name, text, said) in [
            ("COMPRESSION", "zstd", "OTEL_EXPORTER_OTLP_COMPRESSION asks for `zstd`: gzip was taken"),
            (
                "TRACES_PROTOCOL",
                "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL asks for `grpc`: http/json was spoken",
            ),
            ("CLIENT_KEY", "/k", "OTEL_EXPORTER_OTLP_CLIENT_KEY was not used"),
        ] {
            assert_eq!(read(&[(name, text)]).unwrap().unheeded, [said]);
        }
        for (name, text) in [("COMPRESSION", "gzip"), ("PROTOCOL", "http/json")] {
            assert_eq!(read(&[(name, text)]).unwrap().unheeded, <[String; 0]>::default());
        }
    }
}

//! From arguments and environment to a plan: which option sets what, and which exclude each other.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use super::declarations::{Cli, Command, Common, Connection, Format, Request, Roots, TlsMax, When};
use super::dns::{action, resolver, survey};
use super::environment::Environment;
use super::error::PlanError;
use super::files::{argument_or_file, check_output, read_text, resolv_conf};
use super::settings::{Action, Settings, Show};
use super::syntax::{connect_to, header_field, resolve_override, seconds};
use crate::exit::OnBadStatus;
use crate::http::{basic_credentials, validate_method};
use crate::plan::{
    AnchorsText, DnsPlan, DnssecPlan, Family, HOSTS_FILE, HintsText, HttpPlan, HttpsRecords, Minimisation,
    NSSWITCH, Plan, RootsChoice, TcpPlan, TlsPlan, VersionChoice,
};
use crate::redact::Secrets;
use crate::trace::TlsVersion;

/// Reads arguments (the first is the program's name) into settings.
///
/// # Errors
/// The first argument that cannot be used.
pub fn settings(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Settings, PlanError> {
    let cli = Cli::try_parse_from(arguments).map_err(|error| PlanError::Clap(Box::new(error)))?;
    let show = show(&cli.common, environment);
    let on_bad_status = if cli.request.fail { OnBadStatus::Fail } else { OnBadStatus::Accept };
    let settings = |action, lab| Ok(Settings { action, lab, show, on_bad_status });
    if let Some(what) = cli.generate {
        return settings(Action::Generate(what), false);
    }
    match (cli.command, cli.url) {
        (Some(Command::Lab { serve }), _) => {
            settings(if serve { Action::ServeLab } else { Action::ListLab }, serve)
        }
        (Some(Command::Dns(options)), _) => {
            let mut plan = plan(&cli.common, &cli.connection, &cli.request, environment)?;
            // The lane without a URL has no later stage to leave time for.
            plan.dns.timeout = plan.dns.timeout.min(plan.max_time);
            let show = Show { short: options.short, ..show };
            let action = action(plan, &cli.common, &options)?;
            if matches!(action, Action::AskAll(..)) && show.verbose && show.format == Format::Text {
                return Err(PlanError::with_hint(
                    "-v has nothing to add to the one line that each name of `-` gets",
                    "--format json has every packet",
                ));
            }
            Ok(Settings { action, lab: cli.common.lab, show, on_bad_status })
        }
        (None, Some(url)) => {
            let mut plan = plan(&cli.common, &cli.connection, &cli.request, environment)?;
            plan.dns.survey = survey(&cli.common, plan.dns.server_family)?;
            settings(Action::Trace { url, plan }, cli.common.lab)
        }
        (None, None) => {
            Err(PlanError::with_hint("there is no URL to trace", "urltrace https://www.example.com/"))
        }
    }
}

fn show(common: &Common, environment: &Environment) -> Show {
    let color = match common.color {
        When::Always => true,
        When::Never => false,
        When::Auto if environment.no_color => false,
        When::Auto => environment.force_color || environment.stdout_is_terminal && !environment.dumb_terminal,
    };
    let width = environment.columns.filter(|_| environment.stdout_is_terminal).unwrap_or(80);
    Show {
        format: common.format,
        verbose: common.verbose,
        color,
        unicode: !common.ascii && environment.utf8,
        secrets: if common.show_secrets { Secrets::Show } else { Secrets::Hide },
        progress: environment.stderr_is_terminal && !environment.dumb_terminal && !common.silent,
        width: width.clamp(60, 120),
        terminal: environment.stdout_is_terminal,
        short: false,
    }
}

fn plan(
    common: &Common,
    connection: &Connection,
    request: &Request,
    environment: &Environment,
) -> Result<Plan, PlanError> {
    let family = match (common.ipv4, common.ipv6) {
        (true, _) => Family::Ipv4,
        (_, true) => Family::Ipv6,
        _ => Family::Any,
    };
    let tls = tls_plan(connection, environment);
    Ok(Plan {
        dns: DnsPlan { roots: tls.roots.clone(), ..dns_plan(common, connection, family)? },
        tcp: TcpPlan {
            connect_timeout: seconds("--connect-timeout", &connection.connect_timeout)?,
            family,
            connect_to: connection
                .connect_to
                .iter()
                .map(|text| connect_to(text))
                .collect::<Result<_, _>>()?,
            ..TcpPlan::default()
        },
        tls,
        http: http_plan(request)?,
        max_time: seconds("--max-time", &common.max_time)?,
    })
}

fn dns_plan(common: &Common, connection: &Connection, family: Family) -> Result<DnsPlan, PlanError> {
    let lane = resolver(&common.resolver)?;
    let root_hints = match &common.root_hints {
        None => None,
        Some(path) => {
            Some(HintsText { source: path.display().to_string(), text: read_text("--root-hints", path)? })
        }
    };
    // The lab has a machine's resolver of its own.
    let system = if common.lab { None } else { Some(resolv_conf()) };
    let (stub_servers, search) = system.map(|system| (system.servers, system.search)).unwrap_or_default();
    Ok(DnsPlan {
        lane,
        root_hints,
        minimisation: if common.qmin { Minimisation::Relaxed } else { Minimisation::Off },
        dnssec: dnssec_plan(common)?,
        stub_servers,
        search,
        hosts_file: Some(PathBuf::from(HOSTS_FILE)),
        nsswitch: Some(PathBuf::from(NSSWITCH)),
        family,
        overrides: connection.resolve.iter().map(|text| resolve_override(text)).collect::<Result<_, _>>()?,
        https_records: if connection.no_https_rr { HttpsRecords::Ignore } else { HttpsRecords::Use },
        ..DnsPlan::default()
    })
}

/// `--no-dnssec` and `--trust-anchor`.
fn dnssec_plan(common: &Common) -> Result<DnssecPlan, PlanError> {
    if common.no_dnssec {
        return Ok(DnssecPlan::Off);
    }
    let anchors = match &common.trust_anchor {
        None => None,
        Some(path) => {
            let (source, text) = (path.display().to_string(), read_text("--trust-anchor", path)?);
            Some(AnchorsText { source, text })
        }
    };
    Ok(DnssecPlan::On { anchors })
}

fn tls_plan(connection: &Connection, environment: &Environment) -> TlsPlan {
    let from_environment = environment.ssl_cert_file.is_some() || environment.ssl_cert_dir.is_some();
    let roots = match (&connection.cacert, connection.roots) {
        (Some(path), _) => RootsChoice::File(path.clone()),
        (None, Some(Roots::System)) => RootsChoice::System,
        (None, Some(Roots::Embedded)) => RootsChoice::Embedded,
        (None, None) if from_environment => RootsChoice::Environment {
            file: environment.ssl_cert_file.clone(),
            dir: environment.ssl_cert_dir.clone(),
        },
        (None, None) => RootsChoice::Embedded,
    };
    TlsPlan {
        roots,
        insecure: connection.insecure,
        max_version: match connection.tls_max {
            Some(TlsMax::Tls12) => TlsVersion::Tls12,
            Some(TlsMax::Tls13) | None => TlsVersion::Tls13,
        },
        key_log: environment.ssl_key_log_file.clone(),
    }
}

fn http_plan(request: &Request) -> Result<HttpPlan, PlanError> {
    let mut headers = Vec::new();
    if let Some(referer) = &request.referer {
        headers.push(("Referer".to_owned(), Some(referer.clone())));
    }
    if let Some(user) = &request.user {
        headers.push(("Authorization".to_owned(), Some(basic_credentials(user))));
    }
    if !request.json.is_empty() {
        headers.push(("Content-Type".to_owned(), Some("application/json".to_owned())));
        headers.push(("Accept".to_owned(), Some("application/json".to_owned())));
    }
    for text in &request.headers {
        headers.push(header_field(text)?);
    }
    if let Some(method) = &request.method {
        validate_method(method).map_err(PlanError::usage)?;
    }
    if let Some(path) = &request.output {
        check_output(path)?;
    }
    Ok(HttpPlan {
        version: match (request.http1_1, request.http2) {
            (true, _) => VersionChoice::Http11,
            (_, true) => VersionChoice::Http2,
            _ => VersionChoice::Auto,
        },
        method: request.method.clone().or_else(|| request.head.then(|| "HEAD".to_owned())),
        headers,
        body: body(request)?.map(Into::into),
        user_agent: request.user_agent.clone().unwrap_or_else(|| HttpPlan::default().user_agent),
        compressed: request.compressed,
        follow: request.location,
        max_redirects: request.max_redirs,
        output: request.output.clone(),
        ..HttpPlan::default()
    })
}

fn body(request: &Request) -> Result<Option<Vec<u8>>, PlanError> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for text in &request.data {
        let mut bytes = argument_or_file("-d", text)?;
        if text.starts_with('@') {
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        }
        parts.push(bytes);
    }
    for text in &request.data_binary {
        parts.push(argument_or_file("--data-binary", text)?);
    }
    if !request.json.is_empty() {
        if !parts.is_empty() {
            return Err(PlanError::usage("--json cannot be used together with -d or --data-binary"));
        }
        let parts = request
            .json
            .iter()
            .map(|text| argument_or_file("--json", text))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(Some(parts.concat()));
    }
    Ok((!parts.is_empty()).then(|| parts.join(&b'&')))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(line: &[&str]) -> Result<Settings, PlanError> {
        let arguments = std::iter::once("urltrace").chain(line.iter().copied()).map(OsString::from);
        settings(arguments, &Environment { utf8: true, ..Environment::default() })
    }

    fn plan(line: &[&str]) -> Plan {
        match read(line).unwrap().action {
            Action::Trace { plan, .. } | Action::Ask { plan, .. } => plan,
            other => panic!("{other:?}"),
        }
    }

    fn message(line: &[&str]) -> String {
        match read(line).unwrap_err() {
            PlanError::Usage { message, .. } => message,
            PlanError::Clap(error) => error.to_string(),
        }
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let plan = plan(&["https://example.com/"]);
        assert_eq!(plan.max_time, Duration::from_secs(30));
        assert_eq!(plan.dns.timeout, Duration::from_secs(10));
        assert_eq!(plan.tcp.connect_timeout, Duration::from_secs(10));
        assert_eq!(plan.tls.roots, RootsChoice::Embedded);
        assert_eq!(plan.http.version, VersionChoice::Auto);
    }

    #[test]
    fn options_become_a_plan() {
        let plan = plan(&[
            "-4",
            "-L",
            "-k",
            "--http1.1",
            "-X",
            "PUT",
            "-H",
            "A: b",
            "-H",
            "Accept:",
            "-H",
            "Empty;",
            "-d",
            "x=1",
            "-d",
            "y",
            "--resolve",
            "Example.com:443:192.0.2.1,[2001:db8::1]",
            "--connect-to",
            "a:1:[::1]:2",
            "--resolver",
            "[2001:db8::53]:5353",
            "-m",
            "0.5",
            "--tls-max",
            "1.2",
            "example.com",
        ]);
        assert_eq!(plan.dns.family, Family::Ipv4);
        assert_eq!(plan.http.headers[0], ("A".into(), Some("b".into())));
        assert_eq!(plan.http.headers[1], ("Accept".into(), None));
        assert_eq!(plan.http.headers[2], ("Empty".into(), Some(String::new())));
        assert_eq!(plan.http.body.as_deref(), Some(&b"x=1&y"[..]));
        assert_eq!(plan.dns.overrides[0].host, "example.com");
        assert_eq!(plan.dns.overrides[0].addresses.len(), 2);
        assert_eq!(plan.tcp.connect_to[0].to_host.as_deref(), Some("::1"));
        assert_eq!(
            plan.dns.lane,
            crate::plan::ResolverChoice::Server("[2001:db8::53]:5353".parse().unwrap())
        );
        assert_eq!(plan.dns.server_family, Family::Any, "a URL's family is that of its connections");
        assert_eq!(plan.max_time, Duration::from_millis(500));
        assert_eq!(plan.tls.max_version, TlsVersion::Tls12);
    }

    #[test]
    fn what_cannot_be_used_is_said_plainly() {
        for (line, text) in [
            (&["--resolver", "nobody", "x"][..], "`nobody` is no resolver"),
            (&["--max-time=-1", "x"], "--max-time"),
            (&["--max-time", "soon", "x"], "`soon` is no time"),
            (&["--max-time", "NaN", "x"], "`NaN` is no time"),
            (&["--resolve", "x:443", "x"], "--resolve"),
            (&["--resolve", "x:443:here", "x"], "--resolve"),
            (&["--connect-to", "x", "x"], "--connect-to"),
            (&["-H", "no colon", "x"], "no header field"),
            (&["-H", "bad name: x", "x"], "no name for a header field"),
            (&["-H", "A: b\r\nEvil: 1", "x"], "control character"),
            (&["-X", "GET /", "x"], "is no method"),
            (
                &["--root-hints", "/no/such/file", "x"],
                "`/no/such/file` cannot be read: no such file or directory",
            ),
            (&["--trust-anchor", "/no/such/file", "x"], "--trust-anchor: `/no/such/file` cannot be read"),
            (&["--no-dnssec", "--trust-anchor", "f", "x"], "cannot be used with"),
            (&["-d", "@/no/such/file", "x"], "cannot be read"),
            (&["-o", "/no/such/dir/file", "x"], "there is no directory"),
            (&["dns", "--type", "NOPE", "x"], "`NOPE` is no record type"),
            (&["dns", ""], "no domain name"),
            (&["-4", "-6", "x"], "cannot be used with"),
            (&["dns", "-6", "--resolver", "192.0.2.53", "x"], "the resolver 192.0.2.53 has no IPv6 address"),
            (&["dns", "-4", "--resolver", "tcp://[2001:db8::1]", "x"], "2001:db8::1 has no IPv4 address"),
            (&["dns", "-6", "--propagation", "x"], "--propagation would ask the resolver 1.1.1.1"),
            (&["--format", "xml", "x"], "invalid value"),
            (&[], "required"),
        ] {
            assert!(message(line).contains(text), "{line:?}: {}", message(line));
        }
    }

    #[test]
    fn the_environment_replaces_the_embedded_roots_unless_an_option_speaks() {
        let environment = Environment { ssl_cert_file: Some("/x.pem".into()), ..Environment::default() };
        let roots =
            |line: &[&str]| match settings(line.iter().map(OsString::from), &environment).unwrap().action {
                Action::Trace { plan, .. } => plan.tls.roots,
                other => panic!("{other:?}"),
            };
        assert!(matches!(roots(&["urltrace", "x"]), RootsChoice::Environment { file: Some(_), dir: None }));
        assert_eq!(roots(&["urltrace", "--roots", "embedded", "x"]), RootsChoice::Embedded);
        assert_eq!(roots(&["urltrace", "--cacert", "a.pem", "x"]), RootsChoice::File("a.pem".into()));
    }

    #[test]
    fn colours_follow_option_then_no_color_then_terminal() {
        let color = |line: &[&str], environment: &Environment| {
            settings(line.iter().map(OsString::from), environment).unwrap().show.color
        };
        let terminal = Environment { stdout_is_terminal: true, ..Environment::default() };
        let no_color = Environment { no_color: true, ..terminal.clone() };
        let forced = Environment { force_color: true, ..Environment::default() };
        assert!(color(&["urltrace", "x"], &terminal));
        assert!(!color(&["urltrace", "x"], &no_color));
        assert!(color(&["urltrace", "--color", "always", "x"], &no_color));
        assert!(color(&["urltrace", "x"], &forced));
        assert!(!color(&["urltrace", "x"], &Environment::default()));
    }
}

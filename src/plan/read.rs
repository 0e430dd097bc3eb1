//! From arguments and environment to a plan. Reads the small files that a plan needs as text (root
//! hints, request bodies, resolv.conf); certificates are read by the stage that trusts them.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Parser;

use super::syntax::{connect_to, header_field, resolve_override, seconds};
use super::{
    AnchorsText, Batch, DnsPlan, DnssecPlan, Family, HOSTS_FILE, HintsText, HttpPlan, HttpsRecords,
    Minimisation, Plan, Question, RootsChoice, TcpPlan, TlsPlan, TlsVersion, VersionChoice,
};
use crate::cli::{Cli, Command, Common, Connection, Format, Generate, Request, Roots, TlsMax, When};
use crate::exit::OnBadStatus;
use crate::http::{basic_credentials, validate_method};
use crate::os;
use crate::redact::Secrets;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The action.
    pub action: Action,
    /// Inside the lab.
    pub lab: bool,
    /// How to show the result.
    pub show: Show,
    /// `--fail`.
    pub on_bad_status: OnBadStatus,
}

/// What the program can do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Trace a URL.
    Trace(Plan),
    /// Walk a name.
    Ask(Plan, Question),
    /// Walk many names.
    AskAll(Plan, Batch),
    /// `urltrace lab`.
    ListLab,
    /// `urltrace lab --serve`.
    ServeLab,
    /// `--generate`.
    Generate(Generate),
}

/// How to show the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct Show {
    /// The format.
    pub format: Format,
    /// Headers, chain and packets, too.
    pub verbose: bool,
    /// Colours.
    pub color: bool,
    /// UTF-8 drawing.
    pub unicode: bool,
    /// Secrets in clear.
    pub secrets: Secrets,
    /// A progress line on stderr.
    pub progress: bool,
    /// Columns.
    pub width: usize,
    /// Whether somebody reads the report on a terminal.
    pub terminal: bool,
    /// The data of a DNS answer only.
    pub short: bool,
}

/// What the environment says, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `SSL_CERT_FILE`.
    pub ssl_cert_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`.
    pub ssl_cert_dir: Option<PathBuf>,
    /// `SSLKEYLOGFILE`.
    pub ssl_key_log_file: Option<PathBuf>,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub force_color: bool,
    /// The locale speaks UTF-8.
    pub utf8: bool,
    /// `TERM=dumb`.
    pub dumb_terminal: bool,
    /// `COLUMNS`.
    pub columns: Option<usize>,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// Reads the process's environment.
    #[must_use]
    pub fn read() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = |name: &str| set(name).map(PathBuf::from);
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        // POSIX: the first of these that is set and not empty decides.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        Self {
            ssl_cert_file: path("SSL_CERT_FILE"),
            ssl_cert_dir: path("SSL_CERT_DIR"),
            ssl_key_log_file: path("SSLKEYLOGFILE"),
            no_color: set("NO_COLOR").is_some(),
            force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            // No locale at all is common in containers and CI, where UTF-8 is the rule by now.
            utf8: locale.is_none_or(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
            dumb_terminal: text("TERM").as_deref() == Some("dumb"),
            columns: text("COLUMNS").and_then(|columns| columns.parse().ok()),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

/// Why there is no plan.
#[derive(Debug)]
pub enum PlanError {
    /// Clap's own error, or `--help` and `--version`.
    Clap(Box<clap::Error>),
    /// An argument that reads well and means nothing, or a file that cannot be used.
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
}

impl PlanError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    pub(super) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }
}

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
            let input = options.name.clone().or_else(|| options.reverse.clone()).unwrap_or_default();
            let mut plan = plan(input, &cli.common, &cli.connection, &cli.request, environment)?;
            // The lane without a URL has no later stage to leave time for.
            plan.dns.timeout = plan.dns.timeout.min(plan.max_time);
            let show = Show { short: options.short, ..show };
            let action = super::dns::action(plan, &cli.common, &options)?;
            if matches!(action, Action::AskAll(..)) && show.verbose && show.format == Format::Text {
                return Err(PlanError::with_hint(
                    "-v has nothing to add to the one line that each name of `-` gets",
                    "--format json has every packet",
                ));
            }
            Ok(Settings { action, lab: cli.common.lab, show, on_bad_status })
        }
        (None, Some(url)) => {
            let mut plan = plan(url, &cli.common, &cli.connection, &cli.request, environment)?;
            plan.dns.survey = super::dns::survey(&cli.common, plan.dns.server_family)?;
            settings(Action::Trace(plan), cli.common.lab)
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
    input: String,
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
        input,
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
    let lane = super::dns::resolver(&common.resolver)?;
    let root_hints = match &common.root_hints {
        None => None,
        Some(path) => {
            Some(HintsText { source: path.display().to_string(), text: read_text("--root-hints", path)? })
        }
    };
    Ok(DnsPlan {
        lane,
        root_hints,
        minimisation: if common.qmin { Minimisation::Relaxed } else { Minimisation::Off },
        dnssec: dnssec_plan(common)?,
        stub_servers: if common.lab { Vec::new() } else { system_resolvers() },
        hosts_file: Some(PathBuf::from(HOSTS_FILE)),
        nsswitch: Some(PathBuf::from(super::NSSWITCH)),
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

/// The servers of resolv.conf, in order; none when the machine has none.
fn system_resolvers() -> Vec<SocketAddr> {
    let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() else { return Vec::new() };
    let mut servers = Vec::new();
    for server in config.name_servers() {
        let port = server.connections.first().map_or(53, |connection| connection.port);
        let address = SocketAddr::new(server.ip, port);
        if !servers.contains(&address) {
            servers.push(address);
        }
    }
    servers
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
        body: body(request)?,
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

fn argument_or_file(option: &str, text: &str) -> Result<Vec<u8>, PlanError> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.as_bytes().to_vec()) };
    let result = if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    result.map_err(|error| {
        PlanError::usage(format!("{option}: `{path}` cannot be read: {}", os::words(&error)))
    })
}

pub(super) fn read_text(option: &str, path: &Path) -> Result<String, PlanError> {
    let bytes = std::fs::read(path).map_err(|error| {
        PlanError::usage(format!("{option}: `{}` cannot be read: {}", path.display(), os::words(&error)))
    })?;
    String::from_utf8(bytes)
        .map_err(|_| PlanError::usage(format!("{option}: `{}` is not text", path.display())))
}

/// Said before the network is touched, so that a long trace does not end at a wrong path.
fn check_output(path: &Path) -> Result<(), PlanError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(PlanError::usage(format!("-o: `{}` is a directory", path.display())));
    }
    if !parent.is_dir() {
        return Err(PlanError::usage(format!("-o: there is no directory `{}`", parent.display())));
    }
    Ok(())
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
            Action::Trace(plan) | Action::Ask(plan, _) => plan,
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
            super::super::ResolverChoice::Server("[2001:db8::53]:5353".parse().unwrap())
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
                Action::Trace(plan) => plan.tls.roots,
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

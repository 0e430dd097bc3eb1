//! From arguments and environment to a plan: which option sets what, and which exclude each other.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::declarations::{
    CheckOptions, Cli, Command, Common, Connection, Diagram, DnsOptions, Format, Request, Roots, TlsMax,
    Until, When,
};
use super::environment::Environment;
use super::error::PlanError;
use super::fields;
use super::files::{exports, output, read_body, read_text, resolv_conf};
use super::many::Saved;
use super::serving::ServeOptions;
use super::settings::{Action, Settings, Show, Source, Stream};
use super::syntax::{byte_ranges, limit, pause, redirects, resolve_override};
use super::{
    body, budgets, check, compared, connection, cookies, dns, findings, hands, identity, origin, otlp, page,
    password, proxy, reuse, runs, secrets, serve, show, tour, urls,
};
use crate::clock::Clock;
use crate::finding::Selection;
use crate::http::{basic_credentials, validate_method};
use crate::plan::{
    Afterwards, AnchorsText, Collector, Compression, CookieJar, DNS_TIMEOUT, DnsPlan, DnssecPlan,
    EXPECT_TIMEOUT, ExpectPlan, Family, HOSTS_FILE, HintsText, Http3, HttpPlan, HttpsRecords, ManyPlan,
    Minimisation, NSSWITCH, Plan, ProxyPlan, RequestBody, Resume, RetryMethods, RetryPlan, RetryRefused,
    RootsChoice, Scan, TlsPlan, TraceContextPlan, VersionChoice,
};
use crate::redact::Secrets;
use crate::trace::{StageName, TlsVersion};

/// Reads arguments (the first is the program's name) into settings.
///
/// # Errors
/// The first argument that cannot be used.
pub fn settings(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Settings, PlanError> {
    let arguments = hands::words(arguments.into_iter().collect());
    let matches =
        Cli::command().try_get_matches_from(&arguments).map_err(|error| hands::refused(error, &arguments))?;
    hands::check_places(&matches)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| PlanError::Clap(Box::new(error)))?;
    otlp::settle(&mut cli, &arguments);
    let selection = findings::selection(&cli.common)?;
    let exports = exports(cli.exports.clone(), cli.request.output.as_deref())?;
    let show = Show { selection, exports, ..show(&cli, environment) };
    let on_bad_status = urls::on_bad_status(&cli)?;
    let settings = |action, lab, show| Ok(Settings::of(action, lab, show, &on_bad_status));
    if let Some(what) = cli.generate {
        return settings(Action::Generate(what), false, show);
    }
    match cli.command.take() {
        Some(Command::Check(options)) => {
            let (action, show) = checked(&mut cli, *options, &matches, environment, show)?;
            settings(action, cli.common.lab, show)
        }
        Some(Command::Diff(saved)) => {
            let Saved { a, b, exports: wanted } = *saved;
            let show = Show { exports: self::exports(wanted, None)?, ..show };
            compared::check_form("diff", &show, &[])?;
            let read = |name: String| read_body("diff", &name).map(|bytes| (name, bytes));
            let action = Action::Diff { a: read(a)?, b: read(b)? };
            settings(action, false, show)
        }
        Some(Command::Show(options)) => {
            let (action, show) = show::action(*options, show)?;
            settings(action, false, show)
        }
        Some(Command::Findings) => settings(Action::ListFindings, false, show),
        Some(Command::Lab { tour: Some(only), .. }) => {
            let action = tour::action(only, &show, environment, |words, environment| {
                self::settings(words, environment)
            })?;
            settings(action, false, show)
        }
        Some(Command::Lab { serve, tour: None }) => {
            settings(if serve { Action::ServeLab } else { Action::ListLab }, serve, show)
        }
        Some(Command::Serve(options)) => {
            let action = served(&mut cli, &options, &matches, environment)?;
            settings(action, false, show)
        }
        Some(Command::Explain { topic }) => {
            let topic = (!topic.is_empty()).then(|| topic.join(" "));
            settings(Action::Explain(topic), false, show)
        }
        Some(Command::Dns(options)) => {
            let (action, show) = looked_up(&mut cli, options, &matches, environment, show)?;
            settings(action, cli.common.lab, show)
        }
        None => {
            let (action, show) = traced(&cli, &matches, environment, show)?;
            let collector = collector(&cli, &action, environment)?;
            Ok(Settings { collector, ..settings(action, cli.common.lab, show)? })
        }
    }
}

/// `urltrace serve`: probes with this machine's resolver, unless it is said otherwise.
fn served(
    cli: &mut Cli,
    options: &ServeOptions,
    matches: &ArgMatches,
    environment: &Environment,
) -> Result<Action, PlanError> {
    if cli.common.lab {
        return Err(PlanError::with_hint(
            "a probe server has no lab",
            "`urltrace lab --serve` keeps the lab running for other tools",
        ));
    }
    // A monitor comes again and again: it asks this machine's resolver, unless it is told whom.
    let inner = matches.subcommand_matches("serve");
    let source = inner.and_then(|inner| inner.value_source("resolver"));
    if source != Some(ValueSource::CommandLine) {
        cli.common.resolver = "system".to_owned();
    }
    serve::action(options, plan(cli, matches, environment)?, environment)
}

/// `urltrace dns`: a name, or a list of them.
fn looked_up(
    cli: &mut Cli,
    options: DnsOptions,
    matches: &ArgMatches,
    environment: &Environment,
    show: Show,
) -> Result<(Action, Show), PlanError> {
    let options = dns::as_dig(options, &mut cli.common)?;
    dns::check_format(show.format)?;
    hands::check_story(&show, options.short || options.words.iter().any(|word| word == "-"))?;
    hands::check_lab(&cli.common, None)?;
    let mut plan = plan(cli, matches, environment)?;
    // The lane without a URL has no later stage to leave time for.
    plan.dns.timeout = plan.dns.timeout.min(plan.max_time);
    let show = Show { short: options.short, ..show };
    let action = dns::action(plan, &cli.common, &options)?;
    if matches!(action, Action::AskAll(..)) && show.verbose && show.format == Format::Text {
        return Err(PlanError::with_hint(
            "-v has nothing to add to the one line that each name of `-` gets",
            "--format json has every packet",
        ));
    }
    Ok((action, show))
}

/// `urltrace check`: a trace with defaults of its own.
fn checked(
    cli: &mut Cli,
    options: CheckOptions,
    matches: &ArgMatches,
    environment: &Environment,
    show: Show,
) -> Result<(Action, Show), PlanError> {
    // Its own options are those of the sub-command.
    let matches = matches.subcommand().map_or(matches, |(_, inner)| inner);
    check::check(&options, &show)?;
    let thresholds = check::thresholds(&options)?;
    check::settle(&mut cli.common, &options, matches);
    (cli.urls, cli.connection, cli.request) = (vec![options.url], options.connection, options.request);
    let (action, show) = traced(cli, matches, environment, show)?;
    let action = match action {
        Action::Trace { url, plan } => Action::Check { url, plan, thresholds },
        other => other,
    };
    Ok((action, show))
}

/// What is done with a URL.
fn traced(
    cli: &Cli,
    matches: &ArgMatches,
    environment: &Environment,
    show: Show,
) -> Result<(Action, Show), PlanError> {
    hands::check_words(cli)?;
    let sources = urls::sources(cli)?;
    let many = urls::plan(&cli.many, sources.is_some())?;
    if let Some(sources) = sources {
        return many_urls(sources, many, cli, matches, environment, show);
    }
    let compared = compared::read(&cli.request.compared)?;
    let url = compared::url(cli, compared.as_ref())?;
    hands::check_story(&show, false)?;
    hands::check_lab(&cli.common, Some(&url))?;
    if cli.common.lab {
        proxy::check_lab(&cli.connection)?;
    }
    let mut plan = plan(cli, matches, environment)?;
    let data = plan.http.body.as_ref().filter(|_| cli.request.get).and_then(RequestBody::in_memory);
    let url = body::url(&cli.request, url, data.as_deref())?;
    if cli.request.get {
        plan.http.body = None;
    }
    let redirects = if plan.http.follow { proxy::Redirects::Followed } else { proxy::Redirects::Told };
    let of_url = compared::one_url(compared.as_ref(), &url);
    plan.proxy = proxy::plan(&cli.connection.proxies, of_url, redirects, cli.common.lab, environment)?;
    plan.dns.survey = dns::survey(&cli.common, plan.dns.server_family)?;
    page::check(&cli.request.paged, &show)?;
    secrets::check(&show, cli.telemetry.otlp.is_some())?;
    let repeat = runs::repeat(&cli.runs)?;
    let budgets = budgets::budgets(&cli.budgets, repeat.as_ref())?;
    let show = Show { budgets, ..show };
    let action = match (compared, repeat) {
        (Some(wanted), repeat) => {
            let compare = compared::plan(cli, wanted, repeat.as_ref(), &plan, &show)?;
            Action::Compare { url, plan, compare }
        }
        (None, Some(repeat)) => {
            runs::check(cli, &plan, &show)?;
            Action::Repeat { url, plan, repeat }
        }
        (None, None) => Action::Trace { url, plan },
    };
    Ok((action, show))
}

/// What is done with many URLs.
fn many_urls(
    sources: Vec<Source>,
    many: ManyPlan,
    cli: &Cli,
    matches: &ArgMatches,
    environment: &Environment,
    show: Show,
) -> Result<(Action, Show), PlanError> {
    hands::check_lab(&cli.common, None)?;
    if cli.common.lab {
        proxy::check_lab(&cli.connection)?;
    }
    let mut plan = plan(cli, matches, environment)?;
    urls::check(cli, &plan, &show)?;
    secrets::check(&show, cli.telemetry.otlp.is_some())?;
    let redirects = if plan.http.follow { proxy::Redirects::Followed } else { proxy::Redirects::Told };
    plan.proxy = proxy::plan(&cli.connection.proxies, None, redirects, cli.common.lab, environment)?;
    let budgets = budgets::budgets(&cli.budgets, None)?;
    Ok((Action::Many { sources, plan, many }, Show { budgets, ..show }))
}

/// Where spans go: those of one URL, of its runs or ways, or of many URLs.
fn collector(
    cli: &Cli,
    action: &Action,
    environment: &Environment,
) -> Result<Option<Box<Collector>>, PlanError> {
    match action {
        Action::Trace { plan, .. }
        | Action::Repeat { plan, .. }
        | Action::Many { plan, .. }
        | Action::Compare { plan, .. } => otlp::collector(&cli.telemetry, &plan.tls.roots, environment),
        _ => Ok(None),
    }
}

/// The narrowest and the widest report.
const COLUMNS: std::ops::RangeInclusive<usize> = 40..=160;

fn show(cli: &Cli, environment: &Environment) -> Show {
    let common = &cli.common;
    // Where the body takes standard output, the report goes beside it.
    let aside = cli.request.output.as_deref().is_some_and(hands::is_standard_output);
    let (terminal, columns) = if aside {
        (environment.stderr_is_terminal, environment.stderr_columns)
    } else {
        (environment.stdout_is_terminal, environment.stdout_columns)
    };
    let color = match common.color {
        When::Always => true,
        When::Never => false,
        When::Auto if environment.no_color => false,
        When::Auto => environment.force_color || terminal && !environment.dumb_terminal,
    };
    let width = environment.columns.or(columns).unwrap_or(80);
    Show {
        exports: Vec::new(),
        format: common.format,
        to: if aside { Stream::Error } else { Stream::Output },
        diagram: if common.ladder { Diagram::Ladder } else { common.diagram },
        verbose: common.verbose,
        headers: cli.request.include,
        explain: common.explain,
        color,
        unicode: !common.ascii && environment.utf8,
        secrets: if common.show_secrets { Secrets::Show } else { Secrets::Hide },
        progress: progress(common, environment),
        width: width.clamp(*COLUMNS.start(), *COLUMNS.end()),
        terminal,
        short: false,
        selection: Selection::default(),
        budgets: Vec::new(),
    }
}

/// The columns for a progress line: on a terminal that can take it away again.
fn progress(common: &Common, environment: &Environment) -> Option<usize> {
    let wanted = environment.stderr_is_terminal && !environment.dumb_terminal && !common.silent;
    wanted.then(|| environment.stderr_columns.unwrap_or(80))
}

/// The most that DNS gets of a long `--max-time`, or of none.
const MOST_DNS: std::time::Duration = std::time::Duration::from_secs(60);

fn plan(cli: &Cli, matches: &ArgMatches, environment: &Environment) -> Result<Plan, PlanError> {
    let Cli { common, connection, request, .. } = cli;
    let family = match (common.ipv4, common.ipv6) {
        (true, _) => Family::Ipv4,
        (_, true) => Family::Ipv6,
        _ => Family::Any,
    };
    let tls = TlsPlan {
        identity: identity::identity(connection, common.lab, environment)?,
        ..tls_plan(connection, environment)
    };
    let max_time = limit("--max-time", &common.max_time)?;
    // Who gives a time wants it to be used: a slow zone is waited for.
    let is_given = matches.value_source("max_time") == Some(ValueSource::CommandLine);
    let timeout = if is_given { DNS_TIMEOUT.max(max_time.min(MOST_DNS)) } else { DNS_TIMEOUT };
    Ok(Plan {
        dns: DnsPlan {
            roots: tls.roots.clone(),
            timeout,
            ..dns_plan(common, connection, family, environment)?
        },
        tcp: connection::tcp_plan(connection, request, family)?,
        // Only a URL has one.
        proxy: ProxyPlan::default(),
        tls,
        http: http_plan(request, matches)?,
        page: page::page(&request.paged),
        until: match connection.until {
            None => StageName::Http,
            Some(Until::Tls) => StageName::Tls,
            Some(Until::Tcp) => StageName::Tcp,
            Some(Until::Dns) => StageName::Dns,
            Some(Until::Url) => StageName::Url,
        },
        max_time,
        afterwards: Afterwards::Usual,
    })
}

fn dns_plan(
    common: &Common,
    connection: &Connection,
    family: Family,
    environment: &Environment,
) -> Result<DnsPlan, PlanError> {
    let lane = dns::resolver(&common.resolver)?;
    let root_hints = match &common.root_hints {
        None => None,
        Some(path) => {
            Some(HintsText { source: path.display().to_string(), text: read_text("--root-hints", path)? })
        }
    };
    // The lab has a machine's resolver of its own.
    let system = if common.lab { None } else { Some(resolv_conf().changed_by(environment)) };
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
        resume: if connection.resume { Resume::Afterwards } else { Resume::Never },
        scan: if connection.tls_scan { Scan::Afterwards } else { Scan::Never },
        ..TlsPlan::default()
    }
}

fn http_plan(request: &Request, matches: &ArgMatches) -> Result<HttpPlan, PlanError> {
    let mut given = fields::read("-H", &request.headers)?;
    let content = body::content(request, &given, matches)?;
    if let Some(boundary) = &content.boundary {
        fields::name_boundary(&mut given, boundary);
    }
    let cookies = cookies::read(&request.cookie, Clock::start().started_at())?;
    let mut headers = own_fields(request)?;
    headers.extend(cookies.text.map(|text| ("Cookie".to_owned(), Some(text))));
    headers.extend(content.fields);
    // One field of a name (RFC 9110 §5.3): as with curl, what -H says of it replaces an option's.
    headers.retain(|(name, _)| !given.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    headers.extend(given);
    if let Some(method) = &request.method {
        validate_method(method).map_err(PlanError::usage)?;
    }
    Ok(HttpPlan {
        version: match (request.http1_1, request.http2, request.http3_only) {
            (true, _, _) => VersionChoice::Http11,
            (_, true, _) => VersionChoice::Http2,
            (_, _, true) => VersionChoice::Http3Only,
            _ => VersionChoice::Auto,
        },
        http3: match (request.http3, request.no_http3) {
            (_, true) => Http3::Never,
            (true, _) => Http3::Always,
            _ => Http3::WhereOffered,
        },
        method: request.method.clone().or_else(|| {
            let asked = if request.head { Some("HEAD") } else { content.method };
            asked.map(str::to_owned)
        }),
        headers,
        cookies: cookies.kept,
        cookie_jar: if request.cookies || request.paged.page { CookieJar::OfChain } else { cookies.jar },
        retry: retry_plan(request)?,
        body: content.body,
        expect: match request.expect100 || request.expect100_timeout.is_some() {
            true => ExpectPlan::Asked,
            false => ExpectPlan::ByField,
        },
        expect_timeout: match &request.expect100_timeout {
            Some(text) => pause("--expect100-timeout", text)?.unwrap_or_default(),
            None => EXPECT_TIMEOUT,
        },
        trace_context: if request.traceparent { TraceContextPlan::Sent } else { TraceContextPlan::Absent },
        user_agent: request.user_agent.clone().unwrap_or_else(|| HttpPlan::default().user_agent),
        compression: match (request.compressed, request.no_compressed) {
            (true, _) => Compression::Undone,
            (_, true) => Compression::Unasked,
            (false, false) => Compression::Asked,
        },
        follow: request.location || request.location_trusted || request.paged.page,
        trusts_redirects: request.location_trusted,
        max_redirects: redirects(&request.max_redirs)?,
        output: request.output.as_deref().map(output).transpose()?,
        origin: request.origin.as_deref().map(origin::origin).transpose()?,
        reuse: reuse::reuse(request)?,
        ..HttpPlan::default()
    })
}

/// `--retry` and its kin.
fn retry_plan(request: &Request) -> Result<RetryPlan, PlanError> {
    Ok(RetryPlan {
        times: request.retry.unwrap_or(0),
        delay: match &request.retry_delay {
            Some(text) => pause("--retry-delay", text)?,
            None => None,
        },
        methods: if request.retry_all { RetryMethods::All } else { RetryMethods::Idempotent },
        refused: if request.retry_connrefused { RetryRefused::Yes } else { RetryRefused::No },
    })
}

/// The fields that options other than -H ask for.
fn own_fields(request: &Request) -> Result<Vec<(String, Option<String>)>, PlanError> {
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), Some(value)));
    // curl's `;auto` asks for the redirecting URL behind it; an empty one sends none.
    let referer = request.referer.as_deref().map(|text| text.trim_end_matches(";auto"));
    if let Some(referer) = referer.filter(|text| !text.is_empty()) {
        add("Referer", referer.to_owned());
    }
    if let Some(user) = &request.user {
        let credentials =
            if user.contains(':') { user.clone() } else { format!("{user}:{}", password::ask(user)?) };
        add("Authorization", basic_credentials(&credentials));
    }
    if let Some(range) = &request.range {
        add("Range", format!("bytes={}", byte_ranges(range)?));
    }
    Ok(fields)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

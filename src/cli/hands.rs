//! What hands type: words that mean an option, options of other tools, and arguments in the wrong place.
//! Says in one line what is right; makes no plan.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, ValueEnum as _};

use super::borrowed::{self, Answer};
use super::declarations::{Cli, Common, Connection, Format, Request};
use super::error::PlanError;
use super::settings::Show;

/// `urltrace help` and `urltrace version`, as the options that they mean.
pub(super) fn words(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let word = |index: usize| arguments.get(index).and_then(|word: &OsString| word.to_str());
    match (word(1), word(2), arguments.len()) {
        (Some("version"), None, 2) => arguments[1] = "--version".into(),
        (Some("help"), None, 2) => arguments[1] = "--help".into(),
        // An option can be a topic, too.
        (Some("explain"), Some(option), 3) if option.starts_with('-') && !is_for_explain(option) => {
            arguments.insert(2, "--".into());
        }
        (Some("help"), Some("check" | "diff" | "dns" | "lab" | "findings" | "explain" | "show"), 3) => {
            arguments.swap(1, 2);
            arguments[2] = "--help".into();
        }
        _ => {}
    }
    arguments
}

/// Options of one word that `explain` heeds, in place of telling what they are.
fn is_for_explain(option: &str) -> bool {
    matches!(option, "--" | "-h" | "--help" | "--ascii") || option.starts_with("--color=")
}

/// Options that look further than one request, each with whether it was given: for what has no room for them.
pub(super) fn looks_further(connection: &Connection, request: &Request) -> [(&'static str, bool); 7] {
    [
        ("--tls-scan", connection.tls_scan),
        ("--route", connection.route),
        ("--all-addresses", connection.all_addresses.is_some()),
        ("--resume", connection.resume),
        ("--reuse", request.reuse.is_some()),
        request.compared.given().map_or(("--compare", false), |(option, _)| (option, true)),
        ("--page", request.paged.page),
    ]
}

/// The format that was asked for, for an error on arguments that cannot be read.
#[must_use]
pub fn requested_format(arguments: &[OsString]) -> Format {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    let mut format = Format::Text;
    while let Some(word) = words.next() {
        let value = match word {
            "--" => break,
            "--format" => words.next(),
            _ => word.strip_prefix("--format="),
        };
        if let Some(named) = value.and_then(|value| Format::from_str(value, true).ok()) {
            format = named;
        }
    }
    format
}

/// Whether it is a check, whose errors go where a monitor looks for them.
#[must_use]
pub fn is_check(arguments: &[OsString]) -> bool {
    let is_option = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with('-'));
    arguments.iter().skip(1).find(|word| !is_option(word)).is_some_and(|word| word == "check")
}

/// What is wrong in our words; clap's own are left for what nobody has met yet.
pub(super) fn refused(error: clap::Error, arguments: &[OsString]) -> PlanError {
    let at = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let bare = |text: &str| text.split([' ', '=', ',', '[']).next().unwrap_or_default().to_owned();
    let name = bare(&at);
    let of = |kind| error.get(kind).map(ToString::to_string).filter(|text| !text.is_empty());
    let (value, valid) = (of(ContextKind::InvalidValue), of(ContextKind::ValidValue));
    match (error.kind(), value, valid, of(ContextKind::PriorArg)) {
        (ErrorKind::UnknownArgument, ..) => unknown(&name, &error, arguments),
        (ErrorKind::InvalidValue, None, valid, _) => PlanError::with_hint(
            format!("{name} needs a value"),
            valid.unwrap_or_else(|| "`urltrace --help` shows its form".to_owned()),
        ),
        (ErrorKind::InvalidValue, Some(value), Some(valid), _) => {
            PlanError::with_hint(format!("{name}: `{value}` is not one of its values"), valid)
        }
        (ErrorKind::ValueValidation, Some(value), ..) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}")).unwrap_or_default();
            PlanError::usage(format!("{name}: `{value}` cannot be read{why}"))
        }
        (ErrorKind::MissingRequiredArgument, ..) => {
            PlanError::usage(format!("{at} {} missing", if at.contains(", ") { "are" } else { "is" }))
        }
        (ErrorKind::ArgumentConflict, _, _, Some(other)) => {
            let other = bare(&other);
            PlanError::usage(if name == other {
                format!("{name} can be given only once")
            } else {
                format!("{name} cannot be used with {other}")
            })
        }
        _ => PlanError::Clap(Box::new(error)),
    }
}

/// An option that there is not, or a word too many.
fn unknown(option: &str, error: &clap::Error, arguments: &[OsString]) -> PlanError {
    if !option.starts_with('-') {
        return second_word(option, arguments);
    }
    let dns = arguments.iter().skip(1).any(|word| word == "dns");
    let own = dns.then(|| borrowed::dig(option)).flatten();
    let cli = Cli::command();
    if own.is_none()
        && dns
        && cli.get_arguments().any(|argument| names(argument).iter().any(|name| name == option))
    {
        return misplaced(option, "dns");
    }
    if let Some(answer) = own.or_else(|| borrowed::answer(option)) {
        return answered(option, answer);
    }
    let suggested = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(other)) if is_near(option, other) => format!("did you mean {other}? "),
        _ => String::new(),
    };
    let help = if dns { "urltrace dns --help" } else { "urltrace --help" };
    PlanError::with_hint(format!("there is no option {option}"), format!("{suggested}`{help}` lists all"))
}

/// What there is in place of an option of another tool.
pub(super) fn answered(option: &str, answer: Answer) -> PlanError {
    PlanError::usage(match answer {
        Answer::Use(instead) => format!("there is no option {option}: {instead}"),
        Answer::Later(meanwhile) => format!("{option} is not supported yet: {meanwhile}"),
    })
}

/// Whether one may have been typed for the other. What merely has a few letters in common misleads.
fn is_near(typed: &str, other: &str) -> bool {
    let (typed, other) = (typed.trim_start_matches('-'), other.trim_start_matches('-'));
    let same = typed.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    same >= 3 && typed.len().abs_diff(other.len()) <= 3
}

fn names(argument: &Arg) -> Vec<String> {
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    short.into_iter().chain(long).collect()
}

fn misplaced(option: &str, command: &str) -> PlanError {
    PlanError::usage(format!("{option} is for tracing a URL: `urltrace {command}` does not take it"))
}

/// Refuses what stands in front of a sub-command and would be ignored, and what `lab` and `explain` have no
/// use for.
pub(super) fn check_places(matches: &ArgMatches) -> Result<(), PlanError> {
    let Some((command, inner)) = matches.subcommand() else { return Ok(()) };
    let cli: Command = Cli::command();
    let given = |matches: &ArgMatches, argument: &Arg| {
        matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    for argument in cli.get_arguments() {
        let option = names(argument).pop();
        if argument.is_global_set() {
            let styles = ["color", "ascii", "silent", "show_error", "verbose", "lab"];
            let of_probes = ["resolver", "root_hints", "cacert", "roots"];
            let id = argument.get_id().as_str();
            let is_taken = styles.contains(&id)
                || ["check", "dns"].contains(&command)
                || command == "serve" && of_probes.contains(&id)
                || command == "diff" && matches!(id, "format" | "show_secrets")
                || command == "show" && is_of_reports(id);
            if given(inner, argument) && !is_taken {
                let option = option.unwrap_or_default();
                let does = match command {
                    "explain" => "prints a text",
                    "serve" => "answers scrapes",
                    "diff" => "prints a table",
                    "show" => "traces nothing",
                    _ => "prints a list",
                };
                return Err(PlanError::usage(format!(
                    "`urltrace {command}` {does}: it does not take {option}"
                )));
            }
        } else if given(matches, argument) {
            return Err(option.map_or_else(|| url_in_front_of(command), |option| misplaced(&option, command)));
        }
    }
    Ok(())
}

/// Options of how a report looks, and of what is told in it.
fn is_of_reports(id: &str) -> bool {
    matches!(id, "format" | "show_secrets" | "ladder" | "diagram" | "explain" | "only" | "ignore" | "fail_on")
}

/// Refuses `--explain` where no story can be told; `bare` is output that has room for data alone.
pub(super) fn check_story(show: &Show, bare: bool) -> Result<(), PlanError> {
    match show.format {
        _ if !show.explain => Ok(()),
        Format::Text | Format::Html | Format::Markdown if bare => {
            Err(PlanError::usage("--explain tells of one whole run: not with --short, +short or `-`"))
        }
        Format::Text | Format::Html | Format::Markdown => Ok(()),
        _ => Err(PlanError::with_hint(
            "--explain tells a story for people, and a document for programs or a picture has no place for it",
            "without --format it stands below the report; --format html has it always",
        )),
    }
}

/// Refuses what would lead out of the lab, or be ignored in it.
pub(super) fn check_lab(common: &Common, url: Option<&str>) -> Result<(), PlanError> {
    if !common.lab {
        return Ok(());
    }
    let refuse = |what: &str| Err(PlanError::usage(format!("--lab has no outside: {what}")));
    if common.resolver != "walk" {
        return refuse("it cannot be used with --resolver");
    }
    if common.root_hints.is_some() {
        return refuse("it has root servers of its own, and --root-hints cannot be used with it");
    }
    match url.and_then(|url| outside_the_lab(common.lab, url)) {
        Some(why) => Err(PlanError::usage(why)),
        None => Ok(()),
    }
}

/// Why a URL cannot be traced in the lab; `None` where it can, or where there is no lab.
pub(super) fn outside_the_lab(lab: bool, url: &str) -> Option<String> {
    let address = lab.then(|| address_of(url))??;
    (!matches!(address.octets(), [127, 53, ..])).then(|| {
        "--lab has no outside: its web servers have names and addresses in 127.53.0.0/16; `urltrace lab` lists them"
            .to_owned()
    })
}

/// The address in a URL; an IPv6 address, of which the lab has none, as one that is not in it.
fn address_of(url: &str) -> Option<std::net::Ipv4Addr> {
    // Other schemes have hosts that the parser does not look into.
    let whole = format!("http://{}", url.split_once("://").map_or(url, |(_, rest)| rest));
    match url::Url::parse(&whole).ok()?.host()? {
        url::Host::Ipv4(address) => Some(address),
        url::Host::Ipv6(_) => Some(std::net::Ipv4Addr::UNSPECIFIED),
        url::Host::Domain(_) => None,
    }
}

/// The one URL of a run.
pub(super) fn one_url(cli: &Cli) -> Result<String, PlanError> {
    let Some(url) = cli.urls.iter().chain(&cli.url_options).next() else {
        let data = cli.request.json.last().is_some_and(|text| text.contains("://"));
        return Err(if data {
            PlanError::with_hint(
                "--json sends data, and behind it there is no URL",
                "for a JSON document on standard output: --format json",
            )
        } else {
            PlanError::with_hint(
                "there is no URL to trace",
                "urltrace https://www.example.com/; `urltrace --help` lists the options",
            )
        });
    };
    Ok(url.clone())
}

/// Refuses words beside a URL that are dig's, or a sub-command behind its URL.
pub(super) fn check_words(cli: &Cli) -> Result<(), PlanError> {
    let words = &cli.urls;
    if words.len() < 2 {
        return Ok(());
    }
    let command = Cli::command();
    if let Some(name) = words.iter().skip(1).find(|word| command.find_subcommand(word.as_str()).is_some()) {
        return Err(url_in_front_of(name));
    }
    let is_server =
        |word: &String| word.strip_prefix('@').is_some_and(|at| at.parse::<std::net::IpAddr>().is_ok());
    let is_of_dig = |word: &String| word.starts_with('+') || is_type(word) || is_server(word);
    if words.iter().any(is_of_dig) {
        return Err(of_dig());
    }
    Ok(())
}

fn of_dig() -> PlanError {
    PlanError::with_hint(
        "this is dig's syntax, and it takes no URL",
        "`urltrace dns NAME TYPE` asks for records",
    )
}

fn url_in_front_of(command: &str) -> PlanError {
    PlanError::with_hint(
        format!("a URL cannot stand in front of `{command}`"),
        "`urltrace URL` traces a URL, `urltrace dns NAME` looks up a name: one per run",
    )
}

/// For who types check_http's options: its letters for hosts and paths are others' here.
pub(super) const ONE_URL: &str = "`urltrace check` takes one URL, which has what -H, -I, -p, -u and -S are for with check_http; -L is its -f follow";

/// A second word beside the URL.
fn second_word(word: &str, arguments: &[OsString]) -> PlanError {
    if arguments.get(1).is_some_and(|first| first == "findings") {
        return PlanError::with_hint(
            "`urltrace findings` lists all findings: it takes no name",
            "`urltrace findings | grep WORD`",
        );
    }
    if arguments.get(1).is_some_and(|first| first == "lab") {
        return PlanError::with_hint(
            "`urltrace lab` lists all scenarios: it takes no name",
            "to trace one: `urltrace --lab URL`",
        );
    }
    if is_check(arguments) {
        return PlanError::usage(format!("`{word}` is one word too many: {ONE_URL}"));
    }
    PlanError::usage(format!("`{word}` is one word too many"))
}

/// The types that hands write behind a name, in capitals.
fn is_type(word: &str) -> bool {
    const TYPES: [&str; 12] =
        ["A", "AAAA", "ANY", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];
    TYPES.contains(&word)
}

/// Where the body goes, if anywhere, and the report with it.
pub(super) fn is_standard_output(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
#[path = "hands_tests.rs"]
mod tests;

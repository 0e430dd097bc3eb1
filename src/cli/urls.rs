//! Several URLs in one run: where they come from, how many at a time, and what has no place beside them.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;

use super::declarations::{Cli, Format};
use super::error::PlanError;
use super::hands;
use super::many::Urls;
use super::settings::{Show, Source};
use crate::exit::{OnBadStatus, Statuses};
use crate::os;
use crate::plan::{MOST_PARALLEL, ManyPlan, Order, PARALLEL, PER_HOST, Piece, Plan};

/// What was typed in place of the one URL; `None` where it is one.
///
/// # Errors
/// Files that cannot be read, and words that are no URLs but another tool's.
pub(super) fn sources(cli: &Cli) -> Result<Option<Vec<Source>>, PlanError> {
    let words: Vec<&String> = cli.urls.iter().chain(&cli.url_options).collect();
    let is_list = |word: &str| word == "-" || word.starts_with('@');
    if words.len() < 2 && !words.iter().any(|word| is_list(word)) {
        return Ok(None);
    }
    if words.iter().filter(|word| word.as_str() == "-").count() > 1 {
        return Err(PlanError::usage("standard input can be read once, and `-` is there twice"));
    }
    words.into_iter().map(|word| source(word)).collect::<Result<_, _>>().map(Some)
}

fn source(word: &str) -> Result<Source, PlanError> {
    let unreadable = |what: &str, error: &io::Error| format!("{what} cannot be read: {}", os::words(error));
    if word == "-" {
        let file = io::stdin().as_fd().try_clone_to_owned();
        let file = file.map_err(|error| PlanError::usage(unreadable("standard input", &error)))?;
        return Ok(Source::List(None, Arc::new(file.into())));
    }
    let Some(path) = word.strip_prefix('@') else { return Ok(Source::Url(word.to_owned())) };
    let open = || {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
    };
    let file = open().map_err(|error| {
        PlanError::with_hint(
            unreadable(&format!("the list of URLs `{path}`"), &error),
            "@FILE is a list of URLs, one a line; `urltrace dns NAME @SERVER` asks a name server",
        )
    })?;
    let name = Path::new(path).display().to_string();
    Ok(Source::List(Some(name.into()), Arc::new(file)))
}

/// How many at a time.
///
/// # Errors
/// Numbers that mean nothing, and options of many URLs for a single one.
pub(super) fn plan(urls: &Urls, is_many: bool) -> Result<ManyPlan, PlanError> {
    let given = [
        ("--parallel", urls.parallel.is_some()),
        ("--per-host", urls.per_host.is_some()),
        ("--ordered", urls.ordered),
    ];
    if let Some((option, _)) = given.iter().find(|(_, given)| *given).filter(|_| !is_many) {
        return Err(PlanError::with_hint(
            format!("{option} is for many URLs, and there is one"),
            "urltrace URL URL ..., or @FILE with one a line, or `-` for standard input",
        ));
    }
    let number = |option: &str, given: Option<usize>, usual: usize| match given.unwrap_or(usual) {
        number @ 1..=MOST_PARALLEL => Ok(number),
        number => Err(PlanError::usage(format!("{option}: {number} is no number from 1 to {MOST_PARALLEL}"))),
    };
    Ok(ManyPlan {
        parallel: number("--parallel", urls.parallel, PARALLEL)?,
        per_host: number("--per-host", urls.per_host, PER_HOST)?,
        order: if urls.ordered { Order::AsGiven } else { Order::AsTheyEnd },
    })
}

/// What is expected of the status: `--expect`, which goes before `--fail`.
///
/// # Errors
/// What is no list of statuses.
pub(super) fn on_bad_status(cli: &Cli) -> Result<OnBadStatus, PlanError> {
    match &cli.many.expect {
        Some(text) => statuses(text).map(OnBadStatus::Expect).map_err(PlanError::usage),
        None if cli.request.fail => Ok(OnBadStatus::Fail),
        None => Ok(OnBadStatus::Accept),
    }
}

/// `200,301-308`.
pub(super) fn statuses(text: &str) -> Result<Statuses, String> {
    Statuses::read(text).map_err(|why| format!("--expect: {why}; as in 200,301-308"))
}

/// Refuses what many URLs have no form for, or must not ask of each.
///
/// # Errors
/// The first such option.
pub(super) fn check(cli: &Cli, plan: &Plan, show: &Show) -> Result<(), PlanError> {
    let (request, common) = (&cli.request, &cli.common);
    let further = [
        ("--all-ns", common.all_ns),
        ("--propagation", common.propagation),
        ("-n", cli.runs.repeat.is_some() || cli.runs.duration.is_some()),
    ];
    let asked = hands::looks_further(&cli.connection, request).into_iter().chain(further);
    if let Some((option, _)) = asked.into_iter().find(|(_, given)| *given) {
        return Err(PlanError::with_hint(
            format!("{option} looks into one URL: not into many"),
            format!("one URL, with {option}"),
        ));
    }
    if request.output.is_some() {
        return Err(PlanError::usage("-o keeps one body, and many URLs have many"));
    }
    if request.get || request.upload_file.is_some() {
        return Err(PlanError::with_hint(
            "-G and -T make the one URL's address or body: not those of many",
            "a line of a list may have -X, -H and -d of its own",
        ));
    }
    let is_once = |piece: &Piece| matches!(piece, Piece::Once(_));
    if plan.http.body.as_ref().is_some_and(|body| body.pieces.iter().any(is_once)) {
        return Err(PlanError::usage("the body can be read once, and many URLs are to be sent it"));
    }
    let words = [
        ("-v", common.verbose),
        ("-i", request.include),
        ("--explain", common.explain),
        ("--ladder", common.ladder),
    ];
    if let Some((option, _)) = words.iter().find(|(_, given)| *given) {
        return Err(PlanError::with_hint(
            format!("{option} has nothing to add to the one line that each of many URLs gets"),
            "--format jsonl has a whole document for each",
        ));
    }
    match show.format {
        Format::Text | Format::Json | Format::Jsonl | Format::Csv | Format::Otlp
            if show.exports.is_empty() =>
        {
            Ok(())
        }
        _ => Err(PlanError::with_hint(
            "many URLs are told in lines of text, JSON, CSV or spans: there is no page, picture or file of them",
            "--format jsonl has a whole document for each",
        )),
    }
}

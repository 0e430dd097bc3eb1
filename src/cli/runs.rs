//! `-n` and its kin: how often a URL is traced, and what each run begins with.

use std::time::Duration;

use super::declarations::{Cli, Format};
use super::error::PlanError;
use super::hands;
use super::many::{Runs, Warm};
use super::settings::Show;
use super::syntax::limit;
use crate::http::is_safe;
use crate::plan::{MOST_COLD_ROOT, MOST_RUNS, Plan, RepeatPlan, RunDetail, RunStart};

/// What the options ask for; `None` for a single run.
///
/// # Errors
/// Numbers and times that mean nothing, and options that need others.
pub(super) fn repeat(runs: &Runs) -> Result<Option<RepeatPlan>, PlanError> {
    let (wanted, duration) = (runs.repeat, time("--duration", runs.duration.as_deref())?);
    if wanted.is_none() && duration.is_none() {
        let alone = [
            ("--interval", runs.interval.is_some()),
            ("--warm", runs.warm.is_some()),
            ("--cold-root", runs.cold_root),
            ("--brief", runs.brief),
        ];
        return match alone.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(PlanError::with_hint(
                format!("{option} is for many runs, and there is one"),
                "-n 20 traces the URL 20 times",
            )),
            None => Ok(None),
        };
    }
    let most = if runs.cold_root { MOST_COLD_ROOT } else { MOST_RUNS };
    if let Some(number) = wanted.filter(|number| !(1..=most).contains(number)) {
        return Err(if number == 0 || !runs.cold_root {
            PlanError::usage(format!("-n: {number} is no number of runs: they are 1 to {most}"))
        } else {
            PlanError::with_hint(
                format!(
                    "-n: {number} runs with --cold-root would ask the root servers {number} times: at most {most}"
                ),
                "without it the walk below the top-level domain is cold in every run",
            )
        });
    }
    Ok(Some(RepeatPlan {
        runs: wanted.unwrap_or(most),
        duration,
        interval: time("--interval", runs.interval.as_deref())?,
        start: match (runs.cold_root, runs.warm) {
            (true, _) => RunStart::ColdRoot,
            (false, Some(Warm::Dns)) => RunStart::WarmDns,
            (false, Some(Warm::Connection)) => RunStart::WarmConnection,
            (false, Some(Warm::All)) => RunStart::WarmAll,
            (false, None) => RunStart::Cold,
        },
        detail: if runs.brief { RunDetail::Brief } else { RunDetail::Whole },
    }))
}

fn time(option: &str, text: Option<&str>) -> Result<Option<Duration>, PlanError> {
    text.map(|text| limit(option, text)).transpose()
}

/// Refuses what many runs have no form for, or must not do many times.
///
/// # Errors
/// The first such option.
pub(super) fn check(cli: &Cli, plan: &Plan, show: &Show) -> Result<(), PlanError> {
    let request = &cli.request;
    let further = [("--all-ns", cli.common.all_ns), ("--propagation", cli.common.propagation)];
    let asked = hands::looks_further(&cli.connection, request).into_iter().chain(further);
    if let Some((option, _)) = asked.into_iter().find(|(_, given)| *given) {
        return Err(PlanError::with_hint(
            format!("{option} asks more of servers than the run itself: not in many runs"),
            format!("one run without -n, with {option}"),
        ));
    }
    if request.output.is_some() {
        return Err(PlanError::usage("-o keeps one body, and many runs have many"));
    }
    refuse_unsafe(plan, "-n")?;
    if show.formats().any(|format| matches!(format, Format::Svg | Format::Har | Format::ChromeTrace)) {
        return Err(PlanError::with_hint(
            "svg, har and chrome-trace show one run, and -n makes many",
            "--format html draws them all, and --format json has every run whole",
        ));
    }
    Ok(())
}

/// Refuses a request that must not be made many times.
///
/// # Errors
/// One that may change something at the server.
pub(super) fn refuse_unsafe(plan: &Plan, option: &str) -> Result<(), PlanError> {
    let method = plan.http.method.as_deref();
    if plan.http.body.is_some() && method.is_none() || method.is_some_and(|method| !is_safe(method)) {
        return Err(PlanError::with_hint(
            format!("{option} makes the request many times, and it may change something at the server"),
            "GET, HEAD and OPTIONS without a body can be repeated",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Runs {
        Runs { repeat: None, interval: None, duration: None, warm: None, cold_root: false, brief: false }
    }

    #[test]
    fn one_run_is_no_repeat_and_takes_no_options_of_many() {
        assert_eq!(repeat(&runs()).unwrap(), None);
        for alone in [
            Runs { interval: Some("1".to_owned()), ..runs() },
            Runs { warm: Some(Warm::Dns), ..runs() },
            Runs { cold_root: true, ..runs() },
            Runs { brief: true, ..runs() },
        ] {
            assert!(repeat(&alone).is_err(), "{alone:?}");
        }
    }

    #[test]
    fn the_number_of_runs_is_bounded() {
        let of = |number, cold_root| repeat(&Runs { repeat: Some(number), cold_root, ..runs() });
        assert_eq!(of(20, false).unwrap().unwrap().start, RunStart::Cold);
        assert_eq!(of(10, true).unwrap().unwrap().start, RunStart::ColdRoot);
        for (number, cold_root) in [(0, false), (1_001, false), (11, true)] {
            assert!(of(number, cold_root).is_err(), "{number}");
        }
        let timed = repeat(&Runs { duration: Some("2m".to_owned()), ..runs() }).unwrap().unwrap();
        assert_eq!((timed.runs, timed.duration), (MOST_RUNS, Some(Duration::from_secs(120))));
    }
}

//! `--budget` and `--budget-file`: what a run may cost.

use std::path::Path;

use toml::{Table, Value};

use super::error::PlanError;
use super::files::read_text;
use super::many::Budgets;
use crate::budget::{Budget, OfRuns};
use crate::plan::RepeatPlan;

/// What the options ask for, those of the command line first.
///
/// # Errors
/// A budget that cannot be read, or that so many runs cannot bear.
pub(super) fn budgets(options: &Budgets, repeat: Option<&RepeatPlan>) -> Result<Vec<Budget>, PlanError> {
    let mut all = Vec::new();
    for word in options.budget.iter().filter(|word| !word.trim().is_empty()) {
        all.push(Budget::read(word).map_err(|slip| refused("--budget", slip))?);
    }
    if let Some(path) = &options.budget_file {
        all.extend(of_file(path)?);
    }
    for budget in &all {
        check(budget, repeat)?;
    }
    Ok(all)
}

/// A percentile needs runs, and enough of them where their number is known.
fn check(budget: &Budget, repeat: Option<&RepeatPlan>) -> Result<(), PlanError> {
    let Some(of_runs) = budget.of_runs else { return Ok(()) };
    let Some(repeat) = repeat else {
        return Err(PlanError::with_hint(
            format!("--budget {} is for many runs, and there is one", budget.what()),
            "-n 20 traces the URL 20 times",
        ));
    };
    match of_runs {
        OfRuns::Percentile(percentile) if repeat.runs < percentile.least() => Err(PlanError::with_hint(
            format!(
                "--budget {}: {} takes {} runs, and there are {}",
                budget.what(),
                percentile.as_str(),
                percentile.least(),
                repeat.runs
            ),
            format!("-n {}, or max:{}", percentile.least(), budget.measure.as_str()),
        )),
        OfRuns::Percentile(_) | OfRuns::Max => Ok(()),
    }
}

fn of_file(path: &Path) -> Result<Vec<Budget>, PlanError> {
    let text = read_text("--budget-file", path)?;
    of_toml(&text).map_err(|why| {
        PlanError::with_hint(
            format!("--budget-file: `{}`: {why}", path.display()),
            "total = \"500ms\" and bytes = \"1MB\" are budgets; [p95] begins those of a percentile",
        )
    })
}

/// The budgets of a file: `total = "500ms"`, in a table those of a percentile.
fn of_toml(text: &str) -> Result<Vec<Budget>, String> {
    let table: Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        format!("line {line}: {}", error.message())
    })?;
    let mut all = Vec::new();
    for (name, value) in &table {
        match value {
            Value::Table(inner) => {
                for (what, value) in inner {
                    all.push(entry(&format!("{name}:{what}"), value)?);
                }
            }
            value => all.push(entry(name, value)?),
        }
    }
    Ok(all)
}

fn entry(name: &str, value: &Value) -> Result<Budget, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => return Err(format!("{name} is neither a text nor a whole number")),
    };
    Budget::of_words(name, &text).map_err(|(why, _)| why)
}

fn refused(option: &str, (why, near): (String, Option<&'static str>)) -> PlanError {
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None => "--budget total=500ms,dns=50ms,bytes=1MB,redirects=2,cert-days=14".to_owned(),
    };
    PlanError::with_hint(format!("{option}: {why}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_budgets_and_tables_of_those_of_percentiles() {
        let text = "# all\ntotal = \"500ms\" # ms\nredirects = 2\n[p95]\ntotal = '800ms'\n";
        let told = |text: &str| of_toml(text).map(|all| all.iter().map(Budget::what).collect::<Vec<_>>());
        assert_eq!(told(text), Ok(vec!["total".into(), "redirects".into(), "p95:total".into()]));
        assert_eq!(told(""), Ok(vec![]));
        let error = told("total = \"1s\"\nredirects = two\n").unwrap_err();
        assert!(error.starts_with("line 2"), "{error}");
        for bad in
            ["total = 500", "total = true", "[p96]\ntotal = \"1s\"", "totl = \"1s\"", "[p95.x]\ntotal = 1"]
        {
            assert!(told(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_percentile_needs_enough_runs() {
        let of = |word: &str, runs: Option<usize>| {
            let options = Budgets { budget: vec![word.to_owned()], budget_file: None };
            let repeat = runs.map(|runs| RepeatPlan {
                runs,
                duration: None,
                interval: None,
                start: crate::plan::RunStart::Cold,
                detail: crate::plan::RunDetail::Whole,
            });
            budgets(&options, repeat.as_ref())
        };
        assert!(of("p95:total=1s", None).is_err());
        assert!(of("p95:total=1s", Some(19)).is_err());
        assert_eq!(of("p95:total=1s", Some(20)).unwrap().len(), 1);
        assert_eq!(of("max:total=1s", Some(2)).unwrap().len(), 1);
        assert_eq!(of("total=1s", None).unwrap().len(), 1);
        assert!(of("totl=1s", None).is_err());
    }
}

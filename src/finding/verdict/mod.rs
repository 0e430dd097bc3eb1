//! The verdict: what failed or is wrong, else where the time went, in one sentence; and the same for programs.
//!
//! - `parts`, `lookup`: each microsecond of a trace once, with what it is owed to; `round_trips`: what the way costs
//! - `claim`: the parts taken together; `words`: the sentence; `culprit`: who or what it was
//! - `rendering`: of a page, the request that most of the time until anything can be painted went by on

mod cause;
mod claim;
mod culprit;
mod lookup;
mod part;
mod parts;
mod rendering;
mod round_trips;
mod words;

use std::time::Duration;

pub use self::cause::Cause;
use self::claim::claims;
pub use self::culprit::Culprit;
use self::culprit::{culprit, error};
use self::parts::parts;
use super::found::{Finding, Saving};
use super::savings::is_worth_telling;
use crate::timeline::{Phase, phases_of_all};
use crate::trace::{At, FailureCode, Trace};
use crate::units::{count, duration, percent};

/// One sentence on the whole trace, and the figures behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The sentence.
    pub summary: String,
    /// The phase that it speaks of.
    pub phase: Option<Phase>,
    /// Its share of the total, in percent; where it speaks of what rendering waited for, that request's share of the time
    /// until anything can be painted.
    pub share_percent: Option<u8>,
    /// Its time, over all hops; or how long rendering waited for that request.
    pub duration: Option<Duration>,
    /// What would be won without what took most of the time.
    pub saving: Option<Saving>,
    /// The same for programs.
    pub culprit: Culprit,
}

impl Verdict {
    /// None, for what has no place for one.
    pub(crate) const fn untold() -> Self {
        Self {
            summary: String::new(),
            phase: None,
            share_percent: None,
            duration: None,
            saving: None,
            culprit: Culprit::NONE,
        }
    }
}

/// The verdict on a trace with these findings.
#[must_use]
pub fn verdict(trace: &Trace, findings: &[Finding]) -> Verdict {
    let claims = claims(parts(trace));
    let claim = claims.iter().find(|claim| claim.stands_out(trace.total));
    let spent = phases_of_all(trace).spent;
    let time = |phase: Phase| spent[phase].map(Duration::from_micros);
    let largest = || Phase::ALL.into_iter().filter(|phase| time(*phase).is_some()).max_by_key(|it| time(*it));
    let phase = claim.and_then(claim::Claim::phase).or_else(largest);
    let is_right = trace.failure().is_none() && error(trace, findings).is_none();
    let held = rendering::held(trace);
    let culprit = match &held {
        Some(held) if is_right => held.culprit(),
        _ => culprit(trace, findings, claim, phase),
    };
    let bare = |summary| Verdict {
        summary,
        phase: None,
        share_percent: None,
        duration: None,
        saving: None,
        culprit: culprit.clone(),
    };
    if let Some(failure) = trace.failure() {
        return bare(match failure.code {
            // The stage did its work; the file is this machine's.
            FailureCode::OutputFailed | FailureCode::RequestBodyFailed => failure.message.clone(),
            _ => format!("{} failed: {}", failure.stage.as_str(), failure.message),
        });
    }
    let Some(phase) = phase else { return bare("nothing was measured".to_owned()) };
    // What is wrong comes before what is slow.
    let mut summary = error(trace, findings).map(|it| wrong(it, &culprit)).unwrap_or_default();
    if let Some(held) = held {
        summary.push_str(&held.sentence());
        return Verdict {
            summary,
            phase: held.phase(),
            share_percent: held.share_percent(),
            duration: Some(held.time()),
            saving: held.saving(findings),
            culprit,
        };
    }
    let wrong = !summary.is_empty();
    match claim {
        Some(claim) if wrong => summary.push_str(&words::capital(words::sentence(trace, claim))),
        Some(claim) => summary.push_str(&words::sentence(trace, claim)),
        None if wrong => summary.push_str(&format!("It took {}", duration(trace.total))),
        None => summary.push_str(&format!("nothing stands out in {}", duration(trace.total))),
    }
    let own = claims.iter().find(|own| own.is_own_to_tell(trace.total));
    if let Some(own) = own.filter(|own| claim.is_none_or(|claim| claim.cause != own.cause)) {
        summary.push_str(&format!("; {} are this machine's own work", duration(own.time)));
    }
    if trace.redirects() > 0 {
        let before = trace.hops().next_back().map_or(Duration::ZERO, |hop| hop.start.since(At(0)));
        let redirects = count(trace.redirects(), "redirect");
        summary.push_str(&format!("; {} went by in {redirects}", duration(before)));
    }
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let share_percent = time(phase).and_then(|time| percent(micros(time), micros(trace.total)));
    let saving = claim.and_then(|claim| words::saving(trace, claim));
    let saving = saving.filter(|it| is_worth_telling(it.amount, trace.total));
    Verdict { summary, phase: Some(phase), share_percent, duration: time(phase), saving, culprit }
}

/// What is wrong, and with whom.
fn wrong(finding: &Finding, culprit: &Culprit) -> String {
    match culprit.host.as_deref().filter(|host| !finding.title.contains(host)) {
        Some(host) => format!("{} ({host}). ", finding.title),
        None => format!("{}. ", finding.title),
    }
}

#[cfg(test)]
mod body_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod tests;

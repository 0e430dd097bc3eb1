//! Several ways in turn: each run from a t0 of its own, the order another in each round, and the report of all of them.
//!
//! What is varied `cli` has read, and what a way changes in the plan is here; how the ways differ, and whether that is more
//! than chance, `diff` finds out when the report is written. Nothing is judged: there are neither findings nor budgets.

use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use super::exports;
use super::otlp;
use super::pace;
use super::session::{Ended, Problem, Session, unless_reader_gone};
use super::shown::{complaint, format, style};
use crate::cli::Show;
use crate::clock::{Clock, Moment, Stopwatch};
use crate::exit::{self, Limits, OnBadStatus};
use crate::plan::{
    Change, Collector, ComparePlan, DnsPlan, HttpPlan, MOST_RUNS, MOST_WAYS, Plan, ResolveOverride,
    ResolverChoice, RunStart, TcpPlan, Varied, Way,
};
use crate::redact::redact;
use crate::render::{self, Progress};
use crate::report::{CompareReport, Compared, RepeatEnd};
use crate::signals::Signal;
use crate::stop::Stop;
use crate::trace::{StageName, Trace};
use crate::tracer::{Run, Tracer};
use crate::url;

/// What is to be traced, and in which ways.
pub(super) struct Wanted {
    pub(super) url: String,
    pub(super) plan: Plan,
    pub(super) compare: ComparePlan,
    pub(super) lab: bool,
    pub(super) on_bad_status: OnBadStatus,
    pub(super) collector: Option<Box<Collector>>,
}

/// Traces in all ways, and reports them beside each other.
pub(super) async fn compare(
    wanted: Wanted,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let Wanted { url, plan, compare, lab, on_bad_status, collector } = wanted;
    let max_time = plan.max_time;
    let prepare = |plan: Plan| Ok((prepared(&compare.ways, &plan, &url, &compare)?, plan));
    let (session, (ways, plan)) = Session::begin(plan, lab, max_time, setup, prepare).await?;
    let progress = Progress::counting(show.progress, compare.rounds * ways.len().max(2), None);
    let mut runs = Runs { session: &session, ways, plan: &compare, max_time, show, progress: &progress };
    let mut note = None;
    let mut rows = if runs.ways.is_empty() {
        let (found, row) = addresses(&runs, &plan, &url).await?;
        note = noted(&found, &compare);
        let most = found
            .into_iter()
            .take(most_ways(&compare))
            .map(|address| Way { label: address.to_string(), change: Change::Address(address) });
        runs.ways = prepared(&most.collect::<Vec<_>>(), &plan, &url, &compare).map_err(Problem::Setup)?;
        row
    } else {
        Vec::new()
    };
    if rows.is_empty() {
        runs.warm_up().await;
        rows = runs.all().await;
    }
    progress.finish();
    let signal = session.signals.first();
    let end = if signal.is_some() { RepeatEnd::Interrupted } else { RepeatEnd::Done };
    let exit_code = signal.map_or_else(|| code_of(&rows, &on_bad_status), Signal::exit_code);
    let ComparePlan { varied, rounds, start, detail, .. } = compare;
    let told = None;
    let report =
        CompareReport { input: url, varied, rounds, start, detail, rows, note, end, exit_code, told };
    let report = redact(report, show.secrets);
    let written =
        exports::write(show, |format, bytes| render::render_compared(&report, format, &style(show), bytes))?;
    let code = written.filter(|_| exit_code == exit::OK).unwrap_or(exit_code);
    unless_reader_gone(render::render_compared(&report, format(show.format), &style(show), out))?;
    if let Some(collector) = collector {
        unless_reader_gone(out.flush())?;
        otlp::send_ways(&report, *collector, &session).await?;
    }
    let failure = report.part(CompareReport::failure);
    Ok(Ended { code, complaint: failure.and_then(|failure| complaint(failure, show)), signal })
}

/// 0 where one was answered as it was wanted; else the code of the first.
fn code_of(rows: &[Compared], on_bad_status: &OnBadStatus) -> u8 {
    let mut codes = rows
        .iter()
        .flat_map(|row| &row.runs)
        .map(|trace| exit::of_trace(trace, on_bad_status, Limits::Kept))
        .peekable();
    let first = codes.peek().copied().unwrap_or(exit::INTERNAL);
    if codes.any(|code| code == exit::OK) { exit::OK } else { first }
}

/// One of the ways, made ready.
struct Prepared {
    label: String,
    url: String,
    walks: bool,
    start: RunStart,
    tracer: Tracer,
}

fn prepared(ways: &[Way], plan: &Plan, url: &str, compare: &ComparePlan) -> Result<Vec<Prepared>, String> {
    let parsed = url::parse(url);
    let origin = parsed.as_ref().map_or(("", 0), |url| (url.host_ascii.as_str(), url.port));
    let one = |way: &Way| {
        let own = match &way.change {
            Change::Url(own) => own,
            _ => url,
        };
        let plan = changed(plan, &way.change, origin);
        let walks = matches!(plan.dns.lane, ResolverChoice::Walk);
        let tracer = Tracer::new(plan)?;
        let start = match &way.change {
            Change::Start(start) => *start,
            _ => compare.start,
        };
        let tracer = if is_as_alone(compare) { tracer } else { pace::started(tracer, start) };
        let tracer = tracer.ready_for(own);
        Ok(Prepared { label: way.label.clone(), url: own.to_owned(), walks, start, tracer })
    };
    ways.iter().map(one).collect()
}

/// The plan with what is otherwise in one of the ways; `host` and `port` are those of the URL.
fn changed(plan: &Plan, change: &Change, (host, port): (&str, u16)) -> Plan {
    let plan = plan.clone();
    match change {
        Change::Version(version) => Plan { http: HttpPlan { version: *version, ..plan.http }, ..plan },
        Change::Family(family) => Plan {
            dns: DnsPlan { family: *family, ..plan.dns },
            tcp: TcpPlan { family: *family, ..plan.tcp },
            ..plan
        },
        Change::Resolver(lane) => Plan { dns: DnsPlan { lane: lane.clone(), ..plan.dns }, ..plan },
        Change::Address(address) => {
            let host = host.strip_suffix('.').unwrap_or(host).to_owned();
            let own = ResolveOverride { host, port, addresses: vec![*address] };
            let overrides = std::iter::once(own).chain(plan.dns.overrides).collect();
            Plan { dns: DnsPlan { overrides, ..plan.dns }, ..plan }
        }
        Change::Url(_) | Change::Start(_) => plan,
    }
}

/// Whether each run is as a trace alone is, from the root: in a single round, but where that is what is varied.
fn is_as_alone(compare: &ComparePlan) -> bool {
    compare.rounds == 1 && compare.start == RunStart::Cold && compare.varied != Varied::Warm
}

/// Whose turn it is at a place of a round. Each comes first as often as the others and, as far as rounds reach, behind each
/// of the others as often: a slow one leaves a mark on the next. (E. J. Williams, Australian Journal of Scientific Research A 2
/// (1949) 149-168.)
const fn turn(round: usize, place: usize, many: usize) -> usize {
    let place = if round.is_multiple_of(2) { place } else { many - 1 - place };
    // 0, 1, the last, 2, the last but one, ...
    let zigzag = if place % 2 == 1 { place.div_ceil(2) } else { (many - place / 2) % many };
    (zigzag + round / 2) % many
}

/// The addresses of the host; where there are none, the row of the lookup that failed.
async fn addresses(runs: &Runs<'_>, plan: &Plan, url: &str) -> Result<(Vec<IpAddr>, Vec<Compared>), Problem> {
    let tracer = Tracer::new(plan.clone()).map_err(Problem::Setup)?;
    let trace = runs.lookup("addresses", url, &tracer).await;
    if trace.failure().is_some() {
        return Ok((Vec::new(), vec![Compared { label: "all addresses".to_owned(), runs: vec![trace] }]));
    }
    let mut found: Vec<IpAddr> = trace.lookups.first().map(|dns| dns.addresses.clone()).unwrap_or_default();
    // A host that is an address has no lookup.
    if let (true, Some(address)) = (found.is_empty(), address_of(url)) {
        found.push(address);
    }
    Ok((found, Vec::new()))
}

fn address_of(text: &str) -> Option<IpAddr> {
    let host = url::parse(text).ok()?.host_ascii;
    host.trim_matches(['[', ']']).parse().ok()
}

/// How many addresses are compared: as many runs as that makes are kept.
fn most_ways(compare: &ComparePlan) -> usize {
    MOST_WAYS.min(MOST_RUNS / compare.rounds.max(1))
}

/// What there is to say of the addresses.
fn noted(found: &[IpAddr], compare: &ComparePlan) -> Option<String> {
    let most = most_ways(compare);
    match found.len() {
        1 => Some("the host has one address: there is nothing to set beside it".to_owned()),
        many if many > most => Some(format!("the host has {many} addresses: the first {most} are compared")),
        _ => None,
    }
}

/// The runs of all ways.
struct Runs<'a> {
    session: &'a Session,
    ways: Vec<Prepared>,
    plan: &'a ComparePlan,
    max_time: Duration,
    show: &'a Show,
    progress: &'a Progress,
}

impl Runs<'_> {
    /// What is asked before many rounds, so that all of them are alike: what registries say is asked for once.
    async fn warm_up(&self) {
        if is_as_alone(self.plan) {
            return;
        }
        let mut before: Option<&Prepared> = None;
        for way in &self.ways {
            if self.session.signals.first().is_some() {
                return;
            }
            if way.walks || way.start.keeps_answers() {
                before.iter().for_each(|before| way.tracer.learn_registries(&before.tracer));
                self.lookup(&way.label, &way.url, &way.tracer).await;
                before = way.walks.then_some(way).or(before);
            }
            if way.start.keeps_connections() {
                // Its first run opens what the others have.
                self.one(0, way).await;
            }
        }
    }

    async fn lookup(&self, label: &str, url: &str, tracer: &Tracer) -> Trace {
        let clock = Clock::start();
        let stop = Stop::new(clock, self.max_time, self.session.signals.stop());
        let on_stage = |stage: StageName, what: &str| {
            self.say(&format!("before the runs, {label}: {} {what}", stage.as_str()));
        };
        let run = Run { clock: &clock, stop: &stop, setup: self.session.setup, on_stage: &on_stage };
        let mut trace = tracer.warm_up(url, run).await;
        trace.lab = self.session.lab.is_some();
        trace
    }

    /// Round after round, each in another order: none always comes first, when a server may be cold.
    async fn all(&self) -> Vec<Compared> {
        let begun = Moment::now();
        let empty = |way: &Prepared| Compared { label: way.label.clone(), runs: Vec::new() };
        let mut rows: Vec<Compared> = self.ways.iter().map(empty).collect();
        let (many, mut last) = (self.ways.len(), None);
        for number in 0..self.plan.rounds * many {
            let (round, place) = (number / many, number % many);
            let at = turn(round, place, many);
            if !pace::wait(self.session, pace::after(self.session, last)).await {
                break;
            }
            let trace = self.one(round, &self.ways[at]).await;
            let interrupted = self.session.signals.first().is_some();
            let is_only = rows.iter().all(|row| row.runs.is_empty());
            // What was cut short from here says nothing of the server; alone it is all there is.
            if is_only || !(interrupted && trace.failure().is_some()) {
                rows[at].runs.push(trace);
            }
            if interrupted {
                break;
            }
            last = rows[at].runs.last();
            self.progress.count(number + 1, Moment::now().since(begun));
        }
        rows.retain(|row| !row.runs.is_empty());
        rows
    }

    async fn one(&self, round: usize, way: &Prepared) -> Trace {
        let clock = Clock::start();
        let stop = Stop::new(clock, self.max_time, self.session.signals.stop());
        let which = if self.plan.rounds > 1 {
            format!("round {} of {}, {}", round + 1, self.plan.rounds, way.label)
        } else {
            way.label.clone()
        };
        let on_stage =
            |stage: StageName, what: &str| self.say(&format!("{which}: {} {what}", stage.as_str()));
        let run = Run { clock: &clock, stop: &stop, setup: self.session.setup, on_stage: &on_stage };
        let mut trace = way.tracer.trace(&way.url, run).await;
        trace.lab = self.session.lab.is_some();
        trace
    }

    fn say(&self, what: &str) {
        self.progress.stage(|| redact(what.to_owned(), self.show.secrets));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_first_and_behind_each_of_the_others_as_often() {
        for many in 1..=7 {
            let rounds = 2 * many;
            let order = |round: usize| (0..many).map(move |place| turn(round, place, many));
            let mut behind = vec![vec![0; many]; many];
            let mut firsts = vec![0; many];
            for round in 0..rounds {
                let order: Vec<usize> = order(round).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..many).collect::<Vec<_>>(), "{many}, round {round}");
                firsts[order[0]] += 1;
                order.windows(2).for_each(|pair| behind[pair[0]][pair[1]] += 1);
            }
            assert!(firsts.iter().all(|times| *times == 2), "{many}: {firsts:?}");
            for (one, row) in behind.iter().enumerate() {
                assert!(
                    row.iter().enumerate().all(|(other, times)| one == other || *times == 2),
                    "{many}: {row:?}"
                );
            }
        }
    }
}

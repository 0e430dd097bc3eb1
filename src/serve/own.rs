//! The server's own series, at `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::exposition::Exposition;
use super::state::State;
use crate::render::prometheus::{Kind, build};

/// The series of a server.
pub(super) fn series(state: &State) -> String {
    #[allow(clippy::cast_precision_loss)] // exact up to 2^53
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
    let counts = &state.counts;
    let mut out = Exposition::default();
    out.extend(vec![build()]);
    let reloaded = state.reloaded();
    let at = reloaded.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let help = "When the modules were read successfully the last time.";
    out.gauge("urltrace_config_last_reload_success_timestamp_seconds", help, at.as_secs_f64());
    let help = "Whether the modules could be read the last time.";
    out.gauge("urltrace_config_last_reload_successful", help, f64::from(u8::from(reloaded.successful)));
    #[allow(clippy::cast_precision_loss)] // thousands
    let running = state.desk.running() as f64;
    out.gauge("urltrace_probes_running", "Probes that are being made.", running);
    #[allow(clippy::cast_precision_loss)]
    let most = state.desk.max_probes() as f64;
    out.gauge("urltrace_probes_running_limit", "Probes that are made at the same time at most.", most);
    let help = "Probes that were asked for, by what became of them.";
    let all = [
        ("success", &counts.succeeded),
        ("failure", &counts.failed),
        ("refused", &counts.refused),
        ("broken", &counts.broken),
    ];
    let samples = all.map(|(result, counter)| (vec![("result", result.to_owned())], read(counter)));
    out.family("urltrace_probes_total", help, Kind::Counter, samples);
    let help = "Probes that were asked for by a module that is not there.";
    out.family(
        "urltrace_module_unknown_total",
        help,
        Kind::Counter,
        [(Vec::new(), read(&counts.unknown_modules))],
    );
    out.text()
}

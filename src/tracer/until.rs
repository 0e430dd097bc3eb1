//! How far a request goes: to its response, or to an earlier stage by its scheme or by `--until`.

use crate::plan::Plan;
use crate::trace::{Request, Scheme, Stage, StageName, Url};

/// The last stage of a request.
pub(super) fn last_stage(url: &Url, plan: &Plan) -> StageName {
    plan.until.min(url.scheme.last_stage())
}

/// Notes the stages that are not to run, and why. Those of the connection are noted where it is opened.
pub(super) fn leave_out(request: &mut Request) {
    let reason = reason(request);
    if request.until < StageName::Dns {
        request.lookup = Stage::Skipped(reason);
    }
    if request.until < StageName::Tcp {
        request.connection = Stage::Skipped(reason);
    }
    if request.until < StageName::Http {
        request.http = Stage::Skipped(reason);
    }
}

/// Why a stage behind the last does not run.
pub(super) fn reason(request: &Request) -> &'static str {
    match (request.until, request.url.scheme) {
        (StageName::Tls, Scheme::Tls) => "tls:// ends after the handshake",
        (StageName::Tcp, Scheme::Tcp) => "tcp:// ends when the connection is open",
        (StageName::Dns, Scheme::Dns) => "dns:// ends when the name is looked up",
        (StageName::Url, _) => "--until url ends before it",
        (StageName::Dns, _) => "--until dns ends before it",
        (StageName::Tcp, _) => "--until tcp ends before it",
        (StageName::Tls, _) => "--until tls ends before it",
        (StageName::Http, _) => "nothing is behind it",
    }
}

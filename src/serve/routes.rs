//! What is answered to which request.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};

use super::asked::{self, Asked};
use super::desk::Undone;
use super::exposition::MEDIA_TYPE;
use super::probe::{self, Probed};
use super::state::{State, count};
use super::web::{Entry, Web};
use super::{history, own};
use crate::redact::{Secrets, Typed, redact};
use crate::render::{self, Diagram, Format, ProbeRow, Style};
use crate::trace::Trace;

type Answer = Response<Full<Bytes>>;

/// As a file has it, which no terminal reads.
const STYLE: Style = Style {
    color: false,
    unicode: true,
    width: 120,
    verbose: true,
    headers: true,
    diagram: Diagram::Waterfall,
    explain: false,
};

const TEXT: &str = "text/plain; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";

/// What is said where a file that is read again has a fault.
pub(super) const UNCHANGED: &str = "the modules, and who may ask, stay as they were";

/// Answers a request, if it may be asked; its body is not looked at.
pub(super) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let web = state.web();
    let mut answer = match let_in(&state, &web, request.headers()).await {
        Ok(()) => answer_to(state, request).await,
        Err(refusal) => refusal,
    };
    answer.headers_mut().extend(web.headers.iter().cloned());
    Ok(answer)
}

/// Lets in who may ask.
async fn let_in(state: &State, web: &Arc<Web>, fields: &header::HeaderMap) -> Result<(), Answer> {
    let is_right = match web.entry(fields) {
        Entry::Open => true,
        Entry::Refused => false,
        Entry::Unknown(credentials) => {
            let web = Arc::clone(web);
            let checked = state.desk.check(move || web.check(&credentials)).await;
            checked.map_err(|undone| unmade(&undone))?
        }
    };
    if is_right {
        return Ok(());
    }
    let mut refusal = refused(StatusCode::UNAUTHORIZED, "a name and a password are needed");
    let challenge = header::HeaderValue::from_static("Basic realm=\"urltrace\", charset=\"UTF-8\"");
    refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    Err(refusal)
}

async fn answer_to(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let method = request.method().clone();
    let is_read = method == Method::GET || method == Method::HEAD;
    let query = request.uri().query().unwrap_or_default();
    match request.uri().path() {
        "/probe" if is_read => probe(&state, query, request.headers()).await,
        "/metrics" if is_read => text(StatusCode::OK, MEDIA_TYPE, own::series(&state)),
        "/-/healthy" if is_read => text(StatusCode::OK, TEXT, "Healthy\n"),
        "/-/reload" if method == Method::POST || method == Method::PUT => reload(state).await,
        "/-/reload" => not_allowed("POST, PUT"),
        "/" if is_read => index(&state),
        "/report" if is_read => report(&state, query).await,
        "/" | "/probe" | "/metrics" | "/-/healthy" | "/report" => not_allowed("GET, HEAD"),
        _ => text(StatusCode::NOT_FOUND, TEXT, "there is no such page\n"),
    }
}

fn text(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    answer
}

fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, TEXT, format!("this takes {methods}\n"));
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(methods));
    answer
}

fn refused(status: StatusCode, why: &str) -> Answer {
    text(status, TEXT, format!("{why}\n"))
}

/// Reads files.
async fn reload(state: Arc<State>) -> Answer {
    let read = Arc::clone(&state);
    match state.desk.work(move || read.reload()).await {
        Ok(Ok(())) => text(StatusCode::OK, TEXT, ""),
        Ok(Err(why)) => {
            render::tell(&format!("serve: {UNCHANGED}: {why}"), None);
            // What is wrong with the file may hold its secrets: whoever may read the log is told.
            refused(StatusCode::INTERNAL_SERVER_ERROR, &format!("{UNCHANGED}: the log says why"))
        }
        Err(undone) => unmade(&undone),
    }
}

/// What is not done because there was no time, or no room.
fn unmade(undone: &Undone) -> Answer {
    match undone {
        Undone::Busy => refused(StatusCode::SERVICE_UNAVAILABLE, "too much is asked for at this moment"),
        Undone::Broken(why) => refused(StatusCode::INTERNAL_SERVER_ERROR, why),
    }
}

async fn probe(state: &State, query: &str, headers: &header::HeaderMap) -> Answer {
    let asked = Asked::read(query);
    let Some(module) = state.module(&asked.module) else {
        count(&state.counts.unknown_modules);
        return refused(StatusCode::BAD_REQUEST, &format!("unknown module {:?}", asked.module));
    };
    let limit = match asked::limit(headers, module.timeout, state.timeout_offset) {
        Ok(limit) => limit,
        // Before all else, and as blackbox_exporter answers it: whoever scrapes is at fault, not whoever asks.
        Err(why) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &why),
    };
    if let Err(why) = asked.check(&module) {
        return refused(StatusCode::BAD_REQUEST, &why);
    }
    match state.desk.probe(module, asked.clone(), limit).await {
        Ok(probed) => tell(state, asked, probed).await,
        Err(Undone::Busy) => {
            count(&state.counts.refused);
            let why = format!("{} probes are being made, and none ended in time", state.desk.max_probes());
            refused(StatusCode::SERVICE_UNAVAILABLE, &why)
        }
        Err(Undone::Broken(why)) => {
            count(&state.counts.broken);
            render::tell(&format!("serve: {}: {why}", asked.module), None);
            refused(StatusCode::INTERNAL_SERVER_ERROR, &why)
        }
    }
}

/// Puts a probe down, and answers with its series or its report.
async fn tell(state: &State, asked: Asked, probed: Probed) -> Answer {
    let Probed { trace, judged, series } = probed;
    let counter: &AtomicU64 =
        if judged.is_success() { &state.counts.succeeded } else { &state.counts.failed };
    count(counter);
    state.history.add(&asked.module, &asked.target, judged.fault.clone(), Arc::clone(&trace));
    if !asked.debug {
        return text(StatusCode::OK, MEDIA_TYPE, series);
    }
    let result = judged.fault.map_or_else(|| "success".to_owned(), |fault| format!("failure: {fault}"));
    let result = redact(result, Secrets::Hide);
    match written(state, trace, Format::Text).await {
        Ok(report) => {
            let report = String::from_utf8_lossy(&report);
            let all = format!("{}\n\n{report}\nThe series:\n\n{series}", *result);
            text(StatusCode::OK, TEXT, all)
        }
        Err(undone) => unmade(&undone),
    }
}

/// The page of the server.
fn index(state: &State) -> Answer {
    let row = |kept: Arc<history::Kept>| ProbeRow {
        id: kept.id,
        module: kept.module.clone(),
        target: redact(Typed(kept.target.clone()), Secrets::Hide),
        fault: kept.fault.clone().map(|fault| redact(fault, Secrets::Hide)),
        has_report: kept.trace.is_some(),
    };
    let rows: Vec<ProbeRow> = state.history.all().into_iter().map(row).collect();
    let mut out = Vec::new();
    match render::probes(&state.module_names(), &rows, &mut out) {
        Ok(()) => text(StatusCode::OK, PAGE, out),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The report of a probe. It is made now.
async fn report(state: &State, query: &str) -> Answer {
    let id = asked::parameters(query).into_iter().find(|(name, _)| name == "id");
    let kept = id.and_then(|(_, id)| state.history.find(id.parse().ok()?));
    let Some(trace) = kept.and_then(|kept| kept.trace.clone()) else {
        return refused(StatusCode::NOT_FOUND, "this report is not kept, or not any longer");
    };
    match written(state, trace, Format::Html).await {
        Ok(page) => text(StatusCode::OK, PAGE, page),
        Err(undone) => unmade(&undone),
    }
}

/// The report of a trace, without its secrets.
async fn written(state: &State, trace: Arc<Trace>, format: Format) -> Result<Vec<u8>, Undone> {
    let made = state.desk.work(move || {
        let report = redact(probe::report(&trace), Secrets::Hide);
        let mut out = Vec::new();
        render::render(&report, format, &STYLE, &mut out).map(|()| out)
    });
    made.await?.map_err(|error| Undone::Broken(error.to_string()))
}

//! What a call of gRPC came to, in a line: the same for text, HTML and Markdown. Nothing is escaped here.

use crate::trace::{Grpc, GrpcFault, GrpcStatus, GrpcStatusBy, Http, Serving};
use crate::units;

/// `health of the server: SERVING`, `lab.Greeter/Greet: 5 NOT_FOUND (what was asked for does not exist); the server says "no such greeting"`.
pub(super) fn words(http: &Http) -> Option<String> {
    let call = http.grpc.as_ref()?;
    let Some(status) = call.status else {
        return Some(format!("{}: the response broke off before a status", called(call)));
    };
    let mut words = match call.serving.filter(|_| status.code == 0) {
        Some(serving) => format!("{}: {}", called(call), answer(serving)),
        None => format!("{}: {}", called(call), status_words(call, status)),
    };
    if let Some(message) = call.message.as_ref().filter(|message| !message.is_empty()) {
        words.push_str(&format!("; the server says \"{message}\""));
    }
    if let (Some(messages), false) = (&http.body.messages, call.is_health_check()) {
        let count = units::count(usize::try_from(messages.whole).unwrap_or(usize::MAX), "message");
        words.push_str(&format!("; {count} with {}", units::bytes(messages.bytes)));
    }
    // What the words on the status have told is not told again.
    let is_told = |fault: &&GrpcFault| matches!(fault, GrpcFault::NoStatus | GrpcFault::BadStatus(_));
    for fault in call.faults.iter().filter(|fault| !is_told(fault)) {
        words.push_str(&format!("; {}", fault.words()));
    }
    Some(words)
}

fn called(call: &Grpc) -> String {
    match call.asked.as_deref() {
        None => format!("{}/{}", call.service, call.method),
        Some("") => "health of the server".to_owned(),
        Some(service) => format!("health of {service}"),
    }
}

fn answer(serving: Serving) -> String {
    match serving {
        Serving::Other(number) => format!("the number {number}, which the health check does not define"),
        named => named.as_str().to_owned(),
    }
}

/// `12 UNIMPLEMENTED (the server does not have this method, or has it switched off)`.
fn status_words(call: &Grpc, status: GrpcStatus) -> String {
    let name = status.name().map_or_else(String::new, |name| format!(" {name}"));
    match status.by {
        GrpcStatusBy::HttpStatus => {
            let bad = call.faults.iter().find(|fault| matches!(fault, GrpcFault::BadStatus(_)));
            let why = bad.map_or_else(|| "no grpc-status came".to_owned(), GrpcFault::words);
            format!("{why}; by the HTTP status clients take it for {}{name}", status.code)
        }
        _ if status.code == 0 => "0 OK".to_owned(),
        _ => format!("{}{name} ({})", status.code, status.meaning()),
    }
}

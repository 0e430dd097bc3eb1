//! A call of gRPC did not end with OK.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Grpc, GrpcFault, GrpcStatus, GrpcStatusBy, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-grpc-status",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "the grpc-status of a call is not 0 (a warning where it speaks of what was asked, or of a health check that the server does not have), or a response below 400 has none that can be read",
    standard: "gRPC status codes (grpc/doc/statuscodes.md)",
    check: Check::Trace(check),
};

/// A number of gRPC's statuses.
const NOT_FOUND: u32 = 5;
const UNIMPLEMENTED: u32 = 12;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let Some((call, status)) = http.grpc.as_ref().and_then(|call| Some((call, call.status?))) else {
        return Vec::new();
    };
    let by_http = status.by == GrpcStatusBy::HttpStatus;
    // An HTTP status of 4xx or 5xx has a rule of its own.
    if status.code == 0 || (by_http && http.status.is_none_or(|status| status >= 400)) {
        return Vec::new();
    }
    let name = status.name().map_or_else(String::new, |name| format!(" {name}"));
    let places = vec![Place::Request(hop.id, InRequest::GrpcStatus)];
    let mut finding = if by_http {
        let is_bad = call.faults.iter().any(|fault| matches!(fault, GrpcFault::BadStatus(_)));
        let lack = if is_bad { "a grpc-status that is none" } else { "no grpc-status" };
        let title = format!("{} has {lack}: clients take it for {}{name}", called(call), status.code);
        let advice =
            "see what answers on this port: a web server, a login page, or a proxy that drops trailers";
        rule.finding(title, places, advice)
    } else {
        let title = format!("{} ended with gRPC status {}{name}", called(call), status.code);
        rule.finding(title, places, advice(call, status))
    };
    finding.detail = match (by_http, &call.message) {
        (true, _) => call.faults.iter().map(GrpcFault::words).collect::<Vec<_>>().join("; "),
        (false, Some(message)) if !message.is_empty() => {
            format!("{}; the server says: {message}", status.meaning())
        }
        (false, _) => status.meaning().to_owned(),
    };
    if !by_http && (status.is_callers() || lacks_check(call, status)) {
        finding.severity = Severity::Warning;
    }
    vec![finding]
}

/// What was called, for a title.
fn called(call: &Grpc) -> String {
    format!("{}/{}", call.service, call.method)
}

/// Whether all that is known is that the server has no such health check.
fn lacks_check(call: &Grpc, status: GrpcStatus) -> bool {
    call.is_health_check() && status.code == UNIMPLEMENTED
}

fn advice(call: &Grpc, status: GrpcStatus) -> &'static str {
    match (call.is_health_check(), status.code) {
        (true, UNIMPLEMENTED) => {
            "register grpc.health.v1.Health in the server; how its other services are is not known from this"
        }
        (true, NOT_FOUND) => "the server's health service does not know this service: look at its name",
        (_, 4) => "look at what the server waits for, or give it more time (--max-time)",
        (_, 7) => "look at what this caller may do, and which credentials went along (-H)",
        (_, 8) => "look at the quotas and at the sizes of messages that the server takes",
        (_, UNIMPLEMENTED) => "look at package, service and method: each letter counts",
        (_, 14) => "ask again a little later; behind a proxy or a mesh, look at what stands behind that",
        (_, 16) => "send credentials: -H 'authorization: Bearer ...'",
        (_, 2 | 13 | 15) => "the server's log at this time says more",
        _ => "the message of the call, and the state that it meets, have to fit what the method wants",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    fn called_with(code: u32, by: GrpcStatusBy, http: u16, asked: Option<&str>) -> Vec<Finding> {
        let mut trace = sample::sound();
        let call = Grpc {
            service: "lab.Greeter".to_owned(),
            method: "Greet".to_owned(),
            asked: asked.map(str::to_owned),
            status: Some(GrpcStatus { code, by }),
            faults: if by == GrpcStatusBy::HttpStatus { vec![GrpcFault::NoStatus] } else { Vec::new() },
            ..Grpc::default()
        };
        sample::http(&mut trace).status = Some(http);
        sample::http(&mut trace).grpc = Some(call);
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_what_the_call_itself_says() {
        use GrpcStatusBy::{HttpStatus, Trailers, TrailersOnly};
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "no call");
        assert!(called_with(0, Trailers, 200, None).is_empty());
        let found = called_with(14, TrailersOnly, 200, None);
        assert_eq!(found[0].title, "lab.Greeter/Greet ended with gRPC status 14 UNAVAILABLE");
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(called_with(5, Trailers, 200, None)[0].severity, Severity::Warning);
        assert_eq!(called_with(12, Trailers, 200, None)[0].severity, Severity::Error);
        let lacking = &called_with(12, Trailers, 200, Some(""))[0];
        assert!(lacking.severity == Severity::Warning && lacking.advice.contains("is not known from this"));
        assert!(called_with(99, Trailers, 200, None)[0].detail.contains("take it for UNKNOWN"));
        assert!(called_with(2, HttpStatus, 200, None)[0].title.contains("has no grpc-status"));
        let mut trace = sample::sound();
        sample::http(&mut trace).grpc = Some(Grpc {
            status: Some(GrpcStatus { code: 2, by: HttpStatus }),
            faults: vec![GrpcFault::BadStatus("-1".to_owned())],
            ..Grpc::default()
        });
        let bad = sample::of(&RULE, &trace).remove(0);
        assert!(bad.title.contains("has a grpc-status that is none"), "{bad:?}");
        assert!(bad.detail.contains("grpc-status is `-1`"), "{bad:?}");
        assert!(called_with(2, HttpStatus, 302, None)[0].detail.contains("without a grpc-status"));
        assert!(called_with(14, HttpStatus, 503, None).is_empty(), "the HTTP status tells it");
        assert_eq!(called_with(14, Trailers, 503, None).len(), 1, "both tell");
    }
}

//! The status of a call is OK, and clients refuse its message.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{GrpcFault, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-grpc-message-refused",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the grpc-status of a call is 0, and its message is missing, cut, or no answer to the health check (a notice where it is compressed though that was not offered, or longer than 4 MiB)",
    standard: "gRPC over HTTP2 (grpc/doc/PROTOCOL-HTTP2.md)",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let Some(call) = http.grpc.as_ref().filter(|call| call.status.is_some_and(|status| status.code == 0))
    else {
        return Vec::new();
    };
    // That a method streams is no fault of it.
    let faults = || call.faults.iter().filter(|fault| **fault != GrpcFault::SeveralMessages);
    if faults().next().is_none() {
        return Vec::new();
    }
    let told: Vec<String> = faults().map(GrpcFault::words).collect();
    let title = format!("{}/{} ended with OK, and {}", call.service, call.method, told.join("; "));
    let places = vec![Place::Request(hop.id, InRequest::GrpcFaults)];
    let mut finding = if faults().any(GrpcFault::is_refused) {
        rule.finding(title, places, "look at the server, and at proxies that rewrite what it sends")
    } else {
        let advice = "clients have to be told to take such messages, or the server to send others";
        let mut finding = rule.finding(title, places, advice);
        finding.severity = Severity::Notice;
        finding
    };
    let detail = if finding.severity == Severity::Notice {
        "a client that does not offer the compression, or takes no more than 4 MiB, gives its caller an error"
    } else {
        "a client of gRPC gives its caller an error in place of the message"
    };
    detail.clone_into(&mut finding.detail);
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Grpc, GrpcStatus, GrpcStatusBy};

    #[test]
    fn fires_where_ok_comes_with_what_clients_refuse() {
        let mut trace = sample::sound();
        for (code, faults, severity) in [
            (0, vec![], None),
            (0, vec![GrpcFault::SeveralMessages], None),
            (0, vec![GrpcFault::MessageLarge(5 << 20)], Some(Severity::Notice)),
            (0, vec![GrpcFault::MessageCut, GrpcFault::MessageLarge(5 << 20)], Some(Severity::Warning)),
            (0, vec![GrpcFault::Compressed("gzip".to_owned())], Some(Severity::Notice)),
            (0, vec![GrpcFault::Undeclared], Some(Severity::Warning)),
            (13, vec![GrpcFault::MessageCut], None),
        ] {
            let status = Some(GrpcStatus { code, by: GrpcStatusBy::Trailers });
            sample::http(&mut trace).grpc = Some(Grpc { status, faults, ..Grpc::default() });
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.first().map(|finding| finding.severity), severity, "{found:?}");
        }
    }
}

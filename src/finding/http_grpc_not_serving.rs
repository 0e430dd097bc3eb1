//! A health check of gRPC was answered, and not with SERVING.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Serving, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-grpc-not-serving",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "the answer to a health check of gRPC is NOT_SERVING (error), or anything else but SERVING (warning)",
    standard: "gRPC health checking protocol (grpc/doc/health-checking.md)",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let Some((call, serving)) = http.grpc.as_ref().and_then(|call| Some((call, call.serving?))) else {
        return Vec::new();
    };
    if serving == Serving::Serving {
        return Vec::new();
    }
    let who = match call.asked.as_deref() {
        None | Some("") => format!("the server of {}", hop.url.host_ascii),
        Some(service) => format!("the service {service} of {}", hop.url.host_ascii),
    };
    let says = match serving {
        Serving::Other(number) => format!("the number {number}"),
        named => named.as_str().to_owned(),
    };
    let places = vec![Place::Request(hop.id, InRequest::GrpcServing)];
    let advice = match serving {
        Serving::NotServing => {
            "look at what took it out of service: balancers that ask the same send nothing to it"
        }
        Serving::Unknown => "the server has not said yet how it is: it may still be starting",
        _ => "look at how the server's health service is set up",
    };
    let mut finding = rule.finding(format!("{who} answers its health check with {says}"), places, advice);
    if serving != Serving::NotServing {
        finding.severity = Severity::Warning;
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Grpc;

    #[test]
    fn fires_on_every_answer_but_serving() {
        let mut trace = sample::sound();
        for (serving, severity) in [
            (None, None),
            (Some(Serving::Serving), None),
            (Some(Serving::NotServing), Some(Severity::Error)),
            (Some(Serving::Unknown), Some(Severity::Warning)),
            (Some(Serving::Other(9)), Some(Severity::Warning)),
        ] {
            let asked = Some("lab.Greeter".to_owned());
            sample::http(&mut trace).grpc = Some(Grpc { asked, serving, ..Grpc::default() });
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.first().map(|finding| finding.severity), severity, "{serving:?}");
            assert!(found.iter().all(|finding| finding.title.starts_with("the service lab.Greeter of ")));
        }
    }
}

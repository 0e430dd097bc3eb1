//! The rows, hosts and lanes of a page of a few requests.

use super::*;
use crate::finding::{InRequest, InResource, Severity};
use crate::timeline::Phase;
use crate::trace::{RequestId, StageName, sample};

#[test]
fn rows_stand_in_order_of_discovery_each_with_who_asked_for_it() {
    let trace = sample::paged();
    let page = trace.page.as_ref().unwrap();
    let paged = Paged::of(&trace, page, &[]);
    let paths: Vec<&str> = paged.rows.iter().map(|row| row.hop.url.path.as_str()).collect();
    assert_eq!(paths, ["/", "/style.css", "/hero.png"], "what was left out has no row");
    assert_eq!(paged.rows[0].by, None);
    let by = AskedBy { kind: InitiatorKind::Parser, row: Some(0), offset: Some(120) };
    assert_eq!(paged.rows[2].by, Some(by));
    assert!(paged.rows[1].phases[Phase::Queue].is_none() && paged.rows[2].phases[Phase::Queue].is_some());
    assert_eq!(paged.end, paged.rows[2].hop.end);
}

#[test]
fn a_host_has_what_its_rows_have() {
    let mut trace = sample::paged();
    sample::resource(&mut trace, 1).url.host_ascii = "other.example.test".to_owned();
    sample::resource(&mut trace, 1).http.ran_mut().unwrap().status = Some(404);
    let page = trace.page.as_ref().unwrap();
    let paged = Paged::of(&trace, page, &[]);
    let told: Vec<_> =
        paged.hosts.iter().map(|host| (host.name, host.requests, host.connections, host.failed)).collect();
    assert_eq!(told, [("www.example.test", 2, 1, 0), ("other.example.test", 1, 1, 1)]);
    assert_eq!(paged.bytes(), paged.hosts.iter().map(|host| host.bytes).sum::<u64>());
    assert_eq!((paged.failed(), paged.own_host(), paged.rows[2].host), (1, Some(0), 1));
}

#[test]
fn requests_at_the_same_time_lie_side_by_side() {
    let mut trace = sample::paged();
    let end = trace.page.as_ref().unwrap().requests[0].end;
    let Some(page) = &mut trace.page else { unreachable!("it is one") };
    // The stylesheet begins while the document still comes, the image when only the stylesheet does.
    let http = page.requests[1].http.ran_mut().unwrap();
    (http.start, http.sent) = (At(end.0 - 100), Some(At(end.0 - 50)));
    page.requests[1].queued = None;
    let page = trace.page.clone().unwrap();
    let paged = Paged::of(&trace, &page, &[]);
    let lane = &paged.lanes[0];
    assert_eq!(lane.runs.iter().map(|run| run.track).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!((lane.tracks, lane.opened_for), (2, Some(0)));
    assert_eq!(lane.openings.iter().map(|it| it.phase).collect::<Vec<_>>(), [Phase::Connect, Phase::Tls]);
    assert_eq!(paged.connections(), 1);
}

#[test]
fn a_finding_of_a_resource_stands_at_its_row() {
    let trace = sample::paged();
    let page = trace.page.as_ref().unwrap();
    let evidence = vec![
        Place::Resource(ResourceId(1), InResource::Status),
        Place::Resource(ResourceId(2), InResource::Reason),
        Place::Request(RequestId(0), InRequest::Status),
    ];
    let finding = Finding {
        id: "page-broken-resource",
        severity: Severity::Warning,
        stage: StageName::Http,
        standard: "",
        title: String::new(),
        detail: String::new(),
        evidence,
        advice: String::new(),
        saving: None,
    };
    let paged = Paged::of(&trace, page, &[finding]);
    let of: Vec<&[usize]> = paged.rows.iter().map(|row| row.findings.as_slice()).collect();
    assert_eq!(of, [&[0][..], &[], &[0]], "what was not asked for has no row");
}

//! The simulator by itself: what it must keep to whatever the page, and small pages whose times are known.

use std::time::Duration;

use proptest::prelude::*;

use super::model::{Anchor, HostModel, Leaves, Model, Moment, Node};
use super::run::run;
use super::simulation::outcome;
use super::{Mend, Simulation, critical_chain};
use crate::trace::{
    Asker, At, Blocking, Fate, InitiatorKind, PageProfile, Priority, RequestId, ResourceId, ResourceKind,
    Stage, StageName, Trace, sample,
};

/// A document that takes 10 ms to its first byte and 10 ms more, on a connection that took 30.
fn document() -> Node {
    Node {
        asker: None,
        found: Moment { anchor: Anchor::Found, lag: 0 },
        by: InitiatorKind::Redirect,
        kind: ResourceKind::Document,
        priority: Priority::VeryHigh,
        blocking: Blocking::None,
        is_later: false,
        host: 0,
        opening: Some(30_000),
        own: 0,
        send: 0,
        wait: 10_000,
        receive: 10_000,
        leaves: Leaves::Open,
        is_gone: false,
    }
}

/// Something that the document's first bytes ask for.
fn asked(kind: ResourceKind, priority: Priority, blocking: Blocking, wait: u64) -> Node {
    Node {
        asker: Some(0),
        found: Moment { anchor: Anchor::FirstByte, lag: 1000 },
        by: InitiatorKind::Parser,
        kind,
        priority,
        blocking,
        opening: None,
        wait,
        receive: 1000,
        ..document()
    }
}

fn host(origin: &str, is_shared: bool) -> HostModel {
    HostModel {
        origin: origin.to_owned(),
        is_clear: false,
        is_shared,
        opening: 30_000,
        is_connected_ahead: false,
    }
}

fn model(nodes: Vec<Node>, is_shared: bool, profile: PageProfile) -> Model {
    let mut all = vec![document()];
    all.extend(nodes);
    let moment = Moment { anchor: Anchor::FirstByte, lag: 1000 };
    Model {
        ids: (0..all.len()).map(RequestId).collect(),
        nodes: all,
        hosts: vec![host("https://a", is_shared), host("https://b", is_shared)],
        chain: 1,
        head: Some(moment),
        first_found: moment,
        profile,
    }
}

fn style(wait: u64) -> Node {
    asked(ResourceKind::Stylesheet, Priority::VeryHigh, Blocking::Render, wait)
}

fn image(wait: u64) -> Node {
    asked(ResourceKind::Image, Priority::Low, Blocking::None, wait)
}

fn start(model: &Model) -> u64 {
    outcome(model).start_render.unwrap().0
}

#[test]
fn a_measured_page_comes_out_as_it_was_measured() {
    let sheet = sample::style("/two.css", 100_000);
    let import =
        sample::Asked { of: Asker::Resource(ResourceId(1)), by: InitiatorKind::Css, start: 100_500, ..sheet };
    let far =
        sample::Asked { host: "cdn.example.net", opening: Some(60_000), ..sample::image("/a.png", 50_000) };
    let trace = sample::page_of(&[sheet, import, far]);
    let simulation = Simulation::of(&trace).unwrap();
    let marks = trace.page.as_ref().unwrap().marks;
    assert_eq!(
        (simulation.base().start_render, Some(simulation.base().end)),
        (marks.start_render, marks.end)
    );
    assert!(simulation.doubt().is_zero());
}

/// Two stylesheets of a host that a connection is opened to ahead, which takes 60 ms: when their turns come.
fn ahead(turns: [u64; 2]) -> Trace {
    let far = |path, queued| sample::Asked {
        host: "cdn.example.net",
        queued: Some(queued),
        ..sample::style(path, 10_000)
    };
    let hint = sample::Asked { queued: None, opening: Some(60_000), ..far("/", 0) };
    let mut trace = sample::page_of(&[hint, far("/a.css", turns[0]), far("/b.css", turns[1])]);
    let own = sample::resource(&mut trace, 1).connection;
    for number in 2..4 {
        let request = sample::resource(&mut trace, number);
        (request.connection, request.lookup) = (own, Stage::Skipped("ahead"));
    }
    let hint = sample::resource(&mut trace, 1);
    (hint.until, hint.http) = (StageName::Tls, Stage::Skipped("ahead"));
    hint.end = At(hint.start.0 + 60_000);
    let first = trace.requests.len() + 1;
    let resource = &mut trace.page.as_mut().unwrap().resources[1];
    (resource.kind, resource.fate) = (ResourceKind::Preconnect, Fate::Prepared(RequestId(first)));
    trace
}

#[test]
fn a_wait_for_what_is_opened_ahead_is_understood_and_a_longer_one_is_not() {
    let simulation = Simulation::of(&ahead([60_400, 60_700])).unwrap();
    assert!(simulation.doubt() < Duration::from_millis(1), "{:?}", simulation.doubt());
    assert!(Simulation::of(&ahead([260_400, 260_700])).is_none(), "nothing says what it waited for");
}

#[test]
fn a_page_that_is_not_understood_is_not_simulated() {
    let mut trace = sample::paged();
    // It was queued for a second, and nothing says why.
    for request in &mut trace.page.as_mut().unwrap().requests {
        let later = |at: &mut At| *at = At(at.0 + 1_000_000);
        request.queued = Some(At(request.queued.unwrap_or(request.start).0 + 1_000_000));
        let http = request.http.ran_mut().unwrap();
        later(&mut http.start);
        http.sent.as_mut().map(later);
        http.first_byte.as_mut().map(later);
        later(&mut http.end);
        later(&mut request.end);
    }
    let ends: Vec<At> = trace.page.as_ref().unwrap().requests.iter().map(|request| request.end).collect();
    let marks = &mut trace.page.as_mut().unwrap().marks;
    (marks.start_render, marks.end) = (Some(ends[0]), Some(ends[1]));
    assert!(Simulation::of(&trace).is_none());
    assert!(Simulation::of(&sample::success()).is_none(), "no page");
}

#[test]
fn an_import_named_in_the_head_is_not_waited_for_behind_its_sheet() {
    let import = Node {
        asker: Some(1),
        found: Moment { anchor: Anchor::FirstByte, lag: 500 },
        by: InitiatorKind::Css,
        ..style(40_000)
    };
    let page = model(vec![style(100_000), import], true, PageProfile::Chrome);
    // 30 + 10 + 1 to the tag, 100 to the sheet's first byte, 0.5 to the import, 41 for that.
    assert_eq!(start(&page), 41_000 + 100_500 + 41_000);
    assert_eq!(start(&page.mended(&[Mend::Preload(RequestId(2))])), 41_000 + 101_000);
    assert_eq!(start(&page.mended(&[Mend::Defer(RequestId(1))])), 41_000, "the import with it");
    assert_eq!(start(&page.mended(&[Mend::Without(RequestId(1))])), 41_000);
    assert_eq!(
        start(&page.mended(&[Mend::Compress(RequestId(1), 0)])),
        start(&page) - 500,
        "found at the same share"
    );
}

#[test]
fn six_at_a_time_without_multiplexing_and_all_at_once_with() {
    let images = vec![image(100_000); 12];
    let page = model(images, false, PageProfile::Plain);
    // The document's own connection, five that are opened, and then six that are free again.
    let end = outcome(&page).end.0;
    assert!(end > 41_000 + 2 * 101_000, "{end}");
    assert_eq!(outcome(&page.mended(&[Mend::Multiplex(RequestId(1))])).end.0, 41_000 + 102_000);
}

#[test]
fn a_request_takes_the_first_connection_that_is_free_or_open() {
    let page = model(vec![style(10_000), style(10_000)], false, PageProfile::Chrome);
    // Known of after 41 ms. The document's connection is free after 50, and once more 11 later, before 71 when theirs
    // are open.
    assert_eq!(outcome(&page).end.0, 50_000 + 2 * 11_000);
    let mut page = model(vec![style(40_000), image(10_000)], false, PageProfile::Chrome);
    page.nodes[2].priority = Priority::Medium;
    // The most wanted has the document's; the other what was opened for that, or for itself.
    let run = run(&page);
    assert_eq!(run.times[1].unwrap().begun, 50_000);
    assert_eq!(run.times[2].unwrap().begun, 71_000);
}

#[test]
fn what_ends_its_connection_leaves_none_to_those_that_wait() {
    let mut page = model(vec![style(10_000), style(10_000), style(10_000)], false, PageProfile::Chrome);
    page.nodes[1].leaves = Leaves::Closed;
    let run = run(&page);
    let begun: Vec<u64> = run.times[1..].iter().map(|times| times.unwrap().begun).collect();
    assert_eq!(begun, [50_000, 71_000, 71_000]);
}

#[test]
fn a_connection_that_is_opened_ahead_is_no_part_of_the_wait() {
    let late = Node {
        asker: Some(1),
        found: Moment { anchor: Anchor::End, lag: 0 },
        host: 1,
        opening: Some(30_000),
        ..style(10_000)
    };
    let page = model(vec![style(20_000), late], true, PageProfile::Chrome);
    let before = start(&page);
    assert_eq!(before, 41_000 + 21_000 + 30_000 + 11_000);
    // It was needed 21 ms behind the head: so much of the 30 is spared.
    assert_eq!(before - start(&page.mended(&[Mend::Connect(RequestId(2))])), 21_000);
}

#[test]
fn a_hint_is_followed_while_the_server_thinks() {
    let mut page = model(vec![style(100_000)], true, PageProfile::Chrome);
    page.nodes[0].wait = 300_000;
    // 30 to open, 300 to the first byte, 1 to the tag, 101 for the sheet.
    assert_eq!(start(&page), 432_000);
    let hint = |behind| Mend::Hint(RequestId(1), Duration::from_millis(behind));
    assert_eq!(start(&page.mended(&[hint(20)])), 331_000, "the head is what is waited for");
    assert_eq!(start(&page.mended(&[hint(250)])), 30_000 + 250_000 + 101_000);
    assert_eq!(start(&page.mended(&[hint(400)])), start(&page), "it would come too late");
}

#[test]
fn what_the_documents_own_origin_has_needs_no_connection() {
    let far = Node { host: 1, opening: Some(90_000), ..style(10_000) };
    let page = model(vec![far], true, PageProfile::Chrome);
    assert_eq!(start(&page) - start(&page.mended(&[Mend::Own(RequestId(1))])), 90_000);
}

#[test]
fn a_redirect_that_is_spared_leaves_its_target_where_it_was() {
    let target = Node {
        asker: Some(1),
        found: Moment { anchor: Anchor::End, lag: 0 },
        by: InitiatorKind::Redirect,
        ..style(10_000)
    };
    let page = model(vec![style(20_000), target], true, PageProfile::Chrome);
    assert_eq!(start(&page) - start(&page.mended(&[Mend::Direct(RequestId(1))])), 21_000);
}

#[test]
fn the_chain_leads_from_the_typed_url_to_the_start_of_rendering() {
    let mut trace = sample::paged();
    let chain = critical_chain(&trace);
    let start = trace.page.as_ref().unwrap().marks.start_render.unwrap();
    assert_eq!(chain.len(), 2);
    assert_eq!((chain[0].from, chain[0].resource), (At(0), None));
    assert_eq!((chain[1].to, chain[1].resource), (start, Some(ResourceId(0))));
    assert_eq!(chain.iter().map(super::Link::share).sum::<u64>(), start.0);
    // An import, found in the sheet, decides in its place.
    let page = trace.page.as_mut().unwrap();
    let end = page.requests[1].end;
    page.marks.start_render = Some(end);
    page.resources[1].blocking = Blocking::Render;
    page.resources[1].initiator.of = Asker::Resource(ResourceId(0));
    page.resources[1].discovered = page.requests[0].end;
    let chain = critical_chain(&trace);
    assert_eq!(
        chain.iter().map(|link| link.resource.map(|id| id.0)).collect::<Vec<_>>(),
        [None, Some(0), Some(1)]
    );
    assert_eq!(chain.iter().map(super::Link::share).sum::<u64>(), end.0);
    // The head itself was the last.
    let page = trace.page.as_mut().unwrap();
    page.marks.start_render = Some(At(end.0 + 1));
    assert!(critical_chain(&trace).iter().all(|link| link.resource.is_none()));
    trace.page.as_mut().unwrap().marks.start_render = None;
    assert!(critical_chain(&trace).is_empty());
}

/// Any page: every resource is found in one before it.
fn pages(is_shared: bool, profile: PageProfile) -> impl Strategy<Value = Model> {
    let one = (0usize..8, 0u64..60_000, 0u64..200_000, 0u8..4, any::<bool>(), 0usize..2);
    prop::collection::vec(one, 1..40).prop_map(move |all| {
        let nodes = all.into_iter().enumerate().map(|(place, (asker, lag, wait, sort, is_late, host))| {
            let node = match sort {
                0 => style(wait),
                1 => asked(ResourceKind::Script, Priority::High, Blocking::Render, wait),
                2 => asked(ResourceKind::Image, Priority::Medium, Blocking::None, wait),
                _ => image(wait),
            };
            let anchor = if is_late { Anchor::End } else { Anchor::FirstByte };
            Node { asker: Some(asker.min(place)), found: Moment { anchor, lag }, host, ..node }
        });
        model(nodes.collect(), is_shared, profile)
    })
}

proptest! {
    #[test]
    fn everything_is_asked_for_and_nothing_before_it_is_found(
        page in prop_oneof![pages(true, PageProfile::Chrome), pages(false, PageProfile::Chrome), pages(false, PageProfile::Plain)]
    ) {
        let run = run(&page);
        for (node, times) in page.nodes.iter().zip(&run.times) {
            let times = times.expect("all of it is asked for");
            prop_assert!(times.turn >= times.found);
            if let Some(asker) = node.asker {
                prop_assert_eq!(times.found, run.times[asker].unwrap().at(node.found));
            }
        }
        let outcome = outcome(&page);
        prop_assert!(outcome.start_render.unwrap() <= outcome.end);
    }

    #[test]
    fn no_connection_of_http1_carries_two_and_no_host_has_seven(page in pages(false, PageProfile::Chrome)) {
        let run = run(&page);
        for (place, one) in run.times.iter().enumerate() {
            let at = one.unwrap().turn;
            let beside = run.times.iter().zip(&page.nodes).filter(|(times, node)| {
                let times = times.unwrap();
                node.host == page.nodes[place].host && times.turn <= at && at < times.end
            });
            prop_assert!(beside.count() <= 6);
        }
    }

    /// Where requests do not wait for one another: taken away, one may else have another wait for what it had opened.
    #[test]
    fn a_resource_that_is_taken_away_never_makes_the_page_later(mut page in pages(true, PageProfile::Plain), which in 1usize..40) {
        page.nodes.iter_mut().for_each(|node| node.host = 0);
        let gone = which.min(page.nodes.len() - 1);
        let (before, after) = (outcome(&page), outcome(&page.mended(&[Mend::Without(RequestId(gone))])));
        prop_assert!(after.end <= before.end);
        prop_assert!(after.start_render <= before.start_render);
    }

    #[test]
    fn what_is_preloaded_is_found_no_later(page in pages(true, PageProfile::Chrome), which in 1usize..40) {
        let which = which.min(page.nodes.len() - 1);
        let (before, after) = (run(&page), run(&page.mended(&[Mend::Preload(RequestId(which))])));
        prop_assert!(after.times[which].unwrap().found <= before.times[which].unwrap().found);
    }
}

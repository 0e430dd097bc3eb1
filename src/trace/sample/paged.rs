//! The sound trace with a page behind it: a stylesheet, an image on the same connection, and an image that waits for
//! layout.

use super::super::*;
use super::hop::{good_hop, trace};

/// A page of two requests.
pub(crate) fn paged() -> Trace {
    let mut trace =
        trace("https://www.example.test/", 302_820, vec![good_hop("https", "www.example.test", "/", true)]);
    let document = trace.requests[0].clone();
    let end = document.end;
    let base = end.0 - 500;
    let request = |path: &str, start: u64, queued: Option<u64>| {
        let mut request = document.clone();
        request.url.path = path.to_owned();
        request.url.href = format!("https://www.example.test{path}");
        (request.start, request.queued) = (At(start), queued.map(At));
        request.lookup = Stage::Skipped(REUSED);
        if let Stage::Ran(http) = &mut request.http {
            let begin = queued.unwrap_or(start) + 100;
            http.request.target = path.to_owned();
            (http.start, http.sent) = (At(begin), Some(At(begin + 50)));
            http.informational.clear();
            http.first_byte = Some(At(begin + 20_050));
            http.first_byte_noticed = http.first_byte;
            http.head_end = http.first_byte;
            http.end = At(begin + 20_950);
            http.body.arrivals = Arrivals::default();
            http.bursts.clear();
            request.end = http.end;
        }
        request
    };
    let requests = vec![request("/style.css", base, None), request("/hero.png", base, Some(base + 21_000))];
    let resource = |url: &str, kind, priority, blocking, fate| Resource {
        url: format!("https://www.example.test{url}"),
        kind,
        initiator: Initiator { kind: InitiatorKind::Parser, of: Asker::Document, offset: Some(120) },
        discovered: At(base),
        priority,
        blocking,
        fate,
        note: None,
        integrity: None,
        unused: None,
    };
    let first = trace.requests.len();
    let resources = vec![
        resource(
            "/style.css",
            ResourceKind::Stylesheet,
            Priority::VeryHigh,
            Blocking::Render,
            Fate::Requested(RequestId(first)),
        ),
        resource(
            "/hero.png",
            ResourceKind::Image,
            Priority::Low,
            Blocking::None,
            Fate::Requested(RequestId(first + 1)),
        ),
        resource("/late.png", ResourceKind::Image, Priority::Low, Blocking::None, Fate::Left(Left::Lazy)),
    ];
    let marks = Marks {
        first_byte: document.http.as_ref().ran().and_then(|http| http.first_byte),
        start_render: Some(requests[0].end),
        end: Some(requests[1].end),
    };
    trace.page = Some(Box::new(Page {
        resources,
        requests,
        document: DocumentRead {
            charset: Some(("utf-8".to_owned(), CharsetSource::Field)),
            scanned_bytes: 12_288,
            left: None,
        },
        viewport: Viewport::default(),
        profile: PageProfile::Chrome,
        limits: Vec::new(),
        marks,
    }));
    trace
}

/// A request of the page.
pub(crate) fn resource(trace: &mut Trace, number: usize) -> &mut Request {
    &mut trace.page.as_mut().unwrap().requests[number]
}

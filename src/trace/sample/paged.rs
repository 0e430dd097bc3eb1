//! The sound trace with a page behind it: a stylesheet, an image on the same connection, and an image that waits for
//! layout.

use std::time::Duration;

use super::super::*;
use super::hop::{good_hop, trace};

/// A page of two requests.
pub(crate) fn paged() -> Trace {
    let mut trace =
        trace("https://www.example.test/", 302_820, vec![good_hop("https", "www.example.test", "/", true)]);
    let document = trace.requests[0].clone();
    let end = document.end;
    let base = end.0 - 500;
    let request = |path: &str, start: u64, queued: Option<u64>| request_of(&document, path, start, queued);
    let requests = vec![request("/style.css", base, None), request("/hero.png", base, Some(base + 21_000))];
    let resource = |url: &str, kind, priority, blocking, fate| Resource {
        url: format!("https://www.example.test{url}"),
        kind,
        initiator: Initiator { kind: InitiatorKind::Parser, of: Asker::Document, offset: Some(120) },
        discovered: At(base),
        priority,
        blocking,
        ahead: None,
        cross_origin: CrossOrigin::No,
        fate,
        note: None,
        integrity: None,
        unused: None,
        spare: None,
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
        head_read: Some(At(base)),
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
        again: None,
    }));
    trace
}

/// The same, visited once more: the document is fresh, its stylesheet asked about and still good, its image fresh.
pub(crate) fn visited_twice() -> Trace {
    let mut trace = paged();
    let (first, start) = (trace.requests.len(), At(400_000));
    let row = |of, reuse, asked| Revisit { of: RequestId(of), reuse, why: ReuseReason::MaxAge, asked };
    let asked = Reasked {
        start,
        end: start.after(Duration::from_micros(25_000)),
        by_etag: true,
        by_date: false,
        status: Some(304),
        head_bytes: 120,
        wire_bytes: 0,
        same_body: None,
        same_etag: Some(true),
        failure: None,
    };
    let page = trace.page.as_mut().unwrap();
    page.again = Some(SecondVisit {
        start,
        end: asked.end,
        connections: 1,
        requests: vec![
            row(first - 1, Reuse::Fresh, None),
            row(first, Reuse::Revalidated, Some(asked)),
            row(first + 1, Reuse::Fresh, None),
        ],
    });
    trace
}

/// The request of the second visit there.
pub(crate) fn reasked(trace: &mut Trace) -> &mut Reasked {
    let visit = trace.page.as_mut().unwrap().again.as_mut().unwrap();
    visit.requests.iter_mut().find_map(|row| row.asked.as_mut()).unwrap()
}

/// A request behind the document, on its connection. Times are microseconds.
fn request_of(document: &Request, path: &str, start: u64, queued: Option<u64>) -> Request {
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
}

/// A request of the page.
pub(crate) fn resource(trace: &mut Trace, number: usize) -> &mut Request {
    &mut trace.page.as_mut().unwrap().requests[number]
}

/// A request to be added to a page. Times are microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) kind: ResourceKind,
    pub(crate) priority: Priority,
    pub(crate) blocking: Blocking,
    pub(crate) by: InitiatorKind,
    pub(crate) of: Asker,
    /// Behind the moment when the document's head is read.
    pub(crate) start: u64,
    /// How long it waits for its turn.
    pub(crate) queued: Option<u64>,
    /// What opening a connection of its own takes.
    pub(crate) opening: Option<u64>,
    pub(crate) wait: u64,
}

/// A stylesheet of the head.
pub(crate) fn style(path: &str, wait: u64) -> Asked<'_> {
    Asked {
        host: "www.example.test",
        path,
        kind: ResourceKind::Stylesheet,
        priority: Priority::VeryHigh,
        blocking: Blocking::Render,
        by: InitiatorKind::Parser,
        of: Asker::Document,
        start: 0,
        queued: None,
        opening: None,
        wait,
    }
}

/// A script of the head.
pub(crate) fn script(path: &str, wait: u64) -> Asked<'_> {
    Asked { kind: ResourceKind::Script, priority: Priority::High, ..style(path, wait) }
}

/// An image.
pub(crate) fn image(path: &str, wait: u64) -> Asked<'_> {
    let (priority, blocking) = (Priority::Medium, Blocking::None);
    Asked { kind: ResourceKind::Image, priority, blocking, ..style(path, wait) }
}

/// A page of a stylesheet, there after 20 ms, and of these.
pub(crate) fn page_of(all: &[Asked<'_>]) -> Trace {
    let mut trace = paged();
    let page = trace.page.as_mut().unwrap();
    page.resources.truncate(1);
    page.requests.truncate(1);
    page.marks.end = Some(page.requests[0].end);
    all.iter().for_each(|one| ask(&mut trace, *one));
    trace
}

/// Adds a request to a page.
pub(crate) fn ask(trace: &mut Trace, one: Asked<'_>) {
    let chain = trace.requests.len();
    let own = trace.connections[0].clone();
    let page = trace.page.as_mut().unwrap();
    let base = page.resources[0].discovered.0;
    let id = RequestId(chain + page.requests.len());
    let mut request = page.requests[0].clone();
    request.url.host_ascii = one.host.to_owned();
    request.url.path = one.path.to_owned();
    request.url.href = format!("https://{}{}", one.host, one.path);
    let start = base + one.start;
    request.start = At(start);
    request.queued = one.queued.map(|queued| At(start + queued));
    let turn = start + one.queued.unwrap_or(0);
    let begun = turn + one.opening.unwrap_or(0);
    if let Some(opening) = one.opening {
        let mut connection = own;
        connection.opened_for = id;
        (connection.tcp.start, connection.tcp.end) = (At(turn), At(turn + opening / 2));
        if let Stage::Ran(tls) = &mut connection.tls {
            (tls.start, tls.end) = (At(turn + opening / 2), At(begun));
        }
        request.connection = Stage::Ran(ConnectionId(trace.connections.len()));
        trace.connections.push(connection);
    }
    if let Stage::Ran(http) = &mut request.http {
        http.request.target = one.path.to_owned();
        (http.start, http.sent) = (At(begun), Some(At(begun)));
        http.first_byte = Some(At(begun + one.wait));
        (http.first_byte_noticed, http.head_end) = (http.first_byte, http.first_byte);
        http.end = At(begun + one.wait + 1000);
        request.end = http.end;
    }
    let end = request.end;
    page.resources.push(Resource {
        url: request.url.href.clone(),
        kind: one.kind,
        initiator: Initiator { kind: one.by, of: one.of, offset: Some(120) },
        discovered: At(start),
        priority: one.priority,
        blocking: one.blocking,
        ahead: None,
        cross_origin: CrossOrigin::No,
        integrity: None,
        unused: None,
        spare: None,
        fate: Fate::Requested(id),
        note: None,
    });
    page.requests.push(request);
    page.marks.end = page.marks.end.max(Some(end));
    if one.blocking == Blocking::Render {
        page.marks.start_render = page.marks.start_render.max(Some(end));
    }
}

/// Sets a field.
pub(crate) fn set(headers: &mut Vec<Header>, name: &str, value: &str) {
    headers.retain(|field| !field.name.eq_ignore_ascii_case(name));
    headers.push(Header { name: name.to_owned(), value: value.as_bytes().to_vec() });
}

/// A redirect that was followed.
pub(crate) fn redirect_to(target: &str) -> Redirect {
    Redirect {
        location: target.to_owned(),
        target: Some(target.to_owned()),
        changes: Vec::new(),
        followed: true,
        next_method: None,
    }
}

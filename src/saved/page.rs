//! What a page asked for: its resources, and the requests made for them.

use serde_json::Value;

use super::hop::Rows;
use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{
    Ahead, Asker, DocumentRead, Fate, Initiator, Left, Marks, Page, PageLimit, Reasked, RequestId, Resource,
    ResourceId, Revisit, SecondVisit, Use, Viewport,
};

/// What stands in place of a reason where the run ended first.
const STOPPED: &str = "stopped";

/// The page, without its requests: those are added to the rows, behind the ones that are there.
pub(super) fn page(document: &Object<'_>, rows: &mut Rows) -> Read<Page> {
    let it = document.object("page")?.ok_or_else(|| Fault::new("it is missing").within("page"))?;
    if !it.has("hops") {
        let why = "it is missing: this page was saved by a version that told less of its requests";
        return Err(Fault::new(why).within("hops").within("page"));
    }
    for (index, hop) in it.list("hops")? {
        rows.add(hop).map_err(|fault| fault.within(index).within("hops").within("page"))?;
    }
    let resources = resources(document, rows.requests.len())?;
    let read = || -> Read<Page> {
        Ok(record!(it, Page { viewport, profile, limits } {
            resources: resources,
            requests: Vec::new(),
            document: document_read(&it)?,
            again: it.get("second_visit")?,
            marks: Marks {
                first_byte: it.get("first_byte_us")?,
                head_read: it.get("head_read_us")?,
                start_render: it.get("start_render_us")?,
                end: it.get("end_us")?,
            },
        }))
    };
    read().map_err(|fault| fault.within("page"))
}

objects! {
    Viewport => |it| record!(it, Viewport { width, height });
    PageLimit => |it| record!(it, PageLimit { left_out } { why: it.get("limit")? });
    SecondVisit => |it| record!(it, SecondVisit { connections, requests } {
        start: it.get("start_us")?,
        end: it.get("end_us")?,
    });
    Revisit => |it| record!(it, Revisit { why, asked } {
        of: RequestId(it.get("request")?),
        reuse: it.get("copy")?,
    });
    Reasked => |it| record!(
        it,
        Reasked { by_etag, by_date, status, head_bytes, wire_bytes, same_body, same_etag, failure } {
            start: it.get("start_us")?,
            end: it.get("end_us")?,
        }
    );
    Initiator => |it| record!(it, Initiator { kind, offset } {
        of: it.get::<Option<usize>>("resource")?.map_or(Asker::Document, |id| Asker::Resource(ResourceId(id))),
    });
}

fn document_read(it: &Object<'_>) -> Read<DocumentRead> {
    let charset: Option<String> = it.get("charset")?;
    let charset = charset.map(|name| Ok((name, it.get("charset_source")?))).transpose()?;
    Ok(DocumentRead { charset, scanned_bytes: it.get("scanned_bytes")?, left: it.get("not_scanned")? })
}

/// All that was found, in its order: of what was asked for and of what was not.
fn resources(document: &Object<'_>, requests: usize) -> Read<Vec<Resource>> {
    let asked = document.rows("requests", |row| asked(row, requests))?;
    let left = document.rows("not_requested", |row| left(row, requests))?;
    let mut all: Vec<(usize, Resource)> = asked.into_iter().flatten().chain(left).collect();
    all.sort_by_key(|(place, _)| *place);
    let count = all.len();
    let is_known = |resource: &Resource| match resource.initiator.of {
        Asker::Document => true,
        Asker::Resource(ResourceId(id)) => id < count,
    };
    let is_whole = all.iter().enumerate().all(|(place, (own, resource))| place == *own && is_known(resource));
    if !is_whole {
        return Err(Fault::new("resources of the page are missing").within("requests"));
    }
    Ok(all.into_iter().map(|(_, resource)| resource).collect())
}

/// A resource that was asked for; `None` for a request of the document.
fn asked(row: &Value, requests: usize) -> Read<Option<(usize, Resource)>> {
    let it = Object::of(row)?;
    let Some(place) = it.get("resource")? else { return Ok(None) };
    let request: usize = it.get("request")?;
    if request >= requests {
        return Err(Fault::new("there is no such request").within("request"));
    }
    Ok(Some((place, resource(&it, Fate::Requested(RequestId(request)))?)))
}

/// One that was not.
fn left(row: &Value, requests: usize) -> Read<(usize, Resource)> {
    let it = Object::of(row)?;
    let fate = if let Some(request) = it.get("prepared")? {
        if request >= requests {
            return Err(Fault::new("there is no such request").within("prepared"));
        }
        Fate::Prepared(RequestId(request))
    } else if it.get::<String>("reason")? == STOPPED {
        Fate::Unstarted
    } else {
        Fate::Left(it.get::<Left>("reason")?)
    };
    Ok((it.get("resource")?, resource(&it, fate)?))
}

fn resource(it: &Object<'_>, fate: Fate) -> Read<Resource> {
    let used = if it.get::<Option<bool>>("ahead_used")? == Some(true) { Use::Seen } else { Use::Unseen };
    Ok(record!(it, Resource { url, kind, initiator, priority, blocking, note, integrity, unused } {
        discovered: it.get("discovered_us")?,
        ahead: match it.get::<Option<String>>("ahead")?.as_deref() {
            None => None,
            Some("preload") => Some(Ahead::Preload(used)),
            Some("prefetch") => Some(Ahead::Prefetch),
            Some(_) => return Err(Fault::new("nothing is asked for so").within("ahead")),
        },
        cross_origin: it.get("crossorigin")?,
        spare: it.get::<Option<usize>>("spare")?.map(RequestId),
        fate: fate,
    }))
}

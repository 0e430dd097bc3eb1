//! What the document made the browser ask for, and what of it had to come before anything could be shown.

use super::teller::{Teller, clip, list};
use crate::timeline::{Phase, phases};
use crate::trace::{Blocking, Hop, InitiatorKind, Page, Resource, Reuse, SecondVisit, Trace};
use crate::units::{self, count};

/// A lab page that shows the other cases.
const COMMAND: &str = "urltrace --lab --page https://page-queue.http.test/";

pub(super) fn put(teller: &mut Teller, trace: &Trace, page: &Page) {
    teller.all();
    let asked: Vec<(&Resource, Hop<'_>)> = page
        .requested()
        .filter_map(|(_, resource, request)| Some((resource, trace.page_hop(request)?)))
        .collect();
    discovery(teller, page, &asked);
    painting(teller, page, &asked);
    turns(teller, &asked);
    if let Some(visit) = &page.again {
        coming_back(teller, visit);
    }
}

/// What a browser that comes back asks for.
fn coming_back(teller: &mut Teller, visit: &SecondVisit) {
    let mut told = vec![
        "A browser keeps what it may of a page. When it comes back it uses what is still fresh without asking anybody, \
         asks about the rest with what the response gave for that, an ETag or a date, and fetches anew what has neither."
            .to_owned(),
        format!(
            "Of {}, {} fresh and not asked for; {} by its validator, and {} answered by a 304, which has no body; {} anew.",
            count(visit.requests.len(), "request"),
            were(visit.requests.iter().filter(|row| row.reuse == Reuse::Fresh).count()),
            format_args!("{} asked about", were(visit.asked().filter(|(_, it)| it.by_etag || it.by_date).count())),
            were(visit.asked().filter(|(_, it)| it.status == Some(304)).count()),
            format_args!("{} fetched", were(visit.asked().filter(|(_, it)| !it.by_etag && !it.by_date).count())),
        ),
    ];
    told.push(format!(
        "The second visit took {} and {}, on connections of its own; it is not counted.",
        units::bytes(visit.bytes()),
        units::micros(visit.end.0.saturating_sub(visit.start.0))
    ));
    teller.tell(
        "Coming back",
        &told,
        &["RFC 9111 section 4"],
        "urltrace --lab --page --again https://page-again.http.test/",
    );
}

/// What was found, how, and what became of it.
fn discovery(teller: &mut Teller, page: &Page, asked: &[(&Resource, Hop<'_>)]) {
    let mut told = vec![format!(
        "The document is only the beginning: it names what else the page needs. {}While its bytes arrived it was looked \
         through for these names, {} of them, and each was known of when the last byte of its tag was there.",
        teller.once(
            "A browser's preload scanner reads ahead of the parser, so that a stylesheet need not be waited for to find \
             the next image. "
        ),
        units::bytes(page.document.scanned_bytes)
    )];
    if let Some(why) = page.document.left {
        told.push(format!("It was not looked through to its end: {why}."));
    }
    if asked.is_empty() {
        told.push("Nothing of it had to be asked for.".to_owned());
    } else {
        let mut hosts: Vec<&str> = asked.iter().map(|(_, hop)| hop.url.host_ascii.as_str()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        told.push(format!("{} made for it, to {}.", was(asked.len(), "further request"), list(&hosts)));
    }
    for (kind, by) in [
        (InitiatorKind::Css, "named by stylesheets, which had to come before they could be known of"),
        (InitiatorKind::EarlyHint, "announced by a 103 (Early Hints) before the document had begun"),
        (InitiatorKind::Redirect, "a redirect's doing: each costs a round trip at least"),
    ] {
        let number = asked.iter().filter(|(resource, _)| resource.initiator.kind == kind).count();
        if number > 0 {
            told.push(format!("{number} of these {} {by}.", if number == 1 { "was" } else { "were" }));
        }
    }
    let left = page.resources.len().saturating_sub(asked.len());
    if left > 0 {
        told.push(format!("{} found and not asked for; the report says why.", was(left, "resource")));
    }
    told.push(
        "No script was run and nothing was laid out: what scripts ask for, and fonts and images of which layout decides, \
         are not among them."
            .to_owned(),
    );
    teller.tell("What the page asks for", &told, &["WHATWG HTML", "WHATWG Fetch"], COMMAND);
}

/// What had to come before anything could be painted, and when that was.
fn painting(teller: &mut Teller, page: &Page, asked: &[(&Resource, Hop<'_>)]) {
    let blocking: Vec<&(&Resource, Hop<'_>)> =
        asked.iter().filter(|(resource, _)| resource.blocking == Blocking::Render).collect();
    let last = blocking.iter().max_by_key(|(_, hop)| hop.end);
    let mut told = vec![match (blocking.len(), last) {
        (number, Some((last, hop))) => format!(
            "A browser paints nothing before the stylesheets of the head and its scripts in the way are there: {} of \
             these requests. The last of them, {}, had come {} after the start.",
            number,
            clip(&last.url),
            units::micros(hop.end.0)
        ),
        _ => "Nothing but the document itself had to be waited for before something could be painted."
            .to_owned(),
    }];
    told.push(match page.marks.start_render {
        Some(at) => format!(
            "Before {} no browser can have painted anything; how long after it one does, scripts, layout and the machine \
             decide.",
            units::micros(at.0)
        ),
        None => "Something of that had not come when the run ended, so that no such time is known.".to_owned(),
    });
    teller.tell(
        "Before anything can be seen",
        &told,
        &["WHATWG HTML section 8.1.5"],
        "urltrace --lab --page https://page.http.test/",
    );
}

/// Who had to wait for a turn.
fn turns(teller: &mut Teller, asked: &[(&Resource, Hop<'_>)]) {
    let queued = |hop: &Hop<'_>| phases(hop).spent[Phase::Queue].filter(|micros| *micros > 0);
    let all: Vec<(u64, &Resource)> =
        asked.iter().filter_map(|(resource, hop)| Some((queued(hop)?, *resource))).collect();
    let Some((longest, who)) = all.iter().max_by_key(|(micros, _)| *micros) else { return };
    let mut told = vec![
        format!(
            "{} had to wait before anything was done for {}: for a connection, or because more important ones came \
             first.",
            count(all.len(), "request"),
            if all.len() == 1 { "it" } else { "them" }
        ),
        format!("The longest wait was that of {}: {}.", clip(&who.url), units::micros(*longest)),
        "In HTTP/1.1 a connection carries one request at a time, and a browser opens six to a host at most; in HTTP/2 \
         and HTTP/3 one carries all."
            .to_owned(),
    ];
    let left = asked.iter().filter(|(resource, _)| resource.spare.is_some()).count();
    if left > 0 {
        told.push(format!(
            "{left} of these had a connection opened for {} and took another, which was free or open before.",
            if left == 1 { "it" } else { "them" }
        ));
    }
    teller.tell("Waiting for a turn", &told, &["RFC 9112 section 9.4", "RFC 9218"], COMMAND);
}

/// `1 was`, `4 were`.
fn were(number: usize) -> String {
    format!("{number} {}", if number == 1 { "was" } else { "were" })
}

/// `1 request was`, `4 requests were`.
fn was(number: usize, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}

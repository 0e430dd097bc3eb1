//! What is written in and under a ladder diagram, for text and SVG alike. Nothing is escaped here.

use crate::picture::{Arrow, Depth, Fate, Fold, Ladder, Shown, Step};
use crate::timeline::Phase;
use crate::units;

/// What an arrow says, and what became of it.
pub(super) fn label(arrow: &Arrow) -> String {
    format!("{}{}", arrow.label, end(arrow))
}

/// What became of an arrow that ends short.
pub(super) fn end(arrow: &Arrow) -> String {
    let waited = arrow.until.map(|until| units::duration(until.since(arrow.at())));
    match (arrow.ends_short(), arrow.fate, waited) {
        (true, Fate::Unanswered, Some(waited)) => format!(", no reply in {waited}"),
        (true, Fate::Unanswered, None) => ", no reply".to_owned(),
        (true, Fate::NotAwaited, Some(waited)) => format!(", not awaited after {waited}"),
        (true, Fate::NotAwaited, None) => ", not awaited".to_owned(),
        (true, Fate::Failed, _) => ", failed".to_owned(),
        _ => String::new(),
    }
}

/// Time went by behind the last arrow.
pub(super) fn nothing_more(micros: u64) -> String {
    format!("{} pass, and the run ends", units::micros(micros))
}

/// `3 more questions, 3 replies`.
pub(super) fn fold(fold: &Fold) -> String {
    let (sent, received) = match fold.phase {
        Phase::Dns => ("question", ["reply", "replies"]),
        Phase::Connect | Phase::Proxy | Phase::Quic => ("segment sent", ["received", "received"]),
        Phase::Tls => ("flight sent", ["received", "received"]),
        Phase::Queue | Phase::Send | Phase::Wait | Phase::Receive => ("request", ["response", "responses"]),
    };
    let sent = match (fold.sent, sent.split_once(' ')) {
        (0, _) => None,
        (1, _) => Some(format!("1 more {sent}")),
        (more, None) => Some(format!("{more} more {sent}s")),
        (more, Some((noun, rest))) => Some(format!("{more} more {noun}s {rest}")),
    };
    let more = if sent.is_some() { "" } else { "more " };
    let received = (fold.received > 0)
        .then(|| format!("{} {more}{}", fold.received, received[usize::from(fold.received > 1)]));
    let end = format!("until {}", units::micros(fold.end.0));
    sent.into_iter().chain(received).chain([end]).collect::<Vec<_>>().join(", ")
}

/// What a reader has to know of the times, and what is not drawn.
pub(super) fn legend(ladder: &Ladder, depth: Depth) -> Vec<String> {
    let mut told = vec![
        "Times are this machine's: an arrow that leaves it stands where it was sent, one that comes where it \
         was received. When the other side got it or answered is not known."
            .to_owned(),
    ];
    let steps = ladder.steps(depth);
    let beside_drawn = |step: &Step<'_>| matches!(step, Step::Arrow(arrow) if !arrow.counted);
    if steps.iter().any(beside_drawn) {
        told.push("Dotted arrows are not counted: nothing waited for them.".to_owned());
    }
    told.extend(ladder.page.map(page));
    let beside = ladder.beside();
    if depth == Depth::Short && beside > 0 {
        told.push(format!(
            "Not drawn: {} beside the way to the answer, which nothing waited for (-v).",
            units::count(beside, "question")
        ));
    }
    told
}

/// Which requests of a page are drawn.
fn page(shown: Shown) -> String {
    let Shown { depth, drawn, of, start_render } = shown;
    let all = units::count(of, "request");
    let which = match depth {
        _ if of == 0 => "The page asked for nothing else.".to_owned(),
        Depth::Short if drawn == 0 => {
            format!(
                "Of the {all} behind the document none is drawn: the first paint waited for none (-v draws them)."
            )
        }
        Depth::Short => format!(
            "Of the {all} behind the document {drawn} {} drawn, which the first paint waited for (-v draws the others).",
            if drawn == 1 { "is" } else { "are" }
        ),
        Depth::Full if drawn < of => {
            format!(
                "Of the {all} behind the document the first {drawn} are drawn; dotted: the first paint waited for none of them."
            )
        }
        Depth::Full => format!(
            "All {all} behind the document are drawn; the first paint waited for none of the dotted ones."
        ),
    };
    match start_render {
        Some(at) => format!("{which} Something can be painted after {}.", units::micros(at.0)),
        None => which,
    }
}

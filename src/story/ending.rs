//! What kept a run from its goal, and which steps it did not come to.

use super::teller::{Teller, capital};
use crate::trace::{Failure, Hop, Stage, StageName};
use crate::units;

/// The failure, and what did not happen because of it.
pub(super) fn put(teller: &mut Teller, failure: &Failure, missing: &[&'static str]) {
    let mut told = vec![
        format!(
            "Here it ended, in the stage {}, {} after that had begun. {}.",
            stage(failure.stage),
            units::duration(failure.running),
            capital(&failure.message)
        ),
        match &failure.hint {
            Some(hint) => format!("What to try next: {}.", hint.trim_end_matches('.')),
            None => String::new(),
        },
    ];
    match missing {
        [] => {}
        missing => told.push(format!("Not come to, and so nothing is known of it: {}.", missing.join(", "))),
    }
    teller.tell("Where it ended", &told, standards(failure.stage), command(failure.stage));
}

/// A run that was to go no further.
pub(super) fn wanted(teller: &mut Teller, hop: &Hop<'_>) {
    let told = format!(
        "Here it ended, {} after its start, because no more was asked for: the last stage was to be {}. Of HTTP 0 \
         bytes were sent.",
        units::duration(hop.end.since(hop.start)),
        stage(hop.request.until)
    );
    teller.tell("Where it was to end", &[told], standards(hop.request.until), command(hop.request.until));
}

/// The steps that a failure kept from happening.
pub(super) fn not_reached(hop: &Hop<'_>) -> Vec<&'static str> {
    fn missing<T>(stage: &Stage<T>, what: &'static str) -> Option<&'static str> {
        matches!(stage, Stage::NotReached).then_some(what)
    }
    [
        missing(&hop.dns, "the lookup"),
        missing(&hop.connect, "the connection"),
        missing(&hop.tls, "the TLS handshake"),
        missing(&hop.http, "the request and its answer"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const fn stage(stage: StageName) -> &'static str {
    match stage {
        StageName::Url => "URL",
        StageName::Dns => "DNS",
        StageName::Tcp => "TCP",
        StageName::Tls => "TLS",
        StageName::Http => "HTTP",
    }
}

const fn standards(stage: StageName) -> &'static [&'static str] {
    match stage {
        StageName::Url => &["RFC 3986 section 3"],
        StageName::Dns => &["RFC 1034 section 5.3.3", "RFC 8914"],
        StageName::Tcp => &["RFC 9293 section 3.5"],
        StageName::Tls => &["RFC 8446 section 6"],
        StageName::Http => &["RFC 9110 section 15", "RFC 9112 section 9"],
    }
}

/// A run in which that stage goes well.
const fn command(stage: StageName) -> &'static str {
    match stage {
        StageName::Url | StageName::Tcp | StageName::Http => "urltrace --lab https://www.example.test/",
        StageName::Dns => "urltrace dns --lab www.example.test",
        StageName::Tls => "urltrace --lab https://tls12-only.tls.test/",
    }
}

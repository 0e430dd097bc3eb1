//! Every term that a report can show has a topic.

use super::lookup::{Found, look_up};

/// The terms without a topic.
pub(super) fn without_topic(terms: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let found = |term: &str| matches!(look_up(term), Found::Topics(_));
    terms.into_iter().map(|term| term.as_ref().to_owned()).filter(|term| !found(term)).collect()
}

#[track_caller]
fn assert_explained(terms: impl IntoIterator<Item = impl AsRef<str>>) {
    assert_eq!(without_topic(terms), Vec::<String>::new(), "terms without a topic");
}

#[test]
fn phases_have_topics() {
    assert_explained([
        "dns_us",
        "connect_us",
        "tls_us",
        "send_us",
        "wait_us",
        "receive_us",
        "unaccounted_us",
    ]);
    assert_explained(["total_us", "setup_us", "dns phase", "connect phase", "tls phase", "not reached"]);
}

//! The page of every fixture: what it may contain and what it must.

use std::time::Duration;

use crate::redact::Secrets;
use crate::render::style::{Format, Style};
use crate::render::{render, render_compared, render_repeated, testtrace};
use crate::trace::Trace;

fn page(trace: &Trace) -> String {
    let mut out = Vec::new();
    render(&testtrace::report(trace, Secrets::Hide), Format::Html, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_fixture_makes_a_page_that_asks_nobody_for_anything() {
    for (name, trace) in testtrace::all() {
        let page = page(&trace);
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{name}");
        let before_data = page.split("<script type=\"application/json\"").next().unwrap();
        for word in [" src=", "<link", "<iframe", "<img", "@import", "url(", " on", " style="] {
            let in_tags = before_data.split('<').skip(1).filter_map(|tag| tag.split('>').next());
            assert!(!in_tags.clone().any(|tag| format!("<{tag}").contains(word)), "{name}: {word}");
        }
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        assert!(page.len() < 200_000, "{name}: {}", page.len());
    }
}

fn in_tags(page: &str) -> impl Iterator<Item = String> {
    let before_data = page.split("<script type=\"application/json\"").next().unwrap();
    before_data.split('<').skip(1).filter_map(|tag| Some(format!("<{}", tag.split('>').next()?)))
}

/// Every id once, every link within the page to one of them.
fn holds_together(page: &str) {
    let ids: Vec<String> = in_tags(page)
        .filter_map(|tag| Some(tag.split(" id=\"").nth(1)?.split('"').next()?.to_owned()))
        .collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "{ids:?}");
    for link in
        in_tags(page).filter_map(|tag| Some(tag.split("href=\"#").nth(1)?.split('"').next()?.to_owned()))
    {
        assert!(ids.contains(&link), "#{link} leads nowhere: {ids:?}");
    }
}

#[test]
fn pages_of_many_runs_and_of_comparisons_ask_nobody_for_anything() {
    let waited = |ms: u64| testtrace::waited(Duration::from_millis(ms));
    let slow = (0..24).map(|run| waited(if run % 3 == 2 { 300 } else { run })).collect();
    let (_, failed) = testtrace::all().into_iter().find(|(name, _)| *name == "nxdomain").unwrap();
    let runs = [
        vec![waited(0)],
        vec![waited(0), failed.clone(), waited(4)],
        vec![failed.clone(), failed.clone()],
        slow,
        Vec::new(),
    ];
    let mut pages = Vec::new();
    for runs in runs {
        let mut out = Vec::new();
        render_repeated(&testtrace::repeat(runs), Format::Html, &Style::default(), &mut out).unwrap();
        pages.push(String::from_utf8(out).unwrap());
    }
    for waits in [[&[0; 10][..], &[9; 10]], [&[0], &[3]]] {
        let mut out = Vec::new();
        render_compared(&testtrace::compare(waits), Format::Html, &Style::default(), &mut out).unwrap();
        pages.push(String::from_utf8(out).unwrap());
    }
    for page in &pages {
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
        for word in [" src=", "<link", "<iframe", "<img", "@import", "url(", " on", " style="] {
            assert!(!in_tags(page).any(|tag| tag.contains(word)), "{word}: {page}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("geheim"), "{page}");
        holds_together(page);
        let inside = page.split("id=\"urltrace-json\">").nth(1).unwrap().split("</script>").next().unwrap();
        let document: serde_json::Value = serde_json::from_str(inside).unwrap();
        assert!(["repeat", "compare"].contains(&document["kind"].as_str().unwrap()));
    }
    let drawn = &pages[3];
    assert!(drawn.contains("the middle half from") && drawn.contains("flapping"), "{drawn}");
    assert_eq!(drawn.matches("<path class=\"p95\"").count(), drawn.matches("<rect class=\"box\"").count());
    assert!(pages[5].contains("HTTP/2 takes 9.00 ms more than HTTP/1.1"), "{}", pages[5]);
}

/// Every rule of the filter has its button, every button its rows, and what the network said is text.
#[test]
fn a_page_of_requests_can_be_filtered_and_opened() {
    let mut trace = testtrace::paged();
    let words = "\"><script>alert(1)</script>";
    let request = testtrace::resource(&mut trace, 1);
    request.url.path = format!("/{words}");
    request.url.href = format!("https://other.example.test/{words}");
    request.url.host_ascii = "other.example.test".to_owned();
    request.http.ran_mut().unwrap().status = Some(404);
    let page = page(&trace);
    assert!(!page.contains("<script>alert"), "it is text");
    assert!(page.contains("&lt;script&gt;alert(1)"), "and nothing of it is lost");
    for id in
        ["kind-all", "kind-document", "kind-stylesheet", "kind-image", "kind-blocking", "kind-bad", "host-1"]
    {
        assert!(page.contains(&format!("type=\"radio\" name=\"{}\" id=\"{id}\"", &id[..4])), "{id}");
        assert!(page.contains(&format!("#{id}:checked")) || id.ends_with("all"), "{id} has a rule");
    }
    assert!(!page.contains("id=\"kind-font\""), "a button without rows");
    assert_eq!(page.matches("<details class=\"res ").count(), 3);
    assert_eq!(page.matches("kind-document host-0 blocking\"").count(), 1);
    assert_eq!(page.matches("kind-image host-1 bad\"").count(), 1);
    for words in [
        "requests that scripts make",
        "asked for by",
        "no paint before",
        "id=\"connections\"",
        "id=\"left-out\"",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let plain = super::tests::page(&testtrace::success());
    assert!(
        !plain.contains("class=\"filter\"") && !plain.contains(".filter {"),
        "a trace has no weight of pages"
    );
}

#[test]
fn the_document_inside_is_the_one_for_programs() {
    let trace = testtrace::success();
    let page = page(&trace);
    let inside = page.split("id=\"urltrace-json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let mut out = Vec::new();
    render(&testtrace::report(&trace, Secrets::Hide), Format::Json, &Style::default(), &mut out).unwrap();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(inside), parse(&String::from_utf8(out).unwrap()));
}

//! The page of every fixture: what it may contain and what it must.

use crate::redact::Secrets;
use crate::render::style::{Format, Style};
use crate::render::{render, testtrace};
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

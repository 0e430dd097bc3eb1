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

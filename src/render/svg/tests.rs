//! The pictures of every fixture: well-formed, of this program's elements alone, with nothing lost.

use super::*;
use crate::redact::Secrets;
use crate::render::escape::is_control;
use crate::render::testtrace;
use crate::trace::Trace;

fn file(trace: &Trace, diagram: Diagram) -> String {
    let style = Style { diagram, verbose: true, ..Style::default() };
    let mut out = Vec::new();
    super::trace(&testtrace::report(trace, Secrets::Hide), &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn page(trace: &Trace, diagram: Diagram) -> String {
    let report = testtrace::report(trace, Secrets::Hide);
    let picture = Picture::of(&report.trace, &report.findings, Depth::Short);
    draw(&report, &picture, diagram, Depth::Short, Within::Page)
}

/// The names of the elements; panics where tags do not close each other or text is not escaped.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    for (index, part) in svg.split('<').enumerate() {
        let Some((tag, text)) = part.split_once('>') else {
            assert_eq!((index, part.trim()), (0, ""), "a bracket without its pair: {part}");
            continue;
        };
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').chain(tag.split('&')).skip(1) {
            let name = entity.split(';').next().unwrap();
            let known = ["amp", "lt", "gt", "quot", "#39"].contains(&name);
            assert!(known || !text.contains(entity) && !tag.contains(&format!("&{name}")), "&{entity}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{tag}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        names.push(name);
    }
    assert_eq!(open, Vec::<String>::new(), "left open");
    names
}

#[test]
fn every_fixture_is_well_formed_and_made_of_known_elements() {
    const KNOWN: [&str; 11] =
        ["svg", "title", "desc", "style", "g", "rect", "line", "polygon", "text", "a", "tspan"];
    for (name, trace) in testtrace::all() {
        for diagram in [Diagram::Waterfall, Diagram::Ladder, Diagram::Connections] {
            for svg in [file(&trace, diagram), page(&trace, diagram)] {
                let names = elements(&svg);
                assert!(names.iter().all(|element| KNOWN.contains(&element.as_str())), "{name}: {names:?}");
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
                assert!(!svg.replace('\n', "").chars().any(is_control), "{name}: {svg:?}");
                for word in ["style=", "script", "href=\"http", "url("] {
                    let tags = svg.split('<').filter_map(|part| part.split('>').next());
                    assert!(!tags.clone().any(|tag| tag.contains(word)), "{name}: {word}");
                }
            }
        }
    }
}

#[test]
fn a_file_has_its_rules_and_a_page_has_them_elsewhere() {
    let trace = testtrace::success();
    for diagram in [Diagram::Waterfall, Diagram::Ladder] {
        assert!(file(&trace, diagram).contains("prefers-color-scheme: dark"));
        assert!(!page(&trace, diagram).contains("<style"));
    }
    assert!(page(&trace, Diagram::Ladder).contains("id=\"arrow-0\""));
    assert!(page(&trace, Diagram::Waterfall).contains("href=\"#finding-1\""));
    assert!(!STYLE.contains(['<', '&']) && !STYLE.contains("url("), "it stands in XML as it is");
}

#[test]
fn every_row_and_every_arrow_is_drawn() {
    for (name, trace) in testtrace::all() {
        let report = testtrace::report(&trace, Secrets::Hide);
        let picture = Picture::of(&report.trace, &report.findings, Depth::Full);
        let drawn = file(&trace, Diagram::Waterfall);
        if let Some(page) = &trace.page {
            let (requests, known) = (drawn.matches("class=\"request").count(), page.requested().count());
            assert_eq!(requests, trace.requests.len() + known, "{name}");
            let runs = file(&trace, Diagram::Connections).matches("class=\"run ").count();
            assert_eq!(runs, requests, "{name}: all of them went out");
        } else {
            assert_eq!(drawn.matches("class=\"row ").count(), picture.rows.len(), "{name}");
        }
        let arrows = file(&trace, Diagram::Ladder).matches("class=\"arrow ").count();
        assert_eq!(arrows, picture.ladder.arrows.len(), "{name}");
    }
}

#[test]
fn a_page_has_its_marks_and_says_what_it_does_not_show() {
    let trace = testtrace::paged();
    for diagram in [Diagram::Waterfall, Diagram::Connections] {
        let svg = file(&trace, diagram);
        for words in ["first byte ", "no paint before ", "static page ends ", "requests that scripts make"] {
            assert!(svg.contains(words), "{words}");
        }
        assert_eq!(svg.matches("<line class=\"start-render\"").count(), 1);
    }
    assert!(file(&trace, Diagram::Waterfall).contains("Found and not asked for: 1."));
    let mut unknown = trace;
    if let Some(page) = &mut unknown.page {
        page.marks.start_render = None;
    }
    assert!(!file(&unknown, Diagram::Waterfall).contains("no paint before"), "what is not known has no line");
}

#[test]
fn a_redirect_chain_without_end_is_still_a_picture() {
    let mut trace = testtrace::success();
    for _ in 0..40 {
        let request = trace.requests[0].clone();
        trace.add_request(request);
    }
    for diagram in [Diagram::Waterfall, Diagram::Ladder] {
        elements(&file(&trace, diagram));
    }
}

#[test]
fn secrets_do_not_come_into_a_picture() {
    for diagram in [Diagram::Waterfall, Diagram::Ladder] {
        let svg = file(&testtrace::redirects(), diagram);
        for secret in ["hunter2", "abc123", "s3cr3t", "4711"] {
            assert!(!svg.contains(secret), "{secret}");
        }
    }
}

//! What becomes of what a page names, before anything is asked for.

use std::time::Duration;

use super::*;
use crate::page::Terms;

fn state() -> State {
    let document = url::parse("https://a.test/").unwrap();
    State { document: Some(document), ..State::new(PagePlan::default()) }
}

fn found(path: &str, kind: ResourceKind) -> Found {
    Found {
        url: format!("https://a.test/{path}"),
        kind,
        by: InitiatorKind::Parser,
        offset: None,
        wish: Wish::default(),
        left: None,
        note: None,
    }
}

#[test]
fn a_second_reference_asks_for_what_the_first_left_out() {
    for left in [Left::Chrome, Left::Lazy, Left::Potential, Left::NoModule] {
        let mut state = state();
        state.find(Asker::Document, Found { left: Some(left), ..found("x", ResourceKind::Icon) }, At(0));
        assert!(state.next().is_none(), "{left:?}");
        state.find(Asker::Document, found("x", ResourceKind::Image), At(0));
        assert_eq!((state.resources.len(), state.resources[0].kind), (1, ResourceKind::Image), "{left:?}");
        let (id, ..) = state.next().expect("it is asked for");
        assert_eq!(id, ResourceId(0));
    }
    let mut state = state();
    state.find(Asker::Document, found("x", ResourceKind::Image), At(0));
    state.find(Asker::Document, Found { left: Some(Left::Lazy), ..found("x", ResourceKind::Image) }, At(0));
    assert!(state.next().is_some() && state.next().is_none(), "what is asked for stays so");
}

#[test]
fn a_connection_ahead_is_more_than_a_lookup_ahead() {
    let mut state = state();
    for kind in [ResourceKind::DnsPrefetch, ResourceKind::Preconnect, ResourceKind::DnsPrefetch] {
        state.find(Asker::Document, Found { left: Some(Left::Hint), ..found("", kind) }, At(0));
    }
    assert_eq!((state.resources.len(), state.resources[0].kind), (1, ResourceKind::Preconnect));
}

#[test]
fn an_import_of_a_style_element_blocks_as_the_element_does() {
    for (place, blocking) in [(Place::Head, Blocking::Render), (Place::Body, Blocking::Parser)] {
        let mut state = state();
        let wish = Wish { place, ..Wish::default() };
        let import = Found { by: InitiatorKind::Css, wish, ..found("x.css", ResourceKind::Stylesheet) };
        state.find(Asker::Document, import, At(0));
        assert_eq!(state.resources[0].blocking, blocking);
    }
}

#[test]
fn the_first_images_are_those_of_each_document() {
    let mut state = state();
    state.find(Asker::Document, found("frame", ResourceKind::Frame), At(0));
    for number in 0..6 {
        state.find(Asker::Document, found(&format!("{number}"), ResourceKind::Image), At(0));
        state.find(Asker::Resource(ResourceId(0)), found(&format!("f{number}"), ResourceKind::Image), At(0));
    }
    let sooner = |state: &State| state.resources.iter().filter(|it| it.priority == Priority::Medium).count();
    assert_eq!(sooner(&state), 10, "five of each");
}

#[test]
fn redirects_are_judged_as_first_requests_are() {
    let field = |value: &str| crate::trace::Header {
        name: "content-security-policy".to_owned(),
        value: value.into(),
    };
    let upgrading = Rc::new(Terms::of("https://a.test/", &[field("upgrade-insecure-requests")]));
    for (kind, terms, to, url, fate) in [
        (ResourceKind::Script, None, "http://b.test/", "http://b.test/", Fate::Left(Left::MixedContent)),
        (ResourceKind::Script, Some(&upgrading), "http://b.test/", "https://b.test/", Fate::Unstarted),
        (ResourceKind::Image, None, "http://b.test/", "https://b.test/", Fate::Unstarted),
        (ResourceKind::Image, None, "http://192.0.2.1/", "http://192.0.2.1/", Fate::Unstarted),
        (ResourceKind::Script, None, "http://127.0.0.1/", "http://127.0.0.1/", Fate::Unstarted),
    ] {
        let mut state = state();
        let mut script = found("x", kind);
        if let Some(terms) = terms {
            script.wish.terms = Rc::clone(terms);
        }
        state.find(Asker::Document, script, At(0));
        state.follow(ResourceId(0), InitiatorKind::Redirect, url::parse(to).unwrap(), At(0));
        let followed = &state.resources[1];
        assert_eq!((followed.url.as_str(), followed.fate), (url, fate), "{to}");
        assert_eq!(
            followed.blocking == Blocking::None,
            fate != Fate::Unstarted || kind == ResourceKind::Image
        );
    }
}

#[test]
fn an_offer_of_http3_is_heeded_where_browsers_heed_it_and_as_long_as_it_holds() {
    let at = |port, seconds: u64| Some((port, At(7).after(Duration::from_secs(seconds))));
    for (own, said, wanted) in [
        (443, r#"h3=":443"; ma=60"#, at(443, 60)),
        (443, r#"h3=":444"; ma=60"#, at(444, 60)),
        (443, r#"h3="A.test:443""#, at(443, 86_400)),
        // Any user of that machine could listen there.
        (443, r#"h3=":8443""#, None),
        (443, r#"h3=":8443", h2=":443", h3=":443"; ma=5"#, at(443, 5)),
        (8443, r#"h3=":9443""#, at(9443, 86_400)),
        (443, r#"h3="b.test:443""#, None),
        (443, r#"h3="b.test:443", h3=":443""#, at(443, 86_400)),
        (443, r#"h3=":443"; ma=0"#, None),
        (443, "clear", None),
    ] {
        let mut state = state();
        let url = url::parse(&format!("https://a.test:{own}/")).unwrap();
        for value in [r#"h3=":445""#, said] {
            let field = crate::trace::Header { name: "alt-svc".to_owned(), value: value.into() };
            state.take_offer(&url, &crate::reading::alt_svc(&[field]).unwrap(), At(7));
        }
        let offer = state.offers.get(&Origin::of(&url)).map(|offer| (offer.port, offer.until));
        assert_eq!(offer, wanted, "{said}");
    }
}

//! Documents and stylesheets, whole and in pieces, sound and hostile.

use std::rc::Rc;
use std::time::Duration;

use super::{Document, Sheet};
use crate::page::found::{Cors, Found, Place};
use crate::trace::{CharsetSource, InitiatorKind, Left, ResourceKind, Viewport};

const URL: &str = "https://example.test/dir/page?q=1#top";

fn document() -> Document {
    Document::new(URL, Some("utf-8"), Viewport::default(), Rc::default()).unwrap()
}

fn scan(html: &[u8], piece: usize) -> Vec<Found> {
    let mut document = document();
    html.chunks(piece).flat_map(|piece| document.take(piece)).collect()
}

fn found(html: &str) -> Vec<Found> {
    scan(html.as_bytes(), usize::MAX)
}

/// Paths of what would be asked for.
fn asked(html: &str) -> Vec<String> {
    let own = |found: Found| found.left.is_none().then(|| found.url.replace("https://example.test", ""));
    found(html).into_iter().filter_map(own).collect()
}

/// The traps of scanners that read markup by its looks.
#[test]
fn traps_of_scanners() {
    for (html, expected) in [
        ("<script>var a = '<img src=/1>';</script><img src=/2>", vec!["/2"]),
        ("<style>/* <img src=/1> */</style><img src=/2>", vec!["/2"]),
        ("<textarea><img src=/1></textarea><img src=/2>", vec!["/2"]),
        ("<title><img src=/1></title><img src=/2>", vec!["/2"]),
        ("<iframe src=/f><img src=/1></iframe><img src=/2>", vec!["/f", "/2"]),
        ("<xmp><img src=/1></xmp><noembed><img src=/1></noembed><img src=/2>", vec!["/2"]),
        ("<!-- <img src=/1> --><img src=/2>", vec!["/2"]),
        ("<!--><img src=/1>--><!-- > <img src=/x> --!><img src=/2>", vec!["/1", "/2"]),
        ("<template><img src=/1><template></template><img src=/1></template><img src=/2>", vec!["/2"]),
        ("<noscript><img src=/1></noscript><img src=/2>", vec!["/2"]),
        ("<IMG SRC=/1><ImG sRc='/2'>", vec!["/1", "/2"]),
        ("<img src=/1?a=1&amp;b=2><img src=/2?a&#61;1>", vec!["/1?a=1&b=2", "/2?a=1"]),
        ("<img alt='a > b' src=/1><img alt=\"<img src=/x>\" src=/2>", vec!["/1", "/2"]),
        ("<img src=/1 src=/x><img\nsrc\n=\n/2\n>", vec!["/1", "/2"]),
        (
            "<image src=/1><svg><image href=/2 /><use href='/3#a'/><use href='#b'/></svg>",
            vec!["/1", "/2", "/3"],
        ),
        ("<img src=/1><img src=/x", vec!["/1"]),
        ("<script><!-- <script> </script> <img src=/x> --></script><img src=/1>", vec!["/1"]),
        (
            "<svg><style><img src=/x></style></svg><svg><title>t</title><script/></svg><img src=/1>",
            vec!["/1"],
        ),
        ("<plaintext><img src=/x>", vec![]),
        ("<b><template shadowrootmode=open><img src=/1></template></b><img src=/2>", vec!["/1", "/2"]),
        (
            "<template><template shadowrootmode=open><img src=/x></template></template><img src=/1>",
            vec!["/1"],
        ),
        ("<template shadowrootmode=x><img src=/x></template><img src=/1>", vec!["/1"]),
        (
            "<style type=text/less>@import '/1'; a { background: url(/x) }</style><style type=TEXT/css>@import '/2';</style>",
            vec!["/1", "/2"],
        ),
        ("<p>text<frame src=/x><frameset><frame src=/x></frameset>", vec![]),
        ("<head><title>t</title></head><frameset><frame src=/1></frameset>", vec!["/1"]),
        ("<svg><![CDATA[<img src=/x>]]></svg><img src=/1>", vec!["/1"]),
    ] {
        let asked = asked(html);
        assert_eq!(asked, expected, "{html}");
    }
}

#[test]
fn pieces_change_nothing_but_the_time() {
    let html = "<!doctype html><base href='/b/'><link rel=stylesheet href=a.css><style>@import 'i.css'; \
                a { background: url(é.png) }</style><img srcset='s 1x, t 2x'><p style='background:url(p.png)'>";
    let whole = scan(html.as_bytes(), usize::MAX);
    assert_eq!(whole.len(), 5, "{whole:?}");
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(scan(html.as_bytes(), piece), whole, "pieces of {piece}");
    }
    for found in &whole {
        let offset = usize::try_from(found.offset.unwrap()).unwrap();
        assert!(offset <= html.len(), "{found:?}");
    }
    let link = whole.iter().find(|found| found.url.ends_with("/b/a.css")).unwrap();
    assert_eq!(link.offset, Some(html.find("a.css>").unwrap() as u64 + 6), "to the byte");
}

#[test]
fn the_table_of_elements() {
    use ResourceKind::{
        DnsPrefetch, Document as Page, Fetch, Font, Frame, Icon, Image, Manifest, Media, Object, Preconnect,
        Script, Stylesheet,
    };
    for (html, kind, left) in [
        ("<link rel=stylesheet href=/x>", Stylesheet, None),
        ("<link rel='STYLESHEET' href=/x type=text/css>", Stylesheet, None),
        ("<link rel=preload as=script href=/x>", Script, None),
        ("<link rel=preload as=fetch href=/x crossorigin>", Fetch, None),
        ("<link rel=preload as=font href=/x crossorigin>", Font, None),
        ("<link rel=modulepreload href=/x>", Script, None),
        ("<link rel=prefetch href=/x>", ResourceKind::Other, None),
        ("<link rel='shortcut icon' href=/x>", Icon, Some(Left::Chrome)),
        ("<link rel=manifest href=/x>", Manifest, Some(Left::Chrome)),
        ("<link rel=preconnect href=/x>", Preconnect, Some(Left::Hint)),
        ("<link rel=dns-prefetch href=/x>", DnsPrefetch, Some(Left::Hint)),
        ("<script src=/x></script>", Script, None),
        ("<script type=module src=/x></script>", Script, None),
        ("<script nomodule src=/x></script>", Script, Some(Left::NoModule)),
        ("<img loading=lazy src=/x>", Image, Some(Left::Lazy)),
        ("<iframe src=/x></iframe>", Frame, None),
        ("<iframe loading=LAZY src=/x></iframe>", Frame, Some(Left::Lazy)),
        ("<iframe src=/dir/page?q=1></iframe>", Frame, Some(Left::TooDeep)),
        ("<video src=/x></video>", Media, Some(Left::Media)),
        ("<video poster=/x></video>", Image, None),
        ("<video><source src=/x></video>", Media, Some(Left::Media)),
        ("<audio src=/x></audio>", Media, Some(Left::Media)),
        ("<object data=/x></object>", Object, None),
        ("<embed src=/x>", Object, None),
        ("<embed src=/x type='application/pdf; a=b'>", Object, None),
        ("<svg><filter><feImage xlink:href=/x /></filter></svg>", Image, None),
        ("<link rel=preload as=script type=text/plain href=/x>", Script, None),
        ("<link rel=preload as=font type=font/woff2 href=/x crossorigin>", Font, None),
        ("<input type=IMAGE src=/x>", Image, None),
        ("<body background=/x>", Image, None),
        ("<meta http-equiv=refresh content='5; url=/x'>", Page, Some(Left::Navigation)),
        ("<div style='background: url(/x)'>", Image, Some(Left::Potential)),
        ("<style>@font-face { src: url(/x) format('woff2') }</style>", Font, Some(Left::Potential)),
        ("<style>@import url(/x);</style>", Stylesheet, None),
        ("<img src='ftp://example.test/x'>", Image, Some(Left::BadUrl)),
        ("<img src='http://[x'>", Image, Some(Left::BadUrl)),
    ] {
        let all = found(html);
        assert_eq!(all.len(), 1, "{html}: {all:?}");
        assert_eq!((all[0].kind, all[0].left), (kind, left), "{html}");
    }
}

#[test]
fn what_asks_for_nothing() {
    for html in [
        "<link rel=canonical href=/x>",
        "<link rel=stylesheet>",
        "<link rel=stylesheet href=''>",
        "<link rel=stylesheet disabled href=/x>",
        "<link rel=stylesheet type=text/less href=/x>",
        "<link rel=preload href=/x>",
        "<link rel=preload as=style media=print href=/x>",
        "<link rel=modulepreload media=print href=/x>",
        "<link rel=preload as=font type=application/font-woff href=/x crossorigin>",
        "<object data=/x type=application/x-shockwave-flash></object><embed src=/x.swf><feimage href=/x>",
        "<script type=application/ld+json src=/x></script>",
        "<script type='text/javascript; charset=utf-8' src=/x></script>",
        "<script type=importmap>{\"imports\": {\"a\": \"/x\"}}</script>",
        "<script>import '/x'</script>",
        "<img src=''><img src=' '><img>",
        "<img src='data:image/png;base64,AAAA'>",
        "<img src='blob:https://example.test/1'>",
        "<iframe src='javascript:void(0)'></iframe><iframe src='java\nscript:x'></iframe>",
        "<iframe src=about:blank></iframe><iframe srcdoc='text' src=/x></iframe>",
        "<input src=/x><source src=/x><a href=/x>x</a>",
        "<use href='#a'/>",
        "<meta name=refresh content='5; url=/x'><meta http-equiv=refresh content=5>",
        "<style>a { color: red } @namespace url(/x);</style>",
    ] {
        assert_eq!(found(html), [], "{html}");
    }
}

#[test]
fn a_document_in_the_markup_is_in_the_sandbox_of_its_frame() {
    for (attribute, opaque) in [
        ("", false),
        ("sandbox", true),
        ("sandbox=allow-scripts", true),
        ("sandbox=allow-same-origin", false),
    ] {
        let html = format!(
            "<iframe {attribute} srcdoc='<img src=/a><iframe srcdoc=\"<img src=/b>\">'></iframe><img src=/c>"
        );
        let all = found(&html);
        let told: Vec<bool> = all.iter().map(|found| found.wish.terms.is_opaque()).collect();
        assert_eq!(told, [opaque, opaque, false], "{html}");
    }
}

#[test]
fn what_markup_says_of_a_resource() {
    let one = |html: &str| found(html).remove(0);
    assert!(one("<script async src=/x></script>").wish.is_async);
    assert!(one("<script defer src=/x></script>").wish.deferred);
    let module = one("<script type=module src=/x></script>");
    assert!(module.wish.deferred && module.wish.cors == Cors::Anonymous);
    assert!(one("<link rel=stylesheet media=print href=/x>").wish.media_differs);
    assert!(one("<link rel='alternate stylesheet' href=/x>").wish.media_differs);
    assert!(one("<style media=print>@import '/x';</style>").wish.media_differs);
    assert!(!one("<style media=screen>@import '/x';</style>").wish.media_differs);
    assert_eq!(one("<iframe crossorigin=anonymous src=/x></iframe>").wish.cors, Cors::No);
    assert!(one("<link rel=modulepreload href=/x>").wish.of_modules);
    assert_eq!(one("<img fetchpriority=high src=/x>").wish.importance, Some(true));
    assert!(one("<img width=100 height=100 src=/x>").wish.is_minor);
    assert!(!one("<img width=101 height=100 src=/x>").wish.is_minor);
    assert!(one("<svg><use href='/x#a'/></svg>").wish.is_minor);
    assert!(one("<script type=module async src=/x></script>").wish.is_module);
    assert_eq!(one("<img crossorigin=use-credentials src=/x>").wish.cors, Cors::Credentials);
    assert_eq!(
        one("<link rel=stylesheet integrity=sha256-x href=/x>").wish.integrity.as_deref(),
        Some("sha256-x")
    );
    assert!(one("<script blocking=render async src=/x></script>").wish.blocks_render);
}

#[test]
fn head_and_body_are_told_apart() {
    let place = |html: &str| found(html).pop().unwrap().wish.place;
    for (html, expected) in [
        ("<html><head><title>t</title><meta charset=utf-8><link rel=stylesheet href=/x>", Place::Head),
        ("\n<script src=/x></script>", Place::Head),
        ("<template>t</template><script src=/x></script>", Place::Head),
        (&format!("<head>{}<script src=/x></script>", " ".repeat(2_000)), Place::Head),
        ("<head></head><script src=/x></script>", Place::Body),
        ("<body><script src=/x></script>", Place::Body),
        ("<p>a</p><script src=/x></script>", Place::Body),
        ("text<script src=/x></script>", Place::Body),
    ] {
        assert_eq!(place(html), expected, "{html}");
    }
}

#[test]
fn bases_pictures_and_sizes() {
    for (html, expected) in [
        ("<base href=/other/><img src=a><base href=/third/><img src=b>", vec!["/other/a", "/other/b"]),
        ("<img src=a><base href=/other/><img src=a>", vec!["/dir/a", "/other/a"]),
        ("<base href='javascript:x'><img src=a>", vec!["/dir/a"]),
        (
            "<picture><source type=image/none srcset=/1><source media='(max-width: 10px)' srcset=/2>\
             <source type=image/webp srcset='/3 1x, /4 2x'><source srcset=/5><img src=/6></picture><img src=/7>",
            vec!["/3", "/7"],
        ),
        ("<picture><source type=image/none srcset=/1><img src=/6></picture>", vec!["/6"]),
        ("<img sizes='(min-width: 800px) 400px, 100vw' srcset='/1 400w, /2 1400w' src=/3>", vec!["/1"]),
        ("<link rel=preload as=image imagesrcset='/1 400w, /2 1400w' imagesizes=100vw href=/3>", vec!["/2"]),
    ] {
        assert_eq!(asked(html), expected, "{html}");
    }
}

#[test]
fn charsets_change_what_urls_mean() {
    let urls = |field: Option<&str>, html: &[u8]| {
        let mut document = Document::new(URL, field, Viewport::default(), Rc::default()).unwrap();
        let all: Vec<_> = document.take(html).into_iter().map(|found| (found.url, found.left)).collect();
        (all, document.into_read().charset.unwrap())
    };
    let (all, charset) = urls(None, "<meta charset=utf-8><img src=/é>".as_bytes());
    assert_eq!(all, [("https://example.test/%C3%A9".to_owned(), None)]);
    assert_eq!(charset, ("utf-8".to_owned(), CharsetSource::Meta));
    let (all, _) = urls(Some("iso-8859-1"), b"<img src=/\xe9?\xe9>");
    assert_eq!(all, [("https://example.test/%C3%A9?%E9".to_owned(), None)], "a query is in the page's own");
    let (all, _) = urls(Some("shift_jis"), b"<img src=/a><img src=/\x83\x41>");
    assert_eq!(all.iter().map(|(_, left)| *left).collect::<Vec<_>>(), [None, Some(Left::Charset)]);
    let utf16: Vec<u8> = "\u{feff}<img src=/é>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (all, charset) = urls(None, &utf16);
    assert_eq!(all, [("https://example.test/%C3%A9".to_owned(), None)]);
    assert_eq!(charset.1, CharsetSource::ByteOrderMark);
}

fn sheet(css: &str, piece: usize) -> (Vec<Found>, Vec<Found>) {
    let mut sheet = Sheet::new("https://example.test/css/a.css", None).unwrap();
    let early = css.as_bytes().chunks(piece).flat_map(|piece| sheet.take(piece)).collect();
    (early, sheet.finish())
}

#[test]
fn imports_are_found_before_the_sheet_has_ended() {
    let css = "@charset 'utf-8'; /* c */ @layer base; @import 'one.css';\n@IMPORT url(two.css) screen;\
               @import url('three.css') layer(x) supports(display: grid) print; a { color: red } @import 'late.css';";
    for piece in [1, 5, 1000] {
        let (early, late) = sheet(css, piece);
        let urls: Vec<_> = early
            .iter()
            .map(|found| (found.url.rsplit('/').next().unwrap(), found.wish.media_differs))
            .collect();
        assert_eq!(urls, [("one.css", false), ("two.css", false), ("three.css", false)], "{piece}");
        assert!(late.is_empty(), "{late:?}");
        assert!(early.iter().all(|found| found.by == InitiatorKind::Css));
        assert_eq!(early[0].offset, Some(css.find("'one.css';").unwrap() as u64 + 10));
    }
    let (early, late) = sheet("@import 'a.css'", 1000);
    assert_eq!((early.len(), late.len()), (0, 1), "its end ends a statement");
}

#[test]
fn fonts_and_images_of_sheets_are_potential() {
    let css = "@font-face { font-family: a; src: local('x'), url(a.woff2) format('woff2'), url(\"a.woff\") }\
               .x { background: url( 'b.png' ) } @media print { .y { background: image-set('c.png' 1x, url(d.png) 2x) } }\
               .z { background: url(data:image/png;base64,AA); content: 'url(no.png)' } /* url(no.png) */\
               .e { background: \\75rl(e.png) } .v { --v: url(f.png) }";
    let (_, late) = sheet(css, 1000);
    let all: Vec<_> = late.iter().map(|found| (found.url.rsplit('/').next().unwrap(), found.kind)).collect();
    use ResourceKind::{Font, Image};
    assert_eq!(
        all,
        [("a.woff2", Font), ("b.png", Image), ("c.png", Image), ("e.png", Image), ("f.png", Image)]
    );
    assert!(late.iter().all(|found| found.left == Some(Left::Potential)));
}

#[test]
fn of_fonts_and_images_in_several_formats_one_is_taken() {
    for (css, expected) in [
        (
            "@font-face { src: url(a.eot); src: url('a.eot?#iefix') format('embedded-opentype'), url(a.woff) format(woff), url(b) }",
            Some("a.woff"),
        ),
        ("@font-face { src: url(a.svg) format('svg') }", None),
        ("@font-face { font-family: src; src: url(a.ttf) }", Some("a.ttf")),
        (
            "@font-face { src: url(a.ttf) format('truetype-variations'), url(b.ttf); font-weight: 100 }",
            Some("a.ttf"),
        ),
        ("p { background: image-set(url(a) type('image/x-tiff'), 'b' 2x, 'c' 1.5x, 'd' 48dpi) }", Some("c")),
        ("p { background: -webkit-image-set(url(a) 0.5x, url('b') 0.75x) }", Some("b")),
        ("p { background: image-set(linear-gradient(red, blue) 1x) }", None),
    ] {
        let (_, late) = sheet(css, 1000);
        let urls: Vec<_> = late.iter().map(|found| found.url.rsplit('/').next().unwrap()).collect();
        assert_eq!(urls, expected.into_iter().collect::<Vec<_>>(), "{css}");
    }
}

#[test]
fn odd_markup_asks_for_what_it_asks_for_in_chromium() {
    for (html, expected) in [
        // A host stands behind any number of slashes; what was left open, and passwords, are not asked for.
        (
            "<img src='///other.test/a'><img src='\\\\other.test/b'>",
            &["https://other.test/a", "https://other.test/b"][..],
        ),
        (
            "<img src='/a?<\n'><img src='/b?\nc'><img src='/c?<d'>",
            &["https://example.test/a?%3C", "https://example.test/b?c", "https://example.test/c?%3Cd"],
        ),
        ("<img src='/a?<\nb'>", &[]),
        (
            "<img src='https://u:p@example.test/a'><img src='https://@example.test/b'>",
            &["https://example.test/b"],
        ),
        // The base of an image is none of the document.
        ("<svg><base href=/x/></svg><img src=a>", &["https://example.test/dir/a"]),
        ("<base href=///other.test/x/><img src=a>", &["https://other.test/x/a"]),
        // A track that is turned on, where it may be read.
        (
            "<video><track src=/a><track default src=/b><track default src=//other.test/c></video>",
            &["https://example.test/b"],
        ),
        (
            "<audio crossorigin><track default src=//other.test/a></audio><track default src=/b>",
            &["https://other.test/a"],
        ),
        ("<img sizes='auto, 100px' srcset='/a 100w, /b 1350w'>", &["https://example.test/b"]),
        ("<link rel=compression-dictionary href=/a>", &["https://example.test/a"]),
        (
            "<style>@layer x; @import '/a'; @layer y; @import '/b';</style>",
            &["https://example.test/a", "https://example.test/b"],
        ),
        (
            "<style>@import '/a';; @import '/b';</style><style>;@import '/c';</style>",
            &["https://example.test/a"],
        ),
    ] {
        let found = document().take(html.as_bytes());
        let urls: Vec<_> =
            found.iter().filter(|one| one.left.is_none()).map(|one| one.url.as_str()).collect();
        assert_eq!(urls, expected, "{html}");
    }
    let painted =
        document().take(b"<svg><rect fill='url(/a.svg#x)' mask='url(#own)'/></svg><p fill='url(/b)'>");
    let left: Vec<_> = painted.iter().map(|one| (one.url.as_str(), one.left)).collect();
    assert_eq!(left, [("https://example.test/a.svg", Some(Left::Potential))]);
}

#[test]
fn quirks_are_a_matter_of_the_doctype() {
    let strict = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/x.dtd\">";
    let old = "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN'>";
    for (doctype, expected) in [
        ("<!doctype html>", false),
        ("\u{feff} <!-- first --> <!DOCTYPE html SYSTEM 'about:legacy-compat'>", false),
        (strict, false),
        (&old.replace('>', " 'http://www.w3.org/TR/html4/loose.dtd'>"), false),
        (old, true),
        ("<!DOCTYPE html PUBLIC '-//IETF//DTD HTML 3.0//EN'>", true),
        ("<!DOCTYPE>", true),
        ("<!DOCTYPE svg>", true),
        ("", true),
        ("text<!doctype html>", true),
        ("<html><!doctype html>", true),
    ] {
        let page = format!("{doctype}<link rel=stylesheet href=/a.css>");
        let mut document = document();
        let found = document.take(page.as_bytes());
        assert_eq!(found[0].wish.terms.quirks, expected, "{doctype}");
    }
    let found = document().of_xml().take(b"<link rel=stylesheet href=/a.css>");
    assert!(!found[0].wish.terms.quirks, "XML knows none");
}

#[test]
fn what_closes_itself_in_xhtml_has_no_content() {
    let xml = b"<html><head><title/><script src='/a'/><style><![CDATA[@import '/b';]]></style></head><body>\
        <iframe src='/c'/><img src='/d'/><script><![CDATA[ '<img src=\"/x\"/>' ]]></script></body></html>";
    let found = document().of_xml().take(xml);
    let urls: Vec<_> = found.iter().map(|found| found.url.rsplit('/').next().unwrap()).collect();
    assert_eq!(urls, ["a", "b", "c", "d"]);
}

/// A peer may send what it likes: time and memory stay small.
#[test]
fn hostile_documents_are_bounded() {
    let long = "x".repeat(1 << 20);
    let documents: Vec<(&str, String, usize)> = vec![
        ("tags", "<img src=/a>".repeat(100_000), 5_000),
        ("nothing but open tags", "<a<".repeat(500_000), 0),
        ("a tag without end", format!("<img {}", "a b ".repeat(500_000)), 0),
        (
            "attributes",
            format!("<img {} src=/a>", (0..60_000).map(|n| format!("a{n} ")).collect::<String>()),
            0,
        ),
        (
            "attributes by slashes",
            format!("<img/{}>", (0..60_000).map(|n| format!("a{n}/")).collect::<String>()),
            0,
        ),
        ("nesting", "<div><template>".repeat(100_000), 0),
        ("long URLs", format!("<img src=/{long}><img src=/a>"), 2),
        ("a long srcset", format!("<img srcset='{}'>", "/a 1w,".repeat(200_000)), 1),
        ("a style without end", format!("<style>{}", "@import 'a';".repeat(100_000)), 0),
        ("imports", format!("<style>{}</style>", "@import '/a';".repeat(50_000)), 2_000),
        ("blocks in CSS", format!("<style>{}url(/a)</style>", "{(".repeat(100_000)), 0),
        ("character references", "&lt;&#x41;&notin".repeat(200_000), 0),
        ("a comment without end", format!("<!--{}", "- - >".repeat(300_000)), 0),
        ("scripts in scripts", "<script><!--<script>".repeat(100_000), 0),
        ("NUL and invalid bytes", "\0<img src=/a\0>".repeat(1_000), 1_000),
    ];
    for (name, html, expected) in documents {
        let before = processor_time();
        let found = scan(html.as_bytes(), 16 * 1024);
        let took = processor_time().saturating_sub(before);
        assert_eq!(found.len(), expected, "{name}");
        // Without optimisation; what is not bounded takes minutes.
        assert!(took < Duration::from_secs(20), "{name} took {took:?} of the processor");
    }
}

/// What this thread has had of the processor: that a busy machine lets it wait is no fault of the program. Nothing where
/// no kernel tells (Linux's sched-stats.rst).
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

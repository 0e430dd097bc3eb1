//! Small pages, each of which exercises one thing that asks for something. All scripts on them are empty.
//!
//! `{T}` stands for the directory on another origin, `{P}` for the page's directory. What only one of the two asks
//! for is in the table with the reason; everything else has to be the same.

/// A page.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) html: &'static str,
    /// Files that are not empty.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Fields of all responses of its directory.
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) differs: &'static [Differs],
}

/// A file that only one of the two asks for: who, which, and why.
pub(super) type Differs = (By, &'static str, &'static str);

/// Who alone asks for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Chromium,
    Us,
}

const fn page(what: &'static str, html: &'static str) -> Case {
    Case { what, html, files: &[], fields: &[], differs: &[] }
}

const fn with(
    what: &'static str,
    html: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case { files, ..page(what, html) }
}

const fn under(
    what: &'static str,
    fields: &'static [(&'static str, &'static str)],
    html: &'static str,
) -> Case {
    Case { fields, ..page(what, html) }
}

const fn but(differs: &'static [Differs], case: Case) -> Case {
    Case { differs, ..case }
}

use By::Chromium;

const LAYOUT: &str = "a question of layout";
const PLAYER: &str = "how much of it is fetched is a player's choice";
const WINDOW: &str = "an icon is for the window around the page";
const FALLBACK: &str = "what an object holds is for when it cannot be shown, which only its response tells";
const BAR: &str = "Chromium escapes a bar in a path, which the URL standard does not";
const NEGATED: &str = "its condition does not hold, and Chromium fetches it all the same";
const CHARSET: &str = "its charset is not known to urltrace, and it says so";

const AHEAD: &str = "what is fetched for a page that may come next is not followed";
const SCANNER: &str = "Chromium's scanner takes it for the document's own, and its parser does not";

const CSP: &str = "content-security-policy";

pub(super) const CASES: &[Case] = &[
    page("stylesheets by media", "<link rel=stylesheet href=a.css><link rel=stylesheet href=b.css media=print>
        <link rel=stylesheet href=c.css media='(min-width: 600px)'><link rel=stylesheet href=d.css media='(max-width:600px)'>"),
    page("stylesheets that are none", "<link rel='alternate stylesheet' href=a.css title=x><link rel=stylesheet href=b.css disabled>
        <link rel=stylesheet href=c.css type=text/plain><link rel=canonical href=d.html><link rel=next href=e.html>
        <link rel=stylesheet href=''><link rel='STYLESHEET' href=f.css><link rel=license href=g><link rel=stylesheet href=h.css type='text/css; x=y'>"),
    page("scripts by how they wait", "<script src=a.js></script><script src=b.js async></script><script src=c.js defer></script>
        <script src=d.js type=module></script><script src=e.js nomodule></script><script src=f.js type=module async></script>"),
    page("scripts by type", "<script src=a.js type=text/template></script><script src=b.js type=application/json></script>
        <script src=c.js type=''></script><script src=d.js language=javascript></script><script src=e.js language=vbscript></script>
        <script src=f.js type='TEXT/JavaScript'></script><script src=g.js type='text/javascript;charset=utf-8'></script>
        <script src=h.js type=importmap></script><script src=i.js type=speculationrules></script><script src=''></script>
        <script src=j.js type=' text/javascript '></script><script src=k.js language=></script>"),
    page("preload by what it is for", "<link rel=preload as=style href=a.css><link rel=preload as=script href=b.js>
        <link rel=preload as=image href=c.png><link rel=preload as=font crossorigin href=d.woff2>
        <link rel=preload as=fetch href=e.json><link rel=preload href=f.png><link rel=preload as=nothing href=g.png>
        <link rel=preload as=document href=h.html><link rel=preload as=image href=i.png media=print>
        <link rel=preload as=image href=j.png type=image/none><link rel=preload as=image href=k.png type=image/png>
        <link rel=preload as=track href=m.vtt>"),
    page("preload of media", "<link rel=preload as=video href=a.mp4><link rel=preload as=audio href=b.mp3>"),
    page("preload and its use are one", "<link rel=preload as=style href=a.css><link rel=stylesheet href=a.css>
        <link rel=preload as=script href=b.js><script src=b.js></script><link rel=modulepreload href=c.js><script type=module src=c.js></script>"),
    page("preload of an image of a set", "<link rel=preload as=image imagesrcset='a.png 400w, b.png 800w, c.png 1600w' imagesizes=50vw href=d.png>
        <link rel=preload as=image imagesrcset='e.png 1x, f.png 2x'>"),
    page("modulepreload", "<link rel=modulepreload href=a.js><link rel=modulepreload as=style href=b.css><link rel=modulepreload href={T}c.js>"),
    page("prefetch", "<link rel=prefetch href=a.html><link rel=prefetch as=script href=b.js>"),
    but(&[(Chromium, "a.png", WINDOW)], page("icons and a manifest", "<link rel=icon href=a.png>")),
    page("images by a density", "<img srcset='a.png 1x, b.png 2x' src=c.png><img srcset='d.png 2x' src=e.png><img srcset='f.png 1.5x, g.png 3x'>"),
    page("images by a width", "<img srcset='a.png 400w, b.png 800w, c.png 1600w' src=d.png>
        <img srcset='e.png 400w, f.png 800w' sizes='(max-width: 600px) 100vw, 300px'><img srcset='g.png 300w, h.png 600w' sizes='calc(50vw - 400px)'>
        <img srcset='i.png 1000w, j.png 1350w, k.png 1400w'>"),
    page("images close to a width", "<img srcset='a.png 640w, b.png 1080w, c.png 1200w, d.png 1920w' sizes=100vw>
        <img srcset='e.png 640w, f.png 1340w, g.png 3840w' sizes=100vw><img srcset='h.png 0.9x, i.png 4x'>"),
    page("pictures", "<picture><source srcset=a.avif type=image/none><source srcset=b.png media='(max-width:600px)'>
        <source srcset='c.png 1x, d.png 2x'><img src=e.png></picture><picture><source srcset=f.png type=image/png><img src=g.png></picture>
        <picture><source media=print srcset=h.png><img src=i.png srcset='j.png 1x'></picture><picture><source src=k.png><img src=l.png></picture>"),
    page("images that are none", "<img><img src><img src=' '><img src=data:image/gif;base64,R0lGODlhAQABAAAAACw=>
        <img src=blob:x><img src=javascript:1><img alt=a.png data-src=b.png><img src='about:blank'>"),
    page("one file as the icon and as an image, lazy and eager", "<link rel=icon href=a.png><img src=a.png>
        <div style='height:20000px'></div><img src=b.png loading=lazy><img src=b.png>"),
    page("imports of style elements", "<style>@import 'a.css';</style><style media=print>@import url(b.css);</style>"),
    page("lazy", "<div style='height:20000px'></div><img src=a.png loading=lazy><img src=b.png loading=eager><iframe src=c.html loading=lazy></iframe>"),
    but(&[(Chromium, "a.png", LAYOUT)], page("lazy, and in sight", "<img src=a.png loading=lazy>")),
    page("posters", "<video poster=a.png></video><video poster=b.png preload=none src=c.mp4></video><audio preload=none src=d.mp3></audio>"),
    but(
        &[(Chromium, "a.mp4", PLAYER), (Chromium, "b.mp3", PLAYER), (Chromium, "c.mp4", PLAYER)],
        page("media", "<video src=a.mp4></video><audio src=b.mp3></audio><video><source src=c.mp4></video>"),
    ),
    page("tracks that nobody has turned on", "<video preload=none><track src=a.vtt><track src=b.vtt kind=captions></video>"),
    with("frames", "<iframe src=a.html></iframe><iframe></iframe><iframe src=about:blank></iframe><iframe src='javascript:1'></iframe>",
        &[("a.html", "<!doctype html><link rel=stylesheet href=b.css><img src=c.png><script src=d.js></script>")]),
    page("a frame whose document is in the markup", "<iframe srcdoc='<img src=a.png><link rel=stylesheet href=b.css>' src=c.html></iframe>"),
    with("objects", "<object data=a.svg></object><embed src=b.svg><object type=image/png data=c.png></object><object></object>",
        &[("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), ("b.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")]),
    page("an object in an object", "<object data=a.png><img src=b.png></object>"),
    page("inputs", "<input type=image src=a.png><input type=text src=b.png><input src=c.png><INPUT TYPE=IMAGE SRC=d.png>"),
    with("svg", "<svg><image href=a.png /><use href='b.svg#x' /><image xlink:href=c.png /><use href='#y' /><script href=d.js></script></svg><image src=e.png>",
        &[("b.svg", "<svg xmlns='http://www.w3.org/2000/svg'><g id='x'/></svg>")]),
    with("style in svg", "<svg><style>@import 'a.css';</style></svg><math></math><style>@import 'b.css';</style>", &[]),
    page("inline styles and imports", "<style>@import 'a.css'; @import url(b.css); @import url('c.css') print; @import 'd.css' screen; p { } @import 'e.css';</style>"),
    but(&[(Chromium, "a.png", LAYOUT), (Chromium, "d.woff2", LAYOUT)], page("what styles show", "<style>
        @font-face { font-family: f; src: url(d.woff2) } @font-face { font-family: g; src: url(e.woff2) }
        p { background: url(a.png); font-family: f } .none { background: url(b.png) }</style><p>text</p><b style='display:none;background:url(c.png)'>x</b>")),
    page("a base", "<base href='sub/'><img src=a.png><base href='other/'><img src=b.png><link rel=stylesheet href=/{P}c.css>"),
    page("a base of another origin", "<base href='{T}'><img src=a.png><script src=b.js></script>"),
    page("a base behind a reference", "<img src=a.png><base href='sub/'><img src=b.png>"),
    page("a refresh for later", "<meta http-equiv=refresh content='900; url=a.html'><img src=b.png>"),
    page("an import map", "<script type=importmap>{\"imports\": {\"m\": \"./a.js\"}}</script><script type=module src=b.js></script>"),
    with("imports of a stylesheet", "<link rel=stylesheet href=a.css>",
        &[("a.css", "@charset 'utf-8'; /* x */ @import 'b.css'; @import url(c.css) print; @import 'd.css' supports(display: grid);
            @import 'e.css' layer(x); @import 'f.css' layer(x) supports(display: none-such) screen; p { color: red } @import 'g.css';"),
          ("b.css", "@import 'sub/h.css';")]),
    but(&[(Chromium, "a2.css", NEGATED)], with("imports by supports", "<link rel=stylesheet href=a.css>",
        &[("a.css", "@import 'a1.css' supports(nonsense: 1); @import 'a2.css' supports(not (display: grid)); @import 'a3.css' supports(selector(a > b));
            @import 'a4.css' supports((display: flex) and (not (foo: bar))); @import 'a5.css' supports(color: red) (min-width: 5000px);
            @import 'a6.css' layer; @import 'a7.css' (max-width: 5000px); @layer b; @import 'a8.css';")])),
    with("imports in a circle", "<link rel=stylesheet href=a.css>", &[("a.css", "@import 'b.css';"), ("b.css", "@import 'a.css'; @import 'b.css';")]),
    with("imports of a sheet whose media do not hold", "<link rel=stylesheet href=a.css media=print>", &[("a.css", "@import 'b.css';")]),
    with("imports behind what ends them", "<link rel=stylesheet href=a.css><link rel=stylesheet href=b.css>",
        &[("a.css", "@namespace url(http://a.test/); @import 'c.css';"), ("b.css", "@font-face {} @import 'd.css';")]),
    page("what is inert", "<template><img src=a.png><script src=b.js></script></template><noscript><img src=c.png></noscript>
        <!-- <img src=d.png> --><textarea><img src=e.png></textarea><title><img src=f.png></title><script>'<img src=g.png>'</script>
        <style>/* <img src=h.png> */</style><xmp><img src=i.png></xmp><iframe><img src=j.png></iframe><noframes><img src=k.png></noframes>
        <noembed><img src=l.png></noembed>"),
    page("markup in attributes", "<p title='<img src=a.png>'><a href=b.png>x</a><img src=c.png?x=1&amp;y=2><img src='d e.png'><img
        src = 'f.png' ><IMG SRC=g.png><img src=h.png src=i.png><img src=j.png/><img src='k.png'/>"),
    page("markup that breaks off", "<img src=a.png><table><img src=b.png><tr><td><img src=c.png></table><p><img src=d.png</p><img src=e.png>"),
    page("a tag without an end", "<img src=a.png><img src=b.png"),
    page("backgrounds in attributes", "<table background=a.png><tr><td background=b.png>x</table>"),
    under("a charset by the field", &[("Content-Type", "text/html; charset=iso-8859-1")], "<img src='a.png?q=\u{e9}'>"),
    page("a charset by meta", "<meta charset=utf-8><img src='a.png?q=\u{e9}'><img src='\u{e9}.png'>"),
    but(&[(Chromium, "a.png?q=%D0%B9", CHARSET)], page("a charset that is seldom met", "<meta charset=windows-1251><img src='a.png?q=\u{439}'><img src=b.png>")),
    but(&[(Chromium, "j%7Ck.png", BAR), (By::Us, "j|k.png", BAR)], page("urls in odd spellings", "<img src='\n a.png \t'><img src='./b/../c.png'><img src='d.png#f'><img src='e.png?'><img src='//third.{H}/{P}f.png'>
        <img src='\\{P}g.png'><img src='h%20i.png'><img src='j|k.png'><img src='l%zz.png'><img src='m\u{201c}.png'>")),
    under("links in fields", &[("Link", "<a.css>; rel=preload; as=style, <b.js>; rel=modulepreload, <c.css>; rel=stylesheet, <d.png>; rel=preload; as=image; media=print"),
        ("Link", "<e.html>; rel=prefetch, <f.png>; rel=preload; as=image; imagesrcset=\"g.png 1x, h.png 2x\"")], "<p>"),
    under("csp: no images", &[(CSP, "img-src 'none'")], "<img src=a.png><script src=b.js></script><input type=image src=c.png><video poster=d.png></video>"),
    under("csp: own origin", &[(CSP, "default-src 'self'")], "<img src=a.png><img src={T}b.png><script src={T}c.js></script><link rel=stylesheet href={T}d.css>
        <script src=e.js></script><iframe src={T}f.html></iframe><link rel=preload as=font crossorigin href={T}g.woff2><object data={T}h.svg></object>"),
    under("csp: hosts", &[(CSP, "script-src third.*.test *.{H}:* 'self'; img-src {S}://third.{H}/{P}x/ ; style-src *")],
        "<script src={T}a.js></script><script src=b.js></script><img src={T}x/c.png><img src={T}d.png><img src=e.png><link rel=stylesheet href={T}f.css>"),
    under("csp: nonces", &[(CSP, "script-src 'nonce-abc'; style-src 'nonce-abc'")], "<script src=a.js nonce=abc></script><script src=b.js></script>
        <script src=c.js nonce=xyz></script><link rel=stylesheet href=d.css nonce=abc><link rel=stylesheet href=e.css>
        <style nonce=abc>@import 'f.css';</style><style>@import 'g.css';</style><link rel=preload as=script href=h.js nonce=abc><link rel=preload as=script href=i.js>
        <link rel=modulepreload href=j.js nonce=abc>"),
    under("csp: strict-dynamic", &[(CSP, "script-src 'strict-dynamic' 'nonce-abc' 'self' https:")], "<script src=a.js nonce=abc></script><script src=b.js></script>"),
    under("csp: hashes", &[(CSP, "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; style-src 'self'")],
        "<script src=a.js integrity='sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='></script><script src=b.js></script><style>@import 'c.css';</style><link rel=stylesheet href=d.css>"),
    page("csp by meta", "<img src=a.png><meta http-equiv=content-security-policy content=\"img-src 'none'; frame-src 'none'\"><img src=b.png><iframe src=c.html></iframe>"),
    page("csp by meta in the head", "<html><head><meta http-equiv=Content-Security-Policy content=\"script-src 'none'; object-src 'none'\"></head><body><script src=a.js></script><embed src=b.svg><object data=c.svg></object><img src=d.png>"),
    page("csp by meta, out of place", "<body><meta http-equiv=content-security-policy content=\"img-src 'none'\"><img src=a.png>"),
    under("csp: two policies", &[(CSP, "img-src 'self' third.{H}"), (CSP, "img-src third.{H}")], "<img src=a.png><img src={T}b.png>"),
    under("csp: two in one field, and one that only reports", &[(CSP, "img-src *, style-src 'none'"), ("content-security-policy-report-only", "default-src 'none'")],
        "<img src=a.png><link rel=stylesheet href=b.css><script src=c.js></script>"),
    under("csp: elements before sources", &[(CSP, "default-src 'none'; script-src 'self'; script-src-elem 'none'; style-src-elem 'self'; child-src 'self'; font-src 'self'; connect-src 'self'")],
        "<script src=a.js></script><link rel=stylesheet href=b.css><iframe src=c.html></iframe><img src=d.png><link rel=preload as=font crossorigin href=e.woff2>
        <link rel=preload as=fetch crossorigin href=f.json><link rel=prefetch href=g.html>"),
    under("csp: base-uri", &[(CSP, "base-uri 'none'")], "<base href=sub/><img src=a.png>"),
    under("csp: upgrade", &[(CSP, "upgrade-insecure-requests")], "<script src=http://{H}/{P}a.js></script><img src=http://third.{H}/{P}b.png>"),
    under("csp: a sandbox", &[(CSP, "sandbox")], "<script src=a.js></script><img src=b.png><noscript><img src=c.png></noscript>"),
    with("csp of a frame is its own", "<meta http-equiv=content-security-policy content=\"img-src 'none'\"><iframe src=a.html></iframe>",
        &[("a.html", "<!doctype html><img src=b.png>")]),
    with("csp: imports", "<meta http-equiv=content-security-policy content=\"style-src 'self'\"><link rel=stylesheet href=a.css>",
        &[("a.css", "@import '{T}b.css'; @import 'c.css';")]),
    page("mixed content", "<script src=http://{H}/{P}a.js></script><img src=http://third.{H}/{P}b.png><link rel=stylesheet href=http://{H}/{P}c.css>
        <iframe src=http://{H}/{P}d.html></iframe><img srcset='http://third.{H}/{P}e.png 1x'>"),
    with("integrity", "<link rel=stylesheet href=a.css integrity='sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='>
        <link rel=stylesheet href=c.css integrity='sha999-x'><script src=e.js integrity='sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='></script>
        <script src=f.js integrity='sha384-AAAA sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='></script>",
        &[("a.css", "@import 'b.css';"), ("c.css", "@import 'd.css';")]),
    page("crossorigin", "<img src={T}a.png crossorigin><script src={T}b.js crossorigin=use-credentials></script><link rel=stylesheet href={T}c.css crossorigin=anonymous>
        <script src=d.js crossorigin></script><script type=module src={T}e.js></script><script src={T}f.js></script>"),
    page("referrerpolicy", "<img src=a.png referrerpolicy=no-referrer><img src={T}b.png referrerpolicy=unsafe-url><script src={T}c.js referrerpolicy=origin></script>
        <link rel=stylesheet href={T}d.css referrerpolicy=same-origin><link rel=preload as=image href={T}e.png referrerpolicy=no-referrer><iframe src=f.html referrerpolicy=no-referrer></iframe>
        <img src=g.png referrerpolicy=origin><img src=h.png referrerpolicy=none-such><script src=i.js referrerpolicy=strict-origin></script>"),
    page("referrer by meta", "<meta name=referrer content=no-referrer><img src=a.png><img src={T}b.png referrerpolicy=origin>"),
    page("referrer by meta, in old words", "<meta name=referrer content=always><img src={T}a.png>"),
    under("referrer by field", &[("referrer-policy", "no-referrer, unsafe-url, none-such")], "<img src={T}a.png><img src=b.png>"),
    with("referrer of what a stylesheet asks for", "<link rel=stylesheet href={T}a.css>", &[("a.css", "@import 'b.css';")]),
    with("referrer of a frame", "<iframe src=a.html></iframe>", &[("a.html", "<!doctype html><meta name=referrer content=origin><img src=b.png>")]),
    with("a frame in a sandbox", "<iframe sandbox src=a.html></iframe>",
        &[("a.html", "<!doctype html><img src=b.png><link rel=stylesheet href=c.css><link rel=preload as=font crossorigin href=d.woff2><noscript><img src=e.png></noscript><iframe src=f.html></iframe>")]),
    with("a frame in a sandbox with scripts", "<iframe sandbox=allow-scripts src=a.html></iframe>",
        &[("a.html", "<!doctype html><script crossorigin src=b.js></script><img src={T}c.png><noscript><img src=d.png></noscript><iframe src=e.html></iframe>"),
          ("e.html", "<!doctype html><img src=f.png>")]),
    with("a frame in a sandbox with its origin", "<iframe sandbox='allow-scripts allow-same-origin' src=a.html></iframe>",
        &[("a.html", "<!doctype html><script crossorigin src=b.js></script><img src=c.png><link rel=preload as=font crossorigin href=d.woff2>")]),
    page("a frame in a sandbox whose document is in the markup",
        "<iframe sandbox=allow-scripts srcdoc='<img src=a.png><script crossorigin src=b.js></script><noscript><img src=c.png></noscript><iframe src=d.html></iframe>'></iframe>
        <iframe sandbox srcdoc='<img src=e.png><noscript><img src=f.png></noscript>'></iframe><img src=g.png>"),
    page("cors of fonts and fetches", "<link rel=preload as=font href={T}a.woff2 crossorigin><link rel=preload as=fetch href={T}b.json crossorigin><link rel=preload as=image href={T}c.png>"),
    page("render-blocking by attribute", "<script src=a.js async blocking=render></script><link rel=stylesheet href=b.css blocking=render><script src=c.js fetchpriority=low></script><img src=d.png fetchpriority=high>"),
    page("xml's processing instructions", "<?xml-stylesheet href=a.css?><img src=b.png>"),
    page("plaintext", "<img src=a.png><plaintext><img src=b.png>"),
    page("a script element that breaks", "<script><!-- <script> </script> <img src=a.png> --></script><img src=b.png>"),
    page("frames outside of framesets", "<p>text</p><frame src=a.html><frameset><frame src=b.html></frameset><img src=c.png>"),
    page("styles of other types", "<style type=text/plain>@import 'a.css'; p { background: url(b.png) }</style><style type='text/css; charset=utf-8'>@import 'c.css';</style><p>text</p>"),
    but(&[(By::Us, "b.html", FALLBACK)], page("an object within another", "<object data=a.html><object data=b.html></object></object>")),
    page("frames of a frameset", "<frameset cols=50%,50%><frame src=a.html><frame src=b.html></frameset>"),
    page("nested tables of links in the body", "<body><link rel=stylesheet href=a.css><p>text</p><link rel=stylesheet href=b.css><style>@import 'c.css'</style>"),
    page("the same twice", "<img src=a.png><img src=a.png><script src=b.js></script><script src=b.js></script><link rel=stylesheet href=c.css><link rel=stylesheet href=c.css>"),
    page("modules for other media", "<link rel=modulepreload href=a.js media=print><link rel=modulepreload href=b.js media=screen>"),
    page("preloads by type", "<link rel=preload as=script type=text/plain href=a.js><link rel=preload as=font type=application/font-woff href=b.woff2 crossorigin>
        <link rel=preload as=font type=font/woff2 href=c.woff2 crossorigin><link rel=preload as=font type=font/collection href=d.woff2 crossorigin>
        <link rel=preload as=style type=text/plain href=e.css><link rel=preload as=image type=image/none href=f.png>"),
    page("what only a plug-in shows", "<object data=a.swf type=application/x-shockwave-flash></object><embed src=b.bin><object data=c.bin type=foo/bar></object>
        <embed src=d.html type=text/html><object data=e.class type=application/java-vm></object>"),
    page("images of filters", "<svg><filter><feImage href=a.png /></filter><filter><feimage xlink:href=b.png /></filter></svg><feImage href=c.png></feImage>"),
    page("descriptors that contradict each other", "<img srcset='a.png 100h, b.png 50w 20h'><img srcset='c.png 100h' src=d.png><img srcset='e.png 1x 100w, f.png 2x' src=g.png>
        <img srcset='h.png -1x, i.png 0w, j.png 1e1x, k.png 10.5w' src=l.png>"),
    with("a frame in xhtml", "<iframe src=a.xhtml></iframe>",
        &[("a.xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/><link rel='stylesheet' href='a.css'/><script src='b.js'/><style><![CDATA[@import 'c.css';]]></style></head>
        <body><iframe src='d.svg'/><img src='e.png'/><script><![CDATA[ '<img src=\"no.png\"/>' ]]></script></body></html>")]),
    with("imports for other media", "<link rel=stylesheet href=a.css>",
        &[("a.css", "@import 'b.css' print; @import 'c.css' (max-width: 10px); @import 'd.css' layer(x) supports(display: grid) print; @import 'e.css' none-such(x);")]),
    under("corp: its origin alone", &[("Cross-Origin-Resource-Policy", "same-origin")], "<link rel=stylesheet href={T}a.css><link rel=stylesheet href=b.css><img src={T}c.png>"),
    but(&[(Chromium, "n.html", AHEAD)], page("speculation rules", "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"n.html\"]}]}</script><img src=a.png>")),
    page("media of preference and of the device", "<link rel=stylesheet href=a.css media='(prefers-color-scheme: dark)'><link rel=stylesheet href=b.css media='(prefers-color-scheme: light)'>
        <link rel=stylesheet href=c.css media='(orientation: portrait)'><link rel=stylesheet href=d.css media='(min-resolution: 2dppx)'><link rel=stylesheet href=e.css media='(scripting: none)'>"),
    page("pictures by a preference and by a range", "<picture><source media='(prefers-color-scheme: dark)' srcset=a.png><img src=b.png></picture>
        <picture><source media='(width<=700px)' srcset=c.png><source media='(min-width:700px)' srcset=d.png><img src=e.png></picture>
        <picture><source media='(prefers-reduced-motion)' srcset=f.png><img src=g.png></picture>"),
    page("pictures by a type", "<picture><source type=image/heic srcset=a.heic><source type='image/svg+xml' srcset=b.svg><img src=c.png></picture>
        <picture><source type=image/jp2 srcset=d.jp2><source type=IMAGE/WebP srcset=e.webp><img src=f.png></picture>
        <picture><source type='image/avif;codecs=av01' srcset=g.avif><img src=h.png></picture><picture><source type='' srcset=i.png><img src=j.png></picture>"),
    page("sizes in odd units", "<img sizes='min(500px, 100vw)' srcset='d.png 500w, e.png 1500w'><img sizes='clamp(100px, 50vw, 400px)' srcset='f.png 400w, g.png 800w'>
        <img sizes='50%' srcset='h.png 400w, i.png 1600w'><img sizes='20em' srcset='j.png 320w, k.png 700w'><img sizes='10cm' srcset='p.png 380w, q.png 800w'>
        <img sizes='-1px' srcset='r.png 100w, s.png 1600w'><img sizes='(nonsense) 10px, 200px' srcset='t.png 10w, u.png 200w, v.png 1600w'>"),
    page("sizes that are auto", "<img sizes='auto' srcset='a.png 300w, b.png 1600w'><img sizes='auto,100px' srcset='c.png 100w, d.png 1600w'>
        <img sizes='(min-width:1px) auto, 100px' srcset='e.png 100w, f.png 1600w'>"),
    page("lazy frames", "<div style='height:30000px'></div><iframe loading=lazy src=a.html></iframe><iframe loading=eager src=b.html></iframe><iframe loading=LAZY src=c.html></iframe>"),
    but(
        &[(Chromium, "a.svg", LAYOUT), (Chromium, "b.svg", LAYOUT)],
        page("svg that is painted by other files", "<svg><rect width=9 height=9 fill='url(a.svg#x)'/><rect width=9 height=9 filter='url(b.svg#f)'/><image href=''/><image/></svg>"),
    ),
    page("mathml and html in it", "<math><mglyph src=a.png></mglyph><mi href=b.html>x</mi><annotation-xml encoding='text/html'><img src=d.png></annotation-xml>
        <mtext><img src=f.png></mtext></math><svg><p><img src=g.png></p></svg><svg><foreignObject><img src=h.png></foreignObject><script href=i.js /><script xlink:href=j.js></script></svg>"),
    with("documents in objects", "<object data=a.html></object><embed src=b.html><object data=c.html type=text/html></object>",
        &[("a.html", "<!doctype html><link rel=stylesheet href=a1.css><img src=a2.png><script src=a3.js></script>"), ("b.html", "<!doctype html><img src=b1.png>")]),
    page("tracks that are turned on", "<video><track src=b.vtt default><track src=c.vtt></video><video crossorigin><track src={T}d.vtt default kind=captions></video>
        <video><track default src={T}e.vtt></video><video><track default kind=metadata src=f.vtt></video><audio><track default src=g.vtt></audio><track default src=h.vtt>"),
    with("layers between imports", "<link rel=stylesheet href=a.css><style>@layer x; @import 'b.css'; @layer y; @import 'c.css';</style>",
        &[("a.css", "@layer x; @import 'd.css'; @layer y; @import 'e.css';")]),
    with("semicolons between imports", "<link rel=stylesheet href=a.css><style>@import 'b.css';; @import 'c.css';</style>", &[("a.css", ";@import 'd.css';")]),
    page("imports in odd spellings", "<style>@IMPORT url( 'a.css' );@import url(b.css);@import'c.css';@import\"d.css\"screen;@im\\port 'f.css';@import /**/ 'h.css' /* */ ;@import '';@import url();@import 'k.css' url(x);</style>
        <style>@charset 'utf-8'; @layer a, b; @import 'l.css'; @namespace url(x); @import 'm.css';</style><style>@layer a {} @import 'n.css';</style><style><!-- @import 'o.css'; --></style>
        <style>@media screen { @import 'p.css'; }</style>"),
    page("bases in turn", "<img src=a.png><base target=_top><base href=sub/><img src=b.png><base href=two/><img src=c.png>"),
    page("a base in the body", "<body><img src=a.png><base href='{T}'><img src=b.png>"),
    page("a base that is data", "<base href='data:text/html,x'><img src=a.png>"),
    but(&[(Chromium, "y/a.png", SCANNER)], page("a base of svg", "<svg><base href=y/></svg><img src=a.png>")),
    page("bases that are inert", "<template><base href=x/></template><noscript><base href=z/></noscript><img src=a.png>"),
    under("links in fields with a context of their own", &[("Link", "<a.css>; rel=preload; as=style; anchor=\"/x\", <b.css>; rel=preload; as=style; anchor=\"\", <c.js>; rel=preload; as=script; fetchpriority=high"),
        ("Link", "<d.js>; rel=\"preload next\"; as=script, <e.js>; rel=next; rel=preload; as=script, <f.js>; REL=PRELOAD; AS=script, <h.js>; rel=preload; as=script; crossorigin")], "<p>"),
    under("links in fields by type", &[("Link", "<f.woff2>; rel=preload; as=font, <g.woff2>; rel=preload; as=font; crossorigin=anonymous, <h.json>; rel=preload; as=json, <j.js>; rel=preload; as=script; type=text/plain, <k.css>; rel=preload; as=style; media=print")], "<p>"),
    page("dictionaries", "<link rel=compression-dictionary href=a.dict><link rel=compression-dictionary href={T}b.dict>"),
    page("words of several relations", "<link rel='preload stylesheet' as=style href=a.css><link rel='prefetch preload' as=script href=d.js><link rel='next prefetch' href=e.html><link rel='stylesheet alternate' href=f.css title=x>
        <link rel=apple-touch-icon href=g.png><link rel=mask-icon href=h.svg><link rel=search href=i.xml><link rel=pingback href=j><link rel=author href=k>"),
    page("scripts for events, and modules for nobody", "<script for=window event=onload src=a.js></script><script for=x event=y src=b.js></script><script type=module nomodule src=c.js></script>
        <script nomodule async src=d.js></script><script src=f.js type=application/ecmascript></script><script src='  i.js '></script><script async=false src=j.js></script>"),
    page("hosts behind many slashes", "<img src='///third.{H}/{P}a.png'><img src='\\\\third.{H}\\{P}b.png'><img src='/\\/third.{H}/{P}c.png'><img src='https:d.png'>"),
    page("urls that nobody asks for", "<img src=http://><img src='https://h1.test:99999/x.png'><img src='//'><img src='filesystem:x'><img src='mailto:x'><img src='chrome://x'><img src=a.png>"),
    page("passwords in urls", "<img src='https://u:p@{H}/{P}a.png'><script src='https://u@third.{H}/{P}b.js'></script><iframe src='https://u:p@{H}/{P}c.html'></iframe><img src='https://@{H}/{P}d.png'>"),
    page("markup that was left open", "<img src='a.png?x=<\ny'><img src='b.png?x\ny'><script src='c.js?<'></script><link rel=stylesheet href='d.css?\n<e'>"),
    with("frames that are not to be shown", "<iframe src=a.html></iframe><object data=b.html></object>",
        &[("a.html", "<!doctype html><meta http-equiv=x-frame-options content=deny><img src=a1.png>"), ("b.html", "<!doctype html><img src=b1.png>")]),
    under("credentials are nobody's", &[("Cross-Origin-Embedder-Policy", "credentialless")], "<img src={T}a.png><img src=b.png><script src={T}c.js></script>"),
    // Not No-Vary-Search: whether Chromium takes the one image for the other depends on which of them is there first.
    under("hints that a page may send", &[("Accept-CH", "DPR, Width"), ("Clear-Site-Data", "\"cache\"")], "<img src='a.png?x=1'><img src='a.png?x=2'>"),
    page("shadow trees in markup", "<div><template shadowrootmode=open><link rel=stylesheet href=a.css><img src=b.png></template></div><template><template shadowrootmode=open><img src=e.png></template></template>"),
];

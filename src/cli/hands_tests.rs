//! Command lines that hands of curl, dig, httpstat, hyperfine and ripgrep type: each works as theirs
//! does, or gets one line that names the right option.

use std::ffi::OsString;
use std::time::Duration;

use super::*;
use crate::cli::{Action, Environment, Settings, Stream, settings};
use crate::plan::{Plan, ResolverChoice};
use crate::trace::RecordType;

fn read(line: &str) -> Result<Settings, PlanError> {
    let words = line.split(' ').map(|word| word.trim_matches('\''));
    let arguments = std::iter::once("urltrace").chain(words).map(OsString::from);
    settings(arguments, &Environment { utf8: true, ..Environment::default() })
}

fn works(line: &str) -> Settings {
    read(line).unwrap_or_else(|error| panic!("{line}: {error:?}"))
}

fn plan(line: &str) -> Plan {
    match works(line).action {
        Action::Trace { plan, .. } | Action::Ask { plan, .. } => plan,
        other => panic!("{line}: {other:?}"),
    }
}

/// What works as it does there.
const WORKS: &[&str] = &[
    // curl
    "-fsSL https://a.test/",
    "-sS -o /dev/null https://a.test/",
    "-vv https://a.test/",
    "-vvv -k https://a.test/",
    "-i https://a.test/",
    "-sI https://a.test/",
    "-siL --compressed https://a.test/",
    "--no-compressed --retry 3 --retry-delay 1 --retry-connrefused https://a.test/",
    "-S --show-error https://a.test/",
    "--show-headers https://a.test/",
    "--data-raw @x https://a.test/",
    "--data-urlencode a=b+c https://a.test/",
    "-G -d a=b https://a.test/",
    "-I -G -d a=b https://a.test/",
    "-F a=b --form-string c=d https://a.test/",
    "-T Cargo.toml https://a.test/",
    "-b a=b https://a.test/",
    "-r 0-99,200- https://a.test/",
    "--data-ascii x https://a.test/",
    "--url https://a.test/",
    "-X POST -d a=b -d c=d https://a.test/",
    "--fail-with-body https://a.test/",
    "-m 1s https://a.test/",
    "-m 500ms --connect-timeout 2s https://a.test/",
    "-m 0 https://a.test/",
    "--max-time=1.5 https://a.test/",
    "-L --max-redirs -1 https://a.test/",
    "--tlsv1.2 https://a.test/",
    "--http2-prior-knowledge http://a.test/",
    "--http1.1 --http2 https://a.test/",
    "-4 -6 https://a.test/",
    "--no-progress-meter https://a.test/",
    "-u joe: https://a.test/",
    "-e ;auto https://a.test/",
    "-x http://p:3128 https://a.test/",
    "--proxy p.test:3128 -U joe:secret https://a.test/",
    "-x socks5://127.0.0.1:1080 https://a.test/",
    "--proxy socks5h://joe:secret@127.0.0.1 --noproxy localhost,127.0.0.0/8 https://a.test/",
    "--socks5-hostname 127.0.0.1:9050 https://a.test/",
    "-px p:3128 http://a.test/",
    "-x https://p.test --proxy-insecure https://a.test/",
    "--noproxy '*' https://a.test/",
    "-A x -A y -m 1 -m 2 -o a -o b https://a.test/",
    // ripgrep, hyperfine and their like
    "--format JSON https://a.test/",
    "--format jsonl https://a.test/",
    "--format json-lines --format text https://a.test/",
    "--color=ALWAYS --color never https://a.test/",
    "--generate complete-bash",
    "--generate MAN",
    // dig
    "dns a.test MX",
    "dns mx a.test",
    "dns a.test IN AAAA",
    "dns @192.0.2.53 a.test",
    "dns a.test @192.0.2.53 -p 5353 +short",
    "dns @192.0.2.53 -x 192.0.2.1",
    "dns +short +trace +dnssec a.test TXT",
    "dns -t MX -t A a.test",
    "dns @tls://dns.test a.test",
    "dns -4 a.test ns",
];

/// What gets one line, and what stands in it.
const ANSWERED: &[(&str, &str)] = &[
    // curl
    ("-w '%{time_total}' https://a.test/", "no option -w: --format json"),
    ("--write-out x https://a.test/", "--format json"),
    ("-sw x https://a.test/", "no option -w: --format json"),
    ("-O https://a.test/f", "-o FILE"),
    ("--retry 3 --retry-max-time 9 https://a.test/", "-m SECONDS limits the whole run"),
    ("-x socks4://p:1080 https://a.test/", "SOCKS 4 is not supported: socks5://"),
    ("--socks4a p:1080 https://a.test/", "SOCKS 4 is not supported"),
    ("-x ftp://p:21 https://a.test/", "`ftp` is not a kind of proxy; http, https, socks5 or socks5h"),
    ("-x http://p:0 https://a.test/", "has no port from 1 to 65535"),
    ("--preproxy p:1 https://a.test/", "--preproxy is not supported yet"),
    ("--proxy-ntlm -U a:b -x p https://a.test/", "-U sends Basic"),
    ("dns -p 53 --noproxy x a.test", "--noproxy is for tracing a URL"),
    ("--lab -x http://127.0.0.1:3128 https://www.example.test/", "--lab has no outside"),
    ("--interface eth77 https://a.test/", "`eth77` is neither an interface nor an address of this machine"),
    ("--local-port x https://a.test/", "--local-port 4000-4010"),
    ("--abstract-unix-socket x https://a.test/", "--unix-socket PATH"),
    ("--all-addresses=http -d x https://a.test/", "may change something there"),
    ("--cert-type P12 https://a.test/", "leave it out"),
    ("--capath /etc/ssl https://a.test/", "SSL_CERT_DIR"),
    ("--tlsv1.0 https://a.test/", "--tls-max"),
    ("--doh-url https://d.test/q https://a.test/", "--resolver https://HOST/dns-query"),
    ("-D - https://a.test/", "-i shows"),
    ("--digest -u a:b https://a.test/", "-u sends Basic"),
    ("-Z https://a.test/ https://b.test/", "--parallel N of them"),
    ("--next https://a.test/", "@FILE has a list of URLs"),
    ("--hsts f https://a.test/", "no list of HSTS is kept"),
    ("--etag-compare f https://a.test/", "If-None-Match"),
    ("--out-null https://a.test/", "without -o the body is counted"),
    ("--httpsig-algo ed25519 https://a.test/", "-H 'Signature: ...'"),
    ("--proto =https https://a.test/", "write the scheme in the URL"),
    ("check -H www.a.test https://a.test/", "is not a header field: `urltrace check` takes one URL"),
    ("check -s ok https://a.test/", "one word too many: `urltrace check` takes one URL"),
    ("--json https://a.test/", "for a JSON document on standard output: --format json"),
    ("https://a.test/ dns", "cannot stand in front of `dns`"),
    ("a.test MX", "dig's syntax"),
    ("@192.0.2.1 a.test", "dig's syntax"),
    ("a.test +short", "dig's syntax"),
    ("@/nowhere/list", "the list of URLs `/nowhere/list` cannot be read"),
    ("@/", "a directory"),
    ("- -", "standard input can be read once"),
    ("--parallel 4 https://a.test/", "--parallel is for many URLs, and there is one"),
    ("--parallel 0 a.test b.test", "--parallel: 0 is no number from 1 to 256"),
    ("--per-host 257 a.test b.test", "--per-host: 257 is no number from 1 to 256"),
    ("-n 3 a.test b.test", "-n looks into one URL"),
    ("-v a.test b.test", "--format jsonl has a whole document for each"),
    ("--format html a.test b.test", "lines of text, JSON, CSV or spans"),
    ("-o x a.test b.test", "many URLs have many"),
    ("-T Cargo.toml a.test b.test", "-G and -T make the one URL's"),
    ("--expect 2xx https://a.test/", "`2xx` is neither a status nor a range"),
    ("--max-redirs many https://a.test/", "not a number of redirects"),
    ("--reuse=0 https://a.test/", "no number from 1 to 100"),
    ("--reuse=101 https://a.test/", "no number from 1 to 100"),
    ("--reuse -X DELETE https://a.test/", "may change something"),
    ("--reuse -d a=b https://a.test/", "may change something"),
    ("-m 5x https://a.test/", "500ms"),
    // httpstat, hyperfine, ripgrep
    ("--runs 10 https://a.test/", "-n N traces the URL N times"),
    ("--warmup 3 https://a.test/", "-n N traces the URL N times"),
    ("--save-json f https://a.test/", "--export-json FILE"),
    ("--html https://a.test/", "--export-html FILE"),
    ("--export-html - https://a.test/", "--format html prints that"),
    ("--export-html /nowhere/x https://a.test/", "there is no directory `/nowhere`"),
    ("--export-svg / https://a.test/", "is a directory"),
    (
        "--export-svg x --export-json x https://a.test/",
        "--export-json and --export-svg cannot both write `x`",
    ),
    ("-o x --export-html x https://a.test/", "--export-html and -o cannot both write `x`"),
    ("dns --export-html x a.test", "`urltrace dns` does not take it"),
    ("dns --format html a.test", "as text, json or jsonl"),
    ("--quiet https://a.test/", "--silent"),
    ("--pretty https://a.test/", "--color always"),
    ("--timeout 5 https://a.test/", "--max-time"),
    ("--zzz https://a.test/", "there is no option --zzz; `urltrace --help` lists all"),
    ("--max-tme 5 https://a.test/", "did you mean --max-time?"),
    // dig
    ("a.test MX", "`urltrace dns NAME TYPE`"),
    ("@192.0.2.53 a.test", "`urltrace dns NAME TYPE`"),
    ("dns -f names", "`urltrace dns - < FILE`"),
    ("dns -q a.test", "write the name alone"),
    ("dns +tcp a.test", "--resolver tcp://IP"),
    ("dns +frob a.test", "no option +frob"),
    ("dns a.test b.test", "`urltrace dns - < FILE`"),
    ("dns a.test:443", "`urltrace dns a.test`"),
    ("dns ::1", "`urltrace dns -x ::1`"),
    ("dns 192.0.2.1", "`urltrace dns -x 192.0.2.1`"),
    ("dns -p 53 a.test", "@SERVER"),
    ("dns --resolver 192.0.2.53 -p 53 a.test", "@SERVER"),
    ("dns --format json a.test +short", "cannot be used with --format"),
    ("dns --trust-anchor anchors a.test +nodnssec", "cannot be used with --trust-anchor"),
    ("lab foo", "it takes no name"),
    ("-m -1 https://a.test/", "--max-time"),
    ("dns @dns.test a.test", "`dns.test` is not a resolver"),
    ("dns -L a.test", "-L is for tracing a URL"),
    ("dns --frob a.test", "`urltrace dns --help` lists all"),
    // What would be ignored, or lead elsewhere.
    ("https://a.test/ dns a.test", "a URL cannot stand in front of `dns`"),
    ("-L dns a.test", "--location is for tracing a URL"),
    ("-o f lab", "--output is for tracing a URL"),
    ("lab --format json", "does not take --format"),
    ("--resolver system lab", "does not take --resolver"),
    ("--lab --resolver system https://a.test/", "--resolver"),
    ("--lab --root-hints Cargo.toml https://a.test/", "--root-hints"),
    ("--lab http://127.0.0.1:80/", "127.53.0.0/16"),
    ("--lab http://[::1]/", "127.53.0.0/16"),
    ("dns --lab --resolver 192.0.2.1 a.test", "--resolver"),
];

#[test]
fn hands_of_other_tools_get_what_they_mean_or_one_line() {
    for line in WORKS {
        works(line);
    }
    for (line, text) in ANSWERED {
        let told = match read(line) {
            Err(PlanError::Usage { message, hint }) => {
                assert!(!message.contains('\n') && message.len() < 160, "{line}: {message}");
                hint.map_or(message.clone(), |hint| format!("{message}; {hint}"))
            }
            Err(PlanError::Clap(error)) => panic!("{line}: {error}"),
            Err(PlanError::Interrupted) => panic!("{line}: no password is asked for"),
            Ok(settings) => panic!("{line}: {:?}", settings.action),
        };
        assert!(told.contains(text), "{line}: {told}");
    }
    assert!(WORKS.len() + ANSWERED.len() > 90);
}

#[test]
fn the_last_of_an_option_wins_and_curls_mean_what_they_mean_there() {
    assert_eq!(plan("-m 1 -m 2s https://a.test/").max_time, Duration::from_secs(2));
    assert_eq!(plan("-m 500ms https://a.test/").max_time, Duration::from_millis(500));
    assert!(plan("-m 0 https://a.test/").max_time > Duration::from_secs(86_400 * 365));
    assert_eq!(plan("--max-redirs -1 https://a.test/").http.max_redirects, usize::MAX);
    let body = |line: &str| plan(line).http.body.and_then(|body| body.in_memory());
    assert_eq!(plan("-A x -A y https://a.test/").http.user_agent, "y");
    assert_eq!(body("-d a --data-raw @b https://a.test/"), Some(b"a&@b".to_vec()));
    let upload = plan("-T Cargo.toml https://a.test/").http;
    assert_eq!(
        (upload.method.as_deref(), upload.headers),
        (Some("PUT"), vec![("Content-Type".to_owned(), None)])
    );
    let file = include_bytes!("../../Cargo.toml").to_vec();
    assert_eq!(upload.body.and_then(|body| body.in_memory()), Some(file));
    let field =
        |line: &str| plan(line).http.headers.into_iter().find_map(|(_, value)| value).unwrap_or_default();
    assert_eq!(field("-r 5 https://a.test/"), "bytes=5-");
    assert_eq!(field("-r 0-4,-2 https://a.test/"), "bytes=0-4,-2");
    assert_eq!(field("-b a=b -b c=d https://a.test/"), "a=b; c=d");
    assert_eq!(field("-b a=b -H Cookie:x=y https://a.test/"), "x=y");
    assert!(field("-F a=b https://a.test/").starts_with("multipart/form-data; boundary=-----"));
    for (line, disposition) in [
        ("-F a=b https://a.test/", "form-data"),
        ("-F a=b -H Content-Type:multipart/form-data;x=y https://a.test/", "form-data"),
        ("-F a=b -H Content-Type:text/info https://a.test/", "attachment"),
    ] {
        let body = plan(line).http.body.and_then(|body| body.in_memory()).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(&format!("Content-Disposition: {disposition}; name=\"a\"")), "{body}");
    }
    let show = works("-i --format json --format JSONL https://a.test/").show;
    assert_eq!((show.headers, show.format), (true, Format::Jsonl));
    assert_eq!(works("-o - https://a.test/").show.to, Stream::Error);
    assert_eq!(works("-o x https://a.test/").show.to, Stream::Output);
}

/// What `-G` and `-T` make of a URL is what curl makes of it.
#[test]
fn data_goes_into_the_query_and_a_name_behind_a_slash() {
    for (line, url) in [
        ("-G -d a=1 -d b=2 https://a.test/?x=1#f", "https://a.test/?x=1&a=1&b=2#f"),
        ("-G --data-urlencode a=b?c a.test", "a.test?a=b%3Fc"),
        ("-G https://a.test/", "https://a.test/"),
        ("-T src/main.rs https://a.test/up/?x#f", "https://a.test/up/?x#f"),
        ("-T src/main.rs https://a.test/up/#f", "https://a.test/up/main.rs#f"),
        ("-T src/main.rs https://a.test", "https://a.test/main.rs"),
        ("-T src/main.rs https://a.test/up/as", "https://a.test/up/as"),
    ] {
        let Action::Trace { url: made, plan } = works(line).action else { panic!("{line}") };
        assert_eq!(made, url, "{line}");
        assert_eq!(plan.http.body.is_some(), line.starts_with("-T"), "{line}");
    }
}

#[test]
fn a_field_of_a_name_goes_out_once() {
    let names = |line: &str| -> Vec<String> {
        plan(line)
            .http
            .headers
            .into_iter()
            .map(|(name, value)| format!("{name}:{}", value.unwrap_or_default()))
            .collect()
    };
    assert_eq!(
        names("--json {} -H content-type:x https://a.test/"),
        ["Accept:application/json", "content-type:x"]
    );
    assert_eq!(names("-u a:b -H Authorization:c https://a.test/"), ["Authorization:c"]);
    assert_eq!(names("-u a:b -H Authorization: https://a.test/"), ["Authorization:"]);
    assert_eq!(names("-e r -H referer:x https://a.test/"), ["referer:x"]);
    assert_eq!(names("-e '' https://a.test/"), Vec::<String>::new());
    assert_eq!(
        names("-u joe: https://a.test/"),
        ["Authorization:Basic am9lOg=="],
        "an empty password (RFC 7617)"
    );
}

#[test]
fn a_dig_line_becomes_a_question() {
    let asked = |line: &str| match works(line) {
        Settings { action: Action::Ask { question, plan, .. }, show, .. } => {
            (question, plan.dns.lane, show.short)
        }
        other => panic!("{line}: {other:?}"),
    };
    let (question, lane, short) = asked("dns @192.0.2.53 -p 5353 A.test MX +short");
    assert_eq!((question.name.as_str(), &question.types[..], short), ("a.test", &[RecordType(15)][..], true));
    assert_eq!(lane, ResolverChoice::Server("192.0.2.53:5353".parse().unwrap()));
    let (question, lane, _) = asked("dns txt mx");
    assert_eq!(
        (question.name.as_str(), &question.types[..], lane),
        ("txt", &[RecordType(15)][..], ResolverChoice::Walk)
    );
    assert_eq!(asked("dns a.test").0.types, [RecordType::A]);
    assert_eq!(asked("dns a.test -t AAAA,65 NS").0.types.len(), 3);
}

#[test]
fn help_and_version_are_words_too() {
    let shown = |line: &str| match read(line).unwrap_err() {
        PlanError::Clap(error) => error.to_string(),
        error => panic!("{line}: {error:?}"),
    };
    assert!(shown("help").contains("Usage: urltrace"));
    assert!(shown("help dns").contains("Usage: urltrace dns"));
    assert!(shown("version").starts_with("urltrace "));
    assert!(matches!(works("https://help/").action, Action::Trace { .. }));
}

#[test]
fn the_format_is_known_where_the_arguments_are_not() {
    for (line, format) in [
        ("--format json --frob", Format::Json),
        ("--frob --format=JSONL x", Format::Jsonl),
        ("--format json --format text x y", Format::Text),
        ("x -- --format json", Format::Text),
        ("x", Format::Text),
        ("--format html --frob", Format::Html),
        ("--format=MD --frob", Format::Markdown),
        ("--format svg --frob", Format::Svg),
    ] {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(requested_format(&arguments), format, "{line}");
    }
}

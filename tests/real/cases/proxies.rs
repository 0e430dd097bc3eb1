//! Proxies against `curl -x`, through tinyproxy and microsocks: what each answers, and which hosts need none.

use serde_json::Value;

use crate::net::Access;
use crate::proxies::{HTTP, HTTP_WITH_PASSWORD, HTTPS, SOCKS, SOCKS_WITH_PASSWORD, USER, start};
use crate::tools::{Output, program, run_at};
use crate::urltrace::{Run, trace, urltrace_with};
use crate::zones::{WEB, WEB_TLS12};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("what_proxies_answer_is_what_curl_sees", answers),
    ("an_https_proxy_is_what_curl_sees_of_it", by_tls),
    ("what_proxies_refuse_is_told_apart_as_by_curl", refusals),
    ("hosts_without_a_proxy_are_those_of_curl", exceptions),
];

fn curl(world: &World, words: &[&str]) -> Output {
    let ca = world.certificates.ca.to_string_lossy();
    let mut all = vec!["-q", "-sS", "-o", "/dev/null", "--max-time", "20", "--cacert", &ca];
    all.extend(["--proxy-cacert", &ca, "-w", "%{json}"]);
    all.extend(words);
    run_at(world.internet.client(Access::Full), &program("curl"), &all)
}

/// The rows: options for both tools, and a URL.
fn answers(world: &World) {
    let _servers = start(world);
    let proxy = |kind: &str, port: u16| format!("-x {kind}://{}:{port}", WEB[0]);
    let rows = [
        (proxy("http", HTTP), "https://www.example.site/"),
        (proxy("http", HTTP), "http://www.example.site/"),
        (format!("-p {}", proxy("http", HTTP)), "https://www.example.site/text.txt"),
        (format!("{} -U {USER}", proxy("http", HTTP_WITH_PASSWORD)), "https://www.example.site/"),
        (format!("-x http://{USER}@{}:{HTTP_WITH_PASSWORD}", WEB[0]), "http://www.example.site/"),
        (proxy("http", HTTP_WITH_PASSWORD), "http://www.example.site/"),
        (format!("--http1.1 {}", proxy("http", HTTP)), "https://tls12.example.site/"),
        (proxy("https", HTTPS), "https://www.example.site/"),
        (proxy("https", HTTPS), "http://www.example.site/"),
        (format!("-p {}", proxy("https", HTTPS)), "https://www.example.site/text.txt"),
        (proxy("socks5h", SOCKS), "https://www.example.site/"),
        (proxy("socks5h", SOCKS), "http://www.example.site/"),
        (format!("-4 {}", proxy("socks5", SOCKS)), "https://www.example.site/"),
        (format!("{} -U {USER}", proxy("socks5h", SOCKS_WITH_PASSWORD)), "https://www.example.site/"),
        (format!("-x socks5h://{USER}@{}:{SOCKS_WITH_PASSWORD}", WEB[0]), "https://http1.example.site/"),
        (format!("--socks5-hostname {}:{SOCKS}", WEB[0]), "https://www.example.site/missing"),
    ];
    for (options, url) in rows {
        let words: Vec<&str> = options.split(' ').chain([url]).collect();
        let output = curl(world, &words);
        assert_eq!(output.code, 0, "{}: {}", output.shown, output.stderr);
        let seen: Value = serde_json::from_str(&output.stdout).unwrap();
        // curl asks for no coding, either.
        let run = trace(world, Access::Full, &format!("--no-compressed {options} {url}"));
        assert_eq!(run.at("/outcome"), "ok", "{run}");
        let proxy = run.at("/hops/0/proxy");
        assert_eq!(proxy["status"].as_u64().unwrap_or(0), seen["http_connect"].as_u64().unwrap(), "{run}");
        assert_eq!(run.at("/hops/0/http/status"), &seen["http_code"], "{run}");
        assert_eq!(seen["proxy_ssl_verify_result"], 0);
        // Both name the proxy as what they are connected to.
        assert_eq!(run.at("/hops/0/connect/address"), &seen["remote_ip"], "{run}");
        assert_eq!(run.at("/hops/0/connect/port"), &seen["remote_port"], "{run}");
        assert_eq!(
            run.number("/hops/0/http/body/encoded_bytes"),
            seen["size_download"].as_u64().unwrap(),
            "{run}"
        );
        let version = run.text("/hops/0/http/version").trim_start_matches("HTTP/").replace("1.0", "1");
        assert_eq!(version, seen["http_version"].as_str().unwrap(), "{run}");
        assert!(!run.json.to_string().contains("hunter2"), "{run}");
    }
}

/// TLS with the proxy, and TLS with the server through it: version and suite of each.
fn by_tls(world: &World) {
    let _servers = start(world);
    for (host, inner) in [("www.example.site", "TLSv1.3"), ("tls12.example.site", "TLSv1.2")] {
        let options = format!("-x https://{}:{HTTPS}", WEB[0]);
        let url = format!("https://{host}/");
        let words: Vec<&str> = ["-v"].into_iter().chain(options.split(' ')).chain([url.as_str()]).collect();
        let output = curl(world, &words);
        assert_eq!(output.code, 0, "{}: {}", output.shown, output.stderr);
        let used = output.stderr.lines().filter_map(|line| line.split_once("SSL connection using "));
        let used: Vec<Vec<&str>> = used.map(|(_, what)| what.split(" / ").take(2).collect()).collect();
        let run = trace(world, Access::Full, &format!("{options} {url}"));
        assert_eq!((used[0][0], used[1][0]), ("TLSv1.3", inner), "{}", output.stderr);
        for (place, seen) in ["/hops/0/proxy/tls", "/hops/0/tls"].iter().zip(&used) {
            assert_eq!(run.text(&format!("{place}/version")), seen[0], "{run}");
            // OpenSSL has names of its own until TLS 1.2.
            if seen[0] == "TLSv1.3" {
                assert_eq!(run.text(&format!("{place}/cipher_suite")), seen[1], "{run}");
            }
            assert_eq!(run.at(&format!("{place}/verification/faults")), &Value::Array(Vec::new()), "{run}");
        }
    }
}

/// The exit code of curl, and the failure here.
fn refusals(world: &World) {
    let _servers = start(world);
    let at = WEB[0];
    let rows = [
        (format!("-x http://none.example.site:{HTTP}"), "https://www.example.site/", 5, "proxy-unresolved"),
        (format!("-x http://{at}:9"), "https://www.example.site/", 7, "proxy-unreachable"),
        (format!("-x http://{at}:{HTTP}"), "https://www.example.site:444/", 56, "proxy-refused"),
        (
            format!("-x http://{at}:{HTTP_WITH_PASSWORD}"),
            "https://www.example.site/",
            56,
            "proxy-authentication",
        ),
        (
            format!("-x http://{at}:{HTTP_WITH_PASSWORD} -U joe:wrong"),
            "https://www.example.site/",
            56,
            "proxy-authentication",
        ),
        (format!("-x http://{at}:{HTTP}"), "https://none.example.site/", 56, "proxy-target-failed"),
        (format!("-x socks5h://{at}:{SOCKS}"), "https://www.example.site:9/", 97, "proxy-target-failed"),
        (format!("-x socks5h://{at}:{SOCKS}"), "https://none.example.site/", 97, "proxy-target-failed"),
        (
            format!("-x socks5h://{at}:{SOCKS_WITH_PASSWORD}"),
            "https://www.example.site/",
            97,
            "proxy-authentication",
        ),
        (
            format!("-x socks5h://{at}:{SOCKS_WITH_PASSWORD} -U joe:wrong"),
            "https://www.example.site/",
            97,
            "proxy-authentication",
        ),
        (format!("-x http://{at}:443"), "https://www.example.site/", 56, "proxy-refused"),
        (format!("-x https://{at}:{HTTPS}"), "https://www.example.site:444/", 56, "proxy-refused"),
        (format!("-x https://{at}:{HTTPS}"), "https://none.example.site/", 56, "proxy-target-failed"),
        (format!("-x https://{at}:80"), "https://www.example.site/", 35, "proxy-tls"),
        (format!("-x https://{WEB_TLS12}:{HTTPS}"), "https://www.example.site/", 60, "proxy-tls"),
    ];
    for (options, url, exit, code) in rows {
        let words: Vec<&str> = options.split(' ').chain([url]).collect();
        let output = curl(world, &words);
        let run = trace(world, Access::Full, &format!("{options} {url}"));
        assert_eq!(
            (output.code, run.text("/failure/code")),
            (exit, code),
            "{}: {}\n{run}",
            output.shown,
            output.stderr
        );
        assert_eq!(run.text("/failure/stage"), "tcp", "{run}");
        assert!(run.text("/failure/message").contains("proxy"), "{run}");
    }
}

/// Which hosts go without the proxy: a port that nobody listens on tells who was connected to. Networks of IPv6
/// are left out: Debian's curl (7.88) takes such a host for a name there, against its manual.
fn exceptions(world: &World) {
    let lists = [
        "",
        "*",
        "a.test",
        ".a.test",
        "A.TEST",
        "www.a.test",
        "a.test.",
        "b.test,a.test",
        "b.test, a.test",
        "b.test a.test",
        "*.a.test",
        "b.test,*",
        "a.test:9",
        "test",
        "10.0.0.0/8",
        "10.1.2.3",
        "10.1.2.0/31",
        "10.1.2.0/24,b.test",
        "10.1.2",
        "10.0.0.0/33",
        "10.1.2.3/0",
        "2001:db8::1",
        "::/0",
        ".",
        ",",
    ];
    let hosts = ["a.test", "www.a.test", "nota.test", "a.test.", "10.1.2.3", "[2001:db8::1]"];
    let client = world.internet.client(Access::Full);
    let mut direct = 0;
    for list in lists {
        for host in hosts {
            let url = format!("http://{host}:9/");
            let variables = ["http_proxy=http://127.0.0.1:7".to_owned(), format!("no_proxy={list}")];
            let given = ["--connect-timeout", "1", "--resolve", "*:9:127.0.0.1"];
            let mut words: Vec<String> = variables.to_vec();
            words.push(program("curl").display().to_string());
            words.extend(["-qsSg"].iter().chain(&given).map(|word| (*word).to_owned()));
            words.push(url.clone());
            let output = run_at(client, &program("env"), &words);
            let by_curl = output.stderr.contains("127.0.0.1 port 7");
            let run: Run = urltrace_with(client, &variables, &[&given[..], &[&url]].concat());
            let used = run.json.pointer("/hops/0/proxy").is_some_and(|proxy| !proxy.is_null());
            assert_eq!(used, by_curl, "no_proxy={list} {host}: {}\n{run}", output.stderr);
            direct += usize::from(!used);
        }
    }
    assert!((20..120).contains(&direct), "{direct} of {}", lists.len() * hosts.len());
}

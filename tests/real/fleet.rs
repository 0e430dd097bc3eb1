//! A fleet of probe servers: met by TLS and asked for a password, and drawn by the dashboard, with Debian's Prometheus.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::monitoring::{GOOD, Monitored, PROMETHEUS};
use crate::tools::{Output, program, run_at};

const GUARDED: &str = "127.0.0.1:9130";
/// Of jBCrypt's test vectors: the password is `abc`.
const ABC: &str = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";

pub(crate) fn guarded(own: &Monitored) {
    let dir = own.dir();
    let web = dir.join("web.yml");
    // The certificates are those of the web server.
    let text = format!(
        "tls_server_config: {{cert_file: good.pem, key_file: good.key, min_version: TLS13}}
http_server_config: {{headers: {{X-Frame-Options: deny}}}}
basic_auth_users: {{prometheus: {ABC}}}
"
    );
    fs::write(&web, text).unwrap();
    let urltrace = Path::new(env!("CARGO_BIN_EXE_urltrace"));
    let _server = own.start("serve", urltrace, &dir, GUARDED, |command| {
        command.args(["serve", "--listen", GUARDED, "--web-config"]).arg(&web);
    });
    let ca = dir.join("ca.pem");
    let name = format!("www.example.site:9130:{GUARDED}");
    let ask = |more: &[&str]| -> Output {
        let fixed = ["-qsS", "-m", "20", "-i", "--cacert", ca.to_str().unwrap(), "--connect-to", &name];
        let url = ["https://www.example.site:9130/-/healthy"];
        run_at(own.client(), &program("curl"), &[&fixed[..], more, &url].concat())
    };
    let let_in = ask(&["-u", "prometheus:abc", "--http2"]);
    let head = let_in.stdout.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 ok") && head.contains("x-frame-options: deny"), "{let_in:?}");
    for wrong in [&["-u", "prometheus:abd"][..], &["-u", "grafana:abc"], &[]] {
        let refused = ask(wrong).stdout.to_ascii_lowercase();
        assert!(
            refused.starts_with("http/1.1 401") && refused.contains("www-authenticate: basic"),
            "{refused}"
        );
    }
    assert_eq!(ask(&["--tls-max", "1.2", "-u", "prometheus:abc"]).code, 35);

    let secret = dir.join("secret");
    fs::write(&secret, "abc").unwrap();
    let config = format!(
        "scrape_configs:
  - job_name: guarded
    scheme: https
    tls_config: {{ca_file: {}, server_name: www.example.site}}
    basic_auth: {{username: prometheus, password_file: {}}}
    static_configs: [{{targets: ['{GUARDED}']}}]
",
        ca.display(),
        secret.display()
    );
    let _prometheus = own.prometheus("guarded", &config);
    assert!(own.query("up{job=\"guarded\"} == 1", 1).len() == 1);
    assert!(own.query("urltrace_build_info{job=\"guarded\"}", 1).len() == 1);
}

/// The dashboard as it is written.
pub(crate) fn dashboard_text() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/grafana-dashboard.json")).unwrap()
}

/// The expressions of the panels of the dashboard, by their titles.
pub(crate) fn expressions() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&dashboard_text()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| -> Vec<(String, String)> {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap();
        targets.iter().map(|target| (title.clone(), target["expr"].as_str().unwrap().to_owned())).collect()
    };
    panels.iter().flat_map(of_panel).collect()
}

/// The variables of the dashboard that are asked for: the series whose labels they list, and which label.
fn variables() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&dashboard_text()).unwrap();
    let all = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries = all.filter(|variable| variable["type"] == "query");
    queries
        .map(|variable| {
            let query = variable["query"]["query"].as_str().unwrap();
            let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
            let (series, label) = inner.rsplit_once(',').unwrap();
            (asked(series), label.trim().to_owned())
        })
        .collect()
}

/// An expression with all that the dashboard's variables may stand for.
pub(crate) fn asked(expression: &str) -> String {
    let asked = expression.replace("$job", ".*").replace("$instance", ".*").replace("$__rate_interval", "1m");
    assert!(!asked.contains('$'), "{asked}");
    asked
}

pub(crate) fn dashboard(own: &Monitored) {
    let [secure, bad] = ["https://www.example.site:8443/", "http://nobody.example.site/"];
    let config = crate::monitoring::readme_block("job_name: urltrace\n")
        .replace("          - https://example.org/\n", &format!("          - {GOOD}\n          - {bad}\n"))
        .replace("https://www.example.net/", secure)
        .replace("127.0.0.1:9115", crate::monitoring::SERVE);
    let _prometheus = own.prometheus("dashboard", &config);
    // Two scrapes make a rate.
    own.query("count_over_time(urltrace_probes_total{result=\"failure\"}[1m]) > 2", 1);
    let all = expressions();
    assert!(all.len() > 8, "{all:?}");
    for (title, expression) in all {
        let asked = asked(&expression);
        let found = own.query(&asked, 1);
        assert!(!found.is_empty(), "{title}: {asked} at {PROMETHEUS}");
    }
    let variables = variables();
    assert_eq!(variables.len(), 2, "{variables:?}");
    for (series, label) in variables {
        let found = own.query(&format!("group by ({label}) ({series})"), 1);
        assert!(found.iter().all(|(labels, _)| labels.contains_key(&label)), "{series} has no {label}");
    }
}

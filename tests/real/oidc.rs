//! A login at a real OpenID provider: oidc-provider-mock of PyPI, in a virtual environment under `target`. An application
//! of the test sends its visitors there; what the provider answers is its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::servers::Server;
use crate::tools::{must, program};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Provider>] = &[
    ("oidc: a login at a real provider is told with its parties and what is missing", begun),
    ("oidc: what a real provider sends back stays secret, its token is described", ended),
    ("oidc: the challenge of a real provider is explained", challenged),
];

/// The provider, and where it is.
pub(crate) struct Provider {
    servers: [Server; 1],
    issuer: String,
    /// As its configuration names them.
    authorize: String,
    token: String,
    userinfo: String,
    dir: Directory,
}

impl Setting for Provider {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        format!("provider: {}, files in {}", self.issuer, self.dir.path().display())
    }
}

/// The provider's program; installed where it is not yet. A registry that does not answer is a failure.
fn installed() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-venv");
    let provider = venv.join("bin/oidc-provider-mock");
    if !provider.exists() {
        must(Command::new(program("python3")).args(["-m", "venv", "--clear"]).arg(&venv));
        must(Command::new(venv.join("bin/pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "oidc-provider-mock",
        ]));
    }
    assert!(provider.exists(), "pip installed no {}", provider.display());
    provider
}

impl Provider {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("oidc");
        let mut command = Command::new(program("setpriv"));
        command.args(["--pdeathsig", "KILL", "--"]).arg(installed()).args(["--port", "0"]);
        let mut server = Server::from_command("oidc-provider-mock", dir.path(), command);
        let log = dir.path().join("log");
        let mut issuer = String::new();
        server.wait_until(|| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let line = said.lines().find_map(|line| line.split_once("running on ")?.1.split(' ').next());
            issuer = line.unwrap_or_default().to_owned();
            !issuer.is_empty()
        });
        let said = curl(&[&format!("{issuer}/.well-known/openid-configuration")]);
        let said: Value = serde_json::from_str(&said).unwrap();
        let of = |name: &str| said[name].as_str().unwrap().to_owned();
        let [authorize, token, userinfo] =
            ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"].map(of);
        Self { servers: [server], issuer, authorize, token, userinfo, dir }
    }
}

fn curl(words: &[&str]) -> String {
    must(Command::new(program("curl")).env_clear().args(["-qsS"]).args(words))
}

/// An application that sends its visitors to a URL.
fn application(to: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// Traces; all that it said, in JSON and in text, and the document.
fn trace(words: &[&str]) -> (String, Value) {
    let run = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_urltrace"));
        let output = command.env_clear().args(["-v", "--format", format]).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let json = run("json");
    let document = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    (json + &run("text") + &run("html"), document)
}

fn begun(provider: &Provider) {
    let back = "http%3A%2F%2F127.0.0.1%3A1%2Fback";
    let base = format!(
        "{}?client_id=shop&response_type=code&redirect_uri={back}&scope=openid%20email",
        provider.authorize
    );
    let secret = "s3cr3tst4te";
    let careful =
        format!("{base}&state={secret}&nonce={secret}&code_challenge={secret}&code_challenge_method=S256");
    for (to, missing) in [(careful, serde_json::json!([])), (base, serde_json::json!(["state", "PKCE"]))] {
        let (said, document) = trace(&["-L", &application(&to)]);
        let flow = &document["hops"][0]["http"]["auth"]["flow"];
        let parties = &flow["parties"];
        assert_eq!(flow["kind"], "openid-connect", "{document}");
        assert_eq!(flow["missing"], missing, "{flow}");
        assert_eq!(format!("http://{}", parties["provider"].as_str().unwrap()), provider.issuer, "{flow}");
        assert_eq!(
            (&parties["asked_by"], &parties["client"]),
            (&"127.0.0.1".into(), &"shop".into()),
            "{flow}"
        );
        assert_eq!(parties["returns_to"], "http://127.0.0.1:1", "{flow}");
        // The 200 is the login page of the provider.
        assert_eq!(document["hops"][1]["http"]["status"], 200, "{document}");
        let ids: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        assert!(ids.iter().any(|id| **id == "http-auth-required"), "{ids:?}");
        assert!(!said.contains(secret), "a secret is told: {said}");
        assert!(said.contains("OpenID Connect"), "{said}");
    }
}

/// The URL that the provider sends somebody back to who has logged in.
fn sent_back(provider: &Provider) -> String {
    let url = format!(
        "{}?client_id=shop&response_type=code&redirect_uri=http://127.0.0.1:1/back&scope=openid%20email&state=abc",
        provider.authorize
    );
    curl(&["-o", "/dev/null", "-w", "%{redirect_url}", "-d", "sub=ann@example.test", &url])
}

fn ended(provider: &Provider) {
    let back = sent_back(provider);
    let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
    assert!(code.len() > 20, "{back}");
    let (said, document) = trace(&[&application(&back)]);
    assert!(!said.contains(code), "the code is told: {said}");
    assert!(document["hops"][0]["http"]["redirect"].to_string().contains("code=[redacted]"), "{document}");

    let form = format!("grant_type=authorization_code&redirect_uri=http://127.0.0.1:1/back&code={code}");
    let answer: Value = serde_json::from_str(&curl(&["-u", "shop:x", "-d", &form, &provider.token])).unwrap();
    let token = answer["id_token"].as_str().unwrap();
    let field = format!("Authorization: Bearer {token}");
    let (said, document) = trace(&["-H", &field, &provider.userinfo]);
    let told = &document["hops"][0]["http"]["auth"]["tokens"][0];
    assert_eq!(
        (&told["alg"], &told["iss"]),
        (&"RS256".into(), &provider.issuer.as_str().into()),
        "{document}"
    );
    assert_eq!(told["aud"], serde_json::json!(["shop"]), "{told}");
    // The server's Date and the token are not of one clock tick.
    let left = told["left_s"].as_i64().unwrap();
    assert!((3_000..=3_605).contains(&left), "{told}");
    // Neither the token, nor whom it is about.
    for part in token.split('.').chain(["ann@example.test"]) {
        assert!(!said.contains(part), "{part} is told: {said}");
    }
}

fn challenged(provider: &Provider) {
    let (_, document) = trace(&[&provider.userinfo]);
    let challenge = &document["hops"][0]["http"]["auth"]["challenges"][0];
    assert_eq!(document["hops"][0]["http"]["status"], 401, "{document}");
    assert!(challenge["scheme"].as_str().unwrap().eq_ignore_ascii_case("bearer"), "{challenge}");
    assert!(challenge["params"]["error_description"].as_str().unwrap().contains("Missing"), "{challenge}");
}

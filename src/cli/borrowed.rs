//! Options that hands bring from curl, dig, httpstat, hyperfine and ripgrep and that urltrace does not
//! have: what does the same here, in one line. Those that work as theirs do are in `declarations`.

/// What an option of another tool comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Something else does it.
    Use(&'static str),
    /// It is not there yet; what does until then.
    Later(&'static str),
}

use Answer::{Later, Use};

/// What there is in place of `option` (with its dashes), where somebody is known to look for it.
pub(super) fn answer(option: &str) -> Option<Answer> {
    TABLE.iter().find(|(names, _)| names.contains(&option)).map(|(_, answer)| *answer)
}

const NUMBERS: Answer =
    Use("--format json has every time, size and header: urltrace --format json URL | jq .total_us");
const REPEAT: Answer = Use("-n N traces the URL N times");
const KIND: Answer = Use("leave it out: whether a file is PEM, DER or PKCS#12 is seen in it");
const OLD_TLS: Answer = Use("TLS 1.2 is the oldest version that is offered; --tls-max sets the newest");
const HEADERS: Answer = Use("-i shows the response's header fields, -v those of the request, too");
const OTHER_AUTH: Answer = Use("-u sends Basic credentials; for others, -H 'Authorization: ...'");
const ALWAYS: Answer = Use("leave it out: urltrace always does so");

const TABLE: &[(&[&str], Answer)] = &[
    // curl
    (&["-w", "--write-out"], NUMBERS),
    (
        &["-c", "--cookie-jar", "-j", "--junk-session-cookies"],
        Use("--cookies keeps the cookies that responses set for the run, on no disk"),
    ),
    (&["--url-query"], Later("-G --data-urlencode NAME=VALUE puts it into the query")),
    (
        &[
            "-O",
            "--remote-name",
            "--remote-name-all",
            "-J",
            "--remote-header-name",
            "--output-dir",
            "--create-dirs",
            "--create-file-mode",
            "-R",
            "--remote-time",
            "--clobber",
            "--no-clobber",
            "--skip-existing",
            "--remove-on-error",
            "--xattr",
        ],
        Use("-o FILE writes the body to a file"),
    ),
    (&["--out-null"], Use("leave it out: without -o the body is counted, and not kept")),
    (&["--etag-compare", "--etag-save"], Use("-H 'If-None-Match: \"TAG\"' makes the request conditional")),
    (
        &["--hsts"],
        Use(
            "leave it out: no list of HSTS is kept between runs; write https:// for what a browser would ask",
        ),
    ),
    (&["--alt-svc"], Use("leave it out: nothing is kept between runs; --http3 tries HTTP/3 beside TCP")),
    (&["--request-target"], Later("the request's target is the path and the query of the URL")),
    (&["--ipfs-gateway"], Use("write the URL of the gateway: https://GATEWAY/ipfs/CID")),
    (&["--variable"], Use("the shell's variables do that")),
    (&["--form-escape"], Use("leave it out: a quote in a name is sent as %22, as browsers do")),
    (
        &["--httpsig-algo", "--httpsig-headers", "--httpsig-key", "--httpsig-keyid"],
        Use("-H 'Signature: ...' sends a signature that is made elsewhere"),
    ),
    (&["-C", "--continue-at"], Use("-r 100- asks for the rest")),
    (&["-z", "--time-cond"], Use("-H 'If-Modified-Since: ...' makes the request conditional")),
    (&["--retry-max-time"], Use("-m SECONDS limits the whole run, its waits included")),
    (
        &["--retry-all-errors"],
        Use("--retry N asks once more after what may pass, --retry-connrefused more often"),
    ),
    (
        &["--dns-interface", "--dns-ipv4-addr", "--dns-ipv6-addr"],
        Later("the system chooses where questions leave from; --interface is for connections"),
    ),
    (&["--preproxy"], Later("-x goes through one proxy")),
    (&["--socks4", "--socks4a"], Use("SOCKS 4 is not supported: -x socks5://HOST, or socks5h://HOST")),
    (
        &["--proxy-digest", "--proxy-ntlm", "--proxy-negotiate", "--proxy-anyauth"],
        Later("-U sends Basic credentials to the proxy"),
    ),
    (&["--proxy-basic"], ALWAYS),
    (&["--proxy-cacert", "--proxy-capath"], Later("--cacert is for an https proxy, too")),
    (
        &["--proxy-cert", "--proxy-key", "--proxy-cert-type", "--proxy-key-type", "--proxy-pass"],
        Later("--cert is for the target alone"),
    ),
    (&["--proxy-http2", "--proxy-http3"], Later("HTTP/1.1 is spoken to proxies")),
    (
        &["--haproxy-protocol", "--haproxy-clientip"],
        Later(
            "no header of the PROXY protocol is sent; -H 'X-Forwarded-For: ADDRESS' is what many servers read",
        ),
    ),
    (&["--proxy1.0"], Use("-x http://HOST:PORT goes through a proxy of HTTP/1.1")),
    (&["--cert-type", "--key-type"], KIND),
    (&["--capath"], Use("SSL_CERT_DIR names a directory of certificates, --cacert a file")),
    (&["--ca-native"], Use("--roots system trusts the machine's certificates")),
    (&["--tlsv1.3"], Later("urltrace offers TLS 1.2 and 1.3")),
    (&["-1", "--tlsv1", "--tlsv1.0", "--tlsv1.1", "-2", "-3", "--sslv2", "--sslv3"], OLD_TLS),
    (
        &[
            "--ciphers",
            "--tls13-ciphers",
            "--curves",
            "--sigalgs",
            "--proxy-ciphers",
            "--proxy-tls13-ciphers",
            "--proxy-tlsv1",
            "--false-start",
        ],
        Later("urltrace offers what browsers offer"),
    ),
    (&["--pinnedpubkey"], Later("-v prints the SPKI hash of each certificate")),
    (
        &["--cert-status", "--crlfile", "--proxy-crlfile", "--crlite"],
        Later("urltrace does not check revocation"),
    ),
    (
        &["--ssl-no-revoke", "--ssl-revoke-best-effort"],
        Use("leave it out: urltrace does not check revocation"),
    ),
    (&["--ech"], Later("ECH is shown where the host offers it, and not used")),
    (&["--tls-earlydata", "--ssl-sessions"], Use("--resume connects once more, and tells of 0-RTT")),
    (&["--no-sessionid"], Use("leave it out: no session is resumed without --resume")),
    (&["--doh-url"], Use("--resolver https://HOST/dns-query asks a resolver by DNS over HTTPS")),
    (&["--dns-servers"], Use("--resolver IP[:PORT] asks this resolver")),
    (&["-0", "--http1.0", "--http0.9"], Use("--http1.1 is the oldest version that is asked for")),
    (&["-D", "--dump-header"], HEADERS),
    (
        &["--trace", "--trace-ascii", "--trace-time", "--trace-config", "--stderr"],
        Use("-v shows every packet, flight and header field"),
    ),
    (&["--oauth2-bearer"], Use("-H 'Authorization: Bearer TOKEN' sends a token")),
    (&["--digest", "--ntlm", "--negotiate", "--anyauth", "--aws-sigv4", "--delegation"], OTHER_AUTH),
    (
        &["--netrc", "--netrc-file", "--netrc-optional"],
        Later("-u USER sends credentials; it asks for the password"),
    ),
    (&["-K", "--config"], Later("urltrace reads no configuration file")),
    (
        &["-q", "--disable"],
        Use("leave it out: urltrace reads no configuration file; --silent hides the progress"),
    ),
    (
        &["-Z", "--parallel-max", "--parallel-immediate"],
        Use("leave it out: several URLs are traced side by side, --parallel N of them"),
    ),
    (&["--parallel-max-host"], Use("--per-host N limits the traces of one host")),
    (&["--next", "-:"], Use("@FILE has a list of URLs, each with -X, -H and -d of its own")),
    (&["--rate"], Use("--interval SECONDS sets the pace of -n")),
    (&["--suppress-connect-headers"], Use("leave it out: -i shows the fields of the response alone")),
    (
        &[
            "-N",
            "--no-buffer",
            "-a",
            "--append",
            "--keepalive-time",
            "--keepalive-cnt",
            "--no-keepalive",
            "--engine",
            "--styled-output",
        ],
        Use("leave it out: it would change nothing that is measured"),
    ),
    (&["--tcp-nodelay", "--no-npn", "--alpn", "--basic"], ALWAYS),
    (&["--no-alpn"], Use("--http1.1 offers HTTP/1.1 only")),
    (
        &["--limit-rate", "-Y", "--speed-limit", "-y", "--speed-time", "--max-filesize"],
        Use("-m SECONDS ends a trace that takes too long"),
    ),
    (&["--post301", "--post302", "--post303"], Use("-L changes the method as browsers do")),
    (&["--path-as-is"], Later("dot segments are resolved, and the report says so")),
    (&["-g", "--globoff"], Use("leave it out: brackets and braces in a URL mean nothing special")),
    (
        &["--raw", "--tr-encoding", "--ignore-content-length"],
        Later("bodies are counted as they come and decoded; --no-compressed asks for them plain"),
    ),
    (&["--abstract-unix-socket"], Later("--unix-socket PATH connects to a socket that has a file")),
    (&["--happy-eyeballs-timeout-ms"], Later("the race of RFC 8305 begins the next attempt after 250 ms")),
    (
        &["--proto", "--proto-default", "--proto-redir"],
        Use("write the scheme in the URL: redirects are followed to http and https only"),
    ),
    (
        &["-#", "--progress-bar", "--progress-meter"],
        Use("leave it out: the progress line is there on a terminal, without --silent"),
    ),
    (&["-M", "--manual"], Use("--help, or `urltrace --generate man`")),
    (
        &[
            "-l",
            "--list-only",
            "-Q",
            "--quote",
            "-P",
            "--ftp-port",
            "-B",
            "--use-ascii",
            "-t",
            "--telnet-option",
            "--ftp-pasv",
            "--ssl-reqd",
            "--mail-from",
            "--mail-rcpt",
            "--pubkey",
        ],
        Use("it is for FTP, mail, SSH or Telnet, which urltrace does not trace"),
    ),
    // httpstat, hyperfine, ripgrep and their like
    (&["--runs", "--warmup", "--min-runs", "--max-runs", "--count"], REPEAT),
    (&["--save"], Use("-o FILE writes the body, --format json > FILE the measurements")),
    (&["--save-json"], Use("--export-json FILE writes the document beside the report")),
    (
        &["--html", "--save-html"],
        Use("--format html prints a page, --export-html FILE writes it beside the report"),
    ),
    (&["--svg"], Use("--format svg prints a picture, --export-svg FILE writes it beside the report")),
    (
        &["--markdown", "--md"],
        Use("--format markdown prints it, --export-markdown FILE writes it beside the report"),
    ),
    (&["--har", "--save-har"], Use("--format har prints it, --export-har FILE writes it beside the report")),
    (&["--export-csv", "--csv"], Later("--format json has everything; jq makes other forms of it")),
    (&["--output-format", "--ndjson", "--jsonl"], Use("--format json, or --format jsonl for one line")),
    (&["--quiet", "--no-progress"], Use("--silent hides the progress line")),
    (&["--pretty"], Use("--color always colours the report where it goes to no terminal")),
    (&["--debug"], Use("-v shows every packet, flight and header field")),
    (&["--timeout"], Use("--max-time SECONDS limits the whole, --connect-timeout SECONDS one attempt")),
    (&["--method"], Use("-X METHOD sets the method")),
    (&["--body"], Use("-d DATA or --data-binary @FILE sends a body")),
    (&["--no-redirects", "--no-follow"], Use("leave it out: redirects are followed only with -L")),
    (
        &["--follow", "--follow-redirects", "--max-redirects"],
        Use("-L follows redirects, up to --max-redirs N"),
    ),
    (
        &["--no-color", "--no-colour", "--colour"],
        Use("--color never prints without colours; NO_COLOR is heeded"),
    ),
    (&["--server", "--nameserver"], Use("--resolver IP[:PORT] asks this server")),
    (
        &["--insecure-tls", "--no-verify", "--no-check-certificate"],
        Use("-k goes on despite a bad certificate"),
    ),
    (&["--completions", "--completion", "--man"], Use("--generate bash, zsh, fish or man")),
];

/// The same for the options of dig that `urltrace dns` does not take as they are.
pub(super) fn dig(option: &str) -> Option<Answer> {
    DIG.iter().find(|(names, _)| names.contains(&option)).map(|(_, answer)| *answer)
}

const DIG: &[(&[&str], Answer)] = &[
    (&["-f"], Use("`urltrace dns - < FILE` asks for the names of a file")),
    (&["-q"], Use("write the name alone: `urltrace dns NAME`")),
    (&["-c"], Use("urltrace asks in class IN only")),
    (&["-b"], Later("the system chooses the source address; -4 and -6 choose its family")),
    (&["-k", "-y"], Later("urltrace does not sign questions (TSIG)")),
    (&["-u", "-i", "-r"], ALWAYS),
    (&["--json", "-j"], Use("--format json prints the document")),
    (&["--tcp"], Use("--resolver tcp://IP asks by TCP")),
    (&["--tls", "--https"], Use("--resolver tls://HOST or https://HOST/dns-query asks encrypted")),
    (&["+tcp", "+vc"], Use("--resolver tcp://IP asks by TCP")),
    (&["+tls"], Use("--resolver tls://HOST asks by TLS")),
    (&["+https"], Use("--resolver https://HOST/dns-query asks by HTTPS")),
    (&["+nssearch"], Use("--all-ns asks every server of the zone and compares")),
    (
        &["+identify", "+stats", "+comments", "+question", "+all", "+multiline", "+nsid", "+qr"],
        Use("-v shows every packet"),
    ),
    (&["+notrace", "+recurse"], Use("--resolver system asks this machine's resolver")),
    (
        &["+norecurse", "+nordflag"],
        Use("leave it out: the walk asks authoritative servers without recursion"),
    ),
    (&["+cd", "+cdflag"], Use("leave it out: validation is urltrace's own, and with --resolver CD is set")),
    (&["+json", "+yaml"], Use("--format json prints the document")),
    (&["+time", "+timeout", "+tries", "+retry"], Use("-m SECONDS limits the whole")),
];

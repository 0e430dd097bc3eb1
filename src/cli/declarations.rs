//! The command line: clap declarations only. `read` makes a plan of them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::examples::EXAMPLES;
pub use super::formats::{Diagram, Exports, Format, Generate, Telemetry};
use super::many::{Budgets, Compared, Runs, Saved, Urls};
use super::paged::Paged;
use super::serving::ServeOptions;
pub use super::showing::ShowOptions;

/// Trace everything that happens when a URL is typed
///
/// urltrace parses the URL, walks its name from the root servers down to the authoritative ones,
/// opens the TCP connection, performs the TLS handshake, sends the request and explains the status.
/// Every step is timed and shown on one waterfall.
#[derive(Clone, Debug, Parser)]
#[command(name = "urltrace", version, max_term_width = 100, after_help = EXAMPLES, args_override_self = true, subcommand_value_name = "COMMAND", disable_help_subcommand = true)]
pub struct Cli {
    /// Anything but tracing a URL
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The URL to trace: http, https, ws, wss, grpc, grpcs, tls, quic, tcp or dns; without a scheme https, for `localhost`,
    /// addresses and single labels http
    ///
    /// Several are traced side by side; `@FILE` is a list of them, one a line, `-` one on standard input. Behind the URL of
    /// a line -X, -H, -d and --expect may stand, quoted as in a shell; `#` begins a comment.
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// The URL to trace, as curl has it
    #[arg(long = "url", value_name = "URL", hide = true)]
    pub url_options: Vec<String>,
    /// Options of both the trace and `urltrace dns`
    #[command(flatten)]
    pub common: Common,
    /// Options of connections
    #[command(flatten)]
    pub connection: Connection,
    /// Options of requests
    #[command(flatten)]
    pub request: Request,
    /// Options of many runs
    #[command(flatten)]
    pub runs: Runs,
    /// Options of many URLs
    #[command(flatten)]
    pub many: Urls,
    /// What a run may cost
    #[command(flatten)]
    pub budgets: Budgets,
    /// Files beside the report
    #[command(flatten)]
    pub exports: Exports,
    /// Distributed tracing
    #[command(flatten)]
    pub telemetry: Telemetry,
    /// Print the man page, completions for a shell, or the JSON schema
    #[arg(long, value_enum, ignore_case = true, value_name = "WHAT", help_heading = "Output and lab")]
    pub generate: Option<Generate>,
}

/// The sub-commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Walk a name from the root servers to its records
    ///
    /// Asks a root server first, follows its referrals down to the authoritative servers and shows
    /// every packet on the way. Exit code 0 for an answer with data, 4 otherwise.
    Dns(DnsOptions),
    /// Check a URL for Nagios or Icinga: one line, and 0, 1, 2 or 3
    ///
    /// A status of 4xx warns; 5xx, and whatever fails, names and time-outs included, is critical; 3 is for what could not be
    /// asked. This machine's resolver is asked, unless --resolver says otherwise, and all of it may take 10 s.
    Check(Box<CheckOptions>),
    /// List what can be found wrong, slow or worth knowing
    Findings,
    /// Explain a term of a report, without a network; alone, list all terms
    ///
    /// Every phase, record type, code, TLS message, status, header field, finding, failure code, option and
    /// JSON field has a topic, and so have the questions of people who learn how the web works.
    Explain {
        /// A term in any case: `zone cut`, ttfb, 503, dns-server-slow, '401 vs 403'
        #[arg(value_name = "TOPIC", allow_hyphen_values = true)]
        topic: Vec<String>,
    },
    /// Probe targets for Prometheus, as blackbox_exporter does
    ///
    /// /probe?target=TARGET&module=MODULE traces a target and answers with the series of blackbox_exporter, by the module
    /// files of it. It resolves by this machine's resolver, unless a module says `resolver: walk`.
    Serve(ServeOptions),
    /// Set two saved documents (`--format json`) beside each other: traces, or many runs of -n
    ///
    /// A table of the phases with their differences, and what else was otherwise. Exit code 0 whether they differ or not.
    Diff(Box<Saved>),
    /// Show a saved document (`--format json`) as any report: on the terminal, as a page, a picture or an archive
    ///
    /// Nothing is traced. Documents of this version and of earlier ones are read; where one says more than can be shown,
    /// that is told. Exit code 0 when it was shown, whatever became of its trace.
    Show(Box<ShowOptions>),
    /// List the scenarios of the built-in internet, or keep it running
    Lab {
        /// Keep it running for other tools until interrupted, and print where it listens
        #[arg(long)]
        serve: bool,
        /// Be guided through it: a question, a run and its reading, step by step; N runs one step alone
        #[arg(long, value_name = "N", num_args = 0..=1, conflicts_with = "serve")]
        tour: Option<Option<usize>>,
    },
}

/// Options of `urltrace check`: check_http's letters, and those of a trace.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Check")]
pub struct CheckOptions {
    /// The URL to check
    #[arg(value_name = "URL")]
    pub url: String,
    /// Warn when it takes longer, in seconds; or a range, such as `@10:20`
    #[arg(short = 'w', long, value_name = "SECONDS")]
    pub warning: Option<String>,
    /// Be critical when it takes longer, in seconds; or a range
    #[arg(short = 'c', long, value_name = "SECONDS")]
    pub critical: Option<String>,
    /// Warn when the certificate has so many days left or fewer, be critical at the second number
    #[arg(short = 'C', long, value_name = "DAYS[,DAYS]")]
    pub certificate: Option<String>,
    /// Time limit for the whole check, in seconds: as --max-time
    #[arg(short = 't', long, value_name = "SECONDS")]
    pub timeout: Option<String>,
    /// Options of connections
    #[command(flatten)]
    pub connection: Connection,
    /// Options of requests
    #[command(flatten)]
    pub request: Request,
}

/// Options of `urltrace dns` alone.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Question")]
pub struct DnsOptions {
    /// The name to look up, or `-`: names from standard input, one per line
    ///
    /// As with dig, a type may follow, `@SERVER` asks that server, and `+short` prints the data alone.
    #[arg(value_name = "NAME")]
    pub words: Vec<String>,
    /// Record types: A (when none is given), AAAA, TXT, NS, SOA, MX, HTTPS, ..., TYPE65 or 65
    #[arg(short = 't', long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Look up the names of an address (PTR below in-addr.arpa or ip6.arpa)
    #[arg(short = 'x', long, value_name = "ADDRESS")]
    pub reverse: Option<String>,
    /// The port of `@SERVER`
    #[arg(short = 'p', long, value_name = "PORT", hide = true)]
    pub port: Option<String>,
    /// Print only the data of the answer, one record per line
    #[arg(long, conflicts_with = "format")]
    pub short: bool,
    /// With `-`: resolve every name as if it were the first, without caches
    #[arg(long)]
    pub cold: bool,
}

/// Options of both the trace and `urltrace dns`.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Trace inside the built-in internet: no network, no root rights
    #[arg(long, global = true, help_heading = "Output and lab")]
    pub lab: bool,
    /// How to print the report
    #[arg(long, global = true, value_enum, ignore_case = true, default_value_t = Format::Text, value_name = "FORMAT", help_heading = "Output and lab")]
    pub format: Format,
    /// Also draw a ladder: who sent what to whom, a line for each packet, segment and flight
    #[arg(long, global = true, help_heading = "Output and lab")]
    pub ladder: bool,
    /// What an SVG shows
    #[arg(long, global = true, value_enum, ignore_case = true, default_value_t = Diagram::Waterfall, value_name = "DIAGRAM", help_heading = "Output and lab")]
    pub diagram: Diagram,
    /// Also show header fields, the whole certificate chain and every packet
    #[arg(short, long, global = true, help_heading = "Output and lab")]
    pub verbose: bool,
    /// Tell the run as a story, too: what each step is for, what it cost here, and where it is written down
    #[arg(long, global = true, help_heading = "Output and lab")]
    pub explain: bool,
    /// Show no progress on the terminal
    #[arg(short, long, alias = "no-progress-meter", global = true, help_heading = "Output and lab")]
    pub silent: bool,
    /// curl's: errors are always shown
    #[arg(short = 'S', long, global = true, hide = true)]
    pub show_error: bool,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are heeded
    #[arg(long, global = true, value_enum, ignore_case = true, default_value_t = When::Auto, value_name = "WHEN", help_heading = "Output and lab")]
    pub color: When,
    /// Draw with ASCII characters only
    #[arg(long, global = true, help_heading = "Output and lab")]
    pub ascii: bool,
    /// Show passwords, cookies and tokens instead of `[redacted]`
    #[arg(long, global = true, help_heading = "Output and lab")]
    pub show_secrets: bool,
    /// Exit with 9 when this is found: `error`, `warning` or `notice` (or worse), or a finding's id
    #[arg(long, global = true, value_name = "WHAT", value_delimiter = ',', help_heading = "Findings")]
    pub fail_on: Vec<String>,
    /// Report these findings only
    #[arg(long, global = true, value_name = "ID", value_delimiter = ',', help_heading = "Findings")]
    pub only: Vec<String>,
    /// Do not report these findings
    #[arg(long, global = true, value_name = "ID", value_delimiter = ',', help_heading = "Findings")]
    pub ignore: Vec<String>,
    /// Who resolves names
    ///
    /// One of `walk` (from the root), `system`, `IP[:PORT]`, `tcp://IP[:PORT]`,
    /// `tls://HOST[:PORT][#NAME]`, `https://HOST/PATH` or `quic://HOST[:PORT][#NAME]`
    #[arg(long, global = true, value_name = "WHO", default_value = "walk", help_heading = "DNS")]
    pub resolver: String,
    /// Begin the walk at the root servers in this file
    #[arg(long, global = true, value_name = "FILE", help_heading = "DNS")]
    pub root_hints: Option<PathBuf>,
    /// Send each server no more of the name than it needs (QNAME minimisation, RFC 9156)
    #[arg(long, global = true, help_heading = "DNS")]
    pub qmin: bool,
    /// Afterwards ask every address of every name server of the last zone, and compare
    #[arg(long, global = true, help_heading = "DNS")]
    pub all_ns: bool,
    /// Afterwards ask whoever may have the answer cached: the zone's servers, this machine's resolvers,
    /// public resolvers; with several types, for the first
    #[arg(long, global = true, help_heading = "DNS")]
    pub propagation: bool,
    /// The public resolvers for `--propagation`, one `IP[:PORT] [NAME]` per line
    #[arg(long, global = true, value_name = "FILE", help_heading = "DNS")]
    pub resolvers: Option<PathBuf>,
    /// Do not ask for DNSSEC signatures, and validate nothing
    #[arg(long, global = true, help_heading = "DNS")]
    pub no_dnssec: bool,
    /// Begin DNSSEC's chain of trust at the DS or DNSKEY records in this file
    ///
    /// Without it, IANA's root keys are trusted, or none if `--root-hints` names none of the Internet's
    /// root servers.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_dnssec", help_heading = "DNS")]
    pub trust_anchor: Option<PathBuf>,
    /// Use IPv4 only: for connections; with `urltrace dns`, to ask name servers
    #[arg(short = '4', long, global = true, overrides_with = "ipv6", help_heading = "Connection")]
    pub ipv4: bool,
    /// Use IPv6 only: for connections; with `urltrace dns`, to ask name servers
    #[arg(short = '6', long, global = true, help_heading = "Connection")]
    pub ipv6: bool,
    /// Time limit for the whole run, in seconds (or 500ms, 1s), 0 for none; with `urltrace dns -`, for each name
    ///
    /// DNS may take 10 s of the default limit, or all of a limit given here, up to 60 s (with 0, too).
    #[arg(
        short = 'm',
        long,
        global = true,
        value_name = "SECONDS",
        default_value = "30",
        allow_negative_numbers = true,
        help_heading = "Connection"
    )]
    pub max_time: String,
}

/// Options of connections.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// Time limit for one connection attempt, in seconds (or 500ms, 1s)
    #[arg(long, value_name = "SECONDS", default_value = "10", allow_negative_numbers = true)]
    pub connect_timeout: String,
    /// End the trace after this stage; `tls://`, `quic://` and `tcp://HOST:PORT` and `dns://NAME` do so by themselves
    #[arg(long, value_enum, ignore_case = true, value_name = "STAGE", conflicts_with = "output")]
    pub until: Option<Until>,
    /// Use these addresses for a host and port, without DNS
    #[arg(long, value_name = "HOST:PORT:ADDRESS[,ADDRESS]")]
    pub resolve: Vec<String>,
    /// Connect to another host or port than the URL's; an empty part matches any
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub connect_to: Vec<String>,
    /// Afterwards connect to every address of the host, with TLS, and compare; `http`: send the request, too
    #[arg(long, value_enum, ignore_case = true, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "tls")]
    pub all_addresses: Option<AllAddresses>,
    /// Afterwards find the path to the server: the routers on the way, by SYNs (with HTTP/3: datagrams) to its port, and their names
    #[arg(long)]
    pub route: bool,
    /// Send the first data in the SYN where the server's cookie is known, and ask for the cookie where not (RFC 7413)
    #[arg(long)]
    pub tcp_fastopen: bool,
    /// Connect from this interface or address of the machine
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub interface: Option<String>,
    /// Connect from one of these ports of the machine
    #[arg(long, value_name = "N[-M]")]
    pub local_port: Option<String>,
    /// Connect to this Unix socket, without DNS; name, Host and certificate stay the URL's
    #[arg(long, value_name = "PATH", conflicts_with_all = ["all_addresses", "interface", "local_port", "resolve", "connect_to", "lab"])]
    pub unix_socket: Option<PathBuf>,
    /// Options of proxies
    #[command(flatten)]
    pub proxies: Proxies,
    /// Neither ask for HTTPS records (RFC 9460) nor use them
    #[arg(long, help_heading = "DNS")]
    pub no_https_rr: bool,
    /// Continue even if the certificate cannot be trusted
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub insecure: bool,
    /// Trust only the certificates in this PEM file
    #[arg(long, global = true, value_name = "FILE", help_heading = "TLS")]
    pub cacert: Option<PathBuf>,
    /// Show this certificate to a server that asks for one: PEM, DER or PKCS#12; `lab:client` is the lab's
    ///
    /// Behind a colon its password may stand, as with curl; `\:` is a colon of the file's name.
    #[arg(short = 'E', long, value_name = "FILE[:PASSWORD]", help_heading = "TLS")]
    pub cert: Option<String>,
    /// The private key to the certificate of --cert, if it is not in the same file: PEM or DER
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub key: Option<PathBuf>,
    /// The password of an encrypted key: `file:FILE` (its first line), `env:NAME`, or itself
    ///
    /// On a terminal it is asked for when it is missing. What stands on a command line, other users of this
    /// machine can see.
    #[arg(long, value_name = "PASSWORD", requires = "cert", help_heading = "TLS")]
    pub pass: Option<String>,
    /// Afterwards connect once more and resume the session: with a ticket or not, 0-RTT, the time it saves
    #[arg(long, help_heading = "TLS")]
    pub resume: bool,
    /// Afterwards ask the server for every version, suite, group and signature scheme that it takes
    ///
    /// By up to 200 connections, one at a time and 50 ms apart, for 30 s at most; never in repeats or batches, nor
    /// behind a proxy. For servers of your own.
    #[arg(long, help_heading = "TLS")]
    pub tls_scan: bool,
    /// Which root certificates to trust
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "ROOTS",
        conflicts_with = "cacert",
        help_heading = "TLS"
    )]
    pub roots: Option<Roots>,
    /// The newest TLS version to offer
    #[arg(long, value_enum, value_name = "VERSION", help_heading = "TLS")]
    pub tls_max: Option<TlsMax>,
    /// curl's: TLS 1.2 or later, which is what is always offered
    #[arg(long = "tlsv1.2", hide = true)]
    pub tls1_2: bool,
}

/// Options of proxies.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Proxy")]
pub struct Proxies {
    /// Go through this proxy: `http`, `https`, `socks5` or `socks5h` (it resolves the name); empty for none
    ///
    /// Without it, `https_proxy` (`http_proxy` for http URLs), then `all_proxy` name one; all but `http_proxy` also
    /// in capitals.
    #[arg(short = 'x', long, value_name = "[KIND://][USER:PASSWORD@]HOST[:PORT]",
        overrides_with_all = ["socks5", "socks5_hostname"])]
    pub proxy: Option<String>,
    /// User name and password for the proxy; prompts for a missing password
    #[arg(short = 'U', long, value_name = "USER[:PASSWORD]")]
    pub proxy_user: Option<String>,
    /// A header field for the proxy alone, beside those of the request: with CONNECT, or forwarded with it;
    /// @FILE has one a line
    #[arg(long, value_name = "FIELD|@FILE")]
    pub proxy_header: Vec<String>,
    /// Hosts without a proxy: names with all below them, addresses, networks (CIDR), or `*`
    ///
    /// Without it, `no_proxy` and then `NO_PROXY` have the list.
    #[arg(long, value_name = "LIST")]
    pub noproxy: Option<String>,
    /// Have the proxy open a tunnel (CONNECT) for http URLs, too
    #[arg(short = 'p', long)]
    pub proxytunnel: bool,
    /// Continue even if the certificate of an https proxy cannot be trusted
    #[arg(long)]
    pub proxy_insecure: bool,
    /// curl's: `-x socks5://HOST[:PORT]`
    #[arg(long, value_name = "HOST[:PORT]", hide = true, overrides_with_all = ["proxy", "socks5_hostname"])]
    pub socks5: Option<String>,
    /// curl's: `-x socks5h://HOST[:PORT]`
    #[arg(long, value_name = "HOST[:PORT]", hide = true, overrides_with_all = ["proxy", "socks5"])]
    pub socks5_hostname: Option<String>,
}

/// Options of requests.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Request")]
pub struct Request {
    /// Offer HTTP/1.1 only
    #[arg(long = "http1.1", overrides_with_all = ["http2", "http3", "http3_only"])]
    pub http1_1: bool,
    /// Offer HTTP/2 only (without TLS: with prior knowledge)
    #[arg(long, alias = "http2-prior-knowledge", overrides_with_all = ["http3", "http3_only"])]
    pub http2: bool,
    /// Start QUIC and TCP at the same moment, and use whichever handshake is complete first
    ///
    /// Without it, that happens where an HTTPS record of the host offers HTTP/3; a record that offers nothing else is for
    /// QUIC alone, and TCP follows when it has failed. Neither goes through a proxy.
    #[arg(long, overrides_with_all = ["http3_only", "no_http3"], conflicts_with_all = ["unix_socket", "tls_max"])]
    pub http3: bool,
    /// Do not try HTTP/3, whatever an HTTPS record offers
    #[arg(long, overrides_with_all = ["http3", "http3_only"])]
    pub no_http3: bool,
    /// Use HTTP/3 over QUIC only: no TCP beside it, and no fallback
    #[arg(long, conflicts_with_all = ["unix_socket", "tls_max"])]
    pub http3_only: bool,
    /// Request method
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub method: Option<String>,
    /// Send a HEAD request: no body
    #[arg(short = 'I', long)]
    pub head: bool,
    /// Add or replace a header field; `Name:` removes one, `@FILE` has one a line
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// Send this body with POST; @FILE reads it from a file, without its line breaks
    #[arg(short = 'd', long, alias = "data-ascii", value_name = "DATA")]
    pub data: Vec<String>,
    /// Send this body with POST, even if it begins with `@`
    #[arg(long, value_name = "DATA")]
    pub data_raw: Vec<String>,
    /// Send this body with POST, or as the message of a call of gRPC, unchanged; @FILE reads it from a file
    #[arg(long, value_name = "DATA")]
    pub data_binary: Vec<String>,
    /// Percent-encode this and send it with POST: DATA, NAME=DATA, @FILE or NAME@FILE
    #[arg(long, value_name = "DATA")]
    pub data_urlencode: Vec<String>,
    /// Put what -d and its kin give into the URL's query, and send no body
    #[arg(short = 'G', long)]
    pub get: bool,
    /// Send a form with POST (multipart/form-data): NAME=CONTENT, NAME=@FILE or NAME=<FILE
    #[arg(short = 'F', long, value_name = "NAME=CONTENT")]
    pub form: Vec<String>,
    /// Send a part of a form with POST, even if it begins with `@` or `<`
    #[arg(long, value_name = "NAME=CONTENT")]
    pub form_string: Vec<String>,
    /// Send this file with PUT, `-`: standard input; behind a URL that ends in a slash its name is added
    #[arg(short = 'T', long, value_name = "FILE")]
    pub upload_file: Option<String>,
    /// Send this JSON with POST; @FILE reads it from a file
    #[arg(long, value_name = "DATA")]
    pub json: Vec<String>,
    /// Send the body when the server has said 100 (Expect: 100-continue), or after a second without a word
    #[arg(long)]
    pub expect100: bool,
    /// How long the body waits for a 100, in seconds; with it --expect100 goes without saying
    #[arg(long, value_name = "TIME")]
    pub expect100_timeout: Option<String>,
    /// Send W3C trace context (traceparent), a new trace for each run, and show its id
    #[arg(long)]
    pub traceparent: bool,
    /// User name and password for Basic authentication; prompts for a missing password
    #[arg(short = 'u', long, value_name = "USER[:PASSWORD]")]
    pub user: Option<String>,
    /// User-Agent field
    #[arg(short = 'A', long, value_name = "NAME")]
    pub user_agent: Option<String>,
    /// Referer field
    #[arg(short = 'e', long, value_name = "URL")]
    pub referer: Option<String>,
    /// Send these cookies: NAME=VALUE, or a file as curl's -c writes it
    #[arg(short = 'b', long, value_name = "DATA|FILE")]
    pub cookie: Vec<String>,
    /// Keep the cookies that responses set, and send them with the further requests of the run; on no disk
    #[arg(long)]
    pub cookies: bool,
    /// Ask for a part of the body: `0-99`, `100-`, `-50`
    #[arg(short = 'r', long, value_name = "RANGE", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// Ask for a compressed body, as is done by default, and decompress it even where -H says what to ask for
    #[arg(long, overrides_with = "no_compressed")]
    pub compressed: bool,
    /// Ask for a body that is not compressed, and leave it as it comes
    #[arg(long, overrides_with = "compressed")]
    pub no_compressed: bool,
    /// Follow redirects
    #[arg(short = 'L', long)]
    pub location: bool,
    /// Follow redirects, and send what -u, -H and the URL give of credentials to other origins, too
    #[arg(long)]
    pub location_trusted: bool,
    /// How many redirects to follow; -1 for any number
    #[arg(long, value_name = "N", default_value = "20", allow_hyphen_values = true)]
    pub max_redirs: String,
    /// Send a request once more, up to N times in a run, when it came to what may pass
    ///
    /// That is 408, 429, 500, 502, 503, 504 or a time-out. Before it 1 s is waited, then 2 s, 4 s, ..., or what
    /// Retry-After says; each attempt is a request of its own in the report. Never for a method that is not
    /// idempotent, such as POST.
    #[arg(long, value_name = "N")]
    pub retry: Option<u32>,
    /// Wait so long before each further attempt, in seconds (or 500ms), unless Retry-After says otherwise
    #[arg(long, value_name = "SECONDS", requires = "retry", allow_negative_numbers = true)]
    pub retry_delay: Option<String>,
    /// With --retry: also when the connection is refused
    #[arg(long, requires = "retry")]
    pub retry_connrefused: bool,
    /// With --retry: whatever the method is; what is sent twice may be done twice
    #[arg(long, requires = "retry")]
    pub retry_all: bool,
    /// Write the body to this file; `-`: to standard output, and the report to standard error
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Make the request as a page of this origin would (CORS): preflight first where a browser sends one, and judge
    ///
    /// What a browser would block is said, and after a refused preflight the request is not sent.
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
    /// Afterwards make the request N more times (4 without N, at most 100) on the same connection: cold against warm
    ///
    /// Only GET, HEAD and OPTIONS, one after another. Nothing of it is counted.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "4")]
    pub reuse: Option<String>,
    /// With --reuse: repeat requests that may change something at the server, too
    #[arg(long, requires = "reuse")]
    pub reuse_all: bool,
    /// Exit with 8 when the status is 4xx or 5xx, or a call of gRPC failed
    #[arg(short = 'f', long, alias = "fail-with-body")]
    pub fail: bool,
    /// Also show the response's header fields
    #[arg(short = 'i', long, alias = "show-headers")]
    pub include: bool,
    /// Options of pages
    #[command(flatten)]
    pub paged: Paged,
    /// Several ways in turn
    #[command(flatten)]
    pub compared: Compared,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What is tried at each address of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AllAddresses {
    /// The connection and, where the URL has it, TLS
    Tls,
    /// The request, too
    Http,
}

/// Stages that a trace can end after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// The URL is taken apart, and nothing is sent
    Url,
    /// The name is looked up
    Dns,
    /// The connection is open
    Tcp,
    /// The TLS handshake is done, and the certificate checked
    Tls,
}

/// Sets of roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Roots {
    /// Mozilla's roots, built in
    Embedded,
    /// This machine's roots
    System,
}

/// TLS versions for `--tls-max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TlsMax {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}

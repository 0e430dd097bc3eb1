//! The environment, read once: variables, and whether the standard streams are terminals. What it
//! means for a run is decided in `read`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// The variables that name proxies, and hosts without one. Not `HTTP_PROXY`, as curl has it.
pub(super) const PROXY_VARIABLES: [&str; 7] =
    ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/// What the environment says, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `SSL_CERT_FILE`.
    pub ssl_cert_file: Option<PathBuf>,
    /// `SSL_CERT_DIR`.
    pub ssl_cert_dir: Option<PathBuf>,
    /// `SSLKEYLOGFILE`.
    pub ssl_key_log_file: Option<PathBuf>,
    /// The variables that name proxies, of those in `PROXY_VARIABLES` that are set and not empty.
    pub proxies: BTreeMap<&'static str, String>,
    /// `LOCALDOMAIN`, also where it is empty: then no name is completed.
    pub local_domain: Option<String>,
    /// `RES_OPTIONS`.
    pub res_options: Option<String>,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and not `0`.
    pub force_color: bool,
    /// The locale speaks UTF-8.
    pub utf8: bool,
    /// `TERM=dumb`.
    pub dumb_terminal: bool,
    /// `COLUMNS`.
    pub columns: Option<usize>,
    /// The width of the terminal that standard output is.
    pub stdout_columns: Option<usize>,
    /// The width of the terminal that standard error is.
    pub stderr_columns: Option<usize>,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// Reads the process's environment.
    #[must_use]
    pub fn read() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = |name: &str| set(name).map(PathBuf::from);
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        // POSIX: the first of these that is set and not empty decides.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        Self {
            ssl_cert_file: path("SSL_CERT_FILE"),
            ssl_cert_dir: path("SSL_CERT_DIR"),
            ssl_key_log_file: path("SSLKEYLOGFILE"),
            proxies: PROXY_VARIABLES.iter().filter_map(|name| Some((*name, text(name)?))).collect(),
            local_domain: std::env::var("LOCALDOMAIN").ok(),
            res_options: text("RES_OPTIONS"),
            no_color: set("NO_COLOR").is_some(),
            force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            // No locale at all is common in containers and CI, where UTF-8 is the rule by now.
            utf8: locale.is_none_or(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
            dumb_terminal: text("TERM").as_deref() == Some("dumb"),
            columns: text("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0),
            stdout_columns: columns(std::io::stdout()),
            stderr_columns: columns(std::io::stderr()),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

/// A variable that an option names.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The columns of a terminal that tells them.
fn columns(stream: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

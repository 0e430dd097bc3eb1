//! The options of `urltrace serve`, as clap has them: declarations only.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::modules::MAX_PROBES;

/// Options of `urltrace serve`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Probe server")]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9115")]
    pub listen: SocketAddr,
    /// The modules: a file as blackbox_exporter's, with the probers http and tcp
    ///
    /// It is read again at SIGHUP and at POST /-/reload; one with a fault changes nothing. Without it the modules are
    /// http_2xx, http_post_2xx, tcp_connect and tls_connect.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Certificate, users and fields of the server: a file as exporter-toolkit's
    ///
    /// `tls_server_config`, `http_server_config` and `basic_auth_users` with hashes of bcrypt; it is read again with the
    /// modules. Without it the server is met in the clear, by anybody.
    #[arg(long, value_name = "FILE", alias = "web.config.file")]
    pub web_config: Option<PathBuf>,
    /// Connect to no loopback, link-local, private or reserved address, whatever name led there
    #[arg(long)]
    pub deny_private: bool,
    /// End a probe so much before the scrape that asks for it, in seconds; 0.5 when not given
    #[arg(long, value_name = "SECONDS")]
    pub timeout_offset: Option<String>,
    /// Probe so many targets at the same time; what comes beyond waits
    #[arg(long, value_name = "N", default_value_t = MAX_PROBES, value_parser = at_least_one)]
    pub max_probes: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (1..=10_000).contains(&number) { Ok(number) } else { Err("1 to 10000 is possible".to_owned()) }
}

//! Proxies as they are typed and as the environment names them: curl's rules, its variables, its order.

use super::declarations::{Connection, Proxies};
use super::environment::Environment;
use super::error::PlanError;
use super::fields;
use super::password;
use crate::plan::{PlainRequests, ProxyExceptions, ProxyPlan, ProxyServer};
use crate::trace::{ProxyKind, ProxySource};

/// The proxies of a run; `url` is `None` where it is for many. Inside the lab only options count: the environment speaks of the machine's world.
pub(super) fn plan(
    options: &Proxies,
    url: Option<&str>,
    redirects: Redirects,
    lab: bool,
    environment: &Environment,
) -> Result<ProxyPlan, PlanError> {
    let nobody = Environment::default();
    let variables = if lab { &nobody } else { environment };
    let mut given = None;
    for (option, text, kind) in [
        ("--proxy", &options.proxy, ProxyKind::Http),
        ("--socks5", &options.socks5, ProxyKind::Socks5),
        ("--socks5-hostname", &options.socks5_hostname, ProxyKind::Socks5h),
    ] {
        if let Some(text) = text {
            given = Some(server(text, kind, ProxySource::Option(option))?);
        }
    }
    let credentials = options.proxy_user.as_deref().map(|user| credentials(user, environment)).transpose()?;
    let of_scheme = |names: &[&'static str]| match &given {
        // An option, also an empty one, speaks for every scheme.
        Some(given) => Ok(given.clone()),
        None => named(variables, names),
    };
    // What a run does not need is not read. No redirect leads from the web to what is none, and only one that is
    // followed from https to http; to https an HTTPS record leads, too.
    let may_be = |schemes: &[&str]| url.is_none_or(|url| has_scheme(url, schemes));
    let may_be_another = |schemes: &[&str]| url.is_none_or(|url| !has_scheme(url, schemes));
    let is_web = given.is_some() || may_be_another(&["tls", "tcp"]);
    let may_be_plain =
        is_web && (given.is_some() || redirects == Redirects::Followed || may_be_another(&["https"]));
    let wanted = |is_wanted: bool, names: &[&'static str]| {
        if is_wanted { of_scheme(names) } else { Ok(None) }
    };
    // HTTP_PROXY is left alone: a web server sets it for a CGI program from a client's field (httpoxy).
    let [http, https, other] = [
        wanted(may_be_plain, &["http_proxy", "all_proxy", "ALL_PROXY"])?,
        wanted(is_web, &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
        wanted(given.is_some() || may_be(&["tls", "tcp"]), &["all_proxy", "ALL_PROXY"])?,
    ]
    .map(|server| {
        server.map(|server| ProxyServer {
            credentials: server.credentials.clone().or_else(|| credentials.clone()),
            ..server
        })
    });
    Ok(ProxyPlan {
        http,
        https,
        other,
        exceptions: exceptions(options, variables),
        plain: if options.proxytunnel { PlainRequests::Tunnel } else { PlainRequests::Forward },
        insecure: options.proxy_insecure,
        headers: fields::read("--proxy-header", &options.proxy_header)?,
        ..ProxyPlan::default()
    })
}

/// The one proxy that a module of `urltrace serve` names, and the hosts that need none.
pub(super) fn of_module(url: &str, exceptions: Option<&str>) -> Result<ProxyPlan, PlanError> {
    let server = server(url, ProxyKind::Http, ProxySource::Option("proxy_url"))?;
    let list =
        |list: &str| ProxyExceptions { list: list.to_owned(), source: ProxySource::Option("no_proxy") };
    Ok(ProxyPlan {
        http: server.clone(),
        https: server,
        exceptions: exceptions.map(list),
        ..ProxyPlan::default()
    })
}

/// What becomes of redirects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Redirects {
    Followed,
    Told,
}

/// Whether a URL, as it was typed, has one of these schemes.
fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    let scheme = url.trim_start().split_once(':').map_or("", |(scheme, _)| scheme);
    schemes.iter().any(|one| scheme.eq_ignore_ascii_case(one))
}

/// The first of these variables that is set.
fn named(variables: &Environment, names: &[&'static str]) -> Result<Option<ProxyServer>, PlanError> {
    let found = names.iter().find_map(|name| Some((*name, variables.proxies.get(name)?)));
    found.map_or(Ok(None), |(name, text)| server(text, ProxyKind::Http, ProxySource::Variable(name)))
}

fn exceptions(options: &Proxies, variables: &Environment) -> Option<ProxyExceptions> {
    let option = options.noproxy.as_ref().map(|list| (list, ProxySource::Option("--noproxy")));
    let variable = |name| Some((variables.proxies.get(name)?, ProxySource::Variable(name)));
    let found = option.or_else(|| variable("no_proxy")).or_else(|| variable("NO_PROXY"));
    found.map(|(list, source)| ProxyExceptions { list: list.clone(), source })
}

/// `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`; an empty text is no proxy.
fn server(text: &str, kind: ProxyKind, source: ProxySource) -> Result<Option<ProxyServer>, PlanError> {
    let name = source.as_str();
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    // Else a piece of a password would be taken for the scheme, the host or the port, and shown as such.
    let is_odd =
        |scheme: &str| scheme.contains(|it: char| !it.is_ascii_alphanumeric() && !"+-.".contains(it));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if scheme.is_some_and(is_odd) || rest[end..].contains('@') {
        return Err(PlanError::with_hint(
            format!("{name}: its user name or password has a character that must be percent-encoded"),
            "/ is %2F, ? is %3F, # is %23, @ is %40",
        ));
    }
    let kind = match scheme.map(str::to_ascii_lowercase).as_deref() {
        None => kind,
        Some("http") => ProxyKind::Http,
        Some("https") => ProxyKind::Https,
        Some("socks5") => ProxyKind::Socks5,
        Some("socks5h") => ProxyKind::Socks5h,
        Some("socks" | "socks4" | "socks4a") => {
            return Err(PlanError::usage(format!(
                "{name}: SOCKS 4 is not supported: socks5:// and socks5h:// are"
            )));
        }
        Some(other) => {
            return Err(PlanError::with_hint(
                format!("{name}: `{}` is not a kind of proxy", other.escape_debug()),
                "http, https, socks5 or socks5h",
            ));
        }
    };
    // What stands before the last `@` is a secret, also in a complaint.
    let rest = &rest[..end];
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    let bad = |what: &str| {
        let message = format!("{name}: `{}` {what}", place.escape_debug());
        PlanError::with_hint(message, "http://proxy.example:3128, or HOST:PORT")
    };
    let (host, port) = match place.rfind(']') {
        Some(end) if matches!(place.as_bytes().get(end + 1), None | Some(b':')) => {
            (&place[..=end], place[end + 1..].strip_prefix(':'))
        }
        Some(_) => return Err(bad("has something behind its `]` that is no port")),
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None => kind.default_port(),
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| bad("has no port from 1 to 65535"))?
        }
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().ok().map(|address| address.to_string()),
        None => idna::domain_to_ascii(host).ok(),
    };
    let host = host.filter(|host| is_host(host)).ok_or_else(|| bad("has no host that a proxy can have"))?;
    let credentials = user.filter(|user| !user.is_empty()).map(|user| {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        (decoded(user), decoded(password))
    });
    Ok(Some(ProxyServer { kind, host, port, credentials, source }))
}

/// Whether it can stand in a request: nothing in it ends a line or a host.
fn is_host(host: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    !host.is_empty() && host.len() <= 255 && host.bytes().all(fits)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `-U`: asked for on the terminal where the password is missing, as for `-u`.
fn credentials(user: &str, environment: &Environment) -> Result<(String, String), PlanError> {
    Ok(match user.split_once(':') {
        Some((user, password)) => (decoded(user), decoded(password)),
        None if environment.stderr_is_terminal => (decoded(user), password::ask(user)?),
        None => (decoded(user), String::new()),
    })
}

/// Refuses proxies that lead out of the lab.
pub(super) fn check_lab(connection: &Connection) -> Result<(), PlanError> {
    let Proxies { proxy, socks5, socks5_hostname, .. } = &connection.proxies;
    for text in [proxy, socks5, socks5_hostname].into_iter().flatten() {
        let server = server(text, ProxyKind::Http, ProxySource::Option("--proxy"))?;
        let outside = server.is_some_and(|server| match server.host.parse::<std::net::Ipv4Addr>() {
            Ok(address) => !matches!(address.octets(), [127, 53, ..]),
            Err(_) => !server.host.trim_end_matches('.').ends_with(".test"),
        });
        if outside {
            return Err(PlanError::usage(
                "--lab has no outside: its proxies have names below test; `urltrace lab` lists them",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "proxy_tests.rs"]
mod tests;

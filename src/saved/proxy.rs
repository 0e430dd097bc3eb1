//! A proxy, and what was said to it.

use super::http::headers;
use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{At, Proxy, ProxyBypass, ProxyLookup, ProxyRound, ProxySource, Secret, SocksReply};

/// What stands where credentials were: they are in no document.
const CREDENTIALS: &str = "[redacted]";

objects! {
    Proxy => |it| record!(it, Proxy { kind, usage, target, lookup, tls, rounds, stamped_by, status, reason } {
        host: host(&it)?.0,
        port: host(&it)?.1,
        credentials: it.get::<bool>("authenticated")?.then(|| Secret(CREDENTIALS.to_owned())),
        source: source(&it)?,
        start: it.get("start_us")?,
        end: it.or("end_us", At(0))?,
        headers: headers(&it, "headers")?,
        reply: it.object("reply")?.map(|reply| reply.get("code").map(SocksReply)).transpose()?,
        bound: it.get("bound_address")?,
    });
    ProxyLookup => |it| record!(it, ProxyLookup { addresses, error } { start: it.get("start_us")?, end: it.end()? });
    ProxyRound => |it| record!(it, ProxyRound { asked, answer, bytes_sent, bytes_received } {
        start: it.get("start_us")?,
        end: it.end()?,
    });
    ProxyBypass => |it| record!(it, ProxyBypass { entry } { source: source(&it)?, spared: it.get("proxy")? });
}

/// Its host and port: of documents that lack them out of its URL.
fn host(it: &Object<'_>) -> Read<(String, u16)> {
    if it.has("host") {
        return Ok((it.get("host")?, it.get("port")?));
    }
    let url: String = it.get("url")?;
    let authority = url.split_once("://").map_or("", |(_, authority)| authority);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let port = port.parse().map_err(|_| Fault::new("it is no URL of a proxy").within("url"))?;
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

/// Who named it: an option begins with a dash, and no variable does.
fn source(it: &Object<'_>) -> Read<ProxySource> {
    let name: &'static str = it.get("source")?;
    Ok(if name.starts_with('-') { ProxySource::Option(name) } else { ProxySource::Variable(name) })
}

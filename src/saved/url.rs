//! A URL that was taken apart.

use super::value::{Fault, Object, Read, objects, record};
use crate::trace::{Host, Url, UrlChange};

objects! {
    Url => |it| record!(it, Url {
        href, scheme, scheme_assumed, username, password, host_unicode, port_is_default, path, query, fragment, changes
    } {
        host: host(&it)?,
        host_ascii: it.get("host")?,
        port: it.get::<Option<u16>>("port")?.unwrap_or(0),
    });
    UrlChange => |it| record!(it, UrlChange { kind, before, after });
}

fn host(it: &Object<'_>) -> Read<Host> {
    let (kind, host): (String, String) = (it.get("host_kind")?, it.get("host")?);
    let literal = || Fault::new("it is no address of its kind").within("host");
    match kind.as_str() {
        "name" => Ok(Host::Name(host)),
        "ipv4" => host.parse().map(Host::Ipv4).map_err(|_| literal()),
        "ipv6" => host.parse().map(Host::Ipv6).map_err(|_| literal()),
        _ => Err(Fault::new("it is no kind of host").within("host_kind")),
    }
}

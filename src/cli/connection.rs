//! The options of connections: from where, to where, and what is tried afterwards.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;

use super::body::has_body;
use super::declarations::{AllAddresses, Connection, Request};
use super::error::PlanError;
use super::syntax::{connect_to, limit};
use crate::http::is_safe;
use crate::plan::{AddressProbe, Family, FastOpenUse, RouteProbe, Source, TcpPlan};

/// The longest path that the address of a Unix socket has room for (unix(7)), its final NUL left out.
const LONGEST_PATH: usize = 107;

/// What connections are made from and to.
pub(super) fn tcp_plan(
    options: &Connection,
    request: &Request,
    family: Family,
) -> Result<TcpPlan, PlanError> {
    let source = Source {
        ports: options.local_port.as_deref().map(ports).transpose()?,
        ..options.interface.as_deref().map(interface).transpose()?.unwrap_or_default()
    };
    if let Some(path) = &options.unix_socket {
        check_path(path)?;
    }
    Ok(TcpPlan {
        connect_timeout: limit("--connect-timeout", &options.connect_timeout)?,
        family: family_of(&source, family)?,
        connect_to: options.connect_to.iter().map(|text| connect_to(text)).collect::<Result<_, _>>()?,
        source,
        unix_socket: options.unix_socket.clone(),
        all_addresses: options.all_addresses.map(|how| probe(how, request)).transpose()?,
        fast_open: if options.tcp_fastopen { FastOpenUse::Ask } else { FastOpenUse::Never },
        route: if options.route { RouteProbe::Afterwards } else { RouteProbe::Never },
        ..TcpPlan::default()
    })
}

/// What is tried at each address. What is not safe to repeat is sent once (RFC 9110 §9.2.1).
fn probe(how: AllAddresses, request: &Request) -> Result<AddressProbe, PlanError> {
    let safe = !has_body(request) && request.method.as_deref().is_none_or(is_safe);
    match how {
        AllAddresses::Tls => Ok(AddressProbe::Handshake),
        AllAddresses::Http if safe => Ok(AddressProbe::Http),
        AllAddresses::Http => Err(PlanError::with_hint(
            "--all-addresses=http would send the request to every address, and it may change something there",
            "--all-addresses alone sends none; GET, HEAD and OPTIONS without a body may be sent to all",
        )),
    }
}

/// An interface or an address of this machine, as curl has it: `eth0`, `192.0.2.1`, `if!eth0`, `host!192.0.2.1`.
fn interface(text: &str) -> Result<Source, PlanError> {
    let (only_interface, only_address) = (text.strip_prefix("if!"), text.strip_prefix("host!"));
    let name = only_interface.or(only_address).unwrap_or(text);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    if only_interface.is_none() && address.is_some() {
        return Ok(Source { address, ..Source::default() });
    }
    if only_address.is_none() && nix::net::if_::if_nametoindex(name).is_ok() {
        return Ok(Source { interface: Some(name.to_owned()), ..Source::default() });
    }
    let what = match (only_interface, only_address) {
        (Some(_), _) => "no interface",
        (_, Some(_)) => "no address",
        _ => "neither an interface nor an address",
    };
    Err(PlanError::with_hint(
        format!("--interface: `{}` is {what} of this machine", name.escape_debug()),
        "`ip address` lists both: --interface eth0, --interface 192.0.2.1",
    ))
}

/// `4000` or `4000-4010`.
fn ports(text: &str) -> Result<RangeInclusive<u16>, PlanError> {
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port != 0);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(PlanError::with_hint(
            format!("--local-port: `{}` is no port and no range of ports", text.escape_debug()),
            "ports are 1 to 65535: --local-port 4000, --local-port 4000-4010",
        )),
    }
}

/// The family that an address to connect from leaves.
fn family_of(source: &Source, family: Family) -> Result<Family, PlanError> {
    let Some(address) = source.address else { return Ok(family) };
    if let (false, Some((wanted, option))) = (family.admits(address), family.words()) {
        let message = format!("--interface: {address} cannot connect to {wanted}, which {option} asks for");
        return Err(PlanError::usage(message));
    }
    Ok(if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 })
}

fn check_path(path: &Path) -> Result<(), PlanError> {
    let length = path.as_os_str().len();
    if length == 0 {
        return Err(PlanError::usage("--unix-socket: the path is empty"));
    }
    if length > LONGEST_PATH {
        let message =
            format!("--unix-socket: the path has {length} bytes, and at most {LONGEST_PATH} can be used");
        return Err(PlanError::with_hint(
            message,
            "a shorter path by a symbolic link, or relative to its directory",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<T: std::fmt::Debug>(result: Result<T, PlanError>) -> String {
        match result.unwrap_err() {
            PlanError::Usage { message, .. } => message,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_interface_is_a_name_or_an_address_of_this_machine() {
        let address = |text: &str| interface(text).unwrap().address.unwrap().to_string();
        assert_eq!((address("127.0.0.1"), address("host![::1]")), ("127.0.0.1".to_owned(), "::1".to_owned()));
        for name in ["lo", "if!lo"] {
            assert_eq!(interface(name).unwrap().interface.as_deref(), Some("lo"));
        }
        assert!(said(interface("eth77")).contains("`eth77` is neither an interface nor an address"));
        assert!(said(interface("if!127.0.0.1")).contains("no interface"));
        assert!(said(interface("host!lo")).contains("no address"));
        let four = interface("127.0.0.1").unwrap();
        assert_eq!(family_of(&four, Family::Any).unwrap(), Family::Ipv4);
        assert!(said(family_of(&four, Family::Ipv6)).contains("cannot connect to IPv6, which -6 asks for"));
    }

    #[test]
    fn ports_are_one_or_a_range() {
        assert_eq!((ports("4000").unwrap(), ports("4000-4010").unwrap()), (4000..=4000, 4000..=4010));
        for text in ["", "0", "-", "5-", "9-3", "70000", "x", "1-2-3"] {
            assert!(said(ports(text)).contains("no port and no range"), "{text}");
        }
    }

    #[test]
    fn a_path_that_no_socket_has_room_for_is_told() {
        check_path(Path::new("/run/web.sock")).unwrap();
        assert!(said(check_path(Path::new(&"x".repeat(108)))).contains("at most 107"));
    }
}

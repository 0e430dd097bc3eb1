//! Where connections leave from: the interface or address of `--interface`, the ports of `--local-port`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::os;
use crate::plan::{Source, SourceCheck};

/// Binds a socket before its connect, as far as the source says anything.
///
/// # Errors
/// The system's, or that every port is in use.
pub fn bind(socket: &Socket, to: SocketAddr, source: &Source) -> io::Result<()> {
    let Source { interface, address, ports, check: _ } = source;
    if let Some(name) = interface {
        to_device(socket, name)?;
    }
    if address.is_none() && ports.is_none() {
        return Ok(());
    }
    let any = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let from = |port| SocketAddr::new(address.unwrap_or(any), port).into();
    let Some(ports) = ports else { return socket.bind(&from(0)) };
    for port in ports.clone() {
        match socket.bind(&from(port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return bound,
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        match (ports.start(), ports.end()) {
            (one, last) if one == last => format!("port {one} of --local-port is in use"),
            (first, last) => format!("every port of --local-port {first}-{last} is in use"),
        },
    ))
}

/// SO_BINDTODEVICE (socket(7)).
#[cfg(target_os = "linux")]
fn to_device(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn to_device(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether this machine can connect from there at all; to be asked before the run.
///
/// # Errors
/// Why not, in words.
pub fn check(source: &Source) -> Result<(), String> {
    let Source { interface, address, ports, check: _ } = source;
    if *source == Source::default() || source.check == SourceCheck::AtConnect {
        return Ok(());
    }
    let family = |address: IpAddr| if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let open = || {
        Socket::new(address.map_or(Domain::IPV4, family), Type::STREAM, Some(Protocol::TCP))
            .map_err(|error| format!("--interface: no socket can be opened: {}", os::words(&error)))
    };
    if let Some(name) = interface {
        to_device(&open()?, name).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("--interface: this system lets only root bind to `{name}`; its address can be given instead")
            }
            _ => format!("--interface: `{name}` cannot be bound to: {}", os::words(&error)),
        })?;
    }
    if let Some(address) = address {
        open()?.bind(&SocketAddr::new(*address, 0).into()).map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => {
                format!("--interface: {address} is no address of this machine")
            }
            _ => format!("--interface: {address} cannot be bound to: {}", os::words(&error)),
        })?;
    }
    if let Some(first) = ports.as_ref().map(|ports| *ports.start()) {
        let any = address.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        match open()?.bind(&SocketAddr::new(any, first).into()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(format!("--local-port: this system lets only root use port {first}"));
            }
            // One that is in use may be free by then, or the next is taken.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> Socket {
        Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
    }

    #[test]
    fn a_connection_leaves_from_where_it_is_told_to() {
        let to = "127.0.0.1:9".parse().unwrap();
        let address = Some("127.0.0.9".parse().unwrap());
        let one = socket();
        bind(&one, to, &Source { address, ..Source::default() }).unwrap();
        let held = one.local_addr().unwrap().as_socket().unwrap();
        assert_eq!(held.ip().to_string(), "127.0.0.9");
        // The next of a range where the first is taken; an error that names the option where all are.
        let ports = Some(held.port()..=held.port() + 20);
        let two = socket();
        bind(&two, to, &Source { address, ports, ..Source::default() }).unwrap();
        assert!(two.local_addr().unwrap().as_socket().unwrap().port() > held.port());
        let ports = Some(held.port()..=held.port());
        let error = bind(&socket(), to, &Source { address, ports, ..Source::default() }).unwrap_err();
        assert!(error.to_string().contains("--local-port is in use"), "{error}");
        assert_eq!(bind(&socket(), to, &Source::default()).ok(), Some(()));
    }

    #[test]
    fn what_cannot_be_is_said_before_the_run() {
        let from = |text: &str| check(&Source { address: Some(text.parse().unwrap()), ..Source::default() });
        assert_eq!(from("127.0.0.1"), Ok(()));
        assert!(from("192.0.2.77").unwrap_err().contains("192.0.2.77 is no address of this machine"));
        let interface = Some("nowhere0".to_owned());
        let error = check(&Source { interface, ..Source::default() }).unwrap_err();
        assert!(error.contains("`nowhere0`"), "{error}");
    }
}

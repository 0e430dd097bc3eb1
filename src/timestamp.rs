//! When bytes arrived, by the kernel's own stamp (SO_TIMESTAMPNS) where there is one: a datagram with its source,
//! or what has come on a TCP connection.
//!
//! One thread serves every lane, and a busy machine wakes it late: the kernel's stamp is the time a
//! packet capture shows, whatever the process was doing. Of a TCP connection it is the stamp of the last
//! segment that a read took bytes from, and of segments that waited for a late read together the kernel keeps
//! the last one's only: the first of them came earlier, and when is not to be learned. Linux only; elsewhere, and
//! where the kernel gives none, it is the time of the read.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::{Domain, Socket, Type};
use tokio::io::{Interest, ReadBuf};
use tokio::net::{TcpStream, UdpSocket};

use crate::clock::{Clock, Moment};
use crate::trace::At;

/// When bytes passed the lower end of a stream, where it keeps that. Whoever reads or writes above it (TLS,
/// HTTP, a proxy's protocol) asks right after, and takes the time of the call where there is no answer.
pub trait Stamped {
    /// When what was read last arrived, by the kernel's stamp.
    fn arrived(&self) -> Option<Moment> {
        None
    }

    /// Whether the peer has acknowledged all that was written, where that can be known.
    fn is_acknowledged(&self) -> Option<bool> {
        None
    }

    /// When what was written last was handed to the kernel.
    fn handed(&self) -> Option<Moment> {
        None
    }
}

impl Stamped for TcpStream {}

#[cfg(test)]
impl Stamped for tokio::io::DuplexStream {}

/// Keeps the kernel's stamping switched on. It is off while no socket of the machine wants it, and
/// takes a moment to come on, in the background: held from before t0, no stamp of a run is missing.
#[derive(Debug)]
pub(crate) struct Stamping {
    _socket: Option<Socket>,
}

impl Stamping {
    /// Switches it on. A machine that allows no socket at all is told of later, by the stages.
    pub(crate) fn begin() -> Self {
        ROOM.with_borrow(|_| ());
        let socket = [Domain::IPV4, Domain::IPV6].into_iter().find_map(|family| {
            let socket = Socket::new(family, Type::DGRAM, None).ok()?;
            stamp_arrivals(&socket);
            Some(socket)
        });
        Self { _socket: socket }
    }
}

/// Asks the kernel to stamp what this socket receives. Without it the time of the read is taken.
pub(crate) fn stamp_arrivals(socket: &impl std::os::fd::AsFd) {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{setsockopt, sockopt::ReceiveTimestampns};
        // A kernel that does not know it leaves the datagrams unstamped.
        let _ = setsockopt(socket, ReceiveTimestampns, &true);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Makes the kernel tell of ICMP refusals on a socket that is not connected. Elsewhere than on Linux
/// the socket has to be connected for that, and replies from other addresses are never seen.
pub(crate) fn tell_refusals(socket: &std::net::UdpSocket, server: SocketAddr) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{setsockopt, sockopt};
        match server {
            SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
            SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
        }
        Ok(())
    }
    #[cfg(not(target_os = "linux"))]
    socket.connect(server)
}

/// The most that a datagram can hold.
const MAX_DATAGRAM: usize = 65_535;

thread_local! {
    /// Where a datagram is read to, before it gets room of its own size: as much for each would be more work than to
    /// read it, between a reply and the next question.
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; MAX_DATAGRAM].into_boxed_slice());
}

/// What one read gave.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) bytes: Vec<u8>,
    /// Who sent it, by its own word.
    pub(crate) from: SocketAddr,
    /// When it arrived.
    pub(crate) at: At,
}

/// The next datagram.
pub(crate) async fn receive(socket: &UdpSocket, clock: &Clock) -> io::Result<Datagram> {
    // An ICMP refusal makes the socket no more readable: it is an error to be collected.
    socket.async_io(Interest::READABLE | Interest::ERROR, || read(socket, clock)).await
}

#[cfg(target_os = "linux")]
fn read(socket: &UdpSocket, clock: &Clock) -> io::Result<Datagram> {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg};
    use nix::sys::time::TimeSpec;

    ROOM.with_borrow_mut(|room| {
        let mut control = nix::cmsg_space!(TimeSpec);
        let mut parts = [IoSliceMut::new(room)];
        let descriptor = socket.as_raw_fd();
        let message =
            recvmsg::<SockaddrStorage>(descriptor, &mut parts, Some(&mut control), MsgFlags::empty())?;
        let at = stamp(message.cmsgs()?).map_or_else(|| clock.now(), |stamp| clock.at_wall(stamp));
        let from = message.address.and_then(|from| {
            let v4 = from.as_sockaddr_in().map(|from| SocketAddr::V4((*from).into()));
            v4.or_else(|| from.as_sockaddr_in6().map(|from| SocketAddr::V6((*from).into())))
        });
        let from = from.ok_or_else(|| io::Error::other("a datagram without a source"))?;
        let length = message.bytes;
        Ok(Datagram { bytes: room[..length].to_vec(), from, at })
    })
}

/// Reads what has come on a connection, and says when it came, if the kernel does. It has nothing to say of the end of
/// one.
pub(crate) fn poll_read(
    tcp: &TcpStream,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<Option<Moment>>> {
    loop {
        ready!(tcp.poll_read_ready(cx))?;
        let space = buf.initialize_unfilled();
        match tcp.try_io(Interest::READABLE, || read_stream(tcp, space)) {
            Ok((count, at)) => {
                buf.advance(count);
                return Poll::Ready(Ok(at));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

#[cfg(target_os = "linux")]
fn read_stream(tcp: &TcpStream, space: &mut [u8]) -> io::Result<(usize, Option<Moment>)> {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, recvmsg};
    use nix::sys::time::TimeSpec;

    let mut control = nix::cmsg_space!(TimeSpec);
    let mut parts = [IoSliceMut::new(space)];
    let message = recvmsg::<()>(tcp.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty())?;
    let at = stamp(message.cmsgs()?).map(Moment::of_wall);
    Ok((message.bytes, at))
}

#[cfg(not(target_os = "linux"))]
fn read_stream(tcp: &TcpStream, space: &mut [u8]) -> io::Result<(usize, Option<Moment>)> {
    use std::io::Read;

    let count = (&*socket2::SockRef::from(tcp)).read(space)?;
    Ok((count, None))
}

/// The kernel's stamp among what came beside the data.
#[cfg(target_os = "linux")]
fn stamp(
    mut controls: impl Iterator<Item = nix::sys::socket::ControlMessageOwned>,
) -> Option<std::time::SystemTime> {
    use std::time::{Duration, SystemTime};

    use nix::sys::socket::ControlMessageOwned;

    controls.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(stamp) => {
            SystemTime::UNIX_EPOCH.checked_add(Duration::from(stamp))
        }
        _ => None,
    })
}

#[cfg(not(target_os = "linux"))]
fn read(socket: &UdpSocket, clock: &Clock) -> io::Result<Datagram> {
    ROOM.with_borrow_mut(|room| {
        let (length, from) = socket.try_recv_from(room)?;
        Ok(Datagram { bytes: room[..length].to_vec(), from, at: clock.now() })
    })
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A process that comes late to its socket still tells when the datagram came.
    #[tokio::test]
    async fn a_late_read_has_the_time_of_the_arrival() {
        let late = Duration::from_millis(60);
        let clock = Clock::start();
        let _stamping = Stamping::begin();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        stamp_arrivals(&socket);
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        // Until the kernel has switched stamping on, a datagram has the time of its read.
        for _ in 0..20 {
            let sent = clock.now();
            peer.send_to(b"told", socket.local_addr().unwrap()).unwrap();
            std::thread::sleep(late); // the injected delay of this test: a thread that is busy elsewhere
            let Datagram { bytes, from, at: arrived } = receive(&socket, &clock).await.unwrap();
            assert_eq!((&bytes[..], from), (&b"told"[..], peer.local_addr().unwrap()));
            assert!(arrived.0 + 1 >= sent.0, "{arrived:?} before {sent:?}");
            if arrived.since(sent) < late / 2 {
                return;
            }
        }
        panic!("no datagram had a stamp of its arrival");
    }

    #[tokio::test]
    async fn each_datagram_is_what_was_sent_and_no_more() {
        let clock = Clock::start();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let sent = [vec![7; 9000], b"short".to_vec(), Vec::new()];
        for bytes in &sent {
            peer.send_to(bytes, socket.local_addr().unwrap()).unwrap();
        }
        for bytes in sent {
            assert_eq!(receive(&socket, &clock).await.unwrap().bytes, bytes);
        }
    }

    /// The same of a connection: when the bytes came, not when they were read.
    #[tokio::test]
    async fn a_late_read_of_a_connection_has_the_time_of_the_arrival() {
        use std::io::Write;

        let late = Duration::from_millis(60);
        let clock = Clock::start();
        let _stamping = Stamping::begin();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stamp_arrivals(&tcp);
        let (mut peer, _) = listener.accept().unwrap();
        for _ in 0..20 {
            let sent = clock.now();
            peer.write_all(b"told").unwrap();
            std::thread::sleep(late); // the injected delay of this test: a thread that is busy elsewhere
            let mut bytes = [0; 16];
            let mut buf = ReadBuf::new(&mut bytes);
            let arrived = std::future::poll_fn(|cx| poll_read(&tcp, cx, &mut buf)).await.unwrap();
            assert_eq!(buf.filled(), b"told");
            // Until the kernel has switched stamping on.
            let Some(arrived) = arrived.map(|at| clock.at(at)) else { continue };
            assert!(arrived.0 + 1 >= sent.0, "{arrived:?} before {sent:?}");
            if arrived.since(sent) < late / 2 {
                return;
            }
        }
        panic!("no segment had a stamp of its arrival");
    }

    #[tokio::test]
    async fn the_end_of_a_connection_is_read_as_such() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stamp_arrivals(&tcp);
        drop(listener.accept().unwrap());
        let mut bytes = [0; 16];
        let mut buf = ReadBuf::new(&mut bytes);
        let at = std::future::poll_fn(|cx| poll_read(&tcp, cx, &mut buf)).await.unwrap();
        assert_eq!((buf.filled(), at.is_none()), (&[][..], true));
    }
}

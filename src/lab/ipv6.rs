//! An IPv6 address that nothing answers at.
//!
//! On Linux a listener whose queue is full drops further connection attempts silently, as a broken
//! route would. Elsewhere the attempt may be refused at once; [`DeadIpv6`] tells which it is.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How a connection attempt to the dead IPv6 address ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadIpv6 {
    /// Not at all: nothing comes back.
    Unanswered,
    /// At once, with an error: this system cannot make an address silent, or has no IPv6.
    Refused,
}

/// How long an attempt is watched before it counts as unanswered. Loopback answers in microseconds.
const WATCH: Duration = Duration::from_millis(4);
/// How many connections are tried to fill a queue of length zero. Linux takes one.
const FILL: usize = 4;

/// A listener that never accepts.
pub(super) struct DeadListener {
    socket: Socket,
    address: SocketAddr,
}

impl DeadListener {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&address.into())?;
        socket.listen(0)?;
        Ok(Self { socket, address })
    }

    /// Fills the queue. Some: nothing further is answered for as long as the value lives.
    pub(super) fn silence(self) -> Option<Silence> {
        let mut held = Vec::new();
        for _ in 0..FILL {
            match TcpStream::connect_timeout(&self.address, WATCH) {
                Ok(stream) => held.push(stream),
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Some(Silence { _listener: self.socket, _held: held });
                }
                Err(_) => return None,
            }
        }
        None
    }
}

/// A listener with a full queue.
pub(super) struct Silence {
    _listener: Socket,
    _held: Vec<TcpStream>,
}

//! What the network says of a UDP socket's datagrams in place of a reply (ICMP), as soon as it does.
//!
//! The library passes over such errors, and waits for a timer to notice that nothing came.

use std::io;
use std::net::UdpSocket;

/// The errors of a connected socket.
#[derive(Debug)]
pub(super) struct Errors {
    #[cfg(target_os = "linux")]
    socket: tokio::net::UdpSocket,
}

#[cfg(target_os = "linux")]
impl Errors {
    /// Watches a socket; `socket` is a second hold of it.
    pub(super) fn of(socket: UdpSocket) -> io::Result<Self> {
        tokio::net::UdpSocket::from_std(socket).map(|socket| Self { socket })
    }

    /// Waits for the next.
    pub(super) async fn next(&self) -> io::Error {
        use tokio::io::Interest;
        loop {
            if let Err(error) = self.socket.ready(Interest::ERROR).await {
                return error;
            }
            if let Ok(Some(error)) = self.socket.take_error() {
                return error;
            }
            // Taken by somebody else: the runtime has to ask the kernel again.
            let _ = self.socket.try_io(Interest::ERROR, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Errors {
    /// Nothing is told elsewhere.
    pub(super) fn of(_: UdpSocket) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Never ends.
    pub(super) async fn next(&self) -> io::Error {
        std::future::pending().await
    }
}

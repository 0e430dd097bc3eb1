//! The lab's name servers on their sockets: UDP and TCP, one address each, one port for all.
//!
//! Delays are counted from the moment the question was received. What is answered is decided in
//! [`server`](super::server).

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::quirk::Quirk;
use super::server::NameServer;
use crate::lab::shared::{Shared, Slot, accept};
use crate::lab::timer::precise_sleep;
use crate::trace::Transport;

/// How long a TCP client may take for its next question.
const TCP_IDLE: Duration = Duration::from_secs(10);
/// The largest question that is read by UDP. Longer ones arrive cut and are malformed.
const MAX_QUESTION: usize = 4096;

/// The sockets of one name server.
pub(crate) struct Sockets {
    pub(crate) udp: UdpSocket,
    pub(crate) tcp: TcpListener,
}

/// Serves until the runtime ends.
pub(crate) fn spawn(server: Rc<NameServer>, sockets: Sockets, shared: Rc<Shared>) {
    let Sockets { udp, tcp } = sockets;
    tokio::task::spawn_local(serve_udp(server.clone(), udp, shared.clone()));
    if !server.has(&Quirk::NoTcp) || server.is_curt() {
        tokio::task::spawn_local(serve_tcp(server, tcp, shared));
    }
}

async fn serve_udp(server: Rc<NameServer>, socket: UdpSocket, shared: Rc<Shared>) {
    let address = server.server.address;
    let socket = Rc::new(socket);
    let in_hand = Rc::new(Cell::new(0));
    let mut buffer = vec![0; MAX_QUESTION];
    loop {
        let Ok((length, asker)) = socket.recv_from(&mut buffer).await else {
            // About an earlier answer whose asker has gone. Should it last, it must not take the
            // thread for itself.
            tokio::time::sleep(Duration::from_millis(1)).await; // lets the others run
            continue;
        };
        let received = shared.clock.now();
        shared.tally.dns(address, Transport::Udp);
        let replies = server.replies(&buffer[..length], Transport::Udp);
        let delay = server.delay(&buffer[..length]);
        if delay.is_zero() {
            send(&server, &socket, &replies, asker).await;
            continue;
        }
        let Some(slot) = Slot::take(&in_hand) else { continue };
        let (socket, shared, server) = (socket.clone(), shared.clone(), server.clone());
        tokio::task::spawn_local(async move {
            precise_sleep(&shared.clock, received.after(delay)).await; // the injected delay of the server
            send(&server, &socket, &replies, asker).await;
            drop(slot);
        });
    }
}

async fn send(_server: &NameServer, socket: &UdpSocket, replies: &[Vec<u8>], asker: SocketAddr) {
    for reply in replies {
        #[cfg(test)]
        if !_server.send_elsewhere(reply, asker).await {
            continue;
        }
        // An asker that is gone is no loss.
        let _ = socket.send_to(reply, asker).await;
    }
}

async fn serve_tcp(server: Rc<NameServer>, listener: TcpListener, shared: Rc<Shared>) {
    let in_hand = Rc::new(Cell::new(0));
    loop {
        let Some(stream) = accept(&listener).await else { continue };
        let Some(slot) = Slot::take(&in_hand) else { continue };
        let (server, shared) = (server.clone(), shared.clone());
        tokio::task::spawn_local(async move {
            // A client that breaks off or dawdles is dropped; nothing else depends on it.
            let _ = converse(&server, stream, &shared, server.server.address).await;
            drop(slot);
        });
    }
}

/// Answers the questions of one TCP connection (RFC 7766), until the client leaves.
async fn converse(
    server: &NameServer,
    mut stream: TcpStream,
    shared: &Shared,
    address: IpAddr,
) -> std::io::Result<()> {
    loop {
        let question = async {
            let length = stream.read_u16().await?;
            let mut question = vec![0; usize::from(length)];
            stream.read_exact(&mut question).await?;
            Ok::<_, std::io::Error>(question)
        };
        let question = tokio::time::timeout(TCP_IDLE, question).await??;
        let received = shared.clock.now();
        shared.tally.dns(address, Transport::Tcp);
        for reply in server.replies(&question, Transport::Tcp) {
            let Ok(length) = u16::try_from(reply.len()) else { continue };
            let framed = [&length.to_be_bytes()[..], &reply].concat();
            precise_sleep(&shared.clock, received.after(server.delay(&question))).await; // the injected delay of the server
            tokio::time::timeout(TCP_IDLE, stream.write_all(&framed)).await??;
        }
        if server.is_curt() {
            return Ok(());
        }
    }
}

//! The lab's name servers on their sockets: UDP and TCP, one address each, one port for all.
//!
//! Delays are counted from the moment the question was received. What is answered is decided in
//! [`server`]; what the name space holds stands in [`internet`].

pub(super) mod internet;
mod odd;
#[cfg(test)]
mod seed_tests;
pub(super) mod server;
pub(super) mod signing;
mod stub;
#[cfg(test)]
mod tests;
pub(super) mod zone;

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use hickory_resolver::proto::rr::Record;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use self::internet::{Fault, SERVERS, STUB, signing, zone_texts};
use self::server::{NameServer, Role};
use self::signing::Signer;
use self::zone::Zone;
use super::Shared;
use super::timer::precise_sleep;
use crate::trace::Transport;

/// Questions and connections that one server has in hand at most; more are dropped, as a full
/// server does.
const MAX_IN_HAND: usize = 256;
/// How long a TCP client may take for its next question.
const TCP_IDLE: Duration = Duration::from_secs(10);
/// The largest question that is read by UDP. Longer ones arrive cut and are malformed.
const MAX_QUESTION: usize = 4096;

/// The sockets of one name server.
pub(super) struct Sockets {
    pub(super) udp: UdpSocket,
    pub(super) tcp: TcpListener,
}

/// The zones of the lab, signed as of `now`.
///
/// # Errors
/// A zone text that cannot be read, or a key that cannot be made: a defect of this program.
pub(super) fn zones(now: SystemTime) -> Result<Vec<Rc<Zone>>, String> {
    let mut zones = zone_texts()
        .iter()
        .map(|(origin, text)| {
            let mut zone = Zone::parse(origin, text)?;
            zone.signer = Signer::new(&zone.origin, signing(origin), now)?;
            zone.signer
                .iter()
                .flat_map(Signer::keys)
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|key| zone.add(key));
            Ok(zone)
        })
        .collect::<Result<Vec<_>, String>>()?;
    let entries: Vec<Option<Record>> =
        zones.iter().filter_map(|zone| zone.signer.as_ref()).map(Signer::ds).collect::<Result<_, _>>()?;
    for entry in entries.into_iter().flatten().filter(|entry| !entry.name.is_root()) {
        let above = entry.name.base_name();
        let parent = zones
            .iter_mut()
            .filter(|zone| zone.origin.zone_of(&above))
            .max_by_key(|zone| zone.origin.iter().len());
        if let Some(parent) = parent {
            parent.add(entry);
        }
    }
    Ok(zones.into_iter().map(Rc::new).collect())
}

/// The root's trust anchor, as `--trust-anchor` reads it.
pub(super) fn trust_anchor(zones: &[Rc<Zone>]) -> Result<String, String> {
    let root = zones.iter().find(|zone| zone.origin.is_root()).and_then(|zone| zone.signer.as_ref());
    root.map_or_else(|| Err("the lab's root is not signed".to_owned()), Signer::anchor)
}

/// The name servers, in the order of [`internet::all_servers`].
pub(super) fn name_servers(zones: Vec<Rc<Zone>>) -> Vec<Rc<NameServer>> {
    let serves = |names: &[&str]| {
        let served = |zone: &&Rc<Zone>| names.contains(&zone.origin.to_string().as_str());
        zones.iter().filter(served).cloned().collect()
    };
    let mut servers: Vec<Rc<NameServer>> = SERVERS
        .iter()
        .map(|server| {
            let role = match server.fault {
                Fault::Resolves => Role::Resolver(Rc::new(zones.clone())),
                _ => Role::Authority(serves(server.zones)),
            };
            Rc::new(NameServer { server, role })
        })
        .collect();
    servers.push(Rc::new(NameServer { server: &STUB, role: Role::Resolver(Rc::new(zones)) }));
    servers
}

/// Serves until the runtime ends.
pub(super) fn spawn(server: Rc<NameServer>, sockets: Sockets, shared: Rc<Shared>) {
    let Sockets { udp, tcp } = sockets;
    tokio::task::spawn_local(serve_udp(server.clone(), udp, shared.clone()));
    if !server.server.fault.is_without_tcp() {
        tokio::task::spawn_local(serve_tcp(server, tcp, shared));
    }
}

async fn serve_udp(server: Rc<NameServer>, socket: UdpSocket, shared: Rc<Shared>) {
    let address = server.server.address();
    let socket = Rc::new(socket);
    let in_hand = Rc::new(Cell::new(0));
    let mut buffer = vec![0; MAX_QUESTION];
    loop {
        let Ok((length, asker)) = socket.recv_from(&mut buffer).await else {
            // About an earlier answer whose asker has gone. Should it last, it must not take the
            // thread for itself.
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let received = shared.clock.now();
        shared.tally.dns(address, Transport::Udp);
        let Some(reply) = server.reply(&buffer[..length], Transport::Udp) else { continue };
        if server.server.delay.is_zero() {
            // An asker that is gone is no loss.
            let _ = socket.send_to(&reply, asker).await;
            continue;
        }
        let Some(slot) = Slot::take(&in_hand) else { continue };
        let (socket, shared, server) = (socket.clone(), shared.clone(), server.clone());
        tokio::task::spawn_local(async move {
            precise_sleep(&shared.clock, received.after(server.server.delay)).await;
            let _ = socket.send_to(&reply, asker).await;
            drop(slot);
        });
    }
}

async fn serve_tcp(server: Rc<NameServer>, listener: TcpListener, shared: Rc<Shared>) {
    let in_hand = Rc::new(Cell::new(0));
    loop {
        let Some(stream) = super::accept(&listener).await else { continue };
        let Some(slot) = Slot::take(&in_hand) else { continue };
        let (server, shared) = (server.clone(), shared.clone());
        tokio::task::spawn_local(async move {
            // A client that breaks off or dawdles is dropped; nothing else depends on it.
            let _ = converse(&server, stream, &shared, server.server.address()).await;
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
        let Some(reply) = server.reply(&question, Transport::Tcp) else { continue };
        let Ok(length) = u16::try_from(reply.len()) else { continue };
        let framed = [&length.to_be_bytes()[..], &reply].concat();
        precise_sleep(&shared.clock, received.after(server.server.delay)).await;
        tokio::time::timeout(TCP_IDLE, stream.write_all(&framed)).await??;
    }
}

/// A place among the things in hand, given back when dropped.
pub(super) struct Slot(Rc<Cell<usize>>);

impl Slot {
    pub(super) fn take(in_hand: &Rc<Cell<usize>>) -> Option<Self> {
        (in_hand.get() < MAX_IN_HAND).then(|| {
            in_hand.set(in_hand.get() + 1);
            Self(in_hand.clone())
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

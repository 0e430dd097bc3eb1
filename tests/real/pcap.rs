//! Captures a client's packets with tcpdump and reads them: DNS questions and replies, TCP handshakes.
//!
//! Reads only what the tests make: pcap with microseconds, Ethernet or bare IP, no VLANs, no fragments, no IPv6
//! extension headers.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use crate::World;
use crate::net::{Access, Client};
use crate::servers::{Server, unconfined};
use crate::tools::{program, run_at};
use crate::zones::RESOLVER;

/// Room for 256 of the largest packets.
const BUFFER_KIB: &str = "65536";

/// A running capture.
pub(crate) struct Capture<'a> {
    tcpdump: Server,
    file: PathBuf,
    client: &'a Client,
    sentinels: u32,
}

/// A DNS question on the wire and its reply, if one came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) server: IpAddr,
    pub(crate) tcp: bool,
    /// Lower case, with a final dot. Empty for TCP, where the question is not looked into.
    pub(crate) qname: String,
    /// UDP: the question. TCP: the SYN. Microseconds of the capture's clock.
    pub(crate) sent: u64,
    /// UDP: the reply. TCP: the last segment with data from the server.
    pub(crate) received: Option<u64>,
}

/// A TCP connection, from its SYN to the first answer. Microseconds of the capture's clock.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) server: (IpAddr, u16),
    /// The client's port.
    pub(crate) port: u16,
    pub(crate) syn: u64,
    pub(crate) syn_ack: Option<u64>,
    /// The last segment with data to the server before the first one from it.
    pub(crate) request: Option<u64>,
    /// The first segment with data from the server.
    pub(crate) response: Option<u64>,
}

impl<'a> Capture<'a> {
    /// Begins to capture what the client sends and receives.
    pub(crate) fn start(world: &'a World, access: Access) -> Self {
        let client = world.internet.client(access);
        let dir = world.dir.path().join(format!("capture-{}", world.number()));
        fs::create_dir(&dir).unwrap();
        let file = dir.join("packets");
        let executable = unconfined(world.dir.path(), "tcpdump");
        let mut command = crate::tools::inside(&client.namespace, &executable);
        // `--immediate-mode` and `-U`: each packet is in the file as soon as it was seen. Each then takes as much room
        // as the largest could, until tcpdump comes to it: the usual 2 MiB hold eight, and a busy machine loses more.
        command.args(["-i", &client.interface, "--immediate-mode", "-U", "-B", BUFFER_KIB]);
        command.args(["-Z", "root", "-w"]).arg(&file);
        let tcpdump = Server::from_command("tcpdump", &dir, command);
        let mut capture = Self { tcpdump, file, client, sentinels: 0 };
        capture.pass_sentinel();
        capture
    }

    /// What was captured since the last call, complete up to now.
    pub(crate) fn take(&mut self) -> Packets {
        let begin = self.sentinel();
        self.pass_sentinel();
        Packets::read(&self.file, &begin, &self.sentinel())
    }

    fn sentinel(&self) -> String {
        format!("sentinel-{}.site.", self.sentinels)
    }

    /// Asks a question with a name of its own and waits until it is in the file: what was sent before is
    /// there as well. The first one shows that tcpdump listens.
    fn pass_sentinel(&mut self) {
        self.sentinels += 1;
        let (name, file, client) = (self.sentinel(), self.file.clone(), self.client);
        let server = format!("@{}", RESOLVER[usize::from(client.namespace.ends_with("c2"))]);
        self.tcpdump.wait_until(|| {
            run_at(client, &program("dig"), &["-r", "+tries=1", "+time=1", &server, &name]);
            Packets::read_all(&file).iter().any(|packet| packet.asks(&name))
        });
    }
}

/// The TCP segments with data from an address, of a capture that may be under way: when, and how many bytes.
pub(crate) fn segments_in(file: &std::path::Path, from: IpAddr) -> Vec<(u64, u64)> {
    let all = Packets::read_all(file);
    let own = all.iter().filter(|packet| packet.tcp && packet.from.0 == from && !packet.payload.is_empty());
    own.map(|packet| (packet.at, packet.payload.len() as u64)).collect()
}

/// An upload behind `Expect: 100-continue`, as the client's end of the path saw it. Microseconds of the capture's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upload {
    pub(crate) syn: u64,
    /// The first segment of the request: its head.
    pub(crate) head: u64,
    /// The first segment with data from the server: the interim response.
    pub(crate) interim: u64,
    /// The first segment of the body.
    pub(crate) body: u64,
    /// The segment with its last byte.
    pub(crate) last: u64,
    /// The first packet from the server that acknowledges that.
    pub(crate) acknowledged: u64,
    /// The second segment with data from the server: the response.
    pub(crate) answer: u64,
}

/// The upload to a server in a capture that may be under way; `None` where it is not there as a whole.
pub(crate) fn upload_in(file: &std::path::Path, server: IpAddr) -> Option<Upload> {
    let all: Vec<Raw> = Packets::read_all(file).into_iter().filter(|packet| packet.tcp).collect();
    let syn = all.iter().find(|packet| packet.to.0 == server && packet.is_syn())?;
    // Others of the same server may still be ending.
    let side = |from, to| {
        all.iter().filter(move |packet| (packet.from, packet.to) == (from, to)).collect::<Vec<_>>()
    };
    let (ours, theirs) = (side(syn.from, syn.to), side(syn.to, syn.from));
    let with_data =
        |all: &[&Raw]| all.iter().copied().filter(|one| !one.payload.is_empty()).cloned().collect::<Vec<_>>();
    let (sent, answers) = (with_data(&ours), with_data(&theirs));
    let [interim, answer] = answers.get(..2)? else { return None };
    // Where a place in the stream stands behind another, the count wraps around.
    let end = |packet: &Raw| packet.sequence.wrapping_sub(syn.sequence) + packet.payload.len() as u32;
    let all_sent = sent.iter().map(end).max()?;
    let covers = |packet: &&Raw| packet.acknowledged.wrapping_sub(syn.sequence) >= all_sent;
    Some(Upload {
        syn: syn.at,
        head: sent.first()?.at,
        interim: interim.at,
        body: sent.iter().find(|packet| packet.at > interim.at)?.at,
        last: sent.iter().find(|packet| end(packet) == all_sent)?.at,
        acknowledged: theirs.iter().copied().find(covers)?.at,
        answer: answer.at,
    })
}

/// Packets between two sentinels.
pub(crate) struct Packets(Vec<Raw>);

impl Packets {
    fn read(file: &std::path::Path, begin: &str, end: &str) -> Self {
        let all = Self::read_all(file);
        let first = all.iter().rposition(|packet| packet.asks(begin)).unwrap() + 1;
        let last = all.iter().position(|packet| packet.asks(end)).unwrap();
        Self(all[first..last].to_vec())
    }

    fn read_all(file: &std::path::Path) -> Vec<Raw> {
        let bytes = fs::read(file).unwrap_or_default();
        let mut packets = Vec::new();
        let ethernet = bytes.get(20..24) == Some(&[1, 0, 0, 0]);
        let mut rest = bytes.get(24..).unwrap_or_default();
        let number =
            |bytes: &[u8], at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
        while rest.len() >= 16 {
            let (head, after) = rest.split_at(16);
            let length = number(head, 8) as usize;
            let Some(frame) = after.get(..length) else { break };
            let packet = if ethernet { frame.get(14..) } else { Some(frame) };
            let at = number(head, 0) * 1_000_000 + number(head, 4);
            packets.extend(packet.and_then(|packet| Raw::parse(at, packet)));
            rest = &after[length..];
        }
        packets
    }

    /// DNS exchanges in the order sent. A question sent again from the same port is one more.
    pub(crate) fn dns(&self) -> Vec<Exchange> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut open: HashMap<(IpAddr, u16, u16), usize> = HashMap::new();
        for packet in &self.0 {
            if !packet.tcp && packet.to.1 == 53 {
                let Some((qname, id)) = packet.question() else { continue };
                open.insert((packet.to.0, packet.from.1, id), exchanges.len());
                exchanges.push(Exchange {
                    server: packet.to.0,
                    tcp: false,
                    qname,
                    sent: packet.at,
                    received: None,
                });
            } else if packet.tcp && packet.to.1 == 53 && packet.is_syn() {
                open.insert((packet.to.0, packet.from.1, 0), exchanges.len());
                let qname = String::new();
                exchanges.push(Exchange {
                    server: packet.to.0,
                    tcp: true,
                    qname,
                    sent: packet.at,
                    received: None,
                });
            } else if packet.from.1 == 53 && !packet.payload.is_empty() {
                let id = if packet.tcp { 0 } else { packet.question().map_or(0, |(_, id)| id) };
                if let Some(index) = open.get(&(packet.from.0, packet.to.1, id)) {
                    exchanges[*index].received = Some(packet.at);
                }
            }
        }
        exchanges
    }

    /// The TCP segments with data of the connection from this port: when, whether from the server, and the data. What
    /// is sent again was there before; what is behind a gap is left out.
    pub(crate) fn segments(&self, port: u16) -> Vec<(u64, bool, &[u8])> {
        let own = self.0.iter().filter(|packet| packet.tcp && !packet.payload.is_empty());
        let mut next = [None; 2];
        let mut segments = Vec::new();
        for packet in own.filter(|packet| packet.from.1 == port || packet.to.1 == port) {
            let is_server = packet.to.1 == port;
            let next: &mut Option<u32> = &mut next[usize::from(is_server)];
            let known = next.map_or(0, |next| next.wrapping_sub(packet.sequence)) as usize;
            if let Some(fresh) = packet.payload.get(known..).filter(|fresh| !fresh.is_empty()) {
                *next = Some(packet.sequence.wrapping_add(packet.payload.len() as u32));
                segments.push((packet.at, is_server, fresh));
            }
        }
        segments
    }

    /// TCP connections to other ports than DNS's, in the order begun.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        let mut connections: Vec<(u16, Connection)> = Vec::new();
        for packet in self.0.iter().filter(|packet| packet.tcp) {
            if packet.is_syn() && packet.to.1 != 53 {
                let connection = Connection {
                    server: packet.to,
                    port: packet.from.1,
                    syn: packet.at,
                    syn_ack: None,
                    request: None,
                    response: None,
                };
                connections.push((packet.from.1, connection));
                continue;
            }
            let own = |(port, connection): &&mut (u16, Connection)| {
                (*port, connection.server) == (packet.from.1, packet.to)
                    || (*port, connection.server) == (packet.to.1, packet.from)
            };
            let Some((_, connection)) = connections.iter_mut().find(own) else { continue };
            let from_server = connection.server == packet.from;
            if packet.is_syn_ack() {
                connection.syn_ack = Some(packet.at);
            } else if packet.payload.is_empty() || connection.response.is_some() {
            } else if from_server {
                connection.response = Some(packet.at);
            } else {
                connection.request = Some(packet.at);
            }
        }
        connections.into_iter().map(|(_, connection)| connection).collect()
    }
}

/// One UDP or TCP packet.
#[derive(Clone)]
struct Raw {
    at: u64,
    tcp: bool,
    from: (IpAddr, u16),
    to: (IpAddr, u16),
    flags: u8,
    /// Of TCP: the place of the payload in its stream.
    sequence: u32,
    /// Of TCP: the place in the other stream up to which all is there.
    acknowledged: u32,
    payload: Vec<u8>,
}

impl Raw {
    fn parse(at: u64, packet: &[u8]) -> Option<Self> {
        let short =
            |bytes: &[u8], at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let (protocol, source, target, rest) = match packet.first()? >> 4 {
            4 => {
                let head = usize::from(packet.first()? & 15) * 4;
                let address = |at: usize| {
                    Some(IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?)))
                };
                // Ethernet pads short frames: the header's length counts.
                (
                    *packet.get(9)?,
                    address(12)?,
                    address(16)?,
                    packet.get(head..usize::from(short(packet, 2)?))?,
                )
            }
            6 => {
                let address = |at: usize| {
                    Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(packet.get(at..at + 16)?).ok()?)))
                };
                (
                    *packet.get(6)?,
                    address(8)?,
                    address(24)?,
                    packet.get(40..40 + usize::from(short(packet, 4)?))?,
                )
            }
            _ => return None,
        };
        let (tcp, head, flags, sequence, acknowledged) = match protocol {
            6 => {
                let place = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
                (true, usize::from(rest.get(12)? >> 4) * 4, *rest.get(13)?, place(4)?, place(8)?)
            }
            17 => (false, 8, 0, 0, 0),
            _ => return None,
        };
        let (from, to) = ((source, short(rest, 0)?), (target, short(rest, 2)?));
        Some(Self { at, tcp, from, to, flags, sequence, acknowledged, payload: rest.get(head..)?.to_vec() })
    }

    const fn is_syn(&self) -> bool {
        self.flags & 0x12 == 0x02
    }

    const fn is_syn_ack(&self) -> bool {
        self.flags & 0x12 == 0x12
    }

    /// Whether it asks for that name: the answer may come at any time.
    fn asks(&self, name: &str) -> bool {
        self.to.1 == 53 && self.question().is_some_and(|(qname, _)| qname == name)
    }

    /// Name and id of a UDP DNS message's question.
    fn question(&self) -> Option<(String, u16)> {
        if self.tcp || (self.to.1 != 53 && self.from.1 != 53) {
            return None;
        }
        let id = u16::from_be_bytes(self.payload.get(..2)?.try_into().ok()?);
        let mut name = String::new();
        let mut rest = self.payload.get(12..)?;
        loop {
            let length = usize::from(*rest.first()?);
            if length == 0 {
                break;
            }
            name += &String::from_utf8_lossy(rest.get(1..=length)?).to_ascii_lowercase();
            name.push('.');
            rest = rest.get(length + 1..)?;
        }
        Some((if name.is_empty() { ".".to_owned() } else { name }, id))
    }
}

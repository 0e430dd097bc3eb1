//! The quirks of name servers that only tests need: what they do to an answer, to its bytes, and to when and
//! from where it goes.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, NS};
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;

use super::quirk::Quirk;
use super::server::{NameServer, has_capitals};
use crate::trace::Transport;

impl NameServer {
    /// Notes a question, such as `udp www.example.test. A`.
    pub(super) fn note(&self, question: &[u8], transport: Transport) {
        let Ok(question) = Message::from_vec(question) else { return };
        let Some(query) = question.queries.first() else { return };
        let transport = if transport == Transport::Udp { "udp" } else { "tcp" };
        let name = query.name.to_lowercase();
        self.seen.borrow_mut().push(format!("{transport} {name} {}", query.query_type));
    }

    /// Changes an answer before it is encoded; `None` where nothing is sent.
    pub(super) fn bend(&self, request: &Message, reply: &mut Message, transport: Transport) -> Option<()> {
        let Some(question) = request.queries.first() else { return Some(()) };
        let (qtype, name) = (question.query_type, question.name.to_lowercase().to_string());
        let (udp, edns) = (transport == Transport::Udp, request.edns.is_some());
        for quirk in self.server.quirks {
            let is_silent = match quirk {
                Quirk::SilentFor(rtype) => *rtype == qtype,
                Quirk::SilentAt(silent) => name == *silent,
                Quirk::SilentFrom(start) => name.starts_with(start),
                Quirk::SilentFirst(number) => self.seen.borrow().len() <= *number,
                Quirk::DropsEdns => edns,
                Quirk::DropsOptions => has_options(request),
                Quirk::DropsCapitals => has_capitals(&question.name),
                Quirk::LosesFirst(number) => {
                    let line = format!("udp {name} {qtype}");
                    udp && self.seen.borrow().iter().filter(|seen| **seen == line).count() <= *number
                }
                Quirk::NoUdp => udp,
                Quirk::WrongIds(_) => !udp,
                _ => false,
            };
            if is_silent {
                return None;
            }
            match quirk {
                Quirk::RefusesOptions(code, sends_opt) if has_options(request) => {
                    clear(reply, *code);
                    reply.edns = reply.edns.take().filter(|_| *sends_opt);
                }
                Quirk::PlainRcodeFor(rtype, code) if *rtype == qtype && edns => {
                    clear(reply, *code);
                    reply.edns = None;
                }
                Quirk::RcodeForCapitals(code) if has_capitals(&question.name) => clear(reply, *code),
                Quirk::Bent(bend) => (bend.0)(request, reply),
                Quirk::NoEdns if edns && self.has(&Quirk::Curt) => reply.queries.clear(),
                Quirk::Deeper => self.refer_deeper(&question.name, reply),
                Quirk::DeniesNames => reply.metadata.response_code = ResponseCode::NXDomain,
                Quirk::NoAuthority => reply.metadata.authoritative = false,
                Quirk::Recursive => {
                    reply.metadata.authoritative = false;
                    reply.metadata.recursion_available = true;
                }
                Quirk::WrongOperation if udp => reply.metadata.op_code = OpCode::Status,
                _ => {}
            }
        }
        Some(())
    }

    fn refer_deeper(&self, qname: &Name, reply: &mut Message) {
        clear(reply, ResponseCode::NoError);
        let cut = qname.trim_to(2 + self.seen.borrow().len());
        let host = cut.prepend_label("ns").unwrap();
        let here = RData::A(A::new(127, 0, 53, 4));
        reply.additionals.push(Record::from_rdata(host.clone(), 300, here));
        reply.authorities.push(Record::from_rdata(cut, 300, RData::NS(NS(host))));
    }

    /// What is sent in place of an encoded answer.
    pub(super) fn scripted(&self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let mut replies = Vec::new();
        for quirk in self.server.quirks {
            match quirk {
                Quirk::Spoofed => {
                    let changed = |change: fn(&mut Message)| {
                        let mut reply = Message::from_vec(&bytes).unwrap();
                        change(&mut reply);
                        reply.to_vec().unwrap()
                    };
                    replies.push(changed(|reply| reply.metadata.id ^= 1));
                    replies.push(changed(|reply| {
                        reply.queries[0].name = Name::from_ascii("evil.test.").unwrap();
                    }));
                    replies.push(changed(|reply| reply.metadata.message_type = MessageType::Query));
                }
                Quirk::WrongIds(number) => {
                    let wrong = [&[bytes[0], bytes[1] ^ 1][..], &bytes[2..]].concat();
                    return vec![wrong; *number as usize];
                }
                Quirk::MisplacedOpt if bytes[11] > 0 => {
                    let reply = Message::from_vec(&bytes).unwrap();
                    let mut forged = Message::response(reply.metadata.id, OpCode::Query);
                    forged.add_query(reply.queries[0].clone());
                    let mut bytes = forged.to_vec().unwrap();
                    (bytes[2], bytes[7], bytes[11]) = (0x84, 1, 1);
                    bytes.extend(b"\0\0\x29\x04\xd0\0\0\0\0\0\0");
                    bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x40\0\x04\x7f\0\0\x01");
                    return vec![bytes];
                }
                Quirk::Garbled => return vec![bytes[..bytes.len() - 3].to_vec()],
                _ => {}
            }
        }
        replies.push(bytes);
        replies
    }

    /// How long it waits before it answers a question.
    pub(super) fn scripted_delay(&self, question: &[u8]) -> Option<Duration> {
        let qtype = Message::from_vec(question).ok()?.queries.first()?.query_type;
        self.server.quirks.iter().find_map(|quirk| match quirk {
            Quirk::Delay(delay) => Some(*delay),
            Quirk::DelayFor(rtype, delay) => (*rtype == qtype).then_some(*delay),
            _ => None,
        })
    }

    /// Sends a datagram from another address, where that is its way; whether it goes from its own, too.
    pub(super) async fn send_elsewhere(&self, reply: &[u8], asker: SocketAddr) -> bool {
        let (only, first) = (self.has(&Quirk::Elsewhere), self.has(&Quirk::ElsewhereFirst));
        if only || first {
            let other = UdpSocket::bind("127.0.53.99:0").await.unwrap();
            let _ = other.send_to(reply, asker).await;
        }
        !only
    }
}

fn has_options(request: &Message) -> bool {
    request.edns.as_ref().is_some_and(|edns| !edns.options().as_ref().is_empty())
}

fn clear(reply: &mut Message, code: ResponseCode) {
    reply.answers.clear();
    reply.authorities.clear();
    reply.additionals.clear();
    reply.metadata.authoritative = false;
    reply.metadata.response_code = code;
}

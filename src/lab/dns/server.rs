//! One name server's mind: from the bytes of a question to the bytes of its answer.
//!
//! Pure: no sockets and no waits. Questions are hostile: whatever cannot be read is answered with
//! an error code or not at all, and an answer never exceeds what the asker can take.

use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::NS;
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption, NSIDPayload};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::internet::{SERVERS, Server};
use super::quirk::Quirk;
use super::signing::{answer_nsec, sign};
use super::stub::{self, Proofs};
use super::zone::{Answer, End, Zone, zone_of};
use crate::trace::Transport;

/// RFC 1035 §4.2.1: what an asker without EDNS can take by UDP.
const PLAIN_PAYLOAD: usize = 512;
/// What this server sends by UDP at most: fits one Ethernet frame over IPv6 (DNS flag day 2020).
const OWN_PAYLOAD: u16 = 1232;
/// The length of a DNS header (RFC 1035 §4.1.1).
const HEADER: usize = 12;
/// RFC 8914: the option that carries an extended error.
const EXTENDED_ERROR: u16 = 15;

/// A name server.
pub(crate) struct NameServer {
    pub(crate) server: Server,
    pub(crate) role: Role,
    /// The questions it was asked, such as `udp www.example.test. A`.
    #[cfg(test)]
    pub(crate) seen: std::cell::RefCell<Vec<String>>,
}

/// What a name server is there for.
pub(crate) enum Role {
    /// To speak for these zones, and to refer.
    Authority(Vec<Rc<Zone>>),
    /// To find the whole answer in these zones, as a resolver with a warm cache.
    Resolver(Rc<Vec<Rc<Zone>>>),
}

impl NameServer {
    pub(crate) fn new(server: Server, role: Role) -> Self {
        Self {
            server,
            role,
            #[cfg(test)]
            seen: std::cell::RefCell::default(),
        }
    }

    pub(crate) fn has(&self, quirk: &Quirk) -> bool {
        self.server.quirks.contains(quirk)
    }

    /// The bytes to send back, if any.
    pub(crate) fn reply(&self, question: &[u8], transport: Transport) -> Option<Vec<u8>> {
        if self.has(&Quirk::Silent) || self.has(&Quirk::NoTcp) && transport == Transport::Tcp {
            return None;
        }
        let Ok(request) = Message::from_vec(question) else { return malformed(question) };
        if request.metadata.message_type != MessageType::Query {
            return None;
        }
        let mut response = Message::response(request.metadata.id, request.metadata.op_code);
        response.metadata.recursion_desired = request.metadata.recursion_desired;
        if let [query] = request.queries.as_slice() {
            response.add_query(query.clone());
        }
        if self.has(&Quirk::NoEdns) && request.edns.is_some() {
            response.metadata.response_code = ResponseCode::FormErr;
        } else {
            self.decide(&request, &mut response);
            response.edns = request.edns.as_ref().map(|asked| self.edns(asked, &response));
        }
        if self.has(&Quirk::Truncate) && transport == Transport::Udp {
            truncate(&mut response);
        }
        if self.has(&Quirk::LowerCase)
            && let Some(query) = response.queries.first_mut()
        {
            query.name = query.name.to_lowercase();
        }
        #[cfg(test)]
        self.bend(&request, &mut response, transport)?;
        let payload = if self.is_curt() { usize::MAX } else { payload(&request, transport) };
        encode(response, payload)
    }

    /// What is sent for a question: its reply, if any.
    pub(crate) fn replies(&self, question: &[u8], transport: Transport) -> Vec<Vec<u8>> {
        #[cfg(test)]
        self.note(question, transport);
        let reply = self.reply(question, transport);
        #[cfg(test)]
        return reply.map(|bytes| self.scripted(bytes)).unwrap_or_default();
        #[cfg(not(test))]
        reply.into_iter().collect()
    }

    /// How long it thinks before it answers.
    pub(crate) fn delay(&self, _question: &[u8]) -> Duration {
        #[cfg(test)]
        if let Some(delay) = self.scripted_delay(_question) {
            return delay;
        }
        self.server.delay
    }

    /// Whether it takes one question only on a TCP connection.
    pub(crate) fn is_curt(&self) -> bool {
        #[cfg(test)]
        return self.has(&Quirk::Curt);
        #[cfg(not(test))]
        false
    }

    fn decide(&self, request: &Message, response: &mut Message) {
        response.metadata.response_code = ResponseCode::NoError;
        if let Role::Resolver(_) = self.role {
            response.metadata.recursion_available = true;
        }
        if request.metadata.op_code != OpCode::Query {
            response.metadata.response_code = ResponseCode::NotImp;
            return;
        }
        let [query] = request.queries.as_slice() else {
            response.metadata.response_code = ResponseCode::FormErr;
            return;
        };
        let (name, kind) = (query.name().to_lowercase(), query.query_type());
        let refused =
            matches!(kind, RecordType::AXFR | RecordType::IXFR) || query.query_class() != DNSClass::IN;
        if request.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
            response.metadata.response_code = ResponseCode::BADVERS;
        } else if let Some(code) = self.rcode(kind) {
            response.metadata.response_code = code;
        } else if self.has(&Quirk::Upward) {
            response.authorities.push(upward());
        } else if refused {
            response.metadata.response_code = ResponseCode::Refused;
        } else {
            match &self.role {
                Role::Authority(zones) => match zone_of(zones, &name, kind) {
                    Some(zone) if self.has(&Quirk::CaseSensitive) && has_capitals(query.name()) => {
                        fill(response, zone.nothing());
                    }
                    Some(zone) => {
                        let mut answer = zone.answer(&name, kind);
                        let found = answer.end == End::Found;
                        answer_nsec(zone, &name, kind, &mut answer);
                        let wants_proofs = request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
                        if wants_proofs && !self.has(&Quirk::Unsigned) {
                            sign(zone, &name, &mut answer);
                        }
                        fill(response, answer);
                        if found && self.has(&Quirk::TellsServers) {
                            let (servers, addresses) = zone.servers();
                            response.authorities.extend(servers);
                            response.additionals.extend(addresses);
                        }
                    }
                    None => response.metadata.response_code = ResponseCode::Refused,
                },
                Role::Resolver(_) if !request.metadata.recursion_desired && !self.has(&Quirk::Resolves) => {
                    response.metadata.response_code = ResponseCode::Refused;
                }
                Role::Resolver(zones) => {
                    let signed = request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
                    let proofs = if signed { Proofs::Wanted } else { Proofs::LeftOut };
                    let answer = stub::resolve(zones, &name, kind, proofs);
                    let wanted = request.metadata.authentic_data || signed;
                    let secure = wanted && stub::is_secure(zones, &name, &answer);
                    fill(response, answer);
                    response.metadata.authoritative = false;
                    response.metadata.authentic_data = secure;
                }
            }
        }
    }

    fn rcode(&self, kind: RecordType) -> Option<ResponseCode> {
        self.server.quirks.iter().find_map(|quirk| match quirk {
            Quirk::Rcode(code) => Some(*code),
            Quirk::RcodeFor(rtype, code) => (*rtype == kind).then_some(*code),
            _ => None,
        })
    }

    fn edns(&self, asked: &Edns, response: &Message) -> Edns {
        let mut edns = Edns::new();
        // RFC 3225 §3: the DO bit is copied.
        edns.set_max_payload(OWN_PAYLOAD).set_dnssec_ok(asked.flags().dnssec_ok);
        if !self.server.nsid.is_empty()
            && asked.option(EdnsCode::NSID).is_some()
            && let Ok(nsid) = NSIDPayload::new(self.server.nsid.as_bytes())
        {
            edns.options_mut().insert(EdnsOption::NSID(nsid));
        }
        let failed =
            matches!(response.metadata.response_code, ResponseCode::Refused | ResponseCode::ServFail);
        if let Some(error) = self.server.error.filter(|_| failed) {
            let payload = [&error.0.to_be_bytes()[..], error.1.as_bytes()].concat();
            edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, payload));
        }
        edns
    }
}

pub(super) fn has_capitals(name: &Name) -> bool {
    name.iter().flatten().any(u8::is_ascii_uppercase)
}

/// What a server without the zone says when it is set up badly: ask the root.
fn upward() -> Record {
    let root = SERVERS.first().map_or(".", |server| server.name);
    let name = Name::from_str(root).unwrap_or_else(|_| Name::root());
    Record::from_rdata(Name::root(), 3_600_000, RData::NS(NS(name)))
}

fn fill(response: &mut Message, answer: Answer) {
    response.metadata.authoritative = answer.end != End::Referral;
    response.metadata.response_code = answer.rcode;
    response.answers = answer.answers;
    response.authorities = answer.authorities;
    response.additionals = answer.additionals;
}

/// How large the answer may be.
fn payload(request: &Message, transport: Transport) -> usize {
    match (transport, &request.edns) {
        (Transport::Udp, Some(edns)) => usize::from(edns.max_payload().min(OWN_PAYLOAD)).max(PLAIN_PAYLOAD),
        (Transport::Udp, None) => PLAIN_PAYLOAD,
        _ => usize::from(u16::MAX),
    }
}

fn truncate(response: &mut Message) {
    response.metadata.truncation = true;
    response.answers.clear();
    response.authorities.clear();
    response.additionals.clear();
}

fn encode(mut response: Message, payload: usize) -> Option<Vec<u8>> {
    let bytes = response.to_vec().ok()?;
    if bytes.len() <= payload {
        return Some(bytes);
    }
    truncate(&mut response);
    response.to_vec().ok().filter(|bytes| bytes.len() <= payload)
}

/// FORMERR for something that at least has the header of a question; nothing for the rest, so that
/// two servers can never answer each other's errors for ever.
fn malformed(question: &[u8]) -> Option<Vec<u8>> {
    let header = question.get(..HEADER)?;
    let is_query = header[2] & 0x80 == 0;
    let id = u16::from_be_bytes([header[0], header[1]]);
    let reply = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    is_query.then(|| reply.to_vec().ok()).flatten()
}

//! The smallest round trip seen to each address: what the distance to it can cost at most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::trace::{Connection, Direction, Trace, Transport};

/// The smallest round trip to each address that answered in a trace.
pub(super) struct RoundTrips(HashMap<IpAddr, Duration>);

impl RoundTrips {
    /// Every reply of a trace counts, on the way to the answer or not.
    pub(super) fn of(trace: &Trace) -> Self {
        let mut all = Self(HashMap::new());
        for packet in trace.lookups.iter().flat_map(|dns| &dns.packets) {
            if let (Transport::Udp, Some(received)) = (packet.transport, packet.received) {
                all.note(packet.server.ip(), received.since(packet.sent));
            }
        }
        for connection in &trace.connections {
            all.note_connection(connection);
        }
        for hop in trace.hops() {
            let sent_and_answered = hop.http.ran().and_then(|http| http.sent.zip(http.first_byte));
            if let (Some((sent, first)), Some(address)) =
                (sent_and_answered, hop.connection.and_then(address))
                && first > sent
            {
                all.note(address, first.since(sent));
            }
        }
        all
    }

    /// The smallest one to this address.
    pub(super) fn to(&self, address: IpAddr) -> Option<Duration> {
        self.0.get(&address).copied()
    }

    /// The smallest one to the other end of a connection.
    pub(super) fn of_connection(&self, connection: &Connection) -> Option<Duration> {
        self.to(address(connection)?)
    }

    fn note(&mut self, address: IpAddr, trip: Duration) {
        let least = self.0.entry(address).or_insert(trip);
        *least = trip.min(*least);
    }

    fn note_connection(&mut self, connection: &Connection) {
        let tcp = &connection.tcp;
        let Some(winner) = tcp.winner.and_then(|winner| tcp.attempts.get(winner)) else { return };
        let address = winner.address.ip();
        // After a SYN that was sent again, the kernel's figure is not a round trip.
        if tcp.is_deferred() {
            if let Some(least) = tcp.tcp_info_after.and_then(|info| info.min_rtt) {
                self.note(address, least);
            }
        } else if winner.syn_retransmits.unwrap_or(0) == 0 {
            let kernel = tcp.tcp_info.map(|info| info.min_rtt.unwrap_or(info.rtt));
            self.note(address, kernel.unwrap_or_else(|| winner.end.since(winner.start)));
        }
        let flights = connection.tls.as_ref().ran().map_or(&[][..], |tls| &tls.flights);
        for pair in flights.windows(2) {
            if let [sent, received] = pair
                && (sent.direction, received.direction) == (Direction::Sent, Direction::Received)
                && received.start > sent.end
            {
                self.note(address, received.start.since(sent.end));
            }
        }
    }
}

/// The address of a connection's other end.
pub(super) fn address(connection: &Connection) -> Option<IpAddr> {
    let tcp = &connection.tcp;
    Some(tcp.attempts.get(tcp.winner?)?.address.ip())
}

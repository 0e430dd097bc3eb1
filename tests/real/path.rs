//! A path of one length between two namespaces, a client's and a server's, for the worlds that need no more.

use std::process::Command;
use std::time::Duration;

use crate::net::{Client, PREFIX, batch, sweep_world};
use crate::relay::Relay;
use crate::tools::{must, program};

/// The ends of a path.
pub(crate) const DEVICES: [&str; 2] = ["near", "far"];

/// The namespaces, and what carries packets between them; they go when it is dropped.
pub(crate) struct Path {
    pub(crate) client: Client,
    /// The namespace of the servers.
    pub(crate) server: String,
    prefix: String,
    relay: Option<Relay>,
}

impl Path {
    /// For the world of that name: the client has the first of the addresses, the server the second.
    pub(crate) fn new(world: &str, addresses: [&str; 2], round_trip: Duration) -> Self {
        let prefix = format!("{PREFIX}{}-{world}-", std::process::id());
        let client = Client { namespace: format!("{prefix}c"), interface: DEVICES[0].to_owned() };
        let mut path = Self { client, server: format!("{prefix}s"), prefix, relay: None };
        for namespace in [&path.client.namespace, &path.server] {
            must(Command::new(program("ip")).args(["netns", "add", namespace]));
        }
        path.relay = Some(Relay::start(&path.client.namespace, DEVICES, round_trip));
        let moved = ["-n", &path.client.namespace, "link", "set", DEVICES[1], "netns", &path.server];
        must(Command::new(program("ip")).args(moved));
        let ends = [&path.client.namespace, &path.server].into_iter().zip(DEVICES).zip(addresses);
        for ((namespace, device), address) in ends {
            let up = ["link set lo up".to_owned(), format!("link set {device} up")];
            batch(namespace, &[format!("addr add {address}/24 dev {device}"), up[0].clone(), up[1].clone()]);
        }
        path
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.relay = None;
        sweep_world(&self.prefix);
    }
}

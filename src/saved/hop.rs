//! The hops of a document as rows of a trace's tables: requests, and what was looked up and opened for them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::connect::{connect, route};
use super::value::{Fault, Object, Read, Readable, objects, record};
use crate::timeline::NOT_REACHED;
use crate::trace::{
    At, Connection, ConnectionId, Dns, Failure, Further, FurtherEnd, FurtherExchange, Http, LookupId,
    NotRetried, Request, RequestId, RetryWait, Route, Stage, Tls, Transient, Url,
};

/// The tables of a trace, while they are filled.
#[derive(Default)]
pub(super) struct Rows {
    lookups: BTreeMap<usize, Dns>,
    connections: BTreeMap<usize, Connection>,
    pub(super) requests: Vec<Request>,
}

objects! {
    Failure => |it| record!(it, Failure { stage, code, message, hint } { running: it.or("running_us", Duration::ZERO)? });
    FurtherExchange => |it| record!(it, FurtherExchange { http, failure });
}

impl Rows {
    /// Adds a hop.
    pub(super) fn add(&mut self, value: &Value) -> Read<()> {
        let it = Object::of(value)?;
        let id = RequestId(self.requests.len());
        let lookup = self.lookup(&it)?;
        let connection = self.connection(&it, id)?;
        let url: Url = it.get("url")?;
        let start: At = it.get("start_us")?;
        let until = it.or("until", url.scheme.last_stage())?;
        let http = match it.with("http", Http::read)? {
            Some(http) => Stage::Ran(http),
            None => unran(&it, "http", "send")?,
        };
        self.requests.push(record!(it, Request { failure, cors } {
            url: url,
            until: until,
            start: start,
            end: it.get("end_us")?,
            lookup: lookup,
            connection: connection,
            bypass: it.get("proxy_bypass")?,
            scan_skipped: it.get("tls_scan_skipped")?,
            http: http,
            retry_of: it.get::<Option<usize>>("retry_of")?.map(RequestId),
            further: further(&it)?,
            queued: it.get("queued_us")?,
            waited: it.with("retry", |retry| waited(retry, start))?,
            not_retried: not_retried(&it)?,
            kept: it.or("kept_connection", None)?,
        }));
        Ok(())
    }

    fn lookup(&mut self, it: &Object<'_>) -> Read<Stage<LookupId>> {
        let Some(dns) = it.with("dns", Dns::read)? else { return unran(it, "lookup", "dns") };
        let id = it.or("lookup", self.lookups.len())?;
        self.lookups.entry(id).or_insert(dns);
        Ok(Stage::Ran(LookupId(id)))
    }

    /// The connection of a hop: its own with those that were given up before, or that of an earlier one.
    fn connection(&mut self, it: &Object<'_>, hop: RequestId) -> Read<Stage<ConnectionId>> {
        let told: Option<usize> = it.get("connection")?;
        if it.has("connect") {
            let before = it.rows("abandoned_connections", |row| connection(row, hop, None))?;
            let id = told.unwrap_or(self.connections.len() + before.len());
            let first = id.checked_sub(before.len());
            let first =
                first.ok_or_else(|| Fault::new("others were given up before it").within("connection"))?;
            let own = own(it, hop, route(it)?)?;
            for (place, connection) in before.into_iter().chain([own]).enumerate() {
                self.connections.insert(first + place, connection);
            }
            return Ok(Stage::Ran(ConnectionId(id)));
        }
        let Some(opener) = it.get::<Option<usize>>("reused_connection_of")? else {
            return unran(it, "connection", "connect");
        };
        let its = self.requests.get(opener).and_then(|request| request.connection.ran());
        let used = told.map(ConnectionId).or(its);
        used.map(Stage::Ran).ok_or_else(|| Fault::new("that hop has none").within("reused_connection_of"))
    }

    /// The tables, whole: every row that is named is there.
    pub(super) fn tables(self) -> Read<(Vec<Dns>, Vec<Connection>, Vec<Request>)> {
        let Self { lookups, connections, requests } = self;
        let is_whole = |mut places: Box<dyn Iterator<Item = usize> + '_>| {
            let mut next = 0..;
            places.all(|place| next.next() == Some(place))
        };
        if !is_whole(Box::new(lookups.keys().copied())) {
            return Err(Fault::new("lookups of the run are missing").within("hops"));
        }
        let named = requests.iter().filter_map(|request| request.connection.ran());
        let known = named.map(|id| id.0).all(|id| connections.contains_key(&id));
        if !known || !is_whole(Box::new(connections.keys().copied())) {
            return Err(Fault::new("connections of the run are missing").within("hops"));
        }
        Ok((lookups.into_values().collect(), connections.into_values().collect(), requests))
    }
}

/// The connection that a hop itself opened.
fn own(it: &Object<'_>, hop: RequestId, route: Option<Route>) -> Read<Connection> {
    let tcp = it.with("connect", |value| connect(value, route))?;
    let tls = match it.with("tls", Tls::read)? {
        Some(tls) => Stage::Ran(tls),
        None => unran(it, "tls", "tls")?,
    };
    Ok(Connection {
        opened_for: hop,
        tcp: tcp.ok_or_else(|| Fault::new("it is missing").within("connect"))?,
        proxy: it.get("proxy")?,
        quic: it.get("quic")?,
        tls,
    })
}

/// One that was given up.
fn connection(value: &Value, hop: RequestId, route: Option<Route>) -> Read<Connection> {
    let it = Object::of(value)?;
    let tcp = it.with("connect", |value| connect(value, route))?;
    Ok(Connection {
        opened_for: hop,
        tcp: tcp.ok_or_else(|| Fault::new("it is missing").within("connect"))?,
        proxy: it.get("proxy")?,
        quic: it.get("quic")?,
        tls: match (it.with("tls", Tls::read)?, it.get("tls_skipped")?) {
            (Some(tls), _) => Stage::Ran(tls),
            (None, Some(why)) => Stage::Skipped(why),
            (None, None) => Stage::NotReached,
        },
    })
}

/// A part that did not run: `skipped` says why; in documents without it the reason of its phase does.
fn unran<T>(it: &Object<'_>, part: &str, phase: &str) -> Read<Stage<T>> {
    let why: Option<&'static str> = match (it.object("skipped")?, it.object("reasons")?) {
        (Some(skipped), _) => skipped.get(part)?,
        (None, Some(reasons)) => {
            reasons.get::<Option<&'static str>>(phase)?.filter(|why| *why != NOT_REACHED)
        }
        (None, None) => None,
    };
    Ok(why.map_or(Stage::NotReached, Stage::Skipped))
}

fn waited(value: &Value, start: At) -> Read<RetryWait> {
    let it = Object::of(value)?;
    let cause = match it.get::<String>("cause")?.as_str() {
        "status" => Transient::Status(it.get("status")?),
        "timeout" => Transient::Timeout,
        "refused" => Transient::Refused,
        _ => return Err(Fault::new("it is nothing that passes").within("cause")),
    };
    Ok(RetryWait { cause, rule: it.get("rule")?, end: start.after(it.get("waited_us")?) })
}

fn not_retried(it: &Object<'_>) -> Read<Option<NotRetried>> {
    let Some(word) = it.get::<Option<String>>("not_retried")? else { return Ok(None) };
    Ok(Some(match word.as_str() {
        "used-up" => NotRetried::UsedUp,
        "not-idempotent" => NotRetried::NotIdempotent,
        "beyond-max-time" => NotRetried::TooLong(it.or("not_retried_wait_us", Duration::ZERO)?),
        "body-spent" => NotRetried::BodySpent,
        _ => return Err(Fault::new("it is no reason").within("not_retried")),
    }))
}

/// The same request again on its connection. Documents that tell its times alone have none.
fn further(it: &Object<'_>) -> Read<Option<Further>> {
    let Some(word) = it.get::<Option<String>>("further_end")? else { return Ok(None) };
    let whole = |row: &Value| Ok(Object::of(row)?.has("http"));
    if !it.rows("further", whole)?.into_iter().all(|is_whole| is_whole) {
        return Ok(None);
    }
    let end = match word.as_str() {
        "done" => FurtherEnd::Done,
        "closed" => FurtherEnd::Closed,
        "failed" => FurtherEnd::Failed,
        "stopped" => FurtherEnd::Stopped,
        "untried" => FurtherEnd::Untried(it.get("further_why")?),
        _ => return Err(Fault::new("it is no end of further requests").within("further_end")),
    };
    Ok(Some(Further { exchanges: it.rows("further", FurtherExchange::read)?, end }))
}

//! A connection race, and the path to its winner.

use serde_json::Value;

use super::dns::source;
use super::value::{Fault, Object, Read, Readable, objects, record};
use crate::trace::{
    AddressCheck, Attempt, AttemptOutcome, Carrier, Connect, FastOpen, FastOpenStart, Route, RouteEnd,
    RouteHop, TcpInfo,
};

/// The race; its route stands beside it, in the hop.
pub(super) fn connect(value: &Value, route: Option<Route>) -> Read<Connect> {
    let it = Object::of(value)?;
    let (attempts, rivals) = attempts(&it)?;
    let winner: Option<usize> = it.get("winner")?;
    if winner.is_some_and(|winner| winner >= attempts.len()) {
        return Err(Fault::new("there is no such attempt").within("winner"));
    }
    Ok(record!(it, Connect {
        stamped_by, local, tcp_info, untried, redirected_from, unix_socket, tcp_info_after, addresses,
        addresses_skipped, udp_check, fast_open
    } {
        start: it.get("start_us")?,
        end: it.end()?,
        noticed: it.get("noticed_us")?,
        attempts: attempts,
        winner: winner,
        rivals: rivals,
        route: route,
    }))
}

/// The attempts of the race, and those of the other transport, which stand behind them.
fn attempts(it: &Object<'_>) -> Read<(Vec<Attempt>, Vec<Attempt>)> {
    let mut attempts: Vec<Attempt> = it.get("attempts")?;
    let first = attempts.first().map_or(Carrier::Tcp, |first| first.transport);
    let others = attempts.iter().filter(|attempt| attempt.transport != first).count();
    let count = it.or("rivals", others)?;
    let own = attempts.len().checked_sub(count);
    let own = own.ok_or_else(|| Fault::new("there are not so many attempts").within("rivals"))?;
    let rivals = attempts.split_off(own);
    Ok((attempts, rivals))
}

objects! {
    Attempt => |it| record!(it, Attempt { syn_retransmits } {
        address: it.address()?,
        start: it.get("start_us")?,
        end: it.get("end_us")?,
        outcome: outcome(&it)?,
        source: source(&it)?,
        transport: it.or("transport", Carrier::Tcp)?,
        answered: it.get("answered_us")?,
    });
    AddressCheck => |it| record!(it, AddressCheck { outcome, tls_version, verified, fingerprint, status, code, error } {
        address: it.address()?,
        connect: it.get("connect_us")?,
        rtt: it.get("rtt_us")?,
        tls: it.get("tls_us")?,
    });
    TcpInfo => |it| record!(it, TcpInfo {
        mss, retransmits, timeouts, congestion_window, path_mtu, reordering, out_of_order, delivery_rate, duplicates, reorderings,
        bytes_sent, bytes_retransmitted, bytes_acked, bytes_received
    } {
        rtt: it.get("rtt_us")?,
        rtt_var: it.get("rtt_var_us")?,
        rto: it.get("rto_us")?,
        min_rtt: it.get("min_rtt_us")?,
    });
    FastOpen => |it| record!(it, FastOpen { answered, data_accepted, refusal } {
        start: match (it.get("asked")?, it.get::<Option<String>>("cookie")?.as_deref()) {
            (false, _) => FastOpenStart::Forbidden,
            (true, Some("cached")) => FastOpenStart::Deferred,
            (true, _) => FastOpenStart::Asked,
        },
        granted: match it.get::<Option<String>>("cookie")?.as_deref() {
            Some("granted") => Some(true),
            Some("none") => Some(false),
            _ => None,
        },
    });
    RouteHop => |it| record!(it, RouteHop { ttl, address, others, name, sent, answered, answer } {
        rtt: it.get("rtt_us")?,
    });
}

fn outcome(it: &Object<'_>) -> Read<AttemptOutcome> {
    let error = || it.get::<Option<String>>("error").map(Option::unwrap_or_default);
    Ok(match it.get::<String>("outcome")?.as_str() {
        "won" => AttemptOutcome::Won,
        "lost" => AttemptOutcome::Lost,
        "refused" => AttemptOutcome::Refused,
        "timed-out" => AttemptOutcome::TimedOut,
        "unreachable" => AttemptOutcome::Unreachable(error()?),
        "failed" => AttemptOutcome::Failed(error()?),
        "stopped" => AttemptOutcome::Stopped,
        _ => return Err(Fault::new("it is no end of an attempt").within("outcome")),
    })
}

/// The path of a hop; `None` where none was asked for.
pub(super) fn route(hop: &Object<'_>) -> Read<Option<Route>> {
    let Some(word) = hop.get::<Option<String>>("route_end")? else { return Ok(None) };
    let end = match word.as_str() {
        "reached" => RouteEnd::Reached,
        "unreachable" => RouteEnd::Unreachable,
        "too-far" => RouteEnd::TooFar,
        "stopped" => RouteEnd::Stopped,
        "failed" => RouteEnd::Failed(hop.get("route_why")?),
        "untraced" => RouteEnd::Untraced(hop.get("route_why")?),
        _ => return Err(Fault::new("it is no end of a path").within("route_end")),
    };
    Ok(Some(Route { hops: hop.rows("route", RouteHop::read)?, end }))
}

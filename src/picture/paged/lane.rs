//! The connections of a page: how each was opened, and what went over it, side by side where that overlaps.

use super::row::Row;
use crate::timeline::Phase;
use crate::trace::{At, Connection, ConnectionId, Trace};

/// Requests that are drawn side by side at most: further ones lie over the one that ends first.
const MOST_TRACKS: usize = 16;

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Which.
    pub id: ConnectionId,
    /// The row of the request that it was opened for.
    pub opened_for: Option<usize>,
    /// That went over another, which was free or open before.
    pub is_spare: bool,
    /// How it was opened.
    pub openings: Vec<Opening>,
    /// What went over it, by its start.
    pub runs: Vec<Run>,
    /// How many lines these need, so that none lies over another.
    pub tracks: usize,
}

/// A step of opening a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which.
    pub phase: Phase,
    /// Its start.
    pub start: At,
    /// Its end.
    pub end: At,
}

/// One request on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its row.
    pub row: usize,
    /// The line that it is drawn on.
    pub track: usize,
    /// Its first byte out.
    pub start: At,
    /// Its end.
    pub end: At,
}

/// The lanes of all connections, in the order in which they were begun.
pub(super) fn lanes(trace: &Trace, rows: &[Row<'_>]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = trace
        .connections
        .iter()
        .enumerate()
        .map(|(id, connection)| {
            let own = |row: &Row<'_>| row.hop.id == connection.opened_for;
            let spare = |row: &Row<'_>| {
                row.resource.is_some_and(|(_, resource)| resource.spare == Some(connection.opened_for))
            };
            let is_spare = rows.iter().any(spare);
            Lane {
                id: ConnectionId(id),
                opened_for: rows.iter().position(|row| own(row) || spare(row)),
                is_spare,
                openings: openings(connection),
                runs: Vec::new(),
                tracks: 1,
            }
        })
        .collect();
    for (place, row) in rows.iter().enumerate() {
        let lane = row.hop.request.connection.ran().and_then(|id| lanes.get_mut(id.0));
        let start = row.phases[Phase::Send].or(row.phases[Phase::Receive]).map(|(start, _)| start);
        if let Some((lane, start)) = lane.zip(start) {
            lane.runs.push(Run { row: place, track: 0, start, end: row.hop.end.max(start) });
        }
    }
    lanes.iter_mut().for_each(lay);
    lanes.sort_by_key(|lane| lane.openings.first().map(|opening| opening.start));
    lanes
}

fn openings(connection: &Connection) -> Vec<Opening> {
    let proxy = connection.proxy.as_ref().and_then(|proxy| Some((Phase::Proxy, proxy.start?, proxy.end)));
    let tls = connection.tls.as_ref().ran().filter(|_| connection.quic.is_none());
    let quic = connection.quic.as_ref().map(|quic| (Phase::Quic, quic.start, quic.end));
    let tcp = (Phase::Connect, connection.tcp.start, connection.tcp.end);
    let tcp = if quic.is_some() { None } else { Some(tcp) };
    let all = [tcp, proxy, tls.map(|tls| (Phase::Tls, tls.start, tls.end)), quic];
    all.into_iter()
        .flatten()
        .map(|(phase, start, end)| Opening { phase, start, end: end.max(start) })
        .collect()
}

/// Gives each run the first line that is free.
fn lay(lane: &mut Lane) {
    lane.runs.sort_by_key(|run| (run.start, run.row));
    let mut ends: Vec<At> = Vec::new();
    for run in &mut lane.runs {
        run.track = match ends.iter().position(|end| *end <= run.start) {
            Some(free) => free,
            None if ends.len() < MOST_TRACKS => {
                ends.push(run.end);
                ends.len() - 1
            }
            None => (0..ends.len()).min_by_key(|track| ends[*track]).unwrap_or_default(),
        };
        ends[run.track] = ends[run.track].max(run.end);
    }
    lane.tracks = ends.len().max(1);
}

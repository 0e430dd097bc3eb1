//! When a page has ended its tables become those of the trace, and its marks are set.

use super::engine::Engine;
use super::numbers::settled;
use super::state::State;
use crate::dns::UncountedLanes;
use crate::trace::{
    At, Blocking, ConnectionId, Failure, FailureCode, Fate, Left, LookupId, Marks, Page, PageLimit, Request,
    RequestId, Resource, SecondVisit, Stage, StageName, Trace,
};

impl Engine<'_> {
    /// Puts the page into the trace. What still runs beside its lookups is given back.
    pub(crate) fn settle(
        self,
        trace: &mut Trace,
        again: Option<SecondVisit>,
    ) -> Vec<(LookupId, UncountedLanes)> {
        let state = self.state.into_inner();
        let State {
            resources, mut requests, lookups, mut connections, watches, unread, of_quic, lanes, ..
        } = state;
        for (row, watch) in watches {
            connections[row].tcp.tcp_info_after = watch.read();
        }
        for (row, watch) in of_quic {
            if let Some(quic) = &mut connections[row].quic {
                watch.read_into(quic);
            }
        }
        for (row, unread) in unread {
            if let Stage::Ran(tls) = &mut connections[row].tls
                && let Some(doubt) = unread.read_into(tls)
            {
                doubt.settle(tls);
            }
        }
        let (requests_before, lookups_before, connections_before) =
            (trace.requests.len(), trace.lookups.len(), trace.connections.len());
        for connection in &mut connections {
            connection.opened_for = RequestId(settled(connection.opened_for.0, requests_before));
        }
        for request in &mut requests {
            if let Stage::Ran(id) = request.lookup {
                request.lookup = Stage::Ran(LookupId(settled(id.0, lookups_before)));
            }
            if let Stage::Ran(id) = request.connection {
                request.connection = Stage::Ran(ConnectionId(settled(id.0, connections_before)));
            }
        }
        trace.lookups.extend(lookups);
        trace.connections.extend(connections);
        let marks = marks(trace, &resources, &requests, state.head_read);
        let resources = in_order(resources, requests_before);
        let limits = [Left::TooMany, Left::TooDeep, Left::TooLarge];
        let mut page = Page {
            resources,
            requests,
            document: state.read.unwrap_or_default(),
            viewport: state.plan.viewport,
            profile: state.plan.profile,
            limits: Vec::new(),
            marks,
            again,
        };
        page.limits = limits
            .into_iter()
            .map(|why| PageLimit { why, left_out: page.left_for(why) })
            .filter(|limit| limit.left_out > 0)
            .collect();
        trace.page = Some(Box::new(page));
        lanes.into_iter().map(|(row, lanes)| (LookupId(lookups_before + row), lanes)).collect()
    }
}

/// The ids of the requests behind those of the trace.
fn in_order(mut resources: Vec<Resource>, before: usize) -> Vec<Resource> {
    for resource in &mut resources {
        match &mut resource.fate {
            Fate::Requested(id) | Fate::Prepared(id) => *id = RequestId(id.0 + before),
            Fate::Left(_) | Fate::Unstarted => {}
        }
        resource.spare = resource.spare.map(|id| RequestId(id.0 + before));
    }
    resources
}

/// What stands out. Before the head is read and what blocks is there, nothing can have been painted; a page that could
/// not be read has no such mark, nor has one of which something that blocks had not ended.
fn marks(trace: &Trace, resources: &[Resource], requests: &[Request], head_read: Option<At>) -> Marks {
    let document = trace.requests.last();
    let http = document.and_then(|request| request.http.as_ref().ran());
    let of = |resource: &Resource| match resource.fate {
        Fate::Requested(id) => requests.get(id.0),
        Fate::Prepared(_) | Fate::Left(_) | Fate::Unstarted => None,
    };
    let blocking = resources.iter().filter(|resource| resource.blocking == Blocking::Render);
    let came = |request: &&Request| {
        let cut = |failure: &Failure| matches!(failure.code, FailureCode::MaxTime | FailureCode::Interrupted);
        !request.failure.as_ref().is_some_and(cut)
    };
    let ends: Option<Vec<At>> =
        blocking.map(|resource| of(resource).filter(came).map(|request| request.end)).collect();
    let ends = ends.filter(|_| document.is_some_and(|document| document.failure.is_none()));
    let start_render = head_read.zip(ends).map(|(head, ends)| ends.into_iter().fold(head, At::max));
    // What was done ahead is not waited for by anybody.
    let asked = requests.iter().filter(|request| request.until == StageName::Http);
    let end = document.map(|document| asked.map(|request| request.end).fold(document.end, At::max));
    Marks { first_byte: http.and_then(|http| http.first_byte), head_read, start_render, end }
}

//! The redaction of a trace: the URL and, by the stage, what was seen.

use super::redacted::Redact;
use super::seen::Seen;
use super::shape::Shape;
use crate::trace::{
    Connection, Cors, CorsRefusal, CorsVerdict, Further, FurtherExchange, Page, Request, Resource, Stage,
    Trace, Url, UrlChange, UrlChangeKind,
};

impl Redact for Trace {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.input, Shape::Typed);
        // Failures quote what is left of it.
        seen.learn(self.input.trim_matches(|char: char| char <= ' '), Shape::Typed);
        seen.learn(&self.input.replace(['\t', '\n', '\r'], ""), Shape::Typed);
        for proxy in self.connections.iter().filter_map(|connection| connection.proxy.as_ref()) {
            proxy.learn(seen);
        }
        self.requests.iter().for_each(|request| learn_request(request, seen));
        if let Some(page) = &self.page {
            page.learn(seen);
        }
    }

    fn hide(&mut self, seen: &Seen) {
        let Self {
            input,
            started_at: _,
            setup: _,
            total: _,
            lookups,
            connections,
            requests,
            no_request,
            page,
            lab: _,
            brief: _, // numbers
        } = self;
        seen.clean(input, Shape::Typed);
        lookups.iter_mut().for_each(|dns| dns.hide(seen));
        for Connection { opened_for: _, tcp, proxy, quic: _, tls } in connections {
            tcp.hide(seen);
            if let Some(proxy) = proxy {
                proxy.hide(seen);
            }
            hide_stage(tls, seen);
        }
        requests.iter_mut().for_each(|request| hide_request(request, seen));
        if let Some(failure) = no_request {
            failure.hide(seen);
        }
        if let Some(page) = page {
            page.hide(seen);
        }
    }
}

impl Redact for Page {
    fn learn(&self, seen: &mut Seen) {
        self.resources.iter().for_each(|resource| seen.learn(&resource.url, Shape::Typed));
        self.requests.iter().for_each(|request| learn_request(request, seen));
    }

    fn hide(&mut self, seen: &Seen) {
        // Charsets are words of ours, and so is all that is said of limits.
        let Self { resources, requests, document: _, viewport: _, profile: _, limits: _, marks: _, again: _ } =
            self;
        for resource in resources {
            let Resource {
                url,
                kind: _,
                initiator: _,
                discovered: _,
                priority: _,
                blocking: _,
                fate: _,
                ahead: _,
                cross_origin: _,
                note,
                integrity: _,
                unused: _,
                spare: _,
            } = resource;
            seen.clean(url, Shape::Typed);
            if let Some(note) = note {
                seen.sentence(note);
            }
        }
        requests.iter_mut().for_each(|request| hide_request(request, seen));
    }
}

fn learn_request(request: &Request, seen: &mut Seen) {
    learn_url(&request.url, seen);
    if let Some(http) = request.http.as_ref().ran() {
        http.learn(seen);
    }
    let further = request.further.iter().flat_map(|further| &further.exchanges);
    further.for_each(|exchange| exchange.http.learn(seen));
}

fn hide_request(request: &mut Request, seen: &Seen) {
    let Request {
        url,
        until: _,
        start: _,
        end: _,
        lookup: _,
        connection: _,
        bypass: _,
        scan_skipped: _,
        http,
        failure,
        retry_of: _,
        queued: _,
        waited: _,
        not_retried: _,
        kept: _,
        further,
        cors,
    } = request;
    // The rest is the user's own word, and names of fields.
    if let Some(Cors { verdict: Some(CorsVerdict::Refused(CorsRefusal::OtherOrigin(said))), .. }) = cors {
        seen.clean(said, Shape::Foreign);
    }
    hide_url(url, seen);
    hide_stage(http, seen);
    if let Some(Further { exchanges, end: _ }) = further {
        for FurtherExchange { http, failure } in exchanges {
            http.hide(seen);
            if let Some(failure) = failure {
                failure.hide(seen);
            }
        }
    }
    if let Some(failure) = failure {
        failure.hide(seen);
    }
}

fn hide_stage<T: Redact>(stage: &mut Stage<T>, seen: &Seen) {
    match stage {
        Stage::Ran(record) => record.hide(seen),
        // The reason is one of ours.
        Stage::Skipped(_) | Stage::NotReached => {}
    }
}

fn learn_url(url: &Url, seen: &mut Seen) {
    seen.host(&url.host_ascii);
    seen.learn(&url.href, Shape::Typed);
    if let Some(password) = &url.password {
        seen.value(password.as_bytes());
    } else if let Some(name) = &url.username {
        // A token often stands where the name should.
        seen.value(name.as_bytes());
    }
    for change in &url.changes {
        seen.learn(&change.before, shape(change));
        seen.learn(&change.after, shape(change));
    }
}

fn hide_url(url: &mut Url, seen: &Seen) {
    let Url {
        href,
        scheme: _,
        scheme_assumed: _,
        username,
        password,
        host: _,
        host_ascii: _,
        host_unicode: _,
        port: _,
        port_is_default: _,
        path,
        query,
        fragment,
        changes,
    } = url;
    // The parts that a password with a raw slash was cut into are known as a whole only.
    seen.clean(href, Shape::Typed);
    for secret in [username, password].into_iter().flatten() {
        super::ranges::REDACTED.clone_into(secret);
    }
    seen.clean(path, Shape::Reference);
    for part in [query, fragment].into_iter().flatten() {
        seen.clean(part, Shape::Query);
    }
    for change in changes {
        let shape = shape(change);
        let UrlChange { kind: _, before, after } = change;
        seen.clean(before, shape);
        seen.clean(after, shape);
    }
}

/// A change of the encoding shows a path, a query or a fragment; every other one may show a whole URL.
fn shape(change: &UrlChange) -> Shape {
    match change.kind {
        UrlChangeKind::PercentEncoding => Shape::Query,
        _ => Shape::Typed,
    }
}

//! The redaction of a request and its response.

use super::redacted::Redact;
use super::seen::Seen;
use super::shape::Shape;
use crate::trace::{
    Body, BodySaid, ErrorPage, GoAway, GraphQlErrors, Grpc, GrpcFault, Http, Informational, Problem,
    Redirect, SentRequest, SetCookie, WebSocket, WebToken,
};

impl Redact for Http {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.request.target, Shape::Reference);
        let interim = self.informational.iter().flat_map(|interim| &interim.headers);
        let fields = self.request.headers.iter().chain(interim).chain(&self.headers).chain(&self.trailers);
        fields.for_each(|field| seen.learn_field(field));
        if let Some(redirect) = &self.redirect {
            seen.learn(&redirect.location, Shape::Reference);
            if let Some(target) = &redirect.target {
                seen.learn(target, Shape::Typed);
            }
        }
    }

    fn hide(&mut self, seen: &Seen) {
        let Self {
            request,
            version: _,
            start: _,
            first_byte_noticed: _,
            stamped_by: _,
            sent: _,
            expect: _,
            body_wait: _,
            body_acked: _,
            informational,
            first_byte: _,
            head_end: _,
            end: _,
            status: _,
            reason,
            headers,
            trailers,
            head_bytes: _,
            body,
            bursts: _,
            bytes_received: _,
            bytes_sent: _,
            garbage,
            goaway,
            unanswered: _,
            redirect,
            tokens,
            websocket,
            grpc,
            cookies,
        } = self;
        if let Some(WebSocket { protocol, close, .. }) = websocket {
            let reason = close.iter_mut().map(|close| &mut close.reason);
            protocol.iter_mut().chain(reason).for_each(|text| seen.clean(text, Shape::Foreign));
        }
        if let Some(call) = grpc {
            hide_call(call, seen);
        }
        for cookie in cookies.iter_mut().flatten() {
            let SetCookie { field: _, name, fate: _, secure: _, http_only: _, same_site: _ } = cookie;
            seen.clean(name, Shape::Foreign);
        }
        tokens.iter_mut().for_each(|token| hide_token(token, seen));
        hide_request(request, seen);
        for interim in informational {
            let Informational { status: _, at: _, headers } = interim;
            headers.iter_mut().for_each(|field| seen.field(field));
        }
        headers.iter_mut().chain(trailers).for_each(|field| seen.field(field));
        if let Some(reason) = reason {
            seen.clean(reason, Shape::Foreign);
        }
        hide_body(body, seen);
        if let Some(garbage) = garbage {
            seen.foreign(garbage);
        }
        if let Some(GoAway { last_stream: _, code: _, debug }) = goaway {
            seen.foreign(debug);
        }
        if let Some(redirect) = redirect {
            hide_redirect(redirect, seen);
        }
    }
}

fn hide_request(request: &mut SentRequest, seen: &Seen) {
    let SentRequest { method: _, target, headers, body_bytes: _ } = request;
    seen.clean(target, Shape::Reference);
    headers.iter_mut().for_each(|field| seen.field(field));
}

fn hide_call(call: &mut Grpc, seen: &Seen) {
    let Grpc { service, method, asked, status: _, message, serving: _, faults } = call;
    for text in [service, method].into_iter().chain(asked).chain(message) {
        seen.clean(text, Shape::Foreign);
    }
    for fault in faults {
        if let GrpcFault::NotGrpc(Some(text)) | GrpcFault::Compressed(text) | GrpcFault::BadStatus(text) =
            fault
        {
            seen.clean(text, Shape::Foreign);
        }
    }
}

fn hide_body(body: &mut Body, seen: &Seen) {
    let Body {
        wire_bytes: _,
        encoded_bytes: _,
        decoded_bytes: _,
        surplus_bytes: _,
        beyond_bytes: _,
        encoding,
        framing: _,
        complete: _,
        decode_error,
        saved_to: _, // the user's own file
        tls_complaint: _,
        arrivals: _,
        start,
        said,
        events: _,
        messages: _,
    } = body;
    // Nobody shows it, and it may hold anything.
    start.clear();
    let BodySaid { page, problem, graphql } = said;
    let page = page.as_mut().and_then(|ErrorPage { by: _, code }| code.as_mut());
    let problem = problem.as_mut().map(|Problem { title, status: _, kind, detail }| [title, kind, detail]);
    let problem = problem.into_iter().flatten().filter_map(Option::as_mut);
    let graphql = graphql.as_mut().map(|GraphQlErrors { count: _, first }| first);
    for text in page.into_iter().chain(problem).chain(graphql) {
        seen.clean(text, Shape::Foreign);
    }
    for text in [encoding, decode_error].into_iter().flatten() {
        seen.clean(text, Shape::Foreign);
    }
}

/// What is told of a token is what anybody may know; a name of a key may still be what somebody made it.
fn hide_token(token: &mut WebToken, seen: &Seen) {
    let WebToken {
        place: _,
        form: _,
        algorithm,
        kind,
        key,
        issuer,
        audience,
        issued: _,
        not_before: _,
        expires: _,
        left: _,
        others: _,
        faults: _,
    } = token;
    let texts = [algorithm, kind, key, issuer].into_iter().filter_map(Option::as_mut);
    texts.chain(audience).for_each(|text| seen.clean(text, Shape::Foreign));
}

fn hide_redirect(redirect: &mut Redirect, seen: &Seen) {
    let Redirect { location, target, changes: _, followed: _, next_method: _ } = redirect;
    seen.clean(location, Shape::Reference);
    if let Some(target) = target {
        seen.clean(target, Shape::Typed);
    }
}

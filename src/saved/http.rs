//! A request and its response.

use serde_json::Value;
use std::time::Duration;

use super::value::{Fault, Object, Read, Readable, hex, objects, record, whole};
use crate::trace::{
    Arrivals, At, Body, BodySaid, Burst, CookieFate, ErrorPage, EventStream, Expect, GoAway, GraphQlErrors,
    Header, Http, Informational, Problem, Redirect, SentRequest, SetCookie, WebSocket, WebSocketClose,
    WebToken,
};

objects! {
    Http => |it| record!(it, Http {
        version, expect, stamped_by, informational, status, reason, bursts, bytes_received, bytes_sent, goaway,
        unanswered, redirect, websocket, cookies
    } {
        request: it.get("request")?,
        start: it.get("start_us")?,
        sent: it.get("sent_us")?,
        body_wait: body_wait(&it)?,
        body_acked: it.get("body_acked_us")?,
        first_byte: it.get("first_byte_us")?,
        first_byte_noticed: it.get("first_byte_noticed_us")?,
        head_end: it.get("head_end_us")?,
        end: it.get("end_us")?,
        headers: headers(&it, "headers")?,
        trailers: headers(&it, "trailers")?,
        head_bytes: it.or("head_bytes", 0)?,
        body: body(&it)?,
        garbage: it.object("garbage")?.map(|garbage| garbage.with("hex", hex)).transpose()?.flatten(),
        tokens: it.object("auth")?.map(|auth| auth.get("tokens")).transpose()?.unwrap_or_default(),
        grpc: it.get("grpc")?,
    });
    SentRequest => |it| record!(it, SentRequest { method, target } {
        headers: headers(&it, "headers")?,
        body_bytes: it.or("body_bytes", 0)?,
    });
    Expect => |it| record!(it, Expect { outcome } {
        asked: it.get("asked_us")?,
        end: it.get("end_us")?,
        limit: it.get("limit_us")?,
    });
    Informational => |it| record!(it, Informational { status } {
        at: it.get("at_us")?,
        headers: headers(&it, "headers")?,
    });
    Header => |it| record!(it, Header { name } {
        value: match it.with("hex", hex)? {
            Some(bytes) => bytes,
            None => it.get::<String>("value")?.into_bytes(),
        },
    });
    Burst => |it| record!(it, Burst { bytes } { start: it.get("start_us")?, end: it.get("end_us")? });
    GoAway => |it| record!(it, GoAway { last_stream, code } {
        debug: match it.with("debug_hex", hex)? {
            Some(bytes) => bytes,
            None => it.get::<Option<String>>("debug")?.unwrap_or_default().into_bytes(),
        },
    });
    Redirect => |it| record!(it, Redirect { location, target, changes, followed, next_method });
    WebToken => |it| record!(it, WebToken { place, form, faults, not_before } {
        algorithm: it.get("alg")?,
        kind: it.get("typ")?,
        key: it.get("kid")?,
        issuer: it.get("iss")?,
        audience: it.get("aud")?,
        issued: it.get("issued_at")?,
        expires: it.get("expires_at")?,
        left: it.get("left_s")?,
        others: it.or("other_claims", 0)?,
    });
    WebSocket => |it| record!(it, WebSocket { protocol, frames, messages, bytes, close } {
        ping: it.get("ping_us")?,
        pong: it.get("pong_us")?,
    });
    WebSocketClose => |it| record!(it, WebSocketClose { code, reason });
    EventStream => |it| record!(it, EventStream { events, comments, end } {
        first_event: it.get("first_event_us")?,
        retry: it.with("retry_ms", whole)?,
    });
    SetCookie => |it| record!(it, SetCookie { field, name, secure, http_only, same_site } {
        fate: match it.get::<String>("fate")?.as_str() {
            "kept" => CookieFate::Kept,
            "removed" => CookieFate::Removed,
            "refused" => CookieFate::Refused(it.get("refusal")?),
            _ => return Err(Fault::new("it is nothing that becomes of a cookie").within("fate")),
        },
    });
    Problem => |it| record!(it, Problem { title, status, detail } { kind: it.get("type")? });
    GraphQlErrors => |it| record!(it, GraphQlErrors { count, first });
    ErrorPage => |it| record!(it, ErrorPage { by, code });
}

/// The fields of a message.
pub(super) fn headers(it: &Object<'_>, name: &str) -> Read<Vec<Header>> {
    it.rows(name, Header::read)
}

/// How long the sending waited for its own source, which stands with the request.
fn body_wait(it: &Object<'_>) -> Read<Duration> {
    let request = it.object("request")?;
    request.map_or(Ok(Duration::ZERO), |request| request.or("body_wait_us", Duration::ZERO))
}

/// The body, and what stands beside it of what it says.
fn body(http: &Object<'_>) -> Read<Body> {
    let it = http.object("body")?.ok_or_else(|| Fault::new("it is missing").within("body"))?;
    let read = || -> Read<Body> {
        Ok(record!(it, Body {
            wire_bytes, encoded_bytes, decoded_bytes, encoding, framing, complete, decode_error, saved_to, tls_complaint
        } {
            surplus_bytes: it.or("surplus_bytes", 0)?,
            beyond_bytes: it.or("beyond_bytes", 0)?,
            arrivals: arrivals(&it)?,
            start: Vec::new(),
            said: BodySaid::default(),
            events: None,
            messages: None,
        }))
    };
    let body = read().map_err(|fault| fault.within("body"))?;
    let said = BodySaid {
        page: http.get("error_page")?,
        problem: http.get("problem")?,
        graphql: http.get("graphql_errors")?,
    };
    Ok(Body { said, events: http.get("sse")?, messages: super::grpc::messages(http)?, ..body })
}

/// When the bytes came: the moments that were kept, or of documents that lack them the shares.
fn arrivals(it: &Object<'_>) -> Read<Arrivals> {
    let Some(curve) = it.object("arrival_curve")? else {
        let mut arrivals = Arrivals::default();
        for share in it.rows("arrivals", share)? {
            arrivals.note(share.0, share.1);
        }
        return Ok(arrivals);
    };
    let read = || -> Read<Arrivals> {
        let points = curve.rows("points", pair)?;
        let last = curve.with("last", pair)?;
        Arrivals::of(points, last, curve.get("step_bytes")?)
            .ok_or_else(|| Fault::new("these are not the moments of a body").within("points"))
    };
    read().map_err(|fault| fault.within("arrival_curve"))
}

fn share(value: &Value) -> Read<(At, u64)> {
    let it = Object::of(value)?;
    Ok((it.get("at_us")?, it.get("bytes")?))
}

fn pair(value: &Value) -> Read<(At, u64)> {
    match Vec::<u64>::read(value)?[..] {
        [at, bytes] => Ok((At(at), bytes)),
        _ => Err(Fault::new("it is no moment with its bytes")),
    }
}

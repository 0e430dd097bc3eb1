//! What the answer says beside the page: who it came by, whose the wait was, who has to say who he is, how much may
//! be asked.

use super::teller::{Teller, clip, list};
use crate::reading::{
    Challenge, Flow, Layer, challenges, error_source, flow, habits, layers, limits, spoken, wait,
};
use crate::trace::{Grpc, GrpcStatusBy, Hop, Http, Serving, TokenForm, WebSocket};
use crate::units;

/// Who stood on the way, as far as the answer says, and who made it.
pub(super) fn by_whom(http: &Http) -> Vec<String> {
    let all = layers(&http.headers);
    let one = |layer: &Layer| {
        let role = layer.role.as_str();
        layer.called().map_or_else(|| format!("a {role}"), |called| format!("a {role} ({called})"))
    };
    let mut told = Vec::new();
    if all.len() > 1 {
        let words: Vec<String> = all.iter().map(one).collect();
        told.push(format!(
            "By its fields it came through {}, counted from here: each on the way may add a field, and none has to.",
            list(&words)
        ));
    }
    if let Some(source) = error_source(http) {
        let called = source.called.as_ref().map_or_else(String::new, |called| format!(" ({})", clip(called)));
        told.push(format!(
            "It was made by the {}{called}, which says: {}.",
            source.maker.as_str(),
            clip(&source.meaning)
        ));
    }
    told
}

/// The rest, where there is any.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>, http: &Http) {
    let mut told: Vec<String> = challenges(&http.headers, "www-authenticate").iter().map(challenge).collect();
    told.extend(flow(http).map(|flow| login(hop, &flow)));
    told.extend(http.tokens.iter().map(|token| {
        let form = match token.form {
            TokenForm::Signed => "signed, so that it can be read by all and made by few",
            TokenForm::Encrypted => "encrypted",
        };
        let left = match token.left {
            Some(left @ 0..) => format!("it holds for {left} s more"),
            Some(left) => format!("it expired {} s before", left.unsigned_abs()),
            None => "it does not say how long it holds".to_owned(),
        };
        format!("In the {} stood a web token, {form}; {left}.", clip(&token.place))
    }));
    told.extend(live(http));
    told.extend(of_limits(hop, http));
    told.extend(of_the_wait(hop));
    let habits = habits(&http.headers);
    told.extend(
        habits
            .links
            .first()
            .map(|(relation, target)| format!("The list goes on: its {relation} page is {}.", clip(target))),
    );
    told.extend(
        habits.sunset.map(|at| format!("What was asked for will be switched off on {}.", spoken(at))),
    );
    if !told.is_empty() {
        teller.tell(
            "What the answer says beside",
            &told,
            &["RFC 9110 section 11.6.1", "RFC 6585 section 4", "W3C Server Timing section 3"],
            "urltrace --lab https://rate-limited.http.test/",
        );
    }
}

/// What came as long as somebody listened.
fn live(http: &Http) -> Option<String> {
    if let Some(WebSocket { ping: Some(ping), pong: Some(pong), .. }) = &http.websocket {
        return Some(format!(
            "With 101 the connection was no more one of HTTP: both sides may send messages whenever they like (WebSocket). A \
             ping was answered {} later, and then the connection was closed.",
            units::duration(pong.since(*ping))
        ));
    }
    if let Some(call) = &http.grpc {
        return called(call);
    }
    let stream = http.body.events?;
    Some(format!(
        "The body is a stream of events, which the server sends when there is something to tell: {} came while this run \
         listened.",
        stream.events
    ))
}

/// How a call of gRPC ended.
fn called(call: &Grpc) -> Option<String> {
    let status = call.status?;
    let name = status.name().map_or_else(String::new, |name| format!(" {name}"));
    let told = match status.by {
        GrpcStatusBy::Trailers => format!(
            "The method {} was called (gRPC). How that went stands behind the answer's messages, in its trailers: status \
             {}{name}, that is: {}.",
            clip(&call.method),
            status.code,
            status.meaning()
        ),
        GrpcStatusBy::TrailersOnly => format!(
            "The method {} was called (gRPC). The answer has no message, and says in its fields how that went: status {}{name}, \
             that is: {}.",
            clip(&call.method),
            status.code,
            status.meaning()
        ),
        GrpcStatusBy::HttpStatus => format!(
            "The method {} was called (gRPC), and nothing in the answer says how that went: clients of gRPC go by the status \
             of HTTP then, and take this one for {}{name}.",
            clip(&call.method),
            status.code
        ),
    };
    let health = match call.serving {
        Some(Serving::Serving) => {
            " Of its health the server says that it is to be sent calls (SERVING).".to_owned()
        }
        Some(other) => {
            format!(" Of its health the server says {}, so balancers send it no calls.", other.as_str())
        }
        None => String::new(),
    };
    Some(told + &health)
}

fn challenge(challenge: &Challenge) -> String {
    format!(
        "The server wants to know who asks, by {}: {}.",
        clip(&challenge.scheme),
        clip(&challenge.meaning())
    )
}

/// Single sign-on, step by step.
fn login(hop: &Hop<'_>, flow: &Flow) -> String {
    let back = flow.returns_to.as_ref().map_or_else(
        || "back".to_owned(),
        |back| format!("back to {}, with a proof that the server can check", clip(back)),
    );
    let missing = if flow.missing.is_empty() {
        String::new()
    } else {
        format!(" What a careful client adds and this one does not: {}.", list(&flow.missing))
    };
    format!(
        "{} knows nobody itself: it sends the browser to {}, where one logs in ({}), and from there it comes {back}. A \
         200 at the end of this way is the login page, and not what was asked for.{missing}",
        hop.url.host_ascii,
        clip(&flow.provider),
        flow.kind.spoken()
    )
}

fn of_limits(hop: &Hop<'_>, http: &Http) -> Option<String> {
    // Only what the server itself says of time is told: no clock of ours is in it.
    let limits = limits(http, std::time::SystemTime::UNIX_EPOCH).filter(|_| hop.http.ran().is_some())?;
    let mut told = Vec::new();
    if let Some(retry) = &limits.retry {
        told.push(format!(
            "The field Retry-After asks the client to come back in {}.",
            units::wait(retry.wait)
        ));
    }
    let quota = limits.quotas.iter().find_map(|quota| Some((quota.remaining?, quota.limit?)));
    told.extend(
        quota.map(|(left, limit)| format!("Of {limit} requests that one may send, {left} are left.")),
    );
    (!told.is_empty()).then(|| told.join(" "))
}

fn of_the_wait(hop: &Hop<'_>) -> Option<String> {
    let wait = wait(hop)?;
    let (took, field) = wait.upstream?;
    let gateway = wait.gateway.map_or_else(
        || "which does not fit into the wait".to_owned(),
        |gateway| format!("which leaves {} for the gateway itself", units::duration(gateway)),
    );
    Some(format!("By {field} the server behind the gateway took {}, {gateway}.", units::duration(took)))
}

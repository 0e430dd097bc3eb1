//! A call of gRPC.

use super::value::{Fault, Object, Read, objects, record, whole};
use crate::trace::{Grpc, GrpcFault, GrpcMessages, GrpcStatus, Serving};

objects! {
    Grpc => |it| record!(it, Grpc { service, method, asked, message } {
        status: match it.get("status")? {
            Some(code) => Some(GrpcStatus { code, by: it.get("status_by")? }),
            None => None,
        },
        serving: serving(&it)?,
        faults: faults(&it)?,
    });
}

/// The messages of a response, which stand with the call.
pub(super) fn messages(http: &Object<'_>) -> Read<Option<GrpcMessages>> {
    let Some(it) = http.object("grpc")? else { return Ok(None) };
    let Some(whole) = it.get("messages")? else { return Ok(None) };
    Ok(Some(GrpcMessages {
        whole,
        bytes: it.get("message_bytes")?,
        unfinished: it.or("unfinished_bytes", 0)?,
        compressed: it.get("compressed")?,
        bad_flag: it.get("bad_flag")?,
        large: it.get("large_bytes")?,
        first: Vec::new(),
    }))
}

fn serving(it: &Object<'_>) -> Read<Option<Serving>> {
    let Some(word) = it.get::<Option<String>>("serving")? else { return Ok(None) };
    Ok(Some(match word.as_str() {
        "UNKNOWN" => Serving::Unknown,
        "SERVING" => Serving::Serving,
        "NOT_SERVING" => Serving::NotServing,
        "SERVICE_UNKNOWN" => Serving::ServiceUnknown,
        "UNRECOGNIZED" => Serving::Other(it.with("serving_number", whole)?.unwrap_or_default()),
        _ => return Err(Fault::new("it is no answer to a health check").within("serving")),
    }))
}

/// What is wrong with a response: a word, and what that is about.
fn faults(it: &Object<'_>) -> Read<Vec<GrpcFault>> {
    let (words, about): (Vec<String>, Vec<Option<String>>) = (it.get("faults")?, it.get("fault_about")?);
    let fault = |(index, word): (usize, String)| {
        let about = about.get(index).cloned().flatten();
        let text = || about.clone().unwrap_or_default();
        let wrong = || Fault::new("it is no number").within(index).within("fault_about");
        Ok(match word.as_str() {
            "not-grpc" => GrpcFault::NotGrpc(about),
            "no-status" => GrpcFault::NoStatus,
            "bad-status" => GrpcFault::BadStatus(text()),
            "no-message" => GrpcFault::NoMessage,
            "several-messages" => GrpcFault::SeveralMessages,
            "message-cut" => GrpcFault::MessageCut,
            "message-large" => GrpcFault::MessageLarge(text().parse().map_err(|_| wrong())?),
            "compressed" => GrpcFault::Compressed(text()),
            "undeclared-compression" => GrpcFault::Undeclared,
            "bad-flag" => GrpcFault::BadFlag(text().parse().map_err(|_| wrong())?),
            "unreadable" => GrpcFault::Unreadable,
            _ => return Err(Fault::new("it is no fault of a response").within(index).within("faults")),
        })
    };
    words.into_iter().enumerate().map(fault).collect()
}

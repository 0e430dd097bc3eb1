//! A server of gRPC over HTTP/2, as far as the lab needs one: the health service, one method of its own, and ways to
//! answer that clients have to bear.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::site::Grpc;
use crate::lab::scenario::GRPC_THINK;
use crate::lab::shared::Shared;
use crate::lab::timer::precise_sleep;

/// How long a client may take for its next call.
const IDLE: Duration = Duration::from_secs(60);
/// Calls that a client may have open at once.
const MAX_STREAMS: u32 = 100;
/// Bytes of a message that are read.
const MAX_MESSAGE: usize = 64 * 1024;
/// Flag and length before each message.
const PREFIX: usize = 5;

/// What ends a connection or a stream. Nobody is told: the client sees it.
type Error = Box<dyn std::error::Error>;

/// What a call comes to.
enum Outcome {
    /// A message, and OK.
    Message(Vec<u8>),
    /// A status and what is said of it, and nothing else.
    Status(&'static str, &'static str),
}

/// Serves a connection until either side ends it.
pub(super) async fn serve<S>(stream: S, conduct: Grpc, shared: Rc<Shared>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(MAX_STREAMS);
    let mut connection = timeout(IDLE, builder.handshake::<_, Bytes>(stream)).await??;
    while let Some(incoming) = timeout(IDLE, connection.accept()).await? {
        let (request, response) = incoming?;
        let shared = shared.clone();
        tokio::task::spawn_local(async move {
            let _ = timeout(IDLE, respond(request, response, conduct, &shared)).await;
        });
    }
    Ok(())
}

async fn respond(
    request: http::Request<h2::RecvStream>,
    mut sender: SendResponse<Bytes>,
    conduct: Grpc,
    shared: &Shared,
) -> Result<(), Error> {
    let (head, mut body) = request.into_parts();
    let mut message = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        let room = (PREFIX + MAX_MESSAGE).saturating_sub(message.len());
        message.extend_from_slice(&data[..data.len().min(room)]);
    }
    let received = shared.clock.now();
    let outcome = outcome(head.uri.path(), message.get(PREFIX..).unwrap_or_default());
    precise_sleep(&shared.clock, received.after(GRPC_THINK)).await; // the injected time to think
    let mut response = Response::new(());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let message = match outcome {
        Outcome::Message(message) => message,
        Outcome::Status(code, said) => {
            let fields = response.headers_mut();
            fields.insert("grpc-status", HeaderValue::from_static(code));
            fields.insert("grpc-message", HeaderValue::from_static(said));
            sender.send_response(response, true)?;
            return Ok(());
        }
    };
    let mut stream = sender.send_response(response, false)?;
    let mut framed = vec![u8::from(conduct == Grpc::Compresses)];
    framed.extend(u32::try_from(message.len())?.to_be_bytes());
    framed.extend(message);
    let ends = conduct == Grpc::WithoutTrailers;
    stream.send_data(framed.into(), ends)?;
    if !ends {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        stream.send_trailers(trailers)?;
    }
    Ok(())
}

/// The health of a server whose service `lab.Greeter` is well and whose `lab.Archive` is not; and a greeting.
fn outcome(path: &str, message: &[u8]) -> Outcome {
    match (path, message) {
        ("/grpc.health.v1.Health/Check", b"" | b"\x0a\x0blab.Greeter") => Outcome::Message(vec![0x08, 1]),
        ("/grpc.health.v1.Health/Check", b"\x0a\x0blab.Archive") => Outcome::Message(vec![0x08, 2]),
        ("/grpc.health.v1.Health/Check", _) => {
            Outcome::Status("5", "no such service: it was never%20registered")
        }
        ("/lab.Greeter/Greet", message) => Outcome::Message([b"Hello, ", message].concat()),
        _ => Outcome::Status("12", "no such method"),
    }
}

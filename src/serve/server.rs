//! Sockets and signals of the server: where it listens, what ends a connection, and what ends all of it.

use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, Semaphore};
use tokio::task::LocalSet;

use super::connection::{Patience, Progress, Timed};
use super::room::Room;
use super::routes::{self, UNCHANGED};
use super::state::State;
use crate::modules::ServePlan;
use crate::os;
use crate::render;
use crate::signals::Signals;

/// Bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// How long nobody is let in when the machine has no descriptor left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Why the server could not begin.
#[derive(Debug)]
pub enum ServeError {
    /// What it was told cannot be used.
    Setup(String),
    /// A fault of this machine.
    Internal(String),
    /// Nobody can be told where it listens.
    Output(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(why) | Self::Internal(why) => f.write_str(why),
            Self::Output(error) => error.fmt(f),
        }
    }
}

/// Serves until a signal ends it, and says on `out` where.
///
/// # Errors
/// It could not begin.
pub fn serve(plan: ServePlan, out: &mut dyn Write) -> Result<(), ServeError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ServeError::Internal(format!("the runtime cannot start: {error}")))?;
    runtime.block_on(LocalSet::new().run_until(run(plan, out)))
}

async fn run(mut plan: ServePlan, out: &mut dyn Write) -> Result<(), ServeError> {
    let room = Room::made_for(plan.max_probes);
    if let (Some(limit), true) = (room.descriptors, room.probes < plan.max_probes) {
        let (asked, probes) = (plan.max_probes, room.probes);
        let what = format!("serve: {probes} probes at the same time, and not {asked}");
        render::tell(
            &what,
            Some(&format!("more need more than the {limit} open files of this process (ulimit -n)")),
        );
        plan.max_probes = probes;
    }
    let listen = plan.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        ServeError::Setup(format!("--listen: {listen} cannot be listened at: {}", os::words(&error)))
    })?;
    let address = listener.local_addr().map_err(|error| ServeError::Internal(error.to_string()))?;
    let state = Arc::new(State::new(plan).map_err(ServeError::Setup)?);
    let signals = Signals::listen();
    // Before anybody is told that there is a server: the signal would end the process otherwise.
    let hangups = signal(SignalKind::hangup())
        .map_err(|error| ServeError::Internal(format!("SIGHUP cannot be heeded: {error}")))?;
    tokio::task::spawn_local(reload_on_signal(hangups, Arc::clone(&state)));
    let scheme = if state.web().tls.is_some() { "https" } else { "http" };
    render::serving(scheme, address, out).map_err(ServeError::Output)?;
    tokio::select! {
        () = signals.wait() => Ok(()),
        () = accept(listener, state, room.connections) => Ok(()),
    }
}

/// Reads the modules again at each SIGHUP.
async fn reload_on_signal(mut hangups: Signal, state: Arc<State>) {
    while hangups.recv().await.is_some() {
        let read = Arc::clone(&state);
        if let Ok(Err(why)) = state.desk.work(move || read.reload()).await {
            render::tell(&format!("serve: {UNCHANGED}: {why}"), None);
        }
    }
}

/// Lets in whoever comes, as long as there is room. Where there is none, connections that are idle end.
async fn accept(listener: TcpListener, state: Arc<State>, connections: usize) {
    let room = Arc::new(Semaphore::new(connections));
    let crowd = Rc::new(Notify::new());
    loop {
        if room.available_permits() == 0 {
            crowd.notify_waiters();
        }
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (state, crowd) = (Arc::clone(&state), Rc::clone(&crowd));
                tokio::task::spawn_local(async move {
                    talk(stream, state, &crowd).await;
                    drop(permit);
                });
            }
            // Whoever came has gone again, or there is no descriptor: the next is let in a moment later.
            Err(_) => tokio::time::sleep(OUT_OF_DESCRIPTORS).await, // lets others give theirs back
        }
    }
}

async fn talk(stream: TcpStream, state: Arc<State>, crowd: &Notify) {
    // Answers are small, and scrapes wait for them.
    let _ = stream.set_nodelay(true);
    let stream = Timed::new(stream, Patience::USUAL);
    let progress = stream.progress();
    let tls = state.web().tls.clone();
    // What a client does to its own connection is told by nobody.
    match tls {
        None => answer(stream, progress, state, crowd).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, progress, state, crowd).await;
            }
        }
    }
}

async fn answer<S>(stream: S, progress: Progress, state: Arc<State>, crowd: &Notify)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let asked = progress.clone();
    let service = service_fn(move |request| {
        asked.asked();
        routes::answer(Arc::clone(&state), request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // What a head may take is known to the stream.
        .header_read_timeout(Patience::USUAL.idle)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = served => {}
        () = make_room(&progress, crowd) => {}
    }
}

/// Ends when there is no room for others, and the connection is idle.
async fn make_room(progress: &Progress, crowd: &Notify) {
    loop {
        crowd.notified().await;
        if progress.is_idle() {
            return;
        }
    }
}

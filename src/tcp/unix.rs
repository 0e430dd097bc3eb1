//! A connection to a socket of this machine (unix(7)) in place of an address: no name, no race, no TCP.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;

use crate::clock::Clock;
use crate::fault::Fault;
use crate::os;
use crate::plan::TcpPlan;
use crate::stop::{Stop, Stopped};
use crate::trace::{Connect, Failure, FailureCode, StageName, StampedBy};
use crate::units;

/// Connects to the socket at `path`. The record has no attempts: these are at addresses.
pub async fn connect(
    path: &Path,
    plan: &TcpPlan,
    clock: &Clock,
    stop: &Stop,
) -> (Connect, Result<UnixStream, Failure>) {
    let start = clock.now();
    let limit = start.after(plan.connect_timeout);
    let connected = stop.within(Some(limit), UnixStream::connect(path)).await;
    let end = clock.now();
    let record = Connect { start, end, unix_socket: Some(path.to_owned()), ..Connect::default() };
    let fault = |code, what: String| Fault::new(StageName::Tcp, code, what);
    let name = path.display();
    let fault = match connected {
        Ok(Ok(stream)) => {
            let record = Connect { noticed: Some(end), stamped_by: Some(StampedBy::Program), ..record };
            return (record, Ok(stream));
        }
        Ok(Err(error)) => match error.kind() {
            io::ErrorKind::NotFound => {
                fault(FailureCode::ConnectFailed, format!("the unix socket `{name}` does not exist"))
                    .hint("is the server running, is the path right?")
            }
            io::ErrorKind::ConnectionRefused => {
                fault(FailureCode::ConnectionRefused, format!("nobody listens on the unix socket `{name}`"))
                    .hint("the file is there, and its server is not running, or it is no socket")
            }
            io::ErrorKind::PermissionDenied => fault(
                FailureCode::ConnectFailed,
                format!("the unix socket `{name}` may not be used: permission denied"),
            )
            .hint("a connection needs the right to write to the socket's file"),
            _ => {
                fault(FailureCode::ConnectFailed, format!("the unix socket `{name}`: {}", os::words(&error)))
            }
        },
        Err(Stopped::Limit) => {
            let waited = units::duration(end.since(start));
            fault(
                FailureCode::ConnectTimeout,
                format!("the unix socket `{name}` took no connection in {waited}"),
            )
        }
        Err(why) => Fault::stopped(
            StageName::Tcp,
            why,
            stop.max_time(),
            &format!("connecting to the unix socket `{name}`"),
        ),
    };
    (record, Err(fault.after(end.since(start))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_socket_that_is_not_there_and_one_that_nobody_serves_are_told_apart() {
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(5));
        let plan = TcpPlan::default();
        let path = std::env::temp_dir().join(format!("urltrace-unix-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let failure = connect(&path, &plan, &clock, &stop).await.1.unwrap_err();
        assert_eq!(failure.code, FailureCode::ConnectFailed);
        assert!(failure.message.contains("does not exist"), "{}", failure.message);
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let (record, stream) = connect(&path, &plan, &clock, &stop).await;
        stream.unwrap();
        assert_eq!((record.winner, record.unix_socket.as_ref()), (None, Some(&path)));
        drop(listener);
        let failure = connect(&path, &plan, &clock, &stop).await.1.unwrap_err();
        assert_eq!(failure.code, FailureCode::ConnectionRefused);
        std::fs::remove_file(&path).unwrap();
    }
}

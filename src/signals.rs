//! SIGINT and SIGTERM: the first ends the trace, whose report is still printed; a second one ends the
//! process at once. Either way the process dies of the signal in the end, so that a shell's loop ends too.

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;

use signal_hook::consts::{SIGINT, SIGTERM};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::exit;

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, or a supervisor.
    Terminate,
}

impl Signal {
    /// The exit code that shells give it: 128 and its number.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => exit::INTERRUPTED,
            Self::Terminate => exit::TERMINATED,
        }
    }
}

/// Dies of the signal as if it had not been caught. Gives its exit code where even that fails.
#[must_use]
pub fn die_of(signal: Signal) -> ExitCode {
    let number = match signal {
        Signal::Interrupt => SIGINT,
        Signal::Terminate => SIGTERM,
    };
    let _ = signal_hook::low_level::emulate_default_handler(number);
    ExitCode::from(signal.exit_code())
}

/// Listens for the signals of a run. Whoever drops it listens no longer.
pub(crate) struct Signals {
    first: Rc<Cell<Option<Signal>>>,
    stop: watch::Receiver<bool>,
    _tasks: JoinSet<()>,
}

impl Signals {
    /// Begins to listen.
    pub(crate) fn listen() -> Self {
        let (sender, stop) = watch::channel(false);
        let (first, mut tasks) = (Rc::new(Cell::new(None)), JoinSet::new());
        for (kind, name) in
            [(SignalKind::interrupt(), Signal::Interrupt), (SignalKind::terminate(), Signal::Terminate)]
        {
            let (sender, first) = (sender.clone(), Rc::clone(&first));
            tasks.spawn_local(async move {
                // Where it cannot be listened for, it ends the process, as it does by itself.
                let Ok(mut stream) = signal(kind) else { return };
                while stream.recv().await.is_some() {
                    if heed(&first, name) == Heed::EndTheProcess {
                        let _ = die_of(name);
                    }
                    sender.send_replace(true);
                }
            });
        }
        Self { first, stop, _tasks: tasks }
    }

    /// Turns true with the first signal.
    pub(crate) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.clone()
    }

    /// The signal that has ended the run, if one has.
    pub(crate) fn first(&self) -> Option<Signal> {
        self.first.get()
    }

    /// Waits for the first signal.
    pub(crate) async fn wait(&self) {
        // The tasks hold the sender for as long as this lives.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}

/// What a signal does.
#[derive(Debug, PartialEq, Eq)]
enum Heed {
    EndTheTrace,
    EndTheProcess,
}

fn heed(first: &Cell<Option<Signal>>, signal: Signal) -> Heed {
    if first.get().is_some() {
        return Heed::EndTheProcess;
    }
    first.set(Some(signal));
    Heed::EndTheTrace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_signal_ends_the_process_and_the_first_is_the_one_that_counts() {
        let first = Cell::new(None);
        assert_eq!(heed(&first, Signal::Terminate), Heed::EndTheTrace);
        assert_eq!(heed(&first, Signal::Interrupt), Heed::EndTheProcess);
        assert_eq!(first.get().map(Signal::exit_code), Some(143));
    }
}

//! The threads beside the one that answers, and who has how many: probes each theirs, reports and files a few of their
//! own, so that no crowd of one kind keeps the other waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::asked::Asked;
use super::probe::{self, Probed, Traced};
use super::threads::Threads;
use crate::clock::Stopwatch;
use crate::modules::Module;

/// Threads for reports and files.
const WORKERS: usize = 4;
/// Threads for passwords: whoever tries many keeps nothing else waiting.
const DOORS: usize = 2;
/// How long a thread waits for its next probe. What a walk has learned is kept by the thread: it has to outlast the time
/// between two scrapes.
const IDLE_THREAD: Duration = Duration::from_secs(15 * 60);
/// How long a report or a password waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// What a regular expression has at least, where the response took all the time: it comes out of the time that the scrape
/// has beyond the probe.
const JUDGING: Duration = Duration::from_millis(100);

/// Who may have a thread.
#[derive(Debug)]
pub(super) struct Desk {
    threads: Arc<Threads>,
    max_probes: usize,
    probes: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    doors: Arc<Semaphore>,
}

/// Why something was not done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// Nobody had time for it.
    Busy,
    /// A fault of this machine, or of a file.
    Broken(String),
}

impl Desk {
    pub(super) fn new(max_probes: usize) -> Self {
        Self {
            threads: Threads::kept_for(IDLE_THREAD),
            max_probes,
            probes: Arc::new(Semaphore::new(max_probes)),
            workers: Arc::new(Semaphore::new(WORKERS)),
            doors: Arc::new(Semaphore::new(DOORS)),
        }
    }

    pub(super) const fn max_probes(&self) -> usize {
        self.max_probes
    }

    /// Probes that are being made.
    pub(super) fn running(&self) -> usize {
        self.max_probes.saturating_sub(self.probes.available_permits())
    }

    /// Does what reads files or makes reports.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        self.in_turn(&self.workers, work).await
    }

    /// Does what is slow so that passwords are hard to guess.
    pub(super) async fn check<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        self.in_turn(&self.doors, work).await
    }

    /// Probes a target within `limit`, the wait for a thread included.
    pub(super) async fn probe(
        &self,
        module: Arc<Module>,
        asked: Asked,
        limit: Duration,
    ) -> Result<Probed, Undone> {
        let waited = Stopwatch::start();
        let slot = timeout(limit, Arc::clone(&self.probes).acquire_owned()).await; // the scrape's
        let Ok(Ok(slot)) = slot else { return Err(Undone::Busy) };
        let left = limit.saturating_sub(waited.elapsed());
        let made = self.thread(move || trace(module, &asked, (limit, left), slot)).await?;
        let (traced, slot) = match made.map_err(Undone::Broken)? {
            Made::Probed(probed, slot) => {
                drop(slot);
                return Ok(*probed);
            }
            Made::Traced(traced, slot) => (traced, slot),
        };
        let left = limit.saturating_sub(waited.elapsed()).max(JUDGING);
        let again = traced.clone();
        let judged = self.thread(move || (traced.judged(), slot));
        // Nothing can end a search: it keeps its place among the probes until it ends by itself.
        match timeout(left, judged).await {
            Ok(judged) => judged.map(|(probed, _)| probed),
            Err(_) => self.thread(move || again.unjudged()).await,
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        room: &Arc<Semaphore>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let turn = timeout(TURN, Arc::clone(room).acquire_owned()).await; // a crowd
        let Ok(Ok(turn)) = turn else { return Err(Undone::Busy) };
        self.thread(move || (work(), turn)).await.map(|(done, _)| done)
    }

    async fn thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        self.threads.run(work).await.map_err(Undone::Broken)
    }
}

/// What comes back from the thread of a probe.
enum Made {
    /// All of it.
    Probed(Box<Probed>, OwnedSemaphorePermit),
    /// What may take any time is still to be done.
    Traced(Traced, OwnedSemaphorePermit),
}

fn trace(
    module: Arc<Module>,
    asked: &Asked,
    (limit, left): (Duration, Duration),
    slot: OwnedSemaphorePermit,
) -> Result<Made, String> {
    let traced = probe::run(module, asked, limit, left)?;
    if traced.has_patterns() {
        return Ok(Made::Traced(traced, slot));
    }
    // Its place is free when its thread is: whoever is next gets that one, and no other has to be started.
    Ok(Made::Probed(Box::new(traced.judged()), slot))
}

//! Threads that are kept for the next piece of work. Whoever was done last is asked first: there are no more of them than
//! pieces of work at the same time, each has the memory of the allocator that it touched before, and the one that walked
//! for a module is likely to walk for it again.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, ThreadId};
use std::time::Duration;

use tokio::sync::oneshot;

/// Work, and how what came of it is told.
type Job = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce() + Send>;

/// A thread that has nothing to do.
#[derive(Debug)]
struct Free {
    id: ThreadId,
    jobs: SyncSender<Job>,
}

/// The threads that have nothing to do, the last to have been done at the end.
#[derive(Debug)]
pub(super) struct Threads {
    free: Mutex<Vec<Free>>,
    /// How long one waits for its next piece of work before it ends.
    keep: Duration,
}

impl Threads {
    pub(super) fn kept_for(keep: Duration) -> Arc<Self> {
        Arc::new(Self { free: Mutex::default(), keep })
    }

    /// Does a piece of work on a thread.
    ///
    /// # Errors
    /// No thread could be had, or the work broke off: in a build whose panics unwind, which a release is not.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move || {
            let done = work();
            Box::new(move || drop(tell.send(done))) // nobody waits any longer for what is not taken
        });
        self.give(job).map_err(|error| format!("no thread can be started: {error}"))?;
        told.await.map_err(|_| "a thread broke off".to_owned())
    }

    fn give(self: &Arc<Self>, mut job: Job) -> io::Result<()> {
        loop {
            // A statement of its own: the lock is not held while something is sent.
            let free = self.free().pop();
            let Some(Free { jobs, .. }) = free else { break };
            match jobs.send(job) {
                Ok(()) => return Ok(()),
                Err(back) => job = back.0,
            }
        }
        let own = Arc::clone(self);
        Builder::new().name("probe".to_owned()).spawn(move || own.work_on(job)).map(drop)
    }

    /// Works as long as there is something to do.
    fn work_on(&self, mut job: Job) {
        let id = thread::current().id();
        let (jobs, next) = sync_channel(1);
        loop {
            let tell = job();
            // Free before anybody hears of it: what that leads to finds this thread.
            self.free().push(Free { id, jobs: jobs.clone() });
            tell();
            job = match next.recv_timeout(self.keep) {
                Ok(job) => job,
                Err(_) => {
                    let is_taken = {
                        let mut free = self.free();
                        let before = free.len();
                        free.retain(|free| free.id != id);
                        free.len() == before
                    };
                    if !is_taken {
                        return;
                    }
                    // Whoever took it in that moment sends it something.
                    let Ok(job) = next.recv() else { return };
                    job
                }
            };
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Free>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn one_after_another_is_done_by_one_thread_and_at_once_by_as_many_as_it_takes() {
        let threads = Threads::kept_for(Duration::from_secs(60));
        let mut by = HashSet::new();
        for _ in 0..50 {
            by.insert(threads.run(|| thread::current().id()).await.unwrap());
        }
        assert_eq!(by.len(), 1);
        for _ in 0..20 {
            let barrier = Arc::new(std::sync::Barrier::new(3));
            let meet = || {
                let barrier = Arc::clone(&barrier);
                threads.run(move || {
                    barrier.wait();
                    thread::current().id()
                })
            };
            let (one, two, three) = tokio::join!(meet(), meet(), meet());
            by.extend([one, two, three].map(Result::unwrap));
        }
        assert_eq!(by.len(), 3);
    }

    #[tokio::test]
    async fn one_that_waits_for_too_long_ends_and_another_takes_its_place() {
        let threads = Threads::kept_for(Duration::from_millis(1));
        for round in 0..50 {
            assert_eq!(threads.run(move || round).await, Ok(round));
            if round % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await; // it is to end meanwhile
            }
        }
        while !threads.free().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await; // until the last has ended
        }
    }

    #[tokio::test]
    async fn work_that_breaks_off_takes_its_thread_alone_along() {
        let threads = Threads::kept_for(Duration::from_secs(60));
        let broken: Result<(), String> = threads.run(|| panic!("a test of a panic")).await;
        assert_eq!(broken, Err("a thread broke off".to_owned()));
        assert_eq!(threads.run(|| 1).await, Ok(1));
    }
}

//! What runs beside one resolution, and ends with it at the latest.

use std::cell::{Cell, RefCell};

use tokio::task::{AbortHandle, JoinHandle};

/// The tasks of one resolution. Whoever holds the resolution ends them; none begins after that.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: RefCell<Vec<AbortHandle>>,
    ended: Cell<bool>,
}

impl Tasks {
    pub(crate) fn spawn<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        let handle = tokio::task::spawn_local(work);
        if self.ended.get() {
            handle.abort();
        }
        self.running.borrow_mut().push(handle.abort_handle());
        handle
    }

    pub(crate) fn end(&self) {
        self.ended.set(true);
        for task in self.running.borrow().iter() {
            task.abort();
        }
    }
}

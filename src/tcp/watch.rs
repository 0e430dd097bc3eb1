//! A second hold on a connection's socket, for a look at TCP_INFO when all that is measured is over. It reads and
//! writes nothing, and the connection does not end before it is dropped.

use std::os::fd::{AsFd, OwnedFd};

use super::fast_open;
use super::info;
use crate::trace::{FastOpen, TcpInfo};

/// A second hold on a socket.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// Of a socket; `None` where the system has no descriptor left.
    pub fn of(socket: &impl AsFd) -> Option<Self> {
        socket.as_fd().try_clone_to_owned().ok().map(Self)
    }

    /// What the kernel knows of the connection now.
    #[must_use]
    pub fn read(&self) -> Option<TcpInfo> {
        info::read(&self.0)
    }

    /// What became of the data in the SYN.
    pub fn settle(&self, fast_open: &mut FastOpen) {
        fast_open::settle(fast_open, info::fast_open(&self.0));
    }
}

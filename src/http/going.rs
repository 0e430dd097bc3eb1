//! A request on its way: what it looks like, what its body is read from, and where that may have to wait. What both
//! versions with frames do with it.

use std::future::{Future, poll_fn};
use std::task::Poll;

use super::expect::Gate;
use super::request::Draft;
use super::upload::Feed;

/// A request on its way.
pub(super) struct Going<'a> {
    pub(super) draft: &'a Draft,
    pub(super) feed: &'a mut Feed,
    pub(super) gate: &'a Gate,
}

/// Runs `work` to its end, and the upload beside it. Also says whether the upload was done by then: all of it, and
/// not only as much as was wanted.
///
/// # Errors
/// The upload's: then the work is given up.
pub(super) async fn beside<T, E>(
    upload: impl Future<Output = Result<bool, E>>,
    work: impl Future<Output = T>,
) -> Result<(T, bool), E> {
    let (mut upload, mut work) = (std::pin::pin!(upload), std::pin::pin!(work));
    let mut uploaded = None;
    poll_fn(|cx| {
        if uploaded.is_none()
            && let Poll::Ready(result) = upload.as_mut().poll(cx)
        {
            match result {
                Ok(all) => uploaded = Some(all),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        work.as_mut().poll(cx).map(|output| Ok((output, uploaded.unwrap_or(false))))
    })
    .await
}

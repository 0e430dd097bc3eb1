//! A page's second visit: what of the first one leads to what, and when each may be asked for. Pure.
//!
//! What may be used as it was kept leads on at once. What its server says is still good leads on when that has been
//! said; what comes anew leads on as its bytes come, at the places where the first visit found its references. Nothing
//! that the first visit did not ask for is asked for. Hints are known of as requests are, and lead on to nothing.

use crate::reading::Stored;
use crate::trace::{InitiatorKind, RequestId, ResourceId, Reuse};

/// What came of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A 103.
    Hint,
    /// Its head, with its status.
    Head(u16),
    /// Decoded bytes of its body.
    Bytes(usize),
    /// All of it.
    End,
}

/// What of a response has to be there for something to be known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Hint,
    Head,
    Byte(u64),
    Redirect,
}

/// A request of the first visit.
pub(super) struct Row {
    /// Which; `None` of a hint, for which nothing was asked.
    pub(super) of: Option<RequestId>,
    /// What a browser does with what it kept of it.
    pub(super) stored: Stored,
    /// Whether it is the document's, or redirects to it.
    pub(super) is_document: bool,
    /// It was sent once more, on another connection.
    pub(super) retried: bool,
    by: Option<(usize, Named)>,
    status: Option<u16>,
    bytes: u64,
    released: bool,
}

impl Row {
    /// The first of all.
    pub(super) const fn new(of: Option<RequestId>, stored: Stored, is_document: bool) -> Self {
        Self { of, stored, is_document, retried: false, by: None, status: None, bytes: 0, released: false }
    }

    /// One that the response of another names.
    pub(super) fn named(self, by: usize, kind: InitiatorKind, offset: Option<u64>) -> Self {
        let named = match kind {
            InitiatorKind::EarlyHint => Named::Hint,
            InitiatorKind::Redirect => Named::Redirect,
            InitiatorKind::Header | InitiatorKind::Retry => Named::Head,
            InitiatorKind::Parser | InitiatorKind::Css => Named::Byte(offset.unwrap_or_default()),
        };
        Self { by: Some((by, named)), ..self }
    }
}

/// All of them.
pub(super) struct Revisits {
    pub(super) rows: Vec<Row>,
    /// What each leads on to.
    below: Vec<Vec<usize>>,
}

impl Revisits {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let mut below = vec![Vec::new(); rows.len()];
        for (place, row) in rows.iter().enumerate() {
            if let Some((above, _)) = row.by {
                below[above].push(place);
            }
        }
        Self { rows, below }
    }

    /// What is asked for at once.
    pub(super) fn begin(&mut self) -> Vec<ResourceId> {
        if self.rows.is_empty() { Vec::new() } else { self.release(vec![0]) }
    }

    /// What is asked for now that this has come.
    pub(super) fn came(&mut self, id: ResourceId, part: Part) -> Vec<ResourceId> {
        let Some(row) = self.rows.get_mut(id.0) else { return Vec::new() };
        match part {
            Part::Head(status) => row.status = Some(status),
            Part::Bytes(bytes) => row.bytes = row.bytes.saturating_add(bytes as u64),
            Part::Hint | Part::End => {}
        }
        let (status, bytes) = (row.status, row.bytes);
        let is_redirect = status.is_some_and(|status| matches!(status, 301 | 302 | 303 | 307 | 308));
        let is_known = |named: Named| match (named, part) {
            // What was kept is good: all of it is at hand.
            (_, _) if status == Some(304) => true,
            (Named::Redirect, Part::End) => is_redirect,
            (Named::Redirect, _) => false,
            (_, Part::End) => !is_redirect,
            (Named::Hint, _) => true,
            (Named::Head, _) => status.is_some() && !is_redirect,
            (Named::Byte(offset), _) => status.is_some() && !is_redirect && bytes >= offset.max(1),
        };
        let known = |place: &usize| self.rows[*place].by.is_some_and(|(_, named)| is_known(named));
        let due: Vec<usize> = self.below[id.0].iter().copied().filter(known).collect();
        self.release(due)
    }

    /// Those of these that have to be asked for; what is at hand leads on.
    fn release(&mut self, mut due: Vec<usize>) -> Vec<ResourceId> {
        let mut asked = Vec::new();
        let mut next = 0;
        while let Some(place) = due.get(next).copied() {
            next += 1;
            let row = &mut self.rows[place];
            if std::mem::replace(&mut row.released, true) {
                continue;
            }
            if row.stored.reuse != Reuse::Fresh {
                asked.push(ResourceId(place));
            }
            if row.stored.reuse.is_at_hand() {
                due.extend(&self.below[place]);
            }
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ReuseReason;

    fn row(reuse: Reuse) -> Row {
        let stored = Stored { reuse, why: ReuseReason::MaxAge, etag: None, modified: None };
        Row::new(Some(RequestId(0)), stored, false)
    }

    /// A document, a stylesheet of it at byte 10, a font of that at byte 5, a hint and a redirect's target.
    fn page(document: Reuse, sheet: Reuse) -> Revisits {
        Revisits::new(vec![
            row(document),
            row(sheet).named(0, InitiatorKind::Parser, Some(10)),
            row(Reuse::Fetched).named(1, InitiatorKind::Css, Some(5)),
            row(Reuse::Fetched).named(0, InitiatorKind::EarlyHint, None),
            row(Reuse::Fetched).named(2, InitiatorKind::Redirect, None),
        ])
    }

    fn ids(all: Vec<ResourceId>) -> Vec<usize> {
        all.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn what_is_fresh_leads_on_at_once() {
        let mut visits = page(Reuse::Fresh, Reuse::Fresh);
        assert_eq!(ids(visits.begin()), [3, 2]);
        let mut visits = page(Reuse::Fresh, Reuse::Stale);
        assert_eq!(ids(visits.begin()), [1, 3, 2], "a stale one is asked about and used");
    }

    #[test]
    fn what_is_asked_about_leads_on_when_it_is_known_to_be_good() {
        let mut visits = page(Reuse::Revalidated, Reuse::Fresh);
        assert_eq!(ids(visits.begin()), [0]);
        assert_eq!(ids(visits.came(ResourceId(0), Part::Hint)), [3]);
        assert_eq!(ids(visits.came(ResourceId(0), Part::Head(304))), [2], "the sheet is at hand");
        assert_eq!(ids(visits.came(ResourceId(0), Part::End)), Vec::<usize>::new(), "each once");
    }

    #[test]
    fn what_comes_anew_leads_on_byte_by_byte() {
        let mut visits = page(Reuse::Fetched, Reuse::Fetched);
        assert_eq!(ids(visits.begin()), [0]);
        assert_eq!(ids(visits.came(ResourceId(0), Part::Head(200))), [3]);
        assert_eq!(ids(visits.came(ResourceId(0), Part::Bytes(9))), Vec::<usize>::new());
        assert_eq!(ids(visits.came(ResourceId(0), Part::Bytes(1))), [1]);
        assert_eq!(ids(visits.came(ResourceId(1), Part::Head(200))), Vec::<usize>::new());
        assert_eq!(ids(visits.came(ResourceId(1), Part::End)), [2], "at its end at the latest");
        assert_eq!(ids(visits.came(ResourceId(2), Part::Head(302))), Vec::<usize>::new());
        assert_eq!(ids(visits.came(ResourceId(2), Part::End)), [4]);
    }

    #[test]
    fn a_redirect_that_is_none_any_more_leads_nowhere() {
        let mut visits = page(Reuse::Fresh, Reuse::Fresh);
        visits.begin();
        visits.came(ResourceId(2), Part::Head(200));
        assert_eq!(ids(visits.came(ResourceId(2), Part::End)), Vec::<usize>::new());
    }
}

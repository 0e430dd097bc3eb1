//! Numbers of rows of the page's own tables, until these are joined to the trace's.

/// They begin here.
const OF_PAGE: usize = usize::MAX / 2;

/// The number of a row of the page's own tables.
pub(super) const fn of_page(row: usize) -> usize {
    OF_PAGE + row
}

/// Where a row comes to lie, behind those of the trace.
pub(super) const fn settled(row: usize, before: usize) -> usize {
    if row >= OF_PAGE { row - OF_PAGE + before } else { row }
}

//! A query to the name servers of one zone: selection, hedging, fallbacks.

pub(crate) mod apex_probe;
pub(crate) mod ask;
pub(crate) mod budget;
pub(crate) mod dispatch;
pub(crate) mod doubt;
pub(crate) mod fallback;
pub(crate) mod form;
pub(crate) mod judge;
pub(crate) mod observe;
pub(crate) mod race;
pub(crate) mod selection;
pub(crate) mod single;
pub(crate) mod tasks;
pub(crate) mod zone_query;

//! The names of a trace's rows: a number for each table, which no other table takes.

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub usize);
    )+};
}

ids! {
    /// A lookup of a trace: its place in `Trace::lookups`.
    LookupId,
    /// A connection of a trace: its place in `Trace::connections`.
    ConnectionId,
    /// A request of a trace: its place in `Trace::requests`; those of a page go on behind these.
    RequestId,
    /// A resource of a page: its place in `Page::resources`.
    ResourceId,
    /// A packet of a lookup: its place in `Dns::packets`.
    PacketId,
}

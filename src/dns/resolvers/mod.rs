//! Recursive resolvers: whom to ask, how often, and what their answers mean together.

pub(crate) mod ad_bit;
pub(crate) mod bootstrap;
pub(crate) mod chosen;
pub(crate) mod combine;
pub(crate) mod configured;
pub(crate) mod connection;
pub(crate) mod connection_query;
pub(crate) mod endpoint;
pub(crate) mod retransmit;

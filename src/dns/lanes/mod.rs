//! One resolution put together: the counted lane (the resolver algorithm of RFC 1034 §5.3.3, or a stub's question,
//! §5.3.1), those beside it (stub, priming by RFC 9609), and its validation (RFC 4035 §5).

pub(crate) mod copy_age;
pub(crate) mod counted;
pub(crate) mod priming;
pub(crate) mod service_binding;
pub(crate) mod service_records;
pub(crate) mod stopped;
pub(crate) mod stub;
pub(crate) mod uncounted;
pub(crate) mod validation;

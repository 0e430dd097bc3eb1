//! One resolution put together: the counted lane, those beside it, and its validation.

pub(crate) mod copy_age;
pub(crate) mod counted;
pub(crate) mod priming;
pub(crate) mod service_binding;
pub(crate) mod service_records;
pub(crate) mod stopped;
pub(crate) mod stub;
pub(crate) mod uncounted;
pub(crate) mod validation;

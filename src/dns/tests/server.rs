//! The lab's name servers, scripted.

pub(crate) use crate::lab::{Bend, Quirk, Spec, TestNet};

//! The lab's name servers, scripted.

pub(crate) use crate::lab::{Quirk, Spec, TestNet};

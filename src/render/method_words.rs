//! What a method promises (RFC 9110 §9.2), in words.

use crate::trace::method_promises;

/// `safe, idempotent, cacheable`; `None` for a method that nothing is known of.
pub(super) fn promises(method: &str) -> Option<String> {
    let promises = method_promises(method)?;
    let said = |is: bool, word: &str| if is { word.to_owned() } else { format!("not {word}") };
    let cacheable = match (promises.cacheable, promises.safe) {
        (true, false) => "cacheable only where the response says so".to_owned(),
        (is, _) => said(is, "cacheable"),
    };
    Some([said(promises.safe, "safe"), said(promises.idempotent, "idempotent"), cacheable].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_with_what_they_promise() {
        assert_eq!(promises("GET").unwrap(), "safe, idempotent, cacheable");
        assert_eq!(promises("DELETE").unwrap(), "not safe, idempotent, not cacheable");
        assert!(
            promises("POST").unwrap().ends_with("not idempotent, cacheable only where the response says so")
        );
        assert_eq!(promises("get"), None, "methods are case-sensitive");
    }
}

//! `--origin`: the origin of the page that is to make the request.

use super::error::PlanError;

/// The origin of a URL, as the field Origin has it (RFC 6454 §6.1); `null` for a page that has none.
///
/// # Errors
/// What is no URL with a host.
pub(super) fn origin(text: &str) -> Result<String, PlanError> {
    let parsed = url::Url::parse(text).ok().map(|url| url.origin());
    match parsed.filter(url::Origin::is_tuple) {
        Some(origin) => Ok(origin.ascii_serialization()),
        None if text == "null" => Ok(text.to_owned()),
        None => Err(PlanError::with_hint(
            format!("--origin: `{}` is no URL of a page", text.escape_debug()),
            "--origin https://app.example.com: scheme, host and, where it is not the usual one, port",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_is_left_of_a_url() {
        for (text, wanted) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com:443/path?x", "https://app.example.com"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://b\u{fc}cher.example/", "https://xn--bcher-kva.example"),
            ("null", "null"),
        ] {
            assert_eq!(origin(text).unwrap(), wanted);
        }
        for wrong in ["", "app.example.com", "data:text/plain,x", "file:///x", "*"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}

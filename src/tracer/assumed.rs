//! What a URL without a scheme was taken for, told where that may be why it failed.

use crate::trace::{Failure, FailureCode, Host, Scheme, Url};

/// Adds to a failure that its URL's scheme was assumed, and what to try instead.
pub(super) fn hint(mut failure: Failure, url: &Url) -> Failure {
    let Some(hint) = instead(failure.code, url) else { return failure };
    failure.hint = Some(match failure.hint {
        // It speaks of the scheme already.
        Some(own) if !own.contains("http://") => format!("{hint}; {own}"),
        _ => hint,
    });
    failure
}

fn instead(code: FailureCode, url: &Url) -> Option<String> {
    if !url.scheme_assumed {
        return None;
    }
    let label = matches!(&url.host, Host::Name(name) if !name.trim_end_matches('.').contains('.'));
    if label && matches!(code, FailureCode::NxDomain | FailureCode::NoData) {
        return Some(format!(
            "`{}` was taken for a host; a browser searches the web for a single word",
            url.host_unicode
        ));
    }
    let (assumed, other) = match url.scheme {
        Scheme::Https => ("https", "http"),
        Scheme::Http => ("http", "https"),
        _ => return None,
    };
    let fits = match url.scheme {
        Scheme::Https => matches!(
            code,
            FailureCode::NotTls
                | FailureCode::TlsClosed
                | FailureCode::TlsProtocol
                | FailureCode::TlsTimeout
                | FailureCode::ConnectionRefused
                | FailureCode::ConnectTimeout
        ),
        Scheme::Http => matches!(
            code,
            FailureCode::NotHttp
                | FailureCode::EmptyResponse
                | FailureCode::ConnectionReset
                | FailureCode::ConnectionRefused
                | FailureCode::ConnectTimeout
        ),
        _ => false,
    };
    let host = match url.host {
        Host::Ipv6(_) => format!("[{}]", url.host_ascii),
        Host::Name(_) | Host::Ipv4(_) => url.host_ascii.clone(),
    };
    let port = if url.port_is_default { String::new() } else { format!(":{}", url.port) };
    fits.then(|| format!("{assumed} was assumed, because no scheme was given: try {other}://{host}{port}/"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trace::StageName;
    use crate::url;

    fn told(input: &str, code: FailureCode, own: Option<&str>) -> Option<String> {
        let url = url::parse(input).unwrap();
        let own = own.map(str::to_owned);
        let failure = Failure {
            stage: StageName::Tls,
            code,
            message: String::new(),
            hint: own,
            running: Duration::ZERO,
        };
        hint(failure, &url).hint
    }

    #[test]
    fn an_assumed_scheme_is_told_where_it_may_be_the_reason() {
        for (input, code, text) in [
            (
                "a.test:81",
                FailureCode::NotTls,
                "https was assumed, because no scheme was given: try http://a.test:81/",
            ),
            (
                "a.test/x",
                FailureCode::ConnectionRefused,
                "https was assumed, because no scheme was given: try http://a.test/",
            ),
            (
                "localhost:8443",
                FailureCode::EmptyResponse,
                "http was assumed, because no scheme was given: try https://localhost:8443/",
            ),
            (
                "[::1]",
                FailureCode::ConnectionRefused,
                "http was assumed, because no scheme was given: try https://[::1]/",
            ),
            (
                "hello",
                FailureCode::NxDomain,
                "`hello` was taken for a host; a browser searches the web for a single word",
            ),
        ] {
            assert_eq!(told(input, code, None).as_deref(), Some(text), "{input}");
        }
        assert_eq!(
            told("a.test", FailureCode::TlsClosed, Some("look")).unwrap().split("; ").nth(1),
            Some("look")
        );
        assert_eq!(told("a.test", FailureCode::NxDomain, None), None);
        assert_eq!(told("a.test", FailureCode::CertificateExpired, None), None);
        assert_eq!(told("https://a.test", FailureCode::NotTls, Some("own")).as_deref(), Some("own"));
    }
}

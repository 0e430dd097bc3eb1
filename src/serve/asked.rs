//! What a request for a probe says: target, module, host name, and the time that the scrape has.

use std::time::Duration;

use hyper::HeaderMap;

use crate::modules::Module;

/// The limit of a probe when neither its module nor the scrape has one, as blackbox_exporter has it.
const NO_LIMIT: Duration = Duration::from_secs(120);
/// The longest limit that is kept, whatever a scrape says.
const MOST: Duration = Duration::from_secs(3600);
/// Characters of a host name and its port.
const MOST_OF_HOST: usize = 260;
/// The field in which Prometheus tells how long it waits for a scrape.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

/// The parameters of `/probe`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) target: String,
    pub(super) module: String,
    /// The name in the field Host, and in the handshake.
    pub(super) hostname: Option<String>,
    /// Whether the report is asked for in place of the series.
    pub(super) debug: bool,
}

impl Asked {
    /// Reads a query. Of a parameter that comes twice the first counts.
    pub(super) fn read(query: &str) -> Self {
        let pairs: Vec<(String, String)> = parameters(query);
        let first = |name: &str| {
            let found = pairs.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        Self {
            target: first("target").unwrap_or_default(),
            module: first("module").unwrap_or_else(|| "http_2xx".to_owned()),
            hostname: first("hostname"),
            debug: first("debug").as_deref() == Some("true"),
        }
    }

    /// Whether a module can be asked for it.
    ///
    /// # Errors
    /// What is wrong with which parameter.
    pub(super) fn check(&self, module: &Module) -> Result<(), String> {
        if self.target.is_empty() {
            return Err("the parameter target is missing".to_owned());
        }
        let Some(name) = &self.hostname else { return Ok(()) };
        let is_host = |byte: u8| byte.is_ascii_graphic() && !b"\"#/<>?@\\^`{|}".contains(&byte);
        if name.len() > MOST_OF_HOST || !name.bytes().all(is_host) {
            return Err("the parameter hostname is no host name".to_owned());
        }
        let named = module.host_field().filter(|named| *named != name && module.is_http());
        // What the module has may be nobody's business.
        named.map_or(Ok(()), |_| {
            Err("the module has another field Host than the parameter hostname".to_owned())
        })
    }
}

/// The parameters of a query.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// How long a probe may take: what the scrape leaves, or the module's own limit where that is shorter.
///
/// # Errors
/// A field of the scrape that is no number.
pub(super) fn limit(
    headers: &HeaderMap,
    module: Option<Duration>,
    offset: Duration,
) -> Result<Duration, String> {
    let scrape = match headers.get(SCRAPE_TIMEOUT) {
        None => NO_LIMIT,
        Some(value) => {
            let text = String::from_utf8_lossy(value.as_bytes());
            let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
            let seconds = seconds.ok_or_else(|| format!("{SCRAPE_TIMEOUT}: {text:?} is no time"))?;
            let time = Duration::try_from_secs_f64(seconds.min(MOST.as_secs_f64())).unwrap_or(MOST);
            if time.is_zero() { NO_LIMIT } else { time }
        }
    };
    // A scrape that is shorter than the offset: the module's limit, or all that the scrape has.
    let left = scrape.checked_sub(offset).filter(|left| !left.is_zero());
    Ok(match (left, module) {
        (Some(left), Some(own)) => left.min(own),
        (Some(left), None) => left,
        (None, own) => own.unwrap_or(scrape).min(scrape),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let asked = Asked::read("target=https%3A%2F%2Fa.test%2F%3Fx%3D1%26y&module=b&debug=true&target=c");
        let expected = Asked {
            target: "https://a.test/?x=1&y".to_owned(),
            module: "b".to_owned(),
            hostname: None,
            debug: true,
        };
        assert_eq!(asked, expected);
        assert_eq!(Asked::read("").module, "http_2xx");
        assert!(!Asked::read("debug=yes").debug);
    }

    #[test]
    fn a_probe_ends_before_the_scrape_that_waits_for_it() {
        let limit = |scrape: Option<&str>, module: Option<u64>| {
            let mut headers = HeaderMap::new();
            if let Some(scrape) = scrape {
                headers.insert(SCRAPE_TIMEOUT, scrape.parse().unwrap());
            }
            limit(&headers, module.map(Duration::from_millis), Duration::from_millis(500))
                .map(|limit| limit.as_millis())
        };
        assert_eq!(limit(None, None), Ok(119_500));
        assert_eq!(limit(Some("10"), None), Ok(9_500));
        assert_eq!(limit(Some("10"), Some(5_000)), Ok(5_000));
        assert_eq!(limit(Some("3.5"), Some(5_000)), Ok(3_000));
        assert_eq!(limit(Some("0.2"), Some(5_000)), Ok(200), "never longer than the scrape");
        assert_eq!(limit(Some("0"), None), Ok(119_500));
        assert_eq!(limit(Some("300"), None), Ok(299_500), "longer than without a field");
        assert_eq!(limit(Some("1e9"), None), Ok(3_599_500), "and not for ever");
        assert!(limit(Some("soon"), None).is_err() && limit(Some("-1"), None).is_err());
        assert!(limit(Some("NaN"), None).is_err() && limit(Some("inf"), None).is_err());
    }
}

//! Response heads of the kinds that vendors document, and hostile ones: who stood on the way, who made an
//! error.

use std::time::SystemTime;

use super::*;
use crate::trace::{Header, Http, sample};

/// The fields of a head, one a line.
pub(super) fn head(text: &str) -> Vec<Header> {
    let field = |line: &str| {
        let (name, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
        Header { name: name.to_owned(), value: value.as_bytes().to_vec() }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(field).collect()
}

/// A response of this status with these fields.
pub(super) fn response(status: u16, text: &str) -> Http {
    let mut trace = sample::sound();
    let http = trace.requests[0].http.ran_mut().unwrap();
    http.status = Some(status);
    http.headers = head(text);
    http.clone()
}

/// `role vendor|name location cache age confidence`, each layer.
fn told(text: &str) -> Vec<String> {
    let word = |layer: &Layer| {
        let mut words = vec![layer.role.as_str().to_owned()];
        words.extend(layer.vendor.map(str::to_owned));
        words.extend(layer.name.as_ref().filter(|_| layer.vendor.is_none()).map(|name| format!("`{name}`")));
        words.extend(layer.location.clone());
        words.extend(layer.cache.map(|cache| cache.as_str().to_owned()));
        words.extend(layer.age.map(|age| format!("{age} s")));
        words.extend(layer.upstream_us.map(|took| format!("{took} us")));
        words.push(layer.confidence.as_str().to_owned());
        words.join(" ")
    };
    layers(&head(text)).iter().map(word).collect()
}

#[test]
fn layers_of_real_heads_are_told_from_the_client_to_the_origin() {
    let table: &[(&str, &[&str])] = &[
        (
            "server: cloudflare\ncf-ray: 8f2a1b3c4d5e6f70-FRA\ncf-cache-status: HIT\nage: 120\ncache-control: max-age=600",
            &["CDN Cloudflare Frankfurt (FRA) hit 120 s high"],
        ),
        (
            "server: cloudflare\nCF-RAY: 8f2a1b3c4d5e6f70-AMS\ncf-cache-status: DYNAMIC\n\
             server-timing: cfCacheStatus;desc=\"DYNAMIC\", cfEdge;dur=4, cfOrigin;dur=87",
            &["CDN Cloudflare Amsterdam (AMS) dynamic 87000 us high"],
        ),
        (
            "x-cache: Miss from cloudfront\nvia: 1.1 0a1b2c3d4e5f.cloudfront.net (CloudFront)\n\
             x-amz-cf-pop: JFK52-P2\nx-amz-cf-id: abcDEF==\nserver: AmazonS3\nx-amz-request-id: 7A",
            &["CDN Amazon CloudFront New York (JFK) miss high", "application `AmazonS3` low"],
        ),
        (
            "x-cache: RefreshHit from cloudfront\nvia: 1.1 a.cloudfront.net (CloudFront)\nx-amz-cf-pop: FRA56-P9\nx-amz-cf-id: a",
            &["CDN Amazon CloudFront Frankfurt (FRA) revalidated high"],
        ),
        (
            "via: 1.1 varnish\nx-served-by: cache-fra-eddf8230056-FRA\nx-cache: HIT\nx-cache-hits: 3\n\
             x-timer: S1700000000.123456,VS0,VE1\nage: 9",
            &["CDN Fastly Frankfurt (FRA) hit 9 s high"],
        ),
        (
            "via: 1.1 varnish, 1.1 varnish\nx-served-by: cache-iad-kiad7000025-IAD, cache-fra-eddf8230056-FRA\n\
             x-cache: HIT, MISS\nx-cache-hits: 3, 0\nx-timer: S1700000000.1,VS0,VE90\nserver: nginx",
            &[
                "CDN Fastly Frankfurt (FRA) miss high",
                "CDN Fastly Ashburn (IAD) hit high",
                "application `nginx` low",
            ],
        ),
        (
            "server: AkamaiGHost\nx-cache: TCP_MEM_HIT from a23-1-2-3.deploy.akamaitechnologies.com (AkamaiGHost/11.2.0)\n\
             akamai-grn: 0.1a2b3c4d.1700000000.5e6f\nserver-timing: cdn-cache; desc=HIT, edge; dur=1, origin; dur=0",
            &["CDN Akamai hit 0 us high"],
        ),
        (
            "x-azure-ref: 20240101T000000Z-r1a2b3c4d5e6f7g8\nx-cache: TCP_REMOTE_HIT\nx-powered-by: ASP.NET",
            &["CDN Azure Front Door hit high", "application `ASP.NET` low"],
        ),
        (
            "server: Vercel\nx-vercel-cache: MISS\nx-vercel-id: fra1::iad1::abcde-1700000000000-0123456789ab",
            &["CDN Vercel Frankfurt (FRA) miss high", "function Vercel Ashburn (IAD) medium"],
        ),
        (
            "server: Vercel\nx-vercel-cache: HIT\nx-vercel-id: fra1::abcde-17",
            &["CDN Vercel Frankfurt (FRA) hit high"],
        ),
        // Vercel behind Cloudflare: both are told, and the inner one with less confidence.
        (
            "server: cloudflare\ncf-ray: 8f2a1b3c4d5e6f70-LHR\ncf-cache-status: DYNAMIC\nx-vercel-cache: HIT\n\
             x-vercel-id: lhr1::iad1::abcde-17\nage: 5",
            &[
                "CDN Cloudflare London (LHR) dynamic high",
                "CDN Vercel London (LHR) hit 5 s low",
                "function Vercel Ashburn (IAD) low",
            ],
        ),
        (
            "server: Netlify\nx-nf-request-id: 01HABC\ncache-status: \"Netlify Durable\"; fwd=bypass, \"Netlify Edge\"; hit\nage: 7",
            &["CDN Netlify hit 7 s high", "cache `Netlify Durable` bypass medium"],
        ),
        (
            "server: BunnyCDN-DE1-1080\ncdn-cache: HIT\ncdn-pullzone: 1\ncdn-requestid: 3f",
            &["CDN bunny.net hit high"],
        ),
        (
            "via: 1.1 google\nserver: Google Frontend\nx-cloud-trace-context: 0123456789abcdef;o=1",
            &["load-balancer Google Cloud high"],
        ),
        (
            "server: istio-envoy\nx-envoy-upstream-service-time: 37\nx-envoy-decorator-operation: a.b.svc:80/*",
            &["mesh Envoy 37000 us high"],
        ),
        (
            "via: 1.1 kong/3.4.2\nx-kong-upstream-latency: 23\nx-kong-proxy-latency: 2\nserver: gunicorn",
            &["api-gateway Kong 23000 us high", "application `gunicorn` low"],
        ),
        (
            "x-amzn-requestid: 1-2-3\nx-amz-apigw-id: AbC=\nx-amzn-trace-id: Root=1-65a00000-0123456789abcdef01234567",
            &["api-gateway Amazon API Gateway high"],
        ),
        ("apigw-requestid: AbCdE=", &["api-gateway low"]),
        (
            "x-cache: Miss from cloudfront\nvia: 1.1 a.cloudfront.net (CloudFront)\nx-amz-cf-id: a\nx-amz-cf-pop: IAD89-C1\n\
             x-amzn-requestid: 1\nx-amz-apigw-id: A=",
            &["CDN Amazon CloudFront Ashburn (IAD) miss high", "api-gateway Amazon API Gateway high"],
        ),
        (
            "set-cookie: AWSALB=x; Path=/\nset-cookie: AWSALBCORS=x; Path=/\nserver: Apache",
            &["load-balancer low", "application `Apache` low"],
        ),
        ("server: Heroku\nvia: 2.0 heroku-router", &["load-balancer Heroku medium"]),
        (
            "server: Fly/1a2b (2024-01-01)\nfly-request-id: 01HABC-ams\nvia: 2 fly.io",
            &["load-balancer Fly.io Amsterdam (AMS) high"],
        ),
        ("x-varnish: 32770 98306\nvia: 1.1 varnish (Varnish/7.1)\nage: 12", &["cache Varnish hit 12 s high"]),
        ("x-varnish: 2\nvia: 1.1 varnish (Varnish/7.1)\nage: 0", &["cache Varnish high"]),
        ("x-cache-status: MISS\nserver: nginx", &["cache nginx miss medium"]),
        ("x-cache: MISS\nserver: nginx", &["cache miss low", "application `nginx` low"]),
        ("cache-status: nginx; hit\nserver: nginx/1.22.1", &["cache nginx hit medium"]),
        (
            "cache-status: nginx; hit\nserver: Apache",
            &["cache `nginx` hit medium", "application `Apache` low"],
        ),
        ("via: 1.1 haproxy\nserver: nginx", &["load-balancer `haproxy` low", "application `nginx` low"]),
        // Via has the last word on who stands before whom, and each tells of what is behind itself.
        (
            "server: origin\nserver-timing: origin;dur=150.888\nx-varnish: 14\nage: 0\n\
             via: 1.1 varnish (Varnish/7.1)\nvia: 1.1 haproxy\nserver-timing: db;dur=9, origin;dur=152",
            &[
                "load-balancer `haproxy` 152000 us low",
                "cache Varnish 150888 us high",
                "application `origin` low",
            ],
        ),
        (
            "via: 1.1 haproxy\nserver-timing: db;dur=9, upstream;dur=7",
            &["load-balancer `haproxy` 7000 us low"],
        ),
        // Of two gateways one tells, and it is not known which; an application's own upstream is nobody's.
        (
            "via: 1.0 fred, 1.1 haproxy\nserver-timing: origin;dur=9",
            &["load-balancer `haproxy` low", "load-balancer `fred` low"],
        ),
        ("server: app\nserver-timing: origin;dur=9", &["application `app` low"]),
        (
            "cache-status: \"inner\"; hit, nginx; fwd=miss\nserver: nginx",
            &["cache nginx miss medium", "cache `inner` hit medium"],
        ),
        ("x-proxy-cache: STALE", &["cache stale low"]),
        ("age: 0\nserver: Apache", &["application `Apache` low"]),
        ("age: 90\ncache-control: max-age=60", &["cache stale 90 s low"]),
        (
            "cache-status: OriginCache; hit; ttl=1100; collapsed, \"CDN Company Here\"; fwd=uri-miss",
            &["cache `CDN Company Here` miss medium", "cache `OriginCache` hit medium"],
        ),
        (
            "cache-status: ExampleCache; fwd=stale; fwd-status=304; stored",
            &["cache `ExampleCache` revalidated medium"],
        ),
        (
            "via: 1.0 fred, 1.1 p.example.net",
            &["load-balancer `p.example.net` low", "load-balancer `fred` low"],
        ),
        ("proxy-status: r34.example.net; received-status=200", &["load-balancer `r34.example.net` medium"]),
        ("x-powered-by: PHP/8.2\nserver: nginx/1.24", &["application `nginx/1.24, PHP/8.2` low"]),
        ("x-github-request-id: A:B\nserver: GitHub.com", &["application GitHub high"]),
        ("content-type: text/plain", &[]),
    ];
    for (text, wanted) in table {
        assert_eq!(told(text), *wanted, "{text}");
    }
}

#[test]
fn one_field_alone_names_no_vendor_and_forged_ones_lose() {
    for text in [
        "cf-ray: 8f2a1b3c4d5e6f70-FRA",
        "server: cloudflare",
        "x-amz-cf-id: x",
        "via: 1.1 a.cloudfront.net (CloudFront)",
        "x-vercel-id: fra1::x",
        "x-served-by: cache-fra-1-FRA",
        "x-azure-ref: x",
        "via: 1.1 google",
        "x-varnish: 1 2",
        "x-envoy-upstream-service-time: 3",
    ] {
        let all = layers(&head(text));
        assert_eq!(
            (all.len(), all[0].vendor, all[0].confidence),
            (1, None, Confidence::Low),
            "{text}: {all:?}"
        );
    }
    // Of no form that its vendor writes, twice, or behind another's Server.
    for (text, confidence) in [
        ("server: cloudflare\ncf-ray: hello\ncf-cache-status: HIT", Confidence::Medium),
        (
            "server: cloudflare\ncf-ray: 8f2a1b3c4d5e6f70-FRA\ncf-ray: 8f2a1b3c4d5e6f71-FRA",
            Confidence::Medium,
        ),
        ("server: nginx\ncf-ray: 8f2a1b3c4d5e6f70-FRA\ncf-cache-status: HIT", Confidence::Medium),
    ] {
        assert_eq!(layers(&head(text))[0].confidence, confidence, "{text}");
    }
}

/// Status, head, the beginning of the body, and what is made of it.
type Case<'t> = (u16, &'t str, &'t str, Option<&'t str>);

const CLOUDFLARE: &str = "server: cloudflare\ncf-ray: 8f2a1b3c4d5e6f70-FRA";

#[test]
fn whoever_made_an_error_is_told_by_signs_that_others_do_not_write() {
    let kong = "via: kong/3.4\nx-kong-proxy-latency: 1";
    let table: &[Case<'_>] = &[
        (
            503,
            "proxy-status: envoy; error=destination_unavailable; details=\"no_healthy_upstream; UH\"",
            "",
            Some("gateway envoy: no healthy upstream"),
        ),
        (
            502,
            "proxy-status: ExampleGW; error=connection_refused",
            "",
            Some("gateway ExampleGW: the next server refused"),
        ),
        (
            504,
            "proxy-status: \"a b\"; error=http_response_timeout, edge; received-status=504",
            "",
            Some("gateway a b: the next server did not answer in time"),
        ),
        (502, "proxy-status: x; error=new_error", "", Some("gateway x: new error")),
        (500, "proxy-status: x; received-status=500", "", Some("origin -: passed on")),
        (502, "proxy-status: x; received-status=200", "", None),
        (522, CLOUDFLARE, "", Some("edge Cloudflare: the connection to the origin was not made")),
        (403, CLOUDFLARE, "error code: 1020", Some("edge Cloudflare: a firewall rule denies")),
        (429, CLOUDFLARE, "error code: 1015\n", Some("edge Cloudflare: the client is rate limited")),
        (
            530,
            CLOUDFLARE,
            "<div id=\"cf-wrapper\"><div id=\"cf-error-details\"><span class=\"cf-error-code\">1016</span>",
            Some("edge Cloudflare: the origin's name"),
        ),
        (
            403,
            "server: cloudflare\ncf-ray: 8f2a1b3c4d5e6f70-FRA\ncf-mitigated: challenge",
            "",
            Some("edge Cloudflare: it wants a proof"),
        ),
        (502, CLOUDFLARE, "<hr><center>cloudflare</center>", Some("edge Cloudflare: a page of the edge")),
        // The origin's own page, passed on.
        (502, CLOUDFLARE, "<h1>oops</h1>", None),
        (522, "server: cloudflare", "", None),
        (
            403,
            "server: CloudFront\nx-cache: Error from cloudfront\nvia: 1.1 a.cloudfront.net (CloudFront)\nx-amz-cf-id: a",
            "<PRE>\nGenerated by cloudfront (CloudFront)\nRequest ID: x\n</PRE>",
            Some("edge Amazon CloudFront: the request could not"),
        ),
        (
            404,
            "server: nginx\nx-cache: Error from cloudfront\nvia: 1.1 a.cloudfront.net (CloudFront)\nx-amz-cf-id: a",
            "",
            None,
        ),
        (
            504,
            "server: Vercel\nx-vercel-id: fra1::iad1::x\nx-vercel-error: FUNCTION_INVOCATION_TIMEOUT",
            "",
            Some("edge Vercel: the function did not answer in time"),
        ),
        (503, "server: envoy", "no healthy upstream", Some("gateway Envoy: no healthy upstream")),
        (
            503,
            "server: istio-envoy",
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            Some("gateway Envoy: the upstream closed"),
        ),
        (403, "server: nginx", "RBAC: access denied", Some("gateway -: its access rules")),
        (
            503,
            "server: envoy\nx-envoy-upstream-service-time: 4",
            "no healthy upstream",
            Some("origin -: passed on"),
        ),
        (503, "server: envoy\nx-envoy-overloaded: true", "", Some("gateway Envoy: it is overloaded")),
        (502, &format!("{kong}\nx-kong-response-latency: 5"), "", Some("gateway Kong: it answered itself")),
        (502, &format!("{kong}\nx-kong-upstream-latency: 5"), "", Some("origin -: passed on")),
        (
            403,
            "x-amzn-requestid: 1\nx-amz-apigw-id: A=\nx-amzn-errortype: MissingAuthenticationTokenException",
            "",
            Some("gateway Amazon API Gateway: no such path"),
        ),
        (
            429,
            "x-amzn-requestid: 1\nx-amz-apigw-id: A=\nx-amzn-errortype: TooManyRequestsException:http://x/",
            "",
            Some("gateway Amazon API Gateway: more requests"),
        ),
        (400, "x-amzn-requestid: 1\nx-amzn-errortype: ValidationException", "", None),
        (460, "server: awselb/2.0", "", Some("gateway awselb/2.0: the client closed")),
        (463, "server: awselb/2.0", "", Some("gateway awselb/2.0: X-Forwarded-For")),
        (561, "server: awselb/2.0", "", Some("gateway awselb/2.0: the identity provider")),
        (503, "server: awselb/2.0", "", Some("gateway awselb/2.0: no target")),
        (404, "server: awselb/2.0", "", None),
        (
            503,
            "",
            "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>",
            Some("gateway -: no server is available"),
        ),
        (
            503,
            "via: 1.1 varnish (Varnish/7.1)\nx-varnish: 5",
            "<h1>Error 503 Backend fetch failed</h1><h3>Guru Meditation:</h3><p>XID: 5</p><hr><p>Varnish cache server</p>",
            Some("gateway Varnish: it could not get an answer"),
        ),
        (
            502,
            "server: nginx/1.24.0",
            "<html><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.24.0</center>",
            Some("gateway nginx: the server behind it could not"),
        ),
        (404, "server: nginx", "<hr><center>nginx</center>", None),
        (
            503,
            "via: 1.1 px (squid/5.7)\nx-squid-error: ERR_CONNECT_FAIL 111",
            "",
            Some("gateway Squid: it could not connect"),
        ),
        (
            404,
            "server: AmazonS3\nx-amz-request-id: 7",
            "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><RequestId>7</RequestId></Error>",
            Some("origin Amazon S3: there is no such object"),
        ),
        // A status alone accuses nobody.
        (502, "server: gunicorn", "", None),
        (504, "", "", None),
        (500, "", "a page that says: no healthy upstream", None),
        (200, "proxy-status: x; error=connection_refused", "", None),
    ];
    for (status, text, body, wanted) in table {
        let mut http = response(*status, text);
        http.body.said.page = page(body.as_bytes());
        let source = error_source(&http);
        let words = source.as_ref().map(|source| {
            let called = source.called.as_deref().unwrap_or("-");
            format!("{} {called}: {}", source.maker.as_str(), source.meaning)
        });
        let fits = match (&words, wanted) {
            (Some(words), Some(wanted)) => words.starts_with(wanted),
            (None, None) => true,
            _ => false,
        };
        assert!(fits, "{status} {text} {body}: {words:?}, not {wanted:?}");
    }
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    /// Names whose values are read.
    pub(super) const NAMES: &[&str] = &[
        "cache-status",
        "proxy-status",
        "via",
        "age",
        "x-cache",
        "cf-ray",
        "cf-cache-status",
        "server",
        "x-served-by",
        "x-amz-cf-pop",
        "x-amz-cf-id",
        "x-vercel-id",
        "x-timer",
        "server-timing",
        "x-envoy-upstream-service-time",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "x-ratelimit-limit",
        "x-ratelimit-reset",
        "x-ratelimit-remaining",
        "date",
        "link",
        "www-authenticate",
        "allow",
        "sunset",
        "deprecation",
        "traceparent",
        "x-amzn-trace-id",
        "location",
        "authorization",
        "cache-control",
        "x-squid-error",
        "x-amzn-errortype",
        "x-amz-apigw-id",
        "set-cookie",
        "x-varnish",
    ];

    pub(super) fn fields() -> impl Strategy<Value = Vec<Header>> {
        let value = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "[a-zA-Z0-9;,=\" ?:._/-]{0,80}".prop_map(String::into_bytes),
        ];
        let field = (proptest::sample::select(NAMES), value)
            .prop_map(|(name, value)| Header { name: name.to_owned(), value });
        proptest::collection::vec(field, 0..12)
    }

    proptest! {
        #[test]
        fn no_head_is_too_odd(fields in fields(), status in 0_u16..700) {
            let mut http = response(status, "");
            http.headers = fields;
            let all = layers(&http.headers);
            prop_assert!(all.len() <= 16);
            for layer in &all {
                prop_assert!(layer.vendor.is_none() || layer.evidence.len() > 1);
                prop_assert!(!layer.evidence.is_empty());
            }
            prop_assert!(status >= 400 || error_source(&http).is_none());
            let now = SystemTime::UNIX_EPOCH;
            prop_assert!(limits(&http, now).is_none_or(|limits| limits.quotas.len() <= 16));
            prop_assert!(metrics(&http).len() <= 64);
            for challenge in challenges(&http.headers, "www-authenticate") {
                prop_assert!(!challenge.meaning().is_empty());
            }
            prop_assert!(trace_ids(&http.headers).len() <= 64);
            prop_assert!(habits(&http.headers).links.len() <= 64);
        }

        #[test]
        fn no_body_is_too_odd(start in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(page(&start).is_none_or(|page| page.code.is_none_or(|code| code.len() < 20)));
        }
    }

    #[test]
    fn a_flood_is_cut() {
        let long = "x".repeat(1 << 20);
        let many = "a;hit, ".repeat(100_000);
        for name in NAMES {
            for value in [long.as_str(), many.as_str(), &"\"".repeat(1 << 20), &"\\\"".repeat(1 << 19)] {
                let fields = vec![Header { name: (*name).to_owned(), value: value.as_bytes().to_vec() }; 2];
                for layer in layers(&fields) {
                    let kept = [layer.name, layer.id, layer.reason, layer.location];
                    assert!(kept.into_iter().flatten().all(|text| text.len() < 1_000), "{name}");
                }
            }
        }
    }
}

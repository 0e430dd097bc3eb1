//! What the codes of gateways and edges mean, beyond the status: the one table of them. As of November 2026,
//! after the standards and the vendors' documentation.

/// Codes of one kind: the code, what happened, and what to check next.
pub(super) type Codes = &'static [(&'static str, &'static str, &'static str)];

/// The row of a code, in any case where there is none in its own: HAProxy's `SH` and `sH` are not the same.
pub(super) fn row(codes: Codes, code: &str) -> Option<(&'static str, &'static str)> {
    let as_written = codes.iter().find(|(known, ..)| code == *known);
    let found = as_written.or_else(|| codes.iter().find(|(known, ..)| code.eq_ignore_ascii_case(known)));
    found.map(|(_, meaning, check)| (*meaning, *check))
}

const REACH: &str = "check that the server behind it runs and can be reached from it";
const TIME: &str =
    "compare its time limit with what the server behind it takes; that server's log has the rest";
const NAME: &str = "check the name of the server behind it, as it is configured there";
const TRUST: &str = "check the certificate of the server behind it, and whom the gateway trusts";
const SPEAK: &str = "look into the log of the server behind it at the time of this request";
const RULES: &str = "its operator can look the request up by its id, and change the rule";
const LIMIT: &str = "send requests more slowly; its operator sets the limit";
const OURS: &str = "look at the request as it was sent (-v)";
const OWN: &str = "its operator has to look at its own log";
const LOGIN: &str = "check the credentials, the signature and the clock of the client";

/// Errors of Proxy-Status (RFC 9209 §2.3; IANA's registry of proxy error types).
#[rustfmt::skip]
pub(super) const PROXY_STATUS: Codes = &[
    ("dns_timeout", "it got no answer when it looked up the name of the next server", NAME),
    ("dns_error", "it could not look up the name of the next server", NAME),
    ("destination_not_found", "it does not know where to send this request", NAME),
    ("destination_unavailable", "it holds the next server to be unavailable", REACH),
    ("destination_ip_prohibited", "it may not connect to the address of the next server", NAME),
    ("destination_ip_unroutable", "it has no route to the next server", REACH),
    ("connection_refused", "the next server refused the connection", REACH),
    ("connection_terminated", "the next server closed the connection before it had answered", SPEAK),
    ("connection_timeout", "it could not connect to the next server in time", REACH),
    ("connection_read_timeout", "the next server was silent for too long", TIME),
    ("connection_write_timeout", "the next server took the request too slowly", TIME),
    ("connection_limit_reached", "it has as many connections to the next server as it may have", LIMIT),
    ("tls_protocol_error", "TLS with the next server failed", TRUST),
    ("tls_certificate_error", "it does not trust the certificate of the next server", TRUST),
    ("tls_alert_received", "the next server ended TLS with an alert", TRUST),
    ("http_request_error", "it finds the request at fault, and did not pass it on", OURS),
    ("http_request_denied", "its rules forbid the request", RULES),
    ("http_response_incomplete", "the response of the next server ended too early", SPEAK),
    ("http_response_header_section_size", "the response of the next server has too large a head", SPEAK),
    ("http_response_header_size", "the response of the next server has too large a field", SPEAK),
    ("http_response_body_size", "the response of the next server has too large a body", SPEAK),
    ("http_response_trailer_section_size", "the response of the next server has too large trailers", SPEAK),
    ("http_response_trailer_size", "the response of the next server has too large a trailer", SPEAK),
    ("http_response_transfer_coding", "the response of the next server has a transfer coding that it cannot undo", SPEAK),
    ("http_response_content_coding", "the response of the next server has a content coding that it cannot undo", SPEAK),
    ("http_response_timeout", "the next server did not answer in time", TIME),
    ("http_upgrade_failed", "the next server did not change the protocol", SPEAK),
    ("http_protocol_error", "the next server did not keep to HTTP", SPEAK),
    ("proxy_internal_response", "it made the response itself, by its own rules", RULES),
    ("proxy_internal_error", "it failed by itself", OWN),
    ("proxy_configuration_error", "it is configured wrongly", OWN),
    ("proxy_loop_detected", "the request came back to it: it goes round in a circle", NAME),
];

/// Response flags of Envoy.
#[rustfmt::skip]
pub(super) const ENVOY: Codes = &[
    ("UH", "no healthy upstream", REACH),
    ("UF", "it could not connect to the upstream", REACH),
    ("UC", "the upstream closed the connection before it had answered", SPEAK),
    ("UR", "the upstream reset the stream", SPEAK),
    ("UT", "the upstream did not answer in time", TIME),
    ("UO", "more is under way to the upstream than it lets through (circuit breaker)", LIMIT),
    ("UPE", "the upstream did not keep to HTTP", SPEAK),
    ("URX", "it gave up after its last retry", REACH),
    ("NR", "no route for this host and path", NAME),
    ("NC", "the upstream cluster is not known", NAME),
    ("LR", "it reset the connection itself", OWN),
    ("LH", "its own health check failed", OWN),
    ("FI", "a fault that is put in on purpose (fault filter)", RULES),
    ("RL", "its rate limit", LIMIT),
    ("RLSE", "its rate limit service failed", OWN),
    ("RBAC", "its access rules forbid the request (RBAC)", RULES),
    ("UAEX", "the external authorization refused the request", LOGIN),
    ("IH", "a field that it checks is not valid", OURS),
    ("SI", "nothing moved for too long on the stream", TIME),
    ("DPE", "the request did not keep to HTTP", OURS),
    ("OM", "it is overloaded", LIMIT),
    ("DF", "it could not look up the upstream's name", NAME),
];

/// Cloudflare's own statuses.
#[rustfmt::skip]
pub(super) const CLOUDFLARE_STATUS: Codes = &[
    ("520", "the origin's answer was empty or could not be understood", SPEAK),
    ("521", "the origin refused the connection", REACH),
    ("522", "the connection to the origin was not made in time", REACH),
    ("523", "there is no route to the origin", NAME),
    ("524", "the origin took the request and did not answer in time", TIME),
    ("525", "the TLS handshake with the origin failed", TRUST),
    ("526", "the certificate of the origin is not trusted", TRUST),
    ("530", "an error with a number of its own, in the body", OWN),
];

/// Cloudflare's numbers in the body.
#[rustfmt::skip]
pub(super) const CLOUDFLARE: Codes = &[
    ("1000", "the name points to an address that is not allowed", NAME),
    ("1001", "the name could not be resolved", NAME),
    ("1002", "the name points to an address that is not allowed", NAME),
    ("1003", "an address was asked for in place of a name", OURS),
    ("1004", "the host is not set up to be served", NAME),
    ("1006", "the client's address is banned", RULES),
    ("1007", "the client's address is banned", RULES),
    ("1008", "the client's address is banned", RULES),
    ("1009", "the client's country is banned", RULES),
    ("1010", "the client is banned by its signature", RULES),
    ("1011", "the page may not be embedded elsewhere (hotlinking)", RULES),
    ("1012", "access is denied", RULES),
    ("1013", "the host of TLS and of HTTP are not the same", OURS),
    ("1014", "an alias into the zone of another account", NAME),
    ("1015", "the client is rate limited", LIMIT),
    ("1016", "the origin's name cannot be resolved", NAME),
    ("1018", "the host could not be found", NAME),
    ("1019", "a Worker calls itself in a circle", OWN),
    ("1020", "a firewall rule denies access", RULES),
    ("1025", "the account's quota is used up", OWN),
    ("1027", "the Worker's daily quota is used up", OWN),
    ("1033", "the tunnel to the origin is down", REACH),
    ("1101", "the Worker threw an exception", OWN),
    ("1102", "the Worker used up its time or memory", OWN),
    ("1104", "the Worker is not there any more", OWN),
    ("1200", "too many requests wait for the origin", LIMIT),
];

/// What statuses of AWS Elastic Load Balancing mean where it made the response.
#[rustfmt::skip]
pub(super) const AWS_ELB: Codes = &[
    ("400", "it finds the request malformed", OURS),
    ("401", "the login that it asks for failed", LOGIN),
    ("403", "its firewall (AWS WAF) blocks the request", RULES),
    ("405", "the method TRACE, which it does not pass on", OURS),
    ("408", "the client did not send its data in time", OURS),
    ("413", "the request for a Lambda target is too large", OURS),
    ("414", "the URL is too long for it", OURS),
    ("460", "the client closed the connection before the load balancer had answered", TIME),
    ("463", "X-Forwarded-For has more than 30 addresses", OURS),
    ("464", "the protocol version does not fit the target group", OURS),
    ("500", "it failed by itself, or its firewall could not be asked", OWN),
    ("502", "the target closed or reset the connection, or its answer could not be understood", SPEAK),
    ("503", "no target is registered, or none is in service", REACH),
    ("504", "the target did not accept the connection or did not answer in time", TIME),
    ("561", "the identity provider answered with an error when the user was to be logged in", LOGIN),
];

/// Error types of Amazon API Gateway.
#[rustfmt::skip]
pub(super) const API_GATEWAY: Codes = &[
    ("AccessDeniedException", "its policy denies access", RULES),
    ("AuthorizerConfigurationException", "its authorizer is configured wrongly or failed", OWN),
    ("AuthorizerConfigurationErrorException", "its authorizer is configured wrongly or failed", OWN),
    ("BadRequestException", "the request does not fit its model", OURS),
    ("EndpointRequestTimedOutException", "the integration did not answer in time", TIME),
    ("ExpiredTokenException", "the token has expired", LOGIN),
    ("ForbiddenException", "no API key, a rule of its firewall, or a path that is not there", RULES),
    ("IncompleteSignatureException", "the signature is not whole", LOGIN),
    ("InternalServerErrorException", "the integration failed, did not answer in time, or answered in no form that it takes", SPEAK),
    ("InternalServerError", "the integration failed, did not answer in time, or answered in no form that it takes", SPEAK),
    ("InvalidSignatureException", "the signature is wrong", LOGIN),
    ("LimitExceededException", "the quota of the API key is used up", LIMIT),
    ("MissingAuthenticationTokenException", "no such path or method, or a request that has to be signed and is not", OURS),
    ("NotFoundException", "no such path", OURS),
    ("RequestTooLargeException", "the request is too large", OURS),
    ("ServiceUnavailableException", "the integration could not be reached", REACH),
    ("ThrottlingException", "more requests than it lets through", LIMIT),
    ("TooManyRequestsException", "more requests than it lets through", LIMIT),
    ("UnauthorizedException", "its authorizer did not let the request through", LOGIN),
    ("UnrecognizedClientException", "the access key is not known", LOGIN),
    ("UnsupportedMediaTypeException", "the type of the body is not taken", OURS),
    ("WafFilteredException", "its firewall (AWS WAF) blocks the request", RULES),
];

/// Words of Vercel's error field.
#[rustfmt::skip]
pub(super) const VERCEL: Codes = &[
    ("BODY_NOT_A_STRING_FROM_FUNCTION", "the function answered in no form that can be sent", SPEAK),
    ("DEPLOYMENT_BLOCKED", "the deployment is blocked", OWN),
    ("DEPLOYMENT_DELETED", "the deployment is not there any more", OWN),
    ("DEPLOYMENT_DISABLED", "the deployment is switched off", OWN),
    ("DEPLOYMENT_NOT_FOUND", "there is no deployment for this host", NAME),
    ("DEPLOYMENT_PAUSED", "the deployment is paused", OWN),
    ("DNS_HOSTNAME_EMPTY", "the name of a server behind it is empty", NAME),
    ("DNS_HOSTNAME_NOT_FOUND", "the name of a server behind it does not exist", NAME),
    ("DNS_HOSTNAME_RESOLVE_FAILED", "the name of a server behind it could not be resolved", NAME),
    ("EDGE_FUNCTION_INVOCATION_FAILED", "the function at the edge failed", SPEAK),
    ("EDGE_FUNCTION_INVOCATION_TIMEOUT", "the function at the edge did not answer in time", TIME),
    ("FUNCTION_INVOCATION_FAILED", "the function failed", SPEAK),
    ("FUNCTION_INVOCATION_TIMEOUT", "the function did not answer in time", TIME),
    ("FUNCTION_PAYLOAD_TOO_LARGE", "the request is too large for the function", OURS),
    ("FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE", "the function's answer is too large", SPEAK),
    ("FUNCTION_THROTTLED", "too many functions run at once", LIMIT),
    ("INFINITE_LOOP_DETECTED", "the request came back to it: it goes round in a circle", NAME),
    ("MIDDLEWARE_INVOCATION_FAILED", "the middleware failed", SPEAK),
    ("MIDDLEWARE_INVOCATION_TIMEOUT", "the middleware did not answer in time", TIME),
    ("NOT_FOUND", "there is nothing at this path", OURS),
    ("ROUTER_EXTERNAL_TARGET_ERROR", "a server that it passes requests on to could not be reached", REACH),
];

/// Errors of Squid.
#[rustfmt::skip]
pub(super) const SQUID: Codes = &[
    ("ERR_ACCESS_DENIED", "its rules forbid the request", RULES),
    ("ERR_CACHE_ACCESS_DENIED", "it wants credentials", LOGIN),
    ("ERR_CANNOT_FORWARD", "it could not pass the request on", REACH),
    ("ERR_CONNECT_FAIL", "it could not connect to the next server", REACH),
    ("ERR_DNS_FAIL", "it could not look up the name of the next server", NAME),
    ("ERR_INVALID_URL", "it cannot read the URL", OURS),
    ("ERR_READ_ERROR", "the connection to the next server broke", SPEAK),
    ("ERR_READ_TIMEOUT", "the next server did not answer in time", TIME),
    ("ERR_SECURE_CONNECT_FAIL", "TLS with the next server failed", TRUST),
    ("ERR_TOO_BIG", "the request or the response is too large", OURS),
    ("ERR_ZERO_SIZE_OBJECT", "the next server closed the connection without an answer", SPEAK),
];

/// Sentences of HAProxy's pages, by the state in its log.
#[rustfmt::skip]
pub(super) const HAPROXY: Codes = &[
    ("SC", "no server is available", REACH),
    ("SH", "the server behind it gave an invalid or incomplete response", SPEAK),
    ("sH", "the server behind it did not respond in time", TIME),
    ("cR", "the client did not send a whole request in time", OURS),
    ("PR", "its rules forbid the request", RULES),
    ("BADREQ", "it finds the request at fault, or too large for it, and did not pass it on", OURS),
];

/// Codes of Amazon S3.
#[rustfmt::skip]
pub(super) const S3: Codes = &[
    ("AccessDenied", "access to the object is denied, or there is none and the list is hidden", RULES),
    ("ExpiredToken", "the token has expired", LOGIN),
    ("InvalidAccessKeyId", "the access key is not known", LOGIN),
    ("NoSuchBucket", "there is no such bucket", NAME),
    ("NoSuchKey", "there is no such object", OURS),
    ("PermanentRedirect", "the bucket is in another region", NAME),
    ("RequestTimeTooSkewed", "the client's clock is off by more than 15 minutes", LOGIN),
    ("SignatureDoesNotMatch", "the signature is wrong", LOGIN),
    ("SlowDown", "more requests than it lets through", LIMIT),
];

/// What statuses of nginx mean where it made the response itself.
#[rustfmt::skip]
pub(super) const NGINX: Codes = &[
    ("444", "it closes the connection without an answer, by rule", RULES),
    ("494", "the head of the request is too large for it", OURS),
    ("495", "the client certificate is not accepted", LOGIN),
    ("496", "it wants a client certificate, and there was none", LOGIN),
    ("497", "http was spoken to a port for https", OURS),
    ("499", "the client closed the connection before the server behind it had answered", TIME),
    ("502", "the server behind it could not be reached, or its answer could not be understood", SPEAK),
    ("503", "it lets no more requests through, or is told to answer so", LIMIT),
    ("504", "the server behind it did not answer in time", TIME),
];

/// What else is known by a sentence of its own.
pub(super) const BACKEND: (&str, &str) = ("it could not get an answer from the server behind it", SPEAK);
pub(super) const CLOUDFRONT: (&str, &str) = (
    "the request could not be satisfied: it is blocked, or the origin gave no answer that can be used",
    RULES,
);
pub(super) const CHALLENGE: (&str, &str) = ("it wants a proof that a browser asks (challenge)", RULES);
pub(super) const OVERLOADED: (&str, &str) = ("it is overloaded and passes nothing on", LIMIT);
pub(super) const RATE_LIMITED: (&str, &str) = ("its rate limit", LIMIT);
pub(super) const EDGE_PAGE: (&str, &str) = ("a page of the edge itself", SPEAK);
pub(super) const KONG: (&str, &str) = ("it answered itself, without what is behind it", OWN);
pub(super) const PASSED_ON: (&str, &str) = ("passed on: it came from behind the gateway", SPEAK);

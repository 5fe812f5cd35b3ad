//! Requests from pages of other sites ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)) and `OPTIONS`. What is
//! public may be read from anywhere, and whoever holds the token may write from anywhere: nothing here rests on cookies.
//! Knows no routes: which methods an address has, the router itself says by refusing `OPTIONS`.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Headers a page of another site may send.
const SENT: HeaderValue = HeaderValue::from_static(
    "accept, accept-crs, accept-datetime, accept-language, authorization, content-encoding, content-type, idempotency-key, if-match, if-none-match, if-range, prefer, range, x-api-key, x-correlation-id, x-request-id",
);
/// Headers it may read.
const READ: HeaderValue = HeaderValue::from_static(
    "accept-ranges, allow, content-crs, content-disposition, content-location, content-range, digest, etag, last-modified, link, location, memento-datetime, preference-applied, ratelimit, ratelimit-policy, repr-digest, retry-after, trailer, x-commit, x-conforms, x-correlation-id, x-page-complete, x-request-id",
);
const A_DAY: HeaderValue = HeaderValue::from_static("86400");

/// The layer around all routes.
pub(super) async fn cross_origin(request: Request, next: Next) -> Response {
    let is_options = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if is_options && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        tell_options(&mut response);
    }
    let out = response.headers_mut();
    out.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    out.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
    response
}

/// Turns the refusal of a method into the answer to `OPTIONS`: the methods of the address, for the client and the browser.
fn tell_options(response: &mut Response) {
    let methods = allowed(response.headers());
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.body_mut() = Body::empty();
    let out = response.headers_mut();
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_LANGUAGE,
        header::CONTENT_ENCODING,
        header::VARY,
    ] {
        out.remove(name);
    }
    if let Ok(methods) = HeaderValue::from_str(&methods) {
        out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        out.insert(header::ALLOW, methods);
    }
    if out
        .get(header::ALLOW)
        .is_some_and(|methods| methods.as_bytes().windows(5).any(|name| name == b"PATCH"))
    {
        // RFC 5789 §3.1.
        out.insert(
            HeaderName::from_static("accept-patch"),
            HeaderValue::from_static("application/sparql-update"),
        );
    }
    out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
    out.insert(header::ACCESS_CONTROL_MAX_AGE, A_DAY);
}

/// The methods of an address, `OPTIONS` among them.
fn allowed(headers: &HeaderMap) -> String {
    let known = headers.get(header::ALLOW).and_then(|v| v.to_str().ok());
    let mut methods: Vec<&str> = known
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|method| !method.is_empty())
        .collect();
    methods.push("OPTIONS");
    methods.join(", ")
}

//! Single items written over HTTP: the life of an item, what is refused and how, and that nothing else ever changes.

mod documented;
mod every_register;
mod life;
mod parts;
mod refused;
mod twice;

use super::http::{Answer, Server, TOKEN, request};
use axum::http::Method;
use serde_json::Value as Json;

/// A write with the token and further headers.
pub(crate) async fn send(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let authorization = format!("Bearer {TOKEN}");
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend(headers);
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        all.push(("content-type", "application/json"));
    }
    server.send(request(method, path, &all, body)).await
}

/// The document of an item.
pub(crate) async fn document(server: &Server, path: &str) -> Json {
    let answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

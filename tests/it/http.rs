//! The server through its router, in process: every route, negotiation, limits, rights and errors.

mod account;
mod ailing;
mod collections;
mod descriptions;
mod documents;
mod explain;
mod graphs;
mod limits;
mod pages;
pub(crate) mod reports;
mod routes;
mod serving;
mod sources;
mod sparql;
mod states;
mod test_bed;
mod updates;
mod validation;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use oslo_registry::http::{AppState, ServerConfig, router};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::{CommitRequest, Mode, Registry, RegistryConfig};
use oslo_registry::store::{CommitMeta, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The token of every writable test server.
pub(crate) const TOKEN: &str = "proef-token-1";
/// Base IRI of test registries.
pub(crate) const BASE: &str = "http://register.test";

/// Three addresses in two streets, with a status list.
pub(crate) const ADDRESSES: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix gen: <https://data.vlaanderen.be/ns/generiek#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix status: <https://data.vlaanderen.be/id/concept/adresstatus/> .
@base <https://data.vlaanderen.be/id/> .
<adres/9> a adr:Adres ; adr:huisnummer "9" ; adr:heeftStraatnaam <straatnaam/1> ; adr:Adres.status status:inGebruik ;
  adr:officieelToegekend true ; adr:isVerrijktMet [ a adr:Adresuitbreiding ; adr:volledigAdres "Dorpstraat 9, 9999 Testdorp"@nl ] ;
  adms:identifier <https://data.vlaanderen.be/.well-known/genid/adres/9/id> .
<https://data.vlaanderen.be/.well-known/genid/adres/9/id> a adms:Identifier ;
  gen:gestructureerdeIdentificator [ a gen:GestructureerdeIdentificator ; gen:lokaleIdentificator "9" ] .
<adres/10> a adr:Adres ; adr:huisnummer "10" ; adr:busnummer "A" ; adr:heeftStraatnaam <straatnaam/1> ; adr:Adres.status status:voorgesteld .
<adres/11> a adr:Adres ; adr:huisnummer "3" ; adr:heeftStraatnaam <straatnaam/2> ; adr:Adres.status status:inGebruik .
<straatnaam/1> a adr:Straatnaam ; rdfs:label "Dorpstraat"@nl , "Rue du Village"@fr .
<straatnaam/2> a adr:Straatnaam ; rdfs:label "Kerkstraat"@nl .
"#;

/// Addresses have exactly one house number.
pub(crate) const SHAPE: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://register.test/vormen#Adres> a sh:NodeShape ; sh:targetClass adr:Adres ; sh:property <http://register.test/vormen#huisnummer> .
<http://register.test/vormen#huisnummer> sh:path adr:huisnummer ; sh:minCount 1 ; sh:maxCount 1 ;
  sh:message "Een adres heeft precies één huisnummer."@nl , "An address has exactly one house number."@en .
"#;

/// A server over a registry in memory.
pub(crate) struct Server {
    pub(crate) registry: Arc<Registry>,
    app: Router,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Server {
    /// An empty, writable registry.
    pub(crate) fn empty() -> Self {
        Self::with_config(ServerConfig {
            admin_token: Some(TOKEN.to_owned()),
            ..ServerConfig::default()
        })
    }

    /// A writable registry with the test addresses.
    pub(crate) fn new() -> Self {
        Self::empty().with_graph("adressen", ADDRESSES)
    }

    /// A writable registry in a data folder.
    pub(crate) fn in_folder(data: &Path, options: OpenOptions) -> Self {
        let config = RegistryConfig {
            base: BASE.to_owned(),
        };
        let registry = Registry::open(data, options, config, &mut |_, _| {}).expect("opens");
        let config = ServerConfig {
            admin_token: Some(TOKEN.to_owned()),
            ..ServerConfig::default()
        };
        Self::over(Arc::new(registry), config)
    }

    pub(crate) fn with_config(config: ServerConfig) -> Self {
        let registry = Registry::in_memory(RegistryConfig {
            base: BASE.to_owned(),
        });
        Self::over(Arc::new(registry), config)
    }

    fn over(registry: Arc<Registry>, config: ServerConfig) -> Self {
        let app = router(AppState::new(Arc::clone(&registry), config));
        Self { registry, app }
    }

    /// Adds Turtle to a graph without checking it.
    pub(crate) fn with_graph(self, name: &str, turtle: &str) -> Self {
        self.load(name, turtle.as_bytes());
        self
    }

    pub(crate) fn load(&self, name: &str, turtle: &[u8]) {
        self.load_as(name, turtle, Format::Turtle);
    }

    pub(crate) fn load_as(&self, name: &str, content: &[u8], format: Format) {
        let contexts = ContextStore::shipped(BASE);
        let meta = CommitMeta {
            agent: format!("{BASE}/id/agent/proef"),
            activity: format!("{BASE}/id/activiteit/proef"),
            source: Vec::new(),
            message: None,
        };
        let request = CommitRequest {
            meta,
            mode: Some(Mode::Off),
            dry_run: false,
            writer: oslo_registry::registry::Writer::Operator,
        };
        let graph = self.registry.graph_iri(name);
        let outcome = self.registry.commit(request, |draft| {
            let mut options = ParseOptions::new(&contexts);
            options.format = Some(format);
            options.graph = Some(graph);
            parse_into(
                draft,
                &Input::bytes(name.to_owned(), content.to_vec()),
                options,
            )
            .map_err(Box::new)
        });
        outcome.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a whole body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Sends a request whose body may break off; the error text then.
    pub(crate) async fn send_raw(
        &self,
        request: Request<Body>,
    ) -> (StatusCode, Result<Bytes, String>) {
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the router never fails");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        (status, body.map_err(|error| error.to_string()))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, &[], "")).await
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send(request(Method::GET, path, &[("accept", accept)], ""))
            .await
    }

    /// Sends a write with the administrator's token.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: &str,
    ) -> Answer {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", media_type),
        ];
        self.send(request(method, path, &headers, body)).await
    }
}

/// A request with headers and a body.
pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(path)
        .header("x-request-id", "proef");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder
        .body(Body::from(body.to_owned()))
        .expect("a well-formed request")
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn links(&self) -> Vec<&str> {
        self.headers
            .get_all("link")
            .iter()
            .map(|value| value.to_str().expect("ASCII"))
            .collect()
    }

    /// Status, content type and body as one text for a snapshot.
    pub(crate) fn snapshot(&self) -> String {
        format!(
            "{} {}\n\n{}",
            self.status.as_u16(),
            self.header("content-type"),
            self.text()
        )
    }

    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> serde_json::Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let json = self.json();
        assert_eq!(
            (self.status.as_u16(), &json["code"]),
            (status, &code.into()),
            "{json:#}"
        );
        assert_eq!(json["status"], status);
        assert!(json["type"].as_str().is_some_and(|t| t.starts_with(BASE)));
        for member in ["title", "detail", "instance"] {
            assert!(
                json[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}"
            );
        }
        json
    }
}

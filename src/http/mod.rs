//! The web server: routes, negotiation, limits and errors around the registry's views. Decides nothing about the domain.
//!
//! Queries and documents are made on blocking threads from one snapshot each; answers that grow are streamed. No request
//! makes the server fetch anything, but for the endpoints that the operator lets queries ask.

mod administrator;
mod body;
mod catalogue;
mod change_feed;
mod checking;
mod codes;
mod collection_query;
mod collections;
mod config;
mod connections;
mod cors;
mod dialect;
mod documents;
mod dumps;
mod error;
mod events;
mod explain;
mod first_rows;
mod forms;
mod framing;
mod gone;
mod graph_writes;
mod graphs;
mod intake;
mod items;
mod known_tags;
mod layers;
mod ldes;
mod ldes_views;
mod ledger;
mod log_feed;
mod matching;
mod moment;
mod observations;
mod openapi;
mod pages;
mod prefer;
mod process;
mod queries;
mod rate;
mod reply;
mod running;
mod searching;
mod shapes;
mod shown;
mod sources;
mod sparql;
mod state;
mod stream;
mod subscriptions;
mod test_bed;
mod turns;
mod unpack;
mod updates;
mod validation;
mod versions;
mod void;
mod writes;

pub use config::ServerConfig;
pub use rate::RateLimit;
pub use state::AppState;

use crate::rdf::label::Text;
use crate::registry::Registry;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::routing::{MethodFilter, delete, get, on, post};
use connections::Patience;
use error::ApiError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

/// Up to here an answer is sent as it is: packing it costs more than the packet it fits in.
const SMALL_BYTES: u16 = 1400;

/// How often a flag that ends the server is looked at.
const FLAG_LOOK: std::time::Duration = std::time::Duration::from_millis(200);

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The threads of the server could not be started, or listening failed later.
    #[error("the server stopped")]
    Io(#[from] io::Error),
}

/// All routes over a registry; for tests and for embedding.
pub fn router(state: AppState) -> Router {
    let graph_methods = MethodFilter::GET
        .or(MethodFilter::HEAD)
        .or(MethodFilter::PUT)
        .or(MethodFilter::POST)
        .or(MethodFilter::DELETE)
        .or(MethodFilter::PATCH);
    let routes = Router::new()
        .route("/", get(pages::home))
        .route("/health", get(pages::health))
        .route("/fouten", get(pages::problem_codes))
        .route("/fouten/{code}", get(pages::problem_code))
        .route("/static/oslo.css", get(pages::style_sheet))
        .route("/sparql", get(sparql::get).post(sparql::post))
        .route("/sparql/update", post(updates::update))
        .route("/queries", get(queries::list))
        .route("/queries/{name}", get(queries::run))
        .route("/rdf-graphs", on(graph_methods, graphs::indirect))
        .route("/graph/{*name}", on(graph_methods, graphs::direct))
        .route("/.well-known/void", get(void::describe))
        .route("/catalog", get(catalogue::catalogue))
        .route("/catalog.ttl", get(catalogue::catalogue))
        .route("/catalog.nt", get(catalogue::catalogue))
        .route("/catalog.nq", get(catalogue::catalogue))
        .route("/catalog.trig", get(catalogue::catalogue))
        .route("/catalog.rdf", get(catalogue::catalogue))
        .route("/catalog.xml", get(catalogue::catalogue))
        .route("/catalog.jsonld", get(catalogue::catalogue))
        .route("/catalog.html", get(catalogue::catalogue))
        .route("/catalog/feed", get(catalogue::feed::entry))
        .route("/catalog/feed/{page}", get(catalogue::feed::page))
        .route("/catalogus", get(catalogue::in_dutch))
        .route("/id/catalogus", get(catalogue::of_catalogue))
        .route("/robots.txt", get(catalogue::sitemap::robots))
        .route("/sitemap.xml", get(catalogue::sitemap::index))
        .route("/sitemap/{file}", get(catalogue::sitemap::part))
        .route(
            "/bevragingen",
            get(running::list).post(running::list_by_form),
        )
        .route(
            "/beheer/bronnen",
            get(sources::list).post(sources::list_by_form),
        )
        .route(
            "/beheer/abonnementen",
            get(subscriptions::list).post(subscriptions::create),
        )
        .route(
            "/beheer/abonnementen/{naam}",
            get(subscriptions::one).delete(subscriptions::remove),
        )
        .route(
            "/beheer/abonnementen/{naam}/hervat",
            post(subscriptions::resume),
        )
        .route(
            "/beheer/abonnementen/{naam}/pauze",
            post(subscriptions::pause),
        )
        .route("/events", get(events::events))
        .route("/metrics", get(sources::metrics))
        .route("/log", get(log_feed::summary))
        .route("/log/commits", get(log_feed::commits))
        .route("/log/base", get(log_feed::base))
        .route("/bevragingen/{id}", delete(running::stop))
        .route("/bevragingen/{id}/stop", post(running::stop_by_form))
        .route("/id/{kind}/{id}", get(documents::identifier))
        .route(
            "/doc/{kind}/{id}",
            get(documents::document).post(framing::document),
        )
        .route("/doc", get(documents::foreign).post(framing::foreign))
        .route("/id/{kind}/{id}/{moment}", get(versions::version))
        .route("/doc/{kind}/{id}/{moment}", get(versions::version))
        .route("/tijd/{kind}/{id}", get(versions::time_map))
        .route("/tijd/{kind}/{id}/poort", get(versions::time_gate))
        .route("/dumps", get(dumps::list))
        .route("/dumps/{register}", get(dumps::of_register))
        .route("/dumps/{register}/{file}", get(dumps::file))
        .route("/contexts", get(documents::contexts))
        .route("/contexts/{file}", get(documents::context))
        .route("/api", get(collections::index))
        .route("/api/docs", get(openapi::page))
        .route("/api/docs/{operation}", get(openapi::operation))
        .route("/openapi.json", get(openapi::openapi))
        .route("/static/ui/{file}", get(openapi::ui))
        .route("/schemas", get(openapi::schemas))
        .route("/schemas/{file}", get(openapi::schema))
        .route("/schemas/{register}/{file}", get(openapi::of_register))
        .route("/api/info", get(test_bed::info))
        .route("/api/validate", post(test_bed::validate))
        .route("/api/validateMultiple", post(test_bed::validate_multiple))
        .route(
            "/api/{register}",
            get(collections::collection).post(items::create),
        )
        .route("/api/{register}/validate", post(test_bed::validate))
        .route("/api/{register}/{id}/versies", get(versions::of_item))
        .route(
            "/v2/{resource}/{id}/versies",
            get(versions::of_resource::<2>),
        )
        .route(
            "/v3/{resource}/{id}/versies",
            get(versions::of_resource::<3>),
        )
        .route(
            "/api/{register}/{id}",
            get(collections::item)
                .put(items::of_item)
                .patch(items::of_item)
                .delete(items::of_item),
        )
        .route("/v2/adresmatch", get(matching::matched::<2>))
        .route("/v3/adresmatch", get(matching::matched::<3>))
        .route("/v2/adressen/zoeken", get(matching::suggested::<2>))
        .route("/v3/adressen/zoeken", get(matching::suggested::<3>))
        .route("/v2/tickets/{id}", get(items::tickets::ticket))
        .route("/v3/tickets/{id}", get(items::tickets::ticket))
        .route(
            "/v2/{register}/acties/{*action}",
            post(items::commands::on_register),
        )
        .route(
            "/v3/{register}/acties/{*action}",
            post(items::commands::on_register),
        )
        .route(
            "/v2/{register}/{id}/acties/{*action}",
            post(items::commands::on_item),
        )
        .route(
            "/v3/{register}/{id}/acties/{*action}",
            post(items::commands::on_item),
        )
        .route(
            "/validate",
            get(validation::form).post(validation::validate),
        )
        .route("/rapport", get(validation::report))
        .route("/shapes", get(shapes::list))
        .route("/shapes/{name}", get(shapes::detail))
        .route("/shacl/{domain}/api/info", get(test_bed::info))
        .route("/shacl/{domain}/api/validate", post(test_bed::validate))
        .route(
            "/shacl/{domain}/api/validateMultiple",
            post(test_bed::validate_multiple),
        )
        .merge(dialect::routes())
        .merge(ldes::routes())
        .merge(ldes_views::routes())
        .merge(change_feed::routes())
        .merge(process::routes())
        .merge(observations::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        // Bodies are bounded where they are read, each by its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(
            state.clone(),
            layers::finish,
        ))
        // Events are to arrive one by one, not when a packer has enough of them.
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(SMALL_BYTES)
                    .and(NotForContentType::SSE)
                    .and(dumps::may_be_packed),
            ),
        )
        .layer(middleware::from_fn(layers::mark_compressed))
        .with_state(state);
    // Which methods an address has is known behind the layers of its route: this one stands before the router itself.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn(cors::cross_origin))
}

/// Status and meaning of a code of a problem, as `/fouten` lists them.
pub fn problem_code(code: &str) -> Option<(u16, Text)> {
    let row = codes::CODES.iter().find(|(known, ..)| *known == code)?;
    Some((row.1, Text::new(row.2, row.3)))
}

async fn unknown_path() -> ApiError {
    ApiError::not_found(
        "Dit adres bestaat niet.",
        "There is nothing at this address.",
    )
}

async fn unknown_method(method: Method) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        Text::new("Methode niet toegelaten", "Method not allowed"),
        Text::new(
            format!("Dit adres kent de methode {method} niet."),
            format!("This address does not know the method {method}."),
        ),
    )
}

/// Serves a registry until SIGTERM or SIGINT; running requests then get a moment to finish.
/// `on_ready` is called with the address once requests are answered.
///
/// # Errors
/// [`ServeError::Bind`] when the address is taken or not ours.
pub fn serve(
    registry: Arc<Registry>,
    config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    run(None, registry, config, on_ready)
}

/// As [`serve`], on a socket that listens already; the address of the configuration does not count.
///
/// # Errors
/// [`ServeError::Io`] when the socket or the threads are not to be had.
pub fn serve_on(
    listener: std::net::TcpListener,
    registry: Arc<Registry>,
    config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    listener.set_nonblocking(true)?;
    run(Some(listener), registry, config, on_ready)
}

fn run(
    listener: Option<std::net::TcpListener>,
    registry: Arc<Registry>,
    config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Small queries run on these threads and may read the disk: more than one for each core.
        .worker_threads((cores * 2).max(4))
        .enable_all()
        .thread_name("oslo")
        .build()?;
    let shutdown_timeout = config.shutdown_timeout;
    let served = runtime.block_on(async move {
        let address = config.bind;
        let bind_error = |source| ServeError::Bind { address, source };
        let listener = match listener {
            Some(listener) => TcpListener::from_std(listener)?,
            None => TcpListener::bind(address).await.map_err(bind_error)?,
        };
        let local = listener.local_addr().map_err(bind_error)?;
        let patience = Patience {
            max_connections: connections::room_for(config.max_connections),
            head: config.head_timeout,
            stall: config.stall_timeout,
        };
        let state = AppState::new(registry, config);
        let judged = state.clone();
        // Beside the first requests: a catalogue that does not conform keeps nobody waiting.
        tokio::task::spawn_blocking(move || catalogue::judge(&judged));
        let app = router(state.clone());
        // Whoever follows a stream is not to wait until the log was read.
        let streams = state.clone();
        tokio::task::spawn_blocking(move || streams.streams().is_ok());
        let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
        let ending = state.clone();
        let server = connections::serve(listener, app, patience, async move {
            tokio::select! {
                () = wait_for_signal() => {}
                () = wait_for_flag(ending.config.ends_when.clone()) => {}
            }
            ending.listeners.close();
            ending.is_ending.store(true, Ordering::Relaxed);
            tracing::info!("Stopping: running requests may finish");
            let _ = stopping.send(());
        });
        on_ready(local);
        tokio::select! {
            () = server => Ok(()),
            () = async {
                // Without the signal this never ends; the server does.
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(shutdown_timeout).await;
            } => {
                tracing::warn!("Requests still running after {} s were broken off", shutdown_timeout.as_secs_f64());
                state.ledger.stop_all();
                Ok(())
            }
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    served
}

/// Waits until a flag is raised; without one for ever.
async fn wait_for_flag(flag: Option<Arc<AtomicBool>>) {
    match flag {
        Some(flag) => {
            while !flag.load(Ordering::Relaxed) {
                tokio::time::sleep(FLAG_LOOK).await;
            }
        }
        None => std::future::pending::<()>().await,
    }
}

/// Waits for SIGINT or SIGTERM.
async fn wait_for_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

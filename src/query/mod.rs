//! SPARQL 1.1, and 1.2 where the registry takes it, over a [`View`](crate::store::View): parse, evaluate, write results, update a draft, stop in time.
//! Knows nothing of callers, rights or HTTP: what a query may see is what its view shows.
//!
//! Evaluation is spareval's over `dataset`; limits are enforced by `budget`, which every term handled by the
//! evaluator passes through. A limit that is hit is an error, never a short answer.

mod algebra_in;
mod answer;
mod budget;
mod dataset;
mod deep;
mod error;
mod exec;
mod explain;
mod extensions;
mod geo;
pub(crate) mod given;
mod json;
mod lexer;
mod observations;
mod plan;
mod prefixes;
mod progress;
mod results;
mod run;
mod service;
mod shared;
mod syntax;
mod table;
mod text;
mod update;

pub use algebra_in::{ConstructForm, PlanMethod, PlanStep};
pub use answer::{Answer, GraphTriples, Rows};
pub use budget::Cancel;
pub use error::QueryError;
pub use explain::{
    ExplainMode, Explanation, QueryRun, QueryRunner, ServiceFigures, Step, StepFigures, StepKind,
    StepRole, explain,
};
pub use extensions::extension_functions;
pub use geo::{BoxError, BoxSearch};
pub use observations::ObservationGraph;
pub use prefixes::well_known_prefixes;
pub use progress::Progress;
pub use results::{OutputFormat, ResultFormat};
pub use run::{
    ParsedQuery, QueryStats, evaluate, is_run_by_executor, join_order, parse_query,
    parse_query_with, run_query, variables_in,
};
pub(crate) use service::Attentive;
pub use service::{AllowError, ServiceLimits, Services};
pub use shared::{MemoryPool, Overtime};
pub(crate) use text::{best_literals, fold as fold_text};
pub use update::{UpdateStats, apply_update, apply_update_within};

use crate::rdf::version::RdfVersion;
use crate::store::Derivers;
use std::sync::Arc;
use std::time::Duration;

/// A place in Belgian Lambert 72 in Lambert 2008, east and north, in metres; `None` far from Belgium. By the official seven
/// parameters: 1 to 20 cm from the grid.
pub fn lambert_72_to_2008(position: (f64, f64)) -> Option<(f64, f64)> {
    geo::lambert_72_to_2008(position)
}

/// The IRI of a coordinate reference system under any of its names (`EPSG:31370`, an IRI or URN of the OGC, `CRS84`);
/// `None` for one not known here.
pub fn system_of(name: &str) -> Option<&'static str> {
    geo::system_of(name)
}

/// A GML or WKT literal as GML in the named system, metres to the centimetre; `None` for what is no geometry, and where
/// the system does not reach.
pub fn gml_in(lexical: &str, is_wkt: bool, system: &str) -> Option<String> {
    geo::gml_in(lexical, is_wkt, system)
}

/// Bounds of a geometry literal in WGS 84, in degrees: least longitude and latitude, greatest longitude and latitude; `None`
/// for what is no geometry, an empty one, and where its system does not reach.
pub fn wgs84_bounds(lexical: &str, datatype: &str) -> Option<[f64; 4]> {
    geo::wgs84_bounds(lexical, datatype)
}

/// A geometry literal of any form as a GeoJSON geometry ([RFC 7946](https://www.rfc-editor.org/rfc/rfc7946)) in WGS 84, longitude
/// first; `None` for what is no geometry or an empty one, and where its system does not reach.
pub fn map_geometry(literal: &oxrdf::Term) -> Option<String> {
    geo::map_geometry(literal)
}

/// What queries look up besides quads, derived from the texts of a store: the words of literals and the places of geometries.
/// For [`OpenOptions::derived`](crate::store::OpenOptions::derived), so that a store keeps them in files.
pub fn derived() -> Derivers {
    Derivers(&[&text::TextIndex, &geo::GeoIndex])
}

/// What the default graph of a query is when neither the request nor the query names one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DefaultGraph {
    /// All graphs merged, triples that occur in several graphs counted once.
    #[default]
    Union,
    /// The stored default graph alone, as the W3C tests expect.
    Stored,
}

/// The four query forms of [SPARQL 1.1 §16](https://www.w3.org/TR/sparql11-query/#QueryForms).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryKind {
    /// `SELECT`: a table of bindings.
    Select,
    /// `ASK`: yes or no.
    Ask,
    /// `CONSTRUCT`: a graph from a template.
    Construct,
    /// `DESCRIBE`: a graph about resources.
    Describe,
}

impl QueryKind {
    /// Whether the answer is a graph.
    pub fn is_graph(self) -> bool {
        matches!(self, Self::Construct | Self::Describe)
    }
}

/// How to read and run a query or update.
#[derive(Clone, Debug, Default)]
pub struct QueryOptions {
    /// Base of relative IRIs in the text; a `BASE` in the text wins.
    pub base_iri: Option<String>,
    /// Default graph when no graph is named.
    pub default_graph: DefaultGraph,
    /// Graphs of the request that form the default graph (`default-graph-uri`, `using-graph-uri`).
    /// With [`Self::named_graph_uris`] they replace `FROM`, `FROM NAMED`, `USING` and `USING NAMED`
    /// ([SPARQL 1.1 Protocol §2.1.4](https://www.w3.org/TR/sparql11-protocol/#dataset)).
    pub default_graph_uris: Vec<String>,
    /// Named graphs of the request (`named-graph-uri`, `using-named-graph-uri`).
    pub named_graph_uris: Vec<String>,
    /// Wall-clock time from the start of the evaluation; `None` is unlimited.
    pub timeout: Option<Duration>,
    /// Most solutions or triples an answer may have; for an update, most quads it may add or remove.
    pub max_rows: Option<u64>,
    /// Most bytes (estimated) of intermediate bindings and computed values held at once.
    pub max_memory: Option<u64>,
    /// Memory that this query shares with others, on top of its own limit.
    pub pool: Option<MemoryPool>,
    /// Asked when the query has run for a while. Updates never ask: they hold up those behind them.
    pub overtime: Option<Overtime>,
    /// Flag by which another thread stops the work.
    pub cancel: Cancel,
    /// Where another thread sees how far the work is.
    pub progress: Progress,
    /// Endpoints that `SERVICE` may ask; without it no query asks any. Updates never ask.
    pub services: Option<Arc<Services>>,
    /// The named graph by which the query may ask for observations. Updates never ask.
    pub observations: Option<ObservationGraph>,
    /// What runs the query.
    pub engine: Engine,
    /// The version of SPARQL a query may use. An update may use the version that its draft's registry takes.
    pub rdf: RdfVersion,
}

/// What runs a query. Both give the same answers; the choice is for tests and comparisons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The executor, and the evaluator for queries that the executor does not have all steps for.
    #[default]
    Automatic,
    /// The evaluator, whatever the query.
    Evaluator,
}

#[cfg(test)]
mod tests;

//! Versions by valid time: what an object was before it changed, and the state of the registry as it held in the world at a
//! moment, which is not the moment at which the registry heard of it (that is [`Store::as_of`](crate::store::Store::as_of)).
//!
//! What `{base}/graph/{name}` says now is the current version of each object. Beside it stand, reached by name only:
//!
//! ```text
//! …/graph/versies/{name}            each version: dct:isVersionOf, schema:startDate, schema:endDate unless it is current
//! …/graph/versies/{name}/inhoud     what past versions said, with the IRIs of versions in place of the object and its nodes
//! …/graph/versies/{name}/afgeleid   the same of the derived graph {name}/afgeleid
//! ```
//!
//! Whoever writes objects of a source does it through [`Objects`], which keeps versions by itself.

use super::Registry;

mod listed;
mod moment;
mod objects;
mod valid;

pub use listed::Version;
pub use moment::Moment;
pub(crate) use moment::belgian_time;
pub(super) use objects::node_path;
pub use objects::{Object, Objects};
pub(super) use valid::Known;
pub use valid::ValidTimeError;

/// Folder of the graphs of versions, below `{base}/graph/`.
pub const VERSIONS: &str = "versies/";
/// End of the name of the graph with what past versions said.
const CONTENT: &str = "/inhoud";
/// End of the name of a graph with derived statements, and of the graph with those of past versions.
pub const DERIVED: &str = "/afgeleid";

/// The number of the last event of a change feed that made a version.
const EVENT: &str = "urn:oslo-registry:version:event";
/// Says in a graph of versions by which predicates objects of its graph state something of other objects.
const INVERSE: &str = "urn:oslo-registry:version:inverse";

/// Name of the graph of versions that belongs to a graph.
fn versions_name(base: &str, graph: &str) -> String {
    let own = format!("{base}/graph/");
    match graph.strip_prefix(&own) {
        Some(name) => format!("{own}{VERSIONS}{name}"),
        None => format!("{own}{VERSIONS}van/{graph}"),
    }
}

impl Registry {
    /// The graph of a source, and those beside it: derived statements, and versions.
    pub fn graphs_of(&self, source: &str) -> [String; 5] {
        let versions = versions_name(self.base(), source);
        [
            source.to_owned(),
            format!("{source}{DERIVED}"),
            format!("{versions}{CONTENT}"),
            format!("{versions}{DERIVED}"),
            versions,
        ]
    }
}

//! SHACL-SPARQL ([§5](https://www.w3.org/TR/shacl/#sparql-constraints), [§6](https://www.w3.org/TR/shacl/#sparql-constraint-components)) and the
//! SPARQL targets of [SHACL Advanced Features §3](https://www.w3.org/TR/shacl-af/#targets): rules written as queries. Each is
//! read and checked once, when the shapes are, and then asked about many nodes at a time; `query` evaluates it.

mod components;
mod imports;
mod prefixes;
mod read;
mod run;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod triggers;

pub(crate) use components::{Components, is_true};
pub use imports::suggested_shapes;
pub(crate) use imports::{Origin, local_imports};
pub(crate) use read::read;
pub(crate) use run::{Queries, check};
pub(crate) use target::{TargetQuery, focus as target_focus, read as read_target};
pub(crate) use text::is_solution;
pub(crate) use triggers::{SparqlTrigger, Wake};

use crate::query::QueryKind;
use crate::query::given::GivenQuery;
use crate::shapes::path::Path;
use oxrdf::{Literal, NamedNode, Term};
use rustc_hash::FxBuildHasher;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A constraint that is a query: of `sh:sparql`, or of a constraint component with its parameters.
pub(crate) struct Rule {
    /// The node that states it, for `sh:sparql`.
    pub(crate) source: Option<Term>,
    /// The component, for all others.
    pub(crate) component: Option<NamedNode>,
    /// The query, its constants in place.
    pub(crate) query: GivenQuery,
    /// Columns of the tables it is asked about: `this`, `value`, then constants that are blank nodes.
    pub(crate) given: Vec<&'static str>,
    /// The blank nodes among the constants, in the order of their columns.
    pub(crate) blanks: Vec<Term>,
    /// Messages of the constraint or validator.
    pub(crate) messages: Vec<Literal>,
    /// Variables of the messages that a solution fills in.
    pub(crate) holes: Vec<String>,
    /// Parameters of a component by their variables.
    pub(crate) parameters: Vec<(String, Term)>,
    /// The path of the shape, where values are asked about.
    pub(crate) path: Option<Arc<Path>>,
    /// Whether it reads `$shapesGraph`.
    pub(crate) reads_shapes: bool,
    /// The same for the same question, whatever shape asks it.
    pub(crate) key: String,
}

impl Rule {
    /// Whether the query answers yes for each value that is right, rather than listing what is wrong.
    pub(crate) fn is_ask(&self) -> bool {
        self.query.kind() == QueryKind::Ask
    }

    /// Tells the results of this rule from those of others of the same shape.
    pub(crate) fn stamp(&self) -> u64 {
        FxBuildHasher.hash_one(&self.key) >> 32
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

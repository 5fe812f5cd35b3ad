//! SHACL: shapes are read from a view, linted, compiled once, bound to the ids of a state and run set-at-a-time over
//! its sorted permutations ([SHACL 1.0](https://www.w3.org/TR/shacl/), Core and SPARQL). Never copies the data, never panics on
//! odd shapes: what is ill-formed is listed as not checked.
//!
//! [`read_shapes`], or [`read_shapes_with`] for SHACL 1.2 → [`Shapes`]; [`validate`] → [`Report`]; the report renders itself.
//!
//! A property shape below another counts its results once for each way that leads to the value, as the specification
//! does: two focus nodes with the same bad value give two results.

mod bind;
mod code_examples;
mod compare;
mod compile;
mod constraints;
mod detail;
mod fields;
mod graph;
mod idset;
mod lint;
mod lint_model;
mod lint_texts;
mod lint_vocabulary;
mod live;
mod message;
mod model;
mod names;
mod near;
mod outline;
mod path;
mod pattern;
mod read;
mod render;
mod render_csv;
mod render_jsonld;
mod render_lints;
mod render_sarif;
mod render_text;
mod render_turtle;
mod report;
mod run;
mod sparql;
mod text_tests;
mod texts;
mod v12;
mod validate;
mod vocabulary;

pub use code_examples::{CODE_EXAMPLES, CodeExample, EXAMPLE_PREFIXES, Varies, code_example};
pub use fields::{Field, ValueRule};
pub use lint::{Effect, Lint, LintRule, lint_rule};
pub use lint_texts::LINT_RULES;
pub use live::{Event, Live, ResultKey, Scope, Step};
pub use model::{Component, Severity, Shapes};
pub use outline::Section;
pub use path::Path;
pub use read::{ShapesOptions, read_shapes, read_shapes_with};
pub use render::{Origin, Rendering, ReportFormat};
pub use render_lints::{finding_json, render_findings};
pub use report::{
    FocusCount, PathRef, Report, ResultGroup, ResultRow, SeverityCounts, ShapeRef, Verdict,
    ZeroFocus,
};
pub use run::RunStats;
pub use sparql::suggested_shapes;
pub use texts::{ResultText, result_text};
pub use validate::{Validation, ValidationOptions, validate};
pub use vocabulary::REPORT_NS;

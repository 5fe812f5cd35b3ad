//! Ingest: bytes of a file or a request body → quads in a [`Draft`](crate::store::Draft), or one diagnostic a data
//! steward can act on. Knows formats, limits, JSON-LD contexts and blank node labels.
//! Does not decide who may write and does not publish anything by itself: [`load`] goes through the commit path.

pub mod code_meanings;
mod collect;
mod complain;
pub mod contexts;
pub mod diagnostic;
pub mod fetch;
pub mod format;
pub mod input;
mod labels;
pub mod ldes;
pub mod limits;
mod lines;
pub mod load;
mod newer;
pub mod normalise;
pub mod parse;
mod place;
mod reader;
mod records;
mod rows_kept;
pub mod sources;
mod stage;
mod subject_lines;
mod syntax_texts;
mod texts;
mod xml_scan;

pub use contexts::ContextStore;
pub use diagnostic::{Diagnostic, Location, Severity};
pub use format::{Compression, detect_format};
pub use input::Input;
pub use limits::Limits;
pub use load::{LoadItem, LoadPlan, LoadSummary, load_files};
pub use parse::{ParseOptions, ParseStats, Progress, parse_into};
pub use subject_lines::subject_lines;

//! Ingest: bytes of a file or a request body → quads in a [`Draft`](crate::store::Draft), or one diagnostic a data
//! steward can act on. Knows formats, limits, JSON-LD contexts and blank node labels.
//! Does not decide who may write and does not publish anything by itself: [`load`] goes through the commit path.

mod account;
pub mod code_meanings;
mod collect;
mod complain;
pub mod contexts;
pub mod diagnostic;
pub mod failure;
pub mod feed;
pub mod fetch;
pub mod format;
pub mod harvest_meanings;
pub mod input;
mod labels;
pub mod ldes;
pub mod limits;
mod lines;
pub mod load;
pub mod mend;
pub mod mqtt;
mod newer;
pub mod normalise;
pub mod observed;
pub mod parse;
mod place;
mod reader;
mod records;
pub mod refnis;
mod rows_kept;
pub mod sources;
mod stage;
pub mod strict_json;
mod subject_lines;
mod syntax_texts;
mod texts;
mod xml_scan;

pub use account::Account;
pub(crate) use collect::{Collect, collect};
pub use contexts::ContextStore;
pub use diagnostic::{Diagnostic, Location, Severity};
pub use format::{Compression, detect_format};
pub use input::Input;
pub use limits::Limits;
pub use load::{LoadItem, LoadPlan, LoadSummary, load_files};
pub use mend::{Mending, mendable_codes};
pub use parse::{ParseOptions, ParseStats, Progress, parse_into};
pub use subject_lines::subject_lines;

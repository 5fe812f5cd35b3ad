//! Client for Linked Data Event Streams: reads the pages of a stream, takes their members in, and remembers how far it is.
//! Each part knows little: `page` takes pages apart, `write` puts members into the registry, `position` remembers,
//! `labels` names blank nodes, `repair` mends one flaw, `source` says what is wanted, and `run` makes a harvest of them. Fetching is `ingest::fetch`.

mod labels;
mod names;
mod page;
mod position;
mod run;
mod source;
mod write;

pub use page::{Link, Member, Page, StreamFacts};
pub use run::Harvest;
pub use source::{HarvestError, HarvestOptions, Summary};
pub use write::{Form, Target, WriteError, Written, write};

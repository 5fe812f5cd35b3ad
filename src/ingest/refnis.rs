//! REFNIS, the federal lists of the codes of Belgian municipalities → municipalities with their history: when each began and
//! ended, and which merged into which. What is wrong in the published lists is data (`mappings/refnis/`) and is told. The
//! lists themselves stay SKOS; whoever wants those loads the files.

mod event;
mod lists;
mod write;

pub(super) use event::change_event;
pub use lists::{Lists, Municipality, Succession};
pub(super) use write::write;

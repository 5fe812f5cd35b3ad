//! What is shown of processes and cases: figures to steer on, JSON in the words of the interface, and what a process type does
//! not keep to. Pages are in `html`. Writes nothing and decides no transition.

mod check;
mod json;
mod steering;

pub use check::{Finding, check};
pub use json::{case_json, document_json, role_json, row_json, status_json, type_json};
pub use steering::{Figures, Group, Grouping, LeadTimes, Steering, percentile, steer};

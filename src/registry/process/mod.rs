//! Processes: types with four to seven statuses in the phases of OSLO's StatusVlaamseFase, cases that follow them, and which
//! status may come after which. Reads views and makes statements; commits nothing, renders nothing, knows no status codes of
//! HTTP. Cases and published types lie in two graphs that only the process interface writes ([`super::Writer::Process`]), so
//! that what was set stays set.

mod case;
mod definition;
mod names;
mod rules;
mod statements;
mod table;

pub use case::{
    Addition, Case, CaseDocument, CaseRole, CaseStatus, NewCase, day_of, moment_text, next_number,
    order, status_iri, status_statements,
};
pub use definition::{BadDefinition, Definition, ProcessType, StepDefinition, is_code};
pub use rules::{IllegalTransition, Phase, Rules, rules};
pub use statements::Said;
pub use table::{CaseRow, CaseTable, KeptTable};

/// Name of the graph with cases.
pub const CASES_GRAPH: &str = "zaken";
/// Name of the graph with published process types.
pub const TYPES_GRAPH: &str = "processtypen";
/// `tra:heeftStatus`: what a new status is told by.
pub const HAS_STATUS: &str = "https://data.vlaanderen.be/ns/transactie#heeftStatus";
/// `gen:versieIdentificator`: the moment of the last change of a dossier.
pub const VERSION: &str = "https://data.vlaanderen.be/ns/generiek#versieIdentificator";

/// The node that holds the moment of the last change of a dossier.
pub fn version_node(id: &str) -> String {
    format!("https://data.vlaanderen.be/.well-known/genid/dossier/{id}/gid")
}

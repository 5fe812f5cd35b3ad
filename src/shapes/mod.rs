//! SHACL validation (placeholder until the engine lands: no shapes, everything conforms).
use crate::store::{Id, View};
/// Compiled shapes.
pub struct Shapes;
/// Reads shapes.
pub fn read_shapes(_view: &View) -> Shapes {
    Shapes
}
/// Options.
#[derive(Clone, Default)]
pub struct ValidationOptions {}
/// What is validated.
pub struct Validation {
    /// Focus nodes come from here.
    pub data: View,
    /// Everything else is read here.
    pub context: View,
    /// Options.
    pub options: ValidationOptions,
}
/// Severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// sh:Violation
    Violation,
    /// sh:Warning
    Warning,
    /// sh:Info
    Info,
}
/// One result.
#[derive(Clone, Debug)]
pub struct ResultRow {
    /// Focus node.
    pub focus: Id,
    /// Severity.
    pub severity: Severity,
}
/// Report.
pub struct Report {
    results: Vec<ResultRow>,
}
impl Report {
    /// Results.
    pub fn results(&self) -> &[ResultRow] {
        &self.results
    }
    /// Results not in `before`.
    pub fn new_since(&self, _before: &Report) -> Vec<ResultRow> {
        self.results.clone()
    }
}
/// Validates.
pub fn validate(_shapes: &Shapes, _v: &Validation) -> Report {
    Report {
        results: Vec::new(),
    }
}

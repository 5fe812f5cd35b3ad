//! Figures of a conformance suite.

/// How a suite went.
pub struct SuiteResult {
    pub name: String,
    pub passed: usize,
    pub total: usize,
    pub misses: Vec<Miss>,
}

/// A test that did not pass.
pub struct Miss {
    pub test: String,
    pub reason: String,
}

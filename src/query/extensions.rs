//! The functions a query may call besides those of SPARQL, by their IRIs: what the service description lists. Runs nothing;
//! the functions themselves are given to the evaluator in `dataset`.

use crate::query::geo;

/// One list of IRIs for each module that adds functions.
const FAMILIES: &[&[&str]] = &[geo::IRIS];

/// IRIs of the extension functions ([SPARQL 1.1 §17.6](https://www.w3.org/TR/sparql11-query/#extensionFunctions)), sorted,
/// each once.
pub fn extension_functions() -> Vec<&'static str> {
    let mut functions: Vec<&str> = FAMILIES.iter().copied().flatten().copied().collect();
    functions.sort_unstable();
    functions.dedup();
    functions
}

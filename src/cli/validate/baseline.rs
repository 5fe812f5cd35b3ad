//! An earlier report to compare with: the numbers of its results, in whatever form it was written.

use super::super::problem::Problem;
use crate::shapes::ReportFormat;
use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use std::path::Path;

/// Numbers of results and how often each occurs.
pub(super) struct Baseline(FxHashMap<String, u64>);

impl Baseline {
    /// Takes one result of a number out; whether there was one.
    pub(super) fn take(&mut self, id: &str) -> bool {
        match self.0.get_mut(id) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    fn of(bytes: &[u8]) -> Self {
        // The same in all forms that hold it: `result_id` of a report.
        let number = Regex::new(r#""(sha256-[0-9a-f]{16})""#).expect("a valid pattern");
        let in_xml = Regex::new(r">(sha256-[0-9a-f]{16})<").expect("a valid pattern");
        let mut found: FxHashMap<String, u64> = FxHashMap::default();
        for pattern in [number, in_xml] {
            for capture in pattern.captures_iter(bytes) {
                let id = String::from_utf8_lossy(&capture[1]).into_owned();
                *found.entry(id).or_default() += 1;
            }
        }
        Self(found)
    }
}

/// Reads an earlier report.
pub(super) fn read(path: &Path) -> anyhow::Result<Baseline> {
    let shown = path.display();
    let unreadable = |reason: &str| {
        Problem::new(
            format!("het vorige rapport {shown} kan niet gelezen worden: {reason}"),
            format!("the earlier report {shown} cannot be read: {reason}"),
        )
    };
    if let Some(format @ (ReportFormat::Csv | ReportFormat::Text | ReportFormat::Html)) =
        ReportFormat::from_path(path)
    {
        return Err(unreadable(format.name())
            .hint(
                "geef een rapport in SARIF, NDJSON, Turtle, JSON-LD, N-Triples of RDF/XML: die nummeren hun resultaten",
                "give a report in SARIF, NDJSON, Turtle, JSON-LD, N-Triples or RDF/XML: these number their results",
            )
            .into());
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error.to_string()))?;
    Ok(Baseline::of(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_every_form_and_counted() {
        let text = br#"{"id":"sha256-0123456789abcdef"} dct:identifier "sha256-0123456789abcdef" ; <dct:identifier>sha256-00000000000000ff</dct:identifier> "sha256-x""#;
        let mut known = Baseline::of(text);
        assert!(known.take("sha256-0123456789abcdef"));
        assert!(known.take("sha256-0123456789abcdef"));
        assert!(!known.take("sha256-0123456789abcdef"));
        assert!(known.take("sha256-00000000000000ff"));
        assert!(!known.take("sha256-1111111111111111"));
    }
}

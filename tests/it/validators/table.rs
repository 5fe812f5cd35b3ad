//! The table of explained differences.

use std::fmt;
use std::path::Path;

/// The table, below the project.
pub(super) const NAME: &str = "tests/validators/differences.tsv";

/// All results of one kind that differ for one pair and one peer.
#[derive(Clone)]
pub(super) struct Difference {
    pub(super) shapes: String,
    pub(super) data: String,
    pub(super) peer: &'static str,
    /// `refuses`, `slow`, `verdict`, `undetermined`, `only oslo: Component` or `only peer: Component`.
    pub(super) what: String,
    /// What exactly, each as a line.
    pub(super) examples: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\t{}\t{}\t{}\t{} times, such as {}",
            self.shapes,
            self.data,
            self.peer,
            self.what,
            self.examples.len(),
            self.examples.first().map_or("", String::as_str)
        )
    }
}

/// A row: shapes file, data file, peer, what differs, sign, clause, why. In the first four `*` stands for any text. The sign
/// is a text that what differs must hold (`|` between several, `*` for any), so that a row explains no more than it means.
struct Row {
    line: usize,
    patterns: [String; 4],
    sign: String,
}

impl Row {
    fn is_about(&self, example: &str) -> bool {
        self.sign == "*" || self.sign.split('|').any(|sign| example.contains(sign))
    }
}

pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(NAME);
        let text = std::fs::read_to_string(&path).expect("the table of differences");
        let rows = text.lines().enumerate().skip(1).map(|(at, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [shapes, data, peer, what, sign, clause, why] = cells[..] else {
                panic!("{NAME}:{}: seven columns are needed", at + 1);
            };
            assert!(
                !clause.is_empty() && !why.is_empty(),
                "{NAME}:{}: a clause and a reason are needed",
                at + 1
            );
            Row {
                line: at + 1,
                patterns: [shapes, data, peer, what].map(str::to_owned),
                sign: sign.to_owned(),
            }
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// Whether a row says that a peer takes too long for a pair.
    pub(super) fn says_slow(&self, shapes: &str, data: &str, peer: &str) -> bool {
        let of = [shapes, data, peer, "slow"];
        let mut slow = self.rows.iter().filter(|row| row.patterns[3] == "slow");
        slow.any(|row| row.patterns.iter().zip(of).all(|(p, text)| fits(p, text)))
    }

    /// The differences that no row explains, and the rows that explain none.
    pub(super) fn judge(&self, all: &[Difference]) -> (Vec<Difference>, Vec<String>) {
        let mut used = vec![false; self.rows.len()];
        let mut unexplained = Vec::new();
        for found in all {
            let of = [
                found.shapes.as_str(),
                &found.data,
                found.peer,
                found.what.as_str(),
            ];
            let rows: Vec<usize> = (0..self.rows.len())
                .filter(|row| {
                    let patterns = &self.rows[*row].patterns;
                    patterns.iter().zip(of).all(|(p, text)| fits(p, text))
                })
                .collect();
            let left: Vec<String> = found
                .examples
                .iter()
                .filter(|example| {
                    let row = rows.iter().find(|row| self.rows[**row].is_about(example));
                    if let Some(row) = row {
                        used[*row] = true;
                    }
                    row.is_none()
                })
                .cloned()
                .collect();
            if !left.is_empty() {
                unexplained.push(Difference {
                    examples: left,
                    ..found.clone()
                });
            }
        }
        let stale = self.rows.iter().zip(used).filter(|(_, used)| !used);
        let stale =
            stale.map(|(row, _)| format!("{NAME}:{}: {}", row.line, row.patterns.join(" ")));
        (unexplained, stale.collect())
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text) in [
        ("*", "anything"),
        ("a*", "abc"),
        ("*c", "abc"),
        ("a*c", "abc"),
        ("a", "a"),
        ("a*b*c", "a1b2c"),
    ] {
        assert!(fits(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [("a", "ab"), ("*c", "ab"), ("a*bc", "abx"), ("b*", "ab")] {
        assert!(!fits(pattern, text), "{pattern} {text}");
    }
}

//! What a member says of its item, as texts of terms: the statements, the values at the end of a path, and everything below
//! the item by path. Knows no attributes.

use crate::ingest::normalise::Step;
use crate::rdf::text::split_term;
use crate::rdf::vocab::rdf;
use std::collections::{BTreeMap, BTreeSet};

/// What stands in the IRIs of nodes that stand for blank ones: they mean nothing elsewhere.
const GENID: &str = "/.well-known/genid/";
/// Levels of nested parts, as in documents.
const MAX_DEPTH: usize = 38;
/// Statements that are looked at to tell all that a document says: parts may be shared on many ways.
const MAX_LOOKS: usize = 20_000;

/// The statements of a document, as canonical texts.
pub(super) struct Document<'a> {
    /// Subject, predicate and object, sorted.
    statements: Vec<(&'a str, &'a str, &'a str)>,
}

/// Values by the predicates that lead to them, as IRIs.
pub(super) type Leaves<'a> = BTreeMap<Vec<&'a str>, BTreeSet<&'a str>>;

/// The IRI in a canonical text; none for other terms.
pub(super) fn iri_in(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    (!inner.starts_with('<')).then_some(inner)
}

fn is_blank(text: &str) -> bool {
    text.starts_with("_:") || text.starts_with('<') && text.contains(GENID)
}

impl<'a> Document<'a> {
    /// Reads the N-Quads of a member; what stands in no graph is about the member, and left out.
    pub(super) fn read(text: &'a [u8]) -> Self {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let mut statements: Vec<(&str, &str, &str)> = text.lines().filter_map(statement).collect();
        statements.sort_unstable();
        Self { statements }
    }

    /// Predicates and objects of a subject, sorted.
    fn about(&self, subject: &str) -> &[(&'a str, &'a str, &'a str)] {
        let from = self.statements.partition_point(|row| row.0 < subject);
        let rest = &self.statements[from..];
        &rest[..rest.partition_point(|row| row.0 == subject)]
    }

    /// What stands at the end of a path from a node, sorted, each once.
    pub(super) fn at<'p>(
        &self,
        start: &'a str,
        path: impl IntoIterator<Item = &'p Step>,
    ) -> BTreeSet<&'a str> {
        let mut found: BTreeSet<&'a str> = [start].into();
        for step in path {
            let mut next = BTreeSet::new();
            for node in found {
                next.extend(self.along(node, &step.predicate, step.is_inverse));
            }
            found = next;
        }
        found
    }

    /// The same for predicates alone.
    pub(super) fn under(&self, start: &'a str, path: &[String]) -> BTreeSet<&'a str> {
        let mut found: BTreeSet<&'a str> = [start].into();
        for predicate in path {
            let mut next = BTreeSet::new();
            for node in found {
                next.extend(self.along(node, predicate, false));
            }
            found = next;
        }
        found
    }

    fn along(&self, node: &str, predicate: &str, is_inverse: bool) -> Vec<&'a str> {
        let is_it = |row: &&(&str, &str, &str)| iri_in(row.1) == Some(predicate);
        if is_inverse {
            let all = self.statements.iter().filter(|row| row.2 == node);
            all.filter(is_it).map(|row| row.0).collect()
        } else {
            let own = self.about(node).iter();
            own.filter(is_it).map(|row| row.2).collect()
        }
    }

    /// All values below a node by the way to them, but for what things are; nodes without a name are ways, not values. None
    /// when there are too many ways.
    pub(super) fn leaves(&self, node: &'a str) -> Option<Leaves<'a>> {
        let (mut leaves, mut looks) = (Leaves::new(), 0);
        let (mut path, mut above) = (Vec::new(), vec![node]);
        self.collect(node, &mut path, &mut above, &mut looks, &mut leaves);
        (looks <= MAX_LOOKS).then_some(leaves)
    }

    fn collect(
        &self,
        node: &str,
        path: &mut Vec<&'a str>,
        above: &mut Vec<&'a str>,
        looks: &mut usize,
        leaves: &mut Leaves<'a>,
    ) {
        for &(_, predicate, object) in self.about(node) {
            let Some(predicate) = iri_in(predicate).filter(|iri| *iri != rdf::TYPE) else {
                continue;
            };
            *looks += 1;
            if *looks > MAX_LOOKS {
                return;
            }
            path.push(predicate);
            if !is_blank(object) {
                leaves.entry(path.clone()).or_default().insert(object);
            }
            let is_below = !object.starts_with('"') && !above.contains(&object);
            if is_below && above.len() < MAX_DEPTH {
                above.push(object);
                self.collect(object, path, above, looks, leaves);
                above.pop();
            }
            path.pop();
        }
    }
}

/// The terms of a line that names a graph.
fn statement(line: &str) -> Option<(&str, &str, &str)> {
    let (subject, rest) = split_term(line).ok()?;
    let (predicate, rest) = split_term(rest).ok()?;
    let (object, rest) = split_term(rest).ok()?;
    (rest != ".").then_some((subject, predicate, object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_ways_are_not_gone() {
        let mut text = String::new();
        for n in 0..30 {
            for p in 0..2 {
                let line = format!(
                    "<http://e/{n}> <http://e/p{p}> <http://e/{}> <http://e/m> .\n",
                    n + 1
                );
                text.push_str(&line);
            }
        }
        assert!(
            Document::read(text.as_bytes())
                .leaves("<http://e/0>")
                .is_none()
        );
    }

    const TEXT: &[u8] = b"<http://e/m> <http://e/about> <http://e/x> .\n\
        <http://e/x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/C> <http://e/m> .\n\
        <http://e/x> <http://e/name> \"a \\\"b\\\" .\"@nl <http://e/m> .\n\
        <http://e/x> <http://e/part> _:p <http://e/m> .\n\
        _:p <http://e/of> <http://e/x> <http://e/m> .\n\
        _:p <http://e/value> \"1\" <http://e/m> .\n\
        _:p <http://e/value> \"2\" <http://e/m> .\n";

    #[test]
    fn values_are_found_by_the_way_to_them() {
        let document = Document::read(TEXT);
        let step = |predicate: &str, is_inverse| Step {
            predicate: predicate.to_owned(),
            is_inverse,
        };
        let found = document.at(
            "<http://e/x>",
            &[step("http://e/part", false), step("http://e/value", false)],
        );
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["\"1\"", "\"2\""]);
        let found = document.at("<http://e/x>", &[step("http://e/of", true)]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["_:p"]);
        let leaves = document.leaves("<http://e/x>").expect("few");
        let paths: Vec<String> = leaves.keys().map(|path| path.join(" ")).collect();
        // What leads back to the object itself is a value, and no way.
        assert_eq!(
            paths,
            [
                "http://e/name",
                "http://e/part http://e/of",
                "http://e/part http://e/value"
            ]
        );
    }
}

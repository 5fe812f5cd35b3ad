//! SHACL property paths ([§2.3.1]): reading, a normal form in which only predicates are inverted, and writing.
//! Evaluation is in `run/paths.rs`.
//!
//! [§2.3.1]: https://www.w3.org/TR/shacl/#property-paths

use super::graph::{ListError, ShapesGraph};
use super::names::short_iri;
use super::vocabulary as sh;
use crate::rdf::vocab::rdf;
use crate::store::Id;
use oxrdf::NamedNode;
use rustc_hash::FxHashSet;

/// A property path. `Inverse` may hold any path as written; `Path::normal` pushes it down to the predicates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// One step along a predicate.
    Predicate(NamedNode),
    /// The path walked backwards.
    Inverse(Box<Path>),
    /// One path after the other; two or more.
    Sequence(Vec<Path>),
    /// Any of the paths; two or more.
    Alternative(Vec<Path>),
    /// The path any number of times, also none.
    ZeroOrMore(Box<Path>),
    /// The path at least once.
    OneOrMore(Box<Path>),
    /// The path once or not at all.
    ZeroOrOne(Box<Path>),
}

/// Why a node is not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// A literal stands where an IRI or blank node belongs.
    Literal,
    /// A blank node without any of the path properties, or with more than one value of it.
    NotAPath,
    /// A list with fewer than two members, or a broken list.
    BadList,
    /// The path contains itself.
    Cycle,
    /// The path is deeper than [`MAX_DEPTH`] or has more than [`MAX_STEPS`] parts.
    TooLarge,
}

impl Path {
    /// Reads the path at `node`. A list counts as a sequence even when other path properties stand beside it.
    pub(crate) fn read(graph: &ShapesGraph<'_>, node: Id) -> Result<Self, PathError> {
        let mut reading = Reading {
            graph,
            above: Vec::new(),
            parts: 0,
        };
        reading.path(node)
    }

    /// The same path with inversion only at predicates.
    pub(crate) fn normal(&self) -> Self {
        self.normal_direction(false)
    }

    fn normal_direction(&self, inverse: bool) -> Self {
        let all = |paths: &[Self]| {
            paths
                .iter()
                .map(|p| p.normal_direction(inverse))
                .collect::<Vec<_>>()
        };
        match self {
            Self::Predicate(p) if inverse => Self::Inverse(Box::new(Self::Predicate(p.clone()))),
            Self::Predicate(p) => Self::Predicate(p.clone()),
            Self::Inverse(path) => path.normal_direction(!inverse),
            Self::Sequence(paths) => {
                let mut steps = all(paths);
                if inverse {
                    steps.reverse();
                }
                Self::Sequence(steps)
            }
            Self::Alternative(paths) => {
                // The same way twice leads nowhere new.
                let mut ways: Vec<Self> = Vec::with_capacity(paths.len());
                let mut seen = FxHashSet::default();
                for way in all(paths) {
                    if seen.insert(way.clone()) {
                        ways.push(way);
                    }
                }
                match ways.len() {
                    1 => ways.swap_remove(0),
                    _ => Self::Alternative(ways),
                }
            }
            Self::ZeroOrMore(path) => Self::repeated(path.normal_direction(inverse), true, true),
            Self::OneOrMore(path) => Self::repeated(path.normal_direction(inverse), false, true),
            Self::ZeroOrOne(path) => Self::repeated(path.normal_direction(inverse), true, false),
        }
    }

    /// A repeated path: whether none will do, and whether more than one will. A repetition of a repetition is one.
    fn repeated(path: Self, mut none: bool, mut many: bool) -> Self {
        let inner = match path {
            Self::ZeroOrMore(inner) => {
                (none, many) = (true, true);
                inner
            }
            Self::OneOrMore(inner) => {
                many = true;
                inner
            }
            Self::ZeroOrOne(inner) => {
                none = true;
                inner
            }
            other => Box::new(other),
        };
        match (none, many) {
            (true, true) => Self::ZeroOrMore(inner),
            (false, true) => Self::OneOrMore(inner),
            _ => Self::ZeroOrOne(inner),
        }
    }

    /// The predicate, when the path is just one.
    pub fn as_predicate(&self) -> Option<&NamedNode> {
        match self {
            Self::Predicate(predicate) => Some(predicate),
            _ => None,
        }
    }

    /// The predicate a reader would name the path by: the last one walked.
    pub(crate) fn last_predicate(&self) -> &NamedNode {
        match self {
            Self::Predicate(predicate) => predicate,
            Self::Sequence(paths) | Self::Alternative(paths) => paths
                .last()
                .expect("a list path has two members or more")
                .last_predicate(),
            Self::Inverse(path)
            | Self::ZeroOrMore(path)
            | Self::OneOrMore(path)
            | Self::ZeroOrOne(path) => path.last_predicate(),
        }
    }

    /// All predicates of the path, in the order written.
    pub fn predicates(&self) -> Vec<&NamedNode> {
        match self {
            Self::Predicate(predicate) => vec![predicate],
            Self::Sequence(paths) | Self::Alternative(paths) => {
                paths.iter().flat_map(Self::predicates).collect()
            }
            Self::Inverse(path)
            | Self::ZeroOrMore(path)
            | Self::OneOrMore(path)
            | Self::ZeroOrOne(path) => path.predicates(),
        }
    }

    /// SPARQL property path syntax, each predicate written by `name`.
    pub(crate) fn to_sparql(&self, name: &dyn Fn(&NamedNode) -> String) -> String {
        let part = |path: &Self| match path {
            Self::Predicate(_) => path.to_sparql(name),
            _ => format!("({})", path.to_sparql(name)),
        };
        let join = |paths: &[Self], separator: &str| {
            paths
                .iter()
                .map(|p| match p {
                    Self::Sequence(_) | Self::Alternative(_) => format!("({})", p.to_sparql(name)),
                    _ => p.to_sparql(name),
                })
                .collect::<Vec<_>>()
                .join(separator)
        };
        match self {
            Self::Predicate(predicate) => name(predicate),
            Self::Inverse(path) => format!("^{}", part(path)),
            Self::Sequence(paths) => join(paths, "/"),
            Self::Alternative(paths) => join(paths, "|"),
            Self::ZeroOrMore(path) => format!("{}*", part(path)),
            Self::OneOrMore(path) => format!("{}+", part(path)),
            Self::ZeroOrOne(path) => format!("{}?", part(path)),
        }
    }

    /// The path in short form, for a sentence: very long ones are cut off.
    pub(crate) fn brief(&self) -> String {
        let text = self.to_sparql(&|predicate| short_iri(predicate.as_str()));
        match text.char_indices().nth(200) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// The parts of a path that is not a plain predicate or a sequence: the local name of its SHACL property and the
    /// path or list below it.
    pub(crate) fn property_and_parts(&self) -> Option<(&'static str, &[Path])> {
        Some(match self {
            Self::Predicate(_) | Self::Sequence(_) => return None,
            Self::Inverse(path) => ("inversePath", std::slice::from_ref(&**path)),
            Self::Alternative(paths) => ("alternativePath", paths),
            Self::ZeroOrMore(path) => ("zeroOrMorePath", std::slice::from_ref(&**path)),
            Self::OneOrMore(path) => ("oneOrMorePath", std::slice::from_ref(&**path)),
            Self::ZeroOrOne(path) => ("zeroOrOnePath", std::slice::from_ref(&**path)),
        })
    }
}

/// Deeper paths are refused like endless ones: nobody writes them by hand.
pub(crate) const MAX_DEPTH: usize = 64;
/// Parts a path may have. Parts that several others share count as often as they are used, for so often they are walked.
pub(crate) const MAX_STEPS: usize = 1000;

/// One path while it is read.
struct Reading<'r, 'v> {
    graph: &'r ShapesGraph<'v>,
    above: Vec<Id>,
    parts: usize,
}

impl Reading<'_, '_> {
    fn path(&mut self, node: Id) -> Result<Path, PathError> {
        self.parts += 1;
        if self.parts > MAX_STEPS {
            return Err(PathError::TooLarge);
        }
        if let Some(predicate) = self.graph.named_node(node) {
            // The empty list: nobody means the IRI that stands for it.
            if predicate.as_str() == rdf::NIL {
                return Err(PathError::BadList);
            }
            return Ok(Path::Predicate(predicate));
        }
        if !node.is_blank() {
            return Err(PathError::Literal);
        }
        if self.above.contains(&node) {
            return Err(PathError::Cycle);
        }
        if self.above.len() > MAX_DEPTH {
            return Err(PathError::TooLarge);
        }
        self.above.push(node);
        let path = self.blank(node);
        self.above.pop();
        path
    }

    fn blank(&mut self, node: Id) -> Result<Path, PathError> {
        if !self.graph.objects(node, rdf::FIRST).is_empty() {
            return Ok(Path::Sequence(self.members(node)?));
        }
        let mut found = None;
        for property in [
            sh::INVERSE_PATH,
            sh::ALTERNATIVE_PATH,
            sh::ZERO_OR_MORE_PATH,
            sh::ONE_OR_MORE_PATH,
            sh::ZERO_OR_ONE_PATH,
        ] {
            for value in self.graph.objects(node, property) {
                if found.replace((property, value)).is_some() {
                    return Err(PathError::NotAPath);
                }
            }
        }
        let (property, value) = found.ok_or(PathError::NotAPath)?;
        if property == sh::ALTERNATIVE_PATH {
            return Ok(Path::Alternative(self.members(value)?));
        }
        let inner = Box::new(self.path(value)?);
        Ok(match property {
            sh::INVERSE_PATH => Path::Inverse(inner),
            sh::ZERO_OR_MORE_PATH => Path::ZeroOrMore(inner),
            sh::ONE_OR_MORE_PATH => Path::OneOrMore(inner),
            _ => Path::ZeroOrOne(inner),
        })
    }

    fn members(&mut self, head: Id) -> Result<Vec<Path>, PathError> {
        let members = self
            .graph
            .list(head, MAX_STEPS)
            .map_err(|error| match error {
                ListError::Broken => PathError::BadList,
                ListError::TooLong => PathError::TooLarge,
            })?;
        if members.len() < 2 {
            return Err(PathError::BadList);
        }
        members
            .into_iter()
            .map(|member| self.path(member))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicate(name: &str) -> Path {
        Path::Predicate(NamedNode::new_unchecked(format!(
            "http://example.org/{name}"
        )))
    }

    #[test]
    fn inverse_of_a_sequence_turns_it_round() {
        let path = Path::Inverse(Box::new(Path::Sequence(vec![
            predicate("a"),
            Path::Inverse(Box::new(predicate("b"))),
            Path::ZeroOrMore(Box::new(predicate("c"))),
        ])));
        let local = |p: &NamedNode| p.as_str().rsplit('/').next().expect("a part").to_owned();
        assert_eq!(path.to_sparql(&local), "^(a/^b/c*)");
        assert_eq!(path.normal().to_sparql(&local), "(^c)*/b/^a");
    }

    #[test]
    fn repetitions_of_repetitions_and_equal_ways_become_one() {
        let local = |p: &NamedNode| p.as_str().rsplit('/').next().expect("a part").to_owned();
        let normal = |path: Path| path.normal().to_sparql(&local);
        let a = || Box::new(predicate("a"));
        assert_eq!(
            normal(Path::ZeroOrMore(Box::new(Path::OneOrMore(a())))),
            "a*"
        );
        assert_eq!(
            normal(Path::OneOrMore(Box::new(Path::OneOrMore(a())))),
            "a+"
        );
        assert_eq!(
            normal(Path::OneOrMore(Box::new(Path::ZeroOrOne(a())))),
            "a*"
        );
        assert_eq!(
            normal(Path::ZeroOrOne(Box::new(Path::OneOrMore(a())))),
            "a*"
        );
        assert_eq!(
            normal(Path::ZeroOrOne(Box::new(Path::ZeroOrOne(a())))),
            "a?"
        );
        let ways = || Path::Alternative(vec![predicate("a"), predicate("a"), predicate("a")]);
        assert_eq!(normal(Path::Alternative(vec![ways(), ways()])), "a");
    }
}

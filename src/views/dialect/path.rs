//! Ways from a node to others: `adr:positie/locn:geometry`, `^geb:bestaatUit` against the direction, `.` for the node itself,
//! `$` for the object of the document. Written with prefixes, compiled to numbers of predicates.

/// Where a way starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the node at hand.
    Here,
    /// At the object of the document.
    Root,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Number of the predicate in the table of the dialect.
    pub(super) predicate: usize,
    /// Whether the step goes from object to subject.
    pub(super) inverse: bool,
}

/// A way; without steps it leads to its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

impl Path {
    /// Reads a way; `number` gives the number of a prefixed predicate.
    pub(super) fn parse(
        text: &str,
        mut number: impl FnMut(&str) -> Result<usize, String>,
    ) -> Result<Self, String> {
        let (start, rest) = match text.strip_prefix('$') {
            Some(rest) => (Start::Root, rest.strip_prefix('/').unwrap_or(rest)),
            None => (Start::Here, text),
        };
        let mut steps = Vec::new();
        for step in rest.split('/').filter(|step| !matches!(*step, "" | ".")) {
            let (inverse, name) = match step.strip_prefix('^') {
                Some(name) => (true, name),
                None => (false, step),
            };
            steps.push(Step {
                predicate: number(name)?,
                inverse,
            });
        }
        Ok(Self { start, steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read() {
        let mut known: Vec<String> = Vec::new();
        let mut number = |name: &str| {
            if name == "?" {
                return Err("unknown".to_owned());
            }
            known.push(name.to_owned());
            Ok(known.len() - 1)
        };
        let path = Path::parse("$/a:b/^c:d", &mut number).expect("a way");
        assert_eq!(path.start, Start::Root);
        assert_eq!(
            path.steps,
            [
                Step {
                    predicate: 0,
                    inverse: false
                },
                Step {
                    predicate: 1,
                    inverse: true
                }
            ]
        );
        let here = Path::parse(".", &mut number).expect("a way");
        assert_eq!((here.start, here.steps.len()), (Start::Here, 0));
        assert!(Path::parse("?", &mut number).is_err());
    }
}

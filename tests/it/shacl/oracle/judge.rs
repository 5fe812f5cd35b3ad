//! The oracle: definitions of the specification, one node at a time, with no thought for speed. Terms are texts. Shapes that
//! refer to each other in circles, which the specification leaves open, get the greatest fixpoint.

use super::model::{
    Constraint, DATATYPES, IN_SCHEME, NODE_KINDS, PATTERNS, Path, Pool, RANGES, Ref, SEVERITIES,
    SUB, Shape, TERMS, TYPE, Target, iri, term,
};
use oxrdf::{NamedNode, Term, Triple};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Whether one value passes a constraint.
type Test<'a> = Box<dyn Fn(&Oracle<'a>, &str) -> bool>;

struct Oracle<'g> {
    graph: &'g BTreeSet<(String, String, String)>,
    pool: &'g Pool,
    terms: Vec<Term>,
    /// Who fails a shape of the circle, as far as is known.
    failing: BTreeSet<(Ref, String)>,
    lines: Vec<String>,
    /// Nodes whose results of a shape of the circle are out; `None` where only conformance is asked.
    reported: Option<BTreeSet<(Ref, String)>>,
}

/// The results for a graph, as sorted lines.
pub(super) fn oracle_lines(graph: &[Triple], pool: &Pool) -> Vec<String> {
    let text: BTreeSet<(String, String, String)> = graph
        .iter()
        .map(|t| {
            let [s, p, o] = [
                t.subject.to_string(),
                t.predicate.to_string(),
                t.object.to_string(),
            ];
            (s, p, o)
        })
        .collect();
    let mut oracle = Oracle {
        graph: &text,
        pool,
        terms: (0..TERMS).map(term).collect(),
        failing: BTreeSet::new(),
        lines: Vec::new(),
        reported: None,
    };
    oracle.close_circle();
    oracle.reported = Some(BTreeSet::new());
    for (at, shape) in pool.shapes.iter().enumerate() {
        for node in oracle.focus(at, shape) {
            oracle.check(at, &node);
        }
    }
    oracle.lines.sort_unstable();
    oracle.lines
}

impl<'g> Oracle<'g> {
    fn focus(&self, at: Ref, shape: &Shape) -> BTreeSet<String> {
        let instances = |class: NamedNode| {
            let class = class.to_string();
            self.graph
                .iter()
                .filter(|(s, _, _)| self.is_instance(s, &class))
                .map(|(s, _, _)| s.clone())
                .collect::<Vec<_>>()
        };
        let with = |p: u8| {
            let p = iri("p", p).to_string();
            self.graph.iter().filter(move |t| t.1 == p)
        };
        let mut focus = BTreeSet::new();
        for target in &shape.targets {
            match target {
                Target::Class(c) => focus.extend(instances(iri("c", c))),
                Target::Implicit => focus.extend(instances(iri("s", at))),
                Target::Node(n) => focus.extend([term(*n).to_string()]),
                Target::SubjectsOf(p) => focus.extend(with(*p).map(|t| t.0.clone())),
                Target::ObjectsOf(p) => focus.extend(with(*p).map(|t| t.2.clone())),
            }
        }
        focus
    }

    /// Everything conforms to the shapes of the circle, until a round of looking finds nothing more that fails.
    fn close_circle(&mut self) {
        let nodes: BTreeSet<String> = self
            .graph
            .iter()
            .flat_map(|(s, p, o)| [s.clone(), p.clone(), o.clone()])
            .chain(self.terms.iter().map(ToString::to_string))
            .collect();
        loop {
            let before = self.failing.len();
            for shape in 0..self.pool.circle {
                for node in &nodes {
                    if !self.looks_right(shape, node) {
                        self.failing.insert((shape, node.clone()));
                    }
                }
            }
            if self.failing.len() == before {
                return;
            }
        }
    }

    fn term(&self, text: &str) -> Term {
        self.terms
            .iter()
            .find(|t| t.to_string() == text)
            .cloned()
            .unwrap_or_else(|| {
                NamedNode::new_unchecked(text.trim_start_matches('<').trim_end_matches('>')).into()
            })
    }

    fn step(&self, node: &str, predicate: &str) -> BTreeSet<String> {
        self.graph
            .iter()
            .filter(|(s, p, _)| s == node && p == predicate)
            .map(|(_, _, o)| o.clone())
            .collect()
    }

    fn values(&self, path: &Path, node: &str) -> BTreeSet<String> {
        let all: BTreeSet<String> = self
            .graph
            .iter()
            .flat_map(|(s, _, o)| [s.clone(), o.clone()])
            .chain([node.to_owned()])
            .collect();
        match path {
            Path::Predicate(p) => self.step(node, &iri("p", p).to_string()),
            Path::Inverse(inner) => all
                .into_iter()
                .filter(|n| self.values(inner, n).contains(node))
                .collect(),
            Path::Sequence(a, b) => self
                .values(a, node)
                .iter()
                .flat_map(|n| self.values(b, n))
                .collect(),
            Path::Alternative(a, b) => self
                .values(a, node)
                .union(&self.values(b, node))
                .cloned()
                .collect(),
            Path::ZeroOrOne(inner) => {
                let mut found = self.values(inner, node);
                found.insert(node.to_owned());
                found
            }
            Path::ZeroOrMore(inner) | Path::OneOrMore(inner) => {
                let mut found = self.values(inner, node);
                loop {
                    let more: BTreeSet<String> =
                        found.iter().flat_map(|n| self.values(inner, n)).collect();
                    if more.is_subset(&found) {
                        break;
                    }
                    found.extend(more);
                }
                if matches!(path, Path::ZeroOrMore(_)) {
                    found.insert(node.to_owned());
                }
                found
            }
        }
    }

    fn is_instance(&self, node: &str, class: &str) -> bool {
        let mut classes = self.step(node, &format!("<{TYPE}>"));
        loop {
            let more: BTreeSet<String> = classes
                .iter()
                .flat_map(|c| self.step(c, &format!("<{SUB}>")))
                .collect();
            if more.is_subset(&classes) {
                return classes.contains(class);
            }
            classes.extend(more);
        }
    }

    fn compare(&self, a: &str, b: &str) -> Option<Ordering> {
        let (Term::Literal(a), Term::Literal(b)) = (self.term(a), self.term(b)) else {
            return None;
        };
        if a.language().is_some() || b.language().is_some() {
            return None;
        }
        let kind = |datatype: &str| match datatype.rsplit('#').next() {
            Some("integer" | "decimal") => "number".to_owned(),
            _ => datatype.to_owned(),
        };
        let of = kind(a.datatype().as_str());
        if of != kind(b.datatype().as_str()) {
            return None;
        }
        if of == "number" {
            let number = |text: &str| text.parse::<f64>().ok();
            return number(a.value())?.partial_cmp(&number(b.value())?);
        }
        Some(a.value().cmp(b.value()))
    }

    fn string(&self, node: &str) -> Option<String> {
        match self.term(node) {
            Term::NamedNode(node) => Some(node.into_string()),
            Term::Literal(literal) => Some(literal.value().to_owned()),
            Term::BlankNode(_) | Term::Triple(_) => None,
        }
    }

    fn language(&self, node: &str) -> Option<String> {
        match self.term(node) {
            Term::Literal(literal) => literal.language().map(str::to_owned),
            _ => None,
        }
    }

    fn conforms(&self, shape: Ref, node: &str) -> bool {
        if shape < self.pool.circle {
            return !self.failing.contains(&(shape, node.to_owned()));
        }
        self.looks_right(shape, node)
    }

    /// Whether a node conforms, by what is known of the circle.
    fn looks_right(&self, shape: Ref, node: &str) -> bool {
        let mut inner = Oracle {
            graph: self.graph,
            pool: self.pool,
            terms: self.terms.clone(),
            failing: self.failing.clone(),
            lines: Vec::new(),
            reported: None,
        };
        inner.check(shape, node);
        inner.lines.is_empty()
    }

    fn check(&mut self, at: Ref, focus: &str) {
        let shape = &self.pool.shapes[at];
        if shape.deactivated {
            return;
        }
        let values: Vec<String> = match &shape.path {
            Some(path) => self.values(path, focus).into_iter().collect(),
            None => vec![focus.to_owned()],
        };
        for constraint in &shape.constraints {
            self.check_constraint(constraint, focus, &values, at);
        }
    }

    /// A property shape below another.
    fn check_below(&mut self, at: Ref, focus: &str) {
        if at < self.pool.circle {
            let node = (at, focus.to_owned());
            match &mut self.reported {
                None if self.failing.contains(&node) => {
                    self.lines.push("a shape of the circle fails".to_owned());
                    return;
                }
                None => return,
                Some(reported) => {
                    if !reported.insert(node) {
                        return;
                    }
                }
            }
        }
        self.check(at, focus);
    }

    fn fail(&mut self, component: &str, focus: &str, value: Option<&str>, at: Ref) {
        let severity = SEVERITIES[usize::from(self.pool.shapes[at].severity)];
        let value = value.unwrap_or("-");
        self.lines
            .push(format!("{component} {focus} {value} s{at} {severity}"));
    }

    /// A constraint that judges each value by itself.
    fn test(constraint: &Constraint) -> Option<(&'static str, Test<'g>)> {
        use Constraint as C;
        let range = |name, n: u8, fits: fn(Ordering) -> bool| {
            let limit = term(n).to_string();
            let test: Test<'g> = Box::new(move |o, v| o.compare(v, &limit).is_some_and(fits));
            (name, test)
        };
        Some(match constraint.clone() {
            C::Class(c) => (
                "Class",
                Box::new(move |o, v| o.is_instance(v, &iri("c", c).to_string())),
            ),
            C::Datatype(d) => (
                "Datatype",
                Box::new(move |o, v| match o.term(v) {
                    Term::Literal(l) => {
                        l.datatype().as_str() == DATATYPES[usize::from(d)] && l.value() != "x"
                    }
                    _ => false,
                }),
            ),
            C::NodeKind(k) => (
                "NodeKind",
                Box::new(move |o, v| {
                    let (_, [iri, blank, literal]) = NODE_KINDS[usize::from(k)];
                    match o.term(v) {
                        Term::NamedNode(_) => iri,
                        Term::BlankNode(_) => blank,
                        Term::Literal(_) => literal,
                        Term::Triple(_) => false,
                    }
                }),
            ),
            C::MinExclusive(n) => range("MinExclusive", n, Ordering::is_gt),
            C::MinInclusive(n) => range("MinInclusive", n, Ordering::is_ge),
            C::MaxExclusive(n) => range("MaxExclusive", n, Ordering::is_lt),
            C::MaxInclusive(n) => range("MaxInclusive", n, Ordering::is_le),
            C::MinLength(n) => (
                "MinLength",
                Box::new(move |o, v| {
                    let text = o.string(v);
                    text.is_some_and(|s| s.chars().count() >= usize::from(n))
                }),
            ),
            C::MaxLength(n) => (
                "MaxLength",
                Box::new(move |o, v| {
                    let text = o.string(v);
                    text.is_some_and(|s| s.chars().count() <= usize::from(n))
                }),
            ),
            C::Pattern(n) => (
                "Pattern",
                Box::new(move |o, v| {
                    let (_, _, matches) = PATTERNS[usize::from(n)];
                    o.string(v).is_some_and(|s| matches(&s))
                }),
            ),
            C::LanguageIn(n) => (
                "LanguageIn",
                Box::new(move |o, v| {
                    o.language(v).is_some_and(|tag| {
                        RANGES[usize::from(n)].iter().any(|range| {
                            let range = range.to_lowercase();
                            range == "*" || tag == range || tag.starts_with(&format!("{range}-"))
                        })
                    })
                }),
            ),
            C::Not(s) => ("Not", Box::new(move |o, v| !o.conforms(s, v))),
            C::And(s) => (
                "And",
                Box::new(move |o, v| s.iter().all(|s| o.conforms(*s, v))),
            ),
            C::Or(s) => (
                "Or",
                Box::new(move |o, v| s.iter().any(|s| o.conforms(*s, v))),
            ),
            C::Xone(s) => (
                "Xone",
                Box::new(move |o, v| s.iter().filter(|s| o.conforms(**s, v)).count() == 1),
            ),
            C::Node(s) => ("Node", Box::new(move |o, v| o.conforms(s, v))),
            C::In(list) => (
                "In",
                Box::new(move |_, v| list.iter().any(|n| term(*n).to_string() == *v)),
            ),
            C::CodeList(c) => (
                "CodeList",
                Box::new(move |o, v| {
                    let schemes = o.step(v, &format!("<{IN_SCHEME}>"));
                    schemes.contains(&iri("c", c).to_string())
                }),
            ),
            _ => return None,
        })
    }

    fn check_constraint(
        &mut self,
        constraint: &Constraint,
        focus: &str,
        values: &[String],
        at: Ref,
    ) {
        use Constraint as C;
        let count = values.len();
        if let Some((component, passes)) = Self::test(constraint) {
            for value in values {
                if !passes(self, value) {
                    self.fail(component, focus, Some(value), at);
                }
            }
            return;
        }
        match constraint {
            C::MinCount(n) if count < usize::from(*n) => self.fail("MinCount", focus, None, at),
            C::MaxCount(n) if count > usize::from(*n) => self.fail("MaxCount", focus, None, at),
            C::HasValue(n) if !values.contains(&term(*n).to_string()) => {
                self.fail("HasValue", focus, None, at);
            }
            C::UniqueLang => {
                let tags: Vec<String> = values.iter().filter_map(|v| self.language(v)).collect();
                let twice: BTreeSet<&String> = tags
                    .iter()
                    .filter(|tag| tags.iter().filter(|t| t == tag).count() > 1)
                    .collect();
                for _ in twice {
                    self.fail("UniqueLang", focus, None, at);
                }
            }
            C::Equals(p) | C::Disjoint(p) | C::LessThan(p) | C::LessThanOrEquals(p) => {
                let others = self.step(focus, &iri("p", p).to_string());
                self.check_pair(constraint, focus, values, &others, at);
            }
            C::Property(shape) => {
                for value in values {
                    self.check_below(*shape, value);
                }
            }
            C::Qualified {
                shape,
                min,
                max,
                disjoint,
            } => {
                let siblings = if *disjoint {
                    self.siblings(at, *shape)
                } else {
                    BTreeSet::new()
                };
                let counts = |v: &&String| {
                    self.conforms(*shape, v) && !siblings.iter().any(|s| self.conforms(*s, v))
                };
                let found = values.iter().filter(counts).count();
                if min.is_some_and(|min| found < usize::from(min)) {
                    self.fail("QualifiedMinCount", focus, None, at);
                }
                if max.is_some_and(|max| found > usize::from(max)) {
                    self.fail("QualifiedMaxCount", focus, None, at);
                }
            }
            C::Closed(ignored) => {
                let below = self.pool.shapes[at].constraints.iter().filter_map(|c| {
                    let C::Property(below) = c else { return None };
                    match &self.pool.shapes[*below].path {
                        Some(Path::Predicate(p)) => Some(iri("p", p).to_string()),
                        _ => None,
                    }
                });
                let allowed: BTreeSet<String> =
                    below.chain([iri("p", ignored).to_string()]).collect();
                let severity = SEVERITIES[usize::from(self.pool.shapes[at].severity)];
                for value in values {
                    for (s, p, o) in self.graph {
                        if s == value && !allowed.contains(p) {
                            let line = format!("Closed {focus} {o} s{at} {severity} {p}");
                            self.lines.push(line);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn check_pair(
        &mut self,
        constraint: &Constraint,
        focus: &str,
        values: &[String],
        others: &BTreeSet<String>,
        at: Ref,
    ) {
        use Constraint as C;
        for value in values {
            match constraint {
                C::Equals(_) if !others.contains(value) => {
                    self.fail("Equals", focus, Some(value), at);
                }
                C::Disjoint(_) if others.contains(value) => {
                    self.fail("Disjoint", focus, Some(value), at);
                }
                C::LessThan(_) | C::LessThanOrEquals(_) => {
                    let (name, fits): (_, fn(Ordering) -> bool) = match constraint {
                        C::LessThan(_) => ("LessThan", Ordering::is_lt),
                        _ => ("LessThanOrEquals", Ordering::is_le),
                    };
                    for other in others {
                        if !self.compare(value, other).is_some_and(fits) {
                            self.fail(name, focus, Some(value), at);
                        }
                    }
                }
                _ => {}
            }
        }
        if matches!(constraint, C::Equals(_)) {
            for other in others.iter().filter(|o| !values.contains(o)) {
                self.fail("Equals", focus, Some(other), at);
            }
        }
    }

    /// The qualified value shapes beside one, but for its own.
    fn siblings(&self, at: Ref, own: Ref) -> BTreeSet<Ref> {
        use Constraint as C;
        let below = |shape: &'g Shape| {
            let below = shape.constraints.iter().filter_map(|c| match c {
                C::Property(below) => Some(*below),
                _ => None,
            });
            below.collect::<Vec<Ref>>()
        };
        let parents = self.pool.shapes.iter().map(below);
        let beside = parents.filter(|below| below.contains(&at)).flatten();
        let qualified = beside.flat_map(|shape| &self.pool.shapes[shape].constraints);
        qualified
            .filter_map(|c| match c {
                C::Qualified { shape, .. } if *shape != own => Some(*shape),
                _ => None,
            })
            .collect()
    }
}

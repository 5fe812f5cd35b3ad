//! The engine against a naive oracle: random small graphs and shapes, validated node by node straight from the
//! definitions of the specification, result for result.

use super::{load, parse_turtle};
use oslo_registry::shapes::{PathRef, Validation, ValidationOptions, read_shapes, validate};
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Whether one value passes a constraint.
type Test<'a> = Box<dyn Fn(&Oracle<'a>, &str) -> bool>;

const EX: &str = "http://example.org/";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const SUB: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";

#[derive(Clone, Debug)]
enum Path {
    Predicate(u8),
    Inverse(Box<Path>),
    Sequence(Box<Path>, Box<Path>),
    Alternative(Box<Path>, Box<Path>),
    ZeroOrMore(Box<Path>),
    OneOrMore(Box<Path>),
    ZeroOrOne(Box<Path>),
}

#[derive(Clone, Debug)]
enum Constraint {
    Class(u8),
    Datatype(u8),
    NodeKind(u8),
    MinCount(u8),
    MaxCount(u8),
    MinInclusive(u8),
    MaxExclusive(u8),
    MinLength(u8),
    MaxLength(u8),
    Pattern,
    LanguageIn,
    UniqueLang,
    Equals(u8),
    Disjoint(u8),
    LessThan(u8),
    LessThanOrEquals(u8),
    Not(Shape),
    And(Vec<Shape>),
    Or(Vec<Shape>),
    Xone(Vec<Shape>),
    Node(Shape),
    Property(Shape),
    Qualified(Shape, u8, u8),
    Closed(u8),
    HasValue(u8),
    In(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Shape {
    path: Option<Path>,
    constraints: Vec<Constraint>,
    deactivated: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Class(u8),
    Node(u8),
    SubjectsOf(u8),
    ObjectsOf(u8),
}

fn iri(name: &str, n: u8) -> NamedNode {
    NamedNode::new_unchecked(format!("{EX}{name}{n}"))
}

/// Nodes and literals that graphs and shapes are made of.
fn term(n: u8) -> Term {
    let typed = |value: &str, datatype: &str| {
        Term::from(Literal::new_typed_literal(
            value,
            NamedNode::new_unchecked(format!("{XSD}{datatype}")),
        ))
    };
    match n % 14 {
        n @ 0..=4 => iri("n", n).into(),
        5 => Literal::new_simple_literal("a").into(),
        6 => Literal::new_simple_literal("bb\n\"").into(),
        7 => Literal::new_language_tagged_literal_unchecked("a", "nl").into(),
        8 => Literal::new_language_tagged_literal_unchecked("c", "nl").into(),
        9 => Literal::new_language_tagged_literal_unchecked("c", "en-gb").into(),
        10 => typed("1", "integer"),
        11 => typed("02", "integer"),
        12 => typed("x", "integer"),
        _ => typed("2024-01-01", "date"),
    }
}

const DATATYPES: [&str; 4] = [
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "http://www.w3.org/2001/XMLSchema#integer",
    "http://www.w3.org/2001/XMLSchema#date",
];
const NODE_KINDS: [&str; 3] = ["IRI", "BlankNodeOrLiteral", "IRIOrLiteral"];

// --- The oracle: definitions of the specification, one node at a time.

struct Oracle<'g> {
    graph: &'g BTreeSet<(String, String, String)>,
    terms: Vec<Term>,
    lines: Vec<String>,
}

impl<'g> Oracle<'g> {
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
            Path::Predicate(p) => self.step(node, &iri("p", *p).to_string()),
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
            Path::ZeroOrMore(_) | Path::OneOrMore(_) => {
                let (Path::ZeroOrMore(inner) | Path::OneOrMore(inner)) = path else {
                    unreachable!()
                };
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
        if a.datatype() != b.datatype() || a.language().is_some() || b.language().is_some() {
            return None;
        }
        match a.datatype().as_str().rsplit('#').next() {
            Some("integer") => Some(
                a.value()
                    .parse::<i64>()
                    .ok()?
                    .cmp(&b.value().parse::<i64>().ok()?),
            ),
            _ => Some(a.value().cmp(b.value())),
        }
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

    fn conforms(&self, shape: &Shape, node: &str) -> bool {
        let mut inner = Oracle {
            graph: self.graph,
            terms: self.terms.clone(),
            lines: Vec::new(),
        };
        inner.check(shape, node, "?");
        inner.lines.is_empty()
    }

    fn check(&mut self, shape: &Shape, focus: &str, name: &str) {
        if shape.deactivated {
            return;
        }
        let values: Vec<String> = match &shape.path {
            Some(path) => self.values(path, focus).into_iter().collect(),
            None => vec![focus.to_owned()],
        };
        for (position, constraint) in shape.constraints.iter().enumerate() {
            self.check_constraint(constraint, focus, &values, name, position);
        }
    }

    fn fail(&mut self, component: &str, focus: &str, value: Option<&str>, name: &str) {
        self.lines.push(format!(
            "{component} {focus} {} {name}",
            value.unwrap_or("-")
        ));
    }

    fn check_constraint(
        &mut self,
        constraint: &Constraint,
        focus: &str,
        values: &[String],
        name: &str,
        at: usize,
    ) {
        use Constraint as C;
        let inner = format!("{name}.{at}");
        let count = values.len();
        // Constraints that judge each value by itself.
        let each: Option<(&str, Test<'g>)> = match constraint.clone() {
            C::Class(c) => Some((
                "Class",
                Box::new(move |o, v| o.is_instance(v, &iri("c", c).to_string())),
            )),
            C::Datatype(d) => Some((
                "Datatype",
                Box::new(move |o, v| match o.term(v) {
                    Term::Literal(l) => {
                        l.datatype().as_str() == DATATYPES[usize::from(d)] && l.value() != "x"
                    }
                    _ => false,
                }),
            )),
            C::NodeKind(k) => Some((
                "NodeKind",
                Box::new(move |o, v| match (o.term(v), NODE_KINDS[usize::from(k)]) {
                    (Term::NamedNode(_), kinds) => kinds != "BlankNodeOrLiteral",
                    (Term::Literal(_), kinds) => kinds != "IRI",
                    (Term::BlankNode(_), kinds) => kinds == "BlankNodeOrLiteral",
                    (Term::Triple(_), _) => false,
                }),
            )),
            C::MinInclusive(n) => Some((
                "MinInclusive",
                Box::new(move |o, v| {
                    matches!(
                        o.compare(v, &term(n).to_string()),
                        Some(Ordering::Greater | Ordering::Equal)
                    )
                }),
            )),
            C::MaxExclusive(n) => Some((
                "MaxExclusive",
                Box::new(move |o, v| o.compare(v, &term(n).to_string()) == Some(Ordering::Less)),
            )),
            C::MinLength(n) => Some((
                "MinLength",
                Box::new(move |o, v| {
                    o.string(v)
                        .is_some_and(|s| s.chars().count() >= usize::from(n))
                }),
            )),
            C::MaxLength(n) => Some((
                "MaxLength",
                Box::new(move |o, v| {
                    o.string(v)
                        .is_some_and(|s| s.chars().count() <= usize::from(n))
                }),
            )),
            C::Pattern => Some((
                "Pattern",
                Box::new(|o, v| {
                    o.string(v)
                        .is_some_and(|s| s.starts_with("http") || s.contains('a'))
                }),
            )),
            C::LanguageIn => Some((
                "LanguageIn",
                Box::new(|o, v| o.language(v).is_some_and(|l| l.starts_with("en"))),
            )),
            C::Not(s) => Some(("Not", Box::new(move |o, v| !o.conforms(&s, v)))),
            C::And(s) => Some((
                "And",
                Box::new(move |o, v| s.iter().all(|s| o.conforms(s, v))),
            )),
            C::Or(s) => Some((
                "Or",
                Box::new(move |o, v| s.iter().any(|s| o.conforms(s, v))),
            )),
            C::Xone(s) => Some((
                "Xone",
                Box::new(move |o, v| s.iter().filter(|s| o.conforms(s, v)).count() == 1),
            )),
            C::Node(s) => Some(("Node", Box::new(move |o, v| o.conforms(&s, v)))),
            C::In(list) => Some((
                "In",
                Box::new(move |_, v| list.iter().any(|n| term(*n).to_string() == *v)),
            )),
            _ => None,
        };
        if let Some((component, passes)) = each {
            for value in values {
                if !passes(self, value) {
                    self.fail(component, focus, Some(value), name);
                }
            }
            return;
        }
        match constraint {
            C::MinCount(n) if count < usize::from(*n) => self.fail("MinCount", focus, None, name),
            C::MaxCount(n) if count > usize::from(*n) => self.fail("MaxCount", focus, None, name),
            C::HasValue(n) if !values.contains(&term(*n).to_string()) => {
                self.fail("HasValue", focus, None, name)
            }
            C::UniqueLang => {
                let tags: Vec<String> = values.iter().filter_map(|v| self.language(v)).collect();
                let twice: BTreeSet<&String> = tags
                    .iter()
                    .filter(|tag| tags.iter().filter(|t| t == tag).count() > 1)
                    .collect();
                for _ in twice {
                    self.fail("UniqueLang", focus, None, name);
                }
            }
            C::Equals(p) | C::Disjoint(p) | C::LessThan(p) | C::LessThanOrEquals(p) => {
                let others = self.step(focus, &iri("p", *p).to_string());
                for value in values {
                    match constraint {
                        C::Equals(_) if !others.contains(value) => {
                            self.fail("Equals", focus, Some(value), name)
                        }
                        C::Disjoint(_) if others.contains(value) => {
                            self.fail("Disjoint", focus, Some(value), name)
                        }
                        C::LessThan(_) | C::LessThanOrEquals(_) => {
                            for other in &others {
                                let order = self.compare(value, other);
                                match constraint {
                                    C::LessThan(_) if order != Some(Ordering::Less) => {
                                        self.fail("LessThan", focus, Some(value), name);
                                    }
                                    C::LessThanOrEquals(_)
                                        if !matches!(
                                            order,
                                            Some(Ordering::Less | Ordering::Equal)
                                        ) =>
                                    {
                                        self.fail("LessThanOrEquals", focus, Some(value), name);
                                    }
                                    _ => {}
                                }
                            }
                        }
                        _ => {}
                    }
                }
                if matches!(constraint, C::Equals(_)) {
                    for other in others.iter().filter(|o| !values.contains(o)) {
                        self.fail("Equals", focus, Some(other), name);
                    }
                }
            }
            C::Property(shape) => {
                for value in values {
                    self.check(shape, value, &inner);
                }
            }
            C::Qualified(shape, min, max) => {
                let found = values.iter().filter(|v| self.conforms(shape, v)).count();
                if found < usize::from(*min) {
                    self.fail("QualifiedMinCount", focus, None, name);
                }
                if found > usize::from(*max) {
                    self.fail("QualifiedMaxCount", focus, None, name);
                }
            }
            C::Closed(ignored) => {
                for value in values {
                    for (s, p, o) in self.graph {
                        if s == value && *p != iri("p", *ignored).to_string() {
                            let line = format!("Closed {focus} {o} {name} {p}");
                            self.lines.push(line);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

// --- Turtle for the engine.

fn path_turtle(path: &Path) -> String {
    match path {
        Path::Predicate(p) => iri("p", *p).to_string(),
        Path::Inverse(inner) => format!("[ sh:inversePath {} ]", path_turtle(inner)),
        Path::Sequence(a, b) => format!("( {} {} )", path_turtle(a), path_turtle(b)),
        Path::Alternative(a, b) => format!(
            "[ sh:alternativePath ( {} {} ) ]",
            path_turtle(a),
            path_turtle(b)
        ),
        Path::ZeroOrMore(inner) => format!("[ sh:zeroOrMorePath {} ]", path_turtle(inner)),
        Path::OneOrMore(inner) => format!("[ sh:oneOrMorePath {} ]", path_turtle(inner)),
        Path::ZeroOrOne(inner) => format!("[ sh:zeroOrOnePath {} ]", path_turtle(inner)),
    }
}

/// Writes a shape under `ex:{name}` and, below it, those it refers to under `ex:{name}.{position}`.
fn shape_turtle(shape: &Shape, name: &str, out: &mut String) {
    use Constraint as C;
    let mut below = Vec::new();
    let mut lines = vec![
        if shape.path.is_some() {
            "a sh:PropertyShape"
        } else {
            "a sh:NodeShape"
        }
        .to_owned(),
    ];
    if let Some(path) = &shape.path {
        lines.push(format!("sh:path {}", path_turtle(path)));
    }
    if shape.deactivated {
        lines.push("sh:deactivated true".to_owned());
    }
    for (at, constraint) in shape.constraints.iter().enumerate() {
        let mut refer = |shapes: &[Shape]| {
            let names: Vec<String> = (0..shapes.len())
                .map(|n| {
                    if shapes.len() == 1 {
                        format!("{name}.{at}")
                    } else {
                        format!("{name}.{at}.{n}")
                    }
                })
                .collect();
            below.extend(names.iter().cloned().zip(shapes.iter().cloned()));
            names
                .iter()
                .map(|n| format!("<{EX}{n}>"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        lines.push(match constraint {
            C::Class(c) => format!("sh:class {}", iri("c", *c)),
            C::Datatype(d) => format!("sh:datatype <{}>", DATATYPES[usize::from(*d)]),
            C::NodeKind(k) => format!("sh:nodeKind sh:{}", NODE_KINDS[usize::from(*k)]),
            C::MinCount(n) => format!("sh:minCount {n}"),
            C::MaxCount(n) => format!("sh:maxCount {n}"),
            C::MinInclusive(n) => format!("sh:minInclusive {}", term(*n)),
            C::MaxExclusive(n) => format!("sh:maxExclusive {}", term(*n)),
            C::MinLength(n) => format!("sh:minLength {n}"),
            C::MaxLength(n) => format!("sh:maxLength {n}"),
            C::Pattern => "sh:pattern \"^http|a\"".to_owned(),
            C::LanguageIn => "sh:languageIn ( \"fr\" \"EN\" )".to_owned(),
            C::UniqueLang => "sh:uniqueLang true".to_owned(),
            C::Equals(p) => format!("sh:equals {}", iri("p", *p)),
            C::Disjoint(p) => format!("sh:disjoint {}", iri("p", *p)),
            C::LessThan(p) => format!("sh:lessThan {}", iri("p", *p)),
            C::LessThanOrEquals(p) => format!("sh:lessThanOrEquals {}", iri("p", *p)),
            C::Not(s) => format!("sh:not {}", refer(std::slice::from_ref(s))),
            C::And(s) => format!("sh:and ( {} )", refer(s)),
            C::Or(s) => format!("sh:or ( {} )", refer(s)),
            C::Xone(s) => format!("sh:xone ( {} )", refer(s)),
            C::Node(s) => format!("sh:node {}", refer(std::slice::from_ref(s))),
            C::Property(s) => format!("sh:property {}", refer(std::slice::from_ref(s))),
            C::Qualified(s, min, max) => format!(
                "sh:qualifiedValueShape {} ; sh:qualifiedMinCount {min} ; sh:qualifiedMaxCount {max}",
                refer(std::slice::from_ref(s))
            ),
            C::Closed(p) => format!("sh:closed true ; sh:ignoredProperties ( {} )", iri("p", *p)),
            C::HasValue(n) => format!("sh:hasValue {}", term(*n)),
            C::In(list) => {
                format!("sh:in ( {} )", list.iter().map(|n| term(*n).to_string()).collect::<Vec<_>>().join(" "))
            }
        });
    }
    writeln!(out, "<{EX}{name}> {} .", lines.join(" ; ")).expect("a String takes every write");
    for (name, shape) in below {
        shape_turtle(&shape, &name, out);
    }
}

// --- Random input.

fn path() -> impl Strategy<Value = Path> {
    let leaf = (0..3_u8).prop_map(Path::Predicate);
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|p| Path::Inverse(Box::new(p))),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| Path::Sequence(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| Path::Alternative(Box::new(a), Box::new(b))),
            inner.clone().prop_map(|p| Path::ZeroOrMore(Box::new(p))),
            inner.clone().prop_map(|p| Path::OneOrMore(Box::new(p))),
            inner.prop_map(|p| Path::ZeroOrOne(Box::new(p))),
        ]
    })
}

fn plain_constraint() -> impl Strategy<Value = Constraint> {
    use Constraint as C;
    prop_oneof![
        (0..3_u8).prop_map(C::Class),
        (0..4_u8).prop_map(C::Datatype),
        (0..3_u8).prop_map(C::NodeKind),
        (1..3_u8).prop_map(C::MinCount),
        (0..3_u8).prop_map(C::MaxCount),
        (5..14_u8).prop_map(C::MinInclusive),
        (5..14_u8).prop_map(C::MaxExclusive),
        (0..4_u8).prop_map(C::MinLength),
        (0..4_u8).prop_map(C::MaxLength),
        Just(C::Pattern),
        Just(C::LanguageIn),
        Just(C::UniqueLang),
        (0..3_u8).prop_map(C::Equals),
        (0..3_u8).prop_map(C::Disjoint),
        (0..3_u8).prop_map(C::LessThan),
        (0..3_u8).prop_map(C::LessThanOrEquals),
        (0..3_u8).prop_map(C::Closed),
        (0..14_u8).prop_map(C::HasValue),
        prop::collection::vec(0..14_u8, 0..12).prop_map(C::In),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let make = |(path, constraints, dead): (Option<Path>, Vec<Constraint>, u8)| {
        let mut kept: Vec<Constraint> = Vec::new();
        for constraint in constraints {
            let needs_path = matches!(
                constraint,
                Constraint::MinCount(_)
                    | Constraint::MaxCount(_)
                    | Constraint::UniqueLang
                    | Constraint::LessThan(_)
                    | Constraint::LessThanOrEquals(_)
                    | Constraint::Qualified(..)
            );
            // Each kind once, as most parameters allow one value only; a closed shape would also count its properties.
            let kind = std::mem::discriminant(&constraint);
            let clash = kept.iter().any(|k| {
                std::mem::discriminant(k) == kind
                    || (matches!(k, Constraint::Closed(_))
                        && matches!(constraint, Constraint::Property(_)))
                    || (matches!(constraint, Constraint::Closed(_))
                        && matches!(k, Constraint::Property(_)))
            });
            if !clash && (!needs_path || path.is_some()) {
                kept.push(constraint);
            }
        }
        Shape {
            path,
            constraints: kept,
            deactivated: dead == 0,
        }
    };
    let leaf = (
        prop::option::of(path()),
        prop::collection::vec(plain_constraint(), 1..3),
        0..12_u8,
    )
        .prop_map(make);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        use Constraint as C;
        let list = prop::collection::vec(inner.clone(), 2..4);
        let deep = prop_oneof![
            inner.clone().prop_map(C::Not),
            list.clone().prop_map(C::And),
            list.clone().prop_map(C::Or),
            list.prop_map(C::Xone),
            inner.clone().prop_map(C::Node),
            (inner.clone(), path()).prop_map(|(mut s, p)| {
                s.path.get_or_insert(p);
                C::Property(s)
            }),
            (inner, 0..3_u8, 0..3_u8).prop_map(|(s, min, max)| C::Qualified(s, min, max)),
        ];
        let any = prop_oneof![plain_constraint(), deep.clone(), deep];
        (
            prop::option::of(path()),
            prop::collection::vec(any, 1..4),
            0..12_u8,
        )
            .prop_map(make)
    })
}

fn graph() -> impl Strategy<Value = Vec<Triple>> {
    let edge = (0..5_u8, 0..3_u8, 0..14_u8)
        .prop_map(|(s, p, o)| Triple::new(iri("n", s), iri("p", p), term(o)));
    let link = (0..5_u8, 0..3_u8, 0..5_u8)
        .prop_map(|(s, p, o)| Triple::new(iri("n", s), iri("p", p), term(o)));
    let tagged = (0..3_u8, 0..2_u8, 7..10_u8)
        .prop_map(|(s, p, o)| Triple::new(iri("n", s), iri("p", p), term(o)));
    let kind = (0..5_u8, 0..3_u8)
        .prop_map(|(s, c)| Triple::new(iri("n", s), NamedNode::new_unchecked(TYPE), iri("c", c)));
    let sub = (0..3_u8, 0..3_u8)
        .prop_map(|(s, c)| Triple::new(iri("c", s), NamedNode::new_unchecked(SUB), iri("c", c)));
    prop::collection::vec(
        prop_oneof![3 => edge, 3 => link, 2 => tagged, 2 => kind, 1 => sub],
        0..24,
    )
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        (0..3_u8).prop_map(Target::Class),
        (0..14_u8).prop_map(Target::Node),
        (0..3_u8).prop_map(Target::SubjectsOf),
        (0..3_u8).prop_map(Target::ObjectsOf),
    ]
}

fn oracle_lines(graph: &[Triple], shapes: &[(Shape, Vec<Target>)]) -> Vec<String> {
    let text: BTreeSet<(String, String, String)> = graph
        .iter()
        .map(|t| {
            (
                t.subject.to_string(),
                t.predicate.to_string(),
                t.object.to_string(),
            )
        })
        .collect();
    let mut oracle = Oracle {
        graph: &text,
        terms: (0..14).map(term).collect(),
        lines: Vec::new(),
    };
    for (at, (shape, targets)) in shapes.iter().enumerate() {
        let mut focus = BTreeSet::new();
        for target in targets {
            match target {
                Target::Class(c) => {
                    let class = iri("c", *c).to_string();
                    focus.extend(
                        text.iter()
                            .filter(|(s, _, _)| oracle.is_instance(s, &class))
                            .map(|(s, _, _)| s.clone()),
                    );
                }
                Target::Node(n) => {
                    focus.insert(term(*n).to_string());
                }
                Target::SubjectsOf(p) => {
                    let p = iri("p", *p).to_string();
                    focus.extend(text.iter().filter(|t| t.1 == p).map(|t| t.0.clone()));
                }
                Target::ObjectsOf(p) => {
                    let p = iri("p", *p).to_string();
                    focus.extend(text.iter().filter(|t| t.1 == p).map(|t| t.2.clone()));
                }
            }
        }
        for node in focus {
            oracle.check(shape, &node, &format!("s{at}"));
        }
    }
    oracle.lines.sort_unstable();
    oracle.lines
}

fn shapes_turtle(shapes: &[(Shape, Vec<Target>)]) -> String {
    let mut out = String::from("@prefix sh: <http://www.w3.org/ns/shacl#> .\n");
    for (at, (shape, targets)) in shapes.iter().enumerate() {
        shape_turtle(shape, &format!("s{at}"), &mut out);
        for target in targets {
            let target = match target {
                Target::Class(c) => format!("sh:targetClass {}", iri("c", *c)),
                Target::Node(n) => format!("sh:targetNode {}", term(*n)),
                Target::SubjectsOf(p) => format!("sh:targetSubjectsOf {}", iri("p", *p)),
                Target::ObjectsOf(p) => format!("sh:targetObjectsOf {}", iri("p", *p)),
            };
            writeln!(out, "<{EX}s{at}> {target} .").expect("a String takes every write");
        }
    }
    out
}

fn engine_lines(graph: &[Triple], turtle: &str) -> (Vec<String>, String) {
    let (data, shapes) = load(graph, &parse_turtle(turtle, EX));
    let shapes = read_shapes(&shapes);
    let options = ValidationOptions {
        sample_cap: usize::MAX,
        ..ValidationOptions::default()
    };
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options,
        },
    );
    let mut lines: Vec<String> = report
        .results()
        .iter()
        .map(|row| {
            let value = row
                .value
                .map_or_else(|| "-".to_owned(), |value| report.term(value).to_string());
            let shape = match NamedOrBlankNode::try_from(report.shape_term(row.shape).clone()) {
                Ok(node) => node.to_string(),
                Err(_) => String::new(),
            };
            let shape = shape
                .trim_start_matches(&format!("<{EX}"))
                .trim_end_matches('>')
                .to_owned();
            let line = format!(
                "{} {} {value} {shape}",
                row.component.name(),
                report.term(row.focus)
            );
            match row.path {
                Some(PathRef::Property(p)) => format!("{line} {}", report.term(p)),
                _ => line,
            }
        })
        .collect();
    lines.sort_unstable();
    let findings = report
        .not_checked()
        .iter()
        .map(|l| format!("{} {} {}\n", l.code, l.shape_label, l.message.en));
    (lines, findings.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_naive_oracle(
        graph in graph(),
        shapes in prop::collection::vec((shape(), prop::collection::vec(target(), 1..3)), 1..4),
    ) {
        let turtle = shapes_turtle(&shapes);
        let (found, not_checked) = engine_lines(&graph, &turtle);
        prop_assert_eq!(&not_checked, "", "everything is checked in\n{}", turtle);
        prop_assert_eq!(found, oracle_lines(&graph, &shapes), "for shapes\n{}", turtle);
    }
}

//! Shapes as the oracle sees them: a small pool whose members refer to each other by number.

use oxrdf::{BlankNode, Literal, NamedNode, Term};

pub(super) const EX: &str = "http://example.org/";
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
pub(super) const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub(super) const SUB: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";
pub(super) const IN_SCHEME: &str = "http://www.w3.org/2004/02/skos/core#inScheme";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Path {
    Predicate(u8),
    Inverse(Box<Path>),
    Sequence(Box<Path>, Box<Path>),
    Alternative(Box<Path>, Box<Path>),
    ZeroOrMore(Box<Path>),
    OneOrMore(Box<Path>),
    ZeroOrOne(Box<Path>),
}

/// Number of a shape in its pool.
pub(super) type Ref = usize;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constraint {
    Class(u8),
    Datatype(u8),
    NodeKind(u8),
    MinCount(u8),
    MaxCount(u8),
    MinExclusive(u8),
    MinInclusive(u8),
    MaxExclusive(u8),
    MaxInclusive(u8),
    MinLength(u8),
    MaxLength(u8),
    Pattern(u8),
    LanguageIn(u8),
    UniqueLang,
    Equals(u8),
    Disjoint(u8),
    LessThan(u8),
    LessThanOrEquals(u8),
    Not(Ref),
    And(Vec<Ref>),
    Or(Vec<Ref>),
    Xone(Vec<Ref>),
    Node(Ref),
    Property(Ref),
    Qualified {
        shape: Ref,
        min: Option<u8>,
        max: Option<u8>,
        disjoint: bool,
    },
    Closed(u8),
    HasValue(u8),
    In(Vec<u8>),
    CodeList(u8),
}

#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) path: Option<Path>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) severity: u8,
    pub(super) deactivated: bool,
    pub(super) targets: Vec<Target>,
}

/// All shapes of one case.
#[derive(Clone, Debug)]
pub(in crate::shacl) struct Pool {
    pub(super) shapes: Vec<Shape>,
    /// Shapes below this number may refer to each other in circles; from it on they refer to higher numbers only.
    pub(super) circle: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Target {
    Class(u8),
    /// The shape is a class itself.
    Implicit,
    Node(u8),
    SubjectsOf(u8),
    ObjectsOf(u8),
}

pub(super) fn iri(name: &str, n: impl std::fmt::Display) -> NamedNode {
    NamedNode::new_unchecked(format!("{EX}{name}{n}"))
}

/// Terms that shapes may name; data have two blank nodes beside them.
pub(super) const NAMED_TERMS: u8 = 15;
pub(super) const TERMS: u8 = NAMED_TERMS + 2;
/// The first term that is a literal.
pub(super) const FIRST_LITERAL: u8 = 5;

/// Nodes and literals that graphs and shapes are made of.
pub(super) fn term(n: u8) -> Term {
    let typed = |value: &str, datatype: &str| {
        Term::from(Literal::new_typed_literal(
            value,
            NamedNode::new_unchecked(format!("{XSD}{datatype}")),
        ))
    };
    match n % TERMS {
        n @ 0..=4 => iri("n", n).into(),
        5 => Literal::new_simple_literal("a").into(),
        6 => Literal::new_simple_literal("bb\n\"").into(),
        7 => Literal::new_language_tagged_literal_unchecked("a", "nl").into(),
        8 => Literal::new_language_tagged_literal_unchecked("c", "nl").into(),
        9 => Literal::new_language_tagged_literal_unchecked("c", "en-gb").into(),
        10 => typed("1", "integer"),
        11 => typed("02", "integer"),
        12 => typed("x", "integer"),
        13 => typed("1.5", "decimal"),
        14 => typed("2024-01-01", "date"),
        n => BlankNode::new_unchecked(format!("b{n}")).into(),
    }
}

pub(super) const DATATYPES: [&str; 5] = [
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "http://www.w3.org/2001/XMLSchema#integer",
    "http://www.w3.org/2001/XMLSchema#decimal",
    "http://www.w3.org/2001/XMLSchema#date",
];

/// Local names, and whether IRIs, blank nodes and literals are of the kind.
pub(super) const NODE_KINDS: [(&str, [bool; 3]); 6] = [
    ("IRI", [true, false, false]),
    ("BlankNode", [false, true, false]),
    ("Literal", [false, false, true]),
    ("BlankNodeOrIRI", [true, true, false]),
    ("BlankNodeOrLiteral", [false, true, true]),
    ("IRIOrLiteral", [true, false, true]),
];

/// Whether a text matches a pattern, in plain code.
pub(super) type Matches = fn(&str) -> bool;

/// Patterns as in Turtle, their flags, and what they mean.
pub(super) const PATTERNS: [(&str, &str, Matches); 7] = [
    ("^http|a", "", |s| s.starts_with("http") || s.contains('a')),
    ("^A$", "i", |s| s == "a" || s == "A"),
    ("b.\\\"", "s", |s| has(s, |w| w[0] == 'b' && w[2] == '"')),
    ("b.\\\"", "", |s| {
        has(s, |w| w[0] == 'b' && !"\r\n".contains(w[1]) && w[2] == '"')
    }),
    ("^\\\"", "m", |s| s.split('\n').any(|l| l.starts_with('"'))),
    ("2 0", "x", |s| s.contains("20")),
    ("1.", "q", |s| s.contains("1.")),
];

/// Whether three characters in a row are as wanted.
fn has(text: &str, wanted: fn(&[char]) -> bool) -> bool {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(3).any(wanted)
}

/// Lists of language ranges.
pub(super) const RANGES: [&[&str]; 4] = [&["fr", "EN"], &["nl"], &["*"], &["en-GB", "nl-BE"]];

pub(super) const SEVERITIES: [&str; 4] = [
    "http://www.w3.org/ns/shacl#Violation",
    "http://www.w3.org/ns/shacl#Warning",
    "http://www.w3.org/ns/shacl#Info",
    "http://example.org/severity",
];

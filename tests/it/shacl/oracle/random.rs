//! Random graphs and pools of shapes.

use super::model::{
    Constraint, DATATYPES, FIRST_LITERAL, IN_SCHEME, NAMED_TERMS, NODE_KINDS, PATTERNS, Path, Pool,
    RANGES, Ref, SEVERITIES, SUB, Shape, TERMS, TYPE, Target, iri, term,
};
use oxrdf::{NamedNode, NamedOrBlankNode, Triple};
use proptest::prelude::*;

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
    let literal = FIRST_LITERAL..NAMED_TERMS;
    let index = |len: usize| 0..u8::try_from(len).expect("a short list");
    let values = prop_oneof![
        (0..3_u8).prop_map(C::Class),
        index(DATATYPES.len()).prop_map(C::Datatype),
        index(NODE_KINDS.len()).prop_map(C::NodeKind),
        literal.clone().prop_map(C::MinExclusive),
        literal.clone().prop_map(C::MinInclusive),
        literal.clone().prop_map(C::MaxExclusive),
        literal.prop_map(C::MaxInclusive),
        (0..4_u8).prop_map(C::MinLength),
        (0..4_u8).prop_map(C::MaxLength),
        index(PATTERNS.len()).prop_map(C::Pattern),
        index(RANGES.len()).prop_map(C::LanguageIn),
        prop::collection::vec(0..NAMED_TERMS, 0..12).prop_map(C::In),
        (0..3_u8).prop_map(C::CodeList),
    ];
    let sets = prop_oneof![
        2 => (1..3_u8).prop_map(C::MinCount),
        2 => (0..3_u8).prop_map(C::MaxCount),
        // Two values of one language are rare.
        5 => Just(C::UniqueLang),
        2 => (0..3_u8).prop_map(C::Equals),
        2 => (0..3_u8).prop_map(C::Disjoint),
        2 => (0..3_u8).prop_map(C::LessThan),
        2 => (0..3_u8).prop_map(C::LessThanOrEquals),
        2 => (0..3_u8).prop_map(C::Closed),
        2 => (0..NAMED_TERMS).prop_map(C::HasValue),
    ];
    prop_oneof![values, sets]
}

/// References are any numbers; [`resolve`] makes them those of shapes that may be meant.
fn referring_constraint() -> impl Strategy<Value = Constraint> {
    use Constraint as C;
    let shape = || 0..64_usize;
    let list = || prop::collection::vec(0..64_usize, 2..4);
    prop_oneof![
        shape().prop_map(C::Not),
        list().prop_map(C::And),
        list().prop_map(C::Or),
        list().prop_map(C::Xone),
        shape().prop_map(C::Node),
        shape().prop_map(C::Property),
        shape().prop_map(C::Property),
        shape().prop_map(C::Property),
        (
            shape(),
            prop::option::of(0..3_u8),
            prop::option::of(0..3_u8),
            any::<bool>()
        )
            .prop_map(|(shape, min, max, disjoint)| C::Qualified {
                shape,
                min,
                max,
                disjoint
            }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        2 => (0..3_u8).prop_map(Target::Class),
        1 => Just(Target::Implicit),
        2 => (0..NAMED_TERMS).prop_map(Target::Node),
        2 => (0..3_u8).prop_map(Target::SubjectsOf),
        2 => (0..3_u8).prop_map(Target::ObjectsOf),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let any = prop_oneof![plain_constraint(), referring_constraint()];
    (
        prop::option::weighted(0.7, path()),
        prop::collection::vec(any, 1..5),
        prop_oneof![3 => Just(0_u8), 1 => 1..SEVERITIES.len() as u8],
        0..12_u8,
        prop::collection::vec(target(), 0..3),
    )
        .prop_map(|(path, constraints, severity, dead, targets)| Shape {
            path,
            constraints,
            severity,
            deactivated: dead == 0,
            targets,
        })
}

/// Shapes at the end of a pool that refer to none.
const LEAVES: usize = 2;

/// Shapes whose first `circle` members refer to each other in any way that has no negation in a circle.
pub(in crate::shacl) fn pool(circle: std::ops::Range<usize>) -> impl Strategy<Value = Pool> {
    let leaf = (
        prop::option::of(path()),
        prop::collection::vec(plain_constraint(), 1..3),
    );
    let leaves = prop::collection::vec(
        leaf.prop_map(|(path, constraints)| Shape {
            path,
            constraints,
            severity: 0,
            deactivated: false,
            targets: Vec::new(),
        }),
        LEAVES..=LEAVES,
    );
    (prop::collection::vec(shape(), 1..6), leaves, circle).prop_map(
        |(mut shapes, leaves, circle)| {
            let circle = circle.min(shapes.len());
            shapes.extend(leaves);
            resolve(&mut shapes, circle);
            Pool { shapes, circle }
        },
    )
}

/// Turns random numbers into references that may stand there, and drops constraints that may not.
fn resolve(shapes: &mut [Shape], circle: usize) {
    use Constraint as C;
    let count = shapes.len();
    let has_path: Vec<bool> = shapes.iter().map(|shape| shape.path.is_some()).collect();
    for (at, shape) in shapes.iter_mut().enumerate() {
        // Negation leaves the circle for good.
        let below = if at < circle { circle } else { at + 1 };
        let positive: Vec<Ref> = if at < circle {
            (0..count).collect()
        } else {
            (below..count).collect()
        };
        let negative: Vec<Ref> = (below..count).collect();
        let properties: Vec<Ref> = positive.iter().copied().filter(|s| has_path[*s]).collect();
        let leaves: Vec<Ref> = (count - LEAVES..count).filter(|s| *s > at).collect();
        let pick = |from: &[Ref], n: &mut Ref| {
            *n = *from.get(*n % from.len().max(1)).unwrap_or(&usize::MAX);
            *n != usize::MAX
        };
        let mut kept: Vec<Constraint> = Vec::new();
        for mut constraint in std::mem::take(&mut shape.constraints) {
            let possible = match &mut constraint {
                C::Not(s) => pick(&negative, s),
                C::Xone(list) => list.iter_mut().all(|s| pick(&negative, s)),
                C::And(list) | C::Or(list) => list.iter_mut().all(|s| pick(&positive, s)),
                C::Node(s) => pick(&positive, s),
                C::Property(s) => pick(&properties, s),
                C::Qualified { shape, .. } => pick(&leaves, shape),
                _ => true,
            };
            let needs_path = matches!(
                constraint,
                C::MinCount(_)
                    | C::MaxCount(_)
                    | C::UniqueLang
                    | C::LessThan(_)
                    | C::LessThanOrEquals(_)
                    | C::Qualified { .. }
            );
            let many = matches!(
                constraint,
                C::Class(_)
                    | C::HasValue(_)
                    | C::Equals(_)
                    | C::Disjoint(_)
                    | C::LessThan(_)
                    | C::LessThanOrEquals(_)
                    | C::Not(_)
                    | C::And(_)
                    | C::Or(_)
                    | C::Xone(_)
                    | C::Node(_)
                    | C::Property(_)
                    | C::CodeList(_)
            );
            let kind = std::mem::discriminant(&constraint);
            let clash = kept.iter().any(|other| {
                if many {
                    // Lists are nodes of their own; other parameters with the same value are one statement.
                    *other == constraint && !matches!(other, C::And(_) | C::Or(_) | C::Xone(_))
                } else {
                    std::mem::discriminant(other) == kind
                }
            });
            if possible && !clash && (!needs_path || shape.path.is_some()) {
                kept.push(constraint);
            }
        }
        shape.constraints = kept;
    }
}

pub(in crate::shacl) fn graph() -> impl Strategy<Value = Vec<Triple>> {
    // Five nodes with an IRI and two blank ones.
    let subject = || {
        (0..7_u8).prop_map(|n| {
            let term = term(if n < 5 { n } else { n - 5 + NAMED_TERMS });
            NamedOrBlankNode::try_from(term).expect("no literal is picked")
        })
    };
    let edge =
        (subject(), 0..3_u8, 0..TERMS).prop_map(|(s, p, o)| Triple::new(s, iri("p", p), term(o)));
    let link = (subject(), 0..3_u8, subject()).prop_map(|(s, p, o)| Triple::new(s, iri("p", p), o));
    let tagged = (0..3_u8, 0..2_u8, 7..10_u8)
        .prop_map(|(s, p, o)| Triple::new(iri("n", s), iri("p", p), term(o)));
    // Classes, and shapes that are classes.
    let kind = (subject(), 0..5_u8).prop_map(|(s, c)| {
        let class = if c < 3 { iri("c", c) } else { iri("s", c - 3) };
        Triple::new(s, NamedNode::new_unchecked(TYPE), class)
    });
    let sub = (0..3_u8, 0..3_u8)
        .prop_map(|(s, c)| Triple::new(iri("c", s), NamedNode::new_unchecked(SUB), iri("c", c)));
    let member = (subject(), 0..3_u8)
        .prop_map(|(s, c)| Triple::new(s, NamedNode::new_unchecked(IN_SCHEME), iri("c", c)));
    prop::collection::vec(
        prop_oneof![3 => edge, 3 => link, 3 => tagged, 2 => kind, 1 => sub, 1 => member],
        0..32,
    )
}

//! The pool as a shapes graph for the engine.

use super::model::{
    Constraint, DATATYPES, EX, NODE_KINDS, PATTERNS, Path, Pool, RANGES, Ref, SEVERITIES, Target,
    iri, term,
};
use std::fmt::Write as _;

fn path_turtle(path: &Path) -> String {
    match path {
        Path::Predicate(p) => iri("p", p).to_string(),
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

fn names(shapes: &[Ref]) -> String {
    let names: Vec<String> = shapes.iter().map(|n| iri("s", n).to_string()).collect();
    names.join(" ")
}

fn constraint_turtle(constraint: &Constraint) -> String {
    use Constraint as C;
    match constraint {
        C::Class(c) => format!("sh:class {}", iri("c", c)),
        C::Datatype(d) => format!("sh:datatype <{}>", DATATYPES[usize::from(*d)]),
        C::NodeKind(k) => format!("sh:nodeKind sh:{}", NODE_KINDS[usize::from(*k)].0),
        C::MinCount(n) => format!("sh:minCount {n}"),
        C::MaxCount(n) => format!("sh:maxCount {n}"),
        C::MinExclusive(n) => format!("sh:minExclusive {}", term(*n)),
        C::MinInclusive(n) => format!("sh:minInclusive {}", term(*n)),
        C::MaxExclusive(n) => format!("sh:maxExclusive {}", term(*n)),
        C::MaxInclusive(n) => format!("sh:maxInclusive {}", term(*n)),
        C::MinLength(n) => format!("sh:minLength {n}"),
        C::MaxLength(n) => format!("sh:maxLength {n}"),
        C::Pattern(n) => match PATTERNS[usize::from(*n)] {
            (pattern, "", _) => format!("sh:pattern \"{pattern}\""),
            (pattern, flags, _) => format!("sh:pattern \"{pattern}\" ; sh:flags \"{flags}\""),
        },
        C::LanguageIn(n) => {
            let ranges = RANGES[usize::from(*n)].iter();
            let ranges: Vec<String> = ranges.map(|range| format!("\"{range}\"")).collect();
            format!("sh:languageIn ( {} )", ranges.join(" "))
        }
        C::UniqueLang => "sh:uniqueLang true".to_owned(),
        C::Equals(p) => format!("sh:equals {}", iri("p", p)),
        C::Disjoint(p) => format!("sh:disjoint {}", iri("p", p)),
        C::LessThan(p) => format!("sh:lessThan {}", iri("p", p)),
        C::LessThanOrEquals(p) => format!("sh:lessThanOrEquals {}", iri("p", p)),
        C::Not(s) => format!("sh:not {}", iri("s", s)),
        C::And(s) => format!("sh:and ( {} )", names(s)),
        C::Or(s) => format!("sh:or ( {} )", names(s)),
        C::Xone(s) => format!("sh:xone ( {} )", names(s)),
        C::Node(s) => format!("sh:node {}", iri("s", s)),
        C::Property(s) => format!("sh:property {}", iri("s", s)),
        C::Qualified {
            shape,
            min,
            max,
            disjoint,
        } => {
            let mut parts = vec![format!("sh:qualifiedValueShape {}", iri("s", shape))];
            parts.extend(min.map(|min| format!("sh:qualifiedMinCount {min}")));
            parts.extend(max.map(|max| format!("sh:qualifiedMaxCount {max}")));
            if *disjoint {
                parts.push("sh:qualifiedValueShapesDisjoint true".to_owned());
            }
            parts.join(" ; ")
        }
        C::Closed(p) => format!("sh:closed true ; sh:ignoredProperties ( {} )", iri("p", p)),
        C::HasValue(n) => format!("sh:hasValue {}", term(*n)),
        C::In(list) => {
            let members: Vec<String> = list.iter().map(|n| term(*n).to_string()).collect();
            format!("sh:in ( {} )", members.join(" "))
        }
        C::CodeList(c) => format!("qb:codeList {}", iri("c", c)),
    }
}

/// All shapes, named `s0`, `s1` and so on.
pub(in crate::shacl) fn shapes_turtle(pool: &Pool) -> String {
    let mut out = String::from(
        "@prefix qb: <http://purl.org/linked-data/cube#> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n",
    );
    for (at, shape) in pool.shapes.iter().enumerate() {
        let mut parts = vec![match &shape.path {
            Some(path) => format!("a sh:PropertyShape ; sh:path {}", path_turtle(path)),
            None => "a sh:NodeShape".to_owned(),
        }];
        if shape.severity > 0 {
            let severity = SEVERITIES[usize::from(shape.severity)];
            parts.push(format!("sh:severity <{severity}>"));
        }
        if shape.deactivated {
            parts.push("sh:deactivated true".to_owned());
        }
        parts.extend(shape.constraints.iter().map(constraint_turtle));
        parts.extend(shape.targets.iter().map(|target| match target {
            Target::Class(c) => format!("sh:targetClass {}", iri("c", c)),
            Target::Implicit => "a <http://www.w3.org/2000/01/rdf-schema#Class>".to_owned(),
            Target::Node(n) => format!("sh:targetNode {}", term(*n)),
            Target::SubjectsOf(p) => format!("sh:targetSubjectsOf {}", iri("p", p)),
            Target::ObjectsOf(p) => format!("sh:targetObjectsOf {}", iri("p", p)),
        }));
        writeln!(out, "<{EX}s{at}> {} .", parts.join(" ; ")).expect("a String takes every write");
    }
    out
}

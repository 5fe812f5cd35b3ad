//! Findings about shapes that are well-formed and yet ask nothing, the same twice or the impossible. Looks at the compiled
//! shapes alone; what depends on vocabularies is in `lint_vocabulary.rs`.

use super::lint::Lint;
use super::model::{Bound, Compiled, Constraint, Severity, Shape, ShapeIx};
use super::names::{local_name, nearest, short_iri, short_term};
use super::v12::Constraint12;
use super::vocabulary as sh;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{NamedNode, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Adds the findings. Runs when conditions are shared, so that equal shapes are known.
pub(crate) fn lint_model(compiled: &mut Compiled) {
    let mut found: Vec<(ShapeIx, Lint)> = Vec::new();
    let mut lists = Lists::default();
    for (ix, shape) in compiled.shapes.iter().enumerate() {
        let mut tell = |lint: Lint| found.push((ix as ShapeIx, lint));
        impossible(shape, &mut tell);
        values(shape, &mut lists, &mut tell);
        texts(shape, &mut tell);
        twice(compiled, shape, &mut tell);
    }
    unreachable(compiled, &mut found);
    for (ix, mut lint) in found {
        lint.shape = Some(compiled.shapes[ix as usize].term.clone());
        lint.shape_ix = Some(ix);
        compiled.findings.push(lint);
    }
}

/// Constraints of one shape that no value meets together.
fn impossible(shape: &Shape, tell: &mut dyn FnMut(Lint)) {
    let constraints = &shape.constraints;
    let kinds = constraints.iter().find_map(|constraint| match constraint {
        Constraint::NodeKind(kinds) => Some(*kinds),
        _ => None,
    });
    let datatype = constraints.iter().find_map(|constraint| match constraint {
        Constraint::Datatype(datatype) => Some(datatype),
        _ => None,
    });
    let may = |bits: u8| kinds.is_none_or(|kinds| kinds & bits != 0);
    let mut told = FxHashSet::default();
    for constraint in constraints {
        let needs_literal = match constraint {
            Constraint::Datatype(_) => "sh:datatype",
            Constraint::Range(bound, _) => range_term(*bound),
            Constraint::LanguageIn(_) => "sh:languageIn",
            Constraint::V12(Constraint12::DatatypeIn(_)) => "sh:datatype",
            _ => "",
        };
        let needs_node = match constraint {
            Constraint::Class(_) | Constraint::V12(Constraint12::ClassIn(_)) => "sh:class",
            Constraint::CodeList(_) => "qb:codeList",
            _ => "",
        };
        let needs_text = match constraint {
            Constraint::Pattern { .. } => "sh:pattern",
            Constraint::MinLength(_) => "sh:minLength",
            Constraint::MaxLength(_) => "sh:maxLength",
            _ => "",
        };
        for (term, bits) in [(needs_literal, 4), (needs_node, 3), (needs_text, 5)] {
            if !term.is_empty() && !may(bits) && told.insert(term) {
                tell(Lint::new("L081", term, &kind_term(kinds)));
            }
        }
        if matches!(constraint, Constraint::LanguageIn(_))
            && let Some(datatype) = datatype.filter(|datatype| !is_of_language(datatype))
        {
            let other = format!("sh:datatype {}", short_iri(datatype.as_str()));
            tell(Lint::new("L081", "sh:languageIn", &other));
        }
        match constraint {
            Constraint::Datatype(datatype) => unknown_datatype(datatype, tell),
            Constraint::V12(Constraint12::DatatypeIn(datatypes)) => {
                for datatype in datatypes {
                    unknown_datatype(datatype, tell);
                }
            }
            Constraint::Closed(allowed) if allowed.is_empty() => {
                tell(Lint::new("L090", "", ""));
            }
            _ => {}
        }
    }
    let asked = constraints
        .iter()
        .filter(|constraint| matches!(constraint, Constraint::HasValue(_)))
        .count() as u64;
    for constraint in constraints {
        if let Constraint::MaxCount(max) = constraint
            && asked > *max
        {
            let other = format!("sh:maxCount {max}");
            tell(Lint::new("L081", "sh:hasValue", &other));
        }
    }
}

fn range_term(bound: Bound) -> &'static str {
    match bound {
        Bound::MinExclusive => "sh:minExclusive",
        Bound::MinInclusive => "sh:minInclusive",
        Bound::MaxExclusive => "sh:maxExclusive",
        Bound::MaxInclusive => "sh:maxInclusive",
    }
}

fn kind_term(kinds: Option<u8>) -> String {
    let known = sh::NODE_KINDS.iter().find(|(_, bits)| Some(*bits) == kinds);
    known.map_or_else(
        || "sh:nodeKind".to_owned(),
        |(name, _)| format!("sh:nodeKind sh:{name}"),
    )
}

fn is_of_language(datatype: &NamedNode) -> bool {
    [rdf::LANG_STRING, rdf::DIR_LANG_STRING].contains(&datatype.as_str())
}

/// Datatypes of XML Schema 1.1 that RDF takes, by local name.
const XSD_DATATYPES: [&str; 41] = [
    "string",
    "boolean",
    "decimal",
    "integer",
    "double",
    "float",
    "date",
    "time",
    "dateTime",
    "dateTimeStamp",
    "gYear",
    "gMonth",
    "gDay",
    "gYearMonth",
    "gMonthDay",
    "duration",
    "yearMonthDuration",
    "dayTimeDuration",
    "byte",
    "short",
    "int",
    "long",
    "unsignedByte",
    "unsignedShort",
    "unsignedInt",
    "unsignedLong",
    "positiveInteger",
    "nonNegativeInteger",
    "negativeInteger",
    "nonPositiveInteger",
    "hexBinary",
    "base64Binary",
    "anyURI",
    "language",
    "normalizedString",
    "token",
    "NMTOKEN",
    "Name",
    "NCName",
    "QName",
    "anySimpleType",
];

fn unknown_datatype(datatype: &NamedNode, tell: &mut dyn FnMut(Lint)) {
    let Some(local) = datatype.as_str().strip_prefix(xsd::NS) else {
        return;
    };
    if !XSD_DATATYPES.contains(&local) {
        let near = nearest(local, XSD_DATATYPES).map(|near| format!("xsd:{near}"));
        tell(Lint::new("L093", "", &short_iri(datatype.as_str())).suggesting(near));
    }
}

/// Lists of values, each looked at once however many shapes share it.
#[derive(Default)]
struct Lists<'a> {
    known: FxHashMap<usize, Listed<'a>>,
}

/// What is in a list.
struct Listed<'a> {
    all: FxHashSet<&'a Term>,
    /// A member that comes twice.
    again: Option<&'a Term>,
}

impl<'a> Lists<'a> {
    fn of(&mut self, members: &'a Arc<[Term]>) -> &Listed<'a> {
        let list = Arc::as_ptr(members).cast::<Term>() as usize;
        self.known.entry(list).or_insert_with(|| {
            let (mut all, mut again) = (FxHashSet::default(), None);
            for member in members.iter() {
                if !all.insert(member) {
                    again = again.or(Some(member));
                }
            }
            Listed { all, again }
        })
    }
}

/// Values named by the shape itself: lists and `sh:hasValue`.
fn values<'a>(shape: &'a Shape, lists: &mut Lists<'a>, tell: &mut dyn FnMut(Lint)) {
    let constraints = &shape.constraints;
    let list = constraints.iter().find_map(|constraint| match constraint {
        Constraint::In(members) => Some(members),
        _ => None,
    });
    let asked: Vec<&Constraint> = constraints
        .iter()
        .filter(|constraint| {
            matches!(
                constraint,
                Constraint::Datatype(_)
                    | Constraint::NodeKind(_)
                    | Constraint::V12(Constraint12::DatatypeIn(_))
            )
        })
        .collect();
    let listed = list.map(|members| lists.of(members));
    if let (Some(members), Some(listed)) = (list, listed) {
        if members.is_empty() {
            tell(Lint::new("L083", "sh:in", ""));
        }
        if let Some(again) = listed.again {
            tell(Lint::new("L082", "sh:in", &short_term(again)));
        }
        if !asked.is_empty()
            && let Some(odd) = members.iter().find(|member| !fits(&asked, member))
        {
            tell(Lint::new("L084", "sh:in", &short_term(odd)));
        }
    }
    for constraint in constraints {
        let empty = match constraint {
            Constraint::HasValue(value) => {
                if !fits(&asked, value) {
                    tell(Lint::new("L084", "sh:hasValue", &short_term(value)));
                }
                if listed.is_some_and(|listed| !listed.all.contains(value)) {
                    tell(Lint::new("L085", "", &short_term(value)));
                }
                ""
            }
            Constraint::Or(shapes) if shapes.is_empty() => "sh:or",
            Constraint::Xone(shapes) if shapes.is_empty() => "sh:xone",
            Constraint::LanguageIn(ranges) if ranges.is_empty() => "sh:languageIn",
            Constraint::V12(Constraint12::ClassIn(list)) if list.is_empty() => "sh:class",
            Constraint::V12(Constraint12::DatatypeIn(list)) if list.is_empty() => "sh:datatype",
            Constraint::V12(Constraint12::RootClass(list)) if list.is_empty() => "sh:rootClass",
            _ => "",
        };
        if !empty.is_empty() {
            tell(Lint::new("L083", empty, ""));
        }
    }
}

/// Whether a value has the datatypes and kinds that are asked.
fn fits(asked: &[&Constraint], value: &Term) -> bool {
    let has = |wanted: &NamedNode| match value {
        Term::Literal(literal) => literal.datatype() == wanted.as_ref(),
        _ => false,
    };
    asked.iter().all(|constraint| match constraint {
        Constraint::Datatype(datatype) => has(datatype),
        Constraint::V12(Constraint12::DatatypeIn(datatypes)) => datatypes.iter().any(has),
        Constraint::NodeKind(kinds) => {
            let bit = match value {
                Term::NamedNode(_) => 1,
                Term::BlankNode(_) => 2,
                Term::Literal(_) => 4,
                Term::Triple(_) => 8,
            };
            kinds & bit != 0
        }
        _ => true,
    })
}

/// Messages and severity.
fn texts(shape: &Shape, tell: &mut dyn FnMut(Lint)) {
    let plain = shape
        .messages
        .iter()
        .find(|message| message.language().is_none());
    if let Some(message) = plain {
        tell(Lint::new("L091", "", &short_term(&message.clone().into())));
    }
    if let Severity::Other(own) = &shape.severity
        && own.as_str().starts_with(sh::NS)
        && shape.severity.level().is_none()
    {
        let known = ["Violation", "Warning", "Info", "Debug", "Trace"];
        let near = nearest(local_name(own.as_str()), known).map(|near| format!("sh:{near}"));
        tell(Lint::new("L094", "", &short_iri(own.as_str())).suggesting(near));
    }
}

/// Equal property shapes below one shape, and equal alternatives in one list.
fn twice(compiled: &Compiled, shape: &Shape, tell: &mut dyn FnMut(Lint)) {
    let model = |ix: &ShapeIx| &compiled.shapes[*ix as usize];
    let named = |ix: &ShapeIx| {
        let shape = model(ix);
        match &shape.written_path {
            Some(path) => path.brief(),
            None => short_term(&shape.term),
        }
    };
    let mut seen = FxHashMap::default();
    for inner in shape.constraints.iter().filter_map(Constraint::property) {
        let property = model(&inner);
        // Shapes that are not fully read may differ in what is missing.
        let comparable = property.runs() && !property.partial && !property.constraints.is_empty();
        if comparable {
            let same = (property.condition, &property.severity);
            let times = seen.entry(same).or_insert(0_u32);
            *times += 1;
            if *times == 2 {
                tell(Lint::new("L082", "sh:property", &named(&inner)));
            }
        }
    }
    for constraint in &shape.constraints {
        let (term, shapes) = match constraint {
            Constraint::And(shapes) => ("sh:and", shapes),
            Constraint::Or(shapes) => ("sh:or", shapes),
            Constraint::Xone(shapes) => ("sh:xone", shapes),
            _ => continue,
        };
        let mut seen = FxHashSet::default();
        let again = shapes.iter().find(|ix| {
            let shape = model(ix);
            shape.runs() && !shape.partial && !seen.insert(shape.condition)
        });
        if let Some(ix) = again {
            tell(Lint::new("L082", term, &named(ix)));
        }
    }
}

/// Declared shapes that no shape with a target leads to: the first of those that lead to each other.
fn unreachable(compiled: &Compiled, found: &mut Vec<(ShapeIx, Lint)>) {
    let shapes = &compiled.shapes;
    let mut reached = vec![false; shapes.len()];
    let reach = |from: ShapeIx, reached: &mut Vec<bool>| {
        let mut stack = vec![from];
        while let Some(ix) = stack.pop() {
            if std::mem::replace(&mut reached[ix as usize], true) {
                continue;
            }
            let shape = &shapes[ix as usize];
            stack.extend(shape.constraints.iter().flat_map(Constraint::shapes));
            stack.extend(shape.targets.iter().filter_map(super::model::Target::shape));
        }
    };
    for (ix, shape) in shapes.iter().enumerate() {
        // What a broken or deactivated shape uses is told of through that shape.
        if !shape.targets.is_empty() || shape.deactivated || shape.quarantined {
            reach(ix as ShapeIx, &mut reached);
        }
    }
    for orphans in [true, false] {
        for (ix, shape) in shapes.iter().enumerate() {
            let idle = shape.declared && !reached[ix] && (shape.parent.is_none() || !orphans);
            if idle {
                found.push((ix as ShapeIx, Lint::new("L027", "", "")));
                reach(ix as ShapeIx, &mut reached);
            }
        }
    }
}

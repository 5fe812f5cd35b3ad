//! Reading `sh:sparql` and the validators of constraint components into [`Rule`]s: text, prefixes, constants, and what the
//! standard forbids. What cannot be run is a finding, never an error.

use super::{Rule, components, prefixes};
use crate::query::given::{Breach, GivenQuery, replace_variable};
use crate::query::{QueryError, QueryKind, variables_in};
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use crate::rdf::vocab::xsd;
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::path::Path;
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::vocabulary as sh;
use crate::store::Id;
use oxrdf::{Literal, NamedNode, Term};
use std::sync::Arc;

/// Variables that sub-queries need not show.
pub(super) const SILENT: [&str; 2] = ["currentShape", "shapesGraph"];

/// Names of columns for constants that are blank nodes: as many as a query may have.
const MAX_BLANKS: usize = 8;

/// Where a query stands and what it is to find.
pub(super) struct Draft<'a> {
    /// The node that holds the text.
    pub(super) node: Id,
    /// `select` or `ask`.
    pub(super) kind: QueryKind,
    /// Parameters by their variables.
    pub(super) parameters: &'a [(String, Term)],
    /// Whether `$PATH` may be used, and the path.
    pub(super) path: Option<&'a Path>,
    /// The SHACL term that findings name.
    pub(super) term: &'a str,
}

/// A query that was read.
pub(super) struct Prepared {
    pub(super) query: GivenQuery,
    pub(super) given: Vec<&'static str>,
    pub(super) blanks: Vec<Term>,
    pub(super) reads_shapes: bool,
    pub(super) key: String,
}

/// Reads the SPARQL constraints of a shape, then those of components.
pub(crate) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    for &value in node.values("sparql") {
        if value.is_literal() {
            reader.lint_value(node.ix, "L014", "sh:sparql", value);
            continue;
        }
        if reader.is_true(value, sh::DEACTIVATED) {
            continue;
        }
        let path = reader.written_path(node.ix);
        let draft = Draft {
            node: value,
            kind: QueryKind::Select,
            parameters: &[],
            path: path.as_deref(),
            term: "sh:sparql",
        };
        let Some(prepared) = prepare(reader, node, &draft, &["this"]) else {
            continue;
        };
        let messages = literals(reader, value, sh::MESSAGE);
        lint_holes(reader, node, draft.term, &messages, &prepared.query, &[]);
        out.push(Constraint::Sparql(Arc::new(Rule {
            source: Some(reader.graph.term(value)),
            component: None,
            holes: holes(&messages, &prepared.query, &[]),
            messages,
            parameters: Vec::new(),
            path: None,
            query: prepared.query,
            given: prepared.given,
            blanks: prepared.blanks,
            reads_shapes: prepared.reads_shapes,
            key: prepared.key,
        })));
    }
    components::read(reader, node, out);
}

/// Reads the query of a node; what is wrong with it becomes a finding of the shape. `given` are the variables that stand for
/// nodes.
pub(super) fn prepare(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    draft: &Draft<'_>,
    given: &[&'static str],
) -> Option<Prepared> {
    let (property, local) = match draft.kind {
        QueryKind::Ask => (sh::ASK, "sh:ask"),
        _ => (sh::SELECT, "sh:select"),
    };
    let texts: Vec<Literal> = reader
        .graph
        .objects(draft.node, property)
        .into_iter()
        .filter_map(|id| reader.graph.literal(id))
        .filter(|literal| literal.datatype().as_str() == xsd::STRING)
        .collect();
    let [text] = &texts[..] else {
        reader.lint(node.ix, Lint::new("L061", draft.term, local));
        return None;
    };
    let prologue = match prefixes::prologue(&reader.graph, draft.node) {
        Ok(prologue) => prologue,
        Err(fault) => {
            reader.lint(node.ix, Lint::new("L064", draft.term, &fault));
            return None;
        }
    };
    let mut text = text.value().to_owned();
    let named = variables_in(&text);
    if named.contains("PATH") {
        let Some(path) = draft.path else {
            reader.lint(node.ix, Lint::new("L062", draft.term, "$PATH"));
            return None;
        };
        let written = path.to_sparql(&|predicate: &NamedNode| predicate.to_string());
        let written = match path.as_predicate() {
            Some(_) => written,
            None => format!("({written})"),
        };
        text = replace_variable(&text, "PATH", &written);
    }
    let mut constants: Vec<(String, Term)> = draft.parameters.to_vec();
    constants.push(("currentShape".to_owned(), reader.graph.term(node.id)));
    let shapes_graph = reader.origin.name();
    constants.push(("shapesGraph".to_owned(), shapes_graph.into()));
    constants.retain(|(name, _)| named.contains(name.as_str()));
    // What is not used is not given: a node that is never named need not be asked about.
    let mut columns: Vec<&'static str> = given
        .iter()
        .copied()
        .filter(|name| draft.kind != QueryKind::Ask || named.contains(*name))
        .collect();
    if columns.is_empty() {
        columns.extend(given.last());
    }
    let mut blanks = Vec::new();
    let mut text = format!("{prologue}{text}");
    constants.retain(|(name, term)| {
        let is_plain = matches!(term, Term::NamedNode(_) | Term::Literal(_));
        if !is_plain && blanks.len() < MAX_BLANKS {
            let column = BLANK_COLUMNS[blanks.len()];
            text = replace_variable(&text, name, &format!("?{column}"));
            blanks.push(term.clone());
            columns.push(column);
        }
        is_plain
    });
    let query = match GivenQuery::parse(
        &text,
        RdfVersion::Rdf11,
        &constants,
        &columns,
        &SILENT_AND_BLANK,
    ) {
        Ok(query) => query,
        Err(error) => {
            let told = told(&error);
            reader.lint(node.ix, Lint::told("L060", draft.term, &told));
            return None;
        }
    };
    if query.kind() != draft.kind {
        reader.lint(node.ix, Lint::new("L061", draft.term, local));
        return None;
    }
    let mut runs = true;
    for breach in query.breaches() {
        match breach {
            Breach::Serious(what) => {
                reader.lint(node.ix, Lint::new("L062", draft.term, &what));
                runs = false;
            }
            Breach::Harmless(what) => {
                reader.lint(node.ix, Lint::new("L063", draft.term, &what));
            }
        }
    }
    if !runs {
        return None;
    }
    let mut key = format!("{local} {text}");
    for (name, term) in constants.iter() {
        key.push_str(&format!("\n${name} {term}"));
    }
    for blank in &blanks {
        key.push_str(&format!("\n{blank}"));
    }
    Some(Prepared {
        query,
        given: columns,
        blanks,
        reads_shapes: named.contains("shapesGraph"),
        key,
    })
}

/// Columns for constants that are blank nodes.
const BLANK_COLUMNS: [&str; MAX_BLANKS] = [
    "oslo_blank0",
    "oslo_blank1",
    "oslo_blank2",
    "oslo_blank3",
    "oslo_blank4",
    "oslo_blank5",
    "oslo_blank6",
    "oslo_blank7",
];

/// Variables that sub-queries need not show: these have one value for all nodes.
const SILENT_AND_BLANK: [&str; MAX_BLANKS + 2] = {
    let mut all = [""; MAX_BLANKS + 2];
    let mut at = 0;
    while at < MAX_BLANKS {
        all[at] = BLANK_COLUMNS[at];
        at += 1;
    }
    all[MAX_BLANKS] = SILENT[0];
    all[MAX_BLANKS + 1] = SILENT[1];
    all
};

/// What is wrong with a query, in both languages.
pub(super) fn told(error: &QueryError) -> Text {
    match error {
        QueryError::Syntax {
            line,
            column,
            message,
            hint,
        } => {
            let with = |place: String, message: &str, hint: Option<&str>| match hint {
                Some(hint) => format!("{place}{message} ({hint})"),
                None => format!("{place}{message}"),
            };
            let place = |line_is: &str, column_is: &str| match line {
                0 => String::new(),
                _ => format!("{line_is} {line}, {column_is} {column}: "),
            };
            Text::new(
                with(
                    place("regel", "kolom"),
                    &message.nl,
                    hint.as_ref().map(|hint| hint.nl.as_str()),
                ),
                with(
                    place("line", "column"),
                    &message.en,
                    hint.as_ref().map(|hint| hint.en.as_str()),
                ),
            )
        }
        other => Text::new(other.to_string(), other.to_string()),
    }
}

/// The literals of a property, sorted by language and text.
pub(super) fn literals(reader: &Reader<'_>, node: Id, property: &'static str) -> Vec<Literal> {
    let mut found: Vec<Literal> = reader
        .graph
        .objects(node, property)
        .into_iter()
        .filter_map(|id| reader.graph.literal(id))
        .collect();
    found.sort_by(|a, b| (a.language(), a.value()).cmp(&(b.language(), b.value())));
    found
}

/// Variables of a result that every message may name.
const ALWAYS: [&str; 5] = ["this", "value", "path", "PATH", "currentShape"];

/// Notes variables in the messages that nothing gives a value.
pub(super) fn lint_holes(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    term: &str,
    messages: &[Literal],
    query: &GivenQuery,
    parameters: &[(String, Term)],
) {
    let mut odd: Vec<&str> = messages
        .iter()
        .flat_map(|message| super::text::holes(message.value()))
        .filter(|hole| !ALWAYS.contains(hole))
        .filter(|hole| !query.columns().iter().any(|column| column == hole))
        .filter(|hole| !parameters.iter().any(|(name, _)| name == hole))
        .collect();
    odd.sort_unstable();
    odd.dedup();
    for hole in odd {
        reader.lint(node.ix, Lint::new("L070", term, &format!("?{hole}")));
    }
}

/// Variables in the messages that solutions bind.
pub(super) fn holes(
    messages: &[Literal],
    query: &GivenQuery,
    parameters: &[(String, Term)],
) -> Vec<String> {
    let mut found: Vec<String> = messages
        .iter()
        .flat_map(|message| super::text::holes(message.value()))
        .filter(|hole| query.columns().iter().any(|column| column == hole))
        .filter(|hole| !parameters.iter().any(|(name, _)| name == hole))
        .map(str::to_owned)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

//! Targets in SPARQL ([SHACL Advanced Features §3](https://www.w3.org/TR/shacl-af/#targets)): `sh:target` with a query, or of a
//! target type with parameters. They look at all there is; only nodes of the data become focus nodes.

use super::components::is_true;
use super::read::{Draft, prepare, told};
use crate::query::QueryKind;
use crate::query::given::{Found, GivenQuery};
use crate::rdf::vocab::rdf;
use crate::shapes::lint::Lint;
use crate::shapes::model::Target;
use crate::shapes::names::{local_name, short_term};
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::Run;
use crate::shapes::vocabulary as sh;
use crate::store::{Id, View};
use oxrdf::Term;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A query that chooses focus nodes.
pub(crate) struct TargetQuery {
    pub(crate) query: GivenQuery,
    blanks: Vec<Term>,
    reads_shapes: bool,
    term: String,
    key: String,
}

impl fmt::Debug for TargetQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

impl PartialEq for TargetQuery {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for TargetQuery {}

impl Hash for TargetQuery {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// Reads the values of `sh:target`.
pub(crate) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Target>) {
    for &target in node.values("target") {
        if target.is_literal() {
            reader.lint_value(node.ix, "L014", "sh:target", target);
            continue;
        }
        let (holder, parameters) = if !reader.graph.objects(target, sh::SELECT).is_empty() {
            (target, Vec::new())
        } else {
            match of_type(reader, node, target) {
                Some(found) => found,
                None => continue,
            }
        };
        let draft = Draft {
            node: holder,
            kind: QueryKind::Select,
            parameters: &parameters,
            path: None,
            term: "sh:target",
        };
        let Some(prepared) = prepare(reader, node, &draft, &[]) else {
            continue;
        };
        if !prepared
            .query
            .columns()
            .iter()
            .any(|column| column == "this")
        {
            reader.lint(node.ix, Lint::new("L061", "sh:target", "$this"));
            continue;
        }
        out.push(Target::Sparql(Arc::new(TargetQuery {
            query: prepared.query,
            blanks: prepared.blanks,
            reads_shapes: prepared.reads_shapes,
            term: short_term(&reader.graph.term(target)),
            key: prepared.key,
        })));
    }
}

/// The target type of a node, and its parameters there.
fn of_type(
    reader: &mut Reader<'_>,
    node: &ShapeNode,
    target: Id,
) -> Option<(Id, Vec<(String, Term)>)> {
    let types = reader.instances(sh::SPARQL_TARGET_TYPE);
    let own = reader.graph.objects(target, rdf::TYPE);
    let Some(kind) = own.into_iter().find(|class| types.contains(class)) else {
        reader.lint(node.ix, Lint::new("L024", "sh:target", ""));
        return None;
    };
    let mut parameters = Vec::new();
    for parameter in reader.graph.objects(kind, sh::PARAMETER) {
        let [predicate] = reader.graph.objects(parameter, sh::PATH)[..] else {
            reader.lint(node.ix, Lint::new("L065", "sh:target", "sh:path"));
            return None;
        };
        let Some(iri) = reader.graph.named_node(predicate) else {
            reader.lint(node.ix, Lint::new("L065", "sh:target", "sh:path"));
            return None;
        };
        let name = local_name(iri.as_str()).to_owned();
        let values: Vec<Id> = reader.graph.view().objects(target, predicate).collect();
        match values[..] {
            [value] => parameters.push((name, reader.graph.term(value))),
            [] if is_true(&reader.graph, parameter, sh::OPTIONAL) => {}
            [] => {
                reader.lint(node.ix, Lint::new("L065", "sh:target", &format!("${name}")));
                return None;
            }
            _ => {
                reader.lint(node.ix, Lint::new("L067", "sh:target", &format!("${name}")));
                return None;
            }
        }
    }
    Some((kind, parameters))
}

/// The nodes of the data that a target chooses, in no order. A query that fails chooses none, and the run says so.
pub(crate) fn focus(run: &mut Run<'_>, target: &TargetQuery, out: &mut Vec<Id>) {
    let this = target.query.columns().iter().position(|c| c == "this");
    let Some(this) = this else {
        return;
    };
    let mut found: Vec<Id> = Vec::new();
    let blanks: Vec<_> = target
        .blanks
        .iter()
        .map(|term| (run.context.id_of(term.as_ref()), term.clone()))
        .collect();
    let outcome = super::run::ask(
        run,
        &target.query,
        (!blanks.is_empty()).then_some(&blanks[..]),
        target.reads_shapes,
        &mut |row| {
            if let Some(Found::Id(id)) = &row[this] {
                found.push(*id);
            }
            true
        },
    );
    if let Err(error) = outcome
        && !run.is_cancelled()
    {
        let lint = Lint::told("L071", &format!("sh:target {}", target.term), &told(&error));
        run.queries.stopped.push(lint);
        return;
    }
    found.sort_unstable();
    found.dedup();
    let data = run.data;
    out.extend(found.into_iter().filter(|id| occurs(data, *id)));
}

fn occurs(data: &View, id: Id) -> bool {
    data.star(id).next().is_some() || data.triples(None, None, Some(id)).next().is_some()
}

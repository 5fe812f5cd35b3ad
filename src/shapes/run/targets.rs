//! Targets ([§2.1.3](https://www.w3.org/TR/shacl/#targets)): focus nodes come from the data, the class hierarchy from
//! the context.

use super::Run;
use crate::shapes::bind::BoundPath;
use crate::shapes::graph::subclass_closure;
use crate::shapes::idset::sort_unique;
use crate::shapes::model::{Constraint, ShapeIx, Target};
use crate::shapes::sparql::target_focus;
use crate::store::Id;

/// Focus nodes of targets, sorted, each once.
pub(crate) fn focus_nodes(run: &mut Run<'_>, targets: &[Target]) -> Vec<Id> {
    let mut found: Vec<Id> = Vec::new();
    let mut runs = 0;
    for target in targets {
        let before = found.len();
        match target {
            Target::Class(class) => {
                if let (Some(class), Some(rdf_type)) =
                    (run.context.id_of_iri(class.as_str()), run.bound.rdf_type)
                {
                    for class in subclass_closure(run.context, class) {
                        let at = found.len();
                        let members = run.data.subjects(rdf_type, class);
                        members.for_each(|member| found.push(member));
                        runs += usize::from(found.len() > at);
                    }
                }
            }
            Target::Sparql(query) => {
                target_focus(run, query, &mut found);
                runs += 2;
            }
            Target::Node(term) => {
                let id = run.locals.bind(run.context, term.as_ref());
                found.push(id);
                runs += 1;
            }
            Target::SubjectsOf(predicate) => {
                if let Some(predicate) = run.context.id_of_iri(predicate.as_str()) {
                    found.extend(run.data.pairs(predicate).map(|(subject, _)| subject));
                    runs += 1;
                }
            }
            Target::ObjectsOf(predicate) => {
                if let Some(predicate) = run.context.id_of_iri(predicate.as_str()) {
                    found.extend(run.data.pairs_reversed(predicate).map(|(object, _)| object));
                    runs += 1;
                }
            }
            Target::Where(shape) => {
                let candidates = candidates(run, *shape);
                run.decide(*shape, &candidates);
                found.extend(
                    candidates
                        .into_iter()
                        .filter(|node| !run.fails(*shape, *node)),
                );
                runs += 1;
            }
        }
        run.stats.rows_scanned += (found.len() - before) as u64;
    }
    if runs <= 1 {
        found.dedup();
        return found;
    }
    sort_unique(found)
}

/// Nodes of the data that may conform to a shape, sorted, each once: found by one condition that few meet, if there is one.
fn candidates(run: &Run<'_>, shape: ShapeIx) -> Vec<Id> {
    let (data, context) = (run.data, run.context);
    let shape = &run.compiled.shapes[shape as usize];
    let constraints = if shape.runs() {
        shape.constraints.as_slice()
    } else {
        &[]
    };
    let mut narrowest: Option<Vec<Id>> = None;
    for constraint in constraints {
        let meeting = match constraint {
            Constraint::Class(class) if shape.path.is_none() => {
                let (Some(class), Some(rdf_type)) =
                    (context.id_of_iri(class.as_str()), run.bound.rdf_type)
                else {
                    return Vec::new();
                };
                let classes = subclass_closure(context, class);
                Some(
                    classes
                        .into_iter()
                        .flat_map(|class| context.subjects(rdf_type, class))
                        .collect(),
                )
            }
            Constraint::Property(inner) => having_values(run, *inner),
            _ => None,
        };
        if let Some(meeting) = meeting
            && narrowest
                .as_ref()
                .is_none_or(|so_far| meeting.len() < so_far.len())
        {
            narrowest = Some(meeting);
        }
    }
    let Some(mut found) = narrowest.map(sort_unique) else {
        let triples = data.triples(None, None, None);
        return sort_unique(triples.flat_map(|[s, _, o]| [s, o]).collect());
    };
    found.retain(|node| {
        data.star(*node).next().is_some() || data.star_reversed(*node).next().is_some()
    });
    found
}

/// Nodes with a value of a property shape that asks for one.
fn having_values(run: &Run<'_>, shape: ShapeIx) -> Option<Vec<Id>> {
    let shape = &run.compiled.shapes[shape as usize];
    let BoundPath::Forward(predicate) = run.bound.paths[shape.path? as usize] else {
        return None;
    };
    let asks = |constraint: &Constraint| {
        matches!(
            constraint,
            Constraint::MinCount(_) | Constraint::HasValue(_)
        )
    };
    (shape.runs() && shape.constraints.iter().any(asks))
        .then(|| run.context.pairs(predicate).map(|(s, _)| s).collect())
}

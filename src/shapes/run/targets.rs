//! Targets ([§2.1.3](https://www.w3.org/TR/shacl/#targets)): focus nodes come from the data, the class hierarchy from
//! the context.

use super::Run;
use crate::shapes::graph::subclass_closure;
use crate::shapes::idset::sort_unique;
use crate::shapes::model::Target;
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
                        found.extend(run.data.subjects(rdf_type, class));
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
        }
        run.stats.rows_scanned += (found.len() - before) as u64;
    }
    if runs <= 1 {
        found.dedup();
        return found;
    }
    sort_unique(found)
}

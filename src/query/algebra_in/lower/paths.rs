//! Lowers property paths. Those of fixed length are patterns by now; what comes here may repeat.

use super::{Graph, Lowering, Part};
use crate::query::exec::plan::{Node, Place, Route};
use oxrdf::Term;
use spargebra::algebra::{GraphPattern, PropertyPathExpression as Path};
use spargebra::term::TermPattern;
use std::rc::Rc;

impl Lowering<'_> {
    /// A path between two ends. `GRAPH ?g` is left to the other evaluator: a path lies in one graph, and the executor goes along
    /// all of a view at once.
    pub(super) fn path(
        &mut self,
        subject: &TermPattern,
        path: &Path,
        object: &TermPattern,
        input: Part,
        graph: &Graph,
    ) -> Option<Part> {
        let (view, None) = self.view(graph) else {
            return None;
        };
        let ends = [self.place(subject)?, self.place(object)?];
        let forward = self.route(path);
        let backward = forward.reversed();
        let binds = ends.iter().fold(0, |all, end| match end {
            Place::Slot(slot) => all | 1 << slot,
            Place::Is(_) => all,
        });
        Some(Part {
            certain: input.certain | binds,
            possible: input.possible | binds,
            node: Rc::new(Node::Reach {
                input: input.node,
                ends,
                routes: [Rc::new(forward), Rc::new(backward)],
                view,
            }),
        })
    }

    fn route(&self, path: &Path) -> Route {
        let inner = |path: &Path| Box::new(self.route(path));
        match path {
            Path::NamedNode(node) => Route::Link {
                predicate: self.id(node.clone()),
                backward: false,
            },
            Path::Reverse(path) => self.route(path).reversed(),
            Path::Sequence(a, b) => Route::Sequence(inner(a), inner(b)),
            Path::Alternative(a, b) => Route::Alternative(inner(a), inner(b)),
            Path::ZeroOrMore(path) => Route::Repeated {
                inner: inner(path),
                from_zero: true,
            },
            Path::OneOrMore(path) => Route::Repeated {
                inner: inner(path),
                from_zero: false,
            },
            Path::ZeroOrOne(path) => Route::ZeroOrOne(inner(path)),
            Path::NegatedPropertySet(except) => Route::Other {
                except: except.iter().map(|node| self.id(node.clone())).collect(),
                backward: false,
            },
        }
    }
}

/// The path `p*` from or to a term, in the form that the rewriting gives it for the other evaluator: the term itself, or `p+`.
pub(super) fn with_zero(pattern: &GraphPattern) -> Option<(&TermPattern, Path, &TermPattern)> {
    let GraphPattern::Union { left, right } = pattern else {
        return None;
    };
    let (
        GraphPattern::Values {
            variables,
            bindings,
        },
        GraphPattern::Path {
            subject,
            path: Path::OneOrMore(step),
            object,
        },
    ) = (&**left, &**right)
    else {
        return None;
    };
    let ([variable], [row]) = (variables.as_slice(), bindings.as_slice()) else {
        return None;
    };
    let [Some(term)] = row.as_slice() else {
        return None;
    };
    let term = TermPattern::from(Term::from(term.clone()));
    let variable = TermPattern::from(variable.clone());
    let is_so =
        (*subject == variable && *object == term) || (*subject == term && *object == variable);
    is_so.then(|| (subject, Path::ZeroOrMore(step.clone()), object))
}

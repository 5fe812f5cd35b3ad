//! Rewrites calls of `geof:` functions: all go through the one function that is registered, and what has constants alone
//! for arguments is computed once, so that the index can be searched for it. Computes nothing itself.

use crate::query::geo;
use oxrdf::{NamedNode, Term};
use spargebra::algebra::{Expression, Function};

/// Bytes of geometries that are computed with while a query is read.
const MAX_FOLDED_BYTES: usize = 64 << 10;

/// Rewrites a call of a `geof:` function.
pub(super) fn rewrite(call: &mut Expression) {
    let Expression::FunctionCall(Function::Custom(name), arguments) = call else {
        return;
    };
    let all = NamedNode::new_unchecked(geo::CALL);
    let meant = std::mem::replace(name, all);
    arguments.insert(0, meant.into());
    if let Some(constant) = constant(arguments) {
        *call = constant;
    }
}

/// What a call with constants alone gives.
fn constant(arguments: &[Expression]) -> Option<Expression> {
    let mut terms: Vec<Term> = Vec::with_capacity(arguments.len());
    let mut bytes = 0;
    for argument in arguments {
        terms.push(match argument {
            Expression::NamedNode(node) => node.clone().into(),
            Expression::Literal(literal) => {
                bytes += literal.value().len();
                literal.clone().into()
            }
            _ => return None,
        });
    }
    // No limit of the query holds yet: what may take long waits until they do.
    if bytes > MAX_FOLDED_BYTES {
        return None;
    }
    Some(match geo::call(&terms)? {
        Term::NamedNode(node) => node.into(),
        Term::Literal(literal) => literal.into(),
        Term::BlankNode(_) | Term::Triple(_) => return None,
    })
}

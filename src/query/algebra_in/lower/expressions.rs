//! Lowers expressions. What the executor does not compute gives none, and with it no plan.

use super::Lowering;
use crate::query::dataset::{EXACT_DATATYPE, EXACT_STR};
use crate::query::exec::expression::{Comparison, Expression, Function};
use crate::query::exec::value::Arithmetic;
use crate::query::geo;
use oxrdf::{Term, Variable};
use regex::{Regex, RegexBuilder};
use spargebra::algebra::{Expression as Algebra, Function as Named};
use std::rc::Rc;

/// Compiled size of a regular expression, in bytes: the same bound as the other evaluator's.
const REGEX_BYTES: usize = 1_000_000;

impl Lowering<'_> {
    /// An expression; `None` when the executor cannot compute it.
    pub(super) fn expression(&mut self, expression: &Algebra) -> Option<Expression> {
        let both = |this: &mut Self, a: &Algebra, b: &Algebra| {
            Some((Box::new(this.expression(a)?), Box::new(this.expression(b)?)))
        };
        let compare = |this: &mut Self, comparison, a: &Algebra, b: &Algebra| {
            let (a, b) = both(this, a, b)?;
            Some(Expression::Compare(comparison, a, b))
        };
        let compute = |this: &mut Self, operator, a: &Algebra, b: &Algebra| {
            let (a, b) = both(this, a, b)?;
            Some(Expression::Arithmetic(operator, a, b))
        };
        match expression {
            Algebra::NamedNode(node) => Some(self.constant(node.clone().into())),
            Algebra::Literal(literal) => Some(self.constant(literal.clone().into())),
            Algebra::Variable(variable) => Some(Expression::Slot(self.slot(variable)?)),
            Algebra::Bound(variable) => Some(Expression::Bound(self.slot(variable)?)),
            Algebra::Or(..) => {
                let mut list = Vec::new();
                self.alternatives(expression, &mut list)?;
                Some(Expression::Or(list))
            }
            Algebra::And(a, b) => {
                let (a, b) = both(self, a, b)?;
                Some(Expression::And(vec![*a, *b]))
            }
            Algebra::Not(inner) => Some(Expression::Not(Box::new(self.expression(inner)?))),
            Algebra::Equal(a, b) => {
                let (a, b) = both(self, a, b)?;
                Some(Expression::Equal(a, b))
            }
            Algebra::SameTerm(a, b) => {
                let (a, b) = both(self, a, b)?;
                Some(Expression::SameTerm(a, b))
            }
            Algebra::Less(a, b) => compare(self, Comparison::Less, a, b),
            Algebra::LessOrEqual(a, b) => compare(self, Comparison::LessOrEqual, a, b),
            Algebra::Greater(a, b) => compare(self, Comparison::Greater, a, b),
            Algebra::GreaterOrEqual(a, b) => compare(self, Comparison::GreaterOrEqual, a, b),
            Algebra::In(value, list) => {
                let value = Box::new(self.expression(value)?);
                Some(Expression::In(value, self.list(list)?))
            }
            Algebra::Add(a, b) => compute(self, Arithmetic::Add, a, b),
            Algebra::Subtract(a, b) => compute(self, Arithmetic::Subtract, a, b),
            Algebra::Multiply(a, b) => compute(self, Arithmetic::Multiply, a, b),
            Algebra::Divide(a, b) => compute(self, Arithmetic::Divide, a, b),
            Algebra::UnaryPlus(inner) => {
                Some(Expression::Signed(Box::new(self.expression(inner)?), false))
            }
            Algebra::UnaryMinus(inner) => {
                Some(Expression::Signed(Box::new(self.expression(inner)?), true))
            }
            Algebra::If(condition, yes, no) => {
                if let Some((function, variable)) = read_exactly(condition, yes) {
                    let slot = Expression::Slot(self.slot(variable)?);
                    return Some(Expression::Call(function, vec![slot]));
                }
                let condition = Box::new(self.expression(condition)?);
                let (yes, no) = both(self, yes, no)?;
                Some(Expression::If(condition, yes, no))
            }
            Algebra::Coalesce(list) => Some(Expression::Coalesce(self.list(list)?)),
            Algebra::FunctionCall(Named::Regex, arguments) => self.regex(arguments),
            Algebra::FunctionCall(name, arguments) => {
                let function = function(name)?;
                Some(Expression::Call(function, self.list(arguments)?))
            }
            Algebra::Exists(_) => None,
        }
    }

    fn list(&mut self, list: &[Algebra]) -> Option<Vec<Expression>> {
        list.iter().map(|inner| self.expression(inner)).collect()
    }

    fn alternatives(&mut self, expression: &Algebra, list: &mut Vec<Expression>) -> Option<()> {
        match expression {
            Algebra::Or(a, b) => {
                self.alternatives(a, list)?;
                self.alternatives(b, list)
            }
            _ => {
                list.push(self.expression(expression)?);
                Some(())
            }
        }
    }

    fn constant(&self, term: Term) -> Expression {
        Expression::Constant {
            id: self.id(term.clone()),
            value: term.into(),
        }
    }

    fn regex(&mut self, arguments: &[Algebra]) -> Option<Expression> {
        let (text, pattern, flags) = match arguments {
            [text, Algebra::Literal(pattern)] => (text, pattern, ""),
            [text, Algebra::Literal(pattern), Algebra::Literal(flags)] if is_plain(flags) => {
                (text, pattern, flags.value())
            }
            _ => return None,
        };
        if !is_plain(pattern) {
            return None;
        }
        let regex = compile(pattern.value(), flags)?;
        let text = self.expression(text)?;
        Some(Expression::Call(
            Function::Regex(Rc::new(regex)),
            vec![text],
        ))
    }
}

fn is_plain(literal: &oxrdf::Literal) -> bool {
    literal.datatype() == oxrdf::vocab::xsd::STRING
}

fn compile(pattern: &str, flags: &str) -> Option<Regex> {
    let pattern = if flags.contains('q') {
        regex::escape(pattern)
    } else {
        pattern.to_owned()
    };
    let mut builder = RegexBuilder::new(&pattern);
    builder.size_limit(REGEX_BYTES);
    for flag in flags.chars() {
        match flag {
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            'q' => &mut builder,
            _ => return None,
        };
    }
    builder.build().ok()
}

/// `STR` or `DATATYPE` of a variable, in the form that the rewriting gave it.
fn read_exactly<'a>(condition: &Algebra, yes: &'a Algebra) -> Option<(Function, &'a Variable)> {
    let (Algebra::Bound(_), Algebra::FunctionCall(Named::Custom(name), arguments)) =
        (condition, yes)
    else {
        return None;
    };
    let [_, Algebra::Variable(variable)] = arguments.as_slice() else {
        return None;
    };
    match name.as_str() {
        EXACT_STR => Some((Function::Str, variable)),
        EXACT_DATATYPE => Some((Function::Datatype, variable)),
        _ => None,
    }
}

fn function(name: &Named) -> Option<Function> {
    Some(match name {
        Named::Str => Function::Str,
        Named::Lang => Function::Lang,
        Named::Datatype => Function::Datatype,
        Named::LangMatches => Function::LangMatches,
        Named::Contains => Function::Contains,
        Named::StrStarts => Function::StrStarts,
        Named::StrEnds => Function::StrEnds,
        Named::StrLen => Function::StrLen,
        Named::UCase => Function::UCase,
        Named::LCase => Function::LCase,
        Named::Concat => Function::Concat,
        Named::IsIri => Function::IsIri,
        Named::IsBlank => Function::IsBlank,
        Named::IsLiteral => Function::IsLiteral,
        Named::IsNumeric => Function::IsNumeric,
        Named::Custom(name) if name.as_str() == geo::CALL => Function::Terms(geo::call),
        _ => return None,
    })
}

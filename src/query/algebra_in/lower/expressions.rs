//! Lowers expressions. What the executor does not compute gives none, and with it no plan.

use super::Lowering;
use crate::query::budget::check_now;
use crate::query::dataset::{EXACT_DATATYPE, EXACT_STR, KEPT, ROW_BNODE, evaluator};
use crate::query::exec::expression::{Comparison, Expression};
use crate::query::exec::function::Function;
use crate::query::exec::time::TimePart;
use crate::query::exec::value::Arithmetic;
use crate::query::{geo, text};
use oxrdf::{NamedNode, Term, Variable};
use oxsdatatypes::DateTime;
use regex::{Regex, RegexBuilder};
use spareval::ExpressionTerm as Value;
use spargebra::algebra::{Expression as Algebra, Function as Named};
use sparopt::algebra::Expression as Optimised;
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
            Algebra::FunctionCall(Named::Replace, arguments) => self.replace(arguments),
            Algebra::FunctionCall(Named::Now, _) => Some(self.now()),
            // The executor counts what it gathers itself.
            Algebra::FunctionCall(Named::Custom(name), arguments) if name.as_str() == KEPT => {
                self.expression(arguments.first()?)
            }
            Algebra::FunctionCall(name, arguments) => {
                let function = self.function(name, arguments.len())?;
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
        let [text, pattern, flags @ ..] = arguments else {
            return None;
        };
        let function = match compile(pattern, flags.first()) {
            Some(regex) => Function::Regex(Rc::new(regex)),
            None => return self.borrowed(Named::Regex, arguments),
        };
        Some(Expression::Call(function, vec![self.expression(text)?]))
    }

    fn replace(&mut self, arguments: &[Algebra]) -> Option<Expression> {
        let [text, pattern, by, flags @ ..] = arguments else {
            return None;
        };
        let function = match compile(pattern, flags.first()) {
            Some(regex) => Function::Replace(Rc::new(regex)),
            None => return self.borrowed(Named::Replace, arguments),
        };
        let arguments = vec![self.expression(text)?, self.expression(by)?];
        Some(Expression::Call(function, arguments))
    }

    fn borrowed(&mut self, name: Named, arguments: &[Algebra]) -> Option<Expression> {
        let function = self.lent(name, arguments.len());
        Some(Expression::Call(function, self.list(arguments)?))
    }

    /// A function of the other evaluator, for so many arguments.
    fn lent(&mut self, name: Named, arguments: usize) -> Function {
        let evaluator = self.evaluator.get_or_insert_with(|| Rc::new(evaluator()));
        let evaluator = Rc::clone(evaluator);
        let names: Vec<Variable> = (0..arguments)
            .map(|number| Variable::new_unchecked(format!("a{number}")))
            .collect();
        let of_names = names.iter().cloned().map(Optimised::Variable).collect();
        let by_chance = matches!(
            name,
            Named::Rand | Named::Uuid | Named::StrUuid | Named::BNode
        );
        let text = name.to_string();
        // It may read its pattern anew for each solution, which takes long where the pattern is large.
        let is_costly = matches!(name, Named::Regex | Named::Replace);
        let call = Optimised::FunctionCall(name, of_names);
        Function::Borrowed {
            name: text,
            call: Box::new(move |values| {
                if is_costly {
                    check_now();
                }
                evaluator.evaluate_expression(&call, names.iter().zip(values))
            }),
            by_chance,
        }
    }

    /// The moment of the query: one and the same wherever it is asked for (§17.4.5.1).
    fn now(&mut self) -> Expression {
        let now = *self.now.get_or_insert_with(DateTime::now);
        self.constant(Value::DateTimeLiteral(now).into())
    }

    fn function(&mut self, name: &Named, arguments: usize) -> Option<Function> {
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
            Named::SubStr => Function::SubStr,
            Named::StrBefore => Function::StrBefore,
            Named::StrAfter => Function::StrAfter,
            Named::Iri => Function::Iri(self.base.cloned()),
            Named::IsIri => Function::IsIri,
            Named::IsBlank => Function::IsBlank,
            Named::IsLiteral => Function::IsLiteral,
            Named::IsNumeric => Function::IsNumeric,
            Named::Abs => Function::Abs,
            Named::Ceil => Function::Ceil,
            Named::Floor => Function::Floor,
            Named::Round => Function::Round,
            Named::Year => Function::Part(TimePart::Year),
            Named::Month => Function::Part(TimePart::Month),
            Named::Day => Function::Part(TimePart::Day),
            Named::Hours => Function::Part(TimePart::Hours),
            Named::Minutes => Function::Part(TimePart::Minutes),
            Named::Custom(name) if name.as_str() == geo::CALL => Function::Terms(geo::call),
            Named::Custom(name) if is_lent(name, arguments) => {
                self.lent(Named::Custom(name.clone()), arguments)
            }
            // An unknown function is refused by the other evaluator, in its words.
            Named::Custom(_) => return None,
            name => self.lent(name.clone(), arguments),
        })
    }
}

/// Datatypes whose names are functions that make their values (§17.5, and those that the other evaluator has beside them).
const CASTS: [&str; 11] = [
    "boolean",
    "date",
    "dateTime",
    "dayTimeDuration",
    "decimal",
    "double",
    "duration",
    "float",
    "integer",
    "string",
    "time",
];

/// Whether the other evaluator has a function with an IRI for a name, for so many arguments.
fn is_lent(name: &NamedNode, arguments: usize) -> bool {
    let is_cast = |name: &str| {
        name.strip_prefix("http://www.w3.org/2001/XMLSchema#")
            .is_some_and(|datatype| CASTS.contains(&datatype))
    };
    name.as_str() == text::MATCHES
        || name.as_str() == ROW_BNODE
        || (arguments == 1 && is_cast(name.as_str()))
}

fn is_plain(literal: &oxrdf::Literal) -> bool {
    literal.datatype() == oxrdf::vocab::xsd::STRING
}

/// A plain string that is written out.
fn written(expression: &Algebra) -> Option<&str> {
    match expression {
        Algebra::Literal(literal) => is_plain(literal).then(|| literal.value()),
        _ => None,
    }
}

/// A regular expression whose pattern and flags are written out; `None` for another, or one that is not well-formed.
fn compile(pattern: &Algebra, flags: Option<&Algebra>) -> Option<Regex> {
    let pattern = written(pattern)?;
    let flags = match flags {
        Some(flags) => written(flags)?,
        None => "",
    };
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

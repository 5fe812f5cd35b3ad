//! The steps of a plan in words: what each does, with what, and which steps it reads. The one place that a new step is
//! told to, for [`Meter`](super::measure::Meter) and for whoever explains a plan. Runs nothing.

use super::expression::{Comparison, Expression};
use super::function::Function;
use super::plan::{
    Aggregate, AggregateFunction, JoinKind, Node, Pattern, Place, Route, Star, Takes,
};
use super::steps::tested_pattern;
use super::time::TimePart;
use super::value::Arithmetic;
use crate::query::dataset::QueryDataset;
use crate::query::explain::{Naming, StepKind, StepRole, in_graph};
use crate::query::observations::moment;
use crate::rdf::vocab::sosa;
use crate::store::{Graphs, Id, View};
use oxrdf::{Term, Variable};
use std::rc::Rc;

/// Rows of a table and members of a list that are written out.
const MAX_LISTED: usize = 4;

impl Node {
    /// The steps that this one reads, the one it starts from first.
    pub(in crate::query) fn parts(&self) -> Vec<(StepRole, &Rc<Self>)> {
        use StepRole::{Each, Input, Table};
        match self {
            Self::Unit | Self::Input | Self::Table { .. } => Vec::new(),
            Self::Match { input, .. }
            | Self::Observe { input, .. }
            | Self::Reach { input, .. }
            | Self::Filter { input, .. }
            | Self::Extend { input, .. }
            | Self::Group { input, .. }
            | Self::Distinct { input, .. }
            | Self::Sort { input, .. }
            | Self::Slice { input, .. } => vec![(Input, input)],
            Self::Union { input, branches } => {
                let branches = branches.iter().map(|branch| (Each, branch));
                std::iter::once((Input, input)).chain(branches).collect()
            }
            Self::Optional { input, right, .. } => vec![(Input, input), (Each, right)],
            Self::Exists { input, right, .. } => match tested_pattern(right) {
                Some(_) => vec![(Input, input)],
                None => vec![(Input, input), (Each, right)],
            },
            Self::Join {
                left, right, kind, ..
            } => match kind {
                JoinKind::BuildLeft => vec![(Table, left), (Input, right)],
                JoinKind::BuildRight | JoinKind::Outer | JoinKind::Minus => {
                    vec![(Input, left), (Table, right)]
                }
            },
        }
    }

    /// Whether the step does nothing but start another one.
    pub(in crate::query) fn is_start(&self) -> bool {
        matches!(self, Self::Unit | Self::Input)
    }

    /// What the step does.
    pub(in crate::query) fn kind(&self) -> StepKind {
        match self {
            Self::Unit | Self::Input => StepKind::UNIT,
            Self::Table { .. } => StepKind::VALUES,
            Self::Match {
                takes: Takes::Number(_),
                ..
            } => StepKind::COUNT,
            Self::Match { input, .. } if matches!(**input, Self::Unit) => StepKind::SCAN,
            Self::Match { .. } => StepKind::LOOK_UP,
            Self::Observe { .. } => StepKind::OBSERVATIONS,
            Self::Reach { .. } => StepKind::PATH,
            Self::Filter { .. } => StepKind::FILTER,
            Self::Extend { .. } => StepKind::BIND,
            Self::Union { .. } => StepKind::UNION,
            Self::Optional { .. } => StepKind::OPTIONAL,
            Self::Exists { negated: false, .. } => StepKind::EXISTS,
            Self::Exists { negated: true, .. } => StepKind::NOT_EXISTS,
            Self::Join { kind, .. } => match kind {
                JoinKind::BuildLeft | JoinKind::BuildRight => StepKind::HASH_JOIN,
                JoinKind::Outer => StepKind::HASH_OPTIONAL,
                JoinKind::Minus => StepKind::HASH_MINUS,
            },
            Self::Group { .. } => StepKind::GROUP,
            Self::Distinct { .. } => StepKind::DISTINCT,
            Self::Sort { most: None, .. } => StepKind::SORT,
            Self::Sort { most: Some(_), .. } => StepKind::TOP,
            Self::Slice { .. } => StepKind::SLICE,
        }
    }

    /// With what the step does it, in the words of SPARQL.
    pub(in crate::query) fn detail(&self, words: &Words<'_>) -> String {
        match self {
            Self::Unit | Self::Input => String::new(),
            Self::Table {
                slots,
                values,
                rows,
            } => words.table(slots, values, *rows),
            Self::Match { pattern, .. } => words.pattern(pattern),
            Self::Observe { star, .. } => words.star(star),
            Self::Reach {
                ends, routes, view, ..
            } => words.path(ends, &routes[0], view),
            Self::Filter { condition, .. } => words.expression(condition),
            Self::Extend {
                slot, expression, ..
            } => format!("{} AS {}", words.expression(expression), words.slot(*slot)),
            Self::Exists { right, .. } => {
                tested_pattern(right).map_or_else(String::new, |pattern| words.pattern(pattern))
            }
            Self::Union { .. } | Self::Optional { .. } => String::new(),
            Self::Join {
                on,
                maybe,
                condition,
                ..
            } => {
                let mut out = words.slots(on);
                for slot in maybe {
                    // Where both sides have a value.
                    out.push_str(&format!(" [{}]", words.slot(*slot)));
                }
                if let Some(condition) = condition {
                    out.push_str(" FILTER ");
                    out.push_str(&words.expression(condition));
                }
                out
            }
            Self::Group {
                keys, aggregates, ..
            } => {
                let computed: Vec<String> = aggregates
                    .iter()
                    .map(|(slot, aggregate)| {
                        format!("{} AS {}", words.aggregate(aggregate), words.slot(*slot))
                    })
                    .collect();
                let computed = computed.join(", ");
                match (keys.is_empty(), computed.is_empty()) {
                    (true, _) => computed,
                    (false, true) => format!("BY {}", words.slots(keys)),
                    (false, false) => format!("{computed} BY {}", words.slots(keys)),
                }
            }
            Self::Distinct { slots, .. } => words.slots(slots),
            Self::Sort { keys, most, .. } => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(key, descending)| match descending {
                        true => format!("DESC({})", words.expression(key)),
                        false => words.expression(key),
                    })
                    .collect();
                let keys = keys.join(" ");
                match most {
                    Some(most) => format!("{keys} LIMIT {most}"),
                    None => keys,
                }
            }
            Self::Slice { start, length, .. } => {
                let length = length.map(|length| format!("LIMIT {length}"));
                let start = (*start > 0).then(|| format!("OFFSET {start}"));
                let both: Vec<String> = length.into_iter().chain(start).collect();
                both.join(" ")
            }
        }
    }
}

/// The name of a function in SPARQL.
fn name(function: &Function) -> &str {
    match function {
        Function::Str => "STR",
        Function::Lang => "LANG",
        Function::Datatype => "DATATYPE",
        Function::LangMatches => "LANGMATCHES",
        Function::Contains => "CONTAINS",
        Function::StrStarts => "STRSTARTS",
        Function::StrEnds => "STRENDS",
        Function::StrLen => "STRLEN",
        Function::UCase => "UCASE",
        Function::LCase => "LCASE",
        Function::Concat => "CONCAT",
        Function::SubStr => "SUBSTR",
        Function::StrBefore => "STRBEFORE",
        Function::StrAfter => "STRAFTER",
        Function::Regex(_) => "REGEX",
        Function::Replace(_) => "REPLACE",
        Function::Iri(_) => "IRI",
        Function::Abs => "ABS",
        Function::Ceil => "CEIL",
        Function::Floor => "FLOOR",
        Function::Round => "ROUND",
        Function::Part(TimePart::Year) => "YEAR",
        Function::Part(TimePart::Month) => "MONTH",
        Function::Part(TimePart::Day) => "DAY",
        Function::Part(TimePart::Hours) => "HOURS",
        Function::Part(TimePart::Minutes) => "MINUTES",
        Function::IsIri => "isIRI",
        Function::IsBlank => "isBLANK",
        Function::IsLiteral => "isLITERAL",
        Function::IsNumeric => "isNUMERIC",
        Function::Terms(_) => "?",
        Function::Borrowed { name, .. } => name,
    }
}

/// The codes of the steps of a plan in one line, last step first; parts beside the input stand in brackets.
pub(in crate::query) fn line(plan: &Node) -> String {
    fn write(node: &Node, out: &mut String) {
        out.push_str(node.kind().code);
        let mut parts = node.parts().into_iter().peekable();
        let mut next = parts.next_if(|(role, _)| *role == StepRole::Input);
        let beside: Vec<_> = parts.collect();
        if !beside.is_empty() {
            let mut mark = '(';
            for (role, part) in beside {
                if role == StepRole::Input {
                    // Of a join whose first part is the table.
                    next = Some((role, part));
                    continue;
                }
                out.push(mark);
                write(part, out);
                mark = ',';
            }
            out.push(')');
        }
        if let Some((_, input)) = next
            && !input.is_start()
        {
            out.push_str(" < ");
            write(input, out);
        }
    }
    let mut out = String::from("executor: ");
    write(plan, &mut out);
    out
}

/// What names the slots and ids of a plan.
pub(in crate::query) struct Words<'a> {
    /// The variable of each slot, where it is one.
    pub(in crate::query) names: &'a [Option<Variable>],
    /// The terms.
    pub(in crate::query) dataset: &'a QueryDataset,
    /// How names and IRIs are written.
    pub(in crate::query) naming: &'a Naming,
}

impl Words<'_> {
    fn slot(&self, slot: usize) -> String {
        match self.names.get(slot) {
            Some(Some(variable)) => self.naming.variable(variable.as_str()),
            _ => "?".to_owned(),
        }
    }

    fn slots(&self, slots: &[usize]) -> String {
        let names: Vec<String> = slots
            .iter()
            .filter(|slot| matches!(self.names.get(**slot), Some(Some(_))))
            .map(|slot| self.slot(*slot))
            .collect();
        names.join(" ")
    }

    fn id(&self, raw: u64) -> String {
        match Id::from_raw(raw) {
            Some(id) => self.naming.term(&self.dataset.term(id)),
            None => "UNDEF".to_owned(),
        }
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Is(raw) => self.id(raw),
            Place::Slot(slot) => self.slot(slot),
        }
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let [subject, predicate, object] = pattern.places.map(|place| self.place(place));
        let triple = format!("{subject} {predicate} {object}");
        match pattern.graph {
            Some(slot) => in_graph(&self.slot(slot), &triple),
            None => self.within(&pattern.view, triple),
        }
    }

    fn star(&self, star: &Star) -> String {
        let observation = star
            .observation
            .map_or_else(|| "[]".to_owned(), |place| self.place(place));
        let mut said: Vec<String> = star
            .series
            .iter()
            .map(|place| {
                format!(
                    "^{} {}",
                    self.naming.iri(sosa::HAS_MEMBER),
                    self.place(*place)
                )
            })
            .collect();
        said.extend(star.asks.iter().map(|(property, place)| {
            format!(
                "{} {}",
                self.naming.iri(property.predicate()),
                self.place(*place)
            )
        }));
        let mut out = format!("{observation} {}", said.join(" ; "));
        let bound = |time: i64| {
            moment(time).map(|term| match term {
                Term::Literal(literal) => literal.value().to_owned(),
                other => other.to_string(),
            })
        };
        let bounds = [bound(star.times.start), bound(star.times.end)];
        if bounds.iter().any(Option::is_some) {
            let [from, until] = bounds.map(Option::unwrap_or_default);
            out.push_str(&format!(" [{from}, {until})"));
        }
        if star.descending {
            out.push_str(" DESC");
        }
        out
    }

    fn path(&self, ends: &[Place; 2], route: &Route, view: &View) -> String {
        let [subject, object] = ends.map(|end| self.place(end));
        self.within(view, format!("{subject} {} {object}", self.route(route)))
    }

    /// A pattern in the one graph that a view shows, if it is one.
    fn within(&self, view: &View, pattern: String) -> String {
        match view.graphs() {
            Graphs::One(graph) if *graph != Id::DEFAULT_GRAPH => {
                in_graph(&self.id(graph.raw()), &pattern)
            }
            Graphs::Set(set) if set.len() == 1 && set[0] != Id::DEFAULT_GRAPH => {
                in_graph(&self.id(set[0].raw()), &pattern)
            }
            _ => pattern,
        }
    }

    fn route(&self, route: &Route) -> String {
        let mark = |backward: bool| if backward { "^" } else { "" };
        match route {
            Route::Link {
                predicate,
                backward,
            } => format!("{}{}", mark(*backward), self.id(*predicate)),
            Route::Other { except, backward } => {
                let except: Vec<String> = except.iter().map(|raw| self.id(*raw)).collect();
                format!("{}!({})", mark(*backward), except.join("|"))
            }
            Route::Sequence(a, b) => format!("({}/{})", self.route(a), self.route(b)),
            Route::Alternative(a, b) => format!("({}|{})", self.route(a), self.route(b)),
            Route::ZeroOrOne(inner) => format!("{}?", self.route(inner)),
            Route::Repeated {
                inner,
                from_zero: false,
            } => format!("{}+", self.route(inner)),
            Route::Repeated {
                inner,
                from_zero: true,
            } => format!("{}*", self.route(inner)),
        }
    }

    fn table(&self, slots: &[usize], values: &[u64], rows: usize) -> String {
        let shown = values
            .chunks(slots.len().max(1))
            .take(rows.min(MAX_LISTED))
            .map(|row| {
                let row: Vec<String> = row.iter().map(|raw| self.id(*raw)).collect();
                if row.len() == 1 {
                    row.join(" ")
                } else {
                    format!("({})", row.join(" "))
                }
            });
        let mut shown: Vec<String> = shown.collect();
        if rows > MAX_LISTED {
            shown.push("…".to_owned());
        }
        let names = self.slots(slots);
        let names = if slots.len() == 1 {
            names
        } else {
            format!("({names})")
        };
        format!("VALUES {names} {{ {} }}", shown.join(" "))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let (function, expression, distinct) = match aggregate {
            Aggregate::CountRows => return "COUNT(*)".to_owned(),
            Aggregate::CountDistinctRows(_) => return "COUNT(DISTINCT *)".to_owned(),
            Aggregate::Of {
                function,
                expression,
                distinct,
            } => (function, expression, *distinct),
        };
        let name = match function {
            AggregateFunction::Concat(_) => "GROUP_CONCAT".to_owned(),
            other => format!("{other:?}").to_uppercase(),
        };
        let distinct = if distinct { "DISTINCT " } else { "" };
        format!("{name}({distinct}{})", self.expression(expression))
    }

    fn expression(&self, expression: &Expression) -> String {
        let two = |sign: &str, a: &Expression, b: &Expression| {
            format!("{} {sign} {}", self.operand(a), self.operand(b))
        };
        match expression {
            Expression::Constant { id, .. } => self.id(*id),
            Expression::Slot(slot) => self.slot(*slot),
            Expression::Bound(slot) => format!("BOUND({})", self.slot(*slot)),
            Expression::Or(list) => self.several(list, " || "),
            Expression::And(list) => self.several(list, " && "),
            Expression::Not(inner) => format!("!{}", self.operand(inner)),
            Expression::Equal(a, b) => two("=", a, b),
            Expression::SameTerm(a, b) => {
                format!("sameTerm({}, {})", self.expression(a), self.expression(b))
            }
            Expression::Compare(comparison, a, b) => {
                let sign = match comparison {
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                };
                two(sign, a, b)
            }
            Expression::In(value, list) => {
                format!("{} IN ({})", self.operand(value), self.list(list))
            }
            Expression::Arithmetic(operator, a, b) => {
                let sign = match operator {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                };
                two(sign, a, b)
            }
            Expression::Signed(inner, true) => format!("-{}", self.operand(inner)),
            Expression::Signed(inner, false) => format!("+{}", self.operand(inner)),
            Expression::If(condition, yes, no) => format!(
                "IF({}, {}, {})",
                self.expression(condition),
                self.expression(yes),
                self.expression(no)
            ),
            Expression::Coalesce(list) => format!("COALESCE({})", self.list(list)),
            Expression::Call(Function::Terms(_), arguments) => match arguments.split_first() {
                Some((name, arguments)) => {
                    format!("{}({})", self.expression(name), self.list(arguments))
                }
                None => "?()".to_owned(),
            },
            Expression::Call(Function::Regex(pattern), arguments) => {
                format!("REGEX({}, {:?})", self.list(arguments), pattern.as_str())
            }
            Expression::Call(Function::Replace(pattern), arguments) => {
                format!("REPLACE({}, {:?})", self.list(arguments), pattern.as_str())
            }
            Expression::Call(function, arguments) => {
                let name = self.naming.text(name(function));
                format!("{name}({})", self.list(arguments))
            }
        }
    }

    /// An expression as a part of another.
    fn operand(&self, expression: &Expression) -> String {
        let text = self.expression(expression);
        let is_single = matches!(
            expression,
            Expression::Constant { .. }
                | Expression::Slot(_)
                | Expression::Bound(_)
                | Expression::SameTerm(..)
                | Expression::If(..)
                | Expression::Coalesce(_)
                | Expression::Call(..)
        );
        if is_single { text } else { format!("({text})") }
    }

    fn several(&self, list: &[Expression], sign: &str) -> String {
        let list: Vec<String> = list.iter().map(|inner| self.operand(inner)).collect();
        list.join(sign)
    }

    fn list(&self, list: &[Expression]) -> String {
        let mut shown: Vec<String> = list
            .iter()
            .take(2 * MAX_LISTED)
            .map(|inner| self.expression(inner))
            .collect();
        if list.len() > shown.len() {
            shown.push("…".to_owned());
        }
        shown.join(", ")
    }
}

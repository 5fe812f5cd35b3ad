//! Which moments can pass the filters around a pattern: what comparisons of a variable with a moment say. A filter that says
//! nothing here bounds nothing; no filter is taken away.

use oxrdf::vocab::xsd;
use oxrdf::{Literal, Variable};
use oxsdatatypes::{DateTime, DayTimeDuration, Double};
use spargebra::algebra::{Expression, Function};
use std::ops::Range;
use std::str::FromStr;

/// All moments.
pub(super) const ALWAYS: Range<i64> = i64::MIN..i64::MAX;
/// What a moment without a zone may be off, in microseconds.
const UNKNOWN_ZONE: i64 = 14 * 3_600_000_000;

/// How long after a query was taken apart it may ask for the moment it is, in microseconds.
const SOON: i64 = 3_600_000_000;
/// What computing with durations may be off.
const ROUNDED: i64 = 1_000;
/// Durations that are computed with, in microseconds: some thousand years.
const FAR: f64 = 1e17;

/// Moments by variable, microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds(Vec<(Variable, Range<i64>)>);

impl Bounds {
    /// Those of some variables.
    pub(super) fn of(&self, variables: &[Variable]) -> Self {
        let kept = self.0.iter().filter(|(v, _)| variables.contains(v));
        Self(kept.cloned().collect())
    }

    /// Those of one variable.
    pub(super) fn get(&self, variable: &Variable) -> Range<i64> {
        let found = self.0.iter().find(|(v, _)| v == variable);
        found.map_or(ALWAYS, |(_, range)| range.clone())
    }

    fn meet(&mut self, variable: &Variable, range: &Range<i64>) {
        match self.0.iter_mut().find(|(v, _)| v == variable) {
            Some((_, known)) => *known = both(known, range),
            None => self.0.push((variable.clone(), range.clone())),
        }
    }
}

/// What lies in two times.
pub(super) fn both(a: &Range<i64>, b: &Range<i64>) -> Range<i64> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// Adds what a condition that must hold says.
pub(super) fn bounds_in(expression: &Expression, bounds: &mut Bounds) {
    use Expression as E;
    match expression {
        E::And(a, b) => {
            bounds_in(a, bounds);
            bounds_in(b, bounds);
        }
        E::Greater(a, b) => {
            compared(a, b, bounds, after);
            compared(b, a, bounds, before);
        }
        E::Less(a, b) => {
            compared(a, b, bounds, before);
            compared(b, a, bounds, after);
        }
        E::GreaterOrEqual(a, b) => {
            compared(a, b, bounds, |moment| moment.start..i64::MAX);
            compared(b, a, bounds, |moment| i64::MIN..moment.end);
        }
        E::LessOrEqual(a, b) => {
            compared(a, b, bounds, |moment| i64::MIN..moment.end);
            compared(b, a, bounds, |moment| moment.start..i64::MAX);
        }
        E::Equal(a, b) | E::SameTerm(a, b) => {
            compared(a, b, bounds, |moment| moment);
            compared(b, a, bounds, |moment| moment);
        }
        _ => {}
    }
}

/// What may be after a moment; one that is not known to the microsecond may be its own first and last.
fn after(moment: Range<i64>) -> Range<i64> {
    let is_exact = moment.end - moment.start == 1;
    (if is_exact { moment.end } else { moment.start })..i64::MAX
}

/// What may be before it.
fn before(moment: Range<i64>) -> Range<i64> {
    let is_exact = moment.end - moment.start == 1;
    i64::MIN..(if is_exact { moment.start } else { moment.end })
}

fn compared(
    variable: &Expression,
    moment: &Expression,
    bounds: &mut Bounds,
    range: impl Fn(Range<i64>) -> Range<i64>,
) {
    if let Expression::Variable(variable) = variable
        && let Some(moment) = constant(moment)
    {
        bounds.meet(variable, &range(moment));
    }
}

/// The moment that an expression gives whatever the row.
fn constant(expression: &Expression) -> Option<Range<i64>> {
    match expression {
        Expression::Literal(literal) => moment(literal),
        Expression::FunctionCall(Function::Custom(name), arguments) if *name == xsd::DATE_TIME => {
            match arguments.as_slice() {
                [Expression::Literal(text)] => {
                    moment(&Literal::new_typed_literal(text.value(), xsd::DATE_TIME))
                }
                _ => None,
            }
        }
        Expression::FunctionCall(Function::Now, _) => {
            let now = jiff::Timestamp::now().as_microsecond();
            // The query asks for its moment a little later.
            Some(now..now.checked_add(SOON)?)
        }
        Expression::Subtract(a, b) => shifted(constant(a)?, b, -1),
        Expression::Add(a, b) => shifted(constant(a)?, b, 1),
        _ => None,
    }
}

/// Moments, a duration later or earlier; some microseconds wider, for what rounding does.
fn shifted(moment: Range<i64>, by: &Expression, sign: i64) -> Option<Range<i64>> {
    let Expression::Literal(literal) = by else {
        return None;
    };
    if literal.datatype() != xsd::DAY_TIME_DURATION {
        return None;
    }
    let seconds = DayTimeDuration::from_str(literal.value())
        .ok()?
        .as_seconds();
    let micros = f64::from(Double::from(seconds)) * 1e6;
    if micros.abs() > FAR {
        return None;
    }
    let by = sign * micros as i64;
    Some(
        moment.start.checked_add(by)?.checked_sub(ROUNDED)?
            ..moment.end.checked_add(by)?.checked_add(ROUNDED)?,
    )
}

/// A moment, from it to right after it; longer where its zone is not said.
pub(super) fn moment(literal: &Literal) -> Option<Range<i64>> {
    if literal.datatype() != xsd::DATE_TIME {
        return None;
    }
    let value = DateTime::from_str(literal.value()).ok()?;
    let zoned = value.timezone().is_some();
    let text = if zoned {
        literal.value().to_owned()
    } else {
        format!("{}Z", literal.value())
    };
    // Moments that the calendar of the store does not have bound nothing.
    let time = text.parse::<jiff::Timestamp>().ok()?;
    let micros = time.as_microsecond();
    Some(if zoned && time.as_nanosecond() % 1_000 != 0 {
        micros.checked_sub(1)?..micros.checked_add(2)?
    } else if zoned {
        micros..micros.checked_add(1)?
    } else {
        micros.checked_sub(UNKNOWN_ZONE)?..micros.checked_add(UNKNOWN_ZONE + 1)?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Literal {
        Literal::new_typed_literal(text, xsd::DATE_TIME)
    }

    #[test]
    fn comparisons_bound_and_others_do_not() {
        let t = Variable::new_unchecked("t");
        let variable = || Box::new(Expression::Variable(t.clone()));
        let at = |text: &str| Box::new(Expression::Literal(literal(text)));
        let from = Expression::GreaterOrEqual(variable(), at("1970-01-01T00:00:01Z"));
        let until = Expression::Greater(at("1970-01-01T01:00:02+01:00"), variable());
        let other = Expression::Or(Box::new(from.clone()), Box::new(until.clone()));
        let mut bounds = Bounds::default();
        bounds_in(&other, &mut bounds);
        assert_eq!(bounds.get(&t), ALWAYS);
        bounds_in(
            &Expression::And(Box::new(from), Box::new(until)),
            &mut bounds,
        );
        assert_eq!(bounds.get(&t), 1_000_000..2_000_000);
    }

    #[test]
    fn the_last_day_is_bounded() {
        let t = Variable::new_unchecked("t");
        let day = Literal::new_typed_literal("P1D", xsd::DAY_TIME_DURATION);
        let since = Expression::Subtract(
            Box::new(Expression::FunctionCall(Function::Now, Vec::new())),
            Box::new(Expression::Literal(day)),
        );
        let last = Expression::Greater(Box::new(Expression::Variable(t.clone())), Box::new(since));
        let mut bounds = Bounds::default();
        bounds_in(&last, &mut bounds);
        let range = bounds.get(&t);
        let now = jiff::Timestamp::now().as_microsecond();
        let day = 24 * 3_600_000_000;
        assert!(range.start < now - day && range.start > now - day - 60_000_000);
        assert_eq!(range.end, i64::MAX);
    }

    #[test]
    fn a_moment_without_zone_may_be_a_day_off() {
        let range = moment(&literal("1970-01-02T00:00:00")).expect("a moment");
        assert_eq!(range, 10 * 3_600_000_000..38 * 3_600_000_000 + 1);
        assert_eq!(moment(&Literal::from("1970-01-02T00:00:00Z")), None);
    }
}

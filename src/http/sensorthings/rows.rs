//! Observations that a request asks for: which series, which time, in which order. What can be told without reading rows
//! (counts without a condition, the newest of a series) is; the rest is read within the budget of the request.

use super::super::error::ApiError;
use super::filter::{Comparison, Expr};
use super::options::Options;
use super::path::Scope;
use super::refused;
use super::value::Val;
use super::world::{Item, World};
use crate::observations::{Observation, Row, Scan, SeriesId, Value, Windows};
use std::cmp::Ordering;
use std::ops::{ControlFlow, Range};

/// Most rows that are sorted by something else than time, or of several series by time.
const MAX_SORTED: usize = 200_000;

/// A page of observations, each with the place of its series; and where the next one begins.
pub(super) struct Rows {
    pub(super) rows: Vec<(u32, Row)>,
    pub(super) next: Option<Next>,
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// After this observation.
    After(String),
    /// After as many as these.
    Skip(usize),
}

/// A request for observations, with its condition taken apart.
struct Asked {
    /// Moments in which all of them are.
    times: Range<i64>,
    /// Conditions about the series alone.
    of_series: Vec<Expr>,
    /// The others.
    of_rows: Vec<Expr>,
}

impl Asked {
    fn of(options: &Options) -> Self {
        let mut out = Self {
            times: i64::MIN..i64::MAX,
            of_series: Vec::new(),
            of_rows: Vec::new(),
        };
        let conditions = options.filter.clone().map(Expr::conjuncts);
        for condition in conditions.unwrap_or_default() {
            let mut paths = Vec::new();
            condition.paths(&mut paths);
            let begins = |path: &&[String]| path.first().is_some_and(|first| first == "Datastream");
            if !paths.is_empty() && paths.iter().all(begins) {
                out.of_series.push(condition);
                continue;
            }
            if let Some(times) = bounds(&condition) {
                out.times.start = out.times.start.max(times.start);
                out.times.end = out.times.end.min(times.end);
            }
            out.of_rows.push(condition);
        }
        out
    }

    fn has_series(&self, world: &World, place: u32) -> bool {
        if self.of_series.is_empty() {
            return true;
        }
        // The conditions read the series alone: any row of it does.
        let row = Row {
            seq: 0,
            observation: Observation::new(SeriesId(0), 0, Value::Boolean(false)),
        };
        let item = Item::Observation(place, &row);
        self.of_series
            .iter()
            .all(|condition| world.holds(condition, item))
    }
}

/// The moments outside of which a condition on `phenomenonTime` does not hold.
fn bounds(condition: &Expr) -> Option<Range<i64>> {
    let Expr::Compare(how, a, b) = condition else {
        return None;
    };
    let is_time = |expr: &Expr| matches!(expr, Expr::Path(path) if path.len() == 1 && path[0] == "phenomenonTime");
    let moment = |expr: &Expr| match expr {
        Expr::Literal(Val::Time(start, end)) => Some((*start, end.unwrap_or(*start))),
        _ => None,
    };
    let (how, (start, end)) = if is_time(a) {
        (*how, moment(b)?)
    } else if is_time(b) {
        let turned = match how {
            Comparison::Gt => Comparison::Lt,
            Comparison::Ge => Comparison::Le,
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            same => *same,
        };
        (turned, moment(a)?)
    } else {
        return None;
    };
    // Rows are found by where they begin; one that ends before a moment begins before it too.
    Some(match how {
        Comparison::Eq => start..start.saturating_add(1),
        Comparison::Ne => return None,
        Comparison::Gt => end.saturating_add(1)..i64::MAX,
        Comparison::Ge => end..i64::MAX,
        Comparison::Lt => i64::MIN..start,
        Comparison::Le => i64::MIN..start.saturating_add(1),
    })
}

/// How rows are ordered.
enum Order {
    /// By series, then by time.
    BySeries,
    /// By time, downwards or not.
    ByTime(bool),
    /// By what is asked.
    Other,
}

fn order_of(options: &Options) -> Order {
    match options.order.as_slice() {
        [] => Order::BySeries,
        [(Expr::Path(path), down)] if path.len() == 1 && path[0] == "phenomenonTime" => {
            Order::ByTime(*down)
        }
        _ => Order::Other,
    }
}

/// Whether a row is of the scope and all conditions hold.
fn is_in(world: &World, scope: &Scope, asked: &Asked, place: u32, row: &Row) -> bool {
    if let Some(feature) = scope.feature
        && world.feature(place, row) != Some(feature)
    {
        return false;
    }
    let item = Item::Observation(place, row);
    asked
        .of_rows
        .iter()
        .all(|condition| world.holds(condition, item))
}

/// Reads a series within the budget, handing out what is asked for.
fn scan(
    world: &World,
    scope: &Scope,
    asked: &Asked,
    (place, times, descending): (u32, Range<i64>, bool),
    mut take: impl FnMut(Row) -> ControlFlow<()>,
) -> Result<(), ApiError> {
    let (Some(store), Some(series)) = (&world.store, world.series(place)) else {
        return Ok(());
    };
    let mut scan = Scan::new(series, times);
    scan.descending = descending;
    let mut has_budget = true;
    store.scan(&scan, |row| {
        if !world.read_row() {
            has_budget = false;
            return ControlFlow::Break(());
        }
        if is_in(world, scope, asked, place, &row) {
            return take(row);
        }
        ControlFlow::Continue(())
    })?;
    if has_budget {
        Ok(())
    } else {
        Err(World::too_many_rows())
    }
}

/// A place among observations as `$skiptoken` writes it: series, moment and object of the last one.
fn token_of(row: &Row) -> String {
    crate::views::sensorthings::observation_id(&row.observation)
}

/// A page of the observations asked for.
///
/// # Errors
/// 400 for a token that is none; 422 when too much would have to be read.
pub(super) fn read(world: &World, scope: &Scope, options: &Options) -> Result<Rows, ApiError> {
    let asked = Asked::of(options);
    let series = scope.series.iter().copied();
    let mut series: Vec<u32> = series
        .filter(|place| asked.has_series(world, *place))
        .collect();
    if series.len() > 1 {
        // Series that have nothing take no time.
        series.retain(|place| world.series(*place).is_some());
    }
    let order = order_of(options);
    if options.page() == 0 {
        return Ok(Rows {
            rows: Vec::new(),
            next: None,
        });
    }
    match order {
        Order::ByTime(down) if series.len() == 1 => {
            in_order(world, scope, options, &asked, &series, down)
        }
        Order::BySeries => in_order(world, scope, options, &asked, &series, false),
        _ => sorted(world, scope, options, &asked, &series),
    }
}

/// Series by series, each by time: breaks off when the page is full.
fn in_order(
    world: &World,
    scope: &Scope,
    options: &Options,
    asked: &Asked,
    series: &[u32],
    down: bool,
) -> Result<Rows, ApiError> {
    let (page, mut skip) = (options.page(), options.skip);
    let after = match options.token.as_deref() {
        None => None,
        Some(token) => {
            let place = crate::views::sensorthings::read_observation_id(token);
            let place = place.ok_or_else(|| {
                refused::option(
                    "$skiptoken",
                    token,
                    "wat @iot.nextLink geeft",
                    "what @iot.nextLink gives",
                )
            })?;
            skip = 0;
            Some(place)
        }
    };
    if let ([one], true, true, None) = (series, down, page == 1 && skip == 0, &after)
        && asked.of_rows.is_empty()
        && scope.feature.is_none()
        && !options.count
        && let (Some(store), Some(id)) = (&world.store, world.series(*one))
    {
        // The newest is kept at hand.
        let newest = store.latest(&[id])?.pop().flatten();
        let next = newest.as_ref().map(|row| Next::After(token_of(row)));
        let rows = newest.map(|row| (*one, row)).into_iter().collect();
        return Ok(Rows { rows, next });
    }
    let mut rows: Vec<(u32, Row)> = Vec::new();
    let mut has_passed = after.is_none();
    for &place in series {
        let mut times = asked.times.clone();
        let mut from = None;
        if let (false, Some((of, at, feature))) = (has_passed, after) {
            if world.series(place) != Some(SeriesId(of)) {
                continue;
            }
            has_passed = true;
            from = Some((at, feature));
            if down {
                times.end = times.end.min(at.saturating_add(1));
            } else {
                times.start = times.start.max(at);
            }
        }
        if times.is_empty() {
            continue;
        }
        scan(world, scope, asked, (place, times, down), |row| {
            if let Some((at, feature)) = from {
                let here = (row.observation.time, row.observation.feature.0);
                let is_before = if down {
                    here >= (at, feature)
                } else {
                    here <= (at, feature)
                };
                if is_before {
                    return ControlFlow::Continue(());
                }
            }
            if skip > 0 {
                skip -= 1;
                return ControlFlow::Continue(());
            }
            rows.push((place, row));
            if rows.len() > page {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if rows.len() > page {
            break;
        }
    }
    let next = if rows.len() > page {
        rows.truncate(page);
        rows.last().map(|(_, row)| Next::After(token_of(row)))
    } else {
        None
    };
    Ok(Rows { rows, next })
}

/// Keeps the first of all in the order asked for.
fn sorted(
    world: &World,
    scope: &Scope,
    options: &Options,
    asked: &Asked,
    series: &[u32],
) -> Result<Rows, ApiError> {
    let page = options.page();
    let wanted = options.skip.saturating_add(page).saturating_add(1);
    if wanted > MAX_SORTED {
        return Err(refused::too_much(
            MAX_SORTED,
            "te sorteren observaties",
            "observations to be sorted",
        ));
    }
    let by_time = match order_of(options) {
        Order::ByTime(down) => Some(down),
        _ => None,
    };
    let keys_of = |place: u32, row: &Row| -> Vec<Val> {
        let item = Item::Observation(place, row);
        options
            .order
            .iter()
            .map(|(what, _)| world.one(what, item))
            .collect()
    };
    type Keyed = (Vec<Val>, u32, Row);
    let order = |a: &Keyed, b: &Keyed| -> Ordering {
        let keys = a.0.iter().zip(&b.0).zip(&options.order);
        for ((a, b), (_, down)) in keys {
            let order = a.order(b);
            let order = if *down { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        let of = |row: &Row| (row.observation.time, row.observation.feature);
        (a.1, of(&a.2)).cmp(&(b.1, of(&b.2)))
    };
    let mut kept: Vec<Keyed> = Vec::new();
    for &place in series {
        let mut taken = 0_usize;
        let down = by_time.unwrap_or(false);
        scan(
            world,
            scope,
            asked,
            (place, asked.times.clone(), down),
            |row| {
                kept.push((keys_of(place, &row), place, row));
                taken += 1;
                if kept.len() >= wanted.saturating_mul(2).max(4_096) {
                    kept.sort_by(order);
                    kept.truncate(wanted);
                }
                // Those of one series come by time: no later one comes before these.
                if by_time.is_some() && taken >= wanted {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            },
        )?;
    }
    kept.sort_by(order);
    let has_more = kept.len() > options.skip.saturating_add(page);
    let rows = kept.into_iter().skip(options.skip).take(page);
    Ok(Rows {
        rows: rows.map(|(_, place, row)| (place, row)).collect(),
        next: has_more.then_some(Next::Skip(options.skip + page)),
    })
}

/// How many observations there are. Without a condition on them read off kept sums.
///
/// # Errors
/// 422 when too much would have to be read.
pub(super) fn count(world: &World, scope: &Scope, options: &Options) -> Result<u64, ApiError> {
    let asked = Asked::of(options);
    let mut total = 0_u64;
    for &place in &scope.series {
        if !asked.has_series(world, place) {
            continue;
        }
        let (Some(store), Some(series)) = (&world.store, world.series(place)) else {
            continue;
        };
        if asked.of_rows.is_empty() && scope.feature.is_none() {
            let windows = store.windows(&Windows {
                series,
                times: i64::MIN..i64::MAX,
                step: None,
                percentiles: Vec::new(),
                known_at: None,
            })?;
            total += windows
                .iter()
                .map(|window| window.summary.count)
                .sum::<u64>();
            continue;
        }
        scan(
            world,
            scope,
            &asked,
            (place, asked.times.clone(), false),
            |_| {
                total += 1;
                ControlFlow::Continue(())
            },
        )?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::super::filter::parse;
    use super::*;

    #[test]
    fn conditions_on_time_bound_what_is_read() {
        let of = |text: &str| bounds(&parse(text).expect("an expression"));
        let at = "1970-01-01T00:00:01Z";
        let second = 1_000_000;
        assert_eq!(
            of(&format!("phenomenonTime ge {at}")),
            Some(second..i64::MAX)
        );
        assert_eq!(
            of(&format!("phenomenonTime gt {at}")),
            Some(second + 1..i64::MAX)
        );
        assert_eq!(
            of(&format!("phenomenonTime lt {at}")),
            Some(i64::MIN..second)
        );
        assert_eq!(
            of(&format!("{at} ge phenomenonTime")),
            Some(i64::MIN..second + 1)
        );
        assert_eq!(
            of(&format!("phenomenonTime eq {at}")),
            Some(second..second + 1)
        );
        assert_eq!(of(&format!("resultTime eq {at}")), None);
        assert_eq!(of("result gt 1"), None);
    }
}

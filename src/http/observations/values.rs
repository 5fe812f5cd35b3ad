//! `/obs/v1/reeksen/{id}/waarden`: what a series told, one by one or summed up by windows. A window in which nothing holds is told as
//! such, with count 0 and without values: nothing is invented between what was measured.

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::reply::{Document, JSON, JSON_LD, choose};
use super::super::state::AppState;
use super::asked::{self, Length, Named, moment_text, wrong};
use super::series::{context, observation_json, result_json};
use crate::observations::{
    ObservationError, ObservationStore, Row, Scan, SeriesId, Window, Windows,
};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

const CSV: &str = "text/csv";
const OFFERS: [&str; 3] = [JSON_LD, CSV, JSON];
const KNOWN: [&str; 9] = [
    "van",
    "tot",
    "venster",
    "agg",
    "bekendOp",
    "correcties",
    "limit",
    "format",
    "omgekeerd",
];
/// Values of a page.
const PAGE: usize = 1_000;
const MAX_PAGE: usize = 100_000;
/// Windows of an answer.
const MAX_WINDOWS: usize = 100_000;
/// Microseconds of the year 9999, beyond which nothing is written.
const LAST_MOMENT: i64 = 253_402_207_200_000_000;

/// What windows are asked to tell.
#[derive(Clone, Debug, PartialEq)]
enum Figure {
    Average,
    Least,
    Greatest,
    Sum,
    Count,
    /// Its number among the percentiles asked.
    Percentile(usize),
}

/// Figures by the names under which they are asked.
type Figures = Vec<(String, Figure)>;

/// `GET /obs/v1/reeksen/{id}/waarden?van=&tot=&venster=&agg=&bekendOp=`.
pub(super) async fn values(
    State(state): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    asked::known_only(&params, &KNOWN)?;
    let chosen = choose(&headers, asked::given(&params, "format")?, &OFFERS)?;
    let known_at = known_at(&params)?;
    let from = asked::moment(&params, "van")?;
    let to = asked::moment(&params, "tot")?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(wrong("tot", "ligt niet na van", "is not after van"));
    }
    let length = asked::given(&params, "venster")?.map(str::to_owned);
    let turn = state.query_turn().await?;
    turn.work(move || {
        let named = asked::series(&state, &name)?;
        let store = state.observations()?;
        let document = match length {
            None => {
                for other in ["agg"] {
                    if params.get(other).is_some() {
                        return Err(wrong(other, "vraagt ook venster", "needs venster too"));
                    }
                }
                let limit = asked::limit(&params, PAGE, MAX_PAGE)?;
                let mut scan = Scan::new(
                    named.id.unwrap_or(SeriesId(u32::MAX)),
                    from.unwrap_or(i64::MIN)..to.unwrap_or(i64::MAX),
                );
                scan.known_at = known_at;
                scan.corrected = asked::is_set(&params, "correcties")?;
                scan.descending = asked::is_set(&params, "omgekeerd")?;
                one_by_one(&state, store, &named, &scan, (limit, chosen, &params))?
            }
            Some(length) => {
                for other in ["limit", "correcties", "omgekeerd"] {
                    if params.get(other).is_some() {
                        let nl = "gaat niet samen met venster";
                        return Err(wrong(other, nl, "does not go with venster"));
                    }
                }
                let to = to.unwrap_or_else(|| Timestamp::now().as_microsecond());
                let from = from.ok_or_else(|| {
                    wrong("van", "is nodig bij venster", "is needed with venster")
                })?;
                let length = asked::length(&length).ok_or_else(|| {
                    wrong(
                        "venster",
                        "is een duur zoals PT15M, PT1H, P1D, P1W of P1M",
                        "is a length of time such as PT15M, PT1H, P1D, P1W or P1M",
                    )
                })?;
                by_windows(
                    store,
                    &named,
                    (from..to, length),
                    known_at,
                    (chosen, &params),
                )?
            }
        };
        Ok(document.respond(&headers))
    })
    .await
}

/// The number of the last observation that counts as known.
fn known_at(params: &Params) -> Result<Option<u64>, ApiError> {
    let not_a_number = |_| {
        wrong(
            "bekendOp",
            "is het volgnummer van een waarneming: wat daarna toekwam, telt niet mee",
            "is the number of an observation: what came in after it does not count",
        )
    };
    asked::number(params, "bekendOp").map_err(not_a_number)
}

/// The rows of a page, and where the next one begins. A page ends between two moments, so that each begins at a moment of its own.
fn page(
    store: &ObservationStore,
    scan: &Scan,
    limit: usize,
) -> Result<(Vec<Row>, Option<i64>), ObservationError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut next = None;
    store.scan(scan, |row| {
        let last = rows.last().map(|last| last.observation.time);
        if rows.len() >= limit && last != Some(row.observation.time) {
            next = Some(row.observation.time);
            return ControlFlow::Break(());
        }
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    Ok((rows, next))
}

fn one_by_one(
    state: &AppState,
    store: &ObservationStore,
    named: &Named,
    scan: &Scan,
    (limit, chosen, params): (usize, &'static str, &Params),
) -> Result<Document, ApiError> {
    let (rows, next) = page(store, scan, limit)?;
    let next = next.map(|time| {
        let (key, moment) = match scan.descending {
            // The end is not in the time that is asked for.
            true => ("tot", time.saturating_add(1)),
            false => ("van", time),
        };
        next_page(state, named, params, (key, &moment_text(moment)))
    });
    let feature = |row: &Row| store.feature(row.observation.feature);
    let mut document = if chosen == CSV {
        let mut out = String::from("tijd,tot,resultaattijd,waarde,kwaliteit,object,volgnummer\r\n");
        for row in &rows {
            let told = &row.observation;
            let moment = |moment: Option<i64>| moment.map(moment_text).unwrap_or_default();
            let result = told.result.as_ref();
            let result = result.map(|value| cell(&result_json(value, named.series.kind)));
            let object = feature(row).map(|iri| quoted(&iri)).unwrap_or_default();
            // Writing to a text never fails.
            let _ = write!(
                out,
                "{},{},{},{},{},{object},{}\r\n",
                moment_text(told.time),
                moment(told.end),
                moment(told.result_time),
                result.unwrap_or_default(),
                told.quality,
                row.seq,
            );
        }
        Document::new(CSV, out)
    } else {
        let mut head = head_of(named);
        if let Some(next) = &next {
            head.insert("volgende".into(), next.as_str().into());
        }
        let rows = rows.iter();
        let rows = rows.map(|row| {
            Json::Object(observation_json(
                &named.series,
                row,
                feature(row).as_deref(),
            ))
        });
        written(chosen, head, "observaties", rows)
    };
    if let Some(next) = next {
        document = document.link(&next, "next", Some(chosen));
    }
    Ok(document)
}

/// A document with a long list: each of its members on a line of its own.
fn written(
    chosen: &'static str,
    head: Map<String, Json>,
    key: &str,
    rows: impl Iterator<Item = Json>,
) -> Document {
    let mut out = Json::Object(head).to_string();
    // Its last bracket, which is to stand behind the list.
    out.pop();
    let _ = write!(out, ",\"{key}\":[");
    for (number, row) in rows.enumerate() {
        let comma = if number == 0 { "\n" } else { ",\n" };
        let _ = write!(out, "{comma}{row}");
    }
    out.push_str("\n]}\n");
    Document::new(chosen, out)
}

fn head_of(named: &Named) -> Map<String, Json> {
    let mut head = Map::new();
    head.insert("@context".into(), context());
    head.insert("@id".into(), named.iri.as_str().into());
    head.insert("@type".into(), "sosa:ObservationCollection".into());
    head.insert("soort".into(), named.series.kind.to_string().into());
    if let Some(unit) = &named.series.unit {
        head.insert("eenheid".into(), unit.as_str().into());
    }
    head
}

/// The address of the page that begins, or ends, at a moment.
fn next_page(state: &AppState, named: &Named, params: &Params, at: (&str, &str)) -> String {
    let base = state.registry.base();
    let name = super::series::name_of(base, &named.iri);
    let mut out = format!("{base}/obs/v1/reeksen/{name}/waarden?{}={}", at.0, at.1);
    for (key, value) in &params.0 {
        if key != at.0 && !value.is_empty() {
            // All that may stand here is plain, but for the sign of a zone.
            let _ = write!(out, "&{key}={}", value.replace(['+', ' '], "%2B"));
        }
    }
    out
}

fn figures(params: &Params) -> Result<(Figures, Vec<f64>), ApiError> {
    let mut percentiles = Vec::new();
    let mut figures = Figures::new();
    let asked = asked::given(params, "agg")?.unwrap_or("avg");
    for name in asked
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let figure = match name {
            "avg" => Figure::Average,
            "min" => Figure::Least,
            "max" => Figure::Greatest,
            "sum" => Figure::Sum,
            "count" => Figure::Count,
            other => {
                let percentile = other.strip_prefix('p').and_then(|text| text.parse().ok());
                match percentile.filter(|percentile| (0.0..=100.0).contains(percentile)) {
                    Some(percentile) => {
                        percentiles.push(percentile);
                        Figure::Percentile(percentiles.len() - 1)
                    }
                    None => {
                        return Err(wrong(
                            "agg",
                            "is een lijst van avg, min, max, sum, count en percentielen zoals p95",
                            "is a list of avg, min, max, sum, count and percentiles such as p95",
                        ));
                    }
                }
            }
        };
        if !figures.iter().any(|(known, _)| known == name) {
            figures.push((name.to_owned(), figure));
        }
    }
    if figures.len() > 20 {
        return Err(wrong("agg", "is te lang", "is too long"));
    }
    Ok((figures, percentiles))
}

/// The windows of a time, those without observations too.
fn windows(
    store: &ObservationStore,
    mut asked: Windows,
    length: Length,
) -> Result<Vec<Window>, ObservationError> {
    let empty = |times: Range<i64>| Window {
        times,
        summary: crate::observations::Summary::default(),
        percentiles: Vec::new(),
    };
    let times = asked.times.clone();
    let too_many = ObservationError::TooMuch {
        what: "windows",
        limit: MAX_WINDOWS,
    };
    match length {
        Length::Fixed(step) => {
            let count = (i128::from(times.end) - i128::from(times.start)).div_euclid(step.into());
            if count >= MAX_WINDOWS as i128 {
                return Err(too_many);
            }
            asked.step = Some(step);
            let mut found = store.windows(&asked)?.into_iter().peekable();
            let mut all = Vec::new();
            let mut start = times.start;
            while start < times.end {
                let end = start.saturating_add(step).min(times.end);
                match found.next_if(|window| window.times.start == start) {
                    Some(window) => all.push(window),
                    None => all.push(empty(start..end)),
                }
                start = end;
            }
            Ok(all)
        }
        Length::Months(months) => {
            let mut all = Vec::new();
            let mut start = times.start;
            while start < times.end {
                if all.len() == MAX_WINDOWS / 20 {
                    return Err(too_many);
                }
                // Months of the calendar, counted from the beginning: a window from the 31st does not creep.
                let steps = i32::try_from(all.len() + 1).unwrap_or(i32::MAX);
                let end = after_months(times.start, months.saturating_mul(steps));
                let end = end.unwrap_or(times.end).min(times.end).max(start + 1);
                asked.times = start..end;
                asked.step = None;
                all.push(
                    store
                        .windows(&asked)?
                        .pop()
                        .unwrap_or_else(|| empty(start..end)),
                );
                start = end;
            }
            Ok(all)
        }
    }
}

fn after_months(start: i64, months: i32) -> Option<i64> {
    let civil: DateTime = Timestamp::from_microsecond(start)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .datetime();
    let later = civil
        .checked_add(jiff::Span::new().try_months(months).ok()?)
        .ok()?;
    let later = later.to_zoned(TimeZone::UTC).ok()?;
    Some(later.timestamp().as_microsecond())
}

fn by_windows(
    store: &ObservationStore,
    named: &Named,
    (times, length): (Range<i64>, Length),
    known_at: Option<u64>,
    (chosen, params): (&'static str, &Params),
) -> Result<Document, ApiError> {
    if times.start >= times.end {
        return Err(wrong("van", "ligt niet voor tot", "is not before tot"));
    }
    let (figures, percentiles) = figures(params)?;
    let windows = windows(
        store,
        Windows {
            series: named.id.unwrap_or(SeriesId(u32::MAX)),
            times: times.start..times.end.min(LAST_MOMENT),
            step: None,
            percentiles,
            known_at,
        },
        length,
    )?;
    let value = |window: &Window, figure: &Figure| -> Json {
        let summary = &window.summary;
        let has_numbers = summary.average().is_some();
        match figure {
            Figure::Count => summary.count.into(),
            Figure::Average => summary.average().map_or(Json::Null, Json::from),
            Figure::Least if has_numbers => summary.min.into(),
            Figure::Greatest if has_numbers => summary.max.into(),
            Figure::Sum if has_numbers => summary.sum.into(),
            Figure::Percentile(at) => window.percentiles.get(*at).copied().into(),
            _ => Json::Null,
        }
    };
    if chosen == CSV {
        let mut out = String::from("begin,einde,aantal");
        for (name, _) in &figures {
            let _ = write!(out, ",{name}");
        }
        out.push_str("\r\n");
        for window in &windows {
            let (begin, end) = (
                moment_text(window.times.start),
                moment_text(window.times.end),
            );
            let _ = write!(out, "{begin},{end},{}", window.summary.count);
            for (_, figure) in &figures {
                let _ = write!(out, ",{}", cell(&value(window, figure)));
            }
            out.push_str("\r\n");
        }
        return Ok(Document::new(CSV, out));
    }
    let mut head = head_of(named);
    let empty = windows.iter().filter(|window| window.summary.count == 0);
    head.insert("leeg".into(), empty.count().into());
    let rows = windows.iter().map(|window| {
        let mut out = Map::new();
        out.insert("begin".into(), moment_text(window.times.start).into());
        out.insert("einde".into(), moment_text(window.times.end).into());
        out.insert("aantal".into(), window.summary.count.into());
        for (name, figure) in &figures {
            out.insert(name.clone(), value(window, figure));
        }
        Json::Object(out)
    });
    Ok(written(chosen, head, "vensters", rows))
}

/// A value as a cell of CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)).
fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

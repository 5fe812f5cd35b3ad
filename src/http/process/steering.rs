//! `/proces/v1/sturing`: figures by phase, process type and authority, at the end of a period, as JSON, CSV or a page. What is
//! counted how stands in `views::process`.

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::moment::Moment;
use super::super::reply::{Document, HTML, JSON, choose, language_by};
use super::super::state::AppState;
use super::reading::{bad_parameter, known, text};
use crate::views::html::{Site, SteeringLine, render_steering};
use crate::views::process::{Figures, Group, Grouping, Steering, steer};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

/// `GET /proces/v1/sturing?groep=fase,processtype,bestuur&periode=2026-01-01/2026-03-31`.
pub(super) async fn figures(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    known(&params, &["groep", "periode", "format", "lang"])?;
    let by = grouping(params.one("groep")?)?;
    let (from, until) = period(params.one("periode")?)?;
    let chosen = choose(&headers, params.one("format")?, &[JSON, HTML])?;
    let asked = Steering { by, from, until };
    let language = language_by("lang", &headers, &params)?;
    let shown = moment.state(&state).await?;
    let turn = state.query_turn().await?;
    turn.work(move || {
        let table = state.cases.of(shown.snapshot());
        let groups = steer(&table, &asked);
        if chosen == HTML {
            let view = shown.view();
            let site = Site {
                language,
                ..state.site(&view, shown.notice())
            };
            let lines: Vec<SteeringLine> = groups
                .iter()
                .map(|(group, figures)| SteeringLine {
                    group: group.clone(),
                    figures: figures.clone(),
                })
                .collect();
            let page = render_steering(&site, &asked, &lines);
            return Ok(Document::html(page).at(&shown).respond(&headers));
        }
        let rows: Vec<Json> = groups
            .iter()
            .map(|(group, figures)| row(&asked.by, group, figures))
            .collect();
        let words: Vec<&str> = asked.by.iter().map(|one| one.word()).collect();
        let json = json!({
            "groep": words,
            "van": asked.from.map(|day| day.to_string()),
            "tot": asked.until.to_string(),
            "cijfers": rows,
        });
        Ok(Document::new(JSON, text(&json))
            .at(&shown)
            .respond(&headers))
    })
    .await
}

fn row(by: &[Grouping], group: &Group, figures: &Figures) -> Json {
    let mut out = json!({
        "aantal": figures.cases,
        "teLaat": figures.late,
        "doorlooptijd": {
            "aantal": figures.lead.count,
            "p50": figures.lead.p50,
            "p90": figures.lead.p90,
        },
    });
    for one in by {
        out[one.word()] = match one {
            Grouping::Phase => json!(group.phase.as_ref().map(|(_, code)| code)),
            Grouping::ProcessType => json!(group.process_type),
            Grouping::Authority => json!(group.authority),
        };
    }
    out
}

fn grouping(text: Option<&str>) -> Result<Vec<Grouping>, ApiError> {
    let mut by = Vec::new();
    for word in text
        .unwrap_or("fase")
        .split(',')
        .filter(|word| !word.is_empty())
    {
        let one = Grouping::of_word(word.trim()).ok_or_else(|| {
            bad_parameter(
                "groep",
                word,
                "een lijst van fase, processtype en bestuur",
                "a list of fase, processtype and bestuur",
            )
        })?;
        if !by.contains(&one) {
            by.push(one);
        }
    }
    Ok(by)
}

/// A period: `2026`, `2026-03`, a day, or a first and a last day with a slash between; without one, all until today.
fn period(text: Option<&str>) -> Result<(Option<Date>, Date), ApiError> {
    let today = jiff::Timestamp::now()
        .to_zoned(crate::registry::belgian_time())
        .date();
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok((None, today));
    };
    let read = || -> Option<(Option<Date>, Date)> {
        if let Some((from, until)) = text.split_once('/') {
            let from = match from {
                "" | ".." => None,
                day => Some(day.parse().ok()?),
            };
            let until = match until {
                "" | ".." => today,
                day => day.parse().ok()?,
            };
            return (from.is_none_or(|from: Date| from <= until)).then_some((from, until));
        }
        let (first, last) = match text.len() {
            4 => (format!("{text}-01-01"), format!("{text}-12-31")),
            7 => {
                let first: Date = format!("{text}-01").parse().ok()?;
                (first.to_string(), first.last_of_month().to_string())
            }
            10 => (text.to_owned(), text.to_owned()),
            _ => return None,
        };
        Some((Some(first.parse().ok()?), last.parse().ok()?))
    };
    read().ok_or_else(|| {
        bad_parameter(
            "periode",
            text,
            "een jaar, een maand, een dag of twee dagen met een schuine streep (2026-01-01/2026-03-31)",
            "a year, a month, a day or two days with a slash (2026-01-01/2026-03-31)",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_years_months_days_or_two_days() {
        let read = |text: &str| {
            let (from, until) = period(Some(text)).ok()?;
            Some(format!(
                "{}/{until}",
                from.map_or("..".to_owned(), |d| d.to_string())
            ))
        };
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(read("2024"), told("2024-01-01/2024-12-31"));
        assert_eq!(read("2024-02"), told("2024-02-01/2024-02-29"));
        assert_eq!(read("2024-02-03"), told("2024-02-03/2024-02-03"));
        assert_eq!(read("../2024-02-03"), told("../2024-02-03"));
        for bad in [
            "24",
            "2024-13",
            "2024-02-30",
            "2024-03-01/2024-02-01",
            "x/y",
            "2024Q1",
            "éééé",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

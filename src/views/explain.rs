//! An explained query as text and as JSON (`docs/explain.md`). Both tell the same; pages are in `html`.

use crate::query::{Explanation, QueryKind, QueryRunner, ServiceFigures, Step, StepRole};
use crate::rdf::label::Language;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::time::Duration;

/// Levels of a tree that are drawn; deeper ones stand at the last.
const MAX_DRAWN: usize = 30;
/// Widest first column, in characters; longer texts are cut, and whole in JSON.
const MAX_FIRST: usize = 110;
/// From how many times the expected rows on a step is pointed out.
const FAR_OFF: f64 = 10.0;
/// Rows below which being wrong costs nothing.
const FEW_ROWS: u64 = 100;

/// One of two texts.
pub(super) fn say<'a>(language: Language, nl: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Nl => nl,
        Language::En => en,
    }
}

/// Milliseconds to the microsecond: `1.204,318`.
pub(super) fn milliseconds(time: Duration, language: Language) -> String {
    let mark = say(language, ",", ".");
    let whole = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    format!(
        "{}{mark}{:03}",
        grouped(whole, language),
        time.as_micros() % 1000
    )
}

/// A whole number with its thousands apart.
pub(super) fn grouped(number: u64, language: Language) -> String {
    let mark = say(language, ".", ",");
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 6);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(mark);
        }
        out.push(digit);
    }
    out
}

/// Rows that are expected.
pub(super) fn expected(rows: f64, language: Language) -> String {
    if rows > 0.0 && rows < 0.5 {
        return "<1".to_owned();
    }
    grouped(rows.round() as u64, language)
}

/// What runs the query, for people.
pub(super) fn runner(runner: QueryRunner, language: Language) -> &'static str {
    match runner {
        QueryRunner::Executor => say(language, "snelle uitvoerder", "executor"),
        QueryRunner::Evaluator => say(language, "algemene uitvoerder", "general evaluator"),
    }
}

/// The name of a step, with what it is to the one that reads it.
pub(super) fn name(step: &Step, language: Language) -> String {
    let name = say(language, step.kind.nl, step.kind.en);
    match step.role {
        StepRole::Input => name.to_owned(),
        StepRole::Table => format!("{}: {name}", say(language, "tabel", "table")),
        StepRole::Each => format!("{}: {name}", say(language, "telkens", "each")),
    }
}

/// What the figures of a step do not say.
pub(super) fn notes(step: &Step, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    if step.was_run() == Some(false) {
        notes.push(say(language, "niet nodig geweest", "was not needed").to_owned());
    }
    let Some(figures) = step.figures else {
        return service(step, language).into_iter().collect();
    };
    if figures.is_counted {
        let text = say(
            language,
            "geteld met de cijfers van de index",
            "counted by the figures of the index",
        );
        notes.push(text.to_owned());
    }
    let rows = figures.rows as f64;
    if let Some(expected) = step.expected_rows
        && figures.rows >= FEW_ROWS
        && rows >= FAR_OFF * expected.max(1.0)
    {
        let times = grouped((rows / expected.max(1.0)).round() as u64, language);
        notes.push(match language {
            Language::Nl => format!("{times} keer meer dan verwacht"),
            Language::En => format!("{times} times more than expected"),
        });
    }
    notes.extend(service(step, language));
    notes
}

fn service(step: &Step, language: Language) -> Option<String> {
    let ServiceFigures {
        planned,
        sent,
        rows,
        time,
        failure,
        ..
    } = step.service.as_ref()?;
    let (rows, time) = (grouped(*rows, language), milliseconds(*time, language));
    let mut text = match language {
        Language::Nl => {
            format!("{sent} van {planned} verzoeken, {rows} rijen ontvangen, {time} ms")
        }
        Language::En => format!("{sent} of {planned} requests, {rows} rows received, {time} ms"),
    };
    if let Some(failure) = failure {
        text.push_str("; ");
        text.push_str(failure.get(language));
    }
    Some(text)
}

/// What is said of the whole, a sentence each.
pub(super) fn summary(explanation: &Explanation, language: Language) -> Vec<String> {
    let mut out = vec![match language {
        Language::Nl => format!(
            "Motor: {}. Plan gemaakt in {} ms.",
            runner(explanation.runner, language),
            milliseconds(explanation.preparation, language)
        ),
        Language::En => format!(
            "Engine: {}. Planned in {} ms.",
            runner(explanation.runner, language),
            milliseconds(explanation.preparation, language)
        ),
    }];
    let Some(run) = &explanation.run else {
        let text = say(language, "Niet uitgevoerd.", "Not run.");
        out.push(text.to_owned());
        return out;
    };
    let (time, rows) = (
        milliseconds(run.elapsed, language),
        grouped(run.rows, language),
    );
    let of = match (explanation.kind.is_graph(), run.rows == 1) {
        (false, true) => say(language, "rij", "row"),
        (false, false) => say(language, "rijen", "rows"),
        (true, true) => say(language, "triple", "triple"),
        (true, false) => say(language, "triples", "triples"),
    };
    match &run.failure {
        None => out.push(match language {
            Language::Nl => format!("Uitgevoerd in {time} ms: {rows} {of}."),
            Language::En => format!("Run in {time} ms: {rows} {of}."),
        }),
        Some(failure) => {
            out.push(match language {
                Language::Nl => format!("Afgebroken na {time} ms en {rows} {of}:"),
                Language::En => format!("Broken off after {time} ms and {rows} {of}:"),
            });
            out.push(failure.text().get(language).to_owned());
            let text = say(
                language,
                "De cijfers gaan tot daar.",
                "The figures go up to there.",
            );
            out.push(text.to_owned());
        }
    }
    out
}

/// Heads of the columns after the first, and whether runs and batches are among them: one engine does not count them.
pub(super) fn heads(explanation: &Explanation, language: Language) -> Vec<&'static str> {
    let mut heads = vec![say(language, "verwacht", "expected")];
    if explanation.run.is_some() {
        heads.push(say(language, "rijen", "rows"));
        if has_loops(explanation) {
            heads.push(say(language, "keren", "loops"));
            heads.push(say(language, "porties", "batches"));
        }
        heads.push(say(language, "eigen ms", "own ms"));
        heads.push(say(language, "samen ms", "total ms"));
    }
    heads
}

fn has_loops(explanation: &Explanation) -> bool {
    explanation.runner == QueryRunner::Executor
}

/// The figures of a step, a text for each head.
pub(super) fn cells(explanation: &Explanation, step: &Step, language: Language) -> Vec<String> {
    let unknown = || "–".to_owned();
    let number = |number: Option<u64>| number.map_or_else(unknown, |n| grouped(n, language));
    let rows = step.expected_rows;
    let mut cells = vec![rows.map_or_else(unknown, |rows| expected(rows, language))];
    if explanation.run.is_none() {
        return cells;
    }
    let figures = step.figures.filter(|_| step.was_run() != Some(false));
    cells.push(number(figures.map(|figures| figures.rows)));
    if has_loops(explanation) {
        cells.push(number(figures.and_then(|figures| figures.loops)));
        cells.push(number(figures.and_then(|figures| figures.batches)));
    }
    for time in [
        figures.map(|figures| figures.own_time),
        figures.map(|figures| figures.time),
    ] {
        cells.push(time.map_or_else(unknown, |time| milliseconds(time, language)));
    }
    cells
}

/// The lines that join each step to the one above it, and those that pass by the notes below it.
pub(super) fn branches(steps: &[Step]) -> Vec<(String, String)> {
    let mut last = vec![None; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        if let Some(parent) = step.parent {
            last[parent] = Some(at);
        }
    }
    let mut passing: Vec<String> = Vec::with_capacity(steps.len());
    let mut out = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let Some(parent) = step.parent else {
            passing.push(String::new());
            out.push((String::new(), has_below(&last, at)));
            continue;
        };
        let above = passing[parent].clone();
        let is_last = last[parent] == Some(at);
        let (own, below) = match (step.depth <= MAX_DRAWN, is_last) {
            (true, true) => (format!("{above}└ "), format!("{above}  ")),
            (true, false) => (format!("{above}├ "), format!("{above}│ ")),
            (false, _) => (format!("{above}⋯ "), above),
        };
        out.push((own, format!("{below}{}", has_below(&last, at))));
        passing.push(below);
    }
    out
}

fn has_below(last: &[Option<usize>], at: usize) -> String {
    if last[at].is_some() { "│ " } else { "  " }.to_owned()
}

/// The plan as a tree with its figures in columns, for people.
pub fn render_explanation_text(explanation: &Explanation, language: Language) -> String {
    let mut out = summary(explanation, language).join(" ");
    out.push_str("\n\n");
    let branches = branches(&explanation.steps);
    let mut lines: Vec<(String, Vec<String>)> = vec![(
        say(language, "stap", "step").to_owned(),
        heads(explanation, language)
            .iter()
            .map(|h| (*h).to_owned())
            .collect(),
    )];
    for (step, (own, below)) in explanation.steps.iter().zip(&branches) {
        let mut first = format!("{own}{}", name(step, language));
        if !step.detail.is_empty() {
            first.push_str("  ");
            first.push_str(&step.detail);
        }
        lines.push((cut(first), cells(explanation, step, language)));
        for note in notes(step, language) {
            lines.push((format!("{below}  · {note}"), Vec::new()));
        }
    }
    let is_row = |line: &&(String, Vec<String>)| !line.1.is_empty();
    let width = |text: &str| text.chars().count();
    let first = lines
        .iter()
        .filter(is_row)
        .map(|(first, _)| width(first))
        .max();
    let first = first.unwrap_or(0);
    let columns = lines[0].1.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = lines.iter().filter_map(|(_, cells)| cells.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    for (text, cells) in &lines {
        let mut line = text.clone();
        if !cells.is_empty() {
            line.extend(std::iter::repeat_n(' ', first - width(text)));
        }
        for (cell, width) in cells.iter().zip(&widths) {
            // A string grows.
            let _ = write!(line, "  {cell:>width$}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
    out.push_str(legend(explanation, language));
    out.push('\n');
    out
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_FIRST) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What the columns mean.
pub(super) fn legend(explanation: &Explanation, language: Language) -> &'static str {
    if explanation.run.is_none() {
        return say(
            language,
            "Een stap leest de stappen eronder. Verwacht: rijen volgens de planner als alles gelezen wordt.",
            "A step reads the steps below it. Expected: rows by the planner when all is read.",
        );
    }
    say(
        language,
        "Een stap leest de stappen eronder. Verwacht: rijen volgens de planner als alles gelezen wordt. Samen: met de stappen eronder.",
        "A step reads the steps below it. Expected: rows by the planner when all is read. Total: with the steps below it.",
    )
}

/// A query form as JSON names it.
fn form(kind: QueryKind) -> String {
    format!("{kind:?}").to_uppercase()
}

fn ms(time: Duration) -> Json {
    json!(time.as_micros() as f64 / 1000.0)
}

/// The plan for programs: a list of steps, each with the number of the step that reads it.
pub fn render_explanation_json(explanation: &Explanation, language: Language) -> Json {
    let run = explanation.run.as_ref().map(|run| {
        let failure = run.failure.as_ref();
        json!({
            "duurMs": ms(run.elapsed),
            "rijen": run.rows,
            "uitkomst": failure.map_or("ok", |failure| failure.code()),
            "melding": failure.map(|failure| failure.text().get(language).to_owned()),
        })
    });
    let steps: Vec<Json> = explanation
        .steps
        .iter()
        .enumerate()
        .map(|(number, step)| step_json(number, step, language))
        .collect();
    json!({
        "vorm": form(explanation.kind),
        "motor": explanation.runner.code(),
        "voorbereidingMs": ms(explanation.preparation),
        "uitvoering": run,
        "stappen": steps,
    })
}

fn step_json(number: usize, step: &Step, language: Language) -> Json {
    let figures = step.figures;
    let mut out = json!({
        "nummer": number,
        "ouder": step.parent,
        "diepte": step.depth,
        "rol": step.role.code(),
        "soort": step.kind.code,
        "naam": say(language, step.kind.nl, step.kind.en),
        "tekst": step.detail,
        "verwachteRijen": step.expected_rows.map(|rows| (rows * 10.0).round() / 10.0),
        "rijen": figures.map(|figures| figures.rows),
        "keren": figures.and_then(|figures| figures.loops),
        "porties": figures.and_then(|figures| figures.batches),
        "eigenTijdMs": figures.map(|figures| ms(figures.own_time)),
        "tijdMs": figures.map(|figures| ms(figures.time)),
        "uitIndex": figures.is_some_and(|figures| figures.is_counted),
    });
    if let Some(service) = &step.service {
        out["dienst"] = json!({
            "adressen": service.endpoints,
            "voorzien": service.planned,
            "verzonden": service.sent,
            "rijen": service.rows,
            "duurMs": ms(service.time),
            "fout": service.failure.as_ref().map(|text| text.get(language).to_owned()),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        let time = Duration::from_micros(1_204_318);
        assert_eq!(milliseconds(time, Language::Nl), "1.204,318");
        assert_eq!(milliseconds(time, Language::En), "1,204.318");
        assert_eq!(
            milliseconds(Duration::from_micros(7), Language::En),
            "0.007"
        );
        assert_eq!(expected(0.2, Language::Nl), "<1");
        assert_eq!(expected(0.0, Language::Nl), "0");
        assert_eq!(expected(1_234_567.4, Language::Nl), "1.234.567");
    }
}

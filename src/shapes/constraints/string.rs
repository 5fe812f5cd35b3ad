//! `sh:minLength`, `sh:maxLength`, `sh:pattern`, `sh:languageIn` and `sh:uniqueLang`
//! ([§4.4](https://www.w3.org/TR/shacl/#core-components-string)).

use super::{count, members, needs_path, single};
use crate::shapes::lint::Lint;
use crate::shapes::model::Constraint;
use crate::shapes::names::short_term;
use crate::shapes::read::{Reader, ShapeNode};
use crate::shapes::run::{At, Failure, Frame, MemoIx, Run, Sink};
use crate::store::{Id, TermKind};
use regex::Regex;
use rustc_hash::FxHashMap;

/// A bound on the number of characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    pub(crate) limit: u64,
    /// Whether the limit is the maximum.
    pub(crate) is_max: bool,
    pub(crate) memo: MemoIx,
}

/// Language ranges, in lower case.
#[derive(Debug)]
pub(crate) struct LanguageTest {
    ranges: Vec<String>,
}

impl LanguageTest {
    pub(crate) fn new(ranges: &[String]) -> Self {
        let ranges = ranges
            .iter()
            .map(|range| range.to_ascii_lowercase())
            .collect();
        Self { ranges }
    }

    /// Basic filtering (RFC 4647 §3.3.1), as `langMatches` of SPARQL.
    fn matches(&self, tag: &str) -> bool {
        let tag = tag.to_ascii_lowercase();
        self.ranges.iter().any(|range| {
            (range == "*" && !tag.is_empty())
                || tag
                    .strip_prefix(range.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }
}

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let (min, max) = (
        count(reader, node, "minLength"),
        count(reader, node, "maxLength"),
    );
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        reader.lint(node.ix, Lint::new("L009", "", &format!("{min} > {max}")));
    }
    out.extend(min.map(Constraint::MinLength));
    out.extend(max.map(Constraint::MaxLength));
    read_pattern(reader, node, out);
    if let Some(head) = single(reader, node, "languageIn")
        && let Some(list) = members(reader, node, "languageIn", head)
    {
        let mut ranges = Vec::with_capacity(list.len());
        for tag in list {
            match reader.graph.literal(tag) {
                Some(range) => ranges.push(range.value().to_owned()),
                None => reader.lint_value(node.ix, "L014", "sh:languageIn", tag),
            }
        }
        out.push(Constraint::LanguageIn(ranges));
    }
    if needs_path(reader, node, "uniqueLang") && reader.flag(node, "uniqueLang") {
        out.push(Constraint::UniqueLang);
    }
}

fn read_pattern(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let flags = single(reader, node, "flags").and_then(|flags| reader.graph.literal(flags));
    if node.values("pattern").is_empty() {
        if flags.is_some() {
            reader.lint(node.ix, Lint::new("L028", "", ""));
        }
        return;
    }
    let Some(value) = single(reader, node, "pattern") else {
        return;
    };
    let Some(source) = reader.graph.literal(value) else {
        return reader.lint_value(node.ix, "L014", "sh:pattern", value);
    };
    let flags = flags.map_or_else(String::new, |flags| flags.value().to_owned());
    match reader.patterns.compiled(source.value(), &flags) {
        Ok(regex) => {
            out.push(Constraint::Pattern {
                source: source.value().to_owned(),
                flags,
                regex: Box::new(regex),
            });
        }
        Err(reason) => {
            let quoted = format!("{} ({reason}).", short_term(&source.clone().into()));
            reader.lint(node.ix, Lint::new("L012", "sh:pattern", &quoted));
        }
    }
}

pub(super) fn length(run: &mut Run<'_>, length: &Length, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    run.memoised(length.memo, frame, rows, |run, value| {
        run.with_string(value, |text| {
            let found = text.chars().count() as u64;
            if length.is_max {
                found <= length.limit
            } else {
                found >= length.limit
            }
        })
    });
}

pub(super) fn pattern(
    run: &mut Run<'_>,
    regex: &Regex,
    memo: MemoIx,
    frame: &Frame<'_>,
    rows: &mut Vec<u32>,
) {
    run.memoised(memo, frame, rows, |run, value| {
        run.with_string(value, |text| regex.is_match(text))
    });
}

pub(super) fn language_in(
    run: &Run<'_>,
    test: &LanguageTest,
    frame: &Frame<'_>,
    rows: &mut Vec<u32>,
) {
    let mut answers: FxHashMap<u16, bool> = FxHashMap::default();
    for (row, &value) in frame.values().iter().enumerate() {
        let language = language(run, value);
        let passes = language != 0
            && *answers
                .entry(language)
                .or_insert_with(|| test.matches(run.context.language_tag(language)));
        if !passes {
            rows.push(row as u32);
        }
    }
}

/// Index of the language tag of a literal, 0 for none. A node that only the shapes name counts as having none.
fn language(run: &Run<'_>, value: Id) -> u16 {
    if run.kind(value) == TermKind::Literal {
        run.meta(value).language
    } else {
        0
    }
}

pub(super) fn unique_lang(run: &Run<'_>, frame: &Frame<'_>, at: At, sink: &mut dyn Sink) {
    let mut languages: Vec<u16> = Vec::new();
    for (position, &focus) in frame.focus().iter().enumerate() {
        let rows = frame.rows(position);
        if rows.len() < 2 {
            continue;
        }
        languages.clear();
        languages.extend(
            frame.values()[rows]
                .iter()
                .map(|value| language(run, *value))
                .filter(|l| *l != 0),
        );
        languages.sort_unstable();
        // One result for each language used more than once.
        let mut at_language = 0;
        while at_language < languages.len() {
            let same = languages[at_language..]
                .iter()
                .take_while(|l| **l == languages[at_language])
                .count();
            if same > 1 {
                sink.fail(
                    at,
                    Failure::of_focus(focus).counting(u64::from(languages[at_language])),
                );
            }
            at_language += same;
        }
    }
}

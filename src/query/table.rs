//! Solutions as a table for people at a terminal: short names, aligned columns. Not a format for programs.

use crate::query::answer::Rows;
use crate::query::error::QueryError;
use crate::query::prefixes::PrefixMap;
use crate::rdf::text::direction_name;
use crate::rdf::vocab::xsd;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use oxrdf::{Term, Variable};
use std::io::Write;

/// Longest text of a cell, in characters; the rest shows as `…`.
const MAX_CELL: usize = 120;

/// Writes the table and a line with the number of rows; returns that number.
pub(super) fn write(
    variables: &[Variable],
    rows: Rows,
    prefixes: &PrefixMap,
    mut out: impl Write,
) -> Result<u64, QueryError> {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(
            variables
                .iter()
                .map(|variable| format!("?{}", variable.as_str())),
        );
    let mut numeric = vec![true; variables.len()];
    let mut count = 0_u64;
    for row in rows {
        let row = row?;
        for (column, term) in numeric.iter_mut().zip(&row) {
            *column &= term.as_ref().is_none_or(is_number);
        }
        table.add_row(row.iter().map(|term| {
            term.as_ref()
                .map_or_else(String::new, |term| cell(term, prefixes))
        }));
        count += 1;
    }
    for (index, numeric) in numeric.into_iter().enumerate() {
        if numeric
            && count > 0
            && let Some(column) = table.column_mut(index)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        text.push_str(line);
        text.push('\n');
        if number == 0 {
            text.push_str(&"─".repeat(table_width(&table)));
            text.push('\n');
        }
    }
    text.push_str(&format!("({count})\n"));
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(QueryError::Write)?;
    Ok(count)
}

fn table_width(table: &Table) -> usize {
    table
        .column_max_content_widths()
        .iter()
        .map(|width| usize::from(*width) + 2)
        .sum()
}

fn cell(term: &Term, prefixes: &PrefixMap) -> String {
    let text = match term {
        Term::NamedNode(node) => prefixes
            .shorten(node.as_str())
            .unwrap_or_else(|| node.to_string()),
        Term::BlankNode(node) => node.to_string(),
        Term::Literal(literal) => {
            let datatype = literal.datatype().as_str();
            if let Some(language) = literal.language() {
                let direction = match literal.direction() {
                    Some(direction) => format!("--{}", direction_name(direction)),
                    None => String::new(),
                };
                format!("{} @{language}{direction}", literal.value())
            } else if PLAIN.contains(&datatype) {
                literal.value().to_owned()
            } else {
                let name = prefixes
                    .shorten(datatype)
                    .unwrap_or_else(|| datatype.to_owned());
                format!("{} ^^{name}", literal.value())
            }
        }
        Term::Triple(triple) => {
            let [s, p, o] = [
                triple.subject.clone().into(),
                triple.predicate.clone().into(),
                triple.object.clone(),
            ]
            .map(|term| cell(&term, prefixes));
            format!("<<( {s} {p} {o} )>>")
        }
    };
    let mut line: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .take(MAX_CELL + 1)
        .collect();
    if line.chars().count() > MAX_CELL {
        line.pop();
        line.push('…');
    }
    line
}

/// Datatypes that go without saying.
const PLAIN: &[&str] = &[
    xsd::STRING,
    xsd::INTEGER,
    xsd::DECIMAL,
    xsd::DOUBLE,
    xsd::BOOLEAN,
    xsd::DATE,
    xsd::DATE_TIME,
];

fn is_number(term: &Term) -> bool {
    matches!(term, Term::Literal(literal) if [xsd::INTEGER, xsd::DECIMAL, xsd::DOUBLE].contains(&literal.datatype().as_str()))
}

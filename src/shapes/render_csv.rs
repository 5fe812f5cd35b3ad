//! The report as CSV for a spreadsheet: one line a result, both languages. Cells that a spreadsheet would take for a
//! formula get a leading apostrophe.

use super::render::{Rendering, in_graphs};
use super::report::{Report, ResultRow};
use crate::rdf::label::Language;
use oxrdf::Term;
use std::io::{self, Write};

/// Column titles.
const COLUMNS: [&str; 9] = [
    "ernst",
    "shape",
    "regel",
    "focus",
    "pad",
    "waarde",
    "boodschap_nl",
    "boodschap_en",
    "bron",
];

impl Report {
    /// Writes the report as CSV (RFC 4180) with a title line.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let rendering = Rendering {
            language: Language::Nl,
            origin_of: &in_graphs(self),
        };
        self.render_csv_rows(self.results(), &rendering, out)
    }

    /// Writes some results of this report as CSV with a title line.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_csv_rows(
        &self,
        rows: &[ResultRow],
        rendering: &Rendering<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        for row in rows {
            let record = [
                row.severity.label(Language::Nl).to_owned(),
                self.shape_label(row.shape),
                format!("{} {}", row.component.code(), row.component.name()),
                plain(&self.term(row.focus)),
                self.path_text(row).unwrap_or_default(),
                row.value
                    .map_or_else(String::new, |value| plain(&self.term(value))),
                self.message(row, Language::Nl),
                self.message(row, Language::En),
                (rendering.origin_of)(row.focus).map_or_else(String::new, |origin| origin.name),
            ];
            writer.write_record(record.map(harmless))?;
        }
        writer.flush()
    }
}

/// IRI without brackets, literal without quotes, triple term as in N-Triples.
fn plain(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::BlankNode(node) => format!("_:{}", node.as_str()),
        Term::Literal(literal) => literal.value().to_owned(),
        Term::Triple(_) => crate::rdf::text::term_text(term.as_ref()),
    }
}

fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

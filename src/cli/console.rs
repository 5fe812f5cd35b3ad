//! What people see: tables on a terminal, tab-separated lines elsewhere, progress bars on standard error.
//! Knows no registry.

use crate::rdf::label::{Language, Text};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableComponent};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::time::{Duration, Instant};

/// Where and in which language a command speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    pub(crate) language: Language,
    /// Standard output is a terminal.
    pub(crate) out_is_terminal: bool,
    err_is_terminal: bool,
}

impl Console {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// The text in the reader's language.
    pub(crate) fn say<'a>(&self, nl: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Nl => nl,
            Language::En => en,
        }
    }

    /// A number with groups of three digits on a terminal, bare elsewhere.
    pub(crate) fn number(&self, number: u64) -> String {
        if !self.out_is_terminal {
            return number.to_string();
        }
        group_digits(number, self.language)
    }

    /// Writes a line for people to standard error, on a terminal only.
    pub(crate) fn note(&self, line: &str) {
        if self.err_is_terminal {
            eprintln!("{line}");
        }
    }

    /// Progress of something that may last.
    pub(crate) fn progress(&self, label: &str) -> Progress {
        Progress {
            label: label.to_owned(),
            since: Instant::now(),
            bar: None,
            visible: self.err_is_terminal,
            of_bytes: false,
        }
    }

    /// Standard output, buffered and locked.
    pub(crate) fn out(&self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }
}

/// 1234567 → `1.234.567` in Dutch, `1,234,567` in English.
pub(crate) fn group_digits(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(if language == Language::Nl { '.' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// A table with named columns.
pub(crate) struct Rows {
    console: Console,
    columns: Vec<(Text, bool)>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Columns as `(nl, en)`; a name that ends in `#` makes a column of numbers.
    pub(crate) fn new(console: Console, columns: &[(&str, &str)]) -> Self {
        let columns = columns
            .iter()
            .map(|(nl, en)| {
                let numeric = en.ends_with('#');
                (
                    Text::new(nl.trim_end_matches('#'), en.trim_end_matches('#')),
                    numeric,
                )
            })
            .collect();
        Self {
            console,
            columns,
            rows: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Writes the table: drawn on a terminal, tab-separated with one header line elsewhere.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = |(name, _): &(Text, bool)| name.get(self.console.language).to_owned();
        if !self.console.out_is_terminal {
            let names: Vec<String> = self.columns.iter().map(header).collect();
            writeln!(out, "{}", names.join("\t"))?;
            return self.rows.iter().try_for_each(|row| write_tabbed(out, row));
        }
        let mut table = Table::new();
        table
            .load_preset(UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic);
        // Lines around the header are enough.
        table.remove_style(TableComponent::HorizontalLines);
        table.remove_style(TableComponent::MiddleIntersections);
        table.set_header(self.columns.iter().map(header));
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.columns).map(|(text, (_, numeric))| {
                let alignment = if *numeric {
                    CellAlignment::Right
                } else {
                    CellAlignment::Left
                };
                Cell::new(text).set_alignment(alignment)
            }));
        }
        writeln!(out, "{table}")
    }
}

/// One tab-separated line; tabs and line breaks in a value become blanks.
pub(crate) fn write_tabbed(out: &mut dyn Write, row: &[String]) -> io::Result<()> {
    let clean: Vec<String> = row
        .iter()
        .map(|text| text.replace(['\t', '\n', '\r'], " "))
        .collect();
    writeln!(out, "{}", clean.join("\t"))
}

/// A bar that shows itself when something lasts longer than two seconds.
pub(crate) struct Progress {
    label: String,
    since: Instant,
    bar: Option<ProgressBar>,
    visible: bool,
    /// What is counted are bytes; a remark and the time to go stand beside them.
    of_bytes: bool,
}

const PATIENCE: Duration = Duration::from_secs(2);

impl Progress {
    /// Tells how far it is; `total` 0 means unknown.
    pub(crate) fn at(&mut self, done: u64, total: u64) {
        if !self.visible {
            return;
        }
        if self.bar.is_none() && self.since.elapsed() > PATIENCE {
            let bar = if total > 0 {
                ProgressBar::new(total)
            } else {
                ProgressBar::new_spinner()
            };
            let template = if total > 0 && self.of_bytes {
                "{msg} {wide_bar:.cyan/dim} {percent:>3}% {binary_bytes}/{binary_total_bytes}, {prefix}, {eta}"
            } else if self.of_bytes {
                "{spinner} {msg} {binary_bytes}, {prefix}"
            } else if total > 0 {
                "{msg} {wide_bar:.cyan/dim} {percent:>3}% {eta}"
            } else {
                "{spinner} {msg} {pos}"
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(self.label.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            if total > 0 {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }

    /// Shows the bar from the beginning, for work known to last.
    pub(crate) fn impatient(mut self) -> Self {
        self.since = self.since.checked_sub(PATIENCE).unwrap_or(self.since);
        self
    }

    /// Counts bytes and leaves room for a remark.
    pub(crate) fn of_bytes(mut self) -> Self {
        self.of_bytes = true;
        self
    }

    /// Says something beside the bytes, such as what they held.
    pub(crate) fn remark(&self, remark: &str) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(remark.to_owned());
        }
    }

    /// Names what is being done now.
    pub(crate) fn label(&mut self, label: &str) {
        label.clone_into(&mut self.label);
        if let Some(bar) = &self.bar {
            bar.set_message(self.label.clone());
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn line_above(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_language() {
        assert_eq!(group_digits(1_234_567, Language::Nl), "1.234.567");
        assert_eq!(group_digits(1_234_567, Language::En), "1,234,567");
        assert_eq!(group_digits(123, Language::En), "123");
    }

    #[test]
    fn elsewhere_rows_are_tab_separated() {
        let console = Console {
            language: Language::En,
            out_is_terminal: false,
            err_is_terminal: false,
        };
        let mut rows = Rows::new(console, &[("naam", "name"), ("aantal#", "count#")]);
        rows.push(vec!["a\tb".into(), "3".into()]);
        let mut out = Vec::new();
        rows.write(&mut out).expect("memory takes everything");
        assert_eq!(String::from_utf8_lossy(&out), "name\tcount\na b\t3\n");
    }
}

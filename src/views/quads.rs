//! Quads as lines of N-Quads and as TriG with full IRIs, from ids: what exports and dumps are made of. Decides neither which
//! quads there are nor their order.

use crate::store::{Id, QuadIds, View};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{self, Write};

/// Texts of graph (empty for the default graph), subject, predicate and object. Sorts as TriG wants it.
pub type Row = [Box<str>; 4];

/// A quad as a line of N-Quads, its end included. Blank nodes have labels that loading keeps.
pub fn line(view: &View, quad: &QuadIds) -> String {
    let mut line = String::with_capacity(160);
    for id in [quad.s, quad.p, quad.o] {
        line.push_str(&stable_label(view.text(id)));
        line.push(' ');
    }
    if quad.g != Id::DEFAULT_GRAPH {
        line.push_str(&stable_label(view.text(quad.g)));
        line.push(' ');
    }
    line.push_str(".\n");
    line
}

/// The texts of a quad. Blank nodes have labels that loading keeps.
pub fn row(view: &View, quad: &QuadIds) -> Row {
    let text = |id| stable_label(view.text(id)).into_owned().into_boxed_str();
    let graph = if quad.g == Id::DEFAULT_GRAPH {
        Box::from("")
    } else {
        text(quad.g)
    };
    [graph, text(quad.s), text(quad.p), text(quad.o)]
}

/// Writes rows as TriG ([RDF 1.1 TriG](https://www.w3.org/TR/trig/)): what a row has in common with the one before, from the
/// graph on, is not said again.
pub struct TrigWriter<W> {
    out: W,
    last: Option<Row>,
}

impl<W: Write> TrigWriter<W> {
    /// Nothing written yet.
    pub fn new(out: W) -> Self {
        Self { out, last: None }
    }

    /// Writes one statement.
    ///
    /// # Errors
    /// When the output does.
    pub fn row(&mut self, row: Row) -> io::Result<()> {
        let [graph, subject, predicate, object] = &row;
        let (out, last) = (&mut self.out, self.last.as_ref());
        let same = |depth: usize| last.is_some_and(|last| last[..depth] == row[..depth]);
        let indent = if graph.is_empty() { "" } else { "  " };
        if same(3) {
            write!(out, ",\n{indent}    {object}")?;
        } else if same(2) {
            write!(out, " ;\n{indent}  {predicate} {object}")?;
        } else {
            if last.is_some() {
                writeln!(out, " .")?;
            }
            if !same(1) {
                if last.is_some_and(|last| !last[0].is_empty()) {
                    writeln!(out, "}}")?;
                }
                if !graph.is_empty() {
                    writeln!(out, "{}{graph} {{", if last.is_some() { "\n" } else { "" })?;
                }
            }
            write!(out, "{indent}{subject} {predicate} {object}")?;
        }
        self.last = Some(row);
        Ok(())
    }

    /// Ends what is open and gives the output back.
    ///
    /// # Errors
    /// When the output does.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(last) = &self.last {
            writeln!(self.out, " .")?;
            if !last[0].is_empty() {
                writeln!(self.out, "}}")?;
            }
        }
        Ok(self.out)
    }
}

/// The text of a term with a blank-node label that loading keeps: labels that the loader gave stay, others are made from
/// their old label.
pub fn stable_label(text: Cow<'_, str>) -> Cow<'_, str> {
    let Some(label) = text.strip_prefix("_:") else {
        return text;
    };
    let (hash, number) = (label.get(1..21), label.get(22..));
    let kept = label.starts_with('b')
        && label.get(21..22) == Some("x")
        && hash.is_some_and(|hash| hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        && number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    if kept {
        return text;
    }
    let digest = Sha256::digest(label.as_bytes());
    let hex: String = digest[..10]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Cow::Owned(format!("_:b{hex}x0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_loader_stay() {
        let kept = "_:b0123456789abcdef0123x17";
        assert_eq!(stable_label(kept.into()), kept);
        assert_eq!(stable_label("<urn:a>".into()), "<urn:a>");
        let made = stable_label("_:b1".into()).into_owned();
        assert_eq!(stable_label(made.as_str().into()), made);
    }
}

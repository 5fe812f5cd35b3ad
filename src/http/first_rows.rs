//! The first rows of an answer, as many as a page shows. Runs the query; renders nothing.

use super::error::ApiError;
use crate::query::{Answer, ParsedQuery, QueryOptions, evaluate};
use crate::store::View;
use crate::views::html::QueryTable;
use oxrdf::Term;

/// Rows of an answer shown on a page.
const PAGE_ROWS: usize = 1000;
/// Bytes of values after which a page shows no more rows.
const PAGE_BYTES: usize = 2 << 20;

/// The first rows of an answer for a page.
pub(super) fn first_rows(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> Result<QueryTable, ApiError> {
    let mut table = QueryTable {
        columns: Vec::new(),
        rows: Vec::new(),
        more: false,
        boolean: None,
    };
    let mut bytes = 0;
    match evaluate(view, query, options)? {
        Answer::Boolean(value) => table.boolean = Some(value),
        Answer::Solutions { variables, rows } => {
            table.columns = variables
                .iter()
                .map(|variable| variable.as_str().to_owned())
                .collect();
            for row in rows {
                let row = row?;
                if table.rows.len() == PAGE_ROWS || bytes > PAGE_BYTES {
                    table.more = true;
                    break;
                }
                bytes += row.iter().flatten().map(size_of_term).sum::<usize>();
                table.rows.push(row);
            }
        }
        Answer::Graph(triples) => {
            table.columns = ["onderwerp", "eigenschap", "waarde"]
                .map(str::to_owned)
                .to_vec();
            for triple in triples {
                let triple = triple?;
                if table.rows.len() == PAGE_ROWS || bytes > PAGE_BYTES {
                    table.more = true;
                    break;
                }
                bytes += size_of_term(&triple.object);
                let terms = [
                    triple.subject.into(),
                    triple.predicate.into(),
                    triple.object,
                ];
                table.rows.push(terms.map(Some).to_vec());
            }
        }
    }
    Ok(table)
}

/// About what a value takes on a page.
fn size_of_term(term: &Term) -> usize {
    100 + match term {
        Term::NamedNode(node) => node.as_str().len(),
        Term::BlankNode(node) => node.as_str().len(),
        Term::Literal(literal) => literal.value().len(),
        Term::Triple(triple) => triple.to_string().len(),
    }
}

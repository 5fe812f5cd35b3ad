//! Expected query results of the W3C suites, read from their several formats and compared with ours.

use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::{BlankNode, Graph, Literal, NamedNode, Term};
use oxrdfio::{RdfFormat, RdfParser};
use sparesults::{QueryResultsFormat, QueryResultsParser, SliceQueryResultsParserOutput};
use std::collections::HashMap;

const RS: &str = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#";

pub(crate) fn parse_graph(bytes: &[u8]) -> Result<Graph, String> {
    let mut graph = Graph::new();
    for quad in RdfParser::from_format(RdfFormat::NTriples).for_slice(bytes) {
        let quad = quad.map_err(|error| error.to_string())?;
        if !graph.insert(oxrdf::TripleRef::from(quad.as_ref())) {
            return Err(format!("triple written twice: {quad}"));
        }
    }
    Ok(graph)
}

pub(crate) fn compare_graphs(expected: &Graph, actual: &Graph) -> Result<(), String> {
    let canonical = |graph: &Graph| {
        let mut graph = graph.clone();
        graph.canonicalize(CanonicalizationAlgorithm::Unstable);
        let mut lines: Vec<String> = graph.iter().map(|t| t.to_string()).collect();
        lines.sort();
        lines
    };
    let (expected, actual) = (canonical(expected), canonical(actual));
    if expected == actual {
        Ok(())
    } else {
        Err(difference(&expected, &actual))
    }
}

pub(crate) fn difference(expected: &[String], actual: &[String]) -> String {
    let only = |a: &[String], b: &[String]| {
        a.iter()
            .filter(|line| !b.contains(line))
            .take(4)
            .cloned()
            .collect::<Vec<_>>()
            .join(" | ")
    };
    format!(
        "expected {} got {}; missing: {}; extra: {}",
        expected.len(),
        actual.len(),
        only(expected, actual),
        only(actual, expected)
    )
}

/// A table or a truth value.
#[derive(Debug)]
pub(crate) enum Outcome {
    Boolean(bool),
    Table {
        columns: Vec<String>,
        rows: Vec<Vec<Option<Term>>>,
        indexed: bool,
    },
}

pub(crate) fn read_results(bytes: &[u8], extension: &str) -> Result<Outcome, String> {
    let format = match extension {
        "srx" => QueryResultsFormat::Xml,
        "srj" => QueryResultsFormat::Json,
        _ => QueryResultsFormat::Tsv,
    };
    Ok(
        match QueryResultsParser::from_format(format)
            .for_slice(bytes)
            .map_err(|error| error.to_string())?
        {
            SliceQueryResultsParserOutput::Boolean(value) => Outcome::Boolean(value),
            SliceQueryResultsParserOutput::Solutions(solutions) => {
                let columns = solutions
                    .variables()
                    .iter()
                    .map(|v| v.as_str().to_owned())
                    .collect();
                let rows = solutions
                    .map(|solution| solution.map(|solution| solution.values().to_vec()))
                    .collect::<Result<_, _>>()
                    .map_err(|error| error.to_string())?;
                Outcome::Table {
                    columns,
                    rows,
                    indexed: false,
                }
            }
        },
    )
}

/// CSV has no types: everything that is no blank node becomes a plain literal; empty is unbound.
pub(crate) fn read_csv(bytes: &[u8]) -> Result<Outcome, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let columns = reader
        .headers()
        .map_err(|error| error.to_string())?
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| error.to_string())?;
            Ok(record
                .iter()
                .map(|value| match value.strip_prefix("_:") {
                    Some(label) => Some(BlankNode::new_unchecked(label).into()),
                    None if value.is_empty() => None,
                    None => Some(Literal::from(value).into()),
                })
                .collect())
        })
        .collect::<Result<_, String>>()?;
    Ok(Outcome::Table {
        columns,
        rows,
        indexed: false,
    })
}

/// A result set described in RDF with the `rs:` vocabulary.
pub(crate) fn read_result_graph(graph: &Graph) -> Result<Outcome, String> {
    let rs = |name: &str| NamedNode::new_unchecked(format!("{RS}{name}"));
    let set = graph
        .subject_for_predicate_object(oxrdf::vocab::rdf::TYPE, &rs("ResultSet"))
        .ok_or("no rs:ResultSet")?;
    if let Some(value) = graph.object_for_subject_predicate(set, &rs("boolean")) {
        return Ok(Outcome::Boolean(value.to_string().contains("true")));
    }
    let text = |term: oxrdf::TermRef<'_>| match term {
        oxrdf::TermRef::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    };
    let mut columns: Vec<String> = graph
        .objects_for_subject_predicate(set, &rs("resultVariable"))
        .map(text)
        .collect();
    columns.sort();
    let mut rows: Vec<(Option<u64>, Vec<Option<Term>>)> = Vec::new();
    for solution in graph.objects_for_subject_predicate(set, &rs("solution")) {
        let node = match solution {
            oxrdf::TermRef::NamedNode(node) => oxrdf::NamedOrBlankNodeRef::from(node),
            oxrdf::TermRef::BlankNode(node) => node.into(),
            _ => return Err("a solution is no node".to_owned()),
        };
        let index = graph
            .object_for_subject_predicate(node, &rs("index"))
            .and_then(|index| text(index).parse().ok());
        let mut row = vec![None; columns.len()];
        for binding in graph.objects_for_subject_predicate(node, &rs("binding")) {
            let binding = match binding {
                oxrdf::TermRef::NamedNode(node) => oxrdf::NamedOrBlankNodeRef::from(node),
                oxrdf::TermRef::BlankNode(node) => node.into(),
                _ => return Err("a binding is no node".to_owned()),
            };
            let variable = graph
                .object_for_subject_predicate(binding, &rs("variable"))
                .map(text)
                .ok_or("a binding without variable")?;
            let value = graph
                .object_for_subject_predicate(binding, &rs("value"))
                .map(oxrdf::TermRef::into_owned);
            let column = columns
                .iter()
                .position(|c| *c == variable)
                .ok_or("a binding of no column")?;
            row[column] = value;
        }
        rows.push((index, row));
    }
    let indexed = !rows.is_empty() && rows.iter().all(|(index, _)| index.is_some());
    rows.sort_by_key(|(index, _)| *index);
    Ok(Outcome::Table {
        columns,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        indexed,
    })
}

pub(crate) fn compare(
    expected: &Outcome,
    actual: &Outcome,
    ordered: bool,
    lax: bool,
) -> Result<(), String> {
    let (columns, wanted, indexed, found_columns, found) = match (expected, actual) {
        (Outcome::Boolean(a), Outcome::Boolean(b)) if a == b => return Ok(()),
        (
            Outcome::Table {
                columns,
                rows,
                indexed,
            },
            Outcome::Table {
                columns: found_columns,
                rows: found,
                ..
            },
        ) => (columns, rows, *indexed, found_columns, found),
        _ => return Err(format!("expected {expected:?}, got {actual:?}")),
    };
    let mut sorted = [columns.clone(), found_columns.clone()];
    sorted.iter_mut().for_each(|list| list.sort());
    if sorted[0] != sorted[1] {
        return Err(format!(
            "columns {columns:?} expected, got {found_columns:?}"
        ));
    }
    let position: HashMap<&str, usize> = found_columns
        .iter()
        .enumerate()
        .map(|(n, name)| (name.as_str(), n))
        .collect();
    let found: Vec<Vec<Option<Term>>> = found
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|name| row[position[name.as_str()]].clone())
                .collect()
        })
        .collect();
    let fits = if lax {
        let fewer =
            |a: &[Vec<Option<Term>>], b: &[Vec<Option<Term>>]| a.iter().all(|row| b.contains(row));
        found.len() <= wanted.len() && fewer(&found, wanted) && fewer(wanted, &found)
    } else {
        wanted.len() == found.len()
            && match_rows(
                wanted,
                &found,
                &mut vec![false; found.len()],
                0,
                ordered || indexed,
                &mut Bijection::default(),
            )
    };
    if fits {
        return Ok(());
    }
    let lines = |rows: &[Vec<Option<Term>>]| -> Vec<String> {
        rows.iter()
            .map(|row| {
                row.iter()
                    .map(|term| term.as_ref().map_or("-".to_owned(), Term::to_string))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    };
    Err(difference(&lines(wanted), &lines(&found)))
}

/// Pairs of blank nodes on both sides.
#[derive(Clone, Default)]
struct Bijection(Vec<(BlankNode, BlankNode)>);

impl Bijection {
    fn fits(&mut self, wanted: &[Option<Term>], found: &[Option<Term>]) -> bool {
        wanted.iter().zip(found).all(|pair| match pair {
            (Some(a), Some(b)) => self.fits_term(a, b),
            (a, b) => a == b,
        })
    }

    fn fits_term(&mut self, a: &Term, b: &Term) -> bool {
        match (a, b) {
            (Term::BlankNode(a), Term::BlankNode(b)) => {
                match self.0.iter().find(|(x, y)| x == a || y == b) {
                    Some((x, y)) => x == a && y == b,
                    None => {
                        self.0.push((a.clone(), b.clone()));
                        true
                    }
                }
            }
            (Term::Triple(a), Term::Triple(b)) => {
                self.fits_term(&a.subject.clone().into(), &b.subject.clone().into())
                    && a.predicate == b.predicate
                    && self.fits_term(&a.object, &b.object)
            }
            (a, b) => a == b || same_number(a, b),
        }
    }
}

/// Computed numbers have several spellings (`2.0` and `2`); the suites do not agree on one.
fn same_number(a: &Term, b: &Term) -> bool {
    let (Term::Literal(a), Term::Literal(b)) = (a, b) else {
        return false;
    };
    let xsd = oxrdf::vocab::xsd::DECIMAL;
    let real = [oxrdf::vocab::xsd::DOUBLE, oxrdf::vocab::xsd::FLOAT];
    let parsed = |text: &str| text.parse::<oxsdatatypes::Double>().ok();
    if a.datatype() != b.datatype() {
        false
    } else if a.datatype() == xsd {
        let decimal = |text: &str| text.parse::<oxsdatatypes::Decimal>().ok();
        decimal(a.value()).is_some() && decimal(a.value()) == decimal(b.value())
    } else if real.contains(&a.datatype()) {
        match (parsed(a.value()), parsed(b.value())) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        }
    } else {
        false
    }
}

fn names_blank_node(term: &Term) -> bool {
    match term {
        Term::BlankNode(_) => true,
        Term::Triple(triple) => triple.subject.is_blank_node() || names_blank_node(&triple.object),
        Term::NamedNode(_) | Term::Literal(_) => false,
    }
}

/// Matches the rows from `at` on, trying each row left; blank nodes match by bijection.
fn match_rows(
    wanted: &[Vec<Option<Term>>],
    found: &[Vec<Option<Term>>],
    used: &mut [bool],
    at: usize,
    ordered: bool,
    bijection: &mut Bijection,
) -> bool {
    let Some(row) = wanted.get(at) else {
        return true;
    };
    let ground = !row.iter().flatten().any(names_blank_node);
    for candidate in 0..found.len() {
        if used[candidate] || (ordered && candidate != at) {
            continue;
        }
        let mut extended = bijection.clone();
        if !extended.fits(row, &found[candidate]) {
            continue;
        }
        used[candidate] = true;
        if match_rows(wanted, found, used, at + 1, ordered, &mut extended) {
            return true;
        }
        used[candidate] = false;
        if ground {
            // Any equal row would do as well.
            return false;
        }
    }
    false
}

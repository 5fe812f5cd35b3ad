//! Queries about given nodes, for shapes: a query that has some variables bound from the start is run over a table of nodes at
//! once ([SHACL appendix A](https://www.w3.org/TR/shacl/#pre-binding)). Chooses no nodes and knows no shapes.

use crate::query::algebra_in::{self, GivenAlgebra, QueryAlgebra};
use crate::query::answer::{Guarded, evaluation_error};
use crate::query::budget::Budget;
use crate::query::dataset::{QueryDataset, evaluator};
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::exec::Solutions;
use crate::query::run::new_budget;
use crate::query::{Engine, QueryKind, QueryOptions};
use crate::rdf::version::RdfVersion;
use crate::store::{Id, View};
use oxrdf::{NamedNode, Term};
use spareval::QueryResults;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use crate::query::algebra_in::{Reading, Walk};

/// Before the number of a node that cannot stand in a query as itself: a blank node.
const NODE: &str = "urn:x-oslo:node:";

/// What a query over given nodes must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// It cannot be run over given nodes: the word or phrase that stands in the way.
    Serious(String),
    /// It can be run here, though the standard forbids it.
    Harmless(String),
}

/// A query with variables that have a value from the start.
#[derive(Clone, Debug)]
pub(crate) struct GivenQuery {
    algebra: Arc<GivenAlgebra>,
    columns: Arc<[String]>,
    given: usize,
}

/// A value found: an id of the view, or a term that no quad of it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// In the view.
    Id(Id),
    /// Computed, or given.
    Term(Term),
}

/// A node to ask about: its id, when the view knows it, and its term.
pub(crate) type Node = (Option<Id>, Term);

/// What a query is run on.
pub(crate) struct Ground<'a> {
    /// The default graph, and the named graphs.
    pub(crate) view: &'a View,
    /// One more named graph.
    pub(crate) extra: Option<(&'a NamedNode, &'a View)>,
    /// The limits.
    pub(crate) options: &'a QueryOptions,
}

/// A row of an answer, a value for each of [`GivenQuery::columns`].
pub(crate) type FoundRow = Vec<Option<Found>>;

impl GivenQuery {
    /// Reads a query. `constants` have one value for all nodes, `given` are the columns of the tables; `silent` are variables
    /// that sub-queries need not show. Blank nodes among the constants are passed over: they belong into the tables.
    ///
    /// # Errors
    /// As [`parse_query`](crate::query::parse_query).
    pub(crate) fn parse(
        text: &str,
        version: RdfVersion,
        constants: &[(String, Term)],
        given: &[&str],
        silent: &[&str],
    ) -> Result<Self, QueryError> {
        let algebra = GivenAlgebra::parse(text, version, constants, given, silent)?;
        let mut columns: Vec<String> = match algebra.kind() {
            QueryKind::Ask => Vec::new(),
            _ => algebra
                .columns()
                .iter()
                .map(|column| column.as_str().to_owned())
                .collect(),
        };
        for name in given {
            if !columns.iter().any(|column| column == name) {
                columns.push((*name).to_owned());
            }
        }
        Ok(Self {
            algebra: Arc::new(algebra),
            columns: columns.into(),
            given: given.len(),
        })
    }

    /// The query form.
    pub(crate) fn kind(&self) -> QueryKind {
        self.algebra.kind()
    }

    /// The columns of its answers: those of the query, then the given variables that are not among them. An `ASK` answers
    /// with the rows for which it is true.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether [`GivenQuery::run`] needs no table.
    pub(crate) fn is_open(&self) -> bool {
        self.algebra.is_open()
    }

    /// Whether a table may have more than one row.
    pub(crate) fn is_shared(&self) -> bool {
        self.algebra.is_shared()
    }

    /// The kinds of triples it reads and how they lead to a given variable; `None` when that cannot be told.
    pub(crate) fn readings(&self, given: &str) -> Option<Vec<Reading>> {
        self.algebra.readings(given)
    }

    /// What it does that a query over given nodes must not.
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        use algebra_in::Breach as Raw;
        let breach = |raw: &Raw| match raw {
            Raw::Minus => Breach::Serious("MINUS".to_owned()),
            Raw::Service => Breach::Serious("SERVICE".to_owned()),
            Raw::Values(true) => Breach::Serious("VALUES".to_owned()),
            Raw::Values(false) => Breach::Harmless("VALUES".to_owned()),
            Raw::Assigned(variable) => Breach::Serious(format!("AS {variable}")),
            Raw::Hidden(variable, true) if ["this", "value"].contains(&variable.as_str()) => {
                Breach::Serious(format!("SELECT … ({variable})"))
            }
            Raw::Hidden(variable, _) => Breach::Harmless(format!("SELECT … ({variable})")),
            Raw::NotShown(variable) => Breach::Harmless(format!("SELECT ({variable})")),
        };
        self.algebra.breaches().iter().map(breach).collect()
    }

    /// Runs the query over the rows of a table, `given` columns wide; without a table over all nodes, which is for queries
    /// that [are open](Self::is_open). Hands out rows until `each` has had enough.
    ///
    /// # Errors
    /// A limit that is hit; an unknown function; a table that the query cannot take.
    pub(crate) fn run(
        &self,
        ground: &Ground<'_>,
        table: Option<&[Node]>,
        each: &mut dyn FnMut(&[Option<Found>]) -> bool,
    ) -> Result<(), QueryError> {
        if self.algebra.is_deep() {
            let rows = with_deep_stack(|| {
                let mut rows: Vec<FoundRow> = Vec::new();
                self.run_here(ground, table, &mut |row| {
                    rows.push(row.to_vec());
                    true
                })?;
                Ok(rows)
            })?;
            for row in rows {
                if !each(&row) {
                    break;
                }
            }
            return Ok(());
        }
        self.run_here(ground, table, each)
    }

    fn run_here(
        &self,
        ground: &Ground<'_>,
        table: Option<&[Node]>,
        each: &mut dyn FnMut(&[Option<Found>]) -> bool,
    ) -> Result<(), QueryError> {
        let options = ground.options;
        let budget = new_budget(options);
        let mut dataset =
            QueryDataset::new(ground.view, None, options.default_graph, Rc::clone(&budget));
        if let Some((name, view)) = ground.extra {
            dataset.add_graph(name, view.clone());
        }
        let rows = table.map(|table| self.rows(&dataset, table));
        let query = self.algebra.over(rows).ok_or_else(|| {
            QueryError::Internal("the query cannot be asked about these nodes".to_owned())
        })?;
        let order = |columns: &[oxrdf::Variable]| -> Vec<Option<usize>> {
            self.columns
                .iter()
                .map(|name| columns.iter().position(|c| c.as_str() == name))
                .collect()
        };
        let mut row: FoundRow = vec![None; self.columns.len()];
        match budget.run(|| start(&query, dataset, options, &budget))?? {
            Started::Executor(mut solutions) => {
                let order = order(solutions.variables());
                let outcome = loop {
                    let step = budget.run(|| -> Result<bool, QueryError> {
                        if !solutions.advance()? {
                            return Ok(false);
                        }
                        solutions.read_found(&order, &mut row);
                        Ok(true)
                    });
                    match step {
                        Ok(Ok(true)) if each(&row) => {}
                        Ok(Ok(_)) => break Ok(()),
                        Ok(Err(error)) | Err(error) => break Err(error),
                    }
                };
                budget.release(solutions);
                outcome
            }
            Started::Evaluator(results) => {
                let QueryResults::Solutions(solutions) = results else {
                    return Err(QueryError::Internal("no table of solutions".to_owned()));
                };
                let order = order(solutions.variables());
                for solution in Guarded::new(solutions, Rc::clone(&budget)) {
                    let solution = solution?;
                    let values = solution.values();
                    for (value, column) in row.iter_mut().zip(&order) {
                        let term = column.and_then(|column| values[column].as_ref());
                        *value = term.map(|term| match ground.view.id_of(term.as_ref()) {
                            Some(id) => Found::Id(id),
                            None => Found::Term(term.clone()),
                        });
                    }
                    if !each(&row) {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// The rows of a table as terms that may stand in a query; the dataset is told what they are.
    fn rows(&self, dataset: &QueryDataset, table: &[Node]) -> Vec<Vec<Term>> {
        let stands = |(id, term): &Node| {
            let name = match term {
                Term::NamedNode(_) | Term::Literal(_) => term.clone(),
                Term::BlankNode(_) | Term::Triple(_) => {
                    NamedNode::new_unchecked(format!("{NODE}{term}")).into()
                }
            };
            dataset.introduce(name.clone(), *id, term);
            name
        };
        table
            .chunks(self.given.max(1))
            .map(|row| row.iter().map(stands).collect())
            .collect()
    }
}

enum Started {
    Executor(Box<Solutions>),
    Evaluator(QueryResults<'static>),
}

fn start(
    query: &QueryAlgebra,
    dataset: QueryDataset,
    options: &QueryOptions,
    budget: &Rc<Budget>,
) -> Result<Started, QueryError> {
    let query = query.over_graphs(|| dataset.graph_iris());
    let query = QueryAlgebra::searched(query, &dataset.sources())?;
    let query = QueryAlgebra::ordered(query, &dataset.sources());
    if options.engine == Engine::Automatic
        && !query.is_deep
        && let Some(lowered) = query.lower(&dataset, None)
    {
        let solutions = Solutions::start(lowered, false, dataset, budget);
        return Ok(Started::Executor(Box::new(solutions)));
    }
    let evaluator = evaluator();
    let results = query.prepare(&evaluator).execute(dataset);
    Ok(Started::Evaluator(results.map_err(evaluation_error)?))
}

/// A text with another in the place of every variable of a name; strings and comments stay as they are.
pub(crate) fn replace_variable(text: &str, name: &str, with: &str) -> String {
    algebra_in::replace_variable(text, name, with)
}

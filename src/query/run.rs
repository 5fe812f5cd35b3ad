//! Runs a query: dataset, evaluator and limits together; answers as terms or written out.
//! Parses no text and formats no result itself.

use crate::query::algebra_in::{self, ConstructForm, DatasetClause, PlanStep, QueryAlgebra};
use crate::query::answer::{
    Answer, DeepItem, Executed, GraphTriples, Guarded, Row, RowLimit, Rows, Seen, Source,
    evaluation_error,
};
use crate::query::budget::Budget;
use crate::query::dataset::{QueryDataset, evaluator};
use crate::query::deep::{stream_from_deep_stack, with_deep_stack};
use crate::query::error::QueryError;
use crate::query::exec::Solutions;
use crate::query::exec::describe::line;
use crate::query::results::{self, OutputFormat};
use crate::query::service::Session;
use crate::query::{Engine, QueryKind, QueryOptions};
use crate::rdf::label::Text;
use crate::store::View;
use oxrdf::{NamedNode, Term};
use spareval::{QueryEvaluator, QueryResults};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A query that was read and found valid. May be run many times, on any view.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    algebra: Arc<QueryAlgebra>,
}

impl ParsedQuery {
    /// Which of the four query forms.
    pub fn kind(&self) -> QueryKind {
        self.algebra.kind
    }

    /// Whether the query runs on the thread that asks; one nested very deep gets a thread with a larger stack.
    pub fn is_shallow(&self) -> bool {
        !self.algebra.is_deep
    }

    /// Whether the query names other endpoints (`SERVICE`), which takes its time.
    pub fn asks_services(&self) -> bool {
        self.algebra.has_service
    }

    /// How its answer may be asked for page by page; `None` when it is no `CONSTRUCT`.
    pub fn construct_form(&self) -> Option<ConstructForm> {
        self.algebra.construct_form()
    }

    /// Whether the query names an IRI anywhere, written out or with a prefix.
    pub fn names(&self, iri: &str) -> bool {
        self.algebra.names(iri)
    }

    pub(super) fn algebra(&self) -> &QueryAlgebra {
        &self.algebra
    }

    /// `(prefix, namespace)` pairs of the prologue, in the order of the text.
    pub fn prefixes(&self) -> &[(String, String)] {
        &self.algebra.prefixes
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryStats {
    /// The query form.
    pub kind: QueryKind,
    /// Solutions or triples delivered; 1 for `ASK`.
    pub rows: u64,
    /// Wall-clock time until the last row was delivered.
    pub elapsed: Duration,
}

/// Reads a query ([SPARQL 1.1 Query](https://www.w3.org/TR/sparql11-query/)). Of the options only the base IRI and the version
/// count.
///
/// # Errors
/// [`QueryError::Syntax`] with line, column and, where one is known, a hint.
pub fn parse_query(text: &str, options: &QueryOptions) -> Result<ParsedQuery, QueryError> {
    parse_query_with(text, options, &[])
}

/// Reads a query and puts terms in the place of its variables of these names, wherever they occur: in the algebra, so
/// that no term is ever read as SPARQL. A variable that is not named stays one.
///
/// # Errors
/// As [`parse_query`]; and when the query gives such a variable a value itself.
pub fn parse_query_with(
    text: &str,
    options: &QueryOptions,
    values: &[(String, Term)],
) -> Result<ParsedQuery, QueryError> {
    let algebra = QueryAlgebra::parse(text, options.base_iri.as_deref(), values, options.rdf)?;
    Ok(ParsedQuery {
        algebra: Arc::new(algebra),
    })
}

/// The names of the variables that a query's text mentions, without their marks.
pub fn variables_in(text: &str) -> BTreeSet<String> {
    algebra_in::variables_in(text)
}

/// Starts a query on a view and hands out its answer as terms. The limits of the options hold until the last row.
///
/// # Errors
/// A limit that is hit, `SERVICE` without `SILENT`, an unknown function. Rows may fail later in the same ways.
pub fn evaluate(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> Result<Answer, QueryError> {
    let clause = request_clause(options)?;
    let budget = new_budget(options);
    let limit = RowLimit::new(options);
    if query.algebra.is_deep {
        return evaluate_deep(view, query, options, clause, limit);
    }
    let results = start(view, &query.algebra, clause.as_ref(), options, &budget)?;
    Ok(match results {
        Started::Executor(mut solutions) => match query.kind() {
            QueryKind::Ask => {
                let found = budget.run(|| solutions.advance())??;
                budget.release(solutions);
                Answer::Boolean(found)
            }
            QueryKind::Select => Answer::Solutions {
                variables: solutions.variables().to_vec(),
                rows: Rows {
                    inner: Source::Executor(Executed::new(solutions, budget)),
                    row: Row::default(),
                    limit,
                },
            },
            QueryKind::Construct | QueryKind::Describe => Answer::Graph(GraphTriples {
                inner: Source::Executor(Executed::new(solutions, budget)),
                seen: Seen::default(),
                limit,
            }),
        },
        Started::Evaluator(QueryResults::Solutions(solutions)) => Answer::Solutions {
            variables: solutions.variables().to_vec(),
            rows: Rows {
                inner: Source::Here(Guarded::new(solutions, budget)),
                row: Row::default(),
                limit,
            },
        },
        Started::Evaluator(QueryResults::Boolean(value)) => Answer::Boolean(value),
        Started::Evaluator(QueryResults::Graph(triples)) => Answer::Graph(GraphTriples {
            inner: Source::Here(Guarded::new(triples, budget)),
            seen: Seen::default(),
            limit,
        }),
    })
}

/// The joins of a query in the order chosen on a view, by counts and statistics: what the planner decided, before any engine
/// makes its plan. Evaluates nothing. Empty for a query without a join.
///
/// # Errors
/// A graph of the options that is no IRI, a timeout.
pub fn join_order(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> Result<Vec<PlanStep>, QueryError> {
    let clause = request_clause(options)?;
    let work = || {
        let budget = new_budget(options);
        let clause = clause.as_ref().or(query.algebra.dataset.as_ref());
        let mut dataset =
            QueryDataset::new(view, clause, options.default_graph, Rc::clone(&budget));
        budget.run(|| {
            let algebra = observed(&query.algebra, &mut dataset, clause, options)?;
            let algebra = over_graphs(algebra, &dataset);
            let algebra = QueryAlgebra::searched(algebra, &dataset.sources())?;
            Ok(algebra.explain(&dataset.sources()))
        })?
    };
    if query.algebra.is_deep {
        with_deep_stack(work)
    } else {
        work()
    }
}

/// Whether the executor would run a query on a view; the evaluator runs all others. Evaluates nothing.
///
/// # Errors
/// A graph of the options that is no IRI, a timeout.
pub fn is_run_by_executor(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> Result<bool, QueryError> {
    if query.algebra.is_deep || options.engine == Engine::Evaluator {
        return Ok(false);
    }
    let clause = request_clause(options)?;
    let budget = new_budget(options);
    let clause = clause.as_ref().or(query.algebra.dataset.as_ref());
    let mut dataset = QueryDataset::new(view, clause, options.default_graph, Rc::clone(&budget));
    budget.run(|| {
        let algebra = observed(&query.algebra, &mut dataset, clause, options)?;
        let algebra = over_graphs(algebra, &dataset);
        let algebra = QueryAlgebra::ordered(algebra, &dataset.sources());
        Ok(algebra.lower(&dataset, None).is_some())
    })?
}

/// A query at work in one of the two engines.
enum Started {
    Executor(Box<Solutions>),
    Evaluator(QueryResults<'static>),
}

/// A query with its joins ordered, and what an engine needs to run it.
pub(super) struct Ready<'a> {
    pub(super) algebra: Cow<'a, QueryAlgebra>,
    pub(super) dataset: QueryDataset,
    /// What it asks of other endpoints.
    pub(super) session: Option<Arc<Session>>,
}

impl<'a> Ready<'a> {
    /// Makes a query ready; under the budget. A query that asks other endpoints has what stands beside them evaluated here:
    /// without services it is left as it is written.
    pub(super) fn make(
        view: &View,
        algebra: &'a QueryAlgebra,
        clause: Option<&DatasetClause>,
        options: &QueryOptions,
        budget: &Rc<Budget>,
    ) -> Result<Self, QueryError> {
        let clause = clause.or(algebra.dataset.as_ref());
        let new_dataset =
            || QueryDataset::new(view, clause, options.default_graph, Rc::clone(budget));
        let mut dataset = new_dataset();
        let algebra = observed(algebra, &mut dataset, clause, options)?;
        let services = options.services.as_ref().filter(|_| algebra.has_service);
        let session = services.map(Session::new);
        let algebra = over_graphs(algebra, &dataset);
        let mut algebra = QueryAlgebra::searched(algebra, &dataset.sources())?;
        if let Some(session) = &session {
            let evaluator = algebra_in::with_tables(evaluator(), session);
            algebra = Cow::Owned(algebra.federated(session, &evaluator, &new_dataset));
        }
        Ok(Self {
            algebra: QueryAlgebra::ordered(algebra, &dataset.sources()),
            dataset,
            session,
        })
    }

    /// The other engine, with what it asks of other endpoints.
    ///
    /// # Errors
    /// [`QueryError::Observations`] when the query has stars of observations, which the executor alone answers.
    pub(super) fn evaluator(&self) -> Result<QueryEvaluator, QueryError> {
        if self.algebra.asks_observations {
            return Err(algebra_in::unanswerable(
                "een bevraging die het uitvoerplan niet kan maken, zoals DESCRIBE of zeer diep geneste tekst",
                "a query that the executor has no plan for, such as DESCRIBE or very deep nesting",
                "schrijf de bevraging eenvoudiger, als SELECT, CONSTRUCT of ASK",
                "write the query more simply, as SELECT, CONSTRUCT or ASK",
            ));
        }
        Ok(self.own_evaluator())
    }

    fn own_evaluator(&self) -> QueryEvaluator {
        match &self.session {
            Some(session) => algebra_in::with_tables(evaluator(), session),
            None => evaluator(),
        }
    }
}

/// A query with what it asks of observations found, and these in the dataset.
fn observed<'a>(
    algebra: &'a QueryAlgebra,
    dataset: &mut QueryDataset,
    clause: Option<&DatasetClause>,
    options: &QueryOptions,
) -> Result<Cow<'a, QueryAlgebra>, QueryError> {
    let Some(graph) = &options.observations else {
        return Ok(Cow::Borrowed(algebra));
    };
    let is_it = |node: &NamedNode| node.as_str() == graph.name();
    if clause.is_some_and(|clause| clause.default.iter().any(is_it)) {
        return Err(algebra_in::unanswerable(
            "observaties als standaardgraaf (FROM)",
            "observations as the default graph (FROM)",
            "vraag ze met GRAPH",
            "ask for them by GRAPH",
        ));
    }
    if !algebra.asks(graph) {
        return Ok(Cow::Borrowed(algebra));
    }
    let named = clause.and_then(|clause| clause.named.as_ref());
    let is_named = named.is_none_or(|named| named.iter().any(is_it));
    dataset.add_observations(graph.now());
    Ok(Cow::Owned(algebra.observed(graph, is_named)?))
}

/// A query over the named graphs of a dataset.
fn over_graphs<'a>(
    algebra: Cow<'a, QueryAlgebra>,
    dataset: &QueryDataset,
) -> Cow<'a, QueryAlgebra> {
    match algebra {
        Cow::Borrowed(algebra) => algebra.over_graphs(|| dataset.graph_iris()),
        Cow::Owned(algebra) => {
            Cow::Owned(algebra.over_graphs(|| dataset.graph_iris()).into_owned())
        }
    }
}

fn start(
    view: &View,
    algebra: &QueryAlgebra,
    clause: Option<&DatasetClause>,
    options: &QueryOptions,
    budget: &Rc<Budget>,
) -> Result<Started, QueryError> {
    budget.run(|| {
        let ready = Ready::make(view, algebra, clause, options, budget)?;
        if options.engine == Engine::Automatic
            && let Some(lowered) = ready.algebra.lower(&ready.dataset, None)
        {
            options.progress.set_plan(|| line(&lowered.plan));
            let is_ask = ready.algebra.kind == QueryKind::Ask;
            let solutions = Solutions::start(lowered, is_ask, ready.dataset, budget);
            return Ok(Started::Executor(Box::new(solutions)));
        }
        options.progress.set_plan(|| ready.algebra.line());
        let evaluator = ready.evaluator()?;
        let results = ready.algebra.prepare(&evaluator).execute(ready.dataset);
        Ok(Started::Evaluator(results.map_err(evaluation_error)?))
    })?
}

fn evaluate_deep(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
    clause: Option<DatasetClause>,
    limit: RowLimit,
) -> Result<Answer, QueryError> {
    let (view, algebra) = (view.clone(), Arc::clone(&query.algebra));
    let options = options.clone();
    // The work may have waited for a turn; reading its rows is to end all the same.
    let twice = options.timeout.map(|limit| limit.saturating_mul(2));
    let reading = Budget::sharing(twice, None, options.cancel.clone(), None, None);
    let mut items = stream_from_deep_stack(move |sender| {
        let budget = new_budget(&options);
        // The executor's own steps do not nest with the text; its lowering does.
        let options = QueryOptions {
            engine: Engine::Evaluator,
            ..options
        };
        let started = start(&view, &algebra, clause.as_ref(), &options, &budget);
        let results = started.and_then(|started| match started {
            Started::Evaluator(results) => Ok(results),
            Started::Executor(_) => Err(QueryError::Internal("the wrong engine".to_owned())),
        });
        match results {
            Err(error) => {
                sender.send(Err(error));
            }
            Ok(QueryResults::Boolean(value)) => {
                sender.send(Ok(DeepItem::Boolean(value)));
            }
            Ok(QueryResults::Solutions(solutions)) => {
                if sender.send(Ok(DeepItem::Columns(solutions.variables().to_vec()))) {
                    Guarded::new(solutions, budget)
                        .map(|row| row.map(DeepItem::Solution))
                        .all(|item| sender.send(item));
                }
            }
            Ok(QueryResults::Graph(triples)) => {
                if sender.send(Ok(DeepItem::Graph)) {
                    Guarded::new(triples, budget)
                        .map(|row| row.map(DeepItem::Triple))
                        .all(|item| sender.send(item));
                }
            }
        }
    })?;
    Ok(match items.next().transpose()? {
        Some(DeepItem::Columns(variables)) => Answer::Solutions {
            variables,
            rows: Rows {
                inner: Source::Deep(items, reading),
                row: Row::default(),
                limit,
            },
        },
        Some(DeepItem::Boolean(value)) => Answer::Boolean(value),
        Some(DeepItem::Graph) => Answer::Graph(GraphTriples {
            inner: Source::Deep(items, reading),
            seen: Seen::default(),
            limit,
        }),
        Some(DeepItem::Solution(_) | DeepItem::Triple(_)) | None => {
            return Err(QueryError::Internal("a deep query panicked".to_owned()));
        }
    })
}

/// Runs a query on the calling thread and writes its answer as it is found.
///
/// # Errors
/// As [`evaluate`], [`QueryError::Format`] when the format does not fit the query form (nothing is written then),
/// and [`QueryError::Write`]. An error after the first bytes leaves the output cut short: the caller must say so.
pub fn run_query(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
    format: OutputFormat,
    out: impl Write,
) -> Result<QueryStats, QueryError> {
    let started = std::time::Instant::now();
    format.check(query.kind())?;
    let answer = evaluate(view, query, options)?;
    let rows = results::write(answer, format, query, out)?;
    Ok(QueryStats {
        kind: query.kind(),
        rows,
        elapsed: started.elapsed(),
    })
}

pub(super) fn new_budget(options: &QueryOptions) -> Rc<Budget> {
    Budget::sharing(
        options.timeout,
        options.max_memory,
        options.cancel.clone(),
        options.pool.as_ref(),
        options.overtime.clone(),
    )
}

/// The dataset named by the request, which replaces the one named in the text.
pub(super) fn request_clause(options: &QueryOptions) -> Result<Option<DatasetClause>, QueryError> {
    if options.default_graph_uris.is_empty() && options.named_graph_uris.is_empty() {
        return Ok(None);
    }
    let names = |uris: &[String]| {
        uris.iter()
            .map(|uri| {
                NamedNode::new(uri).map_err(|error| QueryError::Syntax {
                    line: 0,
                    column: 0,
                    message: Text::new(
                        format!("graaf {uri} is geen geldige IRI: {error}"),
                        format!("graph {uri} is not a valid IRI: {error}"),
                    ),
                    hint: None,
                })
            })
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Some(DatasetClause {
        default: names(&options.default_graph_uris)?,
        named: Some(names(&options.named_graph_uris)?),
    }))
}

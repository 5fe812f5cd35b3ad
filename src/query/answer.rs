//! The answer to a query as it is read: rows and triples of either engine, under the limits. Starts no query.

use crate::query::QueryOptions;
use crate::query::budget::Budget;
use crate::query::deep::DeepStream;
use crate::query::error::QueryError;
use crate::query::exec::Solutions;
use crate::query::progress::Progress;
use oxrdf::{Term, Triple, Variable};
use rustc_hash::FxHashSet;
use spareval::{QueryEvaluationError, QuerySolution, QuerySolutionIter, QueryTripleIter};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

/// The answer to a query, delivered as it is found.
pub enum Answer {
    /// Of `SELECT`.
    Solutions {
        /// The columns, in the order of the query.
        variables: Vec<Variable>,
        /// The solutions; each holds one value per column, `None` where unbound.
        rows: Rows,
    },
    /// Of `ASK`.
    Boolean(bool),
    /// Of `CONSTRUCT` and `DESCRIBE`: each triple once.
    Graph(GraphTriples),
}

/// What a deep query sends: its form first, then its rows.
pub(super) enum DeepItem {
    Columns(Vec<Variable>),
    Boolean(bool),
    Graph,
    Solution(QuerySolution),
    Triple(Triple),
}

/// Rows of a query: of the evaluator, on this thread or on a deep stack, or of the executor.
pub(super) enum Source<I> {
    Here(Guarded<I>),
    Deep(DeepStream<DeepItem>, Rc<Budget>),
    Executor(Executed),
}

/// The executor's solutions under the limits. Ends after its first error.
pub(super) struct Executed {
    solutions: Option<Box<Solutions>>,
    budget: Rc<Budget>,
}

impl Executed {
    pub(super) fn new(solutions: Box<Solutions>, budget: Rc<Budget>) -> Self {
        Self {
            solutions: Some(solutions),
            budget,
        }
    }

    /// Does something with the solutions; `None` at their end.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Solutions) -> Result<Option<T>, QueryError>,
    ) -> Option<Result<T, QueryError>> {
        let solutions = self.solutions.as_mut()?;
        let found = match self.budget.run(|| work(solutions)) {
            Ok(Ok(Some(found))) => return Some(Ok(found)),
            Ok(Ok(None)) => None,
            Ok(Err(error)) | Err(error) => Some(Err(error)),
        };
        self.stop();
        found
    }

    fn stop(&mut self) {
        if let Some(solutions) = self.solutions.take() {
            self.budget.release(solutions);
        }
    }
}

impl Drop for Executed {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<T, I> Source<I>
where
    I: Iterator<Item = Result<T, QueryEvaluationError>>,
{
    fn next(&mut self, of: impl FnOnce(DeepItem) -> Option<T>) -> Option<Result<T, QueryError>> {
        match self {
            Self::Here(rows) => rows.next(),
            // Rows may wait to be read when the work that made them has ended.
            Self::Deep(items, budget) => match budget.check() {
                Err(error) => {
                    items.stop();
                    Some(Err(error))
                }
                Ok(()) => Some(items.next()?.and_then(|item| {
                    of(item).ok_or_else(|| QueryError::Internal("rows of two kinds".to_owned()))
                })),
            },
            // Its rows have a way of their own.
            Self::Executor(_) => None,
        }
    }

    fn stop(&mut self) {
        match self {
            Self::Here(rows) => rows.stop(),
            Self::Deep(items, _) => items.stop(),
            Self::Executor(executed) => executed.stop(),
        }
    }
}

pub(super) fn evaluation_error(error: QueryEvaluationError) -> QueryError {
    match error {
        QueryEvaluationError::UnsupportedService(service) => QueryError::Service {
            service: service.to_string(),
        },
        QueryEvaluationError::InvalidServiceName(term) => QueryError::Service {
            service: term.to_string(),
        },
        QueryEvaluationError::UnboundService => QueryError::Service {
            service: "?".to_owned(),
        },
        QueryEvaluationError::UnsupportedCustomFunction(name) => QueryError::UnknownFunction {
            iri: name.into_string(),
        },
        QueryEvaluationError::Cancelled => QueryError::Cancelled,
        other => QueryError::Internal(other.to_string()),
    }
}

/// An iterator of the evaluator that runs, and is dropped, under the limits. Ends after its first error.
pub(super) struct Guarded<I> {
    inner: Option<I>,
    budget: Rc<Budget>,
}

impl<I> Guarded<I> {
    pub(super) fn new(inner: I, budget: Rc<Budget>) -> Self {
        Self {
            inner: Some(inner),
            budget,
        }
    }

    fn stop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.budget.release(inner);
        }
    }
}

impl<T, I: Iterator<Item = Result<T, QueryEvaluationError>>> Iterator for Guarded<I> {
    type Item = Result<T, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let inner = self.inner.as_mut()?;
        let item = match self.budget.run(|| inner.next()) {
            Ok(Some(Ok(item))) => return Some(Ok(item)),
            Ok(Some(Err(error))) => Some(Err(evaluation_error(error))),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        self.stop();
        item
    }
}

impl<I> Drop for Guarded<I> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Counts rows against the limit, and for those who watch.
pub(super) struct RowLimit {
    taken: u64,
    limit: u64,
    progress: Progress,
}

impl RowLimit {
    pub(super) fn new(options: &QueryOptions) -> Self {
        options.progress.set_rows(0);
        Self {
            taken: 0,
            limit: options.max_rows.unwrap_or(u64::MAX),
            progress: options.progress.clone(),
        }
    }

    /// Takes one more.
    ///
    /// # Errors
    /// The row limit.
    pub(super) fn take(&mut self) -> Result<(), QueryError> {
        if self.taken == self.limit {
            return Err(QueryError::RowLimit { limit: self.limit });
        }
        self.taken += 1;
        self.progress.set_rows(self.taken);
        Ok(())
    }
}

/// The solution at hand.
#[derive(Default)]
pub(super) struct Row {
    of_evaluator: Option<QuerySolution>,
    values: Vec<Option<Term>>,
}

/// The solutions of a `SELECT`. Ends after its first error.
pub struct Rows {
    pub(super) inner: Source<QuerySolutionIter<'static>>,
    pub(super) row: Row,
    pub(super) limit: RowLimit,
}

impl Rows {
    /// The values of the next solution, one for each column.
    pub(super) fn next_values(&mut self) -> Option<Result<&[Option<Term>], QueryError>> {
        let values = &mut self.row.values;
        let found = match &mut self.inner {
            Source::Executor(executed) => {
                executed.with(|solutions| Ok(solutions.advance()?.then(|| solutions.read(values))))
            }
            inner => inner
                .next(|item| match item {
                    DeepItem::Solution(solution) => Some(solution),
                    _ => None,
                })
                .map(|solution| {
                    self.row.of_evaluator = Some(solution?);
                    Ok(())
                }),
        }?;
        if let Err(error) = found.and_then(|()| self.limit.take()) {
            self.inner.stop();
            return Some(Err(error));
        }
        Some(Ok(match &self.row.of_evaluator {
            Some(solution) => solution.values(),
            None => &self.row.values,
        }))
    }
}

impl Rows {
    /// Hands the next solution to `write` as canonical texts; `None` where the engine has terms instead, or at the end.
    pub(super) fn write_texts(
        &mut self,
        write: impl FnOnce(&Solutions) -> std::io::Result<()>,
    ) -> Option<Result<(), QueryError>> {
        let Source::Executor(executed) = &mut self.inner else {
            return None;
        };
        let limit = &mut self.limit;
        executed.with(|solutions| {
            if !solutions.advance()? {
                return Ok(None);
            }
            limit.take()?;
            write(solutions).map_err(QueryError::Write).map(Some)
        })
    }
}

impl Iterator for Rows {
    type Item = Result<Vec<Option<Term>>, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_values()?.map(<[_]>::to_vec))
    }
}

/// The triples of a `CONSTRUCT` or `DESCRIBE`, each once. Ends after its first error.
pub struct GraphTriples {
    pub(super) inner: Source<QueryTripleIter<'static>>,
    pub(super) seen: Seen,
    pub(super) limit: RowLimit,
}

impl Iterator for GraphTriples {
    type Item = Result<Triple, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let triple = match &mut self.inner {
                Source::Executor(executed) => executed.with(Solutions::next_triple)?,
                inner => inner.next(|item| match item {
                    DeepItem::Triple(triple) => Some(triple),
                    _ => None,
                })?,
            };
            match triple {
                Ok(triple) if self.seen.insert(&triple) => {
                    return Some(match self.limit.take() {
                        Ok(()) => Ok(triple),
                        Err(error) => {
                            self.inner.stop();
                            Err(error)
                        }
                    });
                }
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Triples seen, by 128 keyed hash bits: a false match is less likely than a memory error.
#[derive(Default)]
pub(super) struct Seen {
    keys: [RandomState; 2],
    hashes: FxHashSet<(u64, u64)>,
}

impl Seen {
    /// Whether a triple is new.
    pub(super) fn insert(&mut self, triple: &Triple) -> bool {
        let [first, second] = &self.keys;
        self.hashes
            .insert((first.hash_one(triple), second.hash_one(triple)))
    }
}

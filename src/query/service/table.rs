//! The solutions of `SERVICE` patterns while a query runs: fetched when they are first read, kept for those who read them
//! again, counted against the limits of the query. Decides nothing about what is asked.

use super::Services;
use super::client::{Solutions, of_reading};
use crate::query::budget;
use crate::query::error::QueryError;
use crate::query::explain::ServiceFigures;
use crate::rdf::label::Text;
use crate::rdf::text::with_blank_nodes;
use oxrdf::{BlankNode, Term, Variable};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Values by column; `None` where unbound.
pub(in crate::query) type Row = Vec<Option<Term>>;

/// How long a query waits for its turn to ask other endpoints.
const PATIENCE: Duration = Duration::from_secs(5);
const WAIT: Duration = Duration::from_millis(20);

/// One request to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::query) struct Request {
    /// The endpoint; it is on the list.
    pub(in crate::query) endpoint: String,
    /// A `SELECT` query.
    pub(in crate::query) query: String,
    /// A value that every solution gets; one that has another value there is left out.
    pub(in crate::query) extra: Option<(Variable, Term)>,
}

/// What one query asks of other endpoints.
pub(in crate::query) struct Session {
    services: Arc<Services>,
    bytes_left: Arc<AtomicU64>,
    rows_left: AtomicU64,
    requests_left: AtomicU64,
    has_turn: AtomicBool,
    tables: Mutex<Vec<Arc<Table>>>,
}

/// The solutions of one `SERVICE` pattern.
pub(in crate::query) struct Table {
    pub(in crate::query) variables: Arc<[Variable]>,
    /// Whether a failure counts as one empty solution.
    silent: bool,
    asked: Vec<Request>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    current: Option<Current>,
    rows: Vec<Row>,
    is_done: bool,
    figures: Figures,
}

/// What was asked so far.
#[derive(Clone, Default)]
struct Figures {
    sent: u64,
    rows: u64,
    time: Duration,
    failure: Option<Text>,
}

/// An answer that is being read.
struct Current {
    request: Request,
    solutions: Solutions,
    /// Labels are of one answer: the same label in two answers means two nodes.
    labels: FxHashMap<BlankNode, BlankNode>,
}

/// Why there are no more solutions.
enum Failure {
    /// The endpoint's doing, or the list's: `SILENT` passes over it.
    Service(QueryError),
    /// A limit of the query.
    Limit(QueryError),
}

impl Session {
    pub(in crate::query) fn new(services: &Arc<Services>) -> Arc<Self> {
        let limits = &services.limits;
        Arc::new(Self {
            bytes_left: Arc::new(AtomicU64::new(limits.max_bytes)),
            rows_left: AtomicU64::new(limits.max_rows),
            requests_left: AtomicU64::new(limits.max_requests),
            has_turn: AtomicBool::new(false),
            tables: Mutex::default(),
            services: Arc::clone(services),
        })
    }

    /// Whether an endpoint may be asked.
    pub(in crate::query) fn allows(&self, iri: &str) -> bool {
        self.services.allows(iri)
    }

    /// The number of a table that these requests fill; the same requests fill one table.
    pub(in crate::query) fn table(
        &self,
        variables: Vec<Variable>,
        requests: Vec<Request>,
        silent: bool,
    ) -> usize {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tables.iter().position(|table| {
            table.silent == silent && table.asked == requests && *table.variables == *variables
        });
        known.unwrap_or_else(|| {
            tables.push(Arc::new(Table {
                variables: variables.into(),
                silent,
                state: Mutex::new(State {
                    waiting: requests.clone().into(),
                    ..State::default()
                }),
                asked: requests,
            }));
            tables.len() - 1
        })
    }

    /// The table of a number.
    pub(in crate::query) fn get(&self, number: usize) -> Option<Arc<Table>> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(number).map(Arc::clone)
    }

    /// Waits for a turn of this query, once.
    fn take_turn(&self, endpoint: &str) -> Result<(), Failure> {
        if self.has_turn.load(Ordering::Relaxed) {
            return Ok(());
        }
        let started = Instant::now();
        while !self.services.turn() {
            budget::look();
            if started.elapsed() > PATIENCE {
                return Err(Failure::Service(QueryError::ServiceFailed {
                    service: endpoint.to_owned(),
                    reason: Text::new(
                        "er bevragen te veel bevragingen tegelijk andere diensten",
                        "too many queries are asking other services",
                    ),
                }));
            }
            std::thread::sleep(WAIT);
        }
        self.has_turn.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn start(&self, request: Request) -> Result<Current, Failure> {
        self.take_turn(&request.endpoint)?;
        let limits = &self.services.limits;
        take_one(&self.requests_left)
            .ok_or_else(|| limit("verzoeken", "requests", limits.max_requests))?;
        let timeout = budget::time_left().map_or(limits.timeout, |left| left.min(limits.timeout));
        // A request that is given no time is none.
        let timeout = timeout.max(Duration::from_millis(1));
        let asked =
            self.services
                .client
                .ask(&request.endpoint, &request.query, timeout, &self.bytes_left);
        match asked {
            Ok(solutions) => Ok(Current {
                request,
                solutions,
                labels: FxHashMap::default(),
            }),
            Err(reason) => Err(self.failure(&request.endpoint, reason)),
        }
    }

    /// What went wrong: a limit, when one was hit, is not the endpoint's doing.
    fn failure(&self, endpoint: &str, reason: Text) -> Failure {
        budget::look();
        if self.bytes_left.load(Ordering::Relaxed) == 0 {
            return limit("bytes", "bytes", self.services.limits.max_bytes);
        }
        tracing::debug!(endpoint, reason = %reason.en, "Another endpoint failed");
        Failure::Service(QueryError::ServiceFailed {
            service: endpoint.to_owned(),
            reason,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if *self.has_turn.get_mut() {
            self.services.end_turn();
        }
    }
}

fn limit(nl: &str, en: &str, limit: u64) -> Failure {
    Failure::Limit(QueryError::ServiceLimit {
        of: Text::new(nl, en),
        limit,
    })
}

fn take_one(left: &AtomicU64) -> Option<u64> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    })
    .ok()
}

impl Table {
    /// The solution at a place; `None` after the last one. Ends the query when there is a failure that is not passed over.
    pub(in crate::query) fn row(&self, session: &Session, at: usize) -> Option<Row> {
        budget::step();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.silent && !state.is_done {
            // Whether it fails must be known before the first solution is used.
            while !state.is_done {
                if let Err(failure) = self.fetch(session, &mut state) {
                    match failure {
                        Failure::Limit(error) => budget::fail(error),
                        Failure::Service(error) => {
                            let mut figures = std::mem::take(&mut state.figures);
                            figures.failure = Some(error.text());
                            *state = State {
                                rows: vec![vec![None; self.variables.len()]],
                                is_done: true,
                                figures,
                                ..State::default()
                            };
                        }
                    }
                }
            }
        }
        while state.rows.len() <= at && !state.is_done {
            if let Err(Failure::Limit(error) | Failure::Service(error)) =
                self.fetch(session, &mut state)
            {
                state.is_done = true;
                state.figures.failure = Some(error.text());
                drop(state);
                budget::fail(error);
            }
        }
        state.rows.get(at).cloned()
    }

    /// What was asked so far, and how it went.
    pub(in crate::query) fn figures(&self) -> ServiceFigures {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut endpoints: Vec<String> = Vec::new();
        for request in &self.asked {
            if !endpoints.contains(&request.endpoint) {
                endpoints.push(request.endpoint.clone());
            }
        }
        let Figures {
            sent,
            rows,
            time,
            failure,
        } = state.figures.clone();
        ServiceFigures {
            endpoints,
            planned: self.asked.len() as u64,
            sent,
            rows,
            time,
            failure,
        }
    }

    /// Reads one more solution, or finds that there is none.
    fn fetch(&self, session: &Session, state: &mut State) -> Result<(), Failure> {
        let started = Instant::now();
        let fetched = self.fetch_one(session, state);
        state.figures.time += started.elapsed();
        fetched
    }

    fn fetch_one(&self, session: &Session, state: &mut State) -> Result<(), Failure> {
        let mut current = match state.current.take() {
            Some(current) => current,
            None => match state.waiting.pop_front() {
                Some(request) => {
                    state.figures.sent += 1;
                    session.start(request)?
                }
                None => {
                    state.is_done = true;
                    return Ok(());
                }
            },
        };
        match current.solutions.next() {
            None => {}
            Some(Ok(solution)) => {
                state.figures.rows += 1;
                take_one(&session.rows_left)
                    .ok_or_else(|| limit("rijen", "rows", session.services.limits.max_rows))?;
                let solution = |variable: &Variable| solution.get(variable).cloned();
                if let Some(row) = self.read(solution, &mut current) {
                    let bytes: usize = row.iter().flatten().map(term_bytes).sum();
                    budget::add_bytes(bytes + size_of::<Row>());
                    state.rows.push(row);
                }
                state.current = Some(current);
            }
            Some(Err(error)) => {
                return Err(session.failure(&current.request.endpoint, of_reading(&error)));
            }
        }
        Ok(())
    }

    /// A solution with our columns; `None` when it contradicts the value that all get.
    fn read(
        &self,
        solution: impl Fn(&Variable) -> Option<Term>,
        current: &mut Current,
    ) -> Option<Row> {
        let mut row = Vec::with_capacity(self.variables.len());
        for variable in &*self.variables {
            let found = solution(variable).map(|term| {
                with_blank_nodes(term, &mut |node| {
                    current.labels.entry(node).or_default().clone()
                })
            });
            row.push(match (&current.request.extra, found) {
                (Some((extra, value)), found) if extra == variable => {
                    if found.is_some_and(|found| found != *value) {
                        return None;
                    }
                    Some(value.clone())
                }
                (_, found) => found,
            });
        }
        Some(row)
    }
}

/// About what a term takes.
fn term_bytes(term: &Term) -> usize {
    let text = match term {
        Term::NamedNode(node) => node.as_str().len(),
        Term::BlankNode(node) => node.as_str().len(),
        Term::Literal(literal) => literal.value().len() + literal.datatype().as_str().len(),
        Term::Triple(triple) => {
            term_bytes(&triple.subject.clone().into())
                + triple.predicate.as_str().len()
                + term_bytes(&triple.object)
        }
    };
    size_of::<Term>() + text
}

//! How a query is answered: its plan with what the planner expected of each step, and what each step did when the query is
//! run to its end, under the limits of any query and with its rows thrown away. Writes no text; the pages and the command
//! line do.
//!
//! The plan is the one that answers: of the executor its own steps, of the evaluator what it tells of itself.

mod evaluator;
mod naming;
mod step;

pub(super) use evaluator::in_graph;
pub(super) use naming::{Naming, one_line};
pub use step::{Step, StepFigures, StepKind, StepRole};

use crate::query::algebra_in::{DatasetClause, Fitting};
use crate::query::answer::{RowLimit, Seen, evaluation_error};
use crate::query::budget::Budget;
use crate::query::dataset::QueryDataset;
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::exec::Solutions;
use crate::query::exec::describe::{Words, line};
use crate::query::exec::measure::Meter;
use crate::query::exec::plan::{Node, Program};
use crate::query::run::{ParsedQuery, Ready, new_budget, request_clause};
use crate::query::service::Session;
use crate::query::{Engine, QueryKind, QueryOptions};
use crate::rdf::label::Text;
use crate::store::View;
use spareval::{QueryExplanation, QueryResults};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time to make a plan once more, for a query that was stopped.
const PLAN_TIME: Duration = Duration::from_secs(1);

/// Whether to run a query that is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainMode {
    /// Only make the plan. No other endpoint is asked.
    Plan,
    /// Run it to its end and count.
    Run,
}

impl ExplainMode {
    /// The mode of a word: `1` and `run` run the query, `plan` does not.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "1" | "run" => Some(Self::Run),
            "plan" => Some(Self::Plan),
            _ => None,
        }
    }
}

/// Which engine runs a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryRunner {
    /// The executor, on ids and many solutions at a time.
    Executor,
    /// The evaluator, which has what the executor lacks.
    Evaluator,
}

impl QueryRunner {
    /// A code that does not change.
    pub fn code(self) -> &'static str {
        match self {
            Self::Executor => "executor",
            Self::Evaluator => "evaluator",
        }
    }
}

/// What one `SERVICE` asked of other endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFigures {
    /// The endpoints.
    pub endpoints: Vec<String>,
    /// Requests there would be if all are needed.
    pub planned: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Solutions that came back.
    pub rows: u64,
    /// Time that was spent on waiting and reading.
    pub time: Duration,
    /// Why one gave no answer; with `SILENT` the query goes on.
    pub failure: Option<Text>,
}

/// How the run of an explained query ended.
#[derive(Debug)]
pub struct QueryRun {
    /// From the first step to the last row. Making the plan is not in it.
    pub elapsed: Duration,
    /// Rows or triples of the answer, as far as it came; 1 for `ASK`.
    pub rows: u64,
    /// What stopped it before its end.
    pub failure: Option<QueryError>,
}

/// How a query is answered.
#[derive(Debug)]
pub struct Explanation {
    /// The query form.
    pub kind: QueryKind,
    /// What runs it.
    pub runner: QueryRunner,
    /// The steps, each before those it reads; the first is the last that is done.
    pub steps: Vec<Step>,
    /// Time to make the plan. Where other endpoints are asked, what stands beside them is evaluated in it.
    pub preparation: Duration,
    /// What happened when it was run; `None` when it was not.
    pub run: Option<QueryRun>,
}

/// Explains a query on a view. A limit that is hit while the query runs is told in the explanation, which then has the
/// figures up to there.
///
/// # Errors
/// What goes wrong before the query runs: a graph of the options that is no IRI, a limit, another endpoint that may not
/// be asked.
pub fn explain(
    view: &View,
    query: &ParsedQuery,
    options: &QueryOptions,
    mode: ExplainMode,
) -> Result<Explanation, QueryError> {
    let clause = request_clause(options)?;
    let work = || Work::start(view, query, options, clause.as_ref(), mode);
    if query.is_shallow() {
        work()
    } else {
        with_deep_stack(work)
    }
}

/// An explanation in the making.
struct Work<'a> {
    view: &'a View,
    query: &'a ParsedQuery,
    options: &'a QueryOptions,
    mode: ExplainMode,
    budget: Rc<Budget>,
    naming: Naming,
    started: Instant,
}

impl<'a> Work<'a> {
    fn start(
        view: &'a View,
        query: &'a ParsedQuery,
        options: &'a QueryOptions,
        clause: Option<&DatasetClause>,
        mode: ExplainMode,
    ) -> Result<Explanation, QueryError> {
        let work = Self {
            view,
            query,
            options,
            mode,
            budget: new_budget(options),
            naming: Naming::new(query.prefixes()),
            started: Instant::now(),
        };
        let without = QueryOptions {
            services: None,
            ..options.clone()
        };
        let asking = match mode {
            ExplainMode::Plan => &without,
            ExplainMode::Run => options,
        };
        let budget = &work.budget;
        let ready = budget.run(|| Ready::make(view, query.algebra(), clause, asking, budget))??;
        // The executor's own steps do not nest with the text; its lowering does.
        if options.engine == Engine::Automatic && query.is_shallow() {
            let lowered = budget.run(|| {
                let mut notes = ready.algebra.notes(&ready.dataset.sources());
                let program = ready.algebra.lower(&ready.dataset, Some(&mut notes))?;
                Some((program, notes))
            })?;
            if let Some((program, notes)) = lowered {
                let words = Words {
                    names: &notes.names,
                    dataset: &ready.dataset,
                    naming: &work.naming,
                };
                let expected = |node: &Rc<Node>| notes.rows(node);
                let steps = steps_of(&program.plan, &words, &expected);
                return Ok(work.execute(program, steps, ready.dataset));
            }
        }
        work.evaluate(ready)
    }

    fn explanation(&self, runner: QueryRunner, preparation: Duration) -> Explanation {
        Explanation {
            kind: self.query.kind(),
            runner,
            steps: Vec::new(),
            preparation,
            run: None,
        }
    }

    /// Runs the plan of the executor, if it is to be run.
    fn execute(
        &self,
        mut program: Program,
        steps: Vec<(Rc<Node>, Step)>,
        dataset: QueryDataset,
    ) -> Explanation {
        self.options.progress.set_plan(|| line(&program.plan));
        let (nodes, steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let mut explanation = self.explanation(QueryRunner::Executor, self.started.elapsed());
        explanation.steps = steps;
        if self.mode == ExplainMode::Plan {
            return explanation;
        }
        let meter = Meter::of(&program.plan);
        program.meter = Some(Rc::clone(&meter));
        let (kind, budget) = (self.query.kind(), &self.budget);
        let started = Instant::now();
        let mut limit = RowLimit::new(self.options);
        let ran = budget.run(|| {
            let mut solutions = Solutions::start(program, kind == QueryKind::Ask, dataset, budget);
            // As whoever reads the answer would: terms are looked up, triples are counted once.
            match kind {
                QueryKind::Ask => {
                    solutions.advance()?;
                    limit.take()
                }
                QueryKind::Select => {
                    let mut values = Vec::new();
                    while solutions.advance()? {
                        limit.take()?;
                        solutions.read(&mut values);
                    }
                    Ok(())
                }
                QueryKind::Construct | QueryKind::Describe => {
                    let mut seen = Seen::default();
                    while let Some(triple) = solutions.next_triple()? {
                        if seen.insert(&triple) {
                            limit.take()?;
                        }
                    }
                    Ok(())
                }
            }
        });
        let elapsed = started.elapsed();
        for (step, node) in explanation.steps.iter_mut().zip(&nodes) {
            let counted = meter.counted(node);
            step.figures = Some(StepFigures {
                rows: counted.rows,
                loops: Some(counted.loops),
                batches: Some(counted.batches),
                time: counted.time,
                own_time: Duration::ZERO,
                is_counted: counted.is_shortcut,
            });
        }
        step::share_time(&mut explanation.steps);
        explanation.run = Some(QueryRun {
            elapsed,
            rows: self.options.progress.rows(),
            failure: ran.and_then(|ran| ran).err(),
        });
        explanation
    }

    /// Runs the plan of the evaluator, if it is to be run.
    fn evaluate(&self, ready: Ready<'_>) -> Result<Explanation, QueryError> {
        self.options.progress.set_plan(|| ready.algebra.line());
        let budget = &self.budget;
        let fitting =
            budget.run(|| Fitting::of(&ready.algebra, &ready.dataset.sources(), &self.naming))?;
        let evaluator = ready.evaluator()?;
        let session = ready.session.clone();
        let preparation = self.started.elapsed();
        // The plan does not depend on the data: over none it is made without a run.
        let bare = || {
            let nothing = DatasetClause {
                named: Some(Vec::new()),
                ..DatasetClause::default()
            };
            let fallback = self.options.default_graph;
            let dataset = QueryDataset::new(self.view, Some(&nothing), fallback, Rc::clone(budget));
            let (results, told) = ready.algebra.prepare(&evaluator).explain(dataset);
            drop(results);
            told
        };
        let mut explanation = self.explanation(QueryRunner::Evaluator, preparation);
        if self.mode == ExplainMode::Plan {
            let told = budget.run(bare)?;
            explanation.steps = evaluator::steps(&told, false, &self.naming, None);
            fitting.mark(&mut explanation.steps);
            return Ok(explanation);
        }
        let measuring = evaluator.clone().compute_statistics();
        let started = Instant::now();
        let mut told = None;
        let ran = budget.run(|| {
            let (results, explained) = ready.algebra.prepare(&measuring).explain(ready.dataset);
            told = Some(explained);
            self.read(results.map_err(evaluation_error)?)
        });
        let elapsed = started.elapsed();
        let failure = ran.and_then(|ran| ran).err();
        explanation.steps = match &told {
            Some(told) => self.told(told, session.as_ref()),
            // It was stopped in a step that does all its work before it tells of its plan.
            None => {
                let more = QueryOptions {
                    timeout: Some(PLAN_TIME),
                    overtime: None,
                    ..self.options.clone()
                };
                new_budget(&more).run(bare).map_or_else(
                    |_| Vec::new(),
                    |told| evaluator::steps(&told, false, &self.naming, session.as_ref()),
                )
            }
        };
        fitting.mark(&mut explanation.steps);
        explanation.run = Some(QueryRun {
            elapsed,
            rows: self.options.progress.rows(),
            failure,
        });
        Ok(explanation)
    }

    fn told(&self, told: &QueryExplanation, session: Option<&Arc<Session>>) -> Vec<Step> {
        let mut steps = evaluator::steps(told, true, &self.naming, session);
        step::share_time(&mut steps);
        steps
    }

    /// Reads the rows of the evaluator to their end.
    fn read(&self, results: QueryResults<'_>) -> Result<(), QueryError> {
        let mut limit = RowLimit::new(self.options);
        match results {
            QueryResults::Boolean(_) => limit.take(),
            QueryResults::Solutions(solutions) => {
                for solution in solutions {
                    solution.map_err(evaluation_error)?;
                    limit.take()?;
                }
                Ok(())
            }
            QueryResults::Graph(triples) => {
                let mut seen = Seen::default();
                for triple in triples {
                    if seen.insert(&triple.map_err(evaluation_error)?) {
                        limit.take()?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The steps of a plan of the executor with their nodes, each before those it reads. What only starts another step is no
/// step of its own.
fn steps_of(
    plan: &Rc<Node>,
    words: &Words<'_>,
    expected: &dyn Fn(&Rc<Node>) -> Option<f64>,
) -> Vec<(Rc<Node>, Step)> {
    let mut steps: Vec<(Rc<Node>, Step)> = Vec::new();
    let mut open = vec![(Rc::clone(plan), None, StepRole::Input, true)];
    while let Some((node, parent, role, is_from_nothing)) = open.pop() {
        let mut step = Step::new(node.kind(), one_line(&node.detail(words)));
        step.parent = parent;
        step.depth = parent.map_or(0, |parent: usize| steps[parent].1.depth + 1);
        step.role = role;
        // Solutions that are counted do not come out one by one.
        step.expected_rows = expected(&node).filter(|_| step.kind != StepKind::COUNT);
        let this = steps.len();
        let parts = node.parts();
        // The branches of a union that starts from nothing start from nothing too.
        let is_union_from_nothing = is_from_nothing
            && step.kind == StepKind::UNION
            && parts.first().is_some_and(|(_, input)| input.is_start());
        let is_first = parts.first().is_none_or(|(_, input)| input.is_start());
        if is_from_nothing && is_first && step.kind == StepKind::LOOK_UP {
            step.kind = StepKind::SCAN;
        }
        for (role, part) in parts.into_iter().rev() {
            let (role, inside) = match role {
                StepRole::Each if is_union_from_nothing => (StepRole::Input, true),
                StepRole::Each => (role, false),
                StepRole::Table => (role, true),
                StepRole::Input => (role, is_from_nothing),
            };
            if !part.is_start() {
                open.push((Rc::clone(part), Some(this), role, inside));
            }
        }
        steps.push((node, step));
    }
    steps
}

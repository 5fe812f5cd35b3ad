//! SPARQL 1.1 Update on a draft. All operations or none: after an error the caller drops the draft.
//! Decides nothing about what may be written and commits nothing.

use crate::query::algebra_in::{self, DatasetClause, Modify, Target, Transfer, UpdateOperation};
use crate::query::answer::{Guarded, evaluation_error};
use crate::query::budget::Budget;
use crate::query::dataset::{QueryDataset, evaluator};
use crate::query::deep::stream_from_deep_stack;
use crate::query::error::QueryError;
use crate::query::run::{new_budget, request_clause};
use crate::query::{DefaultGraph, QueryOptions};
use crate::rdf::label::Text;
use crate::rdf::text::{triple_depth, with_blank_nodes};
use crate::rdf::version::MAX_TRIPLE_DEPTH;
use crate::store::{Draft, Graphs, Id, QuadIds, View};
use oxrdf::{BlankNode, GraphName, NamedOrBlankNode, Quad};
use rustc_hash::FxHashMap;
use spareval::{DeleteInsertIter, DeleteInsertQuad};
use std::rc::Rc;

/// What an update did to the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateStats {
    /// Operations carried out.
    pub operations: usize,
    /// Quads the operations asked to add, those already present included.
    pub inserted: u64,
    /// Quads the operations asked to remove, those already absent included.
    pub deleted: u64,
}

/// Applies an update request ([SPARQL 1.1 Update](https://www.w3.org/TR/sparql11-update/)) to a draft.
/// Each operation sees what the earlier ones did. Graphs exist as long as they hold a quad: `CREATE` adds nothing,
/// and `DROP` is `CLEAR`. `LOAD` is refused, `LOAD SILENT` does nothing: an update never makes the server fetch.
///
/// # Errors
/// As for queries, and [`QueryError::Refused`]. The draft then holds part of the work: drop it.
pub fn apply_update(
    draft: &mut Draft<'_>,
    text: &str,
    options: &QueryOptions,
) -> Result<UpdateStats, QueryError> {
    let operations =
        algebra_in::parse_update(text, options.base_iri.as_deref(), draft.rdf_version())?;
    apply(draft, operations, options, None)
}

/// As [`apply_update`], with one graph as the default graph of every operation, and the only one that may change
/// ([Graph Store Protocol §5.7](https://www.w3.org/TR/sparql11-http-rdf-update/#http-patch)). Other graphs may be read.
///
/// # Errors
/// As [`apply_update`]; [`QueryError::Refused`] for an operation that would change another graph.
pub fn apply_update_within(
    draft: &mut Draft<'_>,
    text: &str,
    options: &QueryOptions,
    graph: &GraphName,
) -> Result<UpdateStats, QueryError> {
    let mut operations =
        algebra_in::parse_update(text, options.base_iri.as_deref(), draft.rdf_version())?;
    let mut options = options.clone();
    match graph {
        GraphName::NamedNode(name) => {
            for operation in &mut operations {
                operation.with_default(name);
            }
        }
        _ => options.default_graph = DefaultGraph::Stored,
    }
    apply(draft, operations, &options, Some(graph))
}

fn apply(
    draft: &mut Draft<'_>,
    operations: Vec<UpdateOperation>,
    options: &QueryOptions,
    within: Option<&GraphName>,
) -> Result<UpdateStats, QueryError> {
    let clause = request_clause(options)?;
    let names_dataset = |operation: &UpdateOperation| matches!(operation, UpdateOperation::Modify(modify) if modify.dataset.is_some());
    if clause.is_some()
        && let Some(number) = operations.iter().position(names_dataset)
    {
        // SPARQL 1.1 Protocol §2.2.3 makes this combination an error.
        return Err(refused(
            number,
            "USING en WITH gaan niet samen met using-graph-uri",
            "USING and WITH cannot be combined with using-graph-uri",
        ));
    }
    let within = within.map(|graph| draft.intern_graph(graph.as_ref()));
    let mut work = Work {
        draft,
        options,
        clause,
        within,
        number: 0,
        budget: new_budget(options),
        stats: UpdateStats::default(),
    };
    for (number, operation) in operations.into_iter().enumerate() {
        work.budget.check()?;
        work.number = number;
        work.apply(number, operation)?;
        work.stats.operations += 1;
    }
    Ok(work.stats)
}

struct Work<'a, 'b> {
    draft: &'a mut Draft<'b>,
    options: &'a QueryOptions,
    clause: Option<DatasetClause>,
    /// The only graph that may change, if there is one.
    within: Option<Id>,
    /// Position of the operation at hand.
    number: usize,
    budget: Rc<Budget>,
    stats: UpdateStats,
}

impl Work<'_, '_> {
    fn apply(&mut self, number: usize, operation: UpdateOperation) -> Result<(), QueryError> {
        match operation {
            UpdateOperation::InsertData(quads) => {
                let mut labels = FxHashMap::default();
                for quad in quads {
                    let quad = with_fresh_labels(quad, &mut labels);
                    self.check_depth(&quad)?;
                    let ids = self.draft.intern_quad(quad.as_ref());
                    self.insert(ids)?;
                }
            }
            UpdateOperation::DeleteData(quads) => {
                let view = self.draft.snapshot().view();
                for quad in quads {
                    if let Some(ids) = ids_of(&view, &quad) {
                        self.delete(ids)?;
                    }
                }
            }
            UpdateOperation::Modify(modify) => self.modify(*modify)?,
            UpdateOperation::Load { silent: true, .. } => {}
            UpdateOperation::Load { source, .. } => {
                return Err(refused(
                    number,
                    format!(
                        "LOAD {source} haalt iets van het net en dat doet een bewerking hier nooit"
                    ),
                    format!(
                        "LOAD {source} would fetch from the network, which an update never does here"
                    ),
                ));
            }
            UpdateOperation::Clear(target) => {
                let view = self.draft.snapshot().view();
                let view = match target {
                    Target::All => view.with_graphs(Graphs::All),
                    Target::Named => view.with_graphs(Graphs::AnyNamed),
                    Target::Graph(name) => match view.id_of_graph(name.as_ref()) {
                        Some(graph) => view.with_graphs(Graphs::One(graph)),
                        None => return Ok(()),
                    },
                };
                for quad in view.quads(None, None, None, None) {
                    self.delete(quad)?;
                }
            }
            UpdateOperation::Create { silent, graph } => {
                let name = GraphName::from(graph.clone());
                if !silent && self.exists(&name) {
                    return Err(refused(
                        number,
                        format!("graaf {graph} bestaat al"),
                        format!("graph {graph} exists already"),
                    ));
                }
            }
            UpdateOperation::Transfer {
                kind,
                silent,
                from,
                to,
            } => self.transfer(number, kind, silent, &from, &to)?,
        }
        Ok(())
    }

    fn modify(&mut self, modify: Modify) -> Result<(), QueryError> {
        let view = self.draft.snapshot().view();
        let clause = self.clause.clone().or_else(|| modify.dataset.clone());
        if modify.is_deep {
            let (base, options) = (view.clone(), self.options.clone());
            let changes = stream_from_deep_stack(move |sender| {
                let budget = new_budget(&options);
                match changes(&base, clause.as_ref(), &options, modify, &budget) {
                    Ok(mut changes) => {
                        changes.all(|change| sender.send(change));
                    }
                    Err(error) => {
                        sender.send(Err(error));
                    }
                }
            })?;
            self.change(&view, changes)
        } else {
            let changes = changes(&view, clause.as_ref(), self.options, modify, &self.budget)?;
            self.change(&view, changes)
        }
    }

    /// Every solution comes from the state before the operation; removals go before additions.
    fn change(
        &mut self,
        view: &View,
        changes: impl Iterator<Item = Result<DeleteInsertQuad, QueryError>>,
    ) -> Result<(), QueryError> {
        let mut inserts = Vec::new();
        for change in changes {
            match change? {
                DeleteInsertQuad::Delete(quad) => {
                    if let Some(ids) = ids_of(view, &quad) {
                        self.delete(ids)?;
                    }
                }
                DeleteInsertQuad::Insert(quad) => {
                    self.check_depth(&quad)?;
                    inserts.push(self.draft.intern_quad(quad.as_ref()));
                }
            }
        }
        for ids in inserts {
            self.insert(ids)?;
        }
        Ok(())
    }

    fn transfer(
        &mut self,
        number: usize,
        kind: Transfer,
        silent: bool,
        from: &GraphName,
        to: &GraphName,
    ) -> Result<(), QueryError> {
        if *from != GraphName::DefaultGraph && !self.exists(from) {
            return if silent {
                Ok(())
            } else {
                Err(refused(
                    number,
                    format!("graaf {from} bestaat niet"),
                    format!("graph {from} does not exist"),
                ))
            };
        }
        let view = self.draft.snapshot().view();
        let Some(source) = view.id_of_graph(from.as_ref()) else {
            return Ok(());
        };
        let target = self.draft.intern_graph(to.as_ref());
        if kind != Transfer::Add {
            for quad in view.quads(None, None, None, Some(target)) {
                self.delete(quad)?;
            }
        }
        for quad in view.quads(None, None, None, Some(source)) {
            self.insert(QuadIds { g: target, ..quad })?;
            if kind == Transfer::Move {
                self.delete(quad)?;
            }
        }
        Ok(())
    }

    fn exists(&mut self, name: &GraphName) -> bool {
        let view = self.draft.snapshot().view();
        view.id_of_graph(name.as_ref())
            .is_some_and(|graph| view.quads(None, None, None, Some(graph)).next().is_some())
    }

    /// Triple terms that update after update puts into each other would grow without bound.
    fn check_depth(&self, quad: &Quad) -> Result<(), QueryError> {
        if triple_depth(quad.object.as_ref()) <= MAX_TRIPLE_DEPTH {
            return Ok(());
        }
        Err(refused(
            self.number,
            format!("triple terms liggen dieper dan {MAX_TRIPLE_DEPTH} in elkaar"),
            format!("triple terms lie deeper than {MAX_TRIPLE_DEPTH} within each other"),
        ))
    }

    fn check_graph(&self, graph: Id) -> Result<(), QueryError> {
        if self.within.is_none_or(|only| only == graph) {
            return Ok(());
        }
        Err(refused(
            self.number,
            "ze raakt een andere graaf dan die van het verzoek",
            "it would change another graph than that of the request",
        ))
    }

    fn insert(&mut self, quad: QuadIds) -> Result<(), QueryError> {
        self.check_graph(quad.g)?;
        self.stats.inserted += 1;
        self.count()?;
        self.draft.add(quad);
        Ok(())
    }

    fn delete(&mut self, quad: QuadIds) -> Result<(), QueryError> {
        self.check_graph(quad.g)?;
        self.stats.deleted += 1;
        self.count()?;
        self.draft.remove(quad);
        Ok(())
    }

    fn count(&self) -> Result<(), QueryError> {
        let done = self.stats.inserted + self.stats.deleted;
        if let Some(limit) = self.options.max_rows
            && done > limit
        {
            return Err(QueryError::RowLimit { limit });
        }
        if done.is_multiple_of(4096) {
            self.budget.check()?;
        }
        Ok(())
    }
}

/// The quads an operation removes and adds, as its solutions are found.
fn changes(
    view: &View,
    clause: Option<&DatasetClause>,
    options: &QueryOptions,
    mut modify: Modify,
    budget: &Rc<Budget>,
) -> Result<Guarded<DeleteInsertIter<'static>>, QueryError> {
    let dataset = QueryDataset::new(view, clause, options.default_graph, Rc::clone(budget));
    let evaluator = evaluator();
    let changes = budget.run(|| {
        modify.over_graphs(|| dataset.graph_iris());
        modify.search(&dataset.sources())?;
        modify.order(&dataset.sources());
        let changes = modify.prepare(&evaluator).execute(dataset);
        changes.map_err(evaluation_error)
    })??;
    Ok(Guarded::new(changes, Rc::clone(budget)))
}

fn refused(number: usize, nl: impl Into<String>, en: impl Into<String>) -> QueryError {
    QueryError::Refused {
        operation: number + 1,
        reason: Text::new(nl, en),
    }
}

fn ids_of(view: &View, quad: &Quad) -> Option<QuadIds> {
    Some(QuadIds {
        s: view.id_of(quad.subject.as_ref().into())?,
        p: view.id_of(quad.predicate.as_ref().into())?,
        o: view.id_of(quad.object.as_ref())?,
        g: view.id_of_graph(quad.graph_name.as_ref())?,
    })
}

/// Labels in `INSERT DATA` name new nodes each time the operation runs.
fn with_fresh_labels(quad: Quad, labels: &mut FxHashMap<BlankNode, BlankNode>) -> Quad {
    let mut fresh = |node: BlankNode| labels.entry(node).or_default().clone();
    Quad {
        subject: match quad.subject {
            NamedOrBlankNode::BlankNode(node) => fresh(node).into(),
            other => other,
        },
        object: with_blank_nodes(quad.object, &mut fresh),
        ..quad
    }
}

//! From solutions back to terms: the columns of a `SELECT`, the triples of a `CONSTRUCT`.

use super::plan::{Program, TemplateTerm};
use super::{Execution, FIRST_ROWS};
use crate::query::budget::Budget;
use crate::query::dataset::QueryDataset;
use crate::query::error::QueryError;
use crate::query::given::Found;
use crate::store::Id;
use oxrdf::{BlankNode, NamedOrBlankNode, Term, Triple, Variable};
use std::borrow::Cow;
use std::rc::Rc;

/// A query at work and the solution at hand. All but making it is to be done under the budget.
pub(in crate::query) struct Solutions {
    execution: Execution,
    program: Program,
    /// Ids of the values read last, column by column.
    last: Vec<u64>,
    /// The next part of the template; none when a solution is needed first.
    part: usize,
    /// Blank nodes of the template for the solution at hand.
    blanks: Vec<(String, BlankNode)>,
}

impl Solutions {
    /// Starts a query; `is_one_enough` when only its first solution counts.
    pub(in crate::query) fn start(
        program: Program,
        is_one_enough: bool,
        dataset: QueryDataset,
        budget: &Rc<Budget>,
    ) -> Self {
        let first = if is_one_enough { 1 } else { FIRST_ROWS };
        Self {
            execution: Execution::start(&program, first, dataset, budget),
            last: vec![0; program.columns.len()],
            part: program.template.len(),
            program,
            blanks: Vec::new(),
        }
    }

    /// The columns.
    pub(in crate::query) fn variables(&self) -> &[Variable] {
        &self.program.columns
    }

    /// Goes to the next solution; `false` when there is none.
    ///
    /// # Errors
    /// A limit of the query.
    pub(in crate::query) fn advance(&mut self) -> Result<bool, QueryError> {
        self.execution.advance()
    }

    /// Reads the values of the solution at hand into what those of the one before were read into.
    pub(in crate::query) fn read(&mut self, values: &mut Vec<Option<Term>>) {
        values.resize(self.program.slots.len(), None);
        let row = self.execution.row();
        for ((slot, last), value) in self
            .program
            .slots
            .iter()
            .zip(&mut self.last)
            .zip(values.iter_mut())
        {
            let raw = slot.map_or(0, |slot| row[slot]);
            // Neighbours often share a value.
            if *last != raw {
                *last = raw;
                *value = Id::from_raw(raw).map(|id| self.execution.dataset().term(id));
            }
        }
    }

    /// Reads the values of the solution at hand: for each of `order`, a column or none, what was found there.
    pub(in crate::query) fn read_found(
        &self,
        order: &[Option<usize>],
        values: &mut [Option<Found>],
    ) {
        let row = self.execution.row();
        for (column, value) in order.iter().zip(values) {
            let slot = column.and_then(|column| self.program.slots[column]);
            *value = slot.and_then(|slot| Id::from_raw(row[slot])).map(|id| {
                match id.local_index() {
                    None => Found::Id(id),
                    Some(_) => Found::Term(self.execution.dataset().term(id)),
                }
            });
        }
    }

    /// Columns and canonical texts of the values of the solution at hand.
    pub(in crate::query) fn texts(&self) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
        let row = self.execution.row();
        let dataset = self.execution.dataset();
        let slots = self.program.slots.iter().enumerate();
        slots.filter_map(move |(column, slot)| {
            let id = Id::from_raw(row[(*slot)?])?;
            Some((column, dataset.text(id)))
        })
    }

    /// The next triple of the template for which a solution has terms that fit.
    ///
    /// # Errors
    /// A limit of the query.
    pub(in crate::query) fn next_triple(&mut self) -> Result<Option<Triple>, QueryError> {
        loop {
            if self.part == self.program.template.len() {
                if self.program.template.is_empty() || !self.execution.advance()? {
                    return Ok(None);
                }
                self.part = 0;
                self.blanks.clear();
            }
            let part = self.part;
            self.part += 1;
            if let Some(triple) = self.triple(part) {
                return Ok(Some(triple));
            }
        }
    }

    fn triple(&mut self, part: usize) -> Option<Triple> {
        let [subject, predicate, object] = [0, 1, 2].map(|position| self.term(part, position));
        let subject = NamedOrBlankNode::try_from(subject?).ok()?;
        let Term::NamedNode(predicate) = predicate? else {
            return None;
        };
        Some(Triple::new(subject, predicate, object?))
    }

    fn term(&mut self, part: usize, position: usize) -> Option<Term> {
        match &self.program.template[part][position] {
            TemplateTerm::Is(term) => Some(term.clone()),
            TemplateTerm::Slot(slot) => {
                let id = Id::from_raw(self.execution.row()[*slot])?;
                Some(self.execution.dataset().term(id))
            }
            TemplateTerm::Blank(label) => {
                // One node for each solution.
                let known = self.blanks.iter().find(|(known, _)| known == label);
                if let Some((_, node)) = known {
                    return Some(node.clone().into());
                }
                let node = BlankNode::default();
                self.blanks.push((label.clone(), node.clone()));
                Some(node.into())
            }
        }
    }
}

//! Tests on the text or value of single terms, each distinct term once: the answer is remembered per id as long as
//! that pays.

use super::{Frame, Run};
use crate::rdf::text::{split_literal, unescape};
use crate::rdf::vocab::xsd;
use crate::shapes::compare::Value;
use crate::shapes::idset::IdSet;
use crate::shapes::text_tests::{Answers, TextAnswers};
use crate::store::{Id, TermKind, TermMeta, View};
use oxrdf::Term;
use std::sync::atomic::Ordering;

/// Which memo a test uses.
pub(crate) type MemoIx = u32;

/// Answers of one test, by id.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: IdSet,
    passing: IdSet,
    looked_up: u64,
    hits: u64,
}

/// After this many look-ups a memo that rarely helps is given up.
const TRIAL: u64 = 16 * 1024;

impl Memo {
    fn pays(&self) -> bool {
        self.looked_up < TRIAL || self.hits * 4 > self.looked_up
    }
}

/// What tests on texts have said before.
pub(super) struct Recalled {
    /// By test.
    answers: Vec<Answers>,
    /// Texts in files that some test was not asked about.
    unasked: u64,
    /// How many texts had been read by then.
    read_before: u64,
}

/// Fewer values are looked at one by one, whatever is remembered.
const RECALL_FROM: usize = 256;
/// When a run has read this part of the texts nobody asked about one by one, reading all of them in order is the better way.
const SWEEP_PART: u64 = 64;

impl Run<'_> {
    /// What a test is known to say, when so many values are at hand that this is of use.
    fn recall(&mut self, memo: MemoIx, values: usize) -> Option<Answers> {
        let test = *self.bound.test_of.get(&memo)? as usize;
        if values < RECALL_FROM && self.recalled.is_none() {
            return None;
        }
        let (tests, view) = (&self.bound.text_tests, self.context);
        let read = self.stats.texts_read;
        let recalled = self.recalled.get_or_insert_with(|| {
            let (answers, unasked) = TextAnswers::of(view).recall(tests, view);
            Recalled {
                answers,
                unasked,
                read_before: read,
            }
        });
        let asked = read - recalled.read_before + values as u64;
        if recalled.unasked > 0 && asked * SWEEP_PART > recalled.unasked {
            let known = TextAnswers::of(view);
            let cancel = self.cancel.as_deref();
            let stop = || cancel.is_some_and(|flag| flag.load(Ordering::Relaxed));
            known.sweep(tests, view, &stop);
            recalled.answers = known.recall(tests, view).0;
            recalled.unasked = 0;
        }
        Some(recalled.answers[test].clone())
    }

    /// Rows of a frame whose value fails the test; asked once per distinct value.
    pub(crate) fn memoised(
        &mut self,
        memo: MemoIx,
        frame: &Frame<'_>,
        rows: &mut Vec<u32>,
        test: impl Fn(&Self, Id) -> bool,
    ) {
        let recalled = self.recall(memo, frame.values().len());
        let mut memo_state = self.memos[memo as usize].take().unwrap_or_default();
        let mut asked = 0;
        for (row, &value) in frame.values().iter().enumerate() {
            let known = recalled
                .as_ref()
                .and_then(|answers| answers.of(value, self.context));
            let passes = if let Some(passes) = known {
                passes
            } else if memo_state.pays() {
                memo_state.looked_up += 1;
                if memo_state.known.insert(value) {
                    asked += 1;
                    let passes = test(self, value);
                    if passes {
                        memo_state.passing.insert(value);
                    }
                    passes
                } else {
                    memo_state.hits += 1;
                    memo_state.passing.contains(value)
                }
            } else {
                asked += 1;
                test(self, value)
            };
            if !passes {
                rows.push(row as u32);
            }
        }
        if !memo_state.pays() {
            *memo_state = Memo {
                looked_up: memo_state.looked_up,
                hits: memo_state.hits,
                ..Memo::default()
            };
        }
        self.memos[memo as usize] = Some(memo_state);
        self.stats.texts_read += asked;
    }

    /// The string of an IRI or literal handed to a test, as `STR` of SPARQL; blank nodes and triple terms fail.
    pub(crate) fn with_string(&self, id: Id, test: impl Fn(&str) -> bool) -> bool {
        match self.locals.get(id) {
            Some(Term::NamedNode(node)) => return test(node.as_str()),
            Some(Term::Literal(literal)) => return test(literal.value()),
            Some(Term::BlankNode(_) | Term::Triple(_)) => return false,
            None => {}
        }
        match id.kind() {
            TermKind::Iri => self.context.iri(id).is_some_and(|iri| test(&iri)),
            TermKind::Literal => {
                let text = self.context.text(id);
                split_literal(&text)
                    .and_then(|parts| unescape(parts.escaped))
                    .is_ok_and(|lexical| test(&lexical))
            }
            TermKind::Blank | TermKind::Triple | TermKind::DefaultGraph => false,
        }
    }

    /// The value of a well-formed literal, for comparison.
    pub(crate) fn value(&self, id: Id) -> Option<Value> {
        if let Some(local) = self.locals.get(id) {
            return match local {
                Term::Literal(literal) => Value::of_literal(literal.as_ref()),
                _ => None,
            };
        }
        if !id.is_literal() || !self.context.meta(id).well_formed {
            return None;
        }
        let text = self.context.text(id);
        let parts = split_literal(&text).ok()?;
        if parts.language.is_some() {
            return None;
        }
        Value::parse(
            &unescape(parts.escaped).ok()?,
            parts.datatype.unwrap_or(xsd::STRING),
        )
    }
}

/// Facts about a term without an id in the store.
pub(super) fn local_meta(view: &View, term: Option<&Term>) -> TermMeta {
    let none = TermMeta {
        kind: TermKind::Iri,
        datatype: u16::MAX,
        language: 0,
        well_formed: true,
    };
    match term {
        Some(Term::Literal(literal)) => {
            let datatype = literal.datatype();
            let typed = Value::of_literal(literal.as_ref());
            TermMeta {
                kind: TermKind::Literal,
                datatype: view.datatype_index(datatype.as_str()).unwrap_or(u16::MAX),
                // Datatypes with an order are those whose form can be judged here.
                well_formed: typed.is_some() || Value::parse("", datatype.as_str()).is_none(),
                ..none
            }
        }
        _ => none,
    }
}

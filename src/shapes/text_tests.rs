//! What tests on texts (`sh:pattern`, `sh:minLength` and their like) say of literals, remembered for as long as a store is
//! open. The texts of a store never change and neither do their ids, so an answer holds for ever. Texts lie packed in files:
//! a run that asks for many of them reads them all once, in order, for all tests, which costs a fraction of looking each up.

use super::idset::{IdSet, sort_unique};
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Id, PartKey, TermKind, TermMeta, TermPart, View};
use oxrdf::NamedNode;
use regex::Regex;
use rustc_hash::FxHashMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A test, and the literals it is likely to be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextTest {
    kind: Kind,
    asked: Asked,
}

/// Which literals a test is likely to be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    /// Those of the datatype that the same shape asks for.
    Datatype(NamedNode),
    /// Those like the values of this predicate.
    Values(Id),
    /// Strings.
    Strings,
}

#[derive(Clone, Debug)]
enum Kind {
    Pattern {
        source: String,
        flags: String,
        regex: Regex,
    },
    AtLeast(u64),
    AtMost(u64),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Pattern { source, flags, .. },
                Self::Pattern {
                    source: s,
                    flags: f,
                    ..
                },
            ) => source == s && flags == f,
            (Self::AtLeast(a), Self::AtLeast(b)) | (Self::AtMost(a), Self::AtMost(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Kind {}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Pattern { source, flags, .. } => (source, flags).hash(state),
            Self::AtLeast(limit) => (1, limit).hash(state),
            Self::AtMost(limit) => (2, limit).hash(state),
        }
    }
}

impl TextTest {
    /// A regular expression.
    pub(crate) fn pattern((source, flags): (&str, &str), regex: &Regex, asked: Asked) -> Self {
        Self {
            kind: Kind::Pattern {
                source: source.to_owned(),
                flags: flags.to_owned(),
                regex: regex.clone(),
            },
            asked,
        }
    }

    /// A bound on the number of characters.
    pub(crate) fn length(limit: u64, is_max: bool, asked: Asked) -> Self {
        Self {
            kind: if is_max {
                Kind::AtMost(limit)
            } else {
                Kind::AtLeast(limit)
            },
            asked,
        }
    }

    /// Whether a text passes.
    pub(crate) fn passes(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Pattern { regex, .. } => regex.is_match(text),
            Kind::AtLeast(limit) => text.chars().count() as u64 >= *limit,
            Kind::AtMost(limit) => text.chars().count() as u64 <= *limit,
        }
    }

    /// Datatypes of the literals it is likely to be asked about.
    fn datatypes(&self, view: &View) -> Vec<u16> {
        let named = |iris: &[&str]| {
            let known = iris.iter().filter_map(|iri| view.datatype_index(iri));
            known.collect::<Vec<u16>>()
        };
        match &self.asked {
            Asked::Datatype(datatype) => named(&[datatype.as_str()]),
            Asked::Strings => named(&[xsd::STRING, rdf::LANG_STRING]),
            Asked::Values(predicate) => {
                let mut datatypes = named(&[xsd::STRING, rdf::LANG_STRING]);
                let values = view.pairs(*predicate).map(|(_, value)| value);
                let literals = values.take(SAMPLE).filter(|value| value.is_literal());
                datatypes.extend(literals.map(|value| view.meta(value).datatype));
                sort_unique(datatypes)
            }
        }
    }
}

/// Values whose datatypes are looked at to learn what a predicate has.
const SAMPLE: usize = 1024;

/// What one test says of the texts of one part.
#[derive(Debug)]
struct Told {
    numbers: Range<u64>,
    /// It was asked about literals of these datatypes.
    datatypes: Vec<u16>,
    failing: IdSet,
}

/// What one test says of the texts of a state, as far as it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Vec<Arc<Told>>);

impl Answers {
    /// Whether a literal passes; `None` when nobody asked.
    pub(crate) fn of(&self, id: Id, view: &View) -> Option<bool> {
        if !id.is_indexed() || !id.is_literal() {
            return None;
        }
        let told = self
            .0
            .iter()
            .find(|told| told.numbers.contains(&id.value()))?;
        let meta = view.meta(id);
        covers(&told.datatypes, meta).then(|| !told.failing.contains(id))
    }
}

fn covers(datatypes: &[u16], meta: TermMeta) -> bool {
    meta.kind == TermKind::Literal && datatypes.contains(&meta.datatype)
}

/// What all tests say of the texts of one store, part by part: a part never changes.
#[derive(Default)]
pub(crate) struct TextAnswers {
    known: Mutex<FxHashMap<(PartKey, TextTest), Arc<Told>>>,
    /// Held by the one who asks about many texts.
    sweeping: Mutex<()>,
}

/// Tests asked about all texts; those beyond are asked about single ones only.
const MOST_TESTS: usize = 64;

/// Parts worth remembering: those in files. What is in memory is read fast and will be in a file soon.
fn files(view: &View) -> impl Iterator<Item = TermPart> {
    let parts = view.snapshot().term_parts().into_iter();
    parts.filter(|part| part.file_number().is_some())
}

impl TextAnswers {
    /// Those of the store of a view.
    pub(crate) fn of(view: &View) -> Arc<Self> {
        view.attached()
    }

    fn known(&self) -> MutexGuard<'_, FxHashMap<(PartKey, TextTest), Arc<Told>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of tests, in their order; and how many texts in files nobody asked one of them about.
    pub(crate) fn recall(&self, tests: &[TextTest], view: &View) -> (Vec<Answers>, u64) {
        let mut answers = vec![Answers::default(); tests.len()];
        let mut unasked = 0;
        if tests.is_empty() {
            return (answers, unasked);
        }
        let known = self.known();
        for part in files(view) {
            let mut all = true;
            for (at, (test, answers)) in tests.iter().zip(&mut answers).enumerate() {
                match known.get(&(part.key(), test.clone())) {
                    Some(told) => answers.0.push(Arc::clone(told)),
                    None => all &= at >= MOST_TESTS,
                }
            }
            if !all {
                unasked += part.range().end - part.range().start;
            }
        }
        (answers, unasked)
    }

    /// Asks tests about all texts in files that they were not asked about yet, as long as `stop` does not say otherwise.
    pub(crate) fn sweep(&self, tests: &[TextTest], view: &View, stop: &dyn Fn() -> bool) {
        let _only = self.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
        let tests = &tests[..tests.len().min(MOST_TESTS)];
        let mut keys = Vec::new();
        for part in files(view) {
            keys.push(part.key());
            let new: Vec<&TextTest> = {
                let known = self.known();
                let is_new = |test: &&TextTest| !known.contains_key(&(part.key(), (*test).clone()));
                tests.iter().filter(is_new).collect()
            };
            let mut told: Vec<Told> = new
                .iter()
                .map(|test| Told {
                    numbers: part.range(),
                    datatypes: test.datatypes(view),
                    failing: IdSet::default(),
                })
                .collect();
            if new.is_empty() || !ask(&part, &new, &mut told, stop) {
                continue;
            }
            let mut known = self.known();
            for (test, told) in new.into_iter().zip(told) {
                known.insert((part.key(), test.clone()), Arc::new(told));
            }
        }
        // Parts of earlier states are gone for good, and so are tests of earlier shapes.
        self.known()
            .retain(|(key, test), _| keys.contains(key) && tests.contains(test));
    }
}

/// Asks tests about the texts of a part; `false` when it was stopped.
fn ask(part: &TermPart, tests: &[&TextTest], told: &mut [Told], stop: &dyn Fn() -> bool) -> bool {
    let datatypes = sort_unique(
        told.iter()
            .flat_map(|told| told.datatypes.clone())
            .collect(),
    );
    let (mut looks, mut goes_on) = (0_u32, true);
    part.for_each_literal(
        part.range(),
        |meta| covers(&datatypes, meta),
        |id, meta, text| {
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(4096) && stop() {
                goes_on = false;
                return ControlFlow::Break(());
            }
            for (test, told) in tests.iter().zip(told.iter_mut()) {
                if covers(&told.datatypes, meta) && !test.passes(text) {
                    told.failing.insert(id);
                }
            }
            ControlFlow::Continue(())
        },
    );
    goes_on
}

//! Binding compiled shapes to one version of the store: terms become ids. Terms the store does not know get ids of
//! their own for the run, so that a target node without any statement is still a focus node.

use super::constraints::{LanguageTest, Length, Limit};
use super::graph::subclass_closure;
use super::model::{Compiled, Constraint, PairKind, PathIx, Shape};
use super::path::Path;
use super::run::MemoIx;
use super::sparql::is_solution;
use super::text_tests::{Asked, TextTest};
use super::v12::Constraint12;
use crate::rdf::vocab::rdf;
use crate::shapes::compare::Value;
use crate::store::{Id, View};
use oxrdf::{NamedNode, Term, TermRef};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A path over ids. Inversion is at predicates only; a predicate the store does not know leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BoundPath {
    Nothing,
    Forward(Id),
    Backward(Id),
    Sequence(Vec<BoundPath>),
    Alternative(Vec<BoundPath>),
    ZeroOrMore(Box<BoundPath>),
    OneOrMore(Box<BoundPath>),
    ZeroOrOne(Box<BoundPath>),
}

/// A constraint over ids. Those that refer to shapes need nothing more than what was compiled.
#[derive(Debug)]
pub(crate) enum BoundConstraint {
    /// Index of a class extent.
    Class(u32),
    /// Datatype index; `None` when no literal has it.
    Datatype(Option<u16>),
    NodeKind(u8),
    MinCount(u64),
    MaxCount(u64),
    Range(Limit),
    Length(Length),
    Pattern(MemoIx),
    Languages(LanguageTest),
    UniqueLang,
    Pair(PairKind, Option<Id>),
    HasValue(Id),
    /// Sorted.
    In(Arc<[Id]>),
    /// Sorted predicates.
    Closed(Vec<Id>),
    /// Index of a concept scheme; `None` when the store does not know it.
    CodeList(Option<u32>),
    /// Everything that refers to shapes.
    Shapes,
    /// A query, which binds its terms itself.
    Query,
    /// What SHACL 1.2 adds.
    V12(Bound12),
}

/// A constraint of SHACL 1.2 over ids.
#[derive(Debug)]
pub(crate) enum Bound12 {
    /// Indexes of class extents.
    ClassIn(Vec<u32>),
    /// Datatype indexes that some literal has.
    DatatypeIn(Vec<u16>),
    /// The classes and their subclasses, sorted.
    RootClass(Vec<Id>),
    SingleLine(MemoIx),
    SubsetOf(PathIx),
    /// Predicates; `None` for those the store does not know.
    UniqueValues(Vec<Option<Id>>),
    /// Lists, and what refers to shapes: nothing more is needed than what was compiled.
    Shapes,
}

/// Compiled shapes over the ids of one version.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    pub(crate) shapes: Vec<Vec<BoundConstraint>>,
    pub(crate) paths: Vec<BoundPath>,
    pub(crate) rdf_type: Option<Id>,
    /// Classes of `sh:class`, each once, with their subclasses; sorted.
    pub(crate) classes: Vec<Vec<Id>>,
    /// Concept schemes of code lists, each once.
    pub(crate) schemes: Vec<Id>,
    /// How many memos the literal tests need.
    pub(crate) memos: u32,
    /// Tests on texts, each once, and by memo the test it is of.
    pub(crate) text_tests: Vec<TextTest>,
    pub(crate) test_of: FxHashMap<MemoIx, u32>,
    /// Names that the state does not know: with them known the bindings would be others.
    pub(crate) unknown: Vec<Unknown>,
}

/// A name without a number in the state that shapes were bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unknown {
    Term(Term),
    Datatype(NamedNode),
}

impl Unknown {
    /// Whether a state knows none of the names either, so that what was bound without them is as good there.
    pub(crate) fn none_in(unknown: &[Self], view: &View) -> bool {
        unknown.iter().all(|unknown| match unknown {
            Self::Term(term) => view.id_of(term.as_ref()).is_none(),
            Self::Datatype(datatype) => view.datatype_index(datatype.as_str()).is_none(),
        })
    }
}

/// Terms without an id in the store, by the number in their run-local id.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalTerms {
    terms: Vec<Term>,
    ids: FxHashMap<Term, Id>,
}

impl LocalTerms {
    /// The id of a term: the store's, or one for this run.
    pub(crate) fn bind(&mut self, view: &View, term: TermRef<'_>) -> Id {
        if let Some(id) = view.id_of(term) {
            return id;
        }
        let next = Id::local(self.terms.len() as u64);
        *self.ids.entry(term.into_owned()).or_insert_with(|| {
            self.terms.push(term.into_owned());
            next
        })
    }

    /// All of them, in the order of their ids.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether a state knows one of them by now.
    pub(crate) fn any_known_in(&self, view: &View) -> bool {
        self.terms
            .iter()
            .filter(|term| !is_solution(term))
            .any(|term| view.id_of(term.as_ref()).is_some())
    }

    /// The term of a run-local id.
    pub(crate) fn get(&self, id: Id) -> Option<&Term> {
        self.terms.get(usize::try_from(id.local_index()?).ok()?)
    }
}

/// What [`bind`] makes besides the bindings: terms that the store does not know.
pub(crate) struct Bound {
    pub(crate) bindings: Bindings,
    pub(crate) locals: LocalTerms,
}

/// Binds all shapes to the context view.
pub(crate) fn bind(compiled: &Compiled, view: &View) -> Bound {
    let mut binder = Binder::new(view);
    binder.bindings.rdf_type = binder.iri(rdf::TYPE);
    binder.bindings.paths = compiled
        .paths
        .iter()
        .map(|path| binder.path(path))
        .collect();
    for shape in &compiled.shapes {
        let bound = if shape.runs() {
            binder.asked = binder.asked_of(shape);
            shape
                .constraints
                .iter()
                .map(|c| binder.constraint(c))
                .collect()
        } else {
            Vec::new()
        };
        binder.bindings.shapes.push(bound);
    }
    Bound {
        bindings: binder.bindings,
        locals: binder.locals,
    }
}

/// Turns names into ids of one state.
pub(crate) struct Binder<'a> {
    view: &'a View,
    pub(crate) bindings: Bindings,
    locals: LocalTerms,
    class_ix: FxHashMap<NamedNode, u32>,
    scheme_ix: FxHashMap<Id, u32>,
    /// Lists of values by where they are kept: shapes share them.
    lists: FxHashMap<usize, Arc<[Id]>>,
    unknown: FxHashSet<Unknown>,
    /// Which literals tests of the shape at hand are asked about.
    asked: Asked,
    text_ix: FxHashMap<TextTest, u32>,
}

impl<'a> Binder<'a> {
    /// Nothing is bound yet.
    pub(crate) fn new(view: &'a View) -> Self {
        Self {
            view,
            bindings: Bindings::default(),
            locals: LocalTerms::default(),
            class_ix: FxHashMap::default(),
            scheme_ix: FxHashMap::default(),
            lists: FxHashMap::default(),
            unknown: FxHashSet::default(),
            asked: Asked::Strings,
            text_ix: FxHashMap::default(),
        }
    }

    fn missing(&mut self, unknown: Unknown) {
        if self.unknown.insert(unknown.clone()) {
            self.bindings.unknown.push(unknown);
        }
    }

    /// The id of an IRI; what is not known is written down.
    pub(crate) fn iri(&mut self, iri: &str) -> Option<Id> {
        let found = self.view.id_of_iri(iri);
        if found.is_none() {
            self.missing(Unknown::Term(NamedNode::new_unchecked(iri).into()));
        }
        found
    }

    /// The id of a term: the store's, or one of its own.
    pub(crate) fn term(&mut self, term: &Term) -> Id {
        if self.view.id_of(term.as_ref()).is_none() {
            self.missing(Unknown::Term(term.clone()));
        }
        self.locals.bind(self.view, term.as_ref())
    }

    /// A path in normal form over ids.
    pub(crate) fn path(&mut self, path: &Path) -> BoundPath {
        let mut all = |paths: &[Path]| paths.iter().map(|p| self.path(p)).collect::<Vec<_>>();
        match path {
            Path::Predicate(p) => self
                .iri(p.as_str())
                .map_or(BoundPath::Nothing, BoundPath::Forward),
            Path::Inverse(inner) => match self.path(inner) {
                BoundPath::Forward(p) => BoundPath::Backward(p),
                BoundPath::Nothing => BoundPath::Nothing,
                _ => unreachable!("in normal form only predicates are inverted"),
            },
            Path::Sequence(paths) => {
                let steps = all(paths);
                if steps.contains(&BoundPath::Nothing) {
                    BoundPath::Nothing
                } else {
                    BoundPath::Sequence(steps)
                }
            }
            Path::Alternative(paths) => BoundPath::Alternative(all(paths)),
            Path::ZeroOrMore(inner) => BoundPath::ZeroOrMore(Box::new(self.path(inner))),
            Path::OneOrMore(inner) => match self.path(inner) {
                BoundPath::Nothing => BoundPath::Nothing,
                inner => BoundPath::OneOrMore(Box::new(inner)),
            },
            Path::ZeroOrOne(inner) => BoundPath::ZeroOrOne(Box::new(self.path(inner))),
        }
    }

    fn memo(&mut self) -> MemoIx {
        self.bindings.memos += 1;
        self.bindings.memos - 1
    }

    /// Which literals tests of a shape are likely to be asked about.
    fn asked_of(&self, shape: &Shape) -> Asked {
        let datatype = shape
            .constraints
            .iter()
            .find_map(|constraint| match constraint {
                Constraint::Datatype(datatype) => Some(datatype.clone()),
                _ => None,
            });
        let mut path = shape.path.map(|path| &self.bindings.paths[path as usize]);
        while let Some(BoundPath::Sequence(steps)) = path {
            path = steps.last();
        }
        match (datatype, path) {
            (Some(datatype), _) => Asked::Datatype(datatype),
            (None, Some(BoundPath::Forward(predicate))) => Asked::Values(*predicate),
            _ => Asked::Strings,
        }
    }

    /// The memo of a test on texts.
    fn text_memo(&mut self, make: impl FnOnce(Asked) -> TextTest) -> MemoIx {
        let memo = self.memo();
        let test = make(self.asked.clone());
        let tests = &mut self.bindings.text_tests;
        let ix = *self.text_ix.entry(test).or_insert_with_key(|test| {
            tests.push(test.clone());
            tests.len() as u32 - 1
        });
        self.bindings.test_of.insert(memo, ix);
        memo
    }

    fn class(&mut self, class: &NamedNode) -> u32 {
        if let Some(ix) = self.class_ix.get(class) {
            return *ix;
        }
        let classes = self
            .iri(class.as_str())
            .map_or_else(Vec::new, |id| subclass_closure(self.view, id));
        let ix = self.bindings.classes.len() as u32;
        self.bindings.classes.push(classes);
        self.class_ix.insert(class.clone(), ix);
        ix
    }

    fn constraint(&mut self, constraint: &Constraint) -> BoundConstraint {
        let view = self.view;
        match constraint {
            Constraint::Class(class) => BoundConstraint::Class(self.class(class)),
            Constraint::Datatype(datatype) => {
                let index = view.datatype_index(datatype.as_str());
                if index.is_none() {
                    self.missing(Unknown::Datatype(datatype.clone()));
                }
                BoundConstraint::Datatype(index)
            }
            Constraint::NodeKind(kinds) => BoundConstraint::NodeKind(*kinds),
            Constraint::MinCount(min) => BoundConstraint::MinCount(*min),
            Constraint::MaxCount(max) => BoundConstraint::MaxCount(*max),
            Constraint::Range(bound, literal) => {
                let (value, memo) = (Value::of_literal(literal.as_ref()), self.memo());
                BoundConstraint::Range(Limit {
                    bound: *bound,
                    value,
                    memo,
                })
            }
            Constraint::MinLength(limit) => BoundConstraint::Length(Length {
                limit: *limit,
                is_max: false,
                memo: self.text_memo(|asked| TextTest::length(*limit, false, asked)),
            }),
            Constraint::MaxLength(limit) => BoundConstraint::Length(Length {
                limit: *limit,
                is_max: true,
                memo: self.text_memo(|asked| TextTest::length(*limit, true, asked)),
            }),
            Constraint::Pattern {
                source,
                flags,
                regex,
            } => {
                let test = |asked| TextTest::pattern((source, flags), regex, asked);
                BoundConstraint::Pattern(self.text_memo(test))
            }
            Constraint::LanguageIn(ranges) => BoundConstraint::Languages(LanguageTest::new(ranges)),
            Constraint::UniqueLang => BoundConstraint::UniqueLang,
            Constraint::Pair(kind, predicate) => {
                BoundConstraint::Pair(*kind, self.iri(predicate.as_str()))
            }
            Constraint::HasValue(value) => BoundConstraint::HasValue(self.term(value)),
            Constraint::In(members) => {
                let list = Arc::as_ptr(members).cast::<Term>() as usize;
                if let Some(known) = self.lists.get(&list) {
                    return BoundConstraint::In(Arc::clone(known));
                }
                let mut ids: Vec<Id> = members.iter().map(|m| self.term(m)).collect();
                ids.sort_unstable();
                let ids: Arc<[Id]> = ids.into();
                self.lists.insert(list, Arc::clone(&ids));
                BoundConstraint::In(ids)
            }
            Constraint::Closed(allowed) => {
                let mut ids: Vec<Id> = allowed
                    .iter()
                    .filter_map(|p| self.iri(p.as_str()))
                    .collect();
                ids.sort_unstable();
                BoundConstraint::Closed(ids)
            }
            Constraint::CodeList(scheme) => {
                BoundConstraint::CodeList(self.iri(scheme.as_str()).map(|id| {
                    let schemes = &mut self.bindings.schemes;
                    *self.scheme_ix.entry(id).or_insert_with(|| {
                        schemes.push(id);
                        schemes.len() as u32 - 1
                    })
                }))
            }
            Constraint::Sparql(_) => BoundConstraint::Query,
            Constraint::V12(constraint) => BoundConstraint::V12(self.v12(constraint)),
            Constraint::Not(_)
            | Constraint::And(_)
            | Constraint::Or(_)
            | Constraint::Xone(_)
            | Constraint::Node(_)
            | Constraint::Property(_)
            | Constraint::Qualified { .. } => BoundConstraint::Shapes,
        }
    }

    fn v12(&mut self, constraint: &Constraint12) -> Bound12 {
        let view = self.view;
        match constraint {
            Constraint12::ClassIn(classes) => {
                Bound12::ClassIn(classes.iter().map(|class| self.class(class)).collect())
            }
            Constraint12::DatatypeIn(datatypes) => {
                let mut known = Vec::with_capacity(datatypes.len());
                for datatype in datatypes {
                    match view.datatype_index(datatype.as_str()) {
                        Some(index) => known.push(index),
                        None => self.missing(Unknown::Datatype(datatype.clone())),
                    }
                }
                Bound12::DatatypeIn(known)
            }
            Constraint12::RootClass(classes) => {
                let mut all = Vec::new();
                for class in classes {
                    let class = self.term(&class.clone().into());
                    all.extend(subclass_closure(view, class));
                }
                Bound12::RootClass(super::idset::sort_unique(all))
            }
            Constraint12::SingleLine => Bound12::SingleLine(self.memo()),
            Constraint12::SubsetOf(path) => Bound12::SubsetOf(*path),
            Constraint12::UniqueValuesFor(properties) => Bound12::UniqueValues(
                properties
                    .iter()
                    .map(|property| self.iri(property.as_str()))
                    .collect(),
            ),
            Constraint12::SomeValue(_)
            | Constraint12::MemberShape(_)
            | Constraint12::MinListLength(_)
            | Constraint12::MaxListLength(_)
            | Constraint12::UniqueMembers
            | Constraint12::ReifierShape { .. } => Bound12::Shapes,
        }
    }
}

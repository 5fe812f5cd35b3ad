//! Which objects of which registers the rows of a window are about, and what changed of each. A row about a nested part, such
//! as a position, is a change of the object it belongs to: links that the register declares as nested are followed backwards,
//! among the rows first, then in the state after the commit and the one before it. Writes no events.

use super::window::{Parts, Row, Window, iri};
use crate::rdf::vocab::rdf;
use crate::registry::{Register, Registry};
use crate::store::{AsOf, View, is_apart};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Levels of nested parts.
const DEPTH: usize = 4;
/// What is nested in more objects than these is shared between them, and its changes are not theirs.
const MOST_OWNERS: usize = 16;

/// Rows that are undone for whoever anybody may ask.
const LITTLE: u64 = 10_000;

/// Rows with their terms, those that nobody sees left out.
pub(super) struct SeenRow<'a> {
    pub(super) added: bool,
    pub(super) parts: Parts<'a>,
}

/// The rows of a window that are shown: without what is set apart.
pub(super) fn shown(rows: &[Row]) -> Vec<SeenRow<'_>> {
    let mut apart: FxHashMap<&str, bool> = FxHashMap::default();
    rows.iter()
        .filter_map(|row| {
            let parts = row.parts()?;
            let hidden = *apart
                .entry(parts.graph)
                .or_insert_with(|| is_apart(parts.graph));
            (!hidden).then_some(SeenRow {
                added: row.added,
                parts,
            })
        })
        .collect()
}

/// Where a value stands in an object: the predicates that lead to it.
pub(super) type Path = Vec<String>;

/// What a property had and has, as canonical texts, as far as it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Created,
    Changed,
    Removed,
}

/// An object and what changed of it.
#[derive(Clone, Debug)]
pub(super) struct ItemChange {
    /// Position of its register among those of the registry.
    pub(super) register: usize,
    pub(super) iri: String,
    pub(super) happened: Happened,
    pub(super) values: BTreeMap<Path, Values>,
    /// Graphs, as canonical texts, in which something changed.
    pub(super) graphs: FxHashSet<String>,
}

/// An object that a subject belongs to, and how it is reached from there.
#[derive(Clone, Debug)]
struct Owner {
    register: usize,
    iri: Rc<str>,
    path: Path,
}

type Owners = Rc<[Owner]>;

/// How far back states are made to find out what a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookBack {
    /// To whatever the log has.
    Any,
    /// To the newest state and a little: for whoever anybody may ask.
    Little,
}

/// Objects, and whether they are all.
pub(super) struct Changes {
    pub(super) items: Vec<ItemChange>,
    /// Whether there may be others, in states that were not made.
    pub(super) is_partial: bool,
}

/// The objects that a window is about, sorted by register and IRI: the same ones whenever it is read.
pub(super) fn changes(
    registry: &Registry,
    window: &Window,
    rows: &[SeenRow<'_>],
    look_back: LookBack,
) -> Changes {
    let mut finder = Finder::new(registry, window.commit, rows, look_back);
    let mut found: BTreeMap<(usize, Rc<str>), ItemChange> = BTreeMap::new();
    for row in rows {
        let parts = &row.parts;
        for owner in finder.owners(parts.subject, DEPTH).iter() {
            let key = (owner.register, Rc::clone(&owner.iri));
            let item = found.entry(key).or_insert_with(|| ItemChange {
                register: owner.register,
                iri: owner.iri.to_string(),
                happened: Happened::Changed,
                values: BTreeMap::new(),
                graphs: FxHashSet::default(),
            });
            if !item.graphs.contains(parts.graph) {
                item.graphs.insert(parts.graph.to_owned());
            }
            let predicate = iri(parts.predicate).unwrap_or_default();
            if predicate == rdf::TYPE {
                let class = &registry.registers()[owner.register].class;
                let is_own = owner.path.is_empty() && iri(parts.object) == Some(class);
                if is_own && row.added {
                    item.happened = Happened::Created;
                } else if is_own && item.happened != Happened::Created {
                    item.happened = Happened::Removed;
                }
                continue;
            }
            // The label of a blank node means nothing elsewhere; what it says comes under its own path.
            if parts.object.starts_with("_:") {
                continue;
            }
            let mut path = owner.path.clone();
            path.push(predicate.to_owned());
            let values = item.values.entry(path).or_default();
            let side = if row.added {
                &mut values.after
            } else {
                &mut values.before
            };
            side.push(parts.object.to_owned());
        }
    }
    let mut found: Vec<ItemChange> = found.into_values().collect();
    for values in found.iter_mut().flat_map(|item| item.values.values_mut()) {
        values.before.sort_unstable();
        values.before.dedup();
        values.after.sort_unstable();
        values.after.dedup();
    }
    Changes {
        items: found,
        is_partial: finder.missed.get(),
    }
}

/// Finds the objects that subjects belong to.
struct Finder<'a> {
    registry: &'a Registry,
    commit: u64,
    /// Predicates that any register declares as nested.
    nested: FxHashSet<&'a str>,
    /// Rows that may nest one subject of the window in another: object to subject and predicate.
    links: FxHashMap<&'a str, Vec<(&'a str, &'a str)>>,
    /// Subjects of which something was removed.
    lost: FxHashSet<&'a str>,
    known: FxHashMap<String, Owners>,
    look_back: LookBack,
    /// Whether a state was wanted and not made.
    missed: Cell<bool>,
    after: OnceCell<Option<View>>,
    before: OnceCell<Option<View>>,
}

impl<'a> Finder<'a> {
    fn new(registry: &'a Registry, commit: u64, rows: &[SeenRow<'a>], look_back: LookBack) -> Self {
        let nested = registry.registers().iter().flat_map(nested_of);
        let nested: FxHashSet<&str> = nested.collect();
        let removed = rows.iter().filter(|row| !row.added);
        let mut links: FxHashMap<&str, Vec<(&str, &str)>> = FxHashMap::default();
        for row in rows {
            let parts = &row.parts;
            if let Some(predicate) = iri(parts.predicate)
                && nested.contains(predicate)
                && !parts.object.starts_with('"')
            {
                let list = links.entry(parts.object).or_default();
                if list.len() <= MOST_OWNERS && !list.contains(&(parts.subject, predicate)) {
                    list.push((parts.subject, predicate));
                }
            }
        }
        Self {
            registry,
            commit,
            nested,
            links,
            lost: removed.map(|row| row.parts.subject).collect(),
            known: FxHashMap::default(),
            look_back,
            missed: Cell::new(false),
            after: OnceCell::new(),
            before: OnceCell::new(),
        }
    }

    fn owners(&mut self, subject: &str, depth: usize) -> Owners {
        if let Some(known) = self.known.get(subject) {
            return Rc::clone(known);
        }
        let found = match self.item(subject) {
            Some(owner) => vec![owner],
            None if depth == 0 => return Rc::default(),
            None => self.nested_in(subject, depth),
        };
        let found: Owners = found.into();
        self.known.insert(subject.to_owned(), Rc::clone(&found));
        found
    }

    /// The subject itself as an object of a register.
    fn item(&self, subject: &str) -> Option<Owner> {
        let own = iri(subject)?;
        let mut registers = self.registry.registers().iter();
        let register = registers.position(|register| register.id_of_iri(own).is_some())?;
        Some(Owner {
            register,
            iri: own.into(),
            path: Path::new(),
        })
    }

    fn nested_in(&mut self, subject: &str, depth: usize) -> Vec<Owner> {
        let mut found: BTreeMap<(usize, Rc<str>, Path), Owner> = BTreeMap::new();
        let mut links: Vec<(String, String)> = Vec::new();
        if let Some(own) = self.links.get(subject) {
            let own = own.iter();
            links.extend(own.map(|(s, p)| ((*s).to_owned(), (*p).to_owned())));
        }
        if links.is_empty()
            && let Some(view) = self.after()
        {
            self.links_in(view, subject, &mut links);
        }
        // The state before is for what this commit took out of another one's nest.
        if links.is_empty()
            && (depth < DEPTH || self.lost.contains(subject))
            && let Some(view) = self.before()
        {
            self.links_in(view, subject, &mut links);
        }
        if links.len() > MOST_OWNERS {
            return Vec::new();
        }
        for (parent, predicate) in links {
            for owner in self.owners(&parent, depth - 1).iter() {
                let register = &self.registry.registers()[owner.register];
                if !nested_of(register).any(|own| own == predicate) {
                    continue;
                }
                let mut path = owner.path.clone();
                path.push(predicate.clone());
                let key = (owner.register, Rc::clone(&owner.iri), path.clone());
                found.entry(key).or_insert_with(|| Owner {
                    path,
                    ..owner.clone()
                });
            }
        }
        if found.len() > MOST_OWNERS {
            return Vec::new();
        }
        found.into_values().collect()
    }

    fn links_in(&self, view: &View, subject: &str, links: &mut Vec<(String, String)>) {
        let Some(object) = view.id_of_text(subject) else {
            return;
        };
        for predicate in &self.nested {
            let Some(p) = view.id_of_iri(predicate) else {
                continue;
            };
            for s in view.subjects(p, object).take(MOST_OWNERS + 1) {
                let link = (view.text(s).into_owned(), (*predicate).to_owned());
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
    }

    fn after(&self) -> Option<&View> {
        self.after.get_or_init(|| self.state(self.commit)).as_ref()
    }

    fn before(&self) -> Option<&View> {
        let earlier = self.commit.saturating_sub(1);
        self.before.get_or_init(|| self.state(earlier)).as_ref()
    }

    fn state(&self, commit: u64) -> Option<View> {
        let store = self.registry.store();
        let newest = store.snapshot();
        let is_near = commit == newest.seq()
            || commit + 1 == newest.seq()
                && store
                    .rows_changed(newest.seq())
                    .is_some_and(|(added, removed)| added + removed <= LITTLE);
        if self.look_back == LookBack::Little && !is_near {
            self.missed.set(true);
            return None;
        }
        match store.as_of(AsOf::Seq(commit)) {
            Ok(state) => Some(state.view().without_apart()),
            Err(error) => {
                self.missed.set(true);
                tracing::debug!(commit, %error, "Parts of objects are not looked for in a state that is gone");
                None
            }
        }
    }
}

fn nested_of(register: &Register) -> impl Iterator<Item = &str> {
    let all = register.embed.iter().chain(&register.geometry);
    all.map(String::as_str)
}

//! Which items of the registers a commit touched: those of whose documents it changed a statement. A statement about a part
//! of an item (a blank node, a node that stands for one, a node at the end of a declared predicate) is one about the item.

use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Fresh, Id, View};
use rustc_hash::{FxHashMap, FxHashSet};

/// Path segment of IRIs that stand for blank nodes.
const GENID: &[u8] = b"/.well-known/genid/";
/// Parts lie at most so deep, as in documents: named nodes and blank nodes together.
const MAX_DEPTH: usize = 38;

/// Some of the registers: a bit for each, by its place.
type Registers = u128;
const ALL: Registers = Registers::MAX;

/// The classes and parts of the registers in the ids of a state. Registers beyond the 128th are left out.
pub(super) struct Classes {
    rdf_type: Option<Id>,
    /// Which registers a class belongs to.
    registers: FxHashMap<Id, Registers>,
    /// Which registers nest what lies behind a predicate.
    embed: FxHashMap<Id, Registers>,
    /// The class of each register, where the state knows it.
    classes: Vec<Option<Id>>,
}

impl Classes {
    pub(super) fn of(view: &View, registers: &[Register]) -> Self {
        let mut classes = Self {
            rdf_type: view.id_of_iri(rdf::TYPE),
            registers: FxHashMap::default(),
            embed: FxHashMap::default(),
            classes: Vec::new(),
        };
        for (place, register) in registers.iter().enumerate().take(ALL.count_ones() as usize) {
            let class = view.id_of_iri(&register.class);
            if let Some(class) = class {
                *classes.registers.entry(class).or_default() |= 1 << place;
            }
            classes.classes.push(class);
            for predicate in &register.embed {
                if let Some(predicate) = view.id_of_iri(predicate) {
                    *classes.embed.entry(predicate).or_default() |= 1 << place;
                }
            }
        }
        classes
    }

    /// Whether an item is one of a register.
    pub(super) fn holds(&self, view: &View, register: usize, item: Id) -> bool {
        match (self.rdf_type, self.classes.get(register)) {
            (Some(rdf_type), Some(Some(class))) => view.contains(item, rdf_type, *class),
            _ => false,
        }
    }

    /// All items of a register.
    pub(super) fn items(&self, view: &View, register: usize) -> Vec<Id> {
        match (self.rdf_type, self.classes.get(register)) {
            (Some(rdf_type), Some(Some(class))) => {
                let items = view.subjects(rdf_type, *class);
                items.filter(|item| item.is_iri()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The items of each register, by the register's place, of which a subject in a state is one or a part of one. `fresh` is
/// what came with the state.
pub(super) fn touched(
    view: &View,
    fresh: Option<&Fresh>,
    classes: &Classes,
    subjects: &[Id],
) -> Vec<FxHashSet<Id>> {
    let mut climb = Climb {
        view,
        fresh,
        classes,
        found: vec![FxHashSet::default(); classes.classes.len()],
        seen: FxHashMap::default(),
        text: Vec::new(),
    };
    for subject in subjects {
        // A node that says nothing in a state adds nothing to the documents of that state.
        if climb.says_anything(*subject) {
            climb.look(*subject, ALL, 0);
        }
    }
    climb.found
}

struct Climb<'a> {
    view: &'a View,
    fresh: Option<&'a Fresh>,
    classes: &'a Classes,
    found: Vec<FxHashSet<Id>>,
    /// For which registers was climbed from a node.
    seen: FxHashMap<Id, Registers>,
    text: Vec<u8>,
}

impl<'a> Climb<'a> {
    /// What a node came with, when it came with the state.
    fn fresh(&self, node: Id) -> Option<&'a Fresh> {
        self.fresh.filter(|fresh| fresh.covers(node))
    }

    fn says_anything(&self, node: Id) -> bool {
        match self.fresh(node) {
            Some(fresh) => fresh.star(node).next().is_some(),
            None => self.view.may_hold(node) && self.view.star(node).next().is_some(),
        }
    }

    /// Subjects and predicates of the statements that name a node.
    fn naming(&self, node: Id) -> Vec<(Id, Id)> {
        match self.fresh(node) {
            Some(fresh) => fresh.star_reversed(node).collect(),
            None => self.view.star_reversed(node).collect(),
        }
    }

    /// Takes a node in when it is an item of one of some registers, and climbs to those that it is a part of.
    fn look(&mut self, node: Id, among: Registers, depth: usize) {
        let view = self.view;
        let seen = self.seen.entry(node).or_default();
        if among & !*seen == 0 || depth == MAX_DEPTH {
            return;
        }
        *seen |= among;
        let is_item = node.is_iri() && self.take(node, among);
        let stands_alone = !node.is_blank() && !self.stands_for_blank(node);
        if stands_alone && is_item {
            // Many may name it and few nest it.
            if self.fresh(node).is_none() && view.star_reversed(node).next().is_none() {
                return;
            }
            let classes = self.classes;
            for (predicate, registers) in &classes.embed {
                let parents: Vec<Id> = match self.fresh(node) {
                    Some(fresh) => {
                        let named = fresh.star_reversed(node);
                        let named = named.filter(|(_, by)| by == predicate);
                        named.map(|(parent, _)| parent).collect()
                    }
                    None => view.subjects(*predicate, node).collect(),
                };
                for parent in parents {
                    self.look(parent, among & registers, depth + 1);
                }
            }
            return;
        }
        for (parent, predicate) in self.naming(node) {
            let registers = if stands_alone {
                self.classes.embed.get(&predicate).copied().unwrap_or(0)
            } else {
                ALL
            };
            self.look(parent, among & registers, depth + 1);
        }
    }

    /// Takes a node in where it is an item; whether it is one of any register.
    fn take(&mut self, node: Id, among: Registers) -> bool {
        let Some(rdf_type) = self.classes.rdf_type else {
            return false;
        };
        let mut is_item = false;
        let types: Vec<Id> = match self.fresh(node) {
            Some(fresh) => fresh.objects(node, rdf_type).collect(),
            None => self.view.objects(node, rdf_type).collect(),
        };
        for class in types {
            let Some(registers) = self.classes.registers.get(&class) else {
                continue;
            };
            is_item = true;
            for (place, found) in self.found.iter_mut().enumerate() {
                if registers & among & (1 << place) != 0 {
                    found.insert(node);
                }
            }
        }
        is_item
    }

    fn stands_for_blank(&mut self, id: Id) -> bool {
        self.text.clear();
        self.view.write_text(id, &mut self.text);
        memchr::memmem::find(&self.text, GENID).is_some()
    }
}

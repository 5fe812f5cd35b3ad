//! Objects of a source on their way into a draft: each is read with its nodes once, changed in memory, and written as the
//! difference. When it changes at a later moment than its current version began, what it said until then is kept as a past
//! version. Decides nothing about what a source means.

use super::{CONTENT, DERIVED, EVENT, INVERSE, Moment, versions_name};
use crate::rdf::vocab::{dct, generiek, prov, rdf, schema, xsd};
use crate::store::{Draft, Id, QuadIds, View};
use oxrdf::{Literal, NamedNode, NamedNodeRef, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Ids of graphs and terms that versions are written with.
#[derive(Clone, Copy)]
struct Ids {
    asserted: Id,
    derived: Id,
    versions: Id,
    content: Id,
    derived_content: Id,
    is_version_of: Id,
    start: Id,
    end: Id,
    event: Id,
    source: Id,
    kind: Id,
    class: Id,
}

/// Objects that are being changed in one graph and the derived graph beside it.
pub struct Objects {
    base: String,
    view: View,
    /// The state before the draft, when the draft emptied the graphs: what objects were is read there.
    emptied: Option<View>,
    ids: Ids,
    open: FxHashMap<Id, Object>,
    /// Objects and their nodes that were opened, and the predicates by which they state something of others.
    seen: FxHashSet<Id>,
    /// What opened objects state of others.
    of_others: FxHashSet<QuadIds>,
    inverse: FxHashSet<Id>,
}

/// One version of an object.
#[derive(Clone, Debug)]
struct Version {
    id: Id,
    from: Moment,
    /// When it ended; none for the current one.
    until: Option<Moment>,
    event: Option<u64>,
}

/// An object with its nodes.
pub struct Object {
    /// The object.
    pub id: Id,
    iri: String,
    /// The object, then its nodes as they were.
    own: Vec<Id>,
    /// Start of the IRIs of its nodes, with a slash at the end.
    nodes: String,
    /// Whether it is opened for the first time.
    pub is_first: bool,
    before: BTreeSet<QuadIds>,
    /// What it says now, in both graphs.
    pub now: BTreeSet<QuadIds>,
    versions: Vec<Version>,
    told_before: BTreeSet<QuadIds>,
    told: BTreeSet<QuadIds>,
    past: Vec<QuadIds>,
    ids: Ids,
}

fn iri_id(draft: &mut Draft<'_>, iri: &str) -> Id {
    draft.intern(NamedNodeRef::new_unchecked(iri).into())
}

impl Objects {
    /// Objects that state things in a graph, and derived ones in that of the same name with `/afgeleid`, in the state that the
    /// draft has now. `base` is that of the registry.
    pub fn new(draft: &mut Draft<'_>, base: &str, graph: &str) -> Self {
        let versions = versions_name(base, graph);
        let ids = Ids {
            asserted: iri_id(draft, graph),
            derived: iri_id(draft, &format!("{graph}{DERIVED}")),
            content: iri_id(draft, &format!("{versions}{CONTENT}")),
            derived_content: iri_id(draft, &format!("{versions}{DERIVED}")),
            versions: iri_id(draft, &versions),
            is_version_of: iri_id(draft, dct::IS_VERSION_OF),
            start: iri_id(draft, schema::START_DATE),
            end: iri_id(draft, schema::END_DATE),
            event: iri_id(draft, EVENT),
            source: iri_id(draft, prov::WAS_DERIVED_FROM),
            kind: iri_id(draft, rdf::TYPE),
            class: iri_id(draft, generiek::VERSIE_CLASS),
        };
        Self {
            base: base.to_owned(),
            view: draft.snapshot().whole(),
            emptied: None,
            open: FxHashMap::default(),
            seen: FxHashSet::default(),
            of_others: FxHashSet::default(),
            inverse: FxHashSet::default(),
            ids,
        }
    }

    /// The same in a draft that emptied the graphs before: what objects were is read in the state before, and everything
    /// that they say is written anew.
    pub fn in_emptied(draft: &mut Draft<'_>, base: &str, graph: &str) -> Self {
        Self {
            emptied: Some(draft.base().whole()),
            ..Self::new(draft, base, graph)
        }
    }

    /// The graph of asserted statements, and that of derived ones.
    pub fn graph_ids(&self) -> [Id; 2] {
        [self.ids.asserted, self.ids.derived]
    }

    /// Objects that are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Opens an object with its nodes: those that it leads to, or that point to it, and whose IRIs begin with `nodes`, a slash
    /// after it. `inverse` are the predicates of statements that it makes of others and of nodes, with itself as the value.
    pub fn open(
        &mut self,
        draft: &mut Draft<'_>,
        iri: &str,
        nodes: &str,
        inverse: &[NamedNode],
    ) -> &mut Object {
        let id = iri_id(draft, iri);
        if !self.open.contains_key(&id) {
            let inverse: Vec<Id> = inverse
                .iter()
                .map(|predicate| draft.intern(predicate.as_ref().into()))
                .collect();
            for predicate in &inverse {
                if self.inverse.insert(*predicate) {
                    let (s, p) = (self.ids.versions, iri_id(draft, INVERSE));
                    let o = *predicate;
                    draft.add(QuadIds { s, p, o, g: s });
                }
            }
            let mut object = self.read((id, iri), &format!("{nodes}/"), &inverse);
            object.is_first = !self.seen.contains(&id);
            self.seen.extend(object.own());
            self.open.insert(id, object);
        }
        self.open.get_mut(&id).expect("it was just opened")
    }

    fn read(&self, (id, iri): (Id, &str), nodes: &str, inverse: &[Id]) -> Object {
        let ids = self.ids;
        // An object that was opened before stands in the draft by now.
        let is_new = !self.seen.contains(&id);
        let stated = self.emptied.as_ref().filter(|_| is_new);
        let stated = stated.unwrap_or(&self.view);
        let own = super::valid::with_nodes(stated, self.graph_ids(), (id, nodes), inverse);
        let view = &self.view;
        let mut before = BTreeSet::new();
        for graph in self.graph_ids() {
            for node in &own {
                before.extend(stated.quads(Some(*node), None, None, Some(graph)));
            }
            for p in inverse {
                before.extend(stated.quads(None, Some(*p), Some(id), Some(graph)));
            }
        }
        let mut told = BTreeSet::new();
        let mut versions = Vec::new();
        let found: Vec<Id> = view
            .quads(None, Some(ids.is_version_of), Some(id), Some(ids.versions))
            .map(|quad| quad.s)
            .collect();
        for version in found {
            let (mut from, mut until, mut event) = (None, None, None);
            for quad in view.quads(Some(version), None, None, Some(ids.versions)) {
                told.insert(quad);
                if [ids.start, ids.end, ids.event].contains(&quad.p)
                    && let Term::Literal(value) = view.term(quad.o)
                {
                    match quad.p {
                        p if p == ids.start => from = Moment::parse(value.value()),
                        p if p == ids.end => until = Moment::parse(value.value()),
                        _ => event = value.value().parse().ok().max(event),
                    }
                }
            }
            if let Some(from) = from {
                versions.push(Version {
                    id: version,
                    from,
                    until,
                    event,
                });
            }
        }
        versions.sort_by(|a, b| a.from.cmp(&b.from));
        Object {
            id,
            iri: iri.to_owned(),
            own,
            nodes: nodes.to_owned(),
            is_first: true,
            now: before.clone(),
            // Of what was emptied nothing stands any more.
            before: if self.emptied.is_some() && is_new {
                BTreeSet::new()
            } else {
                before
            },
            versions,
            told_before: told.clone(),
            told,
            past: Vec::new(),
            ids,
        }
    }

    /// Takes out of the graphs whatever no object says that was opened so far: it is gone from a source that was read as a
    /// whole. Objects that are gone end at a moment. To be called after [`Objects::flush`].
    pub fn keep_only_opened(&mut self, draft: &mut Draft<'_>, moment: &Moment) {
        let view = self.view.clone();
        let Ids {
            versions,
            is_version_of,
            end,
            ..
        } = self.ids;
        let mut gone: Vec<Id> = Vec::new();
        for quad in view.quads(None, Some(is_version_of), None, Some(versions)) {
            let is_current = view
                .quads(Some(quad.s), Some(end), None, Some(versions))
                .next()
                .is_none();
            if is_current && !self.seen.contains(&quad.o) {
                gone.push(quad.o);
            }
        }
        for id in gone {
            let Some(iri) = view.iri(id).map(|iri| iri.into_owned()) else {
                continue;
            };
            let nodes = node_path(&self.base, &iri).unwrap_or_else(|| iri.clone());
            let inverse: Vec<Id> = self.inverse.iter().copied().collect();
            let mut object = self.read((id, &iri), &nodes, &inverse);
            object.vanishes_at(draft, moment);
            object.write(draft, &self.of_others);
        }
        // What else stands in graphs that were emptied came with the same draft.
        let graphs = self
            .graph_ids()
            .into_iter()
            .filter(|_| self.emptied.is_none());
        for graph in graphs {
            for quad in view.quads(None, None, None, Some(graph)) {
                if !self.seen.contains(&quad.s) && !self.of_others.contains(&quad) {
                    draft.remove(quad);
                }
            }
        }
        // What one object says of another stays, whichever of them was written last.
        for quad in &self.of_others {
            draft.add(*quad);
        }
        self.view = draft.snapshot().whole();
    }

    /// Writes the differences of all open objects, and closes them.
    pub fn flush(&mut self, draft: &mut Draft<'_>) {
        let mut open: Vec<Object> = self.open.drain().map(|(_, object)| object).collect();
        open.sort_unstable_by_key(|object| object.id);
        // What one object states of another stays, though the other does not state it itself.
        for object in &open {
            for quad in object.now.iter().filter(|quad| quad.s != object.id) {
                if object.is_node(draft, quad.s) {
                    self.seen.insert(quad.s);
                } else {
                    self.of_others.insert(*quad);
                }
            }
        }
        for object in open {
            object.write(draft, &self.of_others);
        }
        self.view = draft.snapshot().whole();
    }
}

/// Start of the IRIs of an object's nodes; `None` for objects that have none.
pub(in crate::registry) fn node_path(base: &str, iri: &str) -> Option<String> {
    let (_, path) = iri.split_once("/id/")?;
    (!path.is_empty()).then(|| format!("{base}/.well-known/genid/{path}/"))
}

impl Object {
    /// The IRI of the object.
    pub fn iri(&self) -> &str {
        &self.iri
    }

    /// The object and its nodes.
    pub fn own(&self) -> impl Iterator<Item = Id> + '_ {
        self.own.iter().copied()
    }

    /// When the current version began; `None` when there is none.
    pub fn since(&self) -> Option<&Moment> {
        let last = self.versions.last()?;
        last.until.is_none().then_some(&last.from)
    }

    /// The number of the last event of a feed that changed the object.
    pub fn last_event(&self) -> Option<u64> {
        self.versions
            .iter()
            .filter_map(|version| version.event)
            .max()
    }

    /// Notes that an event made the newest version what it is.
    pub fn set_event(&mut self, draft: &mut Draft<'_>, event: u64) {
        let p = self.ids.event;
        let o = draft.intern(Term::from(Literal::from(event)).as_ref());
        if let Some(version) = self.versions.last_mut() {
            version.event = Some(event);
            let s = version.id;
            self.told.retain(|quad| (quad.s, quad.p) != (s, p));
            self.told.insert(QuadIds {
                s,
                p,
                o,
                g: self.ids.versions,
            });
        }
    }

    /// Notes the evidence of the newest version.
    pub fn set_evidence(&mut self, draft: &mut Draft<'_>, evidence: &NamedNode) {
        let o = draft.intern(evidence.as_ref().into());
        if let Some(version) = self.versions.last() {
            let (s, p, g) = (version.id, self.ids.source, self.ids.versions);
            self.told.insert(QuadIds { s, p, o, g });
        }
    }

    /// To be called before the object changes at a moment: what it says is kept as a past version when the current one
    /// began earlier. At the same moment, or an earlier one, the change is one of the current version.
    pub fn changes_at(&mut self, draft: &mut Draft<'_>, moment: &Moment) {
        self.adopt(draft);
        if self.since().is_some_and(|since| since.at() >= moment.at()) {
            return;
        }
        self.ends_at(draft, moment);
        // Nothing of the same moment stands there: it would be the current one.
        let version = self.version_iri(moment);
        let id = iri_id(draft, &version);
        self.tell(draft, id, moment);
        self.versions.push(Version {
            id,
            from: moment.clone(),
            until: None,
            event: None,
        });
    }

    /// What the object says of its version, when it was written before versions were kept.
    fn adopt(&mut self, draft: &mut Draft<'_>) {
        if !self.versions.is_empty() || self.now.is_empty() {
            return;
        }
        let p = iri_id(draft, generiek::VERSIE_IDENTIFICATOR);
        let Some(quad) = self.now.iter().find(|quad| quad.p == p) else {
            return;
        };
        let mut text = Vec::new();
        draft.write_text(quad.o, &mut text);
        let text = String::from_utf8_lossy(&text);
        let Some(from) = Moment::parse(text.trim_matches('"')) else {
            return;
        };
        let id = iri_id(draft, &self.version_iri(&from));
        self.tell(draft, id, &from);
        self.versions.push(Version {
            id,
            from,
            until: None,
            event: None,
        });
    }

    /// Ends the current version at a moment, and keeps what it said. The object itself is left as it is.
    pub fn ends_at(&mut self, draft: &mut Draft<'_>, moment: &Moment) {
        let Some(last) = self.versions.last().filter(|last| last.until.is_none()) else {
            return;
        };
        let (id, from) = (last.id, last.from.clone());
        let until = if from.at() > moment.at() {
            from.clone()
        } else {
            moment.clone()
        };
        let now: Vec<QuadIds> = self.now.iter().copied().collect();
        self.keep(draft, id, &from, &now);
        self.end(draft, id, &until);
        if let Some(last) = self.versions.last_mut() {
            last.until = Some(until);
        }
    }

    /// Takes the object away at a moment; what it said is kept.
    pub fn vanishes_at(&mut self, draft: &mut Draft<'_>, moment: &Moment) {
        self.adopt(draft);
        self.ends_at(draft, moment);
        self.now.clear();
    }

    /// Keeps what the object said at a moment before its current version began. Nothing happens when a version of that
    /// moment is known.
    pub fn was(&mut self, draft: &mut Draft<'_>, moment: &Moment, said: &[QuadIds]) {
        let at = moment.at();
        if self.versions.iter().any(|version| version.from.at() == at) {
            return;
        }
        let id = iri_id(draft, &self.version_iri(moment));
        let next = self
            .versions
            .iter()
            .position(|version| version.from.at() > at);
        let until = next.map(|next| self.versions[next].from.clone());
        // The version before ended no later than this one began.
        if let Some(before) = next.unwrap_or(self.versions.len()).checked_sub(1) {
            let version = &self.versions[before];
            if version.until.as_ref().is_none_or(|until| until.at() > at) {
                let id = version.id;
                self.end(draft, id, moment);
                self.versions[before].until = Some(moment.clone());
            }
        }
        self.tell(draft, id, moment);
        self.keep(draft, id, moment, said);
        if let Some(until) = &until {
            self.end(draft, id, until);
        }
        let version = Version {
            id,
            from: moment.clone(),
            until,
            event: None,
        };
        self.versions
            .insert(next.unwrap_or(self.versions.len()), version);
    }

    /// Writes the differences; statements that others make are not taken out.
    fn write(self, draft: &mut Draft<'_>, of_others: &FxHashSet<QuadIds>) {
        let states = [(&self.before, &self.now), (&self.told_before, &self.told)];
        for (before, now) in states {
            for quad in before
                .difference(now)
                .filter(|quad| !of_others.contains(quad))
            {
                draft.remove(*quad);
            }
            for quad in now.difference(before) {
                draft.add(*quad);
            }
        }
        for quad in self.past {
            draft.add(quad);
        }
    }

    fn is_node(&self, draft: &Draft<'_>, id: Id) -> bool {
        self.own.contains(&id) || self.node_iri(draft, id).is_some()
    }

    /// The IRI of a node of the object; `None` for the object itself and all others.
    fn node_iri(&self, draft: &Draft<'_>, id: Id) -> Option<String> {
        let mut text = Vec::new();
        draft.write_text(id, &mut text);
        let text = String::from_utf8(text).ok()?;
        let iri = text.strip_prefix('<')?.strip_suffix('>')?;
        iri.starts_with(&self.nodes).then(|| iri.to_owned())
    }

    fn version_iri(&self, moment: &Moment) -> String {
        format!("{}/{}", self.iri, moment.text())
    }

    fn tell(&mut self, draft: &mut Draft<'_>, version: Id, from: &Moment) {
        let Ids {
            versions: g,
            is_version_of,
            start,
            kind,
            class,
            ..
        } = self.ids;
        let from = draft.intern(date_time(from).as_ref());
        for (p, o) in [(kind, class), (is_version_of, self.id), (start, from)] {
            self.told.insert(QuadIds {
                s: version,
                p,
                o,
                g,
            });
        }
    }

    fn end(&mut self, draft: &mut Draft<'_>, version: Id, until: &Moment) {
        let (p, g) = (self.ids.end, self.ids.versions);
        let o = draft.intern(date_time(until).as_ref());
        self.told.retain(|quad| (quad.s, quad.p) != (version, p));
        self.told.insert(QuadIds {
            s: version,
            p,
            o,
            g,
        });
    }

    /// Writes statements of the object and its nodes as statements of a version and its nodes.
    fn keep(&mut self, draft: &mut Draft<'_>, version: Id, from: &Moment, said: &[QuadIds]) {
        let Ids {
            asserted,
            content,
            derived_content,
            is_version_of,
            ..
        } = self.ids;
        let mut names: FxHashMap<Id, Id> = FxHashMap::default();
        names.insert(self.id, version);
        let mut subjects: Vec<Id> = said.iter().map(|quad| quad.s).collect();
        subjects.sort_unstable();
        subjects.dedup();
        for node in subjects {
            if let Some(iri) = self.node_iri(draft, node) {
                let id = iri_id(draft, &format!("{iri}/{}", from.text()));
                names.insert(node, id);
                self.past.push(QuadIds {
                    s: id,
                    p: is_version_of,
                    o: node,
                    g: content,
                });
            }
        }
        let renamed = |id: Id| names.get(&id).copied().unwrap_or(id);
        self.past.extend(said.iter().map(|quad| QuadIds {
            s: renamed(quad.s),
            p: quad.p,
            o: renamed(quad.o),
            g: if quad.g == asserted {
                content
            } else {
                derived_content
            },
        }));
    }
}

fn date_time(moment: &Moment) -> Term {
    let datatype = NamedNode::new_unchecked(xsd::DATE_TIME);
    Literal::new_typed_literal(moment.text(), datatype).into()
}

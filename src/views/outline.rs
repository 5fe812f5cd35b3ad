//! Which statements a document about a resource shows, as ids: its own, those of blank nodes and declared parts nested,
//! everything else a link; narrowed and widened by what a request selects. Knows no syntax and reads no texts but where
//! their order decides.

use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use crate::views::collection::takes_language;
use crate::views::names::{Names, Predicate};
use crate::views::resource::{EmbedRules, TooLarge};
use crate::views::selection::{ANY_LANGUAGE, Keys};
use rustc_hash::FxHashSet;
use std::ops::Range;
use std::sync::Arc;

/// Path segment of IRIs that stand for blank nodes ([RDF 1.1 §3.5](https://www.w3.org/TR/rdf11-concepts/#section-skolemization)).
const GENID: &[u8] = b"/.well-known/genid/";
/// Blank nodes nest at most this deep; deeper data is no document.
const MAX_BLANK_DEPTH: usize = 32;

/// The statements of one document.
#[derive(Default)]
pub struct Outline {
    /// The resource first.
    nodes: Vec<OutlineNode>,
    properties: Vec<OutlineProperty>,
    values: Vec<OutlineValue>,
    /// Blank nodes that are mentioned more than once, so their name matters.
    pub(super) shared: FxHashSet<Id>,
    /// The resource, what is nested in it, and the cells of collections.
    subjects: Vec<Id>,
    /// Number of statements.
    pub triple_count: usize,
}

/// A resource with its statements.
pub(super) struct OutlineNode {
    pub(super) id: Id,
    properties: Range<u32>,
}

/// A predicate with its values.
pub(super) struct OutlineProperty {
    pub(super) predicate: Arc<Predicate>,
    values: Range<u32>,
}

/// One value.
#[derive(Clone)]
pub(super) enum OutlineValue {
    /// A literal or triple term, or a resource that is only named.
    Term(Id),
    /// A resource with its statements.
    Node(u32),
    /// A well-formed RDF collection.
    List(Range<u32>),
}

impl Outline {
    /// The resource first, then every resource whose statements are shown with it, each once, in the order in which they are
    /// met; cells of RDF collections too. By rules that select nothing, the statements of the outline are all statements of
    /// these.
    pub fn subjects(&self) -> &[Id] {
        &self.subjects
    }

    /// The resource.
    pub(super) fn root(&self) -> &OutlineNode {
        &self.nodes[0]
    }

    pub(super) fn node(&self, at: u32) -> &OutlineNode {
        &self.nodes[at as usize]
    }

    /// Sorted by the predicate's IRI, or as the rules list them.
    pub(super) fn properties(&self, node: &OutlineNode) -> &[OutlineProperty] {
        &self.properties[range(&node.properties)]
    }

    /// Sorted by canonical text; at least one.
    pub(super) fn values(&self, property: &OutlineProperty) -> &[OutlineValue] {
        &self.values[range(&property.values)]
    }

    /// Hands out every statement, by [`Rules::with_cells`] those of collections too: subject, the predicate's IRI, object.
    pub fn each_statement(&self, take: &mut dyn FnMut(Id, &str, Id)) {
        for node in &self.nodes {
            for property in self.properties(node) {
                for value in self.values(property) {
                    let object = match value {
                        OutlineValue::Term(id) => *id,
                        OutlineValue::Node(at) => self.node(*at).id,
                        OutlineValue::List(_) => continue,
                    };
                    take(node.id, &property.predicate.iri, object);
                }
            }
        }
    }

    pub(super) fn items(&self, list: &Range<u32>) -> &[OutlineValue] {
        &self.values[range(list)]
    }
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("documents are bounded")
}

/// [`EmbedRules`] in the ids of a state, for any number of documents.
pub struct Rules<'a> {
    rules: &'a EmbedRules,
    embed: Vec<Id>,
    only: Option<Vec<Id>>,
    fields: Option<IdKeys>,
    expand: IdKeys,
    rdf_type: Option<Id>,
    first: Option<Id>,
    rest: Option<Id>,
    nil: Option<Id>,
}

/// [`Keys`] in the ids of a state; what the state does not know is left out.
struct IdKeys {
    below: Vec<(Id, IdKeys)>,
    /// Whether keys were given at all.
    is_some: bool,
}

impl IdKeys {
    fn of(view: &View, keys: &Keys) -> Self {
        let below = keys.0.iter();
        let below =
            below.filter_map(|(iri, keys)| Some((view.id_of_iri(iri)?, Self::of(view, keys))));
        Self {
            below: below.collect(),
            is_some: !keys.0.is_empty(),
        }
    }

    fn get(&self, predicate: Id) -> Option<&Self> {
        let found = self.below.iter().find(|(known, _)| *known == predicate);
        found.map(|(_, keys)| keys)
    }
}

impl<'a> Rules<'a> {
    /// The rules in the ids of a state.
    pub fn of(view: &View, rules: &'a EmbedRules) -> Self {
        let id = |iri: &String| view.id_of_iri(iri);
        let selection = &rules.selection;
        Self {
            rules,
            embed: rules.predicates.iter().filter_map(id).collect(),
            // What is selected by the request replaces what is declared.
            only: match (&rules.only, &selection.fields) {
                (Some(only), None) => Some(only.iter().filter_map(id).collect()),
                _ => None,
            },
            fields: selection.fields.as_ref().map(|keys| IdKeys::of(view, keys)),
            expand: IdKeys::of(view, &selection.expand),
            rdf_type: view.id_of_iri(rdf::TYPE),
            first: view.id_of_iri(rdf::FIRST),
            rest: view.id_of_iri(rdf::REST),
            nil: view.id_of_iri(rdf::NIL),
        }
    }

    /// Takes the cells of collections for the blank nodes that they are.
    #[must_use]
    pub fn with_cells(self) -> Self {
        Self {
            first: None,
            ..self
        }
    }

    /// The statements of the document about a resource; `None` when nothing is said about it.
    ///
    /// # Errors
    /// [`TooLarge`] when there are more than the rules allow: a short answer would mislead.
    pub fn outline(
        &self,
        view: &View,
        names: &Names,
        subject: Id,
    ) -> Result<Option<Outline>, TooLarge> {
        if !(subject.is_iri() || subject.is_blank()) {
            return Ok(None);
        }
        let mut builder = Builder {
            view,
            names,
            rules: self,
            out: Outline::default(),
            expanded: FxHashSet::default(),
            text: Vec::new(),
        };
        let root = builder.node(
            subject,
            Depth::default(),
            self.fields.as_ref(),
            Some(&self.expand),
        )?;
        Ok(root.map(|_| builder.out))
    }
}

/// How far a node lies below the root.
#[derive(Clone, Copy, Default)]
struct Depth {
    named: usize,
    blank: usize,
}

struct Builder<'a> {
    view: &'a View,
    names: &'a Names,
    rules: &'a Rules<'a>,
    out: Outline,
    expanded: FxHashSet<Id>,
    /// Room for one text.
    text: Vec<u8>,
}

impl<'a> Builder<'a> {
    fn count(&mut self) -> Result<(), TooLarge> {
        self.out.triple_count += 1;
        let limit = self.rules.rules.max_triples;
        if self.out.triple_count > limit {
            return Err(TooLarge { limit });
        }
        Ok(())
    }

    /// `None` when nothing is said about it.
    fn node(
        &mut self,
        id: Id,
        depth: Depth,
        fields: Option<&'a IdKeys>,
        expand: Option<&'a IdKeys>,
    ) -> Result<Option<u32>, TooLarge> {
        if depth.blank > MAX_BLANK_DEPTH {
            return Err(TooLarge {
                limit: MAX_BLANK_DEPTH,
            });
        }
        let mut star = self.view.star(id).peekable();
        if star.peek().is_none() {
            return Ok(None);
        }
        let is_root = self.expanded.is_empty();
        self.expanded.insert(id);
        self.out.subjects.push(id);
        let rules = self.rules;
        let only = rules.only.as_deref().filter(|_| is_root);
        let fields = fields.filter(|keys| keys.is_some);
        let mut rows: Vec<(Id, Id)> = Vec::new();
        for (p, o) in star {
            let is_listed =
                |only: &[Id]| only.contains(&p) || expand.is_some_and(|keys| keys.get(p).is_some());
            let is_shown = Some(p) == rules.rdf_type
                || only.is_none_or(is_listed) && fields.is_none_or(|keys| keys.get(p).is_some());
            if is_shown {
                self.count()?;
                rows.push((p, o));
            }
        }
        if !rules.rules.selection.languages.is_empty() {
            self.keep_languages(&mut rows);
        }
        let mut groups: Vec<(Arc<Predicate>, Range<usize>)> = Vec::with_capacity(rows.len());
        let mut start = 0;
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let predicate = self.names.predicate(self.view, group[0].0);
            groups.push((predicate, start..start + group.len()));
            start += group.len();
        }
        groups.sort_unstable_by(|a, b| a.0.iri.cmp(&b.0.iri));
        if let Some(only) = only {
            // Classes are not in the list: they come first, and what is followed besides comes last.
            groups.sort_by_key(
                |(p, _)| match only.iter().position(|known| *known == p.id) {
                    _ if Some(p.id) == rules.rdf_type => 0,
                    Some(place) => place + 1,
                    None => usize::MAX,
                },
            );
        }
        let at = number(self.out.nodes.len());
        let first = self.out.properties.len();
        let mut place = self.out.values.len();
        self.out
            .values
            .resize(place + rows.len(), OutlineValue::Term(id));
        self.out.nodes.push(OutlineNode {
            id,
            properties: number(first)..number(first + groups.len()),
        });
        let first_value = place;
        for (predicate, group) in &groups {
            let end = place + group.len();
            self.out.properties.push(OutlineProperty {
                predicate: Arc::clone(predicate),
                values: number(place)..number(end),
            });
            place = end;
        }
        place = first_value;
        for (predicate, group) in groups {
            let objects = &mut rows[group];
            if objects.len() > 1 {
                self.sort(objects);
            }
            let keys = (
                fields.and_then(|keys| keys.get(predicate.id)),
                expand.and_then(|keys| keys.get(predicate.id)),
            );
            for (p, o) in objects {
                self.out.values[place] = self.value(*p, *o, depth, keys)?;
                place += 1;
            }
        }
        Ok(Some(at))
    }

    /// Puts values in the order of their canonical texts.
    fn sort(&mut self, objects: &mut [(Id, Id)]) {
        let view = self.view;
        let mut texts: Vec<(Vec<u8>, (Id, Id))> = objects
            .iter()
            .map(|row| {
                let mut text = Vec::new();
                view.write_text(row.1, &mut text);
                (text, *row)
            })
            .collect();
        texts.sort_unstable();
        for (slot, (_, row)) in objects.iter_mut().zip(texts) {
            *slot = row;
        }
    }

    /// Leaves of the texts with a language those in the first wanted language that there is, for each predicate.
    fn keep_languages(&mut self, rows: &mut Vec<(Id, Id)>) {
        let wanted = &self.rules.rules.selection.languages;
        let view = self.view;
        let place = |o: Id| {
            let language = if o.is_literal() {
                view.meta(o).language
            } else {
                0
            };
            if language == 0 {
                return None;
            }
            let tag = view.language_tag(language);
            let takes = |wanted: &String| wanted == ANY_LANGUAGE || takes_language(wanted, tag);
            Some(wanted.iter().position(takes).unwrap_or(usize::MAX))
        };
        let mut kept = Vec::with_capacity(rows.len());
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let best = group.iter().filter_map(|(_, o)| place(*o)).min();
            let is_kept = |o: Id| place(o).is_none_or(|own| Some(own) == best && own != usize::MAX);
            kept.extend(group.iter().filter(|(_, o)| is_kept(*o)));
        }
        self.out.triple_count -= rows.len() - kept.len();
        *rows = kept;
    }

    fn value(
        &mut self,
        p: Id,
        o: Id,
        depth: Depth,
        keys: (Option<&'a IdKeys>, Option<&'a IdKeys>),
    ) -> Result<OutlineValue, TooLarge> {
        let is_blank = o.is_blank();
        if !(is_blank || o.is_iri()) {
            return Ok(OutlineValue::Term(o));
        }
        if is_blank && let Some(items) = self.list(o) {
            let start = self.out.values.len();
            self.out
                .values
                .resize(start + items.len(), OutlineValue::Term(o));
            let end = number(start + items.len());
            let below = Depth {
                blank: depth.blank + 1,
                ..depth
            };
            for (at, (cell, item)) in items.into_iter().enumerate() {
                self.expanded.insert(cell);
                self.out.subjects.push(cell);
                self.count()?;
                self.count()?;
                self.out.values[start + at] = self.value(p, item, below, keys)?;
            }
            return Ok(OutlineValue::List(number(start)..end));
        }
        if self.expanded.contains(&o) {
            if is_blank {
                self.out.shared.insert(o);
            }
            return Ok(OutlineValue::Term(o));
        }
        let nests = is_blank
            || keys.1.is_some()
            || depth.named < self.rules.rules.max_depth
                && (self.rules.embed.contains(&p) || self.stands_for_blank(o));
        if !nests {
            return Ok(OutlineValue::Term(o));
        }
        let below = Depth {
            named: depth.named + usize::from(!is_blank),
            blank: depth.blank + usize::from(is_blank),
        };
        let node = self.node(o, below, keys.0, keys.1)?;
        Ok(node.map_or(OutlineValue::Term(o), OutlineValue::Node))
    }

    /// Whether an IRI stands for a blank node.
    fn stands_for_blank(&mut self, id: Id) -> bool {
        self.text.clear();
        self.view.write_text(id, &mut self.text);
        memchr::memmem::find(&self.text, GENID).is_some()
    }

    /// Cells and items of a collection whose cells are blank, hold nothing else and are used once.
    fn list(&self, head: Id) -> Option<Vec<(Id, Id)>> {
        let rules = self.rules;
        let (first, rest, nil) = (rules.first?, rules.rest?, rules.nil?);
        let mut items = Vec::new();
        let mut seen = FxHashSet::default();
        let mut cell = head;
        while cell != nil {
            if !cell.is_blank()
                || self.expanded.contains(&cell)
                || !seen.insert(cell)
                || self.view.star_reversed(cell).take(2).count() != 1
                || items.len() > rules.rules.max_triples
            {
                return None;
            }
            let mut item = None;
            let mut next = None;
            for (p, o) in self.view.star(cell) {
                let slot = if p == first {
                    &mut item
                } else if p == rest {
                    &mut next
                } else {
                    return None;
                };
                if slot.replace(o).is_some() {
                    return None;
                }
            }
            items.push((cell, item?));
            cell = next?;
        }
        (!items.is_empty()).then_some(items)
    }
}

//! What is known by name in one state: municipalities, postal areas and street names, with the names they had and what they
//! were replaced by. Made once for a state and kept while the graphs it was read from stay as they are. Finds nothing itself.

use super::names::{Kind, Names, NamesBuilder};
use super::words::{Form, forms};
use crate::rdf::vocab::{dct, prov, rdf, rdfs};
use crate::registry::VERSIONS;
use crate::store::{Id, View};
use crate::views::labels::last_segment;
use oxrdf::Term;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};

const ADRES: &str = "https://data.vlaanderen.be/ns/adres#";
const GEMEENTE: &str = "https://data.vlaanderen.be/ns/generiek#Gemeente";
/// End of the name of a graph with what past versions said.
const CONTENT: &str = "/inhoud";
/// Things that one thing may have been replaced by, step by step: a chain of mergers has few.
const MAX_STEPS: usize = 16;
/// Indexes of earlier states that are kept for the next question.
const KEPT: usize = 2;
/// A street of which no municipality is known.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Ids of the predicates that are read with every question; none where a state does not know them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Predicates {
    pub(super) street: Option<Id>,
    pub(super) number: Option<Id>,
    pub(super) box_number: Option<Id>,
    pub(super) postal: Option<Id>,
    pub(super) status: Option<Id>,
    pub(super) replaced_by: Option<Id>,
}

/// A municipality.
pub(super) struct Place {
    pub(super) id: Id,
    /// Its NIS code.
    pub(super) nis: String,
    /// What it is now: itself, or what came of it in mergers.
    pub(super) now: Vec<u32>,
}

/// A postal area.
pub(super) struct Post {
    pub(super) id: Id,
    /// Four digits.
    pub(super) code: String,
    /// Its municipalities, as they are now.
    pub(super) places: Vec<u32>,
}

/// A street name.
pub(super) struct Street {
    pub(super) id: Id,
    /// Its municipality, or [`NOWHERE`].
    pub(super) place: u32,
    /// Whether others took its place.
    pub(super) is_former: bool,
}

/// Names and what bears them in one state.
pub struct Index {
    pub(super) predicates: Predicates,
    pub(super) places: Vec<Place>,
    pub(super) posts: Vec<Post>,
    pub(super) streets: Vec<Street>,
    /// Of municipalities; those of kind `Postal` lead to `posts`.
    pub(super) place_names: Names,
    /// Grouped by the municipality that a street is in now.
    pub(super) street_names: Names,
    place_by_nis: FxHashMap<String, u32>,
    post_by_code: FxHashMap<String, u32>,
    /// Graphs that were read, each with the commit that changed it last.
    read: Vec<(Id, (u64, [u8; 32]))>,
}

/// Where indexes are kept.
#[derive(Default)]
pub struct Matcher {
    newest: Mutex<Option<(u64, Arc<Index>)>>,
    earlier: Mutex<Vec<(u64, Arc<Index>)>>,
}

impl Matcher {
    /// The index of a state. Whoever asks first for a state in which names changed makes it, others wait: an answer is always of
    /// the state it names. Says `is_newest` for states that follow one another; ids of earlier ones may mean other terms.
    pub fn index(&self, view: &View, is_newest: bool) -> Arc<Index> {
        let of = view.snapshot().identity();
        if is_newest {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((known, index)) = newest.as_mut() {
                if *known == of {
                    return Arc::clone(index);
                }
                if index.read == sources(view) {
                    *known = of;
                    return Arc::clone(index);
                }
            }
            let made = Arc::new(Index::build(view));
            *newest = Some((of, Arc::clone(&made)));
            return made;
        }
        let kept = || self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = kept().iter().find(|(known, _)| *known == of) {
            return Arc::clone(index);
        }
        let made = Arc::new(Index::build(view));
        let mut kept = kept();
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((of, Arc::clone(&made)));
        made
    }
}

/// The graphs that say something of what is indexed, each with the commit that changed it last.
fn sources(view: &View) -> Vec<(Id, (u64, [u8; 32]))> {
    let whole = view.snapshot().whole();
    let term = |iri: &str| view.id_of_iri(iri);
    let kind = term(rdf::TYPE);
    let (street, post) = (format!("{ADRES}Straatnaam"), format!("{ADRES}Postinfo"));
    let classes: Vec<Id> = [street.as_str(), post.as_str(), GEMEENTE]
        .into_iter()
        .filter_map(term)
        .collect();
    let others = [
        term(dct::IS_REPLACED_BY),
        term(&format!("{ADRES}Straatnaam.status")),
    ];
    let holds = |graph: Id| {
        let first = |p: Id, o: Option<Id>| whole.quads(None, Some(p), o, Some(graph)).next();
        kind.is_some_and(|kind| {
            classes
                .iter()
                .any(|class| first(kind, Some(*class)).is_some())
        }) || others
            .into_iter()
            .flatten()
            .any(|p| first(p, None).is_some())
    };
    let mut graphs = whole.graph_names();
    graphs.push(Id::DEFAULT_GRAPH);
    graphs.retain(|graph| {
        let is_past = || whole.iri(*graph).is_some_and(|iri| is_past_content(&iri));
        holds(*graph) || is_past()
    });
    let changed = graphs.into_iter();
    changed
        .map(|graph| (graph, view.snapshot().last_change(graph)))
        .collect()
}

/// Whether a graph holds what past versions said.
fn is_past_content(iri: &str) -> bool {
    iri.ends_with(CONTENT) && iri.contains(&format!("/graph/{VERSIONS}"))
}

/// Text and language of a literal.
pub(crate) fn literal(view: &View, id: Id) -> Option<(String, Option<String>)> {
    if !id.is_literal() {
        return None;
    }
    match view.term(id) {
        Term::Literal(literal) => {
            let language = literal.language().map(str::to_owned);
            Some((literal.value().to_owned(), language))
        }
        _ => None,
    }
}

/// What is read of a state before it is put in tables.
struct Reading<'a> {
    view: &'a View,
    label: Option<Id>,
    replaced_by: Option<Id>,
    is_version_of: Option<Id>,
}

impl Reading<'_> {
    fn members(&self, class: &str) -> Vec<Id> {
        let (kind, class) = (self.view.id_of_iri(rdf::TYPE), self.view.id_of_iri(class));
        let (Some(kind), Some(class)) = (kind, class) else {
            return Vec::new();
        };
        self.view
            .subjects(kind, class)
            .filter(|id| id.is_iri())
            .collect()
    }

    /// Values of a predicate of some things (sorted), as pairs of place in the list and value.
    fn values(&self, predicate: Option<Id>, of: &[Id]) -> Vec<(u32, Id)> {
        let mut found = Vec::new();
        if let Some(predicate) = predicate {
            let pairs = self.view.pairs(predicate);
            pairs.join(of, |at, value| found.push((at as u32, value)));
        }
        found
    }

    fn texts(&self, predicate: Option<Id>, of: &[Id]) -> Vec<(u32, String)> {
        let values = self.values(predicate, of).into_iter();
        values
            .filter_map(|(at, value)| Some((at, literal(self.view, value)?.0)))
            .collect()
    }

    /// What each of some things (sorted) is now: itself, or all that replaced it in the end.
    fn successors(&self, of: &[Id]) -> Vec<Vec<u32>> {
        let mut next: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (at, by) in self.values(self.replaced_by, of) {
            if let Ok(by) = of.binary_search(&by)
                && by as u32 != at
            {
                next.entry(at).or_default().push(by as u32);
            }
        }
        (0..of.len() as u32)
            .map(|start| {
                let (mut open, mut seen, mut last) = (vec![start], vec![start], Vec::new());
                let mut steps = 0;
                while let Some(at) = open.pop() {
                    steps += 1;
                    match next.get(&at) {
                        Some(by) if steps <= MAX_STEPS => {
                            for by in by {
                                if !seen.contains(by) {
                                    seen.push(*by);
                                    open.push(*by);
                                }
                            }
                        }
                        _ => last.push(at),
                    }
                }
                if last.is_empty() {
                    // Replaced in a circle: nothing came after it.
                    last.push(start);
                }
                last.sort_unstable();
                last
            })
            .collect()
    }

    /// Names that past versions of some things (sorted) bore.
    fn past_names(&self, of: &[Id]) -> Vec<(u32, String)> {
        let (Some(label), Some(is_version_of)) = (self.label, self.is_version_of) else {
            return Vec::new();
        };
        let whole = self.view.snapshot().whole();
        let mut found = Vec::new();
        for graph in whole.graph_names() {
            let is_past = whole.iri(graph).is_some_and(|iri| is_past_content(&iri));
            if !is_past || !self.view.graphs().reaches(graph) {
                continue;
            }
            for quad in whole.quads(None, Some(label), None, Some(graph)) {
                for named in whole.objects(quad.s, is_version_of) {
                    if let (Ok(at), Some((text, _))) =
                        (of.binary_search(&named), literal(&whole, quad.o))
                    {
                        found.push((at as u32, text));
                    }
                }
            }
        }
        found
    }
}

impl Index {
    /// Reads a state.
    pub fn build(view: &View) -> Self {
        let term = |iri: &str| view.id_of_iri(iri);
        let own = |local: &str| term(&format!("{ADRES}{local}"));
        let reading = Reading {
            view,
            label: term(rdfs::LABEL),
            replaced_by: term(dct::IS_REPLACED_BY),
            is_version_of: term(dct::IS_VERSION_OF),
        };
        let attributed = term(prov::WAS_ATTRIBUTED_TO);
        let place_ids = reading.members(GEMEENTE);
        let places = place_list(&reading, &place_ids);
        let posts = post_list(&reading, attributed, own("postcode"), &place_ids, &places);
        let street_ids = reading.members(&format!("{ADRES}Straatnaam"));
        let now = reading.successors(&street_ids);
        let mut streets: Vec<Street> = street_ids
            .iter()
            .zip(&now)
            .enumerate()
            .map(|(at, (id, now))| Street {
                id: *id,
                place: NOWHERE,
                is_former: *now != [at as u32],
            })
            .collect();
        for (at, place) in reading.values(attributed, &street_ids) {
            if let Ok(place) = place_ids.binary_search(&place) {
                streets[at as usize].place = place as u32;
            }
        }
        let place_names = name_places(&reading, &place_ids, &posts, own("postnaam"));
        let additions = reading.texts(own("homoniemToevoeging"), &street_ids);
        let street_names =
            name_streets(&reading, &street_ids, (&streets, &now), &additions, &places);
        let by_nis = places.iter().enumerate();
        let by_code = posts.iter().enumerate();
        Self {
            predicates: Predicates {
                street: own("heeftStraatnaam"),
                number: own("huisnummer"),
                box_number: own("busnummer"),
                postal: own("heeftPostinfo"),
                status: own("Adres.status"),
                replaced_by: reading.replaced_by,
            },
            place_by_nis: by_nis.map(|(at, it)| (it.nis.clone(), at as u32)).collect(),
            post_by_code: by_code
                .map(|(at, it)| (it.code.clone(), at as u32))
                .collect(),
            places,
            posts,
            streets,
            place_names,
            street_names,
            read: sources(view),
        }
    }

    /// The municipality with a NIS code.
    pub(super) fn place_of_nis(&self, nis: &str) -> Option<u32> {
        self.place_by_nis.get(nis).copied()
    }

    /// The postal area with a code.
    pub(super) fn post_of_code(&self, code: &str) -> Option<u32> {
        self.post_by_code.get(code).copied()
    }

    /// The group of a street in the table of names.
    pub(super) fn group_of(&self, place: u32) -> u32 {
        place.min(self.places.len() as u32)
    }

    /// What the index takes in memory, nearly.
    pub fn memory_bytes(&self) -> usize {
        self.place_names.memory_bytes()
            + self.street_names.memory_bytes()
            + self.streets.capacity() * size_of::<Street>()
            + self.places.capacity() * (size_of::<Place>() + 64)
            + self.posts.capacity() * (size_of::<Post>() + 64)
    }

    /// Numbers of municipalities, postal areas, street names, and different names of streets.
    pub fn counts(&self) -> [usize; 4] {
        [
            self.places.len(),
            self.posts.len(),
            self.streets.len(),
            self.street_names.len(),
        ]
    }
}

fn place_list(reading: &Reading<'_>, ids: &[Id]) -> Vec<Place> {
    let now = reading.successors(ids);
    let both = ids.iter().zip(now);
    both.map(|(id, now)| Place {
        id: *id,
        nis: reading
            .view
            .iri(*id)
            .map_or(String::new(), |iri| last_segment(&iri).to_owned()),
        now,
    })
    .collect()
}

fn post_list(
    reading: &Reading<'_>,
    attributed: Option<Id>,
    postcode: Option<Id>,
    place_ids: &[Id],
    places: &[Place],
) -> Vec<Post> {
    let ids = reading.members(&format!("{ADRES}Postinfo"));
    let mut posts: Vec<Post> = ids
        .iter()
        .map(|id| Post {
            id: *id,
            code: reading
                .view
                .iri(*id)
                .map_or(String::new(), |iri| last_segment(&iri).to_owned()),
            places: Vec::new(),
        })
        .collect();
    for (at, code) in reading.texts(postcode, &ids) {
        posts[at as usize].code = code;
    }
    for (at, place) in reading.values(attributed, &ids) {
        if let Ok(place) = place_ids.binary_search(&place) {
            posts[at as usize].places.extend(&places[place].now);
        }
    }
    for post in &mut posts {
        post.places.sort_unstable();
        post.places.dedup();
    }
    posts
}

fn name_places(
    reading: &Reading<'_>,
    ids: &[Id],
    posts: &[Post],
    postal_name: Option<Id>,
) -> Names {
    let mut names = NamesBuilder::default();
    for (at, name) in reading.texts(reading.label, ids) {
        names.add(&forms(&name, true), 0, (at, at), Kind::Current);
    }
    for (at, name) in reading.past_names(ids) {
        names.add(&forms(&name, true), 0, (at, at), Kind::Former);
    }
    let post_ids: Vec<Id> = posts.iter().map(|post| post.id).collect();
    for (at, name) in reading.texts(postal_name, &post_ids) {
        names.add(&forms(&name, true), 0, (at, at), Kind::Postal);
    }
    names.finish(1)
}

fn name_streets(
    reading: &Reading<'_>,
    ids: &[Id],
    (streets, now): (&[Street], &[Vec<u32>]),
    additions: &[(u32, String)],
    places: &[Place],
) -> Names {
    let mut names = NamesBuilder::default();
    let group = |street: u32| streets[street as usize].place.min(places.len() as u32);
    let mut add = |at: u32, forms: &[Form], kind: Kind| {
        if !streets[at as usize].is_former {
            names.add(forms, group(at), (at, at), kind);
            return;
        }
        // What was replaced keeps its own name too: somebody may ask for what is not in use any more.
        names.add(forms, group(at), (at, at), kind);
        for target in &now[at as usize] {
            names.add(forms, group(*target), (*target, at), Kind::Former);
        }
    };
    let labels = reading.texts(reading.label, ids);
    for (at, name) in &labels {
        add(*at, &forms(name, true), Kind::Current);
    }
    for (at, addition) in additions {
        let from = labels.partition_point(|(of, _)| of < at);
        for (_, name) in labels[from..].iter().take_while(|(of, _)| of == at) {
            add(*at, &forms(&format!("{name} {addition}"), true), Kind::Full);
        }
    }
    for (at, name) in reading.past_names(ids) {
        add(at, &forms(&name, true), Kind::Former);
    }
    names.finish(places.len() + 1)
}

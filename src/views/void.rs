//! The data described in figures ([VoID](https://www.w3.org/TR/void/)): what there is, in which classes, with which
//! properties, graph by graph. A state of millions of statements is told from the store's statistics and counts, without
//! reading it; a smaller one is counted exactly. What can be told neither way is left out.

use super::html::percent_encode;
use super::service::format_iri;
use crate::rdf::format::Format;
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Graphs, Id, View};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashMap;

/// Up to here a state is read from end to end, which takes about a second.
const READ_ROWS: u64 = 5_000_000;
/// Up to here its objects are sorted too: the distinct ones cannot be told in passing.
const SORTED_ROWS: u64 = 1_000_000;
/// Most classes, and most properties, with figures of their own: those with the most entities and triples.
const MAX_PARTITIONS: usize = 1_000;
/// Most graphs that a description of the whole lists.
const MAX_GRAPHS: usize = 10_000;

const VOID: &str = "http://rdfs.org/ns/void#";
const DCT: &str = "http://purl.org/dc/terms/";
const FOAF: &str = "http://xmlns.com/foaf/0.1/";

/// Figures of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PropertyFigures {
    iri: String,
    triples: u64,
    subjects: Option<u64>,
    objects: Option<u64>,
}

/// Figures of a state or a graph. What is `None` would take too long to count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Figures {
    triples: u64,
    /// Subjects that have a class.
    entities: Option<u64>,
    subjects: Option<u64>,
    objects: Option<u64>,
    /// Properties and their figures, those with the most triples first.
    properties: Option<Vec<PropertyFigures>>,
    /// Classes with their number of entities, those with the most first.
    classes: Option<Vec<(String, u64)>>,
}

/// The description of a state, or of one of its graphs; `None` when it has no such graph.
pub fn describe(view: &View, base: &str, graph: Option<&str>) -> Option<Vec<Triple>> {
    let document = format!("{base}/.well-known/void");
    let mut out = Description(Vec::new());
    let Some(iri) = graph else {
        let dataset = format!("{document}#register");
        out.document(&document, &dataset);
        out.head(&dataset, base);
        for (title, language) in [("OSLO-register", "nl"), ("OSLO registry", "en")] {
            let title = Literal::new_language_tagged_literal_unchecked(title, language);
            out.say(&dataset, format!("{DCT}title"), title.into());
        }
        out.figures(&dataset, &of_state(view));
        for graph in view.graph_names().into_iter().take(MAX_GRAPHS) {
            let Some(name) = view.iri(graph) else {
                continue;
            };
            let subset = subset_iri(&document, &name);
            out.say(&dataset, void("subset"), named(subset.clone()));
            out.say(&subset, rdf::TYPE, named(void("Dataset")));
            out.graph(&subset, base, &name);
            out.say(&subset, void("triples"), number(view.graph_size(graph)));
        }
        return Some(out.0);
    };
    let id = view
        .id_of_iri(iri)
        .filter(|graph| view.graph_size(*graph) > 0)?;
    let subset = subset_iri(&document, iri);
    let page = subset.trim_end_matches("#graaf").to_owned();
    out.document(&page, &subset);
    out.head(&subset, base);
    out.graph(&subset, base, iri);
    let seen = view.with_graphs(Graphs::One(id));
    let figures = match view.graph_size(id) {
        size if size <= READ_ROWS => counted(&seen),
        size => Figures {
            triples: size,
            ..Figures::default()
        },
    };
    out.figures(&subset, &figures);
    Some(out.0)
}

fn subset_iri(document: &str, graph: &str) -> String {
    format!("{document}?graph={}#graaf", percent_encode(graph))
}

/// The figures of a whole state.
fn of_state(view: &View) -> Figures {
    if view.snapshot().quad_count() <= READ_ROWS {
        counted(view)
    } else {
        known(view)
    }
}

/// The figures of a whole state, without reading it. A triple in several graphs counts in each.
fn known(view: &View) -> Figures {
    let state = view.snapshot();
    let apart = state.apart().iter().map(|graph| view.graph_size(*graph));
    let quads = state.quad_count() - apart.sum::<u64>();
    let Some(statistics) = view.snapshot().statistics() else {
        return Figures {
            triples: quads,
            ..Figures::default()
        };
    };
    // They may be those of a large part, which would pass for the whole here.
    let is_whole = statistics.rows() >= quads - quads / 8;
    let mut properties: Vec<PropertyFigures> = statistics
        .predicates()
        .iter()
        .filter_map(|figures| {
            let property = figures.predicate();
            Some(PropertyFigures {
                iri: view.iri(property)?.into_owned(),
                triples: view.count(None, Some(property), None),
                subjects: is_whole.then_some(figures.subjects),
                objects: is_whole.then_some(figures.objects),
            })
        })
        .filter(|figures| figures.triples > 0)
        .collect();
    sort_properties(&mut properties);
    let type_id = view.id_of_iri(rdf::TYPE);
    let typed = type_id.and_then(|id| statistics.predicate(id));
    Figures {
        triples: quads,
        entities: is_whole.then(|| typed.map_or(0, |figures| figures.subjects)),
        subjects: is_whole.then(|| statistics.subjects()),
        objects: None,
        properties: Some(properties),
        classes: type_id.map(|id| classes_by_skipping(view, id)),
    }
}

/// Classes with their entities, found by jumping from one to the next: two searches each. An entity that has its class in
/// several graphs counts in each of them.
fn classes_by_skipping(view: &View, type_id: Id) -> Vec<(String, u64)> {
    let mut classes = Vec::new();
    let mut pairs = view.pairs_reversed(type_id);
    while let Some((class, _)) = pairs.peek() {
        if let Some(iri) = view.iri(class) {
            let entities = view.count(None, Some(type_id), Some(class));
            classes.push((iri.into_owned(), entities));
        }
        let Some(next) = class.raw().checked_add(1).and_then(Id::from_raw) else {
            break;
        };
        pairs.seek(next);
    }
    sort_classes(&mut classes);
    classes
}

/// What one pass counts of a property.
#[derive(Default)]
struct Counted {
    triples: u64,
    subjects: u64,
    objects: u64,
}

/// The figures of what a view shows, counted triple by triple.
fn counted(view: &View) -> Figures {
    let type_id = view.id_of_iri(rdf::TYPE);
    let mut by_property: FxHashMap<Id, Counted> = FxHashMap::default();
    let mut by_class: FxHashMap<Id, u64> = FxHashMap::default();
    // Objects with their property, as long as they are few enough to be sorted.
    let mut objects: Option<Vec<(Id, Id)>> = Some(Vec::new());
    let (mut triples, mut subjects, mut entities) = (0_u64, 0_u64, 0_u64);
    let mut last: Option<(Id, Id)> = None;
    for [s, p, o] in view.triples(None, None, None) {
        triples += 1;
        subjects += u64::from(last.is_none_or(|(subject, _)| subject != s));
        let is_first_of_pair = last != Some((s, p));
        let property = by_property.entry(p).or_default();
        property.triples += 1;
        property.subjects += u64::from(is_first_of_pair);
        if Some(p) == type_id {
            entities += u64::from(is_first_of_pair);
            *by_class.entry(o).or_default() += 1;
        }
        last = Some((s, p));
        if let Some(found) = &mut objects {
            found.push((o, p));
            if found.len() as u64 > SORTED_ROWS {
                objects = None;
            }
        }
    }
    let distinct_objects = objects.map(|mut found| {
        found.sort_unstable();
        found.dedup();
        let mut distinct = 0_u64;
        let mut last = None;
        for (o, p) in found {
            distinct += u64::from(last != Some(o));
            last = Some(o);
            by_property.entry(p).or_default().objects += 1;
        }
        distinct
    });
    let mut properties: Vec<PropertyFigures> = by_property
        .into_iter()
        .filter_map(|(property, found)| {
            Some(PropertyFigures {
                iri: view.iri(property)?.into_owned(),
                triples: found.triples,
                subjects: Some(found.subjects),
                objects: distinct_objects.map(|_| found.objects),
            })
        })
        .collect();
    sort_properties(&mut properties);
    let mut classes: Vec<(String, u64)> = by_class
        .into_iter()
        .filter_map(|(class, entities)| Some((view.iri(class)?.into_owned(), entities)))
        .collect();
    sort_classes(&mut classes);
    Figures {
        triples,
        entities: Some(entities),
        subjects: Some(subjects),
        objects: distinct_objects,
        properties: Some(properties),
        classes: Some(classes),
    }
}

fn sort_properties(properties: &mut [PropertyFigures]) {
    properties.sort_by(|a, b| b.triples.cmp(&a.triples).then_with(|| a.iri.cmp(&b.iri)));
}

fn sort_classes(classes: &mut [(String, u64)]) {
    classes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}

fn void(name: &str) -> String {
    format!("{VOID}{name}")
}

fn named(iri: impl Into<String>) -> Term {
    NamedNode::new_unchecked(iri).into()
}

fn number(value: u64) -> Term {
    Literal::new_typed_literal(value.to_string(), NamedNode::new_unchecked(xsd::INTEGER)).into()
}

/// A description in the making.
struct Description(Vec<Triple>);

impl Description {
    fn say(&mut self, subject: &str, predicate: impl Into<String>, object: Term) {
        let subject = NamedNode::new_unchecked(subject);
        self.of_node(&subject.into(), predicate, object);
    }

    fn of_node(&mut self, subject: &NamedOrBlankNode, predicate: impl Into<String>, object: Term) {
        let predicate = NamedNode::new_unchecked(predicate);
        self.0.push(Triple::new(subject.clone(), predicate, object));
    }

    /// The document and what it is about.
    fn document(&mut self, document: &str, dataset: &str) {
        self.say(document, rdf::TYPE, named(void("DatasetDescription")));
        self.say(document, format!("{FOAF}primaryTopic"), named(dataset));
    }

    /// What holds for the whole and for each graph alike.
    fn head(&mut self, dataset: &str, base: &str) {
        self.say(dataset, rdf::TYPE, named(void("Dataset")));
        let endpoint = named(format!("{base}/sparql"));
        self.say(dataset, void("sparqlEndpoint"), endpoint);
        for format in Format::ALL {
            self.say(dataset, void("feature"), named(format_iri(format)));
        }
    }

    /// What a graph is called and where all of it can be had.
    fn graph(&mut self, subset: &str, base: &str, iri: &str) {
        self.say(subset, format!("{DCT}source"), named(iri));
        let dump = format!("{base}/rdf-graphs?graph={}&format=nt", percent_encode(iri));
        self.say(subset, void("dataDump"), named(dump));
    }

    fn figures(&mut self, dataset: &str, figures: &Figures) {
        self.say(dataset, void("triples"), number(figures.triples));
        let kinds = [
            ("entities", figures.entities),
            ("distinctSubjects", figures.subjects),
            ("distinctObjects", figures.objects),
            (
                "properties",
                figures.properties.as_ref().map(|list| list.len() as u64),
            ),
            (
                "classes",
                figures.classes.as_ref().map(|list| list.len() as u64),
            ),
        ];
        for (name, value) in kinds {
            if let Some(value) = value {
                self.say(dataset, void(name), number(value));
            }
        }
        let classes = first(figures.classes.as_deref());
        let properties = first(figures.properties.as_deref());
        for at in 0..classes.len() {
            self.say(dataset, void("classPartition"), part("klasse", at).into());
        }
        for at in 0..properties.len() {
            let part = part("eigenschap", at);
            self.say(dataset, void("propertyPartition"), part.into());
        }
        for (at, (iri, entities)) in classes.iter().enumerate() {
            let part = part("klasse", at).into();
            self.of_node(&part, void("class"), named(iri.as_str()));
            self.of_node(&part, void("entities"), number(*entities));
        }
        for (at, property) in properties.iter().enumerate() {
            let part = part("eigenschap", at).into();
            self.of_node(&part, void("property"), named(property.iri.as_str()));
            self.of_node(&part, void("triples"), number(property.triples));
            let ends = [
                ("distinctSubjects", property.subjects),
                ("distinctObjects", property.objects),
            ];
            for (name, value) in ends {
                if let Some(value) = value {
                    self.of_node(&part, void(name), number(value));
                }
            }
        }
    }
}

/// As many as have figures of their own.
fn first<T>(all: Option<&[T]>) -> &[T] {
    let all = all.unwrap_or(&[]);
    &all[..all.len().min(MAX_PARTITIONS)]
}

/// The node of a partition; its label says which, so that the same state gives the same words.
fn part(kind: &str, at: usize) -> BlankNode {
    BlankNode::new_unchecked(format!("{kind}{at}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Statistics;
    use crate::views::test_data::view_of_graphs;

    const FIRST: &str = "<http://e/a> a <http://e/K> , <http://e/L> ; <http://e/p> 1 , 2 ; <http://e/q> <http://e/b> .";
    const SECOND: &str =
        "<http://e/a> a <http://e/K> . <http://e/b> a <http://e/K> ; <http://e/p> 1 .";

    fn view() -> View {
        view_of_graphs(&[(Some("http://e/g"), FIRST), (Some("http://e/h"), SECOND)])
    }

    fn property(iri: &str, triples: u64, subjects: u64, objects: u64) -> PropertyFigures {
        PropertyFigures {
            iri: iri.to_owned(),
            triples,
            subjects: Some(subjects),
            objects: Some(objects),
        }
    }

    #[test]
    fn counts_each_triple_once() {
        let figures = counted(&view());
        let expected = Figures {
            triples: 7,
            entities: Some(2),
            subjects: Some(2),
            objects: Some(5),
            properties: Some(vec![
                property("http://e/p", 3, 2, 2),
                property(rdf::TYPE, 3, 2, 2),
                property("http://e/q", 1, 1, 1),
            ]),
            classes: Some(vec![
                ("http://e/K".to_owned(), 2),
                ("http://e/L".to_owned(), 1),
            ]),
        };
        assert_eq!(figures, expected);
    }

    #[test]
    fn statistics_and_counting_agree() {
        let view = view();
        let (statistics, figures) = (Statistics::of(&view), counted(&view));
        assert_eq!(statistics.rows(), figures.triples);
        assert_eq!(Some(statistics.subjects()), figures.subjects);
        for property in figures.properties.expect("counted") {
            let id = view.id_of_iri(&property.iri).expect("known");
            let kept = statistics.predicate(id).expect("kept");
            let told = (kept.rows, Some(kept.subjects), Some(kept.objects));
            assert_eq!(
                told,
                (property.triples, property.subjects, property.objects)
            );
        }
        let type_id = view.id_of_iri(rdf::TYPE).expect("known");
        // Jumping counts an entity in each graph that gives it the class.
        let skipped = classes_by_skipping(&view, type_id);
        assert_eq!(
            skipped,
            [("http://e/K".to_owned(), 3), ("http://e/L".to_owned(), 1)]
        );
    }

    #[test]
    fn what_is_known_without_reading_is_what_counting_finds() {
        let turtle: String = (0..3000)
            .map(|n| {
                format!(
                    "<http://e/{n}> a <http://e/K{}> ; <http://e/p> {} .\n",
                    n % 3,
                    n % 50
                )
            })
            .collect();
        let view = view_of_graphs(&[(Some("http://e/g"), &turtle)]);
        let expected = Figures {
            objects: None,
            ..counted(&view)
        };
        assert_eq!(known(&view), expected);
        // A small state keeps no figures.
        assert_eq!(known(&self::view()).properties, None);
    }

    #[test]
    fn describes_the_whole_and_each_graph() {
        let view = view();
        let whole = describe(&view, "http://r", None).expect("there is a state");
        let has = |triples: &[Triple], text: &str| {
            assert!(triples.iter().any(|t| t.to_string() == text), "{text}");
        };
        let all = "<http://r/.well-known/void#register>";
        has(
            &whole,
            &format!("{all} <{VOID}triples> \"7\"^^<{}>", xsd::INTEGER),
        );
        let subset = "<http://r/.well-known/void?graph=http%3A%2F%2Fe%2Fh#graaf>";
        has(&whole, &format!("{all} <{VOID}subset> {subset}"));
        let graph = describe(&view, "http://r", Some("http://e/h")).expect("there is one");
        has(
            &graph,
            &format!("{subset} <{VOID}triples> \"3\"^^<{}>", xsd::INTEGER),
        );
        has(&graph, &format!("{subset} <{DCT}source> <http://e/h>"));
        assert_eq!(describe(&view, "http://r", Some("http://e/x")), None);
        // The same state gives the same words, so that its entity tag stays.
        assert_eq!(describe(&view, "http://r", None), Some(whole));
    }
}

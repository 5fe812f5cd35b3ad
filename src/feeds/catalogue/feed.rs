//! The catalogue as a stream of activities (DCAT-AP Feeds on [LDES](https://semiceu.github.io/LinkedDataEventStreams/)): what was
//! added, changed and removed, entity by entity. Kept as a small log of what the catalogue said before, a line an activity;
//! compared with what it says now whenever somebody asks. Knows no HTTP and no files.
//!
//! What is referred to is added before what refers to it, and removed after it. Services and data sets refer to each other:
//! services come first.

use super::describe::Catalogue;
use super::statements::{EntityKind, entities};
use crate::rdf::vocab::{rdf, xsd};
use jiff::{SignedDuration, Timestamp};
use oxrdf::{GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term, Triple};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Activities of a page.
pub const FEED_PAGE: u64 = 250;
/// Activities that are kept; beyond that those go that a later one about the same entity has replaced.
const MAX_KEPT: usize = 4_000;
const AS: &str = "https://www.w3.org/ns/activitystreams#";
const LDES: &str = "https://w3id.org/ldes#";
const TREE: &str = "https://w3id.org/tree#";
/// The shape that the specification gives to activities.
const SHAPE: &str = "https://semiceu.github.io/LDES-DCAT-AP-feeds/shape.ttl#ActivityShape";

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivityKind {
    /// It is there.
    Create,
    /// Something else is said of it.
    Update,
    /// It is gone.
    Delete,
}

impl ActivityKind {
    fn class(self) -> String {
        format!("{AS}{self:?}")
    }
}

/// What happened to one entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Number, from 0; never used twice.
    pub number: u64,
    /// When it was noticed; later than that of the activity before.
    pub published: Timestamp,
    /// What happened.
    pub kind: ActivityKind,
    /// IRI of the entity.
    pub object: String,
    /// What is said of it, as sorted N-Triples; empty when it is gone.
    pub said: String,
}

/// The activities that are kept, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatalogueFeed {
    activities: Vec<Activity>,
    /// Number of the next one.
    next: u64,
}

/// Order in which kinds are added; they are removed the other way round.
fn rank(kind: EntityKind) -> Option<u8> {
    Some(match kind {
        EntityKind::Licence => 0,
        EntityKind::Agent => 1,
        EntityKind::Contact => 2,
        EntityKind::Service => 3,
        EntityKind::Distribution => 4,
        EntityKind::Dataset => 5,
        EntityKind::Catalogue => 6,
        // These stand with those who refer to them.
        EntityKind::Location | EntityKind::Reference | EntityKind::Record => return None,
    })
}

/// The entities that stand alone in a feed, with what is said of each and of what it alone explains, in the order in which they
/// are added.
fn standing_alone(catalogue: &Catalogue) -> Vec<(String, String)> {
    let all = entities(catalogue);
    let beside: FxHashMap<&str, &Vec<Triple>> = all
        .iter()
        .filter(|entity| rank(entity.kind).is_none())
        .map(|entity| (entity.iri.as_str(), &entity.triples))
        .collect();
    let mut out: Vec<(u8, String, String)> = all
        .iter()
        .filter_map(|entity| {
            let mut lines: Vec<String> = Vec::new();
            let mut seen: FxHashSet<&str> = FxHashSet::default();
            let mut queue: Vec<&Triple> = entity.triples.iter().collect();
            while let Some(triple) = queue.pop() {
                lines.push(format!("{triple} .\n"));
                if let Term::NamedNode(object) = &triple.object
                    && let Some(more) = beside.get(object.as_str())
                    && seen.insert(object.as_str())
                {
                    queue.extend(more.iter());
                }
            }
            lines.sort_unstable();
            lines.dedup();
            Some((rank(entity.kind)?, entity.iri.clone(), lines.concat()))
        })
        .collect();
    out.sort_by_key(|(rank, ..)| *rank);
    out.into_iter().map(|(_, iri, said)| (iri, said)).collect()
}

impl CatalogueFeed {
    /// Reads what [`CatalogueFeed::text`] wrote. Lines that are none of ours begin a new feed: it is derived.
    pub fn parse(text: &str) -> Self {
        let activities: Result<Vec<Activity>, _> = text.lines().map(serde_json::from_str).collect();
        let activities = activities.unwrap_or_default();
        let is_ordered = activities
            .windows(2)
            .all(|two| two[0].number < two[1].number && two[0].published < two[1].published);
        if !is_ordered {
            return Self::default();
        }
        Self {
            next: activities.last().map_or(0, |last| last.number + 1),
            activities,
        }
    }

    /// One line of JSON an activity.
    pub fn text(&self) -> String {
        let lines = self.activities.iter();
        lines
            .filter_map(|activity| serde_json::to_string(activity).ok())
            .map(|line| line + "\n")
            .collect()
    }

    /// The activities that are kept, oldest first.
    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// What each entity that is there says, by IRI.
    pub fn state(&self) -> BTreeMap<&str, &str> {
        let mut state: BTreeMap<&str, &str> = BTreeMap::new();
        for activity in &self.activities {
            match activity.kind {
                ActivityKind::Delete => state.remove(activity.object.as_str()),
                _ => state.insert(&activity.object, &activity.said),
            };
        }
        state
    }

    /// Adds what the catalogue says now and did not say before; `false` when that is nothing.
    pub fn follow(&mut self, catalogue: &Catalogue, now: Timestamp) -> bool {
        let entities = standing_alone(catalogue);
        let state: BTreeMap<String, String> = self
            .state()
            .into_iter()
            .map(|(iri, said)| (iri.to_owned(), said.to_owned()))
            .collect();
        // In the order in which they were added, so that the last ones go first.
        let mut gone: Vec<String> = Vec::new();
        let there: FxHashSet<&str> = entities.iter().map(|(iri, _)| iri.as_str()).collect();
        for activity in &self.activities {
            let iri = &activity.object;
            if activity.kind == ActivityKind::Create
                && state.contains_key(iri)
                && !there.contains(iri.as_str())
                && !gone.contains(iri)
            {
                gone.push(iri.clone());
            }
        }
        let mut is_changed = false;
        let mut add = |feed: &mut Self, kind, object: String, said: String| {
            let last = feed.activities.last().map(|last| last.published);
            let after = last.and_then(|last| last.checked_add(SignedDuration::from_millis(1)).ok());
            let published = after.map_or(now, |after| after.max(now));
            feed.activities.push(Activity {
                number: feed.next,
                published,
                kind,
                object,
                said,
            });
            feed.next += 1;
            is_changed = true;
        };
        for (iri, said) in entities {
            match state.get(&iri) {
                Some(known) if *known == said => {}
                Some(_) => add(self, ActivityKind::Update, iri, said),
                None => add(self, ActivityKind::Create, iri, said),
            }
        }
        for iri in gone.into_iter().rev() {
            add(self, ActivityKind::Delete, iri, String::new());
        }
        if self.activities.len() > MAX_KEPT {
            self.forget();
        }
        is_changed
    }

    /// Drops activities that a later one about the same entity has replaced. What replaces a creation becomes one: who begins
    /// here has not seen the entity yet, and who follows takes it for a change.
    fn forget(&mut self) {
        let last: FxHashMap<String, u64> = self
            .activities
            .iter()
            .map(|activity| (activity.object.clone(), activity.number))
            .collect();
        self.activities
            .retain(|activity| last.get(&activity.object) == Some(&activity.number));
        for activity in &mut self.activities {
            if activity.kind == ActivityKind::Update {
                activity.kind = ActivityKind::Create;
            }
        }
    }

    /// Numbers of the pages that hold something, with when the first activity of each was.
    pub fn pages(&self) -> Vec<(u64, Timestamp)> {
        let mut pages: Vec<(u64, Timestamp)> = Vec::new();
        for activity in &self.activities {
            let page = activity.number / FEED_PAGE;
            if pages.last().is_none_or(|(last, _)| *last != page) {
                pages.push((page, activity.published));
            }
        }
        pages
    }

    /// Whether nothing more can come on a page.
    pub fn is_closed(&self, page: u64) -> bool {
        (page + 1) * FEED_PAGE <= self.next
    }

    /// The entry of the stream, which leads to its pages.
    pub fn entry(&self, base: &str) -> Vec<Quad> {
        let here = format!("{base}/catalog/feed");
        let stream = format!("{here}#stroom");
        let mut out = Statements::default();
        out.link(&stream, rdf::TYPE, &format!("{LDES}EventStream"));
        out.link(&stream, &format!("{TREE}view"), &here);
        out.link(&stream, &format!("{TREE}shape"), SHAPE);
        out.link(
            &stream,
            &format!("{LDES}timestampPath"),
            &format!("{AS}published"),
        );
        out.link(
            &stream,
            &format!("{LDES}versionOfPath"),
            &format!("{AS}object"),
        );
        for kind in [
            ActivityKind::Create,
            ActivityKind::Update,
            ActivityKind::Delete,
        ] {
            let path = format!("{LDES}version{kind:?}Object");
            out.link(&stream, &path, &kind.class());
        }
        out.link(&here, rdf::TYPE, &format!("{TREE}Node"));
        let policy = format!("{here}#bewaring");
        out.link(&here, &format!("{LDES}retentionPolicy"), &policy);
        out.link(&policy, rdf::TYPE, &format!("{LDES}LatestVersionSubset"));
        out.number(&policy, &format!("{LDES}amount"), 1);
        let pages = self.pages();
        for (at, (page, from)) in pages.iter().enumerate() {
            let node = format!("{here}/{page}");
            let until = pages.get(at + 1).map(|(_, until)| until);
            let mut lead = |name: &str, class: &str, moment: &Timestamp| {
                let relation = format!("{here}#{name}-{page}");
                out.link(&here, &format!("{TREE}relation"), &relation);
                out.link(&relation, rdf::TYPE, &format!("{TREE}{class}"));
                out.link(&relation, &format!("{TREE}path"), &format!("{AS}published"));
                out.moment(&relation, &format!("{TREE}value"), *moment);
                out.link(&relation, &format!("{TREE}node"), &node);
            };
            lead("vanaf", "GreaterThanOrEqualToRelation", from);
            if let Some(until) = until {
                lead("tot", "LessThanRelation", until);
            }
        }
        out.0
    }

    /// A page of activities, each with what it says in a graph of its own name; `None` when there is no such page.
    pub fn page(&self, base: &str, page: u64) -> Option<Vec<Quad>> {
        let here = format!("{base}/catalog/feed");
        let stream = format!("{here}#stroom");
        let mut out = Statements::default();
        let of_page = |activity: &&Activity| activity.number / FEED_PAGE == page;
        let mut is_empty = true;
        for activity in self.activities.iter().filter(of_page) {
            is_empty = false;
            let iri = format!("{here}/{page}#{}", activity.number);
            out.link(&stream, &format!("{TREE}member"), &iri);
            // Closed: these three and nothing else.
            out.link(&iri, rdf::TYPE, &activity.kind.class());
            out.link(&iri, &format!("{AS}object"), &activity.object);
            out.moment(&iri, &format!("{AS}published"), activity.published);
            let graph = GraphName::NamedNode(NamedNode::new_unchecked(iri));
            let said = oxttl::NTriplesParser::new().for_slice(activity.said.as_bytes());
            for triple in said.flatten() {
                out.0.push(triple.in_graph(graph.clone()));
            }
        }
        if is_empty {
            return None;
        }
        let node = format!("{here}/{page}");
        out.link(&node, rdf::TYPE, &format!("{TREE}Node"));
        if self.is_closed(page) {
            let datatype = NamedNode::new_unchecked(xsd::BOOLEAN);
            let yes = Literal::new_typed_literal("true", datatype);
            out.say(&node, &format!("{LDES}immutable"), yes.into());
        }
        Some(out.0)
    }
}

/// Statements of the stream itself, in the default graph.
#[derive(Default)]
struct Statements(Vec<Quad>);

impl Statements {
    fn say(&mut self, subject: &str, predicate: &str, object: Term) {
        let subject = NamedOrBlankNode::NamedNode(NamedNode::new_unchecked(subject));
        let predicate = NamedNode::new_unchecked(predicate);
        self.0.push(Quad::new(
            subject,
            predicate,
            object,
            GraphName::DefaultGraph,
        ));
    }

    fn link(&mut self, subject: &str, predicate: &str, object: &str) {
        self.say(subject, predicate, NamedNode::new_unchecked(object).into());
    }

    fn number(&mut self, subject: &str, predicate: &str, number: u64) {
        let datatype = NamedNode::new_unchecked(xsd::INTEGER);
        let literal = Literal::new_typed_literal(number.to_string(), datatype);
        self.say(subject, predicate, literal.into());
    }

    fn moment(&mut self, subject: &str, predicate: &str, moment: Timestamp) {
        let text = moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let datatype = NamedNode::new_unchecked(xsd::DATE_TIME);
        let literal = Literal::new_typed_literal(text, datatype);
        self.say(subject, predicate, literal.into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CatalogueSettings, Dates, Ingredients, Offer};
    use super::*;
    use crate::registry::{Registry, RegistryConfig};

    fn catalogue(settings: &str) -> Catalogue {
        let registry = Registry::in_memory(RegistryConfig::default());
        let (base, registers) = (registry.base(), registry.registers());
        let settings = CatalogueSettings::parse(settings, base, registers).expect("right");
        Catalogue::describe(&Ingredients {
            base,
            registers,
            settings: &settings,
            offer: &Offer::everything(registers),
            dates: &Dates::default(),
        })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    /// Whoever applies the activities in their order knows at every step all that is referred to, but for services, which come
    /// before the data sets they serve.
    fn hold_together(feed: &CatalogueFeed) {
        let mut there: BTreeMap<&str, &str> = BTreeMap::new();
        let own: FxHashSet<&str> = feed
            .activities()
            .iter()
            .map(|activity| activity.object.as_str())
            .collect();
        for activity in feed.activities() {
            match activity.kind {
                ActivityKind::Delete => there.remove(activity.object.as_str()),
                _ => there.insert(&activity.object, &activity.said),
            };
            for said in there.values() {
                let triples = oxttl::NTriplesParser::new().for_slice(said.as_bytes());
                for triple in triples.flatten() {
                    let Term::NamedNode(object) = &triple.object else {
                        continue;
                    };
                    let is_cycle = triple.predicate.as_str().ends_with("#servesDataset")
                        || triple.predicate.as_str().ends_with("#accessService");
                    if own.contains(object.as_str()) && !is_cycle {
                        assert!(there.contains_key(object.as_str()), "{triple}");
                    }
                }
            }
        }
    }

    #[test]
    fn following_leads_from_what_was_said_to_what_is_said() {
        let demo = CatalogueSettings::demo();
        let smaller = format!("{demo}\n[dataset.sensoren]\npublish = false\n");
        let other = smaller.replace("Voorbeeldstad", "Anderstad");
        let mut feed = CatalogueFeed::default();
        for (step, settings) in [demo, demo, &smaller, &other, demo].iter().enumerate() {
            let now = catalogue(settings);
            // The clock may stand still, or go back.
            let changed = feed.follow(&now, at(1_000 - step as i64));
            assert_eq!(changed, step != 1);
            let expected: BTreeMap<String, String> = standing_alone(&now).into_iter().collect();
            let state: BTreeMap<String, String> = feed
                .state()
                .into_iter()
                .map(|(iri, said)| (iri.to_owned(), said.to_owned()))
                .collect();
            assert_eq!(state, expected, "step {step}");
            let moments: Vec<_> = feed.activities().iter().map(|a| a.published).collect();
            assert!(moments.is_sorted_by(|a, b| a < b));
            assert_eq!(CatalogueFeed::parse(&feed.text()), feed);
        }
        hold_together(&feed);
        let gone = |activity: &&Activity| activity.kind == ActivityKind::Delete;
        assert!(feed.activities().iter().filter(gone).count() > 5);
        let before = feed.state().len();
        feed.forget();
        assert_eq!(feed.state().len(), before);
    }

    #[test]
    fn activities_are_closed_and_pages_hold_all() {
        let mut feed = CatalogueFeed::default();
        for number in 0..3 {
            let name = format!("[publisher]\nname = {{ nl = \"Stad {number}\" }}\n");
            feed.follow(&catalogue(&name), at(number));
        }
        let pages = feed.pages();
        let mut members = 0;
        for (page, _) in &pages {
            let quads = feed.page("http://r", *page).expect("a page");
            let about = |quad: &&Quad| {
                quad.graph_name == GraphName::DefaultGraph
                    && quad.subject.to_string().contains("#")
                    && !quad.subject.to_string().contains("#stroom")
            };
            let said = quads.iter().filter(about).count();
            let listed = |quad: &&Quad| quad.predicate.as_str().ends_with("#member");
            let listed = quads.iter().filter(listed).count();
            assert_eq!(said, listed * 3);
            members += listed;
        }
        assert_eq!(members, feed.activities().len());
        assert_eq!(feed.page("http://r", 999), None);
        let entry = feed.entry("http://r");
        let relations = |quad: &&Quad| quad.predicate.as_str().ends_with("#relation");
        assert_eq!(entry.iter().filter(relations).count(), pages.len() * 2 - 1);
        assert_eq!(CatalogueFeed::parse("{}\n"), CatalogueFeed::default());
    }
}

//! One page of an event stream, taken apart: what it says of the stream, where it leads, and its members with their own
//! statements ([TREE](https://w3id.org/tree/specification), [LDES](https://w3id.org/ldes/specification) 1.0-alpha).
//! Fetches nothing and stores nothing.

use super::names;
use crate::rdf::vocab::rdf;
use oxrdf::{GraphName, NamedNode, NamedOrBlankNode, NamedOrBlankNodeRef, Quad, Term, Triple};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// What a stream says of its members. Pages repeat it or leave it to the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFacts {
    /// IRI of the stream.
    pub stream: Option<String>,
    /// Predicates that lead from a member to its moment.
    pub timestamp_path: Vec<String>,
    /// Predicates that lead from a member to the object it is a version of.
    pub version_of_path: Vec<String>,
    /// Predicates that lead from a member to what marks a deletion; empty is `rdf:type`.
    pub delete_path: Vec<String>,
    /// What marks a deletion.
    pub delete_object: Vec<String>,
    /// Seconds to wait between polls.
    pub polling_interval: Option<u64>,
    /// What the stream says of how long it keeps members: property and value.
    pub retention: Vec<(String, String)>,
}

/// Where a page leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The page.
    pub url: String,
    /// Its members are no earlier, in nanoseconds since 1970.
    pub from: Option<i128>,
    /// Its members are no later.
    pub until: Option<i128>,
}

/// A member: one version of an object, or an event about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its IRI.
    pub id: NamedNode,
    /// What it is a version of.
    pub object: Option<NamedNode>,
    /// Its moment, in nanoseconds since 1970.
    pub timestamp: Option<i128>,
    /// Its statements: those about it, and about what they lead to.
    pub statements: Vec<Triple>,
    /// The statements of the graph that bears its name.
    pub payload: Vec<Triple>,
    /// Whether it says that the object is no more.
    pub is_delete: bool,
}

impl Member {
    /// How many statements it has.
    pub fn len(&self) -> usize {
        self.statements.len() + self.payload.len()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What is known of the stream after it.
    pub facts: StreamFacts,
    /// Whether it says that it never changes.
    pub is_immutable: bool,
    /// Pages it leads to, in the order of their IRIs.
    pub links: Vec<Link>,
    /// Other views of the same stream, which hold the same members.
    pub other_views: Vec<String>,
    /// Its members, the earliest first.
    pub members: Vec<Member>,
    /// Members that are blank nodes or say nothing.
    pub hollow: u64,
    /// Statements that belong to no member and are not about the stream.
    pub left_over: u64,
}

type Index<'a> = FxHashMap<NamedOrBlankNodeRef<'a>, Vec<u32>>;

/// The statements of a page by subject.
struct Graph<'a> {
    quads: &'a [Quad],
    subjects: Index<'a>,
    payloads: FxHashMap<&'a str, Vec<u32>>,
}

impl<'a> Graph<'a> {
    fn new(quads: &'a [Quad]) -> Self {
        let mut subjects: Index<'a> = FxHashMap::default();
        let mut payloads: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        for (at, quad) in (0_u32..).zip(quads) {
            match &quad.graph_name {
                GraphName::DefaultGraph => {
                    subjects.entry(quad.subject.as_ref()).or_default().push(at);
                }
                GraphName::NamedNode(graph) => {
                    payloads.entry(graph.as_str()).or_default().push(at);
                }
                GraphName::BlankNode(_) => {}
            }
        }
        Self {
            quads,
            subjects,
            payloads,
        }
    }

    fn about(&self, node: NamedOrBlankNodeRef<'a>) -> impl Iterator<Item = (u32, &'a Quad)> {
        let quads = self.quads;
        let found = self.subjects.get(&node).map_or(&[][..], Vec::as_slice);
        found.iter().map(move |at| (*at, &quads[*at as usize]))
    }

    fn values(
        &self,
        node: NamedOrBlankNodeRef<'a>,
        predicate: &str,
    ) -> impl Iterator<Item = &'a Term> {
        self.about(node)
            .filter(move |(_, quad)| quad.predicate.as_str() == predicate)
            .map(|(_, quad)| &quad.object)
    }

    fn iris(&self, node: NamedOrBlankNodeRef<'a>, predicate: &str) -> Vec<&'a str> {
        self.values(node, predicate)
            .filter_map(|term| match term {
                Term::NamedNode(node) => Some(node.as_str()),
                _ => None,
            })
            .collect()
    }

    /// A path: one predicate, or a list of them.
    fn path(&self, node: NamedOrBlankNodeRef<'a>, predicate: &str) -> Vec<String> {
        let mut found: Vec<Vec<String>> = self
            .values(node, predicate)
            .filter_map(|term| match term {
                Term::NamedNode(predicate) => Some(vec![predicate.as_str().to_owned()]),
                Term::BlankNode(list) => self.list(list.as_ref().into()),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found.into_iter().next().unwrap_or_default()
    }

    fn list(&self, mut at: NamedOrBlankNodeRef<'a>) -> Option<Vec<String>> {
        let mut path = Vec::new();
        while path.len() < 16 {
            match self.values(at, rdf::FIRST).next()? {
                Term::NamedNode(predicate) => path.push(predicate.as_str().to_owned()),
                _ => return None,
            }
            match self.values(at, rdf::REST).next()? {
                Term::NamedNode(end) if end.as_str() == rdf::NIL => return Some(path),
                Term::BlankNode(rest) => at = rest.as_ref().into(),
                _ => return None,
            }
        }
        None
    }

    /// What a path leads to; looked for in the default graph, then in the member's own.
    fn reach(&self, member: &'a str, path: &[String]) -> Vec<&'a Term> {
        let start = NamedOrBlankNodeRef::NamedNode(oxrdf::NamedNodeRef::new_unchecked(member));
        let mut at = vec![start];
        for (step, predicate) in path.iter().enumerate() {
            let mut found: Vec<&'a Term> = at
                .iter()
                .flat_map(|node| self.values(*node, predicate))
                .collect();
            if found.is_empty() {
                let payload = self.payloads.get(member).map_or(&[][..], Vec::as_slice);
                found = payload
                    .iter()
                    .map(|position| &self.quads[*position as usize])
                    .filter(|quad| {
                        at.contains(&quad.subject.as_ref()) && quad.predicate.as_str() == predicate
                    })
                    .map(|quad| &quad.object)
                    .collect();
            }
            if step + 1 == path.len() {
                return found;
            }
            at = found.into_iter().filter_map(node_of).collect();
        }
        Vec::new()
    }
}

fn node_of(term: &Term) -> Option<NamedOrBlankNodeRef<'_>> {
    match term {
        Term::NamedNode(node) => Some(node.as_ref().into()),
        Term::BlankNode(node) => Some(node.as_ref().into()),
        _ => None,
    }
}

fn iri_node(iri: &str) -> NamedOrBlankNodeRef<'_> {
    oxrdf::NamedNodeRef::new_unchecked(iri).into()
}

impl Page {
    /// Takes a page apart. `urls` are the addresses it goes by: asked for, and answered from; `known` is what earlier
    /// pages said of the stream.
    pub fn read(quads: &[Quad], urls: &[&str], known: &StreamFacts) -> Self {
        let graph = Graph::new(quads);
        let stream = find_stream(&graph, urls, known);
        let facts = facts_of(&graph, stream, known);
        let mut page = Self {
            is_immutable: urls
                .iter()
                .any(|url| graph.values(iri_node(url), names::IMMUTABLE).any(is_true)),
            ..Self::default()
        };
        let mut hypermedia: Vec<NamedOrBlankNodeRef<'_>> =
            urls.iter().map(|url| iri_node(url)).collect();
        page.find_links(&graph, urls, stream, &facts, &mut hypermedia);
        page.find_members(&graph, stream, &facts, hypermedia);
        page.facts = facts;
        page
    }

    fn find_links<'a>(
        &mut self,
        graph: &Graph<'a>,
        urls: &[&str],
        stream: Option<&'a str>,
        facts: &StreamFacts,
        hypermedia: &mut Vec<NamedOrBlankNodeRef<'a>>,
    ) {
        let mut relations: Vec<(NamedOrBlankNodeRef<'a>, NamedOrBlankNodeRef<'a>)> = Vec::new();
        for quad in graph.quads {
            if quad.graph_name == GraphName::DefaultGraph
                && quad.predicate.as_str() == names::RELATION
                && let Some(relation) = node_of(&quad.object)
            {
                relations.push((quad.subject.as_ref(), relation));
                hypermedia.extend([quad.subject.as_ref(), relation]);
            }
        }
        let is_own = |node: &NamedOrBlankNodeRef<'_>| match node {
            NamedOrBlankNodeRef::NamedNode(node) => {
                urls.iter().any(|url| same_page(url, node.as_str()))
            }
            NamedOrBlankNodeRef::BlankNode(_) => false,
        };
        if relations.iter().any(|(page, _)| is_own(page)) {
            relations.retain(|(page, _)| is_own(page));
        }
        let mut links: FxHashMap<&str, Link> = FxHashMap::default();
        for (_, relation) in &relations {
            let (from, until) = bounds(graph, *relation, &facts.timestamp_path);
            for url in graph.iris(*relation, names::NODE) {
                let url = url.split('#').next().unwrap_or(url);
                let link = links.entry(url).or_insert_with(|| Link {
                    url: url.to_owned(),
                    from: None,
                    until: None,
                });
                link.from = link.from.max(from);
                link.until = match (link.until, until) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        if let Some(stream) = stream {
            let mut views = graph.iris(iri_node(stream), names::VIEW);
            views.sort_unstable();
            views.dedup();
            hypermedia.extend(views.iter().map(|view| iri_node(view)));
            let is_view = views
                .iter()
                .any(|view| urls.iter().any(|url| same_page(url, view)));
            // A description of the stream leads to one of its views: they all hold the same members.
            if !is_view && relations.is_empty() && !views.is_empty() {
                let url = views.remove(0).split('#').next().unwrap_or("").to_owned();
                links.entry(stream).or_insert(Link {
                    url,
                    from: None,
                    until: None,
                });
            }
            if !is_view {
                self.other_views = views.into_iter().map(str::to_owned).collect();
            }
        }
        self.links = links.into_values().collect();
        self.links.sort_unstable_by(|a, b| a.url.cmp(&b.url));
        self.links
            .retain(|link| !urls.iter().any(|url| same_page(url, &link.url)));
    }

    fn find_members<'a>(
        &mut self,
        graph: &Graph<'a>,
        stream: Option<&'a str>,
        facts: &StreamFacts,
        mut hypermedia: Vec<NamedOrBlankNodeRef<'a>>,
    ) {
        let mut ids: Vec<&'a str> = Vec::new();
        for quad in graph.quads {
            if quad.predicate.as_str() != names::MEMBER {
                continue;
            }
            hypermedia.push(quad.subject.as_ref());
            let wanted = stream.is_none_or(|stream| quad.subject.as_ref() == iri_node(stream));
            match &quad.object {
                Term::NamedNode(member) if wanted => ids.push(member.as_str()),
                _ if wanted => self.hollow += 1,
                _ => {}
            }
        }
        hypermedia.extend(stream.map(iri_node));
        ids.sort_unstable();
        ids.dedup();
        let objects: Vec<Option<&'a str>> = ids
            .iter()
            .map(|id| {
                let found = graph.reach(id, &facts.version_of_path).into_iter();
                let iris = found.filter_map(|term| match term {
                    Term::NamedNode(node) => Some(node.as_str()),
                    _ => None,
                });
                iris.min()
            })
            .collect();
        let mut used = vec![false; graph.quads.len()];
        // The stream, its pages and what blank nodes say of them.
        let mut about_stream = FxHashSet::default();
        let mut stack = hypermedia;
        while let Some(node) = stack.pop() {
            if about_stream.insert(node) {
                for (at, quad) in graph.about(node) {
                    used[at as usize] = true;
                    if let Term::BlankNode(next) = &quad.object {
                        stack.push(next.as_ref().into());
                    }
                }
            }
        }
        let mut stops = about_stream;
        stops.extend(ids.iter().map(|id| iri_node(id)));
        stops.extend(objects.iter().flatten().map(|object| iri_node(object)));
        for (id, object) in ids.iter().zip(&objects) {
            let member = member_of(graph, id, *object, facts, &stops, &mut used);
            if member.is_empty() {
                self.hollow += 1;
            } else {
                self.members.push(member);
            }
        }
        let earliest = |member: &Member| (member.timestamp, member.id.as_str().to_owned());
        self.members.sort_by_cached_key(earliest);
        self.left_over = used.iter().filter(|used| !**used).count() as u64;
    }
}

/// A member with its statements: about itself and what they lead to, as far as no other member is meant.
fn member_of<'a>(
    graph: &Graph<'a>,
    id: &'a str,
    object: Option<&'a str>,
    facts: &StreamFacts,
    stops: &FxHashSet<NamedOrBlankNodeRef<'a>>,
    used: &mut [bool],
) -> Member {
    let mut statements = Vec::new();
    let mut seen = FxHashSet::default();
    let own_object = object.map(iri_node);
    let mut stack = vec![iri_node(id)];
    while let Some(node) = stack.pop() {
        if !seen.insert(node) {
            continue;
        }
        for (at, quad) in graph.about(node) {
            if names::is_hypermedia(quad.predicate.as_str()) {
                continue;
            }
            used[at as usize] = true;
            statements.push(triple(quad));
            if let Some(next) = node_of(&quad.object)
                && (Some(next) == own_object || !stops.contains(&next))
            {
                stack.push(next);
            }
        }
    }
    let payload = graph.payloads.get(id).map_or(&[][..], Vec::as_slice);
    let payload = payload
        .iter()
        .map(|at| {
            used[*at as usize] = true;
            triple(&graph.quads[*at as usize])
        })
        .collect();
    let moments = graph.reach(id, &facts.timestamp_path).into_iter();
    Member {
        id: NamedNode::new_unchecked(id),
        object: object.map(NamedNode::new_unchecked),
        timestamp: moments.filter_map(moment).max(),
        is_delete: is_delete(graph, id, facts),
        statements,
        payload,
    }
}

fn triple(quad: &Quad) -> Triple {
    Triple {
        subject: quad.subject.clone(),
        predicate: quad.predicate.clone(),
        object: quad.object.clone(),
    }
}

fn is_delete(graph: &Graph<'_>, id: &str, facts: &StreamFacts) -> bool {
    let node = iri_node(id);
    let about = graph.subjects.get(&node).map_or(&[][..], Vec::as_slice);
    let says = |predicate: &str, wanted: &dyn Fn(&Term) -> bool| {
        about.iter().any(|at| {
            let quad = &graph.quads[*at as usize];
            quad.predicate.as_str() == predicate && wanted(&quad.object)
        })
    };
    let is = |term: &Term, iri: &str| matches!(term, Term::NamedNode(node) if node.as_str() == iri);
    if says(rdf::TYPE, &|term| {
        is(term, names::AS_DELETE) || is(term, names::TOMBSTONE)
    }) || says(names::IS_DELETED, &is_true)
    {
        return true;
    }
    let path: Vec<String> = match facts.delete_path.as_slice() {
        [] => vec![rdf::TYPE.to_owned()],
        path => path.to_vec(),
    };
    let marks = |term: &Term| facts.delete_object.iter().any(|iri| is(term, iri));
    match path.as_slice() {
        [one] => says(one, &marks),
        _ => false,
    }
}

fn is_true(term: &Term) -> bool {
    matches!(term, Term::Literal(literal) if matches!(literal.value(), "true" | "1"))
}

/// The stream a page belongs to: the one asked for, the one known, else the first that has a view or members here.
fn find_stream<'a>(graph: &Graph<'a>, urls: &[&str], known: &StreamFacts) -> Option<&'a str> {
    let mut streams: Vec<&'a str> = Vec::new();
    for quad in graph.quads {
        let tells = match quad.predicate.as_str() {
            names::VIEW | names::MEMBER | names::TIMESTAMP_PATH | names::VERSION_OF_PATH => true,
            rdf::TYPE => {
                matches!(&quad.object, Term::NamedNode(class) if class.as_str() == names::EVENT_STREAM)
            }
            _ => false,
        };
        if let NamedOrBlankNode::NamedNode(node) = &quad.subject
            && tells
        {
            streams.push(node.as_str());
        }
    }
    streams.sort_unstable();
    streams.dedup();
    let wanted = streams
        .iter()
        .find(|stream| urls.contains(stream) || known.stream.as_deref() == Some(**stream));
    wanted.or_else(|| streams.first()).copied()
}

fn facts_of(graph: &Graph<'_>, stream: Option<&str>, known: &StreamFacts) -> StreamFacts {
    let mut facts = known.clone();
    if let Some(stream) = stream {
        let node = iri_node(stream);
        // Borrowed for as long as the graph, which outlives the name.
        let Some((node, _)) = graph.subjects.get_key_value(&node) else {
            return facts;
        };
        let node = *node;
        facts.stream.get_or_insert_with(|| stream.to_owned());
        let update = |path: &mut Vec<String>, predicate: &str| {
            let found = graph.path(node, predicate);
            if !found.is_empty() {
                *path = found;
            }
        };
        update(&mut facts.timestamp_path, names::TIMESTAMP_PATH);
        update(&mut facts.version_of_path, names::VERSION_OF_PATH);
        update(&mut facts.delete_path, names::DELETE_PATH);
        let mut marks: Vec<String> = graph
            .iris(node, names::DELETE_OBJECT)
            .into_iter()
            .map(str::to_owned)
            .collect();
        if !marks.is_empty() {
            marks.sort_unstable();
            facts.delete_object = marks;
        }
        let mut intervals = graph.values(node, names::POLLING_INTERVAL);
        if let Some(Term::Literal(seconds)) = intervals.next() {
            facts.polling_interval = seconds.value().parse().ok().or(facts.polling_interval);
        }
        let mut views: Vec<NamedOrBlankNodeRef<'_>> = graph
            .values(node, names::VIEW)
            .filter_map(node_of)
            .collect();
        views.push(node);
        let mut retention: Vec<(String, String)> = views
            .into_iter()
            .flat_map(|view| graph.values(view, names::RETENTION_POLICY))
            .filter_map(node_of)
            .flat_map(|policy| graph.about(policy))
            .map(|(_, quad)| (quad.predicate.as_str().to_owned(), quad.object.to_string()))
            .take(64)
            .collect();
        if !retention.is_empty() {
            retention.sort_unstable();
            retention.dedup();
            facts.retention = retention;
        }
    }
    if facts.version_of_path.is_empty() {
        facts.version_of_path = vec![names::IS_VERSION_OF.to_owned()];
    }
    facts
}

/// The moments between which the members of a page lie, as far as a relation over the timestamp says so.
fn bounds<'a>(
    graph: &Graph<'a>,
    relation: NamedOrBlankNodeRef<'a>,
    timestamp_path: &[String],
) -> (Option<i128>, Option<i128>) {
    let path = graph.path(relation, names::PATH);
    if path.is_empty() || path != timestamp_path {
        return (None, None);
    }
    let Some(value) = graph.values(relation, names::VALUE).find_map(moment) else {
        return (None, None);
    };
    let (mut from, mut until) = (None, None);
    for kind in graph.iris(relation, rdf::TYPE) {
        match kind {
            names::GREATER | names::GREATER_OR_EQUAL => from = Some(value),
            names::LESS | names::LESS_OR_EQUAL => until = Some(value),
            names::EQUAL => (from, until) = (Some(value), Some(value)),
            _ => {}
        }
    }
    (from, until)
}

/// A literal as a moment; one without zone is taken for UTC.
pub(super) fn moment(term: &Term) -> Option<i128> {
    let Term::Literal(literal) = term else {
        return None;
    };
    let text = literal.value().trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_nanosecond());
    }
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let local = day.parse::<jiff::civil::DateTime>().ok()?;
    let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_nanosecond())
}

/// Whether two IRIs are of the same document.
fn same_page(a: &str, b: &str) -> bool {
    let page = |iri: &str| iri.split('#').next().map(str::to_owned);
    page(a) == page(b)
}

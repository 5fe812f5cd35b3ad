//! Labels for the blank nodes of one member that depend on what the member says and on nothing else: whatever page it came
//! on, in whatever syntax and order, the same statements come out. Colours are refined until they differ; where nodes stay
//! alike, one is set apart and the rest follows. Work is bounded, so a hostile member gets labels too, if less lasting ones.

use crate::ingest::labels::label_prefix;
use crate::rdf::text::{term_text, with_blank_nodes};
use oxrdf::{BlankNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Edges looked at for one member.
const MAX_WORK: usize = 4_000_000;

/// Gives the blank nodes of a member labels of the store; `owner` is the member or its object.
pub(super) fn relabel(triples: &mut [Triple], graph: &str, owner: &str) {
    let mut numbers: FxHashMap<String, usize> = FxHashMap::default();
    for triple in triples.iter() {
        each_blank(triple, &mut |label| {
            let next = numbers.len();
            numbers.entry(label.to_owned()).or_insert(next);
        });
    }
    if numbers.is_empty() {
        return;
    }
    let colours = colours(triples, &numbers);
    let mut order: Vec<usize> = (0..colours.len()).collect();
    order.sort_by_key(|number| (colours[*number], *number));
    let prefix = label_prefix(graph, &Sha256::digest(owner.as_bytes()).into());
    let mut labels = vec![String::new(); order.len()];
    for (rank, number) in order.into_iter().enumerate() {
        labels[number] = format!("{prefix}{rank}");
    }
    let mut rename = |node: BlankNode| match numbers.get(node.as_str()) {
        Some(number) => BlankNode::new_unchecked(labels[*number].as_str()),
        None => node,
    };
    for triple in triples {
        if let NamedOrBlankNode::BlankNode(node) = &mut triple.subject {
            *node = rename(node.clone());
        }
        match &mut triple.object {
            Term::BlankNode(node) => *node = rename(node.clone()),
            Term::Triple(_) => {
                triple.object = with_blank_nodes(triple.object.clone(), &mut rename);
            }
            Term::NamedNode(_) | Term::Literal(_) => {}
        }
    }
}

fn each_blank(triple: &Triple, each: &mut dyn FnMut(&str)) {
    if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
        each(node.as_str());
    }
    match &triple.object {
        Term::BlankNode(node) => each(node.as_str()),
        Term::Triple(_) => {
            with_blank_nodes(triple.object.clone(), &mut |node| {
                each(node.as_str());
                node
            });
        }
        Term::NamedNode(_) | Term::Literal(_) => {}
    }
}

/// A statement as blank nodes see it.
struct Edge {
    subject: End,
    predicate: u64,
    object: End,
}

enum End {
    Ground(u64),
    Blank(usize),
    /// A triple term with blank nodes: what stands between them, and they in order.
    Nested(u64, Vec<usize>),
}

fn mix(a: u64, b: u64) -> u64 {
    xxh3_64_with_seed(&a.to_le_bytes(), b)
}

impl End {
    fn colour(&self, colours: &[u64]) -> u64 {
        match self {
            Self::Ground(hash) => *hash,
            Self::Blank(number) => mix(colours[*number], 1),
            Self::Nested(hash, numbers) => numbers
                .iter()
                .fold(*hash, |hash, number| mix(hash, colours[*number])),
        }
    }
}

fn edges(triples: &[Triple], numbers: &FxHashMap<String, usize>) -> Vec<Edge> {
    let number = |label: &str| numbers.get(label).copied().unwrap_or(0);
    let edge = |triple: &Triple| {
        let subject = match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => End::Ground(xxh3_64(node.as_str().as_bytes())),
            NamedOrBlankNode::BlankNode(node) => End::Blank(number(node.as_str())),
        };
        let object = match &triple.object {
            Term::BlankNode(node) => End::Blank(number(node.as_str())),
            Term::Triple(_) => {
                let mut inside = Vec::new();
                let ground = with_blank_nodes(triple.object.clone(), &mut |node| {
                    inside.push(number(node.as_str()));
                    BlankNode::new_unchecked("x")
                });
                let hash = xxh3_64(term_text(ground.as_ref()).as_bytes());
                if inside.is_empty() {
                    End::Ground(hash)
                } else {
                    End::Nested(hash, inside)
                }
            }
            other => End::Ground(xxh3_64(term_text(other.as_ref()).as_bytes())),
        };
        Edge {
            subject,
            predicate: xxh3_64(triple.predicate.as_str().as_bytes()),
            object,
        }
    };
    triples.iter().map(edge).collect()
}

fn colours(triples: &[Triple], numbers: &FxHashMap<String, usize>) -> Vec<u64> {
    let mut edges = edges(triples, numbers);
    edges.retain(|edge| {
        !matches!(
            (&edge.subject, &edge.object),
            (End::Ground(_), End::Ground(_))
        )
    });
    let mut work = 0;
    let mut colours = vec![0; numbers.len()];
    let mut distinct = refine(&edges, &mut colours, &mut work);
    while distinct < colours.len() && work < MAX_WORK {
        // The smallest colour that several nodes have; any of them will do when they are alike.
        let mut order: Vec<usize> = (0..colours.len()).collect();
        order.sort_by_key(|number| (colours[*number], *number));
        let alike = order
            .windows(2)
            .find(|pair| colours[pair[0]] == colours[pair[1]]);
        let Some(pair) = alike else { break };
        colours[pair[0]] = mix(colours[pair[0]], 2);
        distinct = refine(&edges, &mut colours, &mut work);
    }
    colours
}

/// Refines until no more nodes differ; returns how many do.
fn refine(edges: &[Edge], colours: &mut [u64], work: &mut usize) -> usize {
    let mut distinct = count_distinct(colours);
    let mut first = true;
    while *work < MAX_WORK && (first || distinct < colours.len()) {
        first = false;
        *work += edges.len() + colours.len();
        let mut sums = vec![0_u64; colours.len()];
        for edge in edges {
            let subject = edge.subject.colour(colours);
            let object = edge.object.colour(colours);
            let mut add = |number: usize, role: u64, other: u64| {
                let seen = mix(mix(edge.predicate, role), other);
                sums[number] = sums[number].wrapping_add(mix(seen, 3));
            };
            if let End::Blank(number) = &edge.subject {
                add(*number, 4, object);
            }
            match &edge.object {
                End::Blank(number) => add(*number, 5, subject),
                End::Nested(_, numbers) => {
                    for (place, number) in numbers.iter().enumerate() {
                        add(*number, 6 + place as u64, subject);
                    }
                }
                End::Ground(_) => {}
            }
        }
        for (colour, sum) in colours.iter_mut().zip(sums) {
            *colour = mix(*colour, sum);
        }
        let now = count_distinct(colours);
        if now <= distinct {
            break;
        }
        distinct = now;
    }
    distinct
}

fn count_distinct(colours: &[u64]) -> usize {
    let mut sorted = colours.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

/// A digest of what a member says that does not depend on order or on labels of blank nodes.
pub(super) fn fingerprint<'a>(id: &str, triples: impl Iterator<Item = &'a Triple>) -> u64 {
    let mut sum = xxh3_64(id.as_bytes());
    let mut text = Vec::new();
    for triple in triples {
        text.clear();
        match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => text.extend_from_slice(node.as_str().as_bytes()),
            NamedOrBlankNode::BlankNode(_) => text.push(b'_'),
        }
        text.push(b' ');
        text.extend_from_slice(triple.predicate.as_str().as_bytes());
        text.push(b' ');
        match &triple.object {
            Term::BlankNode(_) | Term::Triple(_) => text.push(b'_'),
            other => crate::rdf::text::write_term(&mut text, other.as_ref()),
        }
        sum = sum.wrapping_add(xxh3_64(&text));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::{Literal, NamedNode};

    fn node(label: &str) -> NamedOrBlankNode {
        match label.strip_prefix("_:") {
            Some(label) => BlankNode::new_unchecked(label).into(),
            None => NamedNode::new_unchecked(label).into(),
        }
    }

    fn triples(lines: &[(&str, &str, &str)]) -> Vec<Triple> {
        lines
            .iter()
            .map(|(s, p, o)| Triple {
                subject: node(s),
                predicate: NamedNode::new_unchecked(*p),
                object: match o.strip_prefix('"') {
                    Some(text) => Literal::new_simple_literal(text).into(),
                    None => node(o).into(),
                },
            })
            .collect()
    }

    fn labelled(lines: &[(&str, &str, &str)]) -> Vec<String> {
        let mut triples = triples(lines);
        relabel(&mut triples, "urn:g", "urn:m");
        let mut out: Vec<String> = triples.iter().map(ToString::to_string).collect();
        out.sort();
        out
    }

    #[test]
    fn labels_do_not_depend_on_names_or_order() {
        let one = [
            ("urn:m", "urn:p", "_:a"),
            ("urn:m", "urn:p", "_:b"),
            ("_:a", "urn:q", "_:c"),
            ("_:b", "urn:q", "_:d"),
            ("_:c", "urn:r", "\"1"),
            ("_:d", "urn:r", "\"2"),
        ];
        let other = [
            ("_:z", "urn:r", "\"2"),
            ("_:x", "urn:q", "_:z"),
            ("_:y", "urn:q", "_:w"),
            ("urn:m", "urn:p", "_:x"),
            ("_:w", "urn:r", "\"1"),
            ("urn:m", "urn:p", "_:y"),
        ];
        assert_eq!(labelled(&one), labelled(&other));
    }

    #[test]
    fn twins_keep_their_own_children() {
        // Two equal branches: whichever is named first, its child goes with it.
        let one = [
            ("urn:m", "urn:p", "_:a"),
            ("urn:m", "urn:p", "_:b"),
            ("_:a", "urn:q", "_:c"),
            ("_:b", "urn:q", "_:d"),
        ];
        let other = [
            ("_:b", "urn:q", "_:c"),
            ("_:a", "urn:q", "_:d"),
            ("urn:m", "urn:p", "_:b"),
            ("urn:m", "urn:p", "_:a"),
        ];
        assert_eq!(labelled(&one), labelled(&other));
    }

    #[test]
    fn long_chains_and_many_twins_are_bounded() {
        let names: Vec<String> = (0..3000).map(|n| format!("_:n{n}")).collect();
        let chain: Vec<(&str, &str, &str)> = names
            .windows(2)
            .map(|pair| (pair[0].as_str(), "urn:next", pair[1].as_str()))
            .collect();
        let reversed: Vec<_> = chain.iter().rev().copied().collect();
        assert_eq!(labelled(&chain).len(), labelled(&reversed).len());
        let twins: Vec<(&str, &str, &str)> = names
            .iter()
            .map(|name| ("urn:m", "urn:p", name.as_str()))
            .collect();
        assert_eq!(labelled(&twins).len(), 3000);
    }

    #[test]
    fn a_fingerprint_sees_words_and_not_labels() {
        let a = triples(&[("urn:m", "urn:p", "_:a"), ("_:a", "urn:q", "\"1")]);
        let b = triples(&[("_:b", "urn:q", "\"1"), ("urn:m", "urn:p", "_:b")]);
        let c = triples(&[("_:b", "urn:q", "\"2"), ("urn:m", "urn:p", "_:b")]);
        let of = |triples: &[Triple]| fingerprint("urn:m", triples.iter());
        assert_eq!(of(&a), of(&b));
        assert_ne!(of(&a), of(&c));
    }
}

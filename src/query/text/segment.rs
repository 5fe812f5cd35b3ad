//! A piece of the index over the words of literals: vocabularies that lead from words and stems to the literals that hold
//! them. Never changes, lies in a few flat byte strings, in memory or in a file, and finds literals by number; reads no
//! literal.

use super::language::{GROUPS, Group};
use super::syntax::Element;
use crate::store::{Bytes, Derived, Id, Piece, Reader, Section, put_varint};
use fst::{IntoStreamer, Map, MapBuilder, Streamer};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Words after which a segment is complete. Small in tests, so that they meet several.
const FULL_WORDS: usize = if cfg!(test) { 20_000 } else { 1 << 20 };
/// Texts that are no literals between two literals of one segment, at most: each costs a byte.
const MAX_GAP: u64 = if cfg!(test) { 20 } else { 1 << 20 };

/// A literal with a word, and how often it holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posting {
    /// Number of the literal in its segment.
    pub(super) literal: u32,
    pub(super) times: u32,
}

/// The words of one group of languages.
struct Vocabulary {
    /// Word to the start of its list in the postings.
    words: Bytes,
    /// Stem to its words: twice the start of the only list, or twice the start of a family and one. Empty without stems.
    stems: Bytes,
}

/// What is known of a segment without reading a section.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Facts {
    /// Id of the literal numbered 0; the ids of the others follow it.
    base: u64,
    literals: u64,
    words: u64,
    /// Numbers of the groups that have words.
    groups: Vec<usize>,
}

/// The words of some literals with consecutive ids.
pub(super) struct Segment {
    facts: Facts,
    /// Words of each literal, at most 255; 0 for what is not here.
    lengths: Bytes,
    vocabularies: [Option<Vocabulary>; GROUPS],
    /// `number of literals | (distance to the one before × 2 + several?) | times`…, all varints.
    postings: Bytes,
    /// `number of lists | starts`, all varints.
    families: Bytes,
}

fn map(bytes: &Bytes) -> Map<Arc<[u8]>> {
    Map::new(bytes.whole()).unwrap_or_else(|_| bytes.spoilt("holds no vocabulary"))
}

impl Segment {
    /// The segment in a piece.
    pub(super) fn of(piece: &Piece) -> Self {
        let postings = piece.section("postings");
        let facts: Facts = match piece.facts() {
            // No words at all.
            Value::Null => Facts::default(),
            facts => Facts::deserialize(facts)
                .unwrap_or_else(|_| postings.spoilt("does not say what it holds")),
        };
        let vocabulary = |group: usize| Vocabulary {
            words: piece.section(&format!("words{group}")),
            stems: piece.section(&format!("stems{group}")),
        };
        Self {
            lengths: piece.section("lengths"),
            vocabularies: std::array::from_fn(|group| {
                facts.groups.contains(&group).then(|| vocabulary(group))
            }),
            families: piece.section("families"),
            postings,
            facts,
        }
    }

    /// Number of literals.
    pub(super) fn literals(&self) -> u64 {
        self.facts.literals
    }

    /// Number of words in all of them.
    pub(super) fn words(&self) -> u64 {
        self.facts.words
    }

    /// The id of a literal.
    pub(super) fn id(&self, literal: u32) -> Id {
        Id::from_raw(self.facts.base + u64::from(literal)).expect("ids of literals are not 0")
    }

    /// How many words literals have, at most 255: one byte at the number of each.
    pub(super) fn lengths(&self) -> Reader<'_> {
        Reader::new(&self.lengths)
    }

    /// The lists of the words of a group that are like an element.
    pub(super) fn lists(&self, element: &Element, group: Group, found: &mut Vec<u64>) {
        let Some(vocabulary) = &self.vocabularies[group.number()] else {
            return;
        };
        match element {
            Element::Word { folded, .. } if group == Group::Plain => {
                found.extend(map(&vocabulary.words).get(folded));
            }
            Element::Word { stems, .. } => {
                match map(&vocabulary.stems).get(&stems[group.number()]) {
                    None => {}
                    Some(only) if only & 1 == 0 => found.push(only >> 1),
                    Some(family) => {
                        let mut at = (family >> 1) as usize;
                        let mut families = Reader::new(&self.families);
                        let count = families.varint(&mut at);
                        found.extend((0..count).map(|_| families.varint(&mut at)));
                    }
                }
            }
            Element::Prefix(begin) => {
                let words = map(&vocabulary.words);
                let mut words = words.range().ge(begin).into_stream();
                while let Some((word, list)) = words.next() {
                    if !word.starts_with(begin.as_bytes()) {
                        break;
                    }
                    found.push(list);
                }
            }
            Element::Near(near) => {
                let words = map(&vocabulary.words);
                let mut words = words.search(near).into_stream();
                while let Some((_, list)) = words.next() {
                    found.push(list);
                }
            }
        }
    }

    /// How many literals some lists name together, each counted in each list.
    pub(super) fn frequency(&self, lists: &[u64]) -> u64 {
        let mut postings = Reader::new(&self.postings);
        let sizes = lists
            .iter()
            .map(|list| postings.varint(&mut (*list as usize)));
        sizes.sum()
    }

    /// Appends some lists, one after the other: literals in ascending order.
    pub(super) fn read(&self, lists: &[u64], out: &mut Vec<Posting>) {
        let mut postings = Reader::new(&self.postings);
        for list in lists {
            let mut at = *list as usize;
            let count = postings.varint(&mut at);
            let mut literal = 0;
            for _ in 0..count {
                let entry = postings.varint(&mut at);
                literal += (entry >> 1) as u32;
                let times = if entry & 1 == 1 {
                    postings.varint(&mut at) as u32
                } else {
                    1
                };
                out.push(Posting { literal, times });
            }
        }
    }
}

/// Collects the words of literals for one segment.
#[derive(Default)]
pub(super) struct SegmentBuilder {
    base: Option<u64>,
    lengths: Vec<u8>,
    vocabularies: [FxHashMap<Box<str>, u32>; GROUPS],
    known: u32,
    /// Number of the word × 2³² + literal.
    occurrences: Vec<u64>,
    literals: u64,
}

impl SegmentBuilder {
    /// Whether the segment should be finished before a literal with this id.
    pub(super) fn is_full(&self, id: Id) -> bool {
        let end = self.base.unwrap_or(id.raw()) + self.lengths.len() as u64;
        self.occurrences.len() >= FULL_WORDS || id.raw().saturating_sub(end) > MAX_GAP
    }

    /// Adds a literal; ids ascend.
    pub(super) fn add<'a>(
        &mut self,
        id: Id,
        group: Group,
        words: impl ExactSizeIterator<Item = &'a str>,
    ) {
        let literal = id.raw() - *self.base.get_or_insert(id.raw());
        self.lengths.resize(literal as usize, 0);
        self.lengths.push(words.len().min(255) as u8);
        self.literals += 1;
        let vocabulary = &mut self.vocabularies[group.number()];
        for word in words {
            let number = match vocabulary.get(word) {
                Some(number) => *number,
                None => {
                    let number = self.known;
                    self.known += 1;
                    vocabulary.insert(word.into(), number);
                    number
                }
            };
            self.occurrences.push(u64::from(number) << 32 | literal);
        }
    }

    /// What [`Segment::of`] reads, of what was added. `stem` writes the stem of a word.
    pub(super) fn finish(mut self, mut stem: impl FnMut(Group, &str, &mut String)) -> Derived {
        let Some(base) = self.base else {
            return Derived::default();
        };
        self.occurrences.sort_unstable();
        let mut starts = Vec::with_capacity(self.known as usize + 1);
        for (at, occurrence) in self.occurrences.iter().enumerate() {
            if starts.len() as u64 == occurrence >> 32 {
                starts.push(at);
            }
        }
        starts.push(self.occurrences.len());
        let mut facts = Facts {
            base,
            literals: self.literals,
            words: self.occurrences.len() as u64,
            groups: Vec::new(),
        };
        let section = |name: String, bytes, is_whole| Section {
            name,
            bytes,
            is_whole,
        };
        let mut sections = vec![section("lengths".to_owned(), self.lengths, false)];
        let (mut postings, mut families) = (Vec::new(), Vec::new());
        for (group, vocabulary) in Group::ALL.into_iter().zip(self.vocabularies) {
            if vocabulary.is_empty() {
                continue;
            }
            let mut words: Vec<(Box<str>, u32)> = vocabulary.into_iter().collect();
            words.sort_unstable();
            let mut map = MapBuilder::memory();
            let mut stems = Vec::new();
            for (word, number) in words {
                let list = postings.len() as u64;
                let number = number as usize;
                let own = &self.occurrences[starts[number]..starts[number + 1]];
                write_list(own, &mut postings);
                map.insert(&*word, list).expect("words ascend");
                if group != Group::Plain {
                    let mut own = String::new();
                    stem(group, &word, &mut own);
                    stems.push((own, list));
                }
            }
            let number = group.number();
            facts.groups.push(number);
            let words = map.into_map().into_fst().into_inner();
            sections.push(section(format!("words{number}"), words, true));
            if group != Group::Plain {
                stems.sort_unstable();
                let stems = stem_map(&stems, &mut families);
                sections.push(section(format!("stems{number}"), stems, true));
            }
        }
        sections.push(section("postings".to_owned(), postings, false));
        sections.push(section("families".to_owned(), families, false));
        Derived {
            next: 0,
            facts: serde_json::to_value(facts).expect("numbers are JSON"),
            sections,
        }
    }
}

/// Writes the literals of one word.
fn write_list(occurrences: &[u64], out: &mut Vec<u8>) {
    let different = occurrences.chunk_by(|one, next| one == next);
    put_varint(out, different.clone().count() as u64);
    let mut last = 0;
    for same in different {
        let literal = u64::from(same[0] as u32);
        let several = same.len() > 1;
        put_varint(out, (literal - last) << 1 | u64::from(several));
        if several {
            put_varint(out, same.len() as u64);
        }
        last = literal;
    }
}

/// Stems, sorted, with the lists of their words.
fn stem_map(stems: &[(String, u64)], families: &mut Vec<u8>) -> Vec<u8> {
    let mut map = MapBuilder::memory();
    for family in stems.chunk_by(|one, next| one.0 == next.0) {
        let (stem, list) = &family[0];
        let value = if family.len() == 1 {
            list << 1
        } else {
            let start = families.len() as u64;
            put_varint(families, family.len() as u64);
            for (_, list) in family {
                put_varint(families, *list);
            }
            start << 1 | 1
        };
        map.insert(stem, value).expect("stems ascend");
    }
    map.into_map().into_fst().into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_as_they_went_in() {
        let mut builder = SegmentBuilder::default();
        let base = 1_000;
        let texts = [
            (0_u64, Group::Dutch, "kerk kerken kerk"),
            (3, Group::Plain, "kerk"),
            (700, Group::Dutch, "kerken school"),
        ];
        for (literal, group, text) in texts {
            let id = Id::from_raw(base + literal).expect("not 0");
            builder.add(id, group, text.split(' ').collect::<Vec<_>>().into_iter());
        }
        let derived = Derived {
            next: 1,
            ..builder.finish(|_, word, stem| stem.push_str(&word[..4]))
        };
        let segment = Segment::of(&Piece::in_memory(0..1, derived));
        let find = |element: &Element, group| {
            let mut lists = Vec::new();
            segment.lists(element, group, &mut lists);
            let mut postings = Vec::new();
            segment.read(&lists, &mut postings);
            assert_eq!(segment.frequency(&lists), postings.len() as u64);
            postings.sort_unstable_by_key(|p| p.literal);
            postings
                .iter()
                .map(|p| (p.literal, p.times))
                .collect::<Vec<_>>()
        };
        let word = Element::Word {
            folded: "kerk".into(),
            stems: Box::new([const { String::new() }; GROUPS].map(|_| "kerk".to_owned())),
        };
        assert_eq!(find(&word, Group::Dutch), [(0, 2), (0, 1), (700, 1)]);
        assert_eq!(find(&word, Group::Plain), [(3, 1)]);
        assert_eq!(find(&word, Group::French), []);
        assert_eq!(
            find(&Element::Prefix("kerke".into()), Group::Dutch),
            [(0, 1), (700, 1)]
        );
        assert_eq!(find(&Element::Prefix("l".into()), Group::Dutch), []);
        assert_eq!((segment.literals(), segment.words()), (3, 6));
        let mut lengths = segment.lengths();
        assert_eq!(
            [0, 3, 4, 700].map(|n| lengths.item(n)),
            [[3], [1], [0], [2]]
        );
        assert_eq!(segment.id(700).raw(), base + 700);
    }
}

//! A piece of the index over the words of literals: vocabularies that lead from words and stems to the literals that hold
//! them. Never changes, lies in a few flat byte strings and finds literals by number; reads no literal.

use super::language::{GROUPS, Group};
use super::syntax::Element;
use crate::store::Id;
use fst::{IntoStreamer, Map, MapBuilder, Streamer};
use rustc_hash::FxHashMap;

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
    words: Map<Vec<u8>>,
    /// Stem to its words: twice the start of the only list, or twice the start of a family and one. Empty without stems.
    stems: Map<Vec<u8>>,
}

/// The words of some literals with consecutive ids.
pub(super) struct Segment {
    /// Id of the literal numbered 0; the ids of the others follow it.
    base: u64,
    /// Words of each literal, at most 255; 0 for what is not here.
    lengths: Vec<u8>,
    vocabularies: [Option<Vocabulary>; GROUPS],
    /// `number of literals | (distance to the one before × 2 + several?) | times`…, all varints.
    postings: Vec<u8>,
    /// `number of lists | starts`, all varints.
    families: Vec<u8>,
    literals: u64,
    words: u64,
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

impl Segment {
    /// Number of literals.
    pub(super) fn literals(&self) -> u64 {
        self.literals
    }

    /// Number of words in all of them.
    pub(super) fn words(&self) -> u64 {
        self.words
    }

    /// Bytes of memory held.
    pub(super) fn memory_bytes(&self) -> usize {
        let vocabularies = self.vocabularies.iter().flatten();
        let maps = vocabularies.map(|v| v.words.as_fst().size() + v.stems.as_fst().size());
        size_of::<Self>()
            + self.lengths.capacity()
            + self.postings.capacity()
            + self.families.capacity()
            + maps.sum::<usize>()
    }

    /// The id of a literal.
    pub(super) fn id(&self, literal: u32) -> Id {
        Id::from_raw(self.base + u64::from(literal)).expect("ids of literals are not 0")
    }

    /// How many words a literal has, at most 255.
    pub(super) fn length(&self, literal: u32) -> u8 {
        self.lengths[literal as usize]
    }

    /// The lists of the words of a group that are like an element.
    pub(super) fn lists(&self, element: &Element, group: Group, found: &mut Vec<u64>) {
        let Some(vocabulary) = &self.vocabularies[group.number()] else {
            return;
        };
        match element {
            Element::Word { folded, .. } if group == Group::Plain => {
                found.extend(vocabulary.words.get(folded));
            }
            Element::Word { stems, .. } => match vocabulary.stems.get(&stems[group.number()]) {
                None => {}
                Some(only) if only & 1 == 0 => found.push(only >> 1),
                Some(family) => {
                    let mut at = (family >> 1) as usize;
                    let count = take(&self.families, &mut at);
                    found.extend((0..count).map(|_| take(&self.families, &mut at)));
                }
            },
            Element::Prefix(begin) => {
                let mut words = vocabulary.words.range().ge(begin).into_stream();
                while let Some((word, list)) = words.next() {
                    if !word.starts_with(begin.as_bytes()) {
                        break;
                    }
                    found.push(list);
                }
            }
            Element::Near(near) => {
                let mut words = vocabulary.words.search(near).into_stream();
                while let Some((_, list)) = words.next() {
                    found.push(list);
                }
            }
        }
    }

    /// How many literals a list names.
    pub(super) fn frequency(&self, list: u64) -> u64 {
        take(&self.postings, &mut (list as usize))
    }

    /// Appends a list: literals in ascending order.
    pub(super) fn read(&self, list: u64, out: &mut Vec<Posting>) {
        let mut at = list as usize;
        let count = take(&self.postings, &mut at);
        out.reserve(count as usize);
        let mut literal = 0;
        for _ in 0..count {
            let entry = take(&self.postings, &mut at);
            literal += (entry >> 1) as u32;
            let times = if entry & 1 == 1 {
                take(&self.postings, &mut at) as u32
            } else {
                1
            };
            out.push(Posting { literal, times });
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

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.base.is_none()
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

    /// The segment of what was added. `stem` writes the stem of a word.
    pub(super) fn finish(mut self, mut stem: impl FnMut(Group, &str, &mut String)) -> Segment {
        self.occurrences.sort_unstable();
        let mut starts = Vec::with_capacity(self.known as usize + 1);
        for (at, occurrence) in self.occurrences.iter().enumerate() {
            if starts.len() as u64 == occurrence >> 32 {
                starts.push(at);
            }
        }
        starts.push(self.occurrences.len());
        let mut segment = Segment {
            base: self.base.unwrap_or(1),
            lengths: self.lengths,
            vocabularies: [const { None }; GROUPS],
            postings: Vec::new(),
            families: Vec::new(),
            literals: self.literals,
            words: self.occurrences.len() as u64,
        };
        for (group, vocabulary) in Group::ALL.into_iter().zip(self.vocabularies) {
            if vocabulary.is_empty() {
                continue;
            }
            let mut words: Vec<(Box<str>, u32)> = vocabulary.into_iter().collect();
            words.sort_unstable();
            let mut map = MapBuilder::memory();
            let mut stems = Vec::new();
            for (word, number) in words {
                let list = segment.postings.len() as u64;
                let number = number as usize;
                let own = &self.occurrences[starts[number]..starts[number + 1]];
                write_list(own, &mut segment.postings);
                map.insert(&*word, list).expect("words ascend");
                if group != Group::Plain {
                    let mut own = String::new();
                    stem(group, &word, &mut own);
                    stems.push((own, list));
                }
            }
            stems.sort_unstable();
            segment.vocabularies[group.number()] = Some(Vocabulary {
                words: map.into_map(),
                stems: stem_map(&stems, &mut segment.families),
            });
        }
        segment.lengths.shrink_to_fit();
        segment.postings.shrink_to_fit();
        segment.families.shrink_to_fit();
        segment
    }
}

/// Writes the literals of one word.
fn write_list(occurrences: &[u64], out: &mut Vec<u8>) {
    let different = occurrences.chunk_by(|one, next| one == next);
    put(out, different.clone().count() as u64);
    let mut last = 0;
    for same in different {
        let literal = u64::from(same[0] as u32);
        let several = same.len() > 1;
        put(out, (literal - last) << 1 | u64::from(several));
        if several {
            put(out, same.len() as u64);
        }
        last = literal;
    }
}

/// Stems, sorted, with the lists of their words.
fn stem_map(stems: &[(String, u64)], families: &mut Vec<u8>) -> Map<Vec<u8>> {
    let mut map = MapBuilder::memory();
    for family in stems.chunk_by(|one, next| one.0 == next.0) {
        let (stem, list) = &family[0];
        let value = if family.len() == 1 {
            list << 1
        } else {
            let start = families.len() as u64;
            put(families, family.len() as u64);
            for (_, list) in family {
                put(families, *list);
            }
            start << 1 | 1
        };
        map.insert(stem, value).expect("stems ascend");
    }
    map.into_map()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let segment = builder.finish(|_, word, stem| stem.push_str(&word[..4]));
        let find = |element: &Element, group| {
            let mut lists = Vec::new();
            segment.lists(element, group, &mut lists);
            let mut postings = Vec::new();
            for list in lists {
                assert!(segment.frequency(list) > 0);
                segment.read(list, &mut postings);
            }
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
        assert_eq!([0, 3, 4, 700].map(|n| segment.length(n)), [3, 1, 0, 2]);
        assert_eq!(segment.id(700).raw(), base + 700);
    }

    proptest! {
        #[test]
        fn varints_round_trip(values in prop::collection::vec(any::<u64>(), 0..20)) {
            let mut bytes = Vec::new();
            values.iter().for_each(|value| put(&mut bytes, *value));
            let mut at = 0;
            for value in values {
                prop_assert_eq!(take(&bytes, &mut at), value);
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}

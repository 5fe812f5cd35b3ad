//! Terms and their ids: immutable layers that snapshots share, and the builder the writer fills.
//! Keys are canonical N-Triples texts. Ids never change while a store is open; nothing here touches disk.

use crate::rdf::text;
use crate::store::id::{
    FIXED_DATATYPES, Id, NUMBER_BITS, Tag, TermKind, canonical_digits, inline_datatype,
    inline_literal, write_inline_lexical,
};
use crate::store::lexical::is_well_formed;
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;
use std::io::Write as _;
use std::sync::Arc;

/// Facts about a term that validation needs without reading its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermMeta {
    /// Kind of term.
    pub kind: TermKind,
    /// Literals: index of the datatype (0 `xsd:string`, 1 `rdf:langString`); 0 otherwise.
    pub datatype: u16,
    /// Literals: index of the language tag, equal exactly when the tags are equal but for case; 0 = none.
    pub language: u16,
    /// Whether the lexical form is valid for its datatype; true for IRIs, blank nodes and unknown datatypes.
    pub well_formed: bool,
}

const UNLISTED: u16 = u16::MAX >> 1;
/// Listed prefixes are copied when a draft lists a new one, so there are not too many.
const MAX_IRI_PREFIXES: usize = 4_096;
const MAX_BLANK_PREFIXES: usize = 4_096;

/// Texts given ids in order of arrival, never changed once sealed.
#[derive(Default)]
struct Layer {
    /// Dictionary index of the first text.
    first: u64,
    arena: Vec<u8>,
    /// End of each text in the arena.
    ends: Vec<u64>,
    /// well-formed bit (31) · datatype (15 bits) · language (16 bits).
    meta: Vec<u32>,
    table: HashTable<u32>,
}

impl Layer {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn text(&self, local: usize) -> &[u8] {
        let start = if local == 0 {
            0
        } else {
            self.ends[local - 1] as usize
        };
        &self.arena[start..self.ends[local] as usize]
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u64> {
        self.table
            .find(hash, |&local| self.text(local as usize) == key)
            .map(|&local| self.first + u64::from(local))
    }

    fn push(&mut self, hash: u64, key: &[u8], meta: u32) -> u64 {
        let local = self.ends.len() as u32;
        self.arena.extend_from_slice(key);
        self.ends.push(self.arena.len() as u64);
        self.meta.push(meta);
        let Self {
            arena, ends, table, ..
        } = self;
        table.insert_unique(hash, local, |&other| {
            let other = other as usize;
            let start = if other == 0 {
                0
            } else {
                ends[other - 1] as usize
            };
            hash_of(&arena[start..ends[other] as usize])
        });
        self.first + u64::from(local)
    }

    /// One layer holding the texts of `self` and then those of `next`, which follows directly.
    fn joined(&self, next: &Self) -> Self {
        let mut arena = Vec::with_capacity(self.arena.len() + next.arena.len());
        arena.extend_from_slice(&self.arena);
        arena.extend_from_slice(&next.arena);
        let shift = self.arena.len() as u64;
        let ends: Vec<u64> = self
            .ends
            .iter()
            .copied()
            .chain(next.ends.iter().map(|e| e + shift))
            .collect();
        let meta: Vec<u32> = self.meta.iter().chain(&next.meta).copied().collect();
        let text = |local: u32| {
            let local = local as usize;
            let start = if local == 0 {
                0
            } else {
                ends[local - 1] as usize
            };
            &arena[start..ends[local] as usize]
        };
        let mut table = HashTable::with_capacity(ends.len());
        for local in 0..ends.len() as u32 {
            table.insert_unique(hash_of(text(local)), local, |&other| hash_of(text(other)));
        }
        Self {
            first: self.first,
            arena,
            ends,
            meta,
            table,
        }
    }
}

fn hash_of(key: &[u8]) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// Numbered strings that only grow: prefixes of IRIs and blank nodes, datatypes, languages.
#[derive(Clone, Default)]
struct Names {
    list: Vec<Arc<str>>,
    index: FxHashMap<Arc<str>, u32>,
}

impl Names {
    fn of(initial: &[&str]) -> Self {
        let mut names = Self::default();
        for name in initial {
            names.insert(name);
        }
        names
    }

    fn insert(&mut self, name: &str) -> u32 {
        let shared: Arc<str> = name.into();
        let at = self.list.len() as u32;
        self.list.push(Arc::clone(&shared));
        self.index.insert(shared, at);
        at
    }
}

/// The dictionary of one version: shared layers and name tables. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dictionary {
    layers: Vec<Arc<Layer>>,
    iri_prefixes: Arc<Names>,
    blank_prefixes: Arc<Names>,
    datatypes: Arc<Names>,
    languages: Arc<Names>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            iri_prefixes: Arc::default(),
            blank_prefixes: Arc::default(),
            datatypes: Arc::new(Names::of(&FIXED_DATATYPES)),
            languages: Arc::new(Names::of(&[""])),
        }
    }
}

/// What a text turned out to be before the layers are asked.
enum Shape<'a> {
    Inline(Id),
    /// IRI or blank node label that splits into prefix and number.
    Numbered {
        tag: Tag,
        prefix: &'a str,
        number: u64,
    },
    Plain(Tag),
}

fn shape(key: &str) -> Shape<'_> {
    match key.as_bytes()[0] {
        b'<' => {
            split_number(&key[..key.len() - 1], Tag::IriNumber).unwrap_or(Shape::Plain(Tag::Iri))
        }
        b'_' => split_number(key, Tag::BlankNumber).unwrap_or(Shape::Plain(Tag::Blank)),
        _ => {
            if let Ok(parts) = text::split_literal(key)
                && let Some(datatype) = parts.datatype
                && let Some(id) = inline_literal(parts.escaped, datatype)
            {
                return Shape::Inline(id);
            }
            Shape::Plain(Tag::Literal)
        }
    }
}

/// Splits trailing digits off, when they follow a separator and have one spelling only.
fn split_number(body: &str, tag: Tag) -> Option<Shape<'_>> {
    let digits = body.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, number) = body.split_at(body.len() - digits);
    let separator = prefix.as_bytes().last()?;
    let separated = match tag {
        Tag::IriNumber => matches!(separator, b'/' | b'#' | b':' | b'='),
        _ => *separator == b'x' && prefix.len() > 16,
    };
    if digits == 0 || digits > 12 || !separated {
        return None;
    }
    let number = canonical_digits(number.as_bytes()).filter(|n| *n < 1 << NUMBER_BITS)?;
    Some(Shape::Numbered {
        tag,
        prefix,
        number,
    })
}

impl Dictionary {
    /// Number of texts held by layers (inline and numbered terms not counted).
    pub(crate) fn text_count(&self) -> u64 {
        self.layers
            .last()
            .map_or(0, |layer| layer.first + layer.len() as u64)
    }

    /// Id of a canonical text, when the term is known or inline.
    pub(crate) fn find(&self, key: &str) -> Option<Id> {
        let tag = match shape(key) {
            Shape::Inline(id) => return Some(id),
            Shape::Numbered {
                tag,
                prefix,
                number,
            } => {
                let (names, plain) = self.numbered(tag);
                if let Some(&index) = names.index.get(prefix) {
                    return Some(Id::from_parts(
                        tag,
                        (u64::from(index) << NUMBER_BITS) | number,
                    ));
                }
                plain
            }
            Shape::Plain(tag) => tag,
        };
        let key = key.as_bytes();
        self.find_in_layers(hash_of(key), key)
            .map(|index| Id::from_parts(tag, index))
    }

    fn numbered(&self, tag: Tag) -> (&Names, Tag) {
        match tag {
            Tag::IriNumber => (&self.iri_prefixes, Tag::Iri),
            _ => (&self.blank_prefixes, Tag::Blank),
        }
    }

    fn find_in_layers(&self, hash: u64, key: &[u8]) -> Option<u64> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.find(hash, key))
    }

    fn layer_of(&self, index: u64) -> (&Layer, usize) {
        let at = self.layers.partition_point(|layer| layer.first <= index) - 1;
        let layer = &self.layers[at];
        (layer, (index - layer.first) as usize)
    }

    /// Appends the canonical text of a term of this version.
    pub(crate) fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        const INDEXED: [u8; 3] = [Tag::Iri as u8, Tag::Blank as u8, Tag::Literal as u8];
        let tag = id.tag_bits();
        if INDEXED.contains(&tag) {
            let (layer, local) = self.layer_of(id.value());
            out.extend_from_slice(layer.text(local));
        } else if tag == Tag::IriNumber as u8 || tag == Tag::BlankNumber as u8 {
            let names = if tag == Tag::IriNumber as u8 {
                &self.iri_prefixes
            } else {
                &self.blank_prefixes
            };
            let prefix = &names.list[(id.value() >> NUMBER_BITS) as usize];
            out.extend_from_slice(prefix.as_bytes());
            write!(out, "{}", id.value() & ((1 << NUMBER_BITS) - 1))
                .expect("a Vec takes every write");
            if tag == Tag::IriNumber as u8 {
                out.push(b'>');
            }
        } else if let Some(datatype) = inline_datatype(id) {
            out.push(b'"');
            write_inline_lexical(out, id);
            out.extend_from_slice(b"\"^^<");
            out.extend_from_slice(FIXED_DATATYPES[usize::from(datatype)].as_bytes());
            out.push(b'>');
        }
    }

    /// The text of an indexed term without copying; `None` for inline and numbered terms.
    pub(crate) fn borrowed_text(&self, id: Id) -> Option<&str> {
        const INDEXED: [u8; 3] = [Tag::Iri as u8, Tag::Blank as u8, Tag::Literal as u8];
        INDEXED.contains(&id.tag_bits()).then(|| {
            let (layer, local) = self.layer_of(id.value());
            std::str::from_utf8(layer.text(local)).expect("only UTF-8 texts are interned")
        })
    }

    /// Facts about a term of this version.
    pub(crate) fn meta(&self, id: Id) -> TermMeta {
        let kind = id.kind();
        if id.tag_bits() == Tag::Literal as u8 {
            let (layer, local) = self.layer_of(id.value());
            let packed = layer.meta[local];
            return TermMeta {
                kind,
                datatype: (packed >> 16) as u16 & UNLISTED,
                language: packed as u16,
                well_formed: packed >> 31 == 1,
            };
        }
        TermMeta {
            kind,
            datatype: inline_datatype(id).unwrap_or(0),
            language: 0,
            well_formed: true,
        }
    }

    /// Index of a datatype IRI in [`TermMeta::datatype`]; `None` when no literal has it.
    pub(crate) fn datatype_index(&self, iri: &str) -> Option<u16> {
        self.datatypes.index.get(iri).map(|i| *i as u16)
    }

    /// Datatype IRI of an index in [`TermMeta::datatype`]; empty for an index never given out.
    pub(crate) fn datatype_iri(&self, index: u16) -> &str {
        self.datatypes
            .list
            .get(usize::from(index))
            .map_or("", |name| name)
    }

    /// Language tag in lower case of an index in [`TermMeta::language`]; empty for 0.
    pub(crate) fn language_tag(&self, index: u16) -> &str {
        self.languages
            .list
            .get(usize::from(index))
            .map_or("", |name| name)
    }
}

/// The writer's side: a dictionary plus texts not yet shared.
pub(crate) struct DictionaryBuilder {
    base: Dictionary,
    fresh: Layer,
}

impl DictionaryBuilder {
    pub(crate) fn new(base: Dictionary) -> Self {
        let fresh = Layer {
            first: base.text_count(),
            ..Layer::default()
        };
        Self { base, fresh }
    }

    /// Id of a canonical text, given out now if the term is new. The text must be one canonical term.
    pub(crate) fn intern(&mut self, key: &str) -> Id {
        let tag = match shape(key) {
            Shape::Inline(id) => return id,
            Shape::Numbered {
                tag,
                prefix,
                number,
            } => {
                if let Some(index) = self.prefix_index(tag, prefix) {
                    return Id::from_parts(tag, (u64::from(index) << NUMBER_BITS) | number);
                }
                self.base.numbered(tag).1
            }
            Shape::Plain(tag) => tag,
        };
        let bytes = key.as_bytes();
        let hash = hash_of(bytes);
        let known = self
            .fresh
            .find(hash, bytes)
            .or_else(|| self.base.find_in_layers(hash, bytes));
        let index = known.unwrap_or_else(|| {
            let meta = if matches!(tag, Tag::Literal) {
                self.literal_meta(key)
            } else {
                1 << 31
            };
            self.fresh.push(hash, bytes, meta)
        });
        Id::from_parts(tag, index)
    }

    fn prefix_index(&mut self, tag: Tag, prefix: &str) -> Option<u32> {
        let (names, limit) = match tag {
            Tag::IriNumber => (&mut self.base.iri_prefixes, MAX_IRI_PREFIXES),
            _ => (&mut self.base.blank_prefixes, MAX_BLANK_PREFIXES),
        };
        if let Some(&index) = names.index.get(prefix) {
            return Some(index);
        }
        // Prefixes are never dropped, so a term keeps its one id: numbered if listed here, indexed otherwise.
        (names.list.len() < limit).then(|| Arc::make_mut(names).insert(prefix))
    }

    fn literal_meta(&mut self, key: &str) -> u32 {
        let Ok(parts) = text::split_literal(key) else {
            return 1 << 31;
        };
        let (datatype, language, well_formed) = match (parts.language, parts.datatype) {
            (Some(tag), _) => {
                let tag = tag.to_ascii_lowercase();
                (
                    1,
                    name_index(&mut self.base.languages, &tag, u16::MAX),
                    true,
                )
            }
            (None, Some(datatype)) => {
                let index = name_index(&mut self.base.datatypes, datatype, UNLISTED);
                let well_formed = text::unescape(parts.escaped)
                    .is_ok_and(|lexical| is_well_formed(&lexical, datatype));
                (index, 0, well_formed)
            }
            (None, None) => (0, 0, true),
        };
        (u32::from(well_formed) << 31) | (u32::from(datatype) << 16) | u32::from(language)
    }

    /// Appends the canonical text of a term known here, fresh or not.
    pub(crate) fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        const INDEXED: [u8; 3] = [Tag::Iri as u8, Tag::Blank as u8, Tag::Literal as u8];
        if INDEXED.contains(&id.tag_bits()) && id.value() >= self.fresh.first {
            out.extend_from_slice(self.fresh.text((id.value() - self.fresh.first) as usize));
        } else {
            self.base.write_text(id, out);
        }
    }

    /// Shares what was interned so far and goes on with an empty fresh layer.
    /// Layers are merged while the older is less than twice the newer, so there are few of them.
    pub(crate) fn freeze(&mut self) -> Dictionary {
        if self.fresh.len() > 0 {
            let first = self.fresh.first + self.fresh.len() as u64;
            let mut newest = std::mem::replace(
                &mut self.fresh,
                Layer {
                    first,
                    ..Layer::default()
                },
            );
            newest.arena.shrink_to_fit();
            newest.ends.shrink_to_fit();
            newest.meta.shrink_to_fit();
            while let Some(last) = self.base.layers.last()
                && last.len() < 2 * newest.len()
            {
                newest = last.joined(&newest);
                self.base.layers.pop();
            }
            self.base.layers.push(Arc::new(newest));
        }
        self.base.clone()
    }
}

/// Index of a name, listed now if new; `limit` stands for all names that no longer fit.
fn name_index(names: &mut Arc<Names>, name: &str, limit: u16) -> u16 {
    if let Some(&index) = names.index.get(name) {
        return index as u16;
    }
    if names.list.len() >= usize::from(limit) {
        return limit;
    }
    Arc::make_mut(names).insert(name) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdf::vocab::xsd;

    const TEXTS: [&str; 12] = [
        "<http://example.org/a>",
        "<https://data.vlaanderen.be/id/adres/12>",
        "<https://data.vlaanderen.be/id/adres/012>",
        "_:b0123456789abcdef0123x7",
        "_:c1",
        "\"a\"",
        "\"a\"@nl-BE",
        "\"a\"@nl-be",
        "\"01\"^^<http://www.w3.org/2001/XMLSchema#integer>",
        "\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>",
        "\"x\"^^<http://www.w3.org/2001/XMLSchema#integer>",
        "\"y\"^^<http://example.org/t>",
    ];

    #[test]
    fn ids_are_stable_over_layers_and_texts_come_back() {
        let mut builder = DictionaryBuilder::new(Dictionary::default());
        let mut ids = Vec::new();
        for text in TEXTS {
            ids.push(builder.intern(text));
            builder.freeze();
        }
        let dictionary = builder.freeze();
        for (text, id) in TEXTS.iter().zip(&ids) {
            assert_eq!(dictionary.find(text), Some(*id), "{text}");
            assert_eq!(builder.intern(text), *id);
            let mut out = Vec::new();
            dictionary.write_text(*id, &mut out);
            assert_eq!(String::from_utf8(out).expect("UTF-8"), *text);
        }
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), TEXTS.len());
        assert_eq!(dictionary.find("<http://example.org/unknown>"), None);
    }

    #[test]
    fn meta_tells_datatype_language_and_validity() {
        let mut builder = DictionaryBuilder::new(Dictionary::default());
        let upper = builder.intern("\"a\"@nl-BE");
        let lower = builder.intern("\"a\"@nl-be");
        let bad = builder.intern("\"x\"^^<http://www.w3.org/2001/XMLSchema#integer>");
        let inline = builder.intern("\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>");
        let dictionary = builder.freeze();
        assert_ne!(upper, lower);
        assert_eq!(
            dictionary.meta(upper).language,
            dictionary.meta(lower).language
        );
        assert_eq!(
            dictionary.language_tag(dictionary.meta(upper).language),
            "nl-be"
        );
        assert_eq!(dictionary.meta(upper).datatype, 1);
        assert!(!dictionary.meta(bad).well_formed);
        assert!(dictionary.meta(inline).well_formed);
        assert_eq!(
            dictionary.meta(bad).datatype,
            dictionary.meta(inline).datatype
        );
        assert_eq!(
            dictionary.datatype_index(xsd::INTEGER),
            Some(dictionary.meta(bad).datatype)
        );
    }
}

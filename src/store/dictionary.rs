//! Terms and their ids: immutable layers that snapshots share, in memory or on disk, and the builder the writer fills.
//! Keys are canonical N-Triples texts. An id, once given out, never changes.

use crate::rdf::text;
use crate::rdf::vocab::rdf;
use crate::store::attached::Attached;
use crate::store::id::{
    FIXED_DATATYPES, Id, NUMBER_BITS, Tag, TermKind, canonical_digits, inline_datatype,
    inline_literal, write_inline_lexical,
};
use crate::store::layer::Layer;
use crate::store::lexical::is_well_formed;
use crate::store::names::Names;
use crate::store::parts::{Extras, TermPart};
use crate::store::segment::Shared;
use crate::store::terms::{Terms, TermsWriter, hash_of, learn};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Facts about a term that validation needs without reading its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermMeta {
    /// Kind of term.
    pub kind: TermKind,
    /// Literals: index of the datatype (0 `xsd:string`, 1 `rdf:langString`); 0 otherwise.
    pub datatype: u16,
    /// Literals: index of the language tag, equal exactly when the tags are equal but for case; 0 = none. A base direction is
    /// no part of the tag.
    pub language: u16,
    /// Whether the lexical form is valid for its datatype; true for IRIs, blank nodes, triple terms and unknown datatypes.
    pub well_formed: bool,
}

impl TermMeta {
    /// The facts about a literal with an index, as layers and files pack them.
    pub(crate) fn of_literal(packed: u32) -> Self {
        Self {
            kind: TermKind::Literal,
            datatype: (packed >> 16) as u16 & UNLISTED,
            language: packed as u16,
            well_formed: packed >> 31 == 1,
        }
    }
}

const UNLISTED: u16 = u16::MAX >> 1;
/// Listed prefixes are copied when a draft lists a new one, so there are not too many.
const MAX_IRI_PREFIXES: usize = 4_096;
const MAX_BLANK_PREFIXES: usize = 4_096;

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
        b'<' if key.starts_with("<<(") => Shape::Plain(Tag::Triple),
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

/// Texts with consecutive indexes.
#[derive(Clone)]
pub(crate) enum Texts {
    Memory(Arc<Layer>),
    Disk(Arc<Terms>),
}

impl From<Arc<Terms>> for Texts {
    fn from(terms: Arc<Terms>) -> Self {
        Self::Disk(terms)
    }
}

impl Texts {
    /// What the texts carry along.
    pub(crate) fn extras(&self) -> &Extras {
        match self {
            Self::Memory(layer) => &layer.extras,
            Self::Disk(terms) => &terms.extras,
        }
    }

    /// Index of the first text.
    pub(crate) fn first(&self) -> u64 {
        match self {
            Self::Memory(layer) => layer.first,
            Self::Disk(terms) => terms.first,
        }
    }

    /// Index after the last text.
    pub(crate) fn end(&self) -> u64 {
        match self {
            Self::Memory(layer) => layer.first + layer.len() as u64,
            Self::Disk(terms) => terms.first + terms.len(),
        }
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u64> {
        match self {
            Self::Memory(layer) => layer.find(hash, key),
            Self::Disk(terms) => terms.find(hash, key),
        }
    }
}

/// The dictionary of one version: shared layers and name tables. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dictionary {
    seed: u64,
    /// Oldest first, without gaps.
    layers: Vec<Texts>,
    /// Layers in memory that start below this index are being written to disk and stay as they are.
    floor: u64,
    names: NameTables,
    /// What others remember of its ids.
    pub(crate) attached: Attached,
}

/// Everything numbered apart from the texts.
#[derive(Clone)]
struct NameTables {
    iri_prefixes: Arc<Names>,
    blank_prefixes: Arc<Names>,
    datatypes: Arc<Names>,
    languages: Arc<Names>,
}

/// The name tables as the manifest keeps them; lists only ever grow.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct StoredNames {
    iri_prefixes: Vec<String>,
    blank_prefixes: Vec<String>,
    datatypes: Vec<String>,
    languages: Vec<String>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self::new(RandomState::new().hash_one(0))
    }
}

impl Dictionary {
    /// An empty dictionary whose texts are hashed with `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            layers: Vec::new(),
            floor: 0,
            attached: Attached::default(),
            names: NameTables {
                iri_prefixes: Arc::default(),
                blank_prefixes: Arc::default(),
                datatypes: Arc::new(Names::of(&FIXED_DATATYPES)),
                languages: Arc::new(Names::of(&[""])),
            },
        }
    }

    /// A dictionary of files, oldest first.
    pub(crate) fn of_files(seed: u64, files: Vec<Arc<Terms>>, names: &StoredNames) -> Self {
        Self {
            seed,
            floor: files.last().map_or(0, |terms| terms.first + terms.len()),
            layers: files.into_iter().map(Texts::Disk).collect(),
            attached: Attached::default(),
            names: NameTables {
                iri_prefixes: Arc::new(Names::of(&names.iri_prefixes)),
                blank_prefixes: Arc::new(Names::of(&names.blank_prefixes)),
                datatypes: Arc::new(Names::of(&names.datatypes)),
                languages: Arc::new(Names::of(&names.languages)),
            },
        }
    }

    /// The seed of the hashes.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The name tables for the manifest.
    pub(crate) fn stored_names(&self) -> StoredNames {
        let list = |names: &Names| names.list.iter().map(|name| name.to_string()).collect();
        StoredNames {
            iri_prefixes: list(&self.names.iri_prefixes),
            blank_prefixes: list(&self.names.blank_prefixes),
            datatypes: list(&self.names.datatypes),
            languages: list(&self.names.languages),
        }
    }

    /// The files, oldest first.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Arc<Terms>> {
        self.layers.iter().filter_map(|layer| match layer {
            Texts::Disk(terms) => Some(terms),
            Texts::Memory(_) => None,
        })
    }

    /// The texts that a file with texts of a range stands for, oldest first.
    pub(crate) fn texts_within(&self, range: std::ops::Range<u64>) -> Vec<Texts> {
        let within = |texts: &&Texts| texts.first() >= range.start && texts.end() <= range.end;
        self.layers.iter().filter(within).cloned().collect()
    }

    /// All texts in parts, oldest first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = TermPart> {
        self.layers.iter().cloned().map(TermPart::new)
    }

    /// Bytes of texts that are in memory only.
    pub(crate) fn unflushed_bytes(&self) -> usize {
        let layers = self.layers.iter().map(|layer| match layer {
            Texts::Memory(layer) => layer.memory_bytes(),
            Texts::Disk(_) => 0,
        });
        layers.sum()
    }

    /// Bytes of memory held, caches not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.unflushed_bytes()
            + self
                .files()
                .map(|terms| terms.memory_bytes())
                .sum::<usize>()
    }

    /// Keeps the layers in memory as they are from now on, because they are being written to disk.
    pub(crate) fn hold(&mut self) {
        self.floor = self.text_count();
    }

    /// Writes the texts that are in memory to one file. `None` when there are none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn flush(
        &self,
        dir: &Path,
        number: u64,
        shared: &Arc<Shared>,
    ) -> io::Result<Option<Arc<Terms>>> {
        let layers: Vec<&Arc<Layer>> = self
            .layers
            .iter()
            .filter_map(|layer| match layer {
                Texts::Memory(layer) => Some(layer),
                Texts::Disk(_) => None,
            })
            .collect();
        let Some(first) = layers.first().map(|layer| layer.first) else {
            return Ok(None);
        };
        let largest = layers.iter().max_by_key(|layer| layer.len());
        let known = self.files().last().map(|terms| Arc::clone(terms.learnt()));
        let learnt = known
            .filter(|learnt| !learnt.is_empty())
            .or_else(|| {
                largest.map(|layer| learn(layer.len(), |at| (layer.text(at), layer.meta(at))))
            })
            .unwrap_or_default();
        let path = Terms::path(dir, number);
        let mut writer = TermsWriter::create(&path, self.seed, first, learnt)?;
        for layer in layers {
            writer.texts(layer.len(), |at| (layer.text(at), layer.meta(at)))?;
        }
        writer.finish()?;
        Ok(Some(Arc::new(Terms::open(dir, number, shared)?)))
    }

    /// The same dictionary with the layers of a file's texts replaced by the file; `None` when other files took their place.
    pub(crate) fn with_file(&self, file: Arc<Terms>) -> Option<Self> {
        let (start, end) = (file.first, file.first + file.len());
        let mut next = self.clone();
        let from = next.layers.partition_point(|layer| layer.first() < start);
        let to = next.layers.partition_point(|layer| layer.first() < end);
        if from >= to || next.layers[from].first() != start || next.layers[to - 1].end() != end {
            return None;
        }
        next.layers.splice(from..to, [Texts::Disk(file)]);
        Some(next)
    }

    /// Number of texts held by layers (inline and numbered terms not counted).
    pub(crate) fn text_count(&self) -> u64 {
        self.layers.last().map_or(0, Texts::end)
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
        self.find_in_layers(hash_of(self.seed, key), key)
            .map(|index| Id::from_parts(tag, index))
    }

    fn numbered(&self, tag: Tag) -> (&Names, Tag) {
        match tag {
            Tag::IriNumber => (&self.names.iri_prefixes, Tag::Iri),
            _ => (&self.names.blank_prefixes, Tag::Blank),
        }
    }

    fn find_in_layers(&self, hash: u64, key: &[u8]) -> Option<u64> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.find(hash, key))
    }

    fn layer_of(&self, index: u64) -> (&Texts, u64) {
        let at = self.layers.partition_point(|layer| layer.first() <= index) - 1;
        let layer = &self.layers[at];
        (layer, index - layer.first())
    }

    /// Appends the canonical text of a term of this version.
    pub(crate) fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        let tag = id.tag_bits();
        if id.is_indexed() {
            match self.layer_of(id.value()) {
                (Texts::Memory(layer), local) => {
                    out.extend_from_slice(layer.text(local as usize));
                }
                (Texts::Disk(terms), local) => terms.write_text(local, out),
            }
        } else if tag == Tag::IriNumber as u8 || tag == Tag::BlankNumber as u8 {
            let names = if tag == Tag::IriNumber as u8 {
                &self.names.iri_prefixes
            } else {
                &self.names.blank_prefixes
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

    /// The text of a term of this version, copied only where it is not in memory as it stands.
    pub(crate) fn text(&self, id: Id) -> Cow<'_, str> {
        if id.is_indexed()
            && let (Texts::Memory(layer), local) = self.layer_of(id.value())
        {
            let text = std::str::from_utf8(layer.text(local as usize));
            return Cow::Borrowed(text.expect("only UTF-8 texts are interned"));
        }
        let mut out = Vec::with_capacity(96);
        self.write_text(id, &mut out);
        Cow::Owned(String::from_utf8(out).expect("only UTF-8 texts are interned"))
    }

    /// Facts about a term of this version.
    pub(crate) fn meta(&self, id: Id) -> TermMeta {
        let kind = id.kind();
        if id.tag_bits() == Tag::Literal as u8 {
            let packed = match self.layer_of(id.value()) {
                (Texts::Memory(layer), local) => layer.meta(local as usize),
                (Texts::Disk(terms), local) => terms.meta(local),
            };
            return TermMeta::of_literal(packed);
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
        self.names.datatypes.index.get(iri).map(|i| *i as u16)
    }

    /// Datatype IRI of an index in [`TermMeta::datatype`]; empty for an index never given out.
    pub(crate) fn datatype_iri(&self, index: u16) -> &str {
        self.names
            .datatypes
            .list
            .get(usize::from(index))
            .map_or("", |name| name)
    }

    /// Language tag in lower case of an index in [`TermMeta::language`]; empty for 0.
    pub(crate) fn language_tag(&self, index: u16) -> &str {
        self.names
            .languages
            .list
            .get(usize::from(index))
            .map_or("", |name| name)
    }
}

/// The writer's side: a dictionary plus texts not yet shared.
pub(crate) struct DictionaryBuilder {
    base: Dictionary,
    fresh: Layer,
    /// Texts met here that lie on disk, so that each is searched there once.
    met: FxHashMap<Box<[u8]>, u64>,
    met_bytes: usize,
}

/// What the memory of texts met may take before it starts anew.
const MAX_MET_BYTES: usize = 32 << 20;

impl DictionaryBuilder {
    pub(crate) fn new(base: Dictionary) -> Self {
        let fresh = Layer::new(base.seed, base.text_count());
        Self {
            base,
            fresh,
            met: FxHashMap::default(),
            met_bytes: 0,
        }
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
        let hash = hash_of(self.base.seed, bytes);
        let known = self
            .fresh
            .find(hash, bytes)
            .or_else(|| self.find_older(hash, bytes));
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

    fn find_older(&mut self, hash: u64, key: &[u8]) -> Option<u64> {
        if let Some(index) = self.met.get(key) {
            return Some(*index);
        }
        let index = self.base.find_in_layers(hash, key)?;
        if let (Texts::Disk(_), _) = self.base.layer_of(index) {
            if self.met_bytes > MAX_MET_BYTES {
                self.met.clear();
                self.met_bytes = 0;
            }
            self.met_bytes += key.len() + 48;
            self.met.insert(key.into(), index);
        }
        Some(index)
    }

    fn prefix_index(&mut self, tag: Tag, prefix: &str) -> Option<u32> {
        let (names, limit) = match tag {
            Tag::IriNumber => (&mut self.base.names.iri_prefixes, MAX_IRI_PREFIXES),
            _ => (&mut self.base.names.blank_prefixes, MAX_BLANK_PREFIXES),
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
                let datatype = match parts.direction {
                    None => 1,
                    Some(_) => name_index(
                        &mut self.base.names.datatypes,
                        rdf::DIR_LANG_STRING,
                        UNLISTED,
                    ),
                };
                (
                    datatype,
                    name_index(&mut self.base.names.languages, &tag, u16::MAX),
                    true,
                )
            }
            (None, Some(datatype)) => {
                let index = name_index(&mut self.base.names.datatypes, datatype, UNLISTED);
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
        if id.is_indexed() && id.value() >= self.fresh.first {
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
            let empty = Layer::new(self.base.seed, first);
            let mut newest = std::mem::replace(&mut self.fresh, empty);
            newest.shrink();
            while let Some(Texts::Memory(last)) = self.base.layers.last()
                && last.first >= self.base.floor
                && last.len() < 2 * newest.len()
            {
                newest = last.joined(&newest);
                self.base.layers.pop();
            }
            self.base.layers.push(Texts::Memory(Arc::new(newest)));
        }
        self.base.clone()
    }

    /// Bytes of texts that are in memory and belong to no file.
    pub(crate) fn unflushed_bytes(&self) -> usize {
        self.fresh.memory_bytes() + self.base.unflushed_bytes()
    }

    /// Goes on with a dictionary whose layers were replaced by files; what is fresh here stays.
    pub(crate) fn rebase(&mut self, base: Dictionary) {
        debug_assert_eq!(base.text_count(), self.fresh.first, "the same texts");
        self.base = base;
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

    const TEXTS: [&str; 17] = [
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
        "\"a\"@nl-be--ltr",
        "\"a\"@nl-be--rtl",
        "<<( <http://example.org/a> <http://example.org/id/1> _:c1 )>>",
        "<<( <http://example.org/a> <http://example.org/id/2> _:c1 )>>",
        "<<( _:c1 <http://example.org/p> <<( _:c1 <http://example.org/p> \"1\" )>> )>>",
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
        let mut builder = DictionaryBuilder::new(dictionary.clone());
        let directed = builder.intern("\"a\"@nl-BE--rtl");
        let triple = builder.intern("<<( _:a <http://example.org/p> \"x\" )>>");
        let later = builder.freeze();
        assert_eq!(
            later.meta(directed).language,
            dictionary.meta(lower).language
        );
        assert_eq!(
            later.datatype_iri(later.meta(directed).datatype),
            rdf::DIR_LANG_STRING
        );
        assert_eq!(later.meta(triple).kind, TermKind::Triple);
        assert!(later.meta(triple).well_formed && triple.is_triple());
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

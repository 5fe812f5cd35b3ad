//! Outlines as compact JSON-LD 1.1 by a flat context, written from ids to bytes: what an application developer reads without
//! knowing RDF, and what a JSON-LD reader turns back into exactly the stored statements, those with triple terms of RDF 1.2
//! excepted. Decides neither what is shown nor what the context says.

use crate::rdf::text::{json_integer, split_literal, unescape};
use crate::rdf::version::TRIPLE_TERM;
use crate::rdf::vocab::{INTEGER_DATATYPES, rdf, xsd};
use crate::store::{Id, View};
use crate::views::context::Coercion;
use crate::views::names::{Names, Term};
use crate::views::outline::{Outline, OutlineNode, OutlineProperty, OutlineValue};
use std::borrow::Cow;

/// A text as a JSON string, quotes and all.
pub fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

/// JSON with two spaces for each level, written piece by piece. The caller keeps the grammar.
pub struct JsonWriter {
    out: Vec<u8>,
    level: usize,
    /// Whether nothing was written yet at this level.
    is_first: bool,
    /// Whether all of it stands on one line.
    is_flat: bool,
}

impl JsonWriter {
    /// Nothing written yet.
    pub fn new() -> Self {
        Self {
            out: Vec::with_capacity(4096),
            level: 0,
            is_first: true,
            is_flat: false,
        }
    }

    /// Nothing written yet, and no line to be ended before the last.
    pub fn on_one_line() -> Self {
        Self {
            is_flat: true,
            ..Self::new()
        }
    }

    /// What was written, and an end of line.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push(b'\n');
        self.out
    }

    /// Begins an object (`{`) or a list (`[`).
    pub fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.level += 1;
        self.is_first = true;
    }

    /// Ends an object or a list.
    pub fn close(&mut self, bracket: u8) {
        self.level -= 1;
        if !self.is_first {
            self.line();
        }
        self.out.push(bracket);
        self.is_first = false;
    }

    /// Begins the next thing of a list.
    pub fn next(&mut self) {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        self.line();
    }

    /// Begins the next member of an object; the key is a JSON string.
    pub fn key(&mut self, key: &[u8]) {
        self.next();
        self.out.extend_from_slice(key);
        self.out.extend_from_slice(b": ");
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        write_string(&mut self.out, text);
    }

    /// Writes what is JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn line(&mut self) {
        const SPACES: [u8; 64] = [b' '; 64];
        if self.is_flat {
            return;
        }
        self.out.push(b'\n');
        let mut rest = self.level * 2;
        while rest > 0 {
            let now = rest.min(SPACES.len());
            self.out.extend_from_slice(&SPACES[..now]);
            rest -= now;
        }
    }
}

impl Default for JsonWriter {
    fn default() -> Self {
        Self::new()
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0C => b"\\f",
            0..0x20 => &[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ],
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(escape);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// A document: the outline with an `@context` reference in front.
pub fn document(view: &View, names: &Names, outline: &Outline, context_reference: &str) -> Vec<u8> {
    whole(view, names, outline, context_reference, JsonWriter::new())
}

/// The same on one line, for files of one document a line.
pub fn document_on_one_line(
    view: &View,
    names: &Names,
    outline: &Outline,
    context_reference: &str,
) -> Vec<u8> {
    whole(
        view,
        names,
        outline,
        context_reference,
        JsonWriter::on_one_line(),
    )
}

fn whole(
    view: &View,
    names: &Names,
    outline: &Outline,
    context_reference: &str,
    mut json: JsonWriter,
) -> Vec<u8> {
    json.open(b'{');
    json.key(b"\"@context\"");
    json.string(context_reference);
    members(view, names, outline, &mut json);
    json.close(b'}');
    json.finish()
}

/// The members of the object that is the resource of an outline.
pub fn members(view: &View, names: &Names, outline: &Outline, json: &mut JsonWriter) {
    let mut writer = Writer {
        view,
        names,
        outline,
        json,
        text: Vec::new(),
    };
    writer.node(outline.root());
}

struct Writer<'a> {
    view: &'a View,
    names: &'a Names,
    outline: &'a Outline,
    json: &'a mut JsonWriter,
    /// Room for one text.
    text: Vec<u8>,
}

/// What a term is chosen by.
enum Kind<'a> {
    Resource,
    Literal {
        language: Option<&'a str>,
        datatype: Option<&'a str>,
    },
    Other,
}

impl<'a> Writer<'a> {
    fn node(&mut self, node: &'a OutlineNode) {
        if node.id.is_iri() || self.outline.shared.contains(&node.id) {
            self.json.key(b"\"@id\"");
            self.name(node.id);
        }
        let outline = self.outline;
        let properties = outline.properties(node);
        if let Some(types) = properties.iter().find(|p| p.predicate.iri == rdf::TYPE) {
            self.types(types);
        }
        for property in properties {
            self.property(property);
        }
    }

    fn class_of(&self, value: &OutlineValue) -> Option<Id> {
        let id = match value {
            OutlineValue::Term(id) => *id,
            OutlineValue::Node(at) => self.outline.node(*at).id,
            OutlineValue::List(_) => return None,
        };
        id.is_iri().then_some(id)
    }

    fn types(&mut self, property: &OutlineProperty) {
        let values = self.outline.values(property);
        let classes: Vec<Id> = values.iter().filter_map(|v| self.class_of(v)).collect();
        let Some((first, more)) = classes.split_first() else {
            return;
        };
        self.json.key(b"\"@type\"");
        let first = self.names.class(self.view, *first);
        if more.is_empty() {
            self.json.raw(&first);
            return;
        }
        self.json.open(b'[');
        self.json.next();
        self.json.raw(&first);
        for class in more {
            let class = self.names.class(self.view, *class);
            self.json.next();
            self.json.raw(&class);
        }
        self.json.close(b']');
    }

    fn property(&mut self, property: &'a OutlineProperty) {
        let predicate = &property.predicate;
        let is_type = predicate.iri == rdf::TYPE;
        let values = self.outline.values(property);
        // A class that is only named stands in `@type`.
        let is_written = |value: &&OutlineValue| {
            !(is_type && matches!(value, OutlineValue::Term(id) if id.is_iri()))
        };
        if let [term] = predicate.terms.as_slice() {
            self.values(
                Some(term),
                &predicate.full_key,
                values.iter().filter(is_written),
            );
            return;
        }
        if predicate.terms.is_empty() {
            self.values(None, &predicate.full_key, values.iter().filter(is_written));
            return;
        }
        // Values go to the term that says them shortest; a term comes where its first value comes.
        let chosen: Vec<(usize, &OutlineValue)> = values
            .iter()
            .filter(is_written)
            .map(|value| (self.choose(&predicate.terms, value), value))
            .collect();
        let mut written: Vec<usize> = Vec::new();
        for (term, _) in &chosen {
            if written.contains(term) {
                continue;
            }
            written.push(*term);
            let own = chosen.iter().filter(|(own, _)| own == term);
            let own = own.map(|(_, value)| *value);
            self.values(Some(&predicate.terms[*term]), &predicate.full_key, own);
        }
    }

    fn values<'v>(
        &mut self,
        term: Option<&Term>,
        full_key: &[u8],
        values: impl Iterator<Item = &'v OutlineValue> + Clone,
    ) {
        let count = values.clone().take(2).count();
        if count == 0 {
            return;
        }
        self.json.key(term.map_or(full_key, |term| &term.key));
        let coercion = term.map_or(&Coercion::None, |term| &term.coercion);
        if count == 1 && !term.is_some_and(|term| term.is_set) {
            for value in values {
                self.value(value, coercion);
            }
            return;
        }
        self.json.open(b'[');
        for value in values {
            self.json.next();
            self.value(value, coercion);
        }
        self.json.close(b']');
    }

    /// The term that says the value shortest: one that coerces to its kind, else a plain one, else any.
    fn choose(&mut self, terms: &[Term], value: &OutlineValue) -> usize {
        let mut text = std::mem::take(&mut self.text);
        let kind = match value {
            OutlineValue::Term(id) if id.is_literal() => {
                text.clear();
                self.view.write_text(*id, &mut text);
                let literal = std::str::from_utf8(&text).unwrap_or("");
                match split_literal(literal) {
                    Ok(parts) => Kind::Literal {
                        language: parts.language,
                        datatype: parts.datatype.or(Some(xsd::STRING)),
                    },
                    Err(_) => Kind::Other,
                }
            }
            OutlineValue::Term(id) if id.is_triple() => Kind::Other,
            OutlineValue::Term(_) | OutlineValue::Node(_) => Kind::Resource,
            OutlineValue::List(_) => Kind::Other,
        };
        let fits = |term: &Term| match (&term.coercion, &kind) {
            (Coercion::Iri, Kind::Resource) => true,
            (
                Coercion::Datatype(wanted),
                Kind::Literal {
                    language: None,
                    datatype,
                },
            ) => *datatype == Some(wanted.as_str()),
            (Coercion::Language(wanted), Kind::Literal { language, .. }) => {
                language.is_some_and(|tag| tag.eq_ignore_ascii_case(wanted))
            }
            _ => false,
        };
        let found = terms
            .iter()
            .position(fits)
            .or_else(|| {
                terms
                    .iter()
                    .position(|term| term.coercion == Coercion::None)
            })
            .unwrap_or(0);
        self.text = text;
        found
    }

    fn value(&mut self, value: &OutlineValue, coercion: &Coercion) {
        let outline = self.outline;
        match value {
            OutlineValue::Term(id) if id.is_literal() => self.literal(*id, coercion),
            OutlineValue::Term(id) if id.is_triple() => self.triple(*id),
            OutlineValue::Term(id) => {
                if *coercion == Coercion::Iri {
                    self.name(*id);
                } else {
                    self.json.open(b'{');
                    self.json.key(b"\"@id\"");
                    self.name(*id);
                    self.json.close(b'}');
                }
            }
            OutlineValue::Node(at) => {
                self.json.open(b'{');
                self.node(outline.node(*at));
                self.json.close(b'}');
            }
            OutlineValue::List(items) => {
                self.json.open(b'{');
                self.json.key(b"\"@list\"");
                self.json.open(b'[');
                for item in outline.items(items) {
                    self.json.next();
                    self.value(item, coercion);
                }
                self.json.close(b']');
                self.json.close(b'}');
            }
        }
    }

    /// An IRI, or the label of a blank node, as a string.
    fn name(&mut self, id: Id) {
        self.text.clear();
        self.view.write_text(id, &mut self.text);
        let text = std::str::from_utf8(&self.text).unwrap_or("");
        let bare = text
            .strip_prefix('<')
            .and_then(|text| text.strip_suffix('>'));
        let name = match bare {
            // Escapes of N-Triples are not those of JSON.
            Some(iri) if iri.contains('\\') => unescape(iri).unwrap_or(Cow::Borrowed(iri)),
            Some(iri) => Cow::Borrowed(iri),
            None => Cow::Borrowed(text),
        };
        write_string(&mut self.json.out, &name);
    }

    /// JSON-LD 1.1 has no form for a triple term: its text, with a datatype that says what it is.
    fn triple(&mut self, id: Id) {
        let text = self.view.text(id).into_owned();
        self.tagged(&text, &[(b"\"@type\"", TRIPLE_TERM)]);
    }

    /// A text as an object with members that say what it is.
    fn tagged(&mut self, text: &str, more: &[(&[u8], &str)]) {
        self.json.open(b'{');
        self.json.key(b"\"@value\"");
        self.json.string(text);
        for (key, value) in more {
            self.json.key(key);
            self.json.string(value);
        }
        self.json.close(b'}');
    }

    fn literal(&mut self, id: Id, coercion: &Coercion) {
        let mut buffer = std::mem::take(&mut self.text);
        buffer.clear();
        self.view.write_text(id, &mut buffer);
        let whole = std::str::from_utf8(&buffer).expect("canonical text is UTF-8");
        let parts = split_literal(whole).expect("the dictionary holds canonical texts");
        let text = unescape(parts.escaped).expect("the dictionary holds canonical texts");
        if let Some(language) = parts.language {
            match (parts.direction, coercion) {
                (Some(direction), _) => {
                    let direction = crate::rdf::text::direction_name(direction);
                    self.tagged(
                        &text,
                        &[(b"\"@language\"", language), (b"\"@direction\"", direction)],
                    );
                }
                // The tag of a term is in lower case: another spelling is to stay what it is.
                (None, Coercion::Language(tag)) if tag == language => self.json.string(&text),
                (None, _) => self.tagged(&text, &[(b"\"@language\"", language)]),
            }
        } else {
            match parts.datatype {
                None => match coercion {
                    Coercion::None => self.json.string(&text),
                    _ => self.tagged(&text, &[]),
                },
                Some(datatype) => self.typed(&text, datatype, coercion),
            }
        }
        drop(text);
        self.text = buffer;
    }

    fn typed(&mut self, text: &str, datatype: &str, coercion: &Coercion) {
        let coerced = matches!(coercion, Coercion::Datatype(wanted) if wanted == datatype);
        let is_plain = *coercion == Coercion::None;
        if (coerced || is_plain) && datatype == xsd::BOOLEAN && matches!(text, "true" | "false") {
            self.json.raw(text.as_bytes());
            return;
        }
        let is_number = coerced && INTEGER_DATATYPES.contains(&datatype)
            || is_plain && datatype == xsd::INTEGER;
        if is_number && json_integer(text).is_some() {
            self.json.raw(text.as_bytes());
        } else if coerced {
            self.json.string(text);
        } else {
            self.tagged(text, &[(b"\"@type\"", datatype)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::outline::Rules;
    use crate::views::resource::{EmbedRules, Tree};
    use crate::views::test_data::view_of;
    use crate::views::{Context, jsonld};
    use std::sync::Arc;

    const CONTEXT: &str = r#"{"@context": {"@version": 1.1,
        "Ding": "http://e/Ding",
        "naam": {"@id": "http://e/naam", "@container": "@set"},
        "naam_nl": {"@id": "http://e/naam", "@language": "nl"},
        "naam_iri": {"@id": "http://e/naam", "@type": "@id"},
        "status": {"@id": "http://e/status", "@type": "@id"},
        "actief": {"@id": "http://e/actief", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "aantal": {"@id": "http://e/aantal", "@type": "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"},
        "tekst": {"@id": "http://e/tekst", "@type": "http://www.w3.org/2001/XMLSchema#string"},
        "soort": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "waarde": "http://e/waarde"}}"#;

    /// Values of every kind under terms of every kind, fitting and not.
    const DATA: &str = r#"
        @prefix e: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        e:a a e:Ding, e:Ander, _:klasse, e:genest ;
          e:naam "A"@nl, "B"@NL, "Á"@nl-BE, "x", "5"^^xsd:integer, e:naamding, [ e:waarde 1 ] ;
          e:status e:s, "inGebruik", true, "true" ;
          e:actief true, "1"^^xsd:boolean, "true", false, "ja"@nl ;
          e:aantal "5"^^xsd:nonNegativeInteger, "05"^^xsd:nonNegativeInteger, 5, "5",
            "99999999999999999999"^^xsd:nonNegativeInteger ;
          e:tekst "T", "T"@nl ;
          e:waarde ( e:x ( 1 "b" ) ), ( ), "", "\u0001\u0008\u000C\n\r\t\u007F \" \\ 😀/", "2026-01-01"^^xsd:date,
            -3, "-0"^^xsd:integer, 9007199254740991, 9007199254740992, -9007199254740991, 0, 1.5, 1e0, <urn:x:y> ;
          e:onbekend _:gedeeld ; e:onbekend2 _:gedeeld .
        _:gedeeld e:waarde _:gedeeld .
        _:klasse e:waarde "k" .
        e:b e:waarde 1 . e:c a e:Ding .
    "#;

    #[test]
    fn writes_what_the_writer_of_trees_writes() {
        let view = view_of(DATA);
        let context = Arc::new(Context::parse(CONTEXT).expect("a context"));
        let names = Names::new(Arc::clone(&context));
        let rules = EmbedRules::default();
        for name in ["a", "b", "c"] {
            let subject = view.id_of_iri(&format!("http://e/{name}")).expect("stored");
            let outline = Rules::of(&view, &rules).outline(&view, &names, subject);
            let outline = outline.expect("small").expect("known");
            let tree = Tree::of(&view, &outline);
            let expected = jsonld::document(&tree, &context, "http://e/context".into());
            let written = document(&view, &names, &outline, "http://e/context");
            let written = String::from_utf8(written).expect("UTF-8");
            assert_eq!(written, format!("{expected:#}\n"), "{name}");
        }
    }

    #[test]
    fn empty_things_stand_on_one_line() {
        let mut json = JsonWriter::new();
        json.open(b'{');
        json.key(b"\"a\"");
        json.open(b'[');
        json.close(b']');
        json.key(b"\"b\"");
        json.open(b'{');
        json.close(b'}');
        json.close(b'}');
        assert_eq!(json.finish(), b"{\n  \"a\": [],\n  \"b\": {}\n}\n");
    }
}

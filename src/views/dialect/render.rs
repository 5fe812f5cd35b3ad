//! Bodies from templates: bytes written straight from ids. What is said of a node is read once for a body or page; a way
//! that leads nowhere writes nothing, not even its key.
//!
//! Canonical N-Triples escapes are escapes of JSON too, so the text of a literal is copied as it is stored.

use super::template::{Gml, Object, Template, Value, What};
use super::texts::write_inside;
use super::{Resolved, Resource};
use crate::rdf::text::{split_literal, unescape};
use crate::store::{Id, View};
use crate::views::labels::last_segment;
use crate::views::resource::TooLarge;
use rustc_hash::FxHashMap;

/// Most statements read for one object, and nodes written in it.
pub(super) const MAX_STATEMENTS: usize = 20_000;

/// A body and what its headers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// JSON.
    pub json: Vec<u8>,
    /// Version of the object as the register writes it: a moment, usually.
    pub version: Option<String>,
}

/// A page to be written.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The items in order.
    pub items: &'a [Id],
    /// Items of all pages.
    pub total: u64,
    /// Address of the next page.
    pub next: Option<&'a str>,
    /// IRI of the system of coordinates asked for.
    pub system: Option<&'static str>,
}

pub(super) fn detail(
    view: &View,
    predicates: &Resolved,
    resource: &Resource,
    subject: Id,
    system: Option<&'static str>,
) -> Result<Body, TooLarge> {
    let page = Page {
        items: &[],
        total: 0,
        next: None,
        system,
    };
    let mut writer = Writer::new(view, predicates, &page);
    writer.begin(subject);
    if !writer.template(&resource.detail, Node::Term(subject))? {
        writer.out.extend_from_slice(b"{}");
    }
    let version = writer.first(&resource.version, Node::Term(subject))?;
    let version = version.and_then(|node| writer.lexical(node));
    Ok(Body {
        json: writer.out,
        version,
    })
}

pub(super) fn list(
    view: &View,
    predicates: &Resolved,
    resource: &Resource,
    page: &Page<'_>,
) -> Result<Vec<u8>, TooLarge> {
    let mut writer = Writer::new(view, predicates, page);
    // A list is about no object: its own keys are constants and the commands of pages.
    writer.template(&resource.list, Node::Nothing)?;
    Ok(writer.out)
}

/// A node of the tree that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Term(Id),
    /// A text made here, by its number.
    Made(usize),
    Nothing,
}

pub(super) struct Writer<'a> {
    pub(super) view: &'a View,
    pub(super) predicates: &'a [Option<Id>],
    page: &'a Page<'a>,
    pub(super) root: Node,
    /// Where the statements of a node stand in `pairs`.
    pub(super) stars: FxHashMap<Id, (usize, usize)>,
    /// Predicate and object, sorted within a node.
    pub(super) pairs: Vec<(Id, Id)>,
    /// Nodes found and not yet done with, as a stack.
    pub(super) found: Vec<Node>,
    /// Texts made here, with their language.
    pub(super) made: Vec<(String, String)>,
    /// The text of a term, kept as one often says several things.
    scratch: Vec<u8>,
    scratch_of: Option<Id>,
    /// Statements and nodes of the object at hand.
    work: usize,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(view: &'a View, predicates: &'a [Option<Id>], page: &'a Page<'a>) -> Self {
        Self {
            view,
            predicates,
            page,
            root: Node::Nothing,
            stars: FxHashMap::default(),
            pairs: Vec::with_capacity(64),
            found: Vec::with_capacity(16),
            made: Vec::new(),
            scratch: Vec::with_capacity(256),
            scratch_of: None,
            work: 0,
            out: Vec::with_capacity(4096 + page.items.len() * 512),
        }
    }

    /// Begins with an object.
    fn begin(&mut self, subject: Id) {
        self.root = Node::Term(subject);
        self.work = 0;
    }

    pub(super) fn count(&mut self, more: usize) -> Result<(), TooLarge> {
        self.work += more;
        if self.work > MAX_STATEMENTS {
            return Err(TooLarge {
                limit: MAX_STATEMENTS,
            });
        }
        Ok(())
    }

    /// Writes a template about a node; `false`, and nothing written, when it has nothing to say.
    fn template(&mut self, template: &Template, node: Node) -> Result<bool, TooLarge> {
        match template {
            Template::Constant(text) => {
                self.out.extend_from_slice(text);
                Ok(true)
            }
            Template::Object(object) => self.objects(object, node),
            Template::Array(items) => {
                let start = self.out.len();
                self.out.push(b'[');
                let mut any = false;
                for item in items {
                    let before = self.out.len();
                    if any {
                        self.out.push(b',');
                    }
                    if self.template(item, node)? {
                        any = true;
                    } else {
                        self.out.truncate(before);
                    }
                }
                self.out.push(b']');
                if !any {
                    self.out.truncate(start);
                }
                Ok(any)
            }
            Template::Value(value) => self.values(value, node),
            Template::Items(item) => self.items(item),
            Template::Next => Ok(match self.page.next {
                Some(next) => {
                    self.quoted(next);
                    true
                }
                None => false,
            }),
            Template::Total => {
                self.out
                    .extend_from_slice(self.page.total.to_string().as_bytes());
                Ok(true)
            }
        }
    }

    fn items(&mut self, item: &Template) -> Result<bool, TooLarge> {
        self.out.push(b'[');
        for (number, subject) in self.page.items.iter().enumerate() {
            if number > 0 {
                self.out.push(b',');
            }
            self.begin(*subject);
            if !self.template(item, self.root)? {
                self.out.extend_from_slice(b"{}");
            }
        }
        self.out.push(b']');
        Ok(true)
    }

    fn objects(&mut self, object: &Object, node: Node) -> Result<bool, TooLarge> {
        if object.at.is_empty() {
            return self.object(object, node);
        }
        let base = self.found.len();
        self.gather(&object.at, node)?;
        let written = self.all(base, object.each, object.always, |writer, node| {
            writer.object(object, node)
        });
        self.found.truncate(base);
        written
    }

    fn values(&mut self, value: &Value, node: Node) -> Result<bool, TooLarge> {
        let base = self.found.len();
        if value.at.is_empty() {
            self.found.push(node);
        } else {
            self.gather(&value.at, node)?;
        }
        let written = self.all(base, value.each, value.always, |writer, node| {
            writer.value(&value.what, node)
        });
        self.found.truncate(base);
        written
    }

    /// Writes the nodes from `base` on: as an array, or the first that has something to say.
    fn all(
        &mut self,
        base: usize,
        each: bool,
        always: bool,
        mut write: impl FnMut(&mut Self, Node) -> Result<bool, TooLarge>,
    ) -> Result<bool, TooLarge> {
        let end = self.found.len();
        self.count(end - base)?;
        if !each {
            for at in base..end {
                if write(self, self.found[at])? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let start = self.out.len();
        self.out.push(b'[');
        let mut any = false;
        for at in base..end {
            let before = self.out.len();
            if any {
                self.out.push(b',');
            }
            if write(self, self.found[at])? {
                any = true;
            } else {
                self.out.truncate(before);
            }
        }
        self.out.push(b']');
        if !any && !always {
            self.out.truncate(start);
            return Ok(false);
        }
        Ok(true)
    }

    fn object(&mut self, object: &Object, node: Node) -> Result<bool, TooLarge> {
        let start = self.out.len();
        self.out.push(b'{');
        let (mut any, mut says) = (false, false);
        for member in &object.members {
            let before = self.out.len();
            if any {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&member.key);
            if self.template(&member.value, node)? {
                any = true;
                says |= member.counts;
            } else {
                self.out.truncate(before);
            }
        }
        if !says {
            self.out.truncate(start);
            return Ok(false);
        }
        self.out.push(b'}');
        Ok(true)
    }

    fn value(&mut self, what: &What, node: Node) -> Result<bool, TooLarge> {
        if let What::Gml(gml) = what {
            return self.geometry(gml, node);
        }
        let id = match node {
            Node::Term(id) => id,
            Node::Made(number) => return Ok(self.made_value(what, number)),
            Node::Nothing => return Ok(false),
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        if self.scratch_of != Some(id) {
            scratch.clear();
            self.view.write_text(id, &mut scratch);
            self.scratch_of = Some(id);
        }
        let written = std::str::from_utf8(&scratch).is_ok_and(|text| {
            if id.is_iri() {
                text.len() > 2 && self.iri_value(what, &text[1..text.len() - 1])
            } else {
                self.literal_value(what, text)
            }
        });
        self.scratch = scratch;
        Ok(written)
    }

    fn iri_value(&mut self, what: &What, iri: &str) -> bool {
        match what {
            What::Iri => self.quoted(iri),
            What::Id => self.quoted(last_segment(iri)),
            What::Around(parts) => {
                let id = last_segment(iri);
                self.out.push(b'"');
                for (number, part) in parts.iter().enumerate() {
                    if number > 0 {
                        write_address(id, &mut self.out);
                    }
                    self.out.extend_from_slice(part);
                }
                self.out.push(b'"');
            }
            What::Detail(detail) => {
                let id = iri
                    .strip_prefix(detail.strip.as_str())
                    .filter(|id| detail.id_pattern.is_match(id));
                self.out.extend_from_slice(match id {
                    Some(_) => &detail.address,
                    None => &detail.elsewhere,
                });
                write_address(id.unwrap_or(iri), &mut self.out);
                self.out.push(b'"');
            }
            What::Lexical | What::Boolean | What::Language | What::Gml(_) => return false,
        }
        true
    }

    fn literal_value(&mut self, what: &What, text: &str) -> bool {
        let Ok(parts) = split_literal(text) else {
            return false;
        };
        match what {
            What::Lexical => {
                self.out.push(b'"');
                self.out.extend_from_slice(parts.escaped.as_bytes());
                self.out.push(b'"');
            }
            What::Boolean => {
                let word: &[u8] = match parts.escaped {
                    "true" | "1" => b"true",
                    "false" | "0" => b"false",
                    _ => return false,
                };
                self.out.extend_from_slice(word);
            }
            What::Language => match parts.language {
                Some(language) => self.quoted(language),
                None => return false,
            },
            What::Iri | What::Id | What::Around(_) | What::Detail(_) | What::Gml(_) => {
                return false;
            }
        }
        true
    }

    fn made_value(&mut self, what: &What, number: usize) -> bool {
        let (text, language) = &self.made[number];
        let said = match what {
            What::Lexical => text,
            What::Language => language,
            _ => return false,
        };
        self.out.push(b'"');
        write_inside(said, &mut self.out);
        self.out.push(b'"');
        true
    }

    fn geometry(&mut self, gml: &Gml, node: Node) -> Result<bool, TooLarge> {
        let wanted = match self.page.system {
            Some(_) if gml.is_twin => return Ok(false),
            Some(system) => system,
            None => gml.system,
        };
        let (found, is_wkt) = match self.first(&gml.as_gml, node)? {
            Some(found) => (found, false),
            None => match self.first(&gml.as_wkt, node)? {
                Some(found) => (found, true),
                None => return Ok(false),
            },
        };
        let Node::Term(id) = found else {
            return Ok(false);
        };
        let view = self.view;
        let text = view.text(id);
        let Ok(parts) = split_literal(&text) else {
            return Ok(false);
        };
        let stored = system_of_gml(parts.escaped);
        if !is_wkt && stored == Some(wanted) {
            self.out.push(b'"');
            self.out.extend_from_slice(parts.escaped.as_bytes());
            self.out.push(b'"');
            return Ok(true);
        }
        let Ok(lexical) = unescape(parts.escaped) else {
            return Ok(false);
        };
        match crate::query::gml_in(&lexical, is_wkt, wanted) {
            Some(written) => self.quoted(&written),
            // What cannot be read is shown as it was sent, once, unless a system was asked for.
            None if !is_wkt && !gml.is_twin && self.page.system.is_none() => {
                self.out.push(b'"');
                self.out.extend_from_slice(parts.escaped.as_bytes());
                self.out.push(b'"');
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    fn quoted(&mut self, text: &str) {
        self.out.push(b'"');
        write_inside(text, &mut self.out);
        self.out.push(b'"');
    }
}

/// The system a GML text names, escaped or not.
fn system_of_gml(text: &str) -> Option<&'static str> {
    let rest = text.split_once("srsName=")?.1;
    let rest = rest.trim_start_matches(['\\', '"', '\'']);
    let end = rest.find(['\\', '"', '\''])?;
    crate::query::system_of(&rest[..end])
}

/// An id as part of an address within a JSON text.
fn write_address(id: &str, out: &mut Vec<u8>) {
    for &byte in id.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

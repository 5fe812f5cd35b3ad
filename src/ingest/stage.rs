//! Puts the statements of one input into a draft: default graph named, blank nodes given labels of the store, frequent
//! IRIs looked up once. Reads no bytes.

use super::labels::Labels;
use super::mend::{Known, Mender};
use super::parse::Stop;
use crate::rdf::text::{parse_term, with_blank_nodes};
use crate::rdf::vocab::rdf::LANG_STRING;
use crate::store::{Draft, Id, QuadIds};
use oxrdf::{
    BlankNode, BlankNodeRef, GraphNameRef, LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, QuadRef,
    Term, TermRef,
};

/// Makes the first part of the labels of this input, see `labels::label_prefix`. Asked at most once.
pub(super) type LabelPrefix<'a> = dyn FnMut() -> Result<String, Stop> + 'a;

/// Puts statements into the draft.
pub(super) struct Stager<'d, 's> {
    draft: &'d mut Draft<'s>,
    default_graph: Id,
    labels: Labels<Id>,
    iris: Vec<(String, Option<Known>)>,
    /// Mends what is staged, where the operator wants that.
    mender: Option<&'d mut Mender>,
    /// Statements staged, repeated ones counted each time.
    pub(super) quads: u64,
    /// IRIs of the scheme `file` met, each time they stand there.
    pub(super) file_iris: u64,
}

/// Slots of the IRI memory; a power of two.
const IRI_SLOTS: usize = 1024;

impl<'d, 's> Stager<'d, 's> {
    /// Stages into a draft; statements of the default graph go to `graph`.
    pub(super) fn new(draft: &'d mut Draft<'s>, graph: Option<NamedNodeRef<'_>>) -> Self {
        let default_graph = match graph {
            Some(graph) => draft.intern(graph.into()),
            None => Id::DEFAULT_GRAPH,
        };
        Self {
            draft,
            default_graph,
            labels: Labels::new(),
            iris: vec![(String::new(), None); IRI_SLOTS],
            mender: None,
            quads: 0,
            file_iris: 0,
        }
    }

    /// Mends what is staged from here on.
    pub(super) fn with_mender(mut self, mender: Option<&'d mut Mender>) -> Self {
        self.mender = mender;
        self
    }

    /// Stages a statement of terms.
    ///
    /// # Errors
    /// What `prefix` fails with.
    pub(super) fn stage(
        &mut self,
        quad: QuadRef<'_>,
        prefix: &mut LabelPrefix<'_>,
    ) -> Result<(), Stop> {
        let s = match quad.subject {
            NamedOrBlankNodeRef::NamedNode(node) => self.iri(node),
            NamedOrBlankNodeRef::BlankNode(node) => self.blank(node, prefix)?.into(),
        };
        let p = self.iri(quad.predicate);
        let o = match quad.object {
            TermRef::NamedNode(node) => self.iri(node),
            TermRef::BlankNode(node) => self.blank(node, prefix)?.into(),
            TermRef::Literal(literal) if self.mender.is_some() => self.literal(literal),
            // The JSON-LD reader lets this through; RDF has no such literal and no strict reader would take our dump.
            TermRef::Literal(literal)
                if literal.language().is_none() && literal.datatype().as_str() == LANG_STRING =>
            {
                let plain = LiteralRef::new_simple_literal(literal.value());
                self.draft.intern(plain.into()).into()
            }
            TermRef::Literal(_) => self.draft.intern(quad.object).into(),
            TermRef::Triple(_) => self.triple(quad.object.into_owned(), prefix)?.into(),
        };
        let g = match quad.graph_name {
            GraphNameRef::DefaultGraph => None,
            GraphNameRef::NamedNode(node) => Some(self.iri(node)),
            GraphNameRef::BlankNode(node) => Some(self.blank(node, prefix)?.into()),
        };
        self.add(s, p, o, g);
        Ok(())
    }

    fn literal(&mut self, literal: LiteralRef<'_>) -> Known {
        match &mut self.mender {
            Some(mender) => mender.literal(self.draft, literal),
            None => self.draft.intern(literal.into()).into(),
        }
    }

    fn iri(&mut self, node: NamedNodeRef<'_>) -> Known {
        let iri = node.as_str();
        if iri.starts_with("file:") {
            self.file_iris += 1;
        }
        let (known, id) = &mut self.iris[iri_slot(iri)];
        if let Some(id) = id
            && known == iri
        {
            return *id;
        }
        let new = match &mut self.mender {
            None => self.draft.intern(node.into()).into(),
            Some(mender) => mender.named(self.draft, node),
        };
        known.clear();
        known.push_str(iri);
        *id = Some(new);
        new
    }

    /// Id of a canonical text of this input: blank nodes still have their own labels.
    ///
    /// # Errors
    /// What `prefix` fails with.
    pub(super) fn text(&mut self, text: &str, prefix: &mut LabelPrefix<'_>) -> Result<Known, Stop> {
        if let Some(label) = text.strip_prefix("_:") {
            return Ok(self.label(label, prefix)?.into());
        }
        if text.starts_with("<<(") {
            if !text.contains("_:") {
                return Ok(self.draft.intern_text(text).into());
            }
            let term = parse_term(text).map_err(|_| Stop::Broke)?;
            return Ok(self.triple(term, prefix)?.into());
        }
        Ok(match &mut self.mender {
            None => self.draft.intern_text(text).into(),
            Some(mender) => mender.text(self.draft, text),
        })
    }

    /// Id of a triple term whose blank nodes still have the labels of this input.
    fn triple(&mut self, term: Term, prefix: &mut LabelPrefix<'_>) -> Result<Id, Stop> {
        let mut failed = None;
        let term = with_blank_nodes(term, &mut |node| match self.label(node.as_str(), prefix) {
            Ok(id) => {
                let mut text = Vec::new();
                self.draft.write_text(id, &mut text);
                let label = String::from_utf8(text.split_off(2)).unwrap_or_default();
                BlankNode::new_unchecked(label)
            }
            Err(stop) => {
                failed = Some(stop);
                node
            }
        });
        match failed {
            Some(stop) => Err(stop),
            None => Ok(self.draft.intern(term.as_ref())),
        }
    }

    /// Stages a statement of ids; `None` is the default graph of the input.
    pub(super) fn add(&mut self, s: Known, p: Known, o: Known, graph: Option<Known>) {
        let g = graph.unwrap_or(self.default_graph.into());
        let quad = match &mut self.mender {
            None => QuadIds {
                s: s.id,
                p: p.id,
                o: o.id,
                g: g.id,
            },
            Some(mender) => match mender.statement(self.draft, [s, p, o], g) {
                Some(quad) => quad,
                None => return,
            },
        };
        self.draft.add(quad);
        self.quads += 1;
    }

    /// Different blank nodes met.
    pub(super) fn blank_nodes(&self) -> u64 {
        self.labels.len()
    }

    fn blank(&mut self, node: BlankNodeRef<'_>, prefix: &mut LabelPrefix<'_>) -> Result<Id, Stop> {
        self.label(node.as_str(), prefix)
    }

    fn label(&mut self, label: &str, prefix: &mut LabelPrefix<'_>) -> Result<Id, Stop> {
        if let Some(id) = self.labels.get(label) {
            return Ok(id);
        }
        let draft = &mut *self.draft;
        self.labels.insert(label, prefix, |label| {
            draft.intern(BlankNodeRef::new_unchecked(label).into())
        })
    }
}

/// IRIs differ at their ends, so the last bytes choose the slot.
fn iri_slot(iri: &str) -> usize {
    let bytes = iri.as_bytes();
    let mut tail = [0; 8];
    let n = bytes.len().min(8);
    tail[..n].copy_from_slice(&bytes[bytes.len() - n..]);
    let mixed = (u64::from_le_bytes(tail) ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 54) as usize
}

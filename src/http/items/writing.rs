//! One item on its way into the registry: which item is meant, what it is to say, one commit, and what was done.

use super::super::collections::register_of;
use super::super::documents::{embed_rules, find_item, json_ld};
use super::super::error::ApiError;
use super::super::reply::{JSON, JSON_LD, tag_of_document};
use super::super::state::AppState;
use super::super::writes::summary;
use super::answer::{Reply, Written, cannot, rejected};
use super::conditions;
use super::reading::{self, Said};
use super::{Action, Asked, JSON_PATCH, Key, PREFERENCE_APPLIED, Return};
use crate::rdf::format::negotiate;
use crate::rdf::label::Text;
use crate::registry::{CommitError, CommitRequest, Item, ItemError, Outcome, Register, Writer};
use crate::store::{CommitMeta, Draft, Source, View};
use crate::views::html::percent_encode;
use crate::views::patch::{PatchError, apply, merge};
use crate::views::{StateTag, Tree, build_tree, jsonld, state_tag};
use axum::http::{StatusCode, header};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

/// Numbers that are tried for one new item.
const TRIES: usize = 1000;

/// What became of a write.
pub(super) struct Done<'a> {
    /// The commit.
    pub(super) seq: u64,
    /// Whether the item waits in quarantine.
    pub(super) waits: bool,
    pub(super) created: bool,
    pub(super) after: &'a After,
}

/// What a change leaves behind, as the next reader will see it.
pub(super) struct After {
    pub(super) created: bool,
    pub(super) etag: Option<String>,
    pub(super) document: Option<String>,
}

/// The answer, and the number of the commit when one was made.
pub(super) type Performed = (Reply, Option<u64>);

pub(super) fn perform(state: &AppState, asked: &Asked) -> Result<Performed, ApiError> {
    let registry = &state.registry;
    let register = register_of(state, &asked.register)?;
    let version = registry.store().settings().rdf;
    let view = registry.snapshot().view();
    let by_address = match &asked.id {
        Some(id) => Some(target(state, &view, register, id, asked.action)?),
        None => None,
    };
    let mut said = match asked.action {
        Action::Create | Action::Replace => {
            let said = match asked.media_type.as_str() {
                JSON | JSON_LD => {
                    let document = reading::json(&asked.body)?;
                    reading::document(state, register, version, document)?
                }
                other => {
                    let expected = by_address.as_ref().map(NamedNode::as_str);
                    let bytes = asked.body.to_vec();
                    reading::rdf(state, register, version, other, bytes, expected)?
                }
            };
            Some(said)
        }
        Action::Patch | Action::Remove => None,
    };
    let patch = match asked.action {
        Action::Patch => Some(reading::json(&asked.body)?),
        _ => None,
    };
    let given = said.as_ref().and_then(|said| said.given.clone());
    if let (Some(address), Some(given)) = (&by_address, &given)
        && address != given
    {
        return Err(other_id(address, given));
    }
    for _ in 0..TRIES {
        let iri = match (&by_address, &given) {
            (Some(iri), _) => iri.clone(),
            (None, Some(given)) => {
                if register.id_of_iri(given.as_str()).is_none() {
                    return Err(not_of_register(register, given.as_str()));
                }
                given.clone()
            }
            (None, None) => {
                let id = state.items.numbers.next(&view, register)?;
                let iri = register.item_iri(&id);
                let iri = iri.ok_or_else(|| ApiError::internal("new_id fits no id_pattern"))?;
                let now = registry.snapshot();
                // Somebody may have chosen the number for himself.
                if registry.item(register, iri.clone()).exists(&now.view()) {
                    state.items.numbers.look_again(&now.view(), register);
                    continue;
                }
                // What is gone keeps its name.
                if registry.gone(&now, None, iri.as_str())?.is_some() {
                    continue;
                }
                iri
            }
        };
        let write = Write {
            state,
            asked,
            register,
            item: registry.item(register, iri),
            patch: patch.as_ref(),
        };
        return write.commit(said.as_mut());
    }
    Err(ApiError::busy())
}

/// One item on its way into the registry.
pub(super) struct Write<'a> {
    pub(super) state: &'a AppState,
    pub(super) asked: &'a Asked,
    pub(super) register: &'a Register,
    pub(super) item: Item,
    pub(super) patch: Option<&'a Json>,
}

impl Write<'_> {
    fn commit(&self, mut said: Option<&mut Said>) -> Result<Performed, ApiError> {
        let registry = &self.state.registry;
        let mut sources = vec![Source {
            iri: self.item.iri.as_str().to_owned(),
            sha256: (self.asked.action != Action::Remove)
                .then(|| crate::store::hex(&Sha256::digest(&self.asked.body))),
        }];
        sources.extend(self.asked.key.as_ref().map(Key::source));
        let request = CommitRequest {
            meta: CommitMeta {
                agent: registry.agent_iri("beheerder"),
                activity: registry.activity_iri(self.asked.action.activity()),
                source: sources,
                message: None,
            },
            mode: None,
            dry_run: self.asked.dry_run,
            writer: Writer::Anyone,
        };
        let mut patched = None;
        let outcome = registry.commit(request, |draft| {
            if let Some(patch) = self.patch {
                patched = Some(self.patched(draft, patch)?);
            }
            let said = said.as_deref_mut().or(patched.as_mut());
            self.fill(draft, said)
        });
        let places = said.as_deref().or(patched.as_ref());
        let nothing = Default::default();
        let context = self.state.context_of(Some(self.register));
        let written = Written {
            places: places.map_or(&nothing, |said| &said.places),
            context: &context,
        };
        match outcome {
            Ok(outcome) => {
                let made = (outcome.changed && !self.asked.dry_run).then_some(outcome.commit.seq);
                Ok((self.done(&outcome), made))
            }
            Err(CommitError::Change(error)) => Err(error),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(CommitError::Reserved(reserved)) => Err(ApiError::reserved(&reserved)),
            Err(CommitError::Rejected(rejection)) => {
                Ok((rejected(&rejection, &written, &self.asked.accept)?, None))
            }
        }
    }

    /// The item as the state before has it.
    fn tree(&self, view: &View) -> Result<Option<Tree>, ApiError> {
        match view.id_of_iri(self.item.iri.as_str()) {
            Some(id) => Ok(build_tree(view, id, &embed_rules(Some(self.register)))?),
            None => Ok(None),
        }
    }

    /// The short name of what a state says of the item.
    fn tag(&self, view: &View) -> Result<Option<StateTag>, ApiError> {
        match view.id_of_iri(self.item.iri.as_str()) {
            Some(id) => Ok(state_tag(view, id, &embed_rules(Some(self.register)))?),
            None => Ok(None),
        }
    }

    /// What the item would say after a patch.
    fn patched(&self, draft: &Draft<'_>, patch: &Json) -> Result<Said, ApiError> {
        let (state, register) = (self.state, self.register);
        let tree = self
            .tree(&draft.base().view())?
            .ok_or_else(|| self.unknown())?;
        let context = state.context_of(Some(register));
        let reference = format!(
            "{}/contexts/{}.jsonld",
            state.registry.base(),
            register.context
        );
        let mut document = jsonld::document(&tree, &context, reference.into());
        if self.asked.media_type == JSON_PATCH {
            apply(&mut document, patch).map_err(|error| bad_patch(&error))?;
        } else {
            merge(&mut document, patch);
        }
        let said = reading::document(state, register, draft.rdf_version(), document)?;
        match &said.given {
            Some(given) if *given != self.item.iri => Err(other_id(&self.item.iri, given)),
            _ => {
                self.keeps_others(&tree, &said)?;
                Ok(said)
            }
        }
    }

    /// Refuses a patch that takes away statements about others, which are shown with the item and are not its own: nothing
    /// would come of it.
    fn keeps_others(&self, tree: &Tree, said: &Said) -> Result<(), ApiError> {
        let kept: FxHashSet<Triple> = said.statements().iter().cloned().collect();
        let named: FxHashSet<&str> = kept
            .iter()
            .flat_map(|triple| [named_subject(triple), named_object(triple)])
            .flatten()
            .collect();
        let lost = tree.triples().into_iter().filter(|triple| {
            let is_other = named_subject(triple).is_some_and(|iri| {
                iri != self.item.iri.as_str() && !self.item.is_part(iri) && named.contains(iri)
            });
            // Blank nodes have other names by now.
            is_other && !matches!(triple.object, Term::BlankNode(_)) && !kept.contains(triple)
        });
        let lost: Vec<Triple> = lost.collect();
        if lost.is_empty() {
            return Ok(());
        }
        let context = self.state.context_of(Some(self.register));
        let written = Written {
            places: &said.places,
            context: &context,
        };
        let error = ItemError::Others(lost);
        Err(cannot(
            error,
            &self.state.registry,
            self.item.iri.as_str(),
            &written,
        ))
    }

    fn fill(&self, draft: &mut Draft<'_>, said: Option<&mut Said>) -> Result<After, ApiError> {
        let asked = self.asked;
        let view = draft.base().view();
        let exists = self.item.exists(&view);
        if asked.condition.is_given() {
            asked.condition.check(self.tag(&view)?)?;
        }
        if exists && asked.action == Action::Create {
            return Err(self.exists_already());
        }
        if exists
            && asked.action != Action::Create
            && self.state.config.require_if_match
            && !asked.condition.names_state()
        {
            return Err(conditions::required());
        }
        let Some(said) = said else {
            if let Err(error) = self.item.remove(draft) {
                let (nothing, context) = Default::default();
                let written = Written {
                    places: &nothing,
                    context: &context,
                };
                return Err(match error {
                    ItemError::Unknown => self.unknown(),
                    other => cannot(
                        other,
                        &self.state.registry,
                        self.item.iri.as_str(),
                        &written,
                    ),
                });
            }
            return Ok(After {
                created: false,
                etag: None,
                document: None,
            });
        };
        let mut statements = said.about(&self.item.iri);
        reading::with_class(self.register, &self.item.iri, &mut statements)?;
        let done = self.item.replace(draft, &statements).map_err(|error| {
            let context = self.state.context_of(Some(self.register));
            let written = Written {
                places: &said.places,
                context: &context,
            };
            cannot(
                error,
                &self.state.registry,
                self.item.iri.as_str(),
                &written,
            )
        })?;
        for (label, stored) in &done.names {
            said.places
                .rename(&format!("_:{label}"), &format!("_:{stored}"));
        }
        self.after(&draft.snapshot().view(), done.created)
    }

    /// What is read of the item in a state.
    pub(super) fn after(&self, view: &View, created: bool) -> Result<After, ApiError> {
        let tag = self.tag(view)?;
        let document = self
            .tree(view)?
            .map(|tree| json_ld(self.state, Some(self.register), &tree));
        let etag = document
            .as_ref()
            .map(|text| tag_of_document(self.answer_type(), text.as_bytes(), tag));
        Ok(After {
            created,
            etag,
            document,
        })
    }

    /// The type of a document in an answer.
    fn answer_type(&self) -> &'static str {
        negotiate(&self.asked.accept, &[JSON_LD, JSON]).unwrap_or(JSON_LD)
    }

    fn done(&self, outcome: &Outcome<After>) -> Reply {
        let waits = outcome.aside.waiting > 0;
        let dry_run = self.asked.dry_run;
        let done = Done {
            seq: outcome.commit.seq,
            waits,
            created: outcome.value.created && outcome.changed && !dry_run && !waits,
            after: &outcome.value,
        };
        self.told(&done, summary(&self.state.registry, outcome, dry_run))
    }

    /// Tells what was done, as the client wants it.
    pub(super) fn told(&self, done: &Done<'_>, mut members: Map<String, Json>) -> Reply {
        let base = self.state.registry.base();
        let Done { waits, created, .. } = *done;
        let (asked, after) = (self.asked, done.after);
        let id = self.register.id_of_iri(self.item.iri.as_str());
        let id = id.or(asked.id.as_deref()).unwrap_or("");
        let document = format!("{base}/api/{}/{}", self.register.name, percent_encode(id));
        let status = match asked.returning {
            _ if waits => StatusCode::ACCEPTED,
            _ if created => StatusCode::CREATED,
            Return::Minimal => StatusCode::NO_CONTENT,
            Return::Summary | Return::Representation => StatusCode::OK,
        };
        members.insert("item".to_owned(), self.item.iri.as_str().into());
        members.insert("document".to_owned(), document.as_str().into());
        let mut reply = Reply::new(status);
        if asked.returning != Return::Summary && !waits {
            let applied = match asked.returning {
                Return::Representation => "return=representation",
                _ => "return=minimal",
            };
            reply.set(PREFERENCE_APPLIED, applied);
        }
        reply = match (asked.returning, &after.document) {
            (Return::Minimal, _) if !waits => reply,
            (Return::Representation, Some(text)) if !waits => {
                reply.set(header::CONTENT_LOCATION, &document);
                reply.with_body(self.answer_type(), text.clone())
            }
            _ => reply.with_json(members),
        };
        if let Some(etag) = after.etag.as_deref().filter(|_| !asked.dry_run && !waits) {
            reply.set(header::ETAG, etag);
        }
        if created {
            let kind = &self.register.kind;
            let location = format!("{base}/id/{kind}/{}", percent_encode(id));
            reply.set(header::LOCATION, &location);
        }
        reply.set_commit(done.seq);
        reply
    }

    fn unknown(&self) -> ApiError {
        let id = self.asked.id.as_deref().unwrap_or("");
        let view = self.state.registry.snapshot().view();
        match find_item(self.state, &view, &self.register.kind, id) {
            Err(error) => error,
            // Written by somebody else just now.
            Ok(_) => ApiError::busy(),
        }
    }

    fn exists_already(&self) -> ApiError {
        let iri = self.item.iri.as_str();
        ApiError::new(
            StatusCode::CONFLICT,
            "item-exists",
            Text::new("Het item bestaat al", "The item exists already"),
            Text::new(
                format!("<{iri}> bestaat al. Vervang het met PUT, of laat @id weg voor een nieuw nummer."),
                format!("<{iri}> exists already. Replace it with PUT, or leave @id out for a new number."),
            ),
        )
        .with("item", iri)
    }
}

fn named_subject(triple: &Triple) -> Option<&str> {
    match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => Some(node.as_str()),
        NamedOrBlankNode::BlankNode(_) => None,
    }
}

fn named_object(triple: &Triple) -> Option<&str> {
    match &triple.object {
        Term::NamedNode(node) => Some(node.as_str()),
        _ => None,
    }
}

/// The IRI of the item that an address names.
fn target(
    state: &AppState,
    view: &View,
    register: &Register,
    id: &str,
    action: Action,
) -> Result<NamedNode, ApiError> {
    let found = find_item(state, view, &register.kind, id);
    if let Ok((iri, _)) = &found {
        return NamedNode::new(iri.as_str()).map_err(ApiError::internal);
    }
    match register.item_iri(id) {
        Some(iri) => Ok(iri),
        None if action == Action::Replace => Err(not_of_register(register, id)),
        None => Err(found.map(drop).expect_err("it was not found")),
    }
}

fn not_of_register(register: &Register, found: &str) -> ApiError {
    let (iri, pattern) = (register.iri.as_str(), register.id_pattern.as_str());
    ApiError::bad_request(
        "bad-id",
        format!("\"{found}\" is geen item van dit register: de IRI heeft de vorm {iri}, met een id zoals {pattern}."),
        format!("\"{found}\" is no item of this register: the IRI has the form {iri}, with an id like {pattern}."),
    )
    .with("iri", iri)
    .with("patroon", pattern)
}

fn other_id(address: &NamedNode, given: &NamedNode) -> ApiError {
    ApiError::bad_request(
        "other-id",
        format!(
            "De inhoud gaat over <{}>, en het adres over <{}>.",
            given.as_str(),
            address.as_str()
        ),
        format!(
            "The content is about <{}>, and the address about <{}>.",
            given.as_str(),
            address.as_str()
        ),
    )
    .with(
        "fouten",
        json!([{ "wijzer": "/@id", "naam": "@id", "code": "other-id" }]),
    )
}

fn bad_patch(error: &PatchError) -> ApiError {
    let (status, code, title) = if error.is_malformed {
        (
            StatusCode::BAD_REQUEST,
            "bad-patch",
            Text::new("Het verzoek klopt niet", "The request is not right"),
        )
    } else {
        (
            StatusCode::CONFLICT,
            "patch-conflict",
            Text::new(
                "De wijziging past niet op het item",
                "The change does not fit the item",
            ),
        )
    };
    let at = error.operation;
    let text = Text::new(
        format!("Bewerking {at}: {}", error.text.nl),
        format!("Operation {at}: {}", error.text.en),
    );
    ApiError::new(status, code, title, text)
        .with("bewerking", at)
        .with("pad", error.path.as_str())
}

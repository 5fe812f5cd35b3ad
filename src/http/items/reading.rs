//! From the body of a write to the statements of one item. JSON is read by the context of the register, other syntaxes as
//! they are; the item may go without a name until it is known. What cannot be kept is a mistake with its place.

use super::super::error::ApiError;
use super::super::reply::JSON_LD;
use super::super::state::AppState;
use crate::ingest::strict_json::{self, JsonFault, JsonMistake};
use crate::ingest::{Collect, Input, Limits, collect};
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::views::Context;
use crate::views::written::{self, Mistake, Places};
use axum::http::StatusCode;
use oxrdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Stands for the item until its IRI is known, and is what relative references resolve against: none but the item itself and
/// its fragments are taken.
const ITEM: &str = "oslo-item://item/";
/// References that are relative show themselves by this.
const RELATIVE: &str = "oslo-item:";
/// Start of the labels of nodes that came without a name.
const LABEL: &str = "oslo-part-";
/// Mistakes that one answer tells.
const LISTED: usize = 20;

/// What a body says.
#[derive(Debug)]
pub(super) struct Said {
    statements: Vec<Triple>,
    /// The IRI that the body gives the item.
    pub(super) given: Option<NamedNode>,
    /// Where things stand in the JSON.
    pub(super) places: Places,
}

impl Said {
    /// The statements as they came.
    pub(super) fn statements(&self) -> &[Triple] {
        &self.statements
    }

    /// The statements about an item of this IRI.
    pub(super) fn about(&mut self, item: &NamedNode) -> Vec<Triple> {
        self.places.rename(ITEM, item.as_str());
        std::mem::take(&mut self.statements)
            .into_iter()
            .map(|triple| Triple {
                subject: match triple.subject {
                    NamedOrBlankNode::NamedNode(node) => named(node, item).into(),
                    blank => blank,
                },
                predicate: triple.predicate,
                object: match triple.object {
                    Term::NamedNode(node) => named(node, item).into(),
                    other => other,
                },
            })
            .collect()
    }
}

fn named(node: NamedNode, item: &NamedNode) -> NamedNode {
    match node.as_str().strip_prefix(ITEM) {
        Some(rest) => NamedNode::new_unchecked(format!("{}{rest}", item.as_str())),
        None => node,
    }
}

/// Reads JSON text strictly.
pub(in crate::http) fn json(bytes: &[u8]) -> Result<Json, ApiError> {
    strict_json::read(bytes).map_err(|mistake| not_json(&mistake))
}

/// Reads a JSON document by the contexts of this registry.
pub(super) fn document(
    state: &AppState,
    register: &Register,
    version: RdfVersion,
    document: Json,
) -> Result<Said, ApiError> {
    let Json::Object(mut members) = document else {
        return Err(ApiError::bad_request(
            "wrong-type",
            "De inhoud is één JSON-object: het item.",
            "The content is one JSON object: the item.",
        )
        .with("fouten", json!([{ "wijzer": "", "code": "wrong-type" }])));
    };
    let (context, reference) = context(state, register, members.shift_remove("@context"))?;
    let written =
        written::read(members, &context, ITEM, LABEL).map_err(|found| mistakes(&found))?;
    let Json::Object(nodes) = written.json else {
        return Err(ApiError::internal("a node is an object"));
    };
    let root = nodes
        .get("@id")
        .and_then(Json::as_str)
        .unwrap_or("")
        .to_owned();
    let mut text = Map::new();
    text.insert("@context".to_owned(), reference);
    text.extend(nodes);
    let text = Json::Object(text).to_string();
    let mut said = Said {
        // The text that is read here is another than the one that came: its lines and columns would mislead.
        statements: statements(state, version, JSON_LD, text.into_bytes())
            .map_err(|error| error.without("regel").without("kolom"))?,
        given: None,
        places: written.places,
    };
    if let Some(label) = root.strip_prefix("_:") {
        call_item(&mut said.statements, &BlankNode::new_unchecked(label));
        said.places.rename(&root, ITEM);
    } else if root != ITEM {
        said.given = NamedNode::new(root).ok();
    }
    Ok(said)
}

/// Reads another syntax. `expected` is the IRI of the item by the address.
pub(super) fn rdf(
    state: &AppState,
    register: &Register,
    version: RdfVersion,
    media_type: &str,
    bytes: Vec<u8>,
    expected: Option<&str>,
) -> Result<Said, ApiError> {
    let statements = statements(state, version, media_type, bytes)?;
    let mut said = Said {
        statements,
        given: None,
        places: Places::default(),
    };
    let subjects: FxHashSet<&str> = said
        .statements
        .iter()
        .filter_map(|triple| match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => Some(node.as_str()),
            NamedOrBlankNode::BlankNode(_) => None,
        })
        .collect();
    if subjects.contains(ITEM) || expected.is_some_and(|expected| subjects.contains(expected)) {
        return Ok(said);
    }
    let mut candidates: Vec<&str> = subjects
        .into_iter()
        .filter(|iri| register.id_of_iri(iri).is_some())
        .collect();
    candidates.sort_unstable();
    let tops = tops(&said.statements);
    match (&candidates[..], &tops[..]) {
        ([one], _) => said.given = NamedNode::new(*one).ok(),
        ([], [top]) => {
            let top = top.clone();
            call_item(&mut said.statements, &top);
        }
        _ => {
            let named = match &candidates[..] {
                [] => "0".to_owned(),
                several => several.join(", "),
            };
            return Err(ApiError::bad_request(
                "no-item",
                format!(
                    "De inhoud zegt niet duidelijk over welk item van dit register ze gaat (gevonden: {named}); schrijf uitspraken over <> of over één IRI van dit register."
                ),
                format!(
                    "The content does not say clearly which item of this register it is about (found: {named}); write statements about <> or about one IRI of this register."
                ),
            ));
        }
    }
    Ok(said)
}

/// Blank nodes that are no value of any statement.
fn tops(statements: &[Triple]) -> Vec<BlankNode> {
    let values: FxHashSet<&str> = statements
        .iter()
        .filter_map(|triple| match &triple.object {
            Term::BlankNode(node) => Some(node.as_str()),
            _ => None,
        })
        .collect();
    let mut tops: Vec<BlankNode> = statements
        .iter()
        .filter_map(|triple| match &triple.subject {
            NamedOrBlankNode::BlankNode(node) if !values.contains(node.as_str()) => {
                Some(node.clone())
            }
            _ => None,
        })
        .collect();
    tops.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    tops.dedup();
    tops
}

/// Puts the item in the place of a blank node.
fn call_item(statements: &mut [Triple], blank: &BlankNode) {
    let item = || NamedNode::new_unchecked(ITEM);
    for triple in statements {
        if matches!(&triple.subject, NamedOrBlankNode::BlankNode(node) if node == blank) {
            triple.subject = item().into();
        }
        if matches!(&triple.object, Term::BlankNode(node) if node == blank) {
            triple.object = item().into();
        }
    }
}

/// Gives an item the class of its register when it has none, and refuses one of other classes only.
pub(super) fn with_class(
    register: &Register,
    item: &NamedNode,
    statements: &mut Vec<Triple>,
) -> Result<(), ApiError> {
    let mut has_class = false;
    for triple in statements.iter() {
        let of_item = matches!(&triple.subject, NamedOrBlankNode::NamedNode(node) if node == item);
        if of_item && triple.predicate.as_str() == rdf::TYPE {
            if matches!(&triple.object, Term::NamedNode(class) if class.as_str() == register.class)
            {
                return Ok(());
            }
            has_class = true;
        }
    }
    if has_class {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "other-class",
            Text::new("Niet van dit register", "Not of this register"),
            Text::new(
                format!("Items van dit register zijn van de klasse <{}>; dit item heeft alleen andere klassen.", register.class),
                format!("Items of this register are of the class <{}>; this item has other classes only.", register.class),
            ),
        )
        .with("klasse", register.class.as_str())
        .with("fouten", json!([{ "wijzer": "/@type", "naam": "@type", "code": "other-class" }])));
    }
    statements.push(Triple::new(
        item.clone(),
        NamedNode::new_unchecked(rdf::TYPE),
        NamedNode::new_unchecked(register.class.as_str()),
    ));
    Ok(())
}

/// The context that a document names, and how a JSON-LD reader finds it: that of the register when it names none.
fn context(
    state: &AppState,
    register: &Register,
    named: Option<Json>,
) -> Result<(Arc<Context>, Json), ApiError> {
    let own = |name: &str| format!("{}/contexts/{name}.jsonld", state.registry.base());
    let named = match named {
        None | Some(Json::Null) => {
            let reference = own(&register.context).into();
            return Ok((state.context_of(Some(register)), reference));
        }
        Some(Json::Array(listed)) => listed,
        Some(single) => vec![single],
    };
    let unknown = |what: &Json| {
        let example = own(&register.context);
        ApiError::bad_request(
            "unknown-context",
            format!("De context {what} wordt hier niet gelezen. Laat @context weg, of noem die van dit register: {example}."),
            format!("The context {what} is not read here. Leave @context out, or name that of this register: {example}."),
        )
        .with("fouten", json!([{ "wijzer": "/@context", "code": "unknown-context" }]))
        .with("context", example)
    };
    let prefix = own("");
    let prefix = prefix.trim_end_matches(".jsonld");
    let mut found: Option<Arc<Context>> = None;
    for one in &named {
        let name = one.as_str().and_then(|iri| iri.strip_prefix(prefix));
        let name = name.and_then(|file| file.strip_suffix(".jsonld"));
        let context = name.and_then(|name| state.contexts.get(name));
        let context = context.ok_or_else(|| unknown(one))?;
        found = Some(match found {
            None => Arc::clone(context),
            Some(before) => Arc::new((*before).clone().followed_by(context)),
        });
    }
    let found = found.ok_or_else(|| unknown(&json!([])))?;
    Ok((found, named.into()))
}

/// The statements of a text; all of them in no graph, and about what has a full name.
fn statements(
    state: &AppState,
    version: RdfVersion,
    media_type: &str,
    bytes: Vec<u8>,
) -> Result<Vec<Triple>, ApiError> {
    let limit = bytes.len() as u64 + 1;
    let limits = Limits {
        max_file_bytes: limit,
        max_lines_bytes: limit,
        max_json_bytes: limit,
        ..Limits::of_sources()
    };
    let how = Collect {
        media_type: Some(media_type),
        base: Some(ITEM),
        limits: &limits,
        contexts: &state.context_store,
        version,
    };
    let quads = collect(&Input::bytes("inhoud".to_owned(), bytes), &how)?;
    let mut seen = FxHashSet::default();
    let mut statements = Vec::with_capacity(quads.len());
    for quad in quads {
        if quad.graph_name != GraphName::DefaultGraph {
            return Err(ApiError::bad_request(
                "other-graphs",
                "De inhoud noemt een graaf; een item staat in de graaf van zijn register.",
                "The content names a graph; an item is in the graph of its register.",
            ));
        }
        let triple = Triple::from(quad);
        relative(&triple)?;
        if seen.insert(triple.clone()) {
            statements.push(triple);
        }
    }
    Ok(statements)
}

/// Refuses references that are relative to nothing.
fn relative(triple: &Triple) -> Result<(), ApiError> {
    let is_relative = |iri: &str| {
        let fragment = iri.strip_prefix(ITEM);
        iri.starts_with(RELATIVE)
            && fragment.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('#'))
    };
    let mut names = Vec::new();
    if let NamedOrBlankNode::NamedNode(node) = &triple.subject {
        names.push(node.as_str());
    }
    names.push(triple.predicate.as_str());
    if let Term::NamedNode(node) = &triple.object {
        names.push(node.as_str());
    }
    match names.into_iter().find(|iri| is_relative(iri)) {
        None => Ok(()),
        Some(iri) => {
            let own = || iri.strip_prefix(RELATIVE).unwrap_or(iri);
            let told = iri.strip_prefix(ITEM).unwrap_or_else(own);
            Err(ApiError::bad_request(
                "not-an-iri",
                format!("\"{told}\" is geen volledige IRI."),
                format!("\"{told}\" is no full IRI."),
            )
            .with("waarde", told))
        }
    }
}

/// A document with mistakes in its keys or values.
fn mistakes(found: &[Mistake]) -> ApiError {
    let first = &found[0];
    let more = found.len() - 1;
    let at = |words: &str| {
        if first.pointer.is_empty() {
            String::new()
        } else {
            format!(" {words} {}", first.pointer)
        }
    };
    let listed: Vec<Json> = found
        .iter()
        .take(LISTED)
        .map(|mistake| {
            json!({
                "wijzer": mistake.pointer,
                "naam": mistake.name,
                "code": mistake.code,
                "waarde": mistake.value,
                "boodschap": { "nl": mistake.text.nl, "en": mistake.text.en },
            })
        })
        .collect();
    let rest = |nl: &str| {
        if more == 0 {
            String::new()
        } else {
            format!(" {nl} {more}.")
        }
    };
    ApiError::bad_request(
        first.code,
        format!(
            "{}{}{}",
            first.text.nl,
            at("Plaats:"),
            rest("Andere fouten in de inhoud:")
        ),
        format!(
            "{}{}{}",
            first.text.en,
            at("Place:"),
            rest("Other mistakes in the content:")
        ),
    )
    .with("fouten", listed)
}

/// A text that is no JSON, or JSON that cannot be kept as it is.
fn not_json(mistake: &JsonMistake) -> ApiError {
    let JsonMistake { line, column, .. } = mistake;
    let pointer = mistake.pointer.as_deref().unwrap_or("");
    let (code, nl, en) = match mistake.fault {
        JsonFault::NotUtf8 => (
            "not-utf8",
            "De inhoud is geen UTF-8".to_owned(),
            "The content is not UTF-8".to_owned(),
        ),
        JsonFault::Syntax => (
            "invalid-json",
            "De inhoud is geen JSON".to_owned(),
            "The content is not JSON".to_owned(),
        ),
        JsonFault::DuplicateKey => (
            "duplicate-key",
            format!("Een sleutel staat twee keer in hetzelfde object: {pointer}"),
            format!("A key is twice in the same object: {pointer}"),
        ),
        JsonFault::LargeNumber => (
            "large-number",
            format!(
                "Het getal op {pointer} is te groot om overal gelijk gelezen te worden; schrijf het als tekst met zijn datatype"
            ),
            format!(
                "The number at {pointer} is too large to be read alike everywhere; write it as a text with its datatype"
            ),
        ),
        JsonFault::TooDeep => (
            "too-deep",
            format!(
                "De inhoud is dieper genest dan {} niveaus",
                strict_json::MAX_DEPTH
            ),
            format!(
                "The content nests deeper than {} levels",
                strict_json::MAX_DEPTH
            ),
        ),
    };
    let mut error = ApiError::bad_request(
        code,
        format!("{nl}: regel {line}, kolom {column}."),
        format!("{en}: line {line}, column {column}."),
    )
    .with("regel", *line)
    .with("kolom", *column);
    if mistake.pointer.is_some() {
        error = error.with("fouten", json!([{ "wijzer": pointer, "code": code }]));
    }
    error
}

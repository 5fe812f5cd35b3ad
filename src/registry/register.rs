//! Register declarations: which class, IRI pattern, profile, context and filters make a register.
//! Read from `registers/*.toml`; adding a register needs no Rust.

use crate::rdf::label::Text;
use oxrdf::NamedNode;
use regex::Regex;
use serde::Deserialize;

/// A register as declared.
#[derive(Clone, Debug)]
pub struct Register {
    /// Path segment of its collection: `/api/{name}`.
    pub name: String,
    /// Path segment of its items: `/id/{kind}/{id}`.
    pub kind: String,
    /// Class of its items.
    pub class: String,
    /// IRI pattern of its items with `{id}`.
    pub iri: String,
    /// What an `{id}` looks like.
    pub id_pattern: Regex,
    /// Graph of its items below `{base}/graph/`.
    pub graph: String,
    /// Application profile: `shapes/{profile}.ttl`.
    pub profile: String,
    /// Context: `vocab/context/{context}.jsonld`.
    pub context: String,
    /// Access class; `public` for all that ships.
    pub access: String,
    /// Ids of items that come without one: a text with `{nummer}`, `{uuid}` or `{jaar}`. Without it each item brings its own.
    pub new_id: Option<String>,
    /// Whether what an item said before a change is kept as a past version of it.
    pub keep_versions: bool,
    /// Name for people.
    pub label: Text,
    /// What it holds, for people.
    pub description: Text,
    /// Filters of its collection.
    pub filters: Vec<Filter>,
    /// Predicates shown for each item of a collection, in order.
    pub list: Vec<String>,
    /// Predicates whose objects are shown nested.
    pub embed: Vec<String>,
}

/// A filter of a collection.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Query parameter.
    pub name: String,
    /// Predicates from the item to the value compared.
    pub path: Vec<String>,
    /// How the value is compared.
    pub matching: Match,
    /// What it selects, for people.
    pub description: Text,
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Last path segment of an IRI.
    Id,
    /// Lexical form of a literal.
    Literal,
    /// Text of a literal, upper and lower case alike.
    Label,
    /// A whole IRI.
    Iri,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    name: String,
    r#type: String,
    class: String,
    iri: String,
    id_pattern: String,
    graph: Option<String>,
    profile: String,
    context: String,
    access: String,
    new_id: Option<String>,
    #[serde(default)]
    keep_versions: bool,
    label: Texts,
    description: Texts,
    #[serde(default)]
    filter: Vec<FilterDeclaration>,
    #[serde(default)]
    view: ViewDeclaration,
}

#[derive(Deserialize)]
struct Texts {
    nl: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterDeclaration {
    name: String,
    path: Vec<String>,
    r#match: Match,
    description: Texts,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewDeclaration {
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    embed: Vec<String>,
}

/// Why a declaration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Not TOML, or keys missing or unknown.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// `id_pattern` is no regular expression.
    #[error("id_pattern: {0}")]
    Pattern(#[from] regex::Error),
    /// `iri` has no `{id}`.
    #[error("iri: the place of the id, {{id}}, is missing")]
    NoId,
}

impl Register {
    /// Reads one declaration.
    ///
    /// # Errors
    /// When it is not what this version understands.
    pub fn parse(toml: &str) -> Result<Self, RegisterError> {
        let declared: Declaration = toml::from_str(toml)?;
        if !declared.iri.contains("{id}") {
            return Err(RegisterError::NoId);
        }
        let text = |texts: Texts| Text::new(texts.nl, texts.en);
        Ok(Self {
            graph: declared.graph.unwrap_or_else(|| declared.name.clone()),
            name: declared.name,
            kind: declared.r#type,
            class: declared.class,
            iri: declared.iri,
            id_pattern: Regex::new(&declared.id_pattern)?,
            profile: declared.profile,
            context: declared.context,
            access: declared.access,
            new_id: declared.new_id,
            keep_versions: declared.keep_versions,
            label: text(declared.label),
            description: text(declared.description),
            filters: declared
                .filter
                .into_iter()
                .map(|f| Filter {
                    name: f.name,
                    path: f.path,
                    matching: f.r#match,
                    description: text(f.description),
                })
                .collect(),
            list: declared.view.list,
            embed: declared.view.embed,
        })
    }

    /// IRI of the item with an id; `None` when no id looks like that.
    pub fn item_iri(&self, id: &str) -> Option<NamedNode> {
        if !self.id_pattern.is_match(id) {
            return None;
        }
        NamedNode::new(self.iri.replace("{id}", id)).ok()
    }

    /// Id within an item's IRI; `None` when the IRI is of another register.
    pub fn id_of_iri<'a>(&self, iri: &'a str) -> Option<&'a str> {
        let (before, after) = self.iri.split_once("{id}")?;
        let id = iri.strip_prefix(before)?.strip_suffix(after)?;
        self.id_pattern.is_match(id).then_some(id)
    }
}

/// The declarations that ship with the binary, sorted by name. A test parses every one of them.
pub(crate) fn shipped() -> Vec<Register> {
    let mut registers: Vec<Register> = crate::registry::assets::REGISTERS
        .files()
        .filter_map(|file| file.contents_utf8())
        .filter_map(|toml| Register::parse(toml).ok())
        .collect();
    registers.sort_by(|a, b| a.name.cmp(&b.name));
    registers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::assets::{REGISTERS, SHAPES, VOCAB};

    #[test]
    fn every_shipped_declaration_is_whole() {
        for file in REGISTERS.files() {
            let toml = file.contents_utf8().expect("UTF-8");
            let register =
                Register::parse(toml).unwrap_or_else(|e| panic!("{}: {e}", file.path().display()));
            assert!(
                register.filters.len() >= 2,
                "{}: two filters at least",
                register.name
            );
            assert!(
                SHAPES
                    .get_file(format!("{}.ttl", register.profile))
                    .is_some(),
                "{}: profile",
                register.name
            );
            let context = format!("context/{}.jsonld", register.context);
            assert!(
                VOCAB.get_file(context).is_some(),
                "{}: context",
                register.name
            );
        }
    }

    #[test]
    fn ids_and_iris_translate() {
        let registers = shipped();
        let addresses = registers
            .iter()
            .find(|r| r.name == "adressen")
            .expect("declared");
        let iri = addresses.item_iri("60").expect("an id");
        assert_eq!(iri.as_str(), "https://data.vlaanderen.be/id/adres/60");
        assert_eq!(addresses.id_of_iri(iri.as_str()), Some("60"));
        assert_eq!(addresses.item_iri("6/0"), None);
        assert_eq!(
            addresses.id_of_iri("https://data.vlaanderen.be/id/straatnaam/60"),
            None
        );
    }
}

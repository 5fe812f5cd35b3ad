//! Register declarations: which class, IRI pattern, profile, context, filters, orders and languages make a register.
//! Read from `registers/*.toml`; adding a register needs no Rust. Looks nothing up: what a declaration means for a state
//! is the business of `views`.

use super::feed_view::{FeedDeclaration, FeedView};
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
    /// Orders its collection can be asked in, besides that of the ids.
    pub sorts: Vec<SortKey>,
    /// Texts that a search for words looks in.
    pub search: Vec<SearchField>,
    /// Languages of its texts, best first, as tags in lower case; at least one.
    pub languages: Vec<String>,
    /// Levels of links that `expand` may follow.
    pub depth: usize,
    /// Predicates from the item to the nodes that bear its geometry as a literal; empty when it has none.
    pub geometry: Vec<String>,
    /// Predicates from the item to the moment it last changed at its source; empty when none says.
    pub version: Vec<String>,
    /// Predicates shown for each item of a collection, in order.
    pub list: Vec<String>,
    /// Predicates whose objects are shown nested.
    pub embed: Vec<String>,
    /// Views of its event stream: those that every stream has, then those declared.
    pub feed_views: Vec<FeedView>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
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
    /// A number: itself, or a range of them.
    Number,
    /// A date or moment: itself, or a range of them.
    Moment,
    /// `true` or `false`.
    Boolean,
    /// Whether there is a value: `true` or `false`.
    Present,
}

impl Match {
    /// Whether values lie on a scale, so that ranges of them can be asked for.
    pub fn is_range(self) -> bool {
        matches!(self, Self::Number | Self::Moment)
    }
}

/// Which part of a filter a parameter gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterPart {
    /// The value.
    Value,
    /// The least value, itself included: `{name}Van`.
    From,
    /// The greatest value, itself included: `{name}Tot`.
    To,
}

impl Filter {
    /// The query parameters of this filter.
    pub fn parameters(&self) -> Vec<(String, FilterPart)> {
        let mut parameters = vec![(self.name.clone(), FilterPart::Value)];
        if self.matching.is_range() {
            parameters.push((format!("{}Van", self.name), FilterPart::From));
            parameters.push((format!("{}Tot", self.name), FilterPart::To));
        }
        parameters
    }

    /// The part that a query parameter gives, when it is one of this filter.
    pub fn part(&self, parameter: &str) -> Option<FilterPart> {
        match parameter.strip_prefix(self.name.as_str())? {
            "" => Some(FilterPart::Value),
            "Van" if self.matching.is_range() => Some(FilterPart::From),
            "Tot" if self.matching.is_range() => Some(FilterPart::To),
            _ => None,
        }
    }
}

/// An order of a collection.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// What `sort=` calls it; with `-` before it the other way round.
    pub name: String,
    /// Predicates from the item to the value; of several values the least counts.
    pub path: Vec<String>,
    /// How values compare.
    pub kind: SortKind,
    /// Only values in this language count; without it the best one of the register's languages that an item has.
    pub language: Option<String>,
    /// What it orders by, for people.
    pub description: Text,
}

/// How values of a sort key compare. Items without a value come last, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortKind {
    /// Texts, whatever their case and accents, numbers in them by size.
    Text,
    /// Numbers.
    Number,
    /// Dates and moments, as points in time.
    Moment,
    /// Last path segments of IRIs.
    Id,
}

/// A text that a search for words looks in.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchField {
    /// Predicates from the item to the text.
    pub path: Vec<String>,
    /// What a hit counts for, against those of other fields.
    pub weight: f64,
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
    #[serde(default = "default_languages")]
    languages: Vec<String>,
    #[serde(default = "default_depth")]
    depth: usize,
    #[serde(default)]
    geometry: Vec<String>,
    #[serde(default)]
    version: Vec<String>,
    #[serde(default)]
    filter: Vec<FilterDeclaration>,
    #[serde(default)]
    sort: Vec<SortDeclaration>,
    #[serde(default)]
    search: SearchDeclaration,
    #[serde(default)]
    view: ViewDeclaration,
    #[serde(default)]
    feed: FeedDeclaration,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SortDeclaration {
    name: String,
    path: Vec<String>,
    kind: SortKind,
    language: Option<String>,
    description: Texts,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchDeclaration {
    #[serde(default)]
    field: Vec<FieldDeclaration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldDeclaration {
    path: Vec<String>,
    #[serde(default = "default_weight")]
    weight: f64,
}

fn default_languages() -> Vec<String> {
    vec!["nl".to_owned(), "en".to_owned()]
}

fn default_depth() -> usize {
    2
}

fn default_weight() -> f64 {
    1.0
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
    /// Two parameters or sort keys have one name.
    #[error("{name}: the name is given twice, or means something else")]
    Name {
        /// The name.
        name: String,
    },
    /// A list that says nothing, or says too much.
    #[error("{what}: {why}")]
    Content {
        /// The key.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Parameters of every collection that are no filters.
pub const COLLECTION_PARAMETERS: [&str; 13] = [
    "q",
    "na",
    "offset",
    "limit",
    "sort",
    "fields",
    "expand",
    "lang",
    "count",
    "bbox",
    "bbox-crs",
    "gewijzigdSinds",
    "format",
];
/// Parameters that other requests take too: of time, of who asks, and of forms of JSON-LD.
const REQUEST_PARAMETERS: [&str; 6] = [
    "asOf", "bekendOp", "geldigOp", "apikey", "indeling", "frame",
];

/// The names that no filter of a register may have.
pub fn reserved_parameters() -> impl Iterator<Item = &'static str> {
    COLLECTION_PARAMETERS.into_iter().chain(REQUEST_PARAMETERS)
}
/// Most levels of links that `expand` may follow in any register.
const MAX_DEPTH: usize = 4;
/// Most predicates of a path.
const MAX_PATH: usize = 6;

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
        let register = Self {
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
            sorts: declared
                .sort
                .into_iter()
                .map(|s| SortKey {
                    name: s.name,
                    path: s.path,
                    kind: s.kind,
                    language: s.language,
                    description: text(s.description),
                })
                .collect(),
            search: declared
                .search
                .field
                .into_iter()
                .map(|field| SearchField {
                    path: field.path,
                    weight: field.weight,
                })
                .collect(),
            feed_views: declared.feed.views(&declared.geometry)?,
            languages: declared.languages,
            depth: declared.depth,
            geometry: declared.geometry,
            version: declared.version,
            list: declared.view.list,
            embed: declared.view.embed,
        };
        register.check()?;
        Ok(register)
    }

    /// Whether names are told apart and lists say something.
    fn check(&self) -> Result<(), RegisterError> {
        let mut names: Vec<String> = reserved_parameters().map(str::to_owned).collect();
        for filter in &self.filters {
            for (name, _) in filter.parameters() {
                // A point in a key is refused by the dialect of the base registries.
                if names.contains(&name) || name.contains('.') {
                    return Err(RegisterError::Name { name });
                }
                names.push(name);
            }
        }
        for (at, key) in self.sorts.iter().enumerate() {
            let is_taken = key.name == "id" || self.sorts[..at].iter().any(|k| k.name == key.name);
            if is_taken || key.name.starts_with('-') || key.name.contains(',') {
                let name = key.name.clone();
                return Err(RegisterError::Name { name });
            }
        }
        let paths = self.filters.iter().map(|f| &f.path);
        let paths = paths
            .chain(self.sorts.iter().map(|s| &s.path))
            .chain(self.search.iter().map(|s| &s.path));
        for path in paths {
            if path.is_empty() || path.len() > MAX_PATH {
                return Err(RegisterError::Content {
                    what: "path",
                    why: "it has one to six predicates",
                });
            }
        }
        let is_tag = |tag: &String| {
            !tag.is_empty()
                && tag
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if self.languages.is_empty() || !self.languages.iter().all(is_tag) {
            return Err(RegisterError::Content {
                what: "languages",
                why: "it has one language at least, in lower case",
            });
        }
        if self.depth > MAX_DEPTH {
            return Err(RegisterError::Content {
                what: "depth",
                why: "it is four at most",
            });
        }
        Ok(())
    }

    /// The sort key with a name.
    pub fn sort_key(&self, name: &str) -> Option<&SortKey> {
        self.sorts.iter().find(|key| key.name == name)
    }

    /// Every filter parameter of its collection, in the order of the declaration.
    pub fn filter_parameters(&self) -> Vec<String> {
        let parameters = self.filters.iter().flat_map(Filter::parameters);
        parameters.map(|(name, _)| name).collect()
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
                !register.sorts.is_empty() && !register.search.is_empty(),
                "{}: an order and a text to search at least",
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

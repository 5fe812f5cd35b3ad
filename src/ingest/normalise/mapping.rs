//! Mappings as written (TOML) and as used: a tree of JSON keys with what each value becomes. Checks a mapping when it is
//! read, so that a record never meets a prefix, role or code list that does not exist. Reads no records.

mod attributes;
mod build;
mod rows;
mod states;

pub use attributes::{Attribute, AttributeKind, Step};

use super::geometry::Form;
use super::template::{Condition, Template};
use crate::rdf::label::Text;
use oxrdf::NamedNode;
use rows::{BodyRow, CommonFile, MappingFile, NoRecordsFile, OmitRow};
use std::collections::{BTreeMap, BTreeSet};

/// What all mappings share.
#[derive(Debug)]
pub(super) struct Common {
    prefixes: BTreeMap<String, String>,
    /// Misspelt key → the key meant.
    pub(super) misspelt: BTreeMap<String, String>,
    /// Keys left out wherever they stand.
    pub(super) omitted: BTreeMap<String, Text>,
}

impl Common {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: CommonFile = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self {
            prefixes: file.prefixes,
            misspelt: file.misspelt,
            omitted: reasons(file.omit),
        })
    }

    fn iri(&self, name: &str) -> Result<NamedNode, String> {
        let (prefix, local) = name
            .split_once(':')
            .ok_or_else(|| format!("{name} has no prefix"))?;
        let namespace = self
            .prefixes
            .get(prefix)
            .ok_or_else(|| format!("the prefix of {name} is not known"))?;
        NamedNode::new(format!("{namespace}{local}")).map_err(|error| error.to_string())
    }
}

/// How records of one type in one version of one source become OSLO.
#[derive(Debug)]
pub struct Mapping {
    /// Name of the source, such as `basisregisters`.
    pub source: String,
    /// Version of the source's format, such as `3`.
    pub version: String,
    /// Type of the object as it stands in its IRI, such as `adres`.
    pub kind: String,
    /// Name of the register, which is the name of its graph below `{base}/graph/`.
    pub register: String,
    /// IRI of the licence under which the source publishes the facts.
    pub licence: String,
    /// What distinguishes it from mappings of the same source, type and version.
    variant: Option<String>,
    pub(super) types: Vec<String>,
    pub(super) contexts: Vec<String>,
    /// Where records stand in a document, as paths of keys; `**` is any chain of keys.
    pub(super) lists: Vec<Vec<String>>,
    pub(super) subject: Subject,
    pub(super) marker: Option<Vec<String>>,
    /// Columns of the table that it reads; empty for records of another form.
    pub(super) columns: Vec<String>,
    /// Paths that a record has, and has not.
    pub(super) keys: Vec<Vec<String>>,
    pub(super) lacks: Vec<Vec<String>>,
    /// What stands at a path: one of some texts.
    pub(super) values: Vec<Condition>,
    /// Keys around the records that are left out.
    pub(super) around: BTreeMap<String, Text>,
    /// What is around fields of a table.
    pub(super) quote: u8,
    /// Whether several records speak of the same object, each of a part of it.
    pub(super) several: bool,
    pub(super) body: Body,
    /// Predicates that a record can state of the object and its nodes.
    own: BTreeSet<String>,
    /// Predicates by which others, and nodes of it, are said to point to it.
    inverse: Vec<NamedNode>,
    /// Name of the type in the events of a change feed, such as `address`.
    pub(in crate::ingest) event: Option<String>,
    /// Earlier names of attributes of a change feed, and their names now (N070).
    pub(in crate::ingest) renamed: BTreeMap<String, String>,
}

/// What a field states, to be taken out before it is stated anew.
#[derive(Debug)]
pub(in crate::ingest) enum Stated<'a> {
    /// A predicate of the object, or of its node with a role.
    Of(Option<&'a str>, &'a str),
    /// All statements of others with this predicate and the object as their value.
    Inverse(&'a str),
    /// Everything but the links of a node: a geometry.
    Node(&'a str),
}

/// Where the subject of a record comes from.
#[derive(Debug)]
pub(super) enum Subject {
    /// An IRI in the record.
    Path(Vec<String>),
    /// Made of values of the record.
    Made(Template),
}

/// What an object or a part of it is and says.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) classes: Vec<NamedNode>,
    /// When it is left out.
    pub(super) skips: Vec<Skip>,
    pub(super) says: Vec<Say>,
    pub(super) nodes: Vec<NodeRule>,
    pub(super) tree: Tree,
}

/// When an object or a part is left out with everything in it.
#[derive(Debug)]
pub(super) struct Skip {
    pub(super) when: Vec<Condition>,
    pub(super) reason: Text,
}

/// A document without records, and why it has none.
#[derive(Debug)]
pub(super) struct NoRecords {
    /// Paths that it has, and has not.
    pub(super) has: Vec<Vec<String>>,
    pub(super) lacks: Vec<Vec<String>>,
    /// All keys that it may have; empty for any.
    pub(super) only: Vec<String>,
    /// Columns of the table that it is.
    pub(super) columns: Vec<String>,
    /// A path at which a hole for a value stands.
    pub(super) template: Option<Vec<String>>,
    pub(super) reason: Text,
}

impl NoRecords {
    pub(super) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let file: NoRecordsFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let paths = |rows: &[String]| rows.iter().map(|row| split(row)).collect();
        let rows = file.document.into_iter().map(|row| Self {
            has: paths(&row.has),
            lacks: paths(&row.lacks),
            only: row.only,
            columns: row.columns,
            template: row.template.as_deref().map(split),
            reason: Text::new(row.nl, row.en),
        });
        Ok(rows.collect())
    }
}

impl Mapping {
    /// The name by which logs and reports cite it: `basisregisters-adres-v3`.
    pub fn name(&self) -> String {
        let kind = self.variant.as_deref().unwrap_or(&self.kind);
        format!("{}-{kind}-v{}", self.source, self.version)
    }

    /// Columns of the table that it reads; none for records of another form.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether several records speak of the same object, so that none takes the place of another.
    pub fn has_several(&self) -> bool {
        self.several
    }

    /// Whether a record can state a predicate of the object or one of its nodes. Classes do not count.
    pub fn states(&self, predicate: &str) -> bool {
        self.own.contains(predicate)
    }

    /// Predicates of statements that a record makes with its own object as the value: of other objects, and of its nodes.
    pub fn inverse(&self) -> &[NamedNode] {
        &self.inverse
    }

    /// What the field at a path, or those below it, state.
    pub(in crate::ingest) fn stated<'m>(&'m self, path: &str) -> Vec<Stated<'m>> {
        let body = &self.body;
        let mut tree = &body.tree;
        for key in path.split('.') {
            match tree.children.get(key) {
                Some(next) => tree = next,
                None => return Vec::new(),
            }
        }
        let mut stated = Vec::new();
        let mut open = vec![tree];
        while let Some(tree) = open.pop() {
            open.extend(tree.children.values());
            for choice in &tree.choices {
                if let Rule::Geometry { on, .. } = &choice.rule {
                    stated.push(Stated::Node(&body.nodes[*on].role));
                    continue;
                }
                let (places, is_inverse) = states::places_of(&choice.rule);
                stated.extend(places.iter().map(|place| {
                    let predicate = place.predicate.as_str();
                    if is_inverse {
                        return Stated::Inverse(predicate);
                    }
                    let role = place.on.map(|on| body.nodes[on].role.as_str());
                    Stated::Of(role, predicate)
                }));
            }
        }
        stated
    }
}

/// A node with a stable IRI below the object.
#[derive(Debug)]
pub(super) struct NodeRule {
    pub(super) role: String,
    /// The role, with values of the record in it.
    pub(super) template: Template,
    /// Index of the node that it belongs to; `None` is the object.
    pub(super) parent: Option<usize>,
    /// Links to it, where their conditions hold.
    pub(super) links: Vec<Link>,
    /// Link to the parent.
    pub(super) back: Option<NamedNode>,
    pub(super) classes: Vec<NamedNode>,
    pub(super) derived: bool,
    pub(super) says: Vec<Say>,
}

/// A link to a node, where it is one.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) predicate: NamedNode,
    /// Index of the node that has it; `None` is the object.
    pub(super) from: Option<usize>,
    pub(super) when: Vec<Condition>,
}

/// A statement that an object or a node always makes, or under conditions.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) predicate: NamedNode,
    pub(super) value: SayValue,
    pub(super) derived: bool,
    pub(super) when: Vec<Condition>,
}

#[derive(Debug)]
pub(super) enum SayValue {
    Boolean(bool),
    Iri(NamedNode),
    Text(String),
    /// An IRI made of values of the record.
    Template(Template),
}

/// Keys below a key, and what the value becomes: by the first choice whose conditions hold.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) children: BTreeMap<String, Tree>,
    pub(super) choices: Vec<Choice>,
}

/// What a value becomes under conditions.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) when: Vec<Condition>,
    pub(super) rule: Rule,
}

/// A part of a record: an object or a list of them, with keys of their own.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) subject: PartSubject,
    /// Links from the object, or from one of its nodes, to the part, where the conditions hold of the part.
    pub(super) links: Vec<Link>,
    /// Link from the part.
    pub(super) back: Option<NamedNode>,
    /// Index of the node that links to it; `None` is the object.
    pub(super) on: Option<usize>,
    pub(super) derived: bool,
    pub(super) body: Body,
}

/// What the statements of a part are about.
#[derive(Debug)]
pub(super) enum PartSubject {
    /// What the record is about.
    Same,
    /// A node of it.
    Node(Template),
    /// An object of its own.
    Own(Template),
}

/// Where the language of a text stands.
#[derive(Debug, Default)]
pub(super) struct TagSource {
    pub(super) fixed: Option<String>,
    pub(super) path: Option<Vec<String>>,
    /// Code of the source → language.
    pub(super) map: BTreeMap<String, String>,
}

/// Datatype of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datatype {
    /// Of a value in the form of one: integer, decimal, date; else text.
    Auto,
    AnyUri,
    Date,
    DateTime,
    Decimal,
    Integer,
    Time,
}

impl Datatype {
    fn of(name: &str) -> Result<Self, String> {
        Ok(match name {
            "auto" => Self::Auto,
            "anyURI" => Self::AnyUri,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer,
            "time" => Self::Time,
            other => return Err(format!("there is no datatype {other}")),
        })
    }
}

/// Where a value goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) predicate: NamedNode,
    /// Index of the node that has it; `None` is the object.
    pub(super) on: Option<usize>,
    pub(super) derived: bool,
}

/// What a value becomes.
#[derive(Debug)]
pub(super) enum Rule {
    IdBlock {
        namespace: String,
        local: String,
        number: String,
        iri: Option<String>,
        local_predicate: Option<NamedNode>,
    },
    Text {
        places: Vec<Place>,
        is_capakey: bool,
        is_kbo: bool,
    },
    Boolean(Vec<Place>),
    Language(Vec<Place>),
    Label {
        places: Vec<Place>,
        plain: bool,
        tag: TagSource,
    },
    /// A literal with a datatype.
    Typed {
        places: Vec<Place>,
        datatype: Datatype,
    },
    /// A geometry in WKT, or the first coordinate of a point.
    Wkt {
        places: Vec<Place>,
        system: Option<String>,
        y: Option<Vec<String>>,
    },
    /// A geometry in GeoJSON, as an object or as text.
    GeoJson {
        places: Vec<Place>,
        system: Option<String>,
    },
    /// Anything, as it is.
    Json(Vec<Place>),
    /// An IRI by code, or made of the value.
    Named {
        places: Vec<Place>,
        template: Option<Template>,
        map: BTreeMap<String, NamedNode>,
        inverse: bool,
    },
    /// An object or list with keys of its own.
    Part(Box<Part>),
    Concept {
        places: Vec<Place>,
        list: String,
    },
    Link {
        places: Vec<Place>,
        to: String,
        role: Option<String>,
        inverse: bool,
    },
    Geometry {
        on: usize,
        form: Form,
        /// What the feed calls its type, where that is not the name of the form.
        called: Option<String>,
    },
    /// Left out with everything below it.
    Omit {
        reason: Text,
        /// Whether it says something about a person: then no evidence keeps it either.
        is_private: bool,
    },
}

impl Mapping {
    /// Reads and checks a mapping.
    pub(super) fn parse(
        text: &str,
        common: &Common,
        lists: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, String> {
        let file: MappingFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let attribute = |path: &str| path.strip_prefix("attributen.").unwrap_or(path).to_owned();
        let renamed = file
            .field
            .iter()
            .flat_map(|row| {
                row.was
                    .iter()
                    .map(|was| (was.clone(), attribute(&row.path)))
            })
            .collect();
        let body = BodyRow {
            class: file.class,
            skip: file.skip,
            say: file.say,
            node: file.node,
            field: file.field,
            part: file.part,
        };
        let body = build::body(body, common, lists)?;
        let paths = |rows: &[String]| rows.iter().map(|row| split(row)).collect();
        let values = file.values.into_iter().map(|(path, is)| Condition {
            path: split(&path),
            is,
            not: Vec::new(),
            has: None,
        });
        Ok(Self {
            subject: if file.subject.contains('{') {
                Subject::Made(Template::parse(&file.subject)?)
            } else {
                Subject::Path(split(&file.subject))
            },
            source: file.source,
            version: file.version,
            kind: file.kind,
            variant: file.name,
            register: file.register,
            licence: file.licence,
            types: file.types,
            contexts: file.contexts,
            lists: paths(&file.lists),
            marker: file.marker.as_deref().map(split),
            keys: paths(&file.keys),
            lacks: paths(&file.lacks),
            columns: file.columns,
            values: values.collect(),
            around: reasons(file.around),
            quote: file
                .quote
                .map_or(Ok(b'"'), u8::try_from)
                .map_err(|_| "quote is one plain character".to_owned())?,
            several: file.several,
            own: states::own_predicates(&body),
            inverse: states::inverse_predicates(&body),
            event: file.event,
            renamed,
            body,
        })
    }
}

fn reasons(rows: Vec<OmitRow>) -> BTreeMap<String, Text> {
    let reason = |row: OmitRow| (row.key, Text::new(row.nl, row.en));
    rows.into_iter().map(reason).collect()
}

/// Keys of a path; `~` stands for a dot in a key.
pub(super) fn split(path: &str) -> Vec<String> {
    path.split('.').map(|key| key.replace('~', ".")).collect()
}

fn node_index(nodes: &[NodeRule], role: &str) -> Result<usize, String> {
    nodes
        .iter()
        .position(|node| node.role == role)
        .ok_or_else(|| format!("there is no node {role} before it"))
}

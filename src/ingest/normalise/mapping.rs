//! Mappings as written (TOML) and as used: a tree of JSON keys with what each value becomes. Checks a mapping when it is
//! read, so that a record never meets a prefix, role or code list that does not exist. Reads no records.

use crate::rdf::label::Text;
use crate::rdf::vocab::{adms, generiek, geo, prov};
use oxrdf::NamedNode;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What all mappings share, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommonFile {
    prefixes: BTreeMap<String, String>,
    misspelt: BTreeMap<String, String>,
    omit: Vec<OmitRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OmitRow {
    key: String,
    nl: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    source: String,
    version: String,
    #[serde(rename = "type")]
    kind: String,
    register: String,
    class: Vec<String>,
    licence: String,
    types: Vec<String>,
    contexts: Vec<String>,
    lists: Vec<String>,
    subject: String,
    marker: Option<String>,
    event: Option<String>,
    #[serde(default)]
    node: Vec<NodeRow>,
    field: Vec<FieldRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeRow {
    role: String,
    parent: Option<String>,
    predicate: Option<String>,
    back: Option<String>,
    #[serde(default)]
    class: Vec<String>,
    #[serde(default)]
    derived: bool,
    #[serde(default)]
    say: Vec<SayRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SayRow {
    predicate: String,
    boolean: Option<bool>,
    iri: Option<String>,
    #[serde(default)]
    derived: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldRow {
    path: String,
    #[serde(default)]
    was: Vec<String>,
    #[serde(rename = "as")]
    kind: String,
    predicate: Option<String>,
    on: Option<String>,
    #[serde(default)]
    derived: bool,
    #[serde(default)]
    inverse: bool,
    #[serde(default)]
    plain: bool,
    to: Option<String>,
    role: Option<String>,
    list: Option<String>,
    shape: Option<String>,
    format: Option<String>,
    namespace: Option<String>,
    local: Option<String>,
    number: Option<String>,
    iri: Option<String>,
    local_predicate: Option<String>,
    nl: Option<String>,
    en: Option<String>,
    #[serde(default)]
    also: Vec<AlsoRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlsoRow {
    predicate: String,
    on: Option<String>,
    #[serde(default)]
    derived: bool,
}

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
        let omitted = file
            .omit
            .into_iter()
            .map(|row| (row.key, Text::new(row.nl, row.en)));
        Ok(Self {
            prefixes: file.prefixes,
            misspelt: file.misspelt,
            omitted: omitted.collect(),
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
    pub(super) classes: Vec<NamedNode>,
    pub(super) types: Vec<String>,
    pub(super) contexts: Vec<String>,
    pub(super) lists: Vec<String>,
    pub(super) subject: Vec<String>,
    pub(super) marker: Option<Vec<String>>,
    pub(super) nodes: Vec<NodeRule>,
    pub(super) tree: Tree,
    /// Predicates that a record can state of the object and its nodes.
    own: BTreeSet<String>,
    /// Predicates by which it states something of others.
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

impl Mapping {
    /// The name by which logs and reports cite it: `basisregisters-adres-v3`.
    pub fn name(&self) -> String {
        format!("{}-{}-v{}", self.source, self.kind, self.version)
    }

    /// Whether a record can state a predicate of the object or one of its nodes. Classes do not count.
    pub fn states(&self, predicate: &str) -> bool {
        self.own.contains(predicate)
    }

    /// Predicates by which a record states something of other objects, with its own as the value.
    pub fn inverse(&self) -> &[NamedNode] {
        &self.inverse
    }

    /// What the field at a path, or those below it, state.
    pub(in crate::ingest) fn stated<'m>(&'m self, path: &str) -> Vec<Stated<'m>> {
        let mut tree = &self.tree;
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
            let (places, is_inverse): (&[Place], bool) = match &tree.rule {
                Some(
                    Rule::Text { places, .. }
                    | Rule::Boolean(places)
                    | Rule::Language(places)
                    | Rule::Label { places, .. }
                    | Rule::Concept { places, .. },
                ) => (places, false),
                Some(Rule::Link {
                    places, inverse, ..
                }) => (places, *inverse),
                Some(Rule::Geometry { on, .. }) => {
                    stated.push(Stated::Node(&self.nodes[*on].role));
                    (&[], false)
                }
                _ => (&[], false),
            };
            stated.extend(places.iter().map(|place| {
                let predicate = place.predicate.as_str();
                if is_inverse {
                    return Stated::Inverse(predicate);
                }
                let role = place.on.map(|on| self.nodes[on].role.as_str());
                Stated::Of(role, predicate)
            }));
        }
        stated
    }

    /// Predicates by which nodes are linked to what they belong to.
    pub(in crate::ingest) fn is_link_of_node(&self, role: &str, predicate: &str) -> bool {
        let node = self.nodes.iter().find(|node| node.role == role);
        node.and_then(|node| node.back.as_ref())
            .is_some_and(|back| back.as_str() == predicate)
    }

    /// Roles of the nodes that an object can have: the last part of their IRIs.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let own = self.nodes.iter().map(|node| node.role.as_str());
        ["id", "gid"].into_iter().chain(own)
    }
}

/// A node with a stable IRI below the object.
#[derive(Debug)]
pub(super) struct NodeRule {
    pub(super) role: String,
    /// Index of the node that links to it; `None` is the object.
    pub(super) parent: Option<usize>,
    /// Link from the parent.
    pub(super) predicate: Option<NamedNode>,
    /// Link to the parent.
    pub(super) back: Option<NamedNode>,
    pub(super) classes: Vec<NamedNode>,
    pub(super) derived: bool,
    pub(super) says: Vec<Say>,
}

/// A statement that a node always makes.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) predicate: NamedNode,
    pub(super) value: SayValue,
    pub(super) derived: bool,
}

#[derive(Debug)]
pub(super) enum SayValue {
    Boolean(bool),
    Iri(NamedNode),
}

/// Keys below a key, or what the value becomes.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) children: BTreeMap<String, Tree>,
    pub(super) rule: Option<Rule>,
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
    },
    Boolean(Vec<Place>),
    Language(Vec<Place>),
    Label {
        places: Vec<Place>,
        plain: bool,
    },
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
        is_point: bool,
    },
    /// Left out with everything below it.
    Omit(Text),
}

impl Mapping {
    pub(super) fn parse(
        text: &str,
        common: &Common,
        lists: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, String> {
        let file: MappingFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let iris = |names: &[String]| -> Result<Vec<NamedNode>, String> {
            names.iter().map(|name| common.iri(name)).collect()
        };
        let mut nodes: Vec<NodeRule> = Vec::new();
        for row in file.node {
            let parent = match &row.parent {
                Some(role) => Some(node_index(&nodes, role)?),
                None => None,
            };
            let mut says = Vec::new();
            for say in &row.say {
                says.push(Say {
                    predicate: common.iri(&say.predicate)?,
                    value: match (say.boolean, &say.iri) {
                        (Some(value), None) => SayValue::Boolean(value),
                        (None, Some(name)) => SayValue::Iri(common.iri(name)?),
                        _ => return Err("a node says a boolean or an IRI".to_owned()),
                    },
                    derived: say.derived,
                });
            }
            nodes.push(NodeRule {
                parent,
                predicate: row.predicate.map(|name| common.iri(&name)).transpose()?,
                back: row.back.map(|name| common.iri(&name)).transpose()?,
                classes: iris(&row.class)?,
                derived: row.derived,
                says,
                role: row.role,
            });
        }
        let mut tree = Tree::default();
        let mut renamed = BTreeMap::new();
        for row in file.field {
            let path = row.path.clone();
            let name = path.strip_prefix("attributen.").unwrap_or(&path);
            renamed.extend(row.was.iter().map(|was| (was.clone(), name.to_owned())));
            let rule = rule(row, common, &nodes, lists).map_err(|why| format!("{path}: {why}"))?;
            let mut at = &mut tree;
            for key in path.split('.') {
                at = at.children.entry(key.to_owned()).or_default();
            }
            if at.rule.replace(rule).is_some() {
                return Err(format!("{path} stands there twice"));
            }
        }
        Ok(Self {
            classes: iris(&file.class)?,
            source: file.source,
            version: file.version,
            kind: file.kind,
            register: file.register,
            licence: file.licence,
            types: file.types,
            contexts: file.contexts,
            lists: file.lists,
            subject: split(&file.subject),
            marker: file.marker.as_deref().map(split),
            own: own_predicates(&nodes, &tree),
            inverse: inverse_predicates(&tree),
            event: file.event,
            renamed,
            nodes,
            tree,
        })
    }
}

/// What the nodes and fields of a mapping state of the object and its nodes.
fn own_predicates(nodes: &[NodeRule], tree: &Tree) -> BTreeSet<String> {
    let fixed = [
        adms::IDENTIFIER,
        generiek::GESTRUCTUREERDE_IDENTIFICATOR,
        generiek::NAAMRUIMTE,
        generiek::LOKALE_IDENTIFICATOR,
        generiek::VERSIE_IDENTIFICATOR,
        geo::AS_GML,
        geo::AS_WKT,
        prov::WAS_DERIVED_FROM,
    ];
    let mut own: BTreeSet<String> = fixed.map(ToOwned::to_owned).into();
    for node in nodes {
        let links = node.predicate.iter().chain(&node.back);
        let says = node.says.iter().map(|say| &say.predicate);
        own.extend(links.chain(says).map(|iri| iri.as_str().to_owned()));
    }
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        open.extend(tree.children.values());
        let places: &[Place] = match &tree.rule {
            Some(
                Rule::Text { places, .. }
                | Rule::Boolean(places)
                | Rule::Language(places)
                | Rule::Label { places, .. }
                | Rule::Concept { places, .. }
                | Rule::Link {
                    places,
                    inverse: false,
                    ..
                },
            ) => places,
            _ => &[],
        };
        own.extend(
            places
                .iter()
                .map(|place| place.predicate.as_str().to_owned()),
        );
        if let Some(Rule::IdBlock {
            local_predicate: Some(predicate),
            ..
        }) = &tree.rule
        {
            own.insert(predicate.as_str().to_owned());
        }
    }
    own
}

/// Predicates of inverse links on the object itself.
fn inverse_predicates(tree: &Tree) -> Vec<NamedNode> {
    let mut found = BTreeSet::new();
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        open.extend(tree.children.values());
        if let Some(Rule::Link {
            places,
            inverse: true,
            ..
        }) = &tree.rule
        {
            let own = places.iter().filter(|place| place.on.is_none());
            found.extend(own.map(|place| place.predicate.as_str().to_owned()));
        }
    }
    found.into_iter().map(NamedNode::new_unchecked).collect()
}

fn split(path: &str) -> Vec<String> {
    path.split('.').map(ToOwned::to_owned).collect()
}

fn node_index(nodes: &[NodeRule], role: &str) -> Result<usize, String> {
    nodes
        .iter()
        .position(|node| node.role == role)
        .ok_or_else(|| format!("there is no node {role} before it"))
}

fn rule(
    row: FieldRow,
    common: &Common,
    nodes: &[NodeRule],
    lists: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Rule, String> {
    let on = |role: &Option<String>| {
        role.as_deref()
            .map(|role| node_index(nodes, role))
            .transpose()
    };
    let mut places = Vec::new();
    if let Some(predicate) = &row.predicate {
        places.push(Place {
            predicate: common.iri(predicate)?,
            on: on(&row.on)?,
            derived: row.derived,
        });
    }
    for also in &row.also {
        places.push(Place {
            predicate: common.iri(&also.predicate)?,
            on: on(&also.on)?,
            derived: also.derived,
        });
    }
    let needed =
        |value: Option<String>, what: &str| value.ok_or_else(|| format!("{what} is missing"));
    let is_statement = !matches!(
        row.kind.as_str(),
        "id-block" | "geometry" | "omit" | "compare"
    );
    if is_statement && places.is_empty() {
        return Err("a predicate is missing".to_owned());
    }
    Ok(match row.kind.as_str() {
        "id-block" => Rule::IdBlock {
            namespace: needed(row.namespace, "namespace")?,
            local: needed(row.local, "local")?,
            number: needed(row.number, "number")?,
            iri: row.iri,
            local_predicate: row
                .local_predicate
                .map(|name| common.iri(&name))
                .transpose()?,
        },
        "text" => Rule::Text {
            places,
            is_capakey: match row.format.as_deref() {
                None => false,
                Some("capakey") => true,
                Some(other) => return Err(format!("there is no format {other}")),
            },
        },
        "boolean" => Rule::Boolean(places),
        "language" => Rule::Language(places),
        "label" => Rule::Label {
            places,
            plain: row.plain,
        },
        "concept" => {
            let list = needed(row.list, "list")?;
            if !lists.contains_key(&list) {
                return Err(format!("there is no code list {list}"));
            }
            Rule::Concept { places, list }
        }
        "link" => Rule::Link {
            places,
            to: needed(row.to, "to")?,
            role: row.role,
            inverse: row.inverse,
        },
        "geometry" => Rule::Geometry {
            on: on(&row.on)?.ok_or_else(|| "on is missing".to_owned())?,
            is_point: row.shape.as_deref() == Some("point"),
        },
        "omit" | "compare" => Rule::Omit(Text::new(needed(row.nl, "nl")?, needed(row.en, "en")?)),
        other => return Err(format!("{other} is no kind of field")),
    })
}

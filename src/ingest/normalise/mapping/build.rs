//! Rows of a mapping → what the walker uses. Checks everything that can be checked without a record: prefixes, roles, code
//! lists, templates, and that no two fields claim the same value.

use super::rows::{BodyRow, FieldRow, NodeRow, PartRow, SayRow, WhenRow};
use super::{
    Body, Choice, Common, Datatype, Link, NodeRule, Part, PartSubject, Place, Rule, Say, SayValue,
    Skip, TagSource, Tree, node_index, split,
};
use crate::ingest::normalise::geometry::Form;
use crate::ingest::normalise::template::{Condition, Template};
use crate::rdf::label::Text;
use oxrdf::NamedNode;
use std::collections::{BTreeMap, BTreeSet};

/// Name of a code list → its codes.
pub(super) type Lists = BTreeMap<String, BTreeSet<String>>;

/// How deep parts may stand within each other.
const MAX_PARTS: usize = 8;

pub(super) fn body(row: BodyRow, common: &Common, lists: &Lists) -> Result<Body, String> {
    body_at(row, common, lists, 0)
}

fn body_at(row: BodyRow, common: &Common, lists: &Lists, depth: usize) -> Result<Body, String> {
    if depth > MAX_PARTS {
        return Err("parts stand too deep within each other".to_owned());
    }
    let mut nodes: Vec<NodeRule> = Vec::new();
    for node in row.node {
        let rule = node_rule(node, common, &nodes)?;
        nodes.push(rule);
    }
    let mut tree = Tree::default();
    for field in row.field {
        let path = field.path.clone();
        let when = conditions(&field.when)?;
        let rule = rule(field, common, &nodes, lists).map_err(|why| format!("{path}: {why}"))?;
        tree.add(&path, when, rule)?;
    }
    for part in row.part {
        let path = part.path.clone();
        let when = conditions(&part.when)?;
        let rule = part_rule(part, common, &nodes, lists, depth)
            .map_err(|why| format!("{path}: {why}"))?;
        tree.add(&path, when, Rule::Part(Box::new(rule)))?;
    }
    let mut skips = Vec::new();
    for skip in row.skip {
        skips.push(Skip {
            when: conditions(&skip.when)?,
            reason: Text::new(skip.nl, skip.en),
        });
    }
    Ok(Body {
        classes: iris(&row.class, common)?,
        skips,
        says: says(&row.say, common)?,
        nodes,
        tree,
    })
}

fn iris(names: &[String], common: &Common) -> Result<Vec<NamedNode>, String> {
    names.iter().map(|name| common.iri(name)).collect()
}

fn conditions(rows: &[WhenRow]) -> Result<Vec<Condition>, String> {
    rows.iter()
        .map(|row| {
            if row.is.is_empty() && row.not.is_empty() && row.has.is_none() {
                return Err(format!("the condition on {} says nothing", row.path));
            }
            Ok(Condition {
                path: split(&row.path),
                is: row.is.clone(),
                not: row.not.clone(),
                has: row.has,
            })
        })
        .collect()
}

fn says(rows: &[SayRow], common: &Common) -> Result<Vec<Say>, String> {
    rows.iter()
        .map(|row| {
            let value = match (row.boolean, &row.iri, &row.text, &row.template) {
                (Some(value), None, None, None) => SayValue::Boolean(value),
                (None, Some(name), None, None) => SayValue::Iri(common.iri(name)?),
                (None, None, Some(text), None) => SayValue::Text(text.clone()),
                (None, None, None, Some(text)) => SayValue::Template(Template::parse(text)?),
                _ => return Err("say one thing: boolean, iri, text or template".to_owned()),
            };
            Ok(Say {
                predicate: common.iri(&row.predicate)?,
                value,
                derived: row.derived,
                when: conditions(&row.when)?,
            })
        })
        .collect()
}

fn node_rule(row: NodeRow, common: &Common, nodes: &[NodeRule]) -> Result<NodeRule, String> {
    let parent = match &row.parent {
        Some(role) => Some(node_index(nodes, role)?),
        None => None,
    };
    let mut links = Vec::new();
    if let Some(predicate) = &row.predicate {
        links.push(Link {
            predicate: common.iri(predicate)?,
            from: parent,
            when: Vec::new(),
        });
    }
    for link in &row.link {
        links.push(Link {
            predicate: common.iri(&link.predicate)?,
            from: match &link.from {
                Some(role) => Some(node_index(nodes, role)?),
                None => parent,
            },
            when: conditions(&link.when)?,
        });
    }
    Ok(NodeRule {
        parent,
        links,
        back: row.back.map(|name| common.iri(&name)).transpose()?,
        classes: iris(&row.class, common)?,
        derived: row.derived,
        says: says(&row.say, common)?,
        template: Template::parse(&row.role)?,
        role: row.role,
    })
}

fn part_rule(
    row: PartRow,
    common: &Common,
    nodes: &[NodeRule],
    lists: &Lists,
    depth: usize,
) -> Result<Part, String> {
    let subject = match (&row.role, &row.subject) {
        (Some(role), None) => PartSubject::Node(Template::parse(role)?),
        (None, Some(subject)) => PartSubject::Own(Template::parse(subject)?),
        (None, None) if row.predicate.is_none() && row.back.is_none() && row.links.is_empty() => {
            PartSubject::Same
        }
        _ => return Err("a part has a role, a subject, or neither and no link".to_owned()),
    };
    let on = match &row.on {
        Some(role) => Some(node_index(nodes, role)?),
        None => None,
    };
    let mut links = Vec::new();
    let always = row.predicate.iter().map(|name| (name, &[][..]));
    let others = row
        .links
        .iter()
        .map(|link| (&link.predicate, &link.when[..]));
    for (predicate, when) in always.chain(others) {
        links.push(Link {
            predicate: common.iri(predicate)?,
            from: on,
            when: conditions(when)?,
        });
    }
    Ok(Part {
        subject,
        links,
        back: row.back.map(|name| common.iri(&name)).transpose()?,
        on,
        derived: row.derived,
        body: body_at(
            BodyRow {
                class: row.class,
                skip: row.skip,
                say: row.say,
                node: row.node,
                field: row.field,
                part: row.part,
            },
            common,
            lists,
            depth + 1,
        )?,
    })
}

impl Tree {
    fn add(&mut self, path: &str, when: Vec<Condition>, rule: Rule) -> Result<(), String> {
        let mut at = self;
        for key in path.split('.') {
            at = at.children.entry(key.replace('~', ".")).or_default();
        }
        if at.choices.iter().any(|choice| choice.when.is_empty()) {
            return Err(format!("{path} stands there twice"));
        }
        at.choices.push(Choice { when, rule });
        Ok(())
    }
}

fn needed<T>(value: Option<T>, what: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("{what} is missing"))
}

fn rule(row: FieldRow, common: &Common, nodes: &[NodeRule], lists: &Lists) -> Result<Rule, String> {
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
    let is_statement = !matches!(
        row.kind.as_str(),
        "id-block" | "geometry" | "omit" | "compare" | "private"
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
                None | Some("kbo") => false,
                Some("capakey") => true,
                Some(other) => return Err(format!("there is no format {other}")),
            },
            is_kbo: row.format.as_deref() == Some("kbo"),
        },
        "boolean" => Rule::Boolean(places),
        "language" => Rule::Language(places),
        "label" => Rule::Label {
            places,
            plain: row.plain,
            tag: TagSource {
                fixed: row.lang,
                path: row.tag.as_deref().map(split),
                map: row.tags,
            },
        },
        "typed" => Rule::Typed {
            places,
            datatype: Datatype::of(&needed(row.datatype, "datatype")?)?,
        },
        "wkt" => Rule::Wkt {
            places,
            system: row.crs,
            y: row.y.as_deref().map(split),
        },
        "geojson" => Rule::GeoJson {
            places,
            system: row.crs,
        },
        "json" => Rule::Json(places),
        "concept" => {
            let list = needed(row.list, "list")?;
            if !lists.contains_key(&list) {
                return Err(format!("there is no code list {list}"));
            }
            Rule::Concept { places, list }
        }
        "link" if row.template.is_some() || !row.map.is_empty() => {
            let mut map = BTreeMap::new();
            for (code, name) in row.map {
                map.insert(code, common.iri(&name)?);
            }
            Rule::Named {
                places,
                template: row.template.as_deref().map(Template::parse).transpose()?,
                map,
                inverse: row.inverse,
            }
        }
        "link" => Rule::Link {
            places,
            to: needed(row.to, "to")?,
            role: row.role,
            inverse: row.inverse,
        },
        "geometry" => Rule::Geometry {
            on: needed(on(&row.on)?, "on")?,
            form: match row.shape.as_deref() {
                Some("point") => Form::Point,
                Some("line") => Form::Line,
                _ => Form::Polygon,
            },
            called: row.called,
        },
        kind @ ("omit" | "compare" | "private") => Rule::Omit {
            reason: Text::new(needed(row.nl, "nl")?, needed(row.en, "en")?),
            is_private: kind == "private",
        },
        other => return Err(format!("{other} is no kind of field")),
    })
}

//! Mappings of change feeds the other way round: the attributes that events have, and where the statements of an object say
//! what they hold. So what is told of an object and what is read off such an event follow the same rows. Reads no statements.

use super::{Mapping, NodeRule, Place, Rule, Tree};
use crate::ingest::normalise::geometry::Form;

/// An attribute of the events of a change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, with dots between levels: `positie.methode`.
    pub name: String,
    /// How its values are written.
    pub kind: AttributeKind,
    /// The way from the object to its values; of a geometry, to the node that bears it.
    pub path: Vec<Step>,
}

/// How the values of an attribute are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// A text, or `null`.
    Text,
    /// A boolean, or `null`.
    Boolean,
    /// An IRI, or `null`.
    Iri,
    /// A list of IRIs: what is linked stands at the other end.
    Iris,
    /// A list of language codes.
    Languages,
    /// A list of texts with their languages.
    Labels,
    /// A list of geometries in GML, one for each coordinate reference system, of the type that the feed calls so.
    Geometry(String),
}

/// One step on the way to values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The predicate.
    pub predicate: String,
    /// Whether it leads from the object of a statement to its subject.
    pub is_inverse: bool,
}

impl Step {
    fn along(predicate: &oxrdf::NamedNode) -> Self {
        Self {
            predicate: predicate.as_str().to_owned(),
            is_inverse: false,
        }
    }

    fn against(predicate: &oxrdf::NamedNode) -> Self {
        Self {
            is_inverse: true,
            ..Self::along(predicate)
        }
    }
}

impl Mapping {
    /// Name of the type in the events of a change feed, such as `address`; none for other mappings.
    pub fn event(&self) -> Option<&str> {
        self.event.as_deref()
    }

    /// The attributes that events of a change feed have, sorted by name; none for other mappings.
    pub fn attributes(&self) -> Vec<Attribute> {
        let mut found = Vec::new();
        if let Some(tree) = self.body.tree.children.get("attributen") {
            collect(tree, "", &self.body.nodes, &mut found);
        }
        found
    }
}

fn collect(tree: &Tree, name: &str, nodes: &[NodeRule], found: &mut Vec<Attribute>) {
    let rules = tree.choices.first().map(|choice| &choice.rule);
    if let Some((kind, path)) = rules.and_then(|rule| read(rule, nodes)) {
        found.push(Attribute {
            name: name.to_owned(),
            kind,
            path,
        });
    }
    for (key, below) in &tree.children {
        let name = match name {
            "" => key.clone(),
            name => format!("{name}.{key}"),
        };
        collect(below, &name, nodes, found);
    }
}

/// How values of a rule are written and where they stand; the first place says it, the others say it again.
fn read(rule: &Rule, nodes: &[NodeRule]) -> Option<(AttributeKind, Vec<Step>)> {
    let (kind, places) = match rule {
        Rule::Text { places, .. } => (AttributeKind::Text, places),
        Rule::Boolean(places) => (AttributeKind::Boolean, places),
        Rule::Language(places) => (AttributeKind::Languages, places),
        Rule::Label { places, .. } => (AttributeKind::Labels, places),
        Rule::Concept { places, .. } => (AttributeKind::Iri, places),
        Rule::Link {
            places, inverse, ..
        } if *inverse => (AttributeKind::Iris, places),
        Rule::Link { places, .. } => (AttributeKind::Iri, places),
        Rule::Geometry { on, form, called } => {
            let path = path_to(nodes, Some(*on));
            let called = called.clone();
            let name = called.unwrap_or_else(|| type_name(*form).to_owned());
            return Some((AttributeKind::Geometry(name), path));
        }
        _ => return None,
    };
    let place: &Place = places.first()?;
    let mut path = path_to(nodes, place.on);
    path.push(match kind {
        AttributeKind::Iris => Step::against(&place.predicate),
        _ => Step::along(&place.predicate),
    });
    Some((kind, path))
}

/// The way from the object to one of its nodes.
fn path_to(nodes: &[NodeRule], node: Option<usize>) -> Vec<Step> {
    let Some(node) = node.and_then(|node| nodes.get(node)) else {
        return Vec::new();
    };
    // A node hangs below one that stands before it, so this ends.
    let (above, step) = match (node.links.first(), &node.back) {
        (Some(link), _) => (link.from, Step::along(&link.predicate)),
        (None, Some(back)) => (node.parent, Step::against(back)),
        (None, None) => return Vec::new(),
    };
    let mut path = path_to(nodes, above);
    path.push(step);
    path
}

fn type_name(form: Form) -> &'static str {
    match form {
        Form::Point => "Point",
        Form::Line => "LineString",
        Form::Polygon => "Polygon",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::normalise::Normaliser;

    #[test]
    fn attributes_are_those_that_the_feed_has() {
        let shipped = Normaliser::shipped();
        let mapping = shipped.of_events_about("adressen").expect("shipped");
        assert_eq!(mapping.event(), Some("address"));
        let attributes = mapping.attributes();
        let names: Vec<&str> = attributes.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "busnummer",
                "heeftPostinfo",
                "heeftStraatnaam",
                "huisnummer",
                "isDeelVan",
                "officieelToegekend",
                "positie.geometrie",
                "positie.methode",
                "positie.specificatie",
                "status"
            ]
        );
        let path = |name: &str| -> Vec<&str> {
            let found = attributes.iter().find(|attribute| attribute.name == name);
            let steps = found.expect("there").path.iter();
            steps.map(|step| step.predicate.as_str()).collect()
        };
        let position = "https://data.vlaanderen.be/ns/adres#positie";
        let geometry = "http://www.w3.org/ns/locn#geometry";
        assert_eq!(path("positie.geometrie"), [position, geometry]);
        let method = "https://data.vlaanderen.be/ns/generiek#methode";
        assert_eq!(path("positie.methode"), [position, method]);
        assert_eq!(path("status").len(), 1);
        let geometry = attributes.iter().find(|a| a.name == "positie.geometrie");
        let kind = AttributeKind::Geometry("Punt".to_owned());
        assert_eq!(geometry.map(|attribute| &attribute.kind), Some(&kind));
    }
}

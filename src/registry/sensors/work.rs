//! A change of sensors in a draft: entities made, described anew, linked and removed, with the statements that follow from
//! those. One draft may hold several changes: everything is read as it stands in the draft. Commits nothing.

use super::fields::{BadField, check};
use super::kind::Kind;
use super::names::{ADMS, GEN, LOCN, OWN, SOSA};
use super::statements::{
    ADDRESS, OF_PROPERTIES, geometry_node, iris, json_of, link, of_properties, referrers, series,
    triple,
};
use crate::observations::Series;
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Draft, View};
use oxrdf::{Literal, NamedNode, Triple};
use serde_json::{Map, Value as Json};

/// A change under way.
pub struct Work<'d, 's> {
    draft: &'d mut Draft<'s>,
    graph: NamedNode,
    base: String,
    language: String,
    is_taken: &'d dyn Fn(&str) -> bool,
}

impl<'d, 's> Work<'d, 's> {
    /// Begins. `graph` is where everything is written, `language` that of the texts that come in. `is_taken` tells of IRIs of series
    /// that are known elsewhere though nothing is said of them: a change may have been given up after they were told there.
    pub fn new(
        draft: &'d mut Draft<'s>,
        graph: NamedNode,
        (base, language): (&str, &str),
        is_taken: &'d dyn Fn(&str) -> bool,
    ) -> Self {
        Self {
            draft,
            graph,
            base: base.to_owned(),
            language: language.to_owned(),
            is_taken,
        }
    }

    /// The state with all that was changed so far.
    pub fn view(&mut self) -> View {
        self.draft.snapshot().view()
    }

    fn add(&mut self, triple: &Triple) {
        self.draft
            .add_quad(triple.as_ref().in_graph(self.graph.as_ref()));
    }

    /// Takes statements away from the graph.
    fn clear(&mut self, subject: Option<&str>, predicate: Option<&str>, object: Option<&str>) {
        let view = self.view();
        let id = |iri: Option<&str>| match iri {
            Some(iri) => view.id_of_iri(iri).map(Some),
            None => Some(None),
        };
        let (Some(s), Some(p), Some(o)) = (id(subject), id(predicate), id(object)) else {
            return;
        };
        let Some(g) = view.id_of_iri(self.graph.as_str()) else {
            return;
        };
        let quads: Vec<_> = view.quads(s, p, o, Some(g)).collect();
        for quad in quads {
            self.draft.remove(quad);
        }
    }

    /// Whether there is such an entity.
    pub fn has(&mut self, kind: Kind, iri: &str) -> bool {
        let view = self.view();
        let mut classes = super::statements::classes(kind);
        classes.push(match kind {
            Kind::Sensor => format!("{SOSA}Sensor"),
            _ => return has_class(&view, iri, &classes),
        });
        has_class(&view, iri, &classes)
    }

    /// Whether an IRI is one that this registry gave, so that what is said of it may be changed here.
    pub fn is_ours(&self, kind: Kind, iri: &str) -> bool {
        kind.number(&self.base, iri).is_some()
    }

    /// A number that no entity has or had, of any kind.
    fn next_number(&mut self) -> u64 {
        let view = self.view();
        let (graph, predicate) = (
            self.graph.as_str().to_owned(),
            format!("{OWN}laatsteNummer"),
        );
        let last = view.id_of_iri(&graph).and_then(|node| {
            super::statements::said(&view, node, &predicate)?
                .parse::<u64>()
                .ok()
        });
        let mut number = last.unwrap_or(0);
        loop {
            number = number.saturating_add(1);
            let is_taken = Kind::ALL.iter().any(|kind| {
                let iri = kind.iri(&self.base, number);
                view.id_of_iri(&iri)
                    .is_some_and(|node| view.star(node).next().is_some())
            });
            let series = Kind::Datastream.iri(&self.base, number);
            if !is_taken && !(self.is_taken)(&series) {
                break;
            }
        }
        self.clear(Some(&graph), Some(&predicate), None);
        let integer = NamedNode::new_unchecked(xsd::INTEGER);
        let literal = Literal::new_typed_literal(number.to_string(), integer);
        self.add(&triple(&graph, &predicate, literal));
        number
    }

    /// Makes an entity of properties.
    ///
    /// # Errors
    /// When a property does not do.
    pub fn create(&mut self, kind: Kind, fields: &Map<String, Json>) -> Result<String, BadField> {
        check(kind, fields)?;
        let number = self.next_number();
        let iri = kind.iri(&self.base, number);
        self.write(kind, &iri, fields);
        Ok(iri)
    }

    fn write(&mut self, kind: Kind, iri: &str, fields: &Map<String, Json>) {
        let language = self.language.clone();
        for statement in of_properties(kind, iri, fields, &language) {
            self.add(&statement);
        }
    }

    /// Replaces some properties of an entity; those that are null are taken away.
    ///
    /// # Errors
    /// When the properties do not do then.
    pub fn change(
        &mut self,
        kind: Kind,
        iri: &str,
        changes: &Map<String, Json>,
    ) -> Result<(), BadField> {
        let view = self.view();
        let mut fields = json_of(&view, kind, iri).unwrap_or_default();
        for (field, value) in changes {
            fields.insert(field.clone(), value.clone());
        }
        check(kind, &fields)?;
        for predicate in OF_PROPERTIES {
            self.clear(Some(iri), Some(predicate), None);
        }
        if kind == Kind::Thing {
            self.clear(Some(iri), Some(ADDRESS), None);
        }
        if matches!(kind, Kind::Location | Kind::FeatureOfInterest) {
            self.clear(Some(&geometry_node(iri)), None, None);
            self.clear(Some(iri), Some(&format!("{LOCN}geometry")), None);
        }
        self.write(kind, iri, &fields);
        if kind == Kind::Location {
            let view = self.view();
            for thing in referrers(&view, &format!("{LOCN}location"), iri) {
                self.derive_thing(&thing);
            }
        }
        Ok(())
    }

    /// The series of a Datastream, for the store of values.
    pub fn series(&mut self, iri: &str) -> Option<Series> {
        let view = self.view();
        Some(series(iri, &json_of(&view, Kind::Datastream, iri)?))
    }

    /// The properties of an entity as they stand.
    pub fn fields(&mut self, kind: Kind, iri: &str) -> Option<Map<String, Json>> {
        let view = self.view();
        json_of(&view, kind, iri)
    }

    /// Puts a platform at a place, besides those where it is.
    pub fn put_at(&mut self, thing: &str, location: &str) {
        self.add(&link(thing, &format!("{LOCN}location"), location));
        self.derive_thing(thing);
    }

    /// Takes a platform away from all its places.
    pub fn leave(&mut self, thing: &str) {
        self.clear(Some(thing), Some(&format!("{LOCN}location")), None);
        self.derive_thing(thing);
    }

    /// Links a series to what it belongs to.
    pub fn link_series(&mut self, series: &str, kind: Kind, to: &str) {
        let predicate = match kind {
            Kind::Thing => format!("{OWN}platform"),
            Kind::Sensor => format!("{SOSA}madeBySensor"),
            Kind::ObservedProperty => format!("{SOSA}observedProperty"),
            Kind::FeatureOfInterest => format!("{SOSA}hasFeatureOfInterest"),
            Kind::Location | Kind::Datastream => return,
        };
        let view = self.view();
        let before = view
            .id_of_iri(series)
            .map(|node| iris(&view, node, &format!("{SOSA}madeBySensor")))
            .unwrap_or_default();
        self.clear(Some(series), Some(&predicate), None);
        self.add(&link(series, &predicate, to));
        for sensor in before {
            self.derive_sensor(&sensor);
        }
    }

    /// What follows from the links of a series: what its sensor observes and where that is, and what the series is about
    /// where nobody said so: the place of its platform.
    pub fn derive_series(&mut self, series: &str) {
        let view = self.view();
        let Some(node) = view.id_of_iri(series) else {
            return;
        };
        for sensor in iris(&view, node, &format!("{SOSA}madeBySensor")) {
            self.derive_sensor(&sensor);
        }
        for thing in iris(&view, node, &format!("{OWN}platform")) {
            self.derive_thing(&thing);
        }
    }

    /// Says of a sensor what its series tell of it.
    fn derive_sensor(&mut self, sensor: &str) {
        let Some(number) = Kind::Sensor.number(&self.base, sensor) else {
            return;
        };
        let (observes, hosted) = (format!("{SOSA}observes"), format!("{SOSA}isHostedBy"));
        let (hosts, class) = (format!("{SOSA}hosts"), format!("{SOSA}Sensor"));
        self.clear(Some(sensor), Some(&observes), None);
        self.clear(Some(sensor), Some(&hosted), None);
        self.clear(None, Some(&hosts), Some(sensor));
        self.clear(Some(sensor), Some(rdf::TYPE), Some(&class));
        let view = self.view();
        let mut statements = Vec::new();
        for series in referrers(&view, &format!("{SOSA}madeBySensor"), sensor) {
            let Some(node) = view.id_of_iri(&series) else {
                continue;
            };
            for property in iris(&view, node, &format!("{SOSA}observedProperty")) {
                statements.push(link(sensor, &observes, &property));
            }
            for thing in iris(&view, node, &format!("{OWN}platform")) {
                statements.push(link(sensor, &hosted, &thing));
                statements.push(link(&thing, &hosts, sensor));
            }
        }
        if !statements.is_empty() {
            statements.push(link(sensor, rdf::TYPE, &class));
            self.identify(sensor, number, &mut statements);
        }
        for statement in &statements {
            self.add(statement);
        }
    }

    /// The identifier of a sensor, as the profile of sensors asks.
    fn identify(&self, sensor: &str, number: u64, out: &mut Vec<Triple>) {
        let genid = format!("{}/.well-known/genid/sensor/{number}", self.base);
        let (identifier, structured) = (format!("{genid}/id"), format!("{genid}/gid"));
        let text = |text: String| Literal::new_simple_literal(text);
        let class = format!("{GEN}GestructureerdeIdentificator");
        let space = format!("{}/id/sensor", self.base);
        out.push(link(sensor, &format!("{ADMS}identifier"), &identifier));
        out.push(link(&identifier, rdf::TYPE, &format!("{ADMS}Identifier")));
        let gid = format!("{GEN}gestructureerdeIdentificator");
        out.push(link(&identifier, &gid, &structured));
        out.push(link(&structured, rdf::TYPE, &class));
        let space_of = format!("{GEN}naamruimte");
        out.push(triple(&structured, &space_of, text(space)));
        let local = format!("{GEN}lokaleIdentificator");
        out.push(triple(&structured, &local, text(number.to_string())));
    }

    /// Says of a platform what its places tell, and gives its series something to be about.
    fn derive_thing(&mut self, thing: &str) {
        if !self.is_ours(Kind::Thing, thing) {
            return;
        }
        let geometry = format!("{LOCN}geometry");
        self.clear(Some(thing), Some(&geometry), None);
        let view = self.view();
        let Some(node) = view.id_of_iri(thing) else {
            return;
        };
        let locations = iris(&view, node, &format!("{LOCN}location"));
        let geometry_of = |location: &String| {
            let node = view.id_of_iri(location)?;
            iris(&view, node, &geometry).into_iter().next()
        };
        if let Some(found) = locations.iter().find_map(geometry_of) {
            self.add(&link(thing, &geometry, &found));
        }
        let Some(location) = locations.into_iter().next() else {
            return;
        };
        let about = format!("{SOSA}hasFeatureOfInterest");
        for series in referrers(&view, &format!("{OWN}platform"), thing) {
            let node = view.id_of_iri(&series);
            if node.is_some_and(|node| iris(&view, node, &about).is_empty())
                && let Some(feature) = self.feature_of(&location)
            {
                self.add(&link(&series, &about, &feature));
            }
        }
    }

    /// The object of interest that is a place: it has the number of that place, which nothing else has.
    fn feature_of(&mut self, location: &str) -> Option<String> {
        let number = Kind::Location.number(&self.base, location)?;
        let feature = Kind::FeatureOfInterest.iri(&self.base, number);
        if !self.has(Kind::FeatureOfInterest, &feature) {
            let mut fields = self.fields(Kind::Location, location)?;
            if let Some(place) = fields.shift_remove("location") {
                fields.insert("feature".to_owned(), place);
            }
            self.write(Kind::FeatureOfInterest, &feature, &fields);
        }
        Some(feature)
    }

    /// Removes an entity and what cannot be without it: the series of a platform, sensor or property. Returns the series that
    /// went.
    pub fn remove(&mut self, kind: Kind, iri: &str) -> Vec<String> {
        let mut gone = Vec::new();
        let view = self.view();
        let predicate = match kind {
            Kind::Thing => Some(format!("{OWN}platform")),
            Kind::Sensor => Some(format!("{SOSA}madeBySensor")),
            Kind::ObservedProperty => Some(format!("{SOSA}observedProperty")),
            _ => None,
        };
        for series in predicate
            .map(|predicate| referrers(&view, &predicate, iri))
            .unwrap_or_default()
        {
            gone.extend(self.remove(Kind::Datastream, &series));
        }
        let of = |predicate: String| match view.id_of_iri(iri) {
            Some(node) if kind == Kind::Datastream => iris(&view, node, &predicate),
            _ => Vec::new(),
        };
        let sensors = of(format!("{SOSA}madeBySensor"));
        let things = match kind {
            Kind::Location => referrers(&view, &format!("{LOCN}location"), iri),
            _ => Vec::new(),
        };
        self.clear(Some(iri), None, None);
        self.clear(None, None, Some(iri));
        self.clear(Some(&geometry_node(iri)), None, None);
        if let Some(number) = Kind::Sensor.number(&self.base, iri) {
            let genid = format!("{}/.well-known/genid/sensor/{number}", self.base);
            for part in ["id", "gid"] {
                self.clear(Some(&format!("{genid}/{part}")), None, None);
            }
        }
        sensors.iter().for_each(|sensor| self.derive_sensor(sensor));
        things.iter().for_each(|thing| self.derive_thing(thing));
        if kind == Kind::Datastream {
            gone.push(iri.to_owned());
        }
        gone
    }

    /// Series that are about an object.
    pub fn series_about(&mut self, feature: &str) -> Vec<String> {
        let view = self.view();
        referrers(&view, &format!("{SOSA}hasFeatureOfInterest"), feature)
    }
}

fn has_class(view: &View, iri: &str, classes: &[String]) -> bool {
    let (Some(node), Some(a)) = (view.id_of_iri(iri), view.id_of_iri(rdf::TYPE)) else {
        return false;
    };
    let mut classes = classes.iter().filter_map(|class| view.id_of_iri(class));
    classes.any(|class| view.contains(node, a, class))
}

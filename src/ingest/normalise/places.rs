//! The geometries of a record: which of them is stated, as GML and as WKT, and how the others compare with it.

use super::NormaliseError;
use super::document::join;
use super::geometry::{self, Form, Gml, System};
use super::walk::{Walker, no_value};
use crate::query::lambert_72_to_2008;
use crate::rdf::label::Text;
use crate::rdf::vocab::geo;
use oxrdf::{Literal, NamedNode, Term};
use serde_json::Value;

/// Two geometries of one object that are further apart than this, in metres, say different things.
const TOLERANCE_METRES: f64 = 0.25;

impl Walker<'_> {
    /// One geometry of those a record holds is stated: the one in the system of the source.
    pub(super) fn geometry(
        &mut self,
        on: usize,
        form: Form,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let members: Vec<(String, &Value)> = match value {
            Value::Array(members) => members
                .iter()
                .enumerate()
                .map(|(index, member)| (format!("{path}[{index}]"), member))
                .collect(),
            one => vec![(path.to_owned(), one)],
        };
        if members.is_empty() {
            self.omit(value, path, &no_value());
        }
        let mut found: Vec<Candidate<'_>> = Vec::new();
        for (path, member) in members {
            let (text, path) = match member {
                Value::Object(keys) => {
                    if let Some(kind) = keys.get("type") {
                        let reason = Text::new(
                            "Soort van de geometrie; de GML zegt die ook.",
                            "Kind of the geometry; the GML says it too.",
                        );
                        self.omit(kind, &join(&path, "type"), &reason);
                    }
                    self.others(keys, &["type", "gml"], &path)?;
                    match keys.get("gml") {
                        Some(text) => (text, join(&path, "gml")),
                        None => continue,
                    }
                }
                other => (other, path),
            };
            if text.is_null() {
                self.omit(text, &path, &no_value());
                continue;
            }
            let Some(text) = self.some_text(text, &path)? else {
                continue;
            };
            let gml = geometry::read(text);
            let system = gml.as_ref().ok().and_then(|gml| {
                let name = gml.system.as_deref()?;
                System::of_name(name)
            });
            found.push(Candidate {
                path,
                text,
                gml,
                system,
            });
        }
        let wanted = |system| {
            let is = |candidate: &Candidate<'_>| {
                candidate.system.as_ref().is_some_and(|own| own.0 == system)
            };
            found.iter().position(is)
        };
        let chosen = wanted(System::Lambert72)
            .or_else(|| wanted(System::Lambert2008))
            .or_else(|| found.iter().position(|candidate| candidate.gml.is_ok()))
            .unwrap_or(0);
        if found.is_empty() {
            return Ok(());
        }
        let chosen = found.swap_remove(chosen);
        self.state_geometry(on, form, &chosen)?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        for twin in &found {
            self.compare_twin(&chosen, twin)?;
        }
        Ok(())
    }

    fn state_geometry(
        &mut self,
        on: usize,
        form: Form,
        chosen: &Candidate<'_>,
    ) -> Result<(), NormaliseError> {
        let path = chosen.path.as_str();
        let node = self.node_of(Some(on));
        let typed = |text: &str, datatype: &str| {
            Term::from(Literal::new_typed_literal(
                text,
                NamedNode::new_unchecked(datatype),
            ))
        };
        self.emit(
            &node,
            geo::AS_GML,
            typed(chosen.text, geo::GML_LITERAL),
            false,
        );
        let gml = match &chosen.gml {
            Ok(gml) => gml,
            Err(why) => return self.note("N033", path, chosen.text, why),
        };
        self.scope.kinds.insert(on, gml.shape.class());
        let name = match (&chosen.system, &gml.system) {
            (Some((system, name)), Some(written)) => {
                if !gml.shape.fits(*system) {
                    return self.note("N031", path, &gml.shape.first(), name);
                }
                if name != written {
                    self.note("N030", path, written, name)?;
                }
                name.as_str()
            }
            (None, Some(written)) => return self.note("N031", path, &gml.shape.first(), written),
            _ => {
                if !gml.shape.fits(System::Crs84) {
                    return self.note("N031", path, &gml.shape.first(), "CRS84");
                }
                "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
            }
        };
        if let Some(flaw) = gml.shape.flaw(form) {
            self.note("N033", path, &gml.shape.first(), flaw)?;
        }
        let wkt = gml.shape.wkt(name);
        self.emit(&node, geo::AS_WKT, typed(&wkt, geo::WKT_LITERAL), true);
        Ok(())
    }

    fn compare_twin(
        &mut self,
        chosen: &Candidate<'_>,
        twin: &Candidate<'_>,
    ) -> Result<(), NormaliseError> {
        let reason = Text::new(
            "Tweede vorm van dezelfde geometrie: vergeleken, en bij uitvoer opnieuw berekend.",
            "Second form of the same geometry: compared, and computed again on output.",
        );
        self.omit(&Value::Null, &twin.path, &reason);
        let (Ok(own), Ok(other)) = (&chosen.gml, &twin.gml) else {
            return Ok(());
        };
        let distance = match (chosen.kind(), twin.kind()) {
            (Some(a), Some(b)) if a == b => own.shape.distance(&other.shape, Some),
            (Some(System::Lambert72), Some(System::Lambert2008)) => {
                own.shape.distance(&other.shape, lambert_72_to_2008)
            }
            _ => return Ok(()),
        };
        match distance {
            Some(metres) if metres <= TOLERANCE_METRES => Ok(()),
            Some(metres) => {
                let metres = format!("{metres:.2}");
                self.note("N032", &twin.path, &other.shape.first(), &metres)
            }
            None => self.note("N032", &twin.path, &other.shape.first(), "?"),
        }
    }
}

/// One of the geometries of a record.
struct Candidate<'v> {
    path: String,
    text: &'v str,
    gml: Result<Gml, &'static str>,
    system: Option<(System, String)>,
}

impl Candidate<'_> {
    fn kind(&self) -> Option<System> {
        self.system.as_ref().map(|(system, _)| *system)
    }
}

//! The items of a register as a GeoJSON FeatureCollection ([RFC 7946](https://www.rfc-editor.org/rfc/rfc7946)): geometries in
//! WGS 84, longitude first, from the register's declared path; properties are the members of the JSON-LD document.
//!
//! The literal that became the geometry is left out of the properties, unless there are several nodes with a geometry: then
//! the first that can be read is the geometry, and all stay in the properties. Without one the geometry is `null`.

use super::manifest::DumpFile;
use super::pack::Packed;
use super::{DumpError, failed};
use crate::query::map_geometry;
use crate::rdf::vocab::geo;
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::Context;
use serde_json::{Map, Value as Json};
use std::io::Write as _;
use std::path::Path;

/// Predicates of literals that say a geometry, best first.
const LITERALS: [&str; 3] = [geo::AS_WKT, geo::AS_GML, geo::AS_GEO_JSON];

/// The file while it is written.
pub(super) struct Features<'a> {
    view: &'a View,
    context: &'a Context,
    /// Predicates from the item to the node with the geometry; `None` when the state has none such.
    path: Option<Vec<Id>>,
    first: &'a str,
    literals: Vec<Id>,
    out: Packed,
    count: u64,
    dir: &'a Path,
}

impl<'a> Features<'a> {
    /// Begins the file of a register that has a geometry.
    pub(super) fn new(
        view: &'a View,
        register: &'a Register,
        context: &'a Context,
        mut out: Packed,
        dir: &'a Path,
    ) -> Result<Self, DumpError> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")
            .map_err(failed("write to", dir))?;
        let ids = register.geometry.iter().map(|iri| view.id_of_iri(iri));
        Ok(Self {
            view,
            context,
            path: ids.collect(),
            first: register.geometry.first().map_or("", String::as_str),
            literals: LITERALS
                .iter()
                .filter_map(|iri| view.id_of_iri(iri))
                .collect(),
            out,
            count: 0,
            dir,
        })
    }

    /// Adds an item by its document.
    pub(super) fn item(&mut self, item: Id, document: &Map<String, Json>) -> Result<(), DumpError> {
        let (geometry, is_only) = self.geometry(item);
        let mut properties = document.clone();
        properties.shift_remove("@context");
        let id = properties.shift_remove("@id").unwrap_or(Json::Null);
        if geometry.is_some() && is_only {
            for (key, value) in &mut properties {
                if self.stands_for(key, &[self.first]) {
                    self.strip(value);
                }
            }
        }
        let geometry = geometry.as_deref().unwrap_or("null");
        let begin = if self.count == 0 { "" } else { "," };
        let properties = Json::Object(properties);
        self.count += 1;
        write!(
            self.out,
            "{begin}\n{{\"type\":\"Feature\",\"id\":{id},\"geometry\":{geometry},\"properties\":{properties}}}"
        )
        .map_err(failed("write to", self.dir))
    }

    /// The geometry of an item as GeoJSON, and whether only one node has any.
    fn geometry(&self, item: Id) -> (Option<String>, bool) {
        let mut nodes = vec![item];
        for predicate in self.path.iter().flatten() {
            let next = nodes
                .iter()
                .flat_map(|node| self.view.objects(*node, *predicate));
            nodes = next.collect();
        }
        if self.path.is_none() {
            return (None, false);
        }
        let is_only = nodes.len() == 1;
        // By their texts: ids are numbered in another order in another copy of the same registry.
        nodes.sort_by_cached_key(|node| self.view.text(*node).into_owned());
        for node in nodes {
            for predicate in &self.literals {
                let mut literals: Vec<Id> = self.view.objects(node, *predicate).collect();
                literals.sort_by_cached_key(|id| self.view.text(*id).into_owned());
                let mut read = literals.iter().map(|id| map_geometry(&self.view.term(*id)));
                if let Some(found) = read.find_map(|found| found) {
                    return (Some(found), is_only);
                }
            }
        }
        (None, is_only)
    }

    /// Whether a key stands for one of some predicates.
    fn stands_for(&self, key: &str, predicates: &[&str]) -> bool {
        let iri = self.context.predicate_of(key).unwrap_or(key);
        predicates.contains(&iri)
    }

    /// Takes the literals of geometries away.
    fn strip(&self, value: &mut Json) {
        match value {
            Json::Object(members) => {
                members.retain(|key, _| !self.stands_for(key, &LITERALS));
                members.values_mut().for_each(|value| self.strip(value));
            }
            Json::Array(values) => values.iter_mut().for_each(|value| self.strip(value)),
            _ => {}
        }
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Vec<DumpFile>, DumpError> {
        self.out
            .write_all(b"\n]}\n")
            .map_err(failed("write to", self.dir))?;
        self.out.finish(self.count)
    }
}

//! What has a position in common with a box: for callers that have no query, only a box in some system of coordinates. Most
//! geometries of a large box are told by their own boxes; those at its edge are compared in full.

use super::crs::Crs;
use super::geometry::{Bounds, Geom};
use super::index::{BoxFound, in_box};
use super::relations::{Relation, holds};
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, Term};
use std::rc::Rc;

/// Geometries that are compared in full for one box.
const MOST_COMPARED: usize = 200_000;

/// A box in a system of coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxSearch {
    bounds: Bounds,
    crs: Crs,
    written: String,
}

/// Why a text is no box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// Not four numbers, the first two not greater than the last two.
    #[error("a box is four numbers: least x, least y, greatest x, greatest y")]
    Numbers,
    /// A system that is not known.
    #[error("the system of coordinates is not known")]
    System,
}

impl BoxSearch {
    /// Names of the systems a box may be in.
    pub const SYSTEMS: [&'static str; 6] = [
        "CRS84",
        "EPSG:4326",
        "EPSG:4258",
        "EPSG:31370",
        "EPSG:3812",
        "EPSG:3857",
    ];

    /// Reads `minx,miny,maxx,maxy`, in the order of axes of the system: latitude first in EPSG:4326 and EPSG:4258. Without a
    /// system it is CRS84, longitude first.
    ///
    /// # Errors
    /// [`BoxError`] for what is no box, and for an unknown system.
    pub fn parse(text: &str, system: Option<&str>) -> Result<Self, BoxError> {
        let crs = match system {
            None | Some("") => Crs::Crs84,
            Some(name) if name.eq_ignore_ascii_case("CRS84") => Crs::Crs84,
            Some(name) => Crs::of_name(name).ok_or(BoxError::System)?,
        };
        let numbers: Option<Vec<f64>> = text
            .split(',')
            .map(|part| part.trim().parse().ok().filter(|n: &f64| n.is_finite()))
            .collect();
        let [a, b, c, d] = numbers
            .and_then(|numbers| <[f64; 4]>::try_from(numbers).ok())
            .ok_or(BoxError::Numbers)?;
        if a > c || b > d {
            return Err(BoxError::Numbers);
        }
        let (min, max) = if crs.is_north_first() {
            ((b, a), (d, c))
        } else {
            ((a, b), (c, d))
        };
        Ok(Self {
            bounds: Bounds { min, max },
            crs,
            written: text.to_owned(),
        })
    }

    /// The box as it was given.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Literals of a state that have a position in common with the box, sorted; `None` when more lie at its edge than are
    /// compared, or when the box is not on earth. Makes the index of geometries where it lacks.
    pub fn find(&self, view: &View) -> Option<Vec<Id>> {
        let constant = self.as_geometry()?;
        let BoxFound { inside, unsure } = in_box(view, &constant, MOST_COMPARED)?;
        let mut found = inside;
        for id in unsure {
            let Some(geometry) = Geom::of_term(&view.term(id)) else {
                continue;
            };
            let Some(geometry) = geometry.in_crs(self.crs) else {
                continue;
            };
            if holds(Relation::Intersects, &constant, &geometry)? {
                found.push(id);
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    fn as_geometry(&self) -> Option<Rc<Geom>> {
        let Bounds { min, max } = self.bounds;
        let corners = [min, (max.0, min.1), max, (min.0, max.1), min];
        let position = |(x, y): (f64, f64)| {
            if self.crs.is_north_first() {
                format!("{y} {x}")
            } else {
                format!("{x} {y}")
            }
        };
        // A box without an inside is a point or a line.
        let shape = if min == max {
            format!("POINT({})", position(min))
        } else if min.0 == max.0 || min.1 == max.1 {
            format!("LINESTRING({}, {})", position(min), position(max))
        } else {
            format!("POLYGON(({}))", corners.map(position).join(", "))
        };
        let text = format!("<{}> {shape}", self.crs.iri());
        let datatype = NamedNode::new_unchecked(super::WKT_LITERAL);
        Geom::of_term(&Term::Literal(Literal::new_typed_literal(text, datatype)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CommitMeta, Store};
    use oxrdf::{GraphNameRef, NamedNodeRef, QuadRef};

    #[test]
    fn boxes_are_four_numbers_in_a_known_system() {
        for (text, system, expected) in [
            ("3,50,4,51", None, Ok(())),
            ("50,3,51,4", Some("EPSG:4326"), Ok(())),
            ("1,2,1,2", Some("EPSG:31370"), Ok(())),
            ("3,50,4", None, Err(BoxError::Numbers)),
            ("3,50,4,51,5,6", None, Err(BoxError::Numbers)),
            ("4,50,3,51", None, Err(BoxError::Numbers)),
            ("a,b,c,d", None, Err(BoxError::Numbers)),
            ("NaN,1,2,3", None, Err(BoxError::Numbers)),
            ("3,50,4,51", Some("EPSG:28992"), Err(BoxError::System)),
        ] {
            let found = BoxSearch::parse(text, system).map(|_| ());
            assert_eq!(found, expected, "{text} {system:?}");
        }
        for name in BoxSearch::SYSTEMS {
            assert!(BoxSearch::parse("1,1,2,2", Some(name)).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_same_places_in_every_system() {
        let store = Store::in_memory();
        let mut draft = store.begin().expect("writable");
        let p = NamedNodeRef::new("http://e/g").expect("an IRI");
        let datatype = NamedNode::new_unchecked(super::super::WKT_LITERAL);
        // A grid of points around Ghent, 100 m apart, in two systems.
        for n in 0..900_u32 {
            let (x, y) = (f64::from(n % 30) * 100.0, f64::from(n / 30) * 100.0);
            let (x, y) = (104_000.0 + x, 193_000.0 + y);
            let system = ["EPSG:31370", "EPSG:4326"][n as usize % 2];
            let at = super::super::written(x, y, system);
            let crs = Crs::of_name(system).expect("known").iri();
            let text = format!("<{crs}> POINT({at})");
            let literal = Literal::new_typed_literal(text, datatype.clone());
            let subject = format!("http://e/{n}");
            let subject = NamedNodeRef::new(&subject).expect("an IRI");
            draft.add_quad(QuadRef::new(
                subject,
                p,
                literal.as_ref(),
                GraphNameRef::DefaultGraph,
            ));
        }
        let meta = CommitMeta {
            agent: "http://e/a".into(),
            activity: "http://e/b".into(),
            source: Vec::new(),
            message: None,
        };
        draft.commit(meta).expect("commits");
        let view = store.snapshot().view();
        let count = |text: &str, system: &str| {
            let asked = BoxSearch::parse(text, Some(system)).expect("a box");
            asked.find(&view).expect("few").len()
        };
        // Its edges lie between the rows of points.
        assert_eq!(count("104050,193050,105950,194950", "EPSG:31370"), 19 * 19);
        assert_eq!(count("104000,193000,104000,193000", "EPSG:31370"), 1);
        assert_eq!(count("0,0,1,1", "EPSG:31370"), 0);
        // Places that the system of the points does not reach, and all of them.
        assert_eq!(count("4.3,51,4.5,51.2", "EPSG:4326"), 0);
        assert_eq!(count("-90,-180,90,180", "EPSG:4326"), 900);
        assert_eq!(count("-180,-90,180,90", "CRS84"), 900);
        assert_eq!(count("100000,190000,110000,200000", "EPSG:31370"), 900);
        // A box in degrees holds as many as comparing every point says.
        for (system, other) in [("EPSG:4326", "CRS84"), ("EPSG:3812", "EPSG:3812")] {
            let ends = [(104_333.0, 193_333.0), (105_777.0, 194_444.0)];
            let ends = ends.map(|(x, y)| super::super::written(x, y, system).replace(' ', ","));
            let text = ends.join(",");
            let crs = Crs::of_name(system).expect("known");
            let asked = BoxSearch::parse(&text, Some(system)).expect("a box");
            let inside = |n: &u32| {
                let (x, y) = (f64::from(n % 30) * 100.0, f64::from(n / 30) * 100.0);
                let at = Crs::Lambert72.transform(crs, (104_000.0 + x, 193_000.0 + y));
                let at = at.expect("in Belgium");
                let at = Bounds { min: at, max: at };
                asked.bounds.meets(&at)
            };
            let expected = (0..900).filter(inside).count();
            assert!(expected > 100);
            assert_eq!(count(&text, system), expected, "{system}");
            if other == "CRS84" {
                let parts: Vec<&str> = text.split(',').collect();
                let turned = [parts[1], parts[0], parts[3], parts[2]].join(",");
                assert_eq!(count(&turned, other), expected);
            }
        }
    }
}

//! Tiles of a map in the usual numbering (zoom, x from the west, y from the north, of Web Mercator): the smallest one around
//! some bounds, and its outline in WGS 84.

use std::f64::consts::PI;
use std::fmt;

/// Latitude at which Web Mercator ends.
const MOST_NORTH: f64 = 85.051_128;

/// A tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    zoom: u8,
    x: u32,
    y: u32,
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.zoom, self.x, self.y)
    }
}

impl Tile {
    /// The tile that a place in degrees lies in.
    fn at(longitude: f64, latitude: f64, zoom: u8) -> Option<Self> {
        if !(-180.0..=180.0).contains(&longitude) || !(-90.0..=90.0).contains(&latitude) {
            return None;
        }
        let count = f64::from(1_u32 << zoom);
        let latitude = latitude.clamp(-MOST_NORTH, MOST_NORTH).to_radians();
        let x = (longitude + 180.0) / 360.0 * count;
        let y = (1.0 - latitude.tan().asinh() / PI) / 2.0 * count;
        let place = |along: f64| along.clamp(0.0, count - 1.0) as u32;
        Some(Self {
            zoom,
            x: place(x.floor()),
            y: place(y.floor()),
        })
    }

    /// The smallest tile, down to a zoom, that has all of some bounds: least longitude and latitude, greatest longitude and
    /// latitude. None for bounds that are not on earth.
    pub(super) fn around([west, south, east, north]: [f64; 4], zoom: u8) -> Option<Self> {
        let (mut a, mut b) = (Self::at(west, north, zoom)?, Self::at(east, south, zoom)?);
        while a != b {
            (a, b) = (a.parent(), b.parent());
        }
        Some(a)
    }

    fn parent(self) -> Self {
        Self {
            zoom: self.zoom.saturating_sub(1),
            x: self.x / 2,
            y: self.y / 2,
        }
    }

    /// Reads it as [`fmt::Display`] writes it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let tile = Self {
            zoom: parts.next()?.parse().ok().filter(|zoom| *zoom < 32)?,
            x: parts.next()?.parse().ok()?,
            y: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(tile)
    }

    /// Its outline as WKT in WGS 84, longitude first; that of the whole world down to the poles, so that it has everything.
    pub(super) fn outline(self) -> String {
        let count = f64::from(1_u32 << self.zoom);
        let longitude = |x: u32| f64::from(x) / count * 360.0 - 180.0;
        let latitude = |y: u32| match f64::from(y) / count {
            0.0 => 90.0,
            1.0 => -90.0,
            share => (PI * (1.0 - 2.0 * share)).sinh().atan().to_degrees(),
        };
        let (west, east) = (longitude(self.x), longitude(self.x + 1));
        let (north, south) = (latitude(self.y), latitude(self.y + 1));
        format!(
            "POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WKT: &str = "http://www.opengis.net/ont/geosparql#wktLiteral";

    #[test]
    fn known_places_have_known_tiles() {
        let town_hall = [3.7253, 51.0536, 3.7253, 51.0536];
        let tile = Tile::around(town_hall, 14).expect("on earth");
        assert_eq!(tile.to_string(), "14/8361/5481");
        assert_eq!(Tile::parse("14/8361/5481"), Some(tile));
        assert_eq!(Tile::parse("14/8361"), None);
        // Across the meridian of Greenwich only the world has it.
        let across = Tile::around([-0.1, 51.0, 0.1, 51.1], 14).expect("on earth");
        assert_eq!(across.to_string(), "0/0/0");
        assert_eq!(Tile::around([0.0, 0.0, f64::NAN, 0.0], 3), None);
        assert_eq!(Tile::around([200.0, 0.0, 201.0, 1.0], 3), None);
    }

    proptest! {
        #[test]
        fn a_tile_has_what_it_is_around(
            west in -180.0..180.0_f64, south in -90.0..90.0_f64, wide in 0.0..3.0_f64, high in 0.0..3.0_f64, zoom in 0_u8..19,
        ) {
            let bounds = [west, south, (west + wide).min(180.0), (south + high).min(90.0)];
            let tile = Tile::around(bounds, zoom).expect("on earth");
            prop_assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
            let outline = crate::query::wgs84_bounds(&tile.outline(), WKT).expect("a polygon");
            let slack = 1e-9;
            prop_assert!(outline[0] <= bounds[0] + slack && outline[1] <= bounds[1] + slack, "{outline:?} {bounds:?}");
            prop_assert!(outline[2] + slack >= bounds[2] && outline[3] + slack >= bounds[3], "{outline:?} {bounds:?}");
        }
    }
}

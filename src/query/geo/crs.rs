//! Coordinate reference systems by name, and the ways between them. Coordinates are always (east, north) or (longitude,
//! latitude) in here; the order in which a system is written is the readers' and writers' business.
//!
//! Belgian Lambert 72 goes to ETRS89 by the official seven parameters (EPSG operation 15929), not by the grid of the NGI:
//! in Flanders the two differ by 1 to 20 cm. WGS 84 and ETRS89 count as one, as is usual; they drift apart by 2.5 cm a year.

use proj4rs::Proj;
use std::sync::LazyLock;

/// A coordinate reference system that this endpoint knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::query) enum Crs {
    /// WGS 84, longitude first: what a literal without a name is in.
    Crs84,
    /// WGS 84, latitude first (EPSG:4326).
    Wgs84,
    /// ETRS89, latitude first (EPSG:4258).
    Etrs89,
    /// Belgian Lambert 72 (EPSG:31370).
    Lambert72,
    /// Belgian Lambert 2008 (EPSG:3812).
    Lambert2008,
    /// Web Mercator (EPSG:3857).
    WebMercator,
}

/// Bounds of what the Flemish registers hold, in Lambert 72: least and greatest x, least and greatest y.
#[cfg(test)]
pub(super) const FLANDERS: [f64; 4] = [21_492.0, 259_366.0, 152_558.0, 244_521.0];

const LAMBERT_72: &str = "+proj=lcc +lat_0=90 +lon_0=4.36748666666667 +lat_1=51.1666672333333 +lat_2=49.8333339 \
    +x_0=150000.013 +y_0=5400088.438 +ellps=intl \
    +towgs84=-106.8686,52.2978,-103.7239,0.3366,-0.457,1.8422,-1.2747 +units=m";
const LAMBERT_2008: &str = "+proj=lcc +lat_0=50.797815 +lon_0=4.35921583333333 +lat_1=49.8333333333333 \
    +lat_2=51.1666666666667 +x_0=649328 +y_0=665262 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m";
const GEOGRAPHIC: &str = "+proj=longlat +ellps=WGS84 +datum=WGS84";

/// Radius of the sphere of Web Mercator, in metres.
const MERCATOR_RADIUS: f64 = 6_378_137.0;
/// Latitude at which Web Mercator ends.
const MERCATOR_END: f64 = 85.06;

struct Projections {
    geographic: Proj,
    lambert72: Proj,
    lambert2008: Proj,
}

static PROJECTIONS: LazyLock<Projections> = LazyLock::new(|| {
    let read = |text| Proj::from_proj_string(text).expect("the definition is a constant");
    Projections {
        geographic: read(GEOGRAPHIC),
        lambert72: read(LAMBERT_72),
        lambert2008: read(LAMBERT_2008),
    }
});

impl Crs {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::Crs84,
        Self::Wgs84,
        Self::Etrs89,
        Self::Lambert72,
        Self::Lambert2008,
        Self::WebMercator,
    ];

    /// The system that an IRI, URN or short name stands for: `http(s)://www.opengis.net/def/crs/EPSG/{version}/{code}`,
    /// `urn:ogc:def:crs:EPSG:{version}:{code}`, `EPSG:{code}`, the old `…/gml/srs/epsg.xml#{code}`, and CRS84 likewise.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let rest = name
            .strip_prefix("http://www.opengis.net/")
            .or_else(|| name.strip_prefix("https://www.opengis.net/"));
        let code = if let Some(rest) = rest {
            match rest.strip_prefix("def/crs/") {
                Some(path) => {
                    let mut parts = path.split('/');
                    let (authority, _version, code) = (parts.next()?, parts.next()?, parts.next()?);
                    if parts.next().is_some() {
                        return None;
                    }
                    return Self::of_code(authority, code);
                }
                None => rest.strip_prefix("gml/srs/epsg.xml#")?,
            }
        } else if let Some(rest) = strip_prefix_ignoring_case(name, "urn:ogc:def:crs:") {
            let mut parts = rest.split(':');
            let authority = parts.next()?;
            return Self::of_code(authority, parts.next_back()?);
        } else {
            strip_prefix_ignoring_case(name, "EPSG:")?
        };
        Self::of_code("EPSG", code)
    }

    fn of_code(authority: &str, code: &str) -> Option<Self> {
        if authority.eq_ignore_ascii_case("OGC") {
            return matches!(code, "CRS84" | "84").then_some(Self::Crs84);
        }
        if !authority.eq_ignore_ascii_case("EPSG") {
            return None;
        }
        Some(match code {
            "4326" => Self::Wgs84,
            "4258" => Self::Etrs89,
            "31370" => Self::Lambert72,
            "3812" => Self::Lambert2008,
            "3857" => Self::WebMercator,
            _ => return None,
        })
    }

    /// The IRI by which literals name it.
    pub(super) fn iri(self) -> &'static str {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            Self::Wgs84 => "http://www.opengis.net/def/crs/EPSG/0/4326",
            Self::Etrs89 => "http://www.opengis.net/def/crs/EPSG/0/4258",
            Self::Lambert72 => "http://www.opengis.net/def/crs/EPSG/0/31370",
            Self::Lambert2008 => "http://www.opengis.net/def/crs/EPSG/0/3812",
            Self::WebMercator => "http://www.opengis.net/def/crs/EPSG/0/3857",
        }
    }

    /// Whether its coordinates are degrees.
    pub(super) fn is_geographic(self) -> bool {
        matches!(self, Self::Crs84 | Self::Wgs84 | Self::Etrs89)
    }

    /// Whether a plane distance in it is a distance on the ground, but for parts in ten thousand.
    pub(super) fn is_metric(self) -> bool {
        matches!(self, Self::Lambert72 | Self::Lambert2008)
    }

    /// Whether north, that is latitude, is written before east.
    pub(super) fn is_north_first(self) -> bool {
        matches!(self, Self::Wgs84 | Self::Etrs89)
    }

    /// Whether coordinates mean the same in another system.
    pub(super) fn is_same_place(self, other: Self) -> bool {
        self == other || self.is_geographic() && other.is_geographic()
    }

    /// Digits behind the point that a transformed coordinate is worth: a tenth of a millimetre.
    pub(super) fn decimals(self) -> i32 {
        if self.is_geographic() { 9 } else { 4 }
    }

    /// A position in another system; `None` where one of the two does not reach.
    pub(super) fn transform(self, to: Self, position: (f64, f64)) -> Option<(f64, f64)> {
        if self.is_same_place(to) {
            return Some(position);
        }
        let (x, y) = position;
        if self == Self::WebMercator {
            let longitude = (x / MERCATOR_RADIUS).to_degrees();
            let latitude = (y / MERCATOR_RADIUS).sinh().atan().to_degrees();
            return Self::Crs84.transform(to, finite(longitude, latitude)?);
        }
        if to == Self::WebMercator {
            let (longitude, latitude) = self.transform(Self::Crs84, position)?;
            if latitude.abs() > MERCATOR_END {
                return None;
            }
            return finite(
                MERCATOR_RADIUS * longitude.to_radians(),
                MERCATOR_RADIUS * latitude.to_radians().tan().asinh(),
            );
        }
        if self.is_geographic() && (y.abs() > 90.0 || x.abs() > 360.0) {
            return None;
        }
        let (x, y) = if self.is_geographic() {
            (x.to_radians(), y.to_radians())
        } else {
            (x, y)
        };
        let mut point = (x, y, 0.0);
        proj4rs::transform::transform(self.projection(), to.projection(), &mut point).ok()?;
        if to.is_geographic() {
            finite(point.0.to_degrees(), point.1.to_degrees())
        } else {
            finite(point.0, point.1)
        }
    }

    fn projection(self) -> &'static Proj {
        match self {
            Self::Lambert72 => &PROJECTIONS.lambert72,
            Self::Lambert2008 => &PROJECTIONS.lambert2008,
            Self::Crs84 | Self::Wgs84 | Self::Etrs89 | Self::WebMercator => &PROJECTIONS.geographic,
        }
    }
}

/// A plane with metres around a place, in which distances up to some hundred kilometres are right to parts in ten thousand.
pub(super) struct LocalPlane {
    projection: Proj,
}

impl LocalPlane {
    /// Around a longitude and latitude.
    pub(super) fn around(longitude: f64, latitude: f64) -> Option<Self> {
        let text =
            format!("+proj=tmerc +lat_0={latitude} +lon_0={longitude} +k=1 +ellps=WGS84 +units=m");
        let projection = Proj::from_proj_string(&text).ok()?;
        Some(Self { projection })
    }

    /// From longitude and latitude into the plane.
    pub(super) fn enter(&self, position: (f64, f64)) -> Option<(f64, f64)> {
        let mut point = (position.0.to_radians(), position.1.to_radians(), 0.0);
        let geographic = &PROJECTIONS.geographic;
        proj4rs::transform::transform(geographic, &self.projection, &mut point).ok()?;
        finite(point.0, point.1)
    }

    /// From the plane to longitude and latitude.
    pub(super) fn leave(&self, position: (f64, f64)) -> Option<(f64, f64)> {
        let mut point = (position.0, position.1, 0.0);
        let geographic = &PROJECTIONS.geographic;
        proj4rs::transform::transform(&self.projection, geographic, &mut point).ok()?;
        finite(point.0.to_degrees(), point.1.to_degrees())
    }
}

fn finite(x: f64, y: f64) -> Option<(f64, f64)> {
    (x.is_finite() && y.is_finite()).then_some((x, y))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Positions that the registers give in both Lambert systems.
    const PAIRS: [([f64; 2], [f64; 2]); 13] = [
        ([109_560.95, 168_981.82], [609_561.16, 668_977.48]),
        ([141_252.703, 182_279.091], [641_251.022, 682_278.463]),
        ([142_534.852, 187_064.839], [642_532.578, 687_064.332]),
        ([142_536.54, 187_057.15], [642_534.27, 687_056.65]),
        ([143_791.29, 211_105.94], [643_786.19, 711_105.37]),
        ([158_059.69, 221_519.75], [658_053.22, 721_520.77]),
        ([158_073.23, 221_531.40], [658_066.75, 721_532.42]),
        ([216_574.141, 189_382.891], [716_571.04, 689_391.21]),
        ([235_254.093, 191_810.589], [735_250.57, 691_821.11]),
        ([243_234.89, 160_239.38], [743_235.05, 660_250.92]),
        ([58_076.43, 176_343.98], [558_076.16, 676_333.22]),
        ([75_040.31, 180_988.83], [575_039.36, 680_980.16]),
        ([140_252.76, 198_794.27], [640_249.09, 698_793.29]),
    ];

    #[test]
    fn lambert_pairs_of_the_registers_come_out_within_a_quarter_of_a_metre() {
        let mut worst: f64 = 0.0;
        for ([x72, y72], [x08, y08]) in PAIRS {
            let (x, y) = Crs::Lambert72
                .transform(Crs::Lambert2008, (x72, y72))
                .expect("in Flanders");
            worst = worst.max((x - x08).abs()).max((y - y08).abs());
            let (x, y) = Crs::Lambert2008
                .transform(Crs::Lambert72, (x08, y08))
                .expect("in Flanders");
            worst = worst.max((x - x72).abs()).max((y - y72).abs());
        }
        assert!(worst < 0.25, "{worst} m");
        // The one pair that was made by the same seven parameters agrees with us to the centimetre.
        let ([x72, y72], [x08, y08]) = PAIRS[12];
        let (x, y) = Crs::Lambert72
            .transform(Crs::Lambert2008, (x72, y72))
            .expect("in Flanders");
        assert!((x - x08).abs() < 0.02 && (y - y08).abs() < 0.02, "{x} {y}");
    }

    #[test]
    fn the_origin_of_lambert_2008_is_where_its_definition_says() {
        let (longitude, latitude) = Crs::Lambert2008
            .transform(Crs::Wgs84, (649_328.0, 665_262.0))
            .expect("the origin");
        assert!(
            (longitude - 4.359_215_833_333_33).abs() < 1e-9,
            "{longitude}"
        );
        assert!((latitude - 50.797_815).abs() < 1e-9, "{latitude}");
    }

    #[test]
    fn web_mercator_has_its_known_corner() {
        let (x, y) = Crs::Crs84
            .transform(Crs::WebMercator, (180.0, 85.051_128_779_806_59))
            .expect("the corner");
        assert!((x - 20_037_508.342_789).abs() < 1e-3, "{x}");
        assert!((y - 20_037_508.342_789).abs() < 1e-3, "{y}");
        assert_eq!(Crs::Crs84.transform(Crs::WebMercator, (0.0, 89.0)), None);
    }

    #[test]
    fn a_system_has_many_names() {
        for (name, crs) in [
            (
                "http://www.opengis.net/def/crs/EPSG/0/31370",
                Crs::Lambert72,
            ),
            (
                "https://www.opengis.net/def/crs/EPSG/9.9.1/31370",
                Crs::Lambert72,
            ),
            (
                "http://www.opengis.net/def/crs/EPSG/0/3812",
                Crs::Lambert2008,
            ),
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs::Crs84),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Crs84),
            ("urn:ogc:def:crs:EPSG::4326", Crs::Wgs84),
            ("urn:ogc:def:crs:EPSG:6.9:4258", Crs::Etrs89),
            ("EPSG:3857", Crs::WebMercator),
            (
                "http://www.opengis.net/gml/srs/epsg.xml#31370",
                Crs::Lambert72,
            ),
        ] {
            assert_eq!(Crs::of_name(name), Some(crs), "{name}");
        }
        for crs in Crs::ALL {
            assert_eq!(Crs::of_name(crs.iri()), Some(crs));
        }
        for name in [
            "",
            "EPSG",
            "EPSG:",
            "é",
            "EPSG:28992",
            "http://www.opengis.net/def/crs/EPSG/0",
            "http://www.opengis.net/def/crs/EPSG/0/31370/x",
            "urn:ogc:def:crs:",
        ] {
            assert_eq!(Crs::of_name(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(x in FLANDERS[0]..FLANDERS[1], y in FLANDERS[2]..FLANDERS[3],
                                            a in 0..6_usize, b in 0..6_usize) {
            let (a, b) = (Crs::ALL[a], Crs::ALL[b]);
            let start = Crs::Lambert72.transform(a, (x, y)).expect("in Flanders");
            let there = a.transform(b, start).expect("in Flanders");
            let back = b.transform(a, there).expect("in Flanders");
            let unit = if a.is_geographic() { 1e-8 } else { 1e-3 };
            prop_assert!((back.0 - start.0).abs() < unit && (back.1 - start.1).abs() < unit, "{start:?} {back:?}");
            // By way of a third system it is the same place, too.
            for by in Crs::ALL {
                let middle = a.transform(by, start).expect("in Flanders");
                let other = by.transform(b, middle).expect("in Flanders");
                let unit = if b.is_geographic() { 1e-8 } else { 2e-3 };
                prop_assert!((other.0 - there.0).abs() < unit && (other.1 - there.1).abs() < unit, "{by:?}");
            }
        }

        #[test]
        fn no_position_panics(x in any::<f64>(), y in any::<f64>(), a in 0..6_usize, b in 0..6_usize) {
            if let Some((x, y)) = Crs::ALL[a].transform(Crs::ALL[b], (x, y)) {
                prop_assert!(a <= 2 && b <= 2 || a == b || x.is_finite() && y.is_finite());
            }
        }

        #[test]
        fn a_local_plane_has_metres(longitude in -170.0..170.0_f64, latitude in -75.0..75.0_f64, dx in -5e4..5e4_f64, dy in -5e4..5e4_f64) {
            let plane = LocalPlane::around(longitude, latitude).expect("a plane");
            let place = plane.leave((dx, dy)).expect("near");
            let back = plane.enter(place).expect("near");
            prop_assert!((back.0 - dx).abs() < 0.01 && (back.1 - dy).abs() < 0.01);
        }
    }
}

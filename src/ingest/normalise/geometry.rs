//! GML points, lines and polygons of the registers → WKT with the same digits, and what can be wrong with them: system, bounds,
//! open and crossing rings. Reads the few forms that the registers send; other GML is kept without WKT.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Coordinates of one literal that are read.
const MAX_POSITIONS: usize = 100_000;
/// Vertices of a ring whose edges are all compared with each other.
const MAX_CROSSED: usize = 2_000;
/// Elements within each other.
const MAX_NESTING: usize = 16;

/// A position: the digits as written, and their value.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Position {
    text: (String, String),
    pub(in crate::ingest) at: (f64, f64),
}

/// A geometry as read.
#[derive(Clone, Debug)]
pub(in crate::ingest) enum Shape {
    Point(Position),
    Line(Vec<Position>),
    /// Rings, the outer one first.
    Polygon(Vec<Vec<Position>>),
}

/// The form that a geometry has or should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Form {
    Point,
    Line,
    Polygon,
}

/// A GML text as read.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Gml {
    /// The name of its system, as written.
    pub(in crate::ingest) system: Option<String>,
    pub(in crate::ingest) shape: Shape,
}

/// Reads a GML point, line or polygon.
///
/// # Errors
/// A reason in Dutch and English.
pub(in crate::ingest) fn read(text: &str) -> Result<Gml, &'static str> {
    const NOT_XML: &str = "geen leesbare GML / no readable GML";
    let mut xml = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut system = None;
    let mut rings: Vec<Vec<Position>> = Vec::new();
    let mut has_interior = false;
    let mut kind: Option<Form> = None;
    let mut budget = MAX_POSITIONS;
    loop {
        match xml.read_event().map_err(|_| NOT_XML)? {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
                if open.len() >= MAX_NESTING {
                    return Err(NOT_XML);
                }
                if open.is_empty() {
                    kind = match name.as_str() {
                        _ if kind.is_some() => return Err(NOT_XML),
                        "Point" => Some(Form::Point),
                        "LineString" => Some(Form::Line),
                        "Polygon" => Some(Form::Polygon),
                        _ => {
                            return Err("geen punt, lijn of veelhoek / no point, line or polygon");
                        }
                    };
                }
                if system.is_none()
                    && let Ok(Some(attribute)) = tag.try_get_attribute("srsName")
                {
                    let value = attribute.unescape_value().map_err(|_| NOT_XML)?;
                    system = Some(value.trim().to_owned());
                }
                match name.as_str() {
                    "exterior" | "outerBoundaryIs" if has_interior || !rings.is_empty() => {
                        return Err("twee buitenringen / two outer rings");
                    }
                    "interior" | "innerBoundaryIs" => has_interior = true,
                    _ => {}
                }
                if name == "LinearRing" {
                    rings.push(Vec::new());
                }
                open.push(name);
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(text) => {
                let text = text.unescape().map_err(|_| NOT_XML)?;
                let Some(name) = open.last() else { continue };
                if name == "pos" || name == "posList" {
                    let found = positions(&text, &mut budget)?;
                    match rings.last_mut() {
                        Some(ring) => ring.extend(found),
                        None => rings.push(found),
                    }
                } else if !text.trim().is_empty() {
                    return Err(NOT_XML);
                }
            }
            Event::DocType(_) | Event::Empty(_) | Event::CData(_) => return Err(NOT_XML),
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err(NOT_XML);
    }
    let shape = match kind {
        Some(Form::Point) => {
            let mut all = rings.into_iter().flatten();
            match (all.next(), all.next()) {
                (Some(position), None) => Shape::Point(position),
                _ => return Err("geen coördinaten / no coordinates"),
            }
        }
        Some(Form::Line) if rings.iter().any(|line| !line.is_empty()) => {
            Shape::Line(rings.into_iter().flatten().collect())
        }
        Some(Form::Polygon) if rings.iter().all(|ring| !ring.is_empty()) && !rings.is_empty() => {
            Shape::Polygon(rings)
        }
        _ => return Err("geen coördinaten / no coordinates"),
    };
    Ok(Gml { system, shape })
}

fn positions(text: &str, budget: &mut usize) -> Result<Vec<Position>, &'static str> {
    const NOT_NUMBERS: &str = "coördinaten zijn geen getallen / coordinates are no numbers";
    let mut numbers = Vec::new();
    for word in text.split_ascii_whitespace() {
        *budget = budget
            .checked_sub(1)
            .ok_or("te veel coördinaten / too many coordinates")?;
        let is_plain = word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let value: f64 = word.parse().map_err(|_| NOT_NUMBERS)?;
        if !is_plain || !value.is_finite() {
            return Err(NOT_NUMBERS);
        }
        numbers.push((word, value));
    }
    if numbers.len() % 2 != 0 {
        return Err("oneven aantal coördinaten / odd number of coordinates");
    }
    let pair = |pair: &[(&str, f64)]| Position {
        text: (pair[0].0.to_owned(), pair[1].0.to_owned()),
        at: (pair[0].1, pair[1].1),
    };
    Ok(numbers.chunks_exact(2).map(pair).collect())
}

/// A system of coordinates that the registers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum System {
    Lambert72,
    Lambert2008,
    Wgs84,
    Crs84,
    Other,
}

impl System {
    /// The system of a name, and the name it should have. `None` for a name that is no EPSG code.
    pub(in crate::ingest) fn of_name(name: &str) -> Option<(Self, String)> {
        if name.ends_with("CRS84") {
            return Some((
                Self::Crs84,
                "http://www.opengis.net/def/crs/OGC/1.3/CRS84".to_owned(),
            ));
        }
        let upper = name.to_ascii_uppercase();
        let code = name.rsplit(['/', ':', '#']).next()?;
        if !upper.contains("EPSG")
            || code.is_empty()
            || code.len() > 6
            || !code.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let system = match code {
            "31370" => Self::Lambert72,
            "3812" => Self::Lambert2008,
            "4326" => Self::Wgs84,
            _ => Self::Other,
        };
        Some((
            system,
            format!("http://www.opengis.net/def/crs/EPSG/0/{code}"),
        ))
    }

    /// Whether a position lies where the registers hold anything.
    pub(in crate::ingest) fn holds(self, (x, y): (f64, f64)) -> bool {
        self.bounds()
            .is_none_or(|[x0, x1, y0, y1]| (x0..=x1).contains(&x) && (y0..=y1).contains(&y))
    }

    /// Least and greatest first and second coordinate of what the registers hold.
    fn bounds(self) -> Option<[f64; 4]> {
        match self {
            Self::Lambert72 => Some([21_492.0, 259_366.0, 152_558.0, 244_521.0]),
            Self::Lambert2008 => Some([521_398.0, 759_275.0, 652_516.0, 744_502.0]),
            Self::Wgs84 => Some([49.4, 51.6, 2.5, 6.5]),
            Self::Crs84 => Some([2.5, 6.5, 49.4, 51.6]),
            Self::Other => None,
        }
    }
}

impl Shape {
    /// The name of its class in the simple features vocabulary.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Point(_) => "http://www.opengis.net/ont/sf#Point",
            Self::Line(_) => "http://www.opengis.net/ont/sf#LineString",
            Self::Polygon(_) => "http://www.opengis.net/ont/sf#Polygon",
        }
    }

    fn positions(&self) -> impl Iterator<Item = &Position> {
        let (line, rings) = match self {
            Self::Point(point) => (std::slice::from_ref(point), None),
            Self::Line(line) => (line.as_slice(), None),
            Self::Polygon(rings) => (&[][..], Some(rings)),
        };
        line.iter().chain(rings.into_iter().flatten().flatten())
    }

    /// The first position as text, for messages.
    pub(in crate::ingest) fn first(&self) -> String {
        self.positions().next().map_or(String::new(), |position| {
            format!("{} {}", position.text.0, position.text.1)
        })
    }

    /// WKT with the digits as written.
    pub(super) fn wkt(&self, system: &str) -> String {
        let mut out = format!("<{system}> ");
        match self {
            Self::Point(at) => {
                out.push_str(&format!("POINT({} {})", at.text.0, at.text.1));
            }
            Self::Line(line) => {
                out.push_str("LINESTRING");
                push_positions(&mut out, line);
            }
            Self::Polygon(rings) => {
                out.push_str("POLYGON(");
                for (number, ring) in rings.iter().enumerate() {
                    if number > 0 {
                        out.push_str(", ");
                    }
                    push_positions(&mut out, ring);
                }
                out.push(')');
            }
        }
        out
    }

    /// The geometry of rings, each a text of positions with commas between them; a point when `is_point`, of which only the
    /// first position counts. `None` when positions are no pairs of numbers.
    pub(in crate::ingest) fn of_rings(texts: Vec<&str>, is_point: bool) -> Option<Self> {
        let mut budget = MAX_POSITIONS;
        let mut rings = Vec::with_capacity(texts.len());
        for text in texts {
            let mut ring = Vec::new();
            for pair in text.split(',') {
                let mut found = positions(pair, &mut budget).ok()?;
                if found.len() != 1 {
                    return None;
                }
                ring.append(&mut found);
            }
            rings.push(ring);
        }
        let first = rings.first().and_then(|ring| ring.first());
        Some(match first.filter(|_| is_point) {
            Some(first) => Self::Point(first.clone()),
            None => Self::Polygon(rings),
        })
    }

    /// Whether every position lies within least and greatest first and second coordinates.
    pub(in crate::ingest) fn is_within(&self, [x0, x1, y0, y1]: [f64; 4]) -> bool {
        self.positions()
            .all(|p| (x0..=x1).contains(&p.at.0) && (y0..=y1).contains(&p.at.1))
    }

    /// Whether every position lies where the registers hold anything.
    pub(in crate::ingest) fn fits(&self, system: System) -> bool {
        system.bounds().is_none_or(|bounds| self.is_within(bounds))
    }

    /// The greatest distance in metres between the vertices of two geometries; `None` when their forms differ.
    pub(super) fn distance(
        &self,
        other: &Self,
        through: impl Fn((f64, f64)) -> Option<(f64, f64)>,
    ) -> Option<f64> {
        if self.class() != other.class() || self.positions().count() != other.positions().count() {
            return None;
        }
        let mut greatest = 0.0_f64;
        for (a, b) in self.positions().zip(other.positions()) {
            let a = through(a.at)?;
            greatest = greatest.max((a.0 - b.at.0).hypot(a.1 - b.at.1));
        }
        Some(greatest)
    }

    /// Its form.
    fn form(&self) -> Form {
        match self {
            Self::Point(_) => Form::Point,
            Self::Line(_) => Form::Line,
            Self::Polygon(_) => Form::Polygon,
        }
    }

    /// What is wrong with it where a form is wanted, in Dutch and English.
    pub(in crate::ingest) fn flaw(&self, wanted: Form) -> Option<&'static str> {
        if self.form() != wanted {
            return Some(match (self.form(), wanted) {
                (Form::Point, Form::Polygon) => {
                    "punt waar een veelhoek hoort / point where a polygon belongs"
                }
                (Form::Polygon, Form::Point) => {
                    "veelhoek waar een punt hoort / polygon where a point belongs"
                }
                (_, Form::Line) => "geen lijn waar een lijn hoort / no line where a line belongs",
                _ => "lijn waar geen lijn hoort / line where no line belongs",
            });
        }
        let rings = match self {
            Self::Point(_) => return None,
            Self::Line(line) if line.len() < 2 => {
                return Some("lijn met minder dan twee punten / line of fewer than two points");
            }
            Self::Line(_) => return None,
            Self::Polygon(rings) => rings,
        };
        for ring in rings {
            let points: Vec<(f64, f64)> = ring.iter().map(|position| position.at).collect();
            if points.len() < 4 {
                return Some("ring met minder dan vier punten / ring of fewer than four points");
            }
            if points.first() != points.last() {
                return Some("open ring / open ring");
            }
            if points.len() <= MAX_CROSSED && crosses_itself(&points) {
                return Some("ring kruist of raakt zichzelf / ring crosses or touches itself");
            }
        }
        None
    }
}

/// Positions in brackets, as WKT has them.
fn push_positions(out: &mut String, positions: &[Position]) {
    for (index, at) in positions.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "(" });
        out.push_str(&at.text.0);
        out.push(' ');
        out.push_str(&at.text.1);
    }
    out.push(')');
}

/// Whether two edges of a closed ring that are not neighbours meet, or neighbours run back over each other.
fn crosses_itself(ring: &[(f64, f64)]) -> bool {
    let edges = ring.len() - 1;
    for i in 0..edges {
        let (a, b) = (ring[i], ring[i + 1]);
        for j in i + 1..edges {
            let (c, d) = (ring[j], ring[j + 1]);
            let next = j == i + 1;
            let last = i == 0 && j == edges - 1;
            if next || last {
                // Neighbours share one end; the other ends must not lie on the edge.
                let (far_a, shared, far_c) = if next { (a, b, d) } else { (b, a, c) };
                let back = cross(shared, far_a, far_c) == 0.0 && dot(shared, far_a, far_c) > 0.0;
                if back {
                    return true;
                }
            } else if meet(a, b, c, d) {
                return true;
            }
        }
    }
    false
}

fn cross(o: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0)
}

fn dot(o: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - o.0) * (b.0 - o.0) + (a.1 - o.1) * (b.1 - o.1)
}

fn meet(a: (f64, f64), b: (f64, f64), c: (f64, f64), d: (f64, f64)) -> bool {
    let (d1, d2) = (cross(a, b, c), cross(a, b, d));
    let (d3, d4) = (cross(c, d, a), cross(c, d, b));
    if ((d1 > 0.0) != (d2 > 0.0) || d1 == 0.0 || d2 == 0.0)
        && ((d3 > 0.0) != (d4 > 0.0) || d3 == 0.0 || d4 == 0.0)
    {
        let overlap = |p: f64, q: f64, r: f64, s: f64| p.min(q) <= r.max(s) && r.min(s) <= p.max(q);
        return overlap(a.0, b.0, c.0, d.0) && overlap(a.1, b.1, c.1, d.1);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(positions: &str) -> Shape {
        let text = format!(
            "<gml:Polygon srsName='https://www.opengis.net/def/crs/EPSG/0/31370' xmlns:gml='http://www.opengis.net/gml/3.2'>\
             <gml:exterior><gml:LinearRing><gml:posList>{positions}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
        );
        read(&text).expect("readable").shape
    }

    #[test]
    fn digits_stay_as_written() {
        let gml = read("<gml:Point srsName='urn:ogc:def:crs:EPSG::31370' xmlns:gml='x'><gml:pos>131590.00 191300.330</gml:pos></gml:Point>")
            .expect("readable");
        let (system, name) = System::of_name(&gml.system.expect("named")).expect("known");
        assert_eq!(system, System::Lambert72);
        assert!(gml.shape.fits(system));
        assert_eq!(
            gml.shape.wkt(&name),
            "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(131590.00 191300.330)"
        );
    }

    #[test]
    fn rings_are_judged() {
        assert_eq!(polygon("0 0 0 1 1 1 1 0 0 0").flaw(Form::Polygon), None);
        let flaw = |text| polygon(text).flaw(Form::Polygon).unwrap_or("");
        assert!(flaw("0 0 0 1 1 1 1 0").starts_with("open"));
        assert!(flaw("0 0 1 1 1 0 0 1 0 0").starts_with("ring kruist"));
        assert!(flaw("0 0 0 5 3 5 0 5 0 0").starts_with("ring kruist"));
        assert!(flaw("0 0 0 1 0 0").starts_with("ring met"));
        assert!(polygon("0 0 0 1 1 1 0 0").flaw(Form::Point).is_some());
    }

    #[test]
    fn lines_are_read() {
        let line = |positions: &str| {
            let text = format!(
                "<gml:LineString srsName='http://www.opengis.net/def/crs/EPSG/0/31370' xmlns:gml='x'>\
                 <gml:posList>{positions}</gml:posList></gml:LineString>"
            );
            read(&text)
        };
        let good = line("235254.09300000221 191810.5 235246.25 191760.2").expect("readable");
        assert_eq!(good.shape.flaw(Form::Line), None);
        assert!(good.shape.flaw(Form::Point).is_some());
        assert_eq!(
            good.shape.wkt("s"),
            "<s> LINESTRING(235254.09300000221 191810.5, 235246.25 191760.2)"
        );
        let short = line("235254 191810").expect("readable");
        assert!(short.shape.flaw(Form::Line).is_some());
        assert!(line("").is_err());
        assert!(polygon("0 0 0 1 1 1 1 0 0 0").flaw(Form::Line).is_some());
    }

    #[test]
    fn odd_texts_are_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "<Point><pos>1</pos></Point>",
            "<Point><pos>NaN 1</pos></Point>",
            "<!DOCTYPE a><Point><pos>1 1</pos></Point>",
            "<Line><pos>1 1</pos></Line>",
            "<Polygon></Polygon>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

//! A synthetic Flemish town in the registry's normal form, for trials, tests and benchmarks: municipality, postcodes,
//! street names, addresses, buildings, units and parcels, every graph the same for the same seed on every machine.
//! Faults with known answers can be planted. Holds no real address, parcel or person.

mod entity;
mod fault;
mod history;
mod misspell;
mod names;
mod place;
mod plant;
mod random;
mod write;

pub use fault::PlantedFault;
pub use history::MAX_MERGED;
pub use misspell::Misspelt;

use entity::{
    Address, Building, GraphNames, Municipality, Parcel, Position, Postcode, Street, TownWriter,
    Unit,
};
use entity::{concept, object, object_namespace};
use fault::{Batch, BatchKind, FaultPlanner, Surroundings};
use history::History;
use misspell::Misspeller;
use place::{DIRECTIONS, Direction, Point};
use random::Random;
use std::io::{self, Write};
use write::QuadWriter;

/// What town to make.
#[derive(Clone, Debug)]
pub struct TownOptions {
    /// Addresses in all statuses.
    pub addresses: u64,
    /// Seed: the same seed and options give the same bytes.
    pub seed: u64,
    /// Share of the fitting objects that gets each kind of fault, from 0 to 1. Above 0, each kind is planted at least three
    /// times where the town has room.
    pub faults: f64,
    /// Base IRI of the registry: graphs are named `{graph_base}/graph/{register}`.
    pub graph_base: String,
    /// Year of the most recent changes. Proposed objects changed last in this year, so they are not overdue yet.
    pub year: u16,
    /// Municipalities that merged into the town, up to [`MAX_MERGED`]; with 0 it always was what it is. Above 0 each has a
    /// postcode, and streets had other names before: by what replaced them, or by their versions.
    pub merged: u64,
    /// Misspelt questions to make about addresses in use.
    pub misspellings: u64,
}

impl Default for TownOptions {
    fn default() -> Self {
        Self {
            addresses: 1000,
            seed: 1,
            faults: 0.0,
            graph_base: "http://127.0.0.1:7400".to_owned(),
            year: 2026,
            merged: 0,
            misspellings: 0,
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TownStats {
    /// Quads.
    pub quads: u64,
    /// Street names.
    pub streets: u64,
    /// Addresses.
    pub addresses: u64,
    /// Buildings.
    pub buildings: u64,
    /// Building units.
    pub units: u64,
    /// Parcels.
    pub parcels: u64,
    /// Rows of ground truth.
    pub faults: u64,
    /// Misspelt questions.
    pub misspellings: u64,
}

/// Writes a town as N-Quads and calls `on_fault` for each planted fault.
///
/// # Errors
/// When the output or `on_fault` fails.
pub fn write_town(
    options: &TownOptions,
    out: impl Write,
    on_fault: &mut dyn FnMut(&PlantedFault) -> io::Result<()>,
) -> io::Result<TownStats> {
    write_town_and_questions(options, out, on_fault, &mut |_| Ok(()))
}

/// As [`write_town`], and calls `on_question` for each misspelt question.
///
/// # Errors
/// When the output, `on_fault` or `on_question` fails.
pub fn write_town_and_questions(
    options: &TownOptions,
    out: impl Write,
    on_fault: &mut dyn FnMut(&PlantedFault) -> io::Result<()>,
    on_question: &mut dyn FnMut(&Misspelt) -> io::Result<()>,
) -> io::Result<TownStats> {
    let writer = TownWriter::new(QuadWriter::new(out), GraphNames::new(&options.graph_base));
    Town::new(options, writer, on_fault, on_question).build()
}

/// Addresses per street name, as in the whole region.
const ADDRESSES_PER_STREET: u64 = 49;
/// Streets of which one is proposed and one retired.
const STREETS_PER_UNUSED: u64 = 60;
/// Object numbers start here: above every number a register has given out, below those of the fixtures.
const FIRST_OBJECT: u64 = 80_000_000;
/// Centimetres between plots and between streets.
const PLOT_WIDTH: i64 = 2_000;
const STREET_SPACING: i64 = 25_000;

struct Town<'a, W> {
    random: Random,
    planner: FaultPlanner,
    writer: TownWriter<W>,
    on_fault: &'a mut dyn FnMut(&PlantedFault) -> io::Result<()>,
    on_question: &'a mut dyn FnMut(&Misspelt) -> io::Result<()>,
    history: Option<History>,
    misspeller: Misspeller,
    stats: TownStats,
    wanted: u64,
    year: u16,
    municipality: Municipality,
    neighbour: Municipality,
    postcodes: Vec<String>,
    neighbour_postcode: String,
    corner: Point,
    next_object: u64,
    next_parcel: u64,
    proposed_street: u64,
    retired_street: u64,
}

/// A street being built up.
struct BuildingSite {
    street: Street,
    origin: Point,
    direction: Direction,
    plots: u64,
    number: u64,
}

impl<'a, W: Write> Town<'a, W> {
    fn new(
        options: &TownOptions,
        writer: TownWriter<W>,
        on_fault: &'a mut dyn FnMut(&PlantedFault) -> io::Result<()>,
        on_question: &'a mut dyn FnMut(&Misspelt) -> io::Result<()>,
    ) -> Self {
        let mut random = Random::new(options.seed);
        let mut place = |nis: &str| Municipality {
            nis: nis.to_owned(),
            name: names::place_name(&mut random),
            version: names::version_time(&mut random, options.year),
        };
        // Codes that no municipality and no postal area has.
        let (municipality, mut neighbour) = (place("99001"), place("99002"));
        if neighbour.name == municipality.name {
            neighbour.name = format!("Neder-{}", municipality.name);
        }
        let history = History::new(options, [&municipality, &neighbour]);
        let postcodes = match &history {
            Some(history) => history.postcodes(),
            None => ["9996", "9997", "9998"].map(str::to_owned).to_vec(),
        };
        let corner = Point {
            x: random.between(4_000_000, 18_000_000) as i64,
            y: random.between(16_500_000, 21_000_000) as i64,
        };
        Self {
            random,
            planner: FaultPlanner::new(options.faults),
            writer,
            on_fault,
            on_question,
            history,
            misspeller: Misspeller::new(options),
            stats: TownStats::default(),
            wanted: options.addresses,
            year: options.year,
            municipality,
            neighbour,
            postcodes,
            neighbour_postcode: "9999".to_owned(),
            corner,
            next_object: FIRST_OBJECT,
            next_parcel: 0,
            proposed_street: 0,
            retired_street: 0,
        }
    }

    fn build(mut self) -> io::Result<TownStats> {
        self.write_place()?;
        let streets = (self.wanted / ADDRESSES_PER_STREET).max(4);
        self.proposed_street = self.write_unused_streets("voorgesteld", streets)?;
        self.retired_street = self.write_unused_streets("gehistoreerd", streets)?;
        // Zipf with exponent one half, in whole numbers: few long streets and many short ones.
        let weight = |street: u64| 1_000_000 / (street + 1).isqrt();
        let total: u64 = (0..streets).map(weight).sum();
        let mut share = 0;
        for street in 0..streets {
            share += weight(street);
            let until = (u128::from(self.wanted) * u128::from(share) / u128::from(total)) as u64;
            self.build_street(street, streets, until)?;
        }
        self.writer.out.flush()?;
        self.stats.quads = self.writer.out.count();
        Ok(self.stats)
    }

    fn write_place(&mut self) -> io::Result<()> {
        self.writer.municipality(&self.municipality)?;
        self.writer.municipality(&self.neighbour)?;
        if let Some(history) = &self.history {
            history.write_municipalities(&mut self.writer, &self.municipality)?;
        }
        let formers = self.history.as_ref().map_or(&[][..], History::formers);
        let name = |at: usize| &formers.get(at).unwrap_or(&self.municipality).name;
        let own = self.postcodes.iter().enumerate();
        let own = own.map(|(at, code)| (code, name(at), &self.municipality));
        let neighbour = &self.neighbour;
        let codes: Vec<Postcode> = own
            .chain([(&self.neighbour_postcode, &neighbour.name, neighbour)])
            .map(|(code, name, municipality)| Postcode {
                code: code.clone(),
                name: name.clone(),
                municipality: municipality.nis.clone(),
                version: municipality.version.clone(),
            })
            .collect();
        codes.iter().try_for_each(|code| self.writer.postcode(code))
    }

    /// Street names without addresses; returns the number of the first.
    fn write_unused_streets(&mut self, status: &'static str, streets: u64) -> io::Result<u64> {
        let mut first = 0;
        for index in 0..(streets / STREETS_PER_UNUSED).max(1) {
            // Names from the far end of the list, which the used streets do not reach.
            let offset = if status == "voorgesteld" { 0 } else { 1 };
            let mut street = self.street(2_000 + streets + 2 * index + offset, status);
            if status == "voorgesteld" {
                street.version = names::moment(&mut self.random, u64::from(self.year));
            }
            first = if index == 0 { street.id } else { first };
            self.write(batch(BatchKind::Other, vec![street]))?;
        }
        Ok(first)
    }

    fn street(&mut self, number: u64, status: &'static str) -> Street {
        let (name, addition) = names::street_name(number);
        Street {
            id: self.object_number(),
            name,
            addition,
            status,
            postcode: self.postcodes[(number % self.postcodes.len() as u64) as usize].clone(),
            municipality: self.municipality.nis.clone(),
            version: self.version(),
            name_has_language: true,
        }
    }

    fn build_street(&mut self, number: u64, streets: u64, until: u64) -> io::Result<()> {
        let street = self.street(number, "inGebruik");
        let mut on_paper = batch(BatchKind::Street, vec![street.clone()]);
        self.plant(&mut on_paper, 0)?;
        self.write(on_paper)?;
        let former = match &mut self.history {
            Some(history) => history.write_street(&mut self.writer, number, &street)?,
            None => None,
        };
        let columns = (streets.isqrt() + 1) as i64;
        let cell = number as i64;
        // Streets of a very large town start over at the corner, so that all stay inside the bounds.
        let (column, row) = (cell % columns % 240, cell / columns % 240);
        let origin = Point {
            x: self.corner.x + column * STREET_SPACING,
            y: self.corner.y + row * STREET_SPACING,
        };
        let direction = *self.random.pick(&DIRECTIONS);
        let mut site = BuildingSite {
            street,
            origin,
            direction,
            plots: 0,
            number: 0,
        };
        while self.stats.addresses < until {
            let room = self.wanted - self.stats.addresses;
            let mut plot = self.plot(&mut site, (until - self.stats.addresses).min(room));
            let used = plot.addresses.len() as u64;
            self.plant(&mut plot, room - used)?;
            for address in &plot.addresses {
                let codes = (self.postcodes.as_slice(), &self.neighbour_postcode);
                let about = (address, &site.street, former.as_ref());
                if let Some(question) = self.misspeller.ask(about, codes) {
                    self.stats.misspellings += 1;
                    (self.on_question)(&question)?;
                }
            }
            self.write(plot)?;
        }
        Ok(())
    }

    /// The next plot of a street with at most `room` addresses.
    fn plot(&mut self, site: &mut BuildingSite, room: u64) -> Batch {
        site.number += if self.random.chance(50_000) { 2 } else { 1 };
        let (side, along) = (
            if site.plots.is_multiple_of(2) { 1 } else { -1 },
            (site.plots / 2 % 400) as i64,
        );
        let centre = site
            .origin
            .walk(site.direction, along * PLOT_WIDTH, side * 2_500);
        site.plots += 1;
        let mut plot = batch(BatchKind::Other, Vec::new());
        plot.parcels.push(self.parcel(centre, site.direction));
        match self.random.below(1000) {
            0..30 => self.add_loose_address(&mut plot, site, centre, "voorgesteld"),
            30..75 => self.add_loose_address(&mut plot, site, centre, "gehistoreerd"),
            75..85 => self.add_loose_address(&mut plot, site, centre, "afgekeurd"),
            85..147 if room >= 4 => self.add_apartments(&mut plot, site, centre, room),
            _ => self.add_house(&mut plot, site, centre),
        }
        if self.random.chance(350_000) {
            // A garden or field behind the plot, without address.
            let behind = centre.walk(site.direction, 0, side * 4_500);
            plot.parcels.push(self.parcel(behind, site.direction));
        }
        plot
    }

    fn add_house(&mut self, plot: &mut Batch, site: &BuildingSite, centre: Point) {
        plot.kind = BatchKind::House;
        let unit = self.unit(centre, "nietGekend");
        let building = self.building(plot, site, centre, (900, 1_100), vec![unit.id]);
        let mut address = self.address(site, centre);
        if self.random.chance(46_000) {
            let letter = *self.random.pick(&["A", "B", "C"]);
            address.house_number = address.house_number.map(|number| number + letter);
        }
        address.units = vec![unit.id];
        address.parcels = vec![plot.parcels[0].id.clone()];
        if let Some(position) = address
            .position
            .as_mut()
            .filter(|_| self.random.chance(600_000))
        {
            position.method = "afgeleidVanObject";
        }
        plot.units.push(unit);
        plot.buildings.push(building);
        plot.addresses.push(address);
        if self.random.chance(350_000) {
            let shed = centre.walk(site.direction, 0, 1_400);
            let building = self.building(plot, site, shed, (400, 500), Vec::new());
            plot.buildings.push(building);
        }
    }

    fn add_apartments(&mut self, plot: &mut Batch, site: &BuildingSite, centre: Point, room: u64) {
        plot.kind = BatchKind::Apartments;
        let boxes = self.random.between(3, 10).min(room - 1);
        let mut parent = self.address(site, centre);
        parent.parcels = vec![plot.parcels[0].id.clone()];
        if let Some(position) = &mut parent.position {
            position.specification = "ingang";
        }
        plot.units.push(self.unit(centre, "gemeenschappelijkDeel"));
        for number in 1..=boxes {
            let at = centre.walk(
                site.direction,
                (number as i64 % 5 - 2) * 150,
                (number as i64 / 5) * 150,
            );
            let unit = self.unit(at, "nietGekend");
            let mut address = self.address(site, at);
            address.postcodes.clone_from(&parent.postcodes);
            address.box_number = Some(format!(
                "{:04}",
                (number - 1) / 3 * 100 + (number - 1) % 3 + 1
            ));
            address.part_of = Some(parent.id);
            address.units = vec![unit.id];
            address.parcels = vec![plot.parcels[0].id.clone()];
            plot.units.push(unit);
            plot.addresses.push(address);
        }
        plot.addresses.insert(0, parent);
        let units = plot.units.iter().map(|unit| unit.id).collect();
        let building = self.building(plot, site, centre, (1_600, 1_600), units);
        plot.buildings.push(building);
    }

    /// An address that is not in use: proposed on a parcel, or no longer (or never) there.
    fn add_loose_address(
        &mut self,
        plot: &mut Batch,
        site: &BuildingSite,
        centre: Point,
        status: &'static str,
    ) {
        let mut address = self.address(site, centre);
        address.statuses = vec![status];
        if let Some(position) = &mut address.position {
            position.specification = "perceel";
        }
        if status == "voorgesteld" {
            address.parcels = vec![plot.parcels[0].id.clone()];
            address.version = names::moment(&mut self.random, u64::from(self.year));
        }
        plot.addresses.push(address);
    }

    fn address(&mut self, site: &BuildingSite, point: Point) -> Address {
        Address {
            id: self.object_number(),
            street: object("straatnaam", site.street.id),
            street_name: site.street.name.clone(),
            house_number: Some(site.number.to_string()),
            box_number: None,
            postcodes: vec![site.street.postcode.clone()],
            municipality: self.municipality.clone(),
            attributed_to: vec![self.municipality.nis.clone()],
            statuses: vec!["inGebruik"],
            official: Ok(!self.random.chance(30_000)),
            part_of: None,
            position: Some(Position {
                point,
                method: "aangeduidDoorBeheerder",
                specification: "gebouweenheid",
                has_wkt: true,
            }),
            units: Vec::new(),
            parcels: Vec::new(),
            version: self.version(),
            has_identifier: true,
            namespace: object_namespace("adres"),
            full_text_has_language: true,
        }
    }

    fn building(
        &mut self,
        plot: &Batch,
        site: &BuildingSite,
        centre: Point,
        (width, depth): (i64, i64),
        units: Vec<u64>,
    ) -> Building {
        Building {
            id: self.object_number(),
            status: "gerealiseerd",
            outline: place::rectangle(centre, site.direction, width, depth),
            method: Some(if self.random.chance(900_000) {
                "ingemetenGRB"
            } else {
                "ingeschetst"
            }),
            reference: "dakrand",
            units,
            parcel: plot.parcels[0].id.clone(),
            version: self.version(),
        }
    }

    fn unit(&mut self, point: Point, function: &str) -> Unit {
        Unit {
            id: self.object_number(),
            status: "gerealiseerd",
            function: concept("gebouweenheidfunctie", function),
            point,
            version: self.version(),
        }
    }

    fn parcel(&mut self, centre: Point, direction: Direction) -> Parcel {
        let index = self.next_parcel;
        self.next_parcel += 1;
        let section = char::from(b'A' + (index / 9_999 % 26) as u8);
        // No cadastral division has this number.
        let (front, back) = (
            format!("99992{section}{:04}", index % 9_999 + 1),
            format!("{:02}_{:03}", index / 259_974 % 100, index / 25_997_400),
        );
        Parcel {
            id: format!("{front}-{back}"),
            notation: format!("{front}/{back}"),
            outline: place::rectangle(centre, direction, PLOT_WIDTH, 4_000),
            version: self.version(),
        }
    }

    fn plant(&mut self, batch: &mut Batch, room: u64) -> io::Result<()> {
        let spare = (self.next_object + 1, self.next_object + 2);
        let (neighbour, neighbour_postcode) = (&self.neighbour, &self.neighbour_postcode);
        let (postcodes, year) = (&self.postcodes, u64::from(self.year));
        let (proposed_street, retired_street) = (self.proposed_street, self.retired_street);
        let faults = self
            .planner
            .visit(batch, &mut self.random, room, |serial, random| {
                Surroundings {
                    neighbour: neighbour.clone(),
                    neighbour_postcode: neighbour_postcode.clone(),
                    postcodes: postcodes.clone(),
                    proposed_street,
                    retired_street,
                    recent: names::moment(random, year),
                    spare_address: spare.0,
                    spare_unit: spare.1,
                    serial,
                }
            });
        if !faults.is_empty() {
            self.next_object += 2;
        }
        self.stats.faults += faults.len() as u64;
        faults.iter().try_for_each(|fault| (self.on_fault)(fault))
    }

    fn write(&mut self, batch: Batch) -> io::Result<()> {
        self.stats.streets += batch.streets.len() as u64;
        self.stats.parcels += batch.parcels.len() as u64;
        self.stats.buildings += batch.buildings.len() as u64;
        self.stats.units += batch.units.len() as u64;
        self.stats.addresses += batch.addresses.len() as u64;
        let writer = &mut self.writer;
        batch.streets.iter().try_for_each(|it| writer.street(it))?;
        batch.parcels.iter().try_for_each(|it| writer.parcel(it))?;
        batch
            .buildings
            .iter()
            .try_for_each(|it| writer.building(it))?;
        batch.units.iter().try_for_each(|it| writer.unit(it))?;
        batch.addresses.iter().try_for_each(|it| writer.address(it))
    }

    /// Numbers are sparse and never used twice.
    fn object_number(&mut self) -> u64 {
        self.next_object += if self.random.chance(100_000) {
            self.random.between(2, 9)
        } else {
            1
        };
        self.next_object
    }

    fn version(&mut self) -> String {
        names::version_time(&mut self.random, self.year)
    }
}

fn batch(kind: BatchKind, streets: Vec<Street>) -> Batch {
    Batch {
        kind,
        streets,
        parcels: Vec::new(),
        buildings: Vec::new(),
        units: Vec::new(),
        addresses: Vec::new(),
    }
}

#[cfg(test)]
mod tests;

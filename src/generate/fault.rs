//! Faults with known answers: each breaks one rule of the shipped shapes at one place and breaks no other.
//! The code of a fault is the local name of the shape that must report it.

use crate::generate::entity::{
    Address, Building, Municipality, Parcel, Position, Street, Unit, full_text,
};
use crate::generate::entity::{concept, object, object_namespace, part};
use crate::generate::place::Point;
use crate::generate::random::Random;

const ADR: &str = "https://data.vlaanderen.be/ns/adres#";
const GEB: &str = "https://data.vlaanderen.be/ns/gebouw#";
const GEN: &str = "https://data.vlaanderen.be/ns/generiek#";
const AS_WKT: &str = "http://www.opengis.net/ont/geosparql#asWKT";
const IDENTIFIER: &str = "http://www.w3.org/ns/adms#identifier";
const ATTRIBUTED: &str = "http://www.w3.org/ns/prov#wasAttributedTo";
const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
const NOTATION: &str = "http://www.w3.org/2004/02/skos/core#notation";

/// One planted fault: what a check of the generated town must find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantedFault {
    /// Local name of the shape that must report it, such as `Q102` or `AdresShape-huisnummer`.
    pub code: &'static str,
    /// Focus node.
    pub focus: String,
    /// Property the fault is in.
    pub path: String,
    /// What stands there; empty when a value is missing.
    pub wrong: String,
    /// What should stand there; empty when the value should not be there.
    pub right: String,
}

/// What a batch holds, which decides the faults that fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchKind {
    /// A street name.
    Street,
    /// A parcel with one building, one unit and one address in use.
    House,
    /// A parcel with a building of several units, each with a box address.
    Apartments,
    /// Anything no fault is planted in.
    Other,
}

/// Things that are written together.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) kind: BatchKind,
    pub(crate) streets: Vec<Street>,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) buildings: Vec<Building>,
    pub(crate) units: Vec<Unit>,
    pub(crate) addresses: Vec<Address>,
}

/// What lies around a batch, for faults that need another object.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) neighbour: Municipality,
    pub(crate) neighbour_postcode: String,
    pub(crate) postcodes: Vec<String>,
    pub(crate) proposed_street: u64,
    pub(crate) retired_street: u64,
    pub(crate) recent: String,
    pub(crate) spare_address: u64,
    pub(crate) spare_unit: u64,
    /// How many faults of this kind came before.
    pub(crate) serial: u64,
}

type Plant = fn(&mut Batch, &Surroundings) -> Vec<PlantedFault>;

struct Fault {
    code: &'static str,
    fits: BatchKind,
    extra_addresses: u64,
    plant: Plant,
}

const fn fault(code: &'static str, fits: BatchKind, extra_addresses: u64, plant: Plant) -> Fault {
    Fault {
        code,
        fits,
        extra_addresses,
        plant,
    }
}

use BatchKind::{Apartments, House};

const FAULTS: [Fault; 35] = [
    fault("AdresShape-huisnummer", House, 0, house_number),
    fault(
        "AdresShape-heeftStraatnaam",
        House,
        0,
        street_is_municipality,
    ),
    fault("AdresShape-heeftPostinfo", House, 0, two_postcodes),
    fault("AdresShape-status", House, 0, unknown_address_status),
    fault("AdresShape-officieelToegekend", House, 0, official_as_text),
    fault("AdresShape-positie", House, 0, no_position),
    fault("AdresShape-wasAttributedTo", House, 0, two_municipalities),
    fault("AdresShape-identifier", House, 0, no_identifier),
    fault(
        "AdresuitbreidingShape-volledigAdres",
        House,
        0,
        full_text_without_language,
    ),
    fault(
        "GestructureerdeIdentificatorShape-naamruimte",
        House,
        0,
        slash_after_namespace,
    ),
    fault("PuntShape-asWKT", House, 0, no_wkt),
    fault(
        "StraatnaamShape-label",
        BatchKind::Street,
        0,
        street_without_language,
    ),
    fault(
        "StraatnaamShape-status",
        BatchKind::Street,
        0,
        unknown_street_status,
    ),
    fault("GebouwShape-status", House, 0, unknown_building_status),
    fault(
        "Gebouwgeometrie2DShape-methode",
        House,
        0,
        no_building_method,
    ),
    fault(
        "GebouweenheidShape-functie",
        House,
        0,
        function_of_another_list,
    ),
    fault("GebouweenheidShape-gebouw", House, 0, unit_without_building),
    fault("PerceelShape-capakey", House, 0, malformed_parcel_number),
    fault("Q102", House, 1, in_use_without_object),
    fault("Q111", Apartments, 0, address_on_two_units),
    fault("Q112", House, 1, proposed_too_long),
    fault("Q113", House, 1, derived_from_no_unit),
    fault("Q114", House, 0, unit_without_parcel),
    fault("Q115", House, 1, proposed_without_object),
    fault("Q117", House, 0, on_proposed_street),
    fault("Q121", House, 0, on_retired_street),
    fault("Q122", House, 0, unit_outside_building),
    fault("Q123", Apartments, 0, unit_without_address),
    fault("Q124", Apartments, 0, no_common_part),
    fault("Q125", House, 1, retired_but_linked),
    fault("Q201", House, 1, number_used_twice),
    fault("Q202", Apartments, 0, box_in_another_postcode),
    fault("Q203", House, 0, postcode_of_the_neighbour),
    fault("Q204", Apartments, 0, parent_not_in_use),
    fault("Q205", House, 0, outside_flanders),
];

/// Every fault is planted at least this often, where the town has room.
const AT_LEAST: u64 = 3;
/// Share of fitting batches used for faults that still lack their minimum, per million.
const CATCHING_UP: u64 = 300_000;

/// Decides where faults go: a share of the fitting batches, and a minimum of each kind.
pub(crate) struct FaultPlanner {
    parts_per_million: u64,
    planted: [u64; FAULTS.len()],
}

impl FaultPlanner {
    /// `rate` is the share of fitting objects that gets each fault, from 0 to 1.
    pub(crate) fn new(rate: f64) -> Self {
        let parts_per_million = (rate.clamp(0.0, 1.0) * 1_000_000.0).round() as u64;
        Self {
            parts_per_million,
            planted: [0; FAULTS.len()],
        }
    }

    /// Plants a fault in the batch, or leaves it sound. A batch gets one fault at most, so that one fault never hides another.
    pub(crate) fn visit(
        &mut self,
        batch: &mut Batch,
        random: &mut Random,
        room_for_addresses: u64,
        surroundings: impl FnOnce(u64, &mut Random) -> Surroundings,
    ) -> Vec<PlantedFault> {
        if self.parts_per_million == 0 {
            return Vec::new();
        }
        let fitting: Vec<usize> = (0..FAULTS.len())
            .filter(|&i| {
                FAULTS[i].fits == batch.kind && FAULTS[i].extra_addresses <= room_for_addresses
            })
            .collect();
        let lacking = fitting
            .iter()
            .copied()
            .filter(|&i| self.planted[i] < AT_LEAST)
            .min_by_key(|&i| self.planted[i]);
        let chosen = match lacking {
            Some(index) if random.chance(CATCHING_UP) => index,
            _ if random.chance(self.parts_per_million * fitting.len() as u64) => {
                *random.pick(&fitting)
            }
            _ => return Vec::new(),
        };
        let around = surroundings(self.planted[chosen], random);
        self.planted[chosen] += 1;
        let mut planted = (FAULTS[chosen].plant)(batch, &around);
        for fault in &mut planted {
            fault.code = FAULTS[chosen].code;
        }
        planted
    }
}

fn one(
    focus: String,
    path: String,
    wrong: impl Into<String>,
    right: impl Into<String>,
) -> Vec<PlantedFault> {
    vec![PlantedFault {
        code: "",
        focus,
        path,
        wrong: wrong.into(),
        right: right.into(),
    }]
}

fn adr(local: &str) -> String {
    format!("{ADR}{local}")
}

fn geb(local: &str) -> String {
    format!("{GEB}{local}")
}

fn house_number(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let right = address.house_number.clone().unwrap_or_default();
    address.house_number = (!around.serial.is_multiple_of(2)).then(|| format!("nr {right}"));
    let wrong = address.house_number.clone().unwrap_or_default();
    one(object("adres", address.id), adr("huisnummer"), wrong, right)
}

fn street_is_municipality(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let wrong = object("gemeente", &address.municipality.nis);
    let right = std::mem::replace(&mut address.street, wrong.clone());
    one(
        object("adres", address.id),
        adr("heeftStraatnaam"),
        wrong,
        right,
    )
}

fn two_postcodes(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let other = around
        .postcodes
        .iter()
        .find(|code| !address.postcodes.contains(code))
        .cloned()
        .unwrap_or_default();
    address.postcodes.push(other.clone());
    one(
        object("adres", address.id),
        adr("heeftPostinfo"),
        object("postinfo", other),
        "",
    )
}

fn unknown_address_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.statuses = vec!["bewoond"];
    let (wrong, right) = (
        concept("adresstatus", "bewoond"),
        concept("adresstatus", "inGebruik"),
    );
    one(
        object("adres", address.id),
        adr("Adres.status"),
        wrong,
        right,
    )
}

fn official_as_text(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.official = Err("ja");
    one(
        object("adres", address.id),
        adr("officieelToegekend"),
        "ja",
        "true",
    )
}

fn no_position(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.position = None;
    one(
        object("adres", address.id),
        adr("positie"),
        "",
        part("adres", address.id, "positie"),
    )
}

fn two_municipalities(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.attributed_to.push(around.neighbour.nis.clone());
    one(
        object("adres", address.id),
        ATTRIBUTED.to_owned(),
        object("gemeente", &around.neighbour.nis),
        "",
    )
}

fn no_identifier(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.has_identifier = false;
    one(
        object("adres", address.id),
        IDENTIFIER.to_owned(),
        "",
        part("adres", address.id, "id"),
    )
}

fn full_text_without_language(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.full_text_has_language = false;
    let text = full_text(address);
    one(
        part("adres", address.id, "uitbreiding"),
        adr("volledigAdres"),
        text.clone(),
        format!("{text}@nl"),
    )
}

fn slash_after_namespace(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.namespace.push('/');
    let wrong = address.namespace.clone();
    one(
        part("adres", address.id, "gid"),
        format!("{GEN}naamruimte"),
        wrong,
        object_namespace("adres"),
    )
}

fn no_wkt(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let mut right = String::new();
    if let Some(position) = &mut address.position {
        position.has_wkt = false;
        right = crate::generate::place::point_wkt(position.point);
    }
    one(
        part("adres", address.id, "punt"),
        AS_WKT.to_owned(),
        "",
        right,
    )
}

fn street_without_language(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let street = &mut batch.streets[0];
    street.name_has_language = false;
    one(
        object("straatnaam", street.id),
        LABEL.to_owned(),
        street.name.clone(),
        format!("{}@nl", street.name),
    )
}

fn unknown_street_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let street = &mut batch.streets[0];
    street.status = "inGebruikt";
    let (wrong, right) = (
        concept("straatnaamstatus", street.status),
        concept("straatnaamstatus", "inGebruik"),
    );
    one(
        object("straatnaam", street.id),
        adr("Straatnaam.status"),
        wrong,
        right,
    )
}

fn unknown_building_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let building = &mut batch.buildings[0];
    let right = concept("gebouwstatus", building.status);
    building.status = "bewoond";
    one(
        object("gebouw", building.id),
        geb("Gebouw.status"),
        concept("gebouwstatus", "bewoond"),
        right,
    )
}

fn no_building_method(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let building = &mut batch.buildings[0];
    let right = building
        .method
        .take()
        .map(|method| concept("2Dgeometriemethode", method))
        .unwrap_or_default();
    one(
        part("gebouw", building.id, "geometrie"),
        geb("methode"),
        "",
        right,
    )
}

fn function_of_another_list(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let unit = &mut batch.units[0];
    let right = std::mem::replace(
        &mut unit.function,
        concept("gebouweenheidstatus", "gerealiseerd"),
    );
    one(
        object("gebouweenheid", unit.id),
        geb("functie"),
        unit.function.clone(),
        right,
    )
}

fn unit_without_building(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    batch.buildings[0].units.clear();
    let building = object("gebouw", batch.buildings[0].id);
    one(
        object("gebouweenheid", batch.units[0].id),
        format!("^{}", geb("bestaatUit")),
        "",
        building,
    )
}

fn malformed_parcel_number(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let parcel = &mut batch.parcels[0];
    let wrong = parcel.notation.replace('/', "-");
    let right = std::mem::replace(&mut parcel.notation, wrong.clone());
    one(
        object("perceel", &parcel.id),
        format!("{IDENTIFIER} {NOTATION}"),
        wrong,
        right,
    )
}

/// A second address on the plot, placed by hand and linked to the parcel.
fn extra_address<'a>(batch: &'a mut Batch, around: &Surroundings) -> &'a mut Address {
    let mut extra = batch.addresses[0].clone();
    extra.id = around.spare_address;
    extra.house_number = extra.house_number.map(|number| format!("{number}Z"));
    extra.units.clear();
    if let Some(position) = &mut extra.position {
        position.method = "aangeduidDoorBeheerder";
        position.specification = "perceel";
    }
    batch.addresses.push(extra);
    batch
        .addresses
        .last_mut()
        .expect("an address was just added")
}

fn in_use_without_object(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    let right = extra
        .parcels
        .pop()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(object("adres", extra.id), adr("isToegekendAan"), "", right)
}

fn address_on_two_units(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let other = batch.addresses[2].units[0];
    let address = &mut batch.addresses[1];
    address.units.push(other);
    one(
        object("adres", address.id),
        adr("isToegekendAan"),
        object("gebouweenheid", other),
        "",
    )
}

fn proposed_too_long(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    extra.statuses = vec!["voorgesteld"];
    extra.version = "2016-03-07T10:15:00+01:00".to_owned();
    let path = format!("{GEN}versieIdentificator");
    one(
        object("adres", extra.id),
        path,
        extra.version.clone(),
        around.recent.clone(),
    )
}

fn derived_from_no_unit(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    if let Some(position) = &mut extra.position {
        position.method = "afgeleidVanObject";
        position.specification = "gebouweenheid";
    }
    let (wrong, right) = (
        concept("geometriespecificatie", "gebouweenheid"),
        concept("geometriespecificatie", "perceel"),
    );
    one(
        object("adres", extra.id),
        format!("{GEN}specificatie"),
        wrong,
        right,
    )
}

fn unit_without_parcel(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let right = address
        .parcels
        .pop()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(
        object("adres", address.id),
        adr("isToegekendAan"),
        "",
        right,
    )
}

fn proposed_without_object(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    extra.statuses = vec!["voorgesteld"];
    extra.version.clone_from(&around.recent);
    let right = extra
        .parcels
        .pop()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(object("adres", extra.id), adr("isToegekendAan"), "", right)
}

fn move_to_street(address: &mut Address, street: u64, serial: u64) -> Vec<PlantedFault> {
    let wrong = object("straatnaam", street);
    let right = std::mem::replace(&mut address.street, wrong.clone());
    // Numbers of their own, so that no two addresses meet on that street.
    address.house_number = Some((serial + 1).to_string());
    one(
        object("adres", address.id),
        adr("heeftStraatnaam"),
        wrong,
        right,
    )
}

fn on_proposed_street(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    move_to_street(
        &mut batch.addresses[0],
        around.proposed_street,
        around.serial,
    )
}

fn on_retired_street(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    move_to_street(
        &mut batch.addresses[0],
        around.retired_street,
        around.serial,
    )
}

fn unit_outside_building(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let unit = &mut batch.units[0];
    let right = crate::generate::place::point_wkt(unit.point);
    unit.point = Point {
        x: unit.point.x + 50_000,
        y: unit.point.y,
    };
    let wrong = crate::generate::place::point_wkt(unit.point);
    one(
        object("gebouweenheid", unit.id),
        geb("Gebouweenheid.geometrie"),
        wrong,
        right,
    )
}

fn unit_without_address(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let mut extra = batch.units[0].clone();
    extra.id = around.spare_unit;
    extra.function = concept("gebouweenheidfunctie", "nietGekend");
    batch.buildings[0].units.push(extra.id);
    let focus = object("gebouweenheid", extra.id);
    batch.units.push(extra);
    one(focus, format!("^{}", adr("isToegekendAan")), "", "")
}

fn no_common_part(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let common = concept("gebouweenheidfunctie", "gemeenschappelijkDeel");
    let removed: Vec<u64> = batch
        .units
        .iter()
        .filter(|unit| unit.function == common)
        .map(|unit| unit.id)
        .collect();
    batch.units.retain(|unit| unit.function != common);
    batch.buildings[0]
        .units
        .retain(|unit| !removed.contains(unit));
    let right = removed
        .first()
        .map(|unit| object("gebouweenheid", unit))
        .unwrap_or_default();
    one(
        object("gebouw", batch.buildings[0].id),
        geb("bestaatUit"),
        "",
        right,
    )
}

fn retired_but_linked(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    extra.statuses = vec!["gehistoreerd"];
    let wrong = extra
        .parcels
        .first()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(object("adres", extra.id), adr("isToegekendAan"), wrong, "")
}

fn number_used_twice(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let original = batch.addresses[0].clone();
    let extra = extra_address(batch, around);
    let right = extra.house_number.take().unwrap_or_default();
    extra.house_number.clone_from(&original.house_number);
    let wrong = extra.house_number.clone().unwrap_or_default();
    // Both addresses are reported: nobody can tell which came first.
    let mut faults = one(
        object("adres", extra.id),
        adr("huisnummer"),
        wrong.clone(),
        right,
    );
    faults.extend(one(
        object("adres", original.id),
        adr("huisnummer"),
        wrong.clone(),
        wrong,
    ));
    faults
}

fn box_in_another_postcode(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[1];
    let right = address.postcodes[0].clone();
    let wrong = around
        .postcodes
        .iter()
        .find(|code| **code != right)
        .cloned()
        .unwrap_or_default();
    address.postcodes = vec![wrong.clone()];
    one(
        object("adres", address.id),
        adr("heeftPostinfo"),
        object("postinfo", wrong),
        object("postinfo", right),
    )
}

fn postcode_of_the_neighbour(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let right = std::mem::replace(&mut address.postcodes[0], around.neighbour_postcode.clone());
    let wrong = object("postinfo", &around.neighbour_postcode);
    one(
        object("adres", address.id),
        adr("heeftPostinfo"),
        wrong,
        object("postinfo", right),
    )
}

fn parent_not_in_use(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let parent = &mut batch.addresses[0];
    parent.statuses = vec!["voorgesteld"];
    parent.version.clone_from(&around.recent);
    let (wrong, right) = (
        concept("adresstatus", "voorgesteld"),
        concept("adresstatus", "inGebruik"),
    );
    let path = format!("http://purl.org/dc/terms/isPartOf {}", adr("Adres.status"));
    let boxes = batch.addresses[1..].iter();
    boxes
        .flat_map(|address| {
            one(
                object("adres", address.id),
                path.clone(),
                wrong.clone(),
                right.clone(),
            )
        })
        .collect()
}

fn outside_flanders(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let far = Point {
        x: 1_000_000,
        y: 1_000_000,
    };
    let right = address
        .position
        .as_ref()
        .map(|it| crate::generate::place::point_wkt(it.point))
        .unwrap_or_default();
    address.position = address.position.take().map(|position| Position {
        point: far,
        ..position
    });
    one(
        object("adres", address.id),
        adr("positie"),
        crate::generate::place::point_wkt(far),
        right,
    )
}

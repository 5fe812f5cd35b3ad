//! How each fault is put into a batch. Which fault goes where is decided in `fault`.

use crate::generate::entity::{Address, Position, full_text};
use crate::generate::entity::{concept, object, object_namespace, part};
use crate::generate::fault::{Batch, PlantedFault, Surroundings};
use crate::generate::place::Point;

const ADR: &str = "https://data.vlaanderen.be/ns/adres#";
const GEB: &str = "https://data.vlaanderen.be/ns/gebouw#";
const GEN: &str = "https://data.vlaanderen.be/ns/generiek#";
const AS_WKT: &str = "http://www.opengis.net/ont/geosparql#asWKT";
const IDENTIFIER: &str = "http://www.w3.org/ns/adms#identifier";
const ATTRIBUTED: &str = "http://www.w3.org/ns/prov#wasAttributedTo";
const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
const NOTATION: &str = "http://www.w3.org/2004/02/skos/core#notation";

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

pub(super) fn house_number(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let right = address.house_number.clone().unwrap_or_default();
    address.house_number = (!around.serial.is_multiple_of(2)).then(|| format!("nr {right}"));
    let wrong = address.house_number.clone().unwrap_or_default();
    one(object("adres", address.id), adr("huisnummer"), wrong, right)
}

pub(super) fn street_is_municipality(
    batch: &mut Batch,
    around: &Surroundings,
) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    let wrong = object("gemeente", &address.municipality.nis);
    moved(address, wrong, around.serial)
}

pub(super) fn two_postcodes(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn unknown_address_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn official_as_text(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.official = Err("ja");
    one(
        object("adres", address.id),
        adr("officieelToegekend"),
        "ja",
        "true",
    )
}

pub(super) fn no_position(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.position = None;
    one(
        object("adres", address.id),
        adr("positie"),
        "",
        part("adres", address.id, "positie"),
    )
}

pub(super) fn two_municipalities(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.attributed_to.push(around.neighbour.nis.clone());
    one(
        object("adres", address.id),
        ATTRIBUTED.to_owned(),
        object("gemeente", &around.neighbour.nis),
        "",
    )
}

pub(super) fn no_identifier(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let address = &mut batch.addresses[0];
    address.has_identifier = false;
    one(
        object("adres", address.id),
        IDENTIFIER.to_owned(),
        "",
        part("adres", address.id, "id"),
    )
}

pub(super) fn full_text_without_language(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn slash_after_namespace(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn no_wkt(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn street_without_language(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    let street = &mut batch.streets[0];
    street.name_has_language = false;
    one(
        object("straatnaam", street.id),
        LABEL.to_owned(),
        street.name.clone(),
        format!("{}@nl", street.name),
    )
}

pub(super) fn unknown_street_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn unknown_building_status(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn no_building_method(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn function_of_another_list(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn unit_without_building(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
    batch.buildings[0].units.clear();
    let building = object("gebouw", batch.buildings[0].id);
    one(
        object("gebouweenheid", batch.units[0].id),
        format!("^{}", geb("bestaatUit")),
        "",
        building,
    )
}

pub(super) fn malformed_parcel_number(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn in_use_without_object(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    let right = extra
        .parcels
        .pop()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(object("adres", extra.id), adr("isToegekendAan"), "", right)
}

pub(super) fn address_on_two_units(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn proposed_too_long(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn derived_from_no_unit(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn unit_without_parcel(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn proposed_without_object(
    batch: &mut Batch,
    around: &Surroundings,
) -> Vec<PlantedFault> {
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
    moved(address, object("straatnaam", street), serial)
}

/// Puts an address on what is not its street.
fn moved(address: &mut Address, wrong: String, serial: u64) -> Vec<PlantedFault> {
    let right = std::mem::replace(&mut address.street, wrong.clone());
    // Numbers of their own, so that no two addresses meet there.
    address.house_number = Some((serial + 1).to_string());
    one(
        object("adres", address.id),
        adr("heeftStraatnaam"),
        wrong,
        right,
    )
}

pub(super) fn on_proposed_street(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    move_to_street(
        &mut batch.addresses[0],
        around.proposed_street,
        around.serial,
    )
}

pub(super) fn on_retired_street(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    move_to_street(
        &mut batch.addresses[0],
        around.retired_street,
        around.serial,
    )
}

pub(super) fn unit_outside_building(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn unit_without_address(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let mut extra = batch.units[0].clone();
    extra.id = around.spare_unit;
    extra.function = concept("gebouweenheidfunctie", "nietGekend");
    batch.buildings[0].units.push(extra.id);
    let focus = object("gebouweenheid", extra.id);
    batch.units.push(extra);
    one(focus, format!("^{}", adr("isToegekendAan")), "", "")
}

pub(super) fn no_common_part(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn retired_but_linked(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
    let extra = extra_address(batch, around);
    extra.statuses = vec!["gehistoreerd"];
    let wrong = extra
        .parcels
        .first()
        .map(|parcel| object("perceel", parcel))
        .unwrap_or_default();
    one(object("adres", extra.id), adr("isToegekendAan"), wrong, "")
}

pub(super) fn number_used_twice(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn box_in_another_postcode(
    batch: &mut Batch,
    around: &Surroundings,
) -> Vec<PlantedFault> {
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

pub(super) fn postcode_of_the_neighbour(
    batch: &mut Batch,
    around: &Surroundings,
) -> Vec<PlantedFault> {
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

pub(super) fn parent_not_in_use(batch: &mut Batch, around: &Surroundings) -> Vec<PlantedFault> {
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

pub(super) fn outside_flanders(batch: &mut Batch, _: &Surroundings) -> Vec<PlantedFault> {
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

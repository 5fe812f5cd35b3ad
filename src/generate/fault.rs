//! Faults with known answers: each breaks one rule of the shipped shapes at one place and breaks no other.
//! The code of a fault is the local name of the shape that must report it.

use crate::generate::entity::{Address, Building, Municipality, Parcel, Street, Unit};
use crate::generate::plant;
use crate::generate::random::Random;

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
    fault("AdresShape-huisnummer", House, 0, plant::house_number),
    fault(
        "AdresShape-heeftStraatnaam",
        House,
        0,
        plant::street_is_municipality,
    ),
    fault("AdresShape-heeftPostinfo", House, 0, plant::two_postcodes),
    fault("AdresShape-status", House, 0, plant::unknown_address_status),
    fault(
        "AdresShape-officieelToegekend",
        House,
        0,
        plant::official_as_text,
    ),
    fault("AdresShape-positie", House, 0, plant::no_position),
    fault(
        "AdresShape-wasAttributedTo",
        House,
        0,
        plant::two_municipalities,
    ),
    fault("AdresShape-identifier", House, 0, plant::no_identifier),
    fault(
        "AdresuitbreidingShape-volledigAdres",
        House,
        0,
        plant::full_text_without_language,
    ),
    fault(
        "GestructureerdeIdentificatorShape-naamruimte",
        House,
        0,
        plant::slash_after_namespace,
    ),
    fault("PuntShape-asWKT", House, 0, plant::no_wkt),
    fault(
        "StraatnaamShape-label",
        BatchKind::Street,
        0,
        plant::street_without_language,
    ),
    fault(
        "StraatnaamShape-status",
        BatchKind::Street,
        0,
        plant::unknown_street_status,
    ),
    fault(
        "GebouwShape-status",
        House,
        0,
        plant::unknown_building_status,
    ),
    fault(
        "Gebouwgeometrie2DShape-methode",
        House,
        0,
        plant::no_building_method,
    ),
    fault(
        "GebouweenheidShape-functie",
        House,
        0,
        plant::function_of_another_list,
    ),
    fault(
        "GebouweenheidShape-gebouw",
        House,
        0,
        plant::unit_without_building,
    ),
    fault(
        "PerceelShape-capakey",
        House,
        0,
        plant::malformed_parcel_number,
    ),
    fault("Q102", House, 1, plant::in_use_without_object),
    fault("Q111", Apartments, 0, plant::address_on_two_units),
    fault("Q112", House, 1, plant::proposed_too_long),
    fault("Q113", House, 1, plant::derived_from_no_unit),
    fault("Q114", House, 0, plant::unit_without_parcel),
    fault("Q115", House, 1, plant::proposed_without_object),
    fault("Q117", House, 0, plant::on_proposed_street),
    fault("Q121", House, 0, plant::on_retired_street),
    fault("Q122", House, 0, plant::unit_outside_building),
    fault("Q123", Apartments, 0, plant::unit_without_address),
    fault("Q124", Apartments, 0, plant::no_common_part),
    fault("Q125", House, 1, plant::retired_but_linked),
    fault("Q201", House, 1, plant::number_used_twice),
    fault("Q202", Apartments, 0, plant::box_in_another_postcode),
    fault("Q203", House, 0, plant::postcode_of_the_neighbour),
    fault("Q204", Apartments, 0, plant::parent_not_in_use),
    fault("Q205", House, 0, plant::outside_flanders),
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

//! Names of generated places and streets, and moments in time. Made up from common word parts; no real list is copied.

use crate::generate::random::Random;

/// Street names that nearly every place has, the most common first.
const COMMON: [&str; 12] = [
    "Markt",
    "Dorpsstraat",
    "Grote Markt",
    "Kerkstraat",
    "Marktplein",
    "Stationsstraat",
    "Molenstraat",
    "Nieuwstraat",
    "Schoolstraat",
    "Veldstraat",
    "Kapelstraat",
    "Hoogstraat",
];
const SIZES: [&str; 6] = ["", "Oude ", "Nieuwe ", "Korte ", "Lange ", "Kleine "];
const STEMS: [&str; 40] = [
    "Acacia",
    "Akker",
    "Beek",
    "Berken",
    "Beuken",
    "Bloemen",
    "Boomgaard",
    "Bos",
    "Bron",
    "Brug",
    "Dennen",
    "Duin",
    "Eiken",
    "Elzen",
    "Esdoorn",
    "Hazelaar",
    "Heide",
    "Hof",
    "Iepen",
    "Kastanje",
    "Kersen",
    "Klaver",
    "Kouter",
    "Krekel",
    "Leeuwerik",
    "Linden",
    "Meers",
    "Merel",
    "Mispel",
    "Olm",
    "Populieren",
    "Riet",
    "Rozen",
    "Sparren",
    "Spoor",
    "Tarwe",
    "Vijver",
    "Vlas",
    "Wilgen",
    "Zonne",
];
const KINDS: [&str; 10] = [
    "straat", "laan", "weg", "dreef", "plein", "steenweg", "pad", "hof", "lei", "baan",
];

const PLACE_STARTS: [&str; 16] = [
    "Beuk", "Bies", "Distel", "Elst", "Galg", "Haver", "Hulst", "Klei", "Korn", "Lisse", "Mos",
    "Raven", "Vlier", "Wulf", "Zand", "Zwaan",
];
const PLACE_ENDS: [&str; 10] = [
    "beke", "broek", "donk", "dorp", "gem", "hoven", "kerke", "rode", "velde", "zele",
];

/// Moments at which many objects changed at once: migrations leave the same second on a large share of a register.
const MIGRATIONS: [&str; 5] = [
    "2011-05-14T03:20:11+02:00",
    "2014-02-08T22:04:37+01:00",
    "2018-09-29T06:41:52+02:00",
    "2020-11-21T01:15:09+01:00",
    "2023-11-04T12:33:48+01:00",
];

/// Name and homonym addition of the street with this number, the most common names first.
pub(crate) fn street_name(number: u64) -> (String, Option<String>) {
    let made = (SIZES.len() * STEMS.len() * KINDS.len()) as u64;
    let all = COMMON.len() as u64 + made;
    let (turn, place) = (number / all, number % all);
    let name = match COMMON.get(place as usize) {
        Some(name) => (*name).to_owned(),
        None => {
            // Stems change fastest, so neighbouring streets have different names.
            let place = place as usize - COMMON.len();
            let stem = STEMS[place % STEMS.len()];
            let kind = KINDS[(place / STEMS.len() + place % STEMS.len()) % KINDS.len()];
            let size = SIZES[place / STEMS.len() / KINDS.len()];
            if size.is_empty() {
                format!("{stem}{kind}")
            } else {
                format!("{size}{stem}{kind}")
            }
        }
    };
    (
        name,
        (turn > 0).then(|| format!("{}{}", PLACE_STARTS[(turn % 16) as usize], turn)),
    )
}

/// Name of a place.
pub(crate) fn place_name(random: &mut Random) -> String {
    format!("{}{}", random.pick(&PLACE_STARTS), random.pick(&PLACE_ENDS))
}

/// The moment of an object's last change: often a migration, else any second before `last_year`.
pub(crate) fn version_time(random: &mut Random, last_year: u16) -> String {
    if random.chance(400_000) {
        return (*random.pick(&MIGRATIONS)).to_owned();
    }
    let year = random.between(2011, u64::from(last_year).max(2012));
    moment(random, year)
}

/// A moment in a year, with the local offset of that season.
pub(crate) fn moment(random: &mut Random, year: u64) -> String {
    let month = random.between(1, 13);
    // Before the 25th no month has changed its clocks yet.
    let day = random.between(1, 25);
    let offset = if (4..=10).contains(&month) { 2 } else { 1 };
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+{offset:02}:00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_with_their_additions_are_unique() {
        let mut seen = HashSet::new();
        assert!((0..6000).all(|n| seen.insert(street_name(n))));
        assert_eq!(street_name(0), ("Markt".to_owned(), None));
        assert!(street_name(5000).1.is_some());
    }
}

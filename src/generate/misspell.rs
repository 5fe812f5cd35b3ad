//! Questions about addresses as people ask them: with a slip of the pen, short, with a wrong postcode or by a name of before a
//! merger, each with the address that is meant. The same for the same seed; draws from a source of its own.

use super::TownOptions;
use super::entity::{Address, Street, object};
use super::history::FormerName;
use super::random::Random;

/// Ways in which a question is wrong.
const KINDS: [&str; 5] = [
    "verwisseld",
    "weggelaten",
    "afgekort",
    "postcode",
    "vroegereNaam",
];
/// What people write short at the end of a street name.
const ENDINGS: [(&str, &[&str]); 9] = [
    ("straat", &["str.", "str", "strt"]),
    ("laan", &["ln.", "ln"]),
    ("steenweg", &["stwg.", "stw", "steenw."]),
    ("dreef", &["dr.", "drf"]),
    ("plein", &["pl.", "pln"]),
    ("weg", &["wg."]),
    ("baan", &["bn."]),
    ("hof", &["hf."]),
    ("pad", &["pd."]),
];
/// And at its beginning.
const BEGINNINGS: [(&str, &str); 5] = [
    ("Nieuwe ", "Nw. "),
    ("Korte ", "K. "),
    ("Lange ", "Lge. "),
    ("Kleine ", "Kl. "),
    ("Grote ", "Gr. "),
];

/// A misspelt question with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// What is wrong: `verwisseld`, `weggelaten`, `afgekort`, `postcode` or `vroegereNaam`.
    pub kind: &'static str,
    /// Parameters of adresmatch with their values.
    pub question: Vec<(&'static str, String)>,
    /// IRI of the address that is meant.
    pub expected: String,
}

impl Misspelt {
    /// The parameters as the query of a URL.
    pub fn query(&self) -> String {
        let pairs = self.question.iter().map(|(name, value)| {
            let mut text = format!("{name}=");
            for byte in value.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        text.push(char::from(byte));
                    }
                    other => text.push_str(&format!("%{other:02X}")),
                }
            }
            text
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// Chooses addresses and asks for them.
pub(super) struct Misspeller {
    random: Random,
    /// Addresses between two questions.
    stride: u64,
    until_next: u64,
    left: u64,
    asked: [u64; KINDS.len()],
}

impl Misspeller {
    pub(super) fn new(options: &TownOptions) -> Self {
        // Three in four addresses are in use; half the distance leaves room for those that are not.
        let stride = options.addresses * 3 / 5 / options.misspellings.max(1);
        Self {
            random: Random::new(options.seed ^ 0x0A5C_BADD_0115),
            stride: stride.max(1),
            until_next: 1,
            left: options.misspellings,
            asked: [0; KINDS.len()],
        }
    }

    /// A question about an address, when it is its turn. `codes` are the postcodes of the town and that of its neighbour.
    pub(super) fn ask(
        &mut self,
        (address, street, former): (&Address, &Street, Option<&FormerName>),
        (own, neighbour): (&[String], &String),
    ) -> Option<Misspelt> {
        if self.left == 0 || address.statuses != ["inGebruik"] {
            return None;
        }
        self.until_next -= 1;
        if self.until_next > 0 {
            return None;
        }
        // The kind that was asked least often, of those that this address allows.
        let is_possible = |kind: usize| match KINDS[kind] {
            "vroegereNaam" => former.is_some(),
            "afgekort" => short_of(&street.name).next().is_some(),
            _ => true,
        };
        let kinds = (0..KINDS.len()).filter(|kind| is_possible(*kind));
        let kind = kinds.min_by_key(|kind| self.asked[*kind])?;
        let (mut name, mut postcode) = (street.name.clone(), address.postcodes[0].clone());
        let mut municipality = address.municipality.name.clone();
        match (KINDS[kind], former) {
            ("verwisseld", _) => name = self.swapped(&name),
            ("weggelaten", _) => name = self.left_out(&name),
            ("afgekort", _) => {
                let ways: Vec<String> = short_of(&name).collect();
                name.clone_from(self.random.pick(&ways));
            }
            ("postcode", _) => {
                let others: Vec<&String> = own.iter().filter(|code| **code != postcode).collect();
                // Half of the codes is of another part of the town, half of the neighbours.
                postcode = match others.as_slice() {
                    [_, ..] if self.random.chance(500_000) => self.random.pick(&others).to_string(),
                    _ => neighbour.clone(),
                };
            }
            (_, Some(former)) => {
                name.clone_from(&former.name);
                municipality.clone_from(&former.municipality);
                if self.random.chance(500_000) {
                    postcode.clear();
                }
            }
            _ => return None,
        }
        if KINDS[kind] != "vroegereNaam"
            && let Some(addition) = &street.addition
        {
            // Without it nobody could tell which of two streets is meant.
            name = format!("{name} ({addition})");
        }
        let mut question = vec![
            ("gemeentenaam", municipality),
            ("straatnaam", name),
            ("huisnummer", address.house_number.clone()?),
        ];
        if !postcode.is_empty() {
            question.insert(1, ("postcode", postcode));
        }
        question.extend(address.box_number.clone().map(|it| ("busnummer", it)));
        self.asked[kind] += 1;
        self.left -= 1;
        self.until_next = self.stride;
        Some(Misspelt {
            kind: KINDS[kind],
            question,
            expected: object("adres", address.id),
        })
    }

    /// Two neighbouring letters that differ, swapped.
    fn swapped(&mut self, name: &str) -> String {
        let mut letters: Vec<char> = name.chars().collect();
        let places: Vec<usize> = (1..letters.len())
            .filter(|at| {
                let (a, b) = (letters[at - 1], letters[*at]);
                a.is_alphabetic() && b.is_alphabetic() && !a.to_lowercase().eq(b.to_lowercase())
            })
            .collect();
        if let [_, ..] = places.as_slice() {
            let at = *self.random.pick(&places);
            letters.swap(at - 1, at);
        }
        letters.into_iter().collect()
    }

    /// One letter left out.
    fn left_out(&mut self, name: &str) -> String {
        let mut letters: Vec<char> = name.chars().collect();
        let places: Vec<usize> = (0..letters.len())
            .filter(|at| letters[*at].is_alphabetic())
            .collect();
        if let [_, ..] = places.as_slice() {
            letters.remove(*self.random.pick(&places));
        }
        letters.into_iter().collect()
    }
}

/// The ways to write a name short.
fn short_of(name: &str) -> impl Iterator<Item = String> + '_ {
    let ends = ENDINGS
        .iter()
        .filter_map(|(long, short)| Some((name.strip_suffix(long)?, short)));
    // `steenweg` ends in `weg` as well: only the longest ending is written short.
    let ends = ends.min_by_key(|(before, _)| before.len()).into_iter();
    let ends = ends
        .filter(|(before, _)| before.len() >= 3)
        .flat_map(|(before, short)| short.iter().map(move |short| format!("{before}{short}")));
    let starts = BEGINNINGS
        .iter()
        .filter_map(|(long, short)| Some(format!("{short}{}", name.strip_prefix(long)?)));
    ends.chain(starts)
}

#[cfg(test)]
mod tests {
    use crate::generate::{Misspelt, TownOptions, write_town_and_questions};
    use std::collections::BTreeMap;

    fn questions(options: &TownOptions) -> (Vec<u8>, Vec<Misspelt>) {
        let (mut town, mut questions) = (Vec::new(), Vec::new());
        write_town_and_questions(options, &mut town, &mut |_| Ok(()), &mut |question| {
            questions.push(question.clone());
            Ok(())
        })
        .expect("memory takes everything");
        (town, questions)
    }

    #[test]
    fn every_kind_is_asked_and_asking_changes_no_town() {
        let options = TownOptions {
            addresses: 3_000,
            merged: 4,
            misspellings: 100,
            ..TownOptions::default()
        };
        let (town, asked) = questions(&options);
        assert_eq!(asked, questions(&options).1);
        assert_eq!(asked.len(), 100);
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for question in &asked {
            *kinds.entry(question.kind).or_default() += 1;
            assert!(question.query().contains("huisnummer="));
        }
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        assert!(kinds.values().all(|count| *count >= 10), "{kinds:?}");
        let silent = TownOptions {
            misspellings: 0,
            ..options
        };
        assert!(questions(&silent).0 == town);
    }

    #[test]
    fn names_are_written_short_at_both_ends() {
        let ways = |name| super::short_of(name).collect::<Vec<_>>();
        assert_eq!(ways("Oude Kerkstraat")[0], "Oude Kerkstr.");
        assert_eq!(ways("Gentsesteenweg")[0], "Gentsestwg.");
        assert!(ways("Korte Olmpad").contains(&"K. Olmpad".to_owned()));
        assert!(ways("Markt").is_empty());
    }
}

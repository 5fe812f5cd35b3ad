//! House numbers and box numbers as people write them: what is compared, and which numbers come near. Knows no store.

use super::words::announces_box;

/// Letters of a house number that are tried when only the number was given.
const LETTERS: [&str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "bis", "ter"];

/// A house number and a box number, each as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) house: String,
    pub(super) box_number: String,
}

/// A house number that is looked for, with the points it gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) text: String,
    pub(super) points: f32,
}

impl Numbers {
    /// Takes `12 bus 3`, `12/3` and `12b3` in a house number apart, unless a box number was given by itself.
    pub(super) fn read(house: &str, box_number: &str) -> Self {
        let (house, mut box_number) = (house.trim(), box_number.trim().to_owned());
        let mut number = house.to_owned();
        if box_number.is_empty()
            && let Some((before, after)) = apart(house)
        {
            number = before;
            box_number = after;
        }
        let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        Self {
            house: number,
            box_number,
        }
    }
}

/// A house number with what follows the word or the sign that announces a box.
fn apart(text: &str) -> Option<(String, String)> {
    if let Some((before, after)) = text.split_once(['/', '#']) {
        let is_number = before.trim().starts_with(|c: char| c.is_ascii_digit());
        return (is_number && !after.trim().is_empty())
            .then(|| (before.trim().to_owned(), after.trim().to_owned()));
    }
    let mut words = text.split_whitespace();
    let mut before = String::new();
    while let Some(word) = words.next() {
        let folded = super::words::words_of(word).concat();
        if !before.is_empty() && announces_box(&folded) {
            let after: String = words.collect();
            // A letter with nothing after it belongs to the number: `12 B`.
            return (!after.is_empty()).then_some((before, after));
        }
        before.push_str(word);
    }
    None
}

/// The house numbers to look for, the one as written first, the likeliest before others.
pub(super) fn wanted(house: &str) -> Vec<Wanted> {
    let mut found: Vec<Wanted> = Vec::new();
    let mut add = |text: String, points: f32| {
        if !text.is_empty() && found.iter().all(|known| known.text != text) {
            found.push(Wanted { text, points });
        }
    };
    add(house.to_owned(), 100.0);
    add(house.to_uppercase(), 100.0);
    add(house.to_lowercase(), 100.0);
    let digits: String = house.chars().take_while(char::is_ascii_digit).collect();
    let rest = &house[digits.len()..];
    let bare = digits.trim_start_matches('0').to_owned();
    if bare.len() < digits.len() && !bare.is_empty() {
        add(format!("{bare}{}", rest.to_uppercase()), 99.0);
    }
    if digits.is_empty() {
        return found;
    }
    if rest.is_empty() {
        for letter in LETTERS {
            add(format!("{bare}{letter}"), 60.0);
        }
        return found;
    }
    add(bare.clone(), 60.0);
    let sign = |c: char| !c.is_alphanumeric();
    // `12-14`, `12.A`: the second number, and the two written as one.
    let together: String = house.chars().filter(|c| !sign(*c)).collect();
    if let Some((_, second)) = rest.split_once(sign) {
        if second.starts_with(|c: char| c.is_ascii_digit()) {
            add(second.to_owned(), 50.0);
        } else {
            add(together.to_uppercase(), 98.0);
        }
    }
    found
}

/// A box number without what people leave out: zeros in front, signs, case.
pub(super) fn plain_box(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        plain.extend(c.to_uppercase());
    }
    let bare = plain.trim_start_matches('0');
    if bare.is_empty() {
        plain
    } else {
        bare.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_taken_off_house_numbers() {
        for (text, house, box_number) in [
            ("12", "12", ""),
            ("12 A", "12A", ""),
            ("12 B", "12B", ""),
            ("12 bus 3", "12", "3"),
            ("12 bte 0301", "12", "0301"),
            ("12/3", "12", "3"),
            ("12A b 4", "12A", "4"),
            ("bus 3", "bus3", ""),
        ] {
            let expected = Numbers {
                house: house.to_owned(),
                box_number: box_number.to_owned(),
            };
            assert_eq!(Numbers::read(text, ""), expected, "{text}");
        }
        assert_eq!(Numbers::read("12/3", "4").house, "12/3");
    }

    #[test]
    fn near_numbers_come_after_the_one_that_was_written() {
        let texts = |house| -> Vec<String> { wanted(house).into_iter().map(|w| w.text).collect() };
        assert_eq!(texts("12a")[..3], ["12a", "12A", "12"]);
        assert_eq!(texts("12")[..2], ["12", "12A"]);
        assert_eq!(texts("012")[..2], ["012", "12"]);
        assert!(texts("12-14").contains(&"14".to_owned()));
        assert!(texts("").is_empty());
    }

    #[test]
    fn zeros_and_signs_of_boxes_do_not_count() {
        assert_eq!(plain_box("0301"), plain_box("3.01"));
        assert_eq!(plain_box("a"), "A");
        assert_eq!(plain_box("000"), "000");
    }
}

//! Names as they are compared: folded, without the signs between words, abbreviations written out, old spellings evened out.
//! What is short for what is data (`registers/matching/namen.toml`). Compares nothing itself.

use crate::query::fold_text;
use crate::registry::assets::REGISTERS;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::sync::LazyLock;

/// What is kept of a longer name, in bytes of UTF-8: what one machine word compares at once.
pub(super) const MAX_KEY_BYTES: usize = 64;
/// Ways to write one name out that are tried.
const MAX_WAYS: usize = 4;
/// Words of one name that are looked at.
const MAX_WORDS: usize = 24;
/// Letters and digits that are read of one text: names are shorter, and a text of a megabyte costs no more than one of these.
const MAX_TEXT_BYTES: usize = 512;
/// The file with what is short for what.
const FILE: &str = "matching/namen.toml";

/// One form of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    /// Its letters and digits, at most [`MAX_KEY_BYTES`].
    pub(super) key: String,
    /// Points that a match by this form costs.
    pub(super) penalty: u8,
}

/// Where in a name a short word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Voor,
    Laatst,
    Overal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    woord: Vec<DeclaredWord>,
    einde: Vec<DeclaredEnding>,
    spelling: Vec<DeclaredSpelling>,
    bus: DeclaredBox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredWord {
    kort: Vec<String>,
    voluit: Vec<String>,
    plaats: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredEnding {
    kort: Vec<String>,
    voluit: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredSpelling {
    van: String,
    naar: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredBox {
    woorden: Vec<String>,
}

/// What the file says.
#[derive(Default)]
struct Lexicon {
    words: FxHashMap<String, Vec<(Place, Vec<String>)>>,
    /// Longest first.
    endings: Vec<(String, Vec<String>)>,
    spelling: Vec<(String, String)>,
    boxes: Vec<String>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let text = REGISTERS.get_file(FILE).and_then(|it| it.contents_utf8());
    match text.map(toml::from_str::<Declared>) {
        Some(Ok(declared)) => Lexicon::of(declared),
        _ => {
            tracing::error!("{FILE} cannot be read: names are compared as they are written");
            Lexicon::default()
        }
    }
});

impl Lexicon {
    fn of(declared: Declared) -> Self {
        let mut words: FxHashMap<String, Vec<(Place, Vec<String>)>> = FxHashMap::default();
        for word in declared.woord {
            for short in word.kort {
                let entry = (word.plaats, word.voluit.clone());
                words.entry(short).or_default().push(entry);
            }
        }
        let mut endings: Vec<(String, Vec<String>)> = Vec::new();
        for ending in declared.einde {
            for short in ending.kort {
                endings.push((short, ending.voluit.clone()));
            }
        }
        endings.sort_by_key(|(short, _)| std::cmp::Reverse(short.len()));
        let spelling = declared.spelling.into_iter();
        Self {
            words,
            endings,
            spelling: spelling.map(|it| (it.van, it.naar)).collect(),
            boxes: declared.bus.woorden,
        }
    }

    /// The ways in which a word may be meant, the word itself where it is no abbreviation.
    fn ways(&self, word: &str, is_last: bool) -> Vec<String> {
        let mut ways = Vec::new();
        for (place, long) in self.words.get(word).into_iter().flatten() {
            let fits = match place {
                Place::Voor => !is_last,
                Place::Laatst => is_last,
                Place::Overal => true,
            };
            if fits {
                ways.extend(long.iter().cloned());
            }
        }
        for (short, long) in &self.endings {
            let Some(before) = word.strip_suffix(short.as_str()) else {
                continue;
            };
            // Something may follow: what tells homonyms apart.
            if is_last && before.is_empty() || before.len() >= 3 {
                ways.extend(long.iter().map(|end| format!("{before}{end}")));
                break;
            }
        }
        if ways.is_empty() {
            ways.push(word.to_owned());
        }
        ways
    }

    fn respell(&self, key: &str) -> String {
        let mut out = key.to_owned();
        for (from, to) in &self.spelling {
            if out.contains(from.as_str()) {
                out = out.replace(from.as_str(), to);
            }
        }
        out
    }
}

/// The words of a text: folded, runs of letters and digits, single letters after one another as one word (`O.L.V.`).
pub(super) fn words_of(text: &str) -> Vec<String> {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut folded = String::with_capacity(end);
    fold_text(&text[..end], &mut folded);
    let mut words: Vec<String> = Vec::new();
    let mut was_single = false;
    for word in folded.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        let mut letters = word.chars();
        let is_single = letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none();
        if is_single
            && was_single
            && let Some(last) = words.last_mut()
        {
            last.push_str(word);
        } else if words.len() == MAX_WORDS {
            break;
        } else {
            words.push(word.to_owned());
        }
        was_single = is_single;
    }
    words
}

fn joined(words: &[String]) -> String {
    cut(words.concat())
}

fn cut(mut key: String) -> String {
    let mut end = key.len().min(MAX_KEY_BYTES);
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    key.truncate(end);
    key
}

/// The forms of a name, the one as it is written first; none for a text without letters and digits. With `is_stored`
/// those under which a stored name is found, else those with which it is asked for.
pub(super) fn forms(text: &str, is_stored: bool) -> Vec<Form> {
    forms_of_words(&words_of(text), is_stored)
}

/// The forms of a name whose words are known.
pub(super) fn forms_of_words(words: &[String], is_stored: bool) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut add = |key: String, penalty: u8| {
        if !key.is_empty() && forms.iter().all(|known| known.key != key) {
            forms.push(Form { key, penalty });
        }
    };
    add(joined(words), 0);
    let most = if is_stored { 1 } else { MAX_WAYS };
    let mut ways: Vec<String> = vec![String::new()];
    for (at, word) in words.iter().enumerate() {
        let options = LEXICON.ways(word, at + 1 == words.len());
        let mut longer = Vec::new();
        for way in &ways {
            for option in &options {
                if longer.len() < most {
                    longer.push(format!("{way}{option}"));
                }
            }
        }
        ways = longer;
    }
    for way in &ways {
        add(cut(way.clone()), 0);
    }
    for way in &ways {
        add(cut(LEXICON.respell(way)), 1);
    }
    forms
}

/// Whether a folded word announces a box number.
pub(super) fn announces_box(word: &str) -> bool {
    LEXICON.boxes.iter().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &str) -> Vec<String> {
        forms(text, false).into_iter().map(|it| it.key).collect()
    }

    /// Whether a question has a form in common with a stored name.
    fn same(asked: &str, stored: &str) -> bool {
        let stored = forms(stored, true);
        forms(asked, false)
            .iter()
            .any(|form| stored.iter().any(|known| known.key == form.key))
    }

    #[test]
    fn the_file_can_be_read() {
        assert!(LEXICON.words.len() > 20 && LEXICON.endings.len() > 10);
        assert!(LEXICON.spelling.len() > 5 && announces_box("bus"));
    }

    #[test]
    fn signs_case_accents_and_spaces_do_not_count() {
        assert_eq!(keys("Kerk straat")[0], "kerkstraat");
        assert_eq!(keys("'s-Gravenstraat")[0], "sgravenstraat");
        assert_eq!(keys("Place de l’Église")[0], "placedeleglise");
        assert!(keys(" -- … ").is_empty() && keys("").is_empty());
    }

    #[test]
    fn abbreviations_are_written_out_on_both_sides() {
        for (asked, stored) in [
            ("Kerkstr.", "Kerkstraat"),
            ("Kerk str", "Kerkstraat"),
            ("Kerkstr. (Proef)", "Kerkstraat Proef"),
            ("Gentse stwg", "Gentsesteenweg"),
            ("Lindenln", "Lindenlaan"),
            ("St.-Annaplein", "Sint-Annaplein"),
            ("ST ANNAPL", "Sint-Annaplein"),
            ("Sint-Annaplein", "St.-Annaplein"),
            ("Dr. Testlaan", "Dokter Testlaan"),
            ("Beukendr.", "Beukendreef"),
            ("Kon. Testlaan", "Koningin Testlaan"),
            ("O.L.V.-straat", "Onze-Lieve-Vrouwstraat"),
            ("r. du Test", "Rue du Test"),
            ("Av. du Test", "Avenue du Test"),
            ("Korte Dijkstraat", "Korte Dykstraat"),
            ("Schaepmanlaan", "Schaapmanlaan"),
        ] {
            assert!(same(asked, stored), "{asked} {stored}");
        }
        assert!(!same("Kerkstraat", "Kerklaan"));
    }

    proptest! {
        #[test]
        fn any_text_has_few_and_short_forms(text in any::<String>()) {
            let found = forms(&text, false);
            prop_assert!(found.len() <= 2 * MAX_WAYS + 1);
            prop_assert!(found.iter().all(|it| !it.key.is_empty() && it.key.len() <= MAX_KEY_BYTES));
        }
    }
}

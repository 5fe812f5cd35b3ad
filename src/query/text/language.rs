//! Languages: which words of a literal are taken for forms of one word, and which literals a search asks for.
//! Dutch, German, French and English words are reduced to their stems; those of other languages, and of texts without a
//! language, count as they are written.

use snowball_stemmers_rs::{Algorithm, Stemmer};

/// Literals whose words are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Without a language, or in one that is not listed here.
    Plain,
    Dutch,
    German,
    French,
    English,
}

/// How many groups there are.
pub(super) const GROUPS: usize = 5;

impl Group {
    /// All of them, each at the place of its number.
    pub(super) const ALL: [Self; GROUPS] = [
        Self::Plain,
        Self::Dutch,
        Self::German,
        Self::French,
        Self::English,
    ];

    /// The group of a language tag, in any case; an empty tag is no language.
    pub(super) fn of(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or("");
        let is = |known: &str| primary.eq_ignore_ascii_case(known);
        if is("nl") {
            Self::Dutch
        } else if is("de") {
            Self::German
        } else if is("fr") {
            Self::French
        } else if is("en") {
            Self::English
        } else {
            Self::Plain
        }
    }

    pub(super) fn number(self) -> usize {
        self as usize
    }
}

/// The stemmers of all groups.
pub(super) struct Stemmers {
    of_group: [Option<Stemmer>; GROUPS],
}

impl Default for Stemmers {
    fn default() -> Self {
        let algorithm = |group| match group {
            Group::Plain => None,
            // The newer algorithm for Dutch keeps `adres` and `adressen` apart and takes `gebouw` for `bouw`.
            Group::Dutch => Some(Algorithm::DutchPorter),
            Group::German => Some(Algorithm::German),
            Group::French => Some(Algorithm::French),
            Group::English => Some(Algorithm::English),
        };
        Self {
            of_group: Group::ALL.map(|group| algorithm(group).map(Stemmer::create)),
        }
    }
}

impl Stemmers {
    /// Writes the stem of a folded word; the word itself where there is nothing to take off.
    pub(super) fn stem(&self, group: Group, word: &str, out: &mut String) {
        out.clear();
        match &self.of_group[group.number()] {
            // Numbers and house numbers are no words of a language.
            Some(stemmer) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                let stem = stemmer.stem(word);
                if group == Group::Dutch {
                    // Once more, for what ends twice: `molen` and `molen-s`.
                    out.push_str(&stemmer.stem(&stem));
                    even_out_dutch(out);
                } else {
                    out.push_str(&stem);
                }
            }
            _ => out.push_str(word),
        }
    }
}

/// Undoes what Dutch spelling does to the last letter of a stem when something follows: `adress-en`, `huiz-en`, `briev-en`,
/// `organisatie-s`.
fn even_out_dutch(stem: &mut String) {
    let last = match stem.as_bytes() {
        [.., b'i', b'e', b's'] => {
            stem.pop();
            return;
        }
        [_, .., one, other] if one == other && !b"aeiou".contains(other) => {
            stem.pop();
            return;
        }
        [_, _, .., last] => *last,
        _ => return,
    };
    let hard = match last {
        b'z' => 's',
        b'v' => 'f',
        _ => return,
    };
    stem.pop();
    stem.push(hard);
}

/// Which literals a search asks for, by language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::query) enum LanguageRange {
    /// All of them, with and without a language.
    #[default]
    All,
    /// Those without a language.
    None,
    /// Those with a language, whichever.
    Some,
    /// Those of a language and its variants, in lower case: `nl` takes `nl-BE`
    /// ([RFC 4647 §3.3.1](https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1)).
    Of(String),
}

impl LanguageRange {
    /// Reads `nl`, `nl-BE`, `*` (any language) or an empty text (none).
    pub(in crate::query) fn parse(text: &str) -> Option<Self> {
        let is_tag = |text: &str| {
            text.split('-').all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
            })
        };
        match text {
            "" => Some(Self::None),
            "*" => Some(Self::Some),
            tag if is_tag(tag) => Some(Self::Of(tag.to_ascii_lowercase())),
            _ => None,
        }
    }

    /// What [`LanguageRange::parse`] reads; `None` when everything is asked for.
    pub(in crate::query) fn as_text(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::None => Some(""),
            Self::Some => Some("*"),
            Self::Of(tag) => Some(tag),
        }
    }

    /// Whether a literal with a language tag, empty for none, is asked for.
    pub(super) fn takes(&self, tag: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => tag.is_empty(),
            Self::Some => !tag.is_empty(),
            Self::Of(range) => {
                tag.len() >= range.len()
                    && tag.is_char_boundary(range.len())
                    && tag[..range.len()].eq_ignore_ascii_case(range)
                    && matches!(tag.as_bytes().get(range.len()), None | Some(b'-'))
            }
        }
    }

    /// Whether literals of a group may be asked for.
    pub(super) fn may_take(&self, group: Group) -> bool {
        match self {
            Self::All | Self::Some => true,
            Self::None => group == Group::Plain,
            Self::Of(range) => Group::of(range) == group,
        }
    }

    /// Whether all literals of a group are asked for, so that none has to be looked at.
    pub(super) fn takes_all(&self, group: Group) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Some => group != Group::Plain,
            Self::Of(range) => {
                range.len() == 2 && group != Group::Plain && Group::of(range) == group
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(group: Group, one: &str, other: &str) -> bool {
        let stemmers = Stemmers::default();
        let (mut a, mut b) = (String::new(), String::new());
        stemmers.stem(group, one, &mut a);
        stemmers.stem(group, other, &mut b);
        a == b
    }

    #[test]
    fn forms_of_a_word_have_one_stem_in_its_own_language() {
        assert!(same(Group::Dutch, "adres", "adressen"));
        assert!(same(Group::Dutch, "gemeente", "gemeenten"));
        assert!(same(Group::Dutch, "gebouw", "gebouwen"));
        assert!(same(Group::Dutch, "straat", "straten"));
        assert!(same(Group::Dutch, "huis", "huizen"));
        assert!(same(Group::Dutch, "brug", "bruggen"));
        assert!(same(Group::Dutch, "brief", "brieven"));
        assert!(same(Group::Dutch, "oud", "oude"));
        assert!(same(Group::Dutch, "school", "scholen"));
        assert!(same(Group::Dutch, "organisatie", "organisaties"));
        assert!(same(Group::Dutch, "mandataris", "mandatarissen"));
        assert!(same(Group::Dutch, "molen", "molens"));
        assert!(same(Group::Dutch, "schepen", "schepenen"));
        assert!(!same(Group::Dutch, "gebouw", "bouw"));
        assert!(!same(Group::Dutch, "kerk", "kern"));
        assert!(same(Group::English, "address", "addresses"));
        assert!(same(Group::French, "eglise", "eglises"));
        assert!(same(Group::German, "strasse", "strassen"));
        assert!(!same(Group::Plain, "adres", "adressen"));
        assert!(!same(Group::Dutch, "12", "12en"));
    }

    #[test]
    fn groups_go_by_the_first_part_of_a_tag() {
        assert_eq!(Group::of("nl"), Group::Dutch);
        assert_eq!(Group::of("NL-be"), Group::Dutch);
        assert_eq!(Group::of("nld"), Group::Plain);
        assert_eq!(Group::of(""), Group::Plain);
        for (number, group) in Group::ALL.into_iter().enumerate() {
            assert_eq!(group.number(), number);
        }
    }

    #[test]
    fn ranges_take_a_language_and_its_variants() {
        let range = |text: &str| LanguageRange::parse(text).expect("a range");
        assert!(range("nl").takes("nl") && range("nl").takes("nl-be"));
        assert!(!range("nl").takes("nld") && !range("nl").takes(""));
        assert!(range("nl-BE").takes("nl-be") && !range("nl-BE").takes("nl"));
        assert!(range("").takes("") && !range("").takes("nl"));
        assert!(range("*").takes("es") && !range("*").takes(""));
        assert!(range("nl").takes_all(Group::Dutch) && !range("nl-be").takes_all(Group::Dutch));
        assert!(range("es").may_take(Group::Plain) && !range("es").takes_all(Group::Plain));
        assert_eq!(LanguageRange::parse("nl_BE"), None);
        assert_eq!(LanguageRange::parse("nl "), None);
        for text in ["", "*", "nl-be"] {
            assert_eq!(range(text).as_text(), Some(text));
        }
        assert_eq!(LanguageRange::All.as_text(), None);
    }
}

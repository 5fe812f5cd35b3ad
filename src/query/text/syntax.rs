//! The small language of searches: words that must all occur, `OR` between alternatives, `-word`, `"phrases"`, `begin*`,
//! `aproximate~`. Reads it into a tree; finds nothing.

use super::fuzzy::Near;
use super::language::{GROUPS, Group, Stemmers};
use super::words::Words;
use crate::rdf::label::Text;
use std::ops::Range;

/// Longest search text, in bytes.
const MAX_BYTES: usize = 1_000;
/// Words of one search.
const MAX_ELEMENTS: usize = 32;

/// A search that was read.
#[derive(Clone, Debug)]
pub(in crate::query) struct TextQuery {
    /// Every word of it.
    pub(super) elements: Vec<Element>,
    /// One of these has to match.
    pub(super) alternatives: Vec<Alternative>,
}

/// What stands between two `OR`s.
#[derive(Clone, Debug, Default)]
pub(super) struct Alternative {
    /// All have to occur; never empty.
    pub(super) wanted: Vec<Unit>,
    /// None may occur.
    pub(super) unwanted: Vec<Unit>,
}

/// Places in [`TextQuery::elements`] of one word, or of words that have to follow one another.
pub(super) type Unit = Range<usize>;

/// What one word of a literal is compared with.
#[derive(Clone, Debug)]
pub(super) enum Element {
    /// The word in any of its forms.
    Word {
        folded: String,
        /// Its stem in each group.
        stems: Box<[String; GROUPS]>,
    },
    /// The beginning of a word as it is written.
    Prefix(String),
    /// A word as it is written, give or take some letters.
    Near(Near),
}

impl TextQuery {
    /// Reads a search text.
    ///
    /// # Errors
    /// A sentence for people: nothing to look for, a quote without its end, an `OR` without words, too long.
    pub(in crate::query) fn parse(text: &str) -> Result<Self, Text> {
        if text.len() > MAX_BYTES {
            return Err(Text::new(
                format!("de zoektekst is langer dan {MAX_BYTES} bytes"),
                format!("the search text is longer than {MAX_BYTES} bytes"),
            ));
        }
        let mut reader = Reader::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            rest = reader.read(rest)?.trim_start();
        }
        reader.close()?;
        Ok(Self {
            elements: reader.elements,
            alternatives: reader.alternatives,
        })
    }
}

#[derive(Default)]
struct Reader {
    elements: Vec<Element>,
    alternatives: Vec<Alternative>,
    open: Alternative,
    words: Words,
    stemmers: Stemmers,
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`')
}

impl Reader {
    /// Reads one word, phrase or `OR` from the start of a text; gives back what follows.
    fn read<'a>(&mut self, text: &'a str) -> Result<&'a str, Text> {
        let (text, is_unwanted) = match text.strip_prefix('-') {
            Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => (rest, true),
            _ => (text, false),
        };
        let from = self.elements.len();
        let rest = if let Some(phrase) = text.strip_prefix(is_quote) {
            let Some((phrase, rest)) = phrase.split_once(is_quote) else {
                return Err(Text::new(
                    "het aanhalingsteken van een woordgroep wordt niet gesloten",
                    "the quote of a phrase is not closed",
                ));
            };
            for word in phrase.split_whitespace() {
                self.word(word, true)?;
            }
            rest
        } else {
            let end = text
                .find(|c: char| c.is_whitespace() || is_quote(c))
                .unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            if word == "OR" && !is_unwanted {
                self.close()?;
                return Ok(rest);
            }
            self.word(word, false)?;
            rest
        };
        if self.elements.len() > MAX_ELEMENTS {
            return Err(Text::new(
                format!("meer dan {MAX_ELEMENTS} woorden in een zoektekst"),
                format!("more than {MAX_ELEMENTS} words in a search text"),
            ));
        }
        let unit = from..self.elements.len();
        // A sign that stands alone, as in `Gent - Brugge`, says nothing.
        if !unit.is_empty() {
            let side = if is_unwanted {
                &mut self.open.unwanted
            } else {
                &mut self.open.wanted
            };
            side.push(unit);
        }
        Ok(rest)
    }

    /// Adds the elements of a text without blanks, which may hold several words.
    fn word(&mut self, text: &str, is_quoted: bool) -> Result<(), Text> {
        let (body, suffix) = split_suffix(text);
        self.words.read(body);
        let mut found: Vec<&str> = self.words.iter().collect();
        if found.is_empty() && suffix != Suffix::None {
            return Err(Text::new(
                format!("voor het teken in {text} moeten letters of cijfers staan"),
                format!("letters or digits have to stand before the sign in {text}"),
            ));
        }
        // `d'Hoogvorst`, `l'église`, `foto's`: the single letter may be there or not.
        let is_long = |word: &&str| word.chars().nth(1).is_some();
        if !is_quoted && body.contains(is_apostrophe) && found.iter().any(is_long) {
            let last = found
                .pop()
                .filter(|last| suffix != Suffix::None || is_long(last));
            found.retain(is_long);
            found.extend(last);
        }
        let last = found.len().saturating_sub(1);
        for (at, word) in found.into_iter().enumerate() {
            let element = match suffix {
                Suffix::Any if at == last => Element::Prefix(word.to_owned()),
                Suffix::Near(distance) if at == last => Element::Near(Near::new(word, distance)),
                _ => {
                    let stems = Group::ALL.map(|group| {
                        let mut stem = String::new();
                        self.stemmers.stem(group, word, &mut stem);
                        stem
                    });
                    Element::Word {
                        folded: word.to_owned(),
                        stems: Box::new(stems),
                    }
                }
            };
            self.elements.push(element);
        }
        Ok(())
    }

    /// Ends an alternative.
    fn close(&mut self) -> Result<(), Text> {
        let closed = std::mem::take(&mut self.open);
        if !closed.wanted.is_empty() {
            self.alternatives.push(closed);
            return Ok(());
        }
        Err(if closed.unwanted.is_empty() {
            Text::new(
                "er staat geen woord om te zoeken in de zoektekst, of aan één kant van OR",
                "there is no word to look for in the search text, or on one side of OR",
            )
        } else {
            Text::new(
                "alleen woorden om weg te laten; zet er een woord bij dat moet voorkomen",
                "only words to leave out; add a word that has to occur",
            )
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    /// `*`
    Any,
    /// `~`, `~1`, `~2`
    Near(u8),
}

fn split_suffix(text: &str) -> (&str, Suffix) {
    let suffixes = [
        ("*", Suffix::Any),
        ("~", Suffix::Near(1)),
        ("~1", Suffix::Near(1)),
        ("~2", Suffix::Near(2)),
    ];
    suffixes
        .into_iter()
        .find_map(|(sign, suffix)| Some((text.strip_suffix(sign)?, suffix)))
        .unwrap_or((text, Suffix::None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tree as text: `a "b c" -d | e*`.
    fn shown(text: &str) -> String {
        let query = TextQuery::parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.en));
        let unit = |unit: &Unit| {
            let words: Vec<String> = query.elements[unit.clone()]
                .iter()
                .map(|element| match element {
                    Element::Word { folded, .. } => folded.clone(),
                    Element::Prefix(begin) => format!("{begin}*"),
                    Element::Near(near) if near.accepts("brgg") => "near~2".to_owned(),
                    Element::Near(_) => "near~".to_owned(),
                })
                .collect();
            match words.as_slice() {
                [word] => word.clone(),
                words => format!("\"{}\"", words.join(" ")),
            }
        };
        let alternatives: Vec<String> = query
            .alternatives
            .iter()
            .map(|alternative| {
                let wanted = alternative.wanted.iter().map(unit);
                let unwanted = alternative.unwanted.iter().map(|u| format!("-{}", unit(u)));
                wanted.chain(unwanted).collect::<Vec<_>>().join(" ")
            })
            .collect();
        alternatives.join(" | ")
    }

    #[test]
    fn words_phrases_and_alternatives_are_told_apart() {
        assert_eq!(shown("Kerk  Gent"), "kerk gent");
        assert_eq!(shown("kerk OR school -oud"), "kerk | school -oud");
        assert_eq!(
            shown("\"Grote Markt\" -\"oude stad\""),
            "\"grote markt\" -\"oude stad\""
        );
        assert_eq!(shown("„Grote Markt” x"), "\"grote markt\" x");
        assert_eq!(
            shown("adre* brugge~2 brugge~ brugge~1"),
            "adre* near~2 near~ near~"
        );
        assert_eq!(shown("Sint-Niklaas"), "\"sint niklaas\"");
        assert_eq!(shown("Sint-Nik*"), "\"sint nik*\"");
        assert_eq!(shown("Gent - Brugge"), "gent brugge");
        assert_eq!(shown("or of kerk"), "or of kerk");
        assert_eq!(shown("kerk\"grote markt\""), "kerk \"grote markt\"");
    }

    #[test]
    fn single_letters_at_an_apostrophe_may_be_missing() {
        assert_eq!(shown("'s-Gravenwezel"), "gravenwezel");
        assert_eq!(shown("d'Hoogvorst"), "hoogvorst");
        assert_eq!(shown("foto’s"), "foto");
        assert_eq!(shown("l'é*"), "\"l e*\"");
        assert_eq!(shown("l'égl*"), "egl*");
        assert_eq!(shown("\"'s-Gravenwezel\""), "\"s gravenwezel\"");
        assert_eq!(shown("'s"), "s");
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for bad in [
            "",
            " ",
            "-",
            "…",
            "-kerk",
            "kerk OR",
            "OR kerk",
            "kerk OR -x",
            "\"kerk",
            "*",
            "~2",
            "- *",
        ] {
            let error = TextQuery::parse(bad).expect_err(bad);
            assert!(!error.nl.is_empty() && !error.en.is_empty());
        }
        assert!(TextQuery::parse(&"x ".repeat(33)).is_err());
        assert!(TextQuery::parse(&"x".repeat(1001)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z'\"*~ \\-ORé]{0,40}") {
            if let Ok(query) = TextQuery::parse(&text) {
                prop_assert!(query.alternatives.iter().all(|a| !a.wanted.is_empty()));
                let units = query.alternatives.iter().flat_map(|a| a.wanted.iter().chain(&a.unwanted));
                prop_assert_eq!(units.map(|unit| unit.len()).sum::<usize>(), query.elements.len());
            }
        }
    }
}

//! Whether one literal matches a search, by looking at the literal alone: for phrases, for `text:matches` and to check the
//! index against. Uses no index.

use super::MAX_LITERAL_BYTES;
use super::language::{Group, LanguageRange, Stemmers};
use super::syntax::{Element, TextQuery, Unit};
use super::words::Words;

/// The words of one literal with their stems. Made to be used again for the next.
#[derive(Default)]
pub(super) struct LiteralWords {
    words: Words,
    stems: Vec<String>,
    stemmers: Stemmers,
    group: usize,
}

impl LiteralWords {
    /// Reads a literal of a group.
    pub(super) fn read(&mut self, group: Group, text: &str) {
        self.words.read(text);
        self.group = group.number();
        let count = self.words.len();
        if self.stems.len() < count {
            self.stems.resize_with(count, String::new);
        }
        for (word, stem) in self.words.iter().zip(&mut self.stems) {
            self.stemmers.stem(group, word, stem);
        }
    }

    /// Whether the words of a unit occur one after the other.
    pub(super) fn hold(&self, query: &TextQuery, unit: &Unit) -> bool {
        let elements = &query.elements[unit.clone()];
        let words: Vec<(&str, &str)> = self
            .words
            .iter()
            .zip(&self.stems)
            .map(|(word, stem)| (word, stem.as_str()))
            .collect();
        words.windows(elements.len()).any(|window| {
            let mut pairs = elements.iter().zip(window);
            pairs.all(|(element, (word, stem))| self.is_like(element, word, stem))
        })
    }

    fn is_like(&self, element: &Element, word: &str, stem: &str) -> bool {
        match element {
            Element::Word { stems, .. } => stems[self.group] == stem,
            Element::Prefix(begin) => word.starts_with(begin.as_str()),
            Element::Near(near) => near.accepts(word),
        }
    }
}

impl TextQuery {
    /// Whether a text with a language tag, empty for none, matches. `scratch` is memory to work in.
    pub(super) fn matches(
        &self,
        text: &str,
        tag: &str,
        range: &LanguageRange,
        scratch: &mut LiteralWords,
    ) -> bool {
        if text.len() > MAX_LITERAL_BYTES || !range.takes(tag) {
            return false;
        }
        scratch.read(Group::of(tag), text);
        self.alternatives.iter().any(|alternative| {
            let holds = |unit: &Unit| scratch.hold(self, unit);
            alternative.wanted.iter().all(holds) && !alternative.unwanted.iter().any(holds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(search: &str, text: &str, tag: &str) -> bool {
        let query = TextQuery::parse(search).expect("a search");
        let mut scratch = LiteralWords::default();
        // What was read before leaves no trace.
        query.matches(
            "een heel andere en veel langere tekst",
            "nl",
            &LanguageRange::All,
            &mut scratch,
        );
        query.matches(text, tag, &LanguageRange::All, &mut scratch)
    }

    #[test]
    fn all_words_in_any_order_and_form() {
        assert!(matches("adres gent", "Adressen in Gent", "nl"));
        assert!(!matches("adres gent", "Adressen in Gent", ""));
        assert!(matches("adres* gent", "Adressen in Gent", ""));
        assert!(!matches("adres gent", "Adressen in Brugge", "nl"));
        assert!(matches("adres OR brugge", "Brugge", "nl"));
        assert!(!matches("gent -brugge", "Gent en Brugge", "nl"));
        assert!(matches("gnt~", "Gent", "nl"));
        assert!(matches("église", "EGLISE", "fr"));
    }

    #[test]
    fn phrases_are_words_that_follow_one_another() {
        assert!(matches("\"grote markt\"", "Aan de Grote Markt 1", "nl"));
        assert!(!matches("\"grote markt\"", "Markt, grote", "nl"));
        assert!(!matches("\"grote markt\"", "grote oude markt", "nl"));
        assert!(matches("Sint-Niklaas", "Sint Niklaas", "nl"));
        assert!(matches("\"grote mar*\"", "grote markten", ""));
        assert!(matches("-\"oude markt\" markt", "markt oude", ""));
        assert!(!matches("kerk", "", "nl"));
    }
}

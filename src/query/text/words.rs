//! From a text to its words, the same for what is stored and what is asked: folded to plain lower-case letters and cut at
//! the word boundaries of [UAX 29](https://www.unicode.org/reports/tr29/). Knows no language.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// What is kept of a longer word.
pub(super) const MAX_WORD_BYTES: usize = 64;

/// The words of one text. Made to be used again for the next.
#[derive(Debug, Default)]
pub(super) struct Words {
    folded: String,
    spans: Vec<(usize, usize)>,
}

impl Words {
    /// Takes a text apart; what was here before is gone.
    pub(super) fn read(&mut self, text: &str) {
        self.folded.clear();
        self.spans.clear();
        fold(text, &mut self.folded);
        if self.folded.is_ascii() {
            // In ASCII, every boundary of UAX 29 between letters and digits lies at another sign.
            runs(&self.folded, 0, &mut self.spans);
        } else {
            for (at, word) in self.folded.unicode_word_indices() {
                runs(word, at, &mut self.spans);
            }
        }
    }

    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether the text has no words.
    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The words, folded, in the order of the text.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.spans
            .iter()
            .map(|(start, end)| &self.folded[*start..*end])
    }
}

/// Appends a text without accents, ligatures and case: `é` is `e`, `ü` is `u`, `ß` is `ss`, `æ` is `ae`, `ĳ` is `ij`.
pub(crate) fn fold(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
        return;
    }
    for c in text.nfkd().flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ħ' => out.push('h'),
            'ŧ' => out.push('t'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            // Signs that only say where a word may be broken.
            '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
}

/// The longest runs of letters and digits, cut short at [`MAX_WORD_BYTES`].
fn runs(text: &str, offset: usize, spans: &mut Vec<(usize, usize)>) {
    let mut start = None;
    let mut close = |start: usize, end: usize| {
        let mut last = end.min(start + MAX_WORD_BYTES);
        while !text.is_char_boundary(last) {
            last -= 1;
        }
        spans.push((offset + start, offset + last));
    };
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            close(start, at);
        }
    }
    if let Some(start) = start {
        close(start, text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Words::default();
        words.read(text);
        words.iter().map(str::to_owned).collect()
    }

    #[test]
    fn accents_case_and_ligatures_do_not_count() {
        assert_eq!(words("Église Ünïté"), ["eglise", "unite"]);
        assert_eq!(words("STRASSE Straße ẞ"), ["strasse", "strasse", "ss"]);
        assert_eq!(words("Cæsar Œuvre ĳsje"), ["caesar", "oeuvre", "ijsje"]);
        assert_eq!(words("Łódź Ørsted ﬁets"), ["lodz", "orsted", "fiets"]);
        // Composed or not is the same.
        assert_eq!(words("cafe\u{301}"), words("caf\u{e9}"));
        assert_eq!(words("adres\u{ad}boek"), ["adresboek"]);
    }

    #[test]
    fn words_end_at_every_sign_and_digits_stay() {
        assert_eq!(words("'s-Gravenwezel"), ["s", "gravenwezel"]);
        assert_eq!(
            words("d’Hoogvorst d'Hoogvorst"),
            ["d", "hoogvorst", "d", "hoogvorst"]
        );
        assert_eq!(
            words("Kerkstraat 12bis, 9000 Gent"),
            ["kerkstraat", "12bis", "9000", "gent"]
        );
        assert_eq!(
            words("2024-05-01 1.5 snake_case"),
            ["2024", "05", "01", "1", "5", "snake", "case"]
        );
        assert_eq!(
            words("https://data.vlaanderen.be/id"),
            ["https", "data", "vlaanderen", "be", "id"]
        );
        assert_eq!(words("é.kerk"), ["e", "kerk"], "as without the accent");
        assert!(words(" -- … ").is_empty());
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(MAX_WORD_BYTES)]);
        assert_eq!(words(&"щ".repeat(100)), ["щ".repeat(MAX_WORD_BYTES / 2)]);
    }

    proptest! {
        #[test]
        fn words_of_words_are_themselves(text in any::<String>()) {
            let once = words(&text);
            for word in &once {
                prop_assert!(!word.is_empty() && word.len() <= MAX_WORD_BYTES);
            }
            let mut folded = String::new();
            fold(&text, &mut folded);
            prop_assert!(!folded.chars().any(is_combining_mark));
        }

        #[test]
        fn ascii_takes_the_short_way_to_the_same_words(text in "[ -~]{0,60}") {
            let short = words(&text);
            let mut long = Vec::new();
            let lower = text.to_ascii_lowercase();
            for (at, word) in lower.unicode_word_indices() {
                runs(word, at, &mut long);
            }
            let long: Vec<&str> = long.iter().map(|(start, end)| &lower[*start..*end]).collect();
            prop_assert_eq!(short, long);
        }
    }
}

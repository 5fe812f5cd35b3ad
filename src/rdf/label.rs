//! Choice of a label by language. Knows no store: callers hand over the candidates.

/// Language of texts for people. Dutch comes first in Flanders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Nederlands.
    #[default]
    Nl,
    /// English.
    En,
}

impl Language {
    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    /// The text in this language.
    pub fn say<'a>(self, nl: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Nl => nl,
            Self::En => en,
        }
    }

    /// The first supported language of an `Accept-Language` header (RFC 9110 §12.5.4), else Dutch.
    /// Ranges with `q=0` are not acceptable and skipped; a higher weight wins, then the order.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or("").trim().to_ascii_lowercase();
            let weight = parts
                .find_map(|p| {
                    p.trim()
                        .strip_prefix("q=")
                        .and_then(|q| q.parse::<f32>().ok())
                })
                .unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("nl") => Self::Nl,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > 0.0 && best.is_none_or(|(w, _)| weight > w) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::Nl, |(_, language)| language)
    }
}

/// A text in Dutch and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text {
    /// Nederlands.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            nl: nl.into(),
            en: en.into(),
        }
    }

    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.nl,
            Language::En => &self.en,
        }
    }
}

/// Picks the best of `(text, language tag)` candidates: the wanted language (or a regional form of it),
/// then no tag, then English, then Dutch, then the first.
pub fn pick<'a>(
    candidates: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    language: Language,
) -> Option<&'a str> {
    let rank = |tag: Option<&str>| match tag.map(|t| t.split('-').next().unwrap_or(t)) {
        Some(t) if t.eq_ignore_ascii_case(language.tag()) => 0,
        None => 1,
        Some(t) if t.eq_ignore_ascii_case("en") => 2,
        Some(t) if t.eq_ignore_ascii_case("nl") => 3,
        Some(_) => 4,
    };
    candidates
        .into_iter()
        .min_by_key(|(_, tag)| rank(*tag))
        .map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_wanted_language_then_untagged() {
        let all = [
            ("Ghent", Some("en")),
            ("Gent", Some("nl-BE")),
            ("44021", None),
        ];
        assert_eq!(pick(all, Language::Nl), Some("Gent"));
        assert_eq!(pick(all, Language::En), Some("Ghent"));
        assert_eq!(
            pick([("44021", None), ("Gand", Some("fr"))], Language::Nl),
            Some("44021")
        );
    }

    #[test]
    fn accept_language_honours_weights() {
        assert_eq!(
            Language::from_accept_language("fr, en;q=0.8, nl;q=0.9"),
            Language::Nl
        );
        assert_eq!(
            Language::from_accept_language("en-GB,nl;q=0.5"),
            Language::En
        );
        assert_eq!(
            Language::from_accept_language("nl;q=0, en;q=0.1"),
            Language::En
        );
        assert_eq!(Language::from_accept_language(""), Language::Nl);
    }
}

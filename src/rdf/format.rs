//! RDF syntaxes: names, extensions, media types, and the choice among them by `Accept`.
//! Does not parse or write anything.

/// A concrete syntax of RDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Turtle 1.1.
    Turtle,
    /// TriG 1.1.
    TriG,
    /// N-Triples 1.1.
    NTriples,
    /// N-Quads 1.1.
    NQuads,
    /// RDF/XML.
    RdfXml,
    /// JSON-LD 1.1.
    JsonLd,
}

struct Row {
    format: Format,
    names: &'static [&'static str],
    extensions: &'static [&'static str],
    media_types: &'static [&'static str],
}

const TABLE: [Row; 6] = [
    Row {
        format: Format::Turtle,
        names: &["turtle", "ttl"],
        extensions: &["ttl", "turtle"],
        media_types: &["text/turtle", "application/x-turtle", "application/turtle"],
    },
    Row {
        format: Format::TriG,
        names: &["trig"],
        extensions: &["trig"],
        media_types: &["application/trig", "application/x-trig"],
    },
    Row {
        format: Format::NTriples,
        names: &["ntriples", "nt", "n-triples"],
        extensions: &["nt"],
        media_types: &["application/n-triples", "text/plain"],
    },
    Row {
        format: Format::NQuads,
        names: &["nquads", "nq", "n-quads"],
        extensions: &["nq"],
        media_types: &["application/n-quads", "text/x-nquads"],
    },
    Row {
        format: Format::RdfXml,
        names: &["rdfxml", "rdf", "xml", "rdf+xml"],
        extensions: &["rdf", "owl", "rdfs"],
        media_types: &["application/rdf+xml", "application/xml", "text/xml"],
    },
    Row {
        format: Format::JsonLd,
        names: &["jsonld", "json-ld", "json"],
        extensions: &["jsonld", "json"],
        media_types: &["application/ld+json", "application/json"],
    },
];

impl Format {
    /// Every syntax, in the order the server prefers them.
    pub const ALL: [Self; 6] = [
        Self::Turtle,
        Self::TriG,
        Self::NTriples,
        Self::NQuads,
        Self::RdfXml,
        Self::JsonLd,
    ];

    fn row(self) -> &'static Row {
        TABLE
            .iter()
            .find(|row| row.format == self)
            .expect("the table has a row for every format")
    }

    /// By the name used on the command line (`turtle`, `nquads`, `jsonld`, …), case-insensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|row| row.names.contains(&name.as_str()))
            .map(|row| row.format)
    }

    /// By file extension without the dot, case-insensitive.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|row| row.extensions.contains(&extension.as_str()))
            .map(|row| row.format)
    }

    /// By media type; parameters such as `charset` are ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        TABLE
            .iter()
            .find(|row| row.media_types.contains(&essence.as_str()))
            .map(|row| row.format)
    }

    /// Name for people and the command line.
    pub fn name(self) -> &'static str {
        self.row().names[0]
    }

    /// Registered media type.
    pub fn media_type(self) -> &'static str {
        self.row().media_types[0]
    }

    /// Usual file extension, without the dot.
    pub fn extension(self) -> &'static str {
        self.row().extensions[0]
    }

    /// Whether the syntax can name graphs.
    pub fn has_graphs(self) -> bool {
        matches!(self, Self::TriG | Self::NQuads | Self::JsonLd)
    }
}

/// The `version` parameter of a media type, such as `1.2` of `text/turtle; version=1.2`.
pub fn version_of(media_type: &str) -> Option<&str> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_version = name.trim().eq_ignore_ascii_case("version");
        is_version.then(|| value.trim().trim_matches('"'))
    })
}

/// Whether a version announced for a text is one of RDF 1.2 (`1.2` or `1.2-basic`).
pub fn is_version_12(version: &str) -> bool {
    version == "1.2" || version.starts_with("1.2-")
}

/// Whether an `Accept` header asks for a media type in RDF 1.2 by its parameter.
pub fn accepts_12(accept: &str, media_type: &str) -> bool {
    accept.split(',').any(|range| {
        let essence = range.split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case(media_type) && version_of(range).is_some_and(is_version_12)
    })
}

/// Chooses among `offers` (media types, best first) by an `Accept` header (RFC 9110 §12.5.1).
/// An empty header accepts everything. `None` means nothing offered is acceptable (406).
pub fn negotiate(accept: &str, offers: &[&'static str]) -> Option<&'static str> {
    let accept = accept.trim();
    if accept.is_empty() {
        return offers.first().copied();
    }
    let ranges: Vec<(String, f32)> = accept
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';');
            let essence = parts.next()?.trim().to_ascii_lowercase();
            let weight = parts
                .find_map(|p| {
                    p.trim()
                        .strip_prefix("q=")
                        .map(|q| q.parse::<f32>().unwrap_or(0.0))
                })
                .unwrap_or(1.0);
            (!essence.is_empty()).then_some((essence, weight))
        })
        .collect();
    let weight_of = |offer: &str| -> f32 {
        let main = offer.split('/').next().unwrap_or("");
        let mut best: Option<(u8, f32)> = None;
        for (range, weight) in &ranges {
            let specificity = if range == offer {
                2
            } else if range.strip_suffix("/*") == Some(main) {
                1
            } else if range == "*/*" {
                0
            } else {
                continue;
            };
            if best.is_none_or(|(s, _)| specificity > s) {
                best = Some((specificity, *weight));
            }
        }
        best.map_or(0.0, |(_, weight)| weight)
    };
    let mut chosen: Option<(&'static str, f32)> = None;
    for offer in offers {
        let weight = weight_of(offer);
        if weight > 0.0 && chosen.is_none_or(|(_, w)| weight > w) {
            chosen = Some((offer, weight));
        }
    }
    chosen.map(|(offer, _)| offer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_round_trips() {
        for format in Format::ALL {
            assert_eq!(Format::from_extension(format.extension()), Some(format));
            assert_eq!(Format::from_media_type(format.media_type()), Some(format));
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(
            Format::from_media_type("Text/Turtle; charset=utf-8"),
            Some(Format::Turtle)
        );
    }

    #[test]
    fn versions_are_parameters() {
        assert_eq!(version_of("text/turtle"), None);
        assert_eq!(
            version_of("text/turtle; charset=utf-8; Version=\"1.2\""),
            Some("1.2")
        );
        assert_eq!(
            Format::from_media_type("text/turtle;version=1.2"),
            Some(Format::Turtle)
        );
        assert!(is_version_12("1.2-basic") && !is_version_12("1.1") && !is_version_12("1.20"));
        assert!(accepts_12(
            "text/html, text/turtle;version=1.2;q=0.9",
            "text/turtle"
        ));
        assert!(!accepts_12("text/turtle;version=1.1", "text/turtle"));
        assert!(!accepts_12("*/*;version=1.2", "text/turtle"));
    }

    #[test]
    fn negotiation_prefers_specific_ranges_and_weights() {
        let offers = ["text/html", "application/ld+json", "text/turtle"];
        assert_eq!(negotiate("", &offers), Some("text/html"));
        assert_eq!(negotiate("*/*", &offers), Some("text/html"));
        assert_eq!(
            negotiate("text/turtle, */*;q=0.1", &offers),
            Some("text/turtle")
        );
        assert_eq!(
            negotiate("text/*;q=0.5, application/ld+json", &offers),
            Some("application/ld+json")
        );
        assert_eq!(
            negotiate("*/*, text/html;q=0", &offers),
            Some("application/ld+json")
        );
        assert_eq!(negotiate("image/png", &offers), None);
    }
}

//! Well-known prefixes: for hints on undeclared ones and for short names in tables and Turtle.
//! Never declares a prefix for a query by itself: an undeclared prefix is an error.

use std::sync::LazyLock;

static TABLE: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    include_str!("prefixes.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

/// `(prefix, namespace IRI)` pairs, sorted by prefix. A namespace may have two prefixes (`dct`, `dcterms`).
pub fn well_known_prefixes() -> &'static [(&'static str, &'static str)] {
    &TABLE
}

/// The namespace of a well-known prefix, or of the one that differs by a typing error.
pub(super) fn suggest(prefix: &str) -> Option<(&'static str, &'static str)> {
    let wanted = prefix.to_ascii_lowercase();
    let exact = TABLE.iter().find(|(known, _)| *known == wanted);
    exact
        .or_else(|| {
            (wanted.len() > 2)
                .then(|| {
                    TABLE
                        .iter()
                        .find(|(known, _)| within_one_edit(known, &wanted))
                })
                .flatten()
        })
        .copied()
}

/// Whether two ASCII words differ by at most one insertion, deletion, replacement or swap of neighbours.
pub(super) fn within_one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    match a.len().abs_diff(b.len()) {
        0 => {
            a == b
                || a.get(1..) == b.get(1..)
                || (a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
        }
        1 => a.get(1..) == Some(b) || b.get(1..) == Some(a),
        _ => false,
    }
}

/// A set of prefixes that shortens IRIs.
#[derive(Clone, Debug, Default)]
pub(super) struct PrefixMap {
    /// `(namespace, prefix)`, longest namespace first.
    entries: Vec<(String, String)>,
}

impl PrefixMap {
    /// The prefixes declared in a query, completed by the well-known ones that do not clash.
    pub(super) fn new(declared: &[(String, String)]) -> Self {
        let mut entries: Vec<(String, String)> = Vec::new();
        for (prefix, iri) in declared {
            if !iri.is_empty() && entries.iter().all(|(known, _)| known != iri) {
                entries.push((iri.clone(), prefix.clone()));
            }
        }
        for (prefix, iri) in well_known_prefixes() {
            let clash = entries.iter().any(|(i, p)| i == iri || p == prefix);
            if !clash {
                entries.push(((*iri).to_owned(), (*prefix).to_owned()));
            }
        }
        entries.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.1.cmp(&b.1)));
        Self { entries }
    }

    /// `prefix:local` when the rest of the IRI is a plain local name.
    pub(super) fn shorten(&self, iri: &str) -> Option<String> {
        self.entries.iter().find_map(|(namespace, prefix)| {
            let local = iri.strip_prefix(namespace.as_str())?;
            is_plain_local_name(local).then(|| format!("{prefix}:{local}"))
        })
    }
}

/// A conservative subset of `PN_LOCAL` that needs no escapes.
fn is_plain_local_name(local: &str) -> bool {
    let mut chars = local.chars();
    chars
        .next()
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !local.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_complete() {
        assert!(TABLE.len() > 50);
        assert!(TABLE.windows(2).all(|w| w[0].0 < w[1].0));
        assert!(
            TABLE
                .iter()
                .all(|(_, iri)| oxrdf::NamedNode::new(*iri).is_ok())
        );
    }

    #[test]
    fn suggestions_survive_a_typing_error() {
        assert_eq!(suggest("skos").map(|s| s.0), Some("skos"));
        assert_eq!(suggest("ardes").map(|s| s.0), Some("adres"));
        assert_eq!(suggest("gebouwe").map(|s| s.0), Some("gebouw"));
        assert_eq!(suggest("zz"), None);
        assert_eq!(suggest("quxquux"), None);
    }

    #[test]
    fn shortens_with_the_declared_prefix_first() {
        let map = PrefixMap::new(&[("a".into(), "https://data.vlaanderen.be/ns/adres#".into())]);
        assert_eq!(
            map.shorten("https://data.vlaanderen.be/ns/adres#Adres"),
            Some("a:Adres".into())
        );
        assert_eq!(
            map.shorten("http://www.w3.org/2004/02/skos/core#Concept"),
            Some("skos:Concept".into())
        );
        assert_eq!(map.shorten("http://www.w3.org/2004/02/skos/core#"), None);
        assert_eq!(map.shorten("http://example.com/a b"), None);
    }
}

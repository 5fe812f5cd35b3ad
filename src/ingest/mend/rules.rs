//! What is mended, as data: `mappings/rdf/herstel.toml` read once. Knows no terms of a document.

use crate::ingest::normalise::Normaliser;
use crate::registry::assets::VOCAB;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const SHIPPED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/mappings/rdf/herstel.toml"
));

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    namespaces: BTreeMap<String, String>,
    identifiers: Identifiers,
    misspelt: BTreeMap<String, String>,
    implementation: BTreeMap<String, String>,
    as_predicate: BTreeMap<String, String>,
    placeholders: Placeholders,
    plain: Plain,
    numbers: BTreeMap<String, Number>,
    types: BTreeMap<String, String>,
    lists: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identifiers {
    types: Vec<String>,
    pages: Vec<String>,
    plurals: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholders {
    values: Vec<String>,
    predicates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    predicates: Vec<String>,
}

/// Which number a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Number {
    /// Of the company register.
    Kbo,
    /// That, or any other identifier: only what is written as one is judged.
    KboOrOther,
}

/// What the value of a predicate must be.
#[derive(Clone, Debug, Default)]
pub(super) struct PredicateRule {
    /// The property that is meant.
    pub(super) instead: Option<String>,
    /// Whether it leads to pages.
    pub(super) is_page: bool,
    /// Whether placeholders are left out.
    pub(super) has_placeholders: bool,
    /// Whether its values are texts without a language.
    pub(super) is_plain: bool,
    pub(super) number: Option<Number>,
    /// Datatype, a local name of XML Schema.
    pub(super) datatype: Option<String>,
    /// Code list.
    pub(super) list: Option<String>,
}

/// What may be wrong with the IRIs of a host.
#[derive(Default)]
pub(super) struct Host {
    /// Namespaces, and what is meant by each.
    namespaces: Vec<(String, String)>,
    /// Single terms: what is meant, and whether the wrong one is of an implementation model.
    terms: FxHashMap<String, (String, bool)>,
    /// Whether it is that of identifiers.
    has_identifiers: bool,
}

/// All rules.
pub(super) struct Rules {
    /// Scheme and host of IRIs of which something may be wrong.
    hosts: FxHashMap<String, Host>,
    types: FxHashSet<String>,
    plurals: BTreeMap<String, String>,
    /// Code lists, and the scheme of their IRIs.
    lists: FxHashMap<String, &'static str>,
    placeholders: FxHashSet<String>,
    predicates: FxHashMap<String, PredicateRule>,
}

/// The part of an IRI up to the end of its host.
fn host_of(iri: &str) -> &str {
    let start = match iri.as_bytes() {
        [b'h', b't', b't', b'p', b':', b'/', b'/', ..] => 7,
        [b'h', b't', b't', b'p', b's', b':', b'/', b'/', ..] => 8,
        _ => return "",
    };
    let end = memchr::memchr(b'/', &iri.as_bytes()[start..]).map_or(iri.len(), |at| start + at);
    &iri[..end]
}

impl Rules {
    /// The rules that ship with the program.
    pub(super) fn shipped() -> &'static Self {
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(SHIPPED).expect("the shipped rules are tested"));
        &RULES
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut hosts: FxHashMap<String, Host> = FxHashMap::default();
        for (from, to) in file.namespaces {
            let host = hosts.entry(host_of(&from).to_owned()).or_default();
            host.namespaces.push((from, to));
        }
        for (terms_of, is_implementation) in [(file.misspelt, false), (file.implementation, true)] {
            for (from, to) in terms_of {
                let host = hosts.entry(host_of(&from).to_owned()).or_default();
                host.terms.insert(from, (to, is_implementation));
            }
        }
        for scheme in ["http", "https"] {
            let name = format!("{scheme}://data.vlaanderen.be");
            hosts.entry(name).or_default().has_identifiers = true;
        }
        let mut predicates: FxHashMap<String, PredicateRule> = FxHashMap::default();
        for (from, to) in file.as_predicate {
            predicates.entry(from).or_default().instead = Some(to);
        }
        for iri in file.identifiers.pages {
            predicates.entry(iri).or_default().is_page = true;
        }
        for iri in file.placeholders.predicates {
            predicates.entry(iri).or_default().has_placeholders = true;
        }
        for iri in file.plain.predicates {
            predicates.entry(iri).or_default().is_plain = true;
        }
        for (iri, number) in file.numbers {
            predicates.entry(iri).or_default().number = Some(number);
        }
        for (iri, datatype) in file.types {
            predicates.entry(iri).or_default().datatype = Some(datatype);
        }
        for (iri, list) in file.lists {
            predicates.entry(iri).or_default().list = Some(list);
        }
        Ok(Self {
            hosts,
            types: file.identifiers.types.into_iter().collect(),
            lists: schemes_of_lists(),
            plurals: file.identifiers.plurals,
            placeholders: file.placeholders.values.into_iter().collect(),
            predicates,
        })
    }

    /// The rule of a predicate.
    pub(super) fn predicate(&self, iri: &str) -> Option<&PredicateRule> {
        self.predicates.get(iri)
    }

    /// Whether a text stands for "no value".
    pub(super) fn is_placeholder(&self, text: &str) -> bool {
        self.placeholders.contains(text.trim())
    }

    /// The rules for the IRIs that share their host with this one; `None` when nothing can be wrong with it.
    pub(super) fn host(&self, iri: &str) -> Option<&Host> {
        self.hosts.get(host_of(iri))
    }

    /// The term that is meant by one that nobody defined, and whether that one is of an implementation model.
    pub(super) fn term(&self, iri: &str) -> Option<(&str, bool)> {
        self.host(iri)?.term(iri)
    }

    /// The identifier that is meant by one of data.vlaanderen.be, and its flaws: that it has another scheme or names a page,
    /// that its type stands in the plural. Of concepts only those of lists that are known here: some lists are http.
    pub(super) fn identifier(&self, iri: &str) -> Option<Identifier> {
        let (scheme, rest) = iri.split_once("://data.vlaanderen.be/")?;
        let (is_page, rest) = match rest.strip_prefix("id/") {
            Some(rest) => (false, rest),
            None => (true, rest.strip_prefix("doc/")?),
        };
        let (written, id) = rest.split_once('/')?;
        let singular = self.plurals.get(written);
        let mut kind = singular.map_or(written, String::as_str);
        let mut right = "https";
        let mut is_misplaced = false;
        match kind {
            "concept" | "conceptscheme" => {
                let (list, code) = id.split_once('/').unwrap_or((id, ""));
                right = self.lists.get(list)?;
                // A concept below the name of its scheme, as an old context wrote them.
                if kind == "conceptscheme"
                    && Normaliser::shipped()
                        .codes_of(list)
                        .is_some_and(|codes| codes.contains(code))
                {
                    (kind, is_misplaced) = ("concept", true);
                }
            }
            _ if !self.types.contains(kind) => return None,
            _ => {}
        }
        let bare = id.trim_end_matches('/');
        let is_right = scheme == right
            && !is_page
            && !is_misplaced
            && singular.is_none()
            && bare.len() == id.len();
        if is_right || bare.is_empty() {
            return None;
        }
        Some(Identifier {
            to: format!("{right}://data.vlaanderen.be/id/{kind}/{bare}"),
            is_page: is_page && !is_misplaced,
            is_plural: singular.is_some(),
        })
    }
}

/// Code lists that ship with the program, and the scheme of the IRIs of their concepts.
fn schemes_of_lists() -> FxHashMap<String, &'static str> {
    let mut lists = FxHashMap::default();
    let folder = VOCAB.get_dir("codelijst");
    for file in folder.into_iter().flat_map(|folder| folder.files()) {
        for line in file.contents_utf8().unwrap_or("").lines() {
            for scheme in ["http", "https"] {
                let start = format!("<{scheme}://data.vlaanderen.be/id/concept/");
                let list = line
                    .strip_prefix(&start)
                    .and_then(|rest| rest.split_once('/'));
                if let Some((list, _)) = list {
                    lists.insert(list.to_owned(), scheme);
                }
            }
        }
    }
    lists
}

impl Host {
    fn term(&self, iri: &str) -> Option<(&str, bool)> {
        if self.terms.is_empty() {
            return None;
        }
        let (to, is_implementation) = self.terms.get(iri)?;
        Some((to, *is_implementation))
    }

    /// The IRI in the namespace that is meant.
    pub(super) fn namespace(&self, iri: &str) -> Option<String> {
        self.namespaces.iter().find_map(|(from, to)| {
            let rest = iri.strip_prefix(from.as_str())?;
            Some(format!("{to}{rest}"))
        })
    }

    /// Whether identifiers of objects have this host.
    pub(super) fn has_identifiers(&self) -> bool {
        self.has_identifiers
    }
}

/// An identifier that is meant.
pub(super) struct Identifier {
    pub(super) to: String,
    /// The one that was there names the page of the thing.
    pub(super) is_page: bool,
    /// The one that was there has its type in the plural.
    pub(super) is_plural: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_lead_to_what_no_rule_changes() {
        let rules = Rules::shipped();
        let (mut count, mut all) = (0, Vec::new());
        for host in rules.hosts.values() {
            all.extend(host.namespaces.iter().map(|(_, to)| to));
            all.extend(host.terms.values().map(|(to, _)| to));
        }
        all.extend(
            rules
                .predicates
                .values()
                .filter_map(|rule| rule.instead.as_ref()),
        );
        for to in all {
            count += 1;
            let iri = format!("{to}x");
            let namespace = rules.host(&iri).and_then(|host| host.namespace(&iri));
            assert_eq!(namespace, None, "{to}");
            assert_eq!(rules.term(to), None, "{to}");
            assert!(rules.identifier(to).is_none(), "{to}");
        }
        assert!(count > 50);
    }

    #[test]
    fn identifiers_are_told_from_documents() {
        let rules = Rules::shipped();
        let of = |iri: &str| rules.identifier(iri).map(|found| found.to);
        let right = "https://data.vlaanderen.be/id/adres/1";
        for wrong in [
            "http://data.vlaanderen.be/id/adres/1",
            "https://data.vlaanderen.be/doc/adres/1",
            "https://data.vlaanderen.be/id/adressen/1",
            "https://data.vlaanderen.be/id/adres/1/",
        ] {
            assert_eq!(of(wrong).as_deref(), Some(right), "{wrong}");
        }
        for other in [
            right,
            "https://data.vlaanderen.be/doc/applicatieprofiel/adres",
            "http://data.vlaanderen.be/id/mandatarissen/1",
            "https://data.vlaanderen.be/ns/adres#Adres",
            "https://data.vlaanderen.be/id/adres/",
            "http://data.vlaanderen.be/id/concept/BestuursfunctieCode/1",
            "http://data.vlaanderen.be/id/concept/EenLijstVanElders/1",
            "https://data.vlaanderen.be/doc/conceptscheme/elders",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(
            of("https://data.vlaanderen.be/id/conceptscheme/adresstatus/inGebruik").as_deref(),
            Some("https://data.vlaanderen.be/id/concept/adresstatus/inGebruik")
        );
        assert_eq!(
            of("https://data.vlaanderen.be/id/concept/BestuursfunctieCode/1").as_deref(),
            Some("http://data.vlaanderen.be/id/concept/BestuursfunctieCode/1")
        );
    }
}

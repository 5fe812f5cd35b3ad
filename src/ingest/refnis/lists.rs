//! Reads the lists and works out the course of each municipality. Writes nothing.

use crate::ingest::normalise::{Repair, RepairReport};
use crate::rdf::vocab::{schema, skos};
use oxrdf::{NamedOrBlankNode, Quad, Term};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Start of the IRIs of lists and their codes; year, `/` and code follow.
const REFNIS: &str = "vocab.belgif.be/auth/refnis";
/// Codes of one list.
const MAX_CODES: usize = 100_000;
/// Steps from a municipality to the country.
const MAX_ABOVE: usize = 8;
/// The year of a date after the last.
const NEVER: &str = "9999";

/// What is known to be wrong, as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrections {
    list: Vec<ListRow>,
    right: Vec<RightRow>,
    former: Vec<FormerRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListRow {
    year: u16,
    start: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RightRow {
    year: u16,
    nis: String,
    start: Option<String>,
    end: Option<String>,
    broader: Option<String>,
    narrow: Option<Vec<String>>,
    #[serde(default)]
    absent: bool,
    nl: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerRow {
    nis: String,
    nl: String,
}

static CORRECTIONS: LazyLock<Corrections> = LazyLock::new(|| {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/mappings/refnis/verbeteringen.toml"
    ));
    toml::from_str(text).expect("the shipped corrections are tested")
});

/// A code of one list.
#[derive(Clone, Debug, Default)]
struct Concept {
    iri: String,
    names: BTreeSet<(String, String)>,
    start: Option<String>,
    end: Option<String>,
    broader: Option<String>,
    has_narrower: bool,
    /// Codes of older lists that it is the same as, and that it came of.
    same: BTreeSet<(u16, String)>,
    parts: BTreeSet<(u16, String)>,
}

/// What took the place of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Succession {
    /// The day, such as `2025-01-01`.
    pub day: String,
    /// The new code, which may be one of the old ones.
    pub to: String,
    /// The old codes.
    pub from: BTreeSet<String>,
    /// Whether several became one, or one grew; else a code was replaced.
    pub is_merger: bool,
}

/// The course of a municipality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Municipality {
    /// Language and name.
    pub names: BTreeSet<(String, String)>,
    /// First day.
    pub start: String,
    /// Day after the last.
    pub end: Option<String>,
    /// Concepts of the lists that have the code.
    pub concepts: BTreeSet<String>,
    /// Concepts of arrondissement, province, region and country.
    pub above: BTreeSet<String>,
}

/// The lists that were read.
#[derive(Debug, Default)]
pub struct Lists {
    by_year: BTreeMap<u16, BTreeMap<String, Concept>>,
}

/// The day of a date or moment; `None` when it begins with none.
fn day(text: &str) -> Option<String> {
    let day = text.get(..10)?;
    let is_day = day
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_day && day.parse::<jiff::civil::Date>().is_ok()).then(|| day.to_owned())
}

/// Year and code of a concept.
fn key(iri: &str) -> Option<(u16, String)> {
    let rest = iri
        .strip_prefix("https://")
        .or_else(|| iri.strip_prefix("http://"))?;
    let (year, code) = rest.strip_prefix(REFNIS)?.split_once('/')?;
    let is_code = (4..=5).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    Some((year.parse().ok()?, is_code.then(|| code.to_owned())?))
}

impl Lists {
    /// Adds the statements of a file; returns how many codes it speaks of.
    pub fn add(&mut self, quads: &[Quad]) -> usize {
        let mut codes = BTreeSet::new();
        for quad in quads {
            let NamedOrBlankNode::NamedNode(subject) = &quad.subject else {
                continue;
            };
            let Some((year, code)) = key(subject.as_str()) else {
                continue;
            };
            let list = self.by_year.entry(year).or_default();
            if list.len() >= MAX_CODES && !list.contains_key(&code) {
                continue;
            }
            let concept = list.entry(code.clone()).or_default();
            subject.as_str().clone_into(&mut concept.iri);
            codes.insert((year, code));
            let predicate = quad.predicate.as_str();
            let local = predicate.strip_prefix(skos::NS);
            match &quad.object {
                Term::Literal(value) if predicate == skos::PREF_LABEL => {
                    let language = value.language().unwrap_or("nl").to_owned();
                    concept.names.insert((language, value.value().to_owned()));
                }
                Term::Literal(value) if predicate == schema::START_DATE => {
                    concept.start = day(value.value());
                }
                Term::Literal(value) if predicate == schema::END_DATE => {
                    concept.end = day(value.value());
                }
                Term::NamedNode(other) => {
                    let Some(other) = key(other.as_str()) else {
                        continue;
                    };
                    match local {
                        Some("broader") => concept.broader = Some(other.1),
                        Some("narrower") => concept.has_narrower = true,
                        Some("exactMatch") if other.0 < year => {
                            concept.same.insert(other);
                        }
                        Some("narrowMatch") if other.0 < year => {
                            concept.parts.insert(other);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        codes.len()
    }

    /// Puts right what is known to be wrong, and adds the list of which only the names are known.
    pub fn correct(&mut self, report: &mut RepairReport) {
        for row in &CORRECTIONS.right {
            let Some(list) = self.by_year.get_mut(&row.year) else {
                continue;
            };
            let Some(concept) = list.get_mut(&row.nis) else {
                continue;
            };
            let was = concept.clone();
            if row.absent {
                list.remove(&row.nis);
            } else {
                concept.start = row.start.clone().or_else(|| concept.start.clone());
                concept.end = row.end.clone().or_else(|| concept.end.clone());
                concept.broader = row.broader.clone().or_else(|| concept.broader.clone());
                if let Some(narrow) = &row.narrow {
                    concept.parts = narrow.iter().filter_map(|text| part(text)).collect();
                    let parts = &concept.parts;
                    concept.same.retain(|same| !parts.contains(same));
                }
                let is_right = (&was.start, &was.end, &was.broader, &was.parts, &was.same)
                    == (
                        &concept.start,
                        &concept.end,
                        &concept.broader,
                        &concept.parts,
                        &concept.same,
                    );
                if is_right {
                    continue;
                }
            }
            let repair = Repair {
                code: "N062",
                path: format!("{}/{}", row.year, row.nis),
                from: was.iri.clone(),
                to: format!("{} / {}", row.nl, row.en),
            };
            report.note(&was.iri, &repair);
        }
        let Some(oldest) = CORRECTIONS.list.first() else {
            return;
        };
        let mut known = self.by_year.remove(&oldest.year).unwrap_or_default();
        for list in self.by_year.values() {
            for concept in list.values().filter(|concept| !concept.has_narrower) {
                let all = concept.same.iter().chain(&concept.parts);
                for (_, code) in all.filter(|(year, _)| *year == oldest.year) {
                    let former = CORRECTIONS.former.iter().find(|row| row.nis == *code);
                    let names = match former {
                        Some(row) => BTreeSet::from([("nl".to_owned(), row.nl.clone())]),
                        None => concept.names.clone(),
                    };
                    let above = self.above(list, concept).into_iter();
                    let mut regions = above.filter(|(code, _)| code.len() == 4);
                    known.entry(code.clone()).or_insert_with(|| Concept {
                        iri: format!("http://{REFNIS}{}/{code}", oldest.year),
                        names,
                        start: Some(oldest.start.clone()),
                        end: concept.start.clone(),
                        broader: regions.next().map(|(code, _)| code),
                        ..Concept::default()
                    });
                }
            }
        }
        if !known.is_empty() {
            self.by_year.insert(oldest.year, known);
        }
    }

    /// Codes and concepts above one, the nearest first.
    fn above(&self, list: &BTreeMap<String, Concept>, concept: &Concept) -> Vec<(String, String)> {
        let mut above = Vec::new();
        let mut next = concept.broader.clone();
        while let Some(code) = next.filter(|_| above.len() < MAX_ABOVE) {
            // Of the oldest list only its municipalities are known; regions are those of any list.
            let found = list.get(&code).or_else(|| {
                let mut lists = self.by_year.values().rev();
                lists.find_map(|list| list.get(&code))
            });
            let Some(found) = found else { break };
            above.push((code, found.iri.clone()));
            next = found.broader.clone();
        }
        above
    }

    /// The municipalities, by code.
    pub fn municipalities(&self) -> BTreeMap<String, Municipality> {
        let mut found: BTreeMap<String, Municipality> = BTreeMap::new();
        for list in self.by_year.values() {
            for (code, concept) in list {
                if code.len() != 5 || concept.has_narrower {
                    continue;
                }
                let Some(start) = concept.start.clone() else {
                    continue;
                };
                let end = concept.end.clone().filter(|end| !end.starts_with(NEVER));
                let municipality = found.entry(code.clone()).or_default();
                if municipality.start.is_empty() || start < municipality.start {
                    municipality.start = start;
                }
                // Later lists know better.
                municipality.end = end;
                municipality.names = concept.names.clone();
                municipality.concepts.insert(concept.iri.clone());
                let above = self.above(list, concept);
                municipality.above = above.into_iter().map(|(_, iri)| iri).collect();
            }
        }
        found
    }

    /// What took the place of what, by day.
    pub fn successions(&self) -> BTreeSet<Succession> {
        let mut found = BTreeSet::new();
        for list in self.by_year.values() {
            for (code, concept) in list {
                let Some(day) = concept.start.clone() else {
                    continue;
                };
                if code.len() != 5 || concept.has_narrower {
                    continue;
                }
                let codes = |keys: &BTreeSet<(u16, String)>| -> BTreeSet<String> {
                    keys.iter().map(|(_, code)| code.clone()).collect()
                };
                let parts = codes(&concept.parts);
                // A municipality that is said to come of itself alone only grew.
                if parts.iter().any(|part| part != code) {
                    let (to, from) = (code.clone(), parts);
                    found.insert(Succession {
                        day,
                        to,
                        from,
                        is_merger: true,
                    });
                } else {
                    let mut from = codes(&concept.same);
                    from.remove(code);
                    if !from.is_empty() {
                        let to = code.clone();
                        found.insert(Succession {
                            day,
                            to,
                            from,
                            is_merger: false,
                        });
                    }
                }
            }
        }
        found
    }
}

/// `1995/12030`.
fn part(text: &str) -> Option<(u16, String)> {
    let (year, code) = text.split_once('/')?;
    Some((year.parse().ok()?, code.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_can_be_read() {
        assert_eq!(CORRECTIONS.former.len(), 15);
        assert!(
            CORRECTIONS
                .right
                .iter()
                .all(|row| !row.nl.is_empty() && !row.en.is_empty())
        );
        for row in &CORRECTIONS.right {
            assert!(
                row.narrow.iter().flatten().all(|text| part(text).is_some()),
                "{}",
                row.nis
            );
        }
    }

    #[test]
    fn days_are_days() {
        assert_eq!(
            day("2025-01-01T00:00:00.000+01:00"),
            Some("2025-01-01".to_owned())
        );
        assert_eq!(day("9999-12-31"), Some("9999-12-31".to_owned()));
        for other in [
            "2025-01-0>",
            "> <urn:b> <",
            "2025",
            "2025-13-01",
            "é-01-01-01",
        ] {
            assert_eq!(day(other), None, "{other}");
        }
    }

    #[test]
    fn keys_are_codes_of_lists() {
        assert_eq!(
            key("http://vocab.belgif.be/auth/refnis2025/11002"),
            Some((2025, "11002".to_owned()))
        );
        for other in [
            "http://vocab.belgif.be/auth/refnis2025",
            "http://vocab.belgif.be/auth/refnis2025/x",
            "urn:a",
        ] {
            assert_eq!(key(other), None);
        }
    }
}

//! Contexts of our own for profiles whose published context is not to be had, as data: which published IRI each is read in
//! place of. Fetches nothing and knows no document.

use super::SHIPPED;
use crate::rdf::label::Text;
use serde::Deserialize;
use std::sync::LazyLock;

/// What stands before the name of such a context where contexts are served.
const PREFIX: &str = "profiel-";

/// A context of our own.
#[derive(Clone, Debug)]
pub struct OwnContext {
    /// File below `{base}/contexts/`.
    pub file: String,
    /// IRIs of published contexts that it is read in place of.
    pub published: Vec<String>,
    /// What somebody who compares statements with the profile should know.
    pub note: Option<Text>,
    /// The document.
    pub content: &'static [u8],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    context: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    published: Vec<String>,
    #[serde(default)]
    nl: String,
    #[serde(default)]
    en: String,
}

static OWN: LazyLock<Vec<OwnContext>> = LazyLock::new(|| {
    let content = |name: &str| {
        SHIPPED
            .get_file(format!("profiel/{name}"))
            .expect("named files are compiled in")
            .contents()
    };
    let text = std::str::from_utf8(content("contexten.toml")).expect("the list is UTF-8");
    let file: File = toml::from_str(text).expect("the list is tested");
    let row = |row: Row| OwnContext {
        content: content(&format!("{}.jsonld", row.name)),
        file: format!("{PREFIX}{}.jsonld", row.name),
        published: row.published,
        note: (!row.nl.is_empty()).then(|| Text::new(row.nl, row.en)),
    };
    file.context.into_iter().map(row).collect()
});

/// All contexts of our own, in the order of `vocab/context/profiel/contexten.toml`.
pub fn own_contexts() -> &'static [OwnContext] {
    &OWN
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::{BTreeMap, BTreeSet};

    fn terms(own: &OwnContext) -> serde_json::Map<String, Value> {
        let value: Value = serde_json::from_slice(own.content).expect("JSON");
        value["@context"].as_object().expect("terms").clone()
    }

    #[test]
    fn every_file_is_on_the_list_and_no_published_iri_is_there_twice() {
        let listed: BTreeSet<String> = OWN.iter().map(|own| own.file.clone()).collect();
        let folder = SHIPPED.get_dir("profiel").expect("shipped");
        let files = folder.files().filter_map(|file| file.path().file_name());
        let there = files
            .filter_map(|name| name.to_str())
            .filter(|name| name.ends_with(".jsonld"));
        assert_eq!(
            listed,
            there.map(|name| format!("{PREFIX}{name}")).collect()
        );
        let mut seen = BTreeSet::new();
        for own in OWN.iter() {
            assert!(!own.published.is_empty(), "{}", own.file);
            for iri in &own.published {
                assert!(oxiri::Iri::parse(iri.as_str()).is_ok(), "{iri}");
                assert!(seen.insert(iri), "{iri}");
            }
        }
    }

    /// A key means one thing, but where a later profile took another vocabulary for the same idea.
    #[test]
    fn the_same_key_means_the_same_in_every_context() {
        // Profiles of before 2023 tell observations with ISO 19156, later ones with SOSA.
        let later = "profiel-energiemanagementsysteem.jsonld";
        // The network profile says it with a term of its own.
        let other = BTreeSet::from(["Puntreferentie.opPositie"]);
        let mut meant: BTreeMap<String, (String, Value)> = BTreeMap::new();
        let mut differ = BTreeSet::new();
        for own in OWN.iter().filter(|own| own.file != later) {
            for (key, value) in terms(own) {
                let known = meant.entry(key.clone());
                let (file, first) = known.or_insert_with(|| (own.file.clone(), value.clone()));
                if *first != value {
                    assert!(
                        other.contains(key.as_str()),
                        "{key} in {file} and {}",
                        own.file
                    );
                    differ.insert(key);
                }
            }
        }
        assert_eq!(differ.len(), other.len());
    }

    #[test]
    fn terms_are_whole_iris_and_types_are_known() {
        for own in OWN.iter() {
            for (key, value) in terms(own) {
                if key == "@version" {
                    continue;
                }
                let iri = value.as_str().or_else(|| value["@id"].as_str());
                let iri = iri.unwrap_or_else(|| panic!("{key} in {}", own.file));
                let is_known = iri == "@type" || oxiri::Iri::parse(iri).is_ok();
                assert!(is_known, "{key}: {iri}");
                if let Some(datatype) = value["@type"].as_str() {
                    let is_iri = oxiri::Iri::parse(datatype).is_ok();
                    assert!(datatype == "@id" || is_iri, "{key}: {datatype}");
                }
            }
        }
    }
}

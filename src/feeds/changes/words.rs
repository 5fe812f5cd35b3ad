//! What the types of events are called: by the mappings of the base registries' feed, else by our own list, else by the type
//! of the register. Data alone.

use crate::ingest::normalise::Normaliser;
use crate::registry::{Register, assets};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where our own words stand.
const FILE: &str = "wijzigingen/woorden.toml";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    word: BTreeMap<String, String>,
}

static OWN: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let file = assets::REGISTERS.get_file(FILE);
    let text = file.and_then(|file| file.contents_utf8()).unwrap_or("");
    // A test reads what ships.
    toml::from_str::<Words>(text).unwrap_or_default().word
});

/// The word for the objects of a register in the types of events.
pub(in crate::feeds) fn word_of(register: &Register) -> String {
    let mapping = Normaliser::shipped().of_events_about(&register.name);
    let known = mapping.and_then(|mapping| mapping.event());
    let own = || OWN.get(&register.name).map(String::as_str);
    known.or_else(own).unwrap_or(&register.kind).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, RegistryConfig};

    #[test]
    fn every_register_that_ships_has_a_word_of_its_own() {
        let registry = Registry::in_memory(RegistryConfig::default());
        let words = registry.registers().iter().map(|register| {
            let known = Normaliser::shipped().of_events_about(&register.name);
            assert!(
                known.is_some() || OWN.contains_key(&register.name),
                "{} has no word in registers/{FILE}",
                register.name
            );
            word_of(register)
        });
        let words: Vec<String> = words.collect();
        let is_word = |word: &String| word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(words.iter().all(is_word), "{words:?}");
        let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
        for name in OWN.keys() {
            assert!(registry.register(name).is_some(), "{name} is no register");
        }
    }
}

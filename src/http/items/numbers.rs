//! Ids of items that come without one: by the text that the register declares, with a number that no item of it has or had.
//! Numbers are given out once; those of requests that fail are not given again before a restart.

use super::super::error::ApiError;
use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::View;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

/// The place of a number in the id of an item.
const NUMBER: &str = "{nummer}";

/// The greatest numbers given out, by register and by the texts around the number.
#[derive(Default)]
pub(in crate::http) struct Numbers(Mutex<FxHashMap<(String, String), u64>>);

impl Numbers {
    /// An id for a new item.
    pub(in crate::http) fn next(
        &self,
        view: &View,
        register: &Register,
    ) -> Result<String, ApiError> {
        let declared = register.new_id.as_deref().ok_or_else(|| {
            ApiError::bad_request(
                "id-needed",
                format!("Items van dit register krijgen hun nummer niet van de server: geef @id, een IRI van de vorm {}, of gebruik PUT.", register.iri),
                format!("Items of this register do not get their number from the server: give @id, an IRI of the form {}, or use PUT.", register.iri),
            )
            .with("iri", register.iri.as_str())
        })?;
        let year = jiff::Timestamp::now().strftime("%Y").to_string();
        let text = declared.replace("{jaar}", &year).replace("{uuid}", &uuid());
        let Some((before, after)) = text.split_once(NUMBER) else {
            return Ok(text);
        };
        let key = (register.name.clone(), format!("{before}{NUMBER}{after}"));
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = known().get(&key).copied();
        // Read without the lock: it may take a while, and is done once.
        let last = last.unwrap_or_else(|| greatest(view, register, before, after));
        let mut known = known();
        let counter = known.entry(key).or_insert(last);
        *counter = (*counter)
            .max(last)
            .checked_add(1)
            .ok_or_else(|| ApiError::internal("the numbers of a register are used up"))?;
        Ok(format!("{before}{counter}{after}"))
    }
}

impl Numbers {
    /// Goes on after the greatest number there is: others have given numbers as well.
    pub(in crate::http) fn look_again(&self, view: &View, register: &Register) {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = known();
        let keys: Vec<(String, String)> = mine
            .keys()
            .filter(|(name, _)| *name == register.name)
            .cloned()
            .collect();
        drop(mine);
        for key in keys {
            if let Some((before, after)) = key.1.split_once(NUMBER) {
                let last = greatest(view, register, before, after);
                let mut known = known();
                let counter = known.entry(key).or_default();
                *counter = last.max(*counter);
            }
        }
    }
}

/// The greatest number in the ids of a register; 0 when there is none.
fn greatest(view: &View, register: &Register, before: &str, after: &str) -> u64 {
    let ids = (view.id_of_iri(rdf::TYPE), view.id_of_iri(&register.class));
    let (Some(kind), Some(class)) = ids else {
        return 0;
    };
    let number = |subject| {
        let iri = view.iri(subject)?;
        let id = register.id_of_iri(&iri)?;
        id.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
    };
    view.subjects(kind, class)
        .filter_map(number)
        .max()
        .unwrap_or(0)
}

/// A random UUID, version 4 ([RFC 9562 §5.4](https://www.rfc-editor.org/rfc/rfc9562#section-5.4)).
pub(in crate::http) fn uuid() -> String {
    let mut hasher = Sha256::new();
    for _ in 0..4 {
        // The keys of each are from the random source of the system.
        let mut random = RandomState::new().build_hasher();
        random.write_i128(jiff::Timestamp::now().as_nanosecond());
        hasher.update(random.finish().to_le_bytes());
    }
    let digest = hasher.finalize();
    let hex: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let variant = char::from(b"89ab"[usize::from(digest[16] & 3)]);
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, RegistryConfig};

    #[test]
    fn declared_ids_look_like_ids() {
        let registry = Registry::in_memory(RegistryConfig::default());
        let view = registry.snapshot().view();
        let numbers = Numbers::default();
        for register in registry.registers().iter().filter(|r| r.new_id.is_some()) {
            for _ in 0..20 {
                let id = numbers.next(&view, register).expect("an id");
                assert!(register.item_iri(&id).is_some(), "{}: {id}", register.name);
            }
        }
        let parcels = registry.register("percelen").expect("declared");
        assert_eq!(
            numbers.next(&view, parcels).expect_err("none").code,
            "id-needed"
        );
    }

    #[test]
    fn uuids_differ() {
        let (a, b) = (uuid(), uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
    }
}

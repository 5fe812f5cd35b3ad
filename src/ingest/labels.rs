//! Labels of blank nodes. A label must stay the same when the same content is loaded again into the same graph and must
//! differ otherwise, because the store holds the blank nodes of all files side by side.
//! Form: `b{20 hex digits}x{n}`, digits from SHA-256 over the target graph and the content, n = order of appearance.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// First part of the labels of one load: `b`, 20 hex digits, `x`.
pub(crate) fn label_prefix(graph: &str, content_digest: &[u8; 32]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(graph.as_bytes());
    hasher.update([0]);
    hasher.update(content_digest);
    let digest = hasher.finalize();
    let mut prefix = String::with_capacity(22);
    prefix.push('b');
    for byte in &digest[..10] {
        let _ = write!(prefix, "{byte:02x}");
    }
    prefix.push('x');
    prefix
}

/// Whether a label was given by the store: `^b[0-9a-f]{20}x[0-9]+$`. Such labels are kept, so that a dump loads
/// back into the same statements.
pub(crate) fn is_store_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    bytes.len() > 22
        && bytes[0] == b'b'
        && bytes[1..21]
            .iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && bytes[21] == b'x'
        && bytes[22..].iter().all(u8::is_ascii_digit)
}

/// From labels of one file to something of the store (its id), in order of first appearance.
pub(crate) struct Labels<V> {
    known: FxHashMap<Box<str>, V>,
    prefix: String,
    fresh: u64,
}

impl<V: Copy> Labels<V> {
    /// No labels yet. The prefix is asked for when the first label needs it.
    pub(crate) fn new() -> Self {
        Self {
            known: FxHashMap::default(),
            prefix: String::new(),
            fresh: 0,
        }
    }

    /// What stands for this label, when it was seen before.
    pub(crate) fn get(&self, label: &str) -> Option<V> {
        self.known.get(label).copied()
    }

    /// Takes in a label seen for the first time: `make` gets the label the store shall know it by.
    ///
    /// # Errors
    /// What `prefix` fails with.
    pub(crate) fn insert<E>(
        &mut self,
        label: &str,
        prefix: impl FnOnce() -> Result<String, E>,
        make: impl FnOnce(&str) -> V,
    ) -> Result<V, E> {
        let value = if is_store_label(label) {
            make(label)
        } else {
            if self.prefix.is_empty() {
                self.prefix = prefix()?;
            }
            let length = self.prefix.len();
            let _ = write!(self.prefix, "{}", self.fresh);
            self.fresh += 1;
            let value = make(&self.prefix);
            self.prefix.truncate(length);
            value
        };
        self.known.insert(label.into(), value);
        Ok(value)
    }

    /// Different blank nodes seen.
    pub(crate) fn len(&self) -> u64 {
        self.known.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_depends_on_graph_and_content() {
        let a = label_prefix("http://example.org/g", &[1; 32]);
        assert!(is_store_label(&format!("{a}0")));
        assert!(!is_store_label(&a));
        assert_eq!(a, label_prefix("http://example.org/g", &[1; 32]));
        assert_ne!(a, label_prefix("http://example.org/h", &[1; 32]));
        assert_ne!(a, label_prefix("http://example.org/g", &[2; 32]));
        for other in [
            "b1",
            "b0123456789abcdef0123x",
            "b0123456789ABCDEF0123x1",
            "b0123456789abcdef0123x1a",
            "",
        ] {
            assert!(!is_store_label(other), "{other}");
        }
    }

    #[test]
    fn fresh_labels_count_up_and_store_labels_stay() {
        let mut labels = Labels::<usize>::new();
        let mut given: Vec<String> = Vec::new();
        for label in ["z", "b0123456789abcdef0123x7", "a", "z"] {
            if labels.get(label).is_none() {
                labels
                    .insert(
                        label,
                        || Ok::<_, ()>("bPx".to_owned()),
                        |new| {
                            given.push(new.to_owned());
                            given.len()
                        },
                    )
                    .expect("the prefix is there");
            }
        }
        assert_eq!(given, ["bPx0", "b0123456789abcdef0123x7", "bPx1"]);
        assert_eq!(labels.len(), 3);
    }
}

//! Labels of blank nodes in a JSON-LD text that are written `:_a` for `_:a`. Such a text is no reference at all, and a JSON-LD
//! reader drops what is said of it; it is one here only when some node of the same text has the label.

use std::collections::BTreeMap;

/// The labels of one text, as far as they were asked for.
pub(super) struct Labels<'t> {
    text: &'t str,
    known: BTreeMap<&'t str, bool>,
}

impl<'t> Labels<'t> {
    /// Labels that are looked up in one text; others are not taken for any.
    const MOST: usize = 64;

    /// Of a text.
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            known: BTreeMap::new(),
        }
    }

    /// Whether some node of the text has this label as its `@id`, however that is written.
    pub(super) fn is_node(&mut self, label: &'t str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if label.is_empty() || !label.bytes().all(is_plain) {
            return false;
        }
        if let Some(known) = self.known.get(label) {
            return *known;
        }
        if self.known.len() >= Self::MOST {
            return false;
        }
        let text = self.text;
        let is_named = ["_:", ":_"].iter().any(|start| {
            let wanted = format!("\"{start}{label}\"");
            memchr::memmem::find_iter(text.as_bytes(), wanted.as_bytes()).any(|at| {
                let before = text[..at].trim_end().strip_suffix(':');
                before.is_some_and(|before| before.trim_end().ends_with("\"@id\""))
            })
        });
        self.known.insert(label, is_named);
        is_named
    }
}

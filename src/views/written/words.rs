//! Words in a document: places, names, language tags, and how near one word is to another. Knows no context.

use oxrdf::NamedNode;

/// The key that a place is at: places in lists have none of their own.
pub(super) fn key_of(pointer: &str) -> String {
    let mut steps = pointer.rsplit('/');
    let key = steps.find(|step| step.is_empty() || !step.bytes().all(|b| b.is_ascii_digit()));
    key.unwrap_or("").replace("~1", "/").replace("~0", "~")
}

/// A key as one step of a JSON pointer.
pub(super) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether a text names a node: an absolute IRI or a blank label.
pub(super) fn is_node_name(text: &str) -> bool {
    text.strip_prefix("_:").map_or_else(
        || NamedNode::new(text).is_ok(),
        |label| oxrdf::BlankNode::new(label).is_ok(),
    )
}

/// Whether a key or class is an IRI that is meant as one: what begins with an unknown prefix is not.
pub(super) fn is_name_iri(text: &str) -> bool {
    let is_full = text.contains("://") || text.starts_with("urn:");
    is_full && NamedNode::new(text).is_ok()
}

/// Whether a text looks like a language tag ([RFC 5646 §2.1](https://www.rfc-editor.org/rfc/rfc5646#section-2.1)).
pub(super) fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    parts
        .next()
        .is_some_and(|first| is_part(first) && first.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(is_part)
}

/// Letters to change to get from one word to the other, or more than `most`.
pub(super) fn edits(a: &str, b: &str, most: usize) -> usize {
    let b: Vec<char> = b.chars().collect();
    if a.chars().count().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let change = before + usize::from(letter != *other);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        assert_eq!(edits("naam", "nam", 2), 1);
        assert_eq!(edits("kerk", "markt", 2), 3);
        assert_eq!(edits("", "abc", 2), 3);
    }
}

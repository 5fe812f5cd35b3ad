//! The one flaw of published streams that is mended here: literals of `rdf:langString` that have no language. No RDF has them,
//! and what they mean is plain: a string. Each is counted. Works on texts of N-Triples, N-Quads, Turtle and TriG.

use memchr::memmem;

const TYPES: [&[u8]; 2] = [
    b"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
    b"^^rdf:langString",
];

/// The text without those datatypes, and how many there were; `None` when there are none, or where the end of a literal
/// cannot be told from its inside.
pub(super) fn untagged(text: &[u8]) -> Option<(Vec<u8>, u64)> {
    let long = [&b"\"\"\""[..], b"'''"];
    if long
        .iter()
        .any(|quotes| memmem::find(text, quotes).is_some())
    {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut count = 0;
    let mut rest = text;
    while let Some(at) = memmem::find(rest, b"\"^^") {
        let (before, after) = rest.split_at(at + 1);
        out.extend_from_slice(before);
        rest = after;
        let escapes = before[..at]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        let name = TYPES.iter().find(|name| after.starts_with(name));
        if let Some(name) = name
            && escapes % 2 == 0
        {
            count += 1;
            rest = &after[name.len()..];
        }
    }
    out.extend_from_slice(rest);
    (count > 0).then_some((out, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_datatype_of_a_literal_is_taken_away() {
        let of = |text: &str| {
            untagged(text.as_bytes()).map(|(text, n)| (String::from_utf8(text).expect("UTF-8"), n))
        };
        let long = "^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>";
        assert_eq!(
            of(&format!("<a> <b> \"x\"{long} . <a> <b> \"y\"^^<c> .")),
            Some(("<a> <b> \"x\" . <a> <b> \"y\"^^<c> .".into(), 1))
        );
        assert_eq!(of("<a> <b> \"x\"@nl ."), None);
        // Inside of a literal it is its text.
        let inside = format!("<a> <b> \"say \\\"{long}\" .");
        assert_eq!(of(&inside), None);
        assert_eq!(of(&format!("<a> <b> \"\"\"x\"{long}\"\"\" .")), None);
    }
}

//! By what members are put together, read off their N-Quads in one pass: lines are found by their ends and taken apart by
//! blanks, and only those with a wanted predicate are kept. No term is parsed but the one that becomes a key.

use super::tiles;
use crate::feeds::stream::{Kind, Lying};
use crate::registry::FeedViewKind;
use memchr::{memchr, memrchr};
use std::borrow::Cow;

/// Most bytes of a key; what is longer has none.
const MAX_KEY: usize = 512;
/// Most nodes that a path is followed over at once.
const MAX_NODES: usize = 64;
/// Lines of the activity of a member.
const ACTIVITY: usize = 4;
/// Predicates of geometries.
pub(super) const GEOMETRY: [&str; 3] = [
    "http://www.opengis.net/ont/geosparql#asWKT",
    "http://www.opengis.net/ont/geosparql#asGML",
    "http://www.opengis.net/ont/geosparql#asGeoJSON",
];

/// The key of a member that has none to be read.
pub(super) const NONE: &str = "";

/// How one view gets at its keys.
struct Rule {
    /// Places of the predicates of its path; at each step one of some.
    path: Vec<Vec<usize>>,
    kind: FeedViewKind,
}

/// Reads the keys of several views at once.
pub(super) struct Reader {
    /// Predicates as they are written, brackets included.
    wanted: Vec<Vec<u8>>,
    rules: Vec<Rule>,
}

/// A statement with a wanted predicate: subject, place of the predicate, object.
type Wanted<'a> = (&'a [u8], usize, &'a [u8]);

impl Reader {
    /// A reader for views with keys, in their order.
    pub(super) fn new<'a>(kinds: impl Iterator<Item = &'a FeedViewKind>) -> Self {
        let mut wanted: Vec<Vec<u8>> = Vec::new();
        let mut place = |iri: &str| {
            let written = format!("<{iri}>").into_bytes();
            wanted
                .iter()
                .position(|known| *known == written)
                .unwrap_or_else(|| {
                    wanted.push(written);
                    wanted.len() - 1
                })
        };
        let rules = kinds
            .map(|kind| {
                let path: &[String] = match kind {
                    FeedViewKind::Reference { path }
                    | FeedViewKind::Prefix { path, .. }
                    | FeedViewKind::Tile { path, .. } => path,
                    _ => &[],
                };
                let mut path: Vec<Vec<usize>> = path.iter().map(|iri| vec![place(iri)]).collect();
                if matches!(kind, FeedViewKind::Tile { .. }) {
                    path.push(GEOMETRY.iter().map(|iri| place(iri)).collect());
                }
                Rule {
                    path,
                    kind: kind.clone(),
                }
            })
            .collect();
        Self { wanted, rules }
    }

    /// The keys of a member, one for each view.
    pub(super) fn keys(&self, member: &Lying<'_>, keys: &mut Vec<String>) {
        keys.clear();
        let mut wanted = Vec::new();
        let item = self.statements(member, &mut wanted);
        for rule in &self.rules {
            let key = item.and_then(|item| rule.key(item, &wanted));
            keys.push(key.unwrap_or_else(|| NONE.to_owned()));
        }
    }

    /// Collects the wanted statements of what the item says, or said before it went; the item.
    fn statements<'a>(&self, member: &Lying<'a>, wanted: &mut Vec<Wanted<'a>>) -> Option<&'a [u8]> {
        let (mut name, mut item) = (None, None);
        let mut rest = member.text;
        for line in 0..ACTIVITY {
            let (first, more) = split_line(rest);
            rest = more;
            match line {
                0 => name = third(first),
                2 => item = third(first),
                _ => {}
            }
        }
        let (name, item) = (name?, item?);
        if member.entry.kind == Kind::Delete {
            rest = member.before;
        }
        while !rest.is_empty() {
            let (line, more) = split_line(rest);
            rest = more;
            let Some((subject, after)) = split_at_blank(line) else {
                continue;
            };
            let Some((predicate, after)) = split_at_blank(after) else {
                continue;
            };
            let Some(place) = self.wanted.iter().position(|known| known == predicate) else {
                continue;
            };
            let object = after
                .strip_suffix(b" .")
                .and_then(|after| after.strip_suffix(name))
                .and_then(|after| after.strip_suffix(b" "));
            if let Some(object) = object {
                wanted.push((subject, place, object));
            }
        }
        Some(item)
    }
}

fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b'\n', text) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    }
}

fn split_at_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// The object of a statement of the default graph whose object has no blanks.
fn third(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b" .")?;
    Some(&line[memrchr(b' ', line)? + 1..])
}

impl Rule {
    /// The key of an item: of several values that make one the first in the order of bytes, so that it does not depend on
    /// the order of statements.
    fn key(&self, item: &[u8], wanted: &[Wanted<'_>]) -> Option<String> {
        let mut nodes = vec![item];
        for step in &self.path {
            let mut next: Vec<&[u8]> = Vec::new();
            for (subject, predicate, object) in wanted {
                if step.contains(predicate) && nodes.contains(subject) && next.len() < MAX_NODES {
                    next.push(object);
                }
            }
            nodes = next;
        }
        nodes.sort_unstable();
        let mut keys = nodes
            .into_iter()
            .filter_map(|node| self.kind_key(std::str::from_utf8(node).ok()?));
        keys.find(|key| !key.is_empty() && key.len() <= MAX_KEY)
    }

    /// What a term is put together by.
    fn kind_key(&self, term: &str) -> Option<String> {
        match &self.kind {
            // A blank node means nothing elsewhere.
            FeedViewKind::Reference { .. } => (!term.starts_with("_:")).then(|| term.to_owned()),
            FeedViewKind::Prefix {
                language, length, ..
            } => {
                let (text, end) = literal_of(term)?;
                if let Some(language) = language {
                    let tag = end.strip_prefix('@')?;
                    tag.eq_ignore_ascii_case(language).then_some(())?;
                }
                Some(text.chars().take(usize::from(*length)).collect())
            }
            FeedViewKind::Tile { zoom, .. } => {
                let (text, end) = literal_of(term)?;
                let datatype = end.strip_prefix("^^<")?.strip_suffix('>')?;
                let bounds = crate::query::wgs84_bounds(&text, datatype)?;
                Some(tiles::Tile::around(bounds, *zoom)?.to_string())
            }
            _ => None,
        }
    }
}

/// The text of a literal as it is written in N-Quads, and what follows it: nothing, `@` and a language, or `^^` and a datatype.
fn literal_of(term: &str) -> Option<(Cow<'_, str>, &str)> {
    let (text, end) = term.strip_prefix('"')?.rsplit_once('"')?;
    if !text.contains('\\') {
        return Some((Cow::Borrowed(text), end));
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let code = |chars: &mut std::str::Chars<'_>, digits: usize| {
            let hex: String = chars.by_ref().take(digits).collect();
            u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32)
        };
        out.push(match chars.next()? {
            't' => '\t',
            'b' => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'u' => code(&mut chars, 4)?,
            'U' => code(&mut chars, 8)?,
            other => other,
        });
    }
    Some((Cow::Owned(out), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_taken_apart() {
        for (term, text, end) in [
            (r#""a"@nl"#, "a", "@nl"),
            (
                r#""a \"b\" \\ \n é"^^<http://e/d>"#,
                "a \"b\" \\ \n é",
                "^^<http://e/d>",
            ),
            (r#""é""#, "é", ""),
            (r#""""#, "", ""),
        ] {
            let found = literal_of(term).expect("a literal");
            assert_eq!((found.0.as_ref(), found.1), (text, end));
        }
        for term in ["<http://e/a>", "_:b", "\"", r#""\uD800""#, r#""\u12"#] {
            assert_eq!(
                literal_of(term).map(|(text, _)| text.into_owned()),
                None,
                "{term}"
            );
        }
    }
}

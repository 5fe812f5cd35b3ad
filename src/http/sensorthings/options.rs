//! Query options of SensorThings: `$filter`, `$expand` with options of its own, `$select`, `$orderby`, `$top`, `$skip`, `$count`
//! and `$resultFormat`, read within bounds. Checks no names of properties.

use super::super::error::ApiError;
use super::filter::{self, Expr};
use super::refused;

/// Entities of a page when nothing is said.
pub(super) const DEFAULT_TOP: usize = 100;
/// Most entities of a page.
pub(super) const MAX_TOP: usize = 10_000;
/// Most to pass over.
const MAX_SKIP: usize = 1_000_000;
/// Deepest `$expand`.
const MAX_DEPTH: usize = 5;
/// Most expansions of one request.
const MAX_EXPANSIONS: usize = 30;
/// Where a page goes on.
pub(super) const TOKEN: &str = "$skiptoken";

/// The options of a set or of an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Options {
    pub(super) filter: Option<Expr>,
    pub(super) expand: Vec<Expand>,
    pub(super) select: Option<Vec<String>>,
    /// What is sorted by, and whether downwards.
    pub(super) order: Vec<(Expr, bool)>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) count: bool,
    pub(super) token: Option<String>,
    pub(super) data_array: bool,
}

/// A navigation property that is expanded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expand {
    pub(super) name: String,
    pub(super) options: Options,
}

impl Options {
    /// Of the parameters of an address.
    ///
    /// # Errors
    /// 400 with the parameter.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut left = MAX_EXPANSIONS;
        Self::of(pairs, 0, &mut left)
    }

    /// Entities of a page.
    pub(super) fn page(&self) -> usize {
        self.top.unwrap_or(DEFAULT_TOP)
    }

    fn of(pairs: &[(String, String)], depth: usize, left: &mut usize) -> Result<Self, ApiError> {
        let mut out = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name.as_str()) {
                return Err(refused::option(
                    name,
                    value,
                    "hoogstens één keer gegeven",
                    "given once at most",
                ));
            }
            seen.push(name);
            match name.as_str() {
                "$filter" => {
                    let read = filter::parse(value);
                    out.filter = Some(read.map_err(|bad| refused::filter(name, &bad))?);
                }
                "$expand" => {
                    for part in split(value, ',') {
                        expand(part.trim(), depth, left, &mut out.expand)?;
                    }
                }
                "$select" => {
                    let names = value.split(',').map(|name| name.trim().to_owned());
                    out.select = Some(names.filter(|name| !name.is_empty()).collect());
                }
                "$orderby" => {
                    for part in split(value, ',') {
                        out.order.push(order(part.trim())?);
                    }
                }
                "$top" => out.top = Some(number(name, value, MAX_TOP)?),
                "$skip" => out.skip = number(name, value, MAX_SKIP)?,
                "$count" => {
                    out.count = match value.as_str() {
                        "true" => true,
                        "false" => false,
                        _ => {
                            return Err(refused::option(
                                name,
                                value,
                                "true of false",
                                "true or false",
                            ));
                        }
                    }
                }
                "$resultFormat" if depth == 0 => {
                    if value != "dataArray" {
                        return Err(refused::option(name, value, "dataArray", "dataArray"));
                    }
                    out.data_array = true;
                }
                TOKEN if depth == 0 => out.token = Some(value.clone()),
                _ => {
                    let known =
                        "$filter, $expand, $select, $orderby, $top, $skip, $count, $resultFormat";
                    return Err(refused::option(
                        name,
                        value,
                        &format!("hier onbekend; er zijn {known}"),
                        &format!("unknown here; there are {known}"),
                    ));
                }
            }
        }
        Ok(out)
    }
}

fn number(name: &str, value: &str, most: usize) -> Result<usize, ApiError> {
    let number = value.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| {
        refused::option(
            name,
            value,
            &format!("een getal van 0 tot {most}"),
            &format!("a number from 0 to {most}"),
        )
    })
}

fn order(text: &str) -> Result<(Expr, bool), ApiError> {
    let (what, down) = match text.rsplit_once(char::is_whitespace) {
        Some((what, "desc")) => (what, true),
        Some((what, "asc")) => (what, false),
        _ => (text, false),
    };
    let read = filter::parse(what).map_err(|bad| refused::filter("$orderby", &bad))?;
    Ok((read, down))
}

/// `Datastreams($top=1;$expand=Sensor)/Observations`, added to what is expanded already.
fn expand(
    text: &str,
    depth: usize,
    left: &mut usize,
    out: &mut Vec<Expand>,
) -> Result<(), ApiError> {
    let bad = |nl: &str, en: &str| Err(refused::option("$expand", text, nl, en));
    if depth >= MAX_DEPTH || *left == 0 {
        return bad("hoogstens 30 namen, 5 diep", "at most 30 names, 5 deep");
    }
    *left -= 1;
    let end = text.find(['(', '/']).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let name = name.trim();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return bad(
            "een lijst van verbonden soorten, zoals Datastreams($top=1)",
            "a list of related kinds, such as Datastreams($top=1)",
        );
    }
    let mut options = Options::default();
    if rest.starts_with('(') {
        let Some(close) = closing(rest) else {
            return bad("met een sluitend haakje", "with a closing bracket");
        };
        let inner = &rest[1..close];
        let pairs: Vec<(String, String)> = split(inner, ';')
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (name.trim().to_owned(), value.trim().to_owned())
            })
            .collect();
        options = Options::of(&pairs, depth + 1, left)?;
        rest = &rest[close + 1..];
    }
    if let Some(below) = rest.strip_prefix('/') {
        expand(below, depth + 1, left, &mut options.expand)?;
    } else if !rest.trim().is_empty() {
        return bad(
            "een lijst van verbonden soorten, zoals Datastreams($top=1)",
            "a list of related kinds, such as Datastreams($top=1)",
        );
    }
    match out.iter_mut().find(|known| known.name == name) {
        // `Datastreams/Sensor,Datastreams/Thing` expands one thing with two in it.
        Some(known) => {
            for inner in options.expand {
                if !known.options.expand.iter().any(|k| k.name == inner.name) {
                    known.options.expand.push(inner);
                }
            }
        }
        None => out.push(Expand {
            name: name.to_owned(),
            options,
        }),
    }
    Ok(())
}

/// The place of the bracket that closes the first one; quotes hide brackets.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Parts between separators that are neither in brackets nor in quotes.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut quoted, mut start) = (0_i64, false, 0);
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == separator && !quoted && depth <= 0 => {
                out.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, ApiError> {
        Options::read(&[("$expand".to_owned(), text.to_owned())])
    }

    #[test]
    fn expansions_nest_with_options_of_their_own() {
        let text = "Datastreams($filter=name eq 'a;)b';$expand=Observations($top=1;$orderby=phenomenonTime desc)),Locations";
        let options = read(text).expect("options");
        let names: Vec<&str> = options.expand.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Datastreams", "Locations"]);
        let inner = &options.expand[0].options;
        assert!(inner.filter.is_some());
        assert_eq!(inner.expand[0].options.top, Some(1));
        assert!(inner.expand[0].options.order[0].1);
    }

    #[test]
    fn paths_of_the_same_beginning_are_one_expansion() {
        let options = read("Datastreams/Sensor,Datastreams/Thing").expect("options");
        assert_eq!(options.expand.len(), 1);
        assert_eq!(options.expand[0].options.expand.len(), 2);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        let bad = [
            "A(",
            "A($top=x)",
            "A/",
            "A($what=1)",
            "A)b",
            "(",
            "A($top=1",
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = "A(".to_owned() + &"$expand=A(".repeat(20) + &")".repeat(21);
        assert!(read(&deep).is_err());
        let wide = vec!["A"; 40].join(",");
        assert!(read(&wide).is_err());
        for (name, value) in [
            ("$top", "-1"),
            ("$skip", "x"),
            ("$count", "1"),
            ("$what", ""),
        ] {
            let pair = (name.to_owned(), value.to_owned());
            assert!(Options::read(&[pair]).is_err(), "{name}");
        }
    }
}

//! Templates: texts with holes for values of a record, such as `https://data.vlaanderen.be/id/organisatie/{ovoNumber}`; and
//! conditions on such values. `{a.b}` is the value at a path, as one segment of an IRI, and `{a,b}` the first there is; `{value}` the value at hand, `{base}`
//! the base of the registry. After `|` stands how the value is written. Pure functions over records.

use super::document::at;
use super::iris::segment;
use super::mapping::split;
use serde_json::Value;

/// Keys that hold the text of an element beside its attributes, or the value beside its description.
pub(super) const WRAPPERS: [&str; 2] = ["#text", "Value"];

/// How a value is written in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// As one segment of a path.
    Segment,
    /// As it is: an IRI or a part of one.
    Iri,
    /// An enterprise number, digits only.
    Kbo,
    /// `organisatie/` or `vestiging/` and the number, by its first digit.
    Entity,
    /// A parcel key with a dash.
    Capakey,
    /// Words as one: `in gebruik` → `inGebruik`.
    Words,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Base,
    Own(Filter),
    /// The first of these paths that leads to a value.
    At(Vec<Vec<String>>, Filter),
}

/// A text with holes.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

/// A filled template, and the enterprise numbers in it: as written, and as they became.
pub(super) struct Filled {
    pub(super) text: String,
    pub(super) numbers: Vec<(String, Kbo)>,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            let end = rest[open..]
                .find('}')
                .ok_or_else(|| format!("{text} has a hole without an end"))?;
            let hole = &rest[open + 1..open + end];
            let (name, filter) = hole.split_once('|').unwrap_or((hole, "segment"));
            let filter = match filter {
                "segment" => Filter::Segment,
                "iri" => Filter::Iri,
                "kbo" => Filter::Kbo,
                "entity" => Filter::Entity,
                "capakey" => Filter::Capakey,
                "words" => Filter::Words,
                other => return Err(format!("a template knows no {other}")),
            };
            pieces.push(match name {
                "base" => Piece::Base,
                "value" => Piece::Own(filter),
                paths => Piece::At(paths.split(',').map(split).collect(), filter),
            });
            rest = &rest[open + end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// The text with its holes filled: from the values given, the first that has one. `None` when a hole stays open.
    pub(super) fn fill(&self, base: &str, own: Option<&str>, from: &[&Value]) -> Option<Filled> {
        let mut filled = Filled {
            text: String::new(),
            numbers: Vec::new(),
        };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.text.push_str(text),
                Piece::Base => filled.text.push_str(base),
                Piece::Own(filter) => write(&mut filled, own?, *filter),
                Piece::At(paths, filter) => {
                    let text_at = |value: &Value, path: &[String]| {
                        scalar(at(value, path)?).filter(|text| !text.is_empty())
                    };
                    let text = from
                        .iter()
                        .find_map(|value| paths.iter().find_map(|path| text_at(value, path)))?;
                    write(&mut filled, &text, *filter);
                }
            }
        }
        Some(filled)
    }

    /// The first path in it.
    pub(super) fn path(&self) -> Option<&[String]> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::At(paths, _) => paths.first().map(Vec::as_slice),
            _ => None,
        })
    }
}

fn write(filled: &mut Filled, text: &str, filter: Filter) {
    let text = text.trim();
    match filter {
        Filter::Segment => filled.text.push_str(&segment(text)),
        Filter::Iri => filled.text.push_str(text),
        Filter::Capakey => filled.text.push_str(&segment(&text.replace('/', "-"))),
        Filter::Words => filled.text.push_str(&segment(&words(text))),
        Filter::Kbo | Filter::Entity => {
            let number = Kbo::read(text);
            if filter == Filter::Entity {
                let is_site = number
                    .text
                    .starts_with(|first: char| ('2'..='9').contains(&first));
                let kind = if is_site {
                    "vestiging/"
                } else {
                    "organisatie/"
                };
                filled.text.push_str(kind);
            }
            filled.text.push_str(&segment(&number.text));
            filled.numbers.push((text.to_owned(), number));
        }
    }
}

/// The text of a value that is one, or of the text in an element with attributes.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(members) => WRAPPERS.iter().find_map(|key| {
            members
                .get(*key)
                .filter(|inner| !inner.is_object())
                .and_then(scalar)
        }),
        Value::Null | Value::Array(_) => None,
    }
}

/// `weg bestaande uit één rijbaan` → `wegBestaandeUitÉénRijbaan`.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, word) in text.split_whitespace().enumerate() {
        let mut characters = word.chars();
        match characters.next() {
            Some(first) if index > 0 => out.extend(first.to_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(characters.as_str());
    }
    out
}

/// A number of the register of enterprises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kbo {
    /// Digits only, ten of them where it can be.
    pub(super) text: String,
    /// Whether it was written otherwise.
    pub(super) is_changed: bool,
    /// Whether there are ten digits, and the last two are 97 less the rest of the first eight by 97.
    pub(super) is_right: bool,
}

impl Kbo {
    /// Reads `0207.499.826`, `207499826`, `BE 0207499826`. What holds anything but digits and separators stays as it is.
    pub(super) fn read(text: &str) -> Self {
        let bare = text.trim();
        let bare = bare.strip_prefix("BE").unwrap_or(bare);
        let mut digits: String = bare
            .chars()
            .filter(|character| !matches!(character, '.' | ' ' | '-' | '/'))
            .collect();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self {
                text: text.to_owned(),
                is_changed: false,
                is_right: false,
            };
        }
        if digits.len() == 9 {
            digits.insert(0, '0');
        }
        let is_right = digits.len() == 10
            && digits[..8]
                .parse::<u32>()
                .is_ok_and(|first| digits[8..].parse::<u32>() == Ok(97 - first % 97));
        Self {
            is_changed: digits != text,
            text: digits,
            is_right,
        }
    }
}

/// A condition on a value of a record.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) path: Vec<String>,
    pub(super) is: Vec<String>,
    pub(super) not: Vec<String>,
    pub(super) has: Option<bool>,
}

impl Condition {
    fn holds(&self, record: &Value) -> bool {
        let found = if self.path.iter().all(String::is_empty) {
            Some(record)
        } else {
            at(record, &self.path)
        };
        let is_there = found.is_some_and(|value| !value.is_null());
        if self.has.is_some_and(|has| has != is_there) {
            return false;
        }
        let text = found.and_then(scalar);
        let among = |list: &[String]| {
            text.as_ref()
                .is_some_and(|text| list.iter().any(|one| one == text))
        };
        (self.is.is_empty() || among(&self.is)) && (self.not.is_empty() || !among(&self.not))
    }
}

/// Whether all of some conditions hold.
pub(super) fn all_hold(conditions: &[Condition], record: &Value) -> bool {
    conditions.iter().all(|condition| condition.holds(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn holes_are_filled() {
        let record = json!({"a": {"b": "0207.499.826"}, "c": {"#text": "x y", "@d": 1}});
        let of = |text: &str| {
            let template = Template::parse(text).expect("a template");
            template
                .fill("http://h", Some("in gebruik"), &[&record])
                .map(|filled| filled.text)
        };
        assert_eq!(of("{base}/{c}").as_deref(), Some("http://h/x%20y"));
        assert_eq!(of("u:{value|words}").as_deref(), Some("u:inGebruik"));
        assert_eq!(
            of("{a.b|entity}").as_deref(),
            Some("organisatie/0207499826")
        );
        assert_eq!(of("{d}"), None);
        assert!(Template::parse("{a|onzin}").is_err());
        assert!(Template::parse("{a").is_err());
    }

    #[test]
    fn enterprise_numbers_have_check_digits() {
        let read = |text| {
            let kbo = Kbo::read(text);
            (kbo.text, kbo.is_changed, kbo.is_right)
        };
        let right = "0207499826".to_owned();
        assert_eq!(read("0207499826"), (right.clone(), false, true));
        assert_eq!(read("0207.499.826"), (right.clone(), true, true));
        assert_eq!(read("BE 0207 499 826"), (right.clone(), true, true));
        assert_eq!(read("207499826"), (right, true, true));
        assert_eq!(read("0680397589"), ("0680397589".to_owned(), false, false));
        assert_eq!(read("onzin"), ("onzin".to_owned(), false, false));
        assert_eq!(read(""), (String::new(), false, false));
    }

    #[test]
    fn conditions_hold_or_not() {
        let record = json!({"a": {"Value": "2", "Beschrijving": null}, "b": null});
        let holds = |is: &[&str], not: &[&str], has, path: &str| {
            let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
            Condition {
                path: path.split('.').map(ToOwned::to_owned).collect(),
                is: texts(is),
                not: texts(not),
                has,
            }
            .holds(&record)
        };
        assert!(holds(&["2"], &[], None, "a"));
        assert!(!holds(&[], &["2"], None, "a"));
        assert!(holds(&[], &["2"], Some(false), "b"));
        assert!(!holds(&["2"], &[], None, "b"));
    }
}

//! Views of event streams as registers declare them (`[[feed.view]]`): how the members of a stream are put on pages besides
//! by time. Says what is wanted; `feeds` makes it.

use super::register::RegisterError;
use crate::rdf::label::Text;
use serde::Deserialize;

/// Names below `/ldes/{register}/` that are no views.
const RESERVED: [&str; 6] = ["vorm", "lid", "tijd", "index", "zoek", "weergaven"];
/// Most bytes of a name.
const MAX_NAME: usize = 40;
/// Most predicates of a path.
const MAX_PATH: usize = 6;
/// Most characters of a text that members are put together by.
const MAX_LENGTH: u8 = 32;
/// The closest zoom of tiles: some 150 metres in Flanders.
const MAX_ZOOM: u8 = 18;
/// Most versions of an item that a view tells apart.
const MAX_AMOUNT: u32 = 1000;
/// Most days: a hundred years.
const MAX_DAYS: u32 = 36_525;
/// Most views that a register declares.
const MAX_VIEWS: usize = 32;

/// A view of the event stream of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedView {
    /// Path segment of its entry: `/ldes/{register}/{name}`.
    pub name: String,
    /// Name for people.
    pub label: Text,
    /// How members are put on pages.
    pub kind: FeedViewKind,
}

/// How members are put on pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedViewKind {
    /// One page after the other, each with a relation to the next.
    Pages,
    /// Pages of the latest version of each item at a fixed moment, then what came after it.
    Snapshot,
    /// By what the item refers to.
    Reference {
        /// Predicates from the item to the value.
        path: Vec<String>,
    },
    /// By the first characters of a text.
    Prefix {
        /// Predicates from the item to the text.
        path: Vec<String>,
        /// Only texts in this language count, as a tag in lower case; without it all.
        language: Option<String>,
        /// How many characters.
        length: u8,
    },
    /// By the tile of a map that the geometry lies in: the smallest one, down to a zoom, that has all of it.
    Tile {
        /// Predicates from the item to the node that bears the geometry.
        path: Vec<String>,
        /// The closest zoom.
        zoom: u8,
    },
    /// By time, without what falls out: a member stays while it is among the last versions of its item, or is young enough.
    Retention {
        /// Versions of each item that stay, however old.
        versions: Option<u32>,
        /// Days that a member stays, whatever came after it.
        days: Option<u32>,
    },
}

impl FeedViewKind {
    /// Its word in declarations.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Snapshot => "snapshot",
            Self::Reference { .. } => "reference",
            Self::Prefix { .. } => "prefix",
            Self::Tile { .. } => "tile",
            Self::Retention { .. } => "retention",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedDeclaration {
    #[serde(default)]
    view: Vec<ViewDeclaration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewDeclaration {
    name: String,
    kind: Kind,
    #[serde(default)]
    path: Vec<String>,
    language: Option<String>,
    length: Option<u8>,
    zoom: Option<u8>,
    versions: Option<u32>,
    days: Option<u32>,
    label: Label,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    nl: String,
    en: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Reference,
    Prefix,
    Tile,
    Retention,
}

/// The views that every stream has.
pub(super) fn standard() -> Vec<FeedView> {
    let view = |name: &str, nl, en, kind| FeedView {
        name: name.to_owned(),
        label: Text::new(nl, en),
        kind,
    };
    let latest = FeedViewKind::Retention {
        versions: Some(1),
        days: None,
    };
    vec![
        view(
            "pagina",
            "De ene pagina na de andere",
            "One page after the other",
            FeedViewKind::Pages,
        ),
        view(
            "laatste",
            "De laatste versie van elk object",
            "The latest version of each item",
            latest,
        ),
        view(
            "stand",
            "De stand op een vast moment, en wat daarna kwam",
            "The state at a fixed moment, and what came after it",
            FeedViewKind::Snapshot,
        ),
    ]
}

impl FeedDeclaration {
    /// The views declared, after those that every stream has.
    pub(super) fn views(self, geometry: &[String]) -> Result<Vec<FeedView>, RegisterError> {
        if self.view.len() > MAX_VIEWS {
            return Err(wrong("there are too many views"));
        }
        let mut views = standard();
        for declared in self.view {
            let view = declared.view(geometry)?;
            let is_name = !view.name.is_empty()
                && view.name.len() <= MAX_NAME
                && view
                    .name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let is_taken = RESERVED.contains(&view.name.as_str())
                || views.iter().any(|other| other.name == view.name);
            if !is_name || is_taken {
                return Err(RegisterError::Name { name: view.name });
            }
            views.push(view);
        }
        Ok(views)
    }
}

fn wrong(why: &'static str) -> RegisterError {
    RegisterError::Content {
        what: "feed.view",
        why,
    }
}

impl ViewDeclaration {
    fn view(self, geometry: &[String]) -> Result<FeedView, RegisterError> {
        let is_path = |path: &[String]| {
            (1..=MAX_PATH).contains(&path.len())
                && path.iter().all(|iri| oxrdf::NamedNode::new(iri).is_ok())
        };
        let path = match self.kind {
            Kind::Tile if self.path.is_empty() => geometry.to_vec(),
            _ => self.path,
        };
        if !matches!(self.kind, Kind::Retention) && !is_path(&path) {
            return Err(wrong("its path has one to six predicates"));
        }
        let kind = match self.kind {
            Kind::Reference => FeedViewKind::Reference { path },
            Kind::Prefix => FeedViewKind::Prefix {
                path,
                language: self.language,
                length: match self.length {
                    Some(length @ 1..=MAX_LENGTH) => length,
                    _ => return Err(wrong("its length is a number from 1 to 32")),
                },
            },
            Kind::Tile => FeedViewKind::Tile {
                path,
                zoom: match self.zoom {
                    Some(zoom @ 0..=MAX_ZOOM) => zoom,
                    _ => return Err(wrong("its zoom is a number from 0 to 18")),
                },
            },
            Kind::Retention => {
                let is_sound = |number: Option<u32>, most| {
                    number.is_none_or(|number| (1..=most).contains(&number))
                };
                if self.versions.is_none() && self.days.is_none()
                    || !is_sound(self.versions, MAX_AMOUNT)
                    || !is_sound(self.days, MAX_DAYS)
                {
                    return Err(wrong(
                        "it keeps 1 to 1000 versions, or 1 to 36525 days, or both",
                    ));
                }
                FeedViewKind::Retention {
                    versions: self.versions,
                    days: self.days,
                }
            }
        };
        Ok(FeedView {
            name: self.name,
            label: Text::new(self.label.nl, self.label.en),
            kind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<FeedView>, RegisterError> {
        let declared: FeedDeclaration = toml::from_str(text)?;
        declared.views(&["http://e/g".to_owned()])
    }

    #[test]
    fn views_are_declared_with_what_their_kind_needs() {
        let label = "label = { nl = \"x\", en = \"x\" }";
        let one = |text: &str| read(&format!("[[view]]\nname = \"a\"\n{label}\n{text}"));
        let kind = |text: &str| one(text).map(|views| views[3].kind.clone()).ok();
        let path = vec!["http://e/g".to_owned()];
        let tile = FeedViewKind::Tile { path, zoom: 12 };
        assert_eq!(kind("kind = \"tile\"\nzoom = 12"), Some(tile));
        assert_eq!(kind("kind = \"tile\"\nzoom = 40"), None);
        assert_eq!(kind("kind = \"reference\""), None);
        assert_eq!(kind("kind = \"reference\"\npath = [\"geen iri\"]"), None);
        assert!(kind("kind = \"reference\"\npath = [\"http://e/p\"]").is_some());
        assert_eq!(kind("kind = \"prefix\"\npath = [\"http://e/p\"]"), None);
        assert!(kind("kind = \"prefix\"\npath = [\"http://e/p\"]\nlength = 2").is_some());
        assert_eq!(kind("kind = \"retention\""), None);
        assert_eq!(kind("kind = \"retention\"\nversions = 0"), None);
        assert!(kind("kind = \"retention\"\ndays = 30").is_some());
        for name in ["lid", "laatste", "Groot", "", "a/b"] {
            let text =
                format!("[[view]]\nname = \"{name}\"\n{label}\nkind = \"retention\"\ndays = 1");
            assert!(read(&text).is_err(), "{name}");
        }
        assert_eq!(read("").expect("none is declared").len(), 3);
    }
}

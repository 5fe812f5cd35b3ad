//! What filters ask, as sets of ids: which items lead by a path to one of some values. The narrowest is answered first, and
//! wide ones are then tried on its items alone. Knows no pages and no orders.

use super::roster::Roster;
use super::scale::{Scale, Scaled};
use super::values::{Fold, Keep, Lookup};
use super::walk::{NONE, back, best, having};
use super::{Refused, WrongValue};
use crate::query::BoxSearch;
use crate::rdf::label::Text;
use crate::rdf::vocab::geo;
use crate::registry::{Filter, FilterPart, Match, Register, SortKind};
use crate::store::{Id, View};
use oxrdf::NamedNodeRef;

/// Values beyond which counting their subjects one by one is not worth it.
const COUNTED: usize = 64;
/// A condition is tried on items one by one when it holds for so many times more.
const WIDE: u64 = 8;

/// What must hold of an item.
pub(super) enum Condition {
    /// A path leads to one of these values, sorted.
    Leads(Vec<Id>, Vec<Id>),
    /// It is one of these, sorted.
    Is(Vec<Id>),
    /// A path leads to any value, or to none.
    Has(Vec<Id>, bool),
    /// Nothing in this state does.
    Never,
}

/// What a request gives of one filter.
struct Asked<'a> {
    filter: &'a Filter,
    value: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

/// The conditions of filter parameters.
///
/// # Errors
/// For a parameter that is of no filter, and for values that are none of the filter's kind.
pub(super) fn of_filters(
    view: &View,
    register: &Register,
    parameters: &[(String, String)],
    keep: &dyn Keep,
) -> Result<Vec<Condition>, Refused> {
    let mut conditions = Vec::new();
    for asked in asked_of(register, parameters)? {
        conditions.push(of_filter(view, &asked, keep)?);
    }
    Ok(conditions)
}

fn asked_of<'a>(
    register: &'a Register,
    parameters: &'a [(String, String)],
) -> Result<Vec<Asked<'a>>, Refused> {
    let mut list: Vec<Asked<'a>> = Vec::new();
    for (name, value) in parameters {
        let found = register
            .filters
            .iter()
            .find_map(|filter| Some((filter, filter.part(name)?)));
        let Some((filter, part)) = found else {
            return Err(Refused::Filter(super::FilterError {
                name: name.clone(),
                known: register.filter_parameters(),
            }));
        };
        if value.is_empty() {
            continue;
        }
        let value = Some(value.as_str());
        let known = list.iter_mut().find(|asked| {
            // Each of several exact values must hold, beside a range too; the ends of a range are one condition.
            std::ptr::eq(asked.filter, filter) && part != FilterPart::Value && asked.value.is_none()
        });
        match (known, part) {
            (Some(asked), FilterPart::From) => asked.from = value,
            (Some(asked), _) => asked.to = value,
            (None, _) => list.push(Asked {
                filter,
                value: value.filter(|_| part == FilterPart::Value),
                from: value.filter(|_| part == FilterPart::From),
                to: value.filter(|_| part == FilterPart::To),
            }),
        }
    }
    Ok(list)
}

fn of_filter(view: &View, asked: &Asked<'_>, keep: &dyn Keep) -> Result<Condition, Refused> {
    let filter = asked.filter;
    // What is wrong is told whether or not the state has such values.
    let truth = match filter.matching {
        Match::Present | Match::Boolean => Some(truth(filter, asked.value.unwrap_or(""))?),
        _ => None,
    };
    if let (Match::Iri, Some(value)) = (filter.matching, asked.value)
        && NamedNodeRef::new(value).is_err()
    {
        let allowed = Text::new(
            "een volledige IRI, bijvoorbeeld https://data.vlaanderen.be/id/adres/90000001",
            "a full IRI, for example https://data.vlaanderen.be/id/adres/90000001",
        );
        return Err(wrong(&filter.name, value, allowed));
    }
    let range = match filter.matching {
        Match::Number => Some(range(asked, SortKind::Number)?),
        Match::Moment => Some(range(asked, SortKind::Moment)?),
        _ => None,
    };
    if let [step] = filter.path.as_slice()
        && let Some(predicate) = step.strip_prefix('^')
    {
        return Ok(of_pointing(view, predicate, asked.value.unwrap_or("")));
    }
    let path: Option<Vec<Id>> = filter.path.iter().map(|iri| view.id_of_iri(iri)).collect();
    let Some(path) = path else {
        return Ok(match (filter.matching, truth) {
            // Nothing has a value by a predicate that nothing has.
            (Match::Present, Some(false)) => Condition::Has(Vec::new(), false),
            _ => Condition::Never,
        });
    };
    let last = *path.last().expect("paths have a predicate");
    if filter.matching == Match::Present {
        return Ok(Condition::Has(path, truth == Some(true)));
    }
    let value = asked.value.unwrap_or("");
    let found = match filter.matching {
        Match::Iri => view.id_of_iri(value).into_iter().collect(),
        Match::Id => keep.find(view, last, Lookup::Fold(Fold::Segment), value),
        Match::Literal => keep.find(view, last, Lookup::Fold(Fold::Lexical), value),
        Match::Label => keep.find(view, last, Lookup::Fold(Fold::CaseFolded), value),
        Match::Boolean => {
            let texts = if truth == Some(true) {
                ["true", "1"]
            } else {
                ["false", "0"]
            };
            let found = texts.map(|text| keep.find(view, last, Lookup::Fold(Fold::Lexical), text));
            let mut found = found.concat();
            found.sort_unstable();
            found
        }
        Match::Number | Match::Moment => {
            let (kind, ends) = range.expect("read above");
            keep.between(view, last, kind, &ends)
        }
        Match::Present => unreachable!("answered above"),
    };
    Ok(if found.is_empty() {
        Condition::Never
    } else {
        Condition::Leads(path, found)
    })
}

fn wrong(parameter: &str, value: &str, allowed: Text) -> Refused {
    Refused::Value(WrongValue {
        parameter: parameter.to_owned(),
        value: value.to_owned(),
        allowed,
        known: Vec::new(),
    })
}

fn truth(filter: &Filter, value: &str) -> Result<bool, Refused> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let allowed = Text::new("true of false", "true or false");
            Err(wrong(&filter.name, value, allowed))
        }
    }
}

/// The least and the greatest value asked for, each included; `None` where there is no end.
pub(super) type Ends = (Option<Scaled>, Option<Scaled>);

fn range(asked: &Asked<'_>, kind: SortKind) -> Result<(SortKind, Ends), Refused> {
    let name = &asked.filter.name;
    let one = |suffix: &str, text: &str| {
        ends_of(kind, text).ok_or_else(|| {
            let allowed = match kind {
                SortKind::Moment => Text::new(
                    "een datum (2024-12-31) of een tijdstip (2024-12-31T12:00:00+01:00)",
                    "a date (2024-12-31) or a moment (2024-12-31T12:00:00+01:00)",
                ),
                _ => Text::new("een getal, bijvoorbeeld 12.5", "a number, for example 12.5"),
            };
            wrong(&format!("{name}{suffix}"), text, allowed)
        })
    };
    if let Some(value) = asked.value {
        let (from, to) = one("", value)?;
        return Ok((kind, (Some(from), Some(to))));
    }
    let from = asked.from.map(|text| one("Van", text)).transpose()?;
    let to = asked.to.map(|text| one("Tot", text)).transpose()?;
    Ok((kind, (from.map(|(from, _)| from), to.map(|(_, to)| to))))
}

/// First and last value that a text means.
fn ends_of(kind: SortKind, text: &str) -> Option<(Scaled, Scaled)> {
    if kind == SortKind::Moment {
        // A plus sign that was not percent-encoded arrives as a space.
        let mended = text
            .rsplit_once(' ')
            .map(|(at, zone)| format!("{at}+{zone}"));
        let (from, to) = super::scale::moment(text).or_else(|| super::scale::moment(&mended?))?;
        return Some((Scaled::Point(from), Scaled::Point(to)));
    }
    let number = super::scale::number(text)?;
    Some((number.clone(), number))
}

/// What changed at its source at or after a moment.
///
/// # Errors
/// For what is no moment, and in a register that declares none.
pub(super) fn of_version(
    view: &View,
    register: &Register,
    since: &str,
    keep: &dyn Keep,
) -> Result<Condition, Refused> {
    const NAME: &str = "gewijzigdSinds";
    let Some((from, _)) = ends_of(SortKind::Moment, since) else {
        return Err(wrong(
            NAME,
            since,
            Text::new(
                "een datum (2024-12-31) of een tijdstip (2024-12-31T12:00:00+01:00)",
                "a date (2024-12-31) or a moment (2024-12-31T12:00:00+01:00)",
            ),
        ));
    };
    if register.version.is_empty() {
        return Err(wrong(
            NAME,
            since,
            Text::new(
                "niets: dit register zegt niet wanneer objecten gewijzigd zijn",
                "nothing: this register does not say when items changed",
            ),
        ));
    }
    let path: Option<Vec<Id>> = register
        .version
        .iter()
        .map(|iri| view.id_of_iri(iri))
        .collect();
    let Some(path) = path else {
        return Ok(Condition::Never);
    };
    let last = *path.last().expect("checked to have one");
    let found = keep.between(view, last, SortKind::Moment, &(Some(from), None));
    Ok(Condition::Leads(path, found))
}

/// What has a position in common with a box.
///
/// # Errors
/// In a register without geometries, and for a box that meets too many of them to look at.
pub(super) fn of_box(
    view: &View,
    register: &Register,
    asked: &BoxSearch,
) -> Result<Condition, Refused> {
    const NAME: &str = "bbox";
    let written = asked.written();
    if register.geometry.is_empty() {
        return Err(wrong(
            NAME,
            written,
            Text::new(
                "niets: de objecten van dit register hebben geen geometrie",
                "nothing: the items of this register have no geometry",
            ),
        ));
    }
    let path: Option<Vec<Id>> = register
        .geometry
        .iter()
        .map(|iri| view.id_of_iri(iri))
        .collect();
    let Some(path) = path else {
        return Ok(Condition::Never);
    };
    let literals = asked.find(view).ok_or_else(|| {
        wrong(
            NAME,
            written,
            Text::new(
                "een kleinere omtrek: deze raakt te veel meetkunde om te vergelijken",
                "a smaller box: this one meets too many geometries to compare",
            ),
        )
    })?;
    let mut nodes = Vec::new();
    for predicate in [geo::AS_WKT, geo::AS_GML, geo::AS_GEO_JSON] {
        if let Some(predicate) = view.id_of_iri(predicate) {
            nodes.extend(back(view, &[predicate], literals.clone()));
        }
    }
    nodes.sort_unstable();
    nodes.dedup();
    Ok(Condition::Leads(path, nodes))
}

/// The items that an object, named by its IRI, points at by a predicate.
fn of_pointing(view: &View, predicate: &str, object: &str) -> Condition {
    let ids = (view.id_of_iri(object), view.id_of_iri(predicate));
    let (Some(object), Some(predicate)) = ids else {
        return Condition::Never;
    };
    Condition::Is(view.objects(object, predicate).collect())
}

impl Condition {
    /// How many items it holds for, roughly.
    fn estimate(&self, view: &View, items: usize) -> u64 {
        match self {
            Self::Never => 0,
            Self::Is(ids) => ids.len() as u64,
            Self::Has(..) => items as u64,
            Self::Leads(path, values) => {
                let Some((last, before)) = path.split_last() else {
                    return items as u64;
                };
                let all = view.count(None, Some(*last), None);
                let ends: u64 = if values.len() <= COUNTED {
                    let counts = values
                        .iter()
                        .map(|v| view.count(None, Some(*last), Some(*v)));
                    counts.sum()
                } else {
                    all.min(values.len() as u64)
                };
                match before.first() {
                    // As many items for each node as there are on average.
                    Some(first) => {
                        let links = view.count(None, Some(*first), None);
                        ends.saturating_mul(links.div_ceil(all.max(1)).max(1))
                    }
                    None => ends,
                }
            }
        }
    }

    /// The items it holds for; sorted by id.
    fn all(&self, view: &View, roster: &Roster) -> Vec<Id> {
        match self {
            Self::Never => Vec::new(),
            Self::Is(ids) => ids.clone(),
            Self::Leads(path, values) => back(view, path, values.clone()),
            Self::Has(path, true) => having(view, path),
            Self::Has(path, false) => {
                let with = having(view, path);
                let mut rest = roster.ids.clone();
                let mut at = 0;
                rest.retain(|id| {
                    while with.get(at).is_some_and(|known| known < id) {
                        at += 1;
                    }
                    with.get(at) != Some(id)
                });
                rest
            }
        }
    }

    /// Those of some items (sorted) for which it holds.
    fn among(&self, view: &View, items: Vec<Id>) -> Vec<Id> {
        let (path, wanted, holds) = match self {
            Self::Never => return Vec::new(),
            Self::Is(ids) => {
                let mut items = items;
                items.retain(|id| ids.binary_search(id).is_ok());
                return items;
            }
            Self::Leads(path, values) => (path, Some(values), true),
            Self::Has(path, holds) => (path, None, *holds),
        };
        if path.is_empty() {
            return items;
        }
        let scores = best(view, path, &items, &mut |objects| {
            let score = |object: &Id| match wanted {
                Some(values) if values.binary_search(object).is_err() => NONE,
                _ => 0,
            };
            objects.iter().map(score).collect()
        });
        let mut scores = scores.into_iter();
        let mut items = items;
        items.retain(|_| scores.next().is_some_and(|score| (score != NONE) == holds));
        items
    }
}

/// Numbers of the items for which every condition holds; sorted.
pub(super) fn matching(view: &View, roster: &Roster, conditions: &[Condition]) -> Vec<u32> {
    let mut ranked: Vec<(u64, &Condition)> = conditions
        .iter()
        .map(|condition| (condition.estimate(view, roster.len()), condition))
        .collect();
    ranked.sort_by_key(|(estimate, _)| *estimate);
    let mut found: Option<Vec<Id>> = None;
    for (estimate, condition) in ranked {
        found = Some(match found {
            None => condition.all(view, roster),
            Some(before) if before.is_empty() => before,
            Some(before) if estimate > WIDE * before.len() as u64 => condition.among(view, before),
            Some(mut before) => {
                let other = condition.all(view, roster);
                let mut at = 0;
                before.retain(|id| {
                    while other.get(at).is_some_and(|known| known < id) {
                        at += 1;
                    }
                    other.get(at) == Some(id)
                });
                before
            }
        });
    }
    roster.numbers_of(&found.unwrap_or_default())
}

/// How the values of a kind compare, without a language.
pub(super) fn plain(kind: SortKind) -> Scale<'static> {
    Scale {
        kind,
        language: None,
        languages: &[],
    }
}

//! Answers of GET: sets with their pages, single entities, properties, links, and what is expanded in them. What observations
//! are read is decided in `rows`, what JSON says in `views::sensorthings`.

use super::super::error::ApiError;
use super::options::{Options, TOKEN};
use super::path::{Found, One, Scope};
use super::refused;
use super::rows::{self, Next};
use super::value::Val;
use super::world::{Item, Start, World, check, is_many, target};
use crate::observations::Row;
use crate::registry::sensors::{Kind, Target};
use crate::views::html::percent_encode;
use crate::views::sensorthings as view;
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;

/// An answer: JSON, a bare value, or nothing to show.
pub(super) enum Answer {
    Json(Json),
    Text(String),
    Nothing,
}

/// Answers an address.
///
/// # Errors
/// For options that do not fit, or when there would be too much.
pub(super) fn answer(
    world: &World,
    (found, is_ref): (Found, bool),
    address: &str,
    pairs: &[(String, String)],
) -> Result<Answer, ApiError> {
    let options = Options::read(pairs)?;
    if options.data_array && !matches!(found, Found::Observations(..)) {
        return Err(refused::option(
            "$resultFormat",
            "dataArray",
            "er alleen voor Observations",
            "for Observations alone",
        ));
    }
    let json = match found {
        Found::Root => view::service_root(&world.base),
        Found::Nothing => return Ok(Answer::Nothing),
        Found::Set(kind, members) => {
            check_all(&options, Start::Entity(kind))?;
            let page = entities(world, kind, &members, &options)?;
            let mut out = Map::new();
            if options.count {
                out.insert("@iot.count".to_owned(), page.count.into());
            }
            if let Some(skip) = page.next {
                let link = next_link(address, pairs, &Next::Skip(skip));
                out.insert("@iot.nextLink".to_owned(), link.into());
            }
            let items = page.places.iter().map(|place| {
                if is_ref {
                    world.show()?;
                    return Ok(link_of(world, Item::Entity(kind, *place)));
                }
                render(world, Item::Entity(kind, *place), &options)
            });
            let items: Result<Vec<Json>, ApiError> = items.collect();
            out.insert("value".to_owned(), items?.into());
            Json::Object(out)
        }
        Found::Observations(scope) => {
            check_all(&options, Start::Observation)?;
            observations(world, &scope, &options, (address, pairs), is_ref)?
        }
        Found::One(one) => {
            check_all(&options, one.start())?;
            if is_ref {
                link_of(world, one.item())
            } else {
                render(world, one.item(), &options)?
            }
        }
        Found::Property(one, path, is_bare) => {
            let Some(value) = property(world, &one, &path)? else {
                return Ok(Answer::Nothing);
            };
            match (is_bare, value) {
                (true, Json::String(text)) => return Ok(Answer::Text(text)),
                (true, Json::Null) => return Ok(Answer::Nothing),
                (true, other) => return Ok(Answer::Text(other.to_string())),
                (false, value) => {
                    let name = path.last().cloned().unwrap_or_default();
                    json!({ name: value })
                }
            }
        }
    };
    Ok(Answer::Json(json))
}

/// Refuses options that name what the kind does not have.
fn check_all(options: &Options, from: Start) -> Result<(), ApiError> {
    if let Some(filter) = &options.filter {
        check("$filter", filter, from)?;
    }
    for (what, _) in &options.order {
        check("$orderby", what, from)?;
    }
    for name in options.select.iter().flatten() {
        let own: &[&str] = match from {
            Start::Entity(kind) => kind.properties(),
            Start::Observation => &view::OBSERVATION_PROPERTIES,
        };
        let control = ["id", "@iot.id", "selfLink", "@iot.selfLink"];
        let is_known = own.contains(&name.as_str())
            || control.contains(&name.as_str())
            || target(from, name).is_some();
        if !is_known {
            let of = match from {
                Start::Entity(kind) => kind.name(),
                Start::Observation => "Observation",
            };
            return Err(refused::unknown_property(
                "$select",
                of,
                name,
                &own.join(", "),
            ));
        }
    }
    for expand in &options.expand {
        let to = match target(from, &expand.name) {
            Some(Target::Entities(kind)) => Start::Entity(kind),
            Some(Target::Observations) => Start::Observation,
            None => {
                let known: Vec<&str> = match from {
                    Start::Entity(kind) => kind.navigations().iter().map(|one| one.name).collect(),
                    Start::Observation => vec!["Datastream", "FeatureOfInterest"],
                };
                let of = match from {
                    Start::Entity(kind) => kind.name(),
                    Start::Observation => "Observation",
                };
                return Err(refused::unknown_property(
                    "$expand",
                    of,
                    &expand.name,
                    &known.join(", "),
                ));
            }
        };
        check_all(&expand.options, to)?;
    }
    Ok(())
}

struct Page {
    places: Vec<u32>,
    count: usize,
    next: Option<usize>,
}

/// The entities of a set that options choose, in their order.
fn entities(
    world: &World,
    kind: Kind,
    members: &[u32],
    options: &Options,
) -> Result<Page, ApiError> {
    let holds = |place: &u32| {
        let filter = options.filter.as_ref();
        filter.is_none_or(|filter| world.holds(filter, Item::Entity(kind, *place)))
    };
    let mut places: Vec<u32> = members.iter().copied().filter(holds).collect();
    if !options.order.is_empty() {
        let mut keyed: Vec<(Vec<Val>, u32)> = places
            .into_iter()
            .map(|place| {
                let item = Item::Entity(kind, place);
                let keys = options.order.iter();
                (keys.map(|(what, _)| world.one(what, item)).collect(), place)
            })
            .collect();
        keyed.sort_by(|a, b| {
            for ((a, b), (_, down)) in a.0.iter().zip(&b.0).zip(&options.order) {
                let order = if *down { b.order(a) } else { a.order(b) };
                if order.is_ne() {
                    return order;
                }
            }
            Ordering::Equal
        });
        places = keyed.into_iter().map(|(_, place)| place).collect();
    }
    let count = places.len();
    let end = options.skip.saturating_add(options.page());
    let next = (end < count && options.page() > 0).then_some(end);
    let places = places.into_iter().skip(options.skip).take(options.page());
    Ok(Page {
        places: places.collect(),
        count,
        next,
    })
}

/// The address of the next page: the same options from elsewhere on.
fn next_link(address: &str, pairs: &[(String, String)], next: &Next) -> String {
    let kept = pairs
        .iter()
        .filter(|(name, _)| name != "$skip" && name != TOKEN);
    let mut query: Vec<String> = kept
        .map(|(name, value)| format!("{name}={}", percent_encode(value)))
        .collect();
    query.push(match next {
        Next::Skip(count) => format!("$skip={count}"),
        Next::After(token) => format!("{TOKEN}={}", percent_encode(token)),
    });
    format!("{address}?{}", query.join("&"))
}

fn link_of(world: &World, item: Item<'_>) -> Json {
    let address = address_of(world, item);
    json!({ "@iot.selfLink": address })
}

fn address_of(world: &World, item: Item<'_>) -> String {
    match item {
        Item::Entity(kind, place) => match world.table.at(kind, place) {
            Some(entity) => view::address(&world.base, kind, &entity.id),
            None => String::new(),
        },
        Item::Observation(_, row) => view::observation_address(&world.base, &row.observation),
    }
}

/// An item with what is expanded in it.
fn render(world: &World, item: Item<'_>, options: &Options) -> Result<Json, ApiError> {
    world.show()?;
    let expanded: Vec<&str> = options.expand.iter().map(|one| one.name.as_str()).collect();
    let shape = view::Shape {
        select: options.select.as_deref(),
        expanded: &expanded,
    };
    let mut out = match item {
        Item::Entity(kind, place) => {
            let entity = world.table.at(kind, place);
            let entity = entity.ok_or_else(|| ApiError::internal("a place without an entity"))?;
            let has_extent = kind == Kind::Datastream && shape.has("phenomenonTime");
            let extent = if has_extent {
                world.extent(place)?
            } else {
                None
            };
            view::entity_json(&world.base, kind, entity, shape, extent)
        }
        Item::Observation(_, row) => view::observation_json(&world.base, row, shape),
    };
    let from = match item {
        Item::Entity(kind, _) => Start::Entity(kind),
        Item::Observation(..) => Start::Observation,
    };
    for expand in &options.expand {
        let name = expand.name.as_str();
        let inner = &expand.options;
        match target(from, name) {
            Some(Target::Entities(kind)) => {
                let ends = world.ends(item, kind);
                if !is_many(from, name) {
                    if let Some(end) = ends.first() {
                        let shown = render(world, Item::Entity(kind, *end), inner)?;
                        out.insert(name.to_owned(), shown);
                    }
                    continue;
                }
                let page = entities(world, kind, &ends, inner)?;
                if inner.count {
                    out.insert(format!("{name}@iot.count"), page.count.into());
                }
                let shown = page.places.iter();
                let shown: Result<Vec<Json>, ApiError> = shown
                    .map(|place| render(world, Item::Entity(kind, *place), inner))
                    .collect();
                out.insert(name.to_owned(), shown?.into());
                if let Some(skip) = page.next {
                    let link = format!("{}/{name}?$skip={skip}", address_of(world, item));
                    out.insert(format!("{name}@iot.nextLink"), link.into());
                }
            }
            Some(Target::Observations) => {
                let Item::Entity(kind, place) = item else {
                    continue;
                };
                let scope = super::path::scope(world, kind, place);
                if inner.count {
                    let count = rows::count(world, &scope, inner)?;
                    out.insert(format!("{name}@iot.count"), count.into());
                }
                let read = rows::read(
                    world,
                    &scope,
                    &Options {
                        count: false,
                        ..inner.clone()
                    },
                )?;
                let shown = read.rows.iter();
                let shown: Result<Vec<Json>, ApiError> = shown
                    .map(|(place, row)| render(world, Item::Observation(*place, row), inner))
                    .collect();
                out.insert(name.to_owned(), shown?.into());
                // A page that goes on by a condition of its own has no address of its own.
                if let (Some(next), None) = (read.next, &inner.filter) {
                    let own = format!("{}/{name}", address_of(world, item));
                    let mut pairs = vec![("$top".to_owned(), inner.page().to_string())];
                    if let [(super::filter::Expr::Path(path), down)] = inner.order.as_slice() {
                        let way = if *down { "desc" } else { "asc" };
                        pairs.push(("$orderby".to_owned(), format!("{} {way}", path.join("/"))));
                    }
                    out.insert(
                        format!("{name}@iot.nextLink"),
                        next_link(&own, &pairs, &next).into(),
                    );
                }
            }
            None => {}
        }
    }
    Ok(Json::Object(out))
}

/// A page of observations, as entities or as arrays.
fn observations(
    world: &World,
    scope: &Scope,
    options: &Options,
    (address, pairs): (&str, &[(String, String)]),
    is_ref: bool,
) -> Result<Json, ApiError> {
    let mut out = Map::new();
    if options.count {
        let count = rows::count(world, scope, options)?;
        out.insert("@iot.count".to_owned(), count.into());
    }
    let read = rows::read(world, scope, options)?;
    if let Some(next) = &read.next {
        let link = next_link(address, pairs, next);
        out.insert("@iot.nextLink".to_owned(), link.into());
    }
    let value: Json = if options.data_array {
        arrays(world, &read.rows, options)?
    } else {
        let items = read.rows.iter().map(|(place, row)| {
            let item = Item::Observation(*place, row);
            if is_ref {
                world.show()?;
                return Ok(link_of(world, item));
            }
            render(world, item, options)
        });
        let items: Result<Vec<Json>, ApiError> = items.collect();
        items?.into()
    };
    out.insert("value".to_owned(), value);
    Ok(Json::Object(out))
}

/// `$resultFormat=dataArray`: by series, names once and then values.
fn arrays(world: &World, rows: &[(u32, Row)], options: &Options) -> Result<Json, ApiError> {
    if let Some(expand) = options.expand.first() {
        return Err(refused::option(
            "$expand",
            &expand.name,
            "er niet met $resultFormat=dataArray",
            "not possible with $resultFormat=dataArray",
        ));
    }
    let all = [
        "id",
        "phenomenonTime",
        "resultTime",
        "result",
        "resultQuality",
    ];
    let chosen = |name: &&str| match &options.select {
        Some(names) => names
            .iter()
            .any(|known| known == name || known.strip_prefix("@iot.") == Some(name)),
        None => {
            *name != "resultQuality" || rows.iter().any(|(_, row)| row.observation.quality != 0)
        }
    };
    let components: Vec<&str> = all.into_iter().filter(chosen).collect();
    let mut groups: Vec<(u32, Vec<Json>)> = Vec::new();
    for (place, row) in rows {
        world.show()?;
        let values = components.iter().map(|name| match *name {
            "id" => view::observation_id(&row.observation).into(),
            name => view::property(&row.observation, name).unwrap_or(Json::Null),
        });
        let values: Vec<Json> = values.collect();
        match groups.iter_mut().find(|(known, _)| known == place) {
            Some((_, group)) => group.push(values.into()),
            None => groups.push((*place, vec![values.into()])),
        }
    }
    let groups = groups.into_iter().map(|(place, values)| {
        let link = address_of(world, Item::Entity(Kind::Datastream, place));
        json!({
            "Datastream@iot.navigationLink": link,
            "components": components,
            "dataArray@iot.count": values.len(),
            "dataArray": values,
        })
    });
    Ok(groups.collect())
}

/// A property, down a path in it; `None` when it has no value.
fn property(world: &World, one: &One, path: &[String]) -> Result<Option<Json>, ApiError> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(None);
    };
    let value = match one {
        One::Entity(Kind::Datastream, place) if first == "phenomenonTime" => world
            .extent(*place)?
            .map(|(start, end)| view::time(start, Some(end)).into()),
        One::Entity(kind, place) => world
            .table
            .at(*kind, *place)
            .and_then(|entity| entity.fields.get(first).cloned()),
        One::Observation(_, row) => view::property(&row.observation, first),
    };
    let mut value = value;
    for key in rest {
        let inner = match &value {
            Some(Json::Object(members)) => members.get(key).cloned(),
            _ => None,
        };
        value =
            Some(inner.ok_or_else(|| {
                refused::path(key, ("dit heeft geen waarde", "this has no value"))
            })?);
    }
    Ok(value)
}

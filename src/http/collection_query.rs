//! What a request asks of a collection, read from its parameters, and the addresses of other pages of the same. The one place
//! that knows the names of these parameters; what they mean is the business of `views`.

use super::body::Params;
use super::error::ApiError;
use crate::query::{BoxError, BoxSearch};
use crate::rdf::label::Text;
use crate::registry::{COLLECTION_PARAMETERS, Register, reserved_parameters};
use crate::views::collection::{DEFAULT_LIMIT, MAX_LIMIT, parse_sort};
use crate::views::html::percent_encode;
use crate::views::{CollectionQuery, Context, FilterError, Refused, Selection, WrongValue};
use serde_json::Value as Json;

/// Greatest number of items that may be passed over: no register has more.
const MAX_OFFSET: usize = u32::MAX as usize;

/// What a request asks of a collection.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) query: CollectionQuery,
    /// What is shown of each item.
    pub(super) selection: Selection,
    /// Whether the answer tells how many items there are in all.
    pub(super) counts: bool,
    /// Words to search by.
    pub(super) words: Option<String>,
    /// `format=`, as it was given.
    pub(super) format: Option<String>,
    /// Parameters of this request that the addresses of other pages repeat as they are.
    repeated: Vec<(&'static str, String)>,
}

/// Parameters that other pages repeat as they are.
const REPEATED: [&str; 9] = [
    "q",
    "sort",
    "fields",
    "expand",
    "lang",
    "count",
    "bbox",
    "bbox-crs",
    "gewijzigdSinds",
];

/// Parameters of order and place, which a search has of its own.
const NOT_WITH_WORDS: [&str; 3] = ["sort", "na", "offset"];

impl Asked {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// For a parameter that is given twice, and for a value that a parameter does not take.
    pub(super) fn of(
        register: &Register,
        context: &Context,
        params: &Params,
    ) -> Result<Self, ApiError> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for name in reserved_parameters() {
            let value = params.one(name)?.filter(|value| !value.is_empty());
            given.extend(value.map(|value| (name, value.to_owned())));
        }
        let value = |name: &str| {
            let found = given.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str())
        };
        let bbox = value("bbox").map(|text| read_box(text, value("bbox-crs")));
        if bbox.is_none() && value("bbox-crs").is_some() {
            // Of no use by itself; a name that means nothing is told all the same.
            read_box("0,0,0,0", value("bbox-crs"))?;
        }
        let filters = params.0.iter();
        let filters = filters.filter(|(name, _)| !reserved_parameters().any(|known| known == name));
        let query = CollectionQuery {
            filters: filters.cloned().collect(),
            after: value("na").map(str::to_owned),
            offset: match value("offset") {
                None => 0,
                Some(text) => number(text, 0, MAX_OFFSET).ok_or_else(|| {
                    wrong(
                        "offset",
                        text,
                        Text::new(
                            format!("een getal van 0 tot {MAX_OFFSET}"),
                            format!("a number from 0 to {MAX_OFFSET}"),
                        ),
                    )
                })?,
            },
            limit: match value("limit") {
                None => DEFAULT_LIMIT,
                Some(text) => number(text, 1, MAX_LIMIT).ok_or_else(|| limit(text))?,
            },
            sort: parse_sort(register, value("sort").unwrap_or(""))?,
            bbox: bbox.transpose()?,
            changed_since: value("gewijzigdSinds").map(str::to_owned),
        };
        let selected = (value("fields"), value("expand"), value("lang"));
        let selection = Selection::parse(register, context, selected)?;
        let counts = match value("count") {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => {
                let allowed = Text::new("true of false", "true or false");
                return Err(wrong("count", other, allowed));
            }
        };
        let words = value("q").map(str::trim).map(str::to_owned);
        if words.is_some()
            && let Some(name) = NOT_WITH_WORDS.iter().find(|name| value(name).is_some())
        {
            let best = "het beste staat vooraan, op één bladzijde";
            return Err(wrong(
                name,
                value(name).unwrap_or(""),
                Text::new(
                    format!("niet mogelijk naast q: {best}"),
                    "not possible beside q: the best stands first, on one page",
                ),
            ));
        }
        let format = value("format").map(str::to_owned);
        let mut repeated = given;
        repeated.retain(|(name, _)| REPEATED.contains(name));
        Ok(Self {
            query,
            words,
            selection,
            counts,
            format,
            repeated,
        })
    }

    /// The order, as the request wrote it.
    pub(super) fn sort(&self) -> &str {
        let sort = self.repeated.iter().find(|(name, _)| *name == "sort");
        sort.map_or("", |(_, value)| value.as_str())
    }

    /// The address of this page below the base, in a format and of a state.
    pub(super) fn address(
        &self,
        register: &Register,
        format: Option<&str>,
        pins: &[(&'static str, String)],
    ) -> String {
        self.address_of(
            register,
            self.query.after.as_deref(),
            self.query.offset,
            format,
            pins,
        )
    }

    /// The address of the page after the item with a token.
    pub(super) fn address_after(
        &self,
        register: &Register,
        token: &str,
        pins: &[(&'static str, String)],
    ) -> String {
        self.address_of(register, Some(token), 0, self.format.as_deref(), pins)
    }

    fn address_of(
        &self,
        register: &Register,
        after: Option<&str>,
        offset: usize,
        format: Option<&str>,
        pins: &[(&'static str, String)],
    ) -> String {
        let query = &self.query;
        let mut out = format!("/api/{}", register.name);
        let mut mark = '?';
        let mut put = |name: &str, value: &str| {
            out.push(mark);
            out.push_str(&percent_encode(name));
            out.push('=');
            out.push_str(&percent_encode(value));
            mark = '&';
        };
        for (name, value) in query.filters.iter().filter(|(_, value)| !value.is_empty()) {
            put(name, value);
        }
        for (name, value) in &self.repeated {
            put(name, value);
        }
        if let Some(after) = after {
            put("na", after);
        }
        if offset > 0 {
            put("offset", &offset.to_string());
        }
        if query.limit != DEFAULT_LIMIT {
            put("limit", &query.limit.to_string());
        }
        if let Some(format) = format {
            put("format", format);
        }
        for (name, value) in pins {
            put(name, value);
        }
        out
    }
}

/// What a request selects of one item.
///
/// # Errors
/// For a parameter that is given twice, one that items do not take, and a value that a parameter does not take.
pub(super) fn item_selection(
    register: &Register,
    context: &Context,
    params: &Params,
) -> Result<Selection, ApiError> {
    if let Some((name, _)) = params
        .0
        .iter()
        .find(|(name, _)| !OF_ITEMS.contains(&name.as_str()))
    {
        let list = OF_ITEMS[..4].join(", ");
        return Err(ApiError::bad_request(
            "bad-parameter",
            format!("Onbekende parameter \"{name}\" voor één object. Deze bestaan: {list}."),
            format!("Unknown parameter \"{name}\" for one item. There are: {list}."),
        )
        .with("parameter", name.as_str())
        .with("bekend", OF_ITEMS[..4].to_vec()));
    }
    let value = |name: &str| Ok::<_, ApiError>(params.one(name)?.filter(|v| !v.is_empty()));
    let selected = (value("fields")?, value("expand")?, value("lang")?);
    Ok(Selection::parse(register, context, selected)?)
}

/// Parameters of one item, the common ones last.
const OF_ITEMS: [&str; 9] = [
    "fields", "expand", "lang", "format", "asOf", "bekendOp", "geldigOp", "apikey", "frame",
];

fn number(text: &str, least: usize, most: usize) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain)?;
    (least..=most).contains(&number).then_some(number)
}

fn limit(text: &str) -> ApiError {
    ApiError::bad_request(
        "limit",
        format!("De parameter limit is een getal van 1 tot {MAX_LIMIT}, niet \"{text}\"."),
        format!("The parameter limit is a number from 1 to {MAX_LIMIT}, not \"{text}\"."),
    )
    .with("parameter", "limit")
    .with("waarde", text)
}

fn read_box(text: &str, system: Option<&str>) -> Result<BoxSearch, ApiError> {
    BoxSearch::parse(text, system).map_err(|error| match error {
        BoxError::Numbers => wrong(
            "bbox",
            text,
            Text::new(
                "vier getallen met een komma ertussen: kleinste x, kleinste y, grootste x, grootste y (in EPSG:4326 en EPSG:4258 eerst de breedte)",
                "four numbers with a comma between them: least x, least y, greatest x, greatest y (latitude first in EPSG:4326 and EPSG:4258)",
            ),
        ),
        BoxError::System => {
            let list = BoxSearch::SYSTEMS.join(", ");
            WrongValue {
                parameter: "bbox-crs".to_owned(),
                value: system.unwrap_or("").to_owned(),
                allowed: Text::new(format!("een van {list}"), format!("one of {list}")),
                known: BoxSearch::SYSTEMS.map(str::to_owned).to_vec(),
            }
            .into()
        }
    })
}

fn wrong(parameter: &str, value: &str, allowed: Text) -> ApiError {
    WrongValue {
        parameter: parameter.to_owned(),
        value: value.to_owned(),
        allowed,
        known: Vec::new(),
    }
    .into()
}

impl From<WrongValue> for ApiError {
    fn from(wrong: WrongValue) -> Self {
        let WrongValue {
            parameter,
            value,
            allowed,
            known,
        } = wrong;
        let (nl, en) = (&allowed.nl, &allowed.en);
        let mut out = Self::bad_request(
            "bad-parameter",
            format!("De parameter {parameter} is {nl}; niet \"{value}\"."),
            format!("The parameter {parameter} is {en}; not \"{value}\"."),
        )
        .with("parameter", parameter)
        .with("waarde", value);
        if !known.is_empty() {
            out = out.with(
                "bekend",
                known.into_iter().map(Json::from).collect::<Vec<_>>(),
            );
        }
        out
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        let known = error.known.join(", ");
        let others = COLLECTION_PARAMETERS.join(", ");
        Self::bad_request(
            "unknown-filter",
            format!(
                "Onbekende parameter \"{}\". Deze bestaan: {known}, {others}.",
                error.name
            ),
            format!(
                "Unknown parameter \"{}\". There are: {known}, {others}.",
                error.name
            ),
        )
        .with("parameter", error.name)
        .with("filters", error.known)
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Filter(error) => error.into(),
            Refused::Value(error) => error.into(),
        }
    }
}

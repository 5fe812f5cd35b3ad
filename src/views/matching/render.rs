//! Matches and suggestions as JSON in the manner of the base registries. An address is what its own body in the dialect holds;
//! here is what is around it: points, links, warnings, and matches that are a street or a municipality alone. Finds nothing.

use super::line::name_of;
use super::question::Found;
use super::{Answer, Suggestion};
use crate::rdf::label::Language;
use crate::rdf::vocab::{prov, rdfs};
use crate::store::{Id, View};
use crate::views::TooLarge;
use crate::views::dialect::Dialect;
use crate::views::labels::last_segment;
use serde_json::{Map, Value as Json, json};

const ADRES: &str = "https://data.vlaanderen.be/ns/adres#";

/// Which dialect links lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/v2`.
    V2,
    /// `/v3`.
    V3,
}

impl Version {
    /// Its path segment.
    pub fn segment(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// Writes matches of one state.
pub struct Renderer<'a> {
    /// The state.
    pub view: &'a View,
    /// What bodies of addresses hold.
    pub dialect: &'a Dialect,
    /// Base IRI of the registry, without a slash at the end.
    pub base: &'a str,
    /// Where links lead.
    pub version: Version,
    /// Language of warnings.
    pub language: Language,
}

impl Renderer<'_> {
    /// The body of an answer.
    ///
    /// # Errors
    /// [`TooLarge`] when an address has more statements than a document may have.
    pub fn answer(&self, answer: &Answer) -> Result<Json, TooLarge> {
        let matches = answer.matches.iter().map(|it| self.found(it));
        let matches: Vec<Json> = matches.collect::<Result<_, _>>()?;
        let warnings = answer.warnings.iter().map(|warning| {
            let message = warning.message();
            let message = match self.language {
                Language::Nl => message.nl,
                Language::En => message.en,
            };
            json!({ "code": warning.code(), "message": message })
        });
        let warnings: Vec<Json> = warnings.collect();
        let context = format!(
            "{}/contexts/registers-{}.jsonld",
            self.base,
            self.version.segment()
        );
        Ok(json!({ "@context": context, "adresMatches": matches, "warnings": warnings }))
    }

    /// The body of a list of suggestions.
    pub fn suggestions(&self, suggestions: &[Suggestion]) -> Json {
        let results: Vec<Json> = suggestions.iter().map(|it| self.suggestion(it)).collect();
        json!({ "resultaten": results })
    }

    /// One match.
    fn found(&self, found: &Found) -> Result<Json, TooLarge> {
        let mut out = match found.address {
            Some(address) => self.address(address)?,
            None => self.street(found),
        };
        let mut links = Vec::new();
        if let Some(address) = found.address {
            let object = self.object_id(address);
            links = ["percelen", "gebouweenheden"]
                .map(|list| {
                    let segment = self.version.segment();
                    let href = format!("{}/{segment}/{list}?adresObjectId={object}", self.base);
                    json!({ "href": href, "rel": list, "type": "GET" })
                })
                .to_vec();
        }
        out.insert("score".into(), points(found.score));
        out.insert("links".into(), links.into());
        Ok(Json::Object(out))
    }

    /// The body of an address without what is said of a whole document.
    fn address(&self, address: Id) -> Result<Map<String, Json>, TooLarge> {
        let resource = self.dialect.resource(self.version.segment(), "adressen");
        let Some(resource) = resource else {
            return Ok(Map::new());
        };
        let body = self.dialect.detail(self.view, resource, address, None)?;
        let mut out = match serde_json::from_slice(&body.json) {
            Ok(Json::Object(out)) => out,
            _ => Map::new(),
        };
        if let Some(Json::Object(data)) = out.remove("data") {
            out = data;
        }
        out.shift_remove("@context");
        out.shift_remove("_links");
        let detail = self.detail("adressen", &self.object_id(address));
        let place = |name: &str| out.keys().position(|key| key == name);
        let before = ["identificator", "@id", "@type"];
        let at = before.into_iter().find_map(place).map_or(0, |at| at + 1);
        out.shift_insert(at, "detail".into(), detail.into());
        Ok(out)
    }

    fn street(&self, found: &Found) -> Map<String, Json> {
        let mut out = Map::new();
        out.insert("@type".into(), "Adres".into());
        if let Some(place) = found.place {
            let place = self.named(place, "gemeenten", "gemeentenaam");
            out.insert("gemeente".into(), place);
        }
        if let Some(street) = found.street {
            let name = self.named(street, "straatnamen", "straatnaam");
            out.insert("straatnaam".into(), name);
            let addition = format!("{ADRES}homoniemToevoeging");
            if let Some(text) = name_of(self.view, street, &addition) {
                let addition = json!({ "geografischeNaam": spelling(text) });
                out.insert("homoniemToevoeging".into(), addition);
            }
        }
        out
    }

    fn suggestion(&self, suggestion: &Suggestion) -> Json {
        let list = if suggestion.is_street {
            "straatnamen"
        } else {
            "adressen"
        };
        let text = text_of(self.view, suggestion);
        let object = self.object_id(suggestion.id);
        json!({
            "id": self.view.iri(suggestion.id),
            "objectId": object,
            "detail": self.detail(list, &object),
            "resultaat": text,
        })
    }

    /// `{objectId, detail, name: {geografischeNaam}}`.
    fn named(&self, id: Id, list: &str, key: &str) -> Json {
        let mut out = self.reference(id, list);
        if let Some(text) = name_of(self.view, id, rdfs::LABEL) {
            out.insert(
                key.to_owned(),
                json!({ "geografischeNaam": spelling(text) }),
            );
        }
        Json::Object(out)
    }

    fn reference(&self, id: Id, list: &str) -> Map<String, Json> {
        let object = self.object_id(id);
        let mut out = Map::new();
        out.insert("detail".into(), self.detail(list, &object).into());
        out.shift_insert(0, "objectId".into(), object.into());
        out
    }

    fn detail(&self, list: &str, object: &str) -> String {
        format!("{}/{}/{list}/{object}", self.base, self.version.segment())
    }

    fn object_id(&self, id: Id) -> String {
        let iri = self.view.iri(id).unwrap_or_default();
        last_segment(&iri).to_owned()
    }
}

/// A suggestion in one line: the full address, or the street with its municipality; empty where neither has a text.
pub fn text_of(view: &View, suggestion: &Suggestion) -> String {
    let of = |id: Id, predicate: &str| name_of(view, id, predicate).map(|(text, _)| text);
    let first = |predicate: &str| {
        let p = view.id_of_iri(predicate)?;
        view.objects(suggestion.id, p).next()
    };
    if !suggestion.is_street {
        let more = first(&format!("{ADRES}isVerrijktMet"));
        let text = more.and_then(|more| of(more, &format!("{ADRES}volledigAdres")));
        return text.unwrap_or_default();
    }
    let name = of(suggestion.id, rdfs::LABEL).unwrap_or_default();
    let place = first(prov::WAS_ATTRIBUTED_TO).and_then(|place| of(place, rdfs::LABEL));
    match place {
        Some(place) => format!("{name}, {place}"),
        None => name,
    }
}

fn spelling((text, language): (String, Option<String>)) -> Json {
    json!({ "spelling": text, "taal": language.as_deref().unwrap_or("nl") })
}

/// Points with two decimals; whole ones without.
fn points(score: f32) -> Json {
    let cents = (f64::from(score) * 100.0).round() / 100.0;
    if cents.fract() == 0.0 {
        return Json::from(cents as i64);
    }
    Json::from(cents)
}

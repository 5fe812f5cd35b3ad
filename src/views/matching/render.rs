//! Matches and suggestions as JSON in the manner of the base registries (version 2): keys, order and links. Reads a state,
//! finds nothing.

use super::line::name_of;
use super::question::Found;
use super::{Answer, Suggestion};
use crate::rdf::label::Language;
use crate::rdf::vocab::{adms, generiek, geo, rdfs};
use crate::store::{Id, View};
use crate::views::labels::last_segment;
use serde_json::{Map, Value as Json, json};

const ADRES: &str = "https://data.vlaanderen.be/ns/adres#";
const GENERIEK: &str = "https://data.vlaanderen.be/ns/generiek#";
const GEOMETRY: &str = "http://www.w3.org/ns/locn#geometry";

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
    /// Base IRI of the registry, without a slash at the end.
    pub base: &'a str,
    /// Where links lead.
    pub version: Version,
    /// Language of warnings.
    pub language: Language,
}

impl Renderer<'_> {
    /// The body of an answer.
    pub fn answer(&self, answer: &Answer) -> Json {
        let matches: Vec<Json> = answer.matches.iter().map(|it| self.found(it)).collect();
        let warnings = answer.warnings.iter().map(|warning| {
            let message = warning.message();
            let message = match self.language {
                Language::Nl => message.nl,
                Language::En => message.en,
            };
            json!({ "code": warning.code(), "message": message })
        });
        let warnings: Vec<Json> = warnings.collect();
        json!({ "adresMatches": matches, "warnings": warnings })
    }

    /// The body of a list of suggestions.
    pub fn suggestions(&self, suggestions: &[Suggestion]) -> Json {
        let results: Vec<Json> = suggestions.iter().map(|it| self.suggestion(it)).collect();
        json!({ "resultaten": results })
    }

    /// One match.
    fn found(&self, found: &Found) -> Json {
        let mut out = Map::new();
        out.insert("@type".into(), "Adres".into());
        let mut links = Vec::new();
        if let Some(address) = found.address {
            self.address_head(address, &mut out);
        }
        if let Some(place) = found.place {
            out.insert(
                "gemeente".into(),
                self.named(place, "gemeenten", "gemeentenaam"),
            );
        }
        if let Some(address) = found.address
            && let Some(post) = self.first(address, &format!("{ADRES}heeftPostinfo"))
        {
            out.insert(
                "postinfo".into(),
                Json::Object(self.reference(post, "postinfo")),
            );
        }
        if let Some(street) = found.street {
            out.insert(
                "straatnaam".into(),
                self.named(street, "straatnamen", "straatnaam"),
            );
            if let Some(text) = name_of(self.view, street, &format!("{ADRES}homoniemToevoeging")) {
                let addition = json!({ "geografischeNaam": spelling(text) });
                out.insert("homoniemToevoeging".into(), addition);
            }
        }
        if let Some(address) = found.address {
            self.address_rest(address, &mut out);
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
        Json::Object(out)
    }

    fn suggestion(&self, suggestion: &Suggestion) -> Json {
        let (list, text) = if suggestion.is_street {
            let name = name_of(self.view, suggestion.id, rdfs::LABEL);
            let place = self
                .first(suggestion.id, crate::rdf::vocab::prov::WAS_ATTRIBUTED_TO)
                .and_then(|place| name_of(self.view, place, rdfs::LABEL));
            let name = name.map_or(String::new(), |(name, _)| name);
            let text = match place {
                Some((place, _)) => format!("{name}, {place}"),
                None => name,
            };
            ("straatnamen", text)
        } else {
            let text = self.full_address(suggestion.id);
            ("adressen", text.map_or(String::new(), |(text, _)| text))
        };
        let object = self.object_id(suggestion.id);
        json!({
            "id": self.view.iri(suggestion.id),
            "objectId": object,
            "detail": self.detail(list, &object),
            "resultaat": text,
        })
    }

    fn address_head(&self, address: Id, out: &mut Map<String, Json>) {
        let object = self.object_id(address);
        let identifier = self.first(address, adms::IDENTIFIER);
        let structured =
            identifier.and_then(|id| self.first(id, generiek::GESTRUCTUREERDE_IDENTIFICATOR));
        let text = |p: &str| structured.and_then(|id| self.text(id, p));
        let mut own = Map::new();
        let iri = self.view.iri(address).unwrap_or_default().into_owned();
        let namespace = iri.rsplit_once('/').map(|(before, _)| before.to_owned());
        own.insert("id".into(), iri.into());
        let namespace = text(generiek::NAAMRUIMTE).or(namespace);
        insert(&mut own, "naamruimte", namespace);
        own.insert("objectId".into(), object.clone().into());
        insert(&mut own, "versieId", text(generiek::VERSIE_IDENTIFICATOR));
        out.insert("identificator".into(), own.into());
        out.insert("detail".into(), self.detail("adressen", &object).into());
    }

    fn address_rest(&self, address: Id, out: &mut Map<String, Json>) {
        let own = |local: &str| format!("{ADRES}{local}");
        insert(out, "huisnummer", self.text(address, &own("huisnummer")));
        insert(out, "busnummer", self.text(address, &own("busnummer")));
        if let Some(text) = self.full_address(address) {
            let full = json!({ "geografischeNaam": spelling(text) });
            out.insert("volledigAdres".into(), full);
        }
        if let Some(position) = self.first(address, &own("positie")) {
            let mut shown = Map::new();
            let geometry = self.first(position, GEOMETRY);
            if let Some(gml) = geometry.and_then(|it| self.text(it, geo::AS_GML)) {
                shown.insert("geometrie".into(), json!({ "type": "Point", "gml": gml }));
            }
            let method = self.code(position, &format!("{GENERIEK}methode"));
            insert(&mut shown, "positieGeometrieMethode", method);
            let specification = self.code(position, &format!("{GENERIEK}specificatie"));
            insert(&mut shown, "positieSpecificatie", specification);
            out.insert("adresPositie".into(), shown.into());
        }
        insert(out, "adresStatus", self.code(address, &own("Adres.status")));
        if let Some(official) = self.text(address, &own("officieelToegekend")) {
            let yes = matches!(official.as_str(), "true" | "1");
            out.insert("officieelToegekend".into(), yes.into());
        }
    }

    fn full_address(&self, address: Id) -> Option<(String, Option<String>)> {
        let more = self.first(address, &format!("{ADRES}isVerrijktMet"))?;
        name_of(self.view, more, &format!("{ADRES}volledigAdres"))
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

    fn first(&self, id: Id, predicate: &str) -> Option<Id> {
        let p = self.view.id_of_iri(predicate)?;
        self.view.objects(id, p).next()
    }

    fn text(&self, id: Id, predicate: &str) -> Option<String> {
        let value = self.first(id, predicate)?;
        Some(super::index::literal(self.view, value)?.0)
    }

    fn code(&self, id: Id, predicate: &str) -> Option<String> {
        let value = self.first(id, predicate)?;
        let iri = self.view.iri(value)?;
        Some(last_segment(&iri).to_owned())
    }
}

fn insert(out: &mut Map<String, Json>, key: &str, value: Option<String>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), value.into());
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

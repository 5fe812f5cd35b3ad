//! Reads what a steward wrote of the catalogue, and tells all that is wrong with it at once, each with its place and what to do.

use super::{CatalogueSettings, Contact, DatasetSettings, Publisher, SettingsProblem, Spatial};
use crate::feeds::catalogue::declared::{Keywords, declared};
use crate::rdf::label::Text;
use crate::registry::Register;
use jiff::civil::Date;
use oxrdf::NamedNode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most letters of one text.
const MAX_TEXT: usize = 5_000;

/// Reads a file of settings.
pub(super) fn settings(
    text: &str,
    base: &str,
    registers: &[Register],
) -> Result<CatalogueSettings, Vec<SettingsProblem>> {
    let written: Written = toml::from_str(text).map_err(|error| vec![not_toml(text, &error)])?;
    let mut reader = Reader {
        problems: Vec::new(),
    };
    let settings = reader.settings(written, base, registers);
    if reader.problems.is_empty() {
        Ok(settings)
    } else {
        Err(reader.problems)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenText {
    nl: String,
    en: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: Option<WrittenText>,
    description: Option<WrittenText>,
    homepage: Option<String>,
    license: Option<String>,
    frequency: Option<String>,
    publisher: Option<WrittenPublisher>,
    contact: Option<WrittenContact>,
    spatial: Option<WrittenSpatial>,
    #[serde(default)]
    dataset: BTreeMap<String, WrittenDataset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPublisher {
    iri: Option<String>,
    name: WrittenText,
    homepage: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenContact {
    name: Option<WrittenText>,
    email: Option<String>,
    page: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSpatial {
    iri: Option<String>,
    name: Option<WrittenText>,
    bbox: Option<[f64; 4]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDataset {
    publish: Option<bool>,
    title: Option<WrittenText>,
    description: Option<WrittenText>,
    keywords: Option<Keywords>,
    themes: Option<Vec<String>>,
    license: Option<String>,
    access: Option<String>,
    frequency: Option<String>,
    hvd: Option<Vec<String>>,
    landing_page: Option<String>,
    issued: Option<String>,
}

/// Collects what is wrong while values are taken over.
struct Reader {
    problems: Vec<SettingsProblem>,
}

fn not_toml(text: &str, error: &toml::de::Error) -> SettingsProblem {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    let reason = error.message();
    SettingsProblem {
        at: format!("{line}"),
        what: Text::new(
            format!("regel {line} kan niet gelezen worden: {reason}"),
            format!("line {line} cannot be read: {reason}"),
        ),
        hint: Text::new(
            "docs/catalogue.md noemt alle sleutels; `oslo catalogue show` toont een geldig voorbeeld",
            "docs/catalogue.md lists all keys; `oslo catalogue show` shows a valid example",
        ),
    }
}

impl Reader {
    fn tell(&mut self, at: &str, what: Text, hint: Text) {
        self.problems.push(SettingsProblem {
            at: at.to_owned(),
            what,
            hint,
        });
    }

    fn settings(
        &mut self,
        written: Written,
        base: &str,
        registers: &[Register],
    ) -> CatalogueSettings {
        let mut out = CatalogueSettings::neutral(base);
        let title = self.text("title", written.title);
        let description = self.text("description", written.description);
        out.title = title.unwrap_or(out.title);
        out.description = description.unwrap_or(out.description);
        out.homepage = self.web("homepage", written.homepage);
        let licence = self.licence("license", written.license);
        out.licence = licence.unwrap_or(out.licence);
        let frequency = self.code("frequency", "frequency", written.frequency);
        out.frequency = frequency.unwrap_or(out.frequency);
        if let Some(publisher) = written.publisher {
            let name = self.text("publisher.name", Some(publisher.name));
            out.publisher = Publisher {
                iri: self.iri("publisher.iri", publisher.iri),
                name: name.unwrap_or(out.publisher.name),
                homepage: self.web("publisher.homepage", publisher.homepage),
            };
            // A desk and a territory without a name of their own are those of the publisher.
            out.contact.name = out.publisher.name.clone();
            let name = &out.publisher.name;
            out.spatial.name = Text::new(
                format!("Grondgebied van {}", name.nl),
                format!("Territory of {}", name.en),
            );
        }
        if let Some(contact) = written.contact {
            let name = self.text("contact.name", contact.name);
            out.contact = Contact {
                name: name.unwrap_or(out.contact.name),
                email: self.email("contact.email", contact.email),
                page: self.web("contact.page", contact.page),
            };
        }
        if let Some(spatial) = written.spatial {
            let name = self.text("spatial.name", spatial.name);
            out.spatial = Spatial {
                iri: self.iri("spatial.iri", spatial.iri),
                name: name.unwrap_or(out.spatial.name),
                bbox: self.bbox("spatial.bbox", spatial.bbox),
            };
        }
        for (name, dataset) in written.dataset {
            let at = format!("dataset.{name}");
            if !registers.iter().any(|register| register.name == name) {
                let known: Vec<&str> = registers.iter().map(|r| r.name.as_str()).collect();
                let known = known.join(", ");
                self.tell(
                    &at,
                    Text::new(
                        format!("er is geen register {name}"),
                        format!("there is no register {name}"),
                    ),
                    Text::new(
                        format!("kies uit: {known}"),
                        format!("choose from: {known}"),
                    ),
                );
            }
            let dataset = self.dataset(&at, dataset);
            out.datasets.insert(name, dataset);
        }
        out
    }

    fn dataset(&mut self, at: &str, written: WrittenDataset) -> DatasetSettings {
        let key = |name: &str| format!("{at}.{name}");
        DatasetSettings {
            publish: written.publish.unwrap_or(true),
            title: self.text(&key("title"), written.title),
            description: self.text(&key("description"), written.description),
            keywords: written.keywords,
            themes: self.all_codes(&key("themes"), "theme", written.themes),
            licence: self.licence(&key("license"), written.license),
            access: self.code(&key("access"), "access", written.access),
            frequency: self.code(&key("frequency"), "frequency", written.frequency),
            hvd: self.all_codes(&key("hvd"), "hvd", written.hvd),
            landing_page: self.web(&key("landing_page"), written.landing_page),
            issued: self.day(&key("issued"), written.issued),
        }
    }

    /// A text; English stands in Dutch when it is not given.
    fn text(&mut self, at: &str, written: Option<WrittenText>) -> Option<Text> {
        let written = written?;
        let en = written.en.unwrap_or_else(|| written.nl.clone());
        let wrong = |text: &str| text.trim().is_empty() || text.chars().count() > MAX_TEXT;
        if wrong(&written.nl) || wrong(&en) {
            self.tell(
                at,
                Text::new(
                    "de tekst is leeg of te lang",
                    "the text is empty or too long",
                ),
                Text::new(
                    format!("schrijf één tot {MAX_TEXT} tekens: {{ nl = \"…\", en = \"…\" }}"),
                    format!("write one to {MAX_TEXT} characters: {{ nl = \"…\", en = \"…\" }}"),
                ),
            );
        }
        Some(Text::new(written.nl, en))
    }

    fn iri(&mut self, at: &str, written: Option<String>) -> Option<String> {
        let written = written?;
        let is_web = written.starts_with("https://") || written.starts_with("http://");
        if !is_web || NamedNode::new(&written).is_err() {
            self.tell(
                at,
                Text::new(
                    format!("\"{written}\" is geen webadres"),
                    format!("\"{written}\" is no web address"),
                ),
                Text::new(
                    "schrijf een volledig adres, zoals https://stad.example/",
                    "write a whole address, such as https://town.example/",
                ),
            );
        }
        Some(written)
    }

    fn web(&mut self, at: &str, written: Option<String>) -> Option<String> {
        self.iri(at, written)
    }

    fn email(&mut self, at: &str, written: Option<String>) -> Option<String> {
        let written = written?;
        let address = written.strip_prefix("mailto:").unwrap_or(&written);
        let is_address = address
            .split_once('@')
            .is_some_and(|(who, place)| !who.is_empty() && place.contains('.'))
            && NamedNode::new(format!("mailto:{address}")).is_ok();
        if !is_address {
            self.tell(
                at,
                Text::new(
                    format!("\"{written}\" is geen mailadres"),
                    format!("\"{written}\" is no mail address"),
                ),
                Text::new(
                    "schrijf een adres van een dienst, zoals opendata@stad.example",
                    "write the address of a desk, such as opendata@town.example",
                ),
            );
        }
        Some(address.to_owned())
    }

    /// A licence by its IRI or its short name.
    fn licence(&mut self, at: &str, written: Option<String>) -> Option<String> {
        let written = written?;
        if declared().has("licence", &written) {
            return Some(declared().iri("licence", &written));
        }
        if written.contains("://") {
            return self.iri(at, Some(written));
        }
        self.unknown(at, "licence", &written);
        Some(written)
    }

    fn unknown(&mut self, at: &str, list: &str, written: &str) {
        let known = declared().codes(list).join(", ");
        let also = |text: &str| {
            if list == "licence" {
                text.to_owned()
            } else {
                String::new()
            }
        };
        self.tell(
            at,
            Text::new(
                format!("\"{written}\" staat niet in de lijst"),
                format!("\"{written}\" is not in the list"),
            ),
            Text::new(
                format!("kies uit: {known}{}", also(", of geef een volledige IRI")),
                format!("choose from: {known}{}", also(", or give a whole IRI")),
            ),
        );
    }

    fn code(&mut self, at: &str, list: &str, written: Option<String>) -> Option<String> {
        let written = written?;
        if !declared().has(list, &written) {
            self.unknown(at, list, &written);
        }
        Some(written)
    }

    fn all_codes(
        &mut self,
        at: &str,
        list: &str,
        written: Option<Vec<String>>,
    ) -> Option<Vec<String>> {
        let written = written?;
        for code in &written {
            if !declared().has(list, code) {
                self.unknown(at, list, code);
            }
        }
        Some(written)
    }

    fn bbox(&mut self, at: &str, written: Option<[f64; 4]>) -> Option<[f64; 4]> {
        let [west, south, east, north] = written?;
        let is_right = (-180.0..=180.0).contains(&west)
            && (-180.0..=180.0).contains(&east)
            && (-90.0..=90.0).contains(&south)
            && (-90.0..=90.0).contains(&north)
            && west < east
            && south < north;
        if !is_right {
            self.tell(
                at,
                Text::new("dit is geen rechthoek", "this is no rectangle"),
                Text::new(
                    "schrijf [west, zuid, oost, noord] in graden (WGS 84), zoals [4.0, 50.8, 4.1, 50.9]",
                    "write [west, south, east, north] in degrees (WGS 84), such as [4.0, 50.8, 4.1, 50.9]",
                ),
            );
        }
        written
    }

    fn day(&mut self, at: &str, written: Option<String>) -> Option<Date> {
        let written = written?;
        let day = written.parse::<Date>();
        if day.is_err() {
            self.tell(
                at,
                Text::new(
                    format!("\"{written}\" is geen datum"),
                    format!("\"{written}\" is no date"),
                ),
                Text::new("schrijf jjjj-mm-dd", "write yyyy-mm-dd"),
            );
        }
        day.ok()
    }
}

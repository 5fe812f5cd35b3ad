//! The catalogue as a value: data sets with their distributions, and services, for pages and statements alike. Every IRI is
//! below the base and stays the same as long as a register keeps its name: portals know data sets by them.

use super::dates::Dates;
use super::declared::{Keywords, declared};
use super::offer::{DumpFile, Offer};
use super::sensors;
use super::settings::{CatalogueSettings, DatasetSettings};
use crate::rdf::label::Text;
use crate::registry::Register;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a catalogue is made of.
#[derive(Clone, Copy)]
pub struct Ingredients<'a> {
    /// Base IRI, without a slash at the end.
    pub base: &'a str,
    /// Declared registers; those that are not public are left out.
    pub registers: &'a [Register],
    /// What the steward says.
    pub settings: &'a CatalogueSettings,
    /// What the server offers.
    pub offer: &'a Offer,
    /// When registers first came and last changed.
    pub dates: &'a Dates,
}

/// A catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Base IRI, without a slash at the end.
    pub base: String,
    /// `{base}/id/catalogus`.
    pub iri: String,
    /// What the steward says.
    pub settings: CatalogueSettings,
    /// IRI of the publisher.
    pub publisher: String,
    /// IRI of the contact.
    pub contact: String,
    /// IRI of the territory.
    pub spatial: String,
    /// Data sets, by the name of their register.
    pub datasets: Vec<Dataset>,
    /// Services, those of all data sets first.
    pub services: Vec<Service>,
    /// When the first data set came.
    pub issued: Option<Timestamp>,
    /// When one last changed.
    pub modified: Timestamp,
}

/// A data set: what one register holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Name of the register.
    pub name: String,
    /// `{base}/id/dataset/{name}`.
    pub iri: String,
    /// `{base}/id/fiche/{name}`: its catalogue record.
    pub record: String,
    /// Title.
    pub title: Text,
    /// What it holds.
    pub description: Text,
    /// Words to find it by.
    pub keywords: Keywords,
    /// IRIs of themes.
    pub themes: Vec<String>,
    /// IRIs of the standards it follows.
    pub standards: Vec<String>,
    /// IRIs of categories of high-value data sets; empty when it is none.
    pub hvd: Vec<String>,
    /// Whether its items have a place.
    pub is_geographic: bool,
    /// IRI of its licence.
    pub licence: String,
    /// IRI of the access right.
    pub access: String,
    /// IRI of how often it changes.
    pub frequency: String,
    /// IRIs of the languages of its texts.
    pub languages: Vec<String>,
    /// When it was first published.
    pub issued: Option<Timestamp>,
    /// When it last changed; the beginning of 1970 when it never did.
    pub modified: Timestamp,
    /// Page about it.
    pub landing_page: String,
    /// Whether it is also an event stream.
    pub is_stream: bool,
    /// Files and streams.
    pub distributions: Vec<Distribution>,
}

/// A file or stream of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// `{base}/id/distributie/{id}`.
    pub iri: String,
    /// `{register}-{extension with dashes}`, such as `adressen-nq-gz`.
    pub id: String,
    /// Title.
    pub title: Text,
    /// IRI of the European file type.
    pub format: String,
    /// Media type of what comes out of any compression.
    pub media_type: String,
    /// Media type of how it is packed, when it is.
    pub packing: Option<String>,
    /// Page or address that leads to it.
    pub access_url: String,
    /// The file itself, or the beginning of the stream.
    pub download_url: String,
    /// Size and checksum, where known.
    pub file: Option<DumpFile>,
    /// IRIs of services that give the same data.
    pub services: Vec<String>,
}

/// A service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// `{base}/id/dataservice/{id}`.
    pub iri: String,
    /// `sparql`, or `{kind}-{register}`.
    pub id: String,
    /// Kind: `sparql`, `api`, `v2`, `v3` or `ldes`.
    pub kind: String,
    /// Title.
    pub title: Text,
    /// What it does.
    pub description: Text,
    /// Where it is asked.
    pub endpoint: String,
    /// What describes it to a machine.
    pub endpoint_description: String,
    /// IRIs of the protocols and standards it follows.
    pub protocols: Vec<String>,
    /// Other standards, as pages to read.
    pub pages: Vec<String>,
    /// Names of the registers it serves.
    pub serves: Vec<String>,
}

impl Catalogue {
    /// Makes the catalogue.
    pub fn describe(from: &Ingredients<'_>) -> Self {
        let base = from.base;
        let settings = from.settings;
        let none = DatasetSettings {
            publish: true,
            ..DatasetSettings::default()
        };
        let said = |register: &Register| settings.datasets.get(&register.name).unwrap_or(&none);
        let listed: Vec<&Register> = from
            .registers
            .iter()
            .filter(|register| register.access == "public" && said(register).publish)
            .collect();
        let services = services_of(from, &listed, &|register| said(register).title.as_ref());
        let datasets: Vec<Dataset> = listed
            .iter()
            .map(|register| dataset(from, register, said(register), &services))
            .chain(sensors::dataset(from))
            .collect();
        let own = |given: &Option<String>, name: &str| {
            given.clone().unwrap_or_else(|| format!("{base}/id/{name}"))
        };
        Self {
            base: base.to_owned(),
            iri: format!("{base}/id/catalogus"),
            publisher: own(&settings.publisher.iri, "agent/uitgever"),
            contact: format!("{base}/id/contactpunt/opendata"),
            spatial: own(&settings.spatial.iri, "plaats/grondgebied"),
            settings: settings.clone(),
            issued: datasets.iter().filter_map(|set| set.issued).min(),
            modified: datasets
                .iter()
                .map(|set| set.modified)
                .max()
                .unwrap_or(Timestamp::UNIX_EPOCH),
            services,
            datasets,
        }
    }

    /// The data set of a register.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|set| set.name == name)
    }

    /// The services of a data set.
    pub fn services_of<'a>(&'a self, dataset: &'a Dataset) -> impl Iterator<Item = &'a Service> {
        let serves = |service: &&Service| service.serves.contains(&dataset.name);
        self.services.iter().filter(serves)
    }

    /// Only some of its data sets, with the services that serve any of them.
    pub fn only(&self, keep: impl Fn(&Dataset) -> bool) -> Self {
        let mut out = self.clone();
        out.datasets.retain(keep);
        let names: Vec<&String> = out.datasets.iter().map(|set| &set.name).collect();
        out.services.retain_mut(|service| {
            service.serves.retain(|name| names.contains(&name));
            !service.serves.is_empty()
        });
        out
    }
}

fn services_of<'a>(
    from: &Ingredients<'_>,
    registers: &[&'a Register],
    title_of: &dyn Fn(&'a Register) -> Option<&'a Text>,
) -> Vec<Service> {
    let base = from.base;
    let mut out = Vec::new();
    for kind in &declared().services {
        let served = registers
            .iter()
            .filter(|register| from.offer.has(&kind.name, &register.name));
        let of_each = kind.endpoint.contains("{register}");
        let make = |id: String, title: Text, register: &str, serves: Vec<String>| {
            let place = |path: &str| format!("{base}{}", path.replace("{register}", register));
            let protocol = kind.protocol.iter();
            Service {
                iri: format!("{base}/id/dataservice/{id}"),
                id,
                kind: kind.name.clone(),
                title,
                description: kind.text.text(),
                endpoint: place(&kind.endpoint),
                endpoint_description: place(&kind.description),
                protocols: protocol
                    .map(|code| declared().iri("protocol", code))
                    .collect(),
                pages: kind.standards.clone(),
                serves,
            }
        };
        if of_each {
            for register in served {
                let (name, title) = (&register.name, kind.title.text());
                let of = title_of(register).unwrap_or(&register.label);
                let title = Text::new(
                    format!("{}: {}", of.nl, title.nl),
                    format!("{}: {}", of.en, title.en),
                );
                let id = format!("{}-{name}", kind.name);
                out.push(make(id, title, name, vec![name.clone()]));
            }
        } else {
            let serves: Vec<String> = served.map(|register| register.name.clone()).collect();
            if !serves.is_empty() {
                out.push(make(kind.name.clone(), kind.title.text(), "", serves));
            }
        }
    }
    out
}

fn dataset(
    from: &Ingredients<'_>,
    register: &Register,
    said: &DatasetSettings,
    services: &[Service],
) -> Dataset {
    let (base, name) = (from.base, register.name.as_str());
    let declared = declared();
    let facts = declared.facts(name);
    let dates = from.dates.of(name);
    let pick = |given: &Option<Vec<String>>, default: &[String]| -> Vec<String> {
        given.clone().unwrap_or_else(|| default.to_vec())
    };
    let iris = |list: &str, codes: Vec<String>| -> Vec<String> {
        codes.iter().map(|code| declared.iri(list, code)).collect()
    };
    let frequency = said.frequency.as_ref().or(facts.frequency.as_ref());
    let frequency = frequency.unwrap_or(&from.settings.frequency);
    let languages = register.languages.iter().filter_map(|tag| {
        let code = match tag.as_str() {
            "nl" => "NLD",
            "fr" => "FRA",
            "de" => "DEU",
            "en" => "ENG",
            _ => return None,
        };
        Some(declared.iri("language", code))
    });
    let is_geographic = facts.geographic && !register.geometry.is_empty();
    // What the vocabulary of the class is, is a standard too.
    let vocabulary = register.class.rsplit_once(['#', '/']);
    let mut standards = facts.standards.clone();
    standards.extend(vocabulary.map(|(place, _)| place.to_owned()));
    standards.push(format!("{base}/shapes/{}", register.profile));
    let day = said.issued.and_then(|day| {
        let at = day.to_zoned(TimeZone::UTC).ok()?;
        Some(at.timestamp())
    });
    let issued = day.or(dates.issued);
    Dataset {
        name: name.to_owned(),
        iri: format!("{base}/id/dataset/{name}"),
        record: format!("{base}/id/fiche/{name}"),
        title: said.title.clone().unwrap_or_else(|| register.label.clone()),
        description: said
            .description
            .clone()
            .unwrap_or_else(|| register.description.clone()),
        keywords: said
            .keywords
            .clone()
            .unwrap_or_else(|| facts.keywords.clone()),
        themes: iris("theme", pick(&said.themes, &facts.themes)),
        standards,
        hvd: iris("hvd", pick(&said.hvd, &facts.hvd)),
        is_geographic,
        licence: said
            .licence
            .clone()
            .unwrap_or_else(|| from.settings.licence.clone()),
        access: declared.iri("access", said.access.as_deref().unwrap_or("PUBLIC")),
        frequency: declared.iri("frequency", frequency),
        languages: languages.collect(),
        issued,
        modified: dates.modified.or(issued).unwrap_or(Timestamp::UNIX_EPOCH),
        landing_page: said
            .landing_page
            .clone()
            .unwrap_or_else(|| format!("{base}/doc/dataset/{name}")),
        is_stream: from.offer.ldes,
        distributions: distributions(from, register, is_geographic, services),
    }
}

fn distributions(
    from: &Ingredients<'_>,
    register: &Register,
    is_geographic: bool,
    services: &[Service],
) -> Vec<Distribution> {
    let (base, name) = (from.base, register.name.as_str());
    let declared = declared();
    let serving = |kinds: &[&str]| -> Vec<String> {
        let serves = |service: &&Service| {
            kinds.contains(&service.kind.as_str()) && service.serves.iter().any(|n| n == name)
        };
        services
            .iter()
            .filter(serves)
            .map(|s| s.iri.clone())
            .collect()
    };
    let mut out = Vec::new();
    for dump in &declared.dumps {
        for packing in &declared.packings {
            let extension = format!("{}{}", dump.extension, packing.suffix);
            let has_dump = from.offer.has_dump(name, &extension);
            if !has_dump || (dump.only_geometry && !is_geographic) {
                continue;
            }
            let id = format!("{name}-{}", extension.replace('.', "-"));
            let of_it = |file: &&DumpFile| file.register == name && file.extension == extension;
            let (title, packed) = (dump.title.text(), packing.title.text());
            let title = Text::new(title.nl + &packed.nl, title.en + &packed.en);
            out.push(Distribution {
                iri: format!("{base}/id/distributie/{id}"),
                title: titled(&register.label, &title),
                format: declared.iri("format", &dump.format),
                media_type: dump.media_type.clone(),
                packing: packing.media_type.clone(),
                access_url: format!("{base}/dumps/{name}"),
                download_url: format!("{base}/dumps/{name}/laatste.{extension}"),
                file: from.offer.files.iter().find(of_it).cloned(),
                // The statements themselves can be asked, and the items one by one.
                services: match dump.format.as_str() {
                    "RDF_N_QUADS" => serving(&["sparql"]),
                    "JSON" => serving(&["api", "v2", "v3"]),
                    _ => Vec::new(),
                },
                id,
            });
        }
    }
    if from.offer.ldes {
        let stream = &declared.stream;
        let id = format!("{name}-ldes");
        out.push(Distribution {
            iri: format!("{base}/id/distributie/{id}"),
            title: titled(&register.label, &stream.title.text()),
            format: declared.iri("format", &stream.format),
            media_type: stream.media_type.clone(),
            packing: None,
            access_url: format!("{base}/ldes/{name}"),
            download_url: format!("{base}/ldes/{name}"),
            file: None,
            services: serving(&["ldes"]),
            id,
        });
    }
    out
}

fn titled(of: &Text, title: &Text) -> Text {
    Text::new(
        format!("{}: {}", of.nl, title.nl),
        format!("{}: {}", of.en, title.en),
    )
}

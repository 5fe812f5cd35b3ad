//! The data set of what sensors tell: its Parquet files, as they lie there, are the distributions. There only when there are such files.

use super::declared::declared;
use super::describe::{Dataset, Distribution, Ingredients};
use super::offer::DumpFile;
use super::settings::DatasetSettings;
use crate::rdf::label::Text;
use jiff::Timestamp;

/// Name of the data set.
pub(super) const SENSORS: &str = "waarnemingen";
/// What Parquet files are sent as.
const PARQUET: &str = "application/vnd.apache.parquet";

/// The data set, when something is in files and the steward does not keep it back.
pub(super) fn dataset(from: &Ingredients<'_>) -> Option<Dataset> {
    let none = DatasetSettings {
        publish: true,
        ..DatasetSettings::default()
    };
    let said = from.settings.datasets.get(SENSORS).unwrap_or(&none);
    let files = &from.offer.observations;
    if files.is_empty() || !said.publish {
        return None;
    }
    let base = from.base;
    let declared = declared();
    let facts = declared.facts(SENSORS);
    let iris = |list: &str, given: &Option<Vec<String>>, usual: &[String]| -> Vec<String> {
        let codes = given.as_deref().unwrap_or(usual).iter();
        codes.map(|code| declared.iri(list, code)).collect()
    };
    let frequency = said.frequency.as_ref().or(facts.frequency.as_ref());
    let frequency = frequency.unwrap_or(&from.settings.frequency);
    let made = || files.iter().map(|file| file.made);
    let title = Text::new("Waarnemingen van sensoren", "Observations of sensors");
    let licence = said.licence.clone();
    Some(Dataset {
        name: SENSORS.to_owned(),
        iri: format!("{base}/id/dataset/{SENSORS}"),
        record: format!("{base}/id/fiche/{SENSORS}"),
        title: said.title.clone().unwrap_or_else(|| title.clone()),
        description: said.description.clone().unwrap_or_else(|| {
            Text::new(
                "Wat sensoren vertellen: tellingen, temperaturen en andere waarden, in kolommen per dag.",
                "What sensors tell: counts, temperatures and other values, in columns by day.",
            )
        }),
        keywords: said.keywords.clone().unwrap_or_else(|| facts.keywords.clone()),
        themes: iris("theme", &said.themes, &facts.themes),
        standards: facts.standards.clone(),
        hvd: iris("hvd", &said.hvd, &facts.hvd),
        is_geographic: false,
        licence: licence.unwrap_or_else(|| from.settings.licence.clone()),
        access: declared.iri("access", said.access.as_deref().unwrap_or("PUBLIC")),
        frequency: declared.iri("frequency", frequency),
        languages: vec![declared.iri("language", "NLD")],
        issued: made().min(),
        modified: made().max().unwrap_or(Timestamp::UNIX_EPOCH),
        landing_page: said
            .landing_page
            .clone()
            .unwrap_or_else(|| format!("{base}/doc/dataset/{SENSORS}")),
        is_stream: false,
        distributions: files.iter().map(|file| distribution(base, &title, file)).collect(),
    })
}

fn distribution(base: &str, title: &Text, file: &DumpFile) -> Distribution {
    let name = &file.extension;
    let id = format!("{SENSORS}-{}", name.replace('.', "-"));
    // The name begins with the day.
    let day = name.get(..10).unwrap_or(name);
    Distribution {
        iri: format!("{base}/id/distributie/{id}"),
        id,
        title: Text::new(
            format!("{}: {day}", title.nl),
            format!("{}: {day}", title.en),
        ),
        format: declared().iri("format", "PARQUET"),
        media_type: PARQUET.to_owned(),
        packing: None,
        access_url: format!("{base}/obs/v1/bestanden"),
        download_url: format!("{base}/obs/v1/bestanden/{name}"),
        file: Some(file.clone()),
        services: Vec::new(),
    }
}

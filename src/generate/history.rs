//! What a town was before: municipalities that merged into it, and names that its streets had there, told by what replaced them
//! or by their versions. Draws from a source of its own, so that a town without history is what it always was.

use super::TownOptions;
use super::entity::{Municipality, Street, TownWriter, concept, object, object_namespace};
use super::names;
use super::random::Random;
use crate::rdf::vocab::{adms, dct, generiek, prov, rdfs, schema, xsd};
use std::io::{self, Write};

/// Most municipalities that merge into one town.
pub const MAX_MERGED: u64 = 40;
/// Codes from here on no municipality has.
const FIRST_NIS: u64 = 99_010;
/// Codes from here on no postal area has, as many as [`MAX_MERGED`].
const FIRST_POSTCODE: u64 = 9_701;
/// Numbers of former street names start here.
const FIRST_STREET: u64 = 70_000_000;
/// When streets got their names, and when the merger gave them others.
const BEFORE: &str = "2011-05-14T03:20:11+02:00";
const MERGER: &str = "2025-01-01T00:00:00+01:00";

/// The municipalities that merged.
pub(super) struct History {
    formers: Vec<Municipality>,
    next_street: u64,
}

/// What a street was called before.
#[derive(Clone, Debug)]
pub(super) struct FormerName {
    pub(super) name: String,
    /// Name of its municipality then.
    pub(super) municipality: String,
}

impl History {
    /// None for a town that always was what it is. `taken` are names that exist already.
    pub(super) fn new(options: &TownOptions, taken: [&Municipality; 2]) -> Option<Self> {
        let count = options.merged.min(MAX_MERGED);
        if count == 0 {
            return None;
        }
        let mut random = Random::new(options.seed ^ 0x5EED_0F01_D1E5);
        let mut formers: Vec<Municipality> = Vec::new();
        while (formers.len() as u64) < count {
            let name = names::place_name(&mut random);
            let known = formers.iter().chain(taken);
            if known.into_iter().any(|known| known.name == name) {
                continue;
            }
            formers.push(Municipality {
                nis: (FIRST_NIS + formers.len() as u64).to_string(),
                name,
                version: MERGER.to_owned(),
            });
        }
        Some(Self {
            formers,
            next_street: FIRST_STREET,
        })
    }

    /// The municipalities before the merger.
    pub(super) fn formers(&self) -> &[Municipality] {
        &self.formers
    }

    /// The postcodes of the town: one for what was one municipality.
    pub(super) fn postcodes(&self) -> Vec<String> {
        let count = self.formers.len() as u64;
        (0..count)
            .map(|at| (FIRST_POSTCODE + at).to_string())
            .collect()
    }

    /// Writes the municipalities before the merger, replaced by the town.
    pub(super) fn write_municipalities<W: Write>(
        &self,
        writer: &mut TownWriter<W>,
        town: &Municipality,
    ) -> io::Result<()> {
        let town = object("gemeente", &town.nis);
        for former in &self.formers {
            let s = object("gemeente", &former.nis);
            writer.open("gemeenten", &s, &format!("{}Gemeente", generiek::NS))?;
            writer.out.tagged(&s, rdfs::LABEL, &former.name, "nl")?;
            let status = concept("gemeentestatus", "gehistoreerd");
            writer.out.iri(&s, adms::STATUS, &status)?;
            writer.out.iri(&s, dct::IS_REPLACED_BY, &town)?;
            let namespace = object_namespace("gemeente");
            writer.identifier("gemeente", &former.nis, &namespace, &former.version)?;
        }
        Ok(())
    }

    /// Writes what a street was before, and tells its name then; nothing for a street that was not renamed.
    pub(super) fn write_street<W: Write>(
        &mut self,
        writer: &mut TownWriter<W>,
        number: u64,
        street: &Street,
    ) -> io::Result<Option<FormerName>> {
        let count = self.formers.len() as u64;
        let former = &self.formers[(number % count) as usize];
        let other = number / count;
        // Each municipality had streets of the most common names. A name that the same part of the town kept is not told apart.
        if number % 3 == 2 || other % count == number % count {
            return Ok(None);
        }
        let (name, None) = names::street_name(other) else {
            return Ok(None);
        };
        if number.is_multiple_of(3) {
            self.next_street += 1;
            let old = Street {
                id: self.next_street,
                name: name.clone(),
                addition: None,
                status: "gehistoreerd",
                municipality: former.nis.clone(),
                version: MERGER.to_owned(),
                ..street.clone()
            };
            writer.street(&old)?;
            let (old, now) = (
                object("straatnaam", old.id),
                object("straatnaam", street.id),
            );
            writer.out.iri(&old, dct::IS_REPLACED_BY, &now)?;
        } else {
            write_versions(writer, street, &name)?;
        }
        Ok(Some(FormerName {
            name,
            municipality: former.name.clone(),
        }))
    }
}

/// The version of a street with another name, and the one that followed it.
fn write_versions<W: Write>(
    writer: &mut TownWriter<W>,
    street: &Street,
    name: &str,
) -> io::Result<()> {
    let s = object("straatnaam", street.id);
    let (past, now) = (format!("{s}/{BEFORE}"), format!("{s}/{MERGER}"));
    for (version, from, until) in [(&past, BEFORE, Some(MERGER)), (&now, MERGER, None)] {
        writer.open("versies/straatnamen", version, generiek::VERSIE_CLASS)?;
        writer.out.iri(version, dct::IS_VERSION_OF, &s)?;
        let out = &mut writer.out;
        out.typed(version, schema::START_DATE, from, xsd::DATE_TIME)?;
        if let Some(until) = until {
            out.typed(version, schema::END_DATE, until, xsd::DATE_TIME)?;
        }
    }
    let class = "https://data.vlaanderen.be/ns/adres#Straatnaam";
    writer.open("versies/straatnamen/inhoud", &past, class)?;
    writer.out.tagged(&past, rdfs::LABEL, name, "nl")?;
    let municipality = object("gemeente", &street.municipality);
    writer
        .out
        .iri(&past, prov::WAS_ATTRIBUTED_TO, &municipality)
}

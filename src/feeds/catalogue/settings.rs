//! What the steward says of the catalogue: who publishes, whom to ask, under which licence, and words for each data set. Read
//! from TOML and checked; without it neutral words stand in, and a warning says what to fill in. Knows no file and no DCAT.

mod read;

use super::declared::{Keywords, declared};
use crate::rdf::label::Text;
use crate::registry::Register;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Licence of what names none: the Flemish model licence for free reuse.
const LICENCE: &str = "modellicentie-gratis-hergebruik/v1.0";

/// What the steward says.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogueSettings {
    /// Title of the catalogue.
    pub title: Text,
    /// What it holds.
    pub description: Text,
    /// Page about the catalogue, where there is another than ours.
    pub homepage: Option<String>,
    /// IRI of the licence of what names no other.
    pub licence: String,
    /// How often data sets change, as a code of the European list of frequencies.
    pub frequency: String,
    /// Who publishes.
    pub publisher: Publisher,
    /// Whom to ask.
    pub contact: Contact,
    /// The territory that the data are about.
    pub spatial: Spatial,
    /// Words for data sets, by the name of their register.
    pub datasets: BTreeMap<String, DatasetSettings>,
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq)]
pub struct Publisher {
    /// Its IRI; `None` for one below the base.
    pub iri: Option<String>,
    /// Its name.
    pub name: Text,
    /// Its web site.
    pub homepage: Option<String>,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Name of the desk.
    pub name: Text,
    /// Mail address.
    pub email: Option<String>,
    /// Page with ways to ask.
    pub page: Option<String>,
}

/// The territory that the data are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Spatial {
    /// Its IRI; `None` for one below the base.
    pub iri: Option<String>,
    /// Its name.
    pub name: Text,
    /// West, south, east, north in degrees (WGS 84).
    pub bbox: Option<[f64; 4]>,
}

/// What is said of one data set; what is `None` follows from its register.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatasetSettings {
    /// Whether the catalogue lists it.
    pub publish: bool,
    /// Title.
    pub title: Option<Text>,
    /// What it holds.
    pub description: Option<Text>,
    /// Words to find it by.
    pub keywords: Option<Keywords>,
    /// Codes of the European list of data themes.
    pub themes: Option<Vec<String>>,
    /// IRI of its licence.
    pub licence: Option<String>,
    /// Code of the European list of access rights.
    pub access: Option<String>,
    /// Code of the European list of frequencies.
    pub frequency: Option<String>,
    /// Categories of high-value data sets; an empty list when it is none.
    pub hvd: Option<Vec<String>>,
    /// Page about it.
    pub landing_page: Option<String>,
    /// Day on which it was first published.
    pub issued: Option<Date>,
}

/// Why settings cannot be used: where, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// Key, or line of the file.
    pub at: String,
    /// What is wrong.
    pub what: Text,
    /// What to do.
    pub hint: Text,
}

impl CatalogueSettings {
    /// Neutral words for a registry that nobody described yet.
    pub fn neutral(base: &str) -> Self {
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        Self {
            title: Text::new(
                format!("Registers van {host}"),
                format!("Registers of {host}"),
            ),
            description: Text::new(
                format!("De registers die {base} als linked data aanbiedt."),
                format!("The registers that {base} offers as linked data."),
            ),
            homepage: None,
            licence: declared().iri("licence", LICENCE),
            frequency: "IRREG".to_owned(),
            publisher: Publisher {
                iri: None,
                name: Text::new(host, host),
                homepage: None,
            },
            contact: Contact {
                name: Text::new(host, host),
                email: None,
                page: None,
            },
            spatial: Spatial {
                iri: None,
                name: Text::new(
                    format!("Grondgebied van {host}"),
                    format!("Territory of {host}"),
                ),
                bbox: None,
            },
            datasets: BTreeMap::new(),
        }
    }

    /// Those of the example town that the demo shows.
    pub fn demo() -> &'static str {
        include_str!("../../../registers/catalogue/voorbeeldstad.toml")
    }

    /// Reads what a steward wrote, for a registry with these registers.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn parse(
        text: &str,
        base: &str,
        registers: &[Register],
    ) -> Result<Self, Vec<SettingsProblem>> {
        read::settings(text, base, registers)
    }

    /// What a portal misses, for the steward: empty when all is filled in.
    pub fn missing(&self, base: &str) -> Vec<Text> {
        let neutral = Self::neutral(base);
        let mut out = Vec::new();
        let mut tell = |is_missing: bool, nl: &str, en: &str| {
            if is_missing {
                out.push(Text::new(nl, en));
            }
        };
        tell(
            self.publisher.name == neutral.publisher.name,
            "[publisher] name: de naam van de uitgever",
            "[publisher] name: the name of the publisher",
        );
        tell(
            self.contact.email.is_none() && self.contact.page.is_none(),
            "[contact] email of page: waar vragen terechtkunnen",
            "[contact] email or page: where questions go",
        );
        tell(
            self.title == neutral.title,
            "title: de titel van de catalogus",
            "title: the title of the catalogue",
        );
        tell(
            self.spatial.iri.is_none() && self.spatial.bbox.is_none(),
            "[spatial] iri of bbox: het grondgebied",
            "[spatial] iri or bbox: the territory",
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, RegistryConfig};

    const BASE: &str = "http://register.test";

    fn parse(text: &str) -> Result<CatalogueSettings, Vec<SettingsProblem>> {
        let registry = Registry::in_memory(RegistryConfig::default());
        CatalogueSettings::parse(text, BASE, registry.registers())
    }

    #[test]
    fn the_example_town_is_right_and_misses_nothing() {
        let settings = parse(CatalogueSettings::demo()).expect("right");
        assert_eq!(settings.publisher.name.nl, "Voorbeeldstad");
        assert_eq!(settings.missing(BASE), []);
        assert_eq!(parse(""), Ok(CatalogueSettings::neutral(BASE)));
        assert!(CatalogueSettings::neutral(BASE).missing(BASE).len() >= 4);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_in_both_languages() {
        let wrong = r#"
            title = { nl = " " }
            license = "gratis"
            homepage = "stad.example"
            [publisher]
            name = { nl = "Stad" }
            iri = "https://stad example/"
            [contact]
            email = "geen adres"
            [spatial]
            bbox = [4.0, 51.0, 3.0, 52.0]
            [dataset.adressen]
            themes = ["GOVE", "OVERHEID"]
            access = "OPEN"
            issued = "gisteren"
            [dataset.bomen]
        "#;
        let problems = parse(wrong).expect_err("wrong");
        let at: Vec<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
        assert_eq!(
            at,
            [
                "title",
                "homepage",
                "license",
                "publisher.iri",
                "contact.email",
                "spatial.bbox",
                "dataset.adressen.themes",
                "dataset.adressen.access",
                "dataset.adressen.issued",
                "dataset.bomen",
            ]
        );
        for problem in &problems {
            for text in [&problem.what, &problem.hint] {
                assert!(!text.nl.is_empty() && !text.en.is_empty() && text.nl != text.en);
            }
        }
        let problems = parse("title = \"x\"\n").expect_err("no text");
        assert_eq!(problems[0].at, "1");
        let problems = parse("\n\ncolour = 1\n").expect_err("no key");
        assert_eq!(problems[0].at, "3");
    }
}

//! The catalogue as statements, entity by entity: each with an IRI of its own, each understandable by itself. What is said and
//! in which words follows DCAT-AP 3.0.1, both states of DCAT-AP-VL (the union of what they ask), GeoDCAT-AP-VL and HVD.
//!
//! Titles and descriptions are in Dutch alone, and there is one keyword a language: GeoDCAT-AP-VL takes one value of each.
//! Pages for people have both languages and all keywords.

use super::declared::declared;
use super::describe::{Catalogue, Dataset, Distribution, Service};
use crate::rdf::label::Text;
use crate::rdf::vocab::{dct, foaf, rdf, rdfs, xsd};
use jiff::Timestamp;
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use std::collections::BTreeSet;

const DCAT: &str = "http://www.w3.org/ns/dcat#";
const DCT: &str = "http://purl.org/dc/terms/";
const FOAF: &str = "http://xmlns.com/foaf/0.1/";
const VCARD: &str = "http://www.w3.org/2006/vcard/ns#";
const SPDX: &str = "http://spdx.org/rdf/terms#";
const DCATAP: &str = "http://data.europa.eu/r5r/";
const MDCAT: &str = "https://data.vlaanderen.be/ns/metadata-dcat#";
const MEDIA_TYPES: &str = "https://www.iana.org/assignments/media-types/";
const EVENT_STREAM: &str = "https://w3id.org/ldes#EventStream";

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A licence.
    Licence,
    /// The publisher.
    Agent,
    /// Whom to ask.
    Contact,
    /// The territory.
    Location,
    /// A standard, a page or a code: only what it is, and its name.
    Reference,
    /// A service.
    Service,
    /// A distribution.
    Distribution,
    /// A data set.
    Dataset,
    /// A catalogue record.
    Record,
    /// The catalogue.
    Catalogue,
}

/// Something that the catalogue speaks of, with all that is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its IRI.
    pub iri: String,
    /// What it is.
    pub kind: EntityKind,
    /// What is said of it and of its parts.
    pub triples: Vec<Triple>,
}

/// Collects what is said of one entity.
struct About {
    iri: String,
    kind: EntityKind,
    triples: Vec<Triple>,
}

impl About {
    fn new(kind: EntityKind, iri: &str, classes: &[&str]) -> Self {
        let mut about = Self {
            iri: iri.to_owned(),
            kind,
            triples: Vec::new(),
        };
        for class in classes {
            about.link(rdf::TYPE, class);
        }
        about
    }

    fn say(&mut self, predicate: &str, object: impl Into<Term>) {
        self.triples.push(Triple::new(
            NamedNode::new_unchecked(self.iri.as_str()),
            NamedNode::new_unchecked(predicate),
            object,
        ));
    }

    fn link(&mut self, predicate: &str, iri: &str) {
        self.say(predicate, NamedNode::new_unchecked(iri));
    }

    fn links<'a>(&mut self, predicate: &str, iris: impl IntoIterator<Item = &'a String>) {
        for iri in iris {
            self.link(predicate, iri);
        }
    }

    fn text(&mut self, predicate: &str, text: &str, tag: &str) {
        self.say(
            predicate,
            Literal::new_language_tagged_literal_unchecked(text, tag),
        );
    }

    /// The Dutch text.
    fn dutch(&mut self, predicate: &str, text: &Text) {
        self.text(predicate, &text.nl, "nl");
    }

    fn typed(&mut self, predicate: &str, text: String, datatype: &str) {
        let datatype = NamedNode::new_unchecked(datatype);
        self.say(predicate, Literal::new_typed_literal(text, datatype));
    }

    fn moment(&mut self, predicate: &str, moment: Timestamp) {
        self.typed(predicate, moment_text(moment), xsd::DATE_TIME);
    }

    fn identifier(&mut self) {
        let iri = self.iri.clone();
        self.say(dct::IDENTIFIER, Literal::new_simple_literal(iri));
    }

    fn done(self) -> Entity {
        Entity {
            iri: self.iri,
            kind: self.kind,
            triples: self.triples,
        }
    }
}

/// A moment as `xsd:dateTime` with a zone, to the second.
pub(super) fn moment_text(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn dcat(name: &str) -> String {
    format!("{DCAT}{name}")
}

fn dcterms(name: &str) -> String {
    format!("{DCT}{name}")
}

fn status(code: &str) -> String {
    declared().iri("status", code)
}

/// All entities of a catalogue: what is referred to comes before what refers to it, the catalogue last.
pub fn entities(catalogue: &Catalogue) -> Vec<Entity> {
    let mut out: Vec<Entity> = vec![agent(catalogue), contact(catalogue), location(catalogue)];
    let mut licences: BTreeSet<&str> = BTreeSet::from([catalogue.settings.licence.as_str()]);
    licences.extend(catalogue.datasets.iter().map(|set| set.licence.as_str()));
    out.extend(licences.into_iter().map(licence));
    let services = catalogue.services.iter();
    let mut entities: Vec<Entity> = services
        .map(|service| service_of(catalogue, service))
        .collect();
    for dataset in &catalogue.datasets {
        for distribution in &dataset.distributions {
            entities.push(distribution_of(dataset, distribution));
        }
        entities.push(dataset_of(catalogue, dataset));
    }
    entities.extend(catalogue.datasets.iter().map(record_of));
    entities.push(catalogue_of(catalogue));
    out.extend(references(&entities));
    out.extend(entities);
    // Services and data sets refer to each other; what is left is in order.
    out
}

fn agent(catalogue: &Catalogue) -> Entity {
    let publisher = &catalogue.settings.publisher;
    let classes = [&format!("{FOAF}Agent")[..], &dcterms("Agent")];
    let mut about = About::new(EntityKind::Agent, &catalogue.publisher, &classes);
    about.dutch(foaf::NAME, &publisher.name);
    let homepage = publisher.homepage.clone();
    let homepage = homepage.unwrap_or_else(|| format!("{}/", catalogue.base));
    about.link(&format!("{FOAF}homepage"), &homepage);
    if let Some(email) = &catalogue.settings.contact.email {
        about.link(&format!("{FOAF}mbox"), &format!("mailto:{email}"));
    }
    about.done()
}

fn contact(catalogue: &Catalogue) -> Entity {
    let contact = &catalogue.settings.contact;
    // One profile asks for the one class, another for the other.
    let classes = [
        &format!("{VCARD}Kind")[..],
        &format!("{VCARD}Organization"),
        "http://schema.org/ContactPoint",
    ];
    let mut about = About::new(EntityKind::Contact, &catalogue.contact, &classes);
    about.dutch(&format!("{VCARD}fn"), &contact.name);
    if let Some(email) = &contact.email {
        about.link(&format!("{VCARD}hasEmail"), &format!("mailto:{email}"));
    }
    let page = match (&contact.page, &contact.email) {
        (Some(page), _) => Some(page.clone()),
        (None, Some(_)) => None,
        (None, None) => Some(format!("{}/", catalogue.base)),
    };
    if let Some(page) = page {
        about.link(&format!("{FOAF}page"), &page);
        about.link(&format!("{VCARD}hasURL"), &page);
    }
    about.done()
}

fn location(catalogue: &Catalogue) -> Entity {
    let spatial = &catalogue.settings.spatial;
    let class = dcterms("Location");
    let mut about = About::new(EntityKind::Location, &catalogue.spatial, &[&class]);
    about.dutch(rdfs::LABEL, &spatial.name);
    if let Some([west, south, east, north]) = spatial.bbox {
        let ring = format!(
            "POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
        );
        let wkt = crate::rdf::vocab::geo::WKT_LITERAL;
        about.typed(&dcat("bbox"), ring, wkt);
    }
    about.done()
}

fn licence(iri: &str) -> Entity {
    let class = dcterms("LicenseDocument");
    let mut about = About::new(EntityKind::Licence, iri, &[&class]);
    if let Some(name) = declared().name(iri) {
        about.dutch(dct::TITLE, &name);
    }
    about.done()
}

/// What data sets and services of high value say.
fn high_value(about: &mut About, categories: &[String]) {
    if categories.is_empty() {
        return;
    }
    let law = declared().iri("hvd-law", "reg_impl/2023/138/oj");
    about.link(&format!("{DCATAP}applicableLegislation"), &law);
    about.links(&format!("{DCATAP}hvdCategory"), categories);
}

fn service_of(catalogue: &Catalogue, service: &Service) -> Entity {
    let classes = [dcat("DataService"), dcat("Resource")];
    let mut about = About::new(
        EntityKind::Service,
        &service.iri,
        &[&classes[0], &classes[1]],
    );
    let served: Vec<&Dataset> = catalogue
        .datasets
        .iter()
        .filter(|set| service.serves.contains(&set.name))
        .collect();
    about.identifier();
    about.dutch(dct::TITLE, &service.title);
    about.dutch(dct::DESCRIPTION, &service.description);
    about.link(&dcterms("publisher"), &catalogue.publisher);
    about.link(&dcat("contactPoint"), &catalogue.contact);
    // Who may use a service follows from its data: it is public when any of them is.
    let public = declared().iri("access", "PUBLIC");
    let is_public = served.iter().any(|set| set.access == public);
    let access = if is_public { "PUBLIC" } else { "NON_PUBLIC" };
    about.link(&dcterms("accessRights"), &declared().iri("access", access));
    let licence = match served.as_slice() {
        [only] => &only.licence,
        _ => &catalogue.settings.licence,
    };
    about.link(&dcterms("license"), licence);
    about.link(&format!("{MDCAT}statuut"), &status("VLOPENDATASERVICE"));
    about.link(&dcterms("spatial"), &catalogue.spatial);
    let themes: BTreeSet<&String> = served.iter().flat_map(|set| &set.themes).collect();
    about.links(&dcat("theme"), themes);
    about.link(&dcat("endpointURL"), &service.endpoint);
    about.link(&dcat("endpointDescription"), &service.endpoint_description);
    about.links(&dcterms("conformsTo"), &service.protocols);
    about.links(&format!("{FOAF}page"), &service.pages);
    for dataset in &served {
        about.link(&dcat("servesDataset"), &dataset.iri);
    }
    let categories: BTreeSet<String> = served.iter().flat_map(|set| set.hvd.clone()).collect();
    let categories: Vec<String> = categories.into_iter().collect();
    high_value(&mut about, &categories);
    if !categories.is_empty() {
        about.link(
            &format!("{FOAF}page"),
            &format!("{}/api/docs", catalogue.base),
        );
    }
    about.done()
}

fn dataset_of(catalogue: &Catalogue, dataset: &Dataset) -> Entity {
    let classes = [dcat("Dataset"), dcat("Resource")];
    let mut about = About::new(
        EntityKind::Dataset,
        &dataset.iri,
        &[&classes[0], &classes[1]],
    );
    about.identifier();
    about.dutch(dct::TITLE, &dataset.title);
    about.dutch(dct::DESCRIPTION, &dataset.description);
    about.link(&dcterms("publisher"), &catalogue.publisher);
    about.link(&dcat("contactPoint"), &catalogue.contact);
    about.link(&dcterms("accessRights"), &dataset.access);
    if dataset.access == declared().iri("access", "PUBLIC") {
        about.link(&format!("{MDCAT}statuut"), &status("VLOPENDATA"));
    } else {
        about.link(&format!("{MDCAT}statuut"), &status("HERBRUIKBAAR"));
    }
    about.links(&dcat("theme"), &dataset.themes);
    for (words, tag) in [(&dataset.keywords.nl, "nl"), (&dataset.keywords.en, "en")] {
        if let Some(word) = words.first() {
            about.text(&dcat("keyword"), word, tag);
        }
    }
    about.link(&dcterms("spatial"), &catalogue.spatial);
    about.links(&dcterms("language"), &dataset.languages);
    about.link(&dcterms("accrualPeriodicity"), &dataset.frequency);
    if let Some(issued) = dataset.issued {
        about.moment(&dcterms("issued"), issued);
    }
    about.moment(dct::MODIFIED, dataset.modified);
    about.link(&dcat("landingPage"), &dataset.landing_page);
    about.links(&dcterms("conformsTo"), &dataset.standards);
    if dataset.is_stream {
        about.link(&dcterms("type"), EVENT_STREAM);
    }
    high_value(&mut about, &dataset.hvd);
    if !dataset.hvd.is_empty() {
        about.link(&format!("{FOAF}page"), &dataset.landing_page);
    }
    for distribution in &dataset.distributions {
        about.link(&dcat("distribution"), &distribution.iri);
    }
    about.done()
}

fn distribution_of(dataset: &Dataset, distribution: &Distribution) -> Entity {
    let class = dcat("Distribution");
    let mut about = About::new(EntityKind::Distribution, &distribution.iri, &[&class]);
    about.identifier();
    about.dutch(dct::TITLE, &distribution.title);
    about.link(&dcterms("license"), &dataset.licence);
    about.link(&dcat("accessURL"), &distribution.access_url);
    about.link(&dcat("downloadURL"), &distribution.download_url);
    about.link(&dcterms("format"), &distribution.format);
    let media_type = format!("{MEDIA_TYPES}{}", distribution.media_type);
    about.link(&dcat("mediaType"), &media_type);
    if let Some(packing) = &distribution.packing {
        about.link(&dcat("compressFormat"), &format!("{MEDIA_TYPES}{packing}"));
    }
    if let Some(issued) = dataset.issued {
        about.moment(&dcterms("issued"), issued);
    }
    let made = distribution.file.as_ref().map(|file| file.made);
    about.moment(dct::MODIFIED, made.unwrap_or(dataset.modified));
    about.links(&dcat("accessService"), &distribution.services);
    if !dataset.hvd.is_empty() {
        let law = declared().iri("hvd-law", "reg_impl/2023/138/oj");
        about.link(&format!("{DCATAP}applicableLegislation"), &law);
    }
    if let Some(file) = &distribution.file {
        about.typed(
            &dcat("byteSize"),
            file.bytes.to_string(),
            "http://www.w3.org/2001/XMLSchema#nonNegativeInteger",
        );
        let node = format!("{}#checksum", distribution.iri);
        about.link(&format!("{SPDX}checksum"), &node);
        let mut checksum = About::new(about.kind, &node, &[&format!("{SPDX}Checksum")]);
        let algorithm = declared().iri("checksum", "checksumAlgorithm_sha256");
        checksum.link(&format!("{SPDX}algorithm"), &algorithm);
        checksum.typed(
            &format!("{SPDX}checksumValue"),
            file.sha256.clone(),
            "http://www.w3.org/2001/XMLSchema#hexBinary",
        );
        about.triples.extend(checksum.triples);
    }
    about.done()
}

fn record_of(dataset: &Dataset) -> Entity {
    let class = dcat("CatalogRecord");
    let mut about = About::new(EntityKind::Record, &dataset.record, &[&class]);
    about.identifier();
    about.dutch(dct::TITLE, &dataset.title);
    about.link(&format!("{FOAF}primaryTopic"), &dataset.iri);
    about.moment(dct::MODIFIED, dataset.modified);
    if let Some(issued) = dataset.issued {
        about.moment(&dcterms("issued"), issued);
    }
    about.link(&dcterms("language"), &declared().iri("language", "NLD"));
    about.done()
}

fn catalogue_of(catalogue: &Catalogue) -> Entity {
    let settings = &catalogue.settings;
    let classes = [dcat("Catalog"), dcat("Resource")];
    let mut about = About::new(
        EntityKind::Catalogue,
        &catalogue.iri,
        &[&classes[0], &classes[1]],
    );
    about.identifier();
    about.dutch(dct::TITLE, &settings.title);
    about.dutch(dct::DESCRIPTION, &settings.description);
    about.link(&dcterms("publisher"), &catalogue.publisher);
    about.link(&dcat("contactPoint"), &catalogue.contact);
    about.link(&dcterms("license"), &settings.licence);
    // A catalogue is a data set too, for those who know that.
    about.link(
        &dcterms("accessRights"),
        &declared().iri("access", "PUBLIC"),
    );
    about.link(&format!("{MDCAT}statuut"), &status("VLOPENDATA"));
    about.link(&dcterms("spatial"), &catalogue.spatial);
    about.link(&dcterms("language"), &declared().iri("language", "NLD"));
    let themes = "http://publications.europa.eu/resource/authority/data-theme";
    about.link(&dcat("themeTaxonomy"), themes);
    let homepage = settings.homepage.clone();
    let homepage = homepage.unwrap_or_else(|| format!("{}/catalog", catalogue.base));
    about.link(&format!("{FOAF}homepage"), &homepage);
    if let Some(issued) = catalogue.issued {
        about.moment(&dcterms("issued"), issued);
    }
    about.moment(dct::MODIFIED, catalogue.modified);
    for dataset in &catalogue.datasets {
        about.link(&dcat("dataset"), &dataset.iri);
    }
    for service in &catalogue.services {
        about.link(&dcat("service"), &service.iri);
    }
    for dataset in &catalogue.datasets {
        about.link(&dcat("record"), &dataset.record);
    }
    about.done()
}

/// What the entities refer to and do not say themselves: standards, pages, media types and codes, each with its class, so that
/// whoever reads with a closed world finds it.
fn references(entities: &[Entity]) -> Vec<Entity> {
    let mut of_class: BTreeSet<(String, String)> = BTreeSet::new();
    let mut objects: BTreeSet<&str> = BTreeSet::new();
    for triple in entities.iter().flat_map(|entity| &entity.triples) {
        let Term::NamedNode(object) = &triple.object else {
            continue;
        };
        let predicate = triple.predicate.as_str();
        objects.insert(object.as_str());
        let class = match predicate.strip_prefix(DCT).or(predicate.strip_prefix(DCAT)) {
            Some("conformsTo") => dcterms("Standard"),
            Some("mediaType" | "compressFormat") => dcterms("MediaType"),
            Some("landingPage") => format!("{FOAF}Document"),
            Some("type") => crate::rdf::vocab::skos::CONCEPT.to_owned(),
            _ if matches!(predicate.strip_prefix(FOAF), Some("page" | "homepage")) => {
                format!("{FOAF}Document")
            }
            _ => continue,
        };
        of_class.insert((object.as_str().to_owned(), class));
    }
    let mut out: Vec<Entity> = Vec::new();
    for (iri, class) in &of_class {
        match out.last_mut().filter(|last| last.iri == *iri) {
            Some(last) => {
                let more = About::new(EntityKind::Reference, iri, &[class]);
                last.triples.extend(more.triples);
            }
            None => out.push(About::new(EntityKind::Reference, iri, &[class]).done()),
        }
    }
    let mut codes: Vec<Entity> = Vec::new();
    let background = declared().background();
    for triple in background {
        let NamedOrBlankNode::NamedNode(subject) = &triple.subject else {
            continue;
        };
        let iri = subject.as_str();
        if !objects.contains(iri) || triple.predicate.as_str() == rdfs::SUB_CLASS_OF {
            continue;
        }
        match codes.iter_mut().find(|code| code.iri == iri) {
            Some(code) => code.triples.push(triple),
            None => codes.push(Entity {
                iri: iri.to_owned(),
                kind: EntityKind::Reference,
                triples: vec![triple],
            }),
        }
    }
    for code in codes {
        // A licence is an entity of its own.
        let is_licence = code.triples.iter().any(|triple| {
            matches!(&triple.object, Term::NamedNode(class) if class.as_str() == dcterms("LicenseDocument"))
        });
        match out.iter_mut().find(|known| known.iri == code.iri) {
            _ if is_licence => {}
            Some(known) => {
                for triple in code.triples {
                    if !known.triples.contains(&triple) {
                        known.triples.push(triple);
                    }
                }
            }
            None => out.push(code),
        }
    }
    out
}

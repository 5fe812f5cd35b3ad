//! The things of a town and how each is written in the registry's normal form: own fields only, structural nodes with
//! stable IRIs, statuses as concepts. Chooses nothing; every choice is in the fields.

use crate::generate::place::{self, Point};
use crate::generate::write::QuadWriter;
use crate::rdf::vocab::{adms, geo, prov, rdf, rdfs, skos, xsd};
use std::io::{self, Write};

const ADR: &str = "https://data.vlaanderen.be/ns/adres#";
const GEB: &str = "https://data.vlaanderen.be/ns/gebouw#";
const GEN: &str = "https://data.vlaanderen.be/ns/generiek#";
const PER: &str = "https://data.vlaanderen.be/ns/perceel#";
const IMPL: &str = "https://implementatie.data.vlaanderen.be/ns/";
const LOCN_GEOMETRY: &str = "http://www.w3.org/ns/locn#geometry";
const LOCN_GEOMETRY_CLASS: &str = "http://www.w3.org/ns/locn#Geometry";
const SF: &str = "http://www.opengis.net/ont/sf#";
const CONCEPT: &str = "https://data.vlaanderen.be/id/concept/";
const PART_OF: &str = "http://purl.org/dc/terms/isPartOf";
const CREATOR: &str = "http://purl.org/dc/terms/creator";

/// IRI of an object: `https://data.vlaanderen.be/id/{kind}/{id}`.
pub(crate) fn object(kind: &str, id: impl std::fmt::Display) -> String {
    format!("https://data.vlaanderen.be/id/{kind}/{id}")
}

/// IRI of a structural node of an object.
pub(crate) fn part(kind: &str, id: impl std::fmt::Display, role: &str) -> String {
    format!("https://data.vlaanderen.be/.well-known/genid/{kind}/{id}/{role}")
}

/// IRI of a code.
pub(crate) fn concept(list: &str, code: &str) -> String {
    format!("{CONCEPT}{list}/{code}")
}

fn term(namespace: &str, local: &str) -> String {
    format!("{namespace}{local}")
}

/// A municipality.
#[derive(Clone, Debug)]
pub(crate) struct Municipality {
    pub(crate) nis: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A postcode.
#[derive(Clone, Debug)]
pub(crate) struct Postcode {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) municipality: String,
    pub(crate) version: String,
}

/// A street name.
#[derive(Clone, Debug)]
pub(crate) struct Street {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) addition: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) postcode: String,
    pub(crate) municipality: String,
    pub(crate) version: String,
    pub(crate) name_has_language: bool,
}

/// Where an address lies and who says so.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) point: Point,
    pub(crate) method: &'static str,
    pub(crate) specification: &'static str,
    pub(crate) has_wkt: bool,
}

/// An address. Lists instead of single values where a fault needs two.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) id: u64,
    pub(crate) street: String,
    pub(crate) street_name: String,
    pub(crate) house_number: Option<String>,
    pub(crate) box_number: Option<String>,
    pub(crate) postcodes: Vec<String>,
    pub(crate) municipality: Municipality,
    pub(crate) attributed_to: Vec<String>,
    pub(crate) statuses: Vec<&'static str>,
    pub(crate) official: Result<bool, &'static str>,
    pub(crate) part_of: Option<u64>,
    pub(crate) position: Option<Position>,
    pub(crate) units: Vec<u64>,
    pub(crate) parcels: Vec<String>,
    pub(crate) version: String,
    pub(crate) has_identifier: bool,
    pub(crate) namespace: String,
    pub(crate) full_text_has_language: bool,
}

/// A building.
#[derive(Clone, Debug)]
pub(crate) struct Building {
    pub(crate) id: u64,
    pub(crate) status: &'static str,
    pub(crate) outline: [Point; 5],
    pub(crate) method: Option<&'static str>,
    pub(crate) reference: &'static str,
    pub(crate) units: Vec<u64>,
    pub(crate) parcel: String,
    pub(crate) version: String,
}

/// A building unit.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) id: u64,
    pub(crate) status: &'static str,
    pub(crate) function: String,
    pub(crate) point: Point,
    pub(crate) version: String,
}

/// A cadastral parcel.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) id: String,
    pub(crate) notation: String,
    pub(crate) outline: [Point; 5],
    pub(crate) version: String,
}

/// Graph names of the registers: `{base}/graph/{register}`.
pub(crate) struct GraphNames {
    base: String,
}

impl GraphNames {
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    fn of(&self, register: &str) -> String {
        format!("{}/graph/{register}", self.base)
    }
}

/// Writes things to the graphs of their registers.
pub(crate) struct TownWriter<W> {
    pub(crate) out: QuadWriter<W>,
    graphs: GraphNames,
}

impl<W: Write> TownWriter<W> {
    pub(crate) fn new(out: QuadWriter<W>, graphs: GraphNames) -> Self {
        Self { out, graphs }
    }

    pub(crate) fn municipality(&mut self, it: &Municipality) -> io::Result<()> {
        let s = object("gemeente", &it.nis);
        self.open("gemeenten", &s, &term(GEN, "Gemeente"))?;
        self.out.tagged(&s, rdfs::LABEL, &it.name, "nl")?;
        self.out
            .iri(&s, adms::STATUS, &concept("gemeentestatus", "inGebruik"))?;
        self.out.typed(
            &s,
            &format!("{IMPL}adres#officieleTaal"),
            "nl",
            xsd::LANGUAGE,
        )?;
        self.identifier(
            "gemeente",
            &it.nis,
            &object_namespace("gemeente"),
            &it.version,
        )?;
        let name = part("gemeente", &it.nis, "naam");
        self.out.iri(&name, rdf::TYPE, &term(ADR, "Gemeentenaam"))?;
        self.out.tagged(&name, rdfs::LABEL, &it.name, "nl")?;
        self.out.iri(&name, &term(ADR, "isAfgeleidVan"), &s)
    }

    pub(crate) fn postcode(&mut self, it: &Postcode) -> io::Result<()> {
        let s = object("postinfo", &it.code);
        self.open("postinfo", &s, &term(ADR, "Postinfo"))?;
        self.out.text(&s, &term(ADR, "postcode"), &it.code)?;
        self.out
            .tagged(&s, &term(ADR, "postnaam"), &it.name, "nl")?;
        self.out
            .iri(&s, adms::STATUS, &concept("postinfostatus", "gerealiseerd"))?;
        self.out.iri(
            &s,
            prov::WAS_ATTRIBUTED_TO,
            &object("gemeente", &it.municipality),
        )?;
        self.identifier(
            "postinfo",
            &it.code,
            &object_namespace("postinfo"),
            &it.version,
        )
    }

    pub(crate) fn street(&mut self, it: &Street) -> io::Result<()> {
        let s = object("straatnaam", it.id);
        self.open("straatnamen", &s, &term(ADR, "Straatnaam"))?;
        if it.name_has_language {
            self.out.tagged(&s, rdfs::LABEL, &it.name, "nl")?;
        } else {
            self.out.text(&s, rdfs::LABEL, &it.name)?;
        }
        if let Some(addition) = &it.addition {
            self.out
                .tagged(&s, &term(ADR, "homoniemToevoeging"), addition, "nl")?;
        }
        self.out.iri(
            &s,
            &term(ADR, "Straatnaam.status"),
            &concept("straatnaamstatus", it.status),
        )?;
        self.out.iri(
            &s,
            prov::WAS_ATTRIBUTED_TO,
            &object("gemeente", &it.municipality),
        )?;
        self.identifier(
            "straatnaam",
            &it.id.to_string(),
            &object_namespace("straatnaam"),
            &it.version,
        )
    }

    pub(crate) fn address(&mut self, it: &Address) -> io::Result<()> {
        let s = object("adres", it.id);
        self.open("adressen", &s, &term(ADR, "Adres"))?;
        self.out
            .iri(&s, &term(ADR, "heeftStraatnaam"), &it.street)?;
        if let Some(number) = &it.house_number {
            self.out.text(&s, &term(ADR, "huisnummer"), number)?;
        }
        if let Some(number) = &it.box_number {
            self.out.text(&s, &term(ADR, "busnummer"), number)?;
        }
        for code in &it.postcodes {
            self.out
                .iri(&s, &term(ADR, "heeftPostinfo"), &object("postinfo", code))?;
        }
        self.out.iri(
            &s,
            &term(ADR, "heeftGemeentenaam"),
            &part("gemeente", &it.municipality.nis, "naam"),
        )?;
        for nis in &it.attributed_to {
            self.out
                .iri(&s, prov::WAS_ATTRIBUTED_TO, &object("gemeente", nis))?;
        }
        for status in &it.statuses {
            self.out.iri(
                &s,
                &term(ADR, "Adres.status"),
                &concept("adresstatus", status),
            )?;
        }
        let official = term(ADR, "officieelToegekend");
        match it.official {
            Ok(yes) => self.out.typed(
                &s,
                &official,
                if yes { "true" } else { "false" },
                xsd::BOOLEAN,
            )?,
            Err(text) => self.out.text(&s, &official, text)?,
        }
        if let Some(parent) = it.part_of {
            self.out.iri(&s, PART_OF, &object("adres", parent))?;
        }
        for unit in &it.units {
            self.out.iri(
                &s,
                &term(ADR, "isToegekendAan"),
                &object("gebouweenheid", unit),
            )?;
        }
        for parcel in &it.parcels {
            self.out
                .iri(&s, &term(ADR, "isToegekendAan"), &object("perceel", parcel))?;
        }
        if let Some(position) = &it.position {
            self.address_position(&s, it.id, position)?;
        }
        self.full_text(&s, it)?;
        if it.has_identifier {
            self.identifier("adres", &it.id.to_string(), &it.namespace, &it.version)?;
        }
        Ok(())
    }

    fn address_position(&mut self, s: &str, id: u64, it: &Position) -> io::Result<()> {
        let (position, point) = (part("adres", id, "positie"), part("adres", id, "punt"));
        self.out.iri(s, &term(ADR, "positie"), &position)?;
        self.out
            .iri(&position, rdf::TYPE, &term(GEN, "GeografischePositie"))?;
        self.out
            .typed(&position, &term(GEN, "default"), "true", xsd::BOOLEAN)?;
        self.out.iri(
            &position,
            &term(GEN, "methode"),
            &concept("geometriemethode", it.method),
        )?;
        self.out.iri(
            &position,
            &term(GEN, "specificatie"),
            &concept("geometriespecificatie", it.specification),
        )?;
        self.out.iri(&position, LOCN_GEOMETRY, &point)?;
        self.out.iri(&point, rdf::TYPE, &term(SF, "Point"))?;
        self.out.typed(
            &point,
            geo::AS_GML,
            &place::point_gml(it.point),
            geo::GML_LITERAL,
        )?;
        if it.has_wkt {
            self.out.typed(
                &point,
                geo::AS_WKT,
                &place::point_wkt(it.point),
                geo::WKT_LITERAL,
            )?;
        }
        Ok(())
    }

    fn full_text(&mut self, s: &str, it: &Address) -> io::Result<()> {
        let node = part("adres", it.id, "uitbreiding");
        let text = full_text(it);
        self.out.iri(s, &term(ADR, "isVerrijktMet"), &node)?;
        self.out
            .iri(&node, rdf::TYPE, &term(ADR, "Adresuitbreiding"))?;
        let full = term(ADR, "volledigAdres");
        if it.full_text_has_language {
            self.out.tagged(&node, &full, &text, "nl")
        } else {
            self.out.text(&node, &full, &text)
        }
    }

    pub(crate) fn building(&mut self, it: &Building) -> io::Result<()> {
        let s = object("gebouw", it.id);
        let (geometry, polygon) = (
            part("gebouw", it.id, "geometrie"),
            part("gebouw", it.id, "polygoon"),
        );
        self.open("gebouwen", &s, &term(GEB, "Gebouw"))?;
        self.out.iri(
            &s,
            &term(GEB, "Gebouw.status"),
            &concept("gebouwstatus", it.status),
        )?;
        self.out
            .iri(&s, &term(GEB, "Gebouw.geometrie"), &geometry)?;
        for unit in &it.units {
            self.out
                .iri(&s, &term(GEB, "bestaatUit"), &object("gebouweenheid", unit))?;
        }
        self.out
            .iri(&s, &term(GEB, "ligtOp"), &object("perceel", &it.parcel))?;
        self.out
            .iri(&geometry, rdf::TYPE, &term(GEB, "2DGebouwgeometrie"))?;
        self.out
            .typed(&geometry, &term(GEB, "default"), "true", xsd::BOOLEAN)?;
        self.out.iri(&geometry, &term(GEB, "geometrie"), &polygon)?;
        if let Some(method) = it.method {
            self.out.iri(
                &geometry,
                &term(GEB, "methode"),
                &concept("2Dgeometriemethode", method),
            )?;
        }
        let reference = concept("horizontalereferentie", it.reference);
        self.out
            .iri(&geometry, &term(GEB, "horizontaleReferentie"), &reference)?;
        self.polygon(&polygon, &it.outline)?;
        self.identifier(
            "gebouw",
            &it.id.to_string(),
            &object_namespace("gebouw"),
            &it.version,
        )
    }

    pub(crate) fn unit(&mut self, it: &Unit) -> io::Result<()> {
        let s = object("gebouweenheid", it.id);
        let point = part("gebouweenheid", it.id, "punt");
        self.open("gebouweenheden", &s, &term(GEB, "Gebouweenheid"))?;
        self.out.iri(
            &s,
            &term(GEB, "Gebouweenheid.status"),
            &concept("gebouweenheidstatus", it.status),
        )?;
        self.out.iri(&s, &term(GEB, "functie"), &it.function)?;
        self.out.typed(
            &s,
            &format!("{IMPL}gebouw#afwijkingVastgesteld"),
            "false",
            xsd::BOOLEAN,
        )?;
        self.out
            .iri(&s, &term(GEB, "Gebouweenheid.geometrie"), &point)?;
        self.out.iri(&point, rdf::TYPE, &term(SF, "Point"))?;
        self.out.iri(&point, rdf::TYPE, LOCN_GEOMETRY_CLASS)?;
        self.out.iri(
            &point,
            &term(GEN, "methode"),
            &concept("geometriemethode", "afgeleidVanObject"),
        )?;
        self.out.typed(
            &point,
            geo::AS_GML,
            &place::point_gml(it.point),
            geo::GML_LITERAL,
        )?;
        self.out.typed(
            &point,
            geo::AS_WKT,
            &place::point_wkt(it.point),
            geo::WKT_LITERAL,
        )?;
        self.identifier(
            "gebouweenheid",
            &it.id.to_string(),
            &object_namespace("gebouweenheid"),
            &it.version,
        )
    }

    pub(crate) fn parcel(&mut self, it: &Parcel) -> io::Result<()> {
        let s = object("perceel", &it.id);
        let (geometry, polygon) = (
            part("perceel", &it.id, "geometrie"),
            part("perceel", &it.id, "polygoon"),
        );
        let notation = part("perceel", &it.id, "capakey");
        self.open("percelen", &s, &term(PER, "KadastraalPlanperceel"))?;
        self.out
            .iri(&s, rdf::TYPE, &term(PER, "RuimtelijkeEenheid"))?;
        self.out
            .iri(&s, adms::STATUS, &concept("perceelstatus", "gerealiseerd"))?;
        self.out.iri(&s, adms::IDENTIFIER, &notation)?;
        self.out.iri(&notation, rdf::TYPE, adms::IDENTIFIER_CLASS)?;
        self.out.text(&notation, skos::NOTATION, &it.notation)?;
        self.out
            .iri(&notation, CREATOR, &object("organisatie", "OVO027170"))?;
        self.out
            .iri(&s, &term(PER, "RuimtelijkeEenheid.geometrie"), &geometry)?;
        self.out.iri(
            &geometry,
            rdf::TYPE,
            &term(PER, "RuimtelijkeEenheidGeometrie"),
        )?;
        self.out
            .typed(&geometry, &term(PER, "default"), "true", xsd::BOOLEAN)?;
        self.out.iri(
            &geometry,
            &term(PER, "RuimtelijkeEenheidGeometrie.geometrie"),
            &polygon,
        )?;
        self.polygon(&polygon, &it.outline)?;
        self.identifier("perceel", &it.id, &object_namespace("perceel"), &it.version)
    }

    pub(super) fn open(&mut self, register: &str, subject: &str, class: &str) -> io::Result<()> {
        let graph = self.graphs.of(register);
        self.out.graph(&graph);
        self.out.iri(subject, rdf::TYPE, class)
    }

    fn polygon(&mut self, node: &str, outline: &[Point]) -> io::Result<()> {
        self.out.iri(node, rdf::TYPE, &term(SF, "Polygon"))?;
        self.out.iri(node, rdf::TYPE, LOCN_GEOMETRY_CLASS)?;
        self.out.typed(
            node,
            geo::AS_GML,
            &place::polygon_gml(outline),
            geo::GML_LITERAL,
        )?;
        self.out.typed(
            node,
            geo::AS_WKT,
            &place::polygon_wkt(outline),
            geo::WKT_LITERAL,
        )
    }

    pub(super) fn identifier(
        &mut self,
        kind: &str,
        id: &str,
        namespace: &str,
        version: &str,
    ) -> io::Result<()> {
        let (node, structured) = (part(kind, id, "id"), part(kind, id, "gid"));
        self.out.iri(&object(kind, id), adms::IDENTIFIER, &node)?;
        self.out.iri(&node, rdf::TYPE, adms::IDENTIFIER_CLASS)?;
        self.out.iri(
            &node,
            &term(GEN, "gestructureerdeIdentificator"),
            &structured,
        )?;
        self.out.iri(
            &structured,
            rdf::TYPE,
            &term(GEN, "GestructureerdeIdentificator"),
        )?;
        self.out
            .text(&structured, &term(GEN, "naamruimte"), namespace)?;
        self.out
            .text(&structured, &term(GEN, "lokaleIdentificator"), id)?;
        self.out
            .text(&structured, &term(GEN, "versieIdentificator"), version)
    }
}

/// Namespace of the identifiers of a kind of object.
pub(crate) fn object_namespace(kind: &str) -> String {
    format!("https://data.vlaanderen.be/id/{kind}")
}

/// The address in one line, as people write it.
pub(crate) fn full_text(it: &Address) -> String {
    let number = it.house_number.as_deref().unwrap_or_default();
    let code = it.postcodes.first().map_or("", String::as_str);
    let box_part = it
        .box_number
        .as_ref()
        .map_or(String::new(), |number| format!(" bus {number}"));
    format!(
        "{} {number}{box_part}, {code} {}",
        it.street_name, it.municipality.name
    )
}

//! Cases (dossiers): the file, the case it documents, its append-only statuses, and what it refers to. Reads them from a view
//! and makes the statements that a change adds. Of authentic objects, documents and decisions only the reference is kept.

use super::names::{
    ADMS, CODE, CPSV, DBO, DCAT, DCT, DOS, GEN, ID, M8G, OWN, PHASE, PLAN, PROV, TRA,
};
use super::statements::{Reading, Statements};
use crate::rdf::vocab::{rdf, xsd};
use crate::registry::Moment;
use crate::store::View;
use oxrdf::Triple;

/// Where dossiers have their IRIs.
pub(super) const DOSSIER: &str = "https://data.vlaanderen.be/id/dossier/";

/// One status of a case: an activity that is never changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseStatus {
    /// Its IRI.
    pub iri: String,
    /// Its place in the history, from 1.
    pub number: u32,
    /// IRI of the status type (step of the plan), when the case follows one.
    pub step: Option<String>,
    /// Code of its phase.
    pub phase: String,
    /// Code of StatusVlaamseCode.
    pub code: Option<String>,
    /// The moment it was set, RFC 3339; of cases written by others perhaps only the day.
    pub at: String,
    /// The day, in Belgium.
    pub day: String,
    /// The day before which the next one is aimed at.
    pub due: Option<String>,
    /// Whether the applicant has to do something.
    pub needs_action: bool,
    /// What the applicant has to do.
    pub action: Option<String>,
}

/// A document of a case: what it is and where it is kept, never its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseDocument {
    /// Its IRI.
    pub iri: String,
    /// Its title.
    pub title: Option<String>,
    /// Its day.
    pub day: Option<String>,
    /// Where it can be had (`dcat:accessURL`).
    pub locator: Option<String>,
    /// SHA-256 of its content, in hex, as whoever keeps it gives it.
    pub digest: Option<String>,
}

/// A party and its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRole {
    /// IRI of the participation.
    pub iri: String,
    /// IRI of the role.
    pub role: String,
    /// IRI of the party, described elsewhere.
    pub party: String,
}

/// A case with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Id of the dossier: `2026-17`.
    pub id: String,
    /// IRI of the dossier.
    pub iri: String,
    /// IRI of the case that it documents.
    pub case_iri: String,
    /// Title.
    pub title: Option<String>,
    /// IRI of the version of the process type.
    pub process_type: Option<String>,
    /// IRI of the public service.
    pub service: Option<String>,
    /// IRI of the competent authority.
    pub authority: Option<String>,
    /// Day on which it was opened.
    pub opened: Option<String>,
    /// The day on which references are read as they were valid.
    pub valid_on: Option<String>,
    /// Statuses in the order of their numbers.
    pub statuses: Vec<CaseStatus>,
    /// IRIs of the objects that it is about.
    pub objects: Vec<String>,
    /// Documents.
    pub documents: Vec<CaseDocument>,
    /// Parties.
    pub roles: Vec<CaseRole>,
    /// IRIs of decisions.
    pub decisions: Vec<String>,
}

impl CaseStatus {
    /// Reads one status; `None` when it has no phase or no day.
    pub fn read(view: &View, iri: &str) -> Option<Self> {
        let status = Reading::of(view, iri)?;
        let day = status.text(&format!("{TRA}statusWijzigingsdatum"));
        let at = status.text(&format!("{PROV}startedAtTime"));
        let needs = status.text(&format!("{TRA}actieNodig"));
        Some(Self {
            number: iri.rsplit_once('-')?.1.parse().ok()?,
            step: status.iri(&format!("{PLAN}correspondsToStep")),
            phase: status.concept(&format!("{TRA}statusVlaamsFase"), PHASE)?,
            code: status.concept(&format!("{TRA}statusVlaamsCode"), CODE),
            at: at.or_else(|| day.clone())?,
            day: day?,
            due: status.text(&format!("{TRA}streefdatum")),
            needs_action: needs.as_deref() == Some("true"),
            action: status.text(&format!("{TRA}actie")),
            iri: iri.to_owned(),
        })
    }

    /// The status before one.
    pub fn before(view: &View, iri: &str) -> Option<Self> {
        let before = Reading::of(view, iri)?.iri(&format!("{PROV}wasInformedBy"))?;
        Self::read(view, &before)
    }
}

/// The day of a moment, in Belgium.
pub fn day_of(moment: &Moment) -> String {
    let zone = crate::registry::belgian_time();
    moment.at().to_zoned(zone).date().to_string()
}

/// A moment as statuses have it: RFC 3339 in UTC, to the millisecond.
pub fn moment_text(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl Case {
    /// The IRI of the dossier of an id.
    pub fn iri_of(id: &str) -> String {
        format!("{DOSSIER}{id}")
    }

    /// The id of the dossier of an IRI.
    pub fn id_of(iri: &str) -> Option<&str> {
        iri.strip_prefix(DOSSIER).filter(|id| !id.contains('/'))
    }

    /// IRIs of the authority and of the process type of a case.
    pub fn head(view: &View, id: &str) -> Option<(Option<String>, Option<String>)> {
        let dossier = Reading::of(view, &Self::iri_of(id))?;
        let case = dossier.iri(&format!("{DOS}Dossier.isNeerslagVan"))?;
        let case = Reading::of(view, &case)?;
        let authority = case.iri(&format!("{M8G}hasCompetentAuthority"));
        Some((authority, case.iri(&format!("{DCT}conformsTo"))))
    }

    /// The latest status.
    pub fn status(&self) -> Option<&CaseStatus> {
        self.statuses.last()
    }

    /// Reads a case; `None` when the view has no dossier of this id with a case.
    pub fn read(view: &View, id: &str) -> Option<Self> {
        let iri = Self::iri_of(id);
        let dossier = Reading::of(view, &iri)?;
        let case_iri = dossier.iri(&format!("{DOS}Dossier.isNeerslagVan"))?;
        let case = Reading::of(view, &case_iri)?;
        let statuses = Self::statuses(view, case);
        let documents = dossier.iris(&format!("{DOS}Dossier.bestaatUit"));
        let roles = case.iris(&format!("{M8G}hasParticipation"));
        Some(Self {
            id: id.to_owned(),
            title: dossier.text(&format!("{DCT}title")),
            process_type: case.iri(&format!("{DCT}conformsTo")),
            service: case.iri(&format!("{TRA}isInstantieVan")),
            authority: case.iri(&format!("{M8G}hasCompetentAuthority")),
            opened: case.text(&format!("{DOS}openingsdatum")),
            valid_on: case.text(&format!("{DCT}valid")),
            objects: case.iris(&format!("{DOS}behandelt")),
            decisions: case.iris(&format!("{DCT}references")),
            documents: documents
                .into_iter()
                .filter_map(|iri| Self::document(view, iri))
                .collect(),
            roles: roles
                .into_iter()
                .filter_map(|iri| Self::role(view, iri))
                .collect(),
            statuses,
            iri,
            case_iri,
        })
    }

    /// The statuses alone: all that lists and figures need besides what is said of the case itself.
    pub(super) fn statuses(view: &View, case: Reading<'_>) -> Vec<CaseStatus> {
        let nodes = case.iris(&format!("{TRA}heeftStatus")).into_iter();
        let statuses = nodes.filter_map(|iri| CaseStatus::read(view, &iri));
        let mut statuses: Vec<CaseStatus> = statuses.collect();
        statuses.sort_by_key(|status| status.number);
        statuses
    }
    fn document(view: &View, iri: String) -> Option<CaseDocument> {
        let document = Reading::of(view, &iri)?;
        let file = document.iri(&format!("{DOS}isVoorgesteldDoor"));
        let file = file.and_then(|iri| Reading::of(view, &iri));
        Some(CaseDocument {
            title: document.text(&format!("{DCT}title")),
            day: document.text(&format!("{DCT}date")),
            locator: file.and_then(|file| file.iri(&format!("{DCAT}accessURL"))),
            digest: file.and_then(|file| file.text(&format!("{DCT}identifier"))),
            iri,
        })
    }

    fn role(view: &View, iri: String) -> Option<CaseRole> {
        let role = Reading::of(view, &iri)?;
        let parties = role.referrers(&format!("{M8G}playsRole")).into_iter();
        Some(CaseRole {
            role: role.iri(&format!("{M8G}role"))?,
            party: parties.filter_map(|id| view.iri(id)).next()?.into_owned(),
            iri,
        })
    }

    /// IRIs of all dossiers, by year and number.
    pub fn ids(view: &View) -> Vec<String> {
        let Some(class) = Reading::of(view, &format!("{DOS}Dossier")) else {
            return Vec::new();
        };
        let iris = class.referrers(rdf::TYPE).into_iter();
        let mut ids: Vec<String> = iris
            .filter_map(|id| Some(Self::id_of(&view.iri(id)?)?.to_owned()))
            .collect();
        ids.sort_by(|a, b| order(a).cmp(&order(b)));
        ids
    }
}

/// Ids in their order: the numbers in them by size.
pub fn order(id: &str) -> (u64, u64, &str) {
    let (year, number) = id.split_once('-').unwrap_or((id, ""));
    let number_of = |text: &str| text.parse().unwrap_or(u64::MAX);
    (number_of(year), number_of(number), id)
}

/// A case that is to be made.
#[derive(Clone, Debug)]
pub struct NewCase<'a> {
    /// Id of the dossier.
    pub id: &'a str,
    /// Title; of people nothing.
    pub title: &'a str,
    /// IRI of the version of the process type.
    pub process_type: &'a str,
    /// IRI of the public service.
    pub service: &'a str,
    /// IRI of the competent authority.
    pub authority: &'a str,
    /// The day it was opened, in Belgium.
    pub opened: &'a str,
    /// The day on which references are read as they were valid.
    pub valid_on: &'a str,
    /// The objects it is about.
    pub objects: &'a [String],
}

impl NewCase<'_> {
    /// Its statements, without any status.
    pub fn statements(&self, now: &str) -> Vec<Triple> {
        let (dossier, case) = (Case::iri_of(self.id), format!("{ID}zaak/{}", self.id));
        let genid = "https://data.vlaanderen.be/.well-known/genid/dossier";
        let identifier = format!("{genid}/{}/id", self.id);
        let structured = format!("{genid}/{}/gid", self.id);
        let mut out = Statements::default();
        out.class(&dossier, &format!("{DOS}Dossier"));
        out.text(&dossier, &format!("{DCT}title"), self.title);
        out.link(&dossier, &format!("{DOS}Dossier.isNeerslagVan"), &case);
        out.link(&dossier, &format!("{ADMS}identifier"), &identifier);
        out.class(&identifier, &format!("{ADMS}Identifier"));
        let gid = format!("{GEN}gestructureerdeIdentificator");
        out.link(&identifier, &gid, &structured);
        out.class(&structured, &format!("{GEN}GestructureerdeIdentificator"));
        let space = DOSSIER.trim_end_matches('/');
        out.text(&structured, &format!("{GEN}naamruimte"), space);
        out.text(&structured, &format!("{GEN}lokaleIdentificator"), self.id);
        out.text(&structured, &format!("{GEN}versieIdentificator"), now);
        out.class(&case, &format!("{OWN}Zaak"));
        out.class(&case, &format!("{DBO}Case"));
        out.class(&case, &format!("{CPSV}PublicService"));
        let said = super::Said {
            nl: self.title.to_owned(),
            en: None,
        };
        out.title(&case, &said);
        out.said(&case, &format!("{DCT}description"), &said);
        out.link(&case, &format!("{DCT}conformsTo"), self.process_type);
        out.link(&case, &format!("{TRA}isInstantieVan"), self.service);
        out.link(&case, &format!("{TRA}isGedocumenteerdDoor"), &dossier);
        out.link(
            &case,
            &format!("{M8G}hasCompetentAuthority"),
            self.authority,
        );
        out.date(&case, &format!("{DOS}openingsdatum"), self.opened);
        out.date(&case, &format!("{DCT}valid"), self.valid_on);
        for object in self.objects {
            out.link(&case, &format!("{DOS}behandelt"), object);
        }
        out.0
    }
}

/// The statements of a new status: it comes after all that the case has.
pub fn status_statements(case: &str, id: &str, status: &CaseStatus, agent: &str) -> Vec<Triple> {
    let iri = status_iri(id, status.number);
    let mut out = Statements::default();
    out.link(case, &format!("{TRA}heeftStatus"), &iri);
    out.class(&iri, &format!("{OWN}Zaakstatus"));
    out.class(&iri, &format!("{TRA}Status"));
    out.class(&iri, &format!("{PROV}Activity"));
    out.link(
        &iri,
        &format!("{TRA}statusVlaamsFase"),
        &format!("{PHASE}{}", status.phase),
    );
    if let Some(code) = &status.code {
        out.link(
            &iri,
            &format!("{TRA}statusVlaamsCode"),
            &format!("{CODE}{code}"),
        );
    }
    if let Some(step) = &status.step {
        out.link(&iri, &format!("{PLAN}correspondsToStep"), step);
    }
    out.date(&iri, &format!("{TRA}statusWijzigingsdatum"), &status.day);
    out.typed(
        &iri,
        &format!("{PROV}startedAtTime"),
        &status.at,
        xsd::DATE_TIME,
    );
    out.link(&iri, &format!("{PROV}wasAssociatedWith"), agent);
    if status.number > 1 {
        let before = status_iri(id, status.number - 1);
        out.link(&iri, &format!("{PROV}wasInformedBy"), &before);
    }
    if let Some(due) = &status.due {
        out.date(&iri, &format!("{TRA}streefdatum"), due);
    }
    let needs = if status.needs_action { "true" } else { "false" };
    out.typed(&iri, &format!("{TRA}actieNodig"), needs, xsd::BOOLEAN);
    if let Some(action) = &status.action {
        out.text(&iri, &format!("{TRA}actie"), action);
    }
    out.0
}

/// IRI of a status by its number.
pub fn status_iri(id: &str, number: u32) -> String {
    format!("{ID}status/{id}-{number}")
}

/// What is added to a case besides statuses. All of it is a reference; texts about people have no place.
#[derive(Clone, Debug)]
pub enum Addition<'a> {
    /// An authentic object that it is about.
    Object(&'a str),
    /// A decision (`besluit:Besluit`).
    Decision(&'a str),
    /// A party in a role; both IRIs.
    Role {
        /// Number of the participation within the case.
        number: u32,
        /// IRI of the role.
        role: &'a str,
        /// IRI of the party.
        party: &'a str,
    },
    /// A document.
    Document {
        /// Number of the document within the case.
        number: u32,
        /// What it is; of people nothing.
        title: &'a str,
        /// Its day.
        day: &'a str,
        /// Where it is kept.
        locator: &'a str,
        /// SHA-256 of its content, in hex.
        digest: Option<&'a str>,
        /// IRI of its media type.
        media_type: Option<&'a str>,
    },
}

impl Addition<'_> {
    /// Its statements.
    pub fn statements(&self, case: &Case) -> Vec<Triple> {
        let mut out = Statements::default();
        let zaak = case.case_iri.as_str();
        match self {
            Self::Object(iri) => out.link(zaak, &format!("{DOS}behandelt"), iri),
            Self::Decision(iri) => out.link(zaak, &format!("{DCT}references"), iri),
            Self::Role {
                number,
                role,
                party,
            } => {
                let iri = format!("{ID}participatie/{}-{number}", case.id);
                out.link(zaak, &format!("{M8G}hasParticipation"), &iri);
                out.class(&iri, &format!("{OWN}Zaakdeelname"));
                out.class(&iri, &format!("{M8G}Participation"));
                out.link(&iri, &format!("{M8G}role"), role);
                let said = super::Said {
                    nl: format!("Deelname aan dossier {}", case.id),
                    en: Some(format!("Participation in case {}", case.id)),
                };
                out.said(&iri, &format!("{DCT}description"), &said);
                out.link(party, &format!("{M8G}playsRole"), &iri);
            }
            Self::Document {
                number,
                title,
                day,
                locator,
                digest,
                media_type,
            } => {
                let iri = format!("{ID}stuk/{}-{number}", case.id);
                let genid = "https://data.vlaanderen.be/.well-known/genid/stuk";
                let file = format!("{genid}/{}-{number}/bestand", case.id);
                out.link(&case.iri, &format!("{DOS}Dossier.bestaatUit"), &iri);
                out.class(&iri, &format!("{DOS}Stuk"));
                out.text(&iri, &format!("{DCT}title"), title);
                out.date(&iri, &format!("{DCT}date"), day);
                if let Some(digest) = digest {
                    out.text(&file, &format!("{DCT}identifier"), digest);
                }
                out.link(&iri, &format!("{DOS}isVoorgesteldDoor"), &file);
                out.class(&file, &format!("{DCAT}Distribution"));
                out.text(&file, &format!("{DCT}title"), title);
                out.date(&file, &format!("{DCT}date"), day);
                out.link(&file, &format!("{DCAT}accessURL"), locator);
                if let Some(kind) = media_type {
                    out.link(&file, &format!("{DCAT}mediaType"), kind);
                }
            }
        }
        out.0
    }
}

/// The number for one more of what has IRIs that end in `-{number}`.
pub fn next_number<'a>(iris: impl IntoIterator<Item = &'a str>) -> u32 {
    let numbers = iris.into_iter();
    let numbers = numbers.filter_map(|iri| iri.rsplit_once('-')?.1.parse::<u32>().ok());
    numbers.max().unwrap_or(0).saturating_add(1)
}

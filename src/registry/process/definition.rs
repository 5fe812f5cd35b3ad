//! Process types: an offered public service (`cpsv:PublicService`) and the plan its cases follow (`p-plan:Plan`), with four to
//! seven statuses, each in a phase. Reads and makes the statements of one version; checks no counts, the shapes do.

use super::names::{CODE, CPSV, DCT, ID, M8G, OWL, OWN, PHASE, PLAN, PROV, SKOS};
use super::statements::{Reading, Said, Statements};
use crate::rdf::vocab::{rdf, xsd};
use crate::store::View;
use oxrdf::{NamedNode, Triple};
use serde::{Deserialize, Serialize};

/// Most statuses, documents or grounds that a request may list: far above what the shapes allow, so that they can say so.
const MOST_LISTED: usize = 50;
const MOST_CHARACTERS: usize = 2_000;

/// A process type as it is published, in the words of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name in addresses: lower case letters, digits and `-`.
    pub code: String,
    /// Its title.
    #[serde(rename = "titel")]
    pub title: Said,
    /// What it is.
    #[serde(
        rename = "omschrijving",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<Said>,
    /// IRI of the public service; one of this registry's own when it is left out.
    #[serde(rename = "dienst", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// IRI of the competent authority.
    #[serde(rename = "bestuur")]
    pub authority: String,
    /// IRIs of the legal resources it rests on (ELI).
    #[serde(rename = "rechtsgrond", default)]
    pub legal: Vec<String>,
    /// IRIs of process concepts of a catalogue.
    #[serde(rename = "concepten", default)]
    pub concepts: Vec<String>,
    /// Evidence that is required.
    #[serde(rename = "bewijsstukken", default)]
    pub evidence: Vec<Said>,
    /// What it yields.
    #[serde(rename = "resultaten", default)]
    pub outputs: Vec<Said>,
    /// Its statuses in their order.
    #[serde(rename = "statussen")]
    pub steps: Vec<StepDefinition>,
}

/// A status of a process type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDefinition {
    /// Its name within the process type.
    pub code: String,
    /// Its title.
    #[serde(rename = "titel")]
    pub title: Said,
    /// Code of its phase (StatusVlaamseFase).
    #[serde(rename = "fase")]
    pub phase: String,
    /// Codes of StatusVlaamseCode that a case may have in it.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Days that it is to take.
    #[serde(
        rename = "termijn",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_days"
    )]
    pub days: Option<u16>,
}

/// A whole number of days; in JSON 30.0 is one as well.
fn whole_days<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(from)? else {
        return Ok(None);
    };
    if number.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&number) {
        let found = serde::de::Unexpected::Float(number);
        return Err(serde::de::Error::invalid_value(
            found,
            &"a whole number of days from 0 to 65535",
        ));
    }
    // Whole and within its bounds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let days = number as u16;
    Ok(Some(days))
}

/// A version of a process type as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessType {
    /// IRI of the version.
    pub iri: String,
    /// Number of the version, from 1.
    pub version: u32,
    /// When it was published, RFC 3339.
    pub published: String,
    /// IRI of the public service.
    pub service: String,
    /// What it says.
    pub definition: Definition,
}

/// What is wrong with a definition before any shape is asked: where, in Dutch and in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDefinition {
    /// JSON Pointer.
    pub pointer: String,
    /// What is expected there.
    pub text: crate::rdf::label::Text,
}

/// Whether a text can be the code of a process type or of a status.
pub fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-')
}

fn is_concept(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

impl Definition {
    /// Whether every value is of the kind that its place takes.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), BadDefinition> {
        let bad = |pointer: String, nl: &str, en: &str| {
            let text = crate::rdf::label::Text::new(nl, en);
            Err(BadDefinition { pointer, text })
        };
        let codes = self.steps.iter().enumerate();
        let codes = codes.map(|(n, step)| (format!("/statussen/{n}/code"), &step.code));
        for (pointer, code) in codes.chain([("/code".to_owned(), &self.code)]) {
            if !is_code(code) {
                return bad(
                    pointer,
                    "een code heeft 1 tot 64 kleine letters, cijfers en koppeltekens",
                    "a code has 1 to 64 lower case letters, digits and hyphens",
                );
            }
        }
        for (n, step) in self.steps.iter().enumerate() {
            if self.steps[..n].iter().any(|other| other.code == step.code) {
                return bad(
                    format!("/statussen/{n}/code"),
                    "deze code staat er al",
                    "this code is there already",
                );
            }
            if !is_concept(&step.phase) || !step.codes.iter().all(|code| is_concept(code)) {
                return bad(
                    format!("/statussen/{n}"),
                    "fase en codes zijn codes van StatusVlaamseFase en StatusVlaamseCode, zoals Behandeling",
                    "phase and codes are codes of StatusVlaamseFase and StatusVlaamseCode, such as Behandeling",
                );
            }
        }
        let iris = self.legal.iter().enumerate();
        let iris = iris.map(|(n, iri)| (format!("/rechtsgrond/{n}"), iri));
        let concepts = self.concepts.iter().enumerate();
        let concepts = concepts.map(|(n, iri)| (format!("/concepten/{n}"), iri));
        let service = self.service.iter().map(|iri| ("/dienst".to_owned(), iri));
        let own = [("/bestuur".to_owned(), &self.authority)];
        for (pointer, iri) in iris.chain(concepts).chain(service).chain(own) {
            if NamedNode::new(iri).is_err() {
                return bad(
                    pointer,
                    "een volledige IRI wordt verwacht",
                    "a full IRI is expected",
                );
            }
        }
        let evidence = self.evidence.iter().enumerate();
        let evidence = evidence.map(|(n, said)| (format!("/bewijsstukken/{n}"), said));
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.map(|(n, said)| (format!("/resultaten/{n}"), said));
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(n, step)| (format!("/statussen/{n}/titel"), &step.title));
        let own = [("/titel".to_owned(), &self.title)].into_iter();
        let texts = own
            .chain(
                self.description
                    .iter()
                    .map(|said| ("/omschrijving".to_owned(), said)),
            )
            .chain(evidence)
            .chain(outputs)
            .chain(steps);
        for (pointer, said) in texts {
            let fits =
                |text: &str| !text.trim().is_empty() && text.chars().count() <= MOST_CHARACTERS;
            let texts = [("nl", Some(&said.nl)), ("en", said.en.as_ref())];
            for (language, text) in texts {
                if text.is_some_and(|text| !fits(text)) {
                    return bad(
                        format!("{pointer}/{language}"),
                        "deze tekst is leeg of langer dan 2000 tekens",
                        "this text is empty or longer than 2,000 characters",
                    );
                }
            }
        }
        let lists = [self.legal.len(), self.concepts.len(), self.evidence.len()];
        let lists = lists
            .into_iter()
            .chain([self.outputs.len(), self.steps.len()]);
        let codes = self.steps.iter().map(|step| step.codes.len());
        if lists.chain(codes).any(|length| length > MOST_LISTED) {
            return bad(
                String::new(),
                "een lijst heeft meer dan 50 elementen",
                "a list has more than 50 elements",
            );
        }
        Ok(())
    }

    /// The same with lists that have no order of their own in one order, without repetitions.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let lists = [&mut self.legal, &mut self.concepts];
        let codes = self.steps.iter_mut().map(|step| &mut step.codes);
        for list in lists.into_iter().chain(codes) {
            list.sort_unstable();
            list.dedup();
        }
        self
    }

    /// IRI of a version.
    pub fn version_iri(&self, base: &str, version: u32) -> String {
        format!("{base}/id/processtype/{}-v{version}", self.code)
    }

    fn service_iri(&self) -> String {
        let own = || format!("{ID}dienstverlening/{}", self.code);
        self.service.clone().unwrap_or_else(own)
    }

    /// The statements of a version: those of the plan, which never change, and those of the service, which the next version
    /// replaces.
    pub fn statements(&self, base: &str, version: u32, published: &str) -> [Vec<Triple>; 2] {
        let plan = self.version_iri(base, version);
        let service = self.service_iri();
        let mut out = Statements::default();
        for class in [
            format!("{OWN}Procestype"),
            format!("{PLAN}Plan"),
            format!("{PROV}Plan"),
            format!("{CPSV}Rule"),
        ] {
            out.class(&plan, &class);
        }
        out.title(&plan, &self.title);
        let description = self.description.as_ref().unwrap_or(&self.title);
        out.said(&plan, &format!("{DCT}description"), description);
        out.text(&plan, &format!("{DCT}identifier"), &self.code);
        let family = format!("{base}/id/processtype/{}", self.code);
        out.link(&plan, &format!("{DCT}isVersionOf"), &family);
        let number = version.to_string();
        out.text(&plan, &format!("{OWL}versionInfo"), &number);
        out.typed(&plan, &format!("{DCT}issued"), published, xsd::DATE_TIME);
        out.link(&plan, &format!("{DCT}relation"), &service);
        for concept in &self.concepts {
            out.link(&plan, &format!("{DCT}subject"), concept);
        }
        let mut before: Option<String> = None;
        for (n, step) in self.steps.iter().enumerate() {
            let iri = format!("{plan}#status-{}", n + 1);
            out.class(&iri, &format!("{OWN}Statustype"));
            out.class(&iri, &format!("{PLAN}Step"));
            out.link(&iri, &format!("{PLAN}isStepOfPlan"), &plan);
            if let Some(before) = &before {
                out.link(&iri, &format!("{PLAN}isPrecededBy"), before);
            }
            out.text(&iri, &format!("{DCT}identifier"), &step.code);
            out.title(&iri, &step.title);
            let phase = format!("{PHASE}{}", step.phase);
            out.link(&iri, &format!("{SKOS}broadMatch"), &phase);
            for code in &step.codes {
                out.link(
                    &iri,
                    &format!("{SKOS}narrowMatch"),
                    &format!("{CODE}{code}"),
                );
            }
            if let Some(days) = step.days {
                let duration = format!("P{days}D");
                out.typed(
                    &iri,
                    &format!("{DCT}extent"),
                    &duration,
                    xsd::DAY_TIME_DURATION,
                );
            }
            before = Some(iri);
        }
        [out.0, self.service_statements(&service, &plan)]
    }

    fn service_statements(&self, service: &str, plan: &str) -> Vec<Triple> {
        let mut out = Statements::default();
        out.class(service, &format!("{CPSV}PublicService"));
        out.title(service, &self.title);
        let description = self.description.as_ref().unwrap_or(&self.title);
        out.said(service, &format!("{DCT}description"), description);
        out.link(
            service,
            &format!("{M8G}hasCompetentAuthority"),
            &self.authority,
        );
        out.link(service, &format!("{CPSV}follows"), plan);
        for legal in &self.legal {
            out.link(service, &format!("{M8G}hasLegalResource"), legal);
        }
        for (n, said) in self.evidence.iter().enumerate() {
            let iri = format!("{service}#bewijs-{:02}", n + 1);
            out.link(service, &format!("{CPSV}hasInput"), &iri);
            out.class(&iri, &format!("{M8G}Evidence"));
            out.title(&iri, said);
        }
        for (n, said) in self.outputs.iter().enumerate() {
            let iri = format!("{service}#resultaat-{:02}", n + 1);
            out.link(service, &format!("{CPSV}produces"), &iri);
            out.class(&iri, &format!("{M8G}Output"));
            out.title(&iri, said);
            out.said(&iri, &format!("{DCT}description"), said);
        }
        out.0
    }
}

impl ProcessType {
    /// IRI of a status.
    pub fn step_iri(&self, place: usize) -> String {
        format!("{}#status-{}", self.iri, place + 1)
    }

    /// The status of a code, with its place.
    pub fn step(&self, code: &str) -> Option<(usize, &StepDefinition)> {
        let mut steps = self.definition.steps.iter().enumerate();
        steps.find(|(_, step)| step.code == code)
    }

    /// Reads a version; `None` when nothing of the kind is there.
    pub fn read(view: &View, iri: &str) -> Option<Self> {
        let plan = Reading::of(view, iri)?;
        let is_plan = plan.iris(rdf::TYPE).contains(&format!("{OWN}Procestype"));
        let version = plan.text(&format!("{OWL}versionInfo"))?.parse().ok();
        let version = version.filter(|_| is_plan)?;
        let code = plan.text(&format!("{DCT}identifier"))?;
        let service = plan.iri(&format!("{DCT}relation"))?;
        let is_own = service == format!("{ID}dienstverlening/{code}");
        let offer = Reading::of(view, &service);
        let titles = |predicate: &str| -> Vec<Said> {
            let nodes = offer.iter().flat_map(|offer| offer.iris(predicate));
            nodes
                .filter_map(|iri| Reading::of(view, &iri)?.said(&format!("{DCT}title")))
                .collect()
        };
        let mut steps: Vec<(u32, StepDefinition)> = plan
            .referrers(&format!("{PLAN}isStepOfPlan"))
            .into_iter()
            .filter_map(|node| {
                let step = Reading { view, node };
                let number = view.iri(node)?.rsplit_once('-')?.1.parse().ok()?;
                let days = step.text(&format!("{DCT}extent"));
                let codes = step.iris(&format!("{SKOS}narrowMatch"));
                let definition = StepDefinition {
                    code: step.text(&format!("{DCT}identifier"))?,
                    title: step.said(&format!("{DCT}title"))?,
                    phase: step.concept(&format!("{SKOS}broadMatch"), PHASE)?,
                    codes: codes
                        .iter()
                        .filter_map(|iri| Some(iri.strip_prefix(CODE)?.to_owned()))
                        .collect(),
                    days: days
                        .and_then(|text| text.strip_prefix('P')?.strip_suffix('D')?.parse().ok()),
                };
                Some((number, definition))
            })
            .collect();
        steps.sort_by_key(|(number, _)| *number);
        let link = |name: &str| offer.map_or_else(Vec::new, |offer| offer.iris(name));
        let authority = link(&format!("{M8G}hasCompetentAuthority"));
        Some(Self {
            iri: iri.to_owned(),
            version,
            published: plan.text(&format!("{DCT}issued")).unwrap_or_default(),
            definition: Definition {
                title: plan.said(&format!("{DCT}title"))?,
                description: plan.said(&format!("{DCT}description")),
                service: (!is_own).then(|| service.clone()),
                authority: authority.into_iter().next().unwrap_or_default(),
                legal: link(&format!("{M8G}hasLegalResource")),
                concepts: plan.iris(&format!("{DCT}subject")),
                evidence: titles(&format!("{CPSV}hasInput")),
                outputs: titles(&format!("{CPSV}produces")),
                steps: steps.into_iter().map(|(_, step)| step).collect(),
                code,
            },
            service,
        })
    }

    /// Every version of every process type, by code and then by version.
    pub fn all(view: &View) -> Vec<Self> {
        let Some(class) = Reading::of(view, &format!("{OWN}Procestype")) else {
            return Vec::new();
        };
        let plans = class.referrers(rdf::TYPE).into_iter();
        let mut types: Vec<Self> = plans
            .filter_map(|id| Self::read(view, &view.iri(id)?))
            .collect();
        types.sort_by(|a, b| (&a.definition.code, a.version).cmp(&(&b.definition.code, b.version)));
        types
    }

    /// The newest version of a code, or the version that `code-vN` or an IRI names.
    pub fn named(view: &View, base: &str, name: &str) -> Option<Self> {
        if name.contains("://") {
            return Self::read(view, name);
        }
        if !is_code(name) {
            return None;
        }
        if let Some(exact) = Self::read(view, &format!("{base}/id/processtype/{name}")) {
            return Some(exact);
        }
        let family = Reading::of(view, &format!("{base}/id/processtype/{name}"))?;
        let versions = family.referrers(&format!("{DCT}isVersionOf")).into_iter();
        let versions = versions.filter_map(|id| Self::read(view, &view.iri(id)?));
        versions.max_by_key(|version| version.version)
    }
}

//! IRIs that process types and cases are written with. Names only; what they mean stands where they are used.

/// `cpsv:` of CPSV-AP.
pub(super) const CPSV: &str = "http://purl.org/vocab/cpsv#";
/// `m8g:` of CPSV-AP.
pub(super) const M8G: &str = "http://data.europa.eu/m8g/";
/// Our own classes, below those of `p-plan:`: plans and steps are also what measuring follows.
pub(super) const OWN: &str = "urn:oslo-registry:shapes:proces#";
/// `p-plan:`, plans and their steps.
pub(super) const PLAN: &str = "http://purl.org/net/p-plan#";
/// `dos:`, OSLO Dossier.
pub(super) const DOS: &str = "https://data.vlaanderen.be/ns/dossier#";
/// `tra:`, OSLO Transactie.
pub(super) const TRA: &str = "https://data.vlaanderen.be/ns/transactie#";
/// `gen:`, OSLO Generiek.
pub(super) const GEN: &str = "https://data.vlaanderen.be/ns/generiek#";
/// `prov:`, PROV-O.
pub(super) const PROV: &str = "http://www.w3.org/ns/prov#";
/// `dct:`, Dublin Core terms.
pub(super) const DCT: &str = "http://purl.org/dc/terms/";
/// `skos:`.
pub(super) const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
/// `dcat:`.
pub(super) const DCAT: &str = "http://www.w3.org/ns/dcat#";
/// `adms:`.
pub(super) const ADMS: &str = "http://www.w3.org/ns/adms#";
/// `dbo:`, whose Case OSLO Dossier takes over.
pub(super) const DBO: &str = "http://dbpedia.org/ontology/";
/// `owl:`.
pub(super) const OWL: &str = "http://www.w3.org/2002/07/owl#";
/// Where Flemish identifiers begin.
pub(super) const ID: &str = "https://data.vlaanderen.be/id/";
/// Concepts of StatusVlaamseFase.
pub(super) const PHASE: &str = "https://data.vlaanderen.be/id/concept/StatusVlaamseFase/";
/// Concepts of StatusVlaamseCode.
pub(super) const CODE: &str = "https://data.vlaanderen.be/id/concept/StatusVlaamseCode/";

//! All cases of a state in one table: what lists are filtered by and figures are counted of. Made once for a state and kept
//! until the state changes. Counts nothing.

use super::case::{Case, CaseStatus};
use super::names::{DCT, DOS, M8G, TRA};
use super::statements::Reading;
use crate::store::{Snapshot, View};
use std::sync::{Arc, Mutex, PoisonError};

/// A case as far as lists and figures need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Id of the dossier.
    pub id: String,
    /// Title of the dossier.
    pub title: Option<String>,
    /// IRI of the version of the process type, else of the public service.
    pub process_type: Option<String>,
    /// IRI of the competent authority.
    pub authority: Option<String>,
    /// Statuses in the order of their numbers; at least one.
    pub statuses: Vec<CaseStatus>,
}

impl CaseRow {
    /// The status that a case had at the end of a day; `None` when it had none yet.
    pub fn at_end_of(&self, day: &str) -> Option<&CaseStatus> {
        self.statuses
            .iter()
            .rfind(|status| status.day.as_str() <= day)
    }
}

/// The table of a state; rows by the order of ids.
#[derive(Clone, Debug, Default)]
pub struct CaseTable {
    /// The rows.
    pub rows: Vec<CaseRow>,
}

impl CaseTable {
    /// Reads the cases of a view. Dossiers without a case or a status are no cases to steer on.
    pub fn read(view: &View) -> Self {
        let ids = Case::ids(view).into_iter();
        let rows = ids.filter_map(|id| {
            let dossier = Reading::of(view, &Case::iri_of(&id))?;
            let case = dossier.iri(&format!("{DOS}Dossier.isNeerslagVan"))?;
            let case = Reading::of(view, &case)?;
            let statuses = Case::statuses(view, case);
            let service = || case.iri(&format!("{TRA}isInstantieVan"));
            (!statuses.is_empty()).then(|| CaseRow {
                title: dossier.text(&format!("{DCT}title")),
                process_type: case.iri(&format!("{DCT}conformsTo")).or_else(service),
                authority: case.iri(&format!("{M8G}hasCompetentAuthority")),
                statuses,
                id,
            })
        });
        Self {
            rows: rows.collect(),
        }
    }
}

/// The table of the state asked last.
#[derive(Default)]
pub struct KeptTable(Mutex<Option<(u64, Arc<CaseTable>)>>);

impl KeptTable {
    /// The table of a state.
    pub fn of(&self, state: &Snapshot) -> Arc<CaseTable> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = state.identity();
        if let Some((of, table)) = &*known()
            && *of == identity
        {
            return Arc::clone(table);
        }
        let table = Arc::new(CaseTable::read(&state.view()));
        *known() = Some((identity, Arc::clone(&table)));
        table
    }
}

//! The graph of observations that SPARQL may ask for: which it is here, and whether a text asks for it. What it answers is known in
//! `query`.

use crate::http::error::ApiError;
use crate::http::state::{AppState, blocking};
use crate::query::{ObservationGraph, ParsedQuery, QueryError, QueryOptions};
use crate::rdf::label::Text;

/// Gives a query the observations it asks for, if it does. Such an answer is of the moment: it belongs to no state.
///
/// # Errors
/// When there are none here.
pub(in crate::http) async fn give_observations(
    state: &AppState,
    text: &str,
    query: &ParsedQuery,
    options: &mut QueryOptions,
) -> Result<(), ApiError> {
    let name = name(state);
    let uris = [&options.default_graph_uris, &options.named_graph_uris];
    // An escape may hide it.
    let may_name = text.contains("observaties") || text.contains('\\');
    let is_asked = uris.iter().any(|uris| uris.contains(&name))
        || text.contains(&name)
        || may_name && query.names(&name);
    if !is_asked {
        return Ok(());
    }
    let opening = state.clone();
    let store = blocking(move || opening.observations().cloned()).await?;
    options.observations = ObservationGraph::new(&name, store).ok();
    Ok(())
}

/// Refuses a change that names the graph: it is not stored as statements, and changes neither read nor write it.
///
/// # Errors
/// When the text names it.
pub(in crate::http) fn refuse_observations(state: &AppState, text: &str) -> Result<(), ApiError> {
    if !text.contains(&name(state)) {
        return Ok(());
    }
    let error = QueryError::Observations {
        message: Text::new(
            "Een wijziging leest of schrijft de graaf van de observaties niet.",
            "an update neither reads nor writes the graph of observations",
        ),
        hint: Text::new(
            "stuur observaties naar /obs/v1/observaties of /sta/v1.1",
            "send observations to /obs/v1/observaties or /sta/v1.1",
        ),
    };
    Err(error.into())
}

fn name(state: &AppState) -> String {
    ObservationGraph::name_in(state.registry.base())
}

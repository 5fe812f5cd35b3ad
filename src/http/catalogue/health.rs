//! What `/health` tells of the catalogue: a check of its own, which fails without taking anything else along.

use crate::feeds::catalogue::SettingsState;
use crate::http::state::AppState;
use serde_json::{Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether the catalogue conforms, and whether the steward's words are used.
pub(in crate::http) fn health(state: &AppState) -> Json {
    // A damaged index unwinds; how the server does must be told all the same.
    let making = AssertUnwindSafe(|| {
        // What was made last will do: every commit changes dates in it, and who asks how the server does asks often.
        let made = match state.catalogue.latest(&state.registry) {
            Some(made) => made,
            None => super::made(state).ok()?.0,
        };
        made.verdict();
        Some(made)
    });
    let Ok(Some(made)) = catch_unwind(making) else {
        return json!({ "status": "niet te maken" });
    };
    let settings = match &made.settings {
        SettingsState::Unset => "ontbreken",
        SettingsState::Set => "ok",
        SettingsState::Broken(_) => "fout",
    };
    match made.verdict() {
        Some(verdict) => json!({
            "status": if verdict.conforms { "ok" } else { "voldoet niet" },
            "fouten": verdict.violations,
            "instellingen": settings,
        }),
        None => json!({ "status": "niet te controleren", "instellingen": settings }),
    }
}

//! What `/health` tells of the catalogue: a check of its own, which fails without taking anything else along.

use crate::feeds::catalogue::SettingsState;
use crate::http::state::AppState;
use serde_json::{Value as Json, json};

/// Whether the catalogue conforms, and whether the steward's words are used.
pub(in crate::http) fn health(state: &AppState) -> Json {
    let Ok((made, _)) = super::made(state) else {
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

//! How it goes with the observations, for `/health`: whether they are stored, and what the broker brings.

use super::super::pages::public_reason;
use super::super::state::AppState;
use serde_json::{Value as Json, json};

/// What `/health` says of the observations; nothing where nobody asked for them yet.
pub(in super::super) fn health(state: &AppState) -> Option<Json> {
    let Some(store) = state.started_observations()? else {
        return Some(json!({ "status": "gestopt", "reden": "de map kan niet geopend worden" }));
    };
    let sizes = store.sizes();
    let trouble = store.trouble();
    let mut body = json!({
        "status": if trouble.is_some() { "gestopt" } else { "ok" },
        "reeksen": store.series_count(),
        "rijen": sizes.sealed_rows + sizes.memory_rows,
        "bestanden": sizes.files,
    });
    if let Some(reason) = trouble {
        body["reden"] = public_reason(state.registry.store().dir(), &reason).into();
    }
    if let Some(mqtt) = &state.config.mqtt {
        let figures = mqtt.figures();
        body["mqtt"] = json!({
            "makelaar": figures.address,
            "verbonden": figures.is_connected,
            "ontvangen": figures.received,
            "bewaard": figures.stored,
            "geweigerd": figures.refused,
            "onderweg": figures.waiting,
        });
        if let Some((pattern, code)) = figures.last_refusal {
            body["mqtt"]["laatsteWeigering"] = json!({ "patroon": pattern, "code": code });
        }
        if let Some(reason) = figures.trouble {
            body["mqtt"]["reden"] = reason.into();
        }
    }
    Some(body)
}

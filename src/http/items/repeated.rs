//! The answer to a request that was carried out before: as it was given, or made again from its commit. What the shapes
//! found at that time is not written to the log, and so not told again after a restart.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::answer::Reply;
use super::writing::{After, Done, Write};
use super::{Action, Asked, register_of};
use crate::store::AsOf;
use axum::http::HeaderName;
use oxrdf::NamedNode;
use serde_json::json;

/// Says that an answer was given before.
const REPEATED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Marks an answer as one that was given before.
pub(in crate::http) fn mark(mut reply: Reply) -> Reply {
    reply.set(REPEATED, "true");
    reply
}

/// Makes the answer again from the commit that the request made.
pub(super) fn of_commit(state: &AppState, asked: &Asked, seq: u64) -> Result<Reply, ApiError> {
    let registry = &state.registry;
    let register = register_of(state, &asked.register)?;
    let infos = registry
        .store()
        .commits_between(seq.saturating_sub(1), seq)?;
    let info = infos.into_iter().next();
    let info = info.ok_or_else(|| ApiError::internal("the commit of a key is not in the log"))?;
    let iri = info.source.first().map(|source| source.iri.as_str());
    let iri = NamedNode::new(iri.unwrap_or("")).map_err(ApiError::internal)?;
    let write = Write {
        state,
        asked,
        register,
        item: registry.item(register, iri),
        patch: None,
    };
    // An earlier state may be given up or too far away; the answer then says less.
    let at = |seq| registry.store().as_of(AsOf::Seq(seq)).ok();
    let existed = at(seq.saturating_sub(1)).map(|state| write.item.exists(&state.view()));
    let after = match at(seq) {
        Some(then) => write.after(&then.view(), existed == Some(false))?,
        None => After {
            created: existed == Some(false),
            etag: None,
            document: None,
        },
    };
    let waits = asked.action != Action::Remove && at(seq).is_some() && after.document.is_none();
    let members = [
        ("commit", json!(seq)),
        ("proef", json!(false)),
        ("gewijzigd", json!(true)),
        ("toegevoegd", json!(info.added)),
        ("verwijderd", json!(info.removed)),
        ("activiteit", json!(info.activity)),
        ("bevindingen", json!(null)),
    ];
    let members = members.into_iter();
    let done = Done {
        seq,
        waits,
        created: after.created && !waits,
        after: &after,
    };
    let told = write.told(
        &done,
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    );
    Ok(mark(told))
}

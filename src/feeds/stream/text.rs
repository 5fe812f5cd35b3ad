//! Members as N-Quads: an activity ([ActivityStreams](https://www.w3.org/TR/activitystreams-vocabulary/)) in the default
//! graph, and what the item says after it in a graph with the name of the member. Decides nothing about which there are.

use super::block::Kind;
use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::html::percent_encode;
use crate::views::{EmbedRules, Names, Outline, Rules, TooLarge};

/// ActivityStreams.
pub const AS: &str = "https://www.w3.org/ns/activitystreams#";
/// TREE.
pub const TREE: &str = "https://w3id.org/tree#";

/// The address below which the stream of a register lies: `{base}/ldes/{register}`.
pub(super) fn entry_of(base: &str, register: &Register) -> String {
    format!("{base}/ldes/{}", register.name)
}

/// The name of a member: `{entry}/lid/{commit}/{id}`.
pub(super) fn member_iri(entry: &str, commit: u64, register: &Register, item: &str) -> String {
    let id = register.id_of_iri(item).unwrap_or(item);
    format!("{entry}/lid/{commit}/{}", percent_encode(id))
}

/// The moment as members have it: RFC 3339 in UTC with milliseconds.
pub fn moment_text(moment: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(moment).unwrap_or_default();
    format!("{moment:.3}")
}

/// Writes the activity of a member, the statement that it is one included.
pub(super) fn write_activity(
    entry: &str,
    member: &str,
    item: &str,
    kind: Kind,
    moment: &str,
    out: &mut Vec<u8>,
) {
    let kind = match kind {
        Kind::Create => "Create",
        Kind::Update => "Update",
        Kind::Delete => "Delete",
    };
    let text = format!(
        "<{entry}#stroom> <{TREE}member> <{member}> .\n\
         <{member}> <{}> <{AS}{kind}> .\n\
         <{member}> <{AS}object> <{item}> .\n\
         <{member}> <{AS}published> \"{moment}\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n",
        rdf::TYPE
    );
    out.extend_from_slice(text.as_bytes());
}

/// Writes what items say, in one state.
pub(super) struct Writer<'a> {
    view: &'a View,
    names: &'a Names,
    rules: Rules<'a>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(view: &'a View, names: &'a Names, rules: &'a EmbedRules) -> Self {
        let rules = Rules::of(view, rules).with_cells();
        Self { view, names, rules }
    }

    /// Writes the statements of the document of an item into a graph; nothing when nothing is said of it.
    pub(super) fn write(&self, item: Id, graph: &str, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let Some(outline) = self.rules.outline(self.view, self.names, item)? else {
            return Ok(());
        };
        write_outline(self.view, &outline, graph, out);
        Ok(())
    }
}

fn write_outline(view: &View, outline: &Outline, graph: &str, out: &mut Vec<u8>) {
    let mut subject = Vec::new();
    let mut end = Vec::with_capacity(graph.len() + 6);
    end.extend_from_slice(b" <");
    end.extend_from_slice(graph.as_bytes());
    end.extend_from_slice(b"> .\n");
    outline.each_statement(&mut |s, predicate, o| {
        subject.clear();
        view.write_text(s, &mut subject);
        out.extend_from_slice(&subject);
        out.extend_from_slice(b" <");
        out.extend_from_slice(predicate.as_bytes());
        out.extend_from_slice(b"> ");
        view.write_text(o, out);
        out.extend_from_slice(&end);
    });
}

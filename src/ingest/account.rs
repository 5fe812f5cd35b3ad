//! The account of a source: a `prov:Activity` for every commit that its run makes, in a graph of its own beside the data.
//! Part of the same commit; what changes nothing is not told.

use crate::rdf::vocab::{rdf, xsd};
use crate::registry::Registry;
use crate::store::{Draft, QuadIds};
use oxrdf::{Literal, NamedNode, Term};
use std::collections::BTreeSet;

const ACTIVITY: &str = "http://www.w3.org/ns/prov#Activity";
const USED: &str = "http://www.w3.org/ns/prov#used";
const STARTED: &str = "http://www.w3.org/ns/prov#startedAtTime";
const ENDED: &str = "http://www.w3.org/ns/prov#endedAtTime";
const AGENT: &str = "http://www.w3.org/ns/prov#wasAssociatedWith";
const GRAPH: &str = "urn:oslo-registry:harvest:graph";
const KIND: &str = "urn:oslo-registry:harvest:kind";
const STATEMENTS: &str = "urn:oslo-registry:harvest:statements";
const MAPPING: &str = "urn:oslo-registry:harvest:mapping";

/// Documents that one activity names; the log names more.
const MOST_DOCUMENTS: usize = 100;

/// What is told of a commit.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name of the source.
    pub source: String,
    /// Where it is.
    pub location: String,
    /// How it is read, in a word.
    pub kind: String,
    /// The graph it fills.
    pub graph: NamedNode,
    /// When the run began.
    pub began: jiff::Timestamp,
}

impl Account {
    /// Adds the activity to a draft that holds all the rest; returns how many quads that are.
    pub(super) fn tell(
        &self,
        registry: &Registry,
        draft: &mut Draft<'_>,
        activity: &str,
        documents: &[String],
        statements: u64,
        mappings: &BTreeSet<String>,
    ) -> u64 {
        let place = registry.graph_iri(&format!("herkomst/{}", self.source));
        let g = draft.intern(place.as_ref().into());
        let s = draft.intern(NamedNode::new_unchecked(activity).as_ref().into());
        let iri = |iri: &str| Term::from(NamedNode::new_unchecked(iri));
        let moment = |moment: jiff::Timestamp| {
            let datatype = NamedNode::new_unchecked(xsd::DATE_TIME);
            Term::from(Literal::new_typed_literal(moment.to_string(), datatype))
        };
        let mut said = vec![
            (rdf::TYPE, iri(ACTIVITY)),
            (STARTED, moment(self.began)),
            (ENDED, moment(jiff::Timestamp::now())),
            (
                AGENT,
                iri(&registry.agent_iri(&format!("bron/{}", self.source))),
            ),
            (GRAPH, self.graph.clone().into()),
            (KIND, Literal::new_simple_literal(&self.kind).into()),
            (STATEMENTS, Literal::from(statements).into()),
        ];
        let documents: BTreeSet<&str> = documents.iter().map(String::as_str).collect();
        for document in documents.into_iter().take(MOST_DOCUMENTS) {
            if oxiri::Iri::parse(document).is_ok() {
                said.push((USED, iri(document)));
            }
        }
        if oxiri::Iri::parse(self.location.as_str()).is_ok() {
            said.push((USED, iri(&self.location)));
        }
        for mapping in mappings {
            said.push((MAPPING, Literal::new_simple_literal(mapping).into()));
        }
        let before = draft.net_counts().0;
        for (predicate, object) in said {
            let p = draft.intern(NamedNode::new_unchecked(predicate).as_ref().into());
            let o = draft.intern(object.as_ref());
            draft.add(QuadIds { s, p, o, g });
        }
        draft.net_counts().0 - before
    }
}

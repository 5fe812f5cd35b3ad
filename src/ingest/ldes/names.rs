//! IRIs that event streams use, and ours for the account of a source.

const TREE: &str = "https://w3id.org/tree#";

macro_rules! names {
    ($($name:ident = $iri:literal;)*) => { $(pub(super) const $name: &str = $iri;)* };
}

names! {
    MEMBER = "https://w3id.org/tree#member";
    VIEW = "https://w3id.org/tree#view";
    RELATION = "https://w3id.org/tree#relation";
    NODE = "https://w3id.org/tree#node";
    VALUE = "https://w3id.org/tree#value";
    PATH = "https://w3id.org/tree#path";
    GREATER = "https://w3id.org/tree#GreaterThanRelation";
    GREATER_OR_EQUAL = "https://w3id.org/tree#GreaterThanOrEqualToRelation";
    LESS = "https://w3id.org/tree#LessThanRelation";
    LESS_OR_EQUAL = "https://w3id.org/tree#LessThanOrEqualToRelation";
    EQUAL = "https://w3id.org/tree#EqualToRelation";
    EVENT_STREAM = "https://w3id.org/ldes#EventStream";
    TIMESTAMP_PATH = "https://w3id.org/ldes#timestampPath";
    VERSION_OF_PATH = "https://w3id.org/ldes#versionOfPath";
    DELETE_PATH = "https://w3id.org/ldes#versionDeletePath";
    DELETE_OBJECT = "https://w3id.org/ldes#versionDeleteObject";
    POLLING_INTERVAL = "https://w3id.org/ldes#pollingInterval";
    RETENTION_POLICY = "https://w3id.org/ldes#retentionPolicy";
    IMMUTABLE = "https://w3id.org/ldes#immutable";
    IS_DELETED = "https://w3id.org/ldes#isDeleted";
    TOMBSTONE = "https://w3id.org/ldes#Tombstone";
    AS_DELETE = "https://www.w3.org/ns/activitystreams#Delete";
    IS_VERSION_OF = "http://purl.org/dc/terms/isVersionOf";
    PROV_ACTIVITY = "http://www.w3.org/ns/prov#Activity";
    PROV_USED = "http://www.w3.org/ns/prov#used";
    PROV_ENDED = "http://www.w3.org/ns/prov#endedAtTime";
    PROV_AGENT = "http://www.w3.org/ns/prov#wasAssociatedWith";
    ADDED_TO = "urn:oslo-registry:harvest:graph";
    MEMBERS = "urn:oslo-registry:harvest:members";
    POSITION = "urn:oslo-registry:harvest:position";
    LAST_TIMESTAMP = "urn:oslo-registry:harvest:lastTimestamp";
    CURRENT = "urn:oslo-registry:harvest:current";
    HOLDS = "urn:oslo-registry:harvest:holds";
}

/// Whether a predicate says how pages hang together, not what members are.
pub(super) fn is_hypermedia(predicate: &str) -> bool {
    predicate.starts_with(TREE)
}

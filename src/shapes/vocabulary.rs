//! Names of SHACL as this module reads and writes them, and which of its terms are known. No behaviour.

pub(crate) use crate::rdf::vocab::sh::{
    INFO, NODE_SHAPE, NS, PATH, PROPERTY_SHAPE, TARGET_CLASS, TARGET_NODE, TARGET_OBJECTS_OF,
    TARGET_SUBJECTS_OF, VIOLATION, WARNING,
};

macro_rules! terms {
    ($($konst:ident = $local:literal),* $(,)?) => {
        $(pub(crate) const $konst: &str = concat!("http://www.w3.org/ns/shacl#", $local);)*
    };
}

terms!(
    ALTERNATIVE_PATH = "alternativePath",
    AND = "and",
    ASK = "ask",
    BY_TYPES = "ByTypes",
    CLASS = "class",
    CLOSED = "closed",
    CONSTRAINT_COMPONENT = "ConstraintComponent",
    DATATYPE = "datatype",
    DEACTIVATED = "deactivated",
    DECLARE = "declare",
    DEBUG = "Debug",
    DISJOINT = "disjoint",
    EQUALS = "equals",
    HAS_VALUE = "hasValue",
    IN = "in",
    INVERSE_PATH = "inversePath",
    LABEL_TEMPLATE = "labelTemplate",
    LANGUAGE_IN = "languageIn",
    LESS_THAN = "lessThan",
    LESS_THAN_OR_EQUALS = "lessThanOrEquals",
    MAX_COUNT = "maxCount",
    MAX_EXCLUSIVE = "maxExclusive",
    MAX_INCLUSIVE = "maxInclusive",
    MAX_LENGTH = "maxLength",
    MAX_LIST_LENGTH = "maxListLength",
    MEMBER_SHAPE = "memberShape",
    MIN_COUNT = "minCount",
    MIN_EXCLUSIVE = "minExclusive",
    MIN_INCLUSIVE = "minInclusive",
    MESSAGE = "message",
    MIN_LENGTH = "minLength",
    NAMESPACE = "namespace",
    MIN_LIST_LENGTH = "minListLength",
    NODE = "node",
    NODE_KIND = "nodeKind",
    NODE_VALIDATOR = "nodeValidator",
    NOT = "not",
    ONE_OR_MORE_PATH = "oneOrMorePath",
    OPTIONAL = "optional",
    OR = "or",
    PARAMETER = "parameter",
    PATTERN = "pattern",
    PREFIX = "prefix",
    PREFIXES = "prefixes",
    PROPERTY = "property",
    PROPERTY_VALIDATOR = "propertyValidator",
    QUALIFIED_MAX_COUNT = "qualifiedMaxCount",
    QUALIFIED_MIN_COUNT = "qualifiedMinCount",
    QUALIFIED_VALUE_SHAPE = "qualifiedValueShape",
    SELECT = "select",
    SHAPES_GRAPH = "shapesGraph",
    SPARQL = "sparql",
    SPARQL_TARGET_TYPE = "SPARQLTargetType",
    ROOT_CLASS = "rootClass",
    SHAPE_CLASS = "ShapeClass",
    SINGLE_LINE = "singleLine",
    SOME_VALUE = "someValue",
    SUBSET_OF = "subsetOf",
    TARGET = "target",
    TARGET_WHERE = "targetWhere",
    TRACE = "Trace",
    UNIQUE_LANG = "uniqueLang",
    VALIDATOR = "validator",
    REIFIER_SHAPE = "reifierShape",
    UNIQUE_MEMBERS = "uniqueMembers",
    UNIQUE_VALUES_FOR = "uniqueValuesFor",
    XONE = "xone",
    ZERO_OR_MORE_PATH = "zeroOrMorePath",
    ZERO_OR_ONE_PATH = "zeroOrOnePath",
);

/// Predicates some OSLO tools put messages on, next to `sh:message`.
pub(crate) const FLEMISH_MESSAGES: [&str; 2] = [
    "https://data.vlaanderen.be/ns/shacl#message",
    "https://purl.eu/ns/shacl#message",
];

/// `qb:codeList`, which OSLO shapes carry although SHACL gives it no meaning.
pub(crate) const CODE_LIST: &str = "http://purl.org/linked-data/cube#codeList";

/// Namespace of what this project adds to a report: the code-list component and the marks of an undetermined report.
pub const REPORT_NS: &str = "urn:oslo-registry:shacl:";

/// Local names of the six node kinds with their bits: 1 IRI, 2 blank node, 4 literal.
pub(crate) const NODE_KINDS: [(&str, u8); 6] = [
    ("IRI", 1),
    ("BlankNode", 2),
    ("Literal", 4),
    ("BlankNodeOrIRI", 3),
    ("BlankNodeOrLiteral", 6),
    ("IRIOrLiteral", 5),
];

/// Local names that say nothing to check: descriptions, structure of paths, targets and what a shape may carry freely.
pub(crate) const SILENT: &[&str] = &[
    "alternativePath",
    "annotationProperty",
    "annotationValue",
    "annotationVarName",
    "codeIdentifier",
    "condition",
    "conforms",
    "construct",
    "declare",
    "defaultValue",
    "description",
    "detail",
    "editor",
    "entailment",
    "flags",
    "focusNode",
    "group",
    "ignoredProperties",
    "intent",
    "inversePath",
    "labelTemplate",
    "message",
    "name",
    "namespace",
    "oneOrMorePath",
    "optional",
    "order",
    "parameter",
    "path",
    "prefix",
    "prefixes",
    "result",
    "resultMessage",
    "resultPath",
    "resultSeverity",
    "select",
    "ask",
    "severity",
    "shapesGraph",
    "shapesGraphWellFormed",
    "sourceConstraint",
    "sourceConstraintComponent",
    "sourceShape",
    "suggestedShapesGraph",
    "targetClass",
    "targetNode",
    "targetObjectsOf",
    "targetSubjectsOf",
    "unit",
    "value",
    "viewer",
    "zeroOrMorePath",
    "zeroOrOnePath",
    "agentInstruction",
    "nodeValidator",
    "propertyValidator",
    "validator",
    "rule",
    "values",
    "deactivated",
];

/// Local names that do not exist in SHACL but plainly describe, as some published profiles write them.
pub(crate) const DESCRIPTIVE: &[&str] = &[
    "comment",
    "definition",
    "example",
    "label",
    "note",
    "title",
    "usageNote",
];

/// Local names of the parameters of SHACL Core and `sh:sparql`, which `read` turns into constraints.
pub(crate) const CORE_PARAMETERS: &[&str] = &[
    "and",
    "class",
    "closed",
    "datatype",
    "disjoint",
    "equals",
    "hasValue",
    "in",
    "languageIn",
    "lessThan",
    "lessThanOrEquals",
    "maxCount",
    "maxExclusive",
    "maxInclusive",
    "maxLength",
    "minCount",
    "minExclusive",
    "minInclusive",
    "minLength",
    "node",
    "nodeKind",
    "not",
    "or",
    "pattern",
    "property",
    "qualifiedMaxCount",
    "qualifiedMinCount",
    "qualifiedValueShape",
    "qualifiedValueShapesDisjoint",
    "sparql",
    "uniqueLang",
    "xone",
];

/// Local names of constraints that need scripts or expressions.
pub(crate) const SCRIPT_PARAMETERS: &[&str] =
    &["js", "expression", "nodeByExpression", "filterShape"];

/// Local names of constraints that the SHACL 1.2 drafts add and that are not checked.
pub(crate) const LATER_PARAMETERS: &[&str] = &["shape"];

/// Local names of constraints that the SHACL 1.2 drafts add.
pub(crate) const DRAFT_PARAMETERS: &[&str] = &[
    "maxListLength",
    "memberShape",
    "minListLength",
    "reificationRequired",
    "reifierShape",
    "rootClass",
    "singleLine",
    "someValue",
    "subsetOf",
    "targetWhere",
    "uniqueMembers",
    "uniqueValuesFor",
];

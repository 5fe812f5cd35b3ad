//! Well-known IRIs, one submodule per namespace, named by the prefix the field uses.
//! Only names; meaning lives where they are used.

macro_rules! namespace {
    ($(#[$doc:meta])* $name:ident = $ns:literal { $($konst:ident = $local:literal),* $(,)? }) => {
        $(#[$doc])*
        pub mod $name {
            /// Namespace IRI.
            pub const NS: &str = $ns;
            $(
                #[doc = concat!("`", $ns, $local, "`")]
                pub const $konst: &str = concat!($ns, $local);
            )*
        }
    };
}

namespace!(
    /// RDF concepts and schema.
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#" {
        TYPE = "type", LANG_STRING = "langString", FIRST = "first", REST = "rest", NIL = "nil",
        PROPERTY = "Property", HTML = "HTML", XML_LITERAL = "XMLLiteral", JSON = "JSON",
        DIR_LANG_STRING = "dirLangString", REIFIES = "reifies",
    }
);
namespace!(
    /// Sensors, observations, samples and actuators (SOSA).
    sosa = "http://www.w3.org/ns/sosa/" {
        OBSERVATION = "Observation", HAS_MEMBER = "hasMember", IS_MEMBER_OF = "isMemberOf",
        MADE_BY_SENSOR = "madeBySensor", OBSERVED_PROPERTY = "observedProperty",
        HAS_FEATURE_OF_INTEREST = "hasFeatureOfInterest", PHENOMENON_TIME = "phenomenonTime",
        RESULT_TIME = "resultTime", HAS_SIMPLE_RESULT = "hasSimpleResult",
    }
);
namespace!(
    /// RDF Schema.
    rdfs = "http://www.w3.org/2000/01/rdf-schema#" {
        LABEL = "label", COMMENT = "comment", CLASS = "Class", SUB_CLASS_OF = "subClassOf",
        SEE_ALSO = "seeAlso", IS_DEFINED_BY = "isDefinedBy", MEMBER = "member",
    }
);
namespace!(
    /// OWL 2.
    owl = "http://www.w3.org/2002/07/owl#" {
        CLASS = "Class", IMPORTS = "imports", ONTOLOGY = "Ontology", SAME_AS = "sameAs",
    }
);
namespace!(
    /// XML Schema datatypes.
    xsd = "http://www.w3.org/2001/XMLSchema#" {
        STRING = "string", BOOLEAN = "boolean", INTEGER = "integer", DECIMAL = "decimal",
        DOUBLE = "double", FLOAT = "float", DATE = "date", DATE_TIME = "dateTime",
        DATE_TIME_STAMP = "dateTimeStamp", TIME = "time", ANY_URI = "anyURI", LANGUAGE = "language",
        G_YEAR = "gYear", G_YEAR_MONTH = "gYearMonth", G_MONTH = "gMonth", G_MONTH_DAY = "gMonthDay",
        G_DAY = "gDay", DURATION = "duration", DAY_TIME_DURATION = "dayTimeDuration",
        YEAR_MONTH_DURATION = "yearMonthDuration", LONG = "long", INT = "int", SHORT = "short",
        BYTE = "byte", NON_NEGATIVE_INTEGER = "nonNegativeInteger",
        POSITIVE_INTEGER = "positiveInteger", NON_POSITIVE_INTEGER = "nonPositiveInteger",
        NEGATIVE_INTEGER = "negativeInteger", UNSIGNED_LONG = "unsignedLong",
        UNSIGNED_INT = "unsignedInt", UNSIGNED_SHORT = "unsignedShort",
        UNSIGNED_BYTE = "unsignedByte", BASE64_BINARY = "base64Binary", HEX_BINARY = "hexBinary",
        NORMALIZED_STRING = "normalizedString", TOKEN = "token", NAME = "Name", NC_NAME = "NCName",
        NMTOKEN = "NMTOKEN",
    }
);
/// Integers and the datatypes derived from them ([XML Schema 1.1 §3.4](https://www.w3.org/TR/xmlschema11-2/#ordinary-built-ins)):
/// their canonical forms are integers of JSON.
pub const INTEGER_DATATYPES: [&str; 13] = [
    xsd::INTEGER,
    xsd::LONG,
    xsd::INT,
    xsd::SHORT,
    xsd::BYTE,
    xsd::NON_NEGATIVE_INTEGER,
    xsd::POSITIVE_INTEGER,
    xsd::NON_POSITIVE_INTEGER,
    xsd::NEGATIVE_INTEGER,
    xsd::UNSIGNED_LONG,
    xsd::UNSIGNED_INT,
    xsd::UNSIGNED_SHORT,
    xsd::UNSIGNED_BYTE,
];
namespace!(
    /// SKOS.
    skos = "http://www.w3.org/2004/02/skos/core#" {
        PREF_LABEL = "prefLabel", ALT_LABEL = "altLabel", NOTATION = "notation",
        IN_SCHEME = "inScheme", CONCEPT = "Concept", CONCEPT_SCHEME = "ConceptScheme",
        DEFINITION = "definition", EXACT_MATCH = "exactMatch",
    }
);
namespace!(
    /// Dublin Core terms.
    dct = "http://purl.org/dc/terms/" {
        TITLE = "title", DESCRIPTION = "description", IDENTIFIER = "identifier",
        IS_REPLACED_BY = "isReplacedBy", IS_PART_OF = "isPartOf", SOURCE = "source",
        MODIFIED = "modified", REPLACES = "replaces", IS_VERSION_OF = "isVersionOf",
        DATE = "date",
    }
);
namespace!(
    /// PROV-O.
    prov = "http://www.w3.org/ns/prov#" {
        WAS_ATTRIBUTED_TO = "wasAttributedTo", GENERATED_AT_TIME = "generatedAtTime",
        ENTITY = "Entity", WAS_DERIVED_FROM = "wasDerivedFrom", ENDED_AT_TIME = "endedAtTime",
    }
);
namespace!(
    /// schema.org, as OSLO profiles write it for periods.
    schema = "https://schema.org/" {
        START_DATE = "startDate", END_DATE = "endDate",
    }
);
namespace!(
    /// OSLO generiek.
    generiek = "https://data.vlaanderen.be/ns/generiek#" {
        GESTRUCTUREERDE_IDENTIFICATOR = "gestructureerdeIdentificator",
        GESTRUCTUREERDE_IDENTIFICATOR_CLASS = "GestructureerdeIdentificator",
        NAAMRUIMTE = "naamruimte", LOKALE_IDENTIFICATOR = "lokaleIdentificator",
        VERSIE_IDENTIFICATOR = "versieIdentificator", VERSIE_CLASS = "VersieVolgensGeldigeTijd",
    }
);
namespace!(
    /// ADMS.
    adms = "http://www.w3.org/ns/adms#" {
        IDENTIFIER = "identifier", IDENTIFIER_CLASS = "Identifier", STATUS = "status",
    }
);
namespace!(
    /// GeoSPARQL.
    geo = "http://www.opengis.net/ont/geosparql#" {
        AS_WKT = "asWKT", AS_GML = "asGML", AS_GEO_JSON = "asGeoJSON", WKT_LITERAL = "wktLiteral", GML_LITERAL = "gmlLiteral",
    }
);
namespace!(
    /// FOAF.
    foaf = "http://xmlns.com/foaf/0.1/" { NAME = "name" }
);
namespace!(
    /// SHACL.
    sh = "http://www.w3.org/ns/shacl#" {
        NODE_SHAPE = "NodeShape", PROPERTY_SHAPE = "PropertyShape",
        TARGET_CLASS = "targetClass", TARGET_NODE = "targetNode",
        TARGET_SUBJECTS_OF = "targetSubjectsOf", TARGET_OBJECTS_OF = "targetObjectsOf",
        PATH = "path", MESSAGE = "message", NAME = "name", SEVERITY = "severity",
        VIOLATION = "Violation", WARNING = "Warning", INFO = "Info",
    }
);

//! An example that fails and one that passes for each code of a result or of a finding about shapes, in Turtle. Data only;
//! a test checks that each does what it says.

/// What differs between the two examples of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varies {
    /// The data; the shapes are given.
    Data,
    /// The shapes; the data are given, and may be empty.
    Shapes,
}

/// Two examples for a code. The prefixes are those of [`EXAMPLE_PREFIXES`].
#[derive(Clone, Copy, Debug)]
pub struct CodeExample {
    /// The code.
    pub code: &'static str,
    /// What differs.
    pub varies: Varies,
    /// What both have in common.
    pub given: &'static str,
    /// Gets the code.
    pub fails: &'static str,
    /// Does not.
    pub passes: &'static str,
}

/// The examples of a code, when it has them: a check that was stopped cannot be shown.
pub fn code_example(code: &str) -> Option<&'static CodeExample> {
    CODE_EXAMPLES.iter().find(|example| example.code == code)
}

/// What stands before every example.
pub const EXAMPLE_PREFIXES: &str = "\
@prefix ex: <http://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix qb: <http://purl.org/linked-data/cube#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
";

const fn data(
    code: &'static str,
    given: &'static str,
    fails: &'static str,
    passes: &'static str,
) -> CodeExample {
    CodeExample {
        code,
        varies: Varies::Data,
        given,
        fails,
        passes,
    }
}

const fn shapes(
    code: &'static str,
    given: &'static str,
    fails: &'static str,
    passes: &'static str,
) -> CodeExample {
    CodeExample {
        code,
        varies: Varies::Shapes,
        given,
        fails,
        passes,
    }
}

/// All examples, by code.
pub const CODE_EXAMPLES: &[CodeExample] = &[
    shapes(
        "L001",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property ex:nummer .\nex:nummer sh:path ex:huisnummer , ex:busnummer ; sh:maxCount 1 .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property ex:nummer .\nex:nummer sh:path ex:huisnummer ; sh:maxCount 1 .",
    ),
    shapes(
        "L002",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:minCount 1 .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ] .",
    ),
    shapes(
        "L003",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:minLength 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minLength 1 ] .",
    ),
    shapes(
        "L004",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount \"1\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ] .",
    ),
    shapes(
        "L005",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodekind sh:IRI .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L006",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass xsd:string ; sh:minLength 1 .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L007",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path \"ex:huisnummer\" ; sh:minCount 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ] .",
    ),
    shapes(
        "L008",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ( ex:straat ) ; sh:minCount 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ( ex:straat ex:naam ) ; sh:minCount 1 ] .",
    ),
    shapes(
        "L009",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 2 ; sh:maxCount 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:maxCount 2 ] .",
    ),
    shapes(
        "L010",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:datatype xsd:string ; sh:class ex:Straat ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:datatype xsd:string ] .",
    ),
    shapes(
        "L011",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:js ex:script .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L012",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:pattern \"^(?=[0-9])\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:pattern \"^[0-9]\" ] .",
    ),
    shapes(
        "L013",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:in ex:lijst ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:in ( \"1\" \"2\" ) ] .",
    ),
    shapes(
        "L014",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:nodeKind sh:Iri ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:nodeKind sh:IRI ] .",
    ),
    shapes(
        "L015",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:maxCount 1 , 2 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:maxCount 1 ] .",
    ),
    shapes(
        "L016",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:not ex:AdresShape .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:not [ sh:class ex:Perceel ] .",
    ),
    shapes(
        "L017",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:hoofdadres ; sh:node ex:AdresShape ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:hoofdadres ; sh:class ex:Adres ] .",
    ),
    shapes(
        "L018",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:not ex:Andere .\nex:Andere a sh:NodeShape ; sh:nodekind sh:IRI .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:not ex:Andere .\nex:Andere a sh:NodeShape ; sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L019",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:class xsd:string ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:datatype xsd:string ] .",
    ),
    shapes(
        "L020",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:node ex:Nergens .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:node ex:Andere .\nex:Andere a sh:NodeShape ; sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L021",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:uniqueLang 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:uniqueLang true ] .",
    ),
    shapes(
        "L022",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:message 12 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:message \"Geef een huisnummer.\"@nl ] .",
    ),
    shapes(
        "L023",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:severity \"Warning\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:severity sh:Warning ] .",
    ),
    shapes(
        "L024",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:nodeKind sh:IRI ;\n  sh:target [ a ex:Onbekend ] .",
        "ex:AdresShape a sh:NodeShape ; sh:nodeKind sh:IRI ;\n  sh:target [ a sh:SPARQLTarget ;\n    sh:select \"SELECT ?this WHERE { ?this <http://example.org/status> ?status }\" ] .",
    ),
    shapes(
        "L026",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:singleLine true ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:maxLength 10 ] .",
    ),
    shapes(
        "L027",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:nodeKind sh:IRI .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L028",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ; sh:flags \"i\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:pattern \"^[a-z]\" ; sh:flags \"i\" ] .",
    ),
    shapes(
        "L029",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:comment \"Een adres.\"@nl .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:description \"Een adres.\"@nl .",
    ),
    data(
        "L040",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
        "ex:perceel a ex:Perceel .",
        "ex:adres a ex:Adres .",
    ),
    data(
        "L041",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
        "ex:adres a ex:adres .",
        "ex:adres a ex:Adres .",
    ),
    shapes(
        "L042",
        "ex:adres a ex:Adres .",
        "ex:AdresShape a sh:NodeShape ; sh:nodeKind sh:IRI .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L060",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this <http://example.org/status> }\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
    ),
    shapes(
        "L061",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:message \"Afgekeurd.\"@nl ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
    ),
    shapes(
        "L062",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this a ?klasse MINUS { $this <http://example.org/status> <http://example.org/afgekeurd> } }\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this a ?klasse FILTER NOT EXISTS { $this <http://example.org/status> <http://example.org/afgekeurd> } }\" ] .",
    ),
    shapes(
        "L063",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { VALUES ?fout { <http://example.org/afgekeurd> } $this <http://example.org/status> ?fout }\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
    ),
    shapes(
        "L064",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:prefixes ex:prefixen ; sh:select \"SELECT $this WHERE { $this a ?klasse }\" ] .\nex:prefixen sh:declare [ sh:prefix \"adr\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:prefixes ex:prefixen ; sh:select \"SELECT $this WHERE { $this a ?klasse }\" ] .\nex:prefixen sh:declare [ sh:prefix \"adr\" ; sh:namespace \"http://example.org/\"^^xsd:anyURI ] .",
    ),
    shapes(
        "L065",
        "",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:this ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $this && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:this 1 ; ex:tot 9 ] .",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:van ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $van && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:van 1 ; ex:tot 9 ] .",
    ),
    shapes(
        "L066",
        "",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:van ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $van && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:van 1 ] .",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:van ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $van && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:van 1 ; ex:tot 9 ] .",
    ),
    shapes(
        "L067",
        "",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:van ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $van && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:van 1 , 2 ; ex:tot 9 ] .",
        "ex:Tussen a sh:ConstraintComponent ;\n  sh:parameter [ sh:path ex:van ] , [ sh:path ex:tot ] ;\n  sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { FILTER ($value >= $van && $value <= $tot) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:van 1 ; ex:tot 9 ] .",
    ),
    shapes(
        "L068",
        "",
        "ex:Deelbaar a sh:ConstraintComponent ; sh:parameter [ sh:path ex:deelbaarDoor ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:deelbaarDoor 2 ] .",
        "ex:Deelbaar a sh:ConstraintComponent ; sh:parameter [ sh:path ex:deelbaarDoor ] ;\n  sh:validator [ a sh:SPARQLAskValidator ;\n    sh:ask \"ASK { FILTER (FLOOR($value / $deelbaarDoor) * $deelbaarDoor = $value) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:deelbaarDoor 2 ] .",
    ),
    shapes(
        "L069",
        "",
        "ex:vormen a owl:Ontology ; owl:imports <http://elders.example/vormen> .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
        "ex:vormen a owl:Ontology .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L070",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:message \"Status {?status} mag niet.\"@nl ;\n    sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:message \"{$this} is afgekeurd.\"@nl ;\n    sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
    ),
    data(
        "L072",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this ?failure WHERE { $this <http://example.org/status> ?status BIND (?status = <http://example.org/onbekend> AS ?failure) FILTER (?failure) }\" ] .",
        "ex:adres a ex:Adres ; ex:status ex:onbekend .",
        "ex:adres a ex:Adres ; ex:status ex:inGebruik .",
    ),
    shapes(
        "L080",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ; sh:shape ex:AndereShape ;\n  sh:nodeKind sh:IRI .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L081",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:datatype xsd:string .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI .",
    ),
    shapes(
        "L082",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:minCount 1 ] , [ sh:path ex:status ; sh:minCount 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:minCount 1 ] , [ sh:path ex:status ; sh:maxCount 1 ] .",
    ),
    shapes(
        "L083",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:in () ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:in ( ex:inGebruik ) ] .",
    ),
    shapes(
        "L084",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:datatype xsd:string ; sh:in ( \"a\" 2 ) ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:datatype xsd:string ; sh:in ( \"a\" \"2\" ) ] .",
    ),
    shapes(
        "L085",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:in ( ex:a ex:b ) ; sh:hasValue ex:c ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:in ( ex:a ex:b ) ; sh:hasValue ex:b ] .",
    ),
    shapes(
        "L086",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:nodeKind sh:IRI ; sh:qualifiedMinCount 1 ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMinCount 1 ] .",
    ),
    shapes(
        "L087",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMaxCount 1 ] .",
    ),
    shapes(
        "L090",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:closed true .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:closed true ; sh:ignoredProperties ( rdf:type ) .",
    ),
    shapes(
        "L091",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:message \"Fout.\" .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:message \"Fout.\"@nl .",
    ),
    shapes(
        "L093",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:datatype xsd:datetime ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:datatype xsd:dateTime ] .",
    ),
    shapes(
        "L094",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:severity sh:Error .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:severity sh:Warning .",
    ),
    shapes(
        "L095",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:nodeKind sh:IRI ; sh:ignoredProperties ( rdf:type ) .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:closed true ; sh:ignoredProperties ( rdf:type ) .",
    ),
    shapes(
        "L101",
        "",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:nummer ; sh:name \"nummer\"@nl ; sh:reificationRequired true ] .",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:nummer ; sh:name \"nummer\"@nl ; sh:reificationRequired true ;\n    sh:reifierShape [ sh:nodeKind sh:BlankNodeOrIRI ] ] .",
    ),
    data(
        "V001",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:straat ; sh:class ex:Straat ] .",
        "ex:adres a ex:Adres ; ex:straat ex:gent .\nex:gent a ex:Gemeente .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .\nex:markt a ex:Straat .",
    ),
    data(
        "V002",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:sinds ; sh:datatype xsd:date ] .",
        "ex:adres a ex:Adres ; ex:sinds \"gisteren\" .",
        "ex:adres a ex:Adres ; ex:sinds \"2024-01-31\"^^xsd:date .",
    ),
    data(
        "V003",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:straat ; sh:nodeKind sh:IRI ] .",
        "ex:adres a ex:Adres ; ex:straat \"Markt\" .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .",
    ),
    data(
        "V004",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:minCount 1 ] .",
        "ex:adres a ex:Adres .",
        "ex:adres a ex:Adres ; ex:huisnummer \"12\" .",
    ),
    data(
        "V005",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; sh:maxCount 1 ] .",
        "ex:adres a ex:Adres ; ex:huisnummer \"12\" , \"14\" .",
        "ex:adres a ex:Adres ; ex:huisnummer \"12\" .",
    ),
    data(
        "V006",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:oppervlakte ; sh:minExclusive 0 ] .",
        "ex:adres a ex:Adres ; ex:oppervlakte 0 .",
        "ex:adres a ex:Adres ; ex:oppervlakte 85 .",
    ),
    data(
        "V007",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:verdieping ; sh:minInclusive -2 ] .",
        "ex:adres a ex:Adres ; ex:verdieping -3 .",
        "ex:adres a ex:Adres ; ex:verdieping -2 .",
    ),
    data(
        "V008",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:helling ; sh:maxExclusive 90 ] .",
        "ex:adres a ex:Adres ; ex:helling 90 .",
        "ex:adres a ex:Adres ; ex:helling 35 .",
    ),
    data(
        "V009",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:verdieping ; sh:maxInclusive 150 ] .",
        "ex:adres a ex:Adres ; ex:verdieping 151 .",
        "ex:adres a ex:Adres ; ex:verdieping 3 .",
    ),
    data(
        "V010",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:postcode ; sh:minLength 4 ] .",
        "ex:adres a ex:Adres ; ex:postcode \"900\" .",
        "ex:adres a ex:Adres ; ex:postcode \"9000\" .",
    ),
    data(
        "V011",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:busnummer ; sh:maxLength 10 ] .",
        "ex:adres a ex:Adres ; ex:busnummer \"gelijkvloers\" .",
        "ex:adres a ex:Adres ; ex:busnummer \"GLV\" .",
    ),
    data(
        "V012",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:postcode ; sh:pattern \"^[1-9][0-9]{3}$\" ] .",
        "ex:adres a ex:Adres ; ex:postcode \"B-9000\" .",
        "ex:adres a ex:Adres ; ex:postcode \"9000\" .",
    ),
    data(
        "V013",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:languageIn ( \"nl\" \"fr\" ) ] .",
        "ex:adres a ex:Adres ; ex:naam \"Market\"@en .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl .",
    ),
    data(
        "V014",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:uniqueLang true ] .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl , \"Marktplein\"@nl .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl , \"Place\"@fr .",
    ),
    data(
        "V015",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:equals ex:label ] .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\" ; ex:label \"Plein\" .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\" ; ex:label \"Markt\" .",
    ),
    data(
        "V016",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:disjoint ex:oudeNaam ] .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\" ; ex:oudeNaam \"Markt\" .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\" ; ex:oudeNaam \"Grote Markt\" .",
    ),
    data(
        "V017",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:begin ; sh:lessThan ex:einde ] .",
        "ex:adres a ex:Adres ; ex:begin 2024 ; ex:einde 2024 .",
        "ex:adres a ex:Adres ; ex:begin 2024 ; ex:einde 2025 .",
    ),
    data(
        "V018",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:begin ; sh:lessThanOrEquals ex:einde ] .",
        "ex:adres a ex:Adres ; ex:begin 2025 ; ex:einde 2024 .",
        "ex:adres a ex:Adres ; ex:begin 2024 ; ex:einde 2024 .",
    ),
    data(
        "V019",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:not [ sh:hasValue ex:afgekeurd ] ] .",
        "ex:adres a ex:Adres ; ex:status ex:afgekeurd .",
        "ex:adres a ex:Adres ; ex:status ex:inGebruik .",
    ),
    data(
        "V020",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:straat ; sh:and ( [ sh:nodeKind sh:IRI ] [ sh:class ex:Straat ] ) ] .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .\nex:markt a ex:Straat .",
    ),
    data(
        "V021",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:ligging ; sh:or ( [ sh:datatype xsd:string ] [ sh:class ex:Perceel ] ) ] .",
        "ex:adres a ex:Adres ; ex:ligging 12 .",
        "ex:adres a ex:Adres ; ex:ligging \"achteraan\" .",
    ),
    data(
        "V022",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:ligging ; sh:xone ( [ sh:nodeKind sh:Literal ] [ sh:datatype xsd:string ] ) ] .",
        "ex:adres a ex:Adres ; ex:ligging \"achteraan\" .",
        "ex:adres a ex:Adres ; ex:ligging 12 .",
    ),
    data(
        "V023",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:straat ; sh:node [ sh:property [ sh:path ex:naam ; sh:minCount 1 ] ] ] .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .",
        "ex:adres a ex:Adres ; ex:straat ex:markt .\nex:markt ex:naam \"Markt\" .",
    ),
    data(
        "V024",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:qualifiedValueShape [ sh:languageIn ( \"nl\" ) ] ; sh:qualifiedMinCount 1 ] .",
        "ex:adres a ex:Adres ; ex:naam \"Place\"@fr .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl , \"Place\"@fr .",
    ),
    data(
        "V025",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:naam ; sh:qualifiedValueShape [ sh:languageIn ( \"nl\" ) ] ; sh:qualifiedMaxCount 1 ] .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl , \"Plein\"@nl .",
        "ex:adres a ex:Adres ; ex:naam \"Markt\"@nl , \"Place\"@fr .",
    ),
    data(
        "V026",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:closed true ; sh:ignoredProperties ( rdf:type ) ;\n  sh:property [ sh:path ex:huisnummer ] .",
        "ex:adres a ex:Adres ; ex:huisnumer \"12\" .",
        "ex:adres a ex:Adres ; ex:huisnummer \"12\" .",
    ),
    data(
        "V027",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:land ; sh:hasValue ex:belgie ] .",
        "ex:adres a ex:Adres ; ex:land ex:nederland .",
        "ex:adres a ex:Adres ; ex:land ex:belgie .",
    ),
    data(
        "V028",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:in ( ex:voorgesteld ex:inGebruik ex:gehistoreerd ) ] .",
        "ex:adres a ex:Adres ; ex:status ex:ingebruik .",
        "ex:adres a ex:Adres ; ex:status ex:inGebruik .",
    ),
    data(
        "V029",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; qb:codeList ex:statussen ] .",
        "ex:adres a ex:Adres ; ex:status ex:oud .",
        "ex:adres a ex:Adres ; ex:status ex:inGebruik .\nex:inGebruik a skos:Concept ; skos:inScheme ex:statussen .",
    ),
    data(
        "V030",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:sparql [ sh:select \"SELECT $this WHERE { $this <http://example.org/status> <http://example.org/afgekeurd> }\" ] .",
        "ex:adres a ex:Adres ; ex:status ex:afgekeurd .",
        "ex:adres a ex:Adres ; ex:status ex:inGebruik .",
    ),
    data(
        "V031",
        "ex:Deelbaar a sh:ConstraintComponent ; sh:parameter [ sh:path ex:deelbaarDoor ] ;\n  sh:validator [ a sh:SPARQLAskValidator ;\n    sh:ask \"ASK { FILTER (FLOOR($value / $deelbaarDoor) * $deelbaarDoor = $value) }\" ] .\nex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:huisnummer ; ex:deelbaarDoor 2 ] .",
        "ex:adres a ex:Adres ; ex:huisnummer 3 .",
        "ex:adres a ex:Adres ; ex:huisnummer 4 .",
    ),
    data(
        "V032",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:rootClass ex:Ding ] .",
        "ex:adres a ex:Adres ; ex:status ex:Los .",
        "ex:adres a ex:Adres ; ex:status ex:Boom .\nex:Boom <http://www.w3.org/2000/01/rdf-schema#subClassOf> ex:Ding .",
    ),
    data(
        "V033",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:singleLine true ] .",
        "ex:adres a ex:Adres ; ex:status \"twee\\nregels\" .",
        "ex:adres a ex:Adres ; ex:status \"een regel\" .",
    ),
    data(
        "V034",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:someValue [ sh:nodeKind sh:IRI ] ] .",
        "ex:adres a ex:Adres ; ex:status \"oud\" .",
        "ex:adres a ex:Adres ; ex:status ex:oud , \"oud\" .",
    ),
    data(
        "V035",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:status ; sh:name \"status\"@nl ; sh:subsetOf ex:statussen ] .",
        "ex:adres a ex:Adres ; ex:status ex:oud ; ex:statussen ex:nieuw .",
        "ex:adres a ex:Adres ; ex:status ex:oud ; ex:statussen ex:nieuw , ex:oud .",
    ),
    data(
        "V036",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:lijst ; sh:name \"lijst\"@nl ; sh:memberShape [ sh:nodeKind sh:IRI ] ] .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a \"b\" ) .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ex:b ) .",
    ),
    data(
        "V037",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:lijst ; sh:name \"lijst\"@nl ; sh:minListLength 2 ] .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ) .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ex:b ) .",
    ),
    data(
        "V038",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:lijst ; sh:name \"lijst\"@nl ; sh:maxListLength 1 ] .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ex:b ) .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ) .",
    ),
    data(
        "V039",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:lijst ; sh:name \"lijst\"@nl ; sh:uniqueMembers true ] .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ex:a ) .",
        "ex:adres a ex:Adres ; ex:lijst ( ex:a ex:b ) .",
    ),
    data(
        "V040",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:uniqueValuesFor ex:nummer .",
        "ex:adres a ex:Adres ; ex:nummer 1 .\nex:ander a ex:Adres ; ex:nummer 1 .",
        "ex:adres a ex:Adres ; ex:nummer 1 .\nex:ander a ex:Adres ; ex:nummer 2 .",
    ),
    data(
        "V041",
        "ex:AdresShape a sh:NodeShape ; sh:targetClass ex:Adres ;\n  sh:property [ sh:path ex:nummer ; sh:name \"nummer\"@nl ; sh:reificationRequired true ;\n    sh:reifierShape [ sh:property [ sh:path ex:bron ; sh:name \"bron\"@nl ; sh:minCount 1 ] ] ] .",
        "ex:adres a ex:Adres ; ex:nummer 1 ~ ex:uitspraak .",
        "ex:adres a ex:Adres ; ex:nummer 1 {| ex:bron ex:register |} .",
    ),
];

//! The table of lint codes and their sentences, Dutch and English. Data only.
//! `{term}` is the SHACL term at fault, `{value}` the value found.

mod met;
mod queries;
mod written;

use super::lint::{Effect, LintRule};

const fn rule(
    code: &'static str,
    effect: Effect,
    [nl, en]: [&'static str; 2],
    [hint_nl, hint_en]: [&'static str; 2],
) -> LintRule {
    LintRule {
        code,
        effect,
        nl,
        en,
        hint_nl,
        hint_en,
    }
}

/// The rules of all topics, in the order of their codes.
const TOPICS: [&[LintRule]; 4] = [written::RULES, met::RULES, queries::RULES, SENSE];

const COUNT: usize = {
    let (mut count, mut topic) = (0, 0);
    while topic < TOPICS.len() {
        count += TOPICS[topic].len();
        topic += 1;
    }
    count
};

const ALL: [LintRule; COUNT] = {
    let mut all = [SENSE[0]; COUNT];
    let (mut next, mut topic) = (0, 0);
    while topic < TOPICS.len() {
        let mut at = 0;
        while at < TOPICS[topic].len() {
            all[next] = TOPICS[topic][at];
            next += 1;
            at += 1;
        }
        topic += 1;
    }
    all
};

/// All lint rules, by code.
pub const LINT_RULES: &[LintRule] = &ALL;

/// Shapes that make little sense or ask too much, and what cannot be checked for other reasons.
const SENSE: &[LintRule] = &[
    rule(
        "L080",
        Effect::Constraint,
        [
            "{term} komt uit het ontwerp van SHACL 1.2 en wordt niet ondersteund.",
            "{term} comes from the SHACL 1.2 draft and is not supported.",
        ],
        [
            "Gebruik een andere term als dat kan.",
            "Use another term where possible.",
        ],
    ),
    rule(
        "L081",
        Effect::Note,
        [
            "{term} en {value} sluiten elkaar uit: geen enkele waarde voldoet.",
            "{term} and {value} exclude each other: no value conforms.",
        ],
        [
            "Houd een van beide, of verdeel ze over de alternatieven van sh:or.",
            "Keep one of the two, or spread them over the alternatives of sh:or.",
        ],
    ),
    rule(
        "L082",
        Effect::Note,
        [
            "{term} vraagt twee keer hetzelfde: {value}.",
            "{term} asks the same twice: {value}.",
        ],
        [
            "Houd er één over: elke fout komt nu dubbel in het verslag.",
            "Keep one: every fault now comes twice in the report.",
        ],
    ),
    rule(
        "L083",
        Effect::Note,
        [
            "{term} is een lege lijst: niets kan voldoen.",
            "{term} is an empty list: nothing can conform.",
        ],
        [
            "Vul de lijst aan, of laat {term} weg.",
            "Complete the list, or leave {term} out.",
        ],
    ),
    rule(
        "L084",
        Effect::Note,
        [
            "{term} noemt {value}, die zelf niet voldoet aan het datatype of de soort die deze shape vraagt.",
            "{term} names {value}, which itself does not have the datatype or kind that this shape asks.",
        ],
        [
            "Verbeter de waarde, of het datatype.",
            "Correct the value, or the datatype.",
        ],
    ),
    rule(
        "L085",
        Effect::Note,
        [
            "sh:hasValue vraagt {value}, die niet in de lijst van sh:in staat: niets kan voldoen.",
            "sh:hasValue asks {value}, which is not in the list of sh:in: nothing can conform.",
        ],
        [
            "Voeg de waarde toe aan de lijst, of verbeter haar.",
            "Add the value to the list, or correct it.",
        ],
    ),
    rule(
        "L086",
        Effect::Note,
        [
            "{term} staat er zonder sh:qualifiedValueShape.",
            "{term} stands without sh:qualifiedValueShape.",
        ],
        [
            "Voeg sh:qualifiedValueShape toe, of gebruik sh:minCount en sh:maxCount om alle waarden te tellen.",
            "Add sh:qualifiedValueShape, or use sh:minCount and sh:maxCount to count all values.",
        ],
    ),
    rule(
        "L087",
        Effect::Note,
        [
            "sh:qualifiedValueShape vraagt niets zonder sh:qualifiedMinCount of sh:qualifiedMaxCount.",
            "sh:qualifiedValueShape asks nothing without sh:qualifiedMinCount or sh:qualifiedMaxCount.",
        ],
        [
            "Voeg een aantal toe, of gebruik sh:node als elke waarde moet voldoen.",
            "Add a count, or use sh:node when each value must conform.",
        ],
    ),
    rule(
        "L088",
        Effect::Note,
        [
            "{term} noemt de klasse {value}, die nergens beschreven is.",
            "{term} names the class {value}, which is described nowhere.",
        ],
        [
            "Verbeter de IRI, of laad het vocabularium dat haar beschrijft.",
            "Correct the IRI, or load the vocabulary that describes it.",
        ],
    ),
    rule(
        "L089",
        Effect::Note,
        [
            "{term} noemt de eigenschap {value}, die nergens beschreven is.",
            "{term} names the property {value}, which is described nowhere.",
        ],
        [
            "Verbeter de IRI, of laad het vocabularium dat haar beschrijft.",
            "Correct the IRI, or load the vocabulary that describes it.",
        ],
    ),
    rule(
        "L090",
        Effect::Note,
        [
            "De shape is gesloten en laat geen enkele eigenschap toe, ook rdf:type niet.",
            "The shape is closed and allows no property at all, not even rdf:type.",
        ],
        [
            "Beschrijf de eigenschappen met sh:property, en noem in sh:ignoredProperties wat vrij blijft.",
            "Describe the properties with sh:property, and name in sh:ignoredProperties what is left free.",
        ],
    ),
    rule(
        "L091",
        Effect::Note,
        [
            "Een boodschap heeft geen taal: {value}.",
            "A message has no language: {value}.",
        ],
        [
            "Schrijf er de taal bij, zoals \"…\"@nl.",
            "Add the language, as in \"…\"@en.",
        ],
    ),
    rule(
        "L092",
        Effect::Note,
        [
            "De eigenschap {value} heeft geen naam: meldingen noemen haar bij haar IRI.",
            "The property {value} has no name: messages call it by its IRI.",
        ],
        [
            "Voeg sh:name toe aan de shape, of rdfs:label aan de eigenschap.",
            "Add sh:name to the shape, or rdfs:label to the property.",
        ],
    ),
    rule(
        "L093",
        Effect::Note,
        [
            "sh:datatype noemt {value}, een datatype dat niet bestaat: geen enkele waarde voldoet.",
            "sh:datatype names {value}, a datatype that does not exist: no value conforms.",
        ],
        [
            "Verbeter de naam van het datatype.",
            "Correct the name of the datatype.",
        ],
    ),
    rule(
        "L094",
        Effect::Note,
        [
            "sh:severity noemt {value}, een ernst die SHACL niet kent.",
            "sh:severity names {value}, a severity that SHACL does not know.",
        ],
        [
            "Kies sh:Violation, sh:Warning of sh:Info; sh:Debug en sh:Trace horen bij SHACL 1.2.",
            "Choose sh:Violation, sh:Warning or sh:Info; sh:Debug and sh:Trace belong to SHACL 1.2.",
        ],
    ),
    rule(
        "L095",
        Effect::Note,
        [
            "sh:ignoredProperties staat er zonder sh:closed true.",
            "sh:ignoredProperties stands without sh:closed true.",
        ],
        [
            "Voeg sh:closed true toe, of laat de lijst weg.",
            "Add sh:closed true, or leave the list out.",
        ],
    ),
    rule(
        "L096",
        Effect::Shape,
        [
            "Het pad van {term} is te groot: meer dan {value} (delen / niveaus).",
            "The path of {term} is too large: more than {value} (parts / levels).",
        ],
        [
            "Splits het pad, of controleer een kortere weg.",
            "Split the path, or check a shorter way.",
        ],
    ),
    rule(
        "L097",
        Effect::Constraint,
        [
            "De lijsten van deze vormen zijn samen te lang; {term} is niet gelezen.",
            "The lists of these shapes are too long together; {term} was not read.",
        ],
        [
            "Deel lange lijsten via één shape met sh:node in plaats van ze te herhalen.",
            "Share long lists through one shape with sh:node instead of repeating them.",
        ],
    ),
    rule(
        "L098",
        Effect::Shape,
        [
            "Het pad {value} van {term} leidt tot te veel waarden; de controle ervan is gestopt.",
            "The path {value} of {term} leads to too many values; checking it was stopped.",
        ],
        [
            "Maak het pad korter of preciezer: paden met * en + door kringen in de gegevens worden snel heel groot.",
            "Make the path shorter or more precise: paths with * and + through circles in the data soon become very large.",
        ],
    ),
    rule(
        "L099",
        Effect::Constraint,
        [
            "{term} vraagt wie voldoet aan een shape die niet volledig gecontroleerd wordt; het doel telt niet mee.",
            "{term} asks who conforms to a shape that is not fully checked; the target does not count.",
        ],
        [
            "Herstel eerst de andere shape.",
            "Mend the other shape first.",
        ],
    ),
    rule(
        "L101",
        Effect::Note,
        [
            "{term} staat er zonder {value} en vraagt niets.",
            "{term} stands without {value} and asks nothing.",
        ],
        [
            "Zet {value} erbij; [ sh:nodeKind sh:BlankNodeOrIRI ] vraagt alleen dat er iets is.",
            "Add {value}; [ sh:nodeKind sh:BlankNodeOrIRI ] asks only that there is something.",
        ],
    ),
];

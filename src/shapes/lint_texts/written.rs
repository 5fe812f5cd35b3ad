//! Shapes that are not written as the specification asks.

use super::rule;
use crate::shapes::lint::{Effect, LintRule};

pub(super) const RULES: &[LintRule] = &[
    rule(
        "L001",
        Effect::Shape,
        [
            "Deze property shape heeft meer dan één sh:path.",
            "This property shape has more than one sh:path.",
        ],
        [
            "Maak per pad een eigen property shape, met een eigen IRI.",
            "Write one property shape per path, each with an IRI of its own.",
        ],
    ),
    rule(
        "L002",
        Effect::Constraint,
        [
            "{term} staat op een shape zonder sh:path.",
            "{term} stands on a shape without sh:path.",
        ],
        [
            "Verplaats {term} naar de property shape van de eigenschap.",
            "Move {term} to the property shape of the property it counts.",
        ],
    ),
    rule(
        "L003",
        Effect::Shape,
        [
            "Een waarde van sh:property heeft geen sh:path.",
            "A value of sh:property has no sh:path.",
        ],
        [
            "Voeg sh:path toe, of gebruik sh:node als een node shape bedoeld is.",
            "Add sh:path, or use sh:node when a node shape is meant.",
        ],
    ),
    rule(
        "L004",
        Effect::Constraint,
        [
            "{term} is geen geheel getal vanaf 0: {value}.",
            "{term} is not a whole number from 0 up: {value}.",
        ],
        [
            "Schrijf het getal zonder aanhalingstekens, bijvoorbeeld 1.",
            "Write the number without quotes, for example 1.",
        ],
    ),
    rule(
        "L005",
        Effect::Constraint,
        [
            "{term} bestaat niet in SHACL.",
            "{term} does not exist in SHACL.",
        ],
        [
            "Verbeter de naam; zolang ze fout is, wordt deze regel niet gecontroleerd.",
            "Correct the name; as it stands, this rule is not checked.",
        ],
    ),
    rule(
        "L006",
        Effect::Constraint,
        [
            "{term} wijst naar {value}: een datatype of literal heeft geen objecten om te controleren.",
            "{term} points at {value}: a datatype or literal has no objects to check.",
        ],
        ["Noem een klasse.", "Name a class."],
    ),
    rule(
        "L007",
        Effect::Shape,
        [
            "sh:path is een literal: {value}.",
            "sh:path is a literal: {value}.",
        ],
        [
            "Schrijf de IRI van de eigenschap tussen < en >.",
            "Write the IRI of the property between < and >.",
        ],
    ),
    rule(
        "L008",
        Effect::Shape,
        [
            "sh:path is geen geldig pad.",
            "sh:path is not a valid path.",
        ],
        [
            "Een pad is een IRI, een lijst van twee of meer paden, of één padeigenschap zoals sh:inversePath.",
            "A path is an IRI, a list of two or more paths, or one path property such as sh:inversePath.",
        ],
    ),
    rule(
        "L009",
        Effect::Note,
        [
            "Het minimum is groter dan het maximum ({value}): niets kan voldoen.",
            "The minimum exceeds the maximum ({value}): nothing can conform.",
        ],
        ["Verbeter een van beide.", "Correct one of the two."],
    ),
    rule(
        "L010",
        Effect::Note,
        [
            "sh:datatype en sh:class staan samen op één shape: een literal heeft geen klasse.",
            "sh:datatype and sh:class stand together on one shape: a literal has no class.",
        ],
        [
            "Houd sh:datatype voor literals en sh:class voor objecten.",
            "Keep sh:datatype for literals and sh:class for objects.",
        ],
    ),
    rule(
        "L011",
        Effect::Constraint,
        [
            "{term} vraagt een script of een uitdrukking en wordt niet ondersteund.",
            "{term} needs a script or an expression and is not supported.",
        ],
        [
            "Druk de regel uit in SHACL Core of met sh:sparql.",
            "Express the rule in SHACL Core or with sh:sparql.",
        ],
    ),
    rule(
        "L012",
        Effect::Constraint,
        [
            "De reguliere expressie kan niet gebruikt worden: {value}",
            "The regular expression cannot be used: {value}",
        ],
        [
            "Vermijd terugverwijzingen en vooruit- of terugkijken; toegelaten vlaggen zijn i, s, m, x en q.",
            "Avoid back references and look-around; the flags allowed are i, s, m, x and q.",
        ],
    ),
    rule(
        "L013",
        Effect::Constraint,
        [
            "De waarde van {term} is geen goed gevormde lijst.",
            "The value of {term} is not a well-formed list.",
        ],
        [
            "Schrijf de waarden tussen ronde haakjes.",
            "Write the values between round brackets.",
        ],
    ),
    rule(
        "L014",
        Effect::Constraint,
        [
            "{term} heeft een waarde die daar niet past: {value}.",
            "{term} has a value that does not fit there: {value}.",
        ],
        [
            "Zie de specificatie van {term} voor de toegelaten waarden.",
            "See the specification of {term} for the values allowed.",
        ],
    ),
    rule(
        "L015",
        Effect::Constraint,
        [
            "{term} staat er meer dan één keer ({value}).",
            "{term} occurs more than once ({value}).",
        ],
        ["Houd één waarde over.", "Keep one value."],
    ),
    rule(
        "L016",
        Effect::Shape,
        [
            "De shape verwijst via een ontkenning naar zichzelf: {value}.",
            "The shape refers to itself through a negation: {value}.",
        ],
        [
            "Haal de ontkenning (sh:not, sh:xone, een maximum) uit de kring; zo'n regel heeft geen eenduidige betekenis.",
            "Take the negation (sh:not, sh:xone, a maximum) out of the circle; such a rule has no single meaning.",
        ],
    ),
    rule(
        "L017",
        Effect::Note,
        [
            "De shape verwijst naar zichzelf: {value}. Een kring van objecten voldoet zolang niets het tegendeel toont.",
            "The shape refers to itself: {value}. A circle of nodes conforms as long as nothing shows the contrary.",
        ],
        [
            "Laat de kring weg als andere programma's deze shapes ook moeten lezen: SHACL 1.0 legt de betekenis niet vast.",
            "Leave the circle out when other programs must read these shapes too: SHACL 1.0 does not define its meaning.",
        ],
    ),
    rule(
        "L018",
        Effect::Constraint,
        [
            "{term} ontkent een shape die niet volledig gecontroleerd wordt.",
            "{term} negates a shape that is not fully checked.",
        ],
        [
            "Herstel eerst de andere shape.",
            "Mend the other shape first.",
        ],
    ),
    rule(
        "L019",
        Effect::Note,
        [
            "sh:class noemt een datatype ({value}): geen enkele waarde voldoet.",
            "sh:class names a datatype ({value}): no value conforms.",
        ],
        ["Gebruik sh:datatype.", "Use sh:datatype."],
    ),
    rule(
        "L020",
        Effect::Note,
        [
            "{term} verwijst naar een shape die nergens beschreven is: {value}.",
            "{term} points at a shape that is described nowhere: {value}.",
        ],
        [
            "Laad het bestand waarin ze staat, of verbeter de IRI.",
            "Load the file that holds it, or correct the IRI.",
        ],
    ),
    rule(
        "L021",
        Effect::Note,
        [
            "{term} is noch true noch false: {value} telt niet mee.",
            "{term} is neither true nor false: {value} does not count.",
        ],
        [
            "Schrijf true of false, zonder aanhalingstekens.",
            "Write true or false, without quotes.",
        ],
    ),
    rule(
        "L022",
        Effect::Note,
        [
            "Een boodschap is geen tekst: {value}.",
            "A message is not a text: {value}.",
        ],
        [
            "Geef een tekst, liefst met een taal.",
            "Give a text, preferably with a language.",
        ],
    ),
    rule(
        "L023",
        Effect::Note,
        [
            "sh:severity is niet precies één IRI; sh:Violation geldt.",
            "sh:severity is not exactly one IRI; sh:Violation holds.",
        ],
        [
            "Kies sh:Violation, sh:Warning of sh:Info.",
            "Choose sh:Violation, sh:Warning or sh:Info.",
        ],
    ),
    rule(
        "L024",
        Effect::Constraint,
        [
            "Dit soort doel (sh:target) is niet bekend: het heeft geen sh:select en zijn type is geen sh:SPARQLTargetType.",
            "This kind of target (sh:target) is unknown: it has no sh:select and its type is no sh:SPARQLTargetType.",
        ],
        [
            "Geef het doel een sh:select, of gebruik sh:targetClass.",
            "Give the target an sh:select, or use sh:targetClass.",
        ],
    ),
    rule(
        "L026",
        Effect::Constraint,
        [
            "{term} komt uit het ontwerp van SHACL 1.2, dat niet aan staat.",
            "{term} comes from the SHACL 1.2 draft, which is not switched on.",
        ],
        [
            "Zet SHACL 1.2 aan met `oslo settings --shacl 1.2`, of gebruik een term van SHACL 1.0.",
            "Switch SHACL 1.2 on with `oslo settings --shacl 1.2`, or use a term of SHACL 1.0.",
        ],
    ),
    rule(
        "L027",
        Effect::Note,
        [
            "De shape heeft geen doel en geen andere shape gebruikt ze.",
            "The shape has no target and no other shape uses it.",
        ],
        [
            "Voeg sh:targetClass toe, of verwijder de shape.",
            "Add sh:targetClass, or remove the shape.",
        ],
    ),
    rule(
        "L028",
        Effect::Note,
        [
            "sh:flags staat er zonder sh:pattern.",
            "sh:flags stands without sh:pattern.",
        ],
        [
            "Voeg sh:pattern toe of laat sh:flags weg.",
            "Add sh:pattern or leave sh:flags out.",
        ],
    ),
    rule(
        "L029",
        Effect::Note,
        [
            "{term} bestaat niet in SHACL; het lijkt een beschrijving en wordt niet gelezen.",
            "{term} does not exist in SHACL; it looks like a description and is not read.",
        ],
        [
            "Gebruik sh:description of rdfs:comment.",
            "Use sh:description or rdfs:comment.",
        ],
    ),
    rule(
        "L030",
        Effect::Shape,
        [
            "De shape is te diep genest (meer dan {value} niveaus).",
            "The shape is nested too deeply (more than {value} levels).",
        ],
        [
            "Geef binnenste shapes een eigen doel.",
            "Give inner shapes a target of their own.",
        ],
    ),
    rule(
        "L031",
        Effect::Note,
        [
            "De shape heeft {value} boodschappen; alleen de eerste {term} worden gebruikt.",
            "The shape has {value} messages; only the first {term} are used.",
        ],
        [
            "Houd één boodschap per taal over.",
            "Keep one message per language.",
        ],
    ),
];

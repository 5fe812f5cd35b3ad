//! The table of lint codes and their sentences, Dutch and English. Data only.
//! `{term}` is the SHACL term at fault, `{value}` the value found.

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

/// All lint rules, by code.
pub const LINT_RULES: &[LintRule] = &[
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
    rule(
        "L040",
        Effect::Note,
        [
            "Geen enkel object valt onder deze regels.",
            "No object falls under these rules.",
        ],
        [
            "Controleer of de gegevens de klassen gebruiken die de shapes noemen.",
            "Check that the data use the classes the shapes name.",
        ],
    ),
    rule(
        "L041",
        Effect::Note,
        [
            "Geen enkel object valt onder deze shape (doel: {value}).",
            "No object falls under this shape (target: {value}).",
        ],
        [
            "Controleer of de gegevens de klasse gebruiken die de shape noemt.",
            "Check that the data use the class the shape names.",
        ],
    ),
    rule(
        "L042",
        Effect::Note,
        [
            "Er zijn geen vormen met een doel: er is niets gecontroleerd.",
            "There are no shapes with a target: nothing was checked.",
        ],
        [
            "Laad vormen in een graaf onder graph/shapes/, of geef ze mee met --shapes.",
            "Load shapes into a graph below graph/shapes/, or give them with --shapes.",
        ],
    ),
    rule(
        "L050",
        Effect::Shape,
        [
            "De controle is onderbroken; het verslag is onvolledig.",
            "The check was stopped; the report is incomplete.",
        ],
        [
            "Start ze opnieuw, met meer tijd of minder gegevens.",
            "Start it again, with more time or less data.",
        ],
    ),
    rule(
        "L060",
        Effect::Constraint,
        [
            "De query van {term} kan niet gelezen worden: {value}",
            "The query of {term} cannot be read: {value}",
        ],
        [
            "Verbeter de query; sh:prefixes noemt waar haar prefixen staan.",
            "Correct the query; sh:prefixes names where its prefixes are.",
        ],
    ),
    rule(
        "L061",
        Effect::Constraint,
        [
            "{term} heeft niet precies één bruikbare {value}.",
            "{term} does not have exactly one usable {value}.",
        ],
        [
            "Geef één tekst zonder taal, met de juiste soort query.",
            "Give one text without a language, with the right kind of query.",
        ],
    ),
    rule(
        "L062",
        Effect::Constraint,
        [
            "De query van {term} gebruikt {value}; dat kan niet in een regel die vooraf gegeven knopen controleert.",
            "The query of {term} uses {value}; a rule over given nodes cannot.",
        ],
        [
            "Schrijf FILTER NOT EXISTS in plaats van MINUS, IN in plaats van VALUES, en toon $this in elke deelquery.",
            "Write FILTER NOT EXISTS instead of MINUS, IN instead of VALUES, and show $this in every sub-query.",
        ],
    ),
    rule(
        "L063",
        Effect::Note,
        [
            "De query van {term} gebruikt {value}; hier wordt ze gecontroleerd, andere verwerkers weigeren ze.",
            "The query of {term} uses {value}; it is checked here, other processors refuse it.",
        ],
        [
            "Schrijf IN in plaats van VALUES, en toon $this en de parameters in elke deelquery.",
            "Write IN instead of VALUES, and show $this and the parameters in every sub-query.",
        ],
    ),
    rule(
        "L064",
        Effect::Constraint,
        [
            "De prefixen voor {term} kloppen niet: {value}",
            "The prefixes for {term} are wrong: {value}",
        ],
        [
            "Elke sh:declare heeft één sh:prefix en één sh:namespace; een prefix staat voor één naamruimte.",
            "Every sh:declare has one sh:prefix and one sh:namespace; a prefix stands for one namespace.",
        ],
    ),
    rule(
        "L065",
        Effect::Constraint,
        [
            "De declaratie van {term} klopt niet: {value}",
            "The declaration of {term} is wrong: {value}",
        ],
        [
            "Elke sh:parameter heeft één sh:path met een IRI en een eigen naam; minstens één is verplicht.",
            "Every sh:parameter has one sh:path with an IRI and a name of its own; at least one is mandatory.",
        ],
    ),
    rule(
        "L066",
        Effect::Note,
        [
            "{term} wordt niet toegepast: {value} ontbreekt.",
            "{term} is not applied: {value} is missing.",
        ],
        [
            "Geef de verplichte parameter, of verwijder de andere.",
            "Give the mandatory parameter, or remove the others.",
        ],
    ),
    rule(
        "L067",
        Effect::Constraint,
        [
            "{term} krijgt meer dan één waarde voor {value}.",
            "{term} gets more than one value for {value}.",
        ],
        [
            "Geef één waarde, of schrijf een shape per waarde.",
            "Give one value, or write one shape per value.",
        ],
    ),
    rule(
        "L068",
        Effect::Constraint,
        [
            "{term} heeft geen query voor dit soort shape.",
            "{term} has no query for this kind of shape.",
        ],
        [
            "Voeg sh:validator, sh:nodeValidator of sh:propertyValidator met SPARQL toe.",
            "Add sh:validator, sh:nodeValidator or sh:propertyValidator with SPARQL.",
        ],
    ),
    rule(
        "L069",
        Effect::Note,
        [
            "owl:imports noemt {value}; dat is hier niet en wordt niet opgehaald.",
            "owl:imports names {value}, which is not here and is not fetched.",
        ],
        [
            "Laad die vormen in een eigen graaf.",
            "Load those shapes into a graph of their own.",
        ],
    ),
    rule(
        "L070",
        Effect::Note,
        [
            "Een boodschap van {term} vraagt {value}, en de query geeft daar geen waarde voor.",
            "A message of {term} asks for {value}, which the query gives no value.",
        ],
        [
            "Toon de variabele in SELECT, of haal ze uit de boodschap.",
            "Show the variable in SELECT, or take it out of the message.",
        ],
    ),
    rule(
        "L071",
        Effect::Constraint,
        [
            "De query van {term} is niet afgewerkt: {value}",
            "The query of {term} was not finished: {value}",
        ],
        [
            "Geef ze meer tijd of maak ze eenvoudiger.",
            "Give it more time or make it simpler.",
        ],
    ),
    rule(
        "L072",
        Effect::Constraint,
        [
            "De query van {term} meldt zelf dat ze mislukt is (?failure).",
            "The query of {term} says itself that it failed (?failure).",
        ],
        [
            "Kijk na wat de query nodig heeft.",
            "See what the query needs.",
        ],
    ),
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
];

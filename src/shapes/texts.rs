//! The table of result sentences by constraint component, Dutch and English. Data only.
//!
//! Holes: `{label}` the property between quotes, or the object itself; `{path}` the path; `{expected}` what the
//! constraint asks; `{found}` a count; `{value}` the value; `{list}` a few allowed values; `{focus}` the focus node.

use super::model::Component;

/// Sentences for results of one component.
#[derive(Clone, Copy, Debug)]
pub struct ResultText {
    /// The component; its code is [`Component::code`].
    pub component: Component,
    /// What is wrong: expected and found.
    pub nl: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// How to mend it.
    pub hint_nl: &'static str,
    /// The same in English.
    pub hint_en: &'static str,
}

const fn text(
    component: Component,
    [nl, en]: [&'static str; 2],
    [hint_nl, hint_en]: [&'static str; 2],
) -> ResultText {
    ResultText {
        component,
        nl,
        en,
        hint_nl,
        hint_en,
    }
}

/// The sentences of a component.
pub fn result_text(component: Component) -> &'static ResultText {
    &RESULT_TEXTS[component as usize]
}

/// In the order of [`Component::ALL`].
const RESULT_TEXTS: [ResultText; 41] = [
    text(
        Component::Class,
        [
            "De verwachte waarde voor {label} is een {expected}; gevonden: {value}.",
            "A {expected} is expected for {label}; found: {value}.",
        ],
        [
            "Geef {value} het type {expected}, of verwijs naar een ander object.",
            "Give {value} the type {expected}, or point at another node.",
        ],
    ),
    text(
        Component::Datatype,
        [
            "De verwachte waarde voor {label} is van het datatype {expected}; gevonden: {value}.",
            "A value of datatype {expected} is expected for {label}; found: {value}.",
        ],
        [
            "Schrijf de waarde als geldige {expected}.",
            "Write the value as a valid {expected}.",
        ],
    ),
    text(
        Component::NodeKind,
        [
            "De verwachte waarde voor {label} is een {expected}; gevonden: {value}.",
            "A value that is {expected} is expected for {label}; found: {value}.",
        ],
        [
            "Vervang de waarde door een {expected}.",
            "Replace the value by one that is {expected}.",
        ],
    ),
    text(
        Component::MinCount,
        [
            "Minimaal {expected} waarde(n) verwacht voor {label}; gevonden: {found}.",
            "At least {expected} value(s) expected for {label}; found: {found}.",
        ],
        ["Voeg {path} toe.", "Add {path}."],
    ),
    text(
        Component::MaxCount,
        [
            "Maximaal {expected} waarde(n) verwacht voor {label}; gevonden: {found}.",
            "At most {expected} value(s) expected for {label}; found: {found}.",
        ],
        [
            "Verwijder de overtollige waarden van {path}.",
            "Remove the surplus values of {path}.",
        ],
    ),
    text(
        Component::MinExclusive,
        [
            "De waarde voor {label} moet groter zijn dan {expected}; gevonden: {value}.",
            "The value for {label} must be greater than {expected}; found: {value}.",
        ],
        ["Verbeter de waarde.", "Correct the value."],
    ),
    text(
        Component::MinInclusive,
        [
            "De waarde voor {label} moet minstens {expected} zijn; gevonden: {value}.",
            "The value for {label} must be {expected} or more; found: {value}.",
        ],
        ["Verbeter de waarde.", "Correct the value."],
    ),
    text(
        Component::MaxExclusive,
        [
            "De waarde voor {label} moet kleiner zijn dan {expected}; gevonden: {value}.",
            "The value for {label} must be less than {expected}; found: {value}.",
        ],
        ["Verbeter de waarde.", "Correct the value."],
    ),
    text(
        Component::MaxInclusive,
        [
            "De waarde voor {label} mag hoogstens {expected} zijn; gevonden: {value}.",
            "The value for {label} must be {expected} or less; found: {value}.",
        ],
        ["Verbeter de waarde.", "Correct the value."],
    ),
    text(
        Component::MinLength,
        [
            "De waarde voor {label} telt minstens {expected} tekens; gevonden: {value}.",
            "The value for {label} has {expected} characters or more; found: {value}.",
        ],
        ["Vul de waarde aan.", "Complete the value."],
    ),
    text(
        Component::MaxLength,
        [
            "De waarde voor {label} telt hoogstens {expected} tekens; gevonden: {value}.",
            "The value for {label} has {expected} characters or fewer; found: {value}.",
        ],
        ["Kort de waarde in.", "Shorten the value."],
    ),
    text(
        Component::Pattern,
        [
            "De waarde voor {label} volgt het patroon {expected} niet; gevonden: {value}.",
            "The value for {label} does not follow the pattern {expected}; found: {value}.",
        ],
        [
            "Schrijf de waarde volgens het patroon.",
            "Write the value as the pattern asks.",
        ],
    ),
    text(
        Component::LanguageIn,
        [
            "De waarde voor {label} is een tekst in een van de talen {expected}; gevonden: {value}.",
            "The value for {label} is a text in one of the languages {expected}; found: {value}.",
        ],
        [
            "Geef de tekst een toegelaten taal.",
            "Give the text one of the languages allowed.",
        ],
    ),
    text(
        Component::UniqueLang,
        [
            "Slechts 1 waarde voor elke taal toegelaten voor {label}; de taal {found} komt vaker voor.",
            "Only one value per language allowed for {label}; the language {found} occurs more often.",
        ],
        [
            "Houd per taal één waarde over.",
            "Keep one value per language.",
        ],
    ),
    text(
        Component::Equals,
        [
            "De waarden voor {label} en {expected} moeten dezelfde zijn; {value} staat maar bij een van beide.",
            "The values for {label} and {expected} must be the same; {value} is with only one of the two.",
        ],
        [
            "Maak beide lijsten van waarden gelijk.",
            "Make both lists of values equal.",
        ],
    ),
    text(
        Component::Disjoint,
        [
            "De waarden voor {label} en {expected} mogen niet samenvallen; gemeenschappelijk: {value}.",
            "The values for {label} and {expected} must not coincide; in common: {value}.",
        ],
        [
            "Verwijder de waarde bij een van beide.",
            "Remove the value from one of the two.",
        ],
    ),
    text(
        Component::LessThan,
        [
            "De waarde voor {label} moet kleiner zijn dan die voor {expected}; gevonden: {value}.",
            "The value for {label} must be less than that for {expected}; found: {value}.",
        ],
        [
            "Verbeter de volgorde van de twee waarden.",
            "Correct the order of the two values.",
        ],
    ),
    text(
        Component::LessThanOrEquals,
        [
            "De waarde voor {label} mag niet groter zijn dan die voor {expected}; gevonden: {value}.",
            "The value for {label} must not be greater than that for {expected}; found: {value}.",
        ],
        [
            "Verbeter de volgorde van de twee waarden.",
            "Correct the order of the two values.",
        ],
    ),
    text(
        Component::Not,
        [
            "De waarde voor {label} mag niet voldoen aan {expected}; gevonden: {value}.",
            "The value for {label} must not conform to {expected}; found: {value}.",
        ],
        ["Kies een andere waarde.", "Choose another value."],
    ),
    text(
        Component::And,
        [
            "De waarde voor {label} moet voldoen aan al deze regels: {expected}; gevonden: {value}.",
            "The value for {label} must conform to all of these: {expected}; found: {value}.",
        ],
        [
            "Vul {value} aan tot alle regels kloppen.",
            "Complete {value} until all of them hold.",
        ],
    ),
    text(
        Component::Or,
        [
            "De waarde voor {label} moet voldoen aan minstens één van deze regels: {expected}; gevonden: {value}.",
            "The value for {label} must conform to at least one of these: {expected}; found: {value}.",
        ],
        [
            "Verbeter {value} tot één van de regels klopt.",
            "Correct {value} until one of them holds.",
        ],
    ),
    text(
        Component::Xone,
        [
            "De waarde voor {label} moet voldoen aan precies één van deze regels: {expected}; gevonden: {value}.",
            "The value for {label} must conform to exactly one of these: {expected}; found: {value}.",
        ],
        [
            "Zorg dat precies één van de regels klopt.",
            "See that exactly one of them holds.",
        ],
    ),
    text(
        Component::Node,
        [
            "De waarde voor {label} voldoet niet aan {expected}; gevonden: {value}.",
            "The value for {label} does not conform to {expected}; found: {value}.",
        ],
        [
            "Vul {value} aan zoals die shape vraagt.",
            "Complete {value} as that shape asks.",
        ],
    ),
    text(
        Component::QualifiedMinCount,
        [
            "Minimaal {expected} waarde(n) verwacht voor {label}; gevonden: {found}.",
            "At least {expected} value(s) expected for {label}; found: {found}.",
        ],
        [
            "Voeg een passende waarde van {path} toe.",
            "Add a fitting value of {path}.",
        ],
    ),
    text(
        Component::QualifiedMaxCount,
        [
            "Maximaal {expected} waarde(n) verwacht voor {label}; gevonden: {found}.",
            "At most {expected} value(s) expected for {label}; found: {found}.",
        ],
        [
            "Verwijder een van die waarden van {path}.",
            "Remove one of those values of {path}.",
        ],
    ),
    text(
        Component::Closed,
        [
            "De eigenschap {path} is hier niet toegelaten; gevonden: {value}.",
            "The property {path} is not allowed here; found: {value}.",
        ],
        ["Toegelaten zijn: {list}.", "Allowed are: {list}."],
    ),
    text(
        Component::HasValue,
        [
            "De waarde {expected} ontbreekt voor {label}.",
            "The value {expected} is missing for {label}.",
        ],
        ["Voeg {expected} toe.", "Add {expected}."],
    ),
    text(
        Component::In,
        [
            "Enkel een waarde uit de lijst verwacht voor {label}; gevonden: {value}.",
            "Only a value from the list expected for {label}; found: {value}.",
        ],
        ["Gebruik een van: {list}.", "Use one of: {list}."],
    ),
    text(
        Component::CodeList,
        [
            "Enkel waarden uit codelijst {expected} verwacht voor {label}; gevonden: {value}.",
            "Only values from code list {expected} expected for {label}; found: {value}.",
        ],
        ["Gebruik een van: {list}.", "Use one of: {list}."],
    ),
    text(
        Component::Sparql,
        [
            "De regel in SPARQL is niet vervuld voor {label}.",
            "The rule in SPARQL does not hold for {label}.",
        ],
        [
            "Zie de boodschap of de query van de regel.",
            "See the message or the query of the rule.",
        ],
    ),
    text(
        Component::Custom,
        [
            "{label} voldoet niet aan {expected}; gevonden: {value}.",
            "{label} does not satisfy {expected}; found: {value}.",
        ],
        [
            "Zie de beschrijving van {expected}.",
            "See the description of {expected}.",
        ],
    ),
    text(
        Component::RootClass,
        [
            "De verwachte waarde voor {label} is {expected} of een subklasse daarvan; gevonden: {value}.",
            "{expected} or a subclass of it is expected for {label}; found: {value}.",
        ],
        [
            "Verwijs naar een klasse onder {expected}, of zeg met rdfs:subClassOf waar {value} onder valt.",
            "Point at a class below {expected}, or say with rdfs:subClassOf what {value} is below.",
        ],
    ),
    text(
        Component::SingleLine,
        [
            "De waarde voor {label} staat op één regel; gevonden: {value}.",
            "The value for {label} has one line; found: {value}.",
        ],
        [
            "Verwijder de regeleinden uit de tekst.",
            "Take the line breaks out of the text.",
        ],
    ),
    text(
        Component::SomeValue,
        [
            "Minstens één waarde voor {label} moet voldoen aan {expected}; geen enkele doet dat.",
            "At least one value for {label} must conform to {expected}; none does.",
        ],
        [
            "Voeg een waarde toe die voldoet, of verbeter er een.",
            "Add a value that conforms, or correct one.",
        ],
    ),
    text(
        Component::SubsetOf,
        [
            "Elke waarde voor {label} hoort ook bij {expected}; dat geldt niet voor {value}.",
            "Each value for {label} must also be one of {expected}; {value} is not.",
        ],
        [
            "Voeg {value} toe bij {expected}, of verwijder de waarde hier.",
            "Add {value} to {expected}, or remove the value here.",
        ],
    ),
    text(
        Component::MemberShape,
        [
            "Elk lid van de lijst voor {label} moet voldoen aan {expected}; dat geldt niet voor {value}.",
            "Each member of the list for {label} must conform to {expected}; that does not hold for {value}.",
        ],
        [
            "Verbeter de leden die niet voldoen; een lijst eindigt met rdf:nil en heeft per plaats één lid.",
            "Correct the members that do not conform; a list ends with rdf:nil and has one member in each place.",
        ],
    ),
    text(
        Component::MinListLength,
        [
            "De lijst voor {label} telt minstens {expected} leden; dat geldt niet voor {value}.",
            "The list for {label} has {expected} members or more; that does not hold for {value}.",
        ],
        [
            "Vul de lijst aan; een lijst eindigt met rdf:nil en heeft per plaats één lid.",
            "Complete the list; a list ends with rdf:nil and has one member in each place.",
        ],
    ),
    text(
        Component::MaxListLength,
        [
            "De lijst voor {label} telt hoogstens {expected} leden; dat geldt niet voor {value}.",
            "The list for {label} has {expected} members or fewer; that does not hold for {value}.",
        ],
        [
            "Kort de lijst in; een lijst eindigt met rdf:nil en heeft per plaats één lid.",
            "Shorten the list; a list ends with rdf:nil and has one member in each place.",
        ],
    ),
    text(
        Component::UniqueMembers,
        [
            "De lijst voor {label} heeft geen lid dat tweemaal voorkomt; dat geldt niet voor {value}.",
            "The list for {label} has no member that comes twice; that does not hold for {value}.",
        ],
        [
            "Houd elk lid één keer over; een lijst eindigt met rdf:nil en heeft per plaats één lid.",
            "Keep each member once; a list ends with rdf:nil and has one member in each place.",
        ],
    ),
    text(
        Component::UniqueValuesFor,
        [
            "Een ander object heeft precies dezelfde waarden voor {expected} als {focus}.",
            "Another node has exactly the same values for {expected} as {focus}.",
        ],
        [
            "Verbeter een van beide, of voeg ze samen als ze hetzelfde beschrijven.",
            "Correct one of the two, or merge them when they describe the same.",
        ],
    ),
    text(
        Component::ReifierShape,
        [
            "Wat over de uitspraak {label} {value} gezegd wordt (rdf:reifies), ontbreekt of voldoet niet aan {expected}.",
            "What is said of the statement {label} {value} (rdf:reifies) is missing or does not conform to {expected}.",
        ],
        [
            "Vul bij de uitspraak zelf aan wat gevraagd wordt.",
            "Add what is asked to the statement itself.",
        ],
    ),
];

/// Words that stand in for `{label}` where a node shape has no property, and around counted values.
pub(crate) struct Words {
    pub(crate) itself: [&'static str; 2],
    pub(crate) not_described: [&'static str; 2],
    pub(crate) did_you_mean: [&'static str; 2],
    pub(crate) or: [&'static str; 2],
    pub(crate) node_kinds: [(u8, [&'static str; 2]); 7],
}

/// Dutch first, English second.
pub(crate) const WORDS: Words = Words {
    itself: ["het object zelf", "the node itself"],
    not_described: [
        " Die waarde is nergens in de beschikbare gegevens beschreven.",
        " That value is described nowhere in the data at hand.",
    ],
    did_you_mean: ["Bedoelde u {value}?", "Did you mean {value}?"],
    or: [" of ", " or "],
    node_kinds: [
        (1, ["IRI", "an IRI"]),
        (2, ["blanco knoop", "a blank node"]),
        (4, ["literal", "a literal"]),
        (3, ["IRI of blanco knoop", "an IRI or a blank node"]),
        (6, ["blanco knoop of literal", "a blank node or a literal"]),
        (5, ["IRI of literal", "an IRI or a literal"]),
        (8, ["triple term", "a triple term"]),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_component_order() {
        for (component, text) in Component::ALL.into_iter().zip(RESULT_TEXTS) {
            assert_eq!(component, text.component);
            assert_eq!(result_text(component).nl, text.nl);
        }
        assert_eq!(Component::CodeList.code(), "V029");
    }
}

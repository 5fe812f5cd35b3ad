//! Repairs by code: what each is about, what is done, and its sentence in Dutch and English. Data only.

/// What happens when a code applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Another name of the same thing, read as the right one.
    Alias,
    /// Mended and reported; refused where nothing may be mended.
    Repair,
    /// Reported and kept as it is.
    Flag,
    /// The object is held back.
    Quarantine,
    /// The file is refused.
    Refuse,
}

impl Action {
    /// The letter of the action in tables.
    pub fn letter(self) -> char {
        match self {
            Self::Alias => 'A',
            Self::Repair => 'R',
            Self::Flag => 'F',
            Self::Quarantine => 'Q',
            Self::Refuse => 'X',
        }
    }

    /// What it means, in Dutch and English.
    pub fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Alias => (
                "Alias: gelezen als de juiste naam.",
                "Alias: read as the right name.",
            ),
            Self::Repair => (
                "Hersteld en gemeld; met --strict geweigerd.",
                "Repaired and reported; refused with --strict.",
            ),
            Self::Flag => (
                "Gemeld en bewaard zoals het er staat.",
                "Reported and kept as it stands.",
            ),
            Self::Quarantine => (
                "Het object wordt tegengehouden; de rest gaat door.",
                "The object is held back; the rest goes on.",
            ),
            Self::Refuse => ("Het bestand wordt geweigerd.", "The file is refused."),
        }
    }
}

/// A code and its texts. `{from}` and `{to}` in the sentences stand for the values of one case.
#[derive(Clone, Copy, Debug)]
pub struct RepairCode {
    /// `N` and three digits.
    pub code: &'static str,
    /// What happens.
    pub action: Action,
    /// The sentence in Dutch.
    pub nl: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// How the source can mend it, in Dutch.
    pub hint_nl: &'static str,
    /// The same in English.
    pub hint_en: &'static str,
    /// A value that gets the code; empty where none can be shown.
    pub fails: &'static str,
    /// What it becomes, or one that does not get it.
    pub passes: &'static str,
}

/// The row of a code.
pub fn repair_code(code: &str) -> Option<&'static RepairCode> {
    REPAIR_CODES.iter().find(|row| row.code == code)
}

macro_rules! codes {
    ($($code:literal $action:ident $nl:literal $en:literal hint $hint_nl:literal $hint_en:literal example $fails:literal $passes:literal)*) => {
        &[$(RepairCode {
            code: $code, action: Action::$action, nl: $nl, en: $en,
            hint_nl: $hint_nl, hint_en: $hint_en, fails: $fails, passes: $passes,
        }),*]
    };
}

/// All codes, sorted.
pub const REPAIR_CODES: &[RepairCode] = codes! {
    "N001" Alias
        "Naamruimte {from} gelezen als {to}." "Namespace {from} read as {to}."
        hint "Schrijf de naamruimte zoals de standaard haar publiceert." "Write the namespace as the standard publishes it."
        example "http://data.vlaanderen.be/id/adres/1" "https://data.vlaanderen.be/id/adres/1"
    "N002" Alias
        "Identificator {from} gelezen als {to}." "Identifier {from} read as {to}."
        hint "Verwijs naar het ding (/id/), niet naar zijn pagina (/doc/)." "Refer to the thing (/id/), not to its page (/doc/)."
        example "https://data.vlaanderen.be/doc/adres/1" "https://data.vlaanderen.be/id/adres/1"
    "N003" Repair
        "Implementatieterm {from} vervangen door {to}." "Implementation term {from} replaced by {to}."
        hint "Gebruik de term van de OSLO-vocabulary." "Use the term of the OSLO vocabulary."
        example "https://data.vlaanderen.be/doc/implementatiemodel/adressenregister#Adres" "https://data.vlaanderen.be/ns/adres#Adres"
    "N004" Repair
        "{from} bestaat niet; bedoeld is {to}." "{from} does not exist; meant is {to}."
        hint "Verbeter de schrijfwijze bij de bron." "Correct the spelling at the source."
        example "isafgeleidVan" "isAfgeleidVan"
    "N005" Repair
        "Identificator {from} hersteld naar {to}." "Identifier {from} repaired to {to}."
        hint "Het pad van een identificator noemt het type in het enkelvoud." "The path of an identifier names the type in the singular."
        example "https://data.vlaanderen.be/id/adressen/1" "https://data.vlaanderen.be/id/adres/1"
    "N006" Alias
        "Context {from} gelezen met de onze: {to}." "Context {from} read with our own: {to}."
        hint "De gepubliceerde context is er niet; met een kopie ervan en --context-map wordt die gebruikt." "The published context is not here; with a copy of it and --context-map that one is used."
        example "" ""
    "N010" Repair
        "Taalvermelding ontbreekt bij \"{from}\"." "Language tag missing on \"{from}\"."
        hint "Geef bij elke naam de taal mee." "Give every name its language."
        example "{ \"spelling\": \"Gent\" }" "{ \"spelling\": \"Gent\", \"taal\": \"nl\" }"
    "N011" Repair
        "Taalcode {from} wordt {to}." "Language code {from} becomes {to}."
        hint "Schrijf taalcodes in kleine letters." "Write language codes in lower case."
        example "NL" "nl"
    "N012" Flag
        "Taal van \"{from}\" behouden; profiel verwacht tekst zonder taal." "Tag of \"{from}\" kept; profile expects plain text."
        hint "Laat de taal weg, of vraag het profiel aan te passen." "Leave out the language, or ask to change the profile."
        example "\"BR\"@nl" "\"BR\""
    "N020" Repair
        "Bestand is geen UTF-8; gelezen als Windows-1252." "File is not UTF-8; read as Windows-1252."
        hint "Lever het bestand als UTF-8." "Deliver the file as UTF-8."
        example "" ""
    "N021" Flag
        "Teken verloren gegaan in \"{from}\"." "Character lost in \"{from}\"."
        hint "Lever de tekst opnieuw uit de bron; het teken is hier niet terug te vinden." "Deliver the text again from its source; the character cannot be found back here."
        example "Br\u{FFFD}gge" "Brügge"
    "N022" Repair
        "Ongeldig teken in identificator {from}." "Illegal character in identifier {from}."
        hint "Schrijf het teken met een procentcode." "Percent-encode the character."
        example "https://data.vlaanderen.be/id/straatnaam/1 2" "https://data.vlaanderen.be/id/straatnaam/1%202"
    "N024" Repair
        "Punt ontbreekt na {from}." "Full stop missing after {from}."
        hint "Sluit @prefix en @base af met een punt." "End @prefix and @base with a full stop."
        example "@prefix adr: <https://data.vlaanderen.be/ns/adres#>" "@prefix adr: <https://data.vlaanderen.be/ns/adres#> ."
    "N025" Repair
        "Komma te veel voor {from} weggelaten." "Comma too many before {from} left out."
        hint "Zet geen komma na het laatste lid van een lijst of object." "Put no comma after the last member of a list or object."
        example "[1, 2, ]" "[1, 2]"
    "N026" Repair
        "Lege @type in context {from} weggelaten." "Empty @type in context {from} left out."
        hint "Geef een term in een JSON-LD-context een datatype, of laat @type weg." "Give a term of a JSON-LD context a datatype, or leave out @type."
        example "{ \"@id\": \"http://purl.org/dc/terms/title\", \"@type\": \"\" }" "{ \"@id\": \"http://purl.org/dc/terms/title\" }"
    "N030" Repair
        "Coördinatenstelsel {from} gelezen als {to}." "Coordinate system {from} read as {to}."
        hint "Noem het stelsel met http en versie 0." "Name the system with http and version 0."
        example "https://www.opengis.net/def/crs/EPSG/0/31370" "http://www.opengis.net/def/crs/EPSG/0/31370"
    "N031" Quarantine
        "Coördinaten {from} passen niet bij {to}." "Coordinates {from} do not fit {to}."
        hint "Kijk de volgorde van de assen en het genoemde stelsel na." "Check the order of the axes and the system named."
        example "POINT(193390.22 188473.52) in EPSG:3812" "POINT(188473.52 193390.22) in EPSG:31370"
    "N032" Flag
        "Twee geometrieën van hetzelfde object verschillen {to} m." "Two geometries of the same object differ by {to} m."
        hint "De geometrie in het bronstelsel telt; laat de andere opnieuw berekenen." "The geometry in the source system counts; have the other computed again."
        example "" ""
    "N033" Flag
        "Geometrie is ongeldig: {to}." "Geometry is invalid: {to}."
        hint "Sluit elke ring, vermijd kruisingen en geef een punt waar een punt hoort." "Close every ring, avoid crossings and give a point where a point belongs."
        example "POLYGON((0 0, 0 1, 1 1))" "POLYGON((0 0, 0 1, 1 1, 0 0))"
    "N040" Flag
        "\"{from}\" is geen geldige {to}." "\"{from}\" is not a valid {to}."
        hint "Schrijf de waarde in de vorm van haar datatype." "Write the value in the form of its datatype."
        example "\"ja\"" "true"
    "N041" Repair
        "Opvulwaarde \"{from}\" niet overgenomen." "Placeholder \"{from}\" not taken over."
        hint "Laat het veld weg wanneer er geen waarde is." "Leave out the field where there is no value."
        example "\"busnummer\": \"n/a\"" ""
    "N050" Repair
        "Nummer {from} genoteerd als {to}." "Number {from} written as {to}."
        hint "Schrijf een CaPaKey met een schuine streep en een KBO-nummer met alleen cijfers." "Write a CaPaKey with a slash and a KBO number with digits only."
        example "11001B0008-00G002" "11001B0008/00G002"
    "N051" Flag
        "Controlegetal van {from} klopt niet." "Check digits of {from} are wrong."
        hint "Kijk het nummer na bij de bron." "Check the number at its source."
        example "0680397589" "0207499826"
    "N052" Repair
        "Naamruimte {from} en nummer {to} waren verwisseld." "Namespace {from} and number {to} were swapped."
        hint "De naamruimte is het IRI zonder het nummer." "The namespace is the IRI without the number."
        example "naamruimte \"6\", nummer \"https://data.vlaanderen.be/id/gebouweenheid/6\"" "naamruimte \"https://data.vlaanderen.be/id/gebouweenheid\", nummer \"6\""
    "N053" Flag
        "Naamruimte en nummer geven {from}, niet {to}." "Namespace and number give {from}, not {to}."
        hint "Kijk na welk van beide het object noemt." "Check which of the two names the object."
        example "" ""
    "N060" Repair
        "Code {from} hoort in lijst {to}." "Code {from} belongs to list {to}."
        hint "Gebruik de codelijst van dit veld." "Use the code list of this field."
        example "https://data.vlaanderen.be/id/concept/adresstatus/inGebruik" "https://data.vlaanderen.be/id/concept/gemeentestatus/inGebruik"
    "N061" Flag
        "Code {from} staat niet in {to}." "Code {from} is not in {to}."
        hint "Gebruik een code van de lijst, of vraag de lijst aan te vullen." "Use a code of the list, or ask to extend the list."
        example "adresstatus \"bestaand\"" "adresstatus \"inGebruik\""
    "N062" Repair
        "Fout in REFNIS verbeterd ({from}): {to}" "Error in REFNIS put right ({from}): {to}"
        hint "Meld de fout aan wie de lijst uitgeeft." "Tell whoever publishes the list."
        example "" ""
    "N070" Alias
        "Attribuut {from} gelezen als {to}." "Attribute {from} read as {to}."
        hint "Gebruik de huidige naam van het attribuut." "Use the present name of the attribute."
        example "gebouwStatus" "status"
    "N071" Flag
        "Attribuut {from} is onbekend; bewaard zonder verwerking." "Attribute {from} is unknown; kept unprocessed."
        hint "De waarde staat in het bewaarde bronrecord; vul de mapping aan als ze iets betekent." "The value is in the kept source record; extend the mapping if it means something."
        example "" ""
    "N072" Flag
        "Oude waarde van {from} is niet wat hier staat; de nieuwe geldt (gebeurtenis {to})." "Old value of {from} is not what stands here; the new one counts (event {to})."
        hint "Er is een gebeurtenis gemist of anders verwerkt." "An event was missed or handled differently."
        example "" ""
    "N073" Flag
        "Sleutel {from} staat in geen JSON-LD-context; niet overgenomen, met wat eronder staat." "Key {from} stands in no JSON-LD context; not taken over, with what lies below it."
        hint "Verbeter de schrijfwijze, of geef de sleutel een term in de context." "Correct the spelling, or give the key a term in the context."
        example "" ""
    "N074" Flag
        "Type {from} staat in geen JSON-LD-context; gelezen als adres naast het document." "Type {from} stands in no JSON-LD context; read as an address beside the document."
        hint "Verbeter de schrijfwijze, of geef het type een term in de context." "Correct the spelling, or give the type a term in the context."
        example "" ""
    "N075" Flag
        "Verwijzing {from} is geen IRI; niet overgenomen, noch wat ze zegt." "Reference {from} is no IRI; not taken over, nor what it says."
        hint "Schrijf een IRI, of _:naam voor iets zonder." "Write an IRI, or _:name for something without one."
        example "{{ID}}" "https://data.vlaanderen.be/id/adres/1"
    "N080" Flag
        "{from} is niet bekend in dit register." "{from} is unknown in this registry."
        hint "Neem ook de bron op die dit object beschrijft." "Also take in the source that describes this object."
        example "" ""
    "N090" Refuse
        "Bron leverde geen bruikbare gegevens." "Source delivered no usable data."
        hint "De laatste goede kopie blijft; probeer later opnieuw." "The last good copy stays; try again later."
        example "" ""
    "N101" Quarantine
        "De rij heeft {from} velden, de kopregel {to}." "The row has {from} fields, the header {to}."
        hint "Zet tekst met het scheidingsteken tussen aanhalingstekens." "Put text with the separator in it between quotes."
        example "1;2;3" "1;2"
    "N102" Refuse
        "De tabel is vanaf regel {from} niet te lezen." "The table cannot be read from line {from} on."
        hint "Sluit elk aanhalingsteken, en verdubbel het in een tekst." "Close every quote, and double it inside a text."
        example "1,\"Gent" "1,\"Gent\""
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_worded_in_both_languages() {
        assert!(REPAIR_CODES.is_sorted_by(|a, b| a.code < b.code));
        for row in REPAIR_CODES {
            for hole in ["{from}", "{to}"] {
                assert_eq!(row.nl.contains(hole), row.en.contains(hole), "{}", row.code);
            }
            assert!(!row.hint_nl.is_empty() && !row.hint_en.is_empty());
        }
    }
}

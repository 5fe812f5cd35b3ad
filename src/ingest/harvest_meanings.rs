//! What the codes of sources mean, whatever source they are about. Data only; a run words its own case.

/// A code of harvesting in general words.
#[derive(Clone, Copy, Debug)]
pub struct HarvestCode {
    /// Stable code, `H` and three digits.
    pub code: &'static str,
    /// What it means, in Dutch.
    pub nl: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// What to do, in Dutch.
    pub hint_nl: &'static str,
    /// The same in English.
    pub hint_en: &'static str,
}

/// What follows from every code: Dutch, English.
pub const HARVEST_EFFECT: [&str; 2] = [
    "De bron is mislukt en wordt later opnieuw gelezen; wat ze eerder bracht, blijft, en andere bronnen gaan door.",
    "The source fails and is read again later; what it brought before stays, and other sources go on.",
];

macro_rules! codes {
    ($($code:literal: $nl:literal, $en:literal => $hint_nl:literal, $hint_en:literal;)*) => {
        /// All codes, sorted.
        pub const HARVEST_CODES: &[HarvestCode] = &[
            $(HarvestCode { code: $code, nl: $nl, en: $en, hint_nl: $hint_nl, hint_en: $hint_en },)*
        ];
    };
}

codes! {
    "H001": "Het antwoord is geen RDF.",
        "The answer is not RDF."
        => "Geef het adres van de gegevens zelf, niet van de webpagina erover.",
        "Give the address of the data themselves, not of the web page about them.";
    "H002": "Op dit adres begint geen gebeurtenissenstroom.",
        "No event stream begins at this address."
        => "Geef het adres van een ldes:EventStream of van een weergave ervan.",
        "Give the address of an ldes:EventStream or of a view of it.";
    "H003": "De bladzijden van de bron houden niet op.",
        "The pages of the source do not end."
        => "Meld het aan wie de bron beheert.",
        "Tell whoever keeps the source.";
    "H004": "De bron heeft meer bladzijden dan één run leest.",
        "The source has more pages than one run reads."
        => "Een volgende run van een stroom gaat verder; vraag van andere bronnen minder.",
        "A next run of a stream goes on; ask less of other sources.";
    "H005": "De vormen weigeren wat de bron zegt.",
        "The shapes refuse what the source says."
        => "Laat wat niet voldoet wachten: oslo gate GRAAF --mode quarantine.",
        "Let what does not conform wait: oslo gate GRAPH --mode quarantine.";
    "H006": "De graaf is van een andere bron.",
        "The graph belongs to another source."
        => "Geef de bron een eigen graaf, of verwijder de andere bron.",
        "Give the source a graph of its own, or remove the other source.";
    "H010": "Het document is niet op te halen.",
        "The document cannot be fetched."
        => "De melding zegt waarom: host, adres, tijd, grootte of status.",
        "The message says why: host, address, time, size or status.";
    "H011": "De zoekvraag van de bron is niet te gebruiken.",
        "The query of the source is of no use."
        => "Schrijf één CONSTRUCT zonder LIMIT of OFFSET, en geef die met --query.",
        "Write one CONSTRUCT without LIMIT or OFFSET, and give it with --query.";
    "H012": "Het SPARQL-eindpunt geeft bladzijden die niet bij elkaar passen, of geen triples.",
        "The SPARQL endpoint gives pages that do not fit together, or no triples."
        => "Kijk de zoekvraag na op het eindpunt zelf; een latere run probeert het opnieuw.",
        "Try the query on the endpoint itself; a later run tries again.";
    "H013": "De bron geeft meer dan een bron mag geven.",
        "The source gives more than a source may."
        => "Vraag minder, of splits de bron in verschillende bronnen.",
        "Ask for less, or split the source into several.";
    "H014": "De catalogus heeft de gevraagde dataset niet, of geen distributie die gelezen kan worden.",
        "The catalogue does not have the data set asked for, or no distribution that can be read."
        => "Kijk de IRI van de dataset na in de catalogus; de melding noemt wat overgeslagen is.",
        "Check the IRI of the data set in the catalogue; the message names what was passed over.";
    "H015": "Onder deze IRI is nergens RDF te vinden.",
        "No RDF is to be found under this IRI."
        => "Geef het adres van het bestand zelf, of laat de host ervan toe met --allow-host.",
        "Give the address of the file itself, or allow its host with --allow-host.";
    "H016": "Een JSON-LD-context ontbreekt en mag niet opgehaald worden.",
        "A JSON-LD context is missing and may not be fetched."
        => "Laat het toe met --fetch-contexts en --allow-host, of bezorg een eigen kopie.",
        "Allow it with --fetch-contexts and --allow-host, or provide a copy of your own.";
    "H017": "Een opgehaalde JSON-LD-context is gewijzigd sinds hij vastgezet werd.",
        "A fetched JSON-LD context changed since it was pinned."
        => "Kijk de wijziging na, en aanvaard ze met oslo source pin NAAM.",
        "Look at the change, and accept it with oslo source pin NAME.";
    "H018": "Het document zegt niets.",
        "The document says nothing."
        => "Kijk na wat op het adres staat; een leeg antwoord wordt niet geloofd, want het zou de graaf leegmaken.",
        "Look at what is at the address; an empty answer is not believed, for it would empty the graph.";
    "H019": "Wat opgehaald is, kan niet op de schijf gezet worden.",
        "What was fetched cannot be put on the disk."
        => "Maak plaats op de schijf van de datamap, en kijk de rechten van sources/ na.",
        "Make room on the disk of the data folder, and check the rights of sources/.";
    "H020": "Wat over de bron onthouden werd, is niet bruikbaar.",
        "What was remembered of the source is of no use."
        => "Geef de bron een andere naam, of verwijder haar map in sources/.",
        "Give the source another name, or remove its folder in sources/.";
    "H021": "Het antwoord is geen reeks CloudEvents.",
        "The answer is no batch of CloudEvents."
        => "Geef het adres van de wijzigingsfeed van één register, zonder paginanummer.",
        "Give the address of the change feed of one register, without a page number.";
    "H022": "Er staan geen REFNIS-lijsten op die plaats.",
        "There are no REFNIS lists at that place."
        => "Geef de gepubliceerde lijsten, elk jaar een bestand.",
        "Give the published lists, a file for each year.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_those_of_the_source_are_all_here() {
        assert!(HARVEST_CODES.is_sorted_by(|a, b| a.code < b.code));
        let pattern = regex::Regex::new(r#""(H0[0-9]{2})""#).expect("a pattern");
        for source in [
            include_str!("texts.rs"),
            include_str!("failure.rs"),
            include_str!("sources.rs"),
            include_str!("sources/dcat.rs"),
            include_str!("sources/pins.rs"),
            include_str!("sources/sparql.rs"),
            include_str!("sources/spool.rs"),
        ] {
            for found in pattern.captures_iter(source) {
                let code = &found[1];
                assert!(
                    HARVEST_CODES.iter().any(|known| known.code == code),
                    "{code} is explained nowhere"
                );
            }
        }
    }
}

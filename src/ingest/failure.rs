//! What a run of a source tells a steward: what went wrong, where, what to do, in Dutch and English.

use crate::ingest::diagnostic::Diagnostic;
use crate::ingest::fetch::FetchError;
use crate::ingest::normalise::NormaliseError;
use crate::rdf::label::{Language, Text};
use crate::registry::Reserved;
use serde::{Deserialize, Serialize};

/// Why a page, or a source, could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// The page.
    pub url: String,
    /// What happened: Dutch, English.
    pub message: [String; 2],
    /// What to do: Dutch, English.
    pub hint: Option<[String; 2]>,
    /// Whether it may go better by itself later.
    pub is_transient: bool,
}

impl Failure {
    /// The message in one language.
    pub fn message(&self, language: Language) -> &str {
        &self.message[usize::from(language == Language::En)]
    }

    /// What to do, in one language.
    pub fn hint(&self, language: Language) -> Option<&str> {
        let hint = self.hint.as_ref()?;
        Some(&hint[usize::from(language == Language::En)])
    }
}

fn pair(text: Text) -> [String; 2] {
    [text.nl, text.en]
}

/// Code, message and what to do: Dutch, English. `{}` stands for what was found.
struct Row {
    code: &'static str,
    message: [&'static str; 2],
    hint: [&'static str; 2],
}

const NOT_RDF: Row = Row {
    code: "H001",
    message: [
        "het antwoord is geen RDF maar \"{}\"",
        "the answer is not RDF but \"{}\"",
    ],
    hint: [
        "vraag de beheerder van de bron naar het adres van de stroom zelf, niet van de webpagina erover",
        "ask the source for the address of the stream itself, not of the web page about it",
    ],
};
const NO_STREAM: Row = Row {
    code: "H002",
    message: [
        "hier begint geen gebeurtenissenstroom: geen tree:view, tree:relation of tree:member",
        "no event stream begins here: no tree:view, tree:relation or tree:member",
    ],
    hint: [
        "geef het adres van een ldes:EventStream of van een weergave ervan",
        "give the address of an ldes:EventStream or of a view of it",
    ],
};
const ENDLESS: Row = Row {
    code: "H003",
    message: [
        "{} pagina's na elkaar hebben geen leden: de bladzijden houden niet op",
        "{} pages in a row have no members: the paging does not end",
    ],
    hint: [
        "meld dit aan de beheerder van de bron; wat al binnen is, blijft",
        "tell whoever keeps the source; what came in stays",
    ],
};
const TOO_MANY: Row = Row {
    code: "H004",
    message: [
        "de bron heeft meer dan {} pagina's te lezen",
        "the source has more than {} pages to read",
    ],
    hint: [
        "een volgende ronde gaat verder waar deze ophield",
        "a next run goes on where this one ended",
    ],
};
const REFUSED: Row = Row {
    code: "H005",
    message: [
        "de vormen weigeren de leden: {} nieuwe bevindingen",
        "the shapes refuse the members: {} new results",
    ],
    hint: [
        "laat wat niet voldoet wachten met --on-violation quarantine, of pas de regel van de graaf aan met `oslo gate`",
        "let what does not conform wait with --on-violation quarantine, or change the rule of the graph with `oslo gate`",
    ],
};

const RESERVED: Row = Row {
    code: "H006",
    message: ["{}", "{}"],
    hint: [
        "geef deze bron een eigen graaf, of verwijder de andere met `oslo source remove`",
        "give this source a graph of its own, or remove the other with `oslo source remove`",
    ],
};

const NO_BATCH: Row = Row {
    code: "H021",
    message: [
        "het antwoord is geen reeks CloudEvents maar \"{}\"",
        "the answer is no batch of CloudEvents but \"{}\"",
    ],
    hint: [
        "geef het adres van de wijzigingsfeed van één register, zonder paginanummer",
        "give the address of the change feed of one register, without a page number",
    ],
};

const NO_LISTS: Row = Row {
    code: "H022",
    message: [
        "hier staan geen REFNIS-lijsten: geen code onder http://vocab.belgif.be/auth/refnis…",
        "there are no REFNIS lists here: no code below http://vocab.belgif.be/auth/refnis…",
    ],
    hint: [
        "geef de gepubliceerde lijsten als N-Triples, Turtle of RDF/XML, elk jaar een bestand",
        "give the published lists as N-Triples, Turtle or RDF/XML, a file for each year",
    ],
};

fn of(row: &Row, url: &str, found: &str) -> Failure {
    let fill = |text: &str| format!("{url}: {}", text.replace("{}", found));
    Failure {
        code: row.code.to_owned(),
        url: url.to_owned(),
        message: row.message.map(fill),
        hint: Some(row.hint.map(str::to_owned)),
        is_transient: false,
    }
}

pub(super) fn not_rdf(url: &str, media_type: &str) -> Failure {
    let short: String = media_type.chars().take(80).collect();
    of(&NOT_RDF, url, &short)
}

pub(super) fn no_stream(url: &str) -> Failure {
    of(&NO_STREAM, url, "")
}

pub(super) fn no_batch(url: &str, media_type: &str) -> Failure {
    let short: String = media_type.chars().take(80).collect();
    of(&NO_BATCH, url, &short)
}

pub(super) fn no_lists(url: &str) -> Failure {
    of(&NO_LISTS, url, "")
}

/// A record that needs a repair where none is allowed.
pub(super) fn not_repaired(error: &NormaliseError, url: &str) -> Failure {
    let code = match error {
        NormaliseError::Strict(repair) | NormaliseError::Quarantined(repair) => repair.code,
        _ => "N090",
    };
    Failure {
        code: code.to_owned(),
        url: url.to_owned(),
        message: pair(error.message()),
        hint: None,
        is_transient: false,
    }
}

pub(super) fn endless(url: &str, pages: u64) -> Failure {
    of(&ENDLESS, url, &pages.to_string())
}

pub(super) fn too_many(url: &str, pages: u64) -> Failure {
    of(&TOO_MANY, url, &pages.to_string())
}

pub(super) fn refused(url: &str, results: u64) -> Failure {
    of(&REFUSED, url, &results.to_string())
}

pub(super) fn reserved(url: &str, reserved: &Reserved) -> Failure {
    Failure {
        message: pair(reserved.text()).map(|text| format!("{url}: {text}")),
        ..of(&RESERVED, url, "")
    }
}

pub(super) fn not_fetched(error: &FetchError, url: &str) -> Failure {
    Failure {
        code: "H010".to_owned(),
        url: url.to_owned(),
        message: pair(error.text()),
        hint: error.hint().map(pair),
        is_transient: error.is_transient(),
    }
}

pub(super) fn not_read(found: &Diagnostic, url: &str) -> Failure {
    let place = found.location.to_string();
    let message = pair((*found.message).clone());
    Failure {
        code: found.code.to_owned(),
        url: url.to_owned(),
        message: message.map(|message| format!("{place}: {message}")),
        hint: found.hint.as_ref().map(|hint| pair((**hint).clone())),
        is_transient: false,
    }
}

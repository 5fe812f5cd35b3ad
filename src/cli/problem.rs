//! Why a command could not do its work, told in the reader's language: what happened, where, what to do.

use crate::rdf::label::{Language, Text};
use crate::registry::Reserved;
use crate::store::{StoreError, Unreadable};
use std::fmt;
use std::io;

/// A reason with a way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    message: Text,
    hint: Option<Text>,
}

impl Problem {
    pub(crate) fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            message: Text::new(nl, en),
            hint: None,
        }
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, nl: impl Into<String>, en: impl Into<String>) -> Self {
        self.hint = Some(Text::new(nl, en));
        self
    }

    /// What happened, without what to do.
    pub(crate) fn message(&self, language: Language) -> &str {
        self.message.get(language)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.en)
    }
}

impl std::error::Error for Problem {}

/// The problem behind a failure of the store.
/// A graph that is not for everyone to write.
pub(crate) fn of_reserved(reserved: &Reserved) -> anyhow::Error {
    let (what, hint) = (reserved.text(), reserved.hint());
    Problem::new(what.nl, what.en).hint(hint.nl, hint.en).into()
}

pub(crate) fn of_store(error: StoreError) -> anyhow::Error {
    let problem = describe(&error);
    anyhow::Error::new(error).context(problem)
}

/// The problem of an index that cannot be read.
pub(crate) fn of_unreadable(unreadable: &Unreadable) -> anyhow::Error {
    let place = &unreadable.message;
    Problem::new(
        format!("een deel van de index kan niet gelezen worden: {place}"),
        format!("a part of the index cannot be read: {place}"),
    )
    .hint(
        "er is niets verloren: `oslo rebuild` maakt de index opnieuw uit het logboek",
        "nothing is lost: `oslo rebuild` makes the index anew from the log",
    )
    .into()
}

/// A failure of the store in both languages.
pub(crate) fn describe(error: &StoreError) -> Problem {
    match error {
        StoreError::InUse { path } => Problem::new(
            format!("de datamap {} is in gebruik door een andere oslo", path.display()),
            format!("the data folder {} is in use by another oslo", path.display()),
        )
        .hint(
            "stop die (bijvoorbeeld `oslo serve`) of schrijf via haar web-API; lezen en kopiëren (query, export, log, check, validate, backup) kan er wel naast",
            "stop it (`oslo serve`, for instance) or write through its web API; reading and copying (query, export, log, check, validate, backup) works beside it",
        ),
        StoreError::Missing { path } => Problem::new(
            format!("er is geen register in {}", path.display()),
            format!("there is no registry in {}", path.display()),
        )
        .hint(
            "maak er een met `oslo load BESTAND…` of `oslo demo`, of wijs de juiste map aan met --data of OSLO_DATA",
            "make one with `oslo load FILE…` or `oslo demo`, or point to the right folder with --data or OSLO_DATA",
        ),
        StoreError::Damaged { path, seq, offset, reason } => Problem::new(
            format!("het logboek {} is beschadigd na commit {seq}, op byte {offset}: {reason}", path.display()),
            format!("the commit log {} is damaged after commit {seq}, at byte {offset}: {reason}", path.display()),
        )
        .hint(
            "er is niets gewijzigd; neem een reservekopie (`oslo --data NIEUWEMAP restore RESERVEKOPIE`) en vergelijk met `oslo check`",
            "nothing was changed; take a backup (`oslo --data NEWFOLDER restore BACKUP`) and compare with `oslo check`",
        ),
        StoreError::NotARegistry { path, found } => Problem::new(
            format!("{} is geen datamap van oslo: er staat {found} in, en geen logboek", path.display()),
            format!("{} is no data folder of oslo: it holds {found} and no commit log", path.display()),
        )
        .hint(
            "er is niets gewijzigd; wijs met --data een lege of nieuwe map aan, of de map van een register",
            "nothing was changed; point --data to an empty or new folder, or to the folder of a registry",
        ),
        StoreError::NotEmpty { path, found } => Problem::new(
            format!("{} is niet leeg: er staat {found} in", path.display()),
            format!("{} is not empty: it holds {found}", path.display()),
        )
        .hint(
            "er is niets gewijzigd; wijs een nieuwe of lege map aan (bij `oslo restore` met --data)",
            "nothing was changed; name a new or empty folder (for `oslo restore` with --data)",
        ),
        StoreError::LogFileMissing { path } => Problem::new(
            format!("het logboek mist het bestand {}", path.display()),
            format!("the commit log lacks the file {}", path.display()),
        )
        .hint(
            "er is niets gewijzigd; dit is een halve kopie: haal het bestand uit de bron of uit een reservekopie (`oslo restore`)",
            "nothing was changed; this is half a copy: fetch the file from its source or from a backup (`oslo restore`)",
        ),
        StoreError::NewerFormat { path, version } => Problem::new(
            format!("{} is geschreven door een nieuwere oslo (formaat {version} van het logboek)", path.display()),
            format!("{} was written by a newer oslo (commit log format {version})", path.display()),
        )
        .hint(
            "er is niets gewijzigd; open de map met die nieuwere versie, of exporteer daarmee en laad hier opnieuw",
            "nothing was changed; open the folder with that newer version, or export with it and load it here",
        ),
        StoreError::NotYet { seq, last } => Problem::new(
            format!("commit {seq} bestaat nog niet; de laatste is {last}"),
            format!("commit {seq} is not made yet; the last one is {last}"),
        ),
        StoreError::Compacted { first } => Problem::new(
            format!("toestanden van voor commit {first} worden niet meer bewaard"),
            format!("states before commit {first} are no longer kept"),
        )
        .hint(
            "het logboek is opgeruimd; een oudere reservekopie kan ze nog hebben",
            "the log was compacted; an older backup may still have them",
        ),
        StoreError::TooFarBack { rows } => Problem::new(
            format!("tussen die toestand en de dichtstbijzijnde liggen {rows} wijzigingen, meer dan in een keer teruggedraaid worden"),
            format!("{rows} changes lie between that state and the nearest one, more than are undone at once"),
        )
        .hint(
            "maak die toestand in een eigen map: `oslo restore BRON --as-of …`",
            "make that state in a folder of its own: `oslo restore SOURCE --as-of …`",
        ),
        StoreError::UnknownFormat { path } => Problem::new(
            format!("{} is geen logboek van een formaat dat deze versie leest", path.display()),
            format!("{} is not a commit log of a format this version reads", path.display()),
        )
        .hint(
            "open de map met de versie van oslo die haar maakte, of exporteer daarmee en laad hier opnieuw",
            "open the folder with the version of oslo that made it, or export with that and load it here",
        ),
        StoreError::Io { path, source, .. } => Problem::new(
            format!("{} kan niet gelezen of geschreven worden: {source}", path.display()),
            format!("{} cannot be read or written: {source}", path.display()),
        )
        .hint(
            "kijk of de map bestaat, of u er rechten op hebt en of er plaats is op de schijf",
            "see whether the folder exists, whether you have rights to it and whether there is room on the disk",
        ),
        StoreError::HoldsRdf12 => Problem::new(
            "het register bevat uitspraken van RDF 1.2 (triple terms of teksten met een schrijfrichting) en kan niet terug naar 1.1",
            "the registry holds statements of RDF 1.2 (triple terms or texts with a base direction) and cannot go back to 1.1",
        )
        .hint(
            "verwijder die uitspraken eerst met `oslo update`",
            "remove those statements first with `oslo update`",
        ),
        StoreError::ReadOnly => Problem::new("het register is alleen om te lezen geopend", "the registry is open for reading only"),
        StoreError::Follows => Problem::new(
            "het register volgt een ander register en neemt alleen van daar wijzigingen",
            "the registry follows another one and takes changes from there alone",
        ),
        StoreError::Stopped { reason } => Problem::new(
            format!("het schrijven is gestopt: {reason}"),
            format!("writing stopped: {reason}"),
        )
        .hint(
            "wat bevestigd was is bewaard; verhelp de oorzaak en start opnieuw",
            "what was acknowledged is kept; mend the cause and start again",
        ),
    }
}

/// Prints why a command could not run, on standard error.
pub(crate) fn print(error: &anyhow::Error, language: Language) {
    let (word, hint_word) = match language {
        Language::Nl => ("fout", "tip"),
        Language::En => ("error", "hint"),
    };
    match error.downcast_ref::<Problem>() {
        Some(problem) => {
            eprintln!("{word}: {}", problem.message.get(language));
            if let Some(hint) = &problem.hint {
                eprintln!("  {hint_word}: {}", hint.get(language));
            }
        }
        None => eprintln!("{word}: {error:#}"),
    }
}

/// Whether the only trouble is that nobody reads our output any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

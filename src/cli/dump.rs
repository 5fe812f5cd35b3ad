//! `oslo dump`: registers written out as files, as `oslo serve --dumps` does by itself.

use super::Exit;
use super::console::Rows;
use super::problem::{self, Problem};
use super::session::Session;
use crate::feeds::dumps::{
    self, DumpError, EVERYTHING, Folder, Format, Made, Manifest, Options, Packing, Slot,
};
use crate::registry::Registry;
use crate::store::Snapshot;
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct DumpArgs {
    /// Registers to write out, or "alles" for every statement [default: those that hold something]
    #[arg(value_name = "REGISTER")]
    registers: Vec<String>,
    /// Formats, with commas between them [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT")]
    format: Vec<DumpFormat>,
    /// How files are packed, with a comma between them [default: both]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PACKING")]
    pack: Vec<DumpPacking>,
    /// Folder for the dumps [default: DATA/dumps, where the server finds them]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Keep only this many dumps of each register, the newest [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    keep: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DumpFormat {
    /// N-Quads: one statement a line
    Nq,
    /// TriG: statements grouped by graph and subject
    Trig,
    /// JSON-LD: one document a line
    Jsonl,
    /// CSV: one item a row, with its metadata beside it
    Csv,
    /// GeoJSON: one item a feature
    Geojson,
}

impl From<DumpFormat> for Format {
    fn from(format: DumpFormat) -> Self {
        match format {
            DumpFormat::Nq => Self::NQuads,
            DumpFormat::Trig => Self::TriG,
            DumpFormat::Jsonl => Self::JsonLines,
            DumpFormat::Csv => Self::Csv,
            DumpFormat::Geojson => Self::GeoJson,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DumpPacking {
    /// gzip
    Gz,
    /// Zstandard
    Zst,
}

impl From<DumpPacking> for Packing {
    fn from(packing: DumpPacking) -> Self {
        match packing {
            DumpPacking::Gz => Self::Gzip,
            DumpPacking::Zst => Self::Zstd,
        }
    }
}

pub(crate) fn run(session: &Session, args: &DumpArgs) -> anyhow::Result<Exit> {
    let registry = session.open_to_read()?;
    let snapshot = registry.snapshot();
    let names = names(&registry, &snapshot, &args.registers)?;
    let folder = match &args.to {
        Some(folder) => Folder::at(folder),
        None => Folder::of_data(session.data()),
    };
    let mut options = Options {
        keep: args.keep.and_then(|keep| usize::try_from(keep).ok()),
        ..Options::default()
    };
    if !args.format.is_empty() {
        options.formats = args.format.iter().copied().map(Format::from).collect();
    }
    if !args.pack.is_empty() {
        options.packings = args.pack.iter().copied().map(Packing::from).collect();
    }
    let slot = folder.claim().map_err(of_dump)?;
    let mut rows = Rows::new(
        session.console,
        &[
            ("register", "register"),
            ("commit#", "commit#"),
            ("", ""),
            ("rijen#", "rows#"),
            ("bytes#", "bytes#"),
            ("ms#", "ms#"),
            ("bestand", "file"),
        ],
    );
    let mut left_out = 0;
    for name in names {
        let place = (&folder, &slot);
        let made = one(session, &registry, &snapshot, place, &options, name)?;
        let Some(made) = made else { continue };
        left_out += made.manifest().left_out.count;
        tell(session, &mut rows, &made);
    }
    let mut out = session.console.out();
    rows.write(&mut out)?;
    out.flush()?;
    if left_out == 0 {
        return Ok(Exit::Done);
    }
    let text = session.console.say(
        "objecten met te veel uitspraken voor een document staan er niet in:",
        "items with too many statements for a document are not in it:",
    );
    eprintln!("{text} {left_out}");
    Ok(Exit::Refused)
}

/// The dump of a register, or of everything; `None` where it has none of the formats.
fn one(
    session: &Session,
    registry: &Registry,
    snapshot: &Snapshot,
    place: (&Folder, &Slot),
    options: &Options,
    name: &str,
) -> anyhow::Result<Option<Made>> {
    let label = format!("{} {name}", session.console.say("Dump", "Dump"));
    let mut bar = session.console.progress(&label);
    let mut progress = |done, total| bar.at(done, total);
    let made = match registry.register(name) {
        Some(register) => {
            let is_bare = register.geometry.is_empty();
            let mut formats = options.formats.iter();
            if formats.all(|format| *format == Format::GeoJson && is_bare) {
                return Ok(None);
            }
            dumps::make(registry, snapshot, place, register, options, &mut progress)
        }
        None if !options.formats.contains(&Format::NQuads) => return Ok(None),
        None => dumps::make_all_statements(registry, snapshot, place, options, &mut progress),
    };
    bar.done();
    Ok(Some(made.map_err(of_dump)?))
}

/// The registers asked for; else those that hold something, and everything.
fn names<'a>(
    registry: &'a Registry,
    snapshot: &Snapshot,
    asked: &'a [String],
) -> anyhow::Result<Vec<&'a str>> {
    let known = dumps::names(registry);
    if asked.is_empty() {
        let view = snapshot.view();
        let collections = crate::views::CollectionIndex::default();
        let holds_some = |name: &&str| {
            let register = registry.register(name);
            register.is_none_or(|register| collections.count(&view, register) > 0)
        };
        return Ok(known.into_iter().filter(holds_some).collect());
    }
    for name in asked {
        if !known.contains(&name.as_str()) {
            let list = known.join(", ");
            return Err(Problem::new(
                format!("er is geen openbaar register {name}"),
                format!("there is no public register {name}"),
            )
            .hint(
                format!("dit zijn ze: {list}; \"{EVERYTHING}\" is elke uitspraak"),
                format!("these are: {list}; \"{EVERYTHING}\" is every statement"),
            )
            .into());
        }
    }
    Ok(asked.iter().map(String::as_str).collect())
}

fn tell(session: &Session, rows: &mut Rows, made: &Made) {
    let console = session.console;
    let state = match made {
        Made::New(_) => console.say("nieuw", "new"),
        Made::Unchanged(_) => console.say("ongewijzigd", "unchanged"),
    };
    let manifest: &Manifest = made.manifest();
    for file in &manifest.files {
        rows.push(vec![
            manifest.register.clone(),
            console.number(manifest.commit),
            state.to_owned(),
            console.number(file.rows),
            console.number(file.bytes),
            console.number(manifest.duration_ms),
            file.name.clone(),
        ]);
    }
}

fn of_dump(error: DumpError) -> anyhow::Error {
    match error {
        DumpError::Store(error) => problem::of_store(error),
        DumpError::Busy { path } => Problem::new(
            format!(
                "een ander proces maakt op dit ogenblik dumps in {}",
                path.display()
            ),
            format!(
                "another process makes dumps in {} at this moment",
                path.display()
            ),
        )
        .hint(
            "probeer het later opnieuw, of kies een andere map met --to",
            "try again later, or choose another folder with --to",
        )
        .into(),
        DumpError::Io { what, path, source } => Problem::new(
            format!("{}: {source}", path.display()),
            format!("cannot {what} {}: {source}", path.display()),
        )
        .into(),
        other => anyhow::Error::new(other),
    }
}

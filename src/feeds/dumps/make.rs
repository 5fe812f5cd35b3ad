//! Makes the dump of a register: one pass over its items for all formats, then the names. Decides what is in a dump and when
//! it counts; formats are written by their own files.

use super::csv::Table;
use super::features::Features;
use super::folder::{Folder, Slot};
use super::format::{Format, Packing};
use super::manifest::{LeftOut, Manifest, stem};
use super::pack::Packed;
use super::sorted::Sorted;
use super::statements::Statements;
use super::{DumpError, EVERYTHING, failed, is_public};
use crate::ingest::ContextStore;
use crate::registry::{Register, Registry};
use crate::store::{Graphs, Id, Pace, Snapshot, View, hex};
use crate::views::quads;
use crate::views::{CollectionIndex, Context, EmbedRules, Names, Rules, compact};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// IRIs of items without a document that a manifest lists.
const LISTED_LEFT_OUT: usize = 100;
/// Bytes of lines that are sorted in memory.
const SORTED_BYTES: usize = 64 << 20;

/// What is made, and how fast.
#[derive(Clone, Debug)]
pub struct Options {
    /// The formats; GeoJSON only of registers with a geometry.
    pub formats: Vec<Format>,
    /// How files are packed, each in each way.
    pub packings: Vec<Packing>,
    /// Dumps of a register that are kept, this one among them; `None` keeps all.
    pub keep: Option<usize>,
    /// Share of one processor core that it may take, 1 to 100.
    pub percent: u32,
    /// Set from elsewhere to end the work.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    /// Everything, at full speed; nothing is removed.
    fn default() -> Self {
        Self {
            formats: Format::ALL.to_vec(),
            packings: Packing::ALL.to_vec(),
            keep: None,
            percent: 100,
            stop: Arc::default(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// A new dump.
    New(Manifest),
    /// The newest dump there was says the same, so it stays the newest.
    Unchanged(Manifest),
}

impl Made {
    /// The newest dump.
    pub fn manifest(&self) -> &Manifest {
        match self {
            Self::New(manifest) | Self::Unchanged(manifest) => manifest,
        }
    }
}

/// Makes the dump of a register in a state. When the newest dump is of the same commit, what it lacks is added; when what is
/// made holds the same as the newest dump, that stays and nothing new does.
///
/// # Errors
/// [`DumpError`]; what was begun is removed by the next that is made in this folder.
pub fn make(
    registry: &Registry,
    snapshot: &Snapshot,
    (folder, _slot): (&Folder, &Slot),
    register: &Register,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made, DumpError> {
    if !is_public(register) {
        let register = register.name.clone();
        return Err(DumpError::NotPublic { register });
    }
    let work = Work::begin(registry, snapshot, folder, &register.name, options)?;
    let wanted: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|format| options.formats.contains(format))
        .filter(|format| *format != Format::GeoJson || !register.geometry.is_empty())
        .collect();
    let lacking = work.lacking(&wanted);
    if lacking.is_empty() {
        return work.nothing_lacks();
    }
    let context = context_of(register);
    let view = public_view(registry, snapshot);
    let parts = Parts {
        view: &view,
        register,
        context: &context,
        reference: format!("{}/contexts/{}.jsonld", registry.base(), register.context),
    };
    let made = parts.write(&work, &lacking, progress)?;
    work.end(made, &wanted)
}

/// Makes the dump of all statements that anybody may read, as N-Quads in the order of their bytes: what `oslo export` writes,
/// but for what is not public.
///
/// # Errors
/// As [`make`].
pub fn make_all_statements(
    registry: &Registry,
    snapshot: &Snapshot,
    (folder, _slot): (&Folder, &Slot),
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Made, DumpError> {
    let work = Work::begin(registry, snapshot, folder, EVERYTHING, options)?;
    let wanted = [Format::NQuads];
    if work.lacking(&wanted).is_empty() {
        return work.nothing_lacks();
    }
    let view = public_view(registry, snapshot).without_apart();
    let dir = work.dir.as_path();
    let total = snapshot.quad_count();
    let mut sorted = Sorted::new(dir, SORTED_BYTES);
    let mut count = 0_u64;
    for quad in view.quads(None, None, None, None) {
        work.pace.row().map_err(failed("write to", dir))?;
        sorted.push(quads::line(&view, &quad))?;
        count += 1;
        if count.is_multiple_of(1024) {
            progress(count, total);
        }
    }
    let mut out = Packed::create(dir, &work.stem, Format::NQuads, &options.packings)?;
    sorted.each(&mut |line| {
        work.pace.row()?;
        out.write_all(line.as_bytes())
    })?;
    let made = Written {
        files: out.finish(count)?,
        items: None,
        statements: Some(count),
        left_out: LeftOut::default(),
    };
    work.end(made, &wanted)
}

/// What anybody may read: all that the API shows, without the graphs of registers that are not public.
fn public_view(registry: &Registry, snapshot: &Snapshot) -> View {
    let view = snapshot.view();
    let closed = registry.registers().iter().filter(|r| !is_public(r));
    let closed: Vec<Id> = closed
        .filter_map(|register| view.id_of_iri(registry.graph_iri(&register.graph).as_str()))
        .collect();
    if closed.is_empty() {
        return view;
    }
    let apart = snapshot.apart().iter().copied();
    view.with_graphs(Graphs::without(apart.chain(closed)))
}

/// The context of a register, to write with; an empty one when none ships, so that full IRIs are written.
fn context_of(register: &Register) -> Arc<Context> {
    let name = format!("{}.jsonld", register.context);
    let files = ContextStore::shipped_files().into_iter();
    let found = files.into_iter().find(|(known, _)| *known == name);
    let text = found.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let context = text.and_then(|text| Context::parse(text).ok());
    Arc::new(context.unwrap_or_default())
}

/// A dump that is being made.
struct Work<'a> {
    folder: &'a Folder,
    name: &'a str,
    options: &'a Options,
    pace: Pace,
    /// Where files are until they are whole.
    dir: std::path::PathBuf,
    stem: String,
    commit: u64,
    digest: String,
    moment: String,
    /// The dump of the latest commit there is.
    newest: Option<Manifest>,
    since: Instant,
}

/// What was written.
struct Written {
    files: Vec<super::DumpFile>,
    items: Option<u64>,
    statements: Option<u64>,
    left_out: LeftOut,
}

impl<'a> Work<'a> {
    fn begin(
        registry: &Registry,
        snapshot: &Snapshot,
        folder: &'a Folder,
        name: &'a str,
        options: &'a Options,
    ) -> Result<Self, DumpError> {
        folder.clean(name)?;
        let commit = snapshot.seq();
        let known = registry
            .store()
            .commits_between(commit.saturating_sub(1), commit)?;
        let info = known.iter().find(|info| info.seq == commit);
        let moment = info.map_or_else(now, |info| info.time.clone());
        let home = folder.of(name);
        let newest = folder.manifests(name).map_err(failed("read", &home))?;
        let dir = folder.unfinished(name);
        fs::create_dir_all(&dir).map_err(failed("create", &dir))?;
        Ok(Self {
            folder,
            name,
            options,
            pace: Pace::capped(options.percent, Arc::clone(&options.stop)),
            stem: stem(name, &moment, commit),
            dir,
            commit,
            digest: hex(&snapshot.digest()),
            moment,
            newest: newest.into_iter().next(),
            since: Instant::now(),
        })
    }

    /// The dump of this very commit, when there is one.
    fn same_commit(&self) -> Option<&Manifest> {
        self.newest
            .as_ref()
            .filter(|known| (known.commit, &known.digest) == (self.commit, &self.digest))
    }

    /// The formats that the dump of this commit lacks in some packing.
    fn lacking(&self, wanted: &[Format]) -> Vec<Format> {
        let known = self.same_commit();
        let is_there = |format: Format, packing: Packing| {
            known.is_some_and(|known| {
                let mut files = known.files.iter();
                files.any(|file| file.format == format && file.packing == Some(packing))
            })
        };
        let lacks = |format: &Format| {
            let mut packings = self.options.packings.iter();
            !packings.all(|packing| is_there(*format, *packing))
        };
        wanted.iter().copied().filter(lacks).collect()
    }

    /// The dump of this commit has all that is wanted.
    fn nothing_lacks(self) -> Result<Made, DumpError> {
        self.clear()?;
        self.keep_some()?;
        match self.newest {
            Some(known) => Ok(Made::Unchanged(known)),
            // Nothing wanted and nothing there: an order for no format.
            None => Err(failed("write to", &self.dir)(
                std::io::ErrorKind::InvalidInput.into(),
            )),
        }
    }

    fn clear(&self) -> Result<(), DumpError> {
        fs::remove_dir_all(&self.dir).map_err(failed("remove", &self.dir))
    }

    fn keep_some(&self) -> Result<(), DumpError> {
        if let Some(most) = self.options.keep {
            let gone = self.folder.keep(self.name, most)?;
            tracing::debug!(register = self.name, gone, "Removed old dumps");
        }
        Ok(())
    }

    /// Gives the files their names, the manifest last.
    fn end(self, written: Written, wanted: &[Format]) -> Result<Made, DumpError> {
        let mut manifest = Manifest {
            register: self.name.to_owned(),
            commit: self.commit,
            digest: self.digest.clone(),
            moment: self.moment.clone(),
            made: now(),
            duration_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            items: written.items,
            statements: written.statements,
            left_out: written.left_out,
            files: written.files,
        };
        let home = self.folder.of(self.name);
        if let Some(known) = self.same_commit() {
            let kept = known.files.iter().filter(|file| {
                let new = &manifest.files;
                !new.iter().any(|own| own.name == file.name)
            });
            let kept: Vec<_> = kept.cloned().collect();
            manifest.files.extend(kept);
            manifest.statements = manifest.statements.or(known.statements);
        } else if let Some(known) = &self.newest
            && known.holds_the_same_as(&manifest)
        {
            tracing::debug!(register = self.name, "Nothing changed since the last dump");
            self.clear()?;
            self.keep_some()?;
            return Ok(Made::Unchanged(known.clone()));
        }
        manifest
            .files
            .sort_by_key(|file| (file.format, file.packing));
        tracing::debug!(register = self.name, ?wanted, "A dump is whole");
        let moved = |name: &str| -> std::io::Result<()> {
            match fs::rename(self.dir.join(name), home.join(name)) {
                // It was there already, of the same commit.
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && home.join(name).exists() =>
                {
                    Ok(())
                }
                done => done,
            }
        };
        for file in &manifest.files {
            moved(&file.name).map_err(failed("name", &home))?;
        }
        sync_dir(&home).map_err(failed("write to", &home))?;
        let name = manifest.file_name();
        let path = self.dir.join(&name);
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| failed("write", &path)(error.into()))?;
        let mut file = File::create(&path).map_err(failed("write", &path))?;
        let mut write = || -> std::io::Result<()> {
            file.write_all(&text)?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().map_err(failed("write", &path))?;
        moved(&name).map_err(failed("name", &home))?;
        sync_dir(&home).map_err(failed("write to", &home))?;
        self.clear()?;
        self.keep_some()?;
        Ok(Made::New(manifest))
    }
}

fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond())
        .unwrap_or(now)
        .to_string()
}

/// What a register is written from.
struct Parts<'a> {
    view: &'a View,
    register: &'a Register,
    context: &'a Arc<Context>,
    /// Address of the context.
    reference: String,
}

impl Parts<'_> {
    /// Writes the items in some formats.
    fn write(
        &self,
        work: &Work<'_>,
        formats: &[Format],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Written, DumpError> {
        let Self { view, register, .. } = *self;
        let (dir, packings) = (work.dir.as_path(), work.options.packings.as_slice());
        let begin = |format: Format| -> Result<Option<Packed>, DumpError> {
            let is_wanted = formats.contains(&format);
            let begun = is_wanted.then(|| Packed::create(dir, &work.stem, format, packings));
            begun.transpose()
        };
        let mut rdf = Statements::new(
            view,
            register,
            begin(Format::NQuads)?,
            begin(Format::TriG)?,
            dir,
        );
        let mut lines = begin(Format::JsonLines)?;
        let mut table = formats
            .contains(&Format::Csv)
            .then(|| Table::create(dir, register, self.context))
            .transpose()?;
        let mut features = begin(Format::GeoJson)?
            .map(|out| Features::new(view, register, self.context, out, dir))
            .transpose()?;
        let wants_documents = lines.is_some() || table.is_some() || features.is_some();
        // Apart from those the API keeps: a dump reads one state from beginning to end.
        let items = CollectionIndex::default().in_order(view, register);
        let embed = EmbedRules::new(register.embed.clone());
        let rules = Rules::of(view, &embed);
        let names = Names::new(Arc::clone(self.context));
        let total = items.len() as u64;
        let mut left_out = LeftOut::default();
        let mut count = 0;
        for (at, item) in (1..).zip(items) {
            work.pace.row().map_err(failed("write to", dir))?;
            if at % 64 == 0 {
                progress(at, total);
            }
            let outline = match rules.outline(view, &names, item) {
                Ok(Some(outline)) => outline,
                Ok(None) => continue,
                Err(_) => {
                    left_out.count += 1;
                    if left_out.examples.len() < LISTED_LEFT_OUT {
                        let iri = view.iri(item).unwrap_or_default().into_owned();
                        left_out.examples.push(iri);
                    }
                    continue;
                }
            };
            count += 1;
            if rdf.is_wanted() {
                rdf.item(item, &outline, &work.pace)?;
            }
            if !wants_documents {
                continue;
            }
            let line = compact::document_on_one_line(view, &names, &outline, &self.reference);
            if let Some(lines) = &mut lines {
                lines.write_all(&line).map_err(failed("write to", dir))?;
            }
            if table.is_some() || features.is_some() {
                let document: Json = serde_json::from_slice(&line)
                    .map_err(|error| failed("write to", dir)(error.into()))?;
                let Json::Object(document) = document else {
                    continue;
                };
                if let Some(table) = &mut table {
                    table.item(&document)?;
                }
                if let Some(features) = &mut features {
                    features.item(item, &document)?;
                }
            }
        }
        progress(total, total);
        let (mut files, statements) = rdf.finish()?;
        if let Some(lines) = lines {
            files.extend(lines.finish(count)?);
        }
        if let Some(table) = table {
            files.extend(table.finish((dir, &work.stem), packings, &work.pace)?);
        }
        if let Some(features) = features {
            files.extend(features.finish()?);
        }
        Ok(Written {
            files,
            items: Some(count),
            statements,
            left_out,
        })
    }
}

//! N-Triples and N-Quads in bulk: the stream is cut into blocks at line ends, blocks are read on threads of their own,
//! and the calling thread gives out ids in the order of the file, so that the result is the same as reading line by line.
//! Lines that are not plainly canonical go through the strict reader. Words no complaints: a line that cannot be read
//! stops everything with its place, and the strict reader says what is wrong.

mod block;
mod scan;

use super::input::Input;
use super::limits::Limits;
use super::mend::Known;
use super::parse::Stop;
use super::reader::GuardedReader;
use super::stage::{LabelPrefix, Stager};
use crate::rdf::format::Format;
use crate::rdf::version::RdfVersion;
use block::{Block, Cutter, NO_GRAPH, Scanner};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, Builder, Scope};

pub(super) use block::Trouble;

/// Content below this size is read on the calling thread, and read again from its start when a line is wrong.
pub(super) const SMALL_BYTES: u64 = 1 << 20;
/// Places within a block are 32 bits wide, and rewriting can make a line six times as long.
const MAX_LINE_BYTES: u64 = 256 << 20;
/// Blocks that wait before and after each scanning thread.
const AHEAD: usize = 2;
const MAX_SCANNERS: usize = 8;

/// How the work is cut up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// About the size of a block.
    pub(super) block_bytes: usize,
    /// Threads that scan, beside one that reads; 0 leaves everything to the calling thread.
    pub(super) scanners: usize,
}

impl Setup {
    /// What suits an input; `None` when it is to be read in another way.
    pub(super) fn of(input: &Input, format: Format, limits: &Limits) -> Option<Self> {
        let lines = matches!(format, Format::NTriples | Format::NQuads);
        if !lines || limits.max_line_bytes > MAX_LINE_BYTES {
            return None;
        }
        let small = input.size_bytes().is_none_or(|size| size < SMALL_BYTES);
        let scanners = if small {
            0
        } else {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            cores.saturating_sub(1).clamp(1, MAX_SCANNERS)
        };
        Some(Self {
            block_bytes: 1 << 20,
            scanners,
        })
    }
}

/// Size and SHA-256 of the content.
type Content = (u64, [u8; 32]);

/// One input to read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The bytes.
    pub(super) input: &'a Input,
    /// N-Triples or N-Quads.
    pub(super) format: Format,
    /// Bounds.
    pub(super) limits: &'a Limits,
    /// What the registry takes.
    pub(super) version: RdfVersion,
}

impl Source<'_> {
    fn cutter(&self, setup: Setup) -> Result<Cutter<'static>, Stop> {
        let reader =
            GuardedReader::open(self.input, self.format, self.limits).map_err(Stop::Stream)?;
        Ok(Cutter::new(reader, setup.block_bytes))
    }
}

/// Stages all statements; calls `report` with the bytes taken from the source and the statements staged so far.
///
/// # Errors
/// [`Stop::Line`] where a line or the stream is wrong; everything before it is staged.
pub(super) fn read(
    source: Source<'_>,
    setup: Setup,
    stager: &mut Stager<'_, '_>,
    prefix: &mut LabelPrefix<'_>,
    report: &mut dyn FnMut(u64, u64),
) -> Result<Content, Stop> {
    let intake = Intake {
        stager,
        prefix,
        report,
        lines: 0,
        ids: Vec::new(),
    };
    if setup.scanners == 0 {
        read_here(source, setup, intake)
    } else {
        thread::scope(|scope| read_threaded(scope, source, setup, intake))
    }
}

fn read_here(
    source: Source<'_>,
    setup: Setup,
    mut intake: Intake<'_, '_, '_>,
) -> Result<Content, Stop> {
    let mut cutter = source.cutter(setup)?;
    let mut scanner = Scanner::new(source.format, source.version);
    let mut block = Block::default();
    while !block.last {
        cutter.cut(&mut block);
        scanner.scan(&mut block);
        intake.take(&block)?;
    }
    cutter.into_reader().finish().map_err(Stop::Read)
}

/// Each scanning thread has a lane; block n goes through lane n modulo their number, so blocks come back in order and
/// no more of them exist than the lanes hold. Dropping the ends of the lanes stops every thread.
fn read_threaded<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    source: Source<'env>,
    setup: Setup,
    mut intake: Intake<'_, '_, '_>,
) -> Result<Content, Stop> {
    let (spent, again) = channel();
    let (mut to_scan, mut scanned, mut scanners) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..setup.scanners {
        let (cut, to_this) = sync_channel::<Block>(AHEAD);
        let (done, from_this) = sync_channel::<Block>(AHEAD);
        to_scan.push(cut);
        scanned.push(from_this);
        let mut scanner = Scanner::new(source.format, source.version);
        scanners.push(spawn(scope, "oslo-scan", move || {
            for mut block in to_this {
                scanner.scan(&mut block);
                if done.send(block).is_err() {
                    break;
                }
            }
        })?);
    }
    let reader = spawn(scope, "oslo-read", move || {
        cut_all(source, setup, &to_scan, &again)
    })?;
    let outcome = scanned
        .iter()
        .cycle()
        .map_while(|lane| lane.recv().ok())
        .try_for_each(|block| {
            intake.take(&block)?;
            // The reader may be done; then nobody needs the buffers.
            let _ = spent.send(block);
            Ok(())
        });
    drop(scanned);
    let content = reader.join().unwrap_or(Err(Stop::Broke));
    let broke = scanners.into_iter().any(|scanner| scanner.join().is_err());
    outcome?;
    if broke { Err(Stop::Broke) } else { content }
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<thread::ScopedJoinHandle<'scope, T>, Stop> {
    Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, work)
        .map_err(|error: io::Error| Stop::Stream(error))
}

/// Sends blocks down the lanes until the stream ends or nobody takes them.
fn cut_all(
    source: Source<'_>,
    setup: Setup,
    lanes: &[SyncSender<Block>],
    again: &Receiver<Block>,
) -> Result<Content, Stop> {
    let mut cutter = source.cutter(setup)?;
    for lane in lanes.iter().cycle() {
        let mut block: Block = again.try_recv().unwrap_or_default();
        cutter.cut(&mut block);
        let last = block.last;
        if lane.send(block).is_err() {
            return Err(Stop::Broke);
        }
        if last {
            break;
        }
    }
    cutter.into_reader().finish().map_err(Stop::Read)
}

/// Gives out ids for the texts of a block and stages its rows.
struct Intake<'i, 'd, 's> {
    stager: &'i mut Stager<'d, 's>,
    prefix: &'i mut LabelPrefix<'i>,
    report: &'i mut dyn FnMut(u64, u64),
    /// Lines of the blocks before.
    lines: u64,
    ids: Vec<Known>,
}

impl Intake<'_, '_, '_> {
    fn take(&mut self, block: &Block) -> Result<(), Stop> {
        let text = block.text().ok_or(Stop::Broke)?;
        self.ids.clear();
        for place in block.terms() {
            self.ids.push(self.stager.text(&text[place], self.prefix)?);
        }
        let ids = &self.ids;
        for &[s, p, o, g] in block.rows() {
            let graph = (g != NO_GRAPH).then(|| ids[g as usize]);
            self.stager
                .add(ids[s as usize], ids[p as usize], ids[o as usize], graph);
        }
        self.stager.file_iris += block.file_iris;
        (self.report)(block.raw_bytes, self.stager.quads);
        if let Some(trouble) = block.trouble {
            return Err(Stop::Line(Trouble {
                line: self.lines + trouble.line,
                ..trouble
            }));
        }
        self.lines += block.lines;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! A file of a dump while it is written: packed in every wanted way at once, counted and hashed on the way to the disk.
//! Knows nothing of what is written.

use super::format::{Format, Packing};
use super::manifest::DumpFile;
use super::{DumpError, failed};
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What zip programs take by default: beyond, packing costs more than it saves.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 6;
const BUFFER_BYTES: usize = 256 << 10;

/// A file of a dump, packed in some ways; not at all when there are none.
pub(super) struct Packed {
    format: Format,
    stem: String,
    out: BufWriter<Split>,
}

/// Everything that is written, to each packing.
struct Split {
    packs: Vec<Pack>,
    plain: Sha256,
    plain_bytes: u64,
}

struct Pack {
    packing: Option<Packing>,
    path: PathBuf,
    encoder: Encoder,
}

enum Encoder {
    Gzip(GzEncoder<Sink>),
    Zstd(zstd::Encoder<'static, Sink>),
    Plain(Sink),
}

/// The file on the disk.
struct Sink {
    file: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Write for Split {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for pack in &mut self.packs {
            match &mut pack.encoder {
                Encoder::Gzip(encoder) => encoder.write_all(bytes)?,
                Encoder::Zstd(encoder) => encoder.write_all(bytes)?,
                Encoder::Plain(sink) => sink.write_all(bytes)?,
            }
        }
        self.plain.update(bytes);
        self.plain_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Packed {
    /// Begins the files `{stem}.{format}.{packing}` in a folder.
    pub(super) fn create(
        dir: &Path,
        stem: &str,
        format: Format,
        packings: &[Packing],
    ) -> Result<Self, DumpError> {
        let ways: Vec<Option<Packing>> = if packings.is_empty() {
            vec![None]
        } else {
            packings.iter().copied().map(Some).collect()
        };
        let mut packs = Vec::with_capacity(ways.len());
        for packing in ways {
            let mut name = format!("{stem}.{}", format.extension());
            if let Some(packing) = packing {
                name.push('.');
                name.push_str(packing.extension());
            }
            let path = dir.join(name);
            let encoder = encoder(packing, &path).map_err(failed("write", &path))?;
            packs.push(Pack {
                packing,
                path,
                encoder,
            });
        }
        let split = Split {
            packs,
            plain: Sha256::new(),
            plain_bytes: 0,
        };
        Ok(Self {
            format,
            stem: stem.to_owned(),
            out: BufWriter::with_capacity(BUFFER_BYTES, split),
        })
    }

    /// Ends the files and makes them durable; what is to be written down of each.
    pub(super) fn finish(self, rows: u64) -> Result<Vec<DumpFile>, DumpError> {
        let split = match self.out.into_inner() {
            Ok(split) => split,
            Err(error) => {
                let path = PathBuf::from(&self.stem);
                return Err(failed("write", &path)(error.into_error()));
            }
        };
        let plain_sha256 = hex(split.plain);
        let mut files = Vec::with_capacity(split.packs.len());
        for pack in split.packs {
            let path = pack.path;
            let sink = finished(pack.encoder).map_err(failed("write", &path))?;
            let mut file = DumpFile {
                name: String::new(),
                format: self.format,
                packing: pack.packing,
                media_type: self.format.media_type().to_owned(),
                bytes: sink.bytes,
                sha256: hex(sink.sha256),
                plain_bytes: split.plain_bytes,
                plain_sha256: plain_sha256.clone(),
                rows,
                formula_cells: 0,
            };
            file.name = format!("{}.{}", self.stem, file.extension());
            files.push(file);
        }
        Ok(files)
    }
}

fn encoder(packing: Option<Packing>, path: &Path) -> io::Result<Encoder> {
    let sink = Sink {
        file: BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?),
        sha256: Sha256::new(),
        bytes: 0,
    };
    Ok(match packing {
        // Without a name and a time, so that the same content gives the same bytes.
        Some(Packing::Gzip) => {
            Encoder::Gzip(GzEncoder::new(sink, flate2::Compression::new(GZIP_LEVEL)))
        }
        Some(Packing::Zstd) => {
            let mut encoder = zstd::Encoder::new(sink, ZSTD_LEVEL)?;
            encoder.include_checksum(true)?;
            Encoder::Zstd(encoder)
        }
        None => Encoder::Plain(sink),
    })
}

fn finished(encoder: Encoder) -> io::Result<Sink> {
    let mut sink = match encoder {
        Encoder::Gzip(encoder) => encoder.finish()?,
        Encoder::Zstd(encoder) => encoder.finish()?,
        Encoder::Plain(sink) => sink,
    };
    sink.flush()?;
    sink.file.get_ref().sync_all()?;
    Ok(sink)
}

fn hex(hasher: Sha256) -> String {
    crate::store::hex(&hasher.finalize())
}

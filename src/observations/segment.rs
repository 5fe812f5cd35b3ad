//! Parquet files of observations: written in row groups sorted by series and time, read by row group, so that neither takes more memory
//! than one group. The files are what portals take, so their columns have the names of the standards. Knows not which file counts.
//!
//! | column | type | what |
//! |---|---|---|
//! | `series`, `feature` | unsigned 32 bits | numbers, whose IRIs `names` knows; feature 0 is that of the series |
//! | `phenomenonTime`, `phenomenonEnd`, `resultTime` | UTC, microseconds | the last two absent when there is no interval, and when the result was there at once |
//! | `result`, `resultBoolean`, `resultText` | float, boolean, text | one of them; none when the observation was withdrawn |
//! | `quality` | unsigned 8 bits | as the publisher codes it |
//! | `ingestSeq` | unsigned 64 bits | of two rows about the same series, moment and feature the higher one holds |

use super::row::{FeatureId, Observation, Row, SeriesId, Value};
use super::{ObservationError, io_error};
use crate::store::fault;
use parquet::basic::{Compression, Encoding, Type as Physical, ZstdLevel};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of one group: what is decoded at once.
const GROUP_ROWS: usize = 128 * 1024;
/// Results of a group are listed once each as long as the list has no more bytes.
const DICTIONARY_BYTES: usize = 512 * 1024;
const ZSTD_LEVEL: i32 = 5;

const SCHEMA: &str = "message observations {
    required int32 series (INTEGER(32,false));
    required int32 feature (INTEGER(32,false));
    required int64 phenomenonTime (TIMESTAMP(MICROS,true));
    optional int64 phenomenonEnd (TIMESTAMP(MICROS,true));
    optional int64 resultTime (TIMESTAMP(MICROS,true));
    optional double result;
    optional boolean resultBoolean;
    optional binary resultText (UTF8);
    required int32 quality (INTEGER(8,false));
    required int64 ingestSeq (INTEGER(64,false));
}";
const PHYSICAL: [Physical; 10] = [
    Physical::INT32,
    Physical::INT32,
    Physical::INT64,
    Physical::INT64,
    Physical::INT64,
    Physical::DOUBLE,
    Physical::BOOLEAN,
    Physical::BYTE_ARRAY,
    Physical::INT32,
    Physical::INT64,
];
const SERIES: usize = 0;
const FEATURE: usize = 1;
const TIME: usize = 2;
const END: usize = 3;
const RESULT_TIME: usize = 4;
const RESULT: usize = 5;
const BOOLEAN: usize = 6;
const TEXT: usize = 7;
const QUALITY: usize = 8;
const SEQ: usize = 9;

fn properties() -> Result<WriterProperties, ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_created_by(format!("oslo-registry {}", env!("CARGO_PKG_VERSION")))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES);
    for name in [
        "series",
        "phenomenonTime",
        "phenomenonEnd",
        "resultTime",
        "ingestSeq",
    ] {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    // Where results are too many to list.
    builder = builder.set_column_encoding(ColumnPath::from("result"), Encoding::BYTE_STREAM_SPLIT);
    Ok(builder.build())
}

/// What is known of a file that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) first_time: i64,
    pub(super) last_time: i64,
}

/// Counts and hashes what goes through.
struct Hashing {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::write_all("observations.segment", &mut self.file, bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes one file; rows come in their order.
pub(super) struct SegmentWriter {
    path: PathBuf,
    writer: SerializedFileWriter<Hashing>,
    group: Vec<Row>,
    rows: u64,
    times: (i64, i64),
}

impl SegmentWriter {
    pub(super) fn create(path: &Path) -> Result<Self, ObservationError> {
        let file = File::create(path).map_err(io_error("create", path))?;
        let begin = || {
            let out = Hashing {
                file: BufWriter::with_capacity(1 << 18, file),
                hash: Sha256::new(),
                bytes: 0,
            };
            SerializedFileWriter::new(
                out,
                Arc::new(parse_message_type(SCHEMA)?),
                Arc::new(properties()?),
            )
        };
        Ok(Self {
            path: path.to_owned(),
            writer: begin().map_err(unwritten(path))?,
            group: Vec::new(),
            rows: 0,
            times: (i64::MAX, i64::MIN),
        })
    }

    pub(super) fn push(&mut self, row: Row) -> Result<(), ObservationError> {
        let time = row.observation.time;
        self.times = (self.times.0.min(time), self.times.1.max(time));
        self.rows += 1;
        self.group.push(row);
        if self.group.len() == GROUP_ROWS {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ObservationError> {
        let rows = std::mem::take(&mut self.group);
        if rows.is_empty() {
            return Ok(());
        }
        let mut write = || {
            let mut group = self.writer.next_row_group()?;
            write_columns(&mut group, &rows)?;
            group.close().map(drop)
        };
        write().map_err(unwritten(&self.path))
    }

    /// Ends the file and makes it durable; its name is, after a sync of the folder.
    pub(super) fn finish(mut self) -> Result<Written, ObservationError> {
        self.write_group()?;
        let out = self.writer.into_inner().map_err(unwritten(&self.path))?;
        let file = out
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .map_err(io_error("write to", &self.path))?;
        fault::sync("observations.segment.sync", &file).map_err(io_error("sync", &self.path))?;
        let sha256 = out.hash.finalize();
        Ok(Written {
            rows: self.rows,
            bytes: out.bytes,
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            first_time: self.times.0,
            last_time: self.times.1,
        })
    }
}

fn unwritten(path: &Path) -> impl FnOnce(ParquetError) -> ObservationError {
    let io = io_error("write to", path);
    move |error| io(io::Error::other(error))
}

fn unread(path: &Path) -> impl FnOnce(ParquetError) -> ObservationError {
    let path = path.to_owned();
    move |error| ObservationError::Damaged {
        path,
        reason: error.to_string(),
    }
}

type Group<'a> = SerializedRowGroupWriter<'a, Hashing>;

fn next<'a>(group: &'a mut Group<'_>) -> Result<SerializedColumnWriter<'a>, ParquetError> {
    group
        .next_column()?
        .ok_or_else(|| ParquetError::General("a column too many".to_owned()))
}

fn required<T: DataType>(group: &mut Group<'_>, values: &[T::T]) -> Result<(), ParquetError> {
    let mut column = next(group)?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn optional<T: DataType>(
    group: &mut Group<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let mut present = Vec::new();
    let levels: Vec<i16> = values
        .map(|value| {
            let level = i16::from(value.is_some());
            present.extend(value);
            level
        })
        .collect();
    let mut column = next(group)?;
    column
        .typed::<T>()
        .write_batch(&present, Some(&levels), None)?;
    column.close()
}

fn write_columns(group: &mut Group<'_>, rows: &[Row]) -> Result<(), ParquetError> {
    let told = || rows.iter().map(|row| &row.observation);
    let series: Vec<i32> = told().map(|o| o.series.0.cast_signed()).collect();
    required::<Int32Type>(group, &series)?;
    let features: Vec<i32> = told().map(|o| o.feature.0.cast_signed()).collect();
    required::<Int32Type>(group, &features)?;
    let times: Vec<i64> = told().map(|o| o.time).collect();
    required::<Int64Type>(group, &times)?;
    optional::<Int64Type>(group, told().map(|o| o.end))?;
    optional::<Int64Type>(group, told().map(|o| o.result_time))?;
    let numbers = told().map(|o| match &o.result {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    });
    optional::<DoubleType>(group, numbers)?;
    let booleans = told().map(|o| match &o.result {
        Some(Value::Boolean(value)) => Some(*value),
        _ => None,
    });
    optional::<BoolType>(group, booleans)?;
    let texts = told().map(|o| match &o.result {
        Some(Value::Text(text)) => Some(ByteArray::from(&**text)),
        _ => None,
    });
    optional::<ByteArrayType>(group, texts)?;
    let qualities: Vec<i32> = told().map(|o| i32::from(o.quality)).collect();
    required::<Int32Type>(group, &qualities)?;
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq.cast_signed()).collect();
    required::<Int64Type>(group, &seqs)
}

/// Reads one file.
pub(super) struct SegmentReader {
    path: PathBuf,
    reader: SerializedFileReader<File>,
}

impl SegmentReader {
    /// # Errors
    /// When it is no such file.
    pub(super) fn open(path: &Path) -> Result<Self, ObservationError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let reader = SerializedFileReader::new(file).map_err(unread(path))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let columns = schema.columns().iter().map(|column| column.physical_type());
        if !columns.eq(PHYSICAL) {
            return Err(ObservationError::Damaged {
                path: path.to_owned(),
                reason: "it has other columns than files of observations".to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            reader,
        })
    }

    pub(super) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// All rows of a group.
    pub(super) fn group(&self, at: usize) -> Result<Vec<Row>, ObservationError> {
        let read = || {
            let group = self.reader.get_row_group(at)?;
            let rows = usize::try_from(group.metadata().num_rows())?;
            rows_of(&*group, 0..rows)
        };
        read().map_err(unread(&self.path))
    }

    /// Appends the rows of one series in `times`.
    pub(super) fn series(
        &self,
        series: SeriesId,
        times: &Range<i64>,
        out: &mut Vec<Row>,
    ) -> Result<(), ObservationError> {
        let mut read = || {
            for at in 0..self.groups() {
                let group = self.reader.get_row_group(at)?;
                if !may_hold(&*group, series) {
                    continue;
                }
                let rows = usize::try_from(group.metadata().num_rows())?;
                let column: Vec<i32> = read_required::<Int32Type>(&*group, SERIES, 0..rows)?;
                let start = column.partition_point(|id| id.cast_unsigned() < series.0);
                let end = column.partition_point(|id| id.cast_unsigned() <= series.0);
                if start == end {
                    continue;
                }
                let moments: Vec<i64> = read_required::<Int64Type>(&*group, TIME, start..end)?;
                let from = start + moments.partition_point(|time| *time < times.start);
                let to = start + moments.partition_point(|time| *time < times.end);
                if from < to {
                    out.append(&mut rows_of(&*group, from..to)?);
                }
            }
            Ok(())
        };
        read().map_err(unread(&self.path))
    }
}

fn may_hold(group: &dyn RowGroupReader, series: SeriesId) -> bool {
    let Some(Statistics::Int32(bounds)) = group.metadata().column(SERIES).statistics() else {
        return true;
    };
    let below = |bound: Option<&i32>| bound.is_some_and(|id| series.0 < id.cast_unsigned());
    let above = |bound: Option<&i32>| bound.is_some_and(|id| series.0 > id.cast_unsigned());
    !below(bounds.min_opt()) && !above(bounds.max_opt())
}

fn short() -> ParquetError {
    ParquetError::General("a column has fewer rows than its group".to_owned())
}

fn read_required<T: DataType>(
    group: &dyn RowGroupReader,
    at: usize,
    rows: Range<usize>,
) -> Result<Vec<T::T>, ParquetError> {
    let mut column = get_typed_column_reader::<T>(group.get_column_reader(at)?);
    column.skip_records(rows.start)?;
    let mut values = Vec::with_capacity(rows.len());
    column.read_records(rows.len(), None, None, &mut values)?;
    (values.len() == rows.len())
        .then_some(values)
        .ok_or_else(short)
}

fn read_optional<T: DataType>(
    group: &dyn RowGroupReader,
    at: usize,
    rows: Range<usize>,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let nulls = group.metadata().column(at).statistics();
    let nulls = nulls.and_then(Statistics::null_count_opt);
    if nulls == Some(group.metadata().num_rows().cast_unsigned()) {
        return Ok(vec![None; rows.len()]);
    }
    let mut column = get_typed_column_reader::<T>(group.get_column_reader(at)?);
    column.skip_records(rows.start)?;
    let mut levels = Vec::with_capacity(rows.len());
    let mut values = Vec::new();
    column.read_records(rows.len(), Some(&mut levels), None, &mut values)?;
    if levels.len() != rows.len() {
        return Err(short());
    }
    let mut values = values.into_iter();
    let of = |level: i16| (level > 0).then(|| values.next()).flatten();
    Ok(levels.into_iter().map(of).collect())
}

fn rows_of(group: &dyn RowGroupReader, rows: Range<usize>) -> Result<Vec<Row>, ParquetError> {
    let series = read_required::<Int32Type>(group, SERIES, rows.clone())?;
    let features = read_required::<Int32Type>(group, FEATURE, rows.clone())?;
    let times = read_required::<Int64Type>(group, TIME, rows.clone())?;
    let ends = read_optional::<Int64Type>(group, END, rows.clone())?;
    let result_times = read_optional::<Int64Type>(group, RESULT_TIME, rows.clone())?;
    let numbers = read_optional::<DoubleType>(group, RESULT, rows.clone())?;
    let booleans = read_optional::<BoolType>(group, BOOLEAN, rows.clone())?;
    let texts = read_optional::<ByteArrayType>(group, TEXT, rows.clone())?;
    let qualities = read_required::<Int32Type>(group, QUALITY, rows.clone())?;
    let seqs = read_required::<Int64Type>(group, SEQ, rows.clone())?;
    (0..rows.len())
        .map(|at| {
            let text = texts[at].as_ref().map(|text| text.as_utf8()).transpose()?;
            let number = numbers[at].map(Value::Number);
            let boolean = booleans[at].map(Value::Boolean);
            Ok(Row {
                seq: seqs[at].cast_unsigned(),
                observation: Observation {
                    series: SeriesId(series[at].cast_unsigned()),
                    feature: FeatureId(features[at].cast_unsigned()),
                    time: times[at],
                    end: ends[at],
                    result_time: result_times[at],
                    result: number
                        .or(boolean)
                        .or(text.map(|text| Value::Text(text.into()))),
                    quality: qualities[at].to_le_bytes()[0],
                },
            })
        })
        .collect()
}

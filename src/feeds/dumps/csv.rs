//! The items of a register as CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)): a row an item, the columns being the
//! keys of its JSON-LD document, those of nested parts behind a dot (`positie.methode`), texts with a language by it
//! (`straatnaam@nl`). Beside it the metadata of [CSV on the Web](https://www.w3.org/TR/tabular-metadata/).
//!
//! Several values of a cell have `|` between them; a `|` or `\` of a value itself is written `\|` and `\\`. Of several nested
//! parts each has its place in all columns, empty where it says nothing. Nothing else is changed: a cell that a spreadsheet
//! would take for a formula stays what it is, as the file is to say what is stored; such cells are counted.
//!
//! Which columns there are is known after the last item: rows wait in a packed file until then.

use super::format::{Format, Packing};
use super::manifest::DumpFile;
use super::pack::Packed;
use super::{DumpError, failed};
use crate::registry::Register;
use crate::store::Pace;
use crate::views::Context;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Rows wait packed a little: most of them are alike.
const WAITING_LEVEL: i32 = 1;
/// Most columns of a file.
const MAX_COLUMNS: usize = 4096;
/// Most bytes of a value that waits; documents are far smaller.
const MAX_VALUE_BYTES: u32 = 1 << 30;

/// Values of a row by column.
type Row = Vec<(u32, Vec<String>)>;

/// The rows of a CSV file while they are gathered.
pub(super) struct Table<'a> {
    register: &'a Register,
    context: &'a Context,
    columns: Columns,
    waiting: zstd::Encoder<'static, BufWriter<File>>,
    path: PathBuf,
    rows: u64,
}

#[derive(Default)]
struct Columns {
    by_name: FxHashMap<String, u32>,
    all: Vec<Column>,
    /// What `@id` and `@type` are called.
    id: &'static str,
    class: &'static str,
}

struct Column {
    name: String,
    language: Option<String>,
    /// The key of the document, when it is one of the item itself.
    key: Option<String>,
    has_several: bool,
    kinds: Kinds,
}

/// Which kinds of values a column has.
#[derive(Clone, Copy, Default)]
struct Kinds {
    texts: bool,
    booleans: bool,
    integers: bool,
}

/// Where a value belongs.
struct Place<'a> {
    name: &'a str,
    language: Option<&'a str>,
    key: Option<&'a str>,
}

impl Columns {
    fn place(&mut self, place: &Place<'_>) -> Option<u32> {
        let name = match place.language {
            Some(language) => format!("{}@{language}", place.name),
            None => place.name.to_owned(),
        };
        if let Some(known) = self.by_name.get(&name) {
            return Some(*known);
        }
        if self.all.len() == MAX_COLUMNS {
            return None;
        }
        let at = u32::try_from(self.all.len()).ok()?;
        self.by_name.insert(name.clone(), at);
        self.all.push(Column {
            name,
            language: place.language.map(str::to_owned),
            key: place.key.map(str::to_owned),
            has_several: false,
            kinds: Kinds::default(),
        });
        Some(at)
    }

    fn put(&mut self, row: &mut Row, place: &Place<'_>, text: String, kind: Kinds) {
        let Some(at) = self.place(place) else { return };
        let column = &mut self.all[at as usize];
        column.kinds.texts |= kind.texts;
        column.kinds.booleans |= kind.booleans;
        column.kinds.integers |= kind.integers;
        match row.iter_mut().find(|(known, _)| *known == at) {
            Some((_, values)) => values.push(text),
            None => row.push((at, vec![text])),
        }
    }

    /// The members of a resource, below a prefix.
    fn node(&mut self, row: &mut Row, prefix: &str, node: &Map<String, Json>) {
        for (key, value) in node {
            let key = match key.as_str() {
                "@context" => continue,
                "@id" => self.id,
                "@type" => self.class,
                other => other,
            };
            if prefix.is_empty() {
                let place = (key, Some(key));
                self.value(row, place, value);
            } else {
                self.value(row, (&format!("{prefix}.{key}"), None), value);
            }
        }
    }

    fn value(&mut self, row: &mut Row, (name, key): (&str, Option<&str>), value: &Json) {
        let place = Place {
            name,
            language: None,
            key,
        };
        let kind = Kinds::default();
        match value {
            Json::Null => {}
            Json::Bool(flag) => {
                let booleans = true;
                self.put(row, &place, flag.to_string(), Kinds { booleans, ..kind });
            }
            Json::Number(number) => {
                let integers = number.is_i64() || number.is_u64();
                let texts = !integers;
                let kind = Kinds {
                    integers,
                    texts,
                    ..kind
                };
                self.put(row, &place, number.to_string(), kind);
            }
            Json::String(text) => {
                let texts = true;
                self.put(row, &place, text.clone(), Kinds { texts, ..kind });
            }
            Json::Array(values) => self.values(row, (name, key), values),
            Json::Object(object) => {
                if let Some(value) = object.get("@value") {
                    let text = match value {
                        Json::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    let language = object.get("@language").and_then(Json::as_str);
                    let texts = true;
                    self.put(
                        row,
                        &Place { language, ..place },
                        text,
                        Kinds { texts, ..kind },
                    );
                } else if let Some(Json::Array(values)) = object.get("@list") {
                    self.values(row, (name, key), values);
                } else if let (1, Some(Json::String(iri))) = (object.len(), object.get("@id")) {
                    let texts = true;
                    self.put(row, &place, iri.clone(), Kinds { texts, ..kind });
                } else {
                    self.node(row, name, object);
                }
            }
        }
    }

    fn values(&mut self, row: &mut Row, place: (&str, Option<&str>), values: &[Json]) {
        if values.len() < 2 || !values.iter().any(is_part) {
            for value in values {
                self.value(row, place, value);
            }
            return;
        }
        // Each part has its place in every column that any of them fills.
        let mut parts: Vec<Row> = Vec::with_capacity(values.len());
        for value in values {
            let mut part = Row::new();
            self.value(&mut part, place, value);
            parts.push(part);
        }
        let mut filled: Vec<u32> = parts.iter().flatten().map(|(at, _)| *at).collect();
        filled.sort_unstable();
        filled.dedup();
        for at in filled {
            let texts = parts.iter().map(|part| {
                let found = part.iter().find(|(known, _)| *known == at);
                found.map_or(String::new(), |(_, values)| match values.as_slice() {
                    [one] => one.clone(),
                    several => joined(several),
                })
            });
            let texts: Vec<String> = texts.collect();
            match row.iter_mut().find(|(known, _)| *known == at) {
                Some((_, values)) => values.extend(texts),
                None => row.push((at, texts)),
            }
        }
    }
}

/// Whether a value is a nested resource with members of its own.
fn is_part(value: &Json) -> bool {
    value.as_object().is_some_and(|object| {
        let is_link = object.len() == 1 && object.contains_key("@id");
        !is_link && !object.contains_key("@value") && !object.contains_key("@list")
    })
}

/// Values with `|` between them.
fn joined(values: &[String]) -> String {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push('|');
        }
        for letter in value.chars() {
            if matches!(letter, '|' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        }
    }
    out
}

/// Whether a spreadsheet would take a cell for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

impl<'a> Table<'a> {
    /// Begins to gather rows in a folder.
    pub(super) fn create(
        dir: &Path,
        register: &'a Register,
        context: &'a Context,
    ) -> Result<Self, DumpError> {
        let path = dir.join("csv.wacht");
        let waiting = File::create(&path)
            .and_then(|file| zstd::Encoder::new(BufWriter::new(file), WAITING_LEVEL))
            .map_err(failed("write", &path))?;
        let name = |plain: &'static str, own: &'static str| match context.predicate_of(plain) {
            None => plain,
            Some(_) => own,
        };
        let mut columns = Columns {
            id: name("id", "@id"),
            class: name("type", "@type"),
            ..Columns::default()
        };
        for key in [columns.id, columns.class] {
            // The first two, whatever the first item says.
            columns.place(&Place {
                name: key,
                language: None,
                key: None,
            });
        }
        Ok(Self {
            register,
            context,
            columns,
            waiting,
            path,
            rows: 0,
        })
    }

    /// Adds the row of a document.
    pub(super) fn item(&mut self, document: &Map<String, Json>) -> Result<(), DumpError> {
        let mut row = Row::new();
        self.columns.node(&mut row, "", document);
        for (at, values) in &row {
            self.columns.all[*at as usize].has_several |= values.len() > 1;
        }
        self.rows += 1;
        write_row(&mut self.waiting, &row).map_err(failed("write", &self.path))
    }

    /// Writes the file and its metadata into a folder.
    pub(super) fn finish(
        self,
        (dir, stem): (&Path, &str),
        packings: &[Packing],
        pace: &Pace,
    ) -> Result<Vec<DumpFile>, DumpError> {
        let Self {
            register,
            context,
            columns,
            waiting,
            path,
            rows,
        } = self;
        let path = path.as_path();
        let file = waiting.finish().map_err(failed("write", path))?;
        file.into_inner()
            .map_err(io::IntoInnerError::into_error)
            .map_err(failed("write", path))?;
        // Classes and the item itself first, then by name.
        let mut order: Vec<usize> = (0..columns.all.len()).collect();
        order[2..].sort_by(|a, b| columns.all[*a].name.cmp(&columns.all[*b].name));
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Packed::create(dir, stem, Format::Csv, packings)?);
        let broken = |error: csv::Error| failed("write to", dir)(error.into());
        let names = order.iter().map(|at| &columns.all[*at].name);
        out.write_record(names).map_err(broken)?;
        let mut waiting = File::open(path)
            .and_then(|file| zstd::Decoder::new(BufReader::new(file)))
            .map_err(failed("read", path))?;
        let mut formula_cells = 0;
        let mut cells: Vec<String> = vec![String::new(); order.len()];
        for _ in 0..rows {
            cells.iter_mut().for_each(String::clear);
            for (at, values) in read_row(&mut waiting).map_err(failed("read", path))? {
                if let Some(cell) = cells.get_mut(at as usize) {
                    *cell = joined(&values);
                    formula_cells += u64::from(is_formula(cell));
                }
            }
            pace.row().map_err(failed("write to", dir))?;
            let ordered = order.iter().map(|at| &cells[*at]);
            out.write_record(ordered).map_err(broken)?;
        }
        let out = out
            .into_inner()
            .map_err(|error| failed("write to", dir)(error.into_error()))?;
        let mut files = out.finish(rows)?;
        for file in &mut files {
            file.formula_cells = formula_cells;
        }
        let mut metadata = Packed::create(dir, stem, Format::CsvMetadata, &[])?;
        let text = columns.metadata((register, context), stem, &order);
        writeln!(metadata, "{text:#}").map_err(failed("write to", dir))?;
        files.extend(metadata.finish(0)?);
        std::fs::remove_file(path).map_err(failed("remove", path))?;
        Ok(files)
    }
}

impl Columns {
    fn metadata(
        &self,
        (register, context): (&Register, &Context),
        stem: &str,
        order: &[usize],
    ) -> Json {
        let columns = order.iter().map(|at| {
            let column = &self.all[*at];
            let mut out = Map::new();
            out.insert("name".into(), variable_name(&column.name).into());
            out.insert("titles".into(), column.name.clone().into());
            let property = column
                .key
                .as_deref()
                .and_then(|key| context.predicate_of(key));
            if let Some(property) = property {
                out.insert("propertyUrl".into(), property.into());
            }
            if let Some(language) = &column.language {
                out.insert("lang".into(), language.clone().into());
            }
            let datatype = match column.kinds {
                Kinds {
                    booleans: true,
                    texts: false,
                    integers: false,
                } => "boolean",
                Kinds {
                    integers: true,
                    texts: false,
                    booleans: false,
                } => "integer",
                _ => "string",
            };
            out.insert("datatype".into(), datatype.into());
            if column.has_several {
                out.insert("separator".into(), "|".into());
            }
            Json::Object(out)
        });
        let id = variable_name(self.id);
        json!({
            "@context": ["http://www.w3.org/ns/csvw", { "@language": "nl" }],
            "url": format!("{stem}.csv"),
            "dc:title": register.label.nl,
            "dc:description": register.description.nl,
            "dialect": { "encoding": "utf-8", "header": true, "delimiter": ",", "lineTerminators": ["\r\n"] },
            "tableSchema": {
                "aboutUrl": format!("{{+{id}}}"),
                "primaryKey": id,
                "columns": columns.collect::<Vec<_>>(),
            },
        })
    }
}

/// A name of a column as [CSV on the Web](https://www.w3.org/TR/tabular-metadata/#columns) wants it: letters, digits and what
/// is percent-encoded.
fn variable_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' && !out.is_empty() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn write_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let number = |out: &mut dyn Write, number: usize| {
        let number = u32::try_from(number).map_err(io::Error::other)?;
        out.write_all(&number.to_le_bytes())
    };
    number(out, row.len())?;
    for (at, values) in row {
        number(out, *at as usize)?;
        number(out, values.len())?;
        for value in values {
            number(out, value.len())?;
            out.write_all(value.as_bytes())?;
        }
    }
    Ok(())
}

fn read_row(input: &mut impl Read) -> io::Result<Row> {
    let mut row = Row::new();
    for _ in 0..read_number(input)? {
        let at = read_number(input)?;
        let mut values = Vec::new();
        for _ in 0..read_number(input)? {
            let bytes = read_number(input)?;
            let mut text = String::new();
            let read = input
                .take(u64::from(bytes.min(MAX_VALUE_BYTES)))
                .read_to_string(&mut text)?;
            if read as u64 != u64::from(bytes) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            values.push(text);
        }
        row.push((at, values));
    }
    Ok(row)
}

fn read_number(input: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(document: &Json) -> Vec<(String, String)> {
        let mut columns = Columns {
            id: "id",
            class: "type",
            ..Columns::default()
        };
        let mut row = Row::new();
        let document = document.as_object().expect("an object");
        columns.node(&mut row, "", document);
        let name = |at: u32| columns.all[at as usize].name.clone();
        let cells = row.iter().map(|(at, values)| (name(*at), joined(values)));
        cells.collect()
    }

    #[test]
    fn columns_are_keys_with_parts_and_languages() {
        let document = json!({
            "@context": "http://e/context",
            "@id": "http://e/1",
            "@type": "Straatnaam",
            "naam": [{"@value": "Dorp", "@language": "nl"}, {"@value": "Village", "@language": "fr"}],
            "actief": true,
            "aantal": 3,
            "link": {"@id": "http://e/2"},
            "ook": ["a|b", "c\\d"],
            "positie": {"@type": "Punt", "wkt": {"@value": "POINT(1 2)", "@type": "http://e/wkt"}},
            "lijst": {"@list": [1, 2]},
        });
        let expected = [
            ("id", "http://e/1"),
            ("type", "Straatnaam"),
            ("naam@nl", "Dorp"),
            ("naam@fr", "Village"),
            ("actief", "true"),
            ("aantal", "3"),
            ("link", "http://e/2"),
            ("ook", r"a\|b|c\\d"),
            ("positie.type", "Punt"),
            ("positie.wkt", "POINT(1 2)"),
            ("lijst", "1|2"),
        ];
        let expected = expected.map(|(name, cell)| (name.to_owned(), cell.to_owned()));
        assert_eq!(cells(&document), expected);
    }

    #[test]
    fn parts_keep_their_place() {
        let document = json!({"deel": [
            {"a": "1", "b": "x"}, {"a": "2"}, {"b": ["y", "z"]},
        ]});
        let expected = [("deel.a", "1|2|"), ("deel.b", r"x||y\|z")];
        let expected = expected.map(|(name, cell)| (name.to_owned(), cell.to_owned()));
        assert_eq!(cells(&document), expected);
    }

    #[test]
    fn rows_wait_and_come_back() {
        let row: Row = vec![(0, vec!["é".into(), String::new()]), (7, vec!["\n".into()])];
        let mut out = Vec::new();
        write_row(&mut out, &row).expect("memory takes writes");
        assert_eq!(read_row(&mut out.as_slice()).expect("a row"), row);
        assert!(read_row(&mut &out[..out.len() - 1]).is_err());
    }

    #[test]
    fn formulas_are_known_by_their_beginning() {
        assert!(is_formula("=1+1") && is_formula("-5") && is_formula("@x"));
        assert!(!is_formula("5-") && !is_formula(""));
        assert_eq!(variable_name("straatnaam@nl"), "straatnaam%40nl");
        assert_eq!(variable_name("_a_b"), "%5Fa_b");
    }
}

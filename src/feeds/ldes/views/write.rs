//! Pages of views: which members each has and what it says of others. Addresses end in `{part}/{level}/{number}`:
//!
//! - `blad/…` a leaf or node by time, of views that leave members out or lead from page to page;
//! - `{n}/…` a leaf or node of the members of key `n`, or of the state fixed after member `n`;
//! - `begin/{bytes}/{hex}` the keys that begin with some bytes;
//! - `daarna/0/…` a leaf of what came after a state.

use super::keyed::{Below, Keyed};
use super::keys::{GEOMETRY, NONE};
use super::retention::{Kept, policy};
use super::tiles::Tile;
use super::{Opened, ViewError};
use crate::feeds::ldes::describe::{self, Form, literal};
use crate::feeds::ldes::pages::{self, Branch, MEMBERS, Node, top_level};
use crate::feeds::ldes::write::{Reading, form_of, in_format};
use crate::feeds::stream::{AS, Stream, TREE, moment_text};
use crate::rdf::format::Format;
use crate::rdf::vocab::rdf;
use crate::registry::{FeedView, FeedViewKind};
use std::fmt::Write as _;
use std::io;

const DCT: &str = "http://purl.org/dc/terms/";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const SH: &str = "http://www.w3.org/ns/shacl#";
const GEO: &str = "http://www.opengis.net/ont/geosparql#";
/// Part of the address of leaves and nodes by time.
pub(super) const LEAF: &str = "blad";
/// Part of the address of leaves of what came after a state.
const AFTER: &str = "daarna";
/// Part of the address of pages of keys.
const BEGIN: &str = "begin";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Name of the register.
    pub register: &'a str,
    /// Name of the view.
    pub view: &'a str,
    /// Titles of the stream by language.
    pub titles: &'a [(&'a str, &'a str)],
    /// How the reader sees the stream.
    pub reading: &'a Reading<'a>,
    /// The moment that the age of members is reckoned to, in milliseconds since 1970 UTC.
    pub now: i64,
}

/// A page, its members not written out yet.
#[derive(Clone, Debug)]
pub struct Made {
    text: String,
    members: Vec<u64>,
    /// Whether it never changes.
    pub is_full: bool,
}

impl Made {
    /// Differs between pages that say different things.
    pub fn tag(&self) -> String {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(self.text.as_bytes());
        for member in &self.members {
            hasher.update(&member.to_le_bytes());
        }
        format!("{:032x}", hasher.digest128())
    }

    /// Numbers of its members, in order.
    pub fn members(&self) -> &[u64] {
        &self.members
    }

    /// What it says besides, as N-Quads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Writes it out.
    pub(super) fn write(&self, stream: &Stream, format: Format) -> io::Result<Vec<u8>> {
        let mut bytes = self.text.clone().into_bytes();
        let mut numbers = self.members.iter().copied();
        stream.each_of(&mut numbers, &mut |member| {
            bytes.extend_from_slice(member.text);
            Ok(())
        })?;
        in_format(bytes, format)
    }
}

/// A page being written.
pub(super) struct Page<'a> {
    stream: &'a Stream,
    asked: &'a Asked<'a>,
    form: Form,
    /// Its address.
    pub(super) page: String,
    pub(super) text: String,
    /// Relations written so far.
    relations: usize,
}

/// What follows `{entry}/{view}/{generation}/` in the address of a page.
type Place<'a> = (&'a str, u32, &'a str);

macro_rules! line {
    ($out:expr, $($text:tt)*) => {{
        // A `String` takes all of it.
        let _ = writeln!($out, $($text)*);
    }};
}

impl<'a> Page<'a> {
    fn new(stream: &'a Stream, asked: &'a Asked<'a>, page: String) -> Self {
        Self {
            stream,
            asked,
            form: form_of(asked.reading.format),
            page,
            text: String::new(),
            relations: 0,
        }
    }

    fn address(&self, (part, level, number): Place<'_>) -> String {
        address(self.stream, self.asked, (part, level, number))
    }

    /// Writes a relation to a page, with what holds for all members found there.
    fn relate(&mut self, target: &str, class: &str, path: Option<&str>, value: Option<&str>) {
        let name = format!("_:r{}", self.relations);
        self.relations += 1;
        let out = &mut self.text;
        line!(out, "<{}> <{TREE}relation> {name} .", self.page);
        line!(out, "{name} <{}> <{TREE}{class}> .", rdf::TYPE);
        if let Some(path) = path {
            line!(out, "{name} <{TREE}path> {path} .");
        }
        if let Some(value) = value {
            line!(out, "{name} <{TREE}value> {value} .");
        }
        line!(out, "{name} <{TREE}node> <{target}> .");
    }

    /// Writes relations to leaves or nodes with the moments of their first and last members.
    pub(super) fn relate_branches(
        &mut self,
        part: &str,
        branches: &[Branch],
        member: &dyn Fn(u64) -> u64,
    ) -> Result<(), ViewError> {
        for branch in branches {
            let (from, to) = (member(branch.members.0), member(branch.members.1 - 1));
            let first = self.stream.moments(from, from + 1)?;
            let last = self.stream.moments(to, to + 1)?;
            let Some(((first, _), (_, last))) = first.zip(last) else {
                continue;
            };
            let Node { level, number } = branch.node;
            let target = self.address((part, level, &number.to_string()));
            let number = self.relations;
            describe::relations(
                &self.page,
                number,
                &target,
                branch,
                (first, last),
                self.form,
                &mut self.text,
            );
            self.relations += 1;
        }
        Ok(())
    }

    pub(super) fn done(self, members: Vec<u64>, is_full: bool) -> Made {
        Made {
            text: self.text,
            members,
            is_full,
        }
    }
}

fn address(stream: &Stream, asked: &Asked<'_>, (part, level, number): Place<'_>) -> String {
    let Reading {
        generation, suffix, ..
    } = asked.reading;
    let (entry, view) = (&stream.entry, asked.view);
    format!("{entry}/{view}/{generation}/{part}/{level}/{number}{suffix}")
}

/// Writes the entry of a view.
pub(super) fn entry(
    stream: &Stream,
    opened: &mut Opened<'_>,
    view: &FeedView,
    asked: &Asked<'_>,
) -> Result<Made, ViewError> {
    let name = format!("{}/{}{}", stream.entry, asked.view, asked.reading.suffix);
    let mut page = Page::new(stream, asked, name);
    let titles = asked.titles;
    describe::stream(&stream.entry, &page.page, titles, page.form, &mut page.text);
    for (language, title) in [("nl", &view.label.nl), ("en", &view.label.en)] {
        line!(
            page.text,
            "<{}> <{DCT}title> \"{}\"@{language} .",
            page.page,
            literal(title)
        );
    }
    match &view.kind {
        FeedViewKind::Pages => {
            let first = page.address((LEAF, 0, "0"));
            page.relate(&first, "Relation", None, None);
        }
        FeedViewKind::Retention { versions, days } => {
            policy(&mut page, *versions, *days);
            let kept = Kept::new(stream, opened, asked, *versions, *days)?;
            let mut top = pages::top(asked.reading.len);
            top.retain(|branch| kept.any(branch.members));
            page.relate_branches(LEAF, &kept.open(top), &|member| member)?;
        }
        FeedViewKind::Snapshot => {
            let versions = opened.versions.as_mut().ok_or(ViewError::Absent)?;
            let at = versions.newest_state();
            let state = versions.state(at).ok_or(ViewError::Absent)?;
            let top = pages::top(state.len() as u64);
            let number = |at: u64| u64::from(state[at as usize]);
            page.relate_branches(&at.to_string(), &fixed(top), &number)?;
            let after = (u64::from(at) / MEMBERS).to_string();
            let target = page.address((AFTER, 0, &after));
            let since = match at.checked_sub(1) {
                Some(last) => stream.moments(u64::from(last), u64::from(at))?,
                None => None,
            };
            relate_after(&mut page, &target, since.map(|(_, last)| last));
        }
        kind => {
            let keyed = opened.keyed.as_mut().ok_or(ViewError::Absent)?;
            if let Some(number) = keyed.number(NONE) {
                let target = key_address(&page, keyed, number);
                page.relate(&target, "Relation", None, None);
            }
            relate_keys(&mut page, keyed, kind, b"");
        }
    }
    Ok(page.done(Vec::new(), false))
}

/// Writes a page of a view.
pub(super) fn page(
    stream: &Stream,
    opened: &mut Opened<'_>,
    view: &FeedView,
    asked: &Asked<'_>,
    place: Place<'_>,
) -> Result<Made, ViewError> {
    let (part, level, number) = place;
    let page = Page::new(stream, asked, address(stream, asked, place));
    let node = || -> Result<Node, ViewError> {
        let number = plain_number(number).ok_or(ViewError::Absent)?;
        Node::new(level, number).ok_or(ViewError::Absent)
    };
    match &view.kind {
        FeedViewKind::Pages if part == LEAF => linked(page, LEAF, node()?),
        FeedViewKind::Snapshot if part == AFTER => linked(page, AFTER, node()?),
        FeedViewKind::Snapshot => {
            let at = plain_number(part).and_then(|at| u32::try_from(at).ok());
            let at = at.ok_or(ViewError::Absent)?;
            let versions = opened.versions.as_mut().ok_or(ViewError::Absent)?;
            let is_past = at < versions.newest_state();
            let absent = if is_past {
                ViewError::Renewed
            } else {
                ViewError::Absent
            };
            let state = versions.state(at).ok_or(absent)?;
            let number = |at: u64| u64::from(state[at as usize]);
            tree(page, part, node()?, state.len() as u64, true, &number)
        }
        FeedViewKind::Retention { versions, days } if part == LEAF => {
            let kept = Kept::new(stream, opened, asked, *versions, *days)?;
            kept.page(page, node()?)
        }
        kind if part == BEGIN => {
            let keyed = opened.keyed.as_mut().ok_or(ViewError::Absent)?;
            let begin = unhex(number).filter(|bytes| bytes.len() == level as usize);
            let begin = begin.ok_or(ViewError::Absent)?;
            let mut page = page;
            describe::page(&page.page, false, &mut page.text);
            if !relate_keys(&mut page, keyed, kind, &begin) {
                return Err(ViewError::Absent);
            }
            Ok(page.done(Vec::new(), false))
        }
        _ => {
            let keyed = opened.keyed.as_mut().ok_or(ViewError::Absent)?;
            let key = plain_number(part).and_then(|key| u32::try_from(key).ok());
            let members = keyed.members(key.ok_or(ViewError::Absent)?);
            let number = |at: u64| u64::from(members[at as usize]);
            tree(page, part, node()?, members.len() as u64, false, &number)
        }
    }
}

/// Numbers have one address.
fn plain_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?))
        .collect()
}

/// Branches of what never changes.
fn fixed(mut branches: Vec<Branch>) -> Vec<Branch> {
    for branch in &mut branches {
        branch.is_full = true;
    }
    branches
}

/// A leaf or node of a search tree over some of the members.
fn tree(
    mut page: Page<'_>,
    part: &str,
    node: Node,
    len: u64,
    is_fixed: bool,
    member: &dyn Fn(u64) -> u64,
) -> Result<Made, ViewError> {
    let branch = node.among(len).ok_or(ViewError::Absent)?;
    let is_full = is_fixed || branch.is_full;
    describe::page(&page.page, is_full, &mut page.text);
    if node.level == 0 {
        let (from, to) = branch.members;
        return Ok(page.done((from..to).map(member).collect(), is_full));
    }
    let below = node.below(len);
    let below = if is_fixed { fixed(below) } else { below };
    page.relate_branches(part, &below, member)?;
    Ok(page.done(Vec::new(), is_full))
}

/// A leaf by time with a relation to the next. The leaf after the last full one is there, and empty, until a member comes.
fn linked(mut page: Page<'_>, part: &str, node: Node) -> Result<Made, ViewError> {
    let len = page.asked.reading.len;
    if node.level != 0 || node.number > len / MEMBERS {
        return Err(ViewError::Absent);
    }
    let (from, to) = (node.number * MEMBERS, (node.number + 1) * MEMBERS);
    let is_full = to <= len;
    describe::page(&page.page, is_full, &mut page.text);
    if is_full {
        let next = page.address((part, 0, &(node.number + 1).to_string()));
        let last = page.stream.moments(to - 1, to)?.map(|(_, last)| last);
        relate_after(&mut page, &next, last);
    }
    Ok(page.done((from..to.min(len)).collect(), is_full))
}

/// A relation to what came at a moment or later.
fn relate_after(page: &mut Page<'_>, target: &str, since: Option<i64>) {
    let Some(since) = since else {
        return page.relate(target, "Relation", None, None);
    };
    let (timestamp, _) = page.form.paths();
    let path = format!("<{timestamp}>");
    let value = format!("\"{}\"^^<{XSD}dateTime>", moment_text(since));
    let class = "GreaterThanOrEqualToRelation";
    page.relate(target, class, Some(&path), Some(&value));
}

/// The page that leads to all members of a key.
fn key_address(page: &Page<'_>, keyed: &Keyed, key: u32) -> String {
    let len = keyed.members(key).len() as u64;
    let level = match top_level(len) {
        0 if len <= MEMBERS => 0,
        level => level + 1,
    };
    page.address((&key.to_string(), level, "0"))
}

/// Writes the relations to the keys that begin with some bytes; whether there are any.
fn relate_keys(page: &mut Page<'_>, keyed: &mut Keyed, kind: &FeedViewKind, begin: &[u8]) -> bool {
    let below = keyed.below(begin);
    let path = match below.is_empty() {
        true => return false,
        false => write_path(kind, page.form, &mut page.text),
    };
    for below in &below {
        match below {
            Below::Key(number) => {
                let target = key_address(page, keyed, *number);
                let key = keyed.key(*number).unwrap_or(NONE);
                match relation(kind, key) {
                    Some((class, value)) => {
                        page.relate(&target, class, Some(&path), Some(&value));
                    }
                    None => page.relate(&target, "Relation", None, None),
                }
            }
            Below::Begin(begin) => {
                let hex = begin.iter().fold(String::new(), |mut hex, byte| {
                    let _ = write!(hex, "{byte:02x}");
                    hex
                });
                let level = u32::try_from(begin.len()).unwrap_or(u32::MAX);
                let target = page.address((BEGIN, level, &hex));
                let text = std::str::from_utf8(begin).ok();
                let text = text.filter(|_| matches!(kind, FeedViewKind::Prefix { .. }));
                match text {
                    Some(text) => {
                        let value = format!("\"{}\"", literal(text));
                        page.relate(&target, "PrefixRelation", Some(&path), Some(&value));
                    }
                    None => page.relate(&target, "Relation", None, None),
                }
            }
        }
    }
    true
}

/// What holds for the members of a key: the kind of relation and its value.
fn relation(kind: &FeedViewKind, key: &str) -> Option<(&'static str, String)> {
    match kind {
        // The key is the term as it is written.
        FeedViewKind::Reference { .. } => Some(("EqualToRelation", key.to_owned())),
        FeedViewKind::Prefix { .. } => Some(("PrefixRelation", format!("\"{}\"", literal(key)))),
        FeedViewKind::Tile { .. } => {
            let outline = Tile::parse(key)?.outline();
            let value = format!("\"{outline}\"^^<{GEO}wktLiteral>");
            Some(("GeospatiallyContainsRelation", value))
        }
        _ => None,
    }
}

/// Writes the path from a member to what it is put together by; its node.
fn write_path(kind: &FeedViewKind, form: Form, out: &mut String) -> String {
    let path: &[String] = match kind {
        FeedViewKind::Reference { path }
        | FeedViewKind::Prefix { path, .. }
        | FeedViewKind::Tile { path, .. } => path,
        _ => &[],
    };
    let mut steps: Vec<String> = Vec::new();
    if form == Form::Activities {
        steps.push(format!("<{AS}object>"));
    }
    steps.extend(path.iter().map(|iri| format!("<{iri}>")));
    if matches!(kind, FeedViewKind::Tile { .. }) {
        let written = GEOMETRY.map(|iri| format!("<{iri}>"));
        write_list("alt", &written, out);
        line!(out, "_:alt <{SH}alternativePath> _:alt0 .");
        steps.push("_:alt".to_owned());
    }
    match steps.as_slice() {
        [one] => one.clone(),
        _ => {
            write_list("pad", &steps, out);
            "_:pad0".to_owned()
        }
    }
}

/// Writes a list whose nodes are called `_:{name}0` and so on.
fn write_list(name: &str, items: &[String], out: &mut String) {
    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    for (at, item) in items.iter().enumerate() {
        line!(out, "_:{name}{at} <{RDF}first> {item} .");
        if at + 1 < items.len() {
            line!(out, "_:{name}{at} <{RDF}rest> _:{name}{} .", at + 1);
        } else {
            line!(out, "_:{name}{at} <{RDF}rest> <{RDF}nil> .");
        }
    }
}

//! The dialect of the base registries: what bodies of `/v2` and `/v3` hold, key by key and in order, declared in
//! `registers/dialect/{version}/{resource}.json`. Templates are compiled once; bodies are written straight from ids.
//! Knows no routes and no parameters of requests beyond the names declared.

mod finding;
mod path;
mod render;
mod template;
#[cfg(test)]
mod tests;
mod texts;

pub use render::{Body, Page};

use crate::rdf::label::Text;
use crate::registry::Register;
use crate::registry::assets::REGISTERS;
use crate::store::{Id, View};
use crate::views::resource::TooLarge;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};
use template::{Compiler, Template};

/// Folder of the declarations below `registers/`.
const FOLDER: &str = "dialect";
/// States whose predicates are kept.
const STATES: usize = 3;

/// Every resource of every version.
#[derive(Default)]
pub struct Dialect {
    versions: FxHashMap<String, FxHashMap<String, Arc<Resource>>>,
    /// Predicates that the templates name.
    predicates: Vec<String>,
    /// Their ids in states asked lately, by [`Snapshot::identity`](crate::store::Snapshot::identity).
    resolved: Mutex<Vec<(u64, Resolved)>>,
}

/// Ids of the predicates of all templates in one state; `None` for one that no statement of it has.
type Resolved = Arc<[Option<Id>]>;

/// A resource of a version, such as the addresses of `v3`.
#[derive(Debug)]
pub struct Resource {
    /// Path segment: `/v3/{name}`.
    pub name: String,
    /// Name of the register behind it.
    pub register: String,
    /// Name in URNs of problems, such as `address`.
    pub subject: String,
    /// One of its objects, for people.
    pub label: Text,
    /// Filters of its list.
    pub filters: Vec<ListFilter>,
    /// Sort keys of its list: the name in the dialect and that of the register's.
    pub sorts: Vec<(String, String)>,
    /// System of coordinates its geometries are in when none is asked; `None` without geometries.
    pub system: Option<String>,
    detail: Template,
    list: Template,
    /// Where the version of an object is, from the object.
    version: path::Path,
}

/// A filter of a list.
#[derive(Clone, Debug)]
pub struct ListFilter {
    /// Query parameter.
    pub name: String,
    /// Name of the register's filter behind it.
    pub filter: String,
    /// IRI pattern with `{id}` of the items that the value is an id of, when the register's filter wants their IRI.
    pub of: Option<String>,
    /// What it selects, where that is not what the register's filter says.
    pub description: Option<Text>,
}

/// Why a declaration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct DialectError {
    /// The file, below `registers/dialect`.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Dialect {
    /// The declarations that ship, for a registry with this base.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn shipped(base: &str, registers: &[Register]) -> Result<Self, DialectError> {
        let mut dialect = Self::default();
        for folder in REGISTERS.get_dir(FOLDER).iter().flat_map(|dir| dir.dirs()) {
            let text_of = |file: &include_dir::File<'static>| {
                let name = file.path().display().to_string();
                let text = file.contents_utf8().ok_or_else(|| DialectError {
                    file: name.clone(),
                    reason: "not UTF-8".to_owned(),
                })?;
                serde_json::from_str::<serde_json::Value>(text)
                    .map(|json| (name.clone(), json))
                    .map_err(|error| DialectError {
                        file: name,
                        reason: error.to_string(),
                    })
            };
            let Some(version) = folder.path().file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let mut files: Vec<_> = folder.files().collect();
            files.sort_unstable_by_key(|file| file.path());
            let mut shared = serde_json::Value::Null;
            let mut declared = Vec::new();
            for file in files {
                let stem = file.path().file_stem().and_then(|stem| stem.to_str());
                match stem {
                    Some("algemeen") => shared = text_of(file)?.1,
                    Some(stem) => declared.push((stem, text_of(file)?)),
                    None => {}
                }
            }
            let mut resources = FxHashMap::default();
            for (name, (file, json)) in declared {
                let compiler = Compiler {
                    base,
                    version,
                    registers,
                    shared: &shared,
                    predicates: &mut dialect.predicates,
                };
                let resource = compile(compiler, name, &json)
                    .map_err(|reason| DialectError { file, reason })?;
                resources.insert(name.to_owned(), Arc::new(resource));
            }
            dialect.versions.insert(version.to_owned(), resources);
        }
        Ok(dialect)
    }

    /// A resource of a version.
    pub fn resource(&self, version: &str, name: &str) -> Option<&Arc<Resource>> {
        self.versions.get(version)?.get(name)
    }

    /// The resources of a version, sorted by name.
    pub fn resources(&self, version: &str) -> Vec<&Arc<Resource>> {
        let mut all: Vec<_> = self
            .versions
            .get(version)
            .iter()
            .flat_map(|resources| resources.values())
            .collect();
        all.sort_unstable_by_key(|resource| &resource.name);
        all
    }

    /// The body of one object; `system` is the IRI of the system of coordinates asked for.
    ///
    /// # Errors
    /// [`TooLarge`] when the object has more statements than a document may have.
    pub fn detail(
        &self,
        view: &View,
        resource: &Resource,
        subject: Id,
        system: Option<&'static str>,
    ) -> Result<Body, TooLarge> {
        let resolved = self.resolve(view);
        render::detail(view, &resolved, resource, subject, system)
    }

    /// The body of a page of objects.
    ///
    /// # Errors
    /// [`TooLarge`] when an object has more statements than a document may have.
    pub fn list(
        &self,
        view: &View,
        resource: &Resource,
        page: &Page<'_>,
    ) -> Result<Vec<u8>, TooLarge> {
        let resolved = self.resolve(view);
        render::list(view, &resolved, resource, page)
    }

    /// Ids of the predicates in a state: looked up once for each.
    fn resolve(&self, view: &View) -> Resolved {
        let of = view.snapshot().identity();
        let lock = || self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = lock().iter().find(|(known, _)| *known == of) {
            return Arc::clone(known);
        }
        let made: Resolved = self
            .predicates
            .iter()
            .map(|iri| view.id_of_iri(iri))
            .collect();
        let mut known = lock();
        if known.len() >= STATES {
            known.remove(0);
        }
        known.push((of, Arc::clone(&made)));
        made
    }
}

fn compile(
    mut compiler: Compiler<'_>,
    name: &str,
    json: &serde_json::Value,
) -> Result<Resource, String> {
    let text = |key: &str| {
        let value = json.get(key).and_then(|value| value.as_str());
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("the text \"{key}\" is missing"))
    };
    let label = |language: &str| {
        let value = json.get("label").and_then(|label| label.get(language));
        value
            .and_then(|value| value.as_str())
            .map(str::to_owned)
            .ok_or_else(|| format!("the label in \"{language}\" is missing"))
    };
    let members = |key: &str| match json.get(key) {
        None => Ok(Vec::new()),
        Some(value) => value
            .as_object()
            .map(|object| object.iter().collect::<Vec<_>>())
            .ok_or_else(|| format!("\"{key}\" is no object")),
    };
    let registers = compiler.registers;
    let filter = |(name, to): (&String, &serde_json::Value)| {
        let filter = to.as_str().or_else(|| to.get("filter")?.as_str());
        let of = match to.get("of").and_then(|of| of.as_str()) {
            None => None,
            Some(of) => {
                let known = registers.iter().find(|known| known.name == of);
                Some(
                    known
                        .ok_or_else(|| format!("there is no register \"{of}\""))?
                        .iri
                        .clone(),
                )
            }
        };
        let description = |language: &str| to.get(language)?.as_str().map(str::to_owned);
        Ok::<_, String>(ListFilter {
            name: name.clone(),
            filter: filter
                .ok_or_else(|| format!("\"filters.{name}\" names no filter"))?
                .to_owned(),
            of,
            description: description("nl")
                .zip(description("en"))
                .map(|(nl, en)| Text::new(nl, en)),
        })
    };
    let sort = |(name, to): (&String, &serde_json::Value)| {
        let to = to
            .as_str()
            .ok_or_else(|| format!("\"sort.{name}\" is no text"))?;
        Ok::<_, String>((name.clone(), to.to_owned()))
    };
    let register = text("register")?;
    if !compiler
        .registers
        .iter()
        .any(|known| known.name == register)
    {
        return Err(format!("there is no register \"{register}\""));
    }
    let part = |key: &str| json.get(key).ok_or_else(|| format!("\"{key}\" is missing"));
    Ok(Resource {
        name: name.to_owned(),
        register,
        subject: text("subject")?,
        label: Text::new(label("nl")?, label("en")?),
        filters: members("filters")?
            .into_iter()
            .map(filter)
            .collect::<Result<_, _>>()?,
        sorts: members("sort")?
            .into_iter()
            .map(sort)
            .collect::<Result<_, _>>()?,
        system: json
            .get("system")
            .and_then(|system| system.as_str())
            .map(str::to_owned),
        detail: compiler.template(part("detail")?)?,
        list: compiler.template(part("list")?)?,
        version: compiler
            .path("adms:identifier/gen:gestructureerdeIdentificator/gen:versieIdentificator")?,
    })
}

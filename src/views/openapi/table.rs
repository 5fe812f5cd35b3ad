//! The table of what can be asked of this server: addresses, parameters, bodies, answers and problems, with their texts, as
//! `registers/openapi/*.toml` declares them. What is declared for each register is written out for every register. Knows
//! neither OpenAPI nor pages; both are made of it.

use super::parameters::{filters_of, id_parameter, key_list, names_in, sort_of};
use crate::rdf::label::Text;
use crate::registry::Register;
use crate::views::dialect::{Dialect, Resource};
use crate::views::json_schema::Keys;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Why the table cannot be read: a mistake in the data of this program.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A file is not TOML of the right shape.
    #[error("{file}: {source}")]
    Toml {
        /// The file.
        file: String,
        /// The mistake.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Something is named that nothing declares.
    #[error("{operation}: {what} \"{name}\" is not declared")]
    Unknown {
        /// The operation that names it.
        operation: String,
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// Everything that can be asked, for the registers of one registry.
#[derive(Clone, Debug)]
pub struct Table {
    /// Title and description.
    pub title: Text,
    /// What the whole is, for people.
    pub description: Text,
    /// Groups of operations, in order.
    pub tags: Vec<Tag>,
    /// The operations, in order.
    pub operations: Vec<Operation>,
    /// Headers of answers by name.
    pub headers: BTreeMap<String, Header>,
    /// What a status of a problem means, by status.
    pub problems: BTreeMap<u16, Text>,
    /// Schemas that are written out, by name.
    pub schemas: BTreeMap<String, Json>,
}

/// A group of operations.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its name for people.
    pub name: Text,
    /// What it is for.
    pub description: Text,
}

/// Something that can be asked.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Path below the base, with `{name}` for parameters.
    pub path: String,
    /// Method in lower case.
    pub method: String,
    /// Name that is unique in the table.
    pub id: String,
    /// Key of its group.
    pub tag: String,
    /// What it does, in one line.
    pub summary: Text,
    /// What there is to know besides; may be empty.
    pub description: Text,
    /// Its parameters, those of the path first.
    pub parameters: Vec<Parameter>,
    /// What it takes.
    pub body: Option<Body>,
    /// What it answers when all is well.
    pub answers: Vec<Answer>,
    /// Statuses of problems it may answer, sorted.
    pub problems: Vec<u16>,
    /// Whether it asks for the administrator's token.
    pub needs_token: bool,
    /// The register it is about.
    pub register: Option<String>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the path.
    Path,
    /// In the query string.
    Query,
    /// In a header.
    Header,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Key in the table; `None` for one of a single register.
    pub key: Option<String>,
    /// Name in the request.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it may be left out.
    pub required: bool,
    /// What it means.
    pub description: Text,
    /// Its schema.
    pub schema: Json,
    /// A value to try.
    pub example: Option<Json>,
}

/// What an operation takes.
#[derive(Clone, Debug)]
pub struct Body {
    /// Whether it may be left out.
    pub required: bool,
    /// What it is.
    pub description: Text,
    /// Media types with the names of their schemas.
    pub content: Vec<(String, String)>,
    /// An example by media type.
    pub examples: BTreeMap<String, Json>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// What it means.
    pub description: Text,
    /// Media types with the names of their schemas; none when there is no body.
    pub content: Vec<(String, String)>,
    /// Names of its headers.
    pub headers: Vec<String>,
}

/// A header of an answer.
#[derive(Clone, Debug)]
pub struct Header {
    /// What it tells.
    pub description: Text,
    /// Its schema.
    pub schema: Json,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Texts {
    nl: String,
    en: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    info: Option<InfoDeclaration>,
    tag: Vec<TagDeclaration>,
    parameter: BTreeMap<String, ParameterDeclaration>,
    header: BTreeMap<String, HeaderDeclaration>,
    headers: BTreeMap<String, Vec<String>>,
    parameters: BTreeMap<String, Vec<String>>,
    media: BTreeMap<String, Vec<String>>,
    problem: BTreeMap<String, Texts>,
    problems: BTreeMap<String, Vec<u16>>,
    schema: BTreeMap<String, Json>,
    operation: Vec<OperationDeclaration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InfoDeclaration {
    title: Texts,
    description: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagDeclaration {
    key: String,
    name: Texts,
    description: Texts,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterDeclaration {
    name: Option<String>,
    place: Place,
    #[serde(default)]
    required: bool,
    text: Texts,
    schema: Json,
    example: Option<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderDeclaration {
    text: Texts,
    schema: Json,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationDeclaration {
    path: String,
    method: String,
    id: String,
    tag: String,
    /// `register` when it is there for each of them; `v2` or `v3` when for each resource of that version.
    each: Option<String>,
    summary: Texts,
    #[serde(default)]
    description: Texts,
    #[serde(default)]
    parameters: Vec<String>,
    body: Option<BodyDeclaration>,
    #[serde(default)]
    answer: Vec<AnswerDeclaration>,
    /// Names of groups of problems, or statuses.
    #[serde(default)]
    problems: Vec<String>,
    #[serde(default)]
    token: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyDeclaration {
    #[serde(default = "yes")]
    required: bool,
    text: Texts,
    content: Vec<String>,
    #[serde(default)]
    examples: BTreeMap<String, Json>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerDeclaration {
    status: u16,
    text: Texts,
    #[serde(default)]
    content: Vec<String>,
    /// Name of a group of headers.
    headers: Option<String>,
}

fn yes() -> bool {
    true
}

impl From<Texts> for Text {
    fn from(texts: Texts) -> Self {
        Self::new(texts.nl, texts.en)
    }
}

/// What the table is written out for.
pub struct Subjects<'a> {
    /// The registers.
    pub registers: &'a [Register],
    /// The resources of the dialect.
    pub dialect: &'a Dialect,
    /// Knows the id of an item of a register.
    pub examples: &'a dyn Fn(&Register) -> Option<String>,
    /// Knows the keys of its items.
    pub keys: &'a dyn Fn(&Register) -> Keys,
}

/// What an operation is about: a register, and the resource of the dialect that shows it.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) register: &'a Register,
    pub(super) resource: Option<&'a Resource>,
}

/// What is put in the place of `{register}` and its like in texts and names.
struct Filling<'a> {
    about: Option<About<'a>>,
}

impl Filling<'_> {
    fn one(&self, text: &str, label: &str) -> String {
        let Some(about) = self.about else {
            return text.to_owned();
        };
        let resource = about.resource.map_or("", |resource| &resource.name);
        text.replace("{register}", &about.register.name)
            .replace("{soort}", &about.register.kind)
            .replace("{bron}", resource)
            .replace("{titel}", label)
    }

    fn text(&self, texts: &Texts) -> Text {
        let label = self.about.map(|about| &about.register.label);
        Text::new(
            self.one(&texts.nl, label.map_or("", |label| label.nl.as_str())),
            self.one(&texts.en, label.map_or("", |label| label.en.as_str())),
        )
    }
}

impl Table {
    /// Reads the files of the table, in the order of their names, and writes out what is declared for each register.
    ///
    /// # Errors
    /// When a file is not of the right shape or names what nothing declares.
    pub fn read<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f str)>,
        subjects: &Subjects<'_>,
    ) -> Result<Self, TableError> {
        let mut all = File::default();
        let mut files: Vec<(&str, &str)> = files.into_iter().collect();
        files.sort_unstable();
        for (name, text) in files {
            let file: File = toml::from_str(text).map_err(|source| TableError::Toml {
                file: name.to_owned(),
                source: Box::new(source),
            })?;
            all.info = file.info.or(all.info);
            all.tag.extend(file.tag);
            all.parameter.extend(file.parameter);
            all.header.extend(file.header);
            all.headers.extend(file.headers);
            all.parameters.extend(file.parameters);
            all.media.extend(file.media);
            all.problem.extend(file.problem);
            all.problems.extend(file.problems);
            all.schema.extend(file.schema);
            all.operation.extend(file.operation);
        }
        let mut operations = Vec::new();
        for declared in &all.operation {
            match declared.each.as_deref() {
                None => operations.push(all.operation(declared, None, subjects)?),
                Some("register") => {
                    for register in subjects.registers {
                        let example = (subjects.examples)(register);
                        let about = About {
                            register,
                            resource: None,
                        };
                        operations.push(all.operation(
                            declared,
                            Some((about, example)),
                            subjects,
                        )?);
                    }
                }
                Some(version) => {
                    for resource in subjects.dialect.resources(version) {
                        let mut registers = subjects.registers.iter();
                        let Some(register) = registers.find(|r| r.name == resource.register) else {
                            continue;
                        };
                        let example = (subjects.examples)(register);
                        let about = About {
                            register,
                            resource: Some(resource),
                        };
                        operations.push(all.operation(
                            declared,
                            Some((about, example)),
                            subjects,
                        )?);
                    }
                }
            }
        }
        let info = all.info.map(|info| (info.title, info.description));
        let (title, description) = info.unwrap_or_default();
        let tags = all.tag.into_iter().map(|tag| Tag {
            key: tag.key,
            name: tag.name.into(),
            description: tag.description.into(),
        });
        let headers = all.header.into_iter().map(|(name, header)| {
            let header = Header {
                description: header.text.into(),
                schema: header.schema,
            };
            (name, header)
        });
        let problems = all
            .problem
            .into_iter()
            .filter_map(|(status, text)| Some((status.parse().ok()?, text.into())));
        Ok(Self {
            title: title.into(),
            description: description.into(),
            tags: tags.collect(),
            operations,
            headers: headers.collect(),
            problems: problems.collect(),
            schemas: all.schema,
        })
    }
}

impl File {
    fn operation(
        &self,
        declared: &OperationDeclaration,
        of: Option<(About<'_>, Option<String>)>,
        subjects: &Subjects<'_>,
    ) -> Result<Operation, TableError> {
        let about = of.as_ref().map(|(about, _)| *about);
        let filling = Filling { about };
        let id = filling.one(&declared.id, "");
        let path = filling.one(&declared.path, "");
        let mut parameters = Vec::new();
        for name in names_in(&path) {
            // An operation may say what a name of its path means.
            let own = declared
                .parameters
                .iter()
                .find(|key| self.stands_for(key, name));
            parameters.push(match (&of, own) {
                (_, Some(key)) => self.parameter(&id, key)?,
                (Some((about, example)), None) if name == "id" => {
                    id_parameter(about.register, example)
                }
                _ => self.parameter(&id, name)?,
            });
        }
        let others = declared.parameters.iter().filter(|key| {
            let place = self.parameter.get(*key).map(|declared| declared.place);
            place != Some(Place::Path)
        });
        for name in others {
            match (name.as_str(), about) {
                ("@filters", Some(about)) => parameters.extend(filters_of(about)),
                ("@sort", Some(about)) => parameters.extend(sort_of(about)),
                ("@bbox", Some(about)) => {
                    if !about.register.geometry.is_empty() {
                        parameters.push(self.parameter(&id, "bbox")?);
                        parameters.push(self.parameter(&id, "bbox-crs")?);
                    }
                }
                ("@fields", Some(about)) => {
                    let keys = (subjects.keys)(about.register);
                    parameters.push(key_list("fields", &keys.all));
                }
                ("bbox" | "bbox-crs", Some(about)) if about.register.geometry.is_empty() => {}
                ("@expand", Some(about)) => {
                    let keys = (subjects.keys)(about.register);
                    if !keys.links.is_empty() {
                        parameters.push(key_list("expand", &keys.links));
                    }
                }
                _ => match self.parameters.get(name) {
                    Some(group) => {
                        for name in group {
                            parameters.push(self.parameter(&id, name)?);
                        }
                    }
                    None => parameters.push(self.parameter(&id, name)?),
                },
            }
        }
        let body = declared.body.as_ref().map(|body| Body {
            required: body.required,
            description: filling.text(&body.text),
            content: self.content(&filling, &body.content),
            examples: body.examples.clone(),
        });
        let mut answers = Vec::new();
        for answer in &declared.answer {
            let headers = match &answer.headers {
                None => Vec::new(),
                Some(group) => self
                    .headers
                    .get(group)
                    .cloned()
                    .ok_or_else(|| unknown(&id, "the group of headers", group))?,
            };
            answers.push(Answer {
                status: answer.status,
                description: filling.text(&answer.text),
                content: self.content(&filling, &answer.content),
                headers,
            });
        }
        let mut problems = Vec::new();
        for name in declared.problems.iter().map(String::as_str).chain(["alle"]) {
            match (name.parse(), self.problems.get(name)) {
                (Ok(status), _) => problems.push(status),
                (_, Some(group)) => problems.extend(group),
                _ => return Err(unknown(&id, "the group of problems", name)),
            }
        }
        problems.sort_unstable();
        problems.dedup();
        Ok(Operation {
            path,
            method: declared.method.clone(),
            id,
            tag: declared.tag.clone(),
            summary: filling.text(&declared.summary),
            description: filling.text(&declared.description),
            parameters,
            body,
            answers,
            problems,
            needs_token: declared.token,
            register: about.map(|about| about.register.name.clone()),
        })
    }

    /// Whether a parameter is the one of a name in a path.
    fn stands_for(&self, key: &str, name: &str) -> bool {
        self.parameter.get(key).is_some_and(|declared| {
            declared.place == Place::Path && declared.name.as_deref().unwrap_or(key) == name
        })
    }

    fn parameter(&self, operation: &str, key: &str) -> Result<Parameter, TableError> {
        let declared = self
            .parameter
            .get(key)
            .ok_or_else(|| unknown(operation, "the parameter", key))?
            .clone();
        Ok(Parameter {
            name: declared.name.unwrap_or_else(|| key.to_owned()),
            key: Some(key.to_owned()),
            place: declared.place,
            required: declared.required || declared.place == Place::Path,
            description: declared.text.into(),
            schema: declared.schema,
            example: declared.example,
        })
    }

    /// Media types with their schemas: `type schema`, or the name of a group of types, whose bodies are text.
    fn content(&self, filling: &Filling<'_>, lines: &[String]) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for line in lines {
            let (types, schema) = line.split_once(' ').unwrap_or((line, "Tekst"));
            let schema = filling.one(schema, "");
            match self.media.get(types) {
                Some(group) => out.extend(group.iter().map(|kind| (kind.clone(), schema.clone()))),
                None => out.push((types.to_owned(), schema)),
            }
        }
        out
    }
}

fn unknown(operation: &str, what: &'static str, name: &str) -> TableError {
    TableError::Unknown {
        operation: operation.to_owned(),
        what,
        name: name.to_owned(),
    }
}

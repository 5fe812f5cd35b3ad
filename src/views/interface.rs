//! All descriptions of what a server offers, made once from declarations and from data that ship: the table of operations, the
//! OpenAPI document, and schema, form and example of each register. The same whatever is stored.

use crate::rdf::label::Language;
use crate::registry::Register;
use crate::registry::assets::REGISTERS;
use crate::views::context::Context;
use crate::views::dialect::Dialect;
use crate::views::json_schema::{
    Keys, Mode, Schema, SchemaOptions, Sources, form, item_schema, keys, listed_schema,
    new_item_schema, schema_document,
};
use crate::views::jsonld;
use crate::views::openapi::{
    Contact, Parts, Subjects, Table, TableError, dialect_schemas, document,
};
use crate::views::shipped::{Shipped, ShippedError};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Folder of the table below `registers/`.
const FOLDER: &str = "openapi";

/// Why the descriptions cannot be made: a mistake in the data of this program.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// The table.
    #[error("the table of operations: {0}")]
    Table(#[from] TableError),
    /// The data that ship.
    #[error("the data that ship: {0}")]
    Shipped(#[from] ShippedError),
    /// A register names a context that there is none of.
    #[error("there is no context {0}")]
    Context(String),
}

/// The descriptions, as texts ready to be sent.
pub struct Interface {
    /// What can be asked.
    pub table: Table,
    openapi: [String; 2],
    registers: BTreeMap<String, Described>,
}

/// The descriptions of one register.
#[derive(Clone, Debug, Default)]
struct Described {
    schema: [String; 2],
    form: String,
    example: Option<String>,
}

/// What the descriptions are made of.
pub struct Ingredients<'a> {
    /// Base of the registry, without a slash at the end.
    pub base: &'a str,
    /// The declared registers.
    pub registers: &'a [Register],
    /// The context of a register.
    pub context_of: &'a dyn Fn(&Register) -> Option<&'a Context>,
    /// The dialect of the base registries.
    pub dialect: &'a Dialect,
    /// Who answers for the registry.
    pub contact: &'a Contact,
}

impl Interface {
    /// Makes all descriptions. Reads what ships, which takes a moment.
    ///
    /// # Errors
    /// When what ships is not whole; tests hold that it is.
    pub fn describe(ingredients: &Ingredients<'_>) -> Result<Self, InterfaceError> {
        let shipped = Shipped::load()?;
        let base = ingredients.base;
        let mut registers = BTreeMap::new();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut known: BTreeMap<String, Keys> = BTreeMap::new();
        let mut examples: BTreeMap<String, Json> = BTreeMap::new();
        let mut schemas: [BTreeMap<String, Schema>; 2] = Default::default();
        for register in ingredients.registers {
            let context = (ingredients.context_of)(register)
                .ok_or_else(|| InterfaceError::Context(register.context.clone()))?;
            let shapes = shipped.shapes(&register.profile);
            let sources = Sources {
                shipped: &shipped,
                shapes: &shapes,
                context,
                register,
                registers: ingredients.registers,
                base,
            };
            known.insert(register.name.clone(), keys(&sources));
            let mut described = Described {
                schema: LANGUAGES.map(|language| text(&schema_document(&sources, language))),
                form: text(&form(&sources)),
                example: None,
            };
            for (at, language) in LANGUAGES.into_iter().enumerate() {
                let mut add = |kind: &str, mode: Mode, make: &Maker<'_>| {
                    let name = format!("{kind}-{}", register.name);
                    let prefix = format!("#/components/schemas/{name}.");
                    let options = SchemaOptions {
                        mode,
                        language,
                        prefix: &prefix,
                    };
                    let schema = make(options);
                    schemas[at].insert(name, schema);
                };
                let item = |options: SchemaOptions<'_>| item_schema(&sources, options);
                add("Object", Mode::Lenient, &item);
                add("Vervanging", Mode::Input, &item);
                add("Wijziging", Mode::Patch, &item);
                add("Nieuw", Mode::Input, &|options| {
                    new_item_schema(&sources, options)
                });
                add("Lijst", Mode::Lenient, &|options| {
                    envelope(listed_schema(&sources, options))
                });
            }
            if let Some((id, tree)) = shipped.example(register) {
                let reference = format!("{base}/contexts/{}.jsonld", register.context);
                let example = jsonld::document(&tree, context, reference.into());
                described.example = Some(text(&example));
                examples.insert(format!("Object-{}", register.name), example);
                ids.insert(register.name.clone(), id);
            }
            registers.insert(register.name.clone(), described);
        }
        let files = REGISTERS
            .get_dir(FOLDER)
            .into_iter()
            .flat_map(|folder| folder.files())
            .filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
        let subjects = Subjects {
            registers: ingredients.registers,
            dialect: ingredients.dialect,
            examples: &|register| ids.get(&register.name).cloned(),
            keys: &|register| known.get(&register.name).cloned().unwrap_or_default(),
        };
        let mut table = Table::read(files, &subjects)?;
        for version in ["v2", "v3"] {
            table.schemas.extend(dialect_schemas(version));
        }
        let mut openapi: [String; 2] = Default::default();
        for (at, language) in LANGUAGES.into_iter().enumerate() {
            let parts = Parts {
                base,
                language,
                contact: ingredients.contact,
                schemas: &schemas[at],
                examples: &examples,
            };
            // On one line: it is long, and for programs.
            openapi[at] = format!("{}\n", document(&table, &parts));
        }
        Ok(Self {
            table,
            openapi,
            registers,
        })
    }

    /// The OpenAPI document.
    pub fn openapi(&self, language: Language) -> &str {
        &self.openapi[language as usize]
    }

    /// The schema of a register.
    pub fn schema(&self, register: &str, language: Language) -> Option<&str> {
        let described = self.registers.get(register)?;
        Some(&described.schema[language as usize])
    }

    /// The form of a register.
    pub fn form(&self, register: &str) -> Option<&str> {
        Some(&self.registers.get(register)?.form)
    }

    /// An item of a register as it is written.
    pub fn example(&self, register: &str) -> Option<&str> {
        self.registers.get(register)?.example.as_deref()
    }
}

/// Makes one schema.
type Maker<'a> = dyn Fn(SchemaOptions<'_>) -> Schema + 'a;

/// In the order of [`Language`] as a number.
const LANGUAGES: [Language; 2] = [Language::Nl, Language::En];

fn text(json: &Json) -> String {
    format!("{json:#}\n")
}

/// A page of items around the schema of one.
fn envelope(item: Schema) -> Schema {
    let mut properties = Map::new();
    let text = |format: &str| json!({ "type": "string", "format": format });
    properties.insert(
        "@context".into(),
        json!({ "type": ["string", "array", "object"] }),
    );
    properties.insert("@id".into(), text("uri"));
    properties.insert(
        "@type".into(),
        json!({ "type": "string", "const": "Collectie" }),
    );
    properties.insert("totaal".into(), json!({ "type": "integer", "minimum": 0 }));
    properties.insert(
        "data".into(),
        json!({ "type": "array", "items": item.root }),
    );
    properties.insert("volgende".into(), text("uri"));
    Schema {
        root: json!({
            "type": "object",
            "properties": properties,
            "required": ["@context", "@id", "@type", "data"],
        }),
        definitions: item.definitions,
    }
}

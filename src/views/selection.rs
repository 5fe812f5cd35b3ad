//! What a request selects of a document: keys of the context to show, links to follow, languages to keep. Reads the parameters
//! and says what is wrong with them; what they do to a document is the business of `outline`.

use crate::rdf::label::Text;
use crate::registry::Register;
use crate::views::WrongValue;
use crate::views::context::Context;
use std::collections::BTreeMap;

/// Most keys in one parameter.
const MAX_KEYS: usize = 50;
/// Most parts of one key.
const MAX_PARTS: usize = 6;
/// Most languages.
const MAX_LANGUAGES: usize = 8;
/// Stands for every language.
pub(super) const ANY_LANGUAGE: &str = "*";

/// Predicates by IRI, each with those below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(pub(super) BTreeMap<String, Keys>);

impl Keys {
    fn insert(&mut self, path: &[String]) {
        if let Some((first, rest)) = path.split_first() {
            self.0.entry(first.clone()).or_default().insert(rest);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a request selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Predicates shown, with those shown below them; a predicate with nothing below shows everything. `None` shows all.
    pub fields: Option<Keys>,
    /// Links whose targets are shown nested.
    pub expand: Keys,
    /// Languages kept of texts with a language, best first; empty keeps all.
    pub languages: Vec<String>,
}

impl Selection {
    /// Reads `fields=a,b.c`, `expand=d,e.f` and `lang=nl,en`, by the keys of a register's context.
    ///
    /// # Errors
    /// [`WrongValue`] for a key that the context does not have, and for more or deeper ones than are taken.
    pub fn parse(
        register: &Register,
        context: &Context,
        (fields, expand, languages): (Option<&str>, Option<&str>, Option<&str>),
    ) -> Result<Self, WrongValue> {
        let mut selection = Self::default();
        if let Some(text) = fields {
            let mut shown = Keys::default();
            for path in keys("fields", text, MAX_PARTS, context)? {
                // What is shown of a target is there only when the link is followed.
                let links = path.len().saturating_sub(1).min(register.depth);
                selection.expand.insert(&path[..links]);
                shown.insert(&path);
            }
            selection.fields = Some(shown);
        }
        for path in keys("expand", expand.unwrap_or(""), register.depth, context)? {
            selection.expand.insert(&path);
        }
        if let Some(text) = languages {
            selection.languages = tags(text)?;
        }
        Ok(selection)
    }

    /// Whether documents are shown as they are.
    pub fn is_empty(&self) -> bool {
        self.fields.is_none() && self.expand.is_empty() && self.languages.is_empty()
    }
}

/// The paths of a list of keys, as predicates.
fn keys(
    parameter: &str,
    text: &str,
    deepest: usize,
    context: &Context,
) -> Result<Vec<Vec<String>>, WrongValue> {
    let mut paths: Vec<Vec<String>> = Vec::new();
    for key in text.split(',').map(str::trim).filter(|key| !key.is_empty()) {
        let parts: Vec<&str> = key.split('.').collect();
        // What every document shows may be asked for, and says nothing.
        if parts.iter().any(|part| part.starts_with('@')) {
            if matches!(parts.last(), Some(&"@id" | &"@type")) && parts.len() == 1 {
                continue;
            }
            return Err(unknown(parameter, key, context));
        }
        if parts.len() > deepest || paths.len() == MAX_KEYS {
            return Err(WrongValue {
                parameter: parameter.to_owned(),
                value: key.to_owned(),
                allowed: Text::new(
                    format!("hoogstens {MAX_KEYS} sleutels van hoogstens {deepest} delen"),
                    format!("at most {MAX_KEYS} keys of at most {deepest} parts"),
                ),
                known: Vec::new(),
            });
        }
        let path: Option<Vec<String>> = parts
            .iter()
            .map(|part| context.predicate_of(part).map(str::to_owned))
            .collect();
        paths.push(path.ok_or_else(|| unknown(parameter, key, context))?);
    }
    Ok(paths)
}

fn unknown(parameter: &str, key: &str, context: &Context) -> WrongValue {
    let known = context.property_names();
    WrongValue {
        parameter: parameter.to_owned(),
        value: key.to_owned(),
        allowed: Text::new(
            "een lijst van sleutels van de context met een komma ertussen, met een punt voor wat eronder staat (zie `bekend`)",
            "a list of keys of the context with a comma between them, with a point for what is below (see `bekend`)",
        ),
        known,
    }
}

fn tags(text: &str) -> Result<Vec<String>, WrongValue> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        let mut parts = tag.split('-');
        let is_language = parts.next().is_some_and(|p| {
            (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic())
        }) && parts
            .all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !(is_language || tag == ANY_LANGUAGE) || tags.len() == MAX_LANGUAGES {
            return Err(WrongValue {
                parameter: "lang".to_owned(),
                value: tag.to_owned(),
                allowed: Text::new(
                    format!(
                        "hoogstens {MAX_LANGUAGES} talen met een komma ertussen, de beste eerst, bijvoorbeeld nl,fr; * staat voor elke taal"
                    ),
                    format!(
                        "at most {MAX_LANGUAGES} languages with a comma between them, best first, for example nl,fr; * stands for any language"
                    ),
                ),
                known: Vec::new(),
            });
        }
        tags.push(tag.to_ascii_lowercase());
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::outline::Rules;
    use crate::views::resource::EmbedRules;
    use crate::views::test_data::view_of;
    use crate::views::{Names, compact};
    use serde_json::Value as Json;
    use std::sync::Arc;

    const REGISTER: &str = "name = 'd'\ntype = 'd'\nclass = 'http://e/D'\niri = 'http://e/{id}'\nid_pattern = '.'\n\
        profile = 'p'\ncontext = 'c'\naccess = 'public'\ndepth = 2\nlabel = { nl = 'd', en = 'd' }\n\
        description = { nl = 'd', en = 'd' }";
    const CONTEXT: &str = r#"{"@context": {"D": "http://e/D",
        "naam": {"@id": "http://e/naam", "@container": "@set"}, "deel": "http://e/deel",
        "straat": {"@id": "http://e/straat", "@type": "@id"}, "in": {"@id": "http://e/in", "@type": "@id"}}}"#;
    const DATA: &str = r#"@prefix e: <http://e/> .
        e:a a e:D ; e:naam "A"@nl, "Á"@fr, "plain" ; e:deel [ e:naam "d"@fr ; e:in e:b ] ; e:straat e:s .
        e:s e:naam "S"@nl ; e:in e:g . e:g e:naam "G"@nl, "g"@de-BE ; e:in e:h . e:h e:naam "H" ."#;

    fn asked(fields: &str, expand: &str, lang: &str) -> Result<Json, WrongValue> {
        let register = Register::parse(REGISTER).expect("a declaration");
        let context = Arc::new(Context::parse(CONTEXT).expect("a context"));
        let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let selected = (some(fields), some(expand), some(lang));
        let rules = EmbedRules {
            selection: Selection::parse(&register, &context, selected)?,
            ..EmbedRules::default()
        };
        let view = view_of(DATA);
        let names = Names::new(context);
        let subject = view.id_of_iri("http://e/a").expect("stored");
        let outline = Rules::of(&view, &rules).outline(&view, &names, subject);
        let outline = outline.expect("small").expect("known");
        let written = compact::document(&view, &names, &outline, "c");
        let mut json: Json = serde_json::from_slice(&written).expect("JSON");
        assert_eq!(json["@id"], "http://e/a");
        assert_eq!(json["@type"], "D");
        for key in ["@context", "@id", "@type"] {
            json.as_object_mut().expect("an object").remove(key);
        }
        Ok(json)
    }

    #[test]
    fn fields_are_kept_with_what_is_below_them() {
        let text = |json: Result<Json, _>| json.map(|json| json.to_string());
        assert_eq!(
            text(asked("straat,@id", "", "")),
            Ok(r#"{"straat":"http://e/s"}"#.to_owned())
        );
        assert_eq!(
            text(asked("deel.in", "", "")),
            Ok(r#"{"deel":{"in":"http://e/b"}}"#.to_owned())
        );
        // A key below a link follows the link.
        assert_eq!(
            text(asked("straat.naam", "", "")),
            Ok(
                r#"{"straat":{"@id":"http://e/s","naam":[{"@value":"S","@language":"nl"}]}}"#
                    .to_owned()
            )
        );
        for (wrong, value) in [
            ("kleur", "kleur"),
            ("naam,D", "D"),
            ("deel.x", "deel.x"),
            ("@context", "@context"),
        ] {
            let error = asked(wrong, "", "").expect_err(wrong);
            assert_eq!(
                (error.parameter.as_str(), error.value.as_str()),
                ("fields", value)
            );
            assert_eq!(error.known, ["deel", "in", "naam", "straat"]);
        }
    }

    #[test]
    fn links_are_followed_as_deep_as_declared() {
        let json = asked("", "straat.in", "").expect("keys");
        assert_eq!(json["straat"]["in"]["@id"], "http://e/g");
        assert_eq!(json["straat"]["in"]["in"], "http://e/h");
        assert_eq!(
            asked("", "straat", "").expect("a key")["straat"]["in"],
            "http://e/g"
        );
        assert_eq!(
            asked("", "straat.in.in", "")
                .expect_err("too deep")
                .parameter,
            "expand"
        );
    }

    #[test]
    fn languages_fall_back_by_the_list() {
        let names = |lang: &str| {
            let json = asked("naam", "straat.in", lang).expect("languages");
            json["naam"].as_array().expect("a set").len()
        };
        // What has no language stays.
        assert_eq!(
            [names("nl"), names("de,fr"), names("de"), names("*")],
            [2, 2, 1, 3]
        );
        let json = asked("", "straat.in", "de,nl").expect("languages");
        assert_eq!(json["straat"]["in"]["naam"][0]["@value"], "g");
        assert_eq!(json["straat"]["naam"][0]["@value"], "S");
        for wrong in ["n", "nl_BE", "nl,,x!", "a-b"] {
            assert_eq!(asked("", "", wrong).expect_err(wrong).parameter, "lang");
        }
    }
}

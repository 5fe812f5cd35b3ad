//! What each kind of field makes of a value: texts, names with a language, codes, links, identifiers. Every
//! repair is noted where it happens.

use super::NormaliseError;
use super::document::join;
use super::iris::{CONCEPTS, THINGS, capakey, clean, segment, split};
use super::mapping::{Place, Rule, TagSource};
use super::template::{Kbo, WRAPPERS};
use super::walk::{Walker, no_value};
use crate::rdf::label::Text;
use crate::rdf::vocab::{adms, generiek, xsd};
use oxrdf::{Literal, NamedNode, Term};
use serde_json::{Map, Value};

/// Texts that stand for no value.
const PLACEHOLDERS: [&str; 8] = ["", "none", "n/a", "na", "null", "nil", "undefined", "-"];

impl Walker<'_> {
    /// One value that is neither nothing nor a list.
    pub(super) fn value(
        &mut self,
        rule: &Rule,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        if let Value::Object(members) = value
            && !matches!(rule, Rule::IdBlock { .. } | Rule::GeoJson { .. })
            && let Some(key) = WRAPPERS.iter().find(|key| members.contains_key(**key))
            && let Some(inner) = members.get(*key).filter(|inner| !inner.is_object())
        {
            self.others(members, &[key], path)?;
            let below = join(path, key);
            if inner.is_null() {
                self.omit(inner, &below, &no_value());
                return Ok(());
            }
            return self.value(rule, inner, &below);
        }
        match rule {
            Rule::IdBlock {
                namespace,
                local,
                number,
                iri,
                local_predicate,
            } => {
                let Value::Object(members) = value else {
                    return self.stranger(value, path);
                };
                let keys = [namespace.as_str(), local, number];
                self.id_block(
                    keys,
                    iri.as_deref(),
                    local_predicate.as_ref(),
                    members,
                    path,
                )
            }
            Rule::Text {
                places,
                is_capakey,
                is_kbo,
            } => self.text(places, [*is_capakey, *is_kbo], value, path),
            Rule::Boolean(places) => self.boolean(places, value, path),
            Rule::Language(places) => self.language(places, value, path),
            Rule::Label { places, plain, tag } => self.label(places, *plain, tag, value, path),
            Rule::Typed { places, datatype } => self.typed(places, *datatype, value, path),
            Rule::Wkt { places, system, y } => {
                self.wkt(places, system.as_deref(), y.as_deref(), value, path)
            }
            Rule::GeoJson { places, system } => {
                self.geo_json(places, system.as_deref(), value, path)
            }
            Rule::Named {
                places,
                template,
                map,
                inverse,
            } => self.named(places, (template.as_ref(), map), *inverse, value, path),
            Rule::Concept { places, list } => self.concept(places, list, value, path),
            Rule::Link {
                places,
                to,
                role,
                inverse,
            } => self.link(places, to, role.as_deref(), *inverse, value, path),
            Rule::Geometry { .. } | Rule::Omit { .. } | Rule::Json(_) | Rule::Part(_) => Ok(()),
        }
    }

    /// A text that means something, or `None`: a placeholder, or no text at all.
    pub(super) fn some_text<'v>(
        &mut self,
        value: &'v Value,
        path: &str,
    ) -> Result<Option<&'v str>, NormaliseError> {
        let Value::String(text) = value else {
            if value.is_null() {
                self.omit(value, path, &no_value());
            } else {
                self.stranger(value, path)?;
            }
            return Ok(None);
        };
        if PLACEHOLDERS.contains(&text.trim().to_ascii_lowercase().as_str()) {
            self.note("N041", path, text, "")?;
            return Ok(None);
        }
        if text.contains('\u{FFFD}') {
            self.note("N021", path, text, "")?;
        }
        Ok(Some(text))
    }

    fn text(
        &mut self,
        places: &[Place],
        [is_capakey, is_kbo]: [bool; 2],
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let text = match value {
            Value::Number(_) | Value::Bool(_) => {
                let text = value.to_string();
                self.note("N040", path, &text, "xsd:string")?;
                text
            }
            _ => match self.some_text(value, path)? {
                Some(text) => text.to_owned(),
                None => return Ok(()),
            },
        };
        if is_kbo {
            let number = Kbo::read(&text);
            self.note_kbo(&text, &number, path)?;
            self.say(places, &Literal::new_simple_literal(number.text).into());
            return Ok(());
        }
        let text = match capakey(&text) {
            Some((right, false)) if is_capakey => {
                self.note("N050", path, &text, &right)?;
                right
            }
            None if is_capakey => {
                self.note("N040", path, &text, "CaPaKey")?;
                text
            }
            _ => text,
        };
        self.say(places, &Literal::new_simple_literal(text).into());
        Ok(())
    }

    fn boolean(
        &mut self,
        places: &[Place],
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let text = match value {
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            _ => match self.some_text(value, path)? {
                Some(text) => text.to_owned(),
                None => return Ok(()),
            },
        };
        if !matches!(text.as_str(), "true" | "false" | "1" | "0") {
            self.note("N040", path, &text, "xsd:boolean")?;
        }
        let datatype = NamedNode::new_unchecked(xsd::BOOLEAN);
        self.say(places, &Literal::new_typed_literal(text, datatype).into());
        Ok(())
    }

    fn language(
        &mut self,
        places: &[Place],
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let (text, path) = match value {
            Value::Object(members) => {
                let Some(inner) = members.get("@value") else {
                    return self.stranger(value, path);
                };
                self.others(members, &["@value"], path)?;
                (inner, join(path, "@value"))
            }
            other => (other, path.to_owned()),
        };
        let Some(text) = self.some_text(text, &path)? else {
            return Ok(());
        };
        let tag = self.tag(text, &path)?;
        let datatype = NamedNode::new_unchecked(xsd::LANGUAGE);
        let literal = Literal::new_typed_literal(tag.unwrap_or_else(|| text.to_owned()), datatype);
        self.say(places, &literal.into());
        Ok(())
    }

    /// A language tag in lower case; `None` when it is none.
    fn tag(&mut self, text: &str, path: &str) -> Result<Option<String>, NormaliseError> {
        let lower = text.trim().to_ascii_lowercase();
        if Literal::new_language_tagged_literal("x", lower.as_str()).is_err() {
            self.note("N040", path, text, "xsd:language")?;
            return Ok(None);
        }
        if lower != text {
            self.note("N011", path, text, &lower)?;
        }
        Ok(Some(lower))
    }

    /// What else an object holds beside the keys that were read.
    pub(super) fn others(
        &mut self,
        members: &Map<String, Value>,
        known: &[&str],
        path: &str,
    ) -> Result<(), NormaliseError> {
        for (key, member) in members {
            if known.contains(&key.as_str()) {
                continue;
            }
            let below = join(path, key);
            match self.normaliser.common.omitted.get(key) {
                Some(reason) => self.omit(member, &below, reason),
                None => self.stranger(member, &below)?,
            }
        }
        Ok(())
    }

    fn label(
        &mut self,
        places: &[Place],
        plain: bool,
        source: &TagSource,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let told = source.path.as_deref().and_then(|path| self.text_at(path));
        let told = told.and_then(|code| match source.map.get(&code) {
            Some(tag) => Some(tag.clone()),
            // Sources write `xx` for a language that they do not know.
            None => (source.map.is_empty() && code != "xx").then_some(code),
        });
        let beside = source.fixed.clone().or(told);
        let beside = beside.map(|tag| Value::String(tag.to_ascii_lowercase()));
        let (text, text_path, tag) = match value {
            Value::Object(members) => {
                if let Some(inner) = members.get("geografischeNaam").filter(|v| v.is_object()) {
                    self.others(members, &["geografischeNaam"], path)?;
                    return self.label(
                        places,
                        plain,
                        source,
                        inner,
                        &join(path, "geografischeNaam"),
                    );
                }
                let keys = if members.contains_key("@value") {
                    ["@value", "@language"]
                } else {
                    ["spelling", "taal"]
                };
                let Some(text) = members.get(keys[0]) else {
                    return self.stranger(value, path);
                };
                self.others(members, &keys, path)?;
                let tag = members.get(keys[1]);
                let tag = tag.map(|tag| (tag, join(path, keys[1])));
                (text, join(path, keys[0]), tag)
            }
            other => (
                other,
                path.to_owned(),
                beside.as_ref().map(|tag| (tag, path.to_owned())),
            ),
        };
        let Some(text) = self.some_text(text, &text_path)? else {
            if let Some((tag, path)) = tag.filter(|(_, path)| *path != text_path) {
                let reason = Text::new(
                    "Taal van een waarde die niet overgenomen is.",
                    "Language of a value that is not taken over.",
                );
                self.omit(tag, &path, &reason);
            }
            return Ok(());
        };
        let tag = match tag {
            Some((Value::String(tag), path)) if !tag.trim().is_empty() => self.tag(tag, &path)?,
            Some((Value::String(_) | Value::Null, path)) => {
                self.note("N010", &path, text, text)?;
                None
            }
            None => {
                self.note("N010", &text_path, text, text)?;
                None
            }
            Some((other, path)) => {
                self.stranger(other, &path)?;
                None
            }
        };
        let literal = match tag {
            Some(tag) => {
                if plain {
                    self.note("N012", &text_path, text, &tag)?;
                }
                Literal::new_language_tagged_literal(text, tag)
                    .unwrap_or_else(|_| Literal::new_simple_literal(text))
            }
            None => Literal::new_simple_literal(text),
        };
        self.say(places, &literal.into());
        Ok(())
    }

    /// An IRI as cleaned, with its repairs noted.
    fn cleaned(&mut self, text: &str, path: &str) -> Result<String, NormaliseError> {
        let Some(cleaned) = clean(text) else {
            let why = super::Repair {
                code: "N022",
                path: path.to_owned(),
                from: text.to_owned(),
                to: String::new(),
            };
            return Err(NormaliseError::Quarantined(why));
        };
        for (code, to) in cleaned.repairs {
            self.note(code, path, text, &to)?;
        }
        Ok(cleaned.iri)
    }

    fn concept(
        &mut self,
        places: &[Place],
        list: &str,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let Some(text) = self.some_text(value, path)? else {
            return Ok(());
        };
        let codes = self.normaliser.lists.get(list);
        let has = |code: &str| codes.is_some_and(|codes| codes.contains(code));
        let iri = if text.contains("://") {
            let iri = self.cleaned(text, path)?;
            match iri
                .strip_prefix(CONCEPTS)
                .and_then(|rest| rest.rsplit_once('/'))
            {
                Some((own, code)) if own == list && has(code) => iri,
                Some((own, code)) if own != list && has(code) => {
                    self.note("N060", path, &iri, list)?;
                    format!("{CONCEPTS}{list}/{code}")
                }
                _ => {
                    self.note("N061", path, &iri, list)?;
                    iri
                }
            }
        } else {
            let same = |code: &&String| code.eq_ignore_ascii_case(text);
            let other_case = codes.and_then(|codes| codes.iter().find(same)).cloned();
            match other_case {
                _ if has(text) => format!("{CONCEPTS}{list}/{text}"),
                Some(code) => {
                    let iri = format!("{CONCEPTS}{list}/{code}");
                    self.note("N002", path, text, &iri)?;
                    iri
                }
                None => {
                    self.note("N061", path, text, list)?;
                    format!("{CONCEPTS}{list}/{}", segment(text))
                }
            }
        };
        self.say(places, &NamedNode::new_unchecked(iri).into());
        Ok(())
    }

    fn link(
        &mut self,
        places: &[Place],
        to: &str,
        role: Option<&str>,
        inverse: bool,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let number;
        let text = match value {
            Value::Number(digits) => {
                number = digits.to_string();
                number.as_str()
            }
            _ => match self.some_text(value, path)? {
                Some(text) => text,
                None => return Ok(()),
            },
        };
        let iri = if text.contains("://") {
            self.cleaned(text, path)?
        } else {
            let mut id = text.trim().to_owned();
            if id != text {
                self.note("N022", path, text, &id)?;
            }
            if to == "perceel" && id.contains('/') {
                let right = id.replace('/', "-");
                self.note("N050", path, &id, &right)?;
                id = right;
            }
            let iri = format!("{THINGS}{to}/{}", segment(&id));
            if segment(&id) != id {
                self.note("N022", path, &id, &iri)?;
            }
            iri
        };
        let object = NamedNode::new_unchecked(iri.as_str());
        if inverse {
            for place in places {
                let own = self.node_of(place.on);
                self.emit(&object, place.predicate.as_str(), own.into(), place.derived);
            }
            return Ok(());
        }
        match (role, split(&iri)) {
            // The first place links to a part of the other object, the others to the object.
            (Some(role), Some((kind, id))) => {
                let part = self.role_of(kind, id, role);
                let (first, rest) = places.split_at(1);
                self.say(first, &part.into());
                self.say(rest, &object.into());
            }
            _ => self.say(places, &object.into()),
        }
        Ok(())
    }

    fn id_block(
        &mut self,
        [namespace, local, number]: [&str; 3],
        iri: Option<&str>,
        local_predicate: Option<&NamedNode>,
        members: &Map<String, Value>,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let known = [namespace, local, number, iri.unwrap_or(namespace)];
        self.others(members, &known, path)?;
        if let Some(iri) = iri
            && let Some(value) = members.get(iri)
        {
            let reason = Text::new(
                "Het IRI van het object is het onderwerp van alle uitspraken.",
                "The IRI of the object is the subject of all statements.",
            );
            self.omit(value, &join(path, iri), &reason);
        }
        let mut texts: [Option<String>; 3] = [None, None, None];
        for (slot, key) in texts.iter_mut().zip([namespace, local, number]) {
            let below = join(path, key);
            *slot = match members.get(key) {
                None => None,
                Some(Value::Null) => {
                    self.omit(&Value::Null, &below, &no_value());
                    None
                }
                Some(Value::Number(digits)) => Some(digits.to_string()),
                Some(value) => self.some_text(value, &below)?.map(ToOwned::to_owned),
            };
        }
        let subject = self.scope.subject.as_str().to_owned();
        if let [Some(space), Some(own), _] = &mut texts {
            let swapped = own
                .rsplit_once('/')
                .is_some_and(|(start, end)| start.contains("://") && end == space);
            if swapped && !space.contains("://") {
                let right = own[..own.len() - space.len() - 1].to_owned();
                self.note("N052", path, space, own)?;
                *own = std::mem::replace(space, right);
            }
            let together = format!("{}/{own}", space.trim_end_matches('/'));
            let slashless = together.replace("http://", "https://");
            if slashless != subject && slashless.rsplit('/').next() != subject.rsplit('/').next() {
                self.note("N053", path, &together, &subject)?;
            }
        }
        if texts.iter().all(Option::is_none) {
            return Ok(());
        }
        let (id, gid) = (self.role("id"), self.role("gid"));
        let own = self.scope.subject.clone();
        let node = |iri: &str| Term::from(NamedNode::new_unchecked(iri));
        let type_iri = crate::rdf::vocab::rdf::TYPE;
        self.emit(&own, adms::IDENTIFIER, id.clone().into(), false);
        self.emit(&id, type_iri, node(adms::IDENTIFIER_CLASS), false);
        self.emit(
            &id,
            generiek::GESTRUCTUREERDE_IDENTIFICATOR,
            gid.clone().into(),
            false,
        );
        self.emit(
            &gid,
            type_iri,
            node(generiek::GESTRUCTUREERDE_IDENTIFICATOR_CLASS),
            false,
        );
        let predicates = [
            generiek::NAAMRUIMTE,
            generiek::LOKALE_IDENTIFICATOR,
            generiek::VERSIE_IDENTIFICATOR,
        ];
        if let (Some(predicate), Some(own_number)) = (local_predicate, &texts[1]) {
            let value = Literal::new_simple_literal(own_number.as_str());
            self.emit(&own, predicate.as_str(), value.into(), true);
        }
        for (predicate, text) in predicates.into_iter().zip(texts) {
            if let Some(text) = text {
                let value = Literal::new_simple_literal(text);
                self.emit(&gid, predicate, value.into(), false);
            }
        }
        Ok(())
    }
}

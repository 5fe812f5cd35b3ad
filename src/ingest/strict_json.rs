//! JSON read with nothing lost on the way: a key given twice, a number that would change and nesting without bound are
//! mistakes with a place, not something to get over. Knows no JSON-LD.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Integers from here on lose digits in readers that use double precision numbers.
const FIRST_UNSAFE: f64 = 9_007_199_254_740_992.0;
/// Objects and arrays within each other.
pub const MAX_DEPTH: usize = 64;

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// It is not UTF-8.
    NotUtf8,
    /// It is not JSON.
    Syntax,
    /// An object has a key twice.
    DuplicateKey,
    /// A whole number is too large to be read alike by everybody.
    LargeNumber,
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// A mistake and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonMistake {
    /// What is wrong.
    pub fault: JsonFault,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The place as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), as far as it is known.
    pub pointer: Option<String>,
}

/// Reads a text.
///
/// # Errors
/// The first mistake.
pub fn read(bytes: &[u8]) -> Result<Value, JsonMistake> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = before.matches('\n').count() + 1;
            let last = before.rsplit('\n').next().unwrap_or("");
            return Err(JsonMistake {
                fault: JsonFault::NotUtf8,
                line,
                column: last.chars().count() + 1,
                pointer: None,
            });
        }
    };
    // RFC 8259 §8.1: a reader may pass over a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let state = State::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = (Seed(&state))
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let found = state.found.into_inner();
        let fault = match &found {
            Some((fault, _)) => *fault,
            // The reader's own bound, which stands behind ours.
            None if error.to_string().starts_with("recursion limit") => JsonFault::TooDeep,
            None => JsonFault::Syntax,
        };
        let line = error.line().max(1);
        // The reader counts bytes; people count characters.
        let before = text.split('\n').nth(line - 1).unwrap_or("");
        let mut bytes = error.column().min(before.len());
        while !before.is_char_boundary(bytes) {
            bytes -= 1;
        }
        JsonMistake {
            fault,
            line,
            column: before[..bytes].chars().count().max(1),
            pointer: found.map(|(_, pointer)| pointer),
        }
    })
}

/// A key as one step of a JSON pointer.
pub fn pointer_step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[derive(Default)]
struct State {
    path: RefCell<Vec<String>>,
    found: RefCell<Option<(JsonFault, String)>>,
}

impl State {
    fn mistake<E: serde::de::Error>(&self, fault: JsonFault) -> E {
        let path = self.path.borrow();
        let pointer: String = path.iter().map(|step| format!("/{step}")).collect();
        *self.found.borrow_mut() = Some((fault, pointer));
        E::custom("mistake")
    }

    fn within<T>(&self, step: String, work: impl FnOnce() -> T) -> T {
        self.path.borrow_mut().push(step);
        let done = work();
        // What went wrong is told where it went wrong.
        if self.found.borrow().is_none() {
            self.path.borrow_mut().pop();
        }
        done
    }
}

struct Seed<'a>(&'a State);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.0.path.borrow().len() > MAX_DEPTH {
            return Err(self.0.mistake(JsonFault::TooDeep));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() >= FIRST_UNSAFE {
            return Err(self.0.mistake(JsonFault::LargeNumber));
        }
        let number = Number::from_f64(value).ok_or_else(|| E::custom("no number"))?;
        Ok(number.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let step = values.len().to_string();
            match self
                .0
                .within(step, || from.next_element_seed(Seed(self.0)))?
            {
                Some(value) => values.push(value),
                None => return Ok(values.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            let step = pointer_step(&key);
            let value = self.0.within(step, || {
                if values.contains_key(&key) {
                    return Err(self.0.mistake(JsonFault::DuplicateKey));
                }
                from.next_value_seed(Seed(self.0))
            })?;
            values.insert(key, value);
        }
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_have_a_place() {
        let told = |text: &str| {
            let mistake = read(text.as_bytes()).expect_err("a mistake");
            let JsonMistake { line, column, .. } = mistake;
            (mistake.fault, line, column, mistake.pointer)
        };
        assert_eq!(
            told("{\"a\": 1,\n \"é\" 2}"),
            (JsonFault::Syntax, 2, 6, None)
        );
        assert_eq!(told("").0, JsonFault::Syntax);
        assert_eq!(told("{} {}").0, JsonFault::Syntax);
        let twice = told("{\"a\": [{\"b/c\": 1, \"b/c\": 2}]}");
        assert_eq!(twice.0, JsonFault::DuplicateKey);
        assert_eq!(twice.3.as_deref(), Some("/a/0/b~1c"));
        let large = told("{\"n\": [1, 99999999999999999999]}");
        assert_eq!(large.0, JsonFault::LargeNumber);
        assert_eq!(large.3.as_deref(), Some("/n/1"));
        for open in ["[", "{\"a\":"] {
            assert_eq!(told(&open.repeat(100_000)).0, JsonFault::TooDeep);
        }
        let mistake = read(b"{\"a\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!((mistake.fault, mistake.column), (JsonFault::NotUtf8, 8));
    }

    #[test]
    fn what_is_right_is_read_as_it_is() {
        let text = "\u{feff}{\"z\":1,\"a\":[null,true,-3,1.5,\"é\\u0000\"],\"m\":{}}";
        let value = read(text.as_bytes()).expect("JSON");
        assert_eq!(value.to_string(), text.trim_start_matches('\u{feff}'));
    }
}

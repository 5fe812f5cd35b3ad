//! `sh:pattern`: regular expressions of XPath ([F&O §5.6]) turned into those of the `regex` crate.
//! What the crate cannot do (back references, look-around) is an error for the lint, never a guess.
//!
//! [F&O §5.6]: https://www.w3.org/TR/xpath-functions-31/#string.match

use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

/// Sizes that the compiled form of one pattern is tried with, in bytes: the least that will do counts against all.
const SIZES_BYTES: [usize; 3] = [128 << 10, 1 << 20, 4 << 20];
/// Bytes that the compiled forms of all patterns of one shapes graph may have together.
const ALL_SIZES_BYTES: usize = 256 << 20;
/// Longest pattern, in bytes.
const MAX_SOURCE_BYTES: usize = 64 << 10;

/// Compiled patterns of one shapes graph, each once, within bounds.
#[derive(Debug)]
pub(crate) struct Patterns {
    known: FxHashMap<(String, String), Result<Regex, String>>,
    left_bytes: usize,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            known: FxHashMap::default(),
            left_bytes: ALL_SIZES_BYTES,
        }
    }
}

impl Patterns {
    /// The compiled form of a pattern with its flags.
    ///
    /// # Errors
    /// A sentence, in English, why the pattern or a flag is not usable.
    pub(crate) fn compiled(&mut self, source: &str, flags: &str) -> Result<Regex, String> {
        let key = (source.to_owned(), flags.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let made = compile_within(source, flags, self.left_bytes).map(|(regex, size_bytes)| {
            self.left_bytes -= size_bytes;
            regex
        });
        self.known.insert(key, made.clone());
        made
    }
}

#[cfg(test)]
fn compile_pattern(source: &str, flags: &str) -> Result<Regex, String> {
    compile_within(source, flags, ALL_SIZES_BYTES).map(|(regex, _)| regex)
}

/// Compiles a pattern with the flags `i s m x q`; also the size it counts for.
///
/// # Errors
/// A sentence, in English, why the pattern or a flag is not usable.
fn compile_within(source: &str, flags: &str, left_bytes: usize) -> Result<(Regex, usize), String> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(format!("it is longer than {MAX_SOURCE_BYTES} bytes"));
    }
    if let Some(unknown) = flags.chars().find(|flag| !"ismxq".contains(*flag)) {
        return Err(format!("unknown flag {unknown}"));
    }
    let has = |flag| flags.contains(flag);
    let text = if has('q') {
        regex::escape(source)
    } else {
        translate(source, has('x'), has('s'))?
    };
    let mut builder = RegexBuilder::new(&text);
    builder
        .case_insensitive(has('i'))
        .dot_matches_new_line(has('s'))
        .multi_line(has('m') && !has('q'));
    for size_bytes in SIZES_BYTES {
        if size_bytes > left_bytes {
            return Err("the patterns of these shapes are too large together".to_owned());
        }
        match builder.size_limit(size_bytes).build() {
            Ok(regex) => return Ok((regex, size_bytes)),
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(error) => {
                let text = error.to_string();
                let line = text.lines().last().unwrap_or(&text);
                return Err(line.trim_start_matches("error: ").to_owned());
            }
        }
    }
    Err("it is too large".to_owned())
}

fn translate(source: &str, ignore_space: bool, dot_all: bool) -> Result<String, String> {
    let mut out = String::with_capacity(source.len() + 8);
    let mut class_depth = 0_u32;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => translate_escape(
                chars.next().ok_or("it ends with a backslash")?,
                &mut chars,
                class_depth > 0,
                &mut out,
            )?,
            '[' if class_depth == 0 => {
                class_depth = 1;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A closing bracket right at the start stands for itself in some dialects, in XPath it is an error.
                if chars.peek() == Some(&']') {
                    return Err("a character class is empty".to_owned());
                }
            }
            '-' if class_depth > 0 && chars.peek() == Some(&'[') => {
                // Class subtraction: [a-z-[aeiou]].
                chars.next();
                class_depth += 1;
                out.push_str("--[");
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            '[' => out.push_str("\\["),
            ']' if class_depth > 0 => {
                class_depth -= 1;
                out.push(']');
            }
            '&' | '~' if class_depth > 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' if class_depth == 0 && !dot_all => out.push_str("[^\\n\\r]"),
            _ if ignore_space && class_depth == 0 && matches!(c, ' ' | '\t' | '\n' | '\r') => {}
            _ => out.push(c),
        }
    }
    Ok(out)
}

fn translate_escape(
    escaped: char,
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    in_class: bool,
    out: &mut String,
) -> Result<(), String> {
    const NAME_START: &str = ":A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}";
    const NAME_REST: &str = "\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}";
    match escaped {
        'i' if in_class => out.push_str(NAME_START),
        'i' => out.push_str(&format!("[{NAME_START}]")),
        'I' if !in_class => out.push_str(&format!("[^{NAME_START}]")),
        'c' if in_class => out.push_str(&format!("{NAME_START}{NAME_REST}")),
        'c' => out.push_str(&format!("[{NAME_START}{NAME_REST}]")),
        'C' if !in_class => out.push_str(&format!("[^{NAME_START}{NAME_REST}]")),
        '1'..='9' => return Err("it refers back to a group".to_owned()),
        'p' | 'P' => {
            out.push('\\');
            out.push(escaped);
            if chars.peek() == Some(&'{') {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                if let Some(block) = name.strip_prefix("Is") {
                    return Err(format!("it names the Unicode block {block}"));
                }
                out.push_str(&format!("{{{name}}}"));
            }
        }
        // Punctuation may be escaped freely; the crate refuses an escaped letter it does not know.
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, flags: &str, text: &str) -> bool {
        compile_pattern(pattern, flags)
            .expect("translatable")
            .is_match(text)
    }

    #[test]
    fn flags_and_classes_mean_what_xpath_says() {
        assert!(matches("^[a-z-[aeiou]]+$", "", "brg"));
        assert!(!matches("^[a-z-[aeiou]]+$", "", "brug"));
        assert!(matches("^ a b $", "x", "ab"));
        assert!(matches("a.c", "q", "xa.cx"));
        assert!(!matches("a.c", "q", "abc"));
        assert!(!matches("a.b", "", "a\rb"));
        assert!(matches("a.b", "s", "a\nb"));
        assert!(matches("^b$", "m", "a\nb"));
        assert!(!matches("^b$", "", "a\nb"));
        assert!(matches("^gent$", "i", "GENT"));
        assert!(matches("^\\i\\c*$", "", "een-naam.1"));
        assert!(matches("^[a&&b]+$", "", "&a"));
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        for (pattern, flags) in [
            ("(a)\\1", ""),
            ("(?=a)", ""),
            ("a", "g"),
            ("(", ""),
            ("\\p{IsBasicLatin}", ""),
        ] {
            assert!(compile_pattern(pattern, flags).is_err(), "{pattern}");
        }
    }
}

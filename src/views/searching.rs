//! Items of a register by words, over the texts that it declares to be searched: all words of one text, the last of them
//! perhaps only begun; what was misspelt leads to suggestions. Finds literals through the index of `query`, then walks back
//! to the items; knows no addresses of the web.

use crate::query::{best_literals, fold_text};
use crate::rdf::label::Text;
use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use crate::views::matching::literal;
use rustc_hash::FxHashMap;

/// Longest text that is searched for, in characters.
pub const MAX_TEXT: usize = 200;
/// Words of a text that are looked for.
const MAX_WORDS: usize = 12;
/// Literals that one way of reading the words may find.
const MAX_LITERALS: usize = 10_000;
/// Steps back that all literals of a search may take together.
const MAX_STEPS: usize = 200_000;
/// Texts that are suggested.
const MAX_SUGGESTIONS: usize = 5;
/// What a text counts for in which the last word is only begun, and one with other letters.
const BEGUN: f64 = 0.8;
const MISSPELT: f64 = 0.5;

/// A text of an item that is searched.
#[derive(Clone, Copy, Debug)]
pub struct Searched<'a> {
    /// Predicates from the item to the text.
    pub path: &'a [String],
    /// What a hit counts for, against those of other texts.
    pub weight: f64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Items, best first, each once.
    pub items: Vec<Id>,
    /// Texts that were perhaps meant, when no text has the words as they were written.
    pub suggestions: Vec<String>,
}

/// The best items of a class for some words, at most so many. The same state and words give the same items in the same order.
///
/// # Errors
/// A sentence for people: nothing to look for, or more than [`MAX_TEXT`] characters.
pub fn search(
    view: &View,
    class: &str,
    fields: &[Searched<'_>],
    text: &str,
    most: usize,
) -> Result<Found, Text> {
    let letters = text.chars().count();
    if letters > MAX_TEXT {
        return Err(Text::new(
            format!("de zoektekst telt hoogstens {MAX_TEXT} tekens; dit zijn er {letters}"),
            format!("the search text has at most {MAX_TEXT} characters; these are {letters}"),
        ));
    }
    let words = words_of(text);
    if words.is_empty() {
        return Err(Text::new(
            "de zoektekst heeft geen letters of cijfers",
            "the search text has no letters or digits",
        ));
    }
    let class = view.id_of_iri(class).zip(view.id_of_iri(rdf::TYPE));
    let Some(class) = class else {
        return Ok(Found::default());
    };
    let mut walk = Walk {
        view,
        class,
        fields: resolved(view, fields),
        found: FxHashMap::default(),
        steps: 0,
    };
    let whole = words.join(" ");
    walk.add(&whole, 1.0)?;
    let (last, before) = words
        .split_last()
        .map_or(("", &[][..]), |(l, b)| (l.as_str(), b));
    if last.chars().count() > 1 {
        let mut begun = before.join(" ");
        begun.push_str(&format!(" {last}*"));
        walk.add(begun.trim(), BEGUN)?;
    }
    let mut suggestions = Vec::new();
    if walk.found.is_empty() {
        let near: Vec<String> = words.iter().map(|word| near(word)).collect();
        let literals = walk.add(&near.join(" "), MISSPELT)?;
        suggestions = texts(view, &literals);
    }
    let mut items: Vec<(Id, f64)> = walk.found.into_iter().collect();
    items.sort_by(|a, b| {
        b.1.total_cmp(&a.1)
            .then_with(|| view.text(a.0).cmp(&view.text(b.0)))
    });
    items.truncate(most);
    Ok(Found {
        items: items.into_iter().map(|(id, _)| id).collect(),
        suggestions,
    })
}

/// Words without signs, so that none is read as a command of the search.
fn words_of(text: &str) -> Vec<String> {
    let mut folded = String::new();
    fold_text(text, &mut folded);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.take(MAX_WORDS).map(str::to_owned).collect()
}

/// A word, give or take letters: one, or two in a long word.
fn near(word: &str) -> String {
    match word.chars().count() {
        0..=3 => word.to_owned(),
        4..=7 => format!("{word}~"),
        _ => format!("{word}~2"),
    }
}

/// The predicates of each text with its weight; texts of which a predicate is not known have none.
fn resolved(view: &View, fields: &[Searched<'_>]) -> Vec<(Vec<Id>, f64)> {
    let ids = |field: &Searched<'_>| {
        let path: Option<Vec<Id>> = field.path.iter().map(|iri| view.id_of_iri(iri)).collect();
        path.filter(|path| !path.is_empty())
            .map(|path| (path, field.weight))
    };
    fields.iter().filter_map(ids).collect()
}

struct Walk<'a> {
    view: &'a View,
    /// The class, and the predicate that tells it.
    class: (Id, Id),
    fields: Vec<(Vec<Id>, f64)>,
    found: FxHashMap<Id, f64>,
    steps: usize,
}

impl Walk<'_> {
    /// Adds the items of the literals that a search finds; gives those that led to an item, best first.
    fn add(&mut self, text: &str, share: f64) -> Result<Vec<Id>, Text> {
        let mut led = Vec::new();
        for (id, score) in best_literals(self.view, text, MAX_LITERALS)? {
            let before = self.found.len();
            for at in 0..self.fields.len() {
                let points = score * share * self.fields[at].1;
                for item in self.items_of(at, id) {
                    let known = self.found.entry(item).or_insert(0.0);
                    *known = known.max(points);
                }
            }
            if self.found.len() > before {
                led.push(id);
            }
            if self.steps > MAX_STEPS {
                break;
            }
        }
        Ok(led)
    }

    /// The items from which the path of a text leads to a literal.
    fn items_of(&mut self, field: usize, literal: Id) -> Vec<Id> {
        let mut ids = vec![literal];
        for predicate in self.fields[field].0.iter().rev() {
            let left = MAX_STEPS.saturating_sub(self.steps);
            let back = ids
                .iter()
                .flat_map(|id| self.view.subjects(*predicate, *id));
            let mut before: Vec<Id> = back.take(left).collect();
            self.steps += before.len() + 1;
            before.sort_unstable();
            before.dedup();
            ids = before;
        }
        let (class, kind) = self.class;
        ids.retain(|id| id.is_iri() && self.view.contains(*id, kind, class));
        ids
    }
}

fn texts(view: &View, literals: &[Id]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (text, _) in literals.iter().filter_map(|id| literal(view, *id)) {
        if !found.contains(&text) {
            found.push(text);
        }
        if found.len() == MAX_SUGGESTIONS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of;

    const DATA: &str = r#"@prefix e: <http://e/> .
        e:1 a e:Ding ; e:naam "Openbare bibliotheek"@nl ; e:in e:a .
        e:2 a e:Ding ; e:naam "Bibliotheek"@nl ; e:in e:b .
        e:3 a e:Ding ; e:naam "Gemeentehuis"@nl ; e:in e:a .
        e:4 a e:Ander ; e:naam "Bibliotheek"@nl .
        e:a e:plaats "Testdorp"@nl . e:b e:plaats "Proefstad"@nl ."#;

    fn found(text: &str) -> (Vec<String>, Vec<String>) {
        let view = view_of(DATA);
        let (name, place) = (
            vec!["http://e/naam".to_owned()],
            vec!["http://e/in".to_owned(), "http://e/plaats".to_owned()],
        );
        let fields = [
            Searched {
                path: &name,
                weight: 1.0,
            },
            Searched {
                path: &place,
                weight: 0.5,
            },
        ];
        let found = search(&view, "http://e/Ding", &fields, text, 10).expect("words");
        let names = found.items.iter().map(|id| view.text(*id).into_owned());
        (names.collect(), found.suggestions)
    }

    #[test]
    fn words_lead_to_items_of_the_class_by_any_declared_text() {
        assert_eq!(found("bibliotheek").0, ["<http://e/2>", "<http://e/1>"]);
        assert_eq!(found("bibl").0.len(), 2);
        assert_eq!(found("testdorp").0, ["<http://e/1>", "<http://e/3>"]);
        assert!(found("bibliotheek").1.is_empty());
    }

    #[test]
    fn misspelt_words_lead_to_items_and_suggestions() {
        let (items, suggestions) = found("bibliotehek");
        assert_eq!(items.len(), 2);
        assert_eq!(suggestions[0], "Bibliotheek");
        assert_eq!(found("zzz"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn signs_are_no_commands_and_bounds_hold() {
        assert_eq!(found("-bibliotheek \"").0.len(), 2);
        let view = view_of(DATA);
        for text in ["", "…", "\0", &"a".repeat(100_000)] {
            assert!(search(&view, "http://e/Ding", &[], text, 10).is_err());
        }
        assert!(search(&view, "http://e/Ding", &[], &"é ".repeat(90), 10).is_ok());
    }
}

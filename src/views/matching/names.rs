//! A table of names and what bears them, made for being gone through: names in sorted order in one text, a fingerprint for
//! each, and per municipality the names in use there. A misspelt name is found by comparing it with every name that its
//! fingerprint lets through: some tens of thousands in less than a millisecond, and no list of guesses to keep.

use super::distance::{Pattern, fingerprint, may_be_near};
use super::words::Form;
use memchr::memmem;
use std::collections::BTreeMap;

/// How something came by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It bears it now.
    Current,
    /// With what tells it from others of that name in the same municipality.
    Full,
    /// It bore it, or what it replaced did.
    Former,
    /// The name of a postal area.
    Postal,
}

/// A name and what bears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    key: u32,
    /// Place in the list of things of what is meant now.
    pub(super) target: u32,
    /// Place in the same list of what bore the name: the target, or what it replaced.
    pub(super) origin: u32,
    pub(super) kind: Kind,
    /// Points that a match by this form of the name costs.
    pub(super) penalty: u8,
}

struct Key {
    fingerprint: u64,
    start: u32,
    len: u8,
}

/// Names with what bears them.
#[derive(Default)]
pub(super) struct Names {
    text: Vec<u8>,
    /// Sorted by text.
    keys: Vec<Key>,
    /// Sorted by group, then key, then target.
    links: Vec<Link>,
    /// Where the links of each group begin; one more at the end.
    groups: Vec<u32>,
    /// Places in `links`, sorted by key.
    by_key: Vec<u32>,
}

/// What names are collected in.
#[derive(Default)]
pub(super) struct NamesBuilder {
    names: BTreeMap<String, Vec<Bearer>>,
}

/// Group, target, origin, kind and penalty.
type Bearer = (u32, u32, u32, Kind, u8);

impl NamesBuilder {
    /// Adds the forms of a name. `group` is that of the target.
    pub(super) fn add(
        &mut self,
        forms: &[Form],
        group: u32,
        (target, origin): (u32, u32),
        kind: Kind,
    ) {
        for form in forms {
            let bearers = self.names.entry(form.key.clone()).or_default();
            bearers.push((group, target, origin, kind, form.penalty));
        }
    }

    /// The table.
    pub(super) fn finish(self, groups: usize) -> Names {
        let mut names = Names::default();
        let mut rows: Vec<(u32, Link)> = Vec::new();
        for (at, (key, mut bearers)) in self.names.into_iter().enumerate() {
            let (start, len) = (names.text.len() as u32, key.len() as u8);
            names.text.extend_from_slice(key.as_bytes());
            names.keys.push(Key {
                fingerprint: fingerprint(key.as_bytes()),
                start,
                len,
            });
            bearers.sort_unstable();
            bearers.dedup_by_key(|it| (it.0, it.1, it.2));
            for (group, target, origin, kind, penalty) in bearers {
                let link = Link {
                    key: at as u32,
                    target,
                    origin,
                    kind,
                    penalty,
                };
                rows.push((group, link));
            }
        }
        rows.sort_by_key(|(group, link)| (*group, link.key, link.target, link.origin));
        names.groups = (0..=groups as u32)
            .map(|group| rows.partition_point(|(of, _)| *of < group) as u32)
            .collect();
        names.links = rows.into_iter().map(|(_, link)| link).collect();
        names.by_key = (0..names.links.len() as u32).collect();
        let links = &names.links;
        names.by_key.sort_by_key(|at| links[*at as usize].key);
        names.text.shrink_to_fit();
        names
    }
}

/// How alike names have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All of the name, give or take letters.
    Whole,
    /// Also when one of the two is part of the other.
    Part,
    /// The name begins with what is asked, give or take letters.
    Beginning,
}

/// A name that is asked for, ready to be compared.
pub(super) struct Asked {
    patterns: Vec<(Pattern, String, u8)>,
}

impl Asked {
    /// By its forms.
    pub(super) fn new(forms: Vec<Form>) -> Self {
        let pattern = |form: Form| (Pattern::new(&form.key), form.key, form.penalty);
        Self {
            patterns: forms.into_iter().map(pattern).collect(),
        }
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// How alike a name is, from 0 to 100; 0 when less than `least`, which is above 0.
    fn likeness(&self, key: &[u8], mark: u64, how: Likeness, least: f32) -> f32 {
        let mut best = 0_f32;
        for (pattern, text, penalty) in &self.patterns {
            let found = compare(pattern, text, key, mark, how, least.max(best));
            best = best.max(found - f32::from(*penalty));
        }
        if best < least { 0.0 } else { best }
    }
}

/// Letters in which two names may differ, for their length and the least likeness.
fn most_errors(longest: u32, least: f32) -> u32 {
    ((longest as f32) * (100.0 - least) / 100.0) as u32
}

/// Below this many letters a name is not looked for within another.
const SHORTEST_PART: usize = 4;

fn compare(pattern: &Pattern, text: &str, key: &[u8], mark: u64, how: Likeness, least: f32) -> f32 {
    let (asked, stored) = (pattern.len(), key.len() as u32);
    let longest = asked.max(stored);
    let most = most_errors(longest, least);
    let mut best = 0.0;
    if asked.abs_diff(stored) <= most && may_be_near(pattern.fingerprint(), mark, most) {
        let distance = pattern.distance(key);
        best = 100.0 * (1.0 - distance as f32 / longest as f32);
    }
    let share = asked.min(stored) as f32 / longest as f32;
    match how {
        Likeness::Whole => {}
        Likeness::Part if best < 80.0 => {
            let is_inside = if asked < stored {
                text.len() >= SHORTEST_PART && memmem::find(key, text.as_bytes()).is_some()
            } else {
                key.len() > SHORTEST_PART && memmem::find(text.as_bytes(), key).is_some()
            };
            if is_inside {
                best = best.max(55.0 + 35.0 * share);
            } else if asked < stored && asked >= 8 {
                let distance = pattern.distance_to_part(key);
                if distance <= asked / 8 {
                    let lost = 100.0 * distance as f32 / asked as f32;
                    best = best.max(55.0 + 35.0 * share - lost);
                }
            }
        }
        Likeness::Part => {}
        Likeness::Beginning if asked < stored => {
            let most = match asked {
                0..=3 => 0,
                4..=7 => 1,
                _ => 2,
            };
            // The first letter is seldom wrong, and comparing nothing else would find half of all names.
            let distance = if key.first() == text.as_bytes().first() {
                pattern.distance_to_beginning(key)
            } else {
                asked
            };
            if distance <= most {
                let lost = 100.0 * distance as f32 / asked as f32;
                best = best.max(80.0 + 15.0 * share - lost);
            }
        }
        Likeness::Beginning => {}
    }
    best
}

impl Names {
    /// Calls `found` with every link whose name is alike by at least `least` points, in some municipalities or in all, with
    /// how alike it is. Links come by group and name.
    pub(super) fn search(
        &self,
        asked: &Asked,
        groups: Option<&[u32]>,
        how: Likeness,
        least: f32,
        mut found: impl FnMut(&Link, f32),
    ) {
        let likeness = |key: u32| {
            let key = &self.keys[key as usize];
            asked.likeness(self.text(key), key.fingerprint, how, least)
        };
        let Some(groups) = groups else {
            let mut at = 0;
            for key in 0..self.keys.len() as u32 {
                let alike = likeness(key);
                while let Some(link) = self.by_key.get(at).map(|it| &self.links[*it as usize])
                    && link.key == key
                {
                    if alike > 0.0 {
                        found(link, alike);
                    }
                    at += 1;
                }
            }
            return;
        };
        for group in groups {
            let mut last = None;
            for link in self.of_group(*group) {
                let alike = match last {
                    Some((key, alike)) if key == link.key => alike,
                    _ => likeness(link.key),
                };
                last = Some((link.key, alike));
                if alike > 0.0 {
                    found(link, alike);
                }
            }
        }
    }

    fn of_group(&self, group: u32) -> &[Link] {
        let group = group as usize;
        match (self.groups.get(group), self.groups.get(group + 1)) {
            (Some(from), Some(to)) => &self.links[*from as usize..*to as usize],
            _ => &[],
        }
    }

    fn text(&self, key: &Key) -> &[u8] {
        &self.text[key.start as usize..key.start as usize + usize::from(key.len)]
    }

    /// Number of different names.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// What the table takes in memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.text.capacity()
            + self.keys.capacity() * size_of::<Key>()
            + self.links.capacity() * size_of::<Link>()
            + (self.groups.capacity() + self.by_key.capacity()) * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::forms;
    use super::*;

    fn table(names: &[(&str, u32)]) -> Names {
        let mut builder = NamesBuilder::default();
        for (target, (name, group)) in names.iter().enumerate() {
            let target = target as u32;
            builder.add(&forms(name, true), *group, (target, target), Kind::Current);
        }
        builder.finish(2)
    }

    fn best(names: &Names, asked: &str, groups: Option<&[u32]>, how: Likeness) -> Vec<(u32, u32)> {
        let mut all: BTreeMap<u32, u32> = BTreeMap::new();
        let asked = Asked::new(forms(asked, false));
        names.search(&asked, groups, how, 60.0, |link, alike| {
            let known = all.entry(link.target).or_default();
            *known = (*known).max(alike as u32);
        });
        let mut all: Vec<(u32, u32)> = all.into_iter().map(|(t, a)| (a, t)).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all
    }

    #[test]
    fn misspelt_names_are_found_where_they_are_asked_for() {
        let names = table(&[
            ("Kerkstraat", 0),
            ("Kerkstraat", 1),
            ("Lange Kerkstraat", 0),
            ("Burgemeester Testmanslaan", 1),
            ("Veldstraat", 0),
        ]);
        let whole = |asked, groups| best(&names, asked, groups, Likeness::Whole);
        assert_eq!(whole("kerkstr", Some(&[0]))[0], (100, 0));
        assert_eq!(whole("kerkstr", Some(&[1]))[0], (100, 1));
        assert_eq!(whole("Krekstraat", Some(&[0]))[0], (90, 0));
        assert_eq!(whole("Kerkstraat", None)[..2], [(100, 1), (100, 0)]);
        assert!(whole("Zandweg", None).is_empty());
        let part = |asked| best(&names, asked, None, Likeness::Part);
        assert_eq!(part("Testmanslaan")[0].1, 3);
        assert_eq!(part("Tesmanslaan")[0].1, 3);
        let beginning = |asked| best(&names, asked, None, Likeness::Beginning);
        assert_eq!(beginning("Burgem Test")[0].1, 3);
        assert_eq!(beginning("Vel")[0].1, 4);
        assert_eq!(beginning("Vled")[0].1, 4);
    }
}

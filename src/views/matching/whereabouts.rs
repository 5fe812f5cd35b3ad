//! Where to look: the municipalities that a name, a NIS code or a postcode may mean, those of before a merger and postal areas
//! among them. Looks at no street.

use super::index::{Index, NOWHERE};
use super::names::{Asked, Kind, Likeness};
use super::question::{Question, Warning};
use super::words::forms;
use rustc_hash::FxHashMap;

/// Points below which a name is not the one that was meant.
const LEAST_PLACE: f32 = 70.0;

/// A municipality that may be meant.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) place: u32,
    /// The postal area whose name it was.
    pub(super) post: Option<u32>,
    pub(super) alike: f32,
    pub(super) is_former: bool,
}

/// What is known of where.
#[derive(Default)]
pub(super) struct Whereabouts {
    pub(super) nis: Option<u32>,
    pub(super) named: Vec<Named>,
    pub(super) post: Option<u32>,
    /// Municipalities to look in, as they are now.
    pub(super) groups: Vec<u32>,
}

/// Municipalities whose name is alike, each with the points of its best name.
pub(super) fn named(index: &Index, name: &str, how: Likeness) -> Vec<Named> {
    let asked = Asked::new(forms(name, false));
    let mut best: FxHashMap<(u32, Option<u32>), (f32, bool)> = FxHashMap::default();
    let mut add = |place: u32, post: Option<u32>, alike: f32, is_former: bool| {
        let known = best.entry((place, post)).or_insert((0.0, is_former));
        if alike > known.0 {
            *known = (alike, is_former);
        }
    };
    let names = &index.place_names;
    names.search(&asked, None, how, LEAST_PLACE, |link, alike| {
        match link.kind {
            Kind::Postal => {
                for place in &index.posts[link.target as usize].places {
                    add(*place, Some(link.target), alike, false);
                }
            }
            kind => add(link.target, None, alike, kind == Kind::Former),
        }
    });
    let mut found: Vec<Named> = best
        .into_iter()
        .map(|((place, post), (alike, is_former))| Named {
            place,
            post,
            alike,
            is_former,
        })
        .collect();
    found.sort_by(|a, b| {
        let by_points = b.alike.total_cmp(&a.alike);
        by_points.then_with(|| (a.place, a.post).cmp(&(b.place, b.post)))
    });
    // What is far less alike than the best is not what was meant.
    let least = found.first().map_or(0.0, |best| best.alike - 15.0);
    found.retain(|it| it.alike >= least);
    found.truncate(12);
    found
}

/// Where to look, and what of it is not known. `how` is what a name of a municipality has to be like.
pub(super) fn whereabouts(
    index: &Index,
    question: &Question,
    how: Likeness,
    warnings: &mut Vec<Warning>,
) -> Whereabouts {
    let mut found = Whereabouts::default();
    if !question.nis.is_empty() {
        found.nis = index.place_of_nis(&question.nis);
        if found.nis.is_none() {
            warnings.push(Warning::UnknownNis);
        }
    }
    if !question.municipality.is_empty() {
        found.named = named(index, &question.municipality, how);
        if found.named.first().is_none_or(|best| best.alike < 99.0) {
            warnings.push(Warning::UnknownMunicipality);
        }
    }
    if !question.postcode.is_empty() {
        found.post = index.post_of_code(&question.postcode);
        if found.post.is_none() {
            warnings.push(Warning::UnknownPostcode);
        }
    }
    let now = |place: u32| index.places[place as usize].now.iter().copied();
    let mut groups: Vec<u32> = Vec::new();
    let own = found.nis.into_iter();
    for place in own.chain(found.named.iter().map(|named| named.place)) {
        groups.push(place);
        groups.extend(now(place));
    }
    if let Some(post) = found.post {
        groups.extend(&index.posts[post as usize].places);
    }
    if let (Some(nis), false) = (found.nis, found.named.is_empty()) {
        let mut of_nis = now(nis).chain([nis]);
        let agree = of_nis.any(|place| {
            let mut named = found.named.iter();
            named.any(|it| it.place == place || now(it.place).any(|now| now == place))
        });
        if !agree {
            warnings.push(Warning::NisAndNameDiffer);
        }
    }
    groups.sort_unstable();
    groups.dedup();
    if !groups.is_empty() {
        // Streets of which no municipality is known may be anywhere.
        groups.push(index.group_of(NOWHERE));
    }
    found.groups = groups;
    found
}

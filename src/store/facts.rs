//! Packed facts about the texts of a file (datatype, language, well-formed), a byte or two each, since few differ: asking
//! what kind of literal an id is unpacks no text. A file without them answers from its texts.
//!
//! `width u8 | kinds u32 | each kind u32 | a number of a kind for each text`, little-endian.

use rustc_hash::FxHashMap;

/// Facts about texts with consecutive numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    kinds: Vec<u32>,
    numbers: Numbers,
}

#[derive(Debug, PartialEq, Eq)]
enum Numbers {
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

impl Facts {
    /// Reads facts about `count` texts; `None` when they are none of ours.
    pub(crate) fn read(bytes: &[u8], count: u64) -> Option<Self> {
        let (width, rest) = bytes.split_first()?;
        let (kinds, rest) = rest.split_first_chunk::<4>()?;
        let kinds = u32::from_le_bytes(*kinds) as usize;
        let (kinds, numbers) = rest.split_at_checked(kinds.checked_mul(4)?)?;
        let kinds: Vec<u32> = kinds
            .as_chunks::<4>()
            .0
            .iter()
            .map(|kind| u32::from_le_bytes(*kind))
            .collect();
        let numbers = match width {
            1 => Numbers::Narrow(numbers.to_vec()),
            2 => {
                let (pairs, rest) = numbers.as_chunks::<2>();
                if !rest.is_empty() {
                    return None;
                }
                Numbers::Wide(pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
            }
            _ => return None,
        };
        let facts = Self { kinds, numbers };
        let known = |number: usize| number < facts.kinds.len();
        let whole = match &facts.numbers {
            Numbers::Narrow(all) => all.iter().all(|number| known(usize::from(*number))),
            Numbers::Wide(all) => all.iter().all(|number| known(usize::from(*number))),
        };
        (whole && facts.len() == count).then_some(facts)
    }

    fn len(&self) -> u64 {
        match &self.numbers {
            Numbers::Narrow(numbers) => numbers.len() as u64,
            Numbers::Wide(numbers) => numbers.len() as u64,
        }
    }

    /// Facts about a text.
    pub(crate) fn get(&self, local: u64) -> Option<u32> {
        let at = usize::try_from(local).ok()?;
        let number = match &self.numbers {
            Numbers::Narrow(numbers) => usize::from(*numbers.get(at)?),
            Numbers::Wide(numbers) => usize::from(*numbers.get(at)?),
        };
        self.kinds.get(number).copied()
    }

    /// Facts about all texts, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).filter_map(|local| self.get(local))
    }

    /// Bytes of memory held.
    pub(crate) fn memory_bytes(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::Narrow(numbers) => numbers.capacity(),
            Numbers::Wide(numbers) => numbers.capacity() * 2,
        };
        numbers + self.kinds.capacity() * 4
    }
}

/// Gathers facts; gives up when more differ than two bytes can number.
#[derive(Debug)]
pub(crate) struct FactsBuilder {
    facts: Option<Facts>,
    number_of: FxHashMap<u32, u16>,
    last: Option<(u32, u16)>,
}

impl Default for FactsBuilder {
    fn default() -> Self {
        Self {
            facts: Some(Facts {
                kinds: Vec::new(),
                numbers: Numbers::Narrow(Vec::new()),
            }),
            number_of: FxHashMap::default(),
            last: None,
        }
    }
}

impl FactsBuilder {
    /// Appends facts about a text.
    pub(crate) fn push(&mut self, kind: u32) {
        let number = match self.last {
            Some((last, number)) if last == kind => number,
            _ => match self.number(kind) {
                Some(number) => number,
                None => return self.give_up(),
            },
        };
        self.last = Some((kind, number));
        let Some(facts) = &mut self.facts else { return };
        match &mut facts.numbers {
            Numbers::Wide(numbers) => numbers.push(number),
            Numbers::Narrow(numbers) => match u8::try_from(number) {
                Ok(number) => numbers.push(number),
                Err(_) => {
                    let mut wide: Vec<u16> = numbers.iter().map(|n| u16::from(*n)).collect();
                    wide.push(number);
                    facts.numbers = Numbers::Wide(wide);
                }
            },
        }
    }

    fn number(&mut self, kind: u32) -> Option<u16> {
        if let Some(number) = self.number_of.get(&kind) {
            return Some(*number);
        }
        let facts = self.facts.as_mut()?;
        let number = u16::try_from(facts.kinds.len()).ok()?;
        facts.kinds.push(kind);
        self.number_of.insert(kind, number);
        Some(number)
    }

    /// Leaves the facts out of the file.
    pub(crate) fn give_up(&mut self) {
        self.facts = None;
        self.last = None;
    }

    /// The facts as bytes; `None` when it gave up.
    pub(crate) fn bytes(self) -> Option<Vec<u8>> {
        let facts = self.facts?;
        let mut out = vec![match facts.numbers {
            Numbers::Narrow(_) => 1,
            Numbers::Wide(_) => 2,
        }];
        out.extend_from_slice(&(facts.kinds.len() as u32).to_le_bytes());
        for kind in &facts.kinds {
            out.extend_from_slice(&kind.to_le_bytes());
        }
        match facts.numbers {
            Numbers::Narrow(numbers) => out.extend_from_slice(&numbers),
            Numbers::Wide(numbers) => {
                out.reserve(numbers.len() * 2);
                for number in numbers {
                    out.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn facts_come_back(kinds in prop::collection::vec(0_u32..600, 0..2_000), narrow: bool) {
            let kinds: Vec<u32> = kinds.into_iter().map(|k| if narrow { k % 7 } else { k << 9 }).collect();
            let mut builder = FactsBuilder::default();
            for kind in &kinds {
                builder.push(*kind);
            }
            let bytes = builder.bytes().expect("few kinds");
            let facts = Facts::read(&bytes, kinds.len() as u64).expect("as written");
            prop_assert_eq!(facts.iter().collect::<Vec<_>>(), kinds.clone());
            prop_assert_eq!(facts.get(kinds.len() as u64), None);
            prop_assert_eq!(Facts::read(&bytes, kinds.len() as u64 + 1), None);
            prop_assert_eq!(Facts::read(&bytes[..bytes.len() / 2], kinds.len() as u64), None);
        }
    }

    #[test]
    fn too_many_kinds_leave_the_facts_out() {
        let mut builder = FactsBuilder::default();
        for kind in 0..=u32::from(u16::MAX) + 1 {
            builder.push(kind);
        }
        builder.push(1);
        assert_eq!(builder.bytes(), None);
    }
}

//! Some of the members of a stream, handed out one by one without copies: for those who pass over many, and for pages whose
//! members do not lie side by side. Each block is read once for all that is wanted of it.

use super::block::{Entry, HEAD, Head, MEMBERS, Member};
use super::kept::{Kept, Part};
use std::io;

/// A member as it lies in its block.
#[derive(Clone, Copy, Debug)]
pub struct Lying<'a> {
    /// Its number.
    pub number: u64,
    /// What is known of it besides.
    pub entry: &'a Entry,
    /// Its text; see [`Member`].
    pub text: &'a [u8],
    /// What the item said before; empty unless the member says that the item went.
    pub before: &'a [u8],
}

/// Called for each member.
pub type Take<'a> = &'a mut dyn FnMut(Lying<'_>) -> io::Result<()>;

impl Kept {
    /// Hands out members by their numbers, which rise; those that are not there are passed over.
    pub(super) fn each_of(
        &self,
        numbers: &mut dyn Iterator<Item = u64>,
        take: Take<'_>,
    ) -> io::Result<()> {
        let (len, size) = (self.len(), MEMBERS as u64);
        let mut numbers = numbers.take_while(|number| *number < len).peekable();
        while let Some(first) = numbers.peek().copied() {
            let block = first / size;
            let place = usize::try_from(block).unwrap_or(usize::MAX);
            let mut wanted = Vec::new();
            while let Some(number) = numbers.next_if(|number| number / size == block) {
                wanted.push(number);
            }
            match self.part(place)? {
                Part::Waiting(members) => {
                    for number in wanted {
                        if let Some(member) = members.get((number % size) as usize) {
                            take(of_member(number, member))?;
                        }
                    }
                }
                Part::Block(bytes) => each_in_block(&bytes, &wanted, take)?,
            }
        }
        Ok(())
    }
}

fn of_member(number: u64, member: &Member) -> Lying<'_> {
    Lying {
        number,
        entry: &member.entry,
        text: &member.text,
        before: if member.entry.kind == super::Kind::Delete {
            &member.before
        } else {
            &[]
        },
    }
}

fn each_in_block(bytes: &[u8], wanted: &[u64], take: Take<'_>) -> io::Result<()> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a block of members is damaged");
    let head = Head::read(bytes)?;
    let body = bytes.get(HEAD..).ok_or_else(damaged)?;
    let entries = head.entries(body)?;
    let texts = head.texts(body)?;
    let any_went = entries
        .iter()
        .any(|entry| entry.kind == super::Kind::Delete);
    let before = if any_went {
        head.before(body)?
    } else {
        Vec::new()
    };
    let (mut text_at, mut before_at) = (0, 0);
    let mut wanted = wanted.iter().copied().peekable();
    for (place, entry) in entries.iter().enumerate() {
        let (text_to, before_to) = (
            text_at + entry.text as usize,
            before_at + entry.before as usize,
        );
        let is_here = |number: &u64| (number % MEMBERS as u64) as usize == place;
        if let Some(number) = wanted.next_if(is_here) {
            take(Lying {
                number,
                entry,
                text: texts.get(text_at..text_to).ok_or_else(damaged)?,
                before: if entry.kind == super::Kind::Delete {
                    before.get(before_at..before_to).ok_or_else(damaged)?
                } else {
                    &[]
                },
            })?;
        }
        (text_at, before_at) = (text_to, before_to);
    }
    Ok(())
}

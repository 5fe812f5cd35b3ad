//! What is asked and what is answered: the words of a match, without how it is found.

use crate::rdf::label::Text;
use crate::store::Id;

/// What is asked. Empty texts are not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Name of a municipality, one of before a merger, or of a postal area.
    pub municipality: String,
    /// NIS code, also one of before a merger.
    pub nis: String,
    /// Four digits.
    pub postcode: String,
    /// Name of a street.
    pub street: String,
    /// House number, with its letter.
    pub house: String,
    /// Box number.
    pub box_number: String,
    /// Code of a status; only addresses with that status.
    pub status: String,
}

/// What was not as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// No such postcode.
    UnknownPostcode,
    /// No such NIS code.
    UnknownNis,
    /// No municipality is called so.
    UnknownMunicipality,
    /// Code and name are of different municipalities.
    NisAndNameDiffer,
    /// No street is called nearly so.
    UnknownStreet,
    /// The best match has another postcode.
    OtherPostcode,
    /// The street has no such house number.
    UnknownHouseNumber,
    /// There is no such box.
    UnknownBox,
    /// Found by a name of before.
    FormerName,
}

impl Warning {
    /// Its code: those below 100 are those of the base registries.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownPostcode => "4",
            Self::UnknownNis => "5",
            Self::UnknownMunicipality => "6",
            Self::NisAndNameDiffer => "9",
            Self::UnknownStreet => "10",
            Self::OtherPostcode => "101",
            Self::UnknownHouseNumber => "102",
            Self::UnknownBox => "103",
            Self::FormerName => "104",
        }
    }

    /// What it says to people.
    pub fn message(self) -> Text {
        let (nl, en) = match self {
            Self::UnknownPostcode => ("Onbekende 'Postcode'.", "Unknown 'Postcode'."),
            Self::UnknownNis => ("Onbekende 'Niscode'.", "Unknown 'Niscode'."),
            Self::UnknownMunicipality => ("Onbekende 'Gemeentenaam'.", "Unknown 'Gemeentenaam'."),
            Self::NisAndNameDiffer => (
                "De 'Niscode' en de 'Gemeentenaam' zijn van verschillende gemeenten.",
                "The 'Niscode' and the 'Gemeentenaam' are of different municipalities.",
            ),
            Self::UnknownStreet => (
                "Geen straatnaam lijkt op de 'Straatnaam'.",
                "No street name is like the 'Straatnaam'.",
            ),
            Self::OtherPostcode => (
                "Het beste resultaat heeft een andere postcode dan de 'Postcode'.",
                "The best match has another postcode than the 'Postcode'.",
            ),
            Self::UnknownHouseNumber => (
                "Het 'Huisnummer' komt niet voor in de straat.",
                "The 'Huisnummer' does not occur in the street.",
            ),
            Self::UnknownBox => (
                "Het 'Busnummer' komt niet voor op het adres.",
                "The 'Busnummer' does not occur at the address.",
            ),
            Self::FormerName => (
                "Het beste resultaat draagt nu een andere naam dan gevraagd.",
                "The best match now has another name than was asked for.",
            ),
        };
        Text::new(nl, en)
    }
}

/// A match: an address, or else a street, or else a municipality.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The address.
    pub address: Option<Id>,
    /// The street name.
    pub street: Option<Id>,
    /// The municipality.
    pub place: Option<Id>,
    /// Points, 0 to 100; 100 exactly when everything is as it was asked.
    pub score: f32,
}

/// Matches, best first, and what was not as it was asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// At most as many as were wanted.
    pub matches: Vec<Found>,
    /// Each once, in their own order.
    pub warnings: Vec<Warning>,
}

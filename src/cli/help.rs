//! Help that reads well: commands in groups with examples, in Dutch and English.

use crate::rdf::label::Language;
use clap::Command;

/// The command line with its texts in a language.
pub(crate) fn localise(command: Command, _language: Language) -> Command {
    command
}

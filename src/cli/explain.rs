//! `oslo explain`: what a code in a message means and what to do about it.

use super::Exit;
use super::problem::Problem;
use super::session::Session;
use crate::rdf::label::Text;
use crate::shapes::{Component, lint_rule, result_text};
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The code
    #[arg(value_name = "CODE")]
    code: String,
}

pub(crate) fn run(session: &Session, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let code = args.code.trim().to_ascii_uppercase();
    let (message, hint) = find(&code).ok_or_else(|| {
        Problem::new(format!("de code {code} bestaat niet"), format!("there is no code {code}")).hint(
            "L-codes gaan over vormen, V-codes over resultaten; een P-code legt zichzelf uit in de melding",
            "L codes are about shapes, V codes about results; a P code explains itself in its message",
        )
    })?;
    let console = session.console;
    let mut out = console.out();
    writeln!(out, "{code}: {}", message.get(console.language))?;
    if let Some(hint) = hint {
        writeln!(
            out,
            "  {}: {}",
            console.say("hulp", "hint"),
            hint.get(console.language)
        )?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Message and hint; holes in braces stand for what a real message names.
fn find(code: &str) -> Option<(Text, Option<Text>)> {
    if let Some(rule) = lint_rule(code) {
        return Some((
            Text::new(rule.nl, rule.en),
            Some(Text::new(rule.hint_nl, rule.hint_en)),
        ));
    }
    let component = Component::ALL
        .into_iter()
        .find(|component| component.code() == code)?;
    let text = result_text(component);
    Some((
        Text::new(text.nl, text.en),
        Some(Text::new(text.hint_nl, text.hint_en)),
    ))
}

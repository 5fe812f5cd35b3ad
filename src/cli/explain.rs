//! `oslo explain`: what a code in a message means and what to do about it, with an example that gets it and one that does
//! not.

use super::Exit;
use super::problem::Problem;
use super::session::Session;
use crate::http::problem_code;
use crate::views::codes::{CodeMeaning, all_codes, code_meaning};
use clap::Args;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The code [default: a list of all codes]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(session: &Session, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let mut out = session.console.out();
    match &args.code {
        None => list(session, &mut out)?,
        Some(code) => explain(session, code.trim(), &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn list(session: &Session, out: &mut dyn Write) -> io::Result<()> {
    for code in all_codes() {
        writeln!(
            out,
            "{}  {}",
            code.code,
            code.message.get(session.console.language)
        )?;
    }
    Ok(())
}

fn explain(session: &Session, code: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let console = session.console;
    if let Some(meaning) = code_meaning(code) {
        return Ok(tell(session, &meaning, out)?);
    }
    if let Some((status, meaning)) = problem_code(&code.to_ascii_lowercase()) {
        writeln!(out, "{code}: {}", meaning.get(console.language))?;
        writeln!(out, "  HTTP {status}")?;
        return Ok(());
    }
    Err(Problem::new(
        format!("de code {code} bestaat niet"),
        format!("there is no code {code}"),
    )
    .hint(
        "V-codes gaan over resultaten, L-codes over vormen, P-codes over bestanden, N-codes over herstellingen, H-codes over bronnen; `oslo explain` zonder code toont ze alle",
        "V codes are about results, L codes about shapes, P codes about files, N codes about repairs, H codes about sources; `oslo explain` without a code lists them all",
    )
    .into())
}

fn tell(session: &Session, meaning: &CodeMeaning, out: &mut dyn Write) -> io::Result<()> {
    let console = session.console;
    let language = console.language;
    writeln!(out, "{}: {}", meaning.code, meaning.message.get(language))?;
    if !meaning.name.is_empty() {
        writeln!(out, "  SHACL: sh:{}ConstraintComponent", meaning.name)?;
    }
    let lines = [
        (console.say("hulp", "hint"), meaning.hint.get(language)),
        (
            console.say("gevolg", "effect"),
            meaning.effect.get(language),
        ),
    ];
    for (word, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "  {word}: {text}")?;
    }
    let examples = [
        (console.say("gegeven", "given"), &meaning.given),
        (console.say("fout", "wrong"), &meaning.fails),
        (console.say("goed", "right"), &meaning.passes),
    ];
    for (word, text) in examples.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "\n{word}:")?;
        for line in text.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

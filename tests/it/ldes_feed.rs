//! The event streams that this server publishes, as those who follow them see them: what each address answers, whether the
//! pages keep the rules of TREE and LDES, whether a copy made by following them is the register.

mod answers;
mod judged;
mod replicated;

use crate::http::{Answer, BASE, Server};
use axum::http::StatusCode;

/// A page that says what it is, with what differs from run to run named instead.
fn steady(answer: &Answer) -> String {
    let steps = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "[moment]"),
        (r"/tijd/[0-9a-f]{8}/", "/tijd/[uitgave]/"),
    ];
    let mut text = answer.snapshot();
    for (pattern, name) in steps {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, name).into_owned();
    }
    text
}

/// So many addresses, each of one type and with a number.
fn addresses(count: usize) -> String {
    let mut out = String::new();
    for n in 1..=count {
        out.push_str(&format!(
            "<https://data.vlaanderen.be/id/adres/{n}> a <https://data.vlaanderen.be/ns/adres#Adres> ; \
             <https://data.vlaanderen.be/ns/adres#huisnummer> \"{n}\" .\n"
        ));
    }
    out
}

/// The addresses of pages that a page leads to, without the base, in order.
fn targets(page: &str) -> Vec<String> {
    let pattern = regex::Regex::new(r"<https://w3id\.org/tree#node> <([^>]+)>").expect("a pattern");
    let found = pattern.captures_iter(page).map(|found| {
        let address = found.get(1).expect("a group").as_str();
        address.strip_prefix(BASE).expect("ours").to_owned()
    });
    let mut targets: Vec<String> = found.collect();
    targets.dedup();
    targets
}

/// The entry and all pages below it, as `format` has them, with their addresses.
async fn all_pages(server: &Server, register: &str, format: &str) -> Vec<(String, Answer)> {
    let mut due = vec![format!("/ldes/{register}?format=nq")];
    let mut pages = Vec::new();
    while let Some(address) = due.pop() {
        let page = server.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}: {}", page.text());
        due.extend(targets(page.text()));
        let address = address.replace("format=nq", &format!("format={format}"));
        let page = server.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        pages.push((address, page));
    }
    pages
}

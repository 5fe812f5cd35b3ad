//! The first suite of the Graph Store protocol, which its manifest tells in prose, one test building on the one before.
//! Deprecated by the W3C in favour of the one that is read from its manifest. Where its successor allows several statuses
//! for what this one gives a single status, those of the successor and of the specification count.

use super::exchange::dataset;
use super::{Live, Reply};
use crate::rdf_suites::isomorphic;
use std::cell::RefCell;

const PREFIXES: &str = "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n@prefix v: <http://www.w3.org/2006/vcard/ns#> .\n";
const FIRST: &str = "/graph/person/1.ttl";
const SECOND: &str = "/graph/person/2.ttl";
const FOURTH: &str = "/graph/person/4.ttl";

thread_local! {
    /// Where the graph is that one test makes and later ones read.
    static NEW_PATH: RefCell<String> = const { RefCell::new(String::new()) };
}

fn person(server: &Live, rest: &str) -> String {
    format!("{PREFIXES}<{}/person/1> {rest} .", server.base())
}

fn card(name: &str) -> String {
    format!("a foaf:Person ; foaf:businessCard [ a v:VCard ; v:fn \"{name}\" ]")
}

fn somebody() -> String {
    format!(
        "{PREFIXES}[] a foaf:Person ; foaf:businessCard [ a v:VCard ; v:given-name \"Alice\" ] ."
    )
}

fn send(server: &Live, method: &str, path: &str, turtle: &str) -> Reply {
    let request = server.request(method, path);
    server.send(
        &request
            .with("content-type", "text/turtle; charset=utf-8")
            .body(turtle),
    )
}

fn status(reply: &Reply, expected: &[u16]) -> Result<(), String> {
    if expected.contains(&reply.status) {
        return Ok(());
    }
    Err(format!(
        "expected one of {expected:?}, not {} {}",
        reply.status,
        reply.text()
    ))
}

/// Reading a path gives this graph.
fn holds(server: &Live, path: &str, turtle: &str) -> Result<(), String> {
    let reply = server.send(&server.request("GET", path).with("accept", "text/turtle"));
    status(&reply, &[200])?;
    if reply.header("content-type") != "text/turtle; charset=utf-8" {
        return Err(format!("is {}", reply.header("content-type")));
    }
    isomorphic(dataset(&reply.body)?, dataset(turtle.as_bytes())?)
}

/// Runs the test of a name, after those before it.
pub(super) fn run(test: &str, server: &Live) -> Result<(), String> {
    match test {
        "put__initial_state" => {
            let reply = send(server, "PUT", FIRST, &person(server, &card("John Doe")));
            status(&reply, &[201])
        }
        "get_of_put__initial_state" => {
            // By the name of the graph this time.
            let path = format!("/rdf-graphs?graph={}{FIRST}", server.base());
            holds(server, &path, &person(server, &card("John Doe")))
        }
        "put__graph_already_in_store" => {
            let reply = send(server, "PUT", FIRST, &person(server, &card("Jane Doe")));
            status(&reply, &[200, 204])
        }
        "get_of_put__graph_already_in_store" => {
            holds(server, FIRST, &person(server, &card("Jane Doe")))
        }
        "put__default_graph" => {
            let reply = send(server, "PUT", "/rdf-graphs?default", &somebody());
            status(&reply, &[200, 201, 204])
        }
        "get_of_put__default_graph" => holds(server, "/rdf-graphs?default", &somebody()),
        "delete__existing_graph" => {
            // The suite supposes a second graph that none of its tests makes.
            status(&send(server, "PUT", SECOND, &somebody()), &[201])?;
            let reply = server.send(&server.request("DELETE", SECOND));
            status(&reply, &[200, 204])
        }
        "get_of_delete__existing_graph" => status(&server.get(SECOND), &[404]),
        "delete__nonexistent_graph" => {
            let reply = server.send(&server.request("DELETE", SECOND));
            status(&reply, &[404])
        }
        "post__existing_graph" => {
            let more = person(server, "foaf:name \"Jane Doe\"");
            status(&send(server, "POST", FIRST, &more), &[200, 204])
        }
        // As written: the card as it was before the second PUT, and without what was just posted.
        "get_of_post__existing_graph" => holds(server, FIRST, &person(server, &card("John Doe"))),
        "post__multipart_formdata" => {
            let part = |file: &str, rest: &str| {
                let turtle = person(server, rest);
                format!(
                    "--grens\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"{file}\"\r\nContent-Type: text/turtle; charset=utf-8\r\n\r\n{turtle}\r\n"
                )
            };
            let form = part("lastName.ttl", "foaf:familyName \"Doe\"")
                + &part("firstName.ttl", "foaf:givenName \"Jane\"")
                + "--grens--\r\n";
            let request = server
                .request("POST", FIRST)
                .with("content-type", "multipart/form-data; boundary=grens");
            status(&server.send(&request.body(form)), &[200, 204])
        }
        "get_of_post__multipart_formdata" => {
            let all = format!(
                "{} ; foaf:name \"Jane Doe\" ; foaf:givenName \"Jane\" ; foaf:familyName \"Doe\"",
                card("Jane Doe")
            );
            holds(server, FIRST, &person(server, &all))
        }
        "post__create__new_graph" => {
            let reply = send(server, "POST", "/rdf-graphs", &somebody());
            status(&reply, &[201])?;
            let location = reply.header("location");
            let path = location
                .strip_prefix(&server.base())
                .ok_or_else(|| format!("Location {location} is elsewhere"))?;
            NEW_PATH.with_borrow_mut(|known| path.clone_into(known));
            Ok(())
        }
        "get_of_post__create__new_graph" => {
            holds(server, &NEW_PATH.with_borrow(String::clone), &somebody())
        }
        "get_of_post__after_noop" => {
            let path = NEW_PATH.with_borrow(String::clone);
            status(&send(server, "POST", &path, ""), &[200, 204])?;
            holds(server, &path, &somebody())
        }
        "head_on_an_existing_graph" => {
            let reply = server.send(&server.request("HEAD", FIRST));
            status(&reply, &[200])?;
            match reply.header("content-type").as_str() {
                "text/turtle; charset=utf-8" => Ok(()),
                other => Err(format!("is {other}")),
            }
        }
        "head_on_a_nonexisting_graph" => {
            status(&server.send(&server.request("HEAD", FOURTH)), &[404])
        }
        _ => Err("nobody wrote this test down".to_owned()),
    }
}

//! What hostile and careless clients send: requests made of a seed and a number. Holds no expectations but one: whether the
//! answer may be left out.

use super::wire::Way;
use crate::differential::Dice;
use oslo_registry::views::html::percent_encode;
use std::fmt::Write as _;
use std::io::Write as _;

/// One request.
pub(super) struct Attack {
    /// Kind, for the account of what was answered.
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) way: Way,
    /// What is sent, shortened, for whoever wants to see it again.
    pub(super) told: String,
}

/// Nodes on the ring of `:p`.
pub(super) const RING: usize = 400;

const PROLOGUE: &str = "PREFIX : <http://proef.test/> PREFIX text: <urn:x-oslo:text#> \
    PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> ";

/// A ring with chords, numbers, texts and shapes: little data, in which heavy questions can be asked.
pub(super) fn ring() -> String {
    let mut out = String::from(
        "@prefix : <http://proef.test/> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .\n",
    );
    for n in 0..RING {
        let (next, far) = ((n + 1) % RING, (n * 7 + 3) % RING);
        let (x, y) = (3.0 + (n as f64) / 500.0, 51.0 + (n % 20) as f64 / 100.0);
        writeln!(
            out,
            ":n{n} :p :n{next} ; :q :n{far} ; :value {n} ; :text \"knoop {n} van de ring aaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"@nl ; \
             geo:asWKT \"POLYGON(({x} {y}, {} {y}, {} {}, {x} {}, {x} {y}))\"^^geo:wktLiteral .",
            x + 0.01, x + 0.01, y + 0.01, y + 0.01
        )
        .expect("a string grows");
    }
    out
}

/// The request of a number. The same seed and number always make the same request.
pub(super) fn attack(seed: u64, number: u64, token: &str) -> Attack {
    let mixed =
        (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)) ^ number.wrapping_mul(0xD134_2543_DE82_EF95);
    let mut dice = Dice(mixed | 1);
    for _ in 0..4 {
        dice.roll(2);
    }
    match dice.roll(100) {
        0..62 => query(&mut dice),
        62..68 => update(&mut dice, token),
        68..80 => malformed(&mut dice, token),
        80..92 => elsewhere(&mut dice),
        _ => noise(&mut dice),
    }
}

/// A request as HTTP/1.1 writes it.
fn request(method: &str, target: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}")
            .into_bytes();
    if !body.is_empty() {
        let _ = write!(bytes, "content-length: {}\r\n", body.len());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn shortened(text: &str) -> String {
    let text: String = text.chars().take(400).collect();
    text.replace(['\r', '\n'], " ")
}

fn polite(kind: &'static str, bytes: Vec<u8>) -> Attack {
    let told = shortened(&String::from_utf8_lossy(&bytes[..bytes.len().min(600)]));
    Attack {
        kind,
        bytes,
        way: Way::Politely,
        told,
    }
}

/// A query, sent in one of the ways of the protocol.
fn query(dice: &mut Dice) -> Attack {
    let (kind, text) = query_text(dice);
    let text = format!("{PROLOGUE}{text}");
    let timeout = dice.pick(&["150ms", "300ms", "300ms", "600ms", "1", "2"]);
    let accept = dice.pick(&[
        "*/*",
        "application/sparql-results+json",
        "application/sparql-results+xml, text/turtle",
        "text/csv, application/n-triples",
        "text/html",
    ]);
    let extra = dice.pick(&[
        "",
        "",
        "accept-encoding: gzip\r\n",
        "accept-encoding: zstd\r\n",
        "te: gzip\r\n",
    ]);
    let headers = format!("accept: {accept}\r\n{extra}");
    let bytes = match dice.roll(3) {
        0 if text.len() < 15_000 => {
            let target = format!("/sparql?timeout={timeout}&query={}", percent_encode(&text));
            request("GET", &target, &headers, b"")
        }
        1 => {
            let headers = format!("{headers}content-type: application/x-www-form-urlencoded\r\n");
            let form = format!("timeout={timeout}&query={}", percent_encode(&text));
            request("POST", "/sparql", &headers, form.as_bytes())
        }
        _ => {
            let headers = format!("{headers}content-type: application/sparql-query\r\n");
            let target = format!("/sparql?timeout={timeout}");
            request("POST", &target, &headers, text.as_bytes())
        }
    };
    let way = match dice.roll(20) {
        0 => Way::ReadSlowly,
        1 => Way::DropAtOnce,
        2 => Way::DropMidway,
        _ => Way::Politely,
    };
    Attack {
        kind,
        bytes,
        way,
        told: shortened(&text[PROLOGUE.len()..]),
    }
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for n in 0..count {
        out.push_str(&item(n));
        out.push(' ');
    }
    out
}

fn nested(depth: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn query_text(dice: &mut Dice) -> (&'static str, String) {
    let depth = [5, 40, 90, 120, 500, 5000][dice.roll(6)];
    let many = [10, 300, 3_000, 12_000][dice.roll(4)];
    let triples = |count: usize| list(count, |n| format!("?s{n} ?p{n} ?o{n} ."));
    match dice.roll(26) {
        0 => ("nesting", match dice.roll(8) {
            0 => format!("SELECT * {{ {} }}", nested(depth, "{ ", "?s ?p ?o", " }")),
            1 => format!("SELECT * {{ ?s :value ?o FILTER({} = 1) }}", nested(depth, "(", "?o", ")")),
            2 => format!("SELECT * {{ ?s ?p ?o {} }}", nested(depth, "OPTIONAL { ?s ?p ?o ", "", "}")),
            3 => format!("SELECT * {{ {} }}", nested(depth, "{ SELECT * { ", "?s :p ?o", " } }")),
            4 => format!("SELECT * {{ ?s {} ?o }}", nested(depth, "(", ":p", ")*")),
            5 => format!("SELECT * {{ {} }}", nested(depth, "[ :p ", "1", " ]")),
            6 => format!("SELECT * {{ ?s :value ?o FILTER {} }}", nested(depth, "NOT EXISTS { ?s :p ?o FILTER ", "(true)", " }")),
            _ => format!("SELECT * {{ ?s :value {} }}", nested(depth, "( ", "1", " )")),
        }),
        1 => ("product", format!("SELECT (COUNT(*) AS ?n) {{ {} }}", triples(2 + dice.roll(4)))),
        2 => ("product", format!("SELECT * {{ {} }}", triples(2 + dice.roll(3)))),
        3 => {
            let by = list(2 + dice.roll(3), |n| format!("?o{n} DESC(?s{n})"));
            ("order", format!("SELECT * {{ {} }} ORDER BY {by}", triples(3)))
        }
        4 => ("distinct", format!("SELECT DISTINCT ?o0 ?o1 ?o2 {{ {} }}", triples(3))),
        5 => ("group", format!(
            "SELECT ?o0 {} {{ {} }} GROUP BY ?o0 ?o1 HAVING(COUNT(*) > {many})",
            dice.pick(&["(GROUP_CONCAT(?o1; separator=', ') AS ?x)", "(SUM(?o1) AS ?x)", "(COUNT(DISTINCT ?s1) AS ?x)", "(SAMPLE(?o2) AS ?x)"]),
            triples(3)
        )),
        6 => {
            let pattern = dice.pick(&["(a+)+$", "(a|aa)+$", "(a*)*b", "a{1000}{1000}", "(x{1,1000}){1,1000}", "(?:a?){200}a{200}", ".*.*.*.*=.*", "[", "(?<=a)b", "\\\\p{L}{500}"]);
            ("regex", format!("SELECT * {{ ?s :text ?o FILTER(REGEX(STR(?o), \"{pattern}\", \"{}\")) }}", dice.pick(&["", "i", "smix", "q", "ZZ"])))
        }
        7 => ("regex", format!(
            "SELECT (REPLACE(REPLACE(REPLACE(?o, '.', '$0$0$0$0$0$0$0$0'), '.', '$0$0$0$0$0$0$0$0'), '.', '$0$0$0$0$0$0$0$0') AS ?x) {{ ?s :text ?o }} LIMIT {many}"
        )),
        8 => ("values", format!("SELECT * {{ VALUES ?v {{ {} }} ?s :value ?v }}", list(many, |n| n.to_string()))),
        9 => {
            let values = list([20, 200, 400][dice.roll(3)], |n| n.to_string());
            ("values", format!("SELECT (COUNT(*) AS ?n) {{ {} }}", list(2 + dice.roll(3), |n| format!("VALUES ?v{n} {{ {values} }}"))))
        }
        10 => ("in", format!("SELECT * {{ ?s :value ?v FILTER(?v {} ({})) }}", dice.pick(&["IN", "NOT IN"]), list(many, |n| format!("{n},")).trim_end_matches([',', ' ']))),
        11 => {
            let path = dice.pick(&["(:p|^:p)*", "(:p|:q|^:p|^:q)+", "((:p/:q)|(:q/:p))*", "!(:value)*", ":p*/:q*/:p*/:q*", "((:p*)*)*", "(:p?/:q?)+", "^(:p/^:q)*", "(!:x|!^:y)+", "(a|^a)*", "(!(:x|^:x))*"]);
            let ends = dice.pick(&["?a {} ?b", "?a {} ?a", ":n1 {} ?b", "?a {} :n2", ":n1 {} :n2"]);
            let what = dice.pick(&["*", "(COUNT(*) AS ?n)", "DISTINCT *"]);
            ("path", format!("SELECT {what} {{ {} }}", ends.replace("{}", path)))
        }
        12 => ("path", format!("SELECT * {{ ?a (:p|^:p)* ?b . ?b (:q|^:q)* ?c . ?c (:p|:q)+ ?d }} ORDER BY ?d LIMIT {many}")),
        13 => ("literal", format!("SELECT * {{ ?s ?p \"{}\" }}", "é".repeat([10, 4_000, 60_000, 400_000][dice.roll(4)]))),
        14 => {
            let steps = 5 + dice.roll(45);
            let mut text = "SELECT * { BIND('0123456789abcdef' AS ?v0) ".to_owned();
            for n in 0..steps {
                let _ = write!(text, "BIND(CONCAT(?v{n}, ?v{n}) AS ?v{}) ", n + 1);
            }
            ("growth", text + "}")
        }
        15 => ("growth", format!("SELECT (GROUP_CONCAT(?x; separator=\"{}\") AS ?all) {{ ?s :text ?x . ?t :text ?y . ?u :text ?z }}", "-".repeat(many.min(3_000)))),
        16 => ("filter", format!("SELECT * {{ ?s :value ?v FILTER({}) }}", vec![dice.pick(&["?v > 3", "?v + 1 * 2 - 3 / 4 != 5", "STRLEN(STR(?v)) < 9"]); many.min(3_000)].join(dice.pick(&[" || ", " && "])))),
        17 => ("union", format!("SELECT * {{ {} }}", vec!["{ ?s ?p ?o }"; [2, 50, 400][dice.roll(3)]].join(" UNION "))),
        18 => ("minus", format!("SELECT * {{ ?a ?b ?c {} {{ {} }} }}", dice.pick(&["MINUS", "FILTER NOT EXISTS", "OPTIONAL"]), triples(3))),
        19 => ("wide", format!("SELECT {} {{ ?s :value ?v }}", list(many.min(1_000), |n| format!("(?v + {n} AS ?x{n})")))),
        20 => ("patterns", format!("SELECT * {{ {} }} LIMIT 5", list([5, 30, 300, 2_000][dice.roll(4)], |n| format!("?a{} {} ?a{} .", n % 37, [":p", ":q", "?x"][n % 3], (n * 5 + 1) % 37)))),
        21 => ("graph", match dice.roll(4) {
            0 => "DESCRIBE ?s { ?s ?p ?o }".to_owned(),
            1 => "CONSTRUCT { ?a ?p ?d . ?d ?q ?a . [] :x ?a } { ?a ?p ?b . ?c ?q ?d }".to_owned(),
            2 => "CONSTRUCT { ?a :near ?b } { ?a (:p|^:p)* ?b }".to_owned(),
            _ => "DESCRIBE * { ?s (:p|:q)* ?o }".to_owned(),
        }),
        22 => {
            let words = dice.pick(&["knoop~2 ring~2 van~2", "a*", "*", "\\\"", "-niets", "a OR b OR c OR d OR e~2 OR f*", "((((", "knoop knoop knoop", "\u{0}", "ringringringringringring~2"]);
            let long = if dice.chance(20) { "woord~2 OR ".repeat(many) } else { String::new() };
            let tail = dice.pick(&["?t text:search \"{}\"", "(?t ?score) text:search (\"{}\" \"nl\" 100000)", "?s :text ?t FILTER(text:matches(?t, \"{}\"))", "?s :text ?t . ?t text:search \"{}\" . ?u :text ?t2 . ?t2 text:search \"{}\""]);
            ("text", format!("SELECT * {{ {} }}", tail.replace("{}", &format!("{long}{words}"))))
        }
        23 => ("geo", geo(dice, many)),
        24 => ("functions", format!("SELECT ({} AS ?x) {{ ?s :value ?v . ?s :text ?o }} LIMIT {many}", dice.pick(&[
            "SUBSTR(?o, -1e300, 1e300)", "STRDT(?o, <urn:x>)", "IRI(?o)", "<urn:unknown>(?v)", "SHA512(CONCAT(?o, ?o))", "1/0", "?v * 1e308 * 1e308",
            "9223372036854775807 + ?v", "STRDT('99999999999999999999-99-99', <http://www.w3.org/2001/XMLSchema#dateTime>) + 1", "ENCODE_FOR_URI(REPLACE(?o, '.', '$0$0$0$0$0$0$0$0'))",
            "COALESCE(?a, ?b, ?c, 1/0)", "IF(RAND() < 2, BNODE(), UUID())", "-(-(-(-(?v))))", "'2024-02-30'^^<http://www.w3.org/2001/XMLSchema#date> - NOW()",
        ]))),
        _ => ("syntax", broken(dice)),
    }
}

fn geo(dice: &mut Dice, many: usize) -> String {
    let corners = list(many, |n| {
        let angle = n as f64 / many as f64 * std::f64::consts::TAU;
        format!("{} {},", 3.5 + angle.cos(), 51.0 + angle.sin())
    });
    let wkt = match dice.roll(10) {
        0 => "POINT(NaN NaN)".to_owned(),
        1 => "POINT(1e308 -1e308)".to_owned(),
        2 => "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))".to_owned(),
        3 => "POLYGON((0 0))".to_owned(),
        4 => nested(many.min(3_000), "GEOMETRYCOLLECTION(", "POINT(1 1)", ")"),
        5 => format!("LINESTRING({})", corners.trim_end_matches([',', ' '])),
        6 => "<http://www.opengis.net/def/crs/EPSG/0/99999> POINT(1 1)".to_owned(),
        7 => "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(inf -inf)".to_owned(),
        8 => "MULTIPOLYGON EMPTY".to_owned(),
        _ => format!("POLYGON(({} 4.5 51))", corners),
    };
    let test = dice.pick(&[
        "geof:sfIntersects(?g, ?c)", "geof:sfWithin(?g, ?c)", "geof:distance(?g, ?c, <http://www.opengis.net/def/uom/OGC/1.0/metre>) < 1e300",
        "geof:sfEquals(geof:union(?g, ?c), geof:difference(?c, ?g))", "geof:relate(?g, ?c, 'TTTFFFTTT')", "geof:metricArea(geof:metricBuffer(?c, 1e9)) > 0",
        "geof:metricArea(geof:buffer(?c, -1e300, <http://www.opengis.net/def/uom/OGC/1.0/metre>)) > 0", "geof:isEmpty(geof:intersection(geof:convexHull(?c), geof:transform(?g, 'EPSG:3812')))",
    ]);
    format!("SELECT * {{ BIND(\"{wkt}\"^^geo:wktLiteral AS ?c) ?s geo:asWKT ?g FILTER({test}) }}")
}

/// Text that is no query, or hardly one.
fn broken(dice: &mut Dice) -> String {
    let sound = "SELECT ?s (COUNT(?o) AS ?n) WHERE { ?s :p/:q* ?o FILTER(?o > 1 && REGEX(STR(?s), 'x')) OPTIONAL { ?s :text \"a\"@nl } } GROUP BY ?s ORDER BY ?n LIMIT 10";
    let mut letters: Vec<char> = sound.chars().collect();
    for _ in 0..1 + dice.roll(6) {
        let at = dice.roll(letters.len());
        match dice.roll(4) {
            0 => letters.truncate(at.max(1)),
            1 => {
                letters.remove(at);
            }
            2 => letters.insert(
                at,
                [
                    '{', '}', '"', '\\', '<', '\u{0}', '\u{202e}', '(', '^', '|', '€',
                ][dice.roll(11)],
            ),
            _ => {
                let part: Vec<char> = letters[at..].iter().take(30).copied().collect();
                letters.extend(part);
            }
        }
        if letters.is_empty() {
            letters.push('S');
        }
    }
    letters.into_iter().collect()
}

fn update(dice: &mut Dice, token: &str) -> Attack {
    let many = [10, 300, 4_000][dice.roll(3)];
    let text = match dice.roll(9) {
        0 => format!(
            "INSERT DATA {{ GRAPH :los {{ {} }} }}",
            list(many, |n| format!(":los{n} :p :los{} .", n + 1))
        ),
        1 => "INSERT { GRAPH :los { ?a :keer ?c } } WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"
            .to_owned(),
        2 => "DELETE WHERE { GRAPH :los { ?a ?b ?c } }".to_owned(),
        3 => "LOAD <http://127.0.0.1:9/geheim>".to_owned(),
        4 => "CLEAR GRAPH :los ; INSERT DATA { GRAPH :los { :a :b".to_owned(),
        5 => vec![
            "INSERT DATA { GRAPH :los { :a :b :c } } ; DELETE DATA { GRAPH :los { :a :b :c } }";
            many.min(300)
        ]
        .join(" ; "),
        6 => format!(
            "INSERT DATA {{ GRAPH :los {{ :a :text \"{}\" }} }}",
            "x".repeat(many * 100)
        ),
        7 => format!(
            "DELETE {{ ?s ?p ?o }} INSERT {{ GRAPH :los {{ ?s ?p ?o }} }} USING :none WHERE {{ {} }}",
            nested(many, "{ ", "?s ?p ?o", " }")
        ),
        _ => {
            "DELETE { GRAPH :los { ?a :p ?b } } WHERE { GRAPH :los { ?a (:p|^:p)* ?b } }".to_owned()
        }
    };
    let text = format!("{PROLOGUE}{text}");
    let who = match dice.roll(4) {
        0 => String::new(),
        1 => "authorization: Bearer verkeerd-token-0123456789\r\n".to_owned(),
        _ => format!("authorization: Bearer {token}\r\n"),
    };
    let headers = format!("{who}content-type: application/sparql-update\r\n");
    let mut attack = polite(
        "update",
        request("POST", "/sparql?timeout=300ms", &headers, text.as_bytes()),
    );
    attack.told = shortened(&text[PROLOGUE.len()..]);
    if dice.chance(10) {
        attack.way = Way::DropAtOnce;
    }
    attack
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(content).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

/// Requests that are HTTP, but not what the protocol allows.
fn malformed(dice: &mut Dice, token: &str) -> Attack {
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let direct = "content-type: application/sparql-query\r\n";
    let bytes = match dice.roll(20) {
        0 => request(
            "POST",
            "/sparql",
            direct,
            b"SELECT * { ?s ?p '\xff\xfe\x80' }",
        ),
        1 => request("GET", "/sparql?query=%FF%FE%80", "", b""),
        2 => request("GET", "/sparql?query=%ZZ%4&default-graph-uri=%", "", b""),
        3 => request(
            "GET",
            "/sparql?query=ASK%7B%7D",
            &list(90, |n| format!("x-veel-{n}: {}\r\n", "y".repeat(900))),
            b"",
        ),
        4 => request("POST", "/sparql", "content-type: text/plain\r\n", b"ASK {}"),
        5 => request(
            "POST",
            "/sparql",
            "content-type: application/sparql-query; charset=UTF-16\r\n",
            b"ASK {}",
        ),
        6 => request(
            "POST",
            "/sparql",
            &format!("{direct}content-encoding: gzip\r\n"),
            &gzip(&vec![b' '; 40 << 20]),
        ),
        7 => request(
            "POST",
            "/sparql",
            &format!("{direct}content-encoding: gzip\r\n"),
            b"\x1f\x8b\x08 niet echt",
        ),
        8 => request(
            "POST",
            "/sparql",
            &format!("{direct}content-encoding: br\r\n"),
            b"ASK {}",
        ),
        9 => {
            let bomb = zstd::encode_all(&vec![b'('; 20 << 20][..], 19).expect("memory takes it");
            request(
                "POST",
                "/sparql",
                &format!("{direct}content-encoding: zstd\r\n"),
                &bomb,
            )
        }
        10 => {
            let many = list(12_000, |n| {
                format!("p{n}=x&default-graph-uri=http://e/{n}&")
            });
            request(
                "POST",
                "/sparql",
                form,
                format!(
                    "{}query=SELECT * {{ ?s ?p ?o }} LIMIT 1",
                    many.replace(' ', "")
                )
                .as_bytes(),
            )
        }
        11 => request("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", "", b""),
        12 => request(
            "GET",
            &format!(
                "/sparql?timeout={}&query=ASK%7B%7D",
                dice.pick(&["-1", "NaN", "1e400", "inf", "0", "9999999999999999999", "x"])
            ),
            "",
            b"",
        ),
        13 => request("GET", "/sparql?update=DROP%20ALL", "", b""),
        14 => request("POST", "/sparql", form, &vec![b'&'; 2 << 20]),
        15 => request("POST", "/sparql", form, b"query=ASK{}&update=DROP ALL"),
        16 => request(
            dice.pick(&["PUT", "DELETE", "PATCH", "TRACE", "BREW", "OPTIONS", "HEAD"]),
            "/sparql",
            "",
            b"",
        ),
        17 => request(
            "GET",
            "/sparql?query=ASK%7B%7D&format=docx",
            "accept: image/png\r\n",
            b"",
        ),
        18 => request(
            "PUT",
            "/rdf-graphs?graph=http://proef.test/los",
            &format!("authorization: Bearer {token}\r\ncontent-type: text/turtle\r\n"),
            dice.pick(&[
                "<a> <b> ",
                "@prefix",
                "\u{0}",
                "<a> <b> \"\\uD800\" .",
                "((((((((((",
            ])
            .as_bytes(),
        ),
        _ => request(
            "POST",
            "/sparql",
            direct,
            &vec![b'('; [100, 100_000, 2 << 20][dice.roll(3)]],
        ),
    };
    polite("malformed", bytes)
}

/// Everything that is not `/sparql`.
fn elsewhere(dice: &mut Dice) -> Attack {
    let moment = percent_encode(dice.pick(&[
        "0",
        "1",
        "3",
        "999999999999",
        "-1",
        "1970-01-01",
        "2024-13-45",
        "9999-12-31",
        "2024-01-01T00:00:00Z",
        "+262143-01-01",
        "gisteren",
        "''",
    ]));
    let ask = percent_encode("SELECT * { ?s ?p ?o } LIMIT 3");
    let value = percent_encode(dice.pick(&[
        "",
        "x",
        "-1",
        "NaN",
        "> } ; DROP ALL",
        "\"",
        "2024-02-30",
        "http://e/<>",
        "\u{0}",
        "99999999999999999999",
    ]));
    let name = dice.pick(&[
        "gemeente",
        "adressen-van-straat",
        "mandaten-op-datum",
        "straten-met-adressen",
        "dossiers",
        "bestaat-niet",
        "..%2f..%2fadmin-token",
    ]);
    let parameter = dice.pick(&["gemeente", "straat", "datum", "limiet", "asOf", "p"]);
    let register = dice.pick(&["adressen", "straatnamen", "gemeenten", "mandaten", "niets"]);
    let turtle = "content-type: text/turtle\r\n";
    let bytes = match dice.roll(16) {
        0 | 1 => request(
            "GET",
            &format!("/sparql?asOf={moment}&query={ask}"),
            "",
            b"",
        ),
        2 => request(
            "GET",
            &format!("/sparql?query={ask}"),
            &format!(
                "accept-datetime: {}\r\n",
                dice.pick(&[
                    "x",
                    "Tue, 31 Dec 2024 12:00:00 GMT",
                    "Thu, 01 Jan 1970 00:00:00 GMT",
                    "Fri, 31 Dec 9999 23:59:59 GMT"
                ])
            ),
            b"",
        ),
        3 | 4 => request(
            "GET",
            &format!(
                "/queries/{name}?{parameter}={value}&format={}",
                dice.pick(&["csv", "json", "html", "turtle", "x"])
            ),
            "",
            b"",
        ),
        5 => request(
            "GET",
            &format!(
                "/api/{register}?limit={}&na={value}",
                dice.pick(&["10", "0", "-1", "1000000000", "x"])
            ),
            "",
            b"",
        ),
        6 => request(
            "GET",
            &format!("/api/{register}?{parameter}={value}"),
            "accept: text/html\r\n",
            b"",
        ),
        7 => request(
            "GET",
            &format!(
                "/doc?uri={}&asOf={moment}",
                percent_encode("http://proef.test/n1")
            ),
            "",
            b"",
        ),
        8 => request(
            "GET",
            "/rdf-graphs?default",
            &format!(
                "accept: {}\r\n",
                dice.pick(&[
                    "text/turtle",
                    "application/rdf+xml",
                    "application/ld+json",
                    "application/n-quads"
                ])
            ),
            b"",
        ),
        9 => request("GET", &format!("/rdf-graphs?graph={value}"), "", b""),
        10 => request(
            "POST",
            "/validate",
            turtle,
            nested([10, 3_000, 60_000][dice.roll(3)], "<a> <b> [ ", "", " ]").as_bytes(),
        ),
        11 => request(
            "POST",
            "/validate",
            "content-type: application/ld+json\r\n",
            nested([10, 3_000, 60_000][dice.roll(3)], "{\"a\":[", "", "]}").as_bytes(),
        ),
        12 => request(
            "POST",
            "/validate",
            "content-type: application/rdf+xml\r\n",
            b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><x>&b;</x>",
        ),
        13 => request(
            "POST",
            "/validate",
            "content-type: multipart/form-data; boundary=B\r\n",
            &b"--B\r\n\r\n".repeat(5_000),
        ),
        14 => request(
            "GET",
            dice.pick(&[
                "/.well-known/void",
                "/rapport",
                "/",
                "/fouten",
                "/contexts/..%2f..%2fCargo.toml",
                "/id/adres/%00",
                "/static/../../etc/passwd",
                "/graph/%2e%2e",
                "/bevragingen",
            ]),
            "",
            b"",
        ),
        _ => {
            let mut attack = polite(
                "elsewhere",
                request(
                    "POST",
                    "/validate",
                    &format!("{turtle}content-encoding: gzip\r\n"),
                    &gzip(&"<a> <b> <c> .\n".repeat(300_000).into_bytes()),
                ),
            );
            attack.way = if dice.chance(50) {
                Way::Politely
            } else {
                Way::DropAtOnce
            };
            return attack;
        }
    };
    let mut attack = polite("elsewhere", bytes);
    if dice.chance(5) {
        attack.way = Way::DropMidway;
    }
    attack
}

/// Bytes that are not HTTP, or that come and go as they like.
fn noise(dice: &mut Dice) -> Attack {
    let direct = "content-type: application/sparql-query\r\n";
    let (way, bytes) = match dice.roll(9) {
        0 => (Way::Noise, (0..dice.roll(4_000)).map(|_| dice.roll(256) as u8).collect()),
        1 => (Way::Noise, b"GET /sparql HTTP/9.9\r\n\r\n".to_vec()),
        2 => (Way::Noise, format!("GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(80_000)).into_bytes()),
        3 => (Way::Noise, format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{}\r\n", list(2_000, |n| format!("x{n}: {}\r\n", "y".repeat(300)))).into_bytes()),
        4 => (Way::Noise, format!("POST /sparql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{direct}content-length: -5\r\n\r\nASK {{}}").into_bytes()),
        5 => (Way::DropAtOnce, format!("POST /sparql HTTP/1.1\r\nhost: x\r\n{direct}transfer-encoding: chunked\r\n\r\n5\r\nASK {{\r\n400\r\nte kort").into_bytes()),
        6 => (Way::DropAtOnce, format!("POST /sparql HTTP/1.1\r\nhost: x\r\n{direct}content-length: 1000\r\n\r\nASK {{").into_bytes()),
        7 => (Way::WriteSlowly, request("POST", "/sparql", direct, &[b' '; 2_000])),
        _ => (Way::Noise, format!("POST /sparql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{direct}transfer-encoding: chunked\r\n\r\nZZ\r\nASK {{}}\r\n0\r\n\r\n").into_bytes()),
    };
    let told = shortened(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
    Attack {
        kind: "noise",
        bytes,
        way,
        told,
    }
}

#[test]
fn a_number_always_makes_the_same_request() {
    for number in 0..300 {
        let (one, other) = (attack(7, number, "t"), attack(7, number, "t"));
        assert!(one.bytes == other.bytes && one.kind == other.kind);
    }
    let kinds: std::collections::BTreeSet<&str> =
        (0..2_000).map(|n| attack(7, n, "t").kind).collect();
    assert!(kinds.len() >= 24, "{kinds:?}");
}

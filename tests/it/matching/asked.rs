//! Matching and searching over HTTP: what an answer looks like, what each parameter does, and every wrong one.

use crate::http::{BASE, Server};
use axum::http::StatusCode;
use oslo_registry::store::OpenOptions;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// A town that came of a merger: a street that was renamed, one that was split and renumbered, an addition, boxes, French.
const TOWN: &str = r#"
@prefix adr: <https://data.vlaanderen.be/ns/adres#> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix gen: <https://data.vlaanderen.be/ns/generiek#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix locn: <http://www.w3.org/ns/locn#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sf: <http://www.opengis.net/ont/sf#> .
@prefix as: <https://data.vlaanderen.be/id/concept/adresstatus/> .
@prefix ss: <https://data.vlaanderen.be/id/concept/straatnaamstatus/> .
@prefix gml: <https://data.vlaanderen.be/id/concept/geometriemethode/> .
@prefix gms: <https://data.vlaanderen.be/id/concept/geometriespecificatie/> .
@base <https://data.vlaanderen.be/id/> .
<gemeente/99001> a gen:Gemeente ; rdfs:label "Proefstad"@nl , "Ville-Essai"@fr .
<https://data.vlaanderen.be/.well-known/genid/gemeente/99001/naam> a adr:Gemeentenaam ; rdfs:label "Proefstad"@nl ;
  adr:isAfgeleidVan <gemeente/99001> .
<gemeente/99010> a gen:Gemeente ; rdfs:label "Testdorp"@nl ; dct:isReplacedBy <gemeente/99001> .
<gemeente/99002> a gen:Gemeente ; rdfs:label "Buurdorp"@nl .
<postinfo/9996> a adr:Postinfo ; adr:postcode "9996" ; adr:postnaam "Proefstad"@nl ; prov:wasAttributedTo <gemeente/99001> .
<postinfo/9997> a adr:Postinfo ; adr:postcode "9997" ; adr:postnaam "Testdorp"@nl ; prov:wasAttributedTo <gemeente/99001> .
<postinfo/9999> a adr:Postinfo ; adr:postcode "9999" ; adr:postnaam "Buurdorp"@nl ; prov:wasAttributedTo <gemeente/99002> .
<straatnaam/90000001> a adr:Straatnaam ; rdfs:label "Kerkstraat"@nl , "Rue de l’Église"@fr ; adr:Straatnaam.status ss:inGebruik ;
  prov:wasAttributedTo <gemeente/99001> .
<straatnaam/90000002> a adr:Straatnaam ; rdfs:label "Oude Kerkstraat"@nl ; adr:Straatnaam.status ss:inGebruik ;
  prov:wasAttributedTo <gemeente/99001> .
<straatnaam/90000003> a adr:Straatnaam ; rdfs:label "Kerkstraat"@nl ; adr:Straatnaam.status ss:gehistoreerd ;
  prov:wasAttributedTo <gemeente/99010> ; dct:isReplacedBy <straatnaam/90000002> .
<straatnaam/90000004> a adr:Straatnaam ; rdfs:label "Sint-Annaplein"@nl ; adr:homoniemToevoeging "Proef"@nl ;
  adr:Straatnaam.status ss:inGebruik ; prov:wasAttributedTo <gemeente/99001> .
<straatnaam/90000005> a adr:Straatnaam ; rdfs:label "Kerkstraat"@nl ; adr:Straatnaam.status ss:inGebruik ;
  prov:wasAttributedTo <gemeente/99002> .
<adres/90000011> a adr:Adres ; adr:huisnummer "12" ; adr:heeftStraatnaam <straatnaam/90000001> ; adr:Adres.status as:inGebruik ;
  adr:heeftPostinfo <postinfo/9996> ; adr:officieelToegekend true ;
  adr:heeftGemeentenaam <https://data.vlaanderen.be/.well-known/genid/gemeente/99001/naam> ;
  adr:isVerrijktMet [ a adr:Adresuitbreiding ; adr:volledigAdres "Kerkstraat 12, 9996 Proefstad"@nl ] ;
  adr:positie [ a gen:GeografischePositie ; gen:methode gml:aangeduidDoorBeheerder ; gen:specificatie gms:gebouweenheid ;
    locn:geometry [ a sf:Point ; geo:asGML "<gml:Point srsName=\"https://www.opengis.net/def/crs/EPSG/0/31370\" xmlns:gml=\"http://www.opengis.net/gml/3.2\"><gml:pos>100000.00 200000.00</gml:pos></gml:Point>"^^geo:gmlLiteral ] ] ;
  adms:identifier <https://data.vlaanderen.be/.well-known/genid/adres/90000011/id> .
<https://data.vlaanderen.be/.well-known/genid/adres/90000011/id> a adms:Identifier ;
  gen:gestructureerdeIdentificator <https://data.vlaanderen.be/.well-known/genid/adres/90000011/gid> .
<https://data.vlaanderen.be/.well-known/genid/adres/90000011/gid> a gen:GestructureerdeIdentificator ;
  gen:naamruimte "https://data.vlaanderen.be/id/adres" ; gen:lokaleIdentificator "90000011" ;
  gen:versieIdentificator "2025-01-01T00:00:00+01:00" .
<adres/90000012> a adr:Adres ; adr:huisnummer "12" ; adr:busnummer "0001" ; adr:heeftStraatnaam <straatnaam/90000001> ;
  adr:heeftPostinfo <postinfo/9996> ; adr:Adres.status as:inGebruik ; dct:isPartOf <adres/90000011> ;
  adr:isVerrijktMet [ adr:volledigAdres "Kerkstraat 12 bus 0001, 9996 Proefstad"@nl ] .
<adres/90000013> a adr:Adres ; adr:huisnummer "12A" ; adr:heeftStraatnaam <straatnaam/90000001> ; adr:heeftPostinfo <postinfo/9996> ;
  adr:Adres.status as:voorgesteld ; adr:isVerrijktMet [ adr:volledigAdres "Kerkstraat 12A, 9996 Proefstad"@nl ] .
<adres/90000014> a adr:Adres ; adr:huisnummer "7" ; adr:heeftStraatnaam <straatnaam/90000002> ; adr:heeftPostinfo <postinfo/9997> ;
  adr:Adres.status as:inGebruik ; adr:isVerrijktMet [ adr:volledigAdres "Oude Kerkstraat 7, 9997 Proefstad"@nl ] .
<adres/90000015> a adr:Adres ; adr:huisnummer "5" ; adr:heeftStraatnaam <straatnaam/90000003> ; adr:heeftPostinfo <postinfo/9997> ;
  adr:Adres.status as:gehistoreerd ; dct:isReplacedBy <adres/90000014> .
<adres/90000016> a adr:Adres ; adr:huisnummer "3" ; adr:heeftStraatnaam <straatnaam/90000004> ; adr:heeftPostinfo <postinfo/9996> ;
  adr:Adres.status as:inGebruik ; adr:isVerrijktMet [ adr:volledigAdres "Sint-Annaplein 3, 9996 Proefstad"@nl ] .
<adres/90000017> a adr:Adres ; adr:huisnummer "12" ; adr:heeftStraatnaam <straatnaam/90000005> ; adr:heeftPostinfo <postinfo/9999> ;
  adr:Adres.status as:inGebruik ; adr:isVerrijktMet [ adr:volledigAdres "Kerkstraat 12, 9999 Buurdorp"@nl ] .
"#;

pub(super) fn server() -> Server {
    Server::empty().with_graph("adressen", TOWN)
}

/// Object ids, scores and codes of warnings of a match.
async fn matched(server: &Server, query: &str) -> (Vec<String>, Vec<String>) {
    let answer = server.get(&format!("/v2/adresmatch?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    let json = answer.json();
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let id = |it: &Json| {
        let iri = it["identificator"]["id"].as_str().unwrap_or("-");
        iri.rsplit('/').next().unwrap_or("-").to_owned()
    };
    let code = |it: &Json| it["code"].as_str().unwrap_or("-").to_owned();
    (
        list("adresMatches").iter().map(id).collect(),
        list("warnings").iter().map(code).collect(),
    )
}

#[tokio::test]
async fn an_answer_is_in_the_shape_of_the_base_registries() {
    let server = server();
    let query = "gemeentenaam=Proefstad&straatnaam=Kerkstr.&huisnummer=12";
    let answer = server.get(&format!("/v2/adresmatch?{query}")).await;
    let pretty = |json: &Json| format!("{json:#}");
    insta::assert_snapshot!("match_v2", pretty(&answer.json()));
    assert_eq!(answer.json()["adresMatches"][0]["score"], 100);
    let newer = server.get(&format!("/v3/adresmatch?{query}")).await;
    insta::assert_snapshot!("match_v3", pretty(&newer.json()));
    let street = server
        .get("/v2/adresmatch?postcode=9996&straatnaam=Annaplein&huisnummer=99")
        .await;
    insta::assert_snapshot!("match_street", pretty(&street.json()));
    let line = server
        .get("/v2/adressen/zoeken?q=Kerkstraat%2012,%209996%20Proefstad")
        .await;
    insta::assert_snapshot!("search_v2", pretty(&line.json()));
    // A second request is answered by the tag of the first.
    assert_eq!(answer.header("x-commit"), "1");
    assert!(!answer.header("etag").is_empty());
}

#[tokio::test]
async fn what_is_wrong_or_missing_is_tolerated_and_told() {
    let server = server();
    for (query, first, warnings) in [
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12",
            "90000011",
            &[][..],
        ),
        (
            "niscode=99001&straatnaam=Krekstraat&huisnummer=12",
            "90000011",
            &[],
        ),
        (
            "postcode=9996&straatnaam=kerk%20str&huisnummer=12",
            "90000011",
            &[],
        ),
        (
            "gemeentenaam=Ville-Essai&straatnaam=r.%20de%20l%27eglise&huisnummer=12",
            "90000011",
            &[],
        ),
        // A box that is there, one written otherwise, and one that is not.
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12&busnummer=0001",
            "90000012",
            &[],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12%20bus%201",
            "90000012",
            &[],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12&busnummer=9",
            "90000011",
            &["103"],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12Z",
            "90000011",
            &["102"],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=99",
            "-",
            &["102"],
        ),
        // Postcodes: of another part, of the neighbour, of nobody.
        (
            "gemeentenaam=Proefstad&straatnaam=St.-Annaplein&huisnummer=3&postcode=9997",
            "90000016",
            &["101"],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Sint%20Annaplein&huisnummer=3&postcode=9999",
            "90000016",
            &["101"],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Sint%20Annaplein&huisnummer=3&postcode=1234",
            "90000016",
            &["4"],
        ),
        // By the names of before the merger, with the number of before or of now.
        (
            "gemeentenaam=Testdorp&straatnaam=Kerkstraat&huisnummer=7",
            "90000014",
            &["104"],
        ),
        (
            "gemeentenaam=Testdorp&straatnaam=Kerkstraat&huisnummer=5",
            "90000014",
            &["104"],
        ),
        (
            "niscode=99010&straatnaam=Kerkstraat&huisnummer=7",
            "90000014",
            &["104"],
        ),
        (
            "gemeentenaam=Testdorp&straatnaam=Oude%20Kerkstraat&huisnummer=7",
            "90000014",
            &[],
        ),
        // With what tells homonyms apart.
        (
            "gemeentenaam=Proefstad&straatnaam=Sint-Annaplein%20(Proef)&huisnummer=3",
            "90000016",
            &[],
        ),
        // Misspelt, unknown or contradicting places.
        (
            "gemeentenaam=Preofstad&straatnaam=Kerkstraat&huisnummer=12",
            "90000011",
            &["6"],
        ),
        (
            "gemeentenaam=Nergens&straatnaam=Kerkstraat&huisnummer=7",
            "90000014",
            &["6", "104"],
        ),
        (
            "niscode=11111&gemeentenaam=Buurdorp&straatnaam=Kerkstraat&huisnummer=12",
            "90000017",
            &["5"],
        ),
        (
            "niscode=99002&gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=7",
            "90000014",
            &["9", "104"],
        ),
        (
            "gemeentenaam=Proefstad&straatnaam=Zzzzzz&huisnummer=7",
            "-",
            &["10"],
        ),
        // Statuses.
        (
            "gemeentenaam=Proefstad&straatnaam=Kerkstraat&huisnummer=12&status=voorgesteld",
            "90000013",
            &["102"],
        ),
        (
            "gemeentenaam=Testdorp&straatnaam=Kerkstraat&huisnummer=5&status=gehistoreerd",
            "90000015",
            &[],
        ),
        // Names of parameters in any case, as the base registries read them.
        (
            "GemeenteNaam=Proefstad&Straatnaam=Kerkstraat&huisNummer=12",
            "90000011",
            &[],
        ),
    ] {
        let (ids, told) = matched(&server, query).await;
        assert_eq!(
            ids.first().map(String::as_str),
            Some(first),
            "{query}: {ids:?} {told:?}"
        );
        assert_eq!(told, warnings, "{query}");
        assert!(ids.len() <= 10);
    }
}

#[tokio::test]
async fn a_line_is_read_as_people_write_it() {
    let server = server();
    for (line, first) in [
        ("Kerkstraat 12, 9996 Proefstad", "90000011"),
        ("kerkstraat 12 bus 1, 9996 proefstad", "90000012"),
        ("Kerkstraat 12/0001 9996 Proefstad", "90000012"),
        ("Kerkstraat 12 Buurdorp", "90000017"),
        ("9999 Buurdorp, Kerkstraat 12", "90000017"),
        ("9999 Buurdorp Kerkstraat 12", "90000017"),
        ("Buurdorp, Kerkstr. 12", "90000017"),
        ("St Annapl 3 Proefstad", "90000016"),
        ("Krekstraat 12 A, B-9996 Proefstad", "90000013"),
        ("Kerkstraat 5, Testdorp", "90000014"),
        // Without a number: streets, also half written.
        ("Sint-Ann", "90000004"),
        ("Oude Kerkstraat Proefstad", "90000002"),
        ("Kerkstraat, Buurdorp", "90000005"),
        ("Oude Krek", "90000002"),
    ] {
        let query: String = line.replace(' ', "%20").replace('/', "%2F");
        let answer = server.get(&format!("/v2/adressen/zoeken?q={query}")).await;
        let json = answer.json();
        assert_eq!(json["resultaten"][0]["objectId"], first, "{line}: {json:#}");
    }
    let only = |kind: &str| {
        format!("/v3/adressen/zoeken?q=Kerkstraat&niscode=99001&resultaatType={kind}&limit=2")
    };
    let addresses = server.get(&only("adressen")).await.json();
    assert_eq!(addresses["resultaten"][0]["objectId"], "90000011");
    assert_eq!(addresses["resultaten"].as_array().map(Vec::len), Some(2));
    let streets = server.get(&only("straatnamen")).await.json();
    assert_eq!(
        streets["resultaten"][0]["detail"],
        format!("{BASE}/v3/straatnamen/90000001")
    );
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let server = server();
    let long = "x".repeat(81);
    for (name, path) in [
        ("empty", "/v2/adresmatch".to_owned()),
        (
            "no_street",
            "/v2/adresmatch?gemeentenaam=Proefstad".to_owned(),
        ),
        (
            "no_place",
            "/v2/adresmatch?straatnaam=Kerkstraat".to_owned(),
        ),
        (
            "not_numbers",
            "/v2/adresmatch?postcode=9x&niscode=abc&straatnaam=K".to_owned(),
        ),
        (
            "too_long",
            format!("/v2/adresmatch?postcode=99967&niscode=990011&straatnaam={long}"),
        ),
        ("unknown", "/v2/adresmatch?straat=Kerkstraat".to_owned()),
        (
            "with_point",
            "/v2/adresmatch?adres.straatnaam=Kerkstraat".to_owned(),
        ),
        (
            "twice",
            "/v2/adresmatch?straatnaam=A&Straatnaam=B".to_owned(),
        ),
        (
            "status",
            "/v2/adresmatch?postcode=9996&straatnaam=K&status=weg".to_owned(),
        ),
        ("search_nothing", "/v2/adressen/zoeken".to_owned()),
        (
            "search_limit",
            "/v3/adressen/zoeken?q=a&limit=51".to_owned(),
        ),
        (
            "search_kind",
            "/v2/adressen/zoeken?q=a&resultaatType=percelen".to_owned(),
        ),
        ("search_nis", "/v2/adressen/zoeken?q=a&niscode=x".to_owned()),
        (
            "search_long",
            format!("/v2/adressen/zoeken?q={}", "x".repeat(201)),
        ),
        ("search_unknown", "/v2/adressen/zoeken?zoek=a".to_owned()),
        (
            "search_status",
            "/v2/adressen/zoeken?q=a&status=weg".to_owned(),
        ),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let json = answer.json();
        assert!(json["fouten"].is_array(), "{path}: {json:#}");
        insta::assert_snapshot!(format!("wrong_{name}"), format!("{json:#}"));
    }
    let refused = server
        .get_as("/v2/adresmatch?postcode=9996&straatnaam=K", "text/turtle")
        .await;
    assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn texts_that_nobody_should_send_take_little_time() {
    let server = server();
    let many = |text: &str, count: usize| text.repeat(count);
    for text in [
        many("a", 30_000),
        many("%C3%A9", 5_000),
        many("%00", 100),
        many(".,;%20", 100),
        many("%D1%89", 80),
        many("%E8%A1%97", 40),
        many("ab%20", 40),
        many("1%20", 100),
        many("9996%20", 40),
        many("St.%20", 20),
        "%F0%9F%8F%A0".to_owned(),
        "%27%22%3E%3Cscript".to_owned(),
        "%2A%7E%2A".to_owned(),
    ] {
        for path in [
            format!("/v2/adresmatch?gemeentenaam=Proefstad&straatnaam={text}&huisnummer=1"),
            format!("/v2/adresmatch?postcode=9996&straatnaam=Kerkstraat&huisnummer={text}"),
            format!("/v2/adresmatch?gemeentenaam={text}&straatnaam=Kerkstraat&busnummer={text}"),
            format!("/v2/adressen/zoeken?q={text}"),
            format!("/v2/adressen/zoeken?q=Kerkstraat%2012&gemeenteNaam={text}"),
        ] {
            let began = Instant::now();
            let answer = server.get(&path).await;
            let shown: String = path.chars().take(80).collect();
            let is_told = [StatusCode::OK, StatusCode::BAD_REQUEST].contains(&answer.status);
            assert!(is_told, "{shown}: {}", answer.status);
            assert!(answer.body.len() < 20_000, "{shown}");
            assert!(
                began.elapsed() < Duration::from_secs(2),
                "{shown}: {:?}",
                began.elapsed()
            );
        }
    }
}

#[tokio::test]
async fn an_answer_is_of_the_state_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let server = server.with_graph("adressen", TOWN);
    let query = "gemeentenaam=Proefstad&straatnaam=Nieuwpad&huisnummer=1";
    assert_eq!(matched(&server, query).await.0, ["-"]);
    let more = r#"
        @prefix adr: <https://data.vlaanderen.be/ns/adres#> .
        @prefix prov: <http://www.w3.org/ns/prov#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @base <https://data.vlaanderen.be/id/> .
        <straatnaam/90000009> a adr:Straatnaam ; rdfs:label "Nieuwpad"@nl ; prov:wasAttributedTo <gemeente/99001> .
        <adres/90000019> a adr:Adres ; adr:huisnummer "1" ; adr:heeftStraatnaam <straatnaam/90000009> ."#;
    server.load("straatnamen", more.as_bytes());
    assert_eq!(matched(&server, query).await.0, ["90000019"]);
    let before = matched(&server, &format!("{query}&asOf=1")).await;
    assert_eq!(before.0, ["-"]);
    // Addresses alone change no names: what is known of these stays.
    let other = more
        .replace("90000019", "90000020")
        .replace("\"1\"", "\"2\"");
    server.load("adressen2", other.as_bytes());
    let query = query.replace("huisnummer=1", "huisnummer=2");
    assert_eq!(matched(&server, &query).await.0, ["90000020"]);
}

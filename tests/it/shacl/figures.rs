//! Work counted, not seconds: shared paths are read once, small sets do not scan large extents.

use super::validate_turtle;
use std::fmt::Write as _;

const SHAPES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:s a sh:NodeShape ; sh:targetClass ex:C ;
  sh:property [ sh:path ex:a ; sh:minCount 1 ] , [ sh:path ex:a ; sh:maxCount 1 ] , [ sh:path ex:a ; sh:nodeKind sh:Literal ] ,
    [ sh:path ex:a ; sh:pattern \"^v\" ] .
ex:t a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:minLength 1 ] .
ex:u a sh:NodeShape ; sh:targetNode ex:n5 ; sh:property [ sh:path ex:a ; sh:maxLength 5 ] .";

fn data(nodes: usize) -> String {
    let mut data = "@prefix ex: <http://example.org/> .\n".to_owned();
    for n in 0..nodes {
        writeln!(data, "ex:n{n} a ex:C ; ex:a \"v{}\" .", n % 7)
            .expect("a String takes every write");
    }
    data
}

#[test]
fn equal_targets_and_paths_share_one_scan() {
    let (_, report) = validate_turtle(&data(1000), SHAPES);
    let stats = report.stats();
    assert_eq!(
        stats.frames, 2,
        "one frame for the class, one for the target node"
    );
    // 1000 focus nodes, 1000 values, and a handful around the single node.
    assert!(stats.rows_scanned < 2_050, "{stats:?}");
    // Seven distinct values, asked by two tests, and one more for the third.
    assert_eq!(stats.texts_read, 15);
}

#[test]
fn a_class_of_few_values_is_probed_not_scanned() {
    let shapes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
        ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:property [ sh:path ex:to ; sh:class ex:C ] .";
    let data = format!("{}ex:x ex:to ex:n1 .", data(1000));
    let stats = validate_turtle(&data, shapes).1.stats();
    assert!(stats.rows_scanned < 20, "{stats:?}");
}

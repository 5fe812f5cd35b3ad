//! A data set in the words of [schema.org](https://schema.org/Dataset), for search engines: a script of type
//! `application/ld+json` in its page. Says nothing that the catalogue does not say.

use super::describe::{Catalogue, Dataset};
use super::statements::moment_text;
use crate::rdf::label::Language;
use serde_json::{Value as Json, json};

/// The data set as a JSON-LD object.
pub fn dataset_json(catalogue: &Catalogue, dataset: &Dataset, language: Language) -> Json {
    let settings = &catalogue.settings;
    let keywords = match language {
        Language::Nl => &dataset.keywords.nl,
        Language::En => &dataset.keywords.en,
    };
    let distributions: Vec<Json> = dataset
        .distributions
        .iter()
        .map(|distribution| {
            let mut out = json!({
                "@type": "DataDownload",
                "@id": distribution.iri,
                "name": distribution.title.get(language),
                "contentUrl": distribution.download_url,
                "encodingFormat": distribution.media_type,
                "license": dataset.licence,
            });
            if let Some(file) = &distribution.file {
                out["contentSize"] = format!("{} B", file.bytes).into();
                out["sha256"] = file.sha256.as_str().into();
            }
            out
        })
        .collect();
    let mut publisher = json!({
        "@type": "GovernmentOrganization",
        "@id": catalogue.publisher,
        "name": settings.publisher.name.get(language),
    });
    if let Some(homepage) = &settings.publisher.homepage {
        publisher["url"] = homepage.as_str().into();
    }
    if let Some(email) = &settings.contact.email {
        publisher["contactPoint"] = json!({ "@type": "ContactPoint", "email": email });
    }
    let mut place = json!({ "@type": "Place", "name": settings.spatial.name.get(language) });
    if let Some([west, south, east, north]) = settings.spatial.bbox {
        place["geo"] = json!({
            "@type": "GeoShape",
            "box": format!("{south} {west} {north} {east}"),
        });
    }
    let is_public = dataset.access.ends_with("/PUBLIC");
    let mut out = json!({
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": dataset.iri,
        "url": dataset.landing_page,
        "identifier": dataset.iri,
        "name": dataset.title.get(language),
        "description": dataset.description.get(language),
        "keywords": keywords,
        "license": dataset.licence,
        "isAccessibleForFree": is_public,
        "dateModified": moment_text(dataset.modified),
        "creator": publisher.clone(),
        "publisher": publisher,
        "spatialCoverage": place,
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "@id": catalogue.iri,
            "name": settings.title.get(language),
            "url": format!("{}/catalog", catalogue.base),
        },
        "distribution": distributions,
    });
    if let Some(issued) = dataset.issued {
        out["datePublished"] = moment_text(issued).into();
    }
    out
}

/// JSON for the inside of a script of a page: no text in it can end the script.
pub fn in_script(json: &Json) -> String {
    format!("{json:#}")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_script() {
        let json = json!({ "name": "</script><b>&" });
        let text = in_script(&json);
        assert!(!text.contains('<') && !text.contains('&'));
        let back: Json = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back, json);
    }
}

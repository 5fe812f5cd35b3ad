// The package jsonld reads documents of items back as the statements that are stored of them; see details.py.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import jsonld from "jsonld";

const folder = process.argv[2];
const contexts = new Map();

async function documentLoader(url) {
  const name = url.split("/").pop();
  if (!contexts.has(name)) {
    contexts.set(name, JSON.parse(readFileSync(join(folder, "contexts", name), "utf8")));
  }
  return { contextUrl: null, documentUrl: url, document: contexts.get(name) };
}

let checked = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".jsonld"))) {
  const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
  const options = { algorithm: "URDNA2015", format: "application/n-quads", documentLoader };
  const found = await jsonld.canonize(document, options);
  const nquads = readFileSync(join(folder, file.replace(".jsonld", ".nq")), "utf8");
  const stored = await jsonld.canonize(nquads, { ...options, inputFormat: "application/n-quads" });
  if (found !== stored) {
    console.log(`${document["@id"]}\nread:\n${found}\nstored:\n${stored}`);
    process.exit(1);
  }
  checked += 1;
}
console.log(checked);

// Expands JSON-LD documents with npm jsonld: reads lines {"address", "document"} and writes a line with the N-Quads of each.
// Contexts come from the endpoint only.

import jsonld from "jsonld";
import { createInterface } from "node:readline";

const endpoint = process.env.OSLO_ENDPOINT;
const contexts = new Map();

async function documentLoader(url) {
    if (!url.startsWith(`${endpoint}/contexts/`)) {
        throw new Error(`a context of another host: ${url}`);
    }
    if (!contexts.has(url)) {
        contexts.set(url, await (await fetch(url)).json());
    }
    return { contextUrl: null, document: contexts.get(url), documentUrl: url };
}

for await (const line of createInterface({ input: process.stdin })) {
    const { address, document } = JSON.parse(line);
    // "safe" refuses to drop what it cannot say.
    const quads = await jsonld.toRDF(document, {
        base: address, documentLoader, format: "application/n-quads",
    });
    process.stdout.write(`${JSON.stringify(quads)}\n`);
}

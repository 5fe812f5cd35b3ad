// Reads a stream to its end with ldes-client and prints how many members it handed over.
import { intoConfig, replicateLDES } from "ldes-client";

const client = replicateLDES(
    intoConfig({ url: process.argv[2], noShape: true, loose: true, urlIsView: false, concurrentFetches: 4 }),
    "none",
);
const reader = client.stream({ highWaterMark: 10 }).getReader();
let members = 0;
for (let next = await reader.read(); !next.done; next = await reader.read()) {
    members += 1;
}
console.log(members);
process.exit(0);

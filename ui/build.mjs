// Puts the files that the pages load into dist/: each under a name that follows from its content, and a list of these names.
// The program takes them in when it is built; without them its pages work too, without a viewer.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const viewer = join(here, "node_modules", "swagger-ui-dist");
const dist = join(here, "dist");
const files = [
    [join(viewer, "swagger-ui-bundle.js"), "viewer", "js"],
    [join(viewer, "swagger-ui.css"), "viewer", "css"],
    [join(here, "src", "api.js"), "api", "js"],
];

mkdirSync(dist, { recursive: true });
for (const old of readdirSync(dist)) {
    rmSync(join(dist, old), { recursive: true });
}
const names = {};
for (const [path, name, extension] of files) {
    // Maps of the source are not served.
    const text = readFileSync(path, "utf8").replace(/\n\/[/*]# sourceMappingURL=.*$/m, "\n");
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    const file = `${name}.${hash}.${extension}`;
    writeFileSync(join(dist, file), text);
    names[`${name}.${extension}`] = file;
}
// The licences go where the viewer goes.
const licences = ["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"];
const texts = licences.map((name) => readFileSync(join(viewer, name), "utf8"));
writeFileSync(join(dist, "viewer-licences.txt"), texts.join("\n\n"));
writeFileSync(join(dist, "names.json"), `${JSON.stringify(names, null, 2)}\n`);
console.log(Object.values(names).join("\n"));

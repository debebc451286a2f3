// Makes a component of the guest program in JavaScript, with an engine in it:
//
//   node componentize.mjs LIBRARY guest.js guest.wit COMPONENT

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [library, guest, interfaces, output] = process.argv.slice(2);
const { componentize } = await import(pathToFileURL(library));

// The clock is asked first, so that the host knows when the guest began.
const source = `
import { now } from "wasi:clocks/monotonic-clock@0.2.0";
${await readFile(guest, "utf8")}
let begun = false;
function begin(request) {
  if (!begun) now();
  begun = true;
  return answer(request);
}
export { begin as answer };
`;

const { component } = await componentize(source, {
  witPath: interfaces,
  worldName: "guest",
  // The guest needs no more of WASI than what its world says.
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});
await writeFile(output, component);

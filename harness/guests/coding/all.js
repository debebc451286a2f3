// The test suite in JavaScript: every module against known values, then all of them with the salt. Prints
// one number.
const assert = require("assert");
const fs = require("fs");
const path = require("path");

const source = path.join(__dirname, "..", "src");
const { SALT } = require("../src/salt.js");
let checksum = 2166136261;
for (const file of fs.readdirSync(source).sort()) {
  if (!file.startsWith("module")) continue;
  const { mix, known } = require(path.join(source, file));
  for (const [value, expected] of known) assert.strictEqual(mix(value), expected, file);
  checksum = Math.imul(checksum ^ mix(SALT), 16777619) >>> 0;
}
console.log(String(checksum));

// Runs the guest program in Node.js: a line in, a line out.
process.stdout.write("ready " + process.hrtime.bigint() + "\n");
const fs = require("fs");
const path = require("path");
const source = fs.readFileSync(path.join(__dirname, "guest.js"), "utf8");
const answer = new Function(source + "; return answer;")();
let rest = "";
process.stdin.on("data", (chunk) => {
  rest += chunk.toString("latin1");
  let end = rest.indexOf("\n");
  while (end >= 0) {
    process.stdout.write(answer(rest.slice(0, end)) + "\n");
    rest = rest.slice(end + 1);
    end = rest.indexOf("\n");
  }
});
process.stdin.on("end", () => process.exit(0));

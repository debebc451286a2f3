// A worker thread that runs the guest program: a message in, a message out.
const first = process.hrtime.bigint();
const { parentPort } = require("worker_threads");
parentPort.postMessage("ready " + first);
const fs = require("fs");
const path = require("path");
const source = fs.readFileSync(path.join(__dirname, "guest.js"), "utf8");
const answer = new Function(source + "; return answer;")();
parentPort.on("message", (line) => parentPort.postMessage(answer(line)));

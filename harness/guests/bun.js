// Runs the guest program, which follows below, in Bun: a line in, a line out. Bun cannot read the
// clock that its host and it have in common, so it tells the moment on the wall clock.
process.stdout.write("ready-wall " + ((performance.timeOrigin + performance.now()) * 1e6).toFixed(0) + "\n");
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

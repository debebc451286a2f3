// Makes an isolate by isolated-vm for each connection to its standard input, a listening socket.
// What comes through the connection, a line each, is answered by the guest program in it. When the
// connection's other side says that it is done, the isolate is disposed of, and then the connection.
const fs = require("fs");
const net = require("net");
const path = require("path");
const ivm = require(process.argv[2]);
const source = fs.readFileSync(path.join(__dirname, "guest.js"), "utf8");

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  const isolate = new ivm.Isolate({ memoryLimit: 128 });
  let answer = null;
  // One thing after the other; all of it on other threads than this one.
  let last = (async () => {
    const context = await isolate.createContext();
    const script = await isolate.compileScript(source);
    // The last moment before code of the guest runs.
    const first = process.hrtime.bigint();
    await script.run(context);
    answer = await context.global.get("answer", { reference: true });
    socket.write("ready " + first + "\n");
  })();
  const then = (act) => {
    last = last.then(act).catch(() => socket.destroy());
  };
  let rest = "";
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    let end = rest.indexOf("\n");
    while (end >= 0) {
      const line = rest.slice(0, end);
      then(async () => socket.write((await answer.apply(undefined, [line])) + "\n"));
      rest = rest.slice(end + 1);
      end = rest.indexOf("\n");
    }
  });
  socket.on("end", () =>
    then(() => {
      isolate.dispose();
      socket.end();
    }),
  );
  socket.on("error", () => {
    if (!isolate.isDisposed) isolate.dispose();
  });
});
server.listen({ fd: 0 });

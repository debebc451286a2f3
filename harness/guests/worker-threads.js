// Starts a worker thread of Node.js for each connection to its standard input, a listening socket.
// What comes through the connection, a line each, goes to the worker; its answers come back. When
// the connection's other side says that it is done, the worker is ended and then the connection.
const net = require("net");
const path = require("path");
const { Worker } = require("worker_threads");

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  const worker = new Worker(path.join(__dirname, "worker.js"));
  worker.on("message", (line) => socket.write(line + "\n"));
  worker.on("error", () => socket.destroy());
  let rest = "";
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    let end = rest.indexOf("\n");
    while (end >= 0) {
      worker.postMessage(rest.slice(0, end));
      rest = rest.slice(end + 1);
      end = rest.indexOf("\n");
    }
  });
  socket.on("end", () => worker.terminate().then(() => socket.end()));
  socket.on("error", () => worker.terminate());
});
server.listen({ fd: 0 });

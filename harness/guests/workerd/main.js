// Loads workers. `/named/NAME` is answered by the worker of that name, which is loaded unless it is
// there. `/once` loads a worker for itself alone: each line that comes in is answered by it, and when
// no more come, or the connection is gone, the worker is gone too.
import guest from "guest.js.txt";

const code = () => ({
  compatibilityDate: "2026-01-01",
  mainModule: "guest.js",
  modules: { "guest.js": guest },
  globalOutbound: null,
});

const ask = (worker, line) => worker.fetch("http://guest/", { method: "POST", body: line });

async function serve(worker, lines, answers) {
  const writer = answers.getWriter();
  let rest = "";
  for await (const chunk of lines.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    let end = rest.indexOf("\n");
    while (end >= 0) {
      const response = await ask(worker, rest.slice(0, end));
      await writer.write(new Uint8Array(await response.arrayBuffer()));
      rest = rest.slice(end + 1);
      end = rest.indexOf("\n");
    }
  }
  await writer.close();
}

export default {
  async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === "/once") {
      const worker = env.LOADER.load(code()).getEntrypoint();
      const { readable, writable } = new TransformStream();
      serve(worker, request.body, writable).catch((error) => writable.abort(error).catch(() => {}));
      return new Response(readable);
    }
    const worker = env.LOADER.get(path.slice("/named/".length), code).getEntrypoint();
    return ask(worker, await request.text());
  },
};

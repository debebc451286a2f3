// Runs the guest program, which follows below, in Deno: a line in, a line out. Deno cannot read the
// clock that its host and it have in common, so it tells the moment on the wall clock.
const encoder = new TextEncoder();
const say = (text) => Deno.stdout.writeSync(encoder.encode(text));
say("ready-wall " + ((performance.timeOrigin + performance.now()) * 1e6).toFixed(0) + "\n");
async function serve() {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of Deno.stdin.readable) {
    rest += decoder.decode(chunk, { stream: true });
    let end = rest.indexOf("\n");
    while (end >= 0) {
      say(answer(rest.slice(0, end)) + "\n");
      rest = rest.slice(end + 1);
      end = rest.indexOf("\n");
    }
  }
}
serve();

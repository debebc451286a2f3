// The worker that the guest program, which follows below, runs in. It counts what it has answered,
// by which an isolate that was just made is told from one that was there.
let answered = 0;
export default {
  async fetch(request) {
    const line = await request.text();
    answered += 1;
    return new Response(answered + " " + answer(line) + "\n");
  },
};

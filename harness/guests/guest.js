// The guest program in JavaScript: the same work as guest.c and guest.py.
//
// One piece of work: parse the document, add up quantity times price of the items that are ordered,
// fold their names into a checksum that begins with the nonce. Every round begins with the checksum
// of the one before, so none can be left out.

var kept = null;

function transform(nonce, text) {
  const order = JSON.parse(text);
  let count = 0;
  let total = 0;
  let checksum = (2166136261 ^ nonce) >>> 0;
  for (const item of order.items) {
    if (item.quantity === 0) continue;
    count += 1;
    total += item.quantity * item.price;
    for (let i = 0; i < item.sku.length; i += 1) {
      checksum = Math.imul(checksum ^ item.sku.charCodeAt(i), 16777619) >>> 0;
    }
  }
  return { count, total, checksum: Math.imul(checksum ^ (total >>> 0), 16777619) >>> 0 };
}

function work(nonce, rounds, touch, text) {
  if (touch > 0 && (kept === null || kept.length < touch)) {
    kept = new Uint8Array(touch);
    // A byte in each page, and not the same one: pages that are alike could be merged.
    for (let at = 0; at < touch; at += 512) kept[at] = (at / 512 + nonce) & 255 | 1;
  }
  let result = null;
  let next = nonce;
  for (let round = 0; round < rounds; round += 1) {
    result = transform(next, text);
    next = result.checksum;
  }
  return nonce + " " + result.count + " " + result.total + " " + result.checksum;
}

// `nonce rounds touch document`, in one line.
function answer(line) {
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  const third = line.indexOf(" ", second + 1);
  return work(
    Number(line.slice(0, first)),
    Number(line.slice(first + 1, second)),
    Number(line.slice(second + 1, third)),
    line.slice(third + 1),
  );
}

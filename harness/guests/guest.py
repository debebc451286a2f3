"""The guest program in Python: the same work as guest.c and guest.js. A line in, a line out."""

import sys
import time

sys.stdout.write("ready %d\n" % time.clock_gettime_ns(time.CLOCK_MONOTONIC))
sys.stdout.flush()

import json

kept = None


def transform(nonce, text):
    """Parse, add up what is ordered, fold the names into a checksum that begins with the nonce."""
    order = json.loads(text)
    count = 0
    total = 0
    checksum = 2166136261 ^ nonce
    for item in order["items"]:
        if item["quantity"] == 0:
            continue
        count += 1
        total += item["quantity"] * item["price"]
        for byte in item["sku"].encode():
            checksum = (checksum ^ byte) * 16777619 & 0xFFFFFFFF
    return count, total, (checksum ^ total & 0xFFFFFFFF) * 16777619 & 0xFFFFFFFF


def answer(line):
    """`nonce rounds touch document`, in one line."""
    global kept
    nonce, rounds, touch, text = line.split(" ", 3)
    nonce, rounds, touch = int(nonce), int(rounds), int(touch)
    if touch > 0 and (kept is None or len(kept) < touch):
        kept = bytearray(touch)
        # A byte in each page, and not the same one: pages that are alike could be merged.
        for at in range(0, touch, 512):
            kept[at] = at // 512 + nonce & 255 | 1
    following = nonce
    for _ in range(rounds):
        count, total, following = transform(following, text)
    return "%d %d %d %d\n" % (nonce, count, total, following)


for line in iter(sys.stdin.readline, ""):
    sys.stdout.write(answer(line))
    sys.stdout.flush()

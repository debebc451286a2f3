"""Runs the workloads here and in other simulators, and prints events per CPU second and ratios.

run.py SPEED NEXOSIM PYTHON: the two programs, and a Python with what requirements.txt lists.

Every program is run three times on one thread, one after the other, and its fastest run counts. An
event is an arrival or a departure. A mean wait far from the known one stops the comparison, unless the
run is short: then it did something else.
"""

import subprocess
import sys

# Erlang C for 50 servers at 90%.
WAIT = 0.0727729
REPEATS = 3


def main():
    speed, nexosim, python = sys.argv[1:]
    script = __file__.replace("run.py", "peers.py")

    def peer(engine, workload, customers):
        return [python, script, engine, workload, str(customers)]

    workloads = {
        "queue": (
            "M/M/50 at 90%",
            [
                ("Tonnage", [speed, "queue"]),
                ("a loop around Rust's BinaryHeap", [speed, "queue-by-hand"]),
                ("nexosim 1.0.0", [nexosim, "queue", "300000"]),
                ("a loop around Python's heapq", peer("heapq", "queue", 150000)),
                ("SimPy 4.1.2", peer("simpy", "queue", 40000)),
                ("Ciw 3.2.7", peer("ciw", "queue", 15000)),
                ("salabim 26.0.9", peer("salabim", "queue", 4000)),
            ],
        ),
        "unlimited": (
            "M/M/∞, 1,000 at a time",
            [
                ("Tonnage", [speed, "unlimited"]),
                ("Tonnage, flow", [speed, "flow"]),
                ("a loop around Rust's BinaryHeap", [speed, "unlimited-by-hand"]),
                ("nexosim 1.0.0", [nexosim, "unlimited", "300000"]),
                ("a loop around Python's heapq", peer("heapq", "unlimited", 150000)),
                ("SimPy 4.1.2", peer("simpy", "unlimited", 40000)),
                ("Ciw 3.2.7", peer("ciw", "unlimited", 4000)),
                ("salabim 26.0.9", peer("salabim", "unlimited", 4000)),
            ],
        ),
    }
    for workload, (title, programs) in workloads.items():
        print(f"\n{title}\n")
        print("| | events | events per CPU second | Tonnage over it |\n|---|---:|---:|---:|")
        ours = None
        for name, command in programs:
            best = 0.0
            for _ in range(REPEATS):
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                count, seconds, found = done.stdout.split()[:3]
                # A session of a flow stands for its arrival and its departure.
                events = int(count) * (2 if "flow" in name else 1)
                best = max(best, events / float(seconds))
            # The short runs of slow simulators begin empty and see too few waits to tell anything.
            long = events >= 80_000
            if workload == "queue" and long and not 0.6 * WAIT < float(found) < 1.5 * WAIT:
                sys.exit(f"{name}: a mean wait of {found}, not {WAIT}")
            ours = ours or best
            print(f"| {name} | {events:,} | {best:.2e} | {ours / best:.3g} |", flush=True)


if __name__ == "__main__":
    main()

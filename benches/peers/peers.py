"""The workloads in Python: peers.py heapq|simpy|ciw|salabim queue|unlimited CUSTOMERS.

queue: customers come at random with a mean of 45 per second; each is served for an exponential second by
one of 50 servers, first come first served. unlimited: a mean of 1,000 per second, and a server for each.

Prints the number of events (arrivals and departures), the CPU seconds and the mean wait in seconds.
"""

import collections
import heapq
import random
import sys
import time

SETTINGS = {"queue": (45.0, 50), "unlimited": (1000.0, None)}


def run_heapq(rate, servers, customers):
    draw = random.Random(1).expovariate
    free = servers if servers is not None else customers
    events = [(draw(rate), 0)]
    waiting = collections.deque()
    to_come, departed, waited = customers, 0, 0.0
    while events:
        now, kind = heapq.heappop(events)
        if kind == 0:
            if free:
                free -= 1
                heapq.heappush(events, (now + draw(1.0), 1))
            else:
                waiting.append(now)
            to_come -= 1
            if to_come:
                heapq.heappush(events, (now + draw(rate), 0))
        else:
            departed += 1
            if waiting:
                waited += now - waiting.popleft()
                heapq.heappush(events, (now + draw(1.0), 1))
            else:
                free += 1
    return departed, waited / customers


def run_simpy(rate, servers, customers):
    import simpy

    draw = random.Random(1).expovariate
    environment = simpy.Environment()
    result = [0, 0.0]

    def served(resource):
        came = environment.now
        with resource.request() as request:
            yield request
            result[1] += environment.now - came
            yield environment.timeout(draw(1.0))
        result[0] += 1

    def unlimited():
        yield environment.timeout(draw(1.0))
        result[0] += 1

    def source():
        resource = simpy.Resource(environment, servers) if servers is not None else None
        for _ in range(customers):
            yield environment.timeout(draw(rate))
            environment.process(served(resource) if servers is not None else unlimited())

    environment.process(source())
    environment.run()
    return result[0], result[1] / customers


def run_ciw(rate, servers, customers):
    import ciw

    ciw.seed(1)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=rate)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[servers if servers is not None else float("inf")],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    records = simulation.get_all_records()
    return len(records), sum(record.waiting_time for record in records) / len(records)


def run_salabim(rate, servers, customers):
    import salabim

    salabim.yieldless(False)
    draw = random.Random(1).expovariate
    environment = salabim.Environment(trace=False)
    result = [0, 0.0]
    resource = salabim.Resource("servers", capacity=servers if servers is not None else customers)

    class Customer(salabim.Component):
        def process(self):
            came = environment.now()
            yield self.request(resource)
            result[1] += environment.now() - came
            yield self.hold(draw(1.0))
            self.release(resource)
            result[0] += 1

    class Source(salabim.Component):
        def process(self):
            for _ in range(customers):
                yield self.hold(draw(rate))
                Customer()

    Source()
    environment.run()
    return result[0], result[1] / customers


def main():
    _, engine, workload, customers = sys.argv
    rate, servers = SETTINGS[workload]
    before = time.process_time()
    departed, wait = globals()["run_" + engine](rate, servers, int(customers))
    print(2 * departed, time.process_time() - before, wait)


if __name__ == "__main__":
    main()

//! The cells that are timed.

use tonnage_model::distribution::{Distribution, TurnCount};
use tonnage_model::simulation::{
    CellSpec, Demand, Full, HostCapacity, Lifecycle, Operation, PiecewiseLinear, Placement,
    SandboxCost, SessionShape,
};

/// Why a cell cannot be built.
pub type CellError = Box<dyn std::error::Error>;

/// Servers of the queues.
pub const SERVERS: u32 = 50;
/// How busy they are.
pub const UTILISATION: f64 = 0.9;

/// M/M/50 at 90%: sessions of one turn that hold one of 50 places for an exponential second and
/// queue when all are taken. They start in no time and compute nothing.
///
/// # Errors
/// None with these constants.
pub fn waiting_queue() -> Result<CellSpec, CellError> {
    holding(
        Distribution::exponential(1.0)?,
        f64::from(SERVERS) * UTILISATION,
        u64::from(SERVERS),
    )
}

/// Sessions that come with a rate per second and hold one of so many places for a time.
fn holding(time: Distribution, rate: f64, places: u64) -> Result<CellSpec, CellError> {
    let nothing = || Distribution::deterministic(0.0);
    Ok(CellSpec {
        hosts: 1,
        host: HostCapacity {
            vcpus: 1,
            memory_bytes: places,
        },
        sandbox: SandboxCost {
            start_latency: nothing()?,
            start_cpu: nothing()?,
            memory_bytes: 1,
            relative_cpu: 1.0,
            start_rate_limit: None,
            density_limit: None,
        },
        session: SessionShape {
            minority: None,
            turns: TurnCount::fixed(1)?,
            think: time,
            burst: nothing()?,
        },
        lifecycle: Lifecycle::PerSession,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(rate)?,
        },
        placement: Placement::FirstFit,
        full: Full::UNBOUNDED,
        operation: Operation::default(),
    })
}

/// M/M/50-PS at 90%: sessions of one burst of an exponential CPU-second share 50 vCPUs.
///
/// # Errors
/// None with these constants.
pub fn shared_processors() -> Result<CellSpec, CellError> {
    let mut spec = waiting_queue()?;
    spec.host = HostCapacity {
        vcpus: SERVERS,
        memory_bytes: 0,
    };
    spec.sandbox.memory_bytes = 0;
    spec.session.think = Distribution::deterministic(0.0)?;
    spec.session.burst = Distribution::exponential(1.0)?;
    Ok(spec)
}

/// M/G/∞ with a mean number of `load` sessions of a mean of one second.
///
/// # Errors
/// If the load is no sound rate.
pub fn infinite_servers(time: Distribution, load: f64) -> Result<CellSpec, CellError> {
    holding(time, load, u64::from(u32::MAX) - 1)
}

/// Hosts of 96 vCPUs and 384 GiB, less what the shipped platform sets aside: 4.5% and 14.2 GiB.
const HOST: HostCapacity = HostCapacity {
    vcpus: 92,
    memory_bytes: 397_000_000_000,
};

/// Speed of the shipped host against the reference CPU.
const SPEED: f64 = 0.75;

/// The tier `api` of the shipped scenarios on isolates, one per burst, at its central inputs: 8 turns of
/// 30 s and 5 ms, a start of 5 ms (95%: 10 ms) that takes as much CPU, 7.2 MB. `busy` is the share of the
/// CPUs in use.
///
/// # Errors
/// If `busy` is no sound share.
pub fn api_on_isolates(hosts: u32, busy: f64) -> Result<CellSpec, CellError> {
    let spec = CellSpec {
        hosts,
        host: HOST,
        sandbox: SandboxCost {
            start_latency: Distribution::lognormal_from_percentiles(5e-3, 10e-3)?,
            start_cpu: Distribution::deterministic(5e-3 / SPEED)?,
            memory_bytes: 7_200_000,
            relative_cpu: 1.1 / SPEED,
            start_rate_limit: None,
            density_limit: None,
        },
        session: SessionShape {
            minority: None,
            turns: TurnCount::geometric(8.0)?,
            think: Distribution::lognormal(30.0, 2.0)?,
            burst: Distribution::lognormal(5e-3, 1.5)?,
        },
        lifecycle: Lifecycle::PerBurst,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(0.0)?,
        },
        placement: Placement::LeastLoaded,
        full: Full::Queue { limit: 10_000 },
        operation: Operation::default(),
    };
    loaded(spec, busy)
}

/// The tier `linux` of the shipped scenarios in containers, one per session, at its central inputs: 25.8
/// turns of 46 s and 1.4 s, a start of 0.2 s, 206 MB. `full` is the share of the memory in use.
///
/// # Errors
/// If `full` is no sound share.
pub fn linux_in_containers(hosts: u32, full: f64) -> Result<CellSpec, CellError> {
    let spec = CellSpec {
        hosts,
        host: HOST,
        sandbox: SandboxCost {
            start_latency: Distribution::lognormal_from_percentiles(0.2, 0.4)?,
            start_cpu: Distribution::deterministic(0.1 / SPEED)?,
            memory_bytes: 206_000_000,
            relative_cpu: 1.0 / SPEED,
            start_rate_limit: Some(40.0),
            density_limit: None,
        },
        session: SessionShape {
            minority: None,
            turns: TurnCount::negative_binomial(25.8, 2.0)?,
            think: Distribution::lognormal(46.0, 2.5)?,
            burst: Distribution::lognormal(1.4, 3.0)?,
        },
        lifecycle: Lifecycle::PerSession,
        demand: Demand::Poisson {
            rate: PiecewiseLinear::constant(0.0)?,
        },
        placement: Placement::LeastLoaded,
        full: Full::Queue { limit: 10_000 },
        operation: Operation::default(),
    };
    let places = f64::from(spec.slots_per_host()) * f64::from(hosts);
    let rate = full * places / spec.uncontended_session_mean();
    with_rate(spec, rate)
}

fn loaded(spec: CellSpec, busy: f64) -> Result<CellSpec, CellError> {
    let cpus = f64::from(spec.hosts) * f64::from(spec.host.vcpus);
    let rate = busy * cpus / spec.session_cpu_mean();
    with_rate(spec, rate)
}

fn with_rate(mut spec: CellSpec, rate: f64) -> Result<CellSpec, CellError> {
    spec.demand = Demand::Poisson {
        rate: PiecewiseLinear::constant(rate)?,
    };
    Ok(spec)
}

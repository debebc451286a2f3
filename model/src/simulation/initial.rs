//! Who is present at time zero.
//!
//! A cell without contention is an infinite-server system. With Poisson arrivals of constant rate
//! its population is Poisson with mean λE\[T\], split between phases in proportion to the time spent
//! in them; within a phase the residual time has the stationary-excess distribution, and a random
//! turn is followed by as many others as an equilibrium draw of the turn count says (renewal
//! theory; Cox 1962, chapter 5). With a finite source, agents are independent, so each is in a phase
//! with probability proportional to the mean time in it. Starting from there leaves nothing to warm
//! up but contention; starting empty would take many session lengths, and with heavy tails very many.
//!
//! Sandboxes of sessions that have thought for long are suspended. Warm pools are full, and of the
//! sessions present as many are starting as Erlang's loss formula finds without an unused sandbox.
//!
//! If the drawn population doesn't fit the cell, those who don't fit wait in the queue as new
//! requests, or are left out if there is no room in the queue.

use super::processor::Width;
use super::spec::{CellSpec, Demand, Lifecycle};
use super::time::nanoseconds;
use crate::distribution::Distribution;
use crate::random::{Purpose, Stream, Streams};
use rand::RngExt;
use rand_distr::Exp1;

/// Phase of a session present at time zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InitialPhase {
    Thinking,
    Bursting,
    Starting,
    Resuming,
}

const PHASES: [InitialPhase; 4] = [
    InitialPhase::Thinking,
    InitialPhase::Bursting,
    InitialPhase::Starting,
    InitialPhase::Resuming,
];

/// One session present at time zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Initial {
    pub(super) phase: InitialPhase,
    /// Stream identity: (phase, number within the phase).
    pub(super) group: u32,
    pub(super) index: u64,
}

/// Mean seconds a session spends in each phase if nothing contends.
fn phase_means(spec: &CellSpec) -> [f64; 4] {
    let turns = spec.session.turns.mean();
    let starts = match spec.lifecycle {
        Lifecycle::PerSession => 1.0,
        Lifecycle::PerBurst => turns,
    };
    [
        turns * spec.session.think.mean(),
        turns * spec.burst_mean(),
        starts * spec.start_mean() * spec.expected_miss_share(),
        turns * spec.resume_seconds_per_turn(),
    ]
}

/// Who is present at time zero.
#[derive(Debug, Default)]
pub(super) struct Population {
    /// Those who hold a sandbox, in random order.
    pub(super) with_sandbox: Vec<Initial>,
    /// Those who think and hold none: the first of the thinking group if agents are many, these of
    /// it if they are few. They take nothing, so their order doesn't matter.
    pub(super) without_sandbox: Thinking,
}

/// Numbers of sessions within the thinking group.
#[derive(Debug)]
pub(super) enum Thinking {
    First(u64),
    These(Vec<u64>),
}

impl Default for Thinking {
    fn default() -> Self {
        Self::First(0)
    }
}

impl Population {
    /// Number present.
    pub(super) fn count(&self) -> u64 {
        let thinking = match &self.without_sandbox {
            Thinking::First(count) => *count,
            Thinking::These(indices) => indices.len() as u64,
        };
        self.with_sandbox.len() as u64 + thinking
    }

    /// Those without a sandbox.
    pub(super) fn thinking(&self) -> impl Iterator<Item = Initial> + '_ {
        let (first, these) = match &self.without_sandbox {
            Thinking::First(count) => (*count, &[][..]),
            Thinking::These(indices) => (0, &indices[..]),
        };
        (0..first)
            .chain(these.iter().copied())
            .map(|index| Initial {
                phase: InitialPhase::Thinking,
                group: 0,
                index,
            })
    }
}

/// Draws the population at time zero.
pub(super) fn population(spec: &CellSpec, streams: Streams) -> Population {
    let means = phase_means(spec);
    let held = spec.lifecycle == Lifecycle::PerSession;
    match &spec.demand {
        Demand::Poisson { rate } => poisson_population(rate.rate(0.0), means, held, streams),
        Demand::FiniteSource { agents, open_rate } => {
            finite_population(*agents, open_rate.rate(0.0), means, held, streams)
        }
        Demand::Recorded(recorded) => {
            let rate = recorded.rate_before(means.iter().sum());
            poisson_population(rate, means, held, streams)
        }
    }
}

/// Each phase's number is the count of a unit-rate Poisson process on [0, mean]; its points, scaled
/// to [0, 1], put all phases in one random order. A larger mean keeps the points there were, so
/// populations under different loads or technologies are as alike as they can be. `held` says whether
/// a sandbox is held while thinking.
fn poisson_population(rate: f64, means: [f64; 4], held: bool, streams: Streams) -> Population {
    let mut placed: Vec<(f64, Initial)> = Vec::new();
    let mut without_sandbox = 0;
    for (group, (phase, mean)) in (0_u32..).zip(PHASES.into_iter().zip(means)) {
        let mean = rate * mean;
        let mut random = streams
            .initial_session(group, u64::MAX)
            .stream(Purpose::InitialState, 0);
        let mut point: f64 = random.sample(Exp1);
        let mut index = 0;
        while point <= mean {
            if held || phase != InitialPhase::Thinking {
                let initial = Initial {
                    phase,
                    group,
                    index,
                };
                placed.push((point / mean, initial));
            } else {
                without_sandbox += 1;
            }
            index += 1;
            point += random.sample::<f64, _>(Exp1);
        }
    }
    placed.sort_by(|left, right| left.0.total_cmp(&right.0));
    Population {
        with_sandbox: placed.into_iter().map(|(_, initial)| initial).collect(),
        without_sandbox: Thinking::First(without_sandbox),
    }
}

fn finite_population(
    agents: u64,
    open_rate: f64,
    means: [f64; 4],
    held: bool,
    streams: Streams,
) -> Population {
    let mut population = Population::default();
    if open_rate <= 0.0 {
        return population;
    }
    let cycle = 1.0 / open_rate + means.iter().sum::<f64>();
    let mut random = streams.run(Purpose::InitialState);
    let mut without_sandbox = Vec::new();
    for index in 0..agents {
        let mut position = random.random::<f64>() * cycle;
        for (group, (phase, mean)) in (0_u32..).zip(PHASES.into_iter().zip(means)) {
            if position >= mean {
                position -= mean;
                continue;
            }
            if held || phase != InitialPhase::Thinking {
                population.with_sandbox.push(Initial {
                    phase,
                    group,
                    index,
                });
            } else {
                without_sandbox.push(index);
            }
            break;
        }
    }
    population.without_sandbox = Thinking::These(without_sandbox);
    population
}

/// What is left of a session that is present at time zero and meets nobody.
#[derive(Debug, Clone, Copy)]
pub(super) enum Residual {
    /// Nanoseconds.
    Thinking(u64),
    /// CPU-nanoseconds.
    Bursting(u64),
    /// Nanoseconds, CPU-nanoseconds.
    Starting { delay: u64, cpu: u64, width: Width },
}

/// Draws it, in the order in which a cell draws it: turns still to begin after the present phase, and what
/// is left of that. `None` for a phase that only cells with an operation have.
pub(super) fn residual(
    spec: &CellSpec,
    phase: InitialPhase,
    random: &mut Stream,
) -> Option<(u32, Residual)> {
    let turns = &spec.session.turns;
    let turns_left = if spec.lifecycle == Lifecycle::PerSession && phase == InitialPhase::Starting {
        turns.sample(random)
    } else {
        turns.sample_equilibrium(random).saturating_sub(1)
    };
    let residual = match phase {
        InitialPhase::Thinking => {
            let left = spec.session.think.sample_stationary_excess(random);
            Residual::Thinking(nanoseconds(left))
        }
        InitialPhase::Bursting => {
            let left = spec.session.burst.sample_stationary_excess(random);
            Residual::Bursting(nanoseconds(left * spec.sandbox.relative_cpu))
        }
        // The CPU work comes last in a start, so of a residual time the last part is work.
        InitialPhase::Starting => {
            let (left, whole) = residual_start(&spec.sandbox.start_latency, random);
            let (left, whole) = (nanoseconds(left), nanoseconds(whole));
            let cpu = nanoseconds(spec.sandbox.start_cpu.sample(random));
            let work_wall = cpu.min(whole);
            let work_left = u128::from(cpu) * u128::from(left.min(work_wall));
            Residual::Starting {
                delay: left.saturating_sub(work_wall),
                // At most `cpu`, so 64 bits.
                cpu: u64::try_from(work_left / u128::from(work_wall.max(1))).unwrap_or(cpu),
                width: Width::of(cpu, whole, spec.host.vcpus),
            }
        }
        InitialPhase::Resuming => return None,
    };
    Some((turns_left, residual))
}

/// Remaining seconds of a start in progress, and the whole latency it belongs to.
///
/// The residual has density P(L > r)/E\[L\]; given it, the latency has the density of L cut to
/// L > r, so drawing L until it exceeds r gives the exact joint law. Draws are bounded; the few in
/// the far tail take the residual for the latency, which matters only for the width of a start
/// that uses more than one CPU.
pub(super) fn residual_start(latency: &Distribution, random: &mut Stream) -> (f64, f64) {
    const MOST_DRAWS: u32 = 256;
    let residual = latency.sample_stationary_excess(random);
    for _ in 0..MOST_DRAWS {
        let whole = latency.sample(random);
        if whole >= residual {
            return (residual, whole);
        }
    }
    (residual, residual)
}

/// The whole of a think of which `left` seconds are left: given the residual r, it has the law of a
/// think cut to more than r.
pub(super) fn whole_of_residual(think: &Distribution, left: f64, random: &mut Stream) -> f64 {
    let above = random.random::<f64>() * think.survival(left);
    if above > 0.0 && above < 1.0 {
        think.quantile(1.0 - above).max(left)
    } else {
        left
    }
}

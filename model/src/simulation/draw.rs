//! What a session draws: the same whether it meets others or not.

use super::processor::Width;
use super::spec::CellSpec;
use super::time::nanoseconds;
use crate::distribution::{Distribution, TurnCount};
use crate::random::{Purpose, SessionStreams};

/// A duration that sessions draw, in nanoseconds. What is always the same is converted once.
#[derive(Debug, Clone, Copy)]
enum Duration<'a> {
    Always(u64),
    Drawn {
        purpose: Purpose,
        law: &'a Distribution,
        factor: f64,
    },
}

impl<'a> Duration<'a> {
    fn new(purpose: Purpose, law: &'a Distribution, factor: f64) -> Self {
        match law.as_constant() {
            Some(value) => Self::Always(nanoseconds(value * factor)),
            None => Self::Drawn {
                purpose,
                law,
                factor,
            },
        }
    }

    #[inline]
    fn draw(&self, streams: SessionStreams, turn: u32) -> u64 {
        match *self {
            Self::Always(value) => value,
            Self::Drawn {
                purpose,
                law,
                factor,
            } => {
                let mut random = streams.stream(purpose, turn);
                nanoseconds(law.sample(&mut random) * factor)
            }
        }
    }
}

/// A start on a host where nothing else runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Nanoseconds before its CPU work begins.
    pub(super) delay: u64,
    /// CPU-nanoseconds of that work.
    pub(super) cpu: u64,
    pub(super) width: Width,
}

/// The draws of a cell's sessions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draws<'a> {
    turns: &'a TurnCount,
    think: Duration<'a>,
    burst: Duration<'a>,
    start_latency: Duration<'a>,
    start_cpu: Duration<'a>,
    vcpus: u32,
}

impl<'a> Draws<'a> {
    pub(super) fn new(spec: &'a CellSpec) -> Self {
        let (session, sandbox) = (&spec.session, &spec.sandbox);
        let relative = sandbox.relative_cpu;
        Self {
            turns: &session.turns,
            think: Duration::new(Purpose::Think, &session.think, 1.0),
            burst: Duration::new(Purpose::Burst, &session.burst, relative),
            start_latency: Duration::new(Purpose::StartLatency, &sandbox.start_latency, 1.0),
            start_cpu: Duration::new(Purpose::StartCpu, &sandbox.start_cpu, 1.0),
            vcpus: spec.host.vcpus,
        }
    }

    /// Number of turns of a session that opens.
    #[inline]
    pub(super) fn turns(&self, streams: SessionStreams) -> u32 {
        self.turns
            .sample(&mut streams.stream(Purpose::SessionShape, 0))
    }

    /// Nanoseconds of a turn's think.
    #[inline]
    pub(super) fn think(&self, streams: SessionStreams, turn: u32) -> u64 {
        self.think.draw(streams, turn)
    }

    /// CPU-nanoseconds of a turn's burst on the cell's hosts.
    #[inline]
    pub(super) fn burst(&self, streams: SessionStreams, turn: u32) -> u64 {
        self.burst.draw(streams, turn)
    }

    /// The start of a sandbox for a turn.
    #[inline]
    pub(super) fn start(&self, streams: SessionStreams, turn: u32) -> Start {
        let latency = self.start_latency.draw(streams, turn);
        let cpu = self.start_cpu.draw(streams, turn);
        Start {
            delay: latency.saturating_sub(cpu),
            cpu,
            width: Width::of(cpu, latency, self.vcpus),
        }
    }
}

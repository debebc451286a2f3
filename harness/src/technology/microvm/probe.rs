//! Whether virtual machines run here, and how fast: a small program is started in one.
//!
//! That there is a `/dev/kvm` says little. Under some hypervisors it is there and runs programs at
//! full speed, but emulates whatever has an operating system's rights, a thousand times slower. A
//! guest with a kernel needs the one, a guest without needs the other: both are timed.

use std::sync::OnceLock;

use super::machine::{Hypervisor, Machine, PORT, Ring};
use crate::clock::Stamp;
use crate::technology::Failure;

/// Turns of the loop that is timed, of two instructions each.
const TURNS: u32 = 5_000;

/// Instructions per second below which code is emulated and not run. A processor does over a
/// thousand million; entering and leaving the machine, which is timed along, takes 100 µs where it
/// is slowest.
const RUN_NOT_EMULATED: f64 = 1e7;

/// How fast code runs in a machine, in instructions per second at least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Speed {
    /// With a program's rights.
    pub(crate) of_programs: f64,
    /// With an operating system's rights.
    pub(crate) of_kernels: f64,
}

impl Speed {
    /// Whether a guest without an operating system runs as fast as the host does.
    pub(crate) fn runs_programs(self) -> bool {
        self.of_programs >= RUN_NOT_EMULATED
    }

    /// Whether one with an operating system does.
    pub(crate) fn runs_kernels(self) -> bool {
        self.of_kernels >= RUN_NOT_EMULATED
    }
}

/// How fast code runs in virtual machines of this host, found out once in a process.
pub(crate) fn speed() -> Result<Speed, Failure> {
    static FOUND: OnceLock<Result<Speed, Failure>> = OnceLock::new();
    FOUND.get_or_init(measure).clone()
}

fn measure() -> Result<Speed, Failure> {
    let hypervisor = Hypervisor::open()?;
    Ok(Speed {
        of_programs: speed_in(&hypervisor, Ring::Program)?,
        of_kernels: speed_in(&hypervisor, Ring::Kernel)?,
    })
}

fn speed_in(hypervisor: &Hypervisor, ring: Ring) -> Result<f64, Failure> {
    let mut machine = Machine::new(hypervisor, &program(), ring)?;
    // Up to the loop first, so that what is only done once is not timed.
    machine.run()?;
    let begin = Stamp::now();
    machine.run()?;
    Ok(f64::from(2 * TURNS) / begin.elapsed().max(1e-9))
}

/// Writes to the port, counts down, and writes to the port again.
fn program() -> Vec<u8> {
    let port = PORT.to_le_bytes()[0];
    let mut code = vec![0xe7, port]; // out %eax, $PORT
    code.push(0xb9); // mov $TURNS, %ecx
    code.extend(TURNS.to_le_bytes());
    code.extend([0xff, 0xc9]); // dec %ecx
    code.extend([0x75, 0xfc]); // jnz back to it
    code.extend([0xe7, port]);
    code
}

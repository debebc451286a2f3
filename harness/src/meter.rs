//! Reading what things cost: CPU time, memory, control groups.

pub mod control_group;
pub mod cpu;
pub mod memory;
pub mod processes;
pub mod reclaim;

//! CPU time.

/// CPU seconds this thread has used so far.
pub fn cpu_seconds() -> f64 {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(f64::NAN, |time| {
        time.tv_sec() as f64 + time.tv_nsec() as f64 * 1e-9
    })
}

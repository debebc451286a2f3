//! What dividing a fleet into cells costs: every cell has headroom of its own for chance, and hosts
//! of its own to lose.

use super::trial::Subject;
use crate::plan::{PlanError, ratio};
use crate::result::PoolingRow;

/// Cell sizes compared, beside the scenario's own.
const SIZES: [u32; 5] = [5, 10, 20, 40, 80];

/// Cells of several sizes by formulas, and of the scenario's size by simulation too where it is
/// known how many sessions such a cell was simulated to carry.
pub(super) fn rows(
    subject: &Subject<'_>,
    simulated: Option<f64>,
) -> Result<Vec<PoolingRow>, PlanError> {
    let fleet = &subject.scenario().fleet;
    let mut sizes: Vec<u32> = SIZES.iter().copied().chain([fleet.cell_hosts]).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let endless = subject
        .rules()
        .per_host_of_an_endless_cell(&subject.steady(1.0));
    sizes
        .into_iter()
        .map(|size| {
            let chosen = size == fleet.cell_hosts;
            let carries = subject.carries(size)?;
            let hosts = f64::from(size);
            let with_lost = f64::from(size + fleet.spare_hosts);
            let cells = (subject.sessions() / carries - 1e-9).ceil().max(1.0);
            Ok(PoolingRow {
                cell_hosts: size,
                chosen,
                sessions_per_host: carries / hosts,
                simulated_sessions_per_host: simulated
                    .filter(|_| chosen)
                    .map(|sessions| sessions / hosts),
                loss: ratio(endless * hosts, carries) - 1.0,
                loss_with_lost_hosts: ratio(endless * with_lost, carries) - 1.0,
                hosts: cells * with_lost,
            })
        })
        .collect()
}

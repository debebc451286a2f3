//! From what was found to the result.

use super::FleetError;
use super::cells::Cells;
use super::day::{HOUR, Hours};
use super::fluid::{Part, Parts};
use super::measured::{Gathered, HourMoments, Pick, Seen};
use super::moments::Moments;
use super::sampling::{CONFIDENCE, Sample, shares, unseen};
use crate::result::{
    Estimated, Extent, Fidelity, FleetDay, FleetEffort, FleetEvents, FleetHour, FleetPromise,
    FleetTier, FleetTotals,
};
use crate::scenario::{PlanAssignment, Scenario};
use crate::statistics::means::student_t_quantile;
use crate::statistics::stratified::{PairStratum, Stratum, ratio, total};
use crate::statistics::{Estimate, StatisticsError};
use crate::units::{Duration, Ratio, Unit};

/// What looking at a tier's day gave.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing was simulated.
    Fluid,
    /// Whole days of cells.
    Whole(Box<Gathered>),
    /// Windows.
    Sampled(Box<Sample>),
}

impl Found {
    /// A sample that has something of every hour; another says nothing of the day.
    pub(super) fn of_sample(sample: Sample) -> Option<Self> {
        let whole = sample
            .hours
            .iter()
            .all(|hour| hour.moments.busy.count() > 0);
        whole.then(|| Self::Sampled(Box::new(sample)))
    }

    pub(super) fn is_sampled(&self) -> bool {
        matches!(self, Self::Sampled(_))
    }

    fn hours(&self) -> Vec<&HourMoments> {
        match self {
            Self::Fluid => Vec::new(),
            Self::Whole(gathered) => gathered.hours.iter().collect(),
            Self::Sampled(sample) => sample.hours.iter().map(|hour| &hour.moments).collect(),
        }
    }

    fn seen(&self, hour: usize) -> Option<&Seen> {
        match self {
            Self::Fluid => None,
            Self::Whole(gathered) => gathered.seen.get(hour),
            Self::Sampled(sample) => sample.hours.get(hour).and_then(|hour| hour.seen.as_ref()),
        }
    }

    fn effort(&self, cells: &Cells<'_>, hours: Hours) -> FleetEffort {
        let of_cell_hours = cells.count as f64 * f64::from(hours.count);
        match self {
            Self::Fluid => FleetEffort {
                extent: Extent::ClosedForm,
                cell_hours: 0.0,
                of_cell_hours,
                runs: 0,
                window_seconds: None,
                warm_up_seconds: 0.0,
                events: FleetEvents::default(),
                precise: None,
            },
            Self::Whole(gathered) => FleetEffort {
                extent: if gathered.cells == cells.count {
                    Extent::Exact
                } else {
                    Extent::Partial
                },
                cell_hours: gathered.cells as f64 * f64::from(hours.count),
                of_cell_hours,
                runs: gathered.cells,
                window_seconds: None,
                warm_up_seconds: cells.settling_of_day(hours.from),
                events: gathered.events,
                precise: None,
            },
            Self::Sampled(sample) => sample.effort(cells.count, hours),
        }
    }

    /// Sum over the day of a time average or rate, times seconds.
    fn sum(
        &self,
        cells: &Cells<'_>,
        hours: Hours,
        pick: Pick,
        part: fn(&Parts) -> Part,
    ) -> Result<Estimated, StatisticsError> {
        match self {
            Self::Fluid => {
                let mean = cells
                    .fluid
                    .mean(part(cells.fluid.parts()), hours.from, hours.end());
                Ok(Estimated::exact(
                    mean * hours.seconds() * cells.count as f64,
                ))
            }
            Self::Whole(gathered) => {
                let moments = pick(&gathered.whole);
                let weight = cells.count as f64 * hours.seconds();
                positive_total(&[moments.stratum(weight)])
            }
            Self::Sampled(sample) => positive_total(&sample.strata(cells.count, pick)),
        }
    }

    /// Share over the day; none if nothing was seen that it could be a share of.
    pub(super) fn share(&self, pick: Pick) -> Result<Option<Estimated>, StatisticsError> {
        match self {
            Self::Fluid => Ok(None),
            Self::Whole(gathered) => {
                let moments = pick(&gathered.whole);
                share_of(&[moments.pairs(1.0)], moments.denominators())
            }
            Self::Sampled(sample) => {
                let seen = sample.hours.iter();
                let seen = seen.map(|h| pick(&h.moments).denominators()).sum();
                share_of(&sample.pairs(pick), seen)
            }
        }
    }
}

/// The total of strata that cannot be negative, with an interval where there is one.
fn positive_total(strata: &[Stratum]) -> Result<Estimated, StatisticsError> {
    if strata.iter().any(|stratum| stratum.count < 2) {
        // One cell or window says nothing of others.
        return Ok(Estimated::exact(
            strata.iter().map(|s| s.weight * s.mean).sum(),
        ));
    }
    Ok(within(&total(strata, CONFIDENCE)?, 0.0, f64::INFINITY))
}

fn within(estimate: &Estimate, least: f64, most: f64) -> Estimated {
    let interval = estimate.interval();
    Estimated {
        central: estimate.mean,
        low: interval.low.clamp(least, most).min(estimate.mean),
        high: interval.high.clamp(least, most).max(estimate.mean),
    }
}

/// A share with an interval that is never narrower than the rule of three allows at its upper end.
fn share_of(strata: &[PairStratum], seen: i128) -> Result<Option<Estimated>, StatisticsError> {
    if seen <= 0 {
        return Ok(None);
    }
    let least = unseen(seen);
    if strata.iter().any(|stratum| stratum.count < 2) {
        let sum = |part: fn(&PairStratum) -> f64| -> f64 {
            strata.iter().map(|s| s.weight * part(s)).sum()
        };
        let share = sum(|s| s.numerator) / sum(|s| s.denominator);
        return Ok(Some(Estimated {
            central: share,
            low: share,
            high: share.max(least),
        }));
    }
    let found = within(&ratio(strata, CONFIDENCE)?, 0.0, 1.0);
    Ok(Some(Estimated {
        high: found.high.max(least),
        ..found
    }))
}

/// Several independent estimates together; their half-widths add up as the root of the sum of squares.
/// None of none.
pub(super) fn together(parts: impl Iterator<Item = Estimated>) -> Option<Estimated> {
    let mut sum: Option<(f64, f64, f64)> = None;
    for part in parts {
        let (central, below, above) = sum.unwrap_or_default();
        sum = Some((
            central + part.central,
            below + (part.central - part.low).powi(2),
            above + (part.high - part.central).powi(2),
        ));
    }
    sum.map(|(central, below, above)| Estimated {
        central,
        low: central - below.sqrt(),
        high: central + above.sqrt(),
    })
}

/// Few windows in an hour say little of how much windows vary; all hours together say more.
///
/// How a variance goes with the mean decides what hours have in common: counts of independent things
/// vary in proportion to their mean, waits and shares in proportion to its square. The larger of the
/// hour's own variance and the one in common is taken.
struct Pooled {
    power: f64,
    /// Variance over mean to the power.
    common: f64,
    degrees: f64,
}

/// From so many on, cells or windows of an hour are judged by themselves.
const ENOUGH: u64 = 10;

impl Pooled {
    fn new(strata: impl Iterator<Item = Stratum>, power: f64) -> Self {
        let mut sum = 0.0;
        let mut degrees = 0.0;
        for stratum in strata.filter(|stratum| stratum.count > 1 && stratum.mean > 0.0) {
            let free = (stratum.count - 1) as f64;
            sum += free * stratum.variance / stratum.mean.powf(power);
            degrees += free;
        }
        Self {
            power,
            common: if degrees > 0.0 { sum / degrees } else { 0.0 },
            degrees,
        }
    }

    /// Half-width of the interval of a stratum's mean; none if nothing says how much it varies.
    fn half_width(&self, stratum: &Stratum) -> Result<Option<f64>, StatisticsError> {
        let (variance, degrees) = if stratum.count >= ENOUGH {
            (stratum.variance, (stratum.count - 1) as f64)
        } else {
            let common = self.common * stratum.mean.max(0.0).powf(self.power);
            (stratum.variance.max(common), self.degrees)
        };
        if degrees < 1.0 || stratum.count == 0 {
            return Ok(None);
        }
        let quantile = student_t_quantile(0.5 + 0.5 * CONFIDENCE, degrees)?;
        Ok(Some(quantile * (variance / stratum.count as f64).sqrt()))
    }

    /// The mean of a stratum, or another figure in its place, with that half-width.
    fn around(
        &self,
        stratum: &Stratum,
        central: f64,
        (least, most): (f64, f64),
    ) -> Result<Estimated, StatisticsError> {
        let half = self.half_width(stratum)?.unwrap_or(0.0);
        Ok(Estimated {
            central,
            low: (central - half).max(least).min(central),
            high: (central + half).min(most).max(central),
        })
    }
}

/// The hours of a tier.
struct HourTable<'a> {
    cells: &'a Cells<'a>,
    found: &'a Found,
    moments: Vec<&'a HourMoments>,
}

impl HourTable<'_> {
    /// A time average or rate of the whole fleet by hour.
    fn means(
        &self,
        hours: Hours,
        pick: Pick,
        part: fn(&Parts) -> Part,
    ) -> Result<Vec<Estimated>, StatisticsError> {
        let fleet = self.cells.count as f64;
        if self.moments.is_empty() {
            return Ok((0..hours.count)
                .map(|hour| {
                    let mean = self.cells.fluid_hour(part, hours.begin(hour));
                    Estimated::exact(mean * fleet)
                })
                .collect());
        }
        let strata = || self.moments.iter().map(|hour| pick(hour).stratum(1.0));
        let pooled = Pooled::new(strata(), 1.0);
        strata()
            .map(|stratum| {
                let mean = pooled.around(&stratum, stratum.mean, (0.0, f64::INFINITY))?;
                Ok(mean.scaled(fleet))
            })
            .collect()
    }

    /// A share by hour; none where nothing was seen.
    fn shares(&self, pick: Pick) -> Result<Vec<Option<Estimated>>, StatisticsError> {
        // The residual's variance, over the mean denominator: that of the share.
        let stratum = |moments: &Moments| -> Option<Stratum> {
            let share = moments.ratio()?;
            let pairs = moments.pairs(1.0);
            let residual = pairs.residual(share);
            Some(Stratum {
                mean: share,
                variance: residual.variance / pairs.denominator.powi(2),
                ..residual
            })
        };
        let strata: Vec<Option<Stratum>> = self.moments.iter().map(|h| stratum(pick(h))).collect();
        let pooled = Pooled::new(strata.iter().flatten().copied(), 2.0);
        strata
            .iter()
            .zip(&self.moments)
            .map(|(stratum, hour)| {
                let Some(stratum) = stratum else {
                    return Ok(None);
                };
                let found = pooled.around(stratum, stratum.mean, (0.0, 1.0))?;
                Ok(Some(Estimated {
                    high: found.high.max(unseen(pick(hour).denominators())),
                    ..found
                }))
            })
            .collect()
    }

    /// A quantile by hour: that of all cells or windows together, with the interval that their own
    /// quantiles give.
    fn quantiles(
        &self,
        pick: Pick,
        together: impl Fn(&Seen) -> Option<f64>,
        least: f64,
    ) -> Result<Vec<Option<Estimated>>, StatisticsError> {
        let strata = || self.moments.iter().map(|hour| pick(hour).stratum(1.0));
        let pooled = Pooled::new(strata(), 2.0);
        strata()
            .enumerate()
            .map(|(hour, stratum)| {
                let Some(central) = self.found.seen(hour).and_then(&together) else {
                    return Ok(None);
                };
                let found = pooled.around(&stratum, central, (least, f64::INFINITY))?;
                Ok(Some(found))
            })
            .collect()
    }
}

/// One tier's part of the result.
pub(super) fn tier(
    scenario: &Scenario,
    assignment: PlanAssignment,
    cells: &Cells<'_>,
    hours: Hours,
    day: &FleetDay,
    found: &Found,
) -> Result<FleetTier, FleetError> {
    let table = HourTable {
        cells,
        found,
        moments: found.hours(),
    };
    let rows = rows(&table, hours, day)?;
    let busiest = rows
        .iter()
        .max_by(|a, b| a.busy_vcpus.central.total_cmp(&b.busy_vcpus.central));
    let vcpu_seconds = found.sum(cells, hours, |h| &h.busy, |p| p.busy)?;
    let there = cells.site.vcpus() * hours.seconds();
    Ok(FleetTier {
        tier: scenario.tiers[assignment.tier.0].id.clone(),
        technology: scenario.technologies[assignment.technology].id.clone(),
        lifecycle: assignment.lifecycle,
        fidelity: match found {
            Found::Fluid => Fidelity::Fluid,
            Found::Whole(_) | Found::Sampled(_) => Fidelity::Fleet,
        },
        site: cells.site.clone(),
        effort: found.effort(cells, hours),
        peak_hour: busiest.map_or(day.from_hour, |row| row.hour),
        totals: FleetTotals {
            vcpu_hours: vcpu_seconds.scaled(1.0 / HOUR),
            utilisation: vcpu_seconds.scaled(1.0 / there),
            sessions: found.sum(cells, hours, |h| &h.opened, |p| p.opened)?,
            starts: found.sum(cells, hours, |h| &h.starts, |p| p.starts)?,
            account: match found {
                Found::Whole(gathered) => Some(gathered.account),
                Found::Fluid | Found::Sampled(_) => None,
            },
        },
        promises: promises(scenario, cells, found, &rows)?,
        notes: notes(cells, found, hours),
        hours: rows,
    })
}

fn rows(table: &HourTable<'_>, hours: Hours, day: &FleetDay) -> Result<Vec<FleetHour>, FleetError> {
    let sessions = table.means(hours, |h| &h.sessions, |p| p.sessions)?;
    let sandboxes = table.means(hours, |h| &h.sandboxes, |p| p.sandboxes)?;
    let busy = table.means(hours, |h| &h.busy, |p| p.busy)?;
    let opened = table.means(hours, |h| &h.opened, |p| p.opened)?;
    let starts = table.means(hours, |h| &h.starts, |p| p.starts)?;
    let wait_p50 = table.quantiles(|h| &h.wait_p50, |seen| seen.start_wait.quantile(0.5), 0.0)?;
    let wait_p99 = table.quantiles(|h| &h.wait_p99, |seen| seen.start_wait.quantile(0.99), 0.0)?;
    let slowdown = table.quantiles(
        |h| &h.slowdown_p99,
        |seen| seen.burst_slowdown.quantile(0.99),
        1.0,
    )?;
    let waited = table.shares(|h| &h.waited)?;
    let slowed = table.shares(|h| &h.slowed)?;
    let rejected = table.shares(|h| &h.rejected)?;
    let all_hosts = table.cells.site.cells * f64::from(table.cells.site.cell_hosts);
    let hosts_on = if table.moments.is_empty() {
        vec![Estimated::exact(all_hosts); hours.count as usize]
    } else {
        table.means(hours, |h| &h.hosts_on, |p| p.busy)?
    };
    let of = |values: &[Option<Estimated>], hour: usize| values.get(hour).copied().flatten();
    Ok((0..hours.count)
        .map(|hour| {
            let index = hour as usize;
            FleetHour {
                hour: day.from_hour + hour,
                sessions: sessions[index],
                sandboxes: sandboxes[index],
                busy_vcpus: busy[index],
                sessions_per_second: opened[index],
                starts_per_second: starts[index],
                hosts_on: hosts_on[index],
                start_wait_p50: of(&wait_p50, index),
                start_wait_p99: of(&wait_p99, index),
                slowdown_p99: of(&slowdown, index),
                waited_too_long: of(&waited, index),
                slowed_too_much: of(&slowed, index),
                rejected: of(&rejected, index),
            }
        })
        .collect())
}

fn promises(
    scenario: &Scenario,
    cells: &Cells<'_>,
    found: &Found,
    rows: &[FleetHour],
) -> Result<Vec<FleetPromise>, FleetError> {
    let promised = &scenario.service_level;
    let names = [
        format!(
            "requests that wait longer than {}",
            Duration::display(promised.start_wait_p99)
        ),
        format!(
            "bursts slowed down more than {} times",
            Ratio::display(promised.burst_slowdown_p99)
        ),
        "requests turned away".to_owned(),
    ];
    let by_hour: [fn(&FleetHour) -> Option<Estimated>; 3] = [
        |row| row.waited_too_long,
        |row| row.slowed_too_much,
        |row| row.rejected,
    ];
    let mut promises = Vec::new();
    for ((name, of_hour), (pick, target)) in names.into_iter().zip(by_hour).zip(shares(cells)) {
        let Some(share) = found.share(pick)? else {
            continue;
        };
        let hourly = || {
            rows.iter()
                .filter_map(|row| Some((row.hour, of_hour(row)?)))
        };
        let Some((worst_hour, worst)) = hourly().max_by(|a, b| a.1.central.total_cmp(&b.1.central))
        else {
            continue;
        };
        promises.push(FleetPromise {
            name,
            target,
            found: share,
            met: share.central <= target,
            certain: share.high <= target || share.low > target,
            hours_missed: hourly()
                .filter(|(_, share)| share.central > target)
                .map(|(hour, _)| hour)
                .collect(),
            worst_hour,
            worst,
        });
    }
    Ok(promises)
}

fn notes(cells: &Cells<'_>, found: &Found, hours: Hours) -> Vec<String> {
    let mut notes = Vec::new();
    match found {
        Found::Fluid => notes.push(
            "Expected values in closed form: no chance, no waiting, no hosts; promises are not \
             judged."
                .to_owned(),
        ),
        Found::Whole(gathered) if gathered.cells < cells.count => notes.push(format!(
            "Stopped by the user: {} of {} cells are in, and stand for the others.",
            gathered.cells, cells.count
        )),
        Found::Whole(_) if cells.count == 1 => notes.push(
            "One cell: its figures are those of one day as chance had it, without an interval."
                .to_owned(),
        ),
        Found::Whole(_) => {}
        Found::Sampled(sample) => {
            if sample.effort(cells.count, hours).precise == Some(false) {
                notes.push(
                    "Not every figure is as precise as asked: the events allowed were used up or \
                     the user stopped. The intervals say what is known."
                        .to_owned(),
                );
            }
        }
    }
    if cells.finite() && !matches!(found, Found::Fluid) {
        notes.push("Sessions come from a finite number of agents, as in the sizing.".to_owned());
    }
    notes
}

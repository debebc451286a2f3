//! From people to open sessions: populations × adoption × agents × activity × time zones.
//!
//! Sessions of a segment start at a rate that follows its activity curve, summed over its time
//! zones. The number open at a time is the offered load of an `M_t/G/∞` queue with those starts and
//! the tier's session length: it follows the starts with a lag and a flatter peak (Eick, Massey and
//! Whitt 1993). Everything is linear in the level of the curve, so the level is set to make the
//! open sessions meet the stated concurrency rate: over all hours, over each person's local working
//! hours, or at the highest moment of the week.

use crate::distribution::{Distribution, TurnCount};
use crate::input::Draw;
use crate::plan::PlanError;
use crate::queueing::offered_load::{PeriodicRate, Survival};
use crate::queueing::session_length::SessionLength;
use crate::result::{DemandResult, Estimated, MeaningResult, NamedSeries};
use crate::scenario::{
    ConcurrencyMeaning, HOURS_PER_WEEK, SLOTS_PER_HOUR, SLOTS_PER_WEEK, Scenario, Segment, Tier,
    is_working,
};

/// Seconds between the points of every series.
pub const SLOT_SECONDS: f64 = 3600.0 / SLOTS_PER_HOUR as f64;

/// Open sessions and session starts of one tier over the week, one point per slot, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct TierDemand {
    /// Agents whose sessions can be of this tier. Any of them may be the next to open one, so they
    /// count in full however small the tier's share of their sessions is.
    pub agents: f64,
    /// Mean session length in seconds, without contention.
    pub session_seconds: f64,
    /// Open sessions.
    pub sessions: Vec<f64>,
    /// Session starts per second.
    pub starts: Vec<f64>,
}

impl TierDemand {
    /// Most open sessions.
    pub fn peak_sessions(&self) -> f64 {
        peak(&self.sessions).1
    }
}

/// Open sessions of all tiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// By tier, in the order of the scenario.
    pub tiers: Vec<TierDemand>,
}

impl Demand {
    /// So many times as many agents who behave the same.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let times = |series: &[f64]| series.iter().map(|value| value * factor).collect();
        Self {
            tiers: self
                .tiers
                .iter()
                .map(|tier| TierDemand {
                    agents: tier.agents * factor,
                    session_seconds: tier.session_seconds,
                    sessions: times(&tier.sessions),
                    starts: times(&tier.starts),
                })
                .collect(),
        }
    }

    /// Open sessions in all, one point per slot.
    pub fn sessions(&self) -> Vec<f64> {
        sum_series(self.tiers.iter().map(|tier| tier.sessions.as_slice()))
    }

    /// Session starts per second in all, one point per slot.
    pub fn starts(&self) -> Vec<f64> {
        sum_series(self.tiers.iter().map(|tier| tier.starts.as_slice()))
    }
}

/// How open sessions follow starts, worked out once for each kind of session and curve.
///
/// Readings of a scenario mostly share both, and at a given draw they share the drawn session too;
/// working out the length of a session is most of the cost of a draw.
#[derive(Debug, Default)]
pub struct ShapeCache {
    lengths: Vec<CachedLength>,
    /// Whether session lengths are worked out on the coarse grid.
    coarse: bool,
    /// Counts up with every use.
    clock: u64,
}

#[derive(Debug)]
struct CachedLength {
    turns: TurnCount,
    think: Distribution,
    burst: Distribution,
    minority: Option<(f64, Distribution)>,
    length: MixedLength,
    shapes: Vec<(PeriodicRate, Vec<f64>)>,
    /// When it was used last.
    used: u64,
}

/// The length of a tier's sessions, a share of which may have bursts of another kind.
#[derive(Debug)]
struct MixedLength {
    most: SessionLength,
    /// Their share and their length.
    minority: Option<(f64, SessionLength)>,
}

impl MixedLength {
    /// A figure that is linear in the distribution.
    fn mixed(&self, figure: impl Fn(&SessionLength) -> f64) -> f64 {
        let most = figure(&self.most);
        match &self.minority {
            Some((share, length)) => (1.0 - share) * most + share * figure(length),
            None => most,
        }
    }
}

impl Survival for MixedLength {
    fn mean(&self) -> f64 {
        self.mixed(SessionLength::mean)
    }

    fn integrated_survival(&self, x: f64) -> f64 {
        self.mixed(|length| length.integrated_survival(x))
    }

    fn doubly_integrated_survival(&self, x: f64) -> f64 {
        self.mixed(|length| length.doubly_integrated_survival(x))
    }
}

impl ShapeCache {
    /// For one of many draws: session lengths as by [`SessionLength::coarse`].
    #[must_use]
    pub fn coarse() -> Self {
        Self {
            coarse: true,
            ..Self::default()
        }
    }

    /// Forgets all but so many of the kinds of session used last, and of each all shapes if they are more
    /// than so many.
    pub(crate) fn keep(&mut self, most: usize) {
        let surplus = self.lengths.len().saturating_sub(most);
        if surplus > 0 {
            self.lengths.sort_by_key(|cached| cached.used);
            self.lengths.drain(..surplus);
        }
        for cached in &mut self.lengths {
            if cached.shapes.len() > most {
                cached.shapes.clear();
            }
        }
    }

    /// The index of a tier's session length without contention: think times and bursts of one vCPU.
    fn length(
        &mut self,
        scenario: &Scenario,
        tier: &Tier,
        draw: &Draw,
    ) -> Result<usize, PlanError> {
        let turns = tier.turn_law.at(draw.get(tier.turns))?;
        let think = scenario.inputs.distribution(tier.think, draw)?;
        let burst = scenario.inputs.distribution(tier.burst, draw)?;
        let minority = match tier.minority {
            Some(minority) => Some((
                draw.get(minority.share),
                scenario.inputs.distribution(minority.burst, draw)?,
            )),
            None => None,
        };
        let known = self.lengths.iter().position(|cached| {
            cached.turns == turns
                && cached.think == think
                && cached.burst == burst
                && cached.minority == minority
        });
        self.clock += 1;
        if let Some(index) = known {
            self.lengths[index].used = self.clock;
        }
        Ok(known.unwrap_or_else(|| {
            let new = if self.coarse {
                SessionLength::coarse
            } else {
                SessionLength::new
            };
            let of = |burst: &Distribution| new(turns, think.clone(), burst.clone());
            let length = MixedLength {
                most: of(&burst),
                minority: minority.as_ref().map(|(share, burst)| (*share, of(burst))),
            };
            self.lengths.push(CachedLength {
                turns,
                think,
                burst,
                minority,
                length,
                shapes: Vec::new(),
                used: self.clock,
            });
            self.lengths.len() - 1
        }))
    }

    /// Mean session length in seconds.
    fn mean(&self, length: usize) -> f64 {
        self.lengths[length].length.mean()
    }

    /// Open sessions over their mean, for starts with a mean of 1.
    fn shape(&mut self, length: usize, starts: &PeriodicRate) -> &[f64] {
        let cached = &mut self.lengths[length];
        let known = cached.shapes.iter().position(|(rate, _)| rate == starts);
        let index = known.unwrap_or_else(|| {
            let mean = cached.length.mean();
            let load = starts.offered_load(&cached.length);
            let shape = load.values().iter().map(|open| open / mean).collect();
            cached.shapes.push((starts.clone(), shape));
            cached.shapes.len() - 1
        });
        &cached.shapes[index].1
    }
}

/// A segment, its mean open sessions over the week, and its tiers' shares of them.
struct SegmentLevel<'a> {
    segment: &'a Segment,
    level: f64,
    shares: Vec<(usize, f64)>,
}

/// A scenario's demand with what no draw changes worked out once.
#[derive(Debug)]
pub struct DemandModel<'a> {
    scenario: &'a Scenario,
    /// Starts of each segment over the UTC week; mean 1.
    starts: Vec<PeriodicRate>,
}

impl<'a> DemandModel<'a> {
    /// Sums the activity curves over the time zones.
    ///
    /// # Errors
    /// Never for a scenario that was resolved: its curves are finite.
    pub fn new(scenario: &'a Scenario) -> Result<Self, PlanError> {
        let starts = scenario
            .segments
            .iter()
            .map(|segment| rate(starts_in_utc(segment)));
        Ok(Self {
            scenario,
            starts: starts.collect::<Result<_, _>>()?,
        })
    }

    /// The demand at one draw of the inputs.
    ///
    /// # Errors
    /// If the drawn parameters of a session make no distribution.
    pub fn at(&self, draw: &Draw, cache: &mut ShapeCache) -> Result<Demand, PlanError> {
        self.with_meaning(draw, None, cache)
    }

    /// The demand with every concurrency rate read in one way, or as the scenario states it.
    fn with_meaning(
        &self,
        draw: &Draw,
        meaning: Option<ConcurrencyMeaning>,
        cache: &mut ShapeCache,
    ) -> Result<Demand, PlanError> {
        let lengths = self.lengths(draw, cache)?;
        let mut tiers: Vec<TierDemand> = lengths
            .iter()
            .map(|length| TierDemand {
                agents: 0.0,
                session_seconds: cache.mean(*length),
                sessions: vec![0.0; SLOTS_PER_WEEK],
                starts: vec![0.0; SLOTS_PER_WEEK],
            })
            .collect();
        let levels = self.levels(draw, meaning, &lengths, cache)?;
        for (
            SegmentLevel {
                segment,
                level,
                shares,
            },
            starts,
        ) in levels.iter().zip(&self.starts)
        {
            let agents = self.scenario.agents(segment, draw);
            for (tier, share) in shares {
                let demand = &mut tiers[*tier];
                demand.agents += if *share > 0.0 { agents } else { 0.0 };
                let mean_sessions = level * share;
                let rate = mean_sessions / demand.session_seconds;
                let open = cache.shape(lengths[*tier], starts);
                for (sessions, open) in demand.sessions.iter_mut().zip(open) {
                    *sessions += mean_sessions * open;
                }
                for (sum, starts) in demand.starts.iter_mut().zip(starts.values()) {
                    *sum += rate * starts;
                }
            }
        }
        Ok(Demand { tiers })
    }

    fn lengths(&self, draw: &Draw, cache: &mut ShapeCache) -> Result<Vec<usize>, PlanError> {
        let tiers = self.scenario.tiers.iter();
        tiers
            .map(|tier| cache.length(self.scenario, tier, draw))
            .collect()
    }

    /// The demand as a report shows it. `peak_interval` is the interval of the peak over the draws.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn describe(
        &self,
        central: &Draw,
        peak_interval: Estimated,
    ) -> Result<DemandResult, PlanError> {
        self.describe_with(central, peak_interval, &mut ShapeCache::default())
    }

    /// The same with what is known already.
    pub(crate) fn describe_with(
        &self,
        central: &Draw,
        peak_interval: Estimated,
        cache: &mut ShapeCache,
    ) -> Result<DemandResult, PlanError> {
        let demand = self.at(central, cache)?;
        let sessions = demand.sessions();
        let starts = demand.starts();
        let (peak_slot, peak_sessions) = peak(&sessions);
        let (start_peak_slot, _) = peak(&starts);
        let mean_sessions = mean(&sessions);
        let lag = (peak_slot as f64 - start_peak_slot as f64) / SLOTS_PER_HOUR as f64;
        let week = HOURS_PER_WEEK as f64;
        Ok(DemandResult {
            hours: (0..SLOTS_PER_WEEK)
                .map(|slot| slot as f64 / SLOTS_PER_HOUR as f64)
                .collect(),
            by_zone: self.by_zone(central, cache)?,
            by_tier: self
                .scenario
                .tiers
                .iter()
                .zip(&demand.tiers)
                .map(|(tier, demand)| NamedSeries {
                    name: tier.title.clone(),
                    values: demand.sessions.clone(),
                })
                .collect(),
            mean_sessions,
            working_hours_sessions: self.working_hours_sessions(central, None, cache)?,
            peak_sessions: peak_interval,
            peak_hour: peak_slot as f64 / SLOTS_PER_HOUR as f64,
            // Nobody at all has no peak.
            peak_to_mean: if mean_sessions > 0.0 {
                peak_sessions / mean_sessions
            } else {
                0.0
            },
            peak_lag_hours: if lag.abs() > week / 2.0 {
                lag - lag.signum() * week
            } else {
                lag
            },
            meanings: self.meanings(central, cache)?,
            sessions,
            starts_per_second: starts,
        })
    }

    fn meanings(
        &self,
        draw: &Draw,
        cache: &mut ShapeCache,
    ) -> Result<Vec<MeaningResult>, PlanError> {
        use ConcurrencyMeaning::{AllHours, Peak, WorkingHours};
        let works = self.scenario.segments.iter().all(works_in_working_hours);
        let mut meanings = Vec::new();
        for meaning in [AllHours, WorkingHours, Peak] {
            if meaning == WorkingHours && !works {
                continue;
            }
            let sessions = self.with_meaning(draw, Some(meaning), cache)?.sessions();
            meanings.push(MeaningResult {
                meaning,
                stated: self.scenario.segments.iter().all(|s| s.meaning == meaning),
                mean_sessions: mean(&sessions),
                working_hours_sessions: self.working_hours_sessions(draw, Some(meaning), cache)?,
                peak_sessions: peak(&sessions).1,
            });
        }
        Ok(meanings)
    }

    /// Open sessions in each zone; equal names of several segments are added up.
    fn by_zone(&self, draw: &Draw, cache: &mut ShapeCache) -> Result<Vec<NamedSeries>, PlanError> {
        let lengths = self.lengths(draw, cache)?;
        let mut zones: Vec<NamedSeries> = Vec::new();
        for SegmentLevel {
            segment,
            level,
            shares,
        } in self.levels(draw, None, &lengths, cache)?
        {
            for zone in &segment.arrivals.zones {
                let starts = rate(segment.arrivals.curve.in_utc(zone.slots_ahead).collect())?;
                let index = zones.iter().position(|known| known.name == zone.name);
                let index = index.unwrap_or_else(|| {
                    zones.push(NamedSeries {
                        name: zone.name.clone(),
                        values: vec![0.0; SLOTS_PER_WEEK],
                    });
                    zones.len() - 1
                });
                for (tier, share) in &shares {
                    let open = cache.shape(lengths[*tier], &starts);
                    for (value, open) in zones[index].values.iter_mut().zip(open) {
                        *value += level * share * zone.share * open;
                    }
                }
            }
        }
        Ok(zones)
    }

    /// Mean open sessions over each person's local working hours.
    fn working_hours_sessions(
        &self,
        draw: &Draw,
        meaning: Option<ConcurrencyMeaning>,
        cache: &mut ShapeCache,
    ) -> Result<f64, PlanError> {
        let lengths = self.lengths(draw, cache)?;
        let mut sum = 0.0;
        for SegmentLevel {
            segment,
            level,
            shares,
        } in self.levels(draw, meaning, &lengths, cache)?
        {
            sum += level * working_hours_mean(segment, &shares, &lengths, cache)?;
        }
        Ok(sum)
    }

    fn levels(
        &self,
        draw: &Draw,
        meaning: Option<ConcurrencyMeaning>,
        lengths: &[usize],
        cache: &mut ShapeCache,
    ) -> Result<Vec<SegmentLevel<'a>>, PlanError> {
        let segments = self.scenario.segments.iter().zip(&self.starts);
        segments
            .map(|(segment, starts)| {
                let shares = shares(segment, draw);
                let meaning = meaning.unwrap_or(segment.meaning);
                let stated = self.scenario.agents(segment, draw) * draw.get(segment.concurrency);
                let of_unit_mean = match meaning {
                    ConcurrencyMeaning::AllHours => 1.0,
                    ConcurrencyMeaning::WorkingHours => {
                        working_hours_mean(segment, &shares, lengths, cache)?
                    }
                    ConcurrencyMeaning::Peak => peak_of(&shares, starts, lengths, cache),
                };
                Ok(SegmentLevel {
                    segment,
                    level: stated / of_unit_mean,
                    shares,
                })
            })
            .collect()
    }
}

fn rate(values: Vec<f64>) -> Result<PeriodicRate, PlanError> {
    Ok(PeriodicRate::new(SLOT_SECONDS, values)?)
}

/// Starts of a segment over the UTC week; mean 1.
fn starts_in_utc(segment: &Segment) -> Vec<f64> {
    let mut starts = vec![0.0; SLOTS_PER_WEEK];
    for zone in &segment.arrivals.zones {
        for (sum, value) in starts
            .iter_mut()
            .zip(segment.arrivals.curve.in_utc(zone.slots_ahead))
        {
            *sum += zone.share * value;
        }
    }
    starts
}

/// The tiers of a segment with their shares, scaled to add up to 1.
fn shares(segment: &Segment, draw: &Draw) -> Vec<(usize, f64)> {
    let sum: f64 = segment
        .shares
        .iter()
        .map(|(_, share)| draw.get(*share))
        .sum();
    segment
        .shares
        .iter()
        .map(|(tier, share)| (tier.0, draw.get(*share) / sum))
        .collect()
}

/// The highest value over the week when the mean is 1.
fn peak_of(
    shares: &[(usize, f64)],
    starts: &PeriodicRate,
    lengths: &[usize],
    cache: &mut ShapeCache,
) -> f64 {
    let mut open = vec![0.0; SLOTS_PER_WEEK];
    for (tier, share) in shares {
        for (sum, value) in open.iter_mut().zip(cache.shape(lengths[*tier], starts)) {
            *sum += share * value;
        }
    }
    peak(&open).1
}

/// Mean over local working hours when the mean over the week is 1; the same in every time zone.
fn working_hours_mean(
    segment: &Segment,
    shares: &[(usize, f64)],
    lengths: &[usize],
    cache: &mut ShapeCache,
) -> Result<f64, PlanError> {
    let local = rate(segment.arrivals.curve.slots().to_vec())?;
    Ok(shares
        .iter()
        .map(|(tier, share)| {
            let open = cache.shape(lengths[*tier], &local);
            let working: Vec<f64> = (0..SLOTS_PER_WEEK)
                .filter(|slot| is_working(*slot))
                .map(|slot| open[slot])
                .collect();
            share * mean(&working)
        })
        .sum())
}

fn works_in_working_hours(segment: &Segment) -> bool {
    let slots = segment.arrivals.curve.slots();
    (0..SLOTS_PER_WEEK).any(|slot| is_working(slot) && slots[slot] > 0.0)
}

/// The first slot at the highest value but for rounding, and that value.
pub(crate) fn peak(series: &[f64]) -> (usize, f64) {
    let Some(highest) = series.iter().copied().max_by(f64::total_cmp) else {
        return (0, 0.0);
    };
    let slot = series
        .iter()
        .position(|value| *value >= highest * (1.0 - 1e-9));
    (slot.unwrap_or(0), highest)
}

fn mean(series: &[f64]) -> f64 {
    series.iter().sum::<f64>() / series.len() as f64
}

fn sum_series<'a>(series: impl Iterator<Item = &'a [f64]>) -> Vec<f64> {
    let mut sum = vec![0.0; SLOTS_PER_WEEK];
    for values in series {
        for (total, value) in sum.iter_mut().zip(values) {
            *total += value;
        }
    }
    sum
}

//! One server: a rate-limited station such as a control plane, an image registry or one CPU.

use super::{QueueingError, non_negative, open_probability, refused};
use crate::distribution::Distribution;
use crate::distribution::special::{increasing_root, poisson_ln_probability};

/// M/G/1: Poisson arrivals, one server. Times are in the unit of the service distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SingleServer {
    utilisation: f64,
    mean_service: f64,
    cv_squared: f64,
}

impl SingleServer {
    /// Arrivals at `arrival_rate` per unit of time (at least 0), each needing a draw of `service`.
    ///
    /// # Errors
    /// [`QueueingError::Unstable`] when the load is one or more; or when the rate is negative or
    /// not finite.
    pub fn new(arrival_rate: f64, service: &Distribution) -> Result<Self, QueueingError> {
        non_negative("arrival_rate", arrival_rate)?;
        let utilisation = arrival_rate * service.mean();
        if utilisation >= 1.0 {
            return Err(QueueingError::Unstable {
                load: utilisation,
                servers: 1.0,
            });
        }
        Ok(Self {
            utilisation,
            mean_service: service.mean(),
            cv_squared: service.cv_squared(),
        })
    }

    /// ρ, the share of time the server is busy.
    pub fn utilisation(&self) -> f64 {
        self.utilisation
    }

    /// Mean wait, first come first served: ρ E\[S\] (1 + CV²) / (2 (1 − ρ)) (Pollaczek 1930,
    /// Khinchine 1932). Exact; infinite when the variance is.
    pub fn fifo_mean_wait(&self) -> f64 {
        if self.utilisation == 0.0 {
            return 0.0;
        }
        self.utilisation * self.mean_service * (1.0 + self.cv_squared)
            / (2.0 * (1.0 - self.utilisation))
    }

    /// Mean time from arrival to departure, first come first served. Exact.
    pub fn fifo_mean_sojourn(&self) -> f64 {
        self.fifo_mean_wait() + self.mean_service
    }

    /// Mean time from arrival to departure under processor sharing, E\[S\]/(1 − ρ), whatever the
    /// distribution (Sakata, Noguchi and Oizumi 1969). Exact.
    pub fn sharing_mean_sojourn(&self) -> f64 {
        self.mean_service / (1.0 - self.utilisation)
    }

    /// P(W > t), first come first served, **approximated** by ρ e^(−ρ t / E\[W\]): exact for
    /// exponential service, right in P(W > 0) and in the mean for any other, and good in heavy
    /// traffic when service is light-tailed (Kingman 1962). For constant service use
    /// [`ConstantService`].
    pub fn fifo_wait_survival_approximate(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        if self.utilisation == 0.0 {
            return 0.0;
        }
        self.utilisation * (-self.utilisation * t / self.fifo_mean_wait()).exp()
    }

    /// The smallest t with [`SingleServer::fifo_wait_survival_approximate`] at most `tail`
    /// (strictly between 0 and 1).
    ///
    /// # Errors
    /// When `tail` is outside its range.
    pub fn fifo_wait_exceeded_with_approximate(&self, tail: f64) -> Result<f64, QueueingError> {
        open_probability("tail", tail)?;
        if self.utilisation <= tail {
            return Ok(0.0);
        }
        Ok((self.utilisation / tail).ln() * self.fifo_mean_wait() / self.utilisation)
    }
}

/// Waits up to this many service times come from the exact distribution, longer ones from its
/// exponential asymptote.
const EXACT_UP_TO: f64 = 20.0;

/// M/D/1: Poisson arrivals, one server, constant service: a limit of so many starts a second.
///
/// Times are in units of the service time.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantService {
    utilisation: f64,
    /// P(more than j in the system), for j = 0, 1, …
    count_above: Vec<f64>,
    /// P(W > t) ~ level e^(−decay t).
    decay: f64,
    level: f64,
}

impl ConstantService {
    /// A station at the given utilisation, at least 0 and below 1.
    ///
    /// # Errors
    /// When `utilisation` is outside its range.
    pub fn new(utilisation: f64) -> Result<Self, QueueingError> {
        non_negative("utilisation", utilisation)?;
        if utilisation >= 1.0 {
            return Err(QueueingError::Unstable {
                load: utilisation,
                servers: 1.0,
            });
        }
        if utilisation > 0.0 && utilisation < 1e-9 {
            return Err(refused(
                "utilisation",
                "zero, or at least 1e-9",
                utilisation,
            ));
        }
        let (decay, level) = if utilisation > 0.0 {
            asymptote(utilisation)
        } else {
            (1.0, 0.0)
        };
        Ok(Self {
            utilisation,
            count_above: counts_above(utilisation),
            decay,
            level,
        })
    }

    /// Mean wait, ρ/(2 (1 − ρ)): Pollaczek–Khinchine with no variance. Exact.
    pub fn mean_wait(&self) -> f64 {
        self.utilisation / (2.0 * (1.0 - self.utilisation))
    }

    /// P(W > t). Exact up to 20 service times, by the sum of positive terms of Franx (2001);
    /// beyond, by the Cramér–Lundberg asymptote, whose relative error there is below 10⁻⁷.
    pub fn wait_survival(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 1.0;
        }
        if self.utilisation == 0.0 {
            return 0.0;
        }
        if t >= EXACT_UP_TO {
            return self.level * (-self.decay * t).exp();
        }
        self.exact_wait_survival(t)
    }

    /// The smallest t with P(W > t) ≤ `tail` (strictly between 0 and 1).
    ///
    /// # Errors
    /// When `tail` is outside its range.
    pub fn wait_exceeded_with(&self, tail: f64) -> Result<f64, QueueingError> {
        open_probability("tail", tail)?;
        if self.utilisation <= tail {
            return Ok(0.0);
        }
        let high = EXACT_UP_TO.max((self.level / tail).ln() / self.decay) * 2.0;
        Ok(increasing_root(0.0, high, |t| {
            tail.ln() - self.wait_survival(t).ln()
        }))
    }

    /// Franx: P(W ≤ t) = Σ_{j < k} e^(−x) x^j / j! P(at most k − j in the system), for
    /// k − 1 ≤ t < k and x = ρ (k − t). Its complement, term by term.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // t is below EXACT_UP_TO
    fn exact_wait_survival(&self, t: f64) -> f64 {
        let k = t.floor() as usize + 1;
        let mean = self.utilisation * (k as f64 - t);
        let mut term = (-mean).exp();
        let mut sum = 0.0;
        for j in 0..k {
            sum += term * self.count_above[k - j];
            term *= mean / (j + 1) as f64;
        }
        // The Poisson terms from k on.
        let mut j = k;
        while term > 1e-17 * sum {
            sum += term;
            j += 1;
            term *= mean / j as f64;
        }
        sum
    }
}

/// P(more than j in the system) of M/D/1, by the recursion over the chances of more than i
/// arrivals during a service: only positive terms, so every digit counts however small the tail.
fn counts_above(utilisation: f64) -> Vec<f64> {
    const COUNTS: usize = 120;
    let arrivals: Vec<f64> = (0..2 * COUNTS)
        .map(|i| poisson_ln_probability(i as f64, utilisation).exp())
        .collect();
    let more_than = sums_above(&arrivals, 0.0);
    let mut probability = vec![1.0 - utilisation];
    for n in 0..COUNTS {
        let mut flow = probability[0] * more_than[n];
        for k in 1..=n {
            flow += probability[k] * more_than[n + 1 - k];
        }
        probability.push(flow / arrivals[0]);
    }
    // From there on the probabilities fall geometrically.
    let last = probability[COUNTS];
    let ratio = if last > 0.0 {
        last / probability[COUNTS - 1]
    } else {
        0.0
    };
    sums_above(&probability, last * ratio / (1.0 - ratio))
}

/// Σ over indices above i, for every i, with `rest` beyond the end; added from the small end.
fn sums_above(values: &[f64], rest: f64) -> Vec<f64> {
    let mut sums = vec![rest; values.len()];
    for i in (0..values.len() - 1).rev() {
        sums[i] = sums[i + 1] + values[i + 1];
    }
    sums
}

/// Decay rate η > 0 with ρ (e^η − 1) = η, and level (1 − ρ)/(ρ e^η − 1).
fn asymptote(utilisation: f64) -> (f64, f64) {
    // (e^η − 1)/η = 1/ρ; the left side is increasing.
    let growth = |eta: f64| eta.exp_m1() / eta;
    let decay = increasing_root(1e-18, 60.0, |eta| growth(eta).ln() + utilisation.ln());
    (
        decay,
        (1.0 - utilisation) / (utilisation * decay.exp() - 1.0),
    )
}

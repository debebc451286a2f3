//! `tonnage simulate`: a day of the fleets that the plans size.

use std::time::Instant;

use clap::{Args, ValueEnum};
use tonnage_model::fleet::{DayChoice, FleetExtent, FleetOptions};
use tonnage_model::plan::PlanOptions;
use tonnage_model::result::{CapacityResult, Extent, Fidelity, FleetResult};
use tonnage_model::scenario::Bundle;
use tonnage_model::units::{Count, Share, parse};

use crate::args::{OutputArguments, ScenarioArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::planning::{self, Planned, quoted};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage simulate us-knowledge-workers --plan isolates-first
  tonnage simulate mine.toml --day monday --hours 8-18
  tonnage simulate mine.toml --precision 0.5% --output report
  tonnage simulate small-company --exact
  tonnage simulate mine.toml --fidelity fluid --json > day.json

A day is 24 hours from a local midnight where most agents are. Figures are those
of the expected day; intervals say how far chance may have moved them. The same
scenario, options and seed give the same result, byte for byte, on any number of
threads. Ctrl-C keeps what is known by then; the exit code is 130.";

/// Arguments of `tonnage simulate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimulateArguments {
    /// File or name of a built-in scenario
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    #[command(flatten)]
    day: DayArguments,
    /// Size the fleet by the simulated estimate, which takes up to minutes, in
    /// place of the formulas
    #[arg(long)]
    corrected: bool,
    /// Draws over uncertain inputs, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    draws: Option<u32>,
    /// Threads to use; all CPUs unless given. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    output: OutputArguments,
    /// Print the whole result as JSON in place of the summary
    #[arg(long)]
    json: bool,
}

/// What is simulated.
#[derive(Debug, Args)]
struct DayArguments {
    /// Only this plan; may be repeated
    #[arg(long = "plan", value_name = "PLAN")]
    plans: Vec<String>,
    /// Only this tier; may be repeated
    #[arg(long = "tier", value_name = "TIER")]
    tiers: Vec<String>,
    /// How much of what happens is simulated
    #[arg(long, value_name = "KIND", default_value = "fleet")]
    fidelity: FidelityArgument,
    /// Simulate every session of every cell in place of a sample
    #[arg(long, conflicts_with_all = ["precision", "events"])]
    exact: bool,
    /// Relative half-width of the 95% intervals at which sampling stops
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = share)]
    precision: f64,
    /// Events of one tier after which sampling stops in any case
    #[arg(long, value_name = "N", default_value = "1B", value_parser = events)]
    events: u64,
    /// Which day: `peak`, the one with the most open sessions, or a weekday
    #[arg(long, value_name = "DAY", default_value = "peak")]
    day: DayArgument,
    /// Only these local hours, such as 9-17
    #[arg(long, value_name = "A-B", value_parser = hours)]
    hours: Option<(u32, u32)>,
}

/// How much of what happens is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FidelityArgument {
    /// Expected values in closed form: no chance, no waiting
    Fluid,
    /// Hosts with shared CPUs, memory, starts and queues
    Fleet,
}

/// Which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DayArgument {
    Peak,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl DayArgument {
    fn choice(self) -> DayChoice {
        match self {
            Self::Peak => DayChoice::Busiest,
            Self::Monday => DayChoice::Weekday(0),
            Self::Tuesday => DayChoice::Weekday(1),
            Self::Wednesday => DayChoice::Weekday(2),
            Self::Thursday => DayChoice::Weekday(3),
            Self::Friday => DayChoice::Weekday(4),
            Self::Saturday => DayChoice::Weekday(5),
            Self::Sunday => DayChoice::Weekday(6),
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = parse::<Share>(text).map_err(|error| error.to_string())?;
    if share > 0.0 {
        Ok(share)
    } else {
        Err("it must be above zero, such as 1%".to_owned())
    }
}

fn events(text: &str) -> Result<u64, String> {
    let count = parse::<Count>(text).map_err(|error| error.to_string())?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count is at most 10¹² and not negative"
    )]
    let count = count as u64;
    Ok(count)
}

fn hours(text: &str) -> Result<(u32, u32), String> {
    let wrong = || "give two hours from 0 to 24, the later one last, such as 9-17".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let hour = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
    let (from, to) = (hour(from)?, hour(to)?);
    if from < to && to <= 24 {
        Ok((from, to))
    } else {
        Err(wrong())
    }
}

/// Simulates and prints.
pub(crate) fn run(arguments: &SimulateArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = scenario::load(&arguments.scenario, &arguments.over, console)?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
    }
    let plan_options = PlanOptions {
        simulate: arguments.corrected,
        draws: arguments.draws,
    };
    let day = &arguments.day;
    let options = FleetOptions {
        plans: day.plans.clone(),
        tiers: day.tiers.clone(),
        fidelity: match day.fidelity {
            FidelityArgument::Fluid => Fidelity::Fluid,
            FidelityArgument::Fleet => Fidelity::Fleet,
        },
        extent: if day.exact {
            FleetExtent::Exact
        } else {
            FleetExtent::Sampled {
                precision: day.precision,
                most_events: day.events,
            }
        },
        day: day.day.choice(),
        hours: day.hours,
    };
    let began = Instant::now();
    let Planned { result, outcome } =
        planning::simulate(&loaded, &plan_options, &options, arguments.threads, console)?;
    if let Some(fleet) = &result.fleet {
        console.note(&effort(fleet, began.elapsed().as_secs_f64()));
    }
    if let Some(folder) = &arguments.output.output {
        let inputs = Bundle::new(&loaded, &plan_options, command(arguments));
        let written = output::write(&result, folder, Some(inputs))?;
        console.note(&format!("report: {}", written.page().display()));
    }
    print(&result, arguments.json, console)?;
    Ok(outcome)
}

fn print(result: &CapacityResult, json: bool, console: Console) -> Result<(), Failure> {
    let answer = if json {
        output::json(result)?
    } else {
        tonnage_reports::terminal::fleet(result, console.color())
    };
    console::print(&answer)
}

/// What the run took: not part of the result, which is the same on any machine.
fn effort(fleet: &FleetResult, seconds: f64) -> String {
    let mut known: Vec<(&str, &str, String)> = Vec::new();
    let mut events = 0;
    for tier in fleet.plans.iter().flat_map(|plan| &plan.tiers) {
        // What several plans share was simulated once.
        let key = (
            &*tier.tier,
            &*tier.technology,
            format!("{:?}", tier.lifecycle),
        );
        if tier.effort.extent != Extent::ClosedForm && !known.contains(&key) {
            known.push(key);
            events += tier.effort.events.all;
        }
    }
    let count = |value: f64| tonnage_reports::format::count(value);
    let mut text = format!(
        "{} events in {seconds:.1} s, {} events per second",
        count(events as f64),
        count(events as f64 / seconds.max(1e-3))
    );
    if let Some(bytes) = peak_memory() {
        text.push_str(", ");
        text.push_str(&tonnage_reports::format::bytes(bytes));
        text.push_str(" of memory at most");
    }
    text
}

/// The most memory this process has held, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The command that makes the same result again.
fn command(arguments: &SimulateArguments) -> String {
    let day = &arguments.day;
    let mut words = planning::command_words("simulate", &arguments.scenario, &arguments.over);
    let mut option = |name: &str, value: &str| {
        words.push(name.to_owned());
        words.push(quoted(value));
    };
    for plan in &day.plans {
        option("--plan", plan);
    }
    for tier in &day.tiers {
        option("--tier", tier);
    }
    let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
        value().map_or_else(String::new, |value| value.get_name().to_owned())
    };
    option("--fidelity", &name(&|| day.fidelity.to_possible_value()));
    option("--day", &name(&|| day.day.to_possible_value()));
    if let Some((from, to)) = day.hours {
        option("--hours", &format!("{from}-{to}"));
    }
    if !day.exact {
        option("--precision", &day.precision.to_string());
        option("--events", &day.events.to_string());
    }
    if let Some(draws) = arguments.draws {
        option("--draws", &draws.to_string());
    }
    if day.exact {
        words.push("--exact".to_owned());
    }
    if arguments.corrected {
        words.push("--corrected".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{events, hours, share};

    #[test]
    fn hours_are_two_of_a_day() {
        assert_eq!(hours("9-17"), Ok((9, 17)));
        assert_eq!(hours("0-24"), Ok((0, 24)));
        for wrong in ["", "9", "17-9", "9-9", "9-25", "-1-3", "a-b"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_precision_is_a_share_above_zero() {
        assert_eq!(share("1%"), Ok(0.01));
        assert!(share("0").is_err());
        assert!(share("2").is_err());
    }

    #[test]
    fn events_may_be_written_short() {
        assert_eq!(events("2M"), Ok(2_000_000));
        assert!(events("-1").is_err());
    }
}

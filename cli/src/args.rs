//! The arguments of the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    check, compare, completions, doctor, explain, measure, optimize, plan, report, scenarios,
    schema, serve, simulate, size, study, verify,
};

const EXAMPLES: &str = "\
Examples:
  tonnage study                              the shipped case, a full report
  tonnage measure                            what sandboxes cost on this host
  tonnage plan us-knowledge-workers          only the numbers, on the terminal
  tonnage plan mine.toml --set segments.staff.people=5000
  tonnage serve us-knowledge-workers         a page with sliders
  tonnage simulate us-knowledge-workers      a day of the whole fleet
  tonnage size mine.toml                     the smallest fleet, by simulation
  tonnage optimize mine.toml                 the cheapest technology and host
  tonnage explain mine.toml                  every input and where it comes from
  tonnage compare before.json after.json     what changed between two results

Exit codes:
  0    done
  1    the system refused something, or Tonnage itself failed
  2    wrong usage, or a scenario, profile, result or measurement that cannot
       be used
  3    two results or measurements differ (only with `compare --exit-code`)
  4    a measurement got worse (only with `compare --fail-on-regression`)
  5    a report is not what its inputs give (only with `verify`)
  130  stopped by Ctrl-C; what was known by then is written";

/// How much hardware does an agent fleet need, and on which sandbox technology?
///
/// A scenario says who the users are, what their agents need, what a host is and what is promised.
/// Tonnage answers with the CPUs each technology needs, as an interval, and says which resource
/// decides.
#[derive(Debug, Parser)]
#[command(
    name = "tonnage",
    version,
    after_help = EXAMPLES,
    max_term_width = 80,
    arg_required_else_help = true,
    subcommand_required = true
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What all commands understand.
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What all commands understand.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print nothing but answers and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Whether to use colours; `auto` honours NO_COLOR
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: Color,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure this host, plan a scenario and write a report
    Study(study::StudyArguments),
    /// Measure what sandbox technologies cost on this host
    Measure(measure::MeasureArguments),
    /// Measure what standard input says; for Tonnage itself
    #[command(hide = true)]
    MeasureCell,
    /// Plan a scenario and print the answer
    Plan(plan::PlanArguments),
    /// Explore a scenario on a page of this machine, with sliders
    Serve(serve::ServeArguments),
    /// Simulate a day of the whole fleet, hour by hour
    Simulate(simulate::SimulateArguments),
    /// Find the smallest fleet that is simulated to hold every promise
    Size(size::SizeArguments),
    /// Find the cheapest technology and host shape for every tier
    Optimize(optimize::OptimizeArguments),
    /// Write the report of a result or measurement again, without computing anything
    Report(report::ReportArguments),
    /// Tell what changed between two results or two measurements
    Compare(compare::CompareArguments),
    /// Compute a report again from its inputs and say whether its numbers hold
    Verify(verify::VerifyArguments),
    /// List the built-in scenarios
    Scenarios(scenarios::ScenariosArguments),
    /// Show every input of a scenario and where it comes from
    Explain(explain::ExplainArguments),
    /// Check scenarios without planning them
    Check(check::CheckArguments),
    /// Print the JSON Schema of a file format
    Schema(schema::SchemaArguments),
    /// Show what this host is and what can be measured on it
    Doctor(doctor::DoctorArguments),
    /// Print the completions of a shell
    Completions(completions::CompletionsArguments),
}

/// What is laid over a scenario.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScenarioArguments {
    /// Change one input; may be repeated
    ///
    /// The key is the path in the scenario file, the value is written as there. `tonnage explain`
    /// lists the keys.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Profile of technologies in place of the scenario's, or a measurement
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<String>,
    /// Seed of every random stream in place of the scenario's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
}

/// How a plan is computed.
#[derive(Debug, Clone, Args)]
pub(crate) struct ComputeArguments {
    /// Draws over uncertain inputs, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub(crate) draws: Option<u32>,
    /// Leave the simulation out; the analytic estimates take seconds
    #[arg(long)]
    pub(crate) no_simulation: bool,
    /// Threads to use; all CPUs unless given. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// How a fleet is sized by simulation.
#[derive(Debug, Clone, Args)]
pub(crate) struct SizingArguments {
    /// Draws over uncertain inputs, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub(crate) draws: Option<u32>,
    /// A third of the events: a first look
    #[arg(long, conflicts_with = "thorough")]
    pub(crate) quick: bool,
    /// Ten times the events: larger cells, closer decisions
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Threads to use; all CPUs unless given. The result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// Where a report goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArguments {
    /// Folder for the report; made if it is not there
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

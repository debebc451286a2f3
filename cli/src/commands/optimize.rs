//! `tonnage optimize`: the cheapest technology and host shape for every tier.

use clap::{Args, ValueEnum};
use tonnage_model::plan::{self, OptimizeOptions, PlanOptions};
use tonnage_model::profile::Boundary;
use tonnage_model::scenario::{Bundle, HostShapesDocument, load_shapes};

use crate::args::{OutputArguments, ScenarioArguments, SizingArguments};
use crate::console::{self, Console};
use crate::failure::{Failure, Outcome};
use crate::library::{self, Files};
use crate::planning::{self, Planned};
use crate::{output, scenario};

const EXAMPLES: &str = "\
Examples:
  tonnage optimize us-knowledge-workers
  tonnage optimize us-knowledge-workers --isolation hardware
  tonnage optimize mine.toml --shapes aws --architecture any --speed m8g=1.3
  tonnage optimize mine.toml --shapes my-prices.toml --no-simulation
  tonnage optimize mine.toml --json > result.json

A list of shapes of your own is a file like those in scenarios/hosts: a name,
vCPUs, memory and a price for each. Whether a tier's sandboxes may be thrown
away after every burst is read from the scenario: its own lifecycle and those
its plans give it. Ctrl-C keeps what is known by then; the exit code is 130.";

/// Lists of host shapes by their short names.
const LISTS: [(&str, &str); 3] = [
    ("aws", "builtin:hosts/aws-us-east-1.toml"),
    ("gcp", "builtin:hosts/gcp.toml"),
    ("azure", "builtin:hosts/azure.toml"),
];

/// An isolation boundary, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Isolation {
    /// A language runtime in one process: V8 isolates, Wasm instances
    LanguageRuntime,
    /// An operating-system process
    Process,
    /// Namespaces and cgroups over one kernel: containers
    SharedKernel,
    /// A kernel in user space between the sandbox and the host's: gVisor
    UserSpaceKernel,
    /// Hardware virtualisation: microVMs
    Hardware,
}

impl Isolation {
    const fn boundary(self) -> Boundary {
        match self {
            Self::LanguageRuntime => Boundary::LanguageRuntime,
            Self::Process => Boundary::Process,
            Self::SharedKernel => Boundary::SharedKernel,
            Self::UserSpaceKernel => Boundary::UserSpaceKernel,
            Self::Hardware => Boundary::Hardware,
        }
    }
}

/// Arguments of `tonnage optimize`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct OptimizeArguments {
    /// File or name of a built-in scenario
    scenario: String,
    #[command(flatten)]
    over: ScenarioArguments,
    /// Lists of host shapes: aws, gcp, azure (which has no prices), or files
    #[arg(
        long,
        value_name = "LIST,...",
        value_delimiter = ',',
        default_value = "aws,gcp"
    )]
    shapes: Vec<String>,
    /// Architecture of the processors, or `any`; that of the scenario's host unless given
    ///
    /// Where the scenario's host is in none of the lists, any will do.
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// Weakest isolation boundary allowed
    #[arg(long, value_name = "BOUNDARY")]
    isolation: Option<Isolation>,
    /// Take virtual machines for microVMs too, as if each offered nested virtualisation
    #[arg(long)]
    nested_virtualisation: bool,
    /// Sizes of cells to try, spare hosts not counted
    #[arg(
        long,
        value_name = "N,...",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    cell_hosts: Vec<u32>,
    /// Speed of the vCPUs of shapes whose names begin so, over that of the scenario's host; may be
    /// repeated
    #[arg(long, value_name = "PREFIX=FACTOR", value_parser = speed)]
    speed: Vec<(String, f64)>,
    /// Leave out sizing the choices by simulation
    #[arg(long, conflicts_with_all = ["quick", "thorough"])]
    no_simulation: bool,
    #[command(flatten)]
    sizing: SizingArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Print the whole result as JSON in place of the summary
    #[arg(long)]
    json: bool,
}

/// Looks for the cheapest and prints it.
pub(crate) fn run(arguments: &OptimizeArguments, console: Console) -> Result<Outcome, Failure> {
    let loaded = scenario::load(&arguments.scenario, &arguments.over, console)?;
    let lists: Vec<HostShapesDocument> = arguments
        .shapes
        .iter()
        .map(|name| list(name))
        .collect::<Result<_, _>>()?;
    if let Some(folder) = &arguments.output.output {
        output::prepare(folder)?;
    }
    let architecture = match arguments.architecture.as_deref() {
        Some("any") => None,
        Some(name) => Some(known_architecture(name, &lists)?),
        None => plan::architecture_of_host(&loaded.scenario, &lists),
    };
    let options = OptimizeOptions {
        draws: arguments.sizing.draws,
        lists,
        architecture,
        isolation: arguments.isolation.map(Isolation::boundary),
        nested_virtualisation: arguments.nested_virtualisation,
        cell_hosts: arguments.cell_hosts.clone(),
        speeds: arguments.speed.clone(),
        confirm: (!arguments.no_simulation).then(|| arguments.sizing.effort()),
    };
    let Planned { result, outcome } =
        planning::watched(arguments.sizing.threads, console, |progress| {
            plan::optimize(&loaded, &options, progress)
                .map_err(|error| planning::impossible(&error))
        })?;
    if let Some(folder) = &arguments.output.output {
        let over = &arguments.over;
        let mut command = planning::command_words("optimize", &arguments.scenario, over);
        command.extend(arguments.words().iter().map(|word| planning::quoted(word)));
        let plan_options = PlanOptions {
            simulate: false,
            draws: options.draws,
        };
        let inputs = Bundle::new(&loaded, &plan_options, command.join(" "));
        let written = output::write(&result, folder, Some(inputs))?;
        console.note(&format!("report: {}", written.page().display()));
    }
    let answer = if arguments.json {
        output::json(&result)?
    } else {
        tonnage_reports::optimum::terminal(&result, console.color())
    };
    console::print(&answer)?;
    Ok(outcome)
}

impl OptimizeArguments {
    /// What changes the result, as it is written.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["--shapes".to_owned(), self.shapes.join(",")];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        if let Some(architecture) = &self.architecture {
            option("--architecture", architecture.clone());
        }
        if let Some(isolation) = self.isolation.and_then(|given| given.to_possible_value()) {
            option("--isolation", isolation.get_name().to_owned());
        }
        if !self.cell_hosts.is_empty() {
            let sizes: Vec<String> = self.cell_hosts.iter().map(u32::to_string).collect();
            option("--cell-hosts", sizes.join(","));
        }
        for (prefix, factor) in &self.speed {
            option("--speed", format!("{prefix}={factor}"));
        }
        if self.nested_virtualisation {
            words.push("--nested-virtualisation".to_owned());
        }
        if self.no_simulation {
            words.push("--no-simulation".to_owned());
        }
        words.extend(self.sizing.words());
        words
    }
}

/// A list by its short name, or the file of that name.
fn list(name: &str) -> Result<HostShapesDocument, Failure> {
    let built_in = LISTS.iter().find(|(known, _)| *known == name);
    let path = match built_in {
        Some((_, path)) => (*path).to_owned(),
        None => library::standing_alone(name),
    };
    if built_in.is_none() && tonnage_model::scenario::Library::read(&Files, &path).is_err() {
        return Err(Failure::input(format!(
            "there is no list of host shapes `{name}`, and no such file"
        ))
        .help("use aws, gcp or azure, or give the path of a file like those in scenarios/hosts"));
    }
    Ok(load_shapes(&Files, &path)?)
}

fn known_architecture(name: &str, lists: &[HostShapesDocument]) -> Result<String, Failure> {
    let mut known: Vec<&str> = lists
        .iter()
        .flat_map(|list| list.shapes.iter())
        .filter_map(|(_, row)| row.architecture.as_deref())
        .collect();
    known.sort_unstable();
    known.dedup();
    if known.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(
            Failure::input(format!("no shape has the architecture `{name}`")).help(format!(
                "the lists have {}; `any` takes all",
                known.join(" and ")
            )),
        )
    }
}

/// A prefix and a factor.
fn speed(text: &str) -> Result<(String, f64), String> {
    let parsed = text
        .split_once('=')
        .and_then(|(prefix, factor)| Some((prefix.to_owned(), factor.parse::<f64>().ok()?)));
    match parsed {
        Some((prefix, factor)) if !prefix.is_empty() && (0.01..=100.0).contains(&factor) => {
            Ok((prefix, factor))
        }
        _ => Err(
            "it must be the beginning of a shape's name, = and a factor from 0.01 to 100, \
                  such as m8g=1.3"
                .to_owned(),
        ),
    }
}

//! The report as Markdown, in the order of the page.

mod fleet;
mod parts;

use tonnage_model::profile::Origin;
use tonnage_model::result::{
    Assumption, CapacityResult, Estimated, MatrixOutcome, PlanResult, Requirement,
    SimulationOutcome,
};

use crate::section::Part;
use crate::write::ReportOptions;
use crate::{
    arrivals, baseline, capabilities, chart, curves, format, measured, operation, optimum, sizing,
    view, words,
};
pub(crate) use parts::{Page, code, escaped};

/// The report as Markdown. Charts are linked as the files beside it.
pub fn write(result: &CapacityResult, options: &ReportOptions) -> String {
    let mut page = Page::beside(&chart::all(result));
    summary(&mut page, result);
    claims(&mut page, result);
    curve(&mut page, "sessions-gap", &curves::gap(result));
    sizing::markdown(&mut page, result);
    optimum::markdown(&mut page, result);
    requirements(&mut page, result);
    curve(&mut page, "growth", &curves::growth(result));
    matrix(&mut page, result);
    readings(&mut page, result);
    demand(&mut page, result);
    fleet::section(&mut page, result);
    assumptions(&mut page, result);
    measured(&mut page, result);
    service_level(&mut page, result);
    curve(&mut page, "attainment", &curves::attainment(result));
    let sections = [
        operation::section(result),
        arrivals::section(result),
        baseline::section(result),
    ];
    for section in sections.into_iter().flatten() {
        section.markdown(&mut page);
    }
    inside(&mut page, result, options);
    cost(&mut page, result);
    curve(&mut page, "service-cost", &curves::service_cost(result));
    sensitivity(&mut page, result);
    technologies(&mut page, result);
    provenance(&mut page, result, options);
    page.finish()
}

fn summary(page: &mut Page, result: &CapacityResult) {
    page.heading(1, &result.scenario.title);
    if !result.scenario.question.is_empty() {
        page.paragraph(&escaped(&result.scenario.question));
    }
    page.paragraph(&format!("**{}**", escaped(&result.answer)));
    page.paragraph(&format!(
        "One host is {}. Promise: {}.",
        escaped(&view::host_words(result)),
        escaped(&result.scenario.service_level)
    ));
    page.heading(2, "Before you use these numbers");
    let warnings = view::warnings(result);
    if warnings.is_empty() {
        page.paragraph("The plan raised no warning.");
    } else {
        page.list(warnings.iter().map(|warning| escaped(warning)));
    }
}

fn claims(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Claims: what was said, what was found");
    if result.claims.is_empty() {
        page.paragraph("The scenario names no claim to check.");
        return;
    }
    page.table(
        &["Claim", "Source", "Found here", "Verdict", "Why"],
        result.claims.iter().map(|claim| {
            vec![
                format!("“{}”", escaped(&claim.quote)),
                escaped(&claim.source),
                escaped(&claim.found),
                format!("**{}**", words::verdict(claim.verdict)),
                escaped(&claim.why),
            ]
        }),
    );
}

fn requirements(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "vCPUs required");
    if result.plans.is_empty() {
        page.paragraph("The scenario has no technology plan. Add one to see what it needs.");
        return;
    }
    page.picture("requirements");
    let envelope = view::envelope_words(result.envelope.cpus_low, result.envelope.cpus_high);
    page.table(
        &[
            "Plan",
            "#1 Envelope, CPUs",
            "#2 Analytic, vCPUs",
            "#3 Simulated, vCPUs",
            "#Sessions per vCPU",
            "What binds",
        ],
        result.plans.iter().map(|plan| {
            vec![
                escaped(&plan.title),
                envelope.clone(),
                format::estimate(plan.analytic.vcpus),
                plan.simulated
                    .as_ref()
                    .map_or("not simulated".to_owned(), |r| format::estimate(r.vcpus)),
                format::count(view::sessions_per_vcpu(plan)),
                view::binding_words(plan),
            ]
        }),
    );
    page.heading(3, "Why the three differ");
    page.paragraph(&view::envelope_sentence(result));
    page.list(
        result
            .plans
            .iter()
            .map(|plan| escaped(&view::envelope_against(result, plan))),
    );
    differences(page, result);
    for plan in &result.plans {
        tiers(page, result, plan);
    }
}

fn differences(page: &mut Page, result: &CapacityResult) {
    page.heading(3, "Simulated against analytic");
    let comparisons = view::comparisons(result);
    if comparisons.is_empty() {
        page.paragraph("Nothing was simulated, so the analytic estimate stands alone.");
    } else {
        page.table(
            &[
                "Tier",
                "Technology",
                "Plans",
                "#Simulated ÷ analytic",
                "Do they agree?",
                "Why",
            ],
            comparisons.iter().map(|one| {
                vec![
                    escaped(view::tier_title(result, &one.tier.tier)),
                    escaped(view::technology_title(result, &one.tier.technology)),
                    escaped(&one.plans.join("; ")),
                    format::estimate_with(one.found.over_analytic, format::ratio_with),
                    one.words().to_owned(),
                    escaped(&one.found.explanation),
                ]
            }),
        );
    }
    page.list(result.plans.iter().filter_map(|plan| {
        view::not_simulated_reason(plan).map(|reason| {
            format!(
                "{} has no simulated total: {}.",
                escaped(&plan.title),
                escaped(&reason)
            )
        })
    }));
}

fn tiers(page: &mut Page, result: &CapacityResult, plan: &PlanResult) {
    page.heading(3, &format!("{}: tier by tier", plan.title));
    if plan.tiers.is_empty() {
        page.paragraph("The plan assigns no tier.");
        return;
    }
    page.table(
        &[
            "Tier",
            "Technology",
            "Sandboxes",
            "#Open sessions",
            "#Starts per second",
            "#Offered load, vCPUs busy",
            "#Analytic, vCPUs",
            "#Simulated, vCPUs",
            "What binds",
        ],
        plan.tiers.iter().map(|tier| {
            vec![
                escaped(view::tier_title(result, &tier.tier)),
                escaped(view::technology_title(result, &tier.technology)),
                words::lifecycle(tier.lifecycle).to_owned(),
                format::estimate(tier.peak_sessions),
                format::estimate(tier.starts_per_second),
                format::estimate(tier.offered_load),
                format::estimate(tier.analytic.vcpus),
                match &tier.simulated {
                    SimulationOutcome::Simulated(found) => {
                        format::estimate(found.requirement.vcpus)
                    }
                    SimulationOutcome::NotSimulated { reason } => {
                        format!("not simulated: {}", escaped(reason))
                    }
                },
                match view::binding_certainty(tier) {
                    Some(certainty) => format!("{}, {certainty}", words::binding(tier.binding)),
                    None => words::binding(tier.binding).to_owned(),
                },
            ]
        }),
    );
}

fn matrix(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Every tier on every technology");
    if result.matrix.is_empty() {
        page.paragraph("The result compares no technologies.");
        return;
    }
    page.picture("matrix");
    page.table(
        &[
            "Tier",
            "Technology",
            "#vCPUs (analytic)",
            "#Hosts",
            "What binds",
            "#Sessions per vCPU",
        ],
        view::matrix_by_tier(result)
            .into_iter()
            .flat_map(|(_, cells)| cells)
            .map(|cell| {
                let mut row = vec![
                    escaped(view::tier_title(result, &cell.tier)),
                    escaped(view::technology_title(result, &cell.technology)),
                ];
                let reason = match &cell.outcome {
                    MatrixOutcome::Suitable {
                        requirement,
                        binding,
                        sessions_per_vcpu,
                    } => {
                        row.extend([
                            format::estimate(requirement.vcpus),
                            format::hosts(requirement.hosts.central),
                            words::binding(*binding).to_owned(),
                            format::count(*sessions_per_vcpu),
                        ]);
                        return row;
                    }
                    MatrixOutcome::Unsuitable { missing } => {
                        format!("lacks {}", words::capabilities(missing))
                    }
                    MatrixOutcome::Impossible { reason } => escaped(reason),
                };
                row.extend(["cannot".to_owned(), String::new(), reason, String::new()]);
                row
            }),
    );
}

fn readings(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Readings of the scenario side by side");
    if result.readings.is_empty() {
        page.paragraph("The scenario names no other reading of its numbers.");
        return;
    }
    page.picture("readings");
    let titles: Vec<_> = result
        .plans
        .iter()
        .map(|plan| format!("#{}, vCPUs", plan.title))
        .collect();
    let mut head = vec![
        "Reading",
        "Changes",
        "#Envelope, sessions",
        "#Envelope, CPUs",
        "#Mean sessions",
        "#Peak sessions",
    ];
    head.extend(titles.iter().map(String::as_str));
    page.table(
        &head,
        result.readings.iter().map(|reading| {
            let envelope = &reading.envelope;
            let mut row = vec![
                escaped(&reading.title),
                escaped(&reading.changes.join("; ")),
                format::count(envelope.sessions),
                view::envelope_words(envelope.cpus_low, envelope.cpus_high),
                format::count(reading.mean_sessions),
                format::count(reading.peak_sessions),
            ];
            row.extend(result.plans.iter().map(|plan| {
                reading
                    .plans
                    .iter()
                    .find(|found| found.plan == plan.id)
                    .map_or("not computed".to_owned(), |found| {
                        format::estimate(found.vcpus)
                    })
            }));
            row
        }),
    );
}

fn demand(page: &mut Page, result: &CapacityResult) {
    let demand = &result.demand;
    page.heading(2, "Demand over the week");
    page.picture("sessions-by-zone");
    page.paragraph(&format!(
        "Peak {} open sessions, {}; mean {}; mean of local working hours {}; peak over mean {}. \
         The peak follows the peak of the starts by {}.",
        format::estimate(demand.peak_sessions),
        format::week_hour(demand.peak_hour),
        format::count(demand.mean_sessions),
        format::count(demand.working_hours_sessions),
        format::short(demand.peak_to_mean, 3),
        format::seconds(demand.peak_lag_hours * 3600.0),
    ));
    if demand.meanings.is_empty() {
        page.paragraph("The result does not say what the rates mean when read in other ways.");
        return;
    }
    page.table(
        &[
            "The rate is the…",
            "#Mean sessions",
            "#Mean of working hours",
            "#Peak sessions",
        ],
        demand.meanings.iter().map(|row| {
            let stated = if row.stated { " (as stated)" } else { "" };
            vec![
                format!("{}{stated}", words::meaning(row.meaning)),
                format::count(row.mean_sessions),
                format::count(row.working_hours_sessions),
                format::count(row.peak_sessions),
            ]
        }),
    );
}

fn assumptions(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Assumptions and their sources");
    page.table(
        &[
            "Tier",
            "Needs",
            "#Share of sessions",
            "#Session length",
            "#CPU work of a session",
        ],
        result.scenario.tiers.iter().map(|tier| {
            vec![
                escaped(&tier.title),
                words::capabilities(&tier.needs),
                format::percent(tier.share),
                format::seconds(tier.session_seconds),
                format!("{} CPU-s", format::plain(tier.session_cpu_seconds, 3)),
            ]
        }),
    );
    if result.assumptions.is_empty() {
        page.paragraph("The result lists no input of the scenario; do not use it without them.");
        return;
    }
    page.paragraph(&view::origins_sentence(&result.assumptions));
    inputs(page, result.assumptions.iter());
}

fn inputs<'a>(page: &mut Page, inputs: impl Iterator<Item = &'a Assumption>) {
    page.table(
        &["Input", "Value", "Origin", "Source", "Conditions", "Drawn"],
        inputs.map(|input| {
            vec![
                code(&input.key),
                escaped(&input.value),
                words::origin(input.origin).to_owned(),
                if input.source.trim().is_empty() {
                    "no source given".to_owned()
                } else {
                    escaped(&input.source)
                },
                escaped(&input.conditions),
                if input.uncertain { "yes" } else { "no" }.to_owned(),
            ]
        }),
    );
}

fn inside(page: &mut Page, result: &CapacityResult, options: &ReportOptions) {
    let lines = capabilities::lines(result.measurement.as_ref(), &options.technologies);
    if lines.is_empty() {
        return;
    }
    page.heading(2, "What each technology has inside");
    capabilities_table(page, &lines);
    let published = capabilities::published(result);
    if published.is_empty() {
        return;
    }
    page.heading(3, "Published by others, not measured here");
    let mut head = vec!["Technology"];
    head.extend(capabilities::MEASURED);
    page.table(
        &head,
        published.iter().map(|published| {
            let mut cells = vec![escaped(published.title)];
            cells.extend(published.numbers.map(|number| {
                number.map_or("not published".to_owned(), |number| {
                    format!("{} ({})", escaped(&number.value), escaped(&number.source))
                })
            }));
            cells
        }),
    );
}

/// The table of what technologies have inside, beside what was measured of them.
pub(crate) fn capabilities_table(page: &mut Page, lines: &[capabilities::Line<'_>]) {
    page.paragraph(capabilities::LEGEND);
    let mut head = vec![
        "Technology".to_owned(),
        "Boundary".to_owned(),
        "Kernel".to_owned(),
    ];
    head.extend(capabilities::ASKED.map(str::to_owned));
    head.push("Code".to_owned());
    head.extend(capabilities::MEASURED.map(|name| format!("#{name}")));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(
        &head,
        lines.iter().map(|line| {
            let technology = line.technology;
            let mut cells = vec![
                format!("{} ({})", escaped(&technology.title), code(&technology.id)),
                words::boundary(technology.boundary).to_owned(),
                capabilities::kernel(technology).to_owned(),
            ];
            cells.extend(capabilities::supports(&technology.inside).map(|s| s.word().to_owned()));
            cells.push(capabilities::code(&technology.inside));
            if let Some(absence) = line.absence() {
                cells.push(escaped(&absence));
                cells.extend([String::new(), String::new()]);
            } else {
                cells.extend(line.figures().map(|figure| {
                    figure.map_or(measured::NONE.to_owned(), |figure| escaped(&figure.line()))
                }));
            }
            cells
        }),
    );
}

fn measured(page: &mut Page, result: &CapacityResult) {
    let Some(measurement) = &result.measurement else {
        return;
    };
    page.heading(2, "Measured on this host");
    page.paragraph(&escaped(&measured::run_words(measurement)));
    page.code(&measurement.run.command);
    page.list(measured::warnings(measurement).into_iter().map(escaped));
    page.paragraph(
        "Every start does the same small piece of work, and its clock runs from the request to the \
         result. Nothing published stands in this section.",
    );
    let mut head = vec!["Technology".to_owned(), "Start".to_owned()];
    head.extend(measured::COLUMNS.iter().map(|name| format!("#{name}")));
    head.push("Remarks".to_owned());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(
        &head,
        measured::rows(measurement).map(|row| {
            let mut cells = vec![
                format!(
                    "{} ({})",
                    escaped(&row.technology.title),
                    code(&row.technology.id)
                ),
                escaped(&measured::about(row)),
            ];
            if let Some(absence) = measured::absence(row) {
                cells.extend(measured::COLUMNS.iter().map(|_| String::new()));
                let text = format!("{absence} {}", row.remarks.join(" "));
                cells.push(escaped(text.trim_end()));
            } else {
                cells.extend(measured::figures(row).into_iter().map(|figure| {
                    figure.map_or(measured::NONE.to_owned(), |figure| escaped(&figure.line()))
                }));
                cells.push(escaped(&row.remarks.join(" ")));
            }
            cells
        }),
    );
    page.list(
        measured::coding(measurement, &result.assumptions)
            .iter()
            .map(|line| escaped(line)),
    );
    page.picture("measured-starts");
    page.picture("measured-memory");
    page.list(
        measurement
            .host
            .facts
            .iter()
            .map(|fact| escaped(&format!("{}: {}", fact.name, fact.value))),
    );
}

fn service_level(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Is the service level kept?");
    page.paragraph(&format!(
        "Promise: {}.",
        escaped(&result.scenario.service_level)
    ));
    let mut rows = Vec::new();
    for one in view::comparisons(result) {
        for level in &one.found.service_level {
            rows.push(vec![
                escaped(view::tier_title(result, &one.tier.tier)),
                escaped(view::technology_title(result, &one.tier.technology)),
                escaped(&level.name),
                view::level_value(Estimated::exact(level.target), &level.unit),
                view::level_value(level.found, &level.unit),
                if level.met { "kept" } else { "**not kept**" }.to_owned(),
            ]);
        }
    }
    if rows.is_empty() {
        page.paragraph(
            "Nothing was simulated, so nothing is known about the promise beyond the analytic \
             staffing rule.",
        );
        return;
    }
    page.table(
        &[
            "Tier",
            "Technology",
            "Promise",
            "#At most",
            "#Found",
            "Kept?",
        ],
        rows.into_iter(),
    );
}

fn cost(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Hosts and cost");
    if result.scenario.host_usd_per_hour.is_some() {
        page.paragraph(
            "List price on demand, all hosts for a month of 730 hours: no discount, commitment, \
             power, network, storage or staff.",
        );
    } else {
        page.paragraph("The host shape has no price, so there is no cost.");
    }
    let row = |plan: &PlanResult, kind: &str, found: &Requirement| {
        vec![
            escaped(&plan.title),
            kind.to_owned(),
            format::full(found.vcpus.central),
            format::hosts(found.hosts.central),
            format::hosts_interval(found.hosts),
            found.usd_per_month.map_or("no price".to_owned(), |usd| {
                format::estimate_with(usd, format::usd_with)
            }),
        ]
    };
    page.table(
        &[
            "Plan",
            "Estimate",
            "#vCPUs in full",
            "#Hosts",
            "#Hosts, 95% interval",
            "#Per month",
        ],
        result.plans.iter().flat_map(|plan| {
            let analytic = Some(row(plan, "analytic", &plan.analytic));
            let simulated = plan
                .simulated
                .as_ref()
                .map(|found| row(plan, "simulated", found));
            analytic.into_iter().chain(simulated)
        }),
    );
}

fn sensitivity(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Which inputs move the answer");
    if result.tornado.is_empty() {
        page.paragraph("No input is uncertain, so nothing moves the answer.");
        return;
    }
    page.picture("tornado");
    page.table(
        &[
            "Input",
            "#5% quantile",
            "#vCPUs there",
            "#95% quantile",
            "#vCPUs there",
            "#Rank correlation",
        ],
        result.tornado.iter().map(|bar| {
            vec![
                escaped(&bar.label),
                escaped(&bar.low_input),
                format::count(bar.low_output),
                escaped(&bar.high_input),
                format::count(bar.high_output),
                view::correlation(bar.rank_correlation),
            ]
        }),
    );
}

fn technologies(page: &mut Page, result: &CapacityResult) {
    page.heading(2, "Technologies of the profile");
    page.paragraph(&format!(
        "Profile: {}. {}",
        escaped(&result.provenance.profile_title),
        view::measurements_words(result)
    ));
    for technology in &result.technologies {
        page.heading(3, &technology.title);
        page.paragraph(&format!(
            "Boundary: {}. Offers: {}.",
            words::boundary(technology.boundary),
            words::capabilities(&technology.offers)
        ));
        let own = || {
            technology
                .numbers
                .iter()
                .filter(|n| n.origin != Origin::Published)
        };
        if own().next().is_none() {
            page.paragraph(
                "Nothing about it was measured or assumed here; it rests on published numbers \
                 alone.",
            );
        } else {
            inputs(page, own());
        }
    }
    page.heading(3, "Published numbers, not measured here");
    let mut rows = Vec::new();
    for technology in &result.technologies {
        for number in &technology.numbers {
            if number.origin == Origin::Published {
                rows.push(vec![
                    escaped(&technology.title),
                    code(&number.key),
                    escaped(&number.value),
                    escaped(&number.source),
                    escaped(&number.conditions),
                ]);
            }
        }
    }
    if rows.is_empty() {
        page.paragraph("The profile uses no published number.");
        return;
    }
    page.table(
        &["Technology", "Number", "Value", "Source", "Conditions"],
        rows.into_iter(),
    );
}

fn provenance(page: &mut Page, result: &CapacityResult, options: &ReportOptions) {
    let provenance = &result.provenance;
    page.heading(2, "Provenance and the exact command");
    match &options.command {
        Some(command) => page.code(command),
        None => page.code(&view::command(result)),
    }
    page.list(
        [
            format!("Tonnage {}", escaped(&provenance.tool_version)),
            format!("scenario SHA-256 {}", code(&provenance.scenario_digest)),
            format!("profile SHA-256 {}", code(&provenance.profile_digest)),
            format!(
                "seed {}, {} draws, {} replications",
                provenance.seed, provenance.draws, provenance.replications
            ),
            format!("result format {}", result.format),
        ]
        .into_iter(),
    );
}

/// A chart with what is said of it, where the result has any of it, under the chart's question.
fn curve(page: &mut Page, id: &str, parts: &[Part]) {
    if let Some(title) = page.chart_title(id).map(str::to_owned) {
        page.heading(3, &title);
        page.picture(id);
    }
    for part in parts {
        part.markdown(page);
    }
}

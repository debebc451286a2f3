//! A measurement as Markdown.

use tonnage_model::measurement::document::{
    Estimate, Measurement, MemoryAccount, MemoryFit, Row, Summary, SuspendedMemory,
};
use tonnage_model::measurement::figure::{Figure, FigureUnit};

use super::reading::{show, show_if};
use super::{disagreement, title};
use crate::markdown::{Page, capabilities_table, code, escaped};
use crate::{capabilities, format, words};

/// The measurement as a page of Markdown: the summary, then every part of it, then what each
/// technology ran with.
pub fn markdown(measurement: &Measurement) -> String {
    let mut page = Page::default();
    page.heading(1, "What sandboxes cost on this host");
    page.paragraph(&escaped(&format!("{}.", super::headline(measurement))));
    page.code(&measurement.run.command);
    page.heading(2, "Before you use these numbers");
    page.list(
        super::warnings(measurement)
            .iter()
            .map(|line| escaped(line)),
    );
    page.paragraph(
        "Numbers in brackets are 95% intervals. They hold for this host, these versions and this \
         piece of work. A median rests on a bootstrap over blocks and samples; a 99% quantile takes \
         368 samples.",
    );
    page.heading(2, "Summary");
    summary(&mut page, measurement);
    starts(&mut page, measurement);
    saturation(&mut page, measurement);
    memory(&mut page, measurement);
    work(&mut page, measurement);
    suspension(&mut page, measurement);
    coding(&mut page, measurement);
    let lines = capabilities::lines(Some(measurement), &[]);
    if !lines.is_empty() {
        page.heading(2, "What each technology has inside");
        capabilities_table(&mut page, &lines);
    }
    page.heading(2, "Technologies");
    for row in &measurement.rows {
        technology(&mut page, row);
    }
    host(&mut page, measurement);
    page.finish()
}

/// The cells of a row for some figures.
fn figures(row: &Row, figures: &[Figure]) -> Vec<String> {
    let mut cells = vec![escaped(&title(row))];
    cells.extend(
        figures
            .iter()
            .map(|figure| show_if(figure.of(row).as_ref(), figure.unit())),
    );
    cells
}

fn summary(page: &mut Page, measurement: &Measurement) {
    let shown = [
        Figure::FirstResult,
        Figure::FirstResultP99,
        Figure::CpuPerStart,
        Figure::MemoryIdle,
        Figure::StartRate,
        Figure::RelativeCpu,
    ];
    page.table(
        &[
            "Technology",
            "#Start, median",
            "#Start, p99",
            "#CPU per start",
            "#Memory per sandbox",
            "#Starts/s per vCPU",
            "#CPU of work",
        ],
        measurement.rows.iter().map(|row| {
            if super::without_numbers(row).is_some() {
                let mut cells = vec![escaped(&title(row)), "*no numbers, see below*".to_owned()];
                cells.extend((0..5).map(|_| String::new()));
                cells
            } else {
                figures(row, &shown)
            }
        }),
    );
    page.list(measurement.rows.iter().filter_map(|row| {
        let why = super::without_numbers(row)?;
        Some(format!("**{}** {}.", escaped(&title(row)), escaped(&why)))
    }));
}

/// Rows that have a part, as a section; nothing where none has.
fn section<T>(
    page: &mut Page,
    measurement: &Measurement,
    heading: &str,
    head: &[&str],
    part: impl Fn(&Row) -> Option<T>,
    cells: impl Fn(&Row, T) -> Vec<String>,
) {
    let rows: Vec<_> = measurement
        .rows
        .iter()
        .filter_map(|row| Some(cells(row, part(row)?)))
        .collect();
    if !rows.is_empty() {
        page.heading(3, heading);
        page.table(head, rows.into_iter());
    }
}

fn seconds(summary: &Summary) -> String {
    show(&summary.median, FigureUnit::Seconds)
}

fn starts(page: &mut Page, measurement: &Measurement) {
    page.heading(2, "Starts, one by one");
    section(
        page,
        measurement,
        "From the request",
        &[
            "Technology",
            "#Created",
            "#First instruction",
            "#First result",
            "#p95",
            "#p99",
            "#Longest",
            "#Samples",
            "#Outliers",
        ],
        |row| row.start.clone(),
        |row, start| {
            let optional =
                |summary: Option<&Summary>| summary.map_or("not told".to_owned(), seconds);
            let first = &start.first_result;
            vec![
                escaped(&title(row)),
                optional(start.created.as_ref()),
                optional(start.first_instruction.as_ref()),
                seconds(first),
                show_if(first.p95.as_ref(), FigureUnit::Seconds),
                show_if(first.p99.as_ref(), FigureUnit::Seconds),
                format::seconds_with(first.max, 2),
                format::full(first.samples.into()),
                format::full(first.outliers.into()),
            ]
        },
    );
    section(
        page,
        measurement,
        "First start of a process, teardown, CPU time",
        &[
            "Technology",
            "#First start",
            "#Teardown",
            "#CPU per start and end",
            "#Noise",
        ],
        |row| row.start.as_ref().map(|_| ()),
        |row, ()| {
            let optional = |summary: Option<&Summary>| summary.map_or("–".to_owned(), seconds);
            vec![
                escaped(&title(row)),
                optional(row.first_start.as_ref()),
                optional(row.teardown.as_ref()),
                show_if(row.cpu_per_start.as_ref(), FigureUnit::CpuSeconds),
                row.noise.map_or("–".to_owned(), |noise| {
                    format::percent_with(noise.exp_m1(), 2)
                }),
            ]
        },
    );
    page.paragraph(
        "Noise is how far two halves of the same measurement are apart. A smaller difference \
         between two measurements is none.",
    );
}

fn saturation(page: &mut Page, measurement: &Measurement) {
    page.heading(2, "Many starts");
    section(
        page,
        measurement,
        "At saturation",
        &[
            "Technology",
            "#Starts/s per vCPU",
            "#Threads",
            "#CPU per start",
        ],
        |row| row.saturation.clone(),
        |row, found| {
            vec![
                escaped(&title(row)),
                show(&found.per_second_per_vcpu, FigureUnit::PerSecond),
                found.threads.to_string(),
                show(&found.cpu_per_start, FigureUnit::CpuSeconds),
            ]
        },
    );
    section(
        page,
        measurement,
        "A burst, all due at one moment",
        &["Technology", "#At once", "#Median", "#p95", "#The last"],
        |row| row.burst.clone(),
        |row, burst| {
            vec![
                escaped(&title(row)),
                burst.size.to_string(),
                seconds(&burst.first_result),
                show_if(burst.first_result.p95.as_ref(), FigureUnit::Seconds),
                show(&burst.all, FigureUnit::Seconds),
            ]
        },
    );
}

/// Picks what memory was measured for.
type Pick = fn(&Row) -> Option<&MemoryFit>;

fn memory(page: &mut Page, measurement: &Measurement) {
    page.heading(2, "Memory");
    page.paragraph(
        "What one more live sandbox takes, by every account there is; **bold** is the headline. \
         Accounts disagree when the interval of one lies apart from the headline's.",
    );
    let parts: [(&str, Pick); 2] = [
        ("Idle after the first result", |row| {
            row.memory_idle.as_ref()
        }),
        ("With a touched working set", |row| {
            row.memory_touched.as_ref()
        }),
    ];
    for (heading, pick) in parts {
        section(
            page,
            measurement,
            heading,
            &[
                "Technology",
                "#Host",
                "#Control group",
                "#Proportional",
                "#Unique",
                "Apart by",
                "#Taken once",
                "#Working set",
                "#Most alive",
                "What kept more from being alive",
            ],
            |row| pick(row).cloned(),
            |row, fit| memory_cells(row, &fit),
        );
    }
}

fn memory_cells(row: &Row, fit: &MemoryFit) -> Vec<String> {
    let mut cells = vec![escaped(&title(row))];
    for account in [
        MemoryAccount::Host,
        MemoryAccount::ControlGroup,
        MemoryAccount::Proportional,
        MemoryAccount::Unique,
    ] {
        let found = fit.accounts.iter().find(|(found, _)| *found == account);
        let estimate = match found {
            Some((_, estimate)) => Some(estimate),
            None => (fit.account == account).then_some(&fit.per_instance),
        };
        let text = show_if(estimate, FigureUnit::Bytes);
        cells.push(if fit.account == account {
            format!("**{text}**")
        } else {
            text
        });
    }
    cells.push(match disagreement(fit) {
        None => "–".to_owned(),
        Some((share, true)) => format!("**{}**, they disagree", format::percent_with(share, 2)),
        Some((share, false)) => format!("{}, inside", format::percent_with(share, 2)),
    });
    cells.extend([
        show(&fit.base, FigureUnit::Bytes),
        if fit.working_set == 0 {
            "–".to_owned()
        } else {
            format::bytes(fit.working_set as f64)
        },
        fit.highest.to_string(),
        escaped(&fit.ceiling.reason),
    ]);
    cells
}

fn work(page: &mut Page, measurement: &Measurement) {
    page.heading(2, "CPU time of work");
    section(
        page,
        measurement,
        "A piece of the heavier work",
        &[
            "Technology",
            "#Rounds",
            "#Settled",
            "#First of a fresh sandbox",
            "#Settled, relative",
            "#Fresh, relative",
            "Relative to",
            "#Settled, to native code",
        ],
        |row| row.work.clone(),
        |row, work| {
            let relative = work.relative_cpu.as_ref();
            let ratio = |estimate| show_if(estimate, FigureUnit::Ratio);
            vec![
                escaped(&title(row)),
                work.rounds.to_string(),
                show(&work.settled.median, FigureUnit::CpuSeconds),
                show(&work.fresh.median, FigureUnit::CpuSeconds),
                ratio(relative.map(|relative| &relative.settled)),
                ratio(relative.map(|relative| &relative.fresh)),
                relative.map_or("–".to_owned(), |relative| code(&relative.reference)),
                ratio(work.relative_to_native.as_ref()),
            ]
        },
    );
}

fn suspension(page: &mut Page, measurement: &Measurement) {
    if measurement.rows.iter().all(|row| row.suspension.is_none()) {
        return;
    }
    page.heading(2, "Suspend and resume");
    section(
        page,
        measurement,
        "Medians",
        &[
            "Technology",
            "By",
            "#Suspend",
            "#Resume until the next answer",
            "#The same, after memory was taken back",
            "#CPU per resume",
            "#An answer without it",
        ],
        |row| row.suspension.clone(),
        |row, times| {
            vec![
                escaped(&title(row)),
                escaped(&times.mechanism),
                seconds(&times.suspend),
                seconds(&times.resume),
                times
                    .resume_after_reclaim
                    .as_ref()
                    .map_or("–".to_owned(), seconds),
                show_if(times.cpu_per_resume.as_ref(), FigureUnit::CpuSeconds),
                seconds(&times.answer),
            ]
        },
    );
    section(
        page,
        measurement,
        "Memory of a suspended sandbox",
        &[
            "Technology",
            "Account",
            "#Idle",
            "#Suspended",
            "#Memory taken back",
            "#Given back",
            "Taken back by",
        ],
        |row| {
            let times = row.suspension.clone()?;
            Some((times.memory?, times.reclaim))
        },
        |row, (memory, reclaim)| suspended_cells(row, &memory, reclaim.as_deref()),
    );
    if let Some(memory) = measurement
        .rows
        .iter()
        .find_map(|row| row.suspension.as_ref()?.memory.as_ref())
    {
        let swap = if memory.swap == 0 {
            "The host has no swap: only pages that come from files can be taken back, and a working \
             set stays."
                .to_owned()
        } else {
            format!(
                "The host has {} of swap, which memory of its own can be moved to.",
                format::bytes(memory.swap as f64)
            )
        };
        page.paragraph(&format!(
            "Each had touched {}. {swap} Page cache is in the proportional and unique accounts and not \
             in those of the control group and the host, which count it as free: given back there is \
             memory that others can use and could not before.",
            format::bytes(memory.working_set as f64)
        ));
    }
}

fn suspended_cells(row: &Row, memory: &SuspendedMemory, reclaim: Option<&str>) -> Vec<String> {
    let bytes = |estimate: &Estimate| show(estimate, FigureUnit::Bytes);
    let last = memory.reclaimed.as_ref().unwrap_or(&memory.suspended);
    let share = 1.0 - last.value / memory.running.value;
    vec![
        escaped(&title(row)),
        memory.account.words().to_owned(),
        bytes(&memory.running),
        bytes(&memory.suspended),
        memory.reclaimed.as_ref().map_or("–".to_owned(), bytes),
        if memory.running.value > 0.0 && share.is_finite() {
            format::percent_with(share.max(0.0), 2)
        } else {
            "–".to_owned()
        },
        escaped(reclaim.unwrap_or("nothing")),
    ]
}

fn coding(page: &mut Page, measurement: &Measurement) {
    if measurement.rows.iter().all(|row| row.coding.is_none()) {
        return;
    }
    page.heading(2, "A coding agent's step");
    page.paragraph(&escaped(&format!(
        "{}, each in a fresh sandbox. Memory is the most beside the idle sandbox; page cache that \
         programs and repository take is shared by sandboxes of one root file system, and taken by each \
         that has a kernel of its own.",
        super::CODING_STEP
    )));
    section(
        page,
        measurement,
        "Medians",
        &[
            "Technology",
            "#Wall time",
            "#CPU time",
            "#CPU, relative",
            "#Wall time, cold",
            "#Memory",
            "#Page cache, shared",
            "#Page cache, not shared",
            "#Disk",
            "Inside",
        ],
        |row| row.coding.clone(),
        |row, step| {
            let bytes = |summary: Option<&Summary>| {
                show_if(summary.map(|summary| &summary.median), FigureUnit::Bytes)
            };
            vec![
                escaped(&title(row)),
                seconds(&step.wall),
                show(&step.cpu.median, FigureUnit::CpuSeconds),
                show_if(step.relative_cpu.as_ref(), FigureUnit::Ratio),
                step.cold_wall.as_ref().map_or("–".to_owned(), seconds),
                bytes(step.memory.as_ref()),
                bytes(step.page_cache.as_ref()),
                bytes(step.cold_page_cache.as_ref()),
                bytes(step.disk.as_ref()),
                escaped(&step.sandbox),
            ]
        },
    );
    let lines = super::coding_settings(measurement);
    if !lines.is_empty() {
        page.paragraph(
            "A scenario assumes what a burst of its Linux tier costs. To plan with such a step instead, \
             as measured in a plain process, so that each technology's own cost of work comes on top:",
        );
        page.code(&lines.join(" "));
    }
}

fn technology(page: &mut Page, row: &Row) {
    let technology = &row.technology;
    page.heading(3, &title(row));
    page.paragraph(&format!(
        "{}. Boundary: {}. Offers: {}. The guest is written in {}. A start is {}; its clock runs {}.",
        code(&technology.id),
        words::boundary(technology.boundary),
        words::capabilities(&technology.offers),
        words::language(technology.language),
        words::start_kind(technology.start),
        escaped(technology.clock.trim_end_matches('.')),
    ));
    if let Some(notes) = &technology.notes {
        page.paragraph(&escaped(notes));
    }
    if let Some(why) = super::without_numbers(row) {
        page.paragraph(&format!("**No numbers**: {}.", escaped(&why)));
    }
    page.list(
        super::remarks(row)
            .iter()
            .map(|remark| format!("Remark: {}", escaped(remark))),
    );
    page.table(
        &["Prepared beforehand", "#Took at most"],
        row.preparation
            .iter()
            .map(|step| vec![escaped(&step.what), format::seconds_with(step.seconds, 2)]),
    );
    page.table(
        &["Ran with", "Version", "Where"],
        row.tools.iter().map(|tool| {
            vec![
                escaped(&tool.name),
                escaped(&tool.version),
                tool.path
                    .as_ref()
                    .map_or(String::new(), |path| code(&path.display().to_string())),
            ]
        }),
    );
    if !row.commands.is_empty() {
        page.code(&row.commands.join("\n"));
    }
}

fn host(page: &mut Page, measurement: &Measurement) {
    page.heading(2, "Host");
    page.table(
        &["What", "How it is"],
        measurement
            .host
            .facts
            .iter()
            .map(|fact| vec![escaped(&fact.name), escaped(&fact.value)]),
    );
    let run = &measurement.run;
    page.list(
        [
            format!("Tonnage {}", escaped(&run.version)),
            format!("seed {}", run.seed),
            format!("measurement format {}", measurement.format),
        ]
        .into_iter(),
    );
}

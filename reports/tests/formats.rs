//! What each format says, held by snapshots; and what every format promises.

mod common;

use std::fmt::Write as _;

use common::{fixture, measured, run_in_every_way};
use tonnage_model::measurement::technology::Role;
use tonnage_reports::{ReportOptions, csv, html, json, markdown, parquet, table, terminal};

#[test]
fn markdown_of_the_fixture() {
    insta::assert_snapshot!(markdown::write(&fixture(), &ReportOptions::default()));
}

#[test]
fn terminal_of_the_fixture() {
    insta::assert_snapshot!(terminal::write(&fixture(), false));
}

/// The sections of how a fleet is run, of its arrivals and of the service beside it.
#[test]
fn a_fleet_run_in_every_way_is_told_alike_on_the_terminal_and_in_markdown() {
    let result = run_in_every_way();
    let terminal = terminal::write(&result, false);
    let markdown = markdown::write(&result, &ReportOptions::default());
    for heading in [
        "How the fleet is run, and what that means",
        "Recorded arrivals against a Poisson stream",
        "What a sandbox for every session costs against a shared service",
    ] {
        assert!(terminal.contains(heading), "{heading}");
        assert!(markdown.contains(&format!("## {heading}")), "{heading}");
    }
    assert!(terminal.lines().all(|line| line.chars().count() <= 100));
    let told = [
        "8 × 24 min",
        "Not compared (Generated code)",
        "all follow the same swings",
        "undecided",
        "0.950%",
        "sandboxes are lost in a month",
        "those left have no room or no CPU",
    ];
    let markdown = markdown.replace('\u{a0}', " ");
    for words in told {
        assert!(markdown.contains(words), "{words} in {markdown}");
    }
    let plain = terminal::write(&fixture(), false);
    assert!(!plain.contains("How the fleet is run"));
}

#[test]
fn the_page_has_the_sections_of_a_fleet_run_in_every_way_and_no_other_has() {
    let ids = ["operation", "arrivals", "baseline"];
    let page = |result| html::write(result, &ReportOptions::default()).expect("a page");
    let (plain, all) = (page(&fixture()), page(&run_in_every_way()));
    for id in ids {
        let section = format!("<section id=\"{id}\"");
        assert!(all.contains(&section) && !plain.contains(&section), "{id}");
    }
    assert!(all.contains("sandboxes are lost in a month"));
}

#[test]
fn tables_of_a_fleet_run_in_every_way() {
    let tables = table::all(&run_in_every_way());
    for (name, rows) in [
        ("operation", 25),
        ("dispersion", 2),
        ("arrivals", 2),
        ("baseline", 10),
    ] {
        let table = tables.iter().find(|table| table.name == name);
        let table = table.expect("a table");
        assert_eq!(table.rows(), rows, "{name}");
        let lines = csv::write(table).expect("text").lines().count();
        assert_eq!(lines, rows + 1, "{name}");
    }
    let plain = table::all(&fixture());
    assert!(plain.iter().all(|table| table.name != "baseline"));
}

#[test]
fn terminal_lines_fit_a_hundred_columns_with_any_names() {
    let mut result = fixture();
    let plain = terminal::write(&result, false);
    let mut texts = vec![plain];
    for plan in &mut result.plans {
        plan.title = "a plan with a very long name ".repeat(6);
    }
    for tier in &mut result.scenario.tiers {
        tier.title = "x".repeat(300);
    }
    texts.push(terminal::write(&result, false));
    for text in texts {
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn colour_adds_escapes_and_nothing_else() {
    let plain = terminal::write(&fixture(), false);
    let colored = terminal::write(&fixture(), true);
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(before);
        rest = after.split_once('m').expect("an escape ends").1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn json_of_the_fixture_without_its_series() {
    let mut result = fixture();
    result.demand.hours.truncate(2);
    result.demand.sessions.truncate(2);
    result.demand.starts_per_second.truncate(2);
    for series in result
        .demand
        .by_zone
        .iter_mut()
        .chain(&mut result.demand.by_tier)
    {
        series.values.truncate(2);
    }
    result.plans.truncate(1);
    result.matrix.truncate(1);
    insta::assert_snapshot!(json::write(&result).expect("JSON"));
}

#[test]
fn json_reads_back_as_it_was() {
    let result = fixture();
    let text = json::write(&result).expect("JSON");
    assert!(text.ends_with("}\n"));
    assert_eq!(json::read(&text).expect("a result"), result);
}

#[test]
fn json_refuses_a_number_that_is_none() {
    let mut result = fixture();
    result.demand.sessions[3] = f64::NAN;
    let error = json::write(&result).expect_err("not an answer").to_string();
    assert!(error.contains("infinite or undefined"), "{error}");
}

#[test]
fn json_refuses_what_it_does_not_know() {
    let text = json::write(&fixture()).expect("JSON");
    let errors: Vec<String> = [
        text.replacen("\"format\": 1", "\"format\": 99", 1),
        text.replacen("\"format\": 1", "\"format\": 0", 1),
        "{}".to_owned(),
        "[1, 2]".to_owned(),
        "{\"format\": 1}".to_owned(),
        "{\"format\": 1".to_owned(),
    ]
    .iter()
    .map(|text| json::read(text).expect_err("not a result").to_string())
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn csv_headers_and_first_rows() {
    let mut text = String::new();
    for table in table::all(&fixture()) {
        let csv = csv::write(&table).expect("CSV");
        let lines: Vec<_> = csv.lines().take(3).collect();
        let _ = write!(
            text,
            "{} ({} rows)\n{}\n\n",
            table.name,
            table.rows(),
            lines.join("\n")
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn csv_keeps_every_digit_and_quotes_what_needs_it() {
    let mut result = fixture();
    result.claims[0].quote = "a \"quoted\", wide\nclaim".to_owned();
    for table in table::all(&result) {
        let text = csv::write(&table).expect("CSV");
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(
            reader.headers().expect("headers").len(),
            table.columns.len()
        );
        let records: Vec<_> = reader.records().map(|r| r.expect("a record")).collect();
        assert_eq!(records.len(), table.rows(), "{}", table.name);
        for (index, column) in table.columns.iter().enumerate() {
            for (row, record) in records.iter().enumerate() {
                match &column.values {
                    table::Values::Number(values) => match values[row] {
                        Some(value) => {
                            let back: f64 = record[index].parse().expect("a number");
                            assert_eq!(back.to_bits(), value.to_bits());
                        }
                        None => assert_eq!(&record[index], ""),
                    },
                    table::Values::Text(values) => {
                        assert_eq!(&record[index], values[row].as_deref().unwrap_or(""));
                    }
                    table::Values::Flag(_) => {}
                }
            }
        }
    }
}

#[test]
fn parquet_reads_back_as_the_table() {
    use polars::prelude::{ParquetReader, SerReader};
    for table in table::all(&fixture()) {
        let bytes = parquet::write(&table).expect("Parquet");
        let frame = ParquetReader::new(std::io::Cursor::new(bytes))
            .finish()
            .expect("a frame");
        assert_eq!(frame.height(), table.rows(), "{}", table.name);
        for column in &table.columns {
            let back = frame.column(column.name).expect("the column");
            match &column.values {
                table::Values::Text(values) => {
                    let back: Vec<_> = back.str().expect("text").iter().collect();
                    assert!(back.iter().zip(values).all(|(a, b)| *a == b.as_deref()));
                }
                table::Values::Number(values) => {
                    let back: Vec<_> = back.f64().expect("numbers").iter().collect();
                    assert_eq!(&back, values);
                }
                table::Values::Flag(values) => {
                    let back: Vec<_> = back.bool().expect("flags").iter().collect();
                    assert_eq!(&back, values);
                }
            }
        }
    }
}

#[test]
fn series_by_zone_and_by_tier_add_up_in_the_demand_table() {
    let tables = table::all(&fixture());
    let demand = tables.iter().find(|t| t.name == "demand").expect("demand");
    let number = |name: &str| match &demand
        .columns
        .iter()
        .find(|c| c.name == name)
        .expect("column")
        .values
    {
        table::Values::Number(values) => values.clone(),
        _ => panic!("{name} holds numbers"),
    };
    let table::Values::Text(kinds) = &demand.columns[1].values else {
        panic!("kind holds text");
    };
    let sessions = number("sessions");
    let sum = |kind: &str| -> f64 {
        kinds
            .iter()
            .zip(&sessions)
            .filter(|(k, _)| k.as_deref() == Some(kind))
            .filter_map(|(_, value)| *value)
            .sum()
    };
    for kind in ["zone", "tier"] {
        assert!((sum(kind) / sum("total") - 1.0).abs() < 1e-9, "{kind}");
    }
}

#[test]
fn the_page_shows_markup_in_text_and_obeys_none() {
    let nasty = "<script>alert(1)</script>\"'&<img src=x onerror=y>";
    let mut result = fixture();
    result.scenario.title = nasty.to_owned();
    result.scenario.question = nasty.to_owned();
    result.scenario.service_level = nasty.to_owned();
    result.scenario.host_shape = nasty.to_owned();
    result.answer = nasty.to_owned();
    result.warnings = vec![nasty.to_owned()];
    result.provenance.overrides = vec![nasty.to_owned()];
    result.provenance.profile_title = nasty.to_owned();
    result.provenance.scenario_digest = nasty.to_owned();
    for plan in &mut result.plans {
        plan.title = nasty.to_owned();
    }
    for tier in &mut result.scenario.tiers {
        tier.title = nasty.to_owned();
    }
    for technology in &mut result.technologies {
        technology.title = nasty.to_owned();
    }
    for claim in &mut result.claims {
        claim.id = nasty.to_owned();
        claim.quote = nasty.to_owned();
        claim.found = nasty.to_owned();
    }
    for input in &mut result.assumptions {
        input.key = nasty.to_owned();
        input.source = nasty.to_owned();
    }
    for series in &mut result.demand.by_zone {
        series.name = nasty.to_owned();
    }
    for bar in &mut result.tornado {
        bar.label = nasty.to_owned();
    }
    let options = ReportOptions {
        command: Some(nasty.to_owned()),
        ..ReportOptions::default()
    };
    let page = html::write(&result, &options).expect("a page");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.matches("<script").count() == 1 && !page.contains("<img"));
    let text = markdown::write(&result, &options);
    // Between backticks Markdown obeys nothing; anywhere else the markup has to be escaped.
    let fenced: String = text.split("```").step_by(2).collect();
    let outside: String = fenced.split('`').step_by(2).collect();
    assert!(outside.contains("&lt;script>") && !outside.contains("<script"));
    for chart in tonnage_reports::chart::all(&result) {
        let svg = chart.svg().expect("an SVG");
        assert!(!svg.contains("<script"));
        roxmltree::Document::parse(&svg).expect("well-formed");
    }
}

#[test]
fn the_page_reaches_for_nothing_outside_itself() {
    let page = html::write(&fixture(), &ReportOptions::default()).expect("a page");
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    for forbidden in [
        "<script ", "<link", "<img", "<iframe", "@import", "url(", "src=",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // Addresses occur only as the name of the SVG language and the links to sibling files.
    for (at, _) in page.match_indices("http") {
        let rest = &page[at..];
        assert!(
            rest.starts_with("http://www.w3.org/2000/svg") || rest.starts_with("http-equiv"),
            "{}",
            &rest[..60]
        );
    }
}

#[test]
fn an_empty_result_says_what_is_missing() {
    let mut result = fixture();
    result.warnings.clear();
    result.readings.clear();
    result.plans.clear();
    result.matrix.clear();
    result.tornado.clear();
    result.claims.clear();
    result.assumptions.clear();
    result.technologies.clear();
    result.scenario.tiers.clear();
    result.demand.hours.clear();
    result.demand.sessions.clear();
    result.demand.starts_per_second.clear();
    result.demand.by_zone.clear();
    result.demand.by_tier.clear();
    result.demand.meanings.clear();
    result.scenario.host_usd_per_hour = None;
    let page = html::write(&result, &ReportOptions::default()).expect("a page");
    assert!(page.matches("class=\"missing\"").count() >= 9);
    assert!(!page.contains("<tbody></tbody>") && !page.contains("<ul></ul>"));
    let text = markdown::write(&result, &ReportOptions::default());
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let level = line.chars().take_while(|c| *c == '#').count();
        if level > 0 {
            let next = lines.peek().expect("a heading is followed by something");
            let below = next.chars().take_while(|c| *c == '#').count();
            assert!(below == 0 || below > level, "empty section: {line}");
        }
    }
    terminal::write(&result, false);
}

#[test]
fn special_values_never_reach_the_reader() {
    let mut result = fixture();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e300] {
        let all = tonnage_model::result::Estimated {
            central: value,
            low: value,
            high: value,
        };
        result.demand.peak_sessions = all;
        result.demand.peak_hour = value;
        result.demand.mean_sessions = value;
        result.demand.sessions[3] = value;
        result.envelope.cpus_low = value;
        result.plans[0].analytic.vcpus = all;
        result.plans[0].tiers[0].analytic.vcpus = all;
        result.tornado[0].low_output = value;
        result.tornado[1].rank_correlation = value;
        result.readings[0].plans[0].vcpus = all;
        let page = html::write(&result, &ReportOptions::default()).expect("a page");
        let text = markdown::write(&result, &ReportOptions::default());
        for output in [page, text, terminal::write(&result, false)] {
            assert!(!output.contains("NaN"), "{value}");
        }
        for chart in tonnage_reports::chart::all(&result) {
            chart.png().expect("a PNG");
        }
    }
}

#[test]
fn markdown_of_what_was_measured() {
    let text = markdown::write(&measured(), &ReportOptions::default());
    let section = text
        .split("\n## ")
        .find(|part| part.starts_with("Measured"));
    insta::assert_snapshot!(section.expect("the section"));
    let without = markdown::write(&fixture(), &ReportOptions::default());
    assert!(!without.contains("Measured on this host"));
}

#[test]
fn a_page_shows_what_was_measured_and_what_was_not() {
    let page = html::write(&measured(), &ReportOptions::default()).expect("a page");
    for text in [
        "id=\"measured\"",
        "id=\"chart-measured-starts\"",
        "id=\"chart-measured-memory\"",
        "not measured: no Docker daemon answers",
        "failed: crun ended with exit code 1",
        "Invented Processor 1000",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let page = html::write(&fixture(), &ReportOptions::default()).expect("a page");
    assert!(!page.contains("id=\"measured\""));
}

#[test]
fn a_result_with_a_measurement_reads_back_as_it_was() {
    let text = json::write(&measured()).expect("JSON");
    assert_eq!(json::read(&text).expect("a result"), measured());
}

#[test]
fn tables_of_a_measurement_are_complete() {
    let tables = table::all(&measured());
    let rows = |name: &str| {
        let table = tables.iter().find(|table| table.name == name);
        table.expect("the table").rows()
    };
    assert_eq!(rows("measured-technologies"), 11);
    assert_eq!(rows("measured-starts"), 9 * 101);
    assert_eq!(rows("measured-memory"), 9 * 11);
    let candidates = measured()
        .measurement
        .expect("it was made with one")
        .rows
        .iter()
        .filter(|row| matches!(row.technology.role, Role::Candidate | Role::Reference))
        .count();
    assert_eq!(rows("capabilities"), candidates);
}

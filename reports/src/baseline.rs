//! What one sandbox for every session costs, held against a classic service.

use tonnage_model::result::{BaselineResult, CapacityResult, Estimated};

use crate::section::{Part, Section};
use crate::table::{Cell, Kind, Table, number, text};
use crate::{format, view, words};

/// The section, where the result has a baseline.
pub(crate) fn section(result: &CapacityResult) -> Option<Section> {
    let baseline = result.baseline.as_ref()?;
    Some(Section {
        id: "baseline",
        name: "One-to-many",
        heading: "What a sandbox for every session costs against a shared service",
        chart: Some("one-to-many"),
        parts: vec![
            Part::Text(format!(
                "The classic way is a service whose instances many users share. For the same people, \
                 turns and work of a burst, on the same hosts, with the same promise on slowdown and \
                 the same spare hosts it takes {} vCPUs{}, by formulas. It keeps nobody's work apart \
                 from anybody else's: what the plans take more is what that separation takes.",
                format::estimate(baseline.requirement.vcpus),
                baseline
                    .requirement
                    .usd_per_month
                    .map_or_else(String::new, |usd| format!(
                        ", {} per month",
                        format::estimate_with(usd, format::usd_with)
                    )),
            )),
            plans(result, baseline),
            tiers(result, baseline),
        ],
    })
}

fn plans(result: &CapacityResult, baseline: &BaselineResult) -> Part {
    Part::Table {
        caption:
            "Plans over the shared service, by formulas in both, draw by draw of the uncertain \
                  inputs: what both depend on cancels"
                .to_owned(),
        head: &["Plan", "#vCPUs over the service's", "#More per month"],
        rows: baseline
            .plans
            .iter()
            .map(|compared| {
                vec![
                    view::plan_title(result, &compared.plan).to_owned(),
                    format::estimate_with(compared.ratio, format::ratio_with),
                    compared
                        .usd_per_month_more
                        .map_or("no price".to_owned(), |usd| {
                            format::estimate_with(usd, format::usd_with)
                        }),
                ]
            })
            .collect(),
    }
}

fn tiers(result: &CapacityResult, baseline: &BaselineResult) -> Part {
    Part::Table {
        caption: "The shared service, tier by tier".to_owned(),
        head: &[
            "Tier",
            "#vCPUs",
            "#Sessions per vCPU",
            "#Instances",
            "What binds",
        ],
        rows: baseline
            .tiers
            .iter()
            .map(|tier| {
                vec![
                    view::tier_title(result, &tier.tier).to_owned(),
                    format::estimate(tier.requirement.vcpus),
                    format::count(tier.sessions_per_vcpu),
                    format::count(tier.instances),
                    words::binding(tier.binding).to_owned(),
                ]
            })
            .collect(),
    }
}

/// The same as a table, where the result has a baseline.
pub(crate) fn table(result: &CapacityResult) -> Option<Table> {
    let baseline = result.baseline.as_ref()?;
    let mut table = Table::new(
        "baseline",
        "a shared service for the same work, tier by tier, and the plans over it, with 95% intervals",
        &[
            ("subject", Kind::Text),
            ("key", Kind::Text),
            ("figure", Kind::Text),
            ("value", Kind::Number),
            ("low", Kind::Number),
            ("high", Kind::Number),
        ],
    );
    let mut push = |subject: &str, key: &str, figure: &str, value: Option<Estimated>| {
        let mut row = vec![text(subject), text(key), text(figure)];
        row.extend(spread(value));
        table.push(row);
    };
    let all = &baseline.requirement;
    push("service", "all", "vcpus", Some(all.vcpus));
    push("service", "all", "usd_per_month", all.usd_per_month);
    for tier in &baseline.tiers {
        let needed = &tier.requirement;
        push("service", &tier.tier, "vcpus", Some(needed.vcpus));
        push("service", &tier.tier, "usd_per_month", needed.usd_per_month);
        let instances = Estimated::exact(tier.instances);
        push("service", &tier.tier, "instances", Some(instances));
    }
    for plan in &baseline.plans {
        push("plan", &plan.plan, "vcpus_over_service", Some(plan.ratio));
        push(
            "plan",
            &plan.plan,
            "usd_per_month_more",
            plan.usd_per_month_more,
        );
    }
    Some(table)
}

/// A figure with the ends of its interval as cells.
pub(crate) fn spread(value: Option<Estimated>) -> [Cell; 3] {
    value.map_or_else(
        || [(); 3].map(|()| Cell::Number(None)),
        |value| [value.central, value.low, value.high].map(number),
    )
}

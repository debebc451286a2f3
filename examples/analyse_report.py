"""Reads the tables of a report with Polars and answers three questions that the page does not.

    python3 -m venv environment
    environment/bin/pip install -r examples/requirements.txt
    environment/bin/python examples/analyse_report.py tonnage-report/us-knowledge-workers

Every table is there twice, below `parquet/` with its types and below `csv/`. Names of columns carry
their units; a figure `x` with an interval has the columns `x`, `x_low` and `x_high`.
"""

import sys
from pathlib import Path

import polars as pl


def table(report: Path, name: str) -> pl.DataFrame:
    """A table of the report."""
    return pl.read_parquet(report / "parquet" / f"{name}.parquet")


def widths(requirements: pl.DataFrame) -> pl.DataFrame:
    """How wide each plan's interval is: the factor from its lower to its upper end."""
    return (
        requirements.filter(
            pl.col("tier") == "all", pl.col("estimate").is_in(["analytic", "simulated"])
        )
        .drop_nulls("vcpus")
        .select(
            "plan",
            "estimate",
            "vcpus",
            (pl.col("vcpus_high") / pl.col("vcpus_low")).alias("widest_over_narrowest"),
        )
        .sort("vcpus")
    )


def margins(matrix: pl.DataFrame) -> pl.DataFrame:
    """The leanest technology of each tier, and whether the next one is surely behind it."""
    ranked = matrix.filter(pl.col("status") == "suitable").sort("tier", "vcpus")
    return (
        ranked.group_by("tier", maintain_order=True)
        .agg(
            pl.col("technology").first().alias("leanest"),
            pl.col("technology").get(1, null_on_oob=True).alias("next"),
            (pl.col("vcpus").get(1, null_on_oob=True) / pl.col("vcpus").first()).alias("times"),
            # Intervals that overlap decide nothing: both may depend on the same inputs.
            (pl.col("vcpus_low").get(1, null_on_oob=True) > pl.col("vcpus_high").first()).alias(
                "apart"
            ),
        )
    )


def idle(demand: pl.DataFrame) -> pl.DataFrame:
    """How much of a fleet that is sized for the busiest moment stands idle on each day of the week."""
    total = demand.filter(pl.col("kind") == "total", pl.col("hour") < 7 * 24)
    peak = total["sessions"].max()
    return (
        total.group_by((pl.col("hour") // 24 + 1).cast(pl.Int8).alias("day"))
        .agg((1 - pl.col("sessions").mean() / peak).alias("idle_share"))
        .sort("day")
    )


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} REPORT_FOLDER", file=sys.stderr)
        return 2
    report = Path(sys.argv[1])
    if not (report / "parquet").is_dir():
        print(f"{report} is no report: it has no folder `parquet`", file=sys.stderr)
        return 2
    pl.Config.set_tbl_rows(-1)
    pl.Config.set_tbl_hide_dataframe_shape(True)
    print("How wide is the interval of each plan?")
    print(widths(table(report, "requirements")))
    print("\nWhich technology is leanest for each tier, and is the next one surely behind it?")
    print(margins(table(report, "matrix")))
    print("\nHow much of a fleet for the busiest moment is idle on each day (1 is Monday, UTC)?")
    print(idle(table(report, "demand")))

    # Both forms hold the same numbers.
    csv = pl.read_csv(report / "csv" / "matrix.csv", infer_schema_length=None)
    parquet = table(report, "matrix")
    assert csv["vcpus"].cast(pl.Float64).equals(parquet["vcpus"], null_equal=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

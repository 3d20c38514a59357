"""Performance of the plant over a period, from the readings that the historian keeps.

A value holds until the next reading of its set (OPC UA Part 13: stepped interpolation), but for a minute at most. What
a set did in a longer silence is not known, and such time counts for nothing but the period. Only Good values are used.
All functions take the columns of the contract, of any streams, each reading once.
"""

from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from analysis.windows.quality import is_good

SET: Final = ("stream_id", "site", "generator_id")
SITE: Final = ("stream_id", "site")
LONGEST_STEP_S: Final = 60.0
COUNTERS: Final = {"energy_kwh": (250.0, 1.0), "run_hours_h": (1.0, 0.1), "start_count": (360.0, 1.0)}
"""The most that a counter can count in an hour, and by how much rounding may add to it: the contract's largest power;
time itself; a start per ten seconds."""


@dataclass(frozen=True)
class Rating:
    """What the nameplate says of a set.

    Attributes:
        tank_l: volume of the fuel tank.
        no_load_lph: fuel consumption running unloaded.
        per_kw_lph: what each kilowatt adds to it.
    """

    tank_l: float
    no_load_lph: float
    per_kw_lph: float


REFERENCE: Final = Rating(tank_l=500.0, no_load_lph=4.10, per_kw_lph=0.247)
"""The reference set of 150 kW, after a published chart: 13.6, 22.3, 31.8, 41.3 L/h at a quarter to full load."""


def is_unavailable() -> Column:
    """Whether a set could not run if it were asked to (IEEE Std 762-2006: unavailable state); null where not known.

    That is while it is tripped (a forced outage) or switched off, or taken out of service. In MANUAL mode somebody at
    the set can start it, so that it is available as in AUTO.
    """
    out_of_service = F.lit("BadOutOfService")
    quality = F.col("quality")
    return (
        F.when((quality["state"] == out_of_service) | (quality["mode"] == out_of_service), F.lit(True))
        .when(F.col("state").isNull() & F.col("mode").isNull(), F.lit(None))
        .otherwise(is_tripped() | F.coalesce(F.col("mode") == "OFF", F.lit(False)))
    )


def is_tripped() -> Column:
    """Whether a protection has stopped the set; it stays so until it is reset."""
    return F.coalesce(F.col("state") == "TRIPPED", F.lit(False))


def is_dead(bus_voltage: Column) -> Column:
    """Whether a bus has no voltage: less than a tenth of the 230 V that it should have."""
    return F.coalesce(bus_voltage < 23.0, F.lit(False))


def stepped(rows: DataFrame) -> DataFrame:
    """The rows with ``hours``: for how long each holds, in hours."""
    order = Window.partitionBy(*SET).orderBy("source_time", "seq")
    return rows.withColumn("hours", _hours(order))


def generators(rows: DataFrame, rating: Rating = REFERENCE) -> DataFrame:
    """One row per set.

    Returns:
        ``begin`` and ``end``, the first and the last reading; ``period_h`` between them and ``covered_h`` of it with
        readings. ``energy_kwh`` by the counter and ``energy_integral_kwh`` of power. ``fuel_l``, the integral of the
        rate, and ``fuel_level_l`` by the level of the tank. ``specific_l_per_kwh`` and ``curve_l_per_kwh``, both over
        the time in which rate and power are known. ``running_h`` and ``starts`` by their counters, ``service_h`` with
        the breaker closed. ``available_h``, ``forced_outage_h`` (tripped), ``other_outage_h`` and ``availability``:
        AF = AH / PH of IEEE Std 762-2006, with the hours in which the state is known as PH. What nothing is known of
        is null.
    """
    hours = F.col("hours")
    rate, power = F.when(is_good("fuel_rate_lph"), F.col("fuel_rate_lph")), _good_power()
    both = rate.isNotNull() & power.isNotNull()
    curve = F.when(rate > 0, rating.no_load_lph + rating.per_kw_lph * F.greatest(power, F.lit(0.0))).otherwise(0.0)
    matched_kwh, unavailable = F.sum(F.when(both, power * hours)), is_unavailable()
    totals = (
        _counted(stepped(rows))
        .groupBy(*SET)
        .agg(
            F.min("source_time").alias("begin"),
            F.max("source_time").alias("end"),
            F.sum("hours").alias("covered_h"),
            F.sum("energy_kwh_step").alias("energy_kwh"),
            F.sum(power * hours).alias("energy_integral_kwh"),
            F.sum(rate * hours).alias("fuel_l"),
            _ratio(F.sum(F.when(both, rate * hours)), matched_kwh).alias("specific_l_per_kwh"),
            _ratio(F.sum(F.when(both, curve * hours)), matched_kwh).alias("curve_l_per_kwh"),
            F.sum("run_hours_h_step").alias("running_h"),
            F.sum("start_count_step").cast("long").alias("starts"),
            F.sum(F.when(F.col("breaker_closed"), hours).otherwise(0.0)).alias("service_h"),
            F.sum(F.when(~unavailable, hours).otherwise(0.0)).alias("available_h"),
            F.sum(F.when(is_tripped(), hours).otherwise(0.0)).alias("forced_outage_h"),
            F.sum(F.when(unavailable & ~is_tripped(), hours).otherwise(0.0)).alias("other_outage_h"),
        )
    )
    known = F.col("available_h") + F.col("forced_outage_h") + F.col("other_outage_h")
    period = (F.unix_micros("end") - F.unix_micros("begin")) / 3.6e9
    return (
        totals.withColumn("availability", _ratio(F.col("available_h"), known))
        .withColumn("period_h", period)
        .join(fuel_by_level(rows, rating), list(SET), "left")
    )


def fuel_by_level(rows: DataFrame, rating: Rating = REFERENCE) -> DataFrame:
    """Per set ``fuel_level_l``: what has left its tank, leaks included.

    The mean levels of successive minutes are compared, so that noise does not add up. A rise by more than half a per
    cent of the tank is a refuel and left out, with what was burnt in its minutes.
    """
    minutes = (
        rows.filter(is_good("fuel_level_pct"))
        .groupBy(*SET, F.date_trunc("minute", "source_time").alias("minute"))
        .agg(F.avg("fuel_level_pct").alias("level"))
    )
    fall = F.lag("level").over(Window.partitionBy(*SET).orderBy("minute")) - F.col("level")
    litres = F.sum(F.when(F.col("fall") >= -0.5, F.col("fall")).otherwise(0.0)) * (rating.tank_l / 100)
    return minutes.withColumn("fall", fall).groupBy(*SET).agg(litres.alias("fuel_level_l"))


def power(rows: DataFrame, width_s: int) -> DataFrame:
    """Per site and stretch of so many seconds (``begin``) ``power_kw``: the sum of the mean powers of its sets."""
    begin = F.timestamp_seconds(F.floor(F.unix_seconds("source_time") / width_s) * width_s)
    means = (
        stepped(rows)
        .filter(is_good("power_output_kw"))
        .groupBy(*SET, begin.alias("begin"))
        .agg(_ratio(F.sum(F.col("power_output_kw") * F.col("hours")), F.sum("hours")).alias("mean"))
    )
    return means.filter("mean IS NOT NULL").groupBy(*SITE, "begin").agg(F.sum("mean").alias("power_kw"))


def consumption(rows: DataFrame, width_kw: float = 10.0) -> DataFrame:
    """Per set and band of load: ``power_kw``, its mean, and ``specific_l_per_kwh``, of at least a minute's time."""
    hours, rate, power = F.col("hours"), F.col("fuel_rate_lph"), F.col("power_output_kw")
    loaded = is_good("fuel_rate_lph") & is_good("power_output_kw") & F.col("breaker_closed") & (power >= width_kw)
    return (
        stepped(rows)
        .filter(loaded)
        .groupBy(*SET, F.floor(power / width_kw).alias("band"))
        .agg(
            F.sum("hours").alias("hours"),
            _ratio(F.sum(power * hours), F.sum(hours)).alias("power_kw"),
            _ratio(F.sum(rate * hours), F.sum(power * hours)).alias("specific_l_per_kwh"),
        )
        .filter(hours >= 1 / 60)
        .drop("band", "hours")
    )


def outages(rows: DataFrame) -> DataFrame:
    """Each time that the bus of a site was dead: ``begin``, ``hours``, ``demand_kw`` and ``not_served_kwh``.

    What is demanded of a dead bus is measured by nobody. It is taken for the largest power that the site gave within
    the minute before, the largest because sets that trip one after another take the power down before the bus dies.
    Null where that minute is not in the rows. Load that is shed while the bus lives shows in no reading either, so that
    the energy not served tends to be underestimated.

    The sets of a site are sampled together; the bus is dead where none of their readings at an instant shows voltage.
    """
    scans = rows.groupBy(*SITE, "source_time").agg(
        F.max(F.when(is_good("bus_voltage_v"), F.col("bus_voltage_v"))).alias("bus_voltage_v"),
        F.sum(_good_power()).alias("power_kw"),
    )
    order = Window.partitionBy(*SITE).orderBy("source_time")
    minute_before = Window.partitionBy(*SITE).orderBy(F.unix_micros("source_time")).rangeBetween(-60_000_000, -1)
    begins = F.col("dead") & ~F.coalesce(F.lag("dead").over(order), F.lit(False))
    return (
        scans.withColumn("dead", is_dead(F.col("bus_voltage_v")))
        .withColumn("hours", _hours(order))
        .withColumn("begins", begins)
        .withColumn("outage", F.count_if("begins").over(order))
        .withColumn("before_kw", F.max(F.when(~F.col("dead"), F.col("power_kw"))).over(minute_before))
        .filter("dead")
        .groupBy(*SITE, "outage")
        .agg(
            F.min("source_time").alias("begin"),
            F.sum("hours").alias("hours"),
            F.max(F.when(F.col("begins"), F.col("before_kw"))).alias("demand_kw"),
        )
        .withColumn("not_served_kwh", F.col("demand_kw") * F.col("hours"))
        .drop("outage")
    )


def sites(by_generator: DataFrame, by_outage: DataFrame) -> DataFrame:
    """One row per site, from the rows of `generators` and of `outages`.

    Returns:
        ``sets``; the sums ``energy_kwh``, ``energy_integral_kwh`` and ``fuel_l``; ``specific_l_per_kwh`` and
        ``curve_l_per_kwh`` as means weighted by the energy; ``availability`` over all hours of its sets; ``dead_h`` and
        ``not_served_kwh`` of its outages, as far as their demand is known.
    """
    known = F.sum(F.col("available_h") + F.col("forced_outage_h") + F.col("other_outage_h"))
    sums = by_generator.groupBy(*SITE).agg(
        F.count("*").alias("sets"),
        *(F.sum(name).alias(name) for name in ("energy_kwh", "energy_integral_kwh", "fuel_l")),
        *(_weighted(name).alias(name) for name in ("specific_l_per_kwh", "curve_l_per_kwh")),
        _ratio(F.sum("available_h"), known).alias("availability"),
    )
    dead = by_outage.groupBy(*SITE).agg(F.sum("hours").alias("dead_h"), F.sum("not_served_kwh").alias("not_served_kwh"))
    not_served = F.when(F.col("dead_h").isNull(), 0.0).otherwise(F.col("not_served_kwh"))
    return (
        sums.join(dead, list(SITE), "left")
        .withColumn("not_served_kwh", not_served)
        .withColumn("dead_h", F.coalesce("dead_h", F.lit(0.0)))
    )


def _weighted(name: str) -> Column:
    weight = F.when(F.col(name).isNotNull(), F.col("energy_integral_kwh"))
    return _ratio(F.sum(F.col(name) * weight), F.sum(weight))


def _good_power() -> Column:
    return F.when(is_good("power_output_kw"), F.col("power_output_kw"))


def _hours(order: WindowSpec) -> Column:
    time = F.unix_micros("source_time")
    seconds = (F.lead(time).over(order) - time) / 1e6
    return F.when(seconds <= LONGEST_STEP_S, seconds / 3600).otherwise(0.0)


def _ratio(part: Column, whole: Column) -> Column:
    return F.when(whole > 0, part / whole)


def _counted(rows: DataFrame) -> DataFrame:
    """The rows with a ``…_step`` for each counter: what it has counted since its last Good value.

    A counter that stands lower than before was reset and began from zero. A step that is faster than the counter can
    count is none: an instrument has jumped, or was exchanged.
    """
    before = Window.partitionBy(*SET).orderBy("source_time", "seq").rowsBetween(Window.unboundedPreceding, -1)
    for name, (limit, rounding) in COUNTERS.items():
        value = F.when(is_good(name), F.col(name).cast("double"))
        state = F.when(value.isNotNull(), F.struct(value.alias("value"), F.col("source_time").alias("time")))
        last = F.last(state, ignorenulls=True).over(before)
        hours = (F.unix_micros("source_time") - F.unix_micros(last["time"])) / 3.6e9
        step = F.when(value >= last["value"], value - last["value"]).otherwise(value)
        possible = F.when(step <= hours * limit + rounding, step).otherwise(0.0)
        is_step = last.isNotNull() & value.isNotNull()
        rows = rows.withColumn(f"{name}_step", F.when(is_step, possible))
    return rows

MODEL (
  name intermediate.int_day,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    day
  ),
  description 'The days up to which all is known: from the first effective delivery to the newest. What depends on today is kept by the change with it, for the rows that a run finds changed are the days that have passed since the run before. One row per day.',
  audits (NOT_NULL(columns := (
      day
    )), UNIQUE_VALUES(columns := (
      day
  )))
);

WITH spine AS (
  @date_spine_between('2000-01-01', '2040-12-31')
), delivered AS (
  SELECT
    MIN(d.received_on) AS first_day,
    MAX(d.received_on) AS newest_day
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective
)
SELECT
  s.date_day::DATE AS day /* The day; the greatest is today, as far as the deliveries tell */
FROM spine AS s
INNER JOIN delivered AS d
  ON s.date_day BETWEEN d.first_day AND d.newest_day

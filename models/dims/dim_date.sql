MODEL (
  name dims.dim_date,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  grain (
    date_day
  ),
  ignored_rules ['nomissingunittest'],
  description 'Days from 2000 to 2040, with calendar and fiscal fields; the fiscal year begins in the month that the variable fiscal_year_start_month names and bears the year in which it ends. One row per day.',
  audits (UNIQUE_VALUES(columns := (
      date_day
    )), NOT_NULL(columns := (
      date_day
  )))
);

WITH spine AS (
  @date_spine_between('2000-01-01', '2040-12-31')
), fiscal AS (
  SELECT
    s.date_day,
    (
      EXTRACT(MONTH FROM s.date_day) - @fiscal_year_start_month + 12
    ) % 12 AS fiscal_month_before,
    DATE_DIFF('DAY', '1999-12-27'::DATE, s.date_day) % 7 + 1 AS day_of_week /* From a Monday on: engines number days differently */
  FROM spine AS s
)
SELECT
  f.date_day::DATE AS date_day, /* The day */
  EXTRACT(YEAR FROM f.date_day)::INT AS year, /* Calendar year */
  EXTRACT(QUARTER FROM f.date_day)::INT AS quarter, /* Calendar quarter, 1 to 4 */
  EXTRACT(MONTH FROM f.date_day)::INT AS month, /* Month, 1 to 12 */
  DATE_TRUNC('MONTH', f.date_day)::DATE AS month_start, /* First day of the month */
  f.day_of_week::INT AS day_of_week, /* Day of the week, 1 Monday to 7 Sunday */
  (
    f.day_of_week >= 6
  )::BOOLEAN AS is_weekend, /* Saturday or Sunday */
  (
    EXTRACT(YEAR FROM f.date_day) + CASE
      WHEN @fiscal_year_start_month > 1
      AND EXTRACT(MONTH FROM f.date_day) >= @fiscal_year_start_month
      THEN 1
      ELSE 0
    END
  )::INT AS fiscal_year, /* Fiscal year, by the year in which it ends */
  (
    FLOOR(f.fiscal_month_before / 3) + 1
  )::INT AS fiscal_quarter, /* Fiscal quarter, 1 to 4 */
  (
    f.fiscal_month_before + 1
  )::INT AS fiscal_month /* Month of the fiscal year, 1 to 12 */
FROM fiscal AS f

MODEL (
  name quality.rule,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  grain (
    rule
  ),
  ignored_rules ['nomissingunittest'],
  description 'The quality rules, as the contracts and quality/rules hold them. One row per rule.',
  audits (
    UNIQUE_VALUES(columns := (
      rule
    )),
    NOT_NULL(columns := (rule, level, dimension, weight, position))
  )
);

WITH listed AS (
  @rule_list()
)
SELECT
  l.rule::TEXT AS rule, /* Name of the rule */
  l.level::TEXT AS level, /* source: a row of bronze; staging: a delivered row in the lead shape; final: a live lead with what is known of it */
  l.table_name::TEXT AS table_name, /* Table that it checks */
  l.source_key::TEXT AS source_key, /* The only source whose rows it checks; empty where it checks all */
  l.dimension::TEXT AS dimension, /* completeness, validity, uniqueness, consistency, timeliness or accuracy */
  l.severity::TEXT AS severity, /* critical, error, warning or info */
  l.weight::DOUBLE AS weight, /* Points that it counts in the score of a lead */
  l.minimum_effect::DOUBLE AS minimum_effect, /* Share of the tested rows that must fail before anybody is told */
  l.minimum_rows::BIGINT AS minimum_rows, /* Rows that must be tested before anybody is told; of a change feed in its newest deliveries together */
  l.owner::TEXT AS owner, /* Who answers for the data */
  l.description::TEXT AS description, /* What is wrong where it fails */
  l.remedy::TEXT AS remedy, /* What the owner can do */
  l.applies_when::TEXT AS applies_when, /* SQL; rows for which it is not true are not applicable */
  l.expression::TEXT AS expression, /* SQL that must be true */
  l.columns_read::TEXT AS columns_read, /* Columns that it reads, what it is about first */
  l.file::TEXT AS file, /* File in which it stands */
  l.rule_hash::TEXT AS rule_hash, /* Hash of what is tested: it stays where only words, weight or owner change */
  l.position::INT AS position /* Where its letter stands in outcomes, from 1 */
FROM listed AS l

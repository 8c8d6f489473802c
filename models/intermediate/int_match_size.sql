MODEL (
  name intermediate.int_match_size,
  kind FULL,
  grain (
    lead_bits
  ),
  description 'How many live leads there are, as a rounded number of bits: among N leads, words of log2 N bits come together by chance once. Rounded, so that a few leads more or less change no score. One row per project.',
  audits (NOT_NULL(columns := (
      lead_bits
    )), UNIQUE_VALUES(columns := (
      lead_bits
  )))
);

SELECT
  ROUND(LN(GREATEST(COUNT(*), 1)) / LN(2), 1)::DOUBLE AS lead_bits /* Logarithm of the number of live leads to base 2, in tenths */
FROM intermediate.int_match_lead AS l

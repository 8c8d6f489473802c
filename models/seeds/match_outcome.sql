MODEL (
  name seeds.match_outcome,
  kind SEED (
    path '../../seeds/match_outcome.csv'
  ),
  columns (
    outcome TEXT,
    lowest_probability DOUBLE,
    highest_probability DOUBLE,
    reason TEXT
  ),
  column_descriptions (
    outcome = 'What became of a pair among all others: joined, contested, outranked, both_licensed or refused',
    lowest_probability = 'The probability of such a pair is at least this, however little it scores',
    highest_probability = 'The probability of such a pair is at most this, however much it scores',
    reason = 'Why, in words'
  ),
  grain outcome,
  ignored_rules ['nomissingunittest'],
  description 'What all other pairs tell of one, counted against a truth: its own score does not know of entities, rivals and licences. One row per outcome.',
  audits (
    UNIQUE_VALUES(columns := (
      outcome
    )),
    NOT_NULL(columns := (outcome, lowest_probability, highest_probability, reason)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('joined', 'contested', 'outranked', 'both_licensed', 'refused')
    ),
    FORALL(
      criteria := (
        0 <= lowest_probability,
        lowest_probability <= highest_probability,
        highest_probability <= 1
      )
    )
  )
)

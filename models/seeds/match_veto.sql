MODEL (
  name seeds.match_veto,
  kind SEED (
    path '../../seeds/match_veto.csv'
  ),
  columns (
    veto TEXT,
    precedence INT,
    verdict TEXT,
    is_active BOOLEAN,
    highest_probability DOUBLE,
    reason TEXT
  ),
  column_descriptions (
    veto = 'Name of the rule; intermediate.int_match_score says when it applies',
    precedence = 'Of several rules that apply to a pair the one with the lowest number counts',
    verdict = 'What it makes of the pair whatever the score: different, or review where the score would have joined it',
    is_active = 'Whether the rule is applied',
    highest_probability = 'The share of such pairs that are one facility after all, however high they score: the probability of a pair is at most this',
    reason = 'Why, in words'
  ),
  grain veto,
  ignored_rules ['nomissingunittest'],
  description 'Rules that overrule the score of a pair. One row per rule.',
  audits (
    UNIQUE_VALUES(columns := (veto, precedence)),
    NOT_NULL(columns := (veto, precedence, verdict, is_active, highest_probability, reason)),
    ACCEPTED_VALUES("column" := verdict, is_in := ('different', 'review'))
  )
)

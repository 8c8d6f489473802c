MODEL (
  name seeds.match_calibration,
  kind SEED (
    path '../../seeds/match_calibration.csv'
  ),
  columns (
    claim TEXT,
    verdict TEXT,
    are_both_licensed BOOLEAN,
    least_weight DOUBLE,
    probability DOUBLE
  ),
  column_descriptions (
    claim = 'What is in doubt: net_new, that no Salesforce lead is the lead of a state; duplicate, that none is another Salesforce lead',
    verdict = 'Verdict on the nearest Salesforce lead that is held to be another; none where nothing was compared',
    are_both_licensed = 'Whether each of the two is, or is joined to, a licence of its own of one state',
    least_weight = 'Evidence for that pair in bits, from which on the row counts, up to that of the next row',
    probability = 'How often the two are one facility after all'
  ),
  grain (claim, verdict, are_both_licensed, least_weight),
  ignored_rules ['nomissingunittest'],
  description 'How often a verdict against a pair is wrong, counted against a truth: the score alone does not tell, for a state lead that matches nothing is likelier to be the one that comes near. One row per claim, verdict, whether both are licensed, and range of evidence.',
  audits (
    NOT_NULL(columns := (claim, verdict, are_both_licensed, least_weight, probability)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (claim, verdict, are_both_licensed, least_weight)),
    ACCEPTED_VALUES("column" := claim, is_in := ('net_new', 'duplicate')),
    ACCEPTED_VALUES("column" := verdict, is_in := ('none', 'different', 'sister_site', 'review')),
    FORALL(criteria := (
      probability BETWEEN 0 AND 1
    ))
  )
)

MODEL (
  name seeds.free_mail_domain,
  kind SEED (
    path '../../seeds/free_mail_domain.csv'
  ),
  columns (
    domain TEXT
  ),
  column_descriptions (
    domain = 'Domain of the e-mail addresses that the provider gives to anybody'
  ),
  grain domain,
  ignored_rules ['nomissingunittest'],
  description 'Mail providers: their domain tells nothing about the facility. One row per domain.',
  audits (UNIQUE_VALUES(columns := (
      domain
    )), NOT_NULL(columns := (
      domain
  )))
)

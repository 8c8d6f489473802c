AUDIT (
  name match_weight_is_the_sum_of_its_parts
);

/* What is shown of a pair explains its score in full. */
SELECT
  left_lead_number,
  right_lead_number,
  match_weight,
  match_probability
FROM @this_model
WHERE
  ABS(
    prior_weight + name_weight + name_adjustment + phone_weight + phone_adjustment + email_weight + email_adjustment + address_weight + address_adjustment + domain_weight + domain_adjustment + contact_weight + license_weight - match_weight
  ) > 0.000001
  OR NOT match_probability BETWEEN 0 AND 1

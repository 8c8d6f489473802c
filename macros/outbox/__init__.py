"""Changes for other systems: the fields of a CRM, side by side with what is known here."""

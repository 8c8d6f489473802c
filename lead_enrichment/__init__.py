"""Lead enrichment: takes child-care licensing files and Salesforce leads in, tells duplicates and net-new leads."""

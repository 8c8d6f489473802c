"""Lead enrichment: takes in child-care licensing files and Salesforce leads, finds duplicates and net-new leads."""

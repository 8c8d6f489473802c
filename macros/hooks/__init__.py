"""What SQLMesh calls before and after a plan or a run."""

"""What SQLMesh calls before, during and after every plan and run."""

"""SQLMesh's configuration: settings.yaml, with a Spark gateway that starts Spark only where it is used."""

from pathlib import Path

from sqlmesh.core.config import Config
from sqlmesh.core.config.loader import load_config_from_yaml

from lead_enrichment.spark import SparkOnDemand

settings = load_config_from_yaml(Path(__file__).with_name("settings.yaml"))
spark = settings["gateways"]["spark"]
spark["connection"] = SparkOnDemand.parse_obj(spark["connection"])

config = Config.parse_obj(settings)

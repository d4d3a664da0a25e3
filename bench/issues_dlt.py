"""The same source as issues.lua, for dlt: python issues_dlt.py URL PATH OUT."""
import sys

import dlt
from dlt.sources.rest_api import rest_api_source

url, path, out = sys.argv[1:4]
source = rest_api_source(
    {
        "client": {"base_url": url, "paginator": "header_link"},
        "resources": [
            {"name": "records", "write_disposition": "replace", "endpoint": {"path": path}},
        ],
    }
)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=out + "/pipelines",
    destination=dlt.destinations.filesystem(bucket_url=out + "/data"),
    dataset_name="bench",
)
print(pipeline.run(source, loader_file_format="parquet"))

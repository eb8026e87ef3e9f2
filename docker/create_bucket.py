"""Make the bucket for images and exports in the object storage, unless it is there: run once before the web starts."""

import boto3
from botocore.exceptions import ClientError

from roiqa.config import env


def main() -> None:
    bucket = env.text("ROIQA_S3_BUCKET")
    storage = boto3.client(
        "s3",
        endpoint_url=env.text("ROIQA_S3_ENDPOINT_URL") or None,
        aws_access_key_id=env.text("ROIQA_S3_ACCESS_KEY"),
        aws_secret_access_key=env.text("ROIQA_S3_SECRET_KEY"),
    )
    try:
        storage.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
        storage.create_bucket(Bucket=bucket)


if __name__ == "__main__":
    main()

"""Resource types that hold what cannot be made again: data, keys, names people depend on."""

from __future__ import annotations

# fmt: off
STATEFUL = frozenset({
    "aws_backup_vault", "aws_cloudwatch_log_group", "aws_cognito_user_pool",
    "aws_db_instance", "aws_docdb_cluster", "aws_dynamodb_table", "aws_dynamodb_global_table",
    "aws_dynamodb_table_item", "aws_ebs_volume", "aws_ecr_repository", "aws_efs_file_system",
    "aws_elasticache_cluster", "aws_elasticache_replication_group",
    "aws_elasticsearch_domain", "aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system",
    "aws_fsx_openzfs_file_system", "aws_fsx_windows_file_system", "aws_keyspaces_table",
    "aws_kinesis_stream", "aws_kms_external_key", "aws_kms_key", "aws_kms_replica_key",
    "aws_memorydb_cluster", "aws_mq_broker", "aws_msk_cluster", "aws_neptune_cluster",
    "aws_opensearch_domain", "aws_rds_cluster", "aws_rds_cluster_instance",
    "aws_redshift_cluster", "aws_route53_zone", "aws_s3_bucket", "aws_s3_directory_bucket",
    "aws_s3_object", "aws_s3_bucket_object", "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version", "aws_sqs_queue", "aws_ssm_parameter",
    "aws_timestreamwrite_table", "random_password", "tls_private_key",
})
# fmt: on


def is_stateful(resource_type: str) -> bool:
    """Whether destroying a resource of this type loses something."""
    return resource_type in STATEFUL

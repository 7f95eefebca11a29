"""What the templates for AWS promise."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BASE = "deploy/aws/base.yaml"
SITE = "deploy/aws/site.yaml"
T_OPEN = "tests/deploy_aws/test_open_to_the_world.py"
T_RIGHTS = "tests/deploy_aws/test_rights.py"
T_KEPT = "tests/deploy_aws/test_kept_and_encrypted.py"
T_PROCESSES = "tests/deploy_aws/test_processes.py"
T_ENVIRONMENT = "tests/deploy_aws/test_environment.py"
T_ALARMS = "tests/deploy_aws/test_alarms.py"
T_LOCAL = "tests/deploy_aws/test_local_aws.py"


def of_base(defence: str, old: str, new: str, tests: str) -> Mutant:
    return Mutant(f"on AWS: {defence}", BASE, old, new, tests)


def of_site(defence: str, old: str, new: str, tests: str) -> Mutant:
    return Mutant(f"on AWS: {defence}", SITE, old, new, tests)


MUTANTS = [
    of_base(
        "the database is not for the world",
        "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !Ref TaskGroup,",
        "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0,",
        T_OPEN,
    ),
    of_base(
        "the cache is for the processes",
        "FromPort: 6379, ToPort: 6379, SourceSecurityGroupId: !Ref TaskGroup,",
        "FromPort: 6379, ToPort: 6379, SourceSecurityGroupId: !Ref BalancerGroup,",
        T_OPEN,
    ),
    of_base(
        "no other port of the balancer",
        "{IpProtocol: tcp, FromPort: 80, ToPort: 80,",
        "{IpProtocol: tcp, FromPort: 80, ToPort: 8080,",
        T_OPEN,
    ),
    of_base(
        "the processes send nothing but https outside",
        "{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0, Description: pool",
        "{IpProtocol: tcp, FromPort: 0, ToPort: 65535, CidrIp: 0.0.0.0/0, Description: pool",
        T_OPEN,
    ),
    of_base(
        "data subnets have no way out",
        "      SubnetId: !Ref DataB\n      RouteTableId: !Ref DataRoutes",
        "      SubnetId: !Ref DataB\n      RouteTableId: !Ref PrivateRoutesB",
        T_OPEN,
    ),
    of_base(
        "the other region comes in only where there is one",
        "# a group of another region cannot be named\n        - !If\n          - HasPeerCidr",
        "# a group of another region cannot be named\n        - !If\n          - IsFirst",
        T_OPEN,
    ),
    of_base(
        "the endpoint of S3 leads to two buckets",
        'arn:${AWS::Partition}:s3:::echo.api/*"',
        'arn:${AWS::Partition}:s3:::*"',
        T_OPEN,
    ),
    of_site(
        "no code of a sign-in in the balancer's log",
        '{Key: access_logs.s3.enabled, Value: "false"}',
        '{Key: access_logs.s3.enabled, Value: "true"}',
        T_OPEN,
    ),
    of_site(
        "no code of a sign-in in the firewall's samples",
        "SampledRequestsEnabled: false, CloudWatchMetricsEnabled: true, MetricName: flood",
        "SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: flood",
        T_OPEN,
    ),
    of_site(
        "headers that two servers read differently",
        '{Key: routing.http.drop_invalid_header_fields.enabled, Value: "true"}',
        '{Key: routing.http.drop_invalid_header_fields.enabled, Value: "false"}',
        T_OPEN,
    ),
    of_site(
        "old TLS",
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        "ELBSecurityPolicy-2016-08",
        T_OPEN,
    ),
    of_site(
        "another host name reaches no process",
        "        - Field: host-header\n          HostHeaderConfig:\n"
        "            Values: !If [HasRegionHost, [!Ref PublicHost, !Ref RegionHost], "
        "[!Ref PublicHost]]",
        "        - Field: path-pattern\n          PathPatternConfig: {Values: [/*]}",
        T_OPEN,
    ),
    of_site(
        "probes and counters are not for the world",
        "Values: [/healthz, /readyz, /metrics]",
        "Values: [/healthz, /readyz]",
        T_OPEN,
    ),
    of_site(
        "plain http goes to this site only",
        "            Host: !Ref PublicHost\n",
        '            Host: "#{host}"\n',
        T_OPEN,
    ),
    of_site(
        "nobody opens a shell in a process",
        "EnableExecuteCommand: false",
        "EnableExecuteCommand: true",
        T_OPEN,
    ),
    of_site(
        "a process has no public address",
        "      NetworkConfiguration:\n        AwsvpcConfiguration:\n"
        "          AssignPublicIp: DISABLED",
        "      NetworkConfiguration:\n        AwsvpcConfiguration:\n"
        "          AssignPublicIp: ENABLED",
        T_OPEN,
    ),
    of_site(
        "a process may at the pool what is documented",
        "                  - cognito-idp:AdminDeleteUser\n",
        "                  - cognito-idp:AdminDeleteUser\n"
        "                  - cognito-idp:AdminGetUser\n",
        T_RIGHTS,
    ),
    of_site(
        "a process may so at one pool",
        "${AWS::AccountId}:userpool/${PoolId}",
        "${AWS::AccountId}:userpool/*",
        T_RIGHTS,
    ),
    of_site(
        "no action is a star",
        "Action: secretsmanager:GetSecretValue",
        "Action: secretsmanager:*",
        T_RIGHTS,
    ),
    of_site(
        "a role is for this account",
        "              Service: scheduler.amazonaws.com\n            Action: sts:AssumeRole\n"
        "            Condition:\n              StringEquals:\n"
        "                aws:SourceAccount: !Ref AWS::AccountId\n",
        "              Service: scheduler.amazonaws.com\n            Action: sts:AssumeRole\n",
        T_RIGHTS,
    ),
    of_base(
        "alarms of this account use the key",
        "            Action: [kms:Decrypt, kms:GenerateDataKey]\n"
        '            Resource: "*"\n            Condition:\n              StringEquals:\n'
        "                aws:SourceAccount: !Ref AWS::AccountId\n",
        '            Action: [kms:Decrypt, kms:GenerateDataKey]\n            Resource: "*"\n',
        T_RIGHTS,
    ),
    of_base(
        "the database outlives its stack",
        "    Condition: IsFirst\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"
        "    Properties:\n      Engine: postgres",
        "    Condition: IsFirst\n    DeletionPolicy: Delete\n    UpdateReplacePolicy: Retain\n"
        "    Properties:\n      Engine: postgres",
        T_KEPT,
    ),
    of_base(
        "the database is encrypted",
        "StorageEncrypted: true",
        "StorageEncrypted: false",
        T_KEPT,
    ),
    of_base(
        "the database speaks TLS only",
        'rds.force_ssl: "1"',
        'rds.force_ssl: "0"',
        T_KEPT,
    ),
    of_base(
        "no value of a row in the database's log",
        "log_error_verbosity: terse",
        "log_error_verbosity: default",
        T_KEPT,
    ),
    of_base(
        "a full cache throws out no claim",
        "maxmemory-policy: noeviction",
        "maxmemory-policy: volatile-ttl",
        T_KEPT,
    ),
    of_base(
        "the cache has a password",
        '      AuthToken: !Sub "{{resolve:secretsmanager:${CacheSecret}:SecretString}}"\n',
        "",
        T_KEPT,
    ),
    of_base(
        "backups are kept for a week at least",
        "    Default: 14\n    MinValue: 7",
        "    Default: 14\n    MinValue: 0",
        T_KEPT,
    ),
    of_base(
        "no password stands in an output",
        "  CacheHost:\n    Value: !GetAtt Cache.PrimaryEndPoint.Address",
        '  CacheHost:\n    Value: !Sub "{{resolve:secretsmanager:${CacheSecret}:SecretString}}"',
        T_KEPT,
    ),
    of_site(
        "logs have a term",
        "  SiteLog:\n    Type: AWS::Logs::LogGroup\n    DeletionPolicy: Retain\n"
        "    UpdateReplacePolicy: Retain\n    Properties:\n      RetentionInDays: !Ref LogDays",
        "  SiteLog:\n    Type: AWS::Logs::LogGroup\n    DeletionPolicy: Retain\n"
        "    UpdateReplacePolicy: Retain\n    Properties:\n      RetentionInDays: 3653",
        T_KEPT,
    ),
    of_site(
        "a turn ends before its process does",
        "          # more than the seconds that the server gives its threads\n"
        "          StopTimeout: 60",
        "          StopTimeout: 20",
        T_PROCESSES,
    ),
    of_site(
        "a database that is away does not have all tasks killed",
        "HealthCheckPath: /healthz",
        "HealthCheckPath: /readyz",
        T_PROCESSES,
    ),
    of_site(
        "no task answers before its migrations",
        "python manage.py check --deploy && python manage.py migrate --check &&\n",
        "python manage.py check --deploy &&\n",
        T_PROCESSES,
    ),
    of_site(
        "a bad release is taken back",
        "DeploymentCircuitBreaker: {Enable: true, Rollback: true}",
        "DeploymentCircuitBreaker: {Enable: true, Rollback: false}",
        T_PROCESSES,
    ),
    of_site(
        "the balancer hangs up first",
        '{Key: idle_timeout.timeout_seconds, Value: "60"}',
        '{Key: idle_timeout.timeout_seconds, Value: "90"}',
        T_PROCESSES,
    ),
    of_site(
        "an image is a digest",
        "  JobImage:\n    Description: Digest of the image that migrates and prunes; an upgrade "
        'sets this one first\n    Type: String\n    AllowedPattern: "sha256:[0-9a-f]{64}"',
        "  JobImage:\n    Description: Digest of the image that migrates and prunes; an upgrade "
        'sets this one first\n    Type: String\n    AllowedPattern: ".+"',
        T_PROCESSES,
    ),
    of_site(
        "as many tasks as the database has connections for",
        "    Type: Number\n    Default: 6\n",
        "    Type: Number\n    Default: 12\n",
        T_PROCESSES,
    ),
    of_base(
        "only the balancer says who the client is",
        "    Description: Where the balancer speaks from\n    Value: !Join",
        "    Description: Where the balancer speaks from\n    Value: !Ref VpcCidr\n"
        "  Unused:\n    Value: !Join",
        T_LOCAL,
    ),
    of_site(
        "no secret is a plain value",
        "            - {ContainerPort: 8000, Protocol: tcp}\n          Environment:\n",
        "            - {ContainerPort: 8000, Protocol: tcp}\n          Environment:\n"
        "            - {Name: METRICS_TOKEN, Value: shown}\n",
        T_ENVIRONMENT,
    ),
    of_site(
        "every name is a setting",
        "            - {ContainerPort: 8000, Protocol: tcp}\n          Environment:\n",
        "            - {ContainerPort: 8000, Protocol: tcp}\n          Environment:\n"
        "            - {Name: COGNITO_REGION, Value: eu-west-1}\n",
        T_ENVIRONMENT,
    ),
    of_site(
        "an alarm tells somebody",
        "      MetricName: Apologies\n      Statistic: Sum\n      Period: 300\n"
        "      EvaluationPeriods: 1\n      Threshold: 3\n"
        "      ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n"
        '      AlarmActions: [Fn::ImportValue: !Sub "${Base}-AlarmTopic"]\n',
        "      MetricName: Apologies\n      Statistic: Sum\n      Period: 300\n"
        "      EvaluationPeriods: 1\n      Threshold: 3\n"
        "      ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n",
        T_ALARMS,
    ),
    Mutant(
        "on AWS: a filter looks for a line that is written",
        "skill_endpoint/replay.py",
        '"alexa_replay_store_failed"',
        '"replay_store_failed"',
        T_ALARMS,
    ),
    of_site(
        "a job that stays silent is an alarm",
        "      MetricName: Pruned\n      Statistic: Sum\n      Period: 3600\n"
        "      EvaluationPeriods: 3\n      Threshold: 1\n"
        "      ComparisonOperator: LessThanThreshold\n      TreatMissingData: breaching",
        "      MetricName: Pruned\n      Statistic: Sum\n      Period: 3600\n"
        "      EvaluationPeriods: 3\n      Threshold: 1\n"
        "      ComparisonOperator: LessThanThreshold\n      TreatMissingData: notBreaching",
        T_ALARMS,
    ),
    of_base(
        "a second region has no database of its own to write to",
        "  Database:\n    Type: AWS::RDS::DBInstance\n    Condition: IsFirst\n",
        "  Database:\n    Type: AWS::RDS::DBInstance\n",
        T_LOCAL,
    ),
    Mutant(
        "a host that is not allowed reaches probes only",
        "companion/probes.py",
        "self.views.get(request.path_info, self.get_response)",
        "self.views.get(request.path_info, healthz)",
        "tests/companion/test_probes.py",
    ),
    Mutant(
        "a load balancer asks by address",
        "companion/settings.py",
        '    "companion.probes.ProbesMiddleware",\n',
        "",
        "tests/companion/test_probes.py",
    ),
    Mutant(
        "what the address says of encryption reaches the database",
        "companion/settings.py",
        '        **cast("dict[str, object]", _database.get("OPTIONS", {})),',
        "",
        "tests/deploy_aws/test_encrypted_connections.py",
        needs_services=True,
    ),
    Mutant(
        "a password beside the database's address",
        "companion/env.py",
        'found["PASSWORD"] = password',
        "pass",
        "tests/companion/test_passwords_beside_addresses.py",
    ),
    Mutant(
        "an endpoint of a region is https",
        "skill_endpoint/skill_package/build.py",
        'site = _address(f"--endpoint={region}", value)',
        "site = value",
        "tests/skill_endpoint/skill_package/test_build.py",
    ),
]

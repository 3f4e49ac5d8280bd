//! What the functions may do at other services, by resource.

import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { because } from "./acknowledge.ts";
import type { Settings } from "./settings/settings.ts";

/** To ask, and nothing else. */
const QUERY = ["aps:DescribeWorkspace", "aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"];

const workspaceArn = (settings: Settings, partition: string, id: string) => `arn:${partition}:aps:${settings.region}:${settings.account}:workspace/${id}`;

/** Of the function itself: the workspaces that are set, where all callers may ask the same. */
export function workspaces(settings: Settings, partition: string): PolicyStatement[] {
  if (settings.workspaceIds.length === 0) return [];
  return [
    new PolicyStatement({ sid: "Workspaces", actions: QUERY, resources: settings.workspaceIds.map((id) => workspaceArn(settings, partition, id)) }),
    because(
      "The list is of all workspaces or of none, so it has no resource. It has names and ids, no metrics.",
      new PolicyStatement({ sid: "ListOfWorkspaces", actions: ["aps:ListWorkspaces"], resources: ["*"] }),
    ),
  ];
}

/** Of a tenant's session: its workspaces, by their tag, among those that are set. */
export function workspacesOfTenant(settings: Settings, partition: string): PolicyStatement {
  return new PolicyStatement({
    sid: "WorkspacesOfTheTenant",
    actions: QUERY,
    resources: Object.values(settings.tenants).map((id) => workspaceArn(settings, partition, id)),
    conditions: { StringEquals: { "aws:ResourceTag/tenant_id": "${aws:PrincipalTag/tenant_id}" } },
  });
}

export interface Cases {
  workGroup: string;
  database: string;
  dataBucket: string;
  resultsBucket: string;
  models: string[];
}

/** Support cases: one work group, one database, two buckets, and the models that are set. */
export function cases(where: { partition: string; region: string; account: string }, said: Cases): PolicyStatement[] {
  const arn = (service: string, resource: string) => `arn:${where.partition}:${service}:${where.region}:${where.account}:${resource}`;
  const bucket = (name: string) => `arn:${where.partition}:s3:::${name}`;
  return [
    new PolicyStatement({
      sid: "Athena",
      actions: ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution"],
      resources: [arn("athena", `workgroup/${said.workGroup}`)],
    }),
    because(
      "Tables of one database.",
      new PolicyStatement({
        sid: "Glue",
        actions: ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"],
        resources: [arn("glue", "catalog"), arn("glue", `database/${said.database}`), arn("glue", `table/${said.database}/*`)],
      }),
    ),
    new PolicyStatement({ sid: "Buckets", actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [bucket(said.dataBucket), bucket(said.resultsBucket)] }),
    because("Objects of one bucket.", new PolicyStatement({ sid: "Cases", actions: ["s3:GetObject"], resources: [`${bucket(said.dataBucket)}/*`] })),
    because(
      "Objects of one bucket: Athena names its results by the query.",
      new PolicyStatement({
        sid: "Results",
        actions: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        resources: [`${bucket(said.resultsBucket)}/*`],
      }),
    ),
    because(
      "An inference profile sends on to its one model in any of its regions.",
      new PolicyStatement({ sid: "Models", actions: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], resources: said.models.flatMap((model) => modelArns(where, model)) }),
    ),
  ];
}

/** An inference profile is asked for itself, and sends on to its model in any of its regions: there the region is `*`. */
function modelArns(where: { partition: string; region: string; account: string }, model: string): string[] {
  const [, , base] = /^(us|eu|apac|global|us-gov|jp|au|ca)\.(.+)$/.exec(model) ?? [];
  if (!base) return [`arn:${where.partition}:bedrock:${where.region}::foundation-model/${model}`];
  return [
    `arn:${where.partition}:bedrock:${where.region}:${where.account}:inference-profile/${model}`,
    `arn:${where.partition}:bedrock:*::foundation-model/${base}`,
  ];
}
